//! Stanzas: first-level elements as bounded trees, their envelope, their errors (STZ-01..08).
//!
//! [`StanzaReader`] records one element at a time on a tape the caller lends; the base64 text of an in-band block
//! never goes there but is decoded while it streams by (XML-08).

mod block;
mod element;
mod envelope;
mod error;
mod ns;
mod reader;
mod record;
#[cfg(test)]
pub(crate) mod sample;
mod tape;

pub use element::Element;
#[cfg(feature = "internals")]
pub use envelope::Malformed;
pub(crate) use envelope::write_disco_query;
pub use envelope::{IqType, Kind, MessageType, PresenceType, Stanza, open_iq, stanza, write_result};
pub use error::{ErrorType, error_says, read_error, write_error};
pub use ns::Ns;
pub use reader::{Fed, StanzaReader};
