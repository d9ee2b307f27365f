//! Months of a randomised list: people, goals, splits that answer to what was seen, goals that come late.

use super::Month;
use gevinst_stats::proportion::{PeopleTable, Reading, Settings, judge, judge_pair};
use rand::{Rng, RngExt};
use rand_pcg::Pcg64Mcg;

const THRESHOLD: f64 = 20.0;

/// A valid call: the tables and settings of this file lie in the domain.
const SOUND: &str = "the simulated table is sound";

fn goals(rng: &mut impl Rng, n: u64, rate: f64) -> u64 {
    (0..n).filter(|_| rng.random::<f64>() < rate).count() as u64
}

/// Two arms at a common odds ratio; rates change by the day, the split follows the posterior.
fn two_arms(rng: &mut Pcg64Mcg, log_odds_ratio: f64) -> Month {
    let (mut people, mut reached) = (Vec::new(), Vec::new());
    let mut month = Month::default();
    let mut share = 0.5;
    for day in 0..20 {
        let noise = 0.5 + rng.random::<f64>();
        let base = [0.35, 0.25, 0.3, 0.2, 0.15, 0.06, 0.04][day % 7] * noise;
        let odds = base / (1.0 - base) * log_odds_ratio.exp();
        let n_a = if share > 0.5 { 130 } else { 50 };
        people.extend([n_a, 180 - n_a]);
        reached.extend([goals(rng, n_a, odds / (1.0 + odds)), goals(rng, 180 - n_a, base)]);
        let table = PeopleTable::new(2, people.clone(), reached.clone()).expect(SOUND);
        let pair = judge_pair(&table, 0, 1, &Settings::default()).expect(SOUND);
        share = pair.p_a_beats_b;
        if let Some(bounds) = pair.confidence {
            month.missed |= Month::outside(bounds.lower, bounds.upper, log_odds_ratio.exp());
        }
        // Arm a is never worse here, so only "b beats a" is always false.
        month.dropped |= pair.ln_e_b_beats_a >= THRESHOLD.ln();
    }
    month
}

pub(crate) fn equal_arms(rng: &mut Pcg64Mcg) -> Month {
    two_arms(rng, 0.0)
}

pub(crate) fn unequal_arms(rng: &mut Pcg64Mcg) -> Month {
    two_arms(rng, 1.5_f64.ln())
}

/// Eight arms of which one is a little better: is the best one ever dropped?
pub(crate) fn eight_arms(rng: &mut Pcg64Mcg) -> Month {
    let (mut people, mut reached) = (Vec::new(), Vec::new());
    let mut month = Month::default();
    for _ in 0..8 {
        for arm in 0..8 {
            people.push(120);
            reached.push(goals(rng, 120, if arm == 0 { 0.21 } else { 0.2 }));
        }
        let table = PeopleTable::new(8, people.clone(), reached.clone()).expect(SOUND);
        let look = judge(&table, &Settings::default()).expect(SOUND);
        month.dropped |= look.arms[0].ln_e_drop >= THRESHOLD.ln();
    }
    month
}

/// One mailing of equal arms read 40 times while its opens come in; 60 % of the people open in the end.
fn readings(rng: &mut Pcg64Mcg) -> Vec<Reading> {
    let n = 400_u64;
    let mut reached = [0_u64; 2];
    (0..40)
        .map(|_| {
            // Of those who have not opened, 2.3 % do before the next reading, in either arm.
            for arm in &mut reached {
                *arm += goals(rng, n - *arm, 0.0226);
            }
            reached.iter().map(|&s| (n, s)).collect()
        })
        .collect()
}

fn late_goals(rng: &mut Pcg64Mcg, used: fn(&[Reading]) -> &[Reading]) -> Month {
    let all = readings(rng);
    let mut month = Month::default();
    for look in 1..=all.len() {
        let table = PeopleTable::of_readings(2, &[used(&all[..look]).to_vec()]).expect(SOUND);
        let pair = judge_pair(&table, 0, 1, &Settings::default()).expect(SOUND);
        if let Some(bounds) = pair.confidence {
            month.missed |= Month::outside(bounds.lower, bounds.upper, 1.0);
        }
        month.dropped |= pair.ln_e_b_beats_a >= THRESHOLD.ln();
    }
    month
}

/// Each look reads the increments between readings, as strata.
pub(crate) fn late_goals_as_strata(rng: &mut Pcg64Mcg) -> Month {
    late_goals(rng, |seen| seen)
}

/// Each look reads the cohort as it stands.
pub(crate) fn late_goals_replaced(rng: &mut Pcg64Mcg) -> Month {
    late_goals(rng, |seen| &seen[seen.len() - 1..])
}
