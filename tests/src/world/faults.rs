//! What goes wrong.

use super::streams::Held;
use super::{Do, World};
use crate::router::{Rate, Refused};

impl World<'_> {
    /// Something goes wrong for somebody.
    pub(super) fn fault(&mut self) {
        if self.last_offers.is_some() {
            return;
        }
        let n = self.rng.below(self.nodes.len() as u64) as usize;
        if self.rng.chance(10) {
            self.note(&format!("a block of node {n} goes astray"));
            return self.lead_astray(n);
        }
        let kind = self.rng.below(if self.plan.socks5 { 19 } else { 12 });
        self.note(&format!("fault {kind} at node {n}"));
        if kind >= 12 {
            return self.net_fault(n, kind);
        }
        if kind != 4 && kind != 10 {
            self.disturb(n);
        }
        let stream = self.nodes[n].stream;
        match (kind, stream) {
            (0, Some(_)) => self.cut(n),
            (1, Some(stream)) => {
                // The server forgets the client; the client hears of it much later or never.
                self.router.cut(self.now, stream);
                self.serve();
            }
            (2, Some(stream)) => {
                self.router.hold(stream, true);
                self.soon(100_000, Do::Relief(n));
            }
            (3, _) => {
                self.sleep(n, 60_000);
            }
            (4, Some(_)) => self.nodes[n].tamper = true,
            (5, Some(stream)) => {
                let condition = self.rng.pick(&["conflict", "system-shutdown", "reset", "policy-violation"]);
                self.router.end_stream(self.now, stream, condition);
                self.serve();
            }
            (6, _) => {
                for other in 0..self.nodes.len() {
                    self.disturb(other);
                }
                if self.rng.chance(50) {
                    self.router.kill();
                } else {
                    self.router.shutdown(self.now);
                }
                self.serve();
            }
            (7, _) => {
                if let Some(session) = self.nodes[n].session.as_mut()
                    && session.close().is_ok()
                {
                    self.nodes[n].leaving = true;
                }
                self.service_soon(n);
            }
            (8, Some(stream)) => {
                let rate = Rate { bytes_per_s: self.rng.between(500, 20_000), burst_bytes: 20_000 };
                self.router.set_rate(self.now, stream, Some(rate));
                self.soon(60_000, Do::Relief(n));
            }
            (9, Some(_)) => {
                let rubbish: &[u8] =
                    self.rng.pick(&[&b"<"[..], b"</x>", b"<!DOCTYPE x>", b"\xff\xfe", b"&nbsp;"]);
                if self.nodes[n].host.is_none() {
                    self.nodes[n].down.extend(rubbish);
                    self.soon(0, Do::Down(n));
                }
            }
            (11, _) => {
                // For its peers this is a session that hangs.
                self.sleep(n, 7_200_000);
            }
            (10, _) => {
                self.router.config_mut().refuse_logins = match self.router.config_mut().refuse_logins {
                    None => Some(self.rng.pick(&[Refused::NotAuthorized, Refused::TemporaryAuthFailure])),
                    Some(_) => None,
                };
            }
            _ => {}
        }
    }

    /// Something goes wrong with SOCKS5.
    fn net_fault(&mut self, n: usize, kind: u64) {
        let wires: Vec<u32> = self.net.wires.keys().copied().collect();
        let streams: Vec<u16> = self.nodes[n].streams.keys().copied().collect();
        if kind < 17 {
            for f in &mut self.files {
                f.disturbed = true;
            }
        }
        match kind {
            // It may strike when a stream is there.
            12..=14 if wires.is_empty() => self.soon(5_000, Do::Fault),
            12 => {
                let wire = self.rng.pick(&wires);
                self.net.reset(wire);
            }
            13 => {
                let (wire, until) = (self.rng.pick(&wires), self.now + self.rng.below(60_000));
                if let Some(wire) = self.net.wires.get_mut(&wire) {
                    wire.held_until = until;
                }
            }
            14 | 15 if streams.is_empty() || self.nodes[n].over => {}
            14 | 15 => {
                let stream = self.rng.pick(&streams);
                self.end_at_random(n, stream);
            }
            16 => {
                let mut proxies = self.plan.router.proxies.clone();
                for proxy in &mut proxies {
                    super::topology::spoil(&mut self.rng, proxy, false);
                }
                self.proxies_changed = true;
                self.router.config_mut().proxies = proxies;
            }
            17 => {
                for _ in 0..self.rng.below(12) {
                    self.soon(1_000, Do::Stranger);
                }
            }
            _ => {
                if let Some(session) = self.nodes[n].session.as_mut() {
                    let _ = session.clear_addresses();
                }
                for f in self.files.iter_mut().filter(|f| f.from == n) {
                    f.disturbed = true;
                }
                self.nodes[n].plan.side.addresses.clear();
            }
        }
        self.carry();
    }

    /// The owner says that a stream is over, whatever it was.
    fn end_at_random(&mut self, n: usize, stream: u16) {
        use xft_core::StreamEnd::*;
        let end =
            self.rng.pick(&[Ended, Lost, TlsFailed, Refused, Unreachable, Unresolved, TimedOut, Forbidden]);
        let held = self.nodes[n].streams.get(&stream).copied();
        self.tick(n);
        self.end_of(n, stream, end);
        if end == Ended {
            if let Some(Held::Up(wire, side)) = held
                && let Some(end) = self.net.end(wire, side)
            {
                end.fin_told = true;
            }
        } else {
            self.nodes[n].streams.remove(&stream);
            match held {
                Some(Held::Up(wire, side)) => self.net.close(wire, side),
                Some(Held::Dialling(no)) => {
                    self.dials.remove(&no);
                }
                None => {}
            }
        }
        self.service_soon(n);
    }

    /// Both directions break; the node hears of it some time later.
    fn cut(&mut self, n: usize) {
        let node = &mut self.nodes[n];
        node.up.clear();
        node.down.clear();
        let life = node.life;
        if let Some(stream) = node.stream.take() {
            self.router.closed(self.now, stream);
        }
        self.serve();
        self.soon(60_000, Do::Lost(n, life));
    }

    /// The node's owner does nothing for at most `ms`.
    fn sleep(&mut self, n: usize, ms: u64) {
        let until = self.now + self.rng.below(ms);
        self.nodes[n].asleep_until = self.nodes[n].asleep_until.max(until);
    }

    /// What held a stream back is over.
    pub(super) fn relief(&mut self, n: usize) {
        if let Some(stream) = self.nodes[n].stream {
            self.router.hold(stream, false);
            self.router.set_rate(self.now, stream, None);
        }
        self.serve();
    }

    /// Failures of this node's files are excused from here on, in this life.
    pub(super) fn disturb(&mut self, n: usize) {
        self.nodes[n].disturbed = true;
        for f in self.files.iter_mut().filter(|f| f.from == n || f.to == n) {
            f.disturbed = true;
        }
    }

    /// A block on its way to the node was changed: whichever file it was of.
    pub(super) fn mark_tampered(&mut self, n: usize) {
        for f in self.files.iter_mut().filter(|f| f.to == n && f.received.is_none()) {
            (f.tampered, f.disturbed) = (true, true);
        }
    }
}
