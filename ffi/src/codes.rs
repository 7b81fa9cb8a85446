//! Statuses, outputs, events, endings and timers as numbers. A number, once written here, is never reused.

use crate::texts::{Texts, texts};
use xft_core::{Argument, Ending, Error, Part, Timer};

/// What a call returns. Anything but `XFT_OK` changed nothing and wrote none of the outputs, and the call may be
/// repeated after what `xft_status_text` says. Numbers 1..19 speak of the moment, 20..49 of an argument's value,
/// 50..79 of a mistake at the C border, 80..99 of memory.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum xft_status {
    /// Done.
    XFT_OK = 0,
    /// A bounded table or queue is full. Drain with `xft_poll`, say what is stored, then call again.
    XFT_ERR_FULL = 1,
    /// The output buffer is too small; `xft_last_refusal` tells in `needed` how many bytes would do.
    XFT_ERR_NO_SPACE = 2,
    /// The handle names a transfer that is over. Forget it.
    XFT_ERR_STALE = 3,
    /// The call does not fit the state, for example `xft_accept` of an own offer, or `xft_stream_in` before
    /// `xft_stream_open`.
    XFT_ERR_STATE = 4,
    /// Not logged in yet. Wait for `XFT_EVENT_ONLINE`.
    XFT_ERR_OFFLINE = 5,
    /// The stanza would be larger than the server accepts. Use smaller blocks or shorter texts.
    XFT_ERR_TOO_LARGE = 6,
    /// The session is over, `xft_last_refusal` tells the reason. Drain with `xft_poll` until it says the same; then only
    /// `xft_session_wipe` is left to call, and what only tells: `xft_jid`, `xft_detail`, `xft_last_refusal`.
    XFT_ERR_CLOSED = 7,
    /// The session has no SOCKS5 streams, because its `methods` hold in band alone: addresses and proxies mean nothing
    /// to it.
    XFT_ERR_NO_STREAMS = 8,
    /// The account is not a bare JID `user@domain`, or longer than 256 bytes.
    XFT_ERR_ACCOUNT = 20,
    /// The password is empty where one is needed, longer than 256 bytes, or holds control characters.
    XFT_ERR_PASSWORD = 21,
    /// The resource, or the JID of a host-owned stream, is malformed or too long.
    XFT_ERR_RESOURCE = 22,
    /// `block_bytes` is not in 1..65535, or a block in base64 with its envelope does not fit `element_bytes`.
    XFT_ERR_BLOCK_BYTES = 23,
    /// `window_bytes` is smaller than one block.
    XFT_ERR_WINDOW_BYTES = 24,
    /// `stanza_bytes` or `element_bytes` is below 10000.
    XFT_ERR_STANZA_BYTES = 25,
    /// The peer is not a full JID `user@domain/resource`, or longer than 256 bytes.
    XFT_ERR_PEER = 26,
    /// The file name is empty, or longer than 120 bytes once separators and control characters are replaced.
    XFT_ERR_NAME = 27,
    /// The file size is above 2^63-1.
    XFT_ERR_FILE_SIZE = 28,
    /// The offset lies outside the file or the range under way.
    XFT_ERR_OFFSET = 29,
    /// More or fewer bytes than asked for.
    XFT_ERR_BYTES = 30,
    /// The MIME type or the client name is too long or holds control characters.
    XFT_ERR_TEXT = 31,
    /// The stream number is none of this session, or void since `XFT_OUTPUT_CLOSE`. Nothing is lost: forget it.
    XFT_ERR_STREAM = 32,
    /// Channel-binding data is longer than 64 bytes.
    XFT_ERR_CHANNEL_BINDING = 33,
    /// The stanza handed in is not one whole stanza.
    XFT_ERR_STANZA = 34,
    /// The host is empty, longer than 255 bytes, or neither an address nor a name; or the port is not in 1..65535.
    XFT_ERR_HOST = 35,
    /// The proxy's JID is none, or longer than 256 bytes.
    XFT_ERR_PROXY = 36,
    /// The entropy was not set: all its bytes are 0.
    XFT_ERR_ENTROPY = 37,
    /// A time of the configuration is 0 that has no meaning for it.
    XFT_ERR_TIMES = 38,
    /// The stanza handed in is deeper, wider or larger than what is read, and no offer of a file. Nothing of it counts.
    XFT_ERR_OVERSIZED = 40,
    /// The peer is this session itself: nobody sends a file to its own full JID.
    XFT_ERR_MYSELF = 39,
    /// Another argument is out of its range.
    XFT_ERR_ARGUMENT = 49,
    /// A pointer is NULL, although it is no text or buffer of length 0.
    XFT_ERR_NULL = 50,
    /// A pointer is not aligned for what it points at.
    XFT_ERR_ALIGN = 51,
    /// A length is larger than any object can be.
    XFT_ERR_LENGTH = 52,
    /// The `size` field is none that any version of this structure had: fill it with the init function.
    XFT_ERR_STRUCT_SIZE = 53,
    /// The memory holds no session: never initialised, wiped, overwritten, or moved since.
    XFT_ERR_NO_SESSION = 54,
    /// A text is not UTF-8.
    XFT_ERR_UTF8 = 55,
    /// An input code (`XFT_TLS_...`, `XFT_CANCEL_...`) is none of the defined ones.
    XFT_ERR_CODE = 56,
    /// A flag bit that is not defined is set.
    XFT_ERR_FLAGS = 57,
    /// A reserved field is not 0: fill the structure with its init function.
    XFT_ERR_RESERVED = 58,
    /// Two of buffers, texts, structures and places for results overlap, or one lies in the session's memory, as what the
    /// library lent does.
    XFT_ERR_OVERLAP = 59,
    /// `transfers`, `contacts`, `streams`, `hosts_bytes`, `offers_per_peer`, `accepted_per_source`, `message_rate`,
    /// `scram_rounds_max`, `scram_rounds_per_poll` or `priority` is out of its range.
    XFT_ERR_RANGE = 60,
    /// `methods` holds an unknown method, one twice, or one behind a 0; or, in `xft_file`, one over SOCKS5 where the
    /// session has no streams.
    XFT_ERR_METHODS = 61,
    /// The structure is larger than this library knows, and what it does not know is not 0: the program sets a field of
    /// a later header. Link a later library, or leave that field at 0.
    XFT_ERR_NEWER = 62,
    /// The memory is smaller than `xft_session_layout` says.
    XFT_ERR_MEMORY_SIZE = 80,
    /// The memory is not aligned as `xft_session_layout` says.
    XFT_ERR_MEMORY_ALIGN = 81,
    /// The slots for transfers are too few (a defect of the library: please report).
    XFT_ERR_PART_TRANSFERS = 82,
    /// The slots for contacts are too few (a defect of the library: please report).
    XFT_ERR_PART_CONTACTS = 83,
    /// The part for the XML reader is too small (a defect of the library: please report).
    XFT_ERR_PART_XML = 85,
    /// The part for a stanza is too small (a defect of the library: please report).
    XFT_ERR_PART_STANZA = 86,
    /// The part for a block is too small (a defect of the library: please report).
    XFT_ERR_PART_BLOCK = 87,
    /// The part for the outbox is too small (a defect of the library: please report).
    XFT_ERR_PART_OUTBOX = 88,
    /// The part for acknowledgements is too small (a defect of the library: please report).
    XFT_ERR_PART_ACKS = 89,
    /// `streams` is 0, but `methods` holds one over SOCKS5.
    XFT_ERR_PART_STREAMS = 90,
    /// `hosts_bytes` is below 256, but `methods` holds one over SOCKS5.
    XFT_ERR_PART_HOSTS = 91,
    /// Another part of the memory is too small (a defect of the library: please report).
    XFT_ERR_PART = 99,
    /// An error that this version of the library has no number for.
    XFT_ERR_OTHER = 999,
}

use xft_status::*;

impl From<Error> for xft_status {
    fn from(error: Error) -> Self {
        match error {
            Error::Full => XFT_ERR_FULL,
            Error::NoSpace { .. } => XFT_ERR_NO_SPACE,
            Error::Stale => XFT_ERR_STALE,
            Error::State => XFT_ERR_STATE,
            Error::Argument(which) => argument(which),
            Error::Storage { part, .. } => storage(part),
            Error::Offline => XFT_ERR_OFFLINE,
            Error::TooLarge => XFT_ERR_TOO_LARGE,
            Error::NoStreams => XFT_ERR_NO_STREAMS,
            Error::Closed(_) => XFT_ERR_CLOSED,
            _ => XFT_ERR_OTHER,
        }
    }
}

const fn argument(which: Argument) -> xft_status {
    match which {
        Argument::Account => XFT_ERR_ACCOUNT,
        Argument::Password => XFT_ERR_PASSWORD,
        Argument::Resource => XFT_ERR_RESOURCE,
        Argument::BlockBytes => XFT_ERR_BLOCK_BYTES,
        Argument::WindowBytes => XFT_ERR_WINDOW_BYTES,
        Argument::StanzaBytes => XFT_ERR_STANZA_BYTES,
        Argument::Peer => XFT_ERR_PEER,
        Argument::Myself => XFT_ERR_MYSELF,
        Argument::Name => XFT_ERR_NAME,
        Argument::Size => XFT_ERR_FILE_SIZE,
        Argument::Offset => XFT_ERR_OFFSET,
        Argument::Bytes => XFT_ERR_BYTES,
        Argument::Text => XFT_ERR_TEXT,
        Argument::Stream => XFT_ERR_STREAM,
        Argument::ChannelBinding => XFT_ERR_CHANNEL_BINDING,
        Argument::Stanza => XFT_ERR_STANZA,
        Argument::Host => XFT_ERR_HOST,
        Argument::Proxy => XFT_ERR_PROXY,
        Argument::Oversized => XFT_ERR_OVERSIZED,
        Argument::Methods => XFT_ERR_METHODS,
        Argument::Entropy => XFT_ERR_ENTROPY,
        Argument::Range => XFT_ERR_RANGE,
        Argument::Times => XFT_ERR_TIMES,
        _ => XFT_ERR_ARGUMENT,
    }
}

const fn storage(part: Part) -> xft_status {
    match part {
        Part::Transfers => XFT_ERR_PART_TRANSFERS,
        Part::Contacts => XFT_ERR_PART_CONTACTS,
        Part::Xml => XFT_ERR_PART_XML,
        Part::Stanza => XFT_ERR_PART_STANZA,
        Part::Block => XFT_ERR_PART_BLOCK,
        Part::Outbox => XFT_ERR_PART_OUTBOX,
        Part::Acks => XFT_ERR_PART_ACKS,
        Part::Streams => XFT_ERR_PART_STREAMS,
        Part::Hosts => XFT_ERR_PART_HOSTS,
        _ => XFT_ERR_PART,
    }
}

/// What `xft_poll` and `xft_supply` ask for; the field `kind` of `xft_output`.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum xft_output_kind {
    /// Nothing yet: the structure was not filled.
    XFT_OUTPUT_NONE = 0,
    /// Send `bytes`/`len` on `stream`, all of them, in order, before polling again.
    XFT_OUTPUT_TRANSMIT = 1,
    /// Read up to `len` bytes of the file of `transfer` at `offset` and hand them in with `xft_supply`. It is said again
    /// until then, after everything more urgent; a program whose reads take long goes on with
    /// what comes in, `xft_tick` and `xft_poll` meanwhile, a few times a second.
    XFT_OUTPUT_NEED_DATA = 2,
    /// Start TLS on stream 0 now, as a client, with everything before it transmitted; verify that the certificate is that
    /// of the account's domain. Then call `xft_tls_done`, or `xft_stream_end` with `XFT_END_TLS_FAILED`. From here on the
    /// bytes of stream 0 are what TLS carries.
    XFT_OUTPUT_START_TLS = 3,
    /// Close `stream`, or give up connecting it; everything before it was transmitted. Its number is void from here on. For
    /// stream 0 `XFT_EVENT_OFFLINE` follows.
    XFT_OUTPUT_CLOSE = 4,
    /// Something happened: see `event`.
    XFT_OUTPUT_EVENT = 5,
    /// Nothing to do before input, a command, or `until_ms`.
    XFT_OUTPUT_WAIT = 6,
    /// Open a TCP stream to `host`/`port` for `transfer`; its number is `stream` from here on. The program resolves a
    /// name, tries its addresses, and decides whether an address may be connected to at all: a peer names them. Answer
    /// with `xft_stream_open` once it is up, or with `xft_stream_end` and what went wrong, and go on with the loop
    /// meanwhile; the session waits for neither for ever.
    XFT_OUTPUT_CONNECT = 7,
    /// Shut down the writing side of `stream`, after everything that was transmitted on it. Reading goes on.
    XFT_OUTPUT_HALF_CLOSE = 8,
    /// The bytes of the file of `transfer` from `offset` up to `end` may go over `stream` now, as fast as it takes them.
    /// Said once for these bytes. Two ways, which may be mixed: the program moves them itself, for example with
    /// sendfile(2), and says `xft_sent` as they go; or it hands them in with `xft_supply` and transmits what that gives
    /// back. Bytes that the program moved were not hashed here: unless the offer told the SHA-256, such a transfer ends
    /// with `XFT_ENDING_DELIVERED` at best. Do not close the stream: after the last byte the session says how it ends.
    XFT_OUTPUT_SEND_RAW = 9,
    /// An output that this version of the C border cannot express. Poll again.
    XFT_OUTPUT_OTHER = 999,
}

/// What happened; the field `event` of `xft_output`.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum xft_event {
    /// The output is no event.
    XFT_EVENT_NONE = 0,
    /// Logged in and present; offers may go out and come in. `xft_jid` is the full JID now.
    XFT_EVENT_ONLINE = 1,
    /// The session is over: see `reason` and `condition`, and `xft_detail`. After this every call returns
    /// `XFT_ERR_CLOSED`, except `xft_jid`, `xft_detail`, `xft_last_refusal` and `xft_session_wipe`.
    XFT_EVENT_OFFLINE = 2,
    /// The peer accepted our offer `transfer` and wants the bytes from `offset` up to `end`.
    XFT_EVENT_ACCEPTED = 3,
    /// The bytestream of `transfer` is open, see `method`, `block_bytes` and `seq_wraps`; bytes flow from here on.
    XFT_EVENT_STARTED = 4,
    /// `transfer` is over, see `ending`, `reason` and `condition`. `method` carried it (`XFT_METHOD_NONE` when it never
    /// came to that), `why_direct`, `why_mediated` and `why_in_band` tell why the others did not. Its handle is stale
    /// from here on.
    XFT_EVENT_FINISHED = 5,
    /// A streamhost could not be used for `transfer`, see `host_failure`; `stream` is that of the `XFT_OUTPUT_CONNECT`
    /// that named it. Others may follow.
    XFT_EVENT_HOST_FAILED = 6,
    /// SOCKS5 did not work for `transfer`, the file goes on in band; `why_direct` and `why_mediated` tell why. With
    /// `again` it goes with a new offer, which the peer has to accept once more.
    XFT_EVENT_FELL_BACK = 7,
    /// Somebody connected who knew what only both ends of `transfer` know, and the peer says that it did not get through:
    /// unless word of its own leaving is late, others read the stanzas. Tell the people who look after the server.
    XFT_EVENT_INTRUDED = 8,
    /// Receiver: every byte of `transfer` is stored, and no hash speaks against them; `ending` tells whether one was
    /// compared. Now do everything that can fail: sync the file, give it its name, sync the directory. Then call
    /// `xft_settled`, or `xft_cancel` with `XFT_CANCEL_STORE_FAILED`. The sender hears nothing final before that. Comes at
    /// most once in a transfer, for an empty file too.
    XFT_EVENT_SETTLE = 9,
    /// The peer wants to open the bytestream of `transfer` with blocks of `len` bytes, and was told to ask for smaller ones:
    /// `block_bytes` of `xft_config` allows no more. Some peers give up instead.
    XFT_EVENT_BLOCK_REFUSED = 10,
    /// An event that this version of the C border cannot express. Poll on.
    XFT_EVENT_OTHER = 999,
}

/// What became of received bytes; the field `kind` of `xft_received`.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum xft_received_kind {
    /// They were control data, or a part of something: nothing to do.
    XFT_RECEIVED_CONSUMED = 0,
    /// File bytes to store now: `bytes`/`len` belong at `offset` of the file of `transfer`.
    XFT_RECEIVED_DATA = 1,
    /// A peer offers a file: answer with `xft_accept` or `xft_decline`.
    XFT_RECEIVED_OFFER = 2,
    /// A whole stanza that is none of ours (host-owned streams only): the host handles it.
    XFT_RECEIVED_NOT_MINE = 3,
    /// A peer offered a file, and there was no room: every transfer slot is in use, or that peer has its share. It was told
    /// to try again later.
    XFT_RECEIVED_NO_ROOM = 4,
    /// Something that this version of the C border cannot express: nothing to do.
    XFT_RECEIVED_OTHER = 999,
}

/// How a transfer ended; the field `ending` of `xft_output`.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum xft_ending {
    /// The output is no end of a transfer.
    XFT_ENDING_NONE = 0,
    /// The receiver stored every byte, the hash matched, and the file has its place.
    XFT_ENDING_DONE = 1,
    /// Sender only: every byte was handed over, and that is all that can be known: the peer never confirms files, or nobody
    /// hashed.
    XFT_ENDING_DELIVERED = 2,
    /// Receiver only: the file has its place, but the peer gave no hash to check against.
    XFT_ENDING_UNVERIFIED = 3,
    /// It failed, `reason` says why; stored bytes are a prefix of the file at best. A receiver that said `xft_settled`
    /// takes the file's name back.
    XFT_ENDING_FAILED = 4,
    /// Sender only: every byte was handed over to a peer that was to confirm the file, and its word did not come: it, the
    /// stream or this program went first. The file may have its place there or be lost: ask there, or send it again.
    XFT_ENDING_UNCONFIRMED = 5,
    /// An ending that this version of the C border cannot express. Treat it as a failure.
    XFT_ENDING_OTHER = 999,
}

impl From<Ending> for xft_ending {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Done => Self::XFT_ENDING_DONE,
            Ending::Delivered => Self::XFT_ENDING_DELIVERED,
            Ending::Unconfirmed => Self::XFT_ENDING_UNCONFIRMED,
            Ending::Unverified => Self::XFT_ENDING_UNVERIFIED,
            Ending::Failed(..) => Self::XFT_ENDING_FAILED,
            _ => Self::XFT_ENDING_OTHER,
        }
    }
}

/// What the next deadline is for; the field `timer` of `xft_output`. For logs and tests.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum xft_timer {
    /// No timer runs.
    XFT_TIMER_NONE = 0,
    /// Key derivation goes on in the next poll.
    XFT_TIMER_KEY_DERIVATION = 1,
    /// A step of the login, or the login as a whole.
    XFT_TIMER_LOGIN = 2,
    /// The next white-space keepalive or probe.
    XFT_TIMER_KEEPALIVE = 3,
    /// The server's answer to a probe.
    XFT_TIMER_PROBE = 4,
    /// The end of a graceful close.
    XFT_TIMER_CLOSE = 5,
    /// An answer of a peer.
    XFT_TIMER_REQUEST = 6,
    /// The answer to an offer, the peer's or the owner's.
    XFT_TIMER_OFFER = 7,
    /// The opening of a bytestream.
    XFT_TIMER_OPEN = 8,
    /// The acknowledgement of a block.
    XFT_TIMER_BLOCK = 9,
    /// The next block of a peer that sends to us.
    XFT_TIMER_PROGRESS = 10,
    /// The end of a bytestream, or the peer's verdict.
    XFT_TIMER_FINISH = 11,
    /// The rate of message stanzas.
    XFT_TIMER_RATE = 12,
    /// Connecting to streamhosts, or the peer's doing so.
    XFT_TIMER_STREAMHOSTS = 13,
    /// The handshake of a SOCKS5 stream, or the time for which a refused one counts.
    XFT_TIMER_HANDSHAKE = 14,
    /// The server's answers about its proxies.
    XFT_TIMER_DISCOVERY = 15,
    /// The end of the first-level element under way.
    XFT_TIMER_ELEMENT = 16,
    /// A silent peer is asked whether it is still there.
    XFT_TIMER_SILENCE = 17,
    /// A timer that this version of the library has no number for.
    XFT_TIMER_OTHER = 999,
}

impl From<Timer> for xft_timer {
    fn from(timer: Timer) -> Self {
        match timer {
            Timer::None => Self::XFT_TIMER_NONE,
            Timer::KeyDerivation => Self::XFT_TIMER_KEY_DERIVATION,
            Timer::Login => Self::XFT_TIMER_LOGIN,
            Timer::Keepalive => Self::XFT_TIMER_KEEPALIVE,
            Timer::Probe => Self::XFT_TIMER_PROBE,
            Timer::Close => Self::XFT_TIMER_CLOSE,
            Timer::Request => Self::XFT_TIMER_REQUEST,
            Timer::Offer => Self::XFT_TIMER_OFFER,
            Timer::Open => Self::XFT_TIMER_OPEN,
            Timer::Block => Self::XFT_TIMER_BLOCK,
            Timer::Progress => Self::XFT_TIMER_PROGRESS,
            Timer::Finish => Self::XFT_TIMER_FINISH,
            Timer::Rate => Self::XFT_TIMER_RATE,
            Timer::Streamhosts => Self::XFT_TIMER_STREAMHOSTS,
            Timer::Handshake => Self::XFT_TIMER_HANDSHAKE,
            Timer::Discovery => Self::XFT_TIMER_DISCOVERY,
            Timer::Element => Self::XFT_TIMER_ELEMENT,
            Timer::Silence => Self::XFT_TIMER_SILENCE,
            _ => Self::XFT_TIMER_OTHER,
        }
    }
}

/// Every status with its text.
pub(crate) const TEXTS: Texts = texts! {
    "unknown status; header and library may differ in version",
    (XFT_OK, "done"),
    (XFT_ERR_FULL, "full; drain with xft_poll, say what is stored, then call again"),
    (XFT_ERR_NO_SPACE, "the output buffer is too small; call again with the size xft_last_refusal tells"),
    (XFT_ERR_STALE, "this transfer is over; forget its handle"),
    (XFT_ERR_STATE, "the call does not fit the state; see the call's description"),
    (XFT_ERR_OFFLINE, "not logged in yet; wait for XFT_EVENT_ONLINE"),
    (XFT_ERR_TOO_LARGE, "larger than the server accepts; use smaller blocks or shorter texts"),
    (XFT_ERR_CLOSED, "the session is over; wipe it and start a new one"),
    (XFT_ERR_NO_STREAMS, "this session stays in band; add a method over SOCKS5 to methods, or leave the call out"),
    (XFT_ERR_ACCOUNT, "the account is not a JID; write it as user@domain, 256 bytes at most"),
    (XFT_ERR_PASSWORD, "the password is empty, over 256 bytes, or has control characters; give another one"),
    (XFT_ERR_RESOURCE, "the resource or host JID is malformed; shorten or correct it"),
    (XFT_ERR_BLOCK_BYTES, "block_bytes must be 1..65535 and fit element_bytes in base64"),
    (XFT_ERR_WINDOW_BYTES, "window_bytes must hold at least one block"),
    (XFT_ERR_STANZA_BYTES, "stanza_bytes and element_bytes must be at least 10000"),
    (XFT_ERR_PEER, "the recipient is not a full JID; write it as user@domain/resource"),
    (XFT_ERR_NAME, "the file name is empty; give one"),
    (XFT_ERR_FILE_SIZE, "the file size must be below 2^63"),
    (XFT_ERR_OFFSET, "the offset is out of range; use the one asked for"),
    (XFT_ERR_BYTES, "not the bytes asked for; hand in what the output named"),
    (XFT_ERR_TEXT, "the MIME type or client name is too long or has control characters; shorten it"),
    (XFT_ERR_STREAM, "no such stream; use the number an output named, 0 is the XMPP stream"),
    (XFT_ERR_CHANNEL_BINDING, "channel-binding data is at most 64 bytes; hash longer data first"),
    (XFT_ERR_STANZA, "not one whole stanza; hand in exactly one"),
    (XFT_ERR_HOST, "no such host or port; give an IP address without brackets, or a name, and a port"),
    (XFT_ERR_OVERSIZED, "deeper, wider or larger than a stanza may be; refuse it or leave it"),
    (XFT_ERR_PROXY, "the proxy is no JID; write it like proxy.example.org, 256 bytes at most"),
    (XFT_ERR_ENTROPY, "entropy is not set; fill it with 32 random bytes"),
    (XFT_ERR_TIMES, "a time is 0 that needs a value; see xft_config"),
    (XFT_ERR_MYSELF, "the recipient is this program itself; give the JID of another one, with its own resource"),
    (XFT_ERR_ARGUMENT, "an argument is out of range; see the call's description"),
    (XFT_ERR_NULL, "a pointer is NULL; only texts and buffers of length 0 may be"),
    (XFT_ERR_ALIGN, "a pointer is misaligned; pass a variable of the declared type"),
    (XFT_ERR_LENGTH, "a length is larger than any object; check for an underflow"),
    (XFT_ERR_STRUCT_SIZE, "wrong size field; fill the structure with its init function and sizeof"),
    (XFT_ERR_NO_SESSION, "no session here; call xft_session_init, do not move the memory"),
    (XFT_ERR_UTF8, "a text is not UTF-8; convert it first"),
    (XFT_ERR_CODE, "no such input code; use one of the constants of xft.h"),
    (XFT_ERR_FLAGS, "no such flag; use the constants of xft.h"),
    (XFT_ERR_RESERVED, "a reserved field is not 0; fill the structure with its init function"),
    (XFT_ERR_OVERLAP, "memory overlaps other memory of the call, or the session's; use separate buffers, copy what was lent"),
    (XFT_ERR_RANGE, "a number of the configuration is out of range; see xft_config"),
    (XFT_ERR_METHODS, "methods must hold each XFT_METHOD_ once at most, 0 behind the last, and none the session lacks"),
    (XFT_ERR_NEWER, "a field of a later header is set; link a later library, or leave that field at 0"),
    (XFT_ERR_MEMORY_SIZE, "too little memory; give what xft_session_layout says"),
    (XFT_ERR_MEMORY_ALIGN, "misaligned memory; align it to XFT_SESSION_ALIGN bytes"),
    (XFT_ERR_PART_STREAMS, "SOCKS5 needs streams; raise streams, or leave in band alone in methods"),
    (XFT_ERR_PART_HOSTS, "SOCKS5 needs hosts_bytes of 256 or more; raise it, or leave in band alone in methods"),
    // The parts before it have the same text: whoever reports it reports the number.
    (XFT_ERR_PART, "too little memory for a part; please report this defect of libxft"),
    (XFT_ERR_OTHER, "an error without a number; please report this defect of libxft"),
};
