//! Nothing final is said before a file has its place: the receiver, in band, with every kind of sender.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;
use xft_core::*;
use xft_tests::hosted::peer::*;
use xft_tests::hosted::*;

const V0: &str = "<receipt xmlns='urn:libxft:receipt:0'/>";
const V1: &str = "<receipt xmlns='urn:libxft:receipt:1'/>";
const V1_UNHASHED: &str = "<receipt xmlns='urn:libxft:receipt:1' hash='none'/>";
const FILE: &[u8] = b"hello";

/// A receiver whose owner takes its time to give files their place.
macro_rules! receiver {
    ($s:ident) => {
        let cfg = config(ME);
        let mut memory = Memory::new(&cfg, 3, 3);
        let mut $s = Hosted::new(&cfg, &mut memory);
        $s.settles = false;
    };
}

fn hash(bytes: &[u8]) -> String {
    let hash = STANDARD.encode(sha2::Sha256::digest(bytes));
    format!("<hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>{hash}</hash>")
}

/// The last word of a sender.
fn digest(hash: &str) -> String {
    format!("<digest xmlns='urn:libxft:receipt:1' sid='s1' size='5'>{hash}</digest>")
}

/// A transfer whose bytestream is open; `inside` stands in the offer's file.
fn open_for(s: &mut Hosted<'_>, size: u64, inside: &str, from: u64) -> TransferId {
    let offer = si("s1", size).replacen("/><feature", &format!(">{inside}</file><feature"), 1);
    let transfer = offered(s.give(&set(PEER, "o1", &offer)));
    s.session.accept(transfer, from).unwrap();
    s.poll();
    s.ask(&set(PEER, "o2", &open("s1", 4096)));
    s.take_events();
    transfer
}

/// All of the file came in two blocks and is stored; gives what goes out.
fn all_stored(s: &mut Hosted<'_>, inside: &str) -> (TransferId, Vec<String>) {
    let transfer = open_for(s, 5, inside, 0);
    for (seq, bytes) in [&FILE[..3], &FILE[3..]].into_iter().enumerate() {
        s.give(&set(PEER, &format!("d{seq}"), &data("s1", seq as u32, &STANDARD.encode(bytes))));
    }
    s.session.stored(transfer, 5).unwrap();
    let sent = s.poll();
    (transfer, sent)
}

/// The ids of what is answered with a result, and the conditions of the others.
fn answers(sent: &[String]) -> Vec<String> {
    let iqs = sent.iter().filter(|s| s.contains("type='result'") || s.contains("type='error'"));
    iqs.map(|s| {
        let id = attr(s, "id").to_owned();
        if s.contains("<error") { format!("{id}: {}", condition(s)) } else { id }
    })
    .collect()
}

fn asked(s: &mut Hosted<'_>) -> Vec<bool> {
    let of = |e: Event| if let Event::Settle { verified, .. } = e { Some(verified) } else { None };
    s.take_events().into_iter().filter_map(of).collect()
}

fn failed(reason: Reason) -> Ending {
    Ending::Failed(reason, None)
}

#[test]
fn ibb_14_ibb_16_the_last_block_is_acknowledged_only_when_the_file_has_its_place() {
    for (inside, verified) in [("", false), (V0, false), (hash(FILE).as_str(), true)] {
        receiver!(s);
        let (transfer, sent) = all_stored(&mut s, inside);
        assert_eq!(answers(&sent), ["d0"], "{inside}");
        assert_eq!(asked(&mut s), [verified], "{inside}");
        assert_eq!(
            (answers(&s.wait_ms(1_000_000)), s.take_events()),
            (vec![], vec![]),
            "its owner takes its time"
        );
        s.session.settled(transfer).unwrap();
        assert_eq!(answers(&s.poll()), ["d1"], "{inside}");
        assert_eq!(s.session.settled(transfer), Err(Error::State), "once");
    }
}

#[test]
fn ibb_30_ibb_31_the_close_is_answered_only_when_the_file_has_its_place() {
    receiver!(s);
    let (transfer, _) = all_stored(&mut s, "");
    assert_eq!(asked(&mut s), [false]);
    assert!(s.ask(&set(PEER, "c", &close("s1"))).is_empty());
    s.session.settled(transfer).unwrap();
    assert_eq!(answers(&s.poll()), ["d1", "c"]);
    assert_eq!(s.ending(), Ending::Unverified);
    assert_eq!(s.session.settled(transfer), Err(Error::Stale));
}

#[test]
fn a_sender_that_never_closes_leaves_a_file_that_has_its_place() {
    receiver!(s);
    let (transfer, _) = all_stored(&mut s, "");
    s.session.settled(transfer).unwrap();
    s.poll();
    s.take_events();
    assert_eq!((s.why, s.wait), (Timer::Finish, Some(60_000)));
    s.wait_ms(60_000);
    assert_eq!(s.ending(), Ending::Unverified);
}

#[test]
fn ibb_38_an_empty_file_gets_its_place_at_the_close() {
    receiver!(s);
    let transfer = open_for(&mut s, 0, &hash(b""), 0);
    assert_eq!(s.poll(), [""; 0]);
    assert_eq!(asked(&mut s), [], "bytes could still come, and would be refused");
    assert!(s.ask(&set(PEER, "c", &close("s1"))).is_empty());
    assert_eq!(asked(&mut s), [true]);
    s.session.settled(transfer).unwrap();
    assert_eq!(answers(&s.poll()), ["c"]);
    assert_eq!(s.ending(), Ending::Done);
}

#[test]
fn the_receipt_is_the_answer_to_the_senders_last_word_and_comes_behind_the_last_acknowledgement() {
    // The sender's hash, whether the offer had it too, and what is made of it.
    for (offered, said, verified, ending) in [
        ("".to_owned(), hash(FILE), true, Ending::Done),
        (hash(FILE), hash(FILE), true, Ending::Done),
        (hash(FILE), String::new(), true, Ending::Done),
        (String::new(), String::new(), false, Ending::Unverified),
        // It said that nobody need take a hash.
        (V1_UNHASHED.to_owned(), String::new(), false, Ending::Unverified),
        (V1_UNHASHED.to_owned(), hash(FILE), false, Ending::Unverified),
        (hash(FILE) + V1_UNHASHED, String::new(), true, Ending::Done),
    ] {
        receiver!(s);
        let v1 = if offered.contains(V1_UNHASHED) { "" } else { V1 };
        let (transfer, sent) = all_stored(&mut s, &format!("{offered}{v1}"));
        assert_eq!(answers(&sent), ["d0"]);
        assert_eq!(asked(&mut s), [], "its last word is still to come");
        assert!(s.ask(&set(PEER, "w", &digest(&said))).is_empty());
        assert_eq!(asked(&mut s), [verified]);
        // QRK-51: a sender that resumed its stream says it again.
        assert!(s.ask(&set(PEER, "w", &digest(&said))).is_empty());
        s.session.settled(transfer).unwrap();
        let sent = s.poll();
        assert_eq!(answers(&sent), ["d1", "w"]);
        assert_eq!(sent.concat().contains("<unverified xmlns='urn:libxft:receipt:1'/>"), !verified);
        assert_eq!(s.ending(), ending);
    }
}

#[test]
fn the_last_word_may_come_before_the_owner_has_stored() {
    receiver!(s);
    let transfer = open_for(&mut s, 5, V1, 0);
    s.give(&set(PEER, "d0", &data("s1", 0, &STANDARD.encode(FILE))));
    assert!(s.ask(&set(PEER, "w", &digest(&hash(FILE)))).is_empty());
    assert_eq!(asked(&mut s), []);
    s.session.stored(transfer, 5).unwrap();
    s.session.stored(transfer, 5).unwrap();
    assert!(s.poll().is_empty());
    assert_eq!(asked(&mut s), [true]);
    s.session.stored(transfer, 3).unwrap();
    s.session.settled(transfer).unwrap();
    assert_eq!(answers(&s.poll()), ["d0", "w"]);
}

#[test]
fn a_wrong_hash_gets_no_place_and_both_hear_of_it() {
    for (inside, said) in [
        (V1.to_owned(), Some(hash(b"other"))),
        (format!("{V1}{}", hash(b"other")), Some(hash(FILE))),
        (format!("{V1}{}", hash(b"other")), Some(hash(b"other"))),
        (hash(b"other"), None),
    ] {
        receiver!(s);
        let (_, mut sent) = all_stored(&mut s, &inside);
        let mut want = vec!["d0", "d1: not-acceptable"];
        if let Some(said) = said {
            sent.extend(s.ask(&set(PEER, "w", &digest(&said))));
            want.push("w: not-acceptable");
        }
        assert_eq!(answers(&sent), want, "{inside}");
        assert!(sent.last().unwrap().contains("<close "), "{sent:?}");
        assert_eq!(s.ending(), failed(Reason::HashMismatch));
    }
}

#[test]
fn a_file_that_gets_no_place_is_told_as_such_and_never_as_not_found() {
    for inside in ["", V0, V1] {
        receiver!(s);
        let (transfer, _) = all_stored(&mut s, inside);
        let mut want = vec!["d1: internal-server-error"];
        if inside == V1 {
            s.ask(&set(PEER, "w", &digest(&hash(FILE))));
            want.push("w: internal-server-error");
        }
        assert_eq!(asked(&mut s).len(), 1);
        s.session.cancel(transfer, Cancel::StoreFailed).unwrap();
        assert_eq!(s.session.settled(transfer), Err(Error::State));
        let sent = s.poll();
        assert_eq!(answers(&sent), want, "{inside}");
        let word = "<store-failed xmlns='urn:libxft:receipt:1'/>";
        assert!(sent.iter().all(|s| s.contains(word)), "{sent:?}");
        let close = format!("<close xmlns='http://jabber.org/protocol/ibb' sid='s1'>{word}</close>");
        assert!(sent.last().unwrap().contains(&close), "{sent:?}");
        assert_eq!(s.ending(), failed(Reason::StoreFailed));
        assert_eq!(s.session.settled(transfer), Err(Error::Stale));
    }
}

#[test]
fn blocks_behind_a_store_failure_are_refused_with_its_word() {
    receiver!(s);
    let transfer = open_for(&mut s, 5, V1, 0);
    s.give(&set(PEER, "d0", &data("s1", 0, &STANDARD.encode(b"hel"))));
    s.session.cancel(transfer, Cancel::StoreFailed).unwrap();
    // Before anything of it is out the next block and the last word come.
    s.give(&set(PEER, "d1", &data("s1", 1, &STANDARD.encode(b"lo"))));
    s.give(&set(PEER, "w", &digest(&hash(FILE))));
    let sent = s.poll();
    let mut said = answers(&sent);
    said.sort();
    let word = "internal-server-error";
    assert_eq!(said, [format!("d0: {word}"), format!("d1: {word}"), format!("w: {word}")]);
    assert!(sent.iter().all(|s| s.contains("<store-failed ")), "{sent:?}");
}

#[test]
fn a_receiver_whose_owner_had_enough_does_not_say_that_storing_failed() {
    receiver!(s);
    let (transfer, _) = all_stored(&mut s, V1);
    s.ask(&set(PEER, "w", &digest(&hash(FILE))));
    s.session.cancel(transfer, Cancel::Wish).unwrap();
    let sent = s.poll();
    assert_eq!(answers(&sent), ["d1: item-not-found", "w: item-not-found"]);
    assert!(!sent.concat().contains("store-failed"));
}

#[test]
fn a_sender_that_closes_before_its_last_word_gave_up() {
    receiver!(s);
    all_stored(&mut s, V1);
    let sent = s.ask(&set(PEER, "c", &close("s1")));
    assert_eq!(answers(&sent), ["d1: item-not-found", "c"]);
    assert_eq!(s.ending(), failed(Reason::PeerCancelled));
}

#[test]
fn a_sender_that_never_says_its_last_word_has_sent_no_file() {
    receiver!(s);
    all_stored(&mut s, V1);
    assert_eq!((s.why, s.wait), (Timer::Finish, Some(60_000)));
    s.wait_ms(60_000);
    assert_eq!(s.ending(), failed(Reason::Stalled));
}

#[test]
fn a_last_word_before_the_last_block_ends_the_transfer_in_band() {
    receiver!(s);
    let transfer = open_for(&mut s, 5, V1, 0);
    s.give(&set(PEER, "d0", &data("s1", 0, &STANDARD.encode(b"hel"))));
    s.session.stored(transfer, 3).unwrap();
    s.poll();
    let sent = s.ask(&set(PEER, "w", &digest(&hash(FILE))));
    assert_eq!(answers(&sent), ["w: item-not-found"]);
    assert_eq!(s.ending(), failed(Reason::TooFewBytes));
}

#[test]
fn last_words_that_nobody_waits_for_are_refused_and_change_nothing() {
    receiver!(s);
    let (transfer, _) = all_stored(&mut s, V1);
    for (from, word, want) in [
        (PEER, digest("").replace("s1", "s9"), "item-not-found"),
        ("u@x.test/r", digest(""), "item-not-found"),
        (PEER, digest("").replace(" sid='s1'", ""), "bad-request"),
    ] {
        assert_eq!(answers(&s.ask(&set(from, "w", &word))), [format!("w: {want}")], "{word}");
    }
    let long = "i".repeat(65);
    assert_eq!(answers(&s.ask(&set(PEER, &long, &digest("")))), [format!("{long}: bad-request")]);
    assert!(s.session.progress(transfer).is_ok());
    // From a sender that did not say that it would.
    receiver!(s);
    all_stored(&mut s, V0);
    assert_eq!(answers(&s.ask(&set(PEER, "w", &digest(&hash(FILE))))), ["w: feature-not-implemented"]);
}

#[test]
fn si_25_of_a_range_the_hash_is_compared_when_its_head_was_shown() {
    for (shown, ending) in [(true, Ending::Done), (false, Ending::Unverified)] {
        receiver!(s);
        let inside = format!("{}{V1}<range/>", hash(FILE));
        let transfer = open_for(&mut s, 5, &inside, 3);
        if shown {
            s.session.prefix(transfer, 0, &FILE[..3]).unwrap();
        }
        s.give(&set(PEER, "d0", &data("s1", 0, &STANDARD.encode(&FILE[3..]))));
        s.session.stored(transfer, 5).unwrap();
        s.ask(&set(PEER, "w", &digest(&hash(FILE))));
        assert_eq!(asked(&mut s), [shown]);
        s.session.settled(transfer).unwrap();
        assert_eq!(answers(&s.poll()), ["d0", "w"]);
        assert_eq!(s.ending(), ending);
    }
}

#[test]
fn of_a_range_without_a_hash_in_the_offer_nobody_knows_one() {
    receiver!(s);
    let transfer = open_for(&mut s, 5, &format!("{V1}<range/>"), 3);
    s.session.prefix(transfer, 0, &FILE[..3]).unwrap();
    s.give(&set(PEER, "d0", &data("s1", 0, &STANDARD.encode(&FILE[3..]))));
    s.session.stored(transfer, 5).unwrap();
    s.ask(&set(PEER, "w", &digest("")));
    s.session.settled(transfer).unwrap();
    assert!(s.poll().concat().contains("<unverified "));
    assert_eq!(s.ending(), Ending::Unverified);
}

#[test]
fn ibb_36_a_sender_that_goes_changes_nothing_for_a_file_that_is_here() {
    let gone = format!("<presence from='{PEER}' type='unavailable'/>");
    for (inside, ending) in [("", Ending::Unverified), (V1, Ending::Done)] {
        receiver!(s);
        let (transfer, _) = all_stored(&mut s, inside);
        if inside == V1 {
            s.ask(&set(PEER, "w", &digest(&hash(FILE))));
        }
        assert_eq!(asked(&mut s).len(), 1);
        s.give(&gone);
        assert_eq!(s.take_events(), [], "its owner is still at it");
        s.session.settled(transfer).unwrap();
        s.poll();
        assert_eq!(s.ending(), ending, "{inside}");
    }
    // A sender whose last word is missing has not sent it.
    receiver!(s);
    all_stored(&mut s, V1);
    s.give(&gone);
    s.poll();
    assert_eq!(s.ending(), failed(Reason::PeerGone));
}

#[test]
fn a_stream_that_is_lost_before_the_file_has_its_place_leaves_none() {
    receiver!(s);
    let (transfer, _) = all_stored(&mut s, V1);
    s.ask(&set(PEER, "w", &digest(&hash(FILE))));
    s.take_events();
    s.session.stream_end(StreamId::XMPP, StreamEnd::Lost).unwrap();
    assert!(matches!(s.session.settled(transfer), Err(Error::Closed(_))));
    s.poll();
    assert_eq!(s.ending(), failed(Reason::StreamLost));
}

#[test]
fn si_17_more_bytes_than_announced_take_the_place_back() {
    receiver!(s);
    let (transfer, _) = all_stored(&mut s, "");
    s.session.settled(transfer).unwrap();
    s.poll();
    s.take_events();
    let sent = s.ask(&set(PEER, "d2", &data("s1", 2, "eA==")));
    assert_eq!(answers(&sent), ["d2: not-acceptable"]);
    assert_eq!(s.ending(), failed(Reason::TooManyBytes));
}

#[test]
fn a_stray_block_does_not_take_back_what_a_receipt_of_version_0_says() {
    receiver!(s);
    let (transfer, _) = all_stored(&mut s, V0);
    s.session.settled(transfer).unwrap();
    let receipt = s.poll().pop().unwrap();
    let got = s.give(&set(PEER, "d9", &data("s1", 1, "bG8=")));
    assert_eq!(got, Got::Consumed);
    assert_eq!(answers(&s.poll()), ["d9: item-not-found"]);
    s.take_events();
    s.ask(&result(PEER, attr(&receipt, "id"), ""));
    assert_eq!(s.ending(), Ending::Done);
}

#[test]
fn a_file_that_has_its_place_is_not_cancelled_any_more() {
    for inside in ["", V0] {
        receiver!(s);
        let (transfer, _) = all_stored(&mut s, inside);
        s.session.settled(transfer).unwrap();
        s.session.cancel(transfer, Cancel::Wish).unwrap();
        let sent = s.poll();
        assert_eq!(answers(&sent), ["d1"], "{inside}");
        assert!(!sent.concat().contains("<close "), "{sent:?}");
        assert_eq!(s.ending(), Ending::Unverified);
    }
}

#[test]
fn a_sender_of_version_0_may_still_know_better() {
    receiver!(s);
    let (transfer, _) = all_stored(&mut s, V0);
    s.session.settled(transfer).unwrap();
    let sent = s.poll();
    let receipt = sent.last().unwrap();
    assert!(receipt.contains("<receipt ") && answers(&sent) == ["d1"], "{sent:?}");
    s.take_events();
    s.ask(&error(PEER, attr(receipt, "id"), "cancel", "not-acceptable"));
    let said = Some(Condition::Stanza(StanzaCondition::NotAcceptable));
    assert_eq!(s.ending(), Ending::Failed(Reason::HashMismatch, said), "its owner takes the name back");
}

#[test]
fn settled_is_refused_where_nobody_asked() {
    receiver!(s);
    let transfer = offered(s.give(&set(PEER, "o1", &si("s1", 5))));
    assert_eq!(s.session.settled(transfer), Err(Error::State), "an offer");
    s.session.accept(transfer, 0).unwrap();
    s.poll();
    assert_eq!(s.session.settled(transfer), Err(Error::State), "waiting");
    s.ask(&set(PEER, "o2", &open("s1", 4096)));
    s.give(&set(PEER, "d0", &data("s1", 0, &STANDARD.encode(FILE))));
    assert_eq!(s.session.settled(transfer), Err(Error::State), "receiving");
    s.session.stored(transfer, 5).unwrap();
    assert_eq!(s.session.settled(transfer), Err(Error::State), "not told yet");
    s.poll();
    s.session.settled(transfer).unwrap();
    assert_eq!(s.session.settled(TransferId::from_bits(0x7_0000)), Err(Error::Stale));
}

#[test]
fn qrk_51_only_the_same_last_word_is_known_again() {
    receiver!(s);
    let (transfer, _) = all_stored(&mut s, V1);
    let word = digest(&hash(FILE));
    assert!(s.ask(&set(PEER, "w1", &word)).is_empty());
    assert!(s.ask(&set(PEER, "w1", &word)).is_empty(), "said again, and answered once");
    assert_eq!(answers(&s.ask(&set(PEER, "w2", &word))), ["w2: item-not-found"]);
    s.session.settled(transfer).unwrap();
    assert_eq!(answers(&s.poll()), ["d1", "w1"]);
}

#[test]
fn ibb_38_a_peer_that_leaves_before_it_closed_an_empty_file_takes_it_along() {
    receiver!(s);
    open_for(&mut s, 0, "", 0);
    s.ask(&format!("<presence type='unavailable' from='{PEER}'/>"));
    assert_eq!(s.ending(), failed(Reason::PeerGone));
}
