//! Channel-binding data of a TLS session.

use ring::digest;
use rustls::{ClientConnection, ProtocolVersion};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::oid::ObjectIdentifier;

/// Length of `tls-exporter` data.
pub const EXPORTER_BYTES: usize = 32;

/// Most bytes of `tls-server-end-point` data.
pub const SERVER_END_POINT_BYTES: usize = 64;

const SHA256: &[&str] = &[
    "1.2.840.113549.1.1.11", // sha256WithRSAEncryption
    "1.2.840.10045.4.3.2",   // ecdsa-with-SHA256
    // RFC 5929 4.1: SHA-256 in the place of MD5 and SHA-1.
    "1.2.840.113549.1.1.4", // md5WithRSAEncryption
    "1.2.840.113549.1.1.5", // sha1WithRSAEncryption
    "1.2.840.10045.4.1",    // ecdsa-with-SHA1
];
const SHA384: &[&str] = &["1.2.840.113549.1.1.12", "1.2.840.10045.4.3.3"];
const SHA512: &[&str] = &["1.2.840.113549.1.1.13", "1.2.840.10045.4.3.4"];

/// RFC 9266: only with TLS 1.3; before it the exporter binds nothing without extended master secrets.
pub fn exporter(session: &ClientConnection, out: &mut [u8; EXPORTER_BYTES]) -> usize {
    if session.protocol_version() != Some(ProtocolVersion::TLSv1_3) {
        return 0;
    }
    match session.export_keying_material(out, b"EXPORTER-Channel-Binding", None) {
        Ok(_) => EXPORTER_BYTES,
        Err(_) => 0,
    }
}

fn hash_of(signature: &ObjectIdentifier) -> Option<&'static digest::Algorithm> {
    let is_in =
        |names: &[&str]| names.iter().any(|name| ObjectIdentifier::new(name).as_ref() == Ok(signature));
    match () {
        () if is_in(SHA256) => Some(&digest::SHA256),
        () if is_in(SHA384) => Some(&digest::SHA384),
        () if is_in(SHA512) => Some(&digest::SHA512),
        () => None,
    }
}

/// RFC 5929: the server's certificate hashed with the hash of its signature; `None` where that defines none
/// (Ed25519) or hides it in parameters (RSA-PSS).
pub fn server_end_point(session: &ClientConnection) -> Option<digest::Digest> {
    let certificate = session.peer_certificates()?.first()?;
    let signature = Certificate::from_der(certificate).ok()?.signature_algorithm.oid;
    Some(digest::digest(hash_of(&signature)?, certificate))
}
