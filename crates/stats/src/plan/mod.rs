//! What a month's money can show, before any of it is spent.
//!
//! * [`power`]: the chance that a losing arm is dropped, day by day, by a normal approximation of the very test that the judge
//!   makes, mixture over day noise included; [`simulate`]: the same by playing months through the judge itself.
//! * [`detectable_ratio`]: how much better one arm must be to be told apart with a stated chance.
//! * [`goals_of_people`], [`goals_of_values`]: lists and values in goals, so that the same plans serve them.
//! * [`outlook`]: all that `check` says about an experiment, and whether it is hopeless, with the reason.
//! * [`split_budget`]: a month's budget over the experiments that are proposed, by expected gain.
//!
//! All of it is `model`: it rests on the goals and the noise that are expected. The verdicts of the month do not.

mod crossing;
mod equivalent;
mod outlook;
mod power;
mod simulate;
mod split;

pub use equivalent::{goals_of_people, goals_of_values};
pub use outlook::{Hopeless, Outlook, expected_best, outlook};
pub use power::{Power, detectable_ratio, power};
pub use simulate::{Simulated, simulate};
pub use split::{Proposal, Reason, Share, split_budget};

use crate::StatsError;
use crate::prior::{DispersionPrior, NormalPrior};

/// A month of one experiment as planned, with budgets split evenly over the arms.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// Arms, from 2 to 50.
    pub arms: usize,
    /// Days, each read once, from 1 to 400.
    pub days: u32,
    /// Goals a day over all arms together, as expected; above 0.
    pub goals_per_day: f64,
    /// Money a day over all arms together, in any unit; not negative.
    pub spend_per_day: f64,
    /// Variance φ of the factor (mean 1) by which an arm's day is off, as expected; from 0 to 1.5.
    pub day_noise: f64,
    /// Standard deviation τ of the prior over a pair's log ratio.
    pub prior_sd: f64,
    /// Chance of ever dropping the truly best arm.
    pub alpha: f64,
    /// The prior over day noise that the judge will use; [`DispersionPrior::none`] for lists split at random.
    pub dispersion: DispersionPrior,
}

impl Default for Design {
    /// Two arms, 30 days, 4 goals a day at no cost, no noise, and the judge's own defaults.
    fn default() -> Self {
        Self {
            arms: 2,
            days: 30,
            goals_per_day: 4.0,
            spend_per_day: 0.0,
            day_noise: 0.0,
            prior_sd: NormalPrior::default().sd,
            alpha: 0.05,
            dispersion: DispersionPrior::default(),
        }
    }
}

impl Design {
    fn check(&self) -> Result<(), StatsError> {
        let domain = |what, value, expected| Err(StatsError::Domain { what, value, expected });
        if !(2..=50).contains(&self.arms) {
            return domain("the number of arms", self.arms as f64, "from 2 to 50");
        }
        if !(1..=400).contains(&self.days) {
            return domain("the number of days", f64::from(self.days), "from 1 to 400");
        }
        if !(self.goals_per_day > 0.0 && self.goals_per_day <= 1e12) {
            return domain("the goals a day", self.goals_per_day, "a number above 0 and up to 1e12");
        }
        if !(self.spend_per_day >= 0.0 && self.spend_per_day.is_finite()) {
            return domain("the spend a day", self.spend_per_day, "a number from 0");
        }
        if !(0.0..=1.5).contains(&self.day_noise) {
            return domain("the day noise", self.day_noise, "a variance from 0 to 1.5");
        }
        if !(self.alpha > 0.0 && self.alpha < 1.0) {
            return domain("alpha", self.alpha, "a number between 0 and 1");
        }
        NormalPrior::new(0.0, self.prior_sd).map(|_| ())
    }
}
