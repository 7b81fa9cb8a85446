//! The proxies of our server: which there are, and where they listen (DSC-09..11, XEP-0065 4).

use super::state::State;
use crate::config::JID_BYTES;
use crate::contact::{disco, proxies};
use crate::error::{Error, StanzaCondition};
use crate::output::Skip;
use crate::time::Instant;
use crate::transport::socks5::hosts::{Host, HostKind};
use crate::wire::jid::{self, prepared};
use crate::wire::stanza::{IqType, Ns, Stanza, open_iq};
use crate::wire::xml::Writer;

/// How long a server that did not answer is left alone: many files in a row do not wait for it one by one.
const SILENT_MS: u32 = 300_000;

/// How far the questions are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nobody needs a proxy yet.
    Idle,
    /// The server is to be asked for its items.
    Wanted,
    /// Questions are out; those to the items are noted in the list of hosts.
    Asked,
    /// Everything was answered, or not in time.
    Settled,
}

/// The proxies of our server, asked for once per session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Discovery {
    stage: Stage,
    /// Number of the question for items, 0 for none.
    request: u32,
    pub(crate) deadline: Option<Instant>,
    /// What the items that are proxies came to: with none, the one before.
    skip: Skip,
    /// Something was not answered in time; from then on it may be asked again.
    silent_until: Option<Instant>,
}

impl Discovery {
    pub(crate) const IDLE: Self =
        Self { stage: Stage::Idle, request: 0, deadline: None, skip: Skip::NoProxy, silent_until: None };

    /// Nothing more is to come.
    pub(crate) const fn is_settled(&self) -> bool {
        matches!(self.stage, Stage::Settled)
    }

    /// Why there is no proxy, if there is none.
    pub(crate) const fn skip(&self) -> Skip {
        if self.silent_until.is_some() { Skip::ProxySilent } else { self.skip }
    }
}

impl State<'_> {
    fn has_proxy(&self) -> bool {
        self.hosts.iter().any(|host| host.kind == HostKind::Proxy)
    }

    /// Nothing better than what is known is worth to be waited for: other items may be dead and never answer.
    pub(crate) fn proxies_known(&self) -> bool {
        self.discovery.is_settled() || self.has_proxy()
    }

    /// A transfer may need a proxy: ask the server, unless the owner named one or it is known already (DSC-10).
    pub(crate) fn want_proxies(&mut self) {
        let again = self.discovery.silent_until.is_some_and(|until| until <= self.now) && !self.has_proxy();
        if self.discovery.stage != Stage::Idle && !again {
            return;
        }
        let known = self.has_proxy();
        let deadline = self.in_ms(self.settings.times.discovery_ms).filter(|_| !known);
        let stage = if known { Stage::Settled } else { Stage::Wanted };
        self.discovery = Discovery { stage, deadline, ..Discovery::IDLE };
    }

    /// Writes the next question.
    pub(crate) fn next_question(&mut self, out: &mut [u8]) -> Result<Option<usize>, Error> {
        let number = self.ids.upcoming();
        let id = self.ids.request(number);
        let mut w = Writer::new(out);
        let asked = match self.discovery.stage {
            Stage::Wanted => {
                open_iq(&mut w, IqType::Get, Some(domain(self.link.jid())), &id);
                disco::write_query(&mut w, Ns::DiscoItems);
                0
            }
            Stage::Asked => {
                let open = |kind| matches!(kind, HostKind::Item | HostKind::Silent);
                let Some(host) = self.hosts.iter().find(|host| open(host.kind) && host.request == 0) else {
                    return Ok(None);
                };
                open_iq(&mut w, IqType::Get, Some(host.jid), &id);
                if host.kind == HostKind::Item {
                    disco::write_query(&mut w, Ns::DiscoInfo);
                } else {
                    proxies::write_address_query(&mut w);
                }
                host.id
            }
            Stage::Idle | Stage::Settled => return Ok(None),
        };
        w.close("iq");
        let bytes = w.finish()?;
        self.ids.next_request();
        if self.discovery.stage == Stage::Wanted {
            self.discovery.stage = Stage::Asked;
            self.discovery.request = number;
        } else {
            self.hosts.set_request(asked, number);
        }
        Ok(Some(bytes))
    }

    /// Whether the answer was to one of these questions, and from whom was asked; then it is taken.
    pub(crate) fn question_answered(
        &mut self,
        number: u32,
        from: &str,
        s: &Stanza<'_>,
        error: Option<StanzaCondition>,
    ) -> bool {
        if self.discovery.stage != Stage::Asked || number == 0 {
            return false;
        }
        // The owner was stopped, and answers had come: the questions behind them need their time.
        if self.discovery.deadline.is_some_and(|deadline| deadline <= self.now) {
            self.discovery.deadline = self.in_ms(self.settings.times.discovery_ms);
        }
        let payload = s.payload.filter(|_| error.is_none());
        if number == self.discovery.request {
            if !from.is_empty() && from != domain(self.link.jid()) {
                return false;
            }
            self.discovery.request = 0;
            if let Some(query) = &payload {
                for item in proxies::read_items(query).filter_map(prepared::<JID_BYTES>) {
                    // What does not fit is not asked: there is room for the first ones.
                    let _ = self.hosts.push(HostKind::Item, &item, "", 0);
                }
            }
        } else {
            let Some(host) = self.hosts.iter().find(|host| host.request == number && host.jid == from) else {
                return false;
            };
            let (id, kind) = (host.id, host.kind);
            self.hosts.remove(|host| host.id == id);
            match (kind, payload) {
                (HostKind::Item, Some(query)) if proxies::is_proxy(&query) => {
                    if self.discovery.skip == Skip::NoProxy {
                        self.discovery.skip = Skip::ProxyRefused;
                    }
                    let _ = self.hosts.push(HostKind::Silent, from, "", 0);
                }
                (HostKind::Silent, Some(query)) => {
                    // Unless one of these is of use.
                    self.discovery.skip = Skip::ProxyUnusable;
                    for proxy in proxies::read_addresses(&query) {
                        // Two components may be one proxy; each place is offered once (S5B-03).
                        let same =
                            |it: Host<'_>| it.port == proxy.port && it.host.eq_ignore_ascii_case(proxy.host);
                        if self.hosts.iter().any(|it| it.kind == HostKind::Proxy && same(it)) {
                            continue;
                        }
                        let Some(jid) = prepared::<JID_BYTES>(proxy.jid) else { continue };
                        let _ = self.hosts.push(HostKind::Proxy, &jid, proxy.host, proxy.port);
                    }
                }
                _ => {}
            }
        }
        self.settle_if_answered();
        true
    }

    fn settle_if_answered(&mut self) {
        let open = |kind| matches!(kind, HostKind::Item | HostKind::Silent);
        if self.discovery.request == 0 && !self.hosts.iter().any(|host| open(host.kind)) {
            self.discovery.stage = Stage::Settled;
            self.discovery.deadline = None;
        }
        if self.proxies_known() {
            self.offer_what_is_ready();
        }
    }

    /// The server, or an item of it, took too long: what is known by now has to do.
    pub(crate) fn expire_discovery(&mut self) {
        self.hosts.remove(|host| matches!(host.kind, HostKind::Item | HostKind::Silent));
        self.discovery.silent_until = self.in_ms(SILENT_MS);
        self.discovery.request = 0;
        self.settle_if_answered();
    }
}

/// The domain of a full JID.
fn domain(full: &str) -> &str {
    let bare = jid::bare(full);
    jid::split_at_byte(bare, b'@').map_or(bare, |(_, domain)| domain)
}
