//! A file from one socket to the other, read and written in pieces of one size.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::{PATIENCE, broken};

/// What a transfer took.
#[derive(Debug, Clone, Copy)]
pub struct Carried {
    /// Bytes stored.
    pub bytes: u64,
    /// From the first read of the file until the last byte is stored.
    pub took: Duration,
}

/// Both ends of a stream over loopback.
pub fn tcp_pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let sending = TcpStream::connect(listener.local_addr()?)?;
    let receiving = listener.accept()?.0;
    sending.set_nodelay(true)?;
    Ok((sending, receiving))
}

/// Sends `file` and stores it as `out`, each side in a thread of its own; `fsync` waits for the disk too.
pub fn carry(
    (sending, receiving): (TcpStream, TcpStream),
    file: &Path,
    out: &Path,
    block_bytes: usize,
    fsync: bool,
) -> io::Result<Carried> {
    receiving.set_read_timeout(Some(PATIENCE))?;
    sending.set_write_timeout(Some(PATIENCE))?;
    let block_bytes = block_bytes.max(1);
    let (mut from, mut to) = (File::open(file)?, File::create(out)?);
    let size = from.metadata()?.len();
    let began = Instant::now();
    let sender = thread::spawn(move || {
        copy(&mut from, &mut &sending, block_bytes)?;
        // The end of the file is told by this, and a proxy that holds a tail back lets it go (S5B-19).
        sending.shutdown(Shutdown::Write)?;
        Ok::<_, io::Error>(sending)
    });
    let bytes = copy(&mut &receiving, &mut to, block_bytes)?;
    if fsync {
        to.sync_all()?;
    }
    let took = began.elapsed();
    sender.join().map_err(|_| broken("the sending thread broke"))??;
    if bytes == size {
        Ok(Carried { bytes, took })
    } else {
        Err(broken(format!("{bytes} of {size} bytes came")))
    }
}

fn copy(from: &mut impl Read, to: &mut impl Write, block_bytes: usize) -> io::Result<u64> {
    let mut block = vec![0; block_bytes];
    let mut all = 0;
    loop {
        match from.read(&mut block) {
            Ok(0) => return Ok(all),
            Ok(count) => {
                to.write_all(&block[..count])?;
                all += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
