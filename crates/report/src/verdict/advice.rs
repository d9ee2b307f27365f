//! What to do next: first what is broken, then what waits for a person, then what the outcome asks for.

use super::{NAMED, Say, names};
use crate::language::{prose, tr};
use crate::model::{ArmReport, ArmStatus, ExperimentReport, Outcome, State};
use crate::prose::{Prose, mark};

/// What an experiment needs a person for, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// A data-quality check failed, and decisions have stopped.
    Check,
    /// Moves wait for approval.
    Approval,
    /// It ended without a figure.
    Silence,
    /// It is planned and was not launched.
    Launch,
    /// It was decided or is over: the next month is to be built on it.
    NextMonth,
}

/// What an experiment needs a person for; `None` where it runs by itself.
#[must_use]
pub fn need(x: &ExperimentReport) -> Option<Need> {
    if x.checks.iter().any(|check| check.stops()) {
        return Some(Need::Check);
    }
    if x.awaiting_approval > 0 {
        return Some(Need::Approval);
    }
    match (x.outcome, x.state) {
        (Outcome::NoData, State::Closed) => Some(Need::Silence),
        (_, State::Planned) => Some(Need::Launch),
        (outcome, state) => (outcome.is_decided() || state == State::Closed).then_some(Need::NextMonth),
    }
}

impl Say<'_> {
    pub(super) fn next(&self, outcome: Outcome) -> Prose {
        let awaiting = self.x.awaiting_approval;
        let lang = self.lang;
        let failed: Vec<_> = self.x.checks.iter().filter(|check| check.stops()).collect();
        let mut steps = Vec::new();
        if let Some(first) = failed.first() {
            let why = stop(&lang.check(first).whole());
            let more = if failed.len() > 1 {
                format!(" {}", tr!(lang, "and-more", n = failed.len() - 1))
            } else {
                String::new()
            };
            steps.push(prose!(lang, "next-check-failed", why = why).words(more));
        }
        if awaiting > 0 {
            steps.push(prose!(lang, "next-approve", n = awaiting, command = mark("gevinst approve")));
        }
        if failed.is_empty() {
            steps.push(self.advise(outcome));
        }
        let join = |all: Prose, step: Prose| if all.is_empty() { step } else { all.words(" ").then(step) };
        steps.into_iter().fold(Prose::new(), join)
    }

    fn advise(&self, outcome: Outcome) -> Prose {
        let (x, lang) = (self.x, self.lang);
        let over = x.state == State::Closed;
        let last = x.alive().next().map(|arm| mark(&arm.name));
        match (outcome, last) {
            (Outcome::NoData, _) if x.state == State::Planned => prose!(lang, "next-launch"),
            (Outcome::NoData, _) if over => prose!(lang, "next-find-out"),
            (Outcome::NoData, _) => prose!(lang, "next-wait"),
            (Outcome::Narrowed, _) if over => {
                let left: Vec<&ArmReport> = x.alive().collect();
                prose!(lang, "next-go-on-with-several", arms = lang.names(&names(&left), NAMED))
            }
            (Outcome::Open | Outcome::Narrowed, _) => prose!(lang, "next-let-run"),
            (Outcome::Winner, Some(arm)) => prose!(lang, "next-keep-winner", arm = arm),
            (Outcome::BestBet, last) => {
                let best = x.arms.iter().find(|arm| arm.status == ArmStatus::Winner);
                let arm = best.map(|arm| mark(&arm.name)).or(last).unwrap_or_default();
                prose!(lang, "next-best-bet", arm = arm)
            }
            (Outcome::Tied, Some(arm)) => prose!(lang, "next-tied", arm = arm),
            (Outcome::Mixed, Some(arm)) => prose!(lang, "next-challenger", arm = arm),
            (Outcome::Unprofitable, Some(arm)) if !over => prose!(lang, "next-stop", arm = arm),
            (Outcome::Unprofitable, _) => prose!(lang, "next-change"),
            (Outcome::Unproven, _) => prose!(lang, "next-other-grounds"),
            (Outcome::Single, _) if over => prose!(lang, "next-single-over"),
            (Outcome::Single, _) => prose!(lang, "next-runs-on"),
            (Outcome::Stopped, _) | (_, None) => prose!(lang, "next-look-why"),
        }
    }
}

/// A sentence that ends in a full stop.
fn stop(sentence: &str) -> String {
    let sentence = sentence.trim();
    if sentence.ends_with(['.', '!', '?']) { sentence.to_owned() } else { format!("{sentence}.") }
}
