//! Values per person: revenue, lead value, margin; difference and ratio of means from n, Σx, Σx² per period.
//!
//! Two methods over the same table:
//!
//! * [`judge_pair`]: a confidence sequence in the limit of many values (`asymptotic`), the usual choice;
//! * [`capped_pair`]: where every value lies between 0 and a stated cap, bounds that hold for any number of people
//!   (`exact`), at the price of width.
//!
//! Both compare arms within each period only, so that what a day does to both cancels, and both may be looked at after every period.
//!
//! # Values that arrive late
//!
//! A cohort's row is replaced as its revenue comes in. What is estimated is then the value *so far*; the person's
//! values of different cohorts are independent, so each look is right for that, and the sequence over looks holds when
//! a cohort enters once it is complete. With rows replaced in between, successive sums are still sums over different
//! people with growing variance; `examples/validity_values.rs` measures the coverage at every look for this case too.

mod asymptotic;
mod capped;
mod joint;
pub(crate) mod mixture;
mod table;

pub use asymptotic::judge_pair;
pub(crate) use asymptotic::{RatioReading, read_ratio};
pub use capped::{CappedSettings, capped_pair};
pub(crate) use joint::Sums;
pub use table::{ValueCell, ValueTable};

use crate::StatsError;
use crate::best::JointPosterior;
use crate::judgement::{ArmEvidence, DispersionPosterior, Guarantee, Judgement};
use crate::pair::{PairEvidence, RatioInterval, RatioPosterior};
use crate::special::{ln_sum_exp, normal_quantile};

/// Where the variance of a period's difference is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Noise {
    /// The spread of people within a period: right where people were assigned by chance.
    #[default]
    People,
    /// The spread of the periods' differences: right where a platform split the audience and an arm's whole day
    /// may be off. Needs [`Noise::PERIODS_MIN`] periods.
    Periods,
}

impl Noise {
    /// Fewer periods than this say too little about their own spread.
    pub const PERIODS_MIN: usize = 8;
}

/// How a table of values is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Standard deviation of the prior over the log ratio of means; sets where the sequence is narrowest.
    pub prior_sd: f64,
    /// 1 − level of the confidence sequences, in (0, 1).
    pub alpha: f64,
    /// Probability of the credible interval, in (0, 1).
    pub credible_level: f64,
    /// Effective values, [`ValueCell::effective_values`], that each arm needs before anything is claimed. For values of
    /// both signs (margins) that number means nothing: set 0 and require people instead.
    pub min_effective: f64,
    /// Where the variance comes from.
    pub noise: Noise,
}

impl Default for Settings {
    /// Prior 0.4, α = 0.05, 95 %, 20 effective values, variance from people.
    fn default() -> Self {
        Self { prior_sd: 0.4, alpha: 0.05, credible_level: 0.95, min_effective: 20.0, noise: Noise::People }
    }
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), StatsError> {
        let domain = |what, value, expected| Err(StatsError::Domain { what, value, expected });
        if !(self.prior_sd > 0.0 && self.prior_sd <= 20.0) {
            return domain("the prior's standard deviation", self.prior_sd, "a number above 0 and up to 20");
        }
        if !(self.alpha > 0.0 && self.alpha < 1.0) {
            return domain("alpha", self.alpha, "a number between 0 and 1");
        }
        if !(self.credible_level > 0.0 && self.credible_level < 1.0) {
            return domain("the credible level", self.credible_level, "a number between 0 and 1");
        }
        if !(self.min_effective >= 0.0 && self.min_effective.is_finite()) {
            return domain("the least number of effective values", self.min_effective, "a number from 0");
        }
        Ok(())
    }

    /// Whether an arm's total holds enough values for a claim in the limit.
    pub(crate) fn enough(&self, total: &ValueCell) -> bool {
        total.effective_values() >= self.min_effective && total.n >= 2
    }
}

/// Evidence about the mean values of two arms. Bounds are `None` where the data bound nothing yet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ValuePair {
    /// First arm's index.
    pub a: usize,
    /// Second arm's index.
    pub b: usize,
    /// a's mean minus b's, averaged over periods by people; `None` before both arms had people in one period.
    pub difference: Option<f64>,
    /// Lower bound of the confidence sequence for that difference.
    pub lower: Option<f64>,
    /// Upper bound of the confidence sequence for that difference.
    pub upper: Option<f64>,
    /// a's mean over b's; `None` where either is not above zero.
    pub ratio: Option<f64>,
    /// Lower bound of the confidence sequence for the ratio.
    pub ratio_lower: Option<f64>,
    /// Upper bound of the confidence sequence for the ratio.
    pub ratio_upper: Option<f64>,
    /// Credible interval for the difference (`model`).
    pub credible: Option<(f64, f64)>,
    /// ln of the e-value against "a's mean is at most b's".
    pub ln_e_a_beats_b: f64,
    /// ln of the e-value against "b's mean is at most a's".
    pub ln_e_b_beats_a: f64,
    /// Posterior chance that a's mean is larger (`model`).
    pub p_a_beats_b: f64,
}

impl ValuePair {
    /// What is known before anything was seen.
    pub(crate) fn unknown(a: usize, b: usize) -> Self {
        Self {
            a,
            b,
            difference: None,
            lower: None,
            upper: None,
            ratio: None,
            ratio_lower: None,
            ratio_upper: None,
            credible: None,
            ln_e_a_beats_b: 0.0,
            ln_e_b_beats_a: 0.0,
            p_a_beats_b: 0.5,
        }
    }
}

/// One look at a value goal: the form that decisions read, and the differences in money.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueJudgement {
    /// Evidence for every arm and pair, as [`decide`](crate::decide) reads it. An arm's `exposure` is its people, `rate` its mean
    /// value, `count` its effective values, (Σx)² / Σx², rounded down; a pair's ratio is that of means.
    pub look: Judgement,
    /// The same pairs with their differences in the values' unit.
    pub pairs: Vec<ValuePair>,
}

/// One look by [`judge_pair`]: e-values and confidence sequences are `asymptotic`, chance to be best and expected loss `model`.
///
/// # Errors
/// Settings outside their domains.
///
/// ```
/// use gevinst_stats::value::{judge, Settings, ValueCell, ValueTable};
/// let cell = |mean: f64| ValueCell { n: 3000, sum: 3000.0 * mean, sum_sq: 3000.0 * (400.0 + mean * mean) };
/// let table = ValueTable::new(3, vec![cell(10.0), cell(13.0), cell(9.5)])?;
/// let judged = judge(&table, &Settings::default())?;
/// assert!(judged.look.arms[1].p_best > 0.99 && judged.look.arms[0].ln_e_drop > 20.0_f64.ln());
/// assert!((judged.pairs[0].difference.unwrap() + 3.0).abs() < 1e-9);
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
pub fn judge(table: &ValueTable, settings: &Settings) -> Result<ValueJudgement, StatsError> {
    all_pairs(table, settings, Guarantee::Asymptotic, Ok)
}

/// One look by [`capped_pair`]: e-values and confidence sequences are `exact`; what is `model` is as in [`judge`].
///
/// ```
/// use gevinst_stats::value::{CappedSettings, Settings, ValueCell, ValueTable, judge_capped};
/// let scores = |n: u64, mean: f64| ValueCell { n, sum: n as f64 * mean, sum_sq: n as f64 * (mean * mean + 1.0) };
/// let table = ValueTable::new(2, vec![scores(4_000, 6.2), scores(4_000, 5.8)])?;
/// let capped = CappedSettings { cap: 10.0, expected_mean: 6.0, alpha: 0.05 };
/// let judged = judge_capped(&table, &Settings::default(), &capped)?;
/// assert_eq!(judged.look.guarantee.as_str(), "exact");
/// assert!(judged.look.arms[1].ln_e_drop > 20f64.ln());
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
///
/// # Errors
/// Settings outside their domains, a cell whose totals no values between 0 and the cap have.
pub fn judge_capped(
    table: &ValueTable,
    settings: &Settings,
    capped: &CappedSettings,
) -> Result<ValueJudgement, StatsError> {
    all_pairs(table, settings, Guarantee::Exact, |limit| {
        let exact = capped_pair(table, limit.a, limit.b, capped)?;
        Ok(ValuePair { credible: limit.credible, p_a_beats_b: limit.p_a_beats_b, ..exact })
    })
}

fn all_pairs(
    table: &ValueTable,
    settings: &Settings,
    guarantee: Guarantee,
    refine: impl Fn(ValuePair) -> Result<ValuePair, StatsError>,
) -> Result<ValueJudgement, StatsError> {
    let arms = table.arms();
    let posterior = joint::Sums::of_values(table).joint(settings.prior_sd, settings.noise);
    let mut pairs = Vec::with_capacity(arms * (arms - 1) / 2);
    let mut evidence = Vec::with_capacity(pairs.capacity());
    let mut against = vec![Vec::with_capacity(arms - 1); arms];
    let z = normal_quantile(0.5 + 0.5 * settings.credible_level);
    for a in 0..arms {
        for b in a + 1..arms {
            let pair = refine(judge_pair(table, a, b, settings)?)?;
            against[b].push(pair.ln_e_a_beats_b);
            against[a].push(pair.ln_e_b_beats_a);
            let bounds = RatioInterval { lower: pair.ratio_lower, upper: pair.ratio_upper };
            let (e, p) = ((pair.ln_e_a_beats_b, pair.ln_e_b_beats_a), pair.p_a_beats_b);
            evidence.push(evidence_of((a, b), e, p, bounds, &posterior, z));
            pairs.push(pair);
        }
    }
    let arm = |arm: usize| {
        let total = table.total(arm);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to the people, rounded down"
        )]
        let count = total.effective_values() as u64;
        ArmEvidence {
            exposure: total.count(),
            count,
            rate: total.mean(),
            p_best: posterior.p_best[arm],
            expected_loss: posterior.expected_loss[arm],
            ln_e_drop: ln_sum_exp(&against[arm]) - (against[arm].len() as f64).ln(),
        }
    };
    let dispersion = DispersionPosterior { mean: 0.0, variances: vec![0.0], weights: vec![1.0] };
    let look = Judgement { arms: (0..arms).map(arm).collect(), pairs: evidence, dispersion, guarantee };
    Ok(ValueJudgement { look, pairs })
}

/// A pair in the form that decisions read; mean and spread of the log ratio are those of the joint posterior.
pub(crate) fn evidence_of(
    (a, b): (usize, usize),
    (ln_e_a_beats_b, ln_e_b_beats_a): (f64, f64),
    p_a_beats_b: f64,
    confidence: RatioInterval,
    posterior: &JointPosterior,
    z: f64,
) -> PairEvidence {
    let arms = posterior.mean.len();
    let mean = posterior.mean[a] - posterior.mean[b];
    let covariance = |i: usize, j: usize| posterior.covariance[i * arms + j];
    let sd = (covariance(a, a) + covariance(b, b) - 2.0 * covariance(a, b)).max(0.0).sqrt();
    let quantile = |z: f64| (mean + z * sd).exp();
    PairEvidence {
        a,
        b,
        ln_e_a_beats_b,
        ln_e_b_beats_a,
        p_a_beats_b,
        mean,
        sd,
        confidence: Some(confidence),
        posterior: Some(RatioPosterior { median: mean.exp(), lower: quantile(-z), upper: quantile(z) }),
        dispersion_weights: vec![1.0],
        ln_marginal: vec![0.0],
    }
}

#[cfg(test)]
mod tests;
