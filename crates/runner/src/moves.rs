//! Move: intent, act, receipt.
//!
//! A command is recorded as intended, then as sent, and only then leaves; its answer is recorded as a receipt. So a
//! crash leaves an intent that was certainly not sent, or one that may have been: that one is settled by asking the
//! platform, never by sending again. What may follow what is enforced by [`gevinst_ledger::Progress`] on every write.

use gevinst_abi::wire::{Command, Money, Query, Set, State};
use gevinst_ledger::moves::{Intended, Outcome, PlatformState, Receipt, Reconciled, Sent, Settlement};
use gevinst_ledger::{Amount, Fact, IntentState, Ledger, Seq, Setting, command_key};

use crate::Error;
use crate::plan::{Plan, Unit};
use crate::port::Ports;

/// What an arm should be set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Index of the arm in the plan.
    pub arm: usize,
    /// Budget a day, in the plan's unit; 0 pauses it.
    pub daily: i64,
    /// Why, in a sentence.
    pub reason: String,
}

/// What the moves of a step came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Moved {
    /// Commands that are in force now.
    pub applied: u32,
    /// Commands that the platform certainly does not have.
    pub not_applied: Vec<(String, String)>,
    /// Commands whose outcome nobody knows yet.
    pub unknown: Vec<(String, String)>,
    /// Moves that wait for a person.
    pub waiting: u32,
    /// What to do about channels that could not be used, where that is known; each said once.
    pub hints: Vec<String>,
}

impl Moved {
    /// Adds what later moves of the same step came to; only the newest count of waiting moves holds.
    pub fn add(&mut self, later: Self) {
        self.applied += later.applied;
        self.waiting = later.waiting;
        self.not_applied.extend(later.not_applied);
        self.unknown.extend(later.unknown);
        later.hints.into_iter().for_each(|hint| self.advise(Some(hint)));
    }

    fn advise(&mut self, hint: Option<String>) {
        self.hints.extend(hint.filter(|hint| !self.hints.contains(hint)));
    }
}

/// Settles commands that may have been sent: asks the platform which of the two budgets holds.
///
/// An arm whose platform cannot be asked stays frozen.
///
/// # Errors
/// Those of the ledger.
pub fn recover(plan: &Plan, ledger: &mut Ledger, ports: &mut dyn Ports, now_us: i64) -> Result<Moved, Error> {
    let name = plan.experiment.name.as_str();
    let progress = ledger.progress(name)?;
    let mut moved = Moved::default();
    for open in progress.open_intents().filter(|open| open.state == IntentState::Unsettled) {
        let intent = &open.intent;
        let channel = progress.arm(&intent.arm).map(|arm| arm.channel.clone()).unwrap_or_default();
        let query = Query { experiment: name.to_owned(), arm: intent.arm.clone() };
        let answer = match ports.port(name, &channel) {
            Ok(port) => port.query(&query, now_us),
            Err(error) => Err(error),
        };
        match answer {
            Ok(state) => {
                let outcome = settlement(intent, &state);
                let fact = Fact::Reconciled(Reconciled {
                    arm: intent.arm.clone(),
                    seq: intent.seq,
                    outcome,
                    state: platform_state(plan, &state),
                });
                ledger.append(now_us, Some(name), vec![fact])?;
                match outcome {
                    Settlement::Applied => moved.applied += 1,
                    Settlement::NotApplied => {
                        moved
                            .not_applied
                            .push((intent.key.clone(), "the platform does not have it".to_owned()));
                    }
                }
            }
            Err(error) => {
                moved.unknown.push((intent.key.clone(), error.message));
                moved.advise(error.hint);
            }
        }
    }
    Ok(moved)
}

/// Whether a command is in force, from what the platform says of its arm.
///
/// The sequence number decides where the channel keeps it; otherwise the state itself does, since commands are absolute.
fn settlement(intent: &Intended, state: &State) -> Settlement {
    let applied = match state.last_seq {
        Some(last) => last >= intent.seq.get(),
        None => {
            let budget = intent.set.daily_budget.as_ref().map(|amount| amount.minor);
            let there = state.daily_budget.as_ref().map(|money| money.minor);
            state.exists && state.paused == intent.set.paused && (budget.is_none() || budget == there)
        }
    };
    if applied { Settlement::Applied } else { Settlement::NotApplied }
}

/// What is wanted as intents, for the arms whose platform state differs from it; the caller records them.
///
/// Frozen arms are left alone. An intent that waits already and says the same is kept.
///
/// # Errors
/// Those of the ledger.
pub fn intents(
    plan: &Plan,
    ledger: &Ledger,
    wanted: &[Wanted],
    needs_approval: bool,
    now_us: i64,
    not_after_us: i64,
) -> Result<Vec<Fact>, Error> {
    let name = plan.experiment.name.as_str();
    let progress = ledger.progress(name)?;
    let mut facts = Vec::new();
    for want in wanted {
        let arm = &plan.arms[want.arm];
        let Some(stands) = progress.arm(&arm.name) else { continue };
        if stands.is_frozen() {
            continue;
        }
        let set = Setting {
            daily_budget: Some(Amount {
                minor: want.daily,
                currency: plan.unit.currency().map(str::to_owned),
            }),
            paused: want.daily == 0,
        };
        let same = |held: &Setting| held.paused == set.paused && (set.paused || minor(held) == minor(&set));
        if let Some(open) = &stands.open {
            if same(&open.intent.set) && !open.is_expired(now_us) {
                continue;
            }
        } else if stands.commanded.as_ref().map_or(set.paused && !stands.exists, |held| same(&held.set)) {
            // It is so already; an arm that does not exist need not be made only to rest.
            continue;
        }
        facts.push(Fact::Intended(Intended {
            arm: arm.name.clone(),
            seq: stands.next_seq,
            key: command_key(name, &arm.name, stands.next_seq),
            set,
            launch: !stands.exists,
            reason: want.reason.clone(),
            not_after_us,
            needs_approval,
        }));
    }
    Ok(facts)
}

fn minor(set: &Setting) -> Option<i64> {
    set.daily_budget.as_ref().map(|amount| amount.minor)
}

/// Sends every intent that may be sent: budgets that shrink first, so that the sum never exceeds the pool on the way.
///
/// `left` is what is left of the experiment's total. A raise that would bring a day's sum above it, or above the daily
/// maximum, is held back.
///
/// # Errors
/// Those of the ledger; a command that cannot be carried out is part of the answer.
pub fn send(
    plan: &Plan,
    ledger: &mut Ledger,
    ports: &mut dyn Ports,
    now_us: i64,
    left: i64,
) -> Result<Moved, Error> {
    let name = plan.experiment.name.as_str();
    let progress = ledger.progress(name)?;
    let mut moved = Moved::default();
    let mut ready = Vec::new();
    for open in progress.open_intents() {
        match open.state {
            IntentState::AwaitingApproval if !open.is_expired(now_us) => moved.waiting += 1,
            IntentState::Ready if !open.is_expired(now_us) => {
                let held =
                    progress.arm(&open.intent.arm).map_or(0, gevinst_ledger::ArmProgress::worst_daily_minor);
                let wanted = if open.intent.set.paused { 0 } else { minor(&open.intent.set).unwrap_or(held) };
                ready.push((wanted - held, open.intent.clone()));
            }
            _ => {}
        }
    }
    ready.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.arm.cmp(&b.1.arm)));
    let mut pool = progress.arms().values().map(gevinst_ledger::ArmProgress::worst_daily_minor).sum::<i64>();
    for (change, intent) in ready {
        let raises = change > 0;
        let cap = plan.daily_max().min(left.max(0));
        if raises && pool + change > cap {
            // Something that should have shrunk did not, or more was spent since this was wanted.
            let message =
                format!("held back: a day's budgets would come to {} of at most {cap}", pool + change);
            moved.not_applied.push((intent.key.clone(), message));
            continue;
        }
        let Some(arm) = plan.arms.iter().find(|arm| arm.name == intent.arm) else { continue };
        ledger.append(
            now_us,
            Some(name),
            vec![Fact::Sent(Sent { arm: intent.arm.clone(), seq: intent.seq })],
        )?;
        let command = command(plan, arm, &intent);
        let answer = match ports.port(name, &arm.channel) {
            Ok(port) => port.apply(&command, now_us),
            // The channel could not even be opened: nothing left this machine.
            Err(error) => {
                moved.advise(error.hint);
                crate::port::Answer { outcome: Outcome::NotApplied, state: None, message: error.message }
            }
        };
        let receipt = Receipt {
            arm: intent.arm.clone(),
            seq: intent.seq,
            outcome: answer.outcome,
            state: answer.state.as_ref().map(|state| platform_state(plan, state)),
            message: answer.message.clone(),
        };
        ledger.append(now_us, Some(name), vec![Fact::Receipt(receipt)])?;
        match answer.outcome {
            Outcome::Applied => {
                moved.applied += 1;
                pool += change;
            }
            Outcome::NotApplied | Outcome::Refused => moved.not_applied.push((intent.key, answer.message)),
            Outcome::Unknown => {
                pool += change.max(0);
                moved.unknown.push((intent.key, answer.message));
            }
        }
    }
    Ok(moved)
}

fn command(plan: &Plan, arm: &crate::plan::PlanArm, intent: &Intended) -> Command {
    let daily_budget = Money::new(minor(&intent.set).unwrap_or(0), plan.unit.wire_code());
    let set = Set {
        daily_budget,
        paused: intent.set.paused,
        creative: intent.launch.then(|| arm.creative.clone()),
    };
    Command::new(plan.experiment.name.as_str(), arm.name.as_str(), intent.seq.get(), set, intent.not_after_us)
}

/// The wire's state as the ledger keeps it.
fn platform_state(plan: &Plan, state: &State) -> PlatformState {
    PlatformState {
        exists: state.exists,
        daily_budget: state.daily_budget.as_ref().map(|money| Amount {
            minor: money.minor,
            currency: match plan.unit {
                Unit::Money(_) => Some(money.currency.clone()),
                Unit::Exposure => None,
            },
        }),
        paused: state.paused,
        last_seq: state.last_seq.map(Seq::new),
    }
}
