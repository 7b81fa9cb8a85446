//! What the session asks of its owner ([`Output`]), tells it ([`Event`]), and makes of received bytes ([`Received`]).

use crate::error::{Ending, Reason};
use crate::time::Instant;

/// An ordered byte pipe that the owner carries; 0 is the XMPP stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StreamId(pub u16);

impl StreamId {
    /// The XMPP stream.
    pub const XMPP: Self = Self(0);
}

/// Handle of one transfer. A handle of a finished transfer is refused as stale, never reused for another one
/// before 65535 others went through the same slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TransferId {
    pub(crate) slot: u16,
    pub(crate) generation: u16,
}

impl TransferId {
    /// The handle as one number, for the C ABI and logs; never 0.
    pub const fn to_bits(self) -> u32 {
        (self.generation as u32) << 16 | self.slot as u32
    }

    /// The handle that [`to_bits`](Self::to_bits) made.
    pub const fn from_bits(bits: u32) -> Self {
        Self { slot: (bits & 0xffff) as u16, generation: (bits >> 16) as u16 }
    }
}

/// The next thing to do, from [`Session::poll`](crate::Session::poll) and [`Session::supply`](crate::Session::supply).
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output<'o> {
    /// Send these bytes on that stream, all of them, in order, before polling again.
    Transmit {
        /// Where to.
        stream: StreamId,
        /// Bytes inside the buffer given to the call.
        bytes: &'o [u8],
    },
    /// Read up to `max` bytes of the file at `offset` and hand them in with `supply`. It is said again until then, after
    /// everything more urgent; an owner whose reads take long goes on with `tick` and `poll` meanwhile.
    NeedData {
        /// Which transfer.
        transfer: TransferId,
        /// Position in the file, bytes.
        offset: u64,
        /// Most bytes wanted; exactly these unless the read comes up short (then at least 1).
        max: usize,
    },
    /// Start TLS on the XMPP stream now, then call `tls_done` (STR-08).
    StartTls,
    /// Close this stream; everything before it was transmitted.
    Close {
        /// Which.
        stream: StreamId,
    },
    /// Something the owner should know.
    Event(Event),
    /// Nothing to do before input, a command, or this time.
    Wait {
        /// When to call `tick` and poll again; `None` without a timer. A time that has come means: poll again at once.
        until: Option<Instant>,
        /// What the deadline is for.
        why: Timer,
    },
}

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Timer {
    /// No timer runs.
    None,
    /// Key derivation goes on in the next poll (SASL-06).
    KeyDerivation,
    /// A step of the login, or the login as a whole (STR-13).
    Login,
    /// The next white-space keepalive or probe (STR-12, PNG-02).
    Keepalive,
    /// The server's answer to a probe.
    Probe,
    /// The end of a graceful close (STR-10).
    Close,
    /// An answer of a peer (STZ-09).
    Request,
    /// The answer to an offer, ours or the owner's (SI-16).
    Offer,
    /// The opening of a bytestream (SI-18).
    Open,
    /// The acknowledgement of a block (IBB-24).
    Block,
    /// Progress of a peer that sends to us (ATK-17).
    Progress,
    /// The end of a bytestream or the peer's verdict (IBB-33).
    Finish,
    /// The rate of message stanzas (IBB-17).
    Rate,
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Logged in and present; offers may go out. [`Session::jid`](crate::Session::jid) is the full JID.
    Online,
    /// The session is over. After this every call returns [`Error::Closed`](crate::Error::Closed).
    Offline {
        /// Why.
        reason: Reason,
        /// What the server said.
        condition: Option<crate::Condition>,
    },
    /// The peer accepted our offer and wants the bytes from `offset` up to `end`.
    Accepted {
        /// Which transfer.
        transfer: TransferId,
        /// First byte wanted.
        offset: u64,
        /// One past the last byte wanted.
        end: u64,
    },
    /// The bytestream is open; bytes flow from here on.
    Started {
        /// Which transfer.
        transfer: TransferId,
        /// Agreed largest block, bytes before base64.
        block_bytes: u16,
        /// The file has more than 65536 blocks at this size: some peers fail there (IBB-25).
        seq_wraps: bool,
    },
    /// The transfer is over and its handle is stale from here on.
    Finished {
        /// Which transfer.
        transfer: TransferId,
        /// How.
        ending: Ending,
    },
}

/// What became of received bytes.
#[derive(Debug)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant)] // an offer is rare, looked at once and there is no heap to box it on
pub enum Received<'i> {
    /// They were control data, or a part of something.
    Consumed,
    /// File bytes to store now; say `stored` when they are safe. Lent until the next call.
    Data {
        /// Which transfer.
        transfer: TransferId,
        /// Position in the file.
        offset: u64,
        /// The bytes, at least 1.
        bytes: &'i [u8],
    },
    /// A peer offers a file: answer with `accept` or `decline`. Lent until the next call.
    Offer(Offered<'i>),
    /// A whole stanza that is none of ours (host-owned streams only): the host handles it.
    NotMine,
}

/// An offer from a peer. Everything in it is the peer's word.
#[derive(Debug)]
pub struct Offered<'i> {
    /// Handle to accept or decline with.
    pub transfer: TransferId,
    /// Full JID of the peer, stamped by the server.
    pub from: &'i str,
    /// File name made harmless (ATK-40): no separators, no control characters, at most 120 bytes, never empty.
    pub name: heapless::String<{ crate::NAME_BYTES }>,
    /// File name as received. Never use it as a path.
    pub raw_name: &'i str,
    /// File size, bytes.
    pub size: u64,
    /// Last modification, seconds since 1970.
    pub date: Option<i64>,
    /// MIME type, at most 255 bytes.
    pub mime_type: Option<&'i str>,
    /// Description, at most 1024 bytes.
    pub description: Option<&'i str>,
    /// SHA-256 of the whole file.
    pub sha256: Option<[u8; 32]>,
    /// MD5 of the whole file: integrity only, never authentic (SI-12).
    pub md5: Option<[u8; 16]>,
    /// The peer can start at an offset (SI-13).
    pub ranged: bool,
}
