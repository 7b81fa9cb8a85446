//! One file's life.

/// The state of one transfer.
#[derive(Clone, Debug)]
pub struct TransferSlot {}

impl TransferSlot {
    /// A free slot.
    pub const EMPTY: Self = Self {};
}
