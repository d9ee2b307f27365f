//! Tampering: whatever is changed in the file by other means, verification finds it and names the record.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod support;

use std::path::{Path, PathBuf};

use gevinst_ledger::{Access, Head, Ledger, RecordId, Verification};
use rusqlite::Connection;
use support::*;

/// A ledger of twelve records; record 5 brought four rows and record 7 restated one.
fn ledger(folder: &Path) -> (PathBuf, Head) {
    let path = folder.join("month.ledger");
    let mut ledger = Ledger::open(&path, Access::Write).unwrap();
    ledger.append(START_US, Some(NAME), vec![launch()]).unwrap();
    ledger.append(START_US, Some(NAME), applied("price", 1, 100)).unwrap();
    let mut rows = vec![
        row("price", "lead", 0, 1),
        row("price", "lead", 1, 2),
        row("proof", "lead", 0, 3),
        row("proof", "lead", 1, 4),
    ];
    ledger.observe(START_US, NAME, &batch(&rows)).unwrap();
    ledger.append(START_US, Some(NAME), vec![look(1, 5, &ARMS)]).unwrap();
    rows[0] = row("price", "lead", 0, 9);
    ledger.observe(START_US, NAME, &batch(&rows)).unwrap();
    ledger.append(START_US, None, (0..5).map(|n| note(&n.to_string())).collect()).unwrap();
    let head = ledger.head().unwrap();
    assert_eq!(head.id, RecordId::new(12));
    (path, head)
}

/// Runs `sql` as someone who drops the triggers and puts them back, and verifies.
fn verify_after(sql: &str) -> Verification {
    let folder = tempfile::tempdir().unwrap();
    let (path, head) = ledger(folder.path());
    let connection = Connection::open(&path).unwrap();
    let triggers: Vec<(String, String)> = {
        let mut statement =
            connection.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    triggers.iter().for_each(|(name, _)| connection.execute_batch(&format!("DROP TRIGGER {name}")).unwrap());
    connection.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON").unwrap();
    connection.execute_batch(sql).unwrap();
    assert!(connection.changes() > 0, "`{sql}` changed nothing");
    triggers.iter().for_each(|(_, sql)| connection.execute_batch(sql).unwrap());
    drop(connection);
    Ledger::open(&path, Access::Read).unwrap().verify(Some(head)).unwrap()
}

fn problems_after(sql: &str) -> String {
    let verification = verify_after(sql);
    assert_eq!(verification.problems_found, verification.problems.len() as u64);
    verification.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Protects against a check that cries wolf: an untouched ledger is sound, and says how much it read.
#[test]
fn an_untouched_ledger_is_sound() {
    let folder = tempfile::tempdir().unwrap();
    let (path, head) = ledger(folder.path());
    let verification = Ledger::open(&path, Access::Read).unwrap().verify(Some(head)).unwrap();
    assert_eq!(
        verification,
        Verification { records: 12, rows: 5, head, problems: vec![], problems_found: 0 }
    );
}

/// Protects each column of a record: any change is found, and the record named.
#[test]
fn a_changed_record_is_named() {
    for change in [
        "at_us = at_us + 1",
        "kind = 'note'",
        "experiment = 'other'",
        "experiment = NULL",
        "arm = 'proof'",
        "arm = NULL",
        "body = replace(body, 'applied', 'refused')",
        "body = replace(body, ':', ': ')",
        "body = 'x'",
        "prev_hash = zeroblob(32)",
        "hash = zeroblob(32)",
    ] {
        let verification = verify_after(&format!("UPDATE record SET {change} WHERE id = 4"));
        assert_eq!(verification.first_broken_record(), Some(RecordId::new(4)), "{change}: {verification:?}");
    }
}

/// Protects every single byte of every body, in a ledger with each kind of content.
#[test]
fn any_changed_byte_of_a_body_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = ledger(folder.path());
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("DROP TRIGGER record_stays").unwrap();
    let reader = Ledger::open(&path, Access::Read).unwrap();
    for id in 1..=12i64 {
        let body: String =
            connection.query_row("SELECT body FROM record WHERE id = ?1", [id], |row| row.get(0)).unwrap();
        for at in (0..body.len()).step_by(67) {
            let mut changed = body.clone().into_bytes();
            changed[at] ^= 1;
            let changed = String::from_utf8_lossy(&changed).into_owned();
            connection.execute("UPDATE record SET body = ?1 WHERE id = ?2", (changed, id)).unwrap();
            let first = reader.verify(None).unwrap().first_broken_record();
            assert_eq!(first, Some(RecordId::new(id.unsigned_abs())), "byte {at} of record {id}");
        }
        connection.execute("UPDATE record SET body = ?1 WHERE id = ?2", (body, id)).unwrap();
    }
}

/// The hash of a record as the documentation describes it, written once more.
fn hash(prev: [u8; 32], id: i64, at_us: i64, texts: [Option<&str>; 4]) -> [u8; 32] {
    let mut bytes = Vec::new();
    let text = |bytes: &mut Vec<u8>, text: &str| {
        bytes.extend((text.len() as u64).to_be_bytes());
        bytes.extend(text.as_bytes());
    };
    text(&mut bytes, "gevinst ledger record 1");
    bytes.extend(prev);
    bytes.extend(id.to_be_bytes());
    bytes.extend(at_us.to_be_bytes());
    let [kind, experiment, arm, body] = texts;
    text(&mut bytes, kind.unwrap());
    for optional in [experiment, arm] {
        bytes.push(u8::from(optional.is_some()));
        optional.into_iter().for_each(|optional| text(&mut bytes, optional));
    }
    text(&mut bytes, body.unwrap());
    *gevinst_ledger::Digest::of(&bytes).as_bytes()
}

/// Protects against someone who also recomputes hashes: of one record, the next gives it away; of all that follow, the
/// rules do where they are broken; and in any case a head that was kept elsewhere.
#[test]
fn recomputed_hashes_are_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let (path, head) = ledger(folder.path());
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("DROP TRIGGER record_stays").unwrap();
    let reader = Ledger::open(&path, Access::Read).unwrap();
    connection
        .execute_batch("UPDATE record SET body = replace(body, 'applied', 'unknown') WHERE id = 4")
        .unwrap();
    let rehash = |id: i64| {
        let read =
            "SELECT at_us, kind, experiment, arm, body, (SELECT hash FROM record AS p WHERE p.id = r.id - 1)
                    FROM record AS r WHERE id = ?1";
        let new: ([u8; 32], [u8; 32]) = connection
            .query_row(read, [id], |row| {
                let text = |index| row.get::<_, Option<String>>(index);
                let (kind, experiment, arm, body) = (text(1)?, text(2)?, text(3)?, text(4)?);
                let prev: [u8; 32] = row.get(5)?;
                let texts = [kind.as_deref(), experiment.as_deref(), arm.as_deref(), body.as_deref()];
                Ok((prev, hash(prev, id, row.get(0)?, texts)))
            })
            .unwrap();
        connection
            .execute("UPDATE record SET prev_hash = ?1, hash = ?2 WHERE id = ?3", (new.0, new.1, id))
            .unwrap();
    };
    let before: Vec<u8> =
        connection.query_row("SELECT hash FROM record WHERE id = 3", [], |row| row.get(0)).unwrap();
    rehash(3);
    let after: Vec<u8> =
        connection.query_row("SELECT hash FROM record WHERE id = 3", [], |row| row.get(0)).unwrap();
    assert_eq!(before, after, "this test hashes otherwise than the ledger");
    let problems = |kept| {
        let found =
            reader.verify(kept).unwrap().problems.into_iter().filter(|problem| problem.record.is_some());
        found.map(|problem| problem.to_string()).collect::<Vec<_>>().join("\n")
    };
    rehash(4);
    insta::assert_snapshot!(problems(None), @"record 5: it does not follow the record before it: their hashes differ");
    (5..=12).for_each(rehash);
    insta::assert_snapshot!(problems(None), @"");
    assert!(problems(Some(head)).starts_with("record 12: it was replaced: the head kept elsewhere says"));
    // A second settlement of what is now unknown would be a broken rule.
    connection
        .execute_batch("UPDATE record SET body = replace(body, 'unknown', 'applied') WHERE id = 4")
        .unwrap();
    connection
        .execute_batch(
            "UPDATE record SET body = replace(body, '\"price\"', '\"proof\"'), arm = 'proof' WHERE id = 3",
        )
        .unwrap();
    (3..=12).for_each(rehash);
    insta::assert_snapshot!(problems(None), @r"
    record 3: it could not have been written: record `sent` of `headlines/proof`: arm `proof` has no intent 1
    record 4: it could not have been written: record `receipt` of `headlines/price`: intent 1 was never sent
    ");
}

/// Protects against removal: a record missing in the middle, at the beginning, or, with a kept head, at the end.
#[test]
fn a_missing_record_is_found() {
    insta::assert_snapshot!(problems_after("DELETE FROM record WHERE id = 9"), @"record 9: it is missing");
    insta::assert_snapshot!(problems_after("DELETE FROM record WHERE id BETWEEN 9 AND 10"), @"record 9: it and all up to 10 are missing");
    insta::assert_snapshot!(problems_after("DELETE FROM record WHERE id = 12"), @"record 12: it is missing: the newest is 11, and the head kept elsewhere is newer");
    insta::assert_snapshot!(problems_after("DELETE FROM record WHERE id = 7"), @r"
    record 7: it is missing
    record 7: it is missing; observation rows found under it: 1
    rows of `observation` that name a missing row of `record`: 1
    ");
    insta::assert_snapshot!(problems_after("DELETE FROM record"), @r"
    record 5: it is missing; observation rows found under it: 4
    record 7: it is missing; observation rows found under it: 1
    record 12: it is missing: the newest is 0, and the head kept elsewhere is newer
    rows of `observation` that name a missing row of `record`: 5
    ");
}

/// Protects observation rows, which are not records themselves: each change is found under its record.
#[test]
fn a_changed_row_is_found_under_its_record() {
    insta::assert_snapshot!(problems_after("UPDATE observation SET count = 3 WHERE count = 4"), @"record 5: an observation row under it was changed");
    insta::assert_snapshot!(problems_after("UPDATE observation SET sum = 3.0000000001 WHERE sum = 3"), @"record 5: an observation row under it was changed");
    insta::assert_snapshot!(problems_after("UPDATE observation SET period_start_us = 0 WHERE count = 9"), @"record 7: an observation row under it was changed");
    insta::assert_snapshot!(problems_after("DELETE FROM observation WHERE count = 9"), @"record 7: observation rows brought: 1, found under it: 0");
    insta::assert_snapshot!(problems_after("UPDATE observation SET record_id = 7 WHERE count = 4"), @r"
    record 5: observation rows brought: 4, found under it: 3
    record 7: observation rows brought: 1, found under it: 2
    ");
    insta::assert_snapshot!(problems_after("UPDATE observation SET record_id = 9 WHERE count = 9"), @r"
    record 7: observation rows brought: 1, found under it: 0
    record 9: it brings no observation rows, and found under it are 1
    ");
    insta::assert_snapshot!(problems_after("INSERT INTO observation SELECT series_id, 1, 5, 1, 1, 1 FROM observation LIMIT 1"), @"record 5: observation rows brought: 4, found under it: 5");
    insta::assert_snapshot!(problems_after("UPDATE series SET arm = 'product' WHERE arm = 'proof'"), @"record 5: an observation row under it was changed");
    insta::assert_snapshot!(problems_after("UPDATE series SET experiment = 'other' WHERE arm = 'proof'"), @"record 5: observation rows of `other` lie under it");
    insta::assert_snapshot!(problems_after("DELETE FROM series WHERE arm = 'proof'"), @r"
    record 5: observation rows brought: 4, found under it: 2
    rows of `observation` that name a missing row of `series`: 2
    ");
}

/// Protects against a ledger that was written anew from the beginning: only a kept head can tell.
#[test]
fn the_head_gives_a_rewritten_ledger_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewritten.ledger");
    let head = {
        let mut ledger = Ledger::open(&path, Access::Write).unwrap();
        ledger.append(START_US, Some(NAME), vec![launch(), note("as it was")]).unwrap();
        ledger.head().unwrap()
    };
    std::fs::remove_file(&path).unwrap();
    let mut ledger = Ledger::open(&path, Access::Write).unwrap();
    ledger.append(START_US, Some(NAME), vec![launch(), note("as it never was")]).unwrap();
    assert!(ledger.verify(None).unwrap().is_sound());
    let verification = ledger.verify(Some(head)).unwrap();
    assert_eq!(verification.first_broken_record(), Some(RecordId::new(2)));
}

/// Protects the guards themselves: a file without its triggers is said to be one.
#[test]
fn a_missing_trigger_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = ledger(folder.path());
    Connection::open(&path).unwrap().execute_batch("DROP TRIGGER record_stays").unwrap();
    let verification = Ledger::open(&path, Access::Read).unwrap().verify(None).unwrap();
    assert_eq!(verification.problems.len(), 1);
    insta::assert_snapshot!(verification.problems[0], @"the schema's trigger record_stays is missing or changed");
}

/// Protects records from accidents in a `sqlite3` shell: SQL alone can neither change, remove, replace nor slip in any.
#[test]
fn triggers_refuse_accidents() {
    let folder = tempfile::tempdir().unwrap();
    let (path, head) = ledger(folder.path());
    let connection = Connection::open(&path).unwrap();
    let refused = |sql: &str| connection.execute_batch(sql).unwrap_err().to_string();
    insta::assert_snapshot!(refused("UPDATE record SET at_us = 0"), @"a record is never changed");
    insta::assert_snapshot!(refused("DELETE FROM record"), @"a record is never deleted");
    insta::assert_snapshot!(refused("INSERT OR REPLACE INTO record SELECT * FROM record WHERE id = 3"), @"a record must follow the newest one");
    let slip = "INSERT INTO record SELECT 13, at_us, kind, experiment, arm, body, prev_hash, hash FROM record WHERE id = 12";
    insta::assert_snapshot!(refused(slip), @"a record must follow the newest one");
    insta::assert_snapshot!(refused("UPDATE observation SET count = 0"), @"an observation is never changed");
    insta::assert_snapshot!(refused("DELETE FROM observation"), @"an observation is never deleted");
    insta::assert_snapshot!(refused("INSERT OR REPLACE INTO observation SELECT * FROM observation"), @"an observation belongs to the newest record");
    insta::assert_snapshot!(refused("UPDATE series SET arm = 'x'"), @"a series is never changed");
    insta::assert_snapshot!(refused("DELETE FROM series"), @"a series is never deleted");
    assert!(Ledger::open(&path, Access::Read).unwrap().verify(Some(head)).unwrap().is_sound());
}

/// Protects the people with a `sqlite3` shell: the view shows what is known now, by name.
#[test]
fn the_view_shows_what_is_known_now() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = ledger(folder.path());
    let connection = Connection::open(&path).unwrap();
    let sql = "SELECT arm || ' ' || metric || ' ' || period_start || ' ' || count || ' ' || record_id
               FROM observation_now WHERE experiment = 'headlines' ORDER BY 1";
    let mut statement = connection.prepare(sql).unwrap();
    let rows: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    insta::assert_snapshot!(rows.join("\n"), @r"
    price lead 2026-11-01T00:00:00Z 9 7
    price lead 2026-11-02T00:00:00Z 2 5
    proof lead 2026-11-01T00:00:00Z 3 5
    proof lead 2026-11-02T00:00:00Z 4 5
    ");
}
