//! The destination address that both sides name: a digest, or the text of a `dstaddr` attribute.

use crate::wire::digests::Sha1;
use crate::wire::hashes::hex_digit;
use sha2::Digest as _;
use subtle::ConstantTimeEq as _;

/// Longest destination, bytes: its length has one byte.
pub const DST_BYTES_MAX: usize = 255;
/// Longest stream id, bytes (S5B-13): a deployed proxy refuses longer ones.
pub const SID_BYTES_MAX: usize = 128;

/// Why a text cannot be a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DstError {
    /// There is nothing.
    Empty,
    /// More than 255 bytes.
    TooLong,
    /// A byte that is no visible ASCII character.
    Character,
}

/// Why a stream id gives no digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SidError {
    /// The stream id is empty (S5-09).
    Empty,
    /// The stream id has more than 128 bytes.
    TooLong,
}

/// A checked destination: 1 to 255 bytes of visible ASCII (S5B-12).
///
/// Comparison takes the same time wherever the texts differ, and folds no case (S5B-32); only lengths show.
#[derive(Clone, Copy, Debug)]
pub struct Dst<'d> {
    text: &'d [u8],
}

impl<'d> Dst<'d> {
    /// Checks a destination, for example the value of a `dstaddr` attribute.
    ///
    /// # Errors
    /// See [`DstError`].
    pub fn parse(text: &'d [u8]) -> Result<Self, DstError> {
        if text.is_empty() {
            return Err(DstError::Empty);
        }
        if text.len() > DST_BYTES_MAX {
            return Err(DstError::TooLong);
        }
        if !text.iter().all(u8::is_ascii_graphic) {
            return Err(DstError::Character);
        }
        Ok(Self { text })
    }

    /// The text.
    #[must_use]
    pub const fn as_bytes(&self) -> &'d [u8] {
        self.text
    }
}

impl PartialEq for Dst<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text.ct_eq(other.text).into()
    }
}

impl Eq for Dst<'_> {}

/// The destination that both sides compute: SHA-1 of stream id and addresses, as 40 lower-case hex digits.
#[derive(Clone, Copy, Debug)]
pub struct Digest {
    hex: [u8; 40],
}

impl Digest {
    /// Hashes the stream id and the addresses of the side that offers the streamhost and of its peer, as UTF-8 and
    /// without separators (S5B-11).
    ///
    /// Addresses are taken as they are: prepared, and exactly as in the iq exchange between the two. A peer that hashes other
    /// bytes of them is not met (QRK-25).
    ///
    /// # Errors
    /// See [`SidError`].
    pub fn new(sid: &str, requester: &str, target: &str) -> Result<Self, SidError> {
        if sid.is_empty() {
            return Err(SidError::Empty);
        }
        if sid.len() > SID_BYTES_MAX {
            return Err(SidError::TooLong);
        }
        let mut hash = Sha1::new();
        for part in [sid, requester, target] {
            hash.update(part.as_bytes());
        }
        let hash: [u8; 20] = hash.finalize().into();
        let mut hex = [[0; 2]; 20];
        for ([high, low], byte) in hex.iter_mut().zip(hash) {
            (*high, *low) = (ascii_digit(byte >> 4), ascii_digit(byte));
        }
        let mut flat = [0; 40];
        flat.iter_mut().zip(hex.as_flattened()).for_each(|(to, from)| *to = *from);
        Ok(Self { hex: flat })
    }

    /// The digest as the destination it stands for.
    #[must_use]
    pub const fn dst(&self) -> Dst<'_> {
        Dst { text: &self.hex }
    }
}

/// [`hex_digit`] as a byte.
const fn ascii_digit(nibble: u8) -> u8 {
    // Every hex digit is ASCII.
    hex_digit(nibble) as u8
}

#[cfg(test)]
mod tests;
