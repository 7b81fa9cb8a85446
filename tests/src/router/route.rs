//! Where a stanza goes (RFC 6120 section 10, RFC 6121 section 8), and the errors for those that cannot.

use super::config::AbsentMessage;
use super::element::{FirstLevel, attribute};
use super::{Flow, Jid, Router, StreamNo};

/// Error types and conditions the server makes.
pub(super) const UNAVAILABLE: (&str, &str) = ("cancel", "service-unavailable");
const BAD_REQUEST: (&str, &str) = ("modify", "bad-request");
const BAD_ADDRESS: (&str, &str) = ("modify", "jid-malformed");
const NO_SUCH_SERVER: (&str, &str) = ("cancel", "remote-server-not-found");

impl Router {
    pub(super) fn stanza(&mut self, now: u64, no: StreamNo, stanza: FirstLevel) -> Flow {
        let Some(sender) = self.streams.get(&no).and_then(|s| s.jid.clone()) else { return Flow::Stop };
        if let Some(from) = stanza.root.attr("from") {
            // A client may name itself, nobody else (RFC 6120 8.1.2.1).
            let claimed = Jid::parse(from);
            let own = claimed
                .as_ref()
                .is_some_and(|c| *c == sender || (c.resource.is_none() && c.bare() == sender.bare()));
            if !own {
                self.stream_error(now, no, "invalid-from", "");
                return Flow::Stop;
            }
        }
        let to = match stanza.root.attr("to").map(Jid::parse) {
            None => None,
            Some(Some(jid)) => Some(jid),
            Some(None) => {
                self.error(now, no, &stanza, BAD_ADDRESS);
                return Flow::Continue;
            }
        };
        let proxy = to.as_ref().and_then(|to| self.proxy_at(to));
        let foreign = to.as_ref().is_some_and(|to| to.domain != self.config.domain) && proxy.is_none();
        match stanza.root.name.as_str() {
            _ if foreign => self.error(now, no, &stanza, NO_SUCH_SERVER),
            "iq" => self.iq(now, no, &sender, to, &stanza),
            // Components answer requests and nothing else.
            "message" | "presence" if proxy.is_some() => self.error(now, no, &stanza, UNAVAILABLE),
            "message" => self.message(now, no, &sender, to, &stanza),
            _ => self.presence(now, no, &sender, to, stanza),
        }
        Flow::Continue
    }

    fn iq(&mut self, now: u64, no: StreamNo, sender: &Jid, to: Option<Jid>, stanza: &FirstLevel) {
        let kind = stanza.root.attr("type").unwrap_or_default();
        let request = matches!(kind, "get" | "set");
        let sound =
            if request { stanza.root.children.len() == 1 } else { matches!(kind, "result" | "error") };
        if !sound || stanza.root.attr("id").is_none_or(str::is_empty) {
            return self.error(now, no, stanza, BAD_REQUEST);
        }
        let proxy = to.as_ref().and_then(|to| self.proxy_at(to));
        match to {
            Some(to) if proxy.is_some() && request => {
                proxy.into_iter().for_each(|proxy| self.proxy_request(now, no, (sender, &to), proxy, stanza));
            }
            Some(to) if to.resource.is_some() => match self.stream_at(&to) {
                Some(target) => self.forward(now, no, sender, target, stanza, None),
                None if request => self.error(now, no, stanza, UNAVAILABLE),
                None => self.counters.dropped += 1,
            },
            to if request => {
                let own = to.as_ref().is_none_or(|to| to.bare() == sender.bare());
                let domain = to.as_ref().is_some_and(|to| to.local.is_none());
                self.serve(now, no, own, domain, stanza);
            }
            _ => self.counters.dropped += 1,
        }
    }

    fn message(&mut self, now: u64, no: StreamNo, sender: &Jid, to: Option<Jid>, stanza: &FirstLevel) {
        let to = to.unwrap_or_else(|| Jid { resource: None, ..sender.clone() });
        let full = to.resource.is_some();
        if let Some(target) = self.stream_at(&to) {
            return self.forward(now, no, sender, target, stanza, None);
        }
        let known = to.local.as_deref().is_some_and(|l| self.config.accounts.iter().any(|(u, _)| u == l));
        if !known || (full && self.config.absent_message == AbsentMessage::Error) {
            return self.error(now, no, stanza, UNAVAILABLE);
        }
        if stanza.root.attr("type") == Some("error") {
            self.counters.dropped += 1;
            return;
        }
        if let Some(target) = self.best_resource(&to) {
            return self.forward(now, no, sender, target, stanza, None);
        }
        if self.config.absent_message == AbsentMessage::RedirectOrStore {
            return self.store(now, sender, &to, stanza);
        }
        self.counters.dropped += 1;
    }

    fn store(&mut self, now: u64, sender: &Jid, to: &Jid, stanza: &FirstLevel) {
        let mut raw = Vec::new();
        stanza.splice(&mut raw, &sender.to_string(), None, &[], 0);
        if let Some(end) = memchr::memmem::rfind(&raw, b"</") {
            // Virtual time starts at an arbitrary day; only its being in the past matters.
            let (s, m, h) = (now / 1000 % 60, now / 60_000 % 60, now / 3_600_000 % 24);
            let stamp = format!("2030-01-01T{h:02}:{m:02}:{s:02}Z");
            let delay =
                format!("<delay xmlns='urn:xmpp:delay' from='{}' stamp='{stamp}'/>", self.config.domain);
            raw.splice(end..end, delay.into_bytes());
        }
        self.stored.entry(to.bare()).or_default().push(raw);
    }

    /// The stream a full address is bound on, presence or not (as measured: iq and message reach it).
    pub(super) fn stream_at(&self, to: &Jid) -> Option<StreamNo> {
        self.bound.get(&to.bare())?.get(to.resource.as_deref()?).copied()
    }

    /// Highest non-negative priority, the newest of equals.
    fn best_resource(&self, to: &Jid) -> Option<StreamNo> {
        let resources = self.bound.get(&to.bare())?.values();
        let available = resources.filter_map(|no| Some((*no, self.streams.get(no)?.presence.as_ref()?)));
        let fit = available.filter(|(_, p)| p.priority >= 0);
        fit.max_by_key(|(_, p)| (p.priority, p.order)).map(|(no, _)| no)
    }

    /// Hands a stanza on with the sender stamped.
    pub(super) fn forward(
        &mut self,
        now: u64,
        no: StreamNo,
        sender: &Jid,
        target: StreamNo,
        stanza: &FirstLevel,
        to: Option<&str>,
    ) {
        let declared = self.streams.get(&no).map_or(Vec::new(), |s| s.declared.clone());
        self.order += 1;
        let rotate =
            if self.config.turn_attributes { usize::try_from(self.order % 7).unwrap_or(0) } else { 0 };
        self.counters.forwarded += 1;
        self.counters.forwarded_bytes += stanza.raw.len() as u64;
        let from = sender.to_string();
        self.write_with(now, target, |out| stanza.splice(out, &from, to, &declared, rotate));
    }

    /// Answers a stanza with an error, unless it is one.
    pub(super) fn error(
        &mut self,
        now: u64,
        no: StreamNo,
        stanza: &FirstLevel,
        (kind, condition): (&str, &str),
    ) {
        let root = &stanza.root;
        if matches!(root.attr("type"), Some("error" | "result"))
            || (root.name == "presence" && condition == UNAVAILABLE.1)
        {
            self.counters.dropped += 1;
            return;
        }
        self.counters.errors += 1;
        let mut head = format!("<{} type='error'", root.name);
        attribute(&mut head, "id", root.attr("id"));
        attribute(&mut head, "from", root.attr("to"));
        attribute(&mut head, "to", self.address(no).as_deref());
        head.push('>');
        let foot = format!(
            "<error type='{kind}'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></{}>",
            root.name
        );
        // Prefixes declared outside the payload would be lost in an echo.
        let whole = !stanza.raw[..stanza.head_bytes].windows(6).any(|w| w == b"xmlns:");
        let declared = self.streams.get(&no).is_none_or(|s| s.declared.is_empty());
        let echo = self.config.echo_payload && whole && declared;
        self.write_with(now, no, |out| {
            out.extend_from_slice(head.as_bytes());
            if echo {
                out.extend_from_slice(stanza.content());
            }
            out.extend_from_slice(foot.as_bytes());
        });
    }
}
