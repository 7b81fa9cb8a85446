//! SCRAM against a second implementation of the client's half.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use xft_core::internals::scram::{Binding, Hash, SERVER_FIRST_BYTES, Scram, ScramError};

const NONCE: &str = "abc123";
/// Low, because every accepted message costs that many hashes.
const ROUNDS_MAX: u32 = 4200;

/// Server-first and server-final, with a line feed between them.
pub fn scram(input: &[u8]) {
    let split = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (first, last) = (&input[..split], input.get(split + 1..).unwrap_or_default());
    for hash in [Hash::Sha1, Hash::Sha256] {
        let Ok(mut scram) = Scram::new(hash, Binding::NotOffered, NONCE.as_bytes()) else {
            panic!("the arguments are fine")
        };
        let taken = scram.server_first(first, b"pencil", ROUNDS_MAX);
        let expected = accepts_first(first);
        assert_eq!(taken.is_ok(), expected.is_some(), "{taken:?}");
        let Some((salt, rounds, nonce)) = expected else {
            assert!(!scram.run(1), "nothing to derive after {taken:?}");
            assert!(!scram.is_verified());
            continue;
        };
        while !scram.run(1000) {}
        let mut out = [0; 1024];
        let length = scram.client_final("user", &mut out).expect("the buffer is large");
        let verdict = scram.server_final(last);
        assert_eq!(scram.is_verified(), verdict.is_ok());
        if hash == Hash::Sha256 {
            let (client_final, server_final) = sha256(&salt, rounds, &nonce, first);
            assert_eq!(out[..length], *client_final.as_bytes());
            let proven =
                last == server_final.as_bytes() || last.starts_with(format!("{server_final},").as_bytes());
            assert!(proven || verdict.is_err(), "believed {last:?}");
        }
        assert_eq!(scram.server_first(first, b"pencil", ROUNDS_MAX), Err(ScramError::State));
    }
}

/// The rules of server-first once more, in another style: salt, rounds, nonce.
fn accepts_first(text: &[u8]) -> Option<(Vec<u8>, u32, Vec<u8>)> {
    if text.len() > SERVER_FIRST_BYTES {
        return None;
    }
    let mut fields = text.split(|byte| *byte == b',');
    let nonce = fields.next()?.strip_prefix(b"r=")?;
    let salt = fields.next()?.strip_prefix(b"s=")?;
    let rounds = fields.next()?.strip_prefix(b"i=")?;
    for extension in fields {
        let [name, b'=', value @ ..] = extension else { return None };
        if !name.is_ascii_alphabetic() || *name == b'm' || value.contains(&0) {
            return None;
        }
    }
    let continued = nonce.len() > NONCE.len() && nonce.starts_with(NONCE.as_bytes());
    let salt = STANDARD.decode(salt).ok().filter(|salt| !salt.is_empty() && salt.len() <= 256)?;
    let number = rounds.iter().all(u8::is_ascii_digit) && !rounds.starts_with(b"0");
    let rounds: u32 = std::str::from_utf8(rounds).ok()?.parse().ok()?;
    let printable = nonce.iter().all(|byte| byte.is_ascii_graphic());
    (continued && printable && number && (4096..=ROUNDS_MAX).contains(&rounds))
        .then(|| (salt, rounds, nonce.to_vec()))
}

/// Client-final and server-final of SCRAM-SHA-256.
fn sha256(salt: &[u8], rounds: u32, nonce: &[u8], first: &[u8]) -> (String, String) {
    let salted = pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(b"pencil", salt, rounds);
    let without_proof = [b"c=eSws,r=", nonce].concat();
    let auth_message = [b"n=user,r=", NONCE.as_bytes(), b",", first, b",", &without_proof].concat();
    let client_key = mac(&salted, b"Client Key");
    let signature = mac(&Sha256::digest(&client_key), &auth_message);
    let proof: Vec<u8> = client_key.iter().zip(signature).map(|(key, byte)| key ^ byte).collect();
    let verifier = mac(&mac(&salted, b"Server Key"), &auth_message);
    let without_proof = String::from_utf8(without_proof).expect("printable");
    (format!("{without_proof},p={}", STANDARD.encode(proof)), format!("v={}", STANDARD.encode(verifier)))
}

fn mac(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key length");
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}
