//! Bytes to values and back: no state machines, no time.

pub mod base64;
pub(crate) mod bytes;
pub mod date;
pub(crate) mod digests;
pub mod hashes;
pub mod jid;
pub(crate) mod receipt;
pub mod scram;
pub mod socks5;
pub mod stanza;
pub mod streamhost;
pub mod xml;
