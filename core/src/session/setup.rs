//! What a new session checks and derives.

use super::ids::Ids;
use crate::config::Config;
use crate::error::Error;
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
    Needs {
        transfers: storage.transfers.len(),
        contacts: storage.contacts.len(),
        xml_bytes: storage.xml.len(),
        stanza_bytes: storage.stanza.len(),
        block_bytes: storage.block.len(),
        outbox_bytes: storage.outbox.len(),
        acks_bytes: storage.acks.len(),
        streams: storage.streams.len(),
        hosts_bytes: storage.hosts.len(),
    }
    .check(cfg)
}
