//! Everything that checks libxft.

pub mod bench;
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
