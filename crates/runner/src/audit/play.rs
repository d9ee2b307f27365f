//! One month under a threshold rule: the market, the rule's eyes and its purse.
//!
//! Invariant: whatever the rule asks, a day's budgets stay within the day's maximum and what is left of the month.

use std::sync::Arc;

use gevinst_rehearsal::{Calendar, Market};

use super::{Freed, Metric, Pause, Side, ThresholdRule, Window, float};
use crate::Error;
use crate::allocate;
use crate::book::{Book, Total};
use crate::engine::Standing;
use crate::plan::Plan;
use crate::purse::{self, Purse};
use crate::rehearse::stand_in::StandIn;
use crate::rehearse::{month, score};

/// A month under a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleMonth {
    /// Per arm, the day (from 1) at whose end it was paused.
    pub paused_on: Vec<Option<usize>>,
    /// Per arm, its sums.
    pub totals: Vec<Total>,
    /// Goals that the exposures should have brought.
    pub expected_goals: f64,
}

/// Plays one month under the rule; arms in `spared` are never paused.
///
/// # Errors
/// When the stand-in market refuses a command.
pub fn play(
    plan: &Plan,
    rule: &ThresholdRule,
    stand_in: &StandIn,
    calendar: &Arc<Calendar>,
    seed: u64,
    spared: &[bool],
) -> Result<RuleMonth, Error> {
    let name = plan.experiment.name.as_str();
    let arms = plan.arms.len();
    let number = score::market_arms(plan, &stand_in.model);
    let mut arm_of = vec![0; arms];
    for (arm, &market_arm) in number.iter().enumerate() {
        arm_of[market_arm] = arm;
    }
    let mut market = Market::new(Arc::clone(&stand_in.model), name, seed, Arc::clone(calendar));
    let mut book = Book::new(plan.periods.len(), arms);
    let mut weights = vec![1.0_f64; arms];
    let mut paused_on = vec![None; arms];
    let mut commanded: Vec<Option<i64>> = vec![None; arms];
    let mut seqs = vec![0_u64; arms];
    let mut rows = Vec::new();
    let refused = |source| Error::Rehearsal { experiment: name.to_owned(), source: Box::new(source) };
    for (now_us, periods, closing) in month::moments(plan) {
        if periods > 0 {
            rows.clear();
            market.observe(plan.start_us(), plan.periods[periods - 1].end_us, now_us, &mut rows);
            month::fill(&mut book, &rows, &arm_of);
        }
        // At the close there is nothing left to pause.
        if !closing {
            for arm in (0..arms).filter(|&arm| periods > plan.arms[arm].joins) {
                if paused_on[arm].is_some() {
                    continue;
                }
                let seen = |window| Seen::of(&book, arm, window, plan.arms[arm].joins, periods);
                if !spared[arm] && rule.pauses.iter().any(|pause| seen(pause.window).pauses(pause)) {
                    paused_on[arm] = Some(periods);
                } else if let Some(scale) = &rule.scale {
                    let seen = seen(scale.window);
                    if seen.goals > 0.0 && seen.spend / seen.goals < scale.below {
                        // Weights only matter relative to each other and to the caps; bounded, so that no month overflows.
                        weights[arm] = (weights[arm] * scale.factor).clamp(1e-6, 1e6);
                    }
                }
            }
        }
        let spent = allocate::spent(plan, &book);
        let amounts = amounts(plan, rule.freed, &weights, &paused_on, spent, plan.period_at(now_us));
        for (arm, &daily) in amounts.iter().enumerate() {
            if commanded[arm].unwrap_or(0) != daily {
                seqs[arm] += 1;
                market.apply(number[arm], seqs[arm], daily, daily == 0, now_us).map_err(refused)?;
                commanded[arm] = Some(daily);
            }
        }
    }
    let standing = Standing::new(plan);
    let outcome = month::outcome(stand_in, calendar, &number, &book, &standing, &paused_on);
    Ok(RuleMonth {
        paused_on,
        totals: outcome.arms.iter().map(|arm| arm.total).collect(),
        expected_goals: outcome.expected_goals,
    })
}

/// A day's budgets: an even one for each arm that is there, times what the rule multiplied it by, within every cap.
pub(super) fn amounts(
    plan: &Plan,
    freed: Freed,
    weights: &[f64],
    paused_on: &[Option<usize>],
    spent: i64,
    day: Option<usize>,
) -> Vec<i64> {
    let Some(day) = day else { return vec![0; weights.len()] };
    let purse = Purse {
        total: plan.total(),
        daily_max: plan.daily_max(),
        spent_at_worst: spent,
        days_left: u32::try_from(plan.periods.len() - day).unwrap_or(u32::MAX),
    };
    let begun = |arm: usize| plan.arms[arm].joins <= day;
    let runs = |arm: usize| begun(arm) && paused_on[arm].is_none();
    let wanted: Vec<f64> = (0..weights.len()).map(|arm| if runs(arm) { weights[arm] } else { 0.0 }).collect();
    let sum: f64 = wanted.iter().sum();
    if sum <= 0.0 {
        return vec![0; weights.len()];
    }
    let (pool, whole) = match freed {
        Freed::Others => (purse.today(), sum),
        Freed::Unspent => {
            // Each arm's own even budget at the pace of the whole month; what scaling asks beyond the caps is cut alike for all.
            let there =
                float(i64::try_from((0..weights.len()).filter(|&arm| begun(arm)).count()).unwrap_or(1));
            let pace = float(plan.total()) / float(i64::try_from(plan.periods.len()).unwrap_or(30));
            let most = float(plan.daily_max().min((plan.total() - spent).max(0)));
            let asked = (pace * sum / there).min(most);
            (floor(asked), sum)
        }
    };
    let shares: Vec<f64> = wanted.iter().map(|weight| weight / whole).collect();
    purse::split(pool, &shares, plan.step(1))
}

/// What a rule sees of one arm.
pub(super) struct Seen {
    pub(super) spend: f64,
    pub(super) exposure: f64,
    pub(super) goals: f64,
}

impl Seen {
    pub(super) fn of(book: &Book, arm: usize, window: Window, joins: usize, periods: usize) -> Self {
        let first = match window {
            Window::All => joins,
            Window::Days(days) => periods.saturating_sub(days).max(joins),
        };
        let mut seen = Self { spend: 0.0, exposure: 0.0, goals: 0.0 };
        for period in first..periods {
            let cell = book.cell(period, arm);
            seen.spend += float(cell.spend_minor);
            seen.exposure += cell.exposure.unwrap_or(0.0);
            seen.goals += float(i64::try_from(cell.goals).unwrap_or(i64::MAX));
        }
        seen
    }

    pub(super) fn pauses(&self, pause: &Pause) -> bool {
        if self.spend < float(pause.minimum_spend) {
            return false;
        }
        let value = match pause.metric {
            Metric::CostPerGoal if self.spend <= 0.0 => return false,
            Metric::CostPerGoal if self.goals <= 0.0 => f64::INFINITY,
            Metric::CostPerGoal => self.spend / self.goals,
            Metric::Goals => self.goals,
            Metric::Rate if self.exposure <= 0.0 => return false,
            Metric::Rate => self.goals / self.exposure,
        };
        match pause.side {
            Side::Above => value > pause.limit,
            Side::Below => value < pause.limit,
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a part of a budget, far below 2^53")]
fn floor(value: f64) -> i64 {
    value.floor() as i64
}
