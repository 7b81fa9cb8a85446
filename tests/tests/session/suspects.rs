//! Whose silence it is: nobody is blamed for one that may be the server's (PNG-02, STR-13).

use xft_core::*;
use xft_tests::hosted::{DISCO, DISCO_1, attr, peer, result, set};
use xft_tests::owned::*;

/// How a session comes to wait for something, for how long, and how that ends where the server is there; `None`: handed over.
struct Waits {
    name: &'static str,
    begin: fn(&mut Owned<'_>),
    ms: u64,
    ends: Option<Reason>,
}

fn offering(s: &mut Owned<'_>, size: u64, disco: &str) -> String {
    s.session.offer(&peer::file(size)).unwrap();
    let sent = s.poll();
    let question = sent.iter().find(|s| s.contains("disco#info")).unwrap();
    let sent = s.ask(&result(PEER, attr(last(question), "id"), disco));
    assert!(sent.contains("<si "), "{sent}");
    last(&sent).to_owned()
}

/// The last request among these.
fn last(sent: &str) -> &str {
    &sent[sent.rfind("<iq ").unwrap()..]
}

fn opening(s: &mut Owned<'_>, size: u64, disco: &str) -> String {
    let offer = offering(s, size, disco);
    let sent = s.ask(&result(PEER, attr(&offer, "id"), &peer::yes()));
    s.events.clear();
    last(&sent).to_owned()
}

/// The bytestream is open; gives the ids of what goes out.
fn sending(s: &mut Owned<'_>, size: u64, disco: &str) -> Vec<String> {
    let open = opening(s, size, disco);
    s.file = vec![7; usize::try_from(size).unwrap()];
    s.feed(&result(PEER, attr(&open, "id"), ""));
    let sent = s.poll();
    s.events.clear();
    sent.iter().map(|stanza| attr(stanza, "id").to_owned()).collect()
}

fn receiving(s: &mut Owned<'_>) {
    s.feed(&set(PEER, "o1", &peer::si("s1", 100)));
    let transfer = s.offers[0];
    s.session.accept(transfer, 0).unwrap();
    s.poll();
    s.ask(&set(PEER, "o2", &peer::open("s1", 4096)));
    s.events.clear();
}

const ALL: [Waits; 7] = [
    Waits {
        name: "the answer to an offer",
        begin: |s| drop(offering(s, 10, DISCO)),
        ms: 300_000,
        ends: Some(Reason::OfferTimeout),
    },
    Waits {
        name: "the answer to an opening",
        begin: |s| drop(opening(s, 10, DISCO)),
        ms: 60_000,
        ends: Some(Reason::OpenTimeout),
    },
    Waits {
        name: "the opening of an accepted file",
        begin: |s| {
            s.feed(&set(PEER, "o1", &peer::si("s1", 100)));
            s.session.accept(s.offers[0], 0).unwrap();
            s.poll();
        },
        ms: 60_000,
        ends: Some(Reason::OpenTimeout),
    },
    Waits {
        name: "the acknowledgement of a block",
        begin: |s| drop(sending(s, 50_000, DISCO)),
        ms: 120_000,
        ends: Some(Reason::BlockTimeout),
    },
    Waits { name: "the next block", begin: receiving, ms: 300_000, ends: Some(Reason::Stalled) },
    Waits {
        name: "the receipt",
        begin: |s| {
            let ids = sending(s, 10, DISCO_1);
            s.ask(&result(PEER, &ids[0], ""));
        },
        ms: 60_000,
        ends: None,
    },
    Waits {
        name: "the receipt of version 0",
        begin: |s| {
            let ids = sending(s, 10, DISCO);
            let close = s.ask(&result(PEER, &ids[0], ""));
            s.ask(&result(PEER, attr(last(&close), "id"), ""));
        },
        ms: 60_000,
        ends: None,
    },
];

/// Plays that wait to one second before its end: the server answers probes until then, or says nothing in the last
/// minute.
fn with(waits: &Waits, play: impl FnOnce(&mut Owned<'_>)) {
    let mut cfg = config();
    // Peers are asked elsewhere.
    cfg.times.ask_ms = 0;
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Owned::new(&cfg, "", &mut memory);
    (waits.begin)(&mut s);
    assert_eq!(s.events, [], "{}", waits.name);
    let (began, mut left) = (s.now, waits.ms);
    while left > 120_000 {
        assert!(s.wait_ms(120_000).contains("urn:xmpp:ping"), "{}", waits.name);
        s.feed(" ");
        left -= 120_000;
    }
    s.wait_ms(left - 1);
    assert_eq!((s.events.as_slice(), s.now), (&[][..], began + waits.ms - 1), "{}", waits.name);
    play(&mut s);
}

fn endings(s: &Owned<'_>) -> Vec<Ending> {
    let of = |e: &Event| if let Event::Finished { ending, .. } = e { Some(*ending) } else { None };
    s.events.iter().filter_map(of).collect()
}

fn ending(waits: &Waits) -> Ending {
    waits.ends.map_or(Ending::Unconfirmed, |reason| Ending::Failed(reason, None))
}

#[test]
fn where_the_server_is_silent_too_it_is_the_suspect() {
    for waits in ALL {
        with(&waits, |s| {
            let sent = s.wait_ms(1);
            assert!(sent.contains("urn:xmpp:ping"), "{}: {sent}", waits.name);
            assert_eq!((s.events.as_slice(), s.wait), (&[][..], Some(s.now + 30_000)), "{}", waits.name);
            s.wait_ms(29_999);
            assert_eq!(s.events, [], "{}", waits.name);
            s.wait_ms(1);
            // Handed over is what was, whoever is silent.
            let lost = waits.ends.map_or(Ending::Unconfirmed, |_| Ending::Failed(Reason::StreamLost, None));
            assert_eq!(endings(s), [lost], "{}", waits.name);
            let offline = s.events.last().unwrap();
            assert!(matches!(offline, Event::Offline { reason: Reason::ServerSilent, .. }), "{offline:?}");
        });
    }
}

#[test]
fn where_the_server_answers_the_peer_is_the_suspect_at_once() {
    for waits in ALL {
        for answer in [" ", "<iq type='error' id='x' from='hospital.test'/>", "<message/>"] {
            with(&waits, |s| {
                assert!(s.wait_ms(1).contains("urn:xmpp:ping"), "{}", waits.name);
                s.now += 40;
                s.feed(answer);
                s.wait_ms(0);
                assert_eq!(endings(s), [ending(&waits)], "{}", waits.name);
                assert!(!s.events.iter().any(|e| matches!(e, Event::Offline { .. })));
            });
        }
    }
}

#[test]
fn a_server_that_spoke_a_moment_ago_is_not_asked() {
    for waits in ALL {
        with(&waits, |s| {
            s.feed(" ");
            let sent = s.wait_ms(1);
            assert!(!sent.contains("urn:xmpp:ping"), "{}: {sent}", waits.name);
            assert_eq!(endings(s), [ending(&waits)], "{}", waits.name);
        });
    }
}

/// What the server held back comes with its word.
#[test]
fn an_answer_that_comes_behind_the_server_s_silence_is_in_time() {
    let mut memory = Memory::new(&config(), 2, 2);
    let mut s = Owned::new(&config(), "", &mut memory);
    let open = opening(&mut s, 10, DISCO);
    s.file = vec![7; 10];
    s.wait_ms(60_000);
    s.now += 20_000;
    s.turn();
    let sent = s.ask(&result(PEER, attr(&open, "id"), ""));
    assert!(sent.contains("<data "), "{sent}");
    s.wait_ms(0);
    assert_eq!(endings(&s), []);
}

/// A time of 0 switches off only the probes for their own sake.
#[test]
fn without_probes_for_their_own_sake_the_server_is_asked_before_a_peer_is_blamed() {
    let mut cfg = config();
    (cfg.times.ask_ms, cfg.times.idle_ms, cfg.times.keepalive_ms) = (0, 0, 0);
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Owned::new(&cfg, "", &mut memory);
    offering(&mut s, 10, DISCO);
    assert!(!s.wait_ms(299_999).contains("urn:xmpp:ping"));
    assert!(s.wait_ms(1).contains("urn:xmpp:ping"));
    s.wait_ms(30_000);
    assert_eq!(endings(&s), [Ending::Failed(Reason::StreamLost, None)]);
}
