//! What a peer's answers mean to files that are sent: to those they are about, and to no others.

use xft_core::*;
use xft_tests::hosted::peer::*;
use xft_tests::hosted::*;

const OTHER: &str = "pacs@hospital.test/out";
const INFO: &str = "http://jabber.org/protocol/disco#info";

fn failed(reason: Reason, condition: StanzaCondition) -> Ending {
    Ending::Failed(reason, Some(Condition::Stanza(condition)))
}

#[test]
fn si_01_a_peer_that_is_not_there_ends_its_own_files_and_nobody_elses() {
    sender!(s);
    let gone = s.session.offer(&file(10)).unwrap();
    let there = s.session.offer(&Offer { to: OTHER, ..file(10) }).unwrap();
    let asked = s.poll();
    let question = asked.iter().find(|text| attr(text, "to") == PEER).unwrap();
    s.ask(&error(PEER, attr(question, "id"), "cancel", "item-not-found"));
    let ended = s.take_events();
    assert!(matches!(ended[..], [Event::Finished { transfer, .. }] if transfer == gone), "{ended:?}");
    let question = asked.iter().find(|text| attr(text, "to") == OTHER).unwrap();
    let offer = s.ask(&result(OTHER, attr(question, "id"), DISCO));
    assert!(matches!(&offer[..], [si] if si.contains("<si ")), "{offer:?}");
    s.session.progress(there).unwrap();
}

#[test]
fn si_07_the_element_says_why_whatever_condition_stands_beside_it() {
    for (condition, child, want) in [
        ("not-acceptable", "no-valid-streams", failed(Reason::NoMethod, StanzaCondition::NotAcceptable)),
        ("bad-request", "no-valid-streams", failed(Reason::NoMethod, StanzaCondition::BadRequest)),
        ("bad-request", "bad-profile", failed(Reason::Refused, StanzaCondition::BadRequest)),
        ("not-acceptable", "bad-profile", failed(Reason::Refused, StanzaCondition::NotAcceptable)),
    ] {
        sender!(s);
        let offer = offering(&mut s, 10);
        let refusal = error(PEER, attr(&offer, "id"), "cancel", condition);
        s.ask(&refusal.replace("</error>", &format!("<{child} xmlns='{SI}'/></error>")));
        assert_eq!(s.ending(), want, "{condition}, {child}");
    }
}

#[test]
fn stz_11_only_a_peer_that_could_take_files_is_gone_when_there_is_no_service() {
    let profile = format!("{SI}/profile/file-transfer");
    for (features, want) in [
        (vec![SI, &profile], Reason::PeerGone),
        (vec![SI], Reason::Unsupported),
        (vec![&profile], Reason::Unsupported),
        (vec![], Reason::Unsupported),
    ] {
        sender!(s);
        s.session.offer(&file(10)).unwrap();
        let question = s.poll().remove(0);
        let known: String = features.iter().map(|uri| format!("<feature var='{uri}'/>")).collect();
        let answer = result(PEER, attr(&question, "id"), &format!("<query xmlns='{INFO}'>{known}</query>"));
        let offer = s.ask(&answer).remove(0);
        s.ask(&error(PEER, attr(&offer, "id"), "cancel", "service-unavailable"));
        assert_eq!(s.ending(), failed(want, StanzaCondition::ServiceUnavailable), "{features:?}");
    }
}

#[test]
fn si_25_of_a_range_the_last_word_says_no_hash_unless_the_owner_knew_it() {
    for (range, sha256, size) in [
        ("<range offset='4'/>", None, "10"),
        ("<range length='4'/>", None, "10"),
        ("<range offset='2' length='4'/>", None, "10"),
        ("<range offset='4'/>", Some([7; 32]), "10"),
    ] {
        sender!(s);
        s.session.offer(&Offer { sha256, ..file(10) }).unwrap();
        let question = s.poll().remove(0);
        let offer = s.ask(&result(PEER, attr(&question, "id"), DISCO_1)).remove(0);
        let ranged = format!("<file xmlns='{SI}/profile/file-transfer'>{range}</file><feature");
        let answer = yes().replacen("<feature", &ranged, 1);
        let open = s.ask(&result(PEER, attr(&offer, "id"), &answer)).remove(0);
        let sent = s.ask(&result(PEER, attr(&open, "id"), "")).concat();
        let word = &sent[sent.find("<digest ").unwrap()..];
        assert_eq!(attr(word, "size"), size, "{range}");
        assert_eq!(word.contains("<hash "), sha256.is_some(), "{range}: {word}");
    }
}
