//! The owner reads base64 text itself between two events (XML-08).

use xft_core::internals::xml::{Event, Limits, Reader, XmlError};
use xft_tests::xml_trace::WIDE;

const HEAD: &[u8] = b"<s><iq><data seq='1'>";

/// Reads until the input is used up; gives the last event.
fn feed(reader: &mut Reader<'_>, mut rest: &[u8]) -> Option<Event> {
    let mut last = None;
    while let (used, Some(event)) = reader.next(rest).expect("well-formed") {
        rest = &rest[used..];
        last = Some(event);
    }
    last
}

#[test]
fn text_may_be_taken_right_after_the_start_tag() {
    let mut scratch = [0; 512];
    let mut reader = Reader::new(&mut scratch, WIDE);
    assert_eq!(feed(&mut reader, b"<s><iq>"), Some(Event::Start));
    assert_eq!(reader.next(b"<data seq='1'>QUJD</data>"), Ok((14, Some(Event::Start))));
    assert!(reader.is_content());
    assert_eq!(reader.take_text(4), Ok(()));
    assert_eq!(reader.tag().attributes().next().map(|a| a.value), Some("1"), "the tag is still there");
    assert_eq!(reader.next(b"</data>"), Ok((7, Some(Event::End))));
    assert_eq!((reader.tag().local(), reader.depth()), ("data", 2));
    assert!(reader.is_content(), "text may stand after an end tag too");
}

#[test]
fn content_is_only_where_no_token_is_half_read() {
    let pending: [&[u8]; 14] = [
        b"<",
        b"</",
        b"</da",
        b"<a b='",
        b"<a/",
        b"&",
        b"&#6",
        b"]",
        b"]]",
        b"\r",
        b"\xE2\x82",
        b"<![",
        b"<![CDATA[x",
        b"<![CDATA[x]]",
    ];
    for bytes in pending {
        let mut scratch = [0; 512];
        let mut reader = Reader::new(&mut scratch, WIDE);
        feed(&mut reader, HEAD);
        assert!(reader.is_content());
        feed(&mut reader, bytes);
        assert!(!reader.is_content(), "{bytes:?}");
    }
    let complete: [&[u8]; 8] =
        [b"x", b"&lt;", b"]x", b"\r\n", b"\xE2\x82\xAC", b"<![CDATA[x]]>", b"<a/>", b"</data>"];
    for bytes in complete {
        let mut scratch = [0; 512];
        let mut reader = Reader::new(&mut scratch, WIDE);
        feed(&mut reader, HEAD);
        feed(&mut reader, bytes);
        assert!(reader.is_content(), "{bytes:?}");
    }
}

#[test]
fn content_is_not_at_the_root_or_outside() {
    let mut scratch = [0; 512];
    let mut reader = Reader::new(&mut scratch, WIDE);
    for bytes in [&b""[..], b"<s>", b"<a/>", b" ", b"</s>"] {
        feed(&mut reader, bytes);
        assert!(!reader.is_content(), "{bytes:?}");
    }
}

#[test]
fn the_end_of_an_empty_tag_comes_before_content() {
    let mut scratch = [0; 512];
    let mut reader = Reader::new(&mut scratch, WIDE);
    feed(&mut reader, HEAD);
    assert_eq!(reader.next(b"<a b='1'/>"), Ok((10, Some(Event::Start))));
    assert_eq!(reader.depth(), 4);
    assert!(!reader.is_content());
    assert_eq!(reader.next(b""), Ok((0, Some(Event::End))));
    assert_eq!((reader.tag().local(), reader.tag().attributes().count(), reader.depth()), ("a", 0, 3));
    assert!(reader.is_content());
}

#[test]
fn taken_text_counts_against_the_element() {
    let limits = Limits { element_bytes: 40, ..Limits::default() };
    for (taken, expected) in
        [(22, Ok(())), (23, Err(XmlError::ElementTooLarge)), (usize::MAX, Err(XmlError::ElementTooLarge))]
    {
        let mut scratch = [0; 512];
        let mut reader = Reader::new(&mut scratch, limits);
        feed(&mut reader, HEAD);
        assert_eq!(reader.take_text(taken), expected, "18 bytes of 40 went into the tags");
        assert_eq!(reader.next(b"").map(|_| ()), expected);
    }
}
