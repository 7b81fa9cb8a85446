//! Whose turn it is, and what is said twice, to nobody or with nothing in it: none of that moves a deadline, a place or a file.

use xft_core::*;
use xft_tests::hosted::peer::*;
use xft_tests::hosted::*;

/// A receiver with room for three files.
macro_rules! receiver {
    ($s:ident) => {
        let cfg = config(ME);
        let mut memory = Memory::new(&cfg, 3, 3);
        let mut $s = Hosted::new(&cfg, &mut memory);
    };
}

/// One more block of that file, full of the same letter.
fn block(s: &mut Hosted<'_>, sid: &str, seq: u32, length: usize) {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(vec![b'x'; length]);
    s.give(&set(PEER, &format!("{sid}-{seq}"), &data(sid, seq, &text)));
}

#[test]
fn what_the_owner_said_of_its_disk_before_it_says_in_vain() {
    receiver!(s);
    let transfer = receiving(&mut s, "s1", 10);
    block(&mut s, "s1", 0, 5);
    s.session.stored(transfer, 5).unwrap();
    s.poll();
    assert_eq!((s.why, s.wait), (Timer::Progress, Some(300_000)));
    s.wait_ms(1000);
    for upto in [5, 3, 0] {
        s.session.stored(transfer, upto).unwrap();
        s.poll();
        assert_eq!((s.why, s.wait), (Timer::Progress, Some(300_000)), "{upto} keeps no deadline away");
        assert_eq!(s.session.progress(transfer).unwrap().safe, 5, "{upto} takes nothing back");
    }
}

#[test]
fn sm_22_a_block_that_comes_again_in_a_message_has_no_answer_and_is_a_gap() {
    receiver!(s);
    let transfer = receiving(&mut s, "s1", 10);
    let message = format!("<message from='{PEER}' id='m1'>{}</message>", data("s1", 0, "eA=="));
    assert_eq!(s.give(&message), Got::Data { transfer, offset: 0, bytes: b"x".to_vec() });
    s.session.stored(transfer, 1).unwrap();
    s.poll();
    assert_eq!(s.give(&message), Got::Consumed);
    let sent = s.poll();
    assert!(!sent.concat().contains("type='result'"), "{sent:?}");
    assert_eq!(s.ending(), Ending::Failed(Reason::Sequence, None));
}

#[test]
fn a_block_with_nothing_in_it_is_acknowledged_and_lends_nothing() {
    receiver!(s);
    let transfer = receiving(&mut s, "s1", 10);
    assert_eq!(s.give(&set(PEER, "d0", &data("s1", 0, ""))), Got::Consumed);
    let sent = s.poll();
    assert!(matches!(&sent[..], [answer] if answer.contains("type='result'")), "{sent:?}");
    assert_eq!(s.session.progress(transfer).unwrap().moved, 0);
}

#[test]
fn ibb_18_who_can_mend_a_block_hears_modify() {
    for (payload, kind) in [
        (data("s1", 0, "eA==").replace(" seq='0'", ""), "modify"),
        (data("s1", 0, "eA==").replace(" seq='0'", " seq='x'"), "modify"),
        (data("s1", 0, "!"), "cancel"),
        (data("s1", 1, "eA=="), "cancel"),
    ] {
        receiver!(s);
        receiving(&mut s, "s1", 10);
        let sent = s.ask(&set(PEER, "d0", &payload));
        assert_eq!(attr(&sent[0][sent[0].find("<error").unwrap()..], "type"), kind, "{payload}");
    }
}

#[test]
fn the_close_of_a_file_that_is_here_may_take_as_long_as_its_way_through_the_server() {
    receiver!(s);
    let transfer = receiving(&mut s, "s1", 5);
    block(&mut s, "s1", 0, 5);
    s.poll();
    assert_eq!((s.why, s.wait), (Timer::Finish, Some(60_000)));
    s.session.stored(transfer, 5).unwrap();
    s.poll();
}

/// Two blocks, of which the owner stores the first at once.
#[test]
fn atk_17_time_in_which_a_block_waits_for_the_disk_is_nobodys_dribble() {
    receiver!(s);
    let transfer = receiving(&mut s, "s1", 1000);
    for round in 0..10 {
        block(&mut s, "s1", 2 * round, 1);
        block(&mut s, "s1", 2 * round + 1, 1);
        s.session.stored(transfer, u64::from(2 * round) + 1).unwrap();
        s.wait_ms(50_000);
        s.session.stored(transfer, u64::from(2 * round) + 2).unwrap();
        s.poll();
        assert_eq!(s.take_events(), [], "in round {round}");
    }
}

/// Blocks of that length come every second on each of the streams, and are stored at once; after how many one of them ended.
fn seconds(s: &mut Hosted<'_>, files: &[(&str, TransferId)], length: usize) -> u32 {
    for second in 0..400 {
        s.wait_ms(1000);
        for (sid, transfer) in files {
            block(s, sid, second, length);
            let upto = u64::from(second + 1) * length as u64;
            if s.session.stored(*transfer, upto).is_err() {
                return second;
            }
        }
        s.poll();
    }
    400
}

#[test]
fn atk_17_those_in_band_share_the_least_rate_and_nobody_else_does() {
    // 24,000 bytes in 120 s: nobody shares that with the only one, and two bring half of it each.
    receiver!(s);
    let transfer = receiving(&mut s, "s1", 1_000_000);
    assert_eq!(seconds(&mut s, &[("s1", transfer)], 190), 120);
    receiver!(s);
    let one = receiving(&mut s, "s1", 1_000_000);
    let two = receiving(&mut s, "s2", 1_000_000);
    assert_eq!(seconds(&mut s, &[("s1", one), ("s2", two)], 110), 400);
}

#[test]
fn a_peer_that_opens_the_stream_of_our_own_file_opens_nothing() {
    receiver!(s);
    let sent = sending(&mut s, 10_000);
    let sid = attr(&sent[0][sent[0].find("<data").unwrap()..], "sid").to_owned();
    assert_eq!(s.give(&set(PEER, "o9", &open(&sid, 4096))), Got::NotMine);
    assert_eq!((s.poll(), s.take_events()), (vec![], vec![]));
}

#[test]
fn the_largest_size_that_can_be_written_down_can_be_offered() {
    receiver!(s);
    let largest = u64::try_from(i64::MAX).unwrap();
    assert_eq!(s.session.offer(&file(largest + 1)), Err(Error::Argument(Argument::Size)));
    s.session.offer(&file(largest)).unwrap();
}

#[test]
fn stz_09_nothing_is_due_while_every_block_is_answered_and_the_owner_reads_on() {
    receiver!(s);
    s.supplies = false;
    let open = opening(&mut s, 10_000);
    s.ask(&result(PEER, attr(&open, "id"), ""));
    let block = s.supply(s.wish.unwrap());
    s.ask(&result(PEER, attr(&block, "id"), ""));
    assert!(s.wish.is_some(), "it asks for the next one");
    s.session.tick(Instant::from_ms(1_000_000)).unwrap();
    s.poll();
    s.wait_ms(1_000_000);
    assert_eq!(s.take_events().iter().filter(|e| matches!(e, Event::Finished { .. })).count(), 0);
}
