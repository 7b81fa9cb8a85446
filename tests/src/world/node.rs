//! One participant: its session, the pipe to the server, its buffer, and its host where that owns the stream.

use super::plan::{NodePlan, Way};
use super::strays::{self, Stray};
use super::streams::Held;
use super::{Memory, Rng};
use crate::router::{Framer, Item, Router, StreamNo};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::{BTreeMap, VecDeque};
use xft_core::{Instant, Session, Timer, TransferId};

/// The channel-binding data both ends of every TLS stream agree on.
pub const EXPORTER: [u8; 32] = [0x5e; 32];
/// The same for the server's certificate.
pub const END_POINT: [u8; 32] = [0xce; 32];

/// A participant.
pub struct Node<'m> {
    /// What it was planned to be.
    pub plan: NodePlan,
    /// Memories of its coming lives.
    pub memories: Vec<&'m mut Memory>,
    /// The session of this life.
    pub session: Option<Session<'m>>,
    /// Counts lives from 1.
    pub life: u32,
    /// Its stream at the server.
    pub stream: Option<StreamNo>,
    /// Bytes on the way to the server.
    pub up: VecDeque<u8>,
    /// The session closed the transport behind them.
    pub up_ends: bool,
    /// Bytes on the way from the server.
    pub down: VecDeque<u8>,
    /// The server closed the transport behind them.
    pub down_ends: bool,
    /// Whole stanzas the host has read and not handed in.
    pub inbox: VecDeque<Vec<u8>>,
    /// Reads the stream for the host.
    pub host: Option<Framer>,
    /// Reads what the session sends, for the oracle.
    pub tap: Framer,
    /// Output buffer.
    pub out: Vec<u8>,
    /// `Event::Online` came and `Event::Offline` did not.
    pub online: bool,
    /// Since when.
    pub online_at: u64,
    /// The owner is leaving.
    pub leaving: bool,
    /// `Event::Offline` came.
    pub over: bool,
    /// Files by handle, in this life.
    pub files: BTreeMap<u32, usize>,
    /// Something was done to its stream or its time that excuses failures of all its files.
    pub disturbed: bool,
    /// Not serviced before this time.
    pub asleep_until: u64,
    /// The next block on its way to the node is changed.
    pub tamper: bool,
    /// What becomes of the next block it sends.
    pub stray: Option<Stray>,
    /// The block that does not go its way.
    pub held: Option<strays::Held>,
    /// When its session wants to be called, as it said last.
    pub wants_at: Option<u64>,
    /// Refusals as `Full` since input was last taken.
    pub full_in_a_row: u32,
    /// Polls in a row at one time that only said to poll again.
    pub again_in_a_row: u32,
    /// Its SOCKS5 streams by id.
    pub streams: BTreeMap<u16, Held>,
    /// The transfer that each id was dialled for last.
    pub dialled: BTreeMap<u16, u32>,
    /// What its session waits for.
    pub waits_for: Timer,
}

impl<'m> Node<'m> {
    /// A participant that has not begun to live.
    pub fn new(plan: NodePlan, memories: Vec<&'m mut Memory>) -> Self {
        Self {
            out: vec![0; plan.out_bytes],
            plan,
            memories,
            session: None,
            life: 0,
            stream: None,
            up: VecDeque::new(),
            up_ends: false,
            down: VecDeque::new(),
            down_ends: false,
            inbox: VecDeque::new(),
            host: None,
            tap: Framer::new(1 << 20),
            online: false,
            online_at: 0,
            leaving: false,
            over: false,
            files: BTreeMap::new(),
            disturbed: false,
            asleep_until: 0,
            tamper: false,
            stray: None,
            held: None,
            wants_at: None,
            full_in_a_row: 0,
            again_in_a_row: 0,
            streams: BTreeMap::new(),
            dialled: BTreeMap::new(),
            waits_for: Timer::None,
        }
    }

    /// Begins a life: a session, and a transport to the server. `false` when there is no memory for another one.
    pub fn begin(&mut self, now: u64, rng: &mut Rng, router: &mut Router) -> bool {
        let Some(memory) = self.memories.pop() else { return false };
        let cfg = self.plan.config(rng.bytes32());
        let mut session = match Session::new(&cfg, memory.storage(), Instant::from_ms(now)) {
            Ok(session) => session,
            Err(error) => panic!("Session::new: {error:?} with {:?}", self.plan),
        };
        for address in &self.plan.side.addresses {
            if let Err(error) = session.add_address(&address.host, address.port) {
                assert!(matches!(error, xft_core::Error::Full), "add_address: {error:?}");
            }
        }
        for k in &self.plan.side.proxies {
            let Some(proxy) = router.config_mut().proxies.get(*k) else { continue };
            let node = proxy.node.iter().map(|node| format!("/{node}")).collect::<String>();
            let jid = format!("{}.{}{node}", proxy.name, super::plan::DOMAIN);
            if let Err(error) = session.add_proxy(&jid, &proxy.host, proxy.port.max(1)) {
                assert!(matches!(error, xft_core::Error::Full), "add_proxy: {error:?}");
            }
        }
        assert!(self.streams.is_empty(), "streams of an earlier life");
        self.dialled.clear();
        self.life += 1;
        self.up.clear();
        self.down.clear();
        self.inbox.clear();
        self.files.clear();
        (self.up_ends, self.down_ends) = (false, false);
        (self.stray, self.held) = (None, None);
        (self.online, self.leaving, self.over) = (false, false, false);
        (self.wants_at, self.full_in_a_row, self.again_in_a_row) = (None, 0, 0);
        self.tap = Framer::new(1 << 20);
        let stream = match self.plan.way {
            Way::Hosted => {
                let (stream, rest) = log_in(now, router, &self.plan.user);
                let mut host = Framer::new(1 << 20);
                read(&mut host, &rest);
                self.host = Some(host);
                // The host's stream is open: what the session sends are stanzas on it.
                let header = crate::world::node::HEADER;
                let _ = self.tap.next(&mut header.as_bytes());
                stream
            }
            Way::Direct => {
                let binding = xft_core::ChannelBinding { exporter: None, server_end_point: Some(&END_POINT) };
                session.tls_done(&binding).expect("tls_done before stream_open");
                session.stream_open(xft_core::StreamId::XMPP).expect("stream_open");
                router.open_tls(now, None, Some(END_POINT.to_vec()))
            }
            Way::Plain | Way::StartTls => {
                session.stream_open(xft_core::StreamId::XMPP).expect("stream_open");
                router.open(now)
            }
        };
        self.session = Some(session);
        self.stream = Some(stream);
        true
    }

    /// The index of a handle's file.
    pub fn file(&self, transfer: TransferId) -> Option<usize> {
        self.files.get(&transfer.to_bits()).copied()
    }

    /// Online, and nobody is about to end that.
    pub fn is_up(&self) -> bool {
        self.online && !self.over && !self.leaving && !self.down_ends && self.stream.is_some()
    }
}

/// What a host sends to open its stream.
pub const HEADER: &str = "<stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' to='hospital.test' version='1.0'>";

/// Logs a host in, all at once: what it does before it has a session is not what is checked here.
fn log_in(now: u64, router: &mut Router, user: &str) -> (StreamNo, Vec<u8>) {
    let no = router.open_tls(now, None, None);
    let password = router.config_mut().accounts.iter().find(|(u, _)| u == user).map(|(_, p)| p.clone());
    let plain = STANDARD.encode(format!("\0{user}\0{}", password.unwrap_or_default()));
    router.input(now, no, HEADER.as_bytes());
    router.take_output(now, no);
    let auth = format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>");
    router.input(now, no, auth.as_bytes());
    router.take_output(now, no);
    router.input(now, no, HEADER.as_bytes());
    let header = router.take_output(now, no);
    router.input(
        now,
        no,
        b"<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>",
    );
    router.take_output(now, no);
    router.input(now, no, b"<presence/>");
    (no, header)
}

/// Feeds a framer and gives the first-level elements that are complete.
pub fn read(framer: &mut Framer, mut bytes: &[u8]) -> Vec<crate::router::FirstLevel> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        match framer.next(&mut bytes) {
            Ok(Some(Item::Element(element))) => all.push(element),
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(broken) => panic!("not XML: {broken:?}"),
        }
    }
    all
}
