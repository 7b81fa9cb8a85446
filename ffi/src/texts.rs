//! Codes with their English texts, packed for boards: two bytes and the text for each, no pointers.

use core::ffi::c_char;

/// Texts by number.
pub(crate) struct Texts {
    /// The numbers, in the order of the texts.
    pub(crate) codes: &'static [u16],
    /// The texts one after another, each with its NUL.
    pub(crate) all: &'static str,
}

impl Texts {
    /// The text of a number with its NUL, or that of the first one, which stands for unknown numbers.
    pub(crate) fn find(&self, number: u32) -> &'static str {
        let mut rest = self.all;
        for code in self.codes {
            let (text, behind) = rest.split_at_checked(with_nul(rest)).unwrap_or(("\0", ""));
            if u32::from(*code) == number {
                return text;
            }
            rest = behind;
        }
        self.all.get(..with_nul(self.all)).unwrap_or("\0")
    }

    /// As C wants it.
    pub(crate) fn find_c(&self, number: u32) -> *const c_char {
        self.find(number).as_ptr().cast()
    }
}

/// Bytes of the first text with its NUL. Counted by hand: `position` adds with a check that leaves a panic path.
fn with_nul(text: &str) -> usize {
    let mut count = 0usize;
    for byte in text.bytes() {
        count = count.wrapping_add(1);
        if byte == 0 {
            break;
        }
    }
    count
}

/// `texts! { CODE "text", .. }`: the first is the text of unknown numbers.
macro_rules! texts {
    ($unknown:literal, $(($code:ident, $text:literal $(,)?),)*) => {
        $crate::texts::Texts {
            // The numbers are below 1000: `as` keeps them whole.
            codes: &[u16::MAX, $($code as u16,)*],
            all: concat!($unknown, "\0", $($text, "\0",)*),
        }
    };
}

pub(crate) use texts;
