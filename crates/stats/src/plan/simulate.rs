//! Power by playing months through the judge.
//!
//! A month: days with a weekday wave of mean 1, equal exposures, goals Poisson with each arm's rate times its own gamma factor of mean 1
//! and variance φ; one arm better than each of the others by the ratio ρ. Every evening the judge reads the table; the first day
//! on which the watched losing arm (the last one) has E ≥ 1/α counts. Nothing is moved between arms.

use super::Design;
use crate::StatsError;
use crate::judgement::{Detail, Judge, Settings};
use crate::pair::Levels;
use crate::table::{Cell, CountTable};
use rand::SeedableRng;
use rand_distr::{Distribution, Gamma, Poisson};
use rand_pcg::Pcg64Mcg;

/// The week, mean 1.
const WEEK: [f64; 7] = [1.17, 1.28, 1.28, 1.17, 0.94, 0.64, 0.52];

/// Power as found in simulated months.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Simulated {
    /// Share of months in which the losing arm was dropped.
    pub chance: f64,
    /// Its standard error.
    pub chance_se: f64,
    /// Mean day of dropping, counting the last day where it was not.
    pub expected_day: f64,
    /// Its standard error.
    pub day_se: f64,
    /// Share of months in which the best arm was dropped.
    pub best_dropped: f64,
}

/// Plays `months` months; the same seed gives the same months for ever (generator `Pcg64Mcg`).
///
/// Cost: about a millisecond a month for two arms at few goals; hundreds of months at `ratio` 1 check the false rate.
///
/// # Errors
/// A design outside its domain, more than 10⁶ goals a day, no months, a ratio outside [1, 1000].
///
/// ```
/// use gevinst_stats::plan::{simulate, Design};
/// let design = Design { goals_per_day: 30.0, days: 14, ..Design::default() };
/// let found = simulate(&design, 2.0, 20, 1)?;
/// assert!(found.chance > 0.9 && found.best_dropped == 0.0);
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
pub fn simulate(design: &Design, ratio: f64, months: u32, seed: u64) -> Result<Simulated, StatsError> {
    design.check()?;
    let domain = |what, value, expected| Err(StatsError::Domain { what, value, expected });
    if !(1.0..=1000.0).contains(&ratio) {
        return domain("the ratio", ratio, "from 1 to 1000");
    }
    if design.goals_per_day > 1e6 {
        return domain("the goals a day", design.goals_per_day, "at most 1e6 to be simulated");
    }
    if months == 0 {
        return Err(StatsError::Empty { what: "the list of months" });
    }
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let (mut drops, mut days, mut days_sq, mut wrong) = (0.0, 0.0, 0.0, 0.0);
    for _ in 0..months {
        let (dropped, best_dropped) = month(design, ratio, &mut rng)?;
        let day = f64::from(dropped.unwrap_or(design.days));
        drops += f64::from(u8::from(dropped.is_some()));
        days += day;
        days_sq += day * day;
        wrong += f64::from(u8::from(best_dropped));
    }
    let n = f64::from(months);
    let (chance, expected_day) = (drops / n, days / n);
    Ok(Simulated {
        chance,
        chance_se: (chance * (1.0 - chance) / n).sqrt(),
        expected_day,
        day_se: ((days_sq / n - expected_day * expected_day).max(0.0) / n).sqrt(),
        best_dropped: wrong / n,
    })
}

/// (day on which the last arm was dropped, whether the first ever was).
fn month(design: &Design, ratio: f64, rng: &mut Pcg64Mcg) -> Result<(Option<u32>, bool), StatsError> {
    let arms = design.arms;
    let loser = design.goals_per_day / (arms as f64 - 1.0 + ratio);
    let mut judge = Judge::new(Settings {
        prior_sd: design.prior_sd,
        dispersion: design.dispersion.clone(),
        levels: Levels { alpha: design.alpha, ..Levels::default() },
        detail: Detail::Evidence,
        ..Settings::default()
    })?;
    let threshold = -design.alpha.ln();
    let mut table = CountTable::new(arms)?;
    let (mut dropped, mut best_dropped) = (None, false);
    for (day, wave) in (1..=design.days).zip(WEEK.iter().cycle()) {
        let mut row = Vec::with_capacity(arms);
        for arm in 0..arms {
            let mean = loser * wave * if arm == 0 { ratio } else { 1.0 } * factor(design.day_noise, rng);
            row.push(Some(Cell { exposure: 1.0, count: poisson(mean, rng) }));
        }
        table.push_period(&row)?;
        let look = judge.look(&table)?;
        best_dropped |= look.arms[0].ln_e_drop >= threshold;
        if dropped.is_none() && look.arms[arms - 1].ln_e_drop >= threshold {
            dropped = Some(day);
            break;
        }
    }
    Ok((dropped, best_dropped))
}

fn factor(noise: f64, rng: &mut Pcg64Mcg) -> f64 {
    // The design's domain keeps both parameters positive and finite.
    if noise < 1e-9 { 1.0 } else { Gamma::new(1.0 / noise, noise).map_or(1.0, |gamma| gamma.sample(rng)) }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a Poisson draw is a whole number from 0"
)]
fn poisson(mean: f64, rng: &mut Pcg64Mcg) -> u64 {
    // A mean of 0 (a gamma factor that underflowed) is the only one refused.
    Poisson::new(mean).map_or(0, |poisson| poisson.sample(rng) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects replays: the same seed plays the same months.
    #[test]
    fn months_repeat() {
        let design = Design { goals_per_day: 10.0, day_noise: 0.1, ..Design::default() };
        assert_eq!(simulate(&design, 1.5, 5, 3).unwrap(), simulate(&design, 1.5, 5, 3).unwrap());
        assert!((WEEK.iter().sum::<f64>() / 7.0 - 1.0).abs() < 1e-9);
    }

    /// Protects the false rate where it is easiest to see: equal arms are dropped in few months (small sample).
    #[test]
    fn equal_arms_are_seldom_dropped() {
        let design = Design { goals_per_day: 20.0, ..Design::default() };
        let found = simulate(&design, 1.0, 60, 8).unwrap();
        assert!(found.chance + found.best_dropped <= 0.1, "{found:?}");
    }
}
