//! SOCKS5 bytestreams (XEP-0065): the streams that carry them.

/// The state of one SOCKS5 stream.
#[derive(Clone, Debug)]
pub struct StreamSlot {}

impl StreamSlot {
    /// A free slot.
    pub const EMPTY: Self = Self {};
}
