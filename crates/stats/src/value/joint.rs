//! All arms of a value goal jointly: chance to be best and expected loss.
//!
//! Arm a's mean in period u is c_u·exp η_a, η_a ~ N(0, τ²/2), with the day's level c_u free. Quasi-likelihood: an arm's sum of
//! values has variance D times its mean, D = Σ variance / Σ sum over all arms, so its score is that of a count of S/D goals
//! (McCullagh & Nelder, ch. 9), conditional on the period's total:
//!
//! ```text
//! score_a = Σ_u (S_a,u − c_u·n_a,u·exp η_a) / D,      c_u = Σ_a S_a,u / Σ_a n_a,u·exp η_a
//! ```
//!
//! The posterior is taken as normal at its mode. Guarantee: `model`. For values from 0; an arm whose sum is negative counts as 0.

use super::ValueTable;
use crate::best::{JointPosterior, cholesky, of_normal, solve};

/// The joint posterior under pair prior N(0, `pair_sd`²).
pub(super) fn joint(table: &ValueTable, pair_sd: f64) -> JointPosterior {
    let arms = table.arms();
    let prior_precision = 2.0 / (pair_sd * pair_sd);
    let dispersion = dispersion(table);
    let mut eta = vec![0.0; arms];
    let mut precision = vec![0.0; arms * arms];
    for _ in 0..60 {
        precision.fill(0.0);
        let mut score: Vec<f64> = eta.iter().map(|e| -e * prior_precision).collect();
        for a in 0..arms {
            precision[a * arms + a] = prior_precision;
        }
        if let Some(dispersion) = dispersion {
            for u in 0..table.periods() {
                add_period(table, u, dispersion, &eta, &mut score, &mut precision);
            }
        }
        let mut factor = vec![0.0; arms * arms];
        cholesky(&precision, &mut factor, arms);
        solve(&factor, &mut score, arms);
        let mut largest = 0.0_f64;
        for (e, step) in eta.iter_mut().zip(&score) {
            *e += step.clamp(-1.0, 1.0);
            largest = largest.max(step.abs());
        }
        if largest < 1e-6 * pair_sd {
            break;
        }
    }
    of_normal(&eta, &precision)
}

fn sum_of(table: &ValueTable, u: usize, a: usize) -> f64 {
    table.cell(u, a).sum.max(0.0)
}

/// D; `None` where there are no values to speak of.
fn dispersion(table: &ValueTable) -> Option<f64> {
    let (mut variance, mut sum) = (0.0, 0.0);
    for u in 0..table.periods() {
        for a in 0..table.arms() {
            let cell = table.cell(u, a);
            if cell.n >= 2 {
                variance += cell.squares_about_mean() * cell.count() / (cell.count() - 1.0);
                sum += sum_of(table, u, a);
            }
        }
    }
    (variance > 0.0 && sum > 0.0).then(|| variance / sum)
}

fn add_period(
    table: &ValueTable,
    u: usize,
    dispersion: f64,
    eta: &[f64],
    score: &mut [f64],
    precision: &mut [f64],
) {
    let arms = eta.len();
    let sums: f64 = (0..arms).map(|a| sum_of(table, u, a)).sum();
    let expected: f64 = eta.iter().enumerate().map(|(a, e)| table.cell(u, a).count() * e.exp()).sum();
    if sums <= 0.0 || expected <= 0.0 {
        return;
    }
    let level: Vec<f64> = eta
        .iter()
        .enumerate()
        .map(|(a, e)| table.cell(u, a).count() * e.exp() * sums / expected / dispersion)
        .collect();
    let total: f64 = level.iter().sum();
    for a in 0..arms {
        score[a] += sum_of(table, u, a) / dispersion - level[a];
        for b in 0..arms {
            let own = if a == b { level[a] } else { 0.0 };
            precision[a * arms + b] += own - level[a] * level[b] / total;
        }
    }
}
