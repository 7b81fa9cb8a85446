//! A session with SOCKS5 streams, driven by hand: what it says is kept in order, bytes go in as the test cuts them.

use super::*;
use sha1::{Digest as _, Sha1};

/// What a session asked its owner to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    Stanza(String),
    Bytes(StreamId, Vec<u8>),
    Connect { stream: StreamId, transfer: TransferId, host: String, port: u16 },
    SendRaw { transfer: TransferId, stream: StreamId, offset: u64, max: u64 },
    Half(StreamId),
    Close(StreamId),
    Event(Event),
}

pub const GREETING: &[u8] = &[5, 1, 0];
pub const METHOD: &[u8] = &[5, 0];

/// The digest that both ends ask a streamhost for (S5B-11).
pub fn digest(sid: &str, requester: &str, target: &str) -> String {
    let hash = Sha1::digest(format!("{sid}{requester}{target}"));
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A CONNECT frame, request or reply, for that destination (S5B-22, S5B-33).
pub fn frame(code: u8, dst: &str) -> Vec<u8> {
    let mut frame = vec![5, code, 0, 3, u8::try_from(dst.len()).unwrap()];
    frame.extend_from_slice(dst.as_bytes());
    frame.extend_from_slice(&[0, 0]);
    frame
}

/// A configuration with every method.
pub fn streamed(jid: &str) -> Config<'_> {
    let mut cfg = config(jid);
    cfg.methods = Methods::DEFAULT;
    // What becomes of each streamhost is seen at once; that its time tells nothing has a test of its own.
    cfg.times.verdict_ms = 0;
    cfg
}

pub struct Wired<'m> {
    pub session: Session<'m>,
    pub now: u64,
    pub file: Vec<u8>,
    pub wait: Option<u64>,
    pub why: Timer,
    /// What was said since the last look, besides what `poll` gave.
    pub events: Vec<Event>,
    /// Every output gets no room at first, and then exactly what it asks for: a refusal changes nothing.
    pub stingy: bool,
    /// What a test notes for an answer to come.
    pub noted: String,
    circles: u32,
    /// Whether a file gets its place as soon as the session asks for it; else the question is an event.
    pub settles: bool,
    out: Vec<u8>,
}

impl<'m> Wired<'m> {
    pub fn new(cfg: &Config<'_>, memory: &'m mut Memory) -> Self {
        let session = Session::new(cfg, memory.storage(), Instant::from_ms(0)).unwrap();
        let mut wired = Self {
            session,
            now: 0,
            file: (0..200_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect(),
            wait: None,
            why: Timer::None,
            events: Vec::new(),
            stingy: false,
            noted: String::new(),
            circles: 0,
            settles: true,
            out: vec![0; 100_000],
        };
        assert_eq!(wired.poll(), []);
        assert_eq!(wired.take_events(), [Event::Online]);
        wired
    }

    /// Polls until there is nothing to do; in-band blocks are supplied at once. Events are kept aside.
    pub fn poll(&mut self) -> Vec<Said> {
        let mut all = self.poll_all();
        all.retain(|said| match said {
            Said::Event(event) => {
                self.events.push(*event);
                false
            }
            _ => true,
        });
        all
    }

    /// The same with events in their place.
    pub fn poll_all(&mut self) -> Vec<Said> {
        let mut said = Vec::new();
        let mut size = None;
        for _ in 0..200_000 {
            let room = size.take().unwrap_or(if self.stingy { 0 } else { self.out.len() });
            match self.session.poll(&mut self.out[..room]) {
                Err(Error::NoSpace { needed }) if self.stingy => {
                    assert!(needed > room, "{needed} bytes are there");
                    size = Some(needed);
                }
                Ok(Output::Transmit { stream: StreamId::XMPP, bytes }) => {
                    said.push(Said::Stanza(String::from_utf8(bytes.to_vec()).unwrap()));
                }
                Ok(Output::Transmit { stream, bytes }) => said.push(Said::Bytes(stream, bytes.to_vec())),
                Ok(Output::Connect { stream, transfer, host, port }) => {
                    said.push(Said::Connect { stream, transfer, host: host.to_owned(), port });
                }
                Ok(Output::SendRaw { transfer, stream, offset, max }) => {
                    assert_ne!(stream, StreamId::XMPP, "a file's bytes never go to the XMPP stream");
                    said.push(Said::SendRaw { transfer, stream, offset, max });
                }
                Ok(Output::HalfClose { stream }) => said.push(Said::Half(stream)),
                Ok(Output::Close { stream }) => said.push(Said::Close(stream)),
                Ok(Output::Event(Event::Settle { transfer, .. })) if self.settles => {
                    self.session.settled(transfer).unwrap();
                }
                Ok(Output::Event(event)) => said.push(Said::Event(event)),
                Ok(Output::NeedData { transfer, offset, max }) => {
                    let from = usize::try_from(offset).unwrap();
                    let bytes = &self.file[from..from + max];
                    match self.session.supply(transfer, offset, bytes, &mut self.out) {
                        Ok(Output::Transmit { bytes, .. }) => {
                            said.push(Said::Stanza(String::from_utf8(bytes.to_vec()).unwrap()));
                        }
                        other => panic!("{other:?}"),
                    }
                }
                Ok(Output::Wait { until, why }) => {
                    (self.wait, self.why) = (until.map(Instant::ms), why);
                    // What is due waits for a turn without input, and no longer: else the owner would turn in circles.
                    self.circles =
                        if self.wait.is_some_and(|at| at <= self.now) { self.circles + 1 } else { 0 };
                    assert!(self.circles < 300, "{why:?} at {until:?}, now {}", self.now);
                    return said;
                }
                Ok(other) => panic!("{other:?}"),
                Err(Error::Closed(_)) => return said,
                Err(error) => panic!("{error:?}"),
            }
        }
        panic!("poll never says Wait");
    }

    /// Hands in one stanza.
    pub fn give(&mut self, stanza: &str) -> Got {
        let mut bytes = stanza.as_bytes().to_vec();
        let received = self.session.stanza_in(&mut bytes);
        received.unwrap_or_else(|error| panic!("{error:?}: {stanza}")).into()
    }

    /// Hands in one stanza and gives what follows.
    pub fn ask(&mut self, stanza: &str) -> Vec<Said> {
        self.give(stanza);
        self.poll()
    }

    /// Bytes come on a SOCKS5 stream; gives the file bytes among them, with the offset of the first.
    pub fn feed(&mut self, stream: StreamId, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let (mut at, mut file) = (0, Vec::new());
        while at < bytes.len() {
            let (used, received) = self.session.stream_in(stream, &mut bytes[at..]).unwrap();
            assert!(used > 0, "nothing used, nothing said");
            match received {
                Received::Data { bytes, .. } => file.extend_from_slice(bytes),
                Received::Consumed => {}
                other => panic!("{other:?}"),
            }
            at += used;
        }
        file
    }

    /// The same, and then what follows.
    pub fn hear(&mut self, stream: StreamId, bytes: &[u8]) -> Vec<Said> {
        self.feed(stream, bytes);
        self.poll()
    }

    pub fn end(&mut self, stream: StreamId, end: StreamEnd) -> Vec<Said> {
        self.session.stream_end(stream, end).unwrap();
        self.poll()
    }

    /// A stream that was to be connected is up; gives what follows.
    pub fn up(&mut self, stream: StreamId) -> Vec<Said> {
        self.session.stream_open(stream).unwrap();
        self.poll()
    }

    /// Time goes on by `ms`, and nothing comes; gives what goes out then.
    pub fn wait_ms(&mut self, ms: u64) -> Vec<Said> {
        self.now += ms;
        let mut said = self.turn();
        for _ in 0..100 {
            if self.wait.is_none_or(|at| at > self.now) {
                return said;
            }
            said.extend(self.turn());
        }
        // Else the owner would turn in circles.
        panic!("waits for a time that came: {:?} at {:?}, now {}", self.why, self.wait, self.now);
    }

    /// One turn of an owner that found nothing to read; gives what goes out.
    pub fn turn(&mut self) -> Vec<Said> {
        self.session.tick(Instant::from_ms(self.now)).unwrap();
        self.wait = None;
        self.poll()
    }

    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// How the one transfer that finished since the last look ended, and over what.
    pub fn finished(&mut self) -> (Ending, Route) {
        let all: Vec<(Ending, Route)> = self
            .take_events()
            .into_iter()
            .filter_map(|e| match e {
                Event::Finished { ending, route, .. } => Some((ending, route)),
                _ => None,
            })
            .collect();
        assert_eq!(all.len(), 1, "{all:?}");
        all[0]
    }

    pub fn ending(&mut self) -> Ending {
        self.finished().0
    }

    /// Supplies the granted bytes in pieces; gives what was to be transmitted, and what followed.
    pub fn supply_all(&mut self, grant: &Said, piece: usize) -> (Vec<u8>, Vec<Said>) {
        let Said::SendRaw { transfer, stream, offset, max } = grant else { panic!("{grant:?}") };
        let mut sent = Vec::new();
        let (mut at, end) = (*offset, *offset + *max);
        while at < end {
            let next = end.min(at + piece as u64);
            let bytes = &self.file[at as usize..next as usize];
            match self.session.supply(*transfer, at, bytes, &mut self.out) {
                Ok(Output::Transmit { stream: to, bytes }) if to == *stream => sent.extend_from_slice(bytes),
                other => panic!("{other:?}"),
            }
            at = next;
        }
        (sent, self.poll())
    }
}

/// The one stanza among these.
pub fn stanza(said: &[Said]) -> &str {
    let mut stanzas = stanzas(said);
    assert_eq!(stanzas.len(), 1, "{said:?}");
    stanzas.remove(0)
}

pub fn stanzas(said: &[Said]) -> Vec<&str> {
    said.iter().filter_map(|s| if let Said::Stanza(text) = s { Some(text.as_str()) } else { None }).collect()
}

/// The streams that are to be connected, with their hosts and ports.
pub fn connects(said: &[Said]) -> Vec<(StreamId, &str, u16)> {
    let of = |said| match said {
        &Said::Connect { stream, ref host, port, .. } => Some((stream, host.as_str(), port)),
        _ => None,
    };
    said.iter().filter_map(of).collect()
}
