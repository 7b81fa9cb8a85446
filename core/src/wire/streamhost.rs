//! Where a SOCKS5 bytestream can be had: address and place of a streamhost (XEP-0065 sections 4 and 5.3).

use crate::config::JID_BYTES;
use crate::wire::jid::Jid;
use crate::wire::stanza::{Element, Ns};
use crate::wire::xml::Writer;

/// Longest host, bytes (S5B-03); no name in the DNS is longer.
pub const HOST_BYTES_MAX: usize = 255;
/// The port of a streamhost that names none (DSC-12).
pub const PORT_DEFAULT: u16 = 1080;

/// One streamhost. Its strings are checked, nothing is resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streamhost<'s> {
    /// Address of who listens there, as it stands, since it need not be the component that was asked (DSC-11).
    pub jid: &'s str,
    /// IP address without brackets and zone, or a name; 1 to 255 bytes (S5B-18).
    pub host: &'s str,
    /// 1 to 65535.
    pub port: u16,
}

/// Reads a `<streamhost/>`. `None`: its address is missing or none, longer than 256 bytes, or its host or port are
/// nothing that can be connected to (S5B-03, DSC-12).
#[must_use]
pub fn read<'s>(element: &Element<'s>) -> Option<Streamhost<'s>> {
    if !element.is(Ns::S5b, "streamhost") {
        return None;
    }
    let jid = element.attr("jid").filter(|jid| jid.len() <= JID_BYTES && Jid::parse(jid).is_ok())?;
    let host = element.attr("host").filter(|host| is_host(host))?;
    let port = match element.attr("port") {
        Some(text) => parse_port(text)?,
        // What the tape left out must not pass for what the peer left out.
        None if element.attributes_cut() => return None,
        None => PORT_DEFAULT,
    };
    Some(Streamhost { jid, host, port })
}

/// The streamhosts among the first `most` that stand in `query`; those that cannot be used are left out, and each
/// place stands once (S5B-03). `most` bounds the work, however many there are (ATK-26).
pub fn list<'s>(query: &Element<'s>, most: usize) -> impl Iterator<Item = Streamhost<'s>> + use<'s> {
    let children = query.children();
    let all = move || {
        let hosts = children.clone().filter(|child| child.is(Ns::S5b, "streamhost"));
        hosts.take(most).map(|child| read(&child))
    };
    // Not `enumerate`, whose count could overflow for all the compiler knows.
    (0..most).zip(all()).filter_map(move |(at, found)| {
        let found = found?;
        let before = all().take(at).flatten().any(|other| other.is_same_place(&found));
        (!before).then_some(found)
    })
}

/// Writes a `<streamhost/>`.
pub fn write(w: &mut Writer<'_>, streamhost: &Streamhost<'_>) {
    w.open("streamhost").attr("jid", streamhost.jid).attr("host", streamhost.host);
    w.attr_u64("port", streamhost.port.into()).close("streamhost");
}

/// Whether a text can be the host of a streamhost: 1 to 255 bytes, and no character that stands in neither a name
/// nor a bare IP address.
#[must_use]
pub fn is_host(host: &str) -> bool {
    // A domain of an address holds no control characters, spaces, quotes, slashes and at signs.
    let plain = Jid::parse(host).is_ok_and(|jid| jid.domain() == host);
    plain && host.len() <= HOST_BYTES_MAX && !host.contains(['[', ']', '%'])
}

impl Streamhost<'_> {
    /// Whether both name the same host, however it is written in ASCII case, and the same port.
    #[must_use]
    pub fn is_same_place(&self, other: &Streamhost<'_>) -> bool {
        self.port == other.port && self.host.eq_ignore_ascii_case(other.host)
    }
}

fn parse_port(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port > 0)
}

#[cfg(test)]
mod tests;
