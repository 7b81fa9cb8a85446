//! State of one client stream: what was read, what waits to be written, and the faults laid upon it.

use super::config::Rate;
use super::element::FirstLevel;
use super::framer::Framer;
use super::scram::{Bindings, Scram};
use super::{Effect, Jid};
use std::collections::{BTreeSet, VecDeque};

/// Where a stream is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// A stream header is due.
    AwaitHeader,
    /// Between the header and the next restart or the end.
    Open,
    /// `<proceed/>` was sent; everything is dropped until TLS is up.
    AwaitTls,
    /// Over; nothing is read any more.
    Ended,
}

#[derive(Debug)]
pub(super) struct Stream {
    pub phase: Phase,
    pub framer: Framer,
    pub secured: bool,
    pub bindings: Bindings,
    pub account: Option<String>,
    pub jid: Option<Jid>,
    pub login: Option<Login>,
    pub login_attempts: u32,
    /// Namespace declarations of the client's header that a receiver's stream does not have.
    pub declared: Vec<Vec<u8>>,
    pub presence: Option<Available>,
    pub directed: BTreeSet<String>,
    pub outbox: Outbox,
    pub effect: Option<Effect>,
    pub shaper: Option<Shaper>,
    pub backlog: Vec<u8>,
    /// The transport broke; it is bound until then.
    pub lost_until: Option<u64>,
}

/// A SASL exchange under way.
#[derive(Debug)]
pub(super) enum Login {
    /// The mechanism was chosen without an initial response.
    Chosen(super::config::Mechanism),
    /// The client's proof is due.
    Proof(Scram),
    /// The client's empty answer to the server's signature is due; then this account is logged in.
    Signed(String),
}

/// The last available presence of a resource.
#[derive(Debug)]
pub(super) struct Available {
    pub stanza: FirstLevel,
    pub priority: i32,
    /// Order of becoming available, newest highest.
    pub order: u64,
}

impl Stream {
    pub fn new(limit_bytes: usize, rate: Option<Rate>, now: u64) -> Self {
        Self {
            phase: Phase::AwaitHeader,
            framer: Framer::new(limit_bytes),
            secured: false,
            bindings: Bindings::default(),
            account: None,
            jid: None,
            login: None,
            login_attempts: 0,
            declared: Vec::new(),
            presence: None,
            directed: BTreeSet::new(),
            outbox: Outbox::default(),
            effect: None,
            shaper: rate.map(|rate| Shaper::new(rate, now)),
            backlog: Vec::new(),
            lost_until: None,
        }
    }

    /// Bytes the server would read from the socket now.
    pub fn readable(&self, now: u64) -> usize {
        match &self.shaper {
            Some(shaper) => shaper.level(now).saturating_sub(self.backlog.len()),
            None => usize::MAX,
        }
    }
}

/// Bytes on their way to a client, possibly late or held.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    ready: Vec<u8>,
    taken: usize,
    /// Pieces with the time they become ready, in order.
    late: VecDeque<(u64, Vec<u8>)>,
    pub delay_ms: u64,
    pub held: bool,
    /// Nobody reads it any more.
    lost: bool,
}

impl Outbox {
    /// Appends what `write` writes.
    pub fn append(&mut self, now: u64, write: impl FnOnce(&mut Vec<u8>)) {
        if self.lost {
            return;
        }
        self.settle(now);
        if self.delay_ms == 0 && self.late.is_empty() {
            return write(&mut self.ready);
        }
        // Never before the piece in front of it, or bytes would change places.
        let due = now.saturating_add(self.delay_ms).max(self.late.back().map_or(0, |l| l.0));
        match self.late.back_mut() {
            Some(last) if last.0 == due => write(&mut last.1),
            _ => {
                let mut piece = Vec::new();
                write(&mut piece);
                self.late.push_back((due, piece));
            }
        }
    }

    /// Moves what has become due to the ready bytes.
    pub fn settle(&mut self, now: u64) {
        if self.taken == self.ready.len() {
            self.ready.clear();
            self.taken = 0;
        } else if self.taken > 1 << 16 && self.taken * 2 > self.ready.len() {
            self.ready.drain(..self.taken);
            self.taken = 0;
        }
        while self.late.front().is_some_and(|l| l.0 <= now) {
            let piece = self.late.pop_front().map(|l| l.1).unwrap_or_default();
            self.ready.extend_from_slice(&piece);
        }
    }

    /// What may be written now.
    pub fn due(&self) -> &[u8] {
        if self.held { &[] } else { &self.ready[self.taken..] }
    }

    /// `count` bytes of it were written.
    pub fn written(&mut self, count: usize) {
        self.taken = (self.taken + count).min(self.ready.len());
    }

    /// Nothing is left, also not later.
    pub fn is_empty(&self) -> bool {
        self.taken == self.ready.len() && self.late.is_empty()
    }

    /// When the next late piece becomes due.
    pub fn next_due(&self) -> Option<u64> {
        if self.held { None } else { self.late.front().map(|l| l.0) }
    }

    pub fn discard(&mut self) {
        *self = Self::default();
    }

    /// The same, and for what comes later.
    pub fn lose(&mut self) {
        *self = Self { lost: true, ..Self::default() };
    }
}

/// A token bucket over the bytes read from a client.
#[derive(Debug)]
pub(super) struct Shaper {
    rate: Rate,
    /// Tokens in thousandths of a byte, so that slow rates lose nothing to rounding.
    millibytes: u64,
    last: u64,
}

impl Shaper {
    pub fn new(rate: Rate, now: u64) -> Self {
        Self { rate, millibytes: rate.burst_bytes.saturating_mul(1000), last: now }
    }

    fn filled(&self, now: u64) -> u64 {
        let gained = now.saturating_sub(self.last).saturating_mul(self.rate.bytes_per_s);
        self.millibytes.saturating_add(gained).min(self.rate.burst_bytes.saturating_mul(1000))
    }

    /// Bytes that may pass now.
    pub fn level(&self, now: u64) -> usize {
        usize::try_from(self.filled(now) / 1000).unwrap_or(usize::MAX)
    }

    pub fn pass(&mut self, now: u64, bytes: usize) {
        self.millibytes = self.filled(now).saturating_sub(bytes as u64 * 1000);
        self.last = self.last.max(now);
    }

    /// When `bytes` (at most the burst) may pass.
    pub fn ready_at(&self, now: u64, bytes: usize) -> u64 {
        let want = (bytes as u64).min(self.rate.burst_bytes).saturating_mul(1000);
        let missing = want.saturating_sub(self.filled(now));
        now.saturating_add(missing.div_ceil(self.rate.bytes_per_s.max(1)))
    }
}
