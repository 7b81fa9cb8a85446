//! Character classes of XML 1.0 and UTF-8 taken byte by byte.

use super::XmlError;

/// Plain in character data: no markup, no reference, no bracket, nothing to normalise, ASCII.
pub(super) const TEXT: u8 = 1;
/// Plain inside any attribute value.
pub(super) const VALUE: u8 = 2;
/// ASCII character of a name; the colon is handled apart because it is not part of an `NCName`.
pub(super) const NAME: u8 = 4;
/// ASCII character a name may start with.
pub(super) const NAME_START: u8 = 8;
/// White space.
pub(super) const SPACE: u8 = 16;
/// The two quotes.
pub(super) const QUOTE: u8 = 32;

/// One look-up per byte is what keeps the cost of input constant.
static CLASSES: [u8; 256] = classes();

#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // const evaluation: a mistake stops the build
const fn classes() -> [u8; 256] {
    let mut table = [0u8; 256];
    let mut i = 0;
    while i < 128 {
        let byte = i as u8;
        let mut class = 0;
        if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            class |= SPACE;
        }
        if (byte >= b' ' || matches!(byte, b'\t' | b'\n')) && !matches!(byte, b'<' | b'&' | b']' | b'>') {
            class |= TEXT;
        }
        if byte >= b' ' && !matches!(byte, b'<' | b'&' | b'\'' | b'"') {
            class |= VALUE;
        }
        if matches!(byte, b'\'' | b'"') {
            class |= QUOTE;
        }
        if byte.is_ascii_alphabetic() || byte == b'_' {
            class |= NAME | NAME_START;
        }
        if byte.is_ascii_digit() || matches!(byte, b'-' | b'.') {
            class |= NAME;
        }
        table[i] = class;
        i += 1;
    }
    table
}

/// True if `byte` belongs to one of the classes in `mask`.
#[inline]
pub(super) fn is(byte: u8, mask: u8) -> bool {
    CLASSES.get(usize::from(byte)).is_some_and(|class| class & mask != 0)
}

/// XML 1.0 production `Char`.
pub(super) fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

/// XML 1.0 production `NameStartChar` beyond ASCII.
pub(super) fn is_name_start(c: char) -> bool {
    matches!(c, '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
        | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

/// XML 1.0 production `NameChar` beyond ASCII.
pub(super) fn is_name(c: char) -> bool {
    is_name_start(c) || matches!(c, '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// A multi-byte UTF-8 sequence that may be split over inputs (XML-05).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Utf8 {
    bytes: [u8; 4],
    have: u8,
    need: u8,
}

impl Utf8 {
    /// True while a sequence is incomplete.
    #[inline]
    pub(super) fn is_pending(self) -> bool {
        self.need != 0
    }

    /// Takes a byte of 0x80 and above, or any byte while pending. Gives the character that it completes.
    pub(super) fn push(&mut self, byte: u8) -> Result<Option<char>, XmlError> {
        if self.need == 0 {
            self.need = match byte {
                0xC2..=0xDF => 2,
                0xE0..=0xEF => 3,
                0xF0..=0xF4 => 4,
                _ => return Err(XmlError::NotWellFormed),
            };
            self.have = 0;
        } else if byte & 0xC0 != 0x80 {
            return Err(XmlError::NotWellFormed);
        }
        let place = self.bytes.get_mut(usize::from(self.have));
        *place.ok_or(XmlError::NotWellFormed)? = byte;
        self.have = self.have.wrapping_add(1);
        if self.have < self.need {
            return Ok(None);
        }
        self.need = 0;
        // Overlong forms and surrogates fail here (ATK-05).
        let c = core::str::from_utf8(self.bytes()).ok();
        let c = c.and_then(|s| s.chars().next()).filter(|c| is_char(*c));
        c.map(Some).ok_or(XmlError::NotWellFormed)
    }

    /// The bytes of the character just completed.
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.have)).unwrap_or_default()
    }
}
