//! PBKDF2-HMAC (RFC 8018) in steps, and the keys SCRAM makes of its result.

use crate::wire::digests::Sha1;
use hmac::digest::Digest;
use hmac::digest::block_api::EagerHash;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroize as _;

/// Room for the longest hash.
pub(super) const KEY_BYTES: usize = 32;

/// Hash function of the mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SCRAM-SHA-1
    Sha1,
    /// SCRAM-SHA-256
    Sha256,
}

/// A salted password, or the way to it.
pub(super) enum Key {
    None,
    Sha1(Derivation<Sha1>),
    Sha256(Derivation<Sha256>),
}

impl Key {
    pub(super) fn start(hash: Hash, password: &[u8], salt: &[u8], rounds: u32) -> Self {
        match hash {
            Hash::Sha1 => Derivation::start(password, salt, rounds).map_or(Self::None, Self::Sha1),
            Hash::Sha256 => Derivation::start(password, salt, rounds).map_or(Self::None, Self::Sha256),
        }
    }

    /// Computes up to `rounds` iterations, true when none is left.
    pub(super) fn run(&mut self, rounds: u32) -> bool {
        match self {
            Self::None => false,
            Self::Sha1(derivation) => derivation.run(rounds),
            Self::Sha256(derivation) => derivation.run(rounds),
        }
    }

    /// Client proof and server signature over the AuthMessage, zero-filled after the hash length.
    pub(super) fn sign(&self, auth_message: Message<'_>) -> ([u8; KEY_BYTES], [u8; KEY_BYTES]) {
        match self {
            Self::None => ([0; KEY_BYTES], [0; KEY_BYTES]),
            Self::Sha1(derivation) => derivation.sign(auth_message),
            Self::Sha256(derivation) => derivation.sign(auth_message),
        }
    }
}

/// A message given part by part to whoever asks for it.
pub(super) type Message<'m> = &'m dyn Fn(&mut dyn FnMut(&[u8]));

/// PBKDF2 under way: one output block, which is all that SCRAM's `Hi` is.
pub(super) struct Derivation<H: EagerHash> {
    /// HMAC keyed with the password, hashed over nothing yet: cloning it saves two of four compressions.
    keyed: Hmac<H>,
    last: [u8; KEY_BYTES],
    sum: [u8; KEY_BYTES],
    left: u32,
}

impl<H: EagerHash + Digest> Derivation<H> {
    fn start(password: &[u8], salt: &[u8], rounds: u32) -> Option<Self> {
        let keyed = Hmac::<H>::new_from_slice(password).ok()?;
        let mut first = keyed.clone();
        first.update(salt);
        first.update(&[0, 0, 0, 1]);
        let last = filled(&first.finalize().into_bytes());
        Some(Self { keyed, last, sum: last, left: rounds.saturating_sub(1) })
    }

    fn run(&mut self, rounds: u32) -> bool {
        let now = rounds.min(self.left);
        let length = <H as Digest>::output_size().min(KEY_BYTES);
        for _ in 0..now {
            let mut next = self.keyed.clone();
            next.update(self.last.get(..length).unwrap_or(&[]));
            self.last = filled(&next.finalize().into_bytes());
            self.sum.iter_mut().zip(&self.last).for_each(|(sum, byte)| *sum ^= byte);
        }
        self.left = self.left.saturating_sub(now);
        self.left == 0
    }

    fn sign(&self, auth_message: Message<'_>) -> ([u8; KEY_BYTES], [u8; KEY_BYTES]) {
        let length = <H as Digest>::output_size().min(KEY_BYTES);
        let salted = self.sum.get(..length).unwrap_or(&[]);
        let mut client_key = mac::<H>(salted, &|part| part(b"Client Key"));
        let stored_key: [u8; KEY_BYTES] = filled(&H::digest(client_key.get(..length).unwrap_or(&[])));
        let mut signature = mac::<H>(stored_key.get(..length).unwrap_or(&[]), auth_message);
        let mut proof = [0u8; KEY_BYTES];
        for ((proof, key), signature) in proof.iter_mut().zip(&client_key).zip(&signature) {
            *proof = key ^ signature;
        }
        let mut server_key = mac::<H>(salted, &|part| part(b"Server Key"));
        let server_signature = mac::<H>(server_key.get(..length).unwrap_or(&[]), auth_message);
        client_key.zeroize();
        server_key.zeroize();
        signature.zeroize();
        (proof, server_signature)
    }
}

impl<H: EagerHash> Drop for Derivation<H> {
    fn drop(&mut self) {
        self.last.zeroize();
        self.sum.zeroize();
    }
}

fn mac<H: EagerHash + Digest>(key: &[u8], message: Message<'_>) -> [u8; KEY_BYTES] {
    let Ok(mut mac) = Hmac::<H>::new_from_slice(key) else {
        return [0; KEY_BYTES];
    };
    message(&mut |part| mac.update(part));
    filled(&mac.finalize().into_bytes())
}

fn filled(hash: &[u8]) -> [u8; KEY_BYTES] {
    let mut out = [0; KEY_BYTES];
    out.iter_mut().zip(hash).for_each(|(to, from)| *to = *from);
    out
}
