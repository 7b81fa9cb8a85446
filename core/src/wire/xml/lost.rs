//! What becomes of a tag that breaks a limit where that is no reason to refuse it (XML-07, ATK-02, ATK-03).
//!
//! Of a first-level element the attributes go that say nothing about who sent it; of any other one the attribute that does
//! not fit, but the end of its value stays: the end of a path is the name of a file. A tag whose name does not fit is
//! muted, and all below it is counted only.

use super::record::{Record, Span, is_kept, slice, to_usize};
use super::scope::{Lost, Scope};
use super::{Limits, XmlError};
use crate::wire::bytes::move_down;
use core::ops::Range;

/// Shorter than this no end of a value is worth its place.
const TAIL_MIN: usize = 8;

impl Scope<'_> {
    /// A limit is broken.
    pub(super) fn broke(&mut self, limit: XmlError) -> Result<(), XmlError> {
        if !self.lenient {
            return Err(limit);
        }
        self.broken.get_or_insert(limit);
        Ok(())
    }

    /// Nothing of what is being read is kept.
    pub(super) fn is_lost(&self) -> bool {
        self.muted || self.attribute == Lost::Everything
    }

    /// Bytes that a value may have. Below the first level of a stanza one value never takes the place of all others.
    pub(super) fn longest_value(&self, limits: &Limits) -> usize {
        let longest = usize::from(limits.value_bytes);
        if self.lenient && !self.first_level { longest.min(self.mem.len() / 4) } else { longest }
    }

    /// Adds to the name or value being read; gives the limit for which that has to be given up.
    pub(super) fn keep(
        &mut self,
        bytes: &[u8],
        len: usize,
        room: usize,
        full: XmlError,
    ) -> Result<Option<XmlError>, XmlError> {
        let Err(limit) = self.push(bytes, len, room, full) else { return Ok(None) };
        self.broke(limit)?;
        if limit == XmlError::ScratchFull && self.head.name_len != 0 && self.make_narrow() {
            return Ok(self.push(bytes, len, room, full).err());
        }
        Ok(Some(limit))
    }

    /// Of a first-level element only what says who sent it stays, and the declarations; true if that made room.
    pub(super) fn make_narrow(&mut self) -> bool {
        let first = !self.narrow && self.first_level;
        self.narrow = true;
        if !first {
            return false;
        }
        let (from, under_way) = (self.head.records.0, self.record_at);
        let keeps =
            |mem: &[u8], at, record: Record| record.kind.is_declaration() || is_kept(record.name(mem, at));
        let Some(to) = self.keep_records(from..under_way, keeps) else { return false };
        move_down(self.mem, under_way..self.top, to);
        let moved = under_way.wrapping_sub(to);
        self.record_at = to;
        self.value_at = self.value_at.wrapping_sub(moved);
        self.top = self.top.wrapping_sub(moved);
        true
    }

    /// Moves those records of the tag together that are wanted; gives one past the last.
    pub(super) fn keep_records(
        &mut self,
        records: Range<usize>,
        wants: impl Fn(&[u8], usize, Record) -> bool,
    ) -> Option<usize> {
        let (mut at, mut to) = (records.start, records.start);
        while at < records.end {
            let record = Record::read(self.mem, at)?;
            let next = at.wrapping_add(record.size());
            if wants(self.mem, at, record) {
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

    /// The declarations of the tag do not fit beside its name.
    pub(super) fn forget_declarations(&mut self) {
        let first = self.head.records.0;
        for span in [&mut self.head.ns, &mut self.new_default] {
            if *span != Span::XML && to_usize(span.start) >= first {
                *span = Span::default();
            }
        }
        self.new_declarations = 0;
    }

    /// Adds to a value of which the end counts.
    pub(super) fn push_tail(&mut self, mut bytes: &[u8], longest: usize) -> Result<(), XmlError> {
        loop {
            let have = self.top.wrapping_sub(self.value_at);
            let fits = longest.saturating_sub(have).min(bytes.len());
            if let Err(limit) = self.push(bytes, fits, fits, XmlError::ValueTooLong) {
                self.lose_attribute();
                return self.broke(limit);
            }
            bytes = bytes.get(fits..).unwrap_or_default();
            if bytes.is_empty() {
                return Ok(());
            }
            self.broke(XmlError::ValueTooLong)?;
            if longest < TAIL_MIN {
                self.lose_attribute();
                return Ok(());
            }
            self.attribute = Lost::Beginning;
            self.head.cut = true;
            let mut from = self.top.wrapping_sub(longest / 2);
            // No character is taken apart.
            while self.mem.get(from).is_some_and(|byte| byte & 0xC0 == 0x80) {
                from = from.wrapping_add(1);
            }
            move_down(self.mem, from..self.top, self.value_at);
            self.top = self.value_at.wrapping_add(self.top.wrapping_sub(from));
        }
    }

    /// The name being read does not fit. Unless it is for its length, the attribute may be one that counts.
    pub(super) fn lose_name(&mut self, limit: XmlError) {
        if self.head.name_len == 0 {
            self.muted = true;
            self.top = self.base;
            return;
        }
        self.head.cut |= !self.first_level || limit != XmlError::NameTooLong;
        self.attribute = Lost::Everything;
        self.top = self.record_at;
    }

    /// The attribute being read, whose name is known, is not kept.
    pub(super) fn lose_attribute(&mut self) {
        self.head.cut |= !self.first_level || is_kept(self.attribute_name());
        // What it is below the first level nobody knows then; a stanza is in the namespace of the stream.
        if !self.first_level && self.attribute_name() == b"xmlns" {
            self.new_default = Span::default();
        }
        self.attribute = Lost::Everything;
        self.top = self.record_at;
    }

    /// The name of the attribute being read.
    pub(super) fn attribute_name(&self) -> &[u8] {
        slice(self.mem, self.record_at.wrapping_add(Record::BYTES), usize::from(self.name().len))
    }

    /// A narrow tag keeps the attribute being read.
    pub(super) fn keeps(&self) -> bool {
        let name = self.attribute_name();
        is_kept(name) || name.starts_with(b"xmlns")
    }
}
