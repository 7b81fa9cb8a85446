//! Everything between `<` and `>`: the declaration, start tags, end tags, the way into a CDATA section.

use super::chars::{self, NAME_START, SPACE};
use super::reader::{After, Reader, State};
use super::step::{Cursor, Found, Step};
use super::{XmlError, declaration, scan};

const CDATA: &[u8] = b"[CDATA[";

impl Reader<'_> {
    /// One step outside of character data; `byte` is the next one of the input.
    pub(super) fn markup(&mut self, cursor: &mut Cursor<'_>, byte: u8) -> Step {
        match self.state {
            State::Markup if begins_name(byte) => self.begin_tag(cursor)?,
            State::Markup if byte == b'/' && self.depth > 0 => return self.end_tag(cursor),
            State::InTag(true) if begins_name(byte) => return self.attributes(cursor),
            State::TagName => self.tag_name(cursor)?,
            State::AttributeName => self.attribute_name(cursor)?,
            State::Value(quote) => self.value(cursor, quote)?,
            State::EndName => return self.end_name(cursor, byte),
            State::LostEnd => self.lost_end(cursor)?,
            State::Begin(_) | State::First | State::Declaration => self.begin(cursor, byte)?,
            _ => {
                cursor.bump(1);
                return self.structure(byte);
            }
        }
        Ok(Found::Nothing)
    }

    /// The end of an empty-element tag.
    pub(super) fn end_empty(&mut self) -> Found {
        self.scope.hide_attributes();
        self.after = After::Forget;
        self.leave();
        Found::End
    }

    /// The single bytes that hold tags together.
    fn structure(&mut self, byte: u8) -> Step {
        let space = chars::is(byte, SPACE);
        self.state = match (self.state, byte) {
            (State::Prolog, b'<') => State::Markup,
            (state @ (State::Prolog | State::Epilog), _) if space => state,
            (State::Markup, _) => self.open_markup(byte)?,
            (State::Bang(seen), _) => self.bang(seen, byte)?,
            (State::InTag(_), _) if space => State::InTag(true),
            (State::InTag(_), b'>') => return self.start(State::Content),
            (State::InTag(_), b'/') => State::Slash,
            (State::Slash, b'>') => return self.start(State::EmptyTag),
            (state @ (State::Equals | State::Quote | State::EndSpace), _) if space => state,
            (State::Equals, b'=') => State::Quote,
            (State::Quote, b'\'' | b'"') => State::Value(byte),
            (State::EndSpace, b'>') => return Ok(self.end()),
            _ => return Err(XmlError::NotWellFormed),
        };
        Ok(Found::Nothing)
    }

    /// The first bytes of the stream: a byte order mark and a declaration, both optional (XML-01).
    fn begin(&mut self, cursor: &mut Cursor<'_>, byte: u8) -> Result<(), XmlError> {
        self.state = match (self.state, byte) {
            (State::Begin(0), 0xEF) => State::Begin(1),
            (State::Begin(1), 0xBB) => State::Begin(2),
            (State::Begin(2), 0xBF) => State::Begin(3),
            (State::Begin(0 | 3), b'<') => State::First,
            (State::First, b'?') => {
                self.scope.begin();
                State::Declaration
            }
            (State::Declaration, _) => self.declaration(byte)?,
            (State::Begin(0 | 3), _) => {
                self.state = State::Prolog;
                return Ok(());
            }
            (State::First, _) => {
                self.state = State::Markup;
                return Ok(());
            }
            _ => return Err(XmlError::NotWellFormed),
        };
        cursor.bump(1);
        Ok(())
    }

    fn declaration(&mut self, byte: u8) -> Result<State, XmlError> {
        let have = self.scope.collected().len();
        let fits = match have {
            0..=2 => b"xml".get(have) == Some(&byte),
            3 => chars::is(byte, SPACE),
            _ => true,
        };
        if !fits {
            // Any other target makes it a processing instruction.
            return Err(XmlError::RestrictedXml);
        }
        if byte == b'>' {
            declaration::check(self.scope.collected())?;
            self.scope.forget();
            return Ok(State::Prolog);
        }
        let room = declaration::MAX_BYTES.saturating_sub(have);
        self.scope.push(&[byte], 1, room, XmlError::ValueTooLong)?;
        Ok(State::Declaration)
    }

    /// The byte after `<` decides what it is.
    fn open_markup(&mut self, byte: u8) -> Result<State, XmlError> {
        match byte {
            b'!' => Ok(State::Bang(0)),
            b'?' => Err(XmlError::RestrictedXml),
            _ => Err(XmlError::NotWellFormed),
        }
    }

    /// `<!` is only followed by a CDATA section here; comments and DOCTYPE end the stream (ATK-01).
    fn bang(&mut self, seen: u8, byte: u8) -> Result<State, XmlError> {
        if seen == 0 && matches!(byte, b'-' | b'D') {
            return Err(XmlError::RestrictedXml);
        }
        if CDATA.get(usize::from(seen)) != Some(&byte) {
            return Err(XmlError::NotWellFormed);
        }
        match self.depth {
            0 => Err(XmlError::NotWellFormed),
            1 if self.lost == 0 => Err(XmlError::BadFormat),
            _ if usize::from(seen.wrapping_add(1)) == CDATA.len() => Ok(State::Cdata(0)),
            _ => Ok(State::Bang(seen.wrapping_add(1))),
        }
    }

    fn begin_tag(&mut self, cursor: &mut Cursor<'_>) -> Result<(), XmlError> {
        self.scope.begin();
        self.scope.first_level = self.depth == 1;
        self.scope.muted = self.lost != 0;
        if self.lost == 0 && self.depth >= self.limits.depth {
            self.scope.broke(XmlError::TooDeep)?;
            self.scope.muted = true;
        }
        self.state = State::TagName;
        self.tag_name(cursor)
    }

    /// Attributes that are there as a whole and plain, one after the other, without asking for the state between
    /// their parts; then one that is not. A stanza's head is little else, so this sets its cost.
    fn attributes(&mut self, cursor: &mut Cursor<'_>) -> Step {
        loop {
            let rest = cursor.rest();
            let name = scan::name(rest);
            let Some(&[b'=', quote @ (b'\'' | b'"')]) = rest.get(name..).and_then(|rest| rest.first_chunk())
            else {
                return self.begin_attribute(cursor);
            };
            let value_at = name.wrapping_add(2);
            let value = rest.get(value_at..).unwrap_or_default();
            let len = scan::value(value, quote);
            if value.get(len) != Some(&quote)
                || !self.scope.attribute(rest, name, (value, len), &self.limits)?
            {
                return self.begin_attribute(cursor);
            }
            cursor.bump(value_at.wrapping_add(len).wrapping_add(1));
            match *cursor.rest() {
                [b' ', next, ..] if begins_name(next) => cursor.bump(1),
                [b'>', ..] => {
                    cursor.bump(1);
                    return self.start(State::Content);
                }
                _ => break,
            }
        }
        self.state = State::InTag(false);
        Ok(Found::Nothing)
    }

    fn begin_attribute(&mut self, cursor: &mut Cursor<'_>) -> Step {
        self.scope.begin_attribute(&self.limits)?;
        self.state = State::AttributeName;
        self.attribute_name(cursor)?;
        Ok(Found::Nothing)
    }

    fn tag_name(&mut self, cursor: &mut Cursor<'_>) -> Result<(), XmlError> {
        if self.name(cursor)? {
            self.scope.end_tag_name()?;
            self.state = State::InTag(false);
        }
        Ok(())
    }

    fn attribute_name(&mut self, cursor: &mut Cursor<'_>) -> Result<(), XmlError> {
        if self.name(cursor)? {
            self.scope.end_attribute_name()?;
            self.state = State::Equals;
        }
        Ok(())
    }

    /// Reads on in a name; true when a byte that is not part of it follows.
    fn name(&mut self, cursor: &mut Cursor<'_>) -> Result<bool, XmlError> {
        while let Some(byte) = cursor.peek() {
            let starts = !self.scope.name().begun;
            if byte >= 0x80 || self.utf8.is_pending() {
                if let Some(c) = self.wide_char(cursor)? {
                    let fits = chars::is_name_start(c) || (!starts && chars::is_name(c));
                    if !fits {
                        return Err(XmlError::NotWellFormed);
                    }
                    let bytes = self.utf8.bytes();
                    self.scope.push_name(bytes, bytes.len(), &self.limits)?;
                }
                continue;
            }
            if starts && !chars::is(byte, NAME_START) {
                return Err(XmlError::NotWellFormed);
            }
            let rest = cursor.rest();
            let run = scan::name(rest);
            if run != 0 {
                self.scope.push_name(rest, run, &self.limits)?;
                cursor.bump(run);
            } else if byte == b':' {
                cursor.bump(1);
                self.scope.push_colon(&self.limits)?;
            } else {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads on in an attribute value, white space normalised (XM-13).
    fn value(&mut self, cursor: &mut Cursor<'_>, quote: u8) -> Result<(), XmlError> {
        while let Some(byte) = cursor.peek() {
            if byte >= 0x80 || self.utf8.is_pending() {
                self.cr = false;
                if self.wide_char(cursor)?.is_some() {
                    let bytes = self.utf8.bytes();
                    self.scope.push_value(bytes, bytes.len(), &self.limits)?;
                }
                continue;
            }
            let rest = cursor.rest();
            let run = scan::value(rest, quote);
            if run != 0 {
                self.cr = false;
                self.scope.push_value(rest, run, &self.limits)?;
                cursor.bump(run);
                continue;
            }
            cursor.bump(1);
            let cr = core::mem::take(&mut self.cr);
            match byte {
                b'\'' | b'"' => {
                    self.state = State::InTag(false);
                    return self.scope.end_attribute();
                }
                b'&' => {
                    self.begin_reference(quote);
                    return Ok(());
                }
                b'\n' if cr => {}
                b'\t' | b'\n' | b'\r' => {
                    self.cr = byte == b'\r';
                    self.scope.push_value(b" ", 1, &self.limits)?;
                }
                _ => return Err(XmlError::NotWellFormed),
            }
        }
        Ok(())
    }

    /// A start tag is complete.
    fn start(&mut self, then: State) -> Step {
        self.scope.end_tag(&self.limits)?;
        if self.scope.muted {
            self.lost = self.lost.saturating_add(1);
            self.state = State::Content;
            return Ok(if then == State::Content { Found::Nothing } else { self.leave_lost() });
        }
        self.depth = self.depth.saturating_add(1);
        self.state = then;
        if then == State::Content {
            self.after = After::Open;
        }
        Ok(Found::Start)
    }

    /// An end tag begins. One that is there as a whole ends at once.
    fn end_tag(&mut self, cursor: &mut Cursor<'_>) -> Step {
        cursor.bump(1);
        if self.lost != 0 {
            self.scope.begin();
            self.scope.muted = true;
            self.state = State::LostEnd;
            return Ok(Found::Nothing);
        }
        let (at, len) = self.scope.show_open()?;
        let name = self.scope.bytes(at, usize::from(len));
        if let Some([b'>', ..]) = cursor.rest().strip_prefix(name) {
            cursor.bump(name.len().wrapping_add(1));
            return Ok(self.end());
        }
        self.end_name = (at, len);
        self.state = State::EndName;
        Ok(Found::Nothing)
    }

    /// Reads on in the name of an end tag, which must be that of the innermost open element, prefix included.
    fn end_name(&mut self, cursor: &mut Cursor<'_>, byte: u8) -> Step {
        let (at, left) = self.end_name;
        if left == 0 {
            cursor.bump(1);
            self.state = State::EndSpace;
            return self.structure(byte);
        }
        let rest = cursor.rest();
        let part = rest.get(..usize::from(left)).unwrap_or(rest);
        if self.scope.bytes(at, part.len()) != part {
            return Err(XmlError::NotWellFormed);
        }
        cursor.bump(part.len());
        // `part` is never longer than `left`.
        let read = u8::try_from(part.len()).unwrap_or(left);
        self.end_name = (at.wrapping_add(part.len()), left.wrapping_sub(read));
        Ok(Found::Nothing)
    }

    /// Reads on in the name of an end tag whose start was not kept.
    fn lost_end(&mut self, cursor: &mut Cursor<'_>) -> Result<(), XmlError> {
        if self.name(cursor)? {
            self.scope.end_tag_name()?;
            self.state = State::EndSpace;
        }
        Ok(())
    }

    /// The end of an element whose name was not kept. Only that of a first-level element is told.
    fn leave_lost(&mut self) -> Found {
        self.state = State::Content;
        self.lost = self.lost.saturating_sub(1);
        if self.lost == 0 && self.depth == 1 { Found::End } else { Found::Nothing }
    }

    fn end(&mut self) -> Found {
        if self.lost != 0 {
            return self.leave_lost();
        }
        self.after = After::Close;
        self.leave();
        Found::End
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.state = match self.depth {
            0 => State::Epilog,
            _ => State::Content,
        };
    }
}

fn begins_name(byte: u8) -> bool {
    byte >= 0x80 || chars::is(byte, NAME_START)
}
