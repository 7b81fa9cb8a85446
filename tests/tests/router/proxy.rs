//! The router's proxies: what they say to stanzas, whom they join, and what they pass.

use proptest::prelude::*;
use sha1::{Digest, Sha1};
use xft_tests::router::*;
use xft_tests::scripted::*;

const S5B: &str = "http://jabber.org/protocol/bytestreams";
const CT1: &str = "ct1@hospital.test/gw";
const PACS: &str = "pacs@hospital.test/in";

struct Bed {
    w: World,
    ct1: StreamNo,
    pacs: StreamNo,
}

fn digest(sid: &str) -> Vec<u8> {
    let hash = Sha1::digest(format!("{sid}{CT1}{PACS}"));
    hash.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
}

fn request(destination: &[u8]) -> Vec<u8> {
    let head = [5, 1, 0, 3, destination.len() as u8];
    [&head[..], destination, &[0, 0]].concat()
}

fn reply(rep: u8, destination: &[u8]) -> Vec<u8> {
    let mut bytes = request(destination);
    bytes[1] = rep;
    bytes
}

impl Bed {
    fn new(proxies: &[ProxyConfig]) -> Self {
        let mut w = World::new(RouterConfig { proxies: proxies.to_vec(), ..config() });
        let (ct1, pacs) = w.pair();
        Self { w, ct1, pacs }
    }

    fn one(words: &str) -> Self {
        let mut proxy: ProxyConfig = words.parse().unwrap();
        proxy.port = 7777;
        Self::new(&[proxy])
    }

    fn ask(&mut self, kind: &str, to: &str, payload: &str) -> String {
        self.w.ask(self.ct1, &format!("<iq type='{kind}' id='7' to='{to}'>{payload}</iq>"))
    }

    fn activate_at(&mut self, to: &str, sid: &str, target: &str) -> String {
        let payload = format!("<query xmlns='{S5B}' sid='{sid}'><activate>{target}</activate></query>");
        self.ask("set", to, &payload)
    }

    fn activate(&mut self, sid: &str) -> String {
        self.activate_at("proxy.hospital.test", sid, PACS)
    }

    fn open(&mut self) -> ProxyStreamNo {
        self.w.router.proxy().opened(self.w.now, 0).unwrap()
    }

    fn input(&mut self, no: ProxyStreamNo, bytes: &[u8]) {
        assert_eq!(self.w.router.proxy().input(self.w.now, no, bytes), bytes.len());
    }

    /// Everything that may be written to a client now.
    fn take(&mut self, no: ProxyStreamNo) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let bytes = self.w.router.proxy().output(no).to_vec();
            if bytes.is_empty() {
                return all;
            }
            self.w.router.proxy().written(no, bytes.len());
            all.extend(bytes);
        }
    }

    fn say(&mut self, no: ProxyStreamNo, bytes: &[u8]) -> Vec<u8> {
        self.input(no, bytes);
        self.take(no)
    }

    fn effect(&mut self, no: ProxyStreamNo) -> Option<ProxyEffect> {
        self.w.router.proxy().effect(no)
    }

    /// A stream after its greeting.
    fn greeted(&mut self) -> ProxyStreamNo {
        let no = self.open();
        assert_eq!(self.say(no, b"\x05\x01\x00"), b"\x05\x00");
        no
    }

    /// A stream after its handshake.
    fn connected(&mut self, destination: &[u8]) -> ProxyStreamNo {
        let no = self.greeted();
        assert_eq!(self.say(no, &request(destination)), reply(0, destination));
        assert_eq!(self.effect(no), None);
        no
    }

    /// The target's and the requester's stream, activated.
    fn joined(&mut self) -> (ProxyStreamNo, ProxyStreamNo) {
        let (target, requester) = (self.connected(&digest("s1")), self.connected(&digest("s1")));
        let answer = self.activate("s1");
        assert!(answer.contains("type='result'"), "{answer}");
        (target, requester)
    }
}

fn condition(answer: &str) -> &str {
    assert!(answer.contains("type='error'"), "{answer}");
    let inner = answer.split("<error ").nth(1).unwrap().split('<').nth(1).unwrap();
    inner.split(' ').next().unwrap()
}

#[test]
fn dsc_09_a_proxy_is_found_by_items_info_and_address() {
    let mut bed = Bed::one("on");
    let items = "<query xmlns='http://jabber.org/protocol/disco#items'/>";
    let found = bed.ask("get", DOMAIN, items);
    assert!(found.contains("<item jid='proxy.hospital.test'/>"), "{found}");
    let info =
        bed.ask("get", "proxy.hospital.test", "<query xmlns='http://jabber.org/protocol/disco#info'/>");
    assert!(info.contains("<identity category='proxy' type='bytestreams'"), "{info}");
    assert!(info.contains(&format!("<feature var='{S5B}'/>")), "{info}");
    assert_eq!(
        bed.ask("get", "proxy.hospital.test", &format!("<query xmlns='{S5B}'/>")),
        format!(
            "<iq type='result' id='7' from='proxy.hospital.test' to='{CT1}'><query xmlns='{S5B}'>\
             <streamhost jid='proxy.hospital.test' host='127.0.0.1' port='7777'/></query></iq>"
        )
    );
    let none = bed.ask("get", "proxy.hospital.test", items);
    assert!(none.contains("disco#items'></query>") || none.contains("disco#items'/>"), "{none}");
}

#[test]
fn dsc_09_no_proxy_is_listed_unless_configured() {
    let items = "<query xmlns='http://jabber.org/protocol/disco#items'/>";
    let address = format!("<query xmlns='{S5B}'/>");
    let mut bed = Bed::new(&[]);
    assert!(!bed.ask("get", DOMAIN, items).contains("<item "));
    assert_eq!(condition(&bed.ask("get", "proxy.hospital.test", &address)), "remote-server-not-found");
    let mut bed = Bed::one("unlisted");
    assert!(!bed.ask("get", DOMAIN, items).contains("<item "));
    assert!(bed.ask("get", "proxy.hospital.test", &address).contains("<streamhost "));
}

#[test]
fn dsc_09_an_address_query_is_refused_as_configured() {
    for words in ["address:forbidden", "address:not-allowed", "address:item-not-found"] {
        let answer = Bed::one(words).ask("get", "proxy.hospital.test", &format!("<query xmlns='{S5B}'/>"));
        assert_eq!(condition(&answer), words.split_once(':').unwrap().1);
    }
    let mut deaf = Bed::new(&["on".parse().unwrap()]);
    let answer = deaf.ask("get", "proxy.hospital.test", &format!("<query xmlns='{S5B}'/>"));
    assert_eq!(condition(&answer), "item-not-found", "a proxy that does not listen");
}

#[test]
fn dsc_11_qrk_22_a_streamhost_with_a_full_address_is_activated_only_there() {
    let mut bed = Bed::one("node:6151");
    let address = bed.ask("get", "proxy.hospital.test", &format!("<query xmlns='{S5B}'/>"));
    assert!(address.contains("<streamhost jid='proxy.hospital.test/6151' "), "{address}");
    bed.connected(&digest("s1"));
    bed.connected(&digest("s1"));
    let answer = bed.activate_at("proxy.hospital.test", "s1", PACS);
    assert_eq!(condition(&answer), "service-unavailable");
    let answer = bed.activate_at("proxy.hospital.test/6151", "s1", PACS);
    assert_eq!(answer, format!("<iq type='result' id='7' from='proxy.hospital.test/6151' to='{CT1}'></iq>"));
}

#[test]
fn two_proxies_are_two_components_with_streams_of_their_own() {
    let mut second = ProxyConfig::new("proxy2", "127.0.0.1", 7778);
    second.refuse_activation = Some(Condition::Forbidden);
    let mut bed = Bed::new(&[ProxyConfig::new("proxy", "127.0.0.1", 7777), second]);
    let found = bed.ask("get", DOMAIN, "<query xmlns='http://jabber.org/protocol/disco#items'/>");
    assert!(found.contains("<item jid='proxy.hospital.test'/><item jid='proxy2.hospital.test'/>"), "{found}");
    let address = bed.ask("get", "proxy2.hospital.test", &format!("<query xmlns='{S5B}'/>"));
    assert!(address.contains(" port='7778'"), "{address}");
    bed.connected(&digest("s1"));
    let other = bed.w.router.proxy().opened(0, 1).unwrap();
    bed.say(other, b"\x05\x01\x00");
    assert_eq!(bed.say(other, &request(&digest("s1"))), reply(0, &digest("s1")));
    assert_eq!(condition(&bed.activate("s1")), "not-allowed", "one stream each joins nothing");
    assert_eq!(condition(&bed.activate_at("proxy2.hospital.test", "s1", PACS)), "forbidden");
    assert_eq!(bed.w.router.proxy().opened(0, 2), None);
}

#[test]
fn s5b_09_activation_names_what_is_missing() {
    let mut bed = Bed::one("on");
    assert_eq!(condition(&bed.activate("s1")), "item-not-found", "nobody is connected");
    let target = bed.connected(&digest("s1"));
    assert_eq!(condition(&bed.activate("s1")), "not-allowed", "one side is");
    let requester = bed.connected(&digest("s1"));
    assert_eq!(condition(&bed.activate("s2")), "item-not-found", "another stream id");
    let answer = bed.activate_at("proxy.hospital.test", "s1", "ws@hospital.test/x");
    assert_eq!(condition(&answer), "item-not-found", "another target");
    let pacs = bed.pacs;
    let theft = format!(
        "<iq type='set' id='7' to='proxy.hospital.test'><query xmlns='{S5B}' sid='s1'><activate>{PACS}</activate></query></iq>"
    );
    assert_eq!(condition(&bed.w.ask(pacs, &theft)), "item-not-found", "not from the requester");
    assert_eq!(condition(&bed.activate_at("proxy.hospital.test", "s1", "@/")), "jid-malformed");
    assert_eq!(condition(&bed.activate("")), "bad-request");
    assert_eq!(condition(&bed.activate(&"s".repeat(129))), "bad-request");
    let none = bed.ask("set", "proxy.hospital.test", &format!("<query xmlns='{S5B}' sid='s1'/>"));
    assert_eq!(condition(&none), "bad-request");
    bed.input(requester, b"early");
    assert_eq!(bed.take(target), b"", "nothing of this has activated anything");
    assert!(bed.activate("s1").contains("type='result'"));
    assert_eq!(condition(&bed.activate("s1")), "conflict", "already activated");
    assert_eq!(bed.w.router.proxy().counters().activated, 1);
}

#[test]
fn s5b_09_activation_is_refused_with_every_condition_on_demand() {
    for wanted in Condition::ALL {
        let mut bed = Bed::one(&format!("refuse:{}", wanted.name()));
        let (target, requester) = (bed.connected(&digest("s1")), bed.connected(&digest("s1")));
        assert_eq!(condition(&bed.activate("s1")), wanted.name());
        bed.input(requester, b"payload");
        assert_eq!(bed.take(target), b"");
    }
}

#[test]
fn s5b_10_nothing_passes_before_activation_and_early_bytes_are_kept() {
    let mut bed = Bed::one("on");
    let (target, requester) = (bed.connected(&digest("s1")), bed.connected(&digest("s1")));
    bed.input(requester, b"early ");
    bed.input(target, b"back ");
    assert_eq!((bed.take(target), bed.take(requester)), (vec![], vec![]));
    assert!(bed.activate("s1").contains("type='result'"));
    bed.input(requester, b"late");
    bed.input(target, b"again");
    assert_eq!((bed.take(target), bed.take(requester)), (b"early late".to_vec(), b"back again".to_vec()));
    assert_eq!(bed.w.router.proxy().counters().passed_bytes, 20);
}

#[test]
fn s5b_31_a_greeting_is_read_in_any_pieces_and_judged() {
    for pieces in [&[b"\x05\x03\x01\x02\x00" as &[u8]][..], &[b"\x05", b"\x03\x01", b"\x02", b"\x00"]] {
        let mut bed = Bed::one("on");
        let no = bed.open();
        pieces.iter().for_each(|piece| bed.input(no, piece));
        assert_eq!(bed.take(no), b"\x05\x00");
    }
    for (greeting, answer) in [
        (b"\x05\x02\x01\x02" as &[u8], b"\x05\xff" as &[u8]),
        (b"\x05\x00", b"\x05\xff"),
        (b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00", b""),
        (b"GET / HTTP/1.1\r\n", b""),
    ] {
        let mut bed = Bed::one("on");
        let no = bed.open();
        assert_eq!(bed.say(no, greeting), answer);
        assert_eq!(bed.effect(no), Some(ProxyEffect::Close));
    }
}

#[test]
fn s5b_32_a_request_that_cannot_be_served_is_echoed_with_its_code() {
    for (at, byte, rep) in [(1, 3, 7), (2, 1, 1), (46, 1, 2)] {
        let mut bed = Bed::one("on");
        let no = bed.greeted();
        let mut asked = request(&digest("s1"));
        asked[at] = byte;
        let answer = bed.say(no, &asked);
        asked[1] = rep;
        assert_eq!(answer, asked);
        assert_eq!(bed.effect(no), Some(ProxyEffect::Close));
    }
    let mut bed = Bed::one("on");
    let no = bed.greeted();
    assert_eq!(bed.say(no, b"\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x00")[..2], [5, 8]);
}

#[test]
fn s5b_21_who_speaks_before_the_answer_is_refused() {
    let mut bed = Bed::one("on");
    let no = bed.open();
    assert_eq!(bed.say(no, &[b"\x05\x01\x00", &request(&digest("s1"))[..]].concat()), b"\x05\xff");
    assert_eq!(bed.effect(no), Some(ProxyEffect::Close));
    let no = bed.open();
    bed.input(no, b"\x05\x01\x00");
    bed.input(no, &request(&digest("s1")));
    assert_eq!(bed.take(no), [b"\x05\x00", &reply(1, &digest("s1"))[..]].concat());
    assert_eq!(bed.effect(no), Some(ProxyEffect::Close));
    let no = bed.greeted();
    let glued = [&request(&digest("s1"))[..], b"payload"].concat();
    assert_eq!(bed.say(no, &glued), reply(1, &digest("s1")));
    assert_eq!(bed.effect(no), Some(ProxyEffect::Close));
    assert_eq!(condition(&bed.activate("s1")), "item-not-found");
}

#[test]
fn s5b_34_a_third_stream_for_a_destination_is_refused_and_the_pair_lives() {
    let mut bed = Bed::one("on");
    let (target, requester) = (bed.connected(&digest("s1")), bed.connected(&digest("s1")));
    let third = bed.greeted();
    assert_eq!(bed.say(third, &request(&digest("s1"))), reply(2, &digest("s1")));
    assert_eq!(bed.effect(third), Some(ProxyEffect::Close));
    assert!(bed.activate("s1").contains("type='result'"));
    bed.input(requester, b"file");
    assert_eq!(bed.take(target), b"file");
}

#[test]
fn s5b_32_destinations_are_compared_without_folding_case() {
    let mut bed = Bed::one("on");
    bed.connected(&digest("s1"));
    bed.connected(&digest("s1").to_ascii_uppercase());
    assert_eq!(condition(&bed.activate("s1")), "not-allowed");
}

#[test]
fn s5b_15_qrk_23_the_end_of_one_side_ends_both_after_the_rest_was_passed() {
    let mut bed = Bed::one("on");
    let (target, requester) = bed.joined();
    bed.input(requester, b"the last bytes");
    bed.w.router.proxy().ended(requester);
    assert_eq!((bed.effect(target), bed.effect(requester)), (None, None), "the rest first");
    assert_eq!(bed.w.router.proxy().output(target), b"the last bytes");
    bed.w.router.proxy().written(target, 9);
    assert_eq!(bed.effect(target), None);
    assert_eq!(bed.take(target), b"bytes");
    assert_eq!(bed.effect(target), Some(ProxyEffect::Finish));
    assert_eq!(bed.effect(requester), Some(ProxyEffect::Close));
    bed.w.router.proxy().ended(target);
    assert_eq!(bed.effect(target), Some(ProxyEffect::Close));
    [target, requester].into_iter().for_each(|no| bed.w.router.proxy().closed(no));
    assert_eq!(bed.w.router.proxy().next_ready(), None);
    assert_eq!(bed.w.router.next_deadline(0), None);
}

#[test]
fn a_vanished_sender_does_not_take_its_last_bytes_along() {
    let mut bed = Bed::one("on");
    let (target, requester) = bed.joined();
    bed.input(requester, b"rest");
    bed.w.router.proxy().closed(requester);
    assert_eq!(bed.take(target), b"rest");
    assert_eq!(bed.effect(target), Some(ProxyEffect::Finish));
}

#[test]
fn a_sender_learns_that_its_receiver_is_gone() {
    let mut bed = Bed::one("on");
    let (target, requester) = bed.joined();
    bed.input(requester, b"on its way");
    bed.w.router.proxy().closed(target);
    assert_eq!(bed.effect(requester), Some(ProxyEffect::Close));

    let mut bed = Bed::one("on");
    let (target, requester) = bed.joined();
    bed.w.router.proxy().closed(target);
    assert_eq!(bed.effect(requester), Some(ProxyEffect::Finish));
    bed.input(requester, b"more");
    assert_eq!(bed.effect(requester), Some(ProxyEffect::Close));
}

#[test]
fn a_slow_side_holds_the_other_back_and_no_byte_is_lost() {
    let mut proxy = ProxyConfig::new("proxy", "127.0.0.1", 7777);
    proxy.buffer_bytes = 100;
    let mut bed = Bed::new(&[proxy]);
    let (target, requester) = bed.joined();
    let sent: Vec<u8> = (0..250).map(|n| n as u8).collect();
    let (mut at, mut got) = (0, Vec::new());
    while got.len() < sent.len() {
        at += bed.w.router.proxy().input(0, requester, &sent[at..]);
        let full = !bed.w.router.proxy().has_room(requester);
        assert_eq!(full, at - got.len() == 100, "at {at}");
        got.extend(bed.take(target));
    }
    assert_eq!(got, sent);
}

#[test]
fn a_proxy_dies_after_exactly_the_bytes_configured() {
    let mut bed = Bed::one("dies:1000");
    let (target, requester) = bed.joined();
    bed.input(requester, &[1; 600]);
    assert_eq!(bed.take(target).len(), 600);
    bed.input(target, &[2; 100]);
    assert_eq!(bed.take(requester).len(), 100);
    bed.input(requester, &[1; 600]);
    assert_eq!(bed.take(target).len(), 300, "both directions count");
    assert_eq!(bed.effect(target), Some(ProxyEffect::Close));
    assert_eq!(bed.effect(requester), Some(ProxyEffect::Close));
}

#[test]
fn a_silent_proxy_reads_and_never_answers() {
    let mut bed = Bed::one("silent");
    let no = bed.open();
    assert_eq!(bed.say(no, b"\x05\x01\x00"), b"");
    bed.w.router.tick(3_600_000);
    assert_eq!(bed.effect(no), None);
    bed.w.router.proxy().ended(no);
    assert_eq!(bed.effect(no), Some(ProxyEffect::Close));
}

#[test]
fn s5b_30_streams_are_limited_in_number_and_in_time() {
    let mut proxy = ProxyConfig::new("proxy", "127.0.0.1", 7777);
    proxy.streams_max = 3;
    let mut bed = Bed::new(&[proxy]);
    let late = bed.open();
    let waiting = bed.connected(&digest("s1"));
    bed.open();
    assert_eq!(bed.w.router.proxy().opened(0, 0), None);
    assert_eq!(bed.w.router.next_deadline(0), Some(5000));
    bed.w.router.tick(4999);
    assert_eq!(bed.effect(late), None);
    bed.w.router.tick(5000);
    assert_eq!(bed.effect(late), Some(ProxyEffect::Close));
    bed.w.router.proxy().closed(late);
    assert!(bed.w.router.proxy().opened(5000, 0).is_some());
    assert_eq!(bed.effect(waiting), None);
    bed.w.router.tick(60_000);
    assert_eq!(bed.effect(waiting), Some(ProxyEffect::Close), "never activated");
    assert_eq!(condition(&bed.activate("s1")), "item-not-found");
}

#[test]
fn words_that_make_no_proxy_are_named() {
    for words in ["", "dead", "dies", "dies:many", "refuse:gone", "address", "at:host", "node:", "on,quiet"] {
        assert!(words.parse::<ProxyConfig>().is_err(), "{words}");
    }
    let proxy: ProxyConfig = "dies:4096,node:9,at:192.0.2.1:7625".parse().unwrap();
    assert_eq!((proxy.dies_after_bytes, proxy.node.as_deref()), (Some(4096), Some("9")));
    assert_eq!((proxy.host.as_str(), proxy.port), ("192.0.2.1", 7625));
}

proptest! {
    #[test]
    fn bytes_pass_unchanged_both_ways_in_any_pieces(
        steps in prop::collection::vec((any::<bool>(), any::<bool>(), 0usize..300), 1..80),
        buffer_bytes in 80usize..400,
    ) {
        let mut proxy = ProxyConfig::new("proxy", "127.0.0.1", 7777);
        proxy.buffer_bytes = buffer_bytes;
        let mut bed = Bed::new(&[proxy]);
        let (one, two) = bed.joined();
        let (mut sent, mut got) = ([vec![], vec![]], [vec![], vec![]]);
        let mut next = 0u8;
        for (second, write, count) in steps {
            let (no, side) = if second { (two, 1) } else { (one, 0) };
            if write {
                let bytes: Vec<u8> = (0..count).map(|_| { next = next.wrapping_add(1); next }).collect();
                let taken = bed.w.router.proxy().input(0, no, &bytes);
                sent[side].extend(&bytes[..taken]);
            } else {
                let output = bed.w.router.proxy().output(no).to_vec();
                let count = count.min(output.len());
                bed.w.router.proxy().written(no, count);
                got[side].extend(&output[..count]);
            }
        }
        bed.w.router.proxy().ended(one);
        got[1].extend(bed.take(two));
        prop_assert_eq!(&got[1], &sent[0]);
        prop_assert!(sent[1].starts_with(&got[0]));
        prop_assert!(bed.effect(two).is_some());
    }
}
