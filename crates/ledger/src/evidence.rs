//! What a look found, as it is stored in the ledger and read by the reports.
//!
//! These are stored shapes: their fields may be added to (with a default), never renamed or given another meaning.
//! E-values are kept as natural logarithms, since strong evidence overflows a float; a bound that does not exist is `None`.
//! This file computes nothing: `runner` fills it from the statistics, `report` reads it.

use serde::{Deserialize, Serialize};

/// Everything one judging of one experiment concluded from the observations known at that moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// The look's number within the experiment, from 1.
    pub look: u32,
    /// When the judging happened, µs UTC.
    pub at_us: i64,
    /// The end of the last period whose observations were used, µs UTC.
    pub data_until_us: i64,
    /// `exact`, `robust`, `asymptotic` or `model`.
    pub guarantee: String,
    /// `randomised`, `platform-split`, `geo`, `switchback` or `unrandomised`.
    pub separation: String,
    /// The method in words, for the reader who wants to check it.
    pub method: String,
    /// Chance of ever dropping the best arm that the experiment accepts.
    pub alpha: f64,
    /// Posterior mean of the variance of the logit day noise; `None` where the exact form is used.
    pub dispersion: Option<f64>,
    /// The arms in definition order.
    pub arms: Vec<ArmLook>,
    /// Every pair of arms, `a` before `b` in definition order.
    pub pairs: Vec<PairLook>,
    /// Data-quality checks; a failed one stops decisions at this look, unless it only warns.
    #[serde(default)]
    pub checks: Vec<CheckLook>,
}

/// One arm at one look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmLook {
    /// The arm's name.
    pub name: String,
    /// Exposure so far, in the unit of the experiment's `per` (minor units of money for `spend`).
    pub exposure: f64,
    /// Goals so far.
    pub goals: u64,
    /// Money spent so far, minor units.
    pub spend_minor: i64,
    /// Goals per unit of exposure, or their value in minor units of money per unit of exposure; `None` without exposure.
    pub rate: Option<f64>,
    /// Chance to be the best arm (model).
    pub p_best: f64,
    /// Expected relative loss of choosing this arm (model).
    pub expected_loss: f64,
    /// ln of the e-value against "this arm is the best".
    pub ln_e_drop: f64,
    /// ln of the e-value against "this arm's cost per goal meets the limit"; `None` without a limit.
    #[serde(default)]
    pub ln_e_unprofitable: Option<f64>,
    /// What the arm is after this look: see [`ArmStatus`].
    pub status: ArmStatus,
    /// Share of the daily budget that the allocation wants from now on, 0 to 1.
    pub share: f64,
    /// Sum of the goals' values so far, minor units of money; `None` where goals are only counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_minor: Option<f64>,
}

/// One pair of arms at one look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairLook {
    /// The first arm.
    pub a: String,
    /// The second arm.
    pub b: String,
    /// Posterior median of the ratio of `a` to `b`; of what, [`PairLook::measure`] says.
    pub ratio: f64,
    /// Lower end of the confidence sequence of the ratio; `None` where there is none yet.
    pub lower: Option<f64>,
    /// Upper end of the confidence sequence of the ratio; `None` where there is none yet.
    pub upper: Option<f64>,
    /// ln of the e-value for "a beats b".
    pub ln_e_a_beats_b: f64,
    /// ln of the e-value for "b beats a".
    pub ln_e_b_beats_a: f64,
    /// Posterior chance that the rate of `a` exceeds that of `b`.
    pub p_a_better: f64,
    /// What `ratio`, `lower` and `upper` are ratios of; rates in all ledgers from before it was stored.
    #[serde(default, skip_serializing_if = "EffectMeasure::is_rate_ratio")]
    pub measure: EffectMeasure,
    /// The difference of mean values; `None` for goals that are counted, for ratios, and before anything is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<DifferenceLook>,
}

/// What an effect between two arms is a ratio of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EffectMeasure {
    /// Goals per exposure; also the odds of goals so rare that the two are the same.
    #[default]
    RateRatio,
    /// Odds: people who reached the goal over those who did not.
    OddsRatio,
    /// Mean values per exposure.
    RatioOfMeans,
    /// Sums over sums, such as revenue over spend.
    RatioOfFigures,
}

impl EffectMeasure {
    /// The measure in words: `rate ratio`, `odds ratio`, `ratio of means`, `ratio of figures`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RateRatio => "rate ratio",
            Self::OddsRatio => "odds ratio",
            Self::RatioOfMeans => "ratio of means",
            Self::RatioOfFigures => "ratio of figures",
        }
    }

    /// Whether it is the measure of plain counts.
    fn is_rate_ratio(&self) -> bool {
        *self == Self::RateRatio
    }
}

/// The mean value of one arm less that of another, minor units of money per unit of exposure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DifferenceLook {
    /// The estimate, averaged over periods by people.
    pub estimate: f64,
    /// Lower end of its confidence sequence; `None` where there is none yet.
    pub lower: Option<f64>,
    /// Upper end of its confidence sequence; `None` where there is none yet.
    pub upper: Option<f64>,
}

/// One data-quality check at one look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckLook {
    /// The check's name.
    pub name: String,
    /// Whether it passed.
    pub passed: bool,
    /// What it saw, in a sentence.
    pub sentence: String,
    /// What comes of it when it fails.
    #[serde(default, skip_serializing_if = "Consequence::is_default")]
    pub consequence: Consequence,
}

/// What comes of a data-quality check that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consequence {
    /// Nothing is decided at this look.
    #[default]
    Stops,
    /// It is told; the evidence holds.
    Warns,
}

impl Consequence {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What an arm is after a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArmStatus {
    /// It runs.
    Running,
    /// Dropped: proven not to be the best.
    Dropped,
    /// Let go because it equals a cheaper arm within the tie margin.
    Tied,
    /// Dropped: proven to cost more per goal than the limit.
    Unprofitable,
    /// The arm that won.
    Winner,
    /// Stopped because a guardrail was breached.
    GuardrailBreached,
    /// Stopped because it can no longer show anything in the time left.
    Futile,
}

impl ArmStatus {
    /// Whether the arm still gets budget.
    #[must_use]
    pub fn is_alive(self) -> bool {
        matches!(self, Self::Running | Self::Winner)
    }
}
