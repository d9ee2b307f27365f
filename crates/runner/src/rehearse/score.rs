//! What a rehearsed month was worth, in expected goals under the market's own truths.
//!
//! Drawn goals are noisy; what a rule is to be judged by is where it put the exposure. So a month is scored by the
//! goals that its exposures should have brought, against two months that were never played: the same budget split
//! evenly all month, and the same budget always on the best arm there was.

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
        let truly_best = model.best_arms();
        let best: Vec<bool> = number.iter().map(|arm| truly_best.contains(arm)).collect();
        // Without replacement an arm has no more exposures than the file gives it.
        let replayed = stand_in.truth.data.as_ref().filter(|spec| spec.draw == Draw::WithoutReplacement);
        let data = replayed.and(model.data());
        let cap = |arm: usize| data.map_or(f64::INFINITY, |data| data.arms[number[arm]].totals.exposures);
        let mut left_even: Vec<f64> = (0..arms).map(cap).collect();
        let mut left_best = left_even.clone();
        let (mut even_goals, mut best_goals, mut even_on_losers) = (0.0, 0.0, 0.0);
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
            let mut even_today = 0.0;
            for arm in 0..arms {
                let bought = exposure(model, price, to_float(amounts[arm])).min(left_even[arm]);
                left_even[arm] -= bought;
                even_today += goals(arm, bought);
                if !best[arm] {
                    even_on_losers += to_float(amounts[arm]);
                }
            }
            even_goals += even_today;
            // All on the best arm that is there; what it cannot take goes to the next.
            let mut rest = exposure(model, price, to_float(today));
            let mut order: Vec<usize> = (0..arms).filter(|&arm| plan.arms[arm].joins <= day).collect();
            order.sort_by(|&a, &b| model.true_rate(number[b]).total_cmp(&model.true_rate(number[a])));
            let mut all_in = 0.0;
            for arm in order {
                let bought = rest.min(left_best[arm]);
                left_best[arm] -= bought;
                rest -= bought;
                all_in += goals(arm, bought);
            }
            // Where returns diminish, everything on one arm may bring less than an even split.
            best_goals += all_in.max(even_today);
        }
        Self { even_goals, best_goals, even_on_losers, best }
    }
}

#[expect(clippy::cast_precision_loss, reason = "budgets are far below 2^53")]
fn to_float(value: i64) -> f64 {
    value as f64
}
