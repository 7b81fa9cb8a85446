//! SOCKS5 streams as their owners carry them: dialled, accepted, read, written, ended.

use super::net::{Who, WireNo};
use super::owner::{Came, own};
use super::topology::Place;
use super::{Do, World};
use xft_core::{Argument, Error, Instant, StreamEnd, StreamId, TransferId};

/// What a stream of a session is at its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Being dialled.
    Dialling(u32),
    /// Up: this side of that stream.
    Up(WireNo, usize),
}

/// Somebody dials.
#[derive(Clone, Copy, Debug)]
pub struct Dial {
    n: usize,
    life: u32,
    stream: u16,
    target: Target,
}

/// Where a stream goes to.
#[derive(Clone, Copy, Debug)]
enum Target {
    Node(usize),
    Proxy(usize),
    Other(Place),
}

impl World<'_> {
    /// The session wants a stream to that host.
    pub(super) fn dial(&mut self, n: usize, stream: u16, transfer: TransferId, host: &str, port: u16) {
        self.note(&format!("  node {n} dials {host} {port} as {stream:#x}"));
        let f = self.nodes[n].file(transfer).expect("a stream for a transfer of ours");
        let f = &self.files[f];
        let earlier = f.earlier == Some((transfer, self.nodes[n].life));
        let ended = if f.from == n { f.sent } else { f.received.filter(|_| !earlier) };
        assert_eq!(ended, None, "dials for a transfer that is over");
        let target = self.target(n, host, port);
        let node = &mut self.nodes[n];
        self.dials_made += 1;
        let no = self.dials_made;
        assert!(
            stream != 0 && node.streams.insert(stream, Held::Dialling(no)).is_none(),
            "the id of another stream"
        );
        node.dialled.insert(stream, transfer.to_bits());
        self.dials.insert(no, Dial { n, life: node.life, stream, target });
        let ms = node.plan.side.connect_ms;
        match target {
            // Its owner gives up in the end, if the session does not.
            Target::Other(Place::Hole) => {
                let at = self.now + self.rng.between(20_000, 130_000);
                self.at(at, Do::Dialled(no));
            }
            _ => self.soon(ms, Do::Dialled(no)),
        }
    }

    fn target(&self, n: usize, host: &str, port: u16) -> Target {
        let side = &self.nodes[n].plan.side;
        for (m, node) in self.nodes.iter().enumerate() {
            let Some(address) = node.plan.side.addresses.iter().find(|a| a.host == host && a.port == port)
            else {
                continue;
            };
            return match address.place {
                Place::Listener if side.cut_off.contains(&m) => {
                    Target::Other(Place::Nobody(StreamEnd::Unreachable))
                }
                Place::Listener => Target::Node(m),
                other => Target::Other(other),
            };
        }
        let proxies = &self.plan.router.proxies;
        match proxies.iter().position(|p| p.host == host && port == 7777) {
            Some(k) if side.no_proxy.contains(&k) => Target::Other(Place::Nobody(StreamEnd::Unreachable)),
            Some(k) => Target::Proxy(k),
            None => Target::Other(Place::Nobody(StreamEnd::Refused)),
        }
    }

    /// What dialling came to.
    pub(super) fn dialled(&mut self, no: u32) {
        let Some(dial) = self.dials.get(&no).copied() else { return };
        let Dial { n, life, stream, target } = dial;
        if self.nodes[n].life != life || self.nodes[n].over {
            self.dials.remove(&no);
            return;
        }
        if self.sleeps(n, Do::Dialled(no)) {
            return;
        }
        self.dials.remove(&no);
        let side = &self.nodes[n].plan.side;
        let source = if self.rng.chance(95) && side.knows_sources { n as u64 + 1 } else { 0 };
        let (room, lag) = (side.room, side.lag_ms);
        let me = Who::Session { n, life, stream };
        let end = match target {
            Target::Other(Place::Nobody(end)) => Err(end),
            Target::Other(Place::Hole | Place::Listener) => Err(StreamEnd::TimedOut),
            Target::Other(Place::Stranger(kind)) => {
                Ok(self.net.connect([me, Who::Stranger(kind)], room, lag))
            }
            Target::Node(m) if self.nodes[m].session.is_none() || self.nodes[m].over => {
                Err(StreamEnd::Refused)
            }
            Target::Node(m) => {
                let lag = lag.max(self.nodes[m].plan.side.lag_ms);
                let wire = self.net.connect([me, Who::Waiting { n: m, source }], room, lag);
                self.soon(lag, Do::Arrive(wire));
                Ok(wire)
            }
            Target::Proxy(k) => match self.router.proxy().opened(self.now, k) {
                Some(at) => Ok(self.net.connect([me, Who::Proxy(at)], room, lag)),
                None => {
                    let wire =
                        self.net.connect([me, Who::Stranger(super::strangers::Kind::Quick)], room, lag);
                    self.net.close(wire, 1);
                    Ok(wire)
                }
            },
        };
        let id = StreamId(stream);
        self.tick(n);
        match end {
            Ok(wire) => {
                self.nodes[n].streams.insert(stream, Held::Up(wire, 0));
                let up = self.session(n).stream_open(id);
                assert!(matches!(up, Ok(()) | Err(Error::Closed(_))), "stream_open: {up:?}");
                if let Target::Other(Place::Stranger(super::strangers::Kind::Quick)) = target {
                    self.net.close(wire, 1);
                }
            }
            Err(end) => {
                self.nodes[n].streams.remove(&stream);
                self.end_of(n, stream, end);
            }
        }
        self.carry();
        self.service_soon(n);
    }

    /// A stream is at a listener.
    pub(super) fn arrive(&mut self, wire: WireNo) {
        let Some(Who::Waiting { n, source }) = self.net.end(wire, 1).map(|end| end.who) else { return };
        if self.sleeps(n, Do::Arrive(wire)) {
            return;
        }
        let life = self.nodes[n].life;
        let open = self.nodes[n].session.is_some() && !self.nodes[n].over;
        let mut accepted = Err(Error::State);
        if open {
            self.tick(n);
            accepted = self.session(n).stream_accepted(source);
        }
        match accepted {
            Ok(id) => {
                let node = &mut self.nodes[n];
                assert!(
                    id.0 != 0 && node.streams.insert(id.0, Held::Up(wire, 1)).is_none(),
                    "the id of another stream"
                );
                node.dialled.remove(&id.0);
                if let Some(end) = self.net.end(wire, 1) {
                    end.who = Who::Session { n, life, stream: id.0 };
                }
                self.net.stir(wire, 1);
            }
            Err(Error::State | Error::Full | Error::Closed(_)) => self.net.close(wire, 1),
            Err(error) => panic!("stream_accepted: {error:?}"),
        }
        self.carry();
        if open {
            self.service_soon(n);
        }
    }

    /// Deliveries for whoever has something to hear.
    pub(super) fn carry(&mut self) {
        for (wire, side) in self.net.stirred() {
            let Some(w) = self.net.wires.get_mut(&wire) else { continue };
            let lag = w.lag_ms;
            if !std::mem::replace(&mut w.ends[side].due, true) {
                self.soon(lag, Do::Deliver(wire, side));
            }
        }
    }

    /// Something reaches one end of a stream.
    pub(super) fn deliver(&mut self, wire: WireNo, side: usize) {
        let Some(w) = self.net.wires.get_mut(&wire) else { return };
        if w.held_until > self.now {
            let until = w.held_until;
            return self.at(until, Do::Deliver(wire, side));
        }
        let lag = w.lag_ms;
        let end = &mut w.ends[side];
        end.due = false;
        match end.who {
            Who::Gone | Who::Waiting { .. } => {}
            Who::Stranger(kind) => self.stranger_hears(wire, side, kind),
            Who::Session { n, stream, .. } => {
                if !self.nodes[n].over && self.nodes[n].asleep_until > self.now {
                    if let Some(end) = self.net.end(wire, side) {
                        end.due = true;
                    }
                    self.sleeps(n, Do::Deliver(wire, side));
                    return;
                }
                self.session_hears(wire, side, n, stream);
            }
            Who::Proxy(no) => {
                if self.proxy_hears(wire, side, no) {
                    if let Some(end) = self.net.end(wire, side) {
                        end.due = true;
                    }
                    let at = self.now + 20 + lag;
                    self.at(at, Do::Deliver(wire, side));
                }
                self.serve_proxies();
            }
        }
        // What was read makes room for what waits.
        self.net.flush(wire, 1 - side);
        match self.net.end(wire, 1 - side).map(|end| end.who) {
            Some(Who::Proxy(no)) => self.proxy_says(no),
            Some(Who::Session { n, stream, .. }) => self.pump_soon(n, stream),
            _ => {}
        }
        self.carry();
    }

    fn session_hears(&mut self, wire: WireNo, side: usize, n: usize, stream: u16) {
        self.tick(n);
        let piece = 1 + self.rng.below(self.nodes[n].plan.piece);
        let later = self.rng.chance(10);
        let Some(end) = self.net.end(wire, side) else { return };
        if end.broken {
            end.who = Who::Gone;
            self.net.flush(wire, 1 - side);
            self.nodes[n].streams.remove(&stream);
            self.end_of(n, stream, StreamEnd::Lost);
            return self.service_soon(n);
        }
        if end.fin_told {
            // Nobody reads behind the end.
            return;
        }
        if later {
            // Nobody has to read at once.
            end.due = true;
            let slow = self.nodes[n].plan.slow_ms + 10;
            return self.soon(slow, Do::Deliver(wire, side));
        }
        let most = end.inbox.len().min(usize::try_from(piece).unwrap_or(1));
        let bytes: Vec<u8> = end.inbox.drain(..most).collect();
        self.feed(n, stream, bytes, Held::Up(wire, side));
        if self.nodes[n].streams.get(&stream) != Some(&Held::Up(wire, side)) {
            return self.service_soon(n);
        }
        let Some(end) = self.net.end(wire, side) else { return };
        if !end.inbox.is_empty() {
            self.net.stir(wire, side);
        } else if end.fin && !end.fin_told {
            end.fin_told = true;
            self.end_of(n, stream, StreamEnd::Ended);
        }
        self.service_soon(n);
    }

    /// Feeds bytes of a SOCKS5 stream, as long as it is there.
    fn feed(&mut self, n: usize, stream: u16, mut bytes: Vec<u8>, held: Held) {
        self.note_bytes(&format!("stream {stream:#x} to"), n, &bytes);
        let mut at = 0;
        while at < bytes.len() && self.nodes[n].streams.get(&stream) == Some(&held) {
            match self
                .session(n)
                .stream_in(StreamId(stream), &mut bytes[at..])
                .map(|(used, it)| (used, own(it)))
            {
                Ok((used, came)) => {
                    assert!(used > 0, "nothing used, nothing said");
                    at += used;
                    if let Came::Data { transfer, .. } = &came {
                        let f = self.nodes[n].file(*transfer).expect("data for a transfer of ours");
                        assert!(
                            self.files[f].method[1].is_some_and(|m| m != xft_core::Method::InBand)
                                || !self.files[f].started[1]
                        );
                    }
                    self.received(n, came);
                    if self.rng.chance(20) {
                        self.service(n);
                    }
                }
                Err(Error::Closed(_)) => return,
                Err(error) => panic!("stream_in {stream:#x}: {error:?}"),
            }
        }
    }

    /// The owner says how a stream ended.
    pub(super) fn end_of(&mut self, n: usize, stream: u16, end: StreamEnd) {
        self.note(&format!("  stream {stream:#x} of node {n}: {end:?}"));
        let said = self.session(n).stream_end(StreamId(stream), end);
        assert!(matches!(said, Ok(()) | Err(Error::Closed(_))), "stream_end: {said:?}");
    }

    /// The session writes on one of its streams.
    pub(super) fn transmit_on(&mut self, n: usize, stream: u16, bytes: &[u8]) {
        self.note_bytes(&format!("stream {stream:#x} from"), n, bytes);
        self.nodes[n].again_in_a_row = 0;
        match self.nodes[n].streams.get(&stream) {
            Some(Held::Up(wire, side)) => self.net.write(*wire, *side, bytes),
            other => panic!("bytes for stream {stream:#x}: {other:?}"),
        }
        self.carry();
    }

    /// The session shuts down its half.
    pub(super) fn half_close(&mut self, n: usize, stream: u16) {
        self.note(&format!("  node {n} half-closes {stream:#x}"));
        match self.nodes[n].streams.get(&stream) {
            Some(Held::Up(wire, side)) => self.net.finish(*wire, *side),
            other => panic!("half-close of stream {stream:#x}: {other:?}"),
        }
        self.carry();
    }

    /// The session closes a stream: its id is void.
    pub(super) fn close_stream(&mut self, n: usize, stream: u16) {
        self.note(&format!("  node {n} closes {stream:#x}"));
        match self.nodes[n].streams.remove(&stream) {
            Some(Held::Up(wire, side)) => self.net.close(wire, side),
            Some(Held::Dialling(no)) => {
                self.dials.remove(&no);
            }
            None => panic!("closes a stream that is not there: {stream:#x}"),
        }
        self.carry();
        let id = StreamId(stream);
        let session = self.session(n);
        let void = [
            session.stream_open(id),
            session.stream_end(id, StreamEnd::Lost),
            session.stream_in(id, &mut [5, 0]).map(drop),
        ];
        let right = |it| matches!(it, Err(Error::Argument(Argument::Stream) | Error::Closed(_)));
        assert!(void.into_iter().all(right), "a void stream is taken: {void:?}");
    }

    pub(super) fn tick(&mut self, n: usize) {
        let now = Instant::from_ms(self.now);
        let _ = self.session(n).tick(now);
    }
}
