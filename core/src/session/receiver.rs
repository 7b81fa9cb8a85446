//! The receiving side: openings, blocks, the end.

use super::acks::Ack;
use super::incoming::{Block, Taken};
use super::state::State;
use crate::config::Method;
use crate::error::{Error, Reason, StanzaCondition};
use crate::output::{Skip, Timer, TransferId};
use crate::session::Cancel;
use crate::transfer::{Phase, TransferSlot, receipt};
use crate::transport::ibb::{self, Bytestream};
use crate::transport::pace::Least;
use crate::transport::socks5::Attempt;
use crate::transport::window::Window;
use crate::wire::receipt::Receipts;
use crate::wire::stanza::{Element, ErrorType, Kind, Ns, Stanza};

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
        let yields = found.is_some_and(|index| self.yields_to_in_band(index));
        let found = found.and_then(|index| Some((index, self.transfers.get_mut(index)?)));
        let Some((index, slot)) = found else {
            if self.settings.hosted {
                return Taken::NotMine;
            }
            // IBB-06
            self.refuse(s, ErrorType::Cancel, StanzaCondition::NotAcceptable);
            return Taken::Done;
        };
        let mark = ibb::id_mark(s.id.unwrap_or(""));
        // SM-22: a sender that resumed its stream says again what it said last, and hears the same again.
        let again = slot.is_open() && slot.bytestream.last == mark && slot.bytestream.block == open.block;
        if again {
            self.acknowledge_open(index, s);
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
            self.begins(index);
            self.await_sender(index);
            self.acknowledge_open(index, s);
        }
        Taken::Done
    }

    /// A block, by iq or message (IBB-18, IBB-20).
    pub(crate) fn block_in(&mut self, s: &Stanza<'_>, payload: &Element<'_>, block: Block<'_>) -> Taken {
        let (from, sid) = (s.from.unwrap_or(""), payload.attr("sid").unwrap_or(""));
        // A block that strays in while a receipt of version 0 is out must not take back what that says.
        let receives = |t: &TransferSlot| t.is_open() && !t.is_sender() && t.phase != Phase::Verifying;
        let Some(index) = self.find(from, sid, receives) else {
            if self.belongs_elsewhere(s, payload) {
                return Taken::NotMine;
            }
            // ATK-20, ATK-21, IBB-33: unknown here, whoever else has such a stream; or given up, and the sender hears why.
            let over = self.find(from, sid, |t| t.phase == Phase::Over);
            let over = over.and_then(|index| self.transfers.get(index));
            let (condition, word) = over.map_or((StanzaCondition::ItemNotFound, None), TransferSlot::refusal);
            self.refuse_with(s, ErrorType::Cancel, condition, word.map(|word| (Ns::Receipt1, word)));
            return Taken::Done;
        };
        let (now, least) = (self.now, self.least(true));
        let id = s.id.unwrap_or("");
        let acknowledged = s.kind == Kind::IqSet;
        let room = !acknowledged || self.acks.fits(id.len());
        let Some(slot) = self.transfers.get_mut(index) else { return Taken::Done };
        let offset = slot.flow.moved();
        if acknowledged && room && slot.bytestream.is_repeat(payload.attr("seq"), id) {
            // It keeps no deadline away: nothing new came.
            self.acknowledge(index, offset, s);
            return Taken::Done;
        }
        let left = slot.flow.left();
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
                slot.flow.came(block.unwrap_or(&[]));
                slot.bytestream.last = ibb::id_mark(id);
                let upto = slot.flow.moved();
                self.await_sender(index);
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

    /// Answers an opening. Blocks may follow at once, and their answers must not come first. Of an empty file the first thing
    /// that waits is the close (IBB-38).
    fn acknowledge_open(&mut self, index: usize, s: &Stanza<'_>) {
        match self.transfers.get(index).filter(|slot| slot.flow.length() > 0).map(|slot| slot.flow.start()) {
            Some(start) => self.acknowledge(index, start, s),
            None => self.result(s),
        }
    }

    /// A `<close/>` (IBB-30..35), for either side of a transfer: answered behind what came before it (IBB-32, QRK-08), and no
    /// proof that everything did (IBB-35).
    pub(crate) fn close_in(&mut self, s: &Stanza<'_>, payload: &Element<'_>) -> Taken {
        let (from, sid) = (s.from.unwrap_or(""), payload.attr("sid").unwrap_or(""));
        use Phase::*;
        // A sender that gives up after our answer has no other word for it than the close, and a receiver that gives up
        // has none for a sender that is through with a stream of its own.
        let closable = |t: &TransferSlot| match t.phase {
            Waiting | Connecting => true,
            Sending | Closing | Confirming | Broken if t.over_socks5 => true,
            Receiving if t.over_socks5 => !t.has_all(),
            _ => t.is_open(),
        };
        let Some(index) = self.find(from, sid, closable) else {
            // SM-22: said again, while what came before is not stored yet.
            let again =
                |t: &TransferSlot| t.is_live() && !t.is_sender() && !t.over_socks5 && t.bytestream.closed;
            let late =
                |t: &TransferSlot| matches!(t.phase, Over | Confirming | Receiving | Settling | Verifying);
            if let Some(index) = self.find(from, sid, again) {
                let end = self.transfers.get(index).map_or(0, |slot| slot.flow.end());
                self.acknowledge(index, end, s);
            // IBB-34: closings may cross, and an aborted transfer is over already.
            } else if self.find(from, sid, late).is_some() {
                self.result(s);
            } else if self.belongs_elsewhere(s, payload) {
                return Taken::NotMine;
            } else {
                self.refuse(s, ErrorType::Cancel, StanzaCondition::ItemNotFound);
            }
            return Taken::Done;
        };
        let why = receipt::reason_of_close(payload);
        let Some(slot) = self.transfers.get_mut(index) else { return Taken::Done };
        let complete = slot.flow.is_through() && (slot.receipts != Receipts::V1 || slot.last_word);
        match slot.phase {
            Receiving | Settling | Settled | Verifying if !slot.over_socks5 && complete => {
                slot.bytestream.closed = true;
                let (upto, waits) = (slot.flow.end(), slot.phase == Settled);
                if waits {
                    slot.finish(slot.own_verdict());
                }
                self.acknowledge(index, upto, s);
                self.settle_if_complete(index);
            }
            Receiving if !slot.over_socks5 && !slot.flow.is_through() => {
                slot.bytestream.closed = true;
                slot.fail(Reason::TooFewBytes, None);
                self.result(s);
            }
            // The receiver gave up, or our own closing crossed its.
            Closing if !slot.over_socks5 && slot.flow.is_safe() && why == Reason::PeerCancelled => {
                self.result(s);
                self.closed(index);
            }
            _ => {
                slot.bytestream.closed = true;
                if why == Reason::BytestreamLost {
                    slot.skip_used(Skip::Broken);
                }
                slot.fail(if slot.is_sender() { why } else { Reason::PeerCancelled }, None);
                self.result(s);
            }
        }
        Taken::Done
    }

    /// It is the sender's turn: the next block, or nothing but the end when everything is here (QRK-48).
    pub(crate) fn await_sender(&mut self, index: usize) {
        let times = self.settings.times;
        let Some(slot) = self.transfers.get(index).filter(|t| t.phase == Phase::Receiving) else { return };
        let soon = (slot.over_socks5 || slot.flow.length() == 0) && slot.receipts != Receipts::V1;
        let (timer, ms) = if !slot.flow.is_through() {
            (Timer::Progress, times.progress_ms)
        } else {
            // What comes through the server takes longer; of an empty file nothing is to come, and some never close it.
            (Timer::Finish, if soon { times.end_ms } else { times.finish_ms })
        };
        let deadline = self.in_ms(ms);
        if let Some(slot) = self.transfers.get_mut(index) {
            (slot.timer, slot.deadline) = (timer, deadline);
        }
        self.awaits(index);
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
        let now = self.now;
        let slot = self.transfer(id)?;
        use Phase::*;
        if !matches!(slot.phase, Receiving | Settling | Settled | Verifying | Over) {
            return Err(Error::State);
        }
        if upto > slot.flow.moved() {
            return Err(Error::Argument(crate::Argument::Offset));
        }
        if upto > slot.flow.safe() && slot.phase == Receiving {
            slot.flow.save(upto);
            if slot.flow.is_caught_up() && slot.flow.has_begun() {
                slot.pace.turn(now);
            }
            let index = usize::from(id.slot);
            // From here on it is the peer's turn again.
            self.await_sender(index);
            self.settle_if_complete(index);
        }
        Ok(())
    }

    /// The owner cancels, either side.
    pub(crate) fn cancel(&mut self, id: TransferId, why: Cancel) -> Result<(), Error> {
        self.check_alive()?;
        let slot = self.transfer(id)?;
        let reason = match why {
            Cancel::Wish => Reason::Cancelled,
            Cancel::ReadFailed => Reason::ReadFailed,
            Cancel::StoreFailed => Reason::StoreFailed,
            Cancel::SourceChanged => Reason::SourceChanged,
        };
        // Too late to take the file back; but what is no file of ours was not sent, wherever it is.
        if slot.may_be_placed() && why != Cancel::SourceChanged {
            slot.hand_over();
        } else if slot.placed {
            slot.settle();
        } else {
            slot.fail(reason, None);
        }
        Ok(())
    }
}
