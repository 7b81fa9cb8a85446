use super::marks::joins;
use super::{harmless, is_edge, is_harmful};
use crate::NAME_BYTES;
use std::string::String;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

#[test]
fn device_name_with_the_longest_extension_keeps_it() {
    let name = harmless(&["con.", &"a".repeat(200)].concat());
    assert_eq!(name.len(), NAME_BYTES);
    assert!(name.starts_with("_con.aaa"), "{name}");
}

#[test]
fn names_that_are_harmless_stay_as_they_are() {
    for name in [
        "CT0001.dcm",
        "a b-c_d.tar.gz",
        "Röntgen.dcm",
        "Ro\u{308}ntgen.dcm",
        "ภาพถ่าย.dcm",
        "एक्स-रे.dcm",
        "صورة.dcm",
        "レントゲン\u{3099}.dcm",
        "\u{1112}\u{1161}\u{11ab}.dcm",
        "O'Neill^Mary A&B.dcm",
        "scan (3).dcm",
        "a+b,c=d[1]{2}~@#$%!;`.dcm",
        "Screenshot at 9.41\u{202f}AM.png",
        "२०२४.dcm",
        "❤\u{fe0f}.png",
        "___",
    ] {
        assert_eq!(harmless(name), name);
    }
}

#[test]
fn atk_40_hostile_names_lose_their_power() {
    for (raw, want) in [
        ("../../etc/passwd", "passwd"),
        ("../../x.dcm", "x.dcm"),
        ("..", "file"),
        (".", "file"),
        ("", "file"),
        ("/", "file"),
        ("a/..", "file"),
        ("C:\\Windows\\system.ini", "system.ini"),
        ("C:evil", "C_evil"),
        ("x.dcm:stream", "x.dcm_stream"),
        (".bashrc", "bashrc"),
        (". .bashrc", "bashrc"),
        ("a\0b\n.dcm", "a_b_.dcm"),
        ("a\u{9b}31m.dcm", "a_31m.dcm"),
        ("x\u{202e}mcd.exe", "x_mcd.exe"),
        ("x\u{200b}y\u{feff}.dcm", "x_y_.dcm"),
        ("a\u{3164}b\u{115f}c\u{2800}d\u{ffa0}.dcm", "a_b_c_d_.dcm"),
        ("\u{3164}", "file"),
        ("a\u{2028}b\u{2029}c", "a_b_c"),
        ("x\u{f022}stream", "x_stream"),
        ("trail. . ", "trail"),
        ("trail\u{a0}\u{3000}", "trail"),
        ("NUL", "_NUL"),
        ("com1.txt", "_com1.txt"),
        ("COM\u{b9}", "_COM\u{b9}"),
        ("con .txt", "_con .txt"),
        ("CON.dcm", "_CON.dcm"),
        ("comet.txt", "comet.txt"),
        ("dir/", "dir"),
        ("???", "file"),
        ("_\u{202e}_", "file"),
        ("\u{3000}\u{2003}", "file"),
        ("Screenshot 2015-09-30 00:15:23.png", "Screenshot 2015-09-30 00_15_23.png"),
    ] {
        assert_eq!(harmless(raw), want, "{raw:?}");
    }
}

/// ATK-40
#[test]
fn of_every_script_only_what_can_do_harm_is_replaced() {
    for c in '\0'..=char::MAX {
        use GeneralCategory::*;
        let code = u32::from(c);
        let nobody = matches!(code, 0xfdd0..=0xfdef) || code & 0xfffe == 0xfffe;
        // Places that are kept for more characters of that kind.
        let kept_free = matches!(code, 0x2065 | 0xfff0..=0xfff8 | 0xe0000..=0xe00ff);
        let blank = [0x115f, 0x1160, 0x2800, 0x3164, 0xffa0].contains(&code);
        let harm = match c.general_category() {
            Control | Format | LineSeparator | ParagraphSeparator | PrivateUse => true,
            Unassigned => nobody || kept_free || code >= 0xf_0000,
            _ => blank || "/\\:\"*<>?|".contains(c),
        };
        assert_eq!(is_harmful(c), harm, "U+{code:04X}");
        assert_eq!(is_edge(c), c == '.' || c.general_category() == SpaceSeparator, "U+{code:04X}");
    }
}

#[test]
fn a_long_name_loses_the_end_of_its_stem_and_keeps_its_extension() {
    let x = "x".repeat(250);
    for (extension, kept) in [
        (".dcm", ".dcm"),
        (".tar.gz", ".tar.gz"),
        (".nii.gz", ".nii.gz"),
        (".a:b", ".a_b"),
        ("", ""),
        (".an extension of many words", ""),
    ] {
        let name = harmless(&[&x, extension].concat());
        assert_eq!(name.len(), NAME_BYTES, "{extension}");
        assert!(name.ends_with(kept) && name.starts_with("xxx"), "{name}");
    }
    let numbers = "1.2.840.113619.2.55.3.604688119.971.1268643541.378.1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.21.dcm";
    assert!(harmless(&[numbers, "26.dcm"].concat()).ends_with("26.dcm"));
    let spaces = ["x", &" ".repeat(200), "y"].concat();
    assert_eq!(harmless(&spaces), "x", "a name does not end in a space because it was cut there");
    assert_eq!(harmless(&["con", &" ".repeat(200), "y"].concat()), "_con", "nor becomes a device");
}

/// ATK-40
#[test]
fn a_long_name_is_never_cut_between_a_letter_and_its_marks() {
    for cluster in
        ["ä", "a\u{308}", "ถ่", "क्\u{200c}षि", "\u{1112}\u{1161}\u{11ab}", "漢", "e\u{301}\u{323}\u{330}"]
    {
        for front in 0..8 {
            let raw = ["x".repeat(front), cluster.repeat(60), ".dcm".into()].concat();
            let name = harmless(&raw);
            assert!(name.len() <= NAME_BYTES && name.len() > NAME_BYTES - 16, "{name}");
            let stem = name.strip_suffix(".dcm").unwrap();
            let whole: String = raw.chars().map(|c| if is_harmful(c) { '_' } else { c }).collect();
            let next = whole.strip_prefix(stem).unwrap().chars().next().unwrap();
            assert!(!joins(next), "{name} is cut before U+{:04X}", u32::from(next));
        }
    }
    let marks = harmless(&"\u{301}".repeat(200));
    assert!(marks.len() > NAME_BYTES - 4, "what is nothing but marks is cut somewhere");
}

#[test]
fn a_harmless_name_is_harmless() {
    for raw in [
        "x\u{202e}.dcm",
        "con. ",
        &"a. ".repeat(90),
        &["con", &".".repeat(130), "x"].concat(),
        &"\u{3000}x".repeat(60),
    ] {
        let once = harmless(raw);
        assert_eq!(harmless(&once), once, "{raw:?}");
    }
}
