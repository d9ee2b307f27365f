//! Lengths of time as people write them: "14 days", "3 hours".
//!
//! A day is 24 hours here: a wait does not depend on the clocks being changed. Calendar days live in [`crate::calendar`].

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Mistake, suggest};

/// A length of time in whole minutes; never negative, at most ten years.
///
/// ```
/// use gevinst_experiment::Duration;
/// let wait: Duration = "14 days".parse()?;
/// assert_eq!(wait.as_days(), 14.0);
/// # Ok::<(), gevinst_experiment::Mistake>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    minutes: u32,
}

/// Unit as displayed (plural), in minutes, and all the ways in which it may be written.
const UNITS: &[(&str, u32, &[&str])] = &[
    ("weeks", 7 * 24 * 60, &["week", "weeks", "w"]),
    ("days", 24 * 60, &["day", "days", "d"]),
    ("hours", 60, &["hour", "hours", "h"]),
    ("minutes", 1, &["minute", "minutes", "min"]),
];

const MINUTES_MAX: u32 = 3653 * 24 * 60;

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self { minutes: 0 };

    /// So many days of 24 hours.
    pub const fn days(days: u16) -> Self {
        Self { minutes: days as u32 * 24 * 60 }
    }

    /// So many hours.
    pub const fn hours(hours: u16) -> Self {
        Self { minutes: hours as u32 * 60 }
    }

    /// In microseconds, the unit of all timestamps.
    pub const fn as_micros(self) -> i64 {
        self.minutes as i64 * 60_000_000
    }

    /// In days, for statistics.
    pub fn as_days(self) -> f64 {
        f64::from(self.minutes) / (24.0 * 60.0)
    }

    /// Whether this is no time at all.
    pub const fn is_zero(self) -> bool {
        self.minutes == 0
    }
}

impl FromStr for Duration {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        const HELP: &str = "write a number and a unit, such as `14 days` or `3 hours`";
        let trimmed = text.trim();
        let at = trimmed.find(|c: char| !c.is_ascii_digit()).unwrap_or(trimmed.len());
        let (number, unit) = (&trimmed[..at], trimmed[at..].trim());
        if unit.is_empty() && !number.is_empty() {
            return Err(Mistake::new(format!("`{text}` has no unit"))
                .help(format!("write `{number} days` or `{number} hours`")));
        }
        if number.is_empty() || unit.starts_with(|c: char| !c.is_alphabetic()) {
            return Err(Mistake::new(format!("`{text}` is not a length of time")).help(HELP));
        }
        let Some((_, per_unit, _)) = UNITS.iter().find(|(_, _, names)| names.contains(&unit)) else {
            let mistake = Mistake::new(format!("`{unit}` is not a unit of time"));
            return Err(if matches!(unit, "month" | "months" | "year" | "years") {
                mistake.help("a month has no fixed length: write the number of days")
            } else {
                let names = UNITS.iter().flat_map(|(_, _, names)| names.iter().copied());
                match suggest::nearest(unit, names) {
                    Some(name) => mistake.help(format!("did you mean `{number} {name}`?")),
                    None => mistake.help(HELP),
                }
            });
        };
        number
            .parse::<u32>()
            .ok()
            .and_then(|number| number.checked_mul(*per_unit))
            .filter(|&minutes| minutes <= MINUTES_MAX)
            .map(|minutes| Self { minutes })
            .ok_or_else(|| Mistake::new(format!("`{text}` is longer than ten years")).help(HELP))
    }
}

/// In the largest unit that divides it, weeks left aside: `14 days`, `36 hours`, `1 day`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, per_unit) = match self.minutes {
            0 => ("days", 1),
            minutes if minutes.is_multiple_of(24 * 60) => ("days", 24 * 60),
            minutes if minutes.is_multiple_of(60) => ("hours", 60),
            _ => ("minutes", 1),
        };
        let number = self.minutes / per_unit;
        let unit = if number == 1 { unit.trim_end_matches('s') } else { unit };
        f.pad(&format!("{number} {unit}"))
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_and_displayed() {
        // Protects: the wait for late goals, which decides when a month may close.
        for (text, shown, micros) in [
            ("14 days", "14 days", 14 * 86_400_000_000_i64),
            ("2 weeks", "14 days", 14 * 86_400_000_000),
            ("1 day", "1 day", 86_400_000_000),
            ("36 hours", "36 hours", 36 * 3_600_000_000),
            ("24h", "1 day", 86_400_000_000),
            ("90 min", "90 minutes", 5_400_000_000),
            ("0 days", "0 days", 0),
        ] {
            let read: Duration = text.parse().unwrap();
            assert_eq!((read.to_string().as_str(), read.as_micros()), (shown, micros), "{text}");
            assert_eq!(read.to_string().parse::<Duration>().unwrap(), read);
        }
    }

    #[test]
    fn unclear_lengths_are_refused_with_advice() {
        // Protects: "14" from being taken for fourteen of something.
        for (text, help) in [
            ("14", "write `14 days` or `14 hours`"),
            ("14 dags", "did you mean `14 days`?"),
            ("1 month", "a month has no fixed length: write the number of days"),
            ("soon", "write a number and a unit, such as `14 days` or `3 hours`"),
            ("-3 days", "write a number and a unit, such as `14 days` or `3 hours`"),
            ("1.5 days", "write a number and a unit, such as `14 days` or `3 hours`"),
            ("99999999 days", "write a number and a unit, such as `14 days` or `3 hours`"),
            ("", "write a number and a unit, such as `14 days` or `3 hours`"),
        ] {
            assert_eq!(text.parse::<Duration>().unwrap_err().help.as_deref(), Some(help), "{text}");
        }
    }
}
