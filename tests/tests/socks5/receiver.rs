//! The receiver of a file over SOCKS5, against a sender written by hand: streamhosts, who is connected to, and bytes.

use xft_core::*;
use xft_tests::hosted::socks::*;
use xft_tests::hosted::wired::*;
use xft_tests::hosted::*;

const HOSTS: [(&str, &str, u16); 3] = [HOST, RELAY, (PEER, "2001:db8::7", 5000)];

fn failed(reason: Reason) -> Ending {
    Ending::Failed(reason, None)
}

/// Everything before it was closed before it was said.
fn closed_before_answer(said: &[Said]) -> Vec<StreamId> {
    let answer = said.iter().position(|s| matches!(s, Said::Stanza(_))).unwrap();
    said[..answer]
        .iter()
        .map(|s| if let Said::Close(stream) = s { *stream } else { panic!("{said:?}") })
        .collect()
}

#[test]
fn s5b_04_streamhosts_are_tried_in_their_order_one_every_200_ms() {
    session!(s);
    let (transfer, said) = connecting(&mut s, 10, &HOSTS);
    let Said::Connect { stream: first, transfer: of, host, port } = &said[0] else { panic!("{said:?}") };
    assert_eq!((said.len(), *of, host.as_str(), *port), (1, transfer, "192.0.2.7", 5000));
    assert_eq!((s.why, s.wait), (Timer::Streamhosts, Some(200)));
    assert_eq!(s.wait_ms(199), []);
    let said = s.wait_ms(1);
    assert!(matches!(connects(&said)[..], [(second, "192.0.2.8", 7777)] if second != *first), "{said:?}");
    let said = s.wait_ms(200);
    assert!(matches!(connects(&said)[..], [(_, "2001:db8::7", 5000)]), "{said:?}");
    assert_eq!(s.wait_ms(200), [], "there are no more");
    assert_eq!(s.take_events(), []);
}

#[test]
fn s5b_04_a_streamhost_that_fails_is_followed_by_the_next_at_once() {
    for end in [StreamEnd::Refused, StreamEnd::Unreachable, StreamEnd::Unresolved, StreamEnd::TimedOut] {
        session!(s);
        let (transfer, said) = connecting(&mut s, 10, &HOSTS);
        let stream = connects(&said)[0].0;
        let said = s.end(stream, end);
        assert!(matches!(connects(&said)[..], [(_, "192.0.2.8", 7777)]), "{said:?}");
        let why = match end {
            StreamEnd::Refused => HostFailure::Refused,
            StreamEnd::Unreachable => HostFailure::Unreachable,
            StreamEnd::Unresolved => HostFailure::Unresolved,
            _ => HostFailure::TimedOut,
        };
        assert_eq!(s.take_events(), [Event::HostFailed { transfer, stream, why }]);
        assert_eq!(s.session.stream_open(stream), Err(Error::Argument(Argument::Stream)), "its id is void");
    }
}

#[test]
fn s5b_04_the_losers_are_closed_before_the_sender_hears_who_won() {
    session!(s);
    let (_, said) = connecting(&mut s, 10, &HOSTS);
    let a = connects(&said)[0].0;
    let b = connects(&s.wait_ms(200))[0].0;
    let c = connects(&s.wait_ms(200))[0].0;
    // One is connecting, one in its handshake; the one in the middle is done first.
    s.up(c);
    let reply = shake(&mut s, b, &theirs());
    let said = s.hear(b, &reply);
    assert_eq!(closed_before_answer(&said), [a, c]);
    let answer = stanza(&said);
    assert!(attr(answer, "type") == "result" && attr(answer, "id") == "h1" && attr(answer, "to") == PEER);
    assert!(answer.ends_with(&format!("{}</iq>", used(SID, RELAY.0))), "{answer} (S5B-05)");
    assert!(matches!(s.take_events()[..], [Event::Started { method: Method::Mediated, block_bytes: 0, .. }]));
    for void in [a, c] {
        assert_eq!(s.session.stream_end(void, StreamEnd::Lost), Err(Error::Argument(Argument::Stream)));
        assert_eq!(s.session.stream_in(void, &mut [5, 0]).unwrap_err(), Error::Argument(Argument::Stream));
    }
}

#[test]
fn s5b_05_none_reached_is_item_not_found_of_type_cancel() {
    session!(s);
    let (_, said) = connecting(&mut s, 10, &HOSTS[..2]);
    let said = s.end(connects(&said)[0].0, StreamEnd::Refused);
    let said = s.end(connects(&said)[0].0, StreamEnd::Refused);
    let answer = stanza(&said);
    assert_eq!((condition(answer), attr(answer, "id")), ("item-not-found", "h1"));
    assert!(answer.contains("type='cancel'"));
    // SI-21: the sender may come in band for a minute.
    assert_eq!((s.why, s.wait), (Timer::Open, Some(60_000)));
    s.take_events();
    s.wait_ms(60_000);
    let (ending, route) = s.finished();
    assert_eq!(ending, failed(Reason::OpenTimeout));
    assert_eq!((route.method, route.direct, route.mediated), (None, Skip::NotReached, Skip::NotReached));
}

#[test]
fn s5b_24_a_streamhost_has_4_seconds_a_proxy_6_and_all_of_them_8() {
    session!(s);
    let (transfer, said) = connecting(&mut s, 10, &HOSTS[..2]);
    let direct = connects(&said)[0].0;
    let proxy = connects(&s.wait_ms(200))[0].0;
    s.up(direct);
    assert_eq!(s.wait_ms(3799), []);
    assert_eq!(s.wait_ms(1), [Said::Close(direct)]);
    let why = HostFailure::TimedOut;
    assert_eq!(s.take_events(), [Event::HostFailed { transfer, stream: direct, why }]);
    assert_eq!(s.wait_ms(2199), []);
    let said = s.wait_ms(1);
    assert_eq!((&said[0], s.now), (&Said::Close(proxy), 6200));
    assert_eq!(condition(stanza(&said)), "item-not-found");
}

#[test]
fn s5b_04_after_8_seconds_nothing_more_is_tried() {
    session!(s);
    // Hosts that never answer keep every slot: later ones wait for one of them.
    let many: Vec<(&str, String, u16)> =
        (1..17).map(|n| ("relay.hospital.test", format!("192.0.2.{n}"), 1)).collect();
    let many: Vec<(&str, &str, u16)> = many.iter().map(|(j, h, p)| (*j, h.as_str(), *p)).collect();
    let (_, mut said) = connecting(&mut s, 10, &many);
    let mut open: Vec<StreamId> = Vec::new();
    let mut seen = Vec::new();
    while s.now < 7999 {
        for (stream, host, _) in connects(&said) {
            open.push(stream);
            seen.push(host.to_owned());
            assert!(open.len() <= 8, "storage has 8 slots");
        }
        open.retain(|stream| !said.contains(&Said::Close(*stream)));
        assert!(stanzas(&said).is_empty());
        let next = s.wait.unwrap().min(7999) - s.now;
        said = s.wait_ms(next.max(1));
    }
    assert!(seen.len() > 8 && seen.windows(2).all(|w| w[0] != w[1]), "{seen:?}");
    let said = s.wait_ms(1);
    assert_eq!(condition(stanza(&said)), "item-not-found");
    assert_eq!(closed_before_answer(&said).len(), open.len());
}

#[test]
fn s5b_14_a_second_query_with_the_same_id_is_not_acceptable_and_changes_nothing() {
    session!(s);
    let (_, said) = connecting(&mut s, 10, &HOSTS[..1]);
    let stream = connects(&said)[0].0;
    let again = s.ask(&set(PEER, "h2", &query(SID, &[RELAY])));
    assert_eq!((condition(stanza(&again)), attr(stanza(&again), "id")), ("not-acceptable", "h2"));
    assert_eq!(s.wait_ms(200), [], "nobody connects to what it offered");
    let reply = shake(&mut s, stream, &theirs());
    let said = s.hear(stream, &reply);
    assert_eq!(attr(stanza(&said), "id"), "h1");
    // Nor while bytes flow, nor when it is over.
    let again = s.ask(&set(PEER, "h3", &query(SID, &[RELAY])));
    assert_eq!(condition(stanza(&again)), "not-acceptable");
    assert_eq!(s.feed(stream, b"0123456789"), b"0123456789");
}

#[test]
fn qrk_27_a_requester_that_waits_10_seconds_hears_of_us() {
    let times = Times::default();
    assert!(times.hosts_ms < 10_000 && times.host_ms < times.proxy_ms && times.proxy_ms < times.hosts_ms);
    session!(s);
    let (_, said) = connecting(&mut s, 10, &HOSTS[..2]);
    assert_eq!(connects(&said).len(), 1);
    let mut heard = Vec::new();
    for _ in 0..100 {
        heard.extend(s.wait_ms(100));
    }
    assert_eq!(condition(stanza(&heard)), "item-not-found");
}

/// ATK-25: how long the sender waits for "none of them", and how it came to that.
fn verdict_after_ms(hosts: &[(&str, &str, u16)], each: Option<StreamEnd>) -> u64 {
    session!(s, |cfg: &mut Config<'_>| cfg.times.verdict_ms = Times::default().verdict_ms);
    s.now += 12_345;
    s.session.tick(Instant::from_ms(s.now)).unwrap();
    let asked = s.now;
    let (_, mut said) = connecting(&mut s, 10, hosts);
    loop {
        let mut next = Vec::new();
        for (stream, _, _) in connects(&said) {
            if let Some(end) = each {
                next.extend(s.end(stream, end));
            }
        }
        if let Some(answer) = said.iter().find_map(|s| if let Said::Stanza(s) = s { Some(s) } else { None }) {
            assert_eq!(condition(answer), "item-not-found");
            return s.now - asked;
        }
        if next.is_empty() {
            next = s.wait_ms(s.wait.unwrap().saturating_sub(s.now).max(1));
        }
        said = next;
    }
}

/// ATK-25
#[test]
fn the_time_of_an_answer_does_not_tell_a_closed_port_from_a_silent_one() {
    let many: Vec<(&str, &str, u16)> = (1..9).map(|port| (PEER, "192.0.2.7", port)).collect();
    for hosts in [&HOSTS[..1], &HOSTS[..2], &HOSTS, &many[..4], &many] {
        let silent = verdict_after_ms(hosts, None);
        assert!(silent > 0 && silent.is_multiple_of(2_000) && silent < 10_000, "{silent} (QRK-27)");
        for end in [StreamEnd::Refused, StreamEnd::Unreachable, StreamEnd::Unresolved, StreamEnd::Forbidden] {
            assert_eq!(verdict_after_ms(hosts, Some(end)), silent, "{end:?} of {}", hosts.len());
        }
    }
    assert_eq!(verdict_after_ms(&HOSTS[..1], None), 4_000, "no longer than one streamhost needs");
}

#[test]
fn s5b_15_what_is_on_its_way_counts_also_when_the_sender_went_offline() {
    session!(s);
    let (transfer, stream) = flowing(&mut s, 10);
    s.feed(stream, b"01234");
    s.ask(&format!("<presence from='{PEER}' type='unavailable'/>"));
    assert_eq!(s.take_events().len(), 0, "its stream tells what becomes of the file");
    assert_eq!(s.feed(stream, b"56789"), b"56789");
    s.session.stored(transfer, 10).unwrap();
    s.end(stream, StreamEnd::Ended);
    assert_eq!(s.ending(), Ending::Unverified);
}

#[test]
fn qrk_48_an_empty_stream_is_kept_until_its_sender_ends_it_or_five_seconds_passed() {
    for (host, ms, ends) in
        [(HOST, 5_000, true), (HOST, 5_000, false), (RELAY, 5_000, true), (RELAY, 5_000, false)]
    {
        session!(s);
        let (_, said) = connecting(&mut s, 0, &[host]);
        let stream = connects(&said)[0].0;
        let reply = shake(&mut s, stream, &theirs());
        let said = s.hear(stream, &reply);
        // The sender has yet to come to the proxy and to activate it.
        assert!(stanza(&said).ends_with(&format!("{}</iq>", used(SID, host.0))), "{said:?}");
        assert!(!said.iter().any(|each| matches!(each, Said::Close(_))), "{said:?}");
        s.take_events();
        assert_eq!(s.wait_ms(ms - 1), []);
        let said = if ends { s.end(stream, StreamEnd::Ended) } else { s.wait_ms(1) };
        assert_eq!(said, [Said::Close(stream)]);
        assert_eq!(s.ending(), Ending::Unverified);
    }
}

#[test]
fn a_file_that_is_over_before_the_next_poll_still_names_its_streamhost() {
    session!(s);
    let (transfer, said) = connecting(&mut s, 3, &[RELAY]);
    let stream = connects(&said)[0].0;
    let reply = shake(&mut s, stream, &theirs());
    assert_eq!(s.feed(stream, &[&reply[..], b"abc"].concat()), b"abc");
    s.session.stream_end(stream, StreamEnd::Ended).unwrap();
    s.session.stored(transfer, 3).unwrap();
    let said = s.poll();
    assert!(stanza(&said).contains(&used(SID, RELAY.0)), "{said:?}");
    assert_eq!(s.ending(), Ending::Unverified);
}

#[test]
fn a_stream_that_comes_up_while_it_is_being_closed_is_no_mistake_of_the_owner() {
    session!(s);
    let (_, said) = connecting(&mut s, 10, &HOSTS[..2]);
    let first = connects(&said)[0].0;
    let second = connects(&s.wait_ms(200))[0].0;
    let reply = shake(&mut s, second, &theirs());
    s.feed(second, &reply);
    // The owner has not polled yet: it does not know that this one lost.
    assert_eq!(s.session.stream_open(first), Ok(()));
    assert!(s.poll().contains(&Said::Close(first)));
}

#[test]
fn a_stream_that_comes_up_behind_its_time_is_no_mistake_of_the_owner() {
    session!(s);
    let (_, said) = connecting(&mut s, 10, &HOSTS[..1]);
    let stream = connects(&said)[0].0;
    // Its 4 s are over, and the owner, which has no room for an answer that goes before, was not told yet.
    s.now += 4_000;
    s.give(&set(PEER, "x", "<receipt xmlns='urn:libxft:receipt:0'/>"));
    for _ in 0..3 {
        s.session.tick(Instant::from_ms(s.now)).unwrap();
        assert!(matches!(s.session.poll(&mut []), Err(Error::NoSpace { .. })));
    }
    assert_eq!(s.session.stream_open(stream), Ok(()));
    assert!(s.poll().contains(&Said::Close(stream)));
}

#[test]
fn a_stream_that_breaks_while_the_session_ends_is_not_closed_once_more() {
    session!(s);
    let (_, said) = connecting(&mut s, 10, &HOSTS[..1]);
    let stream = connects(&said)[0].0;
    s.session.stream_end(StreamId::XMPP, StreamEnd::Lost).unwrap();
    assert_eq!(s.session.stream_end(stream, StreamEnd::Lost), Ok(()));
    assert!(!s.poll_all().contains(&Said::Close(stream)), "its id is void");
}

#[test]
fn streams_are_closed_when_the_session_ends() {
    session!(s);
    let (_, said) = connecting(&mut s, 10, &HOSTS[..2]);
    let stream = connects(&said)[0].0;
    s.session.close().unwrap();
    let said = s.poll();
    assert!(said.contains(&Said::Close(stream)), "{said:?}");
    assert!(matches!(s.take_events()[..], [Event::Finished { .. }, Event::Offline { .. }]));
}

const MD5: &str = "hash='0123456789abcdef0123456789abcdef'";

/// An offer with a hash.
fn hashed(sid: &str, size: u64, methods: &[&str]) -> String {
    si_of(sid, size, methods).replace("name='a'", &format!("name='a' {MD5}"))
}

/// A transfer of 10 bytes with a hash, whose one streamhost was not reached.
fn unreached(s: &mut Wired<'_>) -> TransferId {
    let transfer = offered(s.give(&set(PEER, "o1", &hashed(SID, 10, &[S5B, IBB]))));
    s.session.accept(transfer, 0).unwrap();
    s.poll();
    let said = s.ask(&set(PEER, "h1", &query(SID, &[HOST])));
    let said = s.end(connects(&said)[0].0, StreamEnd::Refused);
    assert_eq!(condition(stanza(&said)), "item-not-found");
    s.take_events();
    transfer
}

#[test]
fn si_22_the_second_offer_of_a_file_goes_on_with_the_transfer_that_the_owner_accepted() {
    session!(s);
    let transfer = unreached(&mut s);
    assert!(matches!(s.give(&set(PEER, "o2", &hashed("s2", 10, &[IBB]))), Got::Consumed));
    let said = s.poll();
    assert!(stanza(&said).contains(&format!("<value>{IBB}</value>")) && attr(stanza(&said), "id") == "o2");
    let events = s.take_events();
    assert!(matches!(events[..], [Event::FellBack { transfer: of, again: false, .. }] if of == transfer));
    let said = s.ask(&set(PEER, "i1", &open("s2", 4096)));
    assert_eq!(attr(stanza(&said), "type"), "result");
    assert!(matches!(s.take_events()[..], [Event::Started { transfer: of, .. }] if of == transfer));
}

#[test]
fn si_22_any_other_offer_is_for_the_owner_to_answer() {
    for (from, offer) in [
        (PEER, hashed("s2", 11, &[IBB])),
        (PEER, hashed("s2", 10, &[IBB]).replace("0123456789", "9876543210")),
        (PEER, si_of("s2", 10, &[IBB])),
        (PEER, hashed("s2", 10, &[S5B])),
        ("eve@hospital.test/x", hashed("s2", 10, &[IBB])),
    ] {
        let cfg = streamed(ME);
        // The last free slot would be for somebody else.
        let mut memory = Memory::new(&cfg, 3, 2);
        let mut s = Wired::new(&cfg, &mut memory);
        let first = unreached(&mut s);
        assert_ne!(offered(s.give(&set(from, "o2", &offer))), first, "{offer}");
    }
    // Nor while the first one still has a way of its own.
    let cfg = streamed(ME);
    let mut memory = Memory::new(&cfg, 3, 2);
    let mut s = Wired::new(&cfg, &mut memory);
    let first = offered(s.give(&set(PEER, "o1", &hashed(SID, 10, &[IBB]))));
    s.session.accept(first, 0).unwrap();
    s.poll();
    assert_ne!(offered(s.give(&set(PEER, "o2", &hashed("s2", 10, &[IBB])))), first);
}

#[test]
fn a_stream_that_was_not_told_of_yet_does_not_exist() {
    session!(s);
    waiting(&mut s, 10, &[S5B, IBB]);
    s.give(&set(PEER, "h1", &query(SID, &[HOST])));
    // Too small for the host: the place is taken, and nothing is said of it.
    assert_eq!(s.session.poll(&mut [0; 1]), Err(Error::NoSpace { needed: HOST.1.len() }));
    let unknown = Err(Error::Argument(Argument::Stream));
    for id in 1..=255 {
        let id = StreamId(id);
        assert_eq!(s.session.stream_open(id), unknown);
        assert_eq!(s.session.stream_end(id, StreamEnd::Ended), unknown);
        assert_eq!(s.session.stream_in(id, &mut [5, 0]).map(|_| ()), unknown);
    }
    assert!(matches!(connects(&s.poll())[..], [(_, host, port)] if (host, port) == (HOST.1, HOST.2)));
}

#[test]
fn nothing_comes_on_a_streamhost_before_it_is_connected() {
    session!(s);
    let (_, said) = connecting(&mut s, 10, &HOSTS[..1]);
    let Said::Connect { stream, .. } = said[0] else { panic!("{said:?}") };
    assert_eq!(s.session.stream_in(stream, &mut [5, 0]).map(|_| ()), Err(Error::State));
    assert_eq!(s.take_events(), [], "a slip of our owner's is no failure of the streamhost");
    s.session.stream_open(stream).unwrap();
    assert!(matches!(s.poll()[..], [Said::Bytes(of, _)] if of == stream));
}

#[test]
fn atk_17_a_dribble_over_a_stream_of_its_own_ends_after_two_minutes() {
    session!(s);
    let (transfer, stream) = flowing(&mut s, 100_000);
    s.wait_ms(1);
    for n in 0..12 {
        assert_eq!(s.feed(stream, b"x"), b"x", "{n}");
        s.session.stored(transfer, n + 1).unwrap();
        s.poll();
        s.wait_ms(10_000);
    }
    assert_eq!(s.feed(stream, b"x"), b"");
    assert!(s.poll().contains(&Said::Close(stream)));
    assert_eq!(s.ending(), Ending::Failed(Reason::Stalled, None));
}

#[test]
fn sm_22_qrk_51_streamhosts_that_come_again_are_no_second_attempt() {
    session!(s);
    let (_, said) = connecting(&mut s, 10, &[HOST]);
    assert_eq!(connects(&said).len(), 1);
    assert_eq!(s.ask(&set(PEER, "h1", &query(SID, &[HOST]))), []);
    let stream = connects(&said)[0].0;
    let reply = shake(&mut s, stream, &theirs());
    let said = s.hear(stream, &reply);
    assert!(stanza(&said).contains("<streamhost-used "), "{said:?}");
}
