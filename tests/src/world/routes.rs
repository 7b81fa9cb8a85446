//! What must be true of methods, routes and streams.

use super::file::File;
use super::strangers::Kind;
use super::topology::{Address, Place, Side};
use super::{World, plan};
use crate::router::FirstLevel;
use xft_core::{Ending, Method, Methods, Route, Skip, Timer};

const SI: &str = "http://jabber.org/protocol/si";
const FILE_TRANSFER: &str = "http://jabber.org/protocol/si/profile/file-transfer";

impl World<'_> {
    /// An offer leaves a session: its stream id is what digests are made of.
    pub(super) fn saw_offer(&mut self, n: usize, stanza: &FirstLevel) {
        let Some(si) = stanza.root.child(SI, "si").filter(|si| si.attr("id").is_some()) else { return };
        let Some(file) = si.child(FILE_TRANSFER, "file") else { return };
        let Some(name) = file.attr("name") else { return };
        let digits: String = name.chars().filter(char::is_ascii_digit).collect();
        if let Some(f) = digits.parse().ok().and_then(|f: usize| self.files.get_mut(f))
            && f.from == n
        {
            f.sid = si.attr("id").unwrap_or_default().to_owned();
            f.unasked = !file.children.iter().any(|child| child.ns.starts_with("urn:libxft:receipt:"));
        }
    }

    fn methods_of(&self, f: &File) -> [Methods; 2] {
        let side = |n: usize| &self.nodes[n].plan.side;
        [f.methods.unwrap_or(side(f.from).methods), side(f.to).methods]
    }

    /// Where nothing goes wrong: whether the topology leaves only one ending.
    pub(super) fn is_certain(&self, f: &File) -> bool {
        let [ours, theirs] = self.methods_of(f);
        let both = |method| ours.has(method) && theirs.has(method);
        let side = |n: usize| &self.nodes[n].plan.side;
        // A proxy that breaks under the file leaves nothing to fall back to.
        let breaks = both(Method::Mediated) && self.plan.proxies_break();
        if breaks || self.proxies_changed {
            return false;
        }
        // Somebody at a wrong address who says what a streamhost says is taken for one (S5B-07).
        let apes = |a: &Address| a.place == Place::Stranger(Kind::APE);
        if both(Method::Direct) && side(f.from).addresses.iter().any(apes) {
            return false;
        }
        if both(Method::InBand) {
            return true;
        }
        let brisk = |n: usize| {
            let plan = &self.nodes[n].plan;
            plan.has_time && plan.slow_ms <= 50 && plan.lag_ms <= 100 && plan.piece >= 500
        };
        let roomy = |n: usize| side(n).is_roomy() && brisk(n);
        let direct = both(Method::Direct) && reaches(side(f.from), side(f.to), f.from);
        let proxies: Vec<usize> =
            if both(Method::Mediated) { self.offered_proxies(f.from) } else { Vec::new() };
        // The receiver may settle on one that does not let them through to each other.
        let traps = proxies.iter().any(|k| self.is_trap(*k) || side(f.from).no_proxy.contains(k));
        let reached = |k: &usize| !side(f.to).no_proxy.contains(k) && self.answers(*k);
        let way = direct || proxies.iter().any(reached);
        f.size() > 0 && way && !traps && roomy(f.from) && roomy(f.to)
    }

    /// Proxies that a node offers, by place in the configuration.
    fn offered_proxies(&self, n: usize) -> Vec<usize> {
        let (named, all) = (&self.nodes[n].plan.side.proxies, &self.plan.router.proxies);
        let told = |k: &usize| all[*k].listed && all[*k].refuse_address.is_none() && all[*k].port != 0;
        if named.is_empty() { (0..all.len()).filter(told).collect() } else { named.clone() }
    }

    /// Whoever connects there gets no further than that.
    fn is_trap(&self, k: usize) -> bool {
        let proxy = &self.plan.router.proxies[k];
        proxy.refuse_activation.is_some() || proxy.streams_max < 64
    }

    fn answers(&self, k: usize) -> bool {
        let proxy = &self.plan.router.proxies[k];
        !proxy.silent && proxy.port == 7777
    }

    /// In band is not allowed for it.
    pub(super) fn is_pinned(&self, f: &File) -> bool {
        let [ours, theirs] = self.methods_of(f);
        self.plan.calm && !(ours.has(Method::InBand) && theirs.has(Method::InBand)) && self.is_certain(f)
    }

    /// A route as it is told fits what both sides allow, and what happened.
    pub(super) fn check_route(&self, index: usize, at_sender: bool, ending: Ending, route: &Route) {
        let f = &self.files[index];
        let methods = self.methods_of(f)[usize::from(!at_sender)];
        let skips = [
            (Method::Direct, route.direct),
            (Method::Mediated, route.mediated),
            (Method::InBand, route.in_band),
        ];
        let whole = !matches!(ending, Ending::Failed(..));
        for (method, skip) in skips {
            if route.method == Some(method) {
                assert!(methods.has(method), "{method:?} against the policy: {route:?}");
                assert!(
                    !whole || skip == Skip::Unneeded,
                    "{ending:?} by a method that was skipped: {route:?}"
                );
            } else if whole && methods.has(method) && method != Method::InBand && f.size() > 0 {
                // Both over SOCKS5 are one attempt; in band may be the first choice.
                let first =
                    methods.iter().next() == Some(Method::InBand) || route.method != Some(Method::InBand);
                assert!(first || skip != Skip::Unneeded, "no word about {method:?}: {route:?}");
            }
            assert!(skip != Skip::Policy || !methods.has(method), "{method:?} is allowed: {route:?}");
        }
        assert!(!whole || route.method.is_some(), "{ending:?} by nothing: {route:?}");
        let told = f.method[usize::from(!at_sender)];
        assert!(!whole || told == route.method, "started {told:?}, {route:?}");
        let other = f.routes[usize::from(at_sender)];
        if whole && let Some(other) = other.filter(|_| !self.plan_failed(f, !at_sender)) {
            assert_eq!(route.method, other.method, "two ways for one file {index}");
        }
    }

    fn plan_failed(&self, f: &File, at_sender: bool) -> bool {
        matches!(if at_sender { f.sent } else { f.received }, Some(Ending::Failed(..)))
    }

    /// Nodes whose sessions live and whose owners are awake.
    pub(super) fn at_rest(&self) -> impl Iterator<Item = usize> {
        let rests =
            |node: &super::Node<'_>| node.session.is_some() && !node.over && node.asleep_until <= self.now;
        self.nodes.iter().enumerate().filter(move |(_, node)| rests(node)).map(|(n, _)| n)
    }

    /// No stream and no deadline of a transfer is left when all is told.
    pub(super) fn check_nothing_left(&self) {
        for n in self.at_rest() {
            let node = &self.nodes[n];
            assert!(node.streams.is_empty(), "streams of node {n} are left: {:?}", node.streams);
            // Those of the stream may go on; the end of an element may be in a pipe that is held.
            let quiet = matches!(
                node.waits_for,
                Timer::None
                    | Timer::Keepalive
                    | Timer::Probe
                    | Timer::Element
                    | Timer::Login
                    | Timer::Close
                    | Timer::Request
            );
            assert!(
                quiet,
                "node {n} still waits for {:?} at {:?}, now {}",
                node.waits_for, node.wants_at, self.now
            );
        }
    }
}

fn reaches(from: &Side, to: &Side, n: usize) -> bool {
    !to.cut_off.contains(&n) && from.addresses.iter().any(|a| a.place == Place::Listener)
}

impl plan::Plan {
    /// A proxy breaks under its streams.
    pub fn proxies_break(&self) -> bool {
        self.router.proxies.iter().any(|p| p.dies_after_bytes.is_some())
    }
}
