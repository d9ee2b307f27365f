//! The moves from intent to receipt, and what budget was in force when.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use gevinst_experiment::Zone;
use gevinst_ledger::moves::{Decision, Outcome, PlatformState, Settlement};
use gevinst_ledger::{Amount, Fact, Filter, Kind, Ledger};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::error::Error;
use crate::language::{Language, tr};
use crate::model::{Approval, ArmStatus, Cause, Move, Receipt};

/// What is known of an experiment's moves.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) moves: Vec<Move>,
    /// For each arm, what held from when on.
    pub(super) in_force: BTreeMap<String, Vec<InForce>>,
    /// The local day on which each arm's first command was applied.
    pub(super) launched_on: BTreeMap<String, Date>,
    /// What the verdicts have made of each arm so far.
    status: BTreeMap<String, ArmStatus>,
    over_us: i64,
    language: Language,
}

/// A budget a day that holds from a moment on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct InForce {
    from_us: i64,
    budget: i64,
    paused: bool,
    money: bool,
}

impl InForce {
    /// The budget of a day, averaged over its time, and whether it is money; `None` where nothing was ever commanded
    /// before the day's end, or nothing but zero held during all of it.
    pub(super) fn mean(history: &[Self], (start_us, end_us): (i64, i64)) -> Option<(i64, bool)> {
        let money = history.iter().rev().find(|held| held.from_us < end_us)?.money;
        let mut weighted = 0_i128;
        for (i, held) in history.iter().enumerate() {
            let from = held.from_us.max(start_us);
            let to = history.get(i + 1).map_or(end_us, |next| next.from_us).min(end_us);
            if to > from {
                let units = if held.paused { 0 } else { held.budget };
                weighted += i128::from(units) * i128::from(to - from);
            }
        }
        let mean = weighted / i128::from((end_us - start_us).max(1));
        let mean = i64::try_from(mean).unwrap_or(i64::MAX);
        (mean != 0).then_some((mean, money))
    }
}

/// Reads an experiment's moves; `over_us` is the end of its month.
pub(super) fn read(
    ledger: &Ledger,
    name: &str,
    zone: &Zone,
    over_us: i64,
    language: Language,
) -> Result<History, Error> {
    let kinds = [
        Kind::Concluded,
        Kind::Intended,
        Kind::Approval,
        Kind::Withdrawn,
        Kind::Sent,
        Kind::Receipt,
        Kind::Reconciled,
    ];
    let mut history = History { over_us, language, ..History::default() };
    ledger.for_each_fact(&Filter::of(name).kinds(&kinds), |stored| {
        history.take(stored.at_us, &stored.fact, zone);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(history)
}

impl History {
    fn take(&mut self, at_us: i64, fact: &Fact, zone: &Zone) {
        let at = Timestamp::from_microsecond(at_us).unwrap_or_default();
        match fact {
            Fact::Concluded(concluded) => {
                self.status.insert(concluded.arm.clone(), concluded.status);
            }
            Fact::Intended(intended) => {
                for earlier in self.moves.iter_mut().filter(|m| m.arm == intended.arm) {
                    if earlier.receipt == Receipt::NotSent
                        && !matches!(earlier.approval, Approval::Declined { .. })
                    {
                        earlier.receipt = Receipt::Replaced;
                    }
                }
                let budget = intended.set.daily_budget.as_ref();
                let cause = if at_us >= self.over_us {
                    Cause::MonthOver
                } else {
                    cause(self.status.get(&intended.arm).copied(), intended.launch)
                };
                self.moves.push(Move {
                    arm: intended.arm.clone(),
                    seq: intended.seq.get(),
                    at,
                    date: zone.date_at(at_us).unwrap_or_default(),
                    daily_budget_minor: budget.filter(|b| b.currency.is_some()).map(|b| b.minor),
                    daily_exposure: budget.filter(|b| b.currency.is_none()).map(|b| b.minor),
                    paused: intended.set.paused,
                    launch: intended.launch,
                    reason: intended.reason.clone(),
                    cause,
                    approval: if intended.needs_approval { Approval::Awaited } else { Approval::NotNeeded },
                    receipt: Receipt::NotSent,
                });
            }
            Fact::Approval(approval) => {
                for intent in &approval.intents {
                    if let Some(m) = self.find(&intent.arm, intent.seq.get()) {
                        let by = approval.by.clone();
                        m.approval = match approval.decision {
                            Decision::Approved => Approval::Approved { by, at },
                            Decision::Declined => Approval::Declined { by, at },
                        };
                    }
                }
            }
            Fact::Withdrawn(gone) => {
                self.answer(&gone.arm, gone.seq.get(), Receipt::Withdrawn { reason: gone.reason.clone() })
            }
            Fact::Sent(sent) => self.answer(&sent.arm, sent.seq.get(), Receipt::Sent),
            Fact::Receipt(receipt) => {
                let (outcome, applied) = match receipt.outcome {
                    Outcome::Applied => ("applied", true),
                    Outcome::NotApplied => ("not-applied", false),
                    Outcome::Refused => ("refused", false),
                    Outcome::Unknown => ("unknown", false),
                };
                let message = (!receipt.message.is_empty()).then(|| receipt.message.clone());
                let answered = Receipt::Answered { outcome: outcome.to_owned(), at, message };
                self.answer(&receipt.arm, receipt.seq.get(), answered);
                if applied {
                    self.hold(&receipt.arm, receipt.seq.get(), receipt.state.as_ref(), at_us, zone);
                }
            }
            Fact::Reconciled(settled) => {
                let applied = settled.outcome == Settlement::Applied;
                let answered = Receipt::Answered {
                    outcome: if applied { "applied" } else { "not-applied" }.to_owned(),
                    at,
                    message: Some(tr!(self.language, "receipt-settled")),
                };
                self.answer(&settled.arm, settled.seq.get(), answered);
                if applied {
                    self.hold(&settled.arm, settled.seq.get(), Some(&settled.state), at_us, zone);
                }
            }
            _ => {}
        }
    }

    fn find(&mut self, arm: &str, seq: u64) -> Option<&mut Move> {
        self.moves.iter_mut().rev().find(|m| m.seq == seq && m.arm == arm)
    }

    fn answer(&mut self, arm: &str, seq: u64, receipt: Receipt) {
        if let Some(m) = self.find(arm, seq) {
            m.receipt = receipt;
        }
    }

    /// Notes what holds from now on: the platform's own answer where it gave one, and otherwise what was sent.
    fn hold(&mut self, arm: &str, seq: u64, said: Option<&PlatformState>, at_us: i64, zone: &Zone) {
        let Some(sent) = self.find(arm, seq) else { return };
        let sent_budget =
            (sent.daily_budget_minor.or(sent.daily_exposure), sent.daily_budget_minor.is_some());
        let paused = said.map_or(sent.paused, |state| state.paused);
        let told = said.and_then(|state| state.daily_budget.as_ref());
        let held = self.in_force.entry(arm.to_owned()).or_default();
        let before = held.last().map(|held| (held.budget, held.money));
        let (budget, money) = match (told, sent_budget, before) {
            (Some(Amount { minor, currency }), ..) => (*minor, currency.is_some()),
            (None, (Some(budget), money), _) => (budget, money),
            (None, (None, _), before) => before.unwrap_or((0, true)),
        };
        held.push(InForce { from_us: at_us, budget, paused, money });
        if let Some(date) = zone.date_at(at_us) {
            self.launched_on.entry(arm.to_owned()).or_insert(date);
        }
    }
}

fn cause(status: Option<ArmStatus>, launch: bool) -> Cause {
    match status {
        Some(ArmStatus::Dropped) => Cause::Dropped,
        Some(ArmStatus::Tied) => Cause::Tied,
        Some(ArmStatus::Unprofitable) => Cause::Unprofitable,
        Some(ArmStatus::GuardrailBreached) => Cause::GuardrailBreached,
        Some(ArmStatus::Futile) => Cause::Futile,
        None | Some(ArmStatus::Running | ArmStatus::Winner) if launch => Cause::MonthBegins,
        None | Some(ArmStatus::Running | ArmStatus::Winner) => Cause::Share,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_that_changed_at_noon_counts_half() {
        // Commanded against delivered is only fair when both are about the same hours.
        let at = |from_us, budget| InForce { from_us, budget, paused: false, money: true };
        let history = [at(-50, 100), at(50, 300)];
        assert_eq!(InForce::mean(&history, (0, 100)), Some((200, true)));
        assert_eq!(InForce::mean(&history, (100, 200)), Some((300, true)));
        assert_eq!(InForce::mean(&history, (-200, -100)), None);
        assert_eq!(InForce::mean(&[at(0, 0)], (0, 100)), None);
    }
}
