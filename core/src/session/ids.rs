//! Ids of stanzas and bytestreams, all derived from the entropy given at start.

use crate::wire::hashes::hex_digit;
use crate::wire::jid::{concat, split_at_byte};
use sha2::{Digest as _, Sha256};

/// An id on the wire.
pub(crate) type Id = heapless::String<64>;

/// Makes ids nobody can guess who has not seen one, and recognises its own (STZ-01, STZ-02).
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    entropy: [u8; 32],
    prefix: heapless::String<16>,
    requests: u32,
    streams: u64,
}

/// What an id of ours says about the stanza it was put on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Request number.
    Request(u32),
    /// A block: slot, generation, its count in the transfer from 1, and the file offset behind it.
    Block { slot: u16, generation: u16, count: u32, upto: u64 },
    /// Nothing that waits for an answer.
    Other,
}

impl Ids {
    pub(crate) fn new(entropy: [u8; 32]) -> Self {
        let mut ids = Self { entropy, prefix: heapless::String::new(), requests: 0, streams: 0 };
        let random: [u8; 32] = ids.derive(b"stanza ids", 0);
        for byte in random.iter().take(8) {
            push_hex(&mut ids.prefix, u64::from(*byte), 2);
        }
        ids
    }

    /// 32 bytes that follow from the entropy, the purpose and a count.
    pub(crate) fn derive(&self, purpose: &[u8], count: u64) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.entropy);
        hash.update(count.to_be_bytes());
        hash.update(purpose);
        hash.finalize().into()
    }

    /// The number that the next request will have; never 0.
    pub(crate) fn upcoming(&self) -> u32 {
        self.requests.checked_add(1).unwrap_or(1)
    }

    /// The number of the next request, used up.
    pub(crate) fn next_request(&mut self) -> u32 {
        self.requests = self.upcoming();
        self.requests
    }

    /// The id of a request.
    pub(crate) fn request(&self, number: u32) -> Id {
        self.tagged("-r", &[u64::from(number)])
    }

    /// The id of a block.
    pub(crate) fn block(&self, slot: u16, generation: u16, count: u32, upto: u64) -> Id {
        self.tagged("-d", &[u64::from(slot), u64::from(generation), u64::from(count), upto])
    }

    /// The id of a stanza whose answer nobody waits for.
    pub(crate) fn unanswered(&self, number: u32) -> Id {
        self.tagged("-u", &[u64::from(number)])
    }

    /// A stream id: 128 random bits in hex (IBB-01, S5B-13), since some peers know a stream by it alone (QRK-01).
    pub(crate) fn next_sid(&mut self) -> heapless::String<32> {
        self.streams = self.streams.wrapping_add(1);
        let random = self.derive(b"stream ids", self.streams);
        let mut sid = heapless::String::new();
        for byte in random.iter().take(16) {
            push_hex(&mut sid, u64::from(*byte), 2);
        }
        sid
    }

    /// Whether the id is one of ours, and what for.
    pub(crate) fn origin(&self, id: &str) -> Option<Origin> {
        let rest = id.strip_prefix(self.prefix.as_str())?;
        let origin = if let Some(number) = rest.strip_prefix("-r") {
            parse_hex(number).and_then(|n| u32::try_from(n).ok()).map(Origin::Request)
        } else if let Some(block) = rest.strip_prefix("-d") {
            parse_block(block)
        } else {
            None
        };
        Some(origin.unwrap_or(Origin::Other))
    }

    fn tagged(&self, tag: &str, numbers: &[u64]) -> Id {
        // 16 + 2 + four numbers of at most 16 digits and 3 dots never pass 64 in use: offsets stay under 2^63.
        let mut id: Id = concat(&[&self.prefix, tag]).unwrap_or_default();
        for (index, number) in (0..numbers.len()).zip(numbers) {
            if index > 0 {
                let _ = id.push('.');
            }
            push_hex(&mut id, *number, 1);
        }
        id
    }
}

fn parse_block(text: &str) -> Option<Origin> {
    let (slot, rest) = split_at_byte(text, b'.')?;
    let (generation, rest) = split_at_byte(rest, b'.')?;
    let (count, upto) = split_at_byte(rest, b'.')?;
    Some(Origin::Block {
        slot: u16::try_from(parse_hex(slot)?).ok()?,
        generation: u16::try_from(parse_hex(generation)?).ok()?,
        count: u32::try_from(parse_hex(count)?).ok()?,
        upto: parse_hex(upto)?,
    })
}

fn parse_hex(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !digits || text.is_empty() { None } else { u64::from_str_radix(text, 16).ok() }
}

/// Appends `value` in hex with at least `width` digits.
pub(crate) fn push_hex<const N: usize>(text: &mut heapless::String<N>, value: u64, width: u32) {
    let digits = (u64::BITS.saturating_sub(value.leading_zeros()).div_ceil(4)).max(width).max(1);
    for place in (0..digits).rev() {
        let nibble = (value.checked_shr(place.saturating_mul(4)).unwrap_or(0) & 0xf) as u8;
        let _ = text.push(hex_digit(nibble));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_tell_what_they_were_put_on() {
        let mut ids = Ids::new([7; 32]);
        let number = ids.next_request();
        assert_eq!(ids.origin(&ids.request(number)), Some(Origin::Request(number)));
        let block = Origin::Block { slot: 3, generation: 0xffff, count: u32::MAX, upto: (1 << 63) - 1 };
        assert_eq!(ids.origin(&ids.block(3, 0xffff, u32::MAX, (1 << 63) - 1)), Some(block));
        let other = ids.unanswered(number);
        assert_eq!(ids.origin(&other), Some(Origin::Other));
        assert_eq!(ids.origin("0123456789abcdef-r1"), None);
    }

    #[test]
    fn ids_and_stream_ids_do_not_repeat_and_differ_by_entropy() {
        let (mut a, mut b) = (Ids::new([1; 32]), Ids::new([2; 32]));
        assert_ne!(a.next_sid(), a.next_sid());
        assert_ne!(a.next_sid(), b.next_sid());
        assert_ne!(a.request(1), b.request(1));
        assert_eq!(a.next_sid().len(), 32);
    }

    #[test]
    fn a_mangled_block_id_is_ours_but_answers_nothing() {
        let ids = Ids::new([1; 32]);
        let good = ids.block(0, 1, 2, 3);
        for tail in ["", ".", ".4", "g", "-"] {
            let mut id = good.clone();
            if tail.is_empty() {
                id.pop();
            } else {
                id.push_str(tail).unwrap();
            }
            assert!(matches!(ids.origin(&id), Some(Origin::Other)), "{id}");
        }
    }
}
