//! Resource binding, the session of old servers (BND-03), and our address, which the server makes (BND-01, BND-05).

use super::outgoing::Send;
use super::stream::same_address;
use super::{Account, Failure, Link, State, Step};
use crate::error::{Condition, Reason, StanzaCondition};
use crate::time::Instant;
use crate::wire::hashes::hex_digit;
use crate::wire::jid::{Jid, concat};
use crate::wire::stanza::{Element, Ns, read_error};

/// Which request of ours an id belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    Bind,
    Session,
    Presence,
    Ping,
}

/// One letter, then in hexadecimal a prefix and how often something was asked again.
pub(super) type Id = [u8; 21];

impl Link {
    /// Our own ids: a letter per request, a random prefix, a count that never repeats within hours (STZ-01).
    pub(super) fn id(&self, request: Request) -> Id {
        let letter = match request {
            Request::Bind => b'b',
            Request::Session => b's',
            Request::Presence => b'a',
            Request::Ping => b'p',
        };
        let count = self.asked_again.to_be_bytes();
        let mut digits = self.cfg.id_prefix.iter().chain(&count);
        let mut id = [letter; 21];
        let [_, places @ ..] = &mut id;
        for place in places.as_chunks_mut::<2>().0 {
            let byte = digits.next().copied().unwrap_or(0);
            *place = [hex_digit(byte >> 4) as u8, hex_digit(byte) as u8];
        }
        id
    }

    /// True for the answer to that request from whoever may give it (STZ-02): it was asked with no `to`.
    pub(super) fn answers(&self, element: Element<'_>, request: Request, account: &Account<'_>) -> bool {
        let answer = element.is(Ns::Client, "iq")
            && matches!(element.attr("type"), Some("result" | "error"))
            && element.attr("id").is_some_and(|id| id.as_bytes() == self.id(request));
        answer
            && element.attr("from").is_none_or(|from| {
                (!self.jid.is_empty() && from == self.jid.as_str())
                    || same_address(from, account.bare)
                    || same_address(from, account.domain)
            })
    }

    pub(super) fn bind_answer(
        &mut self,
        element: Element<'_>,
        account: &Account<'_>,
        now: Instant,
    ) -> Result<Step, Failure> {
        let request = if self.state == State::Bind { Request::Bind } else { Request::Session };
        if !self.answers(element, request, account) {
            // Bound, so anybody's requests may come already; they want an answer (STZ-04).
            let asks = self.state == State::Session && matches!(element.attr("type"), Some("get" | "set"));
            return if asks && element.name() == "iq" { Ok(Step::Stanza) } else { self.ignore() };
        }
        let refused = element.attr("type") == Some("error");
        match request {
            Request::Bind if refused => self.bind_refused(read_error(element), account, now),
            Request::Bind => self.bound(element, account, now),
            _ if refused => Err(self.bind_failure(read_error(element))),
            _ => Ok(self.online(now)),
        }
    }

    fn bound(&mut self, element: Element<'_>, account: &Account<'_>, now: Instant) -> Result<Step, Failure> {
        let bind = element.child(Ns::Bind, "bind");
        let text = bind.and_then(|bind| bind.child(Ns::Bind, "jid")).map_or("", |jid| jid.text());
        let jid = Jid::parse(text.trim_matches([' ', '\t', '\n', '\r'])).ok().filter(Jid::is_full);
        let last = [Send::CloseTag, Send::Close];
        let Some(jid) = jid else {
            return Err(self.fail(Reason::BindRefused, &last));
        };
        if !same_address(jid.bare(), account.bare) {
            return Err(self.fail(Reason::BindMismatch, &last));
        }
        match concat(&[jid.as_str()]) {
            Some(jid) => self.jid = jid,
            None => return Err(self.fail(Reason::BindRefused, &last)),
        }
        if self.session_needed {
            self.next(State::Session, Send::Session, now);
            return Ok(Step::Taken);
        }
        Ok(self.online(now))
    }

    /// A resource that the server does not like is not worth the login (BND-02).
    fn bind_refused(
        &mut self,
        condition: StanzaCondition,
        account: &Account<'_>,
        now: Instant,
    ) -> Result<Step, Failure> {
        let curable = matches!(condition, StanzaCondition::Conflict | StanzaCondition::BadRequest);
        if curable && !self.no_resource && !account.resource.is_empty() {
            self.no_resource = true;
            self.asked_again = self.asked_again.wrapping_add(1);
            self.next(State::Bind, Send::Bind, now);
            return Ok(Step::Taken);
        }
        Err(self.bind_failure(condition))
    }

    fn bind_failure(&mut self, condition: StanzaCondition) -> Failure {
        self.give_up(&[Send::CloseTag, Send::Close]);
        Failure { reason: Reason::BindRefused, condition: Some(Condition::Stanza(condition)) }
    }

    /// Initial presence comes last (BND-04).
    fn online(&mut self, now: Instant) -> Step {
        self.next(State::Online, Send::Presence, now);
        self.was_online = true;
        self.unknown = 0;
        self.liveness.online(now);
        Step::Online
    }
}
