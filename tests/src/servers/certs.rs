//! A certificate authority made on the spot, and server certificates signed by it.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};

use super::{Doing, Error};

/// A CA whose key lives as long as this value.
pub struct TestCa {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl TestCa {
    /// A new CA with a new key (EC P-256).
    pub fn new() -> Result<Self, rcgen::Error> {
        let mut params = lasting(CertificateParams::new(Vec::<String>::new())?);
        params.distinguished_name.push(DnType::CommonName, "libxft test CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Ok(Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate()?)? })
    }

    /// Writes the CA's certificate to `ca.pem` in that folder.
    pub fn write(&self, dir: &Path) -> Result<PathBuf, Error> {
        let path = dir.join("ca.pem");
        std::fs::create_dir_all(dir).doing(format_args!("making {}", dir.display()))?;
        std::fs::write(&path, self.issuer.pem()).doing(format_args!("writing {}", path.display()))?;
        Ok(path)
    }

    /// Writes `server.crt` and `server.key` for that domain.
    pub fn issue(&self, domain: &str, dir: &Path) -> Result<(), Error> {
        let (cert, key) = self.signed(domain).map_err(Error::Certificate)?;
        for (name, text) in [("server.crt", cert), ("server.key", key)] {
            let path = dir.join(name);
            std::fs::write(&path, text).doing(format_args!("writing {}", path.display()))?;
        }
        Ok(())
    }

    fn signed(&self, domain: &str) -> Result<(String, String), rcgen::Error> {
        let mut params = lasting(CertificateParams::new(vec![domain.to_owned()])?);
        params.distinguished_name.push(DnType::CommonName, domain);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let cert = params.signed_by(&key, &self.issuer)?;
        Ok((cert.pem(), key.serialize_pem()))
    }
}

/// Valid for a month around now: ejabberd sets a timer for the end, and refuses a certificate whose end is centuries away.
fn lasting(mut params: CertificateParams) -> CertificateParams {
    const DAY: Duration = Duration::from_secs(86_400);
    let now = SystemTime::now();
    params.not_before = (now - DAY).into();
    params.not_after = (now + 30 * DAY).into();
    params
}
