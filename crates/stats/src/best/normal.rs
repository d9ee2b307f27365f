//! The normal approximation of the joint posterior at one logit variance.

use crate::vector;

/// One arm in one period.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Row {
    pub(super) exposure: f64,
    pub(super) count: f64,
}

/// A normal approximation.
pub(super) struct Normal {
    pub(super) mean: Vec<f64>,
    /// Row by row.
    pub(super) covariance: Vec<f64>,
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
        let mut normal = Self { mean: mode.to_vec(), covariance: inverse(&factor, arms) };
        let mut shift = normal.skewness(rows, &rate, variance);
        solve(&factor, &mut shift, arms);
        for (mean, shift) in normal.mean.iter_mut().zip(shift) {
            *mean += shift;
        }
        normal
    }

    /// What, solved for with the precision, is how far the mean lies from the mode to first order: −½·C·t with t_a = Σ_u h_a·q_a − (w_a/W)·Σ_j h_j·q_j, where
    /// h = μ(1 − vμ)/(1 + vμ)² are minus the quasi-likelihood's third derivatives, w its weights, W their sum and
    /// q_j = (e_j − w/W)ᵀC(e_j − w/W). (Tierney & Kadane 1986; the level's elimination brings w/W.)
    fn skewness(&self, rows: &[Row], rate: &[f64], variance: f64) -> Vec<f64> {
        let arms = self.mean.len();
        let covariance = &self.covariance;
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
        pull
    }
}

/// The inverse of a matrix by its lower Cholesky factor.
pub(super) fn inverse(factor: &[f64], n: usize) -> Vec<f64> {
    let mut inverse = vec![0.0; n * n];
    let mut unit = vec![0.0; n];
    for column in 0..n {
        unit.fill(0.0);
        unit[column] = 1.0;
        solve(factor, &mut unit, n);
        for (row, value) in unit.iter().enumerate() {
            inverse[row * n + column] = *value;
        }
    }
    inverse
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
