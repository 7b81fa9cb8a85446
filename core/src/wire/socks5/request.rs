//! The client's request and, at the server, its refusal or echo (RFC 1928 sections 4 and 6).

use super::reply::Rep;
use super::{
    CONNECT, DOMAIN, DOMAIN_FRAME_BYTES, Dst, DstError, End, IPV4, Step, VERSION, feed, frame_bytes,
    request_bytes,
};

/// Longest request, and the room a server keeps for one: head, length, 255 bytes of destination, port.
pub const REQUEST_BYTES_MAX: usize = 262;

/// Where the destination begins.
const DST_AT: usize = 5;

/// Writes the request to connect to `dst`, 47 bytes for a digest, for one write (S5B-22); returns its length, or
/// `None` if `out` is shorter. [`REQUEST_BYTES_MAX`] is always enough.
pub fn write_request(dst: Dst<'_>, out: &mut [u8]) -> Option<usize> {
    let length = request_length(dst);
    let room = out.get_mut(..length)?;
    room.iter_mut().zip(request_bytes(dst)).for_each(|(to, byte)| *to = byte);
    Some(length)
}

/// Bytes of the request to connect to `dst`.
#[must_use]
pub const fn request_length(dst: Dst<'_>) -> usize {
    dst.as_bytes().len().saturating_add(DOMAIN_FRAME_BYTES as usize)
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestError {
    /// The first byte, this one, is not version 5.
    Version(u8),
    /// The command, this one, is not CONNECT (SK-15).
    Command(u8),
    /// The address type, this one, is not a domain.
    AddressType(u8),
    /// The reserved byte, this one, is not zero.
    Reserved(u8),
    /// The port, this one, is not zero (SK-16).
    Port(u16),
    /// The text is no destination.
    Dst(DstError),
}

impl RequestError {
    /// What to answer with ([`RequestParser::reply`]) before closing; `None`: close at once.
    #[must_use]
    pub const fn rep(self) -> Option<Rep> {
        match self {
            Self::Version(_) => None,
            Self::Command(_) => Some(Rep::CommandNotSupported),
            Self::AddressType(_) => Some(Rep::AddressTypeNotSupported),
            Self::Reserved(_) => Some(Rep::GeneralFailure),
            Self::Port(_) | Self::Dst(_) => Some(Rep::NotAllowed),
        }
    }
}

/// Reads a client's request and keeps it, 262 bytes at most, because the answer repeats it (S5B-32).
///
/// A request that can be answered is read to its end before it is refused.
#[derive(Clone, Debug, Default)]
pub struct RequestParser {
    frame: Frame,
    end: End<RequestError>,
}

#[derive(Clone, Debug, Default)]
struct Frame {
    bytes: heapless::Vec<u8, REQUEST_BYTES_MAX>,
}

impl RequestParser {
    /// Nothing read.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a piece of input.
    ///
    /// # Errors
    /// See [`RequestError`]; from then on always the same.
    pub fn read<'b>(&mut self, piece: &'b [u8]) -> Result<Step<'b>, RequestError> {
        feed(&mut self.end, piece, |byte| self.frame.take(byte))
    }

    /// The destination asked for, once the request is complete and not refused.
    #[must_use]
    pub fn dst(&self) -> Option<Dst<'_>> {
        self.end?.ok()?;
        self.frame.dst().ok()
    }

    /// The answer, for one write: the request with `rep` in its second byte (S5B-33).
    ///
    /// A request with an address type that does not exist has no end to repeat; its answer holds the IPv4 address
    /// 0.0.0.0. `None` before the request is complete, after one that is not answered ([`RequestError::rep`]), and
    /// for a success after one that was refused.
    pub fn reply(&mut self, rep: Rep) -> Option<&[u8]> {
        match self.end? {
            Ok(()) => {}
            Err(error) if error.rep().is_some() && rep != Rep::Succeeded => {}
            Err(_) => return None,
        }
        if self.frame.length().is_none() {
            self.frame.bytes.clear();
            for byte in [VERSION, 0, 0, IPV4, 0, 0, 0, 0, 0, 0] {
                self.frame.bytes.push(byte).ok()?;
            }
        }
        *self.frame.bytes.get_mut(1)? = rep.byte();
        Some(&self.frame.bytes)
    }
}

impl Frame {
    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or_default()
    }

    /// Length of the whole request, once its address type and, for a domain, the byte after it are there.
    fn length(&self) -> Option<usize> {
        frame_bytes(*self.bytes.get(3)?, *self.bytes.get(4)?).map(usize::from)
    }

    fn take(&mut self, byte: u8) -> Result<bool, RequestError> {
        if self.bytes.is_empty() && byte != VERSION {
            return Err(RequestError::Version(byte));
        }
        // There is room: a request is complete at 262 bytes at the latest.
        let _ = self.bytes.push(byte);
        let unknown_type = self.bytes.len() == 4 && frame_bytes(byte, 0).is_none();
        if unknown_type || self.length() == Some(self.bytes.len()) {
            return self.check().map(|()| true);
        }
        Ok(false)
    }

    /// The complete request: which refusal comes first is the order of REP codes in S5B-32.
    fn check(&self) -> Result<(), RequestError> {
        let (command, reserved, address_type) = (self.byte(1), self.byte(2), self.byte(3));
        if command != CONNECT {
            return Err(RequestError::Command(command));
        }
        if address_type != DOMAIN {
            return Err(RequestError::AddressType(address_type));
        }
        if reserved != 0 {
            return Err(RequestError::Reserved(reserved));
        }
        let port = self.bytes.last_chunk::<2>().map_or(0, |bytes| u16::from_be_bytes(*bytes));
        if port != 0 {
            return Err(RequestError::Port(port));
        }
        self.dst().map(|_| ()).map_err(RequestError::Dst)
    }

    fn dst(&self) -> Result<Dst<'_>, DstError> {
        let text = self.bytes.get(DST_AT..).and_then(|rest| rest.split_last_chunk::<2>());
        Dst::parse(text.map_or(&[], |(text, _)| text))
    }
}
