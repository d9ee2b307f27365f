//! The stored format: a ledger written by the first version that had format 1 reads today as it did then.
//!
//! The fixture holds every kind of fact with every field. It is made once for a format and then never again:
//! `GEVINST_LEDGER_FIXTURE=write cargo test -p gevinst-ledger --test format` writes it where it is missing.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod support;

use std::path::{Path, PathBuf};

use gevinst_ledger::evidence::{ArmStatus, CheckLook, Consequence};
use gevinst_ledger::fact::{Closed, PluginAccepted};
use gevinst_ledger::moves::{Decision, Outcome, PlatformState, Receipt, Settlement};
use gevinst_ledger::{
    Access, AsOf, Batch, Digest, Fact, Filter, Format, Head, IntentState, Kind, Ledger, Row, Seq, Value,
};
use support::*;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn export(ledger: &Ledger) -> String {
    let mut bytes = Vec::new();
    ledger.export(&mut bytes, Format::JsonLines).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Every kind of fact, with every field filled at least once.
fn write_history(ledger: &mut Ledger) {
    let at = |day: i64| START_US + day * HOUR_US;
    let mut launch = launched(&ARMS);
    launch.arms[3].channel = "email".into();
    ledger.append(at(0), Some(NAME), vec![Fact::Launched(launch)]).unwrap();
    ledger.append(at(1), Some(NAME), applied("product", 1, 250_000)).unwrap();
    ledger
        .append(
            at(1),
            Some(NAME),
            vec![propose("problem", 1, 250_000), propose("price", 1, 1), propose("proof", 1, 2)],
        )
        .unwrap();
    ledger
        .append(at(2), Some(NAME), vec![decide("problem", 1, Decision::Approved), sent("problem", 1)])
        .unwrap();
    ledger
        .append(at(2), Some(NAME), vec![decide("price", 1, Decision::Declined), withdraw("proof", 1)])
        .unwrap();
    let unknown = Receipt {
        arm: "problem".into(),
        seq: Seq::FIRST,
        outcome: Outcome::Unknown,
        state: None,
        message: "the connection broke — “timeout”".into(),
    };
    ledger.append(at(2), Some(NAME), vec![Fact::Receipt(unknown)]).unwrap();
    ledger.append(at(3), Some(NAME), vec![reconciled("problem", 1, Settlement::Applied, 240_000)]).unwrap();
    let refused = Receipt {
        arm: "price".into(),
        seq: Seq::new(2),
        outcome: Outcome::Refused,
        state: Some(PlatformState { exists: false, daily_budget: None, paused: true, last_seq: None }),
        message: "the account may not".into(),
    };
    let mut again = intended("price", 2, budget(0));
    again.launch = true;
    ledger
        .append(at(3), Some(NAME), vec![Fact::Intended(again), sent("price", 2), Fact::Receipt(refused)])
        .unwrap();
    let spend = |sum: f64, sum_sq: f64| Row {
        value: Value { count: 3, sum, sum_sq },
        ..row("product", "spend", 0, 0)
    };
    let rows = [spend(123_456.5, 6e9), row("problem", "lead", 0, 2), row("problem", "lead", 1, 0)];
    ledger.observe(at(24), NAME, &batch(&rows)).unwrap();
    let email = [row("proof", "lead", 0, 9)];
    let of_email = Batch { channel: "email", cursor: None, fresh_until_us: None, ..batch(&email) };
    ledger.observe(at(24), NAME, &of_email).unwrap();
    let rows = [spend(123_457.0, 6e9), row("problem", "lead", 0, 2), row("problem", "lead", 2, 1)];
    ledger.observe(at(48), NAME, &Batch { cursor: Some("page \"2\"\n"), ..batch(&rows) }).unwrap();
    let Fact::Looked(mut looked) = look(1, ledger.newest().unwrap().get(), &ARMS) else { unreachable!() };
    looked.evidence.arms[0].ln_e_unprofitable = Some(-0.1);
    looked.evidence.checks = vec![CheckLook {
        name: "split".into(),
        passed: true,
        sentence: "the split is as it was set".into(),
        consequence: Consequence::Stops,
    }];
    ledger
        .append(at(48), Some(NAME), vec![Fact::Looked(looked), conclude("price", 1, ArmStatus::Dropped)])
        .unwrap();
    let mut resume = intended("product", 2, pause());
    resume.needs_approval = true;
    ledger.append(START_US, Some(NAME), vec![Fact::Intended(resume)]).unwrap();
    let accepted = PluginAccepted {
        id: "native-ads".into(),
        version: "0.2.0".into(),
        sha256: Digest::of(b"a newer library"),
        by: "kari".into(),
    };
    ledger.append(at(49), None, vec![Fact::PluginAccepted(accepted), note("æøå")]).unwrap();
    let mut second = launched(&["a", "b"]);
    (second.rehearsal_seed, second.plugins) = (Some(u64::MAX), vec![]);
    ledger.append(at(50), Some("second"), vec![Fact::Launched(second)]).unwrap();
    let summary = serde_json::json!({ "winner": null, "arms": [{ "name": "a", "goals": 3 }], "gain": 0.125 });
    ledger
        .append(at(51), Some("second"), vec![Fact::Closed(Closed { reason: "stopped".into(), summary })])
        .unwrap();
}

/// Protects ledgers in the field: the file, its hashes, its meaning and its export are what they were.
#[test]
fn format_1_reads_as_it_did() {
    let path = fixture("format-1.sqlite");
    if !path.exists() && std::env::var_os("GEVINST_LEDGER_FIXTURE").is_some() {
        let mut ledger = Ledger::open(&path, Access::Write).unwrap();
        write_history(&mut ledger);
        std::fs::write(fixture("format-1.jsonl"), export(&ledger)).unwrap();
        std::fs::write(fixture("format-1.head"), format!("{}\n", ledger.head().unwrap())).unwrap();
        drop(ledger);
        std::fs::remove_file(fixture("format-1.sqlite-lock")).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("format-1.sqlite");
    std::fs::copy(&path, &copy).unwrap();
    let head: Head = std::fs::read_to_string(fixture("format-1.head")).unwrap().trim().parse().unwrap();

    let reader = Ledger::open(&copy, Access::Read).unwrap();
    let verification = reader.verify(Some(head)).unwrap();
    assert!(verification.is_sound(), "{:?}", verification.problems);
    assert_eq!((verification.head, verification.rows), (head, 6));
    assert_eq!(export(&reader), std::fs::read_to_string(fixture("format-1.jsonl")).unwrap());
    let kinds: std::collections::BTreeSet<Kind> =
        reader.facts(Filter::all()).map(|stored| stored.unwrap().fact.kind()).collect();
    assert_eq!(kinds.len(), Kind::ALL.len(), "the fixture lacks a kind of fact: {kinds:?}");

    let progress = reader.progress(NAME).unwrap();
    let arm = |name: &str| progress.arm(name).unwrap();
    assert_eq!(progress.last_look().unwrap().0, 1);
    assert_eq!(arm("product").worst_daily_minor(), 250_000);
    assert_eq!(arm("product").open.as_ref().unwrap().state, IntentState::AwaitingApproval);
    assert_eq!(arm("problem").commanded.as_ref().unwrap().set, budget(240_000));
    assert_eq!(
        (arm("price").status, arm("price").exists, arm("price").next_seq),
        (ArmStatus::Dropped, false, Seq::new(3))
    );
    let known: Vec<_> = reader.observations(NAME, AsOf::Now).unwrap();
    assert_eq!(known.len(), 5);
    assert_eq!(known[3].value, Value { count: 3, sum: 123_457.0, sum_sq: 6e9 });
    let cursor = reader.last_observed(NAME, "native", AsOf::Now).unwrap().unwrap().1.cursor;
    assert_eq!(cursor.as_deref(), Some("page \"2\"\n"));
    assert_eq!(reader.plugin_pin("native-ads").unwrap(), Some(Digest::of(b"a newer library")));
    drop(reader);

    let mut writer = Ledger::open(&copy, Access::Write).unwrap();
    writer.append(START_US, Some(NAME), vec![decide("product", 2, Decision::Approved)]).unwrap();
    assert!(writer.verify(Some(head)).unwrap().is_sound());
}

/// Protects old files from today's code: the same history still gives the same bytes, so that nothing about what is
/// written has changed unnoticed.
#[test]
fn today_writes_format_1_as_it_was() {
    let mut ledger = Ledger::in_memory();
    write_history(&mut ledger);
    let expected = std::fs::read_to_string(fixture("format-1.jsonl")).unwrap();
    for (number, (today, then)) in export(&ledger).lines().zip(expected.lines()).enumerate() {
        assert_eq!(today, then, "line {}", number + 1);
    }
}

/// Protects the export's readers: the chain can be checked from the export alone, with what the documentation says.
#[test]
fn an_export_can_be_checked_by_itself() {
    let text = std::fs::read_to_string(fixture("format-1.jsonl")).unwrap();
    let mut previous = "0".repeat(64);
    let mut records = 0;
    for line in text.lines().skip(1) {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        if value["line"] != "record" {
            continue;
        }
        records += 1;
        // The body's text, taken from the line as it stands there.
        let from = line.find("\"body\":").unwrap() + "\"body\":".len();
        let to = line.rfind(",\"prev_hash\":").unwrap();
        let mut bytes = Vec::new();
        let text = |bytes: &mut Vec<u8>, text: &str| {
            bytes.extend((text.len() as u64).to_be_bytes());
            bytes.extend(text.as_bytes());
        };
        text(&mut bytes, "gevinst ledger record 1");
        bytes.extend((0..64).step_by(2).map(|at| u8::from_str_radix(&previous[at..at + 2], 16).unwrap()));
        bytes.extend(value["id"].as_u64().unwrap().to_be_bytes());
        bytes.extend(value["at_us"].as_i64().unwrap().to_be_bytes());
        text(&mut bytes, value["kind"].as_str().unwrap());
        for name in ["experiment", "arm"] {
            bytes.push(u8::from(!value[name].is_null()));
            value[name].as_str().into_iter().for_each(|name| text(&mut bytes, name));
        }
        text(&mut bytes, &line[from..to]);
        assert_eq!(value["prev_hash"], previous);
        previous = Digest::of(&bytes).to_string();
        assert_eq!(value["hash"], previous, "record {}", value["id"]);
    }
    assert_eq!(records, 26);
    let header: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(header["head_hash"], previous);
}
