//! Stanza reader, envelope and errors: any split, in place or buffered, truncated, hostile (STZ-01..08, ATK-13).

use xft_core::StanzaCondition;
use xft_core::internals::base64::{self, Base64Error};
use xft_core::internals::stanza::{
    Element, ErrorType, Fed, IqType, Kind, Malformed, MessageType, Ns, PresenceType, StanzaReader, open_iq,
    read_error, stanza, write_error, write_result,
};
use xft_core::internals::xml::{Limits, Writer, XmlError};
use xft_tests::stanza_trace::{Memory, Seen, feed_all};

const ROOT: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' id='s1' from='hospital.example' version='1.0'>";

/// Stanzas as they cross a hospital's server, and as they should not.
const EXAMPLES: &[&str] = &[
    "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>\
     <mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-256</mechanism>\
     <mechanism>PLAIN</mechanism></mechanisms><limits xmlns='urn:xmpp:stream-limits:0'>\
     <max-bytes>262144</max-bytes></limits><new xmlns='urn:example:new'><required/></new></stream:features>",
    "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>cj1meWtv</challenge>",
    "<iq type='result' id='b1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
     <jid>ct@hospital.example/gw-1</jid></bind></iq>",
    "<iq type='get' id='d&amp;1' from='a@x.example/r' to='b@x.example/s'>\
     <query xmlns='http://jabber.org/protocol/disco#info' node='n'/></iq>",
    "<iq type='set' id='o1' from='a@x.example/\u{1F691}' to='b@x.example/s'>\n  \
     <si xmlns='http://jabber.org/protocol/si' id='s-1' mime-type='application/dicom' \
     profile='http://jabber.org/protocol/si/profile/file-transfer'>\n    \
     <file xmlns='http://jabber.org/protocol/si/profile/file-transfer' name='Thorax &lt;1&gt;.dcm' size='1048576'>\
     <desc>Sch\u{e4}del &#x26; Hals <![CDATA[<a> ]] & b]]> fertig</desc><range/></file>\
     <feature xmlns='http://jabber.org/protocol/feature-neg'><x xmlns='jabber:x:data' type='form'>\
     <field var='stream-method' type='list-single'><option><value>http://jabber.org/protocol/ibb</value></option>\
     </field></x></feature></si></iq>",
    "<iq type='set' id='i1' from='a@x.example/r' to='b@x.example/s'>\
     <open xmlns='http://jabber.org/protocol/ibb' sid='s-1' block-size='4096' stanza='iq'/></iq>",
    "<iq type='set' id='i2' from='a@x.example/r' to='b@x.example/s'>\
     <data xmlns='http://jabber.org/protocol/ibb' sid='s-1' seq='0'>\
     VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZywgYW5kIHRoZSBkb2cgc2xlZXBzIG9uLg==</data></iq>",
    "<message id='m2' from='a@x.example/r'>\n<data xmlns='http://jabber.org/protocol/ibb' sid='s-1' seq='1'>\n  \
     VGhl\r\n\tIHF1 aWNr</data><amp xmlns='http://jabber.org/protocol/amp'>\
     <rule condition='deliver' value='stored' action='error'/></amp></message>",
    "<iq type='set' id='i3' from='a@x.example/r'><data xmlns='http://jabber.org/protocol/ibb' sid='s-1' seq='2'>\
     VG&#104;l<![CDATA[IHF1]]>aWN&#x72;IGJy<![CDATA[b3du]]></data></iq>",
    "<iq type='set' id='i4' from='a@x.example/r'><data xmlns='http://jabber.org/protocol/ibb' sid='s-1' seq='3'/></iq>",
    "<iq type='set' id='i5' from='a@x.example/r'><data xmlns='http://jabber.org/protocol/ibb' sid='s-1' seq='4'>\
     VGhlIHF1aWNrIGJyb3duIGZveCBqdW1w!yBvdmVyIHRoZSBsYXp5IGRvZw==</data></iq>",
    "<iq type='set' id='i6' from='a@x.example/r'><data xmlns='http://jabber.org/protocol/ibb' sid='s-1' seq='4'>\
     VGhlIHF1aWNr \u{ff3a}m9v ]] > ]</data></iq>",
    "<iq type='set' id='i7' from='a@x.example/r'><data xmlns='http://jabber.org/protocol/ibb' sid='s-1' seq='4'>\
     VGhl<b xmlns='urn:example:b'>IHF1</b>aWNr</data><data xmlns='http://jabber.org/protocol/ibb'>AAAA</data></iq>",
    "<iq type='error' id='i2' from='b@x.example/s'>\
     <data xmlns='http://jabber.org/protocol/ibb' sid='s-1' seq='0'>VGhlIHF1aWNr</data>\
     <error type='cancel' code='404'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\
     <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>unknown sid</text></error></iq>",
    "<c:iq xmlns:c='jabber:client' type='set' id='i8' from='a@x.example/r'>\
     <i:data xmlns:i='http://jabber.org/protocol/ibb' sid='s-1' seq='5' i:sid='other'>VGhl</i:data></c:iq>",
    "<presence from='b@x.example/s' xml:lang='de'><show>dnd</show><status>Notfall &#x1F691;</status>\
     <c xmlns='http://jabber.org/protocol/caps' node='urn:example:n' ver='v'/>\
     <vendor xmlns='urn:example:v' a='1'>deep<deeper><show xmlns='jabber:client'>no</show></deeper></vendor></presence>",
    "<iq type='result' id='x'/>",
];

/// Reads the stanzas as host-owned ones.
fn hosted(memory: &mut Memory, pieces: &[&[u8]]) -> Vec<Seen> {
    feed_all(&mut memory.hosted(), pieces)
}

/// Reads one stanza in one piece and shows it to `look`.
fn with_stanza<T>(xml: &str, look: impl FnOnce(Element<'_>) -> T) -> T {
    let mut memory = Memory::new(4096, 4096);
    let mut reader = memory.hosted();
    let mut input = xml.as_bytes().to_vec();
    let fed = reader.feed(&mut input).unwrap();
    assert_eq!(fed, (xml.len(), Fed::Element), "{xml}");
    look(reader.element())
}

/// The block of one stanza read in one piece.
fn block_of(xml: &str, limit: usize) -> Option<Result<Vec<u8>, Base64Error>> {
    let mut memory = Memory::new(4096, limit);
    match hosted(&mut memory, &[xml.as_bytes()]).as_slice() {
        [Seen::Element { block, .. }] => block.clone(),
        other => panic!("{other:?}"),
    }
}

fn data_iq(text: &str) -> String {
    format!(
        "<iq type='set' id='i2' from='a@x.example/r' to='b@x.example/s'>\
         <data xmlns='http://jabber.org/protocol/ibb' sid='s-1' seq='7'>{text}</data></iq>"
    )
}

fn base64_of(bytes: &[u8]) -> String {
    let mut out = vec![0; base64::encoded_len(bytes.len())];
    base64::encode(bytes, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Repeatable noise.
fn noise(len: usize, mut seed: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len);
    while bytes.len() < len {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        bytes.push(seed.to_le_bytes()[3]);
    }
    bytes
}

/// Cuts `bytes` into random pieces of at most `longest`.
fn cut(bytes: &[u8], longest: usize, seed: u64) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut rest = bytes;
    for random in noise(bytes.len() * 2, seed).chunks(2) {
        let len = (usize::from(random[0]) << 8 | usize::from(random[1])) % longest + 1;
        let (piece, after) = rest.split_at(len.min(rest.len()));
        pieces.push(piece);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    assert!(rest.is_empty());
    pieces
}

#[test]
fn every_example_gives_one_element() {
    for example in EXAMPLES {
        let mut memory = Memory::new(4096, 256);
        let mut reader = memory.reader();
        let seen = feed_all(&mut reader, &[ROOT.as_bytes(), example.as_bytes(), b"</stream:stream>"]);
        assert!(
            matches!(seen.as_slice(), [Seen::Header(_), Seen::Element { truncated: false, .. }, Seen::End]),
            "{example}: {seen:?}"
        );
    }
}

#[test]
fn any_split_of_every_example_gives_the_same_tree_and_block() {
    let mut whole = Memory::new(4096, 64);
    let mut parts = Memory::new(4096, 64);
    for example in EXAMPLES {
        let bytes = example.as_bytes();
        let expected = hosted(&mut whole, &[bytes]);
        assert_eq!(expected.len(), 1, "{example}");
        for at in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(at);
            assert_eq!(hosted(&mut parts, &[head, tail]), expected, "split at {at}: {example}");
        }
        let single: Vec<_> = bytes.chunks(1).collect();
        assert_eq!(hosted(&mut parts, &single), expected, "byte by byte: {example}");
        for seed in 1..=64 {
            let pieces = cut(bytes, 24, seed);
            assert_eq!(hosted(&mut parts, &pieces), expected, "seed {seed}: {example}");
        }
    }
}

#[test]
fn any_split_of_a_whole_stream_gives_the_same_elements() {
    let mut stream = format!("{ROOT}\n");
    for (n, example) in EXAMPLES.iter().enumerate() {
        stream.push_str(example);
        stream.push_str(&" ".repeat(n % 3));
    }
    stream.push_str("</stream:stream>");
    let mut whole = Memory::new(4096, 64);
    let expected = feed_all(&mut whole.reader(), &[stream.as_bytes()]);
    assert!(matches!(expected.first(), Some(Seen::Header(_))));
    assert_eq!(expected.last(), Some(&Seen::End));
    let mut parts = Memory::new(4096, 64);
    for seed in 1..=200 {
        let pieces = cut(stream.as_bytes(), 1 + 7 * usize::try_from(seed % 40).unwrap(), seed);
        assert_eq!(feed_all(&mut parts.reader(), &pieces), expected, "seed {seed}");
    }
}

#[test]
fn block_is_the_same_in_place_and_buffered_under_every_split() {
    for len in [0, 1, 2, 3, 4, 95, 96, 97, 386, 387, 388, 400] {
        let bytes = noise(len, 77);
        let xml = data_iq(&base64_of(&bytes));
        let mut memory = Memory::new(2048, 512);
        let mut expected = None;
        for at in 0..=xml.len() {
            let (head, tail) = xml.as_bytes().split_at(at);
            let seen = hosted(&mut memory, &[head, tail]);
            let [Seen::Element { block, .. }] = seen.as_slice() else { panic!("{seen:?}") };
            assert_eq!(block.as_ref().unwrap().as_deref(), Ok(&bytes[..]), "{len} bytes split at {at}");
            assert_eq!(*expected.get_or_insert(seen.clone()), seen);
        }
    }
}

#[test]
fn large_blocks_survive_random_splits() {
    for len in [4096, 65535] {
        let bytes = noise(len, 5);
        let xml = data_iq(&base64_of(&bytes)).repeat(3);
        let mut memory = Memory::new(1024, len);
        for seed in 1..=30 {
            let longest = if seed % 2 == 0 { 1460 } else { 65535 };
            let seen = hosted(&mut memory, &cut(xml.as_bytes(), longest, seed));
            assert_eq!(seen.len(), 3);
            for element in seen {
                let Seen::Element { block, .. } = element else { panic!("not an element") };
                assert!(block.unwrap().unwrap() == bytes, "{len} bytes, seed {seed}");
            }
        }
    }
}

#[test]
fn a_shorter_block_ends_at_its_own_tag_though_another_stands_where_the_last_text_ended() {
    for longer in [90, 4095] {
        // The next stanza begins exactly one `</data></iq>` behind the text.
        let blocks = [noise(longer, 3), noise(longer - 9, 4), noise(longer, 5)];
        let xml: String = blocks.iter().map(|block| data_iq(&base64_of(block))).collect();
        let mut memory = Memory::new(2048, 4096);
        let seen = hosted(&mut memory, &[xml.as_bytes()]);
        assert_eq!(seen.len(), blocks.len());
        for (element, bytes) in seen.into_iter().zip(&blocks) {
            let Seen::Element { block, .. } = element else { panic!("not an element") };
            assert!(block.unwrap().unwrap() == *bytes, "blocks of {longer} bytes");
        }
    }
}

#[test]
fn whole_block_in_one_input_is_lent_from_that_input() {
    let bytes = noise(3000, 9);
    let mut input = data_iq(&base64_of(&bytes)).into_bytes();
    let mut memory = Memory::new(1024, 3000);
    let mut reader = memory.hosted();
    reader.feed(&mut input).unwrap();
    let block = reader.block(&input).unwrap().unwrap();
    assert_eq!(block, bytes);
    assert!(input.as_ptr_range().contains(&block.as_ptr()), "no copy was needed");
}

#[test]
fn white_space_references_and_cdata_in_a_block_decode() {
    for (text, expected) in [
        ("\n    Zm9v\n    YmFy\n  ", "foobar"),
        ("Zm9v&#89;mFy", "foobar"),
        ("<![CDATA[Zm9vYmFy]]>", "foobar"),
        ("Zm<![CDATA[9vY]]>mFy", "foobar"),
        ("Zm9v\r\nYmFy\r", "foobar"),
        ("Zm9vYg&#61;&#x3D;", "foob"),
        ("", ""),
        ("  ", ""),
    ] {
        assert_eq!(block_of(&data_iq(text), 16), Some(Ok(expected.as_bytes().to_vec())), "{text:?}");
    }
}

/// IBB-19, ATK-24
#[test]
fn bad_base64_is_an_error_of_the_block_and_not_of_the_stream() {
    for (text, error) in [
        ("Zm9vYg", Base64Error::Truncated),
        ("Zm9vYh==", Base64Error::TrailingBits),
        ("Zm9v!", Base64Error::Character),
        ("Zm9v\u{a0}", Base64Error::Character),
        ("&lt;", Base64Error::Character),
        ("=AAA", Base64Error::Padding),
        ("Zm9vYg==Zm9v", Base64Error::AfterPadding),
    ] {
        let xml = data_iq(text) + &data_iq("Zm9v");
        let mut memory = Memory::new(1024, 64);
        let seen = hosted(&mut memory, &[xml.as_bytes()]);
        let [Seen::Element { block: bad, .. }, Seen::Element { block: good, .. }] = seen.as_slice() else {
            panic!("{seen:?}")
        };
        assert_eq!(*bad, Some(Err(error)), "{text:?}");
        assert_eq!(*good, Some(Ok(b"foo".to_vec())));
    }
}

#[test]
fn block_longer_than_its_buffer_is_refused_and_the_next_one_is_read() {
    for at in [0, 140, 160, 1000] {
        let long = data_iq(&base64_of(&noise(1025, 3)));
        let fits = data_iq(&base64_of(&noise(1024, 3)));
        let xml = long + &fits;
        let (head, tail) = xml.as_bytes().split_at(at);
        let mut memory = Memory::new(1024, 1024);
        let seen = hosted(&mut memory, &[head, tail]);
        let [Seen::Element { block: long, .. }, Seen::Element { block: fits, .. }] = seen.as_slice() else {
            panic!("{seen:?}")
        };
        assert_eq!(*long, Some(Err(Base64Error::TooLong)));
        assert_eq!(*fits, Some(Ok(noise(1024, 3))));
    }
}

#[test]
fn text_that_is_no_xml_ends_the_stream_also_inside_a_block() {
    let padding = base64_of(&noise(1500, 8));
    for (bad, error) in [
        ("AAAA\u{1}AAAA", XmlError::NotWellFormed),
        ("AAAA]]>AAAA", XmlError::NotWellFormed),
        ("AAAA&nbsp;", XmlError::RestrictedXml),
        ("AA!A&bad;", XmlError::RestrictedXml),
        ("AA!A<!-- -->", XmlError::RestrictedXml),
    ] {
        // Behind a good piece as well, because that one is decoded before the bad one is looked at.
        for text in [bad.to_owned(), format!("{padding}{bad}"), format!("{bad}{padding}")] {
            let xml = data_iq(&text);
            let mut memory = Memory::new(1024, 4096);
            assert_eq!(hosted(&mut memory, &[xml.as_bytes()]), [Seen::Error(error)], "{bad:?}");
            let single: Vec<_> = xml.as_bytes().chunks(1).collect();
            assert_eq!(hosted(&mut memory, &single), [Seen::Error(error)], "{bad:?} byte by byte");
        }
    }
}

#[test]
fn only_first_level_children_of_requests_and_messages_carry_blocks() {
    let data = "<data xmlns='http://jabber.org/protocol/ibb' sid='s' seq='0'>Zm9v</data>";
    for (xml, carries) in [
        (format!("<iq type='set' id='1'>{data}</iq>"), true),
        (format!("<iq type='get' id='1'>{data}</iq>"), true),
        (format!("<message>{data}</message>"), true),
        (format!("<iq type='result' id='1'>{data}</iq>"), false),
        (format!("<iq type='error' id='1'>{data}</iq>"), false),
        (format!("<message type='error' id='1'>{data}</message>"), false),
        (format!("<presence>{data}</presence>"), false),
        (format!("<iq xmlns='jabber:server' type='set' id='1'>{data}</iq>"), false),
        (format!("<iq type='set' id='1'><si xmlns='http://jabber.org/protocol/si'>{data}</si></iq>"), false),
        ("<iq type='set' id='1'><data xmlns='jabber:iq:data'>Zm9v</data></iq>".to_owned(), false),
        ("<iq type='set' id='1'><data>Zm9v</data></iq>".to_owned(), false),
    ] {
        assert_eq!(block_of(&xml, 64).is_some(), carries, "{xml}");
    }
}

#[test]
fn echoed_block_of_any_length_leaves_the_error_readable() {
    // A server that bounces a block sends all of it back before it says why.
    let echo = base64_of(&noise(65535, 21));
    assert!(echo.len() > 87_000);
    let xml = format!(
        "<iq type='error' id='i9' from='b@x.example/s' to='a@x.example/r'>\
         <data xmlns='http://jabber.org/protocol/ibb' sid='s-1' seq='9'>{echo}</data>\
         <error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    );
    for longest in [1, 1460, 100_000] {
        let mut memory = Memory::new(3072, 1024);
        let mut reader = memory.hosted();
        for piece in cut(xml.as_bytes(), longest, 4) {
            reader.feed(&mut piece.to_vec()).unwrap();
        }
        let element = reader.element();
        assert!(reader.between() && !element.truncated());
        assert_eq!(read_error(element), StanzaCondition::ItemNotFound);
        assert_eq!(element.child(Ns::Ibb, "data").unwrap().attr("seq"), Some("9"));
        assert_eq!(reader.block(&[]), None);
    }
}

#[test]
fn error_behind_a_payload_larger_than_the_tape_is_readable() {
    let fields = "<field var='x'><value>0123456789</value></field>".repeat(400);
    let text = "long ".repeat(4000);
    for payload in [
        format!("<x xmlns='jabber:x:data'>{fields}</x>"),
        format!("<body>{text}</body>"),
        format!("<si xmlns='http://jabber.org/protocol/si' id='{}'/>", "i".repeat(5000)),
    ] {
        for tape in [1024, 3072] {
            let xml = format!(
                "<message type='error' id='m' from='b@x.example/s'>{payload}<error type='wait'>\
                 <resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\
                 <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>{text}</text></error></message>"
            );
            let mut memory = Memory::new(tape, 16);
            let mut reader = memory.hosted();
            assert_eq!(reader.feed(&mut xml.into_bytes()).unwrap().1, Fed::Element);
            let element = reader.element();
            assert!(element.truncated());
            assert_eq!(stanza(element).unwrap().id, Some("m"));
            assert_eq!(read_error(element), StanzaCondition::ResourceConstraint);
        }
    }
}

#[test]
fn truncation_keeps_what_came_first_and_cuts_text_at_a_character() {
    // The one-byte characters would still fit where a long one does not: a hole must not be glued over.
    let text = "\u{1F691}x".repeat(1000);
    let xml =
        format!("<message id='m' from='a@x.example/r'><subject>kept</subject><body>{text}</body></message>");
    for shift in 0..4 {
        for longest in [3, 50_000] {
            let xml = xml.replace("kept", &"k".repeat(4 + shift));
            let mut memory = Memory::new(1024, 16);
            let mut reader = memory.hosted();
            for piece in cut(xml.as_bytes(), longest, 11) {
                reader.feed(&mut piece.to_vec()).unwrap();
            }
            let element = reader.element();
            assert!(element.truncated() && element.child(Ns::Client, "subject").unwrap().truncated());
            assert_eq!(element.child(Ns::Client, "subject").unwrap().text().len(), 4 + shift);
            let body = element.child(Ns::Client, "body").unwrap().text();
            assert!(body.len() > 500 && text.starts_with(body), "{} bytes", body.len());
        }
    }
}

#[test]
fn element_after_a_truncated_one_is_whole_again() {
    let xml = format!("<message><body>{}</body></message><iq type='result' id='2'/>", "x".repeat(5000));
    let mut memory = Memory::new(1024, 16);
    let seen = hosted(&mut memory, &[xml.as_bytes()]);
    let [Seen::Element { truncated: true, .. }, Seen::Element { truncated: false, .. }] = seen.as_slice()
    else {
        panic!("{seen:?}")
    };
}

#[test]
fn envelope_is_kept_before_any_other_attribute() {
    let xml =
        format!("<iq junk='{}' more='1' type='set' id='7' from='a@x.example/r'><a/></iq>", "j".repeat(4000));
    let mut memory = Memory::new(1024, 16);
    let mut reader = memory.hosted();
    reader.feed(&mut xml.into_bytes()).unwrap();
    let found = stanza(reader.element()).unwrap();
    assert!(found.element.truncated());
    assert_eq!((found.kind, found.id, found.from), (Kind::IqSet, Some("7"), Some("a@x.example/r")));
}

/// STZ-03
#[test]
fn sender_too_long_to_record_is_not_taken_for_our_own_account() {
    // Without `from` a stanza would be the server's word (STZ-03).
    let xml = format!("<iq type='set' id='7' from='a@x.example/{}'><a/></iq>", "r".repeat(2000));
    let mut memory = Memory::new(1024, 16);
    let mut reader = memory.hosted();
    reader.feed(&mut xml.into_bytes()).unwrap();
    assert_eq!(stanza(reader.element()).err(), Some(Malformed { answerable: false }));
}

#[test]
fn smallest_tape_holds_no_more_than_a_byte_and_does_no_harm() {
    for tape in 0..64 {
        let mut memory = Memory::new(tape, 4);
        for example in EXAMPLES {
            let seen = hosted(&mut memory, &[example.as_bytes()]);
            assert!(matches!(seen.as_slice(), [Seen::Element { .. }]), "{tape} bytes: {seen:?}");
        }
    }
}

#[test]
fn unknown_namespaces_are_named_and_not_entered() {
    let xml = "<iq type='get' id='1'><query xmlns='urn:example:new' a='1'>text<item>\
        <ping xmlns='urn:xmpp:ping'/></item></query></iq>";
    with_stanza(xml, |element| {
        let payload = stanza(element).unwrap().payload.unwrap();
        assert_eq!((payload.ns(), payload.name()), (Ns::Other, "query"));
        assert_eq!((payload.attr("a"), payload.text(), payload.children().count()), (None, "", 0));
    });
}

#[test]
fn attributes_with_a_namespace_are_not_the_plain_ones() {
    let xml = "<iq xmlns:e='urn:example:e' type='set' e:type='error' e:from='root@x.example' id='1' xml:lang='de'>\
        <open xmlns='http://jabber.org/protocol/ibb' e:sid='no' sid='yes'/></iq>";
    with_stanza(xml, |element| {
        let found = stanza(element).unwrap();
        assert_eq!((found.kind, found.from, element.attr("lang")), (Kind::IqSet, None, None));
        assert_eq!(found.payload.unwrap().attr("sid"), Some("yes"));
    });
}

#[test]
fn prefixes_never_matter() {
    // XM-14, ATK-06.
    for xml in [
        "<iq type='set' id='1'><open xmlns='http://jabber.org/protocol/ibb' sid='s'/></iq>",
        "<iq xmlns='jabber:client' type='set' id='1'><i:open xmlns:i='http://jabber.org/protocol/ibb' sid='s'/></iq>",
        "<c:iq xmlns:c='jabber:client' xmlns='http://jabber.org/protocol/ibb' type='set' id='1'><open sid='s'/></c:iq>",
        "<stream:iq xmlns:stream='jabber:client' type='set' id='1'>\
         <stream:open xmlns:stream='http://jabber.org/protocol/ibb' sid='s'/></stream:iq>",
    ] {
        with_stanza(xml, |element| {
            let found = stanza(element).unwrap();
            assert_eq!(found.kind, Kind::IqSet);
            assert!(found.payload.unwrap().is(Ns::Ibb, "open"), "{xml}");
        });
    }
    let spoof =
        "<iq xmlns='urn:example:spoof' type='set' id='1'><open xmlns='http://jabber.org/protocol/ibb'/></iq>";
    with_stanza(spoof, |element| {
        assert_eq!(stanza(element).err(), Some(Malformed { answerable: false }));
    });
}

#[test]
fn tree_can_be_walked_by_name() {
    with_stanza(EXAMPLES[4], |element| {
        let si = stanza(element).unwrap().payload.unwrap();
        assert_eq!((si.ns(), si.attr("mime-type")), (Ns::Si, Some("application/dicom")));
        let file = si.child(Ns::Sift, "file").unwrap();
        assert_eq!(file.attr("name"), Some("Thorax <1>.dcm"));
        let desc = file.child(Ns::Sift, "desc").unwrap();
        assert_eq!(desc.text(), "Sch\u{e4}del & Hals <a> ]] & b fertig");
        assert!(file.child(Ns::Sift, "range").is_some() && si.child(Ns::Sift, "range").is_none());
        let field = si.child(Ns::Fneg, "feature").and_then(|f| f.child(Ns::Xdata, "x")).unwrap();
        let option = field.children().next().unwrap().children().next().unwrap();
        assert_eq!(option.child(Ns::Xdata, "value").unwrap().text(), Ns::Ibb.uri());
    });
}

#[test]
fn text_around_children_is_the_first_run_and_pieces_of_a_run_are_one() {
    with_stanza("<message>a&amp;<![CDATA[b]]>c<body/>d</message>", |element| {
        assert_eq!(element.text(), "a&bc")
    });
    with_stanza("<message><body/>d</message>", |element| assert_eq!(element.text(), "d"));
    with_stanza("<message><body/></message>", |element| assert_eq!(element.text(), ""));
}

#[test]
fn element_ends_the_feed_right_behind_its_last_byte() {
    let one = data_iq("Zm9v");
    let mut input = format!("{one}{one} <iq type='result' id='z'/>").into_bytes();
    let original = input.clone();
    let mut memory = Memory::new(1024, 16);
    let mut reader = memory.hosted();
    assert_eq!(reader.feed(&mut input), Ok((one.len(), Fed::Element)));
    assert_eq!(input[one.len()..], original[one.len()..], "the rest is untouched");
    assert_eq!(reader.feed(&mut input[one.len()..]), Ok((one.len(), Fed::Element)));
    assert_eq!(reader.feed(&mut input[2 * one.len()..]), Ok((1, Fed::Space)));
    assert!(reader.between());
    assert_eq!(reader.feed(&mut input[2 * one.len() + 1..]), Ok((26, Fed::Element)));
    assert!(reader.between());
}

#[test]
fn header_is_an_element_with_attributes() {
    let mut memory = Memory::new(1024, 16);
    let mut reader = memory.reader();
    assert_eq!(reader.feed(&mut ROOT.as_bytes().to_vec()), Ok((ROOT.len(), Fed::Header)));
    let root = reader.element();
    assert!(root.is(Ns::Streams, "stream") && !root.truncated());
    assert_eq!((root.attr("version"), root.attr("id")), (Some("1.0"), Some("s1")));
    assert_eq!(reader.feed(&mut b"</stream:stream>".to_vec()), Ok((16, Fed::End)));
}

#[test]
fn restart_forgets_the_old_stream() {
    // STR-07.
    let mut memory = Memory::new(1024, 16);
    let mut reader = memory.reader();
    reader.feed(&mut ROOT.as_bytes().to_vec()).unwrap();
    let features = b"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>";
    assert_eq!(reader.feed(&mut features.to_vec()).unwrap().1, Fed::Element);
    assert_eq!(reader.feed(&mut b"<proceed ".to_vec()).unwrap().1, Fed::More);
    assert!(!reader.between());
    reader.restart();
    assert!(reader.between());
    assert_eq!(reader.feed(&mut ROOT.as_bytes().to_vec()), Ok((ROOT.len(), Fed::Header)));
}

#[test]
fn hosted_stream_knows_when_a_stanza_was_whole() {
    let xml = data_iq("Zm9v");
    let mut memory = Memory::new(1024, 16);
    for at in 1..xml.len() {
        let mut reader = memory.hosted();
        assert!(reader.between());
        let (head, tail) = xml.as_bytes().split_at(at);
        assert_eq!(reader.feed(&mut head.to_vec()), Ok((at, Fed::More)));
        assert!(!reader.between(), "cut at {at}");
        assert_eq!(reader.feed(&mut tail.to_vec()), Ok((tail.len(), Fed::Element)));
        assert!(reader.between());
    }
}

#[test]
fn reader_memory_too_small_for_a_hosted_stream_is_told_at_the_first_feed() {
    let (mut tape, mut block) = (vec![0; 1024], vec![0; 16]);
    let mut reader = StanzaReader::new(&mut [], &mut tape, &mut block, Limits::default());
    reader.enter_hosted();
    assert_eq!(reader.feed(&mut b"<iq/>".to_vec()), Err(XmlError::ScratchFull));
}

#[test]
fn envelope_of_good_stanzas_is_read() {
    let cases: &[(&str, Kind, Option<&str>)] = &[
        ("<iq type='get' id='1' from='a@x/r' to='b@x'><p/></iq>", Kind::IqGet, Some("p")),
        ("<iq type='set' id='1' from='a@x/r' to='b@x'> <p/> </iq>", Kind::IqSet, Some("p")),
        ("<iq type='result' id='1' from='a@x/r' to='b@x'/>", Kind::IqResult, None),
        ("<iq type='result' id='1' from='a@x/r' to='b@x'><p/><q/></iq>", Kind::IqResult, Some("p")),
        ("<iq type='error' id='1' from='a@x/r' to='b@x'><p/><error/></iq>", Kind::IqError, None),
        ("<message id='1' from='a@x/r' to='b@x' type='odd'/>", Kind::Message(MessageType::Normal), None),
        ("<message id='1' from='a@x/r' to='b@x' type='error'/>", Kind::Message(MessageType::Error), None),
        ("<presence id='1' from='a@x/r' to='b@x'/>", Kind::Presence(PresenceType::Available), None),
        (
            "<presence id='1' from='a@x/r' to='b@x' type='unavailable'/>",
            Kind::Presence(PresenceType::Unavailable),
            None,
        ),
    ];
    for (xml, kind, payload) in cases {
        with_stanza(xml, |element| {
            let found = stanza(element).unwrap();
            assert_eq!(found.kind, *kind, "{xml}");
            assert_eq!(found.payload.map(|payload| payload.name()), *payload, "{xml}");
            assert_eq!(
                (found.id, found.from, found.element.attr("to")),
                (Some("1"), Some("a@x/r"), Some("b@x"))
            );
        });
    }
}

/// ATK-13
#[test]
fn malformed_envelopes_are_answered_only_where_an_answer_fits() {
    // ATK-13, ATK-14.
    for (xml, answerable) in [
        ("<iq type='get' id='1'/>", true),
        ("<iq type='set' id='1'>text</iq>", true),
        ("<iq type='set' id='1'><a/><b/></iq>", true),
        ("<iq type='steal' id='1'><a/></iq>", true),
        ("<iq id='1'><a/></iq>", true),
        (
            "<iq type='get' id='1'><data xmlns='http://jabber.org/protocol/ibb' sid='s' seq='0'>AAAA</data></iq>",
            true,
        ),
        ("<iq type='get'><a/></iq>", false),
        ("<iq type='steal'><a/></iq>", false),
        ("<iq type='result'/>", false),
        ("<iq type='error'><error/></iq>", false),
        ("<presence type='steal' id='1'/>", false),
        ("<r xmlns='urn:xmpp:sm:3' id='1'/>", false),
        ("<query id='1' type='get'/>", false),
    ] {
        with_stanza(xml, |element| {
            assert_eq!(stanza(element).err(), Some(Malformed { answerable }), "{xml}");
        });
    }
}

/// STZ-06, STZ-07
#[test]
fn conditions_are_read_by_name_and_old_numbers_only_without_one() {
    // STZ-06, STZ-07.
    let ns = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'";
    let cases = [
        (format!("<error type='wait'><item-not-found {ns}/></error>"), StanzaCondition::ItemNotFound),
        (format!("<error><text {ns}>t</text><conflict {ns}/></error>"), StanzaCondition::Conflict),
        (format!("<error code='404'><forbidden {ns}/></error>"), StanzaCondition::Forbidden),
        (
            format!("<error code='404'><payment-required-soon {ns}/></error>"),
            StanzaCondition::UndefinedCondition,
        ),
        ("<error code='404'>Not Found</error>".to_owned(), StanzaCondition::ItemNotFound),
        ("<error code='504'/>".to_owned(), StanzaCondition::RemoteServerTimeout),
        ("<error code='999'/>".to_owned(), StanzaCondition::UndefinedCondition),
        ("<error><item-not-found/></error>".to_owned(), StanzaCondition::UndefinedCondition),
        ("<error/>".to_owned(), StanzaCondition::UndefinedCondition),
        (String::new(), StanzaCondition::UndefinedCondition),
    ];
    for (child, condition) in cases {
        let xml = format!("<iq type='error' id='1'>{child}</iq>");
        with_stanza(&xml, |element| assert_eq!(read_error(element), condition, "{xml}"));
    }
}

/// What `write` writes.
fn written(write: impl FnOnce(&mut Writer<'_>)) -> String {
    let mut out = vec![0; 1024];
    let mut w = Writer::new(&mut out);
    write(&mut w);
    let len = w.finish().unwrap();
    out.truncate(len);
    String::from_utf8(out).unwrap()
}

#[test]
fn every_condition_survives_writing_and_reading() {
    for &condition in StanzaCondition::ALL {
        for legacy_code in [false, true] {
            let xml = written(|w| {
                let app = Some(("urn:example:app", "no-room"));
                let text = Some("try < later");
                write_error(w, Some("a@x/r"), "i'1", ErrorType::Wait, condition, text, app, legacy_code);
            });
            with_stanza(&xml, |element| {
                let found = stanza(element).unwrap();
                assert_eq!(
                    (found.kind, found.id, found.element.attr("to")),
                    (Kind::IqError, Some("i'1"), Some("a@x/r"))
                );
                assert_eq!(read_error(element), condition);
                let error = element.child(Ns::Client, "error").unwrap();
                assert_eq!(error.attr("type"), Some("wait"));
                assert_eq!(error.child(Ns::Stanzas, "text").unwrap().text(), "try < later");
                // STZ-05: the application element comes last.
                assert_eq!(error.children().last().unwrap().name(), "no-room");
                assert!(legacy_code || error.attr("code").is_none());
            });
        }
    }
}

#[test]
fn old_numbers_written_are_the_ones_read() {
    for &condition in StanzaCondition::ALL {
        let xml = written(|w| {
            write_error(w, None, "1", ErrorType::Cancel, condition, None, None, true);
        });
        let without = xml.replace(&format!("<{} xmlns='{}'/>", condition.name(), Ns::Stanzas.uri()), "");
        assert!(without.len() < xml.len());
        let number = with_stanza(&xml, |element| {
            element.child(Ns::Client, "error").unwrap().attr("code").map(str::to_owned)
        });
        let read = with_stanza(&without, read_error);
        if ["400", "401", "403", "404", "405", "406", "501", "503", "504"]
            .contains(&number.as_deref().unwrap_or(""))
        {
            assert_ne!(read, StanzaCondition::UndefinedCondition, "{number:?}");
        }
        if condition == StanzaCondition::PolicyViolation {
            assert_eq!(number, None, "it is younger than the numbers");
        }
    }
}

#[test]
fn results_and_heads_are_written_as_iqs() {
    assert_eq!(written(|w| write_result(w, Some("a@x/r"), "1")), "<iq type='result' to='a@x/r' id='1'/>");
    let head = written(|w| {
        open_iq(w, IqType::Get, None, "2");
        w.open("ping").attr("xmlns", Ns::Ping.uri()).close("ping").close("iq");
    });
    assert_eq!(head, "<iq type='get' id='2'><ping xmlns='urn:xmpp:ping'/></iq>");
    with_stanza(&head, |element| {
        assert!(stanza(element).unwrap().payload.unwrap().is(Ns::Ping, "ping"));
    });
}

#[test]
fn namespaces_map_both_ways() {
    for &ns in Ns::ALL {
        assert_eq!(Ns::from_uri(ns.uri()), ns);
    }
    assert_eq!(Ns::from_uri("jabber:client "), Ns::Other);
}

/// ATK-02
#[test]
fn thousands_of_siblings_and_deep_nesting_are_bounded() {
    // ATK-02.
    let wide = format!(
        "<iq type='result' id='1'><query xmlns='http://jabber.org/protocol/disco#items'>{}</query></iq>",
        "<item jid='a@x'/>".repeat(5000)
    );
    let mut memory = Memory::new(2048, 16);
    let mut reader = memory.hosted();
    assert_eq!(reader.feed(&mut wide.clone().into_bytes()).unwrap(), (wide.len(), Fed::Element));
    let query = stanza(reader.element()).unwrap().payload.unwrap();
    assert!(query.truncated() && query.children().count() > 10);
    // XML-07: in the server's own layer that ends the stream, elsewhere it is skipped.
    let deep = format!("{}{}", "<message>".repeat(40), "</message>".repeat(40));
    let own = [ROOT.as_bytes(), deep.as_bytes()].concat();
    assert_eq!(feed_all(&mut memory.reader(), &[&own])[1..], [Seen::Error(XmlError::TooDeep)]);
    let mut reader = memory.hosted();
    assert_eq!(reader.feed(&mut deep.clone().into_bytes()).unwrap(), (deep.len(), Fed::Element));
    assert_eq!(reader.element().oversized(), Some(XmlError::TooDeep));
}
