//! Bytes to values and back: no state machines, no time.

pub mod xml;
