//! What recording costs.
//!
//! `cargo bench -p gevinst-ledger`; on a machine whose temporary folder is on a disk, commits wait for that disk. Figures
//! are in the crate's `README.md`.

#[path = "../tests/support/mod.rs"]
mod support;

use divan::Bencher;
use divan::counter::ItemsCount;
use gevinst_ledger::{Access, AsOf, Filter, Ledger, Row};
use support::{ARMS, DAY_US, HOUR_US, NAME, START_US, applied, batch, conclude, counted, launch, look, note};

fn main() {
    divan::main();
}

fn file() -> (tempfile::TempDir, Ledger) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut ledger = Ledger::open(&folder.path().join("bench.ledger"), Access::Write).expect("a new ledger");
    ledger.append(START_US, Some(NAME), vec![launch()]).expect("a launch");
    (folder, ledger)
}

/// One fact, on the disk before it is acknowledged.
#[divan::bench(sample_count = 100)]
fn durable_commit(bencher: Bencher<'_, '_>) {
    let (_folder, mut ledger) = file();
    bencher
        .counter(ItemsCount::new(1usize))
        .bench_local(|| ledger.append(START_US, Some(NAME), vec![note("a remark")]));
}

/// New observation rows, so many a transaction.
#[divan::bench(args = [100, 10_000], sample_count = 20, sample_size = 1)]
fn durable_rows(bencher: Bencher<'_, '_>, rows: usize) {
    let (_folder, mut ledger) = file();
    let mut next = 0;
    bencher.counter(ItemsCount::new(rows)).bench_local(|| {
        let rows = fresh_rows(next, rows);
        next += rows.len() / 4;
        ledger.observe(START_US, NAME, &wide(&rows))
    });
}

/// The same rows again, as platforms are asked every day: nothing but the question is stored.
#[divan::bench(args = [100, 10_000], sample_count = 20, sample_size = 1)]
fn durable_unchanged_rows(bencher: Bencher<'_, '_>, rows: usize) {
    let (_folder, mut ledger) = file();
    let rows = fresh_rows(0, rows);
    bencher.counter(ItemsCount::new(rows.len())).bench_local(|| ledger.observe(START_US, NAME, &wide(&rows)));
}

/// A rehearsed month: four arms, 30 days; each day refetches four weeks of three metrics, looks, and moves four budgets.
#[divan::bench(sample_count = 50)]
fn rehearsed_month_in_memory(bencher: Bencher<'_, '_>) {
    bencher.bench_local(|| month(Ledger::in_memory()));
}

/// The same month in a file.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn rehearsed_month_in_file(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(|| tempfile::tempdir().expect("a temporary folder")).bench_local_values(|folder| {
        month(Ledger::open(&folder.path().join("bench.ledger"), Access::Write).expect("a new ledger"));
        folder
    });
}

/// Opening a ledger of a month with hourly looks and finding out where the experiment stands.
#[divan::bench(sample_count = 20)]
fn open_and_resume_hourly_month(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("bench.ledger");
    let mut ledger = Ledger::open(&path, Access::Write).expect("a new ledger");
    ledger.append(START_US, Some(NAME), vec![launch()]).expect("a launch");
    let mut facts = Vec::new();
    for hour in 1..=720u32 {
        facts.push(look(hour, 1, &ARMS));
        facts.push(conclude("price", hour, gevinst_ledger::evidence::ArmStatus::Running));
        ARMS.iter().for_each(|arm| facts.extend(applied(arm, hour.into(), 250_000)));
    }
    for chunk in facts.chunks(5_000) {
        ledger.append(START_US, Some(NAME), chunk.to_vec()).expect("facts");
    }
    drop(ledger);
    bencher.bench_local(|| {
        let ledger = Ledger::open(&path, Access::Read).expect("the ledger");
        ledger.progress(NAME).expect("the progress").next_look()
    });
}

/// Proving that nothing was changed, per record.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn verify_10_000_records(bencher: Bencher<'_, '_>) {
    let (_folder, mut ledger) = file();
    let notes = (0..10_000).map(|_| note("a remark of usual length, as people write them")).collect();
    ledger.append(START_US, Some(NAME), notes).expect("notes");
    bencher.counter(ItemsCount::new(10_000usize)).bench_local(|| ledger.verify(None));
}

fn fresh_rows(first_period: usize, rows: usize) -> Vec<Row<'static>> {
    let periods = rows / ARMS.len();
    let mut fresh = Vec::with_capacity(rows);
    for arm in ARMS {
        for period in first_period..first_period + periods {
            let period_start_us = START_US + HOUR_US * i64::try_from(period).expect("few periods");
            fresh.push(Row { arm, metric: "lead", period_start_us, value: counted(3) });
        }
    }
    fresh
}

fn wide<'a>(rows: &'a [Row<'a>]) -> gevinst_ledger::Batch<'a> {
    gevinst_ledger::Batch { to_us: START_US + 100_000 * DAY_US / 2, ..batch(rows) }
}

fn month(mut ledger: Ledger) -> usize {
    ledger.append(START_US, Some(NAME), vec![launch()]).expect("a launch");
    for day in 1..=30u32 {
        let at_us = START_US + i64::from(day) * HOUR_US / 2;
        let mut rows = Vec::new();
        for arm in ARMS {
            for metric in ["spend", "lead", "clicks"] {
                for past in day.saturating_sub(28)..day {
                    rows.push(support::row(arm, metric, past.into(), past * 7 % 5 + 1));
                }
            }
        }
        let record = ledger.observe(at_us, NAME, &batch(&rows)).expect("rows").record;
        let known = ledger.observations(NAME, AsOf::Now).expect("rows");
        assert_eq!(known.len(), day as usize * 12);
        ledger.append(at_us, Some(NAME), vec![look(day, record.get(), &ARMS)]).expect("a look");
        for arm in ARMS {
            let seq = ledger.progress(NAME).expect("the progress").arm(arm).expect("the arm").next_seq.get();
            let mut facts = applied(arm, seq, 250_000).into_iter();
            ledger.append(at_us, Some(NAME), facts.by_ref().take(1).collect()).expect("an intent");
            ledger.append(at_us, Some(NAME), facts.by_ref().take(1).collect()).expect("an act");
            ledger.append(at_us, Some(NAME), facts.collect()).expect("a receipt");
        }
    }
    let mut facts = 0;
    ledger
        .for_each_fact(&Filter::of(NAME), |_| {
            facts += 1;
            Ok(std::ops::ControlFlow::Continue(()))
        })
        .expect("facts");
    facts
}
