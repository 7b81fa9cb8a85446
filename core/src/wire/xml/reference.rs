//! Character and entity references (XML-02, XML-03).

use super::XmlError;
use super::chars::{self, NAME, NAME_START};

/// A reference between its `&` and its `;`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reference {
    /// Only `&` so far.
    Empty,
    /// Letters of one of the five predefined entities.
    Named {
        /// First bytes of the name.
        name: [u8; 4],
        /// How many of them are there.
        len: u8,
    },
    /// `&#`.
    Number,
    /// `&#` and digits.
    Decimal(u32),
    /// `&#x`.
    HexNumber,
    /// `&#x` and digits.
    Hex(u32),
}

impl Reference {
    /// Takes the next byte; gives the character when it was the `;`.
    pub(super) fn push(&mut self, byte: u8) -> Result<Option<char>, XmlError> {
        *self = match (*self, byte) {
            (Self::Empty, b'#') => Self::Number,
            (Self::Empty, _) if chars::is(byte, NAME_START) || byte >= 0x80 => {
                Self::Named { name: [byte, 0, 0, 0], len: 1 }
            }
            (Self::Named { name, len }, b';') => return named(name, len).map(Some),
            (Self::Named { name, len }, _) => named_more(name, len, byte)?,
            (Self::Number, b'x') => Self::HexNumber,
            (Self::Number, b'0'..=b'9') => Self::Decimal(digit(0, 10, byte)?),
            (Self::Decimal(value), b'0'..=b'9') => Self::Decimal(digit(value, 10, byte)?),
            (Self::HexNumber, _) if byte.is_ascii_hexdigit() => Self::Hex(digit(0, 16, byte)?),
            (Self::Hex(value), _) if byte.is_ascii_hexdigit() => Self::Hex(digit(value, 16, byte)?),
            (Self::Decimal(value) | Self::Hex(value), b';') => {
                let c = char::from_u32(value).filter(|c| chars::is_char(*c));
                return c.map(Some).ok_or(XmlError::NotWellFormed);
            }
            _ => return Err(XmlError::NotWellFormed),
        };
        Ok(None)
    }
}

fn named(name: [u8; 4], len: u8) -> Result<char, XmlError> {
    match name.get(..usize::from(len)) {
        Some(b"lt") => Ok('<'),
        Some(b"gt") => Ok('>'),
        Some(b"amp") => Ok('&'),
        Some(b"apos") => Ok('\''),
        Some(b"quot") => Ok('"'),
        _ => Err(XmlError::RestrictedXml),
    }
}

fn named_more(mut name: [u8; 4], len: u8, byte: u8) -> Result<Reference, XmlError> {
    if !chars::is(byte, NAME) && byte != b':' && byte < 0x80 {
        return Err(XmlError::NotWellFormed);
    }
    // No predefined entity is longer than four letters, so there is nothing to wait for.
    *name.get_mut(usize::from(len)).ok_or(XmlError::RestrictedXml)? = byte;
    let len = len.wrapping_add(1);
    Ok(Reference::Named { name, len })
}

fn digit(value: u32, radix: u32, byte: u8) -> Result<u32, XmlError> {
    let digit = char::from(byte).to_digit(radix);
    let value = value.checked_mul(radix).zip(digit);
    let value = value.and_then(|(high, low)| high.checked_add(low));
    // Beyond the last code point nothing can come right any more.
    value.filter(|value| *value <= 0x10_FFFF).ok_or(XmlError::NotWellFormed)
}
