//! Any split gives the same events (XML-05, XM-15), and `rxml` sees the same documents.

use super::generate::{damaged, document};
use proptest::prelude::*;
use proptest::sample::Index;
use xft_core::internals::xml::{Limits, XmlError};
use xft_tests::fuzz_targets;
use xft_tests::xml_trace::{Item, Trace, WIDE, read, read_with_rxml};

/// Cuts `bytes` at the given places; empty pieces stay, because an input may be empty.
pub(crate) fn pieces<'b>(bytes: &'b [u8], cuts: &[Index]) -> Vec<&'b [u8]> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    at.sort_unstable();
    let mut from = 0;
    let mut pieces = Vec::new();
    for to in at {
        pieces.push(&bytes[from..to]);
        from = to;
    }
    pieces.push(&bytes[from..]);
    pieces
}

fn whole(document: &[u8], limits: Limits, scratch: usize) -> Trace<XmlError> {
    read([document], limits, &mut vec![0; scratch])
}

pub(crate) fn cuts() -> impl Strategy<Value = Vec<Index>> {
    proptest::collection::vec(any::<Index>(), 0..24)
}

/// Failures are printed whole and become tests by name, so no seeds are kept.
pub(crate) fn config() -> ProptestConfig {
    ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    /// XML-05
    #[test]
    fn any_split_gives_the_same_events(document in damaged(), cuts in cuts()) {
        let split = read(pieces(&document, &cuts), WIDE, &mut [0; 8192]);
        prop_assert_eq!(whole(&document, WIDE, 8192), split);
    }

    /// XML-05, XML-07
    #[test]
    fn any_split_meets_the_same_limit(
        document in document(), cuts in cuts(), scratch in 0..600usize, depth in 1..5u8, attributes in 0..5u8,
        name_bytes in 1..20u8, value_bytes in 0..60u16, namespaces in 0..6u8, element_bytes in 0..400u32,
    ) {
        let limits = Limits { depth, attributes, name_bytes, value_bytes, namespaces, element_bytes };
        let split = read(pieces(document.as_bytes(), &cuts), limits, &mut vec![0; scratch]);
        prop_assert_eq!(whole(document.as_bytes(), limits, scratch), split);
    }

    #[test]
    fn rxml_reads_the_same_from_generated_documents(document in document()) {
        let ours = whole(document.as_bytes(), WIDE, 8192);
        fuzz_targets::agrees_with_rxml(document.as_bytes(), &ours);
    }

    #[test]
    fn rxml_reads_the_same_from_damaged_documents(document in damaged()) {
        let ours = whole(&document, WIDE, 8192);
        fuzz_targets::agrees_with_rxml(&document, &ours);
    }

    #[test]
    fn any_bytes_keep_every_promise(document in proptest::collection::vec(any::<u8>(), 0..200)) {
        fuzz_targets::xml(&document);
    }
}

#[test]
fn generated_documents_are_mostly_well_formed() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let good = (0..200).filter(|_| {
        let document = document().new_tree(&mut runner).expect("a document").current();
        whole(document.as_bytes(), WIDE, 8192).error.is_none()
    });
    let good = good.count();
    assert!((60..195).contains(&good), "{good} of 200: the properties above would compare too little");
}

#[test]
fn rxml_reads_the_same_stanzas() {
    for stanza in STANZAS {
        let document =
            format!("<s:stream xmlns='jabber:client' xmlns:s='http://etherx.jabber.org/streams'>{stanza}");
        let ours = whole(document.as_bytes(), Limits::default(), 2048);
        assert_eq!(ours.error, None, "{stanza}");
        let theirs = read_with_rxml(document.as_bytes());
        assert_eq!((&ours.items, theirs.error), (&theirs.items, None));
        let starts = ours.items.iter().filter(|item| matches!(item, Item::Start(..))).count();
        let ends = ours.items.iter().filter(|item| matches!(item, Item::End)).count();
        assert_eq!(starts, ends + 1, "only the root is open after {stanza}");
        fuzz_targets::xml(document.as_bytes());
    }
}

/// One of every kind of element that crosses a stream.
const STANZAS: [&str; 14] = [
    "<s:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></s:features>",
    "<s:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-256</mechanism>\
     <mechanism>PLAIN</mechanism></mechanisms></s:features>",
    "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
    "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>cj1meUs0ZA==</challenge>",
    "<iq type='result' id='b1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>a@b.example/c</jid></bind></iq>",
    "<presence from='pacs@h.example/x'><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v='/>\
     <priority> 5 </priority><show>dnd</show></presence>",
    "<iq type='get' id='d1' from='a@b/c'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
    "<iq type='set' id='o1' from='a@b/c'><open xmlns='http://jabber.org/protocol/ibb' block-size='4096' sid='s1' \
     stanza='iq'/></iq>",
    "<iq type='set' id='o2' from='a@b/c'><data xmlns='http://jabber.org/protocol/ibb' seq='0' sid='s1'>QUJD\nREVG\
     </data></iq>",
    "<iq type='error' id='o2' from='a@b/c'><error type='cancel'><item-not-found \
     xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xml:lang='en' xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>\
     no &lt;such&gt; session</text></error></iq>",
    "<iq type='set' id='f1' from='a@b/c'><si xmlns='http://jabber.org/protocol/si' id='t1' \
     profile='http://jabber.org/protocol/si/profile/file-transfer'><file \
     xmlns='http://jabber.org/protocol/si/profile/file-transfer' name='CT &amp; MR.dcm' size='1022'><range/></file>\
     <feature xmlns='http://jabber.org/protocol/feature-neg'><x xmlns='jabber:x:data' type='form'><field \
     var='stream-method' type='list-single'><option><value>http://jabber.org/protocol/ibb</value></option></field>\
     </x></feature></si></iq>",
    "<message from='a@b/c' type='chat'><body><![CDATA[<urgent>]]> \u{20ac}</body><x:delay xmlns:x='urn:xmpp:delay' \
     stamp='2026-01-01T00:00:00Z'/></message>",
    "<c:iq xmlns:c='jabber:client' type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></c:iq>",
    "<s:error><not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></s:error>",
];
