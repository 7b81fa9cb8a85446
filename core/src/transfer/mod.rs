//! One file's life: its state, its name, its hashes, and the receipt that ends it.

pub mod digest;
pub mod name;
pub mod receipt;
mod slot;
mod texts;

pub use slot::TransferSlot;
pub(crate) use slot::{Answer, File, HostsVerdict, MIME_BYTES, News, OFFER_ID_BYTES, Owed, Phase, SID_BYTES};
pub(crate) use texts::Texts;
