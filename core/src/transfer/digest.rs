//! The hashes of the bytes that pass, in one pass.

use md5::Md5;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

/// Hashes under way. Which ones run is decided when the transfer is agreed.
#[derive(Clone, Debug, Default)]
pub struct Digest {
    sha256: Option<Sha256>,
    md5: Option<Md5>,
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
    /// No hash runs.
    pub const NONE: Self = Self { sha256: None, md5: None };

    /// Starts the wanted hashes.
    pub fn start(sha256: bool, md5: bool) -> Self {
        Self { sha256: sha256.then(Sha256::new), md5: md5.then(Md5::new) }
    }

    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        if let Some(hash) = &mut self.sha256 {
            hash.update(bytes);
        }
        if let Some(hash) = &mut self.md5 {
            hash.update(bytes);
        }
    }

    /// SHA-256 of all bytes so far.
    pub fn sha256(&self) -> Option<[u8; 32]> {
        self.sha256.as_ref().map(|hash| hash.clone().finalize().into())
    }

    /// MD5 of all bytes so far.
    pub fn md5(&self) -> Option<[u8; 16]> {
        self.md5.as_ref().map(|hash| hash.clone().finalize().into())
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
