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
pub(crate) mod mixture;
mod table;

pub use asymptotic::judge_pair;
pub use capped::{CappedSettings, capped_pair};
pub use table::{ValueCell, ValueTable};

use crate::StatsError;
use crate::special::ln_sum_exp;

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

/// What is known about one arm's values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ValueArm {
    /// The arm's totals over all periods.
    pub total: ValueCell,
    /// ln of the average over the other arms of E(other's mean is larger): drop the arm at ln(1/α). The chance that
    /// the best arm is ever dropped is then at most α, with the guarantee of the pairs.
    pub ln_e_drop: f64,
}

/// All arms and all pairs of a value goal.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueJudgement {
    /// One entry an arm.
    pub arms: Vec<ValueArm>,
    /// One entry a pair a < b, in lexicographic order.
    pub pairs: Vec<ValuePair>,
}

/// Evidence for every arm and pair by [`judge_pair`] (`asymptotic`).
///
/// # Errors
/// Settings outside their domains.
pub fn judge(table: &ValueTable, settings: &Settings) -> Result<ValueJudgement, StatsError> {
    all_pairs(table, |a, b| judge_pair(table, a, b, settings))
}

/// Evidence for every arm and pair by [`capped_pair`] (`exact`).
///
/// # Errors
/// Settings outside their domains, a cell whose totals no values between 0 and the cap have.
pub fn judge_capped(table: &ValueTable, settings: &CappedSettings) -> Result<ValueJudgement, StatsError> {
    all_pairs(table, |a, b| capped_pair(table, a, b, settings))
}

fn all_pairs(
    table: &ValueTable,
    judge: impl Fn(usize, usize) -> Result<ValuePair, StatsError>,
) -> Result<ValueJudgement, StatsError> {
    let arms = table.arms();
    let mut pairs = Vec::with_capacity(arms * (arms - 1) / 2);
    let mut against = vec![Vec::with_capacity(arms - 1); arms];
    for a in 0..arms {
        for b in a + 1..arms {
            let pair = judge(a, b)?;
            against[b].push(pair.ln_e_a_beats_b);
            against[a].push(pair.ln_e_b_beats_a);
            pairs.push(pair);
        }
    }
    let arm = |arm: usize| ValueArm {
        total: table.total(arm),
        ln_e_drop: ln_sum_exp(&against[arm]) - (against[arm].len() as f64).ln(),
    };
    Ok(ValueJudgement { arms: (0..arms).map(arm).collect(), pairs })
}

#[cfg(test)]
mod tests;
