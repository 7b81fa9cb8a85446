//! A session that owns its stream, logged in at a server played by hand.

pub use crate::world::Memory;
use xft_core::*;

pub const ME: &str = "ct1@hospital.test/gw";
pub const PEER: &str = "pacs@hospital.test/in";

const HEADER: &str = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' \
    id='1' from='hospital.test' version='1.0'>";

/// Direct TLS and PLAIN, the shortest login there is.
pub fn config() -> Config<'static> {
    let mut cfg = Config::new("ct1@hospital.test", "secret", [9; 32]);
    cfg.methods = xft_core::Methods::IN_BAND;
    (cfg.tls, cfg.sasl.plain, cfg.resource) = (Tls::Direct, true, "gw");
    cfg
}

pub struct Owned<'m> {
    pub session: Session<'m>,
    pub now: u64,
    pub events: Vec<Event>,
    /// The file that is sent.
    pub file: Vec<u8>,
    /// Offers and blocks that came.
    pub offers: Vec<TransferId>,
    pub blocks: Vec<Vec<u8>>,
    /// The transport was closed.
    pub closed: bool,
    pub wait: Option<u64>,
    /// Waits in a row for a time that had come.
    due: u32,
}

impl<'m> Owned<'m> {
    /// Logged in; `features` are those after the login, beside binding.
    pub fn new(cfg: &Config<'_>, features: &str, memory: &'m mut Memory) -> Self {
        let mut s = Self::bound(cfg, features, memory);
        s.poll();
        assert_eq!(std::mem::take(&mut s.events), [Event::Online]);
        s
    }

    /// The same just behind the answer to the bind request.
    pub fn bound(cfg: &Config<'_>, features: &str, memory: &'m mut Memory) -> Self {
        let mut s = Self::unopened(cfg, memory);
        s.session.stream_open(StreamId::XMPP).unwrap();
        s.feed(&format!(
            "{HEADER}<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\
             <mechanism>PLAIN</mechanism></mechanisms></stream:features>"
        ));
        assert!(s.poll().concat().contains("<auth "));
        s.feed("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        s.poll();
        s.feed(&format!(
            "{HEADER}<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>{features}</stream:features>"
        ));
        let bind = s.poll().concat();
        let id = bind.split(" id='").nth(1).unwrap().split('\'').next().unwrap();
        s.feed(&format!(
            "<iq type='result' id='{id}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{ME}</jid></bind></iq>"
        ));
        s
    }

    pub fn unopened(cfg: &Config<'_>, memory: &'m mut Memory) -> Self {
        let session = Session::new(cfg, memory.storage(), Instant::from_ms(0)).unwrap();
        Self {
            session,
            now: 0,
            events: Vec::new(),
            file: Vec::new(),
            offers: Vec::new(),
            blocks: Vec::new(),
            closed: false,
            wait: None,
            due: 0,
        }
    }

    /// Polls until there is nothing to do; gives what goes out.
    pub fn poll(&mut self) -> Vec<String> {
        let (mut sent, mut out) = (Vec::new(), vec![0; 20_000]);
        for _ in 0..10_000 {
            match self.session.poll(&mut out) {
                Ok(Output::Transmit { bytes, .. }) => sent.push(String::from_utf8(bytes.to_vec()).unwrap()),
                Ok(Output::Event(Event::Settle { transfer, .. })) => self.session.settled(transfer).unwrap(),
                Ok(Output::Event(event)) => self.events.push(event),
                Ok(Output::Close { .. }) => self.closed = true,
                Ok(Output::Wait { until, why }) => {
                    self.wait = until.map(Instant::ms);
                    // One that is due lets the owner read first; told for ever, the owner would turn in circles.
                    let due = self.wait.is_some_and(|at| at <= self.now);
                    self.due = if due { self.due + 1 } else { 0 };
                    assert!(self.due < 5, "{why:?} at {until:?}, now {}", self.now);
                    return sent;
                }
                Ok(Output::NeedData { transfer, offset, max }) => {
                    let from = usize::try_from(offset).unwrap();
                    let bytes = self.file[from..from + max].to_vec();
                    match self.session.supply(transfer, offset, &bytes, &mut out) {
                        Ok(Output::Transmit { bytes, .. }) => {
                            sent.push(String::from_utf8(bytes.to_vec()).unwrap());
                        }
                        other => panic!("{other:?}"),
                    }
                }
                Ok(other) => panic!("{other:?}"),
                Err(Error::Closed(_)) => return sent,
                Err(error) => panic!("{error:?}"),
            }
        }
        panic!("poll never says Wait");
    }

    /// Everything the server says in one piece.
    pub fn feed(&mut self, text: &str) {
        self.feed_bytes(text.as_bytes());
    }

    pub fn feed_bytes(&mut self, bytes: &[u8]) {
        let (mut bytes, mut at) = (bytes.to_vec(), 0);
        while at < bytes.len() {
            match self.session.stream_in(StreamId::XMPP, &mut bytes[at..]) {
                Ok((used, received)) => {
                    at += used;
                    match received {
                        Received::Offer(offer) => self.offers.push(offer.transfer),
                        Received::Data { bytes, .. } => self.blocks.push(bytes.to_vec()),
                        _ => {}
                    }
                }
                Err(Error::Closed(_)) => return,
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    /// Feeds and gives what goes out after it.
    pub fn ask(&mut self, text: &str) -> String {
        self.feed(text);
        self.poll().concat()
    }

    /// Time goes on by `ms`, and nothing comes; gives what goes out then.
    pub fn wait_ms(&mut self, ms: u64) -> String {
        self.now += ms;
        let mut sent = self.turn();
        for _ in 0..100 {
            if self.wait.is_none_or(|at| at > self.now) {
                return sent;
            }
            sent += &self.turn();
        }
        panic!("waits for a time that came");
    }

    /// One turn of an owner that found nothing to read; gives what goes out.
    pub fn turn(&mut self) -> String {
        self.wait = None;
        match self.session.tick(Instant::from_ms(self.now)) {
            Err(Error::Closed(_)) => return String::new(),
            told => told.unwrap(),
        }
        self.poll().concat()
    }
}
