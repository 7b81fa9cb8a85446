//! What must arrive in band: every pair of programs through every server, with both ways of TLS.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::endpoint::{Endpoint, Tls, Which};
use super::files::{FileSet, file_name, safe_name};
use super::report::{Moved, Report};
use super::tools::{IN_BAND, Side, Tools, Who};

/// Sender and receiver. The first pair is the control: it shows that the server and this program are well.
const PAIRS: [(Who, Who); 7] = [
    (Who::Slixmpp, Who::Slixmpp),
    (Who::OpenSsl, Who::Rustls),
    (Who::Rustls, Who::OpenSsl),
    (Who::Slixmpp, Who::OpenSsl),
    (Who::OpenSsl, Who::Slixmpp),
    (Who::Slixmpp, Who::Rustls),
    (Who::Rustls, Who::Slixmpp),
];
/// None, one byte, one whole block of old peers, and enough for many blocks.
const SIZES: [u64; 5] = [0, 1, 4096, 1_000_000, 10_000_000];
const LIMIT: Duration = Duration::from_secs(60);
const WRAP_LIMIT: Duration = Duration::from_secs(400);
/// 300 MB in blocks of 4096 bytes are 73243 blocks: the counter of 16 bits passes 65535 once.
const WRAP_BYTES: u64 = 300_000_000;

/// Runs the whole matrix.
pub fn run(tools: &Tools, report: &mut Report) -> Result<(), String> {
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    let random = FileSet::random("0 B to 10 MB", dir.path(), &SIZES)?;
    let images = tools.dicom(&["list"], &[])?.into_iter().map(PathBuf::from).collect();
    let images = FileSet::new("pydicom's images", images)?;
    for which in Which::ALL {
        let endpoint = match Endpoint::start(which) {
            Ok(endpoint) => endpoint,
            Err(failure) => {
                report.note(which.name(), "", "starts", Err(failure));
                continue;
            }
        };
        for tls in Tls::ALL {
            for (from, to) in PAIRS {
                let sides = [from, to].map(|who| Side { who, at: &endpoint, tls });
                for files in [&random, &images] {
                    let what = format!("{} to {}, {}", from.name(), to.name(), files.name);
                    let outcome = send(tools, sides, files, &[], LIMIT).and_then(|arrival| {
                        if files.name == images.name {
                            same_pixels(tools, files, arrival.dir.path(), named(sides[0], sides[1]))?;
                        }
                        Ok(arrival.moved)
                    });
                    note(report, &endpoint, tls, &what, outcome);
                }
            }
        }
    }
    Ok(())
}

/// A transfer whose block counter wraps.
pub fn wrap(tools: &Tools, report: &mut Report) -> Result<(), String> {
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = FileSet::random("300 MB in blocks of 4096", dir.path(), &[WRAP_BYTES])?;
    let endpoint = Endpoint::start(Which::Real(crate::servers::Kind::Ejabberd))?;
    let sides = [Who::OpenSsl, Who::OpenSsl].map(|who| Side { who, at: &endpoint, tls: Tls::Starttls });
    let options = ["--block", "4096", "--verbose"];
    let outcome = send(tools, sides, &file, &options, WRAP_LIMIT).and_then(|arrival| {
        // Blocks are at most this large, so there are more of them than the counter has numbers.
        match arrival.said.contains("in blocks of 4096 bytes") {
            true => Ok(arrival.moved),
            false => Err(format!("the blocks were not of 4096 bytes:\n{}", arrival.said)),
        }
    });
    note(
        report,
        &endpoint,
        Tls::Starttls,
        "C openssl to C openssl, 300 MB in blocks of 4096 (counter wraps)",
        outcome,
    );
    Ok(())
}

/// Notes an outcome, a failure with the end of the server's log.
pub fn note(report: &mut Report, endpoint: &Endpoint, tls: Tls, what: &str, outcome: Result<Moved, String>) {
    let outcome = outcome.map_err(|failure| failure + "\n" + &endpoint.log_tail());
    report.note(endpoint.which.name(), tls.word(), what, outcome);
}

/// What came of a sending that went well.
pub struct Arrival {
    /// What was moved.
    pub moved: Moved,
    /// The receiver's folder.
    pub dir: tempfile::TempDir,
    /// What the sender said.
    pub said: String,
}

/// Sends the files in band from one side to the other and checks that both sides end well and the bytes are the same.
pub fn send(
    tools: &Tools,
    [from, to]: [Side<'_>; 2],
    files: &FileSet,
    options: &[&str],
    limit: Duration,
) -> Result<Arrival, String> {
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut recv = tools.recv(to, dir.path(), files.paths.len());
    if to.who.is_ours() && !from.who.is_ours() {
        // It waits for every block's answer: the run must not wait for the disk each time as well.
        recv.args(["--fsync", "end"]);
    }
    let receiver = tools.receiver(recv)?;
    let mut command = tools.send(from);
    command.args(IN_BAND).args(options).args(&files.paths);
    let sent = super::program::Program::start("the sender", command)?.end(limit);
    let outcome = sent.ok();
    // A receiver whose sender failed has nothing more to wait for.
    let received =
        receiver.end(if outcome.is_ok() { Duration::from_secs(20) } else { Duration::from_secs(1) });
    outcome.map_err(|failure| format!("{failure}the receiver said:\n{}", received.said))?;
    received.ok()?;
    files.arrived_in(dir.path(), named(from, to))?;
    Ok(Arrival { moved: Moved { bytes: files.bytes, seconds: sent.seconds }, dir, said: sent.said })
}

/// What a file is called at the receiver: both ends of ours make names safe, the peers take them as they are.
fn named(from: Side<'_>, to: Side<'_>) -> fn(&Path) -> String {
    match from.who.is_ours() || to.who.is_ours() {
        true => safe_name,
        false => file_name,
    }
}

/// Checks that the images still open there and show the same.
fn same_pixels(tools: &Tools, files: &FileSet, dir: &Path, named: fn(&Path) -> String) -> Result<(), String> {
    let copies: Vec<PathBuf> = files.paths.iter().map(|path| dir.join(named(path))).collect();
    let (before, after) = (tools.dicom(&["pixels"], &files.paths)?, tools.dicom(&["pixels"], &copies)?);
    if before.len() != files.paths.len() || before != after {
        return Err(format!("pydicom sees other pixels: {before:?} became {after:?}"));
    }
    Ok(())
}
