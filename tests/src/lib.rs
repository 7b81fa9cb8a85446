//! Everything that checks libxft: what tests have in common. The tests are in `tests/tests`, one program for each theme.

pub mod bench;
mod by_hand;
pub mod fuzz_targets;
pub mod interop;
pub mod loopback;
pub mod plain;
pub mod router;
pub mod servers;
pub mod sources;
pub mod stanza_trace;
pub mod world;
pub mod xml_trace;

pub use by_hand::{hosted, owned, scripted};
