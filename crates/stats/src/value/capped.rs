//! Difference and ratio of means of values between 0 and a stated cap, without any limit argument.
//!
//! For ξ ≥ −1 and 0 ≤ λ < 1, exp(λξ − ψ(λ)·ξ²) ≤ 1 + λξ with ψ(λ) = −ln(1 − λ) − λ (Fan, Grama & Liu 2015, "Exponential inequalities for martingales with applications"). So for x in [0, 1]
//! with mean μ, any m in [0, 1] and λ chosen beforehand,
//!
//! ```text
//! E exp( λ·(x − μ) − ψ(λ)·(x − m)² ) ≤ (1 + λ(μ − m))·exp(−λ(μ − m)) ≤ 1,
//! ```
//!
//! and likewise for −x. These are the factors of the empirical-Bernstein supermartingale (Howard et al. 2021, theorem 4;
//! Waudby-Smith & Ramdas 2024, "Estimating means of bounded random variables by betting", theorem 2). Their product over the people
//! of a period needs n, Σx and Σx² and nothing else, if λ and m are the same for all of them. With λ_a = λ·n_b/(n_a + n_b) for each
//! person of a and λ_b = λ·n_a/(n_a + n_b) for each of b, the unknown means enter as λ·w_u·(μ_a − μ_b), w_u = n_a·n_b/(n_a + n_b):
//!
//! ```text
//! ln M(λ) = λ·Σ_u w_u·(x̄_a − x̄_b − δ_u) − Σ_u [ ψ(λ_a)·Σ_a (x − m_a)² + ψ(λ_b)·Σ_b (x − m_b)² ]
//! ```
//!
//! is the logarithm of a supermartingale from 1: at any stopping time its mean is at most 1. m_a is the arm's mean over earlier
//! periods, which is known beforehand. M is averaged over λ = 0.9, 0.45, 0.225, …, so no number of people needs to be foreseen.
//! For the ratio r, b's values count r-fold: λ_b must stay below 1/r.
//!
//! The bet of the betting literature, Π(1 + λ(x − μ)), is sharper but needs each value; totals per period do not have them.
//!
//! Guarantee: `exact` for people of one period who are assigned by chance and independent given the past, for looks at
//! complete periods, if no value exceeds the cap. Nothing is assumed about their distribution.

use super::{ValueCell, ValuePair, ValueTable};
use crate::StatsError;
use crate::curve::bracketed_root;
use crate::special::{ln_sum_exp, log1pmx};

/// λ = 0.9·2^−j for j below this: to 9·10⁻⁷.
const GRID: i32 = 21;
/// A ratio beyond this is reported as no bound.
const RATIO_MAX: f64 = 1e5;

/// What the bounds for capped values need.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CappedSettings {
    /// No value is above this, in the values' unit; a stated fact, such as the largest order the shop accepts.
    pub cap: f64,
    /// The mean value expected before the first period, from 0 to the cap. A wrong one costs width, never validity.
    pub expected_mean: f64,
    /// 1 − level of the confidence sequences, in (0, 1).
    pub alpha: f64,
}

/// Bounds for one pair of arms whose values lie between 0 and the cap; see the head of this file for formula and sources.
///
/// `credible` is `None` and `p_a_beats_b` 0.5: no model is stated.
///
/// # Errors
/// An arm that is not in the table, settings outside their domains, a cell whose totals no values between 0 and the cap have.
///
/// ```
/// use gevinst_stats::value::{capped_pair, CappedSettings, ValueCell, ValueTable};
/// let scores = |n: u64, mean: f64| ValueCell { n, sum: n as f64 * mean, sum_sq: n as f64 * (mean * mean + 1.0) };
/// let table = ValueTable::new(2, vec![scores(4_000, 6.2), scores(4_000, 5.8)])?;
/// let settings = CappedSettings { cap: 10.0, expected_mean: 6.0, alpha: 0.05 };
/// let pair = capped_pair(&table, 0, 1, &settings)?;
/// assert!(pair.lower.unwrap() > 0.0 && pair.upper.unwrap() < 0.8);
///
/// let error = capped_pair(&table, 0, 1, &CappedSettings { cap: 5.0, ..settings }).unwrap_err();
/// assert_eq!(error.to_string(), "the expected mean is 6, expected a number from 0 to the cap");
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
pub fn capped_pair(
    table: &ValueTable,
    a: usize,
    b: usize,
    settings: &CappedSettings,
) -> Result<ValuePair, StatsError> {
    table.check_pair(a, b)?;
    settings.check(table)?;
    let strata = strata(table, a, b, settings);
    let mut pair = ValuePair::unknown(a, b);
    if strata.is_empty() {
        return Ok(pair);
    }
    let weight: f64 = strata.iter().map(|s| s.w).sum();
    let (top, bottom) = strata.iter().fold((0.0, 0.0), |t, s| (t.0 + s.w * s.mean_a, t.1 + s.w * s.mean_b));
    let estimate = (top - bottom) / weight;
    pair.difference = Some(estimate * settings.cap);
    pair.ratio = (top > 0.0 && bottom > 0.0).then(|| top / bottom);

    let forward = Penalties::of(&strata, 1.0);
    let backward = Penalties::of(&strata.iter().map(Stratum::swapped).collect::<Vec<_>>(), 1.0);
    pair.ln_e_a_beats_b = forward.ln_average(top - bottom);
    pair.ln_e_b_beats_a = backward.ln_average(bottom - top);
    let want = (2.0 / settings.alpha).ln();
    // ln M falls in the difference that is tested; outside ±1 the cap itself is the bound.
    let bound = |penalties: &Penalties, estimate: f64| {
        let excess = |d: f64| penalties.ln_average(weight * (estimate - d)) - want;
        (excess(-1.0) >= 0.0).then(|| bracketed_root(excess, -1.0, estimate.max(-1.0)))
    };
    pair.lower = bound(&forward, estimate).map(|d| d * settings.cap);
    pair.upper = bound(&backward, -estimate).map(|d| -d * settings.cap);

    if pair.ratio.is_some() {
        pair.ratio_lower = ratio_bound(&strata, want);
        let swapped: Vec<Stratum> = strata.iter().map(Stratum::swapped).collect();
        pair.ratio_upper = ratio_bound(&swapped, want).map(|r| 1.0 / r);
    }
    Ok(pair)
}

/// The largest r for which "a's mean is at most r times b's" is refuted.
fn ratio_bound(strata: &[Stratum], want: f64) -> Option<f64> {
    let excess = |x: f64| {
        let r = x.exp();
        let sum = strata.iter().map(|s| s.w * (s.mean_a - r * s.mean_b)).sum();
        Penalties::of(strata, r).ln_average(sum) - want
    };
    let least = -RATIO_MAX.ln();
    if excess(least) < 0.0 {
        return None;
    }
    // Falls in r: every factor does, and a factor whose λ no longer fits is left out.
    let mut step = 1.0;
    while least + step < RATIO_MAX.ln() && excess(least + step) >= 0.0 {
        step += 1.0;
    }
    (excess(least + step) < 0.0).then(|| bracketed_root(excess, least + step - 1.0, least + step).exp())
}

/// One period with values scaled by the cap.
struct Stratum {
    w: f64,
    share_a: f64,
    mean_a: f64,
    mean_b: f64,
    squares_a: f64,
    squares_b: f64,
}

impl Stratum {
    fn swapped(&self) -> Self {
        Self {
            w: self.w,
            share_a: 1.0 - self.share_a,
            mean_a: self.mean_b,
            mean_b: self.mean_a,
            squares_a: self.squares_b,
            squares_b: self.squares_a,
        }
    }
}

/// The λ of the grid and what each must pay, Σ_u [ψ(λ_a)·Q_a + ψ(r·λ_b)·Q_b].
struct Penalties(Vec<(f64, f64)>);

impl Penalties {
    fn of(strata: &[Stratum], r: f64) -> Self {
        let lambdas = (0..GRID).map(|j| 0.9 * 0.5_f64.powi(j)).filter(|l| l * r < 0.95);
        let psi = |l: f64| -log1pmx(-l);
        let cost = |l: f64| {
            let part =
                |s: &Stratum| psi(l * (1.0 - s.share_a)) * s.squares_a + psi(l * r * s.share_a) * s.squares_b;
            strata.iter().map(part).sum()
        };
        Self(lambdas.map(|l| (l, cost(l))).collect())
    }

    /// ln of the average of exp(λ·sum − cost) over the whole grid.
    fn ln_average(&self, sum: f64) -> f64 {
        let terms: Vec<f64> = self.0.iter().map(|&(l, cost)| l * sum - cost).collect();
        ln_sum_exp(&terms) - f64::from(GRID).ln()
    }
}

fn strata(table: &ValueTable, a: usize, b: usize, settings: &CappedSettings) -> Vec<Stratum> {
    let scale = 1.0 / settings.cap;
    let mut past = [ValueCell::default(); 2];
    let mut strata = Vec::with_capacity(table.periods());
    for u in 0..table.periods() {
        let cells = [a, b].map(|arm| {
            let cell = table.cell(u, arm);
            ValueCell { n: cell.n, sum: cell.sum * scale, sum_sq: cell.sum_sq * scale * scale }
        });
        if let [Some(mean_a), Some(mean_b)] = cells.map(|cell| cell.mean()) {
            let [n_a, n_b] = cells.map(|cell| cell.count());
            // The mean so far, with what was expected standing for one person.
            let guess = past.map(|p| (p.sum + settings.expected_mean * scale) / (p.count() + 1.0));
            strata.push(Stratum {
                w: n_a * n_b / (n_a + n_b),
                share_a: n_a / (n_a + n_b),
                mean_a,
                mean_b,
                squares_a: cells[0].squares_about(guess[0]),
                squares_b: cells[1].squares_about(guess[1]),
            });
        }
        past = [past[0].plus(&cells[0]), past[1].plus(&cells[1])];
    }
    strata
}

impl CappedSettings {
    fn check(&self, table: &ValueTable) -> Result<(), StatsError> {
        let domain = |what, value, expected| Err(StatsError::Domain { what, value, expected });
        if !(self.cap > 0.0 && self.cap.is_finite()) {
            return domain("the cap", self.cap, "a number above 0");
        }
        if !(self.expected_mean >= 0.0 && self.expected_mean <= self.cap) {
            return domain("the expected mean", self.expected_mean, "a number from 0 to the cap");
        }
        if !(self.alpha > 0.0 && self.alpha < 1.0) {
            return domain("alpha", self.alpha, "a number between 0 and 1");
        }
        for period in 0..table.periods() {
            for arm in 0..table.arms() {
                let cell = table.cell(period, arm);
                let wrong =
                    |what, value, expected| Err(StatsError::Cell { period, arm, what, value, expected });
                // 0 ≤ x ≤ cap implies x² ≤ cap·x.
                if cell.sum < 0.0 {
                    return wrong("the sum", cell.sum, "values from 0");
                }
                if cell.sum_sq > self.cap * cell.sum * (1.0 + 1e-9) {
                    return wrong(
                        "the sum of squares",
                        cell.sum_sq,
                        "at most cap × sum, as of values up to the cap",
                    );
                }
            }
        }
        Ok(())
    }
}
