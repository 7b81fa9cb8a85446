//! The configuration as one flat structure that begins with its size.

use crate::border::{self, Range};
use crate::codes::xft_status::{self, *};
use crate::methods;
use core::ffi::c_char;
use xft_core::{Carrier, Config, Methods, Needs, Sasl, ScramFloor, StreamOwner, Times, Tls};

/// `owner`: the session speaks the XMPP stream; the program carries the bytes of stream 0.
pub const XFT_OWNER_SESSION: u32 = 1;
/// `owner`: the program already has a bound XMPP stream under `host_jid` and hands in whole stanzas.
pub const XFT_OWNER_HOST: u32 = 2;

/// `tls`: STARTTLS, or no login.
pub const XFT_TLS_START: u32 = 1;
/// `tls`: the program's TLS runs before `xft_stream_open`; call `xft_tls_done` between them if bindings are known.
pub const XFT_TLS_DIRECT: u32 = 2;
/// `tls`: plain text. Everybody on the way reads passwords and patient data: for tests only.
pub const XFT_TLS_UNSAFE_PLAIN: u32 = 3;

/// `scram_floor`: SCRAM-SHA-1 and better.
pub const XFT_SCRAM_SHA1: u32 = 1;
/// `scram_floor`: SCRAM-SHA-256 and better.
pub const XFT_SCRAM_SHA256: u32 = 2;
/// `scram_floor`: SCRAM-SHA-1-PLUS and better, that is, channel binding is a must.
pub const XFT_SCRAM_SHA1_PLUS: u32 = 3;
/// `scram_floor`: SCRAM-SHA-256-PLUS only.
pub const XFT_SCRAM_SHA256_PLUS: u32 = 4;

/// `carrier`: blocks travel in iq stanzas, each is acknowledged.
pub const XFT_CARRIER_IQ: u32 = 1;
/// `carrier`: blocks travel in message stanzas without acknowledgement, for peers known to want it.
pub const XFT_CARRIER_MESSAGE: u32 = 2;

/// `flags`: the TLS layer presents a client certificate, use SASL EXTERNAL if offered.
pub const XFT_FLAG_SASL_EXTERNAL: u32 = 1;
/// `flags`: allow SASL PLAIN on an encrypted stream; the server then learns the password.
pub const XFT_FLAG_SASL_PLAIN: u32 = 2;
/// `flags`: send blocks of `3*floor(block/4)` bytes, for receivers of XEP-0047 1.3.
pub const XFT_FLAG_COMPAT_BLOCKS: u32 = 4;
/// `flags`: compute and offer MD5 for peers that know no SHA-256.
pub const XFT_FLAG_MD5: u32 = 8;
/// `flags`: refuse a streamhost whose reply does not repeat our request, as XEP-0065 wants it; many send something
/// else.
pub const XFT_FLAG_STRICT_REPLIES: u32 = 16;
/// `flags`: no receipts. Nothing is hashed then unless an offer brings a hash, and a sender hears neither that its file is
/// whole nor, over SOCKS5, that it could not be kept: `XFT_FLAG_NO_HASHES` is nearly always what is meant.
pub const XFT_FLAG_NO_RECEIPTS: u32 = 32;
/// `flags`: the client certificate of `XFT_FLAG_SASL_EXTERNAL` holds several addresses, so EXTERNAL says that `account`
/// is the one that logs in.
pub const XFT_FLAG_SASL_EXTERNAL_ACCOUNT: u32 = 64;
/// `flags`: no file is hashed whose offer brings no hash: faster, and files that nothing was compared of end with
/// `XFT_ENDING_DELIVERED` and `XFT_ENDING_UNVERIFIED`. A sender still hears whether the file could be kept, from peers that
/// know receipts of version 1.
pub const XFT_FLAG_NO_HASHES: u32 = 128;

const FLAGS: u32 = XFT_FLAG_SASL_EXTERNAL
    | XFT_FLAG_SASL_PLAIN
    | XFT_FLAG_COMPAT_BLOCKS
    | XFT_FLAG_MD5
    | XFT_FLAG_STRICT_REPLIES
    | XFT_FLAG_NO_RECEIPTS
    | XFT_FLAG_SASL_EXTERNAL_ACCOUNT
    | XFT_FLAG_NO_HASHES;

/// How much of each part a session's memory holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub(crate) transfers: u16,
    pub(crate) contacts: u16,
    pub(crate) streams: u8,
    pub(crate) hosts_bytes: u16,
}

/// Everything a session is told at its start. Fill it with `xft_config_init`, then set `account`, `password`,
/// `entropy` and what differs from the defaults. Texts are UTF-8, without a terminating NUL, with their length in
/// bytes, and need to live only until `xft_session_init` returns. Times are milliseconds; one that is 0 is refused with
/// `XFT_ERR_TIMES` unless its description gives 0 a meaning.
///
/// Addresses and passwords beyond ASCII are taken as they stand: a program that lets people type them prepares them
/// first (RFC 6120: Nodeprep, Nameprep, Resourceprep and SASLprep, for example with libidn; `examples-c/prepare.c` does
/// it). ASCII needs nothing: capitals in the account and the domain are folded here.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct xft_config {
    /// `sizeof(xft_config)`, set by `xft_config_init`.
    pub size: u32,
    /// Transfers at once, both directions together, 1..65535; default 2.
    pub transfers: u32,
    /// Bare JID of the account, `user@domain`, at most 256 bytes; with `XFT_OWNER_HOST` it may be empty. The domain as it
    /// stands in the stream, an internationalised one in letters (U-label); DNS and TLS want its A-label.
    pub account: *const c_char,
    /// Bytes of `account`.
    pub account_len: usize,
    /// Password, at most 256 bytes, no control characters: printable ASCII, or normalised with SASLprep (RFC 8265 is
    /// as good where both agree). It may be empty with `XFT_FLAG_SASL_EXTERNAL` and `XFT_OWNER_HOST` only.
    pub password: *const c_char,
    /// Bytes of `password`.
    pub password_len: usize,
    /// Wanted resource, at most 256 bytes, no control characters; empty (the default) lets the server make one.
    pub resource: *const c_char,
    /// Bytes of `resource`.
    pub resource_len: usize,
    /// With `XFT_OWNER_HOST`: the full JID the program's stream is bound to. Else empty.
    pub host_jid: *const c_char,
    /// Bytes of `host_jid`.
    pub host_jid_len: usize,
    /// Name of the client in service discovery, at most 32 bytes, no control characters; default "libxft".
    pub client_name: *const c_char,
    /// Bytes of `client_name`.
    pub client_name_len: usize,
    /// 32 fresh bytes of a cryptographic random source: nonces and ids come from them. Never the same twice. All 0, as
    /// `xft_config_init` leaves them, are refused with `XFT_ERR_ENTROPY`.
    pub entropy: [u8; 32],
    /// Who owns the XMPP stream: `XFT_OWNER_SESSION` (default) or `XFT_OWNER_HOST`.
    pub owner: u32,
    /// How the XMPP stream is secured: `XFT_TLS_START` (default), `XFT_TLS_DIRECT` or `XFT_TLS_UNSAFE_PLAIN`.
    pub tls: u32,
    /// Any of `XFT_FLAG_...`; default 0.
    pub flags: u32,
    /// Weakest SCRAM to accept, `XFT_SCRAM_...`; default `XFT_SCRAM_SHA1`. A program that knows its server to bind demands
    /// it here: without that a login goes on where the server offers no binding.
    pub scram_floor: u32,
    /// Largest SCRAM iteration count to accept, 4096 or more; default 1000000.
    pub scram_rounds_max: u32,
    /// SCRAM iterations computed in one `xft_poll`, 1 or more; default 1024. Smaller keeps a board's loop responsive.
    pub scram_rounds_per_poll: u32,
    /// Largest block to offer and to accept, bytes before base64, 1..65535; default 8192.
    pub block_bytes: u32,
    /// Bytes of one block sent, 1..65535; default 4096; `block_bytes` if that is smaller. More are sent where the
    /// sequence number would come round otherwise, because some peers fail there.
    pub chunk_bytes: u32,
    /// Most bytes in flight per transfer, at least `block_bytes`; default 262144.
    pub window_bytes: u32,
    /// Largest stanza the server takes, bytes, when it does not say so itself; at least 10000, default 262144.
    pub stanza_bytes: u32,
    /// Largest first-level element to read, bytes; at least 10000, default 262144. It takes no memory. Larger stanzas of up
    /// to 1 MiB are skipped, and a request among them is answered with `not-acceptable`.
    pub element_bytes: u32,
    /// Which stanza carries the blocks we send: `XFT_CARRIER_IQ` (default) or `XFT_CARRIER_MESSAGE`.
    pub carrier: u32,
    /// Bytes per second for message stanzas, which have no window, 1 or more; default 1000000.
    pub message_rate: u32,
    /// Most transfers from one peer (bare JID) at once, offered and accepted together, 1..255; default 4. The last free
    /// slot is for another peer than the one that holds the rest, whatever this says.
    pub offers_per_peer: u32,
    /// Peers at once, those of transfers and those asked what they can, up to 65535; default 0: one more than
    /// `transfers`. A program with many transfers to one archive needs few.
    pub contacts: u32,
    /// Presence priority, -128..127; default -1: messages to the bare address do not come to a negative one. A program that
    /// wants them sets 0 or more.
    pub priority: i32,
    /// One step of the login; default 15000.
    pub step_ms: u32,
    /// The whole login; default 60000.
    pub login_ms: u32,
    /// Silence before a white-space keepalive; default 240000; 0: only as often as the server asks for.
    pub keepalive_ms: u32,
    /// Silence of the server before a probe; default 120000. 0: only where something of a peer's is overdue and the server was
    /// silent too: no peer is blamed for a silence that may be the server's.
    pub idle_ms: u32,
    /// The answer to a probe; default 30000.
    pub probe_ms: u32,
    /// The graceful close of the stream; default 5000.
    pub close_ms: u32,
    /// An answer to a request; default 30000.
    pub request_ms: u32,
    /// The answer to an offer; default 300000.
    pub offer_ms: u32,
    /// The opening of the bytestream after the answer; default 60000.
    pub open_ms: u32,
    /// The acknowledgement of a block; default 120000.
    pub block_ms: u32,
    /// The next block from a sender; default 300000.
    pub progress_ms: u32,
    /// The answer to the closing of a bytestream, and the verdict; default 60000.
    pub finish_ms: u32,
    /// Which methods may carry a file, `XFT_METHOD_...`, the preferred one first, 0 behind the last; default mediated,
    /// direct, in band; all 0 is the default. Mediated and direct are one attempt, their order is that in which
    /// addresses are offered. `{XFT_METHOD_IN_BAND}` alone needs no other stream than the XMPP stream, and less memory.
    pub methods: [u32; 3],
    /// SOCKS5 streams at once: those being connected, accepted and in use, 1..255; default 8. A transfer takes one, and
    /// two or three while it looks for its way. Without a method over SOCKS5 it counts as 0.
    pub streams: u32,
    /// Bytes for addresses: own ones, those of proxies, and those that peers offer, 256..65535; default 2048. Without a
    /// method over SOCKS5 it counts as 0.
    pub hosts_bytes: u32,
    /// Most accepted streams from one source that have not shown whom they belong to, or showed a wrong one, 1..255;
    /// default 2.
    pub accepted_per_source: u32,
    /// What the server tells of its proxies, all questions together; default 10000.
    pub discovery_ms: u32,
    /// Between the attempt with one streamhost and that with the next, while the first goes on; default 200; 0: all at
    /// once.
    pub stagger_ms: u32,
    /// One streamhost of the peer's own, connecting and handshake; default 4000.
    pub host_ms: u32,
    /// One proxy, connecting and handshake; default 6000.
    pub proxy_ms: u32,
    /// All streamhosts of a transfer; default 8000.
    pub hosts_ms: u32,
    /// From an accepted stream to its showing whom it belongs to; default 5000.
    pub accept_ms: u32,
    /// The end of a SOCKS5 stream after its last byte, and of any stream whose file is empty; default 5000.
    pub end_ms: u32,
    /// The answer to the closing of an in-band bytestream where every block was acknowledged and no receipt can come; then
    /// the file counts as handed over; default 5000.
    pub closing_ms: u32,
    /// Bytes per second that a sender has to bring, averaged over `rate_ms`, once its bytes flow; default 200; 0 asks
    /// nothing. A slower one ends with `XFT_REASON_STALLED`. Time in which the program did not store what came does not
    /// count. The transfers that come in band share one path, so they have to bring it together: on a path that is known
    /// to be slower, give its rate.
    pub least_rate: u32,
    /// The span over which `least_rate` is averaged; default 120000.
    pub rate_ms: u32,
    /// What a peer says that it can; then it is offered the file all the same; default 5000.
    pub disco_ms: u32,
    /// Sender: from telling addresses and proxies to the first byte, where in band may follow; default 20000.
    pub attempt_ms: u32,
    /// The end of a first-level element, counted from its first byte; default 60000. Behind it the session ends.
    pub element_ms: u32,
    /// When no streamhost was reached: the answer goes out at a multiple of this after the question, so that its time does
    /// not tell which of them was closed, silent or not allowed; default 2000. 0: at once.
    pub verdict_ms: u32,
    /// Silence of a peer in band whose word is awaited, before it is asked whether it is still there; on a slow path twice
    /// the longest silence so far; default 5000. It is asked again after twice as long. Only who told before what it can is
    /// asked, and only a server's word that it is gone ends the file (`XFT_REASON_PEER_GONE`); silence ends it at `block_ms`,
    /// `progress_ms`, `open_ms` or `finish_ms`. 0: never.
    pub ask_ms: u32,
    /// 0.
    pub reserved: [u32; 3],
}

/// Words that later versions may use.
const RESERVED: usize = 3;

/// The defaults as C sees them; they are those of [`Config::new`], written once.
pub(crate) fn defaults() -> xft_config {
    let rust = Config::new("", "", [0; 32]);
    let times = rust.times;
    let needs = Needs::of(&rust, 1, 1);
    xft_config {
        size: size_of::<xft_config>() as u32,
        transfers: 2,
        account: core::ptr::null(),
        account_len: 0,
        password: core::ptr::null(),
        password_len: 0,
        resource: core::ptr::null(),
        resource_len: 0,
        host_jid: core::ptr::null(),
        host_jid_len: 0,
        client_name: rust.client_name.as_ptr().cast(),
        client_name_len: rust.client_name.len(),
        entropy: [0; 32],
        owner: XFT_OWNER_SESSION,
        tls: XFT_TLS_START,
        flags: 0,
        scram_floor: XFT_SCRAM_SHA1,
        scram_rounds_max: rust.sasl.rounds_max,
        scram_rounds_per_poll: rust.sasl.rounds_per_poll,
        block_bytes: u32::from(rust.block_bytes),
        chunk_bytes: u32::from(rust.chunk_bytes),
        window_bytes: rust.window_bytes,
        stanza_bytes: rust.stanza_bytes,
        element_bytes: rust.element_bytes,
        carrier: XFT_CARRIER_IQ,
        message_rate: rust.message_rate,
        offers_per_peer: u32::from(rust.offers_per_peer),
        contacts: 0,
        priority: i32::from(rust.priority),
        step_ms: times.step_ms,
        login_ms: times.login_ms,
        keepalive_ms: times.keepalive_ms,
        idle_ms: times.idle_ms,
        probe_ms: times.probe_ms,
        close_ms: times.close_ms,
        request_ms: times.request_ms,
        offer_ms: times.offer_ms,
        open_ms: times.open_ms,
        block_ms: times.block_ms,
        progress_ms: times.progress_ms,
        ask_ms: times.ask_ms,
        finish_ms: times.finish_ms,
        methods: methods::to_c(&rust.methods),
        streams: u32::try_from(needs.streams).unwrap_or(0),
        hosts_bytes: u32::try_from(needs.hosts_bytes).unwrap_or(0),
        accepted_per_source: u32::from(rust.accepted_per_source),
        discovery_ms: times.discovery_ms,
        stagger_ms: times.stagger_ms,
        host_ms: times.host_ms,
        proxy_ms: times.proxy_ms,
        hosts_ms: times.hosts_ms,
        accept_ms: times.accept_ms,
        end_ms: times.end_ms,
        closing_ms: times.closing_ms,
        least_rate: rust.least_rate,
        rate_ms: times.rate_ms,
        disco_ms: times.disco_ms,
        attempt_ms: times.attempt_ms,
        element_ms: times.element_ms,
        verdict_ms: times.verdict_ms,
        reserved: [0; RESERVED],
    }
}

impl xft_config {
    /// The structure at `at`, whatever version of it the program was compiled with.
    pub(crate) unsafe fn from_c(at: *const Self, session: Range) -> Result<Self, xft_status> {
        // SAFETY: the caller's word, as the prototypes say; the first version of the structure is the least one.
        let cfg = unsafe { border::sized(at, size_of::<Self>(), defaults(), session) }?;
        if cfg.reserved != [0; RESERVED] {
            return Err(XFT_ERR_RESERVED);
        }
        Ok(cfg)
    }

    /// How much of each part is wanted.
    pub(crate) fn room(&self) -> Result<Room, xft_status> {
        let transfers = match u16::try_from(self.transfers) {
            Ok(0) | Err(_) => return Err(XFT_ERR_RANGE),
            Ok(slots) => slots,
        };
        let contacts = match u16::try_from(self.contacts) {
            Ok(0) => transfers.saturating_add(1),
            Ok(slots) => slots,
            Err(_) => return Err(XFT_ERR_RANGE),
        };
        let streams = u8::try_from(self.streams).map_err(|_| XFT_ERR_RANGE)?;
        let hosts_bytes = u16::try_from(self.hosts_bytes).map_err(|_| XFT_ERR_RANGE)?;
        Ok(Room { transfers, contacts, streams, hosts_bytes })
    }

    /// The same in Rust's words; ranges that Rust's types rule out are checked here, the others by the core.
    pub(crate) unsafe fn as_core(&self, session: Range) -> Result<Config<'_>, xft_status> {
        // SAFETY: (all five) the caller's word, as the documentation of the structure says.
        let (account, password, resource, host_jid, client_name) = unsafe {
            (
                border::utf8(self.account, self.account_len, session)?,
                border::utf8(self.password, self.password_len, session)?,
                border::utf8(self.resource, self.resource_len, session)?,
                border::utf8(self.host_jid, self.host_jid_len, session)?,
                border::utf8(self.client_name, self.client_name_len, session)?,
            )
        };
        if self.flags & !FLAGS != 0 {
            return Err(XFT_ERR_FLAGS);
        }
        Ok(Config {
            account,
            password,
            resource,
            owner: match self.owner {
                XFT_OWNER_SESSION => StreamOwner::Session,
                XFT_OWNER_HOST => StreamOwner::Host { jid: host_jid },
                _ => return Err(XFT_ERR_CODE),
            },
            tls: match self.tls {
                XFT_TLS_START => Tls::StartTls,
                XFT_TLS_DIRECT => Tls::Direct,
                XFT_TLS_UNSAFE_PLAIN => Tls::UnsafePlain,
                _ => return Err(XFT_ERR_CODE),
            },
            sasl: self.sasl()?,
            entropy: self.entropy,
            block_bytes: u16::try_from(self.block_bytes).map_err(|_| XFT_ERR_BLOCK_BYTES)?,
            chunk_bytes: u16::try_from(self.chunk_bytes.min(self.block_bytes))
                .map_err(|_| XFT_ERR_BLOCK_BYTES)?,
            window_bytes: self.window_bytes,
            stanza_bytes: self.stanza_bytes,
            element_bytes: self.element_bytes,
            carrier: match self.carrier {
                XFT_CARRIER_IQ => Carrier::Iq,
                XFT_CARRIER_MESSAGE => Carrier::Message,
                _ => return Err(XFT_ERR_CODE),
            },
            message_rate: self.message_rate,
            compat_blocks: self.flags & XFT_FLAG_COMPAT_BLOCKS != 0,
            md5: self.flags & XFT_FLAG_MD5 != 0,
            offers_per_peer: match u8::try_from(self.offers_per_peer) {
                Ok(0) | Err(_) => return Err(XFT_ERR_RANGE),
                Ok(offers) => offers,
            },
            least_rate: self.least_rate,
            priority: i8::try_from(self.priority).map_err(|_| XFT_ERR_RANGE)?,
            client_name,
            methods: methods::from_c(&self.methods)?.unwrap_or(Methods::DEFAULT),
            receipts: self.flags & XFT_FLAG_NO_RECEIPTS == 0,
            hashes: self.flags & XFT_FLAG_NO_HASHES == 0,
            strict_replies: self.flags & XFT_FLAG_STRICT_REPLIES != 0,
            accepted_per_source: match u8::try_from(self.accepted_per_source) {
                Ok(0) | Err(_) => return Err(XFT_ERR_RANGE),
                Ok(streams) => streams,
            },
            times: self.times(),
        })
    }

    fn sasl(&self) -> Result<Sasl, xft_status> {
        Ok(Sasl {
            external: self.flags & XFT_FLAG_SASL_EXTERNAL != 0,
            names_account: self.flags & XFT_FLAG_SASL_EXTERNAL_ACCOUNT != 0,
            plain: self.flags & XFT_FLAG_SASL_PLAIN != 0,
            floor: match self.scram_floor {
                XFT_SCRAM_SHA1 => ScramFloor::Sha1,
                XFT_SCRAM_SHA256 => ScramFloor::Sha256,
                XFT_SCRAM_SHA1_PLUS => ScramFloor::Sha1Plus,
                XFT_SCRAM_SHA256_PLUS => ScramFloor::Sha256Plus,
                _ => return Err(XFT_ERR_CODE),
            },
            rounds_max: self.scram_rounds_max,
            rounds_per_poll: self.scram_rounds_per_poll,
        })
    }

    fn times(&self) -> Times {
        Times {
            step_ms: self.step_ms,
            login_ms: self.login_ms,
            keepalive_ms: self.keepalive_ms,
            idle_ms: self.idle_ms,
            probe_ms: self.probe_ms,
            close_ms: self.close_ms,
            request_ms: self.request_ms,
            offer_ms: self.offer_ms,
            open_ms: self.open_ms,
            block_ms: self.block_ms,
            progress_ms: self.progress_ms,
            ask_ms: self.ask_ms,
            finish_ms: self.finish_ms,
            closing_ms: self.closing_ms,
            discovery_ms: self.discovery_ms,
            stagger_ms: self.stagger_ms,
            host_ms: self.host_ms,
            proxy_ms: self.proxy_ms,
            hosts_ms: self.hosts_ms,
            verdict_ms: self.verdict_ms,
            accept_ms: self.accept_ms,
            end_ms: self.end_ms,
            rate_ms: self.rate_ms,
            disco_ms: self.disco_ms,
            attempt_ms: self.attempt_ms,
            element_ms: self.element_ms,
        }
    }
}
