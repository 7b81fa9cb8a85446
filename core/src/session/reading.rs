//! Deadlines are judged after what has already come.
//!
//! Time alone ends nothing: a process that was stopped finds its deadlines behind it and the answers in its sockets. So
//! `tick` only tells the time. A deadline counts as missed once the owner was left alone with it, had therefore the
//! chance to read, told the time after that, and nothing came.

use crate::time::Instant;

/// Turns in a row in which something came and more may wait behind it: at one read a turn that is more than sockets hold.
/// After so many, input that never ends puts off nothing any more.
const BUSY_TURNS: u8 = 255;

/// One turn of the owner's loop: from where it is left alone to where it polls again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// When the owner was last left alone, and whether that was since the last judgement.
    left_at: Instant,
    left: bool,
    /// It told the time since then.
    ticked: bool,
    /// It handed in something.
    fed: bool,
    /// Turns in a row that put a judgement off.
    busy: u8,
}

impl Reading {
    pub(crate) const fn new(now: Instant) -> Self {
        Self { left_at: now, left: false, ticked: false, fed: false, busy: 0 }
    }

    /// The owner handed in something that came.
    pub(crate) fn feeds(&mut self) {
        self.fed = true;
    }

    /// The owner told the time.
    pub(crate) fn ticks(&mut self) {
        self.ticked = true;
    }

    /// Poll has nothing more to say, or cannot: now the owner waits and reads.
    pub(crate) fn leaves(&mut self, now: Instant) {
        (self.left_at, self.left, self.ticked) = (now, true, false);
    }

    /// Up to when it could read, if it came back from being left alone: its deadlines can be judged.
    pub(crate) fn returned(&self) -> Option<Instant> {
        (self.left && self.ticked).then_some(self.left_at)
    }

    /// Whether a deadline that was `due` by then is judged now: not while it found something to read, unless that goes on for
    /// ever.
    pub(crate) fn judges(&mut self, due: bool) -> bool {
        let fed = core::mem::take(&mut self.fed);
        self.left = false;
        let waits = due && fed && self.busy < BUSY_TURNS;
        self.busy = if waits { self.busy.saturating_add(1) } else { 0 };
        due && !waits
    }
}
