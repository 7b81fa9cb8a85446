//! Offers and answers, ours and those of peers as they really are.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::string::String;
use std::{format, vec};

use super::*;
use crate::wire::stanza::{Fed, StanzaReader};
use crate::wire::xml::Limits;

/// Feeds one payload inside an iq and shows the payload.
fn with<T>(payload: &str, look: impl FnOnce(&Element<'_>) -> T) -> T {
    let (mut xml, mut tape, mut block) = (vec![0; 4096], vec![0; 8192], vec![0; 64]);
    let mut reader = StanzaReader::new(&mut xml, &mut tape, &mut block, Limits::default());
    reader.enter_hosted();
    let mut text = format!("<iq type='set' id='1' from='a@b/c'>{payload}</iq>").into_bytes();
    let (used, fed) = reader.feed(&mut text).unwrap();
    assert_eq!((used, fed), (text.len(), Fed::Element));
    look(&reader.element().children().next().unwrap())
}

fn written(write: impl FnOnce(&mut Writer<'_>)) -> String {
    let mut out = vec![0; 4096];
    let mut w = Writer::new(&mut out);
    write(&mut w);
    let length = w.finish().unwrap();
    String::from_utf8(out[..length].to_vec()).unwrap()
}

const FULL: SiOffer<'_> = SiOffer {
    sid: "0123456789abcdef",
    name: "CT <1>.dcm",
    size: 524_288,
    date: Some(1_893_553_445),
    mime_type: Some("application/dicom"),
    description: None,
    sha256: Some([0xab; 32]),
    md5: Some([0xcd; 16]),
    streams: StreamMethods::IN_BAND,
    ranged: true,
    receipts: true,
};

const BOTH: StreamMethods = StreamMethods::BOTH;

const FORM: &str = "<feature xmlns='http://jabber.org/protocol/feature-neg'><x xmlns='jabber:x:data' type='form'>\
    <field var='stream-method' type='list-single'>\
    <option><value>http://jabber.org/protocol/bytestreams</value></option>\
    <option><value>http://jabber.org/protocol/ibb</value></option></field></x></feature>";

fn offer(si: &str, file: &str, form: &str) -> String {
    format!(
        "<si xmlns='http://jabber.org/protocol/si' {si}>\
         <file xmlns='http://jabber.org/protocol/si/profile/file-transfer' {file}/>{form}</si>"
    )
}

const SI: &str = "id='s1' profile='http://jabber.org/protocol/si/profile/file-transfer'";

#[test]
fn si_03_our_offer_reads_back_as_written() {
    for streams in [BOTH, StreamMethods::IN_BAND, BOTH.without(StreamMethod::InBand)] {
        let offer = SiOffer { streams, ..FULL };
        let text = written(|w| write_offer(w, &offer));
        with(&text, |si| assert_eq!(read_offer(si), Ok(offer)));
    }
}

#[test]
fn si_03_a_bare_offer_of_a_peer_is_enough() {
    with(&offer(SI, "name='a' size='0'", FORM), |si| {
        let offer = read_offer(si).unwrap();
        assert_eq!((offer.name, offer.size, offer.ranged, offer.receipts), ("a", 0, false, false));
    });
}

#[test]
fn si_09_si_10_what_cannot_be_taken_is_refused_by_its_own_name() {
    let unknown = FORM.replace("protocol/ibb", "protocol/other").replace("protocol/bytestreams", "oob");
    for (text, want) in [
        (offer("id='s1' profile='x'", "name='a' size='1'", FORM), SiRefusal::BadProfile),
        (offer("id='s1'", "name='a' size='1'", FORM), SiRefusal::BadProfile),
        (offer(&SI.replace("id='s1'", ""), "name='a' size='1'", FORM), SiRefusal::Malformed),
        (offer(SI, "size='1'", FORM), SiRefusal::Malformed),
        (offer(SI, "name='a'", FORM), SiRefusal::Malformed),
        (offer(SI, "name='a' size='1'", ""), SiRefusal::Malformed),
        (offer(SI, "name='a' size='1'", &unknown), SiRefusal::NoValidStreams),
    ] {
        with(&text, |si| assert_eq!(read_offer(si), Err(want), "{text}"));
    }
}

#[test]
fn atk_41_sizes_that_are_no_sizes_are_refused() {
    for size in ["-1", "+1", "1.0", "1e3", "0x1", " 1", "9223372036854775808", "99999999999999999999", ""] {
        let text = offer(SI, &format!("name='a' size='{size}'"), FORM);
        with(&text, |si| assert_eq!(read_offer(si), Err(SiRefusal::Malformed), "{size}"));
    }
    with(&offer(SI, "name='a' size='9223372036854775807'", FORM), |si| {
        assert_eq!(read_offer(si).unwrap().size, SIZE_MAX);
    });
}

#[test]
fn si_11_atk_42_atk_43_bad_extras_are_left_out() {
    let long = "m".repeat(256);
    let si = format!("{SI} mime-type='{long}'");
    with(&offer(&si, "name='a' size='1' date='yesterday' hash='zz'", FORM), |si| {
        let offer = read_offer(si).unwrap();
        assert_eq!((offer.mime_type, offer.date, offer.md5), (None, None, None));
    });
}

#[test]
fn si_06_our_answer_reads_back_with_its_offset() {
    for method in [StreamMethod::Socks5, StreamMethod::InBand] {
        for offset in [0, 1, 4096] {
            let text = written(|w| write_accept(w, method, offset));
            let want = SiAnswer { method, offset, length: None };
            with(&text, |si| assert_eq!(read_answer(si, BOTH), Some(want)));
        }
    }
}

#[test]
fn si_07_qrk_49_an_answer_must_pick_in_band_once_whatever_else_it_carries() {
    let answer = |field: &str| {
        format!(
            "<si xmlns='http://jabber.org/protocol/si' id='s1' profile='p'>\
             <feature xmlns='http://jabber.org/protocol/feature-neg'><x xmlns='jabber:x:data' type='submit'>\
             <field var='FORM_TYPE' type='hidden'><value>x</value></field>{field}</x></feature></si>"
        )
    };
    let ibb = "<value>http://jabber.org/protocol/ibb</value>";
    let s5b = "<value>http://jabber.org/protocol/bytestreams</value>";
    for (values, fits) in [
        (String::from(ibb), true),
        (String::from(s5b), false),
        (format!("{ibb}{s5b}"), false),
        (format!("{ibb}{ibb}"), false),
        (String::new(), false),
    ] {
        for kind in ["", "type='list-single'", "type='text-single'"] {
            let text = answer(&format!("<field var='stream-method' {kind}>{values}</field>"));
            let want = SiAnswer { method: StreamMethod::InBand, offset: 0, length: None };
            let read = |si: &Element<'_>| read_answer(si, StreamMethods::IN_BAND);
            with(&text, |si| assert_eq!(read(si), fits.then_some(want), "{text}"));
        }
    }
}

#[test]
fn fr_ranges_match_the_vectors() {
    #[allow(clippy::type_complexity)] // a table of cases
    let rows: &[(u64, Option<u64>, Option<(u64, u64)>)] = &[
        (0, None, Some((0, 4096))),
        (128, Some(256), Some((128, 384))),
        (0, Some(256), Some((0, 256))),
        (128, None, Some((128, 4096))),
        (4095, Some(1), Some((4095, 4096))),
        (4096, None, Some((4096, 4096))),
        (4095, Some(2), None),
        (4097, None, None),
        (u64::MAX, Some(1), None),
    ];
    for (offset, length, want) in rows {
        let answer = SiAnswer { method: StreamMethod::InBand, offset: *offset, length: *length };
        assert_eq!(answer.range(4096), *want, "{offset} {length:?}");
    }
}
