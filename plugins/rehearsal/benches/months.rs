//! How long the stand-in market takes: a thousand months of four arms and thirty days, everything known looked at every
//! day, and the reading of a data file's worth of rows.
//!
//! `cargo bench -p gevinst-rehearsal` prints a table. Figures of the last measurement are in [`thousand_months`].

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use gevinst_rehearsal::{
    BudgetIn, Calendar, Data, DataSpec, Draw, Grain, Market, Model, Per, Restate, Truth,
};

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

/// A month whose budgets move between 50 and 75 times `scale` every day.
fn month(model: &Arc<Model>, calendar: &Arc<Calendar>, seed: u64, scale: i64) -> u64 {
    let mut market = Market::new(Arc::clone(model), "bench", seed, Arc::clone(calendar));
    let mut rows = Vec::with_capacity(4 * 30);
    for day in 0..30 {
        let (start_us, end_us) = calendar.period(day);
        for arm in 0..4 {
            let budget = scale * (50 + (day as i64 * 7 + arm as i64 * 3) % 25);
            market.apply(arm, day as u64 + 1, budget, false, start_us).expect("commands in order");
        }
        rows.clear();
        market.observe(calendar.start_us(), calendar.end_us(), end_us, &mut rows);
    }
    rows.iter().map(|row| row.goals).sum()
}

/// A thousand months, one thread: launched, moved every day, and all that is known read every day.
///
/// Measured by `cargo bench -p gevinst-rehearsal --bench months` on a two-core Xeon cloud machine, fastest of five: 8 goals
/// a day without delay 29 ms; 8 with wave, noise, delay and corrections 54 ms; 40 a day 101 ms; 1,000 a day 510 ms. With
/// ten other processes running, two to three times as much by the clock.
#[divan::bench(args = [(8.0, false), (8.0, true), (40.0, true), (1000.0, true)], sample_count = 5, sample_size = 1)]
fn thousand_months(bencher: divan::Bencher<'_, '_>, (goals_per_day, late): (f64, bool)) {
    let model = model(goals_per_day, late);
    let calendar = Arc::new(Calendar::month("2026-11", "Europe/Oslo", Grain::Day).expect("a month"));
    bencher.bench_local(|| (0..1_000).map(|seed| month(&model, &calendar, seed, 1_000)).sum::<u64>());
}

/// 64,000 rows of twelve columns through gzip, as large as the MineThatData challenge's file (4 MB of text).
///
/// Measured as above, on the busy machine: fastest of ten 23 ms, median 30 ms.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn file_of_64000_rows(bencher: divan::Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("list.csv.gz");
    let mut gzip = GzEncoder::new(std::fs::File::create(&file).expect("created"), Compression::default());
    writeln!(
        gzip,
        "recency,segment_name,history,mens,womens,zip,newbie,channel,segment,visit,conversion,spend"
    )
    .expect("written");
    for row in 0_u32..64_000 {
        let noise = row.wrapping_mul(2_654_435_761) >> 16;
        let (arm, visit) = (["Mens", "Womens", "None"][row as usize % 3], u32::from(noise % 7 == 0));
        let spend = if noise % 113 == 0 { f64::from(noise) / 100.0 } else { 0.0 };
        writeln!(
            gzip,
            "{},2) $100 - $200,{}.42,1,0,Suburban,0,Web,{arm},{visit},0,{spend}",
            noise % 12,
            noise % 900
        )
        .expect("written");
    }
    gzip.finish().expect("written");
    let arms = ["Mens", "Womens", "None"].map(|text| (text.to_lowercase(), text.into()));
    let spec: DataSpec = DataSpec {
        file,
        arm: "segment".to_owned(),
        arms: arms.into_iter().collect(),
        exposure: "rows".to_owned(),
        goal: "visit".to_owned(),
        value: Some("spend".to_owned()),
        filter: BTreeMap::new(),
        date: None,
        draw: Draw::WithoutReplacement,
        minor_per_unit: 100.0,
        value_minor_per_unit: 1.0,
    };
    bencher.bench_local(|| Data::load(&spec, Per::Recipients).expect("a good file"));
}

/// A thousand months of a list of 64,000 people drawn without replacement, looked at every day.
///
/// Measured as above, on the busy machine: fastest of three 178 ms.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn thousand_months_of_a_file(bencher: divan::Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("list.csv");
    let mut text = String::from("segment,visit\n");
    for row in 0_u32..64_000 {
        let visit = u32::from((row.wrapping_mul(2_654_435_761) >> 16) % 7 == 0);
        text.push_str(&format!("{},{visit}\n", ["a", "b", "c", "d"][row as usize % 4]));
    }
    std::fs::write(&file, text).expect("written");
    let mut truth = Truth::of_arms(Per::Recipients, []);
    truth.budget_in = BudgetIn::Exposure;
    truth.data = serde_json::from_value(serde_json::json!({
        "file": file, "arm": "segment", "arms": {"a": "a", "b": "b", "c": "c", "d": "d"},
        "exposure": "rows", "goal": "visit",
    }))
    .expect("a description");
    let model = Arc::new(Model::new(&truth).expect("the truths are possible"));
    let calendar = Arc::new(Calendar::month("2026-11", "Europe/Oslo", Grain::Day).expect("a month"));
    bencher.bench_local(|| (0..1_000).map(|seed| month(&model, &calendar, seed, 8)).sum::<u64>());
}
