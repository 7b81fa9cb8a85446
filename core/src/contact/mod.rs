//! Who is there and what can they do.

/// What is known of one peer.
#[derive(Clone, Debug)]
pub struct ContactSlot {}

impl ContactSlot {
    /// A free slot.
    pub const EMPTY: Self = Self {};
}
