//! Views of a recorded element, borrowed from the tape.

use super::Ns;
use super::record::{ElementHead, Record, split_attribute};
use crate::wire::xml::XmlError;

/// One element of the tree that was read last.
///
/// Strings borrow from the tape and live until the next feed. Nothing here can fail: what was not recorded is absent,
/// and [`Element::truncated`] tells that something was left out.
#[derive(Clone, Copy, Debug)]
pub struct Element<'s> {
    pub(super) ns: Ns,
    pub(super) name: &'s [u8],
    pub(super) attributes: &'s [u8],
    pub(super) content: &'s [u8],
    /// An attribute of this very element did not fit the tape.
    pub(super) attributes_cut: bool,
    /// Something somewhere in the whole first-level element did not fit the tape.
    pub(super) truncated: bool,
    pub(super) oversized: Option<XmlError>,
}

impl<'s> Element<'s> {
    /// An element without name, for a tape that could hold nothing.
    pub(super) const EMPTY: Self = Self {
        ns: Ns::Other,
        name: &[],
        attributes: &[],
        content: &[],
        attributes_cut: true,
        truncated: true,
        oversized: None,
    };

    pub(super) fn from_head(head: ElementHead<'s>, truncated: bool, oversized: Option<XmlError>) -> Self {
        Self {
            ns: head.ns,
            name: head.name,
            attributes: head.attributes,
            content: head.content,
            attributes_cut: head.attributes_cut,
            truncated: truncated || oversized.is_some(),
            oversized,
        }
    }

    /// Namespace of the element.
    #[must_use]
    pub fn ns(&self) -> Ns {
        self.ns
    }

    /// Local name.
    #[must_use]
    pub fn name(&self) -> &'s str {
        core::str::from_utf8(self.name).unwrap_or_default()
    }

    /// True for that expanded name (XML-04); prefixes never matter.
    #[must_use]
    pub fn is(&self, ns: Ns, name: &str) -> bool {
        self.ns == ns && self.name == name.as_bytes()
    }

    /// Value of the attribute of that name and no namespace.
    #[must_use]
    pub fn attr(&self, name: &str) -> Option<&'s str> {
        let (_, value) = self.attributes().find(|(found, _)| *found == name.as_bytes())?;
        core::str::from_utf8(value).ok()
    }

    /// Names and values of the attributes without namespace.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&'s [u8], &'s [u8])> + use<'s> {
        let mut rest = self.attributes;
        core::iter::from_fn(move || {
            let (name, value, after) = split_attribute(rest)?;
            rest = after;
            Some((name, value))
        })
    }

    /// Child elements in document order.
    #[must_use]
    pub fn children(&self) -> Children<'s> {
        Children { rest: self.content, truncated: self.truncated, oversized: self.oversized }
    }

    /// The first child of that expanded name.
    #[must_use]
    pub fn child(&self, ns: Ns, name: &str) -> Option<Element<'s>> {
        self.children().find(|child| child.is(ns, name))
    }

    /// The direct character data, white space included (XML-10); if children interrupt it, the first run.
    #[must_use]
    pub fn text(&self) -> &'s str {
        let mut rest = self.content;
        while let Some((record, after)) = Record::split(rest) {
            if let Record::Text(bytes) = record {
                return core::str::from_utf8(bytes).unwrap_or_default();
            }
            rest = after;
        }
        ""
    }

    /// True if the tape was too small for the first-level element this one belongs to: attributes, text or children
    /// may be missing anywhere in it.
    #[must_use]
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    /// True if an attribute of this very element may be missing.
    pub(in crate::wire) fn attributes_cut(&self) -> bool {
        self.attributes_cut
    }

    /// The limit of the XML reader that the first-level element this one belongs to broke first: what broke it is not here
    /// (XML-07).
    #[must_use]
    pub fn oversized(&self) -> Option<XmlError> {
        self.oversized
    }
}

/// Iterator over child elements, see [`Element::children`].
#[derive(Clone, Debug)]
pub struct Children<'s> {
    rest: &'s [u8],
    truncated: bool,
    oversized: Option<XmlError>,
}

impl<'s> Iterator for Children<'s> {
    type Item = Element<'s>;

    fn next(&mut self) -> Option<Element<'s>> {
        while let Some((record, after)) = Record::split(self.rest) {
            self.rest = after;
            if let Record::Element(head) = record {
                return Some(Element::from_head(head, self.truncated, self.oversized));
            }
        }
        None
    }
}
