//! What people are worth, in minor units of the account's currency.

use gevinst_http::{Decimal, currency_digits};
use gevinst_sdk::Error;

/// Beyond this no sum of squares of a month is exact enough to judge by.
const MINOR_MAX: i64 = 1_000_000_000_000;

/// A sum such as `60 000 NOK` in minor units of `currency`.
pub(crate) fn sum(field: &str, text: &str, currency: &str) -> Result<i64, Error> {
    let wrong = |what: &str| Error::bad_config(field, format!("{what}; expected such as `1 800 {currency}`"));
    let trimmed = text.trim();
    let split = trimmed.char_indices().rev().find(|(_, letter)| !letter.is_ascii_alphabetic());
    let (number, code) = trimmed.split_at(split.map_or(0, |(at, letter)| at + letter.len_utf8()));
    if code != currency {
        return Err(wrong(&format!("`{text}` is not in {currency}")));
    }
    amount(number, currency)
        .filter(|minor| *minor >= 0)
        .ok_or_else(|| wrong(&format!("`{text}` is not a sum")))
}

/// A decimal number in minor units of `currency`; `None` when it is none, or too large to be true of one person.
pub(crate) fn amount(text: &str, currency: &str) -> Option<i64> {
    let plain: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let minor = Decimal::parse(&plain).ok()?.to_minor(currency_digits(currency).ok()?).ok()?;
    (-MINOR_MAX..=MINOR_MAX).contains(&minor).then_some(minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects values from being taken in another currency or a hundred times too large.
    #[test]
    fn sums_are_read_with_their_currency() {
        assert_eq!(sum("/x", "60 000 NOK", "NOK"), Ok(6_000_000));
        assert_eq!(sum("/x", "1800.50 NOK", "NOK"), Ok(180_050));
        assert_eq!(sum("/x", "1\u{a0}800 NOK", "NOK"), Ok(180_000));
        for text in ["60 000 SEK", "60 000", "NOK", "-5 NOK", "many NOK", ""] {
            let error = sum("/customer_value", text, "NOK").unwrap_err();
            assert_eq!(error.field, "/customer_value", "{text}: {error}");
        }
        assert_eq!(amount("5000.00", "NOK"), Some(500_000));
        assert_eq!(amount("5000", "JPY"), Some(5_000));
        assert_eq!(amount("1e20", "NOK"), None);
        assert_eq!(amount("anna", "NOK"), None);
    }
}
