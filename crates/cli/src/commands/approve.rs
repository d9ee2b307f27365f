//! `gevinst approve`: a person decides about the moves that wait.
//!
//! Approving records the decision and nothing else; the next `gevinst run` sends what was approved.

use std::collections::BTreeMap;

use gevinst_ledger::moves::{Approval, Decision, Intended, IntentRef};
use gevinst_ledger::{Access, Fact, IntentState, Ledger};
use jiff::Timestamp;
use serde_json::json;

use super::ledger::failure;
use crate::args::Approve;
use crate::clock;
use crate::failure::{Failure, Kind, printable};
use crate::output::{say, write_json};
use crate::project;

/// A move that waits.
pub(crate) struct Waiting {
    experiment: String,
    intent: Intended,
}

impl Waiting {
    /// Its command's key: experiment, arm and number.
    pub(crate) fn key(&self) -> &str {
        &self.intent.key
    }

    /// Why it is wanted.
    pub(crate) fn reason(&self) -> &str {
        &self.intent.reason
    }
}

pub(crate) fn run(args: &Approve) -> Result<(), Failure> {
    let now_us = clock::now_us(args.now.as_deref())?;
    let path = project::ledger_path(args.ledger.ledger.as_deref(), None)?;
    let listing = args.moves.is_empty() && !args.all;
    // A writer makes the file when it is not there; somebody who approves expects it to be.
    let reader = Ledger::open(&path, Access::Read).map_err(|error| failure(&error))?;
    if listing {
        return list(&waiting(&reader, now_us)?, args);
    }
    drop(reader);
    let mut ledger = Ledger::open(&path, Access::Write).map_err(|error| failure(&error))?;
    let waiting = waiting(&ledger, now_us)?;
    let chosen = choose(&waiting, args)?;
    let decision = if args.decline { Decision::Declined } else { Decision::Approved };
    record(&mut ledger, &chosen, decision, &args.by, now_us)?;
    let word = if args.decline { "declined" } else { "approved" };
    if let Some(target) = &args.json {
        return write_json(target, &as_json(&chosen, word));
    }
    let mut text = String::new();
    for one in &chosen {
        text.push_str(&format!("{word}: {}\n", describe(one)));
    }
    if !args.decline {
        text.push_str("the next `gevinst run` sends what was approved");
    }
    say(&text)
}

/// Records what a person decided, a record an experiment.
pub(crate) fn record(
    ledger: &mut Ledger,
    chosen: &[&Waiting],
    decision: Decision,
    by: &str,
    now_us: i64,
) -> Result<(), Failure> {
    let mut by_experiment: BTreeMap<&str, Vec<IntentRef>> = BTreeMap::new();
    for one in chosen {
        let intents = by_experiment.entry(&one.experiment).or_default();
        intents.push(IntentRef { arm: one.intent.arm.clone(), seq: one.intent.seq });
    }
    for (experiment, intents) in by_experiment {
        let approval = Approval { intents, by: by.to_owned(), decision };
        ledger
            .append(now_us, Some(experiment), vec![Fact::Approval(approval)])
            .map_err(|error| failure(&error))?;
    }
    Ok(())
}

/// The moves that a person can still decide about.
pub(crate) fn waiting(ledger: &Ledger, now_us: i64) -> Result<Vec<Waiting>, Failure> {
    let mut waiting = Vec::new();
    for entry in ledger.experiments().map_err(|error| failure(&error))? {
        let progress = ledger.progress(&entry.name).map_err(|error| failure(&error))?;
        for open in progress.open_intents() {
            if open.state == IntentState::AwaitingApproval && !open.is_expired(now_us) {
                waiting.push(Waiting { experiment: entry.name.clone(), intent: open.intent.clone() });
            }
        }
    }
    Ok(waiting)
}

fn choose<'a>(waiting: &'a [Waiting], args: &Approve) -> Result<Vec<&'a Waiting>, Failure> {
    if args.all {
        return if waiting.is_empty() {
            Err(Failure::new(Kind::Input, "no move waits for approval"))
        } else {
            Ok(waiting.iter().collect())
        };
    }
    let mut chosen: Vec<&Waiting> = Vec::new();
    for wanted in &args.moves {
        let matches = |one: &&Waiting| {
            let key = &one.intent.key;
            key == wanted || key.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.starts_with('/'))
        };
        let before = chosen.len();
        for one in waiting.iter().filter(matches) {
            if !chosen.iter().any(|taken| taken.intent.key == one.intent.key) {
                chosen.push(one);
            }
        }
        if chosen.len() == before && !waiting.iter().any(|one| matches(&one)) {
            let there: Vec<&str> = waiting.iter().map(|one| one.intent.key.as_str()).collect();
            let hint = if there.is_empty() {
                "nothing waits: the newest `gevinst run` proposed nothing, or it was decided or has expired"
                    .to_owned()
            } else {
                format!("these wait: {}", there.join(", "))
            };
            return Err(Failure::new(Kind::Input, format!("no waiting move is called `{wanted}`")).hint(hint));
        }
    }
    Ok(chosen)
}

fn list(waiting: &[Waiting], args: &Approve) -> Result<(), Failure> {
    let all: Vec<&Waiting> = waiting.iter().collect();
    if let Some(target) = &args.json {
        return write_json(target, &as_json(&all, "waiting"));
    }
    if waiting.is_empty() {
        return say("no move waits for approval");
    }
    let mut text = String::new();
    for one in waiting {
        text.push_str(&format!("{}\n    {}\n", describe(one), printable(&one.intent.reason)));
    }
    text.push_str(
        "approve one by its name, an experiment by its name, or `--all`; `--decline` turns them down",
    );
    say(&text)
}

fn describe(one: &Waiting) -> String {
    format!("{}  {}", one.intent.key, what(one))
}

/// What a move does, and until when it can be sent.
pub(crate) fn what(one: &Waiting) -> String {
    let set = &one.intent.set;
    let what = match (&set.daily_budget, set.paused) {
        (_, true) => "pause".to_owned(),
        (Some(amount), false) => match &amount.currency {
            Some(code) => match code.parse::<gevinst_experiment::Currency>() {
                Ok(currency) => format!("{} a day", gevinst_experiment::Money::new(amount.minor, currency)),
                Err(_) => format!("{} {code} (minor units) a day", amount.minor),
            },
            None => format!("{} exposures a day", amount.minor),
        },
        (None, false) => "resume".to_owned(),
    };
    let until = Timestamp::from_microsecond(one.intent.not_after_us)
        .map_or_else(|_| String::new(), |at| format!(", until {}", at.strftime("%Y-%m-%d %H:%M UTC")));
    format!("{what}{until}")
}

fn as_json(moves: &[&Waiting], decision: &str) -> serde_json::Value {
    let moves: Vec<_> = moves
        .iter()
        .map(|one| {
            json!({
                "key": one.intent.key,
                "experiment": one.experiment,
                "arm": one.intent.arm,
                "seq": one.intent.seq,
                "daily_budget_minor": one.intent.set.daily_budget.as_ref().map(|amount| amount.minor),
                "paused": one.intent.set.paused,
                "reason": one.intent.reason,
                "not_after_us": one.intent.not_after_us,
                "decision": decision,
            })
        })
        .collect();
    json!({ "schema_version": 1, "moves": moves })
}
