//! A session that owns its XMPP stream, with SOCKS5 streams beside it.

use xft_core::*;
use xft_tests::hosted::socks::{HOST, IBB, S5B, SID, query, si_of, theirs};
use xft_tests::hosted::wired::{GREETING, METHOD, frame};
use xft_tests::hosted::{attr, peer, set};
use xft_tests::owned::{Memory, Owned, PEER, config};

fn with(methods: &[Method]) -> Config<'static> {
    let mut cfg = config();
    cfg.methods = Methods::of(methods).unwrap();
    cfg
}

#[test]
fn dsc_03_s5b_02_qrk_46_disco_lists_the_bytestreams_that_are_switched_on() {
    use Method::{Direct, InBand, Mediated};
    for (methods, s5b, ibb) in
        [(&[Mediated, Direct, InBand][..], true, true), (&[InBand], false, true), (&[Mediated], true, false)]
    {
        let cfg = with(methods);
        let mut memory = Memory::new(&cfg, 2, 2);
        let mut s = Owned::new(&cfg, "", &mut memory);
        let info = s.ask(&format!(
            "<iq type='get' from='{PEER}' id='q'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
        ));
        assert_eq!(info.contains(&format!("var='{S5B}'")), s5b, "{info}");
        assert_eq!(info.contains(&format!("var='{IBB}'")), ibb, "{info}");
        assert!(info.contains("var='http://jabber.org/protocol/si'") && !info.contains("udp"), "{info}");
    }
}

#[test]
fn stz_04_s5b_13_streamhosts_that_nobody_waits_for_get_an_answer() {
    let cfg = with(&[Method::Direct, Method::InBand]);
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Owned::new(&cfg, "", &mut memory);
    let answer = s.ask(&set(PEER, "h1", &query(SID, &[HOST])));
    assert!(answer.contains("<not-acceptable ") && attr(&answer, "id") == "h1", "{answer} (S5B-01)");
    let answer = s.ask(&set(PEER, "h2", &query(SID, &[])));
    assert!(answer.contains("<bad-request ") && attr(&answer, "id") == "h2", "{answer}");
    let answer = s.ask(&set(PEER, "h4", &query(&"s".repeat(129), &[HOST])));
    assert!(answer.contains("<not-acceptable ") && attr(&answer, "id") == "h4", "{answer} (S5B-13)");
    let get = set(PEER, "h3", &query(SID, &[HOST])).replace("type='set'", "type='get'");
    let answer = s.ask(&get);
    assert!(answer.contains("type='error'") && attr(&answer, "id") == "h3", "{answer}");
}

#[test]
fn the_streams_do_not_mix() {
    let cfg = with(&[Method::Direct, Method::InBand]);
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Owned::new(&cfg, "", &mut memory);
    s.feed(&set(PEER, "o1", &si_of(SID, 10, &[S5B])));
    let transfer = s.offers[0];
    s.session.accept(transfer, 0).unwrap();
    assert!(s.poll().concat().contains(S5B));
    s.feed(&set(PEER, "h1", &query(SID, &[HOST])));
    let mut out = [0; 4000];
    let Ok(Output::Connect { stream, host, port, .. }) = s.session.poll(&mut out) else { panic!() };
    assert_eq!((host, port), (HOST.1, HOST.2));
    // A stanza comes in halves all the while.
    let ping = format!("<iq type='get' from='{PEER}' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>");
    let (head, tail) = ping.split_at(30);
    s.feed(head);
    s.session.stream_open(stream).unwrap();
    assert_eq!(s.session.poll(&mut out), Ok(Output::Transmit { stream, bytes: GREETING }));
    s.session.stream_in(stream, &mut METHOD.to_vec()).unwrap();
    let request = frame(1, &theirs());
    assert_eq!(s.session.poll(&mut out), Ok(Output::Transmit { stream, bytes: &request }));
    let mut reply = frame(0, &theirs());
    assert_eq!(s.session.stream_in(stream, &mut reply).unwrap().0, 47);
    let mut first = b"<iq/>".to_vec();
    let Ok((5, Received::Data { offset: 0, bytes, .. })) = s.session.stream_in(stream, &mut first) else {
        panic!()
    };
    assert_eq!(bytes, b"<iq/>", "payload is no XML");
    let mut rest = b"&<\0\xff\n".to_vec();
    let Ok((5, Received::Data { offset: 5, .. })) = s.session.stream_in(stream, &mut rest) else { panic!() };
    let said = s.ask(tail);
    assert!(said.contains("id='p1'") && said.contains("<streamhost-used "), "{said}");
    s.session.stored(transfer, 10).unwrap();
    s.session.stream_end(stream, StreamEnd::Ended).unwrap();
    let asked = Event::Settle { transfer, verified: false };
    s.events.clear();
    while let Ok(Output::Event(event)) = s.session.poll(&mut out) {
        s.events.push(event);
    }
    assert_eq!(s.events.last(), Some(&asked));
    s.session.settled(transfer).unwrap();
    assert_eq!(s.session.poll(&mut out), Ok(Output::Close { stream }));
    s.poll();
    let route = Route {
        method: Some(Method::Direct),
        mediated: Skip::Policy,
        in_band: Skip::NotChosen,
        ..Route::default()
    };
    let want = Event::Finished { transfer, ending: Ending::Unverified, route };
    assert!(s.events.contains(&want), "{:?}", s.events);
}

#[test]
fn streams_without_a_slot_for_them_are_refused_at_once() {
    let mut cfg = config();
    cfg.methods = Methods::IN_BAND;
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Owned::new(&cfg, "", &mut memory);
    assert_eq!(s.session.stream_accepted(1), Err(Error::State));
    assert_eq!(s.session.stream_open(StreamId(1)), Err(Error::Argument(Argument::Stream)));
    let methods = Methods::of(&[Method::Direct]);
    assert_eq!(
        s.session.offer(&Offer { methods, ..peer::file(10) }),
        Err(Error::Argument(Argument::Methods))
    );
    // And an offer that lists nothing else is refused.
    let answer = s.ask(&set(PEER, "o1", &si_of(SID, 10, &[S5B])));
    assert!(answer.contains("<no-valid-streams "), "{answer}");
    // A configuration with SOCKS5 needs the memory for it.
    let cfg = with(&[Method::Direct]);
    let mut needs = Needs::of(&cfg, 2, 2);
    needs.streams = 0;
    let mut memory = Memory::of(needs);
    let refused = Session::new(&cfg, memory.storage(), Instant::from_ms(0)).map(|_| ());
    assert!(matches!(refused, Err(Error::Storage { part: Part::Streams, needed: 1.. })), "{refused:?}");
}
