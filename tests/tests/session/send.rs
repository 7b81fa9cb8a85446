//! The sending side against a peer written by hand: every way an offer, an opening, a block and a closing can go.

use xft_core::*;
use xft_tests::hosted::peer::*;
use xft_tests::hosted::*;

/// Acknowledges blocks until the sender closes; gives its close.
fn closing(s: &mut Hosted<'_>, size: u64) -> String {
    let mut sent = sending(s, size);
    for _ in 0..1000 {
        if let Some(close) = sent.iter().find(|s| s.contains("<close ")) {
            return close.clone();
        }
        let blocks = std::mem::take(&mut sent);
        for block in &blocks {
            s.give(&result(PEER, attr(block, "id"), ""));
            sent.extend(s.poll());
        }
    }
    panic!("never closes");
}

fn failed(reason: Reason, condition: Option<StanzaCondition>) -> Ending {
    Ending::Failed(reason, condition.map(Condition::Stanza))
}

/// The SHA-256 receipt of the file's first `size` bytes.
fn receipt(s: &Hosted<'_>, sid: &str, size: usize) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(&s.file[..size]);
    let hash = base64::engine::general_purpose::STANDARD.encode(hash);
    format!(
        "<receipt xmlns='urn:libxft:receipt:0' sid='{sid}' size='{size}'>\
         <hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>{hash}</hash></receipt>"
    )
}

const PLAIN_DISCO: &str = "<query xmlns='http://jabber.org/protocol/disco#info'>\
    <feature var='http://jabber.org/protocol/si'/>\
    <feature var='http://jabber.org/protocol/si/profile/file-transfer'/></query>";

#[test]
fn ibb_31_the_sender_closes_after_the_last_acknowledgement_and_not_before() {
    sender!(s);
    let blocks = sending(&mut s, 8000);
    assert_eq!(blocks.len(), 2);
    assert!(s.ask(&result(PEER, attr(&blocks[0], "id"), "")).is_empty());
    let sent = s.ask(&result(PEER, attr(&blocks[1], "id"), ""));
    assert!(sent.len() == 1 && sent[0].contains("<close "), "{sent:?}");
}

#[test]
fn done_needs_the_receipt_of_the_same_hash() {
    for right in [true, false] {
        sender!(s);
        let close = closing(&mut s, 8000);
        s.ask(&result(PEER, attr(&close, "id"), ""));
        assert_eq!(s.take_events(), [], "the verdict is still out");
        let receipt = receipt(&s, attr(&close, "sid"), if right { 8000 } else { 7999 });
        let sent = s.ask(&set(PEER, "r1", &receipt));
        assert_eq!((sent.len(), attr(&sent[0], "id")), (1, "r1"));
        if right {
            assert!(sent[0].contains("type='result'"));
            assert_eq!(s.ending(), Ending::Done);
        } else {
            assert_eq!(condition(&sent[0]), "not-acceptable");
            assert_eq!(s.ending(), failed(Reason::HashMismatch, None));
        }
    }
}

#[test]
fn a_receipt_before_everything_was_acknowledged_is_none() {
    sender!(s);
    let blocks = sending(&mut s, 8000);
    let receipt = receipt(&s, attr(&blocks[0], "sid"), 8000);
    let sent = s.ask(&set(PEER, "r1", &receipt));
    assert_eq!(condition(&sent[0]), "item-not-found");
    assert_eq!(s.take_events(), []);
}

#[test]
fn atk_53_a_receipt_from_somebody_else_is_none() {
    sender!(s);
    let close = closing(&mut s, 8000);
    s.ask(&result(PEER, attr(&close, "id"), ""));
    let receipt = receipt(&s, attr(&close, "sid"), 8000);
    let sent = s.ask(&set("pacs@hospital.test/other", "r1", &receipt));
    assert_eq!(condition(&sent[0]), "item-not-found");
    assert_eq!(s.take_events(), []);
}

#[test]
fn a_peer_without_receipts_gets_delivered() {
    sender!(s);
    s.session.offer(&file(10)).unwrap();
    let question = s.poll().remove(0);
    let offer = s.ask(&result(PEER, attr(&question, "id"), PLAIN_DISCO)).remove(0);
    assert!(!offer.contains("libxft"));
    let open = s.ask(&result(PEER, attr(&offer, "id"), &yes())).remove(0);
    let block = s.ask(&result(PEER, attr(&open, "id"), "")).remove(0);
    let close = s.ask(&result(PEER, attr(&block, "id"), "")).remove(0);
    s.take_events();
    s.ask(&result(PEER, attr(&close, "id"), ""));
    assert_eq!(s.ending(), Ending::Delivered);
}

#[test]
fn ibb_38_an_empty_file_is_opened_and_closed() {
    sender!(s);
    let sent = sending(&mut s, 0);
    assert!(sent.len() == 1 && sent[0].contains("<close "), "{sent:?}");
    s.ask(&result(PEER, attr(&sent[0], "id"), ""));
    let receipt = receipt(&s, attr(&sent[0], "sid"), 0);
    s.ask(&set(PEER, "r1", &receipt));
    assert_eq!(s.ending(), Ending::Done);
}

#[test]
fn ibb_30_item_not_found_for_our_close_means_closed() {
    sender!(s);
    let close = closing(&mut s, 10);
    s.ask(&error(PEER, attr(&close, "id"), "cancel", "item-not-found"));
    s.wait_ms(60_000);
    assert_eq!(s.ending(), Ending::Unconfirmed);
}

#[test]
fn qrk_44_a_peer_that_never_answers_the_close_got_the_file() {
    sender!(s, unasked);
    closing(&mut s, 10);
    assert_eq!((s.why, s.wait), (Timer::Finish, Some(60_000)));
    s.wait_ms(59_999);
    assert_eq!(s.take_events(), []);
    s.wait_ms(1);
    assert_eq!(s.ending(), Ending::Unconfirmed);
}

#[test]
fn ibb_33_qrk_44_where_no_receipt_can_come_a_close_is_waited_for_5_s() {
    sender!(s, |cfg: &mut Config<'_>| cfg.receipts = false);
    closing(&mut s, 10);
    assert_eq!((s.why, s.wait), (Timer::Finish, Some(5_000)));
    s.wait_ms(4_999);
    assert_eq!(s.take_events(), []);
    s.wait_ms(1);
    assert_eq!(s.ending(), Ending::Delivered);
}

#[test]
fn ibb_33_who_leaves_while_only_the_answer_to_the_close_is_missing_handed_the_file_over() {
    let leaves: [fn(&mut Hosted<'_>); 2] =
        [|s| s.session.close().unwrap(), |s| s.session.stream_end(StreamId::XMPP, StreamEnd::Lost).unwrap()];
    for leave in leaves {
        for receipts in [true, false] {
            sender!(s, |cfg: &mut Config<'_>| cfg.receipts = receipts);
            closing(&mut s, 10);
            leave(&mut s);
            s.poll();
            assert_eq!(
                s.ending(),
                if receipts { Ending::Unconfirmed } else { Ending::Delivered },
                "receipts: {receipts}"
            );
        }
    }
}

#[test]
fn ibb_34_closes_that_cross_are_both_answered() {
    sender!(s);
    let close = closing(&mut s, 10);
    let sid = attr(&close, "sid").to_owned();
    let sent =
        s.ask(&set(PEER, "c1", &format!("<close xmlns='http://jabber.org/protocol/ibb' sid='{sid}'/>")));
    assert!(sent[0].contains("type='result'") && attr(&sent[0], "id") == "c1");
    s.ask(&result(PEER, attr(&close, "id"), ""));
    let receipt = receipt(&s, &sid, 10);
    s.ask(&set(PEER, "r1", &receipt));
    assert_eq!(s.ending(), Ending::Done);
}

#[test]
fn ibb_30_a_receiver_that_closes_in_the_middle_cancelled() {
    sender!(s);
    let blocks = sending(&mut s, 50_000);
    let sent = s.ask(&set(PEER, "c1", &close(attr(&blocks[0], "sid"))));
    assert!(sent.len() == 1 && sent[0].contains("type='result'"), "{sent:?}");
    assert_eq!(s.ending(), failed(Reason::PeerCancelled, None));
    assert!(s.ask(&result(PEER, attr(&blocks[0], "id"), "")).is_empty(), "nothing follows");
}

#[test]
fn si_09_refusals_of_an_offer_have_their_names() {
    use StanzaCondition::*;
    let extra = "<no-valid-streams xmlns='http://jabber.org/protocol/si'/>";
    for (condition, app, reason, word) in [
        ("forbidden", "", Reason::Declined, Forbidden),
        ("bad-request", extra, Reason::NoMethod, BadRequest),
        // Some peers leave the child out.
        ("bad-request", "", Reason::NoMethod, BadRequest),
        ("bad-request", "<bad-profile xmlns='http://jabber.org/protocol/si'/>", Reason::Refused, BadRequest),
        ("not-acceptable", "", Reason::Refused, NotAcceptable),
        ("resource-constraint", "", Reason::Busy, ResourceConstraint),
        ("service-unavailable", "", Reason::PeerGone, ServiceUnavailable),
        ("recipient-unavailable", "", Reason::PeerGone, RecipientUnavailable),
        ("something-else", "", Reason::Refused, UndefinedCondition),
    ] {
        sender!(s);
        let offer = offering(&mut s, 10);
        let answer = error(PEER, attr(&offer, "id"), "cancel", condition)
            .replace("</error>", &format!("{app}</error>"));
        assert!(s.ask(&answer).is_empty());
        assert_eq!(s.ending(), failed(reason, Some(word)), "{condition}");
    }
}

#[test]
fn stz_07_an_error_without_an_error_element_is_an_error_still() {
    sender!(s);
    let offer = offering(&mut s, 10);
    s.ask(&format!("<iq xmlns='jabber:client' type='error' from='{PEER}' id='{}'/>", attr(&offer, "id")));
    assert_eq!(s.ending(), failed(Reason::Refused, Some(StanzaCondition::UndefinedCondition)));
}

#[test]
fn si_07_si_14_atk_32_answers_outside_the_offer_fail_without_another_word() {
    let field = |values: &str| {
        format!(
            "<si xmlns='http://jabber.org/protocol/si'><feature xmlns='http://jabber.org/protocol/feature-neg'>\
             <x xmlns='jabber:x:data' type='submit'><field var='stream-method'>{values}</field></x></feature></si>"
        )
    };
    let ibb = "<value>http://jabber.org/protocol/ibb</value>";
    let ranged = |range: &str| {
        field(ibb).replace(
            "<feature",
            &format!(
                "<file xmlns='http://jabber.org/protocol/si/profile/file-transfer'>{range}</file><feature"
            ),
        )
    };
    let bad = [
        String::new(),
        field(""),
        field("<value>http://jabber.org/protocol/bytestreams</value>"),
        field(&format!("{ibb}{ibb}")),
        "<si xmlns='http://jabber.org/protocol/si'/>".to_owned(),
        "<other xmlns='urn:x'/>".to_owned(),
        ranged("<range offset='11'/>"),
        ranged("<range offset='5' length='6'/>"),
        ranged("<range offset='9223372036854775807' length='9223372036854775807'/>"),
        ranged("<range offset='-1'/>"),
        ranged("<range offset='x'/>"),
        ranged("<range length='99999999999999999999'/>"),
    ];
    for payload in bad {
        sender!(s);
        let offer = offering(&mut s, 10);
        assert!(s.ask(&result(PEER, attr(&offer, "id"), &payload)).is_empty(), "{payload}");
        assert_eq!(s.ending(), failed(Reason::BadAnswer, None), "{payload}");
    }
}

/// SI-15
#[test]
fn si_13_a_range_moves_exactly_its_bytes() {
    for (range, start, end) in [
        ("<range/>", 0, 10),
        ("<range offset='4'/>", 4, 10),
        ("<range length='3'/>", 0, 3),
        ("<range offset='4' length='3'/>", 4, 7),
        ("<range offset='10'/>", 10, 10),
    ] {
        sender!(s);
        let offer = offering(&mut s, 10);
        let file =
            format!("<file xmlns='http://jabber.org/protocol/si/profile/file-transfer'>{range}</file>");
        let answer = yes().replace("<feature", &format!("{file}<feature"));
        let open = s.ask(&result(PEER, attr(&offer, "id"), &answer)).remove(0);
        let events = s.take_events();
        assert!(
            matches!(events[..], [Event::Accepted { offset, end: to, .. }] if (offset, to) == (start, end)),
            "{range}: {events:?}"
        );
        let sent = s.ask(&result(PEER, attr(&open, "id"), ""));
        if start < end {
            use base64::Engine as _;
            let text =
                base64::engine::general_purpose::STANDARD.encode(&s.file[start as usize..end as usize]);
            assert!(sent[0].contains(&format!(">{text}<")), "{range}: {sent:?}");
        } else {
            assert!(sent[0].contains("<close "));
        }
    }
}

#[test]
fn si_25_the_receipt_of_a_resumed_file_is_compared_with_the_hash_of_the_offer() {
    use sha2::Digest as _;
    for (known, right, ending) in [
        (true, true, Ending::Done),
        (true, false, failed(Reason::HashMismatch, None)),
        (false, true, Ending::Delivered),
    ] {
        sender!(s);
        let sha256 = known.then(|| sha2::Sha256::digest(&s.file[..10]).into());
        s.session.offer(&Offer { sha256, ..file(10) }).unwrap();
        let disco = s.poll().remove(0);
        let offer = s.ask(&result(PEER, attr(&disco, "id"), DISCO)).remove(0);
        let range =
            "<file xmlns='http://jabber.org/protocol/si/profile/file-transfer'><range offset='4'/></file>";
        let answer = yes().replace("<feature", &format!("{range}<feature"));
        let open = s.ask(&result(PEER, attr(&offer, "id"), &answer)).remove(0);
        let block = s.ask(&result(PEER, attr(&open, "id"), "")).remove(0);
        let close = s.ask(&result(PEER, attr(&block, "id"), "")).remove(0);
        s.ask(&result(PEER, attr(&close, "id"), ""));
        if known {
            let receipt = receipt(&s, attr(&close, "sid"), if right { 10 } else { 9 });
            s.ask(&set(PEER, "r1", &receipt));
        }
        assert_eq!(s.ending(), ending, "{known} {right}");
    }
}

#[test]
fn ibb_05_a_smaller_block_is_asked_for_with_a_new_id_and_the_same_sid() {
    sender!(s, |cfg: &mut Config<'_>| cfg.block_bytes = 65_535);
    let mut open = opening(&mut s, 100_000);
    let (mut sizes, sid) = (Vec::new(), attr(&open, "sid").to_owned());
    loop {
        sizes.push(attr(&open, "block-size").parse::<u32>().unwrap());
        let id = attr(&open, "id").to_owned();
        let sent = s.ask(&error(PEER, &id, "modify", "resource-constraint"));
        let Some(next) = sent.into_iter().find(|s| s.contains("<open ")) else { break };
        open = next;
        assert!(attr(&open, "sid") == sid && attr(&open, "id") != id);
    }
    assert_eq!(sizes, [65_535, 8192, 4096, 2048, 1024]);
    assert_eq!(
        s.ending(),
        Ending::Failed(Reason::Refused, Some(Condition::Stanza(StanzaCondition::ResourceConstraint)))
    );
}

#[test]
fn ibb_05_what_a_peer_took_is_remembered_for_the_next_file() {
    sender!(s);
    let open = opening(&mut s, 10);
    assert_eq!(attr(&open, "block-size"), "8192");
    let open = s.ask(&error(PEER, attr(&open, "id"), "modify", "resource-constraint")).remove(0);
    assert_eq!(attr(&open, "block-size"), "4096");
    let block = s.ask(&result(PEER, attr(&open, "id"), "")).remove(0);
    let close = s.ask(&result(PEER, attr(&block, "id"), "")).remove(0);
    s.ask(&result(PEER, attr(&close, "id"), ""));
    s.wait_ms(60_000);
    assert_eq!(attr(&opening(&mut s, 10), "block-size"), "4096");
}

#[test]
fn ibb_04_refusals_of_an_opening_have_their_names() {
    use StanzaCondition::*;
    for (condition, reason, word) in [
        ("not-acceptable", Reason::Refused, NotAcceptable),
        ("feature-not-implemented", Reason::Unsupported, FeatureNotImplemented),
        ("bad-request", Reason::Refused, BadRequest),
        ("service-unavailable", Reason::PeerGone, ServiceUnavailable),
    ] {
        sender!(s);
        let open = opening(&mut s, 10);
        s.take_events();
        s.ask(&error(PEER, attr(&open, "id"), "cancel", condition));
        assert_eq!(s.ending(), failed(reason, Some(word)), "{condition}");
    }
}

#[test]
fn ibb_10_no_data_before_the_opening_was_answered() {
    sender!(s, unasked);
    opening(&mut s, 10);
    assert!(s.poll().is_empty());
    assert_eq!((s.why, s.wait), (Timer::Open, Some(60_000)));
}

#[test]
fn ibb_23_errors_to_a_block_have_their_names_and_stop_the_file() {
    use StanzaCondition::*;
    for (condition, reason, word) in [
        ("recipient-unavailable", Reason::PeerGone, RecipientUnavailable),
        ("remote-server-timeout", Reason::PeerGone, RemoteServerTimeout),
        ("service-unavailable", Reason::PeerGone, ServiceUnavailable),
        ("item-not-found", Reason::PeerCancelled, ItemNotFound),
        ("unexpected-request", Reason::Refused, UnexpectedRequest),
        ("bad-request", Reason::Refused, BadRequest),
        ("not-acceptable", Reason::Refused, NotAcceptable),
    ] {
        sender!(s);
        let blocks = sending(&mut s, 50_000);
        let sent = s.ask(&error(PEER, attr(&blocks[0], "id"), "cancel", condition));
        assert!(sent.iter().all(|s| !s.contains("<data ")), "{condition}: {sent:?}");
        assert_eq!(s.ending(), failed(reason, Some(word)), "{condition}");
    }
}

#[test]
fn ibb_15_two_blocks_at_first_more_with_each_answer_up_to_the_ceiling() {
    sender!(s, |cfg: &mut Config<'_>| cfg.window_bytes = 16_384);
    let mut out: Vec<String> = sending(&mut s, 200_000);
    assert_eq!(out.len(), 2);
    let mut most = 0;
    for _ in 0..20 {
        let first = out.remove(0);
        out.extend(s.ask(&result(PEER, attr(&first, "id"), "")));
        most = most.max(out.len());
    }
    assert_eq!(most, 4, "4 blocks of 4096 are the ceiling");
}

#[test]
fn ibb_15_answers_out_of_order_narrow_the_window_to_one_block_for_good() {
    sender!(s);
    let blocks = sending(&mut s, 200_000);
    assert_eq!(blocks.len(), 2);
    let sent = s.ask(&result(PEER, attr(&blocks[1], "id"), ""));
    let more = s.ask(&result(PEER, attr(&blocks[0], "id"), ""));
    let out: Vec<String> = sent.into_iter().chain(more).collect();
    assert_eq!(out.len(), 1, "{out:?}");
    let next = s.ask(&result(PEER, attr(&out[0], "id"), ""));
    assert_eq!(next.len(), 1);
    // The next file to this peer starts like that.
    s.session.cancel(TransferId::from_bits(1 << 16), Cancel::Wish).unwrap();
    s.poll();
    s.take_events();
    assert_eq!(sending(&mut s, 50_000).len(), 1);
}

#[test]
fn stz_02_atk_22_answers_from_anybody_else_change_nothing() {
    for from in ["pacs@hospital.test", "pacs@hospital.test/other", "evil@hospital.test/in", "hospital.test"] {
        sender!(s);
        let blocks = sending(&mut s, 50_000);
        assert!(s.ask(&result(from, attr(&blocks[0], "id"), "")).is_empty());
        assert!(s.ask(&error(from, attr(&blocks[0], "id"), "cancel", "item-not-found")).is_empty());
        assert_eq!(s.take_events(), []);
        assert!(
            !s.ask(&result(PEER, attr(&blocks[0], "id"), "")).is_empty(),
            "the right answer still counts"
        );
    }
}

#[test]
fn atk_11_an_offer_cannot_be_answered_by_somebody_else() {
    sender!(s);
    let offer = offering(&mut s, 10);
    assert!(s.ask(&result("evil@hospital.test/in", attr(&offer, "id"), &yes())).is_empty());
    assert!(s.ask(&error("hospital.test", attr(&offer, "id"), "cancel", "forbidden")).is_empty());
    assert_eq!(s.take_events(), []);
    assert!(s.ask(&result(PEER, attr(&offer, "id"), &yes()))[0].contains("<open "));
}

#[test]
fn si_01_qrk_50_a_peer_that_names_no_file_transfer_is_offered_the_file_and_its_answer_decides() {
    use StanzaCondition::*;
    let nothing =
        "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:xmpp:ping'/></query>";
    for (condition, reason, word) in [
        ("service-unavailable", Reason::Unsupported, ServiceUnavailable),
        ("feature-not-implemented", Reason::Unsupported, FeatureNotImplemented),
        ("recipient-unavailable", Reason::PeerGone, RecipientUnavailable),
        ("forbidden", Reason::Declined, Forbidden),
    ] {
        sender!(s);
        s.session.offer(&file(10)).unwrap();
        let question = s.poll().remove(0);
        let offer = s.ask(&result(PEER, attr(&question, "id"), nothing)).remove(0);
        assert!(offer.contains("<si ") && !offer.contains("<receipt "), "{offer}");
        s.ask(&error(PEER, attr(&offer, "id"), "cancel", condition));
        assert_eq!(s.ending(), failed(reason, Some(word)), "{condition}");
    }
}

#[test]
fn qrk_50_a_peer_that_answers_the_question_late_is_known_from_then_on() {
    sender!(s);
    s.session.offer(&file(10)).unwrap();
    let question = s.poll().remove(0);
    assert_eq!((s.why, s.wait), (Timer::Request, Some(5_000)));
    assert!(s.wait_ms(4_999).is_empty());
    let offer = s.wait_ms(1).remove(0);
    assert!(offer.contains("<si ") && !offer.contains("<receipt "), "{offer}");
    assert!(s.ask(&result(PEER, attr(&question, "id"), DISCO)).is_empty());
    s.session.offer(&file(10)).unwrap();
    let second = s.poll().remove(0);
    assert!(second.contains("<si ") && second.contains("<receipt "), "{second}");
    // The first goes on as it was offered.
    assert!(s.ask(&result(PEER, attr(&offer, "id"), &yes()))[0].contains("<open "));
}

#[test]
fn si_01_only_a_peer_that_is_not_there_gets_no_offer() {
    use StanzaCondition::*;
    for (condition, word) in [
        ("item-not-found", Some(ItemNotFound)),
        ("remote-server-not-found", Some(RemoteServerNotFound)),
        ("recipient-unavailable", Some(RecipientUnavailable)),
        ("gone", Some(Gone)),
        // QRK-50: all of these come from peers that take files, or from their servers.
        ("service-unavailable", None),
        ("feature-not-implemented", None),
        ("forbidden", None),
        ("bad-request", None),
        ("remote-server-timeout", None),
        ("something-else", None),
    ] {
        sender!(s);
        s.session.offer(&file(10)).unwrap();
        let question = s.poll().remove(0);
        let sent = s.ask(&error(PEER, attr(&question, "id"), "cancel", condition));
        let Some(word) = word else {
            assert!(sent[0].contains("<si "), "{condition}: {sent:?}");
            // The server says the same for a full address that is not there; then the offer brings it to light.
            s.ask(&error(PEER, attr(&sent[0], "id"), "cancel", "service-unavailable"));
            assert_eq!(s.ending(), failed(Reason::PeerUnknown, Some(ServiceUnavailable)), "{condition}");
            s.session.offer(&file(10)).unwrap();
            assert!(s.poll()[0].contains("disco#info"), "asked anew");
            continue;
        };
        assert!(sent.is_empty(), "{condition}: {sent:?}");
        assert_eq!(s.ending(), failed(Reason::PeerUnknown, Some(word)), "{condition}");
    }
}

/// Runs a timer to its end: nothing one millisecond before, the ending on time.
fn runs_out(s: &mut Hosted<'_>, why: Timer, ms: u64, ending: Ending) {
    assert_eq!((s.why, s.wait), (why, Some(s.now + ms)));
    s.wait_ms(ms - 1);
    assert_eq!(s.take_events(), [], "{why:?}");
    s.wait_ms(1);
    assert_eq!(s.ending(), ending, "{why:?}");
}

#[test]
fn every_timer_of_a_sender_ends_its_transfer_with_a_name() {
    sender!(s, unasked);
    offering(&mut s, 10);
    runs_out(&mut s, Timer::Offer, 300_000, failed(Reason::OfferTimeout, None));
    sender!(s, unasked);
    opening(&mut s, 10);
    s.take_events();
    runs_out(&mut s, Timer::Open, 60_000, failed(Reason::OpenTimeout, None));
    sender!(s, unasked);
    sending(&mut s, 50_000);
    runs_out(&mut s, Timer::Block, 120_000, failed(Reason::BlockTimeout, None));
    // Every block is out: the receiver may have the file under its name, and only its word was lost.
    sender!(s, unasked);
    sending(&mut s, 10);
    runs_out(&mut s, Timer::Block, 120_000, Ending::Unconfirmed);
    sender!(s, unasked);
    closing(&mut s, 10);
    runs_out(&mut s, Timer::Finish, 60_000, Ending::Unconfirmed);
    sender!(s, unasked);
    let close = closing(&mut s, 10);
    s.ask(&result(PEER, attr(&close, "id"), ""));
    runs_out(&mut s, Timer::Finish, 60_000, Ending::Unconfirmed);
}

#[test]
fn ibb_24_a_block_without_answer_closes_the_bytestream() {
    sender!(s);
    sending(&mut s, 10);
    let sent = s.wait_ms(120_000);
    assert!(sent.iter().any(|s| s.contains("<close ")), "{sent:?}");
}

#[test]
fn atk_23_each_answer_gives_the_next_block_its_own_time() {
    sender!(s);
    let mut out = sending(&mut s, 50_000);
    for _ in 0..3 {
        s.wait_ms(119_000);
        let first = out.remove(0);
        out.extend(s.ask(&result(PEER, attr(&first, "id"), "")));
    }
    assert_eq!(s.take_events(), []);
    s.wait_ms(120_000);
    assert_eq!(s.ending(), failed(Reason::BlockTimeout, None));
}

#[test]
fn ibb_36_a_peer_that_goes_ends_its_transfers_at_every_state() {
    type Way = fn(&mut Hosted<'_>);
    let ways: [Way; 6] = [
        |s| {
            s.session.offer(&file(10)).unwrap();
            s.poll();
        },
        |s| drop(offering(s, 10)),
        |s| drop(opening(s, 10)),
        |s| drop(sending(s, 50_000)),
        |s| drop(closing(s, 10)),
        |s| {
            let close = closing(s, 10);
            s.ask(&result(PEER, attr(&close, "id"), ""));
        },
    ];
    for (index, way) in ways.into_iter().enumerate() {
        for from in [PEER, "pacs@hospital.test"] {
            sender!(s);
            way(&mut s);
            s.take_events();
            s.ask("<presence xmlns='jabber:client' type='unavailable' from='pacs@hospital.test/other'/>");
            s.ask("<presence xmlns='jabber:client' type='unavailable' from='evil@hospital.test/in'/>");
            s.ask(&format!("<presence xmlns='jabber:client' from='{PEER}'/>"));
            assert_eq!(s.take_events(), [], "state {index}");
            s.ask(&format!("<presence xmlns='jabber:client' type='unavailable' from='{from}'/>"));
            let ending = s.ending();
            assert!(
                matches!(ending, Ending::Failed(Reason::PeerGone, None) | Ending::Unconfirmed),
                "state {index}: {ending:?}"
            );
            assert!(index >= 4 || ending != Ending::Unconfirmed, "state {index}");
        }
    }
}

#[test]
fn ibb_17_message_blocks_need_no_answer_and_keep_to_the_rate() {
    sender!(s, |cfg: &mut Config<'_>| {
        cfg.carrier = Carrier::Message;
        cfg.message_rate = 8192;
    });
    let open = opening(&mut s, 10_000);
    assert_eq!(attr(&open, "stanza"), "message");
    let sent = s.ask(&result(PEER, attr(&open, "id"), ""));
    assert!(sent.len() == 1 && sent[0].starts_with("<message ") && sent[0].contains(" id='"), "{sent:?}");
    assert_eq!((s.why, s.wait), (Timer::Rate, Some(500)));
    let sent = s.wait_ms(500);
    assert_eq!(sent.len(), 1);
    let sent = s.wait_ms(500);
    assert!(sent.len() == 2 && sent[1].contains("<close "), "{sent:?}");
}

#[test]
fn ibb_17_a_message_that_bounces_ends_the_transfer() {
    sender!(s, |cfg: &mut Config<'_>| {
        cfg.carrier = Carrier::Message;
        cfg.message_rate = 8192;
    });
    let open = opening(&mut s, 50_000);
    let block = s.ask(&result(PEER, attr(&open, "id"), "")).remove(0);
    s.take_events();
    let bounce = |from: &str| {
        format!(
            "<message xmlns='jabber:client' type='error' from='{from}' id='{}'><error type='cancel'>\
             <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
            attr(&block, "id")
        )
    };
    s.ask(&bounce("evil@hospital.test/in"));
    assert_eq!(s.take_events(), []);
    s.ask(&bounce(PEER));
    assert_eq!(s.ending(), failed(Reason::PeerGone, Some(StanzaCondition::ServiceUnavailable)));
    // It comes once more, when the slot has another transfer.
    let open = opening(&mut s, 50_000);
    s.ask(&result(PEER, attr(&open, "id"), ""));
    s.take_events();
    s.ask(&bounce(PEER));
    assert_eq!(s.take_events(), []);
}

#[test]
fn a_cancelled_sender_closes_and_its_handle_is_stale() {
    sender!(s);
    let id = s.session.offer(&file(50_000)).unwrap();
    let question = s.poll().remove(0);
    let offer = s.ask(&result(PEER, attr(&question, "id"), DISCO)).remove(0);
    let open = s.ask(&result(PEER, attr(&offer, "id"), &yes())).remove(0);
    s.ask(&result(PEER, attr(&open, "id"), ""));
    s.take_events();
    s.session.cancel(id, Cancel::ReadFailed).unwrap();
    // The event may come before the close is out: the handle is stale all the same.
    let mut out = [0; 1000];
    assert!(matches!(
        s.session.poll(&mut out),
        Ok(Output::Event(Event::Finished { ending: Ending::Failed(Reason::ReadFailed, None), .. }))
    ));
    assert_eq!(s.session.progress(id), Err(Error::Stale));
    assert_eq!(s.session.cancel(id, Cancel::Wish), Err(Error::Stale));
    assert!(s.poll()[0].contains("<close "));
    assert_eq!(s.session.offer(&file(1)).map(|next| next == id), Ok(false));
}

#[test]
fn lim_03_the_block_fits_the_servers_limit() {
    sender!(s, |cfg: &mut Config<'_>| {
        cfg.block_bytes = 65_535;
        cfg.chunk_bytes = 65_535;
        cfg.window_bytes = 65_535;
        cfg.stanza_bytes = 10_000;
    });
    let open = opening(&mut s, 100_000);
    let block: usize = attr(&open, "block-size").parse().unwrap();
    let data = s.ask(&result(PEER, attr(&open, "id"), "")).remove(0);
    assert!(data.len() <= 10_000 && data.len() > 9_000, "{block}: {}", data.len());
}

#[test]
fn stz_10_offers_go_to_full_addresses_and_arguments_are_checked() {
    sender!(s);
    let bad = |to, name, size, mime_type| Offer {
        to,
        name,
        size,
        date: None,
        mime_type,
        sha256: None,
        md5: None,
        methods: None,
    };
    let long = "x".repeat(65);
    for (offer, argument) in [
        (bad("pacs@hospital.test", "a", 1, None), Argument::Peer),
        // Spelled as somebody types it, too.
        (bad("ct1@hospital.test/gw", "a", 1, None), Argument::Myself),
        (bad("CT1@Hospital.TEST/gw", "a", 1, None), Argument::Myself),
        (bad("", "a", 1, None), Argument::Peer),
        (bad(PEER, "", 1, None), Argument::Name),
        (bad(PEER, "a", 1 << 63, None), Argument::Size),
        (bad(PEER, "a", 1, Some("a\nb")), Argument::Text),
        (bad(PEER, "a", 1, Some(&long)), Argument::Text),
    ] {
        assert_eq!(s.session.offer(&offer), Err(Error::Argument(argument)));
    }
    assert!(s.poll().is_empty());
}

#[test]
fn a_full_table_is_an_error_and_a_slot_comes_back() {
    sender!(s);
    let first = s.session.offer(&file(1)).unwrap();
    s.session.offer(&file(1)).unwrap();
    assert_eq!(s.session.offer(&file(1)), Err(Error::Full));
    s.session.cancel(first, Cancel::Wish).unwrap();
    s.poll();
    assert!(s.session.offer(&file(1)).is_ok());
}

#[test]
fn no_space_says_what_is_needed_and_changes_nothing() {
    sender!(s);
    s.supplies = false;
    let open = opening(&mut s, 5000);
    s.ask(&result(PEER, attr(&open, "id"), ""));
    let (transfer, offset, max) = s.wish.unwrap();
    let (bytes, mut out) = (s.file[..max].to_vec(), vec![0; 100_000]);
    let Err(Error::NoSpace { needed }) = s.session.supply(transfer, offset, &bytes, &mut [0; 100]) else {
        panic!()
    };
    assert!(
        matches!(s.session.supply(transfer, offset, &bytes, &mut out[..needed - 1]), Err(Error::NoSpace { needed: n }) if n == needed)
    );
    assert!(
        matches!(s.session.supply(transfer, offset, &bytes, &mut out[..needed]), Ok(Output::Transmit { bytes, .. }) if bytes.len() == needed)
    );
    assert_eq!(s.session.progress(transfer).unwrap().moved, max as u64);
    assert!(matches!(
        s.session.supply(transfer, offset, &bytes, &mut out),
        Err(Error::Argument(Argument::Offset))
    ));
}

#[test]
fn a_short_read_makes_a_shorter_block_and_the_next_one_follows_it() {
    sender!(s);
    s.supplies = false;
    let open = opening(&mut s, 5000);
    s.ask(&result(PEER, attr(&open, "id"), ""));
    let (transfer, offset, max) = s.wish.unwrap();
    assert_eq!((offset, max), (0, 4096));
    let block = s.supply((transfer, 0, 7));
    assert!(block.contains(" seq='0'"));
    s.poll();
    assert_eq!(s.wish, Some((transfer, 7, 4096)));
    assert!(s.supply((transfer, 7, 4096)).contains(" seq='1'"));
}

#[test]
fn dsc_04_a_late_refusal_does_not_lose_the_question_under_way() {
    sender!(s);
    let first = offering(&mut s, 10);
    let second = offering(&mut s, 10);
    s.ask(&error(PEER, attr(&first, "id"), "cancel", "service-unavailable"));
    s.session.offer(&file(10)).unwrap();
    assert!(s.poll()[0].contains("disco#info"), "asked anew");
    s.ask(&error(PEER, attr(&second, "id"), "cancel", "service-unavailable"));
    s.take_events();
    assert!(s.wait_ms(5_000)[0].contains("<si "), "offered without an answer");
}

/// ATK-40
#[test]
fn a_harmless_name_is_offered_as_it_is_and_another_one_is_told() {
    sender!(s);
    for (given, offered, written) in [
        ("O'Neill^Mary A&B.dcm", "O'Neill^Mary A&B.dcm", "O&apos;Neill^Mary A&amp;B.dcm"),
        ("scan (3).dcm", "scan (3).dcm", "scan (3).dcm"),
        ("../ภาพ\u{202e}ถ่าย.dcm", "ภาพ_ถ่าย.dcm", "ภาพ_ถ่าย.dcm"),
    ] {
        let transfer = s.session.offer(&Offer { name: given, ..file(6) }).unwrap();
        assert_eq!(s.session.offered_name(transfer), Ok(offered));
        let mut sent = s.poll();
        if let Some(question) = sent.iter().find(|s| s.contains("disco#info")) {
            sent = s.ask(&result(PEER, attr(question, "id"), DISCO));
        }
        assert!(sent[0].contains(&format!(" name='{written}' ")), "{}", sent[0]);
        s.session.cancel(transfer, Cancel::Wish).unwrap();
        s.poll();
        assert_eq!(s.session.offered_name(transfer), Err(Error::Stale));
        s.take_events();
    }
    assert!(s.session.offer(&Offer { name: "", ..file(6) }).is_err());
}
