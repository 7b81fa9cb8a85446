//! What must fail: each cause with its own exit code, in bounded time, with nothing under the final name.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::endpoint::{Endpoint, Tls, Which};
use super::files::{FileSet, names_in, safe_name};
use super::program::Program;
use super::report::{Moved, Report};
use super::tools::{IN_BAND, Side, Tools, Who};
use crate::servers::TestCa;

/// Exit codes of the C programs (examples-c/README.md).
pub(super) mod code {
    pub const UNREACHABLE: i32 = 3;
    pub const TLS: i32 = 4;
    pub const LOGIN: i32 = 5;
    pub const RECIPIENT: i32 = 6;
    pub const DECLINED: i32 = 7;
    pub const TRANSFER: i32 = 8;
    pub const HASH: i32 = 9;
    pub const STORE: i32 = 10;
    pub const READ: i32 = 11;
    pub const SERVER_LOST: i32 = 12;
    pub const TIMEOUT: i32 = 14;
    pub const NO_WAY: i32 = 16;
}

/// Every failure is told within this time; none of these causes needs a deadline of the protocol.
const SOON: Duration = Duration::from_secs(20);
/// One small block at a time: slow enough that a fault comes in the middle of the file.
const SLOW: [&str; 4] = ["--block", "1024", "--window", "1024"];
/// No transfer here pauses so long unless something is wrong.
const PATIENCE: [&str; 2] = ["--timeout", "5"];
const LARGE: u64 = 20_000_000;
const SMALL: u64 = 300_000;

type Case = fn(&Scene<'_>) -> Result<(), String>;

/// The cases that leave the server alive, each as a claim.
const CASES: [(&str, Case); 16] = [
    ("wrong password is a login failure at both ends", wrong_password),
    ("untrusted certificate is a TLS failure with both back ends", untrusted_certificate),
    ("no server is told as unreachable", no_server),
    ("unknown recipient is told as one", unknown_recipient),
    ("an offer from somebody else is declined", declined),
    ("full disk is a store failure and leaves no final name", full_disk),
    ("a folder cannot be sent", folder),
    ("a missing file cannot be sent", missing_file),
    ("a file cut short while it is sent is a read failure", cut_short),
    ("receiver killed mid-file: the sender is told", receiver_killed),
    ("sender killed mid-file: the receiver is told", sender_killed),
    ("a name with ../ stays inside the folder", escaping_name),
    ("fewer bytes than offered is no file", too_few_bytes),
    ("more bytes than offered is no file", too_many_bytes),
    ("other bytes than offered is a hash failure", other_hash),
    ("a hostile sender disturbs no other transfer", hostile_beside_good),
];

/// Runs all of them at every server, and the killed server at each.
pub fn run(tools: &Tools, report: &mut Report) -> Result<(), String> {
    for which in Which::ALL {
        let mut endpoint = Endpoint::start(which)?;
        for (name, case) in CASES {
            let scene = Scene::new(tools, &endpoint)?;
            note(report, which, name, case(&scene));
        }
        let name = "server killed mid-file: both ends are told, the part file stays";
        note(report, which, name, server_ends(tools, &mut endpoint, Endpoint::kill, code::SERVER_LOST));
        let mut endpoint = Endpoint::start(which)?;
        let name = "server hangs mid-file: with --timeout both ends give up, the part file stays";
        note(report, which, name, server_ends(tools, &mut endpoint, Endpoint::freeze, code::TIMEOUT));
    }
    Ok(())
}

fn note(report: &mut Report, which: Which, name: &str, outcome: Result<(), String>) {
    report.note(which.name(), Tls::Starttls.word(), name, outcome.map(|()| Moved::default()));
}

/// A server, two fresh folders and what is done with them again and again.
struct Scene<'a> {
    tools: &'a Tools,
    at: &'a Endpoint,
    outgoing: tempfile::TempDir,
    incoming: tempfile::TempDir,
}

impl<'a> Scene<'a> {
    fn new(tools: &'a Tools, at: &'a Endpoint) -> Result<Self, String> {
        let dir = || tempfile::tempdir().map_err(|error| error.to_string());
        Ok(Self { tools, at, outgoing: dir()?, incoming: dir()? })
    }

    fn side(&self, who: Who) -> Side<'a> {
        Side { who, at: self.at, tls: Tls::Starttls }
    }

    fn file(&self, bytes: u64) -> Result<PathBuf, String> {
        let set = FileSet::random("", self.outgoing.path(), &[bytes])?;
        set.paths.into_iter().next().ok_or_else(|| "no file".into())
    }

    fn recv(&self, who: Who, count: usize) -> Command {
        self.tools.recv(self.side(who), self.incoming.path(), count)
    }

    fn receiver(&self, count: usize) -> Result<Program, String> {
        self.tools.receiver(self.recv(Who::Rustls, count))
    }

    fn sender(&self, who: Who, options: &[&str], file: &Path) -> Result<Program, String> {
        let mut command = self.tools.send(self.side(who));
        command.args(IN_BAND).args(options).arg(file);
        Program::start("the sender", command)
    }

    /// Both ends in the middle of a large file, which is given too.
    fn mid_file(&self) -> Result<(Program, Program, PathBuf), String> {
        let file = self.file(LARGE)?;
        let mut recv = self.recv(Who::Rustls, 1);
        recv.args(PATIENCE);
        let receiver = self.tools.receiver(recv)?;
        let options = [&SLOW[..], &PATIENCE].concat();
        let mut sender = self.sender(Who::OpenSsl, &options, &file)?;
        let end = Instant::now() + SOON;
        while self.part_bytes() < 65_536 {
            if !sender.is_running() || Instant::now() > end {
                let (sent, received) = (sender.end(Duration::ZERO), receiver.end(Duration::ZERO));
                return Err(format!("nothing arrives; sender:\n{}\nreceiver:\n{}", sent.said, received.said));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok((sender, receiver, file))
    }

    fn part_bytes(&self) -> u64 {
        let entries = std::fs::read_dir(self.incoming.path()).into_iter().flatten().flatten();
        let parts = entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(".part"));
        parts.filter_map(|part| part.metadata().ok()).map(|about| about.len()).sum()
    }

    /// The part file stays, and nothing else is there.
    fn only_part(&self) -> Result<(), String> {
        match &names_in(self.incoming.path())?[..] {
            [one] if one.ends_with(".part") => Ok(()),
            other => Err(format!("the receiver has {other:?}, not one part file")),
        }
    }

    fn nothing_whole(&self) -> Result<(), String> {
        let names = names_in(self.incoming.path())?;
        if names.iter().all(|name| name.ends_with(".part")) {
            return Ok(());
        }
        Err(format!("the receiver has {names:?} under a final name"))
    }
}

fn wrong_password(scene: &Scene<'_>) -> Result<(), String> {
    let file = scene.file(1)?;
    let mut send = scene.tools.send(scene.side(Who::OpenSsl));
    send.arg(file).env("XFT_PASSWORD", "not it");
    Program::start("the sender", send)?.end(SOON).code_is(code::LOGIN)?;
    let mut recv = scene.recv(Who::Rustls, 1);
    recv.env("XFT_PASSWORD", "not it");
    Program::start("the receiver", recv)?.end(SOON).code_is(code::LOGIN)
}

fn untrusted_certificate(scene: &Scene<'_>) -> Result<(), String> {
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    let other = TestCa::new().map_err(|error| error.to_string())?;
    let ca = other.write(dir.path()).map_err(|error| error.to_string())?;
    let file = scene.file(1)?;
    for who in [Who::OpenSsl, Who::Rustls] {
        for tls in Tls::ALL {
            // The last --ca counts.
            let mut send = scene.tools.send(Side { who, at: scene.at, tls });
            send.arg("--ca").arg(&ca).arg(&file);
            let ended = Program::start("the sender", send)?.end(SOON);
            ended.code_is(code::TLS)?;
            if !ended.said.contains("certificate") {
                return Err(format!("the certificate is not named as the cause:\n{}", ended.said));
            }
        }
    }
    Ok(())
}

fn no_server(scene: &Scene<'_>) -> Result<(), String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?.to_string();
    drop(listener);
    let mut send = scene.tools.send(scene.side(Who::OpenSsl));
    send.args(["--server", &address]).arg(scene.file(1)?);
    Program::start("the sender", send)?.end(SOON).code_is(code::UNREACHABLE)
}

fn unknown_recipient(scene: &Scene<'_>) -> Result<(), String> {
    let file = scene.file(1)?;
    for local in ["nobody", "bob"] {
        let mut send = scene.tools.send(scene.side(Who::Rustls));
        send.arg("--to").arg(format!("{local}@{}/nowhere", scene.at.domain)).arg(&file);
        Program::start("the sender", send)?.end(SOON).code_is(code::RECIPIENT)?;
    }
    Ok(())
}

fn declined(scene: &Scene<'_>) -> Result<(), String> {
    let carol = format!("carol@{}", scene.at.domain);
    let recv = scene.tools.recv_from(scene.side(Who::OpenSsl), scene.incoming.path(), 1, &carol);
    let _receiver = scene.tools.receiver(recv)?;
    scene.sender(Who::Rustls, &[], &scene.file(SMALL)?)?.end(SOON).code_is(code::DECLINED)?;
    names_in(scene.incoming.path()).and_then(|names| match names.is_empty() {
        true => Ok(()),
        false => Err(format!("a declined file left {names:?}")),
    })
}

/// Runs `"$@"` with room for 1 MB in folder `$1`: a file system of that size which ends with the program, or, where we
/// have no right to mount one, the largest file that the system lets the program write.
const LITTLE_ROOM: &str = r#"
    folder=$1; shift
    if [ "$little_room" = disk ]; then mount -t tmpfs -o size=1m tmpfs "$folder" || exit 99
    else trap '' XFSZ; ulimit -f 2048; fi
    "$@"; code=$?
    echo "left: $(ls "$folder" | tr '\n' ' ')"
    exit $code"#;

fn little_room(folder: &Path, program: &Command) -> Command {
    // Without the right to mount, a user namespace of our own may have it.
    let apart = if rustix::process::geteuid().is_root() { "-m" } else { "-rm" };
    let probe = Command::new("unshare").args([apart, "mount", "-t", "tmpfs", "tmpfs"]).arg(folder).output();
    let may_mount = probe.is_ok_and(|output| output.status.success());
    let mut command = Command::new(if may_mount { "unshare" } else { "sh" });
    if may_mount {
        command.args([apart, "sh"]);
    }
    command
        .args(["-c", LITTLE_ROOM, "sh"])
        .arg(folder)
        .env("little_room", if may_mount { "disk" } else { "file" });
    command.arg(program.get_program()).args(program.get_args());
    command.envs(program.get_envs().filter_map(|(key, value)| Some((key, value?))));
    command
}

fn full_disk(scene: &Scene<'_>) -> Result<(), String> {
    let mut recv = scene.recv(Who::OpenSsl, 2);
    // Or it would decline what the disk has no room for.
    recv.args(["--keep-free", "0"]);
    let command = little_room(scene.incoming.path(), &recv);
    let receiver = scene.tools.receiver(command)?;
    let sent = scene.sender(Who::OpenSsl, &[], &scene.file(4_000_000)?)?.end(SOON);
    sent.code_is(code::STORE)?;
    // What could never go on was removed: a small file has room again.
    scene.sender(Who::OpenSsl, &[], &scene.file(SMALL)?)?.end(SOON).ok()?;
    let received = receiver.end(SOON);
    received.code_is(code::STORE)?;
    if !received.said.contains(&format!("left: random-{SMALL}.bin \n")) {
        return Err(format!("not only the small file is left:\n{}", received.said));
    }
    Ok(())
}

fn folder(scene: &Scene<'_>) -> Result<(), String> {
    let _receiver = scene.receiver(1)?;
    scene.sender(Who::OpenSsl, &[], scene.outgoing.path())?.end(SOON).code_is(code::READ)
}

fn missing_file(scene: &Scene<'_>) -> Result<(), String> {
    let _receiver = scene.receiver(1)?;
    scene.sender(Who::OpenSsl, &[], &scene.outgoing.path().join("none"))?.end(SOON).code_is(code::READ)
}

fn cut_short(scene: &Scene<'_>) -> Result<(), String> {
    let (sender, receiver, file) = scene.mid_file()?;
    let shortened = std::fs::OpenOptions::new().write(true).open(&file).and_then(|file| file.set_len(70_000));
    shortened.map_err(|error| error.to_string())?;
    sender.end(SOON).code_is(code::READ)?;
    receiver.end(SOON).code_is(code::TRANSFER)?;
    scene.only_part()
}

fn receiver_killed(scene: &Scene<'_>) -> Result<(), String> {
    let (sender, receiver, _) = scene.mid_file()?;
    drop(receiver);
    sender.end(SOON).code_is(code::RECIPIENT)?;
    scene.only_part()
}

fn sender_killed(scene: &Scene<'_>) -> Result<(), String> {
    let (sender, receiver, _) = scene.mid_file()?;
    drop(sender);
    receiver.end(SOON).code_is(code::RECIPIENT)?;
    scene.only_part()
}

fn escaping_name(scene: &Scene<'_>) -> Result<(), String> {
    let receiver = scene.receiver(1)?;
    let file = scene.file(SMALL)?;
    scene.sender(Who::Slixmpp, &["--name", "../../up/../evil.dcm"], &file)?.end(SOON).ok()?;
    receiver.end(SOON).ok()?;
    let names = names_in(scene.incoming.path())?;
    if names != ["evil.dcm"] {
        return Err(format!("the receiver has {names:?}, not evil.dcm"));
    }
    Ok(())
}

fn lied(scene: &Scene<'_>, lie: &[&str], expected: i32) -> Result<(), String> {
    let receiver = scene.receiver(1)?;
    let file = scene.file(SMALL)?;
    // Whether the liar notices is its own matter.
    scene.sender(Who::Slixmpp, lie, &file)?.end(SOON);
    receiver.end(SOON).code_is(expected)?;
    scene.nothing_whole()
}

fn too_few_bytes(scene: &Scene<'_>) -> Result<(), String> {
    lied(scene, &["--size", "300001"], code::TRANSFER)
}

fn too_many_bytes(scene: &Scene<'_>) -> Result<(), String> {
    lied(scene, &["--size", "200000"], code::TRANSFER)
}

fn other_hash(scene: &Scene<'_>) -> Result<(), String> {
    lied(scene, &["--md5", "0123456789abcdef0123456789abcdef"], code::HASH)
}

fn hostile_beside_good(scene: &Scene<'_>) -> Result<(), String> {
    let receiver = scene.receiver(2)?;
    let good = FileSet::random("", scene.outgoing.path(), &[5_000_000])?;
    let path = good.paths.first().ok_or("no file")?;
    let sender = scene.sender(Who::OpenSsl, &SLOW, path)?;
    let mut liar = scene.tools.send(scene.side(Who::Slixmpp));
    // A name of its own for the server, or the good sender would be thrown out for it.
    liar.arg("--jid").arg(format!("alice@{}/liar", scene.at.domain));
    liar.args(["--size", "200000"]).arg(scene.file(SMALL)?);
    Program::start("the liar", liar)?.end(SOON);
    sender.end(Duration::from_secs(60)).ok()?;
    receiver.end(SOON).code_is(code::TRANSFER)?;
    let whole = tempfile::tempdir().map_err(|error| error.to_string())?;
    for name in names_in(scene.incoming.path())?.iter().filter(|name| !name.ends_with(".part")) {
        let copied = std::fs::copy(scene.incoming.path().join(name), whole.path().join(name));
        copied.map_err(|error| error.to_string())?;
    }
    good.arrived_in(whole.path(), safe_name)
}

/// The server fails in some way in the middle of a file.
fn server_ends(
    tools: &Tools,
    endpoint: &mut Endpoint,
    fail: fn(&mut Endpoint),
    code: i32,
) -> Result<(), String> {
    let scene = Scene::new(tools, endpoint)?;
    let (sender, receiver, _) = scene.mid_file()?;
    let Scene { outgoing, incoming, .. } = scene;
    fail(endpoint);
    sender.end(SOON).code_is(code)?;
    receiver.end(SOON).code_is(code)?;
    Scene { tools, at: endpoint, outgoing, incoming }.only_part()
}
