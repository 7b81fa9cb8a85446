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
