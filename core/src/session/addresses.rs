//! What the owner tells of its own SOCKS5 side: addresses, proxies, streams that came, bytes it moved itself.

use super::Session;
use super::state::State;
use crate::config::JID_BYTES;
use crate::error::{Argument, Error};
use crate::output::{StreamId, TransferId};
use crate::transport::socks5::hosts::HostKind;
use crate::wire::jid::prepared;
use crate::wire::streamhost;

impl Session<'_> {
    /// An address where the owner listens for SOCKS5 streams: an IPv4 or IPv6 address without brackets, or a name. It is
    /// offered to peers as a direct streamhost (S5B-16); without one only proxies are.
    ///
    /// # Errors
    /// [`Error::NoStreams`] (the session stays in band), [`Error::Argument`] ([`Argument::Host`]), [`Error::Full`],
    /// [`Error::Closed`].
    pub fn add_address(&mut self, host: &str, port: u16) -> Result<(), Error> {
        self.state.check_alive()?;
        self.state.add_address(host, port)
    }

    /// Nobody listens any more; offers already made stay.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn clear_addresses(&mut self) -> Result<(), Error> {
        self.state.check_alive()?;
        self.state.clear_addresses();
        Ok(())
    }

    /// A proxy to use, named as peers are to resolve it (QRK-29); the server is not asked for its own then (DSC-10).
    ///
    /// # Errors
    /// [`Error::NoStreams`] (the session stays in band), [`Error::Argument`] ([`Argument::Proxy`], [`Argument::Host`]),
    /// [`Error::Full`], [`Error::Closed`].
    pub fn add_proxy(&mut self, jid: &str, host: &str, port: u16) -> Result<(), Error> {
        self.state.check_alive()?;
        self.state.add_proxy(jid, host, port)
    }

    /// A stream came to an address given to `add_address`. `source` is any number that is the same for streams from the
    /// same machine, 0 when unknown (S5B-30); from where they may come is for the owner to decide before (S5B-37).
    ///
    /// # Errors
    /// [`Error::Full`]: too many have not shown whom they belong to; [`Error::State`]: nobody is awaited. Close it.
    pub fn stream_accepted(&mut self, source: u64) -> Result<StreamId, Error> {
        self.state.stream_accepted(source)
    }

    /// The bytes before `upto` went over the stream that [`Output::SendRaw`](crate::Output::SendRaw) named. Idempotent.
    ///
    /// # Errors
    /// [`Error::Stale`], [`Error::State`] (nothing was granted), [`Error::Argument`] (beyond what was granted).
    pub fn sent(&mut self, transfer: TransferId, upto: u64) -> Result<(), Error> {
        self.state.sent(transfer, upto)
    }
}

impl State<'_> {
    /// The owner listens here.
    fn add_address(&mut self, host: &str, port: u16) -> Result<(), Error> {
        self.add_host(HostKind::Address, "", host, port)
    }

    /// The owner listens nowhere.
    fn clear_addresses(&mut self) {
        self.hosts.remove(|host| host.kind == HostKind::Address);
    }

    /// The owner names a proxy (DSC-10).
    fn add_proxy(&mut self, jid: &str, host: &str, port: u16) -> Result<(), Error> {
        let jid = prepared::<JID_BYTES>(jid).ok_or(Error::Argument(Argument::Proxy))?;
        self.add_host(HostKind::Proxy, &jid, host, port)
    }

    fn add_host(&mut self, kind: HostKind, jid: &str, host: &str, port: u16) -> Result<(), Error> {
        if self.streams.is_empty() {
            return Err(Error::NoStreams);
        }
        if !streamhost::is_host(host) || port == 0 {
            return Err(Error::Argument(Argument::Host));
        }
        if self.hosts.iter().any(|it| it.kind == kind && it.host == host && it.port == port) {
            return Ok(());
        }
        self.hosts.push(kind, jid, host, port).map(|_| ()).ok_or(Error::Full)
    }
}
