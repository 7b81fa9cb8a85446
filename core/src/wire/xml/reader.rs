//! Incremental reader: one event per call, any split of the input gives the same events (XML-05).

use super::chars::Utf8;
use super::reference::Reference;
use super::scope::Scope;
use super::step::{Cursor, Found, Step};
use super::{Limits, Tag, XmlError};

/// Most bytes of a first-level element that is skipped (XML-07): servers route stanzas of 256 KiB and more.
const ROUTED_BYTES: u32 = 1 << 20;

/// What one call of [`Reader::next`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A start tag; read it with [`Reader::tag`] before the next call.
    Start,
    /// An end tag; its name can be read with [`Reader::tag`] before the next call.
    End,
    /// Character data: `start..end` of the input given to this call, never empty, valid UTF-8, line ends normal.
    Text {
        /// First byte.
        start: usize,
        /// One past the last byte; may be less than the bytes used.
        end: usize,
    },
    /// One character of data that is not a plain piece of the input: from a reference, a carriage return, a
    /// character split over inputs, a bracket in a CDATA section.
    Char(char),
    /// White space between first-level elements; only good for the idle timer (STR-12).
    Space,
}

/// Incremental reader of one XML stream, working in scratch memory the caller lends.
///
/// The scratch memory holds the names of the open elements, the namespace declarations in scope and the start tag
/// being read; what does not fit is [`XmlError::ScratchFull`], or left out after [`Reader::skip_oversized`].
#[derive(Debug)]
pub struct Reader<'a> {
    pub(super) scope: Scope<'a>,
    pub(super) limits: Limits,
    pub(super) state: State,
    pub(super) after: After,
    pub(super) depth: u8,
    /// Open elements above those, whose names are not kept: they are counted only (XML-07).
    pub(super) lost: u32,
    pub(super) utf8: Utf8,
    pub(super) reference: Reference,
    /// Closing brackets just seen in character data, 2 at most: `]]>` may not follow (XM-07).
    pub(super) brackets: u8,
    /// A carriage return was just read, so a line feed belongs to it (XM-12).
    pub(super) cr: bool,
    /// What the end tag still has to repeat: offset in the scratch memory and length.
    pub(super) end_name: (usize, u8),
    /// Bytes the first-level element may still take.
    budget: u32,
    /// Bytes it may take beyond that before the stream ends.
    overdraft: u32,
    /// What breaks a limit is left out instead of refused.
    lenient: bool,
    pub(super) failed: Option<XmlError>,
}

/// Where in the grammar the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Start of the stream; so many bytes of a byte order mark were read.
    Begin(u8),
    /// After the first `<` of the stream.
    First,
    /// Inside `<?xml ...`.
    Declaration,
    /// Before the root element.
    Prolog,
    /// After the root element.
    Epilog,
    /// Character data and the beginning of markup.
    Content,
    /// After `<`.
    Markup,
    /// After `<!` and so many bytes of `[CDATA[`.
    Bang(u8),
    /// In a CDATA section, after so many closing brackets.
    Cdata(u8),
    /// In a reference; the quote of the attribute value around it, 0 in character data.
    Reference(u8),
    /// In an element name.
    TagName,
    /// Between attributes; true after white space.
    InTag(bool),
    /// In an attribute name.
    AttributeName,
    /// Before `=`.
    Equals,
    /// Before the opening quote.
    Quote,
    /// In a value that ends with this quote.
    Value(u8),
    /// After the `/` of an empty-element tag.
    Slash,
    /// After an empty-element tag whose end was not told yet.
    EmptyTag,
    /// In the name of an end tag.
    EndName,
    /// The same where the element's name was not kept.
    LostEnd,
    /// After the name of an end tag.
    EndSpace,
}

/// What is left to do to the scope once the caller has looked at the last tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    Nothing,
    Open,
    Forget,
    Close,
}

impl<'a> Reader<'a> {
    /// A reader at the start of a stream. 2 KiB of scratch serve honest stanzas; start tags with values up to the
    /// limit need as much more.
    pub fn new(scratch: &'a mut [u8], limits: Limits) -> Self {
        Self {
            scope: Scope::new(scratch),
            limits,
            state: State::Begin(0),
            after: After::Nothing,
            depth: 0,
            lost: 0,
            utf8: Utf8::default(),
            reference: Reference::Empty,
            brackets: 0,
            cr: false,
            end_name: (0, 0),
            budget: limits.element_bytes,
            overdraft: 0,
            lenient: false,
            failed: None,
        }
    }

    /// Forgets everything read: a new stream begins on the same transport (STR-07).
    pub fn reset(&mut self) {
        self.scope.reset();
        self.state = State::Begin(0);
        self.after = After::Nothing;
        (self.depth, self.lost) = (0, 0);
        self.utf8 = Utf8::default();
        (self.brackets, self.cr) = (0, false);
        (self.budget, self.overdraft) = (self.limits.element_bytes, 0);
        self.lenient = false;
        self.failed = None;
    }

    /// From the next first-level element on, until [`Reader::reset`], too large is not malformed (XML-07): attributes and
    /// elements that break a limit are left out, with all that is in them, and [`Reader::broken`] tells. Only an element of
    /// more than 1 MiB still ends the stream.
    pub fn skip_oversized(&mut self) {
        self.lenient = true;
    }

    /// The first limit that the first-level element read last broke, or the one under way.
    ///
    /// From there on undeclared prefixes and doubled attributes are not looked for, and the names of end tags are compared
    /// only where those of the start tags were kept.
    #[must_use]
    pub fn broken(&self) -> Option<XmlError> {
        self.scope.broken
    }

    /// Consumes input up to the end of one event and tells how many bytes that took.
    ///
    /// `(used, None)` means that all input is consumed and no event is complete; until then call again with the
    /// rest of the input, even an empty rest: the end of `<a/>` is an event of its own that takes no bytes.
    ///
    /// # Errors
    /// The first error ends the stream; every later call gives the same one until [`Reader::reset`].
    pub fn next(&mut self, input: &[u8]) -> Result<(usize, Option<Event>), XmlError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let mut cursor = Cursor { input, at: 0, text: (0, 0), char: '\0' };
        let event = match self.read(&mut cursor) {
            Ok(Found::Nothing) => None,
            Ok(Found::Start) => Some(Event::Start),
            Ok(Found::End) => Some(Event::End),
            Ok(Found::Text) => {
                let (start, end) = cursor.text;
                Some(Event::Text { start, end })
            }
            Ok(Found::Char) => Some(Event::Char(cursor.char)),
            Ok(Found::Space) => Some(Event::Space),
            Err(error) => {
                self.failed = Some(error);
                return Err(error);
            }
        };
        Ok((cursor.at, event))
    }

    /// The tag of the last [`Event::Start`] (name and attributes) or [`Event::End`] (name only).
    #[must_use]
    pub fn tag(&self) -> Tag<'_> {
        self.scope.tag()
    }

    /// Open elements: 1 inside the root, 2 inside a first-level element.
    #[must_use]
    pub fn depth(&self) -> u8 {
        self.depth
    }

    /// True inside a first-level element where character data may stand and no token is half read.
    #[must_use]
    pub fn is_content(&self) -> bool {
        self.state == State::Content
            && self.depth > 1
            && self.lost == 0
            && self.brackets == 0
            && !self.cr
            && !self.utf8.is_pending()
            && self.failed.is_none()
    }

    /// Tells that the caller consumed `n` bytes of character data itself, for base64 decoded in place (XML-08).
    ///
    /// Only while [`Reader::is_content`], and only for ASCII without `<`, `&`, `]`, `>` and control characters
    /// other than TAB, LF and CR. [`Reader::tag`] stays as it was.
    ///
    /// # Errors
    /// [`XmlError::ElementTooLarge`], as if the bytes had been read here.
    pub fn take_text(&mut self, n: usize) -> Result<(), XmlError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if let Err(error) = self.spend(n) {
            self.failed = Some(error);
            return Err(error);
        }
        Ok(())
    }

    /// Takes bytes off the budget, and off the overdraft where there is one.
    fn spend(&mut self, n: usize) -> Result<(), XmlError> {
        let n = u32::try_from(n).map_err(|_| XmlError::ElementTooLarge)?;
        if let Some(left) = self.budget.checked_sub(n) {
            self.budget = left;
            return Ok(());
        }
        self.scope.broke(XmlError::ElementTooLarge)?;
        let both = self.budget.saturating_add(core::mem::take(&mut self.overdraft));
        self.budget = both.checked_sub(n).ok_or(XmlError::ElementTooLarge)?;
        Ok(())
    }

    fn read(&mut self, cursor: &mut Cursor<'_>) -> Step {
        match self.after {
            After::Nothing => {}
            After::Open => self.scope.commit()?,
            After::Forget => self.scope.forget(),
            After::Close => self.scope.pop()?,
        }
        self.after = After::Nothing;
        if self.state == State::EmptyTag {
            return Ok(self.end_empty());
        }
        let input = cursor.input;
        if !self.is_counted(input) {
            return self.read_window(cursor);
        }
        loop {
            let from = cursor.at;
            let budget = usize::try_from(self.budget).unwrap_or(usize::MAX);
            cursor.input = input.get(..from.saturating_add(budget)).unwrap_or(input);
            let found = self.read_window(cursor)?;
            // What was read is at most the budget.
            self.spend(cursor.at.wrapping_sub(from))?;
            if found != Found::Nothing || cursor.at >= input.len() {
                return Ok(found);
            }
            // One byte more than there is: on with the overdraft, or the end.
            self.spend(1)?;
            self.budget = self.budget.wrapping_add(1);
        }
    }

    /// White space between first-level elements and after the root costs no budget; a first-level element begins
    /// with a full one. White space refills nothing, so a flood of it inside an element ends (ATK-04).
    fn is_counted(&mut self, input: &[u8]) -> bool {
        match self.state {
            State::Epilog => false,
            State::Content if self.depth == 1 && self.lost == 0 => {
                self.budget = self.limits.element_bytes;
                let begins = input.first() == Some(&b'<');
                if begins {
                    self.begin_first_level();
                }
                begins
            }
            _ => true,
        }
    }

    fn begin_first_level(&mut self) {
        (self.scope.lenient, self.scope.broken) = (self.lenient, None);
        self.overdraft = if self.lenient { ROUTED_BYTES.saturating_sub(self.budget) } else { 0 };
    }

    fn read_window(&mut self, cursor: &mut Cursor<'_>) -> Step {
        while let Some(byte) = cursor.peek() {
            let found = match self.state {
                // Tags mostly follow tags, so no look for text is taken first.
                State::Content if byte == b'<' && !self.utf8.is_pending() => {
                    cursor.bump(1);
                    (self.brackets, self.cr) = (0, false);
                    self.state = State::Markup;
                    Found::Nothing
                }
                State::Content if self.depth > 1 || self.lost != 0 => self.text(cursor)?,
                State::Content => self.between(cursor, byte)?,
                State::Cdata(brackets) => self.cdata(cursor, brackets, byte)?,
                State::Reference(quote) => self.reference(cursor, quote, byte)?,
                _ => self.markup(cursor, byte)?,
            };
            match found {
                Found::Nothing => {}
                Found::Text | Found::Char if self.lost != 0 => self.failed.map_or(Ok(()), Err)?,
                _ => return Ok(found),
            }
        }
        Ok(Found::Nothing)
    }
}
