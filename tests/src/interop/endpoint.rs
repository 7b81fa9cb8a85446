//! The server between the two programs: Debian's Prosody or ejabberd, or our own loopback server.

use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::plain::Account;
use crate::servers::{Kind, Proxy, Server, Setup};

/// The accounts that exist at every server.
pub const ACCOUNTS: [(&str, &str); 2] = [("alice", "alice's secret"), ("bob", "bob's secret")];

/// How a program's stream to the server is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// By STARTTLS.
    Starttls,
    /// From the first byte.
    Direct,
}

impl Tls {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Starttls, Self::Direct];

    /// The word on the command lines.
    pub fn word(self) -> &'static str {
        match self {
            Self::Starttls => "starttls",
            Self::Direct => "direct",
        }
    }
}

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Our own.
    Loopback,
    /// A real one.
    Real(Kind),
}

impl Which {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Loopback, Self::Real(Kind::Prosody), Self::Real(Kind::Ejabberd)];

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loopback => "loopback",
            Self::Real(kind) => kind.name(),
        }
    }
}

/// A running server, as clients see it.
pub struct Endpoint {
    /// Which server.
    pub which: Which,
    /// Its domain.
    pub domain: String,
    /// The CA to check its certificate against.
    pub ca: PathBuf,
    c2s: u16,
    tls: u16,
    server: Running,
}

enum Running {
    Real(Box<Server>),
    Loopback { child: Child, stdin: Option<ChildStdin>, _dir: tempfile::TempDir },
}

impl Endpoint {
    /// Starts it with [`ACCOUNTS`].
    pub fn start(which: Which) -> Result<Self, String> {
        match which {
            Which::Real(kind) => Self::real(Setup::new(kind)),
            Which::Loopback => Self::loopback(&[]),
        }
    }

    /// Starts it with [`ACCOUNTS`] and another proxy than its own that works: `none`, `closed`, or words of its program.
    pub fn with_proxy(which: Which, words: &str) -> Result<Self, String> {
        let Which::Real(kind) = which else { return Self::loopback(&["--proxy", words]) };
        let proxy =
            Proxy::of_words(words).ok_or_else(|| format!("{} has no proxy `{words}`", kind.name()))?;
        Self::real(Setup { proxy, ..Setup::new(kind) })
    }

    /// Starts a real server with [`ACCOUNTS`] and what else is wanted.
    pub fn real(setup: Setup) -> Result<Self, String> {
        let which = Which::Real(setup.kind);
        let setup = ACCOUNTS.iter().fold(setup, |setup, (user, word)| setup.account(user, word));
        let server = Server::start(&setup).map_err(|error| error.to_string())?;
        let (domain, ca, c2s, tls) =
            (server.domain.clone(), server.ca.clone(), server.c2s_port, server.tls_port);
        Ok(Self { which, domain, ca, c2s, tls, server: Running::Real(Box::new(server)) })
    }

    /// Starts our own server with [`ACCOUNTS`] and these options of its program.
    pub fn loopback(options: &[&str]) -> Result<Self, String> {
        let broken = |error: std::io::Error| format!("the loopback server: {error}");
        let dir = tempfile::tempdir().map_err(broken)?;
        let program = std::env::current_exe().map_err(broken)?.with_file_name("loopback_server");
        let mut command = Command::new(program);
        command.arg("--cert-dir").arg(dir.path()).args(options);
        for (user, word) in ACCOUNTS {
            command.arg("--account").arg(format!("{user}:{word}"));
        }
        // It ends with its standard input, so also when we end in whatever way.
        let out = dir.path().join("out");
        command.stdin(Stdio::piped()).stdout(std::fs::File::create(&out).map_err(broken)?);
        let mut child = command.spawn().map_err(broken)?;
        let stdin = child.stdin.take();
        let mut endpoint = Self {
            which: Which::Loopback,
            domain: "hospital.test".into(),
            ca: PathBuf::new(),
            c2s: 0,
            tls: 0,
            server: Running::Loopback { child, stdin, _dir: dir },
        };
        let end = Instant::now() + Duration::from_secs(20);
        while Instant::now() < end {
            let said = std::fs::read_to_string(&out).map_err(broken)?;
            if let Some(line) = said.lines().find(|line| line.starts_with("ready ")) {
                return endpoint.take_ready(line).map(|()| endpoint);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err("the loopback server did not get ready".into())
    }

    /// Reads `ready c2s=PORT tls=PORT ca=PATH [domain=DOMAIN]`.
    fn take_ready(&mut self, line: &str) -> Result<(), String> {
        for (key, value) in line.split_whitespace().filter_map(|word| word.split_once('=')) {
            match key {
                "c2s" => self.c2s = value.parse().map_err(|_| format!("no port in `{line}`"))?,
                "tls" => self.tls = value.parse().map_err(|_| format!("no port in `{line}`"))?,
                "ca" => self.ca = value.into(),
                "domain" => self.domain = value.into(),
                _ => {}
            }
        }
        Ok(())
    }

    /// `HOST:PORT` for clients that secure their stream so.
    pub fn address(&self, tls: Tls) -> String {
        let port = match tls {
            Tls::Starttls => self.c2s,
            Tls::Direct => self.tls,
        };
        format!("127.0.0.1:{port}")
    }

    /// The first of [`ACCOUNTS`], for a plain client.
    pub fn account(&self) -> Account {
        let [(user, password), _] = ACCOUNTS;
        Account {
            address: self.address(Tls::Direct),
            ca: self.ca.clone(),
            domain: self.domain.clone(),
            user: user.into(),
            password: password.into(),
        }
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        match &mut self.server {
            Running::Real(server) => server.kill(),
            Running::Loopback { child, .. } => {
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    }

    /// Stops it where it is: its sockets stay open and nothing answers.
    pub fn freeze(&mut self) {
        match &self.server {
            Running::Real(server) => server.freeze(),
            Running::Loopback { child, .. } => {
                if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                    let _ = kill_process(pid, Signal::STOP);
                }
            }
        }
    }

    /// The end of its log, where it has one.
    pub fn log_tail(&self) -> String {
        match &self.server {
            Running::Real(server) => server.log_tail(15),
            Running::Loopback { .. } => String::new(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Self::Loopback { child, stdin, .. } = self {
            drop(stdin.take());
            let end = Instant::now() + Duration::from_secs(3);
            while matches!(child.try_wait(), Ok(None)) && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(10));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
