//! A session whose host owns the stream, driven with whole stanzas by hand.

pub mod pair;
pub mod peer;
pub mod socks;
pub mod wired;

pub use crate::world::Memory;
use xft_core::*;

pub const ME: &str = "ct1@hospital.test/gw";
pub const PEER: &str = "pacs@hospital.test/in";

/// What a stanza handed in came to, without its loans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Got {
    Consumed,
    Data { transfer: TransferId, offset: u64, bytes: Vec<u8> },
    Offer { transfer: TransferId, from: String, name: String, raw_name: String, size: u64 },
    NoRoom { from: String, name: String, size: u64 },
    NotMine,
}

impl From<Received<'_>> for Got {
    fn from(received: Received<'_>) -> Self {
        match received {
            Received::Consumed => Self::Consumed,
            Received::Data { transfer, offset, bytes } => {
                Self::Data { transfer, offset, bytes: bytes.to_vec() }
            }
            Received::Offer(o) => Self::Offer {
                transfer: o.transfer,
                from: o.from.into(),
                name: o.name.as_str().into(),
                raw_name: o.raw_name.into(),
                size: o.size,
            },
            Received::NoRoom { from, name, size } => {
                Self::NoRoom { from: from.into(), name: name.as_str().into(), size }
            }
            Received::NotMine => Self::NotMine,
            other => panic!("{other:?}"),
        }
    }
}

pub fn config(jid: &str) -> Config<'_> {
    let mut cfg = Config::new(jid.split('/').next().unwrap(), "", [(jid.len() as u8).max(1); 32]);
    cfg.methods = xft_core::Methods::IN_BAND;
    cfg.owner = StreamOwner::Host { jid };
    cfg
}

/// Silent peers are not asked whether they are still there: that has tests of its own.
pub fn unasked(cfg: &mut Config<'_>) {
    cfg.times.ask_ms = 0;
}

pub struct Hosted<'m> {
    pub session: Session<'m>,
    pub now: u64,
    /// The file that is sent.
    pub file: Vec<u8>,
    /// Whether a wish for data is fulfilled at once.
    pub supplies: bool,
    /// Whether a file gets its place as soon as the session asks for it; else the question is an event among the others.
    pub settles: bool,
    pub events: Vec<Event>,
    /// The last wish for data that was not fulfilled.
    pub wish: Option<(TransferId, u64, usize)>,
    pub wait: Option<u64>,
    pub why: Timer,
    out: Vec<u8>,
}

impl<'m> Hosted<'m> {
    pub fn new(cfg: &Config<'_>, memory: &'m mut Memory) -> Self {
        let session = Session::new(cfg, memory.storage(), Instant::from_ms(0)).unwrap();
        let mut hosted = Self {
            session,
            now: 0,
            file: (0..200_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect(),
            supplies: true,
            settles: true,
            events: Vec::new(),
            wish: None,
            wait: None,
            why: Timer::None,
            out: vec![0; 100_000],
        };
        assert!(hosted.poll().is_empty());
        assert_eq!(hosted.take_events(), [Event::Online]);
        hosted
    }

    /// Polls until there is nothing to do; gives the stanzas that go out.
    pub fn poll(&mut self) -> Vec<String> {
        let mut sent = Vec::new();
        self.wish = None;
        for _ in 0..100_000 {
            let wish = match self.session.poll(&mut self.out) {
                Ok(Output::Transmit { bytes, .. }) => {
                    sent.push(String::from_utf8(bytes.to_vec()).unwrap());
                    continue;
                }
                Ok(Output::NeedData { transfer, offset, max }) => (transfer, offset, max),
                Ok(Output::Event(Event::Settle { transfer, .. })) if self.settles => {
                    self.session.settled(transfer).unwrap();
                    continue;
                }
                Ok(Output::Event(event)) => {
                    self.events.push(event);
                    continue;
                }
                Ok(Output::Wait { until, why }) => {
                    (self.wait, self.why) = (until.map(Instant::ms), why);
                    return sent;
                }
                Ok(other) => panic!("{other:?}"),
                Err(Error::Closed(_)) => return sent,
                Err(error) => panic!("{error:?}"),
            };
            self.wish = Some(wish);
            if !self.supplies {
                return sent;
            }
            sent.push(self.supply(wish));
        }
        panic!("poll never says Wait");
    }

    pub fn supply(&mut self, (transfer, offset, max): (TransferId, u64, usize)) -> String {
        let from = usize::try_from(offset).unwrap();
        match self.session.supply(transfer, offset, &self.file[from..from + max], &mut self.out) {
            Ok(Output::Transmit { bytes, .. }) => String::from_utf8(bytes.to_vec()).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// Hands in one stanza.
    pub fn give(&mut self, stanza: &str) -> Got {
        self.try_give(stanza).unwrap()
    }

    pub fn try_give(&mut self, stanza: &str) -> Result<Got, Error> {
        let mut bytes = stanza.as_bytes().to_vec();
        Ok(self.session.stanza_in(&mut bytes)?.into())
    }

    /// Hands in one stanza and gives what goes out after it.
    pub fn ask(&mut self, stanza: &str) -> Vec<String> {
        self.give(stanza);
        self.poll()
    }

    /// Time goes on by `ms`, and nothing comes; gives what goes out then.
    pub fn wait_ms(&mut self, ms: u64) -> Vec<String> {
        self.now += ms;
        let mut sent = self.turn();
        for _ in 0..100 {
            if self.wait.is_none_or(|at| at > self.now) {
                return sent;
            }
            sent.extend(self.turn());
        }
        panic!("waits for a time that came: {:?}", self.why);
    }

    /// One turn of an owner that found nothing to read; gives what goes out.
    pub fn turn(&mut self) -> Vec<String> {
        self.session.tick(Instant::from_ms(self.now)).unwrap();
        self.wait = None;
        self.poll()
    }

    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// How the one transfer that finished since the last look ended.
    pub fn ending(&mut self) -> Ending {
        let endings: Vec<Ending> = self
            .take_events()
            .into_iter()
            .filter_map(|e| if let Event::Finished { ending, .. } = e { Some(ending) } else { None })
            .collect();
        assert_eq!(endings.len(), 1, "{endings:?}");
        endings[0]
    }
}

/// An attribute's value in a stanza (the first of that name).
pub fn attr<'s>(stanza: &'s str, name: &str) -> &'s str {
    let start = stanza.find(&format!(" {name}='")).unwrap_or_else(|| panic!("no {name} in {stanza}"));
    let value = &stanza[start + name.len() + 3..];
    &value[..value.find('\'').unwrap()]
}

/// Stamps the sender, as a server does.
pub fn stamped(stanza: &str, from: &str) -> String {
    let end = stanza.find([' ', '>', '/']).unwrap();
    format!("{} from='{from}'{}", &stanza[..end], &stanza[end..])
}

pub fn result(from: &str, id: &str, payload: &str) -> String {
    format!("<iq xmlns='jabber:client' type='result' from='{from}' to='{ME}' id='{id}'>{payload}</iq>")
}

pub fn error(from: &str, id: &str, kind: &str, condition: &str) -> String {
    format!(
        "<iq xmlns='jabber:client' type='error' from='{from}' to='{ME}' id='{id}'><error type='{kind}'>\
         <{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    )
}

pub fn set(from: &str, id: &str, payload: &str) -> String {
    format!("<iq xmlns='jabber:client' type='set' from='{from}' to='{ME}' id='{id}'>{payload}</iq>")
}

/// What a peer that knows everything of ours answers to disco#info.
pub const DISCO: &str = "<query xmlns='http://jabber.org/protocol/disco#info'>\
    <identity category='client' type='bot'/>\
    <feature var='http://jabber.org/protocol/si'/>\
    <feature var='http://jabber.org/protocol/si/profile/file-transfer'/>\
    <feature var='http://jabber.org/protocol/ibb'/>\
    <feature var='urn:libxft:receipt:0'/></query>";

/// The same from a peer that has receipts of version 1 too.
pub const DISCO_1: &str = "<query xmlns='http://jabber.org/protocol/disco#info'>\
    <identity category='client' type='bot'/>\
    <feature var='http://jabber.org/protocol/si'/>\
    <feature var='http://jabber.org/protocol/si/profile/file-transfer'/>\
    <feature var='http://jabber.org/protocol/ibb'/>\
    <feature var='urn:libxft:receipt:0'/>\
    <feature var='urn:libxft:receipt:1'/></query>";
