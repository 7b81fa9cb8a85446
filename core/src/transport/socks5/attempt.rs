//! One transfer's attempt to get a SOCKS5 stream, and the stream that came of it.

use crate::time::Instant;

/// How far the attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// There is none.
    None,
    /// Requester: our streamhosts are out, the digest is valid (S5B-35).
    Offered,
    /// Requester: connecting to the proxy that the target uses (S5B-08).
    Dialling,
    /// Requester: connected to the proxy; it has to activate the stream.
    Activating,
    /// Target: connecting to the streamhosts (S5B-04).
    Connecting,
    /// Payload may go.
    Open,
    /// It came to nothing: an in-band bytestream may take its place (SI-21).
    Failed,
}

/// The SOCKS5 side of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) step: Step,
    /// Sender: the owner was told to send.
    pub(crate) granted: bool,
    /// Id of the stream that is used, 0 before there is one.
    pub(crate) stream: u16,
    /// Requester: who came to our listener has left again.
    pub(crate) left: bool,
    /// Its streamhost in the list of hosts, 0 for one that came to our listener. Target, while connecting: the last one
    /// that was dialled.
    pub(crate) host: u16,
    /// When the next streamhost is dialled, while the others go on; requester: the proxy, if there was no free stream.
    pub(crate) next_at: Option<Instant>,
    /// Requester: when the attempt is over, whatever it waits for by then.
    pub(crate) until: Option<Instant>,
}

impl Attempt {
    /// The deadline of a step, which is not behind that of the attempt.
    pub(crate) fn at_most(&self, deadline: Option<Instant>) -> Option<Instant> {
        match (deadline, self.until) {
            (Some(deadline), Some(until)) => Some(deadline.min(until)),
            (deadline, until) => deadline.or(until),
        }
    }

    pub(crate) const NONE: Self = Self {
        step: Step::None,
        granted: false,
        stream: 0,
        left: false,
        host: 0,
        next_at: None,
        until: None,
    };
}
