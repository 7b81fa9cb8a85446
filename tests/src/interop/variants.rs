//! The same transfers done otherwise: block sizes, several at once, both directions, messages, other logins.

use std::path::PathBuf;
use std::time::Duration;

use super::endpoint::{ACCOUNTS, Endpoint, Tls, Which};
use super::faults::code;
use super::files::{FileSet, names_in, safe_name};
use super::matrix::{note, send};
use super::program::Program;
use super::report::{Moved, Report};
use super::tools::{IN_BAND, Side, Tools, Who};
use crate::servers::{Kind, Setup};

const LIMIT: Duration = Duration::from_secs(60);
const SIZES: [u64; 3] = [0, 4097, 3_000_000];

type Variant = fn(&Scene<'_>) -> Result<Moved, String>;

const VARIANTS: [(&str, Variant); 7] = [
    ("blocks of 65535 shrink to what slixmpp takes", blocks_shrink),
    ("blocks of 65535 between ours", large_blocks),
    ("62 images, four at a time", four_at_a_time),
    ("both directions at once", both_directions),
    ("slixmpp sends by messages", by_messages),
    ("a bytestream without an offer is refused", raw_bytestream),
    ("who asks for a piece only gets none, and nobody takes it for the file", a_piece_only),
];

struct Scene<'a> {
    tools: &'a Tools,
    at: &'a Endpoint,
    dir: tempfile::TempDir,
}

/// Runs all of them at every server, and logins with SCRAM-SHA-1 at the real ones.
pub fn run(tools: &Tools, report: &mut Report) -> Result<(), String> {
    for which in Which::ALL {
        let endpoint = Endpoint::start(which)?;
        for (name, variant) in VARIANTS {
            let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
            note(report, &endpoint, Tls::Starttls, name, variant(&Scene { tools, at: &endpoint, dir }));
        }
    }
    for kind in [Kind::Prosody, Kind::Ejabberd] {
        let endpoint = Endpoint::real(Setup { sha1: true, ..Setup::new(kind) })?;
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        let scene = Scene { tools, at: &endpoint, dir };
        let outcome = scene.send([Who::OpenSsl, Who::Rustls], &[]);
        note(report, &endpoint, Tls::Starttls, "accounts stored for SCRAM-SHA-1 only", outcome);
    }
    Ok(())
}

impl Scene<'_> {
    fn sides(&self, who: [Who; 2]) -> [Side<'_>; 2] {
        who.map(|who| Side { who, at: self.at, tls: Tls::Starttls })
    }

    fn send(&self, who: [Who; 2], options: &[&str]) -> Result<Moved, String> {
        let files = FileSet::random("", self.dir.path(), &SIZES)?;
        send(self.tools, self.sides(who), &files, options, LIMIT).map(|arrival| arrival.moved)
    }
}

fn blocks_shrink(scene: &Scene<'_>) -> Result<Moved, String> {
    let files = FileSet::random("", scene.dir.path(), &SIZES)?;
    let [from, to] = scene.sides([Who::OpenSsl, Who::Slixmpp]);
    let into = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut recv = scene.tools.recv(to, into.path(), files.paths.len());
    recv.arg("--auto-accept");
    let receiver = scene.tools.receiver(recv)?;
    let mut command = scene.tools.send(from);
    command.args(IN_BAND).args(["--block", "65535", "--verbose"]).args(&files.paths);
    let sent = Program::start("the sender", command)?.end(LIMIT);
    sent.ok()?;
    receiver.end(LIMIT).ok()?;
    files.arrived_in(into.path(), safe_name)?;
    // IBB-05: halved until it fits.
    match sent.said.contains("in blocks of 8192 bytes") {
        true => Ok(Moved { bytes: files.bytes, seconds: sent.seconds }),
        false => Err(format!("the blocks are not those that slixmpp takes:\n{}", sent.said)),
    }
}

fn large_blocks(scene: &Scene<'_>) -> Result<Moved, String> {
    scene.send([Who::OpenSsl, Who::Rustls], &["--block", "65535"])
}

fn four_at_a_time(scene: &Scene<'_>) -> Result<Moved, String> {
    let images = scene.tools.dicom(&["list"], &[])?.into_iter().map(PathBuf::from).collect();
    let images = FileSet::new("", images)?;
    let sides = scene.sides([Who::OpenSsl, Who::OpenSsl]);
    send(scene.tools, sides, &images, &["--parallel", "4"], LIMIT).map(|arrival| arrival.moved)
}

fn both_directions(scene: &Scene<'_>) -> Result<Moved, String> {
    let files = FileSet::random("", scene.dir.path(), &SIZES)?;
    let sides = scene.sides([Who::Rustls, Who::OpenSsl]);
    // Bob's answer goes from another of his devices to another of Alice's.
    let back = tempfile::tempdir().map_err(|error| error.to_string())?;
    let [alice, bob] = ACCOUNTS.map(|(user, _)| format!("{user}@{}", scene.at.domain));
    let mut recv = scene.tools.recv(sides[0], back.path(), files.paths.len());
    recv.args(["--jid", &format!("{alice}/in")]).env("XFT_PASSWORD", ACCOUNTS[0].1);
    let receiver = scene.tools.receiver(recv)?;
    let mut command = scene.tools.send(sides[1]);
    command
        .args(IN_BAND)
        .args(["--jid", &format!("{bob}/out"), "--to", &format!("{alice}/in")])
        .args(&files.paths);
    command.env("XFT_PASSWORD", ACCOUNTS[1].1);
    let sender = Program::start("bob's sender", command)?;
    let there = send(scene.tools, sides, &files, &[], LIMIT)?;
    sender.end(LIMIT).ok()?;
    receiver.end(LIMIT).ok()?;
    files.arrived_in(back.path(), safe_name)?;
    Ok(Moved { bytes: 2 * files.bytes, ..there.moved })
}

fn by_messages(scene: &Scene<'_>) -> Result<Moved, String> {
    scene.send([Who::Slixmpp, Who::OpenSsl], &["--messages"])
}

fn a_piece_only(scene: &Scene<'_>) -> Result<Moved, String> {
    let files = FileSet::random("", scene.dir.path(), &[20_000])?;
    let [from, to] = scene.sides([Who::OpenSsl, Who::Slixmpp]);
    let into = tempfile::tempdir().map_err(|error| error.to_string())?;
    for length in ["0", "300"] {
        let mut recv = scene.tools.recv(to, into.path(), 1);
        recv.args(["--length", length]);
        let _receiver = scene.tools.receiver(recv)?;
        let mut command = scene.tools.send(from);
        command.args(IN_BAND).args(&files.paths);
        let ended = Program::start("the sender", command)?.end(LIMIT);
        ended.code_is(code::TRANSFER)?;
        if !ended.said.contains("which are not the whole file") || ended.said.contains("\nsent ") {
            return Err(format!("{length} bytes asked for; the sender says:\n{}", ended.said));
        }
    }
    Ok(Moved::default())
}

fn raw_bytestream(scene: &Scene<'_>) -> Result<Moved, String> {
    let files = FileSet::random("", scene.dir.path(), &[1000])?;
    let [from, to] = scene.sides([Who::Slixmpp, Who::OpenSsl]);
    let into = tempfile::tempdir().map_err(|error| error.to_string())?;
    let _receiver = scene.tools.receiver(scene.tools.recv(to, into.path(), 1))?;
    let mut command = scene.tools.send(from);
    command.arg("--raw").args(&files.paths);
    let ended = Program::start("the sender", command)?.end(LIMIT);
    ended.code_is(1)?;
    // IBB-06: nothing was agreed, so nothing is taken.
    if !ended.said.contains("refused not-acceptable") {
        return Err(format!("the refusal is another:\n{}", ended.said));
    }
    match names_in(into.path())?[..] {
        [] => Ok(Moved::default()),
        ref names => Err(format!("something was stored: {names:?}")),
    }
}
