//! In-band bytestreams (XEP-0047): sizes, sequence, and what goes over the wire.

use crate::config::Carrier;
use crate::error::{Reason, StanzaCondition};
use crate::transport::window::Window;
use crate::wire::base64::Base64Error;
use crate::wire::stanza::{Element, Ns};
use crate::wire::xml::Writer;

/// Smallest block asked for after refusals (IBB-05).
pub(crate) const BLOCK_FLOOR: u16 = 1024;
/// Most times a smaller block is asked for (IBB-05).
pub(crate) const HALVINGS: u8 = 4;
/// Most empty blocks in a row (IBB-21).
const EMPTY_MAX: u8 = 8;
/// Blocks before the sequence number comes round (IBB-25, QRK-02).
pub(crate) const SEQ_SPAN: u64 = 65_536;

/// One bytestream, one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytestream {
    /// Agreed largest block, bytes before base64 (IBB-02); shorter ones are good (QRK-45).
    pub(crate) block: u16,
    /// Sender: bytes of each block but the last.
    pub(crate) chunk: u16,
    /// Sequence number of the next block (IBB-12).
    pub(crate) seq: u16,
    pub(crate) carrier: Carrier,
    /// Sender: blocks sent, and acknowledged.
    pub(crate) sent: u32,
    pub(crate) acked: u32,
    pub(crate) window: Window,
    pub(crate) halvings: u8,
    empties: u8,
    /// Receiver: the peer's close came.
    pub(crate) closed: bool,
    /// Receiver: what is kept of the id of the last stanza taken, opening or block, to know it again (SM-22).
    pub(crate) last: u32,
}

/// Why a block is refused, and with which words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) condition: StanzaCondition,
    pub(crate) reason: Reason,
}

impl Bytestream {
    /// No bytestream.
    pub const NONE: Self = Self {
        block: 0,
        chunk: 0,
        seq: 0,
        carrier: Carrier::Iq,
        sent: 0,
        acked: 0,
        window: Window::NONE,
        halvings: 0,
        empties: 0,
        closed: false,
        last: 0,
    };

    /// A stream that will be offered or awaited with this block size.
    pub(crate) fn new(block: u16, carrier: Carrier, window: Window) -> Self {
        Self { block, chunk: block, carrier, window, ..Self::NONE }
    }

    /// Chooses the payload of one block: `wanted`, or more where the sequence number would come round (IBB-25).
    pub(crate) fn choose_chunk(&mut self, wanted: u16, range: u64, compat: bool) {
        let unwrapped = u16::try_from(range.div_ceil(SEQ_SPAN)).unwrap_or(u16::MAX);
        let chunk = wanted.max(unwrapped).min(self.block);
        // IBB-03: a block whose base64 is not longer than the block size satisfies every revision.
        let compat_chunk = (self.block / 4).saturating_mul(3).max(1);
        self.chunk = if compat { chunk.min(compat_chunk) } else { chunk }.max(1);
    }

    /// Whether sending `range` bytes takes the sequence number round.
    pub(crate) fn wraps(&self, range: u64) -> bool {
        range.div_ceil(u64::from(self.chunk.max(1))) > SEQ_SPAN
    }

    /// A block of at most half the size after `resource-constraint`; `false` when it was asked often enough (IBB-05).
    pub(crate) fn halve(&mut self) -> bool {
        // Four halvings from 65535 end at 4095; a board that takes 1024 must be reached as well, and the ceilings of
        // known peers, 8192 and 4096 (QRK-05), are met exactly on the way.
        let left = u32::from(HALVINGS.saturating_sub(self.halvings).saturating_sub(1));
        let reach = BLOCK_FLOOR.checked_shl(left).unwrap_or(u16::MAX);
        let half = (self.block / 2).min(reach).max(BLOCK_FLOOR);
        if self.halvings >= HALVINGS || half >= self.block {
            return false;
        }
        self.halvings = self.halvings.saturating_add(1);
        self.block = half;
        true
    }

    /// The sequence number of the next block sent.
    pub(crate) fn take_seq(&mut self) -> u16 {
        let seq = self.seq;
        self.seq = self.seq.wrapping_add(1);
        self.sent = self.sent.wrapping_add(1);
        seq
    }

    /// Whether it is the last block once more: its sender resumed its own stream and repeats what it said last (SM-22).
    pub(crate) fn is_repeat(&self, seq: Option<&str>, id: &str) -> bool {
        self.last == id_mark(id) && seq.and_then(parse_seq) == Some(self.seq.wrapping_sub(1))
    }

    /// Checks a received block in the order of IBB-18 (ATK-18) and returns its length. `left`: bytes still expected.
    pub(crate) fn receive(
        &mut self,
        seq: Option<&str>,
        block: Result<&[u8], Base64Error>,
        left: u64,
    ) -> Result<usize, Refusal> {
        use StanzaCondition::*;
        let refuse = |condition, reason| Err(Refusal { condition, reason });
        let Some(seq) = seq.and_then(parse_seq) else {
            return refuse(BadRequest, Reason::Sequence);
        };
        if seq != self.seq {
            return refuse(UnexpectedRequest, Reason::Sequence);
        }
        let block = match block {
            Ok(block) => block,
            Err(Base64Error::TooLong) => return refuse(BadRequest, Reason::BlockTooLarge),
            Err(_) => return refuse(BadRequest, Reason::Base64),
        };
        if block.len() > usize::from(self.block) {
            return refuse(BadRequest, Reason::BlockTooLarge);
        }
        if u64::try_from(block.len()).unwrap_or(u64::MAX) > left {
            return refuse(NotAcceptable, Reason::TooManyBytes);
        }
        self.empties = if block.is_empty() { self.empties.saturating_add(1) } else { 0 };
        if self.empties > EMPTY_MAX {
            return refuse(PolicyViolation, Reason::Stalled);
        }
        self.seq = self.seq.wrapping_add(1);
        Ok(block.len())
    }
}

/// What is kept of an id to know it again; never 0. Two ids may share it: then a sender that repeats its numbers, which
/// is against the rules, harms its own file.
pub(crate) fn id_mark(id: &str) -> u32 {
    id.bytes().fold(0x811c_9dc5_u32, |mark, byte| (mark ^ u32::from(byte)).wrapping_mul(0x0100_0193)) | 1
}

/// An unsigned 16-bit number of one to five digits and nothing else (vectors IB-S).
pub(crate) fn parse_seq(text: &str) -> Option<u16> {
    if text.is_empty() || text.len() > 5 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// What an `<open/>` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Open<'s> {
    pub(crate) sid: &'s str,
    pub(crate) block: u16,
    pub(crate) carrier: Carrier,
}

/// Reads an `<open/>`, whatever else it has (IBB-22); `None` is a `bad-request` (IBB-04, ATK-19).
pub(crate) fn read_open<'s>(payload: &Element<'s>) -> Option<Open<'s>> {
    let sid = payload.attr("sid").filter(|sid| !sid.is_empty())?;
    let block = payload.attr("block-size").and_then(parse_seq).filter(|block| *block > 0)?;
    let carrier = match payload.attr("stanza") {
        None | Some("iq") => Carrier::Iq,
        Some("message") => Carrier::Message,
        Some(_) => return None,
    };
    Some(Open { sid, block, carrier })
}

/// Writes an `<open/>` (IBB-01).
pub(crate) fn write_open(w: &mut Writer<'_>, sid: &str, block: u16, carrier: Carrier) {
    w.open("open").attr("xmlns", Ns::Ibb.uri()).attr("sid", sid).attr_u64("block-size", u64::from(block));
    w.attr(
        "stanza",
        match carrier {
            Carrier::Iq => "iq",
            Carrier::Message => "message",
        },
    );
    w.close("open");
}

/// Writes a `<data/>` with its base64 (IBB-11, IBB-13: no white space, QRK-03).
pub(crate) fn write_data(w: &mut Writer<'_>, sid: &str, seq: u16, bytes: &[u8]) {
    w.open("data").attr("xmlns", Ns::Ibb.uri()).attr("sid", sid).attr_u64("seq", u64::from(seq));
    w.text_base64(bytes).close("data");
}

/// Writes a `<close/>` (IBB-30), with a word about why; who does not know it overlooks it.
pub(crate) fn write_close(w: &mut Writer<'_>, sid: &str, why: Option<(Ns, &str)>) {
    w.open("close").attr("xmlns", Ns::Ibb.uri()).attr("sid", sid);
    if let Some((ns, name)) = why {
        w.open(name).attr("xmlns", ns.uri()).close(name);
    }
    w.close("close");
}

/// The largest block whose stanza fits `limit` bytes when the rest of it takes `envelope` bytes (LIM-03).
pub fn largest_block(limit: u32, envelope: usize) -> u16 {
    let envelope = u32::try_from(envelope).unwrap_or(u32::MAX);
    let quanta = limit.saturating_sub(envelope) / 4;
    u16::try_from(quanta.saturating_mul(3)).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests;
