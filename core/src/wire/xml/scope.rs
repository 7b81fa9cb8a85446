//! Open elements, namespaces in scope and the tag being read, all in the caller's scratch memory.

use super::record::{Frame, Kind, Record, Span, slice, to_usize};
use super::tag::Head;
use super::{Limits, Tag, XmlError};
use crate::wire::bytes::copy;

/// The stack of open elements with the tag being read on top.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub(super) mem: &'a mut [u8],
    /// One past the last frame; the tag being read begins here.
    pub(super) base: usize,
    /// One past the last byte in use.
    pub(super) top: usize,
    /// Default namespace where the next tag stands.
    default: Span,
    /// Declarations in scope, those of the tag being read not counted.
    declarations: u8,
    pub(super) head: Head,
    /// Default namespace and declarations the tag being read brings.
    pub(super) new_default: Span,
    pub(super) new_declarations: u8,
    name: Name,
    /// Where the attribute being read begins.
    pub(super) record_at: usize,
    /// Where its value begins.
    pub(super) value_at: usize,
    attributes: u8,
    /// One bit per hash of an attribute name, so that a tag without suspicion is not searched for doubles.
    seen: u64,
    suspicious: bool,
    prefixed: u8,
    /// What breaks a limit is left out instead of refused (XML-07).
    pub(super) lenient: bool,
    /// The first limit that the first-level element under way broke. From there on only what bounded memory can check
    /// is checked.
    pub(super) broken: Option<XmlError>,
    /// The tag being read stands at the first level.
    pub(super) first_level: bool,
    /// Nothing of the tag being read is kept.
    pub(super) muted: bool,
    pub(super) attribute: Lost,
    /// From here on the tag keeps what [`is_kept`] names and declarations, and nothing else.
    pub(super) narrow: bool,
}

/// What is left out of the attribute being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    Nothing,
    /// The beginning of its value.
    Beginning,
    Everything,
}

/// The name being read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Name {
    pub(super) len: u8,
    /// Bytes before the colon, 0 without one.
    prefix_len: u8,
    /// A colon was read.
    colon: bool,
    /// The `NCName` under way has a character.
    pub(super) begun: bool,
}

impl<'a> Scope<'a> {
    pub(super) fn new(mem: &'a mut [u8]) -> Self {
        Self {
            mem,
            base: 0,
            top: 0,
            default: Span::default(),
            declarations: 0,
            head: Head::default(),
            new_default: Span::default(),
            new_declarations: 0,
            name: Name::default(),
            record_at: 0,
            value_at: 0,
            attributes: 0,
            seen: 0,
            suspicious: false,
            prefixed: 0,
            lenient: false,
            broken: None,
            first_level: false,
            muted: false,
            attribute: Lost::Nothing,
            narrow: false,
        }
    }

    pub(super) fn reset(&mut self) {
        (self.base, self.top, self.declarations) = (0, 0, 0);
        (self.lenient, self.broken, self.first_level) = (false, None, false);
        self.default = Span::default();
        self.head = Head::default();
    }

    pub(super) fn tag(&self) -> Tag<'_> {
        Tag { mem: self.mem, head: self.head }
    }

    /// What was collected since [`Scope::begin`].
    pub(super) fn collected(&self) -> &[u8] {
        self.mem.get(self.base..self.top).unwrap_or_default()
    }

    /// Begins a tag.
    pub(super) fn begin(&mut self) {
        self.top = self.base;
        self.head = Head { name_at: self.base, ..Head::default() };
        self.new_default = self.default;
        self.new_declarations = 0;
        self.name = Name::default();
        (self.attributes, self.seen, self.prefixed) = (0, 0, 0);
        (self.suspicious, self.muted, self.narrow) = (false, false, false);
        self.attribute = Lost::Nothing;
    }

    pub(super) fn name(&self) -> Name {
        self.name
    }

    /// Adds the first `len` of `bytes` to a name, prefix and colon included.
    pub(super) fn push_name(&mut self, bytes: &[u8], len: usize, limits: &Limits) -> Result<(), XmlError> {
        self.name.begun = true;
        if self.is_lost() {
            return Ok(());
        }
        let room = usize::from(limits.name_bytes.saturating_sub(self.name.len));
        if let Some(limit) = self.keep(bytes, len, room, XmlError::NameTooLong)? {
            self.lose_name(limit);
            return Ok(());
        }
        let added = u8::try_from(len).map_err(|_| XmlError::NameTooLong)?;
        self.name.len = self.name.len.wrapping_add(added);
        Ok(())
    }

    /// Adds the colon of a name.
    pub(super) fn push_colon(&mut self, limits: &Limits) -> Result<(), XmlError> {
        if !self.name.begun || self.name.colon {
            return Err(XmlError::NotWellFormed);
        }
        self.name.prefix_len = self.name.len;
        self.push_name(b":", 1, limits)?;
        (self.name.colon, self.name.begun) = (true, false);
        Ok(())
    }

    /// Ends the element's name.
    pub(super) fn end_tag_name(&mut self) -> Result<(), XmlError> {
        if !self.name.begun {
            return Err(XmlError::NotWellFormed);
        }
        if !self.muted {
            self.head.name_len = self.name.len;
            self.head.prefix_len = self.name.prefix_len;
            self.head.records = (self.top, self.top);
        }
        Ok(())
    }

    /// Adds an attribute in one go: the first `name_len` bytes of `name`, without prefix, and the first bytes of the
    /// value. False if it does not fit: then it is for the piecewise calls below to say what is wrong.
    pub(super) fn attribute(
        &mut self,
        name: &[u8],
        name_len: usize,
        (value, len): (&[u8], usize),
        limits: &Limits,
    ) -> Result<bool, XmlError> {
        if self.muted {
            return Ok(true);
        }
        let at = self.top;
        let name_at = at.wrapping_add(Record::BYTES);
        let value_at = name_at.wrapping_add(name_len);
        let end = value_at.wrapping_add(len);
        let (Ok(name_len8), Ok(value_len)) = (u8::try_from(name_len), u16::try_from(len)) else {
            return Ok(false);
        };
        if self.narrow
            || self.attributes >= limits.attributes
            || name_len8 > limits.name_bytes
            || len > self.longest_value(limits)
            || end > self.mem.len()
        {
            return Ok(false);
        }
        self.attributes = self.attributes.wrapping_add(1);
        copy(self.mem.get_mut(name_at..).unwrap_or_default(), name, name_len);
        copy(self.mem.get_mut(value_at..).unwrap_or_default(), value, len);
        self.top = end;
        let name = name.get(..name_len).unwrap_or_default();
        self.suspect(name_bit(name));
        let kind = if name == b"xmlns" { Kind::Default } else { Kind::Plain };
        let record = Record { kind, name_len: name_len8, prefix_len: 0, value_len, ns: Span::default() };
        if kind == Kind::Default {
            self.declare(at, record)?;
        }
        record.write(self.mem, at).ok_or(XmlError::ScratchFull)?;
        Ok(true)
    }

    /// Begins an attribute.
    pub(super) fn begin_attribute(&mut self, limits: &Limits) -> Result<(), XmlError> {
        self.name = Name::default();
        self.attribute = Lost::Nothing;
        if self.muted {
            return Ok(());
        }
        self.record_at = self.top;
        if self.attributes >= limits.attributes {
            self.broke(XmlError::TooManyAttributes)?;
            self.make_narrow();
        } else {
            self.attributes = self.attributes.wrapping_add(1);
        }
        let full = |it: &Self| it.mem.len().saturating_sub(it.top) < Record::BYTES;
        // The head of the record is written when the attribute is complete.
        if full(self) {
            self.broke(XmlError::ScratchFull)?;
            if !self.make_narrow() || full(self) {
                self.lose_name(XmlError::ScratchFull);
                return Ok(());
            }
        }
        self.top = self.top.wrapping_add(Record::BYTES);
        Ok(())
    }

    /// Ends an attribute's name.
    pub(super) fn end_attribute_name(&mut self) -> Result<(), XmlError> {
        if !self.name.begun {
            return Err(XmlError::NotWellFormed);
        }
        if self.is_lost() {
            return Ok(());
        }
        self.value_at = self.top;
        if self.narrow && !self.keeps() {
            self.lose_attribute();
            return Ok(());
        }
        let bit = name_bit(self.attribute_name());
        self.suspect(bit);
        Ok(())
    }

    fn suspect(&mut self, name_bit: u64) {
        self.suspicious |= self.seen & name_bit != 0;
        self.seen |= name_bit;
    }

    /// Adds the first `len` of `bytes` to an attribute value.
    pub(super) fn push_value(&mut self, bytes: &[u8], len: usize, limits: &Limits) -> Result<(), XmlError> {
        if self.is_lost() {
            return Ok(());
        }
        let longest = self.longest_value(limits);
        if self.lenient && !self.first_level {
            return self.push_tail(bytes.get(..len).unwrap_or(bytes), longest);
        }
        let have = self.top.wrapping_sub(self.value_at);
        let room = longest.saturating_sub(have);
        let lost = self.keep(bytes, len, room, XmlError::ValueTooLong)?.is_some();
        if lost || (self.narrow && !self.keeps()) {
            self.lose_attribute();
        }
        Ok(())
    }

    /// Ends an attribute.
    pub(super) fn end_attribute(&mut self) -> Result<(), XmlError> {
        if self.is_lost() {
            return Ok(());
        }
        let value_len = self.top.wrapping_sub(self.value_at);
        let mut record = Record {
            kind: Kind::Plain,
            name_len: self.name.len,
            prefix_len: self.name.prefix_len,
            value_len: u16::try_from(value_len).map_err(|_| XmlError::ValueTooLong)?,
            ns: Span::default(),
        };
        let at = self.record_at;
        if record.prefix_len != 0 {
            record.kind = Kind::Prefixed;
            if record.prefix(self.mem, at) == b"xmlns" {
                record.kind = Kind::Prefix;
            }
        } else if record.name(self.mem, at) == b"xmlns" {
            record.kind = Kind::Default;
        }
        match record.kind {
            // A piece of a namespace name says nothing.
            Kind::Default | Kind::Prefix if self.attribute == Lost::Beginning => {
                self.lose_attribute();
                return Ok(());
            }
            _ if self.attribute == Lost::Beginning => record.kind = Kind::Cut,
            Kind::Plain | Kind::Cut => {}
            Kind::Prefixed => self.prefixed = self.prefixed.wrapping_add(1),
            Kind::Default | Kind::Prefix => self.declare(at, record)?,
        }
        let written = record.write(self.mem, at);
        written.ok_or(XmlError::ScratchFull)
    }

    /// Completes the tag: resolves its names and refuses doubled attributes. Afterwards it may be muted.
    pub(super) fn end_tag(&mut self, limits: &Limits) -> Result<(), XmlError> {
        if self.muted {
            return Ok(());
        }
        if self.lenient && self.head.records.0.saturating_add(Frame::BYTES) > self.mem.len() {
            self.muted = true;
            return self.broke(XmlError::ScratchFull);
        }
        self.head.records.1 = self.top;
        let in_scope = self.declarations.saturating_add(self.new_declarations);
        if in_scope > limits.namespaces {
            self.broke(XmlError::TooManyNamespaces)?;
        }
        self.head.ns = match self.head.prefix_len {
            0 => self.new_default,
            len => self.lookup(slice(self.mem, self.head.name_at, usize::from(len)))?,
        };
        if self.prefixed != 0 {
            self.resolve_attributes()?;
        }
        if self.broken.is_none() && (self.suspicious || self.prefixed > 1) && self.has_double() {
            return Err(XmlError::NotWellFormed);
        }
        Ok(())
    }

    /// Makes the tag just read an open element: its name and declarations stay, other attributes go.
    pub(super) fn commit(&mut self) -> Result<(), XmlError> {
        let (first, last) = self.head.records;
        let last = if self.new_declarations == 0 { first } else { last };
        let declares = |_: &[u8], _, record: Record| record.kind.is_declaration();
        let mut end = self.keep_records(first..last, declares).ok_or(XmlError::ScratchFull)?;
        if end.saturating_add(Frame::BYTES) > self.mem.len() {
            self.broke(XmlError::ScratchFull)?;
            self.forget_declarations();
            end = first;
        }
        let frame = Frame {
            start: u32::try_from(self.base).map_err(|_| XmlError::ScratchFull)?,
            name_len: self.head.name_len,
            prefix_len: self.head.prefix_len,
            declarations: self.new_declarations,
            ns: self.head.ns,
            outer_default: self.default,
        };
        frame.write(self.mem, end).ok_or(XmlError::ScratchFull)?;
        self.top = end.wrapping_add(Frame::BYTES);
        self.base = self.top;
        self.default = self.new_default;
        self.declarations = self.declarations.wrapping_add(self.new_declarations);
        Ok(())
    }

    /// Drops the tag being read without opening it.
    pub(super) fn forget(&mut self) {
        self.top = self.base;
    }

    /// The attributes of the tag are no longer of interest.
    pub(super) fn hide_attributes(&mut self) {
        self.head.records = (0, 0);
    }

    /// Makes [`Scope::tag`] show the innermost open element and gives the bytes its end tag must repeat.
    pub(super) fn show_open(&mut self) -> Result<(usize, u8), XmlError> {
        let frame = Frame::read(self.mem, self.base).ok_or(XmlError::NotWellFormed)?;
        self.head = Head {
            name_at: to_usize(frame.start),
            name_len: frame.name_len,
            prefix_len: frame.prefix_len,
            ns: frame.ns,
            records: (0, 0),
            cut: false,
        };
        Ok((self.head.name_at, self.head.name_len))
    }

    pub(super) fn bytes(&self, at: usize, len: usize) -> &[u8] {
        slice(self.mem, at, len)
    }

    /// Closes the innermost open element.
    pub(super) fn pop(&mut self) -> Result<(), XmlError> {
        let frame = Frame::read(self.mem, self.base).ok_or(XmlError::NotWellFormed)?;
        self.base = to_usize(frame.start);
        self.top = self.base;
        self.default = frame.outer_default;
        self.declarations = self.declarations.wrapping_sub(frame.declarations);
        Ok(())
    }

    /// Adds the first `len` of `bytes` to the tag being read. The smaller of both bounds names the error, whatever
    /// the split (XM-15).
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        len: usize,
        room: usize,
        full: XmlError,
    ) -> Result<(), XmlError> {
        let free = self.mem.len().saturating_sub(self.top);
        if len > room && room <= free {
            return Err(full);
        }
        let end = self.top.wrapping_add(len);
        if len > free {
            return Err(XmlError::ScratchFull);
        }
        copy(self.mem.get_mut(self.top..).unwrap_or_default(), bytes, len);
        self.top = end;
        Ok(())
    }
}

/// One bit that equal names share; few others do.
fn name_bit(name: &[u8]) -> u64 {
    let ends = name.first().zip(name.last());
    let (first, last) = ends.map_or((0, 0), |(a, b)| (u32::from(*a), u32::from(*b)));
    let len = u32::try_from(name.len()).unwrap_or(0);
    1u64.wrapping_shl(first.wrapping_add(last.wrapping_mul(7)).wrapping_add(len.wrapping_mul(3)))
}
