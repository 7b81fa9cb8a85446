//! What the stream does by the clock: probe, blank, deadlines of the login and of the closing (STR-10, STR-12, STR-13, PNG-02).

use super::bind::Request;
use super::exchange::Phase;
use super::failure::Failure;
use super::outgoing::Send;
use super::{Account, Link, State};
use crate::error::{Reason, StreamCondition};
use crate::output::Timer;
use crate::time::Instant;
use crate::wire::stanza::Element;

impl Link {
    /// What is to be said at a time: a probe after silence, a blank for others that look for it.
    pub(super) fn timers(&mut self, now: Instant) {
        let now = self.liveness.at(now);
        if self.hosted || self.state != State::Online {
            return;
        }
        if !self.liveness.is_probing() && now >= self.liveness.probe_deadline().0 {
            self.probe();
        }
        if now >= self.liveness.keepalive_deadline() && !self.outgoing.has(Send::Ping) {
            self.outgoing.add(Send::Blank);
            self.liveness.sent(now);
        }
    }

    fn probe(&mut self) {
        self.liveness.probes();
        self.asked_again = self.asked_again.wrapping_add(1);
        self.outgoing.add(Send::Ping);
    }

    /// Whether a silence up to `deadline` may be the server's own: it had not said anything for a while by then, and not since.
    pub fn is_suspect(&self, deadline: Instant) -> bool {
        self.state == State::Online && !self.hosted && self.liveness.is_silent_at(deadline)
    }

    /// The server is asked for a word, and its answer is awaited.
    pub fn is_probing(&self) -> bool {
        self.liveness.is_probing()
    }

    /// Asks the server for a word, unless that was done.
    pub fn ask(&mut self) {
        if !self.is_probing() {
            self.probe();
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
            State::Online if self.liveness.is_probing() && read >= self.liveness.probe_deadline().0 => {
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
                Some((self.liveness.now(), Timer::KeyDerivation))
            }
            _ => Some((self.liveness.login_deadline(), Timer::Login)),
        }
    }

    /// The answer to our probe: result or error, it proves the stream alive (PNG-02).
    pub(super) fn is_probe_answer(&self, element: Element<'_>, account: &Account<'_>) -> bool {
        !self.hosted && self.answers(element, Request::Ping, account)
    }
}
