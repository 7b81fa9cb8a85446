//! Vectors of section 5: sequence and size arithmetic.

use super::*;

fn receiver(expected: u16) -> Bytestream {
    Bytestream { seq: expected, ..Bytestream::new(4096, Carrier::Iq, Window::NONE) }
}

#[test]
fn ib_s_receiver_transitions_match_the_vectors() {
    use Reason::Sequence;
    use StanzaCondition::{BadRequest, UnexpectedRequest};
    let rows: &[(u16, Option<&str>, Result<u16, StanzaCondition>)] = &[
        (0, Some("0"), Ok(1)),
        (65_535, Some("65535"), Ok(0)),
        (0, Some("65536"), Err(BadRequest)),
        (0, Some("1"), Err(UnexpectedRequest)),
        (5, Some("4"), Err(UnexpectedRequest)),
        (0, Some("65535"), Err(UnexpectedRequest)),
        (0, Some("-1"), Err(BadRequest)),
        (0, Some("+0"), Err(BadRequest)),
        (0, Some("00"), Ok(1)),
        (0, Some("000000"), Err(BadRequest)),
        (7, Some("0x7"), Err(BadRequest)),
        (7, Some(" 7 "), Err(BadRequest)),
        (7, None, Err(BadRequest)),
        (7, Some(""), Err(BadRequest)),
    ];
    for (expected, seq, want) in rows {
        let mut stream = receiver(*expected);
        match (stream.receive(*seq, Ok(b"x"), 100), want) {
            (Ok(1), Ok(next)) => assert_eq!(stream.seq, *next, "{seq:?}"),
            (Err(refusal), Err(condition)) => {
                assert_eq!((refusal.condition, refusal.reason), (*condition, Sequence), "{seq:?}");
                assert_eq!(stream.seq, *expected, "a refused block takes no number");
            }
            (got, want) => panic!("{seq:?}: {got:?} instead of {want:?}"),
        }
    }
}

#[test]
fn ib_01_to_17_counts_and_last_numbers_match_the_vectors() {
    let rows: &[(u64, u16, u64, u16)] = &[
        (1, 4096, 1, 0),
        (4096, 4096, 1, 0),
        (4097, 4096, 2, 1),
        (524_288, 4096, 128, 127),
        (268_435_455, 4096, 65_536, 65_535),
        (268_435_456, 4096, 65_536, 65_535),
        (268_435_457, 4096, 65_537, 0),
        (536_870_913, 4096, 131_073, 0),
        (201_326_592, 3072, 65_536, 65_535),
        (536_870_912, 8192, 65_536, 65_535),
        (4_294_901_760, 65_535, 65_536, 65_535),
        (4_294_901_761, 65_535, 65_537, 0),
        (1_048_576, 1, 1_048_576, 65_535),
    ];
    for (size, block, count, last) in rows {
        let mut stream = Bytestream::new(*block, Carrier::Iq, Window::NONE);
        let (mut left, mut sent, mut seq) = (*size, 0, 0);
        while left > 0 {
            seq = stream.take_seq();
            left -= left.min(u64::from(*block));
            sent += 1;
        }
        assert_eq!((sent, seq), (*count, *last), "{size} by {block}");
        assert_eq!(stream.wraps(*size), *count > 65_536, "{size} by {block}");
    }
}

#[test]
fn ibb_18_checks_come_in_order() {
    let mut stream = receiver(3);
    let refused = |r: Result<usize, Refusal>| r.map_err(|r| (r.condition, r.reason)).unwrap_err();
    // A wrong number wins over bad base64, bad base64 over size.
    assert_eq!(
        refused(stream.receive(Some("4"), Err(Base64Error::TooLong), 0)),
        (StanzaCondition::UnexpectedRequest, Reason::Sequence)
    );
    assert_eq!(
        refused(stream.receive(Some("3"), Err(Base64Error::TooLong), 0)),
        (StanzaCondition::BadRequest, Reason::BlockTooLarge)
    );
    assert_eq!(
        refused(stream.receive(Some("3"), Ok(&[0; 4097]), 0)),
        (StanzaCondition::BadRequest, Reason::BlockTooLarge)
    );
    assert_eq!(
        refused(stream.receive(Some("3"), Ok(&[0; 11]), 10)),
        (StanzaCondition::NotAcceptable, Reason::TooManyBytes)
    );
    assert_eq!(stream.receive(Some("3"), Ok(&[0; 10]), 10).unwrap(), 10);
}

#[test]
fn ibb_21_empty_blocks_take_a_number_and_more_than_8_in_a_row_end_the_stream() {
    let mut stream = receiver(0);
    for seq in ["0", "1", "2", "3", "4", "5", "6", "7"] {
        assert_eq!(stream.receive(Some(seq), Ok(b""), 10).unwrap(), 0);
    }
    let refusal = stream.receive(Some("8"), Ok(b""), 10).unwrap_err();
    assert_eq!((refusal.condition, refusal.reason), (StanzaCondition::PolicyViolation, Reason::Stalled));
}

#[test]
fn lim_03_the_largest_block_for_a_limit_matches_the_vectors() {
    for (limit, envelope, want) in [
        (10_000, 400, 7200),
        (10_000, 600, 7050),
        (10_000, 6500, 2625),
        (65_536, 600, 48_702),
        (131_072, 600, 65_535),
        (262_144, 600, 65_535),
        (100, 600, 0),
    ] {
        assert_eq!(largest_block(limit, envelope), want, "{limit} {envelope}");
    }
}

#[test]
fn ibb_25_the_chunk_grows_before_the_number_comes_round() {
    let mut stream = Bytestream::new(8192, Carrier::Iq, Window::NONE);
    stream.choose_chunk(4096, 268_435_456, false);
    assert_eq!(stream.chunk, 4096);
    stream.choose_chunk(4096, 268_435_457, false);
    assert_eq!((stream.chunk, stream.wraps(268_435_457)), (4097, false));
    stream.choose_chunk(4096, 1 << 40, false);
    assert_eq!((stream.chunk, stream.wraps(1 << 40)), (8192, true));
}

#[test]
fn ibb_03_compat_blocks_fit_the_encoded_reading_of_the_block_size() {
    let mut stream = Bytestream::new(4096, Carrier::Iq, Window::NONE);
    stream.choose_chunk(4096, 524_288, true);
    assert_eq!(stream.chunk, 3072);
}

#[test]
fn ibb_05_the_block_shrinks_at_most_four_times_and_reaches_1024_by_then() {
    let mut stream = Bytestream::new(65_535, Carrier::Iq, Window::NONE);
    let mut blocks = std::vec::Vec::new();
    while stream.halve() {
        blocks.push(stream.block);
    }
    assert_eq!(blocks, [8192, 4096, 2048, 1024]);
    let mut stream = Bytestream::new(5000, Carrier::Iq, Window::NONE);
    assert!(stream.halve() && stream.block == 2500);
    let mut stream = Bytestream::new(1500, Carrier::Iq, Window::NONE);
    assert!(stream.halve() && stream.block == 1024);
    assert!(!stream.halve());
}
