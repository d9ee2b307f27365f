//! Parts of a whole: "5 %" or 0.05.
//!
//! A [`Ratio`] is a whole number of billionths, so that a share of money is found without floats and the same text always
//! gives the same number. It says nothing about its range: the definition that uses it does.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Mistake;

/// A part of a whole, exact to a billionth; `5 %` is 0.05. May be negative (a change) or above one.
///
/// ```
/// use gevinst_experiment::Ratio;
/// let floor: Ratio = "5 %".parse()?;
/// assert_eq!(floor.as_f64(), 0.05);
/// assert_eq!("0.05".parse::<Ratio>()?, floor);
/// # Ok::<(), gevinst_experiment::Mistake>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ratio(i64);

const NANOS: i64 = 1_000_000_000;

impl Ratio {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The whole.
    pub const ONE: Self = Self(NANOS);

    /// So many billionths.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The number of billionths.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// So many percent.
    pub const fn percent(percent: i32) -> Self {
        Self(percent as i64 * (NANOS / 100))
    }

    /// The nearest ratio to `value`, or `None` where it is not finite or beyond ±10⁶.
    pub fn from_f64(value: f64) -> Option<Self> {
        let nanos = (value * NANOS as f64).round();
        if nanos.is_nan() || nanos.abs() > 1e15 {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "at most 10¹⁵ in size and a whole number, by the test above"
        )]
        let nanos = nanos as i64;
        Some(Self(nanos))
    }

    /// As a float, for statistics.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / NANOS as f64
    }
}

impl FromStr for Ratio {
    type Err = Mistake;

    /// Reads `5 %`, `5%`, `0,5 %`, `-20 %` or a bare `0.05`.
    fn from_str(text: &str) -> Result<Self, Mistake> {
        let trimmed = text.trim_matches(|c: char| c.is_whitespace());
        let (number, digits_kept) = match trimmed.strip_suffix('%') {
            Some(number) => (number.trim_end(), 7),
            None => (trimmed, 9),
        };
        read_decimal(number, digits_kept).map(Self).ok_or_else(|| {
            let mistake = Mistake::new(format!("`{text}` is not a part of a whole"));
            mistake.help("write a percentage such as `5 %`, or a number such as `0.05`")
        })
    }
}

/// Reads a decimal number as a whole number of 10^-`kept`; `None` where it is not one, or has more decimals, or is too large.
fn read_decimal(text: &str, kept: usize) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    let digits_only = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let has_point = whole.len() < digits.len();
    if whole.is_empty() || whole.len() > 6 || fraction.len() > kept || (has_point && fraction.is_empty()) {
        return None;
    }
    if !digits_only(whole) || !digits_only(fraction) {
        return None;
    }
    let value: i64 = format!("{whole}{fraction:0<kept$}").parse().ok()?;
    Some(if negative { -value } else { value })
}

/// As a percentage: `5 %`, `12.5 %`.
impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const PER_PERCENT: u64 = 10_000_000;
        let nanos = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let fraction = format!("{:07}", nanos % PER_PERCENT);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        f.pad(&format!("{sign}{}{point}{fraction} %", nanos / PER_PERCENT))
    }
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_f64())
    }
}

impl<'de> Deserialize<'de> for Ratio {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        Self::from_f64(value).ok_or_else(|| serde::de::Error::custom("a ratio beyond ±1 000 000"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn percentages_and_numbers_mean_the_same() {
        // Protects: error rates and floors from being off by a hundred.
        for (text, nanos) in [
            ("5 %", 50_000_000),
            ("5%", 50_000_000),
            ("5\u{a0}%", 50_000_000),
            ("0.05", 50_000_000),
            ("0,5 %", 5_000_000),
            ("-20 %", -200_000_000),
            ("100 %", NANOS),
            ("1", NANOS),
            ("12.5 %", 125_000_000),
            ("0.0000001 %", 1),
        ] {
            assert_eq!(text.parse::<Ratio>().unwrap().nanos(), nanos, "{text}");
        }
        for text in [
            "",
            "%",
            "five %",
            "1/20",
            "5 % off",
            "0.00000001 %",
            "9999999",
            "1e-3",
            "NaN",
            "inf",
            "5.%",
            ".",
        ] {
            assert!(text.parse::<Ratio>().is_err(), "{text}");
        }
        assert_eq!(Ratio::from_f64(f64::NAN), None);
        assert_eq!(Ratio::from_f64(f64::INFINITY), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn what_is_displayed_reads_back(nanos in -1_000_000_000_000_i64..1_000_000_000_000) {
            // Protects: templates and messages that show a ratio.
            let ratio = Ratio::from_nanos(nanos);
            prop_assert_eq!(ratio.to_string().parse::<Ratio>().unwrap(), ratio);
            prop_assert_eq!(Ratio::from_f64(ratio.as_f64()), Some(ratio));
        }
    }
}
