//! Which characters belong to the one before them, so that a name is never cut between the two.

/// Marks of all scripts below U+20000 (Unicode 18), and the vowels and finals of Hangul written in parts, as ranges: how
/// many characters to skip, in seven bits or in fifteen with the highest set, then how many follow that are. Gaps of one
/// or two characters are taken in, which makes a cut come a little earlier there.
#[rustfmt::skip]
const RANGES: [u8; 528] = [
    131, 0, 112, 129, 19, 7, 129, 7, 57, 70, 11, 48, 21, 16, 1, 101, 24, 35, 1, 30, 27, 91, 11, 58, 9, 9, 1,
    24, 24, 43, 3, 59, 9, 42, 58, 54, 30, 10, 2, 29, 3, 56, 18, 9, 1, 10, 2, 26, 6, 56, 7, 4, 7, 3, 1, 30, 2,
    3, 1, 11, 3, 56, 18, 20, 2, 22, 10, 56, 18, 5, 5, 10, 2, 30, 1, 59, 5, 3, 8, 9, 1, 40, 5, 55, 18, 7, 2,
    11, 2, 29, 3, 56, 18, 7, 2, 11, 2, 15, 1, 12, 4, 55, 19, 9, 1, 10, 2, 29, 3, 70, 1, 4, 17, 18, 2, 61, 10,
    12, 8, 98, 12, 11, 7, 73, 2, 27, 5, 4, 2, 49, 23, 5, 48, 9, 1, 100, 20, 23, 4, 4, 16, 3, 4, 13, 14, 10, 4,
    128, 194, 160, 129, 93, 3, 131, 178, 4, 28, 3, 29, 2, 30, 2, 64, 32, 9, 1, 45, 5, 117, 2, 34, 1, 118, 12,
    4, 12, 128, 219, 5, 57, 43, 48, 65, 15, 5, 47, 17, 38, 9, 12, 3, 30, 13, 56, 14, 48, 20, 128, 152, 25, 4,
    1, 6, 6, 128, 198, 64, 130, 208, 33, 139, 254, 3, 128, 141, 1, 96, 32, 130, 42, 6, 105, 2, 245, 212, 15,
    32, 2, 80, 2, 129, 16, 1, 3, 1, 4, 1, 23, 5, 4, 1, 83, 2, 50, 18, 26, 18, 13, 1, 38, 8, 25, 13, 44, 4, 47,
    14, 36, 1, 67, 14, 12, 1, 8, 2, 45, 3, 50, 9, 5, 4, 41, 5, 5, 2, 128, 236, 11, 171, 194, 76, 163, 34, 1,
    130, 225, 16, 16, 16, 131, 205, 1, 128, 226, 1, 128, 149, 5, 134, 134, 6, 5, 4, 40, 3, 4, 1, 128, 165, 2,
    130, 61, 4, 65, 5, 129, 61, 2, 30, 5, 32, 16, 70, 11, 49, 4, 122, 3, 53, 15, 41, 5, 10, 4, 45, 11, 7, 1,
    61, 3, 36, 14, 16, 2, 44, 1, 12, 3, 48, 14, 8, 7, 92, 12, 6, 4, 128, 157, 12, 21, 4, 55, 19, 9, 1, 10, 11,
    3, 5, 67, 27, 14, 2, 82, 18, 23, 1, 81, 20, 128, 235, 18, 27, 2, 82, 17, 106, 13, 101, 15, 129, 0, 15,
    128, 245, 20, 128, 141, 16, 3, 1, 28, 10, 40, 12, 8, 1, 9, 11, 46, 16, 128, 198, 8, 128, 199, 17, 82, 37,
    122, 6, 3, 14, 66, 14, 88, 1, 129, 2, 4, 9, 4, 48, 7, 3, 5, 23, 1, 148, 229, 1, 6, 15, 172, 200, 18, 137,
    192, 5, 59, 7, 132, 24, 57, 7, 4, 81, 1, 11, 2, 204, 171, 2, 146, 97, 71, 129, 224, 2, 60, 5, 3, 6, 8, 17,
    30, 4, 128, 148, 3, 11, 3, 8, 5, 32, 2, 135, 126, 55, 4, 50, 8, 1, 14, 1, 22, 21, 133, 80, 43, 100, 1,
    128, 160, 7, 129, 119, 1, 61, 4, 129, 252, 4, 128, 254, 2, 128, 243, 4, 7, 2, 5, 1, 129, 218, 7, 109, 7,
];

/// Whether the character is a mark of the one before it.
pub(super) fn joins(c: char) -> bool {
    let c = u32::from(c);
    // Most names have none. The last range selects variants.
    if !(0x300..0x20000).contains(&c) {
        return matches!(c, 0xe0100..=0xe01ef);
    }
    let (mut at, mut bytes) = (0u32, RANGES.iter().map(|byte| u32::from(*byte)));
    while let Some(skip) = bytes.next() {
        let more = if skip & 0x80 == 0 { None } else { bytes.next() };
        at = at.saturating_add(more.map_or(skip, |low| (skip & 0x7f) << 8 | low));
        let end = at.saturating_add(bytes.next().unwrap_or(0));
        if c < end {
            return c >= at;
        }
        at = end;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::joins;
    use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

    #[test]
    fn every_mark_of_every_script_belongs_to_what_is_before_it() {
        let mut others = 0;
        for c in '\0'..=char::MAX {
            let mark = c.general_category_group() == GeneralCategoryGroup::Mark;
            let hangul = matches!(c, '\u{1160}'..='\u{11ff}' | '\u{d7b0}'..='\u{d7fb}');
            assert!(joins(c) || !(mark || hangul), "U+{:04X} is torn off", u32::from(c));
            others += u32::from(joins(c) && !mark && !hangul);
        }
        assert!(others < 150, "{others} characters are taken for marks");
    }

    #[test]
    fn letters_begin_anew() {
        for c in ['a', 'ö', 'ก', 'अ', '한', '漢', 'ع', '\u{1f600}', '.', '_', '0'] {
            assert!(!joins(c), "{c}");
        }
    }
}
