//! The receipt that two libxft ends close a transfer with, and the words for what goes wrong at the last moment.
//!
//! Version 1: the sender's last word is
//! `<digest xmlns='urn:libxft:receipt:1' sid='..' size='..'><hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>..</hash></digest>`
//! in an iq set, right behind the last byte; the hash is left out when it does not know that of the whole file. The
//! receiver compares, gives the file its place, and only then answers: an empty result is the receipt, one with
//! `<unverified/>` says that the file has its place and that there was nothing to compare. `not-acceptable` means another
//! hash, `<store-failed/>` in any error or in a `<close/>` that the receiver could not store, `<incomplete/>` in a
//! `<close/>` that a stream of the file's own ended before it had everything.
//!
//! Version 0: the receiver sends `<receipt xmlns='urn:libxft:receipt:0' ..>` of the same form after everything is stored
//! and in its place. A result means that the sender has the same hash, `not-acceptable` that it has another one.

use crate::error::Reason;
use crate::wire::hashes::{read_sha256, write_sha256};
use crate::wire::stanza::{Element, Ns};
use crate::wire::xml::Writer;

/// Says that the receiver could not store.
pub(crate) const STORE_FAILED: &str = "store-failed";
/// Says that a stream of the file's own ended before the receiver had everything.
pub(crate) const INCOMPLETE: &str = "incomplete";
/// Says that the file has its place, and that there was nothing to compare.
pub(crate) const UNVERIFIED: &str = "unverified";

/// What one end says of a file that is through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Said<'s> {
    pub(crate) sid: &'s str,
    pub(crate) sha256: Option<[u8; 32]>,
}

/// Writes a receipt of version 0, or the sender's last word.
pub(crate) fn write(w: &mut Writer<'_>, ns: Ns, sid: &str, size: u64, sha256: Option<&[u8; 32]>) {
    let name = if ns == Ns::Receipt1 { "digest" } else { "receipt" };
    w.open(name).attr("xmlns", ns.uri()).attr("sid", sid).attr_u64("size", size);
    if let Some(sha256) = sha256 {
        write_sha256(w, sha256);
    }
    w.close(name);
}

/// Reads either; `None` without a stream id.
pub(crate) fn read<'s>(payload: &Element<'s>) -> Option<Said<'s>> {
    Some(Said { sid: payload.attr("sid")?, sha256: read_sha256(payload) })
}

/// Why a receiver gives up, as its `<close/>` says it.
pub(crate) fn reason_of_close(close: &Element<'_>) -> Reason {
    let says = |word| close.child(Ns::Receipt1, word).is_some();
    if says(STORE_FAILED) {
        Reason::PeerStoreFailed
    } else if says(INCOMPLETE) {
        Reason::BytestreamLost
    } else {
        Reason::PeerCancelled
    }
}
