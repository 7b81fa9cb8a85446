//! What the session asks of its owner ([`Output`]), tells it ([`Event`]), and makes of received bytes ([`Received`]).

use crate::config::Method;
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
    /// everything more urgent; an owner whose reads take long goes on with input, `tick` and `poll` meanwhile.
    NeedData {
        /// Which transfer.
        transfer: TransferId,
        /// Position in the file, bytes.
        offset: u64,
        /// Most bytes wanted; exactly these unless the read comes up short (then at least 1).
        max: usize,
    },
    /// Open a TCP stream to this host for a SOCKS5 bytestream. A name is the owner's to resolve, and the owner decides
    /// whether that address may be connected to at all (ATK-25). Then say `stream_open`, or `stream_end` with what went
    /// wrong; the session waits for neither for ever.
    Connect {
        /// The id of the stream from here on.
        stream: StreamId,
        /// For which transfer.
        transfer: TransferId,
        /// IPv4 or IPv6 address without brackets, or a name; inside the buffer given to the call.
        host: &'o str,
        /// TCP port.
        port: u16,
    },
    /// The file's bytes from `offset` on may go over that stream now, `max` of them, as fast as it takes them. Said once
    /// for these bytes. Either the owner moves them itself (`sendfile`) and says `sent` as they go, or it hands them in
    /// with `supply`, which gives them back as [`Output::Transmit`]. The end of the stream is the session's to say.
    SendRaw {
        /// Which transfer.
        transfer: TransferId,
        /// Where to.
        stream: StreamId,
        /// Position in the file, bytes.
        offset: u64,
        /// How many bytes.
        max: u64,
    },
    /// Shut down the writing side of this stream; everything before it was transmitted. Reading goes on (S5B-19).
    HalfClose {
        /// Which.
        stream: StreamId,
    },
    /// Start TLS on the XMPP stream now, then call `tls_done` (STR-08).
    StartTls,
    /// Close this stream, or give up connecting it; everything before it was transmitted. Its id is void from here on.
    Close {
        /// Which.
        stream: StreamId,
    },
    /// Something the owner should know.
    Event(Event),
    /// Nothing to do before input, a command, or this time.
    Wait {
        /// When to call `tick` and poll again; `None` without a timer. A time that has come means: hand in what there is to
        /// read, without sleeping, then `tick` and poll again: nothing is judged before.
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
    /// The end of the first-level element under way (ATK-04).
    Element,
    /// An answer of a peer (STZ-09).
    Request,
    /// The answer to an offer, ours or the owner's (SI-16).
    Offer,
    /// The opening of a bytestream (SI-18).
    Open,
    /// The acknowledgement of a block (IBB-24).
    Block,
    /// A silent peer is asked whether it is still there (PNG-03).
    Silence,
    /// Progress of a peer that sends to us (ATK-17).
    Progress,
    /// The end of a bytestream or the peer's verdict (IBB-33).
    Finish,
    /// The rate of message stanzas (IBB-17).
    Rate,
    /// Connecting to streamhosts, or the peer's doing so (S5B-04).
    Streamhosts,
    /// The handshake of a SOCKS5 stream, or the time a refused one counts (S5B-24, S5B-30).
    Handshake,
    /// The proxies of the server (DSC-09).
    Discovery,
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
        /// One past the last byte wanted. Less than the size of the file: the peer asks for a piece only, and the ending
        /// speaks of that.
        end: u64,
    },
    /// The peer wants to open the bytestream with blocks larger than [`Config::block_bytes`](crate::Config::block_bytes):
    /// it was told to ask for smaller ones. Some peers give up instead (QRK-53).
    BlockRefused {
        /// Which transfer.
        transfer: TransferId,
        /// Block size asked for, bytes before base64.
        asked: u16,
        /// The most that is taken.
        most: u16,
    },
    /// The bytestream is open; bytes flow from here on.
    Started {
        /// Which transfer.
        transfer: TransferId,
        /// How.
        method: Method,
        /// In band: agreed largest block, bytes before base64; else 0.
        block_bytes: u16,
        /// The file has more than 65536 blocks at this size: some peers fail there (IBB-25).
        seq_wraps: bool,
    },
    /// A streamhost could not be used; others may follow.
    HostFailed {
        /// Which transfer.
        transfer: TransferId,
        /// The stream of the [`Output::Connect`] that named the host.
        stream: StreamId,
        /// Why.
        why: HostFailure,
    },
    /// SOCKS5 did not work; the file goes on in band (SI-20..22).
    FellBack {
        /// Which transfer.
        transfer: TransferId,
        /// With a new offer, which the peer's owner has to accept again.
        again: bool,
        /// Why.
        route: Route,
    },
    /// Receiver: every byte is stored, and no hash speaks against them. Now do everything that can fail: sync the file, give
    /// it its name, sync the directory, apply what else the owner demands of a file. Then say `settled`, or `cancel` with
    /// [`Cancel::StoreFailed`](crate::Cancel::StoreFailed): the sender hears nothing final before. Should the transfer fail
    /// after that, the file must lose its name again.
    Settle {
        /// Which transfer.
        transfer: TransferId,
        /// The hash of the whole file was compared and is equal. Else there was none to compare; a sender that has only
        /// receipts of version 0 may confirm it yet.
        verified: bool,
    },
    /// Somebody connected to us with the digest of this transfer and stays, while the peer says that it failed: unless
    /// word of its leaving is late, the stanzas are read by others (ATK-30).
    Intruded {
        /// Which transfer.
        transfer: TransferId,
    },
    /// The transfer is over and its handle is stale from here on.
    Finished {
        /// Which transfer.
        transfer: TransferId,
        /// How.
        ending: Ending,
        /// Which method carried the file, and why the others did not.
        route: Route,
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
    /// A peer offered a file, and there was no room for it: every transfer slot is in use, or that peer has its share. It
    /// was told to try again later (ATK-33). Lent until the next call.
    NoRoom {
        /// Full JID of the peer, stamped by the server.
        from: &'i str,
        /// File name made harmless, as in [`Offered`].
        name: heapless::String<{ crate::NAME_BYTES }>,
        /// File size, bytes.
        size: u64,
    },
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
    /// File name made harmless (ATK-40): one component, at most 120 bytes, never empty. Letters, marks, digits and
    /// punctuation of every script stay. Two names may look alike, or be
    /// the same to a file system that ignores case or composes marks: never overwrite.
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

/// Which method carried a file, and why the others did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// The method over which bytes went, or were to go; `None` when it never came to that.
    pub method: Option<Method>,
    /// Why not direct.
    pub direct: Skip,
    /// Why not mediated.
    pub mediated: Skip,
    /// Why not in band.
    pub in_band: Skip,
}

/// Why a method did not carry a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Skip {
    /// It was not needed: it carried the file, or another one did before.
    #[default]
    Unneeded,
    /// The configuration or the offer excludes it.
    Policy,
    /// The peer does not offer it, or chose another.
    NotChosen,
    /// The owner gave no address to listen at.
    NoAddress,
    /// The server offers no proxy, and none is configured.
    NoProxy,
    /// The server has proxies, but none told where it listens (DSC-09).
    ProxyRefused,
    /// The server has proxies, but where they say they listen nobody can connect to (S5B-03).
    ProxyUnusable,
    /// The server did not tell its proxies in time.
    ProxySilent,
    /// We could not connect to any streamhost of this kind; `Event::HostFailed` tells more.
    NotReached,
    /// The peer could not connect to any streamhost we offered.
    PeerFailed,
    /// The peer did not answer in time.
    PeerSilent,
    /// The proxy did not activate the stream (S5B-09).
    ActivationFailed,
    /// The peer refused.
    Refused,
    /// It carried bytes and broke, or the peer broke the rules.
    Broken,
}

/// Why a streamhost could not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostFailure {
    /// Its name has no address.
    Unresolved,
    /// Nobody listens there.
    Refused,
    /// No route, or the network failed.
    Unreachable,
    /// It did not answer in time.
    TimedOut,
    /// The owner does not allow that address (ATK-25).
    Forbidden,
    /// It closed the stream in the handshake.
    Ended,
    /// It does not speak SOCKS5, or not as it must.
    NotSocks5,
    /// It wants user name and password.
    PasswordWanted,
    /// It refused with this REP code (RFC 1928 section 6); 2 is what a streamhost says to a digest it does not know.
    Rejected(u8),
}

/// How a stream that the owner carries ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamEnd {
    /// The other side sends no more: its full or half close. A SOCKS5 stream stays until [`Output::Close`]; for the XMPP
    /// stream this is the same as [`Lost`](Self::Lost).
    Ended,
    /// It broke.
    Lost,
    /// TLS failed: handshake, certificate, or a broken record.
    TlsFailed,
    /// It was never up: nobody listens there.
    Refused,
    /// It was never up: no route, or the network failed.
    Unreachable,
    /// It was never up: the name has no address.
    Unresolved,
    /// It was never up: nothing came back in the owner's own time.
    TimedOut,
    /// It was never up: the owner does not connect to that address.
    Forbidden,
}
