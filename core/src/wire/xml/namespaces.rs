//! What prefixes stand for, and which names are one (XML-04, ATK-06).

use super::XmlError;
use super::record::{Frame, Kind, Record, Span, XML_NS, XMLNS_NS, to_usize};
use super::scope::Scope;

impl Scope<'_> {
    /// Notes a namespace declaration if it is one that may be made (XML-04).
    pub(super) fn declare(&mut self, at: usize, record: Record) -> Result<(), XmlError> {
        let (mem, bad) = (&*self.mem, Err(XmlError::BadNamespacePrefix));
        let value = record.value(mem, at);
        if value == XMLNS_NS.as_bytes() {
            return bad;
        }
        let is_xml = value == XML_NS.as_bytes();
        if record.kind == Kind::Default {
            let start = u32::try_from(record.value_at(at)).map_err(|_| XmlError::ScratchFull)?;
            self.new_default = Span { start, len: record.value_len };
            if is_xml {
                return bad;
            }
        } else {
            let prefix = record.local(mem, at);
            if value.is_empty() || prefix == b"xmlns" || is_xml != (prefix == b"xml") {
                return bad;
            }
        }
        self.new_declarations = self.new_declarations.saturating_add(1);
        Ok(())
    }

    /// What a prefix stands for inside the tag being read.
    pub(super) fn lookup(&self, prefix: &[u8]) -> Result<Span, XmlError> {
        if prefix == b"xml" {
            return Ok(Span::XML);
        }
        let (start, end) = self.head.records;
        if self.new_declarations != 0
            && let Some(found) = self.declared(prefix, start, end)
        {
            return Ok(found);
        }
        let mut end = self.base;
        // Each turn goes down one open element, so the depth limit bounds it.
        while let Some(frame) = Frame::read(self.mem, end) {
            if frame.declarations != 0 {
                let stop = end.wrapping_sub(Frame::BYTES);
                if let Some(found) = self.declared(prefix, frame.records_at(), stop) {
                    return Ok(found);
                }
            }
            end = to_usize(frame.start);
        }
        // Its declaration may be what did not fit.
        if self.broken.is_some() {
            return Ok(Span::default());
        }
        Err(XmlError::BadNamespacePrefix)
    }

    fn declared(&self, prefix: &[u8], mut at: usize, end: usize) -> Option<Span> {
        while at < end {
            let record = Record::read(self.mem, at)?;
            if record.kind == Kind::Prefix && record.local(self.mem, at) == prefix {
                let start = u32::try_from(record.value_at(at)).ok()?;
                let len = record.value_len;
                return Some(Span { start, len });
            }
            at = at.wrapping_add(record.size());
        }
        None
    }

    pub(super) fn resolve_attributes(&mut self) -> Result<(), XmlError> {
        let (mut at, end) = self.head.records;
        while at < end {
            let mut record = Record::read(self.mem, at).ok_or(XmlError::ScratchFull)?;
            if record.kind == Kind::Prefixed {
                record.ns = self.lookup(record.prefix(self.mem, at))?;
                record.write(self.mem, at).ok_or(XmlError::ScratchFull)?;
            }
            at = at.wrapping_add(record.size());
        }
        Ok(())
    }

    /// True if two attributes have one name, as written or expanded (XM-10). The attribute limit bounds the cost.
    pub(super) fn has_double(&self) -> bool {
        let (first, end) = self.head.records;
        let mut at = first;
        while let Some(one) = Record::read(self.mem, at).filter(|_| at < end) {
            let mut other_at = at.wrapping_add(one.size());
            let next = other_at;
            while let Some(other) = Record::read(self.mem, other_at).filter(|_| other_at < end) {
                if self.same_name((at, one), (other_at, other)) {
                    return true;
                }
                other_at = other_at.wrapping_add(other.size());
            }
            at = next;
        }
        false
    }

    fn same_name(&self, (at, one): (usize, Record), (other_at, other): (usize, Record)) -> bool {
        let mem = &*self.mem;
        if one.name(mem, at) == other.name(mem, other_at) {
            return true;
        }
        one.kind == Kind::Prefixed
            && other.kind == Kind::Prefixed
            && one.local(mem, at) == other.local(mem, other_at)
            && one.ns.bytes(mem) == other.ns.bytes(mem)
    }
}
