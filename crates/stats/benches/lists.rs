//! What a look at a randomised list, at values and at a month's plan costs.
//!
//!     cargo bench -p gevinst-stats --bench lists
//!
//! Written down on two shared cores, the fastest of 100 samples: a list of three arms and 14 mailings 0.8 ms; four arms and 720 hours
//! 13 ms; one pair of 10^7 people each 0.08 ms; values of 12 arms and 720 hours 6.2 ms; an outlook 57 ms.

use divan::{Bencher, black_box};
use gevinst_stats::plan::{Design, outlook};
use gevinst_stats::proportion::{PeopleTable, Settings, judge};
use gevinst_stats::value::{self, ValueCell, ValueTable};

fn main() {
    divan::main();
}

/// Arms by periods of about `n` people of whom about `rate` reach the goal, by a fixed pattern.
fn list(arms: u64, periods: u64, n: u64, rate: f64) -> PeopleTable {
    let cells = (0..periods).flat_map(|u| (0..arms).map(move |a| (u, a)));
    let row = |(u, a): (u64, u64)| {
        let people = n + (7 * u + 13 * a) % 50;
        let wave = 0.85 + 0.3 * ((u * a * 31) % 17) as f64 / 17.0;
        let wanted = people as f64 * rate * wave;
        (people, (0..people).take_while(|&k| (k as f64) < wanted).count() as u64)
    };
    let (people, goals) = cells.map(row).unzip();
    PeopleTable::new(usize::try_from(arms).unwrap_or(2), people, goals).expect("the pattern is sound")
}

#[divan::bench(args = [(3, 14, 1500), (4, 720, 300), (2, 1, 10_000_000)])]
fn look_at_a_list(bencher: Bencher, (arms, periods, people): (u64, u64, u64)) {
    let table = list(arms, periods, people, if periods > 100 { 0.01 } else { 0.17 });
    bencher.bench(|| judge(black_box(&table), &Settings::default()));
}

#[divan::bench]
fn look_at_values_of_12_arms_and_720_hours(bencher: Bencher) {
    let cell = |i: u64| {
        let mean = 10.0 + (i % 12) as f64 * 0.1 + (i % 5) as f64;
        ValueCell { n: 40, sum: 40.0 * mean, sum_sq: 40.0 * (mean * mean + 150.0) }
    };
    let table = ValueTable::new(12, (0..12 * 720).map(cell).collect()).expect("the pattern is sound");
    bencher.bench(|| value::judge(black_box(&table), &value::Settings::default()));
}

#[divan::bench]
fn outlook_of_a_month(bencher: Bencher) {
    let design = Design { goals_per_day: 20.0, arms: 4, ..Design::default() };
    bencher.bench(|| outlook(black_box(&design)));
}
