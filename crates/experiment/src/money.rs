//! Money: whole minor units (øre, cents) with their currency. No floats, anywhere.
//!
//! Invariants: arithmetic is checked, two currencies never mix, and the parts of a divided sum add up to the sum.
//!
//! **How an amount is written.** `120 000 NOK`, `1800.50 NOK`, `NOK 1 800,50`. Thousands are separated by a space (also a
//! no-break, narrow or thin one) or `_`, in groups of three; `.` and `,` are decimal signs only, and exactly as many
//! decimals are written as the currency has, or none. So `1.800 NOK` (one thousand eight hundred to a Dane, not quite two
//! to an American) is refused, and so is `1,234 KWD`. The currency's ISO 4217 code is never left out.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Currency, Error, Mistake, Ratio};

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
        let total: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
        if total == 0 {
            return Err(Error::NoWeights);
        }
        let whole = u128::from(self.minor.unsigned_abs());
        // |minor| ≤ 2⁶³ and weight < 2⁶⁴: the product fits 128 bits.
        let exact = |&weight: &u64| (whole * u128::from(weight) / total, whole * u128::from(weight) % total);
        let (mut parts, remainders): (Vec<u128>, Vec<u128>) = weights.iter().map(exact).unzip();
        let mut order: Vec<usize> = (0..weights.len()).collect();
        order.sort_by_key(|&part| std::cmp::Reverse(remainders[part]));
        let mut left = whole - parts.iter().sum::<u128>();
        for part in order {
            if left == 0 {
                break;
            }
            parts[part] += 1;
            left -= 1;
        }
        let signed = |part: u128| -> Result<Self, Error> {
            let part = i128::try_from(part).map_err(|_| Error::Overflow)?;
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

    /// Reads an amount; `usual` is the currency to suggest where none is written.
    pub(crate) fn read(text: &str, usual: Option<Currency>) -> Result<Self, Mistake> {
        let text = text.trim_matches(is_space);
        let (sum, code) = split_code(text);
        let usual = usual.map_or("NOK", Currency::code);
        if code.is_empty() {
            let mistake = Mistake::new("an amount needs its currency");
            return Err(if sum.chars().any(|c| c.is_ascii_digit()) {
                mistake.help(format!("write `{sum} {usual}`"))
            } else {
                mistake.help(format!("write an amount with its currency, such as `1 800 {usual}`"))
            });
        }
        if sum.is_empty() {
            return Err(Mistake::new(format!("`{text}` holds no amount"))
                .help(format!("write an amount with its currency, such as `1 800 {usual}`")));
        }
        let currency: Currency = code.parse()?;
        Ok(Self { minor: read_minor(sum, currency)?, currency })
    }
}

/// The spaces that may separate thousands: plain, no-break, narrow no-break, thin, figure.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{2007}')
}

/// Splits `120 000 NOK` or `NOK 120 000` into the sum and the code, either of which may turn out empty.
fn split_code(text: &str) -> (&str, &str) {
    let is_sum = |c: char| {
        c.is_ascii_digit() || is_space(c) || matches!(c, '.' | ',' | '_' | '-' | '+' | '\u{2212}' | '\'')
    };
    let (sum, code) = if text.starts_with(is_sum) {
        // `kr.` ends in a sign that a sum may hold too, so the code begins at the first letter.
        text.split_at(text.find(|c: char| !is_sum(c)).unwrap_or(text.len()))
    } else {
        let begin =
            text.find(|c: char| c.is_ascii_digit() || matches!(c, '-' | '\u{2212}')).unwrap_or(text.len());
        let (code, sum) = text.split_at(begin);
        (sum, code)
    };
    (sum.trim_matches(is_space), code.trim_matches(is_space))
}

/// Reads the digits of an amount into minor units.
fn read_minor(sum: &str, currency: Currency) -> Result<i64, Mistake> {
    let (negative, digits) = match sum.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (true, rest.trim_start_matches(is_space)),
        None => (false, sum),
    };
    let marks: Vec<(usize, char)> = digits.char_indices().filter(|(_, c)| matches!(c, '.' | ',')).collect();
    let (whole, fraction, mark) = match marks.as_slice() {
        [] => (digits, "", ' '),
        [(at, mark)] => (&digits[..*at], &digits[at + 1..], *mark),
        _ => {
            let bare: String = digits.chars().filter(|c| !matches!(c, '.' | ',')).collect();
            return Err(Mistake::new(format!("`{sum}` has more than one `.` or `,`")).help(format!(
                "separate thousands by spaces, and let `.` be the decimal sign alone: {}",
                reading(&bare, 0, currency).map_or_else(
                    || format!("`1 800.50 {currency}`"),
                    |whole| match marks.last().and_then(|(at, _)| reading(
                        &bare,
                        digits.len() - at - 1,
                        currency
                    )) {
                        Some(decimal) => format!("`{whole}` or `{decimal}`"),
                        None => format!("`{whole}`"),
                    }
                )
            )));
        }
    };
    let groups: Vec<&str> = whole.split(|c| is_space(c) || c == '_').collect();
    let all_digits =
        groups.iter().all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit()));
    if !all_digits || !fraction.bytes().all(|b| b.is_ascii_digit()) || (mark != ' ' && fraction.is_empty()) {
        return Err(Mistake::new(format!("`{sum}` is not an amount"))
            .help(format!("write digits, such as `1 800 {currency}`")));
    }
    if let [first, rest @ ..] = groups.as_slice()
        && !rest.is_empty()
        && (first.len() > 3 || rest.iter().any(|group| group.len() != 3))
    {
        let bare = groups.concat();
        let mistake = Mistake::new(format!("the thousands in `{sum}` are not in groups of three digits"));
        return Err(match reading(&bare, 0, currency) {
            Some(whole) => mistake.help(format!("if you mean {bare}, write `{whole}`")),
            None => mistake,
        });
    }
    let decimals = currency.decimals() as usize;
    if mark == ',' && fraction.len() == 3 && decimals == 3 {
        return Err(Mistake::new(format!("`{sum} {currency}` can be read in two ways")).help(format!(
            "write `{}.{fraction} {currency}` or `{} {fraction} {currency}`",
            groups.concat(),
            whole
        )));
    }
    if mark != ' ' && fraction.len() != decimals {
        return Err(wrong_decimals(sum, &groups.concat(), fraction, currency));
    }
    let digits = format!("{}{fraction:0<decimals$}", groups.concat());
    let minor: i64 =
        digits.parse().map_err(|_| Mistake::new(format!("`{sum} {currency}` is too large a sum")))?;
    Ok(if negative { -minor } else { minor })
}

fn wrong_decimals(sum: &str, whole: &str, fraction: &str, currency: Currency) -> Mistake {
    let decimals = currency.decimals() as usize;
    let has = match decimals {
        0 => "no decimals".to_owned(),
        1 => "one decimal".to_owned(),
        n => format!("{n} decimals"),
    };
    let mistake = Mistake::new(format!("`{sum}` has {} decimals, but {currency} has {has}", fraction.len()));
    let mut ways = Vec::new();
    if fraction.len() == 3 {
        ways.extend(reading(&format!("{whole}{fraction}"), 0, currency));
    }
    if decimals > 0 && fraction.len() < decimals {
        ways.extend(reading(&format!("{whole}{fraction:0<decimals$}"), decimals, currency));
    } else {
        let cut = format!("{whole}{}", &fraction[..decimals]);
        ways.extend(reading(&cut, decimals, currency));
    }
    mistake.help(format!("write {}", crate::suggest::one_of(ways.iter().map(String::as_str))))
}

/// How the digits would be written as an amount, when the last `decimals` of them are the fraction.
fn reading(digits: &str, decimals: usize, currency: Currency) -> Option<String> {
    let wanted = currency.decimals() as usize;
    if decimals != 0 && decimals != wanted {
        return None;
    }
    let padded = if decimals == 0 { format!("{digits}{}", "0".repeat(wanted)) } else { digits.to_owned() };
    let written = Money::new(padded.parse().ok()?, currency);
    // Decimals that were written stay visible, also when they are zeros.
    let text = written.to_string();
    Some(if decimals > 0 && !text.contains('.') {
        let (sum, code) = text.rsplit_once(' ')?;
        format!("{sum}.{} {code}", "0".repeat(wanted))
    } else {
        text
    })
}

impl FromStr for Money {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        Self::read(text, None)
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

    fn minor(text: &str) -> i64 {
        text.parse::<Money>().unwrap_or_else(|mistake| panic!("{text}: {mistake}")).minor()
    }

    #[test]
    fn amounts_are_read_to_the_minor_unit() {
        // Protects: the size of every sum in a definition.
        assert_eq!(minor("120 000 NOK"), 12_000_000);
        assert_eq!(minor("120\u{a0}000\u{a0}NOK"), 12_000_000);
        assert_eq!(minor("120\u{202f}000 NOK"), 12_000_000);
        assert_eq!(minor("120_000 NOK"), 12_000_000);
        assert_eq!(minor("120000NOK"), 12_000_000);
        assert_eq!(minor("NOK 1 800,50"), 180_050);
        assert_eq!(minor("1800.50 NOK"), 180_050);
        assert_eq!(minor("0.01 EUR"), 1);
        assert_eq!(minor("-5 NOK"), -500);
        assert_eq!(minor("1 800 ISK"), 1_800);
        assert_eq!(minor("1.234 KWD"), 1_234);
        assert_eq!(minor("92 233 720 368 547 758.07 NOK"), i64::MAX);
    }

    #[test]
    fn what_can_be_misread_is_refused_with_what_to_write() {
        // Protects: budgets from being a hundred or a thousand times what was meant.
        for (text, help) in [
            ("120 000", "write `120 000 NOK`"),
            ("1.800 NOK", "write `1 800 NOK` or `1.80 NOK`"),
            ("1,800 NOK", "write `1 800 NOK` or `1.80 NOK`"),
            ("1.5 NOK", "write `1.50 NOK`"),
            ("10.50 ISK", "write `10 ISK`"),
            ("1,234 KWD", "write `1.234 KWD` or `1 234 KWD`"),
            (
                "1.800,50 NOK",
                "separate thousands by spaces, and let `.` be the decimal sign alone: `180 050 NOK` or `1 800.50 NOK`",
            ),
            ("12 00 NOK", "if you mean 1200, write `1 200 NOK`"),
            ("1200 kr", "write the code of three letters: `NOK`, `SEK`, `DKK` or `ISK`"),
            ("1200 kr.", "write the code of three letters: `NOK`, `SEK`, `DKK` or `ISK`"),
            ("€ 12", "write the code of three letters: `EUR`"),
            ("12 nok", "write `NOK`"),
            ("much", "write an amount with its currency, such as `1 800 NOK`"),
            ("", "write an amount with its currency, such as `1 800 NOK`"),
            ("1e3 NOK", "write a code of three letters, such as `NOK`"),
        ] {
            assert_eq!(text.parse::<Money>().unwrap_err().help.as_deref(), Some(help), "{text}");
        }
        assert!("92 233 720 368 547 758.08 NOK".parse::<Money>().is_err());
        assert!("--5 NOK".parse::<Money>().is_err());
    }

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

        #[test]
        fn no_text_panics(text in "\\PC{0,24}") {
            // Protects: the program from whatever is typed into a file.
            let _ = text.parse::<Money>();
            let _ = text.parse::<Ratio>();
            let _ = text.parse::<Currency>();
        }
    }
}
