//! The days of a platform's account.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

/// A timezone; a test's mistakes in it end the test.
pub(crate) struct Zone(TimeZone);

impl Zone {
    pub(crate) fn new(name: &str) -> Self {
        Self(TimeZone::get(name).expect("a test's timezone exists"))
    }

    /// A moment (µs UTC) on this zone's clocks.
    pub(crate) fn local(&self, at_us: i64) -> Zoned {
        let at = Timestamp::from_microsecond(at_us).expect("a test's time is within the calendar");
        at.to_zoned(self.0.clone())
    }

    /// The day of a moment.
    pub(crate) fn date_of(&self, at_us: i64) -> Date {
        self.local(at_us).date()
    }

    /// Where a day begins and ends, in µs UTC.
    pub(crate) fn bounds(&self, day: Date) -> (i64, i64) {
        let start = |day: Date| {
            let zoned = day.to_zoned(self.0.clone()).expect("a test's day is within the calendar");
            zoned.timestamp().as_microsecond()
        };
        (start(day), start(day.tomorrow().expect("a test's day is within the calendar")))
    }

    /// The days from one to another, both included.
    pub(crate) fn days(from: Date, to: Date) -> Vec<Date> {
        from.series(Span::new().days(1)).take_while(|day| *day <= to).collect()
    }
}
