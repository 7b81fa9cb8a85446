//! The server's own answers: roster, disco, ping, session.

use super::element::{FirstLevel, attribute};
use super::route::UNAVAILABLE;
use super::{Router, StreamNo};

pub(super) const INFO: &str = "http://jabber.org/protocol/disco#info";
pub(super) const ITEMS: &str = "http://jabber.org/protocol/disco#items";
const ROSTER: &str = "jabber:iq:roster";

impl Router {
    /// A request without a resource in its address: `own` to the sender's account, `domain` to the server, else to a foreign account.
    pub(super) fn serve(&mut self, now: u64, no: StreamNo, own: bool, domain: bool, stanza: &FirstLevel) {
        let Some(payload) = stanza.root.children.first() else { return };
        let get = stanza.root.attr("type") == Some("get");
        let answer = match (payload.ns.as_str(), payload.name.as_str()) {
            ("urn:xmpp:ping", "ping") if get && (own || domain) => Some(String::new()),
            ("urn:ietf:params:xml:ns:xmpp-session", "session") if !get && (own || domain) => {
                Some(String::new())
            }
            (INFO, "query") if get && (own || domain) && payload.attr("node").is_none() => Some(info(domain)),
            (ITEMS, "query") if get && (own || domain) && payload.attr("node").is_none() => {
                let items = if domain { self.proxy_items() } else { String::new() };
                Some(format!("<query xmlns='{ITEMS}'>{items}</query>"))
            }
            (ROSTER, "query") if get && own => Some(self.roster(no)),
            _ => None,
        };
        match answer {
            Some(answer) => self.result(now, no, stanza, &answer),
            None => self.error(now, no, stanza, UNAVAILABLE),
        }
    }

    /// Answers a request.
    pub(super) fn result(&mut self, now: u64, no: StreamNo, stanza: &FirstLevel, answer: &str) {
        let mut text = String::from("<iq type='result'");
        attribute(&mut text, "id", stanza.root.attr("id"));
        attribute(&mut text, "from", stanza.root.attr("to"));
        attribute(&mut text, "to", self.address(no).as_deref());
        text.push('>');
        text.push_str(answer);
        text.push_str("</iq>");
        self.write(now, no, &text);
    }

    fn roster(&self, no: StreamNo) -> String {
        let own = self.streams.get(&no).and_then(|s| s.account.as_deref()).unwrap_or_default();
        let mut text = format!("<query xmlns='{ROSTER}'>");
        for (user, _) in
            self.config.accounts.iter().filter(|(u, _)| self.config.everyone_in_roster && u != own)
        {
            text.push_str("<item");
            attribute(&mut text, "jid", Some(&format!("{user}@{}", self.config.domain)));
            text.push_str(" subscription='both'/>");
        }
        text.push_str("</query>");
        text
    }
}

fn info(domain: bool) -> String {
    let identity =
        if domain { "category='server' type='im'" } else { "category='account' type='registered'" };
    let features = [INFO, ITEMS, "urn:xmpp:ping", ROSTER];
    let features: String = features.iter().map(|f| format!("<feature var='{f}'/>")).collect();
    format!("<query xmlns='{INFO}'><identity {identity}/>{features}</query>")
}
