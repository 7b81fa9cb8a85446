//! What a sender says of a file when its receiver falls silent, fails or answers: in band, with every kind of receiver.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;
use xft_core::*;
use xft_tests::hosted::peer::*;
use xft_tests::hosted::*;

const PLAIN: &str = "<query xmlns='http://jabber.org/protocol/disco#info'>\
    <feature var='http://jabber.org/protocol/si'/>\
    <feature var='http://jabber.org/protocol/si/profile/file-transfer'/></query>";

/// The bytestream is open and the first blocks are out; gives the transfer, and these.
fn sending(s: &mut Hosted<'_>, offer: &Offer<'_>, disco: &str) -> (TransferId, Vec<String>) {
    let transfer = s.session.offer(offer).unwrap();
    let question = s.poll().remove(0);
    let offer = s.ask(&result(PEER, attr(&question, "id"), disco)).remove(0);
    let open = s.ask(&result(PEER, attr(&offer, "id"), &yes())).remove(0);
    let sent = s.ask(&result(PEER, attr(&open, "id"), ""));
    s.take_events();
    (transfer, sent)
}

fn failed(reason: Reason, condition: Option<StanzaCondition>) -> Ending {
    Ending::Failed(reason, condition.map(Condition::Stanza))
}

/// What a sender says when it hears no more: that is all there is, or a confirmation was to come.
fn handed_over(disco: &str) -> Ending {
    if disco == PLAIN { Ending::Delivered } else { Ending::Unconfirmed }
}

fn store_failed(id: &str) -> String {
    error(PEER, id, "cancel", "internal-server-error")
        .replace("</error>", "<store-failed xmlns='urn:libxft:receipt:1'/></error>")
}

#[test]
fn the_last_word_follows_right_behind_the_last_block_and_its_answer_is_the_receipt() {
    sender!(s, unasked);
    let (_, sent) = sending(&mut s, &file(10), DISCO_1);
    let [block, word] = &sent[..] else { panic!("{sent:?}") };
    let hash = STANDARD.encode(sha2::Sha256::digest(&s.file[..10]));
    let part = &word[word.find("<digest").unwrap()..];
    assert_eq!((attr(part, "xmlns"), attr(part, "size")), ("urn:libxft:receipt:1", "10"));
    assert_eq!(attr(part, "sid"), attr(&block[block.find("<data").unwrap()..], "sid"));
    assert!(
        part.contains(&format!("<hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>{hash}</hash>")),
        "{part}"
    );
    assert!(s.ask(&result(PEER, attr(block, "id"), "")).is_empty(), "nothing else to ask");
    assert_eq!((s.why, s.wait), (Timer::Finish, Some(60_000)));
    let sent = s.ask(&result(PEER, attr(word, "id"), ""));
    assert_eq!(s.ending(), Ending::Done);
    // IBB-31: a formality, and no slot waits for its answer.
    assert!(matches!(&sent[..], [close] if close.contains("<close ")), "{sent:?}");
    let before = s.session.ignored();
    s.ask(&error(PEER, attr(&sent[0], "id"), "cancel", "item-not-found"));
    assert_eq!(s.session.ignored(), before);
    s.session.offer(&file(1)).unwrap();
    s.session.offer(&file(1)).unwrap();
}

#[test]
fn offers_name_the_newest_receipt_that_both_know() {
    for (disco, receipts, want) in [
        (DISCO_1, true, Some("<receipt xmlns='urn:libxft:receipt:1'/>")),
        (DISCO, true, Some("<receipt xmlns='urn:libxft:receipt:0'/>")),
        (PLAIN, true, None),
        (DISCO_1, false, None),
    ] {
        sender!(s, |cfg: &mut Config<'_>| cfg.receipts = receipts);
        s.session.offer(&file(10)).unwrap();
        let question = s.poll().remove(0);
        let offer = s.ask(&result(PEER, attr(&question, "id"), disco)).remove(0);
        assert_eq!(offer.contains("<receipt "), want.is_some(), "{offer}");
        assert!(want.is_none_or(|want| offer.contains(want)), "{offer}");
    }
}

#[test]
fn who_takes_no_hashes_still_asks_whether_the_file_could_be_kept() {
    const RECEIPT: &str = "<receipt xmlns='urn:libxft:receipt:1' hash='none'/>";
    let unhashed = |cfg: &mut Config<'_>| cfg.hashes = false;
    for (disco, sha256, want) in [
        (DISCO_1, None, RECEIPT),
        (DISCO_1, Some([7; 32]), "<receipt xmlns='urn:libxft:receipt:1'/>"),
        // One of version 0 is a hash.
        (DISCO, None, ""),
        (DISCO, Some([7; 32]), "<receipt xmlns='urn:libxft:receipt:0'/>"),
    ] {
        sender!(s, unhashed);
        s.session.offer(&Offer { sha256, ..file(10) }).unwrap();
        let question = s.poll().remove(0);
        let offer = s.ask(&result(PEER, attr(&question, "id"), disco)).remove(0);
        assert_eq!(offer.contains("<receipt "), !want.is_empty(), "{offer}");
        assert!(offer.contains(want), "{offer}");
    }
    sender!(s, unhashed);
    let (_, sent) = sending(&mut s, &file(10), DISCO_1);
    assert!(sent[1].contains("<digest ") && !sent[1].contains("<hash "), "{sent:?}");
    s.ask(&store_failed(attr(&sent[1], "id")));
    assert_eq!(s.ending(), failed(Reason::PeerStoreFailed, Some(StanzaCondition::InternalServerError)));
    sender!(s, unhashed);
    let (_, sent) = sending(&mut s, &file(10), DISCO_1);
    s.ask(&result(PEER, attr(&sent[1], "id"), "<unverified xmlns='urn:libxft:receipt:1'/>"));
    assert_eq!(s.ending(), Ending::Delivered);
}

#[test]
fn every_answer_to_the_last_word_has_one_meaning() {
    use StanzaCondition::*;
    let unverified = "<unverified xmlns='urn:libxft:receipt:1'/>";
    for (answer, want) in [
        (Ok(""), Ending::Done),
        (Ok(unverified), Ending::Delivered),
        (Err("not-acceptable"), failed(Reason::HashMismatch, Some(NotAcceptable))),
        (Err("item-not-found"), failed(Reason::PeerCancelled, Some(ItemNotFound))),
        // A server in its place, or a receiver that does not know what it said it knows: nobody knows.
        (Err("service-unavailable"), Ending::Unconfirmed),
        (Err("recipient-unavailable"), Ending::Unconfirmed),
        (Err("feature-not-implemented"), Ending::Unconfirmed),
    ] {
        sender!(s);
        let (_, sent) = sending(&mut s, &file(10), DISCO_1);
        let id = attr(&sent[1], "id").to_owned();
        match answer {
            Ok(payload) => drop(s.ask(&result(PEER, &id, payload))),
            Err(word) => drop(s.ask(&error(PEER, &id, "cancel", word))),
        }
        assert_eq!(s.ending(), want, "{answer:?}");
    }
    sender!(s);
    let (_, sent) = sending(&mut s, &file(10), DISCO_1);
    s.ask(&store_failed(attr(&sent[1], "id")));
    assert_eq!(s.ending(), failed(Reason::PeerStoreFailed, Some(InternalServerError)));
}

#[test]
fn stz_02_only_the_receiver_answers_the_last_word() {
    sender!(s);
    let (_, sent) = sending(&mut s, &file(10), DISCO_1);
    s.ask(&result("other@hospital.test/x", attr(&sent[1], "id"), ""));
    assert_eq!(s.take_events(), []);
}

#[test]
fn an_empty_file_has_a_last_word_too() {
    sender!(s);
    let (_, sent) = sending(&mut s, &file(0), DISCO_1);
    assert!(matches!(&sent[..], [word] if word.contains("<digest ")), "{sent:?}");
    s.ask(&result(PEER, attr(&sent[0], "id"), ""));
    assert_eq!(s.ending(), Ending::Done);
}

#[test]
fn ibb_17_a_file_in_messages_is_confirmed_by_the_same_word() {
    sender!(s, |cfg: &mut Config<'_>| cfg.carrier = Carrier::Message);
    let (_, sent) = sending(&mut s, &file(10), DISCO_1);
    assert!(sent[0].starts_with("<message ") && sent[1].contains("<digest "), "{sent:?}");
    s.ask(&result(PEER, attr(&sent[1], "id"), ""));
    assert_eq!(s.ending(), Ending::Done);
}

#[test]
fn a_range_without_a_hash_in_the_offer_is_named_and_not_hashed() {
    for sha256 in [None, Some([7; 32])] {
        sender!(s);
        s.session.offer(&Offer { sha256, ..file(10) }).unwrap();
        let question = s.poll().remove(0);
        let offer = s.ask(&result(PEER, attr(&question, "id"), DISCO_1)).remove(0);
        let sift = "http://jabber.org/protocol/si/profile/file-transfer";
        let range = format!("<si xmlns='{SI}'><file xmlns='{sift}'><range offset='4'/></file><feature");
        let accepts = yes().replace(&format!("<si xmlns='{SI}'><feature"), &range);
        let open = s.ask(&result(PEER, attr(&offer, "id"), &accepts)).remove(0);
        let sent = s.ask(&result(PEER, attr(&open, "id"), ""));
        assert_eq!(sent[1].contains("<hash "), sha256.is_some(), "{}", sent[1]);
        s.take_events();
        s.ask(&result(PEER, attr(&sent[1], "id"), ""));
        assert_eq!(s.ending(), if sha256.is_some() { Ending::Done } else { Ending::Delivered });
    }
}

/// Something after which no word of the receiver can come.
type Silence = fn(&mut Hosted<'_>, TransferId);

const SILENCES: [(&str, Silence); 5] = [
    ("the peer goes", |s, _| drop(s.give(&format!("<presence from='{PEER}' type='unavailable'/>")))),
    ("the stream is lost", |s, _| s.session.stream_end(StreamId::XMPP, StreamEnd::Lost).unwrap()),
    ("time runs out", |s, _| drop(s.wait_ms(200_000))),
    ("the owner cancels", |s, transfer| s.session.cancel(transfer, Cancel::Wish).unwrap()),
    ("the owner leaves", |s, _| s.session.close().unwrap()),
];

#[test]
fn behind_the_last_word_silence_is_neither_done_nor_failed() {
    for disco in [DISCO_1, DISCO, PLAIN] {
        for (name, silence) in SILENCES {
            for acknowledged in [false, true] {
                sender!(s);
                let (transfer, sent) = sending(&mut s, &file(10), disco);
                if acknowledged {
                    s.ask(&result(PEER, attr(&sent[0], "id"), ""));
                }
                silence(&mut s, transfer);
                s.poll();
                assert_eq!(s.ending(), handed_over(disco), "{name}, acknowledged: {acknowledged}, {disco}");
            }
        }
    }
}

#[test]
fn before_the_last_byte_the_same_is_a_failure() {
    for disco in [DISCO_1, DISCO, PLAIN] {
        for (name, silence) in SILENCES {
            sender!(s);
            let (transfer, _) = sending(&mut s, &file(50_000), disco);
            silence(&mut s, transfer);
            s.poll();
            assert!(matches!(s.ending(), Ending::Failed(..)), "{name}, {disco}");
        }
    }
}

#[test]
fn before_the_last_word_is_out_no_receiver_of_version_1_can_have_placed_the_file() {
    for (name, silence) in SILENCES {
        sender!(s);
        s.supplies = false;
        let (transfer, _) = sending(&mut s, &file(10), DISCO_1);
        let wish = s.wish.unwrap();
        s.supply(wish);
        if name == "time runs out" {
            continue;
        }
        silence(&mut s, transfer);
        s.poll();
        assert!(matches!(s.ending(), Ending::Failed(..)), "{name}");
    }
}

#[test]
fn a_source_that_changed_is_never_reported_as_sent() {
    for (size, disco) in [(10, DISCO_1), (10, PLAIN), (50_000, DISCO_1)] {
        sender!(s);
        let (transfer, _) = sending(&mut s, &file(size), disco);
        s.session.cancel(transfer, Cancel::SourceChanged).unwrap();
        let sent = s.poll();
        assert!(sent.last().unwrap().contains("<close "), "{sent:?}");
        assert_eq!(s.ending(), failed(Reason::SourceChanged, None));
    }
}

#[test]
fn storing_failed_at_the_recipient_is_told_as_that_whichever_word_comes_first() {
    let close = |sid: &str| {
        let word = "<store-failed xmlns='urn:libxft:receipt:1'/>";
        format!("<close xmlns='http://jabber.org/protocol/ibb' sid='{sid}'>{word}</close>")
    };
    for disco in [DISCO_1, DISCO, PLAIN] {
        for size in [10, 50_000] {
            sender!(s);
            let (_, sent) = sending(&mut s, &file(size), disco);
            let sid = attr(&sent[0][sent[0].find("<data").unwrap()..], "sid").to_owned();
            s.ask(&set(PEER, "c", &close(&sid)));
            assert_eq!(s.ending(), failed(Reason::PeerStoreFailed, None), "{size} {disco}");
            sender!(s);
            let (_, sent) = sending(&mut s, &file(size), disco);
            s.ask(&store_failed(attr(&sent[0], "id")));
            let said = Some(StanzaCondition::InternalServerError);
            assert_eq!(s.ending(), failed(Reason::PeerStoreFailed, said), "{size} {disco}");
        }
        // While it waits for the answer to its own close.
        sender!(s);
        let (_, sent) = sending(&mut s, &file(10), disco);
        let sid = attr(&sent[0][sent[0].find("<data").unwrap()..], "sid").to_owned();
        s.ask(&result(PEER, attr(&sent[0], "id"), ""));
        let sent = s.ask(&set(PEER, "c", &close(&sid)));
        assert!(sent[0].contains("type='result'"), "{sent:?}");
        assert_eq!(s.ending(), failed(Reason::PeerStoreFailed, None), "{disco}");
    }
}

#[test]
fn a_last_block_that_is_refused_where_the_offer_had_a_hash_was_compared() {
    let said = Some(StanzaCondition::NotAcceptable);
    for (offer, want) in [
        (Offer { sha256: Some([7; 32]), ..file(10) }, Reason::HashMismatch),
        (Offer { md5: Some([7; 16]), ..file(10) }, Reason::HashMismatch),
        (file(10), Reason::Refused),
        (Offer { sha256: Some([7; 32]), ..file(50_000) }, Reason::Refused),
    ] {
        sender!(s, |cfg: &mut Config<'_>| cfg.md5 = true);
        let (_, sent) = sending(&mut s, &offer, PLAIN);
        s.ask(&error(PEER, attr(&sent[0], "id"), "cancel", "not-acceptable"));
        assert_eq!(s.ending(), failed(want, said), "{offer:?}");
    }
}

#[test]
fn a_server_that_returns_a_block_behind_the_last_word_proves_nothing() {
    for disco in [DISCO_1, PLAIN] {
        sender!(s);
        let (_, sent) = sending(&mut s, &file(10), disco);
        s.ask(&error(PEER, attr(&sent[0], "id"), "cancel", "recipient-unavailable"));
        assert_eq!(s.ending(), handed_over(disco));
        sender!(s);
        let (_, sent) = sending(&mut s, &file(50_000), disco);
        s.ask(&error(PEER, attr(&sent[0], "id"), "cancel", "recipient-unavailable"));
        let said = Some(StanzaCondition::RecipientUnavailable);
        assert_eq!(s.ending(), failed(Reason::PeerGone, said));
    }
}
