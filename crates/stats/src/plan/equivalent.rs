//! Lists and values in goals: how many rare goals would say as much.
//!
//! A count of g goals measures a log rate with variance 1/g. A share p of n people measures its log odds with variance
//! 1/(n·p·(1 − p)), a mean of n values its logarithm with variance (sd/mean)²/n. So each has its equivalent number of goals, and a
//! [`Design`](super::Design) with that number, [`DispersionPrior::none`](crate::prior::DispersionPrior::none) and no day noise plans
//! the exact list test and the value test as well: both read the same normal mixture in the limit.

use crate::StatsError;

/// Goals that say as much about log odds as `people` of whom a share `rate` reaches the goal: n·p·(1 − p).
///
/// The ratio planned with is then the odds ratio. Guarantee: `model`; measured in the tests against the exact list test.
///
/// # Errors
/// People not above 0; a rate outside (0, 1).
///
/// ```
/// use gevinst_stats::plan::{detectable_ratio, goals_of_people, Design};
/// use gevinst_stats::prior::DispersionPrior;
/// // 4,000 people a day for ten days, 15 % of whom visit, split in two.
/// let design = Design {
///     days: 10,
///     goals_per_day: goals_of_people(4000.0, 0.15)?,
///     dispersion: DispersionPrior::none(),
///     ..Design::default()
/// };
/// assert!(detectable_ratio(&design, 0.8)?.unwrap() < 1.15);
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
pub fn goals_of_people(people: f64, rate: f64) -> Result<f64, StatsError> {
    positive("the people", people)?;
    if !(rate > 0.0 && rate < 1.0) {
        return Err(StatsError::Domain {
            what: "the rate",
            value: rate,
            expected: "a number between 0 and 1",
        });
    }
    Ok(people * rate * (1.0 - rate))
}

/// Goals that say as much about a log mean as `people` with values of the given mean and standard deviation: n·(mean/sd)².
///
/// Guarantee: `model`.
///
/// # Errors
/// People, mean or standard deviation not above 0.
///
/// ```
/// use gevinst_stats::plan::goals_of_values;
/// // Hillstrom: 64,000 people, mean spend 1.05 dollars, standard deviation 15.0: as good as 313 orders of one size.
/// assert!((goals_of_values(64_000.0, 1.05, 15.0)? - 313.6).abs() < 0.1);
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
pub fn goals_of_values(people: f64, mean: f64, sd: f64) -> Result<f64, StatsError> {
    positive("the people", people)?;
    positive("the mean", mean)?;
    positive("the standard deviation", sd)?;
    Ok(people * (mean / sd).powi(2))
}

fn positive(what: &'static str, value: f64) -> Result<(), StatsError> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(StatsError::Domain { what, value, expected: "a number above 0" })
}

#[cfg(test)]
mod tests {
    use super::super::{Design, power};
    use super::*;
    use crate::prior::DispersionPrior;
    use crate::proportion::{PeopleTable, Settings, judge_pair};
    use crate::value::{self, ValueCell, ValueTable};
    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64Mcg;

    const DAYS: u32 = 10;
    const MONTHS: u32 = 60;

    /// Chance and mean day of first reaching E = 20, over months played by `evening`, which returns ln E after each day.
    fn played(mut month: impl FnMut() -> Vec<f64>) -> (f64, f64) {
        let (mut fired, mut days) = (0.0, 0.0);
        for _ in 0..MONTHS {
            let first = month().iter().position(|ln_e| *ln_e >= 20.0_f64.ln());
            fired += f64::from(u8::from(first.is_some()));
            days += first.map_or(f64::from(DAYS), |day| day as f64 + 1.0);
        }
        (fired / f64::from(MONTHS), days / f64::from(MONTHS))
    }

    fn check(goals: f64, ratio: f64, (chance, day): (f64, f64)) {
        let dispersion = DispersionPrior::none();
        let design = Design { days: DAYS, goals_per_day: goals, dispersion, ..Design::default() };
        let planned = power(&design, ratio).unwrap();
        let se = (chance * (1.0 - chance) / f64::from(MONTHS)).sqrt().max(0.02);
        assert!((planned.chance - chance).abs() < 0.05 + 2.0 * se, "{} for {chance} ± {se}", planned.chance);
        assert!((planned.expected_day - day).abs() < 1.5, "{} for {day}", planned.expected_day);
    }

    /// Protects plans for lists against the exact list test.
    #[test]
    fn lists_are_planned_right() {
        let mut rng = Pcg64Mcg::seed_from_u64(31);
        let odds_ratio: f64 = 1.45;
        let (p_b, n) = (0.3, 90_u64);
        let p_a = odds_ratio * p_b / (1.0 - p_b + odds_ratio * p_b);
        let found = played(|| {
            let (mut people, mut reached) = (Vec::new(), Vec::new());
            (0..DAYS)
                .map(|_| {
                    for p in [p_a, p_b] {
                        people.push(n);
                        reached.push((0..n).filter(|_| rng.random::<f64>() < p).count() as u64);
                    }
                    let table = PeopleTable::new(2, people.clone(), reached.clone()).unwrap();
                    judge_pair(&table, 0, 1, &Settings::default()).unwrap().ln_e_a_beats_b
                })
                .collect()
        });
        check(goals_of_people(2.0 * n as f64, 0.5 * (p_a + p_b)).unwrap(), odds_ratio, found);
    }

    /// Protects plans for values against the value test.
    #[test]
    fn values_are_planned_right() {
        let mut rng = Pcg64Mcg::seed_from_u64(32);
        let (ratio, n) = (1.35, 60);
        let found = played(|| {
            let mut cells = Vec::new();
            (0..DAYS)
                .map(|_| {
                    for lift in [ratio, 1.0] {
                        // Exponential values: sd = mean.
                        let values: Vec<f64> =
                            (0..n).map(|_| -lift * (1.0 - rng.random::<f64>()).ln()).collect();
                        cells.push(ValueCell::of(&values));
                    }
                    let table = ValueTable::new(2, cells.clone()).unwrap();
                    value::judge_pair(&table, 0, 1, &value::Settings::default()).unwrap().ln_e_a_beats_b
                })
                .collect()
        });
        check(goals_of_values(2.0 * f64::from(n), 1.0, 1.0).unwrap(), ratio, found);
    }
}
