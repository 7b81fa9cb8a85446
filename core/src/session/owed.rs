//! The stanzas that a transfer owes its peer, or its proxy.

use super::state::State;
use crate::error::{Ending, Error, StanzaCondition};
use crate::negotiate::si::{self, SiOffer, StreamMethod};
use crate::negotiate::streamhosts;
use crate::transfer::{Answer, HostsVerdict, Owed, Phase, TransferSlot, receipt};
use crate::transport::ibb;
use crate::wire::stanza::{ErrorType, IqType, Ns, open_iq, write_error};
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
        } else if owed.ruling {
            self.write_ruling(&mut w, slot);
        } else {
            self.write_set(&mut w, index, slot, number);
        }
        let bytes = w.finish()?;
        self.ids.next_request();
        let finish = self.in_ms(self.settings.times.finish_ms);
        let Some(slot) = self.transfers.get_mut(index) else { return Ok(bytes) };
        let is_answer = owed.answer.is_some() || owed.verdict.is_some() || owed.ruling;
        if !is_answer && owed.digest && !(owed.offer || owed.open || owed.hosts || owed.activate) {
            slot.last_word = true;
        }
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
        // STZ-09: what is still said after the end asks nothing.
        let over = slot.phase == Phase::Over;
        let id = if over { self.ids.unanswered(number) } else { self.ids.request(number) };
        open_iq(w, IqType::Set, proxy.or(Some(self.peer(slot))), &id);
        if owed.offer {
            self.write_offer(w, index);
        } else if owed.open {
            ibb::write_open(w, slot.texts.sid(), slot.bytestream.block, slot.bytestream.carrier);
        } else if owed.hosts {
            self.write_hosts(w, slot);
        } else if owed.activate {
            streamhosts::write_activate(w, slot.texts.sid(), self.peer(slot));
        } else if owed.digest {
            receipt::write(w, Ns::Receipt1, slot.texts.sid(), slot.file.size, slot.own_sha256().as_ref());
        } else if owed.close {
            ibb::write_close(w, slot.texts.sid(), slot.close_word().map(|word| (Ns::Receipt1, word)));
        } else {
            let own = slot.flow.sha256();
            receipt::write(w, Ns::Receipt0, slot.texts.sid(), slot.flow.end(), own.as_ref());
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
                si::write_accept(w, method, slot.flow.start());
                w.close("iq");
                return;
            }
            Answer::Unwanted => (ErrorType::Cancel, StanzaCondition::Forbidden, "Offer declined"),
            Answer::Busy => {
                (ErrorType::Wait, StanzaCondition::ResourceConstraint, "Occupied, try again later")
            }
            Answer::StoreFailed => {
                (ErrorType::Cancel, StanzaCondition::InternalServerError, "Storing failed")
            }
        };
        let app = (answer == Answer::StoreFailed).then_some((Ns::Receipt1.uri(), receipt::STORE_FAILED));
        write_error(w, peer, id, kind, condition, Some(text), app, true);
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
        let app = slot.refusal().1.filter(|_| verdict == HostsVerdict::Forbidden);
        let app = app.map(|word| (Ns::Receipt1.uri(), word));
        write_error(w, peer, id, ErrorType::Cancel, condition, None, app, true);
    }

    /// The answer to the sender's last word: the receipt, or why there is none.
    fn write_ruling(&self, w: &mut Writer<'_>, slot: &TransferSlot) {
        let (peer, id) = (Some(self.peer(slot)), slot.texts.name());
        if matches!(slot.ending, Ending::Failed(..)) {
            write_refusal(w, slot, peer, id);
            return;
        }
        open_iq(w, IqType::Result, peer, id);
        if slot.ending == Ending::Unverified {
            w.open(receipt::UNVERIFIED).attr("xmlns", Ns::Receipt1.uri()).close(receipt::UNVERIFIED);
        }
        w.close("iq");
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
            unhashed: slot.unhashed,
        };
        si::write_offer(w, &offer);
    }
}

/// Refuses what a transfer that failed leaves behind, with its own words.
pub(crate) fn write_refusal(w: &mut Writer<'_>, slot: &TransferSlot, peer: Option<&str>, id: &str) {
    let (condition, word) = slot.refusal();
    let word = word.map(|word| (Ns::Receipt1.uri(), word));
    write_error(w, peer, id, ErrorType::Cancel, condition, None, word, true);
}

/// Strikes out what was written; `false` for the receipt, whose answer has a deadline of its own.
fn written(owed: &mut Owed) -> bool {
    if owed.answer.take().is_some() || owed.verdict.take().is_some() {
        return true;
    }
    let Owed { ruling, offer, open, hosts, activate, digest, close, .. } = owed;
    for flag in [ruling, offer, open, hosts, activate, digest, close] {
        if core::mem::take(flag) {
            return true;
        }
    }
    owed.receipt = false;
    false
}
