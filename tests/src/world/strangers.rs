//! Whoever is on the network and is no session: hosts that are no streamhosts, and attackers at listeners.

use super::net::{Who, WireNo};
use super::{Do, World};
use sha1::{Digest as _, Sha1};

/// What a stranger does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Reads and says nothing.
    Silent,
    /// Does not even read.
    Deaf,
    /// Answers the first bytes with one of these, and maybe ends.
    Babbles(u8),
    /// Closes at once.
    Quick,
    /// Attacker: a right handshake for a digest that nobody has.
    Guesses,
    /// Attacker: the same in one write.
    Hurries,
    /// Attacker: a right handshake with the digest of a transfer under way (ATK-30).
    Steals(usize),
    /// Attacker: half a greeting.
    Stammers,
    /// Attacker: another protocol.
    Shouts,
}

impl Kind {
    /// Its babble is what a streamhost says.
    pub const APE: Self = Self::Babbles(3);
    /// Those that may be at an address.
    pub const HOSTS: [Self; 9] = [
        Self::Silent,
        Self::Deaf,
        Self::Quick,
        Self::Babbles(0),
        Self::Babbles(1),
        Self::Babbles(2),
        Self::Babbles(3),
        Self::Babbles(4),
        Self::Babbles(5),
    ];
}

const BABBLE: [&[u8]; 6] = [
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"\x05\xff",
    b"\x05\x02",
    b"\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00",
    b"\x05",
    b"\x04\x5a\x00\x00",
];
/// Longest that an attacker may hear: the choice of the method, and the answer that repeats the request.
const HEARD_MAX: usize = 2 + 47;

impl World<'_> {
    /// A stranger comes to a node's listener.
    pub(super) fn stranger(&mut self) {
        let n = self.rng.below(self.nodes.len() as u64) as usize;
        let listens = self.nodes[n].session.is_some() && !self.nodes[n].plan.side.addresses.is_empty();
        if !listens || self.last_offers.is_some() {
            return;
        }
        let under_way: Vec<usize> = (0..self.files.len())
            .filter(|f| self.files[*f].from == n && self.files[*f].sent.is_none())
            .collect();
        let kind = match self.rng.below(8) {
            0 => Kind::Silent,
            1 => Kind::Quick,
            2 => Kind::Hurries,
            3 => Kind::Stammers,
            4 => Kind::Shouts,
            5 | 6 if !under_way.is_empty() => Kind::Steals(self.rng.pick(&under_way)),
            _ => Kind::Guesses,
        };
        // It may sit on the same machine as a peer.
        let source = self.rng.below(6);
        let room = self.rng.pick(&[100, 8_000]);
        self.note(&format!("{kind:?} at node {n} from {source}"));
        let no = self.net.connect([Who::Stranger(kind), Who::Waiting { n, source }], room, 50);
        match kind {
            Kind::Quick => self.net.close(no, 0),
            Kind::Guesses | Kind::Steals(_) => self.net.write(no, 0, b"\x05\x01\x00"),
            Kind::Hurries => {
                let all = [&b"\x05\x01\x00"[..], &request(&"0".repeat(40))].concat();
                self.net.write(no, 0, &all);
            }
            Kind::Stammers => self.net.write(no, 0, b"\x05\x02"),
            Kind::Shouts => self.net.write(no, 0, b"GET / HTTP/1.1\r\nHost: xft\r\n\r\n"),
            _ => {}
        }
        if self.rng.chance(50) {
            self.soon(20_000, Do::Leave(no));
        }
        self.soon(100, Do::Arrive(no));
    }

    /// A stranger has enough.
    pub(super) fn leave(&mut self, no: WireNo) {
        let is_stranger =
            |end: Option<&mut super::net::End>| end.is_some_and(|e| matches!(e.who, Who::Stranger(_)));
        let side = usize::from(!is_stranger(self.net.end(no, 0)));
        if is_stranger(self.net.end(no, side)) {
            self.net.close(no, side);
        }
    }

    /// Something came to a stranger.
    pub(super) fn stranger_hears(&mut self, no: WireNo, side: usize, kind: Kind) {
        let Some(end) = self.net.end(no, side) else { return };
        if end.broken {
            end.who = Who::Gone;
            return self.net.flush(no, 1 - side);
        }
        if kind != Kind::Deaf {
            let bytes: Vec<u8> = end.inbox.drain(..).collect();
            let before = end.got.len();
            end.got.extend(bytes);
            let (now, fin) = (end.got.len(), end.fin);
            match kind {
                Kind::Babbles(which) if before == 0 && now > 0 => {
                    self.net.write(no, side, BABBLE[usize::from(which)]);
                    if self.rng.chance(50) {
                        self.net.finish(no, side);
                    }
                }
                Kind::Guesses | Kind::Steals(_) if before < 2 && now >= 2 => {
                    let digest = match kind {
                        Kind::Steals(f) => self.digest(f),
                        _ => "f".repeat(40),
                    };
                    self.net.write(no, side, &request(&digest));
                    if let Kind::Steals(f) = kind {
                        (self.files[f].stolen, self.files[f].disturbed) = (true, true);
                    }
                }
                _ => {}
            }
            if side == 0 {
                assert!(now <= HEARD_MAX, "a stranger heard {now} bytes (ATK-30)");
            }
            if fin {
                self.net.close(no, side);
            }
        }
    }

    /// The digest of a file's streams (S5B-11), computed apart from the library.
    fn digest(&self, f: usize) -> String {
        let f = &self.files[f];
        let text = format!("{}{}{}", f.sid, self.nodes[f.from].plan.jid, self.nodes[f.to].plan.jid);
        Sha1::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn request(digest: &str) -> Vec<u8> {
    [&[5, 1, 0, 3, digest.len() as u8][..], digest.as_bytes(), &[0, 0]].concat()
}
