//! What goes out, and in which order: the stream's own, answers, acknowledgements, events, requests, blocks.

use super::acks::Fate;
use super::owed::write_refusal;
use super::state::{Life, State};
use crate::contact::{ContactSlot, Numbered};
use crate::error::{Error, Reason};
use crate::link::LinkOutput;
use crate::output::{Event, StreamId, Timer, TransferId};
use crate::time::Instant;
use crate::transfer::Phase;
use crate::wire::stanza::write_result;
use crate::wire::xml::{WriteError, Writer};

/// The next thing to do, without the borrowed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Transmit(usize),
    /// The same on a SOCKS5 stream.
    TransmitOn(StreamId, usize),
    /// The first bytes of the buffer are the host.
    Connect {
        stream: StreamId,
        transfer: TransferId,
        host: usize,
        port: u16,
    },
    SendRaw {
        transfer: TransferId,
        stream: StreamId,
        offset: u64,
        max: u64,
    },
    HalfClose(StreamId),
    CloseStream(StreamId),
    NeedData {
        transfer: TransferId,
        offset: u64,
        max: usize,
    },
    StartTls,
    Close,
    Event(Event),
    Wait {
        until: Option<Instant>,
        why: Timer,
    },
}

impl State<'_> {
    /// The next thing to do. A refused write changes nothing.
    pub(crate) fn next(&mut self, out: &mut [u8]) -> Result<Next, Error> {
        self.check_told()?;
        self.judge_if_read();
        let next = self.next_thing(out);
        if let Ok(Next::Transmit(_)) = next {
            self.link.sent(self.now);
        }
        // Who cannot write, or has no bytes at hand, gets to read as well.
        if let Ok(Next::Wait { .. } | Next::NeedData { .. }) | Err(Error::NoSpace { .. }) = next {
            self.reading.leaves(self.now);
        }
        next
    }

    fn next_thing(&mut self, out: &mut [u8]) -> Result<Next, Error> {
        if let Some(next) = self.next_of_link(out)? {
            return Ok(next);
        }
        if self.link.is_online()
            && let Some(next) = self.next_answers(out)?
        {
            return Ok(next);
        }
        if let Some(next) = self.next_of_streams(out)? {
            return Ok(next);
        }
        if let Some(event) = self.next_event() {
            return Ok(Next::Event(event));
        }
        if self.link.is_online() && !self.is_ending() {
            if let Some(written) = self.next_request(out)? {
                return Ok(Next::Transmit(written));
            }
            if let Some(next) = self.next_raw() {
                return Ok(next);
            }
            if let Some(next) = self.next_block() {
                return Ok(next);
            }
            self.leave_when_told();
            if let Some(next) = self.next_of_link(out)? {
                return Ok(next);
            }
        }
        if self.is_ending() {
            return self.next_thing(out);
        }
        let (until, why) = self.next_deadline();
        // One that is due waits for what has come to be read.
        Ok(Next::Wait { until: until.map(|at| at.max(self.now)), why })
    }

    fn is_ending(&self) -> bool {
        matches!(self.life, Life::Ending { .. } | Life::Closed(_))
    }

    fn next_of_link(&mut self, out: &mut [u8]) -> Result<Option<Next>, Error> {
        let account = self.me.account();
        Ok(match self.link.poll(out, &account, self.now)? {
            LinkOutput::Idle => None,
            LinkOutput::Transmit(bytes) => Some(Next::Transmit(bytes)),
            LinkOutput::StartTls => Some(Next::StartTls),
            LinkOutput::Close => {
                let reason = if self.life == Life::Leaving { Reason::Closed } else { Reason::ServerClosed };
                self.fail(reason, None);
                Some(Next::Close)
            }
            LinkOutput::Again => Some(Next::Wait { until: Some(self.now), why: Timer::KeyDerivation }),
        })
    }

    /// Acknowledgements first, then answers: what refuses a block must not overtake the acknowledgements of those before it
    /// (IBB-14). As many as fit, or one stanza where the host owns the stream.
    fn next_answers(&mut self, out: &mut [u8]) -> Result<Option<Next>, Error> {
        let hosted = self.settings.hosted;
        let (mut written, all) = self.write_acks(out, hosted)?;
        if written == 0 || (all && !hosted) {
            let rest = out.get_mut(written..).unwrap_or(&mut []);
            written = match self.outbox.drain(rest, hosted) {
                Err(needed) if written == 0 => return Err(Error::NoSpace { needed }),
                drained => written.saturating_add(drained.unwrap_or(0)),
            };
        }
        if written == 0 {
            return Ok(None);
        }
        Ok(Some(Next::Transmit(written)))
    }

    /// Acknowledges what is stored, in order; refuses what never will be, because its transfer is over (IBB-14,
    /// IBB-16, STZ-04). Returns the bytes written, and whether nothing was left for want of room.
    fn write_acks(&mut self, out: &mut [u8], one: bool) -> Result<(usize, bool), Error> {
        let State { acks, transfers, contacts, .. } = self;
        let (mut written, mut refused) = (0usize, None);
        acks.sweep(|ack| {
            let slot = transfers
                .get(usize::from(ack.slot))
                .filter(|t| t.generation == ack.generation && !t.is_free());
            let Some(slot) = slot else { return Fate::Drop };
            // What is final waits for more than the bytes: the file's place.
            let stored = ack.upto <= slot.flow.safe() && (slot.placed || ack.upto < slot.flow.end());
            if !stored && slot.phase != Phase::Over {
                return Fate::Keep;
            }
            if one && written > 0 {
                return Fate::Stop;
            }
            let peer = contacts.get(usize::from(slot.contact)).map(ContactSlot::jid);
            let mut w = Writer::new(out.get_mut(written..).unwrap_or(&mut []));
            if stored {
                write_result(&mut w, peer, ack.id);
            } else {
                write_refusal(&mut w, slot, peer, ack.id);
            }
            match w.finish() {
                Ok(bytes) => {
                    written = written.saturating_add(bytes);
                    Fate::Drop
                }
                Err(error) => {
                    refused = Some(error);
                    Fate::Stop
                }
            }
        });
        match refused {
            Some(error @ WriteError::NoSpace { .. }) if written == 0 => Err(error.into()),
            refused => Ok((written, refused.is_none())),
        }
    }

    fn next_event(&mut self) -> Option<Event> {
        if self.news_online {
            self.news_online = false;
            return Some(Event::Online);
        }
        if let Some((transfer, ending, route)) = self.gave_way.take() {
            return Some(Event::Finished { transfer, ending, route });
        }
        if !self.host_news.is_empty() {
            let (transfer, stream, why) = self.host_news.remove(0);
            return Some(Event::HostFailed { transfer, stream, why });
        }
        for index in 0..self.transfers.len() {
            let transfer = self.handle(index);
            let event = self.transfers.get_mut(index)?.tells(transfer, self.settings.block_bytes);
            if event.is_some() {
                self.free_if_settled(index);
                return event;
            }
        }
        let Life::Ending { reason, condition } = self.life else { return None };
        self.life = Life::Closed(reason);
        Some(Event::Offline { reason, condition })
    }

    /// A transfer that is over keeps its slot until everything owed went out.
    fn free_if_settled(&mut self, index: usize) {
        let Some(slot) = self.transfers.get_mut(index) else { return };
        if slot.phase != Phase::Over || slot.news.finished || slot.owed.anything() {
            return;
        }
        let generation = slot.generation;
        let owing = self.acks.any(|ack| usize::from(ack.slot) == index && ack.generation == generation);
        if !owing {
            slot.free();
        }
    }

    /// The first stanza owed to somebody.
    fn next_request(&mut self, out: &mut [u8]) -> Result<Option<usize>, Error> {
        for index in 0..self.contacts.len() {
            if let Some(bytes) = self.write_to_contact(index, out)? {
                return Ok(Some(bytes));
            }
        }
        if let Some(bytes) = self.next_question(out)? {
            return Ok(Some(bytes));
        }
        for index in 0..self.transfers.len() {
            if self.transfers.get(index).is_some_and(|t| t.owed.anything()) {
                let bytes = self.write_owed(index, out)?;
                self.free_if_settled(index);
                return Ok(Some(bytes));
            }
            self.free_if_settled(index);
        }
        Ok(None)
    }

    /// Our presence, or a question.
    fn write_to_contact(&mut self, index: usize, out: &mut [u8]) -> Result<Option<usize>, Error> {
        // Asked of every peer at every poll: ids are made for those alone that are written to.
        if !self.contacts.get(index).is_some_and(ContactSlot::owes) {
            return Ok(None);
        }
        let number = self.ids.upcoming();
        let (request, unanswered) = (self.ids.request(number), self.ids.unanswered(number));
        let ids = Numbered { number, request: &request, unanswered: &unanswered };
        let Some(contact) = self.contacts.get_mut(index) else { return Ok(None) };
        let written = contact.say(ids, Writer::new(out), self.now)?;
        if written.is_some() {
            self.ids.next_request();
        }
        Ok(written)
    }

    /// Which file may send its next block, in turns.
    fn next_block(&mut self) -> Option<Next> {
        let count = self.transfers.len();
        let index = (0..count).find_map(|step| {
            let index = self.turn.wrapping_add(step).checked_rem(count)?;
            self.sendable(index).map(|max| (index, max))
        });
        let (index, max) = index?;
        self.turn = index.wrapping_add(1);
        let transfer = self.handle(index);
        let offset = self.transfers.get(index)?.flow.moved();
        Some(Next::NeedData { transfer, offset, max })
    }

    /// The owner wants to leave: once the peers are told, the stream goes (STR-10).
    fn leave_when_told(&mut self) {
        if self.life != Life::Leaving || !self.outbox.is_empty() {
            return;
        }
        if self.settings.hosted {
            self.fail(Reason::Closed, None);
        } else {
            self.link.close(self.now);
        }
    }
}
