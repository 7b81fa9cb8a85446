//! Where the base64 text of an in-band block goes: decoded in place in the input, or into the block buffer.

use crate::wire::base64::{Base64Error, BlockDecoder};
use core::ops::Range;

/// The block of the element under way.
#[derive(Debug)]
pub(super) struct BlockSink<'a> {
    buf: &'a mut [u8],
    decoder: BlockDecoder,
    state: State,
    place: Place,
    /// The text so far was nothing but base64 and white space, so that more of it need not pass the XML reader.
    plain: bool,
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
    /// The first bytes of the input being fed, over the tags that were read there.
    Input { len: usize },
    /// The first bytes of the buffer.
    Buffer { len: usize },
}

impl<'a> BlockSink<'a> {
    pub fn new(buf: &'a mut [u8]) -> Self {
        let decoder = BlockDecoder::new(buf.len());
        Self { buf, decoder, state: State::Absent, place: Place::Buffer { len: 0 }, plain: true, error: None }
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

    /// True where text may be given to [`BlockSink::take`].
    pub fn is_plain(&self) -> bool {
        self.state == State::Open && self.plain
    }

    pub fn start(&mut self) {
        self.decoder = BlockDecoder::new(self.buf.len());
        self.state = State::Open;
        self.place = Place::Buffer { len: 0 };
        self.plain = true;
        self.error = None;
    }

    /// `</data>` was read.
    pub fn end(&mut self) {
        self.state = State::Ended;
        if let (None, Err(error)) = (self.error, self.decoder.finish()) {
            self.error = Some(error);
        }
    }

    /// Takes characters of `input` that hold no `<`; tells how many of them were base64 or white space and so need no
    /// look by the XML reader. `to_tag` says that a tag follows, so that the whole text may lie here.
    pub fn take(&mut self, input: &mut [u8], text: Range<usize>, to_tag: bool) -> usize {
        if to_tag && self.place == (Place::Buffer { len: 0 }) {
            self.place = Place::Input { len: 0 };
        }
        let read = match &mut self.place {
            Place::Input { len } => {
                let (read, end) = self.decoder.decode_in_place(input, text.clone(), *len);
                *len = end;
                read
            }
            Place::Buffer { len } => {
                let piece = input.get(text.clone()).unwrap_or_default();
                // What is not plain is read again by the XML reader, hence nothing of it may stay decoded.
                let before = self.decoder;
                match self.decoder.decode(piece, self.buf, *len) {
                    Ok(end) => {
                        *len = end;
                        text.end
                    }
                    Err(_) => {
                        self.decoder = before;
                        text.start
                    }
                }
            }
        };
        self.plain = read == text.end;
        read.saturating_sub(text.start)
    }

    /// Takes character data that passed the XML reader.
    pub fn push(&mut self, input: &[u8], text: &[u8]) {
        self.spill(input);
        let Place::Buffer { len } = self.place else { return };
        if self.error.is_some() {
            return;
        }
        match self.decoder.decode(text, self.buf, len) {
            Ok(len) => self.place = Place::Buffer { len },
            Err(error) => (self.error, self.plain) = (Some(error), false),
        }
    }

    /// Moves what was decoded in place to the buffer, because the input goes away or more text follows.
    pub fn spill(&mut self, input: &[u8]) {
        let Place::Input { len } = self.place else { return };
        // The decoder never gives more than the buffer holds.
        if let (Some(bytes), Some(room)) = (input.get(..len), self.buf.get_mut(..len)) {
            room.copy_from_slice(bytes);
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
            Place::Input { len } => input.get(..len),
            Place::Buffer { len } => self.buf.get(..len),
        };
        // Only another input than the one fed can be too short.
        Some(bytes.ok_or(Base64Error::Truncated))
    }
}
