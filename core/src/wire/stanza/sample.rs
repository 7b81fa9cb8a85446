//! Payloads for tests: read as they come off the stream, and written as they go onto it.

use std::string::String;
use std::{format, vec};

use super::{Element, Fed, StanzaReader};
use crate::wire::xml::{Limits, Writer};

/// Feeds one payload inside an iq, in pieces of that many bytes, and shows it as a tape of that many bytes kept it.
pub(crate) fn read_in_pieces<T>(
    payload: &str,
    piece: usize,
    tape_bytes: usize,
    look: impl FnOnce(&Element<'_>) -> T,
) -> T {
    let (mut xml, mut tape, mut block) = (vec![0; 2048], vec![0; tape_bytes], vec![0; 64]);
    let mut reader = StanzaReader::new(&mut xml, &mut tape, &mut block, Limits::default());
    reader.enter_hosted();
    let mut text = format!("<iq type='set' id='1' from='a@b/c'>{payload}</iq>").into_bytes();
    let mut whole = None;
    for piece in text.chunks_mut(piece) {
        let mut at = 0;
        while at < piece.len() {
            assert_eq!(whole, None, "bytes follow");
            let Ok((used, fed)) = reader.feed(&mut piece[at..]) else { panic!("refused after {at} bytes") };
            at += used;
            whole = (fed != Fed::More).then_some(fed);
        }
    }
    assert_eq!(whole, Some(Fed::Element), "{payload}");
    let payload = reader.element().children().next();
    look(&payload.unwrap_or(Element::EMPTY))
}

/// Shows one payload that came in one piece.
pub(crate) fn read<T>(payload: &str, look: impl FnOnce(&Element<'_>) -> T) -> T {
    read_in_pieces(payload, usize::MAX, 16_384, look)
}

/// What `write` writes.
pub(crate) fn written(write: impl FnOnce(&mut Writer<'_>)) -> String {
    let mut out = vec![0; 16_384];
    let mut w = Writer::new(&mut out);
    write(&mut w);
    let Ok(length) = w.finish() else { panic!("not written") };
    String::from_utf8_lossy(&out[..length]).into_owned()
}
