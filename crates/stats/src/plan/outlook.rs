//! What `check` says about one experiment: what it can show, when, at what cost, and whether that is worth starting.

use super::{Design, Power, detectable_ratio, power};
use crate::StatsError;
use crate::special::{composite_rule, ln_normal_cdf, normal_pdf, normal_quantile};

/// Below this many goals in the whole month nothing can be told.
const GOALS_MIN: f64 = 8.0;
/// Below this chance to drop any loser, over the ratios that are usual, an experiment is hopeless.
const CHANCE_MIN: f64 = 0.1;

/// Why an experiment is hopeless.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Hopeless {
    /// So few goals that no ratio could be told.
    TooFewGoals {
        /// Goals expected in the month.
        goals: f64,
    },
    /// Even with a losing arm among them, at the ratios that are usual, the month would almost never show it.
    TooLittleChance {
        /// The chance.
        chance: f64,
        /// The ratio that would be seen in 80 of 100 months; `None` above 20.
        detectable_ratio: Option<f64>,
    },
}

/// What a design can show.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// Goals expected in the month, over all arms.
    pub goals: f64,
    /// Money spent in the month, in the design's unit.
    pub spend: f64,
    /// The ratio of the best arm to the others at which a loser is dropped in 80 of 100 months; `None` above 20.
    pub detectable_ratio: Option<f64>,
    /// Chance to drop a losing arm, averaged over the ratios that the prior holds usual.
    pub chance: f64,
    /// Mean day of that, counting the last day where nothing is dropped.
    pub expected_day: f64,
    /// Money spent until that day.
    pub expected_spend: f64,
    /// Expected loss of choosing the arm that looks best at the month's end, as a share of the goals the best would bring.
    pub expected_loss: f64,
    /// Expected gain of choosing it over an even split, as a share of the even split's goals.
    pub expected_gain: f64,
    /// Why it should not be started, if so.
    pub hopeless: Option<Hopeless>,
}

/// What a design can show, and whether it is hopeless.
///
/// * `chance` and `expected_day` average [`power`] over |ln ratio| ~ half-normal with the prior's τ: the pairs that are usual.
/// * `expected_gain` and `expected_loss` are of the best of K arms with true log rates N(0, τ²/2), each measured with variance
///   s² = K/goals + φ/days: the arm that looks best is truly d_K·(τ²/2)/√(τ²/2 + s²) above the mean, the best one
///   d_K·√(τ²/2), d_K the mean of the largest of K standard normals (Raiffa & Schlaifer 1961, preposterior analysis).
/// * Hopeless: fewer than 8 goals in the month, or a chance under 0.1.
///
/// # Errors
/// A design outside its domain.
///
/// ```
/// use gevinst_stats::plan::{outlook, Design, Hopeless};
/// let weak = outlook(&Design { goals_per_day: 0.2, spend_per_day: 900.0, ..Design::default() })?;
/// assert!(matches!(weak.hopeless, Some(Hopeless::TooFewGoals { .. })));
/// let sound = outlook(&Design { goals_per_day: 20.0, ..Design::default() })?;
/// assert!(sound.hopeless.is_none() && sound.detectable_ratio.unwrap() < 1.45);
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
pub fn outlook(design: &Design) -> Result<Outlook, StatsError> {
    design.check()?;
    let days = f64::from(design.days);
    let goals = design.goals_per_day * days;
    let (mut chance, mut expected_day) = (0.0, 0.0);
    // Six equally likely parts of the half-normal law, each by its median.
    for part in 0..6 {
        let quantile = normal_quantile(0.5 + 0.5 * f64::from(2 * part + 1) / 12.0);
        let Power { chance: at, expected_day: day, .. } =
            power(design, (quantile * design.prior_sd).exp().min(1000.0))?;
        chance += at / 6.0;
        expected_day += day / 6.0;
    }
    let arms = design.arms as f64;
    let spread = 0.5 * design.prior_sd * design.prior_sd;
    let error = arms / goals + design.day_noise / days;
    let best = expected_best(design.arms) * spread.sqrt();
    let chosen = best * (spread / (spread + error)).sqrt();
    let detectable = detectable_ratio(design, 0.8)?;
    let hopeless = if goals < GOALS_MIN {
        Some(Hopeless::TooFewGoals { goals })
    } else if chance < CHANCE_MIN {
        Some(Hopeless::TooLittleChance { chance, detectable_ratio: detectable })
    } else {
        None
    };
    Ok(Outlook {
        goals,
        spend: design.spend_per_day * days,
        detectable_ratio: detectable,
        chance,
        expected_day,
        expected_spend: design.spend_per_day * expected_day,
        expected_loss: -(chosen - best).exp_m1(),
        expected_gain: chosen.exp_m1(),
        hopeless,
    })
}

/// d_K: the mean of the largest of K independent standard normals.
///
/// ∫ x·K·φ(x)·Φ(x)^(K−1) dx, by Gauss–Legendre. Reference values (Harter 1961): d_2 = 0.56419, d_4 = 1.02938, d_10 = 1.53875.
///
/// ```
/// use gevinst_stats::plan::expected_best;
/// assert!((expected_best(2) - 0.5641896).abs() < 1e-7);
/// assert!((expected_best(4) - 1.0293754).abs() < 1e-7);
/// assert!((expected_best(10) - 1.5387527).abs() < 1e-7);
/// assert_eq!(expected_best(1), 0.0);
/// ```
pub fn expected_best(arms: usize) -> f64 {
    if arms < 2 {
        return 0.0;
    }
    let k = arms as f64;
    let density = |x: f64| k * normal_pdf(x) * ((k - 1.0) * ln_normal_cdf(x)).exp();
    composite_rule(-9.0, 10.0, 19).iter().map(|&(x, w)| w * x * density(x)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the advice: more money shows more, costs more, and loses less.
    #[test]
    fn more_money_shows_more() {
        let at = |goals: f64| {
            outlook(&Design {
                goals_per_day: goals,
                spend_per_day: 500.0 * goals,
                arms: 4,
                ..Design::default()
            })
            .unwrap()
        };
        let (few, many) = (at(3.0), at(30.0));
        assert!(many.chance > few.chance && many.expected_day < few.expected_day);
        assert!(many.detectable_ratio.unwrap() < few.detectable_ratio.unwrap());
        assert!(many.expected_loss < few.expected_loss && many.expected_gain > few.expected_gain);
        assert!((few.spend - 45_000.0).abs() < 1e-9 && few.expected_spend <= few.spend);
        assert!(matches!(at(0.5).hopeless, Some(Hopeless::TooLittleChance { .. })), "{:?}", at(0.5));
    }
}
