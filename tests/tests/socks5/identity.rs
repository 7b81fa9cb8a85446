//! To whom a stream, an answer or an address belongs, when it looks like somebody else's.

use xft_core::*;
use xft_tests::hosted::socks::*;
use xft_tests::hosted::wired::*;
use xft_tests::hosted::*;

#[test]
fn s5b_07_a_stranger_never_inherits_the_stream_of_a_peer_that_left() {
    session!(s);
    let hosts = hosting(&mut s, 10);
    let peer = admitted(&mut s, 7, &ours(&hosts));
    s.end(peer, StreamEnd::Lost);
    // Ids come again after a while, and strangers can make that while short.
    let mut again = false;
    for _ in 0..300 {
        let stranger = s.session.stream_accepted(0).unwrap();
        if stranger == peer {
            again = true;
            break;
        }
        s.session.stream_end(stranger, StreamEnd::Lost).unwrap();
    }
    assert!(again, "else nothing is shown here");
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), ME)));
    assert!(!said.iter().any(|each| matches!(each, Said::SendRaw { .. })), "{said:?}");
    assert_eq!(s.ending(), Ending::Failed(Reason::BytestreamLost, None));
}

#[test]
fn si_22_a_peer_that_refuses_while_it_is_connected_is_no_intruder_and_is_not_asked_again() {
    // Its owner cancels: the word may be quicker than the end of its stream.
    for word in ["not-acceptable", "forbidden"] {
        session!(s);
        let hosts = hosting(&mut s, 10);
        let peer = admitted(&mut s, 7, &ours(&hosts));
        let said = s.ask(&error(PEER, attr(&hosts, "id"), "cancel", word));
        assert!(said.contains(&Said::Close(peer)), "{said:?}");
        assert!(
            !stanzas(&said).iter().any(|each| each.contains("<open ") || each.contains("<si ")),
            "{said:?}"
        );
        let events = s.take_events();
        assert!(
            matches!(events[..], [Event::Finished { ending: Ending::Failed(Reason::Refused, Some(_)), .. }]),
            "{word}: {events:?}"
        );
    }
}

#[test]
fn stz_02_the_own_domain_may_answer_without_an_address() {
    session!(s);
    s.session.offer(&file(10)).unwrap();
    let said = s.poll();
    let items = stanzas(&said).into_iter().find(|each| each.contains("disco#items")).unwrap().to_owned();
    let answer = result(
        "",
        attr(&items, "id"),
        "<query xmlns='http://jabber.org/protocol/disco#items'><item jid='proxy.hospital.test'/></query>",
    );
    let said = s.ask(&answer.replace(" from=''", ""));
    assert!(stanza(&said).contains("to='proxy.hospital.test'"), "{said:?}");
    // A component that was asked has to say its own.
    let info = "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='proxy' type='bytestreams'/></query>";
    let answer = result("", attr(stanza(&said), "id"), info).replace(" from=''", "");
    assert_eq!(s.ask(&answer), []);
}

#[test]
fn stz_12_a_proxy_that_is_spelled_with_capitals_answers_under_its_prepared_address() {
    session!(s);
    s.session.offer(&file(10)).unwrap();
    let said = s.poll();
    let items = stanzas(&said).into_iter().find(|each| each.contains("disco#items")).unwrap().to_owned();
    let disco = stanzas(&said).into_iter().find(|each| each.contains("disco#info")).unwrap().to_owned();
    let item =
        "<query xmlns='http://jabber.org/protocol/disco#items'><item jid='Proxy.Hospital.test'/></query>";
    let said = s.ask(&result("hospital.test", attr(&items, "id"), item));
    let info = "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='proxy' type='bytestreams'/></query>";
    let said = s.ask(&result("proxy.hospital.test", attr(stanza(&said), "id"), info));
    let place = format!(
        "<query xmlns='{S5B}'><streamhost jid='Proxy.Hospital.test/Node' host='192.0.2.9' port='7777'/></query>"
    );
    s.ask(&result("proxy.hospital.test", attr(stanza(&said), "id"), &place));
    let said = s.ask(&result(PEER, attr(&disco, "id"), DISCO));
    let said = s.ask(&result(PEER, attr(stanza(&said), "id"), &picks(S5B, "")));
    let hosts = stanza(&said).to_owned();
    // The resource is its own and keeps its capitals (DSC-11).
    let jid = "proxy.hospital.test/Node";
    assert!(hosts.contains(&format!("jid='{jid}'")), "{hosts}");
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), jid)));
    let stream = connects(&said)[0].0;
    let reply = shake(&mut s, stream, &ours(&hosts));
    let said = s.hear(stream, &reply);
    let said = s.ask(&result(jid, attr(stanza(&said), "id"), ""));
    assert!(matches!(said[..], [Said::SendRaw { .. }]), "{said:?}");
}

#[test]
fn what_belongs_to_another_part_of_the_host_is_not_answered_however_it_looks() {
    session!(s);
    for inner in [
        format!("<query xmlns='{S5B}' sid='theirs' mode='udp'/>"),
        format!("<query xmlns='{S5B}' sid='theirs'><activate>a@b/c</activate></query>"),
        format!("<open xmlns='{IBB}' sid='theirs' block-size='0'/>"),
        format!("<close xmlns='{IBB}' sid='theirs'/>"),
        format!("<data xmlns='{IBB}' sid='theirs' seq='0'>QUJD</data>"),
    ] {
        assert_eq!(s.give(&set(PEER, "x1", &inner)), Got::NotMine, "{inner}");
        assert_eq!(s.poll(), [], "{inner}");
    }
    // But what names a transfer of ours is ours to refuse.
    waiting(&mut s, 10, &[S5B, IBB]);
    for inner in [
        format!("<query xmlns='{S5B}' sid='{SID}' mode='udp'/>"),
        format!("<open xmlns='{IBB}' sid='{SID}' block-size='0'/>"),
    ] {
        assert!(stanza(&s.ask(&set(PEER, "x1", &inner))).contains("type='error'"), "{inner}");
    }
}

#[test]
fn s5b_06_atk_27_a_proxy_that_is_known_but_was_not_offered_is_not_used() {
    session!(s);
    s.session.add_proxy("own.hospital.test", "203.0.113.5", 7777).unwrap();
    let methods = Methods::of(&[Method::Direct]);
    let offer = offering(&mut s, &Offer { methods, ..file(10) });
    let said = s.ask(&result(PEER, attr(&offer, "id"), &picks(S5B, "")));
    let hosts = stanza(&said).to_owned();
    assert!(!hosts.contains("own.hospital.test"), "{hosts}");
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), "own.hospital.test")));
    assert_eq!(connects(&said), []);
    assert_eq!(s.ending(), Ending::Failed(Reason::BadAnswer, None));
}

#[test]
fn s5b_14_after_a_failed_attempt_there_is_no_other_under_the_same_id() {
    session!(s);
    let (_, said) = connecting(&mut s, 10, &[HOST]);
    let said = s.end(connects(&said)[0].0, StreamEnd::Refused);
    assert_eq!(condition(stanza(&said)), "item-not-found");
    let said = s.ask(&set(PEER, "h2", &query(SID, &[RELAY])));
    assert_eq!((condition(stanza(&said)), attr(stanza(&said), "id")), ("not-acceptable", "h2"));
    // In band is what is left (SI-21).
    assert!(stanza(&s.ask(&set(PEER, "p1", &open(SID, 4096)))).contains("type='result'"));
}
