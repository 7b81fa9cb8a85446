//! Senders that move a file over a stream of its own: by themselves, or through the session.

use super::streams::Held;
use super::{Do, World};
use xft_core::{Argument, Error, Method, Output, StreamId, TransferId};

/// How an owner moves a file over its own stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moving {
    /// With `sendfile` and `sent`.
    Itself,
    /// With `supply`.
    Supplied,
    /// Now so, now so.
    Mixed,
}

/// What was granted.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    pub stream: u16,
    /// Next byte.
    pub next: u64,
    /// How far `sent` went.
    told: u64,
    due: bool,
    /// When the last byte went.
    pub all_at: Option<u64>,
}

impl World<'_> {
    /// The session lets a file go over its own stream.
    pub(super) fn granted(&mut self, n: usize, transfer: TransferId, stream: u16, offset: u64, max: u64) {
        let index = self.nodes[n].file(transfer).expect("a grant for a transfer of ours");
        self.note(&format!("  file {index} goes over {stream:#x} from {offset}, {max} bytes"));
        let f = &mut self.files[index];
        assert!(
            f.from == n && f.sent.is_none() && f.started[0],
            "a grant for a transfer that is not running"
        );
        assert!(matches!(f.method[0], Some(Method::Direct | Method::Mediated)), "a grant in band");
        assert!(f.grant.is_none(), "granted twice");
        assert!(max > 0 && offset + max == f.size() && offset == f.start, "grant of {max} from {offset}");
        assert!(matches!(self.nodes[n].streams.get(&stream), Some(Held::Up(..))), "granted on no stream");
        f.grant = Some(Grant { stream, next: offset, told: offset, due: true, all_at: None });
        self.soon(0, Do::Pump(index));
    }

    /// A stream has room again.
    pub(super) fn pump_soon(&mut self, n: usize, stream: u16) {
        let node = &self.nodes[n];
        let life = node.life;
        let on = |f: &super::File| {
            f.from == n
                && f.sender.is_some_and(|(_, l)| l == life)
                && f.grant.is_some_and(|g| g.stream == stream)
        };
        let found = self.files.iter_mut().enumerate().find(|(_, f)| on(f) && f.sent.is_none());
        let Some((index, Some(grant))) = found.map(|(index, f)| (index, f.grant.as_mut())) else { return };
        if !std::mem::replace(&mut grant.due, true) {
            let slow = node.plan.slow_ms;
            self.soon(slow, Do::Pump(index));
        }
    }

    /// The owner moves some bytes.
    pub(super) fn pump(&mut self, index: usize) {
        let f = &self.files[index];
        let (n, size) = (f.from, f.size());
        let (Some((id, life)), Some(grant), None) = (f.sender, f.grant, f.sent) else { return };
        let node = &self.nodes[n];
        if node.life != life || node.over || self.sleeps(n, Do::Pump(index)) {
            return;
        }
        if let Some(g) = self.files[index].grant.as_mut() {
            g.due = false;
        }
        let Some(Held::Up(wire, side)) = self.nodes[n].streams.get(&grant.stream).copied() else { return };
        let room = self.net.room(wire, side) as u64;
        let piece = 1 + self.rng.below(self.nodes[n].plan.piece * 4);
        let count = room.min(size - grant.next).min(piece);
        if count == 0 {
            return;
        }
        let supplied = match self.files[index].moving {
            Moving::Itself => false,
            Moving::Supplied => true,
            Moving::Mixed => grant.told == grant.next && self.rng.chance(50),
        };
        self.tick(n);
        let upto = grant.next + count;
        let moved =
            if supplied { self.supply_raw(index, id, grant, count) } else { self.move_raw(index, id, upto) };
        if !moved {
            return self.service_soon(n);
        }
        let now = self.now;
        if let Some(g) = self.files[index].grant.as_mut() {
            (g.next, g.all_at) = (upto, (upto == size).then_some(now));
        }
        let source = self.files[index].source.clone();
        let bytes = &source[grant.next as usize..upto as usize];
        self.transmit_on(n, grant.stream, bytes);
        if upto == size {
            self.service_soon(n);
        } else {
            self.pump_soon(n, grant.stream);
        }
    }

    /// Through the session. `false`: the transfer is over, and its owner has not heard of it.
    fn supply_raw(&mut self, index: usize, id: TransferId, grant: Grant, count: u64) -> bool {
        let (n, source) = (self.files[index].from, self.files[index].source.clone());
        let (at, to) = (grant.next as usize, (grant.next + count) as usize);
        let spoil = self.rng.chance(3);
        let session = self.session(n);
        if spoil {
            let wrong = session.supply(id, grant.next + 1, &source[at..to], &mut []);
            assert!(
                matches!(
                    wrong,
                    Err(Error::Argument(Argument::Offset) | Error::State | Error::Stale | Error::Closed(_))
                ),
                "{wrong:?}"
            );
            let wrong = session.supply(id, grant.next, &[], &mut []);
            assert!(
                matches!(wrong, Err(Error::Argument(_) | Error::State | Error::Stale | Error::Closed(_))),
                "{wrong:?}"
            );
        }
        match session.supply(id, grant.next, &source[at..to], &mut []) {
            Ok(Output::Transmit { stream, bytes }) => {
                assert!(std::ptr::eq(bytes, &raw const source[at..to]), "the bytes were copied");
                assert_eq!(stream, StreamId(grant.stream));
                if let Some(g) = self.files[index].grant.as_mut() {
                    g.told = grant.next + count;
                }
                true
            }
            Err(Error::State | Error::Stale | Error::Closed(_)) => false,
            other => panic!("supply: {other:?}"),
        }
    }

    /// As `sendfile` does.
    fn move_raw(&mut self, index: usize, id: TransferId, upto: u64) -> bool {
        let (n, size) = (self.files[index].from, self.files[index].size());
        let (spoil, late) = (self.rng.chance(3), self.rng.chance(30) && upto < size);
        self.files[index].unhashed = true;
        if late {
            return true;
        }
        let session = self.session(n);
        if spoil {
            let wrong = session.sent(id, size + 1);
            assert!(
                matches!(
                    wrong,
                    Err(Error::Argument(Argument::Offset) | Error::State | Error::Stale | Error::Closed(_))
                ),
                "{wrong:?}"
            );
        }
        match session.sent(id, upto) {
            Ok(()) => {
                if let Some(g) = self.files[index].grant.as_mut() {
                    g.told = upto;
                }
                // Saying it again, or saying less, changes nothing.
                let again = self.session(n).sent(id, upto / 2);
                assert!(again.is_ok(), "{again:?}");
                true
            }
            Err(Error::State | Error::Stale | Error::Closed(_)) => false,
            Err(error) => panic!("sent: {error:?}"),
        }
    }
}
