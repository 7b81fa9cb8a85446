//! Prints what libxft costs, as ratios measured in this run: `bench [core] [programs]` (without words: both).
//!
//! The environment: `XFT_PYTHON` a Python with slixmpp, `XFT_EXAMPLES` the folder with the `openssl/` build of the C
//! programs, `XFT_BENCH_ROUNDS` rounds of whole transfers (5).

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use xft_tests::bench::{core_rates, programs};
use xft_tests::interop::endpoint::Which;
use xft_tests::interop::tools::Tools;
use xft_tests::servers::Kind;

const PARTS: [&str; 2] = ["core", "programs"];
const CORE_ROUNDS: usize = 25;
const CORE_SHARE: Duration = Duration::from_millis(10);
const PROGRAM_ROUNDS: usize = 5;
const SIZES: [u64; 2] = [1 << 20, 10 << 20];

fn main() -> ExitCode {
    let wanted: Vec<String> = env::args().skip(1).collect();
    if let Some(word) = wanted.iter().find(|word| !PARTS.contains(&word.as_str())) {
        eprintln!("bench: there is no part `{word}`; there are: {}", PARTS.join(" "));
        return ExitCode::from(2);
    }
    let chosen = |part: &str| wanted.is_empty() || wanted.iter().any(|word| word == part);
    if chosen("core") {
        let measure = |block| core_rates::measure(block, CORE_ROUNDS, CORE_SHARE);
        let all: Vec<_> = core_rates::BLOCKS.into_iter().map(measure).collect();
        println!("{}", core_rates::table(&all));
    }
    if chosen("programs") {
        match run_programs() {
            Ok(table) => println!("{table}"),
            Err(failure) => {
                eprintln!("bench: {failure}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

fn run_programs() -> Result<String, String> {
    let tools = Tools::from_env();
    programs::check(&tools)?;
    let rounds =
        env::var("XFT_BENCH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(PROGRAM_ROUNDS);
    let mut all = Vec::new();
    for which in [Which::Loopback, Which::Real(Kind::Prosody)] {
        all.extend(programs::measure(&tools, which, &SIZES, rounds)?);
    }
    Ok(programs::table(&all))
}
