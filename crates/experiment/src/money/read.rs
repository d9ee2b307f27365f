//! Amounts of money as people write them.
//!
//! **How an amount is written**. `120 000 NOK`, `1800.50 NOK`, `NOK 1 800,50`. Thousands are separated by a space (also a
//! no-break, narrow or thin one) or `_`, in groups of three; `.` and `,` are decimal signs only, and exactly as many
//! decimals are written as the currency has, or none. So `1.800 NOK` (one thousand eight hundred to a Dane, not quite two
//! to an American) is refused, and so is `1,234 KWD`. The currency's ISO 4217 code is never left out.

use super::Money;
use crate::{Currency, Mistake, suggest::one_of};

/// Reads an amount; `usual` is the currency to suggest where none is written.
pub(crate) fn amount(text: &str, usual: Option<Currency>) -> Result<Money, Mistake> {
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
    Ok(Money::new(read_minor(sum, currency)?, currency))
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
    mistake.help(format!("write {}", one_of(ways.iter().map(String::as_str))))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Ratio;

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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn no_text_panics(text in "\\PC{0,24}") {
            // Protects: the program from whatever is typed into a file.
            let _ = text.parse::<Money>();
            let _ = text.parse::<Ratio>();
            let _ = text.parse::<Currency>();
        }
    }
}
