//! How long the stand-in market takes: a thousand months of four arms and thirty days, everything known looked at every
//! day, and the reading of a data file's worth of rows.
//!
//! `cargo bench -p gevinst-rehearsal` prints a table. Figures of the last measurement are in [`thousand_months`].

use std::sync::Arc;

use gevinst_rehearsal::{Calendar, Grain, Market, Model, Per, Restate, Truth};

const DAY_US: i64 = 86_400_000_000;

fn main() {
    divan::main();
}

/// Four arms; `late` adds a week's wave, day noise, a delay of three days and restated days.
fn model(goals_per_day: f64, late: bool) -> Arc<Model> {
    let mut truth = Truth::of_arms(Per::Spend, [("a", 1.0), ("b", 1.2), ("c", 0.8), ("d", 0.9)]);
    truth.daily_budget = Some(250_000);
    truth.goals_per_day = Some(goals_per_day);
    if late {
        truth.weekdays = [1.0, 1.1, 1.1, 1.0, 0.8, 0.4, 0.35];
        truth.day_noise = 0.1;
        truth.delay_us = Some(3 * DAY_US);
        truth.restate = Some(Restate { share: 0.05, factors: vec![0.9], after_us: 7 * DAY_US });
    }
    Arc::new(Model::new(&truth).expect("the truths are possible"))
}

fn month(model: &Arc<Model>, calendar: &Arc<Calendar>, seed: u64) -> u64 {
    let mut market = Market::new(Arc::clone(model), "bench", seed, Arc::clone(calendar));
    let mut rows = Vec::with_capacity(4 * 30);
    for day in 0..30 {
        let (start_us, end_us) = calendar.period(day);
        for arm in 0..4 {
            let budget = 50_000 + 1_000 * ((day as i64 * 7 + arm as i64 * 3) % 25);
            market.apply(arm, day as u64 + 1, budget, false, start_us).expect("commands in order");
        }
        rows.clear();
        market.observe(calendar.start_us(), calendar.end_us(), end_us, &mut rows);
    }
    rows.iter().map(|row| row.goals).sum()
}

/// A thousand months, one thread: launched, moved every day, and all that is known read every day.
///
/// Measured by `cargo bench -p gevinst-rehearsal --bench months` on a two-core Xeon cloud machine that was busy with
/// other builds (load 6), fastest and median of five: 8 goals a day without delay 29 and 41 ms; 8 with wave, noise, delay
/// and corrections 54 and 55 ms; 40 a day 101 and 101 ms; 1,000 a day 510 and 528 ms.
#[divan::bench(args = [(8.0, false), (8.0, true), (40.0, true), (1000.0, true)], sample_count = 5, sample_size = 1)]
fn thousand_months(bencher: divan::Bencher<'_, '_>, (goals_per_day, late): (f64, bool)) {
    let model = model(goals_per_day, late);
    let calendar = Arc::new(Calendar::month("2026-11", "Europe/Oslo", Grain::Day).expect("a month"));
    bencher.bench_local(|| (0..1_000).map(|seed| month(&model, &calendar, seed)).sum::<u64>());
}
