//! Which words of the contract are held by a test: every error, reason, ending, event and other variant that an owner can
//! meet is named where tests assert, so that no arm can be added that nothing ever takes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use xft_tests::sources::{root, sources};

/// Files with the words of the contract.
const CONTRACT: [&str; 4] = ["error.rs", "output.rs", "config.rs", "session/command.rs"];

/// Variants that no test names yet. The list only shrinks: what is named has to leave it.
const OWED: &[&str] = &[];

/// Enums and their variants in a source text, as rustfmt writes them.
fn variants(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("pub enum ") {
            inside = Some(rest.split(|c: char| !c.is_alphanumeric()).next().unwrap());
        } else if line.starts_with('}') {
            inside = None;
        }
        let variant = line.strip_prefix("    ").filter(|v| v.starts_with(|c: char| c.is_ascii_uppercase()));
        if let (Some(name), Some(variant)) = (inside, variant) {
            let variant = variant.split(|c: char| !c.is_alphanumeric()).next().unwrap();
            found.push(format!("{name}::{variant}"));
        }
    }
    found
}

/// What asserts in a file of the core, or nothing.
fn asserting<'t>(path: &Path, text: &'t str) -> &'t str {
    let folder = path.parent().is_some_and(|dir| dir.ends_with("tests"));
    if path.ends_with("tests.rs") || folder {
        return text;
    }
    text.split_once("#[cfg(test)]").map_or("", |(_, tests)| tests)
}

/// Words of a text, a path such as `Reason::Closed` being one.
fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').collect()
}

/// Whether that text names the variant: by its path, or by itself where the enum's variants are imported.
fn names(text: &str, words: &BTreeSet<&str>, variant: &str) -> bool {
    let (name, alone) = variant.split_once("::").unwrap();
    let by_path = words.iter().any(|word| *word == variant || word.ends_with(&format!("::{variant}")));
    let imported = text.contains(&format!("{name}::*")) || text.contains(&format!("{name}::{{"));
    by_path || imported && words.contains(alone)
}

#[test]
fn every_word_of_the_contract_is_named_by_a_test() {
    let core = root().join("core/src");
    let all: Vec<String> =
        CONTRACT.iter().flat_map(|file| variants(&fs::read_to_string(core.join(file)).unwrap())).collect();
    assert!(all.len() > 150 && all.contains(&"Reason::Stalled".to_owned()), "the words moved: {all:?}");
    let mut files = sources(&root().join("tests/tests"), &["rs"]);
    files.extend(sources(&root().join("tests/src/by_hand"), &["rs"]));
    let mut texts: Vec<String> = files
        .iter()
        .filter(|file| !file.ends_with("house/variants.rs"))
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let files = sources(&core, &["rs"]);
    texts.extend(files.iter().map(|file| asserting(file, &fs::read_to_string(file).unwrap()).to_owned()));
    let texts: Vec<(&String, BTreeSet<&str>)> = texts.iter().map(|text| (text, words(text))).collect();
    let named = |variant: &str| texts.iter().any(|(text, words)| names(text, words, variant));
    let unnamed: Vec<&String> = all.iter().filter(|v| !named(v) && !OWED.contains(&v.as_str())).collect();
    assert!(unnamed.is_empty(), "no test names {unnamed:?}");
    let paid: Vec<_> = OWED.iter().filter(|v| named(v) || !all.iter().any(|it| it == *v)).collect();
    assert!(paid.is_empty(), "take these off the list: {paid:?}");
}

#[test]
fn variants_and_their_names_are_found_and_nothing_else_is_one() {
    let text = "pub enum One<'o> {\n    /// Aaa\n    First,\n    Second {\n        Third: u8,\n    },\n    #[x]\n    Last(Two),\n}\n\
                struct Other {\n    Fourth: u8,\n}\n";
    assert_eq!(variants(text), ["One::First", "One::Second", "One::Last"]);
    for (text, is_named) in [
        ("a(One::First)", true),
        ("[xft_core::One::First, b]", true),
        ("One::FirstOfAll", false),
        ("NoOne::First", false),
        ("First", false),
        ("use xft_core::One::*; First", true),
        ("use One::{First, Second};", true),
        ("use One::*; FirstOfAll", false),
    ] {
        assert_eq!(names(text, &words(text), "One::First"), is_named, "{text}");
    }
}
