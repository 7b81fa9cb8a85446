//! Bytes moved inside one buffer.

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
