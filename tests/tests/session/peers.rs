//! Peers as they really are: what they do differently, and that it does no harm.

use xft_core::*;
use xft_tests::hosted::peer::*;
use xft_tests::hosted::*;

const OTHER: &str = "ws@hospital.test/in";

/// Runs `script` on a fresh session with room for three transfers.
fn with(change: impl Fn(&mut Config<'_>), script: impl FnOnce(&mut Hosted<'_>)) {
    let mut cfg = config(ME);
    change(&mut cfg);
    let mut memory = Memory::new(&cfg, 3, 3);
    script(&mut Hosted::new(&cfg, &mut memory));
}

fn plain(script: impl FnOnce(&mut Hosted<'_>)) {
    with(|_| {}, script);
}

fn base64(bytes: usize) -> String {
    let pad = ["", "AA==", "AAA="][bytes % 3];
    format!("{}{pad}", "AAAA".repeat(bytes / 3))
}

fn block(s: &mut Hosted<'_>, from: &str, sid: &str, seq: u32, text: &str) -> Got {
    s.give(&set(from, &format!("d{seq}"), &data(sid, seq, text)))
}

/// Bytes of one block of ours.
fn payload(stanza: &str) -> usize {
    let text = stanza.split("<data ").nth(1).unwrap().split(['>', '<']).nth(1).unwrap();
    assert!(
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b)),
        "{text}"
    );
    text.len() / 4 * 3 - text.matches('=').count()
}

#[test]
fn qrk_01_ibb_07_atk_20_one_sid_at_two_peers_is_two_streams_and_a_third_has_none() {
    plain(|s| {
        let first = receiving(s, "s1", 6);
        let second = offered(s.give(&set(OTHER, "o1", &si("s1", 6))));
        s.session.accept(second, 0).unwrap();
        s.poll();
        assert!(s.ask(&set(OTHER, "o2", &open("s1", 4096)))[0].contains("type='result'"));
        assert!(matches!(block(s, PEER, "s1", 0, "AAAA"), Got::Data { transfer, .. } if transfer == first));
        assert!(matches!(block(s, OTHER, "s1", 0, "AAAA"), Got::Data { transfer, .. } if transfer == second));
        // ATK-21: another resource of the same account is somebody else.
        for from in
            ["pacs@hospital.test/x", "pacs@hospital.test", "eve@hospital.test/in", "PACS@hospital.test/in"]
        {
            assert_eq!(block(s, from, "s1", 1, "AAAA"), Got::NotMine, "{from}");
            assert_eq!(s.give(&set(from, "c", &close("s1"))), Got::NotMine, "{from}");
        }
        assert!(matches!(block(s, PEER, "s1", 1, "AAAA"), Got::Data { offset: 3, .. }));
        assert!(matches!(block(s, OTHER, "s1", 1, "AAAA"), Got::Data { offset: 3, .. }));
    });
}

#[test]
fn ibb_07_the_same_sid_offered_again_by_the_same_peer_is_refused_and_the_first_goes_on() {
    plain(|s| {
        receiving(s, "s1", 6);
        assert_eq!(condition(&s.ask(&set(PEER, "o9", &si("s1", 6)))[0]), "not-acceptable");
        assert!(matches!(block(s, PEER, "s1", 0, "AAAA"), Got::Data { .. }));
    });
}

#[test]
fn ibb_09_streams_in_both_directions_at_once_are_independent() {
    plain(|s| {
        receiving(s, "s1", 6);
        let open = opening(s, 10);
        assert_ne!(attr(&open, "sid"), "s1");
        let sent = s.ask(&result(PEER, attr(&open, "id"), ""));
        assert_eq!(payload(&sent[0]), 10);
        assert!(matches!(block(s, PEER, "s1", 0, "AAAA"), Got::Data { .. }));
        // Our own sid from the other side is no stream of ours to receive on.
        block(s, PEER, attr(&open, "sid"), 0, "AAAA");
        assert_eq!(condition(&s.poll()[0]), "item-not-found");
    });
}

#[test]
fn qrk_02_ibb_25_the_owner_hears_when_the_number_will_come_round() {
    plain(|s| {
        let open = opening(s, 4096 * 65_536 + 1);
        assert_eq!(attr(&open, "block-size"), "8192");
        let smaller = s.ask(&error(PEER, attr(&open, "id"), "modify", "resource-constraint"));
        assert_eq!(attr(&smaller[0], "block-size"), "4096");
        s.take_events();
        s.supplies = false;
        s.ask(&result(PEER, attr(&smaller[0], "id"), ""));
        let started = |e: &Event| matches!(e, Event::Started { block_bytes: 4096, seq_wraps: true, .. });
        assert!(s.take_events().iter().any(started));
    });
    plain(|s| {
        let open = opening(s, 4096 * 65_536 + 1);
        s.supplies = false;
        s.ask(&result(PEER, attr(&open, "id"), ""));
        let started = |e: &Event| matches!(e, Event::Started { block_bytes: 8192, seq_wraps: false, .. });
        assert!(s.take_events().iter().any(started));
        assert!(s.wish.unwrap().2 > 4096, "a larger block instead");
    });
}

#[test]
fn qrk_03_ibb_11_ibb_13_our_blocks_are_full_but_the_last_and_nothing_but_base64() {
    plain(|s| {
        let open = opening(s, 10_000);
        let mut sent = s.ask(&result(PEER, attr(&open, "id"), ""));
        let mut sizes = Vec::new();
        for seq in 0..3 {
            let stanza = sent.remove(0);
            assert_eq!(attr(&stanza[stanza.find("<data").unwrap()..], "seq"), seq.to_string(), "IBB-12");
            sizes.push(payload(&stanza));
            sent.extend(s.ask(&result(PEER, attr(&stanza, "id"), "")));
        }
        assert_eq!(sizes, [4096, 4096, 1808]);
        assert!(sent[0].contains("<close "));
    });
}

#[test]
fn qrk_05_ibb_05_a_ceiling_is_met_whatever_type_the_refusal_has() {
    plain(|s| {
        let open = opening(s, 10);
        let again = s.ask(&error(PEER, attr(&open, "id"), "cancel", "resource-constraint"));
        assert_eq!(attr(&again[0], "block-size"), "4096");
        let part = |s: &str| attr(&s[s.find("<open").unwrap()..], "sid").to_owned();
        assert_eq!(part(&again[0]), part(&open));
        assert_ne!(attr(&again[0], "id"), attr(&open, "id"));
    });
}

#[test]
fn qrk_06_stz_06_faults_are_told_by_their_condition_whatever_their_type() {
    for (word, kind, want) in [
        ("item-not-found", "modify", Reason::PeerCancelled),
        ("unexpected-request", "wait", Reason::Refused),
        ("not-acceptable", "auth", Reason::Refused),
        ("service-unavailable", "modify", Reason::PeerGone),
    ] {
        plain(|s| {
            // More than is out at once: else a server's answer would not tell that nothing arrived.
            let open = opening(s, 50_000);
            let sent = s.ask(&result(PEER, attr(&open, "id"), ""));
            s.take_events();
            // QRK-06: some send no close of their own after the fault, hence ours goes out in any case.
            let close = s.ask(&error(PEER, attr(&sent[0], "id"), kind, word));
            assert!(close[0].contains("<close "), "{word}");
            assert!(matches!(s.ending(), Ending::Failed(why, Some(_)) if why == want), "{word}");
        });
    }
}

#[test]
fn qrk_07_ibb_08_blocks_in_messages_are_taken_and_never_sent_unless_told_to() {
    plain(|s| {
        assert_eq!(attr(&opening(s, 10), "stanza"), "iq");
        let transfer = accepted(s, "s1", 6);
        let open = open("s1", 4096).replace("'iq'", "'message'");
        assert!(s.ask(&set(PEER, "o2", &open))[0].contains("type='result'"));
        for seq in 0..2 {
            let message =
                format!("<message from='{PEER}' to='{ME}' id='m{seq}'>{}</message>", data("s1", seq, "AAAA"));
            assert!(matches!(s.give(&message), Got::Data { .. }));
        }
        s.session.stored(transfer, 6).unwrap();
        assert!(s.poll().is_empty());
        assert!(s.ask(&set(PEER, "c", &close("s1")))[0].contains("type='result'"));
    });
}

#[test]
fn qrk_08_ibb_22_ibb_31_a_close_right_behind_the_last_block_loses_nothing() {
    plain(|s| {
        let transfer = receiving(s, "s1", 6);
        let odd = |seq| data("s1", seq, "AAAA").replace(" seq=", " block-size='4096' hint='x' seq=");
        let mut bytes = 0;
        for seq in 0..2 {
            match s.give(&set(PEER, &format!("d{seq}"), &odd(seq))) {
                Got::Data { bytes: b, .. } => bytes += b.len(),
                other => panic!("{other:?}"),
            }
        }
        s.give(&set(PEER, "c", &close("s1")));
        assert!(s.poll().is_empty(), "nothing is acknowledged before it is stored");
        s.session.stored(transfer, 6).unwrap();
        let ids: Vec<String> = s.poll().iter().map(|s| attr(s, "id").to_owned()).collect();
        assert_eq!((bytes, ids), (6, vec!["d0".into(), "d1".into(), "c".into()]), "IBB-14, QRK-04");
        assert_eq!(s.ending(), Ending::Unverified);
    });
}

#[test]
fn qrk_09_after_a_first_refusal_the_same_file_can_be_offered_at_once() {
    plain(|s| {
        let open = opening(s, 10);
        s.ask(&error(PEER, attr(&open, "id"), "cancel", "not-acceptable"));
        assert!(matches!(
            s.ending(),
            Ending::Failed(Reason::Refused, Some(Condition::Stanza(StanzaCondition::NotAcceptable)))
        ));
        let open = opening(s, 10);
        assert_eq!(payload(&s.ask(&result(PEER, attr(&open, "id"), ""))[0]), 10);
    });
}

#[test]
fn qrk_10_si_03_si_05_we_offer_only_what_we_can_keep() {
    plain(|s| {
        let offer = offering(s, 10);
        assert_eq!(offer.matches("<option>").count(), 1);
        assert!(offer.contains(&format!("<option><value>{IBB}</value></option>")));
        // SI-04, IBB-01: the id is the sid to come: hexadecimal and too long to guess.
        let sid = attr(&offer[offer.find("<si ").unwrap()..], "id").to_owned();
        assert!(sid.len() >= 16 && sid.len() <= 64 && sid.bytes().all(|b| b.is_ascii_hexdigit()), "{sid}");
        let open = s.ask(&result(PEER, attr(&offer, "id"), &yes())).remove(0);
        assert_eq!(attr(&open[open.find("<open").unwrap()..], "sid"), sid);
    });
}

#[test]
fn qrk_11_si_08_the_order_of_options_does_not_matter() {
    let option = |uri: &str| format!("<option><value>{uri}</value></option>");
    let s5b = "http://jabber.org/protocol/bytestreams";
    for options in [option(s5b) + &option(IBB), option(IBB) + &option(s5b), option("x") + &option(IBB)] {
        plain(|s| {
            let offer = si("s1", 6).replace(&option(IBB), &options);
            let transfer = offered(s.give(&set(PEER, "o1", &offer)));
            s.session.accept(transfer, 0).unwrap();
            assert!(s.poll()[0].contains(&format!("<value>{IBB}</value>")));
        });
    }
    plain(|s| {
        let offer = offering(s, 10);
        let answer = yes().replacen("'><", "' profile='x' id='y' mime-type='z'><", 1);
        assert!(s.ask(&result(PEER, attr(&offer, "id"), &answer))[0].contains("<open "));
    });
}

#[test]
fn xml_10_white_space_around_a_value_is_no_part_of_it_but_in_a_name_it_is() {
    plain(|s| {
        let offer = offering(s, 10);
        let answer = yes().replace(IBB, &format!("\n  {IBB}\t"));
        assert!(s.ask(&result(PEER, attr(&offer, "id"), &answer))[0].contains("<open "));
        let spaced = si("s1", 6).replace("name='a'", "name='a  b '");
        assert!(
            matches!(s.give(&set(PEER, "o1", &spaced)), Got::Offer { ref raw_name, .. } if raw_name == "a  b ")
        );
    });
}

#[test]
fn qrk_12_qrk_48_ibb_38_an_empty_file_ends_also_when_its_sender_never_closes() {
    for closes in [true, false] {
        with(
            |_| {},
            |s| {
                receiving(s, "s1", 0);
                if closes {
                    assert!(s.ask(&set(PEER, "c", &close("s1")))[0].contains("type='result'"));
                } else {
                    assert_eq!((s.wait, s.why), (Some(5000), Timer::Finish));
                    s.wait_ms(5000);
                }
                assert_eq!(s.ending(), Ending::Unverified);
            },
        );
    }
}

#[test]
fn qrk_44_a_sender_that_never_closes_after_its_last_byte_does_not_hold_the_file_back() {
    with(
        |cfg| (cfg.times.finish_ms, cfg.times.progress_ms) = (1000, 5000),
        |s| {
            let transfer = receiving(s, "s1", 3);
            assert_eq!((s.wait, s.why), (Some(5000), Timer::Progress));
            block(s, PEER, "s1", 0, "AAAA");
            s.session.stored(transfer, 3).unwrap();
            s.poll();
            assert_eq!((s.wait, s.why), (Some(1000), Timer::Finish));
            s.wait_ms(1000);
            assert_eq!(s.ending(), Ending::Unverified);
        },
    );
}

#[test]
fn qrk_13_si_12_an_md5_is_compared_in_any_case_of_letters() {
    for (hash, want) in [
        ("693e9af84d3dfcc71e640e005bdc5e2e", Ending::Done),
        ("693E9AF84D3DFCC71E640E005BDC5E2E", Ending::Done),
        ("693e9af84d3dfcc71e640e005bdc5e2f", Ending::Failed(Reason::HashMismatch, None)),
        // ATK-42: what is no MD5 is none.
        ("693e9af8", Ending::Unverified),
    ] {
        plain(|s| {
            let offer = si("s1", 3).replace("size='3'", &format!("size='3' hash='{hash}'"));
            let transfer = offered(s.give(&set(PEER, "o1", &offer)));
            s.session.accept(transfer, 0).unwrap();
            s.poll();
            s.ask(&set(PEER, "o2", &open("s1", 4096)));
            s.take_events();
            block(s, PEER, "s1", 0, "AAAA");
            s.session.stored(transfer, 3).unwrap();
            s.ask(&set(PEER, "c", &close("s1")));
            assert_eq!(s.ending(), want, "{hash}");
        });
    }
}

#[test]
fn qrk_45_ibb_02_the_block_size_counts_bytes_before_base64_and_shorter_blocks_are_fine() {
    for (bytes, good) in [(1, true), (3070, true), (4096, true), (4097, false), (5464, false)] {
        plain(|s| {
            accepted(s, "s1", 100_000);
            let unmarked = open("s1", 4096).replace(" stanza='iq'", "");
            assert!(s.ask(&set(PEER, "o2", &unmarked))[0].contains("type='result'"));
            s.take_events();
            let got = block(s, PEER, "s1", 0, &base64(bytes));
            let sent = s.poll();
            if good {
                assert!(matches!(got, Got::Data { bytes: ref b, .. } if b.len() == bytes), "{bytes}");
            } else {
                assert_eq!(
                    (condition(&sent[0]), s.ending()),
                    ("bad-request", Ending::Failed(Reason::BlockTooLarge, None))
                );
            }
        });
    }
}

#[test]
fn qrk_46_qrk_50_si_01_dsc_05_a_peer_is_offered_a_file_whatever_it_leaves_out() {
    let feature = |var: &str| format!("<feature var='{var}'/>");
    let (base, profile) = (feature(SI), feature(&format!("{SI}/profile/file-transfer")));
    let jingle = feature("urn:xmpp:jingle:1") + &feature("urn:xmpp:jingle:apps:file-transfer:5");
    for features in [
        format!("{base}{profile}"),
        format!("{profile}{profile}{base}{base}"),
        // SI-02: as long as there is no Jingle here, SI is what both have.
        format!("{jingle}{base}{profile}"),
        base,
        profile,
        feature(IBB),
        String::new(),
    ] {
        plain(|s| {
            s.session.offer(&file(10)).unwrap();
            let question = s.poll().remove(0);
            let info = format!("<query xmlns='http://jabber.org/protocol/disco#info'>{features}</query>");
            let sent = s.ask(&result(PEER, attr(&question, "id"), &info));
            assert!(sent.iter().any(|s| s.contains("<si ")), "{features}");
        });
    }
}

#[test]
fn qrk_47_si_16_an_offer_nobody_answers_ends_by_its_name_and_not_before_its_time() {
    plain(|s| {
        offering(s, 10);
        let patience = u64::from(Times::default().offer_ms);
        assert_eq!((s.wait, s.why), (Some(patience), Timer::Offer));
        assert!(s.wait_ms(patience - 1).is_empty() && s.take_events().is_empty());
        s.wait_ms(1);
        assert_eq!(s.ending(), Ending::Failed(Reason::OfferTimeout, None));
    });
}

#[test]
fn qrk_48_si_10_an_offer_without_a_size_is_one_of_an_empty_file() {
    for bytes in [0, 3] {
        plain(|s| {
            let got = s.give(&set(PEER, "o1", &si("s1", 0).replace(" size='0'", "")));
            assert!(matches!(got, Got::Offer { size: 0, .. }), "{got:?}");
            s.session.accept(offered(got), 0).unwrap();
            s.poll();
            s.ask(&set(PEER, "o2", &open("s1", 4096)));
            s.take_events();
            if bytes > 0 {
                assert_eq!(block(s, PEER, "s1", 0, &base64(bytes)), Got::Consumed);
                assert_eq!(condition(&s.poll()[0]), "not-acceptable");
                assert_eq!(s.ending(), Ending::Failed(Reason::TooManyBytes, None));
            } else {
                assert!(s.ask(&set(PEER, "c", &close("s1")))[0].contains("type='result'"));
                assert_eq!(s.ending(), Ending::Unverified);
            }
        });
    }
}

#[test]
fn qrk_49_atk_40_names_come_raw_and_go_harmless() {
    plain(|s| {
        let got = s.give(&set(PEER, "o1", &si("s1", 6).replace("name='a'", "name='../..\\x/../y&#9;.dcm'")));
        assert!(
            matches!(got, Got::Offer { ref name, ref raw_name, .. } if name == "y_.dcm" && raw_name == "../..\\x/../y\t.dcm"),
            "{got:?}"
        );
    });
}

#[test]
fn ibb_33_behind_our_close_blocks_are_not_found_and_closes_are_answered() {
    plain(|s| {
        let transfer = receiving(s, "s1", 6);
        block(s, PEER, "s1", 0, "AAAA");
        s.session.cancel(transfer, Cancel::Wish).unwrap();
        // Still owed: it crosses our close.
        block(s, PEER, "s1", 1, "AAAA");
        let close_too = s.give(&set(PEER, "c", &close("s1")));
        assert_eq!(close_too, Got::Consumed);
        let sent = s.poll();
        let answer = |id: &str| sent.iter().filter(|s| attr(s, "id") == id).cloned().collect::<Vec<_>>();
        assert_eq!(condition(&answer("d0")[0]), "item-not-found", "what was never stored (STZ-04)");
        assert_eq!(condition(&answer("d1")[0]), "item-not-found");
        assert!(answer("c")[0].contains("type='result'"), "IBB-32, IBB-34: at once");
        assert_eq!(sent.iter().filter(|s| s.contains("type='set'") && s.contains("<close ")).count(), 1);
        assert_eq!(s.ending(), Ending::Failed(Reason::Cancelled, None));
    });
}

#[test]
fn ibb_35_a_close_is_no_proof_of_completeness() {
    plain(|s| {
        let transfer = receiving(s, "s1", 6);
        block(s, PEER, "s1", 0, "AAAA");
        s.session.stored(transfer, 3).unwrap();
        s.poll();
        assert!(s.ask(&set(PEER, "c", &close("s1")))[0].contains("type='result'"));
        assert_eq!(s.ending(), Ending::Failed(Reason::TooFewBytes, None));
    });
}

#[test]
fn stz_09_late_answers_are_swallowed_whatever_became_of_the_request() {
    plain(|s| {
        let offer = offering(s, 10);
        s.wait_ms(u64::from(Times::default().offer_ms));
        s.take_events();
        for answer in
            [result(PEER, attr(&offer, "id"), &yes()), error(PEER, attr(&offer, "id"), "cancel", "forbidden")]
        {
            assert_eq!(s.give(&answer), Got::Consumed, "not the host's to wonder about");
        }
        assert!(s.poll().is_empty() && s.take_events().is_empty());
    });
}

#[test]
fn atk_62_what_is_told_can_carry_no_text_of_a_peer() {
    const fn no_text<T: Copy + 'static>() {}
    const { no_text::<Event>() };
    const { no_text::<Ending>() };
    const { no_text::<Error>() };
    const { no_text::<Condition>() };
    // A file name is the one text that is taken, and control characters end at the door.
    plain(|s| {
        let named = si("s1", 6).replace("name='a'", "name='a&#10;b&#13;c&#x85;d&#x202e;e'");
        assert!(
            matches!(s.give(&set(PEER, "o1", &named)), Got::Offer { ref name, .. } if name == "a_b_c_d_e")
        );
    });
}

#[test]
fn stz_08_ibb_20_atk_18_blocks_in_another_order_end_the_stream_and_nothing_of_them_is_lent() {
    for first in [1, 2, 65_535] {
        plain(|s| {
            receiving(s, "s1", 9);
            assert_eq!(block(s, PEER, "s1", first, "AAAA"), Got::Consumed);
            assert_eq!(block(s, PEER, "s1", 0, "AAAA"), Got::Consumed);
            let sent = s.poll();
            let conditions: Vec<&str> =
                sent.iter().filter(|s| s.contains("<error")).map(|s| condition(s)).collect();
            assert_eq!(conditions, ["unexpected-request", "item-not-found"]);
            assert!(sent.last().unwrap().contains("<close "), "{sent:?}");
            assert_eq!(s.ending(), Ending::Failed(Reason::Sequence, None));
        });
    }
}

/// The ways in which a transfer loses its other end.
const LOSSES: [fn(&mut Hosted<'_>); 3] = [
    |s| drop(s.give(&format!("<presence xmlns='jabber:client' type='unavailable' from='{PEER}'/>"))),
    |s| s.session.stream_end(StreamId::XMPP, StreamEnd::Lost).unwrap(),
    |s| s.session.close().unwrap(),
];

#[test]
fn ibb_36_a_loss_behind_the_last_acknowledgement_does_not_undo_it() {
    for loss in LOSSES {
        for answered in [false, true] {
            plain(|s| {
                let open = opening(s, 10);
                let block = s.ask(&result(PEER, attr(&open, "id"), "")).remove(0);
                let close = s.ask(&result(PEER, attr(&block, "id"), "")).remove(0);
                if answered {
                    s.ask(&result(PEER, attr(&close, "id"), ""));
                }
                s.take_events();
                loss(s);
                s.poll();
                assert_eq!(s.ending(), Ending::Unconfirmed);
            });
        }
    }
}

#[test]
fn ibb_36_a_file_that_has_its_place_keeps_it_when_its_sender_is_lost() {
    let right =
        "<hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>cJ6AyISHokEeHuTfufIqhhSS0gxHZRUMDHlKvXD4FHw=</hash>";
    let receipt = "<receipt xmlns='urn:libxft:receipt:0'/>";
    for loss in LOSSES {
        for (inside, closed, want) in [
            (right.to_owned(), false, Ending::Done),
            (format!("{right}{receipt}"), true, Ending::Done),
            (receipt.to_owned(), true, Ending::Unverified),
        ] {
            plain(|s| {
                let offer = si("s1", 3).replace("size='3'/>", &format!("size='3'>{inside}</file>"));
                let transfer = offered(s.give(&set(PEER, "o1", &offer)));
                s.session.accept(transfer, 0).unwrap();
                s.poll();
                s.ask(&set(PEER, "o2", &open("s1", 4096)));
                block(s, PEER, "s1", 0, "AAAA");
                s.session.stored(transfer, 3).unwrap();
                assert!(!s.poll().is_empty());
                if closed {
                    s.take_events();
                }
                if closed && !inside.contains("<receipt ") {
                    assert!(s.ask(&set(PEER, "c", &close("s1"))).concat().contains("<receipt "));
                }
                s.take_events();
                loss(s);
                s.poll();
                assert_eq!(s.ending(), want, "{inside}");
            });
        }
    }
}

#[test]
fn ibb_17_messages_whose_close_nobody_answers_are_handed_over_and_no_more() {
    with(
        |cfg| cfg.carrier = Carrier::Message,
        |s| {
            let open = opening(s, 10);
            let sent = s.ask(&result(PEER, attr(&open, "id"), ""));
            assert!(sent[0].starts_with("<message ") && sent[1].contains("<close "), "{sent:?}");
            s.take_events();
            s.wait_ms(u64::from(Times::default().finish_ms));
            assert_eq!(s.ending(), Ending::Unconfirmed);
        },
    );
}
