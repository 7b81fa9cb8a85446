//! One deterministic world from one seed.

mod memory;

pub use memory::Memory;
