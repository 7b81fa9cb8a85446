//! The receiving side: openings, blocks, the end.

use super::acks::Ack;
use super::incoming::{Block, Taken};
use super::state::State;
use crate::config::Method;
use crate::error::{Ending, Error, Reason, StanzaCondition};
use crate::output::{Timer, TransferId};
use crate::session::Cancel;
use crate::time::Instant;
use crate::transfer::{Phase, TransferSlot};
use crate::transport::ibb::{self, Bytestream};
use crate::transport::socks5::Attempt;
use crate::transport::window::Window;
use crate::wire::stanza::{Element, ErrorType, Kind, Stanza};

impl State<'_> {
    /// An `<open/>` (IBB-04..08). Only the offering peer may open, once, after the owner accepted (SI-18, ATK-34).
    pub(crate) fn open_in(&mut self, s: &Stanza<'_>, payload: &Element<'_>) -> Taken {
        let Some(open) = ibb::read_open(payload) else {
            if self.belongs_elsewhere(s, payload) {
                return Taken::NotMine;
            }
            self.refuse(s, ErrorType::Modify, StanzaCondition::BadRequest);
            return Taken::Done;
        };
        let found = s.from.and_then(|from| self.find(from, open.sid, |t| t.is_live() && !t.is_sender()));
        let largest = self.settings.block_bytes;
        let times = self.receiving_times(false);
        let yields = found.is_some_and(|index| self.yields_to_in_band(index));
        let Some(slot) = found.and_then(|index| self.transfers.get_mut(index)) else {
            if self.settings.hosted {
                return Taken::NotMine;
            }
            self.refuse(s, ErrorType::Cancel, StanzaCondition::NotAcceptable);
            return Taken::Done;
        };
        // Before our answer is out nobody can know of it.
        if !yields || slot.owed.answer.is_some() || slot.owed.verdict.is_some() {
            self.refuse(s, ErrorType::Cancel, StanzaCondition::NotAcceptable);
        } else if open.block > largest {
            self.refuse(s, ErrorType::Modify, StanzaCondition::ResourceConstraint);
        } else {
            if slot.over_socks5 {
                slot.left_by_sender();
                (slot.over_socks5, slot.attempt) = (false, Attempt::NONE);
                slot.news.fell_back = Some(false);
            }
            slot.route.method = Some(Method::InBand);
            slot.bytestream = Bytestream::new(open.block, open.carrier, Window::NONE);
            slot.news.started = true;
            slot.enter(Phase::Receiving, Timer::Progress, None);
            slot.await_sender(times);
            self.result(s);
        }
        Taken::Done
    }

    /// A block, by iq or message (IBB-18, IBB-20).
    pub(crate) fn block_in(&mut self, s: &Stanza<'_>, payload: &Element<'_>, block: Block<'_>) -> Taken {
        let (from, sid) = (s.from.unwrap_or(""), payload.attr("sid").unwrap_or(""));
        let receiving =
            |t: &TransferSlot| t.phase == Phase::Receiving && !t.over_socks5 && !t.bytestream.closed;
        let Some(index) = self.find(from, sid, receiving) else {
            if self.belongs_elsewhere(s, payload) {
                return Taken::NotMine;
            }
            // ATK-20, ATK-21, IBB-33: unknown here, whoever else has such a stream.
            self.refuse(s, ErrorType::Cancel, StanzaCondition::ItemNotFound);
            return Taken::Done;
        };
        let times = self.receiving_times(false);
        let id = s.id.unwrap_or("");
        let acknowledged = s.kind == Kind::IqSet;
        let room = !acknowledged || self.acks.fits(id.len());
        let Some(slot) = self.transfers.get_mut(index) else { return Taken::Done };
        let offset = slot.moved;
        let left = slot.end.saturating_sub(offset);
        let outcome = match block {
            _ if !room => {
                Err(ibb::Refusal { condition: StanzaCondition::ResourceConstraint, reason: Reason::Overrun })
            }
            Some(block) => {
                slot.bytestream.receive(payload.attr("seq"), block, left).map(|length| (length, block))
            }
            None => slot
                .bytestream
                .receive(payload.attr("seq"), Ok(&[]), left)
                .map(|length| (length, Ok(&[][..]))),
        };
        match outcome {
            Ok((length, block)) => {
                slot.received(block.unwrap_or(&[]), u64::try_from(length).unwrap_or(0));
                slot.await_sender(times);
                let (upto, generation) = (slot.moved, slot.generation);
                if acknowledged {
                    let slot = u16::try_from(index).unwrap_or(u16::MAX);
                    self.acks.push(Ack { slot, generation, upto, id });
                }
                if length > 0 { Taken::Data { index, offset } } else { Taken::Done }
            }
            Err(refusal) => {
                slot.fail(refusal.reason, None);
                let kind = match refusal.condition {
                    StanzaCondition::ResourceConstraint => ErrorType::Wait,
                    StanzaCondition::BadRequest if refusal.reason != Reason::Base64 => ErrorType::Modify,
                    _ => ErrorType::Cancel,
                };
                self.refuse(s, kind, refusal.condition);
                Taken::Done
            }
        }
    }

    /// A `<close/>` (IBB-30..35), for either side of a transfer.
    pub(crate) fn close_in(&mut self, s: &Stanza<'_>, payload: &Element<'_>) -> Taken {
        let (from, sid) = (s.from.unwrap_or(""), payload.attr("sid").unwrap_or(""));
        // A sender that gives up after our answer has no other word for it than the close.
        let closable = |t: &TransferSlot| {
            t.is_open()
                || matches!(t.phase, Phase::Waiting | Phase::Connecting | Phase::Receiving)
                // And a receiver that gives up has none for a sender that is through with a stream of its own.
                || t.over_socks5 && matches!(t.phase, Phase::Sending | Phase::Closing | Phase::Confirming)
        };
        let Some(index) = self.find(from, sid, |t| closable(t) && !t.bytestream.closed) else {
            // IBB-34: closings may cross, and an aborted transfer is over already.
            if self.find(from, sid, |t| matches!(t.phase, Phase::Over | Phase::Confirming)).is_some() {
                self.result(s);
            } else if self.belongs_elsewhere(s, payload) {
                return Taken::NotMine;
            } else {
                self.refuse(s, ErrorType::Cancel, StanzaCondition::ItemNotFound);
            }
            return Taken::Done;
        };
        let Some(slot) = self.transfers.get_mut(index) else { return Taken::Done };
        match slot.phase {
            Phase::Receiving if !slot.over_socks5 && slot.moved == slot.end => {
                slot.bytestream.closed = true;
                let (upto, generation) = (slot.end, slot.generation);
                let entry = u16::try_from(index).unwrap_or(u16::MAX);
                // Behind the blocks, so that the answers keep the order of the questions.
                if !self.acks.push(Ack { slot: entry, generation, upto, id: s.id.unwrap_or("") }) {
                    self.result(s);
                }
                self.complete_if_stored(index);
            }
            Phase::Receiving if !slot.over_socks5 => {
                slot.bytestream.closed = true;
                slot.fail(Reason::TooFewBytes, None);
                self.result(s);
            }
            // The receiver gave up, or our own closing crossed its.
            Phase::Closing if !slot.over_socks5 && slot.safe == slot.end => {
                self.result(s);
                self.closed(index);
            }
            _ => {
                slot.bytestream.closed = true;
                slot.fail(Reason::PeerCancelled, None);
                self.result(s);
            }
        }
        Taken::Done
    }

    /// How long a sender may take for its next bytes, and for the end behind the last one.
    pub(crate) fn receiving_times(&self, over_socks5: bool) -> [Option<Instant>; 2] {
        let times = self.settings.times;
        let end_ms = if over_socks5 { times.end_ms } else { times.finish_ms };
        [self.in_ms(times.progress_ms), self.in_ms(end_ms)]
    }

    /// The owner stored everything before `upto`.
    pub(crate) fn stored(&mut self, id: TransferId, upto: u64) -> Result<(), Error> {
        self.check_alive()?;
        let over_socks5 = self.transfer(id)?.over_socks5;
        let times = self.receiving_times(over_socks5);
        let slot = self.transfer(id)?;
        if !matches!(slot.phase, Phase::Receiving | Phase::Verifying | Phase::Over) {
            return Err(Error::State);
        }
        if upto > slot.moved {
            return Err(Error::Argument(crate::Argument::Offset));
        }
        if slot.phase == Phase::Over {
            return Ok(());
        }
        if upto > slot.safe && slot.phase == Phase::Receiving {
            // From here on it is the peer's turn again.
            slot.await_sender(times);
        }
        slot.safe = slot.safe.max(upto);
        self.complete_if_stored(usize::from(id.slot));
        Ok(())
    }

    /// Everything came, is closed, and is stored: compare hashes and tell the sender (SI states, Verifying).
    pub(crate) fn complete_if_stored(&mut self, index: usize) {
        let Some(slot) = self.transfers.get_mut(index) else { return };
        if slot.phase != Phase::Receiving || !slot.bytestream.closed || slot.safe != slot.end {
            return;
        }
        let verdict = slot.own_verdict();
        // Without its head a file has no hash that could be told.
        slot.receipts &= slot.hashed == slot.start;
        slot.owed.receipt = slot.receipts;
        if slot.receipts && !matches!(verdict, Ending::Failed(..)) {
            slot.enter(Phase::Verifying, Timer::Finish, None);
        } else {
            slot.finish(verdict);
        }
    }

    /// The sender answered our receipt, or did not in time (`error` as if it had nothing to say then).
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

    /// The owner cancels, either side.
    pub(crate) fn cancel(&mut self, id: TransferId, why: Cancel) -> Result<(), Error> {
        self.check_alive()?;
        let slot = self.transfer(id)?;
        slot.fail(
            match why {
                Cancel::Wish => Reason::Cancelled,
                Cancel::ReadFailed => Reason::ReadFailed,
                Cancel::StoreFailed => Reason::StoreFailed,
            },
            None,
        );
        Ok(())
    }
}
