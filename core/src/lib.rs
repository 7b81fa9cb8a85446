//! XMPP file transfer as a sans-IO state machine without heap, clock, sockets or callbacks.
#![no_std]
#![forbid(unsafe_code)]
// A test that is wrong may end in a panic; nothing else here may.
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

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
