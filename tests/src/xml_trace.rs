//! What a reader makes of a document, in a form in which two readings can be compared.

use rxml::Parse as _;
use rxml::error::EndOrError;
use xft_core::internals::xml::{Event, Limits, Reader, XmlError};

/// Limits no test document reaches by accident.
pub const WIDE: Limits = Limits {
    depth: 255,
    attributes: 255,
    name_bytes: 255,
    value_bytes: u16::MAX,
    namespaces: 255,
    element_bytes: u32::MAX,
};

/// Namespace and local name.
pub type Name = (String, String);

/// One event; neighbouring character data is joined, because its pieces depend on the split of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// Start tag with its attributes, sorted.
    Start(Name, Vec<(Name, String)>),
    /// End tag; the name is there only if the reader tells it.
    End,
    /// A whole first-level element without name.
    Skipped,
    /// Character data below the root's children.
    Text(String),
}

/// Everything a reader told about a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace<E> {
    /// The events before the end or the error.
    pub items: Vec<Item>,
    /// Open elements at the end.
    pub depth: usize,
    /// What stopped it.
    pub error: Option<E>,
    /// Limits that elements broke which were read all the same.
    pub broken: Vec<XmlError>,
}

impl<E> Trace<E> {
    fn new() -> Self {
        Self { items: Vec::new(), depth: 0, error: None, broken: Vec::new() }
    }

    fn text(&mut self, text: &str) {
        match self.items.last_mut() {
            Some(Item::Text(joined)) => joined.push_str(text),
            _ if text.is_empty() => {}
            _ => self.items.push(Item::Text(text.into())),
        }
    }
}

/// Reads `pieces` one after the other.
pub fn read<'p>(
    pieces: impl IntoIterator<Item = &'p [u8]>,
    limits: Limits,
    scratch: &mut [u8],
) -> Trace<XmlError> {
    read_with(Reader::new(scratch, limits), pieces)
}

/// The same where too large is not malformed (XML-07).
pub fn read_leniently<'p>(
    pieces: impl IntoIterator<Item = &'p [u8]>,
    limits: Limits,
    scratch: &mut [u8],
) -> Trace<XmlError> {
    let mut reader = Reader::new(scratch, limits);
    reader.skip_oversized();
    read_with(reader, pieces)
}

fn read_with<'p>(mut reader: Reader<'_>, pieces: impl IntoIterator<Item = &'p [u8]>) -> Trace<XmlError> {
    let mut trace = Trace::new();
    for piece in pieces {
        if let Err(error) = read_piece(&mut reader, piece, &mut trace) {
            trace.error = Some(error);
            assert_eq!(reader.next(b""), Err(error), "an error stays");
            assert!(!reader.is_content());
            break;
        }
    }
    trace
}

fn read_piece(reader: &mut Reader<'_>, piece: &[u8], trace: &mut Trace<XmlError>) -> Result<(), XmlError> {
    let mut rest = piece;
    loop {
        let (used, event) = reader.next(rest)?;
        let Some(event) = event else {
            assert_eq!(used, rest.len(), "no event means all consumed");
            return Ok(());
        };
        note(reader, &rest[..used], event, trace);
        if event == Event::End && reader.depth() == 1 {
            trace.broken.extend(reader.broken());
        }
        trace.depth = reader.depth().into();
        rest = &rest[used..];
    }
}

fn note(reader: &Reader<'_>, used: &[u8], event: Event, trace: &mut Trace<XmlError>) {
    let tag = reader.tag();
    let name = (tag.ns().to_owned(), tag.local().to_owned());
    match event {
        Event::Start => {
            let mut attributes: Vec<_> = tag
                .attributes()
                .map(|a| ((a.ns.to_owned(), a.local.to_owned()), a.value.to_owned()))
                .collect();
            attributes.sort();
            trace.items.push(Item::Start(name, attributes));
        }
        // A first-level element whose name was not kept only has an end.
        Event::End if name.1.is_empty() => trace.items.push(Item::Skipped),
        Event::End => {
            assert_eq!(Some(&name), open_name(&trace.items), "end tag names its element");
            assert_eq!(tag.attributes().count(), 0);
            trace.items.push(Item::End);
        }
        Event::Text { start, end } => {
            let text = std::str::from_utf8(&used[start..end]).expect("text events are valid UTF-8");
            assert!(!text.is_empty());
            trace.text(text);
        }
        Event::Char(c) => trace.text(c.encode_utf8(&mut [0; 4])),
        Event::Space => assert!(used.iter().all(u8::is_ascii_whitespace) && !used.is_empty()),
    }
}

/// The name of the innermost element that is open after `items`.
fn open_name(items: &[Item]) -> Option<&Name> {
    let mut closed = 0;
    for item in items.iter().rev() {
        match item {
            Item::End => closed += 1,
            Item::Start(name, _) if closed == 0 => return Some(name),
            Item::Start(..) => closed -= 1,
            Item::Text(_) | Item::Skipped => {}
        }
    }
    None
}

/// Reads the document with `rxml`, a reader for the same subset. White space under the root is left out.
pub fn read_with_rxml(mut document: &[u8]) -> Trace<String> {
    let options = rxml::Options { max_token_length: 1 << 24, ..rxml::Options::default() };
    let mut parser: rxml::Parser = rxml::WithOptions::with_options(options);
    let mut trace = Trace::new();
    loop {
        match parser.parse(&mut document, false) {
            Ok(Some(event)) => note_rxml(event, &mut trace),
            Ok(None) | Err(EndOrError::NeedMoreData) => break,
            Err(EndOrError::Error(error)) => {
                trace.error = Some(error.to_string());
                break;
            }
        }
        if trace.error.is_some() {
            break;
        }
    }
    trace
}

fn note_rxml(event: rxml::Event, trace: &mut Trace<String>) {
    match event {
        rxml::Event::XmlDeclaration(..) => {}
        rxml::Event::StartElement(_, (ns, local), attributes) => {
            let mut attributes: Vec<_> = attributes
                .iter()
                .map(|((ns, local), value)| ((ns.to_string(), local.to_string()), value.to_owned()))
                .collect();
            attributes.sort();
            let name = (ns.to_string(), local.to_string());
            trace.items.push(Item::Start(name, attributes));
            trace.depth += 1;
        }
        rxml::Event::EndElement(_) => {
            trace.items.push(Item::End);
            trace.depth -= 1;
        }
        rxml::Event::Text(_, text) if trace.depth > 1 => trace.text(&text),
        rxml::Event::Text(_, text) if text.trim_matches([' ', '\t', '\n', '\r']).is_empty() => {}
        rxml::Event::Text(..) => trace.error = Some("text under the root".into()),
    }
}
