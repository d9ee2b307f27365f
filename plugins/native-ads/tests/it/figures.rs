//! Figures: days that are over, days that are restated, days that nobody said anything of.

use std::collections::BTreeMap;

use crate::bench::{Bench, DAY_US, HOUR_US, START_US, outbrain, request, taboola};
use gevinst_fakes::{Figures, Platform};
use gevinst_sdk::Row;
use jiff::civil::{Date, date};
use proptest::prelude::*;

type Table = BTreeMap<(u32, u32, i64), Row>;

fn put(table: &mut Table, rows: impl Iterator<Item = Row>) {
    table.extend(rows.map(|row| ((row.arm, row.metric, row.period_start_us), row)));
}

fn november() -> Vec<Date> {
    (1..=30).map(|day| date(2026, 11, day)).collect()
}

/// Spend, leads and value by metric, of an arm, over all days of a table.
fn sums(table: &Table, arm: u32) -> [i64; 3] {
    let sum = |metric: u32| {
        let rows = table.values().filter(|row| (row.arm, row.metric) == (arm, metric));
        rows.map(|row| if metric == 2 { row.count as f64 } else { row.sum }).sum::<f64>()
    };
    [sum(1), sum(2), sum(3)].map(|sum| format!("{sum:.0}").parse().unwrap())
}

fn truths(figures: &[Figures]) -> [i64; 3] {
    let sum = figures.iter().fold(Figures::default(), |sum, one| sum.plus(*one));
    [sum.spend_minor, sum.goals, sum.value_minor]
}

/// Plays a month of commands and fetches at whatever hours, and holds the end against the platform's truth.
fn totals_are_the_truth<P: Platform>(
    mut bench: Bench<P>,
    hours: &[i64],
    truth: fn(&P, &str, &[Date], i64) -> Vec<Figures>,
) {
    for arm in ["product", "problem"] {
        let launch = bench.launch(arm, 100_000);
        bench.channel.apply(&launch).unwrap();
    }
    let (mut table, mut at, mut minor) = (Table::new(), 0, 100_000);
    for hour in hours {
        at += hour * HOUR_US;
        bench.at(at);
        let observed = bench.observe(30).unwrap();
        let now_us = START_US + at;
        assert!(observed.after.fresh_until_us <= now_us);
        // Whatever is fresh has a row, and whatever has a row is over.
        let whole_days = (observed.after.fresh_until_us - START_US) / DAY_US;
        assert_eq!(observed.rows.len() as i64, whole_days.clamp(0, 30) * 2 * 3);
        put(&mut table, observed.rows.iter());
        if at < 25 * DAY_US {
            minor = if minor == 100_000 { 150_000 } else { 100_000 };
            bench.set("problem", minor).unwrap();
        }
    }
    // Two months later everything is final.
    bench.at(92 * DAY_US);
    put(&mut table, bench.observe(30).unwrap().rows.iter());
    for (arm, name) in [(1, "product"), (2, "problem")] {
        let campaign = format!("gevinst/headlines/{name}");
        let fin = bench.fake.with(|platform| truth(platform, &campaign, &november(), START_US + 92 * DAY_US));
        assert_eq!(sums(&table, arm), truths(&fin), "{name}");
        assert!(fin[29].spend_minor > 0 && truths(&fin)[1] > 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Protects every report: totals over any sequence of fetches equal the platform's final truth.
    #[test]
    fn totals_over_any_sequence_of_fetches_are_the_truth(hours in prop::collection::vec(1_i64..200, 1..8)) {
        totals_are_the_truth(taboola(), &hours, |platform, name, days, at| platform.truth("acme-no", name, days, at));
        totals_are_the_truth(outbrain(), &hours, |platform, name, days, at| platform.truth("acme-no", name, days, at));
    }
}

#[test]
fn a_missing_row_is_no_zero_before_the_data_is_fresh() {
    // Protects decisions: a day that the platform has not worked through yet is not a day without leads.
    let mut bench = taboola();
    let launch = bench.launch("product", 100_000);
    bench.channel.apply(&launch).unwrap();
    // An hour into the second day the platform's data is two hours short of the first day's end.
    bench.at(DAY_US + HOUR_US);
    let early = bench.observe(2).unwrap();
    assert!(early.rows.is_empty());
    assert_eq!(early.after.fresh_until_us, START_US);
    bench.at(DAY_US + 4 * HOUR_US);
    let rows: Vec<Row> = bench.observe(2).unwrap().rows.iter().collect();
    // Spend, leads and their value of the arm that was launched; nothing of the other, nothing of unknown metrics.
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row.arm == 1 && row.period_start_us == START_US));
    // 105 % of the final spend and half the leads: preliminary.
    assert_eq!((rows[0].sum, rows[1].count), (105_000.0, 0));
    bench.at(5 * DAY_US);
    let later: Vec<Row> = bench.observe(1).unwrap().rows.iter().collect();
    assert_eq!((later[0].sum, later[1].count), (100_000.0, 1));
    assert_eq!(later[1].sum_sq, 1.0);
}

#[test]
fn a_day_that_rested_is_a_zero() {
    // Protects the month's end: an arm that rests is reported with nothing, not left open for ever.
    let mut bench = outbrain();
    let launch = bench.launch("product", 100_000);
    bench.channel.apply(&launch).unwrap();
    bench.at(DAY_US);
    bench.set("product", 0).unwrap();
    bench.at(9 * DAY_US);
    let observed = bench.observe(5).unwrap();
    let spend: Vec<f64> = observed.rows.iter().filter(|row| row.metric == 1).map(|row| row.sum).collect();
    assert_eq!(spend, [100_000.0, 0.0, 0.0, 0.0, 0.0]);
    // Asked for hours, or for days of another zone, it says so.
    let hours = gevinst_sdk::wire::ObserveRequest { grain: gevinst_sdk::wire::Grain::Hour, ..request(1) };
    assert_eq!(bench.channel.observe(&hours).unwrap_err().field, "/grain");
    let elsewhere = gevinst_sdk::wire::ObserveRequest { timezone: "UTC".to_owned(), ..request(1) };
    assert_eq!(bench.channel.observe(&elsewhere).unwrap_err().field, "/timezone");
}

#[test]
fn reports_are_read_page_by_page() {
    // Protects totals: a platform that answers ten at a time must not lose the eleventh.
    let mut bench = outbrain();
    for arm in 0..12 {
        let launch = bench.launch(&format!("arm{arm}"), 100_000);
        bench.channel.apply(&launch).unwrap();
    }
    let state = tempfile::tempdir().unwrap();
    bench.config["state"] = serde_json::json!(state.path());
    bench.again();
    // Without notes: found by name beyond the first page.
    assert!(bench.state("arm11").exists);
}
