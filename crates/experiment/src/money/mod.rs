//! Money: whole minor units (øre, cents) with their currency. No floats, anywhere.
//!
//! Invariants: arithmetic is checked, two currencies never mix, and the parts of a divided sum add up to the sum.
//! How an amount is written is told in `money/read.rs`.

mod read;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

pub(crate) use read::amount as read_amount;

use crate::{Currency, Error, Mistake, Ratio, apportion::apportion};

/// A sum of money.
///
/// ```
/// use gevinst_experiment::Money;
/// let budget: Money = "120 000 NOK".parse()?;
/// assert_eq!(budget.minor(), 12_000_000);
/// assert_eq!(budget.to_string(), "120 000 NOK");
/// # Ok::<(), gevinst_experiment::Mistake>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// `minor` minor units of `currency`: `Money::new(250, nok)` is 2.50 NOK.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in `currency`.
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// The sum in minor units.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether this is exactly nothing.
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// The sum of both.
    ///
    /// # Errors
    /// Different currencies; a sum beyond 64 bits.
    pub fn checked_add(self, other: Self) -> Result<Self, Error> {
        self.same_currency(other)?;
        self.minor.checked_add(other.minor).map(|minor| Self { minor, ..self }).ok_or(Error::Overflow)
    }

    /// This less `other`; may be below zero.
    ///
    /// # Errors
    /// Different currencies; a difference beyond 64 bits.
    pub fn checked_sub(self, other: Self) -> Result<Self, Error> {
        self.same_currency(other)?;
        self.minor.checked_sub(other.minor).map(|minor| Self { minor, ..self }).ok_or(Error::Overflow)
    }

    /// This `times` over.
    ///
    /// # Errors
    /// A product beyond 64 bits.
    pub fn checked_mul(self, times: i64) -> Result<Self, Error> {
        self.minor.checked_mul(times).map(|minor| Self { minor, ..self }).ok_or(Error::Overflow)
    }

    /// Which of two sums is larger; `None` where the currencies differ.
    pub fn compare(self, other: Self) -> Option<std::cmp::Ordering> {
        (self.currency == other.currency).then(|| self.minor.cmp(&other.minor))
    }

    /// The part `share` of this, rounded towards zero, so that shares of at most 1 together never exceed the whole.
    ///
    /// # Errors
    /// A product beyond 64 bits (possible only for shares above 1).
    pub fn share_of(self, share: Ratio) -> Result<Self, Error> {
        let minor = i128::from(self.minor) * i128::from(share.nanos()) / i128::from(Ratio::ONE.nanos());
        i64::try_from(minor).map(|minor| Self { minor, ..self }).map_err(|_| Error::Overflow)
    }

    /// Divides this by `weights`, so that the parts add up to it exactly and none is off its exact share by a whole minor
    /// unit: what rounding leaves over goes, one each, to the largest remainders (Hamilton's method), the earlier first.
    ///
    /// # Errors
    /// All weights are zero, or there are none.
    pub fn split(self, weights: &[u64]) -> Result<Vec<Self>, Error> {
        let parts = apportion(self.minor.unsigned_abs(), weights).ok_or(Error::NoWeights)?;
        let signed = |part: u64| -> Result<Self, Error> {
            let part = i128::from(part);
            let minor = if self.minor < 0 { -part } else { part };
            i64::try_from(minor).map(|minor| Self { minor, ..self }).map_err(|_| Error::Overflow)
        };
        parts.into_iter().map(signed).collect()
    }

    fn same_currency(self, other: Self) -> Result<(), Error> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(Error::CurrencyMismatch { left: self.currency, right: other.currency })
        }
    }
}

impl FromStr for Money {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        read::amount(text, None)
    }
}

/// `120 000 NOK`; decimals only where they are not zero: `1 800.50 NOK`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = self.currency.decimals() as usize;
        let per_major = self.currency.minor_per_major().unsigned_abs();
        let minor = self.minor.unsigned_abs();
        let (major, rest) = (minor / per_major, minor % per_major);
        let sign = if self.minor < 0 { "-" } else { "" };
        let mut text = format!("{sign}{}", group_thousands(major));
        if rest != 0 {
            text.push_str(&format!(".{rest:0decimals$}"));
        }
        text.push(' ');
        text.push_str(self.currency.code());
        f.pad(&text)
    }
}

/// `1234567` → `1 234 567`.
fn group_thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn arithmetic_refuses_what_it_cannot_answer() {
        // Protects: caps from silent overflow and from sums across currencies.
        let nok = |minor| Money::new(minor, "NOK".parse().unwrap());
        let sek = Money::new(1, "SEK".parse().unwrap());
        assert!(matches!(nok(i64::MAX).checked_add(nok(1)), Err(Error::Overflow)));
        assert!(matches!(nok(i64::MIN).checked_sub(nok(1)), Err(Error::Overflow)));
        assert!(matches!(nok(i64::MAX).checked_mul(2), Err(Error::Overflow)));
        assert!(matches!(nok(1).checked_add(sek), Err(Error::CurrencyMismatch { .. })));
        assert_eq!(nok(1).compare(sek), None);
        assert!(matches!(nok(1).split(&[0, 0]), Err(Error::NoWeights)));
        assert!(matches!(nok(1).split(&[]), Err(Error::NoWeights)));
        assert_eq!(nok(100).split(&[1, 1, 1]).unwrap(), [nok(34), nok(33), nok(33)]);
        assert_eq!(nok(999).share_of("33.3 %".parse().unwrap()).unwrap(), nok(332));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn what_is_displayed_reads_back(minor in any::<i64>(), code in prop::sample::select(vec!["NOK", "ISK", "KWD"])) {
            // Protects: round trips through templates and reports.
            prop_assume!(minor != i64::MIN);
            let money = Money::new(minor, code.parse().unwrap());
            prop_assert_eq!(money.to_string().parse::<Money>().unwrap(), money);
        }

        #[test]
        fn parts_add_up_and_are_within_one_of_their_share(
            minor in any::<i64>(),
            weights in prop::collection::vec(any::<u64>(), 1..12),
        ) {
            // Protects: a divided budget from gaining or losing a single øre.
            prop_assume!(weights.iter().any(|&weight| weight > 0));
            let money = Money::new(minor, "NOK".parse().unwrap());
            let parts = money.split(&weights).unwrap();
            let sum: i128 = parts.iter().map(|part| i128::from(part.minor())).sum();
            prop_assert_eq!(sum, i128::from(minor));
            let total: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
            for (part, &weight) in parts.iter().zip(&weights) {
                let exact = u128::from(minor.unsigned_abs()) * u128::from(weight) / total;
                let got = u128::from(part.minor().unsigned_abs());
                prop_assert!(got == exact || got == exact + 1);
                prop_assert!(weight > 0 || got == 0);
            }
        }
    }
}
