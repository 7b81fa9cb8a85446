//! SHA-1 (RFC 3174) and MD5 (RFC 1321) as loops of one round each: a tenth of the room, a third of the speed.

use hmac::digest::block_api::{
    AlgorithmName, Block, BlockSizeUser, Buffer, BufferKindUser, Eager, FixedOutputCore, OutputSizeUser,
    Reset, UpdateCore,
};
use hmac::digest::typenum::{U16, U20, U64};
use hmac::digest::{HashMarker, Output, buffer_fixed};
use zeroize::{Zeroize as _, ZeroizeOnDrop};

buffer_fixed!(
    /// SHA-1.
    pub struct Sha1(Sha1Core);
    impl: BaseFixedTraits AlgorithmName Default Clone HashMarker Reset FixedOutputReset;
);
buffer_fixed!(
    /// MD5.
    pub struct Md5(Md5Core);
    impl: BaseFixedTraits AlgorithmName Default Clone HashMarker Reset FixedOutputReset;
);

/// Words and bytes of a block.
const WORDS: usize = 16;
const BLOCK_BYTES: u64 = 64;

/// The words of one block.
type Words = [u32; WORDS];

fn word(words: &Words, at: usize) -> u32 {
    words.get(at & (WORDS - 1)).copied().unwrap_or_default()
}

fn words(block: &[u8; 64], of: fn([u8; 4]) -> u32) -> Words {
    let (quads, _) = block.as_chunks::<4>();
    let mut words = [0; WORDS];
    words.iter_mut().zip(quads).for_each(|(to, quad)| *to = of(*quad));
    words
}

/// One round of SHA-1 after another, the words of the schedule made in place.
fn sha1(state: &mut [u32; 5], block: &[u8; 64]) {
    let mut w = words(block, u32::from_be_bytes);
    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for round in 0..80usize {
        let (f, k) = match round {
            0..20 => ((b & c) | (!b & d), 0x5a82_7999),
            20..40 => (b ^ c ^ d, 0x6ed9_eba1),
            40..60 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6u32),
        };
        let next =
            a.rotate_left(5).wrapping_add(f).wrapping_add(e).wrapping_add(k).wrapping_add(word(&w, round));
        (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
        let far = |back: usize| word(&w, round.wrapping_sub(back));
        // Sixteen rounds on this place is looked at again.
        let later = (far(3) ^ far(8) ^ far(14) ^ far(0)).rotate_left(1);
        if let Some(place) = w.get_mut(round & (WORDS - 1)) {
            *place = later;
        }
    }
    let sums = [a, b, c, d, e];
    state.iter_mut().zip(sums).for_each(|(to, by)| *to = to.wrapping_add(by));
}

/// `floor(2^32 * abs(sin(round + 1)))`
const SINES: [u32; 64] = [
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
];

/// How far the sum of a round is turned, in turn within each quarter.
const TURNS: [[u8; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

fn md5(state: &mut [u32; 4], block: &[u8; 64]) {
    let w = words(block, u32::from_le_bytes);
    let [mut a, mut b, mut c, mut d] = *state;
    for (round, sine) in (0..64usize).zip(SINES) {
        let (f, at) = match round {
            0..16 => ((b & c) | (!b & d), round),
            16..32 => ((d & b) | (!d & c), round.wrapping_mul(5).wrapping_add(1)),
            32..48 => (b ^ c ^ d, round.wrapping_mul(3).wrapping_add(5)),
            _ => (c ^ (b | !d), round.wrapping_mul(7)),
        };
        let turn =
            TURNS.get(round >> 4).and_then(|quarter| quarter.get(round & 3)).copied().unwrap_or_default();
        let sum = a.wrapping_add(f).wrapping_add(sine).wrapping_add(word(&w, at)).rotate_left(turn.into());
        (a, d, c, b) = (d, c, b, b.wrapping_add(sum));
    }
    let sums = [a, b, c, d];
    state.iter_mut().zip(sums).for_each(|(to, by)| *to = to.wrapping_add(by));
}

/// What both have in common, as the traits of the crates around want it.
macro_rules! core_of {
    ($name:ident, $text:literal, $words:literal, $size:ty, $begin:expr, $compress:ident, $pad:ident, $order:ident) => {
        #[doc = concat!($text, " block by block.")]
        #[derive(Clone)]
        pub struct $name {
            state: [u32; $words],
            blocks: u64,
        }

        impl HashMarker for $name {}

        impl BlockSizeUser for $name {
            type BlockSize = U64;
        }

        impl BufferKindUser for $name {
            type BufferKind = Eager;
        }

        impl OutputSizeUser for $name {
            type OutputSize = $size;
        }

        impl UpdateCore for $name {
            fn update_blocks(&mut self, blocks: &[Block<Self>]) {
                for block in blocks {
                    self.blocks = self.blocks.wrapping_add(1);
                    $compress(&mut self.state, &block.0);
                }
            }
        }

        impl FixedOutputCore for $name {
            fn finalize_fixed_core(&mut self, buffer: &mut Buffer<Self>, out: &mut Output<Self>) {
                let rest = u64::try_from(buffer.get_pos()).unwrap_or_default();
                let bits = self.blocks.wrapping_mul(BLOCK_BYTES).wrapping_add(rest).wrapping_mul(8);
                let mut state = self.state;
                buffer.$pad(bits, |block| $compress(&mut state, &block.0));
                let (places, _) = out.as_mut_slice().as_chunks_mut::<4>();
                places.iter_mut().zip(state).for_each(|(place, word)| *place = word.$order());
                state.zeroize();
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self { state: $begin, blocks: 0 }
            }
        }

        impl Reset for $name {
            fn reset(&mut self) {
                *self = Self::default();
            }
        }

        impl AlgorithmName for $name {
            fn write_alg_name(f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str($text)
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                self.state.zeroize();
                self.blocks.zeroize();
            }
        }

        impl ZeroizeOnDrop for $name {}
    };
}

const BEGIN: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
const MD5_BEGIN: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

core_of!(Sha1Core, "SHA-1", 5, U20, BEGIN, sha1, len64_padding_be, to_be_bytes);
core_of!(Md5Core, "MD5", 4, U16, MD5_BEGIN, md5, len64_padding_le, to_le_bytes);

#[cfg(test)]
mod tests {
    use super::*;
    use hmac::digest::Digest;

    /// Every length around the ends of blocks, and in pieces.
    #[test]
    fn the_rolled_loops_make_the_hashes_of_the_kept_crates() {
        let bytes: [u8; 300] = core::array::from_fn(|at| (at * 31 + 7) as u8);
        for length in 0..bytes.len() {
            let (head, tail) = bytes[..length].split_at(length / 3);
            let mut ours = Sha1::new();
            ours.update(head);
            ours.update(tail);
            assert_eq!(ours.finalize()[..], sha1::Sha1::digest(&bytes[..length])[..], "SHA-1 of {length}");
            let mut ours = Md5::new();
            ours.update(head);
            ours.update(tail);
            assert_eq!(ours.finalize()[..], md5::Md5::digest(&bytes[..length])[..], "MD5 of {length}");
        }
    }
}
