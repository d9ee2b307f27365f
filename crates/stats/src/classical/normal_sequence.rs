//! A mean difference that is looked at while it grows: the asymptotic confidence sequence tuned for one sample size.
//!
//! Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, "Time-uniform central limit theory and asymptotic confidence
//! sequences" (arXiv 2103.06476): Robbins' normal mixture applied to the estimate. GrowthBook's sequential test is
//! this one. Guarantee: `asymptotic`, at any stopping time, for people assigned at fixed shares. The engine's own
//! value goals use the stratified form; this one is for totals.

use super::check_alpha;
use crate::StatsError;

/// The state of a sequence at one look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SequenceLook {
    /// Lower end of the 1 − α confidence sequence.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// The anytime p-value of "no effect": 1/e-value, at most 1.
    pub p_value: f64,
    /// ln of the e-value against "no effect".
    pub ln_e_value: f64,
}

fn check(what: &'static str, value: f64) -> Result<(), StatsError> {
    if value > 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(StatsError::Domain { what, value, expected: "positive and finite" })
    }
}

/// ρ² = (−2 ln α + ln(1 − 2 ln α))/n*, which makes the sequence narrowest near n* people (their eq. for ρ).
///
/// # Errors
/// α outside (0, 1), or n* not positive.
///
/// ```
/// use gevinst_stats::classical::normal_sequence::mixture_precision;
/// assert!((mixture_precision(0.05, 5000.0).unwrap() * 5000.0 - 7.936155).abs() < 1e-6);
/// ```
pub fn mixture_precision(alpha: f64, tuned_for: f64) -> Result<f64, StatsError> {
    check_alpha(alpha)?;
    check("the sample size to tune for", tuned_for)?;
    let l = -2.0 * alpha.ln();
    Ok((l + libm::log1p(l)) / tuned_for)
}

/// Half the width of the sequence for an estimate with `variance` from `people` people in both arms together.
///
/// √(nV)·√(2(nρ²+1)/(n²ρ²) · ln(√(nρ²+1)/α)) with V the estimate's variance (their eq. 9).
///
/// # Errors
/// Arguments that are not positive; α outside (0, 1).
///
/// ```
/// use gevinst_stats::classical::normal_sequence::half_width;
/// // Half as wide again as a single 95 % look at the size it is tuned for: the price of reading it every day.
/// let half = half_width(1.0, 5000.0, 0.05, 5000.0).unwrap();
/// assert!((half / 1.96 - 1.52).abs() < 0.03);
/// ```
pub fn half_width(variance: f64, people: f64, alpha: f64, tuned_for: f64) -> Result<f64, StatsError> {
    let rho2 = mixture_precision(alpha, tuned_for)?;
    check("the variance", variance)?;
    check("the number of people", people)?;
    let t = people * rho2;
    let inner = 2.0 * (t + 1.0) / (people * t) * (0.5 * libm::log1p(t) - alpha.ln());
    Ok((people * variance * inner).sqrt())
}

/// The sequence, e-value and anytime p-value for an estimate of an effect.
///
/// # Errors
/// As [`half_width`]; an estimate that is not finite.
///
/// ```
/// use gevinst_stats::classical::{Effect, Proportion, effect_and_variance, normal_sequence};
/// let control = Proportion::new(1396, 3000).unwrap().moments().unwrap();
/// let treatment = Proportion::new(2422, 3461).unwrap().moments().unwrap();
/// let (lift, variance) = effect_and_variance(&control, &treatment, Effect::RelativeLift).unwrap();
/// let look = normal_sequence::look(lift, variance, 6461.0, 0.05, 5000.0).unwrap();
/// assert!((look.lower - 0.40098).abs() < 5e-6 && (look.upper - 0.60675).abs() < 5e-6); // GrowthBook
/// ```
pub fn look(
    estimate: f64,
    variance: f64,
    people: f64,
    alpha: f64,
    tuned_for: f64,
) -> Result<SequenceLook, StatsError> {
    if !estimate.is_finite() {
        return Err(StatsError::Domain { what: "the estimate", value: estimate, expected: "finite" });
    }
    let half = half_width(variance, people, alpha, tuned_for)?;
    let t = people * mixture_precision(alpha, tuned_for)?;
    let ln_e_value = 0.5 * estimate * estimate / variance * (t / (t + 1.0)) - 0.5 * libm::log1p(t);
    Ok(SequenceLook {
        lower: estimate - half,
        upper: estimate + half,
        p_value: (-ln_e_value).min(0.0).exp(),
        ln_e_value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interval_and_e_value_agree() {
        // Protects their duality: zero is on the edge of the interval exactly when the e-value is 1/α.
        for (people, tuned_for) in [(100.0, 5000.0), (5000.0, 5000.0), (1e6, 100.0)] {
            let half = half_width(0.3, people, 0.05, tuned_for).unwrap();
            let at = look(half, 0.3, people, 0.05, tuned_for).unwrap();
            assert!(at.lower.abs() < 1e-12 && (at.ln_e_value - 20f64.ln()).abs() < 1e-10, "{at:?}");
            assert!((at.p_value - 0.05).abs() < 1e-12);
        }
    }

    #[test]
    fn the_width_is_least_near_the_tuned_size() {
        // Protects the tuning: at n* no other tuning is narrower by more than a percent.
        let at = |tuned_for| half_width(1.0 / 4000.0, 4000.0, 0.05, tuned_for).unwrap();
        for other in [500.0, 2000.0, 8000.0, 64000.0] {
            assert!(at(4000.0) < at(other) * 1.01);
        }
        assert!(half_width(0.0, 10.0, 0.05, 10.0).is_err() && mixture_precision(0.05, 0.0).is_err());
        assert!(look(f64::NAN, 1.0, 10.0, 0.05, 10.0).is_err());
    }
}
