//! Too large is not malformed: what breaks a limit is left out, and the stream goes on (XML-07, ATK-02, ATK-03).

use super::generate::document;
use super::properties::{config, cuts, pieces};
use proptest::prelude::*;
use xft_core::internals::xml::{Limits, XmlError};
use xft_tests::xml_trace::{Item, Trace, WIDE, read, read_leniently};

const HEAD: &str = "<s:s xmlns='jabber:client' xmlns:s='http://etherx.jabber.org/streams'>";

/// Reads stanzas under a root, in the memory that a session lends, in one piece and byte by byte.
fn skipped(stanzas: &str, limits: Limits) -> Trace<XmlError> {
    let document = format!("{HEAD}{stanzas}");
    let whole = read_leniently([document.as_bytes()], limits, &mut [0; 2048]);
    let bytewise = read_leniently(document.as_bytes().chunks(1), limits, &mut [0; 2048]);
    assert_eq!(whole, bytewise);
    whole
}

/// Name and attributes of the start tags behind the root.
fn starts(trace: &Trace<XmlError>) -> Vec<(&str, Vec<(&str, &str)>)> {
    let start = |item: &'_ Item| matches!(item, Item::Start(..));
    let starts = trace.items.iter().filter(|item| start(item)).skip(1);
    starts
        .map(|item| match item {
            Item::Start((_, name), attributes) => {
                let attributes = attributes.iter().map(|((_, name), value)| (name.as_str(), value.as_str()));
                (name.as_str(), attributes.collect())
            }
            _ => unreachable!(),
        })
        .collect()
}

/// The stanza is skipped for that limit, a stanza behind it is read; gives its own start tags.
fn breaks(stanza: &str, limit: XmlError) -> Vec<(String, usize)> {
    let trace = skipped(&format!("{stanza}<presence id='next'/>"), Limits::default());
    assert_eq!((trace.error, &trace.broken[..]), (None, &[limit][..]), "{:.60}", stanza);
    let mut starts = starts(&trace);
    assert_eq!(starts.pop(), Some(("presence", vec![("id", "next")])));
    starts.iter().map(|(name, attributes)| ((*name).to_owned(), attributes.len())).collect()
}

/// XML-07, ATK-02
#[test]
fn elements_deeper_than_the_limit_are_counted_whatever_their_names() {
    let levels = |n: usize| format!("<message>{}x{}</message>", "<a>".repeat(n), "</a>".repeat(n));
    let fits = skipped(&levels(30), Limits::default());
    assert_eq!((fits.error, fits.broken.len(), starts(&fits).len()), (None, 0, 31));
    for n in [31, 40, 300, 100_000] {
        assert_eq!(breaks(&levels(n), XmlError::TooDeep).len(), 31, "{n} levels");
    }
    // Compared where names were kept, counted where not.
    let crossed = format!("<message>{}<b></c>{}", "<a>".repeat(30), "</a>".repeat(30));
    assert_eq!(skipped(&format!("{crossed}</message>"), Limits::default()).error, None);
    let bad = Some(XmlError::NotWellFormed);
    assert_eq!(skipped(&format!("{crossed}</massage>"), Limits::default()).error, bad);
}

/// XML-07, ATK-03
#[test]
fn of_a_stanza_with_too_many_attributes_those_stay_that_say_who_sent_it() {
    for n in [32, 40, 10_000] {
        let junk: String = (0..n).map(|n| format!(" a{n}='{n}'")).collect();
        let iq = format!("<iq{junk} type='get' id='1' to='b@x' from='a@x/r'><a/></iq>");
        let trace = skipped(&iq, Limits::default());
        let starts = starts(&trace);
        assert_eq!((trace.error, &trace.broken[..]), (None, &[XmlError::TooManyAttributes][..]));
        assert_eq!(starts[0].1, [("from", "a@x/r"), ("id", "1"), ("to", "b@x"), ("type", "get")], "{n}");
        assert_eq!(starts[1].0, "a");
    }
    // Below the first level what came first stays.
    let junk: String = (0..40).map(|n| format!(" a{n}='{n}'")).collect();
    assert_eq!(breaks(&format!("<iq><a{junk}/></iq>"), XmlError::TooManyAttributes)[1].1, 32);
}

/// XML-07, ATK-03
#[test]
fn of_a_start_tag_larger_than_the_memory_those_stay_that_say_who_sent_it() {
    let envelope = " type='get' id='1' from='a@x/r'";
    for junk in [
        format!(" picture='{}'", "A".repeat(1900)),
        format!(" picture='{}'", "A".repeat(20_000)),
        format!(" {}='1'", "n".repeat(254)).repeat(1),
        (0..20).map(|n| format!(" a{n}='{}'", "A".repeat(100))).collect(),
    ] {
        for iq in [format!("<iq{junk}{envelope}/>"), format!("<iq{envelope}{junk}/>")] {
            let trace = skipped(&iq, Limits::default());
            assert_eq!(trace.error, None);
            for one in [("from", "a@x/r"), ("id", "1"), ("type", "get")] {
                assert!(starts(&trace)[0].1.contains(&one), "{:?}", starts(&trace)[0]);
            }
        }
    }
}

/// XML-07, ATK-03
#[test]
fn an_element_whose_name_is_too_long_is_skipped_with_all_that_is_in_it() {
    let name = "n".repeat(300);
    let inner = format!("<message><{name} a='1'><b/>text<c>&lt;<![CDATA[]]></c></{name}><d/></message>");
    assert_eq!(breaks(&inner, XmlError::NameTooLong), [("message".to_owned(), 0), ("d".to_owned(), 0)]);
    assert_eq!(breaks(&format!("<message><{name}/></message>"), XmlError::NameTooLong).len(), 1);
    assert_eq!(breaks(&format!("<{name}>text</{name}>"), XmlError::NameTooLong), []);
    assert_eq!(breaks(&format!("<{name} />"), XmlError::NameTooLong), []);
    assert_eq!(
        breaks(&format!("<a {name}='1' b='2'/>"), XmlError::NameTooLong),
        [("a".to_owned(), 1)],
        "an attribute alone"
    );
}

/// XML-07, ATK-03
#[test]
fn too_many_namespaces_make_an_undeclared_prefix_no_error() {
    let many: String = (0..40).map(|n| format!(" xmlns:p{n}='urn:{n}'")).collect();
    for stanza in [
        format!("<message{many}><p39:x p38:a='1' p37:a='2'/></message>"),
        format!("<message><p0:x{many}><p39:x/></p0:x></message>"),
        format!("<message><x{many}/><y{many}/></message>"),
    ] {
        let trace = skipped(&format!("{stanza}<a/>"), Limits::default());
        assert_eq!((trace.error, trace.broken.len()), (None, 1), "{stanza}");
    }
    // In the next stanza it is one again.
    let next = skipped(&format!("<message{many}/><p1:x/>"), Limits::default());
    assert_eq!(next.error, Some(XmlError::BadNamespacePrefix));
    // However long their names.
    let long = format!("<message xmlns='{}'><x xmlns='{0}'/></message>", "u".repeat(9000));
    let trace = skipped(&format!("{long}<a/>"), Limits::default());
    assert_eq!((trace.error, trace.broken.len()), (None, 1));
}

/// ATK-40: the end of a path is the name of a file.
#[test]
fn of_a_value_that_is_too_long_its_end_stays() {
    let name = format!("{}/M\u{fc}ller.tar.gz", "\u{e9}".repeat(3000));
    let iq = format!("{HEAD}<iq><file name='{name}' size='5'/></iq>");
    for longest in [1, 7, 100_000] {
        let mut scratch = [0; 2048];
        let mut reader = xft_core::internals::xml::Reader::new(&mut scratch, Limits::default());
        reader.skip_oversized();
        let mut seen = None;
        for mut piece in iq.as_bytes().chunks(longest) {
            while let (used, Some(_)) = reader.next(piece).unwrap() {
                piece = &piece[used..];
                if reader.tag().local() == "file" && reader.depth() == 3 {
                    let plain: Vec<_> = reader.tag().attributes().map(|a| (a.local, a.value)).collect();
                    assert_eq!(plain, [("size", "5")], "a piece does not pass for the whole");
                    seen = Some(reader.broken());
                }
            }
        }
        assert_eq!(seen, Some(Some(XmlError::ValueTooLong)));
    }
}

/// XML-07, ATK-04
#[test]
fn a_stanza_of_a_megabyte_is_skipped_and_a_larger_one_ends_the_stream() {
    let stanza = |bytes: usize| format!("<message><body>{}</body></message>", "x".repeat(bytes - 32));
    let limits = Limits { element_bytes: 10_000, ..Limits::default() };
    let fits = skipped(&stanza(10_000), limits);
    assert_eq!((fits.error, fits.broken.len()), (None, 0));
    for bytes in [10_001, 1 << 20] {
        let trace = skipped(&format!("{}<a/>", stanza(bytes)), limits);
        assert_eq!((trace.error, &trace.broken[..]), (None, &[XmlError::ElementTooLarge][..]), "{bytes}");
    }
    let trace = skipped(&stanza((1 << 20) + 1), limits);
    assert_eq!(trace.error, Some(XmlError::ElementTooLarge));
    let tags = format!("<message>{}", "<a/>".repeat(1 << 18));
    assert_eq!(skipped(&tags, limits).error, Some(XmlError::ElementTooLarge));
}

/// XML-01, XML-02, XML-03, ATK-01, ATK-05
#[test]
fn what_is_skipped_is_still_looked_at_as_far_as_bounded_memory_can() {
    let deep = "<a>".repeat(40);
    for (bad, error) in [
        ("\u{1}", XmlError::NotWellFormed),
        ("]]>", XmlError::NotWellFormed),
        ("&#0;", XmlError::NotWellFormed),
        ("&nbsp;", XmlError::RestrictedXml),
        ("<!-- -->", XmlError::RestrictedXml),
        ("<!DOCTYPE a>", XmlError::RestrictedXml),
        ("<?a?>", XmlError::RestrictedXml),
        ("<a b=1>", XmlError::NotWellFormed),
        ("<a b='<'>", XmlError::NotWellFormed),
        ("<a b='&x;'>", XmlError::RestrictedXml),
        ("<1>", XmlError::NotWellFormed),
        ("<a:1>", XmlError::NotWellFormed),
        ("<a:b:c>", XmlError::NotWellFormed),
        ("</1>", XmlError::NotWellFormed),
        ("</a b>", XmlError::NotWellFormed),
        ("<![CDATE[", XmlError::NotWellFormed),
    ] {
        let trace = skipped(&format!("<message>{deep}{bad}"), Limits::default());
        assert_eq!(trace.error, Some(error), "{bad}");
    }
    let invalid = [HEAD.as_bytes(), b"<message>", deep.as_bytes(), b"\xC3<"].concat();
    assert_eq!(
        read_leniently([&invalid[..]], Limits::default(), &mut [0; 2048]).error,
        Some(XmlError::NotWellFormed)
    );
    // Up to the limit nothing was let pass.
    let before = skipped("<message><b a='1' a='2'/>", Limits::default());
    assert_eq!(before.error, Some(XmlError::NotWellFormed));
}

/// XML-07: the stream's own header has no sender but the server.
#[test]
fn a_header_that_breaks_a_limit_still_ends_the_stream() {
    let many: String = (0..40).map(|n| format!(" a{n}='{n}'")).collect();
    let error = |header: &str| read_leniently([header.as_bytes()], Limits::default(), &mut [0; 2048]).error;
    assert_eq!(error(&format!("<s{many}>")), Some(XmlError::TooManyAttributes));
    assert_eq!(error(&format!("<s a='{}'>", "v".repeat(9000))), Some(XmlError::ScratchFull));
    assert_eq!(error(&format!("<{}", "s".repeat(300))), Some(XmlError::NameTooLong));
}

/// A tag of junk that breaks something sooner or later.
fn junk() -> impl Strategy<Value = String> {
    let value = prop_oneof![1..20usize, 100..3000usize];
    let attribute = ("[a-z]{1,6}", value).prop_map(|(name, n)| (name, "v".repeat(n)));
    let attributes = proptest::collection::vec(attribute, 0..40);
    (attributes, 0..45usize, "[a-z]{1,4}", any::<bool>()).prop_map(|(attributes, levels, name, declares)| {
        let mut names = std::collections::BTreeSet::new();
        let mut tag = format!("<{name}");
        for (n, (name, value)) in attributes.into_iter().enumerate() {
            if names.insert(name.clone()) {
                let prefix = if declares && n % 3 == 0 { "xmlns:" } else { "" };
                tag += &format!(" {prefix}{name}{n}='{value}'");
            }
        }
        format!("{tag}>{}{}</{name}>", "<a>".repeat(levels), "</a>".repeat(levels))
    })
}

proptest! {
    #![proptest_config(config())]

    /// XML-05, XML-07
    #[test]
    fn any_split_skips_the_same(
        document in document(), cuts in cuts(), scratch in 0..600usize, depth in 1..5u8, attributes in 0..5u8,
        name_bytes in 1..20u8, value_bytes in 0..60u16, namespaces in 0..6u8, element_bytes in 0..400u32,
    ) {
        let limits = Limits { depth, attributes, name_bytes, value_bytes, namespaces, element_bytes };
        let whole = read_leniently([document.as_bytes()], limits, &mut vec![0; scratch]);
        let split = read_leniently(pieces(document.as_bytes(), &cuts), limits, &mut vec![0; scratch]);
        prop_assert_eq!(whole, split);
    }

    /// XML-05, XML-07: well-formed stanzas of any shape never end the stream, and never hide the next one.
    #[test]
    fn stanzas_of_any_size_are_skipped_in_any_split(
        junk in proptest::collection::vec(junk(), 1..5), cuts in cuts(), scratch in 300..2100usize,
    ) {
        let stanzas: String = junk.iter().map(|junk| format!("<message id='m'>{junk}</message>{junk}")).collect();
        let document = format!("{HEAD}{stanzas}<iq id='last' from='a@x'/>");
        let whole = read_leniently([document.as_bytes()], Limits::default(), &mut vec![0; scratch]);
        let split = read_leniently(pieces(document.as_bytes(), &cuts), Limits::default(), &mut vec![0; scratch]);
        prop_assert_eq!(&whole, &split);
        prop_assert_eq!(whole.error, None);
        let last = starts(&whole).pop();
        prop_assert_eq!(last, Some(("iq", vec![("from", "a@x"), ("id", "last")])));
        // Where memory and limits suffice both ways of reading are one.
        let strict = read([document.as_bytes()], WIDE, &mut vec![0; 1 << 20]);
        prop_assert_eq!(strict.error, None);
        let wide = read_leniently([document.as_bytes()], WIDE, &mut vec![0; 1 << 20]);
        prop_assert_eq!(wide, strict);
    }
}
