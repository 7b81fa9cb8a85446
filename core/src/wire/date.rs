//! XEP-0082 DateTime, as file offers carry it (SI-11).

use core::num::Wrapping;
use nom::bytes::complete::tag;
use nom::sequence::preceded;
use nom::{IResult, Parser as _};

/// Length of a written date: `2024-02-29T12:34:56Z`.
pub const DATE_BYTES: usize = 20;

const DAY: i64 = 86_400;
/// Days from the first of March of year 0 to 1970-01-01.
const EPOCH_DAYS: i64 = 719_468;
/// Days in 400 years.
const ERA_DAYS: i64 = 146_097;

/// Reads a DateTime with its required time zone; seconds since 1970 UTC, a fraction is cut off.
/// `None` for everything else: the owner then sees a file without date.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    let (rest, (year, month, day)) = date(text.as_bytes()).ok()?;
    let (rest, (hour, minute, second)) = preceded(tag("T"), time).parse(rest).ok()?;
    let (rest, offset) = zone(after_fraction(rest)?).ok()?;
    let legal = rest.is_empty()
        && year > 0
        && (1..=12).contains(&month)
        && (1..=month_days(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let (Wrapping(days), [hour, minute, second]) =
        (days(year, month, day), [hour, minute, second].map(Wrapping));
    legal.then(|| {
        let seconds = Wrapping(days) * Wrapping(DAY) + hour * Wrapping(3600) + minute * Wrapping(60) + second;
        (seconds - Wrapping(offset)).0
    })
}

/// Writes seconds since 1970 as DateTime in UTC; `None` outside the years 1 to 9999.
#[must_use]
pub fn write(seconds: i64) -> Option<[u8; DATE_BYTES]> {
    let (day_number, in_day) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let (year, month, day) = civil(day_number)?;
    let mut out = *b"0000-00-00T00:00:00Z";
    let fields = [
        (0, 4, year),
        (5, 2, month),
        (8, 2, day),
        (11, 2, in_day / 3600),
        (14, 2, in_day / 60 % 60),
        (17, 2, in_day % 60),
    ];
    for (start, width, value) in fields {
        let mut rest = value;
        for slot in out.iter_mut().skip(start).take(width).rev() {
            *slot = b'0'.wrapping_add(u8::try_from(rest % 10).unwrap_or(0));
            rest /= 10;
        }
    }
    Some(out)
}

fn digits(count: usize) -> impl Fn(&[u8]) -> IResult<&[u8], i64> {
    move |text| {
        let failed = || nom::Err::Error(nom::error::Error::new(text, nom::error::ErrorKind::Digit));
        // Not `nom::take`: it leaves a panic path in the archive.
        let (digits, rest) = text.split_at_checked(count).ok_or_else(failed)?;
        let mut value = Wrapping(0i64);
        for digit in digits {
            if !digit.is_ascii_digit() {
                return Err(failed());
            }
            value = value * Wrapping(10) + Wrapping(i64::from(digit.wrapping_sub(b'0')));
        }
        Ok((rest, value.0))
    }
}

fn date(text: &[u8]) -> IResult<&[u8], (i64, i64, i64)> {
    (digits(4), preceded(tag("-"), digits(2)), preceded(tag("-"), digits(2))).parse(text)
}

fn time(text: &[u8]) -> IResult<&[u8], (i64, i64, i64)> {
    (digits(2), preceded(tag(":"), digits(2)), preceded(tag(":"), digits(2))).parse(text)
}

/// What follows an optional fraction of a second.
fn after_fraction(text: &[u8]) -> Option<&[u8]> {
    let [b'.', digits @ ..] = text else {
        return Some(text);
    };
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    digits.get(end..).filter(|_| end > 0)
}

/// Offset of the zone in seconds east.
fn zone(text: &[u8]) -> IResult<&[u8], i64> {
    let (sign, rest) = match text {
        [b'Z', rest @ ..] => return Ok((rest, 0)),
        [sign @ (b'+' | b'-'), rest @ ..] => (*sign, rest),
        _ => return Err(nom::Err::Error(nom::error::Error::new(text, nom::error::ErrorKind::OneOf))),
    };
    let (rest, (hour, minute)) = (digits(2), preceded(tag(":"), digits(2))).parse(rest)?;
    if hour > 23 || minute > 59 {
        return Err(nom::Err::Error(nom::error::Error::new(text, nom::error::ErrorKind::Verify)));
    }
    let east = Wrapping(hour) * Wrapping(3600) + Wrapping(minute) * Wrapping(60);
    Ok((rest, if sign == b'-' { 0i64.wrapping_sub(east.0) } else { east.0 }))
}

fn month_days(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970 of a date of the Gregorian calendar, counted in years that begin in March, so that the leap day
/// is the last one.
fn days(year: i64, month: i64, day: i64) -> Wrapping<i64> {
    let year = Wrapping(if month <= 2 { year.wrapping_sub(1) } else { year });
    let month = Wrapping(if month <= 2 { month.wrapping_add(9) } else { month.wrapping_sub(3) });
    let (era, in_era) = (Wrapping(year.0.div_euclid(400)), Wrapping(year.0.rem_euclid(400)));
    let in_year = Wrapping((Wrapping(153) * month + Wrapping(2)).0 / 5) + Wrapping(day) - Wrapping(1);
    let leaps = Wrapping(in_era.0 / 4) - Wrapping(in_era.0 / 100);
    era * Wrapping(ERA_DAYS) + in_era * Wrapping(365) + leaps + in_year - Wrapping(EPOCH_DAYS)
}

/// The inverse of [`days`] for the years 1 to 9999.
fn civil(days_since_1970: i64) -> Option<(i64, i64, i64)> {
    let shifted = days_since_1970.checked_add(EPOCH_DAYS)?;
    let (era, in_era) = (shifted.div_euclid(ERA_DAYS), Wrapping(shifted.rem_euclid(ERA_DAYS)));
    // 1460, 36524 and 146096 days: four years less one day, a century, an era less one day.
    let leaps = Wrapping(in_era.0 / 1460) - Wrapping(in_era.0 / 36_524) + Wrapping(in_era.0 / 146_096);
    let year = Wrapping((in_era - leaps).0 / 365);
    let before = Wrapping(365) * year + Wrapping(year.0 / 4) - Wrapping(year.0 / 100);
    let in_year = in_era - before;
    let month = Wrapping((Wrapping(5) * in_year + Wrapping(2)).0 / 153);
    let day = in_year - Wrapping((Wrapping(153) * month + Wrapping(2)).0 / 5) + Wrapping(1);
    let year = year + Wrapping(era) * Wrapping(400);
    let (year, month) = match month.0 {
        0..=9 => (year, month + Wrapping(3)),
        _ => (year + Wrapping(1), month - Wrapping(9)),
    };
    (1..=9999).contains(&year.0).then_some((year.0, month.0, day.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_any_zone() {
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse("1969-07-21T02:56:15Z"), Some(-14_159_025));
        assert_eq!(parse("1969-07-20T21:56:15-05:00"), Some(-14_159_025));
        assert_eq!(parse("2024-02-29T12:34:56.789+02:00"), Some(1_709_202_896));
        assert_eq!(parse("9999-12-31T23:59:59Z"), Some(253_402_300_799));
        assert_eq!(parse("0001-01-01T00:00:00Z"), Some(-62_135_596_800));
    }

    #[test]
    fn anything_else_is_no_date() {
        let broken = [
            "",
            "2024-02-29",
            "2024-02-29T12:34:56",
            "2023-02-29T12:34:56Z",
            "1900-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-00-01T00:00:00Z",
            "2024-01-00T00:00:00Z",
            "2024-04-31T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:60:00Z",
            "2024-01-01T00:00:60Z",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00+24:00",
            "2024-01-01T00:00:00+2:00",
            "2024-01-01T00:00:00Z ",
            " 2024-01-01T00:00:00Z",
            "2024-1-1T00:00:00Z",
            "+2024-01-01T00:00:00Z",
            "20240101T00:00:00Z",
            "2024-01-01t00:00:00z",
            "0000-01-01T00:00:00Z",
            "2024-01-01T00:00:00\u{e9}",
        ];
        for text in broken {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn written_dates_read_back_the_same() {
        assert_eq!(&write(1_709_202_896).unwrap(), b"2024-02-29T10:34:56Z");
        let mut seconds = -62_135_596_800i64;
        while seconds <= 253_402_300_799 {
            let text = write(seconds).unwrap();
            assert_eq!(parse(core::str::from_utf8(&text).unwrap()), Some(seconds));
            seconds = seconds.checked_add(86_399 * 13 + 7).unwrap();
        }
        assert_eq!(write(253_402_300_800), None);
        assert_eq!(write(-62_135_596_801), None);
        assert_eq!(write(i64::MAX), None);
        assert_eq!(write(i64::MIN), None);
    }
}
