//! The C programs beside slixmpp, through the same servers: whole transfers, from the offer to the end.
//!
//! The time is the sender's own, without its login. Ours ends when the receiver has stored every byte with fsync and
//! both sides have compared SHA-256; slixmpp's ends when its receiver, which keeps the file in memory, answered the close.

use std::path::Path;
use std::time::Duration;

use super::clock::median;
use super::table::{Table, rate};
use crate::interop::endpoint::{Endpoint, Tls, Which};
use crate::interop::files::{FileSet, file_name, safe_name};
use crate::interop::program::Program;
use crate::interop::tools::{IN_BAND, Side, Tools, Who};

/// Blocks of this size everywhere: the only size that every peer takes.
const BLOCK: &str = "4096";
const LIMIT: Duration = Duration::from_secs(120);

/// One way to send a file.
#[derive(Clone, Copy, Debug)]
struct Way {
    name: &'static str,
    who: Who,
    options: &'static [&'static str],
    /// The receiver's folder is beside this program, on a disk, where fsync takes its time.
    disk: bool,
}

/// Both keep what they receive in memory, as slixmpp does with its whole file.
const fn in_memory(name: &'static str, who: Who, options: &'static [&'static str]) -> Way {
    Way { name, who, options, disk: false }
}

const WAYS: [Way; 6] = [
    in_memory("slixmpp", Who::Slixmpp, &[]),
    in_memory("libxft, window 2 blocks", Who::OpenSsl, &["--window", "8192"]),
    in_memory("libxft, window 64 KiB", Who::OpenSsl, &["--window", "65536"]),
    in_memory("libxft, window 256 KiB", Who::OpenSsl, &["--window", "262144"]),
    in_memory("libxft, window 1 MiB", Who::OpenSsl, &["--window", "1048576"]),
    Way {
        name: "libxft, window 256 KiB, received on disk",
        who: Who::OpenSsl,
        options: &["--window", "262144"],
        disk: true,
    },
];

/// The rates of every way with one file through one server.
pub struct Rates {
    server: &'static str,
    file_bytes: u64,
    /// MB/s of each round, in the order of the ways.
    rounds: Vec<[f64; WAYS.len()]>,
}

/// Sends a file of each size in every way, `rounds` times in turns, through one server.
pub fn measure(tools: &Tools, which: Which, sizes: &[u64], rounds: usize) -> Result<Vec<Rates>, String> {
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    let endpoint = Endpoint::start(which)?;
    let mut all = Vec::new();
    for &file_bytes in sizes {
        let file = FileSet::random("", dir.path(), &[file_bytes])?;
        let mut rates = Rates { server: which.name(), file_bytes, rounds: Vec::new() };
        for _ in 0..rounds {
            let mut round = [0.0; WAYS.len()];
            for (way, rate) in WAYS.iter().zip(&mut round) {
                let seconds = send(tools, &endpoint, *way, &file)
                    .map_err(|failure| format!("{} through {}: {failure}", way.name, which.name()))?;
                *rate = file_bytes as f64 / 1e6 / seconds;
            }
            rates.rounds.push(round);
        }
        all.push(rates);
    }
    Ok(all)
}

/// Sends one file from a program to its own kind, checks every byte, and gives the sender's seconds.
fn send(tools: &Tools, endpoint: &Endpoint, way: Way, file: &FileSet) -> Result<f64, String> {
    let dir = match std::env::current_exe() {
        Ok(program) if way.disk => tempfile::tempdir_in(program.parent().unwrap_or(Path::new("."))),
        _ => tempfile::tempdir(),
    };
    let dir = dir.map_err(|error| error.to_string())?;
    let side = Side { who: way.who, at: endpoint, tls: Tls::Starttls };
    let mut receive = tools.recv(side, dir.path(), 1);
    if way.who != Who::Slixmpp {
        receive.args(["--block", BLOCK]);
    }
    let receiver = tools.receiver(receive)?;
    let mut command = tools.send(side);
    command.args(IN_BAND).args(["--block", BLOCK]).args(way.options).args(&file.paths);
    let sent = Program::start("the sender", command)?.end(LIMIT);
    sent.ok()?;
    receiver.end(LIMIT).ok()?;
    file.arrived_in(dir.path(), if way.who == Who::Slixmpp { file_name } else { safe_name })?;
    seconds(&sent.said).ok_or_else(|| format!("the sender gave no time:\n{}", sent.said))
}

/// The time in the sender's line: `sent NAME ... seconds=S` or `sent NAME ... S s ...`.
fn seconds(said: &str) -> Option<f64> {
    let line = said.lines().find(|line| line.starts_with("sent "))?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let named = words.iter().find_map(|word| word.strip_prefix("seconds="));
    let unit =
        || words.windows(2).find(|pair| pair.last() == Some(&"s")).and_then(|pair| pair.first().copied());
    named.or_else(unit)?.parse().ok().filter(|seconds| *seconds > 0.0)
}

/// The table of all servers and sizes.
pub fn table(all: &[Rates]) -> String {
    let mut columns = vec!["MB/s, blocks of 4096 bytes by iq, STARTTLS (ratio to slixmpp)".to_owned()];
    columns.extend(all.iter().map(|rates| format!("{}, {} MiB", rates.server, rates.file_bytes >> 20)));
    let mut table = Table::new(&columns.iter().map(String::as_str).collect::<Vec<&str>>());
    for (at, way) in WAYS.iter().enumerate() {
        let mut cells = vec![way.name.to_owned()];
        cells.extend(all.iter().map(|rates| {
            let of = |pick: &dyn Fn(&[f64; WAYS.len()]) -> f64| {
                median(&rates.rounds.iter().map(pick).collect::<Vec<f64>>())
            };
            format!("{} (**{:.1}**)", rate(of(&|round| round[at])), of(&|round| round[at] / round[0]))
        }));
        table.row(&cells);
    }
    table.text().to_owned()
}

/// Whether everything is there that [`measure`] needs; the error says what to do.
pub fn check(tools: &Tools) -> Result<(), String> {
    let missing = |path: &Path, how: &str| format!("there is no {}; {how}", path.display());
    if !tools.openssl.join("xft_send").exists() {
        return Err(missing(&tools.openssl.join("xft_send"), "run make -C examples-c TLS=openssl"));
    }
    if !tools.python.exists() {
        return Err(missing(&tools.python, "run tests/run interop once, or set XFT_PYTHON"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn both_kinds_of_senders_tell_their_time() {
        assert_eq!(seconds("ready\nsent a.bin bytes=5 sha256=00 seconds=1.250\n"), Some(1.25));
        assert_eq!(seconds("sent a b.bin 5 bytes 0.750 s 12.30 MB/s verified\n"), Some(0.75));
        assert_eq!(seconds("xft_send: nothing\n"), None);
    }
}
