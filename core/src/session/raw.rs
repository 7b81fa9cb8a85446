//! The data phase over SOCKS5: bytes as they are, in the owner's hands (S5B-10, S5B-15, S5B-19): those of
//! the range and nothing else (SI-15). Nothing is sent early, and nothing is needed back (QRK-23).

use super::emit::Next;
use super::incoming::Taken;
use super::state::State;
use crate::config::Method;
use crate::error::{Argument, Error, Reason};
use crate::negotiate::fallback::Socks5Failure;
use crate::output::{Skip, StreamEnd, StreamId, Timer, TransferId};
use crate::transfer::Phase;
use crate::transport::socks5::Step;
use crate::wire::receipt::Receipts;

/// Most bytes that the owner hands in at once, so that hashing them does not hold up everything else.
const SUPPLY_MAX: u64 = 1 << 20;

impl State<'_> {
    /// Sender: the stream is the peer's on both sides, payload may go (S5B-10).
    pub(crate) fn start_raw(&mut self, index: usize, method: Method) {
        let deadline = self.in_ms(self.settings.times.progress_ms);
        let Some(slot) = self.transfers.get_mut(index) else { return };
        slot.attempt.step = Step::Open;
        slot.route.method = Some(method);
        // What was missing when the offer went out may have come since.
        if method == Method::Mediated {
            slot.skip(Method::Direct, Skip::NotChosen);
            slot.route.mediated = Skip::Unneeded;
        } else {
            slot.skip(Method::Mediated, Skip::NotChosen);
            slot.route.direct = Skip::Unneeded;
        }
        slot.news.started = true;
        slot.enter(Phase::Sending, Timer::Progress, deadline);
        let contact = usize::from(slot.contact);
        if let Some(peer) = self.contacts.get_mut(contact) {
            peer.goes_by(method);
        }
        self.await_verdict_if_sent(index);
    }

    /// The next file whose bytes may go over its own stream; said once (`SendRaw`).
    pub(crate) fn next_raw(&mut self) -> Option<Next> {
        let count = if self.streams.is_empty() { 0 } else { self.transfers.len() };
        let index = (0..count).find(|index| {
            self.transfers.get(*index).is_some_and(|t| {
                t.phase == Phase::Sending && t.over_socks5 && !t.attempt.granted && !t.flow.is_through()
            })
        })?;
        let transfer = self.handle(index);
        let slot = self.transfers.get_mut(index)?;
        slot.attempt.granted = true;
        let (offset, max) = (slot.flow.moved(), slot.flow.left());
        Some(Next::SendRaw { transfer, stream: StreamId(slot.attempt.stream), offset, max })
    }

    /// The owner moved bytes itself.
    pub(crate) fn sent(&mut self, id: TransferId, upto: u64) -> Result<(), Error> {
        self.check_alive()?;
        let slot = self.transfer(id)?;
        use Phase::*;
        let over = matches!(slot.phase, Sending | Closing | Confirming | Over);
        if !over || !slot.over_socks5 || !slot.attempt.granted {
            return Err(Error::State);
        }
        if upto > slot.flow.end() {
            return Err(Error::Argument(Argument::Offset));
        }
        if slot.phase == Phase::Sending && upto > slot.flow.moved() {
            slot.flow.went_unseen(upto);
            self.raw_moved(usize::from(id.slot));
        }
        Ok(())
    }

    /// The owner hands in bytes for a stream of its own: they are hashed and given back. Returns the stream.
    pub(crate) fn supply_raw(
        &mut self,
        id: TransferId,
        offset: u64,
        bytes: &[u8],
    ) -> Result<StreamId, Error> {
        let slot = self.transfer(id)?;
        if slot.phase != Phase::Sending || !slot.attempt.granted {
            return Err(Error::State);
        }
        if offset != slot.flow.moved() {
            return Err(Error::Argument(Argument::Offset));
        }
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if length == 0 || length > SUPPLY_MAX.min(slot.flow.left()) {
            return Err(Error::Argument(Argument::Bytes));
        }
        slot.flow.went(bytes);
        let stream = StreamId(slot.attempt.stream);
        self.raw_moved(usize::from(id.slot));
        Ok(stream)
    }

    /// Bytes went to the stream.
    fn raw_moved(&mut self, index: usize) {
        let deadline = self.in_ms(self.settings.times.progress_ms);
        let Some(slot) = self.transfers.get_mut(index) else { return };
        // Nothing comes back for them: what is handed over counts as gone.
        slot.flow.save(slot.flow.moved());
        slot.deadline = deadline;
        self.await_verdict_if_sent(index);
    }

    /// Behind the last byte the verdict is awaited; the stream is shut down for writing by the next poll (S5B-19).
    fn await_verdict_if_sent(&mut self, index: usize) {
        let deadline = self.in_ms(self.settings.times.finish_ms);
        let Some(slot) = self.transfers.get_mut(index) else { return };
        if !slot.flow.is_through() {
            return;
        }
        let told = slot.receipts != Receipts::None;
        slot.enter(if told { Phase::Confirming } else { Phase::Closing }, Timer::Finish, deadline);
        slot.say_last_word();
    }

    /// Payload came on a transfer's own stream.
    pub(crate) fn raw_in(&mut self, index: usize, bytes: &[u8]) -> Taken {
        let (now, least) = (self.now, self.least(false));
        let Some(slot) = self.transfers.get_mut(index) else { return Taken::Done };
        // S5B-10: a sender, or a receiver that is through, is sent nothing that counts.
        if slot.phase != Phase::Receiving || slot.bytestream.closed || bytes.is_empty() {
            return Taken::Done;
        }
        let (offset, length) = (slot.flow.moved(), u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        // SI-17, ATK-31, ATK-41; ATK-17
        let wrong = if length > slot.flow.left() {
            Some(Reason::TooManyBytes)
        } else {
            (!slot.keeps_pace(length, now, least)).then_some(Reason::Stalled)
        };
        if let Some(reason) = wrong {
            slot.skip_used(Skip::Broken);
            slot.fail(reason, None);
            return Taken::Done;
        }
        slot.flow.came(bytes);
        self.await_sender(index);
        Taken::Data { index, offset }
    }

    /// The other side sends no more on a transfer's own stream, or it broke (S5B-15).
    pub(crate) fn raw_ended(&mut self, index: usize, end: StreamEnd) {
        let unused = self.yields_to_in_band(index);
        let word = self.in_ms(self.settings.times.end_ms);
        let Some(slot) = self.transfers.get_mut(index) else { return };
        let orderly = end == StreamEnd::Ended;
        // S5B-34: while our streamhosts are out, the id of a stream that is gone keeps others from taking its place.
        if !orderly && slot.phase != Phase::Opening {
            slot.attempt.stream = 0;
        }
        slot.attempt.left = true;
        match slot.phase {
            Phase::Receiving if slot.flow.is_through() => {
                slot.bytestream.closed = true;
                self.settle_if_complete(index);
            }
            Phase::Receiving if unused => self.wait_in_band(index),
            Phase::Receiving => {
                slot.skip_used(Skip::Broken);
                slot.fail(if orderly { Reason::TooFewBytes } else { Reason::BytestreamLost }, None);
            }
            // In good order it may be the receiver's half that is shut down already: the proxy's answer tells.
            Phase::Opening if slot.attempt.step == Step::Activating && !orderly => {
                self.socks5_failed(index, Socks5Failure::ProxyUnreached, None);
            }
            // Nobody without receipts says more than this. What broke behind the last byte may have arrived whole.
            Phase::Closing => slot.hand_over(),
            // A receiver may shut down its own half at any time: it has nothing to send.
            Phase::Sending if orderly => {}
            Phase::Sending => {
                slot.skip_used(Skip::Broken);
                if slot.receipts == Receipts::None {
                    slot.fail(Reason::BytestreamLost, None);
                } else {
                    // A receiver that gave up says why, and its word may come a moment later than the end of the stream.
                    slot.enter(Phase::Broken, Timer::Finish, word);
                }
            }
            _ => {}
        }
    }
}
