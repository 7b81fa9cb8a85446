//! The C ABI of libxft: pointer checks, codes and flat structures around `xft-core`, nothing else.
//!
//! Room by room: `border` turns C pointers into Rust references or a status, `arena` carves the caller's block into a
//! session (the only place that knows its layout), `codes`, `reasons`, `methods` and `conditions` hold the numbers,
//! `config` and `output` the flat structures, `calls`, `streams` and `transfers` the functions. `include/xft.h` is made from these files.
#![no_std]
#![allow(non_camel_case_types)]
// A test that is wrong may end in a panic; nothing else here may.
#![cfg_attr(test, allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used))]

mod arena;
mod border;
mod calls;
mod codes;
mod conditions;
mod config;
mod locate;
mod methods;
mod output;
mod reasons;
mod streams;
#[cfg(test)]
mod tests;
mod texts;
mod transfers;

pub use arena::{XFT_SESSION_ALIGN, xft_session};
pub use calls::*;
pub use codes::*;
pub use conditions::*;
pub use config::*;
pub use locate::*;
pub use methods::*;
pub use output::*;
pub use reasons::*;
pub use streams::*;
pub use transfers::*;

/// A panic cannot happen: the build of the archive fails if any path to this function is left. Spinning keeps the
/// watchdog of a board honest should that proof ever be skipped.
#[cfg(feature = "panic-handler")]
#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    // For ffi/panics only: with its place kept, a path that is left can be named.
    #[cfg(feature = "panic-places")]
    core::hint::black_box(_info);
    loop {
        core::hint::spin_loop();
    }
}
