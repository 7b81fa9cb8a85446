//! The core's in-band data path beside the bare base64 crate and memcpy, one thread, CPU time.

use std::hint::black_box;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use sha2::{Digest, Sha256};
use xft_core::{Error, Output, Received, StreamId};

use super::clock::{cpu, median};
use super::peer::{self, ME, Open, PEER};
use super::table::{Table, rate};
use crate::world::Memory;

/// Block sizes: what every peer takes, our default ceiling, the largest.
pub const BLOCKS: [u16; 3] = [4096, 8192, 65535];
/// What is handed to the session at once, as a socket gives it.
const READ_BYTES: usize = 65_536;
/// Stanzas gather up to this before a program writes them.
const BATCH_BYTES: usize = 65_536;
/// Enough of a stanza to hold its id.
const HEAD_BYTES: usize = 160;

/// A measured variant: spends at least that CPU time on its work, gives MB/s.
type Variant<'v> = (&'static str, Box<dyn FnMut(Duration) -> f64 + 'v>);

/// Adds up work and the time that it took; what happens between two laps does not count.
#[derive(Default)]
struct Laps {
    bytes: usize,
    time: Duration,
}

impl Laps {
    /// One lap of work, which says how many bytes it moved.
    fn lap(&mut self, work: impl FnOnce() -> usize) {
        let begin = cpu();
        self.bytes += work();
        self.time += cpu().saturating_sub(begin);
    }

    fn rate(&self) -> f64 {
        self.bytes as f64 / 1e6 / self.time.as_secs_f64()
    }
}

/// The results at one block size: a name and the rate of each round.
pub struct Rates {
    block: u16,
    rounds: Vec<(&'static str, Vec<f64>)>,
}

/// Measures every variant `rounds` times in turns, each time for `share` of CPU time.
pub fn measure(block: u16, rounds: usize, share: Duration) -> Rates {
    let cfg = peer::config(block);
    let mut memories: Vec<Memory> = (0..5).map(|_| Memory::new(&cfg, 1, 1)).collect();
    let mut variants = bare(usize::from(block));
    let mut lent = memories.iter_mut();
    for hashed in [false, true] {
        let (Some(to_send), Some(to_receive)) = (lent.next(), lent.next()) else { break };
        let mut sending = Sending::new(peer::sender(&cfg, to_send, hashed), block);
        let mut receiving = Receiving::new(peer::receiver(&cfg, to_receive, hashed), block);
        let names = if hashed { ["send, SHA-256 on", "receive, SHA-256 on"] } else { ["send", "receive"] };
        variants.push((names[0], Box::new(move |share| sending.run(share))));
        variants.push((names[1], Box::new(move |share| receiving.run(share, true))));
    }
    if let Some(memory) = lent.next() {
        let mut receiving = Receiving::new(peer::receiver(&cfg, memory, false), block);
        variants.push(("receive, answers apart", Box::new(move |share| receiving.run(share, false))));
    }
    let mut all: Vec<(&'static str, Vec<f64>)> =
        variants.iter().map(|(name, _)| (*name, Vec::new())).collect();
    // The first round warms caches and grows windows.
    for round in 0..=rounds {
        for ((_, run), (_, rates)) in variants.iter_mut().zip(&mut all) {
            let rate = run(share);
            if round > 0 {
                rates.push(rate);
            }
        }
    }
    Rates { block, rounds: all }
}

impl Rates {
    fn of(&self, name: &str) -> &[f64] {
        self.rounds.iter().find(|(n, _)| *n == name).map_or(&[], |(_, rates)| rates)
    }

    /// Median MB/s.
    pub fn rate(&self, name: &str) -> f64 {
        median(self.of(name))
    }

    /// Median of the rounds' ratios: both variants of a round ran within the same fraction of a second.
    pub fn ratio(&self, name: &str, to: &str) -> f64 {
        let pairs = self.of(name).iter().zip(self.of(to));
        median(&pairs.map(|(a, b)| a / b).collect::<Vec<f64>>())
    }
}

/// The table of all block sizes.
pub fn table(all: &[Rates]) -> String {
    let mut columns = vec!["CPU of one core, MB/s of file bytes".to_owned()];
    columns.extend(all.iter().map(|rates| format!("block {}", rates.block)));
    let mut table = Table::new(&columns.iter().map(String::as_str).collect::<Vec<&str>>());
    let mut row = |name: &str, cell: &dyn Fn(&Rates) -> String| {
        let mut cells = vec![name.to_owned()];
        cells.extend(all.iter().map(cell));
        table.row(&cells);
    };
    let beside = |name: &'static str, to: &'static str| {
        move |rates: &Rates| format!("{} (**{:.2}**)", rate(rates.rate(name)), rates.ratio(name, to))
    };
    let alone = |name: &'static str| move |rates: &Rates| rate(rates.rate(name));
    row("memcpy", &alone("memcpy"));
    row("base64 crate alone, encode", &alone("encode"));
    row("libxft encode and frame (ratio to the crate)", &beside("send", "encode"));
    row("the same with SHA-256", &beside("send, SHA-256 on", "encode"));
    row("base64 crate alone, decode", &alone("decode"));
    row("libxft parse and decode (ratio to the crate)", &beside("receive, answers apart", "decode"));
    row("the same, with writing the acknowledgements", &beside("receive", "decode"));
    row("the same, with SHA-256 too", &beside("receive, SHA-256 on", "decode"));
    row("sha2 crate alone, SHA-256", &alone("sha256"));
    table.text().to_owned()
}

/// What the session's work is held against, all in hot caches.
fn bare(block: usize) -> Vec<Variant<'static>> {
    let source = random(block);
    let text = STANDARD.encode(&source).into_bytes();
    let (to_encode, to_hash, to_copy) = (source.clone(), source.clone(), source);
    let mut encoded = vec![0; text.len()];
    let mut decoded = vec![0; block + 3];
    let mut copied = vec![0; block];
    vec![
        ("memcpy", repeat(block, move || black_box(&mut copied[..]).copy_from_slice(black_box(&to_copy)))),
        (
            "encode",
            repeat(block, move || {
                black_box(STANDARD.encode_slice(black_box(&to_encode), black_box(&mut encoded)).ok());
            }),
        ),
        (
            "decode",
            repeat(block, move || {
                black_box(STANDARD.decode_slice(black_box(&text), black_box(&mut decoded)).ok());
            }),
        ),
        (
            "sha256",
            repeat(block, move || {
                black_box(Sha256::digest(black_box(&to_hash)));
            }),
        ),
    ]
}

fn repeat<'v>(bytes: usize, mut work: impl FnMut() + 'v) -> Box<dyn FnMut(Duration) -> f64 + 'v> {
    let times = (1 << 20) / bytes;
    Box::new(move |share| {
        let mut laps = Laps::default();
        while laps.time < share {
            laps.lap(|| {
                (0..times).for_each(|_| work());
                bytes * times
            });
        }
        laps.rate()
    })
}

/// A session that sends: the cost of `poll` and `supply` for a window of blocks.
struct Sending<'a> {
    open: Open<'a>,
    source: Vec<u8>,
    out: Vec<u8>,
    /// Beginnings of the stanzas of the lap, where their ids are.
    heads: Vec<[u8; HEAD_BYTES]>,
}

impl<'a> Sending<'a> {
    fn new(open: Open<'a>, block: u16) -> Self {
        let out = vec![0; BATCH_BYTES + 2 * usize::from(block)];
        Self { open, source: random(usize::from(block)), out, heads: Vec::with_capacity(1024) }
    }

    fn run(&mut self, share: Duration) -> f64 {
        let mut laps = Laps::default();
        while laps.time < share {
            laps.lap(|| self.window());
            self.acknowledge();
        }
        laps.rate()
    }

    /// Sends what the window allows; the stanzas gather in one buffer, as a program would write them.
    fn window(&mut self) -> usize {
        let Self { open, source, out, heads } = self;
        let (mut at, mut bytes) = (0, 0);
        heads.clear();
        loop {
            if out.len() - at < source.len() * 3 / 2 + 1024 {
                at = 0;
            }
            match open.session.poll(&mut out[at..]) {
                Ok(Output::NeedData { transfer, offset, max }) => {
                    let block = &source[..max.min(source.len())];
                    match open.session.supply(transfer, offset, block, &mut out[at..]) {
                        Ok(Output::Transmit { bytes: stanza, .. }) => {
                            let mut head = [0; HEAD_BYTES];
                            head.copy_from_slice(&stanza[..HEAD_BYTES]);
                            heads.push(head);
                            at += stanza.len();
                            bytes += block.len();
                        }
                        other => panic!("supply came to {other:?}"),
                    }
                }
                Ok(Output::Wait { .. }) => return bytes,
                Ok(Output::Event(_)) => {}
                other => panic!("poll came to {other:?}"),
            }
        }
    }

    fn acknowledge(&mut self) {
        for head in &self.heads {
            let head = String::from_utf8_lossy(head);
            let id = peer::attribute(&head, "id");
            let result = format!("<iq type='result' id='{id}' from='{PEER}' to='{ME}'/>");
            peer::feed(&mut self.open.session, &result);
        }
    }
}

/// A session that receives: the cost of `stream_in` and of `stored`, and of writing the acknowledgements.
struct Receiving<'a> {
    open: Open<'a>,
    block: Vec<u8>,
    text: String,
    seq: u16,
    /// Bytes on the way, as the server routes them.
    wire: Vec<u8>,
    taken: usize,
    read: Vec<u8>,
    out: Vec<u8>,
}

impl<'a> Receiving<'a> {
    fn new(open: Open<'a>, block: u16) -> Self {
        let block = random(usize::from(block));
        Self {
            open,
            text: STANDARD.encode(&block),
            block,
            seq: 0,
            wire: Vec::new(),
            taken: 0,
            read: vec![0; READ_BYTES],
            out: vec![0; BATCH_BYTES],
        }
    }

    /// `answers`: what writing the acknowledgements costs counts too.
    fn run(&mut self, share: Duration, answers: bool) -> f64 {
        let mut laps = Laps::default();
        while laps.time < share {
            self.fill();
            laps.lap(|| {
                let bytes = self.take();
                if answers {
                    self.drain();
                }
                bytes
            });
            self.drain();
        }
        laps.rate()
    }

    /// The next read: what a socket would have copied there.
    fn fill(&mut self) {
        while self.wire.len() - self.taken < READ_BYTES {
            self.wire.drain(..self.taken);
            self.taken = 0;
            let (seq, sid) = (self.seq, &self.open.sid);
            self.seq = seq.wrapping_add(1);
            self.wire.extend_from_slice(
                format!(
                    "<iq id='5b1d9a0c44e7f823-d0.1.{seq:x}.{seq:x}000' type='set' to='{ME}' from='{PEER}'>\
                     <data seq='{seq}' xmlns='http://jabber.org/protocol/ibb' sid='{sid}'>{}</data></iq>",
                    self.text
                )
                .as_bytes(),
            );
        }
        self.read.copy_from_slice(&self.wire[self.taken..self.taken + READ_BYTES]);
        self.taken += READ_BYTES;
    }

    fn take(&mut self) -> usize {
        let (mut at, mut bytes) = (0, 0);
        while at < self.read.len() {
            let mut stored = None;
            match self.open.session.stream_in(StreamId::XMPP, &mut self.read[at..]) {
                Ok((used, received)) => {
                    if let Received::Data { transfer, offset, bytes: block } = received {
                        assert_eq!(black_box(block).len(), self.block.len());
                        bytes += block.len();
                        stored = Some((transfer, offset + block.len() as u64));
                    }
                    at += used;
                }
                Err(Error::Full) => self.drain(),
                Err(error) => panic!("reading came to {error:?}"),
            }
            if let Some((transfer, upto)) = stored {
                self.open.session.stored(transfer, upto).expect("storing");
            }
        }
        bytes
    }

    fn drain(&mut self) {
        loop {
            match self.open.session.poll(&mut self.out) {
                Ok(Output::Transmit { bytes, .. }) => {
                    black_box(bytes);
                }
                Ok(Output::Wait { .. }) => return,
                Ok(Output::Event(_)) => {}
                other => panic!("poll came to {other:?}"),
            }
        }
    }
}

fn random(bytes: usize) -> Vec<u8> {
    let mut block = vec![0; bytes];
    SmallRng::seed_from_u64(bytes as u64).fill_bytes(&mut block);
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_move_whole_blocks_at_every_block_size() {
        for block in BLOCKS {
            let rates = measure(block, 1, Duration::from_micros(200));
            for name in
                ["send", "receive", "receive, answers apart", "send, SHA-256 on", "receive, SHA-256 on"]
            {
                assert!(rates.rate(name) > 0.0, "{name} at {block}");
            }
        }
    }

    #[test]
    fn what_the_session_decodes_is_what_was_encoded() {
        let cfg = peer::config(4096);
        let mut memory = Memory::new(&cfg, 1, 1);
        let mut receiving = Receiving::new(peer::receiver(&cfg, &mut memory, true), 4096);
        receiving.fill();
        let (session, read) = (&mut receiving.open.session, &mut receiving.read);
        match session.stream_in(StreamId::XMPP, read) {
            Ok((_, Received::Data { offset: 0, bytes, .. })) => assert!(bytes == receiving.block),
            other => panic!("{other:?}"),
        }
    }
}
