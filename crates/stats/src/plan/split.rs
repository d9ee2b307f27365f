//! A month's budget over the experiments that are proposed, by expected gain.
//!
//! An experiment of budget b with K arms buys b/c goals at cost c and learns which arm is best. What it brings is
//!
//! ```text
//! G(b) = v·b/c  +  v·(F/c)·[ exp( d_K·(τ²/2)/√(τ²/2 + s²(b)) ) − 1 ],     s²(b) = K·c/b + φ/days
//! ```
//!
//! the value v of its goals, and the better goals that the future spend F in this place brings because the winner is known
//! ([`outlook`](super::outlook()) has the derivation of the exponent). Each experiment gets nothing, or a budget from its least to its
//! most; the sum is at most the total. Over budgets in whole steps the best split is found exactly, by dynamic programming over
//! experiments; nothing is assumed about the shape of G.

use super::expected_best;
use crate::StatsError;

/// The most steps the total is cut into.
const STEPS_MAX: u64 = 2000;

/// An experiment that is proposed. Money in minor units of one currency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proposal {
    /// Arms, from 2 to 50.
    pub arms: usize,
    /// What a goal costs at present, above 0.
    pub cost_per_goal: f64,
    /// What a goal is worth, not negative.
    pub value_per_goal: f64,
    /// Standard deviation τ of the log ratio of two arms, as learned.
    pub prior_sd: f64,
    /// Variance φ of day noise, as learned.
    pub day_noise: f64,
    /// Days of the month.
    pub days: u32,
    /// Money that will be spent here after the month, with what was learned; not negative.
    pub future_spend: f64,
    /// With less than this it is not started: what it needs not to be hopeless.
    pub least: u64,
    /// It cannot use more than this.
    pub most: u64,
}

impl Proposal {
    /// (value of the goals bought, value of what is learned) at a budget.
    fn gain(&self, budget: u64) -> (f64, f64) {
        if budget == 0 {
            return (0.0, 0.0);
        }
        let goals = budget as f64 / self.cost_per_goal;
        let spread = 0.5 * self.prior_sd * self.prior_sd;
        let error = self.arms as f64 / goals + self.day_noise / f64::from(self.days);
        let lift = expected_best(self.arms) * spread / (spread + error).sqrt();
        let future = self.future_spend / self.cost_per_goal;
        (self.value_per_goal * goals, self.value_per_goal * future * lift.exp_m1())
    }

    fn check(&self) -> Result<(), StatsError> {
        let domain = |what, value, expected| Err(StatsError::Domain { what, value, expected });
        if !(2..=50).contains(&self.arms) {
            return domain("the number of arms", self.arms as f64, "from 2 to 50");
        }
        if !(self.cost_per_goal > 0.0 && self.cost_per_goal.is_finite()) {
            return domain("the cost per goal", self.cost_per_goal, "a number above 0");
        }
        if !(self.prior_sd > 0.0 && self.prior_sd <= 20.0) {
            return domain("the prior's standard deviation", self.prior_sd, "a number above 0 and up to 20");
        }
        if !(0.0..=1.5).contains(&self.day_noise) {
            return domain("the day noise", self.day_noise, "a variance from 0 to 1.5");
        }
        if self.days == 0 {
            return domain("the number of days", 0.0, "at least 1");
        }
        for (what, value) in
            [("the value per goal", self.value_per_goal), ("the future spend", self.future_spend)]
        {
            if !(value >= 0.0 && value.is_finite()) {
                return domain(what, value, "a number from 0");
            }
        }
        if self.least > self.most {
            return domain("the least budget", self.least as f64, "at most the largest one");
        }
        Ok(())
    }
}

/// Why an experiment got what it got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// All that it can use.
    Full,
    /// So much that another step is worth more elsewhere, or there is none.
    Balanced,
    /// Its least budget is more than the total.
    CannotStart,
    /// Its least budget brings more elsewhere.
    BetterElsewhere,
}

/// One experiment's part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// Its budget in minor units; 0 if it should wait.
    pub budget: u64,
    /// Value of the goals that the budget buys.
    pub goals_value: f64,
    /// Value of knowing the winner afterwards.
    pub learning_value: f64,
    /// What one more minor unit would bring here; `None` where it cannot be used.
    pub marginal: Option<f64>,
    /// Why.
    pub reason: Reason,
}

/// Splits `total` minor units over the proposals so that the sum of G is largest, in whole steps.
///
/// `step` is rounded up so that the total is cut into at most 2000. Money that no proposal can use is left over. Ties go to the earlier
/// proposal. Cost: proposals × steps². Guarantee: `model`.
///
/// # Errors
/// A proposal outside its domain, a step of 0.
///
/// ```
/// use gevinst_stats::plan::{split_budget, Proposal, Reason};
/// let base = Proposal {
///     arms: 4, cost_per_goal: 60_000.0, value_per_goal: 180_000.0, prior_sd: 0.4, day_noise: 0.05, days: 30,
///     future_spend: 10_000_000.0, least: 1_000_000, most: 8_000_000,
/// };
/// let dear = Proposal { cost_per_goal: 150_000.0, ..base };
/// let shares = split_budget(&[base, dear], 9_000_000, 100_000)?;
/// assert_eq!((shares[0].budget, shares[0].reason), (8_000_000, Reason::Full));
/// assert_eq!((shares[1].budget, shares[1].reason), (1_000_000, Reason::Balanced));
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
pub fn split_budget(proposals: &[Proposal], total: u64, step: u64) -> Result<Vec<Share>, StatsError> {
    if step == 0 {
        return Err(StatsError::Domain { what: "the step", value: 0.0, expected: "at least one minor unit" });
    }
    for proposal in proposals {
        proposal.check()?;
    }
    let step = step.max(total.div_ceil(STEPS_MAX));
    let steps = usize::try_from(total / step).unwrap_or(usize::MAX);
    // best[i][m]: the largest sum over proposals from i on with m steps, and how many steps i takes for it.
    let mut best = vec![vec![(0.0, 0_usize); steps + 1]; proposals.len() + 1];
    for (i, proposal) in proposals.iter().enumerate().rev() {
        let usable: Vec<(usize, f64)> = (1..=steps)
            .map(|m| (m, m as u64 * step))
            .filter(|&(_, budget)| (proposal.least..=proposal.most).contains(&budget))
            .map(|(m, budget)| {
                let (goals, learning) = proposal.gain(budget);
                (m, goals + learning)
            })
            .collect();
        for m in 0..=steps {
            let mut choice = (best[i + 1][m].0, 0);
            for &(used, gain) in usable.iter().take_while(|&&(used, _)| used <= m) {
                let sum = gain + best[i + 1][m - used].0;
                if sum > choice.0 {
                    choice = (sum, used);
                }
            }
            best[i][m] = choice;
        }
    }
    let mut left = steps;
    let mut shares = Vec::with_capacity(proposals.len());
    for (i, proposal) in proposals.iter().enumerate() {
        let used = best[i][left].1;
        left -= used;
        let budget = used as u64 * step;
        let (goals_value, learning_value) = proposal.gain(budget);
        let can_grow = budget + step <= proposal.most;
        let reason = match (budget, can_grow) {
            (0, _) if proposal.least.div_ceil(step).max(1) * step > total => Reason::CannotStart,
            (0, _) => Reason::BetterElsewhere,
            (_, true) => Reason::Balanced,
            (_, false) => Reason::Full,
        };
        let marginal = (can_grow && budget > 0).then(|| {
            let (goals, learning) = proposal.gain(budget + step);
            (goals + learning - goals_value - learning_value) / step as f64
        });
        shares.push(Share { budget, goals_value, learning_value, marginal, reason });
    }
    Ok(shares)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn base() -> Proposal {
        Proposal {
            arms: 3,
            cost_per_goal: 50_000.0,
            value_per_goal: 60_000.0,
            prior_sd: 0.4,
            day_noise: 0.05,
            days: 30,
            future_spend: 5_000_000.0,
            least: 0,
            most: u64::MAX,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Protects money: the total is never exceeded, limits are kept, and no other split in the same steps brings more.
        #[test]
        fn split_is_the_best_of_all(
            costs in prop::collection::vec(10_000.0..200_000.0f64, 3),
            least in prop::collection::vec(0u64..6, 3),
            room in prop::collection::vec(0u64..6, 3),
            total in 0u64..12,
        ) {
            let unit = 500_000;
            let proposals: Vec<Proposal> = (0..3)
                .map(|i| Proposal { cost_per_goal: costs[i], least: least[i] * unit, most: (least[i] + room[i]) * unit, ..base() })
                .collect();
            let shares = split_budget(&proposals, total * unit, unit).unwrap();
            let allowed = |i: usize, m: u64| m == 0 || (least[i]..=least[i] + room[i]).contains(&m);
            let value = |i: usize, m: u64| { let g = proposals[i].gain(m * unit); g.0 + g.1 };
            let found: f64 = shares.iter().map(|s| s.goals_value + s.learning_value).sum();
            prop_assert!(shares.iter().map(|s| s.budget).sum::<u64>() <= total * unit);
            for (i, share) in shares.iter().enumerate() {
                prop_assert!(allowed(i, share.budget / unit) && share.budget % unit == 0);
            }
            let mut best = 0.0_f64;
            for x in 0..=total { for y in 0..=total - x { for z in 0..=total - x - y {
                if allowed(0, x) && allowed(1, y) && allowed(2, z) {
                    best = best.max(value(0, x) + value(1, y) + value(2, z));
                }
            }}}
            prop_assert!((found - best).abs() <= 1e-9 * best.max(1.0), "{found} for {best}");
        }
    }

    /// Protects the reasons given and the ends: nothing to split, too little to start, huge totals.
    #[test]
    fn reasons_are_told() {
        assert_eq!(split_budget(&[], 100, 1).unwrap(), []);
        let dear = Proposal { least: 2_000_000, ..base() };
        assert_eq!(split_budget(&[dear], 1_000_000, 1000).unwrap()[0].reason, Reason::CannotStart);
        let worthless = Proposal { value_per_goal: 0.0, ..base() };
        let shares = split_budget(&[worthless, base()], 1_000_000, 1000).unwrap();
        assert_eq!((shares[0].reason, shares[1].reason), (Reason::BetterElsewhere, Reason::Balanced));
        assert_eq!(shares[1].budget, 1_000_000);
        assert!(split_budget(&[base()], u64::MAX / 2, 1).unwrap()[0].budget > 0);
        assert!(split_budget(&[base()], 10, 0).is_err());
    }
}
