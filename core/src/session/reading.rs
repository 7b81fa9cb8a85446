//! Deadlines are judged after what has already come.
//!
//! Time alone ends nothing: a process that was stopped finds its deadlines behind it and the answers in its sockets. So
//! `tick` only tells the time. A deadline counts as missed once the owner was left alone with it, had therefore the
//! chance to read, told the time after that, and nothing came.

use super::state::State;
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
}

impl State<'_> {
    /// Judges what was due when the owner was left alone, unless it found something to read then.
    pub(crate) fn judge_if_read(&mut self) {
        if !self.reading.left || !self.reading.ticked || self.check_alive().is_err() {
            return;
        }
        let (read, fed) = (self.reading.left_at, core::mem::take(&mut self.reading.fed));
        self.reading.left = false;
        if self.next_deadline().0.is_none_or(|due| due > read) {
            self.reading.busy = 0;
        } else if fed && self.reading.busy < BUSY_TURNS {
            self.reading.busy = self.reading.busy.saturating_add(1);
        } else {
            self.reading.busy = 0;
            self.judge(read);
        }
    }
}
