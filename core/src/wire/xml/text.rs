//! Everything outside of tags: character data, references, CDATA sections, white space under the root.

use super::XmlError;
use super::chars::{self, SPACE};
use super::reader::{Reader, State};
use super::reference::Reference;
use super::step::{Cursor, Found, Step};

impl Reader<'_> {
    /// White space between first-level elements, or the `<` of the next one (XML-06).
    pub(super) fn between(&mut self, cursor: &mut Cursor<'_>, byte: u8) -> Step {
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
    pub(super) fn text(&mut self, cursor: &mut Cursor<'_>) -> Step {
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

    pub(super) fn reference(&mut self, cursor: &mut Cursor<'_>, quote: u8, byte: u8) -> Step {
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
    pub(super) fn cdata(&mut self, cursor: &mut Cursor<'_>, brackets: u8, byte: u8) -> Step {
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
