//! When SOCKS5 does not come about: the file still arrives by the next method, or both ends say clearly that it did not.
//!
//! Every case has a server of its own, so that several wait for their deadlines at the same time.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::blocked::{Blocked, How};
use super::endpoint::{Endpoint, Tls, Which};
use super::faults::code;
use super::files::{FileSet, names_in, safe_name};
use super::methods::{Method, carried_by};
use super::program::{Ended, Program};
use super::report::{Moved, Report};
use super::tools::{Side, Tools, Who};

/// A peer that never answers is given up after a minute.
const LIMIT: Duration = Duration::from_secs(100);
/// Cases at the same time; most of them wait.
const WORKERS: usize = 6;
const SMALL: u64 = 300_000;
const LARGE: u64 = 5_000_000;
/// More than the sockets on the way hold: who never confirms is told apart only while bytes are left to hand over.
const BEYOND_BUFFERS: u64 = 40_000_000;
/// What a peer without an address of its own offers instead.
const PROXY: &str = "proxy.hospital.test";

/// How a case ends.
#[derive(Clone, Copy)]
enum End {
    /// The file arrives whole by that method; the sender says these words.
    By(Method, &'static str),
    /// Both ends fail, the first with this code; the sender says these words.
    Fails(i32, &'static str),
    /// The sender is told, by the stream or by the presence of a peer whose program leaves then.
    Told,
    /// The bytes that came are kept as a part file, and nothing has the final name.
    Part,
}

/// What blocks the way, and between whom.
#[derive(Clone)]
struct Case {
    which: Which,
    /// The server's proxy, see `loopback_server --help`.
    proxy: &'static str,
    /// The address that the sender offers as its own, or as the proxy's for a peer that has none.
    offers: Option<How>,
    pair: (Who, Who),
    /// Methods of our sender, or `auto` for a peer.
    methods: &'static str,
    bytes: u64,
    end: End,
}

const C: (Who, Who) = (Who::OpenSsl, Who::Rustls);
const IN_BAND: End = End::By(Method::InBand, "");

impl Case {
    fn new(proxy: &'static str, pair: (Who, Who), methods: &'static str, end: End) -> Self {
        Self { which: Which::Loopback, proxy, offers: None, pair, methods, bytes: SMALL, end }
    }

    fn offering(how: How, proxy: &'static str, pair: (Who, Who), methods: &'static str, end: End) -> Self {
        Self { offers: Some(how), ..Self::new(proxy, pair, methods, end) }
    }

    fn at(self, which: Which) -> Self {
        Self { which, ..self }
    }

    fn what(&self) -> String {
        let (from, to) = self.pair;
        let offers = self.offers.map_or(String::new(), |how| format!(", {} offered", how.name()));
        let proxy = self.proxy;
        format!(
            "{} to {}, {}{offers}, proxy {proxy}: {}",
            from.name(),
            to.name(),
            self.methods,
            self.end_name()
        )
    }

    fn end_name(&self) -> String {
        match self.end {
            End::By(method, _) => format!("arrives by {}", method.word()),
            End::Fails(..) | End::Told => "fails clearly".into(),
            End::Part => "fails, the part file stays".into(),
        }
    }
}

fn cases() -> Vec<Case> {
    let with = |from, to| (from, to);
    let mut all = Vec::new();
    for how in How::ALL {
        // Nothing else is left, or a proxy is next in the same attempt.
        all.push(Case::offering(how, "none", C, "direct,inband", IN_BAND));
        all.push(Case::offering(how, "on", C, "direct,mediated,inband", End::By(Method::Mediated, "")));
        all.push(Case::offering(how, "none", C, "direct", End::Fails(code::NO_WAY, "direct")));
        // Peers that take only the method they chose: the second offer (SI-22, QRK-10). A slixmpp that waits for a
        // streamhost never answers at all.
        all.push(Case::offering(how, "none", with(Who::OpenSsl, Who::Slixmpp), "direct,inband", IN_BAND));
        if how != How::Unroutable {
            // There gloox does nothing else, its XMPP stream included, until the system gives up after two minutes.
            all.push(Case::offering(how, "none", with(Who::Rustls, Who::Gloox), "direct,inband", IN_BAND));
        }
        // Peers whose second offer we take.
        all.push(Case::offering(how, "none", with(Who::Gloox, Who::Rustls), "auto", IN_BAND));
        all.push(Case::offering(how, "none", with(Who::Slixmpp, Who::OpenSsl), "auto", IN_BAND));
    }
    for which in Which::ALL {
        let missing = End::By(Method::InBand, "mediated: ");
        all.push(Case::new("none", C, "mediated,inband", missing).at(which));
        all.push(Case::new("none", C, "mediated", End::Fails(code::NO_WAY, "mediated: ")).at(which));
        all.push(Case::new("closed", C, "mediated,inband", missing).at(which));
    }
    all.push(Case::new("silent", C, "mediated,inband", End::By(Method::InBand, "mediated: ")));
    all.push(Case::new("silent", C, "mediated,direct,inband", End::By(Method::Direct, "")));
    all.push(Case::new("refuse", C, "mediated,inband", End::By(Method::InBand, "mediated: ")));
    all.push(Case::new("refuse", C, "mediated", End::Fails(code::NO_WAY, "mediated: ")));
    for peer in [Who::Slixmpp, Who::Gloox] {
        all.push(Case::new("refuse", with(Who::OpenSsl, peer), "mediated,inband", IN_BAND));
    }
    all.push(Case::new("refuse", with(Who::Slixmpp, Who::Rustls), "auto", IN_BAND));
    // SI-23: once a byte was sent there is no other method.
    for pair in [C, with(Who::Slixmpp, Who::OpenSsl), with(Who::Gloox, Who::Rustls)] {
        let methods = if pair.0.is_ours() { "mediated,inband" } else { "mediated" };
        let dies = Case::new("dies:1000000", pair, methods, End::Part);
        all.push(Case { bytes: LARGE, ..dies });
    }
    for peer in [Who::Slixmpp, Who::Gloox] {
        let dies = Case::new("dies:1000000", with(Who::Rustls, peer), "mediated,inband", End::Told);
        all.push(Case { bytes: BEYOND_BUFFERS, ..dies });
    }
    all
}

/// Runs all of them.
pub fn run(tools: &Tools, report: &mut Report) -> Result<(), String> {
    tools.build_gloox()?;
    // One case again and again, by a part of its name.
    let only = std::env::var("XFT_ONLY").unwrap_or_default();
    let cases: Vec<Case> = cases().into_iter().filter(|case| case.what().contains(&only)).collect();
    let next = AtomicUsize::new(0);
    let report = Mutex::new(report);
    let work = || {
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            let outcome = run_case(tools, case);
            if let Ok(mut report) = report.lock() {
                report.note(case.which.name(), Tls::Starttls.word(), &case.what(), outcome);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(work);
        }
    });
    for (what, ending) in ENDINGS {
        let outcome = ending(tools);
        if let Ok(mut report) = report.lock() {
            report.note(Which::Loopback.name(), Tls::Starttls.word(), what, outcome);
        }
    }
    Ok(())
}

fn run_case(tools: &Tools, case: &Case) -> Result<Moved, String> {
    let endpoint = Endpoint::with_proxy(case.which, case.proxy)?;
    let (outgoing, incoming) = (folder()?, folder()?);
    let files = FileSet::random("", outgoing.path(), &[case.bytes])?;
    let blocked = case.offers.map(Blocked::new).transpose()?;
    let side = |who| Side { who, at: &endpoint, tls: Tls::Starttls };
    let (from, to) = case.pair;
    let mut recv = tools.recv(side(to), incoming.path(), 1);
    match to {
        // It would take in band at once (QRK-11).
        Who::Slixmpp => recv.args(["--method", "mediated"]),
        Who::Gloox => recv.args(["--stall", "3"]),
        Who::OpenSsl | Who::Rustls => &mut recv,
    };
    let receiver = tools.receiver(recv)?;
    let mut send = tools.send(side(from));
    send.args(["--method", case.methods]);
    offer(&mut send, from, case, blocked.as_ref().map(|blocked| blocked.address));
    send.args(&files.paths);
    let sent = Program::start("the sender", send)?.end(LIMIT);
    let received = receiver.end(Duration::from_secs(if matches!(case.end, End::By(..)) { 20 } else { 2 }));
    let story = || format!("\nthe sender said:\n{}the receiver said:\n{}", sent.said, received.said);
    judge(case, &sent, &received, &files, incoming.path().into()).map_err(|failure| failure + &story())
}

/// Tells the sender what to offer in the way of its kind.
fn offer(send: &mut Command, from: Who, case: &Case, blocked: Option<SocketAddr>) {
    match (from, blocked) {
        (Who::OpenSsl | Who::Rustls, Some(address)) => {
            send.arg("--announce").arg(address.to_string());
        }
        (Who::OpenSsl | Who::Rustls, None) if case.methods.contains("direct") => {
            send.args(["--listen", "127.0.0.1"]);
        }
        (Who::Gloox, Some(address)) => {
            send.arg("--only").arg("--streamhost").arg(address.to_string()).args(["--stall", "15"]);
        }
        (Who::Slixmpp, Some(address)) => {
            send.arg("--only").arg("--streamhost").arg(format!("{PROXY}={address}"));
        }
        _ => {}
    }
}

fn judge(
    case: &Case,
    sent: &Ended,
    received: &Ended,
    files: &FileSet,
    incoming: PathBuf,
) -> Result<Moved, String> {
    let says = |words: &str| match sent.said.contains(words) {
        true => Ok(()),
        false => Err(format!("the sender does not say `{words}`")),
    };
    match case.end {
        End::By(method, words) => {
            sent.ok()?;
            received.ok()?;
            files.arrived_in(&incoming, safe_name)?;
            carried_by(method, 1, &sent.said)?;
            carried_by(method, 1, &received.said)?;
            says(words)?;
            Ok(Moved { bytes: files.bytes, seconds: sent.seconds })
        }
        End::Fails(code, words) => {
            sent.code_is(code)?;
            says(words)?;
            no_whole_file(&incoming)
        }
        End::Told => {
            told(sent)?;
            no_whole_file(&incoming)
        }
        End::Part => {
            // What a peer makes of it is its own matter: some have handed over everything by then.
            if case.pair.0.is_ours() {
                told(sent)?;
            }
            received.code_is(code::TRANSFER)?;
            match &names_in(&incoming)?[..] {
                [one] if one.ends_with(".part") => Ok(Moved::default()),
                other => Err(format!("the receiver has {other:?}, not one part file")),
            }
        }
    }
}

fn no_whole_file(incoming: &Path) -> Result<Moved, String> {
    let whole = names_in(incoming)?.into_iter().find(|name| !name.ends_with(".part"));
    whole.map_or(Ok(Moved::default()), |name| Err(format!("the receiver has {name}")))
}

type Ending = fn(&Tools) -> Result<Moved, String>;

/// A program ends in the middle of a file that goes over a stream of its own.
const ENDINGS: [(&str, Ending); 2] = [
    ("receiver killed mid-file, direct: the sender is told, the part file stays", receiver_killed),
    ("sender killed mid-file, direct: the receiver is told, the part file stays", sender_killed),
];
/// So large that nobody is done before somebody is killed; it takes no room on the disk.
const ENDLESS: u64 = 4_000_000_000;

/// Both ends in the middle of a file, and the receiver's folder.
fn mid_file(tools: &Tools, at: &Endpoint) -> Result<(Program, Program, tempfile::TempDir), String> {
    let broken = |error: std::io::Error| error.to_string();
    let (outgoing, incoming) = (folder()?, folder()?);
    let path = outgoing.path().join("endless.bin");
    std::fs::File::create(&path).and_then(|file| file.set_len(ENDLESS)).map_err(broken)?;
    let side = |who| Side { who, at, tls: Tls::Starttls };
    let receiver = tools.receiver(tools.recv(side(Who::Rustls), incoming.path(), 1))?;
    let mut send = tools.send(side(Who::OpenSsl));
    send.args(["--method", "direct", "--listen", "127.0.0.1"]).arg(&path);
    let mut sender = Program::start("the sender", send)?;
    let end = Instant::now() + Duration::from_secs(20);
    let part = incoming.path().join("endless.bin.part");
    while std::fs::metadata(&part).map_or(0, |about| about.len()) < 1_000_000 {
        if !sender.is_running() || Instant::now() > end {
            return Err(format!("nothing arrives; the sender said:\n{}", sender.end(Duration::ZERO).said));
        }
        thread::sleep(Duration::from_millis(2));
    }
    Ok((sender, receiver, incoming))
}

fn receiver_killed(tools: &Tools) -> Result<Moved, String> {
    let at = Endpoint::start(Which::Loopback)?;
    let (sender, receiver, incoming) = mid_file(tools, &at)?;
    drop(receiver);
    let ended = sender.end(Duration::from_secs(20));
    told(&ended)?;
    only_part(&incoming)
}

fn sender_killed(tools: &Tools) -> Result<Moved, String> {
    let at = Endpoint::start(Which::Loopback)?;
    let (sender, receiver, incoming) = mid_file(tools, &at)?;
    drop(sender);
    let ended = receiver.end(Duration::from_secs(20));
    told(&ended)?;
    only_part(&incoming)
}

/// By its presence or by the stream itself, whichever comes first.
fn told(ended: &Ended) -> Result<(), String> {
    ended.code_is(code::TRANSFER).or_else(|_| ended.code_is(code::RECIPIENT))
}

fn only_part(incoming: &tempfile::TempDir) -> Result<Moved, String> {
    match &names_in(incoming.path())?[..] {
        [one] if one.ends_with(".part") => Ok(Moved::default()),
        other => Err(format!("the receiver has {other:?}, not one part file")),
    }
}

fn folder() -> Result<tempfile::TempDir, String> {
    tempfile::tempdir().map_err(|error| error.to_string())
}
