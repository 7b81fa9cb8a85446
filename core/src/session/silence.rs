//! Whether peers that say nothing are still there (PNG-03). A file in band depends on its peer's next word: who told before
//! what it can is asked for that again after some seconds without a sign of life. Its answer is one; a server answers for who
//! is gone. That nothing comes back proves nothing: the owner there may be busy with its disk, or the path slow.

use super::state::State;
use crate::error::{Condition, Reason, StanzaCondition};
use crate::time::Instant;
use crate::transfer::{Phase, TransferSlot};
use crate::wire::stanza::{Kind, MessageType, PresenceType, Stanza};

impl State<'_> {
    /// Whatever a peer says is a sign of life. What a server may have said in its place is none.
    pub(crate) fn hears(&mut self, s: &Stanza<'_>) {
        use PresenceType::{Error, Unavailable};
        let replaced = matches!(
            s.kind,
            Kind::IqError | Kind::Message(MessageType::Error) | Kind::Presence(Error | Unavailable)
        );
        let contact = s.from.filter(|_| !replaced).and_then(|from| self.find_contact(from));
        let State { contacts, transfers, settings, now, .. } = self;
        if let Some(index) = contact
            && let Some(contact) = contacts.get_mut(usize::from(index))
        {
            let awaited = || transfers.iter().any(|t| t.contact == index && t.awaits_peer());
            contact.silence_ends(*now, settings.times.ask_ms, awaited);
        }
    }

    /// A file in band begins: nothing is known of the path. What its peer can is to be known for later, if more than a block
    /// is to come.
    pub(crate) fn begins(&mut self, index: usize) {
        let asks = self.settings.times.ask_ms > 0;
        let Some(slot) = self.transfers.get(index) else { return };
        let long = slot.flow.length() > u64::from(slot.bytestream.block);
        let Some(contact) = self.contacts.get_mut(usize::from(slot.contact)) else { return };
        contact.file_begins(asks && long);
    }

    /// From now on that transfer waits for its peer.
    pub(crate) fn awaits(&mut self, index: usize) {
        let (now, ask_ms) = (self.now, self.settings.times.ask_ms);
        if let Some(contact) = self.contact_of(index) {
            contact.silence_starts(now, ask_ms);
        }
    }

    /// When the peer of that transfer is to be asked.
    pub(crate) fn asks_at(&self, slot: &TransferSlot) -> Option<Instant> {
        let asks = self.settings.times.ask_ms > 0 && slot.awaits_peer();
        let contact = self.contacts.get(usize::from(slot.contact)).filter(|_| asks)?;
        contact.asks_at(self.now)
    }

    /// That transfer's peer is asked, if it was silent for long enough by `read`. An earlier question counts no more.
    pub(crate) fn ask_if_silent(&mut self, index: usize, read: Instant) {
        let due = self.transfers.get(index).and_then(|slot| self.asks_at(slot));
        let (now, ask_ms) = (self.now, self.settings.times.ask_ms);
        if due.is_some_and(|due| due <= read)
            && let Some(contact) = self.contact_of(index)
        {
            contact.ask(now, ask_ms);
        }
    }

    /// A peer goes, and takes its transfers with it (IBB-36).
    pub(crate) fn gone(&mut self, contact: usize, condition: Option<StanzaCondition>) {
        if let Some(contact) = self.contacts.get_mut(contact) {
            contact.forget_presence();
        }
        // A stream of its own outlives the sender's presence: what is still on its way there counts, and its end or silence
        // tells the rest.
        let ends = |t: &TransferSlot| !(t.over_socks5 && t.phase == Phase::Receiving);
        let of_peer = |t: &TransferSlot| t.is_live() && usize::from(t.contact) == contact;
        for t in self.transfers.iter_mut().filter(|t| of_peer(t) && ends(t)) {
            t.abandon(Reason::PeerGone, condition.map(Condition::Stanza));
        }
    }
}
