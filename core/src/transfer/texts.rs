//! The texts a transfer keeps, in one room: no transfer has a long stream id and a long file name at once.

use crate::config::NAME_BYTES;

/// Longest stream id taken from a peer, bytes (S5B-13).
pub(crate) const SID_BYTES: usize = 128;
/// Longest iq id of an offer that is kept until the owner answers, bytes.
pub(crate) const OFFER_ID_BYTES: usize = 64;
/// Longest MIME type that is sent, bytes.
pub(crate) const MIME_BYTES: usize = 64;

/// Longest stream id of our own, bytes (S5B-13).
pub(crate) const OWN_SID_BYTES: usize = 32;

/// Room for either role; the length fits one byte.
const ROOM_BYTES: usize = OWN_SID_BYTES + NAME_BYTES + MIME_BYTES;
const _: () = assert!(SID_BYTES + OFFER_ID_BYTES <= ROOM_BYTES && ROOM_BYTES <= u8::MAX as usize);

/// Stream id, then file name and MIME type (sender) or the iq id of the offer (receiver).
#[derive(Clone, Debug)]
pub(crate) struct Texts {
    all: heapless::String<ROOM_BYTES, u8>,
    sid_bytes: u8,
    name_bytes: u8,
}

impl Texts {
    pub(crate) const NONE: Self = Self { all: heapless::String::new(), sid_bytes: 0, name_bytes: 0 };

    /// The texts of a file we offer; `None` when one is too long.
    pub(crate) fn outgoing(sid: &str, name: &str, mime_type: &str) -> Option<Self> {
        Self::of(&[sid, name, mime_type], name.len())
    }

    /// The texts of an offer that came; `None` when one is too long.
    pub(crate) fn incoming(sid: &str, offer_id: &str) -> Option<Self> {
        Self::of(&[sid, offer_id], offer_id.len())
    }

    fn of(parts: &[&str], name_bytes: usize) -> Option<Self> {
        // Byte by byte for the reason `jid::concat` gives.
        let mut all = heapless::Vec::new();
        for part in parts {
            part.bytes().try_for_each(|byte| all.push(byte).ok())?;
        }
        Some(Self {
            all: heapless::String::from_utf8(all).ok()?,
            sid_bytes: u8::try_from(parts.first()?.len()).ok()?,
            name_bytes: u8::try_from(name_bytes).ok()?,
        })
    }

    /// Stream id of the bytestream and of the offer (SI-04).
    pub(crate) fn sid(&self) -> &str {
        self.all.get(..usize::from(self.sid_bytes)).unwrap_or("")
    }

    /// Sender: the file name that goes into the offer. Receiver: the iq id of the offer.
    pub(crate) fn name(&self) -> &str {
        self.rest().get(..usize::from(self.name_bytes)).unwrap_or("")
    }

    /// Sender: the MIME type that goes into the offer.
    pub(crate) fn mime_type(&self) -> Option<&str> {
        self.rest().get(usize::from(self.name_bytes)..).filter(|mime| !mime.is_empty())
    }

    fn rest(&self) -> &str {
        self.all.get(usize::from(self.sid_bytes)..).unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    #[test]
    fn every_text_comes_back_as_it_went_in() {
        let texts = Texts::outgoing("5ead", "bild-ä.dcm", "application/dicom").unwrap();
        assert_eq!(
            (texts.sid(), texts.name(), texts.mime_type()),
            ("5ead", "bild-ä.dcm", Some("application/dicom"))
        );
        let texts = Texts::outgoing("5ead", "x", "").unwrap();
        assert_eq!((texts.name(), texts.mime_type()), ("x", None));
        let texts = Texts::incoming("their sid", "offer-1").unwrap();
        assert_eq!((texts.sid(), texts.name()), ("their sid", "offer-1"));
        assert_eq!((Texts::NONE.sid(), Texts::NONE.name(), Texts::NONE.mime_type()), ("", "", None));
    }

    #[test]
    fn the_longest_texts_of_each_role_fit() {
        let long = |bytes: usize| String::from_utf8(std::vec![b'x'; bytes]).unwrap();
        assert!(Texts::outgoing(&long(OWN_SID_BYTES), &long(NAME_BYTES), &long(MIME_BYTES)).is_some());
        assert!(Texts::incoming(&long(SID_BYTES), &long(OFFER_ID_BYTES)).is_some());
        assert!(Texts::incoming(&long(ROOM_BYTES), "x").is_none());
    }
}
