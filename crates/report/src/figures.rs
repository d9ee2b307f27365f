//! How figures are written for people: money, counts, shares, ratios, e-values and dates.
//!
//! Every function is total: a figure that does not exist or is not finite is written as a dash, never as `NaN`.
//! Groups of digits are parted by an ordinary space; [`crate::prose::glue`] turns it into a non-breaking one where
//! lines are broken. English; other languages have the same with their own
//! separators, see [`crate::language`]. The exact figures are in the JSON.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What is written for a figure that does not exist.
pub const NOTHING: &str = "–";

/// A currency: its ISO 4217 code and how many decimals its minor unit has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Currency {
    /// ISO 4217 code, such as `NOK`.
    #[serde(rename = "currency")]
    pub code: String,
    /// Decimals of the minor unit: 2 for most, 0 for `JPY` and `ISK`, 3 for `KWD`.
    #[serde(rename = "currency_exponent")]
    pub exponent: u8,
}

impl Currency {
    /// A currency from its code and the decimals of its minor unit (at most 4).
    #[must_use]
    pub fn new(code: &str, exponent: u8) -> Self {
        Self { code: code.to_owned(), exponent: exponent.min(4) }
    }

    /// How many minor units make one major unit.
    #[must_use]
    pub fn scale(&self) -> i64 {
        10_i64.pow(u32::from(self.exponent.min(4)))
    }

    /// Minor units as a number of major units.
    #[must_use]
    pub fn major(&self, minor: f64) -> f64 {
        minor / self.scale() as f64
    }

    /// What people call one unit of it, such as "krone"; the code where there is no such word.
    #[must_use]
    pub fn unit_word(&self) -> &str {
        match self.code.as_str() {
            "NOK" | "DKK" => "krone",
            "SEK" => "krona",
            "ISK" => "króna",
            "EUR" => "euro",
            "USD" | "CAD" | "AUD" | "NZD" | "SGD" => "dollar",
            "GBP" => "pound",
            "CHF" => "franc",
            "JPY" => "yen",
            code => code,
        }
    }

    /// A sum in words: `12 345 NOK`; decimals only below 100 units, where they matter.
    #[must_use]
    pub fn money(&self, minor: i64) -> String {
        self.write(i128::from(minor))
    }

    /// A sum that was computed, such as a cost per goal, rounded to what [`Currency::money`] writes.
    #[must_use]
    pub fn money_f64(&self, minor: f64) -> String {
        if !minor.is_finite() || minor.abs() > 1e18 {
            return NOTHING.to_owned();
        }
        // Rounded once: to whole units where those are written, to minor units otherwise.
        let scale = self.scale() as f64;
        let shown =
            if minor.abs() >= 100.0 * scale { (minor / scale).round() * scale } else { minor.round() };
        #[expect(clippy::cast_possible_truncation, reason = "checked to lie within 1e18 just above")]
        self.write(shown as i128)
    }

    /// As [`Currency::money_f64`], without the code: for columns and intervals that name it once.
    #[must_use]
    pub fn bare_f64(&self, minor: f64) -> String {
        let text = self.money_f64(minor);
        text.strip_suffix(&self.code).map_or(text.clone(), |t| t.trim_end().to_owned())
    }

    fn write(&self, minor: i128) -> String {
        let scale = i128::from(self.scale());
        let sign = if minor < 0 { "−" } else { "" };
        let minor = minor.unsigned_abs();
        let scale = scale.unsigned_abs();
        if self.exponent == 0 || minor >= 100 * scale || minor.is_multiple_of(scale) {
            return format!("{sign}{} {}", group((minor + scale / 2) / scale), self.code);
        }
        let digits = usize::from(self.exponent);
        format!("{sign}{}.{:0digits$} {}", group(minor / scale), minor % scale, self.code)
    }
}

/// A whole number in groups of three: `12 345`.
#[must_use]
pub fn count(n: u64) -> String {
    group(u128::from(n))
}

fn group(n: u128) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// A number to three significant digits: `1.31`, `12.4`, `0.0312`, `4 210`.
#[must_use]
pub fn significant(x: f64) -> String {
    if !x.is_finite() {
        return NOTHING.to_owned();
    }
    let size = x.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    if !(1e-6..1e12).contains(&size) {
        return power_of_ten(x.signum(), size.log10());
    }
    // The text tells the magnitude after rounding: 9.996 is written as 10.0, not as 10.00.
    let magnitude =
        format!("{size:.2e}").split_once('e').and_then(|(_, e)| e.parse::<i32>().ok()).unwrap_or(0);
    let sign = if x < 0.0 { "−" } else { "" };
    if magnitude >= 2 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "below 1e12 and not negative"
        )]
        let whole = size.round() as u128;
        return format!("{sign}{}", group(whole));
    }
    let decimals = usize::try_from(2 - magnitude).unwrap_or(0);
    format!("{sign}{size:.decimals$}")
}

/// An end of a ratio's interval: beyond a thousandfold only that is said, since no figure there means anything.
#[must_use]
pub fn bound(ratio: f64) -> String {
    if ratio > 1000.0 {
        "over 1 000".to_owned()
    } else if ratio < 0.001 {
        "under 0.001".to_owned()
    } else {
        significant(ratio)
    }
}

/// The e-value that is proof at an accepted error rate, 1/α: `20`, `33.3`.
#[must_use]
pub fn threshold(alpha: f64) -> String {
    let text = significant(1.0 / alpha);
    text.strip_suffix(".0").or_else(|| text.strip_suffix(".00")).map_or(text.clone(), str::to_owned)
}

/// A share of one in percent: `5 %`, `0.4 %`, `<0.1 %`, `>99.9 %`.
#[must_use]
pub fn percent(share: f64) -> String {
    if !share.is_finite() {
        return NOTHING.to_owned();
    }
    let p = share * 100.0;
    if p == 0.0 {
        "0 %".to_owned()
    } else if p > 0.0 && p < 0.1 {
        "<0.1 %".to_owned()
    } else if p > 99.9 && p < 100.0 {
        ">99.9 %".to_owned()
    } else {
        let tenths = (p * 10.0).round() / 10.0;
        let whole = tenths == tenths.trunc() || (10.0..=99.0).contains(&tenths);
        let sign = if tenths < 0.0 { "−" } else { "" };
        if whole { format!("{sign}{:.0} %", p.abs()) } else { format!("{sign}{:.1} %", tenths.abs()) }
    }
}

/// An e-value from its natural logarithm: `0.31`, `42`, `1.2 × 10^9`.
#[must_use]
pub fn e_value(ln: Option<f64>) -> String {
    let Some(ln) = ln.filter(|ln| !ln.is_nan()) else { return NOTHING.to_owned() };
    if ln == f64::NEG_INFINITY {
        return "0".to_owned();
    }
    if ln == f64::INFINITY {
        return NOTHING.to_owned();
    }
    if ln < 1e5_f64.ln() && ln > 1e-3_f64.ln() {
        significant(ln.exp())
    } else {
        power_of_ten(1.0, ln / std::f64::consts::LN_10)
    }
}

fn power_of_ten(sign: f64, log10: f64) -> String {
    let mut exponent = log10.floor();
    let mut mantissa = 10_f64.powf(log10 - exponent);
    if mantissa >= 9.95 {
        mantissa = 1.0;
        exponent += 1.0;
    }
    format!("{}{mantissa:.1} × 10^{exponent:.0}", if sign < 0.0 { "−" } else { "" })
}

/// A day in full: `14 November`.
#[must_use]
pub fn day(date: Date) -> String {
    format!("{} {}", date.day(), month_name(date.month()))
}

/// A day in short: `14 Nov`.
#[must_use]
pub fn day_short(date: Date) -> String {
    format!("{} {}", date.day(), month_name(date.month()).get(..3).unwrap_or_default())
}

fn month_name(month: i8) -> &'static str {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    usize::try_from(month - 1).ok().and_then(|i| NAMES.get(i)).copied().unwrap_or(NOTHING)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn money_follows_the_decimals_of_its_currency() {
        // A sum must never be off by the factor of the minor unit.
        let nok = Currency::new("NOK", 2);
        assert_eq!(nok.money(4_000_000), "40 000 NOK");
        assert_eq!(nok.money(8_250), "82.50 NOK");
        assert_eq!(nok.money(-8_205), "−82.05 NOK");
        assert_eq!(nok.money(123_456), "1 235 NOK");
        assert_eq!(nok.money(0), "0 NOK");
        assert_eq!(Currency::new("JPY", 0).money(1_234_567), "1 234 567 JPY");
        assert_eq!(Currency::new("KWD", 3).money(1_005), "1.005 KWD");
        assert_eq!(nok.money(i64::MIN), "−92 233 720 368 547 758 NOK");
        assert_eq!(nok.money_f64(f64::NAN), NOTHING);
        assert_eq!(nok.money_f64(137_249.7), "1 372 NOK");
    }

    #[test]
    fn numbers_are_short_and_never_nan() {
        // What cannot be told is a dash; what rounds up keeps three digits.
        assert_eq!(significant(1.314), "1.31");
        assert_eq!(significant(9.996), "10.0");
        assert_eq!(significant(99.96), "100");
        assert_eq!(significant(0.031_24), "0.0312");
        assert_eq!(significant(4210.4), "4 210");
        assert_eq!(significant(-0.5), "−0.500");
        assert_eq!(significant(f64::NAN), NOTHING);
        assert_eq!(significant(1e-30), "1.0 × 10^-30");
        assert_eq!(percent(0.05), "5 %");
        assert_eq!(percent(0.004), "0.4 %");
        assert_eq!(percent(0.0001), "<0.1 %");
        assert_eq!(percent(0.9999), ">99.9 %");
        assert_eq!(percent(0.999), "99.9 %");
        assert_eq!(percent(0.784), "78 %");
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(f64::INFINITY), NOTHING);
    }

    #[test]
    fn e_values_beyond_a_float_are_still_written() {
        // Evidence is stored as a logarithm because it overflows.
        assert_eq!(bound(11_070.0), "over 1 000");
        assert_eq!(bound(0.000_02), "under 0.001");
        assert_eq!(threshold(0.05), "20");
        assert_eq!(threshold(0.03), "33.3");
        assert_eq!(e_value(Some(20_f64.ln())), "20.0");
        assert_eq!(e_value(Some(1000.0)), "2.0 × 10^434");
        assert_eq!(e_value(Some(f64::NEG_INFINITY)), "0");
        assert_eq!(e_value(None), NOTHING);
        assert_eq!(e_value(Some(f64::NAN)), NOTHING);
    }

    #[test]
    fn dates_read_as_people_say_them() {
        // A date in a verdict is read aloud.
        assert_eq!(day(date(2026, 11, 14)), "14 November");
        assert_eq!(day_short(date(2026, 9, 1)), "1 Sep");
    }
}
