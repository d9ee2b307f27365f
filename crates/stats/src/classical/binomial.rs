//! One proportion: the exact binomial test, and exact and score intervals.

use super::{Alternative, FixedTest, Proportion, TIE, TestResult, check_alpha, ends, tail_alpha};
use crate::StatsError;
use crate::special::{beta_isf, beta_quantile, binomial_cdf, binomial_sf, ln_binomial_pmf, normal_isf};

/// The Clopper–Pearson interval (1934): each end is where one tail has the chance α/2. Coverage at least 1 − α.
///
/// # Errors
/// α outside (0, 1).
///
/// ```
/// use gevinst_stats::classical::{Proportion, clopper_pearson};
/// let (lower, upper) = clopper_pearson(Proportion::new(0, 10).unwrap(), 0.05).unwrap();
/// assert_eq!(lower, 0.0);
/// assert!((upper - (1.0 - 0.025f64.powf(0.1))).abs() < 1e-15);
/// ```
pub fn clopper_pearson(arm: Proportion, alpha: f64) -> Result<(f64, f64), StatsError> {
    check_alpha(alpha)?;
    let (x, n) = (arm.events() as f64, arm.people() as f64);
    let lower = if arm.events() == 0 { 0.0 } else { beta_quantile(x, n - x + 1.0, alpha / 2.0) };
    let upper = if arm.events() == arm.people() { 1.0 } else { beta_isf(x + 1.0, n - x, alpha / 2.0) };
    Ok((lower, upper))
}

/// Wilson's score interval (1927): the chances that a z-test with its own variance does not reject.
///
/// # Errors
/// α outside (0, 1).
///
/// ```
/// use gevinst_stats::classical::{Proportion, wilson};
/// let (lower, upper) = wilson(Proportion::new(5, 10).unwrap(), 0.05).unwrap();
/// assert!((lower - 0.236_593_090_512_564).abs() < 1e-12 && (upper - 0.763_406_909_487_436).abs() < 1e-12);
/// ```
pub fn wilson(arm: Proportion, alpha: f64) -> Result<(f64, f64), StatsError> {
    check_alpha(alpha)?;
    let (p, n) = (arm.share(), arm.people() as f64);
    let z2 = normal_isf(alpha / 2.0).powi(2);
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = (z2 * (p * (1.0 - p) / n + z2 / (4.0 * n * n))).sqrt() / (1.0 + z2 / n);
    Ok(((centre - half).max(0.0), (centre + half).min(1.0)))
}

/// Σ of all P(k) that are at most P(x), up to ties.
pub(super) fn as_unlikely_as(n: u64, x: u64, p: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 {
        return if (p <= 0.0 && x == 0) || (p >= 1.0 && x == n) { 1.0 } else { 0.0 };
    }
    let limit = ln_binomial_pmf(n, x, p) + TIE;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and n")]
    let mode = (((n + 1) as f64 * p) as u64).min(n);
    if ln_binomial_pmf(n, mode, p) <= limit {
        return 1.0;
    }
    // On the other side of the mode, the count nearest to it that is unlikely enough.
    if x < mode {
        let (mut low, mut high) = (mode, n + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if ln_binomial_pmf(n, middle, p) > limit { low = middle + 1 } else { high = middle }
        }
        (binomial_cdf(n, x, p) + binomial_sf(n, low, p)).min(1.0)
    } else {
        let (mut low, mut high) = (0, mode);
        while low < high {
            let middle = low + (high - low) / 2;
            if ln_binomial_pmf(n, middle, p) <= limit { low = middle + 1 } else { high = middle }
        }
        let below = if low == 0 { 0.0 } else { binomial_cdf(n, low - 1, p) };
        (binomial_sf(n, x, p) + below).min(1.0)
    }
}

/// The exact test that the chance of the event is `p0`, with the Clopper–Pearson interval.
///
/// Two-sided: the sum of all counts that are at most as likely, as R's `binom.test` and scipy's `binomtest`.
///
/// # Errors
/// `p0` outside [0, 1] or α outside (0, 1).
///
/// ```
/// use gevinst_stats::classical::{Alternative, Proportion, binomial_test};
/// let result = binomial_test(Proportion::new(9, 10).unwrap(), 0.5, Alternative::TwoSided, 0.05).unwrap();
/// assert!((result.p_value - 22.0 / 1024.0).abs() < 1e-15);
/// ```
pub fn binomial_test(
    arm: Proportion,
    p0: f64,
    alternative: Alternative,
    alpha: f64,
) -> Result<TestResult, StatsError> {
    if !(0.0..=1.0).contains(&p0) {
        return Err(StatsError::Domain { what: "p₀", value: p0, expected: "between 0 and 1" });
    }
    let (x, n) = (arm.events(), arm.people());
    let p_value = match alternative {
        Alternative::TwoSided => as_unlikely_as(n, x, p0),
        Alternative::Greater => binomial_sf(n, x, p0),
        Alternative::Less => binomial_cdf(n, x, p0),
    };
    let (lower, upper) = clopper_pearson(arm, 2.0 * tail_alpha(alpha, alternative))?;
    let (has_lower, has_upper) = ends(alternative);
    Ok(TestResult {
        test: FixedTest::Binomial,
        estimate: Some(arm.share()),
        lower: has_lower.then_some(lower),
        upper: has_upper.then_some(upper),
        statistic: Some(x as f64),
        degrees_of_freedom: None,
        p_value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sided_is_all_counts_at_most_as_likely() {
        // Protects the search for the other tail against a plain sum.
        for (n, p) in [(1, 0.5), (9, 0.5), (20, 0.07), (33, 0.91)] {
            for x in 0..=n {
                let own = ln_binomial_pmf(n, x, p);
                let expected: f64 = (0..=n)
                    .map(|k| ln_binomial_pmf(n, k, p))
                    .filter(|mass| *mass <= own + TIE)
                    .map(f64::exp)
                    .sum();
                assert!((as_unlikely_as(n, x, p) - expected.min(1.0)).abs() < 1e-12, "{n} {p} {x}");
            }
        }
        assert_eq!(as_unlikely_as(5, 0, 0.0), 1.0);
        assert_eq!(as_unlikely_as(5, 1, 0.0), 0.0);
    }

    #[test]
    fn interval_ends_are_where_the_tails_are() {
        // Protects the shapes of the beta quantiles.
        let arm = Proportion::new(7, 1_000_000).unwrap();
        let (lower, upper) = clopper_pearson(arm, 0.1).unwrap();
        assert!((binomial_sf(1_000_000, 7, lower) - 0.05).abs() < 1e-12);
        assert!((binomial_cdf(1_000_000, 7, upper) - 0.05).abs() < 1e-12);
    }
}
