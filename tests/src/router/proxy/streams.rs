//! The byte side of the proxies: SOCKS5 handshakes, pairs by their destination, bytes both ways once activated.
//!
//! Two things are stricter than XEP-0065 asks, as at deployed proxies: who speaks before it was answered is refused (S5B-21),
//! and a third stream for a destination is (S5B-34). An end of one side ends both, as there: half-closed pairs do not exist.

use super::stretch::Stretch;
use super::{Condition, ProxyConfig};
use std::collections::{BTreeMap, BTreeSet};
use xft_core::internals::socks5::{
    GreetingParser, METHOD_ACCEPTED, METHOD_REFUSED, Rep, RequestParser, Step,
};

/// How long an ended stream is read on, so that what it was sent last is not lost to a reset.
const LINGER_MS: u64 = 10_000;

/// One stream to a proxy; numbers are never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProxyStreamNo(pub u32);

/// What the caller has to do with a stream's transport once all output is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyEffect {
    /// End the sending direction; go on reading until the client ends or [`ProxyEffect::Close`] comes.
    Finish,
    /// Close the transport, then call [`ProxyStreams::closed`].
    Close,
}

/// What passed through all proxies since their start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProxyCounters {
    /// Streams accepted.
    pub opened: u64,
    /// Pairs activated.
    pub activated: u64,
    /// Payload bytes written to a client.
    pub passed_bytes: u64,
}

/// All streams of all proxies of a router.
///
/// - [`ProxyStreams::opened`] for each accepted transport, [`ProxyStreams::closed`] once when it is gone.
/// - Received bytes go where [`ProxyStreams::room`] says, then [`ProxyStreams::filled`]; or both at once with
///   [`ProxyStreams::input`]. No room means: read on when the other side has taken some.
/// - [`ProxyStreams::next_ready`] names streams with [`ProxyStreams::output`] or an [`ProxyStreams::effect`].
#[derive(Debug, Default)]
pub struct ProxyStreams {
    configs: Vec<ProxyConfig>,
    streams: BTreeMap<ProxyStreamNo, Stream>,
    ready: BTreeSet<ProxyStreamNo>,
    next: u32,
    /// The latest time told.
    now: u64,
    counters: ProxyCounters,
}

#[derive(Debug)]
enum Phase {
    /// Accepted by a silent proxy: everything is read and nothing answered.
    Silent,
    Greeting(GreetingParser),
    Request(Box<RequestParser>),
    /// The handshake is over; what comes is kept until activation.
    Connected,
    Active,
    /// Nothing more is passed; what comes is dropped.
    Ended,
}

#[derive(Debug)]
struct Stream {
    proxy: usize,
    phase: Phase,
    destination: Vec<u8>,
    /// The other stream with this destination.
    other: Option<ProxyStreamNo>,
    /// What of the handshake is to be written.
    reply: Vec<u8>,
    /// What came from this client for the other.
    came: Stretch,
    /// The client has ended its direction.
    over: bool,
    /// The transport is gone, only what came from it is still to be passed.
    gone: bool,
    /// Payload bytes written to this client.
    passed: u64,
    dies_after_bytes: u64,
    activation_ms: u64,
    effect: Option<ProxyEffect>,
    deadline: Option<u64>,
}

impl ProxyStreams {
    /// What the proxies are like, for streams that are opened from now on.
    pub(in super::super) fn set_configs(&mut self, configs: &[ProxyConfig]) {
        if self.configs != configs {
            self.configs = configs.to_vec();
        }
    }

    /// What passed so far.
    pub fn counters(&self) -> ProxyCounters {
        self.counters
    }

    /// A transport to that proxy, by its place in the configuration, was accepted; `None`: there are too many, close it.
    pub fn opened(&mut self, now: u64, proxy: usize) -> Option<ProxyStreamNo> {
        let config = self.configs.get(proxy)?;
        if self.streams.values().filter(|s| s.proxy == proxy).count() >= config.streams_max {
            return None;
        }
        let no = ProxyStreamNo(self.next);
        self.next += 1;
        self.counters.opened += 1;
        self.now = now;
        let (phase, deadline) = match config.silent {
            true => (Phase::Silent, None),
            false => (Phase::Greeting(GreetingParser::new()), Some(now.saturating_add(config.handshake_ms))),
        };
        let came = Stretch::new(config.buffer_bytes.max(1));
        self.streams.insert(
            no,
            Stream {
                proxy,
                phase,
                destination: Vec::new(),
                other: None,
                reply: Vec::new(),
                came,
                over: false,
                gone: false,
                passed: 0,
                dies_after_bytes: config.dies_after_bytes.unwrap_or(u64::MAX),
                activation_ms: config.activation_ms,
                effect: None,
                deadline,
            },
        );
        Some(no)
    }

    /// Where bytes from that client go; empty while the other side has too many waiting.
    pub fn room(&mut self, no: ProxyStreamNo) -> &mut [u8] {
        self.streams.get_mut(&no).map_or(&mut [], |s| s.came.room())
    }

    /// Whether [`ProxyStreams::room`] is not empty.
    pub fn has_room(&self, no: ProxyStreamNo) -> bool {
        self.streams.get(&no).is_some_and(|s| s.came.has_room())
    }

    /// `count` bytes were put into the room.
    pub fn filled(&mut self, now: u64, no: ProxyStreamNo, count: usize) {
        self.now = now;
        let Some(stream) = self.streams.get_mut(&no).filter(|_| count > 0) else { return };
        stream.came.filled(count);
        match stream.phase {
            Phase::Silent => stream.came.clear(),
            Phase::Greeting(_) | Phase::Request(_) => self.handshake(no),
            Phase::Connected => {}
            Phase::Active => self.ready.extend(stream.other),
            // Nobody is there for it any more, and its sender has to learn that.
            Phase::Ended => self.close(no),
        }
    }

    /// Bytes came from a client: gives how many there was room for.
    pub fn input(&mut self, now: u64, no: ProxyStreamNo, bytes: &[u8]) -> usize {
        let room = self.room(no);
        let count = room.len().min(bytes.len());
        room[..count].copy_from_slice(&bytes[..count]);
        self.filled(now, no, count);
        count
    }

    /// The client has ended its direction, after all its bytes were filled in.
    pub fn ended(&mut self, no: ProxyStreamNo) {
        let Some(stream) = self.streams.get_mut(&no).filter(|s| !s.over) else { return };
        stream.over = true;
        match (&stream.phase, stream.other) {
            // What came before goes to the other side first.
            (Phase::Active, Some(other)) => self.settle_end(other),
            _ => self.close(no),
        }
    }

    /// The transport is gone; the number is void after it.
    pub fn closed(&mut self, no: ProxyStreamNo) {
        self.ready.remove(&no);
        let Some(stream) = self.streams.get_mut(&no) else { return };
        (stream.over, stream.gone) = (true, true);
        let other = stream.other;
        if let Some(other) = other {
            self.settle_end(other);
        }
        if self.streams.get(&no).is_some_and(|s| !matches!(s.phase, Phase::Active)) {
            self.forget(no);
        }
    }

    /// A stream with bytes to write or an effect; each is named once until it has more.
    pub fn next_ready(&mut self) -> Option<ProxyStreamNo> {
        self.ready.pop_first()
    }

    /// Bytes to write to a client now; say with [`ProxyStreams::written`] how many were.
    pub fn output(&self, no: ProxyStreamNo) -> &[u8] {
        let Some(stream) = self.streams.get(&no) else { return &[] };
        if !stream.reply.is_empty() {
            return &stream.reply;
        }
        match (&stream.phase, stream.other.and_then(|other| self.streams.get(&other))) {
            (Phase::Active, Some(other)) => {
                let left = stream.dies_after_bytes.saturating_sub(stream.passed.saturating_add(other.passed));
                let waiting = other.came.waiting();
                &waiting[..waiting.len().min(usize::try_from(left).unwrap_or(usize::MAX))]
            }
            _ => &[],
        }
    }

    /// `count` bytes of [`ProxyStreams::output`] were written.
    pub fn written(&mut self, no: ProxyStreamNo, count: usize) {
        let Some(stream) = self.streams.get_mut(&no) else { return };
        if !stream.reply.is_empty() {
            stream.reply.drain(..count.min(stream.reply.len()));
            // What came for it while it was answered.
            self.ready.insert(no);
            return;
        }
        stream.passed += count as u64;
        self.counters.passed_bytes += count as u64;
        let (passed, dies, other) = (stream.passed, stream.dies_after_bytes, stream.other);
        let Some(from) = other.and_then(|other| self.streams.get_mut(&other)) else { return };
        from.came.taken(count);
        if passed.saturating_add(from.passed) >= dies {
            self.close(no);
            other.into_iter().for_each(|other| self.close(other));
            return;
        }
        self.settle_end(no);
    }

    /// What to do with the transport; only once everything before it was written, and said once.
    pub fn effect(&mut self, no: ProxyStreamNo) -> Option<ProxyEffect> {
        let stream = self.streams.get_mut(&no).filter(|s| s.reply.is_empty())?;
        stream.effect.take()
    }

    /// Lets go of streams whose time is over.
    pub(in super::super) fn tick(&mut self, now: u64) {
        self.now = now;
        let due = |s: &Stream| s.deadline.is_some_and(|at| at <= now);
        let late: Vec<_> = self.streams.iter().filter(|(_, s)| due(s)).map(|(no, _)| *no).collect();
        late.into_iter().for_each(|no| self.close(no));
    }

    pub(in super::super) fn next_deadline(&self) -> Option<u64> {
        self.streams.values().filter_map(|s| s.deadline).min()
    }

    /// Joins the two streams with that destination (S5B-09).
    pub(in super::super) fn activate(&mut self, proxy: usize, destination: &[u8]) -> Result<(), Condition> {
        let of = |s: &Stream| s.proxy == proxy && s.destination == destination;
        let found: Vec<_> = self.streams.iter().filter(|(_, s)| of(s)).map(|(no, _)| *no).collect();
        let &[one, two] = &found[..] else {
            return Err(if found.is_empty() { Condition::ItemNotFound } else { Condition::NotAllowed });
        };
        for (no, other) in [(one, two), (two, one)] {
            let Some(stream) = self.streams.get_mut(&no) else { continue };
            if matches!(stream.phase, Phase::Active) {
                return Err(Condition::Conflict);
            }
            (stream.phase, stream.other, stream.deadline) = (Phase::Active, Some(other), None);
            self.ready.insert(no);
        }
        self.counters.activated += 1;
        // One that dies after nothing dies now.
        [one, two].into_iter().for_each(|no| self.written(no, 0));
        Ok(())
    }

    fn handshake(&mut self, no: ProxyStreamNo) {
        let Some(stream) = self.streams.get_mut(&no) else { return };
        // A client that knew its answer could not have spoken before it was written.
        let early = !stream.reply.is_empty();
        let input = stream.came.waiting().to_vec();
        stream.came.clear();
        let answer: Option<Vec<u8>> = match &mut stream.phase {
            Phase::Greeting(parser) => match parser.read(&input) {
                Ok(Step::More) => return,
                Ok(Step::Done { rest: [] }) => {
                    stream.phase = Phase::Request(Box::default());
                    stream.reply.extend_from_slice(&METHOD_ACCEPTED);
                    self.ready.insert(no);
                    return;
                }
                Ok(Step::Done { .. }) => Some(METHOD_REFUSED.to_vec()),
                Err(error) => error.answer().map(|answer| answer.to_vec()),
            },
            Phase::Request(parser) => match parser.read(&input) {
                Ok(Step::More) if !early => return,
                Ok(Step::Done { rest: [] }) if !early => return self.connect(no),
                Ok(Step::More) => None,
                Ok(Step::Done { .. }) => parser.reply(Rep::GeneralFailure).map(<[u8]>::to_vec),
                Err(error) => error.rep().and_then(|rep| parser.reply(rep)).map(<[u8]>::to_vec),
            },
            Phase::Silent | Phase::Connected | Phase::Active | Phase::Ended => return,
        };
        stream.reply.extend(answer.unwrap_or_default());
        self.close(no);
    }

    /// The request is complete: answers it, and keeps the stream if its destination has a place free.
    fn connect(&mut self, no: ProxyStreamNo) {
        let Some(stream) = self.streams.get(&no) else { return };
        let Phase::Request(parser) = &stream.phase else { return };
        let destination = parser.dst().map(|dst| dst.as_bytes().to_vec()).unwrap_or_default();
        let (proxy, mut parser) = (stream.proxy, parser.clone());
        let taken =
            self.streams.values().filter(|s| s.proxy == proxy && s.destination == destination).count();
        let rep = if taken < 2 { Rep::Succeeded } else { Rep::NotAllowed };
        let deadline = self.now.saturating_add(stream.activation_ms);
        let Some(stream) = self.streams.get_mut(&no) else { return };
        stream.reply.extend_from_slice(parser.reply(rep).unwrap_or_default());
        self.ready.insert(no);
        if rep == Rep::Succeeded {
            (stream.phase, stream.destination, stream.deadline) =
                (Phase::Connected, destination, Some(deadline));
        } else {
            self.close(no);
        }
    }

    /// Ends the stream `no` if its counterpart is over and everything that came from there was passed.
    fn settle_end(&mut self, no: ProxyStreamNo) {
        let Some(other) = self.streams.get(&no).and_then(|s| s.other) else { return };
        let Some(from) = self.streams.get(&other).filter(|from| from.over && from.came.is_empty()) else {
            return;
        };
        let from_gone = from.gone;
        let active = self.streams.get(&no).is_some_and(|s| matches!(s.phase, Phase::Active));
        if from_gone {
            self.forget(other);
        } else {
            self.close(other);
        }
        let Some(stream) = self.streams.get_mut(&no).filter(|_| active) else { return };
        if stream.gone {
            return self.forget(no);
        }
        if !stream.came.is_empty() {
            return self.close(no);
        }
        (stream.phase, stream.effect) = (Phase::Ended, Some(ProxyEffect::Finish));
        stream.deadline = Some(self.now.saturating_add(LINGER_MS));
        stream.destination.clear();
        self.ready.insert(no);
    }

    /// Lets a stream go as soon as its reply is written; its destination is free again.
    fn close(&mut self, no: ProxyStreamNo) {
        let Some(stream) = self.streams.get_mut(&no) else { return };
        (stream.phase, stream.effect, stream.deadline) = (Phase::Ended, Some(ProxyEffect::Close), None);
        stream.destination.clear();
        stream.came.clear();
        self.ready.insert(no);
    }

    fn forget(&mut self, no: ProxyStreamNo) {
        self.streams.remove(&no);
        self.ready.remove(&no);
    }
}
