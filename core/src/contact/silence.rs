//! How long a peer whose word is awaited says nothing, and when it is asked whether it is still there (PNG-03).

use crate::time::Instant;

/// The silence of one peer. Twelve bytes, since every contact slot has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Silence {
    /// Lower bits of the time since when its word is awaited, or when it last said something.
    since_ms: u32,
    /// From then to the next question.
    wait_ms: u32,
    /// The longest silence of these files that it broke itself: on a slow path nothing comes sooner.
    longest_ms: u16,
}

impl Silence {
    pub(crate) const NONE: Self = Self { since_ms: 0, wait_ms: 0, longest_ms: 0 };

    /// Nothing is known of the path any more.
    pub(crate) fn begin(&mut self) {
        self.longest_ms = 0;
    }

    /// From now on its word is awaited; it is asked after `ask_ms` at the earliest.
    pub(crate) fn starts(&mut self, now: Instant, ask_ms: u32) {
        self.since_ms = now.low_ms();
        self.wait_ms = self.at_least(ask_ms);
    }

    /// It said something, which was `awaited` or not.
    pub(crate) fn ends(&mut self, now: Instant, ask_ms: u32, awaited: impl FnOnce() -> bool) {
        let silent_ms = u16::try_from(self.lasts_ms(now)).unwrap_or(u16::MAX);
        if silent_ms > self.longest_ms && awaited() {
            self.longest_ms = silent_ms;
        }
        self.starts(now, ask_ms);
    }

    /// When it is to be asked.
    pub(crate) fn due(&self, now: Instant) -> Instant {
        Instant::from_ms(now.ms().saturating_sub(self.lasts_ms(now).into())).after(self.wait_ms)
    }

    /// It is asked now, and after twice the time again.
    pub(crate) fn asked(&mut self, now: Instant, ask_ms: u32) {
        self.wait_ms = self.lasts_ms(now).saturating_add(self.at_least(ask_ms.saturating_mul(2)));
    }

    fn lasts_ms(&self, now: Instant) -> u32 {
        now.low_ms().wrapping_sub(self.since_ms)
    }

    fn at_least(&self, ms: u32) -> u32 {
        ms.max(u32::from(self.longest_ms).saturating_mul(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASK_MS: u32 = 5_000;

    fn at(ms: u64) -> Instant {
        Instant::from_ms(ms)
    }

    fn of(begin: u64) -> Silence {
        let mut silence = Silence::NONE;
        silence.starts(at(begin), ASK_MS);
        silence
    }

    #[test]
    fn png_03_a_question_is_due_after_some_seconds_and_again_after_twice_as_many() {
        // Behind seven weeks the lower bits come round.
        for begin in [0, 1, u64::from(u32::MAX) - 2_000] {
            let mut silence = of(begin);
            assert_eq!(silence.due(at(begin)), at(begin + 5_000));
            assert_eq!(silence.due(at(begin + 9_000)), at(begin + 5_000), "what is past stays past");
            silence.asked(at(begin + 9_000), ASK_MS);
            assert_eq!(silence.due(at(begin + 9_000)), at(begin + 19_000));
            silence.asked(at(begin + 19_000), ASK_MS);
            assert_eq!(silence.due(at(begin + 19_000)), at(begin + 29_000));
            silence.ends(at(begin + 19_500), ASK_MS, || false);
            assert_eq!(silence.due(at(begin + 19_500)), at(begin + 24_500));
        }
    }

    #[test]
    fn on_a_slow_path_it_takes_twice_the_longest_silence_that_ended_by_itself() {
        let mut silence = of(0);
        silence.ends(at(12_000), ASK_MS, || true);
        silence.ends(at(13_000), ASK_MS, || true);
        assert_eq!(silence.due(at(13_000)), at(37_000));
        silence.asked(at(37_000), ASK_MS);
        assert_eq!(silence.due(at(37_000)), at(61_000));
        silence.begin();
        silence.starts(at(61_000), ASK_MS);
        assert_eq!(silence.due(at(61_000)), at(66_000), "the next file may have another path");
    }

    #[test]
    fn a_silence_in_which_nothing_was_awaited_tells_nothing_of_the_path() {
        let mut silence = of(0);
        silence.ends(at(60_000), ASK_MS, || false);
        assert_eq!(silence.due(at(60_000)), at(65_000));
    }

    #[test]
    fn a_silence_takes_twelve_bytes_of_every_contact() {
        assert_eq!(size_of::<Silence>(), 12);
    }
}
