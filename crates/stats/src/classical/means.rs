//! Means from n, Σx, Σx²: Welch's t-test of the difference and of the relative lift.
//!
//! The relative lift (μ_t − μ_c)/μ_c has the delta-method variance
//! s_t²/(n_t·μ_c²) + s_c²·μ_t²/(n_c·μ_c⁴); it is unreliable where μ_c is within a few standard errors of zero.

use super::{Alternative, FixedTest, TestResult, check_alpha, ends, tail_alpha};
use crate::StatsError;
use crate::special::{student_t_quantile, student_t_sf};

/// Number, mean and sample variance (divided by n − 1) of a value in one arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    n: f64,
    mean: f64,
    variance: f64,
}

impl Moments {
    /// From the number, the sum and the sum of squares.
    ///
    /// Where the values vary by less than 10⁻⁸ of their size Σx² − (Σx)²/n has no digits left; such a variance is
    /// taken as zero when it comes out slightly negative.
    ///
    /// # Errors
    /// n below 2; sums that are not finite; Σx² smaller than (Σx)²/n by more than rounding.
    ///
    /// ```
    /// use gevinst_stats::classical::Moments;
    /// let m = Moments::from_sums(3, 6.0, 14.0).unwrap(); // 1, 2, 3
    /// assert_eq!((m.mean(), m.variance()), (2.0, 1.0));
    /// ```
    pub fn from_sums(n: u64, sum: f64, sum_sq: f64) -> Result<Self, StatsError> {
        if n < 2 {
            return Err(StatsError::Domain { what: "n", value: n as f64, expected: "at least 2" });
        }
        if !sum.is_finite() {
            return Err(StatsError::Domain { what: "Σx", value: sum, expected: "finite" });
        }
        let n = n as f64;
        let squares = sum_sq - sum * (sum / n);
        if !squares.is_finite() || squares < -1e-9 * sum_sq.abs() {
            return Err(StatsError::Domain {
                what: "Σx²",
                value: sum_sq,
                expected: "finite and at least (Σx)²/n",
            });
        }
        Ok(Self { n, mean: sum / n, variance: squares.max(0.0) / (n - 1.0) })
    }

    /// From the number, the mean and the sample variance.
    ///
    /// # Errors
    /// n below 2; a mean that is not finite; a negative variance.
    pub fn new(n: u64, mean: f64, variance: f64) -> Result<Self, StatsError> {
        if n < 2 {
            return Err(StatsError::Domain { what: "n", value: n as f64, expected: "at least 2" });
        }
        if !mean.is_finite() {
            return Err(StatsError::Domain { what: "the mean", value: mean, expected: "finite" });
        }
        if !(variance >= 0.0 && variance.is_finite()) {
            return Err(StatsError::Domain {
                what: "the variance",
                value: variance,
                expected: "finite and ≥ 0",
            });
        }
        Ok(Self { n: n as f64, mean, variance })
    }

    /// How many.
    #[must_use]
    pub fn n(&self) -> f64 {
        self.n
    }

    /// The mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The sample variance.
    #[must_use]
    pub fn variance(&self) -> f64 {
        self.variance
    }
}

/// The effect that a comparison of means is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// μ_t − μ_c.
    Difference,
    /// (μ_t − μ_c)/μ_c, by the delta method.
    RelativeLift,
}

/// The estimated effect and its variance.
///
/// # Errors
/// A relative lift over a control whose mean is zero.
///
/// ```
/// use gevinst_stats::classical::{Effect, Moments, effect_and_variance};
/// let control = Moments::new(100, 2.0, 4.0).unwrap();
/// let treatment = Moments::new(100, 3.0, 4.0).unwrap();
/// let (lift, variance) = effect_and_variance(&control, &treatment, Effect::RelativeLift).unwrap();
/// // (0.04 + 1.5²·0.04)/2²
/// assert!((lift - 0.5).abs() < 1e-15 && (variance - 0.0325).abs() < 1e-15);
/// ```
pub fn effect_and_variance(
    control: &Moments,
    treatment: &Moments,
    effect: Effect,
) -> Result<(f64, f64), StatsError> {
    let (c, t) = (control, treatment);
    match effect {
        Effect::Difference => Ok((t.mean - c.mean, t.variance / t.n + c.variance / c.n)),
        Effect::RelativeLift => {
            if c.mean == 0.0 {
                return Err(StatsError::Domain {
                    what: "the control's mean",
                    value: 0.0,
                    expected: "not zero",
                });
            }
            let ratio = t.mean / c.mean;
            let variance = (t.variance / t.n + ratio * ratio * c.variance / c.n) / (c.mean * c.mean);
            Ok(((t.mean - c.mean) / c.mean, variance))
        }
    }
}

/// Welch's t-test (Welch 1947) with Satterthwaite's degrees of freedom, and its 1 − α interval.
///
/// For the relative lift the delta-method variance takes the place of the difference's; the degrees of freedom stay.
/// Guarantee: asymptotic, good from about 30 values an arm where they are not very skewed.
///
/// # Errors
/// α outside (0, 1); both variances zero; a relative lift over a mean of zero.
///
/// ```
/// use gevinst_stats::classical::{Alternative, Effect, Moments, welch};
/// let control = Moments::from_sums(3407, 1396.87, 52377.9767).unwrap();
/// let treatment = Moments::from_sums(3461, 2422.7, 134698.29).unwrap();
/// let result = welch(&control, &treatment, Effect::Difference, Alternative::TwoSided, 0.05).unwrap();
/// assert!((result.p_value - 0.02016).abs() < 5e-6); // GrowthBook's own test
/// ```
pub fn welch(
    control: &Moments,
    treatment: &Moments,
    effect: Effect,
    alternative: Alternative,
    alpha: f64,
) -> Result<TestResult, StatsError> {
    check_alpha(alpha)?;
    let (estimate, variance) = effect_and_variance(control, treatment, effect)?;
    if variance <= 0.0 {
        return Err(StatsError::Domain {
            what: "both variances",
            value: 0.0,
            expected: "one of them above 0",
        });
    }
    let (vc, vt) = (control.variance / control.n, treatment.variance / treatment.n);
    let df = (vc + vt).powi(2) / (vc * vc / (control.n - 1.0) + vt * vt / (treatment.n - 1.0));
    let se = variance.sqrt();
    let t = estimate / se;
    let p_value = match alternative {
        Alternative::TwoSided => 2.0 * student_t_sf(df, t.abs()),
        Alternative::Greater => student_t_sf(df, t),
        Alternative::Less => student_t_sf(df, -t),
    };
    let width = -student_t_quantile(df, tail_alpha(alpha, alternative)) * se;
    let (has_lower, has_upper) = ends(alternative);
    Ok(TestResult {
        test: FixedTest::Welch,
        estimate: Some(estimate),
        lower: has_lower.then_some(estimate - width),
        upper: has_upper.then_some(estimate + width),
        statistic: Some(t),
        degrees_of_freedom: Some(df),
        p_value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interval_and_p_value_agree() {
        // Protects their duality: an interval at level p ends at zero.
        let control = Moments::new(40, 10.0, 9.0).unwrap();
        let treatment = Moments::new(25, 11.7, 16.0).unwrap();
        for alternative in [Alternative::TwoSided, Alternative::Greater] {
            let p = welch(&control, &treatment, Effect::Difference, alternative, 0.05).unwrap().p_value;
            let at = welch(&control, &treatment, Effect::Difference, alternative, p).unwrap();
            assert!(at.lower.unwrap().abs() < 1e-11, "{at:?}");
        }
        let swapped = welch(&treatment, &control, Effect::Difference, Alternative::Less, 0.05).unwrap();
        assert!(swapped.lower.is_none() && swapped.upper.is_some());
    }

    #[test]
    fn bad_moments_are_refused() {
        // Protects against a variance from sums that cannot be.
        assert!(Moments::from_sums(1, 1.0, 1.0).is_err());
        assert!(Moments::from_sums(3, 6.0, 11.9).is_err());
        assert!(Moments::from_sums(3, f64::NAN, 14.0).is_err());
        assert!(Moments::new(3, 0.0, -1.0).is_err());
        let flat = Moments::new(3, 1.0, 0.0).unwrap();
        assert!(welch(&flat, &flat, Effect::Difference, Alternative::TwoSided, 0.05).is_err());
        let zero = Moments::new(3, 0.0, 1.0).unwrap();
        assert!(welch(&zero, &flat, Effect::RelativeLift, Alternative::TwoSided, 0.05).is_err());
        // Equal values whose squares round below the mean's square.
        assert_eq!(Moments::from_sums(3, 0.3, 0.03).unwrap().variance().max(1e-17), 1e-17);
    }
}
