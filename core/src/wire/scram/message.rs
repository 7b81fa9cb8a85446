//! The grammar of SCRAM messages (RFC 5802 section 7) and a bounded writer for them.

use nom::bytes::complete::{tag, take_while, take_while1};
use nom::sequence::preceded;
use nom::{IResult, Parser as _};

/// Why the exchange was given up. Every variant means: abort the authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScramError {
    /// The message does not follow the grammar (SC-13, SC-16).
    Malformed,
    /// The server's nonce does not continue ours (SC-10, SC-11).
    Nonce,
    /// The iteration count is below 4096 or above the configured ceiling (SC-12, SC-14).
    Rounds,
    /// A mandatory extension (`m=`), which no client may ignore (SC-15).
    Extension,
    /// The salt is empty or not base64 (SC-17).
    Salt,
    /// An argument or message exceeds the limits of this module.
    TooLong,
    /// The server reported an error (`e=`, SC-21).
    Refused,
    /// The server does not know the password: its signature is wrong (SC-18).
    Signature,
    /// The output slice is too small; nothing else changed.
    NoSpace {
        /// Bytes that would do.
        needed: usize,
    },
    /// Not the time for this message (SC-20).
    State,
}

/// The fields of server-first, as they stand in the message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct First<'m> {
    pub nonce: &'m [u8],
    /// Base64.
    pub salt: &'m [u8],
    pub rounds: u32,
}

/// What server-final says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Final<'m> {
    /// Base64 of the server signature.
    Verifier(&'m [u8]),
    Error,
}

/// RFC 5802 `printable`: visible ASCII except the comma.
pub(super) const fn is_printable(byte: u8) -> bool {
    matches!(byte, 0x21..=0x2b | 0x2d..=0x7e)
}

/// RFC 5802 `value-char`: anything but NUL and comma; UTF-8 is not looked at, because nothing here is shown.
fn is_value(byte: u8) -> bool {
    byte != 0 && byte != b','
}

fn attribute<'m>(name: &'static str, of: fn(u8) -> bool) -> impl Fn(&'m [u8]) -> IResult<&'m [u8], &'m [u8]> {
    move |text| preceded(tag(name), take_while1(of)).parse(text)
}

/// One `,x=value` that this client has no name for; gives the letter.
fn extension(text: &[u8]) -> IResult<&[u8], u8> {
    let (text, _) = tag(",").parse(text)?;
    let (text, name) = nom::number::complete::u8.parse(text)?;
    if !name.is_ascii_alphabetic() {
        return Err(nom::Err::Error(nom::error::Error::new(text, nom::error::ErrorKind::Alpha)));
    }
    let (text, _) = preceded(tag("="), take_while(is_value)).parse(text)?;
    Ok((text, name))
}

/// Reads the extensions at the end of a message; `m` among them is fatal wherever it stands (SC-15).
fn extensions(mut text: &[u8]) -> Result<(), ScramError> {
    while !text.is_empty() {
        let (rest, name) = extension(text).map_err(|_| ScramError::Malformed)?;
        if name == b'm' {
            return Err(ScramError::Extension);
        }
        text = rest;
    }
    Ok(())
}

pub(super) fn parse_first(text: &[u8]) -> Result<First<'_>, ScramError> {
    if text.starts_with(b"m=") {
        return Err(ScramError::Extension);
    }
    let mut fields = (
        attribute("r=", is_printable),
        // The empty salt gets past here to be told apart from a malformed message.
        preceded(tag(",s="), take_while(is_value)),
        preceded(tag(",i="), take_while(|byte: u8| byte.is_ascii_digit())),
    );
    let (rest, (nonce, salt, digits)) = fields.parse(text).map_err(|_| ScramError::Malformed)?;
    let rounds = number(digits)?;
    extensions(rest)?;
    Ok(First { nonce, salt, rounds })
}

/// RFC 5802 `posit-number`, checked; a number too large for `u32` is above every ceiling.
fn number(digits: &[u8]) -> Result<u32, ScramError> {
    if digits.is_empty() {
        return Err(ScramError::Malformed);
    }
    let mut value = 0u32;
    for digit in digits {
        let digit = u32::from(digit.wrapping_sub(b'0'));
        let next = value.checked_mul(10).and_then(|value| value.checked_add(digit));
        value = next.ok_or(ScramError::Rounds)?;
    }
    if value == 0 || digits.first() == Some(&b'0') {
        return Err(ScramError::Malformed);
    }
    Ok(value)
}

pub(super) fn parse_final(text: &[u8]) -> Result<Final<'_>, ScramError> {
    if let Ok((rest, _)) = attribute("e=", is_value)(text) {
        return extensions(rest).map(|()| Final::Error);
    }
    let (rest, verifier) = attribute("v=", is_value)(text).map_err(|_| ScramError::Malformed)?;
    extensions(rest)?;
    Ok(Final::Verifier(verifier))
}

/// Gives the user name with `,` and `=` escaped (SASL-03), byte by byte: names are short.
pub(super) fn escaped_user(user: &[u8], part: &mut dyn FnMut(&[u8])) {
    for &byte in user {
        match byte {
            b',' => part(b"=2C"),
            b'=' => part(b"=3D"),
            plain => part(&[plain]),
        }
    }
}

/// Writes into a slice and goes on counting when it is full.
pub(super) struct Put<'o> {
    out: &'o mut [u8],
    length: usize,
}

impl<'o> Put<'o> {
    pub(super) fn new(out: &'o mut [u8]) -> Self {
        Self { out, length: 0 }
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        if let Some(room) = self.out.get_mut(self.length..).and_then(|out| out.get_mut(..bytes.len())) {
            room.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        }
        self.length = self.length.saturating_add(bytes.len());
    }

    pub(super) fn finish(self) -> Result<usize, ScramError> {
        if self.length > self.out.len() {
            return Err(ScramError::NoSpace { needed: self.length });
        }
        Ok(self.length)
    }
}
