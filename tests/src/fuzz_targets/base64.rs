//! The base64 decoders against the crate's own, at every split and in place.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use xft_core::internals::base64::{Base64Error, BlockDecoder, decode_strict, encode, encoded_len};

/// The first byte is the size of the pieces, the second bounds the block, the rest is text.
pub fn base64(input: &[u8]) {
    let [piece, limit, text @ ..] = input else { return };
    let piece = usize::from(*piece).max(1);
    strict_agrees(text);
    encodes_back(text);
    for limit in [usize::from(*limit), text.len()] {
        tolerant_agrees(text, limit, piece);
    }
}

fn strict_agrees(text: &[u8]) {
    let mut out = vec![0; text.len()];
    let ours = decode_strict(text, &mut out).ok().map(|length| &out[..length]);
    assert_eq!(ours, STANDARD.decode(text).ok().as_deref());
}

fn encodes_back(bytes: &[u8]) {
    let mut out = vec![0; encoded_len(bytes.len())];
    assert_eq!(encode(bytes, &mut out), Some(out.len()));
    assert_eq!(out, STANDARD.encode(bytes).as_bytes());
    let short = out.len().saturating_sub(1);
    assert_eq!(encode(bytes, &mut out[..short]).is_none(), !bytes.is_empty());
}

fn tolerant_agrees(text: &[u8], limit: usize, piece: usize) {
    let bare: Vec<u8> = text.iter().copied().filter(|byte| !b" \t\r\n".contains(byte)).collect();
    let expected = STANDARD.decode(bare).ok();
    let whole = in_pieces(text, limit, text.len().max(1));
    match (&expected, &whole) {
        (Some(bytes), Ok(ours)) => assert_eq!(bytes, ours),
        (Some(bytes), Err(Base64Error::TooLong)) => assert!(bytes.len() > limit),
        (None, Err(_)) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(in_pieces(text, limit, piece), whole, "pieces of {piece}");
    assert_eq!(in_place(text, limit, piece), whole, "in place, pieces of {piece}");
}

fn in_pieces(text: &[u8], limit: usize, piece: usize) -> Result<Vec<u8>, Base64Error> {
    let mut decoder = BlockDecoder::new(limit);
    let mut out = vec![0; text.len()];
    let mut write = 0;
    for piece in text.chunks(piece) {
        write = decoder.decode(piece, &mut out, write)?;
    }
    decoder.finish()?;
    out.truncate(write);
    Ok(out)
}

/// Decodes over the text itself; what in-place decoding leaves goes aside, as the stanza reader does it.
fn in_place(text: &[u8], limit: usize, piece: usize) -> Result<Vec<u8>, Base64Error> {
    let mut decoder = BlockDecoder::new(limit);
    let mut buf = text.to_vec();
    let (mut at, mut write) = (0, 0);
    while at < buf.len() {
        let end = (at + piece).min(buf.len());
        let untouched = buf[end..].to_vec();
        let (read, written) = decoder.decode_in_place(&mut buf, at..end, write);
        assert!(write <= written && written <= read && read <= end);
        assert_eq!(buf[read..end], text[read..end]);
        assert_eq!(buf[end..], untouched);
        (at, write) = (read, written);
        if read < end {
            // The rest of this piece holds an error; it must be the same one that decoding aside meets.
            let mut out = vec![0; text.len()];
            decoder.decode(&text[read..end], &mut out, 0)?;
            panic!("in-place decoding stopped before {:?}", &text[read..end]);
        }
    }
    decoder.finish()?;
    buf.truncate(write);
    Ok(buf)
}
