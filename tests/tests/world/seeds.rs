//! Thousands of worlds, each from one seed.
//!
//! `XFT_SEEDS` says behind the last one, `XFT_FIRST` the first one, `XFT_BROKEN` after how many broken ones to stop; `XFT_SEED`
//! plays one with a trace.

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
        let mut sums = [0u64; 10];
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds || broken.load(Ordering::Relaxed) >= most {
                return sums;
            }
            match catch_unwind(|| run(seed, false)) {
                Ok(Outcome { files, done, failed, ways, fell_back, pinned, steps, end_ms, .. }) => {
                    let [proxy, direct, in_band] = ways;
                    let counts = [files, done, failed, proxy, direct, in_band, fell_back, pinned, steps];
                    sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += u64::from(count));
                    sums[9] += end_ms / 1000;
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
        let sums = threads.into_iter().map(|t| t.join().unwrap());
        sums.fold([0; 10], |mut all: [u64; 10], sums| {
            all.iter_mut().zip(sums).for_each(|(all, sum)| *all += sum);
            all
        })
    });
    let [files, done, failed, proxy, direct, in_band, fell_back, pinned, steps, seconds] = all;
    println!(
        "{seeds} worlds in {:.1} s: {files} files, {done} done, {failed} failed, {steps} steps, {} virtual hours\n\
         whole: {proxy} through a proxy, {direct} directly, {in_band} in band ({fell_back} after SOCKS5 failed), \
         {pinned} where only SOCKS5 was allowed and had to work",
        started.elapsed().as_secs_f32(),
        seconds / 3600
    );
    assert_eq!(broken.into_inner(), 0, "worlds broke their promises, see the lines above");
    let tried = [proxy, direct, in_band, fell_back].into_iter().all(|count| count > seeds / 4) && pinned > 0;
    assert!(
        seeds < 1000 || (done * 3 > files && failed > 0 && tried),
        "the worlds no longer try what they should"
    );
}

#[test]
fn the_same_seed_gives_the_same_transcript() {
    for seed in [1, 2, 3, 50, 51, 52, 53, 54, 55, 56] {
        let (one, two) = (run(seed, false), run(seed, false));
        assert_eq!(one, two, "XFT_SEED={seed}");
    }
    assert_ne!(run(1, false).transcript, run(2, false).transcript);
}
