//! Offers and answers, ours and those of peers as they really are.

use std::format;
use std::string::String;

use super::*;
use crate::wire::receipt::Receipts;
use crate::wire::stanza::sample::{read as with, written};

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
    receipts: Receipts::V1,
    unhashed: false,
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
    for (streams, unhashed) in
        [(BOTH, false), (StreamMethods::IN_BAND, true), (BOTH.without(StreamMethod::InBand), false)]
    {
        let offer = SiOffer { streams, unhashed, ..FULL };
        let text = written(|w| write_offer(w, &offer));
        with(&text, |si| assert_eq!(read_offer(si), Ok(offer)));
    }
}

#[test]
fn si_03_a_bare_offer_of_a_peer_is_enough() {
    with(&offer(SI, "name='a' size='0'", FORM), |si| {
        let offer = read_offer(si).unwrap();
        assert_eq!((offer.name, offer.size, offer.ranged, offer.receipts), ("a", 0, false, Receipts::None));
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
        (offer(SI, "name='a' size=''", FORM), SiRefusal::Malformed),
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

/// Options as peers list them, with what stands around them.
fn peers_form(field: &str) -> String {
    format!(
        "<feature xmlns='http://jabber.org/protocol/feature-neg'><x xmlns='jabber:x:data' type='form'>{field}\
         </x></feature>"
    )
}

#[test]
fn qrk_11_si_26_every_order_and_shape_of_options_is_read() {
    use StreamMethod::{InBand, Socks5};
    let (ibb, s5b) = ("http://jabber.org/protocol/ibb", "http://jabber.org/protocol/bytestreams");
    let option = |uri: &str| format!("<option><value>{uri}</value></option>");
    let field = |kind: &str, inner: &str| format!("<field var='stream-method'{kind}>{inner}</field>");
    let list = " type='list-single'";
    for (form, want) in [
        // Two libraries list in band first, one sorts by name.
        (field(list, &(option(ibb) + &option(s5b))), &[InBand, Socks5][..]),
        (field(list, &(option(s5b) + &option(ibb))), &[Socks5, InBand]),
        // An old client offers one method only, another adds one that nobody implements any more.
        (field(list, &option(s5b)), &[Socks5]),
        (field(list, &(option("jabber:iq:oob") + &option(s5b))), &[Socks5]),
        // Labels, white space, a default value, no type, a hidden field before.
        (
            field("", &format!("<value>{s5b}</value><option label='x'><value>\n {ibb} </value></option>")),
            &[InBand],
        ),
        (
            format!(
                "<field type='hidden' var='FORM_TYPE'><value>x</value></field>{}",
                field("", &option(ibb))
            ),
            &[InBand],
        ),
        // The field twice, an option twice.
        (field(list, &option(ibb)) + &field(list, &option(s5b)), &[InBand, Socks5]),
        (field(list, &(option(ibb) + &option(ibb) + &option(s5b))), &[InBand, Socks5]),
    ] {
        with(&offer(SI, "name='a' size='1'", &peers_form(&form)), |si| {
            let want: StreamMethods = want.iter().copied().collect();
            assert_eq!(read_offer(si).map(|offer| offer.streams), Ok(want), "{form}");
            if want.has(Socks5) {
                assert_eq!(choose(BOTH, want), Some(Socks5), "SI-08: our order, not theirs");
            }
        });
    }
}

#[test]
fn si_09_a_form_without_the_field_is_malformed_and_one_without_options_has_no_stream() {
    let other = "<field var='other'><option><value>http://jabber.org/protocol/ibb</value></option></field>";
    for (form, want) in [
        ("", SiRefusal::Malformed),
        (other, SiRefusal::Malformed),
        ("<field var='stream-method'/>", SiRefusal::NoValidStreams),
        ("<field var='stream-method'><option/></field>", SiRefusal::NoValidStreams),
    ] {
        let text = offer(SI, "name='a' size='1'", &peers_form(form));
        with(&text, |si| assert_eq!(read_offer(si), Err(want), "{form}"));
    }
}

/// An answer of the shape peers give it.
fn answer(si: &str, fields: &str) -> String {
    let form = peers_form(fields).replace("'form'", "'submit'");
    format!("<si xmlns='http://jabber.org/protocol/si'{si}>{form}</si>")
}

#[test]
fn qrk_49_answers_are_read_whatever_they_repeat() {
    let value = "<value>http://jabber.org/protocol/bytestreams</value>";
    let field = |kind: &str| format!("<field var='stream-method'{kind}>{value}</field>");
    for text in [
        answer("", &field("")),
        answer(" id='s1'", &field(" type='list-single'")),
        answer("", &field(" type='text-single'")),
        // One client repeats the profile, another the MIME type.
        answer(" profile='http://jabber.org/protocol/si/profile/file-transfer'", &field("")),
        answer(" id='s1' mime-type='text/plain'", &field("")),
        answer("", &format!("<title>x</title>{}<field var='x'><value>y</value></field>", field(""))),
    ] {
        with(&text, |si| {
            let want = SiAnswer { method: StreamMethod::Socks5, offset: 0, length: None };
            assert_eq!(read_answer(si, BOTH), Some(want), "{text}");
            assert_eq!(read_answer(si, StreamMethods::IN_BAND), None, "ATK-32: not offered, {text}");
        });
    }
}

#[test]
fn atk_32_an_answer_that_picks_none_or_two_or_another_one_picks_nothing() {
    let (ibb, s5b) = ("http://jabber.org/protocol/ibb", "http://jabber.org/protocol/bytestreams");
    let value = |uri: &str| format!("<value>{uri}</value>");
    let field = |inner: &str| format!("<field var='stream-method'>{inner}</field>");
    for fields in [
        String::new(),
        field(""),
        field("<value/>"),
        field(&value("jabber:iq:oob")),
        field(&value("http://jabber.org/protocol/bytestreams#udp")),
        field(&value("HTTP://JABBER.ORG/PROTOCOL/IBB")),
        field(&(value(ibb) + &value(s5b))),
        field(&value(ibb)) + &field(&value(s5b)),
        field(&value(ibb)) + &field(&value(ibb)),
        field(&format!("<option>{}</option>", value(ibb))),
        field(&value(ibb)).replace("stream-method", "Stream-Method"),
    ] {
        let text = answer("", &fields);
        with(&text, |si| assert_eq!(read_answer(si, BOTH), None, "{text}"));
    }
    for text in [
        "<si xmlns='http://jabber.org/protocol/si'/>",
        "<si xmlns='http://jabber.org/protocol/si'><feature xmlns='http://jabber.org/protocol/feature-neg'/></si>",
    ] {
        with(text, |si| assert_eq!(read_answer(si, BOTH), None, "{text}"));
    }
}

#[test]
fn atk_43_texts_with_control_characters_or_of_megabytes_are_left_out() {
    for (mime, desc, kept) in [
        ("image/dicom", "CT thorax", (true, true)),
        ("a\u{85}b", "line&#10;break", (false, false)),
        (&*"m".repeat(255), &*"d".repeat(1024), (true, true)),
        (&*"m".repeat(256), &*"d".repeat(1025), (false, false)),
        ("", &*"d".repeat(3000), (true, false)),
    ] {
        let text = offer(&format!("{SI} mime-type='{mime}'"), "name='a' size='1'", FORM)
            .replace("/><feature", &format!("><desc>{desc}</desc></file><feature"));
        with(&text, |si| {
            let offer = read_offer(si).unwrap();
            assert_eq!((offer.mime_type.is_some(), offer.description.is_some()), kept, "{text}");
        });
    }
}

#[test]
fn si_05_si_06_what_we_write_is_what_the_profile_shows() {
    let offer = SiOffer { streams: BOTH, ..FULL };
    let text = written(|w| write_offer(w, &offer));
    assert!(text.contains(
        "<feature xmlns='http://jabber.org/protocol/feature-neg'><x xmlns='jabber:x:data' type='form'>\
         <field var='stream-method' type='list-single'>\
         <option><value>http://jabber.org/protocol/bytestreams</value></option>\
         <option><value>http://jabber.org/protocol/ibb</value></option></field></x></feature></si>"
    ));
    assert_eq!(
        written(|w| write_accept(w, StreamMethod::Socks5, 0)),
        "<si xmlns='http://jabber.org/protocol/si'><feature xmlns='http://jabber.org/protocol/feature-neg'>\
         <x xmlns='jabber:x:data' type='submit'><field var='stream-method'>\
         <value>http://jabber.org/protocol/bytestreams</value></field></x></feature></si>"
    );
}
