//! Everything of the session but the reader, so that a stanza can be looked at while state changes.

use super::acks::Acks;
use super::identity::{Identity, Settings};
use super::ids::Ids;
use super::outbox::Outbox;
use super::reading::Reading;
use crate::contact::ContactSlot;
use crate::error::{Condition, Ending, Error, Reason};
use crate::link::Link;
use crate::output::{HostFailure, Route, StreamId, TransferId};
use crate::time::Instant;
use crate::transfer::{Owed, Phase, TransferSlot};
use crate::transport::socks5::discovery::Discovery;
use crate::transport::socks5::hosts::Hosts;
use crate::transport::socks5::{StreamSlot, TransferKey};

/// How far the session's life is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    Running,
    /// The owner wants to leave: running transfers are told, then the stream is closed.
    Leaving,
    /// The stream is gone or going; what happened is still to be told.
    Ending {
        reason: Reason,
        condition: Option<Condition>,
    },
    Closed(Reason),
}

/// Everything of the session but the reader.
#[derive(Debug)]
pub(crate) struct State<'a> {
    pub(crate) link: Link,
    pub(crate) me: Identity,
    pub(crate) settings: Settings,
    pub(crate) ids: Ids,
    pub(crate) transfers: &'a mut [TransferSlot],
    pub(crate) contacts: &'a mut [ContactSlot],
    pub(crate) outbox: Outbox<'a>,
    pub(crate) acks: Acks<'a>,
    pub(crate) now: Instant,
    /// Up to when the owner could read: nothing later is judged.
    pub(crate) reading: Reading,
    pub(crate) life: Life,
    /// `Event::Online` is to be told.
    pub(crate) news_online: bool,
    /// The slot that is looked at first for data, so that transfers take turns.
    pub(crate) turn: usize,
    /// When the next message stanza may go out (IBB-17).
    pub(crate) message_at: Instant,
    /// Uses of the contact table, for the choice of what to forget.
    pub(crate) uses: u32,
    pub(crate) streams: &'a mut [StreamSlot],
    pub(crate) hosts: Hosts<'a>,
    pub(crate) discovery: Discovery,
    /// Streamhosts that failed and were not told yet.
    pub(crate) host_news: heapless::Vec<(TransferId, StreamId, HostFailure), 8>,
    /// A transfer that waited for a last word and gave its slot to an offer; its end was not told yet.
    pub(crate) gave_way: Option<(TransferId, Ending, Route)>,
}

impl State<'_> {
    /// Every call but reading fails after the end.
    pub(crate) fn check_alive(&self) -> Result<(), Error> {
        match self.life {
            Life::Running | Life::Leaving => Ok(()),
            Life::Ending { reason, .. } | Life::Closed(reason) => Err(Error::Closed(reason)),
        }
    }

    /// What answers until the end was told as an event fails after it.
    pub(crate) fn check_told(&self) -> Result<(), Error> {
        if let Life::Closed(reason) = self.life { Err(Error::Closed(reason)) } else { Ok(()) }
    }

    pub(crate) fn check_online(&self) -> Result<(), Error> {
        self.check_alive()?;
        if self.life == Life::Leaving {
            return Err(Error::State);
        }
        if self.link.is_online() { Ok(()) } else { Err(Error::Offline) }
    }

    /// The slot of a handle.
    pub(crate) fn transfer(&mut self, id: TransferId) -> Result<&mut TransferSlot, Error> {
        let slot = self.transfers.get_mut(usize::from(id.slot)).ok_or(Error::Stale)?;
        if slot.is_stale() || slot.generation != id.generation { Err(Error::Stale) } else { Ok(slot) }
    }

    /// The stream is lost or given up: every transfer ends with it (IBB-36).
    pub(crate) fn fail(&mut self, reason: Reason, condition: Option<Condition>) {
        if self.check_alive().is_err() {
            return;
        }
        self.life = Life::Ending { reason, condition };
        for slot in self.transfers.iter_mut().filter(|slot| !slot.is_free()) {
            slot.abandon(Reason::StreamLost, condition);
            slot.owed = Owed::NOTHING;
        }
        // Strangers have no transfer that would take them along.
        self.streams.iter_mut().for_each(StreamSlot::close);
        self.outbox.clear();
        self.acks.clear();
    }

    /// The peer of that full JID, made known if need be. `None`: every slot is in use.
    pub(crate) fn contact(&mut self, jid: &str) -> Option<u16> {
        self.uses = self.uses.wrapping_add(1);
        let uses = self.uses;
        let index = match self.find_contact(jid) {
            Some(index) => usize::from(index),
            None => {
                let index = self.spare_contact()?;
                self.contacts.get_mut(index)?.begin(jid)?;
                index
            }
        };
        self.contacts.get_mut(index)?.uses(uses);
        u16::try_from(index).ok()
    }

    /// The known peer of that full JID.
    pub(crate) fn find_contact(&self, jid: &str) -> Option<u16> {
        let index = self.contacts.iter().position(|slot| slot.is(jid))?;
        u16::try_from(index).ok()
    }

    /// A contact slot that is free, or the one least recently needed that no transfer holds.
    fn spare_contact(&self) -> Option<usize> {
        let held =
            |index: usize| self.transfers.iter().any(|t| !t.is_free() && usize::from(t.contact) == index);
        let spare = (0..self.contacts.len()).zip(self.contacts.iter()).filter(|(index, _)| !held(*index));
        spare.max_by_key(|(_, slot)| slot.age(self.uses)).map(|(index, _)| index)
    }

    /// JID of a transfer's peer.
    pub(crate) fn peer(&self, transfer: &TransferSlot) -> &str {
        self.contacts.get(usize::from(transfer.contact)).map_or("", ContactSlot::jid)
    }

    /// A transfer by peer and stream id, among those that `want` (IBB-07): of one side, when both ends send (IBB-09).
    pub(crate) fn find(&self, from: &str, sid: &str, want: impl Fn(&TransferSlot) -> bool) -> Option<usize> {
        let contact = self.find_contact(from)?;
        self.transfers
            .iter()
            .position(|t| !t.is_free() && t.contact == contact && t.texts.sid() == sid && want(t))
    }

    /// The transfer that waits for the answer to that request.
    pub(crate) fn awaiting(&self, request: u32) -> Option<usize> {
        // 0 stands for no request: whoever answers it answers what was not asked (ATK-22).
        self.transfers.iter().position(|t| request != 0 && t.request == request && t.is_live())
    }

    /// Takes a free slot.
    pub(crate) fn begin(&mut self, phase: Phase, contact: u16) -> Option<usize> {
        let index = self.transfers.iter().position(TransferSlot::is_free)?;
        self.transfers.get_mut(index)?.begin(phase, contact);
        Some(index)
    }

    /// The time `ms` from now.
    pub(crate) fn in_ms(&self, ms: u32) -> Option<Instant> {
        Some(self.now.after(ms))
    }

    /// Slot and generation of a transfer.
    pub(crate) fn key(&self, index: usize) -> TransferKey {
        let slot = u16::try_from(index).unwrap_or(u16::MAX);
        self.transfers.get(index).map_or((slot, 0), |t| t.key(slot))
    }

    /// The handle of a slot.
    pub(crate) fn handle(&self, index: usize) -> TransferId {
        let slot = u16::try_from(index).unwrap_or(u16::MAX);
        self.transfers.get(index).map_or(TransferId { slot, generation: 0 }, |t| t.id(slot))
    }
}
