//! The records on a tape, taken apart. [`Tape`](super::tape) says how they stand there.

use super::Ns;

pub(super) const ELEMENT: u8 = 1;
pub(super) const TEXT: u8 = 2;
pub(super) const OPEN: u8 = 1;
pub(super) const ATTRIBUTES_CUT: u8 = 2;
pub(super) const FLAGS_AT: usize = 3;
pub(super) const SIZE_AT: usize = 4;
pub(super) const ATTRIBUTES_AT: usize = 8;
pub(super) const ELEMENT_HEAD: usize = 12;
pub(super) const TEXT_HEAD: usize = 8;
pub(super) const ATTRIBUTE_HEAD: usize = 3;

/// A record taken apart.
pub(super) enum Record<'s> {
    Element(ElementHead<'s>),
    Text(&'s [u8]),
}

/// The parts of an element record.
pub(super) struct ElementHead<'s> {
    pub ns: Ns,
    pub name: &'s [u8],
    pub attributes: &'s [u8],
    pub content: &'s [u8],
    pub attributes_cut: bool,
}

impl<'s> Record<'s> {
    /// Takes the first record off `bytes`.
    pub fn split(bytes: &'s [u8]) -> Option<(Self, &'s [u8])> {
        let &[kind, ns, name_len, flags, s0, s1, s2, s3] = bytes.first_chunk::<TEXT_HEAD>()?;
        let size = usize::try_from(u32::from_le_bytes([s0, s1, s2, s3])).ok()?;
        if kind == TEXT {
            let (record, after) = bytes.split_at_checked(size)?;
            return Some((Self::Text(record.get(TEXT_HEAD..)?), after));
        }
        let (record, after) =
            if flags & OPEN == 0 { bytes.split_at_checked(size)? } else { (bytes, <&[u8]>::default()) };
        let (&[.., a0, a1, a2, a3], body) = record.split_first_chunk::<ELEMENT_HEAD>()?;
        let attributes_len = usize::try_from(u32::from_le_bytes([a0, a1, a2, a3])).ok()?;
        let (name, body) = body.split_at_checked(usize::from(name_len))?;
        let (attributes, content) = body.split_at_checked(attributes_len)?;
        let attributes_cut = flags & ATTRIBUTES_CUT != 0;
        let ns = Ns::from_number(ns);
        Some((Self::Element(ElementHead { ns, name, attributes, content, attributes_cut }), after))
    }
}

/// Takes the first attribute off: name, value, rest.
pub(super) fn split_attribute(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (&[name_len, low, high], rest) = bytes.split_first_chunk::<ATTRIBUTE_HEAD>()?;
    let (name, rest) = rest.split_at_checked(usize::from(name_len))?;
    let (value, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes([low, high])))?;
    Some((name, value, rest))
}
