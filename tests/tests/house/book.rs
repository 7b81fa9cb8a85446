//! `core/RULES.md` against the code: what is cited has an entry, what has an entry is cited, and the file it names is there
//! and cites it. A rule that moves to another file moves in the book too, else this fails and says where it went.

use super::rules::{FAMILIES, ids};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use xft_tests::sources::{root, sources};

const BOOK: &str = "core/RULES.md";
/// What begins like an id and is none.
const NO_FAMILY: [&str; 1] = ["UTF"];

/// One rule, as the book has it.
struct Entry {
    id: String,
    text: String,
    source: String,
    file: String,
    /// Words that stand in that file in place of the id: for what users read.
    words: Option<String>,
}

fn book() -> String {
    fs::read_to_string(root().join(BOOK)).unwrap_or_else(|error| panic!("{BOOK}: {error}"))
}

/// A paragraph `**IBB-15** text`, the last line `*source · `file`*` or `*source · `file` `words`*`.
fn entry(paragraph: &str) -> Entry {
    let wrong = |what: &str| -> ! { panic!("{BOOK}: {what} in:\n{paragraph}") };
    let (head, last) = paragraph.rsplit_once('\n').unwrap_or_else(|| wrong("no line with source and file"));
    let (id, text) = head[2..].split_once("**").unwrap_or_else(|| wrong("no id"));
    let last = last.strip_prefix('*').and_then(|last| last.strip_suffix('*'));
    let (source, place) = last
        .and_then(|last| last.rsplit_once(" · "))
        .unwrap_or_else(|| wrong("the last line is not `*source · file*`"));
    let mut spans = place.split('`').skip(1).step_by(2).map(str::to_owned);
    let file = spans.next().unwrap_or_else(|| wrong("no file"));
    Entry {
        id: id.to_owned(),
        text: text.trim().to_owned(),
        source: source.to_owned(),
        file,
        words: spans.next(),
    }
}

fn entries() -> Vec<Entry> {
    book().trim_end().split("\n\n").filter(|paragraph| paragraph.starts_with("**")).map(entry).collect()
}

/// The families of test vectors, and the file in which each stands.
fn vectors() -> BTreeMap<String, String> {
    let rows = book();
    let rows = rows.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let mut spans = row.split('`').skip(1).step_by(2).map(str::to_owned);
        spans.next().zip(spans.next()).unwrap_or_else(|| panic!("{BOOK}: no family and file in {row}"))
    })
    .collect()
}

/// Every file in which an id may stand.
fn files() -> Vec<PathBuf> {
    let root = root();
    let mut files = vec![root.join("README.md"), root.join("core/README.md")];
    for folder in ["core/src", "ffi", "tests", "examples-c", "include"] {
        files.extend(sources(&root.join(folder), &["rs", "c", "h", "cpp", "py", "sh", "md"]));
    }
    let own = |file: &PathBuf| file.ends_with("house/rules.rs") || file.ends_with("house/book.rs");
    files.retain(|file| !own(file) && !file.components().any(|part| part.as_os_str() == "target"));
    files
}

/// Ids and the files that cite them; families in capitals that are neither rules nor vectors, likewise.
fn cited() -> (BTreeMap<String, BTreeSet<String>>, BTreeSet<String>) {
    let (mut found, mut strange) = (BTreeMap::<String, BTreeSet<String>>::new(), BTreeSet::new());
    let vectors = vectors();
    for file in files() {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.strip_prefix(root()).unwrap().display().to_string();
        for id in ids(&text) {
            found.entry(id).or_default().insert(name.clone());
        }
        for family in families(&text) {
            let known =
                FAMILIES.contains(&family) || vectors.contains_key(family) || NO_FAMILY.contains(&family);
            if !known {
                strange.insert(format!("{family}-.. in {name}"));
            }
        }
    }
    (found, strange)
}

/// What stands before a dash and two digits, in capitals.
fn families(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let ids = words.filter_map(|word| word.split_once('-'));
    ids.filter(|(family, number)| {
        (2..=4).contains(&family.len())
            && family.starts_with(|c: char| c.is_ascii_uppercase())
            && family.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            && number.len() == 2
            && number.bytes().all(|b| b.is_ascii_digit())
    })
    .map(|(family, _)| family)
    .collect()
}

#[test]
fn what_is_cited_has_an_entry_and_what_has_an_entry_is_cited() {
    let (cited, strange) = cited();
    assert!(strange.is_empty(), "families that neither {BOOK} nor its list of vectors has: {strange:#?}");
    let entries: BTreeSet<String> = entries().into_iter().map(|entry| entry.id).collect();
    assert!(entries.len() > 200, "only {} entries found in {BOOK}", entries.len());
    let missing: Vec<_> = cited.iter().filter(|(id, _)| !entries.contains(*id)).collect();
    assert!(missing.is_empty(), "cited, and not in {BOOK}: {missing:#?}");
    let idle: Vec<_> = entries.iter().filter(|id| !cited.contains_key(*id)).collect();
    assert!(idle.is_empty(), "in {BOOK}, and cited nowhere: {idle:?}");
}

#[test]
fn every_entry_names_a_file_that_obeys_it() {
    let (cited, _) = cited();
    let mut wrong = Vec::new();
    for Entry { id, file, words, .. } in entries() {
        let Ok(text) = fs::read_to_string(root().join(&file)) else {
            wrong.push(format!("{id}: there is no {file}; cited by {:?}", cited.get(&id)));
            continue;
        };
        let there = words.as_ref().map_or_else(|| ids(&text).contains(&id), |words| text.contains(words));
        if !there {
            wrong.push(format!("{id}: {file} does not have {words:?}; cited by {:?}", cited.get(&id)));
        }
    }
    for (family, file) in vectors() {
        let text = fs::read_to_string(root().join(&file)).unwrap_or_default().to_uppercase();
        if !text.contains(&format!("{family}-")) && !text.contains(&format!("{family}_")) {
            wrong.push(format!("vectors {family}: none in {file}"));
        }
    }
    assert!(wrong.is_empty(), "{BOOK}:\n{}", wrong.join("\n"));
}

#[test]
fn every_entry_stands_once_in_its_family_with_text_and_source() {
    let (mut wrong, mut before) = (Vec::new(), String::new());
    let mut seen = BTreeSet::new();
    for Entry { id, text, source, .. } in entries() {
        if !ids(&id).contains(&id) {
            wrong.push(format!("{id}: no id of a family of rules"));
        }
        if !seen.insert(id.clone()) {
            wrong.push(format!("{id}: stands twice"));
        }
        let same_family = id.split('-').next() == before.split('-').next();
        if same_family && id < before {
            wrong.push(format!("{id}: stands behind {before}"));
        }
        if text.split_whitespace().count() < 5 || !text.ends_with('.') {
            wrong.push(format!("{id}: no sentence: {text}"));
        }
        let known = ["RFC ", "XEP-", "XML", "Namespaces in XML", "practice", "libxft"];
        if !source
            .split(", ")
            .all(|part| part.starts_with('§') || known.iter().any(|it| part.starts_with(it)))
        {
            wrong.push(format!("{id}: a source of no known kind: {source}"));
        }
        before = id;
    }
    assert!(wrong.is_empty(), "{BOOK}:\n{}", wrong.join("\n"));
}

#[test]
fn an_entry_is_read_as_it_is_written() {
    let read = entry("**IBB-07** One.\nTwo.  \n*XEP-0047 §2.1, libxft · `core/src/a.rs`*");
    assert_eq!((read.id.as_str(), read.text.as_str()), ("IBB-07", "One.\nTwo."));
    assert_eq!((read.source.as_str(), read.file.as_str()), ("XEP-0047 §2.1, libxft", "core/src/a.rs"));
    assert_eq!(read.words, None);
    let words = entry("**S5B-36** One.\n*practice · `README.md` `nothing secret`*").words;
    assert_eq!(words.as_deref(), Some("nothing secret"));
    let found: Vec<_> =
        families("IBB-07, (NEW-01) and SC-13: 2024-01-02 sha-25 UTF-8 XEP-0047 A-01").into_iter().collect();
    assert_eq!(found, ["IBB", "NEW", "SC"]);
}
