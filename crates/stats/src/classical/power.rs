//! Power of a two-sided normal test, and how much more data a wanted power needs.
//!
//! One effect δ with a normal estimate of variance V; more data by a factor (1 + s) divides V by it. Reproduces
//! GrowthBook's mid-experiment power for its fixed, sequential and Bayesian rules.

use super::{check_alpha, normal_sequence};
use crate::StatsError;
use crate::special::{bracketed_root, normal_isf, normal_sf};

/// The rule that decides when an effect counts as shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// |estimate| ≥ z_{1−α/2}·√V.
    Fixed,
    /// Zero is outside the normal-mixture sequence tuned for so many people.
    Sequential {
        /// The size at which the sequence is narrowest.
        tuned_for: f64,
    },
    /// The 1 − α credible interval under a normal prior leaves out zero.
    Bayesian {
        /// Mean of the prior.
        prior_mean: f64,
        /// Variance of the prior.
        prior_variance: f64,
    },
}

/// What is known at the time of planning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SoFar {
    /// Variance of the estimate with the data so far.
    pub variance: f64,
    /// People in both arms so far.
    pub people: f64,
}

/// The chance that `rule` shows an effect δ once there are (1 + `more`) times the people so far.
///
/// # Errors
/// α outside (0, 1); variance, people or prior variance not positive; `more` negative.
///
/// ```
/// use gevinst_stats::classical::power::{Rule, SoFar, power};
/// let so_far = SoFar { variance: 0.008426853707414856, people: 1000.0 };
/// // GrowthBook: 25.457 times as many more people give 80 % for a lift of 5 %.
/// assert!((power(so_far, Rule::Fixed, 0.05, 0.05, 25.45703125).unwrap() - 0.8).abs() < 1e-5);
/// ```
pub fn power(so_far: SoFar, rule: Rule, effect: f64, alpha: f64, more: f64) -> Result<f64, StatsError> {
    check_alpha(alpha)?;
    for (what, value) in [("the variance", so_far.variance), ("the number of people", so_far.people)] {
        if !(value > 0.0 && value.is_finite()) {
            return Err(StatsError::Domain { what, value, expected: "positive and finite" });
        }
    }
    if !(more >= 0.0 && effect.is_finite()) {
        return Err(StatsError::Domain {
            what: "the factor of more data",
            value: more,
            expected: "at least 0",
        });
    }
    let variance = so_far.variance / (1.0 + more);
    let sd = variance.sqrt();
    // Shown when the estimate is above `upper` or below `lower`.
    let (lower, upper) = match rule {
        Rule::Fixed => {
            let half = normal_isf(alpha / 2.0) * sd;
            (-half, half)
        }
        Rule::Sequential { tuned_for } => {
            let half = normal_sequence::half_width(variance, so_far.people * (1.0 + more), alpha, tuned_for)?;
            (-half, half)
        }
        Rule::Bayesian { prior_mean, prior_variance } => {
            if !(prior_variance > 0.0 && prior_mean.is_finite()) {
                return Err(StatsError::Domain {
                    what: "the prior's variance",
                    value: prior_variance,
                    expected: "positive",
                });
            }
            // |posterior mean| ≥ z·posterior sd, solved for the estimate.
            let precision = 1.0 / prior_variance + 1.0 / variance;
            let half = variance * precision.sqrt() * normal_isf(alpha / 2.0);
            let shift = variance * prior_mean / prior_variance;
            (-half - shift, half - shift)
        }
    };
    Ok(normal_sf((upper - effect) / sd) + normal_sf((effect - lower) / sd))
}

/// How many times as many *more* people the wanted power needs; 0 when it is reached already, None when 10⁹ times
/// as many do not reach it.
///
/// # Errors
/// As [`power`]; a wanted power outside (0, 1).
///
/// ```
/// use gevinst_stats::classical::power::{Rule, SoFar, more_needed};
/// let so_far = SoFar { variance: 0.04, people: 200.0 };
/// // (1.96 + 0.8416)²·0.04/0.1² − 1
/// let more = more_needed(so_far, Rule::Fixed, 0.1, 0.05, 0.8).unwrap().unwrap();
/// assert!((more - 30.395).abs() < 1e-2);
/// ```
pub fn more_needed(
    so_far: SoFar,
    rule: Rule,
    effect: f64,
    alpha: f64,
    wanted: f64,
) -> Result<Option<f64>, StatsError> {
    if !(wanted > 0.0 && wanted < 1.0) {
        return Err(StatsError::Domain { what: "the power", value: wanted, expected: "between 0 and 1" });
    }
    if power(so_far, rule, effect, alpha, 0.0)? >= wanted {
        return Ok(Some(0.0));
    }
    let mut high = 1.0;
    while power(so_far, rule, effect, alpha, high)? < wanted {
        high *= 2.0;
        if high > 1e9 {
            return Ok(None);
        }
    }
    let miss = |more| power(so_far, rule, effect, alpha, more).map_or(f64::NAN, |p| p - wanted);
    Ok(bracketed_root(miss, 0.0, high, 1e-9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_effect_is_shown_with_chance_alpha() {
        // Protects the fixed rule's level and the caution of the sequential one.
        let so_far = SoFar { variance: 0.01, people: 500.0 };
        assert!((power(so_far, Rule::Fixed, 0.0, 0.05, 3.0).unwrap() - 0.05).abs() < 1e-15);
        assert!(power(so_far, Rule::Sequential { tuned_for: 2000.0 }, 0.0, 0.05, 3.0).unwrap() < 0.02);
        assert_eq!(more_needed(so_far, Rule::Fixed, 1.0, 0.05, 0.8).unwrap(), Some(0.0));
        assert_eq!(more_needed(so_far, Rule::Fixed, 0.0, 0.05, 0.8).unwrap(), None);
        assert!(power(so_far, Rule::Fixed, 0.1, 0.05, -1.0).is_err());
    }
}
