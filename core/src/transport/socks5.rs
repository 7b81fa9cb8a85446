//! One SOCKS5 stream (XEP-0065): dialled to a streamhost, or accepted by our own listener.
//!
//! A slot says what it owes (`poll`), takes the bytes of the handshake (`read`) and knows nothing of negotiation: which
//! destination is right and which streamhost is next is the session's matter. Only the fixed frames of the handshake
//! ever go out (ATK-25), each in a write of its own (S5B-21, S5B-33, QRK-24).

mod attempt;
mod dial;
pub(crate) mod discovery;
pub(crate) mod hosts;
pub(crate) mod proxies;
mod serve;
mod turn;

pub(crate) use self::attempt::{Attempt, Step};
use self::dial::Dial;
use self::serve::{Serve, Written};
pub(crate) use self::turn::{Heard, Say};
use crate::output::{HostFailure, StreamEnd};
use crate::time::Instant;
use crate::wire::socks5::Dst;

/// Slot and generation of a transfer.
pub(crate) type TransferKey = (u16, u16);

/// The state of one SOCKS5 stream.
#[derive(Clone, Debug)]
pub struct StreamSlot {
    /// Changes whenever the stream's id becomes void.
    pub(crate) generation: u8,
    /// The transfer that it carries or may carry; an accepted stream has none before [`admit`](Self::admit).
    pub(crate) transfer: Option<TransferKey>,
    /// Dialled: the streamhost's id in [`hosts::Hosts`].
    pub(crate) host: u16,
    /// Accepted: where it came from, 0 for unknown.
    pub(crate) source: u64,
    /// When to call [`expire`](Self::expire).
    pub(crate) deadline: Option<Instant>,
    accepted: bool,
    stage: Stage,
}

#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // no heap, and a slot has to hold the longest request anyway (ATK-28)
enum Stage {
    Free,
    /// Dialled; the handshake is not over.
    Dialled(Dial),
    /// Accepted; the handshake is not over.
    Accepted(Serve),
    /// The handshake is over: payload flows.
    Open(Half),
    /// Close is owed.
    Closing {
        /// The slot goes on counting for its source.
        penalty: bool,
    },
    /// Closed; it counts for its source until the deadline (ATK-29).
    Penalty,
}

/// Whether our side of an open stream is to be shut down for writing (S5B-19).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Half {
    Open,
    Owed,
    Said,
}

impl StreamSlot {
    /// A slot without stream.
    pub const EMPTY: Self = Self {
        generation: 0,
        transfer: None,
        host: 0,
        source: 0,
        deadline: None,
        accepted: false,
        stage: Stage::Free,
    };

    pub(crate) fn is_free(&self) -> bool {
        matches!(self.stage, Stage::Free)
    }

    /// The handshake, from before TCP is up to the last byte of our answer.
    pub(crate) fn is_handshaking(&self) -> bool {
        matches!(self.stage, Stage::Dialled(_) | Stage::Accepted(_))
    }

    /// Close is owed.
    pub(crate) fn is_closing(&self) -> bool {
        matches!(self.stage, Stage::Closing { .. })
    }

    /// It came to our listener; else it was dialled.
    pub(crate) fn is_accepted(&self) -> bool {
        self.accepted
    }

    /// The handshake is over, our answer included: payload may go.
    #[cfg(test)]
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open(_))
    }

    /// It counts against the limit of its source: not admitted, or in penalty (S5B-30, ATK-29).
    pub(crate) fn is_counted(&self) -> bool {
        match &self.stage {
            Stage::Accepted(serve) => !serve.is_admitted(),
            Stage::Closing { penalty } => *penalty,
            Stage::Penalty => true,
            Stage::Free | Stage::Dialled(_) | Stage::Open(_) => false,
        }
    }

    /// The next [`poll`](Self::poll) says Connect: the owner of the output checks that the host fits first.
    pub(crate) fn owes_connect(&self) -> bool {
        matches!(&self.stage, Stage::Dialled(dial) if dial.owes_connect())
    }

    /// The next [`poll`](Self::poll) has something to say.
    pub(crate) fn owes_anything(&self) -> bool {
        match &self.stage {
            Stage::Dialled(dial) => dial.owes_anything(),
            Stage::Accepted(serve) => serve.owes_anything(),
            Stage::Open(half) => *half == Half::Owed,
            Stage::Closing { .. } => true,
            Stage::Free | Stage::Penalty => false,
        }
    }

    /// The next [`poll`](Self::poll) asks for the destination.
    pub(crate) fn owes_request(&self) -> bool {
        matches!(&self.stage, Stage::Dialled(dial) if dial.owes_request())
    }

    /// Takes the free slot for a stream to a streamhost; Connect is owed.
    pub(crate) fn dial(&mut self, transfer: TransferKey, host: u16, deadline: Instant) {
        let stage = Stage::Dialled(Dial::new());
        *self = Self { transfer: Some(transfer), host, deadline: Some(deadline), stage, ..self.emptied() };
    }

    /// Takes the free slot for a stream that came to our listener.
    pub(crate) fn accept(&mut self, source: u64, deadline: Instant) {
        let stage = Stage::Accepted(Serve::new());
        *self = Self { source, deadline: Some(deadline), accepted: true, stage, ..self.emptied() };
    }

    /// The owner has not said yet that TCP is up: nothing can come.
    pub(crate) fn is_connecting(&self) -> bool {
        matches!(&self.stage, Stage::Dialled(dial) if !dial.is_up())
    }

    /// TCP is up; the greeting is owed. `false`: that was not waited for.
    pub(crate) fn connected(&mut self) -> bool {
        match &mut self.stage {
            Stage::Dialled(dial) => dial.connected(),
            _ => false,
        }
    }

    /// Takes bytes of the handshake from `piece`; returns how many they were, and what they meant.
    ///
    /// `echo` is the destination asked for, in strict mode (S5B-23).
    pub(crate) fn read(&mut self, piece: &[u8], echo: Option<Dst<'_>>) -> (usize, Heard) {
        let all = piece.len();
        match &mut self.stage {
            Stage::Free | Stage::Closing { .. } | Stage::Penalty => (all, Heard::Ignored),
            Stage::Open(_) => (0, Heard::Payload),
            Stage::Dialled(dial) => match dial.read(piece, echo) {
                Ok(None) => (all, Heard::More),
                Ok(Some(payload)) => {
                    self.open();
                    (all.saturating_sub(payload.len()), Heard::Ready)
                }
                Err(why) => {
                    self.stage = Stage::Closing { penalty: false };
                    (all, Heard::Failed(why))
                }
            },
            Stage::Accepted(serve) => serve.read(piece),
        }
    }

    /// Accepted: the destination that is asked for, from [`Heard::Asked`] until our answer is out.
    pub(crate) fn dst(&self) -> Option<Dst<'_>> {
        match &self.stage {
            Stage::Accepted(serve) => serve.dst(),
            _ => None,
        }
    }

    /// Answers a request: with a transfer, success is owed, and then the stream is open (S5B-33); without, the refusal
    /// of an unknown destination and Close are owed, and the slot counts for its source until the deadline.
    pub(crate) fn admit(&mut self, transfer: Option<TransferKey>) {
        let Stage::Accepted(serve) = &mut self.stage else { return };
        if serve.admit(transfer.is_some()) && transfer.is_some() {
            self.transfer = transfer;
            self.deadline = None;
        }
    }

    /// The owner says that the stream is over: its id is void, and Close is not said any more. Returns what that means
    /// for a streamhost whose handshake was not over; a free slot no longer knows which one that was.
    pub(crate) fn ended(&mut self, end: StreamEnd) -> Option<HostFailure> {
        let why = match &self.stage {
            Stage::Dialled(dial) => Some(failure(end, dial.is_up())),
            _ => None,
        };
        self.void();
        why
    }

    /// The deadline has come: Close is owed, or the penalty is over. Returns the failure of a streamhost; its slot is
    /// free at once if Connect was not said yet.
    pub(crate) fn expire(&mut self) -> Option<HostFailure> {
        let why = matches!(self.stage, Stage::Dialled(_)).then_some(HostFailure::TimedOut);
        if matches!(self.stage, Stage::Penalty) {
            self.free();
        } else {
            self.close();
        }
        // Nothing is left to wait for, and nobody to punish.
        self.deadline = None;
        if matches!(self.stage, Stage::Closing { .. }) {
            self.stage = Stage::Closing { penalty: false };
        }
        why
    }

    /// Owes Close, whatever else was owed. A stream that the owner has not heard of is free at once, a closed one
    /// stays closed.
    pub(crate) fn close(&mut self) {
        match &self.stage {
            Stage::Free | Stage::Closing { .. } | Stage::Penalty => {}
            Stage::Dialled(dial) if dial.owes_connect() => self.free(),
            Stage::Dialled(_) | Stage::Open(_) => self.stage = Stage::Closing { penalty: false },
            Stage::Accepted(serve) => self.stage = Stage::Closing { penalty: serve.is_turned() },
        }
    }

    /// Owes HalfClose, once; only an open stream has a half to close.
    pub(crate) fn half_close(&mut self) {
        if matches!(self.stage, Stage::Open(Half::Open)) {
            self.stage = Stage::Open(Half::Owed);
        }
    }

    /// Says the next thing that is owed. `dst` is what a dialled stream asks for; one whose transfer is gone closes.
    ///
    /// # Errors
    /// The bytes needed in `out`; nothing has changed.
    pub(crate) fn poll(&mut self, dst: Option<Dst<'_>>, out: &mut [u8]) -> Result<Say, usize> {
        match &mut self.stage {
            Stage::Dialled(dial) => {
                if let Some(say) = dial.poll(dst, out)? {
                    return Ok(say);
                }
                self.stage = Stage::Closing { penalty: false };
            }
            Stage::Accepted(serve) => match serve.poll(out)? {
                Written::Nothing => return Ok(Say::Nothing),
                Written::Part(bytes) => return Ok(Say::Transmit(bytes)),
                Written::Success(bytes) => {
                    self.open();
                    return Ok(Say::Transmit(bytes));
                }
                Written::Refusal(bytes) => {
                    self.stage = Stage::Closing { penalty: true };
                    if bytes > 0 {
                        return Ok(Say::Transmit(bytes));
                    }
                }
            },
            Stage::Open(half @ Half::Owed) => {
                *half = Half::Said;
                return Ok(Say::HalfClose);
            }
            Stage::Closing { .. } => {}
            Stage::Free | Stage::Open(_) | Stage::Penalty => return Ok(Say::Nothing),
        }
        self.void();
        Ok(Say::Close)
    }

    fn open(&mut self) {
        self.stage = Stage::Open(Half::Open);
        self.deadline = None;
    }

    /// The id is void: the slot is free, or begins its penalty.
    fn void(&mut self) {
        let penalty = match &self.stage {
            Stage::Accepted(serve) => serve.is_turned(),
            Stage::Closing { penalty } => *penalty,
            Stage::Penalty => return,
            _ => false,
        };
        if penalty && self.deadline.is_some() {
            self.stage = Stage::Penalty;
            self.generation = self.generation.wrapping_add(1);
        } else if !self.is_free() {
            self.free();
        }
    }

    fn free(&mut self) {
        *self = Self { generation: self.generation.wrapping_add(1), ..Self::EMPTY };
    }

    /// An empty slot of this generation.
    fn emptied(&self) -> Self {
        Self { generation: self.generation, ..Self::EMPTY }
    }
}

/// What the end of a dialled stream says about its streamhost.
const fn failure(end: StreamEnd, is_up: bool) -> HostFailure {
    match end {
        StreamEnd::Ended | StreamEnd::Lost | StreamEnd::TlsFailed if is_up => HostFailure::Ended,
        StreamEnd::Ended | StreamEnd::Lost | StreamEnd::TlsFailed | StreamEnd::Unreachable => {
            HostFailure::Unreachable
        }
        StreamEnd::Refused => HostFailure::Refused,
        StreamEnd::Unresolved => HostFailure::Unresolved,
        StreamEnd::TimedOut => HostFailure::TimedOut,
        StreamEnd::Forbidden => HostFailure::Forbidden,
    }
}

#[cfg(test)]
mod tests;
