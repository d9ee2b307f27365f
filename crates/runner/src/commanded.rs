//! What every arm was commanded to use in each period, from the ledger's moves.
//!
//! A command is in force from the receipt that says so; from the moment it leaves until its outcome is known, both it and the one before
//! may be. What the platform read back counts where it did. Time outside commands counts as nothing.

use std::collections::BTreeMap;

use gevinst_ledger::moves::{Outcome, PlatformState, Settlement};
use gevinst_ledger::{AsOf, Fact, Filter, Kind, Ledger, RecordId, Seq, Setting};

use crate::Error;
use crate::book::{Book, Commanded};
use crate::plan::Plan;

/// What an arm may hold: the least and the most, in the plan's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Held {
    least: i64,
    most: i64,
}

impl Held {
    fn exactly(budget: i64) -> Self {
        Self { least: budget, most: budget }
    }
}

/// Writes into the book what was commanded, as known at a moment in the ledger.
///
/// # Errors
/// Those of the ledger.
pub fn add(plan: &Plan, ledger: &Ledger, as_of: AsOf, book: &mut Book) -> Result<(), Error> {
    let changes = changes(plan, ledger, as_of)?;
    let mut held = vec![Held::default(); plan.arms.len()];
    let mut next = 0;
    for (index, period) in plan.periods.iter().enumerate() {
        while next < changes.len() && changes[next].0 <= period.start_us {
            held[changes[next].1] = changes[next].2;
            next += 1;
        }
        let mut sums = vec![Sum::default(); plan.arms.len()];
        let mut at_us = period.start_us;
        while at_us < period.end_us {
            let until_us = changes.get(next).map_or(period.end_us, |change| change.0.min(period.end_us));
            take(&mut sums, &held, until_us - at_us);
            at_us = until_us;
            while next < changes.len() && changes[next].0 == at_us && at_us < period.end_us {
                held[changes[next].1] = changes[next].2;
                next += 1;
            }
        }
        let length = float(period.end_us - period.start_us);
        for (arm, sum) in sums.into_iter().enumerate() {
            book.cell_mut(index, arm).commanded =
                Some(Commanded { most: sum.most, mean: sum.total / length, share: sum.share });
        }
    }
    Ok(())
}

#[derive(Debug, Clone, Default)]
struct Sum {
    most: i64,
    total: f64,
    share: Option<(f64, f64)>,
}

/// Adds a stretch of time in which nothing changed.
fn take(sums: &mut [Sum], held: &[Held], length_us: i64) {
    if length_us <= 0 {
        return;
    }
    let (least, most): (i64, i64) = (held.iter().map(|h| h.least).sum(), held.iter().map(|h| h.most).sum());
    for (sum, own) in sums.iter_mut().zip(held) {
        sum.most = sum.most.max(own.most);
        sum.total += float(own.most) * float(length_us);
        if most > 0 {
            let share = (
                float(own.least) / float(own.least + most - own.most).max(1.0),
                float(own.most) / float(own.most + least - own.least).max(1.0),
            );
            sum.share = Some(sum.share.map_or(share, |(low, high)| (low.min(share.0), high.max(share.1))));
        }
    }
}

/// When which arm came to hold what, in order of time.
fn changes(plan: &Plan, ledger: &Ledger, as_of: AsOf) -> Result<Vec<(i64, usize, Held)>, Error> {
    let kinds = [Kind::Intended, Kind::Sent, Kind::Receipt, Kind::Reconciled];
    let filter = Filter::of(plan.experiment.name.as_str()).kinds(&kinds);
    let filter = match as_of {
        AsOf::Record(record) => filter.until(record),
        AsOf::Now => filter,
        AsOf::Time(at_us) => filter.until(newest_at(plan, ledger, at_us)?),
    };
    let arm_of = |name: &str| plan.arms.iter().position(|arm| arm.name == name);
    let mut intended: BTreeMap<(usize, Seq), i64> = BTreeMap::new();
    // The budget in force, apart from commands on their way.
    let mut settled = vec![0_i64; plan.arms.len()];
    let mut changes = Vec::new();
    for fact in ledger.facts(filter) {
        let stored = fact?;
        let Some(arm) = stored.fact.arm().and_then(arm_of) else { continue };
        let wanted = |seq: Seq| intended.get(&(arm, seq)).copied().unwrap_or(0);
        let held = match &stored.fact {
            Fact::Intended(fact) => {
                intended.insert((arm, fact.seq), budget(&fact.set));
                continue;
            }
            Fact::Sent(fact) => between(settled[arm], wanted(fact.seq)),
            Fact::Receipt(fact) => match fact.outcome {
                Outcome::Applied => {
                    settled[arm] = read_back(fact.state.as_ref()).unwrap_or_else(|| wanted(fact.seq));
                    Held::exactly(settled[arm])
                }
                Outcome::NotApplied | Outcome::Refused => Held::exactly(settled[arm]),
                Outcome::Unknown => between(settled[arm], wanted(fact.seq)),
            },
            Fact::Reconciled(fact) => {
                let state = read_back(Some(&fact.state));
                settled[arm] = match fact.outcome {
                    Settlement::Applied => state.unwrap_or_else(|| wanted(fact.seq)),
                    Settlement::NotApplied => state.unwrap_or(settled[arm]),
                };
                Held::exactly(settled[arm])
            }
            _ => continue,
        };
        changes.push((stored.at_us, arm, held));
    }
    // Clocks may go backwards; what was recorded first was in force first.
    changes.sort_by_key(|change| change.0);
    Ok(changes)
}

fn between(one: i64, other: i64) -> Held {
    Held { least: one.min(other), most: one.max(other) }
}

fn budget(set: &Setting) -> i64 {
    if set.paused { 0 } else { set.daily_budget.as_ref().map_or(0, |amount| amount.minor) }
}

/// What the platform says that an arm may use a day, where it says so.
fn read_back(state: Option<&PlatformState>) -> Option<i64> {
    let state = state?;
    if state.paused || !state.exists {
        return Some(0);
    }
    state.daily_budget.as_ref().map(|amount| amount.minor)
}

/// The newest record of the experiment at or before a time.
fn newest_at(plan: &Plan, ledger: &Ledger, at_us: i64) -> Result<RecordId, Error> {
    let mut newest = RecordId::START;
    for fact in ledger.facts(Filter::of(plan.experiment.name.as_str())) {
        let stored = fact?;
        if stored.at_us <= at_us {
            newest = stored.id;
        }
    }
    Ok(newest)
}

#[expect(clippy::cast_precision_loss, reason = "budgets and times are far below 2^53")]
fn float(value: i64) -> f64 {
    value as f64
}
