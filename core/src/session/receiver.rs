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
use crate::transport::pace::Least;
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
        let empty = found.and_then(|index| self.transfers.get(index)).is_some_and(|t| t.start == t.end);
        // QRK-48: nothing is to come, and some senders never close.
        let times = self.receiving_times(empty);
        let yields = found.is_some_and(|index| self.yields_to_in_band(index));
        let found = found.and_then(|index| Some((index, self.transfers.get_mut(index)?)));
        let Some((index, slot)) = found else {
            if self.settings.hosted {
                return Taken::NotMine;
            }
            self.refuse(s, ErrorType::Cancel, StanzaCondition::NotAcceptable);
            return Taken::Done;
        };
        let mark = ibb::id_mark(s.id.unwrap_or(""));
        let start = slot.start;
        // SM-22: a sender that resumed its stream says again what it said last, and hears the same again.
        let again = slot.is_open() && slot.bytestream.last == mark && slot.bytestream.block == open.block;
        if again {
            self.acknowledge(index, start, s);
        // Before our answer is out nobody can know of it.
        } else if !yields || slot.owed.answer.is_some() || slot.owed.verdict.is_some() {
            self.refuse(s, ErrorType::Cancel, StanzaCondition::NotAcceptable);
        } else if open.block > largest {
            slot.news.refused_block = open.block;
            self.refuse(s, ErrorType::Modify, StanzaCondition::ResourceConstraint);
        } else {
            if slot.over_socks5 {
                slot.left_by_sender();
                (slot.over_socks5, slot.attempt) = (false, Attempt::NONE);
                slot.news.fell_back = Some(false);
            }
            slot.route.method = Some(Method::InBand);
            slot.bytestream = Bytestream::new(open.block, open.carrier, Window::NONE);
            slot.bytestream.last = mark;
            slot.news.started = true;
            slot.enter(Phase::Receiving, Timer::Progress, None);
            slot.await_sender(times);
            // Blocks may follow at once, and their answers must not come first.
            self.acknowledge(index, start, s);
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
        let (now, least) = (self.now, self.least(true));
        let id = s.id.unwrap_or("");
        let acknowledged = s.kind == Kind::IqSet;
        let room = !acknowledged || self.acks.fits(id.len());
        let Some(slot) = self.transfers.get_mut(index) else { return Taken::Done };
        let offset = slot.moved;
        if acknowledged && room && slot.bytestream.is_repeat(payload.attr("seq"), id) {
            // It keeps no deadline away: nothing new came.
            self.acknowledge(index, offset, s);
            return Taken::Done;
        }
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
        let outcome = outcome.and_then(|(length, block)| {
            let bytes = u64::try_from(length).unwrap_or(0);
            let slow = ibb::Refusal { condition: StanzaCondition::PolicyViolation, reason: Reason::Stalled };
            if slot.keeps_pace(bytes, now, least) { Ok((length, block)) } else { Err(slow) }
        });
        match outcome {
            Ok((length, block)) => {
                slot.received(block.unwrap_or(&[]), u64::try_from(length).unwrap_or(0));
                slot.bytestream.last = ibb::id_mark(id);
                slot.await_sender(times);
                let upto = slot.moved;
                if acknowledged {
                    self.acknowledge(index, upto, s);
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

    /// Acknowledges what came once everything before `upto` is stored, behind what came before (IBB-14).
    fn acknowledge(&mut self, index: usize, upto: u64, s: &Stanza<'_>) {
        let (slot, generation) = self.key(index);
        // Only an id that is longer than all the room has none: its sender waits for this answer alone.
        if !self.acks.push(Ack { slot, generation, upto, id: s.id.unwrap_or("") }) {
            self.result(s);
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
            // SM-22: said again, while what came before is not stored yet.
            let again =
                |t: &TransferSlot| t.is_live() && !t.is_sender() && !t.over_socks5 && t.bytestream.closed;
            if let Some(index) = self.find(from, sid, again) {
                let end = self.transfers.get(index).map_or(0, |slot| slot.end);
                self.acknowledge(index, end, s);
            // IBB-34: closings may cross, and an aborted transfer is over already.
            } else if self.find(from, sid, |t| matches!(t.phase, Phase::Over | Phase::Confirming)).is_some() {
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
                let upto = slot.end;
                self.acknowledge(index, upto, s);
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

    /// How long a sender may take for its next bytes, and for the end behind the last one; soon if that costs nothing.
    pub(crate) fn receiving_times(&self, soon: bool) -> [Option<Instant>; 2] {
        let times = self.settings.times;
        let end_ms = if soon { times.end_ms } else { times.finish_ms };
        [self.in_ms(times.progress_ms), self.in_ms(end_ms)]
    }

    /// What a sender has to bring; those in band share one path (ATK-17).
    pub(crate) fn least(&self, in_band: bool) -> Least {
        let receiving = self.transfers.iter().filter(|t| t.phase == Phase::Receiving && !t.over_socks5);
        // Counted by hand: `count` adds with a check that leaves a panic path.
        let shared = receiving.fold(0usize, |count, _| count.saturating_add(1));
        Least::of(self.settings.least_rate, self.settings.times.rate_ms, if in_band { shared } else { 1 })
    }

    /// The owner stored everything before `upto`.
    pub(crate) fn stored(&mut self, id: TransferId, upto: u64) -> Result<(), Error> {
        self.check_alive()?;
        let over_socks5 = self.transfer(id)?.over_socks5;
        let now = self.now;
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
        if slot.safe == slot.moved && slot.moved > slot.start {
            slot.pace.turn(now);
        }
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
