//! One session with everything around it played by strings: its server and the peer it transfers with.

use crate::world::Memory;
use xft_core::*;

/// Full JID of the session.
pub const ME: &str = "pacs@hospital.test/in";
/// Full JID of its peer.
pub const PEER: &str = "ct1@hospital.test/gateway";
const HEADER: &str = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' \
                      id='s1' from='hospital.test' version='1.0'>";
/// More than any run moves.
const FILE_BYTES: u64 = 1 << 40;
/// More than any answer takes; the least a program would lend.
const OUT_BYTES: usize = 16_384;

/// The configuration for blocks of that size, with a window of 1 MiB.
pub fn config(block_bytes: u16) -> Config<'static> {
    let mut cfg = Config::new("pacs@hospital.test", "secret", [7; 32]);
    cfg.methods = xft_core::Methods::IN_BAND;
    cfg.resource = "in";
    cfg.tls = Tls::Direct;
    // Key derivation is no part of what is measured.
    cfg.sasl.plain = true;
    cfg.block_bytes = block_bytes;
    cfg.chunk_bytes = block_bytes;
    cfg.window_bytes = 1 << 20;
    cfg
}

/// A session whose bytestream is open.
pub struct Open<'a> {
    /// The session.
    pub session: Session<'a>,
    /// The running transfer.
    pub transfer: TransferId,
    /// Its stream id.
    pub sid: String,
}

/// A session that receives. With `hashed` the offer brings receipts, so that both ends hash what passes.
pub fn receiver<'a>(cfg: &Config<'_>, memory: &'a mut Memory, hashed: bool) -> Open<'a> {
    let mut session = online(cfg, memory);
    let receipt = if hashed { "<receipt xmlns='urn:libxft:receipt:0'/>" } else { "" };
    let mut offer = format!(
        "<iq type='set' id='o1' from='{PEER}' to='{ME}'><si xmlns='http://jabber.org/protocol/si' id='a81f9c0d3be24756' \
         profile='http://jabber.org/protocol/si/profile/file-transfer'>\
         <file xmlns='http://jabber.org/protocol/si/profile/file-transfer' name='ct.dcm' size='{FILE_BYTES}'>{receipt}</file>\
         <feature xmlns='http://jabber.org/protocol/feature-neg'><x xmlns='jabber:x:data' type='form'>\
         <field var='stream-method' type='list-single'><option><value>http://jabber.org/protocol/ibb</value></option>\
         </field></x></feature></si></iq>"
    )
    .into_bytes();
    let transfer = match session.stream_in(StreamId::XMPP, &mut offer) {
        Ok((_, Received::Offer(offer))) => offer.transfer,
        other => panic!("the offer came to {other:?}"),
    };
    session.accept(transfer, 0).expect("accepting");
    said(&mut session);
    let sid = "a81f9c0d3be24756".to_owned();
    let block = cfg.block_bytes;
    feed(
        &mut session,
        &format!(
            "<iq type='set' id='o2' from='{PEER}' to='{ME}'>\
             <open xmlns='http://jabber.org/protocol/ibb' sid='{sid}' block-size='{block}' stanza='iq'/></iq>"
        ),
    );
    assert!(said(&mut session).contains("type='result'"), "the bytestream was refused");
    Open { session, transfer, sid }
}

/// A session that sends. With `hashed` the peer gives receipts, so that both ends hash what passes.
pub fn sender<'a>(cfg: &Config<'_>, memory: &'a mut Memory, hashed: bool) -> Open<'a> {
    let mut session = online(cfg, memory);
    let offer = Offer {
        to: PEER,
        name: "ct.dcm",
        size: FILE_BYTES,
        date: None,
        mime_type: None,
        sha256: None,
        md5: None,
        methods: None,
    };
    let transfer = session.offer(&offer).expect("offering");
    let receipt = if hashed { "<feature var='urn:libxft:receipt:0'/>" } else { "" };
    let disco = answer(
        &said(&mut session),
        &format!(
            "<query xmlns='http://jabber.org/protocol/disco#info'>{receipt}\
             <feature var='http://jabber.org/protocol/si'/>\
             <feature var='http://jabber.org/protocol/si/profile/file-transfer'/></query>"
        ),
    );
    feed(&mut session, &disco);
    let offered = said(&mut session);
    let sid = attribute(offered.split("<si ").nth(1).expect("an offer"), "id").to_owned();
    let accepted = answer(
        &offered,
        "<si xmlns='http://jabber.org/protocol/si'><feature xmlns='http://jabber.org/protocol/feature-neg'>\
         <x xmlns='jabber:x:data' type='submit'><field var='stream-method'>\
         <value>http://jabber.org/protocol/ibb</value></field></x></feature></si>",
    );
    feed(&mut session, &accepted);
    let opened = answer(&said(&mut session), "");
    feed(&mut session, &opened);
    Open { session, transfer, sid }
}

/// Logs in with the server's words.
fn online<'a>(cfg: &Config<'_>, memory: &'a mut Memory) -> Session<'a> {
    let mut session = Session::new(cfg, memory.storage(), Instant::from_ms(0)).expect("a session");
    session.stream_open(StreamId::XMPP).expect("opening");
    said(&mut session);
    feed(
        &mut session,
        &format!(
            "{HEADER}<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\
             <mechanism>PLAIN</mechanism></mechanisms></stream:features>"
        ),
    );
    assert!(said(&mut session).contains("<auth "), "the session does not log in");
    feed(&mut session, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    said(&mut session);
    feed(
        &mut session,
        &format!(
            "{HEADER}<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>"
        ),
    );
    let id = attribute(&said(&mut session), "id").to_owned();
    feed(
        &mut session,
        &format!(
            "<iq type='result' id='{id}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{ME}</jid></bind></iq>"
        ),
    );
    said(&mut session);
    assert_eq!(session.jid(), ME);
    session
}

/// Hands a text in that asks for nothing.
pub fn feed(session: &mut Session<'_>, text: &str) {
    let mut bytes = text.as_bytes().to_vec();
    let mut at = 0;
    while let Some(rest) = bytes.get_mut(at..).filter(|rest| !rest.is_empty()) {
        let (used, _) = session.stream_in(StreamId::XMPP, rest).expect("reading");
        at += used;
    }
}

/// Everything the session has to say now, the blocks it could send left aside.
fn said(session: &mut Session<'_>) -> String {
    let (mut text, mut out) = (String::new(), vec![0; OUT_BYTES]);
    loop {
        match session.poll(&mut out).expect("polling") {
            Output::Transmit { bytes, .. } => text.push_str(&String::from_utf8_lossy(bytes)),
            Output::Event(Event::Offline { reason, .. }) => panic!("the session ended: {reason:?}"),
            Output::Event(_) => {}
            _ => return text,
        }
    }
}

/// The peer's result to the last request in `asked`.
fn answer(asked: &str, payload: &str) -> String {
    let request = asked.rsplit("<iq ").next().unwrap_or_default();
    let id = attribute(request, "id");
    format!("<iq type='result' id='{id}' from='{PEER}' to='{ME}'>{payload}</iq>")
}

/// The value of the first attribute of that name.
pub fn attribute<'t>(text: &'t str, name: &str) -> &'t str {
    let start = text.split(&format!(" {name}='")).nth(1).expect("the attribute");
    start.split('\'').next().unwrap_or_default()
}
