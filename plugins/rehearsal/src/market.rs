//! The market: commands in, rows out.
//!
//! A period's cell (what was spent, what it brought, when that becomes known) is drawn the first time that somebody
//! looks after its end, from streams keyed by seed, experiment, arm and period, under the budgets commanded until then.
//! A command dated before the end of a cell that was drawn makes it be drawn again. So a month is a function of truths,
//! seed and commands: how often and in which order anyone looked, and restarts, change nothing.
//!
//! Invariants: a period that is not over is not reported; goals known of a period never fall, except by a correction
//! that the truths state; spend never exceeds the budget.

use std::sync::Arc;

use rand::RngExt;
use rand_distr::{Distribution, Gamma, Poisson};
use rand_pcg::Pcg64Mcg;

use crate::arrivals::{Arrivals, Brought, Correction, Delay, Schedule, binomial};
use crate::calendar::Calendar;
use crate::delivery::{Budgets, MILLION};
use crate::error::Error;
use crate::model::Model;
use crate::num::{count, minor, small};
use crate::pool::{self, Order, Used};
use crate::stream::{ArmKey, Purpose};
use crate::truth::{BudgetIn, Per};

/// No period brings more goals on average; beyond, floats would no longer count them one by one.
const GOALS_MAX: f64 = 1e15;

/// What the platform reports of one arm and period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// The arm's number.
    pub arm: u32,
    /// The period's number in the calendar.
    pub period: u32,
    /// When the period started, µs UTC.
    pub start_us: i64,
    /// Money spent, minor units.
    pub spend_minor: i64,
    /// Exposures that were delivered; the spend, where that is the exposure.
    pub exposures: u64,
    /// Goals known by now.
    pub goals: u64,
    /// Sum of what the goals are worth; their number, where they have no value.
    pub sum: f64,
    /// Sum over exposures of the square of what each brought.
    pub sum_sq: f64,
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It is in force.
    Yes,
    /// Its number is not above the last one taken: nothing was done.
    AlreadySeen,
}

#[derive(Debug, Clone, Default)]
struct Cell {
    /// Whether the arm was there before the period's end.
    live: bool,
    spend_minor: i64,
    exposures: u64,
    /// Of the pool that this period draws from, after it.
    used: Used,
    schedule: Schedule,
    corrected_from_us: Option<i64>,
}

#[derive(Debug, Clone)]
struct ArmState {
    key: ArmKey,
    last_seq: Option<u64>,
    /// As last commanded.
    budget: i64,
    paused: bool,
    budgets: Budgets,
    cells: Vec<Cell>,
    arrivals: Arrivals,
    order: Option<Order>,
}

/// One month of one experiment.
#[derive(Debug, Clone)]
pub struct Market {
    model: Arc<Model>,
    calendar: Arc<Calendar>,
    delay: Option<Delay>,
    arms: Vec<ArmState>,
    scratch: Vec<Brought>,
}

impl Market {
    /// A month in which nothing has been commanded yet.
    #[must_use]
    pub fn new(model: Arc<Model>, experiment: &str, seed: u64, calendar: Arc<Calendar>) -> Self {
        let arms = model
            .arm_names()
            .map(|name| ArmState {
                key: ArmKey::new(seed, experiment, name),
                last_seq: None,
                budget: 0,
                paused: true,
                budgets: Budgets::default(),
                cells: Vec::new(),
                arrivals: Arrivals::default(),
                order: None,
            })
            .collect();
        let delay = model.delay(&calendar);
        Self { model, calendar, delay, arms, scratch: Vec::new() }
    }

    /// The laws of this market.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The periods of this market.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Takes an absolute command: from `at_us` on, `budget` a day (minor units, or exposures where the truths say so),
    /// or nothing while `paused`. A `seq` not above the arm's last is ignored.
    ///
    /// # Errors
    /// When there is no such arm, the budget is negative, or `at_us` lies before the arm's last command.
    pub fn apply(
        &mut self,
        arm: usize,
        seq: u64,
        budget: i64,
        paused: bool,
        at_us: i64,
    ) -> Result<Applied, Error> {
        let Some(state) = self.arms.get_mut(arm) else {
            return Err(self.model.unknown_arm(&arm.to_string()));
        };
        let name = || self.model.arms[arm].name.clone();
        if state.last_seq.is_some_and(|last| seq <= last) {
            return Ok(Applied::AlreadySeen);
        }
        if budget < 0 {
            return Err(Error::NegativeBudget { arm: name(), budget });
        }
        if let Some(last_us) = state.budgets.last_us().filter(|&last_us| at_us < last_us) {
            return Err(Error::OutOfOrder { arm: name(), at_us, last_us });
        }
        (state.last_seq, state.budget, state.paused) = (Some(seq), budget, paused);
        state.budgets.set(at_us, if paused { 0 } else { budget });
        let keep = self.calendar.ended(at_us);
        if let Some(first) = state.cells.get(keep) {
            state.arrivals.truncate(&first.schedule);
            state.cells.truncate(keep);
        }
        Ok(Applied::Yes)
    }

    /// The number of the arm's last command, its budget and whether it is paused; none before the first command.
    #[must_use]
    pub fn state(&self, arm: usize) -> Option<(u64, i64, bool)> {
        let state = self.arms.get(arm)?;
        state.last_seq.map(|seq| (seq, state.budget, state.paused))
    }

    /// Appends what is known at `now_us` of every period that starts in `from_us..to_us` and is over, arm by arm, for
    /// the arms that were there. Returns until when everything is reported: the end of the last period that is over
    /// and starts before `to_us`, or the calendar's start.
    pub fn observe(&mut self, from_us: i64, to_us: i64, now_us: i64, rows: &mut Vec<Row>) -> i64 {
        let first = self.calendar.first_from(from_us);
        let last = self.calendar.first_from(to_us).min(self.calendar.ended(now_us));
        let clock = self.calendar.clock(now_us);
        for arm in 0..self.arms.len() {
            while self.arms[arm].cells.len() < last {
                self.draw(arm);
            }
            let state = &self.arms[arm];
            for period in first..last {
                let cell = &state.cells[period];
                if !cell.live {
                    continue;
                }
                let corrected = cell.corrected_from_us.is_some_and(|from_us| now_us >= from_us);
                let seen = state.arrivals.seen(&cell.schedule, clock - (period + 1), corrected);
                rows.push(Row {
                    arm: small(arm),
                    period: small(period),
                    start_us: self.calendar.period(period).0,
                    spend_minor: cell.spend_minor,
                    exposures: cell.exposures,
                    goals: seen.goals,
                    sum: seen.sum,
                    sum_sq: seen.sum_sq,
                });
            }
        }
        last.checked_sub(1).map_or(self.calendar.start_us(), |period| self.calendar.period(period).1)
    }

    /// Whether an arm's rows are used up at the end of the last period that was looked at: it delivers nothing more.
    #[must_use]
    pub fn exhausted(&self, arm: usize) -> bool {
        let (Some(data), Some(state)) = (&self.model.replay, self.arms.get(arm)) else { return false };
        let Some(cell) = state.cells.last() else { return false };
        let number = data.pool_of(self.calendar.day_index(state.cells.len() - 1));
        let pools = &data.arms[arm].pools;
        pools.get(number).is_none_or(|pool| cell.used.exposures >= pool.exposures)
            && pools.iter().skip(number + 1).all(|pool| pool.exposures == 0)
    }

    /// Draws the next period of an arm.
    fn draw(&mut self, arm: usize) {
        let (model, calendar) = (&*self.model, &*self.calendar);
        let state = &mut self.arms[arm];
        let period = state.cells.len();
        let (start_us, end_us) = calendar.period(period);
        let day_index = calendar.day_index(period);
        let live = state.budgets.launched_us().is_some_and(|at_us| at_us < end_us);
        self.scratch.clear();
        let mut cell = Cell { live, ..Cell::default() };
        if live {
            let (spend_minor, exposures) = delivery(model, calendar, state, period);
            (cell.spend_minor, cell.exposures) = (spend_minor, exposures);
            let mut rng = state.key.stream(Purpose::Goals, period);
            if let Some(data) = &model.replay {
                let number = data.pool_of(day_index);
                // A dated pool is the day's own; without dates one pool serves the whole month.
                let same_pool = period > 0 && data.pool_of(calendar.day_index(period - 1)) == number;
                cell.used = if same_pool { state.cells[period - 1].used } else { Used::default() };
                cell.exposures = data.arms[arm].pools.get(number).map_or(0, |pool| {
                    let (order, used) = (&mut state.order, &mut cell.used);
                    pool::draw(pool, number, order, used, exposures, (state.key, &mut rng), &mut self.scratch)
                });
                if cell.exposures < exposures {
                    cell.spend_minor = cost(model, cell.exposures).min(spend_minor);
                }
            } else {
                bring(model, calendar, arm, period, &cell, state.key, &mut rng, &mut self.scratch);
            }
        } else if period > 0 {
            cell.used = state.cells[period - 1].used;
        }
        let mut correction = None;
        if let (Some(restate), false) = (&model.restate, self.scratch.is_empty()) {
            let mut day = state.key.stream(Purpose::Restate, day_index);
            if day.random::<f64>() < restate.share {
                cell.corrected_from_us = Some(end_us + restate.after_us);
                let factor = restate.factors[day.random_range(0..restate.factors.len())];
                correction = Some(Correction { factor, rng: state.key.stream(Purpose::Correction, period) });
            }
        }
        let delay = self.delay.map(|delay| (delay, state.key.stream(Purpose::Delay, period)));
        cell.schedule = state.arrivals.schedule(&mut self.scratch, delay, correction);
        debug_assert!(start_us < end_us);
        state.cells.push(cell);
    }
}

/// Money spent and exposures delivered in a period, before any pool runs out.
fn delivery(model: &Model, calendar: &Calendar, state: &ArmState, period: usize) -> (i64, u64) {
    let day = calendar.day(period);
    let (start_us, end_us) = calendar.period(period);
    let delivered_ppm = if model.underdelivery > 0.0 {
        let u: f64 = state.key.stream(Purpose::Delivery, calendar.day_index(period)).random();
        MILLION - i128::from(minor(2.0 * model.underdelivery * u * 1e6))
    } else {
        MILLION
    };
    let before = state.budgets.delivered(day, start_us, delivered_ppm);
    let after = state.budgets.delivered(day, end_us, delivered_ppm);
    match (model.per, model.budget_in, model.price) {
        (Per::Spend, _, _) => (after - before, u64::try_from(after - before).unwrap_or(0)),
        (_, BudgetIn::Money, Some(price)) => {
            // Whole exposures of the day so far, so that hours lose no part of one.
            // A thousandth of a millionth more, so that 3 for 0.1 each are 30.
            let bought = |money: i64| count(money as f64 / price + 1e-9);
            let exposures = bought(after).saturating_sub(bought(before));
            (cost(model, bought(after)).min(after) - cost(model, bought(before)).min(before), exposures)
        }
        (_, BudgetIn::Money | BudgetIn::Exposure, _) => {
            let exposures = u64::try_from(after - before).unwrap_or(0);
            (cost(model, exposures), exposures)
        }
    }
}

/// What exposures cost, in whole minor units.
fn cost(model: &Model, exposures: u64) -> i64 {
    model.price.map_or(0, |price| minor(exposures as f64 * price + 1e-6))
}

/// What a period's exposures bring under stated rates.
#[expect(
    clippy::too_many_arguments,
    reason = "the parts of one cell, passed apart because the market borrows them apart"
)]
fn bring(
    model: &Model,
    calendar: &Calendar,
    arm: usize,
    period: usize,
    cell: &Cell,
    key: ArmKey,
    rng: &mut Pcg64Mcg,
    brought: &mut Vec<Brought>,
) {
    if cell.exposures == 0 {
        return;
    }
    let exposure = cell.exposures as f64;
    let noise = match model.day_noise {
        variance if variance > 0.0 => Gamma::new(1.0 / variance, variance)
            .map_or(1.0, |law| law.sample(&mut key.stream(Purpose::Noise, calendar.day_index(period)))),
        _ => 1.0,
    };
    let truth = &model.arms[arm];
    // With rows that differ, draw how many exposures brought anything, then which rows they are like.
    let rate = truth.bootstrap.as_ref().map_or(truth.rate, |(chance, _)| *chance);
    let mean = rate * model.effective(calendar, period, exposure) * model.demand(calendar, period) * noise;
    let hits = if model.per != Per::Spend && rate <= 1.0 {
        binomial(cell.exposures, mean / exposure, rng)
    } else {
        Poisson::new(mean.min(GOALS_MAX)).map_or(0, |law| count(law.sample(rng)))
    };
    if hits == 0 {
        return;
    }
    if let Some((_, marks)) = &truth.bootstrap {
        let mut which = key.stream(Purpose::Value, period);
        brought.extend((0..hits).map(|_| {
            let mark = marks[which.random_range(0..marks.len())];
            Brought::one(mark.goals, mark.value)
        }));
    } else if let Some(law) = model.value {
        let mut values = key.stream(Purpose::Value, period);
        brought.extend((0..hits).map(|_| Brought::one(1, law.sample(&mut values))));
    } else {
        brought.push(Brought::plain(hits));
    }
}
