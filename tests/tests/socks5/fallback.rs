//! What follows when SOCKS5 comes to nothing, in both roles: in band under the same id, a new offer, or the end (SI-20 to
//! SI-24, S5B-09).

use xft_core::*;
use xft_tests::hosted::socks::*;
use xft_tests::hosted::wired::*;
use xft_tests::hosted::*;

use Method::{Direct, InBand, Mediated};

const PROXY: &str = "own.hospital.test/node";

fn pinned(methods: &[Method]) -> Methods {
    Methods::of(methods).unwrap()
}

fn failed(reason: Reason, condition: Option<StanzaCondition>) -> Ending {
    Ending::Failed(reason, condition.map(Condition::Stanza))
}

/// The peer uses our proxy, and we are connected to it; gives our streamhosts, the request to activate, and the stream.
fn activating(s: &mut Wired<'_>) -> (String, String, StreamId) {
    let (hosts, stream) = dialling(s);
    let reply = shake(s, stream, &ours(&hosts));
    let said = s.hear(stream, &reply);
    (hosts, stanza(&said).to_owned(), stream)
}

fn dialling(s: &mut Wired<'_>) -> (String, StreamId) {
    s.session.add_proxy(PROXY, "203.0.113.5", 7777).unwrap();
    let hosts = hosting(s, 1000);
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), PROXY)));
    let stream = connects(&said)[0].0;
    (hosts, stream)
}

/// Whether that is the opening of the same stream in band.
fn opens(said: &[Said], hosts: &str) -> bool {
    stanzas(said).iter().any(|s| s.contains("<open ") && attr(s, "sid") == attr(hosts, "sid"))
}

fn fell_back(s: &mut Wired<'_>) -> Option<(bool, Route)> {
    s.take_events().into_iter().find_map(|e| match e {
        Event::FellBack { again, route, .. } => Some((again, route)),
        _ => None,
    })
}

#[test]
fn si_22_what_the_receivers_answer_to_streamhosts_means() {
    use StanzaCondition::*;
    for (word, goes_on, reason, condition, skip) in [
        ("item-not-found", true, Reason::NotReached, ItemNotFound, Skip::PeerFailed),
        ("internal-server-error", true, Reason::Refused, InternalServerError, Skip::Refused),
        ("bad-request", true, Reason::Refused, BadRequest, Skip::Refused),
        ("feature-not-implemented", true, Reason::Refused, FeatureNotImplemented, Skip::Refused),
        ("service-unavailable", true, Reason::Refused, ServiceUnavailable, Skip::Refused),
        ("not-acceptable", false, Reason::Refused, NotAcceptable, Skip::Refused),
        ("forbidden", false, Reason::Refused, Forbidden, Skip::Refused),
        ("recipient-unavailable", false, Reason::PeerGone, RecipientUnavailable, Skip::Refused),
    ] {
        session!(s);
        let hosts = hosting(&mut s, 1000);
        let said = s.ask(&error(PEER, attr(&hosts, "id"), "cancel", word));
        assert_eq!(opens(&said, &hosts), goes_on, "{word}: {said:?}");
        if goes_on {
            let (again, route) = fell_back(&mut s).unwrap();
            assert_eq!((again, route.direct, route.mediated), (false, skip, Skip::NoProxy), "{word}");
        } else {
            assert_eq!(s.ending(), failed(reason, Some(condition)), "{word}");
        }
        // SI-24: without in band each has its name.
        session!(s, |cfg: &mut Config<'_>| cfg.methods = pinned(&[Direct]));
        let hosts = hosting(&mut s, 1000);
        let said = s.ask(&error(PEER, attr(&hosts, "id"), "cancel", word));
        assert!(!opens(&said, &hosts), "{word}");
        let (ending, route) = s.finished();
        assert_eq!(ending, failed(reason, Some(condition)), "{word}");
        assert_eq!((route.method, route.direct, route.in_band), (None, skip, Skip::Policy), "{word}");
    }
}

#[test]
fn si_22_not_acceptable_speaks_of_the_streamhosts_and_is_a_last_word_only_of_our_own_kind() {
    for (receipts, goes_on) in [(false, true), (true, false)] {
        session!(s, |cfg: &mut Config<'_>| cfg.receipts = receipts);
        let hosts = hosting(&mut s, 1000);
        let said = s.ask(&error(PEER, attr(&hosts, "id"), "cancel", "not-acceptable"));
        assert_eq!(opens(&said, &hosts), goes_on, "{said:?}");
        for word in ["forbidden", "not-allowed"] {
            session!(s, |cfg: &mut Config<'_>| cfg.receipts = receipts);
            let hosts = hosting(&mut s, 1000);
            s.ask(&error(PEER, attr(&hosts, "id"), "cancel", word));
            assert!(matches!(s.ending(), Ending::Failed(Reason::Refused, Some(_))), "{word}");
        }
    }
}

#[test]
fn s5b_04_what_worked_before_is_offered_first() {
    session!(s);
    s.session.add_proxy("own.hospital.test", "203.0.113.5", 7777).unwrap();
    let first = hosting(&mut s, 10);
    assert!(first.find("203.0.113.5") < first.find("192.0.2.1"), "{first}");
    admitted(&mut s, 7, &ours(&first));
    s.ask(&result(PEER, attr(&first, "id"), &used(attr(&first, "sid"), ME)));
    s.session.offer(&file(10)).unwrap();
    let said = s.poll();
    let said = s.ask(&result(PEER, attr(stanza(&said), "id"), &picks(S5B, "")));
    let second = stanza(&said);
    assert!(second.find("192.0.2.1").unwrap() < second.find("203.0.113.5").unwrap(), "{second}");
}

#[test]
fn qrk_47_qrk_52_s5b_04_a_receiver_that_never_answers_is_asked_in_band_after_twenty_seconds() {
    session!(s);
    let hosts = hosting(&mut s, 1000);
    assert_eq!((s.why, s.wait), (Timer::Streamhosts, Some(20_000)));
    assert_eq!(s.wait_ms(19_999), []);
    let said = s.wait_ms(1);
    assert!(opens(&said, &hosts), "{said:?}");
    assert_eq!(fell_back(&mut s).unwrap().1.direct, Skip::PeerSilent);
    // Its answer comes too late.
    assert_eq!(s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), ME))), []);
    assert_eq!(s.take_events(), []);
    s.wait_ms(60_000);
    let (ending, route) = s.finished();
    assert_eq!(ending, failed(Reason::OpenTimeout, None));
    assert_eq!((route.direct, route.in_band), (Skip::PeerSilent, Skip::PeerSilent));
    session!(s, |cfg: &mut Config<'_>| cfg.methods = pinned(&[Direct]));
    hosting(&mut s, 1000);
    s.wait_ms(59_999);
    assert_eq!(s.take_events(), [], "nothing else could follow");
    s.wait_ms(1);
    assert_eq!(s.ending(), failed(Reason::OpenTimeout, None));
}

#[test]
fn s5b_09_every_refusal_of_an_activation_ends_the_attempt() {
    for word in [
        "item-not-found",
        "not-allowed",
        "not-authorized",
        "internal-server-error",
        "resource-constraint",
        "conflict",
        "forbidden",
        "bad-request",
        "jid-malformed",
        "service-unavailable",
    ] {
        session!(s);
        let (hosts, request, stream) = activating(&mut s);
        let said = s.ask(&error(PROXY, attr(&request, "id"), "cancel", word));
        assert!(opens(&said, &hosts) && said.contains(&Said::Close(stream)), "{word}: {said:?}");
        let (again, route) = fell_back(&mut s).unwrap();
        assert_eq!((again, route.mediated, route.direct), (false, Skip::ActivationFailed, Skip::NotChosen));
        session!(s, |cfg: &mut Config<'_>| cfg.methods = pinned(&[Mediated]));
        let (_, request, _) = activating(&mut s);
        s.ask(&error(PROXY, attr(&request, "id"), "cancel", word));
        assert!(matches!(s.ending(), Ending::Failed(Reason::ActivationFailed, Some(_))), "{word}");
    }
}

#[test]
fn s5b_09_a_proxy_that_does_not_answer_the_activation_is_given_up() {
    session!(s);
    let (hosts, request, stream) = activating(&mut s);
    assert_eq!((s.why, s.wait), (Timer::Request, Some(20_000)), "S5B-04: of the whole attempt");
    let said = s.wait_ms(20_000);
    assert!(opens(&said, &hosts) && said.contains(&Said::Close(stream)), "{said:?}");
    // Late: nothing is granted on a closed stream.
    assert_eq!(s.ask(&result(PROXY, attr(&request, "id"), "")), []);
}

#[test]
fn stz_02_an_activation_is_the_proxys_own_to_answer() {
    session!(s);
    let (_, request, stream) = activating(&mut s);
    for from in
        [PEER, "own.hospital.test", "hospital.test", "eve@hospital.test/x", ME, "own.hospital.test/other"]
    {
        assert_eq!(s.ask(&result(from, attr(&request, "id"), "")), [], "{from}");
        assert_eq!(s.ask(&error(from, attr(&request, "id"), "cancel", "not-allowed")), [], "{from}");
    }
    assert_eq!(s.take_events(), []);
    let said = s.ask(&result(PROXY, attr(&request, "id"), ""));
    assert!(
        matches!(said[..], [Said::SendRaw { stream: to, offset: 0, max: 1000, .. }] if to == stream),
        "{said:?}"
    );
    assert!(matches!(s.take_events()[..], [Event::Started { method: Mediated, block_bytes: 0, .. }]));
}

#[test]
fn qrk_28_the_proxy_is_activated_only_after_our_own_stream_is_through() {
    session!(s);
    let (hosts, stream) = dialling(&mut s);
    assert_eq!(s.up(stream), [Said::Bytes(stream, GREETING.to_vec())]);
    assert_eq!(
        s.hear(stream, METHOD),
        [Said::Bytes(stream, frame(1, &ours(&hosts)))],
        "the same digest (S5B-08)"
    );
    let reply = frame(0, &ours(&hosts));
    assert_eq!(s.hear(stream, &reply[..46]), []);
    let said = s.hear(stream, &reply[46..]);
    assert!(stanza(&said).contains("<activate>") && attr(stanza(&said), "to") == PROXY, "{said:?}");
}

#[test]
fn s5b_24_a_proxy_that_the_sender_cannot_reach_is_given_up_after_6_seconds() {
    for how in ["refused", "time", "handshake", "rejected", "ended"] {
        session!(s);
        let (hosts, stream) = dialling(&mut s);
        let (transfer, said) = (
            TransferId::from_bits(1 << 16),
            match how {
                "refused" => s.end(stream, StreamEnd::Refused),
                "time" => s.wait_ms(6000),
                "handshake" => {
                    s.up(stream);
                    assert_eq!(s.wait_ms(5999), []);
                    s.wait_ms(1)
                }
                "rejected" => {
                    shake(&mut s, stream, &ours(&hosts));
                    s.hear(stream, &frame(1, &ours(&hosts)))
                }
                _ => {
                    s.up(stream);
                    s.end(stream, StreamEnd::Ended)
                }
            },
        );
        assert!(opens(&said, &hosts), "{how}: {said:?}");
        assert_eq!(said.contains(&Said::Close(stream)), how != "refused", "{how}");
        let events = s.take_events();
        let why = match how {
            "refused" => HostFailure::Refused,
            "time" | "handshake" => HostFailure::TimedOut,
            "rejected" => HostFailure::Rejected(1),
            _ => HostFailure::Ended,
        };
        assert!(events.contains(&Event::HostFailed { transfer, stream, why }), "{how}: {events:?}");
        let Some(Event::FellBack { route, .. }) = events.iter().find(|e| matches!(e, Event::FellBack { .. }))
        else {
            panic!()
        };
        assert_eq!((route.mediated, route.direct), (Skip::NotReached, Skip::NotChosen), "{how}");
    }
}

#[test]
fn si_22_a_second_offer_has_a_new_id_lists_in_band_only_and_is_the_last() {
    use StanzaCondition::*;
    for (word, again) in [
        ("item-not-found", true),
        ("not-acceptable", true),
        ("service-unavailable", true),
        ("feature-not-implemented", true),
        ("forbidden", false),
    ] {
        session!(s);
        let hosts = hosting(&mut s, 1000);
        let said = s.ask(&error(PEER, attr(&hosts, "id"), "cancel", "item-not-found"));
        assert_eq!(fell_back(&mut s).map(|(again, _)| again), Some(false));
        let said = s.ask(&error(PEER, attr(stanza(&said), "id"), "cancel", word));
        if !again {
            assert!(stanzas(&said).is_empty(), "{word}: {said:?}");
            let (ending, route) = s.finished();
            assert!(matches!(ending, Ending::Failed(..)), "{word}");
            assert_eq!(route.in_band, Skip::Refused, "{word}");
            continue;
        }
        assert_eq!(fell_back(&mut s).map(|(again, _)| again), Some(true), "{word}");
        let offer = stanza(&said).to_owned();
        let si = offer.split_once("<si").unwrap().1;
        assert!(offer.contains(IBB) && !offer.contains(S5B), "{offer}");
        assert!(attr(si, "id") != attr(&hosts, "sid") && offer.contains("name='ct.dcm'"), "{offer}");
        // Accepted, and refused again: that was all.
        let said = s.ask(&result(PEER, attr(&offer, "id"), &picks(IBB, "")));
        let said = s.ask(&error(PEER, attr(stanza(&said), "id"), "cancel", word));
        assert!(stanzas(&said).is_empty(), "{word}: {said:?}");
        assert!(matches!(s.ending(), Ending::Failed(_, Some(_))), "{word}");
    }
    // The peer's owner does not want it again.
    session!(s);
    let hosts = hosting(&mut s, 1000);
    let said = s.ask(&error(PEER, attr(&hosts, "id"), "cancel", "item-not-found"));
    let said = s.ask(&error(PEER, attr(stanza(&said), "id"), "cancel", "item-not-found"));
    s.ask(&error(PEER, attr(stanza(&said), "id"), "cancel", "forbidden"));
    assert_eq!(s.ending(), failed(Reason::Declined, Some(Forbidden)));
    // Or says nothing, or picks what is not offered any more.
    session!(s);
    let hosts = hosting(&mut s, 1000);
    let said = s.ask(&error(PEER, attr(&hosts, "id"), "cancel", "item-not-found"));
    let said = s.ask(&error(PEER, attr(stanza(&said), "id"), "cancel", "item-not-found"));
    s.ask(&result(PEER, attr(stanza(&said), "id"), &picks(S5B, "")));
    assert_eq!(s.ending(), failed(Reason::BadAnswer, None), "SI-07");
}

#[test]
fn si_21_in_band_under_the_same_id_sends_the_whole_file_from_its_start() {
    session!(s);
    let hosts = hosting(&mut s, 1000);
    let said = s.ask(&error(PEER, attr(&hosts, "id"), "cancel", "item-not-found"));
    let said = s.ask(&result(PEER, attr(stanza(&said), "id"), ""));
    let block = stanza(&said);
    assert!(
        block.contains("<data ") && attr(block, "seq") == "0" && attr(block, "sid") == attr(&hosts, "sid")
    );
    assert!(matches!(s.take_events()[..], [Event::FellBack { .. }, Event::Started { method: InBand, .. }]));
    let id = attr(block, "id").to_owned();
    let said = s.ask(&result(PEER, &id, ""));
    s.ask(&result(PEER, attr(stanza(&said), "id"), ""));
    s.wait_ms(60_000);
    let (ending, route) = s.finished();
    assert_eq!((ending, route.method, route.direct), (Ending::Unconfirmed, Some(InBand), Skip::PeerFailed));
}

#[test]
fn si_21_our_receiver_takes_in_band_after_socks5_failed_and_not_before() {
    let open = || set(PEER, "b1", &open(SID, 4096));
    let refused =
        |said: &[Said]| condition(stanza(said)) == "not-acceptable" && attr(stanza(said), "id") == "b1";
    // While it is being tried.
    session!(s);
    let (_, said) = connecting(&mut s, 6, &[HOST]);
    let stream = connects(&said)[0].0;
    let said = s.ask(&open());
    assert!(refused(&said), "{said:?}");
    // Failed, and the answer is not out yet: nobody can know.
    s.session.stream_end(stream, StreamEnd::Refused).unwrap();
    let said = s.poll();
    assert_eq!(condition(stanza(&said)), "item-not-found");
    // Failed, and known.
    let said = s.ask(&open());
    assert!(stanza(&said).contains("type='result'"), "{said:?}");
    let events = s.take_events();
    assert!(
        matches!(
            events[..],
            [
                Event::HostFailed { .. },
                Event::FellBack { again: false, .. },
                Event::Started { method: InBand, .. }
            ]
        ),
        "{events:?}"
    );
    assert!(matches!(s.give(&set(PEER, "d0", &data(SID, 0, "QUFBQUFB"))), Got::Data { .. }));
    // Streamhosts for the same id do not come again.
    let said = s.ask(&set(PEER, "h9", &query(SID, &[HOST])));
    assert_eq!(condition(stanza(&said)), "not-acceptable");
    // It never came to streamhosts at all.
    session!(s);
    waiting(&mut s, 6, &[S5B, IBB]);
    assert!(stanza(&s.ask(&open())).contains("type='result'"));
    // In band was not offered, or is not allowed.
    session!(s);
    waiting(&mut s, 6, &[S5B]);
    assert!(refused(&s.ask(&open())));
    session!(s, |cfg: &mut Config<'_>| cfg.methods = pinned(&[Direct]));
    waiting(&mut s, 6, &[S5B, IBB]);
    assert!(refused(&s.ask(&open())));
    // SI-23: never after the first byte, nor once the peer is at our disposal.
    session!(s);
    let (_, stream) = flowing(&mut s, 6);
    assert!(refused(&s.ask(&open())));
    s.feed(stream, b"a");
    assert!(refused(&s.ask(&open())));
    assert_eq!(s.feed(stream, b"b"), b"b");
}

#[test]
fn si_21_a_sender_that_could_not_make_the_proxy_pass_anything_may_come_in_band() {
    session!(s);
    let (_, said) = connecting(&mut s, 6, &[RELAY]);
    let stream = connects(&said)[0].0;
    let reply = shake(&mut s, stream, &theirs());
    s.hear(stream, &reply);
    let said = s.ask(&set(PEER, "b1", &open(SID, 4096)));
    assert!(said.contains(&Said::Close(stream)) && stanza(&said).contains("type='result'"), "{said:?}");
    assert!(matches!(s.give(&set(PEER, "d0", &data(SID, 0, "QUFBQUFB"))), Got::Data { offset: 0, .. }));
    let events = s.take_events();
    let Some(Event::FellBack { route, .. }) = events.iter().find(|e| matches!(e, Event::FellBack { .. }))
    else {
        panic!("{events:?}")
    };
    assert_eq!(route.mediated, Skip::ActivationFailed);
}

#[test]
fn a_stream_that_is_gone_before_it_was_told_is_not_told_as_started() {
    session!(s);
    let (_, said) = connecting(&mut s, 6, &[RELAY]);
    let stream = connects(&said)[0].0;
    let reply = shake(&mut s, stream, &theirs());
    s.feed(stream, &reply);
    // The owner has not polled since.
    s.session.stream_end(stream, StreamEnd::Lost).unwrap();
    s.poll();
    assert_eq!(s.take_events(), []);
    s.ask(&set(PEER, "b1", &open(SID, 4096)));
    let started = |e: &Event| matches!(e, Event::Started { method: Method::InBand, block_bytes: 4096, .. });
    assert_eq!(s.take_events().iter().filter(|e| started(e)).count(), 1);
}

#[test]
fn si_21_a_proxy_that_ends_an_unused_stream_leaves_in_band() {
    for end in [StreamEnd::Ended, StreamEnd::Lost] {
        session!(s);
        let (_, said) = connecting(&mut s, 6, &[RELAY]);
        let stream = connects(&said)[0].0;
        let reply = shake(&mut s, stream, &theirs());
        s.hear(stream, &reply);
        s.take_events();
        // The sender could not activate it and went; its opening is on the way.
        let said = s.end(stream, end);
        assert_eq!(said, if end == StreamEnd::Ended { vec![Said::Close(stream)] } else { vec![] });
        assert_eq!((s.take_events(), s.why, s.wait), (vec![], Timer::Open, Some(60_000)));
        let said = s.ask(&set(PEER, "b1", &open(SID, 4096)));
        assert!(stanza(&said).contains("type='result'"), "{said:?}");
        assert!(matches!(s.give(&set(PEER, "d0", &data(SID, 0, "QUFBQUFB"))), Got::Data { offset: 0, .. }));
        // A stream that carried a byte is the end of it (SI-23), and so is one of the sender's own.
        for (host, bytes) in [(RELAY, &b"a"[..]), (HOST, b"")] {
            session!(s);
            let (_, said) = connecting(&mut s, 6, &[host]);
            let stream = connects(&said)[0].0;
            let reply = shake(&mut s, stream, &theirs());
            s.hear(stream, &reply);
            s.feed(stream, bytes);
            s.end(stream, end);
            assert!(matches!(s.ending(), Ending::Failed(Reason::TooFewBytes | Reason::BytestreamLost, None)));
        }
    }
}

#[test]
fn si_18_a_receiver_that_nobody_tells_anything_gives_up_after_a_minute() {
    session!(s);
    waiting(&mut s, 6, &[S5B, IBB]);
    assert_eq!((s.why, s.wait), (Timer::Open, Some(60_000)));
    s.wait_ms(60_000);
    let (ending, route) = s.finished();
    assert_eq!(ending, failed(Reason::OpenTimeout, None));
    assert_eq!(
        (route.method, route.direct, route.mediated, route.in_band),
        (None, Skip::PeerSilent, Skip::PeerSilent, Skip::PeerSilent)
    );
}

#[test]
fn si_24_si_08_the_receivers_order_and_policy_choose_the_method() {
    let lists = [&[S5B, IBB][..], &[IBB, S5B]];
    for (methods, want) in [
        (&[Mediated, Direct, InBand][..], S5B),
        (&[InBand, Direct], IBB),
        (&[InBand], IBB),
        (&[Direct], S5B),
        (&[Mediated, InBand], S5B),
    ] {
        for list in lists {
            session!(s, |cfg: &mut Config<'_>| cfg.methods = pinned(methods));
            let transfer = offered(s.give(&set(PEER, "o1", &si_of(SID, 6, list))));
            s.session.accept(transfer, 0).unwrap();
            let said = s.poll();
            assert!(stanza(&said).contains(&format!("<value>{want}</value>")), "{methods:?} {list:?}");
        }
    }
    // Nothing in common.
    for (methods, list) in [(&[InBand][..], &[S5B][..]), (&[Direct, Mediated], &[IBB])] {
        session!(s, |cfg: &mut Config<'_>| cfg.methods = pinned(methods));
        let said = s.ask(&set(PEER, "o1", &si_of(SID, 6, list)));
        assert!(stanza(&said).contains("<no-valid-streams "), "{said:?} (SI-09)");
    }
}

#[test]
fn si_24_a_receiver_connects_only_to_what_its_policy_allows() {
    for (methods, host) in [
        (&[Mediated, InBand][..], Some(RELAY.1)),
        (&[Direct], Some(HOST.1)),
        (&[Direct, Mediated], Some(HOST.1)),
    ] {
        session!(s, |cfg: &mut Config<'_>| cfg.methods = pinned(methods));
        let (_, said) = connecting(&mut s, 6, &[HOST, RELAY]);
        assert_eq!(connects(&said).first().map(|c| c.1), host, "{methods:?}");
        let later = s.wait_ms(200);
        assert_eq!(
            connects(&later).len(),
            methods.len() - 1 - usize::from(methods.contains(&InBand)),
            "{methods:?}"
        );
    }
    // Nothing of it is allowed: in band may follow at once.
    session!(s, |cfg: &mut Config<'_>| cfg.methods = pinned(&[Mediated, InBand]));
    let (_, said) = connecting(&mut s, 6, &[HOST]);
    assert_eq!(condition(stanza(&said)), "item-not-found");
}

#[test]
fn si_05_si_24_each_file_may_have_methods_of_its_own() {
    for (methods, s5b, ibb) in [
        (&[Mediated, Direct, InBand][..], true, true),
        (&[Direct], true, false),
        (&[InBand], false, true),
        (&[InBand, Direct], true, true),
        // There is no proxy.
        (&[Mediated, InBand], false, true),
    ] {
        session!(s);
        let offer = offering(&mut s, &Offer { methods: Some(pinned(methods)), ..file(10) });
        assert_eq!(
            (offer.contains(S5B), offer.contains(&format!("<value>{IBB}</value>"))),
            (s5b, ibb),
            "{methods:?}"
        );
        if s5b && ibb {
            let first = offer.find(S5B).unwrap() < offer.find(IBB).unwrap();
            assert_eq!(first, methods[0] != InBand, "{methods:?}");
        }
    }
    session!(s);
    s.session.add_address("192.0.2.1", 5280).unwrap();
    let only = Offer { methods: Some(pinned(&[Mediated])), ..file(10) };
    s.session.offer(&only).unwrap();
    for _ in 0..3 {
        for said in s.poll() {
            let Said::Stanza(question) = said else { continue };
            let items = "<query xmlns='http://jabber.org/protocol/disco#items'/>";
            let to = attr(&question, "to");
            s.give(&result(to, attr(&question, "id"), if to == PEER { DISCO } else { items }));
        }
    }
    let (ending, route) = s.finished();
    assert_eq!(ending, failed(Reason::NoStreamhost, None));
    assert_eq!((route.direct, route.mediated, route.in_band), (Skip::Policy, Skip::NoProxy, Skip::Policy));
}

#[test]
fn a_listener_that_is_gone_when_the_peer_accepts_leaves_in_band() {
    session!(s);
    let offer = offering(&mut s, &file(10));
    s.session.clear_addresses().unwrap();
    let said = s.ask(&result(PEER, attr(&offer, "id"), &picks(S5B, "")));
    assert!(stanza(&said).contains("<open "), "{said:?}");
    assert_eq!(fell_back(&mut s).unwrap().1.direct, Skip::NoAddress);
    session!(s, |cfg: &mut Config<'_>| cfg.methods = pinned(&[Direct]));
    let offer = offering(&mut s, &file(10));
    s.session.clear_addresses().unwrap();
    s.ask(&result(PEER, attr(&offer, "id"), &picks(S5B, "")));
    assert_eq!(s.ending(), failed(Reason::NoStreamhost, None));
}

#[test]
fn qrk_10_a_peer_that_picks_in_band_is_not_asked_why() {
    session!(s);
    let offer = offering(&mut s, &file(10));
    let said = s.ask(&result(PEER, attr(&offer, "id"), &picks(IBB, "")));
    assert!(stanza(&said).contains("<open "));
    s.ask(&result(PEER, attr(stanza(&said), "id"), ""));
    let events = s.take_events();
    assert!(
        matches!(events[..], [Event::Accepted { .. }, Event::Started { method: InBand, .. }]),
        "{events:?}"
    );
}

/// What ends a transfer from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blow {
    Cancel,
    Gone,
    Close,
    Stream,
}

#[test]
fn a_sender_ends_cleanly_in_every_state() {
    for blow in [Blow::Cancel, Blow::Gone, Blow::Close, Blow::Stream] {
        for state in ["hosts", "admitted", "dialling", "shaking", "activating", "sending", "through"] {
            session!(s);
            let transfer = TransferId::from_bits(1 << 16);
            let mut streams: Vec<StreamId> = Vec::new();
            match state {
                "hosts" => drop(hosting(&mut s, 1000)),
                "admitted" => {
                    let hosts = hosting(&mut s, 1000);
                    streams.push(admitted(&mut s, 1, &ours(&hosts)));
                }
                "dialling" => streams.push(dialling(&mut s).1),
                "shaking" => {
                    let (_, stream) = dialling(&mut s);
                    s.up(stream);
                    streams.push(stream);
                }
                "activating" => streams.push(activating(&mut s).2),
                _ => {
                    let (stream, _) = granted(&mut s, 1000);
                    streams.push(stream);
                    if state == "through" {
                        s.session.sent(transfer, 1000).unwrap();
                        s.poll();
                    }
                }
            }
            let before = s.take_events();
            assert!(
                before.iter().all(|e| !matches!(e, Event::Finished { .. })),
                "{blow:?} {state}: {before:?}"
            );
            let said = strike(&mut s, transfer, blow);
            for stream in streams {
                assert!(said.contains(&Said::Close(stream)), "{blow:?} {state}: {said:?}");
            }
            let ending = s.ending();
            let want = match (blow, state) {
                // The last byte is out: the receiver may have the file under its name.
                (_, "through") => Ending::Unconfirmed,
                (Blow::Cancel, _) => failed(Reason::Cancelled, None),
                (Blow::Gone, _) => failed(Reason::PeerGone, None),
                (Blow::Close, _) => failed(Reason::Cancelled, None),
                (Blow::Stream, _) => failed(Reason::StreamLost, None),
            };
            assert_eq!(ending, want, "{blow:?} {state}");
        }
    }
}

fn strike(s: &mut Wired<'_>, transfer: TransferId, blow: Blow) -> Vec<Said> {
    match blow {
        Blow::Cancel => s.session.cancel(transfer, Cancel::Wish).unwrap(),
        Blow::Gone => drop(s.give(&format!("<presence from='{PEER}' type='unavailable'/>"))),
        Blow::Close => s.session.close().unwrap(),
        Blow::Stream => s.session.stream_end(StreamId::XMPP, StreamEnd::Lost).unwrap(),
    }
    s.poll()
}

#[test]
fn a_receiver_ends_cleanly_in_every_state() {
    for blow in [Blow::Cancel, Blow::Gone, Blow::Close, Blow::Stream] {
        for state in ["waiting", "connecting", "shaking", "won", "receiving", "failed"] {
            session!(s);
            let mut streams: Vec<StreamId> = Vec::new();
            let transfer = TransferId::from_bits(1 << 16);
            match state {
                "waiting" => drop(waiting(&mut s, 10, &[S5B, IBB])),
                "connecting" | "shaking" | "won" | "failed" => {
                    let (_, said) = connecting(&mut s, 10, &[HOST, RELAY]);
                    let first = connects(&said)[0].0;
                    if state == "failed" {
                        let said = s.end(first, StreamEnd::Refused);
                        s.end(connects(&said)[0].0, StreamEnd::Refused);
                    } else {
                        streams.push(first);
                        let said = s.wait_ms(200);
                        streams.push(connects(&said)[0].0);
                    }
                    if state != "connecting" && state != "failed" {
                        let reply = shake(&mut s, first, &theirs());
                        if state == "won" {
                            s.feed(first, &reply);
                        }
                    }
                }
                _ => {
                    let stream = flowing(&mut s, 10).1;
                    s.feed(stream, b"12345");
                    streams.push(stream);
                }
            }
            s.take_events();
            let mut said = strike(&mut s, transfer, blow);
            if blow == Blow::Gone && matches!(state, "won" | "receiving") {
                // What is on its way counts still.
                assert!(s.take_events().iter().all(|e| !matches!(e, Event::Finished { .. })));
                continue;
            }
            said.extend(s.poll());
            for stream in streams {
                assert!(said.contains(&Said::Close(stream)), "{blow:?} {state}: {said:?}");
            }
            let want = match blow {
                Blow::Cancel | Blow::Close => Reason::Cancelled,
                Blow::Gone => Reason::PeerGone,
                Blow::Stream => Reason::StreamLost,
            };
            assert_eq!(s.ending(), failed(want, None), "{blow:?} {state}");
            if blow == Blow::Cancel && matches!(state, "connecting" | "shaking" | "won") {
                assert_eq!(
                    (condition(stanza(&said)), attr(stanza(&said), "id")),
                    ("forbidden", "h1"),
                    "{state}"
                );
            }
        }
    }
}

#[test]
fn s5b_17_streamhosts_for_a_file_that_we_send_are_not_acceptable() {
    session!(s);
    let hosts = hosting(&mut s, 1000);
    let said = s.ask(&set(PEER, "h1", &query(attr(&hosts, "sid"), &[HOST])));
    assert_eq!(condition(stanza(&said)), "not-acceptable");
    assert_eq!(s.take_events(), []);
}
