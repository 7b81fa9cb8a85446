//! The byte side of the server's proxies, driven as its program does.

use super::World;
use super::net::{Who, WireNo};
use crate::router::{ProxyEffect, ProxyStreamNo};

impl World<'_> {
    /// Whatever proxies have to write or to end.
    pub(super) fn serve_proxies(&mut self) {
        while let Some(no) = self.router.proxy().next_ready() {
            self.proxy_says(no);
        }
        self.carry();
    }

    /// A proxy writes as much as its client's stream takes.
    pub(super) fn proxy_says(&mut self, no: ProxyStreamNo) {
        let Some((wire, side)) = self.wire_of(no) else { return };
        loop {
            let room = self.net.room(wire, side);
            let proxy = self.router.proxy();
            let bytes = proxy.output(no);
            let count = bytes.len().min(room);
            if count == 0 {
                break;
            }
            let bytes = bytes[..count].to_vec();
            self.router.proxy().written(no, count);
            self.net.write(wire, side, &bytes);
        }
        match self.router.proxy().effect(no) {
            Some(ProxyEffect::Finish) => self.net.finish(wire, side),
            Some(ProxyEffect::Close) => {
                self.net.close(wire, side);
                self.router.proxy().closed(no);
            }
            None => {}
        }
    }

    /// Something came to a proxy. Gives whether more is waiting than it takes now.
    pub(super) fn proxy_hears(&mut self, wire: WireNo, side: usize, no: ProxyStreamNo) -> bool {
        let (now, mut taken) = (self.now, 0);
        let Some(end) = self.net.end(wire, side) else { return false };
        if end.broken {
            end.who = Who::Gone;
            self.net.flush(wire, 1 - side);
            self.router.proxy().closed(no);
            return false;
        }
        let bytes: Vec<u8> = end.inbox.iter().copied().collect();
        let mut rest = &bytes[..bytes.len().min(1 + self.rng.below(20_000) as usize)];
        while !rest.is_empty() {
            let count = self.router.proxy().input(now, no, rest);
            if count == 0 {
                break;
            }
            rest = &rest[count..];
            taken += count;
        }
        let Some(end) = self.net.end(wire, side) else { return false };
        end.inbox.drain(..taken).for_each(drop);
        let rest = !end.inbox.is_empty();
        if end.fin && !rest && !end.fin_told {
            end.fin_told = true;
            self.router.proxy().ended(no);
        }
        rest
    }

    fn wire_of(&self, no: ProxyStreamNo) -> Option<(WireNo, usize)> {
        let mut all = self
            .net
            .wires
            .iter()
            .flat_map(|(wire, w)| [(*wire, 0, w.ends[0].who), (*wire, 1, w.ends[1].who)]);
        all.find(|(.., who)| *who == Who::Proxy(no)).map(|(wire, side, _)| (wire, side))
    }
}
