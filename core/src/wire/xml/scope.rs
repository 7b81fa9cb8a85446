//! Open elements, namespaces in scope and the tag being read, all in the caller's scratch memory.

use super::record::{Frame, Kind, Record, Span, slice, to_usize};
use super::tag::Head;
use super::{Limits, Tag, XmlError};
use crate::wire::bytes::{copy, move_down};

/// The stack of open elements with the tag being read on top.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub(super) mem: &'a mut [u8],
    /// One past the last frame; the tag being read begins here.
    pub(super) base: usize,
    /// One past the last byte in use.
    top: usize,
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
    record_at: usize,
    /// Where its value begins.
    value_at: usize,
    attributes: u8,
    /// One bit per hash of an attribute name, so that a tag without suspicion is not searched for doubles.
    seen: u64,
    suspicious: bool,
    prefixed: u8,
}

/// The name being read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Name {
    len: u8,
    /// Bytes before the colon, 0 without one.
    prefix_len: u8,
}

impl Name {
    /// True where an `NCName` has to begin.
    pub(super) fn at_start(self) -> bool {
        self.len == 0 || (self.prefix_len != 0 && self.len == self.prefix_len.wrapping_add(1))
    }
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
        }
    }

    pub(super) fn reset(&mut self) {
        (self.base, self.top, self.declarations) = (0, 0, 0);
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
        self.suspicious = false;
    }

    pub(super) fn name(&self) -> Name {
        self.name
    }

    /// Adds the first `len` of `bytes` to a name, prefix and colon included.
    pub(super) fn push_name(&mut self, bytes: &[u8], len: usize, limits: &Limits) -> Result<(), XmlError> {
        let room = usize::from(limits.name_bytes.saturating_sub(self.name.len));
        self.push(bytes, len, room, XmlError::NameTooLong)?;
        let added = u8::try_from(len).map_err(|_| XmlError::NameTooLong)?;
        self.name.len = self.name.len.wrapping_add(added);
        Ok(())
    }

    /// Adds the colon of a name.
    pub(super) fn push_colon(&mut self, limits: &Limits) -> Result<(), XmlError> {
        if self.name.at_start() || self.name.prefix_len != 0 {
            return Err(XmlError::NotWellFormed);
        }
        self.name.prefix_len = self.name.len;
        self.push_name(b":", 1, limits)
    }

    /// Ends the element's name.
    pub(super) fn end_tag_name(&mut self) -> Result<(), XmlError> {
        if self.name.at_start() {
            return Err(XmlError::NotWellFormed);
        }
        self.head.name_len = self.name.len;
        self.head.prefix_len = self.name.prefix_len;
        self.head.records = (self.top, self.top);
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
        let at = self.top;
        let name_at = at.wrapping_add(Record::BYTES);
        let value_at = name_at.wrapping_add(name_len);
        let end = value_at.wrapping_add(len);
        let (Ok(name_len8), Ok(value_len)) = (u8::try_from(name_len), u16::try_from(len)) else {
            return Ok(false);
        };
        if self.attributes >= limits.attributes
            || name_len8 > limits.name_bytes
            || value_len > limits.value_bytes
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
        if self.attributes >= limits.attributes {
            return Err(XmlError::TooManyAttributes);
        }
        self.attributes = self.attributes.wrapping_add(1);
        self.name = Name::default();
        self.record_at = self.top;
        // The head of the record is written when the attribute is complete.
        self.top = self.top.wrapping_add(Record::BYTES);
        if self.top > self.mem.len() {
            return Err(XmlError::ScratchFull);
        }
        Ok(())
    }

    /// Ends an attribute's name.
    pub(super) fn end_attribute_name(&mut self) -> Result<(), XmlError> {
        if self.name.at_start() {
            return Err(XmlError::NotWellFormed);
        }
        let name = slice(self.mem, self.record_at.wrapping_add(Record::BYTES), usize::from(self.name.len));
        let bit = name_bit(name);
        self.value_at = self.top;
        self.suspect(bit);
        Ok(())
    }

    fn suspect(&mut self, name_bit: u64) {
        self.suspicious |= self.seen & name_bit != 0;
        self.seen |= name_bit;
    }

    /// Adds the first `len` of `bytes` to an attribute value.
    pub(super) fn push_value(&mut self, bytes: &[u8], len: usize, limits: &Limits) -> Result<(), XmlError> {
        let have = self.top.wrapping_sub(self.value_at);
        let room = usize::from(limits.value_bytes).saturating_sub(have);
        self.push(bytes, len, room, XmlError::ValueTooLong)
    }

    /// Ends an attribute.
    pub(super) fn end_attribute(&mut self) -> Result<(), XmlError> {
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
            Kind::Plain => {}
            Kind::Prefixed => self.prefixed = self.prefixed.wrapping_add(1),
            Kind::Default | Kind::Prefix => self.declare(at, record)?,
        }
        let written = record.write(self.mem, at);
        written.ok_or(XmlError::ScratchFull)
    }

    /// Completes the tag: resolves its names and refuses doubled attributes.
    pub(super) fn end_tag(&mut self, limits: &Limits) -> Result<(), XmlError> {
        self.head.records.1 = self.top;
        let in_scope = self.declarations.saturating_add(self.new_declarations);
        if in_scope > limits.namespaces {
            return Err(XmlError::TooManyNamespaces);
        }
        self.head.ns = match self.head.prefix_len {
            0 => self.new_default,
            len => self.lookup(slice(self.mem, self.head.name_at, usize::from(len)))?,
        };
        if self.prefixed != 0 {
            self.resolve_attributes()?;
        }
        if (self.suspicious || self.prefixed > 1) && self.has_double() {
            return Err(XmlError::NotWellFormed);
        }
        Ok(())
    }

    /// Makes the tag just read an open element: its name and declarations stay, other attributes go.
    pub(super) fn commit(&mut self) -> Result<(), XmlError> {
        let end = self.keep_declarations().ok_or(XmlError::ScratchFull)?;
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

    /// Moves the declarations of the tag together; gives one past the last.
    fn keep_declarations(&mut self) -> Option<usize> {
        let (mut at, end) = self.head.records;
        let mut to = at;
        let mut left = self.new_declarations;
        while left != 0 && at < end {
            let record = Record::read(self.mem, at)?;
            let next = at.wrapping_add(record.size());
            if record.kind.is_declaration() {
                left = left.wrapping_sub(1);
                if at != to {
                    self.shift(record.value_at(at), record.value_at(to));
                    move_down(self.mem, at..next, to);
                }
                to = to.wrapping_add(record.size());
            }
            at = next;
        }
        Some(to)
    }

    /// A namespace name moved: the tag's own namespace may have been it.
    fn shift(&mut self, from: usize, to: usize) {
        for span in [&mut self.head.ns, &mut self.new_default] {
            if to_usize(span.start) == from {
                span.start = u32::try_from(to).unwrap_or(0);
            }
        }
    }
}

/// One bit that equal names share; few others do.
fn name_bit(name: &[u8]) -> u64 {
    let ends = name.first().zip(name.last());
    let (first, last) = ends.map_or((0, 0), |(a, b)| (u32::from(*a), u32::from(*b)));
    let len = u32::try_from(name.len()).unwrap_or(0);
    1u64.wrapping_shl(first.wrapping_add(last.wrapping_mul(7)).wrapping_add(len.wrapping_mul(3)))
}
