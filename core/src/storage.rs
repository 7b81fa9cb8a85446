//! The memory a session lives in: lent by the owner, never grown.

use crate::config::Config;
use crate::contact::ContactSlot;
use crate::error::{Error, Part};
use crate::transfer::TransferSlot;
use crate::transport::socks5::StreamSlot;

/// Every byte of state that depends on a size. Slots start as `EMPTY`; byte parts may hold anything.
#[derive(Debug)]
pub struct Storage<'a> {
    /// One per transfer at a time, both directions together.
    pub transfers: &'a mut [TransferSlot],
    /// One per peer that takes part in a transfer, or was asked what it can.
    pub contacts: &'a mut [ContactSlot],
    /// XML reader: open element names, namespaces, the tag under way.
    pub xml: &'a mut [u8],
    /// The stanza being read, without file bytes.
    pub stanza: &'a mut [u8],
    /// One received block that was split over inputs.
    pub block: &'a mut [u8],
    /// Answers and requests waiting to be transmitted.
    pub outbox: &'a mut [u8],
    /// Ids of received blocks that are not acknowledged yet.
    pub acks: &'a mut [u8],
    /// One per SOCKS5 stream at a time: those being dialled, accepted, or in use. May be empty without SOCKS5.
    pub streams: &'a mut [StreamSlot],
    /// Addresses: ours, those of proxies, and those that peers offer. May be empty without SOCKS5.
    pub hosts: &'a mut [u8],
}

/// How large each part must be at least; more is never wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Slots for transfers.
    pub transfers: usize,
    /// Slots for contacts.
    pub contacts: usize,
    /// Bytes for the XML reader.
    pub xml_bytes: usize,
    /// Bytes for a stanza.
    pub stanza_bytes: usize,
    /// Bytes for a block.
    pub block_bytes: usize,
    /// Bytes for the outbox.
    pub outbox_bytes: usize,
    /// Bytes for acknowledgements.
    pub acks_bytes: usize,
    /// Slots for SOCKS5 streams.
    pub streams: usize,
    /// Bytes for addresses.
    pub hosts_bytes: usize,
}

impl Needs {
    /// What `transfers` transfers at once with `contacts` peers need under this configuration.
    pub fn of(cfg: &Config<'_>, transfers: u16, contacts: u16) -> Self {
        Self {
            transfers: usize::from(transfers.max(1)),
            contacts: usize::from(contacts.max(1)),
            xml_bytes: 2048,
            stanza_bytes: 3072,
            block_bytes: usize::from(cfg.block_bytes),
            outbox_bytes: 2048,
            acks_bytes: 1024,
            streams: if cfg.methods.has_socks5() { 8 } else { 0 },
            hosts_bytes: if cfg.methods.has_socks5() { 2048 } else { 0 },
        }
    }

    /// Whether storage of these sizes is enough for a session with this configuration.
    ///
    /// # Errors
    /// [`Error::Storage`] names the first part that is too small.
    pub fn check(&self, cfg: &Config<'_>) -> Result<(), Error> {
        let least = Self::of(cfg, 1, 1);
        let parts = [
            (Part::Transfers, self.transfers, 1),
            (Part::Contacts, self.contacts, 1),
            (Part::Xml, self.xml_bytes, least.xml_bytes),
            (Part::Stanza, self.stanza_bytes, least.stanza_bytes),
            (Part::Block, self.block_bytes, least.block_bytes),
            (Part::Outbox, self.outbox_bytes, least.outbox_bytes),
            (Part::Acks, self.acks_bytes, least.acks_bytes),
            // Fewer streams or addresses than the default are the owner's choice, none at all is a mistake.
            (Part::Streams, self.streams, least.streams.min(1)),
            (Part::Hosts, self.hosts_bytes, least.hosts_bytes.min(256)),
        ];
        match parts.iter().find(|(_, has, needed)| has < needed) {
            Some((part, _, needed)) => Err(Error::Storage { part: *part, needed: *needed }),
            None => Ok(()),
        }
    }
}
