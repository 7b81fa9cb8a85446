//! Bytes between a stream and the one it is joined with.

/// A buffer that is filled by one socket's reads and emptied by the other's writes, so that no byte is copied between.
#[derive(Debug)]
pub(super) struct Stretch {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Stretch {
    pub fn new(capacity: usize) -> Self {
        Self { bytes: vec![0; capacity], start: 0, end: 0 }
    }

    /// Where the next bytes go; say with [`Stretch::filled`] how many came.
    pub fn room(&mut self) -> &mut [u8] {
        &mut self.bytes[self.end..]
    }

    pub fn has_room(&self) -> bool {
        self.end < self.bytes.len()
    }

    pub fn filled(&mut self, count: usize) {
        self.end = (self.end + count).min(self.bytes.len());
    }

    /// What came and was not taken.
    pub fn waiting(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// The first `count` bytes of it were taken.
    pub fn taken(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
        if self.start == self.end {
            self.clear();
        }
    }

    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    pub fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
    }
}
