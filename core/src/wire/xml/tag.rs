//! The tag an event is about, borrowed from the reader's scratch memory.

use super::record::{Kind, Record, Span, local_name, slice};

/// Where a tag lies in the scratch memory.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Head {
    pub(super) name_at: usize,
    pub(super) name_len: u8,
    pub(super) prefix_len: u8,
    pub(super) ns: Span,
    /// Records of the attributes: first byte and one past the last.
    pub(super) records: (usize, usize),
    /// An attribute did not fit; of a first-level element one of those that are kept before others.
    pub(super) cut: bool,
}

/// Name and attributes of the last start tag, or the name of the last end tag.
///
/// Names and values live until the next call of [`Reader::next`](super::Reader::next).
#[derive(Clone, Copy, Debug)]
pub struct Tag<'r> {
    pub(super) mem: &'r [u8],
    pub(super) head: Head,
}

impl<'r> Tag<'r> {
    /// Name and value of the attributes without namespace, as UTF-8 bytes: what only copies them need not check them.
    pub(in crate::wire) fn plain_attributes(&self) -> impl Iterator<Item = (&'r [u8], &'r [u8])> + use<'r> {
        self.attributes_of(Kind::Plain)
    }

    /// Name and end of the value of those that were too long.
    pub(in crate::wire) fn cut_attributes(&self) -> impl Iterator<Item = (&'r [u8], &'r [u8])> + use<'r> {
        self.attributes_of(Kind::Cut)
    }

    /// True if an attribute did not fit, or only the end of its value; of a first-level element only `id`, `from`, `to` and
    /// `type` count.
    pub(in crate::wire) fn is_cut(&self) -> bool {
        self.head.cut
    }

    fn attributes_of(&self, kind: Kind) -> impl Iterator<Item = (&'r [u8], &'r [u8])> + use<'r> {
        let (mem, (mut at, end)) = (self.mem, self.head.records);
        core::iter::from_fn(move || {
            while at < end {
                let record = Record::read(mem, at)?;
                let here = at;
                at = at.wrapping_add(record.size());
                if record.kind == kind {
                    return Some((record.name(mem, here), record.value(mem, here)));
                }
            }
            None
        })
    }

    /// Namespace name and local name as UTF-8 bytes, for comparing and copying.
    pub(in crate::wire) fn expanded_name(&self) -> (&'r [u8], &'r [u8]) {
        (self.head.ns.bytes(self.mem), local_name(self.name(), self.head.prefix_len))
    }

    fn name(&self) -> &'r [u8] {
        slice(self.mem, self.head.name_at, usize::from(self.head.name_len))
    }
}
