//! The TCP streams of a pair, and the byte side of the proxy.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Session(usize, StreamId),
    Proxy,
}

#[derive(Debug)]
pub(super) struct Tcp {
    pub(super) ends: [End; 2],
    /// Bytes towards each end.
    pub(super) bytes: [VecDeque<u8>; 2],
    /// Nothing more comes towards this end.
    pub(super) fin: [bool; 2],
    pub(super) told: [bool; 2],
    /// The proxy's side of it.
    pub(super) dst: Vec<u8>,
    pub(super) active: Option<usize>,
}

impl Pair<'_> {
    pub(super) fn connect(&mut self, n: usize, stream: StreamId, host: &str, port: u16) {
        self.log.push(format!("{n} connects to {host} {port}"));
        let at_proxy =
            (host, port) == (PROXY_HOST, 7777) && !matches!(self.proxy, Proxy::None | Proxy::Closed);
        let other = if at_proxy {
            End::Proxy
        } else {
            let there = self.listening.iter().find(|(h, p, _)| (*h, *p) == (host, port)).map(|(.., m)| *m);
            let accepted = there.map(|m| (m, self.ends[m].session.stream_accepted(7)));
            match accepted {
                Some((m, Ok(id))) => End::Session(m, id),
                _ => {
                    self.ends[n].session.stream_end(stream, StreamEnd::Refused).unwrap();
                    return;
                }
            }
        };
        self.ends[n].session.stream_open(stream).unwrap();
        self.tcp.push(Tcp {
            ends: [End::Session(n, stream), other],
            bytes: Default::default(),
            fin: [false; 2],
            told: [false; 2],
            dst: Vec::new(),
            active: None,
        });
    }

    /// The TCP stream of a session's stream, and which end of it that is.
    pub(super) fn find(&self, n: usize, stream: StreamId) -> Option<(usize, usize)> {
        let mut all = (0..self.tcp.len()).flat_map(|at| [(at, 0), (at, 1)]);
        all.find(|(at, end)| self.tcp[*at].ends[*end] == End::Session(n, stream))
    }

    pub(super) fn write(&mut self, n: usize, stream: StreamId, bytes: &[u8]) {
        let (at, end) = self.find(n, stream).unwrap_or_else(|| panic!("{n} writes to a void {stream:?}"));
        assert!(!self.tcp[at].fin[1 - end], "{n} writes behind its half-close");
        self.tcp[at].bytes[1 - end].extend(bytes);
    }

    pub(super) fn shut(&mut self, n: usize, stream: StreamId, full: bool) {
        let Some((at, end)) = self.find(n, stream) else { panic!("{n} closes a void {stream:?}") };
        self.tcp[at].fin[1 - end] = true;
        if full {
            // As at deployed proxies: when one goes, the other has to go as well (QRK-23).
            let dst = std::mem::take(&mut self.tcp[at].dst);
            for other in self.tcp.iter_mut().filter(|tcp| !dst.is_empty() && tcp.dst == dst) {
                other.fin[0] = true;
            }
            // Nobody is there any more.
            self.tcp[at].ends[end] = End::Proxy;
            self.tcp[at].told[end] = true;
            self.tcp[at].active = None;
        }
    }

    /// Some bytes arrive; whether there were any.
    pub(super) fn carry(&mut self) -> bool {
        let mut busy = false;
        for at in 0..self.tcp.len() {
            for end in 0..2 {
                if self.later() {
                    let tcp = &self.tcp[at];
                    busy |= !tcp.bytes[end].is_empty() || tcp.fin[end] && !tcp.told[end];
                    continue;
                }
                // Deployed proxies need every message of the handshake in one piece (QRK-23).
                let shakes = self.tcp[at].ends[end] == End::Proxy && self.tcp[at].active.is_none();
                let most = self.tcp[at].bytes[end].len().min(if shakes { usize::MAX } else { self.piece });
                let piece: Vec<u8> = self.tcp[at].bytes[end].drain(..most).collect();
                let fin =
                    self.tcp[at].fin[end] && self.tcp[at].bytes[end].is_empty() && !self.tcp[at].told[end];
                busy |= !piece.is_empty() || fin;
                self.tcp[at].told[end] |= fin;
                match self.tcp[at].ends[end] {
                    End::Session(n, stream) => self.arrive(n, stream, &piece, fin),
                    End::Proxy => self.at_proxy(at, &piece, fin),
                }
            }
        }
        busy
    }

    fn arrive(&mut self, n: usize, stream: StreamId, piece: &[u8], fin: bool) {
        let mut bytes = piece.to_vec();
        let mut at = 0;
        while at < bytes.len() {
            let came = match self.ends[n].session.stream_in(stream, &mut bytes[at..]) {
                Ok((used, Received::Data { transfer, offset, bytes })) => {
                    Some((used, Some((transfer, offset, bytes.to_vec()))))
                }
                Ok((used, _)) => Some((used, None)),
                // It broke under what came with this piece.
                Err(Error::Argument(Argument::Stream)) => return,
                Err(error) => panic!("{error:?}"),
            };
            let Some((used, data)) = came else { return };
            assert!(used > 0);
            at += used;
            if let Some((transfer, offset, bytes)) = data {
                self.store(n, transfer, offset, &bytes);
            }
        }
        if fin {
            let told = self.ends[n].session.stream_end(stream, StreamEnd::Ended);
            assert!(matches!(told, Ok(()) | Err(Error::Argument(Argument::Stream))), "{told:?}");
        }
    }

    fn at_proxy(&mut self, at: usize, piece: &[u8], fin: bool) {
        let tcp = &mut self.tcp[at];
        let End::Session(..) = tcp.ends[0] else { return };
        if let Some(other) = tcp.active {
            self.tcp[other].bytes[0].extend(piece);
            self.tcp[other].fin[0] |= fin;
            return;
        }
        match piece {
            [] => {}
            GREETING => tcp.bytes[0].extend(METHOD),
            [5, 1, 0, 3, 40, dst @ .., 0, 0] if dst.len() == 40 => {
                tcp.dst = dst.to_vec();
                let reply = frame(0, std::str::from_utf8(&tcp.dst).unwrap());
                tcp.bytes[0].extend(reply);
            }
            other => panic!("not one message in one piece (QRK-23): {other:?}"),
        }
    }
}
