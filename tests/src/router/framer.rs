//! Client bytes to first-level elements, at memory speed for bulk text.
//!
//! `rxml` checks every tag and every character that could be special; runs of plain ASCII text below a stanza are
//! only scanned for that property and copied, because a 64 KiB IBB block would otherwise cost more in the checker than in
//! everything else together. Such runs are absent from the tree, present in the raw bytes.

use super::element::{Element, FirstLevel};
use super::proxy::BYTESTREAMS;
use rxml::error::EndOrError;
use rxml::{Event, Parse, Parser};

/// Namespace of the stream element.
pub const NS_STREAM: &str = "http://etherx.jabber.org/streams";
/// Namespace of client stanzas.
pub const NS_CLIENT: &str = "jabber:client";
pub(super) const NS_BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";

/// What a client's byte stream consists of.
#[derive(Debug)]
pub enum Item {
    /// The stream header: the element and the bytes of its tag.
    Header(Element, Vec<u8>),
    /// A complete first-level element.
    Element(FirstLevel),
    /// The closing tag of the stream.
    End,
}

/// Why the byte stream cannot continue; the names are stream error conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// XML that is not well-formed.
    NotWellFormed,
    /// A construct RFC 6120 section 11.1 forbids.
    RestrictedXml,
    /// An undeclared prefix.
    BadNamespacePrefix,
    /// Text directly under the stream element.
    BadFormat,
    /// A first-level element above the limit.
    TooBig,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scan {
    /// Between tags; `checked` when the checker has seen part of this run and so must see the rest.
    Text { checked: bool },
    /// After `<`.
    Open,
    /// In a tag.
    Tag,
    /// In a quoted attribute value.
    Quote(u8),
    /// In `<!...`, with the number of `]` seen last.
    Cdata(u8),
}

/// Incremental framer of one stream; start a new one at every stream restart.
#[derive(Debug)]
pub struct Framer {
    parser: Parser,
    scan: Scan,
    depth: usize,
    raw: Vec<u8>,
    head_bytes: usize,
    open: Vec<Element>,
    limit_bytes: usize,
}

impl Framer {
    /// A framer that refuses first-level elements above `limit_bytes`.
    pub fn new(limit_bytes: usize) -> Self {
        Self {
            parser: Parser::new(),
            scan: Scan::Text { checked: false },
            depth: 0,
            raw: Vec::new(),
            head_bytes: 0,
            open: Vec::new(),
            limit_bytes,
        }
    }

    /// Changes the limit for elements that begin later.
    pub fn set_limit(&mut self, limit_bytes: usize) {
        self.limit_bytes = limit_bytes;
    }

    /// Takes bytes from the front of `input` until an item is complete or the input is used up.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<Item>, Broken> {
        while !input.is_empty() {
            if let Scan::Text { checked } = self.scan {
                let end = memchr::memchr(b'<', input).unwrap_or(input.len());
                let run = &input[..end];
                *input = &input[end..];
                self.text(run, checked)?;
                if !input.is_empty() {
                    self.scan = Scan::Open;
                    self.take(input, 1)?;
                }
                continue;
            }
            let end = self.tag_end(input);
            let whole = end.is_some();
            let event = self.take(input, end.unwrap_or(input.len()))?;
            if whole {
                let cdata = matches!(self.scan, Scan::Cdata(_));
                self.scan = Scan::Text { checked: cdata };
            }
            if let Some(item) = event {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    fn text(&mut self, run: &[u8], checked: bool) -> Result<(), Broken> {
        if run.is_empty() {
            return Ok(());
        }
        if self.depth == 1 {
            let blank = run.iter().all(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'));
            return if blank { Ok(()) } else { Err(Broken::BadFormat) };
        }
        if self.depth > 1 && !checked && self.bulk() && plain(run) {
            return self.keep(run);
        }
        self.scan = Scan::Text { checked: true };
        let mut run = run;
        let all = run.len();
        self.take(&mut run, all).map(|_| ())
    }

    /// Whether nobody here reads the text at this place.
    fn bulk(&self) -> bool {
        let Some(top) = self.open.first() else { return false };
        let inner = self.open.last().map_or("", |e| e.ns.as_str());
        top.ns == NS_CLIENT
            && (top.name == "iq" || top.name == "message")
            && inner != NS_BIND
            && inner != BYTESTREAMS
    }

    /// Index after the `>` that ends the markup the scan is in.
    fn tag_end(&mut self, input: &[u8]) -> Option<usize> {
        for (at, &byte) in input.iter().enumerate() {
            match (self.scan, byte) {
                (Scan::Open, b'!') => self.scan = Scan::Cdata(0),
                (Scan::Open | Scan::Tag, b'>') => return Some(at + 1),
                (Scan::Tag, b'"' | b'\'') => self.scan = Scan::Quote(byte),
                (Scan::Open, _) => self.scan = Scan::Tag,
                (Scan::Quote(quote), _) if quote == byte => self.scan = Scan::Tag,
                (Scan::Cdata(2), b'>') => return Some(at + 1),
                (Scan::Cdata(n), b']') => self.scan = Scan::Cdata((n + 1).min(2)),
                (Scan::Cdata(_), _) => self.scan = Scan::Cdata(0),
                _ => {}
            }
        }
        None
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        if self.raw.len() + bytes.len() > self.limit_bytes {
            return Err(Broken::TooBig);
        }
        self.raw.extend_from_slice(bytes);
        Ok(())
    }

    /// Moves `len` bytes from the input through the checker.
    fn take(&mut self, input: &mut &[u8], len: usize) -> Result<Option<Item>, Broken> {
        let (mut piece, rest) = input.split_at(len);
        *input = rest;
        self.keep(piece)?;
        let mut item = None;
        loop {
            match self.parser.parse(&mut piece, false) {
                Ok(Some(event)) => item = self.event(event).or(item),
                Ok(None) | Err(EndOrError::NeedMoreData) => return Ok(item),
                Err(EndOrError::Error(error)) => return Err(broken(error)),
            }
        }
    }

    fn event(&mut self, event: Event) -> Option<Item> {
        match event {
            Event::XmlDeclaration(..) => {
                self.raw.clear();
                None
            }
            Event::StartElement(_, (ns, name), attrs) => {
                self.depth += 1;
                let element = Element::new(&ns, &name, &attrs);
                if self.depth == 1 {
                    return Some(Item::Header(element, std::mem::take(&mut self.raw)));
                }
                if self.depth == 2 {
                    self.head_bytes = self.raw.len();
                }
                self.open.push(element);
                None
            }
            Event::EndElement(_) => {
                self.depth = self.depth.saturating_sub(1);
                let Some(done) = self.open.pop() else {
                    self.raw.clear();
                    return Some(Item::End);
                };
                if let Some(parent) = self.open.last_mut() {
                    parent.children.push(done);
                    return None;
                }
                let capacity = self.raw.len();
                let raw = std::mem::replace(&mut self.raw, Vec::with_capacity(capacity));
                Some(Item::Element(FirstLevel { raw, head_bytes: self.head_bytes, root: done }))
            }
            Event::Text(_, text) => {
                if let Some(element) = self.open.last_mut() {
                    element.text.push_str(&text);
                }
                None
            }
        }
    }
}

/// Whether the run needs no checking: printable ASCII, tab or line ends, and nothing a reference or `]]>` could consist of.
fn plain(run: &[u8]) -> bool {
    // A fold without early exit is what the compiler turns into vector instructions.
    let odd = run.iter().fold(false, |odd, &b| {
        let text = (0x20..0x7f).contains(&b) | (b == b'\n') | (b == b'\r') | (b == b'\t');
        odd | !text | (b == b'&') | (b == b'>') | (b == b']')
    });
    !odd
}

fn broken(error: rxml::Error) -> Broken {
    match error {
        rxml::Error::RestrictedXml(_) | rxml::Error::UndeclaredEntity => Broken::RestrictedXml,
        rxml::Error::UndeclaredNamespacePrefix(_) => Broken::BadNamespacePrefix,
        _ => Broken::NotWellFormed,
    }
}
