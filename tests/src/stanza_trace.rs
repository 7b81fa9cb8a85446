//! What a stanza reader tells about a stream, written down so that two readings can be compared.

use xft_core::internals::base64::Base64Error;
use xft_core::internals::stanza::{Fed, StanzaReader};
use xft_core::internals::xml::{Limits, XmlError};

/// One thing the reader told, with everything a caller can see of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The root's start tag as the tape holds it.
    Header(String),
    /// A first-level element.
    Element {
        /// The whole tree as the tape holds it, attributes and text included.
        tree: String,
        /// Something did not fit the tape.
        truncated: bool,
        /// It broke that limit.
        oversized: Option<XmlError>,
        /// The decoded block.
        block: Option<Result<Vec<u8>, Base64Error>>,
    },
    /// White space between elements, in however many pieces.
    Space,
    /// The root's end tag.
    End,
    /// The stream is over.
    Error(XmlError),
}

/// What `Needs::of` asks for.
const XML_BYTES: usize = 2048;

/// The memory of one reader.
#[derive(Debug)]
pub struct Memory {
    xml: Vec<u8>,
    tape: Vec<u8>,
    block: Vec<u8>,
    limits: Limits,
}

impl Memory {
    /// `tape` bytes for an element, `block` bytes for a block, and for XML what a session lends.
    #[must_use]
    pub fn new(tape: usize, block: usize) -> Self {
        let limits = Limits { element_bytes: 200_000, ..Limits::default() };
        Self { xml: vec![0; XML_BYTES], tape: vec![0; tape], block: vec![0; block], limits }
    }

    /// A reader at the start of a stream.
    pub fn reader(&mut self) -> StanzaReader<'_> {
        StanzaReader::new(&mut self.xml, &mut self.tape, &mut self.block, self.limits)
    }

    /// A reader of a stream the host owns.
    pub fn hosted(&mut self) -> StanzaReader<'_> {
        let mut reader = self.reader();
        reader.enter_hosted();
        reader
    }
}

/// Feeds the pieces one by one and writes down all that comes.
///
/// # Panics
/// If the reader leaves input unread, or is not between elements after one.
pub fn feed_all(reader: &mut StanzaReader<'_>, pieces: &[&[u8]]) -> Vec<Seen> {
    let mut seen = Vec::new();
    for piece in pieces {
        let mut input = piece.to_vec();
        let mut at = 0;
        loop {
            let (used, fed) = match reader.feed(&mut input[at..]) {
                Ok(fed) => fed,
                Err(error) => {
                    seen.push(Seen::Error(error));
                    return seen;
                }
            };
            match fed {
                Fed::More => {
                    assert_eq!(used, input.len() - at, "More means that all is used");
                    break;
                }
                // How many pieces white space comes in is no matter of meaning.
                Fed::Space if seen.last() == Some(&Seen::Space) => {}
                Fed::Space => seen.push(Seen::Space),
                Fed::Header => seen.push(Seen::Header(format!("{:?}", reader.element()))),
                Fed::Element => {
                    assert!(reader.between());
                    seen.push(Seen::Element {
                        tree: format!("{:?}", reader.element()),
                        truncated: reader.element().truncated(),
                        oversized: reader.element().oversized(),
                        block: reader.block(&input[at..]).map(|block| block.map(<[u8]>::to_vec)),
                    });
                }
                Fed::End => seen.push(Seen::End),
            }
            at += used;
        }
    }
    seen
}
