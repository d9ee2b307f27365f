//! The spread of true log rates, learned from closed experiments by empirical Bayes.
//!
//! τ is the standard deviation of arms' true log rates within an experiment; the log ratio of two arms then has √2·τ, which is the
//! prior's scale. The marginal likelihood of all experiments is evaluated on a grid of τ; on top of it lies a weak prior,
//! ln τ ~ N(ln median, log_sd²), so that three past experiments do not make anyone certain. The interval is of the likelihood alone:
//! where it lies within ½·χ²₁ of its top (Efron, Large-Scale Inference, ch. 1; Brown, van Houwelingen for the random-effects form).

use super::closed::Closed;
use crate::StatsError;
use crate::prior::NormalPrior;
use crate::special::chi_square_quantile;

/// The coarse grid of τ: 0, then this many steps from 0.01 to 2.5.
const STEPS: u32 = 24;
/// A second grid of as many steps covers what is left within this many nats of the top.
const REACH: f64 = 14.0;
const TAU_MIN: f64 = 0.01;
const TAU_MAX: f64 = 2.5;
/// Prior of the centre m (treated arms against control): N(0, 0.2²).
const CENTRE_SD: f64 = 0.2;

/// What is believed about τ before any experiment was closed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScalePrior {
    /// Median of τ.
    pub median: f64,
    /// Standard deviation of ln τ.
    pub log_sd: f64,
}

impl Default for ScalePrior {
    /// Median 0.283, which makes the log ratio of two arms N(0, 0.4²); two thirds between half and twice that.
    fn default() -> Self {
        Self { median: 0.4 / std::f64::consts::SQRT_2, log_sd: std::f64::consts::LN_2 }
    }
}

/// What closed experiments say about the spread and the centre of log ratios.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearnedScale {
    /// Maximum-likelihood τ; `None` without informative experiments.
    pub mle: Option<f64>,
    /// Lower end of the likelihood interval of τ.
    pub lower: f64,
    /// Upper end of the likelihood interval of τ; `None` where the experiments set no bound below 2.5.
    pub upper: Option<f64>,
    /// Posterior median of τ under the weak prior: what is used.
    pub tau: f64,
    /// Mean log ratio of other arms to the control, shrunken; 0 where no experiment has a control.
    pub centre: f64,
    /// Its posterior standard deviation.
    pub centre_sd: f64,
    /// Informative experiments.
    pub experiments: usize,
}

impl LearnedScale {
    /// The prior for the log ratio of two arms neither of which is a control: N(0, 2τ²).
    pub fn pair_prior(&self) -> NormalPrior {
        NormalPrior { mean: 0.0, sd: (std::f64::consts::SQRT_2 * self.tau).clamp(1e-4, 20.0) }
    }

    /// The prior for the log ratio of an arm to the control: its mean is the centre, its variance also the centre's.
    pub fn control_prior(&self) -> NormalPrior {
        let sd = (2.0 * self.tau * self.tau + self.centre_sd * self.centre_sd).sqrt();
        NormalPrior { mean: self.centre, sd: sd.clamp(1e-4, 20.0) }
    }
}

/// Learns τ and the centre from closed experiments; `level` is the likelihood interval's.
///
/// Experiments whose arms say nothing about each other are passed over. Guarantee: `model`.
///
/// # Errors
/// A closed experiment outside its domain (fewer than two arms, exposure not finite or negative, a standard error not above
/// 0, a control that is no arm), a level outside (0, 1), a prior scale outside (0, 10].
///
/// ```
/// use gevinst_stats::learn::{learn_scale, Closed, ClosedArm, ScalePrior};
/// let pair = |a: u64, b: u64| Closed {
///     arms: [a, b].map(|goals| ClosedArm::Counts { exposure: 1000.0, goals }).to_vec(),
///     control: None,
///     noise_variance: 0.0,
/// };
/// // Forty experiments with hundreds of goals whose arms hardly differ: ratios are small here.
/// let alike: Vec<Closed> = (0..40).map(|i| pair(400 + 7 * (i % 5), 410 - 6 * (i % 4))).collect();
/// let learned = learn_scale(&alike, ScalePrior::default(), 0.95)?;
/// assert!(learned.tau < 0.05 && learned.pair_prior().sd < 0.07);
///
/// // Nothing closed yet: the default prior.
/// assert!((learn_scale(&[], ScalePrior::default(), 0.95)?.pair_prior().sd - 0.4).abs() < 0.01);
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
pub fn learn_scale(closed: &[Closed], prior: ScalePrior, level: f64) -> Result<LearnedScale, StatsError> {
    if !(level > 0.0 && level < 1.0) {
        return Err(StatsError::Domain {
            what: "the level",
            value: level,
            expected: "a number between 0 and 1",
        });
    }
    for (what, value) in [("the prior's median", prior.median), ("the prior's log scale", prior.log_sd)] {
        if !(value > 0.0 && value <= 10.0) {
            return Err(StatsError::Domain { what, value, expected: "a number above 0 and up to 10" });
        }
    }
    for (index, experiment) in closed.iter().enumerate() {
        super::check(index, experiment)?;
    }
    let informative: Vec<&Closed> = closed.iter().filter(|c| c.informative()).collect();

    // The centre hardly depends on τ: two rounds settle both.
    let (mut centre, mut centre_sd) = (0.0, 0.0);
    let mut likelihood = Likelihood::new(&informative, centre);
    if informative.iter().any(|c| c.control.is_some()) {
        (centre, centre_sd) = learn_centre(&informative, likelihood.posterior_median(prior));
        likelihood = Likelihood::new(&informative, centre);
    }
    let (mle, lower, upper) = likelihood.interval(0.5 * chi_square_quantile(1.0, level));
    let tau = likelihood.posterior_median(prior);
    let mle = (!informative.is_empty()).then_some(mle);
    Ok(LearnedScale { mle, lower, upper, tau, centre, centre_sd, experiments: informative.len() })
}

/// Learns one scale per channel, each drawn towards the scale of all channels together.
///
/// Channels are numbers of the caller's. The pooled scale is the prior of each channel with ln-scale standard deviation 0.35
/// (a channel's τ is within a factor of 2 of the others' in 95 of 100 cases), so a channel with two experiments follows the
/// others and one with fifty follows its own. Returned in ascending order of channel, after the pooled scale.
///
/// ```
/// use gevinst_stats::learn::{Closed, ClosedArm, ScalePrior, learn_channels};
/// let of = |goals: [u64; 2]| Closed {
///     arms: goals.map(|goals| ClosedArm::Counts { exposure: 1.0, goals }).to_vec(),
///     control: Some(0),
///     noise_variance: 0.0,
/// };
/// let calm = [[200, 205], [180, 176], [150, 158]].map(|goals| (1, of(goals)));
/// let wild = [[200, 320], [180, 90], [150, 260]].map(|goals| (2, of(goals)));
/// let (pooled, channels) = learn_channels(&[calm, wild].concat(), ScalePrior::default(), 0.95)?;
/// assert!(channels[0].1.tau < pooled.tau && pooled.tau < channels[1].1.tau);
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
///
/// # Errors
/// As [`learn_scale`].
pub fn learn_channels(
    closed: &[(u32, Closed)],
    prior: ScalePrior,
    level: f64,
) -> Result<(LearnedScale, Vec<(u32, LearnedScale)>), StatsError> {
    let all: Vec<Closed> = closed.iter().map(|(_, c)| c.clone()).collect();
    let pooled = learn_scale(&all, prior, level)?;
    let mut channels: Vec<u32> = closed.iter().map(|(channel, _)| *channel).collect();
    channels.sort_unstable();
    channels.dedup();
    let mut learned = Vec::with_capacity(channels.len());
    for channel in channels {
        let own: Vec<Closed> = closed.iter().filter(|(c, _)| *c == channel).map(|(_, c)| c.clone()).collect();
        learned.push((channel, learn_scale(&own, ScalePrior { median: pooled.tau, log_sd: 0.35 }, level)?));
    }
    Ok((pooled, learned))
}

/// The marginal log likelihood on a grid of τ that is fine where it matters; ascending.
struct Likelihood {
    grid: Vec<f64>,
    values: Vec<f64>,
}

impl Likelihood {
    fn new(closed: &[&Closed], centre: f64) -> Self {
        let at = |tau: f64| closed.iter().map(|c| c.ln_marginal(tau, centre)).sum::<f64>();
        let coarse = logarithmic(TAU_MIN, TAU_MAX);
        let values: Vec<f64> = coarse.iter().map(|&tau| at(tau)).collect();
        let at_zero = at(0.0);
        let top = values.iter().copied().fold(at_zero, f64::max);
        let near = |v: &f64| *v > top - REACH;
        let (first, last) = (values.iter().position(near), values.iter().rposition(near));
        let (from, to) = match (first, last) {
            (Some(first), Some(last)) => (first.saturating_sub(1), (last + 1).min(coarse.len() - 1)),
            // All of it lies below the grid: the likelihood falls from τ = 0 at once.
            _ => (0, 1),
        };
        let fine = logarithmic(coarse[from], coarse[to]);
        let mut grid = vec![0.0];
        let mut all = vec![at_zero];
        all.extend(fine.iter().map(|&tau| at(tau)));
        grid.extend(fine);
        Self { grid, values: all }
    }

    /// (top, lower end, upper end) where the likelihood lies within `drop` of its top.
    fn interval(&self, drop: f64) -> (f64, f64, Option<f64>) {
        let Self { grid, values } = self;
        let top = (0..grid.len()).max_by(|&i, &j| values[i].total_cmp(&values[j])).unwrap_or(0);
        let (mle, best) = self.refine(top);
        let floor = best - drop;
        let cross = |inside: usize, outside: usize| {
            let share = (values[inside] - floor) / (values[inside] - values[outside]);
            grid[inside] + share * (grid[outside] - grid[inside])
        };
        let lower = (0..top).rev().find(|&i| values[i] < floor).map_or(0.0, |i| cross(i + 1, i).min(mle));
        let upper = (top + 1..grid.len()).find(|&i| values[i] < floor).map(|i| cross(i - 1, i).max(mle));
        (mle, lower, upper)
    }

    /// The top between grid points and its height, by one parabola in ln τ.
    fn refine(&self, top: usize) -> (f64, f64) {
        let Self { grid, values } = self;
        if top < 2 || top + 1 >= grid.len() {
            return (grid[top], values[top]);
        }
        let (left, mid, right) = (values[top - 1], values[top], values[top + 1]);
        let curvature = left - 2.0 * mid + right;
        if curvature >= 0.0 {
            return (grid[top], mid);
        }
        let shift = (0.5 * (left - right) / curvature).clamp(-0.5, 0.5);
        let height = mid - 0.25 * (left - right) * shift;
        (grid[top] * (grid[top + 1] / grid[top]).powf(shift), height)
    }

    /// Median of τ under ln τ ~ N(ln median, log_sd²) times the likelihood.
    fn posterior_median(&self, prior: ScalePrior) -> f64 {
        let Self { grid, values } = self;
        let ln = |i: usize| values[i] - 0.5 * ((grid[i] / prior.median).ln() / prior.log_sd).powi(2);
        let top = (1..grid.len()).map(ln).fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = (1..grid.len()).map(|i| (ln(i) - top).exp()).collect();
        let half = 0.5 * weights.iter().sum::<f64>();
        let step = (grid[2] / grid[1]).ln();
        let mut before = 0.0;
        for (i, weight) in weights.iter().enumerate() {
            if before + weight >= half {
                // Each grid point stands for the half-steps around it.
                return grid[i + 1] * (((half - before) / weight - 0.5) * step).exp();
            }
            before += weight;
        }
        prior.median
    }
}

/// Points of equal ratio from one τ to another.
fn logarithmic(from: f64, to: f64) -> Vec<f64> {
    (0..=STEPS).map(|k| from * (to / from).powf(f64::from(k) / f64::from(STEPS))).collect()
}

/// Posterior mean and standard deviation of the centre at a given τ, by Newton on its log-concave posterior.
fn learn_centre(closed: &[&Closed], tau: f64) -> (f64, f64) {
    let ln =
        |m: f64| closed.iter().map(|c| c.ln_marginal(tau, m)).sum::<f64>() - 0.5 * (m / CENTRE_SD).powi(2);
    let (mut m, mut h) = (0.0, 0.05);
    for _ in 0..20 {
        let (left, mid, right) = (ln(m - h), ln(m), ln(m + h));
        let curvature = (left - 2.0 * mid + right).min(-1e-12);
        let step = (0.5 * (left - right) / curvature).clamp(-4.0, 4.0) * h;
        m += step;
        h /= (-curvature).sqrt();
        if step.abs() < 1e-3 * h {
            break;
        }
    }
    (m, h)
}

#[cfg(test)]
mod tests {
    use super::super::closed::ClosedArm;
    use super::*;
    use rand::SeedableRng;
    use rand_distr::{Distribution, Normal, Poisson};
    use rand_pcg::Pcg64Mcg;

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a Poisson draw is a whole number from 0"
    )]
    fn experiments(rng: &mut Pcg64Mcg, n: usize, goals: f64, tau: f64, centre: f64) -> Vec<Closed> {
        let spread = Normal::new(0.0, tau).unwrap();
        let mut one = |i: usize| {
            let arms = (0..2 + i % 3)
                .map(|a| {
                    let shift = if a == 0 { 0.0 } else { centre };
                    let exposure = 1.0 + a as f64;
                    let mean = goals * exposure * (shift + spread.sample(rng)).exp();
                    ClosedArm::Counts { exposure, goals: Poisson::new(mean).unwrap().sample(rng) as u64 }
                })
                .collect();
            Closed { arms, control: Some(0), noise_variance: 0.0 }
        };
        (0..n).map(&mut one).collect()
    }

    /// Protects estimate, interval and centre on simulated years, also where counts are small and many are zero.
    #[test]
    fn recovers_simulated_spread() {
        let mut rng = Pcg64Mcg::seed_from_u64(5);
        for (n, goals, tau, centre) in [(40, 40.0, 0.3, 0.0), (40, 3.0, 0.5, 0.2), (20, 400.0, 0.05, -0.1)] {
            let (years, mut sum, mut sum_centre, mut covered) = (8, 0.0, 0.0, 0);
            for _ in 0..years {
                let learned =
                    learn_scale(&experiments(&mut rng, n, goals, tau, centre), ScalePrior::default(), 0.95)
                        .unwrap();
                sum += learned.mle.unwrap();
                sum_centre += learned.centre;
                covered += u32::from(learned.lower <= tau && learned.upper.is_none_or(|u| tau <= u));
                assert!(learned.experiments > n / 2);
            }
            let mean = sum / f64::from(years);
            assert!((mean / tau - 1.0).abs() < 0.12, "{n} of {goals} goals, τ {tau}: {mean}");
            assert!((sum_centre / f64::from(years) - centre).abs() < 0.05, "{centre}: {sum_centre}");
            assert!(covered >= 6, "{covered} of {years}");
        }
    }

    /// Protects small companies: three closed experiments move the prior, but not far.
    #[test]
    fn few_experiments_move_the_prior_a_little() {
        let arms = |goals: [u64; 2]| goals.map(|goals| ClosedArm::Counts { exposure: 1.0, goals }).to_vec();
        let alike: Vec<Closed> = [[20, 21], [15, 14], [30, 31]]
            .map(|g| Closed { arms: arms(g), control: None, noise_variance: 0.0 })
            .into();
        let learned = learn_scale(&alike, ScalePrior::default(), 0.95).unwrap();
        assert!((0.1..0.283).contains(&learned.tau), "{}", learned.tau);
        assert!(learned.lower == 0.0 && learned.upper.is_some());
    }

    /// Protects channels from each other, and a channel with a single experiment from itself.
    #[test]
    fn channels_learn_together() {
        let mut rng = Pcg64Mcg::seed_from_u64(6);
        let wide = experiments(&mut rng, 25, 200.0, 0.5, 0.0).into_iter().map(|c| (1, c));
        let narrow = experiments(&mut rng, 25, 200.0, 0.2, 0.0).into_iter().map(|c| (2, c));
        let single = experiments(&mut rng, 1, 20.0, 0.2, 0.0).into_iter().map(|c| (7, c));
        let closed: Vec<(u32, Closed)> = wide.chain(narrow).chain(single).collect();
        let (pooled, channels) = learn_channels(&closed, ScalePrior::default(), 0.95).unwrap();
        assert_eq!(channels.iter().map(|c| c.0).collect::<Vec<_>>(), [1, 2, 7]);
        let tau: Vec<f64> = channels.iter().map(|c| c.1.tau).collect();
        assert!(
            tau[0] > pooled.tau && tau[1] < pooled.tau && (tau[2] / pooled.tau - 1.0).abs() < 0.35,
            "{tau:?} {pooled:?}"
        );
    }

    /// Protects experiments that ended badly: no goals at all, an arm that never ran.
    #[test]
    fn empty_experiments_are_passed_over() {
        let arm = |exposure, goals| ClosedArm::Counts { exposure, goals };
        let closed = |arms| Closed { arms, control: None, noise_variance: 0.0 };
        let learned = learn_scale(
            &[closed(vec![arm(10.0, 0), arm(9.0, 0)]), closed(vec![arm(10.0, 4), arm(0.0, 0)])],
            ScalePrior::default(),
            0.95,
        )
        .unwrap();
        assert_eq!((learned.experiments, learned.mle), (0, None));
        assert!((learned.tau - 0.283).abs() < 0.01);
    }
}
