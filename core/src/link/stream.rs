//! Header, STARTTLS and stream errors (STR-04..09, SER-01..03).

use super::outgoing::Send;
use super::{Account, Failure, Link, State, Step};
use crate::config::Tls;
use crate::error::{Condition, Reason, StreamCondition};
use crate::time::Instant;
use crate::wire::jid::{Jid, split_at_byte};
use crate::wire::stanza::{Element, Ns};

impl Link {
    /// The server's stream header came.
    ///
    /// # Errors
    /// It is not the header of an XMPP 1.0 stream from the wanted domain (STR-05).
    pub fn header(&mut self, root: Element<'_>, account: &Account<'_>, now: Instant) -> Result<(), Failure> {
        if matches!(self.state, State::Closing | State::Over) {
            return Ok(());
        }
        if self.state != State::Header {
            return Err(self.refuse_with(StreamCondition::BadFormat, Reason::BadFormat));
        }
        let bad = Reason::BadHeader;
        if root.ns() != Ns::Streams {
            return Err(self.refuse_with(StreamCondition::InvalidNamespace, bad));
        }
        if root.name() != "stream" {
            return Err(self.refuse_with(StreamCondition::BadFormat, bad));
        }
        // Absent means a server from before XMPP; a higher major version may change anything.
        let major =
            root.attr("version").and_then(|version| split_at_byte(version, b'.')).map(|(major, _)| major);
        if major.is_none_or(|major| major.trim_start_matches('0') != "1") {
            return Err(self.refuse_with(StreamCondition::UnsupportedVersion, bad));
        }
        let ours = root.attr("from").is_none_or(|from| same_address(from, account.domain));
        // Servers that do not know our domain, or send us elsewhere, often say so behind a header with their own name: the
        // next element is still heard.
        self.bad_header = !ours || root.attr("id").is_none_or(str::is_empty);
        self.state = State::Features;
        self.liveness.step_starts(now);
        Ok(())
    }

    /// `<starttls/>` was answered (STR-08, STR-09).
    pub(super) fn starttls_answer(&mut self, element: Element<'_>, now: Instant) -> Result<Step, Failure> {
        match element.name() {
            _ if self.outgoing.has(Send::StartTls) => self.unexpected(),
            "proceed" => {
                self.next(State::Handshake, Send::Tls, now);
                Ok(Step::Proceed)
            }
            "failure" => Err(self.fail(Reason::TlsRefused, &[Send::CloseTag, Send::Close])),
            _ => self.unexpected(),
        }
    }

    /// The server ended the stream with an error; never answered with one (SER-02). `see-other-host` is reported
    /// but not followed: where to connect is the owner's decision (SER-03, ATK-10).
    pub(super) fn stream_error(&mut self, element: Element<'_>) -> Failure {
        let named = element.children().find(|child| child.ns() == Ns::StreamErrors && child.name() != "text");
        let condition = named
            .and_then(|child| StreamCondition::from_name(child.name()))
            .unwrap_or(StreamCondition::UndefinedCondition);
        // The condition's own text is the address of `see-other-host` (SER-03).
        let address = named.map_or("", |child| child.text());
        let text = element.child(Ns::StreamErrors, "text").map_or("", |child| child.text());
        self.note_detail(if address.is_empty() { text } else { address });
        let reason = match condition {
            StreamCondition::Conflict if self.was_online => Reason::Replaced,
            _ => Reason::StreamError,
        };
        self.give_up(&[Send::CloseTag, Send::Close]);
        Failure { reason, condition: Some(Condition::Stream(condition)) }
    }

    /// What a stream without TLS has to do next, `None` if TLS is up or not wanted.
    pub(super) fn tls_step(&mut self, offered: bool, now: Instant) -> Option<Result<Step, Failure>> {
        // Direct TLS never does STARTTLS, even if it is offered (STR-03).
        if self.encrypted || self.cfg.tls != Tls::StartTls {
            return None;
        }
        if !offered {
            return Some(Err(self.fail(Reason::TlsMissing, &[Send::CloseTag, Send::Close])));
        }
        self.next(State::StartTls, Send::StartTls, now);
        Some(Ok(Step::Taken))
    }
}

/// Comparison of an address from the wire with one of the host (STZ-12).
pub(super) fn same_address(wire: &str, ours: &str) -> bool {
    match (Jid::parse(wire), Jid::parse(ours)) {
        (Ok(wire), Ok(ours)) => wire.matches(&ours),
        _ => false,
    }
}
