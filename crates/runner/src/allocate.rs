//! Allocate: from shares to whole daily amounts, within every cap.
//!
//! Shares come from the statistics; here they meet the purse. What an arm whose state is unknown may be spending is
//! taken off the pool before the others share it.

use gevinst_ledger::evidence::ArmStatus;

use crate::book::Book;
use crate::engine::Standing;
use crate::guardrails;
use crate::moves::Wanted;
use crate::plan::{Plan, Unit};
use crate::purse::{self, Purse};

/// What stands against today's pool.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pool {
    /// The most the month may use as things stand: the total, and for a proven winner the reserve.
    pub total: i64,
    /// Spent so far in the plan's unit, unreported days at their worst.
    pub spent_at_worst: i64,
    /// Per arm: what it may be spending a day when its state is unknown; `None` when it can be commanded.
    pub frozen: Vec<Option<i64>>,
}

impl Pool {
    /// What is left of the total.
    #[must_use]
    pub fn left(&self) -> i64 {
        self.total.saturating_sub(self.spent_at_worst)
    }
}

/// What the book says was spent so far, in the plan's unit.
#[must_use]
pub fn spent(plan: &Plan, book: &Book) -> i64 {
    (0..plan.arms.len())
        .map(|arm| {
            let total = book.total(arm);
            match plan.unit {
                Unit::Money(_) => total.spend_minor,
                Unit::Exposure => whole(total.exposure),
            }
        })
        .sum()
}

/// The most the month may use as things stand.
///
/// A winner that is the last arm standing may have the reserve, as long as leads are answered in time and its goals of the
/// newest week, of those days whose goals have arrived by half at least, cost no more than `stop_when_marginal_cost_above`. That week's average
/// stands for the cost of one more goal: the budget has been raised to its present height by then.
#[must_use]
pub fn total_now(plan: &Plan, book: &Book, standing: &Standing, periods: usize) -> i64 {
    let Some(amplify) = plan.experiment.amplify.filter(|_| plan.reserve > 0) else { return plan.total() };
    let alive: Vec<usize> = (0..plan.arms.len()).filter(|&arm| standing.status[arm].is_alive()).collect();
    let &[winner] = alive.as_slice() else { return plan.total() };
    let proven = standing.status[winner] == ArmStatus::Winner;
    if !proven || !guardrails::answered_in_time(&plan.experiment.guardrails, book) {
        return plan.total();
    }
    if let Some(limit) = amplify.stop_when_marginal_cost_above {
        let seen_until_us = periods.checked_sub(1).map_or(plan.start_us(), |last| plan.periods[last].end_us);
        let half = plan.experiment.delay.median.map_or(0, |median| median.as_micros());
        let settled = (0..periods).filter(|&period| seen_until_us - plan.periods[period].end_us >= half);
        let newest: Vec<usize> = settled.collect::<Vec<_>>().into_iter().rev().take(7).collect();
        let (mut spend, mut goals) = (0_i64, 0_i64);
        for &period in &newest {
            let cell = book.cell(period, winner);
            spend += cell.spend_minor;
            goals += i64::try_from(cell.goals).unwrap_or(i64::MAX);
        }
        if newest.is_empty() || spend > limit.minor().saturating_mul(goals) {
            return plan.total();
        }
    }
    plan.total() + plan.reserve
}

/// What every arm that has joined should be set to at `now_us`.
///
/// Arms that are not alive rest; after the month's end all do.
#[must_use]
pub fn wanted(plan: &Plan, standing: &Standing, pool: &Pool, now_us: i64) -> Vec<Wanted> {
    let day = plan.period_at(now_us);
    let amounts = amounts(plan, standing, pool, day);
    let joined = |arm: usize| day.is_none_or(|day| plan.arms[arm].joins <= day);
    (0..plan.arms.len())
        .filter(|&arm| joined(arm))
        .map(|arm| Wanted { arm, daily: amounts[arm], reason: reason(plan, standing, arm, day) })
        .collect()
}

/// The amounts of a day, by arm, in the plan's unit. They sum to at most what the purse allows.
#[must_use]
pub fn amounts(plan: &Plan, standing: &Standing, pool: &Pool, day: Option<usize>) -> Vec<i64> {
    let arms = plan.arms.len();
    let Some(day) = day else { return vec![0; arms] };
    let purse = Purse {
        total: pool.total,
        daily_max: plan.daily_max(),
        spent_at_worst: pool.spent_at_worst,
        days_left: u32::try_from(plan.periods.len() - day).unwrap_or(u32::MAX),
    };
    let frozen: i64 = pool.frozen.iter().flatten().sum();
    let today = (purse.today() - frozen).max(0);
    let commandable =
        |arm: usize| standing.status[arm].is_alive() && pool.frozen.get(arm).copied().flatten().is_none();
    let begun: Vec<f64> = (0..arms)
        .map(|arm| {
            if commandable(arm) && plan.arms[arm].joins <= day { standing.shares[arm].max(0.0) } else { 0.0 }
        })
        .collect();
    let sum: f64 = begun.iter().sum();
    if sum <= 0.0 {
        return vec![0; arms];
    }
    let shares: Vec<f64> = begun.iter().map(|share| share / sum).collect();
    purse::split(today, &shares, plan.step(1))
}

fn reason(plan: &Plan, standing: &Standing, arm: usize, day: Option<usize>) -> String {
    let Some(_) = day else { return "the month is over".to_owned() };
    match standing.status[arm] {
        ArmStatus::Running if standing.looks == 0 => "the month begins".to_owned(),
        ArmStatus::Running | ArmStatus::Winner => {
            let share = (standing.shares[arm] * 1000.0).round() / 10.0;
            format!("rule `{}`: {share} % of today's budget", plan.rule.as_str())
        }
        ArmStatus::Dropped => "it is proven not to be the best".to_owned(),
        ArmStatus::Tied => "it equals an arm that is kept".to_owned(),
        ArmStatus::Unprofitable => "it is proven to cost more than the limit".to_owned(),
        ArmStatus::GuardrailBreached => "a guardrail was breached".to_owned(),
        ArmStatus::Futile => "it can no longer show anything".to_owned(),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "exposures are whole and far below 2^53")]
fn whole(value: f64) -> i64 {
    value.round() as i64
}
