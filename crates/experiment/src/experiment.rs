//! One experiment, checked: the content of a definition.
//!
//! Invariants, kept by the only way in ([`parse_experiment`](crate::parse_experiment)): names are unique, every channel is one of the
//! company's, all amounts are in its currency, shares fit, and what a rehearsal says covers exactly the experiment's arms.

use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    ArmName, ChannelName, Duration, ExperimentName, Exposure, GoalKind, Kind, MetricName, Money, Month,
    Phase, PriorSource, Ratio, Rehearsal, Rule, Separation, Zone,
};

/// One question in one month.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Experiment {
    /// Its name, unique in the project.
    pub name: ExperimentName,
    /// The month in which it runs.
    pub month: Month,
    /// What is believed; empty where it is not said, which draws a warning.
    pub hypothesis: String,
    /// The part of the customer's journey that it serves.
    pub phase: Phase,
    /// Whether it ends.
    pub kind: Kind,
    /// How the arms' audiences are kept apart.
    pub separation: Separation,
    /// What is counted, and per what.
    pub goal: Goal,
    /// How much it may spend.
    pub budget: Budget,
    /// The things tried, in the order of the file; two to fifty, or one in a programme.
    pub arms: Vec<Arm>,
    /// When an arm goes.
    pub decide: Decide,
    /// How budget follows results.
    pub allocate: Allocate,
    /// How far a winner may be amplified.
    pub amplify: Option<Amplify>,
    /// What must not be harmed.
    pub guardrails: Guardrails,
    /// How long goals take to arrive.
    pub delay: Delay,
    /// What might be true.
    pub rehearsal: Option<Rehearsal>,
}

/// What is counted, and per what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Goal {
    /// What is counted; never the same as the exposure.
    pub metric: MetricName,
    /// What it is counted per.
    pub per: Exposure,
    /// What of it is judged.
    pub kind: GoalKind,
    /// The most that one person can bring; only for values of lists that were split at random, above zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap: Option<Money>,
    /// The metric that tells what was known of each person before they were drawn; only for values of lists that were split at
    /// random, without a cap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<MetricName>,
    /// Whether a person can reach it once only; only for goals that are counted per recipients.
    pub once: bool,
    /// How many are wanted.
    pub target: Option<u64>,
    /// The channel that reports the goal for all arms; no arm runs on it. `None` where each arm's own channel does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<ChannelName>,
}

/// How much an experiment may use: money, or units of its exposure where nothing is paid for them (a mailing list).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Budget {
    /// Money; required where goals are counted per spend.
    Money {
        /// The most in the month, above zero.
        total: Money,
        /// The most in a day over all arms, above zero and not above `total`.
        daily_max: Money,
    },
    /// Units of exposure.
    Exposure {
        /// Which; never [`Exposure::Spend`].
        unit: Exposure,
        /// The most in the month, at least 1.
        total: u64,
        /// The most in a day over all arms, at least 1 and not above `total`.
        daily_max: u64,
    },
}

impl Budget {
    /// The month's total in minor units of money, or in units of exposure.
    pub fn total_units(&self) -> u64 {
        match self {
            Self::Money { total, .. } => total.minor().unsigned_abs(),
            Self::Exposure { total, .. } => *total,
        }
    }

    /// The day's maximum in minor units of money, or in units of exposure.
    pub fn daily_units(&self) -> u64 {
        match self {
            Self::Money { daily_max, .. } => daily_max.minor().unsigned_abs(),
            Self::Exposure { daily_max, .. } => *daily_max,
        }
    }

    /// What the budget is counted in.
    pub fn unit(&self) -> Exposure {
        match self {
            Self::Money { .. } => Exposure::Spend,
            Self::Exposure { unit, .. } => *unit,
        }
    }
}

/// One thing that is tried.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Arm {
    /// Its name, unique in the experiment.
    pub name: ArmName,
    /// Its number in observations, from 1 in the order of the file.
    pub code: u32,
    /// The channel that it runs on.
    pub channel: ChannelName,
    /// Whether the others are compared to it.
    pub control: bool,
    /// What the channel shows.
    pub creative: Map<String, Value>,
    /// The share of the budget that it begins with. The shares of the arms that are there from the start add up to exactly one;
    /// an arm that joins later has `None`, unless one is written.
    pub share: Option<Ratio>,
    /// The day on which it joins; `None` from the start.
    pub joins: Option<Date>,
}

/// When an arm goes, and how sure one must be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Decide {
    /// α: the chance of ever dropping the truly best arm; above 0, below 0.5.
    pub wrongly_drop_best: Ratio,
    /// The most a goal may cost.
    pub max_cost_per_goal: Option<Money>,
    /// The least that one unit of money must bring back; only where values are judged and money is spent, above zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_return: Option<f64>,
    /// α′: the chance of ever dropping an arm that does meet the limit; above 0, below 0.5.
    pub wrongly_drop_profitable: Ratio,
    /// Arms whose rates differ by less count as equal; from 0, below 1.
    pub tie_within: Ratio,
    /// The chance to be best at which the month's end names a winner without proof; from 0.5, below 1.
    pub winner_chance: Ratio,
    /// The expected loss, relative to the best rate, at which it does so; from 0, below 1.
    pub winner_loss: Ratio,
    /// What is believed of the arms before the first result.
    pub prior: PriorSource,
    /// The chance of still becoming the winner below which an arm goes; above 0, below 0.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_for_futility: Option<Ratio>,
}

/// How budget follows results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Allocate {
    /// How.
    pub rule: Rule,
    /// The least share that a living arm keeps; all arms' floors together are at most 1.
    pub floor: Ratio,
    /// The most by which a share may change in a day; above 0, at most 1.
    pub max_step: Ratio,
}

/// How far a winner may be amplified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Amplify {
    /// The most the experiment may spend then; above its total, at most the month's budget.
    pub up_to: Money,
    /// The cost of one more goal at which amplifying stops.
    pub stop_when_marginal_cost_above: Option<Money>,
}

/// Limits that pause an arm, or stop amplifying.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Guardrails {
    /// The largest part of recipients who may unsubscribe.
    pub unsubscribe_rate: Option<Ratio>,
    /// The largest part of recipients who may complain.
    pub complaint_rate: Option<Ratio>,
    /// The largest part of messages that may bounce.
    pub bounce_rate: Option<Ratio>,
    /// The longest wait for a first answer, in hours.
    pub hours_to_first_answer: Option<f64>,
}

/// How long goals take to arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Delay {
    /// When all goals of an exposure have arrived.
    pub complete_after: Duration,
    /// When half of them have; at most `complete_after`.
    pub median: Option<Duration>,
}

impl Experiment {
    /// The arm of that name.
    pub fn arm(&self, name: &str) -> Option<&Arm> {
        self.arms.iter().find(|arm| arm.name.as_str() == name)
    }

    /// The arm that the others are compared to.
    pub fn control(&self) -> Option<&Arm> {
        self.arms.iter().find(|arm| arm.control)
    }

    /// The channels that its arms run on, each once, in alphabetical order.
    pub fn channels(&self) -> Vec<&ChannelName> {
        let mut channels: Vec<&ChannelName> = self.arms.iter().map(|arm| &arm.channel).collect();
        channels.sort();
        channels.dedup();
        channels
    }

    /// The channels that are asked for observations: those of its arms, and the goal's source after them.
    pub fn observed_channels(&self) -> Vec<&ChannelName> {
        let mut channels = self.channels();
        channels.extend(&self.goal.source);
        channels
    }

    /// Whether its month has ended at `now_us` (µs since 1970 UTC). Only a real run minds: a rehearsal plays any month.
    pub fn is_over(&self, now_us: i64, zone: &Zone) -> bool {
        self.month.is_over(now_us, zone)
    }

    /// The instant from which nothing more can arrive: the month's end and the goals' delay.
    pub fn complete_at_us(&self, zone: &Zone) -> i64 {
        self.month.period(zone).end_us + self.delay.complete_after.as_micros()
    }
}
