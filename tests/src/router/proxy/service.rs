//! What a proxy answers to stanzas.

use super::super::element::{FirstLevel, attribute};
use super::super::service::{INFO, ITEMS};
use super::super::{Jid, Router, StreamNo};
use super::Condition;
use sha1::{Digest, Sha1};
use std::fmt::Write as _;

pub(in super::super) const BYTESTREAMS: &str = "http://jabber.org/protocol/bytestreams";
/// One deployed proxy takes no longer stream ids (QRK-22).
const SID_BYTES_MAX: usize = 128;

impl Router {
    /// Which proxy a domain is.
    pub(in super::super) fn proxy_at(&self, to: &Jid) -> Option<usize> {
        let name = to.domain.strip_suffix(&self.config.domain)?.strip_suffix('.')?;
        self.config.proxies.iter().position(|proxy| proxy.name == name)
    }

    /// The `<item/>`s of the proxies that discovery may find.
    pub(in super::super) fn proxy_items(&self) -> String {
        let mut text = String::new();
        for proxy in self.config.proxies.iter().filter(|proxy| proxy.listed) {
            text.push_str("<item");
            attribute(&mut text, "jid", Some(&format!("{}.{}", proxy.name, self.config.domain)));
            text.push_str("/>");
        }
        text
    }

    /// Answers a request to a proxy.
    pub(in super::super) fn proxy_request(
        &mut self,
        now: u64,
        no: StreamNo,
        (sender, to): (&Jid, &Jid),
        proxy: usize,
        stanza: &FirstLevel,
    ) {
        match self.proxy_answer(sender, to, proxy, stanza) {
            Ok(answer) => self.result(now, no, stanza, &answer),
            Err(condition) => self.error(now, no, stanza, condition.parts()),
        }
    }

    fn proxy_answer(
        &mut self,
        sender: &Jid,
        to: &Jid,
        index: usize,
        stanza: &FirstLevel,
    ) -> Result<String, Condition> {
        let proxy = &self.config.proxies[index];
        let payload = stanza.root.children.first().ok_or(Condition::BadRequest)?;
        let get = stanza.root.attr("type") == Some("get");
        let component = to.local.is_none() && to.resource.is_none();
        let streamhost = to.local.is_none() && to.resource == proxy.node;
        match (payload.ns.as_str(), payload.name.as_str()) {
            (INFO, "query") if get && component && payload.attr("node").is_none() => Ok(format!(
                "<query xmlns='{INFO}'><identity category='proxy' type='bytestreams' name='SOCKS5 Bytestreams'/>\
                 <feature var='{INFO}'/><feature var='{ITEMS}'/><feature var='{BYTESTREAMS}'/></query>"
            )),
            (ITEMS, "query") if get && component && payload.attr("node").is_none() => {
                Ok(format!("<query xmlns='{ITEMS}'/>"))
            }
            (BYTESTREAMS, "query") if get && component => match proxy.refuse_address {
                Some(condition) => Err(condition),
                None if proxy.port == 0 => Err(Condition::ItemNotFound),
                None => Ok(self.proxy_address(index)),
            },
            (BYTESTREAMS, "query") if !get && streamhost => {
                if let Some(condition) = proxy.refuse_activation {
                    return Err(condition);
                }
                let activate = payload.child(BYTESTREAMS, "activate").ok_or(Condition::BadRequest)?;
                let sid = payload.attr("sid").filter(|sid| (1..=SID_BYTES_MAX).contains(&sid.len()));
                let sid = sid.ok_or(Condition::BadRequest)?;
                let target = Jid::parse(activate.text.trim()).ok_or(Condition::JidMalformed)?;
                let digest = digest(sid, sender, &target);
                self.proxy().activate(index, digest.as_bytes()).map(|()| String::new())
            }
            _ => Err(Condition::ServiceUnavailable),
        }
    }

    fn proxy_address(&self, index: usize) -> String {
        let proxy = &self.config.proxies[index];
        let mut jid = format!("{}.{}", proxy.name, self.config.domain);
        if let Some(node) = &proxy.node {
            let _ = write!(jid, "/{node}");
        }
        let mut text = format!("<query xmlns='{BYTESTREAMS}'><streamhost");
        attribute(&mut text, "jid", Some(&jid));
        attribute(&mut text, "host", Some(&proxy.host));
        let _ = write!(text, " port='{}'/></query>", proxy.port);
        text
    }
}

/// Destination of both streams (S5B-11), computed apart from the library.
fn digest(sid: &str, requester: &Jid, target: &Jid) -> String {
    let hash = Sha1::digest(format!("{sid}{requester}{target}").as_bytes());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
