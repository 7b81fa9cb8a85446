//! What one step of the reader works on and what it finds.

use super::{XmlError, scan};

/// The input of one call and how far it is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'i> {
    pub(super) input: &'i [u8],
    pub(super) at: usize,
    /// Range of the input that [`Found::Text`] is about.
    pub(super) text: (usize, usize),
    /// What [`Found::Char`] is about.
    pub(super) char: char,
}

impl<'i> Cursor<'i> {
    pub(super) fn rest(&self) -> &'i [u8] {
        self.input.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.input.get(self.at).copied()
    }

    pub(super) fn bump(&mut self, n: usize) {
        self.at = self.at.wrapping_add(n);
    }

    pub(super) fn found_text(&mut self, start: usize, end: usize) -> Found {
        self.text = (start, end);
        if start < end { Found::Text } else { Found::Nothing }
    }

    pub(super) fn found_char(&mut self, c: char) -> Found {
        self.char = c;
        Found::Char
    }

    /// Takes plain character data; false if there is none.
    pub(super) fn skip_text(&mut self) -> bool {
        let len = scan::text(self.rest());
        self.bump(len);
        len != 0
    }
}

/// An event without its data, which stays in the [`Cursor`]: a step's result then travels in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    Start,
    End,
    Text,
    Char,
    Space,
}

/// Result of one step of the grammar.
pub(super) type Step = Result<Found, XmlError>;
