//! The verified receipt: the receiver tells which bytes it stored, the sender confirms that these are its own.
//!
//! `<receipt xmlns='urn:libxft:receipt:0' sid='..' size='..'><hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>..</hash>`
//! in an iq set from receiver to sender, after everything is stored. A result means that the sender has the same hash,
//! `not-acceptable` that it has another one.

use crate::wire::base64;
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
    write_hash(w, sha256);
    w.close("receipt");
}

/// Writes a SHA-256 as XEP-0300 has it.
pub(crate) fn write_hash(w: &mut Writer<'_>, sha256: &[u8; 32]) {
    w.open("hash").attr("xmlns", Ns::Hashes.uri()).attr("algo", "sha-256").text_base64(sha256).close("hash");
}

/// Reads the payload; `None` when a part is missing or malformed.
pub(crate) fn read<'s>(payload: &Element<'s>) -> Option<Receipt<'s>> {
    Some(Receipt { sid: payload.attr("sid")?, sha256: read_hash(payload)? })
}

/// The SHA-256 among the children: base64, never hex (JFT-13).
pub(crate) fn read_hash(parent: &Element<'_>) -> Option<[u8; 32]> {
    let hash = parent
        .children()
        .find(|child| child.is(Ns::Hashes, "hash") && child.attr("algo") == Some("sha-256"))?;
    let mut bytes = [0; 33];
    let length = base64::decode_strict(hash.text().trim().as_bytes(), &mut bytes).ok()?;
    if length == 32 { bytes.first_chunk::<32>().copied() } else { None }
}
