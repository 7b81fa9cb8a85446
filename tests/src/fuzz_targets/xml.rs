//! The XML reader against other splits of the same input, against less memory, and against `rxml`.

use crate::xml_trace::{Item, Trace, WIDE, read, read_with_rxml};
use xft_core::wire::xml::{Limits, XmlError};

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
    }
}

fn same_for_every_split(document: &[u8], whole: &Trace<XmlError>, limits: Limits, scratch: &mut [u8]) {
    for size in [1, 2, 3, 7] {
        let pieces = read(document.chunks(size), limits, scratch);
        assert_eq!(whole, &pieces, "pieces of {size} bytes");
    }
}

/// Panics if `rxml` sees another document, or accepts what the reader refused without a reason of its own.
pub fn agrees_with_rxml(document: &[u8], ours: &Trace<XmlError>) {
    let bare = document.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(document);
    if is_outside_comparison(document) {
        return;
    }
    let theirs = read_with_rxml(bare);
    match (ours.error, &theirs.error) {
        (None, None) => assert_eq!((&ours.items, ours.depth), (&theirs.items, theirs.depth)),
        (None, Some(error)) => panic!("only rxml refuses: {error}"),
        // `rxml` has no such limits and takes a reference or CDATA section of white space under the root.
        (Some(XmlError::BadFormat), None) => starts_alike(&ours.items, &theirs.items),
        (Some(error), None) if error.stream_condition() == "policy-violation" => {}
        (Some(error), None) => panic!("only we refuse: {error:?}"),
        (Some(_), Some(_)) => starts_alike(&ours.items, &theirs.items),
    }
}

/// What `rxml` treats otherwise on purpose: `standalone='no'`.
fn is_outside_comparison(document: &[u8]) -> bool {
    document.windows(10).any(|bytes| bytes == b"standalone")
}

/// Up to the first error both saw the same tags; how much text came out before it is each reader's own business.
fn starts_alike(ours: &[Item], theirs: &[Item]) {
    let whole = |items: &[Item]| match items.split_last() {
        Some((Item::Text(_), before)) => before.to_vec(),
        _ => items.to_vec(),
    };
    let (ours, theirs) = (whole(ours), whole(theirs));
    let both = ours.len().min(theirs.len());
    assert_eq!(ours[..both], theirs[..both]);
}
