//! The month as a whole: goal and pace, money, channels, value against costs, how far to trust it, and what past winners are
//! still worth.
//!
//! Intervals are at 95 % unless a field says otherwise. What is not known is `null` or an empty list, never a zero.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

use super::MetricTotal;

/// The month as a whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Overview {
    /// Where the month's goal stands, where the company stated one.
    pub pace: Option<Pace>,
    /// What every channel brought for its money, by channel and metric.
    pub channels: Vec<ChannelResult>,
    /// The experiments of each phase of the customer's journey.
    pub phases: Vec<PhaseResult>,
    /// Value created against what it cost.
    pub value: Option<ValueResult>,
    /// How far the month's verdicts can be trusted together.
    pub verdicts: Verdicts,
    /// Winners of the months before, the newest first.
    pub past_winners: Vec<PastWinner>,
    /// How fast leads were answered, where a channel reports it.
    pub answers: Option<AnswerTimes>,
    /// Activity that a channel reports beside the goals: brand searches, direct visits, qualified leads, meetings, customers.
    pub activity: Vec<MetricTotal>,
    /// What of the activity the company states a worth for; not added to the value of goals, which it often comes of.
    pub activity_worth: Vec<GoalWorth>,
    /// Series of the whole market that a source reports: they belong to no arm.
    pub market: Vec<MarketSeries>,
    /// Experiments that were launched this month.
    pub launched: u32,
}

/// An interval around a figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Interval {
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// Where the month's goal stands.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Pace {
    /// What is counted.
    pub metric: String,
    /// How many are wanted by the month's end.
    pub target: u64,
    /// How many have come.
    pub so_far: u64,
    /// How many would have come by now at an even pace.
    pub due: f64,
    /// Last day whose figures are in.
    pub data_until: Option<Date>,
    /// Days of the month with figures, and days of the month.
    pub days: (u32, u32),
    /// How many there will be at the month's end if it goes on as it went.
    pub forecast: Option<Forecast>,
}

/// A forecast of the month's end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Forecast {
    /// The middle.
    pub mean: f64,
    /// The interval in which the month ends with [`Forecast::level`].
    pub interval: Interval,
    /// How sure the interval is meant to be.
    pub level: f64,
    /// The chance to reach the target, by the same model.
    pub chance_of_target: f64,
}

/// What a channel brought of one metric.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ChannelResult {
    /// The channel.
    pub channel: String,
    /// The metric.
    pub metric: String,
    /// Money spent.
    pub spend_minor: i64,
    /// Goals.
    pub goals: u64,
    /// Money per goal.
    pub cost_minor: Option<f64>,
    /// Lower end of its confidence sequence.
    pub cost_lower_minor: Option<f64>,
    /// Upper end of its confidence sequence.
    pub cost_upper_minor: Option<f64>,
    /// Value per unit of money spent, where the company states what a goal is worth.
    pub value_per_unit: Option<f64>,
    /// Its interval: the worth's own uncertainty and that of the cost together.
    pub value_per_unit_interval: Option<Interval>,
}

/// The experiments of a phase.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PhaseResult {
    /// `prospecting`, `upselling` or `loyalty`.
    pub phase: String,
    /// Experiments.
    pub experiments: u32,
    /// Those that were decided.
    pub decided: u32,
    /// Money spent.
    pub spend_minor: i64,
    /// Goals by metric.
    pub goals: Vec<MetricTotal>,
}

/// Value created against all costs.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ValueResult {
    /// What the month's goals are worth, by metric.
    pub goals: Vec<GoalWorth>,
    /// Metrics that came without a stated worth; they count for nothing here.
    pub without_worth: Vec<MetricTotal>,
    /// The sum.
    pub value_minor: f64,
    /// Its interval, from the stated spread of each worth.
    pub value_interval: Interval,
    /// Money spent on media.
    pub media_minor: i64,
    /// Running costs of the month as the company states them, by name.
    pub costs: Vec<CostLine>,
    /// Media and running costs together.
    pub cost_minor: i64,
    /// Value over costs; `None` without costs.
    pub return_on_costs: Option<f64>,
    /// Its interval.
    pub return_interval: Option<Interval>,
}

/// What goals of a metric are worth.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct GoalWorth {
    /// The metric.
    pub metric: String,
    /// How many came.
    pub count: u64,
    /// What one is worth on average.
    pub each_minor: i64,
    /// How unsure that is: a standard deviation.
    pub spread_minor: i64,
    /// What all are worth.
    pub value_minor: f64,
}

/// A running cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CostLine {
    /// Its name in the company's file.
    pub name: String,
    /// Its sum.
    pub minor: i64,
}

/// How far the month's verdicts can be trusted together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct Verdicts {
    /// Experiments that were judged.
    pub judged: u32,
    /// Arms that were dropped, each on its own experiment's promise.
    pub dropped: u32,
    /// Of these, how many hold when all of the month are judged together (e-BH at 5 %).
    pub hold_together: u32,
    /// The most experiments whose best arm may be among the dropped, on average: the sum of the accepted error rates.
    pub false_at_most: f64,
}

/// A winner of an earlier month.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PastWinner {
    /// The month, such as `2026-10`.
    pub month: String,
    /// The experiment.
    pub experiment: String,
    /// The arm.
    pub arm: String,
    /// What it is compared with: the control, or `None` for an even split.
    pub against: Option<String>,
    /// The ratio that was measured.
    pub measured: Option<f64>,
    /// What to believe of it: shrunken by what all closed experiments together say about how far arms differ (model).
    pub believed: f64,
    /// Its 95 % credible interval.
    pub interval: Interval,
    /// Goals of this arm that were reported after its last day of spend: the tail.
    pub tail: Option<u64>,
    /// The metric that the tail counts.
    pub metric: String,
}

/// A series of the whole market in the month, such as searches for the company's name.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct MarketSeries {
    /// What is counted.
    pub metric: String,
    /// How many, over the days that were reported.
    pub count: u64,
    /// Days that were reported; one that was not is no zero.
    pub days_reported: u32,
    /// Days of the month that are over.
    pub days: u32,
    /// The same days of the month before, where enough of them are known.
    pub change: Option<MarketChange>,
    /// The days that were reported.
    pub by_day: Vec<MarketDay>,
}

/// A day of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MarketDay {
    /// The local day.
    pub date: Date,
    /// How many.
    pub count: u64,
}

/// A series against the same days of the month before.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct MarketChange {
    /// The month before.
    pub month: String,
    /// Mean of a reported day now over that of a reported day then.
    pub ratio: f64,
    /// Its 95 % interval, from how the days scatter; seasons and trends are in it.
    pub interval: Interval,
}

/// How fast leads were answered.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct AnswerTimes {
    /// Leads with an answer.
    pub answered: u64,
    /// Hours from lead to first answer, on average.
    pub mean_hours: f64,
    /// The strictest limit that an experiment states.
    pub limit_hours: Option<f64>,
}
