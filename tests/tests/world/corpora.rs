//! Replays the committed fuzz corpora through the fuzz targets, on the stable toolchain and without a fuzzer.

use std::fs;
use std::path::Path;
use xft_tests::fuzz_targets;

/// Runs every file of one corpus; the corpus may not be empty.
fn replay(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no seeds in {}", folder.display());
    for file in files {
        let bytes = fs::read(&file).expect("a readable seed");
        // Printed only if the test fails, and then it names the seed.
        println!("{}", file.display());
        body(&bytes);
    }
}

#[test]
fn xml_corpus_keeps_every_promise() {
    replay("xml", fuzz_targets::xml);
}

#[test]
fn stanza_corpus_keeps_every_promise() {
    replay("stanza", fuzz_targets::stanza);
}

#[test]
fn base64_corpus_keeps_every_promise() {
    replay("base64", fuzz_targets::base64);
}

#[test]
fn scram_corpus_keeps_every_promise() {
    replay("scram", fuzz_targets::scram);
}

#[test]
fn session_corpus_keeps_every_promise() {
    replay("session", fuzz_targets::session);
}

#[test]
fn socks5_corpus_keeps_every_promise() {
    replay("socks5", fuzz_targets::socks5);
}

#[test]
fn negotiation_corpus_keeps_every_promise() {
    replay("negotiation", fuzz_targets::negotiation);
}

/// Operations in random order reach what no corpus thought of.
fn random_operations(seed: u64, rounds: u32, body: fn(&[u8])) {
    let mut rng = xft_tests::world::Rng::new(seed);
    for _ in 0..rounds {
        let seed = rng.draw();
        let mut content = xft_tests::world::Rng::new(seed);
        let bytes: Vec<u8> = (0..content.below(1500)).map(|_| content.draw() as u8).collect();
        if std::panic::catch_unwind(|| body(&bytes)).is_err() {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            panic!("seed {seed}, as a corpus file: {hex}");
        }
    }
}

#[test]
fn sessions_keep_every_promise_under_any_operations() {
    random_operations(47, 20_000, fuzz_targets::session);
}

#[test]
fn negotiations_keep_every_promise_under_any_operations() {
    random_operations(65, 10_000, fuzz_targets::negotiation);
}
