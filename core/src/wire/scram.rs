//! SCRAM-SHA-1 and SCRAM-SHA-256 with and without channel binding, client side (RFC 5802, RFC 7677).
//!
//! Messages come and go as plain text; base64 around them belongs to SASL. Nothing is allocated: the limits are
//! [`SERVER_FIRST_BYTES`], [`SALT_BYTES`], [`NONCE_BYTES`] and [`BINDING_BYTES`].

mod message;
mod pbkdf2;

pub use self::message::ScramError;
pub use self::pbkdf2::Hash;

use self::message::{Final, Put, parse_final, parse_first};
use self::pbkdf2::{KEY_BYTES, Key};
use crate::wire::base64;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroize as _;

/// Longest server-first message kept, bytes; the AuthMessage needs it verbatim.
pub const SERVER_FIRST_BYTES: usize = 512;
/// Longest salt, bytes.
pub const SALT_BYTES: usize = 256;
/// Longest client nonce, bytes of text.
pub const NONCE_BYTES: usize = 64;
/// Longest channel-binding data, bytes.
pub const BINDING_BYTES: usize = 64;
/// Smallest iteration count accepted (RFC 7677 section 4).
pub const ROUNDS_MIN: u32 = 4096;

/// Longest `gs2-header` and channel-binding data together.
const GS2_BYTES: usize = 32;

/// The channel-binding part of the exchange (SASL-08).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding<'b> {
    /// `n`: this client cannot bind at all.
    Unsupported,
    /// `y`: this client could bind, the server offered no mechanism for it.
    NotOffered,
    /// `p=tls-exporter` with the 32 bytes of RFC 9266.
    Exporter(&'b [u8]),
    /// `p=tls-server-end-point` with the certificate hash of RFC 5929.
    ServerEndPoint(&'b [u8]),
}

impl<'b> Binding<'b> {
    const fn gs2_header(&self) -> &'static str {
        match self {
            Self::Unsupported => "n,,",
            Self::NotOffered => "y,,",
            Self::Exporter(_) => "p=tls-exporter,,",
            Self::ServerEndPoint(_) => "p=tls-server-end-point,,",
        }
    }

    const fn data(&self) -> &'b [u8] {
        match self {
            Self::Unsupported | Self::NotOffered => &[],
            Self::Exporter(data) | Self::ServerEndPoint(data) => data,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    First,
    Deriving,
    Derived,
    Final,
    Verified,
}

/// One authentication exchange. Secrets are wiped when it is dropped.
pub struct Scram {
    state: State,
    hash: Hash,
    gs2_header: &'static str,
    binding: [u8; BINDING_BYTES],
    binding_len: usize,
    nonce: [u8; NONCE_BYTES],
    nonce_len: usize,
    server_first: [u8; SERVER_FIRST_BYTES],
    server_first_len: usize,
    /// Length of the whole nonce, which stands in `server_first` after `r=`.
    server_nonce_len: usize,
    key: Key,
    server_signature: [u8; KEY_BYTES],
}

impl Scram {
    /// Starts an exchange. `nonce` is at least 18 random bytes as printable text without comma (SASL-04).
    ///
    /// # Errors
    /// [`ScramError::TooLong`] and [`ScramError::Malformed`] for the arguments.
    pub fn new(hash: Hash, binding: Binding<'_>, nonce: &[u8]) -> Result<Self, ScramError> {
        if binding.data().len() > BINDING_BYTES || nonce.len() > NONCE_BYTES {
            return Err(ScramError::TooLong);
        }
        if nonce.is_empty() || !nonce.iter().copied().all(message::is_printable) {
            return Err(ScramError::Malformed);
        }
        let mut new = Self {
            state: State::First,
            hash,
            gs2_header: binding.gs2_header(),
            binding: [0; BINDING_BYTES],
            binding_len: binding.data().len(),
            nonce: [0; NONCE_BYTES],
            nonce_len: nonce.len(),
            server_first: [0; SERVER_FIRST_BYTES],
            server_first_len: 0,
            server_nonce_len: 0,
            key: Key::None,
            server_signature: [0; KEY_BYTES],
        };
        new.binding.iter_mut().zip(binding.data()).for_each(|(to, from)| *to = *from);
        new.nonce.iter_mut().zip(nonce).for_each(|(to, from)| *to = *from);
        Ok(new)
    }

    /// Writes client-first into `out`, returns its length. `user` is the prepared local part, not escaped.
    ///
    /// # Errors
    /// [`ScramError::NoSpace`].
    pub fn client_first(&self, user: &str, out: &mut [u8]) -> Result<usize, ScramError> {
        let mut put = Put::new(out);
        put.bytes(self.gs2_header.as_bytes());
        self.first_bare(user, &mut |part| put.bytes(part));
        put.finish()
    }

    /// Takes server-first and prepares the key derivation; `rounds_max` is the ceiling of SASL-05.
    ///
    /// # Errors
    /// Everything SC-10..17 ask for; the exchange is over then.
    pub fn server_first(&mut self, text: &[u8], password: &[u8], rounds_max: u32) -> Result<(), ScramError> {
        if self.state != State::First {
            return Err(ScramError::State);
        }
        let Some(kept) = self.server_first.get_mut(..text.len()) else {
            return Err(ScramError::TooLong);
        };
        kept.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
        self.server_first_len = text.len();
        let first = parse_first(text)?;
        let ours = self.nonce.get(..self.nonce_len).unwrap_or(&[]);
        if first.nonce.len() <= ours.len() || !first.nonce.starts_with(ours) {
            return Err(ScramError::Nonce);
        }
        if first.rounds < ROUNDS_MIN || first.rounds > rounds_max {
            return Err(ScramError::Rounds);
        }
        let mut salt = [0u8; SALT_BYTES];
        let salt_len = match base64::decode_strict(first.salt, &mut salt) {
            Ok(0) => Err(ScramError::Salt),
            Err(base64::Base64Error::TooLong) => Err(ScramError::TooLong),
            other => other.map_err(|_| ScramError::Salt),
        }?;
        self.server_nonce_len = first.nonce.len();
        self.key = Key::start(self.hash, password, salt.get(..salt_len).unwrap_or(&[]), first.rounds);
        self.state = State::Deriving;
        Ok(())
    }

    /// Computes up to `rounds` iterations (at least one) of the key derivation; true when it is complete (SASL-06).
    pub fn run(&mut self, rounds: u32) -> bool {
        if self.state == State::Deriving && self.key.run(rounds.max(1)) {
            self.state = State::Derived;
        }
        !matches!(self.state, State::First | State::Deriving)
    }

    /// Writes client-final into `out`, returns its length. `user` as in [`client_first`](Self::client_first).
    ///
    /// # Errors
    /// [`ScramError::State`] before [`run`](Self::run) said true, [`ScramError::NoSpace`].
    pub fn client_final(&mut self, user: &str, out: &mut [u8]) -> Result<usize, ScramError> {
        if !matches!(self.state, State::Derived | State::Final) {
            return Err(ScramError::State);
        }
        let mut gs2 = [0u8; GS2_BYTES + BINDING_BYTES];
        let gs2_len = self.gs2(&mut gs2);
        let mut gs2_text = [0u8; base64::encoded_len(GS2_BYTES + BINDING_BYTES)];
        let gs2_text_len = base64::encode(gs2.get(..gs2_len).unwrap_or(&[]), &mut gs2_text).unwrap_or(0);
        let gs2_text = gs2_text.get(..gs2_text_len).unwrap_or(&[]);
        let server_first = self.server_first.get(..self.server_first_len).unwrap_or(&[]);
        let nonce = server_first.get(2..).and_then(|text| text.get(..self.server_nonce_len)).unwrap_or(&[]);

        // AuthMessage is hashed part by part, so that it never has to stand anywhere as a whole.
        let auth_message = |part: &mut dyn FnMut(&[u8])| {
            self.first_bare(user, part);
            for piece in [b",", server_first, b",c=", gs2_text, b",r=", nonce] {
                part(piece);
            }
        };
        let (mut proof, signature) = self.key.sign(&auth_message);
        let length = self.hash.bytes();
        let mut proof_text = [0u8; base64::encoded_len(KEY_BYTES)];
        let proof_len = base64::encode(proof.get(..length).unwrap_or(&[]), &mut proof_text).unwrap_or(0);
        let mut put = Put::new(out);
        for piece in [b"c=", gs2_text, b",r=", nonce, b",p=", proof_text.get(..proof_len).unwrap_or(&[])] {
            put.bytes(piece);
        }
        proof.zeroize();
        proof_text.zeroize();
        let written = put.finish()?;
        self.server_signature = signature;
        self.state = State::Final;
        Ok(written)
    }

    /// Takes server-final. Only after this returned `Ok` the server is who it claims to be (SASL-07).
    ///
    /// # Errors
    /// [`ScramError::Signature`], [`ScramError::Refused`], [`ScramError::Malformed`], [`ScramError::State`].
    pub fn server_final(&mut self, text: &[u8]) -> Result<(), ScramError> {
        if self.state != State::Final {
            return Err(ScramError::State);
        }
        let verifier = match parse_final(text)? {
            Final::Verifier(verifier) => verifier,
            Final::Error => return Err(ScramError::Refused),
        };
        let mut claimed = [0u8; KEY_BYTES];
        let length = base64::decode_strict(verifier, &mut claimed).map_err(|_| ScramError::Malformed)?;
        // Bytes past the hash are zero in both, so the whole array can be compared.
        if length != self.hash.bytes() || !bool::from(claimed.ct_eq(&self.server_signature)) {
            return Err(ScramError::Signature);
        }
        self.state = State::Verified;
        Ok(())
    }

    /// True after [`server_final`](Self::server_final) returned `Ok`.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.state == State::Verified
    }

    fn first_bare(&self, user: &str, part: &mut dyn FnMut(&[u8])) {
        part(b"n=");
        message::escaped_user(user.as_bytes(), part);
        part(b",r=");
        part(self.nonce.get(..self.nonce_len).unwrap_or(&[]));
    }

    fn gs2(&self, out: &mut [u8]) -> usize {
        let mut put = Put::new(out);
        put.bytes(self.gs2_header.as_bytes());
        put.bytes(self.binding.get(..self.binding_len).unwrap_or(&[]));
        put.finish().unwrap_or(0)
    }
}

impl Hash {
    const fn bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}

impl core::fmt::Debug for Scram {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Scram") // never the secrets
    }
}

impl Drop for Scram {
    fn drop(&mut self) {
        self.server_signature.zeroize();
        self.binding.zeroize();
    }
}

#[cfg(test)]
mod tests;
