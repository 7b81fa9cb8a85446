//! Offers, refusals and repeats: who gets a place, what is said again, and in which order answers leave.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use xft_core::*;
use xft_tests::hosted::peer::*;
use xft_tests::hosted::*;

const OTHER: &str = "ws@hospital.test/in";

/// A session with room for so many transfers, and the memory it lives in.
macro_rules! session {
    ($s:ident, $slots:expr) => {
        session!($s, $slots, |_cfg: &mut Config<'_>| {});
    };
    ($s:ident, $slots:expr, $with:expr) => {
        let mut cfg = config(ME);
        $with(&mut cfg);
        let mut memory = Memory::new(&cfg, $slots, $slots + 1);
        let mut $s = Hosted::new(&cfg, &mut memory);
    };
}

fn failed(reason: Reason) -> Ending {
    Ending::Failed(reason, None)
}

fn block(s: &mut Hosted<'_>, id: &str, seq: u32, bytes: &[u8]) -> Got {
    s.give(&set(PEER, id, &data("s1", seq, &STANDARD.encode(bytes))))
}

/// What is answered: id and condition, nothing for a result.
fn answers(sent: &[String]) -> Vec<(&str, &str)> {
    let iqs = sent.iter().filter(|s| s.contains("type='result'") || s.contains("type='error'"));
    iqs.map(|s| (attr(s, "id"), if s.contains("<error") { condition(s) } else { "" })).collect()
}

/// A file of that peer is offered, accepted and opened.
fn takes(s: &mut Hosted<'_>, from: &str, sid: &str, size: u64) -> TransferId {
    let transfer = offered(s.give(&set(from, "o1", &si(sid, size))));
    s.session.accept(transfer, 0).unwrap();
    s.poll();
    assert!(s.ask(&set(from, "o2", &open(sid, 4096)))[0].contains("type='result'"));
    s.take_events();
    transfer
}

#[test]
fn atk_17_atk_33_the_last_free_slot_is_for_another_peer_than_the_one_that_holds_the_rest() {
    session!(s, 4);
    takes(&mut s, PEER, "s1", 10);
    for (from, sid) in [(PEER, "s2"), ("pacs@hospital.test/other", "s3")] {
        assert!(matches!(s.give(&set(from, "o", &si(sid, 1))), Got::Offer { .. }), "accepted and waiting");
    }
    // Whatever its resource: the account counts.
    for from in [PEER, "pacs@hospital.test/third"] {
        let got = s.give(&set(from, "o9", &si("s9", 7)));
        assert_eq!(got, Got::NoRoom { from: from.into(), name: "a".into(), size: 7 });
        assert_eq!(answers(&s.poll()), [("o9", "resource-constraint")]);
    }
    assert!(matches!(s.give(&set(OTHER, "o", &si("s1", 1))), Got::Offer { .. }));
    assert!(matches!(s.give(&set("third@hospital.test/in", "o", &si("s1", 1))), Got::NoRoom { .. }));
}

#[test]
fn atk_33_where_others_hold_a_slot_too_the_last_one_is_for_anybody() {
    session!(s, 3);
    takes(&mut s, PEER, "s1", 10);
    takes(&mut s, OTHER, "s1", 10);
    assert!(matches!(s.give(&set(PEER, "o", &si("s2", 1))), Got::Offer { .. }));
    session!(s, 1);
    assert!(
        matches!(s.give(&set(PEER, "o", &si("s1", 1))), Got::Offer { .. }),
        "of one slot nobody holds the rest"
    );
}

#[test]
fn atk_33_a_peers_limit_counts_what_waits_and_what_is_accepted() {
    session!(s, 9, |cfg: &mut Config<'_>| cfg.offers_per_peer = 2);
    takes(&mut s, PEER, "s1", 10);
    assert!(matches!(s.give(&set(PEER, "o", &si("s2", 1))), Got::Offer { .. }));
    assert!(matches!(s.give(&set(PEER, "o", &si("s3", 1))), Got::NoRoom { .. }));
}

/// One byte of a file every `gap_ms`, stored at once; after which time the file was over, of at most 40 minutes.
fn dribbles(s: &mut Hosted<'_>, gap_ms: u64) -> Option<u64> {
    let transfer = takes(s, PEER, "s1", 100_000);
    s.wait_ms(1);
    let begin = s.now;
    for seq in 0..2_400_000 / gap_ms {
        let seq = seq as u32;
        match block(s, &format!("d{seq}"), seq, b"x") {
            Got::Data { offset, .. } => s.session.stored(transfer, offset + 1).unwrap(),
            _ => return Some(s.now - begin),
        }
        s.poll();
        s.wait_ms(gap_ms);
    }
    None
}

#[test]
fn atk_17_a_dribble_in_band_ends_after_two_minutes_and_frees_its_slot() {
    session!(s, 2);
    assert_eq!(dribbles(&mut s, 10_000), Some(120_000));
    let sent = s.poll();
    assert!(answers(&sent).contains(&("d12", "policy-violation")), "{sent:?}");
    assert!(sent.iter().any(|s| s.contains("<close ")), "{sent:?}");
    assert_eq!(s.ending(), failed(Reason::Stalled));
    session!(s, 2, |cfg: &mut Config<'_>| cfg.least_rate = 0);
    assert_eq!(dribbles(&mut s, 10_000), None, "0 asks nothing");
}

#[test]
fn atk_17_time_in_which_the_owner_did_not_store_does_not_count() {
    session!(s, 2);
    let transfer = takes(&mut s, PEER, "s1", 100_000);
    for seq in 0..40 {
        assert!(matches!(block(&mut s, &format!("d{seq}"), seq, b"x"), Got::Data { .. }), "{seq}");
        s.wait_ms(100_000);
        s.session.stored(transfer, u64::from(seq) + 1).unwrap();
        s.poll();
    }
}

#[test]
fn sm_22_a_repeated_block_is_acknowledged_and_not_stored_twice() {
    session!(s, 2);
    let transfer = takes(&mut s, PEER, "s1", 6);
    assert!(matches!(block(&mut s, "d0", 0, b"abc"), Got::Data { .. }));
    assert_eq!(block(&mut s, "d0", 0, b"abc"), Got::Consumed);
    assert!(s.poll().is_empty(), "neither is acknowledged before the first is stored");
    s.session.stored(transfer, 3).unwrap();
    assert_eq!(answers(&s.poll()), [("d0", ""), ("d0", "")]);
    assert_eq!(block(&mut s, "d0", 0, b"abc"), Got::Consumed);
    assert_eq!(answers(&s.poll()), [("d0", "")], "nor is it forgotten by then");
    assert!(matches!(block(&mut s, "d1", 1, b"def"), Got::Data { offset: 3, .. }));
    assert!(s.take_events().is_empty());
    // The one before the last is a repeat like any other (IBB-20).
    assert_eq!(block(&mut s, "d0", 0, b"abc"), Got::Consumed);
    assert_eq!(answers(&s.poll()).last(), Some(&("d0", "unexpected-request")));
    assert_eq!(s.ending(), failed(Reason::Sequence));
}

#[test]
fn sm_22_ibb_20_only_id_and_number_together_tell_a_repeat() {
    for (id, seq) in [("d0", 1), ("x0", 0), ("d0", 65_535)] {
        session!(s, 2);
        takes(&mut s, PEER, "s1", 100);
        block(&mut s, "d0", 0, b"abc");
        let got = block(&mut s, id, seq, b"abc");
        // The next number is the next block, whatever its id.
        assert_eq!(matches!(got, Got::Data { .. }), seq == 1, "{id} {seq}");
        assert_eq!(s.poll().iter().any(|s| s.contains("<close ")), seq != 1, "{id} {seq}");
    }
}

#[test]
fn sm_22_qrk_51_an_opening_an_offer_and_a_closing_said_again_break_nothing() {
    session!(s, 2);
    let offer = set(PEER, "o1", &si("s1", 3));
    let transfer = offered(s.give(&offer));
    assert_eq!(s.give(&offer), Got::Consumed);
    assert!(s.poll().is_empty(), "the owner's answer serves both");
    s.session.accept(transfer, 0).unwrap();
    assert_eq!(s.poll().len(), 1);
    assert!(s.ask(&offer).is_empty());
    let opening = set(PEER, "o2", &open("s1", 4096));
    for _ in 0..2 {
        assert_eq!(answers(&s.ask(&opening)), [("o2", "")]);
    }
    block(&mut s, "d0", 0, b"abc");
    let closing = set(PEER, "c", &close("s1"));
    for _ in 0..2 {
        assert_eq!(s.give(&closing), Got::Consumed);
        assert!(s.poll().is_empty(), "what came before is not stored yet");
    }
    s.session.stored(transfer, 3).unwrap();
    assert_eq!(answers(&s.poll()), [("d0", ""), ("c", ""), ("c", "")]);
    assert_eq!(s.ending(), Ending::Unverified);
}

#[test]
fn ibb_14_an_error_never_overtakes_the_acknowledgements_of_what_was_stored() {
    let large = STANDARD.encode([0; 5000]);
    for (name, strike, word) in [
        ("gap", data("s1", 7, "AAAA"), "unexpected-request"),
        ("too large", data("s1", 2, &large), "bad-request"),
        ("base64", data("s1", 2, "!"), "bad-request"),
        ("close", close("s1"), ""),
    ] {
        for size in [90, 400, 4000] {
            session!(s, 2);
            let transfer = takes(&mut s, PEER, "s1", 10_000);
            block(&mut s, "d0", 0, b"abc");
            block(&mut s, "d1", 1, b"def");
            s.session.stored(transfer, 3).unwrap();
            s.give(&set(PEER, "x", &strike));
            // And what comes behind is unknown here by then.
            s.give(&set(PEER, "y", &data("s1", 9, "AAAA")));
            let mut sent = Vec::new();
            let mut out = vec![0; 4000];
            loop {
                match s.session.poll(&mut out[..size]) {
                    Ok(Output::Transmit { bytes, .. }) => {
                        sent.push(String::from_utf8(bytes.to_vec()).unwrap())
                    }
                    Ok(Output::Event(_)) => {}
                    Err(Error::NoSpace { needed }) if needed <= 4000 && size < 4000 => {
                        let Ok(Output::Transmit { bytes, .. }) = s.session.poll(&mut out) else { panic!() };
                        sent.push(String::from_utf8(bytes.to_vec()).unwrap());
                    }
                    _ => break,
                }
            }
            let got = answers(&sent);
            let order: Vec<&str> = got.iter().map(|(id, _)| *id).filter(|id| *id != "y").collect();
            assert_eq!(order, ["d0", "d1", "x"], "{name} {size}: {got:?}");
            assert_eq!((got[0].1, got[2].1), ("", word), "{name} {size}");
        }
    }
}

#[test]
fn qrk_53_ibb_04_a_block_size_that_is_refused_is_told_to_the_owner() {
    session!(s, 2);
    let transfer = accepted(&mut s, "s1", 10);
    assert_eq!(answers(&s.ask(&set(PEER, "o2", &open("s1", 65_535)))), [("o2", "resource-constraint")]);
    assert_eq!(s.take_events(), [Event::BlockRefused { transfer, asked: 65_535, most: 8192 }]);
    assert_eq!(answers(&s.ask(&set(PEER, "o3", &open("s1", 8192)))), [("o3", "")]);
    assert!(matches!(s.take_events()[..], [Event::Started { block_bytes: 8192, .. }]));
}

/// Whether to the offer or to the opening, and whatever the condition says besides.
#[test]
fn a_recipient_that_cannot_begin_to_store_is_told_apart_from_one_that_refuses() {
    use StanzaCondition::{InternalServerError, NotAcceptable};
    for (word, condition) in
        [("internal-server-error", InternalServerError), ("not-acceptable", NotAcceptable)]
    {
        for begin in [offering, opening] {
            session!(s, 2);
            let request = begin(&mut s, 10);
            let refusal = error(PEER, attr(&request, "id"), "cancel", word);
            let said = "<store-failed xmlns='urn:libxft:receipt:1'/></error>";
            assert!(s.ask(&refusal.replace("</error>", said)).is_empty());
            let reason = Reason::PeerStoreFailed;
            assert_eq!(s.ending(), Ending::Failed(reason, Some(Condition::Stanza(condition))));
        }
    }
}

#[test]
fn si_09_busy_is_temporary_and_no_refusal() {
    session!(s, 2);
    let offer = offering(&mut s, 10);
    s.ask(&error(PEER, attr(&offer, "id"), "wait", "resource-constraint"));
    assert_eq!(
        s.ending(),
        Ending::Failed(Reason::Busy, Some(Condition::Stanza(StanzaCondition::ResourceConstraint)))
    );
}

#[test]
fn an_offer_behind_the_last_word_of_a_file_finds_its_slot_free() {
    // With a receipt the sender's word and its next offer may come in one piece.
    session!(s, 1);
    let receipt =
        si("s1", 3).replace("size='3'/>", "size='3'><receipt xmlns='urn:libxft:receipt:0'/></file>");
    let transfer = offered(s.give(&set(PEER, "o1", &receipt)));
    s.session.accept(transfer, 0).unwrap();
    s.poll();
    s.ask(&set(PEER, "o2", &open("s1", 4096)));
    block(&mut s, "d0", 0, b"abc");
    s.session.stored(transfer, 3).unwrap();
    let sent = s.ask(&set(PEER, "c", &close("s1")));
    let receipt = sent.iter().find(|s| s.contains("<receipt ")).expect("a receipt");
    s.take_events();
    s.give(&result(PEER, attr(receipt, "id"), ""));
    let next = set(PEER, "o3", &si("s2", 3));
    if s.try_give(&next) == Err(Error::Full) {
        s.poll();
        assert!(matches!(s.give(&next), Got::Offer { .. }));
    } else {
        panic!("the owner has not heard of the end yet");
    }
}

#[test]
fn a_file_of_ours_that_only_waits_for_a_last_word_gives_way_to_an_offer() {
    session!(s, 1);
    let open = opening(&mut s, 10);
    let sent = s.ask(&result(PEER, attr(&open, "id"), ""));
    let sent = s.ask(&result(PEER, attr(&sent[0], "id"), ""));
    let close = sent.iter().find(|s| s.contains("<close ")).expect("a close");
    s.ask(&result(PEER, attr(close, "id"), ""));
    s.take_events();
    let offer = |id: &str| set(OTHER, id, &si(id, 3));
    assert!(matches!(s.give(&offer("o1")), Got::NoRoom { .. }), "the word has some time to come");
    s.wait_ms(5_000);
    assert!(matches!(s.give(&offer("o2")), Got::Offer { .. }));
    s.poll();
    assert_eq!(s.ending(), Ending::Unconfirmed);
}
