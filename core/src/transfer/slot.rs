//! The state of one transfer, either role.

use crate::config::{Carrier, Method, Methods};
use crate::error::{Condition, Ending, Reason};
use crate::output::{Route, Skip, Timer, TransferId};
use crate::time::Instant;
use crate::transfer::digest::{Digest, Verdict};
use crate::transfer::owed::{Answer, HostsVerdict, News, Owed};
use crate::transfer::texts::Texts;
use crate::transport::ibb::Bytestream;
use crate::transport::pace::{Least, Pace};
use crate::transport::socks5::{Attempt, TransferKey};

/// Longest stream id taken from a peer, bytes (S5B-13).
pub(crate) const SID_BYTES: usize = 128;
/// Longest iq id of an offer that is kept until the owner answers, bytes.
pub(crate) const OFFER_ID_BYTES: usize = 64;
/// Longest MIME type that is sent, bytes.
pub(crate) const MIME_BYTES: usize = 64;

/// Where a transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No transfer.
    Free,
    /// Sender: what the peer can is being asked (DSC-04).
    Asking,
    /// Sender: the offer is out (SI states, S Offered).
    Offering,
    /// Sender: the bytestream is being opened.
    Opening,
    /// Sender: bytes go out.
    Sending,
    /// Sender: every byte is out, the bytestream is being closed (IBB-31, S5B-19).
    Closing,
    /// Sender: closed; the peer's verdict is awaited.
    Confirming,
    /// Receiver: the owner has to answer the offer.
    Asked,
    /// Receiver: accepted; the sender has to open, or to offer streamhosts (SI-18).
    Waiting,
    /// Receiver: connecting to the sender's streamhosts (SI states, R Connecting).
    Connecting,
    /// Receiver: bytes come in.
    Receiving,
    /// Receiver: everything is stored; the sender has to confirm the hash.
    Verifying,
    /// Either: over; what is owed still goes out.
    Over,
}

/// What was agreed about the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) size: u64,
    /// Sender: last modification, if `dated`. Not an `Option`, which would take eight bytes more of every slot.
    pub(crate) date: i64,
    pub(crate) dated: bool,
    pub(crate) sha256: Option<[u8; 32]>,
    pub(crate) md5: Option<[u8; 16]>,
}

/// The state of one transfer.
#[derive(Clone, Debug)]
pub struct TransferSlot {
    pub(crate) generation: u16,
    pub(crate) phase: Phase,
    /// Index of the peer's contact slot.
    pub(crate) contact: u16,
    pub(crate) owed: Owed,
    pub(crate) news: News,
    /// Number of the request under way, 0 for none.
    pub(crate) request: u32,
    pub(crate) deadline: Option<Instant>,
    pub(crate) timer: Timer,
    pub(crate) file: File,
    /// First byte of the range on the way.
    pub(crate) start: u64,
    /// One past its last byte.
    pub(crate) end: u64,
    /// Sent or received up to here.
    pub(crate) moved: u64,
    /// Acknowledged (sender) or stored (receiver) up to here.
    pub(crate) safe: u64,
    pub(crate) digest: Digest,
    /// Receiver of a range: bytes before it that are hashed already.
    pub(crate) hashed: u64,
    pub(crate) bytestream: Bytestream,
    /// Receiver: how fast the sender is.
    pub(crate) pace: Pace,
    /// Methods that the owner allows for this file.
    pub(crate) methods: Methods,
    /// What the offer lists.
    pub(crate) offers_socks5: bool,
    pub(crate) offers_in_band: bool,
    /// The agreed method is SOCKS5, else in band.
    pub(crate) over_socks5: bool,
    /// Sender: this is the second offer (SI-22).
    pub(crate) is_retry: bool,
    pub(crate) attempt: Attempt,
    /// The peer confirms or wants receipts.
    pub(crate) receipts: bool,
    /// Receiver: the sender can start at an offset (SI-13).
    pub(crate) ranged: bool,
    pub(crate) ending: Ending,
    pub(crate) route: Route,
    pub(crate) texts: Texts,
}

impl TransferSlot {
    /// A free slot.
    pub const EMPTY: Self = Self {
        generation: 0,
        phase: Phase::Free,
        contact: 0,
        owed: Owed::NOTHING,
        news: News::NONE,
        request: 0,
        deadline: None,
        timer: Timer::None,
        file: File { size: 0, date: 0, dated: false, sha256: None, md5: None },
        start: 0,
        end: 0,
        moved: 0,
        safe: 0,
        digest: Digest::None,
        hashed: 0,
        bytestream: Bytestream::NONE,
        pace: Pace::NONE,
        methods: Methods::IN_BAND,
        offers_socks5: false,
        offers_in_band: false,
        over_socks5: false,
        is_retry: false,
        attempt: Attempt::NONE,
        receipts: false,
        ranged: false,
        ending: Ending::Done,
        route: Route {
            method: None,
            direct: Skip::Unneeded,
            mediated: Skip::Unneeded,
            in_band: Skip::Unneeded,
        },
        texts: Texts::NONE,
    };

    /// Takes a free slot for a new transfer.
    pub(crate) fn begin(&mut self, phase: Phase, contact: u16) {
        // 0 is left out so that a handle is never 0.
        let generation = self.generation.checked_add(1).unwrap_or(1);
        *self = Self { generation, phase, contact, ..Self::EMPTY };
    }

    /// Frees the slot; its handle is stale from here on.
    pub(crate) fn free(&mut self) {
        *self = Self { generation: self.generation, ..Self::EMPTY };
    }

    /// The owner was told of the end: its handle is stale, whatever is still owed to the peer.
    pub(crate) fn is_stale(&self) -> bool {
        self.is_free() || (self.phase == Phase::Over && !self.news.finished)
    }

    pub(crate) fn is_free(&self) -> bool {
        self.phase == Phase::Free
    }

    /// The transfer is not over yet.
    pub(crate) fn is_live(&self) -> bool {
        !matches!(self.phase, Phase::Free | Phase::Over)
    }

    /// The in-band bytestream is open on our side.
    pub(crate) fn is_open(&self) -> bool {
        !self.over_socks5 && matches!(self.phase, Phase::Sending | Phase::Closing | Phase::Receiving)
    }

    pub(crate) fn is_sender(&self) -> bool {
        use Phase::*;
        matches!(self.phase, Asking | Offering | Opening | Sending | Closing | Confirming)
    }

    /// Slot and generation, as streams and hosts name a transfer.
    pub(crate) fn key(&self, slot: u16) -> TransferKey {
        (slot, self.generation)
    }

    /// Notes why a method did not carry the file; the first reason stands.
    pub(crate) fn skip(&mut self, method: Method, why: Skip) {
        let place = match method {
            Method::Direct => &mut self.route.direct,
            Method::Mediated => &mut self.route.mediated,
            Method::InBand => &mut self.route.in_band,
        };
        if *place == Skip::Unneeded {
            *place = why;
        }
    }

    /// The same for the method under way.
    pub(crate) fn skip_used(&mut self, why: Skip) {
        if let Some(method) = self.route.method {
            self.skip(method, why);
        }
    }

    /// Receiver: the sender goes on without SOCKS5. Where we were at a proxy, that was not activated; else no streamhosts
    /// came, unless it is noted already that none could be reached.
    pub(crate) fn left_by_sender(&mut self) {
        if self.phase == Phase::Receiving {
            self.skip(Method::Mediated, Skip::ActivationFailed);
        }
        self.skip_socks5(Skip::NotChosen);
        // Nobody was told yet of a stream that is given up already.
        self.news.started = false;
    }

    /// The same for both methods over SOCKS5.
    pub(crate) fn skip_socks5(&mut self, why: Skip) {
        self.skip(Method::Direct, why);
        self.skip(Method::Mediated, why);
    }

    pub(crate) fn id(&self, slot: u16) -> TransferId {
        TransferId { slot, generation: self.generation }
    }

    /// Bytes on the way.
    pub(crate) fn in_flight(&self) -> u64 {
        self.moved.saturating_sub(self.safe)
    }

    /// Goes to the next phase with its deadline.
    pub(crate) fn enter(&mut self, phase: Phase, timer: Timer, deadline: Option<Instant>) {
        self.phase = phase;
        self.timer = timer;
        self.deadline = deadline;
    }

    /// It is the sender's turn: the next block, or nothing but the close when everything is here (QRK-48).
    pub(crate) fn await_sender(&mut self, [block, close]: [Option<Instant>; 2]) {
        let (timer, deadline) =
            if self.moved == self.end { (Timer::Finish, close) } else { (Timer::Progress, block) };
        (self.timer, self.deadline) = (timer, deadline);
    }

    /// Whether the sender is fast enough with these bytes (ATK-17).
    pub(crate) fn keeps_pace(&mut self, length: u64, now: Instant, least: Least) -> bool {
        let enough = self.pace.came(length, now, least);
        if length == 0 && self.safe == self.moved {
            self.pace.turn(now);
        }
        enough
    }

    /// The next bytes came; they are hashed if everything before them was.
    pub(crate) fn received(&mut self, bytes: &[u8], length: u64) {
        if self.moved == self.start && self.hashed != self.start {
            self.digest = Digest::None;
        }
        self.digest.update(bytes);
        self.moved = self.moved.saturating_add(length);
    }

    /// Ends the transfer. The peer is told by a close if the bytestream may be open at its side.
    pub(crate) fn finish(&mut self, ending: Ending) {
        if !self.is_live() {
            return;
        }
        let failed = matches!(ending, Ending::Failed(..));
        // STZ-04: every offer gets its answer; an acceptance that is not out yet is taken back.
        let answer = match self.owed.answer {
            Some(Answer::Accept) => Some(Answer::Unwanted),
            None if self.phase == Phase::Asked => Some(Answer::Unwanted),
            answer => answer,
        };
        // The same for the streamhosts that nobody will connect to any more.
        let verdict = match self.owed.verdict {
            None if self.phase == Phase::Connecting => Some(HostsVerdict::Forbidden),
            Some(HostsVerdict::Used) if failed => Some(HostsVerdict::Forbidden),
            verdict => verdict,
        };
        // A stream that ends tells a sender that is through already nothing: one that knows receipts is told in words.
        let told = self.over_socks5 && self.phase == Phase::Receiving && self.receipts && !self.owed.receipt;
        let told = told || self.is_open() || self.phase == Phase::Opening;
        self.owed = Owed {
            close: self.owed.close || failed && told && !self.bytestream.closed,
            answer,
            verdict,
            receipt: self.owed.receipt,
            ..Owed::NOTHING
        };
        self.news.finished = true;
        self.request = 0;
        self.ending = ending;
        self.enter(Phase::Over, Timer::None, None);
    }

    /// The peer or the stream is gone. What both ends had settled before stands; the rest failed (IBB-36).
    pub(crate) fn abandon(&mut self, reason: Reason, condition: Option<Condition>) {
        match self.phase {
            Phase::Closing if self.bytestream.carrier == Carrier::Iq => self.hand_over(),
            // In band every block was acknowledged; over SOCKS5 the receipt alone says that anything arrived.
            Phase::Confirming if !self.over_socks5 => self.finish(Ending::Delivered),
            Phase::Verifying => self.finish(self.own_verdict()),
            Phase::Receiving if self.safe == self.end && self.own_verdict() == Ending::Done => {
                self.finish(Ending::Done)
            }
            _ => self.fail(reason, condition),
        }
    }

    /// The last word does not come, or is not waited for any longer: what is known by now stands.
    pub(crate) fn settle(&mut self) {
        match self.phase {
            Phase::Verifying => self.finish(self.own_verdict()),
            // Only the answer to the closing could tell that the messages came.
            Phase::Closing if self.bytestream.carrier == Carrier::Message => {
                self.fail(Reason::BlockTimeout, None)
            }
            _ => self.hand_over(),
        }
    }

    /// Everything went, and the receiver says no more. A stream of its own that broke meanwhile may have lost the tail.
    pub(crate) fn hand_over(&mut self) {
        if self.over_socks5 && self.attempt.stream == 0 {
            self.skip_used(Skip::Broken);
            self.fail(Reason::BytestreamLost, None);
        } else {
            self.finish(Ending::Delivered);
        }
    }

    /// The ending that the receiver's own comparison allows, without a word of the sender.
    pub(crate) fn own_verdict(&self) -> Ending {
        if self.hashed != self.start {
            return Ending::Unverified;
        }
        match self.digest.verify(self.file.sha256.as_ref(), self.file.md5.as_ref()) {
            Verdict::Match => Ending::Done,
            Verdict::Mismatch => Ending::Failed(Reason::HashMismatch, None),
            Verdict::Nothing => Ending::Unverified,
        }
    }

    /// Ends the transfer as failed.
    pub(crate) fn fail(&mut self, reason: Reason, condition: Option<Condition>) {
        self.finish(Ending::Failed(reason, condition));
    }
}
