//! Incremental reader: one event per call, any split of the input gives the same events (XML-05).

use super::chars::{self, SPACE, Utf8};
use super::reference::Reference;
use super::scan;
use super::scope::Scope;
use super::{Limits, Tag, XmlError};

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
/// being read; what does not fit is [`XmlError::ScratchFull`].
#[derive(Debug)]
pub struct Reader<'a> {
    pub(super) scope: Scope<'a>,
    pub(super) limits: Limits,
    pub(super) state: State,
    pub(super) after: After,
    pub(super) depth: u8,
    pub(super) utf8: Utf8,
    pub(super) reference: Reference,
    /// Closing brackets just seen in character data, 2 at most: `]]>` may not follow (XM-07).
    brackets: u8,
    /// A carriage return was just read, so a line feed belongs to it (XM-12).
    pub(super) cr: bool,
    /// What the end tag still has to repeat: offset in the scratch memory and length.
    pub(super) end_name: (usize, u8),
    /// Bytes the first-level element may still take.
    budget: u32,
    failed: Option<XmlError>,
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

/// The input of one call and how far it is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'i> {
    input: &'i [u8],
    pub(super) at: usize,
    /// Range of the input that [`Found::Text`] is about.
    text: (usize, usize),
    /// What [`Found::Char`] is about.
    char: char,
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

    fn found_text(&mut self, start: usize, end: usize) -> Found {
        self.text = (start, end);
        if start < end { Found::Text } else { Found::Nothing }
    }

    fn found_char(&mut self, c: char) -> Found {
        self.char = c;
        Found::Char
    }

    /// Takes plain character data; false if there is none.
    fn skip_text(&mut self) -> bool {
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
            utf8: Utf8::default(),
            reference: Reference::Empty,
            brackets: 0,
            cr: false,
            end_name: (0, 0),
            budget: limits.element_bytes,
            failed: None,
        }
    }

    /// Forgets everything read: a new stream begins on the same transport (STR-07).
    pub fn reset(&mut self) {
        self.scope.reset();
        self.state = State::Begin(0);
        self.after = After::Nothing;
        self.depth = 0;
        self.utf8 = Utf8::default();
        (self.brackets, self.cr) = (0, false);
        self.budget = self.limits.element_bytes;
        self.failed = None;
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
        let left = u32::try_from(n).ok().and_then(|n| self.budget.checked_sub(n));
        match left {
            Some(left) => self.budget = left,
            None => self.failed = Some(XmlError::ElementTooLarge),
        }
        self.failed.map_or(Ok(()), Err)
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
        let budget = usize::try_from(self.budget).unwrap_or(usize::MAX);
        cursor.input = input.get(..budget).unwrap_or(input);
        let found = self.read_window(cursor)?;
        if found == Found::Nothing && cursor.at < input.len() {
            return Err(XmlError::ElementTooLarge);
        }
        // What was read is at most the budget, so neither step can fail.
        let taken = u32::try_from(cursor.at).unwrap_or(u32::MAX);
        self.budget = self.budget.saturating_sub(taken);
        Ok(found)
    }

    /// White space between first-level elements and after the root costs no budget; a first-level element begins
    /// with a full one. White space refills nothing, so a flood of it inside an element ends (ATK-04).
    fn is_counted(&mut self, input: &[u8]) -> bool {
        match self.state {
            State::Epilog => false,
            State::Content if self.depth == 1 => {
                self.budget = self.limits.element_bytes;
                input.first() == Some(&b'<')
            }
            _ => true,
        }
    }

    fn read_window(&mut self, cursor: &mut Cursor<'_>) -> Step {
        while let Some(byte) = cursor.peek() {
            let found = match self.state {
                State::Content if self.depth > 1 => self.text(cursor)?,
                State::Content => self.between(cursor, byte)?,
                State::Cdata(brackets) => self.cdata(cursor, brackets, byte)?,
                State::Reference(quote) => self.reference(cursor, quote, byte)?,
                _ => self.markup(cursor, byte)?,
            };
            if found != Found::Nothing {
                return Ok(found);
            }
        }
        Ok(Found::Nothing)
    }

    /// White space between first-level elements, or the `<` of the next one (XML-06).
    fn between(&mut self, cursor: &mut Cursor<'_>, byte: u8) -> Step {
        if byte == b'<' {
            cursor.bump(1);
            self.state = State::Markup;
            return Ok(Found::Nothing);
        }
        if !chars::is(byte, SPACE) {
            return Err(XmlError::BadFormat);
        }
        let rest = cursor.rest();
        let run = rest.iter().position(|b| !chars::is(*b, SPACE));
        cursor.bump(run.unwrap_or(rest.len()));
        Ok(Found::Space)
    }

    /// One piece of character data, or the `<` or `&` after it.
    fn text(&mut self, cursor: &mut Cursor<'_>) -> Step {
        if self.utf8.is_pending() {
            return self.split_char(cursor);
        }
        self.skip_line_feed(cursor);
        let start = cursor.at;
        let mut end = start;
        while let Some(byte) = cursor.peek() {
            if cursor.skip_text() {
                self.brackets = 0;
            } else if byte == b']' {
                self.brackets = self.brackets.saturating_add(1).min(2);
                cursor.bump(1);
            } else if byte == b'>' {
                if self.brackets == 2 {
                    return self.text_then(cursor, (start, end), XmlError::NotWellFormed);
                }
                self.brackets = 0;
                cursor.bump(1);
            } else if byte < 0x80 {
                return self.after_text(cursor, byte, (start, end));
            } else {
                self.brackets = 0;
                if let Err(error) = self.wide_char(cursor) {
                    return self.text_then(cursor, (start, end), error);
                }
                if self.utf8.is_pending() {
                    break;
                }
            }
            end = cursor.at;
        }
        Ok(cursor.found_text(start, end))
    }

    /// Gives the text read so far, or takes the byte that ended it.
    fn after_text(&mut self, cursor: &mut Cursor<'_>, byte: u8, (start, end): (usize, usize)) -> Step {
        if start < end {
            return Ok(cursor.found_text(start, end));
        }
        cursor.bump(1);
        self.brackets = 0;
        match byte {
            b'<' => self.state = State::Markup,
            b'&' => self.begin_reference(0),
            b'\r' => {
                self.cr = true;
                return Ok(cursor.found_char('\n'));
            }
            _ => return Err(XmlError::NotWellFormed),
        }
        Ok(Found::Nothing)
    }

    /// Gives the text before an error first: what comes out before it may not depend on the split (XM-15).
    fn text_then(&mut self, cursor: &mut Cursor<'_>, (start, end): (usize, usize), error: XmlError) -> Step {
        if start == end {
            return Err(error);
        }
        self.failed = Some(error);
        Ok(cursor.found_text(start, end))
    }

    /// A line feed right after a carriage return is part of the same line end, wherever the input was split.
    pub(super) fn skip_line_feed(&mut self, cursor: &mut Cursor<'_>) {
        if self.cr && cursor.peek().is_some() {
            self.cr = false;
            if cursor.peek() == Some(b'\n') {
                cursor.bump(1);
            }
        }
    }

    /// Takes bytes of one multi-byte character as far as the input has them.
    pub(super) fn wide_char(&mut self, cursor: &mut Cursor<'_>) -> Result<Option<char>, XmlError> {
        while let Some(byte) = cursor.peek() {
            cursor.bump(1);
            let c = self.utf8.push(byte)?;
            if c.is_some() {
                return Ok(c);
            }
        }
        Ok(None)
    }

    /// The rest of a character whose first bytes came with an earlier input.
    fn split_char(&mut self, cursor: &mut Cursor<'_>) -> Step {
        Ok(match self.wide_char(cursor)? {
            Some(c) => cursor.found_char(c),
            None => Found::Nothing,
        })
    }

    pub(super) fn begin_reference(&mut self, quote: u8) {
        self.reference = Reference::Empty;
        self.state = State::Reference(quote);
    }

    fn reference(&mut self, cursor: &mut Cursor<'_>, quote: u8, byte: u8) -> Step {
        cursor.bump(1);
        let Some(c) = self.reference.push(byte)? else {
            return Ok(Found::Nothing);
        };
        if quote == 0 {
            self.state = State::Content;
            return Ok(cursor.found_char(c));
        }
        self.state = State::Value(quote);
        let bytes = &mut [0; 4];
        let bytes = c.encode_utf8(bytes).as_bytes();
        self.scope.push_value(bytes, bytes.len(), &self.limits)?;
        Ok(Found::Nothing)
    }

    /// Character data of a CDATA section (XM-06). Brackets go one by one, because any two may begin `]]>`.
    fn cdata(&mut self, cursor: &mut Cursor<'_>, brackets: u8, byte: u8) -> Step {
        if self.utf8.is_pending() {
            return self.split_char(cursor);
        }
        match (brackets, byte) {
            (2, b'>') => {
                cursor.bump(1);
                self.state = State::Content;
                return Ok(Found::Nothing);
            }
            (0 | 1, b']') => {
                cursor.bump(1);
                self.cr = false;
                self.state = State::Cdata(brackets.wrapping_add(1));
                return Ok(Found::Nothing);
            }
            (2, b']') => {
                cursor.bump(1);
                return Ok(cursor.found_char(']'));
            }
            (0, _) => {}
            _ => {
                self.state = State::Cdata(brackets.wrapping_sub(1));
                return Ok(cursor.found_char(']'));
            }
        }
        self.skip_line_feed(cursor);
        self.cdata_text(cursor)
    }

    fn cdata_text(&mut self, cursor: &mut Cursor<'_>) -> Step {
        let start = cursor.at;
        let mut end = start;
        while let Some(byte) = cursor.peek() {
            if !cursor.skip_text() {
                match byte {
                    b'<' | b'&' | b'>' => cursor.bump(1),
                    b'\r' if start == end => {
                        cursor.bump(1);
                        self.cr = true;
                        return Ok(cursor.found_char('\n'));
                    }
                    b']' | b'\r' => break,
                    0x80.. => {
                        if let Err(error) = self.wide_char(cursor) {
                            return self.text_then(cursor, (start, end), error);
                        }
                        if self.utf8.is_pending() {
                            break;
                        }
                    }
                    _ => return self.text_then(cursor, (start, end), XmlError::NotWellFormed),
                }
            }
            end = cursor.at;
        }
        Ok(cursor.found_text(start, end))
    }
}
