//! What is known of one peer.

use crate::config::{JID_BYTES, Method};
use crate::contact::disco::Features;
use crate::contact::silence::Silence;
use crate::time::Instant;

/// What is known of one peer. Kept while a transfer needs it, and after that until the room is needed.
#[derive(Clone, Debug)]
pub struct ContactSlot {
    /// Full JID, as the server stamps it; empty in a free slot.
    pub(crate) jid: heapless::String<JID_BYTES>,
    pub(crate) known: Known,
    pub(crate) features: Features,
    /// Number of the disco request under way: what it can, or once that is known, whether it is still there.
    pub(crate) request: u32,
    pub(crate) deadline: Option<Instant>,
    /// Our presence was sent to it, so that it hears when we go (PRS-05).
    pub(crate) greeted: bool,
    pub(crate) owes_greeting: bool,
    /// It answered blocks out of order: one at a time for it (IBB-15).
    pub(crate) one_block: bool,
    /// Largest block it took so far, 0 when unknown (IBB-05).
    pub(crate) block_ceiling: u16,
    /// The way of the last file to it that went over SOCKS5: its streamhosts are offered first (S5B-04).
    pub(crate) worked: Option<Method>,
    /// Since when nothing comes from it.
    pub(crate) silence: Silence,
    /// It is to be asked whether it is still there; the question is again what it can (PNG-03).
    pub(crate) owes_question: bool,
    /// When it was last needed, in uses of the table.
    pub(crate) used: u32,
}

/// How much is known of a peer's features (DSC-04).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    Nothing,
    /// The question is to be sent.
    Wanted,
    Asked,
    Yes,
    /// It answered with an error, or not in time; the answer to an offer tells (SI-01, QRK-50). In time to come it may
    /// still say.
    Unsaid,
}

impl Known {
    /// Nothing more is waited for.
    pub(crate) const fn is_settled(self) -> bool {
        matches!(self, Self::Yes | Self::Unsaid)
    }
}

impl ContactSlot {
    /// A free slot.
    pub const EMPTY: Self = Self {
        jid: heapless::String::new(),
        known: Known::Nothing,
        features: Features::NONE,
        request: 0,
        deadline: None,
        greeted: false,
        owes_greeting: false,
        one_block: false,
        block_ceiling: 0,
        worked: None,
        silence: Silence::NONE,
        owes_question: false,
        used: 0,
    };

    /// Its presence session ended: what it can may be different in the next one (DSC-04).
    pub(crate) fn forget_presence(&mut self) {
        self.known = Known::Nothing;
        self.features = Features::NONE;
        self.request = 0;
        self.deadline = None;
        self.greeted = false;
        self.owes_greeting = false;
        self.owes_question = false;
    }
}

#[cfg(test)]
mod tests {
    use super::ContactSlot;

    #[test]
    fn a_contact_takes_no_more_than_its_address_and_some_words() {
        assert!(size_of::<ContactSlot>() <= 304, "{} bytes", size_of::<ContactSlot>());
    }
}
