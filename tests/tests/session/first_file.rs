//! The thinnest thread: two sessions log in at the router and one file crosses.

use xft_core::*;
use xft_tests::router::{Router, RouterConfig, StreamNo, Tls as RouterTls};
use xft_tests::world::Memory;

struct End<'a> {
    session: Session<'a>,
    stream: StreamNo,
    source: Vec<u8>,
    stored: Vec<u8>,
    ending: Option<Ending>,
    online: bool,
}

impl End<'_> {
    /// Drains the session into the router.
    fn drain(&mut self, router: &mut Router, now: u64) {
        let mut out = vec![0; 16_384];
        loop {
            match self.session.poll(&mut out) {
                Ok(Output::Transmit { bytes, .. }) => router.input(now, self.stream, bytes),
                Ok(Output::NeedData { transfer, offset, max }) => {
                    let at = usize::try_from(offset).unwrap();
                    let bytes = &self.source[at..(at + max).min(self.source.len())];
                    let Ok(Output::Transmit { bytes, .. }) =
                        self.session.supply(transfer, offset, bytes, &mut out)
                    else {
                        panic!("supply")
                    };
                    router.input(now, self.stream, bytes);
                }
                Ok(Output::Event(Event::Finished { ending, .. })) => self.ending = Some(ending),
                Ok(Output::Event(Event::Online)) => self.online = true,
                Ok(Output::Event(Event::Settle { transfer, .. })) => self.session.settled(transfer).unwrap(),
                Ok(Output::Event(event)) => println!("{event:?}"),
                Ok(Output::Wait { until, .. }) if until == Some(Instant::from_ms(now)) => {}
                Ok(Output::Wait { .. }) => break,
                other => panic!("{other:?}"),
            }
        }
    }

    /// Takes what the router has for it.
    fn take(&mut self, router: &mut Router, now: u64) -> bool {
        let mut bytes = router.take_output(now, self.stream);
        let (mut at, any) = (0, !bytes.is_empty());
        while at < bytes.len() {
            let (used, received) = match self.session.stream_in(StreamId::XMPP, &mut bytes[at..]) {
                Err(Error::Full) => {
                    self.drain(router, now);
                    continue;
                }
                other => other.unwrap(),
            };
            let mut accept = None;
            let mut store = None;
            match received {
                Received::Data { transfer, offset, bytes } => {
                    assert_eq!(offset, self.stored.len() as u64);
                    self.stored.extend_from_slice(bytes);
                    store = Some((transfer, self.stored.len() as u64));
                }
                Received::Offer(offer) => accept = Some(offer.transfer),
                _ => {}
            }
            if let Some(transfer) = accept {
                self.session.accept(transfer, 0).unwrap();
            }
            if let Some((transfer, upto)) = store {
                self.session.stored(transfer, upto).unwrap();
            }
            at += used;
        }
        any
    }
}

#[test]
fn the_first_file_crosses() {
    let mut config = RouterConfig::new("hospital.test", &[("ct1", "secret"), ("pacs", "geheim")], 7);
    config.tls = RouterTls::None;
    let mut router = Router::new(config);
    let mut cfgs = [
        Config::new("ct1@hospital.test", "secret", [1; 32]),
        Config::new("pacs@hospital.test", "geheim", [2; 32]),
    ];
    let mut memories: Vec<Memory> = Vec::new();
    for cfg in &mut cfgs {
        cfg.tls = Tls::UnsafePlain;
        cfg.resource = "gw";
        cfg.methods = xft_core::Methods::IN_BAND;
        memories.push(Memory::new(cfg, 2, 2));
    }
    let source: Vec<u8> = (0..1_000_000u32).map(|i| ((i * 31) >> 3) as u8).collect();
    let mut ends: Vec<End<'_>> = Vec::new();
    for (cfg, memory) in cfgs.iter().zip(&mut memories) {
        let mut session = Session::new(cfg, memory.storage(), Instant::from_ms(0)).unwrap();
        session.stream_open(StreamId::XMPP).unwrap();
        let stream = router.open(0);
        ends.push(End {
            session,
            stream,
            source: source.clone(),
            stored: Vec::new(),
            ending: None,
            online: false,
        });
    }
    let mut offered = false;
    for now in 0..10_000 {
        let mut any = false;
        for end in &mut ends {
            end.session.tick(Instant::from_ms(now)).unwrap();
            end.drain(&mut router, now);
            any |= end.take(&mut router, now);
        }
        if !offered && ends.iter().all(|end| end.online) {
            offered = true;
            let to = ends[1].session.jid().to_owned();
            let offer = Offer {
                to: &to,
                name: "ct.dcm",
                size: source.len() as u64,
                date: None,
                mime_type: None,
                sha256: None,
                md5: None,
                methods: None,
            };
            ends[0].session.offer(&offer).unwrap();
        }
        if ends.iter().all(|end| end.ending.is_some()) {
            break;
        }
        let _ = any;
    }
    assert_eq!(ends[0].ending, Some(Ending::Done));
    assert_eq!(ends[1].ending, Some(Ending::Done));
    assert!(ends[1].stored == source);
}
