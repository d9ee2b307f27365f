//! Difference and ratio of mean values by a stratified asymptotic confidence sequence.
//!
//! In period u arm a has mean x̄_a and the estimated variance v_a of that mean. With weights known before the values,
//! w_u = n_a·n_b / (n_a + n_b), the sum
//!
//! ```text
//! S(r) = Σ_u w_u·(x̄_a,u − r·x̄_b,u),      V(r) = Σ_u w_u²·(v_a,u + r²·v_b,u)
//! ```
//!
//! has mean zero where a's mean is r times b's in every period, whatever that mean is on the day: weekdays cancel. For the
//! difference δ̃ = Σ w_u·δ_u / Σ w_u (the average of the periods' differences, weighted by people) S(1) − δ̃·Σw has mean zero.
//! Both go into Robbins' mixture ([`super::mixture`]).
//!
//! With [`Noise::Periods`] the variance at each hypothesis is that of the periods' own distances from it, Σ w_u²·(x̄_a − r·x̄_b − d)². If
//! these are symmetric, exp(λS − λ²V/2) is a supermartingale whatever their size (de la Peña 1999), so few periods are no danger,
//! but their evidence is limited: ln E stays below half their number.
//!
//! Guarantee: `asymptotic`. The variance is estimated, and a sum of few values is not normal: until each arm has
//! [`Settings::min_effective`] effective values no bound is given and all e-values are 1.

use super::mixture::{boundary, ln_one_sided};
use super::{Noise, Settings, ValueCell, ValuePair, ValueTable};
use crate::StatsError;
use crate::curve::bracketed_root;
use crate::special::{normal_cdf, normal_quantile};

/// A log ratio beyond this is reported as no bound.
const LN_RATIO_MAX: f64 = 12.0;
/// A difference further from the estimate than this is reported as no bound.
const STANDARD_ERRORS_MAX: f64 = 1e6;

/// What one period adds: its weight, both means, and the variances of these means.
struct Stratum {
    w: f64,
    mean_a: f64,
    mean_b: f64,
    v_a: f64,
    v_b: f64,
}

/// Evidence for one pair of arms; `a` and `b` in any order, different.
///
/// Domain: any finite values, also negative ones (margins); the ratio is given where both arms' weighted means are above zero.
/// Units: `difference` is in the values' unit per person, the ratio has none. A period in which one arm has no people adds nothing.
///
/// # Errors
/// An arm that is not in the table, a pair of one arm, settings outside their domains.
///
/// ```
/// use gevinst_stats::value::{judge_pair, Settings, ValueCell, ValueTable};
/// // Hillstrom's challenge: spend in dollars of 21,307 people who got one mailing and 21,306 who got none.
/// let cell = |n: u64, mean: f64, sd: f64| {
///     let (m, n1) = (n as f64, n as f64 - 1.0);
///     ValueCell { n, sum: m * mean, sum_sq: n1 * sd * sd + m * mean * mean }
/// };
/// let table = ValueTable::new(2, vec![cell(21_307, 1.4226, 17.754), cell(21_306, 0.6528, 11.588)])?;
/// let pair = judge_pair(&table, 0, 1, &Settings::default())?;
/// assert!((pair.difference.unwrap() - 0.7698).abs() < 1e-4);
/// assert!(pair.lower.unwrap() > 0.0 && pair.ln_e_a_beats_b > 20.0_f64.ln());
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
pub fn judge_pair(
    table: &ValueTable,
    a: usize,
    b: usize,
    settings: &Settings,
) -> Result<ValuePair, StatsError> {
    table.check_pair(a, b)?;
    settings.check()?;
    let strata = strata(table, a, b);
    let mut pair = ValuePair::unknown(a, b);
    let weight: f64 = strata.iter().map(|s| s.w).sum();
    if strata.is_empty() {
        return Ok(pair);
    }
    let (top, bottom) = strata.iter().fold((0.0, 0.0), |t, s| (t.0 + s.w * s.mean_a, t.1 + s.w * s.mean_b));
    let estimate = (top - bottom) / weight;
    pair.difference = Some(estimate);
    pair.ratio = (top > 0.0 && bottom > 0.0).then(|| top / bottom);
    let enough = |arm: usize| settings.enough(&table.total(arm));
    let periods_enough = settings.noise == Noise::People || strata.len() >= Noise::PERIODS_MIN;
    if !(enough(a) && enough(b) && periods_enough) {
        return Ok(pair);
    }

    // Variance of S where the ratio is r and the difference beyond it d: people's spread, or the periods' own distance from that.
    let variance = |r: f64, d: f64| -> f64 {
        match settings.noise {
            Noise::People => strata.iter().map(|s| s.w * s.w * (s.v_a + r * r * s.v_b)).sum(),
            Noise::Periods => strata.iter().map(|s| (s.w * (s.mean_a - r * s.mean_b - d)).powi(2)).sum(),
        }
    };
    // The prior of the log ratio, in the values' unit: one relative standard deviation of the common mean.
    let scale = 0.5 * (top.abs() + bottom.abs()) / weight * settings.prior_sd;
    let rho = |v: f64| scale * weight / v;
    let (v, at_zero) = (variance(1.0, estimate), variance(1.0, 0.0));
    if !(v > 0.0 && rho(v) > 0.0 && rho(v).is_finite()) {
        return Ok(pair);
    }
    let s = top - bottom;
    pair.ln_e_a_beats_b = ln_one_sided(s, at_zero, rho(at_zero));
    pair.ln_e_b_beats_a = ln_one_sided(-s, at_zero, rho(at_zero));
    // The differences at which |S − d·Σw| is within its boundary; x counts standard errors from the estimate.
    let unit = v.sqrt() / weight;
    let room = |x: f64| {
        let v = variance(1.0, estimate + x * unit);
        boundary(v, rho(v), settings.alpha) - (x * unit * weight).abs()
    };
    pair.lower = first_root(|x| room(-x), STANDARD_ERRORS_MAX).map(|x| estimate - x * unit);
    pair.upper = first_root(room, STANDARD_ERRORS_MAX).map(|x| estimate + x * unit);

    // Posterior of δ̃ under N(0, scale²): information weight²/v.
    let information = weight * weight / v;
    let precision = information + 1.0 / (scale * scale);
    let (mean, sd) = (information * estimate / precision, precision.sqrt().recip());
    pair.p_a_beats_b = normal_cdf(mean / sd);
    let z = normal_quantile(0.5 + 0.5 * settings.credible_level);
    pair.credible = Some((mean - z * sd, mean + z * sd));

    let reading = read_ratio(top, bottom, |r| variance(r, 0.0), settings);
    (pair.ratio_lower, pair.ratio_upper) = (reading.lower, reading.upper);
    Ok(pair)
}

/// What S(r) = top − r·bottom says about the ratio r, with its variance as a function of r.
pub(crate) struct RatioReading {
    pub(crate) lower: Option<f64>,
    pub(crate) upper: Option<f64>,
    pub(crate) ln_e_a_beats_b: f64,
    pub(crate) ln_e_b_beats_a: f64,
    pub(crate) p_a_beats_b: f64,
    pub(crate) mean: f64,
    pub(crate) sd: f64,
}

impl RatioReading {
    /// Before anything is known: the prior.
    pub(crate) fn unknown(settings: &Settings) -> Self {
        Self {
            lower: None,
            upper: None,
            ln_e_a_beats_b: 0.0,
            ln_e_b_beats_a: 0.0,
            p_a_beats_b: 0.5,
            mean: 0.0,
            sd: settings.prior_sd,
        }
    }
}

/// Reads the ratio of two sums: the confidence sequence holds the r at which |S(r)| is within its boundary, the e-values are those
/// at r = 1, and the posterior is that of ln r under N(0, prior_sd²) by the delta method.
pub(crate) fn read_ratio(
    top: f64,
    bottom: f64,
    variance: impl Fn(f64) -> f64,
    settings: &Settings,
) -> RatioReading {
    let mut reading = RatioReading::unknown(settings);
    if !(top > 0.0 && bottom > 0.0) {
        return reading;
    }
    // The prior's scale at r, in the unit of S: one relative standard deviation of what both sides hold.
    let rho = |r: f64, v: f64| settings.prior_sd * 0.5 * (top + r * bottom) / v;
    let v = variance(1.0);
    if !(v > 0.0 && v.is_finite()) {
        return reading;
    }
    reading.ln_e_a_beats_b = ln_one_sided(top - bottom, v, rho(1.0, v));
    reading.ln_e_b_beats_a = ln_one_sided(bottom - top, v, rho(1.0, v));
    let ratio = top / bottom;
    // |S(r)| short of its boundary, at r = ratio·e^x; S(ratio) = 0, so it starts above zero.
    let room = |x: f64| {
        let r = ratio * x.exp();
        let v = variance(r);
        boundary(v, rho(r, v), settings.alpha) - (top - r * bottom).abs()
    };
    reading.lower = first_root(|x| room(-x), LN_RATIO_MAX).map(|x| ratio * (-x).exp());
    reading.upper = first_root(room, LN_RATIO_MAX).map(|x| ratio * x.exp());
    // dS/d ln r = −top at the estimate, so its variance there is variance(ratio)/top².
    let information = top * top / variance(ratio);
    let precision = information + settings.prior_sd.powi(-2);
    reading.mean = information * ratio.ln() / precision;
    reading.sd = precision.sqrt().recip();
    reading.p_a_beats_b = normal_cdf(reading.mean / reading.sd);
    reading
}

/// Where a function that starts above zero first goes below, walking in steps; `None` when it does not before `most`.
fn first_root(f: impl Fn(f64) -> f64, most: f64) -> Option<f64> {
    let (mut near, mut far) = (0.0, 1e-6);
    while f(far) >= 0.0 {
        near = far;
        far *= 1.5;
        if far > most {
            return None;
        }
    }
    Some(bracketed_root(f, near, far))
}

fn strata(table: &ValueTable, a: usize, b: usize) -> Vec<Stratum> {
    let (pooled_a, pooled_b) = (pooled_variance(table, a), pooled_variance(table, b));
    let variance_of_mean = |cell: &ValueCell, pooled: f64| {
        let n = cell.count();
        // A single person says nothing about spread: use the arm's own over the other periods.
        if cell.n >= 2 { cell.squares_about_mean() / (n - 1.0) / n } else { pooled / n }
    };
    (0..table.periods())
        .filter_map(|u| {
            let (cell_a, cell_b) = (table.cell(u, a), table.cell(u, b));
            let (mean_a, mean_b) = (cell_a.mean()?, cell_b.mean()?);
            let w = cell_a.count() * cell_b.count() / (cell_a.count() + cell_b.count());
            let (v_a, v_b) = (variance_of_mean(cell_a, pooled_a), variance_of_mean(cell_b, pooled_b));
            Some(Stratum { w, mean_a, mean_b, v_a, v_b })
        })
        .collect()
}

/// An arm's variance within periods; over everything where no period has two people.
fn pooled_variance(table: &ValueTable, arm: usize) -> f64 {
    let (mut squares, mut degrees) = (0.0, 0.0);
    for u in 0..table.periods() {
        let cell = table.cell(u, arm);
        if cell.n >= 2 {
            squares += cell.squares_about_mean();
            degrees += cell.count() - 1.0;
        }
    }
    if degrees > 0.0 {
        return squares / degrees;
    }
    let total = table.total(arm);
    if total.n >= 2 { total.squares_about_mean() / (total.count() - 1.0) } else { 0.0 }
}
