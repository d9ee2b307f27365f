//! The days or hours of a market: local days of a timezone as half-open ranges of microseconds UTC.
//!
//! A calendar covers one month and a tail after it, in which a budget that nobody paused goes on being spent and late
//! goals go on arriving. A local day has 23, 24 or 25 hours; an hour period never crosses a local midnight. Calendars
//! are immutable and meant to be shared by every market of a rehearsal.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::error::Error;
use crate::num::small;

const HOUR_US: i64 = 3_600_000_000;

/// How long the periods are.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    serde::Serialize,
    serde::Deserialize,
    gevinst_sdk::schemars::JsonSchema,
)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(rename_all = "lowercase")]
pub enum Grain {
    /// Local days.
    #[default]
    Day,
    /// Hours, counted from local midnight.
    Hour,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Day {
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    /// 0 is Monday.
    pub(crate) weekday: usize,
}

/// The periods of a month and its tail.
#[derive(Debug, Clone)]
pub struct Calendar {
    grain: Grain,
    timezone: String,
    /// One more than there are periods.
    bounds: Vec<i64>,
    /// The day of each period.
    day_of: Vec<u32>,
    days: Vec<Day>,
    month_days: usize,
}

impl Calendar {
    /// Days that a calendar goes on after its month.
    pub const TAIL_DAYS: usize = 92;

    /// The calendar of a month given as `2026-11` in an IANA timezone.
    ///
    /// # Errors
    /// When the month or the timezone does not exist.
    pub fn month(month: &str, timezone: &str, grain: Grain) -> Result<Self, Error> {
        let zone = zone(timezone)?;
        let well_formed = month.len() == 7 && month.is_ascii() && month.as_bytes()[4] == b'-';
        let first: Date =
            well_formed.then(|| format!("{month}-01").parse().ok()).flatten().ok_or_else(|| {
                Error::truth("month", format!("`{month}` is not a month; expected one as `2026-11`"))
            })?;
        Self::of_days(first, &zone, timezone, grain)
            .map_err(|error| Error::truth("month", format!("`{month}`: {error}")))
    }

    /// The calendar of the month that it is at `now_us` (µs UTC) in an IANA timezone.
    ///
    /// # Errors
    /// When the timezone does not exist, or `now_us` is thousands of years away.
    pub fn month_of(now_us: i64, timezone: &str, grain: Grain) -> Result<Self, Error> {
        let zone = zone(timezone)?;
        Timestamp::from_microsecond(now_us)
            .and_then(|now| {
                Self::of_days(now.to_zoned(zone.clone()).date().first_of_month(), &zone, timezone, grain)
            })
            .map_err(|error| Error::truth("month", error.to_string()))
    }

    fn of_days(first: Date, zone: &TimeZone, timezone: &str, grain: Grain) -> Result<Self, jiff::Error> {
        let month_days = usize::try_from(first.days_in_month()).unwrap_or(0);
        let mut days = Vec::with_capacity(month_days + Self::TAIL_DAYS);
        let mut date = first;
        let mut start_us = midnight_us(date, zone)?;
        for _ in 0..month_days + Self::TAIL_DAYS {
            let next = date.tomorrow()?;
            let end_us = midnight_us(next, zone)?;
            days.push(Day { start_us, end_us, weekday: monday_zero(date.weekday()) });
            (date, start_us) = (next, end_us);
        }
        let mut bounds = vec![days[0].start_us];
        let mut day_of = Vec::new();
        for (index, day) in days.iter().enumerate() {
            match grain {
                Grain::Day => {
                    bounds.push(day.end_us);
                    day_of.push(small(index));
                }
                Grain::Hour => {
                    let mut start = day.start_us;
                    while start < day.end_us {
                        // Some zones shift by half an hour: the day's last period is then the shorter one.
                        start = (start + HOUR_US).min(day.end_us);
                        bounds.push(start);
                        day_of.push(small(index));
                    }
                }
            }
        }
        Ok(Self { grain, timezone: timezone.to_owned(), bounds, day_of, days, month_days })
    }

    /// How long the periods are.
    #[must_use]
    pub fn grain(&self) -> Grain {
        self.grain
    }

    /// The name of the timezone that the days are local to.
    #[must_use]
    pub fn timezone(&self) -> &str {
        &self.timezone
    }

    /// How many periods there are, the tail included.
    #[must_use]
    pub fn periods(&self) -> usize {
        self.day_of.len()
    }

    /// How many periods the month itself has.
    #[must_use]
    pub fn month_periods(&self) -> usize {
        self.day_of.partition_point(|&day| (day as usize) < self.month_days)
    }

    /// Start and end of a period, µs UTC, half open.
    ///
    /// # Panics
    /// When the calendar has no such period.
    #[must_use]
    pub fn period(&self, index: usize) -> (i64, i64) {
        (self.bounds[index], self.bounds[index + 1])
    }

    /// The first instant that the calendar covers, µs UTC.
    #[must_use]
    pub fn start_us(&self) -> i64 {
        self.bounds[0]
    }

    /// The end of the last period, µs UTC.
    #[must_use]
    pub fn end_us(&self) -> i64 {
        self.bounds[self.bounds.len() - 1]
    }

    /// The day (from 0) that a period lies in.
    ///
    /// # Panics
    /// When the calendar has no such period.
    #[must_use]
    pub fn day_index(&self, period: usize) -> usize {
        self.day_of[period] as usize
    }

    pub(crate) fn day(&self, period: usize) -> Day {
        self.days[self.day_of[period] as usize]
    }

    /// How many periods are over at `now_us`.
    #[must_use]
    pub fn ended(&self, now_us: i64) -> usize {
        self.bounds[1..].partition_point(|&end| end <= now_us)
    }

    /// The first period that starts at or after `at_us`.
    #[must_use]
    pub fn first_from(&self, at_us: i64) -> usize {
        self.bounds[..self.periods()].partition_point(|&start| start < at_us)
    }

    /// Whether `at_us` is where a period starts or ends.
    #[must_use]
    pub fn is_bound(&self, at_us: i64) -> bool {
        self.bounds.binary_search(&at_us).is_ok()
    }

    /// The clock of late goals: how many period ends have passed at `now_us`. It goes on at the usual length after the
    /// calendar's end.
    pub(crate) fn clock(&self, now_us: i64) -> usize {
        let ended = self.ended(now_us);
        if ended < self.periods() {
            return ended;
        }
        ended + usize::try_from((now_us - self.end_us()) / self.nominal_us()).unwrap_or(0)
    }

    /// The usual length of a period.
    pub(crate) fn nominal_us(&self) -> i64 {
        match self.grain {
            Grain::Day => 24 * HOUR_US,
            Grain::Hour => HOUR_US,
        }
    }

    /// How far a day is through the month, from 0 on the first day to 1 on the last; the tail stays at 1.
    pub(crate) fn through_month(&self, day: usize) -> f64 {
        (day as f64 / (self.month_days - 1) as f64).min(1.0)
    }
}

fn zone(timezone: &str) -> Result<TimeZone, Error> {
    // The bundled rules and not the machine's, which may differ from one to the next and with them the days.
    static RULES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
    RULES
        .get(timezone)
        .map_err(|_| Error::truth("timezone", format!("`{timezone}` is not a timezone of the IANA database")))
}

fn midnight_us(date: Date, zone: &TimeZone) -> Result<i64, jiff::Error> {
    // Where a clock change skips midnight, the day starts at its first instant.
    Ok(date.to_zoned(zone.clone())?.start_of_day()?.timestamp().as_microsecond())
}

fn monday_zero(weekday: Weekday) -> usize {
    usize::try_from(weekday.to_monday_zero_offset()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_the_clock_changes_of_the_timezone() {
        // Protects: local days, 25 hours at the end of October and 23 at the end of March.
        let october = Calendar::month("2026-10", "Europe/Oslo", Grain::Day).unwrap();
        let (start, end) = october.period(24);
        assert_eq!(end - start, 25 * HOUR_US);
        assert_eq!(october.month_periods(), 31);
        let march = Calendar::month("2026-03", "Europe/Oslo", Grain::Hour).unwrap();
        assert_eq!(march.month_periods(), 31 * 24 - 1);
        assert_eq!(march.day_index(march.month_periods() - 1), 30);
        let november = Calendar::month("2026-11", "Europe/Oslo", Grain::Day).unwrap();
        assert_eq!(november.start_us(), 1_793_487_600_000_000);
        assert_eq!(november.day(0).weekday, 6, "2026-11-01 is a Sunday");
        let by_instant = Calendar::month_of(november.period(29).1 - 1, "Europe/Oslo", Grain::Day).unwrap();
        assert_eq!(by_instant.start_us(), november.start_us());
    }

    #[test]
    fn an_hour_never_crosses_midnight_where_clocks_shift_by_half_an_hour() {
        // Protects: hours of a day belonging to that day.
        let calendar = Calendar::month("2026-10", "Australia/Lord_Howe", Grain::Hour).unwrap();
        for period in 0..calendar.month_periods() {
            let (start, end) = calendar.period(period);
            let day = calendar.day(period);
            assert!(day.start_us <= start && end <= day.end_us && start < end);
        }
    }

    #[test]
    fn the_clock_counts_period_ends_and_goes_on_after_the_calendar() {
        // Protects: late goals that arrive after the last period.
        let calendar = Calendar::month("2026-11", "UTC", Grain::Day).unwrap();
        assert_eq!(calendar.clock(calendar.start_us()), 0);
        assert_eq!(calendar.clock(calendar.period(0).1), 1);
        assert_eq!(calendar.clock(calendar.period(1).1 - 1), 1);
        let last = calendar.periods();
        assert_eq!(calendar.clock(calendar.end_us()), last);
        assert_eq!(calendar.clock(calendar.end_us() + 3 * 24 * HOUR_US), last + 3);
    }

    #[test]
    fn what_is_no_month_or_timezone_is_refused() {
        // Protects: clear errors for a wrong month or timezone.
        for (month, zone) in
            [("2026-13", "UTC"), ("2026-1", "UTC"), ("26-11-0", "UTC"), ("2026-11", "Europe/Olso")]
        {
            assert!(Calendar::month(month, zone, Grain::Day).is_err(), "{month} {zone}");
        }
    }
}
