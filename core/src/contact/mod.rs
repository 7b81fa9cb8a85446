//! Who is there and what can they do: peers, proxies, and service discovery (XEP-0030).

pub mod disco;
pub mod proxies;
mod silence;
mod slot;

pub use slot::ContactSlot;
pub(crate) use slot::Known;
