//! File hashes on the wire: SHA-256 as XEP-0300 has it, MD5 as XEP-0096 has it.

use crate::wire::base64;
use crate::wire::stanza::{Element, Ns};
use crate::wire::xml::Writer;

/// Writes `<hash algo='sha-256'>`: base64, never hex (XEP-0300 section 3).
pub fn write_sha256(w: &mut Writer<'_>, sha256: &[u8; 32]) {
    w.open("hash").attr("xmlns", Ns::Hashes.uri()).attr("algo", "sha-256").text_base64(sha256).close("hash");
}

/// The SHA-256 among the children of `parent`; anything that is not exactly one is none (ATK-42).
pub fn read_sha256(parent: &Element<'_>) -> Option<[u8; 32]> {
    let is_sha256 =
        |child: &Element<'_>| child.is(Ns::Hashes, "hash") && child.attr("algo") == Some("sha-256");
    let hash = parent.children().find(is_sha256)?;
    let mut bytes = [0; 33];
    let length = base64::decode_strict(hash.text().trim_ascii().as_bytes(), &mut bytes).ok()?;
    if length == 32 { bytes.first_chunk::<32>().copied() } else { None }
}

/// An MD5 as 32 hex digits of either case (SI-12, QRK-13).
pub fn parse_md5(text: &str) -> Option<[u8; 16]> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    let pairs: &[[u8; 2]; 16] = pairs.try_into().ok()?;
    let mut md5 = [0; 16];
    for (byte, [high, low]) in md5.iter_mut().zip(pairs) {
        let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok());
        *byte = (digit(*high)? << 4) | digit(*low)?;
    }
    Some(md5)
}

/// The lower four bits as a lower-case digit.
pub(crate) const fn hex_digit(nibble: u8) -> char {
    // Arithmetic rather than `char::from_digit`: the compiler sees that it is ASCII, and needs no other path.
    let nibble = nibble & 0xf;
    (if nibble < 10 { b'0'.wrapping_add(nibble) } else { b'a'.wrapping_add(nibble.wrapping_sub(10)) }) as char
}

/// An MD5 as lower-case hex.
pub fn md5_text(md5: &[u8; 16]) -> heapless::String<32> {
    let mut text = heapless::String::new();
    for byte in md5 {
        for nibble in [byte >> 4, byte & 0xf] {
            let _ = text.push(hex_digit(nibble));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{md5_text, parse_md5};

    #[test]
    fn si_12_md5_is_read_in_either_case_and_written_in_lower() {
        let md5 = parse_md5("900150983CD24FB0D6963F7D28E17F72").unwrap();
        assert_eq!(md5_text(&md5), "900150983cd24fb0d6963f7d28e17f72");
    }

    #[test]
    fn atk_42_what_is_not_32_hex_digits_is_no_md5() {
        for text in [
            "",
            "90",
            "900150983cd24fb0d6963f7d28e17f7",
            "900150983cd24fb0d6963f7d28e17f7g",
            "900150983cd24fb0d6963f7d28e17f7200",
            "+00150983cd24fb0d6963f7d28e17f72",
        ] {
            assert_eq!(parse_md5(text), None, "{text}");
        }
    }
}
