//! Which fact may follow which, and what it changes.
//!
//! Every rule is a sentence that completes "failed to record `kind` of `experiment/arm`: …". A fact that breaks one
//! changes nothing.

use std::collections::BTreeMap;

use super::{ArmProgress, Commanded, IntentState, OpenIntent, Progress};
use crate::error::time_text;
use crate::evidence::ArmStatus;
use crate::fact::{Concluded, Fact, Launched, Looked, Observed};
use crate::moves::{
    Amount, Approval, Decision, Intended, Outcome, PlatformState, Receipt, Reconciled, Sent, Seq, Setting,
    Settlement, Withdrawn, command_key,
};
use crate::{Error, RecordId};

impl Progress {
    /// Takes one more fact into account, or says which rule it breaks and changes nothing.
    pub(crate) fn apply(&mut self, id: RecordId, at_us: i64, fact: &Fact) -> Result<(), Error> {
        self.step(id, at_us, fact).map_err(|what| {
            let arm = fact.arm().map(|arm| format!("/{arm}")).unwrap_or_default();
            Error::NotAllowed { kind: fact.kind().as_str(), key: format!("{}{arm}", self.experiment), what }
        })?;
        self.upto = id;
        Ok(())
    }

    fn step(&mut self, id: RecordId, at_us: i64, fact: &Fact) -> Result<(), String> {
        if self.launched.is_none() && !matches!(fact, Fact::Launched(_) | Fact::Note(_)) {
            return Err("the experiment was never launched".into());
        }
        if self.closed.is_some() && matches!(fact, Fact::Intended(_) | Fact::Sent(_) | Fact::Closed(_)) {
            return Err("the experiment is closed".into());
        }
        match fact {
            Fact::Launched(fact) => self.launch(id, at_us, fact),
            Fact::Observed(fact) => self.observe(fact),
            Fact::Looked(fact) => self.look(id, fact),
            Fact::Concluded(fact) => self.conclude(fact),
            Fact::Intended(fact) => self.intend(id, at_us, fact),
            Fact::Approval(fact) => self.decide(at_us, fact),
            Fact::Withdrawn(fact) => self.withdraw(fact),
            Fact::Sent(fact) => self.send(at_us, fact),
            Fact::Receipt(fact) => self.receive(at_us, fact),
            Fact::Reconciled(fact) => self.reconcile(at_us, fact),
            Fact::Closed(_) => {
                self.closed = Some((id, at_us));
                Ok(())
            }
            Fact::Note(_) => Ok(()),
            Fact::PluginAccepted(_) => {
                Err("a plugin is accepted for the whole ledger, not for one experiment".into())
            }
        }
    }

    fn launch(&mut self, id: RecordId, at_us: i64, fact: &Launched) -> Result<(), String> {
        if let Some((record, _)) = self.launched {
            return Err(format!("the experiment was launched already, in record {record}"));
        }
        let mut arms = BTreeMap::new();
        let mut codes = BTreeMap::new();
        for arm in &fact.arms {
            if let Some(other) = codes.insert(arm.code, &arm.name) {
                return Err(format!("arms `{other}` and `{}` have the same code {}", arm.name, arm.code));
            }
            let progress = ArmProgress {
                channel: arm.channel.clone(),
                code: arm.code,
                control: arm.control,
                status: ArmStatus::Running,
                next_seq: Seq::FIRST,
                exists: false,
                commanded: None,
                platform: None,
                open: None,
            };
            if arms.insert(arm.name.clone(), progress).is_some() {
                return Err(format!("arm `{}` is there twice", arm.name));
            }
        }
        if let Some(source) =
            fact.sources.iter().find(|source| arms.values().any(|arm| arm.channel == **source))
        {
            return Err(format!("channel `{source}` is a source, and an arm runs on it"));
        }
        self.arms = arms;
        self.sources.clone_from(&fact.sources);
        self.launched = Some((id, at_us));
        Ok(())
    }

    fn observe(&self, fact: &Observed) -> Result<(), String> {
        if self.arms.values().any(|arm| arm.channel == fact.channel) || self.is_source(&fact.channel) {
            return Ok(());
        }
        Err(format!("no arm runs on channel `{}`, and it is no source", fact.channel))
    }

    fn look(&mut self, id: RecordId, fact: &Looked) -> Result<(), String> {
        let (number, expected) = (fact.evidence.look, self.next_look());
        if number != expected {
            return Err(format!("it is look {number}, and look {expected} is next"));
        }
        if fact.as_of >= id {
            return Err(format!("it claims to be as of record {}, which it cannot have read", fact.as_of));
        }
        if let Some(arm) = fact.evidence.arms.iter().find(|arm| !self.arms.contains_key(&arm.name)) {
            return Err(format!("there is no arm `{}`", arm.name));
        }
        self.look = Some((number, id));
        Ok(())
    }

    fn conclude(&mut self, fact: &Concluded) -> Result<(), String> {
        let last = self.look.map_or(0, |(number, _)| number);
        if fact.look == 0 || fact.look > last {
            return Err(format!("it names look {}, and the newest is {last}", fact.look));
        }
        self.arm_mut(&fact.arm)?.status = fact.status;
        Ok(())
    }

    fn intend(&mut self, id: RecordId, at_us: i64, fact: &Intended) -> Result<(), String> {
        let key = command_key(&self.experiment, &fact.arm, fact.seq);
        let arm = self.arm_mut(&fact.arm)?;
        if fact.seq != arm.next_seq {
            return Err(format!("its number is {}, and {} is next", fact.seq, arm.next_seq));
        }
        if fact.key != key {
            return Err(format!("its key is `{}`, and `{key}` was expected", fact.key));
        }
        if at_us > fact.not_after_us {
            return Err(format!("it would have expired already, at {}", time_text(fact.not_after_us)));
        }
        if arm.is_frozen() {
            return Err(
                "the outcome of an earlier command is unknown: the platform must be asked first".into()
            );
        }
        if fact.launch == arm.exists {
            let what = if arm.exists { "exists there already" } else { "does not exist there yet" };
            return Err(format!("launch is {}, and the arm {what}", fact.launch));
        }
        if fact.set.daily_budget.as_ref().is_some_and(|amount| amount.minor < 0) {
            return Err("its daily budget is negative".into());
        }
        let state = if fact.needs_approval { IntentState::AwaitingApproval } else { IntentState::Ready };
        arm.next_seq = fact.seq.next();
        arm.open = Some(OpenIntent { record: id, intent: fact.clone(), state });
        Ok(())
    }

    fn decide(&mut self, at_us: i64, fact: &Approval) -> Result<(), String> {
        if fact.intents.is_empty() {
            return Err("it names no intent".into());
        }
        // Decided on a copy, so that one intent that cannot be decided leaves the others as they were.
        let mut arms = self.arms.clone();
        for intent in &fact.intents {
            let arm = arms.get_mut(&intent.arm).ok_or_else(|| format!("there is no arm `{}`", intent.arm))?;
            let open = open_mut(arm, &intent.arm, intent.seq)?;
            if open.state != IntentState::AwaitingApproval {
                return Err(format!(
                    "intent {} of arm `{}` does not wait for approval",
                    intent.seq, intent.arm
                ));
            }
            match fact.decision {
                Decision::Approved if open.is_expired(at_us) => {
                    return Err(format!("intent {} of arm `{}` has expired", intent.seq, intent.arm));
                }
                Decision::Approved => open.state = IntentState::Ready,
                Decision::Declined => arm.open = None,
            }
        }
        self.arms = arms;
        Ok(())
    }

    fn withdraw(&mut self, fact: &Withdrawn) -> Result<(), String> {
        let arm = self.arm_mut(&fact.arm)?;
        if open_mut(arm, &fact.arm, fact.seq)?.state == IntentState::Unsettled {
            return Err(format!("intent {} was sent, so the platform must be asked about it", fact.seq));
        }
        arm.open = None;
        Ok(())
    }

    fn send(&mut self, at_us: i64, fact: &Sent) -> Result<(), String> {
        let arm = self.arm_mut(&fact.arm)?;
        let open = open_mut(arm, &fact.arm, fact.seq)?;
        match open.state {
            IntentState::Unsettled => return Err(format!("intent {} was sent already", fact.seq)),
            IntentState::AwaitingApproval => return Err(format!("intent {} is not approved", fact.seq)),
            IntentState::Ready if open.is_expired(at_us) => {
                return Err(format!(
                    "intent {} expired at {}",
                    fact.seq,
                    time_text(open.intent.not_after_us)
                ));
            }
            IntentState::Ready => open.state = IntentState::Unsettled,
        }
        Ok(())
    }

    fn receive(&mut self, at_us: i64, fact: &Receipt) -> Result<(), String> {
        let arm = self.arm_mut(&fact.arm)?;
        let settlement = match fact.outcome {
            Outcome::Applied => Some(Settlement::Applied),
            Outcome::NotApplied | Outcome::Refused => Some(Settlement::NotApplied),
            Outcome::Unknown => None,
        };
        settle(arm, &fact.arm, fact.seq, at_us, settlement, fact.state.as_ref())
    }

    fn reconcile(&mut self, at_us: i64, fact: &Reconciled) -> Result<(), String> {
        let arm = self.arm_mut(&fact.arm)?;
        settle(arm, &fact.arm, fact.seq, at_us, Some(fact.outcome), Some(&fact.state))
    }

    fn arm_mut(&mut self, name: &str) -> Result<&mut ArmProgress, String> {
        self.arms.get_mut(name).ok_or_else(|| format!("there is no arm `{name}`"))
    }
}

/// The arm's open intent, if it is the one with number `seq`.
fn open_mut<'a>(arm: &'a mut ArmProgress, name: &str, seq: Seq) -> Result<&'a mut OpenIntent, String> {
    let next = arm.next_seq;
    match &mut arm.open {
        Some(open) if open.intent.seq == seq => Ok(open),
        _ if seq.get() == 0 || seq >= next => Err(format!("arm `{name}` has no intent {seq}")),
        _ => Err(format!("intent {seq} of arm `{name}` was settled, declined, withdrawn or replaced before")),
    }
}

/// Ends an unsettled command; without a settlement only what the platform said is kept.
fn settle(
    arm: &mut ArmProgress,
    name: &str,
    seq: Seq,
    at_us: i64,
    settlement: Option<Settlement>,
    state: Option<&PlatformState>,
) -> Result<(), String> {
    let open = open_mut(arm, name, seq)?;
    if open.state != IntentState::Unsettled {
        return Err(format!("intent {seq} was never sent"));
    }
    let (set, launch) = (open.intent.set.clone(), open.intent.launch);
    if settlement == Some(Settlement::Applied) {
        let budget_before = arm.commanded.take().and_then(|before| before.set.daily_budget);
        let budget_there: Option<Amount> = state.and_then(|state| state.daily_budget.clone());
        arm.commanded = Some(Commanded {
            seq,
            at_us,
            set: Setting {
                daily_budget: budget_there.or(set.daily_budget).or(budget_before),
                paused: state.map_or(set.paused, |state| state.paused),
            },
        });
        arm.exists |= launch;
    }
    if let Some(state) = state {
        arm.platform = Some(state.clone());
    }
    if settlement.is_some() {
        arm.open = None;
    }
    Ok(())
}
