//! The vectors S5-01..14, and which texts are destinations.
use super::*;
use crate::wire::jid::Jid;

/// Vectors S5-01..08, 10, 12 and 14: stream id, requester, target, digest.
const DIGESTS: &[(&str, &str, &str, &str)] = &[
    (
        "vxf9n471bn46",
        "requester@example.com/foo",
        "target@example.org/bar",
        "98b8d688d0f5d895fd41c5e7309a2e9e33ba32ff",
    ),
    (
        "yia72g3v49j7",
        "requester@example.com/foo",
        "room@conference.example.net/Tget",
        "416781edf1ae50bad01cb8509ba35b43952bc345",
    ),
    (
        "vj3hs98y",
        "romeo@montague.lit/orchard",
        "juliet@capulet.lit/balcony",
        "972b7bf47291ca609517f67f86b5081086052dad",
    ),
    (
        "vj3hs98y",
        "juliet@capulet.lit/balcony",
        "romeo@montague.lit/orchard",
        "1a12fb7bc625e55f3ed5b29a53dbe0e4aa7d80ba",
    ),
    // S5-05, the wrong id on purpose: a digest like others, but not that of S5-03.
    (
        "a73sjjvkla37jfea",
        "romeo@montague.lit/orchard",
        "juliet@capulet.lit/balcony",
        "6add54da512ae7df8dae892c080bc3d36ae91107",
    ),
    ("s1", "ct1@rad.example/gw", "pacs@arch.example/store-1", "b83e65efb83a7b7cd4a027443ba0eeda125fee6c"),
    ("s1", "pacs@arch.example/store-1", "ct1@rad.example/gw", "9c7341c6e164ffcecf6744400870faddfb1dd3cd"),
    ("s1", "ct1@rad.example", "pacs@arch.example", "6281693f4417b93aff63e549b05f7e66806ec942"),
    (
        "s1",
        "müller@klinik.example/Röntgen",
        "pacs@arch.example/store-1",
        "f309b9391bd6234f57a9f692ea0a25573e1b8bc2",
    ),
    ("S1", "ct1@rad.example/gw", "pacs@arch.example/store-1", "5ef0e1d7ccff209227092dedc1785ddc6bef3fbe"),
    (SID_128, "ct1@rad.example/gw", "pacs@arch.example/store-1", "9b090c7a09096a2960c2776036366c6eb58239a5"),
];
/// S5-14: the longest stream id.
const SID_128: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
                       aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

#[test]
fn s5b_11_digests_are_those_of_the_vectors() {
    for (sid, requester, target, hex) in DIGESTS {
        let digest = Digest::new(sid, requester, target).unwrap();
        assert_eq!(digest.dst().as_bytes(), hex.as_bytes(), "{sid} {requester} {target}");
        assert_eq!(digest.dst(), Dst::parse(hex.as_bytes()).unwrap());
    }
}

#[test]
fn s5b_11_other_inputs_give_digests_that_do_not_compare_equal() {
    for (at, (sid, requester, target, _)) in DIGESTS.iter().enumerate() {
        let digest = Digest::new(sid, requester, target).unwrap();
        for (other, (.., hex)) in DIGESTS.iter().enumerate() {
            assert_eq!(digest.dst() == Dst::parse(hex.as_bytes()).unwrap(), at == other);
        }
    }
    // S5-11: S5-10 hashed as Latin-1 by a peer.
    let digest = Digest::new("s1", "müller@klinik.example/Röntgen", "pacs@arch.example/store-1").unwrap();
    assert_ne!(digest.dst(), Dst::parse(b"b709353caf4f4ec9a59d19e6f9c326d3288d88db").unwrap());
}

#[test]
fn s5b_11_addresses_are_hashed_as_they_are_so_they_have_to_be_prepared() {
    let hex = |requester: &str| {
        let digest = Digest::new("s1", requester, "pacs@arch.example/store-1").unwrap();
        std::string::String::from_utf8(digest.dst().as_bytes().to_vec()).unwrap()
    };
    let typed = "CT1@RAD.example/gw";
    assert_eq!(hex(typed), "08362261f5e73b9a5acdc9eba51dc10478bf9cb5"); // S5-13
    let prepared = Jid::parse(typed).unwrap().prepared::<64>().unwrap();
    assert_eq!(hex(&prepared), "b83e65efb83a7b7cd4a027443ba0eeda125fee6c"); // S5-06
}

#[test]
fn s5b_13_stream_ids_of_1_to_128_bytes_give_digests() {
    let error = |sid: &str| Digest::new(sid, "a@b/c", "d@e/f").unwrap_err();
    assert_eq!(error(""), SidError::Empty); // S5-09
    assert_eq!(error(&std::format!("{SID_128}a")), SidError::TooLong);
    assert!(Digest::new("ä \u{1f4a9}<", "a@b/c", "d@e/f").is_ok());
}

#[test]
fn s5b_12_destinations_are_1_to_255_bytes_of_visible_ascii() {
    assert_eq!(Dst::parse(b""), Err(DstError::Empty));
    assert_eq!(Dst::parse(&[b'a'; 256]), Err(DstError::TooLong));
    assert!(Dst::parse(&[b'a'; 255]).is_ok());
    for byte in 0..=255u8 {
        let expected = if (0x21..=0x7e).contains(&byte) { Ok(()) } else { Err(DstError::Character) };
        assert_eq!(Dst::parse(&[b'a', byte]).map(|_| ()), expected, "{byte:02x}");
    }
}

#[test]
fn destinations_differ_in_any_bit_in_case_and_in_length() {
    let (sid, requester, target, _) = DIGESTS[0];
    let digest = Digest::new(sid, requester, target).unwrap();
    let hex = digest.dst().as_bytes();
    for at in 0..hex.len() {
        let mut other = hex.to_vec();
        other[at] ^= 1;
        assert_ne!(digest.dst(), Dst::parse(&other).unwrap(), "byte {at}");
    }
    assert_ne!(digest.dst(), Dst::parse(&hex.to_ascii_uppercase()).unwrap());
    assert_ne!(digest.dst(), Dst::parse(&hex[..39]).unwrap());
    assert_ne!(digest.dst(), Dst::parse(&[hex, b"0"].concat()).unwrap());
}
