//! The 64 characters, and single quanta of them.

use crate::wire::bytes::copy_prefix;

pub(super) const PAD: u8 = 64;
pub(super) const SPACE: u8 = 65;
const INVALID: u8 = 66;

/// The 64 characters in the order of their values.
const SYMBOL: [u8; 64] = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Class of every byte: 0..=63 value, [`PAD`], [`SPACE`] (the four XML white-space characters) or `INVALID`.
const CLASS: [u8; 256] = class_table();

#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // evaluated at compile time only
const fn class_table() -> [u8; 256] {
    let mut table = [INVALID; 256];
    let mut value = 0u8;
    while value < 64 {
        table[SYMBOL[value as usize] as usize] = value;
        value += 1;
    }
    table[b'=' as usize] = PAD;
    table[b' ' as usize] = SPACE;
    table[b'\t' as usize] = SPACE;
    table[b'\n' as usize] = SPACE;
    table[b'\r' as usize] = SPACE;
    table
}

pub(super) fn class_of(byte: u8) -> u8 {
    CLASS.get(usize::from(byte)).copied().unwrap_or(INVALID)
}

/// Encodes quantum by quantum, zeros standing in for bytes that miss in the last one.
pub(super) fn encode_quanta(bytes: &[u8], out: &mut [u8]) {
    let (quanta, tail) = bytes.as_chunks::<3>();
    let (slots, _) = out.as_chunks_mut::<4>();
    for (slot, quantum) in slots.iter_mut().zip(quanta) {
        *slot = encode_quantum(quantum);
    }
    if let Some(slot) = slots.get_mut(quanta.len()) {
        let mut last = [0u8; 3];
        copy_prefix(&mut last, tail);
        *slot = encode_quantum(&last);
    }
}

fn encode_quantum(&[a, b, c]: &[u8; 3]) -> [u8; 4] {
    let symbol = |bits: u8| SYMBOL.get(usize::from(bits & 63)).copied().unwrap_or_default();
    [symbol(a >> 2), symbol(a << 4 | b >> 4), symbol(b << 2 | c >> 6), symbol(c)]
}
