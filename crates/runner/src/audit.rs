//! Audit: what a threshold rule ("pause when a lead costs more than 100") does to a month, beside our own decisions.
//!
//! The rule is played as the only decision-maker on the same stand-in markets and seeds as the engine. It sees what an
//! advertising tool sees at the end of each day: the goals that have arrived by then. Truth is the market's: an arm
//! meets the limit when, over the month at an even split, its expected goals cost no more than it. Every figure is a
//! mean over months with its standard error. It reads no file and decides nothing about money.

mod play;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use gevinst_ledger::evidence::ArmStatus;
use gevinst_rehearsal::Calendar;
use rayon::prelude::*;

pub use self::play::{RuleMonth, play};
use crate::Error;
use crate::allocate::{self, Pool};
use crate::engine::Standing;
use crate::plan::{Plan, Unit};
use crate::rehearse::month::{self, MonthOutcome};
use crate::rehearse::months::{Mean, mean, month_seed};
use crate::rehearse::score::{self, Benchmark};
use crate::rehearse::stand_in::StandIn;

/// A threshold rule.
#[derive(Debug, Clone, PartialEq)]
pub struct ThresholdRule {
    /// Its name.
    pub name: String,
    /// An arm is paused, for good, when any of these says so.
    pub pauses: Vec<Pause>,
    /// When an arm's budget grows.
    pub scale: Option<Scale>,
    /// Where the money of paused arms goes.
    pub freed: Freed,
}

/// When an arm is paused.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pause {
    /// What is looked at.
    pub metric: Metric,
    /// On which side of the limit it pauses.
    pub side: Side,
    /// The limit: minor units for a cost per goal, a count for goals, goals per unit of exposure for a rate.
    pub limit: f64,
    /// The days that are looked at.
    pub window: Window,
    /// Nothing is said before an arm has spent this much in the window, minor units.
    pub minimum_spend: i64,
}

/// When an arm's budget is multiplied: at the end of every day on which its goals in the window cost less than `below`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// By how much; above 0.
    pub factor: f64,
    /// Cost per goal, minor units.
    pub below: f64,
    /// The days that are looked at.
    pub window: Window,
}

/// What a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Spend over goals; without a goal it is above every limit.
    CostPerGoal,
    /// Number of goals.
    Goals,
    /// Goals per unit of exposure; none without exposure.
    Rate,
}

/// A side of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Pauses above it.
    Above,
    /// Pauses below it.
    Below,
}

/// The days that a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// All since the month began.
    All,
    /// The newest so many.
    Days(usize),
}

/// Where the money of paused arms goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freed {
    /// To the arms that still run, as with a budget of the campaign.
    Others,
    /// Nowhere, as with a budget of each advertisement.
    Unspent,
}

/// What a rule and our own decisions did to the same months.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// Months played.
    pub months: u32,
    /// What a goal may cost, minor units: the definition's limit, or the rule's own.
    pub limit_minor: Option<f64>,
    /// The arms, in definition order.
    pub arms: Vec<AuditedArm>,
    /// The rule.
    pub rule: Played,
    /// Our own decisions.
    pub own: Played,
    /// Expected goals a month that the rule's pauses of arms that meet the limit cost: the same months with the same
    /// rule that cannot pause them, less those it had. `None` without a limit.
    pub wrong_pauses_cost: Option<Mean>,
}

/// One arm of an audit.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditedArm {
    /// Its name.
    pub name: String,
    /// What a goal costs here in truth, over the month at an even split, minor units; `None` where nothing is paid or no goal comes.
    pub true_cost_minor: Option<f64>,
    /// Whether that is within the limit; `None` without one.
    pub meets_limit: Option<bool>,
    /// Whether it is one of the truly best.
    pub best: bool,
    /// Share of months in which the rule paused it.
    pub rule_stopped: Mean,
    /// Share of months in which our own decisions stopped it, for whatever reason.
    pub own_stopped: Mean,
}

/// What one decision-maker did.
#[derive(Debug, Clone, PartialEq)]
pub struct Played {
    /// Share of arms that meet the limit and were stopped; `None` when there are none.
    pub meets_stopped: Option<Mean>,
    /// As that, but only those stopped for their cost (our own decisions also drop an arm for being proven worse than another).
    pub meets_stopped_as_dear: Option<Mean>,
    /// Share of arms that do not meet the limit and were kept to the end; `None` when there are none.
    pub dear_kept: Option<Mean>,
    /// Share of the truly best arms that were stopped, other than for a tie with one that is kept.
    pub best_stopped: Mean,
    /// Goals a month that the exposures should have brought.
    pub goals: Mean,
    /// Spend a month, minor units.
    pub spend_minor: Mean,
    /// Spend over expected goals, minor units, with the standard error of a ratio of means; `None` where nothing is paid.
    pub cost_per_goal_minor: Option<Mean>,
}

/// Why a rule cannot be audited on an experiment; `None` when it can.
#[must_use]
pub fn inapplicable(plan: &Plan, rule: &ThresholdRule) -> Option<&'static str> {
    let paid = matches!(plan.unit, Unit::Money(_));
    let asks_cost = rule.scale.is_some()
        || rule.pauses.iter().any(|p| p.metric == Metric::CostPerGoal || p.minimum_spend > 0);
    if !paid && asks_cost {
        return Some("nothing is paid for its exposures, and the rule asks what they cost");
    }
    if plan.exposure_metric() == "spend" && rule.pauses.iter().any(|p| p.metric == Metric::Rate) {
        return Some("its goals are counted per spend, so the rule's rate is a cost: use `cost_per_goal`");
    }
    None
}

/// Plays `months` months under the rule and under our own decisions. `on_month` is called after each, from any thread.
///
/// # Errors
/// Those of [`month::play`].
pub fn audit(
    plan: &Plan,
    rule: &ThresholdRule,
    stand_in: &StandIn,
    calendar: &Arc<Calendar>,
    seed: u64,
    months: u32,
    on_month: &(dyn Fn() + Sync),
) -> Result<Audit, Error> {
    let benchmark = Benchmark::new(plan, stand_in, calendar);
    let costs = true_costs(plan, stand_in, calendar);
    let own_limit = rule.pauses.iter().find(|p| p.metric == Metric::CostPerGoal && p.side == Side::Above);
    let stated = plan.experiment.decide.max_cost_per_goal.map(|money| float(money.minor()));
    let paid = matches!(plan.unit, Unit::Money(_));
    let limit_minor = stated.or(own_limit.map(|pause| pause.limit)).filter(|_| paid);
    // An arm that never brings a goal meets no limit.
    let meets: Option<Vec<bool>> =
        limit_minor.map(|limit| costs.iter().map(|cost| cost.is_some_and(|cost| cost <= limit)).collect());
    let nobody = vec![false; plan.arms.len()];
    let played: Vec<(RuleMonth, Option<f64>, MonthOutcome)> = (0..months)
        .into_par_iter()
        .map(|number| {
            let seed = month_seed(seed, number);
            let ruled = play(plan, rule, stand_in, calendar, seed, &nobody)?;
            let wrongly =
                |meets: &[bool]| ruled.paused_on.iter().zip(meets).any(|(on, m)| on.is_some() && *m);
            let lost = match &meets {
                None => None,
                Some(meets) if wrongly(meets) => {
                    let kept = play(plan, rule, stand_in, calendar, seed, meets)?;
                    Some(kept.expected_goals - ruled.expected_goals)
                }
                Some(_) => Some(0.0),
            };
            let own = month::play(plan, stand_in, calendar, seed)?;
            on_month();
            Ok((ruled, lost, own))
        })
        .collect::<Result<_, Error>>()?;

    let ruled: Vec<Came> = played.iter().map(|(month, ..)| Came::ruled(month)).collect();
    let own: Vec<Came> = played.iter().map(|(.., month)| Came::own(month)).collect();
    let share = |came: &[Came], arm: usize| mean(came.iter().map(|c| flag(c.ends[arm] != End::Kept)));
    let arms = plan.arms.iter().enumerate().map(|(arm, planned)| AuditedArm {
        name: planned.name.clone(),
        true_cost_minor: costs[arm],
        meets_limit: meets.as_ref().map(|meets| meets[arm]),
        best: benchmark.best[arm],
        rule_stopped: share(&ruled, arm),
        own_stopped: share(&own, arm),
    });
    Ok(Audit {
        months,
        limit_minor,
        arms: arms.collect(),
        rule: summarise(&ruled, meets.as_deref(), &benchmark.best, paid),
        own: summarise(&own, meets.as_deref(), &benchmark.best, paid),
        wrong_pauses_cost: meets.is_some().then(|| mean(played.iter().filter_map(|(_, lost, _)| *lost))),
    })
}

/// Per arm, what a goal costs over the month at an even split, minor units.
fn true_costs(plan: &Plan, stand_in: &StandIn, calendar: &Calendar) -> Vec<Option<f64>> {
    let (model, price) = (&*stand_in.model, stand_in.truth.price);
    let number = score::market_arms(plan, model);
    let arms = plan.arms.len();
    let (mut spend, mut goals) = (vec![0.0; arms], vec![0.0; arms]);
    let mut spent = 0;
    for day in 0..plan.periods.len() {
        let mut standing = Standing::new(plan);
        standing.shares.fill(1.0);
        let pool = Pool { total: plan.total(), spent_at_worst: spent, frozen: vec![None; arms] };
        let amounts = allocate::amounts(plan, &standing, &pool, Some(day));
        spent += amounts.iter().sum::<i64>();
        for arm in 0..arms {
            let amount = float(amounts[arm]);
            spend[arm] += amount;
            goals[arm] +=
                model.expected_goals(calendar, number[arm], day, score::exposure(model, price, amount));
        }
    }
    let paid = matches!(plan.unit, Unit::Money(_));
    spend.iter().zip(&goals).map(|(spend, goals)| (paid && *goals > 0.0).then(|| spend / goals)).collect()
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    Kept,
    ForCost,
    ForTie,
    Otherwise,
}

/// What a month came to, whoever decided.
struct Came {
    ends: Vec<End>,
    goals: f64,
    spend: f64,
}

impl Came {
    fn ruled(month: &RuleMonth) -> Self {
        let end = |on: &Option<usize>| if on.is_some() { End::ForCost } else { End::Kept };
        Self {
            ends: month.paused_on.iter().map(end).collect(),
            goals: month.expected_goals,
            spend: float(month.totals.iter().map(|total| total.spend_minor).sum()),
        }
    }

    fn own(month: &MonthOutcome) -> Self {
        let end = |status: ArmStatus| match status {
            ArmStatus::Running | ArmStatus::Winner => End::Kept,
            ArmStatus::Unprofitable => End::ForCost,
            ArmStatus::Tied => End::ForTie,
            ArmStatus::Dropped | ArmStatus::GuardrailBreached | ArmStatus::Futile => End::Otherwise,
        };
        Self {
            ends: month.arms.iter().map(|arm| end(arm.status)).collect(),
            goals: month.expected_goals,
            spend: float(month.arms.iter().map(|arm| arm.total.spend_minor).sum()),
        }
    }
}

fn summarise(months: &[Came], meets: Option<&[bool]>, best: &[bool], paid: bool) -> Played {
    let share = |among: &[bool], counts: &dyn Fn(End) -> bool| {
        let arms: Vec<usize> = (0..among.len()).filter(|&arm| among[arm]).collect();
        (!arms.is_empty()).then(|| {
            mean(months.iter().map(|month| {
                arms.iter().map(|&arm| flag(counts(month.ends[arm]))).sum::<f64>() / to_float(arms.len())
            }))
        })
    };
    let dear: Option<Vec<bool>> = meets.map(|meets| meets.iter().map(|meets| !meets).collect());
    let goals = mean(months.iter().map(|month| month.goals));
    let spend = mean(months.iter().map(|month| month.spend));
    let cost = (paid && goals.mean > 0.0).then(|| {
        // Delta method: the error of a ratio of means is that of spend − ratio·goals, over mean goals.
        let ratio = spend.mean / goals.mean;
        let rest = mean(months.iter().map(|month| (month.spend - ratio * month.goals) / goals.mean));
        Mean { mean: ratio, se: rest.se }
    });
    Played {
        meets_stopped: meets.and_then(|meets| share(meets, &|end| end != End::Kept)),
        meets_stopped_as_dear: meets.and_then(|meets| share(meets, &|end| end == End::ForCost)),
        dear_kept: dear.and_then(|dear| share(&dear, &|end| end == End::Kept)),
        best_stopped: share(best, &|end| matches!(end, End::ForCost | End::Otherwise))
            .unwrap_or(Mean { mean: 0.0, se: 0.0 }),
        goals,
        spend_minor: spend,
        cost_per_goal_minor: cost,
    }
}

fn flag(is: bool) -> f64 {
    f64::from(u8::from(is))
}

#[expect(clippy::cast_precision_loss, reason = "amounts are far below 2^53")]
fn float(value: i64) -> f64 {
    value as f64
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn to_float(value: usize) -> f64 {
    value as f64
}
