//! File names from the wire made harmless (ATK-40). They are data, never paths.

mod marks;

use self::marks::joins;
use crate::config::NAME_BYTES;
use crate::wire::jid::{concat, split_at_byte};

/// A harmless file name.
pub type Name = heapless::String<NAME_BYTES>;

/// Device names that some systems give a meaning to, whatever the extension.
const RESERVED: &[&str] = &["con", "prn", "aux", "nul", "com", "lpt", "conin$", "conout$"];

/// Longest extension that is kept when a name is cut, bytes; longer ones are a part of the name with a dot in it.
const EXTENSION_BYTES: usize = 16;
/// Longest first part of an extension in two parts, such as `.tar.gz` and `.nii.gz`, bytes.
const FIRST_PART_BYTES: usize = 4;

/// The last component of `raw` as a name that does no harm on any system; the same if it is one already.
///
/// Letters, marks, digits and punctuation of every script stay. `_` takes the place of what separates (`/ \ :`), of what
/// some system forbids in a name (`" * < > ? |`), and of what nobody sees or what a screen obeys: controls, formats
/// (bidirectional, of width zero), separators of lines, private use. No dot is left at the front, no dot or space at
/// either end. A device name gets `_` in front. At most [`NAME_BYTES`] bytes: a longer name loses the end of its stem,
/// never between a letter and its marks, and keeps its extension. `file` when nothing of `raw` is left.
pub fn harmless(raw: &str) -> Name {
    let last = raw.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or("");
    let kept = last.trim_start_matches(is_edge).trim_end_matches(is_edge);
    if kept.chars().all(|c| c == '_' || is_harmful(c)) && (kept.is_empty() || kept.contains(is_harmful)) {
        return concat(&["file"]).unwrap_or_default();
    }
    let name = shortened(kept, NAME_BYTES);
    if !is_reserved(&name) {
        return name;
    }
    concat(&["_", &shortened(kept, NAME_BYTES.saturating_sub(1))]).unwrap_or(name)
}

/// A character that no name begins or ends with: systems drop it, or nobody sees it.
fn is_edge(c: char) -> bool {
    matches!(
        c,
        '.' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

/// A character that can do harm in a name; everything else stays. What is not assigned yet is somebody's letter one day.
fn is_harmful(c: char) -> bool {
    matches!(
        c,
        '/' | '\\' | ':' | '"' | '*' | '<' | '>' | '?' | '|'
        | '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
        | '\u{890}' | '\u{891}' | '\u{8e2}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        // Letters and signs that are blank.
        | '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}'
        | '\u{2060}'..='\u{206f}' | '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{feff}'
        | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e00ff}' | '\u{f0000}'..
    ) || u32::from(c) & 0xfffe == 0xfffe
}

/// `kept` with `_` for what is harmful, its stem cut so that all of it has `room` bytes.
fn shortened(kept: &str, room: usize) -> Name {
    let (stem, extension) = kept.split_at_checked(extension_at(kept)).unwrap_or((kept, ""));
    let room = room.saturating_sub(extension.len());
    let (mut bytes, mut whole) = (heapless::Vec::new(), 0usize);
    for c in stem.chars() {
        let c = if is_harmful(c) { '_' } else { c };
        if !joins(c) {
            whole = bytes.len();
        }
        if bytes.len().saturating_add(c.len_utf8()) > room {
            // A character that is nothing but marks is cut all the same.
            if whole > 0 {
                bytes.truncate(whole);
            }
            break;
        }
        push(&mut bytes, c);
    }
    if extension.is_empty() {
        // The cut may have come behind one of these.
        let end = core::str::from_utf8(&bytes).unwrap_or("").trim_end_matches(is_edge).len();
        bytes.truncate(end);
    }
    extension.chars().for_each(|c| push(&mut bytes, if is_harmful(c) { '_' } else { c }));
    heapless::String::from_utf8(bytes).unwrap_or_default()
}

/// Byte by byte for the reason `jid::concat` gives.
fn push(bytes: &mut heapless::Vec<u8, NAME_BYTES>, c: char) {
    c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| {
        let _ = bytes.push(byte);
    });
}

/// Where the extension begins, with its dot; the end if there is none.
fn extension_at(name: &str) -> usize {
    let part = |end: usize, most: usize| {
        let dot = memchr::memrchr(b'.', name.as_bytes().get(..end)?)?;
        let bytes = end.saturating_sub(dot).saturating_sub(1);
        (dot > 0 && (1..=most).contains(&bytes)).then_some(dot)
    };
    let Some(last) = part(name.len(), EXTENSION_BYTES) else { return name.len() };
    part(last, FIRST_PART_BYTES).unwrap_or(last)
}

/// Whether a system may read the name as a device.
fn is_reserved(name: &str) -> bool {
    let stem = split_at_byte(name, b'.').map_or(name, |(stem, _)| stem).trim_end_matches(' ');
    // Some take a raised digit for a digit.
    let digitless = stem
        .strip_suffix(|c: char| c.is_ascii_digit() || matches!(c, '\u{b9}' | '\u{b2}' | '\u{b3}'))
        .unwrap_or(stem);
    RESERVED.iter().any(|word| {
        let numbered = matches!(*word, "com" | "lpt");
        if numbered {
            stem.len() != digitless.len() && digitless.eq_ignore_ascii_case(word)
        } else {
            stem.eq_ignore_ascii_case(word)
        }
    })
}

#[cfg(test)]
mod tests;
