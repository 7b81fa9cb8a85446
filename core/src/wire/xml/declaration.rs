//! The XML declaration `<?xml version='1.0' encoding='UTF-8'?>` (XML-01).

use super::XmlError;
use super::chars::{self, NAME, SPACE, VALUE};

/// More bytes than any honest declaration has.
pub(super) const MAX_BYTES: usize = 255;

/// Checks what stood between `<?` and `>`, both left out.
pub(super) fn check(bytes: &[u8]) -> Result<(), XmlError> {
    let bad = XmlError::NotWellFormed;
    let body = bytes.strip_prefix(b"xml").ok_or(bad)?;
    let body = body.strip_suffix(b"?").ok_or(bad)?;
    let (version, rest) = pair(body, b"version")?.ok_or(bad)?;
    if version != b"1.0" {
        return Err(bad);
    }
    let (encoding, rest) = pair(rest, b"encoding")?.unwrap_or((b"UTF-8", rest));
    let standalone = pair(rest, b"standalone")?;
    let (standalone, rest) = standalone.unwrap_or((b"no", rest));
    if !matches!(standalone, b"yes" | b"no") || !skip_space(rest).is_empty() {
        return Err(bad);
    }
    if encoding.eq_ignore_ascii_case(b"UTF-8") { Ok(()) } else { Err(XmlError::UnsupportedEncoding) }
}

/// A value and what follows it.
type Pair<'b> = (&'b [u8], &'b [u8]);

/// White space, `name`, `=`, quoted value. None if another name or nothing follows.
fn pair<'b>(bytes: &'b [u8], name: &[u8]) -> Result<Option<Pair<'b>>, XmlError> {
    let bad = XmlError::NotWellFormed;
    let body = skip_space(bytes);
    let Some(rest) = body.strip_prefix(name) else {
        return Ok(None);
    };
    if body.len() == bytes.len() || rest.first().is_some_and(|b| chars::is(*b, NAME)) {
        return Err(bad);
    }
    let rest = skip_space(rest).strip_prefix(b"=").ok_or(bad)?;
    let (&quote, rest) = skip_space(rest).split_first().ok_or(bad)?;
    if !matches!(quote, b'\'' | b'"') {
        return Err(bad);
    }
    let end = rest.iter().position(|b| !chars::is(*b, VALUE)).ok_or(bad)?;
    let (value, rest) = rest.split_at_checked(end).ok_or(bad)?;
    let rest = rest.strip_prefix(&[quote]).ok_or(bad)?;
    Ok(Some((value, rest)))
}

fn skip_space(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|b| !chars::is(*b, SPACE));
    start.and_then(|at| bytes.get(at..)).unwrap_or_default()
}
