//! Blocks that come twice, or before the one ahead of them: what a client does that resumed its stream, and a server that
//! hands on by more than one hand.

use super::{Do, World};
use xft_core::Carrier;

/// How long a block is held back at most: less than any deadline of those who have time.
const HELD_MS: u64 = 3_000;

/// What becomes of a block on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stray {
    /// It comes twice in a row: the last stanza of a stream that was resumed (SM-22).
    Twice,
    /// It comes once more behind the next one of its file.
    Again,
    /// The next one of its file overtakes it.
    Overtaken,
}

/// A block that waits for the next one of its file.
#[derive(Debug)]
pub struct Held {
    stray: Stray,
    file: usize,
    id: String,
    bytes: Vec<u8>,
}

impl World<'_> {
    /// The next block of this node goes astray.
    pub(super) fn lead_astray(&mut self, n: usize) {
        let stray = self.rng.pick(&[Stray::Twice, Stray::Again, Stray::Overtaken]);
        self.nodes[n].stray = Some(stray);
    }

    /// A block goes into the pipe of its sender, or what happens to it there. Behind the `last` one comes no next one.
    pub(super) fn block_leaves(&mut self, n: usize, file: usize, id: &str, bytes: &[u8], last: bool) {
        if self.plan.strays && self.rng.chance(4) {
            self.lead_astray(n);
        }
        if self.nodes[n].held.as_ref().is_some_and(|held| held.file == file) {
            self.nodes[n].up.extend(bytes);
            return self.let_go(n, true);
        }
        let node = &mut self.nodes[n];
        let fits = |stray: &mut Stray| node.held.is_none() && (*stray == Stray::Twice || !last);
        let Some(stray) = node.stray.take_if(fits) else { return node.up.extend(bytes) };
        self.note(&format!("  file {file}: {stray:?} {id}"));
        // Where nothing else goes wrong it is known how this ends.
        self.files[file].disturbed |= !self.plan.calm;
        if stray != Stray::Overtaken {
            self.nodes[n].up.extend(bytes);
        }
        let held = Held { stray, file, id: id.to_owned(), bytes: bytes.to_vec() };
        self.nodes[n].held = Some(held);
        match stray {
            Stray::Twice => self.let_go(n, false),
            Stray::Again | Stray::Overtaken => self.soon(HELD_MS, Do::LetGo(n)),
        }
    }

    /// A block was held back long enough. `behind`: the next one of its file is ahead of it now.
    pub(super) fn let_go(&mut self, n: usize, behind: bool) {
        let Some(held) = self.nodes[n].held.take() else { return };
        if !self.nodes[n].is_up() || (held.stray == Stray::Again && !behind) {
            return;
        }
        if held.stray != Stray::Overtaken {
            self.comes_again(n, &held.id);
        }
        // SM-22: the last iq once more is no other block; a message has no answer that would tell.
        let twice = held.stray == Stray::Twice && self.nodes[n].plan.carrier == Carrier::Message;
        self.files[held.file].out_of_order |= behind || twice;
        self.nodes[n].up.extend(held.bytes);
        let lag = self.nodes[n].plan.lag_ms;
        self.soon(lag, Do::Up(n));
    }
}
