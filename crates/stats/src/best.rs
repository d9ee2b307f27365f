//! Chance to be best and expected loss for all arms jointly.
//!
//! The arms' log rates are η_a ~ N(μ_a, τ²/2) independently, so that every pair's δ = η_a − η_b has the prior N(μ_a − μ_b, τ²)
//! of [`pair`](crate::pair). Given the goals of each period in total, their split over the arms is multinomial with
//! probabilities e_a·exp(η_a)/Σ e_j·exp(η_j); day noise multiplies each arm's period by a factor of log variance σ²/2.
//!
//! The posterior is taken as normal at each logit variance: the mode and curvature of prior times quasi-likelihood, whose
//! score weighs an arm's surplus by 1/(1 + ½σ²·μ·(n−1)/n) with the period's common level eliminated (for two arms that is the
//! beta-binomial's quasi-score), and mixed over σ² with the weights that the pairs' curves give. With τ near 0.4 the prior
//! keeps the posterior close to normal from the first goal on: see the comparison with brute-force integration in the tests.
//!
//! P(best) averages, over quasi-random draws of the other arms, the chance that this arm exceeds their maximum, so that it is
//! smooth and has no smallest step. Guarantee: `model`.

use std::f64::consts::SQRT_2;

use crate::table::CountTable;
use crate::vector;

/// Draws over all logit variances together.
const POINTS: usize = 256;
/// A logit variance with less posterior weight than this is left out.
const LEAST_WEIGHT: f64 = 2e-3;

/// The joint posterior of all arms' log rates, up to a common constant, and what follows from it.
#[derive(Debug, Clone, PartialEq)]
pub struct JointPosterior {
    /// Probability that each arm has the highest rate; sums to one.
    pub p_best: Vec<f64>,
    /// Expected relative loss of choosing each arm, E[max_j θ_j/θ_a − 1].
    pub expected_loss: Vec<f64>,
    /// Posterior means of η.
    pub mean: Vec<f64>,
    /// Posterior covariance of η, row by row.
    pub covariance: Vec<f64>,
}

/// Integrates jointly. `centres` are the prior means μ_a (empty for zeros), `pair_sd` is τ, `variances` and `weights` the
/// posterior of the logit variance.
///
/// ```
/// use gevinst_stats::{best::joint_posterior, table::CountTable};
/// let table = CountTable::from_columns(3, &[1.0; 3], &[60, 30, 20])?;
/// let joint = joint_posterior(&table, &[], 0.4, &[0.0], &[1.0]);
/// assert!(joint.p_best[0] > 0.95 && (joint.p_best.iter().sum::<f64>() - 1.0).abs() < 1e-12);
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
///
/// # Panics
/// When `centres` is neither empty nor one an arm, or `variances` and `weights` differ in length.
pub fn joint_posterior(
    table: &CountTable,
    centres: &[f64],
    pair_sd: f64,
    variances: &[f64],
    weights: &[f64],
) -> JointPosterior {
    Joint::new(table.arms()).read(table, centres, pair_sd, variances, weights)
}

/// The same reading of a normal posterior of η that another likelihood gave, by its mean and precision (row by row).
pub(crate) fn of_normal(mean: &[f64], precision: &[f64]) -> JointPosterior {
    let arms = mean.len();
    let mut factor = vec![0.0; arms * arms];
    cholesky(precision, &mut factor, arms);
    let normal = Normal { mean: mean.to_vec(), precision: precision.to_vec(), factor };
    let zeros = vec![0.0; arms];
    let covariance = normal.covariance();
    let mut all = JointPosterior { p_best: zeros.clone(), expected_loss: zeros, mean: mean.to_vec(), covariance };
    normal.compete(&normals(arms), 1.0, &mut all);
    let sum: f64 = all.p_best.iter().sum();
    for p in &mut all.p_best {
        *p /= sum;
    }
    all
}

/// Scratch space and starting points, kept between looks.
#[derive(Debug, Clone)]
pub(crate) struct Joint {
    arms: usize,
    normals: Vec<f64>,
    /// Last mode for each logit variance.
    modes: Vec<Vec<f64>>,
}

impl Joint {
    pub(crate) fn new(arms: usize) -> Self {
        Self { arms, normals: normals(arms), modes: Vec::new() }
    }

    pub(crate) fn read(
        &mut self,
        table: &CountTable,
        centres: &[f64],
        pair_sd: f64,
        variances: &[f64],
        weights: &[f64],
    ) -> JointPosterior {
        let arms = self.arms;
        assert!(centres.is_empty() || centres.len() == arms, "one centre an arm");
        assert_eq!(variances.len(), weights.len(), "one weight a variance");
        let zeros = vec![0.0; arms];
        let centres = if centres.is_empty() { &zeros } else { centres };
        self.modes.resize(variances.len(), centres.to_vec());
        let kept: f64 = weights.iter().filter(|w| **w >= LEAST_WEIGHT).sum();
        let mut all = JointPosterior {
            p_best: vec![0.0; arms],
            expected_loss: vec![0.0; arms],
            mean: vec![0.0; arms],
            covariance: vec![0.0; arms * arms],
        };
        let mut parts = Vec::new();
        let mut next_point = 0;
        for (i, (&variance, &weight)) in variances.iter().zip(weights).enumerate() {
            if weight < LEAST_WEIGHT {
                continue;
            }
            let weight = weight / kept;
            let normal = Normal::fit(table, centres, pair_sd, variance, &mut self.modes[i]);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a small count")]
            let points = ((POINTS as f64 * weight).ceil() as usize).clamp(16, POINTS);
            if next_point + points > POINTS {
                next_point = 0;
            }
            let draws = &self.normals[next_point * arms..(next_point + points) * arms];
            next_point += points;
            normal.compete(draws, weight, &mut all);
            for (sum, m) in all.mean.iter_mut().zip(&normal.mean) {
                *sum += weight * m;
            }
            parts.push((weight, normal));
        }
        for (weight, normal) in &parts {
            let covariance = normal.covariance();
            for a in 0..arms {
                for b in 0..arms {
                    let between = (normal.mean[a] - all.mean[a]) * (normal.mean[b] - all.mean[b]);
                    all.covariance[a * arms + b] += weight * (covariance[a * arms + b] + between);
                }
            }
        }
        let sum: f64 = all.p_best.iter().sum();
        for p in &mut all.p_best {
            *p /= sum;
        }
        all
    }
}

/// A normal approximation: mean and the Cholesky factor of the precision.
struct Normal {
    mean: Vec<f64>,
    precision: Vec<f64>,
    /// Lower triangular L with L·Lᵀ = precision.
    factor: Vec<f64>,
}

impl Normal {
    /// Newton's method on prior times quasi-likelihood, from `mode`, which it updates.
    fn fit(table: &CountTable, centres: &[f64], pair_sd: f64, variance: f64, mode: &mut Vec<f64>) -> Self {
        let arms = table.arms();
        let prior_precision = 2.0 / (pair_sd * pair_sd);
        let mut precision = vec![0.0; arms * arms];
        let mut factor = vec![0.0; arms * arms];
        let mut score = vec![0.0; arms];
        let mut rate = vec![0.0; arms];
        let mut level = vec![0.0; arms];
        for _ in 0..50 {
            precision.fill(0.0);
            for a in 0..arms {
                score[a] = -(mode[a] - centres[a]) * prior_precision;
                precision[a * arms + a] = prior_precision;
                rate[a] = libm::exp(mode[a]);
            }
            for u in 0..table.periods() {
                add_period(table.period(u), &rate, variance, &mut level, &mut score, &mut precision);
            }
            cholesky(&precision, &mut factor, arms);
            solve(&factor, &mut score, arms);
            let mut largest = 0.0f64;
            for a in 0..arms {
                let step = score[a].clamp(-1.0, 1.0);
                mode[a] += step;
                largest = largest.max(step.abs());
            }
            if largest < 2e-3 * pair_sd {
                break;
            }
        }
        Self { mean: mode.clone(), precision, factor }
    }

    /// Adds this part's chances and losses, over the given standard normal draws.
    fn compete(&self, draws: &[f64], weight: f64, all: &mut JointPosterior) {
        let arms = self.mean.len();
        let count = (draws.len() / arms) as f64;
        let scale: Vec<f64> = (0..arms).map(|a| 1.0 / self.precision[a * arms + a]).collect();
        let sharp: Vec<f64> = (0..arms).map(|a| self.precision[a * arms + a].sqrt()).collect();
        let (mut eta, mut pull) = (vec![0.0; arms], vec![0.0; arms]);
        for z in draws.chunks_exact(arms) {
            // η = m + L⁻ᵀz, and Q(η − m) = L·z.
            eta.copy_from_slice(z);
            solve_upper(&self.factor, &mut eta, arms);
            for (a, out) in pull.iter_mut().enumerate() {
                *out = (0..=a).map(|b| self.factor[a * arms + b] * z[b]).sum();
            }
            let (mut first, mut second, mut leader) = (f64::NEG_INFINITY, f64::NEG_INFINITY, 0);
            for a in 0..arms {
                eta[a] += self.mean[a];
                if eta[a] > first {
                    (second, first, leader) = (first, eta[a], a);
                } else if eta[a] > second {
                    second = eta[a];
                }
            }
            for a in 0..arms {
                let rival = if a == leader { second } else { first };
                let centre = eta[a] - pull[a] * scale[a];
                all.p_best[a] += weight / count * vector::normal_sf((rival - centre) * sharp[a]);
                all.expected_loss[a] += weight / count * (vector::exp(first - eta[a]) - 1.0);
            }
        }
    }

    fn covariance(&self) -> Vec<f64> {
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

/// Adds one period's quasi-score and information, its common level eliminated.
fn add_period(
    cells: &[Option<crate::table::Cell>],
    rate: &[f64],
    variance: f64,
    level: &mut [f64],
    score: &mut [f64],
    precision: &mut [f64],
) {
    let arms = rate.len();
    let (mut goals, mut expected) = (0.0, 0.0);
    for a in 0..arms {
        level[a] = 0.0;
        if let Some(cell) = cells[a].filter(|c| c.exposure > 0.0) {
            level[a] = cell.exposure * rate[a];
            expected += level[a];
            goals += cell.count as f64;
        }
    }
    if goals == 0.0 {
        return;
    }
    let noise = 0.5 * variance * (goals - 1.0) / goals;
    // The level c solves Σ (s − c·m)/(1 + noise·c·m) = 0; without noise it is n/Σm.
    let mut c = goals / expected;
    if noise > 0.0 {
        for _ in 0..8 {
            let (mut f, mut slope) = (0.0, 0.0);
            for a in 0..arms {
                if level[a] > 0.0 {
                    let count = cells[a].map_or(0.0, |cell| cell.count as f64);
                    let mu = c * level[a];
                    let w = 1.0 / (1.0 + noise * mu);
                    f += (count - mu) * w;
                    slope += mu * (1.0 + noise * count) * w * w;
                }
            }
            // Newton on ln c: the level stays positive.
            let step = (f / slope).clamp(-2.0, 2.0);
            c *= libm::exp(step);
            if step.abs() < 1e-4 {
                break;
            }
        }
    }
    let mut total = 0.0;
    for a in 0..arms {
        if level[a] > 0.0 {
            let count = cells[a].map_or(0.0, |cell| cell.count as f64);
            let mu = c * level[a];
            let w = 1.0 / (1.0 + noise * mu);
            score[a] += (count - mu) * w;
            level[a] = mu * w;
            total += level[a];
        }
    }
    for a in 0..arms {
        let part = level[a] / total;
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
            factor[i * n + j] = if i == j { sum.max(f64::MIN_POSITIVE).sqrt() } else { sum / factor[j * n + j] };
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
fn normals(arms: usize) -> Vec<f64> {
    let primes: Vec<u32> = (2u32..).filter(|n| (2..*n).all(|d| !n.is_multiple_of(d))).take(arms).collect();
    (1..=POINTS)
        .flat_map(|i| {
            primes.iter().map(move |&prime| {
                let u = (0.5 + i as f64 * f64::from(prime).sqrt()).fract();
                statrs::function::erf::erf_inv(2.0 * u - 1.0) * SQRT_2
            })
        })
        .collect()
}
