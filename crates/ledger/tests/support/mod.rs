//! What the tests share: a small experiment, facts for it, and batches of rows.
#![allow(dead_code, reason = "each test file uses a part of it, one of them all")]

use gevinst_ledger::evidence::{ArmLook, ArmStatus, EffectMeasure, Look, PairLook};
use gevinst_ledger::fact::{Concluded, Launched, LaunchedArm, Looked, Note, PluginPin};
use gevinst_ledger::moves::{
    Approval, Decision, Intended, IntentRef, Outcome, PlatformState, Receipt, Reconciled, Sent, Settlement,
    Withdrawn,
};
use gevinst_ledger::{Amount, Batch, Digest, Fact, RecordId, Row, Seq, Setting, Value, command_key};

/// 1 November 2026, 00:00 UTC.
pub(crate) const START_US: i64 = 1_793_491_200_000_000;
pub(crate) const HOUR_US: i64 = 3_600_000_000;
pub(crate) const DAY_US: i64 = 24 * HOUR_US;
pub(crate) const NAME: &str = "headlines";
pub(crate) const ARMS: [&str; 4] = ["product", "problem", "price", "proof"];

/// The launch of an experiment with the given arms on channel `native`.
pub(crate) fn launched(arms: &[&str]) -> Launched {
    Launched {
        definition_toml: "name = \"headlines\"\n".into(),
        company_toml: "currency = \"NOK\"\n".into(),
        schema: 1,
        month: "2026-11".into(),
        program: "0.1.0".into(),
        rehearsal_seed: None,
        arms: arms
            .iter()
            .zip(1..)
            .map(|(name, code)| LaunchedArm {
                name: (*name).into(),
                code,
                channel: "native".into(),
                control: code == 1,
            })
            .collect(),
        plugins: vec![PluginPin {
            channel: "native".into(),
            id: "native-ads".into(),
            version: "0.1.0".into(),
            sha256: Digest::of(b"library"),
        }],
        sources: vec![],
        prior: None,
    }
}

pub(crate) fn launch() -> Fact {
    Fact::Launched(launched(&ARMS))
}

pub(crate) fn budget(minor: i64) -> Setting {
    Setting { daily_budget: Some(Amount { minor, currency: Some("NOK".into()) }), paused: false }
}

pub(crate) fn pause() -> Setting {
    Setting { daily_budget: None, paused: true }
}

/// An intent that needs no approval and stays valid for a day after the start.
pub(crate) fn intended(arm: &str, seq: u64, set: Setting) -> Intended {
    Intended {
        arm: arm.into(),
        seq: Seq::new(seq),
        key: command_key(NAME, arm, Seq::new(seq)),
        set,
        launch: seq == 1,
        reason: "a reason".into(),
        not_after_us: START_US + DAY_US,
        needs_approval: false,
    }
}

pub(crate) fn intend(arm: &str, seq: u64, minor: i64) -> Fact {
    Fact::Intended(intended(arm, seq, budget(minor)))
}

pub(crate) fn propose(arm: &str, seq: u64, minor: i64) -> Fact {
    Fact::Intended(Intended { needs_approval: true, ..intended(arm, seq, budget(minor)) })
}

pub(crate) fn decide(arm: &str, seq: u64, decision: Decision) -> Fact {
    let intents = vec![IntentRef { arm: arm.into(), seq: Seq::new(seq) }];
    Fact::Approval(Approval { intents, by: "kari".into(), decision })
}

pub(crate) fn withdraw(arm: &str, seq: u64) -> Fact {
    Fact::Withdrawn(Withdrawn { arm: arm.into(), seq: Seq::new(seq), reason: "a reason".into() })
}

pub(crate) fn sent(arm: &str, seq: u64) -> Fact {
    Fact::Sent(Sent { arm: arm.into(), seq: Seq::new(seq) })
}

pub(crate) fn receipt(arm: &str, seq: u64, outcome: Outcome) -> Fact {
    Fact::Receipt(Receipt {
        arm: arm.into(),
        seq: Seq::new(seq),
        outcome,
        state: None,
        message: String::new(),
    })
}

pub(crate) fn reconciled(arm: &str, seq: u64, outcome: Settlement, minor: i64) -> Fact {
    let state = PlatformState {
        exists: true,
        daily_budget: budget(minor).daily_budget,
        paused: false,
        last_seq: Some(Seq::new(seq)),
    };
    Fact::Reconciled(Reconciled { arm: arm.into(), seq: Seq::new(seq), outcome, state })
}

/// A command all the way: intended, sent, applied.
pub(crate) fn applied(arm: &str, seq: u64, minor: i64) -> Vec<Fact> {
    vec![intend(arm, seq, minor), sent(arm, seq), receipt(arm, seq, Outcome::Applied)]
}

pub(crate) fn note(text: &str) -> Fact {
    Fact::Note(Note { by: "kari".into(), text: text.into() })
}

pub(crate) fn look(number: u32, as_of: u64, arms: &[&str]) -> Fact {
    let arm_looks = arms.iter().map(|name| ArmLook {
        name: (*name).into(),
        exposure: 12_345.0,
        goals: 7,
        spend_minor: 1_234_500,
        rate: Some(7.0 / 12_345.0),
        p_best: 0.1,
        expected_loss: 0.321,
        ln_e_drop: -1.25,
        ln_e_unprofitable: None,
        status: ArmStatus::Running,
        share: 1.0 / 3.0,
        value_minor: None,
    });
    let mut pairs = Vec::new();
    for (i, a) in arms.iter().enumerate() {
        for b in &arms[i + 1..] {
            pairs.push(PairLook {
                a: (*a).into(),
                b: (*b).into(),
                ratio: 1.1,
                lower: Some(0.7),
                upper: None,
                ln_e_a_beats_b: 0.2,
                ln_e_b_beats_a: -0.4,
                p_a_better: 0.6,
                measure: EffectMeasure::RateRatio,
                difference: None,
            });
        }
    }
    let evidence = Look {
        look: number,
        at_us: START_US,
        data_until_us: START_US,
        guarantee: "robust".into(),
        separation: "platform-split".into(),
        method: "conditional likelihood".into(),
        alpha: 0.05,
        dispersion: Some(0.1),
        arms: arm_looks.collect(),
        pairs,
        checks: vec![],
    };
    Fact::Looked(Looked { as_of: RecordId::new(as_of), evidence })
}

pub(crate) fn conclude(arm: &str, look: u32, status: ArmStatus) -> Fact {
    Fact::Concluded(Concluded {
        arm: arm.into(),
        status,
        look,
        reason: "a reason".into(),
        guarantee: "robust".into(),
        against: None,
        ln_e_value: Some(3.2),
    })
}

/// A count, whose sum and sum of squares equal it.
pub(crate) fn counted(count: u32) -> Value {
    Value { count: count.into(), sum: count.into(), sum_sq: count.into() }
}

/// The row of an arm's metric on day `day`.
pub(crate) fn row<'a>(arm: &'a str, metric: &'a str, day: i64, count: u32) -> Row<'a> {
    Row { arm, metric, period_start_us: START_US + day * DAY_US, value: counted(count) }
}

/// A batch of rows of channel `native` in the first 100 days.
pub(crate) fn batch<'a>(rows: &'a [Row<'a>]) -> Batch<'a> {
    Batch {
        channel: "native",
        from_us: START_US,
        to_us: START_US + 100 * DAY_US,
        cursor: Some("next"),
        fresh_until_us: Some(START_US + DAY_US),
        rows,
    }
}
