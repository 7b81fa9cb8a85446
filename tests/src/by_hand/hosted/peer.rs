//! What a peer says, and the ways into each state of a transfer.

use super::*;

pub const SI: &str = "http://jabber.org/protocol/si";
pub const IBB: &str = "http://jabber.org/protocol/ibb";

pub fn file(size: u64) -> Offer<'static> {
    Offer {
        to: PEER,
        name: "ct.dcm",
        size,
        date: None,
        mime_type: None,
        sha256: None,
        md5: None,
        methods: None,
    }
}

/// An offer from a peer.
pub fn si(sid: &str, size: u64) -> String {
    format!(
        "<si xmlns='{SI}' id='{sid}' profile='{SI}/profile/file-transfer'>\
         <file xmlns='{SI}/profile/file-transfer' name='a' size='{size}'/>\
         <feature xmlns='http://jabber.org/protocol/feature-neg'><x xmlns='jabber:x:data' type='form'>\
         <field var='stream-method' type='list-single'><option><value>{IBB}</value></option></field></x>\
         </feature></si>"
    )
}

/// The answer that accepts our offer.
pub fn yes() -> String {
    format!(
        "<si xmlns='{SI}'><feature xmlns='http://jabber.org/protocol/feature-neg'>\
         <x xmlns='jabber:x:data' type='submit'><field var='stream-method'><value>{IBB}</value></field></x>\
         </feature></si>"
    )
}

pub fn open(sid: &str, block: u32) -> String {
    format!("<open xmlns='{IBB}' sid='{sid}' block-size='{block}' stanza='iq'/>")
}

pub fn data(sid: &str, seq: u32, text: &str) -> String {
    format!("<data xmlns='{IBB}' sid='{sid}' seq='{seq}'>{text}</data>")
}

pub fn close(sid: &str) -> String {
    format!("<close xmlns='{IBB}' sid='{sid}'/>")
}

pub fn condition(stanza: &str) -> &str {
    let error = &stanza[stanza.find("<error").unwrap_or_else(|| panic!("no error in {stanza}"))..];
    let name = &error[error.find("><").unwrap() + 2..];
    &name[..name.find(' ').unwrap()]
}

pub fn offered(got: Got) -> TransferId {
    match got {
        Got::Offer { transfer, .. } => transfer,
        other => panic!("{other:?}"),
    }
}

/// A transfer from the peer that waits for the opening.
pub fn accepted(s: &mut Hosted<'_>, sid: &str, size: u64) -> TransferId {
    let transfer = offered(s.give(&set(PEER, "o1", &si(sid, size))));
    s.session.accept(transfer, 0).unwrap();
    assert!(s.poll()[0].contains("type='result'"));
    transfer
}

/// A transfer from the peer whose bytestream is open.
pub fn receiving(s: &mut Hosted<'_>, sid: &str, size: u64) -> TransferId {
    let transfer = accepted(s, sid, size);
    assert!(s.ask(&set(PEER, "o2", &open(sid, 4096)))[0].contains("type='result'"));
    s.take_events();
    transfer
}

/// The offer goes out; gives it.
pub fn offering(s: &mut Hosted<'_>, size: u64) -> String {
    s.session.offer(&file(size)).unwrap();
    let sent = s.poll();
    let question = sent.iter().find(|s| s.contains("disco#info"));
    match question.map(|q| attr(q, "id").to_owned()) {
        Some(id) => s.ask(&result(PEER, &id, DISCO)).remove(0),
        None => sent[0].clone(),
    }
}

/// The peer accepted; gives the `<open/>`.
pub fn opening(s: &mut Hosted<'_>, size: u64) -> String {
    let offer = offering(s, size);
    s.ask(&result(PEER, attr(&offer, "id"), &yes())).remove(0)
}

/// The bytestream is open and the first blocks are out; gives them.
pub fn sending(s: &mut Hosted<'_>, size: u64) -> Vec<String> {
    let open = opening(s, size);
    let sent = s.ask(&result(PEER, attr(&open, "id"), ""));
    s.take_events();
    sent
}
