//! What owners do: offer, answer, read, store and cancel.

use super::file::{Answer, File, Said, Settling, Storing};
use super::plan::Way;
use super::{Do, World};
use xft_core::{Argument, Cancel, Decline, Error, Instant, Method, Offer, Output, Received, TransferId};

/// A peer that has been online for so long is the one that everybody knows.
const SETTLED_MS: u64 = 10_000;

/// [`Received`] without its loans.
pub(super) enum Came {
    Nothing,
    Data { transfer: TransferId, offset: u64, bytes: Vec<u8> },
    Offer { transfer: TransferId, name: String, size: u64, ranged: bool },
    NotMine,
}

/// Takes what was lent.
pub(super) fn own(received: Received<'_>) -> Came {
    match received {
        Received::Data { transfer, offset, bytes } => Came::Data { transfer, offset, bytes: bytes.to_vec() },
        Received::Offer(o) => Came::Offer {
            transfer: o.transfer,
            name: o.name.as_str().to_owned(),
            size: o.size,
            ranged: o.ranged,
        },
        Received::NotMine => Came::NotMine,
        _ => Came::Nothing,
    }
}

impl World<'_> {
    /// A node logs in.
    pub(super) fn begin_node(&mut self, n: usize) {
        // A host's login is over before anything else happens, so refusals are for the others.
        let refuse = self.router.config_mut().refuse_logins.take();
        let hosted = self.nodes[n].plan.way == Way::Hosted;
        if !hosted {
            self.router.config_mut().refuse_logins = refuse;
        }
        let disturbed = self.router.config_mut().refuse_logins.is_some();
        let now = self.now;
        let began = self.nodes[n].begin(now, &mut self.rng, &mut self.router);
        self.router.config_mut().refuse_logins = refuse;
        if began {
            self.nodes[n].disturbed = disturbed;
            self.serve();
            self.service(n);
        }
    }

    /// Somebody offers a file to somebody.
    pub(super) fn offer(&mut self) {
        self.offers_left = self.offers_left.saturating_sub(1);
        let from = self.rng.below(self.nodes.len() as u64) as usize;
        let to = (from + 1 + self.rng.below(self.nodes.len() as u64 - 1) as usize) % self.nodes.len();
        let most = self.plan.file_bytes;
        let size = self.rng.skewed(most);
        let file = File::new(&mut self.rng, from, to, size, self.plan.calm);
        if !self.send(file) {
            // Not online, or every slot in use: later.
            let alive = self.nodes[from].session.is_none() || !self.nodes[from].over;
            if alive && self.rng.chance(90) {
                self.offers_left += 1;
                self.soon(5_000, Do::Offer);
            }
        }
    }

    /// After all that went wrong, each session that lives must be able to send one more file to the next one.
    pub(super) fn last_offer(&mut self, from: usize) -> bool {
        let count = self.nodes.len();
        let to = (1..count).map(|step| (from + step) % count).find(|to| self.nodes[*to].is_up());
        let Some(to) = to.filter(|_| self.nodes[from].is_up()) else { return false };
        let mut file = File::new(&mut self.rng, from, to, 1_000, true);
        (file.said, file.answer) = (Said::Truth, Answer::Accept);
        let (sender, receiver) = (&self.nodes[from], &self.nodes[to]);
        // Word that a peer's earlier stream is gone may still be on its way (PRS-05).
        let settled = self.now - SETTLED_MS;
        let patient = |n: &super::node::Node<'_>| !n.disturbed && n.plan.has_time && n.online_at < settled;
        file.must_arrive = patient(sender) && patient(receiver) && receiver.plan.block_bytes >= 1024;
        let must_arrive = file.must_arrive;
        let taken = self.send(file);
        assert!(taken || !must_arrive, "node {from} has no slot left for a last offer");
        taken
    }

    fn send(&mut self, mut file: File) -> bool {
        let index = self.files.len();
        let side = &self.nodes[file.from].plan.side;
        file.methods = match self.rng.below(10) {
            0 if side.streams > 0 && self.last_offers.is_none() => {
                Some(super::topology::methods(&mut self.rng))
            }
            1 if side.methods.has(Method::InBand) => Some(xft_core::Methods::IN_BAND),
            _ => None,
        };
        let (name, sha256) = (format!("../{index}\u{202e}.dcm"), file.sha256());
        let to = self.nodes[file.to].plan.jid.clone();
        let offer = Offer {
            to: &to,
            name: &name,
            size: file.size(),
            date: self.rng.chance(50).then_some(1_700_000_000),
            mime_type: self.rng.chance(50).then_some("application/dicom"),
            sha256,
            md5: None,
            methods: file.methods,
        };
        let node = &mut self.nodes[file.from];
        let Some(session) = node.session.as_mut() else { return false };
        let _ = session.tick(Instant::from_ms(self.now));
        match session.offer(&offer) {
            Ok(id) => {
                file.sender = Some((id, node.life));
                file.disturbed = node.disturbed;
                assert!(node.files.insert(id.to_bits(), index).is_none(), "a handle came again");
                let from = file.from;
                self.files.push(file);
                if !self.plan.calm && self.last_offers.is_none() && self.rng.chance(12) {
                    self.soon(20_000, Do::Cancel(index, true));
                }
                self.note(&format!("file {index} offered"));
                self.service_soon(from);
                true
            }
            Err(Error::Full | Error::Offline | Error::Closed(_) | Error::State) => false,
            Err(error) => panic!("offer: {error:?}"),
        }
    }

    /// Something came in.
    pub(super) fn received(&mut self, n: usize, came: Came) {
        match came {
            Came::Nothing | Came::NotMine => {}
            Came::Offer { transfer, name, size, ranged } => {
                let digits: String = name.chars().filter(char::is_ascii_digit).collect();
                let index: usize = digits.parse().expect("the name tells the file");
                let life = self.nodes[n].life;
                let f = &mut self.files[index];
                assert!(f.to == n && f.size() == size && ranged, "another file was offered");
                if let Some(earlier) = f.receiver {
                    // SI-22: once more, under a new stream id.
                    assert!(f.again && f.earlier.is_none() && f.got.is_empty(), "offered twice");
                    f.earlier = Some(earlier);
                    f.earlier_open = f.received.is_none();
                    (f.received, f.started[1], f.start, f.stored) = (None, false, 0, 0);
                    (f.asked, f.placed) = (false, false);
                    (f.routes[1], f.method[1]) = (None, None);
                }
                f.receiver = Some((transfer, life));
                f.disturbed |= self.nodes[n].disturbed;
                let old = self.nodes[n].files.insert(transfer.to_bits(), index);
                assert!(old.is_none(), "a handle came again");
                let slow = self.nodes[n].plan.slow_ms;
                self.soon(slow * 5, Do::Answer(index));
                if !self.plan.calm && self.last_offers.is_none() && self.rng.chance(12) {
                    self.soon(20_000, Do::Cancel(index, false));
                }
            }
            Came::Data { transfer, offset, bytes } => {
                let index = self.nodes[n].file(transfer).expect("data for a transfer of ours");
                let f = &mut self.files[index];
                assert_eq!(f.receiver.map(|(id, _)| id), Some(transfer), "data for an earlier offer");
                assert_eq!(f.received, None, "data after the end");
                assert_eq!(f.to, n, "data at the sender");
                assert_eq!(offset, f.got_to(), "data out of order");
                let at = usize::try_from(offset).unwrap_or(usize::MAX);
                assert!(at + bytes.len() <= f.source.len(), "more bytes than announced");
                assert!(f.tampered || f.source[at..at + bytes.len()] == bytes[..], "wrong bytes at {offset}");
                f.got.extend_from_slice(&bytes);
                self.maybe_store(index);
            }
        }
    }

    fn maybe_store(&mut self, index: usize) {
        let f = &mut self.files[index];
        let all = f.got_to() == f.size();
        match f.storing {
            Storing::AtOnce => self.store(index),
            Storing::Batches(bytes) if all || f.got_to() - f.stored >= bytes => self.store(index),
            _ if f.storing_soon => {}
            _ => {
                f.storing_soon = true;
                let slow = self.nodes[f.to].plan.slow_ms;
                self.soon(slow, Do::Store(index));
            }
        }
    }

    /// The disk has what came.
    pub(super) fn store(&mut self, index: usize) {
        let f = &mut self.files[index];
        f.storing_soon = false;
        let (to, upto, ended) = (f.to, f.got_to(), f.received.is_some());
        let Some((id, life)) = f.receiver else { return };
        let node = &mut self.nodes[to];
        let Some(session) = node.session.as_mut().filter(|_| node.life == life) else { return };
        if !ended && self.rng.chance(5) {
            // Never more than came; saying less again changes nothing.
            let beyond = session.stored(id, upto + 1);
            assert!(
                matches!(
                    beyond,
                    Err(Error::Argument(Argument::Offset) | Error::Closed(_) | Error::Stale | Error::State)
                ),
                "{beyond:?}"
            );
            let _ = session.stored(id, f.stored);
        }
        f.stored = f.stored.max(upto);
        match session.stored(id, upto) {
            Ok(()) => assert!(!ended, "stored after the end"),
            Err(Error::Stale | Error::Closed(_)) => {}
            // Ended, and its owner has not heard of it yet.
            Err(Error::State) if !self.files[index].started[1] => {}
            Err(error) => panic!("stored: {error:?}"),
        }
        self.service_soon(to);
    }

    /// A session asks for a file's place.
    pub(super) fn asked_to_settle(&mut self, n: usize, transfer: TransferId, verified: bool) {
        let index = self.nodes[n].file(transfer).expect("a transfer of ours");
        let f = &mut self.files[index];
        assert!(f.to == n && f.received.is_none() && !f.asked, "asked for a place twice, or too late");
        assert!(f.stored == f.size() && f.got_to() == f.size(), "asked for a place, but not all is stored");
        assert!(!verified || (f.is_whole() && f.said != Said::Lie), "verified what is not whole");
        f.asked = true;
        match f.settling {
            Settling::AtOnce => self.settle(index, false),
            Settling::Fails => self.settle(index, true),
            late => {
                let slow = self.nodes[n].plan.slow_ms;
                self.soon(slow * 3, Do::Settle(index, late == Settling::FailsLate));
            }
        }
    }

    /// A file gets its place, or cannot.
    pub(super) fn settle(&mut self, index: usize, fails: bool) {
        let f = &mut self.files[index];
        let (to, ended) = (f.to, f.received.is_some());
        let Some((id, life)) = f.receiver else { return };
        let node = &mut self.nodes[to];
        let Some(session) = node.session.as_mut().filter(|_| node.life == life) else { return };
        f.disturbed |= fails;
        let answer = if fails { session.cancel(id, Cancel::StoreFailed) } else { session.settled(id) };
        match answer {
            Ok(()) => {
                assert!(!ended, "settled after the end");
                f.placed = !fails;
                let again = session.settled(id);
                assert!(matches!(again, Err(Error::State | Error::Stale)), "settled twice: {again:?}");
            }
            // Its owner, or the stream's end, was faster.
            Err(Error::Stale | Error::State | Error::Closed(_)) => {}
            Err(error) => panic!("settled: {error:?}"),
        }
        self.service_soon(to);
    }

    /// Stores whatever this node has not stored.
    pub(super) fn store_all(&mut self, n: usize) {
        for index in 0..self.files.len() {
            if self.files[index].to == n && self.files[index].received.is_none() {
                self.store(index);
            }
        }
        self.service(n);
    }

    /// The owner makes up its mind about an offer.
    pub(super) fn answer(&mut self, index: usize) {
        let f = &mut self.files[index];
        let Some((id, life)) = f.receiver else { return };
        let (to, ended) = (f.to, f.received.is_some());
        let node = &mut self.nodes[to];
        let Some(session) = node.session.as_mut().filter(|_| node.life == life) else { return };
        let _ = session.tick(Instant::from_ms(self.now));
        let mut start = 0;
        let answer = match f.answer {
            Answer::Accept => session.accept(id, 0),
            Answer::Resume => {
                start = self.rng.skewed(f.size());
                let beyond = session.accept(id, f.size() + 1);
                assert!(beyond.is_err(), "accepted beyond the end");
                session.accept(id, start)
            }
            Answer::Decline => {
                session.decline(id, if self.rng.chance(100) { Decline::Unwanted } else { Decline::Busy })
            }
            Answer::Ignore => return,
        };
        match answer {
            Ok(()) => {
                assert!(!ended, "answered after the end");
                (f.start, f.stored) = (start, start);
                self.show_head(index);
            }
            Err(Error::Stale | Error::Closed(_) | Error::Offline | Error::State) => {}
            Err(error) => panic!("answer: {error:?}"),
        }
        self.service_soon(to);
    }

    /// An owner that has the beginning may show it (SI-25).
    fn show_head(&mut self, index: usize) {
        let f = &self.files[index];
        let (n, start, source) = (f.to, f.start, f.source.clone());
        let Some((id, _)) = f.receiver.filter(|_| start > 0) else { return };
        let shown = if self.rng.chance(50) { start } else { self.rng.below(start) };
        let mut at = 0;
        while at < shown {
            let piece = (1 + self.rng.below(20_000)).min(shown - at);
            let bytes = &source[at as usize..(at + piece) as usize];
            let session = self.nodes[n].session.as_mut().expect("a session that was begun");
            session.prefix(id, at, bytes).expect("the head of a file");
            assert!(session.prefix(id, at, bytes).is_err(), "the same bytes twice");
            at += piece;
        }
        self.files[index].shown = shown == start;
    }

    /// An owner has enough.
    pub(super) fn cancel(&mut self, index: usize, at_sender: bool) {
        let why = self.rng.pick(&[Cancel::Wish, Cancel::ReadFailed, Cancel::StoreFailed]);
        let f = &mut self.files[index];
        let (n, handle) = if at_sender { (f.from, f.sender) } else { (f.to, f.receiver) };
        let ended = if at_sender { f.sent.is_some() } else { f.received.is_some() };
        let Some((id, life)) = handle else { return };
        let node = &mut self.nodes[n];
        let Some(session) = node.session.as_mut().filter(|_| node.life == life) else { return };
        match session.cancel(id, why) {
            Ok(()) => assert!(!ended, "cancelled after the end"),
            Err(Error::Stale | Error::Closed(_)) => {}
            Err(error) => panic!("cancel: {error:?}"),
        }
        f.disturbed = true;
        self.service_soon(n);
    }

    /// The session wants bytes. `false`: the owner is not ready and comes back.
    pub(super) fn supply(&mut self, n: usize, transfer: TransferId, offset: u64, max: usize) -> bool {
        let index = self.nodes[n].file(transfer).expect("data wanted of a transfer of ours");
        let f = &self.files[index];
        assert!(
            f.from == n && f.sent.is_none() && f.started[0],
            "data wanted of a transfer that is not running"
        );
        assert!(max > 0 && max <= usize::from(self.nodes[n].plan.block_bytes), "{max} bytes wanted");
        assert!(offset + max as u64 <= f.size(), "data wanted beyond the end");
        let slow = self.nodes[n].plan.slow_ms;
        if slow > 0 && self.rng.chance(20) {
            self.soon(slow, Do::Service(n));
            return false;
        }
        let count = if f.short_reads { 1 + self.rng.below(max as u64) as usize } else { max };
        let at = usize::try_from(offset).unwrap_or(usize::MAX);
        let source = f.source.clone();
        let node = &mut self.nodes[n];
        let Some(session) = node.session.as_mut() else { return false };
        if self.rng.chance(3) {
            let wrong = session.supply(transfer, offset + 1, &source[at..at + count], &mut node.out);
            assert!(matches!(wrong, Err(Error::Argument(_))), "{wrong:?}");
            let wrong = session.supply(transfer, offset, &[], &mut node.out);
            assert!(matches!(wrong, Err(Error::Argument(_))), "{wrong:?}");
        }
        let mut needed = None;
        let bytes = loop {
            match session.supply(transfer, offset, &source[at..at + count], &mut node.out) {
                Ok(Output::Transmit { bytes, .. }) => break bytes.to_vec(),
                Err(Error::NoSpace { needed: more }) => {
                    assert!(needed.is_none() && more > node.out.len(), "what was needed did not do");
                    needed = Some(more);
                    node.out.resize(more, 0);
                }
                other => panic!("supply: {other:?}"),
            }
        };
        let peer_limit = self.router.config_mut().stanza_bytes;
        assert!(
            bytes.len() <= peer_limit,
            "a stanza of {} bytes for a server that takes {peer_limit} (LIM-03)",
            bytes.len()
        );
        self.note_bytes("from", n, &bytes);
        let stanzas = self.tapped(n, &bytes);
        assert_eq!(stanzas.len(), 1, "a block is one stanza");
        self.saw(n, &stanzas[0]);
        self.saw_block(index, &stanzas[0], offset + count as u64);
        let id = stanzas[0].root.attr("id").unwrap_or_default();
        self.block_leaves(n, index, id, &bytes, offset + count as u64 == source.len() as u64);
        let node = &mut self.nodes[n];
        node.again_in_a_row = 0;
        let lag = node.plan.lag_ms;
        self.soon(lag, Do::Up(n));
        true
    }
}
