//! What a call refuses ([`Error`]), why something ended ([`Reason`]), and the word the wire used ([`Condition`]).
//!
//! Call errors change nothing and are answered by the caller; reasons arrive in events. Both are `Copy` and hold no
//! text, so that they fit a log line on a board and cannot carry patient data.

use core::ffi::CStr;

/// Why a call was refused. Nothing was changed unless the variant says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A bounded table or queue is full: drain with `poll`, or say what is *stored*, then call again.
    Full,
    /// The output buffer is too small; `needed` bytes would do.
    NoSpace {
        /// Bytes the buffer must have.
        needed: usize,
    },
    /// The handle names a transfer that is over.
    Stale,
    /// The call does not fit the state (for example `accept` of a transfer that was offered by us).
    State,
    /// An argument is out of its range; the variant names it.
    Argument(Argument),
    /// A part of the storage is smaller than the configuration needs.
    Storage {
        /// Which part.
        part: Part,
        /// Elements or bytes it must have.
        needed: usize,
    },
    /// Not logged in yet: wait for `Event::Online`.
    Offline,
    /// The session has no SOCKS5 streams, so that addresses and proxies mean nothing to it.
    NoStreams,
    /// The stanza would be larger than the server accepts (LIM-04).
    TooLarge,
    /// The session is over for this reason; every later call says the same.
    Closed(Reason),
}

/// The argument an [`Error::Argument`] speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Argument {
    /// `Config::account` is not a bare JID with a local part.
    Account,
    /// `Config::password` is empty where one is needed, too long, or holds control characters.
    Password,
    /// `Config::resource`, or the JID of a host-owned stream, is too long, or what it must not be.
    Resource,
    /// `Config::block_bytes` or `chunk_bytes` is 0, `chunk_bytes` is the larger, or a block in base64 does not fit
    /// `element_bytes`.
    BlockBytes,
    /// `Config::window_bytes` is smaller than one block.
    WindowBytes,
    /// `Config::stanza_bytes` is under 10000 (RFC 6120 13.12).
    StanzaBytes,
    /// The peer is not a full JID (STZ-10), or longer than `Config::jid_bytes`.
    Peer,
    /// The peer is this session itself.
    Myself,
    /// The file name is empty.
    Name,
    /// The size is above 2^63-1.
    Size,
    /// The offset is outside the file or the range in flight.
    Offset,
    /// More or fewer bytes than asked for.
    Bytes,
    /// The MIME type is too long or holds control characters, or the client name is too long.
    Text,
    /// The stream id is not one of this session.
    Stream,
    /// The channel-binding data is longer than 64 bytes.
    ChannelBinding,
    /// The stanza handed in is not one whole stanza.
    Stanza,
    /// The stanza handed in is deeper, wider or larger than what is read (XML-07).
    Oversized,
    /// The methods hold SOCKS5, and the session has no slots for its streams.
    Methods,
    /// The host is empty, longer than 255 bytes, or no address and no name; or the port is 0.
    Host,
    /// The JID of the proxy is none, or longer than 256 bytes.
    Proxy,
    /// `Config::entropy` was not set: it is all 0.
    Entropy,
    /// A number of `Config` is 0, or `Sasl::rounds_max` below 4096.
    Range,
    /// A time of `Config` is 0 that has no meaning for it.
    Times,
}

/// The part of the storage an [`Error::Storage`] speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// `Storage::transfers`
    Transfers,
    /// `Storage::contacts`
    Contacts,
    /// `Storage::xml`
    Xml,
    /// `Storage::stanza`
    Stanza,
    /// `Storage::block`
    Block,
    /// `Storage::outbox`
    Outbox,
    /// `Storage::acks`
    Acks,
    /// `Storage::streams`
    Streams,
    /// `Storage::hosts`
    Hosts,
}

/// How a transfer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// The receiver stored every byte, the hash matched, and the file has its place.
    Done,
    /// Sender only: every byte was handed over, and that is all that can be known: the peer never confirms files, or nobody
    /// hashed.
    Delivered,
    /// Sender only: every byte was handed over to a peer that was to confirm the file, and its word did not come: it, the
    /// stream or our own owner went first. The file may have its place there or be lost.
    Unconfirmed,
    /// Receiver only: the file has its place, but the peer gave no hash to check against.
    Unverified,
    /// It failed; stored bytes are a prefix of the file at best, and must not stay under its name.
    Failed(Reason, Option<Condition>),
}

/// Why a transfer failed or a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    // -- a transfer
    /// The peer's owner declined the offer (SI-09 `forbidden`).
    Declined,
    /// We cancelled.
    Cancelled,
    /// The peer closed the bytestream before the end.
    PeerCancelled,
    /// The peer became unavailable, or its server says that it is gone (PNG-03).
    PeerGone,
    /// Nobody has that address or is logged in under it, or the program there says the same of what it does not do (STZ-11).
    PeerUnknown,
    /// The peer does not know file transfer (no `si` profile).
    Unsupported,
    /// No method both ends have (SI-09).
    NoMethod,
    /// The peer answered outside the protocol (SI-07, SI-14).
    BadAnswer,
    /// The peer refused with the stanza error in the condition.
    Refused,
    /// The peer takes no more files at the moment: offer the file again later (SI-09 `resource-constraint`).
    Busy,
    /// The offer was not answered in time (SI-16).
    OfferTimeout,
    /// The bytestream was not opened in time (SI-18, IBB-04).
    OpenTimeout,
    /// A block stayed unanswered: the peer or a server between lost it (IBB-24).
    BlockTimeout,
    /// The peer makes too little progress, or none (ATK-17, ATK-23).
    Stalled,
    /// A block is missing or came twice (IBB-20).
    Sequence,
    /// A block was not valid base64 (IBB-19).
    Base64,
    /// A block was larger than agreed (IBB-18).
    BlockTooLarge,
    /// The peer did not respect the window (IBB-16).
    Overrun,
    /// More bytes than announced (SI-17).
    TooManyBytes,
    /// The bytestream ended before the announced size (SI-17).
    TooFewBytes,
    /// All bytes came, but their hash is not the announced one.
    HashMismatch,
    /// The owner could not store (disk full, I/O error).
    StoreFailed,
    /// The peer could not store, or could not give the file its place.
    PeerStoreFailed,
    /// The owner could not read the file it sends.
    ReadFailed,
    /// The file was not any more the one that was offered when its last byte was due.
    SourceChanged,
    /// The XMPP stream ended under the transfer.
    StreamLost,
    /// There is nothing to offer for SOCKS5 and no other method is allowed: give an address or a proxy, or allow in band.
    NoStreamhost,
    /// No streamhost could be reached, and no other method is left.
    NotReached,
    /// The proxy did not activate the stream, and no other method is left (S5B-09).
    ActivationFailed,
    /// The SOCKS5 stream broke before the last byte.
    BytestreamLost,

    // -- the session
    /// The owner closed the session.
    Closed,
    /// The server closed the stream in good order.
    ServerClosed,
    /// The transport ended without a closing tag.
    StreamEnded,
    /// TLS failed, as the owner reported (for example an untrusted certificate).
    TlsFailed,
    /// The server offers no STARTTLS and the configuration requires TLS (STR-09).
    TlsMissing,
    /// The server answered STARTTLS with failure.
    TlsRefused,
    /// Bytes came glued to `<proceed/>`: an injection attempt (STR-08).
    TlsInjected,
    /// The stream header is not one of XMPP 1.0 from the wanted domain (STR-05).
    BadHeader,
    /// The server asks for a feature that is unknown here (STR-06).
    FeatureUnknown,
    /// The bytes are not well-formed XML.
    NotWellFormed,
    /// The XML holds what RFC 6120 11.1 forbids.
    RestrictedXml,
    /// The server's own layer broke a limit of ours (XML-07), or left an element unfinished (ATK-04):
    /// [`Session::detail`](crate::Session::detail) says which. What others send through it never does.
    LimitExceeded,
    /// First-level text or elements that do not belong there (XML-06, ATK-07).
    BadFormat,
    /// The server sent a stream error, see the condition; `policy-violation` behind large blocks asks for smaller ones (SER-04).
    StreamError,
    /// No SASL mechanism that both sides have and the configuration allows (SASL-01).
    NoMechanism,
    /// Wrong user name or password.
    NotAuthorized,
    /// Authentication failed for another reason, see the condition.
    AuthFailed,
    /// The server did not prove that it knows the password, or did so wrongly (SASL-07): possibly an impostor.
    ServerNotProven,
    /// A message of the server's in the login is malformed, or its iteration count is outside the limits (SASL-05).
    BadChallenge,
    /// The configuration demands channel binding, and the server announces its types but no mechanism that uses them:
    /// its operator switched them off, or somebody took them out (SASL-09).
    Downgrade,
    /// The server refused to bind a resource.
    BindRefused,
    /// The server bound another account than the one authenticated (BND-01).
    BindMismatch,
    /// Login took too long (STR-13).
    LoginTimeout,
    /// The server stopped answering, a probe too (STR-13, PNG-02). What was overdue of peers by then is not theirs to blame.
    ServerSilent,
    /// Another login took over this resource (`conflict`).
    Replaced,
}

/// The condition an error carried on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// A stanza error (RFC 6120 8.3.3).
    Stanza(StanzaCondition),
    /// A stream error (RFC 6120 4.9.3).
    Stream(StreamCondition),
    /// A SASL failure (RFC 6120 6.5).
    Sasl(SaslCondition),
}

/// At compile time only: a text that ends with NUL, without it.
const fn without_nul(text: &'static str) -> &'static str {
    match with_nul(text).to_str() {
        Ok(text) => text,
        Err(_) => "",
    }
}

/// At compile time only: a text that ends with NUL, as C knows it.
const fn with_nul(text: &'static str) -> &'static CStr {
    match CStr::from_bytes_with_nul(text.as_bytes()) {
        Ok(text) => text,
        Err(_) => c"",
    }
}

macro_rules! conditions {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum $name {
            $(#[doc = concat!("`", $text, "`")] $variant,)*
        }

        impl $name {
            /// Every condition, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The element name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => const { without_nul(concat!($text, "\0")) },)* }
            }

            /// The element name on the wire with a NUL behind it, for the C ABI; the same bytes as [`Self::name`].
            pub const fn c_name(self) -> &'static CStr {
                match self { $(Self::$variant => const { with_nul(concat!($text, "\0")) },)* }
            }

            /// The condition of that element name; unknown names are `undefined-condition` (STZ-07).
            pub fn from_name(name: &str) -> Option<Self> {
                // A loop over the names: half the flash of a `match` over texts.
                Self::ALL.iter().copied().find(|it| it.name() == name)
            }
        }
    };
}

conditions! {
    /// Stanza error conditions (STZ-06).
    StanzaCondition {
        BadRequest = "bad-request",
        Conflict = "conflict",
        FeatureNotImplemented = "feature-not-implemented",
        Forbidden = "forbidden",
        Gone = "gone",
        InternalServerError = "internal-server-error",
        ItemNotFound = "item-not-found",
        JidMalformed = "jid-malformed",
        NotAcceptable = "not-acceptable",
        NotAllowed = "not-allowed",
        NotAuthorized = "not-authorized",
        PolicyViolation = "policy-violation",
        RecipientUnavailable = "recipient-unavailable",
        Redirect = "redirect",
        RegistrationRequired = "registration-required",
        RemoteServerNotFound = "remote-server-not-found",
        RemoteServerTimeout = "remote-server-timeout",
        ResourceConstraint = "resource-constraint",
        ServiceUnavailable = "service-unavailable",
        SubscriptionRequired = "subscription-required",
        UndefinedCondition = "undefined-condition",
        UnexpectedRequest = "unexpected-request",
    }
}

conditions! {
    /// Stream error conditions (SER-01).
    StreamCondition {
        BadFormat = "bad-format",
        BadNamespacePrefix = "bad-namespace-prefix",
        Conflict = "conflict",
        ConnectionTimeout = "connection-timeout",
        HostGone = "host-gone",
        HostUnknown = "host-unknown",
        ImproperAddressing = "improper-addressing",
        InternalServerError = "internal-server-error",
        InvalidFrom = "invalid-from",
        InvalidNamespace = "invalid-namespace",
        InvalidXml = "invalid-xml",
        NotAuthorized = "not-authorized",
        NotWellFormed = "not-well-formed",
        PolicyViolation = "policy-violation",
        RemoteConnectionFailed = "remote-connection-failed",
        Reset = "reset",
        ResourceConstraint = "resource-constraint",
        RestrictedXml = "restricted-xml",
        SeeOtherHost = "see-other-host",
        SystemShutdown = "system-shutdown",
        UndefinedCondition = "undefined-condition",
        UnsupportedEncoding = "unsupported-encoding",
        UnsupportedFeature = "unsupported-feature",
        UnsupportedStanzaType = "unsupported-stanza-type",
        UnsupportedVersion = "unsupported-version",
    }
}

conditions! {
    /// SASL failure conditions (SASL-10).
    SaslCondition {
        Aborted = "aborted",
        AccountDisabled = "account-disabled",
        CredentialsExpired = "credentials-expired",
        EncryptionRequired = "encryption-required",
        IncorrectEncoding = "incorrect-encoding",
        InvalidAuthzid = "invalid-authzid",
        InvalidMechanism = "invalid-mechanism",
        MalformedRequest = "malformed-request",
        MechanismTooWeak = "mechanism-too-weak",
        NotAuthorized = "not-authorized",
        TemporaryAuthFailure = "temporary-auth-failure",
    }
}
