//! The month's report as data: what every form of it (HTML, terminal, JSON) is written from.
//!
//! The serialised form is the published JSON. Money is in minor units of [`MonthReport::currency`], in fields that end
//! in `_minor`; dates are local days of the company's time zone; a figure that is not known or not finite is `null`.
//! Fields may be added within a schema version, never renamed or given another meaning.
//! This file only holds figures: [`crate::from_ledger`] fills it, [`crate::verdict`] puts it in words.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::figures::Currency;
use crate::prose::Prose;

/// Version of the JSON that the types of this crate serialise to.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything a month's report shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MonthReport {
    /// Version of this shape.
    pub schema_version: u32,
    /// The month, such as `2026-11`.
    pub month: String,
    /// Whether money was spent or the month was played.
    pub origin: Origin,
    /// The currency of every sum.
    #[serde(flatten)]
    pub currency: Currency,
    /// The company's time zone, whose days the dates are.
    pub timezone: String,
    /// When the report was made, as the caller says.
    pub made_at: Timestamp,
    /// Program and version, such as `gevinst 0.1.0`.
    pub generator: String,
    /// The month's sums.
    pub totals: MonthTotals,
    /// The experiments in the order they are shown.
    pub experiments: Vec<ExperimentReport>,
}

/// Whether a month was real.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Real channels, real money.
    Live,
    /// Played against a stand-in market: no money was spent.
    Rehearsed,
}

/// A month's sums over its experiments.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct MonthTotals {
    /// Money spent.
    pub spend_minor: i64,
    /// The month's budget, where the company stated one.
    pub budget_minor: Option<i64>,
    /// Goals by metric, in alphabetical order.
    pub goals: Vec<MetricTotal>,
    /// What the company wants the month to bring, where it said so.
    pub target: Option<MetricTotal>,
    /// Money that arms proven to lose did not get, against an even split.
    pub money_not_spent_on_losers_minor: Option<i64>,
    /// Moves that wait for a person.
    pub moves_awaiting_approval: u32,
}

/// How many of one metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MetricTotal {
    /// The metric's name.
    pub metric: String,
    /// How many.
    pub count: u64,
}

/// One experiment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExperimentReport {
    /// Its name.
    pub name: String,
    /// What it wants to find out.
    pub hypothesis: String,
    /// The part of the customer's journey: `prospecting`, `upselling` or `loyalty`.
    pub phase: String,
    /// `campaign` or `programme`.
    pub kind: String,
    /// How the arms were kept apart.
    pub separation: Label,
    /// What the figures promise; `None` before the first look.
    pub guarantee: Option<Label>,
    /// The method in words, from the last look.
    pub method: Option<String>,
    /// What is counted, per what.
    pub goal: Goal,
    /// Chance of ever dropping the best arm that was accepted.
    pub alpha: f64,
    /// What one goal may cost, where a limit was set.
    pub cost_limit_minor: Option<i64>,
    /// Where the experiment stands.
    pub state: State,
    /// What was concluded.
    pub outcome: Outcome,
    /// What was concluded, in words.
    pub verdict: Prose,
    /// What to do next, in words.
    pub next: Prose,
    /// First and last day of the plan, for the axes.
    pub days: Option<(Date, Date)>,
    /// Last day whose figures are in, `None` before the first.
    pub data_until: Option<Date>,
    /// How often the results were judged.
    pub looks: u32,
    /// Posterior mean of the day noise (variance on the logit scale), where the method has one.
    pub dispersion: Option<f64>,
    /// The arm that the others are compared with: the control, or the one most likely best.
    pub reference: Option<String>,
    /// The arms in definition order.
    pub arms: Vec<ArmReport>,
    /// Every pair at the last look.
    pub pairs: Vec<Pair>,
    /// Each other arm against [`ExperimentReport::reference`] over time, at most one point a day; and the leader against
    /// the arm that comes closest to it, where neither is the reference.
    pub comparisons: Vec<Comparison>,
    /// The evidence on each arm over time, at most one point a day.
    pub courses: Vec<Course>,
    /// Money, exposure and goals by day.
    pub by_day: Vec<Day>,
    /// Every move in order.
    pub moves: Vec<Move>,
    /// The experiment's sums.
    pub totals: Totals,
    /// Money that arms proven to lose did not get, against an even split of what was spent; `None` where none was lost.
    pub money_not_spent_on_losers_minor: Option<i64>,
    /// Data-quality checks of the last look.
    pub checks: Vec<Check>,
    /// The definition as it was launched.
    pub definition: Option<String>,
}

/// A label with what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Label {
    /// The word, such as `robust`.
    pub name: String,
    /// What it means, in a sentence.
    pub explanation: String,
}

/// What an experiment counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Goal {
    /// The metric's name, such as `lead`.
    pub metric: String,
    /// What it is counted per: `spend`, `impressions`, `clicks` or `recipients`.
    pub per: String,
    /// How many are wanted.
    pub target: Option<u64>,
}

/// Where an experiment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Defined, not launched.
    Planned,
    /// Launched; the month is not over.
    Running,
    /// Over.
    Closed,
}

/// What was concluded about an experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// No result has come in.
    NoData,
    /// Running, nothing proven yet.
    Open,
    /// Some arms gone, several left.
    Narrowed,
    /// One arm is left and the others are proven worse.
    Winner,
    /// One arm was chosen at the end by a model, without proof.
    BestBet,
    /// Arms were found equal within the margin.
    Tied,
    /// No arm meets the cost limit.
    Unprofitable,
    /// One arm is left, the others went for different reasons.
    Mixed,
    /// Over without proof.
    Unproven,
    /// A programme of one arm: nothing to compare.
    Single,
    /// Every arm was stopped for other reasons.
    Stopped,
}

impl Outcome {
    /// Whether something was concluded that a reader can act on.
    #[must_use]
    pub fn is_decided(self) -> bool {
        matches!(
            self,
            Self::Winner | Self::BestBet | Self::Tied | Self::Unprofitable | Self::Mixed | Self::Stopped
        )
    }

    /// Whether the arms could not be told apart (so that a plot has little to show).
    #[must_use]
    pub fn is_undistinguished(self) -> bool {
        matches!(self, Self::NoData | Self::Open | Self::Unproven | Self::Single)
    }
}

/// What an arm is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArmStatus {
    /// It runs, or ran until the end.
    Running,
    /// Proven not to be the best.
    Dropped,
    /// Equals a cheaper arm within the margin.
    Tied,
    /// Proven to cost more per goal than the limit.
    Unprofitable,
    /// It won.
    Winner,
    /// A guardrail was breached.
    GuardrailBreached,
    /// It can no longer show anything in the time left.
    Futile,
}

impl ArmStatus {
    /// Whether it still gets budget.
    #[must_use]
    pub fn is_alive(self) -> bool {
        matches!(self, Self::Running | Self::Winner)
    }
}

/// One arm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArmReport {
    /// Its name.
    pub name: String,
    /// The channel that runs it.
    pub channel: String,
    /// Whether the others are compared with it.
    pub control: bool,
    /// What it is.
    pub status: ArmStatus,
    /// The local day on which it stopped getting budget by a verdict.
    pub dropped_on: Option<Date>,
    /// Why, in the words of the verdict.
    pub reason: Option<String>,
    /// Exposure so far (minor units of money where goals are counted per spend).
    pub exposure: f64,
    /// Goals so far.
    pub goals: u64,
    /// Money spent so far.
    pub spend_minor: i64,
    /// Goals per unit of exposure.
    pub rate: Option<f64>,
    /// Money per goal.
    pub cost_per_goal: Option<CostPerGoal>,
    /// Chance to be the best arm (model).
    pub p_best: Option<f64>,
    /// Expected relative loss of choosing it (model).
    pub expected_loss: Option<f64>,
    /// E-value against "this arm is the best"; null where it overflows.
    pub e_drop: Option<f64>,
    /// Its natural logarithm.
    pub ln_e_drop: Option<f64>,
    /// Share of the daily budget from now on.
    pub share: Option<f64>,
}

/// What a goal cost, with its interval where one is known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CostPerGoal {
    /// Money spent over goals.
    pub minor: f64,
    /// Lower end of its interval.
    pub lower_minor: Option<f64>,
    /// Upper end of its interval.
    pub upper_minor: Option<f64>,
}

/// Two arms at the last look.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    /// The first arm.
    pub a: String,
    /// The second arm.
    pub b: String,
    /// Rate of `a` over rate of `b` (posterior median).
    pub ratio: Option<f64>,
    /// Lower end of the confidence sequence.
    pub lower: Option<f64>,
    /// Upper end of the confidence sequence.
    pub upper: Option<f64>,
    /// E-value for "a beats b"; null where it overflows.
    pub e_a_beats_b: Option<f64>,
    /// Its natural logarithm.
    pub ln_e_a_beats_b: Option<f64>,
    /// E-value for "b beats a"; null where it overflows.
    pub e_b_beats_a: Option<f64>,
    /// Its natural logarithm.
    pub ln_e_b_beats_a: Option<f64>,
    /// Chance that the rate of `a` exceeds that of `b` (model).
    pub p_a_better: Option<f64>,
}

/// One arm against another over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The arm.
    pub arm: String,
    /// The other, mostly the reference.
    pub against: String,
    /// The last look of each day, in order.
    pub points: Vec<RatioPoint>,
}

/// Where a comparison stood on a day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RatioPoint {
    /// Last day whose figures were used.
    pub date: Date,
    /// The look's number.
    pub look: u32,
    /// Rate of the arm over rate of the other.
    pub ratio: Option<f64>,
    /// Lower end of the confidence sequence.
    pub lower: Option<f64>,
    /// Upper end of the confidence sequence.
    pub upper: Option<f64>,
}

/// The evidence on one arm over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Course {
    /// The arm.
    pub arm: String,
    /// The last look of each day, in order.
    pub points: Vec<ArmPoint>,
}

/// What was known of an arm on a day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ArmPoint {
    /// Last day whose figures were used.
    pub date: Date,
    /// The look's number.
    pub look: u32,
    /// E-value against "this arm is the best"; null where it overflows.
    pub e_drop: Option<f64>,
    /// Its natural logarithm; null where the e-value is 0.
    pub ln_e_drop: Option<f64>,
    /// Chance to be the best arm (model).
    pub p_best: Option<f64>,
}

/// One local day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Day {
    /// The day.
    pub date: Date,
    /// The arms that have a figure for it, in definition order.
    pub arms: Vec<DayArm>,
}

/// One arm on one day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DayArm {
    /// The arm's name.
    pub arm: String,
    /// Money spent as the channel reports it; `None` where it did not report (which is not a zero).
    pub spend_minor: Option<i64>,
    /// The daily budget that was in force, averaged over the day; `None` where money is not what is commanded.
    pub commanded_minor: Option<i64>,
    /// The same in units of exposure, where those are commanded.
    pub commanded_exposure: Option<i64>,
    /// Exposure as reported, in the unit of the goal's `per`.
    pub exposure: Option<f64>,
    /// Goals booked to this day so far.
    pub goals: Option<u64>,
}

/// A budget or pause command from intent to receipt.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Move {
    /// The arm.
    pub arm: String,
    /// Its number within the arm.
    pub seq: u64,
    /// When it was intended.
    pub at: Timestamp,
    /// The same as a local day.
    pub date: Date,
    /// The daily budget it commands, where that is money; `None` too where it leaves the budget as it is.
    pub daily_budget_minor: Option<i64>,
    /// The daily budget it commands, where that is exposures.
    pub daily_exposure: Option<i64>,
    /// Whether it pauses the arm.
    pub paused: bool,
    /// Whether it is the arm's first command.
    pub launch: bool,
    /// Why.
    pub reason: String,
    /// Who decided, where a person has to.
    pub approval: Approval,
    /// What came of it.
    pub receipt: Receipt,
}

/// A person's part in a move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Approval {
    /// None was needed.
    NotNeeded,
    /// Nobody has decided yet.
    Awaited,
    /// Approved.
    Approved {
        /// By whom.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// Declined.
    Declined {
        /// By whom.
        by: String,
        /// When.
        at: Timestamp,
    },
}

/// What came of a move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Receipt {
    /// It was not sent yet.
    NotSent,
    /// It was given up before it was sent.
    Withdrawn {
        /// Why.
        reason: String,
    },
    /// A later intent for the same arm took its place before it was sent.
    Replaced,
    /// It was sent; no answer is recorded.
    Sent,
    /// An answer is recorded.
    Answered {
        /// `applied`, `not-applied`, `refused` or `unknown`.
        outcome: String,
        /// When.
        at: Timestamp,
        /// What the channel said.
        message: Option<String>,
    },
}

/// An experiment's sums over its arms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Totals {
    /// Money spent.
    pub spend_minor: i64,
    /// The experiment's budget, where it is money.
    pub budget_minor: Option<i64>,
    /// Exposure.
    pub exposure: f64,
    /// Goals.
    pub goals: u64,
    /// Money per goal.
    pub cost_per_goal_minor: Option<f64>,
}

/// One data-quality check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// Whether it passed.
    pub passed: bool,
    /// What it saw.
    pub sentence: String,
}

impl ExperimentReport {
    /// The arm of this name.
    #[must_use]
    pub fn arm(&self, name: &str) -> Option<&ArmReport> {
        self.arms.iter().find(|arm| arm.name == name)
    }

    /// The last look's ratio of `a` over `b` with its interval, whichever way round the pair is stored.
    #[must_use]
    pub fn ratio(&self, a: &str, b: &str) -> Option<Ratio> {
        let pair = self.pairs.iter().find(|p| (p.a == a && p.b == b) || (p.a == b && p.b == a))?;
        let there = Ratio { ratio: pair.ratio?, lower: pair.lower, upper: pair.upper };
        Some(if pair.a == a { there } else { there.inverse() })
    }

    /// The arm that is most likely the best of those that still get budget, the first of equals.
    #[must_use]
    pub fn leader(&self) -> Option<&ArmReport> {
        let mut best: Option<&ArmReport> = None;
        for arm in self.alive() {
            let chance = |arm: &ArmReport| arm.p_best.unwrap_or(-1.0);
            if best.is_none_or(|so_far| chance(arm) > chance(so_far)) {
                best = Some(arm);
            }
        }
        best
    }

    /// Of these arms the one that comes closest to `best` by the last look's ratio, with `best` over it.
    #[must_use]
    pub fn closest<'a>(
        &'a self,
        best: &str,
        others: impl IntoIterator<Item = &'a ArmReport>,
    ) -> Option<(&'a ArmReport, Ratio)> {
        let mut closest: Option<(&ArmReport, Ratio)> = None;
        for other in others.into_iter().filter(|arm| arm.name != best) {
            let Some(ratio) = self.ratio(best, &other.name).filter(|r| r.ratio.is_finite() && r.ratio > 0.0)
            else {
                continue;
            };
            if closest.is_none_or(|(_, so_far)| ratio.ratio < so_far.ratio) {
                closest = Some((other, ratio));
            }
        }
        closest
    }

    /// The arms that still get budget.
    pub fn alive(&self) -> impl Iterator<Item = &ArmReport> {
        self.arms.iter().filter(|arm| arm.status.is_alive())
    }
}

/// A ratio of two rates with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// The point.
    pub ratio: f64,
    /// Lower end.
    pub lower: Option<f64>,
    /// Upper end.
    pub upper: Option<f64>,
}

impl Ratio {
    /// The ratio the other way round.
    #[must_use]
    pub fn inverse(self) -> Self {
        let over_one = |x: f64| finite(1.0 / x);
        Self {
            ratio: 1.0 / self.ratio,
            lower: self.upper.and_then(over_one),
            upper: self.lower.and_then(over_one),
        }
    }
}

/// A figure where it is finite.
#[must_use]
pub fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

/// An e-value and its logarithm from the logarithm: the first is `None` where it overflows a float.
#[must_use]
pub fn e_value_of(ln: f64) -> (Option<f64>, Option<f64>) {
    if ln == f64::NEG_INFINITY { (Some(0.0), None) } else { (finite(ln.exp()), finite(ln)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_turned_round_swaps_its_ends() {
        // A pair is stored one way only; shown the other way its interval must still hold the ratio.
        let turned = Ratio { ratio: 2.0, lower: Some(1.25), upper: None }.inverse();
        assert_eq!(turned, Ratio { ratio: 0.5, lower: None, upper: Some(0.8) });
        assert_eq!(Ratio { ratio: 2.0, lower: Some(0.0), upper: None }.inverse().upper, None);
    }

    #[test]
    fn overflowing_evidence_keeps_its_logarithm() {
        // The JSON promises finite numbers or null, and must not lose strong evidence.
        assert_eq!(e_value_of(800.0), (None, Some(800.0)));
        assert_eq!(e_value_of(f64::NEG_INFINITY), (Some(0.0), None));
        assert_eq!(e_value_of(f64::NAN), (None, None));
    }
}
