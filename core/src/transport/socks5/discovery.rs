//! The proxies of our server: which there are, and where they listen (DSC-09..11, XEP-0065 4).
//!
//! | state | wanted | a question can go out | an answer came | time is over |
//! |---|---|---|---|---|
//! | Idle | Wanted, or Settled with a proxy named by the owner | nothing | not ours | nothing |
//! | Wanted | nothing | asks for the items: Asked | not ours | Settled |
//! | Asked | nothing | asks the next item, then each proxy for its places | noted; Settled with the last one | Settled |
//! | Settled | Wanted again some time after a silence without proxy | nothing | not ours | nothing |

use super::hosts::{Host, HostKind, Hosts};
use super::proxies;
use crate::config::JID_BYTES;
use crate::error::Error;
use crate::output::Skip;
use crate::time::Instant;
use crate::wire::jid::{self, prepared};
use crate::wire::stanza::{Element, IqType, Ns, open_iq, write_disco_query};
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
    Asked {
        /// Number of the question for items, 0 once it was answered.
        items: u32,
    },
    /// Everything was answered, or not in time.
    Settled,
}

/// The proxies of our server, asked for once per session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Discovery {
    stage: Stage,
    /// Since when the questions wait, while they do.
    since: Instant,
    /// What the items that are proxies came to: with none, the one before.
    skip: Skip,
    /// Something was not answered in time; from then on it may be asked again.
    silent_until: Option<Instant>,
}

impl Discovery {
    pub(crate) const IDLE: Self =
        Self { stage: Stage::Idle, since: Instant::from_ms(0), skip: Skip::NoProxy, silent_until: None };

    /// Why there is no proxy, if there is none.
    pub(crate) const fn skip(&self) -> Skip {
        if self.silent_until.is_some() { Skip::ProxySilent } else { self.skip }
    }

    /// Nothing better than what is known is worth to be waited for: other items may be dead and never answer.
    pub(crate) fn is_known(&self, hosts: &Hosts<'_>) -> bool {
        self.stage == Stage::Settled || has_proxy(hosts)
    }

    /// A transfer may need a proxy: ask the server, unless the owner named one or it is known already (DSC-10).
    pub(crate) fn want(&mut self, hosts: &Hosts<'_>, now: Instant) {
        let known = has_proxy(hosts);
        let again = self.silent_until.is_some_and(|until| until <= now) && !known;
        if self.stage == Stage::Idle || again {
            let stage = if known { Stage::Settled } else { Stage::Wanted };
            *self = Self { stage, since: now, ..Self::IDLE };
        }
    }

    /// Whether questions are to be asked or answered.
    pub(crate) const fn is_under_way(&self) -> bool {
        matches!(self.stage, Stage::Wanted | Stage::Asked { .. })
    }

    /// Writes the next question under that id; `None`: there is none. A refused write changes nothing.
    pub(crate) fn say(
        &mut self,
        hosts: &mut Hosts<'_>,
        own: &str,
        (number, id): (u32, &str),
        mut w: Writer<'_>,
    ) -> Result<Option<usize>, Error> {
        match self.stage {
            Stage::Idle | Stage::Settled => Ok(None),
            Stage::Wanted => {
                open_iq(&mut w, IqType::Get, Some(domain(own)), id);
                write_disco_query(&mut w, Ns::DiscoItems);
                w.close("iq");
                let bytes = w.finish()?;
                self.stage = Stage::Asked { items: number };
                Ok(Some(bytes))
            }
            Stage::Asked { .. } => {
                let Some(host) = hosts.iter().find(|host| is_open(host) && host.request == 0) else {
                    return Ok(None);
                };
                open_iq(&mut w, IqType::Get, Some(host.jid), id);
                if host.kind == HostKind::Item {
                    write_disco_query(&mut w, Ns::DiscoInfo);
                } else {
                    proxies::write_address_query(&mut w);
                }
                w.close("iq");
                let (bytes, asked) = (w.finish()?, host.id);
                hosts.set_request(asked, number);
                Ok(Some(bytes))
            }
        }
    }

    /// An answer came, with its payload unless it is an error. Whether it was to one of these questions, and from whom was
    /// asked; then it is taken.
    pub(crate) fn hear(
        &mut self,
        hosts: &mut Hosts<'_>,
        own: &str,
        (number, from): (u32, &str),
        payload: Option<Element<'_>>,
    ) -> bool {
        let Stage::Asked { items } = self.stage else { return false };
        if number == 0 {
            return false;
        }
        if number == items {
            if !from.is_empty() && from != domain(own) {
                return false;
            }
            self.stage = Stage::Asked { items: 0 };
            let items = payload.as_ref().map(proxies::read_items).into_iter().flatten();
            for item in items.filter_map(prepared::<JID_BYTES>) {
                // What does not fit is not asked: there is room for the first ones.
                let _ = hosts.push(HostKind::Item, &item, "", 0);
            }
        } else {
            let Some(host) = hosts.iter().find(|host| host.request == number && host.jid == from) else {
                return false;
            };
            let (id, kind) = (host.id, host.kind);
            hosts.remove(|host| host.id == id);
            if let Some(query) = &payload {
                self.item_said(hosts, kind, from, query);
            }
        }
        self.settle_if_answered(hosts);
        true
    }

    /// The owner was stopped, and answers had come: the questions behind them need their time.
    pub(crate) fn goes_on(&mut self, now: Instant, discovery_ms: u32) {
        if matches!(self.stage, Stage::Asked { .. }) && self.since.after(discovery_ms) <= now {
            self.since = now;
        }
    }

    fn item_said(&mut self, hosts: &mut Hosts<'_>, kind: HostKind, from: &str, query: &Element<'_>) {
        if kind == HostKind::Item && proxies::is_proxy(query) {
            if self.skip == Skip::NoProxy {
                self.skip = Skip::ProxyRefused;
            }
            let _ = hosts.push(HostKind::Silent, from, "", 0);
        } else if kind == HostKind::Silent {
            // Unless one of these is of use.
            self.skip = Skip::ProxyUnusable;
            for proxy in proxies::read_addresses(query) {
                // Two components may be one proxy; each place is offered once (S5B-03).
                let same = |it: Host<'_>| it.port == proxy.port && it.host.eq_ignore_ascii_case(proxy.host);
                if hosts.iter().any(|it| it.kind == HostKind::Proxy && same(it)) {
                    continue;
                }
                let Some(jid) = prepared::<JID_BYTES>(proxy.jid) else { continue };
                let _ = hosts.push(HostKind::Proxy, &jid, proxy.host, proxy.port);
            }
        }
    }

    fn settle_if_answered(&mut self, hosts: &Hosts<'_>) {
        if self.stage == (Stage::Asked { items: 0 }) && !hosts.iter().any(|host| is_open(&host)) {
            self.stage = Stage::Settled;
        }
    }

    /// When to call [`expire`](Self::expire).
    pub(crate) fn due(&self, discovery_ms: u32) -> Option<Instant> {
        self.is_under_way().then(|| self.since.after(discovery_ms))
    }

    /// The server, or an item of it, took too long: what is known by now has to do.
    pub(crate) fn expire(&mut self, hosts: &mut Hosts<'_>, now: Instant) {
        hosts.remove(is_open);
        self.silent_until = Some(now.after(SILENT_MS));
        self.stage = Stage::Settled;
    }
}

fn has_proxy(hosts: &Hosts<'_>) -> bool {
    hosts.iter().any(|host| host.kind == HostKind::Proxy)
}

/// An item of which something is still to be learned.
fn is_open(host: &Host<'_>) -> bool {
    matches!(host.kind, HostKind::Item | HostKind::Silent)
}

/// The domain of a full JID.
fn domain(full: &str) -> &str {
    let bare = jid::bare(full);
    jid::split_at_byte(bare, b'@').map_or(bare, |(_, domain)| domain)
}
