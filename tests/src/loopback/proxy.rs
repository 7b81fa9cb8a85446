//! The byte side of the proxies on real sockets: each read goes into the buffer that the other side's write empties.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};

use super::{Error, doing, listen};
use crate::router::{ProxyEffect, ProxyStreamNo, Router, RouterConfig};

/// Bytes kept for each stream: what a read brings at most.
const BUFFER_BYTES: usize = 256 * 1024;
/// Reads of one stream before the others have their turn.
const READS: usize = 8;

/// Listeners and streams of all proxies of a server.
pub(super) struct Proxies {
    /// In the order of the configuration; the first has the first token.
    listeners: Vec<TcpListener>,
    first_token: usize,
    links: HashMap<Token, Link>,
    tokens: HashMap<ProxyStreamNo, Token>,
}

struct Link {
    socket: TcpStream,
    no: ProxyStreamNo,
    /// The socket may have bytes nobody has read.
    readable: bool,
}

impl Proxies {
    /// Listens for every proxy of the configuration and tells it the port, unless it is said to be elsewhere.
    pub fn start(registry: &Registry, config: &mut RouterConfig, first_token: usize) -> Result<Self, Error> {
        let mut listeners = Vec::new();
        for (at, proxy) in config.proxies.iter_mut().enumerate() {
            let mut listener = listen(0)?;
            let token = Token(first_token + at);
            doing("watching the port", registry.register(&mut listener, token, Interest::READABLE))?;
            if proxy.port == 0 {
                proxy.port = doing("reading the port", listener.local_addr())?.port();
            }
            proxy.buffer_bytes = BUFFER_BYTES;
            listeners.push(listener);
        }
        Ok(Self { listeners, first_token, links: HashMap::new(), tokens: HashMap::new() })
    }

    /// Where the proxies listen.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// The first token after those of the listeners.
    pub fn next_token(&self) -> usize {
        self.first_token + self.listeners.len()
    }

    /// Whether the token is a listener's.
    pub fn listens(&self, token: Token) -> bool {
        (self.first_token..self.next_token()).contains(&token.0)
    }

    pub fn accept(
        &mut self,
        registry: &Registry,
        router: &mut Router,
        now: u64,
        token: Token,
        next: &mut usize,
    ) {
        let proxy = token.0 - self.first_token;
        while let Some(Ok((mut socket, _))) = self.listeners.get(proxy).map(TcpListener::accept) {
            // The tail of a file must not wait for more.
            let _ = socket.set_nodelay(true);
            // A stream too many is closed by being dropped.
            let Some(no) = router.proxy().opened(now, proxy) else { continue };
            let token = Token(*next);
            *next += 1;
            if let Err(error) = registry.register(&mut socket, token, Interest::READABLE | Interest::WRITABLE)
            {
                eprintln!("loopback_server: a stream to the proxy could not be taken: {error}");
                router.proxy().closed(no);
                continue;
            }
            self.tokens.insert(no, token);
            self.links.insert(token, Link { socket, no, readable: true });
        }
    }

    /// Notes what the system said of a stream; false if the token is none.
    pub fn event(&mut self, router: &mut Router, token: Token, readable: bool, writable: bool) -> bool {
        let Some(link) = self.links.get_mut(&token) else { return false };
        link.readable |= readable;
        if writable {
            self.flush(router, token);
        }
        true
    }

    /// Whether a stream can be read on at once.
    pub fn busy(&self, router: &mut Router) -> bool {
        self.links.values().any(|link| link.readable && router.proxy().has_room(link.no))
    }

    /// Reads and writes what can be.
    pub fn serve(&mut self, router: &mut Router, now: u64) {
        self.flush_ready(router);
        let mut tokens: Vec<Token> = self.links.iter().filter(|(_, l)| l.readable).map(|(t, _)| *t).collect();
        tokens.sort_unstable();
        for token in tokens {
            for _ in 0..READS {
                if !self.read(router, now, token) {
                    break;
                }
                self.flush_ready(router);
            }
            self.flush_ready(router);
        }
    }

    /// Reads once; whether more may come.
    fn read(&mut self, router: &mut Router, now: u64, token: Token) -> bool {
        let Some(link) = self.links.get_mut(&token).filter(|l| l.readable) else { return false };
        let room = router.proxy().room(link.no);
        if room.is_empty() {
            return false;
        }
        match link.socket.read(room) {
            Ok(0) => {
                link.readable = false;
                router.proxy().ended(link.no);
            }
            Ok(count) => router.proxy().filled(now, link.no, count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => link.readable = false,
            Err(_) => self.drop_link(router, token),
        }
        self.links.get(&token).is_some_and(|link| link.readable)
    }

    fn flush_ready(&mut self, router: &mut Router) {
        while let Some(no) = router.proxy().next_ready() {
            if let Some(token) = self.tokens.get(&no).copied() {
                self.flush(router, token);
            }
        }
    }

    fn flush(&mut self, router: &mut Router, token: Token) {
        let Some(link) = self.links.get_mut(&token) else { return };
        loop {
            let bytes = router.proxy().output(link.no);
            if bytes.is_empty() {
                break;
            }
            match link.socket.write(bytes) {
                Ok(count) => router.proxy().written(link.no, count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => return self.drop_link(router, token),
            }
        }
        match router.proxy().effect(link.no) {
            Some(ProxyEffect::Finish) => {
                let _ = link.socket.shutdown(Shutdown::Write);
            }
            Some(ProxyEffect::Close) => self.drop_link(router, token),
            None => {}
        }
    }

    fn drop_link(&mut self, router: &mut Router, token: Token) {
        if let Some(link) = self.links.remove(&token) {
            self.tokens.remove(&link.no);
            // Closing the socket ends the watch too.
            router.proxy().closed(link.no);
        }
    }
}
