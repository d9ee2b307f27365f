//! Months, and the days and hours in which exposure is bought.
//!
//! Invariants: the periods of a month tile it without gap or overlap, in the company's timezone, across changes of the
//! clock; a day is 23, 24 or 25 hours long, and no period crosses midnight. Timestamps are microseconds since 1970 in UTC.
//! Nothing here reads the clock: the caller says what time it is.
//!
//! Timezones come from the database that is compiled in, not from the machine's, so that a ledger gives the same periods
//! wherever it is read.

use std::{fmt, str::FromStr, sync::LazyLock};

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZoneDatabase};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Mistake, suggest};

const HOUR_US: i64 = 3_600_000_000;

/// A half-open stretch of time, `start_us` ≤ t < `end_us`, in microseconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Period {
    /// First instant that belongs to the period.
    pub start_us: i64,
    /// First instant that no longer does.
    pub end_us: i64,
}

impl Period {
    /// Whether `at_us` lies within.
    pub const fn contains(self, at_us: i64) -> bool {
        self.start_us <= at_us && at_us < self.end_us
    }

    /// Length in microseconds.
    pub const fn length_us(self) -> i64 {
        self.end_us - self.start_us
    }
}

/// How finely a channel reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grain {
    /// Local days.
    Day,
    /// Hours, counted from local midnight.
    Hour,
}

/// A timezone by its IANA name, such as `Europe/Oslo`.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone {
    zone: jiff::tz::TimeZone,
    name: String,
}

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

impl Zone {
    /// The IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// For calendar arithmetic of other crates.
    pub fn as_jiff(&self) -> &jiff::tz::TimeZone {
        &self.zone
    }

    /// The local date at an instant; `None` beyond jiff's range of years (±9999).
    pub fn date_at(&self, at_us: i64) -> Option<Date> {
        Some(Timestamp::from_microsecond(at_us).ok()?.to_zoned(self.zone.clone()).date())
    }

    /// The first instant of a local date: midnight, or when the clocks jump over midnight, what comes instead.
    pub fn start_of_day_us(&self, date: Date) -> Option<i64> {
        Some(date.to_zoned(self.zone.clone()).ok()?.timestamp().as_microsecond())
    }
}

impl FromStr for Zone {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        let plain = !text.is_empty() && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_graphic());
        // The database ignores case; a file that is read for years should carry the proper name.
        match DATABASE.get(text) {
            Ok(zone) if plain && zone.iana_name() == Some(text) => Ok(Self { zone, name: text.to_owned() }),
            _ => {
                let mistake = Mistake::new(format!("`{text}` is not a timezone in the IANA database"));
                let names: Vec<String> = DATABASE.available().map(|name| name.as_str().to_owned()).collect();
                let city = names.iter().find(|name| {
                    name.rsplit('/')
                        .next()
                        .is_some_and(|city| !text.is_empty() && city.eq_ignore_ascii_case(text))
                });
                let near = city
                    .map(String::as_str)
                    .or_else(|| suggest::nearest(text, names.iter().map(String::as_str)));
                Err(match near {
                    Some(name) => mistake.help(format!("did you mean `{name}`?")),
                    None => mistake.help("write a region and city, such as `Europe/Oslo`"),
                })
            }
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

/// A calendar month, such as 2026-11; the years 2000 to 2199.
///
/// ```
/// use gevinst_experiment::{Month, Zone};
/// let (month, oslo): (Month, Zone) = ("2026-10".parse()?, "Europe/Oslo".parse()?);
/// let days = month.days(&oslo);
/// assert_eq!(days.len(), 31);
/// assert_eq!(days[24].length_us(), 25 * 3_600_000_000); // clocks go back on the 25th
/// # Ok::<(), gevinst_experiment::Mistake>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// The month in which a local date lies; `None` outside the years 2000 to 2199.
    pub fn of(date: Date) -> Option<Self> {
        (2000..2200).contains(&date.year()).then(|| Self { year: date.year(), month: date.month() })
    }

    /// The year.
    pub const fn year(self) -> i16 {
        self.year
    }

    /// The month of the year, 1 to 12.
    pub const fn month(self) -> i8 {
        self.month
    }

    /// The first of the month.
    pub fn first_day(self) -> Date {
        jiff::civil::date(self.year, self.month, 1)
    }

    /// The number of days, 28 to 31.
    pub fn day_count(self) -> u8 {
        self.first_day().days_in_month().unsigned_abs()
    }

    /// The month after this one.
    pub fn next(self) -> Self {
        if self.month == 12 {
            Self { year: self.year + 1, month: 1 }
        } else {
            Self { month: self.month + 1, ..self }
        }
    }

    /// Whether a local date lies in this month.
    pub fn contains_date(self, date: Date) -> bool {
        date.year() == self.year && date.month() == self.month
    }

    /// The whole month as one period.
    pub fn period(self, zone: &Zone) -> Period {
        Period { start_us: midnight(self.first_day(), zone), end_us: midnight(self.next().first_day(), zone) }
    }

    /// The month's days, in order.
    pub fn days(self, zone: &Zone) -> Vec<Period> {
        let mut starts: Vec<i64> = (0..i64::from(self.day_count()))
            .map(|day| midnight(self.first_day().saturating_add(day.days()), zone))
            .collect();
        starts.push(midnight(self.next().first_day(), zone));
        // A day that a country left out (Samoa, 30 December 2011) has no length, and is no period.
        starts
            .windows(2)
            .map(|w| Period { start_us: w[0], end_us: w[1] })
            .filter(|p| p.length_us() > 0)
            .collect()
    }

    /// The month's hours, in order: each local day cut from its midnight on. Where clocks move by half an hour (Lord Howe)
    /// that day's last period is half an hour long.
    pub fn hours(self, zone: &Zone) -> Vec<Period> {
        let cut = |day: Period| {
            let starts =
                (0..).map(move |hour| day.start_us + hour * HOUR_US).take_while(move |&at| at < day.end_us);
            starts.map(move |start_us| Period { start_us, end_us: (start_us + HOUR_US).min(day.end_us) })
        };
        self.days(zone).into_iter().flat_map(cut).collect()
    }

    /// Days or hours, as a channel reports.
    pub fn periods(self, grain: Grain, zone: &Zone) -> Vec<Period> {
        match grain {
            Grain::Day => self.days(zone),
            Grain::Hour => self.hours(zone),
        }
    }

    /// Whether the month has ended at `now_us`.
    pub fn is_over(self, now_us: i64, zone: &Zone) -> bool {
        now_us >= self.period(zone).end_us
    }
}

/// The first instant of a day between 2000 and 2200, which jiff can represent in any timezone.
fn midnight(date: Date, zone: &Zone) -> i64 {
    zone.start_of_day_us(date).expect("the years 2000 to 2200 lie within jiff's range")
}

impl FromStr for Month {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        let not_a_month = || Mistake::new(format!("`{text}` is not a month"));
        let number = |part: &str, digits: usize| -> Option<i16> {
            (part.len() == digits && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok())?
        };
        let parts: Vec<&str> = text.trim().split(['-', '/', '.']).collect();
        let (year, month) = match parts.as_slice() {
            [year, month] | [year, month, _] if year.len() == 4 => {
                (number(year, 4), number(month, 2).or(number(month, 1)))
            }
            [month, year] => (number(year, 4), number(month, 2).or(number(month, 1))),
            _ => (None, None),
        };
        let (Some(year), Some(month)) = (year, month) else {
            return Err(not_a_month().help("write year and month, such as `2026-11`"));
        };
        if !(1..=12).contains(&month) {
            return Err(not_a_month().help("months are numbered from 01 to 12"));
        }
        if !(2000..2200).contains(&year) {
            return Err(not_a_month().help("the year is between 2000 and 2199"));
        }
        let month = Self { year, month: i8::try_from(month).map_err(|_| not_a_month())? };
        if month.to_string() == text {
            Ok(month)
        } else {
            Err(not_a_month().help(format!("write `{month}`")))
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:04}-{:02}", self.year, self.month))
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    #[test]
    fn days_follow_the_local_clock_across_its_changes() {
        // Protects: a day's goals from landing in its neighbour when the clocks change.
        let oslo = zone("Europe/Oslo");
        let october = month("2026-10").days(&oslo);
        // 2026-10-01T00:00+02:00 and 2026-11-01T00:00+01:00, by date(1).
        assert_eq!(october[0].start_us, 1_790_805_600_000_000);
        assert_eq!(october[30].end_us, 1_793_487_600_000_000);
        let lengths: Vec<i64> = october.iter().map(|day| day.length_us() / HOUR_US).collect();
        assert_eq!(lengths.iter().filter(|&&hours| hours == 25).count(), 1);
        assert_eq!(lengths[24], 25);
        assert_eq!(month("2026-03").days(&oslo)[28].length_us() / HOUR_US, 23);
        assert_eq!(month("2026-10").hours(&oslo).len(), 31 * 24 + 1);
    }

    #[test]
    fn odd_timezones_keep_their_days() {
        // Protects: midnights that do not exist (Beirut), half-hour changes (Lord Howe) and left-out days (Samoa).
        let beirut = month("2026-03").days(&zone("Asia/Beirut"));
        assert_eq!((beirut.len(), beirut[28].length_us() / HOUR_US), (31, 23));
        let lord_howe = month("2026-10");
        let hours = lord_howe.hours(&zone("Australia/Lord_Howe"));
        assert_eq!(hours.iter().filter(|hour| hour.length_us() == HOUR_US / 2).count(), 1);
        assert_eq!(month("2011-12").days(&zone("Pacific/Apia")).len(), 30);
    }

    #[test]
    fn a_month_is_over_at_local_midnight() {
        // Protects: `run` from refusing the last evening of a month, or playing on into the next.
        let oslo = zone("Europe/Oslo");
        let end_us = month("2026-10").period(&oslo).end_us;
        assert!(!month("2026-10").is_over(end_us - 1, &oslo));
        assert!(month("2026-10").is_over(end_us, &oslo));
        assert_eq!(month("2026-12").next(), month("2027-01"));
    }

    #[test]
    fn months_and_zones_are_written_in_one_way() {
        // Protects: files that mean the same on every machine, and advice where they do not.
        for (text, help) in [
            ("2026-13", "months are numbered from 01 to 12"),
            ("2026-1", "write `2026-01`"),
            ("11/2026", "write `2026-11`"),
            ("2026-11-01", "write `2026-11`"),
            ("26-11", "write year and month, such as `2026-11`"),
            ("1999-11", "the year is between 2000 and 2199"),
            ("november", "write year and month, such as `2026-11`"),
        ] {
            assert_eq!(text.parse::<Month>().unwrap_err().help.as_deref(), Some(help), "{text}");
        }
        for (text, help) in [
            ("Europe/Olso", "did you mean `Europe/Oslo`?"),
            ("europe/oslo", "did you mean `Europe/Oslo`?"),
            ("Copenhagen", "did you mean `Europe/Copenhagen`?"),
            ("Norway", "write a region and city, such as `Europe/Oslo`"),
            ("", "write a region and city, such as `Europe/Oslo`"),
        ] {
            assert_eq!(text.parse::<Zone>().unwrap_err().help.as_deref(), Some(help), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn periods_tile_the_month(
            year in 2000_i16..2199,
            number in 1_i8..=12,
            name in prop::sample::select(vec![
                "Europe/Oslo", "America/Sao_Paulo", "Africa/Cairo", "Asia/Tehran", "Pacific/Apia", "Australia/Lord_Howe",
                "Africa/Casablanca", "America/Santiago", "UTC",
            ]),
        ) {
            // Protects: every instant of a month from belonging to no period, or to two.
            let (month, zone) = (Month { year, month: number }, zone(name));
            let whole = month.period(&zone);
            for periods in [month.days(&zone), month.hours(&zone)] {
                prop_assert_eq!(periods[0].start_us, whole.start_us);
                prop_assert_eq!(periods[periods.len() - 1].end_us, whole.end_us);
                prop_assert!(periods.windows(2).all(|w| w[0].end_us == w[1].start_us));
                prop_assert!(periods.iter().all(|p| p.start_us < p.end_us));
            }
        }
    }
}
