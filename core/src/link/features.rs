//! Stream features: what the server offers at this point of the login (STR-06, LIM-01).

use super::mechanism::Offer;
use super::outgoing::Send;
use super::{Failure, Link, State, Step};
use crate::error::{Reason, StreamCondition};
use crate::time::Instant;
use crate::wire::stanza::{Element, Ns};

impl Link {
    pub(super) fn features(&mut self, element: Element<'_>, now: Instant) -> Result<Step, Failure> {
        if element.name() != "features" {
            return self.unexpected();
        }
        if self.bad_header {
            return Err(self.fail(Reason::BadHeader, &[Send::CloseTag, Send::Close]));
        }
        self.limits(element);
        if let Some(step) = self.tls_step(element.child(Ns::Tls, "starttls").is_some(), now) {
            return step;
        }
        if !self.authenticated {
            return self.mechanisms(element, now);
        }
        if element.child(Ns::Bind, "bind").is_none() {
            return Err(self.nothing_left(element, Reason::BindRefused));
        }
        let session = element.child(Ns::Session, "session");
        self.session_needed = session.is_some_and(|session| session.child(Ns::Session, "optional").is_none());
        self.next(State::Bind, Send::Bind, now);
        Ok(Step::Taken)
    }

    fn mechanisms(&mut self, element: Element<'_>, now: Instant) -> Result<Step, Failure> {
        let Some(mechanisms) = element.child(Ns::Sasl, "mechanisms") else {
            return Err(self.nothing_left(element, Reason::NoMechanism));
        };
        let offer = Offer::read(mechanisms, element.child(Ns::SaslCb, "sasl-channel-binding"));
        self.exchange.offer = offer;
        self.start_sasl(now)
    }

    /// Nothing that we know can be negotiated: an unknown feature is to blame if there is one (STR-06).
    fn nothing_left(&mut self, element: Element<'_>, reason: Reason) -> Failure {
        if let Some(unknown) = element.children().find(|child| child.ns() == Ns::Other) {
            self.note_detail(unknown.name());
            return self.refuse_with(StreamCondition::UnsupportedFeature, Reason::FeatureUnknown);
        }
        self.fail(reason, &[Send::CloseTag, Send::Close])
    }

    fn limits(&mut self, element: Element<'_>) {
        let limits = element.child(Ns::Limits, "limits");
        let read = |name| {
            let text = limits?.child(Ns::Limits, name)?.text();
            number(text).filter(|value| *value > 0)
        };
        self.max_bytes = read("max-bytes");
        self.liveness.idle_limit(read("idle-seconds"));
    }
}

/// Element text that is a number: blanks around it do not count (XML-11); more than `u32` means no limit for us.
fn number(text: &str) -> Option<u32> {
    let digits = text.trim_matches([' ', '\t', '\n', '\r']);
    if digits.is_empty() || digits.len() > 20 {
        return None;
    }
    digits.bytes().try_fold(0u32, |value, byte| {
        let digit = byte.is_ascii_digit().then(|| u32::from(byte.wrapping_sub(b'0')))?;
        Some(value.saturating_mul(10).saturating_add(digit))
    })
}
