//! The receiver's side of SOCKS5: it connects to the streamhosts that the sender offers (XEP-0065 5.3).

use super::incoming::Taken;
use super::state::State;
use crate::config::Method;
use crate::error::{Reason, StanzaCondition};
use crate::negotiate::streamhosts;
use crate::output::{Skip, StreamId, Timer};
use crate::time::Instant;
use crate::transfer::{HostsVerdict, OFFER_ID_BYTES, Phase, Texts};
use crate::transport::socks5::hosts::HostKind;
use crate::transport::socks5::{Step, StreamSlot};
use crate::wire::stanza::{Element, ErrorType, Kind, Stanza};

impl State<'_> {
    /// Streamhosts came (S5B-01..04). Only the offering peer may send them, once, after the owner accepted (SI-18).
    pub(crate) fn hosts_in(&mut self, s: &Stanza<'_>, payload: &Element<'_>) -> Taken {
        if s.kind != Kind::IqSet {
            return Taken::Done;
        }
        let query = match streamhosts::read_query(payload) {
            Ok(query) => query,
            Err(_) if self.belongs_elsewhere(s, payload) => return Taken::NotMine,
            Err((kind, condition)) => {
                self.refuse(s, kind, condition);
                return Taken::Done;
            }
        };
        let (from, id) = (s.from.unwrap_or(""), s.id.unwrap_or(""));
        let Some(index) = self.find(from, query.sid, |_| true) else {
            if self.settings.hosted {
                return Taken::NotMine;
            }
            self.refuse(s, ErrorType::Cancel, StanzaCondition::NotAcceptable);
            return Taken::Done;
        };
        if self.is_said_again(s, query.sid, true) {
            return Taken::Done;
        }
        let texts = Texts::incoming(query.sid, id).filter(|_| id.len() <= OFFER_ID_BYTES);
        let awaited = self.transfers.get(index).is_some_and(|t| {
            t.phase == Phase::Waiting
                && t.over_socks5
                && t.owed.answer.is_none()
                && t.attempt.step == Step::None
        });
        let (true, Some(texts)) = (awaited, texts) else {
            // S5B-14, S5B-17: one attempt at a time, and none from the other side; or it is over.
            self.refuse(s, ErrorType::Cancel, StanzaCondition::NotAcceptable);
            return Taken::Done;
        };
        let (slot, generation) = self.key(index);
        if let Some(dst) = query.dstaddr {
            let text = core::str::from_utf8(dst.as_bytes()).unwrap_or("");
            let _ = self.hosts.push(HostKind::Dst { slot, generation }, "", text, 0);
        }
        let methods = self.settings.methods;
        // Half of what is left: other peers' streamhosts may come at the same time (ATK-26).
        let share = self.hosts.room_for_offered() / 2;
        let (mut dialled, mut proxies) = (0u32, false);
        for host in query.hosts() {
            let method = if host.jid == from { Method::Direct } else { Method::Mediated };
            if methods.has(method) && self.hosts.room_for_offered() > share {
                // What does not fit is left out: the likely ones come first.
                let kind = HostKind::Offered { slot, generation };
                if self.hosts.push(kind, host.jid, host.host, host.port).is_some() {
                    dialled = dialled.saturating_add(1);
                    proxies |= method == Method::Mediated;
                }
            }
        }
        let deadline = self.in_ms(self.attempt_ms(dialled, proxies));
        let now = self.now;
        let Some(slot) = self.transfers.get_mut(index) else { return Taken::Done };
        slot.texts = texts;
        slot.attempt.step = Step::Connecting;
        slot.attempt.next_at = Some(now);
        slot.enter(Phase::Connecting, Timer::Streamhosts, deadline);
        Taken::Done
    }

    /// How long the whole attempt takes if no streamhost is reached. With `verdict_ms` that depends on the list alone, not on
    /// what becomes of it: the time of the answer would tell a closed port from a silent one (ATK-25). Each gets at least
    /// three quarters of its time; where streams are scarce, all there is.
    fn attempt_ms(&self, hosts: u32, proxies: bool) -> u32 {
        let times = self.settings.times;
        let one = if proxies { times.proxy_ms } else { times.host_ms };
        let others = hosts.saturating_sub(1);
        let last = times.stagger_ms.saturating_mul(others);
        let step = times.verdict_ms;
        // What is over a multiple; there are none of 0.
        let over = |ms: u32| ms.checked_rem(step);
        let Some(rest) = over(times.hosts_ms) else { return times.hosts_ms };
        let most = times.hosts_ms.saturating_sub(rest).max(step);
        let others = usize::try_from(others).unwrap_or(usize::MAX);
        if self.streams.iter().filter(|stream| stream.is_free()).nth(others).is_none() {
            return most;
        }
        let all = one.max(last.saturating_add(one.saturating_sub(one / 4)));
        let rest = over(all).unwrap_or(0);
        let next = if rest == 0 { 0 } else { step.saturating_sub(rest) };
        all.saturating_add(next).min(most)
    }

    /// Dials what is due, as long as there are free streams; decides when nothing is left (S5B-04).
    pub(crate) fn dial_what_is_due(&mut self) {
        for index in 0..self.transfers.len() {
            let due = self
                .transfers
                .get(index)
                .is_some_and(|t| t.is_live() && t.attempt.next_at.is_some_and(|at| at <= self.now));
            match self.transfers.get(index).map(|t| t.attempt.step) {
                Some(Step::Connecting) if due => self.dial_next(index),
                Some(Step::Dialling) if due => self.dial_own(index),
                _ => {}
            }
        }
    }

    fn dial_next(&mut self, index: usize) {
        let key = self.key(index);
        let (slot, generation) = key;
        let Some(transfer) = self.transfers.get(index) else { return };
        let last = transfer.attempt.host;
        let peer = self.peer(transfer);
        let mut offered =
            self.hosts.iter().filter(|host| host.kind == HostKind::Offered { slot, generation });
        // In the order of the document: behind the last one that was dialled.
        let host = if last == 0 { offered.next() } else { offered.skip_while(|h| h.id != last).nth(1) };
        let times = self.settings.times;
        let Some(host) = host else {
            let dialling = self.streams.iter().any(|s| s.transfer == Some(key) && s.is_handshaking());
            if let Some(transfer) = self.transfers.get_mut(index) {
                transfer.attempt.next_at = None;
            }
            // Else the attempt's own deadline says so; an empty list tells nothing.
            if !dialling && (times.verdict_ms == 0 || last == 0) {
                self.unreached(index);
            }
            return;
        };
        let ms = if host.jid == peer { times.host_ms } else { times.proxy_ms };
        let (id, deadline) = (host.id, self.now.after(ms));
        // Hosts that never answer must not hold up other transfers: the last quarter is for those that dial none yet (ATK-26).
        let others = self.streams.iter().any(|s| s.transfer == Some(key) && s.is_handshaking());
        let spare = if others { self.streams.len() / 4 } else { 0 };
        let free = self.free_stream(spare);
        let next_at = self.next_dial(free);
        let Some(transfer) = self.transfers.get_mut(index) else { return };
        transfer.attempt.next_at = Some(next_at);
        // Without a free slot it is tried again at the next turn; the attempt's own deadline ends that.
        if let Some(stream) = free.and_then(|place| self.streams.get_mut(place)) {
            transfer.attempt.host = id;
            stream.dial(key, id, deadline);
        }
    }

    /// When to dial again: at once if a place is about to become free.
    pub(crate) fn next_dial(&self, free: Option<usize>) -> Instant {
        let soon = free.is_none() && self.streams.iter().any(StreamSlot::is_closing);
        if soon { self.now } else { self.now.after(self.settings.times.stagger_ms.max(1)) }
    }

    /// A streamhost of that method was not reached; if another one is, that is forgotten again.
    pub(crate) fn note_unreached(&mut self, index: usize, host: u16) {
        let method = self.method_of(index, host);
        if let Some(slot) = self.transfers.get_mut(index) {
            slot.skip(method, Skip::NotReached);
        }
    }

    /// What a streamhost that the peer offered stands for: itself, or a proxy.
    fn method_of(&self, index: usize, host: u16) -> Method {
        let peer = self.transfers.get(index).map(|transfer| self.peer(transfer));
        let own = self.hosts.get(host).is_some_and(|host| Some(host.jid) == peer);
        if own { Method::Direct } else { Method::Mediated }
    }

    /// A streamhost failed: the next one need not wait.
    pub(crate) fn host_failed(&mut self, index: usize) {
        let now = self.now;
        if let Some(slot) = self.transfers.get_mut(index).filter(|t| t.phase == Phase::Connecting) {
            slot.attempt.next_at = Some(now);
        }
    }

    /// No streamhost could be reached in time (S5B-05): now the sender may open in band (SI-21).
    pub(crate) fn unreached(&mut self, index: usize) {
        let deadline = self.in_ms(self.settings.times.open_ms);
        let in_band = self.settings.methods.has(Method::InBand);
        let Some(slot) = self.transfers.get_mut(index) else { return };
        slot.skip_socks5(Skip::NotReached);
        slot.owed.verdict = Some(HostsVerdict::NotFound);
        slot.attempt.step = Step::Failed;
        slot.attempt.next_at = None;
        slot.attempt.stream = 0;
        if in_band && slot.offers_in_band {
            slot.enter(Phase::Waiting, Timer::Open, deadline);
        } else {
            slot.fail(Reason::NotReached, None);
        }
    }

    /// A streamhost answered as it must: it is the one, the others are closed before the sender hears of it (S5B-04).
    pub(crate) fn host_won(&mut self, index: usize, stream: StreamId, host: u16) {
        let method = self.method_of(index, host);
        let direct = method == Method::Direct;
        let Some(slot) = self.transfers.get_mut(index) else { return };
        slot.attempt.stream = stream.0;
        slot.attempt.host = host;
        slot.attempt.step = Step::Open;
        slot.attempt.next_at = None;
        slot.owed.verdict = Some(HostsVerdict::Used);
        slot.route.method = Some(method);
        *if direct { &mut slot.route.direct } else { &mut slot.route.mediated } = Skip::Unneeded;
        slot.news.started = true;
        slot.enter(Phase::Receiving, Timer::Progress, None);
        self.await_sender(index);
        // QRK-48: some senders never end an empty stream; then this deadline does, and not before: to leave now would take
        // the other side from a proxy that the sender has yet to activate.
    }

    /// A proxy ended the stream before the first byte, as they do when it is not activated: the sender may open in band
    /// (SI-21).
    pub(crate) fn wait_in_band(&mut self, index: usize) {
        let deadline = self.in_ms(self.settings.times.open_ms);
        let Some(slot) = self.transfers.get_mut(index) else { return };
        slot.left_by_sender();
        slot.route.method = None;
        slot.attempt.stream = 0;
        slot.attempt.step = Step::Failed;
        slot.enter(Phase::Waiting, Timer::Open, deadline);
    }

    /// Whether an in-band bytestream may take the place of the SOCKS5 one (SI-21): it was offered, the attempt is over
    /// or was never begun, or the sender could not make the proxy pass anything.
    pub(crate) fn yields_to_in_band(&self, index: usize) -> bool {
        let Some(slot) = self.transfers.get(index) else { return false };
        if !slot.over_socks5 {
            return slot.phase == Phase::Waiting;
        }
        let allowed = slot.offers_in_band && self.settings.methods.has(Method::InBand);
        let unused = slot.phase == Phase::Receiving
            && !slot.flow.has_begun()
            && slot.route.method == Some(Method::Mediated);
        allowed && (slot.phase == Phase::Waiting || unused)
    }
}
