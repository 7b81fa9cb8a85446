//! The clocks of the stream: login deadlines, keepalive, probe, graceful close (STR-10, STR-12, STR-13, PNG-02).

use super::bind::Request;
use super::outgoing::Send;
use super::sasl::Phase;
use super::{Account, Failure, Link, State};
use crate::config::Times;
use crate::error::{Reason, StreamCondition};
use crate::output::Timer;
use crate::time::Instant;
use crate::wire::stanza::Element;

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

    fn login_deadline(&self) -> Instant {
        self.step.after(self.times.step_ms).min(self.login.after(self.times.login_ms))
    }

    fn probe_deadline(&self) -> (Instant, Timer) {
        match self.probe {
            Some(since) => (since.after(self.times.probe_ms), Timer::Probe),
            None => (self.heard.after(self.times.idle_ms), Timer::Keepalive),
        }
    }

    fn keepalive_deadline(&self) -> Instant {
        self.sent.after(self.keepalive_ms)
    }

    fn close_deadline(&self) -> Instant {
        self.closing.after(self.times.close_ms)
    }

    /// Whatever trickles in, and however much white space with it, does not put this off (ATK-04).
    fn element_deadline(&self) -> Option<Instant> {
        self.element.map(|since| since.after(self.times.element_ms))
    }
}

/// 0 stands for a time that never comes: seven weeks, in which every stream has moved.
const fn or_never(ms: u32) -> u32 {
    if ms == 0 { u32::MAX } else { ms }
}

impl Link {
    /// What is to be said at a time: a probe after silence, a blank for others that look for it.
    pub(super) fn timers(&mut self, now: Instant) {
        let now = self.liveness.at(now);
        if self.hosted || self.state != State::Online {
            return;
        }
        if self.liveness.probe.is_none() && now >= self.liveness.probe_deadline().0 {
            self.liveness.probe = Some(now);
            self.asked_again = self.asked_again.wrapping_add(1);
            self.outgoing.add(Send::Ping);
        }
        if now >= self.liveness.keepalive_deadline() && !self.outgoing.has(Send::Ping) {
            self.outgoing.add(Send::Blank);
            self.liveness.sent(now);
        }
    }

    /// What did not come before a time up to which everything was read.
    pub(super) fn missed(&mut self, read: Instant) -> Result<(), Failure> {
        if self.hosted {
            return Ok(());
        }
        match self.state {
            State::Idle | State::Over => Ok(()),
            _ if self.liveness.element_deadline().is_some_and(|deadline| read >= deadline) => {
                self.note_detail("an element unfinished after element_ms");
                Err(self.refuse_with(StreamCondition::PolicyViolation, Reason::LimitExceeded))
            }
            State::Closing => {
                if read >= self.liveness.close_deadline() {
                    // The tag may still be queued when the owner cannot write: it is too late for it.
                    self.give_up(&[Send::Close]);
                }
                Ok(())
            }
            State::Online if self.liveness.probe.is_some() && read >= self.liveness.probe_deadline().0 => {
                Err(self.fail(Reason::ServerSilent, &[Send::Close]))
            }
            State::Online => Ok(()),
            _ if read >= self.liveness.login_deadline() => Err(self.login_timeout()),
            _ => Ok(()),
        }
    }

    fn login_timeout(&mut self) -> Failure {
        // In a handshake nothing can be written in plain any more.
        let last: &[Send] =
            if self.state == State::Handshake { &[Send::Close] } else { &[Send::CloseTag, Send::Close] };
        self.fail(if self.bad_header { Reason::BadHeader } else { Reason::LoginTimeout }, last)
    }

    pub(super) fn next_timer(&self) -> Option<(Instant, Timer)> {
        if self.hosted {
            return None;
        }
        let step = self.step_timer();
        let element = self.liveness.element_deadline().zip(Some(Timer::Element));
        // Before the transport is up, and behind the end, nothing is read.
        step.map(|step| element.map_or(step, |element| if element.0 < step.0 { element } else { step }))
    }

    fn step_timer(&self) -> Option<(Instant, Timer)> {
        match self.state {
            State::Idle | State::Over => None,
            State::Closing => Some((self.liveness.close_deadline(), Timer::Close)),
            State::Online => {
                let probe = self.liveness.probe_deadline();
                let keepalive = self.liveness.keepalive_deadline();
                Some(if keepalive < probe.0 { (keepalive, Timer::Keepalive) } else { probe })
            }
            State::Sasl if self.exchange.phase == Phase::Deriving => {
                Some((self.liveness.now, Timer::KeyDerivation))
            }
            _ => Some((self.liveness.login_deadline(), Timer::Login)),
        }
    }

    /// The answer to our probe: result or error, it proves the stream alive (PNG-02).
    pub(super) fn is_probe_answer(&self, element: Element<'_>, account: &Account<'_>) -> bool {
        !self.hosted && self.answers(element, Request::Ping, account)
    }
}
