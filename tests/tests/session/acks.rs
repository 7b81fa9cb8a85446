//! Acknowledgements and closings that come where nobody waits for them, and those for which there is no room.

use xft_core::*;
use xft_tests::hosted::peer::*;
use xft_tests::hosted::*;

/// A session, set up in `with`, and the memory it lives in.
macro_rules! session {
    ($s:ident) => {
        session!($s, |_cfg: &mut Config<'_>| {});
    };
    ($s:ident, $with:expr) => {
        let mut cfg = config(ME);
        $with(&mut cfg);
        let mut memory = Memory::new(&cfg, 4, 2);
        let mut $s = Hosted::new(&cfg, &mut memory);
    };
}

fn first(s: &Hosted<'_>) -> Progress {
    s.session.progress(TransferId::from_bits(1 << 16)).unwrap()
}

#[test]
fn ibb_15_an_acknowledgement_that_comes_again_moves_nothing_and_gives_no_time() {
    session!(s, unasked);
    let blocks = sending(&mut s, 50_000);
    s.wait_ms(1_000);
    let more = s.ask(&result(PEER, attr(&blocks[0], "id"), ""));
    assert_eq!((first(&s).safe, more.len()), (4096, 3), "the window doubled");
    s.wait_ms(1_000);
    let (before, due) = (first(&s), s.wait);
    assert!(s.ask(&result(PEER, attr(&blocks[0], "id"), "")).is_empty(), "nothing goes out for it");
    assert_eq!((first(&s), s.wait), (before, due));
    // What is on the way counts still, but from here on one block goes at a time.
    let on_the_way: Vec<String> = blocks[1..].iter().cloned().chain(more).collect();
    for (index, block) in on_the_way.iter().enumerate() {
        let sent = s.ask(&result(PEER, attr(block, "id"), ""));
        assert_eq!(sent.len(), usize::from(index + 1 == on_the_way.len()), "{index}");
    }
    assert_eq!(first(&s).safe, 5 * 4096);
}

#[test]
fn ibb_15_an_acknowledgement_left_out_is_covered_by_the_next_one_and_means_nothing_later() {
    session!(s);
    let blocks = sending(&mut s, 50_000);
    let next = s.ask(&result(PEER, attr(&blocks[1], "id"), ""));
    assert_eq!((first(&s).safe, next.len()), (8192, 1));
    assert!(s.ask(&result(PEER, attr(&blocks[0], "id"), "")).is_empty());
    assert_eq!(first(&s).safe, 8192);
}

#[test]
fn ibb_34_a_close_that_crosses_ours_before_or_after_its_answer_is_answered_and_changes_nothing() {
    for after in [false, true] {
        session!(s);
        let block = sending(&mut s, 10).remove(0);
        let ours = s.ask(&result(PEER, attr(&block, "id"), "")).remove(0);
        assert!(ours.contains("<close "), "{ours}");
        if after {
            assert!(s.ask(&result(PEER, attr(&ours, "id"), "")).is_empty());
        }
        let sent = s.ask(&set(PEER, "c1", &close(attr(&ours, "sid"))));
        assert!(sent.len() == 1 && sent[0].contains("type='result'"), "{after}: {sent:?}");
        assert_eq!((attr(&sent[0], "id"), s.take_events()), ("c1", vec![]), "{after}");
        s.wait_ms(60_000);
        assert_eq!(s.ending(), Ending::Unconfirmed, "{after}");
    }
}

#[test]
fn ibb_34_a_close_that_crosses_our_cancelling_is_answered_and_the_first_reason_stands() {
    session!(s);
    let transfer = receiving(&mut s, "s1", 10);
    s.session.cancel(transfer, Cancel::Wish).unwrap();
    let sent = s.ask(&set(PEER, "c1", &close("s1")));
    let answer = sent.iter().find(|stanza| attr(stanza, "id") == "c1").expect("an answer");
    assert!(answer.contains("type='result'"), "{sent:?}");
    assert_eq!(s.ending(), Ending::Failed(Reason::Cancelled, None));
}

/// Room is kept for an id of 128 bytes; of those that are longer one may not fit, and then it is said.
#[test]
fn stz_04_a_block_whose_id_cannot_be_kept_is_refused_for_want_of_room() {
    session!(s);
    let transfer = receiving(&mut s, "s1", 1000);
    let long = |seq: u32| set(PEER, &format!("{seq:0>250}"), &data("s1", seq, "eA=="));
    let mut taken = 0;
    while let Got::Data { .. } = s.give(&long(taken)) {
        taken += 1;
        assert!(taken < 100, "never full");
    }
    assert!(taken > 1, "{taken}");
    let sent = s.poll();
    let refusal = sent.iter().find(|stanza| *attr(stanza, "id") == *format!("{taken:0>250}")).unwrap();
    assert_eq!(condition(refusal), "resource-constraint");
    assert!(refusal.contains("<error type='wait' "), "{refusal}");
    assert_eq!(s.ending(), Ending::Failed(Reason::Overrun, None));
    assert_eq!(s.session.progress(transfer), Err(Error::Stale));
    // Those that were taken, but not stored, are answered as well.
    let refused = sent.iter().filter(|stanza| stanza.contains("<item-not-found"));
    assert_eq!(refused.count(), taken as usize);
}

/// A block without an answer needs no room for one.
#[test]
fn ibb_17_a_message_with_a_long_id_is_taken_when_there_is_no_room_for_it() {
    session!(s);
    receiving(&mut s, "s1", 1000);
    for seq in 0..3 {
        let block = set(PEER, &format!("{seq:0>250}"), &data("s1", seq, "eA=="));
        assert!(matches!(s.give(&block), Got::Data { .. }), "{seq}");
    }
    let transfer = accepted(&mut s, "s2", 1000);
    let open = open("s2", 4096).replace("'iq'", "'message'");
    assert!(s.ask(&set(PEER, "o2", &open))[0].contains("type='result'"));
    for seq in 0..20 {
        let (id, block) = (format!("{seq:0>250}"), data("s2", seq, "eA=="));
        let message =
            format!("<message xmlns='jabber:client' from='{PEER}' to='{ME}' id='{id}'>{block}</message>");
        let offset = u64::from(seq);
        assert_eq!(s.give(&message), Got::Data { transfer, offset, bytes: b"x".to_vec() });
    }
    assert!(s.poll().is_empty());
}

#[test]
fn ibb_36_blocks_that_wait_for_the_disk_hold_no_slot_when_the_stream_is_gone() {
    let cfg = config(ME);
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Hosted::new(&cfg, &mut memory);
    let transfer = receiving(&mut s, "s1", 10);
    assert!(matches!(s.give(&set(PEER, "d0", &data("s1", 0, "eA=="))), Got::Data { .. }));
    s.session.stream_end(StreamId::XMPP, StreamEnd::Lost).unwrap();
    assert!(s.poll().is_empty());
    assert_eq!(s.ending(), Ending::Failed(Reason::StreamLost, None));
    assert_eq!(s.session.stored(transfer, 1), Err(Error::Closed(Reason::StreamEnded)));
    drop(s);
    for slot in &memory.transfers {
        let text = format!("{slot:?}");
        assert!(text.contains("phase: Free"), "{text}");
    }
}

#[test]
fn ibb_24_the_first_block_on_the_way_has_a_deadline_and_none_on_the_way_has_none() {
    session!(s, unasked);
    s.supplies = false;
    let open = opening(&mut s, 50_000);
    s.ask(&result(PEER, attr(&open, "id"), ""));
    let one = s.supply(s.wish.unwrap());
    s.poll();
    s.take_events();
    s.wait_ms(1_000);
    let two = s.supply(s.wish.unwrap());
    s.poll();
    assert_eq!((s.why, s.wait), (Timer::Block, Some(120_000)), "a later block gives the first no more time");
    s.wait_ms(1_000);
    s.ask(&result(PEER, attr(&one, "id"), ""));
    s.wait_ms(119_999);
    assert_eq!(s.take_events(), [], "each answer gives the next one its time");
    s.ask(&result(PEER, attr(&two, "id"), ""));
    // Our own owner may take all the time it wants for its next bytes.
    s.wait_ms(1_000_000);
    assert_eq!(s.take_events(), []);
    assert!(s.wish.is_some());
}

#[test]
fn no_bytes_and_more_than_were_wanted_are_refused_and_change_nothing() {
    session!(s);
    s.supplies = false;
    let open = opening(&mut s, 50_000);
    s.ask(&result(PEER, attr(&open, "id"), ""));
    let (transfer, offset, max) = s.wish.unwrap();
    let mut out = vec![0; 20_000];
    for count in [0, max + 1] {
        let wrong = s.session.supply(transfer, offset, &s.file[..count], &mut out);
        assert_eq!(wrong, Err(Error::Argument(Argument::Bytes)), "{count}");
    }
    assert_eq!(s.session.progress(transfer).unwrap().moved, 0);
    assert!(s.supply((transfer, offset, max)).contains(" seq='0'"));
}

/// Empty blocks are counted and one byte counts as one: together they buy no more time than either alone.
#[test]
fn ibb_21_atk_17_a_byte_now_and_then_among_empty_blocks_is_a_dribble_still() {
    session!(s);
    let transfer = receiving(&mut s, "s1", 100_000);
    let (mut seq, mut bytes, mut seconds) = (0, 0, 0);
    while s.session.progress(transfer).is_ok() {
        for text in ["", "", "", "", "", "", "", "eA=="] {
            // Behind the end they are refused until there is no more room for answers.
            let _ = s.try_give(&set(PEER, &format!("d{seq}"), &data("s1", seq, text)));
            seq += 1;
        }
        bytes += 1;
        let _ = s.session.stored(transfer, bytes);
        s.poll();
        s.wait_ms(1_000);
        seconds += 1;
        assert!(seconds < 200, "never ends");
    }
    assert!(seconds > 100, "{seconds}");
    assert_eq!(s.ending(), Ending::Failed(Reason::Stalled, None));
}
