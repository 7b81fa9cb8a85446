//! What peers, servers and proxies say, and how the input picks it.

use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::{PEERS, Play, S5B};
use crate::fuzz_targets::input::{Input, attr};
use crate::fuzz_targets::negotiation::outputs::streamhosts;

const IBB: &str = "http://jabber.org/protocol/ibb";
const SI: &str = "http://jabber.org/protocol/si";
const FNEG: &str = "http://jabber.org/protocol/feature-neg";
const RECEIPT: &str = "urn:libxft:receipt:1";
const DISCO: &str = "http://jabber.org/protocol/disco";

impl Play<'_> {
    /// One stanza; often the one that is due.
    pub(super) fn stanza(&mut self, input: &mut Input<'_>) -> Option<String> {
        let kind = input.byte() % 16;
        self.count += 1;
        let from = PEERS[if input.byte() < 230 { 0 } else { usize::from(input.byte()) % 3 }];
        let other = usize::from(input.byte());
        let sid = self.sids[if other < 200 { 0 } else { other % self.sids.len() }].clone();
        let id = format!("p{}", self.count);
        let set = |payload: String| {
            format!("<iq xmlns='jabber:client' type='set' from='{from}' id='{id}'>{payload}</iq>")
        };
        Some(match kind {
            0..7 => return self.answer(kind == 6, input),
            7 | 8 => {
                let sid = format!("s{}", self.count);
                self.sids.insert(0, sid.clone());
                set(offer_of(&sid, self.receipts, input))
            }
            9..12 => set(query_of(&sid, input)),
            12 => set(format!(
                "<open xmlns='{IBB}' sid='{sid}' block-size='{}' stanza='iq'/>",
                input.pick(&["16", "1", "17", "0"])
            )),
            13 => {
                let seq = self.blocks.get(&sid).copied().unwrap_or(0);
                let text = input.pick(&["eA==", "eHg=", "eHh4", "eHh4eHh4eHh4eHh4eHh4"]);
                set(format!("<data xmlns='{IBB}' sid='{sid}' seq='{seq}'>{text}</data>"))
            }
            14 => set(input
                .pick(&[
                    "<close xmlns='http://jabber.org/protocol/ibb' sid='SID'/>",
                    "<query xmlns='http://jabber.org/protocol/bytestreams' sid='SID'><activate>a@b/c</activate></query>",
                    "<query xmlns='http://jabber.org/protocol/bytestreams' sid='SID'><streamhost-used jid='a@b/c'/></query>",
                    "<x xmlns='http://jabber.org/protocol/bytestreams'/>",
                ])
                .replace("SID", &sid)),
            _ if input.byte() < 20 => {
                format!("<presence xmlns='jabber:client' type='unavailable' from='{from}'/>")
            }
            _ if self.receipts => set(self.last_word(&sid, input)),
            _ => format!("<iq xmlns='jabber:client' type='get' from='{from}' id='{id}'><query xmlns='{S5B}'/></iq>"),
        })
    }

    /// What a sender says of its file behind the last byte: files here are full of the same letter.
    fn last_word(&mut self, sid: &str, input: &mut Input<'_>) -> String {
        let size = self.by_sid(sid).map_or(0, |at| self.seen[at].file.size);
        let file = vec![b'x'; usize::try_from(size.min(1000)).expect("a small number")];
        let right = STANDARD.encode(Sha256::digest(&file));
        let hash = input.pick(&[&*right, &right, &right, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", ""]);
        if hash == right {
            self.vouched.push(sid.to_owned());
        }
        let hash = match hash {
            "" => String::new(),
            hash => format!("<hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>{hash}</hash>"),
        };
        format!("<digest xmlns='{RECEIPT}' sid='{sid}' size='{size}'>{hash}</digest>")
    }

    /// The answer to one of our requests: mostly the oldest, from who was asked, and what it hoped for.
    fn answer(&mut self, error: bool, input: &mut Input<'_>) -> Option<String> {
        if self.asked.is_empty() {
            return None;
        }
        let other = usize::from(input.byte());
        let at = if other < 200 { 0 } else { other % self.asked.len() };
        let other = input.byte();
        let from =
            if other < 240 { self.asked[at].to.clone() } else { PEERS[usize::from(other) % 3].to_owned() };
        let (id, what) = (self.asked[at].id.clone(), self.asked[at].text.clone());
        // Who was not asked changes nothing (STZ-02): the request stays open.
        let honest = from == self.asked[at].to;
        if honest {
            self.asked.remove(at);
        }
        let word = input.pick(&[
            "item-not-found",
            "item-not-found",
            "not-acceptable",
            "forbidden",
            "service-unavailable",
            "resource-constraint",
            "recipient-unavailable",
            "x",
        ]);
        if error {
            return Some(format!(
                "<iq xmlns='jabber:client' type='error' from='{from}' id='{id}'><error type='cancel'>\
                 <{word} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
            ));
        }
        let payload = self.result(&what, honest, input);
        Some(format!("<iq xmlns='jabber:client' type='result' from='{from}' id='{id}'>{payload}</iq>"))
    }

    /// The result that is due for what was asked.
    fn result(&mut self, what: &str, honest: bool, input: &mut Input<'_>) -> String {
        let inner = &what[what.find('>').unwrap_or(0)..];
        let sid = attr(inner, "sid").to_owned();
        if inner.contains("#info") && PEERS.contains(&attr(what, "to")) {
            let feature = |uri: &str| format!("<feature var='{uri}'/>");
            let mut all = feature(SI) + &feature(&format!("{SI}/profile/file-transfer"));
            if self.receipts {
                all += &feature(RECEIPT);
            }
            return format!("<query xmlns='{DISCO}#info'>{all}</query>");
        }
        if inner.contains("#info") {
            let kind = input.pick(&["proxy", "proxy", "proxy", "conference"]);
            return format!(
                "<query xmlns='{DISCO}#info'><identity category='{kind}' type='bytestreams'/></query>"
            );
        }
        if inner.contains("#items") {
            let items = input.pick(&[
                "<item jid='proxy.hospital.test'/>",
                "<item jid='conference.hospital.test'/><item jid='proxy.hospital.test'/><item jid='proxy.hospital.test'/>",
                "",
                "<item jid='a.test'/><item jid='b.test'/><item jid='c.test'/><item jid='d.test'/><item jid='e.test'/>",
                "<item jid='proxy.hospital.test' node='x'/><item jid='a b'/><item/>",
            ]);
            return format!("<query xmlns='{DISCO}#items'>{items}</query>");
        }
        if inner.contains("<si ") {
            return accept_of(input);
        }
        if inner.contains("<digest ") {
            return input.pick(&["", "", "", "<unverified xmlns='urn:libxft:receipt:1'/>"]).to_owned();
        }
        if inner.contains("<activate>") {
            if honest {
                self.activated.push(sid);
            }
            return String::new();
        }
        if inner.contains("<streamhost ") {
            let hosts = streamhosts(inner);
            let pick = usize::from(input.byte()) % (hosts.len() + 1);
            let jid = hosts.get(pick).map_or("nobody.test", |host| &host.0);
            if honest {
                self.used.push((sid.clone(), jid.to_owned()));
            }
            let used = format!("<streamhost-used jid='{jid}'/>");
            let used = input.pick(&[&*used, &used, &used, &used, &used, "", "<streamhost-used/>"]).to_owned();
            return format!("<query xmlns='{S5B}' sid='{sid}'>{used}</query>");
        }
        if inner.contains(S5B) {
            let hosts = input.pick(&[
                "<streamhost jid='proxy.hospital.test/17' host='192.0.2.9' port='7777'/>",
                "<streamhost jid='proxy.hospital.test' host='proxy.hospital.test'/>",
                "<streamhost jid='p.x' host='192.0.2.9' port='0'/>",
                "<streamhost jid='p.x' host='h1' port='1'/><streamhost jid='p.x' host='h2' port='2'/>\
                 <streamhost jid='p.x' host='h3' port='3'/><streamhost jid='p.x' host='h4' port='4'/>\
                 <streamhost jid='p.x' host='h5' port='5'/>",
                "",
            ]);
            self.proxies.extend(streamhosts(hosts));
            return format!("<query xmlns='{S5B}'>{hosts}</query>");
        }
        String::new()
    }
}

/// An answer to an offer.
fn accept_of(input: &mut Input<'_>) -> String {
    let range =
        input.pick(&["", "", "", "<range offset='1'/>", "<range length='1'/>", "<range offset='99'/>"]);
    let value = |uri: &str| format!("<value>{uri}</value>");
    let (socks5, in_band) = (value(S5B), value(IBB));
    let two = socks5.clone() + &in_band;
    let picked = input.pick(&[&*socks5, &socks5, &socks5, &socks5, &in_band, &two, "", "<value>x</value>"]);
    format!(
        "<si xmlns='{SI}'><file xmlns='{SI}/profile/file-transfer'>{range}</file><feature xmlns='{FNEG}'>\
         <x xmlns='jabber:x:data' type='submit'><field var='stream-method'>{picked}</field></x></feature></si>"
    )
}

/// An offer of a peer.
fn offer_of(sid: &str, receipts: bool, input: &mut Input<'_>) -> String {
    let size = input.pick(&["18", "3", "0", "100", "9223372036854775807"]);
    let receipt = if receipts { "<receipt xmlns='urn:libxft:receipt:1'/>" } else { "" };
    let inside = input.pick(&["<range/>", ""]).to_owned() + receipt;
    let option = |uri: &str| format!("<option><value>{uri}</value></option>");
    let (socks5, in_band) = (option(S5B), option(IBB));
    let (both, turned) = (socks5.clone() + &in_band, in_band.clone() + &socks5);
    let options = input.pick(&[&*both, &both, &turned, &socks5, &in_band, ""]);
    format!(
        "<si xmlns='{SI}' id='{sid}' profile='{SI}/profile/file-transfer'>\
         <file xmlns='{SI}/profile/file-transfer' name='a' size='{size}'>{inside}</file><feature xmlns='{FNEG}'>\
         <x xmlns='jabber:x:data' type='form'><field var='stream-method' type='list-single'>{options}</field></x>\
         </feature></si>"
    )
}

/// The streamhosts of a peer.
fn query_of(sid: &str, input: &mut Input<'_>) -> String {
    let host =
        |n: usize, port: &str| format!("<streamhost jid='q{n}.test' host='192.0.2.{n}' port='{port}'/>");
    let hosts = match input.byte() % 10 {
        0..3 => host(1, "7777"),
        3 | 4 => host(1, "7777") + &host(2, "7777") + &host(3, "1"),
        5 => (0..20).map(|n| host(n, "5000")).collect(),
        6 => host(1, "1").repeat(3) + &host(2, "0") + "<streamhost jid='q4.test' host='h4'/>",
        7 => host(1, "0"),
        8 => String::new(),
        _ => host(1, "7777").replace("q1.test", PEERS[0]) + &host(2, "2"),
    };
    let more =
        input.pick(&["", "", "", "", " mode='tcp'", " mode='udp'", " dstaddr='room'", " dstaddr='a b'"]);
    format!("<query xmlns='{S5B}' sid='{sid}'{more}>{hosts}</query>")
}
