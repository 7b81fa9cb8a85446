//! The client side: towards a streamhost that was offered, or a proxy (S5B-20 to S5B-23).

use super::turn::Say;
use crate::output::HostFailure;
use crate::wire::bytes::copy_prefix;
use crate::wire::socks5::{
    Dst, GREETING, MethodError, MethodParser, ReplyError, ReplyParser, Step, request_length, write_request,
};

/// Where a dialled stream stands before it is open.
#[derive(Clone, Debug)]
pub(super) enum Dial {
    /// Connect is owed.
    Asked,
    /// The owner connects.
    Connecting,
    /// The greeting is owed.
    Greeting,
    /// The server has to choose the method.
    Choosing(MethodParser),
    /// The request is owed.
    Request,
    /// The server has to answer the request.
    Replying(ReplyParser),
}

impl Dial {
    pub(super) const fn new() -> Self {
        Self::Asked
    }

    pub(super) const fn owes_connect(&self) -> bool {
        matches!(self, Self::Asked)
    }

    /// The destination is to be asked for.
    pub(super) const fn owes_request(&self) -> bool {
        matches!(self, Self::Request)
    }

    /// [`poll`](Self::poll) has something to say.
    pub(super) const fn owes_anything(&self) -> bool {
        matches!(self, Self::Asked | Self::Greeting | Self::Request)
    }

    /// TCP has come up.
    pub(super) const fn is_up(&self) -> bool {
        !matches!(self, Self::Asked | Self::Connecting)
    }

    pub(super) fn connected(&mut self) -> bool {
        let waited_for = matches!(self, Self::Connecting);
        if waited_for {
            *self = Self::Greeting;
        }
        waited_for
    }

    /// Reads a piece; `Some` is the payload behind the handshake, which is over.
    pub(super) fn read<'b>(
        &mut self,
        piece: &'b [u8],
        echo: Option<Dst<'_>>,
    ) -> Result<Option<&'b [u8]>, HostFailure> {
        if piece.is_empty() {
            return Ok(None);
        }
        match self {
            Self::Choosing(parser) => match parser.read(piece).map_err(of_method)? {
                Step::More => Ok(None),
                Step::Done { rest: [] } => {
                    *self = Self::Request;
                    Ok(None)
                }
                // An answer to a request that nobody has sent (S5B-21).
                Step::Done { .. } => Err(HostFailure::NotSocks5),
            },
            Self::Replying(parser) => match parser.read(piece, echo).map_err(of_reply)? {
                Step::More => Ok(None),
                Step::Done { rest } => Ok(Some(rest)),
            },
            // It speaks where it has to listen.
            Self::Asked | Self::Connecting | Self::Greeting | Self::Request => Err(HostFailure::NotSocks5),
        }
    }

    /// Says what is owed; `None` without a destination to ask for.
    pub(super) fn poll(&mut self, dst: Option<Dst<'_>>, out: &mut [u8]) -> Result<Option<Say>, usize> {
        match self {
            Self::Asked => {
                *self = Self::Connecting;
                Ok(Some(Say::Connect))
            }
            Self::Greeting => {
                if out.len() < GREETING.len() {
                    return Err(GREETING.len());
                }
                let bytes = copy_prefix(out, &GREETING);
                *self = Self::Choosing(MethodParser::new());
                Ok(Some(Say::Transmit(bytes)))
            }
            Self::Request => {
                let Some(dst) = dst else { return Ok(None) };
                let bytes = write_request(dst, out).ok_or_else(|| request_length(dst))?;
                *self = Self::Replying(ReplyParser::new());
                Ok(Some(Say::Transmit(bytes)))
            }
            Self::Connecting | Self::Choosing(_) | Self::Replying(_) => Ok(Some(Say::Nothing)),
        }
    }
}

const fn of_method(error: MethodError) -> HostFailure {
    match error {
        // Who accepts nothing without authentication wants a login too (SK-05).
        MethodError::PasswordWanted | MethodError::NoneAccepted => HostFailure::PasswordWanted,
        MethodError::Version(_) | MethodError::NotOffered(_) => HostFailure::NotSocks5,
    }
}

const fn of_reply(error: ReplyError) -> HostFailure {
    match error {
        ReplyError::Refused(rep) => HostFailure::Rejected(rep.byte()),
        ReplyError::Version(_) | ReplyError::AddressType(_) | ReplyError::NotEcho => HostFailure::NotSocks5,
    }
}
