//! The router's behaviour between bound resources.

use xft_tests::router::*;
use xft_tests::scripted::*;

const UNAVAILABLE: &str =
    "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";

#[test]
fn stanzas_between_full_addresses_arrive_stamped_and_in_order() {
    let mut w = World::new(config());
    let (ct1, pacs) = w.pair();
    let to = "to='pacs@hospital.test/in'";
    w.send(
        ct1,
        &format!("<iq type='set' id='1' {to}><a xmlns='x'/></iq> <message {to}><body>&lt;</body></message>"),
    );
    assert_eq!(
        w.got(pacs),
        "<iq type='set' id='1' to='pacs@hospital.test/in' from='ct1@hospital.test/gw'><a xmlns='x'/></iq>\
         <message to='pacs@hospital.test/in' from='ct1@hospital.test/gw'><body>&lt;</body></message>"
    );
    w.send(pacs, "<iq id='1' to='ct1@hospital.test/gw' type='result'/>");
    assert_eq!(
        w.got(ct1),
        "<iq id='1' to='ct1@hospital.test/gw' type='result' from='pacs@hospital.test/in'/>"
    );
}

#[test]
fn content_arrives_byte_for_byte_at_any_split() {
    let bulk = "QUJD".repeat(3000);
    let stanza = format!(
        "<message to=\"pacs@hospital.test/in\" a='>'><data xmlns='x' b='\"&gt;'>{bulk}&amp;{bulk}</data>\
         <![CDATA[<]]]]>tail ü]]&gt; &#xe9;<e/>\r\n</message>"
    );
    let expected = stanza.replace(" a='>'>", " a='>' from='ct1@hospital.test/gw'>");
    let mut w = World::new(config());
    let (ct1, pacs) = w.pair();
    let two = format!("{stanza}\n{stanza}");
    let mut pieces: Vec<usize> = (1..60).collect();
    pieces.extend([997, 4096, 12_001, two.len()]);
    for piece in pieces {
        for part in two.as_bytes().chunks(piece) {
            w.router.input(0, ct1, part);
        }
        assert_eq!(w.got(pacs), format!("{expected}{expected}"), "pieces of {piece}");
    }
}

#[test]
fn broken_xml_ends_the_stream_with_its_condition_at_any_split() {
    let cases = [
        ("<message></iq>", "not-well-formed"),
        ("<message><a>&#0;</a></message>", "not-well-formed"),
        ("<message><a>]]></a></message>", "not-well-formed"),
        ("<message><a x='1' x='2'/></message>", "not-well-formed"),
        ("<message><p:a/></message>", "bad-namespace-prefix"),
        ("<message><!-- c --></message>", "restricted-xml"),
        ("<message>&nbsp;</message>", "restricted-xml"),
        ("<?php echo?>", "restricted-xml"),
        ("words", "bad-format"),
        ("<enable xmlns='urn:xmpp:sm:3'/>", "unsupported-stanza-type"),
        ("<presence from='ws@hospital.test/x'/>", "invalid-from"),
    ];
    for (text, condition) in cases {
        for piece in [1, 2, 3, 5, text.len()] {
            let mut w = World::new(config());
            let (ct1, pacs) = w.pair();
            for part in text.as_bytes().chunks(piece) {
                w.router.input(0, ct1, part);
            }
            let answer = w.got(ct1);
            assert!(
                answer.starts_with(&format!("<stream:error><{condition} ")),
                "{text} by {piece}: {answer}"
            );
            assert_eq!(w.router.effect(ct1), Some(Effect::Close));
            assert_eq!(w.got(pacs), "");
        }
    }
}

#[test]
fn too_large_a_stanza_ends_only_its_stream_and_before_it_is_complete() {
    let mut w = World::new(RouterConfig { stanza_bytes: 20_000, ..config() });
    let (ct1, pacs) = w.pair();
    let block = |n: usize| {
        format!("<message to='pacs@hospital.test/in'><d xmlns='x'>{}</d></message>", "A".repeat(n))
    };
    assert_eq!(w.ask(ct1, &block(19_900)), "");
    assert_eq!(w.got(pacs).matches('A').count(), 19_900);
    let unfinished = &block(20_100)[..20_080];
    let answer = w.ask(ct1, unfinished);
    assert!(answer.starts_with("<stream:error><policy-violation "), "{answer}");
    assert!(
        answer.contains("<stanza-too-big xmlns='urn:xmpp:errors'/></stream:error></stream:stream>"),
        "{answer}"
    );
    assert!(
        w.ask(pacs, "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>").contains("type='result'")
    );
}

#[test]
fn requests_nobody_can_answer_get_service_unavailable() {
    let mut w = World::new(config());
    let (ct1, _) = w.pair();
    for to in ["pacs@hospital.test/gone", "pacs@hospital.test", "nobody@hospital.test/x"] {
        let answer = w.ask(ct1, &format!("<iq type='get' id='q' to='{to}'><a xmlns='x'/></iq>"));
        let head = format!("<iq type='error' id='q' from='{to}' to='ct1@hospital.test/gw'>");
        assert_eq!(answer, format!("{head}{UNAVAILABLE}</iq>"));
    }
    w.router.config_mut().echo_payload = true;
    let answer = w.ask(ct1, "<iq type='set' id='q' to='pacs@hospital.test/gone'><a xmlns='x'>AAAA</a></iq>");
    assert!(answer.ends_with(&format!("<a xmlns='x'>AAAA</a>{UNAVAILABLE}</iq>")), "{answer}");
    assert_eq!(w.ask(ct1, "<iq type='result' id='q' to='pacs@hospital.test/gone'/>"), "");
    let answer = w.ask(ct1, "<iq type='get' id='q' to='x@far.test/r'><a xmlns='x'/></iq>");
    assert!(answer.contains("<remote-server-not-found "), "{answer}");
    let answer = w.ask(ct1, "<message to='@'/>");
    assert!(answer.contains("<jid-malformed "), "{answer}");
    let answer = w.ask(ct1, "<iq type='get' id='q' to='pacs@hospital.test/in'/>");
    assert!(answer.contains("<bad-request "), "{answer}");
    assert_eq!(w.ask(ct1, "<iq type='result' to='pacs@hospital.test/in'/>"), "", "no answer to an answer");
}

#[test]
fn server_answers_for_itself_and_for_the_own_account() {
    let mut w = World::new(config());
    let (ct1, _) = w.pair();
    let info = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
    let answer = w.ask(ct1, &format!("<iq type='get' id='i' to='hospital.test'>{info}</iq>"));
    assert!(answer.contains("from='hospital.test'") && answer.contains("category='server'"), "{answer}");
    let answer = w.ask(ct1, &format!("<iq type='get' id='i'>{info}</iq>"));
    assert!(!answer.contains("from=") && answer.contains("category='account'"), "{answer}");
    let answer = w.ask(ct1, "<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
    assert!(
        answer.contains("<item jid='pacs@hospital.test' subscription='both'/><item jid='ws@"),
        "{answer}"
    );
    w.router.config_mut().everyone_in_roster = false;
    let answer = w.ask(ct1, "<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
    assert!(answer.contains("<query xmlns='jabber:iq:roster'></query>"), "{answer}");
    let answer = w.ask(ct1, "<iq type='get' id='u' to='hospital.test'><x xmlns='unknown'/></iq>");
    assert!(answer.contains(UNAVAILABLE), "{answer}");
}

#[test]
fn presence_reaches_rosters_and_ends_with_the_stream() {
    let mut w = World::new(config());
    let (ct1, pacs) = w.pair();
    assert_eq!(w.ask(ct1, "<presence/>"), "<presence from='ct1@hospital.test/gw' to='ct1@hospital.test'/>");
    assert_eq!(w.got(pacs), "", "not yet available itself");
    let seen = w.ask(pacs, "<presence><show>dnd</show></presence>");
    assert!(seen.contains("<presence from='ct1@hospital.test/gw' to='pacs@hospital.test'/>"), "{seen}");
    assert_eq!(
        w.got(ct1),
        "<presence from='pacs@hospital.test/in' to='ct1@hospital.test'><show>dnd</show></presence>"
    );
    w.router.closed(0, pacs);
    let gone = "<presence type='unavailable' from='pacs@hospital.test/in' to='ct1@hospital.test'/>";
    assert_eq!(w.got(ct1), gone);
}

#[test]
fn directed_presence_is_taken_back_when_the_sender_vanishes() {
    let mut w = World::new(RouterConfig { everyone_in_roster: false, ..config() });
    let (ct1, pacs) = w.pair();
    w.ask(ct1, "<presence/>");
    assert_eq!(
        w.ask(pacs, "<presence/>"),
        "<presence from='pacs@hospital.test/in' to='pacs@hospital.test'/>"
    );
    assert_eq!(w.got(ct1), "");
    w.send(pacs, "<presence to='ct1@hospital.test/gw'/>");
    assert_eq!(w.got(ct1), "<presence to='ct1@hospital.test/gw' from='pacs@hospital.test/in'/>");
    w.router.cut(0, pacs);
    assert_eq!(
        w.got(ct1),
        "<presence type='unavailable' from='pacs@hospital.test/in' to='ct1@hospital.test/gw'/>"
    );
}

#[test]
fn messages_without_their_resource_find_the_highest_priority() {
    let mut w = World::new(config());
    let ct1 = w.login("ct1", "gw");
    let (low, high) = (w.login("pacs", "low"), w.login("pacs", "high"));
    w.ask(low, "<presence><priority>1</priority></presence>");
    w.ask(high, "<presence><priority>5</priority></presence>");
    w.ask(low, " ");
    for to in ["pacs@hospital.test", "pacs@hospital.test/gone"] {
        assert_eq!(w.ask(ct1, &format!("<message to='{to}'><body>b</body></message>")), "");
        assert_eq!(w.got(low), "");
        assert!(w.got(high).contains("<body>b</body>"));
    }
    w.router.config_mut().absent_message = AbsentMessage::Error;
    assert!(w.ask(ct1, "<message to='pacs@hospital.test/gone'/>").contains(UNAVAILABLE));
    assert!(w.ask(ct1, "<message to='nobody@hospital.test'/>").contains(UNAVAILABLE));
}

#[test]
fn messages_to_nobody_are_dropped_or_kept_until_login() {
    let mut w = World::new(config());
    let ct1 = w.login("ct1", "gw");
    let text = "<message to='pacs@hospital.test/in'><body>b</body></message>";
    assert_eq!(w.ask(ct1, text), "");
    w.router.config_mut().absent_message = AbsentMessage::RedirectOrStore;
    w.now = 61_000;
    assert_eq!(w.ask(ct1, text), "");
    let pacs = w.login("pacs", "in");
    let got = w.ask(pacs, "<presence/>");
    let delayed =
        "<body>b</body><delay xmlns='urn:xmpp:delay' from='hospital.test' stamp='2030-01-01T00:01:01Z'/>";
    assert_eq!(got.matches(delayed).count(), 1, "{got}");
}

#[test]
fn prefixes_of_the_senders_header_go_with_the_stanza() {
    let mut w = World::new(config());
    let (ct1, pacs) = (w.authenticated("ct1"), w.login("pacs", "in"));
    w.router.closed(0, ct1);
    let ct1 = w.router.open(0);
    let header = HEADER.replace("<stream:stream ", "<stream:stream xmlns:p='urn:p' ");
    w.send(ct1, &format!("{header}{}{header}{}", auth("PLAIN", "\0ct1\0secret"), bind("gw")));
    w.send(ct1, "<message to='pacs@hospital.test/in'><p:x/></message>");
    let got = w.got(pacs);
    assert!(got.contains(" xmlns:p='urn:p'") && got.contains("<p:x/>"), "{got}");
}

#[test]
fn attributes_can_come_in_any_order() {
    let mut w = World::new(RouterConfig { turn_attributes: true, ..config() });
    let (ct1, pacs) = w.pair();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..20 {
        w.send(ct1, "<iq type='result' id='1' to='pacs@hospital.test/in'/>");
        let got = w.got(pacs);
        let mut attrs: Vec<&str> = got.trim_matches(['<', '/', '>']).split(' ').collect();
        attrs.sort_unstable();
        let all =
            ["from='ct1@hospital.test/gw'", "id='1'", "iq", "to='pacs@hospital.test/in'", "type='result'"];
        assert_eq!(attrs, all);
        seen.insert(got);
    }
    assert!(seen.len() > 2, "{seen:?}");
}
