//! Proxies for bytestreams (XEP-0065 section 6): components of the server that join two SOCKS5 streams on request.
//!
//! The XMPP side lives in `service`: discovery, the address query, activation. The byte side is [`ProxyStreams`]. SOCKS5
//! frames are the one thing that the server reads with the library's own parsers, which have computed vectors.

mod service;
mod streams;
mod stretch;

pub(super) use service::BYTESTREAMS;
pub use streams::{ProxyCounters, ProxyEffect, ProxyStreamNo, ProxyStreams};

use std::str::FromStr;

/// A stanza error condition that proxies answer with (S5B-09, DSC-09).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Condition {
    BadRequest,
    Conflict,
    Forbidden,
    InternalServerError,
    ItemNotFound,
    JidMalformed,
    NotAllowed,
    NotAuthorized,
    ResourceConstraint,
    ServiceUnavailable,
}

impl Condition {
    /// All.
    pub const ALL: [Self; 10] = [
        Self::BadRequest,
        Self::Conflict,
        Self::Forbidden,
        Self::InternalServerError,
        Self::ItemNotFound,
        Self::JidMalformed,
        Self::NotAllowed,
        Self::NotAuthorized,
        Self::ResourceConstraint,
        Self::ServiceUnavailable,
    ];

    /// The name of its element.
    pub fn name(self) -> &'static str {
        self.parts().1
    }

    /// The error type that RFC 6120 section 8.3.3 gives it, and its name.
    pub(super) fn parts(self) -> (&'static str, &'static str) {
        match self {
            Self::BadRequest => ("modify", "bad-request"),
            Self::Conflict => ("cancel", "conflict"),
            Self::Forbidden => ("auth", "forbidden"),
            Self::InternalServerError => ("cancel", "internal-server-error"),
            Self::ItemNotFound => ("cancel", "item-not-found"),
            Self::JidMalformed => ("modify", "jid-malformed"),
            Self::NotAllowed => ("cancel", "not-allowed"),
            Self::NotAuthorized => ("auth", "not-authorized"),
            Self::ResourceConstraint => ("wait", "resource-constraint"),
            Self::ServiceUnavailable => ("cancel", "service-unavailable"),
        }
    }
}

/// One proxy; [`ProxyConfig::new`] gives one that works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyConfig {
    /// First label of the component's domain, `proxy` for `proxy.hospital.test`.
    pub name: String,
    /// Host that the streamhost is told to be at.
    pub host: String,
    /// Port of it; 0 answers the address query with `item-not-found`, as a proxy that does not listen does.
    pub port: u16,
    /// The streamhost's address is the component's with this resource (QRK-22); only there activation works.
    pub node: Option<String>,
    /// The domain names it in its items.
    pub listed: bool,
    /// The address query gets this.
    pub refuse_address: Option<Condition>,
    /// Every activation gets this.
    pub refuse_activation: Option<Condition>,
    /// Streams are accepted and never answered.
    pub silent: bool,
    /// Both streams of a pair break when this many payload bytes have passed, both ways together.
    pub dies_after_bytes: Option<u64>,
    /// Streams held at the same time; further ones are not accepted.
    pub streams_max: usize,
    /// Bytes kept for each stream on their way to the other.
    pub buffer_bytes: usize,
    /// From acceptance to the end of the SOCKS5 handshake (S5B-30).
    pub handshake_ms: u64,
    /// From the end of the handshake to activation (QRK-22).
    pub activation_ms: u64,
}

impl ProxyConfig {
    /// A working proxy at that address.
    pub fn new(name: &str, host: &str, port: u16) -> Self {
        Self {
            name: name.to_ascii_lowercase(),
            host: host.to_owned(),
            port,
            node: None,
            listed: true,
            refuse_address: None,
            refuse_activation: None,
            silent: false,
            dies_after_bytes: None,
            streams_max: 64,
            buffer_bytes: 65_536,
            handshake_ms: 5000,
            activation_ms: 60_000,
        }
    }
}

/// Words of a command line, joined by commas, that make a working proxy a faulty one.
///
/// `on`, `unlisted`, `closed` (told to be where nobody listens), `address:CONDITION`, `refuse[:CONDITION]` (`not-allowed`), `silent`, `dies:BYTES`, `node:TEXT`, and
/// `at:HOST:PORT`, the address told whatever is listened on.
impl FromStr for ProxyConfig {
    type Err = String;

    fn from_str(words: &str) -> Result<Self, String> {
        let mut proxy = Self::new("proxy", "127.0.0.1", 0);
        for word in words.split(',') {
            let (word, value) =
                word.split_once(':').map_or((word, None), |(word, value)| (word, Some(value)));
            let condition = |value: &str| {
                let known = Condition::ALL.into_iter().find(|c| c.name() == value);
                known.ok_or_else(|| format!("`{value}` is no condition of a proxy"))
            };
            match (word, value) {
                ("on", None) => {}
                ("unlisted", None) => proxy.listed = false,
                // The port of a service that nobody runs any more.
                ("closed", None) => proxy.port = 1,
                ("silent", None) => proxy.silent = true,
                ("refuse", value) => {
                    proxy.refuse_activation = Some(condition(value.unwrap_or("not-allowed"))?);
                }
                ("address", Some(value)) => proxy.refuse_address = Some(condition(value)?),
                ("dies", Some(value)) => {
                    let bytes =
                        value.parse().map_err(|_| format!("`dies:{value}` has no number of bytes"))?;
                    proxy.dies_after_bytes = Some(bytes);
                }
                ("node", Some(value)) if !value.is_empty() => proxy.node = Some(value.to_owned()),
                ("at", Some(value)) => {
                    let address =
                        value.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
                    let (host, port) = address.ok_or_else(|| format!("`at:{value}` is no HOST:PORT"))?;
                    (proxy.host, proxy.port) = (host.to_owned(), port);
                }
                _ => return Err(format!("a proxy cannot be `{word}`")),
            }
        }
        Ok(proxy)
    }
}
