//! What the README shows is compiled, and what it names exists.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

const BEFORE: &str = r#"
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>
#include "xft.h"
uint64_t now_ms(void);
void write_all(int sock, const void *bytes, size_t len);
ssize_t read_until(int sock, void *bytes, size_t len, uint64_t until_ms);
void loop(xft_session *session, int sock, int file, int part_file, xft_file file_to_send);
void loop(xft_session *session, int sock, int file, int part_file, xft_file file_to_send) {
  static uint8_t out[16384], in[65536], block[8192];
  xft_output o = {0}; xft_received r = {0}; uint32_t transfer; size_t used = 0;
"#;

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[test]
fn the_loop_in_the_readme_compiles() {
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    let code = readme.split("```c\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block of C");
    let mut cc = Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Wno-unused-result", "-Werror", "-fsyntax-only", "-x", "c"])
        .arg("-I")
        .arg(repository().join("include"))
        .arg("-")
        .stdin(Stdio::piped())
        .spawn()
        .expect("a C compiler named cc");
    writeln!(cc.stdin.take().unwrap(), "{BEFORE}{code}}}").unwrap();
    assert!(cc.wait().unwrap().success());
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
