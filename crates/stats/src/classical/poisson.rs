//! Two Poisson rates, exactly: given the total, the treatment's count is binomial.
//!
//! This is the fixed-sample form of the conditional likelihood that the engine itself uses, without day noise.

use super::binomial::as_unlikely_as;
use super::{Alternative, FixedTest, TestResult, check_alpha, ends, tail_alpha};
use crate::StatsError;
use crate::special::{beta_isf, beta_quantile, binomial_cdf, binomial_sf};

/// A count and the exposure that it was counted over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CountSample {
    count: u64,
    exposure: f64,
}

impl CountSample {
    /// `count` goals over `exposure` (money, impressions, days: any unit, the same for both arms).
    ///
    /// # Errors
    /// An exposure that is not positive and finite.
    pub fn new(count: u64, exposure: f64) -> Result<Self, StatsError> {
        if exposure > 0.0 && exposure.is_finite() {
            Ok(Self { count, exposure })
        } else {
            Err(StatsError::Domain { what: "the exposure", value: exposure, expected: "positive and finite" })
        }
    }

    /// The count.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The exposure.
    #[must_use]
    pub fn exposure(&self) -> f64 {
        self.exposure
    }
}

/// The conditional exact test (Przyborowski & Wilenski 1940) of the rate ratio λ_t/λ_c against 1, with exact interval.
///
/// Given n = s_t + s_c the count s_t is Binomial(n, p), p = r·e_t/(r·e_t + e_c). Two-sided: all splits at most as
/// likely. The interval is Clopper and Pearson's for p, turned into a ratio. Exact for Poisson counts; day noise makes
/// it too sure, which is why the engine's own test has a dispersion mixture.
///
/// # Errors
/// α outside (0, 1).
///
/// ```
/// use gevinst_stats::classical::{Alternative, CountSample, poisson_two_sample};
/// let control = CountSample::new(20, 100.0).unwrap();
/// let treatment = CountSample::new(34, 90.0).unwrap();
/// let result = poisson_two_sample(control, treatment, Alternative::TwoSided, 0.05).unwrap();
/// assert!((result.estimate.unwrap() - 34.0 * 100.0 / (20.0 * 90.0)).abs() < 1e-12);
/// assert!(result.p_value < 0.05 && result.lower.unwrap() > 1.0);
/// ```
pub fn poisson_two_sample(
    control: CountSample,
    treatment: CountSample,
    alternative: Alternative,
    alpha: f64,
) -> Result<TestResult, StatsError> {
    check_alpha(alpha)?;
    let n = control.count + treatment.count;
    let x = treatment.count;
    let even = treatment.exposure / (treatment.exposure + control.exposure);
    let p_value = match alternative {
        Alternative::TwoSided => as_unlikely_as(n, x, even),
        Alternative::Greater => binomial_sf(n, x, even),
        Alternative::Less => binomial_cdf(n, x, even),
    };
    let tail = tail_alpha(alpha, alternative);
    let (xf, rest) = (x as f64, control.count as f64);
    let per_exposure = control.exposure / treatment.exposure;
    let ratio = |p: f64, q: f64| p / q * per_exposure;
    let (has_lower, has_upper) = ends(alternative);
    // p/q with q = 1 − p from its own quantile, so that neither loses digits.
    let lower =
        if x == 0 { 0.0 } else { ratio(beta_quantile(xf, rest + 1.0, tail), beta_isf(rest + 1.0, xf, tail)) };
    let upper = (control.count > 0)
        .then(|| ratio(beta_isf(xf + 1.0, rest, tail), beta_quantile(rest, xf + 1.0, tail)));
    Ok(TestResult {
        test: FixedTest::PoissonConditional,
        estimate: (control.count > 0).then(|| xf / rest * per_exposure),
        lower: has_lower.then_some(lower),
        upper: if has_upper { upper } else { None },
        statistic: Some(xf),
        degrees_of_freedom: None,
        p_value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arms_without_goals_give_an_open_interval() {
        // Protects one arm without any goal, and both.
        let none = CountSample::new(0, 10.0).unwrap();
        let some = CountSample::new(7, 10.0).unwrap();
        let result = poisson_two_sample(none, some, Alternative::TwoSided, 0.05).unwrap();
        assert!(result.estimate.is_none() && result.upper.is_none() && result.lower.unwrap() > 1.0);
        assert!((result.p_value - 2.0 / 128.0).abs() < 1e-15);
        let result = poisson_two_sample(some, none, Alternative::TwoSided, 0.05).unwrap();
        assert_eq!((result.estimate, result.lower), (Some(0.0), Some(0.0)));
        let result = poisson_two_sample(none, none, Alternative::TwoSided, 0.05).unwrap();
        assert_eq!(
            (result.p_value, result.estimate, result.lower, result.upper),
            (1.0, None, Some(0.0), None)
        );
        assert!(CountSample::new(1, 0.0).is_err());
    }

    #[test]
    fn exposures_a_million_apart_and_counts_of_a_billion() {
        // Protects the digits of both ends.
        let a = CountSample::new(1_000_000_000, 1e9).unwrap();
        let b = CountSample::new(1_000, 1e3).unwrap();
        let result = poisson_two_sample(a, b, Alternative::TwoSided, 0.05).unwrap();
        assert!(result.p_value > 0.9);
        let half = 1.96 / 1000f64.sqrt();
        assert!(
            (result.lower.unwrap().ln() + half).abs() < 3e-3
                && (result.upper.unwrap().ln() - half).abs() < 3e-3
        );
        let swapped = poisson_two_sample(b, a, Alternative::TwoSided, 0.05).unwrap();
        assert!((swapped.lower.unwrap() * result.upper.unwrap() - 1.0).abs() < 1e-9);
    }
}
