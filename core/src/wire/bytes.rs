//! Bytes moved inside one buffer and between two.

use core::cell::Cell;
use core::ops::Range;

/// Moves `from` down to the index `to`, which is not above its start; nothing happens outside the buffer.
///
/// Byte by byte on purpose: `copy_within` leaves a panic path where its range cannot be proven.
pub(crate) fn move_down(bytes: &mut [u8], from: Range<usize>, to: usize) {
    let shift = from.start.saturating_sub(to);
    let region = bytes.get_mut(to..from.end).unwrap_or_default();
    let cells = Cell::from_mut(region).as_slice_of_cells();
    for (target, source) in cells.iter().zip(cells.iter().skip(shift)) {
        target.set(source.get());
    }
}

/// Copies `len` bytes in blocks of fixed size while both sides have a whole one: what lies behind the piece is
/// overwritten next, and a block costs less than a call.
#[inline]
pub(crate) fn copy(to: &mut [u8], from: &[u8], len: usize) {
    let mut done = 0usize;
    while done < len {
        let block = to.get_mut(done..).and_then(|to| to.first_chunk_mut::<16>());
        let source = from.get(done..).and_then(|from| from.first_chunk());
        let (Some(block), Some(source)) = (block, source) else { break };
        *block = *source;
        done = done.wrapping_add(16);
    }
    let rest = to.get_mut(done..len).unwrap_or_default();
    for (to, from) in rest.iter_mut().zip(from.get(done..).unwrap_or_default()) {
        *to = *from;
    }
}

/// Copies as much of `from` as fits into the start of `to`; returns the length.
pub(crate) fn copy_prefix(to: &mut [u8], from: &[u8]) -> usize {
    let length = to.len().min(from.len());
    if let (Some(to), Some(from)) = (to.get_mut(..length), from.get(..length)) {
        to.copy_from_slice(from);
    }
    length
}

#[cfg(test)]
mod tests {
    use super::move_down;

    #[test]
    fn a_range_moves_over_itself_and_nothing_else_changes() {
        let mut bytes = *b"0123456789";
        move_down(&mut bytes, 4..9, 1);
        assert_eq!(&bytes, b"0456786789");
    }

    #[test]
    #[allow(clippy::reversed_empty_ranges)] // that is the case
    fn a_range_outside_the_buffer_moves_nothing() {
        let mut bytes = *b"0123";
        move_down(&mut bytes, 2..5, 0);
        move_down(&mut bytes, 4..2, 1);
        move_down(&mut bytes, 2..2, 2);
        assert_eq!(&bytes, b"0123");
    }
}
