//! How far the authentication under way is.

use super::mechanism::{Mechanism, Offer};

/// How far the exchange is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    #[default]
    None,
    /// `<auth/>` is out or queued.
    Started,
    /// The key is being derived.
    Deriving,
    /// Our proof is out or queued.
    Proof,
    /// The server proved itself in a challenge; `<success/>` must follow.
    Confirmed,
}

/// The authentication under way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Exchange {
    pub(super) offer: Offer,
    pub(super) phase: Phase,
    pub(super) mechanism: Option<Mechanism>,
    /// Mechanisms the server refused as such (SASL-10).
    pub(super) tried: u8,
    /// Makes the nonce of every attempt another one.
    pub(super) attempt: u8,
}
