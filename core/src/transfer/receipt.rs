//! The verified receipt: the receiver tells which bytes it stored, the sender confirms that these are its own.
//!
//! `<receipt xmlns='urn:libxft:receipt:0' sid='..' size='..'><hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>..</hash>`
//! in an iq set from receiver to sender, after everything is stored. A result means that the sender has the same hash,
//! `not-acceptable` that it has another one.

use crate::wire::hashes::{read_sha256, write_sha256};
use crate::wire::stanza::{Element, Ns};
use crate::wire::xml::Writer;

/// What a receipt says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Receipt<'s> {
    pub(crate) sid: &'s str,
    pub(crate) sha256: [u8; 32],
}

/// Writes the payload.
pub(crate) fn write(w: &mut Writer<'_>, sid: &str, size: u64, sha256: &[u8; 32]) {
    w.open("receipt").attr("xmlns", Ns::Receipt.uri()).attr("sid", sid).attr_u64("size", size);
    write_sha256(w, sha256);
    w.close("receipt");
}

/// Reads the payload; `None` when a part is missing or malformed.
pub(crate) fn read<'s>(payload: &Element<'s>) -> Option<Receipt<'s>> {
    Some(Receipt { sid: payload.attr("sid")?, sha256: read_sha256(payload)? })
}
