//! The receiving side against a peer written by hand: offers, openings, blocks and endings, the hostile ones included.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;
use xft_core::*;
use xft_tests::hosted::peer::*;
use xft_tests::hosted::*;

/// A receiver, set up in `with`, and the memory it lives in.
macro_rules! receiver {
    ($s:ident) => {
        receiver!($s, |_cfg: &mut Config<'_>| {});
    };
    ($s:ident, $with:expr) => {
        let mut cfg = config(ME);
        $with(&mut cfg);
        let mut memory = Memory::new(&cfg, 3, 3);
        let mut $s = Hosted::new(&cfg, &mut memory);
    };
}

const SIFT: &str = "http://jabber.org/protocol/si/profile/file-transfer";

fn failed(reason: Reason, condition: Option<StanzaCondition>) -> Ending {
    Ending::Failed(reason, condition.map(Condition::Stanza))
}

fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The hash element of some bytes.
fn hash(bytes: &[u8]) -> String {
    let hash = STANDARD.encode(sha2::Sha256::digest(bytes));
    format!("<hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>{hash}</hash>")
}

/// An offer whose file element holds `inside`.
fn si_with(sid: &str, size: u64, inside: &str) -> String {
    si(sid, size).replacen("/><feature", &format!(">{inside}</file><feature"), 1)
}

/// A transfer of `inside` that waits for blocks.
fn receiving_with(s: &mut Hosted<'_>, size: u64, inside: &str) -> TransferId {
    let transfer = offered(s.give(&set(PEER, "o1", &si_with("s1", size, inside))));
    s.session.accept(transfer, 0).unwrap();
    s.poll();
    s.ask(&set(PEER, "o2", &open("s1", 4096)));
    s.take_events();
    transfer
}

/// Gives one block; answers what came of it.
fn block(s: &mut Hosted<'_>, seq: u32, bytes: &[u8]) -> Got {
    s.give(&set(PEER, &format!("d{seq}"), &data("s1", seq, &base64(bytes))))
}

/// What is answered: id and condition, none for a result.
fn answers(sent: &[String]) -> Vec<(String, Option<String>)> {
    let iqs = sent.iter().filter(|s| s.contains("type='result'") || s.contains("type='error'"));
    iqs.map(|s| (attr(s, "id").to_owned(), s.contains("<error").then(|| condition(s).to_owned()))).collect()
}

fn result_of(id: &str) -> (String, Option<String>) {
    (id.to_owned(), None)
}

fn error_of(id: &str, condition: &str) -> (String, Option<String>) {
    (id.to_owned(), Some(condition.to_owned()))
}

fn closes(sent: &[String]) -> usize {
    sent.iter().filter(|s| s.contains("<close ")).count()
}

#[test]
fn ibb_16_a_block_is_acknowledged_only_when_its_owner_stored_it() {
    receiver!(s);
    let transfer = receiving(&mut s, "s1", 10);
    assert_eq!(block(&mut s, 0, b"01234"), Got::Data { transfer, offset: 0, bytes: b"01234".to_vec() });
    assert_eq!(block(&mut s, 1, b"56789"), Got::Data { transfer, offset: 5, bytes: b"56789".to_vec() });
    assert!(s.poll().is_empty());
    s.session.stored(transfer, 4).unwrap();
    assert!(s.poll().is_empty(), "not the whole block");
    s.session.stored(transfer, 9).unwrap();
    assert_eq!(answers(&s.poll()), [result_of("d0")]);
    s.session.stored(transfer, 3).unwrap();
    assert_eq!(s.session.stored(transfer, 11), Err(Error::Argument(Argument::Offset)));
    s.session.stored(transfer, 10).unwrap();
    assert_eq!(answers(&s.poll()), [result_of("d1")]);
}

#[test]
fn ibb_14_acknowledgements_keep_the_order_of_the_blocks_and_the_close_comes_last() {
    receiver!(s);
    let transfer = receiving(&mut s, "s1", 3);
    for seq in 0..3 {
        block(&mut s, seq, b"x");
    }
    s.give(&set(PEER, "c", &close("s1")));
    assert!(s.poll().is_empty());
    s.session.stored(transfer, 3).unwrap();
    let want = ["d0", "d1", "d2", "c"].map(result_of);
    assert_eq!(answers(&s.poll()), want);
    assert_eq!(s.ending(), Ending::Unverified);
}

#[test]
fn ibb_31_a_close_right_behind_the_last_block_loses_nothing() {
    receiver!(s);
    let transfer = receiving_with(&mut s, 5, &hash(b"hello"));
    // Some peers repeat the block size on every block (IBB-22).
    let data = data("s1", 0, &base64(b"hello")).replace(" seq", " block-size='4096' seq");
    assert!(matches!(s.give(&set(PEER, "d0", &data)), Got::Data { .. }));
    s.give(&set(PEER, "c", &close("s1")));
    s.session.stored(transfer, 5).unwrap();
    assert_eq!(answers(&s.poll()), [result_of("d0"), result_of("c")]);
    assert_eq!(s.ending(), Ending::Done);
}

#[test]
fn a_receiver_says_done_with_receipts_only_when_the_sender_agrees() {
    for (answer, ending) in [
        (None, Ending::Unverified),
        (Some("result"), Ending::Done),
        (Some("not-acceptable"), failed(Reason::HashMismatch, Some(StanzaCondition::NotAcceptable))),
        (Some("item-not-found"), Ending::Unverified),
    ] {
        receiver!(s);
        let transfer = receiving_with(&mut s, 5, "<receipt xmlns='urn:libxft:receipt:0'/>");
        block(&mut s, 0, b"hello");
        s.give(&set(PEER, "c", &close("s1")));
        s.session.stored(transfer, 5).unwrap();
        let sent = s.poll();
        let receipt = sent.last().unwrap();
        assert!(
            receipt.contains("<receipt ")
                && receipt.contains(&STANDARD.encode(sha2::Sha256::digest(b"hello")))
        );
        assert_eq!(s.take_events(), []);
        match answer {
            None => drop(s.wait_ms(60_000)),
            Some("result") => drop(s.ask(&result(PEER, attr(receipt, "id"), ""))),
            Some(word) => drop(s.ask(&error(PEER, attr(receipt, "id"), "cancel", word))),
        }
        assert_eq!(s.ending(), ending, "{answer:?}");
    }
}

#[test]
fn atk_42_a_hash_that_lies_is_a_failure_and_never_done() {
    receiver!(s);
    let transfer = receiving_with(&mut s, 5, &hash(b"other"));
    block(&mut s, 0, b"hello");
    s.give(&set(PEER, "c", &close("s1")));
    s.session.stored(transfer, 5).unwrap();
    s.poll();
    assert_eq!(s.ending(), failed(Reason::HashMismatch, None));
}

#[test]
fn si_12_md5_alone_is_compared_when_nothing_better_is_there() {
    // MD5 of "hello", and of something else.
    for (md5, ending) in [
        ("5d41402abc4b2a76b9719d911017c592", Ending::Done),
        ("5D41402ABC4B2A76B9719D911017C592", Ending::Done),
        ("00000000000000000000000000000000", failed(Reason::HashMismatch, None)),
        ("nonsense", Ending::Unverified),
    ] {
        receiver!(s);
        let offer = si("s1", 5).replace(" size=", &format!(" hash='{md5}' size="));
        let transfer = offered(s.give(&set(PEER, "o1", &offer)));
        s.session.accept(transfer, 0).unwrap();
        s.poll();
        s.ask(&set(PEER, "o2", &open("s1", 4096)));
        s.take_events();
        block(&mut s, 0, b"hello");
        s.give(&set(PEER, "c", &close("s1")));
        s.session.stored(transfer, 5).unwrap();
        s.poll();
        assert_eq!(s.ending(), ending, "{md5}");
    }
}

#[test]
fn ibb_38_an_empty_file_is_whole_when_it_is_closed() {
    receiver!(s);
    receiving_with(&mut s, 0, &hash(b""));
    assert_eq!(answers(&s.ask(&set(PEER, "c", &close("s1")))), [result_of("c")]);
    assert_eq!(s.ending(), Ending::Done);
}

#[test]
fn si_09_si_10_offers_that_cannot_be_taken_are_refused_by_name() {
    let good = si("s1", 10);
    let other_method =
        good.replace("http://jabber.org/protocol/ibb", "http://jabber.org/protocol/bytestreams");
    for (offer, word, app) in [
        (good.replace("size='10'", "size=''"), "bad-request", ""),
        (good.replace(" name='a'", ""), "bad-request", ""),
        (good.replace("size='10'", "size='-1'"), "bad-request", ""),
        (good.replace("size='10'", "size='9223372036854775808'"), "bad-request", ""),
        (good.replace("size='10'", "size='0x10'"), "bad-request", ""),
        (good.replace(" id='s1'", ""), "bad-request", ""),
        (good.replace(&format!("<file xmlns='{SIFT}' name='a' size='10'/>"), ""), "bad-request", ""),
        (good[..good.find("<feature").unwrap()].to_owned() + "</si>", "bad-request", ""),
        (other_method, "bad-request", "no-valid-streams"),
    ] {
        receiver!(s);
        assert_eq!(s.give(&set(PEER, "o1", &offer)), Got::Consumed, "{offer}");
        let sent = s.poll();
        assert_eq!(answers(&sent), [error_of("o1", word)], "{offer}");
        assert!(sent[0].contains(app));
        assert!(s.take_events().is_empty());
    }
}

#[test]
fn si_10_the_largest_size_is_offered_as_it_is() {
    receiver!(s);
    let got = s.give(&set(PEER, "o1", &si("s1", (1 << 63) - 1)));
    assert!(matches!(got, Got::Offer { size, .. } if size == (1 << 63) - 1));
}

#[test]
fn atk_40_a_hostile_name_arrives_harmless_beside_the_raw_one() {
    receiver!(s);
    let offer = si("s1", 1).replace("name='a'", "name='../../etc/pass\u{202e}wd&#10;'");
    let Got::Offer { name, raw_name, .. } = s.give(&set(PEER, "o1", &offer)) else { panic!() };
    assert_eq!((name.as_str(), raw_name.as_str()), ("pass_wd_", "../../etc/pass\u{202e}wd\n"));
}

/// ATK-40: names as other systems write them, and what must become of them.
#[test]
fn names_from_the_field_keep_what_they_say_and_lose_what_can_do_harm() {
    receiver!(s);
    for line in include_str!("names.tsv").lines().filter(|line| !line.starts_with('#')) {
        let (raw, wanted) = line.split_once('\t').unwrap();
        let written = raw.replace('&', "&amp;").replace('\'', "&apos;").replace('<', "&lt;");
        let offer = si("s1", 1).replace("name='a'", &format!("name='{written}'"));
        let Got::Offer { name, transfer, .. } = s.give(&set(PEER, "o1", &offer)) else { panic!("{raw}") };
        assert!(name.len() <= NAME_BYTES);
        match wanted.split_once(':').unwrap() {
            ("is", what) => assert_eq!(name, what, "{raw}"),
            ("ext", what) => assert!(name.ends_with(what), "{raw} became {name}"),
            _ => panic!("{line}"),
        }
        s.session.decline(transfer, Decline::Unwanted).unwrap();
        s.poll();
    }
}

#[test]
fn atk_33_offers_have_a_limit_per_peer_and_in_all() {
    receiver!(s, |cfg: &mut Config<'_>| cfg.offers_per_peer = 1);
    assert!(matches!(s.give(&set(PEER, "o1", &si("s1", 1))), Got::Offer { .. }));
    assert_eq!(answers(&s.ask(&set(PEER, "o2", &si("s2", 1)))), [error_of("o2", "resource-constraint")]);
    for n in 0..2 {
        assert!(matches!(s.give(&set(&format!("u{n}@x.test/r"), "o", &si("s1", 1))), Got::Offer { .. }));
    }
    assert_eq!(
        answers(&s.ask(&set("u2@x.test/r", "o", &si("s1", 1)))),
        [error_of("o", "resource-constraint")]
    );
}

#[test]
fn ibb_07_an_offer_with_a_stream_id_under_way_is_refused_and_the_first_untouched() {
    receiver!(s);
    receiving(&mut s, "s1", 10);
    assert_eq!(answers(&s.ask(&set(PEER, "o9", &si("s1", 1)))), [error_of("o9", "not-acceptable")]);
    assert!(matches!(block(&mut s, 0, b"x"), Got::Data { .. }));
    // The same id from somebody else is another stream.
    assert!(matches!(s.give(&set("u@x.test/r", "o", &si("s1", 1))), Got::Offer { .. }));
}

#[test]
fn si_09_a_declined_offer_says_why() {
    for (why, word, reason) in [
        (Decline::Unwanted, "forbidden", Reason::Declined),
        (Decline::Busy, "resource-constraint", Reason::Declined),
        (Decline::StoreFailed, "internal-server-error", Reason::StoreFailed),
    ] {
        receiver!(s);
        let transfer = offered(s.give(&set(PEER, "o1", &si("s1", 1))));
        s.session.decline(transfer, why).unwrap();
        assert_eq!(answers(&s.poll()), [error_of("o1", word)]);
        assert_eq!(s.ending(), failed(reason, None));
        assert_eq!(s.session.accept(transfer, 0), Err(Error::Stale));
    }
}

/// An owner that cannot even begin to store: instead of an answer, or behind an acceptance that is not out yet.
#[test]
fn who_cannot_begin_to_store_says_so_in_the_answer_to_the_offer() {
    const WORD: &str = "<store-failed xmlns='urn:libxft:receipt:1'/>";
    let ways: [fn(&mut Hosted<'_>, TransferId); 3] = [
        |s, id| s.session.decline(id, Decline::StoreFailed).unwrap(),
        |s, id| s.session.cancel(id, Cancel::StoreFailed).unwrap(),
        |s, id| {
            s.session.accept(id, 0).unwrap();
            s.session.cancel(id, Cancel::StoreFailed).unwrap();
        },
    ];
    for way in ways {
        receiver!(s);
        let transfer = offered(s.give(&set(PEER, "o1", &si("s1", 1))));
        way(&mut s, transfer);
        let sent = s.poll();
        assert_eq!(answers(&sent), [error_of("o1", "internal-server-error")]);
        assert!(sent[0].contains(WORD), "{sent:?}");
        assert_eq!(s.ending(), failed(Reason::StoreFailed, None));
    }
}

#[test]
fn si_13_si_14_an_offset_is_accepted_only_of_a_sender_that_can_and_inside_the_file() {
    receiver!(s);
    let plain = offered(s.give(&set(PEER, "o1", &si("s1", 10))));
    assert_eq!(s.session.accept(plain, 1), Err(Error::Argument(Argument::Offset)));
    let ranged = offered(s.give(&set(PEER, "o2", &si_with("s2", 10, "<range/>"))));
    assert_eq!(s.session.accept(ranged, 11), Err(Error::Argument(Argument::Offset)));
    s.session.accept(ranged, 4).unwrap();
    assert_eq!(s.session.accept(ranged, 4), Err(Error::State), "once");
    let sent = s.poll();
    assert!(sent[0].contains("<range offset='4'"), "{sent:?}");
    s.ask(&set(PEER, "o3", &open("s2", 4096)));
    let got = s.give(&set(PEER, "d", &data("s2", 0, &base64(b"456789"))));
    assert_eq!(got, Got::Data { transfer: ranged, offset: 4, bytes: b"456789".to_vec() });
    s.give(&set(PEER, "c", &close("s2")));
    s.session.stored(ranged, 10).unwrap();
    s.poll();
    assert_eq!(s.ending(), Ending::Unverified);
}

#[test]
fn ibb_04_atk_19_openings_that_are_none_are_bad_requests() {
    let good = open("s1", 4096);
    for bad in [
        good.replace(" sid='s1'", ""),
        good.replace("block-size='4096'", ""),
        good.replace("4096", "0"),
        good.replace("4096", "65536"),
        good.replace("4096", "-1"),
        good.replace("4096", "99999999999999999999"),
        good.replace("'iq'", "'presence'"),
    ] {
        receiver!(s);
        let transfer = accepted(&mut s, "s1", 10);
        assert_eq!(answers(&s.ask(&set(PEER, "o2", &bad))), [error_of("o2", "bad-request")], "{bad}");
        // A second try is free.
        assert_eq!(answers(&s.ask(&set(PEER, "o3", &good))), [result_of("o3")]);
        assert!(s.session.progress(transfer).is_ok());
    }
}

#[test]
fn ibb_05_a_larger_block_than_ours_is_asked_for_smaller() {
    receiver!(s);
    accepted(&mut s, "s1", 10);
    let answer = s.ask(&set(PEER, "o2", &open("s1", 8193)));
    assert_eq!(answers(&answer), [error_of("o2", "resource-constraint")]);
    assert!(answer[0].contains("type='modify'"));
    assert_eq!(answers(&s.ask(&set(PEER, "o3", &open("s1", 8192)))), [result_of("o3")]);
}

#[test]
fn ibb_18_ibb_20_bad_blocks_are_refused_by_name_end_the_stream_and_are_not_delivered() {
    let good = base64(b"hello");
    let long = base64(&[7; 4097]);
    for (seq, text, word, reason) in [
        ("1", good.as_str(), "unexpected-request", Reason::Sequence),
        ("65535", &good, "unexpected-request", Reason::Sequence),
        ("65536", &good, "bad-request", Reason::Sequence),
        ("", &good, "bad-request", Reason::Sequence),
        ("-0", &good, "bad-request", Reason::Sequence),
        (" 0", &good, "bad-request", Reason::Sequence),
        ("0x0", &good, "bad-request", Reason::Sequence),
        ("0", "aGVsbG8", "bad-request", Reason::Base64),
        ("0", "aGVs!G8=", "bad-request", Reason::Base64),
        ("0", "aGVsbG9=", "bad-request", Reason::Base64),
        ("0", "aG=Vsb8=", "bad-request", Reason::Base64),
        ("0", "aGVsbG8=aGVs", "bad-request", Reason::Base64),
        ("0", "a-_sbG8=", "bad-request", Reason::Base64),
        ("0", &long, "bad-request", Reason::BlockTooLarge),
    ] {
        receiver!(s);
        let transfer = receiving(&mut s, "s1", 50_000);
        let bad = format!("<data xmlns='http://jabber.org/protocol/ibb' sid='s1' seq='{seq}'>{text}</data>");
        assert_eq!(s.give(&set(PEER, "d", &bad)), Got::Consumed, "{bad}");
        let sent = s.poll();
        assert_eq!((answers(&sent), closes(&sent)), (vec![error_of("d", word)], 1), "{seq} {text}");
        assert_eq!(s.ending(), failed(reason, None), "{seq} {text}");
        // Nothing of later ones either (IBB-33): nobody here knows that stream any more.
        assert_eq!(block(&mut s, 0, b"hello"), Got::NotMine);
        assert_eq!(s.session.stored(transfer, 5), Err(Error::Stale));
    }
}

#[test]
fn ibb_20_a_block_that_comes_twice_ends_the_stream() {
    receiver!(s);
    receiving(&mut s, "s1", 100);
    assert!(matches!(block(&mut s, 0, b"x"), Got::Data { .. }));
    // Under an id of its own it is another block (SM-22).
    assert_eq!(s.give(&set(PEER, "x0", &data("s1", 0, &base64(b"x")))), Got::Consumed);
    let sent = s.poll();
    assert!(answers(&sent).contains(&error_of("x0", "unexpected-request")) && closes(&sent) == 1, "{sent:?}");
    assert_eq!(s.ending(), failed(Reason::Sequence, None));
}

#[test]
fn stz_04_blocks_of_a_transfer_that_failed_before_they_were_stored_are_answered_too() {
    receiver!(s);
    let transfer = receiving(&mut s, "s1", 100);
    block(&mut s, 0, b"x");
    block(&mut s, 1, b"y");
    s.session.stored(transfer, 1).unwrap();
    s.session.cancel(transfer, Cancel::StoreFailed).unwrap();
    let sent = s.poll();
    let want = vec![result_of("d0"), error_of("d1", "internal-server-error")];
    assert_eq!((answers(&sent), closes(&sent)), (want, 1));
    assert_eq!(s.ending(), failed(Reason::StoreFailed, None));
}

#[test]
fn si_17_atk_41_more_bytes_than_announced_are_not_delivered() {
    receiver!(s);
    receiving(&mut s, "s1", 4);
    assert_eq!(block(&mut s, 0, b"hello"), Got::Consumed);
    let sent = s.poll();
    assert_eq!((answers(&sent), closes(&sent)), (vec![error_of("d0", "not-acceptable")], 1));
    assert_eq!(s.ending(), failed(Reason::TooManyBytes, None));
}

#[test]
fn ibb_35_si_17_a_close_before_the_end_is_a_short_file() {
    receiver!(s);
    let transfer = receiving(&mut s, "s1", 10);
    block(&mut s, 0, b"hello");
    s.session.stored(transfer, 5).unwrap();
    let sent = s.ask(&set(PEER, "c", &close("s1")));
    assert!(answers(&sent).contains(&result_of("c")) && closes(&sent) == 0, "{sent:?}");
    assert_eq!(s.ending(), failed(Reason::TooFewBytes, None));
}

#[test]
fn atk_20_atk_21_blocks_and_closes_from_anybody_else_touch_nothing() {
    receiver!(s);
    let transfer = receiving(&mut s, "s1", 10);
    for from in ["pacs@hospital.test/other", "pacs@hospital.test", "evil@x.test/in"] {
        assert_eq!(s.give(&set(from, "d", &data("s1", 0, &base64(b"evil")))), Got::NotMine);
        assert_eq!(s.give(&set(from, "c", &close("s1"))), Got::NotMine);
        assert_eq!(s.give(&set(from, "o", &open("s1", 4096))), Got::NotMine);
    }
    assert_eq!(answers(&s.ask(&set(PEER, "o9", &open("s1", 4096)))), [error_of("o9", "not-acceptable")]);
    assert!(matches!(block(&mut s, 0, b"right"), Got::Data { offset: 0, .. }));
    assert!(s.session.progress(transfer).is_ok_and(|p| p.moved == 5));
}

#[test]
fn ibb_21_atk_17_empty_blocks_count_and_only_so_many_are_taken() {
    receiver!(s);
    receiving(&mut s, "s1", 10);
    for seq in 0..8 {
        assert_eq!(answers(&s.ask(&set(PEER, "d", &data("s1", seq, "")))), [result_of("d")]);
    }
    assert!(matches!(block(&mut s, 8, b"x"), Got::Data { offset: 0, .. }));
    for seq in 9..17 {
        s.ask(&set(PEER, "d", &data("s1", seq, "")));
    }
    assert!(s.take_events().is_empty());
    let sent = s.ask(&set(PEER, "d", &data("s1", 17, "")));
    assert!(answers(&sent).contains(&error_of("d", "policy-violation")) && closes(&sent) == 1, "{sent:?}");
    assert_eq!(s.ending(), failed(Reason::Stalled, None));
}

#[test]
fn atk_24_white_space_in_base64_is_read_and_other_forms_of_the_element_too() {
    for text in ["aGVs\n  bG8=", "aGVsbG8=\r\n\t", "<![CDATA[aGVsbG8=]]>", "aGVs&#98;G8="] {
        receiver!(s);
        let transfer = receiving(&mut s, "s1", 5);
        let got = s.give(&set(PEER, "d", &data("s1", 0, text)));
        assert_eq!(got, Got::Data { transfer, offset: 0, bytes: b"hello".to_vec() }, "{text:?}");
    }
}

#[test]
fn ibb_12_the_sequence_number_comes_round() {
    receiver!(s);
    let transfer = receiving(&mut s, "s1", 65_538);
    for n in 0..65_538u32 {
        assert!(
            matches!(block(&mut s, n & 0xffff, b"x"), Got::Data { offset, .. } if offset == u64::from(n)),
            "{n}"
        );
        s.session.stored(transfer, u64::from(n) + 1).unwrap();
        s.poll();
    }
    assert!(s.take_events().is_empty());
}

#[test]
fn ibb_08_ibb_17_messages_carry_blocks_when_the_opening_says_so() {
    receiver!(s);
    let transfer = accepted(&mut s, "s1", 5);
    let open = open("s1", 4096).replace("'iq'", "'message'");
    assert_eq!(answers(&s.ask(&set(PEER, "o2", &open))), [result_of("o2")]);
    let message = format!(
        "<message xmlns='jabber:client' from='{PEER}' to='{ME}' id='m'>{}\
         <amp xmlns='http://jabber.org/protocol/amp'><rule action='error' condition='deliver' value='stored'/></amp></message>",
        data("s1", 0, &base64(b"hello"))
    );
    assert_eq!(s.give(&message), Got::Data { transfer, offset: 0, bytes: b"hello".to_vec() });
    s.session.stored(transfer, 5).unwrap();
    assert!(s.poll().is_empty(), "nothing is answered to a message (STZ-13)");
    s.take_events();
    s.ask(&set(PEER, "c", &close("s1")));
    assert_eq!(s.ending(), Ending::Unverified);
}

#[test]
fn a_tiny_list_of_acknowledgements_pushes_back_with_full_and_loses_nothing() {
    receiver!(s);
    let transfer = receiving(&mut s, "s1", 1000);
    let mut count = 0u32;
    loop {
        let stanza = set(PEER, &format!("{count:0>64}"), &data("s1", count, &base64(b"x")));
        match s.try_give(&stanza) {
            Ok(Got::Data { .. }) => count += 1,
            Err(Error::Full) => break,
            other => panic!("{other:?}"),
        }
        assert!(count < 1000);
    }
    assert!(count >= 8, "{count}");
    assert!(s.poll().is_empty(), "draining alone makes no room");
    assert_eq!(s.try_give(&set(PEER, "p", "<ping xmlns='urn:xmpp:ping'/>")), Err(Error::Full));
    s.session.stored(transfer, u64::from(count)).unwrap();
    assert_eq!(answers(&s.poll()).len(), count as usize);
    assert!(matches!(block(&mut s, count, b"x"), Got::Data { offset, .. } if offset == u64::from(count)));
}

#[test]
fn every_timer_of_a_receiver_ends_its_transfer_with_a_name() {
    let runs_out = |s: &mut Hosted<'_>, why, ms, reason| {
        s.take_events();
        assert_eq!((s.why, s.wait), (why, Some(s.now + ms)));
        s.wait_ms(ms - 1);
        assert_eq!(s.take_events(), []);
        let sent = s.wait_ms(1);
        assert_eq!(s.ending(), failed(reason, None));
        sent
    };
    receiver!(s);
    s.give(&set(PEER, "o1", &si("s1", 10)));
    s.poll();
    let sent = runs_out(&mut s, Timer::Offer, 300_000, Reason::OfferTimeout);
    assert_eq!(answers(&sent), [error_of("o1", "resource-constraint")]);
    receiver!(s);
    accepted(&mut s, "s1", 10);
    runs_out(&mut s, Timer::Open, 60_000, Reason::OpenTimeout);
    assert_eq!(s.give(&set(PEER, "late", &open("s1", 4096))), Got::NotMine);
    receiver!(s);
    receiving(&mut s, "s1", 10);
    let sent = runs_out(&mut s, Timer::Progress, 300_000, Reason::Stalled);
    assert_eq!(closes(&sent), 1);
}

#[test]
fn our_own_slow_disk_is_not_the_peers_stall() {
    receiver!(s);
    let transfer = receiving_with(&mut s, 5, &hash(b"hello"));
    block(&mut s, 0, b"hello");
    s.poll();
    for _ in 0..5 {
        s.wait_ms(300_000);
    }
    assert_eq!(s.take_events(), []);
    s.session.stored(transfer, 5).unwrap();
    assert_eq!(answers(&s.poll()), [result_of("d0")]);
    // Everything is here; a peer that forgets to close does not make it less.
    s.wait_ms(300_000);
    assert_eq!(s.ending(), Ending::Done);
}

#[test]
fn ibb_36_a_peer_that_goes_ends_what_it_was_sending_at_every_state() {
    type Way = fn(&mut Hosted<'_>);
    let ways: [Way; 3] = [
        |s| drop(s.give(&set(PEER, "o1", &si("s1", 10)))),
        |s| {
            accepted(s, "s1", 10);
        },
        |s| {
            receiving(s, "s1", 10);
        },
    ];
    for (index, way) in ways.into_iter().enumerate() {
        receiver!(s);
        way(&mut s);
        s.poll();
        s.take_events();
        s.ask(&format!("<presence xmlns='jabber:client' type='unavailable' from='{PEER}'/>"));
        assert_eq!(s.ending(), failed(Reason::PeerGone, None), "state {index}");
    }
}

#[test]
fn ibb_36_the_end_of_the_stream_ends_every_transfer_and_then_the_session() {
    receiver!(s);
    receiving(&mut s, "s1", 10);
    s.give(&set(PEER, "o9", &si("s2", 10)));
    s.session.stream_end(StreamId::XMPP, StreamEnd::Lost).unwrap();
    assert!(s.poll().is_empty());
    let events = s.take_events();
    assert_eq!(events.len(), 3, "{events:?}");
    let lost =
        |e: &&Event| matches!(e, Event::Finished { ending: Ending::Failed(Reason::StreamLost, None), .. });
    assert_eq!(events.iter().filter(lost).count(), 2);
    assert_eq!(events[2], Event::Offline { reason: Reason::StreamEnded, condition: None });
    assert_eq!(s.session.offer(&file(1)), Err(Error::Closed(Reason::StreamEnded)));
    assert_eq!(s.try_give(&set(PEER, "x", &si("s3", 1))), Err(Error::Closed(Reason::StreamEnded)));
}

#[test]
fn close_tells_the_peers_and_then_the_owner() {
    receiver!(s);
    receiving(&mut s, "s1", 10);
    s.give(&set(PEER, "o9", &si("s2", 10)));
    s.session.close().unwrap();
    let sent = s.poll();
    assert_eq!((answers(&sent).len(), closes(&sent)), (1, 1), "{sent:?}");
    let events = s.take_events();
    assert!(matches!(events.last(), Some(Event::Offline { reason: Reason::Closed, .. })), "{events:?}");
    assert_eq!(events.len(), 3);
}

#[test]
fn stz_12_what_is_longer_than_is_kept_is_refused_by_name() {
    receiver!(s);
    let long = format!("u@{}/r", "x".repeat(300));
    let id = "i".repeat(65);
    for (from, id, sid) in
        [(long.as_str(), "o", "s1"), (PEER, id.as_str(), "s1"), (PEER, "o", &"s".repeat(129))]
    {
        assert_eq!(s.give(&set(from, id, &si(sid, 1))), Got::Consumed);
        assert_eq!(answers(&s.poll()), [error_of(id, "not-acceptable")]);
    }
    assert!(s.take_events().is_empty());
}
