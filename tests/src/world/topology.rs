//! What a seed decides about SOCKS5: who listens where, who reaches whom, which proxies there are and what they are like.

use super::Rng;
use crate::router::{Condition, ProxyConfig};
use xft_core::{Method, Methods, StreamEnd, Times};

/// What an address leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The node's own listener.
    Listener,
    /// Nobody: connecting ends like this.
    Nobody(StreamEnd),
    /// Nothing ever comes back.
    Hole,
    /// Somebody who is no streamhost.
    Stranger(super::strangers::Kind),
}

/// An address of a node.
#[derive(Clone, Debug)]
pub struct Address {
    /// As told to the session.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Where it leads.
    pub place: Place,
}

/// The SOCKS5 side of a node.
#[derive(Clone, Debug)]
pub struct Side {
    /// Its policy.
    pub methods: Methods,
    /// Slots for streams.
    pub streams: usize,
    /// Bytes for addresses.
    pub hosts_bytes: usize,
    /// See [`Config`](xft_core::Config).
    pub strict: bool,
    /// See [`Config`](xft_core::Config).
    pub per_source: u8,
    /// What it tells peers.
    pub addresses: Vec<Address>,
    /// Proxies that its owner names, by place in the router's configuration.
    pub proxies: Vec<usize>,
    /// Its owner knows where streams come from.
    pub knows_sources: bool,
    /// Most milliseconds for bytes on its streams.
    pub lag_ms: u64,
    /// Most milliseconds until a stream is up.
    pub connect_ms: u64,
    /// Bytes on the way of a stream.
    pub room: usize,
    /// Nodes that it does not reach.
    pub cut_off: Vec<usize>,
    /// Proxies that it does not reach.
    pub no_proxy: Vec<usize>,
}

impl Side {
    /// A node that knows in band only.
    pub fn in_band() -> Self {
        Self {
            methods: Methods::IN_BAND,
            streams: 0,
            hosts_bytes: 0,
            strict: false,
            per_source: 2,
            addresses: Vec::new(),
            proxies: Vec::new(),
            knows_sources: true,
            lag_ms: 0,
            connect_ms: 0,
            room: 0,
            cut_off: Vec::new(),
            no_proxy: Vec::new(),
        }
    }

    /// What follows from the seed for node `n` of `count`.
    pub fn of(rng: &mut Rng, n: usize, count: usize, proxies: &[ProxyConfig], calm: bool) -> Self {
        if rng.chance(8) {
            return Self::in_band();
        }
        let roomy = rng.chance(if calm { 85 } else { 50 });
        let few = [1, 2, 3, 4, 8];
        Self {
            methods: methods(rng),
            streams: if roomy { 60 } else { rng.pick(&few) },
            hosts_bytes: if roomy { 8192 } else { rng.pick(&[256, 400, 1000, 2048]) },
            strict: rng.chance(10),
            per_source: if roomy { 255 } else { rng.pick(&[1, 2, 2, 5]) },
            addresses: (0..rng.pick(&[0, 1, 1, 2, 3])).map(|k| address(rng, n, k)).collect(),
            proxies: (0..proxies.len()).filter(|_| rng.chance(15)).collect(),
            knows_sources: rng.chance(80),
            lag_ms: rng.pick(&[0, 0, 2, 50, if calm { 100 } else { 2_000 }]),
            connect_ms: rng.pick(&[0, 10, 500, if calm { 100 } else { 8_000 }]),
            room: rng.pick(&[200, 1_000, 8_000, 65_536]),
            cut_off: (0..count).filter(|_| rng.chance(15)).collect(),
            no_proxy: (0..proxies.len()).filter(|_| rng.chance(15)).collect(),
        }
    }

    /// Its many slots and quick streams make success sure where there is a way.
    pub fn is_roomy(&self) -> bool {
        self.streams >= 60 && self.lag_ms <= 100 && self.connect_ms <= 500
    }
}

/// A random policy; the default one mostly.
pub fn methods(rng: &mut Rng) -> Methods {
    use Method::{Direct, InBand, Mediated};
    let orders: [&[Method]; 9] = [
        &[Mediated, Direct, InBand],
        &[Direct, Mediated, InBand],
        &[InBand, Mediated, Direct],
        &[Direct, InBand],
        &[Mediated, InBand],
        &[InBand, Direct],
        &[Direct, Mediated],
        &[Direct],
        &[Mediated],
    ];
    let order = if rng.chance(50) { orders[0] } else { orders[rng.below(9) as usize] };
    Methods::of(order).unwrap_or_default()
}

fn address(rng: &mut Rng, n: usize, k: u64) -> Address {
    use StreamEnd::{Forbidden, Lost, Refused, TimedOut, Unreachable, Unresolved};
    let place = match rng.below(20) {
        0 => Place::Hole,
        1 | 2 => Place::Stranger(rng.pick(&super::strangers::Kind::HOSTS)),
        3 | 4 => Place::Nobody(rng.pick(&[Refused, Unreachable, Unresolved, TimedOut, Forbidden, Lost])),
        _ => Place::Listener,
    };
    let host = match rng.below(4) {
        0 => format!("h{k}.u{n}.hospital.test"),
        1 => format!("fd00::{n}:{k}"),
        _ => format!("10.0.{n}.{k}"),
    };
    Address { host, port: 1024 + rng.below(60_000) as u16, place }
}

/// The proxies of a world.
pub fn proxies(rng: &mut Rng, calm: bool, file_bytes: u64) -> Vec<ProxyConfig> {
    (0..rng.pick(&[0, 1, 1, 2, 3])).map(|k| proxy(rng, k, calm, file_bytes)).collect()
}

fn proxy(rng: &mut Rng, k: u64, calm: bool, file_bytes: u64) -> ProxyConfig {
    let mut proxy = ProxyConfig::new(&format!("proxy{k}"), &format!("10.9.0.{k}"), 7777);
    // Not too many pieces for the longest file.
    let buffer = rng.pick(&[1, 100, 5_000, 65_536]).max(file_bytes / 500);
    proxy.buffer_bytes = usize::try_from(buffer).unwrap_or(1);
    proxy.node = rng.chance(15).then(|| "socks".to_owned());
    if rng.chance(65) {
        return proxy;
    }
    spoil(rng, &mut proxy, calm);
    proxy
}

/// Something is wrong with a proxy.
pub fn spoil(rng: &mut Rng, proxy: &mut ProxyConfig, calm: bool) {
    let condition = rng.pick(&Condition::ALL);
    match rng.below(if calm { 7 } else { 9 }) {
        0 => proxy.listed = false,
        1 => proxy.refuse_address = Some(condition),
        2 | 3 => proxy.refuse_activation = Some(condition),
        4 => proxy.silent = true,
        5 => proxy.port = 0,
        6 => proxy.port = 1,
        7 => proxy.streams_max = rng.below(3) as usize,
        _ => proxy.dies_after_bytes = Some(rng.skewed(100_000)),
    }
}

/// Deadlines of SOCKS5 that a slow world runs into.
pub fn short_times(rng: &mut Rng, times: Times) -> Times {
    let mut ms = |low, high| u32::try_from(rng.between(low, high)).unwrap_or(u32::MAX);
    Times {
        discovery_ms: ms(500, 5_000),
        stagger_ms: ms(0, 1_000),
        host_ms: ms(100, 4_000),
        proxy_ms: ms(100, 6_000),
        hosts_ms: ms(200, 9_000),
        verdict_ms: ms(0, 3_000),
        accept_ms: ms(100, 5_000),
        end_ms: ms(100, 5_000),
        ..times
    }
}
