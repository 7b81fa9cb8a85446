//! What every stanza has: kind, id, addresses, payload (STZ-01..04).

use super::{Element, Ns};
use crate::wire::xml::Writer;

/// The four types of an iq.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IqType {
    /// A question.
    Get,
    /// An order.
    Set,
    /// The answer to either.
    Result,
    /// The refusal of either.
    Error,
}

impl IqType {
    /// The value on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Set => "set",
            Self::Result => "result",
            Self::Error => "error",
        }
    }
}

/// Types of a message (RFC 6121 5.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageType {
    /// No type, `normal`, or one nobody knows.
    Normal,
    /// `chat`
    Chat,
    /// `groupchat`
    Groupchat,
    /// `headline`
    Headline,
    /// `error`
    Error,
}

/// Types of presence (RFC 6121 4.7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresenceType {
    /// No type.
    Available,
    /// `unavailable`
    Unavailable,
    /// `subscribe`
    Subscribe,
    /// `subscribed`
    Subscribed,
    /// `unsubscribe`
    Unsubscribe,
    /// `unsubscribed`
    Unsubscribed,
    /// `probe`
    Probe,
    /// `error`
    Error,
}

/// Which stanza it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `<iq type='get'>`
    IqGet,
    /// `<iq type='set'>`
    IqSet,
    /// `<iq type='result'>`
    IqResult,
    /// `<iq type='error'>`
    IqError,
    /// `<message>`
    Message(MessageType),
    /// `<presence>`
    Presence(PresenceType),
}

/// A stanza whose envelope is right.
#[derive(Clone, Copy, Debug)]
pub struct Stanza<'s> {
    /// Which stanza.
    pub kind: Kind,
    /// Its id; always there in an iq.
    pub id: Option<&'s str>,
    /// The sender; absent means our own account (STZ-03).
    pub from: Option<&'s str>,
    /// The only child of a get or set, the first of a result; the other kinds are searched by name.
    pub payload: Option<Element<'s>>,
    /// The stanza itself.
    pub element: Element<'s>,
}

/// A stanza whose envelope is wrong (ATK-13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// True if `bad-request` can be sent to its `from` with its `id`; else it is dropped.
    pub answerable: bool,
}

/// Checks the envelope of a first-level element.
///
/// # Errors
/// [`Malformed`]: not a stanza, an iq without id or of unknown type, a get or set without exactly one payload, a
/// presence of unknown type, or addresses so long that they could not be read.
pub fn stanza(element: Element<'_>) -> Result<Stanza<'_>, Malformed> {
    let silent = Malformed { answerable: false };
    if element.ns() != Ns::Client {
        return Err(silent);
    }
    let [mut id, mut from, mut kind] = [None; 3];
    // One pass over what every stanza has; a name stands once, because the reader refuses doubles.
    for (name, value) in element.attributes() {
        let place = match name {
            b"id" => &mut id,
            b"from" => &mut from,
            b"type" => &mut kind,
            _ => continue,
        };
        *place = core::str::from_utf8(value).ok();
    }
    // An address that was cut must not pass for an absent one, which would mean our own account (STZ-03).
    if element.attributes_cut {
        return Err(silent);
    }
    let mut stanza = Stanza { kind: Kind::IqGet, id, from, payload: None, element };
    stanza.kind = match element.name() {
        "iq" => iq_kind(kind, id)?,
        "message" => Kind::Message(message_type(kind)),
        "presence" => Kind::Presence(presence_type(kind).ok_or(silent)?),
        _ => return Err(silent),
    };
    stanza.payload = payload(stanza.kind, element)?;
    Ok(stanza)
}

fn iq_kind(kind: Option<&str>, id: Option<&str>) -> Result<Kind, Malformed> {
    let kind = match kind {
        Some("get") => Kind::IqGet,
        Some("set") => Kind::IqSet,
        Some("result") => Kind::IqResult,
        Some("error") => Kind::IqError,
        _ => return Err(Malformed { answerable: id.is_some() }),
    };
    // Without an id no answer could be told from another one.
    if id.is_none() {
        return Err(Malformed { answerable: false });
    }
    Ok(kind)
}

fn payload(kind: Kind, element: Element<'_>) -> Result<Option<Element<'_>>, Malformed> {
    let mut children = element.children();
    match kind {
        Kind::IqGet | Kind::IqSet => {
            let (Some(only), None) = (children.next(), children.next()) else {
                return Err(Malformed { answerable: true });
            };
            // In-band bytestreams only order: nothing there can be asked for (ATK-13).
            if kind == Kind::IqGet && only.ns() == Ns::Ibb {
                return Err(Malformed { answerable: true });
            }
            Ok(Some(only))
        }
        Kind::IqResult => Ok(children.next()),
        Kind::IqError | Kind::Message(_) | Kind::Presence(_) => Ok(None),
    }
}

fn message_type(kind: Option<&str>) -> MessageType {
    match kind {
        Some("chat") => MessageType::Chat,
        Some("groupchat") => MessageType::Groupchat,
        Some("headline") => MessageType::Headline,
        Some("error") => MessageType::Error,
        _ => MessageType::Normal,
    }
}

fn presence_type(kind: Option<&str>) -> Option<PresenceType> {
    Some(match kind {
        None => PresenceType::Available,
        Some("unavailable") => PresenceType::Unavailable,
        Some("subscribe") => PresenceType::Subscribe,
        Some("subscribed") => PresenceType::Subscribed,
        Some("unsubscribe") => PresenceType::Unsubscribe,
        Some("unsubscribed") => PresenceType::Unsubscribed,
        Some("probe") => PresenceType::Probe,
        Some("error") => PresenceType::Error,
        Some(_) => return None,
    })
}

/// Starts an iq; its tag stays open for attributes, and the caller closes `iq`.
pub fn open_iq(w: &mut Writer<'_>, kind: IqType, to: Option<&str>, id: &str) {
    w.open("iq").attr("type", kind.name()).attr_opt("to", to).attr("id", id);
}

/// Writes a question of service discovery, or its empty answer (DSC-02).
pub(crate) fn write_disco_query(w: &mut Writer<'_>, ns: Ns) {
    w.open("query").attr("xmlns", ns.uri()).close("query");
}

/// Writes an empty result (STZ-04).
pub fn write_result(w: &mut Writer<'_>, to: Option<&str>, id: &str) {
    open_iq(w, IqType::Result, to, id);
    w.close("iq");
}
