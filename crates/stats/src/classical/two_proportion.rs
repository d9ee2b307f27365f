//! Two proportions with many people: the pooled z-test and score intervals for difference and ratio.
//!
//! The score interval is all effects that the score test at that effect does not reject, with both chances at
//! their maximum-likelihood values *under that effect* (Mee 1984 for the difference, Koopman 1984 for the ratio).
//! It contains zero difference, or the ratio 1, exactly when the pooled z-test does not reject, and exists for zero
//! events too, where Wald's interval collapses.

use super::{Alternative, FixedTest, TestResult, check_alpha, ends, normal_p_value, tail_alpha};
use crate::StatsError;
use crate::special::{bracketed_root, normal_isf};

/// How many of so many people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proportion {
    events: u64,
    people: u64,
}

impl Proportion {
    /// `events` of `people`.
    ///
    /// # Errors
    /// No people, or more events than people.
    pub fn new(events: u64, people: u64) -> Result<Self, StatsError> {
        if people == 0 {
            return Err(StatsError::Domain {
                what: "the number of people",
                value: 0.0,
                expected: "at least 1",
            });
        }
        if events > people {
            return Err(StatsError::Domain {
                what: "the number of events",
                value: events as f64,
                expected: "at most the number of people",
            });
        }
        Ok(Self { events, people })
    }

    /// How many had the event.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// How many there were.
    #[must_use]
    pub fn people(&self) -> u64 {
        self.people
    }

    /// The share.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.events as f64 / self.people as f64
    }

    /// As moments of a 0/1 value with variance p(1 − p), which is how GrowthBook's t-test treats proportions.
    ///
    /// # Errors
    /// Fewer than two people.
    pub fn moments(&self) -> Result<super::Moments, StatsError> {
        super::Moments::new(self.people, self.share(), self.share() * (1.0 - self.share()))
    }
}

/// The pooled two-proportion z-test of treatment against control, with the score interval of the difference.
///
/// z = (p_t − p_c)/√(p̄(1−p̄)(1/n_t + 1/n_c)). Guarantee: asymptotic; with fewer than about five expected events in
/// a cell use an exact test.
///
/// # Errors
/// α outside (0, 1).
///
/// ```
/// use gevinst_stats::classical::{Alternative, Proportion, two_proportion_z};
/// let control = Proportion::new(100, 1000).unwrap();
/// let treatment = Proportion::new(130, 1000).unwrap();
/// let result = two_proportion_z(control, treatment, Alternative::TwoSided, 0.05).unwrap();
/// assert!((result.p_value - 0.035_488_450_466_474_71).abs() < 1e-14); // statsmodels proportions_ztest
/// ```
pub fn two_proportion_z(
    control: Proportion,
    treatment: Proportion,
    alternative: Alternative,
    alpha: f64,
) -> Result<TestResult, StatsError> {
    check_alpha(alpha)?;
    let (nc, nt) = (control.people as f64, treatment.people as f64);
    let pooled = (control.events as f64 + treatment.events as f64) / (nc + nt);
    let variance = pooled * (1.0 - pooled) * (1.0 / nc + 1.0 / nt);
    let difference = treatment.share() - control.share();
    // No event anywhere, or everyone had it: nothing speaks against equality.
    let z = if variance > 0.0 { difference / variance.sqrt() } else { 0.0 };
    let (lower, upper) = score_interval_difference(control, treatment, 2.0 * tail_alpha(alpha, alternative))?;
    let (has_lower, has_upper) = ends(alternative);
    Ok(TestResult {
        test: FixedTest::TwoProportionZ,
        estimate: Some(difference),
        lower: has_lower.then_some(lower),
        upper: has_upper.then_some(upper),
        statistic: Some(z),
        degrees_of_freedom: None,
        p_value: normal_p_value(z, alternative),
    })
}

/// The root of a decreasing function on (low, high), or the end where it does not change sign.
fn decreasing_root(f: impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    if f(low) <= 0.0 {
        low
    } else if f(high) >= 0.0 {
        high
    } else {
        bracketed_root(f, low, high, 1e-15).unwrap_or(f64::NAN)
    }
}

/// a/x for x ≥ 0 up to rounding, with 0/0 = 0.
fn over(a: f64, x: f64) -> f64 {
    if a == 0.0 { 0.0 } else { a / x.max(0.0) }
}

/// The score statistic at a hypothesised difference δ.
fn score_difference(control: Proportion, treatment: Proportion, delta: f64) -> f64 {
    let (xc, nc) = (control.events as f64, control.people as f64);
    let (xt, nt) = (treatment.events as f64, treatment.people as f64);
    // Derivative of the log-likelihood in p_c, p_t = p_c + δ: decreasing.
    let slope =
        |p: f64| over(xc, p) - over(nc - xc, 1.0 - p) + over(xt, p + delta) - over(nt - xt, 1.0 - p - delta);
    let p = decreasing_root(slope, (-delta).max(0.0), (1.0 - delta).min(1.0));
    let q = (p + delta).clamp(0.0, 1.0);
    let variance = p * (1.0 - p) / nc + q * (1.0 - q) / nt;
    let distance = treatment.share() - control.share() - delta;
    if distance == 0.0 { 0.0 } else { distance / variance.max(0.0).sqrt() }
}

/// The 1 − α score interval of p_t − p_c (Mee 1984, without Miettinen and Nurminen's factor N/(N−1)).
///
/// # Errors
/// α outside (0, 1).
///
/// ```
/// use gevinst_stats::classical::{Proportion, score_interval_difference};
/// let none = Proportion::new(0, 20).unwrap();
/// let (lower, upper) = score_interval_difference(none, none, 0.05).unwrap();
/// assert!(lower < -0.1 && upper > 0.1); // no events, yet not certain
/// ```
pub fn score_interval_difference(
    control: Proportion,
    treatment: Proportion,
    alpha: f64,
) -> Result<(f64, f64), StatsError> {
    check_alpha(alpha)?;
    let z = normal_isf(alpha / 2.0);
    const END: f64 = 1.0 - 1e-15;
    let bound = |wanted: f64| {
        let root = decreasing_root(|delta| score_difference(control, treatment, delta) - wanted, -END, END);
        if root.abs() >= END { root.signum() } else { root }
    };
    Ok((bound(z), bound(-z)))
}

/// The score statistic at a hypothesised ratio r = p_t/p_c.
fn score_ratio(control: Proportion, treatment: Proportion, ratio: f64) -> f64 {
    let (xc, nc) = (control.events as f64, control.people as f64);
    let (xt, nt) = (treatment.events as f64, treatment.people as f64);
    // p_c solves (n_c+n_t)·r·p² − [r(n_t+x_c) + n_c + x_t]·p + x_c + x_t = 0 (Koopman 1984); the smaller root.
    let a = (nc + nt) * ratio;
    let b = ratio * (nt + xc) + nc + xt;
    let c = xc + xt;
    let p = (2.0 * c / (b + (b * b - 4.0 * a * c).max(0.0).sqrt())).min(1.0).min(1.0 / ratio);
    let q = ratio * p;
    let variance = q * (1.0 - q) / nt + ratio * ratio * p * (1.0 - p) / nc;
    let distance = treatment.share() - ratio * control.share();
    if distance == 0.0 { 0.0 } else { distance / variance.max(0.0).sqrt() }
}

/// The 1 − α score interval of p_t/p_c (Koopman 1984): 0 below where the treatment has no events, None above where
/// the control has none.
///
/// # Errors
/// α outside (0, 1).
///
/// ```
/// use gevinst_stats::classical::{Proportion, score_interval_ratio};
/// let control = Proportion::new(20, 100).unwrap();
/// let (lower, upper) = score_interval_ratio(control, control, 0.05).unwrap();
/// // The same arm twice: symmetric on the log scale about 1.
/// assert!((lower * upper.unwrap() - 1.0).abs() < 1e-9);
/// ```
pub fn score_interval_ratio(
    control: Proportion,
    treatment: Proportion,
    alpha: f64,
) -> Result<(f64, Option<f64>), StatsError> {
    check_alpha(alpha)?;
    let z = normal_isf(alpha / 2.0);
    let bound = |wanted: f64| {
        decreasing_root(|ln_r| score_ratio(control, treatment, ln_r.exp()) - wanted, -60.0, 60.0).exp()
    };
    let lower = if treatment.events == 0 { 0.0 } else { bound(z) };
    let upper = if control.events == 0 { None } else { Some(bound(-z)) };
    Ok((lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        /// Protects the duality of interval and test, and the symmetry between the arms.
        #[test]
        fn score_interval_inverts_the_z_test(xc in 1u64..60, xt in 1u64..60, extra in 1u64..500) {
            let control = Proportion::new(xc, 60 + extra).unwrap();
            let treatment = Proportion::new(xt, 61 + extra / 2).unwrap();
            let result = two_proportion_z(control, treatment, Alternative::TwoSided, 0.05).unwrap();
            let p = result.p_value;
            prop_assume!(p > 1e-12 && p < 0.999);
            let (lower, upper) = score_interval_difference(control, treatment, p).unwrap();
            prop_assert!(lower.abs().min(upper.abs()) < 1e-9, "{lower} {upper}");
            let (below, above) = score_interval_ratio(control, treatment, p).unwrap();
            prop_assert!(below.ln().abs().min(above.unwrap().ln().abs()) < 1e-8, "{below} {above:?}");
            let (a, b) = score_interval_difference(treatment, control, 0.1).unwrap();
            let (c, d) = score_interval_difference(control, treatment, 0.1).unwrap();
            prop_assert!((a + d).abs() < 1e-9 && (b + c).abs() < 1e-9, "{a} {b} {c} {d}");
        }
    }

    #[test]
    fn ends_exist_without_events() {
        // Protects the smallest experiments: nothing or everything happened.
        let none = Proportion::new(0, 10).unwrap();
        let all = Proportion::new(10, 10).unwrap();
        let some = Proportion::new(3, 10).unwrap();
        for (c, t) in [(none, none), (none, all), (all, none), (all, all), (none, some), (some, all)] {
            let result = two_proportion_z(c, t, Alternative::TwoSided, 0.05).unwrap();
            let (lower, upper) = (result.lower.unwrap(), result.upper.unwrap());
            assert!(lower <= result.estimate.unwrap() && result.estimate.unwrap() <= upper, "{result:?}");
            assert!((-1.0..=1.0).contains(&lower) && (-1.0..=1.0).contains(&upper));
            assert!(result.p_value > 0.0 && result.p_value <= 1.0);
        }
        assert_eq!(score_interval_ratio(none, some, 0.05).unwrap().1, None);
        assert_eq!(score_interval_ratio(some, none, 0.05).unwrap().0, 0.0);
        assert!(Proportion::new(1, 0).is_err() && Proportion::new(2, 1).is_err());
    }
}
