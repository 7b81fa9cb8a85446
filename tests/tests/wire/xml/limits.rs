//! Every limit has its own error, at its exact value (XML-07, ATK-02..04).

use xft_core::internals::xml::{Event, Limits, Reader, XmlError};
use xft_tests::xml_trace::{Trace, WIDE, read};

fn trace(document: &str, limits: Limits) -> Trace<XmlError> {
    let mut scratch = vec![0; 1 << 17];
    let whole = read([document.as_bytes()], limits, &mut scratch);
    let bytewise = read(document.as_bytes().chunks(1), limits, &mut scratch);
    assert_eq!(whole, bytewise);
    whole
}

fn error(document: &str, limits: Limits) -> Option<XmlError> {
    trace(document, limits).error
}

/// The document is read under `good`, and refused with `expected` under `bad`.
fn bounded(document: &str, good: Limits, bad: Limits, expected: XmlError) {
    assert_eq!(error(document, good), None);
    assert_eq!(error(document, bad), Some(expected));
    assert_eq!(expected.stream_condition(), "policy-violation");
}

/// XML-07, ATK-02
#[test]
fn depth_is_bounded() {
    let document = "<a>".repeat(32) + &"</a>".repeat(32);
    let limit = |depth| Limits { depth, ..WIDE };
    bounded(&document, limit(32), limit(31), XmlError::TooDeep);
    // ATK-02: the error comes at the tag, however much follows.
    assert_eq!(trace(&"<a>".repeat(100_000), limit(32)).depth, 32);
    assert_eq!(error(&("<a>".to_owned() + &"<b/>".repeat(5000) + "</a>"), limit(2)), None);
}

/// XML-07, ATK-03
#[test]
fn attributes_are_bounded() {
    let attributes: String = (0..32).map(|n| format!(" a{n}='{n}'")).collect();
    let limit = |attributes| Limits { attributes, ..WIDE };
    bounded(&format!("<a{attributes}/>"), limit(32), limit(31), XmlError::TooManyAttributes);
    // Declarations count, so that a tag is bounded in whole.
    let document = "<a xmlns='u' xmlns:p='v' b=''/>";
    bounded(document, limit(3), limit(2), XmlError::TooManyAttributes);
}

/// XML-07, ATK-03
#[test]
fn names_are_bounded() {
    let limit = |name_bytes| Limits { name_bytes, ..WIDE };
    let long = "n".repeat(100);
    for document in [
        format!("<{long}/>"),
        format!("<a {long}=''/>"),
        format!("<p:{} xmlns:p='u'/>", "n".repeat(98)),
        format!("<a xmlns:{}='u'/>", "n".repeat(94)),
        format!("<{}/>", "\u{e9}".repeat(50)),
    ] {
        bounded(&document, limit(100), limit(99), XmlError::NameTooLong);
    }
    assert_eq!(error(&format!("<{}/>", "n".repeat(255)), WIDE), None);
    assert_eq!(error(&format!("<{}", "n".repeat(256)), WIDE), Some(XmlError::NameTooLong));
}

/// XML-07, ATK-03
#[test]
fn values_are_bounded() {
    let limit = |value_bytes| Limits { value_bytes, ..WIDE };
    for document in [
        format!("<a b='{}'/>", "v".repeat(8192)),
        format!("<a b='{}&lt;'/>", "v".repeat(8191)),
        format!("<a b='{}\r\n'/>", "v".repeat(8191)),
        format!("<a b='{}\u{20ac}'/>", "v".repeat(8189)),
        format!("<a xmlns='{}'/>", "v".repeat(8192)),
    ] {
        bounded(&document, limit(8192), limit(8191), XmlError::ValueTooLong);
    }
    let endless = format!("<?xml {}", " ".repeat(300));
    assert_eq!(error(&endless, WIDE), Some(XmlError::ValueTooLong));
}

/// XML-07
#[test]
fn namespaces_in_scope_are_bounded() {
    let limit = |namespaces| Limits { namespaces, ..WIDE };
    let document = "<a xmlns='1'><b xmlns:p='2' xmlns:q='3'/><b xmlns='4'><c xmlns:r='5'/></b></a>";
    bounded(document, limit(3), limit(2), XmlError::TooManyNamespaces);
    // What went out of scope counts no more.
    let siblings = "<b xmlns:p='2'/><b xmlns='3'></b>".repeat(200);
    assert_eq!(error(&format!("<a xmlns='1'><d>{siblings}</d></a>"), limit(2)), None);
}

/// XML-07, ATK-04
#[test]
fn first_level_elements_are_bounded() {
    let limit = |element_bytes| Limits { element_bytes, ..WIDE };
    let element = format!("<iq><d>{}</d></iq>", "x".repeat(100));
    let bytes = u32::try_from(element.len()).expect("short");
    // Each one has the whole budget, and white space between them has none to keep to (ATK-04).
    let document = format!("<s>{element}{}{element}</s>", " ".repeat(1000));
    bounded(&document, limit(bytes), limit(bytes - 1), XmlError::ElementTooLarge);
    let flood = format!("<s><a>{}", "\n".repeat(1000));
    assert_eq!(error(&flood, limit(500)), Some(XmlError::ElementTooLarge));
    let inside_tag = format!("<s><a{}", " ".repeat(1000));
    assert_eq!(error(&inside_tag, limit(500)), Some(XmlError::ElementTooLarge));
    let before_root = " ".repeat(1000);
    assert_eq!(error(&before_root, limit(500)), Some(XmlError::ElementTooLarge));
}

#[test]
fn text_before_the_limit_comes_out() {
    let limits = Limits { element_bytes: 10, ..WIDE };
    let trace = trace("<s><a>1234567890</a>", limits);
    assert_eq!(trace.error, Some(XmlError::ElementTooLarge));
    assert!(format!("{:?}", trace.items).ends_with("Text(\"1234567\")]"), "{:?}", trace.items);
}

#[test]
fn scratch_memory_is_bounded() {
    let document = "<stream xmlns='jabber:client'><message from='a@b.example/c'><body>text</body></message>";
    let (mut fits, mut full) = (0, 0);
    for bytes in 0..300 {
        match read([document.as_bytes()], WIDE, &mut vec![0; bytes]).error {
            None => fits += 1,
            Some(XmlError::ScratchFull) => {
                assert_eq!(fits, 0, "more memory never hurts");
                full += 1;
            }
            Some(error) => panic!("{error:?}"),
        }
    }
    assert!(fits > 100 && full > 50, "{fits} {full}");
    assert_eq!(XmlError::ScratchFull.stream_condition(), "policy-violation");
}

#[test]
fn scratch_memory_is_given_back() {
    let mut scratch = [0; 256];
    let mut reader = Reader::new(&mut scratch, Limits::default());
    let mut feed = |mut rest: &[u8]| {
        let mut events = 0;
        while let (used, Some(_)) = reader.next(rest).expect("fits") {
            rest = &rest[used..];
            events += 1;
        }
        events
    };
    assert_eq!(feed(b"<stream xmlns='jabber:client'>"), 1);
    for _ in 0..1000 {
        let events = feed(b"<iq id='1' xmlns:p='u' p:x='2'><p:query a='b'/></iq><presence/> ");
        assert_eq!(events, 7);
    }
}

#[test]
fn errors_stay_until_reset() {
    let mut scratch = [0; 512];
    let mut reader = Reader::new(&mut scratch, Limits::default());
    assert_eq!(reader.next(b"<a><b></c>"), Ok((3, Some(Event::Start))));
    assert_eq!(reader.next(b"<b></c>"), Ok((3, Some(Event::Start))));
    for _ in 0..2 {
        assert_eq!(reader.next(b"</c>"), Err(XmlError::NotWellFormed));
        assert_eq!(reader.take_text(0), Err(XmlError::NotWellFormed));
    }
    reader.reset();
    assert_eq!(reader.depth(), 0);
    // STR-07: not even a declaration of before is known.
    let head = b"\xEF\xBB\xBF<?xml version='1.0'?><s xmlns='u'>";
    assert_eq!(reader.next(head), Ok((head.len(), Some(Event::Start))));
    assert_eq!((reader.tag().ns(), reader.tag().local(), reader.depth()), ("u", "s", 1));
}

#[test]
fn every_error_has_a_stream_condition() {
    let conditions = [
        (XmlError::NotWellFormed, "not-well-formed"),
        (XmlError::RestrictedXml, "restricted-xml"),
        (XmlError::BadNamespacePrefix, "bad-namespace-prefix"),
        (XmlError::UnsupportedEncoding, "unsupported-encoding"),
        (XmlError::BadFormat, "bad-format"),
    ];
    for (error, condition) in conditions {
        assert_eq!(error.stream_condition(), condition);
    }
}
