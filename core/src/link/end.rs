//! How the stream ends: in good order, by an error of either side, or because the transport went (STR-10, SER-02).

use super::failure::Failure;
use super::outgoing::{Outgoing, Send};
use super::{Link, State};
use crate::error::{Condition, Reason, StreamCondition};
use crate::time::Instant;
use crate::wire::xml::XmlError;

impl Link {
    /// The owner wants to leave: queues the closing tag, then waits for the server's (STR-10).
    pub fn close(&mut self, now: Instant) {
        match self.state {
            State::Closing | State::Over => {}
            State::Idle => self.state = State::Over,
            // In a handshake nothing can be written in plain any more.
            State::Handshake => self.give_up(&[Send::Close]),
            _ => {
                self.state = State::Closing;
                self.outgoing.only(&[Send::Header, Send::Presence]);
                self.outgoing.add(Send::CloseTag);
                self.liveness.closing(now);
            }
        }
    }

    /// The server's closing tag came: ours is queued unless it is out (STR-10).
    pub fn ended(&mut self, now: Instant) -> Failure {
        let reason = if self.state == State::Closing { Reason::Closed } else { Reason::ServerClosed };
        self.liveness.heard(now);
        self.give_up(&[Send::CloseTag, Send::Close]);
        Failure { reason, condition: None }
    }

    /// The transport is gone: nothing is queued any more.
    pub fn lost(&mut self) {
        self.outgoing = Outgoing::default();
        self.scram = None;
        self.state = State::Over;
    }

    /// The reader refused the bytes: queues the stream error that says so (SER-02).
    pub fn refuse(&mut self, error: XmlError) -> Failure {
        let failure = Failure::from(error);
        self.note_detail(error.limit());
        match failure.condition {
            Some(Condition::Stream(condition)) => self.refuse_with(condition, failure.reason),
            _ => failure,
        }
    }

    /// Ends the stream for a reason of the session's own, with a stream error (SER-02).
    pub fn refuse_with(&mut self, condition: StreamCondition, reason: Reason) -> Failure {
        self.error = Some(condition);
        self.give_up(&[Send::Error, Send::CloseTag, Send::Close]);
        Failure { reason, condition: Some(Condition::Stream(condition)) }
    }

    /// Queues the last words, after our header if that is still to go out (SER-02).
    pub(super) fn give_up(&mut self, last: &[Send]) {
        // The end is said once, whatever still comes in.
        if self.state == State::Over {
            return;
        }
        self.outgoing.only(&[Send::Header]);
        if last == [Send::Close] {
            self.outgoing = Outgoing::default();
        }
        last.iter().for_each(|send| self.outgoing.add(*send));
        if self.tag_sent {
            self.outgoing.only(&[Send::Close]);
        }
        self.scram = None;
        self.state = State::Over;
    }

    /// Ends the stream with these last words.
    pub(super) fn fail(&mut self, reason: Reason, last: &[Send]) -> Failure {
        self.give_up(last);
        Failure { reason, condition: None }
    }
}
