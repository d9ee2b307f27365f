//! Checks of the feed: rows that are missing or old, figures that changed, exposure that was not what was commanded.
//!
//! All of them compare what arrived with what was to be expected; what to expect is the caller's knowledge.

use super::{Check, figure, percent};

/// Periods without a row for one arm, among those that should have been reported.
///
/// `expected` and `reported` are period starts in the same unit; order does not matter and reported periods that nobody
/// expected are not counted. Passes while at most `allowed` are missing.
///
/// ```
/// use gevinst_stats::quality::missing_check;
/// let check = missing_check("product", &[0, 24, 48], &[0, 48], 0);
/// assert!(!check.passed && check.sentence.contains("no row for 1 of 3 periods, the first being number 2"));
/// ```
pub fn missing_check(arm: &str, expected: &[i64], reported: &[i64], allowed: usize) -> Check {
    let known: std::collections::HashSet<i64> = reported.iter().copied().collect();
    let gaps: Vec<usize> = (0..expected.len()).filter(|&i| !known.contains(&expected[i])).collect();
    let passed = gaps.len() <= allowed;
    let sentence = match gaps.first() {
        None => format!("arm `{arm}` has a row for each of {} periods.", expected.len()),
        Some(first) => format!(
            "arm `{arm}` has no row for {} of {} periods, the first being number {}; a missing row is not a zero.",
            gaps.len(),
            expected.len(),
            first + 1
        ),
    };
    Check { name: "missing-periods", passed, value: gaps.len() as f64, threshold: allowed as f64, sentence }
}

/// How long ago the channel last reported everything, against what is usual for it. All in µs UTC.
///
/// Value and threshold are hours.
///
/// ```
/// use gevinst_stats::quality::stale_check;
/// let hour = 3_600_000_000;
/// assert!(stale_check(10 * hour, 40 * hour, 36 * hour).passed);
/// assert_eq!(stale_check(0, 40 * hour, 36 * hour).value, 40.0);
/// ```
pub fn stale_check(fresh_until_us: i64, now_us: i64, allowed_us: i64) -> Check {
    const HOUR_US: f64 = 3.6e9;
    let age = now_us.saturating_sub(fresh_until_us).max(0);
    let (hours, most) = (age as f64 / HOUR_US, allowed_us as f64 / HOUR_US);
    let passed = age <= allowed_us;
    let sentence = if passed {
        format!("everything up to {} hours ago is reported.", figure(hours))
    } else {
        format!(
            "nothing newer than {} hours ago is reported, {} are usual; ask the channel.",
            figure(hours),
            figure(most)
        )
    };
    Check { name: "stale-feed", passed, value: hours, threshold: most, sentence }
}

/// One figure that was reported twice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Restatement {
    /// What was reported before.
    pub was: f64,
    /// What is reported now.
    pub is: f64,
}

/// What a set of restatements did together.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Restatements {
    /// Figures that changed.
    pub changed: usize,
    /// Figures that were reported again, changed or not.
    pub compared: usize,
    /// Sum of all figures before.
    pub was: f64,
    /// Sum of all figures now.
    pub is: f64,
    /// The largest change of one figure, as a share of the old sum.
    pub largest: f64,
}

impl Restatements {
    /// Sums up.
    ///
    /// ```
    /// use gevinst_stats::quality::{Restatement, Restatements};
    /// let pairs = [(100.0, 100.0), (80.0, 76.0), (20.0, 25.0)].map(|(was, is)| Restatement { was, is });
    /// let sum = Restatements::of(&pairs);
    /// assert_eq!((sum.changed, sum.compared, sum.net_change()), (2, 3, 0.005));
    /// assert_eq!(sum.largest, 0.025);
    /// ```
    pub fn of(pairs: &[Restatement]) -> Self {
        let was: f64 = pairs.iter().map(|p| p.was).sum();
        let is: f64 = pairs.iter().map(|p| p.is).sum();
        let changed = pairs.iter().filter(|p| p.was != p.is).count();
        let largest = pairs.iter().fold(0.0_f64, |most, p| most.max((p.is - p.was).abs()));
        let largest = if largest == 0.0 { 0.0 } else { largest / was.abs() };
        Self { changed, compared: pairs.len(), was, is, largest }
    }

    /// Relative change of the sum; infinite where something was added to nothing.
    pub fn net_change(&self) -> f64 {
        if self.is == self.was { 0.0 } else { (self.is - self.was) / self.was.abs() }
    }
}

/// Restatements since the last look: passes while the sum of `what` changed by at most `tolerance` (a share) either way.
///
/// ```
/// use gevinst_stats::quality::{Restatement, Restatements, restatement_check};
/// let restated = Restatements::of(&[Restatement { was: 120.0, is: 90.0 }]);
/// assert!(!restatement_check("spend", &restated, 0.1).passed);
/// ```
pub fn restatement_check(what: &str, restatements: &Restatements, tolerance: f64) -> Check {
    let change = restatements.net_change();
    let passed = change.abs() <= tolerance;
    let Restatements { changed, compared, was, is, .. } = *restatements;
    let sentence = if changed == 0 {
        format!("no {what} of {compared} periods was restated.")
    } else {
        let verdict = if passed { "" } else { "; wait until the channel's figures settle" };
        format!(
            "{what} of {changed} of {compared} periods was restated, from {} to {} in all{verdict}.",
            figure(was),
            figure(is)
        )
    };
    Check { name: "restatements", passed, value: change, threshold: tolerance, sentence }
}

/// What one arm was told to spend over some periods and what it spent, in any one unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Commanded<'a> {
    /// The arm's name.
    pub arm: &'a str,
    /// Sum of the budgets in force.
    pub commanded: f64,
    /// Sum of the exposure bought.
    pub actual: f64,
}

/// Exposure far from what was commanded. Passes while actual/commanded lies within [1 − under, 1 + over].
///
/// Platforms may overspend a day and make it up within the month: hand in sums over enough days. Spending where nothing
/// was commanded fails; value is then infinite.
///
/// ```
/// use gevinst_stats::quality::{Commanded, exposure_check};
/// let arm = Commanded { arm: "problem", commanded: 7_000.0, actual: 2_100.0 };
/// let check = exposure_check(&arm, 0.5, 0.2);
/// assert!(!check.passed && check.value == 0.3);
/// ```
pub fn exposure_check(arm: &Commanded<'_>, under: f64, over: f64) -> Check {
    let Commanded { arm, commanded, actual } = *arm;
    let ratio = match (commanded > 0.0, actual > 0.0) {
        (true, _) => actual / commanded,
        (false, true) => f64::INFINITY,
        (false, false) => 1.0,
    };
    let passed = (1.0 - under..=1.0 + over).contains(&ratio);
    let threshold = if ratio < 1.0 { 1.0 - under } else { 1.0 + over };
    let spent = format!("arm `{arm}` spent {} of {} commanded", figure(actual), figure(commanded));
    let sentence = match (passed, ratio < 1.0) {
        (true, _) => format!("{spent}."),
        (false, true) => {
            format!("{spent}: the platform does not deliver it; look at bid, audience and review status.")
        }
        (false, false) => format!("{spent}: more than it may; look at the budget on the platform itself."),
    };
    Check { name: "exposure-commanded", passed, value: ratio, threshold, sentence }
}

/// Clicks that look like a mail scanner's or a robot's (such as every link of a mail within seconds of its delivery), of all clicks.
///
/// Passes unless the share is above `most` beyond doubt: the 97.5 % lower bound of Clopper and Pearson, which is exact, exceeds it.
///
/// ```
/// use gevinst_stats::quality::suspicious_check;
/// assert!(suspicious_check(6, 20, 0.2).passed); // 30 %, but of twenty clicks
/// assert!(!suspicious_check(300, 1_000, 0.2).passed);
/// ```
pub fn suspicious_check(suspicious: u64, total: u64, most: f64) -> Check {
    let (s, n) = (suspicious.min(total) as f64, total as f64);
    let value = if total == 0 { 0.0 } else { s / n };
    let lower = if suspicious == 0 || total == 0 {
        0.0
    } else {
        crate::special::beta_quantile(s, n - s + 1.0, 0.025)
    };
    let passed = lower <= most;
    let seen = format!("{} of {} clicks look like a machine's", figure(s), figure(n));
    let sentence = if passed {
        format!("{seen}.")
    } else {
        format!("{seen}, more than {}; count a later step, or take scanners out first.", percent(most))
    };
    Check { name: "machine-clicks", passed, value, threshold: most, sentence }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the difference between a missing row and a zero, and a feed with rows nobody expected.
    #[test]
    fn missing_rows_are_counted() {
        assert!(missing_check("a", &[1, 2, 3], &[3, 2, 1, 99], 0).passed);
        let check = missing_check("a", &[1, 2, 3, 4], &[1, 4], 1);
        assert!(!check.passed && check.value == 2.0);
        assert!(missing_check("a", &[], &[], 0).passed);
    }

    /// Protects against a clock that is behind the feed, and against overflow at the ends of time.
    #[test]
    fn staleness_is_an_age() {
        let hour = 3_600_000_000;
        assert!(stale_check(10 * hour, 9 * hour, 0).passed);
        let check = stale_check(0, 50 * hour, 36 * hour);
        assert!(!check.passed && (check.value - 50.0).abs() < 1e-9, "{check:?}");
        assert!(!stale_check(i64::MIN, i64::MAX, hour).passed);
    }

    /// Protects every branch of spending against a command, with zero on either side.
    #[test]
    fn exposure_is_held_against_the_command() {
        let check = |commanded, actual| exposure_check(&Commanded { arm: "a", commanded, actual }, 0.5, 0.2);
        assert!(check(100.0, 110.0).passed && check(100.0, 60.0).passed && check(0.0, 0.0).passed);
        assert!(!check(100.0, 40.0).passed && !check(100.0, 121.0).passed);
        assert!(check(0.0, 5.0).value.is_infinite() && !check(0.0, 5.0).passed);
        assert!(check(100.0, 40.0).sentence.contains("does not deliver"));
    }

    /// Protects the direction and the tolerance of restatements, and growth from nothing.
    #[test]
    fn restatements_count_both_ways() {
        let sum = |pairs: &[(f64, f64)]| {
            Restatements::of(&pairs.iter().map(|&(was, is)| Restatement { was, is }).collect::<Vec<_>>())
        };
        assert!(restatement_check("spend", &sum(&[(10.0, 10.4)]), 0.05).passed);
        assert!(!restatement_check("spend", &sum(&[(10.0, 9.0)]), 0.05).passed);
        assert!(!restatement_check("spend", &sum(&[(0.0, 9.0)]), 0.05).passed);
        assert!(restatement_check("spend", &sum(&[]), 0.0).passed);
    }

    /// Protects small mailings from alarm over a handful of clicks.
    #[test]
    fn few_suspicious_clicks_are_forgiven() {
        assert!(suspicious_check(3, 10, 0.1).passed);
        assert!(!suspicious_check(300, 1000, 0.1).passed);
        assert!(suspicious_check(0, 0, 0.1).passed);
    }
}
