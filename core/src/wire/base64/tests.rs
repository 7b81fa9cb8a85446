use super::*;
use ::base64::Engine as _;

/// Vectors B64-01 .. B64-13.
const PLAIN: &[(&[u8], &str)] = &[
    (b"", ""),
    (b"f", "Zg=="),
    (b"fo", "Zm8="),
    (b"foo", "Zm9v"),
    (b"foob", "Zm9vYg=="),
    (b"fooba", "Zm9vYmE="),
    (b"foobar", "Zm9vYmFy"),
    (&[0], "AA=="),
    (&[0, 0], "AAA="),
    (&[0, 0, 0], "AAAA"),
    (&[0xff, 0xff, 0xff], "////"),
    (&[0xfb, 0xff, 0xbf], "+/+/"),
    (&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], "AAECAwQFBgcICQoLDA0ODw=="),
];

/// Vectors B64-N01 .. B64-N22 with the result of columns A and B.
type Case = (&'static str, Result<&'static [u8], Base64Error>, Result<&'static [u8], Base64Error>);
const DECISIONS: &[Case] = &[
    ("Zm9v", Ok(b"foo"), Ok(b"foo")),
    ("Zm9vYg==", Ok(b"foob"), Ok(b"foob")),
    ("Zm9vYg=", Err(Base64Error::Truncated), Err(Base64Error::Truncated)),
    ("Zm9vYg", Err(Base64Error::Truncated), Err(Base64Error::Truncated)),
    ("Zm9vYh==", Err(Base64Error::TrailingBits), Err(Base64Error::TrailingBits)),
    ("Zm9vYmF=", Err(Base64Error::TrailingBits), Err(Base64Error::TrailingBits)),
    ("=AAA", Err(Base64Error::Padding), Err(Base64Error::Padding)),
    ("BBBB=CCC", Err(Base64Error::Padding), Err(Base64Error::Padding)),
    ("Zm=v", Err(Base64Error::TrailingBits), Err(Base64Error::TrailingBits)),
    ("Zg=v", Err(Base64Error::AfterPadding), Err(Base64Error::AfterPadding)),
    ("Zm9vYg==Zm9v", Err(Base64Error::AfterPadding), Err(Base64Error::AfterPadding)),
    ("Zm9v====", Err(Base64Error::Padding), Err(Base64Error::Padding)),
    ("==", Err(Base64Error::Padding), Err(Base64Error::Padding)),
    ("====", Err(Base64Error::Padding), Err(Base64Error::Padding)),
    ("Zm9v\n", Err(Base64Error::Character), Ok(b"foo")),
    ("\n    Zm9v\n    YmFy\n  ", Err(Base64Error::Character), Ok(b"foobar")),
    ("Zm 9v", Err(Base64Error::Character), Ok(b"foo")),
    ("Zm9v\u{a0}", Err(Base64Error::Character), Err(Base64Error::Character)),
    ("Zm-_", Err(Base64Error::Character), Err(Base64Error::Character)),
    ("Zm9v.", Err(Base64Error::Character), Err(Base64Error::Character)),
    ("\u{ff3a}m9v", Err(Base64Error::Character), Err(Base64Error::Character)),
    ("", Ok(b""), Ok(b"")),
];

fn block<'o>(text: &str, out: &'o mut [u8]) -> Result<&'o [u8], Base64Error> {
    let mut decoder = BlockDecoder::new(64);
    let end = decoder.decode(text.as_bytes(), out, 0)?;
    decoder.finish()?;
    Ok(&out[..end])
}

#[test]
fn vectors_encode_and_decode() {
    for &(bytes, text) in PLAIN {
        let mut out = [0u8; 64];
        assert_eq!(encode(bytes, &mut out), Some(text.len()));
        assert_eq!(&out[..text.len()], text.as_bytes());
        assert_eq!(block(text, &mut out), Ok(bytes));
        let strict = decode_strict(text.as_bytes(), &mut out).map(|end| &out[..end]);
        assert_eq!(strict, Ok(bytes));
    }
}

/// IBB-19, SASL-02, ATK-24
/// Every way through the encoder: chunks, a long rest, a short one, each with and without padding.
#[test]
fn every_length_is_encoded_as_by_the_engine_alone() {
    let bytes: [u8; 3 * CHUNK_BYTES] = core::array::from_fn(|n| ((n * 167) >> 3) as u8);
    let (mut ours, mut theirs) = ([0u8; 3 * CHUNK], [0u8; 3 * CHUNK]);
    for length in 0..bytes.len() {
        let expected =
            ::base64::engine::general_purpose::STANDARD.encode_slice(&bytes[..length], &mut theirs).unwrap();
        assert_eq!(encode(&bytes[..length], &mut ours), Some(expected));
        assert!(ours[..expected] == theirs[..expected], "{length} bytes");
    }
}

#[test]
fn decoder_decisions_follow_both_columns() {
    for &(text, strict, tolerant) in DECISIONS {
        let mut out = [0u8; 64];
        assert_eq!(block(text, &mut out), tolerant, "{text:?}");
        let got = decode_strict(text.as_bytes(), &mut out).map(|end| &out[..end]);
        assert_eq!(got, strict, "{text:?}");
    }
}

#[test]
fn in_place_decoding_of_single_characters_never_overtakes_the_text() {
    let mut buf = *b"Zm9vYmFy";
    let mut decoder = BlockDecoder::new(6);
    let mut write = 0;
    for at in 0..buf.len() {
        let (read, end) = decoder.decode_in_place(&mut buf, at..at + 1, write);
        assert!(read == at + 1 && end <= read);
        write = end;
    }
    decoder.finish().unwrap();
    assert_eq!(&buf[..write], b"foobar");
}

#[test]
fn in_place_decoding_stops_before_a_chunk_with_a_bad_character_and_leaves_it() {
    for bad in [0, 100, CHUNK - 1, CHUNK, CHUNK + 1, 2000, 3999] {
        for gap in [0, 1, 300, STEP_BYTES - 1, STEP_BYTES] {
            let mut buf = [b'Z'; 5000];
            let text = gap..gap + 4000;
            buf[gap + bad] = b'!';
            let before = buf;
            let mut decoder = BlockDecoder::new(4000);
            let (read, write) = decoder.decode_in_place(&mut buf, text.clone(), 0);
            assert_eq!(read, gap + bad / CHUNK * CHUNK);
            assert_eq!((write, decoder.decoded), ((read - gap) / 4 * 3, (read - gap) / 4 * 3));
            assert_eq!(buf[read..], before[read..], "gap {gap}, bad character at {bad}");
            let mut out = [0; STEP_BYTES];
            assert_eq!(decoder.decode(&buf[read..text.end], &mut out, 0), Err(Base64Error::Character));
        }
    }
}

#[test]
fn in_place_decoding_is_decoding_aside_for_any_gap_and_white_space() {
    let symbol = |n: usize| if n % 77 == 76 { b'\n' } else { b"Aa0+/zZ9"[n * 7 % 8] };
    let wrapped: [u8; 3080] = core::array::from_fn(symbol);
    let mut aside = [0; 3080];
    let length = BlockDecoder::new(3080).decode(&wrapped, &mut aside, 0).unwrap();
    for gap in [0, 5, STEP_BYTES - 1, STEP_BYTES, 900] {
        let mut buf = [0; 4000];
        buf[gap..gap + 3080].copy_from_slice(&wrapped);
        let done = BlockDecoder::new(3080).decode_in_place(&mut buf, gap..gap + 3080, 0);
        assert_eq!(done, (gap + 3080, length));
        assert_eq!(buf[..length], aside[..length]);
    }
}

#[test]
fn block_longer_than_its_limit_is_refused_and_stays_refused() {
    let mut out = [0u8; 64];
    let mut decoder = BlockDecoder::new(5);
    assert_eq!(decoder.decode(b"Zm9vYmFy", &mut out, 0), Err(Base64Error::TooLong));
    assert_eq!(decoder.decode(b"Zm9v", &mut out, 0), Err(Base64Error::TooLong));
    assert_eq!(decoder.finish(), Err(Base64Error::TooLong));
}

#[test]
fn in_place_decoding_outside_the_buffer_takes_nothing() {
    let mut buf = *b"Zm9v";
    assert_eq!(BlockDecoder::new(9).decode_in_place(&mut buf, 0..5, 0), (0, 0));
    assert_eq!(BlockDecoder::new(9).decode_in_place(&mut buf, 0..4, 1), (0, 1));
}

/// What small machines decode with gives the same as what others do.
#[test]
fn the_small_loop_decodes_what_the_engine_encodes_and_refuses_every_other_character() {
    let bytes: [u8; small::CHUNK / 4 * 3] = core::array::from_fn(|at| (at * 37 + 11) as u8);
    let mut text = [0; small::CHUNK];
    assert_eq!(encode(&bytes, &mut text), Some(small::CHUNK));
    let mut again = [0; small::CHUNK];
    small::encode(&bytes, &mut again);
    assert_eq!(again, text);
    let mut out = [0; small::CHUNK / 4 * 3];
    assert!(small::decode_chunk(&text, &mut out));
    assert_eq!(out, bytes);
    for at in 0..text.len() {
        for other in (0..=255).filter(|byte: &u8| !byte.is_ascii_alphanumeric() && !b"+/".contains(byte)) {
            let mut wrong = text;
            wrong[at] = other;
            assert!(!small::decode_chunk(&wrong, &mut out), "{other} at {at}");
        }
    }
    assert_eq!(small::decode_part(&text, &mut out), None);
}
