//! How many bytes may be on the way unacknowledged (IBB-15).
//!
//! Two blocks of 4096 bytes at first. One block at a time is timed: while its round trip stays near the smallest one
//! seen, the window doubles, up to the ceiling; when it swells, because a server or the receiver queues, the window
//! gives a quarter back. So a long path is filled, and a slow server is not flooded.

use crate::time::Instant;

/// The window of one sender. Twelve bytes, since every transfer slot has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// 0: the peer takes one block at a time.
    bytes: u32,
    /// Lower bits of the time when the timed block went out.
    timed_ms: u32,
    /// Lower bits of the count of the timed block, 0 when none is on the way.
    timed: u16,
    /// Smallest round trip seen.
    smallest_ms: u16,
}

/// Bytes on the way before anything is known of the path, and the least a swollen path is left with.
const START_BYTES: u32 = 2 * 4096;

/// A round trip this much longer than the smallest is still near it: clocks tick in whole milliseconds.
const NEAR_MS: u32 = 2;

impl Window {
    /// A window that lets one block go at a time.
    pub(crate) const NONE: Self = Self { bytes: 0, timed_ms: 0, timed: 0, smallest_ms: u16::MAX };

    /// A window at its start. `one_block`: the peer is known to misbehave with more than one block on the way.
    pub fn new(ceiling: u32, one_block: bool) -> Self {
        Self { bytes: if one_block { 0 } else { START_BYTES.min(ceiling) }, ..Self::NONE }
    }

    /// Whether a block of `block` bytes may go out while `in_flight` bytes are unacknowledged. One block always may.
    pub fn allows(&self, in_flight: u64, block: u64) -> bool {
        in_flight == 0 || in_flight.saturating_add(block) <= u64::from(self.bytes)
    }

    /// Block number `count` goes out.
    pub fn sent(&mut self, count: u32, now: Instant) {
        if self.timed == 0 {
            self.timed = low(count);
            self.timed_ms = now.low_ms();
        }
    }

    /// Block number `count` came back acknowledged, in order.
    pub fn acknowledged(&mut self, count: u32, ceiling: u32, now: Instant) {
        if self.timed == 0 || self.timed != low(count) {
            return;
        }
        self.timed = 0;
        let trip_ms = now.low_ms().wrapping_sub(self.timed_ms);
        self.smallest_ms = self.smallest_ms.min(u16::try_from(trip_ms).unwrap_or(u16::MAX));
        let smallest_ms = u32::from(self.smallest_ms);
        let near_ms = smallest_ms.saturating_add(smallest_ms.max(NEAR_MS));
        if trip_ms <= near_ms {
            self.bytes = self.bytes.saturating_mul(2).min(ceiling);
        } else if trip_ms > near_ms.saturating_mul(2) {
            let less = self.bytes.saturating_sub(self.bytes / 4);
            self.bytes = less.max(START_BYTES.min(self.bytes));
        }
    }

    /// The peer answered out of order or left answers out: one block at a time from here on.
    pub fn narrow_to_one(&mut self) {
        self.bytes = 0;
    }
}

fn low(count: u32) -> u16 {
    (count & 0xffff) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends and acknowledges `blocks` one by one, each after `trip_ms`.
    fn run(window: &mut Window, clock_ms: &mut u64, blocks: u32, trip_ms: u64) {
        for count in 1..=blocks {
            window.sent(count, Instant::from_ms(*clock_ms));
            *clock_ms += trip_ms;
            window.acknowledged(count, 1 << 20, Instant::from_ms(*clock_ms));
        }
    }

    #[test]
    fn ibb_15_the_window_starts_at_two_blocks_and_grows_to_the_ceiling() {
        let mut window = Window::new(1 << 20, false);
        assert!(window.allows(4096, 4096));
        assert!(!window.allows(8192, 1));
        run(&mut window, &mut 0, 1, 28);
        assert!(window.allows(12_288, 4096));
        run(&mut window, &mut 0, 20, 28);
        assert_eq!(window.bytes, 1 << 20);
    }

    #[test]
    fn ibb_15_a_round_trip_that_swells_takes_a_quarter_back_and_never_the_first_two_blocks() {
        let (mut window, mut clock_ms) = (Window::new(1 << 20, false), 0);
        run(&mut window, &mut clock_ms, 4, 10);
        assert_eq!(window.bytes, 131_072);
        run(&mut window, &mut clock_ms, 1, 30);
        assert_eq!(window.bytes, 131_072, "between near and swollen it rests");
        run(&mut window, &mut clock_ms, 1, 41);
        assert_eq!(window.bytes, 98_304);
        run(&mut window, &mut clock_ms, 50, 5_000);
        assert_eq!(window.bytes, START_BYTES);
        run(&mut window, &mut clock_ms, 1, 12);
        assert_eq!(window.bytes, 2 * START_BYTES, "and it grows again");
    }

    #[test]
    fn one_block_in_a_round_trip_is_timed_whatever_comes_back_between() {
        let mut window = Window::new(1 << 20, false);
        window.sent(7, Instant::from_ms(100));
        window.sent(8, Instant::from_ms(100));
        window.acknowledged(8, 1 << 20, Instant::from_ms(101));
        assert_eq!(window.bytes, START_BYTES);
        window.acknowledged(7, 1 << 20, Instant::from_ms(102));
        assert_eq!(window.bytes, 2 * START_BYTES);
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
        run(&mut window, &mut 0, 20, 1);
        assert!(window.allows(0, 4096) && !window.allows(1, 1));
    }

    #[test]
    fn a_window_takes_twelve_bytes_of_every_slot() {
        assert_eq!(size_of::<Window>(), 12);
    }
}
