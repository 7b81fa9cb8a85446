use super::*;
use std::vec;
use std::vec::Vec;

const OFFERED: HostKind = HostKind::Offered { slot: 2, generation: 0xabcd };

fn ids(hosts: &Hosts<'_>) -> Vec<u16> {
    hosts.iter().map(|host| host.id).collect()
}

#[test]
fn an_entry_comes_back_as_it_went_in() {
    let mut memory = [0xee; 300];
    let mut hosts = Hosts::new(&mut memory);
    let dst = HostKind::Dst { slot: 0xfffe, generation: 1 };
    let kinds = [HostKind::Address, HostKind::Item, HostKind::Proxy, OFFERED, dst];
    for (kind, port) in kinds.into_iter().zip([0, 1, 1080, 5222, 65535]) {
        let id = hosts.push(kind, "proxy.example", "192.0.2.1", port).unwrap();
        let wanted =
            Host { id, kind, request: 0, failures: 0, port, jid: "proxy.example", host: "192.0.2.1" };
        assert_eq!(hosts.get(id), Some(wanted));
    }
    assert!(hosts.iter().map(|host| host.kind).eq(kinds));
}

#[test]
fn texts_may_be_empty_or_as_long_as_an_address_can_be() {
    let mut memory = vec![0; 8000];
    let mut hosts = Hosts::new(&mut memory);
    let (jid, host) = ("j".repeat(3071), "h".repeat(255));
    let empty = hosts.push(HostKind::Item, "", "", 0).unwrap();
    let long = hosts.push(OFFERED, &jid, &host, 1).unwrap();
    assert_eq!(hosts.get(empty).map(|host| (host.jid, host.host)), Some(("", "")));
    assert_eq!(hosts.get(long).map(|host| (host.jid, host.host)), Some((jid.as_str(), host.as_str())));
    assert_eq!(hosts.push(OFFERED, "j", &"h".repeat(256), 1), None);
    assert_eq!(ids(&hosts), [empty, long]);
}

#[test]
fn entries_leave_in_any_order_and_the_rest_keeps_its_order_and_ids() {
    for gone in 0..16_u16 {
        let mut memory = [0; 400];
        let mut hosts = Hosts::new(&mut memory);
        let texts = ["a", "bb", "ccc", "dddd"];
        let all: Vec<u16> =
            texts.iter().map(|text| hosts.push(HostKind::Proxy, text, "host", 1).unwrap()).collect();
        let leaves = |id: u16| gone & (1 << all.iter().position(|other| *other == id).unwrap()) != 0;
        hosts.remove(|host| leaves(host.id));
        let left: Vec<u16> = all.iter().copied().filter(|id| !leaves(*id)).collect();
        assert_eq!(ids(&hosts), left);
        for (id, text) in all.iter().zip(texts) {
            assert_eq!(hosts.get(*id).map(|host| host.jid), (!leaves(*id)).then_some(text));
        }
        let new = hosts.push(HostKind::Item, "new", "", 1).unwrap();
        assert!(!all.contains(&new), "an id comes again only after all others");
    }
}

#[test]
fn a_full_list_refuses_and_changes_nothing() {
    let mut memory = [0; 2 * HEAD_BYTES + 5];
    let mut hosts = Hosts::new(&mut memory);
    let first = hosts.push(HostKind::Address, "a", "b", 1).unwrap();
    for (jid, host) in [("abcd", ""), ("", "abcd"), ("ab", "cd")] {
        assert_eq!(hosts.push(HostKind::Item, jid, host, 1), None);
        assert_eq!(ids(&hosts), [first]);
    }
    let second = hosts.push(HostKind::Item, "c", "de", 1).unwrap();
    assert_eq!(hosts.push(HostKind::Item, "", "", 1), None);
    hosts.remove(|host| host.id == first);
    assert_eq!(ids(&hosts), [second]);
    assert!(hosts.push(HostKind::Item, "a", "", 1).is_some(), "room comes back");
}

#[test]
fn no_memory_is_an_empty_list() {
    let mut hosts = Hosts::new(&mut []);
    assert_eq!(hosts.push(HostKind::Address, "", "", 1), None);
    hosts.set_request(0, 1);
    hosts.failed(1);
    hosts.remove(|_| true);
    assert!(hosts.iter().next().is_none() && hosts.get(0).is_none());
}

#[test]
fn requests_and_failures_belong_to_one_entry() {
    let mut memory = [0; 200];
    let mut hosts = Hosts::new(&mut memory);
    let [one, two, three] = [1, 2, 3].map(|port| hosts.push(HostKind::Item, "jid", "host", port).unwrap());
    hosts.set_request(two, 0x0102_0304);
    for _ in 0..300 {
        hosts.failed(three);
    }
    hosts.failed(999);
    let seen: Vec<_> = hosts.iter().map(|host| (host.id, host.request, host.failures, host.port)).collect();
    assert_eq!(seen, [(one, 0, 0, 1), (two, 0x0102_0304, 0, 2), (three, 0, 255, 3)]);
    assert!(hosts.iter().all(|host| host.jid == "jid" && host.host == "host" && host.kind == HostKind::Item));
    hosts.set_request(two, 0);
    assert_eq!(hosts.get(two).map(|host| host.request), Some(0));
}

#[test]
fn ids_go_round_past_those_in_use_and_never_are_0() {
    let mut memory = [0; 100];
    let mut hosts = Hosts::new(&mut memory);
    let stays = hosts.push(HostKind::Address, "", "", 1).unwrap();
    for _ in 0..70_000_u32 {
        let id = hosts.push(HostKind::Item, "", "", 1).unwrap();
        assert!(id != 0 && id != stays);
        hosts.remove(|host| host.id == id);
    }
}
