//! Offers, streamhosts, proxies and SOCKS5 streams in any order: whatever peers, servers and networks do, the session
//! keeps its promises. The sockets are played as strictly as real ones: what it says of a stream has to fit its state.

mod outputs;
mod peers;
mod streams;

use self::streams::Wire;
use super::input::Input;
use super::owner::{Command, File};
use crate::world::Memory;
use xft_core::*;

const ME: &str = "ct1@hospital.test/gw";
const PEERS: [&str; 3] = ["pacs@hospital.test/in", "pacs@hospital.test/other", "evil@x.test/r"];
const S5B: &str = "http://jabber.org/protocol/bytestreams";
/// Most operations of one input.
const OPERATIONS: usize = 400;
/// Room for any stanza of the session.
const OUT_BYTES: usize = 1 << 14;

/// What is known of one transfer from outside.
#[derive(Debug)]
struct Seen {
    file: File,
    peer: String,
    /// Stream ids, the last one first: a second offer has another one.
    sids: Vec<String>,
    end: u64,
    /// Bytes that went over SOCKS5, and up to where they may.
    raw: u64,
    grant: Option<(StreamId, u64)>,
    started: Option<Method>,
    retried: bool,
}

/// A request of ours that waits for an answer.
struct Asked {
    id: String,
    to: String,
    text: String,
}

/// A request of a peer that the session took.
struct Due {
    id: String,
    from: String,
    text: String,
    answered: bool,
}

/// The session, its owner, and everybody it talks to in one.
struct Play<'m> {
    session: Session<'m>,
    now: u64,
    seen: Vec<Seen>,
    asked: Vec<Asked>,
    /// Our streamhosts, by stream id.
    queries: Vec<Asked>,
    due: Vec<Due>,
    /// Addresses of proxies that anybody told: address, host, port.
    proxies: Vec<(String, String, u16)>,
    /// Streamhosts that peers say they use: stream id, address.
    used: Vec<(String, String)>,
    /// Stream ids of activations that a proxy confirmed.
    activated: Vec<String>,
    wires: Vec<Wire>,
    sids: Vec<String>,
    blocks: std::collections::BTreeMap<String, u32>,
    count: u32,
    offline: bool,
    /// What the session writes to.
    out: Vec<u8>,
    /// Everything is on its way to the end.
    ending: bool,
    /// Peers know receipts of version 1.
    receipts: bool,
    /// A last word went out.
    said_digest: bool,
    /// Stream ids of last words that came with the right hash.
    vouched: Vec<String>,
    leaving: bool,
}

const POLICIES: [&[Method]; 6] = [
    &[Method::Mediated, Method::Direct, Method::InBand],
    &[Method::Direct, Method::InBand],
    &[Method::Mediated, Method::InBand],
    &[Method::Direct],
    &[Method::Mediated],
    &[Method::InBand, Method::Direct],
];

/// Plays the operations that the bytes spell.
///
/// # Panics
/// When the session breaks a promise.
pub fn negotiation(bytes: &[u8]) {
    let mut input = Input(bytes);
    let flags = input.byte();
    let mut cfg = Config::new("ct1@hospital.test", "secret", [flags.max(1); 32]);
    cfg.owner = StreamOwner::Host { jid: ME };
    (cfg.block_bytes, cfg.chunk_bytes) = (16, 16);
    cfg.methods = Methods::of(POLICIES[usize::from(input.byte()) % POLICIES.len()]).expect("a policy");
    cfg.strict_replies = flags & 1 != 0;
    cfg.offers_per_peer = 3;
    let needs = Needs {
        streams: input.pick(&[8, 1, 2, 3]),
        hosts_bytes: input.pick(&[2048, 256, 300, 512]),
        ..Needs::of(&cfg, u16::from(flags >> 4 & 3) + 1, u16::from(flags >> 6) + 1)
    };
    let mut memory = Memory::of(needs);
    let session = Session::new(&cfg, memory.storage(), Instant::from_ms(0)).expect("a valid configuration");
    let mut play = Play {
        session,
        now: 0,
        seen: Vec::new(),
        asked: Vec::new(),
        queries: Vec::new(),
        due: Vec::new(),
        proxies: Vec::new(),
        used: Vec::new(),
        activated: Vec::new(),
        wires: Vec::new(),
        sids: vec!["s0".into()],
        blocks: std::collections::BTreeMap::new(),
        count: 0,
        offline: false,
        out: vec![0; OUT_BYTES],
        ending: false,
        receipts: flags & 4 != 0,
        said_digest: false,
        vouched: Vec::new(),
        leaving: false,
    };
    if flags & 2 == 0 {
        play.listen(&mut input);
    }
    play.drain(OUT_BYTES);
    for _ in 0..OPERATIONS {
        if input.0.is_empty() || play.offline {
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
        match input.byte() % 24 {
            0 => {
                let ms = input.pick(&[0, 1, 200, 4_000, 6_000, 10_000, 60_000, 300_000]);
                self.now += if input.byte() < 200 { ms.min(200) } else { ms };
                self.tick();
            }
            1 => self.drain(input.pick(&[0, 1, 3, 46, 47, 100, 300, OUT_BYTES])),
            2..9 => {
                if let Some(stanza) = self.stanza(input) {
                    self.give(&stanza);
                }
                if input.byte() < 220 {
                    self.drain(OUT_BYTES);
                }
            }
            9 => self.offer(input),
            10 => self.own(input),
            11 => self.store(input),
            12..18 => {
                self.network(input);
                if input.byte() < 220 {
                    self.drain(OUT_BYTES);
                }
            }
            18 | 19 => self.send_raw(input),
            20 => self.accept_stream(input),
            21 => self.listen(input),
            22 if input.byte() == 0 => {
                self.leaving = true;
                let _ = self.session.close();
            }
            _ => self.drain(OUT_BYTES),
        }
    }

    fn index(&self, id: TransferId) -> usize {
        self.seen.iter().position(|seen| seen.file.id == id).expect("a transfer of ours")
    }

    /// The transfer a stream id belongs to.
    fn by_sid(&self, sid: &str) -> Option<usize> {
        self.seen.iter().rposition(|seen| seen.sids.iter().any(|own| own == sid))
    }

    fn listen(&mut self, input: &mut Input<'_>) {
        let host = input.pick(&["192.0.2.7", "2001:db8::7", "h.test", "[::1]", ""]);
        let port = input.pick(&[5086, 1, 0]);
        let answer = match input.byte() % 4 {
            0 | 1 => self.session.add_address(host, port),
            2 => {
                let jid = input.pick(&["proxy.hospital.test", "p.x/1", "", "a b"]);
                let answer = self.session.add_proxy(jid, host, port);
                if answer.is_ok() {
                    self.proxies.push((jid.to_owned(), host.to_owned(), port));
                }
                answer
            }
            _ => self.session.clear_addresses(),
        };
        assert!(matches!(
            answer,
            Ok(()) | Err(Error::Full | Error::Argument(_) | Error::Closed(_) | Error::State)
        ));
    }

    fn offer(&mut self, input: &mut Input<'_>) {
        let size = u64::from(input.byte() % 64);
        let to = PEERS[if input.byte() < 220 { 0 } else { usize::from(input.byte()) % 3 }];
        let name = format!("f{}", self.seen.len());
        let methods = match input.byte() {
            byte if byte < 40 => Methods::of(POLICIES[usize::from(byte) % POLICIES.len()]),
            _ => None,
        };
        let offer =
            Offer { to, name: &name, size, date: None, mime_type: None, sha256: None, md5: None, methods };
        match self.session.offer(&offer) {
            Ok(id) => self.begin(id, false, to, None, size),
            Err(Error::Full | Error::Offline | Error::Closed(_) | Error::State) => {}
            // A method that needs memory or addresses nobody gave.
            Err(Error::Argument(_)) if methods.is_some() => {}
            Err(error) => panic!("offer: {error:?}"),
        }
    }

    fn begin(&mut self, id: TransferId, receiving: bool, peer: &str, sid: Option<&str>, size: u64) {
        assert!(self.seen.iter().all(|s| s.file.id != id), "a handle came again");
        self.seen.push(Seen {
            file: File::new(id, receiving, size),
            peer: peer.to_owned(),
            sids: sid.map(str::to_owned).into_iter().collect(),
            end: size,
            raw: 0,
            grant: None,
            started: None,
            retried: false,
        });
    }

    /// A command of the owner to one of the last transfers.
    fn own(&mut self, input: &mut Input<'_>) {
        let back = usize::from(input.byte()) % 3;
        let Some(seen) = self.seen.iter_mut().rev().nth(back) else { return };
        let command = match input.byte() % 16 {
            3..6 => Command::Settled,
            6 => Command::Cancel(Cancel::StoreFailed),
            0 => Command::Decline,
            1 => Command::Cancel(Cancel::Wish),
            2 => Command::AcceptFrom,
            _ => Command::Accept,
        };
        seen.file.command(&mut self.session, command, input);
    }

    fn store(&mut self, input: &mut Input<'_>) {
        let back = usize::from(input.byte()) % 3;
        let more = u64::from(input.byte() % 4);
        let Some(seen) = self.seen.iter_mut().rev().nth(back) else { return };
        let file = &mut seen.file;
        let upto = if more < 2 { file.came } else { file.stored + more };
        file.store(&mut self.session, upto);
    }

    /// Left alone, everything ends in bounded time, every stream is closed, and nobody waits for an answer.
    fn end(&mut self) {
        self.ending = true;
        for seen in &mut self.seen {
            seen.file.pay(&mut self.session);
        }
        for _ in 0..300 {
            self.drain(OUT_BYTES);
            if self.offline || self.is_quiet() {
                break;
            }
            self.now += 60_000;
            self.tick();
        }
        self.drain(OUT_BYTES);
        if !self.offline {
            for seen in &self.seen {
                assert!(seen.file.finished, "a transfer never ends: {seen:?}");
            }
            for wire in &self.wires {
                assert!(!wire.is_alive(), "{wire:?} is never closed");
            }
            for due in &self.due {
                assert!(due.answered || self.leaving, "never answered: {}", due.text);
            }
        }
        self.leaving = true;
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

    fn is_quiet(&self) -> bool {
        self.seen.iter().all(|s| s.file.finished)
            && self.wires.iter().all(|w| !w.is_alive())
            && self.due.iter().all(|d| d.answered)
    }
}
