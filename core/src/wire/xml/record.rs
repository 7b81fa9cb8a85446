//! How attributes and open elements lie in the scratch memory.
//!
//! The memory is a stack of bytes. Every open element left there its name as written, the records of its namespace
//! declarations and a [`Frame`]; above the last frame lies the tag being read: its name and a record per attribute.
//! A record is a [`Record`] head, the name as written, the value.

/// A namespace name: a piece of the scratch memory, nothing, or the one of the predeclared prefix `xml`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) len: u16,
}

/// Namespace of the prefix `xml`.
pub(super) const XML_NS: &str = "http://www.w3.org/XML/1998/namespace";
/// Namespace of the prefix `xmlns`, which nothing may be bound to.
pub(super) const XMLNS_NS: &str = "http://www.w3.org/2000/xmlns/";

impl Span {
    /// Stands for [`XML_NS`], which is nowhere in the scratch memory.
    pub(super) const XML: Self = Self { start: u32::MAX, len: 0 };

    pub(super) fn bytes(self, mem: &[u8]) -> &[u8] {
        if self == Self::XML {
            return XML_NS.as_bytes();
        }
        slice(mem, to_usize(self.start), usize::from(self.len))
    }
}

/// What an attribute is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// No prefix, so no namespace.
    Plain = 0,
    /// With prefix; `Record::ns` is set when the tag is complete.
    Prefixed = 1,
    /// `xmlns`.
    Default = 2,
    /// `xmlns:` and a prefix.
    Prefix = 3,
    /// Only the end of the value is there.
    Cut = 4,
}

/// Attributes of a first-level element that say who sent it, and for what: they are kept before any other.
pub(in crate::wire) fn is_kept(name: &[u8]) -> bool {
    matches!(name, b"type" | b"id" | b"from" | b"to")
}

impl Kind {
    pub(super) fn is_declaration(self) -> bool {
        matches!(self, Self::Default | Self::Prefix)
    }
}

/// Head of one attribute.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) kind: Kind,
    pub(super) name_len: u8,
    /// Bytes before the colon, 0 without one.
    pub(super) prefix_len: u8,
    pub(super) value_len: u16,
    pub(super) ns: Span,
}

impl Record {
    pub(super) const BYTES: usize = 11;

    pub(super) fn read(mem: &[u8], at: usize) -> Option<Self> {
        let &[kind, name_len, prefix_len, v0, v1, a, b, c, d, n0, n1] = chunk(mem, at)?;
        let kind = match kind {
            0 => Kind::Plain,
            1 => Kind::Prefixed,
            2 => Kind::Default,
            3 => Kind::Prefix,
            _ => Kind::Cut,
        };
        let value_len = u16::from_le_bytes([v0, v1]);
        let ns = span([a, b, c, d], [n0, n1]);
        Some(Self { kind, name_len, prefix_len, value_len, ns })
    }

    pub(super) fn write(self, mem: &mut [u8], at: usize) -> Option<()> {
        let [v0, v1] = self.value_len.to_le_bytes();
        let [a, b, c, d] = self.ns.start.to_le_bytes();
        let [n0, n1] = self.ns.len.to_le_bytes();
        let (name_len, prefix_len) = (self.name_len, self.prefix_len);
        let kind = self.kind as u8;
        *chunk_mut(mem, at)? = [kind, name_len, prefix_len, v0, v1, a, b, c, d, n0, n1];
        Some(())
    }

    /// Length of the whole record in bytes.
    pub(super) fn size(self) -> usize {
        Self::BYTES.wrapping_add(usize::from(self.name_len)).wrapping_add(usize::from(self.value_len))
    }

    pub(super) fn name(self, mem: &[u8], at: usize) -> &[u8] {
        let at = at.wrapping_add(Self::BYTES);
        slice(mem, at, usize::from(self.name_len))
    }

    pub(super) fn prefix(self, mem: &[u8], at: usize) -> &[u8] {
        let at = at.wrapping_add(Self::BYTES);
        slice(mem, at, usize::from(self.prefix_len))
    }

    pub(super) fn local(self, mem: &[u8], at: usize) -> &[u8] {
        local_name(self.name(mem, at), self.prefix_len)
    }

    pub(super) fn value_at(self, at: usize) -> usize {
        at.wrapping_add(Self::BYTES).wrapping_add(usize::from(self.name_len))
    }

    pub(super) fn value(self, mem: &[u8], at: usize) -> &[u8] {
        slice(mem, self.value_at(at), usize::from(self.value_len))
    }
}

/// What lies above the name and declarations of an open element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Where the element's name begins.
    pub(super) start: u32,
    pub(super) name_len: u8,
    pub(super) prefix_len: u8,
    pub(super) declarations: u8,
    /// The element's own namespace.
    pub(super) ns: Span,
    /// The default namespace outside the element, to go back to.
    pub(super) outer_default: Span,
}

impl Frame {
    pub(super) const BYTES: usize = 19;

    /// The frame that ends at `end`.
    pub(super) fn read(mem: &[u8], end: usize) -> Option<Self> {
        let at = end.checked_sub(Self::BYTES)?;
        let &[a, b, c, d, name_len, prefix_len, declarations, e, f, g, h, n0, n1, i, j, k, l, o0, o1] =
            chunk(mem, at)?;
        Some(Self {
            start: u32::from_le_bytes([a, b, c, d]),
            name_len,
            prefix_len,
            declarations,
            ns: span([e, f, g, h], [n0, n1]),
            outer_default: span([i, j, k, l], [o0, o1]),
        })
    }

    pub(super) fn write(self, mem: &mut [u8], at: usize) -> Option<()> {
        let [a, b, c, d] = self.start.to_le_bytes();
        let [e, f, g, h] = self.ns.start.to_le_bytes();
        let [n0, n1] = self.ns.len.to_le_bytes();
        let [i, j, k, l] = self.outer_default.start.to_le_bytes();
        let [o0, o1] = self.outer_default.len.to_le_bytes();
        let (name_len, prefix_len, declarations) = (self.name_len, self.prefix_len, self.declarations);
        *chunk_mut(mem, at)? =
            [a, b, c, d, name_len, prefix_len, declarations, e, f, g, h, n0, n1, i, j, k, l, o0, o1];
        Some(())
    }

    /// Where the declarations begin.
    pub(super) fn records_at(self) -> usize {
        to_usize(self.start).wrapping_add(usize::from(self.name_len))
    }
}

/// `len` bytes from `at`, empty if they are not all there.
pub(super) fn slice(mem: &[u8], at: usize, len: usize) -> &[u8] {
    mem.get(at..at.wrapping_add(len)).unwrap_or_default()
}

/// The part of a name after its prefix and colon.
pub(super) fn local_name(name: &[u8], prefix_len: u8) -> &[u8] {
    match prefix_len {
        0 => name,
        _ => name.get(usize::from(prefix_len).wrapping_add(1)..).unwrap_or_default(),
    }
}

/// Offsets are 32 bits wide in the stack; `usize` is at least that on every target we build for.
pub(super) fn to_usize(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

fn span(start: [u8; 4], len: [u8; 2]) -> Span {
    Span { start: u32::from_le_bytes(start), len: u16::from_le_bytes(len) }
}

fn chunk<const N: usize>(mem: &[u8], at: usize) -> Option<&[u8; N]> {
    mem.get(at..)?.first_chunk()
}

fn chunk_mut<const N: usize>(mem: &mut [u8], at: usize) -> Option<&mut [u8; N]> {
    mem.get_mut(at..)?.first_chunk_mut()
}
