//! Who is silent in band is asked whether it is still there (PNG-03), and what its answer, another's or none comes to.

use xft_core::*;
use xft_tests::hosted::peer::*;
use xft_tests::hosted::*;

/// What a server says of a full address that is gone, or whose server is.
const ABSENCES: [(&str, StanzaCondition); 6] = [
    ("service-unavailable", StanzaCondition::ServiceUnavailable),
    ("recipient-unavailable", StanzaCondition::RecipientUnavailable),
    ("item-not-found", StanzaCondition::ItemNotFound),
    ("gone", StanzaCondition::Gone),
    ("remote-server-not-found", StanzaCondition::RemoteServerNotFound),
    ("remote-server-timeout", StanzaCondition::RemoteServerTimeout),
];

fn gone(condition: StanzaCondition) -> Ending {
    Ending::Failed(Reason::PeerGone, Some(Condition::Stanza(condition)))
}

/// The questions among these.
fn questions(sent: &[String]) -> Vec<String> {
    sent.iter().filter(|s| s.contains("disco#info")).cloned().collect()
}

/// The one question among these.
fn question(sent: &[String]) -> String {
    let mut all = questions(sent);
    assert_eq!(all.len(), 1, "{sent:?}");
    assert!(all[0].contains(&format!("to='{PEER}'")), "{all:?}");
    all.remove(0)
}

/// A file of many blocks comes in, nothing of it so far, and the sender told what it can.
fn receiving_from_known(s: &mut Hosted<'_>, size: u64) -> TransferId {
    let transfer = accepted(s, "s1", size);
    let sent = s.ask(&set(PEER, "o2", &open("s1", 3)));
    let asked = question(&sent);
    assert!(s.ask(&result(PEER, attr(&asked, "id"), DISCO)).is_empty());
    s.take_events();
    transfer
}

/// A block of three bytes comes and is stored.
fn block(s: &mut Hosted<'_>, transfer: TransferId, seq: u32) -> Vec<String> {
    s.give(&set(PEER, &format!("b{seq}"), &data("s1", seq, "AAAA")));
    s.session.stored(transfer, u64::from(seq + 1) * 3).unwrap();
    s.poll()
}

/// Time goes on second by second; gives how many questions went out.
fn silent_for(s: &mut Hosted<'_>, seconds: u64) -> usize {
    (0..seconds).map(|_| questions(&s.wait_ms(1_000)).len()).sum()
}

#[test]
fn png_03_stz_11_a_receiver_that_was_killed_is_noticed_within_15_seconds() {
    for (condition, word) in ABSENCES {
        sender!(s);
        let blocks = sending(&mut s, 50_000);
        s.wait_ms(800);
        s.ask(&result(PEER, attr(&blocks[0], "id"), ""));
        // It is killed here; no presence says so.
        let killed = s.now;
        assert_eq!((s.why, s.wait), (Timer::Silence, Some(killed + 5_000)));
        assert!(s.wait_ms(4_999).is_empty());
        let asked = question(&s.wait_ms(1));
        assert_eq!(s.take_events(), []);
        let sent = s.ask(&error(PEER, attr(&asked, "id"), "cancel", condition));
        assert_eq!(s.ending(), gone(word), "{condition}");
        assert!(s.now - killed < 15_000);
        // The next file asks anew what it can.
        assert!(!sent.iter().any(|s| s.contains("disco#info")));
        s.session.offer(&file(10)).unwrap();
        assert_eq!(questions(&s.poll()).len(), 1);
    }
}

#[test]
fn png_03_stz_11_a_sender_that_was_killed_is_noticed_within_15_seconds() {
    for (condition, word) in ABSENCES {
        sender!(s);
        let transfer = receiving_from_known(&mut s, 1_000);
        for seq in 0..3 {
            s.wait_ms(300);
            block(&mut s, transfer, seq);
        }
        let killed = s.now;
        let asked = question(&s.wait_ms(5_000));
        assert_eq!(s.session.progress(transfer).unwrap().safe, 9, "the part stays");
        s.ask(&error(PEER, attr(&asked, "id"), "cancel", condition));
        assert_eq!(s.ending(), gone(word), "{condition}");
        assert!(s.now - killed < 15_000);
    }
}

/// The server hears of a dead client some seconds later: what it is told before is lost with the client.
#[test]
fn png_03_a_question_that_was_lost_is_asked_again() {
    sender!(s);
    sending(&mut s, 50_000);
    question(&s.wait_ms(5_000));
    assert!(s.wait_ms(9_999).is_empty());
    let again = question(&s.wait_ms(1));
    s.ask(&error(PEER, attr(&again, "id"), "cancel", "service-unavailable"));
    assert_eq!(s.ending(), gone(StanzaCondition::ServiceUnavailable));
}

#[test]
fn png_03_every_ten_seconds_of_silence_there_is_one_question_and_today_s_deadline_stands() {
    sender!(s);
    sending(&mut s, 50_000);
    assert_eq!(silent_for(&mut s, 119), 12);
    assert_eq!(s.take_events(), []);
    s.wait_ms(1_000);
    assert_eq!(s.ending(), Ending::Failed(Reason::BlockTimeout, None));
    sender!(s);
    receiving_from_known(&mut s, 1_000);
    assert_eq!(silent_for(&mut s, 299), 30);
    assert_eq!(s.take_events(), []);
    s.wait_ms(1_000);
    assert_eq!(s.ending(), Ending::Failed(Reason::Stalled, None));
    assert_eq!(silent_for(&mut s, 100), 0, "nobody waits for it any more");
}

/// Its program writes to a disk that takes a minute, and answers nothing meanwhile.
#[test]
fn a_receiver_that_is_busy_with_its_disk_for_a_minute_is_not_ended() {
    sender!(s);
    let mut out = sending(&mut s, 50_000);
    let mut asked = Vec::new();
    for _ in 0..60 {
        asked.extend(questions(&s.wait_ms(1_000)));
    }
    assert_eq!(asked.len(), 6);
    // Now it reads what waited, in order.
    for block in std::mem::take(&mut out) {
        out.extend(s.ask(&result(PEER, attr(&block, "id"), "")));
    }
    for question in &asked {
        s.ask(&result(PEER, attr(question, "id"), DISCO));
    }
    assert_eq!(s.take_events(), []);
    assert!(out.iter().all(|block| block.contains("<data ")) && !out.is_empty(), "{out:?}");
    // Who was silent for a minute may be so again.
    assert_eq!(silent_for(&mut s, 118), 0);
    assert_eq!(s.take_events(), []);
}

#[test]
fn an_answer_is_a_sign_of_life_however_late_and_whatever_it_says_it_can() {
    for answer in [DISCO, "", "<query xmlns='http://jabber.org/protocol/disco#info'/>"] {
        sender!(s);
        let blocks = sending(&mut s, 50_000);
        let asked = question(&s.wait_ms(5_000));
        s.wait_ms(3_000);
        assert!(s.ask(&result(PEER, attr(&asked, "id"), answer)).is_empty());
        // Eight seconds of silence were none of its death: the next question takes twice as long.
        assert!(s.wait_ms(15_999).is_empty());
        question(&s.wait_ms(1));
        // A block is still to be acknowledged in its time.
        s.wait_ms(120_000 - s.now);
        assert_eq!(s.ending(), Ending::Failed(Reason::BlockTimeout, None));
        // What it can is known as before.
        s.session.offer(&file(10)).unwrap();
        assert!(s.poll().iter().any(|s| s.contains("<si ")));
        assert_eq!(blocks.len(), 2);
    }
}

#[test]
fn only_the_last_question_s_answer_says_that_it_is_gone_and_only_from_itself() {
    sender!(s);
    sending(&mut s, 50_000);
    let first = question(&s.wait_ms(5_000));
    let second = question(&s.wait_ms(10_000));
    s.ask(&error(PEER, attr(&first, "id"), "cancel", "service-unavailable"));
    s.ask(&error("mallory@hospital.test/x", attr(&second, "id"), "cancel", "service-unavailable"));
    // Somebody has too much to do, a policy forbids it: that says nothing of its being there.
    s.ask(&error(PEER, attr(&second, "id"), "wait", "resource-constraint"));
    assert_eq!(s.take_events(), []);
    s.ask(&error(PEER, attr(&second, "id"), "cancel", "service-unavailable"));
    assert_eq!(s.take_events(), [], "that question was answered");
    assert_eq!(questions(&s.wait_ms(10_000)).len(), 1);
}

/// STZ-11: what a server says for who is gone, a peer says for what it does not do. Nothing could be concluded.
#[test]
fn a_peer_that_never_told_what_it_can_is_not_asked() {
    let unavailable = |id: &str| error(PEER, id, "cancel", "service-unavailable");
    for says in [Some(unavailable as fn(&str) -> String), None] {
        sender!(s);
        s.session.offer(&file(50_000)).unwrap();
        let asked = question(&s.poll());
        let sent = match says {
            Some(says) => s.ask(&says(attr(&asked, "id"))),
            None => s.wait_ms(5_000),
        };
        let open = s.ask(&result(PEER, attr(&sent[0], "id"), &yes()));
        assert_eq!(s.ask(&result(PEER, attr(&open[0], "id"), "")).len(), 2);
        s.take_events();
        assert_eq!(silent_for(&mut s, 119), 0);
        assert_eq!(s.take_events(), []);
        s.wait_ms(1_000);
        assert_eq!(s.ending(), Ending::Failed(Reason::BlockTimeout, None));
    }
    // The same of a sender.
    sender!(s);
    accepted(&mut s, "s1", 1_000);
    let asked = question(&s.ask(&set(PEER, "o2", &open("s1", 3))));
    s.take_events();
    s.ask(&unavailable(attr(&asked, "id")));
    assert_eq!(silent_for(&mut s, 299), 0);
    assert_eq!(s.take_events(), []);
}

#[test]
fn on_a_slow_path_a_question_takes_twice_the_longest_gap_between_acknowledgements() {
    sender!(s);
    let mut out = sending(&mut s, 50_000);
    for _ in 0..4 {
        s.wait_ms(12_000);
        let block = out.remove(0);
        out.extend(s.ask(&result(PEER, attr(&block, "id"), "")).into_iter().filter(|s| s.contains("<data ")));
    }
    // The first gap was not known before it was over.
    assert!(s.wait_ms(23_999).is_empty());
    question(&s.wait_ms(1));
    assert!(s.wait_ms(23_999).is_empty());
    question(&s.wait_ms(1));
}

#[test]
fn time_in_which_our_own_owner_had_nothing_to_send_is_no_silence_of_the_peer() {
    sender!(s);
    s.supplies = false;
    let open = opening(&mut s, 50_000);
    s.ask(&result(PEER, attr(&open, "id"), ""));
    s.take_events();
    assert!(s.wait_ms(60_000).is_empty(), "nobody is waited for");
    let wish = s.wish.unwrap();
    let one = s.supply(wish);
    s.poll();
    assert!(s.wait_ms(4_000).is_empty());
    s.ask(&result(PEER, attr(&one, "id"), ""));
    let wish = s.wish.unwrap();
    s.supply(wish);
    assert!(s.wait_ms(7_999).is_empty(), "twice four seconds, not twice a minute");
    s.wait_ms(1);
    // Who wishes for data is left alone with that first.
    question(&s.turn());
}

#[test]
fn a_receiver_whose_own_owner_is_slow_to_store_asks_nobody() {
    sender!(s);
    let transfer = receiving_from_known(&mut s, 1_000);
    s.give(&set(PEER, "b0", &data("s1", 0, "AAAA")));
    assert_eq!(silent_for(&mut s, 60), 0);
    s.session.stored(transfer, 3).unwrap();
    s.poll();
    assert!(s.wait_ms(4_999).is_empty());
    question(&s.wait_ms(1));
}

/// What came before it died may be the whole file, and have its place.
#[test]
fn who_is_gone_behind_the_last_block_has_the_file_unconfirmed() {
    sender!(s);
    sending(&mut s, 10);
    let asked = question(&s.wait_ms(5_000));
    s.ask(&error(PEER, attr(&asked, "id"), "cancel", "service-unavailable"));
    assert_eq!(s.ending(), Ending::Unconfirmed);
    // Behind the close, which is not answered.
    sender!(s);
    let blocks = sending(&mut s, 10);
    s.ask(&result(PEER, attr(&blocks[0], "id"), ""));
    let asked = question(&s.wait_ms(5_000));
    s.ask(&error(PEER, attr(&asked, "id"), "cancel", "service-unavailable"));
    assert_eq!(s.ending(), Ending::Unconfirmed);
}

#[test]
fn a_receiver_that_is_gone_before_it_opened_is_noticed_too() {
    sender!(s);
    opening(&mut s, 50_000);
    s.take_events();
    let asked = question(&s.wait_ms(5_000));
    s.ask(&error(PEER, attr(&asked, "id"), "cancel", "service-unavailable"));
    assert_eq!(s.ending(), gone(StanzaCondition::ServiceUnavailable));
}

#[test]
fn four_files_with_one_peer_share_one_question_and_end_together() {
    let cfg = config(ME);
    let mut memory = Memory::new(&cfg, 4, 2);
    let mut s = Hosted::new(&cfg, &mut memory);
    for _ in 0..4 {
        s.session.offer(&file(50_000)).unwrap();
    }
    let asked = question(&s.poll());
    let offers = s.ask(&result(PEER, attr(&asked, "id"), DISCO));
    assert_eq!(offers.len(), 4);
    for offer in offers {
        let open = s.ask(&result(PEER, attr(&offer, "id"), &yes()));
        s.ask(&result(PEER, attr(&open[0], "id"), ""));
    }
    s.take_events();
    let asked = question(&s.wait_ms(5_000));
    question(&s.wait_ms(10_000));
    let last = question(&s.wait_ms(10_000));
    s.ask(&error(PEER, attr(&asked, "id"), "cancel", "service-unavailable"));
    assert_eq!(s.take_events(), []);
    s.ask(&error(PEER, attr(&last, "id"), "cancel", "service-unavailable"));
    let ends = s.take_events();
    let all = |e: &Event| matches!(e, Event::Finished { ending: Ending::Failed(Reason::PeerGone, _), .. });
    assert_eq!((ends.len(), ends.iter().all(all)), (4, true), "{ends:?}");
}

/// DSC-04: the question costs a small file nothing.
#[test]
fn a_sender_of_one_block_is_not_asked_what_it_can() {
    sender!(s);
    accepted(&mut s, "s1", 100);
    assert_eq!(questions(&s.ask(&set(PEER, "o2", &open("s1", 4096)))).len(), 0);
    assert_eq!(silent_for(&mut s, 60), 0);
}

#[test]
fn with_a_time_of_0_nobody_is_asked() {
    sender!(s, unasked);
    sending(&mut s, 50_000);
    assert_eq!(silent_for(&mut s, 119), 0);
    sender!(s, unasked);
    receiving(&mut s, "s1", 50_000);
    assert_eq!(silent_for(&mut s, 299), 0);
}

/// A process that was stopped reads first: what waited in its sockets is no silence.
#[test]
fn nobody_is_asked_before_what_had_come_was_read() {
    sender!(s);
    let blocks = sending(&mut s, 50_000);
    s.now += 110_000;
    assert!(s.turn().is_empty());
    assert_eq!(s.wait, Some(s.now));
    let sent = s.ask(&result(PEER, attr(&blocks[0], "id"), ""));
    assert_eq!(questions(&sent).len(), 0);
    assert_eq!(questions(&s.turn()).len(), 0);
    assert!(s.wait.unwrap() > s.now);
}

/// A question that finds no room in the owner's buffer waits for some, and is not asked twice.
#[test]
fn a_question_that_finds_no_room_is_asked_later_and_once() {
    sender!(s);
    sending(&mut s, 50_000);
    s.now += 5_000;
    s.session.tick(Instant::from_ms(s.now)).unwrap();
    s.poll();
    s.session.tick(Instant::from_ms(s.now)).unwrap();
    assert!(matches!(s.session.poll(&mut [0; 20]), Err(Error::NoSpace { .. })));
    s.now += 100;
    assert_eq!(questions(&s.turn()).len(), 1);
    assert_eq!(questions(&s.turn()).len(), 0);
}
