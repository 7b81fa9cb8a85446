//! One accepted socket: plain or under TLS, never blocking.

use std::io::{self, Read, Write};
use std::sync::Arc;

use mio::net::TcpStream;
use rustls::{ProtocolVersion, ServerConfig, ServerConnection};

/// Bytes moved between socket, TLS and router in one step.
pub const STEP_BYTES: usize = 256 * 1024;

/// The transport under a stream.
pub struct Carrier {
    pub socket: TcpStream,
    pub tls: Option<Box<ServerConnection>>,
}

/// What reading led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Bytes were read; there may be more.
    Some,
    /// Nothing to read until the next readiness event.
    Blocked,
    /// The other side has ended, in whatever way.
    Ended,
}

impl Carrier {
    pub fn new(socket: TcpStream) -> Self {
        Self { socket, tls: None }
    }

    /// What follows is TLS.
    pub fn start_tls(&mut self, config: &Arc<ServerConfig>) -> Result<(), rustls::Error> {
        let mut tls = ServerConnection::new(Arc::clone(config))?;
        tls.set_buffer_limit(None);
        self.tls = Some(Box::new(tls));
        Ok(())
    }

    /// Reads at most `most` bytes from the socket; appends plain text to `plain`.
    pub fn read(&mut self, most: usize, scratch: &mut [u8], plain: &mut Vec<u8>) -> Progress {
        let most = most.min(scratch.len());
        let count = match self.socket.read(&mut scratch[..most]) {
            Ok(0) => return Progress::Ended,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Progress::Blocked,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Progress::Some,
            Err(_) => return Progress::Ended,
        };
        let Some(tls) = &mut self.tls else {
            plain.extend_from_slice(&scratch[..count]);
            return Progress::Some;
        };
        let mut cipher = &scratch[..count];
        while !cipher.is_empty() {
            match tls.read_tls(&mut cipher) {
                Ok(0) | Err(_) => return Progress::Ended,
                Ok(_) => {}
            }
            let Ok(state) = tls.process_new_packets() else {
                // The alert that says why is still to be sent; nothing more can be read.
                let _ = self.flush_tls();
                return Progress::Ended;
            };
            let at = plain.len();
            plain.resize(at + state.plaintext_bytes_to_read(), 0);
            if tls.reader().read_exact(&mut plain[at..]).is_err() {
                return Progress::Ended;
            }
            if state.peer_has_closed() {
                return Progress::Ended;
            }
        }
        Progress::Some
    }

    /// Writes what fits; gives how many of `bytes` were taken. `Err(WouldBlock)` when nothing more fits.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.tls.is_none() {
            return self.socket.write(bytes);
        }
        self.flush_tls()?;
        match &mut self.tls {
            Some(tls) => tls.writer().write(&bytes[..bytes.len().min(STEP_BYTES)]),
            None => Ok(0),
        }
    }

    /// Writes what TLS has waiting.
    pub fn flush_tls(&mut self) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            while tls.wants_write() {
                tls.write_tls(&mut self.socket)?;
            }
        }
        Ok(())
    }

    /// Says goodbye and sends the end of the stream.
    pub fn finish(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
        }
        let _ = self.flush_tls();
        let _ = self.socket.shutdown(std::net::Shutdown::Write);
    }

    /// Whether the TLS handshake, if there is one, is over.
    pub fn settled(&self) -> bool {
        self.tls.as_ref().is_none_or(|tls| !tls.is_handshaking())
    }

    /// Binding data for `tls-exporter` (RFC 9266), which TLS before 1.3 does not have safely.
    pub fn exporter(&self) -> Option<[u8; 32]> {
        let tls = self.tls.as_ref().filter(|t| t.protocol_version() == Some(ProtocolVersion::TLSv1_3))?;
        tls.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", Some(b"")).ok()
    }
}
