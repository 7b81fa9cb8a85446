//! Real XMPP servers for the tests: Debian's Prosody and ejabberd, each on free loopback ports.
//!
//! A [`Server`] has a fresh folder, its accounts, a certificate of a test CA, SCRAM, STARTTLS and direct TLS, and a proxy for
//! bytestreams unless [`Setup::proxy`] says otherwise. Rate limits are off unless [`Setup::limited`] asks for the packaged ones. It stops with the value that holds it.
//!
//! What the two offer (Debian 12, seen on the wire; neither announces its binding types as XEP-0440 would):
//!
//! | | Prosody 0.12.3 | ejabberd 23.01 |
//! |---|---|---|
//! | TLS 1.3 | SCRAM-SHA-256, PLAIN | SCRAM-SHA-256-PLUS, SCRAM-SHA-256, PLAIN, X-OAUTH2 |
//! | TLS 1.2 | the same and SCRAM-SHA-256-PLUS | the same |
//! | binding types it accepts | `tls-unique` | `tls-unique`, on TLS 1.3 too |
//! | PBKDF2 rounds | 10000 | 4096 |

mod certs;
mod ejabberd;
mod process;
mod prosody;

use std::fmt;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use certs::TestCa;
use process::{Owner, Process};

/// Where everything listens.
const LOOPBACK: &str = "127.0.0.1";
/// How long a server may take until its port accepts.
const START_S: u64 = 60;
/// How long a server may take to end by itself after a TERM.
const STOP_S: u64 = 5;
/// Another program may take a port between finding it free and the server's start.
const STARTS: u32 = 3;

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Prosody as packaged.
    Prosody,
    /// ejabberd as packaged, started without its wrapper.
    Ejabberd,
}

impl Kind {
    /// The kind of that name, if there is one.
    pub fn of_name(name: &str) -> Option<Self> {
        match name {
            "prosody" => Some(Self::Prosody),
            "ejabberd" => Some(Self::Ejabberd),
            _ => None,
        }
    }

    /// Its name, which is also that of the Debian package.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prosody => "prosody",
            Self::Ejabberd => "ejabberd",
        }
    }
}

/// The proxy for bytestreams of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// None.
    Absent,
    /// One that listens where it tells.
    Works,
    /// One that tells an address where nobody listens: connections are refused.
    Closed,
    /// One that tells this host instead of its own.
    Told(String),
}

impl Proxy {
    /// The proxy of those words: `none`, `on`, `closed` or `at:HOST`.
    pub fn of_words(words: &str) -> Option<Self> {
        match words {
            "none" => Some(Self::Absent),
            "on" => Some(Self::Works),
            "closed" => Some(Self::Closed),
            _ => words.strip_prefix("at:").map(|host| Self::Told(host.into())),
        }
    }

    /// Where it listens.
    fn interface(&self) -> &'static str {
        if *self == Self::Closed { "127.0.0.2" } else { "127.0.0.1" }
    }

    /// The host that it tells.
    fn host(&self) -> &str {
        if let Self::Told(host) = self { host } else { "127.0.0.1" }
    }
}

/// What a server is started with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Which server.
    pub kind: Kind,
    /// Its one domain; the certificate is for it.
    pub domain: String,
    /// Users and passwords.
    pub accounts: Vec<(String, String)>,
    /// Keep the rate limits of the packaged configuration.
    pub limited: bool,
    /// Also let clients in that do not use TLS.
    pub plain: bool,
    /// Store passwords for SCRAM-SHA-1, as Prosody does unless told otherwise, and not for SCRAM-SHA-256.
    pub sha1: bool,
    /// Its proxy for bytestreams, `proxy.` and the domain.
    pub proxy: Proxy,
    /// Where `ca.pem`, `server.crt` and `server.key` go; none: the server's own folder.
    pub cert_dir: Option<PathBuf>,
}

impl Setup {
    /// A server of that kind for `hospital.test`, limits off, TLS required, with a proxy, no accounts yet.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            domain: "hospital.test".into(),
            accounts: Vec::new(),
            limited: false,
            plain: false,
            sha1: false,
            proxy: Proxy::Works,
            cert_dir: None,
        }
    }

    /// With one more account.
    pub fn account(mut self, user: &str, password: &str) -> Self {
        self.accounts.push((user.into(), password.into()));
        self
    }
}

/// Why a server did not start.
#[derive(Debug)]
pub enum Error {
    /// A file, a folder or a program could not be used.
    Io {
        /// What was tried.
        doing: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// The certificates could not be made.
    Certificate(rcgen::Error),
    /// The server ended or never became ready; the end of its log says why.
    NotReady {
        /// Which server.
        kind: Kind,
        /// The end of what it wrote.
        log: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { doing, error } => {
                write!(f, "{doing}: {error} (is the server installed? `tests/run` installs it)")
            }
            Self::Certificate(error) => write!(f, "making the test certificates: {error}"),
            Self::NotReady { kind, log } => {
                write!(f, "{} did not get ready; the end of its log:\n{log}", kind.name())
            }
        }
    }
}

impl std::error::Error for Error {}

/// Names what was tried when the system refuses.
pub(crate) trait Doing<T> {
    /// The same result with the attempt named.
    fn doing(self, what: impl fmt::Display) -> Result<T, Error>;
}

impl<T> Doing<T> for std::io::Result<T> {
    fn doing(self, what: impl fmt::Display) -> Result<T, Error> {
        self.map_err(|error| Error::Io { doing: what.to_string(), error })
    }
}

/// Where a server's configuration points.
struct Site<'a> {
    setup: &'a Setup,
    dir: &'a Path,
    owner: &'a Owner,
    c2s_port: u16,
    tls_port: u16,
    proxy_port: u16,
}

/// A running server. Dropped, it is stopped and its folder removed.
pub struct Server {
    /// Port for clients, with STARTTLS.
    pub c2s_port: u16,
    /// Port for clients that start with TLS.
    pub tls_port: u16,
    /// Port of its proxy, which listens there if there is one.
    pub proxy_port: u16,
    /// The CA that its certificate is checked against.
    pub ca: PathBuf,
    /// Its domain.
    pub domain: String,
    kind: Kind,
    // Before the folder: fields drop in order, and the server writes there until it ends.
    process: Process,
    dir: tempfile::TempDir,
}

impl Server {
    /// Starts it and waits until it serves.
    pub fn start(setup: &Setup) -> Result<Self, Error> {
        let mut tries = 0;
        loop {
            tries += 1;
            match Self::start_once(setup) {
                Err(Error::NotReady { ref log, .. }) if tries < STARTS && in_use(log) => {}
                other => return other,
            }
        }
    }

    fn start_once(setup: &Setup) -> Result<Self, Error> {
        let owner = Owner::of_service(setup.kind.name())?;
        let dir = tempfile::Builder::new()
            .prefix("xft-server-")
            .tempdir()
            .doing("making a folder for the server")?;
        let certs = setup.cert_dir.as_deref().unwrap_or(dir.path());
        let ca = TestCa::new().map_err(Error::Certificate)?;
        let ca_path = ca.write(certs)?;
        ca.issue(&setup.domain, certs)?;
        // The server reads its own copy: the asked-for folder may be closed to its account.
        for name in ["server.crt", "server.key"] {
            let (from, to) = (certs.join(name), dir.path().join(name));
            if from != to {
                std::fs::copy(&from, &to).doing(format_args!("copying {}", from.display()))?;
            }
        }
        let [c2s_port, tls_port, proxy_port] = free_ports()?;
        let site = Site { setup, dir: dir.path(), owner: &owner, c2s_port, tls_port, proxy_port };
        let process = match setup.kind {
            Kind::Prosody => prosody::start(&site)?,
            Kind::Ejabberd => ejabberd::start(&site)?,
        };
        let mut server = Self {
            c2s_port,
            tls_port,
            proxy_port,
            ca: ca_path,
            domain: setup.domain.clone(),
            kind: setup.kind,
            process,
            dir,
        };
        server.wait_ready(&setup.proxy)?;
        Ok(server)
    }

    fn wait_ready(&mut self, proxy: &Proxy) -> Result<(), Error> {
        let end = Instant::now() + Duration::from_secs(START_S);
        while Instant::now() < end && self.is_running() {
            let ready = match self.kind {
                Kind::Prosody => true,
                Kind::Ejabberd => ejabberd::ready_file(self.dir.path()).exists(),
            };
            let proxied = *proxy == Proxy::Absent || accepts(proxy.interface(), self.proxy_port);
            if ready && proxied && [self.c2s_port, self.tls_port].iter().all(|port| accepts(LOOPBACK, *port))
            {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(Error::NotReady { kind: self.kind, log: self.log_tail(30) })
    }

    /// Which server it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    /// Ends it at once, as a crash of the machine would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Stops it where it is, as a hung machine: its sockets stay open and nothing answers.
    pub fn freeze(&self) {
        self.process.freeze();
    }

    /// The last lines that it wrote, for a failure's report.
    pub fn log_tail(&self, lines: usize) -> String {
        let mut text = String::new();
        for name in ["server.log", "server.out"] {
            let path = self.dir.path().join(name);
            if let Ok(bytes) = std::fs::read(&path) {
                let all = String::from_utf8_lossy(&bytes).into_owned();
                let kept: Vec<&str> = all.lines().rev().take(lines).collect();
                text.push_str(&format!("--- {name}\n"));
                kept.iter().rev().for_each(|line| text.push_str(&format!("{line}\n")));
            }
        }
        text
    }
}

fn in_use(log: &str) -> bool {
    ["already in use", "eaddrinuse", "in use"].iter().any(|words| log.contains(words))
}

fn accepts(host: &str, port: u16) -> bool {
    TcpStream::connect((host, port)).is_ok()
}

/// Ports nobody listens on now; all are held until all are known, so that they differ.
fn free_ports() -> Result<[u16; 3], Error> {
    let bind = || TcpListener::bind((LOOPBACK, 0)).doing("finding a free port");
    let (one, two, three) = (bind()?, bind()?, bind()?);
    let port =
        |listener: &TcpListener| listener.local_addr().map(|at| at.port()).doing("finding a free port");
    Ok([port(&one)?, port(&two)?, port(&three)?])
}
