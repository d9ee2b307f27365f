//! The normal approximation of the joint posterior at one logit variance.

use crate::table::CountTable;
use crate::vector::{self, LANES, each, load};

/// The periods of a table that have a goal, arm by arm, padded to whole vectors.
#[derive(Debug, Clone, Default)]
pub(super) struct Periods {
    arms: usize,
    /// Periods, padding included.
    length: usize,
    /// Entry a·length + u is arm a, period u.
    exposure: Vec<f64>,
    count: Vec<f64>,
    /// Goals of all arms; 1 in the padding.
    goals: Vec<f64>,
    /// 1, and 0 in the padding, where every arm has exposure and no goals.
    real: Vec<f64>,
}

impl Periods {
    /// Takes the table in.
    pub(super) fn take_in(&mut self, table: &CountTable) {
        let told = |u: &usize| table.period(*u).iter().flatten().any(|cell| cell.count > 0);
        let periods = (0..table.periods()).filter(told).count();
        (self.arms, self.length) = (table.arms(), periods.next_multiple_of(LANES));
        for (list, padding, rows) in [
            (&mut self.exposure, 1.0, self.arms),
            (&mut self.count, 0.0, self.arms),
            (&mut self.goals, 1.0, 1),
            (&mut self.real, 0.0, 1),
        ] {
            list.clear();
            list.resize(rows * self.length, padding);
        }
        for (at, u) in (0..table.periods()).filter(told).enumerate() {
            (self.goals[at], self.real[at]) = (0.0, 1.0);
            for (a, cell) in table.period(u).iter().enumerate() {
                let (exposure, count) = cell.map_or((0.0, 0.0), |cell| (cell.exposure, cell.count as f64));
                self.exposure[a * self.length + at] = exposure;
                self.count[a * self.length + at] = count;
                self.goals[at] += count;
            }
        }
    }

    /// Goals of all periods, and their number.
    pub(super) fn size(&self) -> (f64, f64) {
        let periods: f64 = self.real.iter().sum();
        (self.goals.iter().sum::<f64>() - (self.length as f64 - periods), periods)
    }
}

/// A normal approximation.
pub(super) struct Normal {
    pub(super) mean: Vec<f64>,
    /// Row by row.
    pub(super) covariance: Vec<f64>,
}

/// Sums over periods, and what is at hand while they are made.
#[derive(Debug, Clone, Default)]
pub(super) struct Sums {
    /// Per arm, the score.
    score: Vec<f64>,
    /// Lower triangle by rows.
    information: Vec<f64>,
    /// Per period, the common level as a part of what it would be without noise.
    level: Vec<f64>,
    lanes: Vec<[f64; LANES]>,
}

impl Normal {
    /// Newton's method on prior times quasi-likelihood, from `mode`, which it updates.
    pub(super) fn fit(
        periods: &Periods,
        centres: &[f64],
        pair_sd: f64,
        variance: f64,
        mode: &mut [f64],
        sums: &mut Sums,
    ) -> Self {
        let arms = centres.len();
        let prior_precision = 2.0 / (pair_sd * pair_sd);
        let mut precision = vec![0.0; arms * arms];
        let mut factor = vec![0.0; arms * arms];
        let mut rate = vec![0.0; arms];
        sums.level.clear();
        sums.level.resize(periods.length, 1.0);
        for _ in 0..50 {
            for (rate, mode) in rate.iter_mut().zip(&*mode) {
                *rate = vector::exp(*mode);
            }
            vector::wide!(sums.add_up(periods, &rate, variance));
            for (a, (&mode, &centre)) in mode.iter().zip(centres).enumerate() {
                sums.score[a] -= (mode - centre) * prior_precision;
                let row = &sums.information[a * (a + 1) / 2..][..=a];
                precision[a * arms..=a * arms + a].copy_from_slice(row);
                precision[a * arms + a] += prior_precision;
            }
            cholesky(&precision, &mut factor, arms);
            solve(&factor, &mut sums.score, arms);
            let mut largest = 0.0f64;
            for (mode, step) in mode.iter_mut().zip(&sums.score) {
                let step = step.clamp(-1.0, 1.0);
                *mode += step;
                largest = largest.max(step.abs());
            }
            if largest < 1e-3 * pair_sd {
                break;
            }
        }
        let mut normal = Self { mean: mode.to_vec(), covariance: inverse(&factor, arms) };
        vector::wide!(sums.skewness(periods, &rate, variance, &normal.covariance));
        solve(&factor, &mut sums.score, arms);
        for (mean, shift) in normal.mean.iter_mut().zip(&sums.score) {
            *mean += shift;
        }
        normal
    }
}

/// ½σ²·(n − 1)/n: by this a quasi-score's weights fall with an arm's expected goals.
#[inline(always)]
fn noise_of(goals: &[f64; LANES], variance: f64) -> [f64; LANES] {
    each!(l => 0.5 * variance * (goals[l] - 1.0) / goals[l])
}

impl Sums {
    /// Quasi-score and information of all periods, their common levels eliminated.
    #[inline(always)]
    fn add_up(&mut self, periods: &Periods, rate: &[f64], variance: f64) {
        let (arms, length) = (periods.arms, periods.length);
        let triangle = arms * (arms + 1) / 2;
        self.lanes.clear();
        self.lanes.resize(2 * arms + triangle, [0.0; LANES]);
        let (mu, sums) = self.lanes.split_at_mut(arms);
        let (score, information) = sums.split_at_mut(arms);
        for at in (0..length).step_by(LANES) {
            let (goals, real) = (load(&periods.goals, at, 1.0), load(&periods.real, at, 0.0));
            let noise = noise_of(&goals, variance);
            let mut expected = [0.0; LANES];
            for a in 0..arms {
                let exposure = load(&periods.exposure, a * length + at, 1.0);
                mu[a] = each!(l => exposure[l] * rate[a]);
                expected = each!(l => expected[l] + mu[a][l]);
            }
            let plain = each!(l => goals[l] / expected[l]);
            // The level c solves Σ (s − c·m)/(1 + noise·c·m) = 0; without noise it is n/Σm. Newton on ln c.
            let part = load(&self.level, at, 1.0);
            let mut c = each!(l => plain[l] * part[l]);
            for _ in 0..4 {
                if variance == 0.0 {
                    break;
                }
                let (mut f, mut slope) = ([0.0; LANES], [0.0; LANES]);
                for (a, mu) in mu.iter().enumerate() {
                    let count = load(&periods.count, a * length + at, 0.0);
                    let m = each!(l => c[l] * mu[l]);
                    let w = each!(l => 1.0 / (1.0 + noise[l] * m[l]));
                    f = each!(l => f[l] + (count[l] - m[l]) * w[l]);
                    slope = each!(l => slope[l] + m[l] * (1.0 + noise[l] * count[l]) * w[l] * w[l]);
                }
                // exp(step) to second order, positive for steps below 2. Padding has no goals and no level.
                let half = each!(l => 0.5 * real[l] * (f[l] / slope[l]).clamp(-1.5, 1.5));
                c = each!(l => c[l] * (1.0 + half[l]) / (1.0 - half[l]));
                if half.iter().all(|half| half.abs() < 1e-4) {
                    break;
                }
            }
            vector::store(&mut self.level, at, each!(l => c[l] / plain[l]));
            let mut total = [0.0; LANES];
            for a in 0..arms {
                let count = load(&periods.count, a * length + at, 0.0);
                let m = each!(l => c[l] * mu[a][l]);
                let w = each!(l => real[l] / (1.0 + noise[l] * m[l]));
                score[a] = each!(l => score[a][l] + (count[l] - m[l]) * w[l]);
                mu[a] = each!(l => m[l] * w[l]);
                total = each!(l => total[l] + mu[a][l]);
            }
            // Padding weighs nothing at all; zero parts of nothing are wanted, not NaN.
            let inverse = each!(l => 1.0 / (total[l] + (1.0 - real[l])));
            let mut next = 0;
            for a in 0..arms {
                let part = each!(l => mu[a][l] * inverse[l]);
                for b in 0..=a {
                    let own = if a == b { 1.0 } else { 0.0 };
                    let sum = &mut information[next];
                    *sum = each!(l => sum[l] + own * mu[a][l] - part[l] * mu[b][l]);
                    next += 1;
                }
            }
        }
        self.score.clear();
        self.score.extend(score.iter().map(|lanes| vector::sum(*lanes)));
        self.information.clear();
        self.information.extend(information.iter().map(|lanes| vector::sum(*lanes)));
    }

    /// Fills the score with what, solved for with the precision, is how far the mean lies from the mode to first order:
    /// −½·C·t with t_a = Σ_u h_a·q_a − (w_a/W)·Σ_j h_j·q_j, where h = μ(1 − vμ)/(1 + vμ)² are minus the quasi-likelihood's
    /// third derivatives, w its weights, W their sum and q_j = (e_j − w/W)ᵀC(e_j − w/W). (Tierney & Kadane 1986; the level's
    /// elimination brings w/W.)
    #[inline(always)]
    fn skewness(&mut self, periods: &Periods, rate: &[f64], variance: f64, covariance: &[f64]) {
        let (arms, length) = (periods.arms, periods.length);
        self.lanes.clear();
        self.lanes.resize(4 * arms, [0.0; LANES]);
        let (weight, rest) = self.lanes.split_at_mut(arms);
        let (third, rest) = rest.split_at_mut(arms);
        let (spread, pull) = rest.split_at_mut(arms);
        for at in (0..length).step_by(LANES) {
            let (goals, real) = (load(&periods.goals, at, 1.0), load(&periods.real, at, 0.0));
            let noise = noise_of(&goals, variance);
            let mut expected = [0.0; LANES];
            for a in 0..arms {
                let exposure = load(&periods.exposure, a * length + at, 1.0);
                weight[a] = each!(l => exposure[l] * rate[a]);
                expected = each!(l => expected[l] + weight[a][l]);
            }
            let level = each!(l => goals[l] / expected[l]);
            let mut total = [0.0; LANES];
            for a in 0..arms {
                let mu = each!(l => level[l] * weight[a][l]);
                let damp = each!(l => 1.0 / (1.0 + noise[l] * mu[l]));
                weight[a] = each!(l => mu[l] * damp[l]);
                third[a] = each!(l => mu[l] * (1.0 - noise[l] * mu[l]) * damp[l] * damp[l]);
                total = each!(l => total[l] + weight[a][l]);
            }
            let (mut both, mut sum) = ([0.0; LANES], [0.0; LANES]);
            let inverse = each!(l => 1.0 / total[l]);
            for share in weight.iter_mut() {
                *share = each!(l => share[l] * inverse[l]);
            }
            for a in 0..arms {
                let mut against = [0.0; LANES];
                for b in 0..arms {
                    let c = covariance[a * arms + b];
                    against = each!(l => against[l] + c * weight[b][l]);
                }
                both = each!(l => both[l] + against[l] * weight[a][l]);
                spread[a] = against;
            }
            for a in 0..arms {
                let own = covariance[a * arms + a];
                spread[a] = each!(l => third[a][l] * (own - 2.0 * spread[a][l] + both[l]));
                sum = each!(l => sum[l] + spread[a][l]);
            }
            for a in 0..arms {
                pull[a] = each!(l => {
                    pull[a][l] - 0.5 * real[l] * (spread[a][l] - weight[a][l] * sum[l])
                });
            }
        }
        self.score.clear();
        self.score.extend(pull.iter().map(|lanes| vector::sum(*lanes)));
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
