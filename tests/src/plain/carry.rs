//! A file from one socket to the other, read and written in pieces of one size.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::{PATIENCE, broken};

/// How a file is carried.
#[derive(Debug, Clone, Copy)]
pub struct How {
    /// Bytes of each read and write.
    pub block_bytes: usize,
    /// Both sides hash what passes, as programs do that compare it.
    pub sha256: bool,
    /// The time ends when the disk has the file.
    pub fsync: bool,
}

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

/// Sends `file` and stores it as `out`, each side in a thread of its own.
pub fn carry(
    (sending, receiving): (TcpStream, TcpStream),
    file: &Path,
    out: &Path,
    how: How,
) -> io::Result<Carried> {
    receiving.set_read_timeout(Some(PATIENCE))?;
    sending.set_write_timeout(Some(PATIENCE))?;
    let (mut from, mut to) = (File::open(file)?, File::create(out)?);
    let size = from.metadata()?.len();
    let began = Instant::now();
    let sender = thread::spawn(move || {
        let (_, hash) = copy(&mut from, &mut &sending, how)?;
        // The end of the file is told by this, and a proxy that holds a tail back lets it go (S5B-19).
        sending.shutdown(Shutdown::Write)?;
        Ok::<_, io::Error>((sending, hash))
    });
    let (bytes, hash) = copy(&mut &receiving, &mut to, how)?;
    if how.fsync {
        to.sync_all()?;
    }
    let took = began.elapsed();
    let (_sending, sent) = sender.join().map_err(|_| broken("the sending thread broke"))??;
    if sent != hash {
        return Err(broken("another file came than was sent"));
    }
    if bytes == size {
        Ok(Carried { bytes, took })
    } else {
        Err(broken(format!("{bytes} of {size} bytes came")))
    }
}

fn copy(from: &mut impl Read, to: &mut impl Write, how: How) -> io::Result<(u64, Vec<u8>)> {
    let mut block = vec![0; how.block_bytes.max(1)];
    let (mut all, mut hash) = (0, Sha256::new());
    loop {
        match from.read(&mut block) {
            Ok(0) => return Ok((all, hash.finalize().to_vec())),
            Ok(count) => {
                to.write_all(&block[..count])?;
                if how.sha256 {
                    hash.update(&block[..count]);
                }
                all += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
