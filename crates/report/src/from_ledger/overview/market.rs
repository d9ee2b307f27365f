//! Series of the whole market in a month, beside the same days of the month before.
//!
//! They belong to no arm and prove nothing of one. A day without a row is not a zero: days are counted, and means are over the
//! days that were reported. The ratio of the two means has a 95 % interval from how the days scatter (quasi-Poisson: a day's
//! variance is φ times its mean, φ at least 1, so the logarithm of a sum n has the variance φ/n); seasons and trends are in it.

use std::collections::BTreeMap;

use gevinst_experiment::{Month, Zone};
use gevinst_ledger::{AsOf, Ledger};
use gevinst_stats::special::normal_quantile;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::error::Error;
use crate::interval::LEVEL;
use crate::model::{Interval, MarketChange, MarketDay, MarketSeries};

/// Fewer days than this say too little of how days scatter.
const DAYS_LEAST: usize = 5;

pub(super) fn series(
    ledger: &Ledger,
    month: Month,
    zone: &Zone,
    made_at: Timestamp,
) -> Result<Vec<MarketSeries>, Error> {
    let mut by_metric: BTreeMap<String, BTreeMap<Date, u64>> = BTreeMap::new();
    for seen in ledger.market(AsOf::Now)? {
        let Some(date) = zone.date_at(seen.period_start_us) else { continue };
        let count = by_metric.entry(seen.metric.to_string()).or_default().entry(date).or_default();
        *count = count.saturating_add(seen.value.count);
    }
    let first = month.first_day();
    // The day on which the report is made is not over.
    let today = zone.date_at(made_at.as_microsecond()).unwrap_or(first);
    let last = first.last_of_month().min(today.yesterday().unwrap_or(today));
    Ok(by_metric.into_iter().filter_map(|(metric, days)| one(metric, &days, first, last)).collect())
}

fn one(metric: String, days: &BTreeMap<Date, u64>, first: Date, last: Date) -> Option<MarketSeries> {
    if last < first {
        return None;
    }
    let by_day: Vec<MarketDay> =
        days.range(first..=last).map(|(date, count)| MarketDay { date: *date, count: *count }).collect();
    let until = by_day.last()?.date;
    let before = first.yesterday().ok()?;
    // The same days of a shorter month end with it.
    let before_last = before.first_of_month().with().day(until.day().min(before.day())).build().ok()?;
    let counts: Vec<u64> = by_day.iter().map(|day| day.count).collect();
    let earlier: Vec<u64> =
        days.range(before.first_of_month()..=before_last).map(|(_, count)| *count).collect();
    Some(MarketSeries {
        metric,
        count: counts.iter().sum(),
        days_reported: u32::try_from(counts.len()).unwrap_or(u32::MAX),
        days: u32::try_from(last.day()).unwrap_or(0),
        change: change(&counts, &earlier).map(|(ratio, interval)| MarketChange {
            month: format!("{:04}-{:02}", before.year(), before.month()),
            ratio,
            interval,
        }),
        by_day,
    })
}

/// Mean of a day over that of an earlier one, with its interval.
fn change(now: &[u64], before: &[u64]) -> Option<(f64, Interval)> {
    let (now, before) = (Scatter::of(now)?, Scatter::of(before)?);
    let ratio = now.mean / before.mean;
    let reach = normal_quantile(0.5 + LEVEL / 2.0) * (now.ln_variance + before.ln_variance).sqrt();
    Some((ratio, Interval { lower: ratio * (-reach).exp(), upper: ratio * reach.exp() }))
}

/// The mean of some days, and the variance of its logarithm.
struct Scatter {
    mean: f64,
    ln_variance: f64,
}

impl Scatter {
    fn of(days: &[u64]) -> Option<Self> {
        let sum: u64 = days.iter().sum();
        if days.len() < DAYS_LEAST || sum == 0 {
            return None;
        }
        let n = days.len() as f64;
        let mean = sum as f64 / n;
        let variance = days.iter().map(|day| (*day as f64 - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Some(Self { mean, ln_variance: (variance / mean).max(1.0) / sum as f64 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn days(month: i8, counts: &[u64]) -> Vec<(Date, u64)> {
        counts.iter().zip(1..).map(|(count, day)| (date(2026, month, day), *count)).collect()
    }

    #[test]
    fn a_day_that_was_not_reported_is_no_zero() {
        // A gap in Search Console that counts as nothing would make a drop of every late report.
        let mut all: BTreeMap<Date, u64> = days(11, &[10, 12, 8, 10, 10, 10]).into_iter().collect();
        all.remove(&date(2026, 11, 3));
        let seen = one("brand_searches".into(), &all, date(2026, 11, 1), date(2026, 11, 8)).unwrap();
        assert_eq!((seen.count, seen.days_reported, seen.days), (52, 5, 8));
        assert_eq!(seen.change, None, "nothing is known of the month before");
    }

    #[test]
    fn the_same_days_of_the_month_before_are_compared_by_their_means() {
        // Six days of November against a whole October would always be a fall. By hand: 12 over 10 a day; the days do not scatter,
        // so the variance of the logarithm is 1/72 + 1/60, and the interval 1.2·exp(∓1.96·0.1748).
        let mut all: BTreeMap<Date, u64> = days(11, &[12; 6]).into_iter().collect();
        all.extend(days(10, &[10; 31]));
        all.extend([(date(2026, 10, 20), 900)]);
        let seen = one("brand_searches".into(), &all, date(2026, 11, 1), date(2026, 11, 6)).unwrap();
        let change = seen.change.unwrap();
        assert_eq!((change.month.as_str(), change.ratio), ("2026-10", 1.2));
        assert!(
            (change.interval.lower - 0.852).abs() < 5e-4 && (change.interval.upper - 1.690).abs() < 5e-4,
            "{change:?}"
        );
    }
}
