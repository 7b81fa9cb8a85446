//! Deadlines are judged after what has already come (STR-13, STZ-09, LIM-05, PNG-02, S5B-24): a process that was stopped
//! finds its deadlines behind it, and the answers in its sockets.

use xft_core::*;
use xft_tests::hosted::socks::*;
use xft_tests::hosted::wired::*;
use xft_tests::hosted::*;
use xft_tests::owned::{self, Owned};

/// Longer than every deadline.
const STOPPED_MS: u64 = 700_000;

/// How a session comes to wait for something, and what that is.
struct Waits {
    name: &'static str,
    begin: fn(&mut Wired<'_>),
    /// What the peer had sent.
    comes: fn(&mut Wired<'_>),
    /// The deadline is not in the outcome: this is said when it has passed.
    missed: fn(&[Said]) -> bool,
}

fn ended(_: &[Said]) -> bool {
    false
}

/// The last request of that kind in what was said so far.
fn asked(said: &[Said], what: &str) -> String {
    let stanza = stanzas(said).into_iter().rfind(|text| text.contains(what));
    stanza.unwrap_or_else(|| panic!("no {what} in {said:?}")).to_owned()
}

/// Remembers ids for the answers: the session numbers its requests.
fn request(s: &mut Wired<'_>, said: &[Said], what: &str) {
    s.noted = attr(&asked(said, what), "id").to_owned();
}

fn asking(s: &mut Wired<'_>) {
    let said = {
        let mut offer = peer::file(10_000);
        offer.methods = Some(Methods::IN_BAND);
        s.session.offer(&offer).unwrap();
        s.poll()
    };
    request(s, &said, "disco#info");
}

fn offers(s: &mut Wired<'_>) {
    asking(s);
    let said = s.ask(&result(PEER, &s.noted.clone(), DISCO));
    request(s, &said, "<si ");
}

fn opening(s: &mut Wired<'_>) {
    offers(s);
    let said = s.ask(&result(PEER, &s.noted.clone(), &peer::yes()));
    request(s, &said, "<open ");
}

fn sending(s: &mut Wired<'_>) {
    opening(s);
    let said = s.ask(&result(PEER, &s.noted.clone(), ""));
    // The first of two blocks.
    s.noted = attr(stanzas(&said)[0], "id").to_owned();
}

fn answers(s: &mut Wired<'_>) {
    s.give(&result(PEER, &s.noted.clone(), ""));
}

fn accepted(s: &mut Wired<'_>) {
    let Got::Offer { transfer, .. } = s.give(&set(PEER, "o1", &peer::si("s1", 100))) else { panic!() };
    s.session.accept(transfer, 0).unwrap();
    s.poll();
}

fn receiving(s: &mut Wired<'_>) {
    accepted(s);
    s.ask(&set(PEER, "o2", &peer::open("s1", 4096)));
    s.take_events();
}

const ALL: &[Waits] = &[
    Waits {
        name: "what a peer can",
        begin: asking,
        comes: |s| drop(s.give(&result(PEER, &s.noted.clone(), DISCO))),
        // QRK-46, QRK-50: who says nothing is offered the file all the same.
        missed: |said| stanzas(said).iter().any(|text| text.contains("<si ")),
    },
    Waits {
        name: "the answer to an offer",
        begin: offers,
        comes: |s| drop(s.give(&result(PEER, &s.noted.clone(), &peer::yes()))),
        missed: ended,
    },
    Waits { name: "the answer to an opening", begin: opening, comes: answers, missed: ended },
    Waits { name: "the acknowledgement of a block", begin: sending, comes: answers, missed: ended },
    Waits {
        name: "the opening of an accepted file",
        begin: accepted,
        comes: |s| drop(s.give(&set(PEER, "o2", &peer::open("s1", 4096)))),
        missed: ended,
    },
    Waits {
        name: "the next block",
        begin: receiving,
        comes: |s| drop(s.give(&set(PEER, "b0", &peer::data("s1", 0, "AAAA")))),
        missed: ended,
    },
    Waits {
        name: "streamhosts",
        begin: |s| {
            waiting(s, 10, &[S5B]);
        },
        comes: |s| drop(s.give(&set(PEER, "h1", &query(SID, &[HOST])))),
        missed: ended,
    },
    Waits {
        name: "a streamhost that is connected to",
        begin: |s| drop(connecting(s, 10, &[HOST])),
        comes: |s| s.session.stream_open(StreamId(1)).unwrap(),
        missed: |said| {
            said.iter().any(|it| matches!(it, Said::Stanza(text) if text.contains("item-not-found")))
        },
    },
    Waits {
        name: "the reply of a streamhost",
        begin: |s| {
            let (_, said) = connecting(s, 10, &[HOST]);
            shake(s, connects(&said)[0].0, &theirs());
        },
        comes: |s| drop(s.feed(StreamId(1), &frame(0, &theirs()))),
        missed: |said| {
            said.iter().any(|it| matches!(it, Said::Stanza(text) if text.contains("item-not-found")))
        },
    },
    Waits {
        name: "bytes on a stream of its own",
        begin: |s| {
            flowing(s, 10);
        },
        comes: |s| drop(s.feed(StreamId(1), b"01")),
        missed: ended,
    },
    Waits {
        name: "the answer to our streamhosts",
        begin: |s| {
            let hosts = hosting(s, 10);
            admitted(s, 7, &ours(&hosts));
            s.noted = hosts;
        },
        comes: |s| {
            let (id, sid) = (attr(&s.noted, "id").to_owned(), attr(&s.noted, "sid").to_owned());
            s.give(&result(PEER, &id, &used(&sid, ME)));
        },
        missed: |said| said.iter().any(|it| matches!(it, Said::Stanza(text) if text.contains("<open "))),
    },
    Waits {
        name: "room for the next bytes on a stream of its own",
        begin: |s| drop(granted(s, 10)),
        comes: |s| s.session.sent(TransferId::from_bits(1 << 16), 5).unwrap(),
        missed: ended,
    },
];

/// Runs `play` on a fresh session that waits for that.
fn with(waits: &Waits, play: impl FnOnce(&mut Wired<'_>)) {
    let cfg = streamed(ME);
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Wired::new(&cfg, &mut memory);
    (waits.begin)(&mut s);
    s.take_events();
    play(&mut s);
}

fn is_over(s: &Wired<'_>) -> bool {
    s.events.iter().any(|e| matches!(e, Event::Finished { .. } | Event::HostFailed { .. }))
}

#[test]
fn nothing_is_over_before_what_waited_in_the_sockets_was_read() {
    for waits in ALL {
        with(waits, |s| {
            s.now += STOPPED_MS;
            let said = s.turn();
            assert!(!is_over(s) && !(waits.missed)(&said), "{}: {:?}", waits.name, s.events);
            assert_eq!(s.wait, Some(s.now), "{}: read, and do not sleep", waits.name);
            (waits.comes)(s);
            for _ in 0..3 {
                s.turn();
                assert!(!is_over(s), "{}: {:?}", waits.name, s.events);
            }
            assert!(s.wait.is_none_or(|at| at > s.now), "{}: {:?} at {:?}", waits.name, s.why, s.wait);
        });
    }
}

#[test]
fn without_input_a_deadline_is_judged_one_turn_later() {
    for waits in ALL {
        with(waits, |s| {
            s.now += STOPPED_MS;
            assert!(!(waits.missed)(&s.turn()) && !is_over(s), "{}: too early", waits.name);
            let said = s.turn();
            assert!(is_over(s) || (waits.missed)(&said), "{}: {said:?}, waits {:?}", waits.name, s.wait);
        });
    }
}

/// The owner reads one piece a turn, and the acknowledgement that counts lies behind others.
#[test]
fn an_owner_that_reads_one_piece_a_turn_loses_nothing_that_lies_behind_it() {
    with(&ALL[3], |s| {
        s.now += STOPPED_MS;
        s.turn();
        for n in 0..200 {
            s.give(&set("other@hospital.test/x", &format!("q{n}"), "<query xmlns='urn:x'/>"));
            s.turn();
            assert_eq!(s.wait, Some(s.now), "turn {n}");
        }
        answers(s);
        s.turn();
        s.turn();
        assert!(!is_over(s), "{:?}", s.events);
    });
}

#[test]
fn input_that_never_ends_does_not_put_off_a_judgement_for_ever() {
    with(&ALL[3], |s| {
        s.now += STOPPED_MS;
        let turns = (0..1000).take_while(|n| {
            s.give(&set("other@hospital.test/x", &format!("q{n}"), "<query xmlns='urn:x'/>"));
            s.turn();
            !is_over(s)
        });
        let turns = turns.count();
        assert!((200..300).contains(&turns), "{turns} turns");
        assert_eq!(s.ending(), Ending::Failed(Reason::BlockTimeout, None));
    });
}

#[test]
fn who_cannot_write_is_judged_all_the_same() {
    with(&ALL[3], |s| {
        // An answer that there is no room for.
        s.give(&set(PEER, "x", "<receipt xmlns='urn:libxft:receipt:0'/>"));
        s.now += STOPPED_MS;
        for _ in 0..4 {
            s.session.tick(Instant::from_ms(s.now)).unwrap();
            assert!(matches!(s.session.poll(&mut []), Err(Error::NoSpace { .. })));
        }
        s.poll();
        assert_eq!(s.ending(), Ending::Failed(Reason::BlockTimeout, None));
    });
}

/// Ticks alone, however many, give nobody the chance to read.
#[test]
fn time_alone_ends_nothing() {
    for waits in ALL {
        with(waits, |s| {
            for _ in 0..10 {
                s.now += STOPPED_MS;
                s.session.tick(Instant::from_ms(s.now)).unwrap();
            }
            s.poll();
            assert!(!is_over(s), "{}: {:?}", waits.name, s.events);
        });
    }
}

/// STR-13, PNG-02
#[test]
fn a_server_whose_answer_waited_is_not_silent() {
    let cfg = owned::config();
    for comes in [" ", "<message/>"] {
        let mut memory = Memory::new(&cfg, 1, 1);
        let mut s = Owned::new(&cfg, "", &mut memory);
        assert!(s.wait_ms(120_000).contains("urn:xmpp:ping"));
        s.now += STOPPED_MS;
        s.turn();
        s.feed(comes);
        s.turn();
        s.turn();
        assert_eq!(s.events, []);
    }
    let mut memory = Memory::new(&cfg, 1, 1);
    let mut s = Owned::new(&cfg, "", &mut memory);
    s.wait_ms(120_000);
    s.now += STOPPED_MS;
    s.turn();
    assert_eq!(s.events, []);
    s.turn();
    assert!(matches!(s.events[..], [Event::Offline { reason: Reason::ServerSilent, .. }]), "{:?}", s.events);
}

/// STR-13
#[test]
fn a_login_goes_on_with_the_answer_that_waited() {
    let cfg = owned::config();
    for comes in [true, false] {
        let mut memory = Memory::new(&cfg, 1, 1);
        let mut s = Owned::unopened(&cfg, &mut memory);
        s.session.stream_open(StreamId::XMPP).unwrap();
        s.poll();
        s.now += STOPPED_MS;
        s.turn();
        if comes {
            s.feed(
                "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' \
                 from='hospital.test' version='1.0'><stream:features>\
                 <mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>\
                 </stream:features>",
            );
        }
        s.turn();
        s.turn();
        let late = s.events.iter().any(|e| matches!(e, Event::Offline { reason: Reason::LoginTimeout, .. }));
        assert_eq!(late, !comes, "{:?}", s.events);
    }
}

/// STR-10
#[test]
fn a_close_that_the_server_answered_in_time_is_no_timeout() {
    let cfg = owned::config();
    for comes in [true, false] {
        let mut memory = Memory::new(&cfg, 1, 1);
        let mut s = Owned::new(&cfg, "", &mut memory);
        s.session.close().unwrap();
        assert_eq!(s.poll().concat(), "</stream:stream>");
        s.now += STOPPED_MS;
        s.turn();
        assert!(!s.closed);
        if comes {
            s.feed("</stream:stream>");
        }
        s.turn();
        s.turn();
        assert!(s.closed);
        assert!(matches!(s.events[..], [Event::Offline { reason: Reason::Closed, .. }]), "{:?}", s.events);
    }
}
