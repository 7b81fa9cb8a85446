//! One deterministic world from one seed: a server, sessions with their owners and hosts, pipes between them that split,
//! join and delay, a virtual clock, things that go wrong, and an oracle that looks on after every step.
//!
//! [`run`] plays a seed to its end and panics at the first broken promise. Everything follows from the seed: the same one
//! gives the same transcript, bit for bit.

mod events;
mod faults;
mod file;
mod memory;
mod net;
mod node;
mod oracle;
mod owner;
mod pipe;
mod plan;
mod proxies;
mod raw;
mod rng;
mod routes;
mod service;
mod strangers;
mod strays;
mod streams;
mod topology;

pub use memory::Memory;
pub use rng::Rng;

use crate::router::Router;
use file::File;
use net::{Net, WireNo};
use node::Node;
use oracle::Oracle;
use plan::Plan;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

/// What a world came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Hash of every byte and event in order.
    pub transcript: u64,
    /// Files that were offered.
    pub files: u32,
    /// Of them: both ends know that it is whole.
    pub done: u32,
    /// Of them: failed at the sender.
    pub failed: u32,
    /// Of those that a receiver stored whole: through a proxy, directly, in band.
    pub ways: [u32; 3],
    /// Of them: in band after SOCKS5 failed.
    pub fell_back: u32,
    /// Of them: over SOCKS5 where nothing else was allowed, and where it had to work.
    pub pinned: u32,
    /// Steps taken.
    pub steps: u32,
    /// Virtual time, ms.
    pub end_ms: u64,
}

/// Most virtual time a world may take: every deadline of the defaults several times over.
const END_MS: u64 = 6 * 3_600_000;
/// How long what is still on its way has to arrive when all is told.
const AFTER_MS: u64 = 30_000;
/// Most steps a world may take.
const STEPS: u32 = 400_000;
/// Sessions one participant may have, one after another.
const LIVES: usize = 3;

/// Something that will happen.
#[derive(Clone, Copy, Debug)]
enum Do {
    /// A session is polled.
    Service(usize),
    /// A session is polled because its deadline came.
    Wake(usize, u64),
    /// Bytes reach the server.
    Up(usize),
    /// Bytes reach the node.
    Down(usize),
    /// The server's own deadline.
    Router,
    /// TLS is up at the client.
    Tls(usize),
    /// A node logs in anew.
    Begin(usize),
    /// A node hears that its transport is gone.
    Lost(usize, u32),
    /// An owner offers a file.
    Offer,
    /// An owner answers an offer.
    Answer(usize),
    /// A disk has stored what came.
    Store(usize),
    /// A file gets its place, or cannot.
    Settle(usize, bool),
    /// An owner has enough of a transfer: at the sender, at the receiver.
    Cancel(usize, bool),
    /// Something goes wrong.
    Fault,
    /// A block was held back long enough.
    LetGo(usize),
    /// What went wrong with a stream is over.
    Relief(usize),
    /// Whoever is awake must have gone on since the last look.
    Look,
    /// What dialling came to.
    Dialled(u32),
    /// A stream is at a listener.
    Arrive(WireNo),
    /// Something reaches one end of a stream.
    Deliver(WireNo, usize),
    /// A sending owner moves bytes over a file's own stream.
    Pump(usize),
    /// A stranger comes to a listener.
    Stranger,
    /// A stranger has enough.
    Leave(WireNo),
}

/// The world.
struct World<'m> {
    now: u64,
    rng: Rng,
    plan: Plan,
    router: Router,
    nodes: Vec<Node<'m>>,
    files: Vec<File>,
    /// By time, then by chance, then by order.
    queue: BTreeMap<(u64, u64, u64), Do>,
    order: u64,
    offers_left: u64,
    oracle: Oracle,
    net: Net,
    dials: BTreeMap<u32, streams::Dial>,
    dials_made: u32,
    /// When the server is looked at next.
    router_at: u64,
    /// A proxy became another one on the way.
    proxies_changed: bool,
    transcript: DefaultHasher,
    trace: bool,
    /// Nothing new goes wrong any more: how many nodes had their last offer.
    last_offers: Option<usize>,
}

/// Plays a world to its end.
///
/// # Panics
/// At the first broken promise.
pub fn run(seed: u64, trace: bool) -> Outcome {
    let mut rng = Rng::new(seed);
    let plan = Plan::of(&mut rng);
    if trace {
        eprintln!("{plan:#?}");
    }
    let mut memories: Vec<Vec<Memory>> =
        plan.nodes.iter().map(|node| (0..LIVES).map(|_| Memory::of(node.needs())).collect()).collect();
    let nodes = plan.nodes.iter().zip(&mut memories);
    let nodes =
        nodes.map(|(plan, memories)| Node::new(plan.clone(), memories.iter_mut().collect())).collect();
    let router = Router::new(plan.router.clone());
    let offers_left = plan.offers;
    let world = World {
        now: 100_000 + rng.below(1 << 40),
        rng,
        plan,
        router,
        nodes,
        files: Vec::new(),
        queue: BTreeMap::new(),
        order: 0,
        offers_left,
        oracle: Oracle::default(),
        net: Net::default(),
        dials: BTreeMap::new(),
        dials_made: 0,
        router_at: u64::MAX,
        proxies_changed: false,
        transcript: DefaultHasher::new(),
        trace,
        last_offers: None,
    };
    let (outcome, at_rest) = world.play();
    for (n, life) in at_rest {
        check_free(&memories[n][life]);
    }
    outcome
}

/// Nothing holds a slot of a session that rests.
fn check_free(memory: &Memory) {
    for stream in &memory.streams {
        let text = format!("{stream:?}");
        assert!(text.contains("stage: Free"), "a stream that nobody knows holds a slot: {text}");
    }
    for transfer in &memory.transfers {
        let text = format!("{transfer:?}");
        assert!(text.contains("phase: Free"), "a transfer that is told holds a slot: {text}");
    }
}

impl<'m> World<'m> {
    fn play(mut self) -> (Outcome, Vec<(usize, usize)>) {
        let (start, mut steps, mut stop) = (self.now, 0, u64::MAX);
        self.begin();
        // The first look stays in the queue until all is told, so it is never empty before.
        while let Some(((at, ..), what)) = self.queue.pop_first() {
            // An offer that slept in a pipe may have come after its sender had given up.
            if at > stop && self.all_is_told() {
                break;
            }
            self.now = self.now.max(at);
            steps += 1;
            assert!(steps < STEPS, "no end after {steps} steps");
            assert!(self.now - start < END_MS, "no end in virtual time; unfinished: {}", self.unfinished());
            self.note(&format!("{what:?}"));
            self.step(what);
            if stop == u64::MAX && self.all_is_told() && !self.next_round() {
                stop = self.now + AFTER_MS;
            }
        }
        self.check_end();
        let done = self.files.iter().filter(|f| f.sent == Some(xft_core::Ending::Done)).count();
        let failed =
            self.files.iter().filter(|f| matches!(f.sent, Some(xft_core::Ending::Failed(..)))).count();
        let at_rest = self.at_rest().map(|n| (n, self.nodes[n].memories.len())).collect();
        let whole = |f: &&File| {
            f.is_whole() && f.received.is_some_and(|it| !matches!(it, xft_core::Ending::Failed(..)))
        };
        let count =
            |want: &dyn Fn(&File) -> bool| self.files.iter().filter(whole).filter(|f| want(f)).count() as u32;
        use xft_core::Method::{Direct, InBand, Mediated};
        let outcome = Outcome {
            transcript: self.transcript.finish(),
            files: self.files.len() as u32,
            done: done as u32,
            failed: failed as u32,
            ways: [Mediated, Direct, InBand].map(|way| count(&|f| f.method[1] == Some(way))),
            fell_back: count(&|f| f.fell_back),
            pinned: count(&|f| self.is_pinned(f)),
            steps,
            end_ms: self.now - start,
        };
        (outcome, at_rest)
    }

    fn begin(&mut self) {
        for n in 0..self.nodes.len() {
            self.soon(2_000, Do::Begin(n));
        }
        self.soon(0, Do::Look);
        for _ in 0..self.offers_left {
            self.soon(20_000, Do::Offer);
        }
        if !self.plan.calm {
            for _ in 0..self.rng.below(6) {
                self.soon(40_000, Do::Fault);
            }
            if self.plan.socks5 && self.rng.chance(50) {
                for _ in 0..self.rng.below(12) {
                    self.soon(40_000, Do::Stranger);
                }
            }
        }
    }

    /// A node's session, which was begun.
    fn session<'s>(&'s mut self, n: usize) -> &'s mut xft_core::Session<'m> {
        self.nodes[n].session.as_mut().expect("a session that was begun")
    }

    /// Something happens at most `ms` from now.
    fn soon(&mut self, ms: u64, what: Do) {
        let at = self.now + if ms == 0 { 0 } else { self.rng.below(ms + 1) };
        self.at(at, what);
    }

    fn at(&mut self, at: u64, what: Do) {
        self.order += 1;
        let chance = self.rng.draw();
        self.queue.insert((at, chance, self.order), what);
    }

    /// Writes something down in the transcript.
    fn note(&mut self, text: &str) {
        self.transcript.write_u64(self.now);
        self.transcript.write(text.as_bytes());
        if self.trace {
            eprintln!("{:>9} {text}", self.now % 10_000_000);
        }
    }

    fn note_bytes(&mut self, what: &str, n: usize, bytes: &[u8]) {
        self.transcript.write(bytes);
        if self.trace {
            let text = String::from_utf8_lossy(&bytes[..bytes.len().min(600)]);
            eprintln!("{:>9}   {what} {n} {} bytes: {text}", self.now % 10_000_000, bytes.len());
        }
    }

    fn step(&mut self, what: Do) {
        match what {
            Do::Service(n) => self.service(n),
            Do::Wake(n, at) => {
                if self.nodes[n].wants_at == Some(at) {
                    self.service(n);
                }
            }
            Do::Up(n) => self.up(n),
            Do::Down(n) => self.down(n),
            Do::Router => {
                self.router_at = u64::MAX;
                self.router.tick(self.now);
                self.serve();
            }
            Do::Tls(n) => self.tls(n),
            Do::Begin(n) => self.begin_node(n),
            Do::Lost(n, life) => self.lost(n, life),
            Do::Offer => self.offer(),
            Do::Answer(f) => self.answer(f),
            Do::Store(f) => self.store(f),
            Do::Settle(f, fails) => self.settle(f, fails),
            Do::Cancel(f, sender) => self.cancel(f, sender),
            Do::Fault => self.fault(),
            Do::LetGo(n) => self.let_go(n, false),
            Do::Relief(n) => self.relief(n),
            Do::Look => self.look(),
            Do::Dialled(no) => self.dialled(no),
            Do::Arrive(wire) => self.arrive(wire),
            Do::Deliver(wire, side) => self.deliver(wire, side),
            Do::Pump(f) => self.pump(f),
            Do::Stranger => self.stranger(),
            Do::Leave(wire) => self.leave(wire),
        }
    }

    /// Every offer was made and every file ended at both sides.
    fn all_is_told(&self) -> bool {
        self.offers_left == 0 && self.files.iter().all(|f| self.is_told(f))
    }

    fn is_told(&self, f: &File) -> bool {
        let lives = |n: usize, life: u32| self.nodes[n].life == life && !self.nodes[n].over;
        let sent = f.sent.is_some() || f.sender.is_none_or(|(_, life)| !lives(f.from, life));
        let received = (f.received.is_some() && !f.earlier_open)
            || f.receiver.is_none_or(|(_, life)| !lives(f.to, life));
        sent && received
    }

    fn unfinished(&self) -> String {
        let files = self.files.iter().enumerate().filter(|(_, f)| !self.is_told(f));
        files
            .map(|(index, f)| format!("#{index} {}->{} {:?} {:?}; ", f.from, f.to, f.sent, f.received))
            .collect()
    }

    /// After all that went wrong every session that lives sends one more file, one after another. `false` when that is
    /// over too.
    fn next_round(&mut self) -> bool {
        while self.last_offers.unwrap_or(0) < self.nodes.len() {
            let from = self.last_offers.unwrap_or(0);
            self.last_offers = Some(from + 1);
            if self.last_offer(from) {
                return true;
            }
        }
        false
    }
}
