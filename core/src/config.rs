//! What the owner decides before the session starts.

use crate::error::{Argument, Error};
use crate::wire::jid::Jid;
use crate::wire::scram::ROUNDS_MIN;

/// Longest JID the session stores, bytes. Longer ones are legal XMPP (STZ-12) and refused with an error of their own.
pub const JID_BYTES: usize = 256;

/// Longest harmless file name, bytes (ATK-40).
pub const NAME_BYTES: usize = 120;

/// Longest client name, bytes.
pub(crate) const CLIENT_NAME_BYTES: usize = 32;

/// Room for the envelope of a received block.
const ENVELOPE_BYTES: u32 = 1024;

/// Everything a session is told at its start. Strings are copied; nothing is borrowed afterwards.
#[derive(Clone, Copy, Debug)]
pub struct Config<'a> {
    /// Bare JID of the account, `user@domain`. ASCII letters may be capitals; what is not ASCII is taken as it stands, so
    /// it must be prepared (STZ-12). May be empty where the host owns the stream.
    pub account: &'a str,
    /// Password: printable ASCII, or already normalised by the host: SASLprep, or RFC 8265 where both agree (SASL-03). At
    /// most 256 bytes, no control characters. May be empty with EXTERNAL and where the host owns the stream. The session's
    /// copy is wiped as soon as the login succeeded or failed: a session logs in once, whoever reconnects makes another.
    pub password: &'a str,
    /// Wanted resource, prepared, at most 256 bytes; empty lets the server make one.
    pub resource: &'a str,
    /// Who owns the XMPP stream.
    pub owner: StreamOwner<'a>,
    /// How the XMPP stream is secured.
    pub tls: Tls,
    /// Which SASL mechanisms may be used.
    pub sasl: Sasl,
    /// 32 fresh random bytes: nonces, ids and stream ids come from them. Never the same twice; all 0, which is what was
    /// never set, is refused.
    pub entropy: [u8; 32],
    /// Largest block to offer and to accept, bytes before base64, 1..=65535 (IBB-01).
    pub block_bytes: u16,
    /// Bytes of one block we send, at most `block_bytes`; more where the sequence number would come round (IBB-25).
    pub chunk_bytes: u16,
    /// Most bytes in flight per transfer, at least `block_bytes` (IBB-15).
    pub window_bytes: u32,
    /// Largest stanza the server takes, bytes, when it does not say so itself (LIM-02); at least 10000.
    pub stanza_bytes: u32,
    /// Largest first-level element we read, bytes (XML-07); at least 10000. Larger stanzas of up to 1 MiB are skipped.
    pub element_bytes: u32,
    /// Which stanza carries the blocks we send (IBB-08, QRK-07); `Message` has no acknowledgements.
    pub carrier: Carrier,
    /// Bytes per second for message stanzas, which have no window (IBB-17); not 0.
    pub message_rate: u32,
    /// Send blocks of `3*floor(block/4)` bytes, for receivers of XEP-0047 1.3 (IBB-03).
    pub compat_blocks: bool,
    /// Compute and offer MD5 for SI peers without SHA-256 (SI-12).
    pub md5: bool,
    /// Most transfers from one peer (bare JID) at once, those that wait for an answer and those that are accepted together
    /// (ATK-33). The last free slot is for another peer than the one that holds the rest, whatever this says; not 0.
    pub offers_per_peer: u8,
    /// Bytes per second that a sender has to bring, averaged over [`Times::rate_ms`], once its bytes flow (ATK-17); 0 asks
    /// nothing. Time in which the owner did not store what came does not count. The transfers that come in band share one
    /// path, so they have to bring it together: on a path that is known to be slower than this, give its rate.
    pub least_rate: u32,
    /// Presence priority, -128..=127. A negative one, the default, keeps messages to the bare address away: an owner that
    /// wants them sets 0 or more (BND-04).
    pub priority: i8,
    /// Name of the client in service discovery, at most 32 bytes without control characters; may be empty.
    pub client_name: &'a str,
    /// Which methods may carry a file, the preferred one first.
    pub methods: Methods,
    /// Ask for, and give, the verified receipt that two libxft ends close a transfer with. Without it nothing is hashed
    /// unless an offer brings a hash: faster, and nobody confirms that a file is whole.
    pub receipts: bool,
    /// Take the SHA-256 of a file while its bytes pass, where its offer brings none. Without it a sender says so in the offer,
    /// neither end hashes, and the receipt tells only that the file has its place: `Delivered` and `Unverified`.
    pub hashes: bool,
    /// Refuse a streamhost whose reply does not repeat our request, as XEP-0065 wants it; many send something else
    /// (S5B-23).
    pub strict_replies: bool,
    /// Most streams from one source that have not shown a digest yet, or showed a wrong one (S5B-30); not 0.
    pub accepted_per_source: u8,
    /// Deadlines.
    pub times: Times,
}

/// A way for a file's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A SOCKS5 bytestream through a proxy (XEP-0065).
    Mediated,
    /// A SOCKS5 bytestream from the receiver to the sender (XEP-0065).
    Direct,
    /// An in-band bytestream (XEP-0047).
    InBand,
}

/// Methods in order of preference, each once, at least one.
///
/// Mediated and direct are one attempt: their order is that in which addresses are offered, and in band comes before
/// or after both as it stands before or after the first of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Methods {
    order: [Option<Method>; 3],
}

impl Methods {
    /// Mediated, then direct, then in band: a proxy is reached from everywhere.
    pub const DEFAULT: Self =
        Self { order: [Some(Method::Mediated), Some(Method::Direct), Some(Method::InBand)] };
    /// In band only: no other stream than the XMPP stream is needed.
    pub const IN_BAND: Self = Self { order: [Some(Method::InBand), None, None] };

    /// The methods in this order; `None` when there is none, one stands twice, or more than three are given.
    pub fn of(order: &[Method]) -> Option<Self> {
        let mut methods = Self { order: [None; 3] };
        for method in order {
            if methods.has(*method) {
                return None;
            }
            *methods.order.iter_mut().find(|place| place.is_none())? = Some(*method);
        }
        if order.is_empty() { None } else { Some(methods) }
    }

    /// Whether the method is among them.
    pub fn has(&self, method: Method) -> bool {
        self.iter().any(|it| it == method)
    }

    /// Whether one of the two methods over SOCKS5 is among them.
    pub fn has_socks5(&self) -> bool {
        self.has(Method::Mediated) || self.has(Method::Direct)
    }

    /// The methods in order.
    pub fn iter(&self) -> impl Iterator<Item = Method> {
        self.order.into_iter().flatten()
    }
}

impl Default for Methods {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Who owns the XMPP stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamOwner<'a> {
    /// The session: the owner carries bytes of stream 0.
    Session,
    /// The host has a bound XMPP stream under this full JID and hands in whole stanzas.
    Host {
        /// Full JID, as bound; ASCII letters of account and domain may be capitals.
        jid: &'a str,
    },
}

/// How the XMPP stream is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// STARTTLS, or no login (STR-09).
    StartTls,
    /// The owner's TLS runs before `stream_open` (STR-03); call `tls_done` before it when bindings are known.
    Direct,
    /// Plain text. Passwords and patient data can be read by anyone on the way: for tests only.
    UnsafePlain,
}

/// Which SASL mechanisms may be used (SASL-01).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sasl {
    /// The TLS layer presents a client certificate: use EXTERNAL if offered.
    pub external: bool,
    /// That certificate holds several addresses: EXTERNAL says which one logs in (SASL-11).
    pub names_account: bool,
    /// Allow PLAIN on an encrypted stream: the server then learns the password.
    pub plain: bool,
    /// Weakest SCRAM to accept. An owner that knows its server to bind demands it here: without that a login goes on where
    /// the server offers no binding (SASL-09).
    pub floor: ScramFloor,
    /// Largest iteration count to accept, at least 4096, which is the smallest (SASL-05).
    pub rounds_max: u32,
    /// Iterations computed in one `poll` (SASL-06); not 0.
    pub rounds_per_poll: u32,
}

/// Weakest SCRAM to accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScramFloor {
    /// SCRAM-SHA-1 and better.
    Sha1,
    /// SCRAM-SHA-256 and better.
    Sha256,
    /// SCRAM-SHA-1-PLUS and better: channel binding is a must.
    Sha1Plus,
    /// SCRAM-SHA-256-PLUS only.
    Sha256Plus,
}

/// Which stanza carries blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// iq: every block is acknowledged.
    Iq,
    /// message: no acknowledgements, for peers known to want it.
    Message,
}

/// Deadlines, milliseconds. 0 is refused, except where a meaning is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// One step of the login (STR-13).
    pub step_ms: u32,
    /// The whole login (STR-13).
    pub login_ms: u32,
    /// Silence before a white-space keepalive (STR-12); 0: only as often as the server asks for.
    pub keepalive_ms: u32,
    /// Silence of the server before a probe (STR-13). 0: only where something of a peer's is overdue and the server was silent
    /// too: nobody is blamed for a silence that may be the server's.
    pub idle_ms: u32,
    /// The answer to a probe (STR-13).
    pub probe_ms: u32,
    /// The graceful close of the stream (STR-10).
    pub close_ms: u32,
    /// The end of a first-level element, counted from its first byte, whatever trickles in (ATK-04).
    pub element_ms: u32,
    /// An answer to a request (STZ-09).
    pub request_ms: u32,
    /// What a peer says that it can; then it is offered the file all the same (SI-01).
    pub disco_ms: u32,
    /// The answer to an offer (SI-16).
    pub offer_ms: u32,
    /// The opening of the bytestream after the answer (SI-18).
    pub open_ms: u32,
    /// The acknowledgement of a block (STZ-09, LIM-05).
    pub block_ms: u32,
    /// The next block from a sender (ATK-17).
    pub progress_ms: u32,
    /// Silence of a peer in band whose word is awaited, before it is asked whether it is still there (PNG-03); on a slow path
    /// twice the longest one so far. It is asked again after twice as long. Only who told before what it can is asked, and
    /// only a server's word that it is gone ends anything: silence has the deadlines above. 0: never.
    pub ask_ms: u32,
    /// The span over which [`Config::least_rate`] is averaged (ATK-17).
    pub rate_ms: u32,
    /// The answer to the closing of a bytestream, and the verdict (IBB-33).
    pub finish_ms: u32,
    /// The answer to the closing of an in-band bytestream where every block was acknowledged and no receipt can come: one
    /// client never gives it (IBB-33, QRK-44).
    pub closing_ms: u32,
    /// What the server tells of its proxies, all questions together (DSC-09).
    pub discovery_ms: u32,
    /// Between the attempts with one streamhost and the next, while the first goes on (S5B-04); 0: all at once.
    pub stagger_ms: u32,
    /// One streamhost of the peer's own: TCP and handshake (S5B-24).
    pub host_ms: u32,
    /// One proxy: TCP and handshake (S5B-24).
    pub proxy_ms: u32,
    /// All streamhosts of one transfer, that of a receiver (S5B-04).
    pub hosts_ms: u32,
    /// From our streamhosts to the first byte, where in band may follow (S5B-04, QRK-52); else each step has a deadline of its own.
    pub attempt_ms: u32,
    /// When no streamhost was reached: the answer goes out at a multiple of this after the query, so that its time does not
    /// tell which of them was closed, silent or not allowed (ATK-25). 0: at once.
    pub verdict_ms: u32,
    /// From an accepted stream to its digest (S5B-30).
    pub accept_ms: u32,
    /// The end of a SOCKS5 stream after its last byte (S5B-15), and of any stream whose file is empty (QRK-48); the peer's word
    /// about a SOCKS5 stream that broke before it.
    pub end_ms: u32,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            step_ms: 15_000,
            login_ms: 60_000,
            keepalive_ms: 240_000,
            idle_ms: 120_000,
            probe_ms: 30_000,
            close_ms: 5_000,
            element_ms: 60_000,
            request_ms: 30_000,
            disco_ms: 5_000,
            offer_ms: 300_000,
            open_ms: 60_000,
            block_ms: 120_000,
            progress_ms: 300_000,
            ask_ms: 5_000,
            rate_ms: 120_000,
            finish_ms: 60_000,
            closing_ms: 5_000,
            discovery_ms: 10_000,
            stagger_ms: 200,
            host_ms: 4_000,
            proxy_ms: 6_000,
            hosts_ms: 8_000,
            attempt_ms: 20_000,
            verdict_ms: 2_000,
            accept_ms: 5_000,
            end_ms: 5_000,
        }
    }
}

impl Default for Sasl {
    fn default() -> Self {
        Self {
            external: false,
            names_account: false,
            plain: false,
            floor: ScramFloor::Sha1,
            rounds_max: 1_000_000,
            rounds_per_poll: 1024,
        }
    }
}

impl<'a> Config<'a> {
    /// The defaults for an account on a host: TLS required, blocks up to 8192 bytes, a window of 256 KiB.
    pub fn new(account: &'a str, password: &'a str, entropy: [u8; 32]) -> Self {
        Self {
            account,
            password,
            resource: "",
            owner: StreamOwner::Session,
            tls: Tls::StartTls,
            sasl: Sasl::default(),
            entropy,
            block_bytes: 8192,
            chunk_bytes: 4096,
            window_bytes: 262_144,
            stanza_bytes: 262_144,
            element_bytes: 262_144,
            carrier: Carrier::Iq,
            message_rate: 1_000_000,
            compat_blocks: false,
            md5: false,
            offers_per_peer: 4,
            least_rate: 200,
            priority: -1,
            client_name: "libxft",
            methods: Methods::DEFAULT,
            receipts: true,
            hashes: true,
            strict_replies: false,
            accepted_per_source: 2,
            times: Times::default(),
        }
    }

    /// Checks every field that has a range; a session is refused for nothing else but its storage.
    ///
    /// # Errors
    /// [`Error::Argument`] names the field.
    pub fn check(&self) -> Result<(), Error> {
        // The largest block in base64, its envelope, and the line breaks some peers put in must fit what we read: else
        // a block we agreed to would end the stream.
        let text_bytes = u32::from(self.block_bytes).div_ceil(3).saturating_mul(4);
        let element_bytes = text_bytes.saturating_add(text_bytes / 16).saturating_add(ENVELOPE_BYTES);
        let block = self.chunk_bytes != 0
            && self.chunk_bytes <= self.block_bytes
            && element_bytes <= self.element_bytes;
        let sasl = &self.sasl;
        let range = sasl.rounds_max >= ROUNDS_MIN
            && ![sasl.rounds_per_poll, self.message_rate].contains(&0)
            && ![self.offers_per_peer, self.accepted_per_source].contains(&0);
        let rules = [
            (self.account_fits(), Argument::Account),
            (self.password_fits(), Argument::Password),
            (self.resources_fit(), Argument::Resource),
            (is_text(self.client_name, CLIENT_NAME_BYTES), Argument::Text),
            (self.entropy != [0; 32], Argument::Entropy),
            (block, Argument::BlockBytes),
            (self.window_bytes >= u32::from(self.block_bytes), Argument::WindowBytes),
            (self.stanza_bytes >= 10_000 && self.element_bytes >= 10_000, Argument::StanzaBytes),
            (range, Argument::Range),
            (!self.times.needed().contains(&0), Argument::Times),
        ];
        match rules.iter().find(|(kept, _)| !kept) {
            Some((_, argument)) => Err(Error::Argument(*argument)),
            None => Ok(()),
        }
    }

    fn is_hosted(&self) -> bool {
        matches!(self.owner, StreamOwner::Host { .. })
    }

    fn account_fits(&self) -> bool {
        // A host that is bound already has said all about its account in its full JID.
        (self.is_hosted() && self.account.is_empty())
            || self.account.len() <= JID_BYTES
                && Jid::parse(self.account).is_ok_and(|jid| jid.local().is_some() && !jid.is_full())
    }

    /// SASL-03: printable ASCII is prepared as it stands; SASLprep takes no control characters anywhere.
    fn password_fits(&self) -> bool {
        let unneeded = self.is_hosted() || self.sasl.external;
        (unneeded || !self.password.is_empty()) && is_text(self.password, JID_BYTES)
    }

    fn resources_fit(&self) -> bool {
        let bound = match self.owner {
            StreamOwner::Session => true,
            StreamOwner::Host { jid } => {
                jid.len() <= JID_BYTES && Jid::parse(jid).is_ok_and(|jid| jid.is_full())
            }
        };
        bound && is_text(self.resource, JID_BYTES)
    }
}

/// At most so many bytes, and nothing that drives a terminal.
fn is_text(text: &str, bytes_max: usize) -> bool {
    text.len() <= bytes_max && !text.chars().any(char::is_control)
}

impl Times {
    /// Those that must not be 0: a deadline that has always passed ends everything, or is told for ever.
    const fn needed(&self) -> [u32; 20] {
        [
            self.step_ms,
            self.login_ms,
            self.probe_ms,
            self.close_ms,
            self.element_ms,
            self.request_ms,
            self.offer_ms,
            self.open_ms,
            self.block_ms,
            self.progress_ms,
            self.finish_ms,
            self.closing_ms,
            self.discovery_ms,
            self.host_ms,
            self.proxy_ms,
            self.hosts_ms,
            self.accept_ms,
            self.end_ms,
            self.disco_ms,
            self.attempt_ms,
        ]
    }
}

/// Channel-binding data of the TLS layer (SASL-08). Give all that are known; none is fine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChannelBinding<'a> {
    /// `tls-exporter` (RFC 9266), TLS 1.3 only: 32 bytes.
    pub exporter: Option<&'a [u8]>,
    /// `tls-server-end-point` (RFC 5929): hash of the server's certificate, at most 64 bytes.
    pub server_end_point: Option<&'a [u8]>,
}
