//! What the library says, as flat structures that never grow: their reserved fields are the room for later versions.

use crate::border::{self, Range};
use crate::codes::xft_status::{self, *};
use crate::codes::{xft_ending, xft_event, xft_output_kind, xft_received_kind, xft_timer};
use crate::conditions::xft_condition;
use crate::methods::{self, xft_host_failure, xft_method, xft_skip};
use crate::reasons::xft_reason;
use core::ffi::c_char;
use core::ptr::null;
use xft_core::{Ending, Event, HostFailure, Offer, Offered, Output, Received, Route, TransferId};

/// `has`: `date` is given.
pub const XFT_HAS_DATE: u32 = 1;
/// `has`: `sha256` is given.
pub const XFT_HAS_SHA256: u32 = 2;
/// `has`: `md5` is given.
pub const XFT_HAS_MD5: u32 = 4;
/// `has`, in `xft_received` only: the peer can start at an offset.
pub const XFT_HAS_RANGED: u32 = 8;

/// Bytes of `name` in `xft_received`, with its terminating NUL.
pub const XFT_NAME_BYTES: usize = 128;

/// The next thing to do, filled by `xft_poll` and `xft_supply`. Look at `kind` first; fields that the kind does not
/// mention are 0. `bytes` and `host` point into a buffer that was given to the call and live as long as that.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct xft_output {
    /// `XFT_OUTPUT_...`
    pub kind: xft_output_kind,
    /// EVENT: `XFT_EVENT_...`
    pub event: xft_event,
    /// NEED_DATA, CONNECT, SEND_RAW and the events of a transfer: its handle.
    pub transfer: u32,
    /// TRANSMIT, CLOSE, CONNECT, HALF_CLOSE, SEND_RAW, HOST_FAILED: the stream; 0 is the XMPP stream.
    pub stream: u32,
    /// TRANSMIT: what to send, inside the buffer given to the call; for a SOCKS5 stream it may be that of the file's
    /// bytes.
    pub bytes: *const u8,
    /// TRANSMIT: bytes to send. NEED_DATA: bytes wanted; exactly these unless the read comes up short (then at
    /// least 1). BLOCK_REFUSED: block size asked for, bytes before base64.
    pub len: usize,
    /// NEED_DATA: position in the file. ACCEPTED: first byte wanted. SEND_RAW: first byte that may go.
    pub offset: u64,
    /// ACCEPTED: one past the last byte wanted; with less than the size of the file the peer asks for a piece only, and the
    /// ending speaks of that: cancel if a piece is no use. SEND_RAW: one past the last byte that may go.
    pub end: u64,
    /// WAIT: call `xft_tick` and poll again at this time, milliseconds on the clock of `xft_tick`; `UINT64_MAX` without a
    /// timer. It may have come already: then hand in what there is to read, without sleeping, and tick and poll.
    pub until_ms: u64,
    /// WAIT: what the deadline is for, `XFT_TIMER_...`; for logs.
    pub timer: xft_timer,
    /// STARTED: agreed largest block, bytes before base64; 0 unless `method` is `XFT_METHOD_IN_BAND`. BLOCK_REFUSED: the
    /// most that is taken.
    pub block_bytes: u32,
    /// STARTED: 1 if the file has more than 65536 blocks of this size (some peers fail there), else 0.
    pub seq_wraps: u32,
    /// FINISHED: `XFT_ENDING_...`. SETTLE: `XFT_ENDING_DONE` if the hash was compared and is equal, else
    /// `XFT_ENDING_UNVERIFIED`.
    pub ending: xft_ending,
    /// FINISHED with `XFT_ENDING_FAILED`, and OFFLINE: why.
    pub reason: xft_reason,
    /// FINISHED with `XFT_ENDING_FAILED`, and OFFLINE: what the other side's error said.
    pub condition: xft_condition,
    /// CONNECT: IPv4 or IPv6 address without brackets, or a name; UTF-8, not NUL-terminated, at most 255 bytes.
    pub host: *const c_char,
    /// Bytes of `host`.
    pub host_len: usize,
    /// CONNECT: TCP port.
    pub port: u32,
    /// STARTED, FELL_BACK, FINISHED: the method, `XFT_METHOD_...`
    pub method: xft_method,
    /// FELL_BACK, FINISHED: why the file did not go direct, `XFT_SKIP_...`
    pub why_direct: xft_skip,
    /// FELL_BACK, FINISHED: why it did not go through a proxy.
    pub why_mediated: xft_skip,
    /// FELL_BACK, FINISHED: why it did not go in band.
    pub why_in_band: xft_skip,
    /// FELL_BACK: 1 if the file goes with a new offer, which the peer has to accept again, else 0.
    pub again: u32,
    /// HOST_FAILED: why the streamhost could not be used, `XFT_HOST_...`
    pub host_failure: xft_host_failure,
    /// HOST_FAILED with `XFT_HOST_REJECTED`: the reply code (RFC 1928 section 6).
    pub host_reply: u32,
    /// 0.
    pub reserved: [u64; 4],
}

impl xft_output {
    pub(crate) const EMPTY: Self = Self {
        kind: xft_output_kind::XFT_OUTPUT_NONE,
        event: xft_event::XFT_EVENT_NONE,
        transfer: 0,
        stream: 0,
        bytes: null(),
        len: 0,
        offset: 0,
        end: 0,
        until_ms: 0,
        timer: xft_timer::XFT_TIMER_NONE,
        block_bytes: 0,
        seq_wraps: 0,
        ending: xft_ending::XFT_ENDING_NONE,
        reason: xft_reason::XFT_REASON_NONE,
        condition: xft_condition::XFT_CONDITION_NONE,
        host: null(),
        host_len: 0,
        port: 0,
        method: xft_method::XFT_METHOD_NONE,
        why_direct: xft_skip::XFT_SKIP_UNNEEDED,
        why_mediated: xft_skip::XFT_SKIP_UNNEEDED,
        why_in_band: xft_skip::XFT_SKIP_UNNEEDED,
        again: 0,
        host_failure: xft_host_failure::XFT_HOST_NONE,
        host_reply: 0,
        reserved: [0; 4],
    };
}

impl From<Output<'_>> for xft_output {
    fn from(output: Output<'_>) -> Self {
        use xft_output_kind::*;
        let mut it = Self::EMPTY;
        match output {
            Output::Transmit { stream, bytes } => {
                it.kind = XFT_OUTPUT_TRANSMIT;
                it.stream = u32::from(stream.0);
                it.bytes = bytes.as_ptr();
                it.len = bytes.len();
            }
            Output::NeedData { transfer, offset, max } => {
                it.kind = XFT_OUTPUT_NEED_DATA;
                it.transfer = transfer.to_bits();
                it.offset = offset;
                it.len = max;
            }
            Output::Connect { stream, transfer, host, port } => {
                it.kind = XFT_OUTPUT_CONNECT;
                it.stream = u32::from(stream.0);
                it.transfer = transfer.to_bits();
                (it.host, it.host_len) = lent(Some(host));
                it.port = u32::from(port);
            }
            Output::SendRaw { transfer, stream, offset, max } => {
                it.kind = XFT_OUTPUT_SEND_RAW;
                it.transfer = transfer.to_bits();
                it.stream = u32::from(stream.0);
                it.offset = offset;
                it.end = offset.saturating_add(max);
            }
            Output::HalfClose { stream } => {
                it.kind = XFT_OUTPUT_HALF_CLOSE;
                it.stream = u32::from(stream.0);
            }
            Output::StartTls => it.kind = XFT_OUTPUT_START_TLS,
            Output::Close { stream } => {
                it.kind = XFT_OUTPUT_CLOSE;
                it.stream = u32::from(stream.0);
            }
            Output::Event(event) => return event.into(),
            Output::Wait { until, why } => {
                it.kind = XFT_OUTPUT_WAIT;
                it.until_ms = until.map_or(u64::MAX, |at| at.ms());
                it.timer = why.into();
            }
            _ => it.kind = XFT_OUTPUT_OTHER,
        }
        it
    }
}

impl From<Event> for xft_output {
    fn from(event: Event) -> Self {
        use xft_event::*;
        let mut it = Self { kind: xft_output_kind::XFT_OUTPUT_EVENT, ..Self::EMPTY };
        match event {
            Event::Online => it.event = XFT_EVENT_ONLINE,
            Event::Offline { reason, condition } => {
                it.event = XFT_EVENT_OFFLINE;
                it.reason = reason.into();
                it.condition = condition.into();
            }
            Event::Accepted { transfer, offset, end } => {
                it.event = XFT_EVENT_ACCEPTED;
                it.transfer = transfer.to_bits();
                it.offset = offset;
                it.end = end;
            }
            Event::Started { transfer, method, block_bytes, seq_wraps } => {
                it.event = XFT_EVENT_STARTED;
                it.transfer = transfer.to_bits();
                it.method = method.into();
                it.block_bytes = u32::from(block_bytes);
                it.seq_wraps = u32::from(seq_wraps);
            }
            Event::Finished { transfer, ending, route } => {
                it.event = XFT_EVENT_FINISHED;
                it.transfer = transfer.to_bits();
                it.ending = ending.into();
                it.follow(&route);
                if let Ending::Failed(reason, condition) = ending {
                    it.reason = reason.into();
                    it.condition = condition.into();
                }
            }
            Event::HostFailed { transfer, stream, why } => {
                it.event = XFT_EVENT_HOST_FAILED;
                it.transfer = transfer.to_bits();
                it.stream = u32::from(stream.0);
                it.host_failure = why.into();
                if let HostFailure::Rejected(reply) = why {
                    it.host_reply = u32::from(reply);
                }
            }
            Event::FellBack { transfer, again, route } => {
                it.event = XFT_EVENT_FELL_BACK;
                it.transfer = transfer.to_bits();
                it.again = u32::from(again);
                it.follow(&route);
            }
            Event::Settle { transfer, verified } => {
                it.event = XFT_EVENT_SETTLE;
                it.transfer = transfer.to_bits();
                it.ending = if verified { Ending::Done } else { Ending::Unverified }.into();
            }
            Event::BlockRefused { transfer, asked, most } => {
                it.event = XFT_EVENT_BLOCK_REFUSED;
                it.transfer = transfer.to_bits();
                it.len = usize::from(asked);
                it.block_bytes = u32::from(most);
            }
            Event::Intruded { transfer } => {
                it.event = XFT_EVENT_INTRUDED;
                it.transfer = transfer.to_bits();
            }
            _ => it.event = XFT_EVENT_OTHER,
        }
        it
    }
}

impl xft_output {
    fn follow(&mut self, route: &Route) {
        self.method = route.method.map_or(xft_method::XFT_METHOD_NONE, Into::into);
        self.why_direct = route.direct.into();
        self.why_mediated = route.mediated.into();
        self.why_in_band = route.in_band.into();
    }
}

/// What became of received bytes, filled by `xft_stream_in` and `xft_stanza_in`. Look at `kind` first; fields that
/// the kind does not mention are 0. The pointers are lent: into the input buffer or the session, until the next call
/// on this session or until the input buffer is reused. Texts are UTF-8 and, but for `name`, not NUL-terminated.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct xft_received {
    /// `XFT_RECEIVED_...`
    pub kind: xft_received_kind,
    /// DATA, OFFER: handle of the transfer.
    pub transfer: u32,
    /// DATA: position of `bytes` in the file.
    pub offset: u64,
    /// DATA: the file's bytes; store them, then call `xft_stored`.
    pub bytes: *const u8,
    /// DATA: how many, at least 1.
    pub len: usize,
    /// OFFER, NO_ROOM: full JID of the peer, stamped by the server.
    pub from: *const c_char,
    /// Bytes of `from`.
    pub from_len: usize,
    /// OFFER: file name as received. Never use it as a path.
    pub raw_name: *const c_char,
    /// Bytes of `raw_name`.
    pub raw_name_len: usize,
    /// OFFER: MIME type, at most 255 bytes; NULL if not given.
    pub mime_type: *const c_char,
    /// Bytes of `mime_type`.
    pub mime_type_len: usize,
    /// OFFER: description for people, at most 1024 bytes; NULL if not given.
    pub description: *const c_char,
    /// Bytes of `description`.
    pub description_len: usize,
    /// OFFER, NO_ROOM: size of the file, bytes.
    pub file_size: u64,
    /// OFFER with `XFT_HAS_DATE`: last modification, seconds since 1970.
    pub date: i64,
    /// OFFER: which of `date`, `sha256`, `md5` are given, and whether ranges are possible, `XFT_HAS_...`.
    pub has: u32,
    /// OFFER, NO_ROOM: bytes of `name`, without the NUL.
    pub name_len: u32,
    /// OFFER, NO_ROOM: file name made harmless: one component without separators, controls and what nobody sees, never empty, no dot
    /// at its front, no device; letters, marks, digits and punctuation of every script stay. At most 120 bytes,
    /// NUL-terminated. A copy: it is not lent. Two names may be one to a file system that ignores case: never overwrite.
    pub name: [u8; XFT_NAME_BYTES],
    /// OFFER with `XFT_HAS_SHA256`: SHA-256 of the whole file.
    pub sha256: [u8; 32],
    /// OFFER with `XFT_HAS_MD5`: MD5 of the whole file; it shows damage, never forgery.
    pub md5: [u8; 16],
    /// 0.
    pub reserved: [u64; 4],
}

impl xft_received {
    pub(crate) const EMPTY: Self = Self {
        kind: xft_received_kind::XFT_RECEIVED_CONSUMED,
        transfer: 0,
        offset: 0,
        bytes: null(),
        len: 0,
        from: null(),
        from_len: 0,
        raw_name: null(),
        raw_name_len: 0,
        mime_type: null(),
        mime_type_len: 0,
        description: null(),
        description_len: 0,
        file_size: 0,
        date: 0,
        has: 0,
        name_len: 0,
        name: [0; XFT_NAME_BYTES],
        sha256: [0; 32],
        md5: [0; 16],
        reserved: [0; 4],
    };
}

impl From<Received<'_>> for xft_received {
    fn from(received: Received<'_>) -> Self {
        use xft_received_kind::*;
        let mut it = Self::EMPTY;
        match received {
            Received::Consumed => {}
            Received::Data { transfer, offset, bytes } => {
                it.kind = XFT_RECEIVED_DATA;
                it.transfer = transfer.to_bits();
                it.offset = offset;
                it.bytes = bytes.as_ptr();
                it.len = bytes.len();
            }
            Received::Offer(offer) => {
                it.kind = XFT_RECEIVED_OFFER;
                it.fill(&offer);
            }
            Received::NoRoom { from, name, size } => {
                it.kind = XFT_RECEIVED_NO_ROOM;
                (it.from, it.from_len) = lent(Some(from));
                it.file_size = size;
                it.fill_name(&name);
            }
            Received::NotMine => it.kind = XFT_RECEIVED_NOT_MINE,
            _ => it.kind = XFT_RECEIVED_OTHER,
        }
        it
    }
}

impl xft_received {
    fn fill(&mut self, offer: &Offered<'_>) {
        self.transfer = offer.transfer.to_bits();
        (self.from, self.from_len) = lent(Some(offer.from));
        (self.raw_name, self.raw_name_len) = lent(Some(offer.raw_name));
        (self.mime_type, self.mime_type_len) = lent(offer.mime_type);
        (self.description, self.description_len) = lent(offer.description);
        self.file_size = offer.size;
        self.date = offer.date.unwrap_or(0);
        let flag = |given: bool, flag: u32| if given { flag } else { 0 };
        self.has = flag(offer.date.is_some(), XFT_HAS_DATE)
            | flag(offer.sha256.is_some(), XFT_HAS_SHA256)
            | flag(offer.md5.is_some(), XFT_HAS_MD5)
            | flag(offer.ranged, XFT_HAS_RANGED);
        self.fill_name(&offer.name);
        self.sha256 = offer.sha256.unwrap_or([0; 32]);
        self.md5 = offer.md5.unwrap_or([0; 16]);
    }

    fn fill_name(&mut self, name: &str) {
        // The last byte stays 0 whatever the length of the name: it is the NUL.
        if let Some(room) = self.name.get_mut(..XFT_NAME_BYTES - 1) {
            for (to, from) in room.iter_mut().zip(name.as_bytes()) {
                *to = *from;
                self.name_len = self.name_len.saturating_add(1);
            }
        }
    }
}

fn lent(text: Option<&str>) -> (*const c_char, usize) {
    text.map_or((null(), 0), |text| (text.as_ptr().cast(), text.len()))
}

/// A file to send, for `xft_offer`. Fill it with `xft_file_init`, then set `to`, `name`, `file_size` and what else is
/// known. Texts are UTF-8 with their length in bytes, and need to live only until `xft_offer` returns.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct xft_file {
    /// `sizeof(xft_file)`, set by `xft_file_init`.
    pub size: u32,
    /// Which of `date`, `sha256` and `md5` are given, `XFT_HAS_...`.
    pub has: u32,
    /// Full JID of the receiver, `user@domain/resource`, at most 256 bytes. Capitals of ASCII in user and domain are folded,
    /// what is not ASCII is taken as it stands: see `xft_config`.
    pub to: *const c_char,
    /// Bytes of `to`.
    pub to_len: usize,
    /// File name, without directories.
    pub name: *const c_char,
    /// Bytes of `name`.
    pub name_len: usize,
    /// MIME type, at most 64 bytes; length 0 if unknown.
    pub mime_type: *const c_char,
    /// Bytes of `mime_type`.
    pub mime_type_len: usize,
    /// Size of the file, bytes, below 2^63; 0 is a file too.
    pub file_size: u64,
    /// With `XFT_HAS_DATE`: last modification, seconds since 1970.
    pub date: i64,
    /// With `XFT_HAS_SHA256`: SHA-256 of the whole file. If not known, both ends compute it while the bytes pass.
    pub sha256: [u8; 32],
    /// With `XFT_HAS_MD5`: MD5 of the whole file, for peers that check only this.
    pub md5: [u8; 16],
    /// Methods for this file, `XFT_METHOD_...`, the preferred one first, 0 behind the last; all 0 (the default): those of
    /// `xft_config`.
    pub methods: [u32; 3],
    /// 0.
    pub reserved: [u32; 9],
}

impl xft_file {
    pub(crate) const EMPTY: Self = Self {
        size: size_of::<Self>() as u32,
        has: 0,
        to: null(),
        to_len: 0,
        name: null(),
        name_len: 0,
        mime_type: null(),
        mime_type_len: 0,
        file_size: 0,
        date: 0,
        sha256: [0; 32],
        md5: [0; 16],
        methods: [0; 3],
        reserved: [0; 9],
    };

    /// The structure at `at`, whatever version of it the program was compiled with.
    pub(crate) unsafe fn from_c(at: *const Self, session: Range) -> Result<Self, xft_status> {
        // SAFETY: the caller's word, as the prototype says; the first version of the structure is the least one.
        let file = unsafe { border::sized(at, size_of::<Self>(), Self::EMPTY, session) }?;
        if file.reserved != [0; 9] {
            return Err(XFT_ERR_RESERVED);
        }
        if file.has & !(XFT_HAS_DATE | XFT_HAS_SHA256 | XFT_HAS_MD5) != 0 {
            return Err(XFT_ERR_FLAGS);
        }
        Ok(file)
    }

    pub(crate) unsafe fn as_core(&self, session: Range) -> Result<Offer<'_>, xft_status> {
        // SAFETY: (all three) the caller's word, as the documentation of the structure says.
        let (to, name, mime_type) = unsafe {
            (
                border::utf8(self.to, self.to_len, session)?,
                border::utf8(self.name, self.name_len, session)?,
                border::utf8(self.mime_type, self.mime_type_len, session)?,
            )
        };
        let given = |flag: u32| self.has & flag != 0;
        Ok(Offer {
            to,
            name,
            size: self.file_size,
            date: given(XFT_HAS_DATE).then_some(self.date),
            mime_type: Some(mime_type).filter(|it| !it.is_empty()),
            sha256: given(XFT_HAS_SHA256).then_some(self.sha256),
            md5: given(XFT_HAS_MD5).then_some(self.md5),
            methods: methods::from_c(&self.methods)?,
        })
    }
}

/// How far a transfer is, filled by `xft_progress`. All four are positions in the file, bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct xft_marks {
    /// First byte of the range that is transferred.
    pub start: u64,
    /// One past the last byte of the range.
    pub end: u64,
    /// Sender: bytes before this are handed to the stream. Receiver: bytes before this came.
    pub moved: u64,
    /// Sender: bytes before this are acknowledged. Receiver: bytes before this are stored.
    pub safe: u64,
}

/// What the last refused call on a session would have wanted, filled by `xft_last_refusal`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct xft_refusal {
    /// The status that the call returned; `XFT_OK` if none was refused yet.
    pub status: xft_status,
    /// With `XFT_ERR_CLOSED`: why the session is over.
    pub reason: xft_reason,
    /// With `XFT_ERR_NO_SPACE`: bytes that the output buffer must have. Else 0.
    pub needed: u64,
}

impl xft_refusal {
    pub(crate) const NONE: Self = Self { status: XFT_OK, reason: xft_reason::XFT_REASON_NONE, needed: 0 };

    /// What there is to know about a refusal.
    pub(crate) fn of(error: xft_core::Error) -> Self {
        use xft_core::Error;
        let mut it = Self { status: error.into(), ..Self::NONE };
        match error {
            Error::NoSpace { needed } | Error::Storage { needed, .. } => {
                it.needed = u64::try_from(needed).unwrap_or(u64::MAX);
            }
            Error::Closed(reason) => it.reason = reason.into(),
            _ => {}
        }
        it
    }
}

/// A handle from C.
pub(crate) const fn handle(bits: u32) -> TransferId {
    TransferId::from_bits(bits)
}
