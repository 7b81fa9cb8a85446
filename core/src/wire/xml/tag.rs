//! The tag an event is about, borrowed from the reader's scratch memory.

use core::marker::PhantomData;

/// Name and attributes of the last start tag, or the name of the last end tag.
#[derive(Clone, Copy, Debug)]
pub struct Tag<'r> {
    buf: PhantomData<&'r [u8]>,
}

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
    pub(super) fn new() -> Self {
        Self { buf: PhantomData }
    }
    /// Namespace name, empty for none.
    #[must_use]
    pub fn ns(&self) -> &'r str {
        ""
    }
    /// Local name.
    #[must_use]
    pub fn local(&self) -> &'r str {
        ""
    }
    /// Prefix as written, empty for none. Only for echoing; never compare it (XML-04).
    #[must_use]
    pub fn prefix(&self) -> &'r str {
        ""
    }
    /// The attributes in document order, namespace declarations left out.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'r>> + use<'r> {
        core::iter::empty()
    }
}
