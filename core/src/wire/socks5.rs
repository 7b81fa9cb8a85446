//! SOCKS5 frames of both sides as XEP-0065 uses them (RFC 1928, XEP-0065 sections 5 to 7).
//!
//! The client side writes [`GREETING`] and [`write_request`] and reads with [`MethodParser`] and [`ReplyParser`]; the
//! server side reads with [`GreetingParser`] and [`RequestParser`] and answers with what they give. What goes out is
//! always one slice, for one write: several deployed parsers take one read for one message.
//!
//! Parsers take input in pieces of any size, read no byte beyond their frame and give the rest back ([`Step`]). A
//! parser that has finished takes nothing more, one that has refused refuses for ever. Who speaks when, and for how
//! long one waits, is not decided here.

mod dst;
mod greeting;
mod reply;
mod request;

pub use self::dst::{Digest, Dst, DstError, SID_BYTES_MAX};
pub use self::greeting::{
    GREETING, GreetingError, GreetingParser, METHOD_ACCEPTED, METHOD_REFUSED, MethodError, MethodParser,
};
pub use self::reply::{Rep, ReplyError, ReplyParser};
#[cfg(any(test, feature = "internals"))]
pub use self::request::{REQUEST_BYTES_MAX, RequestError};
pub use self::request::{RequestParser, request_length, write_request};

/// First byte of every frame.
const VERSION: u8 = 5;
/// The method without authentication.
const NO_AUTH: u8 = 0;
/// The one command there is: connect.
const CONNECT: u8 = 1;
/// Address types.
const IPV4: u8 = 1;
const DOMAIN: u8 = 3;
const IPV6: u8 = 4;

/// Bytes of a request or reply with an IPv4 address.
const IPV4_FRAME_BYTES: u16 = 10;
/// Bytes of a request or reply with an IPv6 address.
const IPV6_FRAME_BYTES: u16 = 22;
/// Bytes of a request or reply besides the text of a domain: head, length, port.
const DOMAIN_FRAME_BYTES: u16 = 7;

/// What a piece of input brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'b> {
    /// The whole piece belongs to the frame, and the frame goes on.
    More,
    /// The frame is complete and well.
    Done {
        /// What follows the frame in this piece: the next frame, or payload.
        rest: &'b [u8],
    },
}

/// How a parser ended, if it has.
type End<E> = Option<Result<(), E>>;

/// Gives bytes to `take` until it says that the frame is complete or refuses it, and remembers which.
fn feed<'b, E: Copy>(
    end: &mut End<E>,
    piece: &'b [u8],
    mut take: impl FnMut(u8) -> Result<bool, E>,
) -> Result<Step<'b>, E> {
    let mut bytes = piece.iter();
    while end.is_none() {
        let Some(byte) = bytes.next() else { return Ok(Step::More) };
        *end = match take(*byte) {
            Ok(false) => None,
            Ok(true) => Some(Ok(())),
            Err(error) => Some(Err(error)),
        };
    }
    end.unwrap_or(Ok(())).map(|()| Step::Done { rest: bytes.as_slice() })
}

/// Bytes of a frame whose address begins with these two, the type and the first byte after it; `None` for a type
/// that does not exist.
const fn frame_bytes(address_type: u8, first: u8) -> Option<u16> {
    match address_type {
        IPV4 => Some(IPV4_FRAME_BYTES),
        DOMAIN => Some(DOMAIN_FRAME_BYTES.saturating_add(first as u16)),
        IPV6 => Some(IPV6_FRAME_BYTES),
        _ => None,
    }
}

/// The request byte by byte: also what a reply is compared with.
fn request_bytes(dst: Dst<'_>) -> impl Iterator<Item = u8> {
    let text = dst.as_bytes();
    // A destination has at most 255 bytes.
    let length = u8::try_from(text.len()).unwrap_or(u8::MAX);
    let head = [VERSION, CONNECT, 0, DOMAIN, length];
    head.into_iter().chain(text.iter().copied()).chain([0, 0])
}

#[cfg(test)]
mod tests;
