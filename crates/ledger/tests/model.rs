//! The ledger against simple models, on random histories.
//!
//! The file and the memory must give the same answers to the same calls, refusals included; what was known when must be
//! what a plain replay of the batches says; and whatever is recorded, money rules hold over the records alone.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use gevinst_ledger::evidence::ArmStatus;
use gevinst_ledger::fact::Closed;
use gevinst_ledger::moves::{Decision, Intended, Outcome, Settlement};
use gevinst_ledger::{
    Access, AsOf, Fact, Filter, Format, IntentState, Kind, Ledger, Progress, RecordId, Row, Stored,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use support::*;

const METRICS: [&str; 2] = ["lead", "spend"];

/// One call to a ledger.
#[derive(Debug, Clone)]
enum Op {
    Observe(Vec<(usize, usize, i64, u32)>),
    Facts(Vec<Draft>),
    /// Close the file and open it again.
    Reopen,
}

/// A fact before the history has given it its number.
#[derive(Debug, Clone)]
struct Draft {
    what: What,
    arm: usize,
    minor: i64,
    /// Added to the number that would fit, so that some facts are wrong.
    off_by: u64,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Intend,
    Propose,
    Approve,
    Decline,
    Withdraw,
    Send,
    Receive(Outcome),
    Reconcile(Settlement),
    Look,
    Conclude,
    Note,
    Close,
}

fn what() -> impl Strategy<Value = What> {
    use What::*;
    prop_oneof![
        4 => Just(Intend),
        3 => Just(Propose),
        4 => Just(Approve),
        1 => Just(Decline),
        1 => Just(Withdraw),
        6 => Just(Send),
        5 => Just(Receive(Outcome::Applied)),
        1 => Just(Receive(Outcome::NotApplied)),
        1 => Just(Receive(Outcome::Refused)),
        2 => Just(Receive(Outcome::Unknown)),
        1 => Just(Reconcile(Settlement::Applied)),
        1 => Just(Reconcile(Settlement::NotApplied)),
        1 => Just(Look),
        1 => Just(Conclude),
        1 => Just(Note),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    // Two of the arms, so that a history gets far with each.
    let draft = (what(), 0..2usize, 0..1_000i64, prop_oneof![9 => Just(0u64), 1 => 1..3u64])
        .prop_map(|(what, arm, minor, off_by)| Draft { what, arm, minor, off_by });
    let row = (0..ARMS.len(), 0..METRICS.len(), 0..6i64, 0..4u32);
    prop_oneof![
        3 => prop::collection::vec(row, 0..12).prop_map(Op::Observe),
        8 => prop::collection::vec(draft, 1..3).prop_map(Op::Facts),
        1 => Just(Op::Reopen),
        1 => (0..40u32).prop_map(|n| match n {
            0 => Op::Facts(vec![Draft { what: What::Close, arm: 0, minor: 0, off_by: 0 }]),
            _ => Op::Reopen,
        }),
    ]
}

/// Completes a draft from where the experiment stands.
fn fact(draft: &Draft, progress: &Progress) -> Fact {
    let name = ARMS[draft.arm];
    let arm = progress.arm(name).unwrap();
    let next = arm.next_seq.get() + draft.off_by;
    let open = arm.open.as_ref().map_or(1, |open| open.intent.seq.get()) + draft.off_by;
    let wanted = |needs_approval| {
        let set = if draft.minor % 7 == 0 { pause() } else { budget(draft.minor) };
        Fact::Intended(Intended { needs_approval, launch: !arm.exists, ..intended(name, next, set) })
    };
    match draft.what {
        What::Intend => wanted(false),
        What::Propose => wanted(true),
        What::Approve => decide(name, open, Decision::Approved),
        What::Decline => decide(name, open, Decision::Declined),
        What::Withdraw => withdraw(name, open),
        What::Send => sent(name, open),
        What::Receive(outcome) => receipt(name, open, outcome),
        What::Reconcile(outcome) => reconciled(name, open, outcome, draft.minor),
        What::Look => look(progress.next_look(), progress.upto().get(), &ARMS[..2]),
        What::Conclude => conclude(name, progress.next_look().saturating_sub(1), ArmStatus::Dropped),
        What::Note => note("a remark"),
        What::Close => {
            Fact::Closed(Closed { reason: "over".into(), summary: serde_json::json!({"b": 1, "a": [2]}) })
        }
    }
}

/// Latest values by replaying batches up to a record: the definition of "as of".
type Batches = Vec<(RecordId, Vec<(usize, usize, i64, u32)>)>;

fn replay(batches: &Batches, until: RecordId) -> Vec<(String, String, i64, u64)> {
    let mut known = BTreeMap::new();
    for (_, rows) in batches.iter().filter(|(record, _)| *record <= until) {
        for &(arm, metric, day, count) in rows {
            known.insert(
                (ARMS[arm].to_owned(), METRICS[metric].to_owned(), START_US + day * DAY_US),
                u64::from(count),
            );
        }
    }
    known.into_iter().map(|((arm, metric, start), count)| (arm, metric, start, count)).collect()
}

fn observed(ledger: &Ledger, as_of: AsOf) -> Vec<(String, String, i64, u64)> {
    let known = ledger.observations(NAME, as_of).unwrap().into_iter();
    known.map(|o| (o.arm.to_string(), o.metric.to_string(), o.period_start_us, o.value.count)).collect()
}

fn stored(ledger: &Ledger, filter: Filter) -> Vec<Stored> {
    ledger.facts(filter).map(Result::unwrap).collect()
}

fn exported(ledger: &Ledger) -> String {
    let mut bytes = Vec::new();
    ledger.export(&mut bytes, Format::JsonLines).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// What must hold of the records alone, stated without the code that upholds it.
fn assert_money_rules(records: &[Stored]) {
    let mut approved = BTreeSet::new();
    let mut needs_approval = BTreeSet::new();
    let mut sent = BTreeSet::new();
    let mut under_way = BTreeMap::new();
    for record in records {
        let arm = record.fact.arm().unwrap_or_default().to_owned();
        match &record.fact {
            Fact::Intended(intended) => {
                assert!(!under_way.contains_key(&arm), "record {}: intended for a frozen arm", record.id);
                if intended.needs_approval {
                    needs_approval.insert((arm, intended.seq));
                }
            }
            Fact::Approval(approval) if approval.decision == Decision::Approved => {
                approved.extend(approval.intents.iter().map(|intent| (intent.arm.clone(), intent.seq)));
            }
            Fact::Sent(fact) => {
                let key = (arm.clone(), fact.seq);
                assert!(
                    !needs_approval.contains(&key) || approved.contains(&key),
                    "{}: unapproved",
                    record.id
                );
                assert!(sent.insert(key), "record {}: sent twice", record.id);
                assert!(under_way.insert(arm, fact.seq).is_none(), "record {}: two at once", record.id);
            }
            Fact::Receipt(fact) => {
                assert_eq!(under_way.get(&arm), Some(&fact.seq), "record {}: receipt of nothing", record.id);
                if fact.outcome != Outcome::Unknown {
                    under_way.remove(&arm);
                }
            }
            Fact::Reconciled(fact) => {
                assert_eq!(under_way.remove(&arm), Some(fact.seq), "record {}: settles nothing", record.id);
            }
            _ => {}
        }
    }
}

/// The same histories everywhere; more and others with `PROPTEST_CASES` and `PROPTEST_RNG_SEED`.
fn config() -> ProptestConfig {
    let fixed =
        ProptestConfig { cases: 16, rng_seed: RngSeed::Fixed(20_261_101), ..ProptestConfig::default() };
    let from_environment =
        ["PROPTEST_CASES", "PROPTEST_RNG_SEED"].iter().any(|name| std::env::var_os(name).is_some());
    let config = if from_environment { ProptestConfig::default() } else { fixed };
    ProptestConfig { failure_persistence: None, ..config }
}

proptest! {
    #![proptest_config(config())]

    /// Protects everything that is derived from the ledger from depending on where it lies or on when it was reopened.
    #[test]
    fn file_and_memory_agree_with_the_models(ops in prop::collection::vec(op(), 1..80)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.ledger");
        let mut file = Ledger::open(&path, Access::Write).unwrap();
        let mut memory = Ledger::in_memory();
        for ledger in [&mut file, &mut memory] {
            ledger.append(START_US, Some(NAME), vec![launch()]).unwrap();
        }
        let mut batches = Batches::new();
        for (at_us, op) in (START_US..).zip(ops) {
            match op {
                Op::Observe(rows) => {
                    let wire: Vec<Row> = rows.iter().map(|&(a, m, day, n)| row(ARMS[a], METRICS[m], day, n)).collect();
                    let known = observed(&memory, AsOf::Now);
                    let results = [&mut file, &mut memory].map(|l| l.observe(at_us, NAME, &batch(&wire)));
                    let [in_file, in_memory] = results.map(|result| result.map_err(|error| error.to_string()));
                    prop_assert_eq!(&in_file, &in_memory);
                    let unique: BTreeSet<_> = wire.iter().map(|row| (row.arm, row.metric, row.period_start_us)).collect();
                    prop_assert_eq!(in_file.is_ok(), unique.len() == wire.len());
                    if let Ok(summary) = in_file {
                        batches.push((summary.record, rows));
                        let now = replay(&batches, summary.record);
                        let changed = now.iter().filter(|row| !known.contains(row)).count() as u64;
                        prop_assert_eq!(summary.rows_new + summary.rows_restated, changed);
                        prop_assert_eq!(summary.rows_new, (now.len() - known.len()) as u64);
                    }
                }
                Op::Facts(drafts) => {
                    let progress = memory.progress(NAME).unwrap();
                    let facts: Vec<_> = drafts.iter().map(|draft| fact(draft, &progress)).collect();
                    let results = [&mut file, &mut memory].map(|l| l.append(at_us, Some(NAME), facts.clone()));
                    let [in_file, in_memory] = results.map(|result| result.map_err(|error| error.to_string()));
                    prop_assert_eq!(in_file, in_memory);
                }
                Op::Reopen => {
                    drop(file);
                    file = Ledger::open(&path, Access::Write).unwrap();
                }
            }
            prop_assert_eq!(file.newest().unwrap(), memory.newest().unwrap());
            prop_assert_eq!(file.progress(NAME).unwrap(), memory.progress(NAME).unwrap());
        }
        let newest = memory.newest().unwrap().get();
        for record in (0..=newest + 1).map(RecordId::new) {
            let expected = replay(&batches, record);
            prop_assert_eq!(&observed(&file, AsOf::Record(record)), &expected);
            prop_assert_eq!(&observed(&memory, AsOf::Record(record)), &expected);
            let kept = file.last_observed(NAME, "native", AsOf::Record(record)).unwrap();
            prop_assert_eq!(kept, memory.last_observed(NAME, "native", AsOf::Record(record)).unwrap());
        }
        for offset in [-1, 0, 3, 100] {
            let as_of = AsOf::Time(START_US + offset);
            prop_assert_eq!(observed(&file, as_of), observed(&memory, as_of));
        }
        for filter in [
            Filter::all(),
            Filter::of(NAME).newest_first(),
            Filter::of("nobody"),
            Filter::all().kinds(&[Kind::Observed]).after(RecordId::new(2)),
            Filter::of(NAME).kinds(&[Kind::Sent, Kind::Receipt]).until(RecordId::new(newest / 2)),
            Filter::all().kinds(&[Kind::Sent, Kind::Launched]).newest_first(),
        ] {
            prop_assert_eq!(stored(&file, filter.clone()), stored(&memory, filter));
        }
        prop_assert_eq!(file.experiments().unwrap(), memory.experiments().unwrap());
        prop_assert_eq!(file.head().unwrap(), memory.head().unwrap());
        prop_assert_eq!(exported(&file), exported(&memory));
        // A handle that folds everything at once must stand where one stands that folded it step by step.
        let fresh = Ledger::open(&path, Access::Read).unwrap();
        prop_assert_eq!(fresh.progress(NAME).unwrap(), memory.progress(NAME).unwrap());
        for ledger in [&file, &memory] {
            let verification = ledger.verify(Some(memory.head().unwrap())).unwrap();
            prop_assert!(verification.is_sound(), "{:?}", verification.problems);
            prop_assert_eq!(verification.records, newest);
        }
        let copy = memory.copy_to(&folder.path().join("copy.ledger")).unwrap();
        prop_assert_eq!(exported(&copy), exported(&memory));
        prop_assert!(copy.verify(None).unwrap().is_sound());
        let records = stored(&memory, Filter::all());
        assert_money_rules(&records);
        for open in memory.progress(NAME).unwrap().open_intents() {
            let was_sent = records.iter().any(|record| matches!(&record.fact,
                Fact::Sent(fact) if fact.arm == open.intent.arm && fact.seq == open.intent.seq));
            prop_assert_eq!(was_sent, open.state == IntentState::Unsettled, "a restart would misjudge {:?}", open);
        }
    }
}

/// Protects readers of long ledgers: pages meet without a gap or a repetition, in both directions.
#[test]
fn facts_are_read_across_pages() {
    let mut ledger = Ledger::in_memory();
    ledger.append(START_US, None, (0..1_000).map(|n| note(&n.to_string())).collect()).unwrap();
    let ids = |filter| stored(&ledger, filter).iter().map(|record| record.id.get()).collect::<Vec<_>>();
    assert_eq!(ids(Filter::all()), (1..=1_000).collect::<Vec<_>>());
    assert_eq!(ids(Filter::all().newest_first()), (1..=1_000).rev().collect::<Vec<_>>());
    assert_eq!(
        ids(Filter::all().after(RecordId::new(100)).until(RecordId::new(612))),
        (101..=612).collect::<Vec<_>>()
    );
    assert_eq!(ids(Filter::all().newest_first().after(RecordId::new(488))).last(), Some(&489));
}
