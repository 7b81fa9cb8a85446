//! Time as an argument: milliseconds on the owner's own monotonic clock.

/// A point in time: milliseconds since an origin of the owner's choice, never going backwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The point `ms` milliseconds after the owner's origin.
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the owner's origin.
    pub const fn ms(self) -> u64 {
        self.0
    }

    /// The point `ms` milliseconds later; the end of time rather than a wrap.
    pub const fn after(self, ms: u32) -> Self {
        // `as` widens here: u64::from is not const.
        Self(self.0.saturating_add(ms as u64))
    }

    /// Milliseconds from `earlier` to here; 0 when `earlier` is later.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}
