//! What a peer that knows SOCKS5 says, and the ways into each state of a transfer over SOCKS5.

pub use super::peer::{IBB, SI, close, condition, data, file, offered, open};
use super::wired::*;
use super::*;

pub const S5B: &str = "http://jabber.org/protocol/bytestreams";
pub const SID: &str = "s1";
/// Where the peer that sends listens.
pub const HOST: (&str, &str, u16) = (PEER, "192.0.2.7", 5000);
/// A proxy of somebody's server.
pub const RELAY: (&str, &str, u16) = ("relay.hospital.test", "192.0.2.8", 7777);

fn form(kind: &str, inner: &str) -> String {
    format!(
        "<feature xmlns='http://jabber.org/protocol/feature-neg'><x xmlns='jabber:x:data' type='{kind}'>\
         <field var='stream-method' type='list-single'>{inner}</field></x></feature>"
    )
}

/// An offer that lists these methods.
pub fn si_of(sid: &str, size: u64, methods: &[&str]) -> String {
    let options: String = methods.iter().map(|m| format!("<option><value>{m}</value></option>")).collect();
    format!(
        "<si xmlns='{SI}' id='{sid}' profile='{SI}/profile/file-transfer'>\
         <file xmlns='{SI}/profile/file-transfer' name='a' size='{size}'><range/></file>{}</si>",
        form("form", &options)
    )
}

/// The answer that picks that method, for a range if need be.
pub fn picks(method: &str, range: &str) -> String {
    let range = match range {
        "" => String::new(),
        range => format!("<file xmlns='{SI}/profile/file-transfer'>{range}</file>"),
    };
    format!("<si xmlns='{SI}'>{range}{}</si>", form("submit", &format!("<value>{method}</value>")))
}

/// Streamhosts that are offered.
pub fn query(sid: &str, hosts: &[(&str, &str, u16)]) -> String {
    let hosts: String = hosts
        .iter()
        .map(|(jid, host, port)| format!("<streamhost jid='{jid}' host='{host}' port='{port}'/>"))
        .collect();
    format!("<query xmlns='{S5B}' sid='{sid}' mode='tcp'>{hosts}</query>")
}

pub fn used(sid: &str, jid: &str) -> String {
    format!("<query xmlns='{S5B}' sid='{sid}'><streamhost-used jid='{jid}'/></query>")
}

/// A transfer from the peer that waits for streamhosts.
pub fn waiting(s: &mut Wired<'_>, size: u64, methods: &[&str]) -> TransferId {
    let transfer = offered(s.give(&set(PEER, "o1", &si_of(SID, size, methods))));
    s.session.accept(transfer, 0).unwrap();
    let said = s.poll();
    assert!(stanza(&said).contains(&format!("<value>{S5B}</value>")), "{said:?}");
    transfer
}

/// A transfer from the peer whose streamhosts came; gives the first thing that follows too.
pub fn connecting(s: &mut Wired<'_>, size: u64, hosts: &[(&str, &str, u16)]) -> (TransferId, Vec<Said>) {
    let transfer = waiting(s, size, &[S5B, IBB]);
    let said = s.ask(&set(PEER, "h1", &query(SID, hosts)));
    (transfer, said)
}

/// The digest of a file that the peer sends.
pub fn theirs() -> String {
    digest(SID, PEER, ME)
}

/// The handshake with a streamhost up to its reply, which the test hands in; gives the reply.
pub fn shake(s: &mut Wired<'_>, stream: StreamId, dst: &str) -> Vec<u8> {
    assert_eq!(s.up(stream), [Said::Bytes(stream, GREETING.to_vec())], "S5B-20");
    assert_eq!(s.hear(stream, METHOD), [Said::Bytes(stream, frame(1, dst))], "S5B-21, S5B-22");
    frame(0, dst)
}

/// A transfer from the peer whose bytes come over its own stream.
pub fn flowing(s: &mut Wired<'_>, size: u64) -> (TransferId, StreamId) {
    let (transfer, said) = connecting(s, size, &[HOST]);
    let stream = connects(&said)[0].0;
    let reply = shake(s, stream, &theirs());
    let said = s.hear(stream, &reply);
    assert!(stanza(&said).contains("<streamhost-used "), "{said:?}");
    s.take_events();
    (transfer, stream)
}

/// The owner listens, the offer goes out; gives it.
pub fn offering(s: &mut Wired<'_>, offer: &Offer<'_>) -> String {
    s.session.add_address("192.0.2.1", 5280).unwrap();
    s.session.offer(offer).unwrap();
    let said = s.poll();
    let mut last = Vec::new();
    for question in stanzas(&said) {
        let (to, id) = (attr(question, "to"), attr(question, "id"));
        let answer = if to == PEER {
            DISCO
        } else if question.contains("disco#items") {
            "<query xmlns='http://jabber.org/protocol/disco#items'/>"
        } else {
            return question.to_owned();
        };
        last = s.ask(&result(to, id, answer));
    }
    stanza(&last).to_owned()
}

/// The peer accepted; gives our streamhosts.
pub fn hosting(s: &mut Wired<'_>, size: u64) -> String {
    let offer = offering(s, &file(size));
    let said = s.ask(&result(PEER, attr(&offer, "id"), &picks(S5B, "")));
    s.take_events();
    stanza(&said).to_owned()
}

/// The digest of a file that we send, from our streamhosts.
pub fn ours(hosts: &str) -> String {
    digest(attr(hosts, "sid"), ME, PEER)
}

/// The peer comes to our listener and shows the digest.
pub fn admitted(s: &mut Wired<'_>, source: u64, dst: &str) -> StreamId {
    let stream = s.session.stream_accepted(source).unwrap();
    assert_eq!(s.hear(stream, GREETING), [Said::Bytes(stream, METHOD.to_vec())], "S5B-31");
    assert_eq!(s.hear(stream, &frame(1, dst)), [Said::Bytes(stream, frame(0, dst))], "S5B-33");
    stream
}

/// The peer uses our own address; gives the grant to send.
pub fn granted(s: &mut Wired<'_>, size: u64) -> (StreamId, Said) {
    let hosts = hosting(s, size);
    let stream = admitted(s, 7, &ours(&hosts));
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), ME)));
    let [grant @ Said::SendRaw { .. }] = &said[..] else { panic!("{said:?}") };
    s.take_events();
    (stream, grant.clone())
}
