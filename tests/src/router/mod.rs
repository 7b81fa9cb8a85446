//! A sans-IO XMPP server: the simulation and the loopback server program run on it.
//!
//! It shares no code with the library under test but the SOCKS5 frames of its proxies (`rxml` reads, it writes by itself), so a misreading of the protocol on one side
//! does not hide behind the same misreading on the other. It does what a client meets on Prosody or ejabberd: streams, STARTTLS,
//! SASL, bind, routing, presence, roster, disco, ping, proxies, their errors, and on demand their faults.
//!
//! # Driving it
//! Everything is bytes in, bytes out; time is an argument in milliseconds and never goes back; all randomness comes from
//! [`RouterConfig::seed`], so the same calls give the same bytes.
//! ```
//! use xft_tests::router::{Effect, Router, RouterConfig};
//! let mut router = Router::new(RouterConfig::new("hospital.test", &[("ct1", "secret")], 7));
//! let (now, ct1) = (0, router.open(0));
//! router.input(now, ct1, b"<stream:stream xmlns='jabber:client' \
//!     xmlns:stream='http://etherx.jabber.org/streams' to='hospital.test' version='1.0'>");
//! router.input(now, ct1, b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
//! while let Some(stream) = router.next_ready(now) {
//!     let bytes = router.take_output(now, stream); // or output() and written() where only a part fits
//!     assert!(bytes.ends_with(b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"));
//!     match router.effect(stream) {
//!         Some(Effect::StartTls) => router.tls_done(now, stream, None, None),
//!         Some(Effect::Close) => router.closed(now, stream),
//!         None => {}
//!     }
//! }
//! ```
//! - [`Router::open`] for a plain stream, [`Router::open_tls`] for direct TLS; [`Router::closed`] once when the transport is gone, whoever ended it.
//! - [`Router::effect`] speaks only when all bytes before it were taken: a `<proceed/>` is always on its way before TLS begins.
//! - [`Router::tick`] at [`Router::next_deadline`]: rate-limited input and delayed output move then.
//! - A caller with sockets reads at most [`Router::readable`] bytes, as a shaping server does; one that feeds more is buffered.
//!
//! # Proxies
//! With [`RouterConfig::proxies`] there are components that discovery finds and streams can be activated at; their byte side is
//! driven through [`Router::proxy`], in the same manner.
//!
//! # Faults
//! [`Router::cut`], [`Router::hold`], [`Router::delay`], [`Router::set_rate`], [`Router::end_stream`], [`Router::shutdown`], [`Router::kill`],
//! and through [`Router::config_mut`]: refused logins, other limits, quirks. Cuts and holds take effect between stanzas and within them.

mod config;
mod element;
mod faults;
mod framer;
mod jid;
mod login;
mod presence;
mod proxy;
mod route;
mod scram;
mod service;
mod stream;

pub use config::{AbsentMessage, Conflict, LegacySession, LimitsElement, Mechanism, Rate, RouterConfig, Tls};
pub use element::{Element, FirstLevel, attribute, escape};
pub use framer::{Broken, Framer, Item, NS_CLIENT, NS_STREAM};
pub use jid::Jid;
pub use proxy::{Condition, ProxyConfig, ProxyCounters, ProxyEffect, ProxyStreamNo, ProxyStreams};
pub use scram::{Bindings, Hash, Refused, Scram, Terms};

use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use stream::{Phase, Stream};

/// One client stream; numbers are never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamNo(pub u32);

/// What the caller has to do with a stream's transport once all output is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Begin TLS as the server, then call [`Router::tls_done`].
    StartTls,
    /// Close the transport, then call [`Router::closed`].
    Close,
}

/// What passed through a router since its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Stanzas handed to another stream as sent.
    pub forwarded: u64,
    /// Bytes of them.
    pub forwarded_bytes: u64,
    /// Errors the server made.
    pub errors: u64,
    /// Stanzas nobody got.
    pub dropped: u64,
    /// Stream errors sent.
    pub stream_errors: u64,
}

/// The server; see the module's head.
#[derive(Debug)]
pub struct Router {
    config: RouterConfig,
    streams: BTreeMap<StreamNo, Stream>,
    /// Streams by bare address and resource.
    bound: BTreeMap<String, BTreeMap<String, StreamNo>>,
    /// Messages waiting for an account's next login, with the time they came.
    stored: BTreeMap<String, Vec<Vec<u8>>>,
    ready: BTreeSet<StreamNo>,
    next_stream: u32,
    random: u64,
    order: u64,
    counters: Counters,
    proxy: ProxyStreams,
}

/// What the reading loop does after an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Continue,
    /// A new stream header is due: what follows is for a new parser.
    Restart,
    Stop,
}

impl Router {
    /// A server without streams.
    pub fn new(config: RouterConfig) -> Self {
        Self {
            config,
            streams: BTreeMap::new(),
            bound: BTreeMap::new(),
            stored: BTreeMap::new(),
            ready: BTreeSet::new(),
            next_stream: 0,
            random: 0,
            order: 0,
            counters: Counters::default(),
            proxy: ProxyStreams::default(),
        }
    }

    /// The configuration; changes count from the next step of each stream.
    pub fn config_mut(&mut self) -> &mut RouterConfig {
        &mut self.config
    }

    /// The byte side of the proxies.
    pub fn proxy(&mut self) -> &mut ProxyStreams {
        self.proxy.set_configs(&self.config.proxies);
        &mut self.proxy
    }

    /// What passed so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// A client's transport was accepted, in plain text.
    pub fn open(&mut self, now: u64) -> StreamNo {
        let no = StreamNo(self.next_stream);
        self.next_stream += 1;
        self.streams.insert(no, Stream::new(self.config.login_stanza_bytes, self.config.rate, now));
        no
    }

    /// A client's transport was accepted and TLS is up (direct TLS); arguments as in [`Router::tls_done`].
    pub fn open_tls(&mut self, now: u64, exporter: Option<[u8; 32]>, end_point: Option<Vec<u8>>) -> StreamNo {
        let no = self.open(now);
        if let Some(stream) = self.streams.get_mut(&no) {
            stream.secured = true;
            stream.bindings = Bindings { exporter, end_point };
        }
        no
    }

    /// TLS asked for by [`Effect::StartTls`] is up, with the binding data the caller has.
    pub fn tls_done(
        &mut self,
        _now: u64,
        no: StreamNo,
        exporter: Option<[u8; 32]>,
        end_point: Option<Vec<u8>>,
    ) {
        let limit = self.config.login_stanza_bytes;
        if let Some(stream) = self.streams.get_mut(&no).filter(|s| s.phase == Phase::AwaitTls) {
            stream.secured = true;
            stream.bindings = Bindings { exporter, end_point };
            stream.phase = Phase::AwaitHeader;
            stream.framer = Framer::new(limit);
        }
    }

    /// The transport is gone; the stream number is void after it.
    pub fn closed(&mut self, now: u64, no: StreamNo) {
        let bound = |s: &&mut Stream| s.phase == Phase::Open && s.jid.is_some();
        if let Some(ms) = self.config.keeps_lost_ms
            && let Some(stream) = self.streams.get_mut(&no).filter(bound)
        {
            stream.outbox.lose();
            stream.lost_until = Some(now.saturating_add(ms));
            self.ready.remove(&no);
            return;
        }
        self.unbind(now, no);
        self.streams.remove(&no);
        self.ready.remove(&no);
    }

    /// Bytes came from the client.
    pub fn input(&mut self, now: u64, no: StreamNo, bytes: &[u8]) {
        let Some(stream) = self.streams.get_mut(&no) else { return };
        if stream.shaper.is_none() && stream.backlog.is_empty() {
            return self.read(now, no, bytes);
        }
        stream.backlog.extend_from_slice(bytes);
        self.drain_backlog(now, no);
    }

    /// How many bytes the server would read from this client now.
    pub fn readable(&self, now: u64, no: StreamNo) -> usize {
        self.streams.get(&no).map_or(0, |s| s.readable(now))
    }

    /// Time has come: delayed output and rate-limited input move.
    pub fn tick(&mut self, now: u64) {
        self.proxy.tick(now);
        let waiting: Vec<StreamNo> = self.streams.keys().copied().collect();
        for no in waiting {
            if self.streams.get(&no).and_then(|s| s.lost_until).is_some_and(|until| until <= now) {
                self.release(no);
                self.streams.remove(&no);
                continue;
            }
            self.drain_backlog(now, no);
            if let Some(stream) =
                self.streams.get_mut(&no).filter(|s| s.outbox.next_due().is_some_and(|d| d <= now))
            {
                stream.outbox.settle(now);
                self.ready.insert(no);
            }
        }
    }

    /// When [`Router::tick`] has something to do.
    pub fn next_deadline(&self, now: u64) -> Option<u64> {
        let output = self.streams.values().filter_map(|s| s.outbox.next_due());
        let input = self.streams.values().filter(|s| !s.backlog.is_empty()).map(|s| match &s.shaper {
            Some(shaper) => shaper.ready_at(now, s.backlog.len()),
            None => now,
        });
        let lost = self.streams.values().filter_map(|s| s.lost_until);
        output.chain(input).chain(lost).chain(self.proxy.next_deadline()).min()
    }

    /// A stream with bytes to write or an effect; each is named once until it has more.
    pub fn next_ready(&mut self, now: u64) -> Option<StreamNo> {
        let no = self.ready.pop_first()?;
        if let Some(stream) = self.streams.get_mut(&no) {
            stream.outbox.settle(now);
        }
        Some(no)
    }

    /// Bytes to write to a client now; say with [`Router::written`] how many were.
    pub fn output(&mut self, now: u64, no: StreamNo) -> &[u8] {
        match self.streams.get_mut(&no) {
            Some(stream) => {
                stream.outbox.settle(now);
                stream.outbox.due()
            }
            None => &[],
        }
    }

    /// `count` bytes of [`Router::output`] were written.
    pub fn written(&mut self, no: StreamNo, count: usize) {
        if let Some(stream) = self.streams.get_mut(&no) {
            stream.outbox.written(count);
        }
    }

    /// All bytes to write to a client now, taken.
    pub fn take_output(&mut self, now: u64, no: StreamNo) -> Vec<u8> {
        let bytes = self.output(now, no).to_vec();
        self.written(no, bytes.len());
        bytes
    }

    /// What to do with the transport; only once everything before it was written, and said once.
    pub fn effect(&mut self, no: StreamNo) -> Option<Effect> {
        let stream = self.streams.get_mut(&no)?;
        if !stream.outbox.is_empty() {
            return None;
        }
        stream.effect.take()
    }

    /// The full address bound on a stream.
    pub fn address(&self, no: StreamNo) -> Option<String> {
        self.streams.get(&no)?.jid.as_ref().map(Jid::to_string)
    }

    /// The stream a full address is bound on.
    pub fn stream_of(&self, full: &str) -> Option<StreamNo> {
        let jid = Jid::parse(full)?;
        self.bound.get(&jid.bare())?.get(jid.resource.as_deref()?).copied()
    }

    fn drain_backlog(&mut self, now: u64, no: StreamNo) {
        let Some(stream) = self.streams.get_mut(&no) else { return };
        let waiting = stream.backlog.len();
        let count = stream.shaper.as_ref().map_or(waiting, |s| s.level(now)).min(waiting);
        if count == 0 {
            return;
        }
        if let Some(shaper) = &mut stream.shaper {
            shaper.pass(now, count);
        }
        let rest = stream.backlog.split_off(count);
        let bytes = std::mem::replace(&mut stream.backlog, rest);
        self.read(now, no, &bytes);
    }

    fn read(&mut self, now: u64, no: StreamNo, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let Some(stream) = self.streams.get_mut(&no) else { return };
            if matches!(stream.phase, Phase::Ended | Phase::AwaitTls) {
                // After <proceed/> only TLS may follow; what came in plain is an injection or a mistake.
                return;
            }
            let flow = match stream.framer.next(&mut bytes) {
                Ok(None) => return,
                Ok(Some(Item::Header(element, tag))) => self.header(now, no, &element, &tag),
                Ok(Some(Item::Element(element))) => self.element(now, no, element),
                Ok(Some(Item::End)) => {
                    self.finish(now, no);
                    Flow::Stop
                }
                Err(broken) => {
                    let (condition, extra) = match broken {
                        Broken::NotWellFormed => ("not-well-formed", ""),
                        Broken::RestrictedXml => ("restricted-xml", ""),
                        Broken::BadNamespacePrefix => ("bad-namespace-prefix", ""),
                        Broken::BadFormat => ("bad-format", ""),
                        Broken::TooBig => ("policy-violation", "<stanza-too-big xmlns='urn:xmpp:errors'/>"),
                    };
                    self.stream_error(now, no, condition, extra);
                    Flow::Stop
                }
            };
            match flow {
                Flow::Continue => {}
                Flow::Stop => return,
                Flow::Restart => {
                    let limit = self.config.stanza_bytes;
                    if let Some(stream) = self.streams.get_mut(&no) {
                        stream.framer = Framer::new(limit);
                        stream.phase = Phase::AwaitHeader;
                    }
                }
            }
        }
    }

    /// Appends text to a stream's output.
    fn write(&mut self, now: u64, no: StreamNo, text: &str) {
        self.write_with(now, no, |out| out.extend_from_slice(text.as_bytes()));
    }

    fn write_with(&mut self, now: u64, no: StreamNo, write: impl FnOnce(&mut Vec<u8>)) {
        if let Some(stream) = self.streams.get_mut(&no).filter(|s| s.phase != Phase::Ended) {
            stream.outbox.append(now, write);
            self.ready.insert(no);
        }
    }

    /// Ends a stream in order: closing tag, then the transport.
    fn finish(&mut self, now: u64, no: StreamNo) {
        self.write(now, no, "</stream:stream>");
        self.unbind(now, no);
        if let Some(stream) = self.streams.get_mut(&no) {
            stream.phase = Phase::Ended;
            stream.effect = Some(Effect::Close);
            self.ready.insert(no);
        }
    }

    fn stream_error(&mut self, now: u64, no: StreamNo, condition: &str, extra: &str) {
        let Some(stream) = self.streams.get(&no).filter(|s| s.phase != Phase::Ended) else { return };
        match stream.phase {
            // Between <proceed/> and TLS nothing can be said that a client would read as XML.
            Phase::AwaitTls => return self.cut(now, no),
            Phase::AwaitHeader => self.send_header(now, no),
            Phase::Open | Phase::Ended => {}
        }
        self.counters.stream_errors += 1;
        self.write(
            now,
            no,
            &format!(
                "<stream:error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>{extra}</stream:error>"
            ),
        );
        self.finish(now, no);
    }

    /// Fresh hexadecimal text, determined by the seed and the number of calls before.
    fn token(&mut self, bytes: usize) -> String {
        self.random += 1;
        let mut hash = Sha256::new();
        hash.update(self.config.seed.to_be_bytes());
        hash.update(self.random.to_be_bytes());
        hash.finalize().iter().take(bytes).map(|b| format!("{b:02x}")).collect()
    }
}
