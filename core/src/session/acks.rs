//! Ids of received blocks whose acknowledgement waits for the owner's *stored* (IBB-14, IBB-16), in
//! the order in which they came (QRK-04).

use crate::wire::bytes::{copy_prefix, move_down};

/// slot 2, generation 2, upto 8, id length 1.
const HEAD_BYTES: usize = 13;

/// What is acknowledged once everything before `upto` is stored: a block, or the closing of the bytestream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ack<'s> {
    pub(crate) slot: u16,
    pub(crate) generation: u16,
    pub(crate) upto: u64,
    pub(crate) id: &'s str,
}

/// A list of acknowledgements in lent memory, in order of arrival.
#[derive(Debug)]
pub(crate) struct Acks<'a> {
    bytes: &'a mut [u8],
    len: usize,
}

/// What becomes of one entry in [`Acks::sweep`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Keep,
    Drop,
    /// Keep this one and all that follow.
    Stop,
}

impl<'a> Acks<'a> {
    pub(crate) fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, len: 0 }
    }

    /// Whether an id of `id_bytes` fits.
    pub(crate) fn fits(&self, id_bytes: usize) -> bool {
        id_bytes <= 255 && self.bytes.len().saturating_sub(self.len) >= id_bytes.saturating_add(HEAD_BYTES)
    }

    /// Appends an entry; `false` when there is no room.
    pub(crate) fn push(&mut self, ack: Ack<'_>) -> bool {
        let Ok(id_bytes) = u8::try_from(ack.id.len()) else { return false };
        if !self.fits(ack.id.len()) {
            return false;
        }
        let ([s0, s1], [g0, g1]) = (ack.slot.to_le_bytes(), ack.generation.to_le_bytes());
        let [u0, u1, u2, u3, u4, u5, u6, u7] = ack.upto.to_le_bytes();
        let head: [u8; HEAD_BYTES] = [s0, s1, g0, g1, u0, u1, u2, u3, u4, u5, u6, u7, id_bytes];
        let space = self.bytes.get_mut(self.len..).unwrap_or(&mut []);
        let written = copy_prefix(space, &head);
        let id = copy_prefix(space.get_mut(written..).unwrap_or(&mut []), ack.id.as_bytes());
        self.len = self.len.saturating_add(written).saturating_add(id);
        true
    }

    /// Shows every entry in order and drops those that `judge` says.
    pub(crate) fn sweep(&mut self, mut judge: impl FnMut(Ack<'_>) -> Fate) {
        let (mut read, mut write) = (0, 0);
        while let Some((ack, end)) = entry(self.bytes, read, self.len) {
            match judge(ack) {
                Fate::Drop => {}
                Fate::Keep => {
                    move_down(self.bytes, read..end, write);
                    write = write.saturating_add(end.saturating_sub(read));
                }
                Fate::Stop => break,
            }
            read = end;
        }
        if write != read {
            move_down(self.bytes, read..self.len, write);
            self.len = self.len.saturating_sub(read.saturating_sub(write));
        }
    }

    /// Whether an entry satisfies `want`.
    pub(crate) fn any(&self, mut want: impl FnMut(Ack<'_>) -> bool) -> bool {
        let mut read = 0;
        while let Some((ack, end)) = entry(self.bytes, read, self.len) {
            if want(ack) {
                return true;
            }
            read = end;
        }
        false
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }
}

fn entry(bytes: &[u8], at: usize, len: usize) -> Option<(Ack<'_>, usize)> {
    let rest = bytes.get(at..len)?;
    let (slot, rest) = rest.split_first_chunk::<2>()?;
    let (generation, rest) = rest.split_first_chunk::<2>()?;
    let (upto, rest) = rest.split_first_chunk::<8>()?;
    let (id_bytes, rest) = rest.split_first()?;
    let id = rest.get(..usize::from(*id_bytes))?;
    let ack = Ack {
        slot: u16::from_le_bytes(*slot),
        generation: u16::from_le_bytes(*generation),
        upto: u64::from_le_bytes(*upto),
        id: core::str::from_utf8(id).unwrap_or(""),
    };
    Some((ack, at.checked_add(HEAD_BYTES)?.checked_add(id.len())?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::{String, ToString};
    use std::vec::Vec;

    fn ids(acks: &Acks<'_>) -> Vec<String> {
        let mut all = Vec::new();
        acks.any(|ack| {
            all.push(ack.id.to_string());
            false
        });
        all
    }

    #[test]
    fn entries_leave_in_any_order_and_the_rest_stays_in_order() {
        let mut memory = [0; 200];
        let mut acks = Acks::new(&mut memory);
        for (slot, id) in [(0, "a"), (1, "bb"), (0, "ccc"), (1, "d")] {
            assert!(acks.push(Ack { slot, generation: 1, upto: 5, id }));
        }
        acks.sweep(|ack| if ack.slot == 1 { Fate::Drop } else { Fate::Keep });
        assert_eq!(ids(&acks), ["a", "ccc"]);
        acks.sweep(|_| Fate::Drop);
        assert!(ids(&acks).is_empty());
    }

    #[test]
    fn a_stopped_sweep_keeps_what_it_did_not_see() {
        let mut memory = [0; 200];
        let mut acks = Acks::new(&mut memory);
        for id in ["a", "b", "c"] {
            assert!(acks.push(Ack { slot: 0, generation: 1, upto: 5, id }));
        }
        acks.sweep(|ack| if ack.id == "a" { Fate::Drop } else { Fate::Stop });
        assert_eq!(ids(&acks), ["b", "c"]);
    }

    #[test]
    fn a_full_list_refuses_and_changes_nothing() {
        let mut memory = [0; 20];
        let mut acks = Acks::new(&mut memory);
        assert!(acks.push(Ack { slot: 0, generation: 1, upto: 5, id: "abc" }));
        assert!(!acks.push(Ack { slot: 0, generation: 1, upto: 5, id: "d" }));
        assert_eq!(ids(&acks), ["abc"]);
    }

    #[test]
    fn an_entry_fits_exactly_and_not_one_byte_less() {
        let id = "abcdefg";
        for (room, fits) in [(HEAD_BYTES + 6, false), (HEAD_BYTES + 7, true), (HEAD_BYTES + 8, true)] {
            let mut memory = [0; 64];
            let mut acks = Acks::new(&mut memory[..room]);
            assert_eq!(acks.fits(id.len()), fits, "{room}");
            assert_eq!(acks.push(Ack { slot: 3, generation: 258, upto: 1 << 40, id }), fits, "{room}");
            assert_eq!(acks.any(|ack| ack == Ack { slot: 3, generation: 258, upto: 1 << 40, id }), fits);
        }
        // And behind another one.
        let mut memory = [0; 2 * HEAD_BYTES + 5];
        let mut acks = Acks::new(&mut memory);
        assert!(acks.push(Ack { slot: 0, generation: 1, upto: 5, id: "ab" }));
        assert!(!acks.fits(4) && acks.fits(3));
        assert!(!acks.push(Ack { slot: 0, generation: 1, upto: 5, id: "cdef" }));
        assert!(acks.push(Ack { slot: 0, generation: 1, upto: 5, id: "cde" }));
        assert_eq!(ids(&acks), ["ab", "cde"]);
    }

    #[test]
    fn an_id_that_one_byte_cannot_count_does_not_fit() {
        let (mut memory, long, longest) = ([0; 1000], "i".repeat(256), "i".repeat(255));
        let mut acks = Acks::new(&mut memory);
        assert!(!acks.fits(256) && acks.fits(255));
        assert!(!acks.push(Ack { slot: 0, generation: 1, upto: 5, id: &long }));
        assert!(acks.push(Ack { slot: 0, generation: 1, upto: 5, id: &longest }));
        assert_eq!(ids(&acks), [longest]);
    }

    #[test]
    fn what_is_cleared_is_gone_and_its_room_is_free() {
        let mut memory = [0; HEAD_BYTES + 3];
        let mut acks = Acks::new(&mut memory);
        assert!(acks.push(Ack { slot: 0, generation: 1, upto: 5, id: "abc" }));
        assert!(!acks.fits(0));
        acks.clear();
        assert!(ids(&acks).is_empty() && acks.fits(3));
        assert!(acks.push(Ack { slot: 0, generation: 1, upto: 5, id: "xyz" }));
        assert_eq!(ids(&acks), ["xyz"]);
    }
}
