//! The session: takes inputs and commands, drains outputs, wires cause to effect.

use crate::config::{ChannelBinding, Config};
use crate::error::Error;
use crate::output::{Output, Received, StreamId, TransferId};
use crate::storage::Storage;
use crate::time::Instant;

/// A request of ours that is not answered yet.
#[derive(Clone, Debug)]
pub struct RequestSlot {}

impl RequestSlot {
    /// A free slot.
    pub const EMPTY: Self = Self {};
}

/// A file to send.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// Full JID of the peer (STZ-10).
    pub to: &'a str,
    /// File name; it is sanitised before it goes out (ATK-40).
    pub name: &'a str,
    /// File size, bytes, at most 2^63-1.
    pub size: u64,
    /// Last modification, seconds since 1970.
    pub date: Option<i64>,
    /// MIME type, at most 255 bytes.
    pub mime_type: Option<&'a str>,
    /// Description for people, at most 1024 bytes.
    pub description: Option<&'a str>,
    /// SHA-256 of the whole file, if known; else both ends compute it while the bytes pass.
    pub sha256: Option<[u8; 32]>,
    /// MD5 of the whole file, if known, for peers that check only this (SI-12).
    pub md5: Option<[u8; 16]>,
}

/// Why a stream that the owner carries ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamEnd {
    /// The other side closed it, or it broke.
    Lost,
    /// TLS failed: handshake, certificate, or a broken record.
    TlsFailed,
}

/// Why the owner declines an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decline {
    /// Not wanted (`forbidden`).
    Unwanted,
    /// Not now: busy or no room (`resource-constraint`, wait).
    Busy,
}

/// Why the owner cancels a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancel {
    /// Somebody decided so.
    Wish,
    /// The file cannot be read any more (sender).
    ReadFailed,
    /// The bytes cannot be stored (receiver): disk full, I/O error.
    StoreFailed,
}

/// How far a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// First byte of the range that is transferred.
    pub start: u64,
    /// One past the last byte of the range.
    pub end: u64,
    /// Sender: bytes are handed to the stream up to here. Receiver: bytes came up to here.
    pub moved: u64,
    /// Sender: acknowledged up to here. Receiver: stored up to here.
    pub safe: u64,
}

/// One XMPP identity and everything it does.
#[derive(Debug)]
pub struct Session<'a> {
    storage: Storage<'a>,
}

impl<'a> Session<'a> {
    /// A session in the owner's memory. Everything is checked here; later calls cannot run out of it.
    pub fn new(cfg: &Config<'_>, storage: Storage<'a>, now: Instant) -> Result<Self, Error> {
        let _ = now;
        cfg.check()?;
        Ok(Self { storage })
    }

    /// The XMPP stream's transport is up (with [`Tls::Direct`](crate::Tls::Direct): its TLS too).
    pub fn stream_open(&mut self, stream: StreamId) -> Result<(), Error> {
        let _ = (stream, &self.storage);
        Err(Error::State)
    }

    /// TLS is up after `Output::StartTls`, or before `stream_open` with direct TLS.
    pub fn tls_done(&mut self, binding: &ChannelBinding<'_>) -> Result<(), Error> {
        let _ = binding;
        Err(Error::State)
    }

    /// Bytes came on a stream. Returns how many were used; call again with the rest. File bytes are decoded in
    /// `input` itself. `Error::Full` (nothing used): drain with `poll` and say what is stored, then call again.
    pub fn stream_in<'i>(
        &'i mut self,
        stream: StreamId,
        input: &'i mut [u8],
    ) -> Result<(usize, Received<'i>), Error> {
        let _ = (stream, input);
        Err(Error::State)
    }

    /// One whole stanza came on the host's stream ([`StreamOwner::Host`](crate::StreamOwner::Host)).
    /// `Error::Full`: nothing was taken, drain and hand it in again, unchanged.
    pub fn stanza_in<'i>(&'i mut self, stanza: &'i mut [u8]) -> Result<Received<'i>, Error> {
        let _ = stanza;
        Err(Error::State)
    }

    /// A stream ended outside the protocol.
    pub fn stream_end(&mut self, stream: StreamId, end: StreamEnd) -> Result<(), Error> {
        let _ = (stream, end);
        Err(Error::State)
    }

    /// Time goes on. Too early is harmless, backwards is clamped.
    pub fn tick(&mut self, now: Instant) -> Result<(), Error> {
        let _ = now;
        Ok(())
    }

    /// The next thing to do. Call until it says [`Output::Wait`]; events come here too.
    pub fn poll<'o>(&mut self, out: &'o mut [u8]) -> Result<Output<'o>, Error> {
        let _ = out;
        Err(Error::State)
    }

    /// The full JID once online, else empty.
    pub fn jid(&self) -> &str {
        ""
    }

    /// Offers a file to a peer.
    pub fn offer(&mut self, offer: &Offer<'_>) -> Result<TransferId, Error> {
        let _ = offer;
        Err(Error::State)
    }

    /// Accepts an offer; the bytes are wanted from `from_offset` on (0, unless the offer is ranged).
    pub fn accept(&mut self, transfer: TransferId, from_offset: u64) -> Result<(), Error> {
        let _ = (transfer, from_offset);
        Err(Error::State)
    }

    /// Declines an offer.
    pub fn decline(&mut self, transfer: TransferId, why: Decline) -> Result<(), Error> {
        let _ = (transfer, why);
        Err(Error::State)
    }

    /// Ends a transfer; `Event::Finished` follows. The peer is told.
    pub fn cancel(&mut self, transfer: TransferId, why: Cancel) -> Result<(), Error> {
        let _ = (transfer, why);
        Err(Error::State)
    }

    /// The bytes before `upto` are safe on disk: they are acknowledged now. Idempotent.
    pub fn stored(&mut self, transfer: TransferId, upto: u64) -> Result<(), Error> {
        let _ = (transfer, upto);
        Err(Error::State)
    }

    /// The bytes that `Output::NeedData` asked for, from `offset` on; encoded straight into `out`.
    pub fn supply<'o>(
        &mut self,
        transfer: TransferId,
        offset: u64,
        bytes: &[u8],
        out: &'o mut [u8],
    ) -> Result<Output<'o>, Error> {
        let _ = (transfer, offset, bytes, out);
        Err(Error::State)
    }

    /// How far a transfer is.
    pub fn progress(&self, transfer: TransferId) -> Result<Progress, Error> {
        let _ = transfer;
        Err(Error::Stale)
    }

    /// Leaves in good order: running transfers are cancelled, the stream is closed, `Event::Offline` follows.
    pub fn close(&mut self) -> Result<(), Error> {
        Err(Error::State)
    }
}
