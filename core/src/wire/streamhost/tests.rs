//! Streamhosts as they come, well and ill.

use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

use super::*;
use crate::wire::stanza::sample::{self, written};

const NS: &str = "http://jabber.org/protocol/bytestreams";

fn query(inner: &str) -> String {
    format!("<query xmlns='{NS}' sid='s1'>{inner}</query>")
}

/// Host and port of everything that can be used, at most `most` looked at.
fn places(inner: &str, most: usize) -> Vec<(String, u16)> {
    sample::read(&query(inner), |query| {
        list(query, most).map(|found| (found.host.to_string(), found.port)).collect()
    })
}

fn one(attributes: &str) -> Option<(String, String, u16)> {
    sample::read(&query(&format!("<streamhost {attributes}/>")), |query| {
        let read = read(&query.children().next().unwrap())?;
        Some((read.jid.to_string(), read.host.to_string(), read.port))
    })
}

#[test]
fn what_we_write_reads_back() {
    for (jid, host, port) in [
        ("ct1@rad.example/gw", "192.0.2.7", 1),
        ("proxy.rad.example/17", "2001:db8::7", 65_535),
        ("müller@klinik.example/Röntgen 'a' & <b>", "proxy.rad.example", 7777),
    ] {
        let streamhost = Streamhost { jid, host, port };
        let text = query(&written(|w| write(w, &streamhost)));
        sample::read(&text, |query| assert_eq!(list(query, 16).collect::<Vec<_>>(), vec![streamhost]));
    }
    let plain = written(|w| write(w, &Streamhost { jid: "a@b/c", host: "192.0.2.7", port: 5000 }));
    assert_eq!(plain, "<streamhost jid='a@b/c' host='192.0.2.7' port='5000'/>");
}

#[test]
fn dsc_12_a_streamhost_without_a_port_listens_at_1080() {
    assert_eq!(one("jid='p.x' host='h'").unwrap().2, 1080);
    assert_eq!(one("jid='p.x' host='h' zeroconf='_jabber.bytestreams'").unwrap().2, 1080);
}

#[test]
fn dsc_11_qrk_22_the_address_is_kept_as_it_stands() {
    assert_eq!(one("jid='proxy.Hospital.test/17' host='h' port='7777'").unwrap().0, "proxy.Hospital.test/17");
}

#[test]
fn s5b_03_atk_26_a_port_is_a_number_from_1_to_65535() {
    for (port, want) in [("1", 1), ("65535", 65_535), ("05000", 5000)] {
        assert_eq!(one(&format!("jid='p.x' host='h' port='{port}'")).unwrap().2, want);
    }
    for port in ["0", "65536", "99999", "-1", "+1", " 1", "1 ", "", "0x50", "5000.0", "000080", "١"] {
        assert_eq!(one(&format!("jid='p.x' host='h' port='{port}'")), None, "{port:?}");
    }
}

#[test]
fn s5b_03_s5b_18_a_host_is_a_bare_address_or_a_name() {
    let long = "h".repeat(255);
    for host in
        ["192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7", "proxy.test", "proxy.test.", "bücher.test", &long]
    {
        assert_eq!(one(&format!("jid='p.x' host='{host}' port='1'")).unwrap().1, host);
    }
    let longer = "h".repeat(256);
    for host in [
        "",
        " ",
        "a b",
        " a",
        "a ",
        "[2001:db8::7]",
        "fe80::1%eth0",
        "a/b",
        "a@b",
        "http://a",
        "a&#9;b",
        "a&#10;b",
        "a&#x85;b",
        "a&lt;b",
        "a&quot;b",
        &longer,
    ] {
        assert_eq!(one(&format!("jid='p.x' host='{host}' port='1'")), None, "{host:?}");
    }
    assert_eq!(one("jid='p.x' port='1'"), None);
}

#[test]
fn an_address_that_is_none_makes_no_streamhost() {
    let longest = format!("p.x/{}", "r".repeat(252));
    assert!(one(&format!("jid='{longest}' host='h'")).is_some());
    for jid in ["", "@x", "a@", "a b@x/c d@", "x/", &format!("{longest}r")] {
        assert_eq!(one(&format!("jid='{jid}' host='h'")), None, "{jid:?}");
    }
    assert_eq!(one("host='h' port='1'"), None);
}

#[test]
fn other_elements_and_other_namespaces_are_no_streamhosts() {
    let inner = "<streamhost xmlns='jabber:client' jid='p.x' host='a'/><x><streamhost jid='p.x' host='b'/></x>\
        <streamhost-used jid='p.x' host='c'/><streamhost jid='p.x' host='d'><proxy xmlns='x'/></streamhost>text";
    assert_eq!(places(inner, 16), [("d".to_string(), 1080)]);
}

#[test]
fn s5b_03_each_place_stands_once_and_the_first_one_counts() {
    let inner = "<streamhost jid='a@b/c' host='Proxy.test' port='5000'/>\
        <streamhost jid='p.x' host='proxy.test' port='5000'/>\
        <streamhost jid='p.x' host='proxy.test' port='5001'/>\
        <streamhost jid='p.x' host='proxy.test' port='0'/>\
        <streamhost jid='a@b/c' host='Proxy.test' port='5000'/>";
    sample::read(&query(inner), |query| {
        let found: Vec<_> = list(query, 16).map(|s| (s.jid, s.port)).collect();
        assert_eq!(found, [("a@b/c", 5000), ("p.x", 5001)]);
    });
}

#[test]
fn atk_26_of_a_thousand_streamhosts_the_first_sixteen_are_looked_at() {
    let many = |port: usize| -> String {
        (0..1000).map(|n| format!("<streamhost jid='p.x' host='h{n}' port='{port}'/>")).collect()
    };
    let text = query(&many(1));
    sample::read_in_pieces(&text, usize::MAX, 100_000, |query| {
        let found: Vec<_> = list(query, 16).map(|s| s.host.to_string()).collect();
        assert_eq!(found, (0..16).map(|n| format!("h{n}")).collect::<Vec<_>>());
    });
    // A good one behind sixteen bad ones is not looked for.
    let bad = query(&(many(0) + "<streamhost jid='p.x' host='good'/>"));
    sample::read_in_pieces(&bad, usize::MAX, 100_000, |query| assert_eq!(list(query, 16).count(), 0));
}

#[test]
fn what_the_tape_left_out_never_becomes_a_port() {
    let inner: String =
        (0..40).map(|n| format!("<streamhost jid='p.x' host='h{n}' port='{}'/>", 2000 + n)).collect();
    let text = query(&inner);
    let mut most = 0;
    for tape in 1024..3000 {
        most = most.max(sample::read_in_pieces(&text, usize::MAX, tape, |query| {
            let found: Vec<_> = list(query, 40).map(|s| (s.host.to_string(), s.port)).collect();
            let whole: Vec<_> = (0..found.len()).map(|n| (format!("h{n}"), 2000 + n as u16)).collect();
            assert_eq!(found, whole, "a tape of {tape} bytes");
            found.len()
        }));
    }
    assert!((10..=40).contains(&most), "{most} fitted");
}

#[test]
fn pieces_of_any_size_give_the_same_streamhosts() {
    let text =
        query("<streamhost jid='p.x' host='h1' port='5000'/><streamhost jid='ü@x/y' host='::1' port='1'/>");
    for size in 1..=text.len() {
        sample::read_in_pieces(&text, size, 4096, |query| {
            let found: Vec<_> = list(query, 16).map(|s| (s.jid, s.host, s.port)).collect();
            assert_eq!(found, [("p.x", "h1", 5000), ("ü@x/y", "::1", 1)], "{size}");
        });
    }
}
