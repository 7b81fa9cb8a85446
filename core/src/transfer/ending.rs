//! How a transfer ends: what stands, what failed, and what the peer is still told of it.

use crate::error::{Condition, Ending, Reason, StanzaCondition};
use crate::transfer::digest::Verdict;
use crate::transfer::owed::{Answer, HostsVerdict, Owed};
use crate::transfer::receipt::{INCOMPLETE, STORE_FAILED};
use crate::transfer::slot::{Phase, TransferSlot};
use crate::wire::receipt::Receipts;

impl TransferSlot {
    /// Ends the transfer. What the peer still has to hear is owed.
    pub(crate) fn finish(&mut self, ending: Ending) {
        if !self.is_live() {
            return;
        }
        let failed = matches!(ending, Ending::Failed(..));
        // STZ-04: every offer gets its answer; an acceptance that is not out yet is taken back.
        let refused = match ending {
            Ending::Failed(Reason::StoreFailed, _) => Answer::StoreFailed,
            _ => Answer::Unwanted,
        };
        let answer = match self.owed.answer {
            Some(Answer::Accept) => Some(refused),
            None if self.phase == Phase::Asked => Some(refused),
            answer => answer,
        };
        // The same for the streamhosts that nobody will connect to any more.
        let verdict = match self.owed.verdict {
            None if self.phase == Phase::Connecting => Some(HostsVerdict::Forbidden),
            Some(HostsVerdict::Used) if failed => Some(HostsVerdict::Forbidden),
            verdict => verdict,
        };
        self.owed = Owed {
            close: self.owed.close || self.owes_close(ending),
            answer,
            verdict,
            receipt: self.owed.receipt,
            ruling: self.last_word && !self.is_sender(),
            ..Owed::NOTHING
        };
        (self.news.settle, self.news.finished) = (false, true);
        self.request = 0;
        self.ending = ending;
        self.enter(Phase::Over, crate::output::Timer::None, None);
    }

    /// Whether the peer is told of that ending by a close.
    fn owes_close(&self, ending: Ending) -> bool {
        let failed = matches!(ending, Ending::Failed(..));
        if self.phase == Phase::Opening {
            return failed && !self.bytestream.closed;
        }
        if !self.over_socks5 {
            // The sender closes what it opened, however it ended (IBB-31); the receiver what it gave up.
            return self.is_open() && (failed || (self.is_sender() && self.phase != Phase::Closing));
        }
        // A stream that ends tells a peer nothing that is through with it: one that knows receipts is told in words.
        let in_words = self.receipts != Receipts::None && !self.owed.receipt;
        let listens = match self.phase {
            Phase::Receiving | Phase::Settling => true,
            Phase::Sending | Phase::Confirming => self.receipts == Receipts::V1 && !self.last_word,
            _ => false,
        };
        failed && in_words && listens
    }

    /// The peer or the stream is gone, or silent. What both ends had settled before stands, what may have its place is
    /// handed over, and the rest failed (IBB-36).
    pub(crate) fn abandon(&mut self, reason: Reason, condition: Option<Condition>) {
        match self.phase {
            _ if self.may_be_placed() => self.hand_over(),
            Phase::Settled | Phase::Verifying => self.finish(self.own_verdict()),
            // Nothing is missing but our own owner's word.
            Phase::Receiving | Phase::Settling if reason == Reason::PeerGone && self.has_all() => {
                self.bytestream.closed = true;
            }
            _ => self.fail(reason, condition),
        }
    }

    /// Sender: the receiver may have given the file its place without our knowing: everything is out that it waits for.
    pub(crate) fn may_be_placed(&self) -> bool {
        let out = matches!(self.phase, Phase::Sending | Phase::Closing | Phase::Confirming);
        out && self.flow.is_through() && (self.receipts != Receipts::V1 || self.last_word)
    }

    /// Receiver: everything came, and the sender says no more that counts (SI-17, S5B-15). In band nothing may follow the
    /// last block; an empty file has none, and its end is the close. With receipts of version 1 it is the last word.
    pub(crate) fn has_all(&self) -> bool {
        let ended = match self.receipts {
            Receipts::V1 => self.last_word,
            _ => self.bytestream.closed || (!self.over_socks5 && self.flow.has_begun()),
        };
        ended && self.flow.is_through()
    }

    /// The last word does not come, or is not waited for any longer: what is known by now stands.
    pub(crate) fn settle(&mut self) {
        if matches!(self.phase, Phase::Settled | Phase::Verifying) {
            self.finish(self.own_verdict());
        } else {
            self.hand_over();
        }
    }

    /// Everything went, and the receiver says no more.
    pub(crate) fn hand_over(&mut self) {
        let silent = self.receipts == Receipts::None;
        self.finish(if silent { Ending::Delivered } else { Ending::Unconfirmed });
    }

    /// Sender: SHA-256 of the whole file, if it is known.
    pub(crate) fn own_sha256(&self) -> Option<[u8; 32]> {
        let whole = self.flow.length() == self.file.size;
        self.file.sha256.or_else(|| self.flow.sha256().filter(|_| whole))
    }

    /// The ending that the receiver's own comparison allows.
    pub(crate) fn own_verdict(&self) -> Ending {
        match self.flow.verify(self.file.sha256.as_ref(), self.file.md5.as_ref()) {
            Verdict::Match => Ending::Done,
            Verdict::Mismatch => Ending::Failed(Reason::HashMismatch, None),
            Verdict::Nothing => Ending::Unverified,
        }
    }

    /// With which words the receiver of a transfer that failed refuses what comes or is left: the condition, and an
    /// element of ours for what has no condition.
    pub(crate) fn refusal(&self) -> (StanzaCondition, Option<&'static str>) {
        match self.ending {
            Ending::Failed(Reason::StoreFailed, _) => {
                (StanzaCondition::InternalServerError, Some(STORE_FAILED))
            }
            Ending::Failed(Reason::HashMismatch, _) => (StanzaCondition::NotAcceptable, None),
            _ => (StanzaCondition::ItemNotFound, None),
        }
    }

    /// What the receiver's `<close/>` says of why it gives up, beside that it does.
    pub(crate) fn close_word(&self) -> Option<&'static str> {
        match self.ending {
            Ending::Failed(Reason::StoreFailed, _) => Some(STORE_FAILED),
            Ending::Failed(Reason::BytestreamLost | Reason::TooFewBytes, _) => Some(INCOMPLETE),
            _ => None,
        }
    }

    /// The same of a sender whose bytestream was never opened, so that none is to be closed.
    pub(crate) fn fail_unopened(&mut self, reason: Reason, condition: Option<StanzaCondition>) {
        self.bytestream.closed = true;
        self.fail(reason, condition.map(Condition::Stanza));
    }

    /// Ends the transfer as failed.
    pub(crate) fn fail(&mut self, reason: Reason, condition: Option<Condition>) {
        self.finish(Ending::Failed(reason, condition));
    }
}
