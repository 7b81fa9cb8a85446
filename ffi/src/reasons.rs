//! Why a transfer failed or a session ended, as numbers and as English text. Numbers are never reused.

use crate::texts::{Texts, texts};
use xft_core::Reason;

/// Why a transfer failed (1..99) or a session ended (101..199). `xft_reason_text` says in English what to do next.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum xft_reason {
    /// Nothing failed.
    XFT_REASON_NONE = 0,
    /// The peer's owner declined the offer.
    XFT_REASON_DECLINED = 1,
    /// This end cancelled.
    XFT_REASON_CANCELLED = 2,
    /// The peer closed the bytestream before the end.
    XFT_REASON_PEER_CANCELLED = 3,
    /// The peer became unavailable, or its server says that it is gone.
    XFT_REASON_PEER_GONE = 4,
    /// Nobody has that address or is logged in under it, or the program there says the same because it takes no files.
    XFT_REASON_PEER_UNKNOWN = 5,
    /// The peer does not know file transfer.
    XFT_REASON_UNSUPPORTED = 6,
    /// No method both ends have.
    XFT_REASON_NO_METHOD = 7,
    /// The peer answered outside the protocol.
    XFT_REASON_BAD_ANSWER = 8,
    /// The peer or a server refused, see the condition.
    XFT_REASON_REFUSED = 9,
    /// The offer was not answered in time; the server was there.
    XFT_REASON_OFFER_TIMEOUT = 10,
    /// The bytestream was not opened in time.
    XFT_REASON_OPEN_TIMEOUT = 11,
    /// A block stayed unanswered; the own server was there.
    XFT_REASON_BLOCK_TIMEOUT = 12,
    /// The peer makes too little progress, or none.
    XFT_REASON_STALLED = 13,
    /// A block is missing or came twice.
    XFT_REASON_SEQUENCE = 14,
    /// A block was not valid base64.
    XFT_REASON_BASE64 = 15,
    /// A block was larger than agreed.
    XFT_REASON_BLOCK_TOO_LARGE = 16,
    /// The peer did not respect the window.
    XFT_REASON_OVERRUN = 17,
    /// More bytes than announced.
    XFT_REASON_TOO_MANY_BYTES = 18,
    /// The bytestream ended before the announced size.
    XFT_REASON_TOO_FEW_BYTES = 19,
    /// All bytes came, but their hash is not the announced one.
    XFT_REASON_HASH_MISMATCH = 20,
    /// The owner could not store.
    XFT_REASON_STORE_FAILED = 21,
    /// The owner could not read the file it sends.
    XFT_REASON_READ_FAILED = 22,
    /// The XMPP stream ended under the transfer.
    XFT_REASON_STREAM_LOST = 23,
    /// There is nothing to offer for SOCKS5, and no other method is allowed.
    XFT_REASON_NO_STREAMHOST = 24,
    /// No streamhost could be reached, and no other method is left.
    XFT_REASON_NOT_REACHED = 25,
    /// The proxy did not activate the stream, and no other method is left.
    XFT_REASON_ACTIVATION_FAILED = 26,
    /// The SOCKS5 stream broke before the last byte.
    XFT_REASON_BYTESTREAM_LOST = 27,
    /// The peer could not store, or could not give the file its place.
    XFT_REASON_PEER_STORE_FAILED = 28,
    /// The file was not any more the one that was offered when its last byte was due.
    XFT_REASON_SOURCE_CHANGED = 29,
    /// The peer takes no more files at the moment: temporary, offer the file again later.
    XFT_REASON_BUSY = 30,
    /// The owner closed the session.
    XFT_REASON_CLOSED = 101,
    /// The server closed the stream in good order.
    XFT_REASON_SERVER_CLOSED = 102,
    /// The transport ended without a closing tag.
    XFT_REASON_STREAM_ENDED = 103,
    /// TLS failed, as the owner reported.
    XFT_REASON_TLS_FAILED = 104,
    /// The server offers no STARTTLS and the configuration requires TLS.
    XFT_REASON_TLS_MISSING = 105,
    /// The server answered STARTTLS with failure.
    XFT_REASON_TLS_REFUSED = 106,
    /// Bytes came glued to the server's go-ahead for TLS.
    XFT_REASON_TLS_INJECTED = 107,
    /// The stream header is not one of XMPP 1.0 from the wanted domain.
    XFT_REASON_BAD_HEADER = 108,
    /// The server requires a feature that is unknown here.
    XFT_REASON_FEATURE_UNKNOWN = 109,
    /// The bytes are not well-formed XML.
    XFT_REASON_NOT_WELL_FORMED = 110,
    /// The XML holds what RFC 6120 11.1 forbids.
    XFT_REASON_RESTRICTED_XML = 111,
    /// The server itself broke a limit (levels, names, attributes, bytes), or left an element unfinished for `element_ms`:
    /// `xft_detail` says which. What others send through it never does.
    XFT_REASON_LIMIT_EXCEEDED = 112,
    /// First-level text or elements that do not belong there.
    XFT_REASON_BAD_FORMAT = 113,
    /// The server sent a stream error, see the condition.
    XFT_REASON_STREAM_ERROR = 114,
    /// No SASL mechanism that both sides have and the configuration allows.
    XFT_REASON_NO_MECHANISM = 115,
    /// Wrong user name or password.
    XFT_REASON_NOT_AUTHORIZED = 116,
    /// Authentication failed for another reason, see the condition.
    XFT_REASON_AUTH_FAILED = 117,
    /// The server did not prove that it knows the password.
    XFT_REASON_SERVER_NOT_PROVEN = 118,
    /// A message of the server's in the login is malformed, or its iteration count is outside the limits.
    XFT_REASON_BAD_CHALLENGE = 119,
    /// `scram_floor` demands channel binding, and the server announces its types but no mechanism that uses them.
    XFT_REASON_DOWNGRADE = 120,
    /// The server refused to bind a resource.
    XFT_REASON_BIND_REFUSED = 121,
    /// The server bound another account than the one authenticated.
    XFT_REASON_BIND_MISMATCH = 122,
    /// Login took too long.
    XFT_REASON_LOGIN_TIMEOUT = 123,
    /// The server stopped answering, a ping too. What was overdue of peers by then is not theirs to blame.
    XFT_REASON_SERVER_SILENT = 124,
    /// Another login took over this resource.
    XFT_REASON_REPLACED = 125,
    /// A reason that this version of the library has no number for.
    XFT_REASON_OTHER = 999,
}

use xft_reason::*;

impl From<Reason> for xft_reason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Declined => XFT_REASON_DECLINED,
            Reason::Cancelled => XFT_REASON_CANCELLED,
            Reason::PeerCancelled => XFT_REASON_PEER_CANCELLED,
            Reason::PeerGone => XFT_REASON_PEER_GONE,
            Reason::PeerUnknown => XFT_REASON_PEER_UNKNOWN,
            Reason::Unsupported => XFT_REASON_UNSUPPORTED,
            Reason::NoMethod => XFT_REASON_NO_METHOD,
            Reason::BadAnswer => XFT_REASON_BAD_ANSWER,
            Reason::Refused => XFT_REASON_REFUSED,
            Reason::OfferTimeout => XFT_REASON_OFFER_TIMEOUT,
            Reason::OpenTimeout => XFT_REASON_OPEN_TIMEOUT,
            Reason::BlockTimeout => XFT_REASON_BLOCK_TIMEOUT,
            Reason::Stalled => XFT_REASON_STALLED,
            Reason::Sequence => XFT_REASON_SEQUENCE,
            Reason::Base64 => XFT_REASON_BASE64,
            Reason::BlockTooLarge => XFT_REASON_BLOCK_TOO_LARGE,
            Reason::Overrun => XFT_REASON_OVERRUN,
            Reason::TooManyBytes => XFT_REASON_TOO_MANY_BYTES,
            Reason::TooFewBytes => XFT_REASON_TOO_FEW_BYTES,
            Reason::HashMismatch => XFT_REASON_HASH_MISMATCH,
            Reason::StoreFailed => XFT_REASON_STORE_FAILED,
            Reason::ReadFailed => XFT_REASON_READ_FAILED,
            Reason::StreamLost => XFT_REASON_STREAM_LOST,
            Reason::NoStreamhost => XFT_REASON_NO_STREAMHOST,
            Reason::NotReached => XFT_REASON_NOT_REACHED,
            Reason::ActivationFailed => XFT_REASON_ACTIVATION_FAILED,
            Reason::BytestreamLost => XFT_REASON_BYTESTREAM_LOST,
            Reason::PeerStoreFailed => XFT_REASON_PEER_STORE_FAILED,
            Reason::SourceChanged => XFT_REASON_SOURCE_CHANGED,
            Reason::Busy => XFT_REASON_BUSY,
            Reason::Closed => XFT_REASON_CLOSED,
            Reason::ServerClosed => XFT_REASON_SERVER_CLOSED,
            Reason::StreamEnded => XFT_REASON_STREAM_ENDED,
            Reason::TlsFailed => XFT_REASON_TLS_FAILED,
            Reason::TlsMissing => XFT_REASON_TLS_MISSING,
            Reason::TlsRefused => XFT_REASON_TLS_REFUSED,
            Reason::TlsInjected => XFT_REASON_TLS_INJECTED,
            Reason::BadHeader => XFT_REASON_BAD_HEADER,
            Reason::FeatureUnknown => XFT_REASON_FEATURE_UNKNOWN,
            Reason::NotWellFormed => XFT_REASON_NOT_WELL_FORMED,
            Reason::RestrictedXml => XFT_REASON_RESTRICTED_XML,
            Reason::LimitExceeded => XFT_REASON_LIMIT_EXCEEDED,
            Reason::BadFormat => XFT_REASON_BAD_FORMAT,
            Reason::StreamError => XFT_REASON_STREAM_ERROR,
            Reason::NoMechanism => XFT_REASON_NO_MECHANISM,
            Reason::NotAuthorized => XFT_REASON_NOT_AUTHORIZED,
            Reason::AuthFailed => XFT_REASON_AUTH_FAILED,
            Reason::ServerNotProven => XFT_REASON_SERVER_NOT_PROVEN,
            Reason::BadChallenge => XFT_REASON_BAD_CHALLENGE,
            Reason::Downgrade => XFT_REASON_DOWNGRADE,
            Reason::BindRefused => XFT_REASON_BIND_REFUSED,
            Reason::BindMismatch => XFT_REASON_BIND_MISMATCH,
            Reason::LoginTimeout => XFT_REASON_LOGIN_TIMEOUT,
            Reason::ServerSilent => XFT_REASON_SERVER_SILENT,
            Reason::Replaced => XFT_REASON_REPLACED,
            _ => XFT_REASON_OTHER,
        }
    }
}

/// Every number with its text.
pub(crate) const TEXTS: Texts = texts! {
    "unknown reason; header and library may differ in version",
    (XFT_REASON_NONE, "nothing failed"),
    (XFT_REASON_DECLINED, "the recipient declined the file; ask them before you send it again"),
    (XFT_REASON_CANCELLED, "cancelled on this side; send the file again when wanted"),
    (XFT_REASON_PEER_CANCELLED, "the other side cancelled; ask there, then send again"),
    (XFT_REASON_PEER_GONE, "the other side went offline; send again when it is back"),
    (XFT_REASON_PEER_UNKNOWN, "nobody is online at that address, or the program there takes no files; check JID, resource and program"),
    (XFT_REASON_UNSUPPORTED, "the recipient cannot receive files; use a client with XEP-0096"),
    (XFT_REASON_NO_METHOD, "no shared transfer method; allow in-band bytestreams there"),
    (XFT_REASON_BAD_ANSWER, "the other side answered outside the protocol; report it to its vendor"),
    (XFT_REASON_REFUSED, "refused; the condition says why, correct that and send again"),
    (XFT_REASON_OFFER_TIMEOUT, "nobody answered the offer in time; send again when someone is there"),
    (XFT_REASON_OPEN_TIMEOUT, "the bytestream was not opened in time; see whether the other side hangs, then send again"),
    (
        XFT_REASON_BLOCK_TIMEOUT,
        "a block stayed unanswered; see whether the other side hangs, check servers' stanza limits",
    ),
    (XFT_REASON_STALLED, "too little came, or nothing; see whether the other side hangs, check the network, then send again"),
    (XFT_REASON_SEQUENCE, "blocks came out of order; send again"),
    (XFT_REASON_BASE64, "a block was damaged or malformed; send again"),
    (XFT_REASON_BLOCK_TOO_LARGE, "the sender exceeds the agreed block size; report it to its vendor"),
    (XFT_REASON_OVERRUN, "the sender does not wait for acknowledgements; report it to its vendor"),
    (XFT_REASON_TOO_MANY_BYTES, "more bytes than announced came; the file may have grown, send it again"),
    (XFT_REASON_TOO_FEW_BYTES, "the file came incomplete; send it again"),
    (
        XFT_REASON_HASH_MISMATCH,
        "the bytes are not those of the file; discard the received copy and send again",
    ),
    (XFT_REASON_STORE_FAILED, "the bytes could not be stored; free disk space, then send again"),
    (XFT_REASON_READ_FAILED, "the file could not be read; check it, then send again"),
    (XFT_REASON_STREAM_LOST, "the XMPP stream ended during the transfer; reconnect and send again"),
    (XFT_REASON_NO_STREAMHOST, "no address and no proxy to offer; give one, or allow in band"),
    (XFT_REASON_NOT_REACHED, "no address and no proxy was reached; open the firewall for one, or allow in band"),
    (XFT_REASON_ACTIVATION_FAILED, "the proxy refused to relay; check its access rules, or allow in band"),
    (
        XFT_REASON_BYTESTREAM_LOST,
        "the file's stream broke; see what the other side says, check network and proxy, then send again",
    ),
    (XFT_REASON_PEER_STORE_FAILED, "storing failed at the recipient; have disk and folder checked there"),
    (XFT_REASON_SOURCE_CHANGED, "the file changed while it was sent; send it again when it is complete"),
    (XFT_REASON_BUSY, "the recipient takes no more files at the moment; this is temporary, send again soon"),
    (XFT_REASON_CLOSED, "closed on this side; start a new session to continue"),
    (XFT_REASON_SERVER_CLOSED, "the server closed the stream; reconnect"),
    (XFT_REASON_STREAM_ENDED, "the network broke; reconnect"),
    (XFT_REASON_TLS_FAILED, "TLS failed; check certificate, server name and trusted authorities"),
    (XFT_REASON_TLS_MISSING, "the server offers no TLS; switch it on there, or use direct TLS"),
    (XFT_REASON_TLS_REFUSED, "the server refused TLS; check its certificate configuration"),
    (XFT_REASON_TLS_INJECTED, "bytes were injected before TLS; someone may be tampering, check the network"),
    (XFT_REASON_BAD_HEADER, "not the XMPP server of this domain; check host, port and domain"),
    (XFT_REASON_FEATURE_UNKNOWN, "the server requires an unknown feature; check its configuration"),
    (XFT_REASON_NOT_WELL_FORMED, "the server sent broken XML; check that the port speaks XMPP"),
    (XFT_REASON_RESTRICTED_XML, "the server sent forbidden XML; report it to its vendor"),
    (
        XFT_REASON_LIMIT_EXCEEDED,
        "the server itself broke the limit named; raise element_bytes or element_ms if it is one of them, else report it",
    ),
    (XFT_REASON_BAD_FORMAT, "the server sent what is not XMPP; check that the port speaks XMPP"),
    (XFT_REASON_STREAM_ERROR, "the server ended the stream with an error; the condition says which"),
    (
        XFT_REASON_NO_MECHANISM,
        "no login mechanism is shared; enable SCRAM at the server, allow PLAIN, or lower scram_floor",
    ),
    (XFT_REASON_NOT_AUTHORIZED, "wrong user name or password; correct it"),
    (XFT_REASON_AUTH_FAILED, "login failed; the condition says why, ask the server's administrator"),
    (XFT_REASON_SERVER_NOT_PROVEN, "the server is not proven; it may be an impostor, check first"),
    (XFT_REASON_BAD_CHALLENGE, "the server's answer in the login is malformed; check rounds_max and the server"),
    (XFT_REASON_DOWNGRADE, "channel binding, a must here, is switched off or stripped; check the server and the network"),
    (XFT_REASON_BIND_REFUSED, "the server refused the resource; try another one or leave it empty"),
    (XFT_REASON_BIND_MISMATCH, "the server bound another account; write the name as the server does, or check the server"),
    (XFT_REASON_LOGIN_TIMEOUT, "login took too long; check server and network"),
    (XFT_REASON_SERVER_SILENT, "nothing comes from the server, not even the answer to a ping; check network and server, then reconnect"),
    (XFT_REASON_REPLACED, "another login took this resource; use distinct ones"),
};
