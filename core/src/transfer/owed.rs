//! What a transfer still has to say: stanzas to the peer, events to the owner.

/// Stanzas owed to the peer, written when there is room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Owed {
    /// The offer (sender).
    pub(crate) offer: bool,
    /// The answer to the offer, with the phase telling which (receiver).
    pub(crate) answer: Option<Answer>,
    /// The opening of the in-band bytestream (sender).
    pub(crate) open: bool,
    /// Our streamhosts (sender).
    pub(crate) hosts: bool,
    /// The activation of the proxy (sender).
    pub(crate) activate: bool,
    /// The answer to the peer's streamhosts (receiver).
    pub(crate) verdict: Option<HostsVerdict>,
    /// The closing of the bytestream.
    pub(crate) close: bool,
    /// The receipt of version 0 (receiver).
    pub(crate) receipt: bool,
    /// The last word (sender).
    pub(crate) digest: bool,
    /// The answer to the sender's last word, with the ending telling which (receiver).
    pub(crate) ruling: bool,
}

/// The answer to an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The whole file or the rest of it is wanted.
    Accept,
    /// Not wanted.
    Unwanted,
    /// Not now.
    Busy,
    /// It cannot be stored.
    StoreFailed,
}

/// The answer to streamhosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostsVerdict {
    /// We are connected to the one that the transfer's stream was dialled to (S5B-05).
    Used,
    /// None could be reached (S5B-05).
    NotFound,
    /// Not wanted any more; no fallback (SI-22).
    Forbidden,
}

impl Owed {
    /// Nothing.
    pub(crate) const NOTHING: Self = Self {
        offer: false,
        answer: None,
        open: false,
        hosts: false,
        activate: false,
        verdict: None,
        close: false,
        receipt: false,
        digest: false,
        ruling: false,
    };

    pub(crate) fn anything(&self) -> bool {
        *self != Self::NOTHING
    }
}

/// Events that wait to be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) accepted: bool,
    pub(crate) intruded: bool,
    /// The block size that was refused, 0 for none.
    pub(crate) refused_block: u16,
    /// With a new offer, or without.
    pub(crate) fell_back: Option<bool>,
    pub(crate) started: bool,
    pub(crate) settle: bool,
    pub(crate) finished: bool,
}

impl News {
    /// Nothing.
    pub(crate) const NONE: Self = Self {
        accepted: false,
        intruded: false,
        refused_block: 0,
        fell_back: None,
        started: false,
        settle: false,
        finished: false,
    };
}
