//! Answers that wait to be transmitted: whole stanzas, in order, in lent memory.

use crate::wire::bytes::{copy_prefix, move_down};
use crate::wire::xml::{WriteError, Writer};

/// Bytes in front of each stanza that tell its length.
const HEAD_BYTES: usize = 4;

/// A queue of whole stanzas.
#[derive(Debug)]
pub(crate) struct Outbox<'a> {
    bytes: &'a mut [u8],
    len: usize,
}

impl<'a> Outbox<'a> {
    pub(crate) fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, len: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of stanza that fit now.
    pub(crate) fn room(&self) -> usize {
        self.bytes.len().saturating_sub(self.len).saturating_sub(HEAD_BYTES)
    }

    /// Bytes of stanza that would fit if the queue were empty.
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.len().saturating_sub(HEAD_BYTES)
    }

    /// Appends what `write` writes, whole or not at all.
    pub(crate) fn push(&mut self, write: impl FnOnce(&mut Writer<'_>)) -> Result<(), WriteError> {
        let start = self.len.saturating_add(HEAD_BYTES);
        let Some(space) = self.bytes.get_mut(start..) else {
            return Err(WriteError::NoSpace { needed: start });
        };
        let mut writer = Writer::new(space);
        write(&mut writer);
        let written = writer.finish()?;
        let head = u32::try_from(written).unwrap_or(u32::MAX).to_le_bytes();
        if let Some(place) = self.bytes.get_mut(self.len..start) {
            place.iter_mut().zip(head).for_each(|(to, from)| *to = from);
        }
        self.len = start.saturating_add(written);
        Ok(())
    }

    /// Moves whole stanzas into `out`: as many as fit, or the first alone when `one`. Nothing else may come between
    /// the bytes of a stanza, so none is ever cut.
    ///
    /// # Errors
    /// The length of the first stanza when it does not fit; nothing moves.
    pub(crate) fn drain(&mut self, out: &mut [u8], one: bool) -> Result<usize, usize> {
        let mut moved: usize = 0;
        let mut read: usize = 0;
        while read < self.len {
            let body = read.saturating_add(HEAD_BYTES);
            let length = self.bytes.get(read..body).map_or(0, le32);
            let end = body.saturating_add(length);
            let stanza = self.bytes.get(body..end).unwrap_or(&[]);
            let space = out.get_mut(moved..).unwrap_or(&mut []);
            if space.len() < stanza.len() {
                if moved == 0 {
                    return Err(stanza.len());
                }
                break;
            }
            moved = moved.saturating_add(copy_prefix(space, stanza));
            read = end;
            if one {
                break;
            }
        }
        self.forget(read);
        Ok(moved)
    }

    /// Drops everything, for a stream that is gone.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    fn forget(&mut self, upto: usize) {
        if upto > 0 {
            move_down(self.bytes, upto..self.len, 0);
            self.len = self.len.saturating_sub(upto);
        }
    }
}

fn le32(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |sum: usize, byte| sum.wrapping_shl(8) | usize::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(outbox: &mut Outbox<'_>, text: &str) -> Result<(), WriteError> {
        outbox.push(|w| {
            w.raw(text);
        })
    }

    #[test]
    fn a_stanza_goes_in_whole_or_not_at_all() {
        let mut memory = [0; 20];
        let mut outbox = Outbox::new(&mut memory);
        push(&mut outbox, "<a></a>").unwrap();
        assert!(push(&mut outbox, "<bbbbbb/>").is_err());
        let mut out = [0; 64];
        assert_eq!(outbox.drain(&mut out, false), Ok(7));
        assert_eq!(&out[..7], b"<a></a>");
        assert!(outbox.is_empty());
    }

    #[test]
    fn stanzas_come_out_whole_and_in_order_whatever_the_output_size() {
        for size in 0..20 {
            let mut memory = [0; 64];
            let mut outbox = Outbox::new(&mut memory);
            push(&mut outbox, "<a></a>").unwrap();
            push(&mut outbox, "<bb/>").unwrap();
            let mut out = std::vec![0; size];
            let want: &[u8] = match size {
                0..7 => b"",
                7..12 => b"<a></a>",
                _ => b"<a></a><bb/>",
            };
            match outbox.drain(&mut out, false) {
                Ok(count) => assert_eq!(&out[..count], want, "size {size}"),
                Err(needed) => assert!(needed == 7 && size < 7),
            }
            let mut rest = [0; 64];
            let count = outbox.drain(&mut rest, false).unwrap();
            assert_eq!([want, &rest[..count]].concat(), b"<a></a><bb/>", "size {size}");
        }
    }

    #[test]
    fn a_host_gets_one_whole_stanza_at_a_time() {
        let mut memory = [0; 64];
        let mut outbox = Outbox::new(&mut memory);
        push(&mut outbox, "<a></a>").unwrap();
        push(&mut outbox, "<bb/>").unwrap();
        assert_eq!(outbox.drain(&mut [0; 6], true), Err(7));
        let mut out = [0; 64];
        assert_eq!(outbox.drain(&mut out, true), Ok(7));
        assert_eq!(outbox.drain(&mut out, true), Ok(5));
        assert_eq!(&out[..5], b"<bb/>");
    }
}
