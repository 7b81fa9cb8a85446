//! Incremental reader.

use super::{Limits, Tag, XmlError};

/// What one call of [`Reader::next`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A start tag; read it with [`Reader::tag`] before the next call.
    Start,
    /// An end tag; its name can be read with [`Reader::tag`] before the next call.
    End,
    /// Character data: `start..end` of the input given to this call, valid UTF-8, line ends normal.
    Text {
        /// First byte.
        start: usize,
        /// One past the last byte; may be less than the bytes used.
        end: usize,
    },
    /// One character of character data that is not a plain piece of the input.
    Char(char),
    /// White space between first-level elements.
    Space,
}

/// Incremental reader of one XML stream.
#[derive(Debug)]
pub struct Reader<'a> {
    scratch: &'a mut [u8],
    limits: Limits,
}

impl<'a> Reader<'a> {
    /// A reader at the start of a stream.
    pub fn new(scratch: &'a mut [u8], limits: Limits) -> Self {
        Self { scratch, limits }
    }
    /// Back to the start of a stream.
    pub fn reset(&mut self) {}
    /// Consumes input up to the end of one event.
    ///
    /// # Errors
    /// See [`XmlError`].
    pub fn next(&mut self, _input: &[u8]) -> Result<(usize, Option<Event>), XmlError> {
        let _ = (&self.scratch, self.limits);
        Err(XmlError::NotWellFormed)
    }
    /// The tag of the last `Start` or `End`.
    #[must_use]
    pub fn tag(&self) -> Tag<'_> {
        Tag::new()
    }
    /// Open elements.
    #[must_use]
    pub fn depth(&self) -> u8 {
        0
    }
    /// Between tags with no partial token pending, below the root.
    #[must_use]
    pub fn is_content(&self) -> bool {
        false
    }
    /// The caller consumed `n` bytes of plain character data itself.
    ///
    /// # Errors
    /// [`XmlError::ElementTooLarge`].
    pub fn take_text(&mut self, _n: usize) -> Result<(), XmlError> {
        Ok(())
    }
}
