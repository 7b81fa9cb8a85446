//! Where the base64 text of an in-band block goes: decoded in place in the input, or into the block buffer.

use crate::wire::base64::{Base64Error, BlockDecoder};
use core::ops::Range;

/// Characters decoded in place at a time; a copy of that many is kept, so that the XML reader can still judge the
/// text from the piece on in which it stopped being base64.
const PIECE: usize = 1032;

/// The block of the element under way.
#[derive(Debug)]
pub(super) struct BlockSink<'a> {
    buf: &'a mut [u8],
    decoder: BlockDecoder,
    state: State,
    place: Place,
    error: Option<Base64Error>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The element has no block so far.
    Absent,
    /// Between `<data>` and `</data>`.
    Open,
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// This range of the input being fed.
    Input { start: usize, end: usize },
    /// The first bytes of the buffer.
    Buffer { len: usize },
}

impl<'a> BlockSink<'a> {
    pub fn new(buf: &'a mut [u8]) -> Self {
        let decoder = BlockDecoder::new(buf.len());
        Self { buf, decoder, state: State::Absent, place: Place::Buffer { len: 0 }, error: None }
    }

    /// Forgets the block: another element starts.
    pub fn clear(&mut self) {
        self.state = State::Absent;
    }

    pub fn is_absent(&self) -> bool {
        self.state == State::Absent
    }

    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    pub fn start(&mut self) {
        self.decoder = BlockDecoder::new(self.buf.len());
        self.state = State::Open;
        self.place = Place::Buffer { len: 0 };
        self.error = None;
    }

    /// `</data>` was read.
    pub fn end(&mut self) {
        self.state = State::Ended;
        if let (None, Err(error)) = (self.error, self.decoder.finish()) {
            self.error = Some(error);
        }
    }

    /// Takes characters of `input` that hold no `<` and no `&`; tells how many of them were base64 or white space and
    /// so need no look by the XML reader. `to_tag` says that a tag follows, so that the whole text may lie here.
    pub fn take(&mut self, input: &mut [u8], text: Range<usize>, to_tag: bool) -> usize {
        if self.error.is_some() {
            return 0;
        }
        if to_tag && self.place == (Place::Buffer { len: 0 }) {
            return self.decode_in_place(input, text);
        }
        self.spill(input);
        let piece = input.get(text).unwrap_or_default();
        if self.decode(piece) { piece.len() } else { 0 }
    }

    /// Takes character data the XML reader had to prepare: references, CDATA.
    pub fn push(&mut self, input: &[u8], text: &[u8]) {
        self.spill(input);
        if self.error.is_none() {
            self.decode(text);
        }
    }

    /// Moves what was decoded in place to the buffer, because the input goes away or more text follows.
    pub fn spill(&mut self, input: &[u8]) {
        let Place::Input { start, end } = self.place else { return };
        let mut len = 0;
        if let Some(bytes) = input.get(start..end)
            && let Some(room) = self.buf.get_mut(..bytes.len())
        {
            room.copy_from_slice(bytes);
            len = bytes.len();
        }
        self.place = Place::Buffer { len };
    }

    /// The block, if the element had one.
    pub fn get<'s>(&'s self, input: &'s [u8]) -> Option<Result<&'s [u8], Base64Error>> {
        if self.state != State::Ended {
            return None;
        }
        if let Some(error) = self.error {
            return Some(Err(error));
        }
        let bytes = match self.place {
            Place::Input { start, end } => input.get(start..end),
            Place::Buffer { len } => self.buf.get(..len),
        };
        // Only another input than the one fed can be too short.
        Some(bytes.ok_or(Base64Error::Truncated))
    }

    fn decode(&mut self, text: &[u8]) -> bool {
        let Place::Buffer { len } = self.place else { return false };
        match self.decoder.decode(text, self.buf, len) {
            Ok(len) => self.place = Place::Buffer { len },
            Err(error) => self.error = Some(error),
        }
        self.error.is_none()
    }

    fn decode_in_place(&mut self, input: &mut [u8], text: Range<usize>) -> usize {
        let mut kept = [0u8; PIECE];
        let (mut read, mut write) = (text.start, text.start);
        while read < text.end {
            let upto = text.end.min(read.saturating_add(PIECE));
            let length = upto.saturating_sub(read);
            if let (Some(kept), Some(piece)) = (kept.get_mut(..length), input.get(read..upto)) {
                copy(kept, piece);
            }
            match self.decoder.decode_in_place(input, read..upto, write) {
                Ok(end) => write = end,
                Err(error) => {
                    self.error = Some(error);
                    if let (Some(kept), Some(piece)) = (kept.get(..length), input.get_mut(read..upto)) {
                        copy(piece, kept);
                    }
                    break;
                }
            }
            read = upto;
        }
        self.place = Place::Input { start: text.start, end: write };
        read.saturating_sub(text.start)
    }
}

/// Copies between slices of one length; the check stands where the optimizer sees it, so that no panic path is left.
fn copy(to: &mut [u8], from: &[u8]) {
    if to.len() == from.len() {
        to.copy_from_slice(from);
    }
}
