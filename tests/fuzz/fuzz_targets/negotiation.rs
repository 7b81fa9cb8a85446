#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| xft_tests::fuzz_targets::negotiation(bytes));
