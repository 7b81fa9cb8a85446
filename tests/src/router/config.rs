//! What a router is told before it starts.

use super::proxy::ProxyConfig;
use super::scram::Refused;

/// Whether streams that begin in plain text must, may or cannot change to TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// STARTTLS is the only feature until TLS is up.
    Required,
    /// STARTTLS is offered beside the mechanisms.
    Offered,
    /// No STARTTLS.
    None,
}

/// A SASL mechanism the server can do; -PLUS variants are offered on streams with binding data only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Mechanism {
    ScramSha256Plus,
    ScramSha256,
    ScramSha1Plus,
    ScramSha1,
    Plain,
}

impl Mechanism {
    /// All, in the order a server prefers them.
    pub const ALL: [Self; 5] =
        [Self::ScramSha256Plus, Self::ScramSha256, Self::ScramSha1Plus, Self::ScramSha1, Self::Plain];

    /// The registered name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ScramSha256Plus => "SCRAM-SHA-256-PLUS",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha1Plus => "SCRAM-SHA-1-PLUS",
            Self::ScramSha1 => "SCRAM-SHA-1",
            Self::Plain => "PLAIN",
        }
    }
}

/// What happens when a resource is asked for that is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// The old stream ends with `conflict` (as Prosody and ejabberd do).
    EndOld,
    /// The bind request gets `conflict`.
    Refuse,
    /// The newcomer gets a resource made by the server.
    Rename,
}

/// Whether the features hold the session element of RFC 3921.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegacySession {
    /// Absent.
    Absent,
    /// With `<optional/>`.
    Optional,
    /// Without: the client must ask (BND-03).
    Required,
}

/// How a message to a full JID that is not there is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AbsentMessage {
    /// To another available resource, else dropped in silence.
    Redirect,
    /// To another available resource, else kept and handed over with a delay stamp at the next login (as real servers do).
    RedirectOrStore,
    /// `service-unavailable`.
    Error,
}

/// Speed limit on what is read from a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Long-term bytes per second.
    pub bytes_per_s: u64,
    /// Bytes that pass at once after a pause.
    pub burst_bytes: u64,
}

/// Everything a router is told before it starts; [`RouterConfig::new`] gives a server with ordinary behaviour.
#[derive(Debug, Clone)]
pub struct RouterConfig {
    /// The domain served.
    pub domain: String,
    /// Local part (lower case) and password of each account.
    pub accounts: Vec<(String, String)>,
    /// Mechanisms in the order offered.
    pub mechanisms: Vec<Mechanism>,
    /// TLS on streams that begin in plain text.
    pub tls: Tls,
    /// Announce binding types (XEP-0440) where a -PLUS mechanism is offered.
    pub announce_bindings: bool,
    /// PBKDF2 rounds of SCRAM.
    pub scram_rounds: u32,
    /// Send the server's signature in a last challenge instead of in `<success/>` (SASL-07).
    pub signature_in_challenge: bool,
    /// Spoil the server's signature (SC-18).
    pub spoil_signature: bool,
    /// Largest first-level element taken after login.
    pub stanza_bytes: usize,
    /// Largest first-level element taken before login.
    pub login_stanza_bytes: usize,
    /// Announce the stanza limit in the features (XEP-0478), with this idle time.
    pub announce_limits: Option<LimitsElement>,
    /// Policy for a resource in use.
    pub conflict: Conflict,
    /// The resource asked for is ignored (BND-05).
    pub own_resources: bool,
    /// The session element in the features.
    pub session: LegacySession,
    /// Every account is in every account's roster with subscription `both`.
    pub everyone_in_roster: bool,
    /// Error stanzas repeat the payload (as ejabberd does).
    pub echo_payload: bool,
    /// Messages to absent full JIDs.
    pub absent_message: AbsentMessage,
    /// Attributes of forwarded start tags come in changing order, as from servers that rebuild stanzas.
    pub turn_attributes: bool,
    /// Speed limit of every new stream.
    pub rate: Option<Rate>,
    /// A stream that breaks stays bound for so many milliseconds, and what is sent there vanishes; then it is gone, and nobody
    /// is told who does not ask.
    pub keeps_lost_ms: Option<u64>,
    /// Every login ends with this.
    pub refuse_logins: Option<Refused>,
    /// Proxies for bytestreams.
    pub proxies: Vec<ProxyConfig>,
    /// Source of all randomness: stream ids, nonces, resources.
    pub seed: u64,
}

/// Content of the XEP-0478 element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LimitsElement {
    /// Whether `max-bytes` is in it.
    pub max_bytes: bool,
    /// `idle-seconds`, when it is in it.
    pub idle_seconds: Option<u32>,
}

impl RouterConfig {
    /// A server for `domain` and accounts of (local part, password): STARTTLS required, all mechanisms, stanzas up to 262144 bytes, no proxy.
    pub fn new(domain: &str, accounts: &[(&str, &str)], seed: u64) -> Self {
        Self {
            domain: domain.to_ascii_lowercase(),
            accounts: accounts.iter().map(|(u, p)| (u.to_ascii_lowercase(), (*p).to_owned())).collect(),
            mechanisms: Mechanism::ALL.to_vec(),
            tls: Tls::Required,
            announce_bindings: true,
            scram_rounds: 4096,
            signature_in_challenge: false,
            spoil_signature: false,
            stanza_bytes: 262_144,
            login_stanza_bytes: 10_000,
            announce_limits: None,
            conflict: Conflict::EndOld,
            own_resources: false,
            session: LegacySession::Optional,
            everyone_in_roster: true,
            echo_payload: false,
            absent_message: AbsentMessage::Redirect,
            turn_attributes: false,
            rate: None,
            keeps_lost_ms: None,
            refuse_logins: None,
            proxies: Vec::new(),
            seed,
        }
    }
}
