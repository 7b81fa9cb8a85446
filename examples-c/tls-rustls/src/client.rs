//! A TLS client over a socket that somebody else owns.

use std::io::{BufReader, ErrorKind, Read, Write};
use std::mem::ManuallyDrop;
use std::net::TcpStream;
use std::os::fd::{FromRawFd, RawFd};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, ProtocolVersion, RootCertStore};

/// `TLS_RECORD_BYTES` of the header and the five bytes of a record's header, which rustls counts in.
const RECORD_BYTES: usize = 8192 + 5;

/// Bytes to read from the socket at once.
const SOCKET_BYTES: usize = 65536;

/// What a call came to.
pub enum Status {
    /// Done, or at least one byte moved.
    Ok,
    /// Wait until the socket is readable.
    WantRead,
    /// Wait until the socket is writable.
    WantWrite,
    /// `close_notify` came.
    Closed,
    /// The certificate is not to be trusted.
    Untrusted(String),
    /// Anything else.
    Failed(String),
}

/// A socket that is not closed with this object.
struct Lent(ManuallyDrop<TcpStream>);

impl Read for Lent {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(bytes)
    }
}

impl Write for Lent {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// One TLS client over one socket.
pub struct Client {
    session: ClientConnection,
    // The descriptor belongs to the C program: it must not be closed here. rustls reads 4096 bytes at a time, the
    // buffer makes large reads of the socket out of them.
    socket: BufReader<Lent>,
}

fn trusted(ca_file: Option<&str>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(path) => {
            let say = |why: &dyn std::fmt::Display| format!("cannot load the CA file: {why}");
            for certificate in CertificateDer::pem_file_iter(path).map_err(|e| say(&e))? {
                roots.add(certificate.map_err(|e| say(&e))?).map_err(|e| say(&e))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    match roots.is_empty() {
        true if ca_file.is_some() => Err("the CA file holds no certificate (PEM)".into()),
        true => Err("the system has no CA certificates".into()),
        false => Ok(roots),
    }
}

fn broken(error: &rustls::Error) -> Status {
    match error {
        rustls::Error::InvalidCertificate(why) => Status::Untrusted(why.to_string()),
        other => Status::Failed(other.to_string()),
    }
}

impl Client {
    /// See `tls_create` in `tls.h`.
    pub fn new(fd: RawFd, domain: &str, ca_file: Option<&str>, direct: bool) -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| e.to_string())?
            .with_root_certificates(trusted(ca_file)?)
            .with_no_client_auth();
        config.max_fragment_size = Some(RECORD_BYTES);
        if direct {
            config.alpn_protocols = vec![b"xmpp-client".to_vec()];
        }
        let name = ServerName::try_from(domain.to_owned()).map_err(|e| format!("domain: {e}"))?;
        let session = ClientConnection::new(Arc::new(config), name).map_err(|e| e.to_string())?;
        // SAFETY: the caller lends an open socket for the life of this object; `ManuallyDrop` leaves it open.
        let socket = ManuallyDrop::new(unsafe { TcpStream::from_raw_fd(fd) });
        Ok(Self { session, socket: BufReader::with_capacity(SOCKET_BYTES, Lent(socket)) })
    }

    /// Moves encrypted bytes out as far as the socket takes them.
    fn push(&mut self) -> Status {
        while self.session.wants_write() {
            match self.session.write_tls(self.socket.get_mut()) {
                Ok(0) => return Status::Failed("the server closed the socket".into()),
                Ok(_) => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Status::WantWrite,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Status::Failed(e.to_string()),
            }
        }
        Status::Ok
    }

    /// Moves encrypted bytes in, once, and decrypts them.
    fn pull(&mut self) -> Status {
        match self.session.read_tls(&mut self.socket) {
            // An end without close_notify is not an end in good order: a truncation must not pass for one.
            Ok(0) => return Status::Failed("the server closed the socket without a TLS goodbye".into()),
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::WouldBlock => return Status::WantRead,
            Err(e) if e.kind() == ErrorKind::Interrupted => return Status::Ok,
            Err(e) => return Status::Failed(e.to_string()),
        }
        match self.session.process_new_packets() {
            Ok(_) => Status::Ok,
            Err(e) => {
                // The alert that says why goes out if the socket takes it.
                let _ = self.session.write_tls(self.socket.get_mut());
                broken(&e)
            }
        }
    }

    /// See `tls_handshake` in `tls.h`.
    pub fn handshake(&mut self) -> Status {
        loop {
            match self.push() {
                Status::Ok if !self.session.is_handshaking() => return Status::Ok,
                Status::Ok => {}
                other => return other,
            }
            match self.pull() {
                Status::Ok => {}
                other => return other,
            }
        }
    }

    /// See `tls_read` in `tls.h`.
    pub fn read(&mut self, bytes: &mut [u8]) -> (usize, Status) {
        loop {
            match self.session.reader().read(bytes) {
                Ok(0) if !bytes.is_empty() => return (0, Status::Closed),
                Ok(count) => return (count, Status::Ok),
                Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                Err(e) => return (0, Status::Failed(e.to_string())),
            }
            match self.pull() {
                Status::Ok => {}
                other => return (0, other),
            }
        }
    }

    /// See `tls_write` in `tls.h`.
    pub fn write(&mut self, bytes: &[u8]) -> (usize, Status) {
        // What waits goes first: rustls takes no more than its limit of unsent bytes.
        if let status @ Status::Failed(_) = self.push() {
            return (0, status);
        }
        let count = match self.session.writer().write(bytes) {
            Ok(count) => count,
            Err(e) => return (0, Status::Failed(e.to_string())),
        };
        match self.push() {
            Status::WantWrite if count > 0 => (count, Status::Ok),
            status => (count, status),
        }
    }

    /// See `tls_unsent` in `tls.h`.
    pub fn unsent(&self) -> bool {
        self.session.wants_write()
    }

    /// See `tls_shutdown` in `tls.h`.
    pub fn shutdown(&mut self) {
        self.session.send_close_notify();
        let _ = self.push();
    }

    /// Version and back end for people.
    pub fn description(&self) -> String {
        let version = match self.session.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
            Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
            _ => "TLS",
        };
        format!("{version}, rustls")
    }

    /// For channel binding.
    pub fn session(&self) -> &ClientConnection {
        &self.session
    }
}
