//! Chance to be best and expected loss for all arms jointly.
//!
//! The arms' log rates are η_a ~ N(μ_a, τ²/2) independently, so that every pair's δ = η_a − η_b has the prior N(μ_a − μ_b, τ²)
//! of [`pair`](crate::pair). Given the goals of each period in total, their split over the arms is multinomial with
//! probabilities e_a·exp(η_a)/Σ e_j·exp(η_j); day noise multiplies each arm's period by a factor of log variance σ²/2.
//!
//! The posterior is taken as normal at each logit variance: the mode and curvature of prior times quasi-likelihood, whose
//! score weighs an arm's surplus by 1/(1 + ½σ²·μ·(n−1)/n) with the period's common level eliminated (for two arms that is the
//! beta-binomial's quasi-score), moved from mode to mean by the third derivatives, and mixed over σ² with the weights that the
//! pairs' curves give. With τ near 0.4 the prior keeps the posterior close to normal from the first goal on: in the tests
//! the chances differ by about 0.01 at most from brute-force integration over rates and day factors.
//!
//! Chances and losses are worked out from that normal law by quadrature (`contest.rs`). They do not depend on the arms' order.
//! Guarantee: `model`.

mod contest;
mod normal;

use crate::table::CountTable;
use contest::contest;
use normal::{Normal, Periods, Sums, inverse};
pub(crate) use normal::{cholesky, solve};

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
    let covariance = inverse(&factor, arms);
    let zeros = vec![0.0; arms];
    let mut all = JointPosterior {
        p_best: zeros.clone(),
        expected_loss: zeros,
        mean: mean.to_vec(),
        covariance: Vec::new(),
    };
    contest(mean, &covariance, 1.0, &mut all);
    all.covariance = covariance;
    let sum: f64 = all.p_best.iter().sum();
    for p in &mut all.p_best {
        *p /= sum;
    }
    all
}

/// The table as plain numbers and scratch space, kept between looks.
#[derive(Debug, Clone)]
pub(crate) struct Joint {
    arms: usize,
    periods: Periods,
    sums: Sums,
}

impl Joint {
    pub(crate) fn new(arms: usize) -> Self {
        Self { arms, periods: Periods::default(), sums: Sums::default() }
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
        self.periods.take_in(table);
        let mut all = JointPosterior {
            p_best: vec![0.0; arms],
            expected_loss: vec![0.0; arms],
            mean: vec![0.0; arms],
            covariance: vec![0.0; arms * arms],
        };
        let mut parts = Vec::with_capacity(2);
        let mut mode = start(table, centres, pair_sd);
        for (variance, weight) in two_points(variances, weights, self.sampling_variance()) {
            if weight == 0.0 {
                continue;
            }
            let normal = Normal::fit(&self.periods, centres, pair_sd, variance, &mut mode, &mut self.sums);
            contest(&normal.mean, &normal.covariance, weight, &mut all);
            for (sum, m) in all.mean.iter_mut().zip(&normal.mean) {
                *sum += weight * m;
            }
            parts.push((weight, normal));
        }
        for (weight, normal) in &parts {
            let covariance = &normal.covariance;
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

    /// The typical sampling variance of a pair's logit in one period: 1/(n·p·q) with 2/K of the goals and an even split.
    fn sampling_variance(&self) -> f64 {
        let (goals, periods) = self.periods.size();
        2.0 * self.arms as f64 * periods.max(1.0) / goals.max(1.0)
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

/// Two logit variances with weights that stand for all the given ones: Gauss's quadrature of their distribution on the scale
/// x = ln(σ² + s), s being a period's sampling variance. What is averaged over it is smooth in x, for on that scale the
/// posterior's width changes evenly; mean, variance and skewness of x are kept, and two fits cost less than eight.
fn two_points(variances: &[f64], weights: &[f64], sampling: f64) -> [(f64, f64); 2] {
    let sum: f64 = weights.iter().sum();
    let x: Vec<f64> = variances.iter().map(|v| libm::log(v + sampling)).collect();
    let moment = |f: &dyn Fn(f64) -> f64| x.iter().zip(weights).map(|(&x, &w)| w / sum * f(x)).sum::<f64>();
    let mean = moment(&|x| x);
    let spread = moment(&|x| (x - mean) * (x - mean)).sqrt();
    let back = |x: f64| (libm::exp(x) - sampling).max(0.0);
    if spread < 1e-9 {
        return [(back(mean), 1.0), (back(mean), 0.0)];
    }
    let skew = moment(&|x| {
        let z = (x - mean) / spread;
        z * z * z
    });
    let root = (1.0 + 0.25 * skew * skew).sqrt();
    let upper = 0.5 * (1.0 - 0.5 * skew / root);
    [
        (back(mean + spread * (0.5 * skew - root)), 1.0 - upper),
        (back(mean + spread * (0.5 * skew + root)), upper),
    ]
}

#[cfg(test)]
mod tests;
