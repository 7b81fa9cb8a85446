//! Plain clients on blocking sockets, without the library: what a transfer costs at least, and whether a proxy works.

mod carry;
mod socks5;
mod xmpp;

pub use carry::{Carried, How, carry, tcp_pair};
pub use socks5::{destination, dial};
pub use xmpp::{Account, Client, Streamhost};

use std::io;
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long anything may take that is not the file itself.
const PATIENCE: Duration = Duration::from_secs(20);

/// So that no stream id comes twice.
static SIDS: AtomicU64 = AtomicU64::new(0);

fn broken(what: impl Into<String>) -> io::Error {
    io::Error::other(what.into())
}

/// Two streams that a proxy has joined, the requester's first, and what it took until then.
pub fn mediated_pair(account: &Account) -> io::Result<(TcpStream, TcpStream, Duration)> {
    let mut client = Client::login(account)?;
    let host = client.proxy()?.ok_or_else(|| broken("the server offers no proxy"))?;
    let began = Instant::now();
    let target = format!("nobody@{}/target", account.domain);
    let sid = format!("plain-{}-{}", std::process::id(), SIDS.fetch_add(1, Ordering::Relaxed));
    let to = destination(&sid, client.jid(), &target);
    let address = format!("{}:{}", host.host, host.port);
    let receiving = dial(&address, &to)?;
    let sending = dial(&address, &to)?;
    client.activate(&host.jid, &sid, &target)?;
    let took = began.elapsed();
    Ok((sending, receiving, took))
}
