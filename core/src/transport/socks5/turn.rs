//! The turns of a handshake: what was heard, and what is to be said.

use crate::output::HostFailure;

/// What a piece of input was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// All of it belongs to the handshake, which goes on.
    More,
    /// Dialled: the handshake is over; what follows the used bytes is payload.
    Ready,
    /// Accepted: the request is complete. Look at [`StreamSlot::dst`](super::StreamSlot::dst), then [`StreamSlot::admit`](super::StreamSlot::admit).
    Asked,
    /// Dialled: the streamhost is of no use; Close is owed.
    Failed(HostFailure),
    /// Accepted: refused; what is to be answered and Close are owed.
    Turned,
    /// The handshake is over: nothing is used, all of it is payload.
    Payload,
    /// The stream is being closed: all of it is thrown away.
    Ignored,
}

/// What a stream wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Say {
    Nothing,
    /// Connect to the streamhost.
    Connect,
    /// So many bytes were written, for one write.
    Transmit(usize),
    HalfClose,
    /// The id is void; the slot is free, or in penalty.
    Close,
}
