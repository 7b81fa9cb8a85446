//! What the peers say, and how the input picks it.

use super::{PEERS, Play};
use crate::fuzz_targets::input::Input;

const IBB: &str = "http://jabber.org/protocol/ibb";
const SI: &str = "http://jabber.org/protocol/si";

impl Play<'_> {
    /// One stanza of a peer; often the one that is due.
    pub(super) fn stanza(&mut self, input: &mut Input<'_>) -> Option<String> {
        let kind = input.byte() % 14;
        self.count += 1;
        let from = PEERS[if input.byte() < 200 { 0 } else { usize::from(input.byte()) % 3 }];
        let other = usize::from(input.byte());
        let sid = self.sids[if other < 180 { 0 } else { other % self.sids.len() }].clone();
        let id = format!("p{}", self.count);
        let word =
            input.pick(&["forbidden", "item-not-found", "resource-constraint", "service-unavailable", "x"]);
        let set = |payload: String| {
            format!("<iq xmlns='jabber:client' type='set' from='{from}' id='{id}'>{payload}</iq>")
        };
        Some(match kind {
            0..4 => {
                if self.asked.is_empty() {
                    return None;
                }
                let other = usize::from(input.byte());
                let (id, what) = self.asked.remove(if other < 200 { 0 } else { other % self.asked.len() });
                if kind == 3 {
                    format!(
                        "<iq xmlns='jabber:client' type='error' from='{from}' id='{id}'><error type='cancel'><{word} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
                    )
                } else {
                    format!(
                        "<iq xmlns='jabber:client' type='result' from='{from}' id='{id}'>{}</iq>",
                        answer(&what, input)
                    )
                }
            }
            4 => {
                // What follows is most often about the stream offered last.
                self.sids.rotate_right(1);
                set(offer_of(&self.sids[0], input))
            }
            5 => set(format!(
                "<open xmlns='{IBB}' sid='{sid}' block-size='{}' stanza='iq'/>",
                input.pick(&["1", "16", "1", "1", "1024", "8193", "0", "x"])
            )),
            6..9 => {
                let due = self.next.get(&sid).copied().unwrap_or(0);
                let seq = if input.byte() < 220 { due } else { u32::from(input.byte() % 24) };
                let text = input.pick(&[
                    "eA==",
                    "eA==",
                    "eHg=",
                    "eHh4",
                    "",
                    "e A = =",
                    "!",
                    "eHh4eHh4eHh4eHh4eHh4eHh4",
                ]);
                set(format!("<data xmlns='{IBB}' sid='{sid}' seq='{seq}'>{text}</data>"))
            }
            9 => set(format!("<close xmlns='{IBB}' sid='{sid}'/>")),
            // Of "x", of nothing known, or of something else.
            10 if self.count.is_multiple_of(2) => {
                let hash = match self.count % 6 {
                    0 => "LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=",
                    2 => "",
                    _ => "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                };
                set(format!(
                    "<digest xmlns='urn:libxft:receipt:1' sid='{sid}' size='1'><hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>{hash}</hash></digest>"
                ))
            }
            10 => set(format!(
                "<receipt xmlns='urn:libxft:receipt:0' sid='{sid}' size='1'><hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=</hash></receipt>"
            )),
            11 => match input.byte() {
                0..30 => format!("<presence xmlns='jabber:client' type='unavailable' from='{from}'/>"),
                200.. => oversized(from, &sid, &id, input),
                _ => question(from, &id),
            },
            12 => format!(
                "<message xmlns='jabber:client' from='{from}' id='{id}'><data xmlns='{IBB}' sid='{sid}' seq='{}'>eA==</data></message>",
                input.byte() % 24
            ),
            _ => question(from, &id),
        })
    }
}

fn question(from: &str, id: &str) -> String {
    format!(
        "<iq xmlns='jabber:client' type='get' from='{from}' id='{id}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
    )
}

/// A stanza deeper, wider or larger than what is read (XML-07).
fn oversized(from: &str, sid: &str, id: &str, input: &mut Input<'_>) -> String {
    let n = usize::from(input.byte());
    let much = match input.byte() % 4 {
        0 => format!("{}{}", "<a>".repeat(33 + n), "</a>".repeat(33 + n)),
        1 => format!("<a b='{}'/>", "b".repeat(513 + 16 * n)),
        2 => format!("<{0}/>", "n".repeat(256 + n)),
        _ => format!("<a{}/>", (0..33 + n).map(|n| format!(" b{n}='{n}'")).collect::<String>()),
    };
    let name = input.pick(&["iq", "message", "presence"]);
    let kind = input.pick(&["get", "set", "result", "error"]);
    let inside = match input.byte() % 4 {
        0 => much,
        1 => format!("<data xmlns='{IBB}' sid='{sid}' seq='0'>eA=={much}</data>"),
        2 => offer_of(sid, input).replace("<range/>", &much),
        _ => format!("<close xmlns='{IBB}' sid='{sid}'>{much}</close>"),
    };
    format!("<{name} xmlns='jabber:client' type='{kind}' from='{from}' id='{id}'>{inside}</{name}>")
}

/// The result that is due for what was asked.
fn answer(what: &str, input: &mut Input<'_>) -> String {
    if what.contains("disco#info") {
        let receipt = match input.byte() & 3 {
            0 => "<feature var='urn:libxft:receipt:0'/>",
            2 => "<feature var='urn:libxft:receipt:1'/>",
            _ => "",
        };
        format!(
            "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='{SI}'/><feature var='{SI}/profile/file-transfer'/>{receipt}</query>"
        )
    } else if what.contains("<si ") {
        let range = input.pick(&["", "<range offset='1'/>", "<range length='1'/>", "<range offset='99'/>"]);
        format!(
            "<si xmlns='{SI}'><file xmlns='{SI}/profile/file-transfer'>{range}</file>\
             <feature xmlns='http://jabber.org/protocol/feature-neg'><x xmlns='jabber:x:data' type='submit'>\
             <field var='stream-method'><value>{IBB}</value></field></x></feature></si>"
        )
    } else {
        String::new()
    }
}

/// An offer of a peer.
fn offer_of(sid: &str, input: &mut Input<'_>) -> String {
    let size = input.pick(&["0", "1", "3", "18", "9223372036854775807", "x"]);
    let inside = input.pick(&[
        "",
        "<range/>",
        "<receipt xmlns='urn:libxft:receipt:0'/>",
        "<receipt xmlns='urn:libxft:receipt:1'/>",
    ]);
    format!(
        "<si xmlns='{SI}' id='{sid}' profile='{SI}/profile/file-transfer'>\
         <file xmlns='{SI}/profile/file-transfer' name='../a' size='{size}'>{inside}</file>\
         <feature xmlns='http://jabber.org/protocol/feature-neg'><x xmlns='jabber:x:data' type='form'>\
         <field var='stream-method' type='list-single'><option><value>{IBB}</value></option></field></x>\
         </feature></si>"
    )
}
