//! The XML subset of RFC 6120 section 11, read and written without a heap (XML-01..10).
//!
//! [`Reader`] takes bytes in any pieces and gives one event at a time; [`Writer`] puts escaped XML straight into the
//! caller's output. Both work in memory the caller lends, and neither recurses or looks at a byte twice.

#[cfg(feature = "internals")]
mod attribute;
mod chars;
mod declaration;
mod error;
mod lost;
mod markup;
mod namespaces;
mod reader;
mod record;
mod reference;
mod scan;
mod scope;
mod step;
mod tag;
mod text;
mod writer;

pub(in crate::wire) use record::is_kept;

#[cfg(feature = "internals")]
pub use attribute::Attribute;
pub use error::{Limits, WriteError, XmlError};
pub use reader::{Event, Reader};
pub use tag::Tag;
pub use writer::Writer;
