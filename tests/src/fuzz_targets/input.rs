//! Takes the input of a fuzz target apart, and the stanzas it made.

/// Takes the input apart.
pub(super) struct Input<'b>(pub(super) &'b [u8]);

impl<'b> Input<'b> {
    pub(super) fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    pub(super) fn bytes(&mut self, count: usize) -> &'b [u8] {
        let (bytes, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        bytes
    }

    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::from(self.byte()) % of.len()]
    }
}

/// The first attribute of that name; empty when there is none.
pub(super) fn attr<'s>(text: &'s str, name: &str) -> &'s str {
    let Some(start) = text.find(&format!(" {name}='")) else { return "" };
    text[start + name.len() + 3..].split('\'').next().unwrap_or_default()
}
