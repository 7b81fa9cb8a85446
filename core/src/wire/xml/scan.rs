//! How far plain bytes reach, eight at a time.

use super::chars::{self, NAME, QUOTE, TEXT, VALUE};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Leading ASCII bytes of a name without its colon. Names are short, so byte by byte is fastest.
#[inline]
pub(super) fn name(bytes: &[u8]) -> usize {
    let end = bytes.iter().position(|b| !chars::is(*b, NAME));
    end.unwrap_or(bytes.len())
}

/// Leading bytes that stand for themselves in a value that ends with `quote`.
#[inline]
pub(super) fn value(bytes: &[u8], quote: u8) -> usize {
    plain(
        bytes,
        |word| equal(word, quote) | equal(word, b'&') | equal(word, b'<') | control(word) | word,
        |byte| byte != quote && chars::is(byte, VALUE | QUOTE),
    )
}

/// Leading bytes that stand for themselves in character data.
#[inline]
pub(super) fn text(bytes: &[u8]) -> usize {
    let mut at = 0usize;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let run = plain(
            rest,
            // `<` and `>` differ in one bit.
            |word| {
                equal(word | 0x0202_0202_0202_0202, b'>')
                    | equal(word, b'&')
                    | equal(word, b']')
                    | control(word)
                    | word
            },
            |byte| chars::is(byte, TEXT),
        );
        at = at.wrapping_add(run);
        match rest.get(run) {
            // Control characters stop the word loop, and these two may stand.
            Some(b'\t' | b'\n') => at = at.wrapping_add(1),
            _ => return at,
        }
    }
}

/// Leading bytes a writer puts out as they are, in text and in values. Stops at what is escaped somewhere, may not be
/// written, or may start a code point that may not.
#[inline]
pub(super) fn written(bytes: &[u8]) -> usize {
    let mut at = 0usize;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        at = at.wrapping_add(plain(
            rest,
            // `&` and the single quote differ in one bit, `<` and `>` in another.
            |word| {
                equal(word | ONES, b'\'')
                    | equal(word | 0x0202_0202_0202_0202, b'>')
                    | equal(word, b'"')
                    | control(word)
                    | word
            },
            |byte| !needs_care(byte),
        ));
        match bytes.get(at) {
            // Bytes of other characters stop the word loop, and most of them may stand.
            Some(&byte) if !needs_care(byte) => at = at.wrapping_add(1),
            _ => return at,
        }
    }
}

fn needs_care(byte: u8) -> bool {
    byte < 0x20 || matches!(byte, b'&' | b'<' | b'>' | b'\'' | b'"' | 0xEF)
}

/// Length of the prefix where `stops` marks no byte with its highest bit. Marks above the first one may be wrong,
/// because a borrow runs upwards; the first is exact.
#[inline]
fn plain(bytes: &[u8], stops: impl Fn(u64) -> u64, fits: impl Fn(u8) -> bool) -> usize {
    let (words, tail) = bytes.as_chunks::<8>();
    let mut at = 0usize;
    for word in words {
        let marks = stops(u64::from_le_bytes(*word)) & HIGH;
        if marks != 0 {
            let first = marks.trailing_zeros() >> 3;
            return at.wrapping_add(usize::try_from(first).unwrap_or(0));
        }
        at = at.wrapping_add(8);
    }
    let end = tail.iter().position(|b| !fits(*b));
    at.wrapping_add(end.unwrap_or(tail.len()))
}

/// Marks the bytes that are `byte`.
#[inline]
fn equal(word: u64, byte: u8) -> u64 {
    let zero = word ^ ONES.wrapping_mul(u64::from(byte));
    zero.wrapping_sub(ONES) & !zero
}

/// Marks the bytes below 0x20.
#[inline]
fn control(word: u64) -> u64 {
    word.wrapping_sub(ONES.wrapping_mul(0x20)) & !word
}
