//! Which rules are held by a test: every id in `tests/rules.txt` stands at a test, and every id that the core cites
//! is in the list, so that coverage cannot shrink unseen.
//!
//! `XFT_RULES=write` adds to the list what is cited at tests and not in it; taking an id off the list is done by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use xft_tests::sources::{root, sources};

/// Families of rules that are kept so far, as `core/RULES.md` has them; ids of test vectors look alike and are none.
pub const FAMILIES: [&str; 16] = [
    "ATK", "BND", "DSC", "IBB", "LIM", "PNG", "PRS", "QRK", "S5B", "SASL", "SER", "SI", "SM", "STR", "STZ",
    "XML",
];

type Found = BTreeMap<String, BTreeSet<PathBuf>>;

/// Ids in a text, written `IBB-07` or, in the name of a function, `ibb_07`.
pub fn ids(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric();
    let words: Vec<(usize, &str)> =
        text.split(|c| !is_part(c)).map(|w| (w.as_ptr() as usize - text.as_ptr() as usize, w)).collect();
    let pairs = words.windows(2).filter(|pair| {
        let [(at, family), (next, number)] = pair else { return false };
        let joined = next - at == family.len() + 1 && matches!(text.as_bytes()[next - 1], b'-' | b'_');
        let cased = family.chars().all(|c| !c.is_ascii_lowercase()) || text.as_bytes()[next - 1] == b'_';
        joined && cased && number.len() == 2 && number.bytes().all(|b| b.is_ascii_digit())
    });
    let ids = pairs.map(|pair| (pair[0].1.to_uppercase(), pair[1].1));
    ids.filter(|(family, _)| FAMILIES.contains(&family.as_str())).map(|(f, n)| format!("{f}-{n}")).collect()
}

/// What the core cites in its code, and what tests cite. A module's head lists what it is about and proves nothing.
fn cited() -> (Found, Found) {
    let (mut core, mut tests) = (Found::new(), Found::new());
    let mut files = Vec::new();
    for dir in ["core/src", "tests/src", "tests/tests", "ffi/tests", "examples-c/check"] {
        let dir = root().join(dir);
        if dir.is_dir() {
            files.extend(sources(&dir, &["rs", "sh"]));
        }
    }
    for file in files.iter().filter(|f| !f.ends_with("house/rules.rs") && !f.ends_with("house/book.rs")) {
        let text = fs::read_to_string(file).unwrap();
        let in_core = file.starts_with(root().join("core"));
        // A test module of several files is a folder of that name.
        let mut testing =
            !in_core || file.ends_with("tests.rs") || file.parent().is_some_and(|dir| dir.ends_with("tests"));
        for line in text.lines() {
            testing |= line.trim() == "#[cfg(test)]";
            if testing && line.trim_start().starts_with("//!") {
                continue;
            }
            let found = if testing { &mut tests } else { &mut core };
            for id in ids(line) {
                found.entry(id).or_default().insert(file.strip_prefix(root()).unwrap().to_owned());
            }
        }
    }
    (core, tests)
}

#[test]
fn every_rule_is_held_by_a_test() {
    let path = root().join("tests/rules.txt");
    let (core, tests) = cited();
    let mut owed: BTreeSet<String> =
        fs::read_to_string(&path).unwrap_or_default().lines().map(str::to_owned).collect();
    if std::env::var_os("XFT_RULES").is_some_and(|v| v == "write") {
        owed.extend(tests.keys().cloned());
        let list: String = owed.iter().map(|id| format!("{id}\n")).collect();
        fs::write(&path, list).unwrap();
    }
    let untested: Vec<&String> = owed.iter().filter(|id| !tests.contains_key(*id)).collect();
    assert!(untested.is_empty(), "no test cites {untested:?}");
    let unlisted: Vec<_> = core.iter().filter(|(id, _)| !owed.contains(*id)).collect();
    assert!(unlisted.is_empty(), "the core keeps these, but they are not in tests/rules.txt: {unlisted:?}");
    let new: Vec<&String> = tests.keys().filter(|id| !owed.contains(*id)).collect();
    assert!(new.is_empty(), "add them with XFT_RULES=write: {new:?}");
}

#[test]
fn ids_are_found_in_comments_and_names_and_nothing_else_is_one() {
    let found = |text| ids(text).into_iter().collect::<Vec<_>>();
    assert_eq!(found("/// IBB-07, (SI-18) and SASL-01."), ["IBB-07", "SASL-01", "SI-18"]);
    assert_eq!(found("fn si_09_ibb_10_what_cannot_be_taken() {"), ["IBB-10", "SI-09"]);
    assert!(found("2024-01-02 IB-01 XM-02 SI-1 SI-123 si-01 sha_256 IBB 07 xIBB-07").is_empty());
}
