//! What a tag says as text, for tests of the reader alone: the stanza reader copies bytes.

use super::record::{Kind, Record};
use super::tag::Tag;

/// One attribute that is not a namespace declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'r> {
    /// Namespace name, empty for an attribute without prefix.
    pub ns: &'r str,
    /// Local name.
    pub local: &'r str,
    /// Value, references resolved and white space normalised.
    pub value: &'r str,
}

impl<'r> Tag<'r> {
    /// Namespace name, empty for none.
    #[must_use]
    pub fn ns(&self) -> &'r str {
        text(self.expanded_name().0)
    }

    /// Local name.
    #[must_use]
    pub fn local(&self) -> &'r str {
        text(self.expanded_name().1)
    }

    /// The attributes in document order, namespace declarations left out.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'r>> + use<'r> {
        let (mem, (mut at, end)) = (self.mem, self.head.records);
        core::iter::from_fn(move || {
            while at < end {
                let record = Record::read(mem, at)?;
                let here = at;
                at = at.wrapping_add(record.size());
                if matches!(record.kind, Kind::Plain | Kind::Prefixed) {
                    return Some(attribute(mem, here, record));
                }
            }
            None
        })
    }
}

fn attribute(mem: &[u8], at: usize, record: Record) -> Attribute<'_> {
    let ns = match record.kind {
        Kind::Prefixed => text(record.ns.bytes(mem)),
        _ => "",
    };
    Attribute { ns, local: text(record.local(mem, at)), value: text(record.value(mem, at)) }
}

/// The reader stored checked UTF-8 only, so the empty string never shows.
fn text(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).unwrap_or_default()
}
