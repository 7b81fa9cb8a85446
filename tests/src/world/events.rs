//! What sessions tell, and whether they may.

use super::{Do, World};
use xft_core::{Ending, Event, Method, TransferId};

impl World<'_> {
    /// A receiver may still be busy with an offer that its sender has replaced by another one (SI-22).
    fn heard_of_earlier(&mut self, n: usize, event: Event) -> bool {
        let (Event::Started { transfer, .. }
        | Event::HostFailed { transfer, .. }
        | Event::FellBack { transfer, .. }
        | Event::Settle { transfer, .. }
        | Event::Finished { transfer, .. }) = event
        else {
            return false;
        };
        let index = self.nodes[n].file(transfer).expect("a transfer of ours");
        let life = self.nodes[n].life;
        let f = &mut self.files[index];
        let earlier = f.to == n && f.earlier == Some((transfer, life));
        if let (true, Event::Settle { .. }, Some(session)) = (earlier, event, &mut self.nodes[n].session) {
            session.settled(transfer).expect("asked for");
        }
        if let (true, Event::Finished { ending, .. }) = (earlier, event) {
            // Of an empty range everything is here at once.
            let empty = ending == Ending::Unverified;
            assert!(empty || matches!(ending, Ending::Failed(..)), "an earlier offer ended {ending:?}");
            f.earlier_open = false;
            self.check_stale(n, transfer);
        }
        earlier
    }

    /// The session says that something happened.
    pub(super) fn heard(&mut self, n: usize, event: Event) {
        self.note(&format!("  node {n}: {event:?}"));
        if self.heard_of_earlier(n, event) {
            return;
        }
        match event {
            Event::Online => {
                assert!(!self.nodes[n].online, "online twice");
                (self.nodes[n].online, self.nodes[n].online_at) = (true, self.now);
                let session = self.nodes[n].session.as_ref();
                assert_eq!(session.map(|s| s.jid().to_owned()), Some(self.nodes[n].plan.jid.clone()));
            }
            Event::Offline { .. } => {
                let node = &mut self.nodes[n];
                (node.online, node.over) = (false, true);
                assert!(node.streams.is_empty(), "offline, but streams are left: {:?}", node.streams);
                let (life, files) = (node.life, node.files.clone());
                for f in files.values().map(|f| &self.files[*f]) {
                    let here = |handle: Option<(TransferId, u32)>| handle.is_some_and(|(_, l)| l == life);
                    let sending = f.from == n && here(f.sender) && f.sent.is_none();
                    let receiving = f.to == n && here(f.receiver) && f.received.is_none();
                    assert!(!sending && !receiving, "offline, but a transfer was not told as finished");
                }
                assert!(!self.plan.calm || self.nodes[n].leaving, "offline, and nothing went wrong");
                if self.last_offers.is_none() {
                    self.soon(30_000, Do::Begin(n));
                }
            }
            Event::Accepted { transfer, offset, end } => {
                let f = self.nodes[n].file(transfer).expect("a transfer of ours");
                let f = &mut self.files[f];
                assert!(f.from == n && !f.accepted && f.sent.is_none(), "accepted twice, or after the end");
                assert!(offset <= end && end <= f.size());
                f.accepted = true;
            }
            Event::Started { transfer, block_bytes, method, .. } => {
                assert!(block_bytes <= self.nodes[n].plan.block_bytes);
                assert_eq!(
                    method == Method::InBand,
                    block_bytes > 0,
                    "{method:?} with blocks of {block_bytes}"
                );
                let f = self.nodes[n].file(transfer).expect("a transfer of ours");
                let f = &mut self.files[f];
                let side = usize::from(f.to == n);
                assert!(!f.started[side] && (side == 1 || f.accepted), "started twice, or before accepted");
                f.started[side] = true;
                f.method[side] = Some(method);
            }
            Event::FellBack { transfer, again, route } => {
                let index = self.nodes[n].file(transfer).expect("a transfer of ours");
                let f = &mut self.files[index];
                let side = usize::from(f.to == n);
                assert!(f.grant.is_none() && f.got.is_empty(), "fell back behind the first byte (SI-20)");
                assert!(!(again && f.again), "fell back by a new offer twice");
                assert!(!again || side == 0, "a receiver that offers");
                assert!(self.plan.socks5, "fell back from nothing: {route:?}");
                f.started[side] = false;
                f.fell_back = true;
                if again {
                    (f.again, f.accepted) = (true, false);
                }
            }
            Event::HostFailed { transfer, stream, .. } => {
                let index = self.nodes[n].file(transfer).expect("a transfer of ours");
                assert_eq!(
                    self.nodes[n].dialled.get(&stream.0),
                    Some(&transfer.to_bits()),
                    "a host nobody dialled"
                );
                let f = &self.files[index];
                assert!(f.to != n || f.received.is_none(), "a host failed behind the end");
            }
            Event::Intruded { transfer } => {
                let f = self.nodes[n].file(transfer).expect("a transfer of ours");
                assert!(self.files[f].from == n && self.plan.socks5);
                let quick =
                    |n: usize| self.nodes[n].plan.side.lag_ms <= 2 && self.nodes[n].plan.slow_ms <= 50;
                let late = !quick(n) || !quick(self.files[f].to);
                assert!(!self.plan.calm || late, "intruded by nobody");
            }
            Event::BlockRefused { asked, most, .. } => assert!(asked > most),
            Event::Settle { transfer, verified } => self.asked_to_settle(n, transfer, verified),
            Event::Finished { transfer, ending, route } => {
                let index = self.nodes[n].file(transfer).expect("a transfer of ours");
                let at_sender = self.files[index].from == n;
                self.check_ending(index, at_sender, ending);
                self.check_route(index, at_sender, ending, &route);
                let f = &mut self.files[index];
                f.routes[usize::from(!at_sender)] = Some(route);
                *(if at_sender { &mut f.sent } else { &mut f.received }) = Some(ending);
                // Whoever hears that it failed takes the name back.
                f.placed &= at_sender || !matches!(ending, Ending::Failed(..));
                self.check_stale(n, transfer);
            }
            other => panic!("{other:?}"),
        }
    }
}
