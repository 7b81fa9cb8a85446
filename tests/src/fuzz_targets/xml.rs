//! The XML reader against other splits of the same input, against less memory, and against `rxml`.

use crate::xml_trace::{Item, Trace, WIDE, read, read_leniently, read_with_rxml};
use xft_core::internals::xml::{Limits, XmlError};

/// Reads `document` whole, byte by byte, in uneven pieces, under tight limits, and with another reader.
pub fn xml(document: &[u8]) {
    let mut scratch = vec![0; 1 << 17];
    let whole = read([document], WIDE, &mut scratch);
    same_for_every_split(document, &whole, WIDE, &mut scratch);
    agrees_with_rxml(document, &whole);

    let tight =
        Limits { depth: 4, attributes: 3, name_bytes: 12, value_bytes: 24, namespaces: 3, element_bytes: 96 };
    for bytes in [0, 40, 100, 300] {
        let small = &mut scratch[..bytes];
        let whole = read([document], tight, small);
        same_for_every_split(document, &whole, tight, small);
        skips_the_same(document, tight, small);
    }
    skips_the_same(document, WIDE, &mut scratch);
}

fn same_for_every_split(document: &[u8], whole: &Trace<XmlError>, limits: Limits, scratch: &mut [u8]) {
    for size in [1, 2, 3, 7] {
        let pieces = read(document.chunks(size), limits, scratch);
        assert_eq!(whole, &pieces, "pieces of {size} bytes");
    }
}

/// Panics if what is skipped depends on the split, or if a limit ends the stream that may not (XML-07); where no limit
/// is broken, both ways of reading must see the same.
fn skips_the_same(document: &[u8], limits: Limits, scratch: &mut [u8]) {
    let whole = read_leniently([document], limits, scratch);
    for size in [1, 2, 3, 7] {
        let pieces = read_leniently(document.chunks(size), limits, scratch);
        assert_eq!(whole, pieces, "pieces of {size} bytes");
    }
    let strict = read([document], limits, scratch);
    let is_limit = |error: Option<XmlError>| error.is_some_and(|error| !error.limit().is_empty());
    // A limit that the root breaks is the server's own; for its frame there may be no room behind its start tag.
    assert!(!is_limit(whole.error) || whole.error == strict.error && whole.items.len() <= 1);
    if !is_limit(strict.error) {
        assert_eq!(whole, strict);
    }
}

/// Panics if `rxml` sees another document, or accepts what the reader refused without a reason of its own.
pub fn agrees_with_rxml(document: &[u8], ours: &Trace<XmlError>) {
    let bare = document.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(document);
    if is_outside_comparison(document) {
        return;
    }
    // Line ends are normal before `rxml` sees them (XML 1.0 section 2.11): it drops a lone CR in a value.
    let bare = normal_line_ends(without_leading_space(bare));
    let theirs = read_with_rxml(&bare);
    match (ours.error, &theirs.error) {
        (None, None) => {
            assert_eq!((settled(&ours.items), ours.depth), (settled(&theirs.items), theirs.depth));
        }
        (None, Some(_)) if has_forgotten_name_chars(document) || has_long_reference(document) => {}
        (None, Some(error)) if accepts_more(&bare, we_take) => panic!("only rxml refuses: {error}"),
        (None, Some(_)) => starts_alike(&ours.items, &theirs.items),
        // `rxml` has no such limits and takes a reference or CDATA section of white space under the root.
        (Some(XmlError::BadFormat), None) => starts_alike(&ours.items, &theirs.items),
        (Some(error), None) if error.stream_condition() == "policy-violation" => {}
        (Some(_), None) if declares_twice(document) => {}
        // `rxml` takes an empty CDATA section outside of the root element.
        (Some(_), None) if ours.depth == 0 && bare.windows(3).any(|bytes| bytes == b"<![") => {}
        (Some(error), None) if accepts_more(&bare, rxml_takes) => panic!("only we refuse: {error:?}"),
        (Some(_), None) => starts_alike(&ours.items, &theirs.items),
        (Some(_), Some(_)) => starts_alike(&ours.items, &theirs.items),
    }
}

/// `rxml` gives up on references with many leading zeros.
fn has_long_reference(document: &[u8]) -> bool {
    document.windows(10).any(|bytes| bytes.starts_with(b"&#") && !bytes.contains(&b';'))
}

/// `rxml` wants no white space before the root unless a declaration came first; XML does not mind.
fn without_leading_space(document: &[u8]) -> &[u8] {
    let space = document.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'));
    let trimmed = &document[space.count()..];
    if trimmed.starts_with(b"<?") { document } else { trimmed }
}

fn normal_line_ends(document: &[u8]) -> Vec<u8> {
    let mut normal = Vec::with_capacity(document.len());
    for (at, byte) in document.iter().enumerate() {
        match byte {
            b'\r' if document.get(at + 1) == Some(&b'\n') => {}
            b'\r' => normal.push(b'\n'),
            _ => normal.push(*byte),
        }
    }
    normal
}

/// True if a reader takes some continuation; otherwise it only waits for more bytes before it refuses as well: text
/// up to the next `<`, a tag up to its `>`.
fn accepts_more(document: &[u8], takes: fn(&[u8]) -> bool) -> bool {
    let suffixes = [
        "<a>",
        "a><a>",
        "><a>",
        "'><a>",
        "\"><a>",
        ";<a>",
        "=''><a>",
        " a=''><a>",
        "]]><a>",
        "]><a>",
        "CDATA[]]><a>",
        "?><a>",
    ];
    let last = |token: &[u8]| document.windows(token.len()).rposition(|bytes| bytes == token);
    let in_cdata = last(b"<![CDATA[") > last(b"]]>");
    let suffixes = if in_cdata { &["]]><a>"] } else { &suffixes[..] };
    suffixes.iter().any(|suffix| takes(&[document, suffix.as_bytes()].concat()))
}

fn rxml_takes(document: &[u8]) -> bool {
    read_with_rxml(document).error.is_none()
}

fn we_take(document: &[u8]) -> bool {
    read([document], WIDE, &mut vec![0; 1 << 17]).error.is_none()
}

/// True if a tag may declare the default namespace twice, which `rxml` lets pass.
fn declares_twice(document: &[u8]) -> bool {
    let end = |c: char| c == '=' || c.is_ascii_whitespace();
    String::from_utf8_lossy(document).split('<').any(|tag| {
        let names = tag.match_indices("xmlns").filter(|(at, _)| tag[at + 5..].starts_with(end));
        names.count() > 1
    })
}

/// `rxml` forgot that U+FDF0 to U+FFFD may stand in names (XML 1.0 production `NameStartChar`).
fn has_forgotten_name_chars(document: &[u8]) -> bool {
    String::from_utf8_lossy(document).contains(|c| matches!(c, '\u{FDF0}'..='\u{FFFD}'))
}

/// What `rxml` treats otherwise on purpose: `standalone='no'`.
fn is_outside_comparison(document: &[u8]) -> bool {
    document.windows(10).any(|bytes| bytes == b"standalone")
}

/// Up to the first error both saw the same tags.
fn starts_alike(ours: &[Item], theirs: &[Item]) {
    let (ours, theirs) = (settled(ours), settled(theirs));
    let both = ours.len().min(theirs.len());
    assert_eq!(ours[..both], theirs[..both]);
}

/// All but text at the very end: how much of it came out so far is each reader's own business.
fn settled(items: &[Item]) -> &[Item] {
    match items.split_last() {
        Some((Item::Text(_), before)) => before,
        _ => items,
    }
}
