//! Thousands of worlds, each from one seed.
//!
//! `XFT_SEEDS` says behind the last one, `XFT_FIRST` the first one, `XFT_BROKEN` after how many broken ones to stop; `XFT_SEED`
//! plays one with a trace.

#![allow(missing_docs)]

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use xft_tests::world::{Outcome, run};

const SEEDS: u64 = 4000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

#[test]
fn every_world_keeps_its_promises() {
    if let Some(seed) = number("XFT_SEED") {
        println!("{:?}", run(seed, true));
        return;
    }
    let (seeds, started) = (number("XFT_SEEDS").unwrap_or(SEEDS), Instant::now());
    let (next, broken) = (AtomicU64::new(number("XFT_FIRST").unwrap_or(0)), AtomicU64::new(0));
    let most = number("XFT_BROKEN").unwrap_or(5);
    let work = || {
        let (mut files, mut done, mut failed, mut steps, mut hours) = (0u64, 0u64, 0u64, 0u64, 0u64);
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds || broken.load(Ordering::Relaxed) >= most {
                return (files, done, failed, steps, hours);
            }
            match catch_unwind(|| run(seed, false)) {
                Ok(Outcome { files: f, done: d, failed: x, steps: s, end_ms, .. }) => {
                    files += u64::from(f);
                    done += u64::from(d);
                    failed += u64::from(x);
                    steps += u64::from(s);
                    hours += end_ms / 1000;
                }
                Err(_) => {
                    eprintln!("XFT_SEED={seed} cargo test -p xft-tests --test world");
                    broken.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    };
    let all = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .map(|t| t.join().unwrap())
            .fold((0, 0, 0, 0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2, a.3 + b.3, a.4 + b.4))
    });
    let (files, done, failed, steps, seconds) = all;
    println!(
        "{seeds} worlds in {:.1} s: {files} files, {done} done, {failed} failed, {steps} steps, {} virtual hours",
        started.elapsed().as_secs_f32(),
        seconds / 3600
    );
    assert_eq!(broken.into_inner(), 0, "worlds broke their promises, see the lines above");
    assert!(seeds < 100 || (done * 3 > files && failed > 0), "the worlds no longer try what they should");
}

#[test]
fn the_same_seed_gives_the_same_transcript() {
    for seed in [1, 2, 3, 50, 51, 52, 53, 54, 55, 56] {
        let (one, two) = (run(seed, false), run(seed, false));
        assert_eq!(one, two, "XFT_SEED={seed}");
    }
    assert_ne!(run(1, false).transcript, run(2, false).transcript);
}
