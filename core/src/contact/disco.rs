//! Service discovery (XEP-0030): what we say we can, and what a peer says it can (DSC-01..05).

use crate::config::{Method, Methods};
use crate::wire::receipt::Receipts;
use crate::wire::stanza::{Element, Ns};
use crate::wire::xml::Writer;

/// What we advertise, since peers judge by it (QRK-46); of the two bytestreams only those that are switched on (DSC-03).
pub const FEATURES: &[&str] = &[
    "http://jabber.org/protocol/bytestreams",
    "http://jabber.org/protocol/disco#info",
    "http://jabber.org/protocol/disco#items",
    "http://jabber.org/protocol/feature-neg",
    "http://jabber.org/protocol/ibb",
    "http://jabber.org/protocol/si",
    "http://jabber.org/protocol/si/profile/file-transfer",
    "urn:libxft:receipt:0",
    "urn:libxft:receipt:1",
    "urn:xmpp:hash-function-text-names:sha-256",
    "urn:xmpp:hashes:2",
    "urn:xmpp:ping",
];

/// Bytes of the answer to disco#info without the stanza's head; a test holds it against the real one.
pub(crate) const INFO_BYTES: usize = 1008;

/// What a peer can, as far as transfers go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Features {
    /// `si` (SI-01).
    pub(crate) si: bool,
    /// The file-transfer profile (SI-01).
    pub(crate) file_transfer: bool,
    /// The newest receipt it knows.
    pub(crate) receipts: Receipts,
}

impl Features {
    pub(crate) const NONE: Self = Self { si: false, file_transfer: false, receipts: Receipts::None };
}

/// Reads a disco#info result. Doubled and unknown features are harmless; a peer may leave out disco#info itself (DSC-05).
pub(crate) fn read_info(query: &Element<'_>) -> Features {
    let mut features = Features::NONE;
    for feature in query.children().filter(|child| child.is(Ns::DiscoInfo, "feature")) {
        match feature.attr("var").map(Ns::from_uri) {
            Some(Ns::Si) => features.si = true,
            Some(Ns::Sift) => features.file_transfer = true,
            Some(Ns::Receipt1) => features.receipts = Receipts::V1,
            Some(Ns::Receipt0) if features.receipts == Receipts::None => features.receipts = Receipts::V0,
            _ => {}
        }
    }
    features
}

/// Writes the disco#info payload of an answer.
pub(crate) fn write_info(w: &mut Writer<'_>, client_name: &str, methods: &Methods, receipts: bool) {
    w.open("query").attr("xmlns", Ns::DiscoInfo.uri());
    w.open("identity")
        .attr("category", "client")
        .attr("type", "bot")
        .attr("name", client_name)
        .close("identity");
    let on = |feature: &&&str| match Ns::from_uri(feature) {
        Ns::Ibb => methods.has(Method::InBand),
        Ns::S5b => methods.has_socks5(),
        Ns::Receipt0 | Ns::Receipt1 => receipts,
        _ => true,
    };
    for feature in FEATURES.iter().filter(on) {
        w.open("feature").attr("var", feature).close("feature");
    }
    w.close("query");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dsc_03_features_are_sorted_and_each_stands_once() {
        assert!(FEATURES.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn qrk_46_a_peer_that_names_no_bytestream_can_do_file_transfer() {
        use crate::wire::stanza::sample;
        let info = "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='client' type='pc'/>\
            <feature var='http://jabber.org/protocol/si'/><feature var='http://jabber.org/protocol/si'/>\
            <feature var='http://jabber.org/protocol/si/profile/file-transfer'/><feature/></query>";
        let want = Features { si: true, file_transfer: true, receipts: Receipts::None };
        sample::read(info, |query| assert_eq!(read_info(query), want));
    }

    #[test]
    fn the_room_kept_for_an_answer_is_enough() {
        let mut out = [0; 2048];
        let mut w = Writer::new(&mut out);
        write_info(&mut w, "a name of thirty-two characters..", &Methods::DEFAULT, true);
        let bytes = w.finish().unwrap();
        assert!(bytes <= INFO_BYTES, "{bytes}");
    }

    #[test]
    fn dsc_03_a_bytestream_that_is_switched_off_is_not_advertised() {
        use Method::{Direct, InBand, Mediated};
        for (order, socks5, in_band) in [
            (&[Mediated, Direct, InBand][..], 1, 1),
            (&[InBand], 0, 1),
            (&[Direct], 1, 0),
            (&[Mediated], 1, 0),
        ] {
            let mut out = [0; 2048];
            let mut w = Writer::new(&mut out);
            write_info(&mut w, "x", &Methods::of(order).unwrap(), true);
            let length = w.finish().unwrap();
            let text = core::str::from_utf8(out.get(..length).unwrap()).unwrap();
            let count = |uri| text.matches(&std::format!("<feature var='{uri}'/>")).count();
            assert_eq!((count(Ns::S5b.uri()), count(Ns::Ibb.uri())), (socks5, in_band), "{order:?}");
            // S5B-02
            assert!(!text.contains("udp"), "{text}");
        }
    }
}
