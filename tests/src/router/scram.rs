//! The server's half of SCRAM (RFC 5802, 7677) with channel binding (RFC 5929, 9266).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

/// The hash of a SCRAM mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hash {
    /// SCRAM-SHA-1.
    Sha1,
    /// SCRAM-SHA-256.
    Sha256,
}

/// What binds the authentication to the TLS session under it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bindings {
    /// `tls-exporter`: 32 bytes exported with label `EXPORTER-Channel-Binding` and empty context.
    pub exporter: Option<[u8; 32]>,
    /// `tls-server-end-point`: hash of the server certificate.
    pub end_point: Option<Vec<u8>>,
}

impl Bindings {
    /// Names of the types at hand, strongest first.
    pub fn types(&self) -> Vec<&'static str> {
        let exporter = self.exporter.as_ref().map(|_| "tls-exporter");
        let end_point = self.end_point.as_ref().map(|_| "tls-server-end-point");
        exporter.into_iter().chain(end_point).collect()
    }

    fn data(&self, kind: &str) -> Option<&[u8]> {
        match kind {
            "tls-exporter" => self.exporter.as_ref().map(|e| e.as_slice()),
            "tls-server-end-point" => self.end_point.as_deref(),
            _ => None,
        }
    }
}

/// Why a login failed; the names are SASL failure conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The client gave up.
    Aborted,
    /// The account may not log in.
    AccountDisabled,
    /// The password is out of date.
    CredentialsExpired,
    /// The mechanism needs TLS.
    EncryptionRequired,
    /// Base64 that is none.
    IncorrectEncoding,
    /// An authorization identity that is not the account.
    InvalidAuthzid,
    /// A mechanism that was not offered.
    InvalidMechanism,
    /// A message that breaks the mechanism's grammar.
    MalformedRequest,
    /// A mechanism the account may not use.
    MechanismTooWeak,
    /// Wrong name, password or channel binding.
    NotAuthorized,
    /// Try later.
    TemporaryAuthFailure,
}

impl Refused {
    /// The element name.
    pub fn condition(self) -> &'static str {
        match self {
            Self::Aborted => "aborted",
            Self::AccountDisabled => "account-disabled",
            Self::CredentialsExpired => "credentials-expired",
            Self::EncryptionRequired => "encryption-required",
            Self::IncorrectEncoding => "incorrect-encoding",
            Self::InvalidAuthzid => "invalid-authzid",
            Self::InvalidMechanism => "invalid-mechanism",
            Self::MalformedRequest => "malformed-request",
            Self::MechanismTooWeak => "mechanism-too-weak",
            Self::NotAuthorized => "not-authorized",
            Self::TemporaryAuthFailure => "temporary-auth-failure",
        }
    }
}

impl Hash {
    fn digest(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(data).to_vec(),
            Self::Sha256 => Sha256::digest(data).to_vec(),
        }
    }

    fn hmac(self, key: &[u8], data: &[u8]) -> Vec<u8> {
        // A key of any length is allowed in HMAC, so making one cannot fail.
        match self {
            Self::Sha1 => {
                let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("any key length");
                mac.update(data);
                mac.finalize().into_bytes().to_vec()
            }
            Self::Sha256 => {
                let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key length");
                mac.update(data);
                mac.finalize().into_bytes().to_vec()
            }
        }
    }

    /// Salted password, remembered for the process: simulations log the same accounts in thousands of times.
    fn salted(self, password: &str, salt: &[u8], rounds: u32) -> Vec<u8> {
        type Key = (Hash, String, Vec<u8>, u32);
        static KNOWN: OnceLock<Mutex<HashMap<Key, Vec<u8>>>> = OnceLock::new();
        let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        let key = (self, password.to_owned(), salt.to_vec(), rounds);
        let derive = || match self {
            Self::Sha1 => pbkdf2::pbkdf2_hmac_array::<Sha1, 20>(password.as_bytes(), salt, rounds).to_vec(),
            Self::Sha256 => {
                pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(password.as_bytes(), salt, rounds).to_vec()
            }
        };
        known.entry(key).or_insert_with(derive).clone()
    }
}

/// What the server knows and offers when a SCRAM login begins.
#[derive(Debug, Clone)]
pub struct Terms<'a> {
    /// The mechanism's hash.
    pub hash: Hash,
    /// Whether the client chose the -PLUS variant.
    pub plus: bool,
    /// Whether a -PLUS variant was offered, so that a `y` flag betrays a downgrade.
    pub plus_offered: bool,
    /// Binding data of the stream.
    pub bindings: &'a Bindings,
    /// The server's part of the nonce.
    pub nonce: &'a str,
    /// Salt of the accounts, mixed with the user name.
    pub salt: &'a [u8],
    /// PBKDF2 rounds.
    pub rounds: u32,
}

/// A SCRAM login between the server's first and last message.
#[derive(Debug, Clone)]
pub struct Scram {
    hash: Hash,
    user: String,
    /// `None` for an unknown user, who is let go on to the end like any other.
    salted: Option<Vec<u8>>,
    nonce: String,
    auth_message: String,
    cbind_input: Vec<u8>,
}

impl Scram {
    /// Reads the client's first message; gives the state and the server's first message.
    pub fn begin(
        terms: &Terms<'_>,
        message: &[u8],
        password_of: impl Fn(&str) -> Option<String>,
    ) -> Result<(Self, String), Refused> {
        let text = std::str::from_utf8(message).map_err(|_| Refused::MalformedRequest)?;
        let mut parts = text.splitn(3, ',');
        let (flag, authzid, bare) = match (parts.next(), parts.next(), parts.next()) {
            (Some(flag), Some(authzid), Some(bare)) => (flag, authzid, bare),
            _ => return Err(Refused::MalformedRequest),
        };
        let cbind = match flag.strip_prefix("p=") {
            Some(kind) if terms.plus => terms.bindings.data(kind).ok_or(Refused::NotAuthorized)?,
            Some(_) => return Err(Refused::MalformedRequest),
            None if terms.plus => return Err(Refused::MalformedRequest),
            None if flag == "n" || (flag == "y" && !terms.plus_offered) => &[],
            None if flag == "y" => return Err(Refused::NotAuthorized),
            None => return Err(Refused::MalformedRequest),
        };
        let mut attrs = bare.split(',');
        let user = attrs.next().and_then(|a| a.strip_prefix("n=")).ok_or(Refused::MalformedRequest)?;
        let client_nonce =
            attrs.next().and_then(|a| a.strip_prefix("r=")).ok_or(Refused::MalformedRequest)?;
        let user = unescape(user).ok_or(Refused::MalformedRequest)?;
        if let Some(asked) = authzid.strip_prefix("a=") {
            let asked = unescape(asked).ok_or(Refused::MalformedRequest)?;
            if asked.split('@').next() != Some(user.as_str()) {
                return Err(Refused::InvalidAuthzid);
            }
        } else if !authzid.is_empty() {
            return Err(Refused::MalformedRequest);
        }
        let nonce = format!("{client_nonce}{}", terms.nonce);
        let first = format!("r={nonce},s={},i={}", STANDARD.encode(terms.salt), terms.rounds);
        let salted = password_of(&user).map(|p| terms.hash.salted(&p, terms.salt, terms.rounds));
        let mut cbind_input = format!("{flag},{authzid},").into_bytes();
        cbind_input.extend_from_slice(cbind);
        let auth_message = format!("{bare},{first}");
        Ok((Self { hash: terms.hash, user, salted, nonce, auth_message, cbind_input }, first))
    }

    /// Reads the client's final message; gives the user name and the server's final message.
    pub fn finish(&self, message: &[u8]) -> Result<(String, String), Refused> {
        let text = std::str::from_utf8(message).map_err(|_| Refused::MalformedRequest)?;
        let (without_proof, proof) = text.rsplit_once(",p=").ok_or(Refused::MalformedRequest)?;
        let mut attrs = without_proof.split(',');
        let cbind = attrs.next().and_then(|a| a.strip_prefix("c=")).ok_or(Refused::MalformedRequest)?;
        let nonce = attrs.next().and_then(|a| a.strip_prefix("r=")).ok_or(Refused::MalformedRequest)?;
        let cbind = STANDARD.decode(cbind).map_err(|_| Refused::MalformedRequest)?;
        let proof = STANDARD.decode(proof).map_err(|_| Refused::MalformedRequest)?;
        let salted = self.salted.as_ref().ok_or(Refused::NotAuthorized)?;
        if cbind != self.cbind_input || nonce != self.nonce {
            return Err(Refused::NotAuthorized);
        }
        let auth_message = format!("{},{without_proof}", self.auth_message);
        let stored_key = self.hash.digest(&self.hash.hmac(salted, b"Client Key"));
        let signature = self.hash.hmac(&stored_key, auth_message.as_bytes());
        let client_key: Vec<u8> = proof.iter().zip(&signature).map(|(p, s)| p ^ s).collect();
        if proof.len() != signature.len() || self.hash.digest(&client_key) != stored_key {
            return Err(Refused::NotAuthorized);
        }
        let server_key = self.hash.hmac(salted, b"Server Key");
        let verifier = self.hash.hmac(&server_key, auth_message.as_bytes());
        Ok((self.user.clone(), format!("v={}", STANDARD.encode(verifier))))
    }
}

fn unescape(name: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = name;
    while let Some(at) = rest.find('=') {
        out.push_str(&rest[..at]);
        out.push(match rest.get(at..at + 3)? {
            "=2C" => ',',
            "=3D" => '=',
            _ => return None,
        });
        rest = &rest[at + 3..];
    }
    out.push_str(rest);
    Some(out)
}
