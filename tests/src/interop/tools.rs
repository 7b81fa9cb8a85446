//! The programs: our C programs with each TLS back end, and the independent peers.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::endpoint::{ACCOUNTS, Endpoint, Tls};
use super::program::Program;

/// What tells a sender to take no other way than stanzas; the peers do so unless told otherwise.
pub const IN_BAND: [&str; 2] = ["--method", "inband"];

/// How long a receiver may take until it is online.
const ONLINE: Duration = Duration::from_secs(30);

/// How long a compiler may take for one small program.
const BUILD: Duration = Duration::from_secs(120);

/// Who sends or receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// xft_send or xft_recv, built with OpenSSL.
    OpenSsl,
    /// xft_send or xft_recv, built with rustls.
    Rustls,
    /// The peer on slixmpp.
    Slixmpp,
    /// The peer on gloox.
    Gloox,
}

impl Who {
    /// Whether it is one of our programs.
    pub fn is_ours(self) -> bool {
        matches!(self, Self::OpenSsl | Self::Rustls)
    }

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenSsl => "C openssl",
            Self::Rustls => "C rustls",
            Self::Slixmpp => "slixmpp",
            Self::Gloox => "gloox",
        }
    }
}

/// Where the programs are.
pub struct Tools {
    /// Folders with xft_send and xft_recv.
    pub openssl: PathBuf,
    /// The same with the other back end.
    pub rustls: PathBuf,
    /// A Python that has slixmpp and pydicom.
    pub python: PathBuf,
    /// tests/peers
    pub peers: PathBuf,
    /// The peer on gloox, see [`Tools::build_gloox`].
    pub gloox: PathBuf,
}

/// One side of a transfer.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// Which program.
    pub who: Who,
    /// Which server.
    pub at: &'a Endpoint,
    /// How it talks to the server.
    pub tls: Tls,
}

impl Tools {
    /// Those that the environment names, `XFT_PYTHON` and `XFT_EXAMPLES`, or else those of this working copy. What is
    /// built by us is beside the running program.
    pub fn from_env() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
        let named = |name: &str, otherwise: PathBuf| std::env::var_os(name).map_or(otherwise, PathBuf::from);
        let examples = named("XFT_EXAMPLES", root.join("examples-c/build"));
        Self {
            openssl: examples.join("openssl"),
            rustls: examples.join("rustls"),
            python: named("XFT_PYTHON", root.join("target/venv/bin/python")),
            peers: root.join("tests/peers"),
            gloox: std::env::current_exe().unwrap_or_default().with_file_name("gloox_peer"),
        }
    }

    /// A program's command with the arguments that log it in as one of [`ACCOUNTS`].
    fn logged_in(&self, side: Side<'_>, verb: &str, account: usize, resource: &str) -> Command {
        let (user, password) = ACCOUNTS[account];
        let mut command = match side.who {
            Who::OpenSsl => Command::new(self.openssl.join(format!("xft_{verb}"))),
            Who::Rustls => Command::new(self.rustls.join(format!("xft_{verb}"))),
            Who::Gloox => {
                let mut command = Command::new(&self.gloox);
                command.arg(verb);
                command
            }
            Who::Slixmpp => {
                let mut command = Command::new(&self.python);
                command.arg(self.peers.join("slix.py")).arg(verb);
                command
            }
        };
        command.args(["--server", &side.at.address(side.tls), "--tls", side.tls.word()]);
        command.arg("--jid").arg(format!("{user}@{}/{resource}", side.at.domain));
        command.arg("--ca").arg(&side.at.ca).env("XFT_PASSWORD", password);
        command
    }

    /// Builds the peer on gloox unless it is newer than its source.
    pub fn build_gloox(&self) -> Result<(), String> {
        let source = self.peers.join("gloox.cpp");
        let changed = |path: &Path| std::fs::metadata(path).and_then(|about| about.modified()).ok();
        if changed(&self.gloox) > changed(&source) {
            return Ok(());
        }
        let mut compiler = Command::new(std::env::var_os("CXX").unwrap_or("g++".into()));
        compiler
            .args(["-std=c++17", "-O1", "-Wall", "-Wextra", "-o"])
            .arg(&self.gloox)
            .arg(&source)
            .arg("-lgloox");
        let built = Program::start("the C++ compiler", compiler)?.end(BUILD);
        built.ok().map_err(|said| format!("{said}the peer on gloox needs Debian's g++ and libgloox-dev"))
    }

    /// A receiver's command; it ends after `count` files, and takes them from everybody.
    pub fn recv(&self, side: Side<'_>, dir: &Path, count: usize) -> Command {
        self.recv_from(side, dir, count, "anyone")
    }

    /// The same, from `sender` only.
    pub fn recv_from(&self, side: Side<'_>, dir: &Path, count: usize, sender: &str) -> Command {
        let mut command = self.logged_in(side, "recv", 1, "in");
        command.arg("--dir").arg(dir).arg("--count").arg(count.to_string());
        if matches!(side.who, Who::OpenSsl | Who::Rustls) {
            // All of it is one machine.
            command.args(["--from", sender, "--allow-local-streamhosts"]);
        }
        command
    }

    /// A sender's command, to the receiver of [`Tools::recv`]; the files are still to be added.
    pub fn send(&self, side: Side<'_>) -> Command {
        let mut command = self.logged_in(side, "send", 0, "out");
        command.arg("--to").arg(format!("{}@{}/in", ACCOUNTS[1].0, side.at.domain));
        command
    }

    /// Starts a receiver and waits until it can be sent to.
    pub fn receiver(&self, command: Command) -> Result<Program, String> {
        let mut program = Program::start("the receiver", command)?;
        program.wait_said("ready", ONLINE)?;
        Ok(program)
    }

    /// Runs the pydicom script to its end and gives back its lines.
    pub fn dicom(&self, arguments: &[&str], files: &[PathBuf]) -> Result<Vec<String>, String> {
        let mut command = Command::new(&self.python);
        command.arg(self.peers.join("dicom.py")).args(arguments).args(files);
        let ended = Program::start("dicom.py", command)?.end(Duration::from_secs(60));
        ended.ok()?;
        Ok(ended.said.lines().map(str::to_owned).collect())
    }
}
