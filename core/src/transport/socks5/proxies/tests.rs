//! What servers tell of their proxies, and what hostile ones tell.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::*;
use crate::wire::stanza::sample::{read, read_in_pieces, written};

const S5B: &str = "http://jabber.org/protocol/bytestreams";

fn items(inner: &str) -> Vec<String> {
    let text = format!("<query xmlns='http://jabber.org/protocol/disco#items'>{inner}</query>");
    read_in_pieces(&text, usize::MAX, 1_000_000, |query| read_items(query).map(str::to_string).collect())
}

fn info(inner: &str) -> bool {
    read(&format!("<query xmlns='http://jabber.org/protocol/disco#info'>{inner}</query>"), is_proxy)
}

fn addresses(inner: &str) -> Vec<(String, String, u16)> {
    read(&format!("<query xmlns='{S5B}'>{inner}</query>"), |query| {
        read_addresses(query).map(|a| (a.jid.to_string(), a.host.to_string(), a.port)).collect()
    })
}

#[test]
fn dsc_09_components_of_a_server_are_asked_and_parts_of_them_are_not() {
    let found = items(
        "<item jid='conference.hospital.test' name='Rooms'/><item jid='proxy.hospital.test'/>\
         <item jid='hospital.test' node='announce' name='Announcements'/><item name='none'/><item jid=''/>\
         <item jid='a b'/><other jid='x.test'/><item xmlns='x' jid='y.test'/><item jid='proxy.hospital.test'/>",
    );
    assert_eq!(found, ["conference.hospital.test", "proxy.hospital.test"]);
}

#[test]
fn dsc_09_atk_16_of_thousands_of_items_twenty_are_asked() {
    let many: String = (0..2_000).map(|n| format!("<item jid='c{n}.test'/>")).collect();
    assert_eq!(items(&many), (0..20).map(|n| format!("c{n}.test")).collect::<Vec<_>>());
    assert_eq!(items(&"<item jid='c.test'/>".repeat(2_000)), ["c.test"]);
    let long = format!("<item jid='{}.test'/>", "c".repeat(252));
    assert_eq!(items(&long), Vec::<String>::new());
}

#[test]
fn dsc_09_a_proxy_is_what_says_so_by_its_identity() {
    let proxy = "<identity category='proxy' type='bytestreams' name='SOCKS5 Bytestreams'/>";
    assert!(info(proxy));
    assert!(info(&format!("<identity category='component' type='generic'/>{proxy}")));
    for other in [
        String::new(),
        format!("<feature var='{S5B}'/>"),
        proxy.replace("proxy", "client"),
        proxy.replace("bytestreams", "sms"),
        proxy.replace("<identity", "<identity xmlns='x'"),
        "<identity category='proxy'/><identity type='bytestreams'/>".to_string(),
    ] {
        assert!(!info(&other), "{other}");
    }
    let items = "<query xmlns='http://jabber.org/protocol/disco#items'>";
    assert!(!read(&format!("{items}{proxy}</query>"), is_proxy));
}

#[test]
fn dsc_11_qrk_22_both_servers_proxies_tell_their_addresses() {
    // One answers with its own address, the other with a full one of the node that listens.
    let prosody = "<streamhost jid='proxy.hospital.test' host='proxy.hospital.test' port='5000'/>";
    let ejabberd = "<streamhost jid='proxy.hospital.test/1234567890' host='192.0.2.9' port='7777'/>";
    let want = |jid: &str, host: &str, port| (jid.to_string(), host.to_string(), port);
    assert_eq!(addresses(prosody), [want("proxy.hospital.test", "proxy.hospital.test", 5000)]);
    assert_eq!(addresses(ejabberd), [want("proxy.hospital.test/1234567890", "192.0.2.9", 7777)]);
    assert_eq!(addresses(&prosody.replace(" port='5000'", ""))[0].2, 1080, "DSC-12");
}

#[test]
fn atk_26_four_addresses_of_a_proxy_are_enough() {
    let many: String = (1..100).map(|n| format!("<streamhost jid='p.x' host='h{n}' port='{n}'/>")).collect();
    assert_eq!(addresses(&many).len(), ADDRESSES_MAX);
    assert!(addresses("<streamhost jid='p.x' host='h' port='0'/>").is_empty());
    assert!(addresses("").is_empty());
    let other = "<query xmlns='jabber:client'><streamhost xmlns='http://jabber.org/protocol/bytestreams' jid='p.x' host='h'/></query>";
    assert_eq!(read(other, |query| read_addresses(query).count()), 0);
}

#[test]
fn the_question_for_addresses_has_no_stream_id() {
    assert_eq!(written(write_address_query), format!("<query xmlns='{S5B}'/>"));
}
