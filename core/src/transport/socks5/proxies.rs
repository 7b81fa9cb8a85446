//! Which bytestream proxies the own server has, and where they listen (XEP-0065 section 4, DSC-09).
//!
//! Three questions, one after another: the items of the domain, the identity of each, the addresses of each proxy.

use crate::config::JID_BYTES;
use crate::wire::jid::Jid;
use crate::wire::stanza::{Element, Ns};
use crate::wire::streamhost::{self, Streamhost};
use crate::wire::xml::Writer;

/// Most items of a server that are asked what they are (DSC-09).
pub(crate) const ITEMS_MAX: usize = 20;
/// Most addresses taken of one proxy.
pub(crate) const ADDRESSES_MAX: usize = 4;

/// The addresses of the items of a server, at most 20, each once. Items with a node are parts of something and no
/// components.
pub(crate) fn read_items<'s>(query: &Element<'s>) -> impl Iterator<Item = &'s str> + use<'s> {
    let children = query.children();
    // The limit is inside: a server with ten thousand items costs no more than one walk and twenty short ones.
    let all = move || {
        let items = children.clone().filter(|item| item.is(Ns::DiscoItems, "item"));
        let components = items.filter(|item| item.attr("node").is_none());
        components.filter_map(|item| item.attr("jid")).filter(|jid| is_kept(jid)).take(ITEMS_MAX)
    };
    // Not `enumerate`, whose count could overflow for all the compiler knows.
    (0..ITEMS_MAX).zip(all()).filter_map(move |(at, jid)| {
        let before = all().take(at).any(|other| other == jid);
        (!before).then_some(jid)
    })
}

fn is_kept(jid: &str) -> bool {
    jid.len() <= JID_BYTES && Jid::parse(jid).is_ok()
}

/// Whether a disco#info result is that of a bytestream proxy.
pub(crate) fn is_proxy(info: &Element<'_>) -> bool {
    let is = |identity: &Element<'_>, name, value| identity.attr(name) == Some(value);
    info.is(Ns::DiscoInfo, "query")
        && info
            .children()
            .filter(|child| child.is(Ns::DiscoInfo, "identity"))
            .any(|identity| is(&identity, "category", "proxy") && is(&identity, "type", "bytestreams"))
}

/// Writes the question where a proxy listens: without a stream id.
pub(crate) fn write_address_query(w: &mut Writer<'_>) {
    w.open("query").attr("xmlns", Ns::S5b.uri()).close("query");
}

/// Where a proxy listens, at most four addresses. The addressee of the activation is the one in each of them, which
/// need not be the one that was asked (DSC-11, QRK-22).
pub(crate) fn read_addresses<'s>(query: &Element<'s>) -> impl Iterator<Item = Streamhost<'s>> + use<'s> {
    let most = if query.is(Ns::S5b, "query") { ADDRESSES_MAX } else { 0 };
    streamhost::list(query, most)
}

#[cfg(test)]
mod tests;
