//! The C programs and independent peers through real servers; a table and totals at the end.
//!
//! `interop [proxies] [matrix] [methods] [fallback] [variants] [faults] [interrupted] [wrap]` (without words: all). The environment:
//! `XFT_PYTHON` a Python with slixmpp and pydicom, `XFT_EXAMPLES` the folder with `openssl/` and `rustls/` builds of the
//! C programs, `CXX` the compiler (g++) for the peer on gloox, which is built here.

use std::env;
use std::process::ExitCode;

use xft_tests::interop::report::Report;
use xft_tests::interop::tools::Tools;
use xft_tests::interop::{fallback, faults, interrupted, matrix, methods, proxies, variants};

type Part = fn(&Tools, &mut Report) -> Result<(), String>;
const PARTS: [(&str, Part); 8] = [
    ("proxies", |_, report| proxies::run(report)),
    ("matrix", matrix::run),
    ("methods", methods::run),
    ("fallback", fallback::run),
    ("variants", variants::run),
    ("faults", faults::run),
    ("interrupted", interrupted::run),
    ("wrap", matrix::wrap),
];

fn main() -> ExitCode {
    let wanted: Vec<String> = env::args().skip(1).collect();
    if let Some(word) = wanted.iter().find(|word| !PARTS.iter().any(|(name, _)| name == word)) {
        eprintln!("interop: there is no part `{word}`; there are: {}", PARTS.map(|(name, _)| name).join(" "));
        return ExitCode::from(2);
    }
    let tools = Tools::from_env();
    let mut report = Report::default();
    for (name, part) in PARTS {
        let chosen = wanted.is_empty() || wanted.iter().any(|word| word == name);
        if chosen && let Err(failure) = part(&tools, &mut report) {
            report.note("", "", name, Err(failure));
        }
    }
    if report.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
