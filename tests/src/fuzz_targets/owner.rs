//! One file as the owner of a session sees it, in the targets that play whole sessions: its commands about it, and what it
//! may be told when.

use super::input::Input;
use xft_core::*;

/// What is known of one file from outside.
#[derive(Debug)]
pub(super) struct File {
    pub(super) id: TransferId,
    pub(super) receiving: bool,
    pub(super) size: u64,
    pub(super) came: u64,
    pub(super) stored: u64,
    /// The session asked for its place.
    asked: bool,
    /// It got it.
    pub(super) placed: bool,
    pub(super) finished: bool,
}

/// What an owner can say about a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    Settled,
    Cancel(Cancel),
    Decline,
    Accept,
    /// From an offset that the input picks.
    AcceptFrom,
}

impl File {
    pub(super) fn new(id: TransferId, receiving: bool, size: u64) -> Self {
        Self { id, receiving, size, came: 0, stored: 0, asked: false, placed: false, finished: false }
    }

    /// Runs a command; what it answers has to fit what is known.
    pub(super) fn command(&mut self, session: &mut Session<'_>, command: Command, input: &mut Input<'_>) {
        let answer = match command {
            Command::Settled => session.settled(self.id),
            Command::Cancel(why) => session.cancel(self.id, why),
            Command::Decline => session.decline(self.id, Decline::Busy),
            Command::Accept => session.accept(self.id, 0),
            Command::AcceptFrom => {
                let from = u64::from(input.byte() % 8);
                let answer = session.accept(self.id, from);
                if answer.is_ok() {
                    (self.came, self.stored) = (from, from);
                }
                answer
            }
        };
        assert!(!self.finished || answer.is_err(), "a stale handle was taken");
        if command == Command::Settled {
            assert!(answer.is_err() || (self.asked && !self.placed), "settled without being asked");
            self.placed |= answer.is_ok();
        }
    }

    /// Bytes of it came.
    pub(super) fn data(&mut self, offset: u64, count: u64) {
        assert!(self.receiving && !self.finished && offset == self.came && count > 0);
        self.came += count;
        assert!(self.came <= self.size, "more than announced (SI-17)");
    }

    pub(super) fn store(&mut self, session: &mut Session<'_>, upto: u64) {
        match session.stored(self.id, upto) {
            Ok(()) => {
                assert!(!self.finished && (!self.receiving || upto <= self.came), "stored what never came");
                self.stored = self.stored.max(upto);
            }
            Err(error) => assert_ne!(error, Error::Full),
        }
    }

    /// The session asks for its place. While everything ends it gets that at once; before, commands say what becomes of it.
    pub(super) fn settle(&mut self, session: &mut Session<'_>, ending: bool) {
        assert!(self.receiving && !self.finished && !self.asked, "asked to settle {self:?}");
        assert_eq!((self.came, self.stored), (self.size, self.size), "asked to settle too early");
        self.asked = true;
        if ending {
            session.settled(self.id).expect("asked for");
            self.placed = true;
        }
    }

    /// The owner pays what it owes: the place that it was asked for, and the word that all is stored.
    pub(super) fn pay(&mut self, session: &mut Session<'_>) {
        if self.asked && session.settled(self.id).is_ok() {
            self.placed = true;
        }
        if self.receiving && session.stored(self.id, self.came).is_ok() {
            self.stored = self.came;
        }
    }

    /// It finished; `is_vouched_for`: the other end may have said that it knows the hash.
    pub(super) fn finish(&mut self, session: &Session<'_>, ending: Ending, is_vouched_for: bool) {
        assert!(!self.finished, "finished twice");
        self.finished = true;
        let kept = !matches!(ending, Ending::Failed(..));
        if self.receiving && kept {
            assert!(self.came == self.size && self.stored == self.size, "{ending:?} without all bytes");
            assert!(self.placed, "{ending:?}, and the file has no place");
        }
        assert!(ending != Ending::Done || is_vouched_for, "Done without a verified hash");
        assert_eq!(session.progress(self.id), Err(Error::Stale));
    }
}
