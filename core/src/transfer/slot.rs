//! The state of one transfer, either role.

use crate::config::{Method, Methods};
use crate::error::Ending;
use crate::output::{Route, Skip, Timer, TransferId};
use crate::time::Instant;
use crate::transfer::flow::Flow;
use crate::transfer::owed::{News, Owed};
use crate::transfer::texts::Texts;
use crate::transport::ibb::Bytestream;
use crate::transport::pace::{Least, Pace};
use crate::transport::socks5::{Attempt, TransferKey};
use crate::wire::receipt::Receipts;

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
    /// Sender: everything is said, the peer's verdict is awaited.
    Confirming,
    /// Sender: its own stream broke before the last byte; the receiver's word about it may be on its way.
    Broken,
    /// Receiver: the owner has to answer the offer.
    Asked,
    /// Receiver: accepted; the sender has to open, or to offer streamhosts (SI-18).
    Waiting,
    /// Receiver: connecting to the sender's streamhosts (SI states, R Connecting).
    Connecting,
    /// Receiver: bytes come in.
    Receiving,
    /// Receiver: everything is stored; the owner has to give the file its place.
    Settling,
    /// Receiver: the file has its place; the sender has to close.
    Settled,
    /// Receiver: the file has its place; the sender has to confirm the hash (receipt of version 0).
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
    pub(crate) flow: Flow,
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
    /// Which receipt closes this transfer.
    pub(crate) receipts: Receipts,
    /// Neither end takes a hash while the bytes pass.
    pub(crate) unhashed: bool,
    /// Receipt of version 1: the sender's last word is out (sender), or came (receiver).
    pub(crate) last_word: bool,
    /// Receiver: the owner gave the file its place, so that what is final may be said.
    pub(crate) placed: bool,
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
        flow: Flow::EMPTY,
        bytestream: Bytestream::NONE,
        pace: Pace::NONE,
        methods: Methods::IN_BAND,
        offers_socks5: false,
        offers_in_band: false,
        over_socks5: false,
        is_retry: false,
        attempt: Attempt::NONE,
        receipts: Receipts::None,
        unhashed: false,
        last_word: false,
        placed: false,
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
        use Phase::*;
        let sends = matches!(self.phase, Sending | Closing | Confirming);
        let open = sends || matches!(self.phase, Receiving | Settling | Settled | Verifying);
        open && !self.over_socks5 && !self.bytestream.closed
    }

    /// In band, and the peer has to say the next word: to open, for a block, with a block, or at the end.
    pub(crate) fn awaits_peer(&self) -> bool {
        let awaits = match self.phase {
            Phase::Opening | Phase::Closing | Phase::Confirming => true,
            Phase::Sending => self.flow.in_flight() > 0 || self.last_word,
            Phase::Receiving => self.flow.is_caught_up(),
            _ => false,
        };
        awaits && !self.over_socks5
    }

    /// What it waits for comes through the server: neither from our own owner nor over a stream of its own.
    pub(crate) fn awaits_word(&self) -> bool {
        match self.phase {
            Phase::Asked | Phase::Connecting | Phase::Settling => false,
            Phase::Sending => !self.over_socks5,
            Phase::Receiving => !self.over_socks5 && self.flow.is_caught_up(),
            _ => true,
        }
    }

    pub(crate) fn is_sender(&self) -> bool {
        use Phase::*;
        matches!(self.phase, Asking | Offering | Opening | Sending | Closing | Confirming | Broken)
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

    /// Goes to the next phase with its deadline.
    pub(crate) fn enter(&mut self, phase: Phase, timer: Timer, deadline: Option<Instant>) {
        self.phase = phase;
        self.timer = timer;
        self.deadline = deadline;
    }

    /// Sender: once every byte is out, the last word follows right behind (receipt of version 1).
    pub(crate) fn say_last_word(&mut self) {
        self.owed.digest = self.receipts == Receipts::V1 && self.flow.is_through();
    }

    /// Which receipt is to close it. One of version 0 is a hash: where nobody has one there is none.
    pub(crate) fn choose_receipts(&mut self, receipts: Receipts, unhashed: bool) {
        let impossible = receipts == Receipts::V0 && unhashed && self.file.sha256.is_none();
        (self.receipts, self.unhashed) = (if impossible { Receipts::None } else { receipts }, unhashed);
    }

    /// Whether the sender is fast enough with these bytes (ATK-17).
    pub(crate) fn keeps_pace(&mut self, length: u64, now: Instant, least: Least) -> bool {
        let enough = self.pace.came(length, now, least);
        if length == 0 && self.flow.is_caught_up() {
            self.pace.turn(now);
        }
        enough
    }
}
