//! Months of values: revenue per person, per click and per krone, with long tails, late payments and noisy days.

use super::Month;
use gevinst_stats::cuped::adjust;
use gevinst_stats::paired::{PairedCell, PairedTable};
use gevinst_stats::ratio;
use gevinst_stats::value::{
    CappedSettings, Noise, Settings, ValueCell, ValuePair, ValueTable, capped_pair, judge_pair,
};
use rand::RngExt;
use rand_distr::{Distribution, Gamma, LogNormal};
use rand_pcg::Pcg64Mcg;

/// A valid call: the tables and settings of this file lie in the domain.
const SOUND: &str = "the simulated table is sound";
/// How rich each day of the week is.
const WEEK: [f64; 7] = [1.0, 1.3, 1.2, 1.0, 0.8, 0.4, 0.3];

fn day_level(day: usize) -> f64 {
    WEEK[day % 7]
}

/// Reads after each period of two arms; `truth` is the ratio of means, whose difference is known where it is 1.
fn read(cells: &[ValueCell], truth: f64, judge: impl Fn(&ValueTable) -> ValuePair) -> Month {
    let mut month = Month::default();
    for look in 1..=cells.len() / 2 {
        let table = ValueTable::new(2, cells[..2 * look].to_vec()).expect(SOUND);
        let pair = judge(&table);
        if truth == 1.0 {
            month.missed |= Month::outside(pair.lower, pair.upper, 0.0);
        }
        month.ratio_missed |= Month::outside(pair.ratio_lower, pair.ratio_upper, truth);
        month.dropped |= pair.ln_e_b_beats_a >= 20.0_f64.ln();
    }
    month
}

fn asymptotic(table: &ValueTable) -> ValuePair {
    judge_pair(table, 0, 1, &Settings::default()).expect(SOUND)
}

fn from_periods(table: &ValueTable) -> ValuePair {
    judge_pair(table, 0, 1, &Settings { noise: Noise::Periods, ..Settings::default() }).expect(SOUND)
}

/// Revenue: 2 % of the people buy, log-normally with σ = 1.2.
fn shop(rng: &mut Pcg64Mcg, n: u32, level: f64) -> Vec<f64> {
    let order = LogNormal::new(6.0, 1.2).expect(SOUND);
    let mut value = |_| if rng.random::<f64>() < 0.02 { level * order.sample(rng) } else { 0.0 };
    (0..n).map(&mut value).collect()
}

/// Few buyers with a long tail; one arm gets more people, on other days the other.
pub(crate) fn few_buyers(rng: &mut Pcg64Mcg) -> Month {
    let mut cells = Vec::new();
    for day in 0..30 {
        let n = if day % 3 == 0 { [200, 500] } else { [450, 250] };
        cells.extend(n.map(|n| ValueCell::of(&shop(rng, n, day_level(day)))));
    }
    read(&cells, 1.0, asymptotic)
}

/// Everyone has a value (scores, basket sizes); arm a is better by a fifth.
pub(crate) fn everyone(rng: &mut Pcg64Mcg) -> Month {
    let value = Gamma::new(1.5, 10.0).expect(SOUND);
    let mut cells = Vec::new();
    for day in 0..30 {
        let n = if day % 2 == 0 { [40, 20] } else { [15, 60] };
        for (arm, n) in n.into_iter().enumerate() {
            let lift = if arm == 0 { 1.2 } else { 1.0 };
            let values: Vec<f64> = (0..n).map(|_| lift * day_level(day) * value.sample(rng)).collect();
            cells.push(ValueCell::of(&values));
        }
    }
    read(&cells, 1.2, asymptotic)
}

/// The same shop, paid for over the following days: each look sees the cohorts as they stand.
pub(crate) fn late_revenue(rng: &mut Pcg64Mcg) -> Month {
    let days = 24;
    // (arm, day of exposure, day of payment, amount)
    let mut payments = Vec::new();
    for day in 0..days {
        for arm in 0..2 {
            for amount in shop(rng, 350, day_level(day)).into_iter().filter(|x| *x > 0.0) {
                let mut paid = day;
                while rng.random::<f64>() < 0.7 {
                    paid += 1;
                }
                payments.push((arm, day, paid, amount));
            }
        }
    }
    let mut month = Month::default();
    for today in 0..days {
        let mut cells = vec![ValueCell { n: 350, sum: 0.0, sum_sq: 0.0 }; 2 * (today + 1)];
        for &(arm, day, _, amount) in payments.iter().filter(|p| p.1 <= today && p.2 <= today) {
            let cell = &mut cells[2 * day + arm];
            cell.sum += amount;
            cell.sum_sq += amount * amount;
        }
        let pair = asymptotic(&ValueTable::new(2, cells).expect(SOUND));
        month.missed |= Month::outside(pair.lower, pair.upper, 0.0);
        month.ratio_missed |= Month::outside(pair.ratio_lower, pair.ratio_upper, 1.0);
        month.dropped |= pair.ln_e_b_beats_a >= 20.0_f64.ln();
    }
    month
}

/// A platform split the audience: each arm's whole day is off by a gamma factor of the given variance.
fn noisy(rng: &mut Pcg64Mcg, days: usize, variance: f64) -> Vec<ValueCell> {
    let off = Gamma::new(1.0 / variance, variance).expect(SOUND);
    let value = Gamma::new(1.5, 10.0).expect(SOUND);
    let mut cells = Vec::new();
    for day in 0..days {
        for _ in 0..2 {
            let level = day_level(day) * off.sample(rng);
            cells.push(ValueCell::of(&(0..80).map(|_| level * value.sample(rng)).collect::<Vec<_>>()));
        }
    }
    cells
}

pub(crate) fn noisy_days(rng: &mut Pcg64Mcg) -> Month {
    read(&noisy(rng, 30, 0.1), 1.0, from_periods)
}

/// Few days, each off by half.
pub(crate) fn wild_days(rng: &mut Pcg64Mcg) -> Month {
    read(&noisy(rng, 12, 0.5), 1.0, from_periods)
}

/// What happens when such days are read as if people had been randomised.
pub(crate) fn noisy_days_wrongly(rng: &mut Pcg64Mcg) -> Month {
    read(&noisy(rng, 30, 0.1), 1.0, asymptotic)
}

/// Values between 0 and 100, a fifth of them at the cap.
pub(crate) fn capped(rng: &mut Pcg64Mcg) -> Month {
    let mut cells = Vec::new();
    for day in 0..20 {
        for n in [30, 45] {
            let value = |rng: &mut Pcg64Mcg| (120.0 * day_level(day) * rng.random::<f64>()).min(100.0);
            cells.push(ValueCell::of(&(0..n).map(|_| value(rng)).collect::<Vec<_>>()));
        }
    }
    let settings = CappedSettings { cap: 100.0, expected_mean: 40.0, alpha: 0.05 };
    read(&cells, 1.0, |table| capped_pair(table, 0, 1, &settings).expect(SOUND))
}

/// Spend follows last year's spend; both arms equal.
pub(crate) fn adjusted(rng: &mut Pcg64Mcg) -> Month {
    let history = LogNormal::new(3.0, 0.8).expect(SOUND);
    let mut cells = Vec::new();
    for day in 0..20 {
        for n in [40, 60] {
            let person = |rng: &mut Pcg64Mcg| {
                let x = day_level(day) * history.sample(rng);
                (0.6 * x + 8.0 * rng.random::<f64>(), x)
            };
            cells.push(PairedCell::of(&(0..n).map(|_| person(rng)).collect::<Vec<_>>()));
        }
    }
    let mut month = Month::default();
    for look in 1..=cells.len() / 2 {
        let table = PairedTable::new(2, cells[..2 * look].to_vec()).expect(SOUND);
        let pair = asymptotic(&adjust(&table, None).expect(SOUND).table);
        month.missed |= Month::outside(pair.lower, pair.upper, 0.0);
        month.ratio_missed |= Month::outside(pair.ratio_lower, pair.ratio_upper, 1.0);
        month.dropped |= pair.ln_e_b_beats_a >= 20.0_f64.ln();
    }
    month
}

fn read_ratio(cells: &[PairedCell], truth: f64, noise: Noise) -> Month {
    let settings = Settings { noise, ..Settings::default() };
    let mut month = Month::default();
    for look in 1..=cells.len() / 2 {
        let table = PairedTable::new(2, cells[..2 * look].to_vec()).expect(SOUND);
        let pair = ratio::judge_pair(&table, 0, 1, &settings).expect(SOUND);
        month.ratio_missed |= Month::outside(pair.lower, pair.upper, truth);
        month.dropped |= pair.ln_e_b_beats_a >= 20.0_f64.ln();
    }
    month
}

/// Visitors click one to six times and earn by the click; arm a's visitors click more, which must not matter.
pub(crate) fn revenue_per_click(rng: &mut Pcg64Mcg) -> Month {
    let mut cells = Vec::new();
    for day in 0..25 {
        for (n, most) in [(70, 6.0), (50, 3.0)] {
            let visitor = |rng: &mut Pcg64Mcg| {
                let clicks = (1.0 + most * rng.random::<f64>()).floor();
                (clicks * day_level(day) * -rng.random::<f64>().max(1e-12).ln(), clicks)
            };
            cells.push(PairedCell::of(&(0..n).map(|_| visitor(rng)).collect::<Vec<_>>()));
        }
    }
    read_ratio(&cells, 1.0, Noise::People)
}

/// Revenue and spend by the day, an arm's day off by a gamma factor of variance 0.2; arm a returns 1.3 times as much.
pub(crate) fn return_on_spend(rng: &mut Pcg64Mcg) -> Month {
    let off = Gamma::new(5.0, 0.2).expect(SOUND);
    let mut cells = Vec::new();
    let mut share = 0.5;
    for day in 0..30 {
        let spend = [1000.0 * share, 1000.0 * (1.0 - share)];
        for (arm, spend) in spend.into_iter().enumerate() {
            let rate = if arm == 0 { 3.9 } else { 3.0 };
            cells.push(PairedCell::totals(rate * spend * day_level(day) * off.sample(rng), spend));
        }
        share = 0.2 + 0.6 * rng.random::<f64>();
    }
    read_ratio(&cells, 1.3, Noise::Periods)
}
