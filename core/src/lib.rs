//! XMPP file transfer as a sans-IO state machine without heap, clock, sockets or callbacks.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod config;
pub mod contact;
pub mod error;
pub mod link;
pub mod negotiate;
pub mod output;
pub mod session;
pub mod storage;
pub mod time;
pub mod transfer;
pub mod transport;
pub mod wire;

pub use config::*;
pub use error::*;
pub use output::*;
pub use session::*;
pub use storage::{Needs, Storage};
pub use time::Instant;
