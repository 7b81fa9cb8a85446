//! A receiver that has the head of a file takes the rest only, and the hash is compared over both (SI-25, ATK-44).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;
use xft_core::*;
use xft_tests::hosted::peer::*;
use xft_tests::hosted::*;

const FILE: &[u8] = b"0123456789";

/// Accepts the file from 4 on, shows `head` in pieces of `piece` bytes, takes the rest; how it ended.
fn resumed(head: &[u8], piece: usize) -> Ending {
    let cfg = config(ME);
    let mut memory = Memory::new(&cfg, 1, 1);
    let mut s = Hosted::new(&cfg, &mut memory);
    let transfer = ranged(&mut s);
    s.session.accept(transfer, 4).unwrap();
    s.poll();
    let mut offset = 0;
    for part in head.chunks(piece) {
        s.session.prefix(transfer, offset, part).unwrap();
        offset += part.len() as u64;
    }
    s.ask(&set(PEER, "o2", &open("s1", 4096)));
    s.give(&set(PEER, "d", &data("s1", 0, &STANDARD.encode(b"456789"))));
    s.give(&set(PEER, "c", &close("s1")));
    s.session.stored(transfer, 10).unwrap();
    let sent = s.poll();
    let receipt = sent.last().filter(|sent| sent.contains("<receipt "));
    assert_eq!(
        receipt.is_some(),
        head.len() == 4,
        "the sender is told the hash of the whole file, or nothing"
    );
    if let Some(receipt) = receipt {
        let hash = STANDARD.encode(sha2::Sha256::digest([head, b"456789"].concat()));
        assert!(receipt.contains(&hash) && receipt.contains("size='10'"), "{receipt}");
        if head == &FILE[..4] {
            s.ask(&result(PEER, attr(receipt, "id"), ""));
        }
    }
    s.ending()
}

fn ranged(s: &mut Hosted<'_>) -> TransferId {
    let hash = STANDARD.encode(sha2::Sha256::digest(FILE));
    let inside = format!(
        "<hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>{hash}</hash><range/><receipt xmlns='urn:libxft:receipt:0'/>"
    );
    let offer = si("s1", 10).replacen("/><feature", &format!(">{inside}</file><feature"), 1);
    offered(s.give(&set(PEER, "o1", &offer)))
}

#[test]
fn si_25_the_hash_is_compared_over_head_and_rest() {
    for piece in 1..=4 {
        assert_eq!(resumed(b"0123", piece), Ending::Done);
    }
}

#[test]
fn atk_44_a_head_of_another_file_is_a_mismatch() {
    assert_eq!(resumed(b"0124", 4), Ending::Failed(Reason::HashMismatch, None));
}

#[test]
fn si_25_without_the_whole_head_nothing_is_proven() {
    assert_eq!(resumed(b"", 1), Ending::Unverified);
    assert_eq!(resumed(b"012", 3), Ending::Unverified);
}

#[test]
fn si_25_the_head_comes_in_order_and_before_the_rest() {
    let cfg = config(ME);
    let mut memory = Memory::new(&cfg, 1, 1);
    let mut s = Hosted::new(&cfg, &mut memory);
    let transfer = ranged(&mut s);
    assert_eq!(s.session.prefix(transfer, 0, b"0"), Err(Error::State), "not accepted");
    s.session.accept(transfer, 4).unwrap();
    s.poll();
    let out_of_place = Err(Error::Argument(Argument::Offset));
    assert_eq!(s.session.prefix(transfer, 1, b"1"), out_of_place);
    assert_eq!(s.session.prefix(transfer, 0, b"01234"), out_of_place, "longer than the head");
    s.session.prefix(transfer, 0, b"01").unwrap();
    assert_eq!(s.session.prefix(transfer, 0, b"01"), out_of_place, "twice");
    s.ask(&set(PEER, "o2", &open("s1", 4096)));
    s.give(&set(PEER, "d", &data("s1", 0, &STANDARD.encode(b"456"))));
    assert_eq!(s.session.prefix(transfer, 2, b"23"), Err(Error::State), "bytes came");
}
