//! Time as an argument: milliseconds on the owner's own monotonic clock.

use core::num::NonZeroU64;

/// A point in time: milliseconds since an origin of the owner's choice, never going backwards.
// One more than the milliseconds, so that `Option<Instant>` takes no room for its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(NonZeroU64);

impl Default for Instant {
    fn default() -> Self {
        Self::from_ms(0)
    }
}

impl Instant {
    /// The point `ms` milliseconds after the owner's origin, `u64::MAX - 1` at most.
    pub const fn from_ms(ms: u64) -> Self {
        Self(NonZeroU64::MIN.saturating_add(ms))
    }

    /// Milliseconds since the owner's origin.
    pub const fn ms(self) -> u64 {
        self.0.get().wrapping_sub(1)
    }

    /// The lower bits of the milliseconds, for spans of up to seven weeks in four bytes.
    pub(crate) const fn low_ms(self) -> u32 {
        (self.ms() & 0xffff_ffff) as u32
    }

    /// The point `ms` milliseconds later; the end of time rather than a wrap.
    pub const fn after(self, ms: u32) -> Self {
        // `as` widens here: u64::from is not const.
        Self(self.0.saturating_add(ms as u64))
    }

    /// Milliseconds from `earlier` to here; 0 when `earlier` is later.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.get().saturating_sub(earlier.0.get())
    }
}

#[cfg(test)]
mod tests {
    use super::Instant;

    #[test]
    fn time_ends_and_never_wraps() {
        let end = Instant::from_ms(u64::MAX);
        assert_eq!(end.ms(), u64::MAX.wrapping_sub(1));
        assert_eq!(end.after(u32::MAX), end);
        assert_eq!(Instant::from_ms(7).after(3).since(Instant::default()), 10);
        assert_eq!(Instant::default().since(end), 0);
    }

    #[test]
    fn a_deadline_costs_no_tag() {
        assert_eq!(size_of::<Option<Instant>>(), size_of::<u64>());
    }
}
