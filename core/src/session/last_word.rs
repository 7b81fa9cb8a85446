//! The last words about a file: what may be said only when it has its place, and what is heard then, from nobody but the
//! peer (ATK-53).

use super::incoming::Taken;
use super::state::State;
use crate::error::{Ending, Error, Reason, StanzaCondition};
use crate::output::{Timer, TransferId};
use crate::transfer::{OFFER_ID_BYTES, Phase, Texts, TransferSlot, receipt};
use crate::wire::receipt::Receipts;
use crate::wire::stanza::{Element, ErrorType, Ns, Stanza, error_says};
use subtle::ConstantTimeEq as _;

impl State<'_> {
    /// Everything came and is stored: compare, then ask the owner to give the file its place. Nothing final is said
    /// before that: not the acknowledgement of the last block (IBB-14, IBB-16), not the answer to a close, no receipt.
    pub(crate) fn settle_if_complete(&mut self, index: usize) {
        let Some(slot) = self.transfers.get_mut(index) else { return };
        if slot.phase != Phase::Receiving || !slot.flow.is_safe() || !slot.has_all() {
            return;
        }
        let verdict = slot.own_verdict();
        if matches!(verdict, Ending::Failed(..)) {
            // A receipt of version 0 tells the sender whose hash it was.
            slot.owed.receipt = slot.receipts == Receipts::V0;
            slot.finish(verdict);
        } else {
            slot.news.settle = true;
            slot.enter(Phase::Settling, Timer::None, None);
        }
    }

    /// The owner gave the file its place.
    pub(crate) fn settled(&mut self, id: TransferId) -> Result<(), Error> {
        self.check_alive()?;
        let deadline = self.in_ms(self.settings.times.finish_ms);
        let slot = self.transfer(id)?;
        if slot.phase != Phase::Settling || slot.news.settle {
            return Err(Error::State);
        }
        slot.placed = true;
        if slot.receipts == Receipts::V0 && slot.flow.knows_prefix() {
            slot.owed.receipt = true;
            slot.enter(Phase::Verifying, Timer::Finish, None);
        } else if slot.last_word || slot.over_socks5 || slot.bytestream.closed {
            slot.finish(slot.own_verdict());
        } else {
            slot.enter(Phase::Settled, Timer::Finish, deadline);
        }
        Ok(())
    }

    /// The sender's last word (receipt of version 1). Over a stream of its own the file may still be on its way.
    pub(crate) fn digest_in(&mut self, s: &Stanza<'_>, payload: &Element<'_>) -> Taken {
        let id = s.id.unwrap_or("");
        let said = receipt::read(payload);
        let texts =
            said.and_then(|said| Texts::incoming(said.sid, id)).filter(|_| id.len() <= OFFER_ID_BYTES);
        let (Some(from), Some(said), Some(texts)) = (s.from, said, texts) else {
            self.refuse(s, ErrorType::Modify, StanzaCondition::BadRequest);
            return Taken::Done;
        };
        let awaited = |t: &TransferSlot| {
            let answered = t.owed.answer.is_none() && t.owed.verdict.is_none();
            t.receipts == Receipts::V1 && t.phase == Phase::Receiving && !t.last_word && answered
        };
        let Some(index) = self.find(from, said.sid, awaited) else {
            return self.digest_refused(s, from, said.sid);
        };
        let Some(slot) = self.transfers.get_mut(index) else { return Taken::Done };
        slot.last_word = true;
        slot.texts = texts;
        let equal = |(offered, said): ([u8; 32], [u8; 32])| bool::from(offered.ct_eq(&said));
        if !slot.file.sha256.zip(said.sha256).is_none_or(equal) {
            slot.fail(Reason::HashMismatch, None);
        } else if !slot.over_socks5 && !slot.flow.is_through() {
            slot.fail(Reason::TooFewBytes, None);
        } else {
            slot.file.sha256 = slot.file.sha256.or(said.sha256);
            self.settle_if_complete(index);
        }
        Taken::Done
    }

    /// A last word that nobody waits for: said again (QRK-51), or about a file that was given up.
    fn digest_refused(&mut self, s: &Stanza<'_>, from: &str, sid: &str) -> Taken {
        let known = self.find(from, sid, |t| !t.is_sender()).and_then(|index| self.transfers.get(index));
        let (condition, word) = match known {
            Some(t) if t.last_word && Some(t.texts.name()) == s.id => return Taken::Done,
            // Not asked for: the file goes its way as with any other sender.
            Some(t) if t.receipts != Receipts::V1 => (StanzaCondition::FeatureNotImplemented, None),
            Some(t) => t.refusal(),
            None => (StanzaCondition::ItemNotFound, None),
        };
        self.refuse_with(s, ErrorType::Cancel, condition, word.map(|word| (Ns::Receipt1, word)));
        Taken::Done
    }

    /// The receiver answered our last word.
    pub(crate) fn digest_answered(&mut self, index: usize, s: &Stanza<'_>, error: Option<StanzaCondition>) {
        let store_failed = error_says(s.element, Ns::Receipt1, receipt::STORE_FAILED);
        let unverified = s.payload.is_some_and(|p| p.is(Ns::Receipt1, receipt::UNVERIFIED));
        let Some(slot) = self.transfers.get_mut(index) else { return };
        let said = error.map(crate::Condition::Stanza);
        match error {
            None if unverified || slot.own_sha256().is_none() => slot.finish(Ending::Delivered),
            None => slot.finish(Ending::Done),
            Some(_) if store_failed => slot.fail(Reason::PeerStoreFailed, said),
            Some(StanzaCondition::NotAcceptable) => slot.fail(Reason::HashMismatch, said),
            // Its stream of its own broke before it had everything, or it gave up.
            Some(StanzaCondition::ItemNotFound) if slot.over_socks5 && slot.attempt.stream == 0 => {
                slot.fail(Reason::BytestreamLost, said);
            }
            Some(StanzaCondition::ItemNotFound) => slot.fail(Reason::PeerCancelled, said),
            // A server answers in its place, which need not mean that nothing arrived.
            Some(_) => slot.abandon(Reason::PeerGone, said),
        }
    }

    /// A receipt of version 0 came from the receiver.
    pub(crate) fn receipt_in(&mut self, s: &Stanza<'_>, payload: &Element<'_>) -> Taken {
        let said = receipt::read(payload);
        let (Some(said), Some(sha256)) = (said, said.and_then(|said| said.sha256)) else {
            self.refuse(s, ErrorType::Modify, StanzaCondition::BadRequest);
            return Taken::Done;
        };
        let sent = |t: &TransferSlot| {
            t.receipts == Receipts::V0
                && t.flow.is_safe()
                && matches!(t.phase, Phase::Sending | Phase::Closing | Phase::Confirming)
        };
        let found = s.from.and_then(|from| self.find(from, said.sid, sent));
        let Some(slot) = found.and_then(|index| self.transfers.get_mut(index)) else {
            self.refuse(s, ErrorType::Cancel, StanzaCondition::ItemNotFound);
            return Taken::Done;
        };
        let own = slot.own_sha256();
        if own.is_some_and(|own| own.ct_eq(&sha256).into()) {
            slot.finish(Ending::Done);
            self.result(s);
        } else if own.is_none() {
            // The owner moved the bytes itself: nothing speaks against them, and nothing confirms them either, so that the
            // receiver must not take this for a match.
            slot.finish(Ending::Delivered);
            self.refuse(s, ErrorType::Cancel, StanzaCondition::ItemNotFound);
        } else {
            slot.fail(Reason::HashMismatch, None);
            self.refuse(s, ErrorType::Cancel, StanzaCondition::NotAcceptable);
        }
        Taken::Done
    }

    /// The sender answered our receipt of version 0, or did not in time (`error` as if it had nothing to say then).
    pub(crate) fn receipt_answered(&mut self, index: usize, answer: Result<(), Option<StanzaCondition>>) {
        let Some(slot) = self.transfers.get_mut(index) else { return };
        match answer {
            Ok(()) => slot.finish(Ending::Done),
            Err(Some(condition @ StanzaCondition::NotAcceptable)) => {
                slot.fail(Reason::HashMismatch, Some(crate::Condition::Stanza(condition)))
            }
            // The sender is gone or forgot; our own comparison stands.
            Err(_) => slot.finish(slot.own_verdict()),
        }
    }
}
