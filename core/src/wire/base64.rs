//! Base64 (RFC 4648 section 4): strict for SASL, incremental and in place for in-band blocks; a block costs what its text is
//! long, however it is broken (ATK-24).

use crate::wire::bytes::copy_prefix;
use core::ops::Range;

mod alphabet;
#[cfg(target_pointer_width = "64")]
mod engine;
#[cfg(any(test, not(target_pointer_width = "64")))]
mod small;

use self::alphabet::{PAD, SPACE, class_of};
#[cfg(target_pointer_width = "64")]
use self::engine::{CHUNK, decode_chunk, decode_part};
#[cfg(not(target_pointer_width = "64"))]
use self::small::{self as engine, CHUNK, decode_chunk, decode_part};

/// The bytes that a chunk of characters decodes to.
const CHUNK_BYTES: usize = CHUNK / 4 * 3;
/// The most a chunk's worth of characters can give, bits left over from before included.
const STEP_BYTES: usize = CHUNK_BYTES + 1;
/// Characters at the end of a text left to the slow path, because padding may be there.
const QUANTUM_KEPT: usize = 4;

/// Why a text is not the base64 we accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base64Error {
    /// A character outside the alphabet; white space too where the strict profile holds.
    Character,
    /// `=` where no padding can stand.
    Padding,
    /// Anything but white space after the padding.
    AfterPadding,
    /// The last character carries bits that no byte takes (B64-N05).
    TrailingBits,
    /// The text ends inside a quantum.
    Truncated,
    /// More decoded bytes than the limit given at the start.
    TooLong,
    /// The output slice is too small.
    NoSpace,
}

/// Incremental decoder of one base64 text that may arrive in any pieces.
///
/// Bytes are put out as soon as eight bits are there, so a piece never yields more bytes than it has
/// characters: that is what makes decoding in place safe at any split, even after white space moved the quanta.
#[derive(Clone, Copy, Debug)]
pub struct BlockDecoder {
    limit: usize,
    decoded: usize,
    strict: bool,
    phase: Phase,
    /// Bits of the current quantum that are not out yet, in the low end.
    bits: u8,
    failed: Option<Base64Error>,
}

/// Where in a quantum the text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Chars0,
    Chars1,
    Chars2,
    Chars3,
    /// Two characters and one pad; the second pad must follow.
    HalfPadded,
    Padded,
}

impl BlockDecoder {
    /// Decoder for one in-band block: skips XML white space (IBB-19), gives at most `limit` bytes.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self::with_profile(limit, false)
    }

    const fn with_profile(limit: usize, strict: bool) -> Self {
        Self { limit, decoded: 0, strict, phase: Phase::Chars0, bits: 0, failed: None }
    }

    /// Decodes `text` into `out` from index `write` on; returns the index after the last byte written.
    ///
    /// # Errors
    /// The first error is kept: every later call, [`finish`](Self::finish) too, returns it again.
    pub fn decode(&mut self, text: &[u8], out: &mut [u8], write: usize) -> Result<usize, Base64Error> {
        let mut rest = text;
        let mut write = write;
        while !rest.is_empty() {
            let used = self.step(rest, out, &mut write)?;
            rest = rest.get(used..).unwrap_or(&[]);
        }
        self.failed.map_or(Ok(write), Err)
    }

    /// Decodes the text at `read` of `buf` into the same buffer from `write` on, `write <= read.start`, as far as it
    /// is nothing but base64 and white space; returns the index of the first character not taken and the index
    /// after the last byte written, which is never greater.
    ///
    /// Characters not taken are untouched, and nothing of them is decoded: [`decode`](Self::decode) tells what is
    /// wrong with them.
    pub fn decode_in_place(&mut self, buf: &mut [u8], read: Range<usize>, write: usize) -> (usize, usize) {
        let (mut at, mut write) = (read.start, write);
        while let Some(used) = self.step_in_place(buf, at..read.end, &mut write) {
            at = at.saturating_add(used);
        }
        (at, write)
    }

    fn step_in_place(&mut self, buf: &mut [u8], read: Range<usize>, write: &mut usize) -> Option<usize> {
        let (before, after) = buf.split_at_mut_checked(read.start)?;
        let text = after.get(..read.end.checked_sub(read.start)?).filter(|text| !text.is_empty())?;
        if before.len().checked_sub(*write)? >= STEP_BYTES {
            return self.try_step(text, before, write);
        }
        // Until the gap has grown, input and output of a step overlap.
        let mut aside = [0u8; STEP_BYTES];
        let mut length = 0;
        let used = self.try_step(text, &mut aside, &mut length)?;
        copy_prefix(buf.get_mut(*write..)?, aside.get(..length)?);
        *write = write.saturating_add(length);
        Some(used)
    }

    /// Decodes one chunk or less of `text`, or nothing at all: then this decoder is as it was.
    fn try_step(&mut self, text: &[u8], out: &mut [u8], write: &mut usize) -> Option<usize> {
        if self.phase == Phase::Chars0
            && self.failed.is_none()
            && let Some(used) = self.whole_chunk(text, out, write)
        {
            return Some(used);
        }
        let piece = text.get(..CHUNK).unwrap_or(text);
        let before = *self;
        match self.decode(piece, out, *write) {
            Ok(end) => *write = end,
            Err(_) => {
                *self = before;
                return None;
            }
        }
        Some(piece.len())
    }

    /// Says that the text is complete.
    ///
    /// # Errors
    /// [`Base64Error::Truncated`] inside a quantum, or the error met before.
    pub fn finish(&mut self) -> Result<(), Base64Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        match self.phase {
            Phase::Chars0 | Phase::Padded => Ok(()),
            _ => self.fail(Base64Error::Truncated),
        }
    }

    /// Decodes the start of `text` by the fastest way that fits; returns how many characters it took.
    fn step(&mut self, text: &[u8], out: &mut [u8], write: &mut usize) -> Result<usize, Base64Error> {
        if self.phase == Phase::Chars0
            && self.failed.is_none()
            && let Some(used) =
                self.whole_chunk(text, out, write).or_else(|| self.part_chunk(text, out, write))
        {
            return Ok(used);
        }
        let used = text.len().min(self.slow_len());
        self.slow(text.get(..used).unwrap_or(&[]), out, write)?;
        Ok(used)
    }

    /// `None` when the engine refuses: white space or padding is normal and the slow path tells it from errors.
    fn whole_chunk(&mut self, text: &[u8], out: &mut [u8], write: &mut usize) -> Option<usize> {
        let chunk = text.first_chunk::<CHUNK>()?;
        let room = out.get_mut(*write..)?.first_chunk_mut::<CHUNK_BYTES>()?;
        self.decoded = self.decoded.checked_add(CHUNK_BYTES).filter(|bytes| *bytes <= self.limit)?;
        if !decode_chunk(chunk, room) {
            self.decoded = self.decoded.saturating_sub(CHUNK_BYTES);
            return None;
        }
        *write = write.saturating_add(CHUNK_BYTES);
        Some(CHUNK)
    }

    /// The whole quanta of a text shorter than a chunk.
    fn part_chunk(&mut self, text: &[u8], out: &mut [u8], write: &mut usize) -> Option<usize> {
        let quanta = text.len().saturating_sub(QUANTUM_KEPT).min(CHUNK.saturating_sub(QUANTUM_KEPT)) >> 2;
        let (used, bytes) = (quanta << 2, quanta.checked_mul(3)?);
        let total = self.decoded.checked_add(bytes).filter(|total| *total <= self.limit)?;
        let end = write.checked_add(bytes)?;
        decode_part(text.get(..used)?, out.get_mut(*write..end)?)?;
        (self.decoded, *write) = (total, end);
        Some(used)
    }

    /// Characters for the slow path before the engine can be tried again.
    const fn slow_len(&self) -> usize {
        match self.phase {
            Phase::Chars1 => 3,
            Phase::Chars2 => 2,
            Phase::Chars3 => 1,
            _ => CHUNK,
        }
    }

    fn slow(&mut self, text: &[u8], out: &mut [u8], write: &mut usize) -> Result<(), Base64Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let mut rest = text;
        while let Some((&byte, after)) = rest.split_first() {
            if let Some(after) = self.quantum(rest, out, write) {
                rest = after;
                continue;
            }
            rest = after;
            match class_of(byte) {
                class @ 0..=63 => {
                    let step = self.value(class);
                    if let Some(byte) = step.or_else(|error| self.fail(error))? {
                        if self.decoded >= self.limit {
                            return self.fail(Base64Error::TooLong);
                        }
                        let Some(slot) = out.get_mut(*write) else {
                            return self.fail(Base64Error::NoSpace);
                        };
                        *slot = byte;
                        *write = write.saturating_add(1);
                        self.decoded = self.decoded.saturating_add(1);
                    }
                }
                PAD => self.pad().or_else(|error| self.fail(error))?,
                SPACE if !self.strict => {}
                _ => return self.fail(Base64Error::Character),
            }
        }
        Ok(())
    }

    /// Decodes one whole quantum of plain characters if one stands here; returns the text after it.
    fn quantum<'t>(&mut self, text: &'t [u8], out: &mut [u8], write: &mut usize) -> Option<&'t [u8]> {
        let (quad, after) = text.split_first_chunk::<4>()?;
        let total = self.decoded.checked_add(3)?;
        if self.phase != Phase::Chars0 || total > self.limit {
            return None;
        }
        let [a, b, c, d] = quad.map(class_of);
        if (a | b | c | d) & !63 != 0 {
            return None;
        }
        let room = out.get_mut(*write..)?.first_chunk_mut::<3>()?;
        *room = [(a << 2) | (b >> 4), (b << 4) | (c >> 2), (c << 6) | d];
        (self.decoded, *write) = (total, write.saturating_add(3));
        Some(after)
    }

    /// Takes one character of the alphabet, gives the byte it completes.
    fn value(&mut self, value: u8) -> Result<Option<u8>, Base64Error> {
        let (phase, byte, bits) = match self.phase {
            Phase::Chars0 => (Phase::Chars1, None, value),
            Phase::Chars1 => (Phase::Chars2, Some((self.bits << 2) | (value >> 4)), value & 0x0f),
            Phase::Chars2 => (Phase::Chars3, Some((self.bits << 4) | (value >> 2)), value & 0x03),
            Phase::Chars3 => (Phase::Chars0, Some((self.bits << 6) | value), 0),
            Phase::HalfPadded | Phase::Padded => return Err(Base64Error::AfterPadding),
        };
        self.phase = phase;
        self.bits = bits;
        Ok(byte)
    }

    fn pad(&mut self) -> Result<(), Base64Error> {
        self.phase = match self.phase {
            Phase::Chars2 | Phase::Chars3 if self.bits != 0 => return Err(Base64Error::TrailingBits),
            Phase::Chars2 => Phase::HalfPadded,
            Phase::Chars3 | Phase::HalfPadded => Phase::Padded,
            Phase::Padded => return Err(Base64Error::AfterPadding),
            Phase::Chars0 | Phase::Chars1 => return Err(Base64Error::Padding),
        };
        Ok(())
    }

    fn fail<T>(&mut self, error: Base64Error) -> Result<T, Base64Error> {
        let first = *self.failed.get_or_insert(error);
        Err(first)
    }
}

/// Decodes a whole text with the strict profile (SASL-02): no white space at all; returns the byte count.
///
/// # Errors
/// Any [`Base64Error`]; [`Base64Error::TooLong`] when `out` is too small.
pub fn decode_strict(text: &[u8], out: &mut [u8]) -> Result<usize, Base64Error> {
    let mut decoder = BlockDecoder::with_profile(out.len(), true);
    let length = decoder.decode(text, out, 0)?;
    decoder.finish()?;
    Ok(length)
}

/// Characters that `bytes` bytes become, padding included; saturates.
#[must_use]
pub const fn encoded_len(bytes: usize) -> usize {
    bytes.div_ceil(3).saturating_mul(4)
}

/// Encodes with padding into the start of `out`; returns the characters written, or `None` when `out` is too
/// small (see [`encoded_len`]), then nothing is written.
#[must_use]
pub fn encode(bytes: &[u8], out: &mut [u8]) -> Option<usize> {
    let length = encoded_len(bytes.len());
    let to = out.get_mut(..length)?;
    engine::encode(bytes, to);
    // The zeros that stood in for missing bytes gave the last character its zero bits.
    let pads = bytes.len().div_ceil(3).saturating_mul(3).saturating_sub(bytes.len());
    to.iter_mut().rev().take(pads).for_each(|slot| *slot = b'=');
    Some(length)
}

#[cfg(test)]
mod tests;
