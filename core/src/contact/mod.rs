//! Who is there and what can they do: peers and service discovery (XEP-0030).

pub mod disco;
mod silence;
mod slot;

pub use slot::ContactSlot;
pub(crate) use slot::{Numbered, Told, is_absence};
