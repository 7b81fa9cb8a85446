//! The sending side: offer, opening, blocks, the peer's verdict.

use super::state::State;
use crate::config::{Carrier, Method};
use crate::contact::{ContactSlot, is_absence};
use crate::error::{Argument, Condition, Error, Reason, StanzaCondition};
use crate::negotiate::si::{self, StreamMethod, StreamMethods};
use crate::negotiate::verdicts::{reason_of_open_refusal, reason_of_refusal};
use crate::output::{Skip, Timer, TransferId};
use crate::session::Offer;
use crate::transfer::digest::Digest;
use crate::transfer::{File, Flow, MIME_BYTES, Phase, Texts, name, receipt};
use crate::transport::ibb::{self, Bytestream};
use crate::transport::socks5::Step;
use crate::transport::window::Window;
use crate::wire::jid;
use crate::wire::receipt::Receipts;
use crate::wire::stanza::{Element, IqType, Ns, Stanza, error_says, open_iq};
use crate::wire::xml::Writer;

/// What a block's envelope gains on its way: an attribute for our address, and four more digits of the number.
const STAMP_BYTES: usize = 12;

impl State<'_> {
    /// The owner offers a file.
    pub(crate) fn offer(&mut self, offer: &Offer<'_>) -> Result<TransferId, Error> {
        self.check_online()?;
        let bad = |argument| Err(Error::Argument(argument));
        if offer.size > si::SIZE_MAX {
            return bad(Argument::Size);
        }
        let name = name::harmless(offer.name);
        if offer.name.is_empty() {
            return bad(Argument::Name);
        }
        let mime = offer.mime_type.unwrap_or("");
        if mime.len() > MIME_BYTES || mime.contains(char::is_control) {
            return bad(Argument::Text);
        }
        // STZ-10, QRK-30: a bare JID would be answered by the server, not by the peer.
        let to = jid::Jid::parse(offer.to).ok().filter(|jid| jid.is_full());
        let to = to.and_then(|jid| jid.prepared::<{ crate::JID_BYTES }>());
        let Some(to) = to else { return bad(Argument::Peer) };
        if to == self.link.jid() {
            return bad(Argument::Myself);
        }
        let methods = offer.methods.unwrap_or(self.settings.methods);
        if methods.has_socks5() && self.streams.is_empty() {
            return bad(Argument::Methods);
        }
        let contact = self.contact(&to).ok_or(Error::Full)?;
        let index = self.begin(Phase::Asking, contact).ok_or(Error::Full)?;
        let sid = self.ids.next_sid();
        let md5 = self.settings.md5;
        let Some(slot) = self.transfers.get_mut(index) else { return Err(Error::Full) };
        slot.texts = Texts::outgoing(&sid, &name, mime).unwrap_or(Texts::NONE);
        slot.file = File {
            size: offer.size,
            date: offer.date.unwrap_or(0),
            dated: offer.date.is_some(),
            sha256: offer.sha256,
            md5: offer.md5.filter(|_| md5),
        };
        slot.flow = Flow::whole(offer.size);
        slot.methods = methods;
        // The longest form of the offer: the peer may turn out to know receipts.
        slot.offers_socks5 = methods.has_socks5();
        slot.receipts = if self.settings.receipts { Receipts::V1 } else { Receipts::None };
        // LIM-04: the server would answer with the end of the stream. The number of the request has its longest form.
        let id = self.ids.request(u32::MAX);
        let bytes = Writer::measure(|w| {
            open_iq(w, IqType::Set, Some(&to), &id);
            self.write_offer(w, index);
            w.close("iq");
        });
        if let Some(slot) = self.transfers.get_mut(index) {
            slot.receipts = Receipts::None;
            if u32::try_from(bytes).is_ok_and(|bytes| bytes > self.link.stanza_bytes()) {
                slot.free();
                return Err(Error::TooLarge);
            }
        }
        self.greet(usize::from(contact));
        if methods.has(Method::Mediated) {
            self.discovery.want(&self.hosts, self.now);
        }
        match self.contacts.get_mut(usize::from(contact)) {
            Some(peer) if peer.is_settled() => self.contact_known(contact, None),
            Some(peer) => peer.want(),
            None => {}
        }
        Ok(self.handle(index))
    }

    /// Our presence goes to a peer once, so that it hears at once when we are gone (PRS-05).
    pub(crate) fn greet(&mut self, contact: usize) {
        let contact = self.contacts.get_mut(contact).filter(|_| !self.settings.hosted);
        if let Some(contact) = contact {
            contact.greet();
        }
    }

    /// What a peer can is known now, or it does not say: the transfers that wait for it go on, unless it is not there (SI-01,
    /// QRK-50).
    pub(crate) fn contact_known(&mut self, contact: u16, error: Option<StanzaCondition>) {
        let Some(peer) = self.contacts.get(usize::from(contact)) else { return };
        let features = peer.features();
        for slot in self.transfers.iter_mut().filter(|t| t.phase == Phase::Asking && t.contact == contact) {
            match error {
                Some(condition) if is_absence(condition) => {
                    slot.fail(reason_of_refusal(condition), Some(Condition::Stanza(condition)))
                }
                _ if self.settings.receipts => {
                    slot.choose_receipts(
                        features.receipts,
                        !self.settings.hashes && slot.file.sha256.is_none(),
                    );
                }
                _ => slot.choose_receipts(Receipts::None, false),
            }
        }
        self.offer_what_is_ready();
    }

    /// Offers go out once it is known what the peer can and what there is to offer.
    pub(crate) fn offer_what_is_ready(&mut self) {
        let deadline = self.in_ms(self.settings.times.offer_ms);
        for index in 0..self.transfers.len() {
            let Some(slot) = self.transfers.get(index).filter(|t| t.phase == Phase::Asking) else { continue };
            let known = self.contacts.get(usize::from(slot.contact)).is_some_and(ContactSlot::is_settled);
            if !known || (slot.methods.has(Method::Mediated) && !self.discovery.is_known(&self.hosts)) {
                continue;
            }
            self.choose_methods(index);
            let Some(slot) = self.transfers.get_mut(index) else { continue };
            if slot.streams_offered() == StreamMethods::NONE {
                slot.fail(Reason::NoStreamhost, None);
            } else {
                slot.owed.offer = true;
                slot.enter(Phase::Offering, Timer::Offer, deadline);
            }
        }
    }

    /// The peer answered our request for that transfer.
    pub(crate) fn request_answered(&mut self, index: usize, s: &Stanza<'_>, error: Option<StanzaCondition>) {
        let open = self.in_ms(self.settings.times.open_ms);
        let Some(slot) = self.transfers.get_mut(index) else { return };
        slot.request = 0;
        let store_failed = error.filter(|_| error_says(s.element, Ns::Receipt1, receipt::STORE_FAILED));
        match slot.phase {
            // It could not even begin to store.
            Phase::Offering | Phase::Opening if store_failed.is_some() => {
                slot.fail_unopened(Reason::PeerStoreFailed, store_failed);
            }
            Phase::Offering => match error {
                None => self.offer_accepted(index, s.payload),
                Some(condition) => self.offer_refused(index, condition, s.element),
            },
            Phase::Opening if slot.attempt.step == Step::Offered => self.hosts_answered(index, s, error),
            Phase::Opening if slot.attempt.step == Step::Activating => self.activated(index, error),
            Phase::Opening => match error {
                None => self.opened(index),
                Some(StanzaCondition::ResourceConstraint) if slot.bytestream.halve() => {
                    slot.owed.open = true;
                    slot.deadline = open;
                    self.learn_ceiling(index);
                }
                Some(condition) if slot.attempt.step == Step::Failed => {
                    self.fall_back_again(index, condition);
                }
                Some(condition) => {
                    slot.skip(Method::InBand, Skip::Refused);
                    // Nothing of it is remembered: the next opening may be taken (QRK-09).
                    slot.fail_unopened(reason_of_open_refusal(condition), Some(condition));
                }
            },
            // IBB-30: result or item-not-found, both mean closed.
            Phase::Closing => self.closed(index),
            Phase::Sending | Phase::Confirming if slot.last_word => self.digest_answered(index, s, error),
            Phase::Verifying => self.receipt_answered(index, error.map_or(Ok(()), |e| Err(Some(e)))),
            _ => {}
        }
    }

    pub(crate) fn fail_with(&mut self, index: usize, reason: Reason, condition: StanzaCondition) {
        if let Some(slot) = self.transfers.get_mut(index) {
            slot.fail(reason, Some(Condition::Stanza(condition)));
        }
    }

    fn offer_refused(&mut self, index: usize, condition: StanzaCondition, element: Element<'_>) {
        let error = element.child(Ns::Client, "error");
        let no_streams = error.is_some_and(|e| e.child(Ns::Si, "no-valid-streams").is_some());
        let bad_profile = error.is_some_and(|e| e.child(Ns::Si, "bad-profile").is_some());
        let reason = match condition {
            _ if no_streams => Reason::NoMethod,
            // SI-09: some peers leave the child out. Our offer is well-formed, so the methods are what they cannot take.
            StanzaCondition::BadRequest if !bad_profile => Reason::NoMethod,
            StanzaCondition::Forbidden => Reason::Declined,
            StanzaCondition::ResourceConstraint => Reason::Busy,
            StanzaCondition::RecipientUnavailable => Reason::PeerGone,
            StanzaCondition::ServiceUnavailable => self.reason_of_no_service(index),
            other => reason_of_refusal(other),
        };
        // Only what is known can be wrong: a question under way has transfers that wait for its answer.
        if matches!(reason, Reason::PeerGone | Reason::PeerUnknown)
            && let Some(contact) = self.contact_of(index)
            && contact.is_settled()
        {
            contact.forget_presence();
            let of = self.transfers.get(index).map(|slot| slot.contact);
            let waiting = self.transfers.iter().any(|t| t.phase == Phase::Asking && Some(t.contact) == of);
            // Offers to it that wait for a proxy to be found need to know it anew.
            if waiting && let Some(contact) = self.contact_of(index) {
                contact.want();
            }
        }
        self.fail_with(index, reason, condition);
    }

    /// STZ-11: a server says the same for a resource that is gone as a peer for what it does not do.
    fn reason_of_no_service(&self, index: usize) -> Reason {
        let contact = self.transfers.get(index).and_then(|t| self.contacts.get(usize::from(t.contact)));
        match contact {
            // It told what it can before, so its resource is gone.
            Some(peer) if peer.features().si && peer.features().file_transfer => Reason::PeerGone,
            Some(peer) if peer.has_said() => Reason::Unsupported,
            _ => Reason::PeerUnknown,
        }
    }

    /// SI-06, SI-07, SI-14.
    fn offer_accepted(&mut self, index: usize, payload: Option<Element<'_>>) {
        let Some(slot) = self.transfers.get_mut(index) else { return };
        let offered = slot.streams_offered();
        let answer = payload.filter(|p| p.is(Ns::Si, "si")).and_then(|si| si::read_answer(&si, offered));
        let over_socks5 = answer.is_some_and(|answer| answer.method == StreamMethod::Socks5);
        let Some((start, end)) = answer.and_then(|answer| answer.range(slot.file.size)) else {
            slot.fail(Reason::BadAnswer, None);
            return;
        };
        // A hash speaks of the whole file, and of a range this end hashes nothing.
        let (head, tail) = (start == 0, end == slot.file.size);
        if slot.receipts == Receipts::V0 && !(tail && (head || slot.file.sha256.is_some())) {
            slot.receipts = Receipts::None;
        }
        let hashes = slot.receipts != Receipts::None && slot.file.sha256.is_none();
        let hashes = hashes && head && tail && !slot.unhashed;
        slot.flow.agree(start, end, Digest::start(hashes, false));
        slot.news.accepted = true;
        if over_socks5 {
            self.offer_hosts(index);
        } else {
            slot.skip_socks5(Skip::NotChosen);
            self.open_in_band(index);
        }
    }

    /// The sender opens the in-band bytestream (IBB-01).
    pub(crate) fn open_in_band(&mut self, index: usize) {
        let deadline = self.in_ms(self.settings.times.open_ms);
        let block = self.largest_block(index);
        let (window_bytes, carrier) = (self.settings.window_bytes, self.settings.carrier);
        let Some(slot) = self.transfers.get_mut(index) else { return };
        slot.over_socks5 = false;
        slot.owed.open = true;
        slot.enter(Phase::Opening, Timer::Open, deadline);
        let one_block =
            self.contacts.get(usize::from(slot.contact)).is_some_and(ContactSlot::takes_one_block);
        slot.bytestream = Bytestream::new(block, carrier, Window::new(window_bytes, one_block));
        self.begins(index);
        self.awaits(index);
    }

    /// LIM-03: what fits a stanza, measured on the real envelope; and what the peer took before (IBB-05).
    fn largest_block(&self, index: usize) -> u16 {
        let Some(slot) = self.transfers.get(index) else { return 1 };
        let id = self.ids.block(u16::MAX, slot.generation, u32::MAX, slot.file.size);
        let envelope = Writer::measure(|w| self.write_block(w, index, &id, &[]));
        // The server adds our address, and the sequence number grows to five digits.
        let envelope = envelope.saturating_add(self.link.jid().len()).saturating_add(STAMP_BYTES);
        let fits = ibb::largest_block(self.link.stanza_bytes(), envelope);
        let ceiling = self.contacts.get(usize::from(slot.contact)).map_or(u16::MAX, ContactSlot::ceiling);
        self.settings.block_bytes.min(fits).min(ceiling).max(1)
    }

    fn learn_ceiling(&mut self, index: usize) {
        let block = self.transfers.get(index).map_or(0, |slot| slot.bytestream.block);
        if let Some(contact) = self.contact_of(index) {
            contact.learn_ceiling(block);
        }
    }

    pub(super) fn contact_of(&mut self, index: usize) -> Option<&mut ContactSlot> {
        let contact = self.transfers.get(index)?.contact;
        self.contacts.get_mut(usize::from(contact))
    }

    /// The bytestream is open: bytes may go (IBB-10).
    fn opened(&mut self, index: usize) {
        let (chunk, compat) = (self.settings.chunk_bytes, self.settings.compat_blocks);
        if let Some(slot) = self.transfers.get_mut(index) {
            slot.bytestream.choose_chunk(chunk, slot.flow.length(), compat);
            slot.news.started = true;
            slot.route.method = Some(Method::InBand);
            slot.enter(Phase::Sending, Timer::Block, None);
            slot.say_last_word();
        }
        self.close_if_sent(index);
    }

    /// IBB-31: the sender closes after every block was acknowledged. Between two ends that know receipts of version 1 it
    /// has nothing to ask by it: it waits for the verdict first, and closes as a formality.
    pub(crate) fn close_if_sent(&mut self, index: usize) {
        let times = self.settings.times;
        let (deadline, brief) = (self.in_ms(times.finish_ms), self.in_ms(times.closing_ms));
        let Some(slot) = self.transfers.get_mut(index) else { return };
        if slot.phase != Phase::Sending || slot.over_socks5 || !slot.flow.is_safe() {
            return;
        }
        if slot.receipts == Receipts::V1 {
            slot.enter(Phase::Confirming, Timer::Finish, deadline);
        } else {
            // IBB-33, QRK-44: an answer would say nothing that is not known already.
            let known = slot.receipts == Receipts::None && slot.bytestream.carrier == Carrier::Iq;
            let deadline = if known { brief } else { deadline };
            slot.owed.close = true;
            slot.enter(Phase::Closing, Timer::Finish, deadline);
        }
        self.awaits(index);
    }

    /// The bytestream is closed at both sides: the verdict is the receipt's, if the peer gives one.
    pub(crate) fn closed(&mut self, index: usize) {
        let deadline = self.in_ms(self.settings.times.finish_ms);
        let Some(slot) = self.transfers.get_mut(index) else { return };
        slot.bytestream.closed = true;
        slot.owed.close = false;
        if slot.receipts == Receipts::None {
            slot.hand_over();
        } else {
            slot.enter(Phase::Confirming, Timer::Finish, deadline);
        }
    }
}
