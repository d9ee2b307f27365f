//! Boundaries that use up exactly α (and β): O'Brien–Fleming, Pocock, Wang–Tsiatis, and α spending.
//!
//! Invariants: the chance of ever crossing upwards (or outwards) under no effect is α to 10⁻¹⁰; a futility bound
//! never lies above the bound for success.

use super::recursion::{Look, Paths, check_information, crossing};
use super::spending::SpendingFunction;
use crate::StatsError;
use crate::special::{bracketed_root, normal_isf};

/// The family that a boundary belongs to.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Boundary {
    /// z_k = c/√t_k (O'Brien & Fleming 1979).
    OBrienFleming,
    /// z_k = c (Pocock 1977).
    Pocock,
    /// z_k = c·t_k^{Δ−½} (Wang & Tsiatis 1987): Δ = 0 is O'Brien–Fleming, Δ = ½ Pocock.
    WangTsiatis {
        /// The shape Δ, between 0 and ½ as a rule.
        delta: f64,
    },
    /// As much at each look as the function has released by then (Lan & DeMets 1983); any times.
    Spending(SpendingFunction),
}

/// One or two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sides {
    /// Success is upwards alone; α is the chance of that.
    One,
    /// Success is in either direction, symmetrically; α is the chance of both together.
    Two,
}

/// Stopping for futility.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Futility {
    /// The chance β of missing an effect of the planned size; power is 1 − β.
    pub beta: f64,
    /// How β is spent.
    pub spending: SpendingFunction,
    /// Binding: the bound *must* be obeyed, which lowers the bounds for success a little. Otherwise it may be ignored.
    pub binding: bool,
}

/// A group-sequential test: looks and their boundaries.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupSequentialDesign {
    alpha: f64,
    sides: Sides,
    looks: Vec<Look>,
    /// The drift that the futility bounds were computed for.
    futility_drift: Option<f64>,
}

/// No increment of α below this can be crossed in practice; the bound is then infinite.
const NEGLIGIBLE: f64 = 1e-30;

fn check_error(what: &'static str, value: f64) -> Result<(), StatsError> {
    if value > 0.0 && value < 1.0 {
        Ok(())
    } else {
        Err(StatsError::Domain { what, value, expected: "between 0 and 1" })
    }
}

impl GroupSequentialDesign {
    /// Boundaries without futility at the information fractions `times`, the last of which is 1 as a rule.
    ///
    /// # Errors
    /// α outside (0, 1); times that do not increase; a spending function whose parameter is out of range.
    ///
    /// ```
    /// use gevinst_stats::group_sequential::{Boundary, GroupSequentialDesign, Sides};
    /// let design = GroupSequentialDesign::new(Boundary::OBrienFleming, Sides::One, 0.025, &[0.5, 1.0]).unwrap();
    /// assert!((design.upper()[0] - 2.7965).abs() < 5e-5);
    /// assert!((design.upper()[1] - 1.9774).abs() < 5e-5);
    /// ```
    pub fn new(boundary: Boundary, sides: Sides, alpha: f64, times: &[f64]) -> Result<Self, StatsError> {
        check_error("α", alpha)?;
        check_information(times)?;
        let looks = match boundary {
            Boundary::OBrienFleming => shaped(sides, alpha, times, -0.5)?,
            Boundary::Pocock => shaped(sides, alpha, times, 0.0)?,
            Boundary::WangTsiatis { delta } => {
                if !(delta.is_finite() && delta.abs() <= 2.0) {
                    return Err(StatsError::Domain {
                        what: "Δ", value: delta, expected: "between -2 and 2"
                    });
                }
                shaped(sides, alpha, times, delta - 0.5)?
            }
            Boundary::Spending(function) => spending_bounds(function, sides, alpha, times)?,
        };
        Ok(Self { alpha, sides, looks, futility_drift: None })
    }

    /// One-sided boundaries with α spending for success and β spending for futility.
    ///
    /// The drift is the one at which the total chance of missing is β exactly, found so that the two bounds meet at
    /// the last look (Pampallona, Tsiatis & Kim 2001).
    ///
    /// # Errors
    /// As [`new`](Self::new); β outside (0, 1 − α); no drift up to 20 that meets at the last look.
    ///
    /// ```
    /// use gevinst_stats::group_sequential::{Futility, GroupSequentialDesign, SpendingFunction};
    /// let spending = SpendingFunction::OBrienFleming;
    /// let futility = Futility { beta: 0.2, spending, binding: false };
    /// let times = [0.25, 0.5, 0.75, 1.0];
    /// let design = GroupSequentialDesign::with_futility(spending, 0.025, futility, &times).unwrap();
    /// assert!((design.lower()[1] - 0.609_806).abs() < 1e-5); // rpact
    /// assert_eq!(design.lower()[3], design.upper()[3]);
    /// ```
    pub fn with_futility(
        function: SpendingFunction,
        alpha: f64,
        futility: Futility,
        times: &[f64],
    ) -> Result<Self, StatsError> {
        check_error("α", alpha)?;
        check_error("β", futility.beta)?;
        check_information(times)?;
        if futility.beta >= 1.0 - alpha {
            return Err(StatsError::Domain { what: "β", value: futility.beta, expected: "below 1 − α" });
        }
        // Surface errors of the spending functions once, before the root search.
        function.spent(alpha, times[0])?;
        futility.spending.spent(futility.beta, times[0])?;
        let excess = |drift: f64| match futility_bounds(function, alpha, futility, times, drift) {
            Ok((_, missed)) => missed - futility.beta,
            Err(_) => f64::NAN,
        };
        let drift = bracketed_root(excess, 0.05, 20.0, 1e-10).ok_or(StatsError::Domain {
            what: "the futility bounds' drift",
            value: 20.0,
            expected: "a drift below 20 that makes the bounds meet at the last look",
        })?;
        let (looks, _) = futility_bounds(function, alpha, futility, times, drift)?;
        Ok(Self { alpha, sides: Sides::One, looks, futility_drift: Some(drift) })
    }

    /// The level α.
    #[must_use]
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// One or two sides.
    #[must_use]
    pub fn sides(&self) -> Sides {
        self.sides
    }

    /// The looks with both bounds.
    #[must_use]
    pub fn looks(&self) -> &[Look] {
        &self.looks
    }

    /// The bounds for success, on the scale of z.
    #[must_use]
    pub fn upper(&self) -> Vec<f64> {
        self.looks.iter().map(|look| look.upper).collect()
    }

    /// The bounds for futility (one-sided) or for harm (two-sided), on the scale of z.
    #[must_use]
    pub fn lower(&self) -> Vec<f64> {
        self.looks.iter().map(|look| look.lower).collect()
    }

    /// The level at which each look tests by itself.
    #[must_use]
    pub fn nominal_levels(&self) -> Vec<f64> {
        let per_side = |z: f64| crate::special::normal_sf(z);
        let sides = if self.sides == Sides::Two { 2.0 } else { 1.0 };
        self.looks.iter().map(|look| sides * per_side(look.upper)).collect()
    }

    /// The drift the futility bounds were computed for, where there are any.
    #[must_use]
    pub fn futility_drift(&self) -> Option<f64> {
        self.futility_drift
    }
}

/// z_k = c·t_k^power with the c that spends α.
fn shaped(sides: Sides, alpha: f64, times: &[f64], power: f64) -> Result<Vec<Look>, StatsError> {
    let last = times[times.len() - 1];
    let looks = |c: f64| -> Vec<Look> {
        times
            .iter()
            .map(|&t| {
                let upper = c * (t / last).powf(power);
                let lower = if sides == Sides::Two { -upper } else { f64::NEG_INFINITY };
                Look { information: t, lower, upper }
            })
            .collect()
    };
    let excess = |c: f64| {
        let crossing = crossing(&looks(c), 0.0);
        crossing.any_upper() + crossing.any_lower() - alpha
    };
    let low = if sides == Sides::Two { 1e-6 } else { normal_isf(alpha).min(0.0) - 1.0 };
    let high = normal_isf(alpha / 2.0 / times.len() as f64) + 1.0;
    // The single look's quantile times t^power bounds c from both sides once all t ≤ last.
    let c = bracketed_root(excess, low, high.max(1.0), 1e-12).ok_or(StatsError::Domain {
        what: "α",
        value: alpha,
        expected: "a level that boundaries of this shape can have",
    })?;
    Ok(looks(c))
}

/// The bound at time t that releases `target` of the paths.
fn bound_for(paths: &Paths, t: f64, sides: Sides, target: f64) -> f64 {
    if target < NEGLIGIBLE {
        return f64::INFINITY;
    }
    let excess = |z: f64| match sides {
        Sides::One => paths.above(t, z).ln() - target.ln(),
        Sides::Two => (paths.above(t, z) + paths.below(t, -z)).ln() - target.ln(),
    };
    let low = if sides == Sides::Two { 0.0 } else { -12.0 };
    if excess(low) <= 0.0 {
        // Fewer paths are left than may be stopped: all of them stop.
        return low;
    }
    bracketed_root(excess, low, 13.0, 1e-13).unwrap_or(f64::INFINITY)
}

fn spending_bounds(
    function: SpendingFunction,
    sides: Sides,
    alpha: f64,
    times: &[f64],
) -> Result<Vec<Look>, StatsError> {
    let last = times[times.len() - 1];
    let mut paths = Paths::start(0.0);
    let mut spent = 0.0;
    let mut looks = Vec::with_capacity(times.len());
    for (k, &t) in times.iter().enumerate() {
        // Two sides spend α/2 each, as Lan and DeMets defined it, so that both sides' bounds are the one-sided ones.
        let by_now = match sides {
            Sides::One => function.spent(alpha, t / last.max(1.0))?,
            Sides::Two => 2.0 * function.spent(alpha / 2.0, t / last.max(1.0))?,
        };
        let upper = bound_for(&paths, t, sides, by_now - spent);
        spent = by_now;
        let lower = if sides == Sides::Two { -upper } else { f64::NEG_INFINITY };
        let look = Look { information: t, lower, upper };
        looks.push(look);
        if let Some(&next) = times.get(k + 1) {
            paths = paths.continue_past(look, Some(next));
        }
    }
    Ok(looks)
}

/// The bounds for a given drift, and the chance of missing: spent before the last look plus what the last look misses.
fn futility_bounds(
    function: SpendingFunction,
    alpha: f64,
    futility: Futility,
    times: &[f64],
    drift: f64,
) -> Result<(Vec<Look>, f64), StatsError> {
    let last = times.len() - 1;
    let end = times[last].max(1.0);
    let mut under_none = Paths::start(0.0);
    let mut under_drift = Paths::start(drift);
    let (mut alpha_spent, mut beta_spent) = (0.0, 0.0);
    let mut missed = 0.0;
    let mut looks = Vec::with_capacity(times.len());
    for (k, &t) in times.iter().enumerate() {
        let alpha_by_now = function.spent(alpha, t / end)?;
        let upper = bound_for(&under_none, t, Sides::One, alpha_by_now - alpha_spent);
        alpha_spent = alpha_by_now;
        let lower = if k == last {
            missed += under_drift.below(t, upper);
            upper
        } else {
            let beta_by_now = futility.spending.spent(futility.beta, t / end)?;
            let target = beta_by_now - beta_spent;
            let bound = if target < NEGLIGIBLE {
                f64::NEG_INFINITY
            } else {
                let excess = |z: f64| under_drift.below(t, z).ln() - target.ln();
                bracketed_root(excess, -13.0, 13.0 + drift, 1e-13).unwrap_or(f64::INFINITY)
            };
            beta_spent = beta_by_now;
            // Where the bounds meet early, everything stops there.
            let bound = bound.min(upper);
            missed += under_drift.below(t, bound);
            bound
        };
        let look = Look { information: t, lower, upper };
        looks.push(look);
        if let Some(&next) = times.get(k + 1) {
            under_drift = under_drift.continue_past(look, Some(next));
            let heeded = if futility.binding { lower } else { f64::NEG_INFINITY };
            under_none = under_none.continue_past(Look { lower: heeded, ..look }, Some(next));
        }
    }
    Ok((looks, missed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn unsound_designs_are_refused() {
        // Protects against boundaries made of NaN.
        let new =
            |boundary, alpha, times: &[f64]| GroupSequentialDesign::new(boundary, Sides::One, alpha, times);
        assert!(new(Boundary::Pocock, 0.0, &[1.0]).is_err() && new(Boundary::Pocock, 0.05, &[]).is_err());
        assert!(new(Boundary::Pocock, 0.05, &[0.5, 0.4]).is_err());
        assert!(new(Boundary::WangTsiatis { delta: f64::NAN }, 0.05, &[0.5, 1.0]).is_err());
        let rho = SpendingFunction::Power { rho: -1.0 };
        assert!(new(Boundary::Spending(rho), 0.05, &[0.5, 1.0]).is_err());
        let futility = Futility { beta: 0.96, spending: SpendingFunction::Pocock, binding: false };
        assert!(
            GroupSequentialDesign::with_futility(SpendingFunction::Pocock, 0.05, futility, &[0.5, 1.0])
                .is_err()
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        /// Protects the level: whatever the looks' times, the chance of ever crossing is α, and at each look no more than
        /// the spending function has released.
        #[test]
        fn alpha_is_spent_exactly(
            gaps in proptest::collection::vec(0.02f64..1.0, 1..9),
            alpha in 0.001f64..0.2,
            two in any::<bool>(),
            shape in 0u8..5,
        ) {
            let total: f64 = gaps.iter().sum();
            let mut sum = 0.0;
            let mut times: Vec<f64> = gaps.iter().map(|gap| { sum += gap; sum / total }).collect();
            *times.last_mut().unwrap() = 1.0;
            let sides = if two { Sides::Two } else { Sides::One };
            let spending = SpendingFunction::HwangShihDeCani { gamma: -4.0 };
            let boundary = match shape {
                0 => Boundary::OBrienFleming,
                1 => Boundary::Pocock,
                2 => Boundary::WangTsiatis { delta: 0.25 },
                3 => Boundary::Spending(SpendingFunction::OBrienFleming),
                _ => Boundary::Spending(spending),
            };
            let design = GroupSequentialDesign::new(boundary, sides, alpha, &times).unwrap();
            let crossing = design.crossing(0.0);
            prop_assert!((crossing.any_upper() + crossing.any_lower() - alpha).abs() < 1e-10, "{crossing:?}");
            if shape == 4 && !two {
                let mut so_far = 0.0;
                for (chance, &t) in crossing.upper.iter().zip(&times) {
                    so_far += chance;
                    prop_assert!((so_far - spending.spent(alpha, t).unwrap()).abs() < 1e-11);
                }
            }
        }
    }
}
