//! Secrets of a login do not outlive it: what it lived in is looked at byte by byte, which the core, having no `unsafe`,
//! cannot do itself.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

use std::mem::MaybeUninit;
use std::ptr;
use xft_core::internals::scram::{Binding, Hash, Scram};

/// The exchange of RFC 7677 section 3, and its secrets.
const NONCE: &[u8] = b"rOprNGfwEbeRWgbNEkqO";
const SERVER_FIRST: &[u8] =
    b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const SALTED_PASSWORD: &str = "c4a49510323ab4f952cac1fa99441939e78ea74d6be81ddf7096e87513dc615d";
const SERVER_SIGNATURE: &str = "eabae24d1062db75a9451ff0b6ea7e98c8546549ff741e672d3251b2397de46e";

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn bytes_of(place: &MaybeUninit<Scram>) -> Vec<u8> {
    let start = ptr::from_ref(place).cast::<u8>();
    // SAFETY: every offset lies in `place`, which is borrowed; what a byte holds does not matter for reading it so.
    (0..size_of::<Scram>()).map(|at| unsafe { start.add(at).read_volatile() }).collect()
}

/// What the memory of that exchange holds before it is dropped, and after.
fn before_and_after(scram: Scram) -> [Vec<u8>; 2] {
    let mut place = Box::new(MaybeUninit::zeroed());
    place.write(scram);
    let before = bytes_of(&place);
    // SAFETY: it was written above, and from here on nobody uses it as what it was.
    unsafe { place.assume_init_drop() };
    [before, bytes_of(&place)]
}

fn holds(bytes: &[u8], secret: &[u8]) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret)
}

#[test]
fn a_login_that_is_over_leaves_neither_key_nor_signature_behind() {
    let mut scram = Scram::new(Hash::Sha256, Binding::Unsupported, NONCE).unwrap();
    scram.server_first(SERVER_FIRST, b"pencil", 4096).unwrap();
    while !scram.run(1000) {}
    scram.client_final("user", &mut [0; 512]).unwrap();
    let [before, after] = before_and_after(scram);
    for secret in [SALTED_PASSWORD, SERVER_SIGNATURE] {
        let secret = from_hex(secret);
        assert!(holds(&before, &secret), "this test looks at the wrong place");
        assert!(!holds(&after, &secret) && !holds(&after, &secret[..8]), "{secret:?}");
    }
}

#[test]
fn a_login_that_was_given_up_leaves_neither_key_nor_binding_behind() {
    let exporter: Vec<u8> = (0x81..0xa1).collect();
    let mut scram = Scram::new(Hash::Sha256, Binding::Exporter(&exporter), NONCE).unwrap();
    scram.server_first(SERVER_FIRST, b"pencil", 4096).unwrap();
    while !scram.run(1000) {}
    let [before, after] = before_and_after(scram);
    for secret in [exporter, from_hex(SALTED_PASSWORD)] {
        assert!(holds(&before, &secret), "this test looks at the wrong place");
        assert!(!holds(&after, &secret[..8]), "{secret:?}");
    }
}
