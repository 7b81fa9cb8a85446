//! One file's life: its state, its name, its hashes, and the receipt that ends it.

pub mod digest;
mod ending;
mod flow;
pub mod name;
mod owed;
pub mod receipt;
mod slot;
mod telling;
mod texts;

pub(crate) use flow::Flow;
pub(crate) use owed::{Answer, HostsVerdict, News, Owed};
pub use slot::TransferSlot;
pub(crate) use slot::{File, Phase};
pub(crate) use texts::{MIME_BYTES, OFFER_ID_BYTES, SID_BYTES, Texts};
