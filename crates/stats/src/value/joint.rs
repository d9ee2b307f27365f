//! All arms of a value or ratio goal jointly: chance to be best and expected loss.
//!
//! Arm a's sum in period u is c_u·e_a,u·exp η_a on average, η_a ~ N(0, τ²/2), with the day's level c_u free and exposure e (people, or
//! the sum below the line of a ratio). Quasi-likelihood: a sum's variance is D times its mean, so its score is that of a count of S/D
//! goals (McCullagh & Nelder, ch. 9), conditional on the period's total:
//!
//! ```text
//! score_a = Σ_u (S_a,u − c_u·e_a,u·exp η_a) / D,      c_u = Σ_a S_a,u / Σ_a e_a,u·exp η_a
//! ```
//!
//! D is the spread of people, Σ variance / Σ sum, or where whole days are off Pearson's Σ (S − fitted)²/fitted per degree of freedom.
//! The posterior is taken as normal at its mode. Guarantee: `model`. For sums from 0; a negative sum counts as 0.

use super::{Noise, ValueTable};
use crate::best::{JointPosterior, cholesky, of_normal, solve};

/// (exposure, sum) by period and arm, with the variance of the sum as people have it.
pub(crate) struct Sums {
    arms: usize,
    rows: Vec<Vec<(f64, f64)>>,
    variance: f64,
}

impl Sums {
    /// No periods yet.
    pub(crate) fn new(arms: usize) -> Self {
        Self { arms, rows: Vec::new(), variance: 0.0 }
    }

    /// Adds a period of (exposure, sum, variance of the sum).
    pub(crate) fn push(&mut self, cells: impl Iterator<Item = (f64, f64, f64)>) {
        let mut row = Vec::with_capacity(self.arms);
        for (exposure, sum, variance) in cells {
            self.variance += variance;
            row.push((exposure, sum.max(0.0)));
        }
        self.rows.push(row);
    }

    /// The sums of a value goal.
    pub(crate) fn of_values(table: &ValueTable) -> Self {
        let mut sums = Self::new(table.arms());
        for u in 0..table.periods() {
            sums.push((0..table.arms()).map(|a| {
                let cell = table.cell(u, a);
                let n = cell.count();
                let variance = if cell.n >= 2 { cell.squares_about_mean() * n / (n - 1.0) } else { 0.0 };
                (n, cell.sum, variance)
            }));
        }
        sums
    }

    /// The joint posterior under pair prior N(0, `pair_sd`²).
    pub(crate) fn joint(&self, pair_sd: f64, noise: Noise) -> JointPosterior {
        let dispersion = match noise {
            Noise::People => {
                let sum: f64 = self.rows.iter().flatten().map(|cell| cell.1).sum();
                (sum > 0.0).then(|| self.variance / sum)
            }
            // The prior hardly moves the fit that the residuals are taken about.
            Noise::Periods => self.pearson(&self.mode(pair_sd, self.first_dispersion()).0),
        };
        let (mean, precision) = self.mode(pair_sd, dispersion.filter(|d| *d > 0.0));
        of_normal(&mean, &precision)
    }

    /// A dispersion to start from: as if each period held one goal an arm.
    fn first_dispersion(&self) -> Option<f64> {
        let cells = self.rows.iter().flatten().filter(|cell| cell.0 > 0.0);
        let (count, sum) = cells.fold((0.0, 0.0), |t, cell| (t.0 + 1.0, t.1 + cell.1));
        (sum > 0.0).then(|| sum / count)
    }

    /// Mode and precision of η; the prior's where D is unknown.
    fn mode(&self, pair_sd: f64, dispersion: Option<f64>) -> (Vec<f64>, Vec<f64>) {
        let arms = self.arms;
        let prior_precision = 2.0 / (pair_sd * pair_sd);
        let mut eta = vec![0.0; arms];
        let mut precision = vec![0.0; arms * arms];
        for _ in 0..60 {
            precision.fill(0.0);
            let mut score: Vec<f64> = eta.iter().map(|e| -e * prior_precision).collect();
            for a in 0..arms {
                precision[a * arms + a] = prior_precision;
            }
            if let Some(dispersion) = dispersion {
                for row in &self.rows {
                    add_period(row, dispersion, &eta, &mut score, &mut precision);
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
        (eta, precision)
    }

    /// Pearson's dispersion about a fit; `None` with fewer than two periods of two arms.
    fn pearson(&self, eta: &[f64]) -> Option<f64> {
        let (mut squares, mut cells, mut periods) = (0.0, 0.0, 0.0);
        let mut met = vec![false; self.arms];
        for row in &self.rows {
            let fitted = fitted(row, eta);
            let present = row.iter().filter(|cell| cell.0 > 0.0).count();
            if present < 2 || fitted.iter().sum::<f64>() <= 0.0 {
                continue;
            }
            periods += 1.0;
            for (a, (cell, m)) in row.iter().zip(&fitted).enumerate() {
                if *m > 0.0 {
                    squares += (cell.1 - m).powi(2) / m;
                    cells += 1.0;
                    met[a] = true;
                }
            }
        }
        // Each period's level and each arm but one was fitted.
        let fitted = periods + met.iter().filter(|m| **m).count() as f64 - 1.0;
        (cells > fitted).then(|| squares / (cells - fitted))
    }
}

/// c_u·e_a·exp η_a for each arm of a period.
fn fitted(row: &[(f64, f64)], eta: &[f64]) -> Vec<f64> {
    let sums: f64 = row.iter().map(|cell| cell.1).sum();
    let expected: f64 = row.iter().zip(eta).map(|(cell, e)| cell.0 * e.exp()).sum();
    let level = if expected > 0.0 { sums / expected } else { 0.0 };
    row.iter().zip(eta).map(|(cell, e)| level * cell.0 * e.exp()).collect()
}

fn add_period(row: &[(f64, f64)], dispersion: f64, eta: &[f64], score: &mut [f64], precision: &mut [f64]) {
    let arms = eta.len();
    let level: Vec<f64> = fitted(row, eta).iter().map(|m| m / dispersion).collect();
    let total: f64 = level.iter().sum();
    if total <= 0.0 {
        return;
    }
    for a in 0..arms {
        score[a] += row[a].1 / dispersion - level[a];
        for b in 0..arms {
            let own = if a == b { level[a] } else { 0.0 };
            precision[a * arms + b] += own - level[a] * level[b] / total;
        }
    }
}
