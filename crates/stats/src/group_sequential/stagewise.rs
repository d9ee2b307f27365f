//! What to report after a group-sequential test has stopped: p-value, estimate and interval.
//!
//! Outcomes are ordered stage by stage (Armitage 1957; Tsiatis, Rosner & Mehta 1984): stopping for success earlier
//! is stronger evidence than later, and at the same look a larger z is stronger. The p-value needs no looks
//! beyond the one reached. One-sided designs only; a two-sided result is read in the direction it has.

use super::boundaries::GroupSequentialDesign;
use super::recursion::{Look, Paths};
use crate::StatsError;
use crate::special::bracketed_root;

/// The result of a test that stopped, or of its state at a look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StagewiseResult {
    /// P(an outcome at least as strong | no effect), one-sided.
    pub p_value: f64,
    /// The drift at which a stronger outcome is as likely as a weaker one.
    pub median_unbiased_drift: f64,
    /// Lower end of the two-sided interval for the drift at the asked level.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// P(an outcome at least as strong as z at look k | drift).
fn tail(looks: &[Look], k: usize, z: f64, drift: f64) -> f64 {
    let mut paths = Paths::start(drift);
    let mut total = 0.0;
    for (j, look) in looks.iter().enumerate().take(k) {
        total += paths.above(look.information, look.upper);
        paths = paths.continue_past(*look, Some(looks[j + 1].information));
    }
    total + paths.above(looks[k].information, z)
}

/// p-value, median-unbiased drift and 1 − `level` interval for z observed at look `k` (from 0).
///
/// The drift is the mean of Z at full information; divide by √(information in the parameter's own units) to
/// get the parameter.
///
/// # Errors
/// A look that the design has not; z not finite; a level outside (0, 1).
///
/// ```
/// use gevinst_stats::group_sequential::{Boundary, GroupSequentialDesign, Sides, stagewise};
/// let design = GroupSequentialDesign::new(Boundary::OBrienFleming, Sides::One, 0.025, &[0.5, 1.0]).unwrap();
/// // Exactly on the last boundary: the p-value is α.
/// let z = design.upper()[1];
/// let result = stagewise::stagewise(&design, 1, z, 0.05).unwrap();
/// assert!((result.p_value - 0.025).abs() < 1e-10);
/// assert!(result.lower.abs() < 1e-6 && result.lower < result.median_unbiased_drift);
/// ```
pub fn stagewise(
    design: &GroupSequentialDesign,
    k: usize,
    z: f64,
    level: f64,
) -> Result<StagewiseResult, StatsError> {
    let looks = design.looks();
    if k >= looks.len() {
        return Err(StatsError::Domain {
            what: "the look",
            value: k as f64,
            expected: "one of the design's looks, counted from 0",
        });
    }
    if !z.is_finite() {
        return Err(StatsError::Domain { what: "z", value: z, expected: "finite" });
    }
    if !(level > 0.0 && level < 1.0) {
        return Err(StatsError::Domain { what: "the level", value: level, expected: "between 0 and 1" });
    }
    let at = z / looks[k].information.sqrt();
    let reach = 12.0 / looks[0].information.sqrt();
    let drift_for = |wanted: f64| {
        bracketed_root(|drift| tail(looks, k, z, drift) - wanted, at - reach, at + reach, 1e-10).ok_or(
            StatsError::Domain { what: "z", value: z, expected: "within 12 standard deviations of a drift" },
        )
    };
    Ok(StagewiseResult {
        p_value: tail(looks, k, z, 0.0),
        median_unbiased_drift: drift_for(0.5)?,
        lower: drift_for(level / 2.0)?,
        upper: drift_for(1.0 - level / 2.0)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Boundary, Sides, SpendingFunction};
    use super::*;

    #[test]
    fn one_look_is_the_ordinary_test() {
        // Protects the orientation: with a single look the interval is z ± 1.96.
        let design = GroupSequentialDesign::new(Boundary::Pocock, Sides::One, 0.025, &[1.0]).unwrap();
        let result = stagewise(&design, 0, 2.5, 0.05).unwrap();
        assert!((result.p_value - crate::special::normal_sf(2.5)).abs() < 1e-14);
        assert!((result.median_unbiased_drift - 2.5).abs() < 1e-9);
        assert!((result.lower - (2.5 - 1.959_963_984_540_054)).abs() < 1e-9);
        assert!((result.upper - (2.5 + 1.959_963_984_540_054)).abs() < 1e-9);
    }

    #[test]
    fn p_values_on_the_boundary_are_the_error_spent() {
        // Protects the stage-wise order: reaching the k-th boundary exactly means α*(t_k).
        let times = [0.25, 0.6, 1.0];
        let function = SpendingFunction::OBrienFleming;
        let design =
            GroupSequentialDesign::new(Boundary::Spending(function), Sides::One, 0.025, &times).unwrap();
        for (k, &t) in times.iter().enumerate() {
            let result = stagewise(&design, k, design.upper()[k], 0.05).unwrap();
            assert!((result.p_value - function.spent(0.025, t).unwrap()).abs() < 1e-11, "{k}");
        }
        assert!(stagewise(&design, 3, 1.0, 0.05).is_err());
    }
}
