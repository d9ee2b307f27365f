//! Figures, money and dates as each language writes them: the English form of [`crate::figures`] with other separators.

use jiff::civil::Date;

use super::Language;
use crate::figures::{self, Currency, NOTHING};

impl Language {
    /// A figure in English with the separators of this language.
    fn separated(self, english: String) -> String {
        if self == Self::English {
            return english;
        }
        let chars: Vec<char> = english.chars().collect();
        let digit = |i: Option<usize>| i.and_then(|i| chars.get(i)).is_some_and(char::is_ascii_digit);
        let written = |(i, c): (usize, &char)| match c {
            '.' if digit(i.checked_sub(1)) && digit(Some(i + 1)) => ',',
            ' ' if self == Self::Danish && digit(i.checked_sub(1)) && digit(Some(i + 1)) => '.',
            c => *c,
        };
        chars.iter().enumerate().map(written).collect()
    }

    /// A whole number: `12 345`, `12.345`.
    #[must_use]
    pub fn count(self, n: u64) -> String {
        self.separated(figures::count(n))
    }

    /// A sum of money: `12 345 NOK`; decimals only below 100 units, where they matter.
    #[must_use]
    pub fn money(self, currency: &Currency, minor: i64) -> String {
        self.separated(currency.money(minor))
    }

    /// A sum that was computed.
    #[must_use]
    pub fn money_f64(self, currency: &Currency, minor: f64) -> String {
        self.separated(currency.money_f64(minor))
    }

    /// A sum without its currency, for columns and intervals that name it once.
    #[must_use]
    pub fn bare_f64(self, currency: &Currency, minor: f64) -> String {
        self.separated(currency.bare_f64(minor))
    }

    /// Three significant digits.
    #[must_use]
    pub fn significant(self, x: f64) -> String {
        self.separated(figures::significant(x))
    }

    /// Three significant digits without zeros that say nothing: `24`, `0.15`.
    #[must_use]
    pub fn round(self, x: f64) -> String {
        let mut text = figures::significant(x);
        if text.contains('.') && !text.contains('×') {
            text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
        }
        self.separated(text)
    }

    /// A share of one in percent.
    #[must_use]
    pub fn percent(self, share: f64) -> String {
        self.separated(figures::percent(share))
    }

    /// An e-value from its natural logarithm.
    #[must_use]
    pub fn e_value(self, ln: Option<f64>) -> String {
        self.separated(figures::e_value(ln))
    }

    /// The e-value that is proof at an accepted error rate.
    #[must_use]
    pub fn threshold(self, alpha: f64) -> String {
        self.separated(figures::threshold(alpha))
    }

    /// An end of a ratio's interval.
    #[must_use]
    pub fn bound(self, ratio: f64) -> String {
        if ratio > 1000.0 {
            crate::language::tr!(self, "over", figure = self.count(1000))
        } else if ratio < 0.001 {
            crate::language::tr!(self, "under", figure = self.significant(0.001))
        } else {
            self.significant(ratio)
        }
    }

    /// A day in full: `14 November`, `14. november`.
    #[must_use]
    pub fn day(self, date: Date) -> String {
        self.dated(date, self.month_name(date.month()))
    }

    /// A day in short: `14 Nov`, `14. nov.`.
    #[must_use]
    pub fn day_short(self, date: Date) -> String {
        let name = self.month_name(date.month());
        let short: String = name.chars().take(3).collect();
        match self {
            Self::English => self.dated(date, &short),
            // A name of three or four letters is not cut.
            _ if name.chars().count() <= 4 => self.dated(date, name),
            _ => self.dated(date, &format!("{short}.")),
        }
    }

    fn dated(self, date: Date, month: &str) -> String {
        match self {
            Self::Danish | Self::Norwegian => format!("{}. {month}", date.day()),
            Self::English | Self::Swedish => format!("{} {month}", date.day()),
        }
    }

    /// A month in full from `2026-11`: `November 2026`; the text itself where it is no month.
    #[must_use]
    pub fn month(self, text: &str) -> String {
        match crate::calendar::first_day(text) {
            Some(first) => {
                let name = self.month_name(first.month());
                let mut chars = name.chars();
                let capital: String =
                    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect());
                format!("{capital} {}", first.year())
            }
            None => text.to_owned(),
        }
    }

    fn month_name(self, month: i8) -> &'static str {
        let names: [&str; 12] = match self {
            Self::English => [
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
            ],
            Self::Danish => [
                "januar",
                "februar",
                "marts",
                "april",
                "maj",
                "juni",
                "juli",
                "august",
                "september",
                "oktober",
                "november",
                "december",
            ],
            Self::Norwegian => [
                "januar",
                "februar",
                "mars",
                "april",
                "mai",
                "juni",
                "juli",
                "august",
                "september",
                "oktober",
                "november",
                "desember",
            ],
            Self::Swedish => [
                "januari",
                "februari",
                "mars",
                "april",
                "maj",
                "juni",
                "juli",
                "augusti",
                "september",
                "oktober",
                "november",
                "december",
            ],
        };
        usize::try_from(month - 1).ok().and_then(|i| names.get(i)).copied().unwrap_or(NOTHING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn figures_follow_the_language() {
        // 1.234 is a little over one to an Englishman, and over a thousand to a Dane.
        let nok = Currency::new("NOK", 2);
        let sum = |language: Language| language.money(&nok, 123_456_700);
        assert_eq!(
            Language::ALL.map(sum),
            ["1 234 567 NOK", "1.234.567 NOK", "1 234 567 NOK", "1 234 567 NOK"]
        );
        let small = |language: Language| language.money(&nok, 8_250);
        assert_eq!(Language::ALL.map(small), ["82.50 NOK", "82,50 NOK", "82,50 NOK", "82,50 NOK"]);
        assert_eq!(Language::Swedish.significant(1.314), "1,31");
        assert_eq!(
            [24.0, 0.15, 100.0, 1234.4].map(|x| Language::Danish.round(x)),
            ["24", "0,15", "100", "1.234"]
        );
        assert_eq!(Language::Danish.percent(0.004), "0,4 %");
        assert_eq!(Language::Danish.e_value(Some(1000.0)), "2,0 × 10^434");
        assert_eq!(Language::Danish.money_f64(&nok, f64::NAN), NOTHING);
    }

    #[test]
    fn dates_follow_the_language() {
        // A date in a verdict is read aloud.
        let day = |language: Language| language.day(date(2026, 5, 3));
        assert_eq!(Language::ALL.map(day), ["3 May", "3. maj", "3. mai", "3 maj"]);
        let short = |language: Language| language.day_short(date(2026, 11, 14));
        assert_eq!(Language::ALL.map(short), ["14 Nov", "14. nov.", "14. nov.", "14 nov."]);
        let month = |language: Language| language.month("2026-12");
        assert_eq!(
            Language::ALL.map(month),
            ["December 2026", "December 2026", "Desember 2026", "December 2026"]
        );
        assert_eq!(Language::Danish.month("soon"), "soon");
    }
}
