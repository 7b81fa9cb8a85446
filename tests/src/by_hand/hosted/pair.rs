//! Two sessions, the server between them, and the network: TCP streams in memory, and a proxy.

mod tcp;

use self::tcp::{End, Tcp};
use super::wired::*;
use super::*;
use std::collections::VecDeque;

pub const DOMAIN: &str = "hospital.test";
pub const PROXY: &str = "proxy.hospital.test";
/// Where the proxy says that it is, and the address that it wants to be activated at (QRK-22).
pub const PROXY_HOST: &str = "192.0.2.9";
pub const PROXY_NODE: &str = "proxy.hospital.test/node-1";

/// How the sender's owner moves bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moves {
    /// With `supply`, this many at a time.
    Supply(usize),
    /// Itself, this many at a time.
    Itself(usize),
    /// By turns.
    Both(usize),
}

/// How the proxy behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxy {
    None,
    Works,
    /// Nobody listens there.
    Closed,
    /// Connects, and refuses to activate.
    Refuses(&'static str),
}

/// Numbers that follow from a seed.
#[derive(Clone, Debug)]
pub struct Chance(pub u64);

impl Chance {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 29)) % bound
    }
}

/// Something that happens to a session.
pub type Strike = fn(&mut Wired<'_>);

pub struct Pair<'m> {
    pub ends: [Wired<'m>; 2],
    jids: [&'static str; 2],
    pub proxy: Proxy,
    /// Addresses that can be connected to, and whose they are.
    pub listening: Vec<(&'static str, u16, usize)>,
    pub moves: Moves,
    /// Most bytes of a stream that arrive at once.
    pub piece: usize,
    pub stored: Vec<u8>,
    pub events: [Vec<Event>; 2],
    /// Stanzas as they went, and streams as they were connected.
    pub log: Vec<String>,
    /// The first in-band opening is answered with this (QRK-10).
    pub open_refused: Option<&'static str>,
    /// The receiver gives up once it has so many bytes.
    pub cancels_at: Option<(u64, Cancel)>,
    /// Something happens to the sender then.
    pub strikes_at: Option<(u64, Strike)>,
    /// The TCP stream breaks then.
    pub breaks_at: Option<u64>,
    /// Stanzas and bytes overtake one another by these numbers.
    pub chance: Option<Chance>,
    due: [VecDeque<String>; 2],
    tcp: Vec<Tcp>,
    turn: bool,
    pub accepts: bool,
    /// What the receiver says that it can.
    pub disco: &'static str,
}

impl<'m> Pair<'m> {
    pub fn new(configs: [&Config<'_>; 2], memories: [&'m mut Memory; 2]) -> Self {
        let [a, b] = memories;
        Self {
            ends: [Wired::new(configs[0], a), Wired::new(configs[1], b)],
            jids: [ME, PEER],
            proxy: Proxy::None,
            listening: Vec::new(),
            moves: Moves::Supply(10_000),
            piece: usize::MAX,
            stored: Vec::new(),
            events: [Vec::new(), Vec::new()],
            log: Vec::new(),
            open_refused: None,
            cancels_at: None,
            strikes_at: None,
            breaks_at: None,
            chance: None,
            due: Default::default(),
            tcp: Vec::new(),
            turn: false,
            accepts: true,
            disco: DISCO_1,
        }
    }

    /// The sender listens there, and can be reached there.
    pub fn listens(&mut self, host: &'static str, port: u16) {
        self.ends[0].session.add_address(host, port).unwrap();
        self.listening.push((host, port, 0));
    }

    pub fn offer(&mut self, size: u64) -> TransferId {
        self.ends[0].session.offer(&peer::file(size)).unwrap()
    }

    /// Goes on until nothing happens any more at this time.
    pub fn settle(&mut self) {
        for _ in 0..100_000 {
            let mut busy = false;
            for n in 0..2 {
                for said in self.ends[n].poll_all() {
                    busy = true;
                    self.does(n, said);
                }
            }
            busy |= self.hand_on() | self.carry();
            if !busy {
                return;
            }
        }
        panic!("never settles: {:?}", self.log);
    }

    /// Time goes on in steps until every transfer is over at both ends, at most `ms`.
    pub fn run(&mut self, ms: u64) {
        self.settle();
        let until = self.ends[0].now + ms;
        while self.ends[0].now < until && !self.is_over() {
            let next = self.ends.iter().filter_map(|end| end.wait).min().unwrap_or(until).min(until);
            let now = next.max(self.ends[0].now + 1);
            for end in &mut self.ends {
                end.now = now;
                end.session.tick(Instant::from_ms(now)).unwrap();
            }
            self.settle();
        }
    }

    fn is_over(&self) -> bool {
        self.events.iter().all(|events| events.iter().any(|e| matches!(e, Event::Finished { .. })))
    }

    pub fn finished(&self, n: usize) -> Vec<(Ending, Route)> {
        let of = |e: &Event| match e {
            Event::Finished { ending, route, .. } => Some((*ending, *route)),
            _ => None,
        };
        self.events[n].iter().filter_map(of).collect()
    }

    pub fn ended(&self) -> [Ending; 2] {
        [0, 1].map(|n| {
            let all = self.finished(n);
            assert_eq!(all.len(), 1, "{n}: {:?} {:?}", self.events, self.log);
            all[0].0
        })
    }

    pub fn methods(&self) -> [Option<Method>; 2] {
        [0, 1].map(|n| self.finished(n)[0].1.method)
    }

    pub fn started(&self, n: usize) -> Vec<(Method, u16)> {
        let of = |e: &Event| match e {
            Event::Started { method, block_bytes, .. } => Some((*method, *block_bytes)),
            _ => None,
        };
        self.events[n].iter().filter_map(of).collect()
    }

    /// TCP streams that no session has closed yet.
    pub fn open_streams(&self) -> usize {
        self.tcp.iter().flat_map(|tcp| tcp.ends).filter(|end| matches!(end, End::Session(..))).count()
    }

    fn does(&mut self, n: usize, said: Said) {
        match said {
            Said::Event(event) => self.events[n].push(event),
            Said::Stanza(text) => self.route(n, &text),
            Said::Connect { stream, host, port, .. } => self.connect(n, stream, &host, port),
            Said::Bytes(stream, bytes) => self.write(n, stream, &bytes),
            Said::SendRaw { transfer, stream, offset, max } => self.send(n, transfer, stream, offset, max),
            Said::Half(stream) => self.shut(n, stream, false),
            Said::Close(stream) => self.shut(n, stream, true),
        }
    }

    fn send(&mut self, n: usize, transfer: TransferId, stream: StreamId, offset: u64, max: u64) {
        let (mut at, end) = (offset, offset + max);
        while at < end {
            self.turn = !self.turn;
            let (itself, piece) = match self.moves {
                Moves::Supply(piece) => (false, piece),
                Moves::Itself(piece) => (true, piece),
                Moves::Both(piece) => (self.turn, piece),
            };
            let next = end.min(at + piece as u64);
            let bytes = self.ends[n].file[at as usize..next as usize].to_vec();
            if itself {
                self.write(n, stream, &bytes);
                self.ends[n].session.sent(transfer, next).unwrap();
            } else {
                let mut out = [0; 0];
                match self.ends[n].session.supply(transfer, at, &bytes, &mut out) {
                    Ok(Output::Transmit { stream: to, bytes: given }) => {
                        assert_eq!((to, given), (stream, &bytes[..]));
                    }
                    other => panic!("{other:?}"),
                }
                self.write(n, stream, &bytes);
            }
            at = next;
        }
    }

    /// The server: stamps the sender, answers for itself and for the proxy.
    fn route(&mut self, n: usize, text: &str) {
        self.log.push(format!("{n} {text}"));
        let (to, id) = (attr(text, "to").to_owned(), attr(text, "id").to_owned());
        if to == self.jids[1 - n] {
            if text.contains("disco#info") {
                self.answer(n, &to, &id, Ok(self.disco.to_owned()));
            } else if text.contains("<open ") && self.open_refused.is_some() {
                let word = self.open_refused.take().unwrap_or_default();
                self.answer(n, &to, &id, Err(word));
            } else {
                self.due[1 - n].push_back(stamped(text, self.jids[n]));
            }
            return;
        }
        let items =
            |inner: &str| format!("<query xmlns='http://jabber.org/protocol/disco#items'>{inner}</query>");
        let s5b = "http://jabber.org/protocol/bytestreams";
        let answer = match (to.as_str(), text) {
            (DOMAIN, _) if self.proxy == Proxy::None => Ok(items("")),
            (DOMAIN, _) => Ok(items(&format!("<item jid='{PROXY}'/><item jid='rooms.{DOMAIN}'/>"))),
            (PROXY, text) if text.contains("disco#info") => Ok(
                "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='proxy' type='bytestreams'/></query>"
                    .to_owned(),
            ),
            (PROXY, _) => Ok(format!(
                "<query xmlns='{s5b}'><streamhost jid='{PROXY_NODE}' host='{PROXY_HOST}' port='7777'/></query>"
            )),
            (PROXY_NODE, text) if text.contains("<activate>") => self.activate(n, text),
            _ => Err("service-unavailable"),
        };
        self.answer(n, &to, &id, answer);
    }

    fn answer(&mut self, n: usize, from: &str, id: &str, answer: Result<String, &str>) {
        let stanza = match answer {
            Ok(payload) => result(from, id, &payload),
            Err(condition) => error(from, id, "cancel", condition),
        };
        self.log.push(format!("> {n} {stanza}"));
        self.due[n].push_back(stanza);
    }

    /// Stanzas arrive, each end's in their order; whether there were any.
    fn hand_on(&mut self) -> bool {
        let mut busy = false;
        for n in 0..2 {
            while let Some(stanza) = self.due[n].front().cloned() {
                busy = true;
                if self.later() {
                    break;
                }
                self.due[n].pop_front();
                self.deliver(n, &stanza);
            }
        }
        busy
    }

    /// Whether something takes its time.
    fn later(&mut self) -> bool {
        self.chance.as_mut().is_some_and(|chance| chance.below(3) > 0)
    }

    fn deliver(&mut self, n: usize, stanza: &str) {
        match self.ends[n].give(stanza) {
            Got::Offer { transfer, .. } if self.accepts => self.ends[n].session.accept(transfer, 0).unwrap(),
            Got::Offer { transfer, .. } => self.ends[n].session.decline(transfer, Decline::Unwanted).unwrap(),
            Got::Data { transfer, offset, bytes } => self.store(n, transfer, offset, &bytes),
            // A second offer while the first still waits for its streamhosts: the session has answered.
            Got::Consumed | Got::NoRoom { .. } => {}
            // What a host says to what neither it nor the session knows.
            Got::NotMine if stanza.contains(" type='set'") => {
                let answer = error(self.jids[n], attr(stanza, "id"), "cancel", "service-unavailable");
                self.due[1 - n].push_back(answer);
            }
            Got::NotMine => panic!("{stanza}"),
        }
    }

    fn store(&mut self, n: usize, transfer: TransferId, offset: u64, bytes: &[u8]) {
        assert_eq!(offset, self.stored.len() as u64);
        self.stored.extend_from_slice(bytes);
        let stored = self.stored.len() as u64;
        self.ends[n].session.stored(transfer, stored).unwrap();
        if let Some((_, why)) = self.cancels_at.take_if(|(at, _)| stored >= *at) {
            self.ends[n].session.cancel(transfer, why).unwrap();
        }
        if let Some((_, strike)) = self.strikes_at.take_if(|(at, _)| stored >= *at) {
            strike(&mut self.ends[0]);
        }
        if self.breaks_at.take_if(|at| stored >= *at).is_some() {
            for at in 0..self.tcp.len() {
                for end in std::mem::replace(&mut self.tcp[at].ends, [End::Proxy; 2]) {
                    if let End::Session(n, stream) = end {
                        self.ends[n].session.stream_end(stream, StreamEnd::Lost).unwrap();
                    }
                }
            }
        }
    }

    fn activate(&mut self, n: usize, text: &str) -> Result<String, &'static str> {
        if let Proxy::Refuses(word) = self.proxy {
            return Err(word);
        }
        let dst = digest(attr(text, "sid"), self.jids[n], self.jids[1 - n]);
        assert!(text.contains(&format!("<activate>{}</activate>", self.jids[1 - n])), "{text}");
        let with: Vec<usize> = (0..self.tcp.len()).filter(|at| self.tcp[*at].dst == dst.as_bytes()).collect();
        let [first, second] = with[..] else { return Err("not-allowed") };
        (self.tcp[first].active, self.tcp[second].active) = (Some(second), Some(first));
        Ok(String::new())
    }
}
