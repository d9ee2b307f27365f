//! One arm against a limit: is its cost per goal above what a goal is worth?
//!
//! Goals of period u are Poisson with mean θ·g_u·x_u, where x_u is spend times the cohort's completeness (the part of its
//! goals that has arrived) and g_u a gamma factor of mean 1 and variance v: the period's swing. Its likelihood, relative to
//! the limit θ₀ = 1/(cost per goal),
//!
//! ```text
//! ℓ(θ, v) = Σ_u s_u·ln θ + Σ_{i<s_u} ln(1 + i·v) − (s_u + 1/v)·ln(1 + v·θ·x_u)          (v = 0: s_u·ln θ − θ·x_u)
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
use crate::special::{integrate, ln_gamma_diff, ln_sum_exp};
use crate::vector;

/// The integrand is followed until it has fallen by this many natural logarithms.
const FALL: f64 = 32.0;

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
/// ```
/// use gevinst_stats::cost_limit::{CostCell, CostPrior, Side, ln_e_value};
/// let quiet_week = [CostCell::new(2_000.0, 0, 1.0); 7];
/// let prior = CostPrior::default();
/// // 14,000 without a goal, where a goal may cost 800; in the other direction there is nothing to show.
/// assert!(ln_e_value(&quiet_week, 800.0, &prior, Side::TooDear)? > 20f64.ln());
/// assert!(ln_e_value(&quiet_week, 800.0, &prior, Side::CheapEnough)? < 0.0);
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
///
/// # Errors
/// As [`against_limit`].
pub fn ln_e_value(cells: &[CostCell], limit: f64, prior: &CostPrior, side: Side) -> Result<f64, StatsError> {
    check(cells, limit, prior)?;
    let expected: Vec<f64> = cells
        .iter()
        .map(|cell| {
            let complete = match side {
                Side::TooDear => cell.complete_at_least,
                Side::CheapEnough => cell.complete_at_most,
            };
            cell.spend * complete / limit
        })
        .collect();
    let count: Vec<f64> = cells.iter().map(|cell| cell.count as f64).collect();
    let goals = count.iter().sum();
    let sign = if side == Side::TooDear { -1.0 } else { 1.0 };
    let total: f64 = prior.weights.iter().sum();
    let mut numerator = Vec::with_capacity(prior.variances.len());
    let mut denominator = Vec::with_capacity(prior.variances.len());
    for (&variance, &weight) in prior.variances.iter().zip(&prior.weights) {
        let periods = Periods { expected: &expected, count: &count, goals, variance };
        // What depends on v alone weighs the variances against each other.
        let ln_weight = libm::log(weight / total) + clustering(&count, variance);
        numerator.push(ln_weight + half_normal_mixture(&periods, sign, prior.sd));
        denominator.push(ln_weight + periods.at(0.0));
    }
    Ok(ln_sum_exp(&numerator) - ln_sum_exp(&denominator))
}

/// The periods of an arm at one variance: what the limit expects of each, and what it brought.
struct Periods<'a> {
    expected: &'a [f64],
    count: &'a [f64],
    goals: f64,
    variance: f64,
}

impl Periods<'_> {
    /// Σ s·y − (s + 1/v)·ln(1 + v·m·eʸ) at log rate ratio y to the limit: the part of the likelihood that depends on y.
    fn at(&self, y: f64) -> f64 {
        let ratio = vector::exp(y);
        let rows = self.expected.iter().zip(self.count);
        let fall: f64 = if self.variance == 0.0 {
            self.expected.iter().sum::<f64>() * ratio
        } else {
            let (scale, inverse) = (self.variance * ratio, 1.0 / self.variance);
            rows.map(|(expected, count)| (count + inverse) * vector::ln(1.0 + scale * expected)).sum()
        };
        self.goals * y - fall
    }

    /// Its first derivative, and minus its second.
    fn slope(&self, y: f64) -> (f64, f64) {
        let ratio = vector::exp(y);
        let (mut slope, mut curvature) = (self.goals, 0.0);
        for (expected, count) in self.expected.iter().zip(self.count) {
            let mu = expected * ratio;
            let damp = 1.0 / (1.0 + self.variance * mu);
            let pull = (1.0 + self.variance * count) * mu * damp;
            slope -= pull;
            curvature += pull * damp;
        }
        (slope, curvature)
    }
}

/// Σ over periods of Σ_{i<s} ln(1 + i·v) = lnΓ(s + 1/v) − lnΓ(1/v) + s·ln v.
fn clustering(counts: &[f64], variance: f64) -> f64 {
    if variance == 0.0 {
        return 0.0;
    }
    let one = |count: f64| {
        if count <= 64.0 {
            let (mut sum, mut i) = (0.0, 1.0);
            while i < count {
                sum += libm::log1p(i * variance);
                i += 1.0;
            }
            sum
        } else {
            ln_gamma_diff(1.0 / variance, count) + count * libm::log(variance)
        }
    };
    counts.iter().map(|&count| one(count)).sum()
}

/// ln ∫₀^∞ exp(curve(±y))·h(y) dy with h half-normal of the given scale.
fn half_normal_mixture(periods: &Periods<'_>, sign: f64, scale: f64) -> f64 {
    let precision = 1.0 / (scale * scale);
    let f = |y: f64| periods.at(sign * y) - 0.5 * precision * y * y;
    let derivatives = |y: f64| {
        let (slope, curvature) = periods.slope(sign * y);
        (sign * slope - precision * y, curvature + precision)
    };
    // The peak of a concave function on y ≥ 0, by Newton's method; steps are limited since eʸ bends fast.
    let mut peak = 0.0f64;
    let (mut slope, mut curvature) = derivatives(0.0);
    for _ in 0..60 {
        let next = (peak + (slope / curvature).clamp(-1.0, 1.0)).max(0.0);
        let done = (next - peak).abs() < 0.05 / curvature.sqrt();
        peak = next;
        if done {
            break;
        }
        (slope, curvature) = derivatives(peak);
    }
    let top = f(peak);
    // To both sides as far as it takes to fall by e⁻³², where the fall would be quadratic; then see.
    let reach = |direction: f64| {
        let fall = (-slope * direction).max(0.0);
        let mut width = (-fall + (fall * fall + 2.0 * curvature * FALL).sqrt()) / curvature;
        while f((peak + direction * width).max(0.0)) > top - 0.8 * FALL && width < 200.0 * scale {
            if peak + direction * width <= 0.0 {
                break;
            }
            width *= 1.4;
        }
        width
    };
    let (left, right) = ((peak - reach(-1.0)).max(0.0), peak + reach(1.0));
    let g = |y: f64| vector::exp(f(y) - top);
    let mut sum = integrate(g, peak, right, 1);
    if left < peak {
        sum += integrate(g, left, peak, 1);
    }
    top + libm::log(sum) + 0.5 * libm::log(2.0 / std::f64::consts::PI) - libm::log(scale)
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
