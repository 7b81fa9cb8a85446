//! One file on its way: what its source is, and what both owners did and heard.

use super::Rng;
use super::raw::{Grant, Moving};
use sha2::{Digest as _, Sha256};
use std::rc::Rc;
use xft_core::{Ending, Method, Methods, Route, TransferId};

/// What the sending owner says of the file's SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Nothing.
    Nothing,
    /// The truth.
    Truth,
    /// The hash of another file.
    Lie,
}

/// How the receiving owner treats the offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Takes all of it.
    Accept,
    /// Has the beginning already.
    Resume,
    /// Does not want it.
    Decline,
    /// Says nothing.
    Ignore,
}

/// How the receiving owner stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storing {
    /// Each block before the next one is read.
    AtOnce,
    /// Whenever its disk gets to it.
    Late,
    /// In portions of that many bytes.
    Batches(u64),
}

/// How the receiving owner gives a file its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settling {
    /// As soon as the session asks.
    AtOnce,
    /// Whenever its disk gets to it.
    Late,
    /// It cannot, and says so at once.
    Fails,
    /// The same, late.
    FailsLate,
}

/// One file from one node to another.
#[derive(Clone, Debug)]
pub struct File {
    /// Index of the sending node.
    pub from: usize,
    /// Index of the receiving node.
    pub to: usize,
    /// Its bytes.
    pub source: Rc<Vec<u8>>,
    /// What the offer says of its hash.
    pub said: Said,
    /// The receiver's intentions.
    pub answer: Answer,
    /// The receiver's disk.
    pub storing: Storing,
    /// The receiver's folder.
    pub settling: Settling,
    /// The receiving session asked for the file's place.
    pub asked: bool,
    /// The receiving owner gave it its place, and has not taken it back.
    pub placed: bool,
    /// The sending owner's reads may come up short.
    pub short_reads: bool,
    /// Handle and life of the sending session.
    pub sender: Option<(TransferId, u32)>,
    /// Handle and life of the receiving session.
    pub receiver: Option<(TransferId, u32)>,
    /// First byte wanted.
    pub start: u64,
    /// What the receiving owner has from `start` on, in memory or on disk.
    pub got: Vec<u8>,
    /// The file offset up to which its owner said *stored*.
    pub stored: u64,
    /// How it ended at the sender.
    pub sent: Option<Ending>,
    /// How it ended at the receiver.
    pub received: Option<Ending>,
    /// Something was done to it that excuses any failure.
    pub disturbed: bool,
    /// Its bytes were changed on the way.
    pub tampered: bool,
    /// Its offer did not ask for a receipt: its receiver had not said yet what it can (SI-01).
    pub unasked: bool,
    /// One of its blocks came behind its place.
    pub out_of_order: bool,
    /// It was offered between two sessions to which nothing happened.
    pub must_arrive: bool,
    /// A store is on its way.
    pub storing_soon: bool,
    /// The sender heard of acceptance and start.
    pub accepted: bool,
    /// The bytestream is open at the sender, at the receiver.
    pub started: [bool; 2],
    /// The offer's stream id.
    pub sid: String,
    /// What the offer says of methods.
    pub methods: Option<Methods>,
    /// What carries it, at the sender and the receiver.
    pub method: [Option<Method>; 2],
    /// The routes that both told in the end.
    pub routes: [Option<Route>; 2],
    /// How its owner moves it over a stream of its own.
    pub moving: Moving,
    /// What was granted.
    pub grant: Option<Grant>,
    /// Bytes went that the session has not seen.
    pub unhashed: bool,
    /// The receiver's owner showed what it had before.
    pub shown: bool,
    /// A stranger used its digest.
    pub stolen: bool,
    /// SOCKS5 failed, in band followed.
    pub fell_back: bool,
    /// The sender fell back by a new offer.
    pub again: bool,
    /// Handle and life of an earlier offer at the receiver.
    pub earlier: Option<(TransferId, u32)>,
    /// It is not told as finished.
    pub earlier_open: bool,
    /// When sender and receiver last went on, and where they were then.
    pub went_on: [(u64, Option<(u64, u64)>); 2],
}

impl File {
    /// A file of `size` bytes with content that differs at every offset and in every file.
    pub fn new(rng: &mut Rng, from: usize, to: usize, size: u64, calm: bool) -> Self {
        let mut content = Rng::new(rng.draw());
        let mut source = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 8);
        while (source.len() as u64) < size {
            source.extend_from_slice(&content.draw().to_le_bytes());
        }
        source.truncate(usize::try_from(size).unwrap_or(0));
        let said = match rng.below(10) {
            0 => Said::Lie,
            1..4 => Said::Truth,
            _ => Said::Nothing,
        };
        let answer = match rng.below(20) {
            0 => Answer::Decline,
            1 if !calm => Answer::Ignore,
            2 | 3 => Answer::Resume,
            _ => Answer::Accept,
        };
        let storing = match rng.below(3) {
            0 => Storing::AtOnce,
            1 => Storing::Late,
            _ => Storing::Batches(rng.skewed(30_000)),
        };
        let settling = match rng.below(12) {
            0 if !calm => Settling::Fails,
            1 if !calm => Settling::FailsLate,
            2..6 => Settling::Late,
            _ => Settling::AtOnce,
        };
        Self {
            from,
            to,
            source: Rc::new(source),
            said,
            answer,
            storing,
            settling,
            asked: false,
            placed: false,
            short_reads: rng.chance(25),
            sender: None,
            receiver: None,
            start: 0,
            got: Vec::new(),
            stored: 0,
            sent: None,
            received: None,
            disturbed: false,
            tampered: false,
            unasked: false,
            out_of_order: false,
            must_arrive: false,
            storing_soon: false,
            accepted: false,
            started: [false; 2],
            went_on: [(0, None); 2],
            sid: String::new(),
            methods: None,
            method: [None; 2],
            routes: [None; 2],
            moving: rng.pick(&[Moving::Itself, Moving::Supplied, Moving::Supplied, Moving::Mixed]),
            grant: None,
            unhashed: false,
            shown: false,
            stolen: false,
            fell_back: false,
            again: false,
            earlier: None,
            earlier_open: false,
        }
    }

    /// Size of the source, bytes.
    pub fn size(&self) -> u64 {
        self.source.len() as u64
    }

    /// What the offer says.
    pub fn sha256(&self) -> Option<[u8; 32]> {
        let truth: [u8; 32] = Sha256::digest(self.source.as_slice()).into();
        match self.said {
            Said::Nothing => None,
            Said::Truth => Some(truth),
            Said::Lie => Some([truth[0].wrapping_add(1); 32]),
        }
    }

    /// The receiver's owner stored the whole file, a head that it showed included, and it is the source.
    pub fn is_whole(&self) -> bool {
        let rest = usize::try_from(self.start).ok().and_then(|start| self.source.get(start..));
        (self.start == 0 || self.shown) && self.stored == self.size() && rest == Some(&self.got)
    }

    /// The file offset behind what the receiver's owner got.
    pub fn got_to(&self) -> u64 {
        self.start + self.got.len() as u64
    }
}
