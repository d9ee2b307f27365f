//! The normal approximation at one logit variance, and the contest of arms drawn from it.

use std::f64::consts::SQRT_2;

use super::JointPosterior;
use crate::vector::{self, LANES as BLOCK, each};

/// Draws over all logit variances together.
pub(super) const POINTS: usize = 256;

/// One arm in one period.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Row {
    pub(super) exposure: f64,
    pub(super) count: f64,
}

/// A normal approximation: mean and the Cholesky factor of the precision.
pub(super) struct Normal {
    pub(super) mean: Vec<f64>,
    pub(super) precision: Vec<f64>,
    /// Lower triangular L with L·Lᵀ = precision.
    pub(super) factor: Vec<f64>,
}

impl Normal {
    /// Newton's method on prior times quasi-likelihood, from `mode`, which it updates.
    pub(super) fn fit(rows: &[Row], centres: &[f64], pair_sd: f64, variance: f64, mode: &mut [f64]) -> Self {
        let arms = centres.len();
        let prior_precision = 2.0 / (pair_sd * pair_sd);
        let mut precision = vec![0.0; arms * arms];
        let mut factor = vec![0.0; arms * arms];
        let mut score = vec![0.0; arms];
        let mut rate = vec![0.0; arms];
        let mut level = vec![0.0; arms];
        for _ in 0..50 {
            precision.fill(0.0);
            for (a, (&mode, &centre)) in mode.iter().zip(centres).enumerate() {
                score[a] = -(mode - centre) * prior_precision;
                precision[a * arms + a] = prior_precision;
                rate[a] = vector::exp(mode);
            }
            for row in rows.chunks_exact(arms) {
                add_period(row, &rate, variance, &mut level, &mut score, &mut precision);
            }
            cholesky(&precision, &mut factor, arms);
            solve(&factor, &mut score, arms);
            let mut largest = 0.0f64;
            for a in 0..arms {
                let step = score[a].clamp(-1.0, 1.0);
                mode[a] += step;
                largest = largest.max(step.abs());
            }
            if largest < 1e-3 * pair_sd {
                break;
            }
        }
        let mut normal = Self { mean: mode.to_vec(), precision, factor };
        let shift = normal.skewness(rows, &rate, variance);
        for (mean, shift) in normal.mean.iter_mut().zip(shift) {
            *mean += shift;
        }
        normal
    }

    /// How far the mean lies from the mode to first order: −½·C·t with t_a = Σ_u h_a·q_a − (w_a/W)·Σ_j h_j·q_j, where
    /// h = μ(1 − vμ)/(1 + vμ)² are minus the quasi-likelihood's third derivatives, w its weights, W their sum and
    /// q_j = (e_j − w/W)ᵀC(e_j − w/W). (Tierney & Kadane 1986; the level's elimination brings w/W.)
    fn skewness(&self, rows: &[Row], rate: &[f64], variance: f64) -> Vec<f64> {
        let arms = self.mean.len();
        let covariance = self.covariance();
        let mut pull = vec![0.0; arms];
        let (mut weight, mut third, mut spread) = (vec![0.0; arms], vec![0.0; arms], vec![0.0; arms]);
        for row in rows.chunks_exact(arms) {
            let (goals, expected) = row
                .iter()
                .zip(rate)
                .fold((0.0, 0.0), |(g, e), (row, rate)| (g + row.count, e + row.exposure * rate));
            let noise = 0.5 * variance * (goals - 1.0) / goals;
            let mut total = 0.0;
            for a in 0..arms {
                let mu = goals / expected * row[a].exposure * rate[a];
                let damp = 1.0 / (1.0 + noise * mu);
                weight[a] = mu * damp;
                third[a] = mu * (1.0 - noise * mu) * damp * damp;
                total += weight[a];
            }
            let (mut both, mut sum) = (0.0, 0.0);
            for share in &mut weight {
                *share /= total;
            }
            for a in 0..arms {
                spread[a] = (0..arms).map(|b| covariance[a * arms + b] * weight[b]).sum();
                both += weight[a] * spread[a];
            }
            for a in 0..arms {
                spread[a] = third[a] * (covariance[a * arms + a] - 2.0 * spread[a] + both);
                sum += spread[a];
            }
            for a in 0..arms {
                pull[a] -= 0.5 * (spread[a] - weight[a] * sum);
            }
        }
        solve(&self.factor, &mut pull, arms);
        pull
    }

    /// Adds this part's chances and losses, over the given standard normal draws: whole blocks of them, arm by arm.
    pub(super) fn compete(&self, draws: &[f64], weight: f64, all: &mut JointPosterior) {
        vector::wide!(self.contest(draws, weight, all));
    }

    #[inline(always)]
    fn contest(&self, draws: &[f64], weight: f64, all: &mut JointPosterior) {
        let arms = self.mean.len();
        let part = weight / (draws.len() / arms) as f64;
        let sharp: Vec<f64> = (0..arms).map(|a| self.precision[a * arms + a].sqrt()).collect();
        let inverse: Vec<f64> = (0..arms).map(|a| 1.0 / self.factor[a * arms + a]).collect();
        let mut eta = vec![[0.0; BLOCK]; arms];
        for z in draws.chunks_exact(arms * BLOCK) {
            // η = m + L⁻ᵀz.
            for a in (0..arms).rev() {
                let mut x: [f64; BLOCK] = lanes(z, a);
                for (b, eta) in eta.iter().enumerate().skip(a + 1) {
                    let l = self.factor[b * arms + a];
                    for (x, eta) in x.iter_mut().zip(eta) {
                        *x -= l * eta;
                    }
                }
                for x in &mut x {
                    *x *= inverse[a];
                }
                eta[a] = x;
            }
            let (mut first, mut second) = ([f64::NEG_INFINITY; BLOCK], [f64::NEG_INFINITY; BLOCK]);
            for (eta, mean) in eta.iter_mut().zip(&self.mean) {
                for i in 0..BLOCK {
                    let x = eta[i] + mean;
                    eta[i] = x;
                    let beaten = if x < first[i] { x } else { first[i] };
                    first[i] = if x > first[i] { x } else { first[i] };
                    second[i] = if beaten > second[i] { beaten } else { second[i] };
                }
            }
            for a in 0..arms {
                // Q(η − m) = L·z: how far the other arms pull this one from its mean given them.
                let mut pull = [0.0; BLOCK];
                for b in 0..=a {
                    let (l, z): (f64, [f64; BLOCK]) = (self.factor[a * arms + b], lanes(z, b));
                    for i in 0..BLOCK {
                        pull[i] += l * z[i];
                    }
                }
                let eta = &eta[a];
                let rival = each!(i => if eta[i] == first[i] { second[i] } else { first[i] });
                // (rival − centre)·√Q with centre = η − pull/Q.
                let chance = each!(i => {
                    vector::normal_sf((rival[i] - eta[i]) * sharp[a] + pull[i] / sharp[a])
                });
                let loss = each!(i => vector::exp(first[i] - eta[i]) - 1.0);
                all.p_best[a] += part * vector::sum(chance);
                all.expected_loss[a] += part * vector::sum(loss);
            }
        }
    }

    pub(super) fn covariance(&self) -> Vec<f64> {
        let arms = self.mean.len();
        let mut inverse = vec![0.0; arms * arms];
        for column in 0..arms {
            let mut unit = vec![0.0; arms];
            unit[column] = 1.0;
            solve(&self.factor, &mut unit, arms);
            for row in 0..arms {
                inverse[row * arms + column] = unit[row];
            }
        }
        inverse
    }
}

/// The draws of one arm in a block.
#[inline(always)]
fn lanes(block: &[f64], arm: usize) -> [f64; BLOCK] {
    let mut out = [0.0; BLOCK];
    out.copy_from_slice(&block[arm * BLOCK..(arm + 1) * BLOCK]);
    out
}

/// Adds one period's quasi-score and information, its common level eliminated.
fn add_period(
    row: &[Row],
    rate: &[f64],
    variance: f64,
    level: &mut [f64],
    score: &mut [f64],
    precision: &mut [f64],
) {
    let arms = rate.len();
    let (mut goals, mut expected) = (0.0, 0.0);
    for ((level, row), rate) in level.iter_mut().zip(row).zip(rate) {
        *level = row.exposure * rate;
        expected += *level;
        goals += row.count;
    }
    let noise = 0.5 * variance * (goals - 1.0) / goals;
    // The level c solves Σ (s − c·m)/(1 + noise·c·m) = 0; without noise it is n/Σm. Newton on ln c.
    let mut c = goals / expected;
    for _ in 0..4 {
        if noise == 0.0 {
            break;
        }
        let (mut f, mut slope) = (0.0, 0.0);
        for (level, row) in level.iter().zip(row) {
            let mu = c * level;
            let w = 1.0 / (1.0 + noise * mu);
            f += (row.count - mu) * w;
            slope += mu * (1.0 + noise * row.count) * w * w;
        }
        // exp(step) to second order, positive for steps below 2.
        let half = 0.5 * (f / slope).clamp(-1.5, 1.5);
        c *= (1.0 + half) / (1.0 - half);
        if half.abs() < 1e-4 {
            break;
        }
    }
    let mut total = 0.0;
    for a in 0..arms {
        let mu = c * level[a];
        let w = 1.0 / (1.0 + noise * mu);
        score[a] += (row[a].count - mu) * w;
        level[a] = mu * w;
        total += level[a];
    }
    let inverse = 1.0 / total;
    for a in 0..arms {
        let part = level[a] * inverse;
        precision[a * arms + a] += level[a];
        for b in 0..=a {
            precision[a * arms + b] -= part * level[b];
        }
    }
}

/// The lower factor of a symmetric positive definite matrix given by its lower triangle.
pub(crate) fn cholesky(matrix: &[f64], factor: &mut [f64], n: usize) {
    for i in 0..n {
        for j in 0..=i {
            let mut sum = matrix[i * n + j];
            for k in 0..j {
                sum -= factor[i * n + k] * factor[j * n + k];
            }
            factor[i * n + j] =
                if i == j { sum.max(f64::MIN_POSITIVE).sqrt() } else { sum / factor[j * n + j] };
        }
    }
}

/// x ← (L·Lᵀ)⁻¹·x.
pub(crate) fn solve(factor: &[f64], x: &mut [f64], n: usize) {
    for i in 0..n {
        let sum: f64 = (0..i).map(|k| factor[i * n + k] * x[k]).sum();
        x[i] = (x[i] - sum) / factor[i * n + i];
    }
    solve_upper(factor, x, n);
}

/// x ← L⁻ᵀ·x.
fn solve_upper(factor: &[f64], x: &mut [f64], n: usize) {
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|k| factor[k * n + i] * x[k]).sum();
        x[i] = (x[i] - sum) / factor[i * n + i];
    }
}

/// Quasi-random standard normals: a Kronecker sequence with the square roots of primes, through the inverse error function.
/// Block by block of draws, each arm's in a row; the second half of a block mirrors the first, and each arm's variance is one.
pub(super) fn normals(arms: usize) -> Vec<f64> {
    let primes = (2u32..).filter(|n| (2..*n).all(|d| !n.is_multiple_of(d))).take(arms);
    let columns: Vec<Vec<f64>> = primes
        .map(|prime| {
            let draw = |i: usize| {
                let u = (0.5 + (i + 1) as f64 * f64::from(prime).sqrt()).fract();
                statrs::function::erf::erf_inv(2.0 * u - 1.0) * SQRT_2
            };
            let column: Vec<f64> = (0..POINTS / 2).map(draw).collect();
            let scale = (column.iter().map(|z| z * z).sum::<f64>() / column.len() as f64).sqrt();
            column.iter().map(|z| z / scale).collect()
        })
        .collect();
    let mut out = Vec::with_capacity(POINTS * arms);
    for block in 0..POINTS / BLOCK {
        for column in &columns {
            let half = &column[block * BLOCK / 2..(block + 1) * BLOCK / 2];
            out.extend(half);
            out.extend(half.iter().map(|z| -z));
        }
    }
    out
}
