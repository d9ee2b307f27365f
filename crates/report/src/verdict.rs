//! What an experiment concluded, and what to do next, in words a marketer says.
//!
//! Everything is read off the figures of the last look; nothing is computed that was not stored. An effect is never
//! told without what it promises: a proof names its error rate, a model's choice says that it is none. What the arms'
//! separation allows stands beside the sentence as a label. The order of the cases below is the order in which they
//! matter to a reader. The sentences themselves are messages of [`crate::language`].

use crate::figures::Currency;
use crate::language::{Language, prose, tr};
use crate::model::{ArmReport, ArmStatus, ExperimentReport, Outcome, Ratio, State};
use crate::prose::{Prose, mark};

mod advice;

pub use advice::{Need, need};

/// How many arms a sentence names before it counts them.
const NAMED: usize = 3;

/// What was concluded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The kind of conclusion.
    pub outcome: Outcome,
    /// The conclusion in one sentence, or a few.
    pub sentence: Prose,
    /// What to do next.
    pub next: Prose,
}

/// Reads the verdict off an experiment's figures.
#[must_use]
pub fn verdict(experiment: &ExperimentReport, currency: &Currency, lang: Language) -> Verdict {
    let say = Say { x: experiment, currency, lang };
    let (outcome, sentence) = say.conclude();
    Verdict { outcome, sentence, next: say.next(outcome) }
}

struct Say<'a> {
    x: &'a ExperimentReport,
    currency: &'a Currency,
    lang: Language,
}

impl Say<'_> {
    fn conclude(&self) -> (Outcome, Prose) {
        let x = self.x;
        let alive: Vec<&ArmReport> = x.alive().collect();
        let gone: Vec<&ArmReport> = x.arms.iter().filter(|arm| !arm.status.is_alive()).collect();
        if x.looks == 0 || x.arms.is_empty() {
            return (Outcome::NoData, self.no_data());
        }
        if x.arms.len() == 1 {
            return self.single(&x.arms[0]);
        }
        match (alive.as_slice(), gone.as_slice()) {
            ([], gone) => self.none_left(gone),
            ([last], gone) => self.one_left(last, gone),
            (alive, gone) => match alive.iter().find(|arm| arm.status == ArmStatus::Winner) {
                Some(best) => (Outcome::BestBet, self.best_bet(best, gone)),
                None => self.several_left(alive, gone),
            },
        }
    }

    fn no_data(&self) -> Prose {
        match self.x.state {
            State::Planned => prose!(self.lang, "verdict-planned"),
            State::Running => prose!(self.lang, "verdict-no-period"),
            State::Closed => prose!(self.lang, "verdict-no-results"),
        }
    }

    fn single(&self, arm: &ArmReport) -> (Outcome, Prose) {
        let brought = self.brought(arm);
        match arm.status {
            ArmStatus::Unprofitable => {
                (Outcome::Unprofitable, self.sentence(&[brought, self.too_dear(&[arm])]))
            }
            ArmStatus::GuardrailBreached | ArmStatus::Futile => {
                let when = self.when(&[arm]);
                (
                    Outcome::Stopped,
                    self.sentence(&[brought, prose!(self.lang, "and-was-stopped", when = when)]),
                )
            }
            _ => (Outcome::Single, self.sentence(&[brought, prose!(self.lang, "one-arm-alone")])),
        }
    }

    /// "`search` brought 41 leads for 38 000 NOK, 927 NOK a lead".
    fn brought(&self, arm: &ArmReport) -> Prose {
        let (lang, goals) = (self.lang, self.lang.goals(&self.x.goal.metric, arm.goals));
        let spent = lang.money(self.currency, arm.spend_minor);
        let name = mark(&arm.name);
        match (arm.spend_minor > 0, arm.goals) {
            (false, n) => prose!(lang, "brought", arm = name, n = n, goals = goals),
            (true, 0) => prose!(lang, "brought-for", arm = name, n = 0, goals = goals, spent = spent),
            (true, n) => {
                let cost = lang.money_f64(self.currency, arm.spend_minor as f64 / n as f64);
                let each = lang.each(&self.x.goal.metric);
                prose!(
                    lang,
                    "brought-each",
                    arm = name,
                    n = n,
                    goals = goals,
                    spent = spent,
                    cost = cost,
                    each = each
                )
            }
        }
    }

    fn none_left(&self, gone: &[&ArmReport]) -> (Outcome, Prose) {
        if gone.iter().all(|arm| arm.status == ArmStatus::Unprofitable) {
            let why = self.too_dear(gone).to_marked();
            return (Outcome::Unprofitable, prose!(self.lang, "verdict-no-arm-pays", why = why));
        }
        let prose = prose!(self.lang, "verdict-all-stopped", fates = self.fates(gone));
        (Outcome::Stopped, self.with_promise(prose, gone))
    }

    fn one_left(&self, last: &ArmReport, gone: &[&ArmReport]) -> (Outcome, Prose) {
        let all = |status| gone.iter().all(|arm| arm.status == status);
        let name = mark(&last.name);
        if all(ArmStatus::Tied) {
            return (Outcome::Tied, self.tied(last, gone));
        }
        if all(ArmStatus::Unprofitable) {
            let why = self.too_dear(gone).to_marked();
            return (Outcome::Mixed, prose!(self.lang, "verdict-only-one-pays", arm = name, why = why));
        }
        let fates = self.fates(gone);
        if gone.iter().any(|arm| arm.status == ArmStatus::Dropped)
            && gone.iter().all(|arm| matches!(arm.status, ArmStatus::Dropped | ArmStatus::Unprofitable))
        {
            let prose = match self.x.closest(&last.name, gone.iter().copied()) {
                Some((other, ratio)) => {
                    let times = self.times(ratio, &other.name);
                    prose!(self.lang, "verdict-wins", arm = name, times = times, fates = fates)
                }
                None => prose!(self.lang, "verdict-wins-plainly", arm = name, fates = fates),
            };
            return (Outcome::Winner, self.with_promise(prose, gone));
        }
        let prose = prose!(self.lang, "verdict-left", arm = name, fates = fates);
        (Outcome::Mixed, self.with_promise(prose, gone))
    }

    fn tied(&self, last: &ArmReport, gone: &[&ArmReport]) -> Prose {
        let (lang, name) = (self.lang, mark(&last.name));
        let all: Vec<&str> = std::iter::once(last.name.as_str()).chain(names(gone)).collect();
        let mut prose = prose!(lang, "equally-good", arms = lang.names(&all, NAMED + 1));
        if let [other] = gone
            && let Some(ratio) = self.x.ratio(&last.name, &other.name)
            && let (Some(lower), Some(upper)) = (ratio.lower, ratio.upper)
        {
            let goals = lang.goals_per_unit(&self.x.goal, self.currency);
            let (lower, upper) = (lang.bound(lower), lang.bound(upper));
            prose = prose.words(" ").then(prose!(
                lang,
                "between-times",
                lower = lower,
                upper = upper,
                goals = goals,
                amount = self.x.goal.amount()
            ));
        }
        let after = if self.x.totals.spend_minor == 0 {
            prose!(lang, "goes-on-alone", arm = name)
        } else {
            prose!(lang, "money-stays-with", arm = name)
        };
        self.sentence(&[prose, after])
    }

    /// "1.31 times as many leads per krone as `product` (between 1.05 and 1.64)".
    fn times(&self, ratio: Ratio, other: &str) -> String {
        let lang = self.lang;
        let (lower, upper) =
            (ratio.lower.filter(|x| *x > 0.0).map(|x| lang.bound(x)), ratio.upper.map(|x| lang.bound(x)));
        let interval = match (lower, upper) {
            (Some(lower), Some(upper)) => tr!(lang, "interval-between", lower = lower, upper = upper),
            (Some(lower), None) => tr!(lang, "interval-at-least", lower = lower),
            (None, Some(upper)) => tr!(lang, "interval-at-most", upper = upper),
            (None, None) => tr!(lang, "interval-none"),
        };
        let goals = lang.goals_per_unit(&self.x.goal, self.currency);
        let ratio = lang.significant(ratio.ratio);
        tr!(
            lang,
            "times-as-many",
            amount = self.x.goal.amount(),
            ratio = ratio,
            goals = goals,
            other = mark(other),
            interval = interval
        )
    }

    fn best_bet(&self, best: &ArmReport, gone: &[&ArmReport]) -> Prose {
        let (lang, name) = (self.lang, mark(&best.name));
        let mut prose = match best.p_best {
            Some(p) => prose!(lang, "best-bet-with-chance", arm = name, chance = lang.percent(p)),
            None => prose!(lang, "best-bet", arm = name),
        };
        if let Some((other, ratio)) = self.x.closest(&best.name, &self.x.arms) {
            let times = self.times(ratio, &other.name);
            prose = prose.words(": ").then(prose!(lang, "it-brought", times = times));
        }
        let mut prose = self.sentence(&[prose, prose!(lang, "models-choice")]);
        if !gone.is_empty() {
            prose = prose.words(" ").then(prose!(lang, "before-that", fates = self.fates(gone)));
        }
        self.with_promise(prose, gone)
    }

    fn several_left(&self, alive: &[&ArmReport], gone: &[&ArmReport]) -> (Outcome, Prose) {
        let lang = self.lang;
        let over = self.x.state == State::Closed;
        let n: u64 = self.x.arms.iter().map(|arm| arm.goals).sum();
        let goals = lang.goals(&self.x.goal.metric, n);
        let mut parts = Vec::new();
        let outcome = match (gone.is_empty(), over) {
            (true, true) => {
                parts.push(prose!(lang, "verdict-no-proof", n = n, goals = goals));
                Outcome::Unproven
            }
            (true, false) => {
                parts.push(prose!(lang, "verdict-too-early", n = n, goals = goals));
                Outcome::Open
            }
            (false, over) => {
                let arms = lang.names(&names(alive), NAMED);
                parts.push(Prose::marked(&self.fates(gone)));
                parts.push(if over {
                    prose!(lang, "not-told-apart", arms = arms)
                } else {
                    prose!(lang, "still-in", arms = arms, n = alive.len())
                });
                Outcome::Narrowed
            }
        };
        parts.extend(self.leader(alive));
        (outcome, self.with_promise(self.sentence(&parts), gone))
    }

    /// "`problem` leads with a chance of 78 % to be the best arm, by the model", where one does.
    fn leader(&self, alive: &[&ArmReport]) -> Option<Prose> {
        let mut best: Option<(&ArmReport, f64)> = None;
        for arm in alive {
            if let Some(p) = arm.p_best.filter(|p| p.is_finite())
                && best.is_none_or(|(_, so_far)| p > so_far)
            {
                best = Some((arm, p));
            }
        }
        let (arm, p) = best.filter(|(_, p)| *p > 1.5 / alive.len() as f64)?;
        Some(prose!(self.lang, "leads", arm = mark(&arm.name), chance = self.lang.percent(p)))
    }

    /// What became of the arms that are gone: "`product` was dropped on 14 November, `b` was stopped by a guardrail".
    fn fates(&self, gone: &[&ArmReport]) -> String {
        let mut fates = Vec::new();
        for status in [
            ArmStatus::Dropped,
            ArmStatus::Unprofitable,
            ArmStatus::Tied,
            ArmStatus::GuardrailBreached,
            ArmStatus::Futile,
        ] {
            let of_kind: Vec<&ArmReport> = gone.iter().filter(|arm| arm.status == status).copied().collect();
            if of_kind.is_empty() {
                continue;
            }
            let (lang, n) = (self.lang, of_kind.len());
            let (arms, when) = (lang.names(&names(&of_kind), NAMED), self.when(&of_kind));
            fates.push(match status {
                ArmStatus::Dropped => tr!(lang, "fate-dropped", arms = arms, n = n, when = when),
                ArmStatus::Unprofitable => tr!(lang, "fate-unprofitable", arms = arms, n = n, when = when),
                ArmStatus::Tied => tr!(lang, "fate-tied", arms = arms, n = n, when = when),
                ArmStatus::GuardrailBreached => tr!(lang, "fate-guardrail", arms = arms, n = n, when = when),
                _ => tr!(lang, "fate-futile", arms = arms, n = n, when = when),
            });
        }
        fates.join(", ")
    }

    /// "`a` was shown on 14 November to cost more than 1 800 NOK a lead".
    fn too_dear(&self, arms: &[&ArmReport]) -> Prose {
        let (lang, n) = (self.lang, arms.len());
        let (named, when) = (lang.names(&names(arms), NAMED), self.when(arms));
        match self.x.cost_limit_minor {
            Some(limit) => {
                let (limit, each) = (lang.money(self.currency, limit), lang.each(&self.x.goal.metric));
                prose!(lang, "too-dear", arms = named, n = n, when = when, limit = limit, each = each)
            }
            None => prose!(lang, "too-dear-unlimited", arms = named, n = n, when = when),
        }
    }

    /// The error rate of what was dropped: only for what is proven, and only as far as the guarantee goes.
    fn with_promise(&self, prose: Prose, gone: &[&ArmReport]) -> Prose {
        if !gone.iter().any(|arm| arm.status == ArmStatus::Dropped) {
            return prose;
        }
        let (lang, alpha) = (self.lang, self.lang.percent(self.x.alpha));
        prose.words(" ").words(match self.x.guarantee.as_ref().map(|label| label.name.as_str()) {
            Some("exact" | "robust") => tr!(lang, "promise-proven", alpha = alpha),
            Some("asymptotic") => tr!(lang, "promise-about", alpha = alpha),
            _ => tr!(lang, "promise-none"),
        })
    }

    /// When arms went: one day, or a span of days, with a blank before; nothing where no day is known.
    fn when(&self, arms: &[&ArmReport]) -> String {
        let mut dates: Vec<_> = arms.iter().filter_map(|arm| arm.dropped_on).collect();
        dates.sort_unstable();
        let (Some(first), Some(last)) = (dates.first(), dates.last()) else { return String::new() };
        let lang = self.lang;
        if first == last {
            format!(" {}", tr!(lang, "on-day", day = lang.day(*first)))
        } else {
            format!(" {}", tr!(lang, "between-days", first = lang.day(*first), last = lang.day(*last)))
        }
    }

    /// Clauses with `;` between them and a full stop.
    fn sentence(&self, clauses: &[Prose]) -> Prose {
        let join = |all: Prose, clause: &Prose| {
            if all.is_empty() { clause.clone() } else { all.words("; ").then(clause.clone()) }
        };
        clauses.iter().fold(Prose::new(), join).words(".")
    }
}

fn names<'a>(arms: &[&'a ArmReport]) -> Vec<&'a str> {
    arms.iter().map(|arm| arm.name.as_str()).collect()
}
