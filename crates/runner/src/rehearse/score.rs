//! What a rehearsed month was worth, in expected goals under the market's own truths.
//!
//! Drawn goals are noisy; what a rule is to be judged by is where it put the exposure. So a month is scored by the
//! goals that its exposures should have brought, against two months that were never played: the same budget split
//! evenly all month, and the same budget always on the best arm there was. Where values are judged, a goal
//! counts for what it is worth on average.

use gevinst_rehearsal::{BudgetIn, Calendar, Draw, Model, Per};

use crate::allocate::{self, Pool};
use crate::engine::Standing;
use crate::plan::Plan;

use super::stand_in::StandIn;

/// The two months that a played one is held against, in expected goals.
#[derive(Debug, Clone, PartialEq)]
pub struct Benchmark {
    /// The budget split evenly over the arms that were there.
    pub even_goals: f64,
    /// The budget always on the arm that brought most.
    pub best_goals: f64,
    /// What the goals of an even split are worth: their number where they are only counted, else minor units.
    pub even_worth: f64,
    /// The same of the budget always on the best arm.
    pub best_worth: f64,
    /// What an even split spends on arms that are not the best, in the plan's unit.
    pub even_on_losers: f64,
    /// Per arm, whether it is one of the truly best.
    pub best: Vec<bool>,
}

/// Per arm of the plan, its number in the market.
///
/// # Panics
/// When the market was made for another experiment.
#[must_use]
pub fn market_arms(plan: &Plan, model: &Model) -> Vec<usize> {
    plan.arms
        .iter()
        .map(|arm| {
            model.arm(&arm.name).expect("definitions name exactly the experiment's arms in [rehearsal]")
        })
        .collect()
}

/// Exposures that an amount of the plan's budget buys.
#[must_use]
pub fn exposure(model: &Model, price: Option<f64>, amount: f64) -> f64 {
    match (model.per(), model.budget_in(), price) {
        (Per::Spend, _, _) | (_, BudgetIn::Exposure, _) | (_, BudgetIn::Money, None) => amount,
        (_, BudgetIn::Money, Some(price)) => (amount / price).floor(),
    }
}

impl Benchmark {
    /// Works both months out, day by day, at the pace that the purse sets.
    #[must_use]
    pub fn new(plan: &Plan, stand_in: &StandIn, calendar: &Calendar) -> Self {
        let (model, price) = (&*stand_in.model, stand_in.truth.price);
        let arms = plan.arms.len();
        let number = market_arms(plan, model);
        let truly_best = stand_in.best_arms();
        let best: Vec<bool> = number.iter().map(|arm| truly_best.contains(arm)).collect();
        // Without replacement an arm has no more exposures than the file gives it.
        let replayed = stand_in.truth.data.as_ref().filter(|spec| spec.draw == Draw::WithoutReplacement);
        let data = replayed.and(model.data());
        let cap = |arm: usize| data.map_or(f64::INFINITY, |data| data.arms[number[arm]].totals.exposures);
        let mut left_even: Vec<f64> = (0..arms).map(cap).collect();
        let mut left_best = left_even.clone();
        let (mut even_goals, mut best_goals, mut even_on_losers) = (0.0, 0.0, 0.0);
        let (mut even_worth, mut best_worth) = (0.0, 0.0);
        let worth: Vec<f64> = number.iter().map(|&arm| stand_in.worth(arm)).collect();
        let rate = |arm: usize| worth[arm] * model.true_rate(number[arm]);
        let mut spent = 0_i64;
        for day in 0..plan.periods.len() {
            let mut standing = Standing::new(plan);
            standing.shares.fill(1.0);
            let pool = Pool { total: plan.total(), spent_at_worst: spent, frozen: vec![None; arms] };
            let amounts = allocate::amounts(plan, &standing, &pool, Some(day));
            let today: i64 = amounts.iter().sum();
            spent += today;
            let goals =
                |arm: usize, exposure: f64| model.expected_goals(calendar, number[arm], day, exposure);
            let (mut even_today, mut even_worth_today) = (0.0, 0.0);
            for arm in 0..arms {
                let bought = exposure(model, price, to_float(amounts[arm])).min(left_even[arm]);
                left_even[arm] -= bought;
                even_today += goals(arm, bought);
                even_worth_today += worth[arm] * goals(arm, bought);
                if !best[arm] {
                    even_on_losers += to_float(amounts[arm]);
                }
            }
            even_goals += even_today;
            even_worth += even_worth_today;
            // All on the best arm that is there; what it cannot take goes to the next.
            let mut rest = exposure(model, price, to_float(today));
            let mut order: Vec<usize> = (0..arms).filter(|&arm| plan.arms[arm].joins <= day).collect();
            order.sort_by(|&a, &b| rate(b).total_cmp(&rate(a)));
            let (mut all_in, mut all_in_worth) = (0.0, 0.0);
            for arm in order {
                let bought = rest.min(left_best[arm]);
                left_best[arm] -= bought;
                rest -= bought;
                all_in += goals(arm, bought);
                all_in_worth += worth[arm] * goals(arm, bought);
            }
            // Where returns diminish, everything on one arm may bring less than an even split.
            let spread = all_in_worth < even_worth_today;
            best_goals += if spread { even_today } else { all_in };
            best_worth += all_in_worth.max(even_worth_today);
        }
        Self { even_goals, best_goals, even_worth, best_worth, even_on_losers, best }
    }
}

#[expect(clippy::cast_precision_loss, reason = "budgets are far below 2^53")]
fn to_float(value: i64) -> f64 {
    value as f64
}
