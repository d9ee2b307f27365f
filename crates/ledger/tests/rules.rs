//! The rules that guard money, tried one by one through the public interface.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod support;

use gevinst_ledger::evidence::ArmStatus;
use gevinst_ledger::fact::{Closed, Launched, LaunchedArm, PluginAccepted};
use gevinst_ledger::moves::{Decision, Intended, Outcome, PlatformState, Receipt, Settlement};
use gevinst_ledger::{Digest, Error, Fact, IntentState, Ledger, RecordId, Seq};
use support::*;

/// A ledger with a launch and then `facts`, each of which must be allowed.
fn ledger(facts: Vec<Fact>) -> Ledger {
    let mut ledger = Ledger::in_memory();
    ledger.append(START_US, Some(NAME), vec![launch()]).unwrap();
    for fact in facts {
        ledger.append(START_US, Some(NAME), vec![fact]).unwrap();
    }
    ledger
}

/// What `fact` is refused with after `before`; nothing may have changed.
fn refusal(before: Vec<Fact>, fact: Fact) -> String {
    refusal_at(START_US, before, fact)
}

fn refusal_at(at_us: i64, before: Vec<Fact>, fact: Fact) -> String {
    let mut ledger = ledger(before);
    let (head, progress) = (ledger.head().unwrap(), ledger.progress(NAME).unwrap());
    let error = ledger.append(at_us, Some(NAME), vec![note("first"), fact]).unwrap_err();
    assert_eq!(ledger.head().unwrap(), head, "a refused call wrote something");
    assert_eq!(ledger.progress(NAME).unwrap(), progress, "a refused call changed the state");
    error.to_string()
}

fn state(ledger: &Ledger, arm: &str) -> Option<IntentState> {
    ledger.progress(NAME).unwrap().arm(arm).unwrap().open.as_ref().map(|open| open.state)
}

/// Protects against a command that is sent twice: each way of having been sent refuses the second sending.
#[test]
fn nothing_is_sent_twice() {
    let began = vec![intend("price", 1, 100), sent("price", 1)];
    insta::assert_snapshot!(refusal(began.clone(), sent("price", 1)), @"record `sent` of `headlines/price`: intent 1 was sent already");
    let mut unknown = began.clone();
    unknown.push(receipt("price", 1, Outcome::Unknown));
    insta::assert_snapshot!(refusal(unknown, sent("price", 1)), @"record `sent` of `headlines/price`: intent 1 was sent already");
    insta::assert_snapshot!(refusal(applied("price", 1, 100), sent("price", 1)), @"record `sent` of `headlines/price`: intent 1 of arm `price` was settled, declined, withdrawn or replaced before");
    insta::assert_snapshot!(refusal(vec![], sent("price", 1)), @"record `sent` of `headlines/price`: arm `price` has no intent 1");
}

/// Protects the platform from commands out of order: only the newest intent can be sent.
#[test]
fn an_intent_that_was_replaced_cannot_be_sent() {
    let before = vec![
        intend("price", 1, 100),
        Fact::Intended(Intended { launch: true, ..intended("price", 2, budget(90)) }),
    ];
    insta::assert_snapshot!(refusal(before.clone(), sent("price", 1)), @"record `sent` of `headlines/price`: intent 1 of arm `price` was settled, declined, withdrawn or replaced before");
    assert_eq!(state(&ledger(before), "price"), Some(IntentState::Ready));
}

/// Protects the frozen arm: while an outcome is unknown nothing new may be wanted for it.
#[test]
fn an_arm_with_an_unknown_outcome_is_frozen() {
    let mut before = vec![intend("price", 1, 100), sent("price", 1)];
    let next = Fact::Intended(intended("price", 2, pause()));
    insta::assert_snapshot!(refusal(before.clone(), next.clone()), @"record `intended` of `headlines/price`: the outcome of an earlier command is unknown: the platform must be asked first");
    before.push(receipt("price", 1, Outcome::Unknown));
    insta::assert_snapshot!(refusal(before.clone(), next.clone()), @"record `intended` of `headlines/price`: the outcome of an earlier command is unknown: the platform must be asked first");
    assert!(ledger(before.clone()).progress(NAME).unwrap().arm("price").unwrap().is_frozen());
    // Other arms go on, and so does this one once the platform has been asked.
    before.extend(applied("proof", 1, 100));
    before.push(reconciled("price", 1, Settlement::Applied, 100));
    before.push(next);
    assert_eq!(state(&ledger(before), "price"), Some(IntentState::Ready));
}

/// Protects approval: in mode `propose` nothing is sent that a person has not approved.
#[test]
fn an_intent_waits_for_its_approval() {
    let proposed = vec![propose("price", 1, 100)];
    insta::assert_snapshot!(refusal(proposed.clone(), sent("price", 1)), @"record `sent` of `headlines/price`: intent 1 is not approved");
    let mut approved = proposed.clone();
    approved.push(decide("price", 1, Decision::Approved));
    assert_eq!(state(&ledger(approved.clone()), "price"), Some(IntentState::Ready));
    insta::assert_snapshot!(refusal(approved, decide("price", 1, Decision::Declined)), @"record `approval` of `headlines`: intent 1 of arm `price` does not wait for approval");
    let mut declined = proposed.clone();
    declined.push(decide("price", 1, Decision::Declined));
    insta::assert_snapshot!(refusal(declined, sent("price", 1)), @"record `sent` of `headlines/price`: intent 1 of arm `price` was settled, declined, withdrawn or replaced before");
    insta::assert_snapshot!(refusal_at(START_US + 2 * DAY_US, proposed, decide("price", 1, Decision::Approved)), @"record `approval` of `headlines`: intent 1 of arm `price` has expired");
}

/// Protects an approval of several intents: one that cannot be approved leaves the others unapproved too.
#[test]
fn an_approval_is_all_or_nothing() {
    let mut ledger = ledger(vec![propose("price", 1, 100), propose("proof", 1, 100), withdraw("proof", 1)]);
    let Fact::Approval(mut both) = decide("price", 1, Decision::Approved) else { unreachable!() };
    both.intents.push(gevinst_ledger::moves::IntentRef { arm: "proof".into(), seq: Seq::FIRST });
    let error = ledger.append(START_US, Some(NAME), vec![Fact::Approval(both)]).unwrap_err();
    insta::assert_snapshot!(error, @"record `approval` of `headlines`: intent 1 of arm `proof` was settled, declined, withdrawn or replaced before");
    assert_eq!(state(&ledger, "price"), Some(IntentState::AwaitingApproval));
}

/// Protects against stale commands: after its time an intent is neither sent nor made.
#[test]
fn an_expired_intent_cannot_be_sent() {
    let late_us = START_US + DAY_US + 1;
    insta::assert_snapshot!(refusal_at(late_us, vec![intend("price", 1, 100)], sent("price", 1)), @"record `sent` of `headlines/price`: intent 1 expired at 2026-11-02T00:00:00Z");
    insta::assert_snapshot!(refusal_at(late_us, vec![], intend("price", 1, 100)), @"record `intended` of `headlines/price`: it would have expired already, at 2026-11-02T00:00:00Z");
    let ledger = ledger(vec![intend("price", 1, 100)]);
    let progress = ledger.progress(NAME).unwrap();
    let open = progress.arm("price").unwrap().open.as_ref().unwrap();
    assert!(open.is_expired(late_us) && !open.is_expired(late_us - 1));
}

/// Protects the platform from two objects for one arm: it is made until it is there, and never again.
#[test]
fn an_arm_is_launched_once() {
    let again = Fact::Intended(Intended { launch: true, ..intended("price", 2, budget(100)) });
    insta::assert_snapshot!(refusal(applied("price", 1, 100), again.clone()), @"record `intended` of `headlines/price`: launch is true, and the arm exists there already");
    let not_yet = vec![intend("price", 1, 100), sent("price", 1), receipt("price", 1, Outcome::NotApplied)];
    insta::assert_snapshot!(refusal(not_yet.clone(), intend("price", 2, 100)), @"record `intended` of `headlines/price`: launch is false, and the arm does not exist there yet");
    let mut retried = not_yet;
    retried.push(again);
    assert_eq!(state(&ledger(retried), "price"), Some(IntentState::Ready));
}

/// Protects the fence: numbers rise by one, keys say what they stand for, sums are not negative.
#[test]
fn an_intent_is_numbered_and_named() {
    insta::assert_snapshot!(refusal(vec![], intend("price", 2, 100)), @"record `intended` of `headlines/price`: its number is 2, and 1 is next");
    insta::assert_snapshot!(refusal(applied("price", 1, 100), intend("price", 1, 100)), @"record `intended` of `headlines/price`: its number is 1, and 2 is next");
    let foreign = Intended { key: "other/price/1".into(), ..intended("price", 1, budget(100)) };
    insta::assert_snapshot!(refusal(vec![], Fact::Intended(foreign)), @"record `intended` of `headlines/price`: its key is `other/price/1`, and `headlines/price/1` was expected");
    insta::assert_snapshot!(refusal(vec![], intend("price", 1, -1)), @"record `intended` of `headlines/price`: its daily budget is negative");
    insta::assert_snapshot!(refusal(vec![], intend("nobody", 1, 100)), @"record `intended` of `headlines/nobody`: there is no arm `nobody`");
}

/// Protects receipts: only what was sent has an outcome, and only once.
#[test]
fn a_receipt_belongs_to_what_was_sent() {
    insta::assert_snapshot!(refusal(vec![intend("price", 1, 100)], receipt("price", 1, Outcome::Applied)), @"record `receipt` of `headlines/price`: intent 1 was never sent");
    insta::assert_snapshot!(refusal(applied("price", 1, 100), receipt("price", 1, Outcome::Refused)), @"record `receipt` of `headlines/price`: intent 1 of arm `price` was settled, declined, withdrawn or replaced before");
    insta::assert_snapshot!(refusal(vec![], reconciled("price", 1, Settlement::Applied, 100)), @"record `reconciled` of `headlines/price`: arm `price` has no intent 1");
    let began = vec![intend("price", 1, 100), sent("price", 1)];
    insta::assert_snapshot!(refusal(began, withdraw("price", 1)), @"record `withdrawn` of `headlines/price`: intent 1 was sent, so the platform must be asked about it");
}

/// Protects the cap: until the platform has been asked, the larger of the two budgets counts.
#[test]
fn an_unknown_outcome_counts_at_its_worst() {
    let worst = |ledger: &Ledger| ledger.progress(NAME).unwrap().arm("price").unwrap().worst_daily_minor();
    let mut ledger = ledger(vec![intend("price", 1, 500)]);
    assert_eq!(worst(&ledger), 0, "an intent costs nothing");
    let mut step = |fact, expected| {
        ledger.append(START_US, Some(NAME), vec![fact]).unwrap();
        assert_eq!(worst(&ledger), expected);
    };
    step(sent("price", 1), 500);
    step(receipt("price", 1, Outcome::Applied), 500);
    step(intend("price", 2, 300), 500);
    step(sent("price", 2), 500);
    step(receipt("price", 2, Outcome::Unknown), 500);
    step(reconciled("price", 2, Settlement::Applied, 300), 300);
    step(intend("price", 3, 900), 300);
    step(sent("price", 3), 900);
    step(receipt("price", 3, Outcome::NotApplied), 300);
    step(Fact::Intended(intended("price", 4, pause())), 300);
    step(sent("price", 4), 300);
    step(receipt("price", 4, Outcome::Applied), 0);
    // Starting again without naming a budget goes on with the one before the pause.
    let resume = gevinst_ledger::Setting { daily_budget: None, paused: false };
    step(Fact::Intended(intended("price", 5, resume)), 0);
    step(sent("price", 5), 300);
    step(receipt("price", 5, Outcome::Refused), 0);
}

/// Protects the cap from a platform that rounds: what it says it does counts, not what was asked.
#[test]
fn what_the_platform_says_counts() {
    let mut ledger = ledger(vec![intend("price", 1, 500), sent("price", 1)]);
    let there =
        PlatformState { exists: true, daily_budget: budget(600).daily_budget, paused: false, last_seq: None };
    let receipt = Receipt {
        arm: "price".into(),
        seq: Seq::FIRST,
        outcome: Outcome::Applied,
        state: Some(there.clone()),
        message: "rounded".into(),
    };
    ledger.append(START_US, Some(NAME), vec![Fact::Receipt(receipt)]).unwrap();
    let progress = ledger.progress(NAME).unwrap();
    let arm = progress.arm("price").unwrap();
    assert_eq!(arm.worst_daily_minor(), 600);
    assert_eq!(arm.platform, Some(there));
}

/// Protects the course of an experiment: launched once, looks in order, closed once and then still.
#[test]
fn an_experiment_has_a_course() {
    insta::assert_snapshot!(refusal(vec![], launch()), @"record `launched` of `headlines`: the experiment was launched already, in record 1");
    insta::assert_snapshot!(refusal(vec![], look(2, 1, &ARMS)), @"record `looked` of `headlines`: it is look 2, and look 1 is next");
    insta::assert_snapshot!(refusal(vec![], look(1, 9, &ARMS)), @"record `looked` of `headlines`: it claims to be as of record 9, which it cannot have read");
    insta::assert_snapshot!(refusal(vec![], look(1, 1, &["nobody"])), @"record `looked` of `headlines`: there is no arm `nobody`");
    insta::assert_snapshot!(refusal(vec![], conclude("price", 1, ArmStatus::Dropped)), @"record `concluded` of `headlines/price`: it names look 1, and the newest is 0");
    let closed =
        Fact::Closed(Closed { reason: "the month is over".into(), summary: serde_json::Value::Null });
    insta::assert_snapshot!(refusal(vec![closed.clone()], closed.clone()), @"record `closed` of `headlines`: the experiment is closed");
    insta::assert_snapshot!(refusal(vec![closed.clone()], intend("price", 1, 100)), @"record `intended` of `headlines/price`: the experiment is closed");
    insta::assert_snapshot!(refusal(vec![intend("price", 1, 100), closed.clone()], sent("price", 1)), @"record `sent` of `headlines/price`: the experiment is closed");
    // What was under way when it closed can still be settled.
    let late = ledger(vec![
        intend("price", 1, 100),
        sent("price", 1),
        closed,
        receipt("price", 1, Outcome::Applied),
    ]);
    assert_eq!(late.progress(NAME).unwrap().closed(), Some((RecordId::new(4), START_US)));
    let mut empty = Ledger::in_memory();
    let error = empty.append(START_US, Some(NAME), vec![intend("price", 1, 100)]).unwrap_err();
    insta::assert_snapshot!(error, @"record `intended` of `headlines/price`: the experiment was never launched");
}

/// Protects the launch: arms are told apart by name and by code.
#[test]
fn a_launch_tells_its_arms_apart() {
    let refused = |launched: Launched| {
        let mut ledger = Ledger::in_memory();
        ledger.append(START_US, Some(NAME), vec![Fact::Launched(launched)]).unwrap_err().to_string()
    };
    insta::assert_snapshot!(refused(launched(&["a", "a"])), @"record `launched` of `headlines`: arm `a` is there twice");
    let mut same_code = launched(&["a", "b"]);
    same_code.arms[1].code = 1;
    insta::assert_snapshot!(refused(same_code), @"record `launched` of `headlines`: arms `a` and `b` have the same code 1");
    insta::assert_snapshot!(refused(launched(&[])), @"record `launched` of `headlines`: it has no arm");
    insta::assert_snapshot!(refused(launched(&["a\n"])), @"record `launched` of `headlines`: the name of the arm holds a control character");
    let mut long = launched(&["a"]);
    long.arms.push(LaunchedArm { name: "x".repeat(200), ..long.arms[0].clone() });
    insta::assert_snapshot!(refused(long), @"record `launched` of `headlines`: the name of the arm is longer than 128 bytes");
}

/// Protects against a library that was swapped between months: it must be accepted by a person first.
#[test]
fn a_changed_plugin_must_be_accepted() {
    let mut ledger = ledger(vec![]);
    assert_eq!(ledger.plugin_pin("native-ads").unwrap(), Some(Digest::of(b"library")));
    let mut changed = launched(&ARMS);
    changed.plugins[0].sha256 = Digest::of(b"another library");
    let again =
        |ledger: &mut Ledger| ledger.append(START_US, Some("second"), vec![Fact::Launched(changed.clone())]);
    let error = again(&mut ledger).unwrap_err();
    assert!(matches!(error, Error::PluginChanged { .. }) && error.hint().is_some());
    insta::assert_snapshot!(error, @"record launch of `second`: plugin `native-ads` has SHA-256 8450b4c5fbdac3a99d72a55131e8e20cc2ba850333c64a30c244a392f543b058, and b718f1354f7247312eca086d9a024afe5fa717ddea5adeddd6f12bcf945b2e8c is accepted");
    let accepted = PluginAccepted {
        id: "native-ads".into(),
        version: "0.2.0".into(),
        sha256: Digest::of(b"another library"),
        by: "kari".into(),
    };
    ledger.append(START_US, None, vec![Fact::PluginAccepted(accepted)]).unwrap();
    again(&mut ledger).unwrap();
    assert_eq!(ledger.plugin_pin("native-ads").unwrap(), Some(Digest::of(b"another library")));
}

/// Protects reports from numbers that JSON would lose: they are refused by name instead of stored as nothing.
#[test]
fn evidence_is_finite() {
    let Fact::Looked(mut looked) = look(1, 1, &ARMS) else { unreachable!() };
    looked.evidence.arms[1].ln_e_drop = f64::NEG_INFINITY;
    insta::assert_snapshot!(refusal(vec![], Fact::Looked(looked)), @"record `looked` of `headlines`: `ln_e_drop` of arm `problem` is -inf, which is not a finite number");
    let Fact::Looked(mut looked) = look(1, 1, &ARMS) else { unreachable!() };
    looked.evidence.pairs[0].upper = Some(f64::NAN);
    insta::assert_snapshot!(refusal(vec![], Fact::Looked(looked)), @"record `looked` of `headlines`: `upper` of `product` against `problem` is NaN, which is not a finite number");
}

/// Protects the order of the ledger from facts in the wrong place.
#[test]
fn facts_are_recorded_where_they_belong() {
    let mut ledger = ledger(vec![]);
    let error = ledger.append(START_US, None, vec![intend("price", 1, 100)]).unwrap_err();
    insta::assert_snapshot!(error, @"record `intended` of `the whole ledger`: it belongs to an experiment, and none is named");
    let error = ledger.append(0, Some(NAME), vec![note("early")]).unwrap_err();
    insta::assert_snapshot!(error, @"record `facts` of `headlines`: its time, 1970-01-01T00:00:00Z, is not between the years 2000 and 2200");
    let error = ledger.append(START_US, Some(""), vec![note("nameless")]).unwrap_err();
    insta::assert_snapshot!(error, @"record `facts` of ``: the experiment has no name");
    ledger.observe(START_US, NAME, &batch(&[])).unwrap();
    let observed = ledger.facts(gevinst_ledger::Filter::all()).last().unwrap().unwrap().fact;
    let error = ledger.append(START_US, Some(NAME), vec![observed]).unwrap_err();
    insta::assert_snapshot!(error, @"record `observed` of `headlines`: it is recorded together with its rows, by `observe`");
}

/// Protects goals that are counted elsewhere: a source reports on all arms, a stranger on none, and no arm runs on a source.
#[test]
fn a_source_reports_on_all_arms_and_is_no_channel_of_theirs() {
    let mut launch = launched(&ARMS);
    launch.sources = vec!["crm".into()];
    let mut ledger = Ledger::in_memory();
    ledger.append(START_US, Some(NAME), vec![Fact::Launched(launch.clone())]).unwrap();
    let rows = [row("product", "lead", 0, 2), row("problem", "lead", 0, 3)];
    let of_crm = gevinst_ledger::Batch { channel: "crm", ..batch(&rows) };
    assert_eq!(ledger.observe(START_US + DAY_US, NAME, &of_crm).unwrap().rows_new, 2);
    let stranger = gevinst_ledger::Batch { channel: "shop", ..batch(&rows) };
    let error = ledger.observe(START_US + DAY_US, NAME, &stranger).unwrap_err();
    assert!(error.to_string().contains("channel `shop` reports it, and it runs on `native`"), "{error}");
    assert!(ledger.verify(None).unwrap().is_sound());
    launch.sources = vec!["native".into()];
    let error = ledger.append(START_US, Some("second"), vec![Fact::Launched(launch)]).unwrap_err();
    assert!(error.to_string().contains("channel `native` is a source, and an arm runs on it"), "{error}");
}
