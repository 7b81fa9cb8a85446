//! The little the server reads of an element, and how it writes one.

use rxml::AttrMap;
use std::fmt::Write as _;

/// A parsed element without the bulk text the framer leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    /// Namespace name.
    pub ns: String,
    /// Local name.
    pub name: String,
    /// Attributes by local name (`xml:lang` by that name).
    pub attrs: Vec<(String, String)>,
    /// Child elements in order.
    pub children: Vec<Element>,
    /// Character data of this element alone.
    pub text: String,
}

impl Element {
    pub(super) fn new(ns: &str, name: &str, attrs: &AttrMap) -> Self {
        let attrs = attrs
            .iter()
            .map(|((ns, name), value)| {
                let prefix = if ns.is_none() { "" } else { "xml:" };
                (format!("{prefix}{name}"), value.clone())
            })
            .collect();
        Self { ns: ns.into(), name: name.into(), attrs, ..Self::default() }
    }

    /// Value of an attribute.
    pub fn attr(&self, name: &str) -> Option<&str> {
        self.attrs.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// First child of that expanded name.
    pub fn child(&self, ns: &str, name: &str) -> Option<&Element> {
        self.children.iter().find(|c| c.is(ns, name))
    }

    /// Whether this is its expanded name.
    pub fn is(&self, ns: &str, name: &str) -> bool {
        self.ns == ns && self.name == name
    }
}

/// A first-level element: its bytes as sent and the tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FirstLevel {
    /// The bytes from `<` to the last `>`.
    pub raw: Vec<u8>,
    /// How many of them are the start tag.
    pub head_bytes: usize,
    /// The tree.
    pub root: Element,
}

impl FirstLevel {
    /// The bytes between start and end tag; namespaces of the stanza's own start tag are not repeated in them.
    pub fn content(&self) -> &[u8] {
        if self.raw[..self.head_bytes].ends_with(b"/>") {
            return b"";
        }
        let end = memchr::memrchr(b'<', &self.raw).unwrap_or(self.raw.len());
        &self.raw[self.head_bytes.min(end)..end]
    }

    /// Appends the element with `from` (and `to` when given) replaced in its start tag, the rest byte for byte.
    ///
    /// `rotate` turns the order of attributes, as servers that rebuild stanzas do; `declared` are namespace declarations
    /// of the sender's stream header that the receiver's does not have.
    pub fn splice(
        &self,
        out: &mut Vec<u8>,
        from: &str,
        to: Option<&str>,
        declared: &[Vec<u8>],
        rotate: usize,
    ) {
        let tag = &self.raw[..self.head_bytes];
        let (name, attrs) = raw_attributes(tag);
        let mut kept: Vec<&[u8]> = Vec::with_capacity(attrs.len() + declared.len());
        for attr in &attrs {
            if attr.name != b"from" && (attr.name != b"to" || to.is_none()) {
                kept.push(attr.whole);
            }
        }
        for declaration in declared {
            let key = declaration.split(|b| *b == b'=').next().unwrap_or_default();
            if attrs.iter().all(|a| a.name != key) {
                kept.push(declaration);
            }
        }
        let mut stamped = String::from("from='");
        escape(&mut stamped, from);
        stamped.push('\'');
        if let Some(to) = to {
            stamped.push_str(" to='");
            escape(&mut stamped, to);
            stamped.push('\'');
        }
        kept.push(stamped.as_bytes());
        let turn = rotate % kept.len();
        kept.rotate_left(turn);
        out.reserve(self.raw.len() + stamped.len() + 16);
        out.push(b'<');
        out.extend_from_slice(name);
        for attr in kept {
            out.push(b' ');
            out.extend_from_slice(attr);
        }
        out.extend_from_slice(if tag.ends_with(b"/>") { b"/>" } else { b">" });
        out.extend_from_slice(&self.raw[self.head_bytes..]);
    }
}

/// An attribute as it stands in a tag.
pub(super) struct RawAttribute<'a> {
    pub name: &'a [u8],
    /// `name='value'`, quotes included.
    pub whole: &'a [u8],
}

/// Name and attributes of a start tag that the checker has accepted.
pub(super) fn raw_attributes(tag: &[u8]) -> (&[u8], Vec<RawAttribute<'_>>) {
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    let name_end = tag.iter().position(|b| blank(b) || *b == b'>' || *b == b'/').unwrap_or(tag.len());
    let (name, mut rest) = (&tag[1..name_end], &tag[name_end..]);
    let mut attrs = Vec::new();
    loop {
        let skip = rest.iter().position(|b| !blank(b)).unwrap_or(rest.len());
        rest = &rest[skip..];
        let Some(open) = rest.iter().position(|b| *b == b'\'' || *b == b'"') else { break };
        let Some(len) = rest[open + 1..].iter().position(|b| *b == rest[open]) else { break };
        let key_end = rest.iter().position(|b| blank(b) || *b == b'=').unwrap_or(open);
        let end = open + len + 2;
        attrs.push(RawAttribute { name: &rest[..key_end], whole: &rest[..end] });
        rest = &rest[end..];
    }
    (name, attrs)
}

/// Appends text escaped for content and for values in either kind of quotes.
pub fn escape(out: &mut String, text: &str) {
    for ch in text.chars() {
        match ch {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\'' => out.push_str("&apos;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(out, "&#{};", ch as u32);
            }
            _ => out.push(ch),
        }
    }
}

/// Appends ` name='value'`, escaped, when there is a value.
pub fn attribute(out: &mut String, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        let _ = write!(out, " {name}='");
        escape(out, value);
        out.push('\'');
    }
}
