//! Two sessions, host-owned streams, stanzas carried by hand.

use xft_core::*;
use xft_tests::hosted::*;

#[test]
fn a_file_crosses_and_both_ends_know_it() {
    let (cfg_a, cfg_b) = (config(ME), config(PEER));
    let (mut memory_a, mut memory_b) = (Memory::new(&cfg_a, 2, 2), Memory::new(&cfg_b, 2, 2));
    let (mut a, mut b) = (Hosted::new(&cfg_a, &mut memory_a), Hosted::new(&cfg_b, &mut memory_b));
    let size = a.file.len() as u64;
    let id = a.session.offer(&peer::file(size)).unwrap();
    let mut stored = Vec::new();
    for _ in 0..1000 {
        for s in a.poll() {
            if s.contains("disco#info") {
                a.give(&result(PEER, attr(&s, "id"), DISCO));
                continue;
            }
            match b.give(&stamped(&s, ME)) {
                Got::Offer { transfer, .. } => b.session.accept(transfer, 0).unwrap(),
                Got::Data { transfer, bytes, .. } => {
                    stored.extend_from_slice(&bytes);
                    b.session.stored(transfer, stored.len() as u64).unwrap();
                }
                Got::Consumed => {}
                Got::NotMine | Got::NoRoom { .. } => panic!("{s}"),
            }
        }
        for s in b.poll() {
            a.give(&stamped(&s, PEER));
        }
    }
    println!("{:?} {:?}", a.events, b.events);
    assert_eq!(stored, a.file);
    assert_eq!((a.ending(), b.ending()), (Ending::Done, Ending::Done));
    assert_eq!(a.session.cancel(id, Cancel::Wish), Err(Error::Stale));
}
