//! What the writer writes, the reader reads back, and nothing is written past the buffer (XML-09).

use proptest::prelude::*;
use xft_core::internals::xml::{WriteError, Writer};
use xft_tests::xml_trace::{Item, WIDE, read};

/// Runs `write` with room for everything.
fn written(write: impl Fn(&mut Writer<'_>)) -> Result<String, WriteError> {
    let mut out = [0xAA; 4096];
    let mut writer = Writer::new(&mut out);
    write(&mut writer);
    let used = writer.finish()?;
    assert!(out[used..].iter().all(|b| *b == 0xAA), "nothing behind the output is touched");
    Ok(String::from_utf8(out[..used].to_vec()).expect("UTF-8"))
}

#[test]
fn elements_close_as_short_as_they_can() {
    let xml = written(|w| {
        w.open("iq").attr("type", "set").attr_opt("to", None).attr_opt("id", Some("7"));
        w.open("a").close("a").open("b").text("").close("b").open("c").attr_u64("n", u64::MAX).text("x");
        w.close("c").close("iq");
    });
    let expected = "<iq type='set' id='7'><a/><b></b><c n='18446744073709551615'>x</c></iq>";
    assert_eq!(xml.as_deref(), Ok(expected));
}

/// XML-09
#[test]
fn specials_are_escaped_where_they_matter() {
    let xml = written(|w| {
        w.open("a").attr("b", "<>&'\"\t\n\r\u{e9}").text("<>&'\"\t\n\r]]>\u{e9}").close("a");
    });
    let value = "&lt;&gt;&amp;&apos;&quot;&#9;&#10;&#13;\u{e9}";
    let text = "&lt;&gt;&amp;'\"\t\n&#13;]]&gt;\u{e9}";
    assert_eq!(xml, Ok(format!("<a b='{value}'>{text}</a>")));
}

#[test]
fn numbers_bytes_and_parts_are_written_plain() {
    let xml = written(|w| {
        w.open("a").attr_parts("jid", &["a&", "@", "b"]).text_u64(0).text_u64(1024);
        w.text_base64(b"").text_base64(b"f").text_base64(b"fo").text_base64(b"foo").close("a");
    });
    assert_eq!(xml.as_deref(), Ok("<a jid='a&amp;@b'>01024Zg==Zm8=Zm9v</a>"));
}

#[test]
fn a_header_may_stay_open() {
    let xml = written(|w| {
        w.raw("<?xml version='1.0'?>").open("stream:stream").attr("to", "h.example");
    });
    assert_eq!(xml.as_deref(), Ok("<?xml version='1.0'?><stream:stream to='h.example'>"));
}

/// XML-09
#[test]
fn code_points_outside_char_are_refused() {
    for bad in ["\0", "\u{8}", "\u{1F}", "\u{FFFE}", "a\u{FFFF}b"] {
        assert_eq!(written(|w| _ = w.open("a").text(bad)), Err(WriteError::Invalid));
        assert_eq!(written(|w| _ = w.open("a").attr("b", bad)), Err(WriteError::Invalid));
    }
    for good in ["\u{7F}", "\u{FFFD}", "\u{EFFF}\u{F000}", "\u{10FFFF}", "\u{1FFFE}"] {
        assert_eq!(written(|w| _ = w.text(good)).as_deref(), Ok(good));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// XML-09, XML-10
    #[test]
    fn the_reader_reads_back_what_was_written(
        value in "\\PC{0,20}|[\t\r\n<>&'\"\\]x]{0,20}",
        text in "\\PC{0,20}|[\t\r\n<>&'\"\\]x]{0,20}",
        number in any::<u64>(),
    ) {
        let xml = written(|w| {
            w.open("s").open("a").attr("v", &value).attr_u64("n", number).text(&text).close("a");
        });
        let valid = !(value.clone() + &text).contains(['\u{FFFE}', '\u{FFFF}']);
        prop_assert_eq!(xml.is_ok(), valid);
        let Ok(xml) = xml else { return Ok(()) };
        let trace = read([xml.as_bytes()], WIDE, &mut [0; 1024]);
        prop_assert_eq!(trace.error, None);
        let Some(Item::Start(_, attributes)) = trace.items.get(1) else { panic!("a start tag") };
        prop_assert_eq!(&attributes[0].1, &number.to_string());
        prop_assert_eq!(&attributes[1].1, &value);
        let read_text = match trace.items.get(2) {
            Some(Item::Text(text)) => text.as_str(),
            _ => "",
        };
        prop_assert_eq!(read_text, &text);
    }

    #[test]
    fn a_small_buffer_tells_what_it_needs(
        value in "[a-z<&]{0,20}", bytes in proptest::collection::vec(any::<u8>(), 0..40), room in 0..160usize,
    ) {
        let write = |w: &mut Writer<'_>| {
            w.open("a").attr("v", &value).attr_u64("n", 42).text_base64(&bytes).close("a");
        };
        let whole = written(write).expect("fits");
        let mut out = vec![0xAA; room + 8];
        let mut writer = Writer::new(&mut out[..room]);
        write(&mut writer);
        let expected = match whole.len() {
            needed if needed > room => Err(WriteError::NoSpace { needed }),
            used => Ok(used),
        };
        prop_assert_eq!(writer.finish(), expected);
        prop_assert!(out[room..].iter().all(|b| *b == 0xAA));
        if let Ok(used) = expected {
            prop_assert_eq!(&out[..used], whole.as_bytes());
        }
    }
}
