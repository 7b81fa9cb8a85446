//! Authentication: which mechanism, and its exchange (SASL-01..11), whoever wants it weaker (ATK-09).

use super::exchange::{Exchange, Phase};
use super::mechanism::Mechanism;
use super::outgoing::Send;
use super::{Account, Failure, Link, State, Step};
use crate::config::ScramFloor;
use crate::error::{Condition, Error, Reason, SaslCondition};
use crate::time::Instant;
use crate::wire::base64;
use crate::wire::scram::{Binding, Hash, SERVER_FIRST_BYTES, Scram, ScramError};
use crate::wire::stanza::{Element, Ns};
use crate::wire::xml::Writer;
use zeroize::Zeroize as _;

/// Room for the longest message of ours: an escaped user name, or user name and password.
const MESSAGE_BYTES: usize = 1024;

impl Link {
    /// Starts the best mechanism that both sides have.
    pub(super) fn start_sasl(&mut self, now: Instant) -> Result<Step, Failure> {
        let Some(mechanism) = Mechanism::ALL.into_iter().find(|mechanism| self.allows(*mechanism)) else {
            let reason = if self.is_stripped() { Reason::Downgrade } else { Reason::NoMechanism };
            return Err(self.fail(reason, &[Send::CloseTag, Send::Close]));
        };
        self.scram = match mechanism.hash() {
            Some(hash) => match self.new_scram(hash, mechanism) {
                Ok(scram) => Some(scram),
                Err(_) => return Err(self.fail(Reason::NoMechanism, &[Send::CloseTag, Send::Close])),
            },
            None => None,
        };
        self.exchange.mechanism = Some(mechanism);
        self.exchange.phase = Phase::Started;
        self.next(State::Sasl, Send::Auth, now);
        Ok(Step::Taken)
    }

    fn allows(&self, mechanism: Mechanism) -> bool {
        let Exchange { offer, tried, .. } = self.exchange;
        let sasl = self.cfg.sasl;
        // The least preferred mechanism that the floor still lets through.
        let floor = match sasl.floor {
            ScramFloor::Sha256Plus => Mechanism::Sha256Plus,
            ScramFloor::Sha1Plus => Mechanism::Sha1Plus,
            ScramFloor::Sha256 => Mechanism::Sha256,
            ScramFloor::Sha1 => Mechanism::Plain,
        };
        let permitted = match mechanism {
            Mechanism::External => sasl.external && self.encrypted,
            Mechanism::Sha256Plus | Mechanism::Sha1Plus => self.binding().is_some(),
            Mechanism::Sha256 | Mechanism::Sha1 => true,
            Mechanism::Plain => sasl.plain && self.encrypted,
        };
        permitted && mechanism <= floor && offer.has(mechanism) && tried & mechanism.bit() == 0
    }

    /// The channel binding for a -PLUS mechanism: a type the server announced and we have. Without announcement
    /// deployed servers take types we must not use, so -PLUS is left alone unless the owner insists on it.
    fn binding(&self) -> Option<Binding<'_>> {
        let offer = self.exchange.offer;
        let guess = self.insists() && !offer.announced;
        let exporter = self.bindings.exporter().filter(|_| offer.exporter || guess);
        let end_point = self.bindings.server_end_point().filter(|_| offer.server_end_point || guess);
        if !self.encrypted {
            return None;
        }
        exporter.map(Binding::Exporter).or_else(|| end_point.map(Binding::ServerEndPoint))
    }

    /// The owner's floor makes channel binding a must.
    fn insists(&self) -> bool {
        matches!(self.cfg.sasl.floor, ScramFloor::Sha1Plus | ScramFloor::Sha256Plus)
    }

    /// SASL-09: types are announced and every mechanism that uses them is gone. Many operators switch only the mechanisms
    /// off, and the `y` flag tells the server of a real theft, so it counts only where a binding is a must.
    fn is_stripped(&self) -> bool {
        let offer = self.exchange.offer;
        self.encrypted && self.insists() && offer.announced && !offer.any_plus
    }

    fn new_scram(&mut self, hash: Hash, mechanism: Mechanism) -> Result<Scram, ScramError> {
        let mut nonce = [b'A'; base64::encoded_len(24) + 1];
        let _ = base64::encode(&self.cfg.nonce, &mut nonce); // the room is exact
        if let Some(last) = nonce.last_mut() {
            *last = b'A'.wrapping_add(self.exchange.attempt & 15);
        }
        self.exchange.attempt = self.exchange.attempt.wrapping_add(1);
        let binding = match self.binding() {
            Some(binding) if mechanism.binds() => binding,
            // SASL-08, QRK-42: `y` is a claim that the server offered nothing, which a server that did must reject.
            _ if self.bindings.any() && !self.exchange.offer.any_plus => Binding::NotOffered,
            _ => Binding::Unsupported,
        };
        Scram::new(hash, binding, &nonce)
    }

    pub(super) fn sasl(
        &mut self,
        element: Element<'_>,
        account: &Account<'_>,
        now: Instant,
    ) -> Result<Step, Failure> {
        // Nothing can be answered that is not out yet.
        if self.outgoing.has(Send::Auth) || self.outgoing.has(Send::Response) {
            return self.unexpected();
        }
        match element.name() {
            "challenge" => self.challenge(element, account, now),
            "success" => self.success(element, now),
            "failure" => self.sasl_failure(element, now),
            _ => self.unexpected(),
        }
    }

    fn challenge(
        &mut self,
        element: Element<'_>,
        account: &Account<'_>,
        now: Instant,
    ) -> Result<Step, Failure> {
        let mut buf = [0u8; SERVER_FIRST_BYTES];
        let (Some(message), Some(scram)) = (decoded(element, &mut buf), self.scram.as_mut()) else {
            return Err(self.abort(ScramError::Malformed));
        };
        let result = match self.exchange.phase {
            Phase::Started => {
                let rounds_max = self.cfg.sasl.rounds_max;
                scram.server_first(message, account.password.as_bytes(), rounds_max).map(|()| Phase::Deriving)
            }
            Phase::Proof => scram.server_final(message).map(|()| Phase::Confirmed),
            _ => Err(ScramError::State),
        };
        let phase = result.map_err(|error| self.abort(error))?;
        self.exchange.phase = phase;
        self.liveness.step_starts(now);
        if phase == Phase::Confirmed {
            self.outgoing.add(Send::Response);
        }
        Ok(Step::Taken)
    }

    /// SASL-07: with SCRAM a success is believed only after the server's signature was right.
    fn success(&mut self, element: Element<'_>, now: Instant) -> Result<Step, Failure> {
        if let Some(scram) = &mut self.scram {
            let mut buf = [0u8; SERVER_FIRST_BYTES];
            let result = match (decoded(element, &mut buf), self.exchange.phase) {
                // What cannot be read is no sign of an impostor.
                (None, _) => Err(ScramError::Malformed),
                (Some(message), Phase::Proof) if !message.is_empty() => scram.server_final(message),
                _ => Ok(()),
            };
            let proven = scram.is_verified();
            match result {
                Err(error) => return Err(self.abort(error)),
                Ok(()) if !proven => return Err(self.abort(ScramError::Signature)),
                Ok(()) => {}
            }
        }
        self.scram = None;
        self.exchange = Exchange::default();
        self.authenticated = true;
        self.new_header(now);
        Ok(Step::Restart)
    }

    fn sasl_failure(&mut self, element: Element<'_>, now: Instant) -> Result<Step, Failure> {
        let condition = element
            .children()
            .filter(|child| child.ns() == Ns::Sasl)
            .find_map(|child| SaslCondition::from_name(child.name()));
        let tried = self.exchange.mechanism.map_or(0, Mechanism::bit);
        self.exchange.tried |= tried;
        // SASL-10: only these two say that another mechanism may do; a weaker one after a wrong password must not be tried.
        let another =
            matches!(condition, Some(SaslCondition::InvalidMechanism | SaslCondition::MechanismTooWeak));
        if another && Mechanism::ALL.into_iter().any(|mechanism| self.allows(mechanism)) {
            return self.start_sasl(now);
        }
        self.note_detail(element.child(Ns::Sasl, "text").map_or("", |text| text.text()));
        let reason = match condition {
            Some(SaslCondition::NotAuthorized) => Reason::NotAuthorized,
            _ => Reason::AuthFailed,
        };
        self.give_up(&[Send::CloseTag, Send::Close]);
        Err(Failure { reason, condition: condition.map(Condition::Sasl) })
    }

    /// We end the exchange because of what the server said in it.
    fn abort(&mut self, error: ScramError) -> Failure {
        let reason = match error {
            ScramError::Signature => Reason::ServerNotProven,
            ScramError::Refused => Reason::AuthFailed,
            _ => Reason::BadChallenge,
        };
        self.fail(reason, &[Send::Abort, Send::CloseTag, Send::Close])
    }

    /// One step of the key derivation (SASL-06); true when more are needed. Progress keeps the step alive, the
    /// deadline of the whole login stays.
    pub(super) fn derive(&mut self, now: Instant) -> bool {
        if self.state != State::Sasl || self.exchange.phase != Phase::Deriving {
            return false;
        }
        self.liveness.step_starts(now);
        let rounds = self.cfg.sasl.rounds_per_poll;
        if self.scram.as_mut().is_some_and(|scram| !scram.run(rounds)) {
            return true;
        }
        self.exchange.phase = Phase::Proof;
        self.outgoing.add(Send::Response);
        false
    }

    pub(super) fn write_auth(&self, w: &mut Writer<'_>, account: &Account<'_>) -> Result<(), Error> {
        let Some(mechanism) = self.exchange.mechanism else {
            return Err(Error::State);
        };
        w.open("auth").attr("xmlns", Ns::Sasl.uri()).attr("mechanism", mechanism.name());
        let mut message = [0u8; MESSAGE_BYTES];
        match &self.scram {
            Some(scram) => {
                let length = scram.client_first(account.local, &mut message).map_err(|_| Error::State)?;
                w.text_base64(message.get(..length).unwrap_or_default());
            }
            None if mechanism == Mechanism::Plain => {
                let length = plain(account, &mut message);
                w.text_base64(message.get(..length).unwrap_or_default());
                message.zeroize();
            }
            // SASL-11: the certificate says who we are, or which of several we may be.
            None if self.cfg.sasl.names_account => {
                w.text_base64(account.bare.as_bytes());
            }
            None => {
                w.text("=");
            }
        }
        w.close("auth");
        Ok(())
    }

    pub(super) fn write_response(&mut self, w: &mut Writer<'_>, account: &Account<'_>) -> Result<(), Error> {
        w.open("response").attr("xmlns", Ns::Sasl.uri());
        if let (Phase::Proof, Some(scram)) = (self.exchange.phase, &mut self.scram) {
            let mut message = [0u8; MESSAGE_BYTES];
            let length = scram.client_final(account.local, &mut message).map_err(|_| Error::State)?;
            w.text_base64(message.get(..length).unwrap_or_default());
        }
        w.close("response");
        Ok(())
    }
}

/// The message in a SASL element, strictly decoded (SASL-02); `=` stands for an empty one.
fn decoded<'b>(element: Element<'_>, buf: &'b mut [u8]) -> Option<&'b [u8]> {
    match element.text() {
        "" | "=" => Some(&[]),
        text => {
            let length = base64::decode_strict(text.as_bytes(), buf).ok()?;
            buf.get(..length)
        }
    }
}

/// RFC 4616: empty authorization identity, user name, password.
fn plain(account: &Account<'_>, out: &mut [u8]) -> usize {
    let parts = [&[0u8][..], account.local.as_bytes(), &[0u8], account.password.as_bytes()];
    let mut length = 0usize;
    for (slot, byte) in out.iter_mut().zip(parts.into_iter().flatten()) {
        *slot = *byte;
        length = length.saturating_add(1);
    }
    length
}
