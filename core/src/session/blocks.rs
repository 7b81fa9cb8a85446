//! The blocks of the sending side: which may go, how they go, and what comes back for them.

use super::state::State;
use crate::config::Carrier;
use crate::error::{Argument, Condition, Error, Reason, StanzaCondition};
use crate::negotiate::verdicts::reason_of_block_error;
use crate::output::TransferId;
use crate::transfer::Phase;
use crate::transport::ibb;
use crate::wire::stanza::{IqType, open_iq};
use crate::wire::xml::Writer;

impl State<'_> {
    /// The peer answered a block.
    pub(crate) fn block_answered(
        &mut self,
        index: usize,
        count: u32,
        upto: u64,
        error: Option<(StanzaCondition, bool)>,
    ) {
        let block_ms = self.in_ms(self.settings.times.block_ms);
        let Some(slot) = self.transfers.get_mut(index) else { return };
        if slot.phase != Phase::Sending || upto > slot.flow.moved() || count > slot.bytestream.sent {
            return;
        }
        if let Some((condition, store_failed)) = error {
            let hashed = slot.file.sha256.is_some() || slot.file.md5.is_some();
            let reason = match condition {
                _ if store_failed => Reason::PeerStoreFailed,
                // The last block of a file whose hash was offered: it was compared.
                StanzaCondition::NotAcceptable if upto == slot.flow.end() && hashed => Reason::HashMismatch,
                other => reason_of_block_error(other),
            };
            self.block_refused(index, reason, condition);
            return;
        }
        if count != slot.bytestream.acked.wrapping_add(1) {
            // IBB-15: answers out of order, twice, or left out.
            slot.bytestream.window.narrow_to_one();
            if let Some(contact) = self.contacts.get_mut(usize::from(slot.contact)) {
                contact.narrow();
            }
            if upto <= slot.flow.safe() {
                return;
            }
        }
        slot.bytestream.acked = count;
        slot.bytestream.window.acknowledged(count, self.settings.window_bytes, self.now);
        slot.flow.save(upto);
        slot.deadline = if slot.flow.in_flight() > 0 { block_ms } else { None };
        self.close_if_sent(index);
    }

    /// A message with a block came back (IBB-17).
    pub(crate) fn block_bounced(&mut self, index: usize, condition: StanzaCondition) {
        use Phase::*;
        if self.transfers.get(index).is_some_and(|t| matches!(t.phase, Sending | Closing | Confirming)) {
            self.block_refused(index, reason_of_block_error(condition), condition);
        }
    }

    fn block_refused(&mut self, index: usize, reason: Reason, condition: StanzaCondition) {
        let Some(slot) = self.transfers.get_mut(index) else { return };
        let said = Some(Condition::Stanza(condition));
        if reason == Reason::PeerGone {
            // A server says so, which need not mean that nothing arrived.
            slot.abandon(reason, said);
        } else {
            slot.fail(reason, said);
        }
    }

    /// The most bytes the next block of that slot may have now; `None` when none may go.
    pub(crate) fn sendable(&self, index: usize) -> Option<usize> {
        let slot = self.transfers.get(index)?;
        let left = slot.flow.left();
        if slot.phase != Phase::Sending || slot.over_socks5 || left == 0 {
            return None;
        }
        let chunk = u64::from(slot.bytestream.chunk).min(left);
        let free = match slot.bytestream.carrier {
            Carrier::Iq => slot.bytestream.window.allows(slot.flow.in_flight(), chunk),
            Carrier::Message => self.message_at <= self.now,
        };
        if free { usize::try_from(chunk).ok() } else { None }
    }

    /// The owner supplies bytes: encoded straight into `out`. Returns the stanza's length.
    pub(crate) fn supply(
        &mut self,
        id: TransferId,
        offset: u64,
        bytes: &[u8],
        out: &mut [u8],
    ) -> Result<usize, Error> {
        self.check_alive()?;
        let index = usize::from(id.slot);
        let slot = self.transfer(id)?;
        let (count, moved, generation) =
            (slot.bytestream.sent.wrapping_add(1), slot.flow.moved(), slot.generation);
        let Some(max) = self.sendable(index) else { return Err(Error::State) };
        if offset != moved {
            return Err(Error::Argument(Argument::Offset));
        }
        if bytes.is_empty() || bytes.len() > max {
            return Err(Error::Argument(Argument::Bytes));
        }
        let length = u64::try_from(bytes.len()).unwrap_or(0);
        let upto = moved.saturating_add(length);
        let stanza_id = self.ids.block(id.slot, generation, count, upto);
        let mut w = Writer::new(out);
        self.write_block(&mut w, index, &stanza_id, bytes);
        let written = w.finish()?;
        self.block_sent(index, bytes);
        self.link.sent(self.now);
        Ok(written)
    }

    fn block_sent(&mut self, index: usize, bytes: &[u8]) {
        let deadline = self.in_ms(self.settings.times.block_ms);
        let Some(slot) = self.transfers.get_mut(index) else { return };
        slot.bytestream.take_seq();
        slot.bytestream.window.sent(slot.bytestream.sent, self.now);
        let first = slot.flow.in_flight() == 0;
        if first {
            slot.deadline = deadline;
        }
        slot.flow.went(bytes);
        slot.say_last_word();
        let carrier = slot.bytestream.carrier;
        if first {
            self.awaits(index);
        }
        let Some(slot) = self.transfers.get_mut(index) else { return };
        if carrier == Carrier::Message {
            // Nothing comes back for a message: what is handed over counts as gone (IBB-17).
            slot.flow.save(slot.flow.moved());
            slot.deadline = None;
            let wait_ms = u64::try_from(bytes.len()).unwrap_or(u64::MAX).saturating_mul(1000);
            let wait_ms = wait_ms.checked_div(u64::from(self.settings.message_rate)).unwrap_or(0);
            self.message_at = self.message_at.max(self.now).after(u32::try_from(wait_ms).unwrap_or(u32::MAX));
            self.close_if_sent(index);
        }
    }

    pub(crate) fn write_block(&self, w: &mut Writer<'_>, index: usize, id: &str, bytes: &[u8]) {
        let Some(slot) = self.transfers.get(index) else { return };
        let peer = self.peer(slot);
        let name = match slot.bytestream.carrier {
            Carrier::Iq => {
                open_iq(w, IqType::Set, Some(peer), id);
                "iq"
            }
            Carrier::Message => {
                w.open("message").attr("to", peer).attr("id", id);
                "message"
            }
        };
        ibb::write_data(w, slot.texts.sid(), slot.bytestream.seq, bytes);
        w.close(name);
    }
}
