//! All methods between every pair: peer x method x direction at every server, in one table.

use std::fmt::Write;
use std::time::Duration;

use super::endpoint::{Endpoint, Tls, Which};
use super::files::FileSet;
use super::matrix::note;
use super::program::Program;
use super::report::{Moved, Report};
use super::tools::{Side, Tools, Who};

/// Sender and receiver. The last two are controls: they show that the server and the peers are well.
const PAIRS: [(Who, Who); 8] = [
    (Who::OpenSsl, Who::Rustls),
    (Who::Rustls, Who::OpenSsl),
    (Who::OpenSsl, Who::Slixmpp),
    (Who::Slixmpp, Who::OpenSsl),
    (Who::Rustls, Who::Gloox),
    (Who::Gloox, Who::Rustls),
    (Who::Slixmpp, Who::Slixmpp),
    (Who::Gloox, Who::Gloox),
];
const SIZES: [u64; 3] = [1, 100_000, 5_000_000];
const LIMIT: Duration = Duration::from_secs(40);

/// What carries a file, or is asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// SOCKS5 to an address of the sender's own.
    Direct,
    /// SOCKS5 through a proxy.
    Mediated,
    /// Stanzas.
    InBand,
    /// Whatever the two agree on.
    Auto,
}

impl Method {
    /// All, in the order of the table.
    pub const ALL: [Self; 4] = [Self::Direct, Self::Mediated, Self::InBand, Self::Auto];

    /// The word on the command lines.
    pub fn word(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Mediated => "mediated",
            Self::InBand => "inband",
            Self::Auto => "auto",
        }
    }

    /// What a program said about the files it sent or received, one method for each: ours `NAME: sent by direct transfer
    /// to ...`, the peers `sent NAME ... method=direct ...`.
    pub fn said_in(said: &str) -> Vec<Self> {
        const WORDS: [(&str, Method); 3] =
            [("direct", Method::Direct), ("mediated", Method::Mediated), ("in-band", Method::InBand)];
        let ours = |line: &str| {
            let after = |words| line.split_once(words).map(|(_, rest)| rest);
            let way = after(": sent by ").or_else(|| after(": received by "))?;
            WORDS.into_iter().find(|(word, _)| way.starts_with(&format!("{word} transfer")))
        };
        let theirs = |line: &str| {
            let way = line.split(' ').find_map(|word| word.strip_prefix("method="))?;
            WORDS.into_iter().find(|(word, _)| word.replace('-', "") == way)
        };
        said.lines()
            .filter_map(|line| ours(line).or_else(|| theirs(line)))
            .map(|(_, method)| method)
            .collect()
    }
}

/// A column of the table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cell {
    /// Files of several sizes by that method.
    Files(Method),
    /// A file of no bytes, which some peers cannot send and which goes in band (QRK-48).
    Empty,
}

const CELLS: [Cell; 5] = [
    Cell::Files(Method::Direct),
    Cell::Files(Method::Mediated),
    Cell::Files(Method::InBand),
    Cell::Files(Method::Auto),
    Cell::Empty,
];

impl Cell {
    fn name(self) -> &'static str {
        match self {
            Self::Files(method) => method.word(),
            Self::Empty => "empty file",
        }
    }

    fn method(self) -> Method {
        match self {
            Self::Files(method) => method,
            Self::Empty => Method::Auto,
        }
    }

    /// Why this sender cannot do it, its exit code then and what it says.
    fn beyond(self, from: Who) -> Option<(&'static str, i32, &'static str)> {
        match (self, from) {
            (Self::Files(Method::Direct), Who::Slixmpp) => {
                Some(("slixmpp has no listener to offer (QRK-26)", 2, "slixmpp cannot listen"))
            }
            (Self::Empty, Who::Gloox) => {
                Some(("gloox offers no empty file (QRK-12)", 1, "gloox does not offer"))
            }
            _ => None,
        }
    }

    /// What is to carry the files.
    fn carrier(self, from: Who, to: Who) -> Option<Method> {
        match (self, from, to) {
            (Self::Files(Method::Auto), _, Who::Slixmpp) => Some(Method::InBand), // QRK-11
            (Self::Files(Method::Auto), Who::Gloox, _) => Some(Method::Direct),   // its own address first
            (Self::Files(Method::Auto), ..) => Some(Method::Mediated),            // our own order
            (Self::Files(method), ..) => Some(method),
            (Self::Empty, ..) => None,
        }
    }
}

/// What came of a cell.
enum Came {
    Well(Moved),
    Cannot(&'static str),
}

/// Runs every cell at every server.
pub fn run(tools: &Tools, report: &mut Report) -> Result<(), String> {
    tools.build_gloox()?;
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    let files = FileSet::random("", dir.path(), &SIZES)?;
    let empty = FileSet::random("", dir.path(), &[0])?;
    let mut table = Table::default();
    for which in Which::ALL {
        let endpoint = match Endpoint::start(which) {
            Ok(endpoint) => endpoint,
            Err(failure) => {
                report.note(which.name(), "", "starts", Err(failure));
                continue;
            }
        };
        for (from, to) in PAIRS {
            for cell in CELLS {
                let what = format!("{} to {}, {}", from.name(), to.name(), cell.name());
                let files = if cell == Cell::Empty { &empty } else { &files };
                let came = run_cell(tools, &endpoint, (from, to), cell, files);
                table.enter(which, (from, to), &came);
                match came {
                    Ok(Came::Cannot(reason)) => {
                        report.cannot(which.name(), Tls::Starttls.word(), &what, reason);
                    }
                    Ok(Came::Well(moved)) => note(report, &endpoint, Tls::Starttls, &what, Ok(moved)),
                    Err(failure) => note(report, &endpoint, Tls::Starttls, &what, Err(failure)),
                }
            }
        }
    }
    report.table(table.text());
    Ok(())
}

fn run_cell(
    tools: &Tools,
    at: &Endpoint,
    (from, to): (Who, Who),
    cell: Cell,
    files: &FileSet,
) -> Result<Came, String> {
    let [from, to] = [from, to].map(|who| Side { who, at, tls: Tls::Starttls });
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut recv = tools.recv(to, dir.path(), files.paths.len());
    recv.args(["--method", cell.method().word()]);
    if to.who.is_ours() {
        recv.args(["--fsync", "end"]);
    }
    let receiver = tools.receiver(recv)?;
    let mut send = tools.send(from);
    send.args(["--method", cell.method().word()]).args(&files.paths);
    if from.who.is_ours() && matches!(cell.method(), Method::Direct | Method::Auto) {
        // Loopback is not offered unless it is asked for.
        send.args(["--listen", "127.0.0.1"]);
    }
    let sent = Program::start("the sender", send)?.end(LIMIT);
    if let Some((reason, code, words)) = cell.beyond(from.who) {
        sent.code_is(code)?;
        return match sent.said.contains(words) {
            true => Ok(Came::Cannot(reason)),
            false => Err(format!("the sender does not say `{words}`:\n{}", sent.said)),
        };
    }
    let ok = sent.ok();
    let patience = if ok.is_ok() { Duration::from_secs(20) } else { Duration::from_secs(1) };
    let received = receiver.end(patience);
    ok.map_err(|failure| format!("{failure}the receiver said:\n{}", received.said))?;
    received.ok().map_err(|failure| format!("{failure}the sender said:\n{}", sent.said))?;
    files.arrived_in(dir.path(), super::files::safe_name)?;
    if let Some(method) = cell.carrier(from.who, to.who) {
        for ended in [&sent, &received] {
            carried_by(method, files.paths.len(), &ended.said)?;
        }
    }
    Ok(Came::Well(Moved { bytes: files.bytes, seconds: sent.seconds }))
}

/// Every file by that method, as the program says.
pub fn carried_by(method: Method, files: usize, said: &str) -> Result<(), String> {
    let methods = Method::said_in(said);
    if methods.len() == files && methods.iter().all(|&each| each == method) {
        return Ok(());
    }
    Err(format!("not all {files} files went by `{}` but by {methods:?}:\n{said}", method.word()))
}

/// Pairs down, cells across, each with what came of it at every server.
#[derive(Default)]
struct Table {
    rows: Vec<(String, Vec<String>)>,
    reasons: Vec<&'static str>,
}

impl Table {
    fn enter(&mut self, which: Which, (from, to): (Who, Who), came: &Result<Came, String>) {
        let name = format!("{} | {} | {}", from.name(), to.name(), which.name());
        let text = match came {
            Ok(Came::Well(_)) => "ok".into(),
            Ok(Came::Cannot(reason)) => {
                let known = self.reasons.iter().position(|each| each == reason);
                let number = known.unwrap_or_else(|| {
                    self.reasons.push(reason);
                    self.reasons.len() - 1
                });
                format!("cannot ({})", number + 1)
            }
            Err(_) => "FAILED".into(),
        };
        match self.rows.last_mut().filter(|(last, _)| *last == name) {
            Some((_, cells)) => cells.push(text),
            None => self.rows.push((name, vec![text])),
        }
    }

    fn text(&self) -> String {
        let mut text = format!("| sender | receiver | server | {} |\n", CELLS.map(Cell::name).join(" | "));
        text.push_str(&format!("|{}\n", "---|".repeat(CELLS.len() + 3)));
        for (name, cells) in &self.rows {
            let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
        }
        for (number, reason) in self.reasons.iter().enumerate() {
            let _ = writeln!(text, "({}) {reason}", number + 1);
        }
        text
    }
}
