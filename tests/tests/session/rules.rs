//! Rules of stanzas, bytestreams and offers that the session has to keep, one whole stanza at a time.

use xft_core::*;
use xft_tests::hosted::peer::*;
use xft_tests::hosted::*;

#[test]
fn stz_04_an_offer_whose_acceptance_is_taken_back_is_still_answered_once() {
    let cfg = config(ME);
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Hosted::new(&cfg, &mut memory);
    let transfer = offered(s.give(&set(PEER, "o1", &si("s1", 10))));
    s.session.accept(transfer, 0).unwrap();
    s.session.cancel(transfer, Cancel::Wish).unwrap();
    let sent = s.poll();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!((attr(&sent[0], "id"), condition(&sent[0])), ("o1", "forbidden"));
    assert_eq!(s.ending(), Ending::Failed(Reason::Cancelled, None));
}

#[test]
fn si_18_atk_34_nobody_can_open_before_our_answer_is_out() {
    let cfg = config(ME);
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Hosted::new(&cfg, &mut memory);
    let transfer = offered(s.give(&set(PEER, "o1", &si("s1", 10))));
    s.give(&set(PEER, "o2", &open("s1", 4096)));
    s.session.accept(transfer, 0).unwrap();
    s.give(&set(PEER, "o3", &open("s1", 4096)));
    let sent = s.poll();
    let refused = |id: &str| sent.iter().any(|s| attr(s, "id") == id && s.contains("<not-acceptable"));
    assert!(refused("o2") && refused("o3"), "{sent:?}");
    assert!(s.ask(&set(PEER, "o4", &open("s1", 4096)))[0].contains("type='result'"));
}

#[test]
fn si_18_ibb_07_only_the_offering_address_may_open_and_only_once() {
    let cfg = config(ME);
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Hosted::new(&cfg, &mut memory);
    accepted(&mut s, "s1", 10);
    // In a host-owned stream a bytestream nobody announced may be the host's own.
    for from in ["pacs@hospital.test/other", "eve@hospital.test/in", "pacs@hospital.test"] {
        assert_eq!(s.give(&set(from, "o2", &open("s1", 4096))), Got::NotMine);
    }
    assert!(s.ask(&set(PEER, "o3", &open("s1", 4096)))[0].contains("type='result'"));
    let again = s.ask(&set(PEER, "o4", &open("s1", 2048)));
    assert_eq!(condition(&again[0]), "not-acceptable");
    let block = s.give(&set(PEER, "d0", &data("s1", 0, "AAAA")));
    assert!(matches!(block, Got::Data { offset: 0, ref bytes, .. } if bytes == &[0; 3]), "{block:?}");
}

#[test]
fn ibb_30_a_sender_that_gives_up_before_the_opening_says_so_by_close() {
    let cfg = config(ME);
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Hosted::new(&cfg, &mut memory);
    accepted(&mut s, "s1", 10);
    let sent = s.ask(&set(PEER, "c1", &close("s1")));
    assert!(sent.len() == 1 && sent[0].contains("type='result'"), "{sent:?}");
    assert_eq!(s.ending(), Ending::Failed(Reason::PeerCancelled, None));
}

#[test]
fn ibb_30_ibb_34_a_close_that_comes_twice_is_answered_twice() {
    let cfg = config(ME);
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Hosted::new(&cfg, &mut memory);
    let offer = si("s1", 3).replace("size='3'/>", "size='3'><receipt xmlns='urn:libxft:receipt:0'/></file>");
    let transfer = offered(s.give(&set(PEER, "o1", &offer)));
    s.session.accept(transfer, 0).unwrap();
    s.poll();
    s.ask(&set(PEER, "o2", &open("s1", 4096)));
    s.give(&set(PEER, "d0", &data("s1", 0, "AAAA")));
    s.session.stored(transfer, 3).unwrap();
    let sent = s.ask(&set(PEER, "c1", &close("s1")));
    assert_eq!((attr(&sent[0], "id"), attr(&sent[1], "id")), ("d0", "c1"), "{sent:?}");
    assert!(sent[2].contains("<receipt "), "{sent:?}");
    let again = s.ask(&set(PEER, "c2", &close("s1")));
    assert!(
        again.len() == 1 && again[0].contains("type='result'") && attr(&again[0], "id") == "c2",
        "{again:?}"
    );
}

#[test]
fn ibb_04_a_refused_opening_is_not_closed() {
    for (word, reason) in [
        ("not-acceptable", Reason::Refused),
        ("feature-not-implemented", Reason::Unsupported),
        ("item-not-found", Reason::PeerCancelled),
        ("service-unavailable", Reason::PeerGone),
    ] {
        let cfg = config(ME);
        let mut memory = Memory::new(&cfg, 2, 2);
        let mut s = Hosted::new(&cfg, &mut memory);
        let open = opening(&mut s, 10);
        s.take_events();
        assert_eq!(s.ask(&error(PEER, attr(&open, "id"), "cancel", word)), Vec::<String>::new());
        assert!(matches!(s.ending(), Ending::Failed(why, Some(_)) if why == reason), "{word}");
    }
}

#[test]
fn atk_13_a_malformed_stanza_on_a_stream_of_the_host_is_the_hosts() {
    let cfg = config(ME);
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Hosted::new(&cfg, &mut memory);
    for stanza in [
        "<iq type='get' id='1' from='a@b/c'/>",
        "<iq type='get' id='1' from='a@b/c'><x/><y/></iq>",
        "<iq type='ask' id='1' from='a@b/c'><x/></iq>",
        "<iq type='get' from='a@b/c'><x/></iq>",
        "<presence type='strange' from='a@b/c'/>",
        "<r xmlns='urn:xmpp:sm:3'/>",
    ] {
        assert_eq!(s.give(stanza), Got::NotMine, "{stanza}");
        assert!(s.poll().is_empty(), "{stanza}");
    }
}

#[test]
fn an_offer_that_comes_while_we_leave_is_refused_for_now() {
    let cfg = config(ME);
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Hosted::new(&cfg, &mut memory);
    s.session.close().unwrap();
    assert_eq!(s.give(&set(PEER, "o1", &si("s1", 10))), Got::Consumed);
    assert_eq!(condition(&s.poll()[0]), "resource-constraint");
    assert_eq!(s.take_events(), [Event::Offline { reason: Reason::Closed, condition: None }]);
}

#[test]
fn dsc_04_atk_16_a_peer_that_can_much_is_understood() {
    let cfg = config(ME);
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Hosted::new(&cfg, &mut memory);
    s.session.offer(&file(10)).unwrap();
    let question = s.poll().remove(0);
    let many: String =
        (0..1000).map(|n| format!("<feature var='http://jabber.org/protocol/thing-{n}'/>")).collect();
    let doubled =
        DISCO.replace("</query>", &format!("{}</query>", "<feature var='urn:xmpp:ping'/>".repeat(9)));
    let answer = doubled.replace("<identity ", &format!("{many}<identity "));
    let sent = s.ask(&result(PEER, attr(&question, "id"), &answer));
    assert!(sent[0].contains("<si "), "{sent:?}");
}

#[test]
fn lim_03_a_block_fits_what_the_server_takes_when_it_has_stamped_our_address() {
    let mut cfg = config(ME);
    (cfg.block_bytes, cfg.chunk_bytes, cfg.stanza_bytes) = (8192, 8192, 10_000);
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Hosted::new(&cfg, &mut memory);
    let open = opening(&mut s, 100_000);
    let block: usize = attr(&open, "block-size").parse().unwrap();
    let first = s.ask(&result(PEER, attr(&open, "id"), "")).remove(0);
    // Later numbers have up to five digits and the id more of them.
    let longest = stamped(&first, ME).len() + 4;
    assert!(longest <= 10_000 && longest + 60 > 10_000 && block > 7000, "{longest} {block}");
}

#[test]
fn stz_11_a_peer_that_worked_before_and_has_no_such_service_now_is_gone() {
    let cfg = config(ME);
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Hosted::new(&cfg, &mut memory);
    let offer = offering(&mut s, 10);
    s.give(&error(PEER, attr(&offer, "id"), "cancel", "service-unavailable"));
    s.poll();
    let gone = Condition::Stanza(StanzaCondition::ServiceUnavailable);
    assert_eq!(s.ending(), Ending::Failed(Reason::PeerGone, Some(gone)));
    // What it could is forgotten with it (DSC-04).
    s.session.offer(&file(10)).unwrap();
    assert!(s.poll()[0].contains("disco#info"));
}

#[test]
fn stz_02_atk_11_an_answer_from_the_wrong_address_is_counted_and_changes_nothing() {
    let cfg = config(ME);
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Hosted::new(&cfg, &mut memory);
    let offer = offering(&mut s, 10);
    let id = attr(&offer, "id");
    let before = s.session.ignored();
    let strangers =
        ["eve@hospital.test/x", "pacs@hospital.test", "hospital.test", "pacs@hospital.test/IN", ME];
    for from in strangers {
        assert_eq!(s.give(&result(from, id, &yes())), Got::Consumed);
        assert_eq!(s.give(&error(from, id, "cancel", "forbidden")), Got::Consumed);
    }
    s.give(&result(PEER, id, &yes()).replace(&format!(" from='{PEER}'"), ""));
    assert!(s.poll().is_empty() && s.take_events().is_empty());
    assert_eq!(s.session.ignored() - before, 11);
    assert!(s.ask(&result(PEER, id, &yes()))[0].contains("<open "));
}

#[test]
fn atk_22_a_result_for_a_request_that_was_never_made_opens_nothing() {
    let cfg = config(ME);
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Hosted::new(&cfg, &mut memory);
    s.session.offer(&file(10)).unwrap();
    let question = s.poll().remove(0);
    let prefix = attr(&question, "id").split('-').next().unwrap().to_owned();
    for tail in ["-r0", "-r00", "-r", "-rffffffff", "-d0.1.1.a", "-d0.1.0.0", "-u1", ""] {
        s.give(&result(PEER, &format!("{prefix}{tail}"), &yes()));
    }
    assert!(s.poll().is_empty() && s.take_events().is_empty());
}

#[test]
fn atk_22_blocks_acknowledged_before_they_were_sent_stay_to_be_sent() {
    let cfg = config(ME);
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Hosted::new(&cfg, &mut memory);
    let open = opening(&mut s, 50_000);
    let sent = s.ask(&result(PEER, attr(&open, "id"), ""));
    assert_eq!(sent.len(), 2, "two blocks of 4096 at first (IBB-15)");
    let id = attr(&sent[1], "id").to_owned();
    let (head, _) = id.rsplit_once('.').unwrap();
    let (head, _) = head.rsplit_once('.').unwrap();
    for forged in [
        format!("{head}.3.3000"),
        format!("{head}.d.c350"),
        format!("{head}.2.c350"),
        format!("{head}.ffffffff.c350"),
    ] {
        assert!(s.ask(&result(PEER, &forged, "")).is_empty(), "{forged}");
    }
    for from in ["eve@hospital.test/x", "pacs@hospital.test"] {
        assert!(s.ask(&result(from, &id, "")).is_empty(), "{from}");
    }
    let more = s.ask(&result(PEER, attr(&sent[0], "id"), ""));
    assert_eq!(more.len(), 3, "the first answer in time doubles the window (IBB-15)");
}

#[test]
fn stz_04_ids_longer_than_ours_are_answered_as_they_are() {
    let cfg = config(ME);
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Hosted::new(&cfg, &mut memory);
    let transfer = receiving(&mut s, "s1", 3060);
    let mut full = 0;
    let mut ids: Vec<String> = Vec::new();
    for seq in 0..30 {
        let id = format!("{seq:0>120}");
        let block = set(PEER, &id, &data("s1", seq, &"A".repeat(136)));
        if s.try_give(&block) == Err(Error::Full) {
            full += 1;
            s.session.stored(transfer, u64::from(seq) * 102).unwrap();
            ids.extend(s.poll().iter().map(|s| attr(s, "id").to_owned()));
            assert!(matches!(s.give(&block), Got::Data { .. }));
        }
    }
    assert!(full > 0);
    s.session.stored(transfer, 3060).unwrap();
    ids.extend(s.poll().iter().map(|s| attr(s, "id").to_owned()));
    assert!(ids.iter().enumerate().all(|(n, id)| id == &format!("{n:0>120}")), "{ids:?} (IBB-14)");
}

#[test]
fn ibb_19_what_is_no_base64_is_a_bad_request_of_type_cancel_and_the_stream_is_closed() {
    for text in ["AAA", "AAAA====", "AA==AAAA", "AB==", "AA_-", "A A!A", "&#1052;AAA"] {
        let cfg = config(ME);
        let mut memory = Memory::new(&cfg, 2, 2);
        let mut s = Hosted::new(&cfg, &mut memory);
        receiving(&mut s, "s1", 100);
        let sent = s.ask(&set(PEER, "d0", &data("s1", 0, text)));
        assert_eq!((condition(&sent[0]), sent.len()), ("bad-request", 2), "{text}: {sent:?}");
        assert!(sent[0].contains("type='cancel'") && sent[1].contains("<close "), "{text}: {sent:?}");
        assert_eq!(s.ending(), Ending::Failed(Reason::Base64, None), "{text}");
    }
}

#[test]
fn xml_07_a_block_that_could_not_be_read_is_no_configuration() {
    let mut cfg = config(ME);
    (cfg.element_bytes, cfg.block_bytes, cfg.chunk_bytes) = (10_000, 8192, 4096);
    assert_eq!(cfg.check(), Err(Error::Argument(Argument::BlockBytes)));
    cfg.block_bytes = 6144;
    assert_eq!(cfg.check(), Ok(()));
}

#[test]
fn stz_02_what_a_peer_can_is_only_its_own_to_say() {
    let cfg = config(ME);
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Hosted::new(&cfg, &mut memory);
    let other = "ws@hospital.test/in";
    s.session.offer(&file(10)).unwrap();
    s.session.offer(&Offer { to: other, ..file(10) }).unwrap();
    let sent = s.poll();
    let id = attr(sent.iter().find(|s| attr(s, "to") == PEER).unwrap(), "id");
    for from in [other, "hospital.test", "pacs@hospital.test"] {
        assert!(s.ask(&result(from, id, DISCO)).is_empty(), "{from}");
        assert!(s.ask(&error(from, id, "cancel", "service-unavailable")).is_empty(), "{from}");
    }
    assert!(s.take_events().is_empty());
    assert!(s.ask(&result(PEER, id, DISCO))[0].contains("<si "));
}

#[test]
fn si_13_a_part_of_a_file_is_delivered_without_waiting_for_a_word_on_the_whole() {
    let cfg = config(ME);
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Hosted::new(&cfg, &mut memory);
    let offer = offering(&mut s, 10);
    let range =
        format!("<file xmlns='{SI}/profile/file-transfer'><range offset='4' length='5'/></file><feature");
    let open = s.ask(&result(PEER, attr(&offer, "id"), &yes().replacen("<feature", &range, 1))).remove(0);
    let block = s.ask(&result(PEER, attr(&open, "id"), "")).remove(0);
    let close = s.ask(&result(PEER, attr(&block, "id"), "")).remove(0);
    s.take_events();
    s.ask(&result(PEER, attr(&close, "id"), ""));
    assert_eq!(s.ending(), Ending::Delivered);
}

#[test]
fn a_peer_with_a_transfer_is_not_forgotten_for_another_one() {
    let cfg = config(ME);
    let mut memory = Memory::new(&cfg, 3, 2);
    let mut s = Hosted::new(&cfg, &mut memory);
    receiving(&mut s, "s1", 6);
    let second = offered(s.give(&set("a@hospital.test/x", "o1", &si("s1", 6))));
    let full = s.ask(&set("b@hospital.test/x", "o1", &si("s1", 6)));
    assert_eq!(condition(&full[0]), "resource-constraint");
    assert!(matches!(s.give(&set(PEER, "d0", &data("s1", 0, "AAAA"))), Got::Data { .. }));
    s.session.decline(second, Decline::Unwanted).unwrap();
    s.poll();
    offered(s.give(&set("b@hospital.test/x", "o2", &si("s1", 6))));
    assert!(matches!(s.give(&set(PEER, "d1", &data("s1", 1, "AAAA"))), Got::Data { .. }));
}

#[test]
fn a_host_that_is_bound_need_not_name_its_account_again() {
    let mut cfg = config(ME);
    cfg.account = "";
    let mut memory = Memory::new(&cfg, 1, 1);
    assert_eq!(Hosted::new(&cfg, &mut memory).session.jid(), ME);
    cfg.owner = StreamOwner::Session;
    assert_eq!(cfg.check(), Err(Error::Argument(Argument::Account)));
}

#[test]
fn dsc_04_a_peer_is_asked_once_at_its_full_address_and_offered_nothing_before_it_answered() {
    let cfg = config(ME);
    let mut memory = Memory::new(&cfg, 6, 2);
    let mut s = Hosted::new(&cfg, &mut memory);
    s.session.offer(&file(10)).unwrap();
    let sent = s.poll();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(sent[0].contains("type='get'") && sent[0].contains("disco#info"), "{sent:?}");
    assert_eq!(attr(&sent[0], "to"), PEER);
    let id = attr(&sent[0], "id").to_owned();
    // A second file waits for the same answer, which only that address can give.
    s.session.offer(&file(11)).unwrap();
    assert!(s.wait_ms(1_000).is_empty());
    for from in ["pacs@hospital.test", "pacs@hospital.test/other", "hospital.test"] {
        assert!(s.ask(&result(from, &id, DISCO)).is_empty(), "{from}");
    }
    let offers = s.ask(&result(PEER, &id, DISCO));
    assert_eq!(offers.len(), 2);
    assert!(offers.iter().all(|o| o.contains("<si ") && attr(o, "to") == PEER), "{offers:?}");
    // From here on it is known; another resource of the same account is not.
    s.session.offer(&file(12)).unwrap();
    assert!(s.poll()[0].contains("<si "));
    let other = "pacs@hospital.test/other";
    s.session.offer(&Offer { to: other, ..file(13) }).unwrap();
    let sent = s.poll();
    assert!(sent.len() == 1 && sent[0].contains("disco#info") && attr(&sent[0], "to") == other, "{sent:?}");
}
