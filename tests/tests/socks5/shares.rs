//! One peer's streamhosts take neither all the streams nor all the memory: other transfers go on (ATK-26, ATK-33).

use xft_core::*;
use xft_tests::hosted::socks::*;
use xft_tests::hosted::wired::*;
use xft_tests::hosted::*;

const EVE: &str = "eve@elsewhere.test/x";

/// A session with room for four files and as many streams as by default.
macro_rules! session {
    ($s:ident) => {
        let cfg = streamed(ME);
        let mut memory = Memory::new(&cfg, 4, 4);
        let mut $s = Wired::new(&cfg, &mut memory);
    };
}

/// A file of that peer is accepted, and its streamhosts come; gives what follows.
fn brings(s: &mut Wired<'_>, from: &str, hosts: &[(&str, &str, u16)]) -> Vec<Said> {
    let transfer = offered(s.give(&set(from, "o1", &si_of(SID, 10, &[S5B, IBB]))));
    s.session.accept(transfer, 0).unwrap();
    s.poll();
    s.ask(&set(from, "h1", &query(SID, hosts)))
}

/// Sixteen hosts of one peer that never answer.
fn silent_hosts() -> Vec<(&'static str, &'static str, u16)> {
    (1..17).map(|port| (EVE, "203.0.113.66", port)).collect()
}

#[test]
fn atk_26_hosts_that_never_answer_leave_streams_to_other_transfers() {
    session!(s);
    brings(&mut s, EVE, &silent_hosts());
    let mut dialled = 1;
    for _ in 0..15 {
        dialled += connects(&s.wait_ms(200)).len();
    }
    assert_eq!(dialled, 6, "the last quarter is for those that have none");
    let said = brings(&mut s, PEER, &[HOST]);
    assert!(matches!(connects(&said)[..], [(_, host, _)] if host == HOST.1), "{said:?}");
    // And a file of our own gets to its proxy.
    s.session.add_proxy("own.hospital.test", "203.0.113.5", 7777).unwrap();
    let hosts = hosting(&mut s, 10);
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), "own.hospital.test")));
    assert!(matches!(connects(&said)[..], [(_, "203.0.113.5", 7777)]), "{said:?}");
}

#[test]
fn atk_29_a_file_of_our_own_waits_for_a_stream_that_strangers_hold() {
    let cfg = streamed(ME);
    let mut needs = Needs::of(&cfg, 2, 2);
    needs.streams = 2;
    let mut memory = Memory::of(needs);
    let mut s = Wired::new(&cfg, &mut memory);
    s.session.add_proxy("own.hospital.test", "203.0.113.5", 7777).unwrap();
    let hosts = hosting(&mut s, 10);
    s.session.stream_accepted(1).unwrap();
    s.session.stream_accepted(2).unwrap();
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), "own.hospital.test")));
    assert_eq!(said, [], "neither given up nor begun");
    assert!(connects(&s.wait_ms(4_999)).is_empty());
    // Their time is over; it is looked after every 200 ms.
    s.wait_ms(1);
    let said = s.wait_ms(200);
    assert!(matches!(connects(&said)[..], [(_, "203.0.113.5", 7777)]), "{said:?}");
}

#[test]
fn s5b_24_a_file_that_never_gets_a_stream_to_its_proxy_goes_in_band() {
    let cfg = streamed(ME);
    let mut needs = Needs::of(&cfg, 3, 3);
    needs.streams = 1;
    let mut memory = Memory::of(needs);
    let mut s = Wired::new(&cfg, &mut memory);
    // A file that comes in holds the only stream.
    flowing(&mut s, 10);
    s.session.add_proxy("own.hospital.test", "203.0.113.5", 7777).unwrap();
    let hosts = hosting(&mut s, 10);
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), "own.hospital.test")));
    assert_eq!(said, []);
    assert_eq!(s.wait_ms(5_999), []);
    assert!(stanza(&s.wait_ms(1)).contains("<open "));
}

#[test]
fn atk_26_long_names_of_one_peer_leave_room_for_those_of_another() {
    session!(s);
    let label = "h".repeat(63);
    let long = format!("{label}.{label}.{label}.{}", "h".repeat(61));
    let hosts: Vec<_> = (1..17).map(|port| (EVE, long.as_str(), port)).collect();
    assert_eq!(connects(&brings(&mut s, EVE, &hosts)).len(), 1);
    let said = brings(&mut s, PEER, &[HOST, RELAY]);
    assert!(matches!(connects(&said)[..], [(_, host, _)] if host == HOST.1), "{said:?}");
    let said = s.wait_ms(200);
    assert!(connects(&said).iter().any(|(_, host, _)| *host == RELAY.1), "{said:?}");
}
