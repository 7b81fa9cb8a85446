//! XMPP file transfer as a sans-IO state machine without heap, clock, sockets or callbacks.
#![no_std]
#![forbid(unsafe_code)]

pub mod wire;
