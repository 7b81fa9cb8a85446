//! Where a domain's server is: names, order and fallback (STR-01, STR-03), with vectors computed by hand from RFC 2782.

use std::collections::BTreeMap;
use xft_core::locate::{Place, Record, Search, Service};

use Service::{Direct, StartTls};

fn record(service: Service, priority: u16, weight: u16, port: u16, target: &str) -> Record<'_> {
    Record { service, priority, weight, port, target }
}

fn all<'r>(records: &[Record<'r>], fallback: Service, random: u64) -> Vec<Place<'r>> {
    let mut search = Search::new("hospital.test", fallback, random);
    let mut places = Vec::new();
    while let Some(place) = search.next(records.iter().copied()) {
        places.push(place);
        assert!(places.len() <= 65, "never ends");
    }
    assert_eq!(search.next(records.iter().copied()), None);
    places
}

fn hosts(records: &[Record<'_>], random: u64) -> String {
    all(records, StartTls, random).iter().map(|place| format!("{}:{} ", place.host, place.port)).collect()
}

#[test]
fn str_01_two_names_are_asked_for() {
    assert_eq!([StartTls, Direct].map(Service::prefix), ["_xmpp-client._tcp.", "_xmpps-client._tcp."]);
}

#[test]
fn str_01_the_domain_itself_is_tried_only_without_any_record() {
    let itself = |service, port| [Place { service, host: "hospital.test", port }];
    assert_eq!(all(&[], StartTls, 1), itself(StartTls, 5222));
    assert_eq!(all(&[], Direct, 1), itself(Direct, 5223));
    // "Not offered here" is an answer, for one service and for both.
    let none = |service| record(service, 0, 0, 0, ".");
    assert_eq!(all(&[none(StartTls)], StartTls, 1), []);
    assert_eq!(all(&[none(StartTls), none(Direct)], Direct, 1), []);
    let direct = record(Direct, 5, 0, 443, "x.hospital.test");
    assert_eq!(hosts(&[none(StartTls), direct], 1), "x.hospital.test:443 ");
    // What cannot be connected to is no place either, and still a record.
    assert_eq!(all(&[record(StartTls, 0, 0, 0, "x.test"), record(StartTls, 0, 0, 1, "")], StartTls, 1), []);
}

#[test]
fn str_01_str_03_records_of_both_services_are_one_set_in_the_order_of_priority() {
    let records = [
        record(StartTls, 20, 0, 5222, "c.hospital.test."),
        record(Direct, 10, 100, 443, "b.hospital.test."),
        record(StartTls, 30, 7, 80, "d.hospital.test"),
        record(Direct, 0, 0, 5223, "a.hospital.test."),
    ];
    for random in 0..50 {
        let places = all(&records, StartTls, random);
        let order: String = places.iter().map(|place| &place.host[..1]).collect();
        assert_eq!(order, "abcd");
        assert_eq!(
            places.iter().map(|place| place.service).collect::<Vec<_>>(),
            [Direct, Direct, StartTls, StartTls]
        );
        assert!(places.iter().all(|place| !place.host.ends_with('.')));
    }
}

/// RFC 2782: a record is the first one with its weight in proportion to all, one of weight 0 hardly ever.
#[test]
fn str_01_weights_share_the_first_place() {
    let records = [
        record(StartTls, 1, 0, 1, "z"),
        record(StartTls, 1, 60, 1, "a"),
        record(StartTls, 1, 30, 1, "b"),
        record(Direct, 1, 10, 1, "c"),
    ];
    let mut first = BTreeMap::new();
    let mut orders = BTreeMap::new();
    const ROUNDS: u64 = 20_200;
    for random in 0..ROUNDS {
        let order: String = all(&records, StartTls, random).iter().map(|place| place.host).collect();
        assert_eq!(order.len(), 4, "each once");
        *first.entry(order[..1].to_owned()).or_insert(0u64) += 1;
        *orders.entry(order).or_insert(0u64) += 1;
    }
    // 101 numbers can be drawn: 1 is for weight 0, 60, 30 and 10 for the others; within 15 of 100 of that.
    for (host, share) in [("z", 1), ("a", 60), ("b", 30), ("c", 10)] {
        let (seen, wanted) = (first[host], ROUNDS * share / 101);
        assert!(seen.abs_diff(wanted) * 100 <= wanted * 15 + 3000, "{host}: {seen}, not {wanted}");
    }
    // After a, the rest shares anew: b leads c three to one.
    let after =
        |start: &str| orders.iter().filter(|(o, _)| o.starts_with(start)).map(|(_, n)| n).sum::<u64>();
    assert!(after("ab") > 2 * after("ac"), "{orders:?}");
}

#[test]
fn str_01_records_without_weights_keep_their_order() {
    let records: Vec<_> = (1..=4).map(|port| record(StartTls, 9, 0, port, "h")).collect();
    assert_eq!(hosts(&records, 77), "h:1 h:2 h:3 h:4 ");
}

#[test]
fn the_greatest_weights_and_more_records_than_are_kept_are_no_harm() {
    let records: Vec<_> = (0..100).map(|n| record(StartTls, u16::MAX, u16::MAX, 1 + n, "h")).collect();
    let places = all(&records, StartTls, u64::MAX);
    assert_eq!(places.len(), 64);
    let mut ports: Vec<_> = places.iter().map(|place| place.port).collect();
    ports.sort_unstable();
    assert_eq!(ports, (1..=64).collect::<Vec<_>>());
}

/// The same random number gives the same order, another one another.
#[test]
fn str_01_the_order_follows_from_the_random_number() {
    let records: Vec<_> = (1..=8).map(|port| record(StartTls, 1, 10, port, "h")).collect();
    assert_eq!(hosts(&records, 5), hosts(&records, 5));
    let different: std::collections::BTreeSet<_> = (0..100).map(|random| hosts(&records, random)).collect();
    assert!(different.len() > 80, "{}", different.len());
}
