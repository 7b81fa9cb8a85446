//! Bytes between sessions and server: split, joined, late, cut.

use super::node::{END_POINT, EXPORTER, read};
use super::plan::Way;
use super::{Do, World};
use crate::router::{Effect, FirstLevel, attribute};
use xft_core::{ChannelBinding, Error, StreamEnd, StreamId};

/// Times in a row a session may say `Full` before its owner has had every chance to make room.
const FULL_IN_A_ROW: u32 = 50;

impl World<'_> {
    /// Some of the node's bytes reach the server.
    pub(super) fn up(&mut self, n: usize) {
        let node = &mut self.nodes[n];
        let Some(stream) = node.stream else { return };
        let most = (node.up.len() as u64).min(1 + self.rng.below(node.plan.piece));
        let bytes: Vec<u8> = node.up.drain(..usize::try_from(most).unwrap_or(0)).collect();
        let (rest, ends) = (!node.up.is_empty(), node.up_ends);
        if !bytes.is_empty() {
            self.router.input(self.now, stream, &bytes);
        }
        if rest {
            let lag = self.nodes[n].plan.lag_ms;
            self.soon(lag / 4, Do::Up(n));
        } else if ends {
            self.router.closed(self.now, stream);
            self.nodes[n].stream = None;
        }
        self.serve();
    }

    /// What the server has to say goes into the pipes.
    pub(super) fn serve(&mut self) {
        while let Some(stream) = self.router.next_ready(self.now) {
            let Some(n) = self.nodes.iter().position(|node| node.stream == Some(stream)) else { continue };
            let bytes = self.router.take_output(self.now, stream);
            let node = &mut self.nodes[n];
            node.down.extend(&bytes);
            match self.router.effect(stream) {
                Some(Effect::StartTls) => {
                    self.router.tls_done(self.now, stream, Some(EXPORTER), Some(END_POINT.to_vec()));
                }
                Some(Effect::Close) => node.down_ends = true,
                None => {}
            }
            let lag = self.nodes[n].plan.lag_ms;
            self.soon(lag, Do::Down(n));
        }
        self.serve_proxies();
        if let Some(at) = self.router.next_deadline(self.now) {
            let at = at.max(self.now + 1);
            if at < self.router_at {
                self.router_at = at;
                self.at(at, Do::Router);
            }
        }
    }

    /// Some bytes reach the node.
    pub(super) fn down(&mut self, n: usize) {
        if self.sleeps(n, Do::Down(n)) || self.nodes[n].session.is_none() {
            return;
        }
        let piece = 1 + self.rng.below(self.nodes[n].plan.piece);
        let node = &mut self.nodes[n];
        let most = node.down.len().min(usize::try_from(piece).unwrap_or(1));
        let mut bytes: Vec<u8> = node.down.drain(..most).collect();
        if node.tamper {
            node.tamper = !spoil(&mut bytes);
            if !node.tamper {
                self.mark_tampered(n);
            }
        }
        self.note_bytes("to", n, &bytes);
        if self.nodes[n].plan.way == Way::Hosted {
            self.host_reads(n, &bytes);
        } else {
            self.session_reads(n, bytes);
        }
        let node = &self.nodes[n];
        let lag = node.plan.lag_ms;
        if !node.down.is_empty() || !node.inbox.is_empty() {
            self.soon(lag / 4, Do::Down(n));
        } else if node.down_ends {
            self.soon(lag, Do::Lost(n, node.life));
        }
        self.service_soon(n);
    }

    fn session_reads(&mut self, n: usize, mut bytes: Vec<u8>) {
        let mut at = 0;
        while at < bytes.len() {
            let now = xft_core::Instant::from_ms(self.now);
            let Some(session) = self.nodes[n].session.as_mut() else { return };
            let _ = session.tick(now);
            let answer = session.stream_in(StreamId::XMPP, &mut bytes[at..]);
            let answer = answer.map(|(used, received)| (used, super::owner::own(received)));
            match answer {
                Ok((used, received)) => {
                    assert!(used > 0, "nothing used, nothing said");
                    at += used;
                    self.nodes[n].full_in_a_row = 0;
                    self.received(n, received);
                    // Now and then the owner polls between two pieces, as it may.
                    if self.rng.chance(20) {
                        self.service(n);
                    }
                }
                Err(Error::Full) => {
                    let node = &mut self.nodes[n];
                    bytes.drain(..at).for_each(drop);
                    bytes.into_iter().rev().for_each(|byte| node.down.push_front(byte));
                    self.full(n);
                    return;
                }
                Err(Error::Closed(_)) => return,
                // The server ended the stream while the client was at its handshake: no bytes of TLS, and nobody's.
                Err(Error::State) if self.nodes[n].plan.way == Way::StartTls && !self.nodes[n].online => {
                    return;
                }
                Err(error) => panic!("stream_in: {error:?}"),
            }
        }
    }

    fn host_reads(&mut self, n: usize, bytes: &[u8]) {
        let node = &mut self.nodes[n];
        let Some(host) = node.host.as_mut() else { return };
        let stanzas = read(host, bytes);
        // As the host's own parser hands it on: with the namespace it stood in.
        node.inbox.extend(stanzas.into_iter().filter(|s| !s.root.ns.contains("etherx")).map(|s| whole(&s)));
        while let Some(stanza) = self.nodes[n].inbox.pop_front() {
            let Some(session) = self.nodes[n].session.as_mut() else { return };
            let _ = session.tick(xft_core::Instant::from_ms(self.now));
            let mut copy = stanza.clone();
            match session.stanza_in(&mut copy).map(super::owner::own) {
                Ok(super::owner::Came::NotMine) => self.host_answers(n, &stanza),
                Ok(received) => {
                    self.nodes[n].full_in_a_row = 0;
                    self.received(n, received);
                    if self.rng.chance(20) {
                        self.service(n);
                    }
                }
                Err(Error::Full) => {
                    assert_eq!(copy, stanza, "refused, but changed");
                    self.nodes[n].inbox.push_front(stanza);
                    self.full(n);
                    return;
                }
                Err(Error::Closed(_)) => return,
                Err(error) => panic!("stanza_in: {error:?}: {}", String::from_utf8_lossy(&stanza)),
            }
        }
    }

    /// The host does what it does without us: it answers for its client.
    fn host_answers(&mut self, n: usize, stanza: &[u8]) {
        let mut framer = crate::router::Framer::new(1 << 20);
        read(&mut framer, super::node::HEADER.as_bytes());
        let stanzas = read(&mut framer, stanza);
        let Some(root) = stanzas.first().map(|s| &s.root) else { return };
        if root.name != "iq" || !matches!(root.attr("type"), Some("get" | "set")) {
            return;
        }
        let is_disco = root.children.first().is_some_and(|c| c.ns.ends_with("disco#info"));
        let mut text = format!("<iq type='{}'", if is_disco { "result" } else { "error" });
        attribute(&mut text, "to", root.attr("from"));
        attribute(&mut text, "id", root.attr("id"));
        text.push('>');
        if is_disco {
            text.push_str("<query xmlns='http://jabber.org/protocol/disco#info'>");
            let all = xft_core::FEATURES.iter();
            let confirms = self.nodes[n].plan.receipts && self.nodes[n].plan.confirms;
            let old = self.nodes[n].plan.old_receipts;
            let told = |f: &str| !f.contains("receipt") || (confirms && !(old && f.ends_with(":1")));
            for feature in all.filter(|f| told(f)) {
                text.push_str(&format!("<feature var='{feature}'/>"));
            }
            text.push_str("</query></iq>");
        } else {
            text.push_str(
                "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
            );
        }
        self.nodes[n].up.extend(text.as_bytes());
        let lag = self.nodes[n].plan.lag_ms;
        self.soon(lag, Do::Up(n));
    }

    /// Nothing was taken: the owner drains, and stores what it was slow to store.
    fn full(&mut self, n: usize) {
        self.nodes[n].full_in_a_row += 1;
        assert!(self.nodes[n].full_in_a_row < FULL_IN_A_ROW, "Full for ever");
        self.service(n);
        if self.nodes[n].full_in_a_row > 2 {
            self.store_all(n);
        }
    }

    /// TLS is up at the client.
    pub(super) fn tls(&mut self, n: usize) {
        let Some(session) = self.nodes[n].session.as_mut() else { return };
        let binding = ChannelBinding { exporter: Some(&EXPORTER), server_end_point: Some(&END_POINT) };
        match session.tls_done(&binding) {
            Ok(()) | Err(Error::Closed(_) | Error::State) => {}
            Err(error) => panic!("tls_done: {error:?}"),
        }
        self.service(n);
    }

    /// The node learns that its transport is gone.
    pub(super) fn lost(&mut self, n: usize, life: u32) {
        let node = &mut self.nodes[n];
        if node.life != life || !node.down.is_empty() && !node.disturbed {
            return;
        }
        node.down.clear();
        if let Some(stream) = node.stream.take() {
            self.router.closed(self.now, stream);
        }
        let node = &mut self.nodes[n];
        if let Some(session) = node.session.as_mut() {
            match session.stream_end(StreamId::XMPP, StreamEnd::Lost) {
                Ok(()) | Err(Error::Closed(_)) => {}
                Err(error) => panic!("stream_end: {error:?}"),
            }
        }
        self.serve();
        self.service(n);
    }
}

/// One stanza with its default namespace declared.
fn whole(stanza: &FirstLevel) -> Vec<u8> {
    let raw = &stanza.raw;
    let name_end = 1 + stanza.root.name.len();
    if raw[..stanza.head_bytes].windows(6).any(|w| w == b"xmlns=") {
        return raw.clone();
    }
    [&raw[..name_end], b" xmlns='jabber:client'", &raw[name_end..]].concat()
}

/// Changes one character of the first block in these bytes, so that it is base64 still.
fn spoil(bytes: &mut [u8]) -> bool {
    let Some(seq) = memchr::memmem::find(bytes, b" seq='") else { return false };
    let Some(end) = memchr::memchr(b'>', &bytes[seq..]) else { return false };
    let Some(first) = bytes.get_mut(seq + end + 1) else { return false };
    *first = match *first {
        b'A' => b'B',
        byte if byte.is_ascii_alphanumeric() => b'A',
        _ => return false,
    };
    true
}
