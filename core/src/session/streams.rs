//! SOCKS5 streams: every one has a transfer or a deadline, and an end (S5B-20..35), also one that its
//! peer forgot (QRK-26).

use super::emit::Next;
use super::incoming::Taken;
use super::state::State;
use crate::config::Method;
use crate::error::{Argument, Error};
use crate::output::{HostFailure, StreamEnd, StreamId};
use crate::time::Instant;
use crate::transfer::Phase;
use crate::transport::socks5::hosts::{HostKind, Hosts};
use crate::transport::socks5::{Heard, Say, Step, StreamSlot, TransferKey};
use crate::wire::bytes::copy_prefix;
use crate::wire::socks5::{Digest, Dst};

impl State<'_> {
    /// The id of the stream in that place: place and generation, never 0.
    fn stream_id(&self, place: usize) -> StreamId {
        let generation = self.streams.get(place).map_or(0, |stream| stream.generation);
        let place = u8::try_from(place.saturating_add(1)).unwrap_or(u8::MAX);
        StreamId(u16::from_le_bytes([place, generation]))
    }

    /// The place of a stream that the owner was told of and that is not void.
    pub(crate) fn stream_place(&self, id: StreamId) -> Option<usize> {
        let [place, generation] = id.0.to_le_bytes();
        let place = usize::from(place.checked_sub(1)?);
        let stream = self.streams.get(place)?;
        let known = !stream.is_free() && !stream.owes_connect();
        (stream.generation == generation && known).then_some(place)
    }

    /// A free place that leaves `spare` others; ids have one byte for it.
    pub(crate) fn free_stream(&self, spare: usize) -> Option<usize> {
        let places = 0..self.streams.len().min(255);
        let free = places.zip(self.streams.iter()).filter(|(_, stream)| stream.is_free());
        free.map(|(place, _)| place).nth(spare)
    }

    /// The transfer that a stream belongs to.
    fn stream_transfer(&self, place: usize) -> Option<usize> {
        let (slot, generation) = self.streams.get(place)?.transfer?;
        let index = usize::from(slot);
        self.transfers.get(index).filter(|t| t.is_live() && t.generation == generation).map(|_| index)
    }

    /// A stream came to our listener (S5B-30).
    pub(crate) fn stream_accepted(&mut self, source: u64) -> Result<StreamId, Error> {
        self.check_alive()?;
        self.reading.feeds();
        let awaited =
            self.transfers.iter().any(|t| t.phase == Phase::Opening && t.attempt.step == Step::Offered);
        if !awaited {
            return Err(Error::State);
        }
        let count = |of: &dyn Fn(u64) -> bool| {
            let strangers = self.streams.iter().filter(|s| s.is_counted() && of(s.source));
            strangers.fold(0usize, |count, _| count.saturating_add(1))
        };
        let same = count(&|from| source != 0 && from == source);
        if same >= usize::from(self.settings.accepted_per_source) {
            return Err(Error::Full);
        }
        // Strangers never take the last places, which our own dialling needs.
        let strangers = count(&|_| true);
        let most = self.streams.len().saturating_sub(self.streams.len() / 4);
        let place = self.free_stream(0).filter(|_| strangers < most).ok_or(Error::Full)?;
        let deadline = self.now.after(self.settings.times.accept_ms);
        let stream = self.streams.get_mut(place).ok_or(Error::Full)?;
        stream.accept(source, deadline);
        Ok(self.stream_id(place))
    }

    /// A stream that the owner was to connect is up.
    pub(crate) fn stream_up(&mut self, id: StreamId) -> Result<(), Error> {
        let place = self.stream_place(id).ok_or(Error::Argument(Argument::Stream))?;
        self.goes_on_late(place);
        // One whose time was over is about to be closed, which its owner could not know.
        let known =
            self.streams.get_mut(place).is_some_and(|stream| stream.connected() || stream.is_closing());
        if known { Ok(()) } else { Err(Error::State) }
    }

    /// A handshake goes on though its time had passed unjudged: the owner was stopped, and needs the rest of it now. Short
    /// as handshakes are, nobody can make much of that.
    fn goes_on_late(&mut self, place: usize) {
        let (now, again) = (self.now, self.in_ms(self.settings.times.host_ms));
        let late = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= now);
        let transfer = self.stream_transfer(place);
        let Some(stream) = self.streams.get_mut(place).filter(|stream| stream.is_handshaking()) else {
            return;
        };
        if late(stream.deadline) {
            stream.deadline = again;
        }
        let attempt = transfer.and_then(|index| self.transfers.get_mut(index));
        if let Some(slot) = attempt.filter(|slot| slot.phase == Phase::Connecting && late(slot.deadline)) {
            slot.deadline = again;
        }
    }

    /// Bytes came on a stream: those of the handshake, or payload. Returns how many were used.
    pub(crate) fn stream_read(&mut self, id: StreamId, input: &[u8]) -> Result<(usize, Taken), Error> {
        let place = self.stream_place(id).ok_or(Error::Argument(Argument::Stream))?;
        if self.streams.get(place).is_some_and(StreamSlot::is_connecting) {
            return Err(Error::State);
        }
        self.goes_on_late(place);
        let transfer = self.stream_transfer(place);
        let echo = transfer.filter(|_| self.settings.strict_replies).and_then(|index| self.digest(index));
        let key = transfer.filter(|_| echo.is_some()).map(|index| self.key(index));
        let foreign = key.and_then(|key| foreign_dst(&self.hosts, key));
        let echo_dst = echo.as_ref().map(|digest| foreign.unwrap_or(digest.dst()));
        let Some(stream) = self.streams.get_mut(place) else { return Ok((input.len(), Taken::Done)) };
        let (used, heard) = stream.read(input, echo_dst);
        match heard {
            Heard::More | Heard::Turned | Heard::Ignored => {}
            Heard::Ready => self.dialled(place),
            Heard::Asked => self.asked(place),
            Heard::Failed(why) => self.dial_failed(place, id, why),
            Heard::Payload => {
                let taken = transfer
                    .filter(|index| self.transfers.get(*index).is_some_and(|t| t.attempt.stream == id.0))
                    .map_or(Taken::Done, |index| self.raw_in(index, input));
                return Ok((input.len(), taken));
            }
        }
        Ok((used, Taken::Done))
    }

    /// The owner says that a stream is over. In good order it may still take bytes: Close follows when it is not needed
    /// any more. Else its id is void at once.
    pub(crate) fn stream_over(&mut self, id: StreamId, end: StreamEnd) -> Result<(), Error> {
        // While the session ends its streams are still to be closed, except those that are over by themselves.
        self.check_told()?;
        let place = self.stream_place(id).ok_or(Error::Argument(Argument::Stream))?;
        let transfer = self.stream_transfer(place);
        let Some(stream) = self.streams.get_mut(place) else { return Ok(()) };
        let (host, dialling) = (stream.host, stream.is_handshaking() && !stream.is_accepted());
        let failed = if end == StreamEnd::Ended {
            if stream.is_handshaking() {
                stream.close();
            }
            dialling.then_some(HostFailure::Ended)
        } else {
            stream.ended(end)
        };
        let Some(index) = transfer else { return Ok(()) };
        if let Some(why) = failed {
            self.not_reached(index, id, host, why);
        } else if self.transfers.get(index).is_some_and(|t| t.attempt.stream == id.0) {
            self.raw_ended(index, end);
        }
        Ok(())
    }

    /// A handshake with a streamhost failed by what it said.
    fn dial_failed(&mut self, place: usize, id: StreamId, why: HostFailure) {
        let host = self.streams.get(place).map_or(0, |stream| stream.host);
        if let Some(index) = self.stream_transfer(place) {
            self.not_reached(index, id, host, why);
        }
    }

    /// A streamhost could not be used, for whatever reason.
    fn not_reached(&mut self, index: usize, id: StreamId, host: u16, why: HostFailure) {
        let transfer = self.handle(index);
        // When nobody drains, the last ones are not told; the outcome names the method all the same.
        let _ = self.host_news.push((transfer, id, why));
        self.go_on_without(index, host);
    }

    /// What follows when a streamhost is of no use.
    fn go_on_without(&mut self, index: usize, host: u16) {
        let step = self.transfers.get(index).map(|t| t.attempt.step);
        match step {
            Some(Step::Dialling) if self.transfers.get(index).is_some_and(|t| t.attempt.host == host) => {
                self.proxy_not_reached(index, host)
            }
            Some(Step::Connecting) => {
                self.note_unreached(index, host);
                self.host_failed(index);
            }
            _ => {}
        }
    }

    /// The handshake with a streamhost is over.
    fn dialled(&mut self, place: usize) {
        let (id, host) = (self.stream_id(place), self.streams.get(place).map_or(0, |stream| stream.host));
        let Some(index) = self.stream_transfer(place) else { return };
        match self.transfers.get(index).map(|t| t.attempt.step) {
            Some(Step::Connecting) => self.host_won(index, id, host),
            Some(Step::Dialling) => self.at_proxy(index, id.0),
            _ => {}
        }
    }

    /// An accepted stream named its digest: the first one with a valid digest is the peer (S5B-32..35).
    fn asked(&mut self, place: usize) {
        let id = self.stream_id(place);
        let Some(dst) = self.streams.get(place).and_then(|stream| stream.dst()) else { return };
        let mut index = None;
        for (at, transfer) in (0..self.transfers.len()).zip(self.transfers.iter()) {
            let valid = transfer.phase == Phase::Opening
                && transfer.attempt.step == Step::Offered
                && transfer.methods.has(Method::Direct)
                && !transfer.owed.hosts;
            if valid && self.digest(at).is_some_and(|digest| digest.dst() == dst) {
                index = Some(at);
            }
        }
        let free = index.filter(|at| self.transfers.get(*at).is_some_and(|t| t.attempt.stream == 0));
        let key = free.map(|index| self.key(index));
        if let Some(slot) = free.and_then(|index| self.transfers.get_mut(index)) {
            slot.attempt.stream = id.0;
        }
        if let Some(stream) = self.streams.get_mut(place) {
            stream.admit(key);
        }
    }

    /// The digest of a transfer over SOCKS5: the requester is the sender, the target the receiver (S5B-11).
    fn digest(&self, index: usize) -> Option<Digest> {
        let slot = self.transfers.get(index)?;
        let (own, peer) = (self.link.jid(), self.peer(slot));
        let (requester, target) = if slot.is_sender() { (own, peer) } else { (peer, own) };
        Digest::new(slot.texts.sid(), requester, target).ok()
    }

    /// Closes what no transfer wants, and forgets what peers offered for those that are over.
    fn reconcile(&mut self) {
        let transfers = &self.transfers;
        let wanted = |key: TransferKey| {
            transfers.get(usize::from(key.0)).filter(|t| t.is_live() && t.generation == key.1)
        };
        for place in 0..self.streams.len() {
            let id = self.stream_id(place);
            let Some(stream) = self.streams.get_mut(place) else { continue };
            let Some(key) = stream.transfer else { continue };
            let keep = wanted(key).is_some_and(|t| {
                t.attempt.stream == id.0
                    || (matches!(t.attempt.step, Step::Connecting | Step::Dialling)
                        && stream.is_handshaking())
            });
            // A peer that is told in words hears them before the stream's end, which says less.
            let telling = transfers.get(usize::from(key.0)).is_some_and(|t| {
                t.generation == key.1 && t.phase == Phase::Over && t.owed.close && t.attempt.stream == id.0
            });
            if !(keep || telling) {
                stream.close();
            } else if wanted(key).is_some_and(|t| matches!(t.phase, Phase::Closing | Phase::Confirming)) {
                // S5B-19: right behind the last byte, or a proxy may keep back the tail.
                stream.half_close();
            }
        }
        // Needed until the peer is told which one is used, and no longer: others wait for the room.
        let named = |slot: u16, generation| {
            let transfer = transfers.get(usize::from(slot)).filter(|t| t.generation == generation);
            transfer.is_some_and(|t| t.phase == Phase::Connecting || t.owed.verdict.is_some())
        };
        if self.hosts.has_offered() {
            self.hosts.remove(|host| match host.kind {
                HostKind::Offered { slot, generation } | HostKind::Dst { slot, generation } => {
                    !named(slot, generation)
                }
                _ => false,
            });
        }
    }

    /// What the SOCKS5 streams have to say: closings first, so that losers go before the winner is named (S5B-04).
    pub(crate) fn next_of_streams(&mut self, out: &mut [u8]) -> Result<Option<Next>, Error> {
        if self.streams.is_empty() {
            return Ok(None);
        }
        self.reconcile();
        self.dial_what_is_due();
        for place in 0..self.streams.len() {
            if let Some(next) = self.poll_stream(place, out)? {
                return Ok(Some(next));
            }
        }
        Ok(None)
    }

    fn poll_stream(&mut self, place: usize, out: &mut [u8]) -> Result<Option<Next>, Error> {
        let id = self.stream_id(place);
        // Most streams carry bytes and owe nothing, and every block in band asks all of them.
        let Some(stream) = self.streams.get(place).filter(|stream| stream.owes_anything()) else {
            return Ok(None);
        };
        let (mut host_bytes, mut port) = (0, 0);
        if stream.owes_connect() {
            let Some(host) = self.hosts.get(stream.host) else { return Ok(None) };
            if host.host.len() > out.len() {
                return Err(Error::NoSpace { needed: host.host.len() });
            }
            (host_bytes, port) = (copy_prefix(out, host.host.as_bytes()), host.port);
        }
        let transfer = self.stream_transfer(place);
        let digest = transfer.filter(|_| stream.owes_request()).and_then(|index| self.digest(index));
        let key = transfer.map(|index| self.key(index));
        let foreign = key.filter(|_| digest.is_some()).and_then(|key| foreign_dst(&self.hosts, key));
        let dst = digest.as_ref().map(|digest| foreign.unwrap_or(digest.dst()));
        let Some(stream) = self.streams.get_mut(place) else { return Ok(None) };
        let said = stream.poll(dst, out).map_err(|needed| Error::NoSpace { needed })?;
        Ok(match said {
            Say::Nothing => None,
            Say::Connect => transfer.map(|index| Next::Connect {
                stream: id,
                transfer: self.handle(index),
                host: host_bytes,
                port,
            }),
            Say::Transmit(bytes) => Some(Next::TransmitOn(id, bytes)),
            Say::HalfClose => Some(Next::HalfClose(id)),
            Say::Close => Some(Next::CloseStream(id)),
        })
    }

    /// Streams whose time is over.
    pub(crate) fn expire_streams(&mut self, read: Instant) {
        for place in 0..self.streams.len() {
            let id = self.stream_id(place);
            let Some(stream) = self.streams.get_mut(place) else { continue };
            if stream.deadline.is_none_or(|deadline| deadline > read) {
                continue;
            }
            let (host, unheard_of) = (stream.host, stream.owes_connect());
            // Asked for first: a stream that the owner has not heard of is free after this, and belongs to none.
            let transfer = self.stream_transfer(place);
            let failed = self.streams.get_mut(place).and_then(|stream| stream.expire());
            match (failed, transfer) {
                (Some(_), Some(index)) if unheard_of => self.go_on_without(index, host),
                (Some(why), Some(index)) => self.not_reached(index, id, host, why),
                _ => {}
            }
        }
    }
}

/// What the peer asked to name instead of the digest (S5B-12).
fn foreign_dst<'h>(hosts: &'h Hosts<'_>, (slot, generation): TransferKey) -> Option<Dst<'h>> {
    let host = hosts.iter().find(|host| host.kind == HostKind::Dst { slot, generation })?;
    Dst::parse(host.host.as_bytes()).ok()
}
