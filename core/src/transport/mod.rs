//! Moves a transfer's bytes.

pub mod ibb;
pub mod window;
