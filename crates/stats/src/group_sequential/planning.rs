//! What a group-sequential test costs: power, the inflation of the largest sample, the average sample.
//!
//! Sizes are stated relative to the fixed test with the same α and power, so they apply to any z-test.

use super::boundaries::{GroupSequentialDesign, Sides};
use super::recursion::{Crossing, crossing};
use crate::StatsError;
use crate::special::{bracketed_root, normal_isf};

/// A design together with the effect it is planned for.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The drift θ = E Z_K at which the power is reached.
    pub drift: f64,
    /// Largest sample relative to the fixed test: (θ / (z_{1−α} + z_{1−β}))².
    pub inflation: f64,
    /// Average sample relative to the fixed test, when the planned effect is true.
    pub average_under_effect: f64,
    /// Average sample relative to the fixed test, when half of the planned effect is true.
    pub average_under_half: f64,
    /// Average sample relative to the fixed test, when there is no effect.
    pub average_under_none: f64,
    /// Chance of stopping at each look when the planned effect is true.
    pub stopping_under_effect: Vec<f64>,
}

/// z_{1−α} + z_{1−β}, the drift at which the fixed test has power 1 − β (α halved for two sides).
///
/// ```
/// use gevinst_stats::group_sequential::{Sides, fixed_drift};
/// assert!((fixed_drift(Sides::Two, 0.05, 0.2) - 2.801_585).abs() < 1e-6);
/// ```
#[must_use]
pub fn fixed_drift(sides: Sides, alpha: f64, beta: f64) -> f64 {
    let alpha = if sides == Sides::Two { alpha / 2.0 } else { alpha };
    normal_isf(alpha) + normal_isf(beta)
}

impl GroupSequentialDesign {
    /// Chances of stopping at each look under a drift. Non-binding futility bounds are heeded here.
    ///
    /// ```
    /// use gevinst_stats::group_sequential::{Boundary, GroupSequentialDesign, Sides};
    /// let design = GroupSequentialDesign::new(Boundary::Pocock, Sides::One, 0.025, &[0.5, 1.0])?;
    /// let without_effect = design.crossing(0.0);
    /// assert!((without_effect.any_upper() - 0.025).abs() < 1e-9);
    /// # Ok::<(), gevinst_stats::StatsError>(())
    /// ```
    #[must_use]
    pub fn crossing(&self, drift: f64) -> Crossing {
        crossing(self.looks(), drift)
    }

    /// The chance of success under a drift (in the drift's own direction).
    ///
    /// ```
    /// use gevinst_stats::group_sequential::{Boundary, GroupSequentialDesign, Sides, fixed_drift};
    /// let design = GroupSequentialDesign::new(Boundary::Pocock, Sides::One, 0.025, &[0.5, 1.0])?;
    /// // Looking twice costs power at the fixed test's own size.
    /// let power = design.power(fixed_drift(Sides::One, 0.025, 0.2));
    /// assert!(power > 0.7 && power < 0.8);
    /// # Ok::<(), gevinst_stats::StatsError>(())
    /// ```
    #[must_use]
    pub fn power(&self, drift: f64) -> f64 {
        self.crossing(drift).any_upper()
    }

    /// Expected information at stopping, as a share of the last look's.
    ///
    /// ```
    /// use gevinst_stats::group_sequential::{Boundary, GroupSequentialDesign, Sides};
    /// let design = GroupSequentialDesign::new(Boundary::Pocock, Sides::One, 0.025, &[0.5, 1.0])?;
    /// assert!(design.expected_information(4.0) < 0.65 && design.expected_information(0.0) > 0.98);
    /// # Ok::<(), gevinst_stats::StatsError>(())
    /// ```
    #[must_use]
    pub fn expected_information(&self, drift: f64) -> f64 {
        let crossing = self.crossing(drift);
        let last = self.looks().len() - 1;
        let mut going = 1.0;
        let mut expected = 0.0;
        for (k, look) in self.looks().iter().enumerate() {
            let stops = if k == last { going } else { crossing.upper[k] + crossing.lower[k] };
            expected += look.information * stops;
            going -= stops;
        }
        expected / self.looks()[last].information
    }

    /// The drift, inflation and average sizes at power 1 − β.
    ///
    /// # Errors
    /// β outside (0, 1 − α).
    ///
    /// ```
    /// use gevinst_stats::group_sequential::{Boundary, GroupSequentialDesign, Sides};
    /// let times = [0.25, 0.5, 0.75, 1.0];
    /// let design = GroupSequentialDesign::new(Boundary::Pocock, Sides::One, 0.025, &times).unwrap();
    /// let plan = design.plan(0.2).unwrap();
    /// assert!((plan.inflation - 1.202469).abs() < 5e-7);
    /// assert!((plan.average_under_effect - 0.8052449).abs() < 5e-8);
    /// ```
    pub fn plan(&self, beta: f64) -> Result<Plan, StatsError> {
        if !(beta > 0.0 && beta < 1.0 - self.alpha()) {
            return Err(StatsError::Domain { what: "β", value: beta, expected: "0 < β < 1 − α" });
        }
        let drift = bracketed_root(|drift| self.power(drift) - (1.0 - beta), 0.0, 40.0, 1e-12).ok_or(
            StatsError::Domain { what: "β", value: beta, expected: "a power that this design can reach" },
        )?;
        let last = self.looks()[self.looks().len() - 1].information;
        let inflation = (drift / fixed_drift(self.sides(), self.alpha(), beta)).powi(2) * last;
        let stopping = self.crossing(drift);
        Ok(Plan {
            drift,
            inflation,
            average_under_effect: inflation * self.expected_information(drift),
            average_under_half: inflation * self.expected_information(drift / 2.0),
            average_under_none: inflation * self.expected_information(0.0),
            stopping_under_effect: stopping.upper.iter().zip(&stopping.lower).map(|(u, l)| u + l).collect(),
        })
    }
}

/// People in both groups together for a fixed one-sided two-proportion z-test, equal groups.
///
/// n = 2·(z_{1−α}·√(2p̄(1−p̄)) + z_{1−β}·√(p₁(1−p₁) + p₂(1−p₂)))² / (p₁−p₂)², with p̄ the mean of the two (Fleiss,
/// Levin & Paik, "Statistical Methods for Rates and Proportions", eq. 4.14, without continuity correction).
/// Multiply by [`Plan::inflation`] for a group-sequential test.
///
/// # Errors
/// Chances outside (0, 1) or equal; α or β outside (0, 1).
///
/// ```
/// use gevinst_stats::group_sequential::two_proportion_total;
/// let fixed = two_proportion_total(0.02, 0.03, 0.025, 0.2).unwrap();
/// assert!((fixed - 7650.299).abs() < 5e-4);
/// ```
pub fn two_proportion_total(p1: f64, p2: f64, alpha: f64, beta: f64) -> Result<f64, StatsError> {
    for (what, value) in [("p₁", p1), ("p₂", p2), ("α", alpha), ("β", beta)] {
        if !(value > 0.0 && value < 1.0) {
            return Err(StatsError::Domain { what, value, expected: "between 0 and 1" });
        }
    }
    if p1 == p2 {
        return Err(StatsError::Domain { what: "p₂", value: p2, expected: "different from p₁" });
    }
    let mean = 0.5 * (p1 + p2);
    let spread = normal_isf(alpha) * (2.0 * mean * (1.0 - mean)).sqrt()
        + normal_isf(beta) * (p1 * (1.0 - p1) + p2 * (1.0 - p2)).sqrt();
    Ok(2.0 * (spread / (p1 - p2)).powi(2))
}
