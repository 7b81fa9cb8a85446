//! What must always be true, whatever the seed.

use super::file::{Answer, File, Said, Settling};
use super::plan::Way;
use super::{Do, World};
use crate::router::FirstLevel;
use std::collections::BTreeMap;
use xft_core::{Carrier, Condition, Ending, Error, Method, Reason, StanzaCondition};

/// Longer than all deadlines that can follow one another without a byte of progress.
const STILL_MS: u64 = 1_000_000;

/// What silence is taken for.
const TIMED_OUT: Condition = Condition::Stanza(StanzaCondition::RemoteServerTimeout);

/// What was seen on the wire.
#[derive(Debug, Default)]
pub struct Oracle {
    /// Blocks that went out, by receiver and stanza id: the file, and the offset behind the block.
    blocks: BTreeMap<(usize, String), (usize, u64)>,
    /// Requests that went out, by sender and id.
    requests: BTreeMap<(usize, String), Request>,
}

/// A request of one session to another one.
#[derive(Debug)]
struct Request {
    /// Whom it went to.
    to: usize,
    /// That one was there; else the server answers.
    there: bool,
    /// How often it went out, and how often it was answered.
    asked: u32,
    answered: u32,
}

impl World<'_> {
    /// A stanza leaves a session.
    pub(super) fn saw(&mut self, n: usize, stanza: &FirstLevel) {
        let root = &stanza.root;
        let (Some(id), Some(to)) = (root.attr("id"), root.attr("to")) else { return };
        let Some(peer) = self.nodes.iter().position(|node| node.plan.jid == to) else { return };
        if root.name != "iq" {
            return;
        }
        self.saw_offer(n, stanza);
        match root.attr("type") {
            Some("get" | "set") => {
                let request = Request { to: peer, there: self.nodes[peer].is_up(), asked: 1, answered: 0 };
                let old = self.oracle.requests.insert((n, id.to_owned()), request);
                assert!(old.is_none(), "id {id} used twice by node {n} (STZ-01)");
            }
            Some(kind) => {
                if let Some(request) = self.oracle.requests.get_mut(&(peer, id.to_owned())) {
                    let answers = request.answered;
                    assert!(answers < request.asked, "{id} of node {peer} answered once more (STZ-04)");
                    assert_eq!(request.to, n, "{id} answered by somebody else");
                    request.answered += 1;
                }
                if let Some((f, upto)) = self.oracle.blocks.get(&(n, id.to_owned()))
                    && kind == "result"
                {
                    let file = &self.files[*f];
                    let stored = file.stored;
                    assert!(stored >= *upto, "file {f}: {upto} acknowledged, {stored} stored (IBB-16)");
                    let last = *upto == file.size();
                    let settled = file.placed || file.received.is_some();
                    assert!(
                        !last || settled,
                        "file {f}: the last block acknowledged without a place (IBB-14)"
                    );
                }
            }
            None => panic!("iq without type from node {n}"),
        }
    }

    /// A block leaves the sender of a file.
    pub(super) fn saw_block(&mut self, f: usize, stanza: &FirstLevel, upto: u64) {
        let id = stanza.root.attr("id").unwrap_or_default().to_owned();
        self.oracle.blocks.insert((self.files[f].to, id), (f, upto));
    }

    /// A request goes out once more.
    pub(super) fn comes_again(&mut self, n: usize, id: &str) {
        if let Some(request) = self.oracle.requests.get_mut(&(n, id.to_owned())) {
            request.asked += 1;
        }
    }

    /// Progress as both sessions tell it agrees with what the owners did.
    pub(super) fn check_progress(&self, n: usize) {
        let node = &self.nodes[n];
        let Some(session) = node.session.as_ref().filter(|_| !node.over) else { return };
        for f in node.files.values().map(|f| &self.files[*f]) {
            if f.from == n
                && let Some((id, life)) = f.sender
                && let (Ok(p), true) = (session.progress(id), life == node.life)
            {
                assert!(p.start <= p.safe && p.safe <= p.moved && p.moved <= p.end && p.end <= f.size());
                let excused = node.plan.carrier == Carrier::Message || !f.started[0] || f.grant.is_some();
                assert!(excused || p.safe <= f.stored, "{} safe of {} stored", p.safe, f.stored);
            }
            if f.to == n
                && let Some((id, life)) = f.receiver
                && let (Ok(p), true) = (session.progress(id), life == node.life)
                && f.received.is_none()
            {
                assert!(p.safe <= p.moved && p.moved <= p.end, "{p:?}");
                assert!(p.moved == 0 || p.moved == f.got_to(), "{p:?}, got {}", f.got_to());
                assert!(p.safe <= f.stored, "{p:?}, stored {}", f.stored);
            }
        }
    }

    /// Every transfer at a session whose owner is awake ends or goes on in bounded time.
    pub(super) fn look(&mut self) {
        for f in &mut self.files {
            let sides = [(f.from, f.sender, f.sent), (f.to, f.receiver, f.received)];
            for (side, (n, handle, ending)) in sides.into_iter().enumerate() {
                let node = &self.nodes[n];
                let Some((id, life)) = handle else { continue };
                let Some(session) = node.session.as_ref().filter(|_| node.life == life && !node.over) else {
                    continue;
                };
                let place = session.progress(id).ok().map(|p| (p.moved, p.safe));
                let (since, before) = f.went_on[side];
                let excused = ending.is_some() || node.asleep_until > self.now;
                if excused || before != place || since == 0 {
                    f.went_on[side] = (self.now, place);
                }
                let still = self.now - f.went_on[side].0;
                assert!(
                    still < STILL_MS,
                    "node {n} has not gone on for {still} ms: {place:?}, {:?}",
                    node.wants_at
                );
            }
        }
        if !self.all_is_told() {
            self.at(self.now + 200_000, Do::Look);
        }
    }

    /// A transfer ended at one side.
    pub(super) fn check_ending(&self, index: usize, at_sender: bool, ending: Ending) {
        let f = &self.files[index];
        let told = if at_sender { f.sent } else { f.received };
        assert_eq!(told, None, "file {index} finished twice at one side");
        let all_stored = f.stored == f.size() && f.got_to() == f.size();
        match ending {
            Ending::Done => {
                assert!(f.is_whole(), "Done, but file {index} is not whole at the receiver");
                assert!(f.said != Said::Lie, "Done in spite of another hash");
                assert!(f.placed, "Done, but file {index} has no place");
            }
            Ending::Delivered | Ending::Unconfirmed => {
                assert!(at_sender, "{ending:?} is the sender's word");
                let message = self.nodes[f.from].plan.carrier == Carrier::Message;
                // A proxy ends the sender's stream when it has passed everything on, wherever that is then.
                let unseen = f.method[0] == Some(Method::Mediated) || self.waited_in_vain(f);
                // Every block is out, and no answer came in time: nobody knows.
                let impatient = !self.nodes[f.from].plan.has_time;
                // Nor does who has no receipts when a receiver gave up behind the sender's last byte on its own stream.
                let gave_up = !self.nodes[f.to].plan.has_time
                    && f.grant.is_some()
                    && matches!(f.received, Some(Ending::Failed(..)));
                assert!(
                    message || unseen || impatient || gave_up || f.disturbed || all_stored,
                    "file {index} of node {} handed over to node {}, but not all is stored",
                    f.from,
                    f.to
                );
            }
            Ending::Unverified => {
                assert!(!at_sender, "Unverified is the receiver's word");
                assert!(all_stored && f.placed, "Unverified, but not all is stored, or it has no place");
                assert!(f.said == Said::Nothing || (f.start > 0 && !f.shown), "a hash was known");
            }
            Ending::Failed(Reason::HashMismatch, _) => {
                assert!(f.said == Said::Lie || f.tampered, "file {index}: the hash is right");
            }
            Ending::Failed(Reason::Sequence, _) => {
                assert!(!at_sender && f.out_of_order, "file {index}: every block came in its place");
            }
            _ => {}
        }
        // Before the last round strangers may still hold the slots of a calm world's receiver; then nobody does.
        let certain = self.is_certain(f);
        if certain && (self.plan.calm || (f.must_arrive && !f.disturbed)) {
            // An offer that was on its way when its sender gave up may hold the only slot.
            let held =
                self.files.iter().any(|it| it.to == f.to && it.receiver.is_some() && it.received.is_none());
            // So does a question that reached the peer between bind and presence, when it answers nobody yet.
            let unheard = ending == Ending::Failed(Reason::PeerUnknown, Some(TIMED_OUT))
                && self.now - self.nodes[f.to].online_at < 40_000;
            if f.must_arrive && f.receiver.is_none() && (held || unheard) {
                return;
            }
            assert!(!f.must_arrive || f.receiver.is_some(), "the last offer was not taken: {ending:?}");
            self.check_calm_ending(index, f, at_sender, ending);
        }
    }

    /// Over a stream of its own nothing tells a sender how far the receiver is: it waits behind its last byte, but not
    /// for ever.
    fn waited_in_vain(&self, f: &File) -> bool {
        let since = f.grant.and_then(|grant| grant.all_at);
        since.is_some_and(|at| self.now - at >= self.nodes[f.from].plan.finish_ms())
    }

    /// Where nothing goes wrong, only one ending is right.
    fn check_calm_ending(&self, index: usize, f: &File, at_sender: bool, ending: Ending) {
        use Ending::*;
        let peer = &self.nodes[f.to].plan;
        let told = peer.way != Way::Hosted || peer.receipts;
        let receipts = told && peer.confirms && self.nodes[f.from].plan.confirms && !f.unasked;
        let whole = f.start == 0 || (f.shown && f.said != Said::Nothing);
        // Nobody asks for blocks under 1024 bytes on refusal (IBB-05).
        let tiny = peer.block_bytes < 1024 && matches!(ending, Failed(..)) && !f.started[0];
        let right = match (f.answer, at_sender) {
            _ if tiny => true,
            // IBB-20: nothing behind a gap is taken, so nobody can call it whole.
            // A block that strays in when the file has its place takes nothing back.
            (_, true) if f.out_of_order => matches!(ending, Failed(..) | Delivered | Unconfirmed) || f.placed,
            (_, false) if f.out_of_order => matches!(ending, Failed(Reason::Sequence, _)) || f.placed,
            // The receiver had no room for it, or was not there yet.
            _ if f.receiver.is_none() => {
                matches!(ending, Failed(Reason::Busy | Reason::PeerUnknown | Reason::OfferTimeout, _))
            }
            (Answer::Decline, _) => matches!(ending, Failed(Reason::Declined | Reason::Busy, _)),
            (Answer::Ignore, _) => matches!(ending, Failed(Reason::OfferTimeout | Reason::Busy, _)),
            // In band the last block is refused then; over a stream of its own nobody tells such a sender.
            (_, true) if f.said == Said::Lie && !receipts => {
                matches!(ending, Delivered | Failed(Reason::HashMismatch | Reason::PeerCancelled, _))
            }
            // A sender that waits for its receiver's disk gives way to another offer after a while.
            (_, true) if f.settling == Settling::Late && matches!(ending, Delivered | Unconfirmed) => true,
            // It was to be confirmed, and was not in time.
            (_, true) if self.waited_in_vain(f) && ending == Unconfirmed => receipts,
            (_, true) if !receipts => ending == Delivered,
            // A receiver that cannot compare says so, or says nothing where its receipt is of version 0.
            (_, true) if !whole => matches!(ending, Delivered | Unconfirmed),
            (_, false) if self.waited_in_vain(f) && ending == Unverified => f.said != Said::Lie,
            (_, true) if f.unhashed && f.said == Said::Nothing => ending == Delivered,
            (_, true) if f.said == Said::Lie => matches!(ending, Failed(Reason::HashMismatch, _)),
            (_, true) => ending == Done,
            (_, false) if !whole => ending == Unverified,
            (_, false) if f.said == Said::Lie => matches!(ending, Failed(Reason::HashMismatch, _)),
            // What went past the sending session nobody could compare.
            (_, false) if f.unhashed && f.said == Said::Nothing => ending == Unverified,
            (_, false) if f.said == Said::Truth || receipts => ending == Done,
            (_, false) => ending == Unverified,
        };
        let side = if at_sender { "sender" } else { "receiver" };
        assert!(
            right,
            "nothing went wrong, but file {index} ended {ending:?} at the {side}: {:?} {:?} start {} receipts {receipts}",
            f.answer, f.said, f.start
        );
    }

    /// A handle of what is over is refused everywhere.
    pub(super) fn check_stale(&mut self, n: usize, id: xft_core::TransferId) {
        let node = &mut self.nodes[n];
        let Some(session) = node.session.as_mut() else { return };
        assert_eq!(session.progress(id), Err(Error::Stale));
        let mut out = [0; 64];
        let answers = [
            session.accept(id, 0),
            session.decline(id, xft_core::Decline::Busy),
            session.cancel(id, xft_core::Cancel::Wish),
            session.stored(id, 0),
            session.sent(id, 0),
            session.supply(id, 0, b"x", &mut out).map(drop),
        ];
        for answer in answers {
            let right = match answer {
                Err(Error::Stale) => true,
                Err(Error::Closed(_)) => true,
                Err(Error::State | Error::Offline) => !node.online || node.leaving,
                _ => false,
            };
            assert!(right, "a stale handle was taken: {answer:?}");
        }
    }

    /// What must be true when all is told.
    pub(super) fn check_end(&self) {
        for (index, f) in self.files.iter().enumerate() {
            assert!(self.is_told(f), "file {index} never ended: {}", self.unfinished());
            // Whoever says Done speaks the truth; who received it whole said so, or was disturbed.
            if f.sent == Some(Ending::Done) {
                assert!(f.is_whole() && f.placed, "Done, but file {index} has no place");
            }
            let failed = matches!(f.sent, Some(Ending::Failed(..)));
            // Of an empty range everything is here at once, and the close of a sender that gives up ends it well.
            let empty = f.start == f.size();
            assert!(
                !(failed && f.placed) || empty,
                "file {index} has its place at node {}, and at node {} it ended {:?}",
                f.to,
                f.from,
                f.sent
            );
        }
        self.check_nothing_left();
        if self.plan.calm {
            for ((n, id), request) in &self.oracle.requests {
                // A host answers in its session's place, unseen here.
                let ours = request.there && self.nodes[request.to].plan.way != Way::Hosted;
                assert!(
                    !ours || request.answered > 0,
                    "{id} of node {n} to {} was never answered (STZ-04)",
                    request.to
                );
            }
        }
    }
}
