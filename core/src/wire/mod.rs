//! Bytes to values and back: no state machines, no time.

pub mod base64;
pub mod scram;
pub mod stanza;
pub mod xml;
