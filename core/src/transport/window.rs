//! How many bytes may be on the way unacknowledged (IBB-15).
//!
//! A plain rule: two blocks of 4096 bytes at first, as many more as came back acknowledged, up to the ceiling.

/// The window of one sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    bytes: u32,
    ceiling: u32,
    one_block: bool,
}

/// Bytes on the way before anything is known of the path.
const START_BYTES: u32 = 2 * 4096;

impl Window {
    /// A window that never opens.
    pub(crate) const NONE: Self = Self { bytes: 0, ceiling: 0, one_block: true };

    /// A window at its start. `one_block`: the peer is known to misbehave with more than one block on the way.
    pub fn new(ceiling: u32, one_block: bool) -> Self {
        Self { bytes: START_BYTES.min(ceiling), ceiling, one_block }
    }

    /// Whether a block of `block` bytes may go out while `in_flight` bytes are unacknowledged. One block always may.
    pub fn allows(&self, in_flight: u64, block: u64) -> bool {
        in_flight == 0 || (!self.one_block && in_flight.saturating_add(block) <= u64::from(self.bytes))
    }

    /// `acknowledged` bytes came back in order.
    pub fn widen(&mut self, acknowledged: u64) {
        let more = u32::try_from(acknowledged).unwrap_or(u32::MAX);
        self.bytes = self.bytes.saturating_add(more).min(self.ceiling);
    }

    /// The peer answered out of order or left answers out: one block at a time from here on.
    pub fn narrow_to_one(&mut self) {
        self.one_block = true;
    }

    /// Bytes that may be on the way.
    pub fn bytes(&self) -> u32 {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::Window;

    #[test]
    fn ibb_15_the_window_starts_at_two_blocks_and_grows_to_the_ceiling() {
        let mut window = Window::new(20_000, false);
        assert!(window.allows(4096, 4096));
        assert!(!window.allows(8192, 1));
        window.widen(4096);
        assert!(window.allows(8192, 4096));
        for _ in 0..100 {
            window.widen(4096);
        }
        assert_eq!(window.bytes(), 20_000);
    }

    #[test]
    fn one_block_always_may_go_even_if_larger_than_the_window() {
        let window = Window::new(65_535, false);
        assert!(window.allows(0, 65_535));
        assert!(!window.allows(1, 65_535));
    }

    #[test]
    fn ibb_15_a_peer_that_misbehaves_gets_one_block_at_a_time() {
        let mut window = Window::new(1 << 20, false);
        window.narrow_to_one();
        window.widen(1 << 20);
        assert!(window.allows(0, 4096) && !window.allows(1, 1));
    }
}
