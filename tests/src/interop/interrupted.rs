//! Programs that are stopped, killed or told to leave in the middle, and a path that is slow: what has already come counts,
//! who is gone is noticed, and who is slow is waited for.
//!
//! Every case has a server of its own; several wait at the same time.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::endpoint::{Endpoint, Tls, Which};
use super::faults::code;
use super::files::{FileSet, names_in, safe_name};
use super::methods::{Method, carried_by};
use super::program::Program;
use super::report::{Moved, Report};
use super::tools::{IN_BAND, Side, Tools, Who};
use crate::servers::Kind;

/// Cases at the same time; nearly all of them wait.
const WORKERS: usize = 8;
/// Deadlines of the end that is stopped, for twice as long.
const DEADLINE: [&str; 2] = ["--deadline", "2"];
const STOPPED: Duration = Duration::from_secs(4);
/// An end that goes on has to be through by then.
const SOON: Duration = Duration::from_secs(30);
/// Who was killed is given up within this time, also where the server says nothing.
const NOTICED: Duration = Duration::from_secs(15);
/// A server that notices late that a client is gone, and then tells nobody who does not ask.
const UNTOLD: [&str; 2] = ["--keep-lost", "3000"];
/// One small block at a time in band, so that a file is under way long enough to be met in its middle.
const SLOW: [&str; 6] = ["--method", "inband", "--block", "1024", "--window", "1024"];
const DIRECT: [&str; 4] = ["--method", "direct", "--listen", "127.0.0.1"];
const IN_BAND_BYTES: u64 = 3_000_000;
const DIRECT_BYTES: u64 = 200_000_000;

/// Descriptors that a program in the middle of a file has already, more or less.
const FEW: u64 = 9;

/// Which end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Sender,
    Receiver,
}

/// What happens, at which server, and its claim.
enum Case {
    Stopped(End, Method, Which),
    Killed(End, &'static [&'static str]),
    Shaped,
    Leaves,
    Crowded,
}

const CASES: [Case; 13] = [
    Case::Stopped(End::Sender, Method::InBand, Which::Loopback),
    Case::Stopped(End::Receiver, Method::InBand, Which::Loopback),
    Case::Stopped(End::Sender, Method::InBand, Which::Real(Kind::Prosody)),
    Case::Stopped(End::Receiver, Method::InBand, Which::Real(Kind::Ejabberd)),
    Case::Stopped(End::Sender, Method::Direct, Which::Loopback),
    Case::Stopped(End::Receiver, Method::Direct, Which::Loopback),
    Case::Killed(End::Receiver, &[]),
    Case::Killed(End::Sender, &[]),
    Case::Killed(End::Receiver, &UNTOLD),
    Case::Killed(End::Sender, &UNTOLD),
    Case::Shaped,
    Case::Leaves,
    Case::Crowded,
];

impl Case {
    fn which(&self) -> Which {
        if let Self::Stopped(_, _, which) = self { *which } else { Which::Loopback }
    }

    fn claim(&self) -> String {
        let who = |end: &End| if *end == End::Sender { "sender" } else { "receiver" };
        match self {
            Self::Stopped(end, method, _) => {
                format!(
                    "{} stopped past its deadlines mid-file, {}: the file arrives",
                    who(end),
                    method.word()
                )
            }
            Self::Killed(end, []) => {
                format!("{} killed mid-file in band: the other end is told within 15 s", who(end))
            }
            Self::Killed(end, _) => {
                format!(
                    "{} killed mid-file in band and no presence tells: the other end asks, and knows within 15 s",
                    who(end)
                )
            }
            Self::Shaped => "four files at once through 3 kB/s: nothing is ended, all arrive".into(),
            Self::Leaves => {
                "a receiver that leaves before its sender closed keeps the file and says so".into()
            }
            Self::Crowded => {
                "strangers at a listener that has no descriptors left cost no time, and the file arrives"
                    .into()
            }
        }
    }

    fn run(&self, tools: &Tools) -> Result<Moved, String> {
        match self {
            Self::Stopped(end, method, which) => stopped(tools, *end, *method, *which),
            Self::Killed(end, options) => killed(tools, *end, options),
            Self::Shaped => shaped(tools),
            Self::Leaves => leaves(tools),
            Self::Crowded => crowded(tools),
        }
    }
}

/// Runs all of them.
pub fn run(tools: &Tools, report: &mut Report) -> Result<(), String> {
    let (next, report) = (AtomicUsize::new(0), Mutex::new(report));
    let work = || {
        while let Some(case) = CASES.get(next.fetch_add(1, Ordering::Relaxed)) {
            let outcome = case.run(tools);
            if let Ok(mut report) = report.lock() {
                report.note(case.which().name(), Tls::Starttls.word(), &case.claim(), outcome);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(work);
        }
    });
    Ok(())
}

fn folder() -> Result<tempfile::TempDir, String> {
    tempfile::tempdir().map_err(|error| error.to_string())
}

fn side(who: Who, at: &Endpoint) -> Side<'_> {
    Side { who, at, tls: Tls::Starttls }
}

fn sender(tools: &Tools, at: &Endpoint, options: &[&str], files: &FileSet) -> Command {
    let mut send = tools.send(side(Who::OpenSsl, at));
    send.args(options).args(&files.paths);
    send
}

/// Waits until some of a file is there.
fn mid_file(incoming: &Path, sender: &mut Program) -> Result<(), String> {
    let end = Instant::now() + SOON;
    let some = |path: &Path| std::fs::metadata(path).is_ok_and(|about| about.len() >= 65_536);
    loop {
        let entries = std::fs::read_dir(incoming).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut parts = entries.filter(|path| path.extension().is_some_and(|end| end == "part"));
        if parts.any(|path| some(&path)) {
            return Ok(());
        }
        if !sender.is_running() || Instant::now() > end {
            return Err(format!("nothing arrives; the sender said:\n{}", sender.said()));
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// The stopped end finds its own deadlines passed, and what came meanwhile in its sockets.
fn stopped(tools: &Tools, end: End, method: Method, which: Which) -> Result<Moved, String> {
    let at = Endpoint::start(which)?;
    let (outgoing, incoming) = (folder()?, folder()?);
    let (way, bytes): (&[&str], _) =
        if method == Method::InBand { (&SLOW, IN_BAND_BYTES) } else { (&DIRECT, DIRECT_BYTES) };
    let files = FileSet::random("", outgoing.path(), &[bytes])?;
    let mut recv = tools.recv(side(Who::Rustls, &at), incoming.path(), 1);
    let mut send = sender(tools, &at, way, &files);
    if end == End::Sender {
        send.args(DEADLINE)
    } else {
        recv.args(DEADLINE)
    };
    let receiver = tools.receiver(recv)?;
    let mut sender = Program::start("the sender", send)?;
    mid_file(incoming.path(), &mut sender)?;
    let victim = if end == End::Sender { &sender } else { &receiver };
    victim.signal(Signal::STOP)?;
    thread::sleep(STOPPED);
    victim.signal(Signal::CONT)?;
    let (sent, received) = (sender.end(SOON), receiver.end(SOON));
    sent.ok().map_err(|failure| format!("{failure}the receiver said:\n{}", received.said))?;
    received.ok()?;
    files.arrived_in(incoming.path(), safe_name)?;
    carried_by(method, 1, &sent.said)?;
    if sent.seconds < STOPPED.as_secs_f64() || !sent.said.contains(" verified") {
        return Err(format!("it was not stopped in the middle, or not verified:\n{}", sent.said));
    }
    Ok(Moved { bytes, seconds: sent.seconds })
}

/// One end dies; its server has more or less to say about that.
fn killed(tools: &Tools, end: End, options: &[&str]) -> Result<Moved, String> {
    let at = Endpoint::loopback(options)?;
    let (outgoing, incoming) = (folder()?, folder()?);
    let files = FileSet::random("", outgoing.path(), &[IN_BAND_BYTES])?;
    let receiver = tools.receiver(tools.recv(side(Who::Rustls, &at), incoming.path(), 1))?;
    let mut sender = Program::start("the sender", sender(tools, &at, &SLOW, &files))?;
    mid_file(incoming.path(), &mut sender)?;
    let begun = Instant::now();
    let ended = if end == End::Receiver {
        drop(receiver);
        sender.end(NOTICED)
    } else {
        drop(sender);
        receiver.end(NOTICED)
    };
    ended
        .code_is(code::RECIPIENT)
        .map_err(|failure| format!("{failure}({:?} after that)", begun.elapsed()))?;
    match &names_in(incoming.path())?[..] {
        [one] if one.ends_with(".part") => Ok(Moved::default()),
        other => Err(format!("the receiver has {other:?}, not one part file")),
    }
}

/// What is under way takes the server half a minute: nobody answers a block in less, and nobody is gone.
fn shaped(tools: &Tools) -> Result<Moved, String> {
    let at = Endpoint::loopback(&["--rate", "3000"])?;
    let (outgoing, incoming) = (folder()?, folder()?);
    let files = FileSet::random("", outgoing.path(), &[12_000, 12_001, 12_002, 12_003])?;
    let receiver = tools.receiver(tools.recv(side(Who::Rustls, &at), incoming.path(), 4))?;
    let options = [&IN_BAND[..], &["--parallel", "4", "--block", "8192"]].concat();
    let sent =
        Program::start("the sender", sender(tools, &at, &options, &files))?.end(Duration::from_secs(55));
    let received = receiver.end(Duration::from_secs(5));
    sent.ok().map_err(|failure| format!("{failure}the receiver said:\n{}", received.said))?;
    received.ok()?;
    files.arrived_in(incoming.path(), safe_name)?;
    if sent.seconds < 15.0 {
        return Err(format!("{:.1} s are less than the server is said to need", sent.seconds));
    }
    Ok(Moved { bytes: files.bytes, seconds: sent.seconds })
}

/// The file has its place when the last block came; a close would tell nothing new.
fn leaves(tools: &Tools) -> Result<Moved, String> {
    let at = Endpoint::start(Which::Loopback)?;
    let (outgoing, incoming) = (folder()?, folder()?);
    let files = FileSet::random("", outgoing.path(), &[30_000])?;
    let receiver = tools.receiver(tools.recv(side(Who::Rustls, &at), incoming.path(), 1))?;
    let mut send = tools.send(side(Who::Slixmpp, &at));
    send.arg("--no-close").args(&files.paths);
    let _sender = Program::start("the sender", send)?;
    let (end, place) = (Instant::now() + SOON, incoming.path().join("random-30000.bin"));
    while !place.exists() && Instant::now() < end {
        thread::sleep(Duration::from_millis(10));
    }
    receiver.signal(Signal::TERM)?;
    let received = receiver.end(SOON);
    received.ok()?;
    files.arrived_in(incoming.path(), safe_name)?;
    match received.said.contains("received random-30000.bin 30000 bytes") {
        true => Ok(Moved::default()),
        false => Err(format!("it does not say that it has the file:\n{}", received.said)),
    }
}

/// Who cannot be let in is shown out: poll(2) would speak of him for ever.
fn crowded(tools: &Tools) -> Result<Moved, String> {
    let at = Endpoint::start(Which::Loopback)?;
    let (outgoing, incoming) = (folder()?, folder()?);
    let files = FileSet::random("", outgoing.path(), &[DIRECT_BYTES])?;
    let receiver = tools.receiver(tools.recv(side(Who::Rustls, &at), incoming.path(), 1))?;
    let place = format!("127.0.0.1:{}", free_port()?);
    let options = ["--method", "direct", "--listen", &place];
    let mut sender = Program::start("the sender", sender(tools, &at, &options, &files))?;
    mid_file(incoming.path(), &mut sender)?;
    // Now it has nothing to do.
    receiver.signal(Signal::STOP)?;
    thread::sleep(Duration::from_millis(500));
    sender.limit_files(FEW)?;
    let broken = |error: std::io::Error| error.to_string();
    let strangers: Vec<_> =
        (0..12).map(|_| TcpStream::connect(&place)).collect::<Result<_, _>>().map_err(broken)?;
    let before = sender.processor_ticks()?;
    thread::sleep(Duration::from_secs(2));
    let ticks = sender.processor_ticks()?.saturating_sub(before);
    drop(strangers);
    receiver.signal(Signal::CONT)?;
    let sent = sender.end(SOON);
    sent.ok()?;
    receiver.end(SOON).ok()?;
    files.arrived_in(incoming.path(), safe_name)?;
    if ticks > 40 {
        return Err(format!("{ticks} hundredths of a second of processor time in two seconds"));
    }
    Ok(Moved { bytes: files.bytes, seconds: sent.seconds })
}

fn free_port() -> Result<u16, String> {
    let place = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    place.map(|place| place.port()).map_err(|error| error.to_string())
}
