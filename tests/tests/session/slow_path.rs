//! Four files at once to one peer through a server that reads 3 kB/s of each end: slow, and nobody is gone.

use std::collections::BTreeMap;
use xft_core::*;
use xft_tests::hosted::Memory;
use xft_tests::router::{Mechanism, Rate, Router, RouterConfig, StreamNo, Tls as Secured};

const DOMAIN: &str = "hospital.test";
const JIDS: [&str; 2] = ["ct1@hospital.test/gw", "pacs@hospital.test/in"];
const FILES: u64 = 4;
const FILE_BYTES: u64 = 60_000;

fn config(account: &str) -> Config<'_> {
    let mut cfg = Config::new(account, "secret", [account.len() as u8; 32]);
    cfg.resource = if account.starts_with("ct1") { "gw" } else { "in" };
    (cfg.tls, cfg.sasl.plain, cfg.methods) = (Tls::Direct, true, Methods::IN_BAND);
    cfg
}

struct End<'m> {
    session: Session<'m>,
    no: StreamNo,
    wait: Option<u64>,
    events: Vec<Event>,
    /// Questions what a peer can, with the time at which they went out.
    asked: Vec<u64>,
    /// What came and was not taken.
    unread: Vec<u8>,
    /// Up to where each file is stored.
    stored: BTreeMap<u32, u64>,
    /// The process is gone: nothing is read or written any more.
    dead: bool,
}

/// Two ends and the server between them.
struct Path<'m> {
    router: Router,
    now: u64,
    ends: Vec<End<'m>>,
    /// Presence that says who is gone never comes.
    mute: bool,
}

impl<'m> Path<'m> {
    fn new(configs: &[Config<'_>; 2], memories: &'m mut [Memory; 2], rate: Option<Rate>) -> Self {
        let mut router = RouterConfig::new(DOMAIN, &[("ct1", "secret"), ("pacs", "secret")], 7);
        (router.tls, router.mechanisms) = (Secured::None, vec![Mechanism::Plain]);
        let mut router = Router::new(router);
        let [a, b] = memories;
        let ends = configs.iter().zip([a, b]).map(|(cfg, memory)| {
            let mut session = Session::new(cfg, memory.storage(), Instant::from_ms(0)).unwrap();
            session.stream_open(StreamId::XMPP).unwrap();
            let no = router.open_tls(0, None, None);
            End {
                session,
                no,
                wait: None,
                events: Vec::new(),
                asked: Vec::new(),
                unread: Vec::new(),
                stored: BTreeMap::new(),
                dead: false,
            }
        });
        let ends = ends.collect();
        let mut path = Self { router, now: 0, ends, mute: false };
        path.settle();
        for (end, jid) in path.ends.iter_mut().zip(JIDS) {
            assert_eq!(std::mem::take(&mut end.events), [Event::Online]);
            let no = end.no;
            assert_eq!(path.router.address(no).as_deref(), Some(jid));
            path.router.set_rate(0, no, rate);
        }
        path
    }

    fn offer(&mut self, size: u64) {
        let name = format!("{size}.dcm");
        let offer = Offer {
            to: JIDS[1],
            name: &name,
            size,
            date: None,
            mime_type: None,
            sha256: None,
            md5: None,
            methods: None,
        };
        self.ends[0].session.offer(&offer).unwrap();
    }

    /// Goes on until nothing more happens at this time.
    fn settle(&mut self) {
        self.router.tick(self.now);
        for _ in 0..10_000 {
            let mut busy = false;
            for n in 0..2 {
                busy |= self.read(n);
                busy |= self.poll(n);
            }
            if !busy {
                return;
            }
        }
        panic!("never settles at {}", self.now);
    }

    fn read(&mut self, n: usize) -> bool {
        let end = &mut self.ends[n];
        let mut bytes = self.router.take_output(self.now, end.no);
        if self.mute {
            let text = String::from_utf8(bytes).unwrap();
            let parts: Vec<&str> = text.split_inclusive('>').collect();
            bytes =
                parts.into_iter().filter(|p| !p.contains("type='unavailable'")).collect::<String>().into();
        }
        if end.dead {
            return false;
        }
        end.unread.extend_from_slice(&bytes);
        let mut at = 0;
        while at < end.unread.len() {
            let Ok((used, received)) = end.session.stream_in(StreamId::XMPP, &mut end.unread[at..]) else {
                // Full: first what there is to say.
                break;
            };
            at += used;
            match received {
                Received::Offer(offer) => {
                    let transfer = offer.transfer;
                    end.session.accept(transfer, 0).unwrap();
                }
                Received::Data { transfer, offset, bytes } => {
                    let upto = offset + bytes.len() as u64;
                    end.stored.insert(transfer.to_bits(), upto);
                    end.session.stored(transfer, upto).unwrap();
                }
                _ => {}
            }
        }
        end.unread.drain(..at);
        at > 0
    }

    fn poll(&mut self, n: usize) -> bool {
        let (mut out, mut busy, now) = (vec![0; 20_000], false, self.now);
        let end = &mut self.ends[n];
        if end.dead {
            return false;
        }
        end.session.tick(Instant::from_ms(now)).unwrap();
        loop {
            let mut wish = None;
            match end.session.poll(&mut out) {
                Ok(Output::Transmit { bytes, .. }) => {
                    let text = std::str::from_utf8(bytes).unwrap();
                    if text.contains("type='get'") && text.contains("disco#info") {
                        end.asked.push(now);
                    }
                    self.router.input(now, end.no, bytes);
                }
                Ok(Output::NeedData { transfer, offset, max }) => wish = Some((transfer, offset, max)),
                Ok(Output::Event(Event::Settle { transfer, .. })) => end.session.settled(transfer).unwrap(),
                Ok(Output::Event(event)) => end.events.push(event),
                Ok(Output::Wait { until, .. }) => {
                    // Due, and to be judged after another look at what came.
                    let due = until.is_some_and(|at| at.ms() <= now) && end.wait != until.map(Instant::ms);
                    end.wait = until.map(Instant::ms);
                    return busy || due;
                }
                Err(Error::Closed(_)) => return busy,

                other => panic!("{other:?}"),
            }
            busy = true;
            if let Some((transfer, offset, max)) = wish
                && let Ok(Output::Transmit { bytes, .. }) =
                    end.session.supply(transfer, offset, &vec![7; max], &mut out)
            {
                self.router.input(now, end.no, bytes);
            }
        }
    }

    /// Time goes on until `enough`, at most `ms`.
    fn run(&mut self, ms: u64, enough: impl Fn(&Self) -> bool) {
        let until = self.now + ms;
        self.settle();
        while self.now < until && !enough(self) {
            let waits = self.ends.iter().filter(|end| !end.dead).filter_map(|end| end.wait);
            let next = waits.chain(self.router.next_deadline(self.now)).min().unwrap_or(until);
            self.now = next.clamp(self.now + 1, until);
            self.settle();
        }
    }

    fn endings(&self, n: usize) -> Vec<Ending> {
        let of = |e: &Event| if let Event::Finished { ending, .. } = e { Some(*ending) } else { None };
        self.ends[n].events.iter().filter_map(of).collect()
    }

    fn moved(&self) -> u64 {
        self.ends[1].stored.values().sum()
    }
}

/// One place more than files: the last one is for somebody else (ATK-17).
macro_rules! path {
    ($p:ident, $rate:expr) => {
        let configs = [config("ct1@hospital.test"), config("pacs@hospital.test")];
        let mut memories = [0, 1].map(|n| Memory::new(&configs[n], FILES as u16 + 1, 2));
        let mut $p = Path::new(&configs, &mut memories, $rate);
    };
}

const SLOW: Option<Rate> = Some(Rate { bytes_per_s: 3_000, burst_bytes: 3_000 });

/// PNG-03, STZ-11
#[test]
fn a_server_shaped_to_3_kb_a_second_with_four_files_ends_nothing_and_no_questions_pile_up() {
    path!(p, SLOW);
    (0..FILES).for_each(|n| p.offer(FILE_BYTES + n));
    p.run(3_600_000, |p| (0..2).all(|n| p.endings(n).len() == FILES as usize));
    for n in 0..2 {
        let done = p.endings(n).iter().all(|it| matches!(it, Ending::Done | Ending::Unverified));
        assert!(done && p.endings(n).len() == FILES as usize, "{n}: {:?} at {}", p.endings(n), p.now);
    }
    // 240 kB and their base64 took this long.
    assert!(p.now > 100_000, "{}", p.now);
    for n in 0..2 {
        let asked = &p.ends[n].asked;
        println!("end {n} asked at {asked:?} of {} ms", p.now);
        assert!(asked.len() <= 1 + 4, "{asked:?}");
        assert!(asked.windows(2).all(|pair| pair[1] - pair[0] >= 5_000), "{asked:?}");
    }
}

/// PNG-03: through a server, whose word about the killed end is all that comes.
#[test]
fn who_is_killed_in_band_is_noticed_within_15_seconds_without_a_word_of_presence() {
    let fast = Some(Rate { bytes_per_s: 100_000, burst_bytes: 3_000 });
    for (dead, rate, before) in
        [(1, fast, 1_000_000), (0, fast, 1_000_000), (1, SLOW, 60_000), (0, SLOW, 60_000)]
    {
        path!(p, rate);
        p.mute = true;
        p.offer(10_000_000);
        p.run(600_000, |p| p.moved() > before);
        // The server hears of it three seconds later: until then it hands everything on to nobody.
        p.ends[dead].dead = true;
        let (killed, stored) = (p.now, p.moved());
        p.run(3_000, |_| false);
        p.router.closed(p.now, p.ends[dead].no);
        p.run(600_000, |p| !p.endings(1 - dead).is_empty());
        let ends = p.endings(1 - dead);
        assert!(matches!(ends[..], [Ending::Failed(Reason::PeerGone, Some(_))]), "{ends:?}");
        println!("{dead} killed, noticed after {} ms", p.now - killed);
        assert!(p.now - killed < 15_000, "noticed after {} ms", p.now - killed);
        assert!(p.moved() >= stored);
    }
}
