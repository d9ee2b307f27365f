//! The days of a month, as the reports' axes need them.
//!
//! Local days only: the builder has turned instants into dates of the company's time zone before anything is drawn.

use jiff::civil::Date;

/// The first day of a month written as `2026-11`.
#[must_use]
pub(crate) fn first_day(month: &str) -> Option<Date> {
    let (year, month) = month.split_once('-')?;
    if year.len() != 4 || month.len() != 2 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()
}

/// Days from `from` to `to`, negative when `to` is earlier.
#[must_use]
pub(crate) fn days_between(from: Date, to: Date) -> i32 {
    // Both are civil dates, so the difference is whole days and fits: jiff's years go from -9999 to 9999.
    from.until(to).map(|span| span.get_days()).unwrap_or(0)
}

/// Every day from `first` to `last`, both included, at most `limit` of them.
pub(crate) fn days(first: Date, last: Date, limit: usize) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |day| day.tomorrow().ok())
        .take_while(move |day| *day <= last)
        .take(limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn months_are_read_strictly() {
        // An axis must not be drawn for a month that does not exist.
        assert_eq!(first_day("2026-11"), Some(date(2026, 11, 1)));
        for wrong in ["2026-13", "2026-1", "26-11", "", "2026/11", "2026-11-01"] {
            assert_eq!(first_day(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn days_cross_month_and_year() {
        // A month's page may show days of the next month, when goals come late.
        assert_eq!(days_between(date(2026, 12, 30), date(2027, 1, 2)), 3);
        assert_eq!(days(date(2026, 2, 27), date(2026, 3, 1), 99).count(), 3);
    }
}
