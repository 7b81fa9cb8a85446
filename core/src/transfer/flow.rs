//! A file's bytes on their way, either role: the one place that moves offsets and hashes bytes.
//!
//! ```text
//! 0 ..prefix.. start ..safe.. moved .. end      start <= safe <= moved <= end, and none of them goes back
//! ```

use crate::transfer::digest::{Digest, Verdict};

/// What is agreed to go, and how far it is. Offsets are those of the file.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    /// First byte of the range on the way.
    start: u64,
    /// One past its last byte.
    end: u64,
    /// Sent or received up to here.
    moved: u64,
    /// Acknowledged (sender) or stored (receiver) up to here.
    safe: u64,
    /// Receiver of a range: bytes before it that are hashed already.
    hashed: u64,
    digest: Digest,
}

impl Flow {
    /// Nothing.
    pub(crate) const EMPTY: Self =
        Self { start: 0, end: 0, moved: 0, safe: 0, hashed: 0, digest: Digest::None };

    /// All of a file of that size; it is not agreed yet.
    pub(crate) const fn whole(size: u64) -> Self {
        Self { end: size, ..Self::EMPTY }
    }

    /// The range that was agreed; nothing of it went yet.
    pub(crate) fn agree(&mut self, start: u64, end: u64, digest: Digest) {
        *self = Self { start, end, moved: start, safe: start, hashed: 0, digest };
    }

    pub(crate) const fn start(&self) -> u64 {
        self.start
    }

    pub(crate) const fn end(&self) -> u64 {
        self.end
    }

    pub(crate) const fn moved(&self) -> u64 {
        self.moved
    }

    pub(crate) const fn safe(&self) -> u64 {
        self.safe
    }

    /// Bytes of the range.
    pub(crate) const fn length(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Bytes that did not go or come yet.
    pub(crate) const fn left(&self) -> u64 {
        self.end.saturating_sub(self.moved)
    }

    /// Bytes that went or came, and are not safe yet.
    pub(crate) const fn in_flight(&self) -> u64 {
        self.moved.saturating_sub(self.safe)
    }

    /// A byte went or came.
    pub(crate) const fn has_begun(&self) -> bool {
        self.moved != self.start
    }

    /// The last byte went or came.
    pub(crate) const fn is_through(&self) -> bool {
        self.moved == self.end
    }

    /// Everything that went or came is safe.
    pub(crate) const fn is_caught_up(&self) -> bool {
        self.safe == self.moved
    }

    /// The last byte is safe.
    pub(crate) const fn is_safe(&self) -> bool {
        self.safe == self.end
    }

    /// Everything before the range is hashed, if a hash runs.
    pub(crate) const fn knows_prefix(&self) -> bool {
        self.hashed == self.start
    }

    /// Sender: the next bytes went.
    pub(crate) fn went(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        self.moved = self.moved.saturating_add(length(bytes));
    }

    /// Sender: the owner moved the bytes before `upto` itself, so that no hash knows them.
    pub(crate) fn went_unseen(&mut self, upto: u64) {
        self.digest = Digest::None;
        self.moved = self.moved.max(upto);
    }

    /// Receiver: the next bytes came; they are hashed if everything before them was.
    pub(crate) fn came(&mut self, bytes: &[u8]) {
        if !self.has_begun() && !self.knows_prefix() {
            self.digest = Digest::None;
        }
        self.went(bytes);
    }

    /// What went or came before `upto` is acknowledged, or stored.
    pub(crate) fn save(&mut self, upto: u64) {
        self.safe = self.safe.max(upto.min(self.moved));
    }

    /// Receiver: the next bytes of what it has of the file before the range; `false`: they are not the next, or more
    /// than that.
    pub(crate) fn show_prefix(&mut self, offset: u64, bytes: &[u8]) -> bool {
        let end = offset.checked_add(length(bytes)).filter(|end| *end <= self.start);
        let Some(end) = end.filter(|_| offset == self.hashed) else { return false };
        self.digest.update(bytes);
        self.hashed = end;
        true
    }

    /// SHA-256 of the bytes that passed, if that hash runs.
    pub(crate) fn sha256(&self) -> Option<[u8; 32]> {
        self.digest.sha256()
    }

    /// Compares the whole file with what was announced.
    pub(crate) fn verify(&self, sha256: Option<&[u8; 32]>, md5: Option<&[u8; 16]>) -> Verdict {
        if self.knows_prefix() { self.digest.verify(sha256, md5) } else { Verdict::Nothing }
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(start: u64, end: u64) -> Flow {
        let mut flow = Flow::EMPTY;
        flow.agree(start, end, Digest::start(true, false));
        flow
    }

    fn hash(bytes: &[u8]) -> Option<[u8; 32]> {
        let mut digest = Digest::start(true, false);
        digest.update(bytes);
        digest.sha256()
    }

    #[test]
    fn what_went_is_hashed_and_moves_the_offset() {
        let mut flow = of(0, 5);
        flow.went(b"abc");
        assert_eq!((flow.moved(), flow.left(), flow.in_flight()), (3, 2, 3));
        flow.went(b"de");
        assert!(flow.is_through() && !flow.is_safe());
        assert_eq!(flow.sha256(), hash(b"abcde"));
    }

    #[test]
    fn only_what_moved_can_be_safe_and_never_less_than_before() {
        let mut flow = of(0, 5);
        flow.went(b"abc");
        flow.save(2);
        flow.save(1);
        assert_eq!(flow.safe(), 2);
        flow.save(9);
        assert_eq!(flow.safe(), 3);
        assert!(flow.is_caught_up() && !flow.is_safe());
    }

    #[test]
    fn si_25_a_range_is_verified_only_behind_its_whole_prefix() {
        let (mut shown, mut not) = (of(3, 5), of(3, 5));
        assert!(shown.show_prefix(0, b"ab") && shown.show_prefix(2, b"c"));
        assert!(!shown.show_prefix(3, b"d"), "that is no prefix any more");
        assert!(!not.show_prefix(1, b"b"), "that is not the next byte");
        for flow in [&mut shown, &mut not] {
            flow.came(b"de");
        }
        assert_eq!(shown.verify(hash(b"abcde").as_ref(), None), Verdict::Match);
        assert_eq!(shown.verify(hash(b"abcdx").as_ref(), None), Verdict::Mismatch);
        assert_eq!(not.verify(hash(b"abcde").as_ref(), None), Verdict::Nothing);
    }

    #[test]
    fn bytes_that_the_owner_moved_itself_leave_no_hash() {
        let mut flow = of(0, 5);
        flow.went(b"ab");
        flow.went_unseen(5);
        assert!(flow.is_through());
        assert_eq!(flow.sha256(), None);
    }
}
