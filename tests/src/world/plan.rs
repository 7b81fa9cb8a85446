//! What a seed decides before the clock starts: who takes part, with which settings, and what will go wrong.

use super::Rng;
use super::topology::{self, Side};
use crate::router::{LegacySession, LimitsElement, Mechanism, Rate, RouterConfig, Tls};
use xft_core::{Carrier, Config, Needs, ScramFloor, StreamOwner, Times};

/// The domain of every world.
pub const DOMAIN: &str = "hospital.test";
/// The password of everyone.
const PASSWORD: &str = "a pass, word=1";

/// How a node reaches the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The host owns the stream.
    Hosted,
    /// Plain text.
    Plain,
    /// STARTTLS, with the exporter as channel binding.
    StartTls,
    /// Direct TLS, with the certificate's hash as channel binding.
    Direct,
}

/// One participant.
#[derive(Clone, Debug)]
pub struct NodePlan {
    /// Account.
    pub user: String,
    /// Full JID.
    pub jid: String,
    /// How it reaches the server.
    pub way: Way,
    /// It wants receipts.
    pub confirms: bool,
    /// Hosted only: its host tells peers that receipts are understood.
    pub receipts: bool,
    /// Hosted only: of receipts it tells version 0 alone.
    pub old_receipts: bool,
    /// See [`Config`]; the same for the others.
    pub block_bytes: u16,
    chunk_bytes: u16,
    window_bytes: u32,
    pub(super) stanza_bytes: u32,
    /// What carries its blocks.
    pub carrier: Carrier,
    compat: bool,
    md5: bool,
    offers_per_peer: u8,
    rounds_per_poll: u32,
    times: Times,
    /// Its deadlines are the long ones.
    pub has_time: bool,
    transfers: u16,
    contacts: u16,
    spare: u64,
    /// Most milliseconds its pipe holds bytes back.
    pub lag_ms: u64,
    /// Most milliseconds its owner takes for anything.
    pub slow_ms: u64,
    /// Most bytes that pass its pipe at once.
    pub piece: u64,
    /// Bytes of its output buffer at first.
    pub out_bytes: usize,
    /// Its SOCKS5 side.
    pub side: Side,
}

impl NodePlan {
    /// How long a sender waits behind its last byte.
    pub fn finish_ms(&self) -> u64 {
        u64::from(self.times.finish_ms)
    }

    /// The configuration of one life of its session.
    pub fn config(&self, entropy: [u8; 32]) -> Config<'_> {
        let account = self.jid.split('/').next().unwrap_or_default();
        let mut cfg = Config::new(account, PASSWORD, entropy);
        cfg.methods = self.side.methods;
        cfg.strict_replies = self.side.strict;
        cfg.accepted_per_source = self.side.per_source;
        cfg.resource = "r";
        cfg.owner = match self.way {
            Way::Hosted => StreamOwner::Host { jid: &self.jid },
            _ => StreamOwner::Session,
        };
        cfg.tls = match self.way {
            Way::Plain => xft_core::Tls::UnsafePlain,
            Way::StartTls => xft_core::Tls::StartTls,
            Way::Direct | Way::Hosted => xft_core::Tls::Direct,
        };
        cfg.sasl.plain = true;
        cfg.sasl.floor = ScramFloor::Sha1;
        cfg.sasl.rounds_per_poll = self.rounds_per_poll;
        cfg.block_bytes = self.block_bytes;
        cfg.chunk_bytes = self.chunk_bytes;
        cfg.window_bytes = self.window_bytes;
        cfg.stanza_bytes = self.stanza_bytes;
        cfg.carrier = self.carrier;
        cfg.message_rate = 300_000;
        cfg.compat_blocks = self.compat;
        cfg.md5 = self.md5;
        cfg.receipts = self.confirms;
        cfg.offers_per_peer = self.offers_per_peer;
        cfg.times = self.times;
        // Pipes that pass a byte at a time are slower than any network that the default is made for.
        cfg.least_rate = if self.has_time { 0 } else { cfg.least_rate };
        cfg
    }

    /// How large each part of its memory is.
    pub fn needs(&self) -> Needs {
        let needs = Needs::of(&self.config([0; 32]), self.transfers, self.contacts);
        let spare = usize::try_from(self.spare).unwrap_or(0);
        Needs {
            xml_bytes: needs.xml_bytes + spare,
            stanza_bytes: needs.stanza_bytes + spare,
            block_bytes: needs.block_bytes + spare,
            outbox_bytes: needs.outbox_bytes + spare,
            acks_bytes: needs.acks_bytes + spare,
            streams: self.side.streams,
            hosts_bytes: self.side.hosts_bytes,
            ..needs
        }
    }
}

/// A whole world's beginnings.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Nothing goes wrong: then every ending is known beforehand.
    pub calm: bool,
    /// Blocks go astray, in spite of that.
    pub strays: bool,
    /// The server.
    pub router: RouterConfig,
    /// Participants.
    pub nodes: Vec<NodePlan>,
    /// Offers made.
    pub offers: u64,
    /// Largest file.
    pub file_bytes: u64,
    /// SOCKS5 is known here.
    pub socks5: bool,
}

impl Plan {
    /// What follows from the seed.
    pub fn of(rng: &mut Rng) -> Self {
        let calm = rng.chance(30);
        let file_bytes = if rng.chance(3) { 1 << 20 } else { rng.pick(&[0, 5_000, 40_000, 100_000]) };
        let users: Vec<String> = (0..rng.between(2, 4)).map(|n| format!("u{n}")).collect();
        let mut router = router(rng, &users, calm);
        let mut nodes: Vec<NodePlan> = users.iter().map(|user| node(rng, user, calm, file_bytes)).collect();
        let most = u32::try_from(router.stanza_bytes).unwrap_or(u32::MAX);
        // A host has read the announcement and hands it on.
        nodes
            .iter_mut()
            .filter(|n| n.way == Way::Hosted)
            .for_each(|n| n.stanza_bytes = n.stanza_bytes.min(most));
        if router.announce_limits.is_none_or(|limits| !limits.max_bytes) {
            // What a server refuses without saying so beforehand is the configuration's business (LIM-02).
            let most = nodes.iter().map(|n| n.stanza_bytes).max().unwrap_or(0);
            router.stanza_bytes = router.stanza_bytes.max(usize::try_from(most).unwrap_or(usize::MAX));
        }
        if nodes.iter().any(|n| n.way == Way::Plain) {
            router.tls = Tls::Offered;
            // No password crosses a plain stream as it is.
            router.mechanisms = Mechanism::ALL.to_vec();
        }
        let socks5 = rng.chance(65);
        if socks5 {
            let count = nodes.len();
            router.proxies = topology::proxies(rng, calm, file_bytes);
            for (n, node) in nodes.iter_mut().enumerate() {
                node.side = Side::of(rng, n, count, &router.proxies, calm);
                if !node.has_time {
                    node.times = topology::short_times(rng, node.times);
                }
            }
        }
        let strays = calm && rng.chance(20);
        Self {
            calm,
            strays,
            socks5,
            router,
            nodes,
            offers: rng.between(1, if calm { 8 } else { 12 }),
            file_bytes,
        }
    }
}

fn router(rng: &mut Rng, users: &[String], calm: bool) -> RouterConfig {
    let accounts: Vec<(&str, &str)> = users.iter().map(|user| (user.as_str(), PASSWORD)).collect();
    let mut router = RouterConfig::new(DOMAIN, &accounts, rng.draw());
    // Deriving keys takes longer than all the rest of a world; most worlds do without.
    router.mechanisms = match rng.below(8) {
        0 => Mechanism::ALL.to_vec(),
        1 => vec![Mechanism::ScramSha1, Mechanism::Plain],
        _ => vec![Mechanism::Plain],
    };
    router.signature_in_challenge = rng.chance(20);
    router.stanza_bytes = usize::try_from(rng.pick(&[10_000, 20_000, 262_144])).unwrap_or(10_000);
    router.announce_limits = rng.chance(50).then_some(LimitsElement { max_bytes: true, idle_seconds: None });
    router.session = rng.pick(&[LegacySession::Absent, LegacySession::Optional, LegacySession::Required]);
    router.everyone_in_roster = rng.chance(50);
    router.echo_payload = rng.chance(30);
    router.turn_attributes = rng.chance(30);
    if !calm && rng.chance(15) {
        let bytes_per_s = rng.between(2_000, 50_000);
        router.rate = Some(Rate { bytes_per_s, burst_bytes: rng.between(10_000, 60_000) });
    }
    router
}

fn node(rng: &mut Rng, user: &str, calm: bool, file_bytes: u64) -> NodePlan {
    let block_bytes = match rng.below(4) {
        // Not too many blocks for the longest file.
        0 => u16::try_from(rng.between(1.max(file_bytes / 400), 65_535)).unwrap_or(u16::MAX),
        1 => rng.pick(&[65_535, 65_534, 65_533, 65_532]),
        _ => rng.pick(&[1024, 4096, 8192]),
    };
    let block_bytes = block_bytes.max(u16::try_from(file_bytes / 400).unwrap_or(u16::MAX)).max(1);
    let chunk_bytes = if rng.chance(50) { block_bytes } else { block_bytes.div_ceil(2) };
    let window_bytes = u32::from(block_bytes) * u32::try_from(rng.between(1, 40)).unwrap_or(1);
    let has_time = calm || rng.chance(60);
    // A pipe may hold back the answer to what a peer can for longer than is waited for by default.
    let times = if has_time { Times { disco_ms: 30_000, ..Times::default() } } else { short_times(rng) };
    let way = match rng.below(20) {
        0..7 => Way::Hosted,
        7 => Way::Plain,
        8..12 => Way::StartTls,
        _ => Way::Direct,
    };
    let piece = if rng.chance(15) { 60 } else { rng.pick(&[500, 2_000, 10_000, 200_000]) };
    let piece = piece.max(file_bytes / 500);
    // A pipe slower than its deadlines is something that goes wrong.
    let lag_ms = if has_time && piece < 2_000 { 0 } else { rng.pick(&[0, 0, 5, 100, 1_000]) };
    NodePlan {
        user: user.to_owned(),
        jid: format!("{user}@{DOMAIN}/r"),
        way,
        confirms: rng.chance(90),
        receipts: rng.chance(70),
        old_receipts: rng.chance(40),
        block_bytes,
        chunk_bytes,
        window_bytes,
        stanza_bytes: rng.pick(&[10_000, 30_000, 262_144]),
        carrier: if rng.chance(12) { Carrier::Message } else { Carrier::Iq },
        compat: rng.chance(20),
        md5: rng.chance(30),
        offers_per_peer: u8::try_from(rng.between(1, 4)).unwrap_or(4),
        rounds_per_poll: u32::try_from(rng.pick(&[500, 1024, 5000])).unwrap_or(1024),
        times,
        has_time,
        transfers: u16::try_from(rng.between(1, 5)).unwrap_or(1),
        contacts: u16::try_from(rng.between(1, 4)).unwrap_or(1),
        spare: if rng.chance(50) { 0 } else { rng.skewed(20_000) },
        lag_ms,
        slow_ms: rng.pick(&[0, 0, 1, 50, 3_000]),
        piece,
        out_bytes: usize::try_from(rng.pick(&[0, 30, 1_000, 20_000, 100_000])).unwrap_or(0),
        side: Side::in_band(),
    }
}

/// Deadlines short enough that a slow world runs into them.
fn short_times(rng: &mut Rng) -> Times {
    let mut ms = |low, high| u32::try_from(rng.between(low, high)).unwrap_or(u32::MAX);
    Times {
        step_ms: ms(3_000, 10_000),
        login_ms: ms(10_000, 30_000),
        keepalive_ms: ms(1_000, 10_000),
        idle_ms: ms(5_000, 20_000),
        probe_ms: ms(3_000, 10_000),
        close_ms: ms(1_000, 5_000),
        request_ms: ms(1_000, 10_000),
        offer_ms: ms(1_000, 20_000),
        open_ms: ms(1_000, 10_000),
        block_ms: ms(1_000, 20_000),
        progress_ms: ms(1_000, 20_000),
        ask_ms: ms(200, 10_000),
        finish_ms: ms(1_000, 10_000),
        ..Times::default()
    }
}
