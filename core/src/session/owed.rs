//! The stanzas that a transfer owes its peer, or its proxy.

use super::sender::no_space;
use super::state::State;
use crate::error::{Error, StanzaCondition};
use crate::negotiate::si::{self, SiOffer, StreamMethod};
use crate::negotiate::streamhosts;
use crate::transfer::{Answer, HostsVerdict, Owed, Phase, TransferSlot, receipt};
use crate::transport::ibb;
use crate::wire::stanza::{ErrorType, IqType, open_iq, write_error};
use crate::wire::xml::Writer;

impl State<'_> {
    /// One stanza that a transfer owes, in the order in which the protocol needs them.
    pub(crate) fn write_owed(&mut self, index: usize, out: &mut [u8]) -> Result<usize, Error> {
        let Some(slot) = self.transfers.get(index) else { return Ok(0) };
        let (owed, phase) = (slot.owed, slot.phase);
        let number = self.ids.upcoming();
        let mut w = Writer::new(out);
        if let Some(answer) = owed.answer {
            self.write_answer(&mut w, slot, answer);
        } else if let Some(verdict) = owed.verdict {
            self.write_verdict(&mut w, slot, verdict);
        } else {
            self.write_set(&mut w, index, slot, number);
        }
        let bytes = w.finish().map_err(no_space)?;
        self.ids.next_request();
        let finish = self.in_ms(self.settings.times.finish_ms);
        let Some(slot) = self.transfers.get_mut(index) else { return Ok(bytes) };
        let is_answer = owed.answer.is_some() || owed.verdict.is_some();
        if !written(&mut slot.owed) {
            slot.deadline = if phase == Phase::Over { None } else { finish };
        }
        if !is_answer {
            // What is still owed after the end is told, not asked.
            slot.request = if phase == Phase::Over { 0 } else { number };
        }
        Ok(bytes)
    }

    fn write_set(&self, w: &mut Writer<'_>, index: usize, slot: &TransferSlot, number: u32) {
        let owed = slot.owed;
        let proxy = self.hosts.get(slot.attempt.host).map(|host| host.jid).filter(|_| owed.activate);
        open_iq(w, IqType::Set, proxy.or(Some(self.peer(slot))), &self.ids.request(number));
        if owed.offer {
            self.write_offer(w, index);
        } else if owed.open {
            ibb::write_open(w, slot.texts.sid(), slot.bytestream.block, slot.bytestream.carrier);
        } else if owed.hosts {
            self.write_hosts(w, slot);
        } else if owed.activate {
            streamhosts::write_activate(w, slot.texts.sid(), self.peer(slot));
        } else if owed.close {
            ibb::write_close(w, slot.texts.sid());
        } else if let Some(sha256) = slot.digest.sha256() {
            receipt::write(w, slot.texts.sid(), slot.end, &sha256);
        }
        w.close("iq");
    }

    fn write_answer(&self, w: &mut Writer<'_>, slot: &TransferSlot, answer: Answer) {
        let (peer, id) = (Some(self.peer(slot)), slot.texts.name());
        // SI-09
        let (kind, condition, text) = match answer {
            Answer::Accept => {
                let method = if slot.over_socks5 { StreamMethod::Socks5 } else { StreamMethod::InBand };
                open_iq(w, IqType::Result, peer, id);
                si::write_accept(w, method, slot.start);
                w.close("iq");
                return;
            }
            Answer::Unwanted => (ErrorType::Cancel, StanzaCondition::Forbidden, "Offer declined"),
            Answer::Busy => {
                (ErrorType::Wait, StanzaCondition::ResourceConstraint, "Occupied, try again later")
            }
        };
        write_error(w, peer, id, kind, condition, Some(text), None, true);
    }

    /// The answer to the peer's streamhosts (S5B-05).
    fn write_verdict(&self, w: &mut Writer<'_>, slot: &TransferSlot, verdict: HostsVerdict) {
        let (peer, id) = (Some(self.peer(slot)), slot.texts.name());
        let condition = match verdict {
            HostsVerdict::Used => {
                let used = self.hosts.get(slot.attempt.host).map_or("", |host| host.jid);
                open_iq(w, IqType::Result, peer, id);
                streamhosts::write_used(w, slot.texts.sid(), used);
                w.close("iq");
                return;
            }
            HostsVerdict::NotFound => StanzaCondition::ItemNotFound,
            HostsVerdict::Forbidden => StanzaCondition::Forbidden,
        };
        write_error(w, peer, id, ErrorType::Cancel, condition, None, None, true);
    }

    pub(crate) fn write_offer(&self, w: &mut Writer<'_>, index: usize) {
        let Some(slot) = self.transfers.get(index) else { return };
        let offer = SiOffer {
            sid: slot.texts.sid(),
            name: slot.texts.name(),
            size: slot.file.size,
            date: Some(slot.file.date).filter(|_| slot.file.dated),
            mime_type: slot.texts.mime_type(),
            description: None,
            sha256: slot.file.sha256,
            md5: slot.file.md5,
            streams: slot.streams_offered(),
            ranged: true,
            receipts: slot.receipts,
        };
        si::write_offer(w, &offer);
    }
}

/// Strikes out what was written; `false` for the receipt, whose answer has a deadline of its own.
fn written(owed: &mut Owed) -> bool {
    if owed.answer.take().is_some() || owed.verdict.take().is_some() {
        return true;
    }
    for flag in [&mut owed.offer, &mut owed.open, &mut owed.hosts, &mut owed.activate, &mut owed.close] {
        if core::mem::take(flag) {
            return true;
        }
    }
    owed.receipt = false;
    false
}
