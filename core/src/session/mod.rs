//! The session: takes inputs and commands, drains outputs, wires cause to effect.

mod acks;
mod addresses;
mod blocks;
mod command;
mod discovery;
mod emit;
mod identity;
mod ids;
mod incoming;
mod input;
mod last_word;
mod offers;
mod outbox;
mod owed;
mod raw;
mod reading;
mod receiver;
mod requester;
mod sender;
mod setup;
mod silence;
mod state;
mod stream;
mod streams;
mod target;
mod timers;

pub use command::{Cancel, Decline, Offer, Progress};

use crate::config::{ChannelBinding, Config, StreamOwner};
use crate::error::{Argument, Error, Reason};
use crate::link::Link;
use crate::negotiate::si;
use crate::output::{Offered, Output, Received, StreamEnd, StreamId, TransferId};
use crate::storage::Storage;
use crate::time::Instant;
use crate::transfer::{TransferSlot, name};
use crate::transport::socks5::discovery::Discovery;
use crate::transport::socks5::hosts::Hosts;
use crate::wire::stanza::{Fed, Ns, StanzaReader};
use crate::wire::xml::Limits;

use acks::Acks;
use emit::Next;
use identity::{Identity, Settings};
use ids::Ids;
use incoming::{Read, Taken};
use outbox::Outbox;
use reading::Reading;
use setup::{check_storage, link_config};
use state::{Life, State};

/// One XMPP identity and everything it does.
#[derive(Debug)]
pub struct Session<'a> {
    stanzas: StanzaReader<'a>,
    state: State<'a>,
}

impl<'a> Session<'a> {
    /// A session in the owner's memory. Everything is checked here; later calls cannot run out of it.
    ///
    /// # Errors
    /// [`Error::Argument`] names a field of `cfg`, [`Error::Storage`] a part that is too small.
    pub fn new(cfg: &Config<'_>, storage: Storage<'a>, now: Instant) -> Result<Self, Error> {
        let mut session = Self::without_password(cfg, storage, now)?;
        session.set_password(cfg.password)?;
        Ok(session)
    }

    /// The same without the password of `cfg`: it is given by [`set_password`](Self::set_password) once the session is where
    /// it lives, because moving a session leaves copies behind.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn without_password(cfg: &Config<'_>, storage: Storage<'a>, now: Instant) -> Result<Self, Error> {
        cfg.check()?;
        check_storage(cfg, &storage)?;
        let ids = Ids::new(cfg.entropy);
        let me = Identity::new(cfg)?;
        let limits = Limits { element_bytes: cfg.element_bytes, ..Limits::default() };
        let mut stanzas = StanzaReader::new(storage.xml, storage.stanza, storage.block, limits);
        let link = match cfg.owner {
            StreamOwner::Session => Link::new(link_config(cfg, &ids)),
            StreamOwner::Host { jid } => {
                stanzas.enter_hosted();
                Link::hosted(jid, cfg.stanza_bytes)?
            }
        };
        let settings = Settings::of(cfg);
        let state = State {
            link,
            me,
            settings,
            ids,
            transfers: storage.transfers,
            contacts: storage.contacts,
            outbox: Outbox::new(storage.outbox),
            acks: Acks::new(storage.acks),
            now,
            reading: Reading::new(now),
            life: Life::Running,
            news_online: settings.hosted,
            turn: 0,
            message_at: now,
            uses: 0,
            streams: storage.streams,
            hosts: Hosts::new(storage.hosts),
            discovery: Discovery::IDLE,
            host_news: heapless::Vec::new(),
            gave_way: None,
        };
        Ok(Self { stanzas, state })
    }

    /// Takes the password of a session made [`without_password`](Self::without_password), before the login.
    ///
    /// # Errors
    /// [`Error::Argument`]: it is too long.
    pub fn set_password(&mut self, password: &str) -> Result<(), Error> {
        self.state.me.learn_password(password)
    }

    /// The XMPP stream's transport is up (with [`Tls::Direct`](crate::Tls::Direct): its TLS too), or a stream that
    /// [`Output::Connect`] asked for.
    ///
    /// # Errors
    /// [`Error::State`] when it is up already, was not to be connected, or the host owns the XMPP stream;
    /// [`Error::Argument`] ([`Argument::Stream`]): its id is void by now, close it; [`Error::Closed`].
    pub fn stream_open(&mut self, stream: StreamId) -> Result<(), Error> {
        self.state.check_alive()?;
        self.state.reading.feeds();
        if stream != StreamId::XMPP {
            return self.state.stream_up(stream);
        }
        if self.state.settings.hosted {
            return Err(Error::State);
        }
        self.state.link.opened(self.state.now)
    }

    /// TLS is up after [`Output::StartTls`], or before `stream_open` with direct TLS. Give the bindings that are
    /// known (SASL-08).
    ///
    /// # Errors
    /// [`Error::State`] when TLS was not asked for, [`Error::Argument`] for a binding that is too long.
    pub fn tls_done(&mut self, binding: &ChannelBinding<'_>) -> Result<(), Error> {
        self.state.check_alive()?;
        self.state.reading.feeds();
        self.state.link.tls_done(binding, self.state.now)
    }

    /// Bytes came on a stream, in their order (STZ-08). Returns how many were used; call again with the rest. File bytes
    /// are decoded in `input` itself.
    ///
    /// # Errors
    /// [`Error::Full`] (nothing was used): drain with `poll`, say what is stored, then call again.
    /// [`Error::Argument`] ([`Argument::Stream`]): the id is void by now, close the stream; [`Error::State`]: the stream, or
    /// its TLS, was not said to be up, or the host owns the XMPP stream; [`Error::Closed`].
    pub fn stream_in<'i>(
        &'i mut self,
        stream: StreamId,
        input: &'i mut [u8],
    ) -> Result<(usize, Received<'i>), Error> {
        self.state.check_alive()?;
        if !input.is_empty() {
            self.state.reading.feeds();
        }
        if stream != StreamId::XMPP {
            let (used, taken) = self.state.stream_read(stream, input)?;
            let came: &'i [u8] = input;
            return Ok((used, self.lend_raw(taken, came)));
        }
        if self.state.settings.hosted {
            return Err(Error::State);
        }
        if self.state.link.awaits_tls() {
            // The owner was not told to start TLS yet, so these are still the server's plain bytes, or somebody's.
            if !input.is_empty() {
                self.state.injected();
            }
            return Ok((input.len(), Received::Consumed));
        }
        if self.state.link.awaits_owner() {
            return Err(Error::State);
        }
        let Read { used, from, taken } = self.read(input)?;
        let fed: &'i [u8] = input.get(from..).unwrap_or(&[]);
        Ok((used, self.lend(taken, fed)))
    }

    /// One whole stanza came on the host's stream ([`StreamOwner::Host`]). When it is [`Received::NotMine`] the host
    /// handles it. A stanza with an in-band block was decoded in place by then, whoever it is for: a host with in-band
    /// bytestreams of its own keeps a copy of those.
    ///
    /// # Errors
    /// [`Error::Full`]: nothing was taken; drain, say what is stored, and hand it in again.
    /// [`Error::Argument`]: [`Argument::Stanza`], it is not one whole stanza, or [`Argument::Oversized`], it breaks a limit of
    /// the reader (XML-07) and is no offer of a file; nothing of it counts.
    pub fn stanza_in<'i>(&'i mut self, stanza: &'i mut [u8]) -> Result<Received<'i>, Error> {
        self.state.check_alive()?;
        if !self.state.settings.hosted {
            return Err(Error::State);
        }
        self.state.reading.feeds();
        if !self.has_room() {
            return Err(Error::Full);
        }
        match self.stanzas.feed(stanza) {
            Ok((_, Fed::Element)) if !incoming::is_readable(self.stanzas.element()) => {
                Err(Error::Argument(Argument::Oversized))
            }
            Ok((count, Fed::Element)) if count == stanza.trim_ascii_end().len() || count == stanza.len() => {
                let block = self.stanzas.block(stanza);
                let taken = self.state.stanza(self.stanzas.element(), block);
                let fed: &'i [u8] = stanza;
                Ok(self.lend(taken, fed))
            }
            fed => {
                self.stanzas.enter_hosted();
                let limit = fed.is_err_and(|error| !error.limit().is_empty());
                Err(Error::Argument(if limit { Argument::Oversized } else { Argument::Stanza }))
            }
        }
    }

    /// A stream ended, or never came up. With [`StreamEnd::Ended`] a SOCKS5 stream is to be kept until
    /// [`Output::Close`], else its id is void and the owner closes it.
    ///
    /// # Errors
    /// [`Error::Argument`]: that stream is over already; harmless.
    pub fn stream_end(&mut self, stream: StreamId, end: StreamEnd) -> Result<(), Error> {
        self.state.reading.feeds();
        if stream != StreamId::XMPP {
            return self.state.stream_over(stream, end);
        }
        self.state.check_alive()?;
        self.state.link.lost();
        let reason = match end {
            StreamEnd::TlsFailed => Reason::TlsFailed,
            _ if self.state.life == Life::Leaving => Reason::Closed,
            _ => Reason::StreamEnded,
        };
        self.state.fail(reason, None);
        Ok(())
    }

    /// Time goes on. Too early is harmless, backwards is clamped. Call it whenever the owner wakes, before input and
    /// commands, since what comes counts from here on.
    ///
    /// Nothing is over by this alone: a deadline counts as missed when [`poll`](Self::poll) left the owner alone with it
    /// and no input came from there to the next poll. So the owner reads what is there after `Wait`.
    ///
    /// # Errors
    /// [`Error::Closed`]: the session is over and everything was told.
    pub fn tick(&mut self, now: Instant) -> Result<(), Error> {
        self.state.check_told()?;
        self.state.tick(now);
        Ok(())
    }

    /// The next thing to do. Call until it says [`Output::Wait`]; events come here too.
    ///
    /// Behind `Wait` the owner reads what has come on every stream, without sleeping if `until` has come. An owner that
    /// cannot send polls all the same, with an empty `out`: events, deadlines and `Wait` need no room.
    ///
    /// # Errors
    /// [`Error::NoSpace`]: `out` is too small for the next stanza; nothing changed. [`Error::Closed`]: the session is
    /// over and everything was told.
    pub fn poll<'o>(&mut self, out: &'o mut [u8]) -> Result<Output<'o>, Error> {
        Ok(match self.state.next(out)? {
            Next::Transmit(bytes) => {
                Output::Transmit { stream: StreamId::XMPP, bytes: out.get(..bytes).unwrap_or(&[]) }
            }
            Next::NeedData { transfer, offset, max } => Output::NeedData { transfer, offset, max },
            Next::TransmitOn(stream, bytes) => {
                Output::Transmit { stream, bytes: out.get(..bytes).unwrap_or(&[]) }
            }
            Next::Connect { stream, transfer, host, port } => {
                let host = core::str::from_utf8(out.get(..host).unwrap_or(&[])).unwrap_or("");
                Output::Connect { stream, transfer, host, port }
            }
            Next::SendRaw { transfer, stream, offset, max } => {
                Output::SendRaw { transfer, stream, offset, max }
            }
            Next::HalfClose(stream) => Output::HalfClose { stream },
            Next::CloseStream(stream) => Output::Close { stream },
            Next::StartTls => Output::StartTls,
            Next::Close => Output::Close { stream: StreamId::XMPP },
            Next::Event(event) => Output::Event(event),
            Next::Wait { until, why } => Output::Wait { until, why },
        })
    }

    /// The full JID once online, else empty.
    pub fn jid(&self) -> &str {
        self.state.link.jid()
    }

    /// What the server said beside the condition when the session ended: the text of its error, another host it names,
    /// or the feature it requires that nobody knows here; or the limit of ours that it broke. Printable ASCII, at most 264
    /// bytes, empty when it said nothing.
    /// For people only: it is the server's word (ATK-62).
    pub fn detail(&self) -> &str {
        self.state.link.detail()
    }

    /// First-level elements and answers that were dropped, because nobody asked for them or knows them, or that broke a
    /// limit of ours: a number that grows fast tells of a peer or server that misbehaves (XML-06, XML-07, STZ-02).
    pub fn ignored(&self) -> u32 {
        self.state.link.ignored()
    }

    /// Offers a file to a peer. Events tell how it goes on.
    ///
    /// # Errors
    /// [`Error::Offline`], [`Error::Full`] (every transfer or contact slot is in use), [`Error::Argument`],
    /// [`Error::TooLarge`] (the server takes no stanza of that size).
    pub fn offer(&mut self, offer: &Offer<'_>) -> Result<TransferId, Error> {
        self.state.offer(offer)
    }

    /// Accepts an offer; the bytes are wanted from `from_offset` on (0, unless the offer is ranged).
    ///
    /// # Errors
    /// [`Error::Stale`], [`Error::State`] (answered already), [`Error::Argument`] (offset).
    pub fn accept(&mut self, transfer: TransferId, from_offset: u64) -> Result<(), Error> {
        self.state.accept(transfer, from_offset)
    }

    /// Shows the bytes that are stored already, in order from 0 up to the `from_offset` that the offer was accepted with,
    /// in pieces of any size, before the first new byte. Then the hash that the offer gave is compared over the whole file
    /// (SI-25, ATK-44); without it the ending is [`Ending::Unverified`](crate::Ending::Unverified).
    ///
    /// # Errors
    /// [`Error::Stale`], [`Error::State`] (not accepted, or bytes came already), [`Error::Argument`] (not the next byte, or
    /// beyond `from_offset`).
    pub fn prefix(&mut self, transfer: TransferId, offset: u64, bytes: &[u8]) -> Result<(), Error> {
        self.state.prefix(transfer, offset, bytes)
    }

    /// The file has its final name and is durable: the owner's answer to [`Event::Settle`](crate::Event::Settle). Only now
    /// the sender hears what is final.
    ///
    /// # Errors
    /// [`Error::Stale`], [`Error::State`] (not asked for, or answered already), [`Error::Closed`].
    pub fn settled(&mut self, transfer: TransferId) -> Result<(), Error> {
        self.state.settled(transfer)
    }

    /// Declines an offer.
    ///
    /// # Errors
    /// [`Error::Stale`], [`Error::State`] (answered already).
    pub fn decline(&mut self, transfer: TransferId, why: Decline) -> Result<(), Error> {
        self.state.decline(transfer, why)
    }

    /// Ends a transfer; `Event::Finished` follows. The peer is told. A sender whose last byte is out cannot take the file
    /// back: its ending is then [`Ending::Delivered`](crate::Ending::Delivered) or
    /// [`Ending::Unconfirmed`](crate::Ending::Unconfirmed), but for [`Cancel::SourceChanged`]. Nor can a
    /// receiver that said `settled`: its own comparison stands.
    ///
    /// # Errors
    /// [`Error::Stale`].
    pub fn cancel(&mut self, transfer: TransferId, why: Cancel) -> Result<(), Error> {
        self.state.cancel(transfer, why)
    }

    /// The bytes before `upto` are safe on disk: they are acknowledged now, but for the last block, whose turn comes with
    /// [`settled`](Self::settled). Idempotent.
    ///
    /// # Errors
    /// [`Error::Stale`], [`Error::State`] (not a receiving transfer), [`Error::Argument`] (beyond what came).
    pub fn stored(&mut self, transfer: TransferId, upto: u64) -> Result<(), Error> {
        self.state.stored(transfer, upto)
    }

    /// The bytes that [`Output::NeedData`] asked for, from `offset` on, encoded straight into `out`; or up to 1 MiB of those
    /// that [`Output::SendRaw`] granted, hashed and given back as they are, and then `out` is not used.
    ///
    /// # Errors
    /// [`Error::Stale`], [`Error::State`] (nothing is wanted now), [`Error::Argument`] (offset or number of bytes),
    /// [`Error::NoSpace`] (nothing changed), [`Error::Closed`].
    pub fn supply<'o>(
        &mut self,
        transfer: TransferId,
        offset: u64,
        bytes: &'o [u8],
        out: &'o mut [u8],
    ) -> Result<Output<'o>, Error> {
        self.state.check_alive()?;
        if self.state.transfer(transfer)?.over_socks5 {
            let stream = self.state.supply_raw(transfer, offset, bytes)?;
            return Ok(Output::Transmit { stream, bytes });
        }
        let written = self.state.supply(transfer, offset, bytes, out)?;
        Ok(Output::Transmit { stream: StreamId::XMPP, bytes: out.get(..written).unwrap_or(&[]) })
    }

    /// The name that a file of ours is offered under: that of the offer, or its harmless form if that is another one.
    ///
    /// # Errors
    /// [`Error::Stale`]; [`Error::State`]: the file comes to us; [`Error::Closed`]: the session is over and everything was
    /// told.
    pub fn offered_name(&self, transfer: TransferId) -> Result<&str, Error> {
        let slot = self.slot(transfer)?;
        if slot.is_sender() { Ok(slot.texts.name()) } else { Err(Error::State) }
    }

    fn slot(&self, transfer: TransferId) -> Result<&TransferSlot, Error> {
        self.state.check_told()?;
        let slot = self.state.transfers.get(usize::from(transfer.slot)).ok_or(Error::Stale)?;
        if slot.is_stale() || slot.generation != transfer.generation { Err(Error::Stale) } else { Ok(slot) }
    }

    /// How far a transfer is.
    ///
    /// # Errors
    /// [`Error::Stale`]; [`Error::Closed`]: the session is over and everything was told.
    pub fn progress(&self, transfer: TransferId) -> Result<Progress, Error> {
        let slot = self.slot(transfer)?;
        let flow = &slot.flow;
        Ok(Progress { start: flow.start(), end: flow.end(), moved: flow.moved(), safe: flow.safe() })
    }

    /// Leaves in good order: running transfers are cancelled, the stream is closed, `Event::Offline` follows.
    pub fn close(&mut self) -> Result<(), Error> {
        self.state.check_alive()?;
        self.state.leave();
        Ok(())
    }

    fn lend<'i>(&'i self, taken: Taken, fed: &'i [u8]) -> Received<'i> {
        match taken {
            Taken::Done => Received::Consumed,
            Taken::NotMine => Received::NotMine,
            Taken::Data { index, offset } => {
                let bytes = self.stanzas.block(fed).and_then(Result::ok).unwrap_or(&[]);
                Received::Data { transfer: self.state.handle(index), offset, bytes }
            }
            Taken::Offer { index } => self.lend_offer(index).map_or(Received::Consumed, Received::Offer),
            Taken::NoRoom => self.lend_offer(usize::MAX).map_or(Received::Consumed, |offer| {
                Received::NoRoom { from: offer.from, name: offer.name, size: offer.size }
            }),
        }
    }

    fn lend_raw<'i>(&'i self, taken: Taken, came: &'i [u8]) -> Received<'i> {
        match taken {
            Taken::Data { index, offset } => {
                Received::Data { transfer: self.state.handle(index), offset, bytes: came }
            }
            _ => Received::Consumed,
        }
    }

    fn lend_offer(&self, index: usize) -> Option<Offered<'_>> {
        let element = self.stanzas.element();
        let offer = si::read_offer(&element.child(Ns::Si, "si")?).ok()?;
        Some(Offered {
            transfer: self.state.handle(index),
            from: element.attr("from").unwrap_or(""),
            name: name::harmless(offer.name),
            raw_name: offer.name,
            size: offer.size,
            date: offer.date,
            mime_type: offer.mime_type,
            description: offer.description,
            sha256: offer.sha256,
            md5: offer.md5,
            ranged: offer.ranged,
        })
    }
}
