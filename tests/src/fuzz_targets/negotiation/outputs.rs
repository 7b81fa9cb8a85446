//! What the session says, held against what it may say.

use super::streams::{State, Wire};
use super::{Asked, Due, ME, Play, S5B};
use crate::fuzz_targets::input::attr;
use xft_core::internals::socks5::Digest;
use xft_core::*;

/// Frames of a handshake that a dialled stream sends, and an accepted one.
const GREETING: [u8; 3] = [5, 1, 0];

/// Streamhosts of a query: address, host, port.
pub(super) fn streamhosts(text: &str) -> Vec<(String, String, u16)> {
    let hosts =
        text.split("<streamhost ").skip(1).map(|rest| format!(" {}", rest.split("/>").next().unwrap_or("")));
    hosts
        .map(|h| {
            let port = attr(&h, "port");
            let port = if port.is_empty() { 1080 } else { port.parse().unwrap_or(0) };
            (attr(&h, "jid").to_owned(), attr(&h, "host").to_owned(), port)
        })
        .collect()
}

impl Play<'_> {
    /// Hands in one stanza.
    pub(super) fn give(&mut self, stanza: &str) {
        let mut bytes = stanza.as_bytes().to_vec();
        let mut offered = None;
        match self.session.stanza_in(&mut bytes) {
            Ok(Received::Offer(offer)) => {
                assert_eq!(offer.from, attr(stanza, "from"));
                offered = Some((offer.transfer, offer.size));
            }
            Ok(Received::Data { transfer, offset, bytes }) => {
                let count = bytes.len() as u64;
                self.data(transfer, offset, count);
                *self.blocks.entry(attr(stanza, "sid").to_owned()).or_default() += 1;
                let seen = &self.seen[self.index(transfer)];
                assert!(seen.started.is_none_or(|by| by == Method::InBand), "two ways at once");
            }
            Ok(Received::NotMine) => return,
            Ok(_) => {}
            Err(Error::Full | Error::Closed(_)) => return,
            Err(error) => panic!("{error:?}: {stanza}"),
        }
        if let Some((transfer, size)) = offered {
            let sid = attr(
                stanza.split("<si ").nth(1).map_or("", |si| &stanza[stanza.len() - si.len() - 1..]),
                "id",
            );
            self.begin(transfer, true, attr(stanza, "from"), Some(sid), size);
        }
        if stanza.contains("type='set'") {
            let (id, from) = (attr(stanza, "id").to_owned(), attr(stanza, "from").to_owned());
            self.due.push(Due { id, from, text: stanza.to_owned(), answered: false });
        }
    }

    /// File bytes came.
    pub(super) fn data(&mut self, transfer: TransferId, offset: u64, count: u64) {
        let at = self.index(transfer);
        self.seen[at].file.data(offset, count);
    }

    /// Polls with a buffer of `size` bytes until nothing is left to do, or the buffer is too small.
    pub(super) fn drain(&mut self, size: usize) {
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
                Ok(Output::Transmit { stream: StreamId::XMPP, bytes }) => {
                    String::from_utf8(bytes.to_vec()).expect("UTF-8")
                }
                Ok(Output::Transmit { stream, bytes }) => {
                    let bytes = bytes.to_vec();
                    self.handshake(stream, bytes);
                    continue;
                }
                Ok(Output::NeedData { transfer, offset, max }) => {
                    let seen = &self.seen[self.index(transfer)];
                    assert_eq!((seen.started, seen.raw), (Some(Method::InBand), 0), "two ways at once");
                    let data = vec![b'x'; max];
                    match self.session.supply(transfer, offset, &data, out) {
                        Ok(Output::Transmit { stream: StreamId::XMPP, bytes }) => {
                            String::from_utf8(bytes.to_vec()).expect("UTF-8")
                        }
                        Err(Error::NoSpace { needed }) if needed > size => return,
                        other => panic!("supply: {other:?}"),
                    }
                }
                Ok(Output::Connect { stream, transfer, host, port }) => {
                    let host = host.to_owned();
                    self.connect(stream, transfer, host, port);
                    continue;
                }
                Ok(Output::SendRaw { transfer, stream, offset, max }) => {
                    self.granted(transfer, stream, offset, max);
                    continue;
                }
                Ok(Output::HalfClose { stream }) => {
                    self.half_closed(stream);
                    continue;
                }
                Ok(Output::Close { stream }) => {
                    if stream != StreamId::XMPP {
                        self.wire(stream).state = State::Closed;
                    }
                    continue;
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
                    empty_turns += 1;
                    assert!(empty_turns < 8, "{why:?}");
                    self.session.tick(Instant::from_ms(now)).expect("tick");
                    continue;
                }
                Err(Error::NoSpace { needed }) => return assert!(needed > size),
                Err(Error::Closed(_)) => return assert!(self.offline, "closed without a word"),
                other => panic!("poll: {other:?}"),
            };
            self.sent(&text);
        }
    }

    /// A streamhost is to be connected to: one of those that were named, and each once (S5B-03, ATK-26).
    fn connect(&mut self, id: StreamId, transfer: TransferId, host: String, port: u16) {
        assert!(self.wires.iter().all(|w| w.id != id || !w.is_alive()), "{id:?} is in use");
        assert!(id != StreamId::XMPP && port > 0 && !host.is_empty() && host.len() <= 255);
        let seen = &self.seen[self.index(transfer)];
        assert!(!seen.file.finished, "connects for nobody");
        let place = |query: &str| streamhosts(query).into_iter().any(|(_, h, p)| h == host && p == port);
        let sids = seen.sids.clone();
        let named =
            |text: &str| sids.iter().any(|sid| text.contains(&format!(" sid='{sid}'"))) && place(text);
        if seen.file.receiving {
            let mine = |due: &&Due| due.from == seen.peer && due.text.contains(S5B) && named(&due.text);
            assert!(self.due.iter().any(|due| mine(&due)), "nobody named {host}:{port}");
        } else {
            // Any address of the proxy that the peer uses, as long as we offered that proxy.
            let offered = |jid: &str| {
                let ours = self.queries.iter().filter(|q| sids.iter().any(|sid| q.text.contains(&**sid)));
                ours.flat_map(|q| streamhosts(&q.text)).any(|(j, ..)| j == jid)
            };
            let used = |jid: &str| self.used.iter().any(|(sid, j)| j == jid && sids.contains(sid));
            let fits =
                |(jid, h, p): &(String, String, u16)| *h == host && *p == port && used(jid) && offered(jid);
            assert!(self.proxies.iter().any(fits), "not a proxy of ours: {host}:{port}");
        }
        let before = self.wires.iter().filter(|w| w.dialled && w.transfer == Some(transfer));
        let again = before.clone().filter(|w| w.host == host && w.port == port).count();
        assert!(again == 0 && before.count() < 16, "{host}:{port} once more");
        self.wires.push(Wire::dialled(id, transfer, host, port));
    }

    /// Bytes of a handshake: fixed frames, each in a write of its own, and never anything else (ATK-25, S5B-21).
    fn handshake(&mut self, id: StreamId, bytes: Vec<u8>) {
        let wire = self.wire(id);
        assert!(wire.state == State::Up && !wire.half_closed, "{bytes:?} to {wire:?}");
        let (writes, dialled, transfer) = (wire.writes.len(), wire.dialled, wire.transfer);
        let heard = wire.heard;
        wire.writes.push(bytes.clone());
        match (dialled, writes) {
            (true, 0) => assert_eq!(bytes, GREETING),
            (true, 1) => {
                assert_eq!(heard, 2, "the method reply was not awaited");
                let at = self.index(transfer.expect("a dialled one has a transfer"));
                assert_eq!(bytes[..4], [5, 1, 0, 3]);
                let length = usize::from(bytes[4]);
                assert_eq!((bytes.len(), &bytes[5 + length..]), (length + 7, &[0, 0][..]));
                let asked = &bytes[5..5 + length];
                assert!(
                    self.destinations(at).iter().any(|dst| dst.as_bytes() == asked),
                    "another destination"
                );
            }
            (false, 0) => assert!(matches!(bytes[..], [5, 0 | 0xff]), "{bytes:?}"),
            (false, 1) => assert!(bytes[0] == 5 && bytes.len() > 6, "{bytes:?}"),
            _ => panic!("{bytes:?} after the handshake"),
        }
    }

    /// What may be asked for at a streamhost (S5B-11, S5B-12).
    pub(super) fn destinations(&self, at: usize) -> Vec<String> {
        let seen = &self.seen[at];
        let (requester, target) = if seen.file.receiving { (&*seen.peer, ME) } else { (ME, &*seen.peer) };
        let mut all = Vec::new();
        for sid in &seen.sids {
            let digest = Digest::new(sid, requester, target).expect("a short stream id");
            all.push(String::from_utf8(digest.dst().as_bytes().to_vec()).expect("hex"));
            let mine = |due: &&Due| due.from == seen.peer && due.text.contains(&format!(" sid='{sid}'"));
            if seen.file.receiving {
                all.extend(self.due.iter().filter(mine).map(|due| attr(&due.text, "dstaddr").to_owned()));
            }
        }
        all
    }

    /// Bytes of the file may go: over a stream that is up, once, and not before its time (S5B-10).
    fn granted(&mut self, transfer: TransferId, stream: StreamId, offset: u64, max: u64) {
        let wire = self.wire(stream);
        let dialled = wire.dialled;
        assert!(wire.state == State::Up && !wire.half_closed && max > 0, "{wire:?}");
        assert!(
            wire.writes.len() == 2 && (!dialled || wire.replied),
            "before the handshake is over: {wire:?}"
        );
        let at = self.index(transfer);
        let seen = &mut self.seen[at];
        assert!(!seen.file.receiving && !seen.file.finished && seen.grant.is_none(), "not to be granted");
        assert_eq!(offset + max, seen.end);
        seen.grant = Some((stream, offset));
        let sids = &self.seen[at].sids;
        let ready = |sid: &String| match dialled {
            true => self.activated.contains(sid),
            false => self.used.iter().any(|(s, jid)| s == sid && jid == ME),
        };
        assert!(sids.iter().any(ready), "nobody is ready at the other end");
    }

    fn half_closed(&mut self, stream: StreamId) {
        let wire = self.wire(stream);
        assert!(wire.state == State::Up && !wire.half_closed, "{wire:?}");
        wire.half_closed = true;
        let sender =
            self.seen.iter().find(|s| s.grant.is_some_and(|(on, _)| on == stream) && !s.file.finished);
        assert!(sender.is_none_or(|s| s.grant == Some((stream, s.end))), "half-closed before the last byte");
    }

    fn event(&mut self, event: Event) {
        assert!(!self.offline, "{event:?} after offline");
        match event {
            Event::Finished { transfer, ending, route } => {
                let at = self.index(transfer);
                let seen = &mut self.seen[at];
                if !matches!(ending, Ending::Failed(..)) {
                    assert!(route.method.is_some() && route.method == seen.started, "{route:?}");
                    let raw = seen.started != Some(Method::InBand) && !seen.file.receiving;
                    assert!(
                        !raw || seen.grant.is_none_or(|(_, upto)| upto == seen.end),
                        "{ending:?} too early"
                    );
                }
                // Nobody here knows the hash of what is sent, but a peer may say that it does.
                let is_vouched_for = match seen.file.receiving {
                    true => seen.sids.iter().any(|sid| self.vouched.contains(sid)),
                    false => self.said_digest,
                };
                seen.file.finish(&self.session, ending, is_vouched_for);
            }
            Event::Offline { .. } => {
                self.offline = true;
                assert!(self.seen.iter().all(|s| s.file.finished), "offline with transfers running");
            }
            Event::Settle { transfer, .. } => {
                let at = self.index(transfer);
                self.seen[at].file.settle(&mut self.session, self.ending);
            }
            Event::Accepted { transfer, offset, end } => {
                let at = self.index(transfer);
                let seen = &mut self.seen[at];
                assert!(
                    !seen.file.finished && !seen.file.receiving && offset <= end && end <= seen.file.size
                );
                seen.end = end;
            }
            Event::Started { transfer, method, .. } => {
                let at = self.index(transfer);
                let seen = &mut self.seen[at];
                assert!(!seen.file.finished && seen.started.is_none(), "started twice");
                seen.started = Some(method);
            }
            Event::FellBack { transfer, again, .. } => {
                let at = self.index(transfer);
                let seen = &mut self.seen[at];
                // SI-21: a sender whose proxy passes nothing opens in band as long as nothing came.
                let unused = seen.file.receiving && seen.started == Some(Method::Mediated) && seen.raw == 0;
                assert!(
                    !seen.file.finished && (seen.started.is_none() || unused),
                    "bytes went already (SI-23)"
                );
                seen.started = None;
                assert!(!again || !seen.retried, "a third offer (SI-22)");
                seen.retried |= again;
            }
            Event::HostFailed { transfer, stream, .. } => {
                let known = self.wires.iter().any(|w| w.id == stream && w.transfer == Some(transfer));
                assert!(known, "{stream:?} was never named");
            }
            Event::Intruded { transfer } => assert!(!self.seen[self.index(transfer)].file.finished),
            _ => {}
        }
    }

    /// Remembers what was asked, and holds answers against what was asked of us.
    fn sent(&mut self, text: &str) {
        for stanza in text.split_inclusive("</iq>").filter(|s| s.starts_with("<iq ")) {
            let (id, to) = (attr(stanza, "id").to_owned(), attr(stanza, "to").to_owned());
            if !stanza.contains("<iq type='set'") && !stanza.contains("<iq type='get'") {
                self.answered(stanza, &id, &to);
                continue;
            }
            let inner = &stanza[stanza.find('>').unwrap_or(0)..];
            self.said_digest |= inner.starts_with("><digest ");
            if inner.starts_with("><si ") {
                let name = attr(inner, "name").to_owned();
                let number: usize = name.trim_start_matches('f').parse().expect("a name of ours");
                self.seen[number].sids.insert(0, attr(inner, "id").to_owned());
                assert!(self.seen[number].sids.len() <= 2, "a third offer (SI-22)");
                self.sids.insert(0, attr(inner, "id").to_owned());
            }
            let asked = || Asked { id: id.clone(), to: to.clone(), text: stanza.to_owned() };
            if inner.contains("<streamhost ") {
                assert!(
                    streamhosts(inner)
                        .iter()
                        .all(|(jid, host, port)| { !jid.is_empty() && !host.is_empty() && *port > 0 })
                );
                self.queries.push(asked());
            }
            self.asked.push(asked());
        }
    }

    /// An answer of ours: once, to who asked, and true.
    fn answered(&mut self, stanza: &str, id: &str, to: &str) {
        let Some(at) = self.due.iter().position(|due| due.id == id) else { return };
        assert!(!self.due[at].answered && self.due[at].from == to, "answered again: {stanza}");
        self.due[at].answered = true;
        if !stanza.contains("<streamhost-used ") {
            return;
        }
        // S5B-04, S5B-05: one is used, and the others are closed before this is said.
        let due = &self.due[at];
        let inner = &due.text[due.text.find('>').unwrap_or(0)..];
        let of = self.by_sid(attr(inner, "sid")).map(|at| self.seen[at].file.id);
        let jid = attr(&stanza[stanza.find("<streamhost-used").unwrap_or(0)..], "jid");
        let hosts = streamhosts(inner);
        let alive: Vec<&Wire> =
            self.wires.iter().filter(|w| w.transfer == of && w.dialled && w.is_alive()).collect();
        // A streamhost that broke in the same moment may be gone already.
        assert!(alive.len() <= 1, "others are not closed: {alive:?}");
        for wire in &alive {
            assert!(wire.replied, "used, but not connected: {wire:?}");
            assert!(hosts.iter().any(|(j, h, p)| j == jid && *h == wire.host && *p == wire.port), "{jid}");
        }
        assert!(hosts.iter().any(|(j, ..)| j == jid), "{jid} was not offered");
    }
}
