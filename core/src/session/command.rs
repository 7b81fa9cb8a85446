//! What the owner tells a session, and what it can look up.

use crate::config::Methods;

/// A file to send.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// Full JID of the peer (STZ-10), at most 256 bytes. Capitals of ASCII in user and domain are folded, what is not ASCII is
    /// taken as it stands (STZ-12).
    pub to: &'a str,
    /// File name, not empty. It goes out in its harmless form (ATK-40), which
    /// [`Session::offered_name`](crate::Session::offered_name) tells; most names are harmless as they are.
    pub name: &'a str,
    /// File size, bytes, at most 2^63-1.
    pub size: u64,
    /// Last modification, seconds since 1970.
    pub date: Option<i64>,
    /// MIME type, at most 64 bytes without control characters.
    pub mime_type: Option<&'a str>,
    /// SHA-256 of the whole file, if known; else both ends compute it while the bytes pass.
    pub sha256: Option<[u8; 32]>,
    /// MD5 of the whole file, if known, for peers that check only this (SI-12).
    pub md5: Option<[u8; 16]>,
    /// Methods for this file instead of [`Config::methods`](crate::Config::methods).
    pub methods: Option<Methods>,
}

/// Why the owner declines an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decline {
    /// Not wanted (`forbidden`).
    Unwanted,
    /// Not now: busy or no room (`resource-constraint`, wait).
    Busy,
    /// It could not be stored: the sender hears [`Reason::PeerStoreFailed`](crate::Reason::PeerStoreFailed)
    /// (`internal-server-error`).
    StoreFailed,
}

/// Why the owner cancels a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancel {
    /// Somebody decided so.
    Wish,
    /// The file cannot be read any more (sender).
    ReadFailed,
    /// The bytes cannot be stored (receiver): disk full, I/O error, or the file cannot be given its place.
    StoreFailed,
    /// The file is not any more the one that was offered (sender): it grew, shrank, or was replaced.
    SourceChanged,
}

/// How far a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// First byte of the range that is transferred.
    pub start: u64,
    /// One past the last byte of the range.
    pub end: u64,
    /// Sender: bytes are handed to the stream up to here. Receiver: bytes came up to here.
    pub moved: u64,
    /// Sender: acknowledged up to here. Receiver: stored up to here.
    pub safe: u64,
}
