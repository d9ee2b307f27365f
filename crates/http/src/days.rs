//! Local days and moments, both ways.
//!
//! A platform reports by the day of its account's timezone; the wire has periods in µs UTC. Where the account's days
//! are not the company's, nothing here pretends that they are: [`same_days`] tells.

use gevinst_sdk::Error;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// Days that [`between`] goes at most.
const DAYS_MAX: usize = 10_000;

/// The timezone of an IANA name.
///
/// # Errors
/// [`gevinst_sdk::Code::BadConfig`] at `field`.
pub fn zone(field: &str, name: &str) -> Result<TimeZone, Error> {
    TimeZone::get(name).map_err(|_| {
        Error::bad_config(field, format!("`{name}` is not a timezone; expected a name such as `Europe/Oslo`"))
    })
}

/// When a day begins, in µs UTC. Where midnight is left out of a day, its first moment.
///
/// # Errors
/// [`gevinst_sdk::Code::BadRequest`] for days beyond the calendar.
pub fn start_us(date: Date, zone: &TimeZone) -> Result<i64, Error> {
    let start = date.to_zoned(zone.clone()).and_then(|day| day.start_of_day());
    start.map(|start| start.timestamp().as_microsecond()).map_err(|_| beyond())
}

/// The day that a moment belongs to.
///
/// # Errors
/// [`gevinst_sdk::Code::BadRequest`] for moments beyond the calendar.
pub fn date_of(at_us: i64, zone: &TimeZone) -> Result<Date, Error> {
    let at = Timestamp::from_microsecond(at_us).map_err(|_| beyond())?;
    Ok(at.to_zoned(zone.clone()).date())
}

/// The days that lie wholly in `from_us..to_us`.
///
/// # Errors
/// [`gevinst_sdk::Code::BadRequest`] for moments beyond the calendar, or more than 10,000 days.
pub fn between(from_us: i64, to_us: i64, zone: &TimeZone) -> Result<Vec<Date>, Error> {
    let mut days = Vec::new();
    let mut day = date_of(from_us, zone)?;
    if start_us(day, zone)? < from_us {
        day = next(day)?;
    }
    while start_us(next(day)?, zone)? <= to_us {
        if days.len() == DAYS_MAX {
            return Err(Error::bad_request("/to_us", format!("more than {DAYS_MAX} days")));
        }
        days.push(day);
        day = next(day)?;
    }
    Ok(days)
}

/// The day after.
///
/// # Errors
/// [`gevinst_sdk::Code::BadRequest`] at the calendar's end.
pub fn next(date: Date) -> Result<Date, Error> {
    date.tomorrow().map_err(|_| beyond())
}

/// Whether days begin at the same moments in two timezones, over the year around a moment.
///
/// # Errors
/// As [`start_us`].
pub fn same_days(one: &TimeZone, other: &TimeZone, around_us: i64) -> Result<bool, Error> {
    let middle = date_of(around_us, one)?;
    for days in -190..=190_i64 {
        let date = middle.checked_add(days.days()).map_err(|_| beyond())?;
        if start_us(date, one)? != start_us(date, other)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn beyond() -> Error {
    Error::bad_request("", "a day beyond the calendar")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oslo() -> TimeZone {
        zone("/timezone", "Europe/Oslo").unwrap()
    }

    /// Protects periods over the change of the clock: such a day has 25 hours and is one day.
    #[test]
    fn days_have_their_own_lengths() {
        let (day, after) = (jiff::civil::date(2026, 10, 25), jiff::civil::date(2026, 10, 26));
        let (start, end) = (start_us(day, &oslo()).unwrap(), start_us(after, &oslo()).unwrap());
        assert_eq!(end - start, 25 * 3_600_000_000);
        assert_eq!(date_of(end - 1, &oslo()).unwrap(), day);
        assert_eq!(between(start, end, &oslo()).unwrap(), [day]);
        assert_eq!(between(start + 1, end, &oslo()).unwrap(), []);
        assert_eq!(between(start, end - 1, &oslo()).unwrap(), []);
        assert_eq!(between(start, start, &oslo()).unwrap(), []);
    }

    /// Protects against taking another zone's days for the company's.
    #[test]
    fn days_are_compared_over_the_year() {
        let is_same = |a: &str, b: &str| {
            same_days(&zone("", a).unwrap(), &zone("", b).unwrap(), 1_793_491_200_000_000).unwrap()
        };
        assert!(is_same("Europe/Oslo", "Europe/Copenhagen"));
        assert!(!is_same("Europe/Oslo", "Europe/London"));
        // In winter they agree, in summer they do not.
        assert!(!is_same("Europe/London", "UTC"));
        assert!(!is_same("EST", "America/New_York"));
        assert_eq!(zone("/timezone", "Europe/Olso").unwrap_err().field, "/timezone");
    }
}
