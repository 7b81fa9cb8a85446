//! The XML subset of XMPP: an incremental reader and a bounded writer (XML-01..10).
//!
//! Both work in memory the caller lends; neither allocates, recurses or looks at a byte twice.

mod error;
mod reader;
mod tag;
mod writer;

pub use error::{Limits, WriteError, XmlError};
pub use reader::{Event, Reader};
pub use tag::{Attribute, Tag};
pub use writer::Writer;
