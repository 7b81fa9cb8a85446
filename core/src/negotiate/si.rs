//! Stream initiation with the file-transfer profile (XEP-0095, XEP-0096, XEP-0020).

mod methods;

pub(crate) use self::methods::{StreamMethod, StreamMethods, choose};

use crate::wire::date;
use crate::wire::hashes::{md5_text, parse_md5, read_sha256, write_sha256};
use crate::wire::receipt::Receipts;
use crate::wire::stanza::{Element, Ns};
use crate::wire::xml::Writer;

/// Longest MIME type taken, bytes (ATK-43).
const MIME_MAX: usize = 255;
/// Longest description taken, bytes (ATK-43).
const DESCRIPTION_MAX: usize = 1024;
/// Largest size, bytes (SI-10).
pub(crate) const SIZE_MAX: u64 = i64::MAX as u64;
const METHOD_FIELD: &str = "stream-method";

/// A file as an offer describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SiOffer<'s> {
    /// Id of the stream that follows (SI-04).
    pub(crate) sid: &'s str,
    pub(crate) name: &'s str,
    pub(crate) size: u64,
    pub(crate) date: Option<i64>,
    pub(crate) mime_type: Option<&'s str>,
    pub(crate) description: Option<&'s str>,
    pub(crate) sha256: Option<[u8; 32]>,
    pub(crate) md5: Option<[u8; 16]>,
    /// The methods it leaves to choose from, in its order, which is not to be trusted (SI-08).
    pub(crate) streams: StreamMethods,
    /// The sender can start at an offset (SI-13).
    pub(crate) ranged: bool,
    /// The receipt that the sender has in mind.
    pub(crate) receipts: Receipts,
    /// It will have no hash to tell, not even in its last word.
    pub(crate) unhashed: bool,
}

/// Why an offer cannot even be shown to the owner (SI-09).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SiRefusal {
    /// `bad-request`
    Malformed,
    /// `bad-request` with `<bad-profile/>`
    BadProfile,
    /// `bad-request` with `<no-valid-streams/>`
    NoValidStreams,
}

/// What the receiver of an offer answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SiAnswer {
    pub(crate) method: StreamMethod,
    pub(crate) offset: u64,
    /// `None`: to the end of the file.
    pub(crate) length: Option<u64>,
}

/// Reads an `<si/>` offer (SI-03, SI-10..13). Whatever is optional and bad is left out, not refused.
pub(crate) fn read_offer<'s>(si: &Element<'s>) -> Result<SiOffer<'s>, SiRefusal> {
    if si.attr("profile") != Some(Ns::Sift.uri()) {
        return Err(SiRefusal::BadProfile);
    }
    let sid = si.attr("id").filter(|sid| !sid.is_empty()).ok_or(SiRefusal::Malformed)?;
    let file = si.child(Ns::Sift, "file").ok_or(SiRefusal::Malformed)?;
    let name = file.attr("name").ok_or(SiRefusal::Malformed)?;
    // QRK-48: some senders leave out a size of 0; what the tape left out must not pass for that.
    let size = match file.attr("size") {
        None if !file.truncated() => 0,
        size => size.and_then(parse_number).ok_or(SiRefusal::Malformed)?,
    };
    // Which of them serves is the caller's to say: an offer without any that exists serves nobody.
    let streams: StreamMethods = options(si)?.filter_map(StreamMethod::from_uri).collect();
    if streams == StreamMethods::NONE {
        return Err(SiRefusal::NoValidStreams);
    }
    let clean = |text: &'s str, max| (text.len() <= max && !text.contains(char::is_control)).then_some(text);
    Ok(SiOffer {
        sid,
        name,
        size,
        date: file.attr("date").and_then(date::parse),
        mime_type: si.attr("mime-type").and_then(|mime| clean(mime, MIME_MAX)),
        description: file.child(Ns::Sift, "desc").and_then(|desc| clean(desc.text(), DESCRIPTION_MAX)),
        sha256: read_sha256(&file),
        md5: file.attr("hash").and_then(parse_md5),
        streams,
        ranged: file.child(Ns::Sift, "range").is_some(),
        receipts: Receipts::of_offer(&file),
        unhashed: file.child(Ns::Receipt1, "receipt").is_some_and(|r| r.attr("hash") == Some("none")),
    })
}

/// The fields that speak of the method; one is usual, several are taken as one (SI-06).
fn fields<'s>(si: &Element<'s>) -> Option<impl Iterator<Item = Element<'s>>> {
    let form = si.child(Ns::Fneg, "feature")?.child(Ns::Xdata, "x")?;
    Some(form.children().filter(|f| f.is(Ns::Xdata, "field") && f.attr("var") == Some(METHOD_FIELD)))
}

/// The texts of the methods an offer lists; an offer without a field for them is malformed.
fn options<'s>(si: &Element<'s>) -> Result<impl Iterator<Item = &'s str>, SiRefusal> {
    let mut fields = fields(si).ok_or(SiRefusal::Malformed)?.peekable();
    fields.peek().ok_or(SiRefusal::Malformed)?;
    let options = fields.flat_map(|field| field.children()).filter(|option| option.is(Ns::Xdata, "option"));
    Ok(options.filter_map(|option| option.child(Ns::Xdata, "value")).map(|value| value.text().trim_ascii()))
}

/// Reads the answer to our offer, which listed these methods. `None`: it picked none of them, or several (SI-07,
/// ATK-32), or its range is malformed. Tolerates what peers add (SI-06, QRK-49).
pub(crate) fn read_answer(si: &Element<'_>, offered: StreamMethods) -> Option<SiAnswer> {
    let values = fields(si)?.flat_map(|field| field.children());
    let mut values = values.filter(|value| value.is(Ns::Xdata, "value"));
    let (chosen, None) = (values.next()?, values.next()) else { return None };
    let method = StreamMethod::from_uri(chosen.text().trim_ascii()).filter(|method| offered.has(*method))?;
    let range = si.child(Ns::Sift, "file").and_then(|file| file.child(Ns::Sift, "range"));
    let Some(range) = range else { return Some(SiAnswer { method, offset: 0, length: None }) };
    let number = |name| match range.attr(name) {
        Some(text) => parse_number(text).map(Some),
        None => Some(None),
    };
    Some(SiAnswer { method, offset: number("offset")?.unwrap_or(0), length: number("length")? })
}

impl SiAnswer {
    /// The range of a file of `size` bytes; `None` outside the file (SI-14, vectors FR).
    pub(crate) fn range(&self, size: u64) -> Option<(u64, u64)> {
        let end = match self.length {
            Some(length) => self.offset.checked_add(length)?,
            None => size,
        };
        (self.offset <= end && end <= size).then_some((self.offset, end))
    }
}

/// Writes the `<si/>` of an offer (SI-03, SI-05).
pub(crate) fn write_offer(w: &mut Writer<'_>, offer: &SiOffer<'_>) {
    w.open("si").attr("xmlns", Ns::Si.uri()).attr("id", offer.sid);
    w.attr("mime-type", offer.mime_type.unwrap_or("application/octet-stream"));
    w.attr("profile", Ns::Sift.uri());
    w.open("file").attr("xmlns", Ns::Sift.uri()).attr("name", offer.name).attr_u64("size", offer.size);
    if let Some(md5) = &offer.md5 {
        w.attr("hash", &md5_text(md5));
    }
    if let Some(text) = offer.date.and_then(date::write) {
        w.attr("date", core::str::from_utf8(&text).unwrap_or(""));
    }
    if let Some(sha256) = &offer.sha256 {
        write_sha256(w, sha256);
    }
    if let Some(ns) = offer.receipts.ns() {
        w.open("receipt").attr("xmlns", ns.uri());
        w.attr_opt("hash", offer.unhashed.then_some("none")).close("receipt");
    }
    w.open("range").close("range").close("file");
    let form = open_form(w, "form", Some("list-single"));
    for method in offer.streams.iter() {
        form.open("option").open("value").text(method.uri()).close("value").close("option");
    }
    close_form(w);
    w.close("si");
}

/// Writes the `<si/>` that accepts by `method`, from `offset` on (SI-06).
pub(crate) fn write_accept(w: &mut Writer<'_>, method: StreamMethod, offset: u64) {
    w.open("si").attr("xmlns", Ns::Si.uri());
    if offset > 0 {
        w.open("file").attr("xmlns", Ns::Sift.uri());
        w.open("range").attr_u64("offset", offset).close("range").close("file");
    }
    open_form(w, "submit", None).open("value").text(method.uri()).close("value");
    close_form(w);
    w.close("si");
}

/// Opens the form up to its one field.
fn open_form<'w, 'o>(w: &'w mut Writer<'o>, form: &str, field: Option<&str>) -> &'w mut Writer<'o> {
    w.open("feature").attr("xmlns", Ns::Fneg.uri());
    w.open("x").attr("xmlns", Ns::Xdata.uri()).attr("type", form);
    w.open("field").attr("var", METHOD_FIELD).attr_opt("type", field)
}

fn close_form(w: &mut Writer<'_>) {
    w.close("field").close("x").close("feature");
}

/// Decimal digits up to 2^63-1 (SI-10, XML-11).
fn parse_number(text: &str) -> Option<u64> {
    if text.is_empty() || text.len() > 19 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|number| *number <= SIZE_MAX)
}

#[cfg(test)]
mod tests;
