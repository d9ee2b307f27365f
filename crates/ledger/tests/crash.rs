//! Crashes: a writer that is killed at any instant, and a disk that kept only part of what was written last.
//!
//! SIGKILL shows that nothing depends on the process ending well. It cannot show what a power cut does, since the
//! operating system still writes what it was handed; that is what the torn log is for: the database file as it was and
//! the log cut at every length or damaged in every part, as if the disk had got no further.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use gevinst_ledger::{Access, AsOf, Fact, Filter, Kind, Ledger};
use support::*;

/// Names the ledger that the child writes; without it, this process is not the child.
const CHILD: &str = "GEVINST_LEDGER_TEST_CHILD";

/// Not a test of its own: what the killed process does. It acknowledges each step once the ledger has returned.
#[test]
fn child_that_writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let mut ledger = Ledger::open(Path::new(&path), Access::Write).unwrap();
    let mut out = std::io::stdout().lock();
    if ledger.newest().unwrap().get() == 0 {
        ledger.append(START_US, Some(NAME), vec![launch()]).unwrap();
    }
    loop {
        let step = ledger.newest().unwrap().get();
        let count = u32::try_from(step).unwrap();
        // Rows and cursor, which must come together; and a command, of which the intent must come first.
        let rows: Vec<_> = (0..40).map(|day| row(ARMS[0], "lead", day, count)).collect();
        let cursor = step.to_string();
        let batch = gevinst_ledger::Batch { cursor: Some(&cursor), ..batch(&rows) };
        ledger.observe(START_US, NAME, &batch).unwrap();
        let progress = ledger.progress(NAME).unwrap();
        let arm = progress.arm(ARMS[0]).unwrap();
        let facts = match &arm.open {
            Some(open) if arm.is_frozen() => {
                vec![reconciled(
                    ARMS[0],
                    open.intent.seq.get(),
                    gevinst_ledger::moves::Settlement::Applied,
                    100,
                )]
            }
            Some(open) => vec![sent(ARMS[0], open.intent.seq.get())],
            None => {
                let mut intended = intended(ARMS[0], arm.next_seq.get(), budget(100));
                intended.launch = !arm.exists;
                vec![Fact::Intended(intended), note("together")]
            }
        };
        ledger.append(START_US, Some(NAME), facts).unwrap();
        writeln!(out, "acknowledged {}", ledger.head().unwrap()).unwrap();
        out.flush().unwrap();
    }
}

/// Protects every acknowledged record from the death of the process that wrote it, and the next process from its remains.
#[test]
fn a_killed_writer_loses_nothing_it_acknowledged() {
    const KILLS: u64 = 25;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("month.ledger");
    let mut acknowledged = None;
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_writes_until_it_is_killed", "--nocapture"])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut next = || {
            let line = lines.by_ref().find_map(|line| Some(line.split_once("acknowledged ")?.1.to_owned()));
            line.map(|head| head.parse::<gevinst_ledger::Head>().unwrap())
        };
        for _ in 0..=kill % 4 {
            acknowledged = Some(next().expect("the child died by itself"));
        }
        // Somewhere within the next step or the one after: the moments differ, and every moment must do.
        std::thread::sleep(Duration::from_micros(kill * 137));
        child.kill().unwrap();
        child.wait().unwrap();
        while let Some(head) = next() {
            acknowledged = Some(head);
        }
        let ledger = Ledger::open(&path, Access::Read).unwrap();
        let verification = ledger.verify(acknowledged).unwrap();
        assert!(verification.is_sound(), "after kill {kill}: {:?}", verification.problems);
        assert_whole(&ledger);
    }
    assert!(acknowledged.unwrap().id.get() > 2 * KILLS, "the child hardly wrote");
}

/// Transactions are whole: rows and their cursor, facts that were appended together.
fn assert_whole(ledger: &Ledger) {
    let stored: Vec<_> = ledger.facts(Filter::all()).map(Result::unwrap).collect();
    let intents = stored.iter().filter(|record| record.fact.kind() == Kind::Intended).count();
    let notes = stored.iter().filter(|record| record.fact.kind() == Kind::Note).count();
    assert_eq!(intents, notes, "facts that belong together were parted");
    if let Some((record, observed)) = ledger.last_observed(NAME, "native", AsOf::Now).unwrap() {
        let counts: Vec<_> = ledger.observations(NAME, AsOf::Now).unwrap();
        let cursor: u64 = observed.cursor.unwrap().parse().unwrap();
        assert!(
            counts.iter().all(|row| row.record == record && row.value.count == cursor),
            "rows without their cursor"
        );
        assert_eq!(counts.len(), 40);
    }
}

/// A ledger whose last steps are in the log only: the two files' content, and the record numbers after each step.
fn unfinished(folder: &Path) -> (Vec<u8>, Vec<u8>, Vec<u64>) {
    let path = folder.join("month.ledger");
    let mut ledger = Ledger::open(&path, Access::Write).unwrap();
    let mut ends = vec![0];
    ledger.append(START_US, Some(NAME), vec![launch()]).unwrap();
    ends.push(ledger.newest().unwrap().get());
    for step in 0..6 {
        let rows: Vec<_> = (0..20).map(|day| row(ARMS[0], "lead", day, step)).collect();
        ledger.observe(START_US, NAME, &batch(&rows)).unwrap();
        ends.push(ledger.newest().unwrap().get());
        ledger.append(START_US, Some(NAME), vec![note("a"), note("b")]).unwrap();
        ends.push(ledger.newest().unwrap().get());
    }
    // Read while the writer has it open, since closing would fold the log into the database.
    let wal = folder.join("month.ledger-wal");
    (std::fs::read(&path).unwrap(), std::fs::read(wal).unwrap(), ends)
}

/// Opens a copy with this log and returns its newest record; it must be sound and end where a step ended.
fn newest_with(database: &[u8], wal: &[u8], ends: &[u64]) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("month.ledger");
    std::fs::write(&path, database).unwrap();
    std::fs::write(folder.path().join("month.ledger-wal"), wal).unwrap();
    let mut ledger = Ledger::open(&path, Access::Write).unwrap();
    let verification = ledger.verify(None).unwrap();
    assert!(verification.is_sound(), "{:?}", verification.problems);
    let newest = ledger.newest().unwrap().get();
    assert!(ends.contains(&newest), "record {newest} is inside a step");
    // And it goes on from there.
    ledger.append(START_US, None, vec![note("after the crash")]).unwrap();
    assert!(ledger.verify(None).unwrap().is_sound());
    newest
}

/// Protects against a power cut in the middle of the log: what remains is whole steps, the more the longer the log.
#[test]
fn a_torn_log_leaves_whole_steps() {
    let folder = tempfile::tempdir().unwrap();
    let (database, wal, ends) = unfinished(folder.path());
    let mut last = 0;
    let mut seen = std::collections::BTreeSet::new();
    // Cuts at and around each frame (24 bytes of header, then a page each), and in between.
    for cut in (0..wal.len()).step_by(2_053).chain([wal.len()]) {
        let newest = newest_with(&database, &wal[..cut], &ends);
        assert!(newest >= last, "a longer log of {cut} bytes held fewer records");
        last = newest;
        seen.insert(newest);
    }
    assert_eq!(last, *ends.last().unwrap(), "the whole log holds every acknowledged record");
    assert_eq!(seen.len(), ends.len(), "cuts missed a step: {seen:?} of {ends:?}");
}

/// Protects against a sector that was never written: damage in the log loses the steps from there on, and no other.
#[test]
fn a_damaged_log_leaves_whole_steps() {
    let folder = tempfile::tempdir().unwrap();
    let (database, wal, ends) = unfinished(folder.path());
    let mut last = 0;
    for at in (0..wal.len()).step_by(9_973) {
        let mut damaged = wal.clone();
        damaged[at] ^= 0x40;
        let newest = newest_with(&database, &damaged, &ends);
        assert!(newest >= last, "damage further on lost more");
        last = newest;
    }
}
