//! A platform's days and the company's.
//!
//! A platform reports by its own days: LinkedIn by UTC's, Meta by those of the account's timezone. The company's
//! days may begin some hours earlier or later. A row cannot be split, so a platform's day is booked whole under
//! the company's day of the same date; how far the two are apart is measured here, so that it can be refused or
//! accepted knowingly. A day counts as over when it is over in both.

use gevinst_http::days::{between, date_of, next, start_us};
use gevinst_sdk::Error;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Days of a platform, booked under the company's dates.
#[derive(Debug, Clone)]
pub(crate) struct Days {
    company: TimeZone,
    platform: TimeZone,
}

impl Days {
    /// The company's and the platform's timezone.
    pub(crate) const fn new(company: TimeZone, platform: TimeZone) -> Self {
        Self { company, platform }
    }

    /// The dates whose company days lie whole within `from_us..to_us`.
    pub(crate) fn dates(&self, from_us: i64, to_us: i64) -> Result<Vec<Date>, Error> {
        if from_us < to_us { between(from_us, to_us, &self.company) } else { Ok(Vec::new()) }
    }

    /// When the company's day begins, in µs UTC.
    pub(crate) fn start_us(&self, date: Date) -> Result<i64, Error> {
        start_us(date, &self.company)
    }

    /// When the day of this date is over in both timezones, in µs UTC.
    pub(crate) fn over_us(&self, date: Date) -> Result<i64, Error> {
        let after = next(date)?;
        Ok(start_us(after, &self.company)?.max(start_us(after, &self.platform)?))
    }

    /// The platform's date at a moment.
    pub(crate) fn platform_date(&self, at_us: i64) -> Result<Date, Error> {
        date_of(at_us, &self.platform)
    }

    /// By how many minutes the platform's day of this date begins after the company's.
    pub(crate) fn minutes_late(&self, date: Date) -> Result<i64, Error> {
        Ok((start_us(date, &self.platform)? - start_us(date, &self.company)?) / 60_000_000)
    }

    /// A sentence on how far the platform's days are off, or `None` when they are the company's own from `date` on
    /// for a month.
    pub(crate) fn apart(&self, date: Date) -> Result<Option<String>, Error> {
        let mut worst = 0;
        let mut day = date;
        for _ in 0..32 {
            let late = self.minutes_late(day)?;
            if late.abs() > i64::abs(worst) {
                worst = late;
            }
            day = next(day)?;
        }
        Ok((worst != 0).then(|| {
            let (hours, minutes) = (worst.abs() / 60, worst.abs() % 60);
            let minutes = if minutes == 0 { String::new() } else { format!(" {minutes} min") };
            let way = if worst > 0 { "after" } else { "before" };
            format!("the platform's days begin {hours} h{minutes} {way} the company's")
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn days(company: &str, platform: &str) -> Days {
        Days::new(TimeZone::get(company).unwrap(), TimeZone::get(platform).unwrap())
    }

    #[test]
    fn whole_days_only_also_when_the_clock_changes() {
        // Protects: a day of 25 hours, and requests that end in the middle of a day.
        let oslo = days("Europe/Oslo", "UTC");
        let from = oslo.start_us(date(2026, 10, 24)).unwrap();
        let to = oslo.start_us(date(2026, 10, 27)).unwrap();
        let want = [date(2026, 10, 24), date(2026, 10, 25), date(2026, 10, 26)];
        assert_eq!(oslo.dates(from, to).unwrap(), want);
        assert_eq!(oslo.dates(from + 1, to - 1).unwrap(), want[1..2]);
        assert_eq!(oslo.dates(to, to).unwrap(), []);
        let length = oslo.start_us(date(2026, 10, 26)).unwrap() - oslo.start_us(date(2026, 10, 25)).unwrap();
        assert_eq!(length, 25 * 3_600_000_000);
    }

    #[test]
    fn a_day_is_over_when_it_is_over_in_both_places() {
        // Protects: rows of a day that the platform, or the company, is still in.
        let oslo = days("Europe/Oslo", "UTC");
        let utc_end = oslo.start_us(date(2026, 11, 2)).unwrap() + 3_600_000_000;
        assert_eq!(oslo.over_us(date(2026, 11, 1)).unwrap(), utc_end);
        let york = days("America/New_York", "UTC");
        assert_eq!(york.over_us(date(2026, 11, 2)).unwrap(), york.start_us(date(2026, 11, 3)).unwrap());
    }

    #[test]
    fn the_distance_is_told_and_equal_days_have_none() {
        // Protects: the refusal of days that are not the company's.
        let apart = |company, platform| days(company, platform).apart(date(2026, 10, 1)).unwrap();
        assert_eq!(apart("Europe/Oslo", "Europe/Copenhagen"), None);
        assert_eq!(apart("UTC", "UTC"), None);
        let told = apart("Europe/Oslo", "UTC").unwrap();
        assert_eq!(told, "the platform's days begin 2 h after the company's");
        assert!(apart("UTC", "Asia/Kolkata").unwrap().contains("5 h 30 min before"));
    }
}
