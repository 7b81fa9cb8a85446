//! The server's reply to a request, read by the client (RFC 1928 section 6).

use super::{Dst, End, Step, VERSION, feed, frame_bytes, request_bytes};

/// The REP field of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rep {
    /// 00: succeeded.
    Succeeded,
    /// 01: general failure.
    GeneralFailure,
    /// 02: not allowed; a streamhost says so of a destination it does not know (S5B-32).
    NotAllowed,
    /// 03: network unreachable.
    NetworkUnreachable,
    /// 04: host unreachable.
    HostUnreachable,
    /// 05: connection refused.
    ConnectionRefused,
    /// 06: time to live expired.
    TtlExpired,
    /// 07: command not supported.
    CommandNotSupported,
    /// 08: address type not supported.
    AddressTypeNotSupported,
    /// A code that RFC 1928 does not assign: a failure too.
    Unassigned(u8),
}

impl Rep {
    /// The code's meaning.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        match byte {
            0 => Self::Succeeded,
            1 => Self::GeneralFailure,
            2 => Self::NotAllowed,
            3 => Self::NetworkUnreachable,
            4 => Self::HostUnreachable,
            5 => Self::ConnectionRefused,
            6 => Self::TtlExpired,
            7 => Self::CommandNotSupported,
            8 => Self::AddressTypeNotSupported,
            byte => Self::Unassigned(byte),
        }
    }

    /// The code.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Succeeded => 0,
            Self::GeneralFailure => 1,
            Self::NotAllowed => 2,
            Self::NetworkUnreachable => 3,
            Self::HostUnreachable => 4,
            Self::ConnectionRefused => 5,
            Self::TtlExpired => 6,
            Self::CommandNotSupported => 7,
            Self::AddressTypeNotSupported => 8,
            Self::Unassigned(byte) => byte,
        }
    }
}

/// Why a reply ends the attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyError {
    /// The first byte, this one, is not version 5.
    Version(u8),
    /// The server refuses, never with [`Rep::Succeeded`]. What would follow is not waited for: peers cut it short
    /// (SK-14).
    Refused(Rep),
    /// The address is of this type, which does not exist, so the end of the reply cannot be known.
    AddressType(u8),
    /// Strict mode: the reply does not repeat the request.
    NotEcho,
}

/// Reads the reply: exactly 10 bytes with an IPv4 address, 22 with IPv6, 7 and the text with a domain (S5B-23).
///
/// It keeps none of them, so the longest domain costs no room.
#[derive(Clone, Debug, Default)]
pub struct ReplyParser {
    frame: Frame,
    end: End<ReplyError>,
}

#[derive(Clone, Debug, Default)]
struct Frame {
    read: u16,
    address_type: u8,
    /// Length of the whole reply, once known.
    length: Option<u16>,
}

impl ReplyParser {
    /// Nothing read.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a piece of input. Once done, the rest of the piece is payload.
    ///
    /// `echo` is the destination of the request in strict mode: the reply has to repeat the request but for REP. In
    /// lenient mode, `None`, neither the address and port nor the reserved byte matter. It stays the same from piece
    /// to piece.
    ///
    /// # Errors
    /// See [`ReplyError`]; from then on always the same.
    pub fn read<'b>(&mut self, piece: &'b [u8], echo: Option<Dst<'_>>) -> Result<Step<'b>, ReplyError> {
        feed(&mut self.end, piece, |byte| self.frame.take(byte, echo))
    }
}

impl Frame {
    fn take(&mut self, byte: u8, echo: Option<Dst<'_>>) -> Result<bool, ReplyError> {
        match self.read {
            0 if byte != VERSION => return Err(ReplyError::Version(byte)),
            1 if byte != Rep::Succeeded.byte() => return Err(ReplyError::Refused(Rep::from_byte(byte))),
            3 => {
                self.address_type = byte;
                // Which type it is decides whether there is a length byte at all.
                if frame_bytes(byte, 0).is_none() {
                    return Err(ReplyError::AddressType(byte));
                }
            }
            4 => self.length = frame_bytes(self.address_type, byte),
            _ => {}
        }
        if echo.is_some_and(|dst| !repeats(dst, self.read, byte)) {
            return Err(ReplyError::NotEcho);
        }
        self.read = self.read.saturating_add(1);
        Ok(self.length == Some(self.read))
    }
}

/// True if the request for `dst` has this byte at this place; of the second byte only REP decides.
fn repeats(dst: Dst<'_>, at: u16, byte: u8) -> bool {
    at == 1 || request_bytes(dst).nth(usize::from(at)) == Some(byte)
}
