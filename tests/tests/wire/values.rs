//! Properties of the small values on the wire: base64, SCRAM, addresses, dates.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::collection::vec;
use proptest::prelude::*;
use xft_core::internals::base64::BlockDecoder;
use xft_core::internals::date;
use xft_core::internals::jid::{Jid, JidError};
use xft_tests::fuzz_targets;

/// Base64 text with blanks sown in and some characters spoilt.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let blank = prop::sample::select(&b" \t\r\n"[..]);
    let spoilt = prop::sample::select(&b"=-_.A+/\0\xa0"[..]);
    let at = any::<prop::sample::Index>();
    (vec(any::<u8>(), 0..3000), vec((at.clone(), blank), 0..20), vec((at, spoilt), 0..3)).prop_map(
        |(bytes, blanks, spoilt)| {
            let mut text = STANDARD.encode(bytes).into_bytes();
            for (at, byte) in spoilt {
                if !text.is_empty() {
                    let at = at.index(text.len());
                    text[at] = byte;
                }
            }
            for (at, byte) in blanks {
                text.insert(at.index(text.len() + 1), byte);
            }
            text
        },
    )
}

proptest! {
    #[test]
    fn base64_agrees_with_the_crate_at_any_split(text in text(), piece: u8, limit: u8) {
        fuzz_targets::base64(&[&[piece, limit], text.as_slice()].concat());
    }

    #[test]
    fn blocks_decode_the_same_for_any_cuts(bytes in vec(any::<u8>(), 0..3000), cuts in vec(any::<prop::sample::Index>(), 0..8)) {
        let text = STANDARD.encode(&bytes);
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let mut buf = text.into_bytes();
        let mut decoder = BlockDecoder::new(bytes.len());
        let mut write = 0;
        for pair in cuts.windows(2) {
            let (read, written) = decoder.decode_in_place(&mut buf, pair[0]..pair[1], write);
            prop_assert_eq!(read, pair[1]);
            write = written;
        }
        prop_assert_eq!(decoder.finish(), Ok(()));
        prop_assert_eq!(&buf[..write], bytes.as_slice());
    }

    #[test]
    fn scram_agrees_with_a_second_implementation(
        nonce in "(abc123)?[!-~]{0,5}",
        salt in "[A-Za-z0-9+/]{0,8}={0,2}",
        rounds in "4096|4[0-9]{3}|[0-9x-]{0,6}",
        rest in "(,[a-zA-Z]=[ -~]{0,4}){0,2}[,=]?",
        last in "[ve]=[A-Za-z0-9+/=]{0,44}",
    ) {
        fuzz_targets::scram(format!("r={nonce},s={salt},i={rounds}{rest}\n{last}").as_bytes());
    }

    #[test]
    fn any_bytes_are_harmless(bytes in vec(any::<u8>(), 0..600)) {
        fuzz_targets::base64(&bytes);
        fuzz_targets::scram(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        let _ = date::parse(&text);
        if let Ok(jid) = Jid::parse(&text) {
            prop_assert_eq!(jid.as_str(), &*text);
        }
    }

    #[test]
    fn addresses_are_the_sum_of_their_parts(
        local in proptest::option::of("[a-zA-Z0-9.=é-]{1,9}"),
        domain in "[a-zA-Z0-9.-]{0,8}[a-z]",
        resource in proptest::option::of("[ -~é]{1,9}"),
    ) {
        let mut text = String::new();
        if let Some(local) = &local {
            text += &format!("{local}@");
        }
        text += &domain;
        let bare = text.clone();
        if let Some(resource) = &resource {
            text += &format!("/{resource}");
        }
        let jid = Jid::parse(&text).unwrap();
        prop_assert_eq!(jid.local(), local.as_deref());
        prop_assert_eq!(jid.domain(), domain.as_str());
        prop_assert_eq!(jid.is_full(), resource.is_some());
        prop_assert_eq!(jid.bare(), bare.as_str());
        // STZ-12: folding changes no resource and makes comparison a comparison of bytes.
        let folded = jid.prepared::<64>().unwrap();
        prop_assert!(jid.matches(&Jid::parse(&folded).unwrap()));
        let other = Jid::parse(&folded).unwrap().prepared::<64>().unwrap();
        prop_assert_eq!(&folded, &other);
    }

    #[test]
    fn addresses_with_characters_of_no_part_are_refused(before in "[a-z]{1,3}", bad in "[ \"&'<>:\u{0}-\u{1f}\u{7f}]", after in "[a-z]{1,3}") {
        let text = format!("{before}{bad}{after}@h");
        prop_assert_eq!(Jid::parse(&text), Err(JidError::Character));
    }

    #[test]
    fn dates_read_back_what_was_written(seconds in -62_135_596_800i64..253_402_300_800) {
        let text = date::write(seconds).unwrap();
        let text = std::str::from_utf8(&text).unwrap();
        prop_assert_eq!(date::parse(text), Some(seconds));
        let with_zone = text.replace('Z', ".25+01:30");
        prop_assert_eq!(date::parse(&with_zone), Some(seconds - 5400));
    }
}
