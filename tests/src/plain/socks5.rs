//! A SOCKS5 client that knows one request and one answer.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use sha1::{Digest, Sha1};

use super::{PATIENCE, broken};

/// The destination that both sides of a stream ask for: SHA-1 of stream id and addresses, in hex.
pub fn destination(sid: &str, requester: &str, target: &str) -> String {
    let hash = Sha1::digest(format!("{sid}{requester}{target}").as_bytes());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Connects to the streamhost at `HOST:PORT` and asks for the destination.
pub fn dial(address: &str, destination: &str) -> io::Result<TcpStream> {
    let mut socket = TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    socket.write_all(&[5, 1, 0])?;
    let mut method = [0; 2];
    socket.read_exact(&mut method)?;
    if method != [5, 0] {
        return Err(broken(format!("the streamhost chose method {:02x?}", method)));
    }
    let length = u8::try_from(destination.len()).map_err(|_| broken("too long a destination"))?;
    let request = [&[5, 1, 0, 3, length], destination.as_bytes(), &[0, 0]].concat();
    socket.write_all(&request)?;
    let mut head = [0; 5];
    socket.read_exact(&mut head)?;
    // The two streamhosts that answer with an address leave as many bytes as its type says.
    let rest = match head[3] {
        1 => 4 + 2 - 1,
        3 => usize::from(head[4]) + 2,
        4 => 16 + 2 - 1,
        other => return Err(broken(format!("the streamhost answered with address type {other}"))),
    };
    if head[1] != 0 {
        return Err(broken(format!("the streamhost refused with code {}", head[1])));
    }
    socket.read_exact(&mut vec![0; rest])?;
    Ok(socket)
}
