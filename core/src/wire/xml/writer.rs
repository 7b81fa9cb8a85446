//! Bounded writer: every stanza goes straight into the caller's output (XML-09).

use super::{WriteError, scan};
use crate::wire::base64;

/// Writes XML into a borrowed buffer and never past it.
///
/// On overflow it writes nothing more but keeps counting, so that [`WriteError::NoSpace`] tells the exact length.
#[derive(Debug)]
pub struct Writer<'o> {
    out: &'o mut [u8],
    /// Bytes asked for so far; more than `out.len()` after an overflow.
    len: usize,
    invalid: bool,
    tag_open: bool,
}

/// Where a string is going to stand, which decides what is escaped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    Value,
}

impl<'o> Writer<'o> {
    /// A writer at the start of `out`.
    pub fn new(out: &'o mut [u8]) -> Self {
        Self { out, len: 0, invalid: false, tag_open: false }
    }

    /// Length of what `write` writes; what is not valid fits nowhere.
    pub fn measure(write: impl FnOnce(&mut Writer<'_>)) -> usize {
        let mut nowhere = Writer::new(&mut []);
        write(&mut nowhere);
        match nowhere.finish() {
            Ok(bytes) | Err(WriteError::NoSpace { needed: bytes }) => bytes,
            Err(WriteError::Invalid) => usize::MAX,
        }
    }

    /// Writes `<name`; the tag stays open for attributes.
    pub fn open(&mut self, name: &str) -> &mut Self {
        self.end_tag();
        self.put(b"<");
        self.put(name.as_bytes());
        self.tag_open = true;
        self
    }

    /// Writes one attribute of the open tag, escaped.
    pub fn attr(&mut self, name: &str, value: &str) -> &mut Self {
        self.attr_parts(name, &[value])
    }

    /// Writes the attribute if there is a value.
    pub fn attr_opt(&mut self, name: &str, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.attr(name, value),
            None => self,
        }
    }

    /// Writes a decimal number as attribute.
    pub fn attr_u64(&mut self, name: &str, value: u64) -> &mut Self {
        self.attr_start(name);
        self.number(value);
        self.put(b"'");
        self
    }

    /// Writes an attribute whose value is the parts one after another, each escaped.
    pub fn attr_parts(&mut self, name: &str, parts: &[&str]) -> &mut Self {
        self.attr_start(name);
        for part in parts {
            self.escaped(part, Place::Value);
        }
        self.put(b"'");
        self
    }

    /// Writes character data, escaped.
    pub fn text(&mut self, s: &str) -> &mut Self {
        self.end_tag();
        self.escaped(s, Place::Text);
        self
    }

    /// Writes a decimal number as character data.
    pub fn text_u64(&mut self, value: u64) -> &mut Self {
        self.end_tag();
        self.number(value);
        self
    }

    /// Writes bytes as base64 with padding, encoded straight into the output (RFC 4648 section 4).
    pub fn text_base64(&mut self, bytes: &[u8]) -> &mut Self {
        self.end_tag();
        let end = self.len.saturating_add(base64::encoded_len(bytes.len()));
        if let Some(room) = self.out.get_mut(self.len..end) {
            // The room is exactly the encoded length, the only thing encoding can fail for.
            let _ = base64::encode(bytes, room);
        }
        self.len = end;
        self
    }

    /// Closes the element: `/>` if nothing was put inside, else `</name>`.
    pub fn close(&mut self, name: &str) -> &mut Self {
        if self.tag_open {
            self.tag_open = false;
            self.put(b"/>");
        } else {
            self.put(b"</");
            self.put(name.as_bytes());
            self.put(b">");
        }
        self
    }

    /// Writes `s` as it stands, for constants such as the stream header.
    pub fn raw(&mut self, s: &str) -> &mut Self {
        self.end_tag();
        self.put(s.as_bytes());
        self
    }

    /// Ends writing and tells how many bytes of the buffer are output. A tag still open for attributes gets its `>`,
    /// which is how a stream header is written.
    ///
    /// # Errors
    /// [`WriteError::Invalid`] if a string held a code point XML cannot carry, [`WriteError::NoSpace`] if the
    /// buffer is too small; the buffer's content is then of no use.
    pub fn finish(mut self) -> Result<usize, WriteError> {
        self.end_tag();
        if self.invalid {
            return Err(WriteError::Invalid);
        }
        if self.len > self.out.len() {
            return Err(WriteError::NoSpace { needed: self.len });
        }
        Ok(self.len)
    }

    fn attr_start(&mut self, name: &str) {
        self.put(b" ");
        self.put(name.as_bytes());
        self.put(b"='");
    }

    /// Ends a tag that is still open for attributes, because content follows.
    fn end_tag(&mut self) {
        if self.tag_open {
            self.tag_open = false;
            self.put(b">");
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        // Equal lengths that the optimizer sees: the copy needs no check and cannot panic.
        if let Some(room) = self.out.get_mut(self.len..).and_then(|rest| rest.get_mut(..bytes.len())) {
            room.copy_from_slice(bytes);
        }
        self.len = self.len.saturating_add(bytes.len());
    }

    fn number(&mut self, mut value: u64) {
        // 20 digits hold every u64.
        let mut digits = [0u8; 20];
        let mut used = 0usize;
        for place in digits.iter_mut().rev() {
            // The remainder of ten always fits a byte.
            *place = b'0'.wrapping_add(u8::try_from(value % 10).unwrap_or(0));
            used = used.wrapping_add(1);
            value /= 10;
            if value == 0 {
                break;
            }
        }
        let from = digits.len().wrapping_sub(used);
        self.put(digits.get(from..).unwrap_or_default());
    }

    fn escaped(&mut self, s: &str, place: Place) {
        let mut rest = s.as_bytes();
        loop {
            let plain = scan::written(rest);
            let (head, tail) = rest.split_at_checked(plain).unwrap_or((rest, &[]));
            self.put(head);
            let Some((&byte, after)) = tail.split_first() else {
                return;
            };
            rest = after;
            match (byte, place) {
                (b'&', _) => self.put(b"&amp;"),
                (b'<', _) => self.put(b"&lt;"),
                (b'>', _) => self.put(b"&gt;"),
                (b'\'', Place::Value) => self.put(b"&apos;"),
                (b'"', Place::Value) => self.put(b"&quot;"),
                (b'\t', Place::Value) => self.put(b"&#9;"),
                (b'\n', Place::Value) => self.put(b"&#10;"),
                // A literal CR would come out as LF at the reader, in text too.
                (b'\r', _) => self.put(b"&#13;"),
                (b'\t' | b'\n' | b'\'' | b'"', Place::Text) => self.put(&[byte]),
                (0xEF, _) => {
                    // U+FFFE and U+FFFF are the only multi-byte scalar values outside `Char`.
                    if let [0xBF, 0xBE | 0xBF, ..] = after {
                        self.invalid = true;
                    }
                    self.put(&[byte]);
                }
                _ => self.invalid = true,
            }
        }
    }
}
