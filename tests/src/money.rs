//! What the ledger says was commanded, added up at its worst: every budget that may have been in force, for as long as it was.
//!
//! It is written from the export alone and shares no code with the runner, whose arithmetic it checks.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::export::Export;

/// µs of a day without a change of the clocks, as all days of a November in Oslo are.
const DAY_US: f64 = 86_400e6;

/// What an experiment's commands could have come to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Commanded {
    /// The largest sum of daily budgets that was, or may have been, in force at one time.
    pub a_day: i64,
    /// All that could have been spent until the end, had every budget been used up.
    pub in_all: f64,
}

#[derive(Default, Clone, Copy)]
struct Arm {
    held: i64,
    /// Of a command that was sent and not answered for.
    perhaps: Option<i64>,
}

/// Adds up the commands of `experiment`, until `until_us`.
///
/// # Panics
/// When a command is answered for that was never intended.
#[must_use]
pub fn commanded(export: &Export, experiment: &str, until_us: i64) -> Commanded {
    let mut arms: BTreeMap<&str, Arm> = BTreeMap::new();
    let mut intended: BTreeMap<(&str, u64), i64> = BTreeMap::new();
    let mut result = Commanded::default();
    let mut since_us = None;
    let records = export.records.iter().filter(|record| record.experiment.as_deref() == Some(experiment));
    for record in records {
        let sum: i64 = arms.values().map(|arm| arm.held.max(arm.perhaps.unwrap_or(0))).sum();
        let elapsed = to_float(record.at_us - since_us.unwrap_or(record.at_us));
        result.in_all += to_float(sum) * elapsed / DAY_US;
        since_us = Some(record.at_us);
        let Some(arm) = record.arm.as_deref() else { continue };
        let seq = record.body["seq"].as_u64().unwrap_or_default();
        let set = || intended.get(&(arm, seq)).copied().expect("what was answered for was intended");
        match record.kind.as_str() {
            "intended" => {
                intended.insert((arm, seq), daily(&record.body["set"]));
            }
            "sent" => arms.entry(arm).or_default().perhaps = Some(set()),
            "receipt" | "reconciled" => {
                let minor = set();
                let state = arms.entry(arm).or_default();
                match record.body["outcome"].as_str() {
                    Some("applied") => *state = Arm { held: minor, perhaps: None },
                    Some("unknown") => {}
                    _ => state.perhaps = None,
                }
            }
            _ => {}
        }
        result.a_day =
            result.a_day.max(arms.values().map(|arm| arm.held.max(arm.perhaps.unwrap_or(0))).sum());
    }
    let sum: i64 = arms.values().map(|arm| arm.held.max(arm.perhaps.unwrap_or(0))).sum();
    result.in_all += to_float(sum) * to_float(until_us - since_us.unwrap_or(until_us)) / DAY_US;
    result
}

/// What a setting costs a day.
fn daily(set: &Value) -> i64 {
    if set["paused"] == true { 0 } else { set["daily_budget"]["minor"].as_i64().expect("a budget") }
}

#[expect(clippy::cast_precision_loss, reason = "budgets and spans of a test are far below 2^53")]
fn to_float(value: i64) -> f64 {
    value as f64
}
