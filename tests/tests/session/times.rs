//! Whatever times a configuration holds, as far as it is accepted: nobody is asked to come back at once, again and again.

use xft_core::*;
use xft_tests::hosted::pair::{Chance, Pair, Proxy};
use xft_tests::hosted::wired::streamed;
use xft_tests::hosted::{ME, PEER};
use xft_tests::owned::{self, Owned};
use xft_tests::world::Memory;

/// A time: the least, short, usual, or as good as never.
fn any_ms(chance: &mut Chance) -> u32 {
    match chance.below(6) {
        0 | 1 => 1,
        2 => 2 + chance.below(50) as u32,
        3 | 4 => 100 + chance.below(5_000) as u32,
        _ => u32::MAX,
    }
}

fn any_times(chance: &mut Chance) -> Times {
    let mut of = |zero: bool| if zero && chance.below(3) == 0 { 0 } else { any_ms(chance) };
    Times {
        step_ms: of(false),
        login_ms: of(false),
        keepalive_ms: of(true),
        idle_ms: of(true),
        probe_ms: of(false),
        close_ms: of(false),
        element_ms: of(false),
        request_ms: of(false),
        offer_ms: of(false),
        open_ms: of(false),
        block_ms: of(false),
        progress_ms: of(false),
        ask_ms: of(true),
        finish_ms: of(false),
        discovery_ms: of(false),
        stagger_ms: of(true),
        host_ms: of(false),
        proxy_ms: of(false),
        hosts_ms: of(false),
        verdict_ms: of(true),
        accept_ms: of(false),
        end_ms: of(false),
        closing_ms: of(false),
        disco_ms: of(false),
        attempt_ms: of(false),
        rate_ms: of(true),
    }
}

/// STR-13. The ends themselves look at every wait that a poll names.
#[test]
fn no_times_make_a_pair_turn_in_circles() {
    let mut whole = 0;
    for seed in 0..200 {
        let mut chance = Chance(seed);
        let (mut cfg_a, mut cfg_b) = (streamed(ME), streamed(PEER));
        (cfg_a.times, cfg_b.times) = (any_times(&mut chance), any_times(&mut chance));
        let (mut memory_a, mut memory_b) = (Memory::new(&cfg_a, 2, 2), Memory::new(&cfg_b, 2, 2));
        let mut p = Pair::new([&cfg_a, &cfg_b], [&mut memory_a, &mut memory_b]);
        p.proxy = match chance.below(4) {
            0 => Proxy::Works,
            1 => Proxy::Closed,
            2 => Proxy::Refuses("forbidden"),
            _ => Proxy::None,
        };
        match chance.below(3) {
            0 => p.listens("192.0.2.1", 5280),
            1 => p.ends[0].session.add_address("192.0.2.1", 5280).unwrap(),
            _ => {}
        }
        p.accepts = chance.below(4) > 0;
        p.offer(50_000);
        p.run(3_000);
        whole += u32::from(p.stored.len() == 50_000);
    }
    assert!(whole > 50, "only {whole} files came whole: the times were none to work with");
}

/// STR-12, STR-13. The owner comes when it was asked to, and nothing else ever happens.
#[test]
fn no_times_make_a_session_turn_in_circles() {
    for seed in 0..200 {
        let mut chance = Chance(seed);
        let mut cfg = owned::config();
        cfg.times = any_times(&mut chance);
        let mut memory = Memory::new(&cfg, 1, 1);
        let mut s = Owned::new(&cfg, "", &mut memory);
        if chance.below(2) == 0 {
            s.session.close().unwrap();
        }
        s.poll();
        for _ in 0..500 {
            let Some(until) = s.wait.take() else { break };
            s.wait_ms(until - s.now);
        }
    }
}

/// STR-12, STR-13
#[test]
fn a_keepalive_and_a_probe_of_0_never_come() {
    let mut cfg = owned::config();
    (cfg.times.keepalive_ms, cfg.times.idle_ms) = (0, 0);
    let mut memory = Memory::new(&cfg, 1, 1);
    let mut s = Owned::new(&cfg, "", &mut memory);
    assert_eq!(s.wait_ms(1_000_000_000), "");
    assert_eq!(s.events, []);
    // What the server asks for goes on.
    let limits = "<limits xmlns='urn:xmpp:stream-limits:0'><idle-seconds>100</idle-seconds></limits>";
    let mut memory = Memory::new(&cfg, 1, 1);
    let mut s = Owned::new(&cfg, limits, &mut memory);
    assert_eq!(s.wait_ms(74_999), "");
    assert_eq!(s.wait_ms(1), " ");
}
