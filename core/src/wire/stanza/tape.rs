//! One first-level element as a flat tree in borrowed memory.
//!
//! Records stand in document order. An element is its kind, namespace, name length, flags, length of the whole record
//! and of the attributes (little endian), then name, attributes and the records of its content. A run of text is its
//! kind, the length of the whole record, then the bytes. An open element keeps the place of its parent where its
//! length will stand, so that nothing beside the tape grows with depth.

use super::record::{
    ATTRIBUTE_HEAD, ATTRIBUTES_AT, ATTRIBUTES_CUT, ELEMENT, FLAGS_AT, OPEN, Record, SIZE_AT, TEXT, TEXT_HEAD,
};
use super::{Element, Ns};
use crate::wire::bytes::copy;
use crate::wire::xml::XmlError;

/// Bytes only a stanza's `<error/>` may use, so that its condition is readable behind any echoed payload.
const RESERVE: usize = 256;

/// How much of the tape a record may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// Half of it: what is only shown to people must not push off the tape what follows (ATK-43).
    Half,
    /// All but the reserve.
    Common,
    /// All.
    Whole,
}

/// What became of character data that follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Run {
    /// Starts a new record.
    New,
    /// Extends the record at this place.
    At(usize),
    /// Is dropped: a piece before it did not fit, and a hole must not be glued over.
    Cut,
}

/// The recorder.
#[derive(Debug)]
pub(super) struct Tape<'a> {
    buf: &'a mut [u8],
    len: usize,
    current: usize,
    run: Run,
    truncated: bool,
}

impl<'a> Tape<'a> {
    pub fn new(buf: &'a mut [u8]) -> Self {
        Self { buf, len: 0, current: 0, run: Run::New, truncated: false }
    }

    pub fn clear(&mut self) {
        (self.len, self.current, self.run, self.truncated) = (0, 0, Run::New, false);
    }

    /// Says that something was left out on purpose.
    pub fn mark_truncated(&mut self) {
        self.truncated = true;
    }

    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Says that attributes of the element just opened were lost before they came here.
    pub fn cut_attributes(&mut self) {
        self.truncated = true;
        self.set(self.current.saturating_add(FLAGS_AT), &[OPEN | ATTRIBUTES_CUT]);
    }

    /// The first element recorded; `oversized`: the limit that it broke on its way here.
    pub fn root(&self, oversized: Option<XmlError>) -> Element<'_> {
        match self.buf.get(..self.len).and_then(Record::split) {
            Some((Record::Element(head), _)) => Element::from_head(head, self.truncated, oversized),
            _ => Element { oversized, ..Element::EMPTY },
        }
    }

    /// Records a start tag; false if it does not fit. Attributes that do not fit are left out one by one.
    pub fn open<'t>(
        &mut self,
        ns: Ns,
        name: &[u8],
        attributes: impl Iterator<Item = (&'t [u8], &'t [u8])>,
        room: Room,
    ) -> bool {
        self.run = Run::New;
        let at = self.len;
        let (Ok(name_len), Ok(parent)) = (u8::try_from(name.len()), u32::try_from(self.current)) else {
            self.truncated = true;
            return false;
        };
        let [p0, p1, p2, p3] = parent.to_le_bytes();
        let head = [ELEMENT, ns.number(), name_len, OPEN, p0, p1, p2, p3, 0, 0, 0, 0];
        if !(self.put(&head, room) && self.put(name, room)) {
            self.len = at;
            self.truncated = true;
            return false;
        }
        let attributes_at = self.len;
        for (name, value) in attributes {
            if !self.attribute(name, value, room) {
                self.truncated = true;
                self.set(at.saturating_add(FLAGS_AT), &[OPEN | ATTRIBUTES_CUT]);
            }
        }
        let size = u32::try_from(self.len.saturating_sub(attributes_at)).unwrap_or(u32::MAX);
        self.set(at.saturating_add(ATTRIBUTES_AT), &size.to_le_bytes());
        self.current = at;
        true
    }

    /// Ends the element that was opened last and is not ended yet.
    pub fn close(&mut self) {
        self.run = Run::New;
        let at = self.current;
        let Some((_, head)) = self.buf.split_at_checked(at) else { return };
        let Some(&[_, _, _, flags, p0, p1, p2, p3]) = head.first_chunk::<TEXT_HEAD>() else { return };
        let parent = u32::from_le_bytes([p0, p1, p2, p3]);
        let size = u32::try_from(self.len.saturating_sub(at)).unwrap_or(u32::MAX);
        self.set(at.saturating_add(FLAGS_AT), &[flags & !OPEN]);
        self.set(at.saturating_add(SIZE_AT), &size.to_le_bytes());
        self.current = usize::try_from(parent).unwrap_or(0);
    }

    /// Records character data of the open element; what does not fit is cut at a character.
    pub fn text(&mut self, text: &str, room: Room) {
        let at = match self.run {
            Run::At(at) => at,
            Run::Cut => return,
            Run::New => {
                if text.is_empty() {
                    return;
                }
                let at = self.len;
                if !self.put(&[TEXT, 0, 0, 0, 0, 0, 0, 0], room) {
                    self.truncated = true;
                    self.run = Run::Cut;
                    return;
                }
                at
            }
        };
        let free = self.limit(room).saturating_sub(self.len);
        let fits = text.get(..text.floor_char_boundary(free)).unwrap_or_default();
        self.put(fits.as_bytes(), room);
        self.run = Run::At(at);
        if fits.len() < text.len() {
            self.truncated = true;
            self.run = Run::Cut;
        }
        let size = u32::try_from(self.len.saturating_sub(at)).unwrap_or(u32::MAX);
        self.set(at.saturating_add(SIZE_AT), &size.to_le_bytes());
    }

    fn attribute(&mut self, name: &[u8], value: &[u8], room: Room) -> bool {
        let (Ok(name_len), Ok(value_len)) = (u8::try_from(name.len()), u16::try_from(value.len())) else {
            return false;
        };
        let [low, high] = value_len.to_le_bytes();
        let name_at = self.len.saturating_add(ATTRIBUTE_HEAD);
        let value_at = name_at.saturating_add(name.len());
        let end = value_at.saturating_add(value.len());
        if end > self.limit(room) {
            return false;
        }
        let head: [u8; ATTRIBUTE_HEAD] = [name_len, low, high];
        self.set(self.len, &head);
        // In this order: what a copy leaves behind its piece is overwritten by the next.
        copy(self.buf.get_mut(name_at..).unwrap_or_default(), name, name.len());
        copy(self.buf.get_mut(value_at..).unwrap_or_default(), value, value.len());
        self.len = end;
        true
    }

    fn limit(&self, room: Room) -> usize {
        match room {
            Room::Half => self.buf.len() / 2,
            Room::Common => self.buf.len().saturating_sub(RESERVE),
            Room::Whole => self.buf.len(),
        }
    }

    fn put(&mut self, bytes: &[u8], room: Room) -> bool {
        let end = self.len.saturating_add(bytes.len());
        if end > self.limit(room) {
            return false;
        }
        self.set(self.len, bytes);
        self.len = end;
        true
    }

    fn set(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.buf.get_mut(at..).and_then(|rest| rest.get_mut(..bytes.len())) {
            place.copy_from_slice(bytes);
        }
    }
}
