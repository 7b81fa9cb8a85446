//! TCP between everybody but the XMPP server: bytes with little room on their way, halves that end, streams that break.

use crate::router::ProxyStreamNo;
use std::collections::{BTreeMap, VecDeque};

/// One TCP stream; numbers are never used again.
pub type WireNo = u32;

/// Who holds one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// A session's owner, for this stream.
    Session {
        /// Node.
        n: usize,
        /// Of which life.
        life: u32,
        /// The session's id.
        stream: u16,
    },
    /// A listener whose owner has not accepted yet.
    Waiting {
        /// Node.
        n: usize,
        /// Where it came from.
        source: u64,
    },
    /// A proxy of the server.
    Proxy(ProxyStreamNo),
    /// Somebody who is no session.
    Stranger(super::strangers::Kind),
    /// Closed by its holder.
    Gone,
}

/// One end.
#[derive(Debug)]
pub struct End {
    /// Its holder.
    pub who: Who,
    /// What came and was not read.
    pub inbox: VecDeque<u8>,
    /// What its holder wrote and the wire has not taken.
    outgoing: VecDeque<u8>,
    /// Its holder writes no more.
    over: bool,
    told_over: bool,
    /// The other side sends no more.
    pub fin: bool,
    /// Its holder was told so.
    pub fin_told: bool,
    /// It broke; its holder learns it.
    pub broken: bool,
    /// A delivery is on its way.
    pub due: bool,
    /// What a stranger heard.
    pub got: Vec<u8>,
}

impl End {
    fn of(who: Who) -> Self {
        Self {
            who,
            inbox: VecDeque::new(),
            outgoing: VecDeque::new(),
            over: false,
            told_over: false,
            fin: false,
            fin_told: false,
            broken: false,
            due: false,
            got: Vec::new(),
        }
    }
}

/// A stream between two holders.
#[derive(Debug)]
pub struct Wire {
    /// The one that dialled, the one that was dialled.
    pub ends: [End; 2],
    /// Bytes on the way in one direction, at most.
    room: usize,
    /// Most milliseconds for a delivery.
    pub lag_ms: u64,
    /// Nothing is delivered before this time.
    pub held_until: u64,
}

/// All streams.
#[derive(Debug, Default)]
pub struct Net {
    /// Those with a holder.
    pub wires: BTreeMap<WireNo, Wire>,
    next: WireNo,
    /// Ends with something to hear.
    stirred: Vec<(WireNo, usize)>,
}

impl Net {
    /// A new stream.
    pub fn connect(&mut self, ends: [Who; 2], room: usize, lag_ms: u64) -> WireNo {
        self.next += 1;
        let wire = Wire { ends: ends.map(End::of), room, lag_ms, held_until: 0 };
        self.wires.insert(self.next, wire);
        self.next
    }

    /// One end of a stream that is there.
    pub fn end(&mut self, no: WireNo, side: usize) -> Option<&mut End> {
        self.wires.get_mut(&no).map(|wire| &mut wire.ends[side])
    }

    /// An end with something to hear.
    pub fn stir(&mut self, no: WireNo, side: usize) {
        self.stirred.push((no, side));
    }

    /// The ends with something to hear.
    pub fn stirred(&mut self) -> Vec<(WireNo, usize)> {
        std::mem::take(&mut self.stirred)
    }

    /// A holder writes.
    pub fn write(&mut self, no: WireNo, side: usize, bytes: &[u8]) {
        if let Some(end) = self.end(no, side) {
            assert!(!end.over, "bytes behind the end of a stream");
            end.outgoing.extend(bytes);
        }
        self.flush(no, side);
    }

    /// Bytes that a holder can write without waiting.
    pub fn room(&self, no: WireNo, side: usize) -> usize {
        let Some(wire) = self.wires.get(&no) else { return 0 };
        let (mine, other) = (&wire.ends[side], &wire.ends[1 - side]);
        if other.who == Who::Gone {
            wire.room
        } else {
            wire.room.saturating_sub(other.inbox.len() + mine.outgoing.len())
        }
    }

    /// A holder shuts down its half behind what it wrote.
    pub fn finish(&mut self, no: WireNo, side: usize) {
        if let Some(end) = self.end(no, side) {
            end.over = true;
        }
        self.flush(no, side);
    }

    /// A holder closes. What it wrote still goes; what it has not read breaks the stream, as with TCP.
    pub fn close(&mut self, no: WireNo, side: usize) {
        let Some(wire) = self.wires.get_mut(&no) else { return };
        let [mine, other] = two(&mut wire.ends, side);
        (mine.over, mine.who) = (true, Who::Gone);
        if !mine.inbox.is_empty() {
            mine.inbox.clear();
            mine.outgoing.clear();
            mine.told_over = true;
            other.broken = true;
            self.stirred.push((no, 1 - side));
        }
        self.flush(no, side);
    }

    /// The stream breaks under both.
    pub fn reset(&mut self, no: WireNo) {
        let Some(wire) = self.wires.get_mut(&no) else { return };
        for (side, end) in wire.ends.iter_mut().enumerate() {
            end.outgoing.clear();
            end.broken = true;
            self.stirred.push((no, side));
        }
        self.flush(no, 0);
    }

    /// Moves what there is room for; forgets the stream when both sides have left.
    pub fn flush(&mut self, no: WireNo, side: usize) {
        let Some(wire) = self.wires.get_mut(&no) else { return };
        let room = wire.room;
        let [mine, other] = two(&mut wire.ends, side);
        if other.who == Who::Gone {
            if mine.who == Who::Gone {
                self.wires.remove(&no);
            } else if !mine.outgoing.is_empty() {
                // Who writes to a closed stream learns that it broke.
                mine.outgoing.clear();
                mine.broken = true;
                self.stirred.push((no, side));
            }
            return;
        }
        let count = mine.outgoing.len().min(room.saturating_sub(other.inbox.len()));
        other.inbox.extend(mine.outgoing.drain(..count));
        let ends = mine.outgoing.is_empty() && mine.over && !mine.told_over;
        if ends {
            mine.told_over = true;
            other.fin = true;
        }
        if count > 0 || ends {
            self.stirred.push((no, 1 - side));
        }
    }
}

/// This side's end and the other one.
fn two(ends: &mut [End; 2], side: usize) -> [&mut End; 2] {
    let [a, b] = ends;
    if side == 0 { [a, b] } else { [b, a] }
}
