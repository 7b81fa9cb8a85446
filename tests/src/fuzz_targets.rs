//! The bodies of the fuzz targets: each takes any bytes and fails only on a broken promise.
//!
//! `tests/fuzz` runs them under libFuzzer, `tests/tests/world/corpora.rs` replays the committed corpora through them.

mod base64;
mod input;
mod negotiation;
mod owner;
mod scram;
mod session;
mod socks5;
mod stanza;
mod xml;

pub use base64::base64;
pub use negotiation::negotiation;
pub use scram::scram;
pub use session::session;
pub use socks5::socks5;
pub use stanza::stanza;
pub use xml::{agrees_with_rxml, xml};
