//! What happens when something does not happen.

use super::state::State;
use crate::config::{Carrier, Method};
use crate::error::Reason;
use crate::negotiate::fallback::Socks5Failure;
use crate::output::{Skip, Timer};
use crate::time::Instant;
use crate::transfer::{Answer, Phase, TransferSlot};
use crate::transport::socks5::Step;
use crate::wire::receipt::Receipts;

impl State<'_> {
    /// Time goes on; going backwards is clamped.
    pub(crate) fn tick(&mut self, now: Instant) {
        self.now = self.now.max(now);
        self.reading.ticks();
        if self.check_alive().is_ok() {
            self.link.tick(self.now);
        }
    }

    /// Judges what was due when the owner was left alone, unless it found something to read then.
    pub(crate) fn judge_if_read(&mut self) {
        let Some(read) = self.reading.returned().filter(|_| self.check_alive().is_ok()) else { return };
        let due = self.next_deadline().0.is_some_and(|due| due <= read);
        if self.reading.judges(due) {
            self.judge(read);
        }
    }

    /// Everything that had come by `read` was taken: what is missing by then does not come in time.
    pub(crate) fn judge(&mut self, read: Instant) {
        if let Err(failure) = self.link.judge(read) {
            self.fail(failure.reason, failure.condition);
            return;
        }
        let due = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= read);
        let disco_ms = self.settings.times.disco_ms;
        for index in 0..self.contacts.len() {
            if self.contacts.get(index).is_some_and(|contact| due(contact.due(disco_ms))) {
                self.expire_contact(index);
            }
        }
        if due(self.discovery.due(self.settings.times.discovery_ms)) {
            self.expire_discovery();
        }
        self.expire_streams(read);
        for index in 0..self.transfers.len() {
            if let Some(slot) = self.transfers.get(index).filter(|t| due(t.deadline)) {
                // Nobody else is blamed for a silence before the server answered a probe.
                if self.is_servers(slot) {
                    self.link.ask();
                } else {
                    self.expire_transfer(index);
                }
            }
            self.ask_if_silent(index, read);
        }
    }

    /// What that transfer misses may be missing because the server says nothing at all.
    fn is_servers(&self, slot: &TransferSlot) -> bool {
        slot.awaits_word() && slot.deadline.is_some_and(|deadline| self.link.is_suspect(deadline))
    }

    fn expire_contact(&mut self, index: usize) {
        if let Some(contact) = self.contacts.get_mut(index) {
            contact.expire();
            self.contact_known(u16::try_from(index).unwrap_or(u16::MAX), None);
        }
    }

    fn expire_transfer(&mut self, index: usize) {
        let progress = self.in_ms(self.settings.times.progress_ms);
        let Some(slot) = self.transfers.get_mut(index) else { return };
        slot.deadline = None;
        match slot.phase {
            Phase::Asking | Phase::Offering => slot.fail(Reason::OfferTimeout, None),
            Phase::Asked => {
                slot.owed.answer = Some(Answer::Busy);
                slot.fail(Reason::OfferTimeout, None);
            }
            // QRK-47: some peers say nothing when they could not connect; a proxy may stay silent as well.
            Phase::Opening if slot.attempt.step == Step::Offered => {
                self.socks5_failed(index, Socks5Failure::NoAnswer, None)
            }
            Phase::Opening if slot.attempt.step == Step::Activating => {
                self.socks5_failed(index, Socks5Failure::Activation, None)
            }
            Phase::Opening if slot.attempt.step == Step::Dialling => {
                self.socks5_failed(index, Socks5Failure::ProxyUnreached, None)
            }
            Phase::Connecting => self.unreached(index),
            Phase::Opening | Phase::Waiting => {
                // The first reason stands: what failed before, or is not allowed, has one.
                if slot.over_socks5 {
                    slot.skip_socks5(Skip::PeerSilent);
                }
                slot.skip(Method::InBand, Skip::PeerSilent);
                slot.fail(Reason::OpenTimeout, None);
            }
            Phase::Sending if slot.over_socks5 => {
                slot.skip_used(Skip::Broken);
                slot.fail(Reason::Stalled, None);
            }
            // IBB-24: the block's fate is unknown, a repeat could be a duplicate.
            Phase::Sending => slot.abandon(Reason::BlockTimeout, None),
            // QRK-44: one client never answers the closing.
            Phase::Closing | Phase::Confirming => slot.hand_over(),
            Phase::Broken => slot.fail(Reason::BytestreamLost, None),
            // Everything is here and the sender forgot to close: our own comparison stands. Its last word is no formality.
            Phase::Receiving if slot.flow.is_safe() && slot.receipts != Receipts::V1 => {
                slot.bytestream.closed = true;
                self.settle_if_complete(index);
            }
            // Our own owner is slow to store; the peer may have to wait for that.
            Phase::Receiving if !slot.flow.is_caught_up() => slot.deadline = progress,
            Phase::Receiving => {
                slot.skip_used(Skip::Broken);
                slot.fail(Reason::Stalled, None);
            }
            Phase::Settled => slot.finish(slot.own_verdict()),
            Phase::Verifying => self.receipt_answered(index, Err(None)),
            // The owner takes its time.
            Phase::Settling | Phase::Free | Phase::Over => {}
        }
    }

    /// The earliest deadline and what it is for.
    pub(crate) fn next_deadline(&self) -> (Option<Instant>, Timer) {
        let mut soonest = self.link.deadline();
        let mut add = |at: Option<Instant>, why: Timer| {
            if let Some(at) = at
                && soonest.is_none_or(|(other, _)| at < other)
            {
                soonest = Some((at, why));
            }
        };
        for contact in self.contacts.iter() {
            add(contact.due(self.settings.times.disco_ms), Timer::Request);
        }
        for t in self.transfers.iter() {
            // While the server is asked, the probe's own deadline counts.
            if !(self.link.is_probing() && self.is_servers(t)) {
                add(t.deadline, t.timer);
            }
            add(t.attempt.next_at.filter(|_| t.is_live()), Timer::Streamhosts);
            add(self.asks_at(t), Timer::Silence);
            let paced = t.phase == Phase::Sending && t.bytestream.carrier == Carrier::Message;
            if paced && !t.flow.is_through() && self.message_at > self.now {
                add(Some(self.message_at), Timer::Rate);
            }
        }
        for stream in self.streams.iter() {
            add(stream.deadline, Timer::Handshake);
        }
        add(self.discovery.due(self.settings.times.discovery_ms), Timer::Discovery);
        soonest.map_or((None, Timer::None), |(at, why)| (Some(at), why))
    }
}
