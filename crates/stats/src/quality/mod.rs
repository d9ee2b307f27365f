//! Is the feed fit to decide on? Checks that are made at every look, before any verdict.
//!
//! Each check returns a [`Check`]: a figure, the threshold it is held against, and a sentence that a marketer can act on. A check
//! that fails stops the experiment's decisions ([`stopped_by`]); the reason travels with it into the ledger and the report.
//!
//! Whether people were split by one plan is the question of [`sample_ratio`](crate::sample_ratio); a plan that moves is held against them here.

mod day_noise;
mod feed;
mod outliers;
mod split;

pub(crate) use day_noise::ln_noise_profile;
pub use day_noise::{DayNoise, day_noise, day_noise_check};
pub use feed::{
    Commanded, Restatement, Restatements, exposure_check, missing_check, restatement_check, stale_check,
    suspicious_check,
};
pub use outliers::{DOMINATED_Z, Outliers, dominated_cells_check, outliers, outliers_check};
pub use split::{SplitCell, ln_e_moving_split, split_check};

/// One check's outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Which check this is: a stable word such as `missing-periods`.
    pub name: &'static str,
    /// Whether decisions may be made.
    pub passed: bool,
    /// The figure that was held against the threshold.
    pub value: f64,
    /// The threshold; which side is good is the check's own affair and is said in the sentence.
    pub threshold: f64,
    /// What was found and, if it failed, what to look at; one sentence, no jargon.
    pub sentence: String,
}

/// The checks that stop decisions, in the order given.
///
/// ```
/// use gevinst_stats::quality::{missing_check, stale_check, stopped_by};
/// let checks = [missing_check("product", &[1, 2, 3], &[1, 3], 0), stale_check(3, 4, 10)];
/// let failed = stopped_by(&checks);
/// assert_eq!(failed.len(), 1);
/// assert_eq!(failed[0].sentence, "arm `product` has no row for 1 of 3 periods, the first being number 2; a missing row is not a zero.");
/// ```
pub fn stopped_by(checks: &[Check]) -> Vec<&Check> {
    checks.iter().filter(|check| !check.passed).collect()
}

/// 12,345.7 → "12 346"; small numbers keep three significant digits.
fn figure(x: f64) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    if x.abs() >= 100.0 {
        let digits = format!("{:.0}", x.abs());
        let mut grouped = String::new();
        for (i, c) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                grouped.push(' ');
            }
            grouped.push(c);
        }
        return if x < 0.0 { format!("-{grouped}") } else { grouped };
    }
    let mut decimals = 2;
    let mut size = x.abs();
    while size < 1.0 && decimals < 12 {
        size *= 10.0;
        decimals += 1;
    }
    let text = format!("{x:.decimals$}");
    let trimmed = text.trim_end_matches('0').trim_end_matches('.');
    trimmed.to_owned()
}

/// 0.1234 → "12.3 %".
fn percent(x: f64) -> String {
    format!("{} %", figure((x * 1000.0).round() / 10.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the sentences: figures people can read at any size.
    #[test]
    fn figures_are_readable() {
        let shown: Vec<String> = [0.0, 0.00123456, 1.5, 42.0, 12_345.7, -1_000_000.0].map(figure).into();
        assert_eq!(shown, ["0", "0.00123", "1.5", "42", "12 346", "-1 000 000"]);
        assert_eq!(percent(0.1234), "12.3 %");
    }
}
