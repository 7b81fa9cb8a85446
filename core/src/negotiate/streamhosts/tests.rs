//! Offers of streamhosts and their answers, ours and those of peers as they really are.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::*;
use crate::wire::stanza::sample::{read, written};

const NS: &str = "http://jabber.org/protocol/bytestreams";
const HOST: &str = "<streamhost jid='ct1@rad.example/gw' host='192.0.2.7' port='5086'/>";

fn query(attributes: &str, inner: &str) -> String {
    format!("<query xmlns='{NS}' {attributes}>{inner}</query>")
}

/// What the query comes to: its hosts, or why not.
fn hosts(text: &str) -> Result<Vec<String>, QueryRefusal> {
    read(text, |payload| read_query(payload).map(|query| query.hosts().map(|h| h.host.to_string()).collect()))
}

#[test]
fn s5b_01_our_streamhosts_read_back_in_their_order() {
    let ours = [
        Streamhost { jid: "proxy.rad.example/17", host: "proxy.rad.example", port: 7777 },
        Streamhost { jid: "ct1@rad.example/gw", host: "192.0.2.7", port: 5086 },
        Streamhost { jid: "ct1@rad.example/gw", host: "2001:db8::7", port: 5086 },
    ];
    let text = written(|w| write_query(w, "0123456789abcdef", ours.iter().copied()));
    read(&text, |payload| {
        let query = read_query(payload).unwrap();
        assert_eq!((query.sid, query.dstaddr), ("0123456789abcdef", None));
        assert_eq!(query.hosts().collect::<Vec<_>>(), ours);
    });
    let head = format!("<query xmlns='{NS}' sid='0123456789abcdef' mode='tcp'><streamhost ");
    assert!(text.starts_with(&head) && text.ends_with("</query>"), "{text}");
}

#[test]
fn s5b_01_s5b_02_what_cannot_be_taken_is_refused_by_its_own_name() {
    let port = |port: &str| HOST.replace("5086", port);
    for (text, want) in [
        (query("", HOST), BAD),
        (query("sid=''", HOST), BAD),
        (query("sid='s1'", ""), BAD),
        (query("sid='s1'", "<streamhost/>"), BAD),
        (query("sid='s1'", &port("0")), BAD),
        (query("sid='s1'", &port("65536")), BAD),
        (query("sid='s1'", &port("x")), BAD),
        (query("sid='s1'", &HOST.replace("192.0.2.7", "")), BAD),
        (query("sid='s1'", "<activate>ct1@rad.example/gw</activate>"), BAD),
        (query("sid='s1' mode='udp'", HOST), UNWANTED),
        (query("sid='s1' mode='TCP'", HOST), UNWANTED),
        (format!("<query xmlns='http://jabber.org/protocol/ibb' sid='s1'>{HOST}</query>"), BAD),
    ] {
        assert_eq!(hosts(&text), Err(want), "{text}");
    }
}

#[test]
fn s5b_13_a_stream_id_of_128_bytes_is_the_longest() {
    for (bytes, fits) in [(1, true), (128, true), (129, false), (1000, false)] {
        let text = query(&format!("sid='{}'", "s".repeat(bytes)), HOST);
        assert_eq!(hosts(&text).is_ok(), fits, "{bytes}");
    }
    read(&query("sid='a b&amp;ü'", HOST), |payload| assert_eq!(read_query(payload).unwrap().sid, "a b&ü"));
}

#[test]
fn s5b_12_s5_02_a_dstaddr_replaces_the_digest_or_is_refused() {
    let digest = "416781edf1ae50bad01cb8509ba35b43952bc345";
    let longest = "d".repeat(255);
    for dstaddr in [digest, "x", &longest] {
        read(&query(&format!("sid='yia72g3v49j7' dstaddr='{dstaddr}'"), HOST), |payload| {
            assert_eq!(read_query(payload).unwrap().dstaddr.unwrap().as_bytes(), dstaddr.as_bytes());
        });
    }
    let longer = "d".repeat(256);
    for dstaddr in ["", " ", "a b", "a&#9;b", "ü", &longer] {
        assert_eq!(hosts(&query(&format!("sid='s1' dstaddr='{dstaddr}'"), HOST)), Err(BAD), "{dstaddr:?}");
    }
}

#[test]
fn one_bad_streamhost_costs_only_itself() {
    let inner = HOST.replace("5086", "0") + HOST + "<streamhost jid='x' host='[::1]' port='1'/>";
    assert_eq!(hosts(&query("sid='s1'", &inner)).unwrap(), ["192.0.2.7"]);
}

#[test]
fn s5b_03_atk_26_no_more_than_sixteen_places_are_tried_whatever_comes() {
    let inner: String = (0..100).map(|n| format!("<streamhost jid='p.x' host='h{n}' port='1'/>")).collect();
    read(&query("sid='s1'", &inner), |payload| {
        assert_eq!(read_query(payload).unwrap().hosts().count(), HOSTS_MAX);
    });
    let same = HOST.repeat(100);
    assert_eq!(hosts(&query("sid='s1'", &same)).unwrap(), ["192.0.2.7"]);
}

#[test]
fn queries_of_real_clients_are_read_with_what_they_add() {
    for (who, attributes, inner, want) in [
        // A mode, and a mark for the two-way offers of S5B-17, on the query and on a proxy.
        (
            "marks",
            "mode='tcp' sid='s1'",
            "<streamhost jid='a@b/c' host='192.0.2.7' port='8010'/>\
             <streamhost jid='p.x' host='192.0.2.9' port='7777'><proxy xmlns='http://affinix.com/jabber/stream'/>\
             </streamhost><fast xmlns='http://affinix.com/jabber/stream'/>",
            &["192.0.2.7", "192.0.2.9"][..],
        ),
        // Every interface of the machine, IPv6 of a link with its zone among them.
        (
            "interfaces",
            "sid='jsi_1' mode='tcp'",
            "<streamhost jid='a@b/c' host='192.0.2.7' port='7777'/>\
             <streamhost jid='a@b/c' host='fe80::1%eth0' port='7777'/>\
             <streamhost jid='a@b/c' host='2001:db8::7' port='7777'/>",
            &["192.0.2.7", "2001:db8::7"],
        ),
        // Announced by multicast instead of a port, as in early revisions.
        (
            "zeroconf",
            "sid='s1'",
            "<streamhost jid='p.x' host='192.0.2.9' zeroconf='_jabber.bytestreams'/>",
            &["192.0.2.9"],
        ),
        // White space and line ends between elements.
        ("lines", "sid='s1'", "\n  <streamhost jid='a@b/c'\n host='h'\n port='1'/>\n", &["h"]),
    ] {
        assert_eq!(hosts(&query(attributes, inner)).unwrap(), want, "{who}");
    }
}

#[test]
fn s5b_05_s5b_06_who_is_used_is_named_once() {
    let text = written(|w| write_used(w, "s1", "proxy.rad.example/17"));
    read(&text, |payload| assert_eq!(read_used(payload), Some("proxy.rad.example/17")));
    assert_eq!(
        text,
        format!("<query xmlns='{NS}' sid='s1'><streamhost-used jid='proxy.rad.example/17'/></query>")
    );
    let used = "<streamhost-used jid='a@b/c'/>";
    for (text, want) in [
        (query("", used), Some("a@b/c")),
        (query("sid='other'", used), Some("a@b/c")),
        (query("", ""), None),
        (query("", "<streamhost-used/>"), None),
        (query("", "<streamhost-used jid=''/>"), None),
        (query("", "<streamhost jid='a@b/c'/>"), None),
        (query("", &used.repeat(2)), None),
        (query("", "<streamhost-used xmlns='x' jid='a@b/c'/>"), None),
        (format!("<si xmlns='http://jabber.org/protocol/si'>{used}</si>"), None),
    ] {
        read(&text, |payload| assert_eq!(read_used(payload), want, "{text}"));
    }
}

#[test]
fn s5b_08_the_activation_names_stream_and_target() {
    let text = written(|w| write_activate(w, "s1", "pacs@arch.example/<1>"));
    assert_eq!(
        text,
        format!("<query xmlns='{NS}' sid='s1'><activate>pacs@arch.example/&lt;1&gt;</activate></query>")
    );
}

#[test]
fn pieces_of_any_size_and_texts_cut_anywhere_never_give_another_query() {
    use crate::wire::stanza::sample::read_in_pieces;
    let text =
        query("sid='s1' dstaddr='x'", &(HOST.to_string() + "<streamhost jid='p.x' host='h' port='2'/>"));
    for size in 1..text.len() {
        read_in_pieces(&text, size, 4096, |payload| {
            let query = read_query(payload).unwrap();
            let places: Vec<_> = query.hosts().map(|h| (h.host, h.port)).collect();
            assert_eq!((query.sid, &*places), ("s1", &[("192.0.2.7", 5086), ("h", 2)][..]), "{size}");
        });
    }
}
