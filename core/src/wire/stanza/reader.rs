//! From bytes to first-level elements: the XML reader, the tape and the block of IBB in one loop.

use super::block::BlockSink;
use super::tape::{Room, Tape};
use super::{Element, Ns};
use crate::wire::base64::Base64Error;
use crate::wire::xml::{Event, Limits, Reader, Tag, XmlError, is_kept};

/// The root a host-owned stream is taken to have.
const HOSTED_ROOT: &[u8] =
    b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";

/// What one [`StanzaReader::feed`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fed {
    /// All input is used and nothing is complete.
    More,
    /// White space between first-level elements.
    Space,
    /// The start tag of the stream root; see [`StanzaReader::element`].
    Header,
    /// A first-level element; see [`StanzaReader::element`] and [`StanzaReader::block`].
    Element,
    /// The end tag of the stream root.
    End,
}

/// Reads one XML stream element by element in borrowed memory.
#[derive(Debug)]
pub struct StanzaReader<'a> {
    xml: Reader<'a>,
    tape: Tape<'a>,
    block: BlockSink<'a>,
    /// Open elements that are not on the tape.
    skipped: u32,
    /// Inside `<error/>` of a stanza, which may use the tape's reserve.
    in_error: bool,
    /// What text of the innermost element may use.
    text_room: Room,
    /// An element was handed out; the next event makes it go away.
    done: bool,
    /// The input so far ends inside a token.
    in_token: bool,
    /// Length of the last block's text: mostly that of the next one too.
    text_bytes: usize,
}

impl<'a> StanzaReader<'a> {
    /// A reader at the start of a stream.
    ///
    /// `xml` is the XML reader's memory, `tape` holds one element without its block (1024 bytes or more), `block`
    /// holds one decoded block and so bounds its length.
    pub fn new(xml: &'a mut [u8], tape: &'a mut [u8], block: &'a mut [u8], limits: Limits) -> Self {
        Self {
            xml: Reader::new(xml, limits),
            tape: Tape::new(tape),
            block: BlockSink::new(block),
            skipped: 0,
            in_error: false,
            text_room: Room::Common,
            done: false,
            in_token: false,
            text_bytes: 0,
        }
    }

    /// Back to the start of a new XML stream (STR-07).
    pub fn restart(&mut self) {
        self.xml.reset();
        self.begin();
        self.in_token = false;
    }

    /// Reads stanzas of a stream that the host owns: as if its root were open and `jabber:client` its default
    /// namespace.
    pub fn enter_hosted(&mut self) {
        self.restart();
        // Memory too small for the root shows at the first feed, because the reader's errors are sticky.
        let _ = self.xml.next(HOSTED_ROOT);
        self.skip_oversized();
    }

    /// From the next first-level element on, until a restart, what breaks a limit is left out instead of ending the stream:
    /// see [`Element::oversized`] (XML-07).
    pub fn skip_oversized(&mut self) {
        self.xml.skip_oversized();
    }

    /// No first-level element is under way.
    #[must_use]
    pub fn between(&self) -> bool {
        self.xml.depth() <= 1 && !self.in_token
    }

    /// Reads up to the end of the next header, element or white space; the rest of `input` is untouched.
    ///
    /// Returns how many bytes were used. Used bytes may be overwritten: a block is decoded over the tags before it.
    ///
    /// # Errors
    /// [`XmlError`]; the stream is over and every later call says the same.
    pub fn feed(&mut self, input: &mut [u8]) -> Result<(usize, Fed), XmlError> {
        let mut at = 0usize;
        loop {
            at = at.saturating_add(self.block_text(input, at)?);
            let rest = input.get(at..).unwrap_or_default();
            let (used, event) = self.xml.next(rest)?;
            let from = at;
            at = at.saturating_add(used);
            let Some(event) = event else {
                self.in_token |= used > 0;
                self.block.spill(input);
                return Ok((at, Fed::More));
            };
            self.in_token = false;
            if self.done {
                self.begin();
            }
            let fed = match event {
                Event::Start => self.start(),
                Event::End => self.end(),
                Event::Space => Some(Fed::Space),
                Event::Text { start, end } => {
                    let text = rest.get(start..end).unwrap_or_default();
                    self.text(input.get(..from).unwrap_or_default(), text);
                    None
                }
                Event::Char(c) => {
                    let mut utf8 = [0u8; 4];
                    let text = c.encode_utf8(&mut utf8).as_bytes();
                    self.text(input, text);
                    None
                }
            };
            if let Some(fed) = fed {
                return Ok((at, fed));
            }
        }
    }

    /// The header or element just fed, until the next feed that is given input.
    #[must_use]
    pub fn element(&self) -> Element<'_> {
        self.tape.root(self.xml.broken())
    }

    /// The decoded block of the `<data/>` in the element just fed, `None` if there is none.
    ///
    /// `input` is the slice that was fed, in which the block may lie.
    #[must_use]
    pub fn block<'s>(&'s self, input: &'s [u8]) -> Option<Result<&'s [u8], Base64Error>> {
        self.block.get(input)
    }
}

impl StanzaReader<'_> {
    /// Forgets the element that was handed out.
    fn begin(&mut self) {
        self.tape.clear();
        self.block.clear();
        self.skipped = 0;
        self.in_error = false;
        self.done = false;
    }

    /// Decodes plain text of an open block without the XML reader; returns how many bytes it used.
    fn block_text(&mut self, input: &mut [u8], at: usize) -> Result<usize, XmlError> {
        if !self.block.is_plain() || self.skipped > 0 || !self.xml.is_content() {
            return Ok(0);
        }
        let rest = input.get(at..).unwrap_or_default();
        // Where blocks are of one length the tag needs no search; if it stood earlier, the decoder stops there.
        let same = rest.get(self.text_bytes) == Some(&b'<');
        let tag = if same { Some(self.text_bytes) } else { memchr::memchr(b'<', rest) };
        self.text_bytes = tag.unwrap_or(0);
        let end = at.saturating_add(tag.unwrap_or(rest.len()));
        let used = self.block.take(input, at..end, tag.is_some());
        self.xml.take_text(used)?;
        Ok(used)
    }

    fn start(&mut self) -> Option<Fed> {
        if self.skipped > 0 || self.block.is_open() {
            self.skipped = self.skipped.saturating_add(1);
            return None;
        }
        let tag = self.xml.tag();
        let (uri, local) = tag.expanded_name();
        let ns = Ns::from_bytes(uri);
        match self.xml.depth() {
            0 | 1 => {
                record_root(&mut self.tape, ns, tag);
                self.done = true;
                return Some(Fed::Header);
            }
            2 => {
                record_root(&mut self.tape, ns, tag);
                // ATK-07: a second header is told at once, for nobody closes a stream that was opened inside another.
                self.done = ns == Ns::Streams && local == b"stream";
                return self.done.then_some(Fed::Header);
            }
            depth => {
                let first = depth == 3;
                self.in_error |= first && ns == Ns::Client && local == b"error";
                self.child(ns, first);
            }
        }
        None
    }

    /// Records an element below the first level.
    fn child(&mut self, ns: Ns, first: bool) {
        let tag = self.xml.tag();
        let (_, local) = tag.expanded_name();
        let room = if self.in_error { Room::Whole } else { Room::Common };
        // ATK-16: what a peer can beside file transfer must not push that off the tape.
        if ns == Ns::DiscoInfo && local == b"feature" && !is_known_feature(tag) {
            self.skipped = 1;
            return;
        }
        // Nor what nobody here knows, what the owner is to be told of a file.
        if ns == Ns::Other && !first && !self.in_error && self.tape.root(None).ns() == Ns::Client {
            self.skipped = 1;
            return;
        }
        let is_data = ns == Ns::Ibb && local == b"data";
        let opened = if ns == Ns::Other {
            self.tape.open(ns, local, core::iter::empty(), room)
        } else {
            // The end of a path is the name of a file (ATK-40); a piece of anything else says nothing.
            let names = tag.cut_attributes().filter(|(name, _)| ns == Ns::Sift && *name == b"name");
            self.tape.open(ns, local, tag.plain_attributes().chain(names), room)
        };
        if opened && tag.is_cut() {
            self.tape.cut_attributes();
        }
        self.text_room = if ns == Ns::Sift && local == b"desc" { Room::Half } else { Room::Common };
        if !opened {
            self.skipped = 1;
        } else if is_data && first && self.block.is_absent() && carries_blocks(self.tape.root(None)) {
            self.block.start();
        } else if ns == Ns::Other || is_data {
            // Nothing in there means anything here, and an echoed block must not fill the tape.
            self.tape.close();
            self.skipped = 1;
        }
    }

    fn end(&mut self) -> Option<Fed> {
        if self.skipped > 0 {
            self.skipped = self.skipped.saturating_sub(1);
        } else {
            if self.block.is_open() {
                self.block.end();
            }
            self.tape.close();
            self.text_room = Room::Common;
        }
        match self.xml.depth() {
            0 => Some(Fed::End),
            1 => {
                self.done = true;
                Some(Fed::Element)
            }
            2 => {
                self.in_error = false;
                None
            }
            _ => None,
        }
    }

    /// `before` is the part of the input that may hold a block decoded in place.
    fn text(&mut self, before: &[u8], text: &[u8]) {
        if self.skipped > 0 {
            return;
        }
        if self.block.is_open() {
            self.block.push(before, text);
        } else {
            // The reader promises UTF-8.
            self.tape.text(core::str::from_utf8(text).unwrap_or_default(), self.text_room);
        }
    }
}

/// Records the stream root or a first-level element. When not all attributes fit, those of the envelope go first.
fn record_root(tape: &mut Tape<'_>, ns: Ns, tag: Tag<'_>) {
    let (_, local) = tag.expanded_name();
    tape.open(ns, local, tag.plain_attributes(), Room::Common);
    if tape.is_truncated() {
        tape.clear();
        let envelope = tag.plain_attributes().filter(|(name, _)| is_kept(name));
        tape.open(ns, local, envelope, Room::Whole);
        tape.mark_truncated();
    }
    if tag.is_cut() {
        tape.cut_attributes();
    }
}

/// True for a feature whose name is one of our namespaces.
fn is_known_feature(tag: Tag<'_>) -> bool {
    let var = tag.plain_attributes().find(|(name, _)| *name == b"var");
    var.and_then(|(_, uri)| core::str::from_utf8(uri).ok()).is_some_and(|uri| Ns::from_uri(uri) != Ns::Other)
}

/// True for a stanza whose `<data/>` is a block for us, and not the echo of one of ours.
fn carries_blocks(root: Element<'_>) -> bool {
    root.ns() == Ns::Client
        && matches!(root.name(), "iq" | "message")
        && !matches!(root.attr("type"), Some("error" | "result"))
}
