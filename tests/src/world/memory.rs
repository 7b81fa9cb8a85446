//! The memory a session lives in, owned: what a host would take from its heap or its static data.

use xft_core::{Config, ContactSlot, Needs, Storage, StreamSlot, TransferSlot};

/// Owned parts of a [`Storage`].
#[derive(Debug)]
pub struct Memory {
    /// See [`Storage::transfers`]; the others alike.
    pub transfers: Vec<TransferSlot>,
    /// Peers.
    pub contacts: Vec<ContactSlot>,
    /// XML reader.
    pub xml: Vec<u8>,
    /// Stanza.
    pub stanza: Vec<u8>,
    /// Block.
    pub block: Vec<u8>,
    /// Outbox.
    pub outbox: Vec<u8>,
    /// Acknowledgements.
    pub acks: Vec<u8>,
    /// SOCKS5 streams.
    pub streams: Vec<StreamSlot>,
    /// Addresses.
    pub hosts: Vec<u8>,
}

impl Memory {
    /// Exactly what [`Needs`] asks for; the bytes hold rubbish, as lent memory may.
    pub fn new(cfg: &Config<'_>, transfers: u16, contacts: u16) -> Self {
        Self::of(Needs::of(cfg, transfers, contacts))
    }

    /// Parts of these sizes.
    pub fn of(needs: Needs) -> Self {
        Self {
            transfers: vec![TransferSlot::EMPTY; needs.transfers],
            contacts: vec![ContactSlot::EMPTY; needs.contacts],
            xml: vec![0xa5; needs.xml_bytes],
            stanza: vec![0xa5; needs.stanza_bytes],
            block: vec![0xa5; needs.block_bytes],
            outbox: vec![0xa5; needs.outbox_bytes],
            acks: vec![0xa5; needs.acks_bytes],
            streams: vec![StreamSlot::EMPTY; needs.streams],
            hosts: vec![0xa5; needs.hosts_bytes],
        }
    }

    /// Lends it all.
    pub fn storage(&mut self) -> Storage<'_> {
        Storage {
            transfers: &mut self.transfers,
            contacts: &mut self.contacts,
            xml: &mut self.xml,
            stanza: &mut self.stanza,
            block: &mut self.block,
            outbox: &mut self.outbox,
            acks: &mut self.acks,
            streams: &mut self.streams,
            hosts: &mut self.hosts,
        }
    }
}
