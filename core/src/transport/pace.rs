//! How fast a sender has to be once its bytes flow, so that nobody keeps a place by dribbling (ATK-17).

use crate::time::Instant;

/// What a sender brought in the span under way, and how long it took. Time counts while it is its turn: while everything
/// that came is stored. Twelve bytes, since every transfer slot has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    bytes: u32,
    spent_ms: u32,
    /// Lower bits of the time since when it is the sender's turn, 0 when it is not.
    since_ms: u32,
}

/// What is asked of a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Least {
    /// Bytes in one span; 0 asks nothing.
    pub(crate) bytes: u64,
    pub(crate) span_ms: u32,
}

impl Least {
    /// `rate` bytes per second over a span, for each of so many that share it.
    pub(crate) fn of(rate: u32, span_ms: u32, shared_by: usize) -> Self {
        let bytes = u64::from(rate).saturating_mul(span_ms.into()) / 1000;
        let shares = u64::try_from(shared_by).unwrap_or(u64::MAX);
        Self { bytes: bytes.checked_div(shares).unwrap_or(bytes), span_ms }
    }
}

impl Pace {
    /// Nothing came yet.
    pub const NONE: Self = Self { bytes: 0, spent_ms: 0, since_ms: 0 };

    /// Everything that came is stored: it is the sender's turn.
    pub(crate) fn turn(&mut self, now: Instant) {
        if self.since_ms == 0 {
            self.since_ms = turn_ms(now);
        }
    }

    /// Bytes came; `false` if they and those before are too few for the time they took.
    pub(crate) fn came(&mut self, bytes: u64, now: Instant, least: Least) -> bool {
        if self.since_ms != 0 {
            let gap_ms = turn_ms(now).wrapping_sub(self.since_ms);
            // One silence is no dribble, and has a deadline of its own.
            self.spent_ms = self.spent_ms.saturating_add(gap_ms.min(least.span_ms / 2));
        }
        self.since_ms = 0;
        self.bytes = self.bytes.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
        if u64::from(self.bytes) >= least.bytes {
            *self = Self::NONE;
            return true;
        }
        self.spent_ms < least.span_ms
    }
}

/// Never 0, which means something else.
fn turn_ms(now: Instant) -> u32 {
    now.low_ms().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that come every `gap_ms`, stored at once; how many came before it was too slow, of at most 1000.
    fn last(bytes: u64, gap_ms: u64, least: Least) -> usize {
        let mut pace = Pace::NONE;
        let comes = |n: &usize| {
            let now = Instant::from_ms(1 + *n as u64 * gap_ms);
            let enough = pace.came(bytes, now, least);
            pace.turn(now);
            enough
        };
        (0..1000).take_while(comes).count()
    }

    #[test]
    fn atk_17_a_dribble_ends_behind_the_span_and_the_least_rate_does_not() {
        let least = Least::of(200, 120_000, 1);
        assert_eq!(least.bytes, 24_000);
        assert_eq!(last(200, 1000, least), 1000);
        assert_eq!(last(190, 1000, least), 120);
        assert_eq!(last(1, 19_000, least), 7);
        assert_eq!(last(1, 10_000, Least::of(0, 120_000, 1)), 1000, "0 asks nothing");
    }

    #[test]
    fn one_silence_is_no_dribble() {
        let least = Least::of(200, 120_000, 1);
        assert_eq!(last(24_000, 290_000, least), 1000);
        let mut pace = Pace::NONE;
        pace.turn(Instant::from_ms(1));
        assert!(pace.came(4096, Instant::from_ms(290_000), least));
    }

    #[test]
    fn time_in_which_nothing_was_stored_does_not_count() {
        let (least, mut pace) = (Least::of(200, 120_000, 1), Pace::NONE);
        for hour in 0..50 {
            assert!(pace.came(1, Instant::from_ms(hour * 3_600_000), least), "{hour}");
        }
    }

    #[test]
    fn those_that_share_a_path_keep_the_rate_together() {
        assert_eq!(Least::of(200, 120_000, 16).bytes, 1500);
        assert_eq!(Least::of(200, 120_000, 0).bytes, 24_000);
    }

    #[test]
    fn a_pace_takes_twelve_bytes_of_every_slot() {
        assert_eq!(size_of::<Pace>(), 12);
    }
}
