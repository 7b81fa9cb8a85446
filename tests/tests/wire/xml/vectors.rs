//! XM-01..15 and the parts of ATK-01..06 that need no limit.

use xft_core::internals::xml::{Limits, XmlError};
use xft_tests::xml_trace::{Item, Trace, read};

const HEAD: &str = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";

/// Reads a document with the limits a session uses, after proving that no split changes the result.
fn document(bytes: &[u8]) -> Trace<XmlError> {
    let mut scratch = [0; 4096];
    let whole = read([bytes], Limits::default(), &mut scratch);
    for at in 0..bytes.len() {
        let (head, tail) = bytes.split_at(at);
        let split = read([head, tail], Limits::default(), &mut scratch);
        assert_eq!(whole, split, "split at {at} (XM-15)");
    }
    let bytewise = read(bytes.chunks(1), Limits::default(), &mut scratch);
    assert_eq!(whole, bytewise);
    whole
}

/// What follows the stream header.
fn in_stream(bytes: &[u8]) -> Trace<XmlError> {
    let mut trace = document(&[HEAD.as_bytes(), bytes].concat());
    trace.items.remove(0);
    trace
}

/// The text of `<body>` with the given content.
fn text(content: &[u8]) -> Result<String, XmlError> {
    let trace = in_stream(&[b"<body>", content, b"</body>"].concat());
    match (trace.error, trace.items.get(1)) {
        (Some(error), _) => Err(error),
        (None, Some(Item::Text(text))) => Ok(text.clone()),
        (None, _) => Ok(String::new()),
    }
}

/// The value of an attribute written in apostrophes.
fn value(written: &[u8]) -> Result<String, XmlError> {
    let trace = in_stream(&[b"<a v='", written, b"'/>"].concat());
    match (trace.error, trace.items.first()) {
        (None, Some(Item::Start(_, attributes))) => Ok(attributes[0].1.clone()),
        (error, _) => Err(error.expect("an attribute or an error")),
    }
}

fn name(ns: &str, local: &str) -> (String, String) {
    (ns.into(), local.into())
}

fn start(ns: &str, local: &str) -> Item {
    Item::Start(name(ns, local), Vec::new())
}

/// XML-02
#[test]
fn predefined_entities_are_resolved() {
    // XM-01
    assert_eq!(text(b"&lt;&gt;&amp;&apos;&quot;").as_deref(), Ok("<>&'\""));
    assert_eq!(value(b"&lt;&gt;&amp;&apos;&quot;").as_deref(), Ok("<>&'\""));
}

/// XML-03
#[test]
fn character_references_are_resolved() {
    // XM-02
    assert_eq!(text(b"&#65;&#x41;").as_deref(), Ok("AA"));
    assert_eq!(value(b"&#65;&#x41;&#x1F600;").as_deref(), Ok("AA\u{1F600}"));
    assert_eq!(text(b"&#0000000000065;").as_deref(), Ok("A"));
}

/// XML-03
#[test]
fn references_outside_char_are_not_well_formed() {
    // XM-03
    for written in ["&#0;", "&#x8;", "&#xFFFE;", "&#xD800;", "&#x110000;"] {
        assert_eq!(text(written.as_bytes()), Err(XmlError::NotWellFormed));
        assert_eq!(value(written.as_bytes()), Err(XmlError::NotWellFormed));
    }
    for written in ["&;", "&#;", "&#x;", "&#xG;", "&#a;", "& ", "&lt ;", "&#99999999999999999999;"] {
        assert_eq!(text(written.as_bytes()), Err(XmlError::NotWellFormed), "{written}");
    }
}

/// XML-02, ATK-01
#[test]
fn other_entities_are_restricted() {
    // XM-04
    for written in ["&nbsp;", "&l;", "&ltt;", "&quots;", "&a:b;", "&\u{e9};"] {
        let error = text(written.as_bytes());
        assert_eq!(error, Err(XmlError::RestrictedXml), "{written}");
        assert_eq!(value(written.as_bytes()), Err(XmlError::RestrictedXml));
    }
}

/// XML-02
#[test]
fn comments_instructions_and_doctype_are_restricted() {
    // XM-05, ATK-01
    for markup in ["<!-- c -->", "<?pi x?>", "<!DOCTYPE a>", "<?xml version='1.0'?>"] {
        let error = Some(XmlError::RestrictedXml);
        assert_eq!(document(markup.replace("<?xml ", " <?xml ").as_bytes()).error, error);
        assert_eq!(in_stream(markup.as_bytes()).error, error, "{markup}");
        assert_eq!(in_stream(format!("<a>{markup}").as_bytes()).error, error);
    }
    let bomb = "<!DOCTYPE l [<!ENTITY a 'lol'><!ENTITY b '&a;&a;'>]><l>&b;</l>";
    assert_eq!(document(bomb.as_bytes()).error, Some(XmlError::RestrictedXml));
}

#[test]
fn doctype_is_refused_at_its_first_letter() {
    // ATK-01
    assert_eq!(document(b"<!D").error, Some(XmlError::RestrictedXml));
    assert_eq!(document(b"<!").error, None);
}

/// XML-03
#[test]
fn cdata_sections_are_text() {
    // XM-06
    assert_eq!(text(b"<![CDATA[<x/>]]>").as_deref(), Ok("<x/>"));
    assert_eq!(text(b"a<![CDATA[&lt;]]]]]>b").as_deref(), Ok("a&lt;]]]b"));
    assert_eq!(text(b"<![CDATA[]]>").as_deref(), Ok(""));
    assert_eq!(text(b"<![CDATA[]>] ]]>").as_deref(), Ok("]>] "));
    assert_eq!(text(b"<![CDATA[a\r\nb\rc\r]]>\n").as_deref(), Ok("a\nb\nc\n\n"));
    assert_eq!(text("<![CDATA[\u{e9}\u{20ac}]]>".as_bytes()).as_deref(), Ok("\u{e9}\u{20ac}"));
    for bad in [&b"<![CDATA[\x01]]>"[..], b"<![CDATA[\xE2\x82]]>", b"<![cdata[]]>", b"<![CDAT"] {
        assert_eq!(text(bad), Err(XmlError::NotWellFormed));
    }
}

#[test]
fn end_of_cdata_in_text_is_not_well_formed() {
    // XM-07
    for content in ["]]>", "a]]]>", "&#93;]]>"] {
        assert_eq!(text(content.as_bytes()), Err(XmlError::NotWellFormed));
    }
    for content in ["]] >", "]>", "]a]>", "]]&gt;", "]&#93;>", "]]\u{e9}>", "]]"] {
        let expected = content.replace("&gt;", ">").replace("&#93;", "]");
        assert_eq!(text(content.as_bytes()), Ok(expected), "{content}");
    }
    assert_eq!(text(b"]]<b/>>").as_deref(), Ok("]]"));
}

/// XML-01, ATK-05
#[test]
fn bytes_that_are_not_utf8_are_not_well_formed() {
    // XM-08, ATK-05
    let sequences: [&[u8]; 12] = [
        b"\xC0\x80",
        b"\xED\xA0\x80",
        b"\xF5\x80\x80\x80",
        b"\x80",
        b"\xE2\x82",
        b"\xE0\x80\x80",
        b"\xF4\x90\x80\x80",
        b"\xFF",
        b"\xEF\xBF\xBE",
        b"\xEF\xBF\xBF",
        b"\x00",
        b"\x1F",
    ];
    for bytes in sequences {
        assert_eq!(text(bytes), Err(XmlError::NotWellFormed), "{bytes:x?}");
        assert_eq!(value(bytes), Err(XmlError::NotWellFormed), "{bytes:x?}");
        let tag = [b"<a", bytes, b"/>"].concat();
        assert_eq!(in_stream(&tag).error, Some(XmlError::NotWellFormed));
    }
}

#[test]
fn byte_order_mark_is_accepted_once_at_the_start() {
    // XM-09
    assert_eq!(document(b"\xEF\xBB\xBF<a/>").items, [start("", "a"), Item::End]);
    let with_declaration = document(b"\xEF\xBB\xBF<?xml version='1.0'?><a/>");
    assert_eq!(with_declaration.items.len(), 2);
    for bytes in [&b"\xEF\xBB\xBF\xEF\xBB\xBF<a/>"[..], b" \xEF\xBB\xBF<a/>", b"\xEF\xBB<a/>"] {
        assert_eq!(document(bytes).error, Some(XmlError::NotWellFormed));
    }
    // Inside it is a character like any other, but not white space.
    assert_eq!(text(b"\xEF\xBB\xBF").as_deref(), Ok("\u{FEFF}"));
    assert_eq!(in_stream(b"\xEF\xBB\xBF").error, Some(XmlError::BadFormat));
}

#[test]
fn doubled_attributes_are_not_well_formed() {
    // XM-10, XML-04
    for tag in [
        "<a b='1' b='2'/>",
        "<a b='1' c='' d='' e='' f='' g='' b='1'/>",
        "<a xmlns='u' xmlns='u'/>",
        "<a xmlns:p='u' xmlns:p='u'/>",
        "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>",
        "<a q:b='2' xmlns:p='u' p:b='1' xmlns:q='u'/>",
        "<a xml:lang='de' xml:lang='en'/>",
    ] {
        assert_eq!(in_stream(tag.as_bytes()).error, Some(XmlError::NotWellFormed), "{tag}");
    }
    for tag in
        ["<a xmlns:p='u' xmlns:q='v' p:b='1' q:b='2' b='3'/>", "<a xmlns='u' xmlns:p='u' b='1' p:b='2'/>"]
    {
        assert_eq!(in_stream(tag.as_bytes()).error, None, "{tag}");
    }
}

/// XML-04
#[test]
fn undeclared_and_reserved_prefixes_are_refused() {
    // XM-11, XML-04
    for tag in [
        "<p:a/>",
        "<a p:b=''/>",
        "<a xmlns:p='u'/><p:a/>",
        "<a><b xmlns:p='u'/><p:c/></a>",
        "<xmlns:a/>",
        "<a xmlns:xmlns='u'/>",
        "<a xmlns:xml='u'/>",
        "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>",
        "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
        "<a xmlns:p='http://www.w3.org/2000/xmlns/'/>",
        "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
        "<a xmlns:p=''/>",
    ] {
        let error = in_stream(tag.as_bytes()).error;
        assert_eq!(error, Some(XmlError::BadNamespacePrefix), "{tag}");
    }
    let allowed = "<a xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:lang='de'/>";
    assert_eq!(in_stream(allowed.as_bytes()).error, None);
}

#[test]
fn line_ends_become_line_feeds() {
    // XM-12
    assert_eq!(text(b"a\r\nb\rc\nd\r\r\n\r").as_deref(), Ok("a\nb\nc\nd\n\n\n"));
    assert_eq!(text(b"\r&#10;\r<b/>\n").as_deref(), Ok("\n\n\n"));
    assert_eq!(text(b"&#13;&#xD;\n").as_deref(), Ok("\r\r\n"));
}

#[test]
fn white_space_in_values_becomes_spaces() {
    // XM-13
    assert_eq!(value(b"a\tb\nc\r\nd\re\r\r\n").as_deref(), Ok("a b c d e  "));
    assert_eq!(value(b"&#9;&#10;&#13;\n\"").as_deref(), Ok("\t\n\r \""));
    assert_eq!(value(b"\r&#10;\n").as_deref(), Ok(" \n "));
    assert_eq!(value("\u{e9}\r\u{20ac}\n]]>".as_bytes()).as_deref(), Ok("\u{e9} \u{20ac} ]]>"));
    assert_eq!(value(b"<"), Err(XmlError::NotWellFormed));
}

/// XML-04, ATK-06
#[test]
fn only_expanded_names_tell_elements_apart() {
    // XM-14, ATK-06
    let iq = start("jabber:client", "iq");
    for tag in ["<iq/>", "<c:iq xmlns:c='jabber:client'/>", "<iq></iq >", "<iq\n\t/>"] {
        assert_eq!(in_stream(tag.as_bytes()).items, [iq.clone(), Item::End], "{tag}");
    }
    let redeclared = in_stream(b"<stream:error xmlns:stream='jabber:client'/><stream:error/>");
    let streams = "http://etherx.jabber.org/streams";
    let (own, real) = (start("jabber:client", "error"), start(streams, "error"));
    assert_eq!(redeclared.items, [own, Item::End, real, Item::End]);
    assert_eq!(in_stream(b"<iq xmlns=''/>").items[0], start("", "iq"));
    let shadowed = in_stream(b"<a xmlns='u' id='7' xmlns:p='v'><p:b/><c xmlns='w'/></a><d/>");
    let starts = shadowed.items.iter().filter_map(|item| match item {
        Item::Start((ns, _), _) => Some(ns.as_str()),
        _ => None,
    });
    assert!(starts.eq(["u", "v", "w", "jabber:client"]));
}

#[test]
fn attributes_carry_their_namespace() {
    let trace = in_stream(b"<a id='1' xmlns:p='u' p:b=\"2'\" xml:lang='de'/>");
    let xml = "http://www.w3.org/XML/1998/namespace";
    let attributes =
        vec![(name("", "id"), "1".into()), (name(xml, "lang"), "de".into()), (name("u", "b"), "2'".into())];
    assert_eq!(trace.items[0], Item::Start(name("jabber:client", "a"), attributes));
}

/// XML-06
#[test]
fn text_under_the_root_is_bad_format() {
    // XML-06
    for content in ["x", "&lt;", "<![CDATA[x]]>", "<a/>x", " \n x", "]"] {
        assert_eq!(in_stream(content.as_bytes()).error, Some(XmlError::BadFormat), "{content}");
    }
    assert_eq!(in_stream(b" \t\r\n<a/> \n").error, None);
}

#[test]
fn declared_encoding_must_be_utf8() {
    // XML-01
    for declaration in [
        "<?xml version='1.0'?>",
        "<?xml version=\"1.0\" encoding='UTF-8'?>",
        "<?xml\tversion = '1.0'\nencoding=\"utf-8\" standalone='yes' ?>",
        "<?xml version='1.0' standalone='no'?>\n",
    ] {
        assert_eq!(document(format!("{declaration}<a/>").as_bytes()).error, None, "{declaration}");
    }
    let latin = document(b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>");
    assert_eq!(latin.error, Some(XmlError::UnsupportedEncoding));
    for declaration in [
        "<?xml version='1.1'?>",
        "<?xml encoding='UTF-8'?>",
        "<?xml version='1.0'encoding='UTF-8'?>",
        "<?xml version='1.0' encoding='UTF-8' encoding='UTF-8'?>",
        "<?xml version='1.0' standalone='maybe'?>",
        "<?xml version='1.0\"?>",
        "<?xml version='1.0' ? >",
        "<?xml version='1.0'>",
        "<?xml versions='1.0'?>",
        "<?xml ?>",
    ] {
        let error = document(format!("{declaration}<a/>").as_bytes()).error;
        assert_eq!(error, Some(XmlError::NotWellFormed), "{declaration}");
    }
}

#[test]
fn broken_markup_is_not_well_formed() {
    for markup in [
        "< a/>",
        "<a/ >",
        "<a b/>",
        "<a b=c/>",
        "<a b=''c=''/>",
        "<a 1=''/>",
        "<1/>",
        "<-a/>",
        "<a b='<'/>",
        "<a></b>",
        "<a></ab>",
        "<ab></a>",
        "<a></ a>",
        "<a></a b>",
        "</a>",
        "<a b= =''/>",
        "<:a/>",
        "<a:/>",
        "<a:b:c xmlns:a='u'/>",
        "<a:1 xmlns:a='u'/>",
        "<a xmlns:='u'/>",
        "<a &lt;=''/>",
        "<>",
        "</>",
        "<!x>",
        "<a xmlns:p='u' xmlns:q='u'><p:b></q:b></a>",
        "<a b='1\u{1}'/>",
        "<a\u{d7}/>",
        "<a =''/>",
    ] {
        assert_eq!(in_stream(markup.as_bytes()).error, Some(XmlError::NotWellFormed), "{markup}");
    }
    for markup in ["<\u{FDF0}\u{FFFD}/>", "<_a.b-1/>", "<\u{e9}\u{b7}/>", "<a \u{6d4}1=''/>", "<a b = \n''/>"]
    {
        assert_eq!(in_stream(markup.as_bytes()).error, None, "{markup}");
    }
}

#[test]
fn after_the_root_only_white_space_may_follow() {
    assert_eq!(document(b" \n<a></a> \r\n").error, None);
    for bytes in [&b"<a/><b/>"[..], b"<a/>x", b"<a></a></a>", b"x<a/>", b"&lt;<a/>", b"</a>"] {
        assert_eq!(document(bytes).error, Some(XmlError::NotWellFormed), "{bytes:?}");
    }
}
