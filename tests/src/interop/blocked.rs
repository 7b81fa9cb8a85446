//! Addresses on loopback where no SOCKS5 stream comes about, each in another way.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType, bind, listen, socket};

/// How an address fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// As behind a firewall that drops packets: a connection is neither made nor refused.
    Unroutable,
    /// Nobody listens there.
    Closed,
    /// A connection is made, and then nothing is ever said.
    Silent,
}

impl How {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Unroutable, Self::Closed, Self::Silent];

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unroutable => "unroutable",
            Self::Closed => "closed port",
            Self::Silent => "silent port",
        }
    }
}

/// Such an address, as long as this value lives.
pub struct Blocked {
    /// Where.
    pub address: SocketAddr,
    _listener: Option<TcpListener>,
    _fillers: Vec<TcpStream>,
}

impl Blocked {
    /// A new one.
    pub fn new(how: How) -> Result<Self, String> {
        let broken = |error: std::io::Error| format!("a blocked address: {error}");
        let listener = match how {
            How::Unroutable => narrow_listener().map_err(broken)?,
            How::Closed | How::Silent => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(broken)?,
        };
        let address = listener.local_addr().map_err(broken)?;
        let mut fillers = Vec::new();
        if how == How::Unroutable {
            // Once nobody takes what waits, the system drops each further SYN, as a firewall would.
            while let Ok(filler) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
                fillers.push(filler);
            }
        }
        let listener = Some(listener).filter(|_| how != How::Closed);
        Ok(Self { address, _listener: listener, _fillers: fillers })
    }
}

/// A listener at which one stream may wait to be accepted; it never is.
fn narrow_listener() -> std::io::Result<TcpListener> {
    let fd: OwnedFd = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    bind(&fd, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?;
    listen(&fd, 0)?;
    Ok(fd.into())
}
