//! The sender's side of SOCKS5: it offers streamhosts, and gets a proxy to activate the stream (XEP-0065 5.3, 6.3).

use super::state::State;
use crate::config::Method;
use crate::contact::ContactSlot;
use crate::error::{Reason, StanzaCondition};
use crate::negotiate::fallback::{self, Next, Socks5Failure};
use crate::negotiate::si::StreamMethods;
use crate::negotiate::streamhosts;
use crate::output::{Skip, StreamId, Timer};
use crate::transfer::{Phase, Texts, TransferSlot};
use crate::transport::socks5::Step;
use crate::transport::socks5::hosts::{Host, HostKind};
use crate::wire::receipt::Receipts;
use crate::wire::stanza::{Ns, Stanza};
use crate::wire::streamhost::{self, Streamhost};
use crate::wire::xml::Writer;

/// A proxy that failed this often since it last worked is offered behind everything else (DSC-10).
const FAILURES_UNTIL_LAST: u8 = 2;
/// Most streamhosts offered: a target reads 16 (S5B-03), and has 10 s for all of them (QRK-27).
const HOSTS_MAX: usize = 16;
/// Most bytes of streamhosts in one query: with the longest address of a peer the stanza stays below 4096 bytes, which
/// every server takes (LIM-02, QRK-20) and every owner's buffer holds. One streamhost always fits.
const HOSTS_BYTES: usize = 2304;

impl TransferSlot {
    /// What our offer of this transfer lists, in order (SI-05).
    pub(crate) fn streams_offered(&self) -> StreamMethods {
        StreamMethods::of(&self.methods, self.offers_socks5)
    }
}

impl State<'_> {
    /// Decides what the offer lists: SOCKS5 only where there is a streamhost to offer.
    pub(crate) fn choose_methods(&mut self, index: usize) {
        let has = |kind| self.hosts.iter().any(|host| host.kind == kind);
        let (address, proxy) = (has(HostKind::Address), has(HostKind::Proxy));
        let proxy_skip = self.discovery.skip();
        let Some(slot) = self.transfers.get_mut(index) else { return };
        let methods = slot.methods;
        for (method, usable, why) in [
            (Method::Direct, address, Skip::NoAddress),
            (Method::Mediated, proxy, proxy_skip),
            (Method::InBand, true, Skip::Unneeded),
        ] {
            if !methods.has(method) {
                slot.skip(method, Skip::Policy);
            } else if !usable {
                slot.skip(method, why);
            }
        }
        // QRK-12, QRK-48: an empty stream over SOCKS5 ends in many ways, in band in one.
        let empty = slot.file.size == 0 && methods.has(Method::InBand);
        slot.offers_socks5 =
            !empty && ((methods.has(Method::Direct) && address) || (methods.has(Method::Mediated) && proxy));
        slot.offers_in_band = methods.has(Method::InBand);
    }

    /// The peer chose SOCKS5: our streamhosts go out, and the digest is valid from here on (S5B-01, S5B-35).
    pub(crate) fn offer_hosts(&mut self, index: usize) {
        let times = self.settings.times;
        let (deadline, until) = (self.in_ms(times.open_ms), self.in_ms(times.attempt_ms));
        let Some(slot) = self.transfers.get(index) else { return };
        let offers = self.hosts_of(slot).next().is_some();
        let Some(slot) = self.transfers.get_mut(index) else { return };
        slot.over_socks5 = true;
        slot.attempt.step = Step::Offered;
        slot.attempt.until = until.filter(|_| slot.methods.has(Method::InBand));
        let deadline = slot.attempt.at_most(deadline);
        slot.enter(Phase::Opening, Timer::Streamhosts, deadline);
        if offers {
            slot.owed.hosts = true;
        } else {
            // The owner stopped listening while the peer thought about the offer.
            self.socks5_failed(index, Socks5Failure::NothingToOffer, None);
        }
    }

    /// The payload with our streamhosts (S5B-01).
    pub(crate) fn write_hosts(&self, w: &mut Writer<'_>, slot: &TransferSlot) {
        streamhosts::write_query(w, slot.texts.sid(), self.hosts_of(slot));
    }

    /// Our streamhosts for a transfer, the likely ones first (S5B-04, S5B-16).
    fn hosts_of<'s>(&'s self, slot: &TransferSlot) -> impl Iterator<Item = Streamhost<'s>> + use<'s> {
        let (own, methods) = (self.link.jid(), slot.methods);
        let of = move |kind: HostKind, wanted: bool, late: bool| {
            let hosts = self.hosts.iter().filter(move |host: &Host<'_>| {
                wanted && host.kind == kind && (host.failures >= FAILURES_UNTIL_LAST) == late
            });
            hosts.map(move |host| Streamhost {
                jid: if kind == HostKind::Address { own } else { host.jid },
                host: host.host,
                port: host.port,
            })
        };
        let (direct, mediated) = (methods.has(Method::Direct), methods.has(Method::Mediated));
        // What worked before comes first, then what the owner prefers.
        let worked = self.contacts.get(usize::from(slot.contact)).and_then(ContactSlot::worked);
        let first = worked.or_else(|| methods.iter().find(|method| *method != Method::InBand));
        let direct_first = first == Some(Method::Direct);
        of(HostKind::Address, direct && direct_first, false)
            .chain(of(HostKind::Proxy, mediated, false))
            .chain(of(HostKind::Address, direct && !direct_first, false))
            .chain(of(HostKind::Proxy, mediated, true))
            .take(HOSTS_MAX)
            .scan(HOSTS_BYTES, |left, host| {
                *left = left.checked_sub(Writer::measure(|w| streamhost::write(w, &host)))?;
                Some(host)
            })
    }

    /// The peer answered our streamhosts (S5B-05..08).
    pub(crate) fn hosts_answered(&mut self, index: usize, s: &Stanza<'_>, error: Option<StanzaCondition>) {
        let Some(slot) = self.transfers.get(index) else { return };
        let (accepted, mediated) = (slot.attempt.stream != 0, slot.methods.has(Method::Mediated));
        // An older end of ours says this when its owner cancelled.
        let cancelled = slot.receipts != Receipts::None && error == Some(StanzaCondition::NotAcceptable);
        // A peer that gave up closes what it had; an intruder stays.
        let intruder = accepted && !slot.attempt.left;
        if let Some(condition) = error {
            let failure = match condition {
                // Its owner may cancel while it is connected: then whoever came is the peer.
                word if fallback::final_word(word).is_some() => Socks5Failure::Refused(word),
                _ if cancelled => Socks5Failure::Refused(StanzaCondition::NotAllowed),
                // ATK-30: the digest was used, but not by the peer.
                _ if intruder => Socks5Failure::Intruded,
                StanzaCondition::ItemNotFound => Socks5Failure::Unreached,
                other => Socks5Failure::Refused(other),
            };
            self.socks5_failed(index, failure, Some(condition));
            return;
        }
        let used = s.payload.filter(|p| p.is(Ns::S5b, "query")).and_then(|p| streamhosts::read_used(&p));
        let used = used.unwrap_or("");
        let is_own = used == self.link.jid() && !used.is_empty();
        let proxy = self
            .hosts
            .iter()
            .find(|host| mediated && host.kind == HostKind::Proxy && host.jid == used && !used.is_empty());
        let proxy = proxy.map(|host| host.id);
        // Not by its id alone: ids come again, and strangers can make them come again soon.
        let key = self.key(index);
        let place = self.transfers.get(index).and_then(|t| self.stream_place(StreamId(t.attempt.stream)));
        let stream = place.and_then(|place| self.streams.get(place));
        let alive = stream.is_some_and(|stream| stream.transfer == Some(key) && !stream.is_closing());
        match proxy {
            _ if is_own && alive => self.start_raw(index, Method::Direct),
            Some(host) if !is_own => self.dial_proxy(index, host),
            // S5B-06, S5B-07, ATK-27; or it was the peer, and its stream broke meanwhile.
            _ => {
                let Some(slot) = self.transfers.get_mut(index) else { return };
                slot.skip_socks5(Skip::Broken);
                let lost = is_own && accepted;
                slot.fail(if lost { Reason::BytestreamLost } else { Reason::BadAnswer }, None);
            }
        }
    }

    /// The target is at the proxy; we go there too, with the same digest (S5B-08).
    fn dial_proxy(&mut self, index: usize, host: u16) {
        let now = self.now;
        let deadline = self.in_ms(self.settings.times.proxy_ms);
        let Some(slot) = self.transfers.get_mut(index) else { return };
        // Whoever came to our own listener is not the peer.
        slot.attempt.stream = 0;
        slot.attempt.host = host;
        slot.attempt.step = Step::Dialling;
        slot.attempt.next_at = Some(now);
        slot.enter(Phase::Opening, Timer::Handshake, slot.attempt.at_most(deadline));
    }

    /// Dials the proxy as soon as there is a free stream: strangers may hold them all for a while (ATK-29).
    pub(crate) fn dial_own(&mut self, index: usize) {
        let handshake = self.now.after(self.settings.times.proxy_ms);
        let (key, free) = (self.key(index), self.free_stream(0));
        let again = self.next_dial(free);
        let Some(slot) = self.transfers.get_mut(index) else { return };
        slot.attempt.next_at = Some(again);
        if let Some(stream) = free.and_then(|place| self.streams.get_mut(place)) {
            // From here on the stream has a deadline, within that of the attempt.
            (slot.attempt.next_at, slot.deadline) = (None, slot.attempt.until);
            stream.dial(key, slot.attempt.host, handshake);
        }
    }

    /// A proxy may be told to be at several places, which stand behind one another in the list.
    pub(crate) fn proxy_not_reached(&mut self, index: usize, host: u16) {
        let jid = self.hosts.get(host).map(|host| host.jid);
        let mut behind = self.hosts.iter().skip_while(|it| it.id != host).skip(1);
        let other = behind.find(|it| it.kind == HostKind::Proxy && Some(it.jid) == jid).map(|it| it.id);
        match other {
            Some(other) => {
                self.hosts.failed(host);
                self.dial_proxy(index, other);
            }
            None => self.socks5_failed(index, Socks5Failure::ProxyUnreached, None),
        }
    }

    /// Our stream to the proxy is up, so that it can be asked to join it with the target's (S5B-08, QRK-28).
    pub(crate) fn at_proxy(&mut self, index: usize, stream: u16) {
        let deadline = self.in_ms(self.settings.times.request_ms);
        let Some(slot) = self.transfers.get_mut(index) else { return };
        slot.attempt.stream = stream;
        slot.attempt.step = Step::Activating;
        slot.owed.activate = true;
        slot.enter(Phase::Opening, Timer::Request, slot.attempt.at_most(deadline));
    }

    /// The proxy answered (S5B-09).
    pub(crate) fn activated(&mut self, index: usize, error: Option<StanzaCondition>) {
        match error {
            None => {
                self.hosts.worked(self.transfers.get(index).map_or(0, |slot| slot.attempt.host));
                self.start_raw(index, Method::Mediated);
            }
            Some(condition) => self.socks5_failed(index, Socks5Failure::Activation, Some(condition)),
        }
    }

    /// SOCKS5 came to nothing: in band, if that is allowed, or the end (SI-20..23).
    pub(crate) fn socks5_failed(
        &mut self,
        index: usize,
        failure: Socks5Failure,
        condition: Option<StanzaCondition>,
    ) {
        let Some(slot) = self.transfers.get_mut(index) else { return };
        let (host, skip) = (slot.attempt.host, skip_of(failure));
        let of_proxy = matches!(failure, Socks5Failure::Activation | Socks5Failure::ProxyUnreached);
        if of_proxy {
            slot.skip(Method::Mediated, skip);
            slot.skip(Method::Direct, Skip::NotChosen);
        } else {
            slot.skip_socks5(skip);
        }
        slot.news.intruded |= failure == Socks5Failure::Intruded;
        slot.attempt.stream = 0;
        slot.attempt.step = Step::Failed;
        slot.attempt.next_at = None;
        slot.owed.activate = false;
        slot.request = 0;
        let in_band = slot.methods.has(Method::InBand);
        let next = fallback::after_socks5(failure, in_band, slot.offers_in_band, slot.is_retry);
        if of_proxy {
            self.hosts.failed(host);
        }
        self.go_on(index, next, condition);
    }

    /// The peer takes no in-band bytestream with the id of the SOCKS5 one either (SI-22, QRK-10).
    pub(crate) fn fall_back_again(&mut self, index: usize, condition: StanzaCondition) {
        let Some(slot) = self.transfers.get(index) else { return };
        let next = fallback::after_same_sid(condition, slot.is_retry);
        if let Next::Fail(_) = next
            && let Some(slot) = self.transfers.get_mut(index)
        {
            slot.skip(Method::InBand, Skip::Refused);
        }
        self.go_on(index, next, Some(condition));
    }

    fn go_on(&mut self, index: usize, next: Next, condition: Option<StanzaCondition>) {
        match next {
            Next::SameSid => {
                self.open_in_band(index);
                if let Some(slot) = self.transfers.get_mut(index) {
                    slot.news.fell_back = Some(false);
                }
            }
            Next::NewOffer => self.offer_again(index),
            Next::Fail(reason) => {
                let Some(slot) = self.transfers.get_mut(index) else { return };
                slot.fail_unopened(reason, condition);
            }
        }
    }

    /// The one new offer, with a new stream id, that lists in band only (SI-22).
    fn offer_again(&mut self, index: usize) {
        let deadline = self.in_ms(self.settings.times.offer_ms);
        let sid = self.ids.next_sid();
        let Some(slot) = self.transfers.get_mut(index) else { return };
        let texts = Texts::outgoing(&sid, slot.texts.name(), slot.texts.mime_type().unwrap_or(""));
        slot.texts = texts.unwrap_or(Texts::NONE);
        slot.is_retry = true;
        slot.offers_socks5 = false;
        slot.over_socks5 = false;
        slot.owed.open = false;
        slot.owed.offer = true;
        slot.news.fell_back = Some(true);
        slot.attempt = crate::transport::socks5::Attempt::NONE;
        slot.enter(Phase::Offering, Timer::Offer, deadline);
    }
}

const fn skip_of(failure: Socks5Failure) -> Skip {
    match failure {
        Socks5Failure::Refused(_) => Skip::Refused,
        Socks5Failure::Unreached => Skip::PeerFailed,
        Socks5Failure::NoAnswer => Skip::PeerSilent,
        Socks5Failure::Activation => Skip::ActivationFailed,
        Socks5Failure::ProxyUnreached => Skip::NotReached,
        Socks5Failure::NothingToOffer => Skip::NoAddress,
        Socks5Failure::Intruded => Skip::Broken,
    }
}
