//! Whatever a stranger sends through the server, what goes on here goes on (XML-07, ATK-02, ATK-03).
//!
//! The session is lent exactly what `Needs::of` asks for.

use proptest::prelude::*;
use xft_core::*;
use xft_tests::owned::*;

const STRANGER: &str = "u@hospital.test/x";
const SIFT: &str = "http://jabber.org/protocol/si/profile/file-transfer";
const IBB: &str = "http://jabber.org/protocol/ibb";
const CONFORMING: &str = "<feature xmlns='http://jabber.org/protocol/feature-neg'><x xmlns='jabber:x:data' \
    type='form'><field var='stream-method'><option><value>http://jabber.org/protocol/ibb</value></option></field></x>\
    </feature>";

/// A session in exactly the memory that it needs.
macro_rules! session {
    ($s:ident) => {
        let cfg = config();
        let mut memory = Memory::new(&cfg, 2, 2);
        let mut $s = Owned::new(&cfg, "", &mut memory);
    };
}

fn message(inside: &str) -> String {
    format!("<message from='{STRANGER}' to='{ME}' type='chat'>{inside}</message>")
}

fn iq(from: &str, kind: &str, id: &str, payload: &str) -> String {
    format!("<iq from='{from}' to='{ME}' type='{kind}' id='{id}'>{payload}</iq>")
}

fn offer(from: &str, id: &str, inside: &str) -> String {
    iq(
        from,
        "set",
        id,
        &format!("<si xmlns='http://jabber.org/protocol/si' id='s1' profile='{SIFT}'>{inside}</si>"),
    )
}

/// A transfer of 10 bytes from [`PEER`] whose bytestream is open.
fn receive(s: &mut Owned<'_>) -> TransferId {
    let file = format!("<file xmlns='{SIFT}' name='x.bin' size='10'/>{CONFORMING}");
    s.feed(&offer(PEER, "o1", &file));
    let transfer = s.offers[0];
    s.session.accept(transfer, 0).unwrap();
    assert!(s.poll().concat().contains("type='result'"));
    let opened = s.ask(&iq(PEER, "set", "o2", &format!("<open xmlns='{IBB}' sid='s1' block-size='4096'/>")));
    assert!(opened.contains("type='result'"), "{opened}");
    transfer
}

/// The bytes of that transfer come, and it ends well.
fn finish(s: &mut Owned<'_>, transfer: TransferId) {
    let data = format!("<data xmlns='{IBB}' sid='s1' seq='0'>MDEyMzQ1Njc4OQ==</data>");
    s.feed(&iq(PEER, "set", "d0", &data));
    assert_eq!(s.blocks.last().map(Vec::as_slice), Some(&b"0123456789"[..]));
    s.session.stored(transfer, 10).unwrap();
    let closed = s.ask(&iq(PEER, "set", "c", &format!("<close xmlns='{IBB}' sid='s1'/>")));
    assert!(closed.contains("id='d0'") && closed.contains("id='c'"), "{closed}");
    let ended = |event: &Event| matches!(event, Event::Finished { ending: Ending::Unverified, .. });
    assert!(s.events.iter().any(ended), "{:?}", s.events);
    assert!(!s.events.iter().any(|event| matches!(event, Event::Offline { .. })));
    assert!(s.ask(&iq(STRANGER, "get", "p", "<ping xmlns='urn:xmpp:ping'/>")).contains("type='result'"));
}

/// What came from the field, and what it stands for.
fn cases() -> Vec<(&'static str, String)> {
    let picture = |n: usize| {
        message(&format!(
            "<body>picture</body><html xmlns='http://jabber.org/protocol/xhtml-im'>\
             <body xmlns='http://www.w3.org/1999/xhtml'><img alt='p' src='data:image/png;base64,{}'/></body></html>",
            "A".repeat(n)
        ))
    };
    let levels = |n: usize| {
        message(&format!("<body>x</body>{}{}", "<x xmlns='urn:example:x'>".repeat(n), "</x>".repeat(n)))
    };
    let many = |n: usize| (0..n).map(|n| format!(" a{n}='{n}'")).collect::<String>();
    let namespaces: String = (0..200).map(|n| format!(" xmlns:p{n}='urn:example:{n}'")).collect();
    let long = "n".repeat(300);
    let presence = format!("<presence from='{STRANGER}' to='{ME}'><show>away</show></presence>");
    vec![
        ("a picture of 1500 bytes", picture(1500)),
        ("a picture of 4000 bytes", picture(4000)),
        ("a picture of 20000 bytes", picture(20_000)),
        ("a picture of 256 KiB", picture(1 << 18)),
        ("40 levels", levels(40)),
        ("1000 levels", levels(1000)),
        ("much text", message(&format!("<body>{}</body>", "x".repeat(200_000)))),
        ("many presences", presence.repeat(300)),
        ("a start tag of 2 kB", message("").replacen(' ', &format!(" a='{}' ", "v".repeat(2000)), 1)),
        ("an id of 2000 bytes", message("").replacen(' ', &format!(" id='{}' ", "i".repeat(2000)), 1)),
        ("an iq with such an id", iq(STRANGER, "get", &"i".repeat(2000), "<ping xmlns='urn:xmpp:ping'/>")),
        ("32 attributes", message("").replacen("<message", &format!("<message{}", many(32)), 1)),
        ("10000 attributes", message(&format!("<x xmlns='urn:x'{}/>", many(10_000)))),
        ("a name of 300 bytes", message(&format!("<{long} xmlns='urn:x'>y</{long}>"))),
        ("such an attribute", message(&format!("<x xmlns='urn:x' {long}='y'/>"))),
        ("200 namespaces", message(&format!("<x{namespaces}><p199:y p3:z='1'/></x>"))),
        (
            "the same above all",
            message("<p199:y/>").replacen("<message", &format!("<message{namespaces}"), 1),
        ),
        ("CDATA", message(&format!("<body><![CDATA[{}]]></body>", "]]&gt;<".repeat(9000)))),
        ("references", message(&format!("<body>{}</body>", "&#x1F691;&amp;".repeat(9000)))),
        ("siblings", message(&"<x xmlns='urn:x'/>".repeat(10_000))),
        (
            "an address of 3071 bytes",
            message("").replace(STRANGER, &format!("{}/{}", "u@h", "r".repeat(3067))),
        ),
    ]
}

/// XML-07, ATK-02, ATK-03
#[test]
fn a_stanza_of_a_stranger_leaves_a_running_transfer_running() {
    for (name, stanza) in cases() {
        for longest in [1, 61, 4096, usize::MAX] {
            session!(s);
            let transfer = receive(&mut s);
            let pieces = stanza.as_bytes().chunks(longest.min(stanza.len()));
            pieces.for_each(|piece| s.feed_bytes(piece));
            let answer = s.poll().concat();
            assert!(!answer.contains("<stream:error"), "{name}: {answer}");
            finish(&mut s, transfer);
        }
    }
}

/// XML-07, STZ-04
#[test]
fn an_oversized_request_gets_its_error_if_its_sender_and_id_could_be_kept() {
    let many = |n: usize| (0..n).map(|n| format!(" a{n}='{n}'")).collect::<String>();
    let deep = |n: usize| format!("<x xmlns='urn:x'>{}{}</x>", "<y>".repeat(n), "</y>".repeat(n));
    let long = "n".repeat(300);
    for request in [
        iq(STRANGER, "get", "q", &deep(40)),
        iq(STRANGER, "set", "q", &deep(1000)),
        iq(STRANGER, "get", "q", &format!("<ping xmlns='urn:xmpp:ping' a='{}'/>", "v".repeat(2000))),
        iq(STRANGER, "set", "q", &format!("<{long} xmlns='urn:x'/>")),
        iq(STRANGER, "set", "q", "<x xmlns='urn:x'/>").replacen("<iq", &format!("<iq{}", many(33)), 1),
        iq(STRANGER, "get", "q", "<x/>").replacen("<iq", &format!("<iq a='{}'", "v".repeat(1950)), 1),
        iq(STRANGER, "get", "q", &format!("<x xmlns='urn:x'>{}</x>", "x".repeat(300_000))),
    ] {
        session!(s);
        let before = s.session.ignored();
        let answer = s.ask(&request);
        assert!(answer.starts_with(&format!("<iq type='error' to='{STRANGER}' id='q'>")), "{answer}");
        assert!(answer.contains("<not-acceptable ") && answer.matches("<iq").count() == 1, "{answer}");
        assert_eq!(s.session.ignored(), before + 1);
    }
    for request in [
        iq(STRANGER, "get", &"q".repeat(2000), "<ping xmlns='urn:xmpp:ping'/>"),
        iq(&format!("u@h/{}", "r".repeat(3000)), "get", "q", "<ping xmlns='urn:xmpp:ping'/>"),
        iq(STRANGER, "result", "q", &deep(40)),
        iq(STRANGER, "error", "q", &deep(40)),
    ] {
        session!(s);
        assert_eq!(s.ask(&request), "", "nobody to answer, or nothing to");
    }
}

/// XML-07: nothing waits for an answer that came.
#[test]
fn an_oversized_answer_completes_the_request_it_answers() {
    session!(s);
    let id = |sent: &str| {
        sent[sent.find("<iq").unwrap()..]
            .split(" id='")
            .nth(1)
            .unwrap()
            .split('\'')
            .next()
            .unwrap()
            .to_owned()
    };
    let file = Offer {
        to: PEER,
        name: "a",
        size: 5,
        date: None,
        mime_type: None,
        sha256: None,
        md5: None,
        methods: None,
    };
    s.session.offer(&file).unwrap();
    let asked = s.poll().concat();
    assert!(asked.contains("disco#info"), "{asked}");
    let deep = format!("{}{}", "<y xmlns='urn:y'>".repeat(40), "</y>".repeat(40));
    let info = format!(
        "<query xmlns='http://jabber.org/protocol/disco#info'>{deep}<feature var='http://jabber.org/protocol/si'/>\
         <feature var='{SIFT}'/></query>"
    );
    let offered = s.ask(&iq(PEER, "result", &id(&asked), &info));
    assert!(offered.contains("<si "), "{offered}");
    s.feed(&iq(
        PEER,
        "error",
        &id(&offered),
        &format!(
            "{deep}<error type='cancel'><forbidden \
        xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
        ),
    ));
    s.poll();
    let declined =
        |event: &Event| matches!(event, Event::Finished { ending: Ending::Failed(Reason::Declined, _), .. });
    assert!(s.events.iter().any(declined), "{:?}", s.events);
}

/// XML-07, IBB-18
#[test]
fn an_oversized_block_is_refused_and_leaves_no_hole() {
    for junk in ["<y>".repeat(40) + &"</y>".repeat(40), " ".repeat(300_000)] {
        session!(s);
        receive(&mut s);
        let data = format!("<data xmlns='{IBB}' sid='s1' seq='0'>MDEyMzQ1Njc4OQ=={junk}</data>");
        let answer = s.ask(&iq(PEER, "set", "d0", &data));
        assert!(answer.contains("type='error'") && answer.contains("id='d0'"), "{answer}");
        let failed = |event: &Event| {
            matches!(event, Event::Finished { ending: Ending::Failed(Reason::BlockTooLarge, _), .. })
        };
        assert!(s.blocks.is_empty() && s.events.iter().any(failed), "{:?}", s.events);
    }
}

/// XML-07: who is not routed is the server itself.
#[test]
fn what_the_server_itself_sends_too_large_ends_the_stream_and_names_the_limit() {
    let deep = format!("{}{}", "<y>".repeat(40), "</y>".repeat(40));
    for element in [
        format!("<stream:features>{deep}</stream:features>"),
        format!("<stream:error>{deep}</stream:error>"),
        format!("<odd xmlns='urn:odd'>{deep}</odd>"),
        format!("<message xmlns='urn:odd'>{deep}</message>"),
    ] {
        session!(s);
        let said = s.ask(&element);
        assert!(said.contains("<policy-violation "), "{said}");
        let offline = |event: &Event| matches!(event, Event::Offline { reason: Reason::LimitExceeded, .. });
        assert!(s.events.iter().any(offline), "{:?}", s.events);
        assert_eq!(s.session.detail(), "more than 32 levels");
    }
    // Before the login nobody else can speak.
    let cfg = config();
    let mut memory = Memory::new(&cfg, 1, 1);
    let mut s = Owned::unopened(&cfg, &mut memory);
    s.session.stream_open(StreamId::XMPP).unwrap();
    s.poll();
    s.feed(
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' \
        from='hospital.test' version='1.0'>",
    );
    s.feed(&message(&"<y>".repeat(40)));
    s.poll();
    let offline = |event: &Event| matches!(event, Event::Offline { reason: Reason::LimitExceeded, .. });
    assert!(s.events.iter().any(offline), "{:?}", s.events);
}

/// ATK-43, ATK-40, SI-10
#[test]
fn optional_fields_of_any_length_never_block_a_file() {
    let v = |n: usize| "v".repeat(n);
    let file = |attributes: &str, inside: &str| {
        format!("<file xmlns='{SIFT}' size='10'{attributes}>{inside}</file>")
    };
    let thumbnail = |n| format!("<thumbnail xmlns='urn:xmpp:thumbs:1' uri='{}'/>", v(n));
    for (what, offer) in [
        (
            "desc",
            offer(
                PEER,
                "o",
                &(file(" name='a.dcm'", &format!("<desc>{}</desc><range/>", v(100_000))) + CONFORMING),
            ),
        ),
        (
            "desc of 300 KiB",
            offer(PEER, "o", &(file(" name='a.dcm'", &format!("<desc>{}</desc>", v(300_000))) + CONFORMING)),
        ),
        (
            "type",
            offer(PEER, "o", &(file(" name='a.dcm'", "") + CONFORMING)).replacen(
                "<si ",
                &format!("<si mime-type='{}' ", v(10_000)),
                1,
            ),
        ),
        (
            "date",
            offer(
                PEER,
                "o",
                &(file(&format!(" name='a.dcm' date='{}' hash='{}'", v(1000), v(5000)), "") + CONFORMING),
            ),
        ),
        (
            "unknown attributes",
            offer(
                PEER,
                "o",
                &(file(&format!(" name='a.dcm' x='{}' y='{}'", v(1500), v(9000)), "") + CONFORMING),
            ),
        ),
        (
            "unknown elements",
            offer(
                PEER,
                "o",
                &(thumbnail(10_000)
                    + &file(" name='a.dcm'", &thumbnail(5))
                    + &thumbnail(900).repeat(50)
                    + CONFORMING),
            ),
        ),
        (
            "deep unknown elements",
            offer(
                PEER,
                "o",
                &(format!("<x xmlns='urn:x'>{}{}</x>", "<y>".repeat(99), "</y>".repeat(99))
                    + &file(" name='a.dcm'", "")
                    + CONFORMING),
            ),
        ),
        ("name", offer(PEER, "o", &(file(&format!(" name='{}.dcm'", v(3000)), "") + CONFORMING))),
        (
            "name before all",
            offer(
                PEER,
                "o",
                &(format!("<file xmlns='{SIFT}' name='{}/a.dcm' size='10' hash='{}'/>", v(1900), v(32))
                    + CONFORMING),
            ),
        ),
    ] {
        for longest in [7, usize::MAX] {
            session!(s);
            let mut named = String::new();
            for piece in offer.as_bytes().chunks(longest.min(offer.len())) {
                let (mut bytes, mut at) = (piece.to_vec(), 0);
                while at < bytes.len() {
                    let (used, received) = s.session.stream_in(StreamId::XMPP, &mut bytes[at..]).unwrap();
                    at += used;
                    if let Received::Offer(offer) = received {
                        assert_eq!(offer.size, 10, "{what}");
                        named = offer.raw_name.to_owned();
                        s.offers.push(offer.transfer);
                    }
                }
            }
            assert_eq!(s.offers.len(), 1, "{what}: {:?}", s.poll());
            assert!(named.ends_with(".dcm"), "{what}: {named}");
            s.session.accept(s.offers[0], 0).unwrap();
            assert!(s.poll().concat().contains("type='result'"), "{what}");
        }
    }
}

/// ATK-04
#[test]
fn an_element_that_stays_unfinished_ends_the_stream_whatever_trickles_in() {
    for more in ["x", " ", "<y/>"] {
        session!(s);
        s.feed("<message from='u@h/x'><body>");
        for _ in 0..11 {
            s.wait_ms(5_000);
            s.feed(more);
            assert_eq!(s.poll().concat(), "");
        }
        assert_eq!(s.wait, Some(60_000));
        let said = s.wait_ms(5_000);
        assert!(said.contains("<policy-violation ") && s.closed, "{said}");
        let offline = |event: &Event| matches!(event, Event::Offline { reason: Reason::LimitExceeded, .. });
        assert!(s.events.iter().any(offline), "{:?}", s.events);
        assert_eq!(s.session.detail(), "an element unfinished after element_ms");
    }
}

/// ATK-04: each element has a time of its own, and white space between them none.
#[test]
fn elements_one_after_the_other_never_run_out_of_time() {
    session!(s);
    for _ in 0..10 {
        s.feed("<message from='u@h/x'><body>");
        s.wait_ms(50_000);
        s.feed("x</body></message><presence from='u@h/x'");
        s.wait_ms(50_000);
        s.feed("/> \n ");
        s.wait_ms(50_000);
    }
    assert!(
        s.session
            .offer(&Offer {
                to: PEER,
                name: "a",
                size: 1,
                date: None,
                mime_type: None,
                sha256: None,
                md5: None,
                methods: None
            })
            .is_ok()
    );
}

/// Any shape of payload.
fn shape() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (0..300usize).prop_map(|n| "t\u{e9}&lt;".repeat(n)),
        (0..300usize).prop_map(|n| format!("<![CDATA[{}]]>", "<&]".repeat(n))),
        (0..3000usize, 1..400usize).prop_map(|(n, m)| format!("<v{} w='{}'/>", "v".repeat(m), "w".repeat(n))),
        (0..1000usize).prop_map(|n| format!("{}{}", "<d>".repeat(n), "</d>".repeat(n))),
        (0..500usize).prop_map(|n| {
            let all: String = (0..n).map(|n| format!(" a{n}='{n}' xmlns:p{n}='urn:{n}'")).collect();
            format!("<m{all}><p{}:x xmlns:p{0}='u'/></m>", n / 2)
        }),
        (0..1usize << 18).prop_map(|n| "x".repeat(n)),
    ];
    proptest::collection::vec(leaf, 0..4).prop_map(|leaves| leaves.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// XML-07, XML-05
    #[test]
    fn any_stanza_a_server_may_route_leaves_a_running_transfer_running(
        name in prop::sample::select(vec!["message", "presence", "iq"]),
        kind in prop::sample::select(vec!["get", "set", "result", "error", "chat", "unavailable", ""]),
        junk in (0..40usize, 0..200usize),
        inside in shape(),
        mut cuts in proptest::collection::vec(0..1usize << 18, 0..20),
    ) {
        let junk: String = (0..junk.0).map(|n| format!(" j{n}='{}'", "j".repeat(junk.1))).collect();
        let stanza = format!("<{name}{junk} type='{kind}' from='{STRANGER}' to='{ME}' id='f'>{inside}</{name}>");
        cuts.retain(|at| *at < stanza.len());
        cuts.sort_unstable();
        session!(s);
        let transfer = receive(&mut s);
        let mut from = 0;
        for at in cuts.into_iter().chain([stanza.len()]) {
            s.feed_bytes(&stanza.as_bytes()[from..at]);
            from = at;
        }
        let answers = s.poll().concat();
        let asks = name == "iq" && matches!(kind, "get" | "set");
        prop_assert!(!asks || answers.matches("<iq type='error'").count() == 1, "{}", answers);
        finish(&mut s, transfer);
    }
}

/// ATK-40, XML-07: what stays is half of what there is room for, however the name falls into it, and no character is torn.
#[test]
fn of_a_name_of_any_length_as_much_of_the_end_stays() {
    let si = |name: &str| {
        format!(
            "<iq from='{PEER}' to='{ME}' type='set' id='o1'>\
             <si xmlns='http://jabber.org/protocol/si' id='s1' profile='http://jabber.org/protocol/si/profile/file-transfer'>\
             <file xmlns='http://jabber.org/protocol/si/profile/file-transfer' name='{name}' size='5'/>\
             <feature xmlns='http://jabber.org/protocol/feature-neg'><x xmlns='jabber:x:data' type='form'>\
             <field var='stream-method' type='list-single'><option><value>http://jabber.org/protocol/ibb</value>\
             </option></field></x></feature></si></iq>"
        )
    };
    for letter in ["n", "\u{e9}", "\u{20ac}", "\u{1f600}"] {
        for length in (2000..2600).step_by(7) {
            session!(s);
            let name = format!("{}.tar.gz", letter.repeat(length / letter.len()));
            let mut stanza = si(&name).into_bytes();
            let (_, received) = s.session.stream_in(StreamId::XMPP, &mut stanza).unwrap();
            let Received::Offer(offer) = received else { panic!("{letter}, {length}: {received:?}") };
            assert!(
                name.ends_with(offer.raw_name) && offer.raw_name.len() > 200,
                "{letter}, {length}: {offer:?}"
            );
        }
    }
}
