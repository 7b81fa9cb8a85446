//! Polling a session as an owner does: until it says Wait, with a buffer that grows when it must.

use super::node::read;
use super::{Do, World};
use crate::router::Framer;
use xft_core::{Error, Event, Instant, Output, Timer, TransferId};

/// Most things one drain may come to: windows and rates end it long before.
const OUTPUTS: u32 = 20_000;
/// Times in a row a session may ask to be polled again at once without doing anything else.
const AGAIN: u32 = 64;

/// What a poll said, without its loans.
enum Said {
    Transmit(u16, Vec<u8>),
    Connect(u16, TransferId, String, u16),
    Raw(TransferId, u16, u64, u64),
    HalfClose(u16),
    Need(TransferId, u64, usize),
    StartTls,
    Close(u16),
    Event(Event),
    Wait(Option<u64>, Timer),
    Closed,
}

impl World<'_> {
    /// Polls a session when its owner gets to it.
    pub(super) fn service_soon(&mut self, n: usize) {
        let slow = self.nodes[n].plan.slow_ms;
        self.soon(slow, Do::Service(n));
    }

    /// Whether the node does nothing now; then `what` happens when it wakes.
    pub(super) fn sleeps(&mut self, n: usize, what: Do) -> bool {
        let until = self.nodes[n].asleep_until;
        if until > self.now {
            self.at(until, what);
        }
        until > self.now
    }

    /// Polls a session until it says Wait.
    pub(super) fn service(&mut self, n: usize) {
        if self.sleeps(n, Do::Service(n)) {
            return;
        }
        let now = Instant::from_ms(self.now);
        let node = &mut self.nodes[n];
        let Some(session) = node.session.as_mut().filter(|_| !node.over) else { return };
        // Time going backwards is clamped, an early tick does nothing.
        let _ = session.tick(Instant::from_ms(self.now / 2));
        let _ = session.tick(now);
        for count in 0.. {
            assert!(count < OUTPUTS, "node {n} never says Wait");
            match self.poll(n) {
                Said::Transmit(0, bytes) => self.transmit(n, &bytes),
                Said::Transmit(stream, bytes) => self.transmit_on(n, stream, &bytes),
                Said::Connect(stream, transfer, host, port) => self.dial(n, stream, transfer, &host, port),
                Said::Raw(transfer, stream, offset, max) => self.granted(n, transfer, stream, offset, max),
                Said::HalfClose(stream) => self.half_close(n, stream),
                Said::Need(transfer, offset, max) => {
                    if !self.supply(n, transfer, offset, max) {
                        break;
                    }
                }
                Said::StartTls => {
                    let lag = self.nodes[n].plan.lag_ms;
                    self.soon(lag, Do::Tls(n));
                }
                Said::Close(0) => {
                    self.nodes[n].up_ends = true;
                    let lag = self.nodes[n].plan.lag_ms;
                    self.soon(lag, Do::Up(n));
                }
                Said::Close(stream) => self.close_stream(n, stream),
                Said::Event(event) => self.heard(n, event),
                Said::Wait(until, why) => {
                    self.waits(n, until, why);
                    break;
                }
                Said::Closed => {
                    self.nodes[n].over = true;
                    break;
                }
            }
        }
        self.check_progress(n);
    }

    /// One poll, with as much output buffer as it needs.
    fn poll(&mut self, n: usize) -> Said {
        let node = &mut self.nodes[n];
        let Some(session) = node.session.as_mut() else { return Said::Closed };
        let mut grown = None;
        loop {
            // A host's buffer is not always the same.
            let size = if grown.is_some() {
                node.out.len()
            } else {
                node.out.len().min(1 + self.rng.below(200_000) as usize)
            };
            match session.poll(&mut node.out[..size]) {
                Ok(Output::Transmit { stream, bytes }) => {
                    assert!(!bytes.is_empty(), "nothing to transmit");
                    return Said::Transmit(stream.0, bytes.to_vec());
                }
                Ok(Output::NeedData { transfer, offset, max }) => return Said::Need(transfer, offset, max),
                Ok(Output::StartTls) => return Said::StartTls,
                Ok(Output::Close { stream }) => return Said::Close(stream.0),
                Ok(Output::HalfClose { stream }) => return Said::HalfClose(stream.0),
                Ok(Output::Connect { stream, transfer, host, port }) => {
                    return Said::Connect(stream.0, transfer, host.to_owned(), port);
                }
                Ok(Output::SendRaw { transfer, stream, offset, max }) => {
                    return Said::Raw(transfer, stream.0, offset, max);
                }
                Ok(Output::Event(event)) => return Said::Event(event),
                Ok(Output::Wait { until, why }) => return Said::Wait(until.map(Instant::ms), why),
                Ok(other) => panic!("{other:?}"),
                Err(Error::NoSpace { needed }) => {
                    assert!(needed > size, "{needed} bytes needed, {size} given");
                    assert_eq!(grown, None, "what was needed did not do");
                    grown = Some(needed);
                    node.out.resize(needed.max(node.out.len()), 0);
                }
                Err(Error::Closed(_)) => return Said::Closed,
                Err(error) => panic!("poll: {error:?}"),
            }
        }
    }

    /// Bytes go out.
    pub(super) fn transmit(&mut self, n: usize, bytes: &[u8]) {
        self.note_bytes("from", n, bytes);
        self.nodes[n].again_in_a_row = 0;
        for stanza in self.tapped(n, bytes) {
            self.saw(n, &stanza);
        }
        let node = &mut self.nodes[n];
        node.up.extend(bytes);
        let lag = node.plan.lag_ms;
        self.soon(lag, Do::Up(n));
    }

    /// The stanzas that are complete with these bytes. Stanzas of a host's stream come whole and alone.
    pub(super) fn tapped(&mut self, n: usize, bytes: &[u8]) -> Vec<crate::router::FirstLevel> {
        let node = &mut self.nodes[n];
        if bytes.starts_with(b"<?xml") {
            node.tap = Framer::new(1 << 20);
        }
        let stanzas = read(&mut node.tap, bytes);
        if node.plan.way == super::plan::Way::Hosted {
            assert!(stanzas.len() == 1 && stanzas[0].raw.len() == bytes.len(), "not one whole stanza");
        }
        stanzas
    }

    /// The session has nothing to do before `until`.
    fn waits(&mut self, n: usize, until: Option<u64>, why: Timer) {
        let node = &mut self.nodes[n];
        (node.wants_at, node.waits_for) = (until, why);
        let Some(until) = until else { return };
        if until <= self.now {
            node.again_in_a_row += 1;
            assert!(
                node.again_in_a_row < AGAIN,
                "node {n} waits for a time that came ({until}, now {}): {why:?}",
                self.now
            );
            self.at(self.now, Do::Service(n));
        } else {
            node.again_in_a_row = 0;
            // Owners may come late.
            let late = if self.rng.chance(10) { self.rng.below(node.plan.slow_ms + 1) } else { 0 };
            let at = until + late;
            node.wants_at = Some(at);
            self.at(at, Do::Wake(n, at));
        }
    }
}
