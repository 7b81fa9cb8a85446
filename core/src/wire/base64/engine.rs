//! Whole chunks by the engine of the `base64` crate, for machines with room for its unrolled code.
//!
//! All calls use arrays of fixed size, because only then the optimizer can prove that none of the engine's bounds checks
//! fails and drop their panic paths.

use super::alphabet::encode_quanta;
use crate::wire::bytes::copy_prefix;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Characters decoded at once. The engine works on 32 characters per round and treats the last quantum apart, hence a
/// multiple of 32 and 4 more. The texts of blocks of 4096 and 8192 bytes, the defaults, leave little over.
pub(super) const CHUNK: usize = 1092;
/// A chunk's worth of encoded characters, and of bytes.
const ENCODE_CHUNK: usize = CHUNK;
const ENCODE_BYTES: usize = ENCODE_CHUNK / 4 * 3;
/// Fewer quanta than this are decoded faster one by one.
const WORTH_QUANTA: usize = 12;

/// Decodes a chunk that is nothing but characters of the alphabet; not inlined, so that the unrolled code exists once.
#[inline(never)]
pub(super) fn decode_chunk(text: &[u8; CHUNK], out: &mut [u8; CHUNK / 4 * 3]) -> bool {
    STANDARD_NO_PAD.decode_slice(text, out) == Ok(CHUNK / 4 * 3)
}

/// Decodes whole quanta, fewer than a chunk's, through a filled-up chunk: cheaper than character by character, and no second
/// copy of the engine's code. `None`: not worth it, or not nothing but the alphabet; nothing has changed then.
pub(super) fn decode_part(text: &[u8], out: &mut [u8]) -> Option<()> {
    if text.len() < WORTH_QUANTA << 2 {
        return None;
    }
    let mut filled = [b'A'; CHUNK];
    copy_prefix(&mut filled, text);
    let mut decoded = [0u8; CHUNK / 4 * 3];
    if !decode_chunk(&filled, &mut decoded) {
        return None;
    }
    copy_prefix(out, &decoded);
    Some(())
}

/// Encodes all of `bytes`, as if zeros filled up the last quantum; `out` has room for exactly that.
pub(super) fn encode(bytes: &[u8], out: &mut [u8]) {
    let (mut from, mut to) = (bytes, out);
    while let Some((chunk, rest)) = from.split_first_chunk::<ENCODE_BYTES>() {
        let Some((slot, tail)) = to.split_first_chunk_mut::<ENCODE_CHUNK>() else { return };
        encode_chunk(chunk, slot);
        (from, to) = (rest, tail);
    }
    if from.len() < ENCODE_BYTES / 2 {
        encode_quanta(from, to);
    } else {
        let mut filled = [0u8; ENCODE_BYTES];
        let mut text = [0u8; ENCODE_CHUNK];
        copy_prefix(&mut filled, from);
        encode_chunk(&filled, &mut text);
        copy_prefix(to, &text);
    }
}

/// See [`decode_chunk`].
#[inline(never)]
fn encode_chunk(bytes: &[u8; ENCODE_BYTES], out: &mut [u8; ENCODE_CHUNK]) {
    let _ = STANDARD_NO_PAD.encode_slice(bytes, out);
}
