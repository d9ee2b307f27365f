//! Many rehearsed months of one experiment, with different seeds, on all cores: how the experiment does on average.
//!
//! Every figure is a mean over months with its standard error. Months are independent; month m is played with a seed
//! derived from the given one and m, so that results do not depend on the number of cores.

use std::sync::Arc;

use gevinst_ledger::evidence::ArmStatus;
use gevinst_rehearsal::Calendar;
use rayon::prelude::*;

use super::month::{self, MonthOutcome};
use super::score::Benchmark;
use super::stand_in::StandIn;
use crate::Error;
use crate::plan::Plan;

/// A mean over months with its standard error; `None` when it is not defined (no loser, nothing to gain).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// The mean.
    pub mean: f64,
    /// Its standard error; 0 for a single month.
    pub se: f64,
}

/// How an experiment does over many months.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Months played.
    pub months: u32,
    /// Share of months in which a truly best arm was dropped as a loser, averaged over the arms that tie for best.
    pub best_dropped: Mean,
    /// Share of losing arms that were dropped with proof; `None` when all arms tie.
    pub losers_dropped: Option<Mean>,
    /// Days (from 1) on which losers were dropped: one tenth, median and nine tenths of those that were.
    pub drop_days: Option<[f64; 3]>,
    /// Goals gained over an even split, as a part of what was possible; `None` when nothing was to be gained.
    pub gain_realised: Option<Mean>,
    /// Goals counted in all months.
    pub goals: u64,
    /// Money spent in all months, minor units.
    pub spend_minor: i64,
    /// What was not spent on losers compared with an even split, in the budget's unit, a month.
    pub not_spent_on_losers: Mean,
    /// Share of months that ended with a winner, and with the right one.
    pub winner_named: Mean,
    /// Share of months in which the named winner was not one of the truly best.
    pub winner_wrong: Mean,
    /// Share of arm-months that ended as unprofitable.
    pub unprofitable: Mean,
}

/// Plays `months` months. `on_month` is called after each, from any thread.
///
/// # Errors
/// The first month's error, if one fails.
pub fn play(
    plan: &Plan,
    stand_in: &StandIn,
    calendar: &Arc<Calendar>,
    seed: u64,
    months: u32,
    on_month: &(dyn Fn() + Sync),
) -> Result<Summary, Error> {
    let benchmark = Benchmark::new(plan, stand_in, calendar);
    let outcomes: Vec<MonthOutcome> = (0..months)
        .into_par_iter()
        .map(|number| {
            let outcome = month::play(plan, stand_in, calendar, month_seed(seed, number))?;
            on_month();
            Ok(outcome)
        })
        .collect::<Result<_, Error>>()?;
    Ok(summarise(plan, &benchmark, &outcomes))
}

/// The seed of month `number`. The first month has the given seed itself, so that it is the month which a rehearsal of a
/// single month plays.
#[must_use]
pub fn month_seed(seed: u64, number: u32) -> u64 {
    // Multiples of an odd constant (2^64 over the golden ratio) never meet; the market hashes its seed anyway.
    seed.wrapping_add(u64::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// Means over outcomes.
#[must_use]
pub fn summarise(plan: &Plan, benchmark: &Benchmark, outcomes: &[MonthOutcome]) -> Summary {
    let best: Vec<usize> = (0..benchmark.best.len()).filter(|&arm| benchmark.best[arm]).collect();
    let losers: Vec<usize> = (0..benchmark.best.len()).filter(|&arm| !benchmark.best[arm]).collect();
    let share = |outcome: &MonthOutcome, arms: &[usize], status: ArmStatus| {
        let hit = arms.iter().filter(|&&arm| outcome.arms[arm].status == status).count();
        to_float(hit) / to_float(arms.len().max(1))
    };
    let possible = benchmark.best_worth - benchmark.even_worth;
    let mut days: Vec<f64> = outcomes
        .iter()
        .flat_map(|outcome| losers.iter().map(|&arm| &outcome.arms[arm]))
        .filter(|arm| arm.status == ArmStatus::Dropped)
        .filter_map(|arm| arm.ended_on.map(to_float))
        .collect();
    days.sort_by(f64::total_cmp);
    let arms = || outcomes.iter().flat_map(|outcome| &outcome.arms);
    let in_unit = |arm: &super::month::ArmOutcome| match plan.unit {
        crate::plan::Unit::Money(_) => signed(arm.total.spend_minor),
        crate::plan::Unit::Exposure => arm.total.exposure,
    };
    let winner = |outcome: &MonthOutcome| outcome.arms.iter().position(|arm| arm.status == ArmStatus::Winner);
    Summary {
        months: u32::try_from(outcomes.len()).unwrap_or(u32::MAX),
        best_dropped: mean(outcomes.iter().map(|outcome| share(outcome, &best, ArmStatus::Dropped))),
        losers_dropped: (!losers.is_empty())
            .then(|| mean(outcomes.iter().map(|outcome| share(outcome, &losers, ArmStatus::Dropped)))),
        drop_days: (!days.is_empty()).then(|| [0.1, 0.5, 0.9].map(|p| quantile(&days, p))),
        gain_realised: (possible > 1e-9 * benchmark.even_worth.max(1e-300)).then(|| {
            mean(outcomes.iter().map(|outcome| (outcome.expected_worth - benchmark.even_worth) / possible))
        }),
        goals: arms().map(|arm| arm.total.goals).sum(),
        spend_minor: arms().map(|arm| arm.total.spend_minor).sum(),
        not_spent_on_losers: mean(outcomes.iter().map(|outcome| {
            benchmark.even_on_losers - losers.iter().map(|&arm| in_unit(&outcome.arms[arm])).sum::<f64>()
        })),
        winner_named: mean(outcomes.iter().map(|outcome| f64::from(u8::from(winner(outcome).is_some())))),
        winner_wrong: mean(
            outcomes
                .iter()
                .map(|outcome| f64::from(u8::from(winner(outcome).is_some_and(|arm| !benchmark.best[arm])))),
        ),
        unprofitable: {
            let all: Vec<usize> = (0..benchmark.best.len()).collect();
            mean(outcomes.iter().map(|outcome| share(outcome, &all, ArmStatus::Unprofitable)))
        },
    }
}

pub(crate) fn mean(values: impl Iterator<Item = f64>) -> Mean {
    // Welford's recurrence: one pass, no cancellation.
    let (mut n, mut mean, mut squares) = (0.0, 0.0, 0.0);
    for value in values {
        n += 1.0;
        let step = value - mean;
        mean += step / n;
        squares += step * (value - mean);
    }
    let se = if n > 1.0 { (squares / (n - 1.0) / n).sqrt() } else { 0.0 };
    Mean { mean, se }
}

/// Quantile of sorted values, linear between them.
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let at = p * to_float(sorted.len() - 1);
    let low = at.floor();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the list's length")]
    let index = low as usize;
    let next = sorted.get(index + 1).copied().unwrap_or(sorted[index]);
    sorted[index] + (at - low) * (next - sorted[index])
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn to_float(value: usize) -> f64 {
    value as f64
}

#[expect(clippy::cast_precision_loss, reason = "amounts are far below 2^53")]
fn signed(value: i64) -> f64 {
    value as f64
}
