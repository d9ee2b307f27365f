//! Money as platforms write it, without floats: `"209.449"`, `"-2E-18"`, `85.96`.
//!
//! A [`Decimal`] is an integer and a power of ten. A JSON number is taken by the shortest text that means it, which for
//! up to 15 significant digits is the text that the platform wrote; ten billion kroner to the øre have 12.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Number, Value};

/// Powers of ten beyond this are refused: they fit no sum of money, and no arithmetic of ours.
const EXPONENT_MAX: i32 = 30;
/// More digits are refused.
const DIGITS_MAX: usize = 30;

/// Why a text is no amount, or an amount no sum of minor units.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecimalError {
    /// No decimal number.
    #[error("`{0}` is not a decimal number")]
    NotANumber(String),
    /// Too large to count in minor units.
    #[error("`{0}` is too large an amount")]
    TooLarge(String),
    /// A currency that is none.
    #[error("`{0}` is not a currency code of ISO 4217")]
    UnknownCurrency(String),
}

/// A decimal number: `mantissa · 10^exponent`.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    mantissa: i128,
    exponent: i32,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self { mantissa: 0, exponent: 0 };

    /// Reads plain or scientific notation.
    ///
    /// ```
    /// # use gevinst_http::Decimal;
    /// assert_eq!(Decimal::parse("209.449")?.to_minor(2)?, 20_945);
    /// assert_eq!(Decimal::parse("-2E-18")?.to_minor(2)?, 0);
    /// # Ok::<(), gevinst_http::DecimalError>(())
    /// ```
    ///
    /// # Errors
    /// [`DecimalError::NotANumber`]; [`DecimalError::TooLarge`] for more than 30 digits or a power beyond 30.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let wrong = || DecimalError::NotANumber(text.chars().take(40).collect());
        let large = || DecimalError::TooLarge(text.chars().take(40).collect());
        let plain = text.trim();
        let (digits, power) = match plain.split_once(['e', 'E']) {
            Some((digits, power)) => (digits, power.parse::<i32>().map_err(|_| wrong())?),
            None => (plain, 0),
        };
        let (negative, digits) = match digits.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, digits.strip_prefix('+').unwrap_or(digits)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all = || whole.bytes().chain(fraction.bytes());
        if all().next().is_none() || !all().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        if all().skip_while(|byte| *byte == b'0').count() > DIGITS_MAX || fraction.len() > 100 {
            return Err(large());
        }
        let mantissa = all().fold(0, |sum: i128, byte| sum * 10 + i128::from(byte - b'0'));
        let places = i32::try_from(fraction.len()).map_err(|_| large())?;
        let exponent = power.checked_sub(places).ok_or_else(large)?;
        if mantissa == 0 {
            return Ok(Self::ZERO);
        }
        if exponent > EXPONENT_MAX {
            return Err(large());
        }
        Ok(Self { mantissa: if negative { -mantissa } else { mantissa }, exponent })
    }

    /// So many minor units of a currency with `digits` decimals.
    pub fn from_minor(minor: i64, digits: u32) -> Self {
        Self { mantissa: i128::from(minor), exponent: -i32::try_from(digits).unwrap_or(i32::MAX) }
    }

    /// The sum in minor units of a currency with `digits` decimals, rounded half away from zero. Add first and round
    /// once where there are several amounts.
    ///
    /// # Errors
    /// [`DecimalError::TooLarge`].
    pub fn to_minor(self, digits: u32) -> Result<i64, DecimalError> {
        let large = || DecimalError::TooLarge(self.to_string());
        let shift = i64::from(self.exponent) + i64::from(digits);
        let minor = match u32::try_from(shift) {
            Ok(up) => 10_i128.checked_pow(up).and_then(|ten| self.mantissa.checked_mul(ten)),
            Err(_) => u32::try_from(-shift).ok().map(|down| match 10_i128.checked_pow(down) {
                Some(ten) => {
                    let (whole, rest) = (self.mantissa / ten, self.mantissa % ten);
                    whole + if rest.abs() * 2 >= ten { rest.signum() } else { 0 }
                }
                None => 0,
            }),
        };
        minor.and_then(|minor| i64::try_from(minor).ok()).ok_or_else(large)
    }

    /// The exact sum of two.
    ///
    /// # Errors
    /// [`DecimalError::TooLarge`] when it has more digits than are kept.
    pub fn plus(self, other: Self) -> Result<Self, DecimalError> {
        if self.mantissa == 0 || other.mantissa == 0 {
            return Ok(if self.mantissa == 0 { other } else { self });
        }
        let exponent = self.exponent.min(other.exponent);
        let at = |one: Self| {
            let up = u32::try_from(i64::from(one.exponent) - i64::from(exponent)).ok()?;
            10_i128.checked_pow(up).and_then(|ten| one.mantissa.checked_mul(ten))
        };
        let sum = at(self).zip(at(other)).and_then(|(a, b)| a.checked_add(b));
        match sum {
            Some(mantissa) => Ok(Self { mantissa, exponent }),
            // One of them is so small beside the other that it is none: `-2E-18` beside a sum of money.
            None => Ok(if self.exponent >= other.exponent { self } else { other }),
        }
    }

    /// As a JSON number, for platforms that take budgets so: the number whose shortest text is this decimal.
    pub fn to_number(self) -> Number {
        let text = self.to_string();
        serde_json::from_str(&text).unwrap_or_else(|_| Number::from(0))
    }
}

impl std::fmt::Display for Decimal {
    /// Plain notation, with as many decimals as the number was made with: `40.00`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = self.mantissa.unsigned_abs().to_string();
        if self.mantissa < 0 {
            f.write_str("-")?;
        }
        match usize::try_from(self.exponent) {
            Ok(up) => write!(f, "{digits}{}", "0".repeat(if self.mantissa == 0 { 0 } else { up })),
            Err(_) => {
                let places = self.exponent.unsigned_abs() as usize;
                let padded = format!("{digits:0>width$}", width = places + 1);
                let (whole, fraction) = padded.split_at(padded.len() - places);
                write!(f, "{whole}.{fraction}")
            }
        }
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        let reduced = |one: &Self| {
            let (mut mantissa, mut exponent) = (one.mantissa, one.exponent);
            while mantissa != 0 && mantissa % 10 == 0 {
                mantissa /= 10;
                exponent += 1;
            }
            (mantissa, if mantissa == 0 { 0 } else { exponent })
        };
        reduced(self) == reduced(other)
    }
}

impl Eq for Decimal {}

impl<'de> Deserialize<'de> for Decimal {
    /// From a text or a number.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match Value::deserialize(deserializer)? {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            _ => return Err(D::Error::custom("expected an amount, as a number or a text")),
        };
        Self::parse(&text).map_err(D::Error::custom)
    }
}

/// How many decimals a currency has: 2 for `NOK`, 0 for `JPY` and for `XXX`, which counts exposures.
///
/// # Errors
/// [`DecimalError::UnknownCurrency`].
pub fn currency_digits(code: &str) -> Result<u32, DecimalError> {
    if code == "XXX" {
        return Ok(0);
    }
    iso_currency::Currency::from_code(code)
        .and_then(|currency| currency.exponent())
        .map(u32::from)
        .ok_or_else(|| DecimalError::UnknownCurrency(code.chars().take(8).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn minor(text: &str) -> i64 {
        Decimal::parse(text).unwrap().to_minor(2).unwrap()
    }

    /// Protects money from both notations, and from rounding anywhere but at the end.
    #[test]
    fn amounts_as_platforms_write_them() {
        for (text, expected) in [
            ("209.449", 20_945),
            ("209.444", 20_944),
            ("0.005", 1),
            ("-0.005", -1),
            ("-2E-18", 0),
            ("1.5e3", 150_000),
            ("85.96", 8596),
            (" 14.35 ", 1435),
            ("40", 4000),
            (".5", 50),
            ("7.", 700),
            ("0E99", 0),
            ("1E-2000000000", 0),
        ] {
            assert_eq!(minor(text), expected, "{text}");
        }
        for text in ["", "-", ".", "1,5", "0x10", "NaN", "inf", "1e", "1.2.3", "--1", "1 000"] {
            assert_eq!(Decimal::parse(text).unwrap_err(), DecimalError::NotANumber(text.to_owned()));
        }
        assert!(matches!(Decimal::parse("1E31"), Err(DecimalError::TooLarge(_))));
        assert!(matches!(Decimal::parse("1E30").unwrap().to_minor(2), Err(DecimalError::TooLarge(_))));
        assert!(matches!(Decimal::parse(&"9".repeat(31)), Err(DecimalError::TooLarge(_))));
    }

    /// Protects budgets on their way out.
    #[test]
    fn amounts_as_platforms_read_them() {
        assert_eq!(Decimal::from_minor(4000, 2).to_string(), "40.00");
        assert_eq!(Decimal::from_minor(-5, 2).to_string(), "-0.05");
        assert_eq!(Decimal::from_minor(4000, 0).to_string(), "4000");
        assert_eq!(Decimal::parse("1.5e3").unwrap().to_string(), "1500");
        assert_eq!(Decimal::from_minor(5010, 2).to_number().to_string(), "50.1");
        let read: Vec<Decimal> = serde_json::from_str(r#"["209.449", 85.96, 7, -2E-18]"#).unwrap();
        assert_eq!(read.iter().map(|d| d.to_minor(2).unwrap()).collect::<Vec<_>>(), [20_945, 8596, 700, 0]);
        assert_eq!(
            (currency_digits("NOK"), currency_digits("JPY"), currency_digits("XXX")),
            (Ok(2), Ok(0), Ok(0))
        );
        assert!(currency_digits("KRONER").is_err());
    }

    /// Protects sums from a speck beside them.
    #[test]
    fn specks_do_not_spoil_a_sum() {
        let sum = Decimal::parse("1000000000.25").unwrap().plus(Decimal::parse("-2E-90").unwrap()).unwrap();
        assert_eq!(sum.to_minor(2), Ok(100_000_000_025));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Protects every sum on its way through text, JSON number and back.
        #[test]
        fn minor_units_survive(minor in -1_000_000_000_000_i64..1_000_000_000_000, digits in 0_u32..4) {
            let out = Decimal::from_minor(minor, digits);
            prop_assert_eq!(Decimal::parse(&out.to_string()).unwrap().to_minor(digits), Ok(minor));
            let json = serde_json::Value::Number(out.to_number()).to_string();
            let back: Decimal = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(back.to_minor(digits), Ok(minor));
        }

        /// Protects addition: as integers have it.
        #[test]
        fn sums_are_exact(a in -1_000_000_000_i64..1_000_000_000, b in -1_000_000_000_i64..1_000_000_000,
                          x in 0_u32..8, y in 0_u32..8) {
            let sum = Decimal::from_minor(a, x).plus(Decimal::from_minor(b, y)).unwrap();
            let exact = a * 10_i64.pow(8 - x) + b * 10_i64.pow(8 - y);
            prop_assert_eq!(sum.to_minor(8), Ok(exact));
        }
    }
}
