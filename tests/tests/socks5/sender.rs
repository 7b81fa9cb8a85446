//! The sender of a file over SOCKS5, against a receiver written by hand: our streamhosts, who comes to them, and bytes.

use xft_core::*;
use xft_tests::hosted::socks::*;
use xft_tests::hosted::wired::*;
use xft_tests::hosted::*;

fn pinned(methods: &[Method]) -> Methods {
    Methods::of(methods).unwrap()
}

#[test]
fn s5b_07_atk_27_our_own_address_counts_only_when_somebody_came_with_the_digest() {
    session!(s);
    let hosts = hosting(&mut s, 10);
    // Somebody came, and has not shown anything.
    let stranger = s.session.stream_accepted(1).unwrap();
    assert!(stanzas(&s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), ME)))).len() == 1);
    let (ending, route) = s.finished();
    assert_eq!(ending, Ending::Failed(Reason::BadAnswer, None));
    assert_eq!((route.method, route.direct, route.mediated), (None, Skip::Broken, Skip::NoProxy));
    // The digest is void from now on (S5B-35).
    s.hear(stranger, GREETING);
    let said = s.hear(stranger, &frame(1, &ours(&hosts)));
    assert_eq!(said, [Said::Bytes(stranger, frame(2, &ours(&hosts))), Said::Close(stranger)]);
}

#[test]
fn s5b_06_atk_27_a_streamhost_that_was_never_offered_is_an_answer_outside_the_protocol() {
    for jid in ["relay.hospital.test", "eve@hospital.test/x", "ct1@hospital.test", "", PEER] {
        session!(s);
        let hosts = hosting(&mut s, 10);
        s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), jid)));
        assert_eq!(s.ending(), Ending::Failed(Reason::BadAnswer, None), "{jid}");
    }
    for payload in ["", "<query xmlns='http://jabber.org/protocol/bytestreams'/>", "<x xmlns='urn:x'/>"] {
        session!(s);
        let hosts = hosting(&mut s, 10);
        s.ask(&result(PEER, attr(&hosts, "id"), payload));
        assert_eq!(s.ending(), Ending::Failed(Reason::BadAnswer, None), "{payload}");
    }
}

#[test]
fn s5b_35_a_digest_counts_from_our_query_to_its_answer() {
    session!(s);
    let offer = offering(&mut s, &file(10));
    let dst = digest(attr(offer.split_once("<si").unwrap().1, "id"), ME, PEER);
    // Nobody is awaited yet.
    assert_eq!(s.session.stream_accepted(1), Err(Error::State));
    s.give(&result(PEER, attr(&offer, "id"), &picks(S5B, "")));
    // Our query is not out yet.
    let early = s.session.stream_accepted(1).unwrap();
    s.feed(early, GREETING);
    s.feed(early, &frame(1, &dst));
    let said = s.poll();
    assert!(said.contains(&Said::Bytes(early, frame(2, &dst))), "{said:?}");
    let hosts = stanza(&said).to_owned();
    let stream = admitted(&mut s, 2, &dst);
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), ME)));
    assert!(
        matches!(said[..], [Said::SendRaw { stream: to, offset: 0, max: 10, .. }] if to == stream),
        "{said:?}"
    );
    // It was answered: whoever comes now is too late.
    assert_eq!(s.session.stream_accepted(3), Err(Error::State));
}

#[test]
fn s5b_16_the_order_of_streamhosts_is_the_order_of_the_methods() {
    use Method::{Direct, InBand, Mediated};
    for (methods, want) in [
        (&[Mediated, Direct, InBand][..], &["203.0.113.5", "192.0.2.1"][..]),
        (&[Direct, Mediated, InBand], &["192.0.2.1", "203.0.113.5"]),
        (&[InBand, Direct, Mediated], &["192.0.2.1", "203.0.113.5"]),
        (&[Mediated, InBand], &["203.0.113.5"]),
        (&[Direct], &["192.0.2.1"]),
    ] {
        session!(s, |cfg: &mut Config<'_>| cfg.methods = pinned(methods));
        s.session.add_proxy("own.hospital.test", "203.0.113.5", 7777).unwrap();
        let hosts = hosting(&mut s, 10);
        let found: Vec<&str> = hosts
            .split("<streamhost ")
            .skip(1)
            .map(|h| {
                let at = h.find("host='").unwrap() + 6;
                &h[at..at + h[at..].find('\'').unwrap()]
            })
            .collect();
        assert_eq!(found, want, "{methods:?}");
    }
}

#[test]
fn dsc_10_proxies_that_the_owner_names_need_no_discovery() {
    session!(s);
    s.session.add_proxy("own.hospital.test", "203.0.113.5", 7777).unwrap();
    s.session.add_address("192.0.2.1", 5280).unwrap();
    s.session.offer(&file(10)).unwrap();
    let said = s.poll();
    assert_eq!(attr(stanza(&said), "to"), PEER, "only the peer is asked anything");
    let said = s.ask(&result(PEER, attr(stanza(&said), "id"), DISCO));
    let said = s.ask(&result(PEER, attr(stanza(&said), "id"), &picks(S5B, "")));
    assert!(stanza(&said).contains("<streamhost jid='own.hospital.test' host='203.0.113.5' port='7777'/>"));
}

#[test]
fn si_23_after_the_first_byte_no_other_method_follows() {
    session!(s);
    let (stream, grant) = granted(&mut s, 50_000);
    let Said::SendRaw { transfer, .. } = grant else { panic!() };
    s.session.sent(transfer, 1).unwrap();
    assert_eq!(s.end(stream, StreamEnd::Lost), []);
    assert_eq!(s.wait_ms(5_000), []);
    let (ending, route) = s.finished();
    assert_eq!(ending, Ending::Failed(Reason::BytestreamLost, None));
    assert_eq!((route.method, route.direct), (Some(Method::Direct), Skip::Broken));
}

#[test]
fn atk_31_bytes_that_were_changed_or_added_on_the_way_are_found_out() {
    // Too many, as the receiver sees it.
    let cfg = streamed(ME);
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Wired::new(&cfg, &mut memory);
    let (_, stream) = flowing(&mut s, 10);
    assert_eq!(s.feed(stream, b"01234567"), b"01234567");
    assert_eq!(s.hear(stream, b"8901"), [Said::Close(stream)]);
    let (ending, route) = s.finished();
    assert_eq!(ending, Ending::Failed(Reason::TooManyBytes, None));
    assert_eq!((route.method, route.direct), (Some(Method::Direct), Skip::Broken));
}

/// The peer uses the proxy that the owner named; gives our stream to it.
fn at_proxy(s: &mut Wired<'_>, size: u64) -> (String, StreamId) {
    s.session.add_proxy("own.hospital.test/node", "203.0.113.5", 7777).unwrap();
    let hosts = hosting(s, size);
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), "own.hospital.test/node")));
    let [(stream, "203.0.113.5", 7777)] = connects(&said)[..] else { panic!("{said:?}") };
    (hosts.clone(), stream)
}

/// The proxy is to activate the stream; gives the request.
fn activating(s: &mut Wired<'_>, size: u64) -> (String, StreamId) {
    let (hosts, stream) = at_proxy(s, size);
    let reply = shake(s, stream, &ours(&hosts));
    let said = s.hear(stream, &reply);
    let request = stanza(&said).to_owned();
    assert!(attr(&request, "to") == "own.hospital.test/node" && attr(&request, "type") == "set");
    let sid = attr(&hosts, "sid");
    let wanted = format!("<query xmlns='{S5B}' sid='{sid}'><activate>{PEER}</activate></query>");
    assert!(request.contains(&wanted), "{request} (S5B-08)");
    (request, stream)
}

#[test]
fn a_proxy_whose_stream_breaks_before_it_is_activated_cannot_carry_it() {
    session!(s);
    let (request, stream) = activating(&mut s, 10);
    let mut said = s.end(stream, StreamEnd::Lost);
    // Its answer may be under way.
    said.extend(s.ask(&result("own.hospital.test/node", attr(&request, "id"), "")));
    assert!(!said.iter().any(|s| matches!(s, Said::SendRaw { .. } | Said::Half(_))), "{said:?}");
    assert!(stanza(&said).contains("<open "), "{said:?} (SI-22)");
}

#[test]
fn a_proxy_that_is_not_even_connected_to_in_time_is_given_up() {
    session!(s);
    s.session.add_proxy("own.hospital.test", "203.0.113.5", 7777).unwrap();
    let hosts = hosting(&mut s, 10);
    s.give(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), "own.hospital.test")));
    // The owner was busy with something else, and then never says whether it connected.
    let said = s.wait_ms(6000);
    assert_eq!(connects(&said).len(), 1, "{said:?}");
    let said = s.wait_ms(6000);
    assert!(stanza(&said).contains("<open "), "{said:?}");
}

#[test]
fn strangers_are_closed_when_the_session_ends() {
    session!(s);
    hosting(&mut s, 10);
    let stranger = s.session.stream_accepted(1).unwrap();
    s.session.stream_end(StreamId::XMPP, StreamEnd::Lost).unwrap();
    assert_eq!(s.poll(), [Said::Close(stranger)]);
}

#[test]
fn a_proxy_that_became_known_behind_the_offer_carries_the_file_and_the_route_says_so() {
    session!(s);
    let offer = offering(&mut s, &file(10));
    s.session.add_proxy("own.hospital.test", "203.0.113.5", 7777).unwrap();
    let said = s.ask(&result(PEER, attr(&offer, "id"), &picks(S5B, "")));
    let hosts = stanza(&said).to_owned();
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), "own.hospital.test")));
    let stream = connects(&said)[0].0;
    let reply = shake(&mut s, stream, &ours(&hosts));
    let request = stanza(&s.hear(stream, &reply)).to_owned();
    let said = s.ask(&result("own.hospital.test", attr(&request, "id"), ""));
    let (_, said) = s.supply_all(&said[0], 10);
    assert_eq!(said, [Said::Half(stream)]);
    s.wait_ms(60_000);
    let route = Route { method: Some(Method::Mediated), direct: Skip::NotChosen, ..Route::default() };
    assert_eq!(s.finished(), (Ending::Unconfirmed, route));
}

#[test]
fn a_proxy_with_two_addresses_is_tried_at_both() {
    session!(s);
    s.session.add_proxy("own.hospital.test", "2001:db8::5", 7777).unwrap();
    s.session.add_proxy("own.hospital.test", "203.0.113.5", 7777).unwrap();
    let hosts = hosting(&mut s, 10);
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), "own.hospital.test")));
    let [(first, "2001:db8::5", 7777)] = connects(&said)[..] else { panic!("{said:?}") };
    let said = s.end(first, StreamEnd::Unreachable);
    assert!(matches!(connects(&said)[..], [(_, "203.0.113.5", 7777)]), "{said:?}");
}

#[test]
fn s5b_19_an_empty_file_is_half_closed_even_when_the_answer_overtakes_ours() {
    session!(s, |cfg: &mut Config<'_>| cfg.methods = pinned(&[Method::Direct]));
    let hosts = hosting(&mut s, 0);
    let stream = s.session.stream_accepted(7).unwrap();
    s.hear(stream, GREETING);
    s.feed(stream, &frame(1, &ours(&hosts)));
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), ME)));
    assert_eq!(said, [Said::Bytes(stream, frame(0, &ours(&hosts))), Said::Half(stream)]);
}

#[test]
fn a_receiver_may_end_its_own_half_before_the_file_has_come() {
    session!(s);
    s.session.add_address("192.0.2.1", 5280).unwrap();
    s.session.offer(&file(10)).unwrap();
    let plain = DISCO.replace("<feature var='urn:libxft:receipt:0'/>", "");
    let mut said = s.poll();
    for question in stanzas(&said.clone()) {
        let to = attr(question, "to");
        let items = "<query xmlns='http://jabber.org/protocol/disco#items'/>";
        said = s.ask(&result(to, attr(question, "id"), if to == PEER { &plain } else { items }));
    }
    let said = s.ask(&result(PEER, attr(stanza(&said), "id"), &picks(S5B, "")));
    let hosts = stanza(&said).to_owned();
    let stream = admitted(&mut s, 7, &ours(&hosts));
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), ME)));
    assert_eq!(s.end(stream, StreamEnd::Ended), [], "it has nothing to say");
    let (sent, said) = s.supply_all(&said[0], 10);
    assert_eq!((&sent[..], &said[..]), (&s.file.clone()[..10], &[Said::Half(stream)][..]));
    // Or it is gone, and the bytes are lost: that would show in time.
    assert_eq!((s.why, s.wait), (Timer::Finish, Some(60_000)));
    assert_eq!(s.wait_ms(60_000), [Said::Close(stream)]);
    assert_eq!(s.ending(), Ending::Delivered);
}

#[test]
fn a_peer_that_goes_before_its_receipt_has_confirmed_nothing_and_may_have_everything() {
    session!(s);
    let (_, grant) = granted(&mut s, 10);
    s.supply_all(&grant, 10);
    s.ask(&format!("<presence xmlns='jabber:client' type='unavailable' from='{PEER}'/>"));
    assert_eq!(s.ending(), Ending::Unconfirmed);
}
