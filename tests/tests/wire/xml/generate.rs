//! Strategies for documents: well-formed ones, and the same with damage.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Names that collide, so that doubled attributes and shadowed prefixes come up.
fn local() -> impl Strategy<Value = String> {
    select(vec!["a", "b", "iq", "data", "xmlns2", "_x.1-y", "\u{e9}t\u{e9}", "\u{4e2d}\u{b7}"])
        .prop_map(String::from)
}

fn value() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "",
        "x",
        "plain words",
        "&amp;",
        "&#xA;",
        "&#x1F600;",
        "\t",
        "\r\n",
        "\r",
        "\n",
        ">",
        "]]>",
        "\u{e9}\u{20ac}\u{1F600}",
        "urn:x",
        "0123456789abcdef0123456789",
    ]);
    vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn attribute() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        6 => local(),
        1 => local().prop_map(|name| format!("p:{name}")),
        1 => local().prop_map(|name| format!("q:{name}")),
        1 => Just("xml:lang".to_owned()),
    ];
    let assigned = select(vec!["=", " = ", "\n=\t"]);
    (name, assigned, value(), any::<bool>()).prop_map(|(name, assigned, value, double)| {
        let quote = if double { '"' } else { '\'' };
        format!("{name}{assigned}{quote}{value}{quote}")
    })
}

fn declaration() -> impl Strategy<Value = String> {
    let names = select(vec!["xmlns", "xmlns:p", "xmlns:q", "xmlns:long-prefix"]);
    let uris = select(vec!["urn:1", "urn:2", "jabber:client", "urn:x&amp;y"]);
    (names, uris).prop_map(|(name, uri)| format!("{name}='{uri}'"))
}

fn text() -> impl Strategy<Value = String> {
    let piece = select(vec![
        " ",
        "word",
        "a]b",
        "]]",
        "]",
        "&lt;",
        "&#65;",
        "\r\n",
        "\r",
        "\n",
        "\u{e9}",
        "\u{FFFD}",
        "\u{10FFFF}",
        "<![CDATA[<x>&]]>",
        "<![CDATA[]]]]>",
        "<![CDATA[\r]]>",
        "QUJDREVGRw==",
        "'\"",
        "\u{301}",
    ]);
    vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

/// One element with everything inside it.
pub fn element() -> impl Strategy<Value = String> {
    let leaf = tag(text().boxed());
    leaf.prop_recursive(5, 24, 4, |inner| {
        let content = vec((inner, text()), 0..4);
        let content = content
            .prop_map(|parts| parts.into_iter().map(|(element, text)| element + &text).collect::<String>());
        tag(content.boxed())
    })
}

fn tag(content: BoxedStrategy<String>) -> BoxedStrategy<String> {
    let prefix = select(vec!["", "", "", "", "p:", "q:", "stream:"]);
    let name = (prefix, local()).prop_map(|(prefix, local)| format!("{prefix}{local}"));
    let attributes = (vec(declaration(), 0..3), vec(attribute(), 0..4));
    let attributes = attributes.prop_map(|(first, then)| [first, then].concat());
    (name, attributes.prop_shuffle(), content, any::<bool>())
        .prop_map(|(name, attributes, content, short)| {
            let space: String = attributes.iter().map(|a| format!(" {a}")).collect();
            match short && content.is_empty() {
                true => format!("<{name}{space}/>"),
                false => format!("<{name}{space}>{content}</{name} >"),
            }
        })
        .boxed()
}

/// A stream header and some first-level elements. Most are well-formed, some use an undeclared prefix.
pub fn document() -> impl Strategy<Value = String> {
    let head = select(vec!["", "<?xml version='1.0'?>", "<?xml version=\"1.0\" encoding='UTF-8'?>\n"]);
    let root = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' \
                xmlns:p='urn:p' xmlns:q='urn:p' version='1.0'>";
    let tail = select(vec!["", "</stream:stream>", "</stream:stream>\n", "\r\n "]);
    (head, vec(element(), 0..4), tail)
        .prop_map(move |(head, elements, tail)| format!("{head}{root}{}{tail}", elements.join("\n")))
}

/// Damage at one place of a document.
#[derive(Clone, Debug)]
pub enum Damage {
    Delete(Index),
    Flip(Index, u8),
    Insert(Index, &'static [u8]),
    Cut(Index),
    Repeat(Index, Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let token: &[&'static [u8]] = &[
        b"<",
        b">",
        b"/>",
        b"</",
        b"&",
        b"&#",
        b";",
        b"'",
        b"\"",
        b"=",
        b" ",
        b"]]>",
        b"<![CDATA[",
        b"<!--",
        b"<?",
        b"\r",
        b"\0",
        b"\xC0\x80",
        b"\xED\xA0\x80",
        b"\xEF\xBB\xBF",
        b"\xEF\xBF\xBF",
        b"xmlns:p=''",
        b" a='1'",
        b":",
        b"&nbsp;",
        b"&#x110000;",
        b"\x7f",
        b"\xC2\x85",
        b"xmlns:xml='u'",
    ];
    prop_oneof![
        any::<Index>().prop_map(Damage::Delete),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Flip(at, byte)),
        (any::<Index>(), select(token.to_vec())).prop_map(|(at, token)| Damage::Insert(at, token)),
        any::<Index>().prop_map(Damage::Cut),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Damage::Repeat(from, to)),
    ]
}

fn apply(damage: &Damage, document: &mut Vec<u8>) {
    let len = document.len().max(1);
    match damage {
        Damage::Delete(at) => {
            drop(document.splice(at.index(len)..(at.index(len) + 1).min(document.len()), []))
        }
        Damage::Flip(at, byte) => {
            if let Some(place) = document.get_mut(at.index(len)) {
                *place ^= byte;
            }
        }
        Damage::Insert(at, token) => {
            let at = at.index(document.len() + 1);
            document.splice(at..at, token.iter().copied());
        }
        Damage::Cut(at) => document.truncate(at.index(len)),
        Damage::Repeat(from, to) => {
            let (from, to) = (from.index(document.len() + 1), to.index(document.len() + 1));
            let piece = document[from.min(to)..from.max(to)].to_vec();
            document.extend(piece);
        }
    }
}

/// A document with one to three damages.
pub fn damaged() -> impl Strategy<Value = Vec<u8>> {
    (document(), vec(damage(), 1..4)).prop_map(|(document, damages)| {
        let mut document = document.into_bytes();
        for damage in &damages {
            apply(damage, &mut document);
        }
        document
    })
}
