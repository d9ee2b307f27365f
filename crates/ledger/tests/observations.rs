//! Observations: what is stored, what replaces what, and what is refused.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod support;

use gevinst_ledger::{AsOf, Batch, BatchSummary, Ledger, RecordId, Row, Value};
use support::*;

fn ledger() -> Ledger {
    let mut ledger = Ledger::in_memory();
    ledger.append(START_US, Some(NAME), vec![launch()]).unwrap();
    ledger
}

fn counts(ledger: &Ledger, as_of: AsOf) -> Vec<(String, String, i64, u64)> {
    let known = ledger.observations(NAME, as_of).unwrap();
    let day = |us| (us - START_US) / DAY_US;
    known
        .into_iter()
        .map(|o| (o.arm.to_string(), o.metric.to_string(), day(o.period_start_us), o.value.count))
        .collect()
}

/// Protects looks: what a look saw can be read again after the platform has restated it.
#[test]
fn a_restatement_leaves_what_was_known_then() {
    let mut ledger = ledger();
    let first = ledger
        .observe(START_US + 1, NAME, &batch(&[row("price", "lead", 0, 1), row("price", "lead", 1, 5)]))
        .unwrap();
    let second = ledger
        .observe(START_US + 2, NAME, &batch(&[row("price", "lead", 0, 2), row("price", "lead", 1, 5)]))
        .unwrap();
    assert_eq!(
        first,
        BatchSummary { record: RecordId::new(2), rows_new: 2, rows_restated: 0, rows_unchanged: 0 }
    );
    assert_eq!(
        second,
        BatchSummary { record: RecordId::new(3), rows_new: 0, rows_restated: 1, rows_unchanged: 1 }
    );
    let lead = |day, count| ("price".to_owned(), "lead".to_owned(), day, count);
    let (then, now) = (vec![lead(0, 1), lead(1, 5)], vec![lead(0, 2), lead(1, 5)]);
    assert_eq!(counts(&ledger, AsOf::Record(first.record)), then);
    assert_eq!(counts(&ledger, AsOf::Time(START_US + 1)), then);
    assert_eq!(counts(&ledger, AsOf::Record(second.record)), now);
    assert_eq!(counts(&ledger, AsOf::Now), now);
    assert_eq!(counts(&ledger, AsOf::Record(RecordId::new(1))), vec![]);
    assert_eq!(counts(&ledger, AsOf::Time(START_US - 1)), vec![]);
}

/// Protects from taking silence for zero: a row that is missing from a later answer stays what it was.
#[test]
fn a_missing_row_changes_nothing() {
    let mut ledger = ledger();
    ledger.observe(START_US, NAME, &batch(&[row("price", "lead", 0, 1)])).unwrap();
    let summary = ledger.observe(START_US, NAME, &batch(&[])).unwrap();
    assert_eq!((summary.rows_new, summary.rows_restated, summary.rows_unchanged), (0, 0, 0));
    assert_eq!(counts(&ledger, AsOf::Now).len(), 1);
}

/// Protects the next question: the cursor is the one that came with the newest rows of that channel.
#[test]
fn the_cursor_is_the_newest_of_its_channel() {
    let mut ledger = Ledger::in_memory();
    let mut two = launched(&ARMS);
    two.arms[3].channel = "email".into();
    ledger.append(START_US, Some(NAME), vec![gevinst_ledger::Fact::Launched(two)]).unwrap();
    for (channel, cursor) in [("native", "n1"), ("email", "e1"), ("native", "n2")] {
        ledger.observe(START_US, NAME, &Batch { channel, cursor: Some(cursor), ..batch(&[]) }).unwrap();
    }
    let cursor = |channel, as_of| {
        ledger.last_observed(NAME, channel, as_of).unwrap().and_then(|(_, observed)| observed.cursor)
    };
    assert_eq!(cursor("native", AsOf::Now).as_deref(), Some("n2"));
    assert_eq!(cursor("native", AsOf::Record(RecordId::new(3))).as_deref(), Some("n1"));
    assert_eq!(cursor("email", AsOf::Now).as_deref(), Some("e1"));
    assert_eq!(cursor("email", AsOf::Record(RecordId::new(2))), None);
    assert_eq!(cursor("social", AsOf::Now), None);
}

/// Protects the table from impossible rows: each is refused with its place, and the whole batch with it.
#[test]
fn impossible_rows_are_refused_by_name() {
    let refusal = |change: &dyn Fn(&mut Row<'static>)| {
        let mut ledger = ledger();
        let mut bad = row("price", "lead", 0, 4);
        change(&mut bad);
        let rows = [row("product", "lead", 0, 1), bad];
        let error = ledger.observe(START_US, NAME, &batch(&rows)).unwrap_err();
        assert_eq!(ledger.newest().unwrap(), RecordId::new(1), "part of a refused batch was stored");
        assert!(ledger.observations(NAME, AsOf::Now).unwrap().is_empty());
        error.to_string()
    };
    insta::assert_snapshot!(refusal(&|row| row.value.sum = f64::NAN), @"record observation of `headlines/price`, metric `lead`, period 2026-11-01T00:00:00Z: the sum is NaN; a finite number up to 1e18 was expected");
    insta::assert_snapshot!(refusal(&|row| row.value.sum = f64::INFINITY), @"record observation of `headlines/price`, metric `lead`, period 2026-11-01T00:00:00Z: the sum is inf; a finite number up to 1e18 was expected");
    insta::assert_snapshot!(refusal(&|row| row.value.sum_sq = -1.0), @"record observation of `headlines/price`, metric `lead`, period 2026-11-01T00:00:00Z: the sum of squares is -1; a finite number of at least 0 was expected");
    insta::assert_snapshot!(refusal(&|row| row.value.sum_sq = f64::NAN), @"record observation of `headlines/price`, metric `lead`, period 2026-11-01T00:00:00Z: the sum of squares is NaN; a finite number of at least 0 was expected");
    insta::assert_snapshot!(refusal(&|row| row.value.sum_sq = 3.0), @"record observation of `headlines/price`, metric `lead`, period 2026-11-01T00:00:00Z: a count of 4 with sum 4 and sum of squares 3 is impossible");
    insta::assert_snapshot!(refusal(&|row| row.value.count = u64::MAX), @"record observation of `headlines/price`, metric `lead`, period 2026-11-01T00:00:00Z: the count is 18446744073709551615, and 1000000000000000 is the most");
    insta::assert_snapshot!(refusal(&|row| row.period_start_us -= 1), @"record observation of `headlines/price`, metric `lead`, period 2026-10-31T23:59:59.999999Z: the period is outside the span asked for, 2026-11-01T00:00:00Z to 2027-02-09T00:00:00Z");
    insta::assert_snapshot!(refusal(&|row| row.period_start_us += 100 * DAY_US), @"record observation of `headlines/price`, metric `lead`, period 2027-02-09T00:00:00Z: the period is outside the span asked for, 2026-11-01T00:00:00Z to 2027-02-09T00:00:00Z");
    insta::assert_snapshot!(refusal(&|row| row.arm = "nobody"), @"record observation of `headlines/nobody`, metric `lead`, period 2026-11-01T00:00:00Z: there is no such arm");
    insta::assert_snapshot!(refusal(&|row| row.arm = "product"), @"record observation of `headlines/product`, metric `lead`, period 2026-11-01T00:00:00Z: it is reported twice in one answer");
    insta::assert_snapshot!(refusal(&|row| row.metric = ""), @"record observation of `headlines/price`, metric ``, period 2026-11-01T00:00:00Z: the metric has no name");
}

/// Protects arms from another channel's figures.
#[test]
fn a_channel_reports_its_own_arms_only() {
    let mut ledger = Ledger::in_memory();
    let mut two = launched(&ARMS);
    two.arms[3].channel = "email".into();
    ledger.append(START_US, Some(NAME), vec![gevinst_ledger::Fact::Launched(two)]).unwrap();
    let error = ledger.observe(START_US, NAME, &batch(&[row("proof", "lead", 0, 1)])).unwrap_err();
    insta::assert_snapshot!(error, @"record observation of `headlines/proof`, metric `lead`, period 2026-11-01T00:00:00Z: channel `native` reports it, and it runs on `email`");
    let error = ledger.observe(START_US, NAME, &Batch { channel: "social", ..batch(&[]) }).unwrap_err();
    insta::assert_snapshot!(error, @"record `observed` of `headlines`: no arm runs on channel `social`, and it is no source");
    let error = Ledger::in_memory().observe(START_US, NAME, &batch(&[])).unwrap_err();
    insta::assert_snapshot!(error, @"record `observed` of `headlines`: the experiment was never launched");
}

/// Protects hashes from the two zeros: they are the same value, and stored as one.
#[test]
fn minus_zero_is_zero() {
    let mut ledger = ledger();
    let zero = |sum: f64| Row { value: Value { count: 0, sum, sum_sq: sum }, ..row("price", "spend", 0, 0) };
    ledger.observe(START_US, NAME, &batch(&[zero(-0.0)])).unwrap();
    let summary = ledger.observe(START_US, NAME, &batch(&[zero(0.0)])).unwrap();
    assert_eq!(summary.rows_unchanged, 1);
    let stored = ledger.observations(NAME, AsOf::Now).unwrap()[0].value;
    assert!(stored.sum.is_sign_positive() && stored.sum_sq.is_sign_positive());
    assert!(ledger.verify(None).unwrap().is_sound());
}

/// Protects the market's series: they are kept, restated, copied and verified like an experiment's, and mixed with none.
#[test]
fn series_of_the_market_belong_to_no_experiment() {
    let folder = tempfile::tempdir().unwrap();
    let searches = |day, count| row(gevinst_ledger::MARKET_ARM, "brand_searches", day, count);
    let mut memory = ledger();
    memory.observe(START_US, NAME, &batch(&[row("price", "lead", 0, 1)])).unwrap();
    memory.observe_market(START_US, &batch(&[searches(0, 30), searches(2, 9)])).unwrap();
    let again = memory.observe_market(START_US + 1, &batch(&[searches(0, 31), searches(2, 9)])).unwrap();
    assert_eq!((again.rows_new, again.rows_restated, again.rows_unchanged), (0, 1, 1));
    let error = memory.observe_market(START_US, &batch(&[row("price", "lead", 0, 1)])).unwrap_err();
    assert!(error.to_string().contains("has the arm `market`"), "{error}");

    let path = folder.path().join("copy.ledger");
    let file = memory.copy_to(&path).unwrap();
    drop(file);
    for ledger in [&memory, &Ledger::open(&path, gevinst_ledger::Access::Read).unwrap()] {
        let known = ledger.market(AsOf::Now).unwrap();
        let counts: Vec<_> =
            known.iter().map(|o| ((o.period_start_us - START_US) / DAY_US, o.value.count)).collect();
        assert_eq!(counts, [(0, 31), (2, 9)], "a day without a row stays one");
        assert_eq!(ledger.observations(NAME, AsOf::Now).unwrap().len(), 1);
        assert_eq!(ledger.experiments().unwrap().len(), 1);
        let verified = ledger.verify(None).unwrap();
        assert!(verified.is_sound(), "{:?}", verified.problems);
    }
}
