//! Version and methods: the client's greeting, and the server's choice (RFC 1928 section 3).

use super::{End, NO_AUTH, Step, VERSION, feed};

/// The client's greeting: one method, without authentication (S5B-20).
pub const GREETING: [u8; 3] = [VERSION, 1, NO_AUTH];
/// The server's choice of the method without authentication.
pub const METHOD_ACCEPTED: [u8; 2] = [VERSION, NO_AUTH];
/// The server's refusal of all methods offered.
pub const METHOD_REFUSED: [u8; 2] = [VERSION, NONE_ACCEPTABLE];

const PASSWORD: u8 = 2;
const NONE_ACCEPTABLE: u8 = 0xff;

/// Why a greeting is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GreetingError {
    /// The first byte, this one, is not version 5: another protocol.
    Version(u8),
    /// The list of methods is empty (SK-09).
    NoMethods,
    /// The method without authentication is not in the list (SK-08).
    NoAuthMissing,
}

impl GreetingError {
    /// What to send before closing; nothing to who speaks another protocol (SK-10).
    #[must_use]
    pub const fn answer(self) -> Option<&'static [u8; 2]> {
        match self {
            Self::NoMethods | Self::NoAuthMissing => Some(&METHOD_REFUSED),
            Self::Version(_) => None,
        }
    }
}

/// Reads a client's greeting: version, number of methods, methods (S5B-31).
///
/// Once done, [`METHOD_ACCEPTED`] is the answer.
#[derive(Clone, Debug, Default)]
pub struct GreetingParser {
    methods: Methods,
    end: End<GreetingError>,
}

#[derive(Clone, Debug, Default)]
struct Methods {
    version_read: bool,
    /// Methods still to come, once their number is known.
    left: Option<u8>,
    no_auth: bool,
}

impl GreetingParser {
    /// Nothing read.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a piece of input.
    ///
    /// # Errors
    /// See [`GreetingError`]; from then on always the same.
    pub fn read<'b>(&mut self, piece: &'b [u8]) -> Result<Step<'b>, GreetingError> {
        feed(&mut self.end, piece, |byte| self.methods.take(byte))
    }
}

impl Methods {
    fn take(&mut self, byte: u8) -> Result<bool, GreetingError> {
        if !self.version_read {
            self.version_read = true;
            return if byte == VERSION { Ok(false) } else { Err(GreetingError::Version(byte)) };
        }
        let Some(left) = self.left else {
            self.left = Some(byte);
            return if byte == 0 { Err(GreetingError::NoMethods) } else { Ok(false) };
        };
        self.no_auth |= byte == NO_AUTH;
        let left = left.saturating_sub(1);
        self.left = Some(left);
        match (left, self.no_auth) {
            (0, false) => Err(GreetingError::NoAuthMissing),
            (left, _) => Ok(left == 0),
        }
    }
}

/// Why the server's choice ends the attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodError {
    /// The first byte, this one, is not version 5: no SOCKS5 server.
    Version(u8),
    /// The server accepts none of the methods offered (SK-05).
    NoneAccepted,
    /// The server wants user name and password, which were not offered (a proxy that asks for a login).
    PasswordWanted,
    /// The server chose this method, which was not offered.
    NotOffered(u8),
}

/// Reads the server's choice: two bytes, never more (S5B-20).
#[derive(Clone, Debug, Default)]
pub struct MethodParser {
    version_read: bool,
    end: End<MethodError>,
}

impl MethodParser {
    /// Nothing read.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a piece of input. Once done, the request may go (S5B-21).
    ///
    /// A server that answers before it was asked is seen by the rest that it leaves.
    ///
    /// # Errors
    /// See [`MethodError`]; from then on always the same.
    pub fn read<'b>(&mut self, piece: &'b [u8]) -> Result<Step<'b>, MethodError> {
        let version_read = &mut self.version_read;
        feed(&mut self.end, piece, |byte| {
            if core::mem::replace(version_read, true) {
                return chosen(byte).map(|()| true);
            }
            if byte == VERSION { Ok(false) } else { Err(MethodError::Version(byte)) }
        })
    }
}

const fn chosen(method: u8) -> Result<(), MethodError> {
    match method {
        NO_AUTH => Ok(()),
        PASSWORD => Err(MethodError::PasswordWanted),
        NONE_ACCEPTABLE => Err(MethodError::NoneAccepted),
        method => Err(MethodError::NotOffered(method)),
    }
}
