//! Times as CRMs write them, to µs UTC.
//!
//! RFC 3339 and its relatives, dates, local date-times, and milliseconds since 1970. Nothing is guessed: 03/11/2026 is refused,
//! for it is a day in March to some.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// From 2001 on, milliseconds have twelve digits or more; no year has.
const MS_DIGITS_MIN: usize = 12;

/// The moment that a text means, in µs UTC; `None` when it means none. A time without an offset is local; a date is the
/// beginning of its day.
pub(crate) fn parse(text: &str, zone: &TimeZone) -> Option<i64> {
    let text = text.trim();
    if text.len() >= MS_DIGITS_MIN && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let ms = text.parse::<i64>().ok()?;
        return Timestamp::from_millisecond(ms).ok().map(|at| at.as_microsecond());
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_microsecond());
    }
    let local: DateTime = text.parse().ok()?;
    zone.to_ambiguous_zoned(local).compatible().ok().map(|at| at.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects cohorts from being counted a day off, and from days that were guessed.
    #[test]
    fn times_are_read_as_they_are_meant() {
        let oslo = TimeZone::get("Europe/Oslo").unwrap();
        let us = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
        for (text, expected) in [
            ("2026-11-03T10:00:00Z", "2026-11-03T10:00:00Z"),
            ("2026-11-03T10:00:00.123+01:00", "2026-11-03T09:00:00.123Z"),
            ("2026-11-03 10:00", "2026-11-03T09:00:00Z"),
            ("2026-07-03T10:00:00", "2026-07-03T08:00:00Z"),
            (" 2026-11-03 ", "2026-11-02T23:00:00Z"),
            ("1793664000000", "2026-11-03T00:00:00Z"),
            // Twice that night: the first.
            ("2026-10-25 02:30", "2026-10-25T00:30:00Z"),
        ] {
            assert_eq!(parse(text, &oslo), Some(us(expected)), "{text}");
        }
        for text in ["", "03/11/2026", "3.11.2026", "soon", "2026-13-01", "20261103x", "anna@acme.example"] {
            assert_eq!(parse(text, &oslo), None, "{text}");
        }
    }
}
