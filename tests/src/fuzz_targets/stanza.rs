//! The stanza reader against other splits of the same input, and everything that reads its trees.

use crate::stanza_trace::{Memory, feed_all};
use xft_core::internals::stanza::{Element, Fed, Ns, read_error, stanza as envelope};

/// Reads a stream whole, byte by byte and in uneven pieces.
///
/// The first byte chooses the memory and whether the host owns the stream, the rest is the stream.
pub fn stanza(input: &[u8]) {
    let Some((&choice, stream)) = input.split_first() else { return };
    let size = |shift: u8, sizes: [usize; 4]| sizes[usize::from(choice >> shift) & 3];
    let mut memory = Memory::new(size(0, [4096, 1024, 300, 20]), size(2, [1024, 400, 3, 0]));
    let hosted = choice & 16 == 0;

    let mut read = |pieces: &[&[u8]]| {
        let mut reader = if hosted { memory.hosted() } else { memory.reader() };
        feed_all(&mut reader, pieces)
    };
    let whole = read(&[stream]);
    for size in [1, 2, 3, 7, 61] {
        let pieces: Vec<_> = stream.chunks(size).collect();
        assert_eq!(whole, read(&pieces), "pieces of {size} bytes");
    }

    let mut reader = if hosted { memory.hosted() } else { memory.reader() };
    let mut rest = &mut stream.to_vec()[..];
    while let Ok((used, fed)) = reader.feed(rest) {
        match fed {
            Fed::More => break,
            Fed::Header | Fed::Element => look(reader.element()),
            Fed::Space | Fed::End => {}
        }
        rest = &mut rest[used..];
    }
}

/// Reads all of an element the way its users do.
fn look(element: Element<'_>) {
    let condition = read_error(element);
    assert!(!condition.name().is_empty());
    if let Ok(found) = envelope(element) {
        assert_eq!(found.element.ns(), Ns::Client);
        assert!(!found.payload.is_some_and(|payload| payload.name().is_empty()));
    }
    let mut open = vec![element];
    while let Some(element) = open.pop() {
        assert!(element.text().len() <= 4096 && element.attr("id").is_none_or(|id| id.len() <= 4096));
        open.extend(element.children());
    }
}
