//! Which streamhost carries a SOCKS5 bytestream: offered by the requester, chosen by the target (XEP-0065 section 5).

use crate::error::StanzaCondition;
use crate::wire::socks5::{Dst, SID_BYTES_MAX};
use crate::wire::stanza::{Element, ErrorType, Ns};
use crate::wire::streamhost::{self, Streamhost};
use crate::wire::xml::Writer;

/// Most streamhosts read of one offer (S5B-03).
pub(crate) const HOSTS_MAX: usize = 16;

/// The streamhosts a requester offers; at least one can be used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Query<'s> {
    pub(crate) sid: &'s str,
    /// To be asked for at a streamhost in place of the digest of our addresses (S5B-12).
    pub(crate) dstaddr: Option<Dst<'s>>,
    payload: Element<'s>,
}

impl<'s> Query<'s> {
    /// The streamhosts in the requester's order, at most 16, each place once.
    pub(crate) fn hosts(&self) -> impl Iterator<Item = Streamhost<'s>> + use<'s> {
        streamhost::list(&self.payload, HOSTS_MAX)
    }
}

/// Why the streamhosts of a requester are refused, as the error that says so.
pub(crate) type QueryRefusal = (ErrorType, StanzaCondition);

const BAD: QueryRefusal = (ErrorType::Modify, StanzaCondition::BadRequest);
const UNWANTED: QueryRefusal = (ErrorType::Cancel, StanzaCondition::NotAcceptable);

/// Reads the streamhosts of a requester (S5B-01, S5B-12, S5B-13). One that cannot be used costs only itself, as long
/// as another can.
pub(crate) fn read_query<'s>(payload: &Element<'s>) -> Result<Query<'s>, QueryRefusal> {
    if !payload.is(Ns::S5b, "query") {
        return Err(BAD);
    }
    let sid = payload.attr("sid").filter(|sid| !sid.is_empty()).ok_or(BAD)?;
    // S5B-02: whoever wants datagrams must not get a stream.
    if sid.len() > SID_BYTES_MAX || payload.attr("mode").is_some_and(|mode| mode != "tcp") {
        return Err(UNWANTED);
    }
    let dstaddr = match payload.attr("dstaddr") {
        Some(text) => Some(Dst::parse(text.as_bytes()).map_err(|_| BAD)?),
        None => None,
    };
    let query = Query { sid, dstaddr, payload: *payload };
    query.hosts().next().ok_or(BAD)?;
    Ok(query)
}

/// Writes the streamhosts we offer (S5B-01).
pub(crate) fn write_query<'h>(w: &mut Writer<'_>, sid: &str, hosts: impl Iterator<Item = Streamhost<'h>>) {
    // The mode is the default one, but peers of older revisions look for it.
    w.open("query").attr("xmlns", Ns::S5b.uri()).attr("sid", sid).attr("mode", "tcp");
    for host in hosts {
        streamhost::write(w, &host);
    }
    w.close("query");
}

/// The address of the streamhost that the target uses; whether it was offered is for the caller to see (S5B-06).
/// `None`: it names none, or several.
pub(crate) fn read_used<'s>(payload: &Element<'s>) -> Option<&'s str> {
    if !payload.is(Ns::S5b, "query") {
        return None;
    }
    let mut used = payload.children().filter(|child| child.is(Ns::S5b, "streamhost-used"));
    let (only, None) = (used.next()?, used.next()) else { return None };
    only.attr("jid").filter(|jid| !jid.is_empty())
}

/// Writes which streamhost we use (S5B-05).
pub(crate) fn write_used(w: &mut Writer<'_>, sid: &str, jid: &str) {
    w.open("query").attr("xmlns", Ns::S5b.uri()).attr("sid", sid);
    w.open("streamhost-used").attr("jid", jid).close("streamhost-used").close("query");
}

/// Writes what tells a proxy that bytes may flow to `target` (S5B-08).
pub(crate) fn write_activate(w: &mut Writer<'_>, sid: &str, target: &str) {
    w.open("query").attr("xmlns", Ns::S5b.uri()).attr("sid", sid);
    w.open("activate").text(target).close("activate").close("query");
}

#[cfg(test)]
mod tests;
