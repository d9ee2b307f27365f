//! One arm against a limit: is its cost per goal above what a goal is worth?
//!
//! Goals of period u are Poisson with mean θ·g_u·x_u, where x_u is spend times the cohort's completeness (the part of its
//! goals that has arrived) and g_u a gamma factor of mean 1 and variance v: the period's swing. Its likelihood, relative to
//! the limit θ₀ = 1/(cost per goal),
//!
//! ```text
//! ℓ(θ, v) = Σ_u s_u·ln θ − (s_u + 1/v)·ln(1 + v·θ·x_u)          (v = 0: s_u·ln θ − θ·x_u)
//! ```
//!
//! is mixed over v in numerator and denominator alike and, in the numerator, over a half-normal prior of ln(θ/θ₀) on the side
//! that is to be shown (the one-sided gamma-Poisson mixture of Howard, Ramdas, McAuliffe & Sekhon, "Time-uniform,
//! nonparametric, nonasymptotic confidence sequences", arXiv 1810.08240, with the normal in place of the gamma prior):
//!
//! ```text
//! E = Σ w(v)·∫ exp ℓ(θ₀e^{±y}, v) h(y) dy / Σ w(v)·exp ℓ(θ₀, v)
//! ```
//!
//! For θ < θ₀ ≤ θ' each likelihood ratio has expectation at most 1 under θ', so E is an e-process against "the cost per goal
//! meets the limit": it reaches 1/α with probability at most α at any stopping time. Guarantee `robust`, or `exact` with v = 0.
//!
//! **Goals still on their way.** If completeness is the true one, later arrivals of a cohort are further draws of the same
//! process and the statement stands at every look. If not: for θ < θ₀ the ratio rises with x_u, whatever the counts. So a
//! completeness that is stated *too low* can only weaken the evidence that an arm is too dear, path by path: for
//! [`Side::TooDear`] hand in a lower bound. For [`Side::CheapEnough`] the ratio falls with x_u and an upper bound is safe.
//! ([`CostEvidence`] gives both sides, from the two bounds.) The pathwise argument holds at each v; the mixture inherits it
//! up to the change of its weights.
//!
//! Day noise here includes the weekday wave, since one arm alone has nothing to cancel it against: the default prior of v
//! reaches 0.8. A limit is about the average over the wave; an arm that ran on weekends only is judged by its weekends.

use crate::StatsError;
use crate::judgement::Guarantee;
use crate::special::{integrate, ln_sum_exp};

/// What one arm had in one period, for a judgement against a limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CostCell {
    /// Money spent, in the limit's unit.
    pub spend: f64,
    /// Goals counted so far.
    pub count: u64,
    /// The least part of this cohort's goals that has arrived, 0 to 1.
    pub complete_at_least: f64,
    /// The largest part of this cohort's goals that has arrived, 0 to 1.
    pub complete_at_most: f64,
}

impl CostCell {
    /// A cell whose completeness is known.
    pub fn new(spend: f64, count: u64, completeness: f64) -> Self {
        Self { spend, count, complete_at_least: completeness, complete_at_most: completeness }
    }
}

/// What is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The cost per goal is above the limit: the rate is below.
    TooDear,
    /// The cost per goal is below the limit: the rate is above.
    CheapEnough,
}

/// The prior of both the rate and the swing between periods.
#[derive(Debug, Clone, PartialEq)]
pub struct CostPrior {
    /// Scale of ln(θ/θ₀) on the side to be shown.
    pub sd: f64,
    /// Variances v of the period's factor.
    pub variances: Vec<f64>,
    /// Their weights, positive, of any sum.
    pub weights: Vec<f64>,
}

impl Default for CostPrior {
    /// Scale 0.7; v in {0, .01, .03, .06, .1, .2, .4, .8} with 0.2 on none and the rest equal.
    fn default() -> Self {
        let dispersion = crate::prior::DispersionPrior::default();
        Self { sd: 0.7, variances: dispersion.variances().to_vec(), weights: dispersion.weights().to_vec() }
    }
}

impl CostPrior {
    /// No swing between periods: goals are Poisson.
    pub fn poisson() -> Self {
        Self { sd: 0.7, variances: vec![0.0], weights: vec![1.0] }
    }
}

/// Evidence on one arm's cost per goal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CostEvidence {
    /// ln E against "the cost per goal meets the limit".
    pub ln_e_above_limit: f64,
    /// ln E against "the cost per goal is at least the limit".
    pub ln_e_below_limit: f64,
    /// Spend, weighted by the lower completeness, per goal; `None` without goals.
    pub cost_per_goal: Option<f64>,
    /// `exact` without swing between periods, else `robust`.
    pub guarantee: Guarantee,
}

/// Judges one arm against a limit on its cost per goal, in both directions.
///
/// ```
/// use gevinst_stats::cost_limit::{CostCell, CostPrior, against_limit};
/// // Ten days at 2,000 with one goal each, where a goal may cost 800.
/// let days = [CostCell::new(2_000.0, 1, 1.0); 10];
/// let evidence = against_limit(&days, 800.0, &CostPrior::default())?;
/// assert!(evidence.ln_e_above_limit > 20f64.ln());
/// assert_eq!(evidence.cost_per_goal, Some(2_000.0));
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::Domain`] when the limit is not positive and finite or the prior is not one, [`StatsError::Cell`] when a spend is
/// negative or not finite, or a completeness outside 0 to 1 or its bounds reversed.
pub fn against_limit(cells: &[CostCell], limit: f64, prior: &CostPrior) -> Result<CostEvidence, StatsError> {
    let ln_e_above_limit = ln_e_value(cells, limit, prior, Side::TooDear)?;
    let ln_e_below_limit = ln_e_value(cells, limit, prior, Side::CheapEnough)?;
    let (spend, goals) = cells.iter().fold((0.0, 0.0), |(spend, goals), cell| {
        (spend + cell.spend * cell.complete_at_least, goals + cell.count as f64)
    });
    let exact = prior.variances == [0.0];
    Ok(CostEvidence {
        ln_e_above_limit,
        ln_e_below_limit,
        cost_per_goal: (goals > 0.0).then(|| spend / goals),
        guarantee: if exact { Guarantee::Exact } else { Guarantee::Robust },
    })
}

/// ln of the e-value for one side.
///
/// # Errors
/// As [`against_limit`].
pub fn ln_e_value(cells: &[CostCell], limit: f64, prior: &CostPrior, side: Side) -> Result<f64, StatsError> {
    check(cells, limit, prior)?;
    // Each period as what the limit expects of it, and what it brought.
    let periods: Vec<(f64, f64)> = cells
        .iter()
        .map(|cell| {
            let complete = match side {
                Side::TooDear => cell.complete_at_least,
                Side::CheapEnough => cell.complete_at_most,
            };
            (cell.spend * complete / limit, cell.count as f64)
        })
        .collect();
    let sign = if side == Side::TooDear { -1.0 } else { 1.0 };
    let total: f64 = prior.weights.iter().sum();
    let mut numerator = Vec::with_capacity(prior.variances.len());
    let mut denominator = Vec::with_capacity(prior.variances.len());
    for (&variance, &weight) in prior.variances.iter().zip(&prior.weights) {
        let ln_weight = (weight / total).ln();
        let curve = |y: f64| gamma_poisson(&periods, sign * y, variance);
        numerator.push(ln_weight + half_normal_mixture(curve, prior.sd));
        denominator.push(ln_weight + gamma_poisson(&periods, 0.0, variance));
    }
    Ok(ln_sum_exp(&numerator) - ln_sum_exp(&denominator))
}

/// Σ s·y − (s + 1/v)·ln(1 + v·m·eʸ), relative to the saturated Poisson, at log rate ratio y to the limit.
fn gamma_poisson(periods: &[(f64, f64)], y: f64, variance: f64) -> f64 {
    let ratio = libm::exp(y);
    periods
        .iter()
        .map(|&(expected, count)| {
            let mu = expected * ratio;
            if variance == 0.0 {
                count * y - mu
            } else {
                count * y - (count + 1.0 / variance) * libm::log1p(variance * mu)
            }
        })
        .sum()
}

/// ln ∫₀^∞ exp(curve(y))·h(y) dy with h half-normal of the given scale; `curve` must be concave.
fn half_normal_mixture(curve: impl Fn(f64) -> f64, scale: f64) -> f64 {
    let ln_height = 0.5 * (2.0 / std::f64::consts::PI).ln() - scale.ln();
    let f = |y: f64| curve(y) + ln_height - 0.5 * (y / scale) * (y / scale);
    // The peak of a concave function on y ≥ 0, by golden sections.
    let (mut lo, mut hi) = (0.0, 40.0 * scale);
    let golden = 0.5 * (5f64.sqrt() - 1.0);
    let (mut x1, mut x2) = (hi - golden * (hi - lo), lo + golden * (hi - lo));
    let (mut f1, mut f2) = (f(x1), f(x2));
    while hi - lo > 1e-9 * scale {
        if f1 < f2 {
            (lo, x1, f1) = (x1, x2, f2);
            x2 = lo + golden * (hi - lo);
            f2 = f(x2);
        } else {
            (hi, x2, f2) = (x2, x1, f1);
            x1 = hi - golden * (hi - lo);
            f1 = f(x1);
        }
    }
    let peak = 0.5 * (lo + hi);
    let top = f(peak);
    // Both sides out to where the integrand has fallen by e⁻⁴⁰.
    let fallen = |from: f64, to: f64| {
        let (mut inside, mut outside) = (from, to);
        if f(outside) > top - 40.0 {
            return outside;
        }
        for _ in 0..60 {
            let middle = 0.5 * (inside + outside);
            if f(middle) > top - 40.0 { inside = middle } else { outside = middle }
        }
        outside
    };
    let left = fallen(peak, 0.0);
    let right = fallen(peak, 60.0 * scale);
    let g = |y: f64| libm::exp(f(y) - top);
    let sum = integrate(g, left, peak, 4) + integrate(g, peak, right, 4);
    top + sum.ln()
}

fn check(cells: &[CostCell], limit: f64, prior: &CostPrior) -> Result<(), StatsError> {
    if !(limit > 0.0 && limit.is_finite()) {
        return Err(StatsError::Domain {
            what: "the cost limit",
            value: limit,
            expected: "a positive number",
        });
    }
    if !(1e-3..=20.0).contains(&prior.sd) {
        return Err(StatsError::Domain {
            what: "the cost prior's scale",
            value: prior.sd,
            expected: "between 0.001 and 20",
        });
    }
    if prior.variances.is_empty() {
        return Err(StatsError::Empty { what: "the list of period variances" });
    }
    if prior.variances.len() != prior.weights.len() {
        return Err(StatsError::Length {
            what: "the list of cost-prior weights",
            expected: prior.variances.len(),
            found: prior.weights.len(),
        });
    }
    for &variance in &prior.variances {
        if !(variance == 0.0 || (1e-6..=10.0).contains(&variance)) {
            return Err(StatsError::Domain {
                what: "a period variance",
                value: variance,
                expected: "0 or between 1e-6 and 10",
            });
        }
    }
    for &weight in &prior.weights {
        if !(weight > 0.0 && weight.is_finite()) {
            return Err(StatsError::Domain {
                what: "a cost-prior weight",
                value: weight,
                expected: "a positive number",
            });
        }
    }
    for (period, cell) in cells.iter().enumerate() {
        let refuse = |what, value, expected| Err(StatsError::Cell { period, arm: 0, what, value, expected });
        if !(0.0..=1e100).contains(&cell.spend) {
            return refuse("the spend", cell.spend, "a number of at least 0");
        }
        if !(0.0..=1.0).contains(&cell.complete_at_least) {
            return refuse("the least completeness", cell.complete_at_least, "between 0 and 1");
        }
        if !(cell.complete_at_least..=1.0).contains(&cell.complete_at_most) {
            return refuse("the largest completeness", cell.complete_at_most, "from the least one to 1");
        }
    }
    Ok(())
}
