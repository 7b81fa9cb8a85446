//! What the README shows is what the header shows, and what it names exists.

use std::fs;
use std::path::Path;

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The header's is compiled and run by `tests/abi/run`.
#[test]
fn the_loop_in_the_readme_is_that_of_the_header() {
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    let header = fs::read_to_string(repository().join("include/xft.h")).unwrap();
    let of_readme = readme.split("```c\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let of_header: String = header
        .lines()
        .filter_map(|line| line.strip_prefix(" *   "))
        .skip_while(|line| *line != "for (;;) {")
        .take(of_readme.lines().count())
        .flat_map(|line| [line, "\n"])
        .collect();
    assert!(of_readme.lines().count() > 25 && of_readme.ends_with("\n}\n"));
    assert_eq!(of_readme, of_header);
}

#[test]
fn files_the_documents_point_to_exist() {
    for document in ["README.md", "core/README.md", "examples-c/README.md"] {
        let path = repository().join(document);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{document}: {error}"));
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            if !file.is_empty() && !file.contains("://") {
                assert!(path.parent().unwrap().join(file).exists(), "{document} points to {link}");
            }
        }
    }
}

#[test]
fn s5b_36_readme_and_header_say_who_can_read_a_file() {
    for document in ["README.md", "include/xft.h"] {
        let text = fs::read_to_string(repository().join(document)).unwrap();
        let text: Vec<&str> = text.split_whitespace().filter(|word| *word != "*").collect();
        let text = text.join(" ").replace('*', "").to_lowercase();
        for words in [
            "in band the servers of both ends read every byte",
            "over socks5 the bytes cross the network in clear",
            "keeps nobody out and nothing secret",
            "has to be encrypted before it is handed",
        ] {
            assert!(text.contains(words), "{document} does not say: {words}");
        }
    }
}
