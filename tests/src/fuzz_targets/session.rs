//! Operations on a session in any order, the peer's answers among them: whatever the order, the session keeps its
//! promises.

mod peer;

use super::input::{Input, attr};
use super::owner::{Command, File};
use crate::world::Memory;
use xft_core::*;

const ME: &str = "ct1@hospital.test/gw";
const PEERS: [&str; 3] = ["pacs@hospital.test/in", "pacs@hospital.test/other", "evil@x.test/r"];
/// Most operations of one input.
const OPERATIONS: usize = 400;
/// Room for any stanza of the session.
const OUT_BYTES: usize = 1 << 14;

fn of(files: &mut [File], id: TransferId) -> &mut File {
    files.iter_mut().find(|file| file.id == id).expect("a transfer of ours")
}

/// The session, its owner, and all its peers in one.
struct Play<'m> {
    session: Session<'m>,
    hosted: bool,
    now: u64,
    seen: Vec<File>,
    /// Ids of our requests, oldest first: whom they went to, and what they asked.
    asked: Vec<(String, String)>,
    /// Stream ids of ours and of the peers.
    sids: Vec<String>,
    /// Blocks given that were not answered: id, transfer, offset behind.
    blocks: Vec<(String, TransferId, u64)>,
    /// Blocks taken per stream id: the number of the next one.
    next: std::collections::BTreeMap<String, u32>,
    count: u32,
    offline: bool,
    /// What the session writes to.
    out: Vec<u8>,
    /// Everything is on its way to the end.
    ending: bool,
    /// A last word went out.
    said_digest: bool,
}

/// Plays the operations that the bytes spell.
///
/// # Panics
/// When the session breaks a promise.
pub fn session(bytes: &[u8]) {
    let mut input = Input(bytes);
    let flags = input.byte();
    let hosted = flags & 1 == 0;
    let mut cfg = Config::new("ct1@hospital.test", "secret", [flags.max(1); 32]);
    cfg.methods = xft_core::Methods::IN_BAND;
    cfg.resource = "gw";
    cfg.tls = Tls::UnsafePlain;
    if hosted {
        cfg.owner = StreamOwner::Host { jid: ME };
    }
    cfg.block_bytes = input.pick(&[1, 16, 1024, 8192]);
    cfg.chunk_bytes = cfg.block_bytes;
    cfg.carrier = if flags & 2 == 0 { Carrier::Iq } else { Carrier::Message };
    cfg.md5 = flags & 4 != 0;
    let mut memory = Memory::new(&cfg, u16::from(flags >> 4 & 3) + 1, u16::from(flags >> 6) + 1);
    let session = Session::new(&cfg, memory.storage(), Instant::from_ms(0)).expect("a valid configuration");
    let mut play = Play {
        session,
        hosted,
        now: 0,
        seen: Vec::new(),
        asked: Vec::new(),
        sids: vec!["s0".into(), "s1".into(), "s2".into()],
        blocks: Vec::new(),
        next: std::collections::BTreeMap::new(),
        count: 0,
        offline: false,
        out: vec![0; OUT_BYTES],
        ending: false,
        said_digest: false,
    };
    if hosted {
        play.drain(OUT_BYTES);
    }
    for _ in 0..OPERATIONS {
        if input.0.is_empty() {
            break;
        }
        play.operation(&mut input);
    }
    play.end();
}

impl Play<'_> {
    /// Time goes on; only a session that told its end says no to that.
    fn tick(&mut self) {
        let said = self.session.tick(Instant::from_ms(self.now));
        assert!(said.is_ok() || self.offline, "tick: {said:?}");
    }

    fn operation(&mut self, input: &mut Input<'_>) {
        match input.byte() % 16 {
            0 => {
                let ms = input.pick(&[0, 1, 1_000, 30_000, 60_000, 120_000, 300_000]);
                self.now += if input.byte() < 200 { ms.min(1_000) } else { ms };
                self.tick();
            }
            1 => self.drain(input.pick(&[0, 1, 100, 300, 1000, OUT_BYTES])),
            2 => {
                let count = usize::from(input.byte());
                let raw = input.bytes(count).to_vec();
                self.give(raw);
            }
            3..9 => {
                if let Some(stanza) = self.stanza(input) {
                    self.give(stanza.into_bytes());
                }
                self.drain(OUT_BYTES);
            }
            9 => self.offer(input),
            10 => self.own(input),
            11 | 12 => self.store(input),
            13 => {
                let size = usize::from(input.byte()) * 64;
                self.supply_wrongly(input, size);
            }
            14 => {
                let _ = match input.byte() {
                    0 => self.session.close(),
                    1 => self.session.stream_end(StreamId::XMPP, StreamEnd::Lost),
                    2 => self.session.stream_end(StreamId::XMPP, StreamEnd::TlsFailed),
                    3 => self.session.tls_done(&ChannelBinding::default()),
                    _ => self.session.stream_open(StreamId::XMPP),
                };
            }
            _ => self.drain(OUT_BYTES),
        }
    }

    fn give(&mut self, mut bytes: Vec<u8>) {
        let text = bytes.clone();
        let mut at = 0;
        while at < bytes.len() {
            let rest = bytes.len() - at;
            let (used, received) = if self.hosted {
                match self.session.stanza_in(&mut bytes) {
                    Ok(received) => (rest, received),
                    Err(error) => return self.refused(error),
                }
            } else {
                match self.session.stream_in(StreamId::XMPP, &mut bytes[at..]) {
                    Ok((used, received)) => (used, received),
                    Err(error) => return self.refused(error),
                }
            };
            at += used;
            assert!(used > 0 && used <= rest, "{used} of {rest} bytes used");
            match received {
                Received::Data { transfer, offset, bytes } => {
                    let count = bytes.len() as u64;
                    let seen = of(&mut self.seen, transfer);
                    seen.data(offset, count);
                    let (upto, text) = (seen.came, String::from_utf8_lossy(&text).into_owned());
                    *self.next.entry(attr(&text, "sid").to_owned()).or_default() += 1;
                    if text.starts_with("<iq ") {
                        self.blocks.push((attr(&text, "id").to_owned(), transfer, upto));
                    }
                }
                Received::Offer(offer) => {
                    assert!(!offer.name.is_empty() && !offer.name.contains(['/', '\\', '\0']));
                    let (id, size) = (offer.transfer, offer.size);
                    assert!(self.seen.iter().all(|s| s.id != id), "a handle came again");
                    self.seen.push(File::new(id, true, size));
                }
                _ => {}
            }
        }
    }

    fn refused(&mut self, error: Error) {
        match error {
            Error::Full | Error::State | Error::Argument(Argument::Stanza | Argument::Oversized) => {}
            Error::Closed(_) => {}
            other => panic!("input: {other:?}"),
        }
    }

    /// Polls with a buffer of `size` bytes until nothing is left to do, or the buffer is too small.
    fn drain(&mut self, size: usize) {
        // Made once: clearing a fresh one took most of the time of an execution.
        let mut out = std::mem::take(&mut self.out);
        self.drain_into(&mut out[..size]);
        self.out = out;
    }

    fn drain_into(&mut self, out: &mut [u8]) {
        let size = out.len();
        let mut empty_turns = 0;
        for polls in 0.. {
            assert!(polls < 5000, "never says Wait");
            let text = match self.session.poll(out) {
                Ok(Output::Transmit { bytes, .. }) => String::from_utf8(bytes.to_vec()).expect("UTF-8"),
                Ok(Output::NeedData { transfer, offset, max }) => {
                    let data = vec![b'x'; max];
                    match self.session.supply(transfer, offset, &data, out) {
                        Ok(Output::Transmit { bytes, .. }) => {
                            String::from_utf8(bytes.to_vec()).expect("UTF-8")
                        }
                        Err(Error::NoSpace { needed }) if needed > size => return,
                        other => panic!("supply: {other:?}"),
                    }
                }
                Ok(Output::Event(event)) => {
                    self.event(event);
                    continue;
                }
                Ok(Output::Wait { until, why }) => {
                    let now = self.now;
                    if until.is_none_or(|at| at.ms() > now) {
                        return;
                    }
                    // What is due is judged when nothing came for a turn, and then it is due no more.
                    empty_turns += u32::from(why != Timer::KeyDerivation);
                    assert!(empty_turns < 8, "{why:?}");
                    self.session.tick(Instant::from_ms(now)).expect("tick");
                    continue;
                }
                Ok(_) => continue,
                Err(Error::NoSpace { needed }) => return assert!(needed > size),
                Err(Error::Closed(_)) => return assert!(self.offline, "closed without a word"),
                Err(error) => panic!("poll: {error:?}"),
            };
            self.sent(&text);
        }
    }

    fn event(&mut self, event: Event) {
        assert!(!self.offline, "{event:?} after offline");
        match event {
            Event::Finished { transfer, ending, .. } => {
                // Nobody here knows the hash of what is sent, but a peer may say that it does.
                let file = of(&mut self.seen, transfer);
                let may_be_known = file.receiving || self.said_digest;
                file.finish(&self.session, ending, may_be_known);
            }
            Event::Offline { .. } => {
                self.offline = true;
                assert!(self.seen.iter().all(|s| s.finished), "offline with transfers running");
            }
            Event::Settle { transfer, .. } => {
                of(&mut self.seen, transfer).settle(&mut self.session, self.ending);
            }
            Event::Accepted { transfer, .. } | Event::Started { transfer, .. } => {
                assert!(self.seen.iter().any(|s| s.id == transfer && !s.finished));
            }
            _ => {}
        }
    }

    /// Remembers what was asked, and holds acknowledgements against what was stored.
    fn sent(&mut self, text: &str) {
        for stanza in text.split("</iq>").filter(|s| s.starts_with("<iq ")) {
            let id = attr(stanza, "id").to_owned();
            self.said_digest |= stanza.contains("<digest ");
            if stanza.contains("type='set'") || stanza.contains("type='get'") {
                if stanza.contains(" sid='") {
                    let sid = attr(stanza, "sid").to_owned();
                    if !self.sids.contains(&sid) {
                        self.sids.push(sid);
                    }
                }
                self.asked.push((id, stanza.to_owned()));
            } else if let Some(index) = self.blocks.iter().position(|b| b.0 == id) {
                let (_, transfer, upto) = self.blocks.remove(index);
                let seen = self.seen.iter().find(|s| s.id == transfer).expect("a transfer of ours");
                let acknowledged = stanza.contains("type='result'");
                assert!(!acknowledged || seen.stored >= upto, "acknowledged before stored (IBB-16)");
                let last = upto == seen.size;
                assert!(
                    !acknowledged || !last || seen.placed,
                    "the last block acknowledged too early (IBB-14)"
                );
            }
        }
    }

    fn offer(&mut self, input: &mut Input<'_>) {
        let size = u64::from(input.byte() % 64);
        let to = PEERS[if input.byte() < 200 { 0 } else { usize::from(input.byte()) % 3 }];
        let offer = Offer {
            to,
            name: "a.dcm",
            size,
            date: None,
            mime_type: None,
            sha256: None,
            md5: None,
            methods: None,
        };
        match self.session.offer(&offer) {
            Ok(id) => {
                assert!(self.seen.iter().all(|s| s.id != id), "a handle came again");
                self.seen.push(File::new(id, false, size));
            }
            Err(Error::Full | Error::Offline | Error::Closed(_) | Error::State) => {}
            Err(error) => panic!("offer: {error:?}"),
        }
    }

    /// A command of the owner to one of the last transfers.
    fn own(&mut self, input: &mut Input<'_>) {
        let back = usize::from(input.byte()) % 4;
        let Some(seen) = self.seen.iter_mut().rev().nth(back) else { return };
        let command = match input.byte() % 8 {
            6 => Command::Settled,
            7 => Command::Cancel(Cancel::StoreFailed),
            0 => Command::Decline,
            1 => Command::Cancel(Cancel::Wish),
            2 => Command::AcceptFrom,
            _ => Command::Accept,
        };
        seen.command(&mut self.session, command, input);
    }

    fn store(&mut self, input: &mut Input<'_>) {
        let back = usize::from(input.byte()) % 4;
        let more = u64::from(input.byte() % 4);
        let Some(seen) = self.seen.iter_mut().rev().nth(back) else { return };
        let upto = if more == 0 { seen.came } else { seen.stored + more };
        seen.store(&mut self.session, upto);
    }

    fn supply_wrongly(&mut self, input: &mut Input<'_>, size: usize) {
        let Some(seen) = self.seen.last() else { return };
        let (id, mut out) = (seen.id, vec![0; size]);
        let bytes = vec![b'x'; usize::from(input.byte() % 32)];
        let offset = u64::from(input.byte() % 4);
        let text = match self.session.supply(id, offset, &bytes, &mut out) {
            Ok(Output::Transmit { bytes, .. }) => String::from_utf8(bytes.to_vec()).expect("UTF-8"),
            _ => return,
        };
        self.sent(&text);
    }

    /// Left alone, everything ends in bounded time.
    fn end(&mut self) {
        self.ending = true;
        for file in &mut self.seen {
            file.pay(&mut self.session);
        }
        for _ in 0..200 {
            self.drain(OUT_BYTES);
            if self.offline || self.seen.iter().all(|s| s.finished) {
                break;
            }
            self.now += 300_000;
            self.tick();
        }
        self.drain(OUT_BYTES);
        assert!(self.offline || self.seen.iter().all(|s| s.finished), "a transfer never ends");
        let _ = self.session.close();
        for _ in 0..4 {
            self.drain(OUT_BYTES);
            self.now += 300_000;
            self.tick();
        }
        self.drain(OUT_BYTES);
        assert!(self.offline, "closed, and never offline");
        assert!(matches!(self.session.poll(&mut []), Err(Error::Closed(_))));
    }
}
