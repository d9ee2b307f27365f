//! Opening: everything that can lie at a path, and everybody who can be there already.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod support;

use std::path::Path;

use gevinst_ledger::{Access, Error, ErrorKind, FORMAT, Ledger};
use rusqlite::Connection;
use support::*;

/// The error of opening a file with this content, which must leave the file as it was, in both ways of opening.
fn refusal(content: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("month.ledger");
    std::fs::write(&path, content).unwrap();
    let messages =
        [Access::Read, Access::Write].map(|access| message(&path, Ledger::open(&path, access).unwrap_err()));
    assert_eq!(std::fs::read(&path).unwrap(), content, "opening changed a file that is not ours");
    assert_eq!(messages[0], messages[1]);
    let [message, _] = messages;
    message
}

/// The message with the folder taken out, and the hint.
fn message(path: &Path, error: Error) -> String {
    let folder = path.parent().unwrap().canonicalize().unwrap();
    let hint = error.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    format!("{error}{hint}").replace(folder.to_str().unwrap(), "…")
}

fn database(sql: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.sqlite");
    Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    std::fs::read(&path).unwrap()
}

/// Protects other people's files: what is not a ledger is refused and not touched.
#[test]
fn what_is_not_a_ledger_is_refused_untouched() {
    insta::assert_snapshot!(refusal(b"name = \"headlines\"\n".repeat(100).as_slice()), @"open ledger `…/month.ledger`: it is not a ledger (it is not a SQLite database)");
    insta::assert_snapshot!(refusal(&database("CREATE TABLE t (x)")), @"open ledger `…/month.ledger`: it is not a ledger (it is some other program's SQLite database)");
    insta::assert_snapshot!(refusal(&database("PRAGMA application_id = 7; CREATE TABLE t (x)")), @"open ledger `…/month.ledger`: it is not a ledger (application id 0x7, format 0)");
}

/// Protects a newer ledger from an older program: refused by both formats' numbers, untouched.
#[test]
fn a_newer_format_is_refused_untouched() {
    let newer = format!(
        "PRAGMA application_id = {}; PRAGMA user_version = {}; CREATE TABLE t (x)",
        0x6765_7669,
        FORMAT + 1
    );
    insta::assert_snapshot!(refusal(&database(&newer)), @r"
    open ledger `…/month.ledger`: it has format 2, and this version reads formats up to 1
    hint: install the newer version of gevinst that wrote it
    ");
}

/// Protects from reading nothing as if it were a result.
#[test]
fn reading_needs_a_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("month.ledger");
    let error = Ledger::open(&path, Access::Read).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Environment);
    insta::assert_snapshot!(error.to_string().replace(folder.path().to_str().unwrap(), "…"), @"open ledger `…/month.ledger`: there is no such file");
    assert!(!path.exists(), "reading made a file");
    std::fs::write(&path, b"").unwrap();
    insta::assert_snapshot!(message(&path, Ledger::open(&path, Access::Read).unwrap_err()), @"open ledger `…/month.ledger`: it is not a ledger (it is empty)");
    // An empty file is what a crash in the first instant leaves: writing makes a ledger of it.
    Ledger::open(&path, Access::Write).unwrap();
    Ledger::open(&path, Access::Read).unwrap();
}

/// Protects from a path that leads nowhere.
#[test]
fn a_folder_must_be_there_and_a_ledger_is_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing").join("month.ledger");
    let error = Ledger::open(&path, Access::Write).unwrap_err();
    assert!(matches!(error, Error::CannotOpen { .. }), "{error:?}");
    let error = Ledger::open(folder.path(), Access::Write).unwrap_err();
    assert!(matches!(error, Error::CannotOpen { .. }), "{error:?}");
}

/// Protects against two runners on one ledger, by whatever name they call it; readers are welcome.
#[test]
fn a_second_writer_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("month.ledger");
    let mut first = Ledger::open(&path, Access::Write).unwrap();
    first.append(START_US, Some(NAME), vec![launch()]).unwrap();
    let error = Ledger::open(&path, Access::Write).unwrap_err();
    let Error::Locked { pid, .. } = error else { panic!("{error:?}") };
    assert_eq!(pid, Some(std::process::id()));
    insta::assert_snapshot!(message(&path, error).replace(&std::process::id().to_string(), "PID"), @r"
    open ledger `…/month.ledger` for writing: process PID holds the lock `…/month.ledger-lock`
    hint: wait for the other `gevinst run` to end, or stop it; reading is possible meanwhile
    ");
    #[cfg(unix)]
    {
        let link = folder.path().join("link.ledger");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(Ledger::open(&link, Access::Write), Err(Error::Locked { .. })));
    }
    assert_eq!(Ledger::open(&path, Access::Read).unwrap().experiments().unwrap().len(), 1);
    drop(first);
    Ledger::open(&path, Access::Write).unwrap();
}

/// Protects readers' promise: a handle for reading writes nothing.
#[test]
fn a_reader_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("month.ledger");
    Ledger::open(&path, Access::Write).unwrap().append(START_US, Some(NAME), vec![launch()]).unwrap();
    let mut reader = Ledger::open(&path, Access::Read).unwrap();
    let error = reader.append(START_US, Some(NAME), vec![note("no")]).unwrap_err();
    insta::assert_snapshot!(message(&path, error), @"write ledger `…/month.ledger`: it is open for reading only");
    assert!(matches!(reader.observe(START_US, NAME, &batch(&[])), Err(Error::ReadOnly { .. })));
}

/// Protects a ledger from being written over by a copy of another.
#[test]
fn a_copy_needs_an_empty_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("month.ledger");
    let mut rehearsed = Ledger::in_memory();
    rehearsed.append(START_US, Some(NAME), vec![launch()]).unwrap();
    let copy = rehearsed.copy_to(&path).unwrap();
    assert_eq!(
        (copy.head().unwrap(), copy.path()),
        (rehearsed.head().unwrap(), Some(path.canonicalize().unwrap().as_path()))
    );
    drop(copy);
    insta::assert_snapshot!(message(&path, rehearsed.copy_to(&path).unwrap_err()), @"copy a ledger to `…/month.ledger`: there is one already, and it is not empty");
    assert_eq!(Ledger::open(&path, Access::Read).unwrap().head().unwrap(), rehearsed.head().unwrap());
}

/// Protects readers beside a writer: each sees whole transactions only, in order, and a snapshot stands still.
#[test]
fn two_readers_see_whole_steps_while_one_writes() {
    const STEPS: u64 = 100;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("month.ledger");
    let mut writer = Ledger::open(&path, Access::Write).unwrap();
    writer.append(START_US, Some(NAME), vec![launch()]).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let reader = Ledger::open(&path, Access::Read).unwrap();
                let (mut last, mut moved) = (0, 0);
                while last < 1 + 3 * STEPS {
                    let seen = reader
                        .snapshot(|reader| {
                            let newest = reader.newest()?.get();
                            std::thread::yield_now();
                            assert_eq!(reader.facts(gevinst_ledger::Filter::all()).count() as u64, newest);
                            assert_eq!(reader.head()?.id.get(), newest);
                            assert_eq!(
                                reader.snapshot(Ledger::newest)?.get(),
                                newest,
                                "a snapshot within one"
                            );
                            Ok(newest)
                        })
                        .unwrap();
                    assert!(seen >= last, "a reader went back in time");
                    assert_eq!(seen % 3, 1, "a reader saw part of a transaction");
                    moved += u64::from(seen > last);
                    last = seen;
                }
                assert!(moved > 1, "the reader saw only the end");
            });
        }
        for step in 0..STEPS {
            writer.append(START_US, None, (0..3).map(|n| note(&format!("{step}/{n}"))).collect()).unwrap();
        }
    });
}

/// Protects readers from a damaged file: whichever page is damaged, it is noticed, and never a crash or a wrong answer.
#[test]
fn a_damaged_page_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("month.ledger");
    {
        let mut ledger = Ledger::open(&path, Access::Write).unwrap();
        ledger.append(START_US, Some(NAME), vec![launch()]).unwrap();
        for day in 0..20 {
            let rows: Vec<_> = ARMS
                .iter()
                .flat_map(|arm| (0..40).map(move |past| row(arm, "lead", past + day, 3)))
                .collect();
            ledger.observe(START_US, NAME, &batch(&rows)).unwrap();
            ledger
                .append(START_US, Some(NAME), vec![look(u32::try_from(day).unwrap() + 1, 1, &ARMS)])
                .unwrap();
        }
    }
    let sound = std::fs::read(&path).unwrap();
    const PAGE: usize = 4_096;
    let mut noticed_when = std::collections::BTreeSet::new();
    for page in 0..sound.len() / PAGE {
        let mut damaged = sound.clone();
        // The head of a page is what tells SQLite what the rest is; the first page's begins after the file's own.
        let at = page * PAGE + if page == 0 { 100 } else { 0 };
        damaged[at..at + 64].fill(0x5A);
        std::fs::write(&path, &damaged).unwrap();
        let noticed = match Ledger::open(&path, Access::Read) {
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Integrity, "page {page}: {error:?}");
                "opening"
            }
            Ok(ledger) => match ledger.verify(None) {
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Integrity, "page {page}: {error:?}");
                    "verifying"
                }
                Ok(verification) => {
                    assert!(!verification.is_sound(), "page {page} was damaged and nobody noticed");
                    "verified"
                }
            },
        };
        noticed_when.insert(noticed);
    }
    assert!(noticed_when.len() > 1, "{noticed_when:?}");
}
