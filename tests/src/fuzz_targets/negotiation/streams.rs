//! The sockets of the owner, and who is at their other ends.

use super::Play;
use crate::fuzz_targets::input::Input;
use xft_core::*;

/// How far a socket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Connecting,
    Up,
    /// The owner said that it broke, or never was.
    Ended,
    /// The session said that it is to be closed.
    Closed,
}

/// One socket.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) id: StreamId,
    pub(super) transfer: Option<TransferId>,
    pub(super) dialled: bool,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) state: State,
    /// What the session wrote, write by write.
    pub(super) writes: Vec<Vec<u8>>,
    /// Bytes that came from the other end.
    pub(super) heard: usize,
    /// The other end said that the handshake succeeded.
    pub(super) replied: bool,
    pub(super) half_closed: bool,
    /// The other end sends no more.
    half_ended: bool,
}

impl Wire {
    pub(super) fn dialled(id: StreamId, transfer: TransferId, host: String, port: u16) -> Self {
        Self {
            id,
            transfer: Some(transfer),
            dialled: true,
            host,
            port,
            state: State::Connecting,
            writes: Vec::new(),
            heard: 0,
            replied: false,
            half_closed: false,
            half_ended: false,
        }
    }

    fn accepted(id: StreamId) -> Self {
        let none = TransferId::from_bits(0);
        Self { dialled: false, transfer: None, state: State::Up, ..Self::dialled(id, none, String::new(), 0) }
    }

    pub(super) fn is_alive(&self) -> bool {
        matches!(self.state, State::Connecting | State::Up)
    }
}

impl Play<'_> {
    /// The socket that an output names: only one that is alive can be meant.
    #[track_caller]
    pub(super) fn wire(&mut self, id: StreamId) -> &mut Wire {
        let found = self.wires.iter_mut().rev().find(|w| w.id == id).expect("a stream of ours");
        assert!(found.is_alive(), "void: {found:?}");
        found
    }

    /// Somebody connects to us.
    pub(super) fn accept_stream(&mut self, input: &mut Input<'_>) {
        match self.session.stream_accepted(input.pick(&[0, 1, 1, 2])) {
            Ok(id) => {
                assert!(id != StreamId::XMPP && self.wires.iter().all(|w| w.id != id || !w.is_alive()));
                self.wires.push(Wire::accepted(id));
            }
            Err(Error::Full | Error::State | Error::Closed(_)) => {}
            Err(error) => panic!("accepted: {error:?}"),
        }
    }

    /// Something happens at the other end of a socket; most often what is due.
    pub(super) fn network(&mut self, input: &mut Input<'_>) {
        let alive: Vec<usize> = (0..self.wires.len()).filter(|at| self.wires[*at].is_alive()).collect();
        let kind = input.byte();
        if alive.is_empty() || kind == 255 {
            return self.nobodys(input);
        }
        let pick = usize::from(input.byte());
        let at = alive[if pick < 128 { alive.len() - 1 } else { pick % alive.len() }];
        match kind {
            240.. => self.ended(at, input),
            220..240 => {
                let count = usize::from(input.byte() % 64);
                let junk = input.bytes(count).to_vec();
                // Who knows what it spells.
                self.wires[at].replied |= self.wires[at].writes.len() == 2;
                self.hear(at, junk, input.byte());
            }
            _ if self.wires[at].state == State::Connecting => {
                if self.session.stream_open(self.wires[at].id).is_ok() {
                    self.wires[at].state = State::Up;
                }
            }
            _ if self.wires[at].dialled => self.streamhost(at, input),
            _ => self.stranger(at, input),
        }
    }

    /// The streamhost we connected to.
    fn streamhost(&mut self, at: usize, input: &mut Input<'_>) {
        let wire = &self.wires[at];
        match (wire.writes.len(), wire.heard, wire.replied) {
            (1, 0, _) => {
                let method = input.pick(&[0, 0, 0, 0, 0, 0, 2, 0xff]);
                self.hear(at, vec![5, method], input.byte());
            }
            (2, 2, false) => {
                let mut reply = wire.writes[1].clone();
                reply[1] = input.pick(&[0, 0, 0, 0, 0, 0, 0, 2]);
                if input.byte() < 30 {
                    reply = vec![5, reply[1], 0, 1, 0, 0, 0, 0, 0, 0];
                }
                self.wires[at].replied = reply[1] == 0;
                // What a sender puts right behind it.
                let glued = input.byte();
                reply.extend(vec![b'x'; usize::from(glued.saturating_sub(240))]);
                self.hear(at, reply, input.byte());
            }
            (2, _, true) => {
                let count = usize::from(input.byte() % 32);
                self.hear(at, vec![b'x'; count], 0);
            }
            _ => self.hear(at, vec![5], 0),
        }
    }

    /// Who connected to us: a peer that knows the digest, or somebody.
    fn stranger(&mut self, at: usize, input: &mut Input<'_>) {
        match self.wires[at].writes.len() {
            0 => {
                let greeting = input.pick(&[&[5, 1, 0][..], &[5, 1, 0], &[5, 2, 2, 0], &[5, 1, 2], &[4, 1]]);
                self.hear(at, greeting.to_vec(), input.byte());
            }
            1 if self.wires[at].heard < 10 => {
                let back = usize::from(input.byte()) % 3;
                let whose = self.seen.iter().rev().nth(back).map(|seen| seen.file.id);
                let known = whose.map(|id| self.destinations(self.index(id)));
                let dst = known.and_then(|mut all| (!all.is_empty()).then(|| all.remove(0)));
                let dst = dst.filter(|_| input.byte() < 230).unwrap_or_else(|| "0".repeat(40));
                let mut request = vec![5, 1, 0, 3, u8::try_from(dst.len()).expect("one byte")];
                request.extend(dst.as_bytes());
                request.extend([0, 0]);
                self.hear(at, request, input.byte());
            }
            _ => self.hear(at, vec![b'y'; usize::from(input.byte() % 8)], 0),
        }
    }

    /// The socket gives these bytes, in one read or in two.
    fn hear(&mut self, at: usize, bytes: Vec<u8>, split: u8) {
        if self.wires[at].state != State::Up || self.wires[at].half_ended {
            return;
        }
        self.wires[at].heard += bytes.len();
        let id = self.wires[at].id;
        let split = if split < 128 { 0 } else { usize::from(split) % (bytes.len() + 1) };
        for piece in [&bytes[..split], &bytes[split..]] {
            let mut piece = piece.to_vec();
            let mut used = 0;
            for _ in 0..1000 {
                if used == piece.len() {
                    break;
                }
                let rest = piece.len() - used;
                let mut came = None;
                match self.session.stream_in(id, &mut piece[used..]) {
                    Ok((count, received)) => {
                        assert!(count > 0 && count <= rest, "{count} of {rest} bytes used");
                        used += count;
                        if let Received::Data { transfer, offset, bytes } = received {
                            assert!(bytes.len() <= count);
                            came = Some((transfer, offset, bytes.len() as u64));
                        }
                    }
                    Err(Error::Full | Error::Closed(_)) => return,
                    // Closed by the session, which did not come to say it yet.
                    Err(Error::Argument(Argument::Stream) | Error::Stale | Error::State) => return,
                    Err(error) => panic!("stream_in: {error:?}"),
                }
                if let Some((transfer, offset, count)) = came {
                    let wire = &self.wires[at];
                    assert!(wire.dialled && wire.replied && wire.transfer == Some(transfer), "{wire:?}");
                    self.data(transfer, offset, count);
                    let at = self.index(transfer);
                    self.seen[at].raw += count;
                }
            }
            assert_eq!(used, piece.len(), "no progress");
        }
    }

    fn ended(&mut self, at: usize, input: &mut Input<'_>) {
        use StreamEnd::*;
        let wire = &mut self.wires[at];
        let end = match wire.state {
            State::Connecting => input.pick(&[Refused, Unreachable, Unresolved, TimedOut, Forbidden]),
            _ => input.pick(&[Ended, Lost]),
        };
        if self.session.stream_end(wire.id, end).is_ok() {
            // In good order the session may still write, and says itself when the stream is closed.
            match end {
                Ended => wire.half_ended = true,
                _ => wire.state = State::Ended,
            }
        }
    }

    /// Words about streams that do not exist any more, or never did.
    fn nobodys(&mut self, input: &mut Input<'_>) {
        let known = self.wires.iter().rev().find(|w| !w.is_alive()).map(|w| w.id);
        let id = known.unwrap_or(StreamId(u16::from(input.byte()) + 1));
        if self.wires.iter().any(|w| w.id == id && w.is_alive()) {
            return;
        }
        let refused = match input.byte() % 3 {
            0 => self.session.stream_open(id).is_err(),
            1 => self.session.stream_end(id, StreamEnd::Lost).is_err(),
            _ => !matches!(self.session.stream_in(id, &mut [5, 0]), Ok((_, Received::Data { .. }))),
        };
        assert!(refused, "{id:?} does not exist");
    }

    /// The owner moves bytes of the file.
    pub(super) fn send_raw(&mut self, input: &mut Input<'_>) {
        let Some(at) = self.seen.iter().rposition(|s| s.grant.is_some() && !s.file.finished) else { return };
        let (id, end) = (self.seen[at].file.id, self.seen[at].end);
        let Some((stream, upto)) = self.seen[at].grant else { return };
        let count = u64::from(input.byte() % 40);
        let to = upto + count;
        let up = self.wires.iter().any(|w| w.id == stream && w.state == State::Up);
        let taken = if input.byte() & 1 == 0 {
            match self.session.sent(id, to) {
                Ok(()) => true,
                Err(Error::Argument(_)) => {
                    assert!(to > end);
                    false
                }
                Err(error) => {
                    assert!(matches!(error, Error::Stale | Error::State | Error::Closed(_)), "{error:?}");
                    false
                }
            }
        } else {
            let bytes = vec![b'x'; usize::try_from(count).expect("a small number")];
            match self.session.supply(id, upto, &bytes, &mut [0; 8]) {
                Ok(Output::Transmit { stream: on, bytes: given }) => {
                    assert!(on == stream && given == bytes && count > 0 && up);
                    true
                }
                Ok(other) => panic!("{other:?}"),
                Err(error) => {
                    let wrong = count == 0 || to > end || !up;
                    let known =
                        matches!(error, Error::Argument(_) | Error::Stale | Error::State | Error::Closed(_));
                    assert!(known && (wrong || !matches!(error, Error::Argument(_))), "{error:?}");
                    false
                }
            }
        };
        if taken {
            assert!(to <= end, "more than the file");
            self.seen[at].grant = Some((stream, to));
            self.seen[at].raw += count;
        }
    }
}
