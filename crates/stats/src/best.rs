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
/// Draws in one block: what the compiler keeps in vector registers.
const BLOCK: usize = 8;

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
    let mut all =
        JointPosterior { p_best: zeros.clone(), expected_loss: zeros, mean: mean.to_vec(), covariance };
    normal.compete(&normals(arms), 1.0, &mut all);
    let sum: f64 = all.p_best.iter().sum();
    for p in &mut all.p_best {
        *p /= sum;
    }
    all
}

/// What depends on the number of arms alone, kept between looks.
#[derive(Debug, Clone)]
pub(crate) struct Joint {
    arms: usize,
    normals: Vec<f64>,
    rows: Vec<Row>,
}

/// One arm in one period.
#[derive(Debug, Clone, Copy, Default)]
struct Row {
    exposure: f64,
    count: f64,
}

impl Joint {
    pub(crate) fn new(arms: usize) -> Self {
        Self { arms, normals: normals(arms), rows: Vec::new() }
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
        self.take_in(table);
        let mut all = JointPosterior {
            p_best: vec![0.0; arms],
            expected_loss: vec![0.0; arms],
            mean: vec![0.0; arms],
            covariance: vec![0.0; arms * arms],
        };
        let mut parts = Vec::with_capacity(2);
        let mut mode = start(table, centres, pair_sd);
        let mut next_point = 0;
        for (variance, weight) in two_points(variances, weights) {
            if weight == 0.0 {
                continue;
            }
            let normal = Normal::fit(&self.rows, centres, pair_sd, variance, &mut mode);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a part of a small count"
            )]
            let points = ((POINTS as f64 * weight) as usize).next_multiple_of(BLOCK).clamp(4 * BLOCK, POINTS);
            if next_point + points > POINTS {
                next_point = POINTS - points;
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

    /// The table as plain numbers; periods without a goal are left out.
    fn take_in(&mut self, table: &CountTable) {
        self.rows.clear();
        for u in 0..table.periods() {
            let before = self.rows.len();
            let cells = table.period(u).iter();
            self.rows.extend(cells.map(|cell| {
                cell.map_or(Row::default(), |c| Row { exposure: c.exposure, count: c.count as f64 })
            }));
            if self.rows[before..].iter().all(|row| row.count == 0.0) {
                self.rows.truncate(before);
            }
        }
    }
}

/// Where Newton's method starts: pooled log rates, drawn to their mean as far as the prior asks.
fn start(table: &CountTable, centres: &[f64], pair_sd: f64) -> Vec<f64> {
    let strength = 2.0 / (pair_sd * pair_sd);
    let totals: Vec<_> = (0..table.arms()).map(|a| table.total(a)).collect();
    let (goals, exposure) = totals.iter().fold((0.0, 0.0), |(g, e), t| (g + t.count as f64, e + t.exposure));
    if goals == 0.0 {
        return centres.to_vec();
    }
    totals
        .iter()
        .zip(centres)
        .map(|(t, centre)| {
            let expected = t.exposure * goals / exposure;
            centre + libm::log((t.count as f64 + strength) / (expected + strength))
        })
        .collect()
}

/// Two variances with weights that have the mean, variance and skewness of the given ones: the Gauss quadrature of the
/// posterior of σ². What is averaged over it is smooth in σ², and two fits cost less than eight.
fn two_points(variances: &[f64], weights: &[f64]) -> [(f64, f64); 2] {
    let sum: f64 = weights.iter().sum();
    let moment =
        |f: &dyn Fn(f64) -> f64| variances.iter().zip(weights).map(|(&v, &w)| w / sum * f(v)).sum::<f64>();
    let mean = moment(&|v| v);
    let spread = moment(&|v| (v - mean) * (v - mean)).sqrt();
    if spread < 1e-9 {
        return [(mean, 1.0), (mean, 0.0)];
    }
    let skew = moment(&|v| ((v - mean) / spread).powi(3));
    let root = (1.0 + 0.25 * skew * skew).sqrt();
    let upper = 0.5 * (1.0 - 0.5 * skew / root);
    [
        ((mean + spread * (0.5 * skew - root)).max(0.0), 1.0 - upper),
        (mean + spread * (0.5 * skew + root), upper),
    ]
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
    fn fit(rows: &[Row], centres: &[f64], pair_sd: f64, variance: f64, mode: &mut [f64]) -> Self {
        let arms = centres.len();
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
                rate[a] = vector::exp(mode[a]);
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
        Self { mean: mode.to_vec(), precision, factor }
    }

    /// Adds this part's chances and losses, over the given standard normal draws: whole blocks of them, arm by arm.
    fn compete(&self, draws: &[f64], weight: f64, all: &mut JointPosterior) {
        let arms = self.mean.len();
        let each = weight / (draws.len() / arms) as f64;
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
                let (mut chance, mut loss) = (0.0, 0.0);
                for i in 0..BLOCK {
                    let rival = if eta[a][i] == first[i] { second[i] } else { first[i] };
                    // (rival − centre)·√Q with centre = η − pull/Q.
                    chance += vector::normal_sf((rival - eta[a][i]) * sharp[a] + pull[i] / sharp[a]);
                    loss += vector::exp(first[i] - eta[a][i]) - 1.0;
                }
                all.p_best[a] += each * chance;
                all.expected_loss[a] += each * loss;
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
/// Block by block of draws, each arm's in a row.
fn normals(arms: usize) -> Vec<f64> {
    let primes: Vec<u32> = (2u32..).filter(|n| (2..*n).all(|d| !n.is_multiple_of(d))).take(arms).collect();
    let mut out = Vec::with_capacity(POINTS * arms);
    for block in 0..POINTS / BLOCK {
        for &prime in &primes {
            for i in 1..=BLOCK {
                let u = (0.5 + (block * BLOCK + i) as f64 * f64::from(prime).sqrt()).fract();
                out.push(statrs::function::erf::erf_inv(2.0 * u - 1.0) * SQRT_2);
            }
        }
    }
    out
}
