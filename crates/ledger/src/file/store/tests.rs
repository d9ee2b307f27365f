//! What can be tried only on an open connection: full disks, locks, settings, query plans.

use std::path::Path;

use super::*;
use crate::fact::{Launched, LaunchedArm, Note};
use crate::file::BUSY_MS;
use crate::schema::APPLICATION_ID;
use crate::{AsOf, Batch, Ledger};

const AT_US: i64 = 1_793_491_200_000_000;

fn launch() -> Fact {
    let arm = LaunchedArm { name: "arm".into(), code: 1, channel: "native".into(), control: false };
    Fact::Launched(Launched {
        definition_toml: String::new(),
        company_toml: String::new(),
        schema: 1,
        month: "2026-11".into(),
        program: "0.1.0".into(),
        rehearsal_seed: None,
        arms: vec![arm],
        plugins: vec![],
        sources: vec![],
        prior: None,
    })
}

fn long_note() -> Fact {
    Fact::Note(Note { by: "kari".into(), text: "long ".repeat(1_000) })
}

/// A ledger that may not grow by more than some pages: what SQLite then reports is what it reports on a full disk.
fn nearly_full(folder: &Path, pages: i64) -> Ledger {
    let path = folder.join("month.ledger");
    Ledger::open(&path, Access::Write).unwrap().append(AT_US, Some("x"), vec![launch()]).unwrap();
    let store = FileStore::open(&path, Access::Write, BUSY_MS).unwrap();
    let used: i64 = store.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    let set = |sql: String| store.connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(set(format!("PRAGMA max_page_count = {}", used + pages)), used + pages);
    Ledger::over(Box::new(store))
}

/// Protects against half a step on a full disk: facts are all there or none, and what was there is sound.
#[test]
fn a_full_disk_leaves_no_part_of_a_step() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = nearly_full(folder.path(), 10);
    let mut steps = 0;
    let error = loop {
        match ledger.append(AT_US, Some("x"), vec![long_note(), long_note(), long_note()]) {
            Ok(_) => steps += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Full { .. }) && steps > 0, "{error:?} after {steps} steps");
    assert_eq!(ledger.newest().unwrap().get(), 1 + 3 * steps);
    let verification = ledger.verify(None).unwrap();
    assert!(verification.is_sound(), "{:?}", verification.problems);
    // What the handle remembers is what the file holds, so that it can go on when there is room again.
    assert_eq!(ledger.progress("x").unwrap().upto(), ledger.newest().unwrap());
    drop(ledger);
    let mut ledger = Ledger::open(&folder.path().join("month.ledger"), Access::Write).unwrap();
    ledger.append(AT_US, Some("x"), vec![long_note()]).unwrap();
    assert!(ledger.verify(None).unwrap().is_sound());
}

/// Protects the cursor: on a full disk neither rows nor the cursor that says they were fetched are recorded.
#[test]
fn a_full_disk_leaves_the_cursor_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = nearly_full(folder.path(), 6);
    let value = Value { count: 1, sum: 1.0, sum_sq: 1.0 };
    let row = |n| Row { arm: "arm", metric: "lead", period_start_us: AT_US + n, value };
    let rows: Vec<_> = (0..5_000).map(row).collect();
    let (from_us, to_us) = (AT_US, AT_US + 5_000);
    let batch =
        Batch { channel: "native", from_us, to_us, cursor: Some("next"), fresh_until_us: None, rows: &rows };
    let error = ledger.observe(AT_US, "x", &batch).unwrap_err();
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
    assert!(ledger.last_observed("x", "native", AsOf::Now).unwrap().is_none());
    assert!(ledger.observations("x", AsOf::Now).unwrap().is_empty());
    assert!(ledger.verify(None).unwrap().is_sound());
}

/// Protects the user from a wait without an end: a database that somebody keeps locked is an error that says so.
#[test]
fn a_locked_database_is_reported_after_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("month.ledger");
    let mut ledger = Ledger::over(Box::new(FileStore::open(&path, Access::Write, 50).unwrap()));
    let shell = Connection::open(&path).unwrap();
    shell.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = ledger.append(AT_US, Some("x"), vec![launch()]).unwrap_err();
    assert!(matches!(error, Error::Busy { waited_ms: 50, .. }), "{error:?}");
    assert!(error.to_string().contains("another program has had the database locked for 50 ms"));
    shell.execute_batch("ROLLBACK").unwrap();
    ledger.append(AT_US, Some("x"), vec![launch()]).unwrap();
}

/// Protects decisions from a record that was slipped in past the lock between reading and writing.
#[test]
fn a_write_on_old_knowledge_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = FileStore::open(&folder.path().join("month.ledger"), Access::Write, BUSY_MS).unwrap();
    let mut write = |after| {
        let after = RecordId::new(after);
        store.write(Writing { after, at_us: AT_US, experiment: None, facts: vec![long_note()], rows: &[] })
    };
    write(0).unwrap();
    let error = write(0).unwrap_err();
    assert!(matches!(error, Error::Moved { expected, found } if (expected.get(), found.get()) == (0, 1)));
    write(1).unwrap();
}

/// Protects durability from a setting that was lost: what a writer's connection really runs with.
#[test]
fn a_writer_is_durable() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(&folder.path().join("month.ledger"), Access::Write, BUSY_MS).unwrap();
    let number =
        |name: &str| store.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
    let mode: String = store.connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    assert_eq!(number("synchronous"), 2, "FULL");
    assert_eq!(number("fullfsync"), 1);
    assert_eq!(number("foreign_keys"), 1);
    assert_eq!(number("application_id"), APPLICATION_ID);
    assert_eq!(number("user_version"), FORMAT);
}

/// Protects the size of a record: one that is too long is refused by name, before the file is touched.
#[test]
fn a_body_has_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(&folder.path().join("month.ledger"), Access::Write).unwrap();
    let note = Fact::Note(Note { by: "kari".into(), text: "x".repeat(BODY_BYTES_MAX) });
    let error = ledger.append(AT_US, None, vec![note]).unwrap_err();
    assert!(matches!(error, Error::NotAllowed { kind: "note", .. }), "{error:?}");
    assert_eq!(ledger.newest().unwrap(), RecordId::START);
}

/// Protects speed at size: what is read by experiment or kind is found through an index, not by reading everything.
#[test]
fn reading_uses_the_indexes() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(&folder.path().join("month.ledger"), Access::Write, BUSY_MS).unwrap();
    let plan = |filter: &Filter| {
        let sql = format!("EXPLAIN QUERY PLAN {}", visit_sql(filter));
        let mut statement = store.connection.prepare(&sql).unwrap();
        // The plan does not depend on the parameters, so that they may stay unbound.
        let mut rows = statement.raw_query();
        let mut steps = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            steps.push(row.get::<_, String>(3).unwrap());
        }
        steps.join("; ")
    };
    for (filter, index) in [
        (Filter::of("x").kinds(&[Kind::Looked]).after(RecordId::new(5)), "record_of_"),
        (Filter::of("x").kinds(&[Kind::Sent, Kind::Receipt]).newest_first(), "record_of_experiment"),
        (Filter::of("x"), "record_of_experiment"),
        (Filter::all().kinds(&[Kind::Launched]), "record_of_kind"),
        (Filter::all().kinds(&[Kind::Launched, Kind::Closed]), "INTEGER PRIMARY KEY"),
    ] {
        let plan = plan(&filter);
        assert!(plan.starts_with("SEARCH record USING") && plan.contains(index), "{filter:?}: {plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{filter:?}: {plan}");
    }
}

/// Protects backups on media that cannot be written: a ledger at rest is read as it is, whatever its path holds.
#[test]
fn a_ledger_at_rest_is_read_without_companions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("50% done? #1.ledger");
    let head = {
        let mut ledger = Ledger::open(&path, Access::Write).unwrap();
        ledger.append(AT_US, Some("x"), vec![launch(), long_note()]).unwrap();
        assert!(!crate::file::is_at_rest(&path), "a log lies beside it");
        ledger.head().unwrap()
    };
    assert!(crate::file::is_at_rest(&path));
    let ledger = Ledger::over(Box::new(FileStore::open_at_rest(&path, BUSY_MS).unwrap()));
    let verification = ledger.verify(Some(head)).unwrap();
    assert!(verification.is_sound() && verification.records == 2, "{verification:?}");
    let beside = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(beside, 2, "only the ledger and its writer's lock");
}
