//! The hashes of the bytes that pass, in one pass.

use crate::wire::digests::Md5;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

/// The hash under way. Which one runs is decided when the transfer is agreed; nobody compares two of them.
#[derive(Clone, Debug, Default)]
pub enum Digest {
    /// No hash runs.
    #[default]
    None,
    /// SHA-256.
    Sha256(Sha256),
    /// MD5, for peers that give nothing better (SI-12).
    Md5(Md5),
}

/// What comparing hashes showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// At least one hash was compared, and all that were are equal.
    Match,
    /// A hash differs.
    Mismatch,
    /// There was nothing to compare.
    Nothing,
}

impl Digest {
    /// Starts the wanted hash; the stronger one when both are.
    pub fn start(sha256: bool, md5: bool) -> Self {
        match (sha256, md5) {
            (true, _) => Self::Sha256(Sha256::new()),
            (false, true) => Self::Md5(Md5::new()),
            (false, false) => Self::None,
        }
    }

    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::None => {}
            Self::Sha256(hash) => hash.update(bytes),
            Self::Md5(hash) => hash.update(bytes),
        }
    }

    /// SHA-256 of all bytes so far.
    pub fn sha256(&self) -> Option<[u8; 32]> {
        if let Self::Sha256(hash) = self { Some(hash.clone().finalize().into()) } else { None }
    }

    /// MD5 of all bytes so far.
    pub fn md5(&self) -> Option<[u8; 16]> {
        if let Self::Md5(hash) = self { Some(hash.clone().finalize().into()) } else { None }
    }

    /// Compares with what was announced, in constant time (ATK-61).
    pub fn verify(&self, sha256: Option<&[u8; 32]>, md5: Option<&[u8; 16]>) -> Verdict {
        let strong = self.sha256().zip(sha256).map(|(own, said)| bool::from(own.ct_eq(said)));
        let weak = self.md5().zip(md5).map(|(own, said)| bool::from(own.ct_eq(said)));
        match (strong, weak) {
            (Some(false), _) | (_, Some(false)) => Verdict::Mismatch,
            (None, None) => Verdict::Nothing,
            _ => Verdict::Match,
        }
    }
}
