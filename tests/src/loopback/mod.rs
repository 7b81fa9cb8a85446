//! The router on real sockets: a loopback XMPP server for demos, interop and benches.
//!
//! One thread, one event loop, 127.0.0.1 only: a STARTTLS port and a direct-TLS port, TLS by rustls with a certificate of a CA made
//! on the spot. Each proxy of the configuration has a port of its own. [`Loopback::start`] listens; [`Loopback::run`] serves until its [`Stopper`] speaks. Output is not
//! bounded, as in real servers: what a sender keeps in flight is its own window's business.

mod carrier;
mod proxy;

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};

use crate::router::{Effect, Router, RouterConfig, StreamNo};
use crate::servers::TestCa;
use carrier::{Carrier, Progress, STEP_BYTES};
use proxy::Proxies;

const C2S: Token = Token(0);
const TLS: Token = Token(1);
const WAKE: Token = Token(2);
const FIRST_PROXY: usize = 3;
/// How long a closed stream may take to close its side.
const LINGER_MS: u64 = 2000;

/// What to listen on and where to put the certificates.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The server behind the sockets; a proxy with port 0 is told to be where it listens.
    pub router: RouterConfig,
    /// Port for streams that begin in plain text; 0 takes a free one.
    pub c2s_port: u16,
    /// Port for direct TLS; 0 takes a free one.
    pub tls_port: u16,
    /// Folder for `ca.pem`, `server.crt` and `server.key`; made if absent.
    pub cert_dir: PathBuf,
    /// The name in the server's certificate; `None`: the domain, which must be ASCII then.
    pub certificate: Option<String>,
}

/// Why a loopback server could not start.
#[derive(Debug)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

fn doing<T, E: fmt::Display>(what: &str, result: Result<T, E>) -> Result<T, Error> {
    result.map_err(|error| Error(format!("{what}: {error}")))
}

/// Ends a [`Loopback::run`] from another thread.
#[derive(Clone)]
pub struct Stopper(Arc<(AtomicBool, Waker)>);

impl Stopper {
    /// The server says `system-shutdown` to its clients and `run` returns.
    pub fn stop(&self) {
        self.0.0.store(true, Ordering::Release);
        // A poll that cannot be woken has ended already.
        let _ = self.0.1.wake();
    }
}

/// A listening server.
pub struct Loopback {
    /// Port for streams that begin in plain text.
    pub c2s_port: u16,
    /// Port for direct TLS.
    pub tls_port: u16,
    /// The CA clients have to trust.
    pub ca: PathBuf,
    /// Where the proxies listen, in the order of the configuration.
    pub proxy_addresses: Vec<SocketAddr>,
    router: Router,
    poll: Poll,
    listeners: [TcpListener; 2],
    stopper: Stopper,
    tls: Arc<ServerConfig>,
    end_point: Vec<u8>,
    links: HashMap<Token, Link>,
    tokens: HashMap<StreamNo, Token>,
    proxies: Proxies,
    next_token: usize,
    started: Instant,
    scratch: Vec<u8>,
    plain: Vec<u8>,
}

struct Link {
    carrier: Carrier,
    /// Absent before the handshake of direct TLS and after the end.
    stream: Option<StreamNo>,
    /// TLS asked for by the stream is not up yet.
    upgrading: bool,
    /// The socket may have bytes nobody has read.
    readable: bool,
    /// Both sides know it is over; wait for the client's end until then.
    linger_until: Option<u64>,
}

impl Loopback {
    /// Makes CA and certificate, and listens.
    pub fn start(mut setup: Setup) -> Result<Self, Error> {
        let ca = doing("making the test CA", TestCa::new())?;
        let ca_path = doing("writing the CA certificate", ca.write(&setup.cert_dir))?;
        doing(
            "issuing the server certificate",
            ca.issue(setup.certificate.as_ref().unwrap_or(&setup.router.domain), &setup.cert_dir),
        )?;
        let (tls, end_point) = server_config(&setup.cert_dir)?;
        let poll = doing("making the event loop", Poll::new())?;
        let waker = doing("making the event loop's waker", Waker::new(poll.registry(), WAKE))?;
        let mut c2s = listen(setup.c2s_port)?;
        let mut direct = listen(setup.tls_port)?;
        doing("watching the port", poll.registry().register(&mut c2s, C2S, Interest::READABLE))?;
        doing("watching the port", poll.registry().register(&mut direct, TLS, Interest::READABLE))?;
        let proxies = Proxies::start(poll.registry(), &mut setup.router, FIRST_PROXY)?;
        let port = |l: &TcpListener| doing("reading the port", l.local_addr()).map(|a| a.port());
        Ok(Self {
            c2s_port: port(&c2s)?,
            tls_port: port(&direct)?,
            ca: ca_path,
            proxy_addresses: proxies.addresses(),
            router: Router::new(setup.router),
            poll,
            listeners: [c2s, direct],
            stopper: Stopper(Arc::new((AtomicBool::new(false), waker))),
            tls,
            end_point,
            links: HashMap::new(),
            tokens: HashMap::new(),
            next_token: proxies.next_token(),
            proxies,
            started: Instant::now(),
            scratch: vec![0; STEP_BYTES],
            plain: Vec::new(),
        })
    }

    /// A handle that ends [`Loopback::run`].
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Serves until stopped.
    pub fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(256);
        while !self.stopper.0.0.load(Ordering::Acquire) {
            let wait = self.wait();
            match self.poll.poll(&mut events, wait) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            }
            for event in &events {
                match event.token() {
                    C2S | TLS => self.accept(event.token()),
                    WAKE => {}
                    token if self.proxies.listens(token) => self.accept_proxy(token),
                    token => {
                        let readable = event.is_readable() || event.is_read_closed() || event.is_error();
                        if self.proxies.event(&mut self.router, token, readable, event.is_writable()) {
                            continue;
                        }
                        if let Some(link) = self.links.get_mut(&token) {
                            link.readable |= readable;
                        }
                        if event.is_writable() {
                            self.flush(token);
                        }
                    }
                }
            }
            self.serve();
        }
        let now = self.now();
        self.router.shutdown(now);
        self.flush_ready();
        Ok(())
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// How long to sleep: not at all while a socket may have bytes and its stream wants them.
    fn wait(&mut self) -> Option<Duration> {
        let now = self.now();
        let busy = self.proxies.busy(&mut self.router);
        if busy || self.links.values().any(|l| l.readable && self.wanted(l, now) > 0) {
            return Some(Duration::ZERO);
        }
        // A stream slowed down has no event of its own when it may go on.
        let slowed = self.links.values().any(|l| l.readable).then_some(now + 10);
        let lingering = self.links.values().filter_map(|l| l.linger_until).min();
        let next = [self.router.next_deadline(now), slowed, lingering].into_iter().flatten().min();
        next.map(|at| Duration::from_millis(at.saturating_sub(now).max(1)))
    }

    fn wanted(&self, link: &Link, now: u64) -> usize {
        match link.stream {
            Some(no) if link.linger_until.is_none() && !link.upgrading => self.router.readable(now, no),
            _ => STEP_BYTES,
        }
    }

    fn serve(&mut self) {
        let now = self.now();
        self.router.tick(now);
        self.flush_ready();
        let mut tokens: Vec<Token> = self.links.iter().filter(|(_, l)| l.readable).map(|(t, _)| *t).collect();
        tokens.sort_unstable();
        for token in tokens {
            self.read(token);
            self.flush_ready();
        }
        self.proxies.serve(&mut self.router, now);
        let over = self.links.iter().filter(|(_, l)| l.linger_until.is_some_and(|until| until <= now));
        for token in over.map(|(t, _)| *t).collect::<Vec<_>>() {
            self.drop_link(token);
        }
    }

    fn accept(&mut self, listener: Token) {
        while let Ok((socket, _)) = self.listeners[usize::from(listener == TLS)].accept() {
            // Latency first: a block's answer must not wait for the next block.
            let _ = socket.set_nodelay(true);
            if let Err(error) = self.adopt(socket, listener == TLS) {
                eprintln!("loopback_server: a client could not be taken: {error}");
            }
        }
    }

    fn accept_proxy(&mut self, listener: Token) {
        let now = self.now();
        let next = &mut self.next_token;
        self.proxies.accept(self.poll.registry(), &mut self.router, now, listener, next);
    }

    fn adopt(&mut self, socket: TcpStream, direct: bool) -> Result<(), Error> {
        let token = Token(self.next_token);
        self.next_token += 1;
        let mut carrier = Carrier::new(socket);
        let interest = Interest::READABLE | Interest::WRITABLE;
        doing("watching the socket", self.poll.registry().register(&mut carrier.socket, token, interest))?;
        let mut stream = None;
        if direct {
            doing("beginning TLS", carrier.start_tls(&self.tls))?;
        } else {
            let no = self.router.open(self.now());
            self.tokens.insert(no, token);
            stream = Some(no);
        }
        let link = Link { carrier, stream, upgrading: false, readable: true, linger_until: None };
        self.links.insert(token, link);
        Ok(())
    }

    fn read(&mut self, token: Token) {
        let now = self.now();
        let Some(wanted) = self.links.get(&token).map(|l| self.wanted(l, now)) else { return };
        let Some(link) = self.links.get_mut(&token).filter(|_| wanted > 0) else { return };
        self.plain.clear();
        let read = link.carrier.read(wanted, &mut self.scratch, &mut self.plain);
        link.readable = read == Progress::Some;
        if link.linger_until.is_some() {
            if read == Progress::Ended {
                self.drop_link(token);
            }
            return;
        }
        if link.carrier.tls.is_some() {
            let _ = link.carrier.flush_tls();
            if link.carrier.settled() && (link.upgrading || link.stream.is_none()) {
                let (exporter, end_point) = (link.carrier.exporter(), Some(self.end_point.clone()));
                link.upgrading = false;
                match link.stream {
                    Some(no) => self.router.tls_done(now, no, exporter, end_point),
                    None => {
                        let no = self.router.open_tls(now, exporter, end_point);
                        self.tokens.insert(no, token);
                        link.stream = Some(no);
                    }
                }
            }
        }
        if let Some(no) = link.stream.filter(|_| !self.plain.is_empty()) {
            self.router.input(now, no, &self.plain);
        }
        if read == Progress::Ended {
            self.flush_ready();
            self.drop_link(token);
        }
    }

    fn flush_ready(&mut self) {
        let now = self.now();
        while let Some(no) = self.router.next_ready(now) {
            if let Some(token) = self.tokens.get(&no).copied() {
                self.flush(token);
            }
        }
    }

    fn flush(&mut self, token: Token) {
        let now = self.now();
        let Some(link) = self.links.get_mut(&token) else { return };
        loop {
            let bytes = link.stream.map_or(&[][..], |no| self.router.output(now, no));
            if bytes.is_empty() {
                break;
            }
            match link.carrier.write(bytes) {
                Ok(count) => link.stream.into_iter().for_each(|no| self.router.written(no, count)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // The reading side meets the same end and cleans up.
                Err(_) => return link.readable = true,
            }
        }
        if link.carrier.flush_tls().is_err() {
            return;
        }
        match link.stream.and_then(|no| self.router.effect(no)) {
            Some(Effect::StartTls) => {
                link.upgrading = link.carrier.start_tls(&self.tls).is_ok();
            }
            Some(Effect::Close) => {
                link.carrier.finish();
                link.linger_until = Some(now + LINGER_MS);
                link.readable = true;
                self.forget_stream(token);
            }
            None => {}
        }
    }

    fn forget_stream(&mut self, token: Token) {
        let now = self.now();
        if let Some(no) = self.links.get_mut(&token).and_then(|l| l.stream.take()) {
            self.tokens.remove(&no);
            self.router.closed(now, no);
        }
    }

    fn drop_link(&mut self, token: Token) {
        self.forget_stream(token);
        if let Some(mut link) = self.links.remove(&token) {
            // Closing the socket ends the watch too; an error here changes nothing.
            let _ = self.poll.registry().deregister(&mut link.carrier.socket);
        }
    }
}

fn listen(port: u16) -> Result<TcpListener, Error> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    doing(&format!("listening on {address}"), TcpListener::bind(address))
}

/// The TLS configuration and the certificate's hash for `tls-server-end-point`.
fn server_config(dir: &Path) -> Result<(Arc<ServerConfig>, Vec<u8>), Error> {
    let cert = doing("reading server.crt", CertificateDer::from_pem_file(dir.join("server.crt")))?;
    let key = doing("reading server.key", PrivateKeyDer::from_pem_file(dir.join("server.key")))?;
    // The certificate is signed with SHA-256, so that is the hash of RFC 5929.
    let end_point = Sha256::digest(&cert).to_vec();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = doing(
        "choosing TLS versions",
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions(),
    )?;
    let config =
        doing("taking the certificate", versions.with_no_client_auth().with_single_cert(vec![cert], key))?;
    Ok((Arc::new(config), end_point))
}
