//! What a new session checks and derives.

use super::ids::Ids;
use crate::config::Config;
use crate::error::{Error, Part};
use crate::link::LinkConfig;
use crate::storage::{Needs, Storage};

pub(crate) fn link_config(cfg: &Config<'_>, ids: &Ids) -> LinkConfig {
    let mut nonce = [0; 24];
    nonce.iter_mut().zip(ids.derive(b"login nonce", 0)).for_each(|(to, from)| *to = from);
    let mut id_prefix = [0; 8];
    id_prefix.iter_mut().zip(ids.derive(b"login ids", 0)).for_each(|(to, from)| *to = from);
    LinkConfig {
        tls: cfg.tls,
        sasl: cfg.sasl,
        times: cfg.times,
        stanza_bytes: cfg.stanza_bytes,
        priority: cfg.priority,
        nonce,
        id_prefix,
    }
}

pub(crate) fn check_storage(cfg: &Config<'_>, storage: &Storage<'_>) -> Result<(), Error> {
    let needs = Needs::of(cfg, 1, 1);
    let parts = [
        (Part::Transfers, storage.transfers.len(), 1),
        (Part::Contacts, storage.contacts.len(), 1),
        (Part::Xml, storage.xml.len(), needs.xml_bytes),
        (Part::Stanza, storage.stanza.len(), needs.stanza_bytes),
        (Part::Block, storage.block.len(), needs.block_bytes),
        (Part::Outbox, storage.outbox.len(), needs.outbox_bytes),
        (Part::Acks, storage.acks.len(), needs.acks_bytes),
        // Fewer streams or addresses than the default are the owner's choice, none at all is a mistake.
        (Part::Streams, storage.streams.len(), needs.streams.min(1)),
        (Part::Hosts, storage.hosts.len(), needs.hosts_bytes.min(256)),
    ];
    match parts.iter().find(|(_, has, needed)| has < needed) {
        Some((part, _, needed)) => Err(Error::Storage { part: *part, needed: *needed }),
        None => Ok(()),
    }
}
