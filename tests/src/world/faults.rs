//! What goes wrong.

use super::{Do, World};
use crate::router::{Rate, Refused};

impl World<'_> {
    /// Something goes wrong for somebody.
    pub(super) fn fault(&mut self) {
        if self.last_offers.is_some() {
            return;
        }
        let n = self.rng.below(self.nodes.len() as u64) as usize;
        let kind = self.rng.below(12);
        self.note(&format!("fault {kind} at node {n}"));
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
