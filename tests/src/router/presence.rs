//! Who is there (RFC 6121 section 4): broadcast, directed presence, and what the server says for those who vanish.

use super::element::{FirstLevel, attribute};
use super::framer::NS_CLIENT;
use super::stream::{Available, Phase};
use super::{Jid, Router, StreamNo};

impl Router {
    pub(super) fn presence(
        &mut self,
        now: u64,
        no: StreamNo,
        sender: &Jid,
        to: Option<Jid>,
        stanza: FirstLevel,
    ) {
        let kind = stanza.root.attr("type").map(str::to_owned);
        match (to, kind.as_deref()) {
            (None, None) => self.available(now, no, sender, stanza),
            (None, Some("unavailable")) => self.unavailable(now, no, sender, Some(&stanza)),
            (Some(to), Some("probe")) => self.probed(now, no, &to),
            (Some(to), kind) => {
                if let Some(stream) = self.streams.get_mut(&no) {
                    match kind {
                        None => stream.directed.insert(to.to_string()),
                        Some("unavailable") => stream.directed.remove(&to.to_string()),
                        Some(_) => false,
                    };
                }
                // Subscriptions speak for the account, not for a resource (RFC 6121 3.1).
                let subscription = kind.is_some_and(|k| k != "unavailable" && k != "error");
                let from =
                    if subscription { Jid { resource: None, ..sender.clone() } } else { sender.clone() };
                for target in self.reached(&to) {
                    self.forward(now, no, &from, target, &stanza, None);
                }
            }
            (None, Some(_)) => self.counters.dropped += 1,
        }
    }

    fn available(&mut self, now: u64, no: StreamNo, sender: &Jid, stanza: FirstLevel) {
        let text = stanza.root.child(NS_CLIENT, "priority").map(|p| p.text.trim().to_owned());
        let priority = text.and_then(|t| t.parse::<i8>().ok()).map_or(0, i32::from);
        self.broadcast(now, no, sender, &stanza);
        self.order += 1;
        let order = self.order;
        let Some(stream) = self.streams.get_mut(&no) else { return };
        let first = stream.presence.is_none();
        stream.presence = Some(Available { stanza, priority, order });
        self.own_presence(now, no, sender);
        if first {
            self.others_presence(now, no, sender);
        }
        if priority >= 0 {
            for raw in self.stored.remove(&sender.bare()).unwrap_or_default() {
                self.write_with(now, no, |out| out.extend_from_slice(&raw));
            }
        }
    }

    /// The sender's presence as it comes back to itself.
    fn own_presence(&mut self, now: u64, no: StreamNo, sender: &Jid) {
        self.presence_of(now, no, sender, no);
    }

    /// Sends `target` the last presence of the stream `of`.
    fn presence_of(&mut self, now: u64, target: StreamNo, of_jid: &Jid, of: StreamNo) {
        let to = self.streams.get(&target).and_then(|s| s.jid.as_ref()).map(Jid::bare);
        let Some(stream) = self.streams.get(&of) else { return };
        let (Some(presence), Some(to)) = (&stream.presence, to) else { return };
        let mut raw = Vec::new();
        presence.stanza.splice(&mut raw, &of_jid.to_string(), Some(&to), &stream.declared, 0);
        self.write_with(now, target, |out| out.extend_from_slice(&raw));
    }

    fn others_presence(&mut self, now: u64, no: StreamNo, sender: &Jid) {
        for other in self.audience(sender) {
            let jid = self.streams.get(&other).and_then(|s| s.jid.clone());
            if let Some(jid) = jid.filter(|_| other != no) {
                self.presence_of(now, no, &jid, other);
            }
        }
    }

    /// Sends a stanza without address to everyone who sees this account's presence, except the stream itself.
    fn broadcast(&mut self, now: u64, no: StreamNo, sender: &Jid, stanza: &FirstLevel) {
        for target in self.audience(sender) {
            let to = self.streams.get(&target).and_then(|s| s.jid.as_ref()).map(Jid::bare);
            if target != no {
                self.forward(now, no, sender, target, stanza, to.as_deref());
            }
        }
    }

    /// Available streams that see this account's presence, its own included.
    fn audience(&self, of: &Jid) -> Vec<StreamNo> {
        let seen = |bare: &str| self.config.everyone_in_roster || bare == of.bare();
        let resources =
            self.bound.iter().filter(|(bare, _)| seen(bare)).flat_map(|(_, r)| r.values().copied());
        resources.filter(|no| self.streams.get(no).is_some_and(|s| s.presence.is_some())).collect()
    }

    fn reached(&self, to: &Jid) -> Vec<StreamNo> {
        if to.resource.is_some() {
            return self.stream_at(to).into_iter().collect();
        }
        let resources = self.bound.get(&to.bare()).into_iter().flat_map(|r| r.values().copied());
        resources.filter(|no| self.streams.get(no).is_some_and(|s| s.presence.is_some())).collect()
    }

    fn probed(&mut self, now: u64, no: StreamNo, to: &Jid) {
        for other in self.reached(to) {
            if let Some(jid) = self.streams.get(&other).and_then(|s| s.jid.clone()) {
                self.presence_of(now, no, &jid, other);
            }
        }
    }

    /// The resource is no longer available, by its own word (`stanza`) or by the server's.
    fn unavailable(&mut self, now: u64, no: StreamNo, sender: &Jid, stanza: Option<&FirstLevel>) {
        let Some(stream) = self.streams.get_mut(&no) else { return };
        let directed = std::mem::take(&mut stream.directed);
        let was = stream.presence.take().is_some();
        let mut targets: Vec<(StreamNo, String)> = Vec::new();
        if was {
            for target in self.audience(sender) {
                let to = self.streams.get(&target).and_then(|s| s.jid.as_ref()).map(Jid::bare);
                targets.push((target, to.unwrap_or_default()));
            }
        }
        for to in directed.iter().filter_map(|d| Jid::parse(d)) {
            for target in self.reached(&to) {
                if targets.iter().all(|t| t.0 != target) {
                    targets.push((target, to.to_string()));
                }
            }
        }
        for (target, to) in targets {
            if target == no {
                continue;
            }
            match stanza {
                Some(stanza) => self.forward(now, no, sender, target, stanza, Some(&to)),
                None => {
                    let mut text = String::from("<presence type='unavailable'");
                    attribute(&mut text, "from", Some(&sender.to_string()));
                    attribute(&mut text, "to", Some(&to));
                    text.push_str("/>");
                    self.write(now, target, &text);
                }
            }
        }
    }

    /// Takes a stream out of the routing table; others learn of it at once.
    pub(super) fn unbind(&mut self, now: u64, no: StreamNo) {
        if let Some(jid) = self.release(no) {
            self.unavailable(now, no, &jid, None);
        }
    }

    /// Its address is free again, and nobody is told.
    pub(super) fn release(&mut self, no: StreamNo) -> Option<Jid> {
        let stream = self.streams.get_mut(&no).filter(|s| s.phase != Phase::Ended)?;
        let jid = stream.jid.take()?;
        let bare = jid.bare();
        if let Some(resources) = self.bound.get_mut(&bare) {
            resources.retain(|_, bound| *bound != no);
            if resources.is_empty() {
                self.bound.remove(&bare);
            }
        }
        Some(jid)
    }
}
