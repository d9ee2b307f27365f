//! One rehearsed month in-process: the market, the engine and the purse, without ledger and child process.
//!
//! It does at the same moments what [`crate::cycle::step`] does through ledger and plugin: command at the month's
//! start, look at the end of every day, command again, and look once more when all goals have arrived. A test holds the
//! two against each other.

use std::sync::Arc;

use gevinst_ledger::evidence::ArmStatus;
use gevinst_rehearsal::{Calendar, Market, Row};

use super::score;
use super::stand_in::StandIn;
use crate::Error;
use crate::allocate::{self, Pool};
use crate::book::{Book, Commanded, Total};
use crate::engine::{Engine, Finding, Moment, Standing};
use crate::plan::Plan;

/// What a month came to.
#[derive(Debug, Clone, PartialEq)]
pub struct MonthOutcome {
    /// Per arm of the plan.
    pub arms: Vec<ArmOutcome>,
    /// Goals that the month's exposures should have brought, whatever was drawn.
    pub expected_goals: f64,
    /// What these are worth: their number where goals are only counted, else minor units.
    pub expected_worth: f64,
}

/// What an arm came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArmOutcome {
    /// What it is at the end.
    pub status: ArmStatus,
    /// The day of the month (from 1) at whose end a verdict ended it; `None` while it ran.
    pub ended_on: Option<usize>,
    /// Its sums.
    pub total: Total,
}

/// Plays one month.
///
/// # Errors
/// When the statistics refuse a number, which is a fault of the program or of the definition's limits.
pub fn play(
    plan: &Plan,
    stand_in: &StandIn,
    calendar: &Arc<Calendar>,
    seed: u64,
) -> Result<MonthOutcome, Error> {
    play_watched(plan, stand_in, calendar, seed, Engine::for_decisions(plan)?, &mut |_| {})
}

/// Plays one month with a given engine and calls `on_look` with what each look found.
///
/// # Errors
/// As [`play`].
pub fn play_watched(
    plan: &Plan,
    stand_in: &StandIn,
    calendar: &Arc<Calendar>,
    seed: u64,
    mut engine: Engine,
    on_look: &mut dyn FnMut(&Finding),
) -> Result<MonthOutcome, Error> {
    let name = plan.experiment.name.as_str();
    let number = score::market_arms(plan, &stand_in.model);
    let mut arm_of = vec![0; number.len()];
    for (arm, &market_arm) in number.iter().enumerate() {
        arm_of[market_arm] = arm;
    }
    let mut market = Market::new(Arc::clone(&stand_in.model), name, seed, Arc::clone(calendar));
    let mut standing = Standing::new(plan);
    let mut book = Book::new(plan.periods.len(), plan.arms.len());
    let mut commanded: Vec<Option<i64>> = vec![None; plan.arms.len()];
    let mut seqs = vec![0_u64; plan.arms.len()];
    let mut ended_on = vec![None; plan.arms.len()];
    let mut rows = Vec::new();
    let refused = |source| Error::Rehearsal { experiment: name.to_owned(), source: Box::new(source) };

    for (now_us, periods, closing) in moments(plan) {
        if periods > 0 {
            rows.clear();
            market.observe(plan.start_us(), plan.periods[periods - 1].end_us, now_us, &mut rows);
            fill(&mut book, &rows, &arm_of);
            let moment = Moment { periods, month_over: periods == plan.periods.len(), closing };
            let finding = engine.look(plan, &book, moment, &standing)?;
            if engine.needs_readings() {
                book.note_reading(periods);
            }
            on_look(&finding);
            for (arm, status) in finding.standing.status.iter().enumerate() {
                if !status.is_alive() && standing.status[arm].is_alive() {
                    ended_on[arm] = Some(periods);
                }
            }
            standing = finding.standing;
        }
        let pool = Pool {
            total: allocate::total_now(plan, &book, &standing, periods),
            spent_at_worst: allocate::spent(plan, &book),
            frozen: vec![None; plan.arms.len()],
        };
        for want in allocate::wanted(plan, &standing, &pool, now_us) {
            let arm = want.arm;
            if commanded[arm].unwrap_or(0) != want.daily {
                seqs[arm] += 1;
                market.apply(number[arm], seqs[arm], want.daily, want.daily == 0, now_us).map_err(refused)?;
                commanded[arm] = Some(want.daily);
            }
        }
        if periods < plan.periods.len() {
            note(&mut book, periods, &commanded);
        }
    }

    Ok(outcome(stand_in, calendar, &number, &book, &standing, &ended_on))
}

/// What a played month came to, from its final figures. `number` is as [`score::market_arms`] gives it, `ended_on` as in
/// [`ArmOutcome`].
#[must_use]
pub fn outcome(
    stand_in: &StandIn,
    calendar: &Calendar,
    number: &[usize],
    book: &Book,
    standing: &Standing,
    ended_on: &[Option<usize>],
) -> MonthOutcome {
    let (mut expected_goals, mut expected_worth) = (0.0, 0.0);
    for period in 0..book.periods() {
        for (arm, &market_arm) in number.iter().enumerate() {
            let exposure = book.cell(period, arm).exposure.unwrap_or(0.0);
            let goals = stand_in.model.expected_goals(calendar, market_arm, period, exposure);
            expected_goals += goals;
            expected_worth += stand_in.worth(market_arm) * goals;
        }
    }
    let arms = (0..number.len())
        .map(|arm| ArmOutcome {
            status: standing.status[arm],
            ended_on: ended_on[arm],
            total: book.total(arm),
        })
        .collect();
    MonthOutcome { arms, expected_goals, expected_worth }
}

/// The moments at which a month is stepped: its start, the end of each day, and when all goals have arrived; each with the
/// number of periods that are over, and whether it is the last.
pub fn moments(plan: &Plan) -> impl Iterator<Item = (i64, usize, bool)> + '_ {
    std::iter::once((plan.start_us(), 0, false))
        .chain(plan.periods.iter().enumerate().map(|(day, period)| (period.end_us, day + 1, false)))
        .chain(std::iter::once((plan.close_at_us.max(plan.end_us()), plan.periods.len(), true)))
}

/// What is in force during the period that begins.
fn note(book: &mut Book, period: usize, commanded: &[Option<i64>]) {
    let sum: i64 = commanded.iter().flatten().sum();
    for (arm, daily) in commanded.iter().enumerate() {
        let daily = daily.unwrap_or(0);
        let share = (sum > 0).then(|| signed(daily) / signed(sum));
        book.cell_mut(period, arm).commanded =
            Some(Commanded { most: daily, mean: signed(daily), share: share.map(|share| (share, share)) });
    }
}

#[expect(clippy::cast_precision_loss, reason = "budgets are far below 2^53")]
fn signed(value: i64) -> f64 {
    value as f64
}

pub(crate) fn fill(book: &mut Book, rows: &[Row], arm_of: &[usize]) {
    for row in rows {
        let cell = book.cell_mut(row.period as usize, arm_of[row.arm as usize]);
        cell.spend_minor = row.spend_minor;
        cell.exposure = Some(to_float(row.exposures));
        cell.goals = row.goals;
        cell.value = row.sum;
        cell.value_sq = row.sum_sq;
    }
}

#[expect(clippy::cast_precision_loss, reason = "exposures are far below 2^53")]
fn to_float(value: u64) -> f64 {
    value as f64
}
