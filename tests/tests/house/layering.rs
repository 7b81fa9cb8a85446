//! The rooms of the core import only whom they may: a `use` line with a wrong arrow fails here.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use xft_tests::sources::sources;

const WORDS: &[&str] = &["config", "error", "output", "storage", "time"];

/// Rooms a room may name, besides itself and the words of the contract.
fn allowed(room: &str) -> &'static [&'static str] {
    match room {
        "session" => &["link", "contact", "negotiate", "transport", "transfer", "dispatch", "wire"],
        // The slot of a transfer holds the state of its bytestream.
        "transfer" => &["transport", "wire"],
        "link" | "contact" | "negotiate" | "transport" | "dispatch" => &["wire"],
        "storage" => &["contact", "transfer", "transport"],
        // An account is checked with the address syntax of the wire.
        "config" => &["wire"],
        _ => &[],
    }
}

/// First path segments after `crate::` in a file, comments and test modules left out.
fn imports(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let mut found = BTreeSet::new();
    for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for (at, _) in line.match_indices("crate::") {
            let rest = &line[at + "crate::".len()..];
            if let Some(group) = rest.strip_prefix('{') {
                let names = group.split('}').next().unwrap().split(',');
                found.extend(names.map(|name| name.trim().split("::").next().unwrap().to_owned()));
            } else {
                found.insert(
                    rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap().to_owned(),
                );
            }
        }
    }
    found
}

#[test]
fn rooms_import_only_whom_they_may() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src");
    let rooms: BTreeSet<String> = fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "lib")
        .collect();
    assert!(rooms.contains("session") && rooms.contains("wire"), "the rooms moved: {rooms:?}");
    let (mut wrong, mut checked) = (Vec::new(), 0);
    for path in sources(&root, &["rs"]) {
        let inside = path.strip_prefix(&root).unwrap();
        let first = inside.components().next().unwrap();
        let room = Path::new(first.as_os_str()).file_stem().unwrap().to_str().unwrap().to_owned();
        if room == "lib" {
            continue;
        }
        checked += 1;
        for import in imports(&fs::read_to_string(&path).unwrap()) {
            let is_room = rooms.contains(&import) && import != room && !WORDS.contains(&import.as_str());
            if is_room && !allowed(&room).contains(&import.as_str()) {
                wrong.push(format!("{}: {room} must not import {import}", inside.display()));
            }
        }
    }
    assert!(checked > 30, "only {checked} files found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a C program gets is made of the contract alone; the feature `internals` is for tests.
#[test]
fn the_c_library_is_made_of_the_contract() {
    let ffi = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ffi");
    let files = sources(&ffi.join("src"), &["rs"]);
    assert!(files.len() > 10, "only {} files found", files.len());
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("internals"), "{} reaches into the core", path.display());
    }
    let manifest = fs::read_to_string(ffi.join("Cargo.toml")).unwrap();
    let linked = manifest.split("[dev-dependencies]").next().unwrap();
    assert!(linked.contains("xft-core") && !linked.contains("internals"), "{linked}");
}

#[test]
fn the_core_holds_no_unsafe_and_no_std() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src");
    let lib = fs::read_to_string(root.join("lib.rs")).unwrap();
    assert!(lib.contains("#![no_std]") && lib.contains("#![forbid(unsafe_code)]"));
    for path in sources(&root, &["rs"]) {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        assert!(!code.contains("alloc::") && !code.contains("std::collections"), "{}", path.display());
    }
}

/// Time cannot be measured well enough in a test; how it is written can be read.
#[test]
fn atk_61_hashes_and_signatures_are_compared_in_constant_time() {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src");
    for file in ["transfer/digest.rs", "wire/scram.rs", "session/last_word.rs"] {
        let text = fs::read_to_string(core.join(file)).unwrap();
        assert!(text.contains(".ct_eq("), "{file}");
        let compared = text.lines().find(|line| {
            let code = line.split("//").next().unwrap_or_default();
            (code.contains("==") || code.contains("!="))
                && ["sha256", "md5", "signature", "digest", "proof"].iter().any(|word| code.contains(word))
                && !code.contains("ct_eq")
        });
        assert_eq!(compared, None, "{file}");
    }
}
