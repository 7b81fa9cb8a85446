//! The offers that peers make: shown to the owner, accepted, declined, or refused before (SI-06..10).

use super::incoming::Taken;
use super::state::{Life, State};
use crate::config::Method;
use crate::error::{Ending, Error, Reason, StanzaCondition};
use crate::negotiate::si::{self, SiOffer, SiRefusal, StreamMethod, StreamMethods};
use crate::output::{Skip, Timer, TransferId};
use crate::session::Decline;
use crate::transfer::digest::Digest;
use crate::transfer::{Answer, Flow, News, OFFER_ID_BYTES, Phase, SID_BYTES, Texts, TransferSlot};
use crate::transport::socks5::{Attempt, Step};
use crate::wire::jid;
use crate::wire::receipt::Receipts;
use crate::wire::stanza::{Element, ErrorType, Kind, Ns, Stanza};

/// Why an offer was not shown to the owner.
enum Turned {
    Away(SiRefusal),
    /// The same stream id from the same peer is under way (IBB-07).
    Double,
    /// No room: slots, or the peer's share of them (ATK-33); or we are leaving.
    NoRoom,
    /// The peer's address or ids are longer than what is kept.
    TooLong,
}

impl State<'_> {
    /// An offer (SI-03). The owner answers it, unless it cannot be taken at all.
    pub(crate) fn offer_in(&mut self, s: &Stanza<'_>, payload: &Element<'_>) -> Taken {
        if s.kind != Kind::IqSet {
            return Taken::Done;
        }
        let turned = match si::read_offer(payload) {
            Ok(offer) if si::choose(self.streams_taken(), offer.streams).is_none() => {
                Turned::Away(SiRefusal::NoValidStreams)
            }
            Ok(offer) if self.is_said_again(s, offer.sid, false) => return Taken::Done,
            Ok(offer) if self.goes_on(s, &offer) => return Taken::Done,
            Ok(offer) => match self.offer_slot(s, &offer) {
                Ok(index) => return Taken::Offer { index },
                Err(turned) => turned,
            },
            Err(refusal) => Turned::Away(refusal),
        };
        let bad = StanzaCondition::BadRequest;
        match turned {
            // Another profile of stream initiation may be the host's.
            Turned::Away(SiRefusal::BadProfile) if self.settings.hosted => return Taken::NotMine,
            Turned::Away(SiRefusal::BadProfile) => {
                self.refuse_with(s, ErrorType::Modify, bad, Some((Ns::Si, "bad-profile")))
            }
            Turned::Away(SiRefusal::NoValidStreams) => {
                self.refuse_with(s, ErrorType::Cancel, bad, Some((Ns::Si, "no-valid-streams")))
            }
            Turned::Away(SiRefusal::Malformed) => self.refuse(s, ErrorType::Modify, bad),
            Turned::Double => self.refuse(s, ErrorType::Cancel, StanzaCondition::NotAcceptable),
            Turned::NoRoom => {
                self.refuse(s, ErrorType::Wait, StanzaCondition::ResourceConstraint);
                return if self.life == Life::Running { Taken::NoRoom } else { Taken::Done };
            }
            Turned::TooLong => self.refuse(s, ErrorType::Modify, StanzaCondition::NotAcceptable),
        }
        Taken::Done
    }

    /// SM-22, QRK-51: a sender that resumed its stream repeats its offer, or its streamhosts (`hosts`). Both have one id,
    /// and one answer, which is due or on its way.
    pub(crate) fn is_said_again(&self, s: &Stanza<'_>, sid: &str, hosts: bool) -> bool {
        let same = |t: &TransferSlot| {
            let came = t.attempt.step != Step::None;
            t.is_live() && !t.is_sender() && came == hosts && s.id == Some(t.texts.name())
        };
        self.find(s.from.unwrap_or(""), sid, same).is_some()
    }

    /// The second offer of a sender whose SOCKS5 streams came to nothing (SI-22, QRK-10): the same file, in band. The owner
    /// has accepted it already and has a place for it, so that transfer goes on. The hash tells that the file is the
    /// same; without one it is an offer like any other.
    fn goes_on(&mut self, s: &Stanza<'_>, offer: &SiOffer<'_>) -> bool {
        let (from, id) = (s.from.unwrap_or(""), s.id.unwrap_or(""));
        let fits = id.len() <= OFFER_ID_BYTES && offer.sid.len() <= SID_BYTES;
        let allowed = self.settings.methods.has(Method::InBand) && offer.streams.has(StreamMethod::InBand);
        let hashed = offer.sha256.is_some() || offer.md5.is_some();
        let fresh = self.find(from, offer.sid, |_| true).is_none();
        if !(self.life == Life::Running && fits && allowed && hashed && fresh) {
            return false;
        }
        let found = (0..self.transfers.len()).find(|index| {
            self.is_from_peer(*index, from)
                && self.yields_to_in_band(*index)
                && self.transfers.get(*index).is_some_and(|t| {
                    let same = (t.file.size, t.file.sha256, t.file.md5);
                    t.is_live()
                        && !t.is_sender()
                        && t.over_socks5
                        // Answers that are not out yet need the ids of the first offer.
                        && !t.owed.anything()
                        && same == (offer.size, offer.sha256, offer.md5)
                        && (t.flow.start() == 0 || offer.ranged)
                })
        });
        let deadline = self.in_ms(self.settings.times.open_ms);
        let texts = Texts::incoming(offer.sid, id);
        let slot = found.and_then(|index| self.transfers.get_mut(index));
        let (Some(slot), Some(texts)) = (slot, texts) else { return false };
        slot.texts = texts;
        if slot.receipts != Receipts::None {
            slot.receipts = offer.receipts;
        }
        slot.left_by_sender();
        (slot.over_socks5, slot.attempt, slot.offers_in_band) = (false, Attempt::NONE, true);
        // The new offer is the sender's; for our owner the transfer just goes on.
        slot.news.fell_back = Some(false);
        slot.owed.answer = Some(Answer::Accept);
        slot.enter(Phase::Waiting, Timer::Open, deadline);
        true
    }

    fn offer_slot(&mut self, s: &Stanza<'_>, offer: &SiOffer<'_>) -> Result<usize, Turned> {
        if self.life != Life::Running {
            return Err(Turned::NoRoom);
        }
        let (from, id) = (s.from.unwrap_or(""), s.id.unwrap_or(""));
        if from.is_empty()
            || id.len() > OFFER_ID_BYTES
            || offer.sid.len() > SID_BYTES
            || from.len() > crate::JID_BYTES
        {
            return Err(Turned::TooLong);
        }
        if self.find(from, offer.sid, |t| t.is_live()).is_some() {
            return Err(Turned::Double);
        }
        self.make_room();
        if !self.has_share(from, offer) {
            return Err(Turned::NoRoom);
        }
        let contact = self.contact(from).ok_or(Turned::NoRoom)?;
        let index = self.begin(Phase::Asked, contact).ok_or(Turned::NoRoom)?;
        let (methods, receipts, hashes) =
            (self.settings.methods, self.settings.receipts, self.settings.hashes);
        let chosen = si::choose(self.streams_taken(), offer.streams);
        let deadline = self.in_ms(self.settings.times.offer_ms);
        let slot = self.transfers.get_mut(index).ok_or(Turned::NoRoom)?;
        slot.enter(Phase::Asked, Timer::Offer, deadline);
        slot.texts = Texts::incoming(offer.sid, id).unwrap_or(Texts::NONE);
        slot.file.size = offer.size;
        slot.file.sha256 = offer.sha256;
        slot.file.md5 = offer.md5;
        slot.flow = Flow::whole(offer.size);
        let receipts = if receipts { offer.receipts } else { Receipts::None };
        slot.choose_receipts(receipts, offer.unhashed || !hashes);
        slot.methods = methods;
        slot.offers_socks5 = offer.streams.has(StreamMethod::Socks5);
        slot.offers_in_band = offer.streams.has(StreamMethod::InBand);
        slot.over_socks5 = chosen == Some(StreamMethod::Socks5);
        for method in [Method::Direct, Method::Mediated, Method::InBand] {
            let in_band = method == Method::InBand;
            let offered = if in_band { slot.offers_in_band } else { slot.offers_socks5 };
            if !methods.has(method) {
                slot.skip(method, Skip::Policy);
            } else if !offered {
                slot.skip(method, Skip::NotChosen);
            }
        }
        slot.ranged = offer.ranged;
        Ok(index)
    }

    /// Whether a peer may have one more transfer (ATK-17, ATK-33): those that wait and those that are accepted count
    /// together, whatever resource they come from, and the last free slot is for somebody else than who holds the rest.
    fn has_share(&self, from: &str, offer: &SiOffer<'_>) -> bool {
        let incoming = self.transfers.iter().filter(|t| t.is_live() && !t.is_sender());
        let (mut own, others): (usize, usize) = incoming.fold((0, 0), |(own, others), t| {
            let is_own = jid::bare(self.peer(t)) == jid::bare(from);
            (own.saturating_add(is_own.into()), others.saturating_add((!is_own).into()))
        });
        // SI-22: the sender of a file that found no way over SOCKS5 offers it anew, without a hash that would tell.
        let left = (0..self.transfers.len()).any(|index| {
            self.is_from_peer(index, from)
                && self.yields_to_in_band(index)
                && self.transfers.get(index).is_some_and(|t| t.over_socks5 && t.file.size == offer.size)
        });
        if left && !offer.streams.has(StreamMethod::Socks5) {
            own = own.saturating_sub(1);
        }
        let last = self.transfers.iter().filter(|t| t.is_free()).nth(1).is_none();
        own < usize::from(self.settings.offers_per_peer) && !(last && own > 0 && others == 0)
    }

    /// A slot that only waits for a last word gives way to an offer when no other is free: its outcome is what both ends
    /// know. Where that word could still change it, it has some time to come.
    fn make_room(&mut self) {
        if self.gave_way.is_some() || self.transfers.iter().any(TransferSlot::is_free) {
            return;
        }
        let times = self.settings.times;
        let early = self.now.after(times.finish_ms.saturating_sub(times.end_ms));
        use Phase::*;
        let waits = |index: usize, t: &TransferSlot| {
            let last = matches!(t.phase, Closing | Confirming | Settled | Verifying);
            let known = t.phase == Settled || (t.phase == Verifying && t.own_verdict() == Ending::Done);
            let long = t.deadline.is_some_and(|deadline| deadline <= early);
            last && (known || long)
                && !t.owed.anything()
                && t.news == News::NONE
                && !self.acks.any(|ack| usize::from(ack.slot) == index && ack.generation == t.generation)
        };
        let found = (0..self.transfers.len()).zip(self.transfers.iter()).find(|(index, t)| waits(*index, t));
        let Some(index) = found.map(|(index, _)| index) else { return };
        let transfer = self.handle(index);
        let Some(slot) = self.transfers.get_mut(index) else { return };
        slot.settle();
        self.gave_way = Some((transfer, slot.ending, slot.route));
        slot.free();
    }

    /// What we choose from, in our order (SI-08).
    fn streams_taken(&self) -> StreamMethods {
        StreamMethods::of(&self.settings.methods, !self.streams.is_empty())
    }

    /// The owner accepts.
    pub(crate) fn accept(&mut self, id: TransferId, from_offset: u64) -> Result<(), Error> {
        self.check_online()?;
        let deadline = self.in_ms(self.settings.times.open_ms);
        let slot = self.transfer(id)?;
        if slot.phase != Phase::Asked || slot.owed.anything() {
            return Err(Error::State);
        }
        if from_offset > slot.file.size || (from_offset > 0 && !slot.ranged) {
            return Err(Error::Argument(crate::Argument::Offset));
        }
        // A hash speaks of the whole file: who sends a range knows its hash only if it offered it.
        let whole = from_offset == 0 || slot.file.sha256.is_some();
        if slot.receipts == Receipts::V0 && !whole {
            slot.receipts = Receipts::None;
        }
        let taken = slot.receipts != Receipts::None && whole && !slot.unhashed;
        let strong = slot.file.sha256.is_some() || taken;
        let digest = Digest::start(strong, !strong && slot.file.md5.is_some());
        slot.flow.agree(from_offset, slot.file.size, digest);
        slot.owed.answer = Some(Answer::Accept);
        slot.enter(Phase::Waiting, Timer::Open, deadline);
        let contact = usize::from(slot.contact);
        self.greet(contact);
        Ok(())
    }

    /// The owner shows what it has of a file that it takes the rest of (SI-25, ATK-44).
    pub(crate) fn prefix(&mut self, id: TransferId, offset: u64, bytes: &[u8]) -> Result<(), Error> {
        self.check_alive()?;
        let slot = self.transfer(id)?;
        let early = matches!(slot.phase, Phase::Waiting | Phase::Connecting | Phase::Receiving);
        if !early || slot.flow.has_begun() {
            return Err(Error::State);
        }
        let fits = slot.flow.show_prefix(offset, bytes);
        if fits { Ok(()) } else { Err(Error::Argument(crate::Argument::Offset)) }
    }

    /// The owner declines.
    pub(crate) fn decline(&mut self, id: TransferId, why: Decline) -> Result<(), Error> {
        self.check_online()?;
        let slot = self.transfer(id)?;
        if slot.phase != Phase::Asked {
            return Err(Error::State);
        }
        let (answer, reason) = match why {
            Decline::Unwanted => (Answer::Unwanted, Reason::Declined),
            Decline::Busy => (Answer::Busy, Reason::Declined),
            Decline::StoreFailed => (Answer::StoreFailed, Reason::StoreFailed),
        };
        slot.owed.answer = Some(answer);
        slot.fail(reason, None);
        Ok(())
    }
}
