//! File names from the wire made harmless (ATK-40). They are data, never paths.

use crate::config::NAME_BYTES;
use crate::wire::jid::{concat, split_at_byte};

/// A sanitised file name.
pub type Name = heapless::String<NAME_BYTES>;

/// Device names that some systems give a meaning to, whatever the extension.
const RESERVED: &[&str] = &["con", "prn", "aux", "nul", "com", "lpt", "conin$", "conout$"];

/// The last component of `raw` with every character outside letters, digits, `.`, `_`, `-` and space replaced by `_`,
/// no dot at the front, no dot or space at the end, at most [`NAME_BYTES`] bytes; `file` when nothing is left.
pub fn sanitise(raw: &str) -> Name {
    let last = raw.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or("");
    let mut name = Name::new();
    for c in last.chars() {
        let c = if c.is_alphabetic() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-' | ' ') {
            c
        } else {
            '_'
        };
        if name.is_empty() && matches!(c, '.' | ' ') {
            continue;
        }
        let Some(longer) = concat(&[&name, c.encode_utf8(&mut [0; 4])]) else { break };
        name = longer;
    }
    let kept = name.trim_end_matches(['.', ' ']);
    let made = if is_reserved(kept) {
        let room = kept.floor_char_boundary(NAME_BYTES.saturating_sub(1));
        concat(&["_", kept.get(..room).unwrap_or_default()])
    } else if kept.chars().all(|c| c == '_') {
        concat(&["file"])
    } else {
        concat(&[kept])
    };
    made.unwrap_or_default()
}

/// Whether a system may read the name as a device.
fn is_reserved(name: &str) -> bool {
    let stem = split_at_byte(name, b'.').map_or(name, |(stem, _)| stem).trim_end_matches(' ');
    let digitless = stem.strip_suffix(|c: char| c.is_ascii_digit()).unwrap_or(stem);
    RESERVED.iter().any(|word| {
        let numbered = matches!(*word, "com" | "lpt");
        if numbered {
            stem.len() != digitless.len() && digitless.eq_ignore_ascii_case(word)
        } else {
            stem.eq_ignore_ascii_case(word)
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

    use super::sanitise;

    #[test]
    fn device_name_with_the_longest_extension_keeps_it() {
        let name = sanitise(&["con.", &"a".repeat(200)].concat());
        assert_eq!(name.len(), super::NAME_BYTES);
        assert!(name.starts_with("_con.aaa"), "{name}");
    }

    #[test]
    fn names_that_are_harmless_stay_as_they_are() {
        for name in ["CT0001.dcm", "a b-c_d.tar.gz", "Röntgen.dcm"] {
            assert_eq!(sanitise(name), name);
        }
    }

    #[test]
    fn atk_40_hostile_names_lose_their_power() {
        for (raw, want) in [
            ("../../etc/passwd", "passwd"),
            ("..", "file"),
            (".", "file"),
            ("", "file"),
            ("/", "file"),
            ("C:\\Windows\\system.ini", "system.ini"),
            ("C:evil", "C_evil"),
            (".bashrc", "bashrc"),
            ("a\0b\n.dcm", "a_b_.dcm"),
            ("x\u{202e}mcd.exe", "x_mcd.exe"),
            ("trail. . ", "trail"),
            ("NUL", "_NUL"),
            ("com1.txt", "_com1.txt"),
            ("comet.txt", "comet.txt"),
            ("dir/", "dir"),
            ("???", "file"),
        ] {
            assert_eq!(sanitise(raw), want, "{raw:?}");
        }
    }

    #[test]
    fn atk_40_a_long_name_is_cut_at_a_character() {
        let long: std::string::String = "ä".repeat(300);
        let name = sanitise(&long);
        assert!(name.len() <= crate::NAME_BYTES);
        assert!(name.chars().all(|c| c == 'ä'));
    }
}
