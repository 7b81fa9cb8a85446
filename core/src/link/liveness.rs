//! The clocks of the stream: what its deadlines count from.

use crate::config::Times;
use crate::output::Timer;
use crate::time::Instant;

/// How long the last word of a server proves that it is there.
const RECENT_MS: u32 = 10_000;

/// Points in time that the deadlines count from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Liveness {
    times: Times,
    /// White-space interval, below what the server closes idle streams at (LIM-01).
    keepalive_ms: u32,
    now: Instant,
    login: Instant,
    step: Instant,
    heard: Instant,
    sent: Instant,
    closing: Instant,
    /// When the unanswered probe was queued.
    probe: Option<Instant>,
    /// When the first byte of the first-level element under way came.
    element: Option<Instant>,
}

impl Liveness {
    pub(super) const fn new(mut times: Times) -> Self {
        let zero = Instant::from_ms(0);
        times.keepalive_ms = or_never(times.keepalive_ms);
        times.idle_ms = or_never(times.idle_ms);
        Self {
            times,
            keepalive_ms: times.keepalive_ms,
            now: zero,
            login: zero,
            step: zero,
            heard: zero,
            sent: zero,
            closing: zero,
            probe: None,
            element: None,
        }
    }

    /// Takes the time; it never goes backwards.
    pub(super) fn at(&mut self, now: Instant) -> Instant {
        self.now = self.now.max(now);
        self.now
    }

    pub(super) fn login_starts(&mut self, now: Instant) {
        self.login = self.at(now);
    }

    pub(super) fn step_starts(&mut self, now: Instant) {
        self.step = self.at(now);
        // The owner was stopped, and what it waited for had come: steps are few, so each of them may begin anew.
        if self.login.after(self.times.login_ms) <= self.step {
            self.login = self.step;
        }
    }

    pub(super) fn online(&mut self, now: Instant) {
        self.heard = self.at(now);
        self.sent = self.now;
    }

    /// Any byte proves the stream alive, so it answers the probe too.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = self.at(now);
        self.probe = None;
    }

    pub(super) fn sent(&mut self, now: Instant) {
        self.sent = self.at(now);
    }

    pub(super) fn reading(&mut self, under_way: bool, now: Instant) {
        let since = self.element.unwrap_or(self.at(now));
        self.element = under_way.then_some(since);
    }

    pub(super) fn closing(&mut self, now: Instant) {
        self.closing = self.at(now);
    }

    /// Three quarters of the advertised time: the blank must be there before the server looks.
    pub(super) fn idle_limit(&mut self, idle_seconds: Option<u32>) {
        let limit = idle_seconds.map_or(u32::MAX, |seconds| seconds.saturating_mul(750));
        self.keepalive_ms = self.times.keepalive_ms.min(limit);
    }

    pub(super) fn login_deadline(&self) -> Instant {
        self.step.after(self.times.step_ms).min(self.login.after(self.times.login_ms))
    }

    /// The time last told.
    pub(super) fn now(&self) -> Instant {
        self.now
    }

    pub(super) fn is_probing(&self) -> bool {
        self.probe.is_some()
    }

    /// The probe is queued.
    pub(super) fn probes(&mut self) {
        self.probe = Some(self.now);
    }

    /// Nothing had come for a while by then, and nothing since.
    pub(super) fn is_silent_at(&self, time: Instant) -> bool {
        self.heard.after(RECENT_MS) < time
    }

    pub(super) fn probe_deadline(&self) -> (Instant, Timer) {
        match self.probe {
            Some(since) => (since.after(self.times.probe_ms), Timer::Probe),
            None => (self.heard.after(self.times.idle_ms), Timer::Keepalive),
        }
    }

    pub(super) fn keepalive_deadline(&self) -> Instant {
        self.sent.after(self.keepalive_ms)
    }

    pub(super) fn close_deadline(&self) -> Instant {
        self.closing.after(self.times.close_ms)
    }

    /// Whatever trickles in, and however much white space with it, does not put this off (ATK-04).
    pub(super) fn element_deadline(&self) -> Option<Instant> {
        self.element.map(|since| since.after(self.times.element_ms))
    }
}

/// 0 stands for a time that never comes: seven weeks, in which every stream has moved.
const fn or_never(ms: u32) -> u32 {
    if ms == 0 { u32::MAX } else { ms }
}
