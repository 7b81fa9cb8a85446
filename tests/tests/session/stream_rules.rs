//! Rules of the stream, of service discovery and of what nobody asked for, on a stream the session owns.

use xft_core::*;
use xft_tests::owned::*;

fn file() -> Offer<'static> {
    Offer {
        to: PEER,
        name: "ct.dcm",
        size: 50_000,
        date: None,
        mime_type: None,
        sha256: None,
        md5: None,
        methods: None,
    }
}

fn get(id: &str, payload: &str) -> String {
    format!("<iq type='get' from='{PEER}' to='{ME}' id='{id}'>{payload}</iq>")
}

fn set(id: &str, payload: &str) -> String {
    get(id, payload).replacen("get", "set", 1)
}

/// The one error that answers `id` at `PEER`.
fn refused(sent: &str, id: &str, condition: &str) -> bool {
    sent.matches("<iq ").count() == 1
        && sent.starts_with(&format!("<iq type='error' to='{PEER}' id='{id}'>"))
        && sent.contains(&format!("<{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'"))
}

#[test]
fn str_08_atk_08_bytes_before_the_hand_over_to_tls_are_an_injection_even_in_another_read() {
    let cfg = Config::new("ct1@hospital.test", "secret", [3; 32]);
    for injected in [" ", "<", "<iq/>", "\u{16}\u{3}\u{1}"] {
        let mut memory = Memory::new(&cfg, 1, 1);
        let mut s = Owned::unopened(&cfg, &mut memory);
        s.session.stream_open(StreamId::XMPP).unwrap();
        s.feed(
            "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' \
             from='hospital.test' version='1.0'><stream:features>\
             <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>",
        );
        assert!(s.poll().concat().contains("<starttls "));
        s.feed("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        s.feed(injected);
        s.poll();
        assert!(s.closed, "{injected:?}");
        assert!(
            matches!(s.events[..], [Event::Offline { reason: Reason::TlsInjected, .. }]),
            "{injected:?}: {:?}",
            s.events
        );
    }
}

#[test]
fn str_10_stanzas_behind_our_closing_tag_are_read_and_not_answered() {
    let cfg = config();
    let mut memory = Memory::new(&cfg, 1, 1);
    let mut s = Owned::new(&cfg, "", &mut memory);
    s.session.close().unwrap();
    assert_eq!(s.poll().concat(), "</stream:stream>");
    for n in 0..100 {
        s.feed(&get(&format!("p{n}"), "<query xmlns='http://jabber.org/protocol/disco#info'/>"));
    }
    assert_eq!(s.ask("</stream:stream>"), "");
    assert!(s.closed);
    assert_eq!(s.events, [Event::Offline { reason: Reason::Closed, condition: None }]);
}

#[test]
fn str_10_leaving_ends_in_its_time_however_silent_the_server_is() {
    let cfg = config();
    let mut memory = Memory::new(&cfg, 1, 1);
    let mut s = Owned::new(&cfg, "", &mut memory);
    s.session.close().unwrap();
    s.poll();
    assert_eq!(s.wait, Some(u64::from(cfg.times.close_ms)));
    s.wait_ms(u64::from(cfg.times.close_ms));
    assert!(s.closed);
    assert_eq!(s.events, [Event::Offline { reason: Reason::Closed, condition: None }]);
    let mut memory = Memory::new(&cfg, 1, 1);
    let mut s = Owned::unopened(&cfg, &mut memory);
    s.session.close().unwrap();
    s.poll();
    assert_eq!(s.events, [Event::Offline { reason: Reason::Closed, condition: None }]);
}

#[test]
fn png_01_a_ping_gets_an_empty_result_at_its_sender() {
    let cfg = config();
    let mut memory = Memory::new(&cfg, 1, 1);
    let mut s = Owned::new(&cfg, "", &mut memory);
    let ping = "<ping xmlns='urn:xmpp:ping'/>";
    assert_eq!(s.ask(&get("p1", ping)), format!("<iq type='result' to='{PEER}' id='p1'/>"));
    // STZ-03: without a sender it is our own account, and the answer goes there.
    let own = get("p2", ping).replace(&format!(" from='{PEER}'"), "");
    assert_eq!(s.ask(&own), "<iq type='result' id='p2'/>");
}

#[test]
fn dsc_01_dsc_02_we_say_what_we_can_and_that_we_have_no_nodes_and_no_items() {
    let cfg = config();
    let mut memory = Memory::new(&cfg, 1, 1);
    let mut s = Owned::new(&cfg, "", &mut memory);
    let info = "<query xmlns='http://jabber.org/protocol/disco#info'";
    let answer = s.ask(&get("i1", &format!("{info}/>")));
    assert!(answer.contains("<identity category='client' type='bot' name='libxft'/>"), "{answer}");
    for feature in xft_core::FEATURES {
        // In band is all this session does.
        let on = usize::from(*feature != "http://jabber.org/protocol/bytestreams");
        let found = answer.matches(&format!("<feature var='{feature}'/>")).count();
        assert_eq!(found, on, "{feature} (DSC-03)");
    }
    assert!(refused(&s.ask(&get("i2", &format!("{info} node='x'/>"))), "i2", "item-not-found"));
    let items = "<query xmlns='http://jabber.org/protocol/disco#items'/>";
    let empty = format!("<iq type='result' to='{PEER}' id='i3'>{items}</iq>");
    assert_eq!(s.ask(&get("i3", items)), empty);
}

#[test]
fn stz_04_requests_that_are_nobodys_are_refused_by_the_words_for_it() {
    let cfg = config();
    let mut memory = Memory::new(&cfg, 1, 1);
    let mut s = Owned::new(&cfg, "", &mut memory);
    for (stanza, condition) in [
        (get("1", "<query xmlns='jabber:iq:version'/>"), "service-unavailable"),
        (set("1", "<x/>"), "service-unavailable"),
        (set("1", "<ping xmlns='urn:xmpp:ping'/>"), "feature-not-implemented"),
        (set("1", "<pause xmlns='http://jabber.org/protocol/ibb' sid='s'/>"), "feature-not-implemented"),
        (get("1", "<si xmlns='http://jabber.org/protocol/si' id='s'/>"), "feature-not-implemented"),
        // ATK-12: whoever sends it, a change of the contact list concerns nobody here.
        (set("1", "<query xmlns='jabber:iq:roster'><item jid='eve@x'/></query>"), "service-unavailable"),
        // ATK-13
        (get("1", "<open xmlns='http://jabber.org/protocol/ibb' sid='s' block-size='1'/>"), "bad-request"),
        (set("1", "<x/><y/>"), "bad-request"),
        (set("1", ""), "bad-request"),
    ] {
        assert!(refused(&s.ask(&stanza), "1", condition), "{stanza}");
    }
}

#[test]
fn atk_14_stz_13_answers_messages_and_presence_are_never_answered() {
    let cfg = config();
    let mut memory = Memory::new(&cfg, 1, 1);
    let mut s = Owned::new(&cfg, "", &mut memory);
    let unavailable =
        "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    for kind in ["result", "error"] {
        for id in ["x", "deadbeef00000000-r1", "deadbeef00000000-d0.1.1.1"] {
            let answer = get(id, unavailable).replacen("get", kind, 1);
            assert_eq!(s.ask(&answer), "", "{answer}");
        }
    }
    for stanza in [
        format!(
            "<message from='{PEER}' id='m1'><data xmlns='http://jabber.org/protocol/ibb' sid='s' seq='0'>!</data></message>"
        ),
        format!("<message from='{PEER}' type='error' id='m2'>{unavailable}</message>"),
        format!("<message from='{PEER}'/>"),
        format!("<presence from='{PEER}' type='error' id='m3'>{unavailable}</presence>"),
        format!("<presence from='{PEER}' type='strange'/>"),
        format!("<iq type='get' from='{PEER}'><ping xmlns='urn:xmpp:ping'/></iq>"),
    ] {
        assert_eq!(s.ask(&stanza), "", "{stanza}");
    }
    assert!(s.events.is_empty() && s.blocks.is_empty());
}

#[test]
fn ibb_06_a_bytestream_nobody_announced_is_refused() {
    let cfg = config();
    let mut memory = Memory::new(&cfg, 1, 1);
    let mut s = Owned::new(&cfg, "", &mut memory);
    let ibb = "xmlns='http://jabber.org/protocol/ibb' sid='s'";
    assert!(refused(&s.ask(&set("1", &format!("<open {ibb} block-size='4096'/>"))), "1", "not-acceptable"));
    assert!(refused(&s.ask(&set("2", &format!("<data {ibb} seq='0'>AAAA</data>"))), "2", "item-not-found"));
    assert!(refused(&s.ask(&set("3", &format!("<close {ibb}/>"))), "3", "item-not-found"));
    // ATK-19, IBB-04
    for block in ["0", "65536", "-1", "+1", "4k", "", "0x10", "99999999999999999999"] {
        let open = format!("<open {ibb} block-size='{block}'/>");
        assert!(refused(&s.ask(&set("4", &open)), "4", "bad-request"), "{block}");
    }
}

#[test]
fn lim_01_lim_04_nothing_goes_out_that_the_server_does_not_take() {
    let limits = |bytes: u32| {
        format!("<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>{bytes}</max-bytes></limits>")
    };
    let cfg = config();
    let mut memory = Memory::new(&cfg, 1, 1);
    let mut s = Owned::new(&cfg, &limits(500), &mut memory);
    assert_eq!(s.session.offer(&file()), Err(Error::TooLarge));
    // The slot is free again: another refusal, not a full table.
    assert_eq!(s.session.offer(&file()), Err(Error::TooLarge));
    let mut memory = Memory::new(&cfg, 1, 1);
    let mut s = Owned::new(&cfg, &limits(1500), &mut memory);
    assert!(s.session.offer(&file()).is_ok());
}

#[test]
fn stz_10_qrk_30_only_full_addresses_are_offered_files() {
    let cfg = config();
    let mut memory = Memory::new(&cfg, 1, 1);
    let mut s = Owned::new(&cfg, "", &mut memory);
    for to in ["pacs@hospital.test", "hospital.test", "pacs", "", "pacs@hospital.test/", "@hospital.test/x"] {
        assert_eq!(s.session.offer(&Offer { to, ..file() }), Err(Error::Argument(Argument::Peer)), "{to}");
    }
}

#[test]
fn prs_05_a_peer_gets_our_presence_once_before_the_first_offer() {
    let cfg = config();
    let mut memory = Memory::new(&cfg, 3, 2);
    let mut s = Owned::new(&cfg, "", &mut memory);
    s.session.offer(&file()).unwrap();
    s.session.offer(&file()).unwrap();
    let sent = s.poll().concat();
    assert_eq!(sent.matches(&format!("<presence to='{PEER}'")).count(), 1, "{sent}");
    assert!(sent.find("<presence ").unwrap() < sent.find("disco#info").unwrap());
    s.session.offer(&file()).unwrap();
    assert!(!s.poll().concat().contains("<presence "));
    // Whoever was gone does not know of us any more.
    s.ask(&format!("<presence type='unavailable' from='{PEER}'/>"));
    s.session.offer(&file()).unwrap();
    assert_eq!(s.poll().concat().matches("<presence ").count(), 1);
}

#[test]
fn ser_01_ser_04_the_owner_hears_with_which_condition_the_server_ended_the_stream() {
    for (condition, reason) in [
        // SER-04: after this the owner starts the next session with smaller blocks.
        ("policy-violation", Reason::StreamError),
        ("conflict", Reason::Replaced),
        ("system-shutdown", Reason::StreamError),
        ("what-is-this", Reason::StreamError),
    ] {
        let cfg = config();
        let mut memory = Memory::new(&cfg, 1, 1);
        let mut s = Owned::new(&cfg, "", &mut memory);
        let sent = s.ask(&format!(
            "<stream:error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"
        ));
        assert_eq!(sent, "</stream:stream>", "{condition}");
        let known = StreamCondition::from_name(condition).unwrap_or(StreamCondition::UndefinedCondition);
        let told = Event::Offline { reason, condition: Some(Condition::Stream(known)) };
        assert!(s.closed && s.events == [told], "{:?}", s.events);
    }
}

/// An offer of a file of `size` bytes that is accepted and whose bytestream is open.
fn receiving(s: &mut Owned<'_>, size: u64) {
    let si = "http://jabber.org/protocol/si";
    s.feed(&set(
        "o1",
        &format!(
            "<si xmlns='{si}' id='s1' profile='{si}/profile/file-transfer'>\
             <file xmlns='{si}/profile/file-transfer' name='a' size='{size}'/>\
             <feature xmlns='http://jabber.org/protocol/feature-neg'><x xmlns='jabber:x:data' type='form'>\
             <field var='stream-method'><option><value>http://jabber.org/protocol/ibb</value></option></field>\
             </x></feature></si>"
        ),
    ));
    let transfer = s.offers[0];
    s.session.accept(transfer, 0).unwrap();
    s.poll();
    let open = "<open xmlns='http://jabber.org/protocol/ibb' sid='s1' block-size='4096'/>";
    assert!(s.ask(&set("o2", open)).contains("type='result'"));
    s.events.clear();
}

#[test]
fn xml_08_a_block_is_not_lent_before_its_stanza_is_whole_and_right() {
    let cfg = config();
    let block = set("d0", "<data xmlns='http://jabber.org/protocol/ibb' sid='s1' seq='0'>AAAA</data>");
    for cut in block.find("AAAA").unwrap()..block.len() {
        let mut memory = Memory::new(&cfg, 1, 1);
        let mut s = Owned::new(&cfg, "", &mut memory);
        receiving(&mut s, 3);
        s.feed(&block[..cut]);
        assert!(s.blocks.is_empty(), "{}", &block[..cut]);
        s.feed("<&");
        assert!(s.blocks.is_empty(), "{}", &block[..cut]);
        s.poll();
        assert!(
            matches!(s.events.last(), Some(Event::Offline { reason: Reason::NotWellFormed, .. })),
            "{:?}",
            s.events
        );
    }
}

#[test]
fn ibb_36_the_end_of_the_stream_ends_every_transfer_with_it() {
    let cfg = config();
    for how in 0..3 {
        let mut memory = Memory::new(&cfg, 1, 1);
        let mut s = Owned::new(&cfg, "", &mut memory);
        receiving(&mut s, 3);
        match how {
            0 => s.session.stream_end(StreamId::XMPP, StreamEnd::Lost).unwrap(),
            1 => s.feed("</stream:stream>"),
            _ => s.session.close().unwrap(),
        }
        s.poll();
        let why = if how == 2 { Reason::Cancelled } else { Reason::StreamLost };
        assert!(
            matches!(s.events.first(), Some(Event::Finished { ending: Ending::Failed(r, _), .. }) if *r == why),
            "{how}: {:?}",
            s.events
        );
    }
}

#[test]
fn lim_05_a_block_has_as_long_as_a_server_that_meters_takes_for_it() {
    let times = Times::default();
    // 8192 bytes in base64 with their envelope at 3000 bytes a second, behind a full window of a burst.
    assert!(times.block_ms >= 120_000 && times.progress_ms >= times.block_ms);
    assert!(times.offer_ms >= 300_000 && times.open_ms >= 60_000 && times.request_ms >= 30_000);
}

#[test]
fn atk_15_stream_management_nobody_enabled_means_nothing() {
    let cfg = config();
    let mut memory = Memory::new(&cfg, 1, 1);
    let mut s = Owned::new(&cfg, "<sm xmlns='urn:xmpp:sm:3'/>", &mut memory);
    let before = s.session.ignored();
    for element in
        ["<r", "<a h='4294967296'", "<a h='-1'", "<enabled id='x' resume='true'", "<resumed previd='y' h='9'"]
    {
        assert_eq!(s.ask(&format!("{element} xmlns='urn:xmpp:sm:3'/>")), "", "{element}");
    }
    assert_eq!((s.session.ignored() - before, s.events.len()), (5, 0));
    assert_eq!(s.ask(&get("p1", "<ping xmlns='urn:xmpp:ping'/>")).matches("type='result'").count(), 1);
}

#[test]
fn atk_25_nobody_is_sent_to_an_address_because_a_peer_names_it() {
    let cfg = config();
    let mut memory = Memory::new(&cfg, 1, 1);
    let mut s = Owned::new(&cfg, "", &mut memory);
    receiving(&mut s, 3);
    let hosts = "<query xmlns='http://jabber.org/protocol/bytestreams' sid='s1'>\
        <streamhost jid='eve@x/y' host='10.0.0.1' port='22'/></query>";
    // The word of XEP-0065 for "unwilling" (S5B-01): the file comes in band.
    assert!(refused(&s.ask(&set("b", hosts)), "b", "not-acceptable"));
    let info = s.ask(&get("c", "<query xmlns='http://jabber.org/protocol/disco#info'/>"));
    assert!(info.contains("jabber.org/protocol/ibb") && !info.contains("bytestreams"), "{info}");
}

#[test]
fn prs_06_a_bare_address_that_goes_speaks_for_all_its_resources() {
    let cfg = config();
    for (from, ends) in [
        ("pacs@hospital.test/in", true),
        ("pacs@hospital.test", true),
        ("pacs@hospital.test/other", false),
        ("hospital.test", false),
        ("", false),
    ] {
        let mut memory = Memory::new(&cfg, 1, 1);
        let mut s = Owned::new(&cfg, "", &mut memory);
        receiving(&mut s, 3);
        s.ask(&format!("<presence type='unavailable' from='{from}'/>"));
        let gone =
            |e: &Event| matches!(e, Event::Finished { ending: Ending::Failed(Reason::PeerGone, None), .. });
        assert_eq!(s.events.iter().any(gone), ends, "{from}");
    }
}
