//! The month's report as data: what every form of it (HTML, terminal, JSON) is written from.
//!
//! The serialised form is the published JSON. Money is in minor units of [`MonthReport::currency`], in fields that end
//! in `_minor`; dates are local days of the company's time zone; a figure that is not known or not finite is `null`.
//! Fields may be added within a schema version, never renamed or given another meaning.
//! This file only holds figures: [`crate::from_ledger`] fills it, [`crate::verdict`] puts it in words.

mod evidence;
mod moves;
mod overview;

use gevinst_ledger::evidence::EffectMeasure;
use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

use crate::figures::Currency;
use crate::language::Language;
use crate::prose::Prose;

pub use evidence::{
    ArmPoint, ArmReport, ArmStatus, Comparison, CostPerGoal, Course, Difference, Pair, Ratio, RatioPoint,
    e_value_of, finite,
};
pub use gevinst_ledger::evidence::Consequence;
pub use moves::{Approval, Cause, Day, DayArm, Move, Receipt};
pub use overview::{
    AnswerTimes, ChannelResult, CostLine, Forecast, GoalWorth, Interval, MarketChange, MarketDay,
    MarketSeries, Overview, Pace, PastWinner, PhaseResult, ValueResult, Verdicts,
};

/// Version of the JSON that the types of this crate serialise to.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything a month's report shows.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
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
    /// The language of the sentences.
    pub language: Language,
    /// The month's sums.
    pub totals: MonthTotals,
    /// The month as a whole: pace, channels, value, trust.
    pub overview: Overview,
    /// The experiments in the order they are shown.
    pub experiments: Vec<ExperimentReport>,
}

/// Whether a month was real.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Real channels, real money.
    Live,
    /// Played against a stand-in market: no money was spent.
    Rehearsed,
}

/// A month's sums over its experiments.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MetricTotal {
    /// The metric's name.
    pub metric: String,
    /// How many.
    pub count: u64,
}

/// One experiment.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
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
    /// Moves that a person can still approve or decline.
    pub awaiting_approval: u32,
    /// The experiment's sums.
    pub totals: Totals,
    /// Money that arms proven to lose did not get, against an even split of what was spent; `None` where none was lost.
    pub money_not_spent_on_losers_minor: Option<i64>,
    /// Goals that came above what an even split of each day's money would have brought at the arms' measured rates; an
    /// estimate, `None` where no money was spent or an arm was not tried.
    pub goals_over_even_split: Option<f64>,
    /// Data-quality checks of the last look.
    pub checks: Vec<Check>,
    /// The definition as it was launched.
    pub definition: Option<String>,
}

/// A label with what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Label {
    /// The word, such as `robust`.
    pub name: String,
    /// What it means, in a sentence.
    pub explanation: String,
}

/// What an experiment counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Goal {
    /// The metric's name, such as `lead`.
    pub metric: String,
    /// What it is counted per: `spend`, `impressions`, `clicks` or `recipients`.
    pub per: String,
    /// How many are wanted.
    pub target: Option<u64>,
    /// What of it is judged: `count`, `value` or `ratio`.
    pub kind: String,
    /// What arms are compared by: `rate ratio`, `odds ratio`, `ratio of means` or `ratio of figures`; of rates before a look says.
    pub measure: String,
}

impl Goal {
    /// Goals that are counted and compared by their rates.
    #[must_use]
    pub fn counted(metric: &str, per: &str, target: Option<u64>) -> Self {
        let (kind, measure) = ("count".to_owned(), EffectMeasure::RateRatio.as_str().to_owned());
        Self { metric: metric.to_owned(), per: per.to_owned(), target, kind, measure }
    }

    /// The word by which sentences choose between "times as many" and "times the".
    #[must_use]
    pub fn amount(&self) -> &'static str {
        if self.measure == EffectMeasure::RateRatio.as_str() { "many" } else { "much" }
    }
}

/// Where an experiment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
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
    /// Every one, what is proven first.
    pub const ALL: [Self; 11] = [
        Self::Winner,
        Self::BestBet,
        Self::Tied,
        Self::Unprofitable,
        Self::Mixed,
        Self::Stopped,
        Self::Narrowed,
        Self::Open,
        Self::Unproven,
        Self::Single,
        Self::NoData,
    ];

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

/// An experiment's sums over its arms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// Whether it passed.
    pub passed: bool,
    /// What it saw.
    pub sentence: String,
    /// What comes of it when it fails: decisions stop, or it is only told.
    #[schemars(with = "String")]
    pub consequence: Consequence,
}

impl Check {
    /// Whether it keeps anything from being decided.
    #[must_use]
    pub fn stops(&self) -> bool {
        !self.passed && self.consequence == Consequence::Stops
    }
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

    /// What `a` brings more than `b` in money per unit of exposure, whichever way round the pair is stored.
    #[must_use]
    pub fn difference(&self, a: &str, b: &str) -> Option<Difference> {
        let pair = self.pairs.iter().find(|p| (p.a == a && p.b == b) || (p.a == b && p.b == a))?;
        let there = pair.difference?;
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
