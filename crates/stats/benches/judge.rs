//! What a look costs: the figures that a month of rehearsals is made of.
//!
//! `cargo bench -p gevinst-stats --bench judge`

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a simulation whose numbers are all in range"
)]

use divan::{Bencher, black_box};
use gevinst_stats::allocate::{Limits, Request, Rule, shares};
use gevinst_stats::judgement::{Detail, Judge, Settings, judge};
use gevinst_stats::table::{Cell, CountTable};
use rand::SeedableRng;
use rand_distr::{Distribution, Exp, Gamma, Poisson};
use rand_pcg::Pcg64Mcg;

fn main() {
    divan::main();
}

const WEEK: [f64; 7] = [1.0, 1.1, 1.1, 1.0, 0.8, 0.4, 0.35];

/// Goals of one arm and day, by the day on which they arrive.
fn arrivals(mean: f64, noise: f64, delay: f64, day: usize, days: usize, rng: &mut Pcg64Mcg) -> Vec<usize> {
    let factor = if noise > 0.0 { Gamma::new(1.0 / noise, noise).unwrap().sample(rng) } else { 1.0 };
    let mean: f64 = mean * factor;
    if mean <= 0.0 {
        return Vec::new();
    }
    let goals: f64 = Poisson::new(mean).unwrap().sample(rng);
    (0..goals as u64)
        .filter_map(|_| {
            let late = if delay > 0.0 { Exp::new(1.0 / delay).unwrap().sample(rng) } else { 0.0 };
            let day = day + late as usize;
            (day < days).then_some(day)
        })
        .collect()
}

/// A month of daily looks, with `earn`-like moves in between; returns the last shares.
fn month(goals_a_day: f64, delay: f64, detail: Detail, seed: u64) -> Vec<f64> {
    const DAYS: usize = 30;
    let rates = [1.0, 1.2, 0.9, 1.35];
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let mut judge = Judge::new(Settings { detail, ..Settings::default() }).unwrap();
    let mut table = CountTable::new(4).unwrap();
    let mut split = vec![0.25; 4];
    let mut due = vec![Vec::new(); DAYS];
    for day in 0..DAYS {
        let row: Vec<_> = split.iter().map(|s| Some(Cell { exposure: 1_000.0 * s, count: 0 })).collect();
        table.push_period(&row).unwrap();
        for (arm, rate) in rates.iter().enumerate() {
            let mean = goals_a_day * split[arm] * rate * WEEK[day % 7];
            for arrival in arrivals(mean, 0.1, delay, day, DAYS, &mut rng) {
                due[arrival].push((day, arm));
            }
        }
        for (cohort, arm) in std::mem::take(&mut due[day]) {
            let mut row = table.period(cohort).to_vec();
            row[arm].as_mut().unwrap().count += 1;
            table.set_period(cohort, &row).unwrap();
        }
        let look = judge.look(&table).unwrap();
        let p_best: Vec<f64> = look.arms.iter().map(|a| a.p_best).collect();
        let request = Request {
            rule: Rule::Balanced,
            p_best: &p_best,
            alive: &[true; 4],
            previous: &split,
            elapsed: day as f64 / DAYS as f64,
        };
        split = shares(&request, &Limits::default()).unwrap();
    }
    split
}

/// One month of four arms: 30 looks with chances and shares.
#[divan::bench(args = [8.0, 20.0, 40.0, 100.0], sample_count = 30)]
fn month_of_looks(goals_a_day: f64) -> Vec<f64> {
    month(black_box(goals_a_day), 0.0, Detail::Evidence, 7)
}

/// The same with goals that arrive three days late on average, so that a look restates about a week of cohorts.
#[divan::bench(args = [8.0, 40.0], sample_count = 30)]
fn month_of_looks_with_late_goals(goals_a_day: f64) -> Vec<f64> {
    month(black_box(goals_a_day), 3.0, Detail::Evidence, 7)
}

/// The same with confidence sequences, as tie rules need them.
#[divan::bench(args = [8.0, 40.0], sample_count = 30)]
fn month_of_looks_with_sequences(goals_a_day: f64) -> Vec<f64> {
    month(black_box(goals_a_day), 0.0, Detail::Decisions { tie_within: 0.1, wrongly_drop_best: 0.05 }, 7)
}

fn hourly(arms: usize, periods: usize, goals_an_hour: f64) -> CountTable {
    let mut rng = Pcg64Mcg::seed_from_u64(11);
    let mut table = CountTable::new(arms).unwrap();
    for u in 0..periods {
        let row: Vec<_> = (0..arms)
            .map(|a| {
                let exposure = 50.0 + ((u * 7 + a * 13) % 40) as f64;
                let wave = WEEK[(u / 24) % 7] * (1.0 + 0.5 * (u as f64 / 24.0 * std::f64::consts::TAU).sin());
                let mean: f64 = goals_an_hour * exposure / 70.0 * wave * (1.0 + 0.02 * a as f64);
                let count: f64 = Poisson::new(mean).unwrap().sample(&mut rng);
                Some(Cell { exposure, count: count as u64 })
            })
            .collect();
        table.push_period(&row).unwrap();
    }
    table
}

/// Twelve arms by 720 hours from nothing, intervals included; the argument is goals per arm and hour.
#[divan::bench(args = [0.2, 2.0, 20.0], sample_count = 10)]
fn cold_twelve_arms_720_hours(bencher: Bencher, goals: f64) {
    let table = hourly(12, 720, goals);
    bencher.bench(|| judge(black_box(&table), &Settings::default()).unwrap());
}

/// How the cost grows: linear in periods …
#[divan::bench(args = [90, 180, 360, 720], sample_count = 10)]
fn cold_by_periods(bencher: Bencher, periods: usize) {
    let table = hourly(6, periods, 2.0);
    bencher.bench(|| judge(black_box(&table), &Settings::default()).unwrap());
}

/// … and at most quadratic in arms: 3, 15 and 66 pairs.
#[divan::bench(args = [3, 6, 12], sample_count = 10)]
fn cold_by_arms(bencher: Bencher, arms: usize) {
    let table = hourly(arms, 360, 2.0);
    bencher.bench(|| judge(black_box(&table), &Settings::default()).unwrap());
}

/// One more hour for a judge that keeps running tables, as rehearsed months do.
#[divan::bench(args = [0.2, 2.0, 20.0], sample_count = 10)]
fn one_more_hour_of_twelve_arms_for_decisions(bencher: Bencher, goals: f64) {
    let full = hourly(12, 720, goals);
    let detail = Detail::Decisions { tie_within: 0.1, wrongly_drop_best: 0.05 };
    let mut judge = Judge::new(Settings { detail, ..Settings::default() }).unwrap();
    let mut before = CountTable::new(12).unwrap();
    for u in 0..719 {
        before.push_period(full.period(u)).unwrap();
    }
    judge.look(&before).unwrap();
    bencher.with_inputs(|| judge.clone()).bench_values(|mut judge| judge.look(black_box(&full)).unwrap());
}
