//! Moves a transfer's bytes.

pub mod ibb;
pub mod pace;
pub mod socks5;
pub mod window;
