//! What an experiment concluded, and what to do next, in words a marketer says.
//!
//! Everything is read off the figures of the last look; nothing is computed that was not stored. An effect is never
//! told without what it promises: a proof names its error rate, a model's choice says that it is none. What the arms'
//! separation allows stands beside the sentence as a label. The order of the cases below is the order in which they
//! matter to a reader.

use crate::figures::{Currency, bound, day, percent, significant};
use crate::model::{ArmReport, ArmStatus, ExperimentReport, Outcome, Ratio, State};
use crate::prose::Prose;
use crate::words;

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

/// Reads the verdict off an experiment's figures. `awaiting` is how many of its moves wait for a person.
#[must_use]
pub fn verdict(experiment: &ExperimentReport, currency: &Currency, awaiting: usize) -> Verdict {
    let say = Say { x: experiment, currency };
    let (outcome, sentence) = say.conclude();
    let failed: Vec<_> = experiment.checks.iter().filter(|check| !check.passed).collect();
    let mut steps = Vec::new();
    if let Some(first) = failed.first() {
        let more = if failed.len() > 1 { format!(" (and {} more)", failed.len() - 1) } else { String::new() };
        steps.push(Prose::new().words(format!(
            "Look into the data first, since a check failed and decisions have stopped: {}{more}",
            stop(&crate::prose::plain(&first.sentence)),
        )));
    }
    if awaiting > 0 {
        let moves = if awaiting == 1 {
            "the proposed move".to_owned()
        } else {
            format!("the {awaiting} proposed moves")
        };
        let step =
            Prose::new().words(format!("Approve or decline {moves}: ")).name("gevinst approve").words(".");
        steps.push(step);
    }
    if failed.is_empty() {
        steps.push(say.advise(outcome));
    }
    let join = |all: Prose, step: Prose| if all.is_empty() { step } else { all.words(" ").then(step) };
    let next = steps.into_iter().fold(Prose::new(), join);
    Verdict { outcome, sentence, next }
}

/// A sentence that ends in a full stop.
fn stop(sentence: &str) -> String {
    let sentence = sentence.trim();
    if sentence.ends_with(['.', '!', '?']) { sentence.to_owned() } else { format!("{sentence}.") }
}

struct Say<'a> {
    x: &'a ExperimentReport,
    currency: &'a Currency,
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
            State::Planned => {
                Prose::new().words("Not launched yet: nothing has been spent and nothing is known.")
            }
            State::Running => Prose::new()
                .words("No results yet: no period with figures is complete, so nothing can be said."),
            State::Closed => Prose::new().words("No results came in before the end, so nothing can be said."),
        }
    }

    fn single(&self, arm: &ArmReport) -> (Outcome, Prose) {
        let x = self.x;
        let goals = words::plural(&x.goal.metric, arm.goals);
        let mut prose = Prose::new()
            .name(&arm.name)
            .words(format!(" brought {} {goals}", crate::figures::count(arm.goals)))
            .words(self.for_money(arm.spend_minor, arm.goals));
        let outcome = match arm.status {
            ArmStatus::Unprofitable => {
                prose.push_words("; ");
                prose = prose.then(self.too_dear(&[arm]));
                Outcome::Unprofitable
            }
            ArmStatus::GuardrailBreached | ArmStatus::Futile => {
                prose.push_words(format!(" and was stopped{}", self.since(arm)));
                Outcome::Stopped
            }
            _ => {
                prose.push_words("; with one arm there is nothing to compare it with");
                Outcome::Single
            }
        };
        prose.push_words(".");
        (outcome, prose)
    }

    fn none_left(&self, gone: &[&ArmReport]) -> (Outcome, Prose) {
        if gone.iter().all(|arm| arm.status == ArmStatus::Unprofitable) {
            return (
                Outcome::Unprofitable,
                Prose::new().words("No arm pays: ").then(self.too_dear(gone)).words("."),
            );
        }
        let prose = Prose::new()
            .words("Every arm was stopped: ")
            .then(self.fates(gone))
            .words(".")
            .then(self.promise(gone));
        (Outcome::Stopped, prose)
    }

    fn one_left(&self, last: &ArmReport, gone: &[&ArmReport]) -> (Outcome, Prose) {
        let all = |status| gone.iter().all(|arm| arm.status == status);
        if all(ArmStatus::Tied) {
            let mut prose = Prose::new().name(&last.name).words(" and ");
            prose.push_names(&names(gone), NAMED);
            prose.push_words(if gone.len() == 1 { " are equally good" } else { " are all equally good" });
            if let [other] = gone
                && let Some(ratio) = self.x.ratio(&last.name, &other.name)
                && let (Some(lower), Some(upper)) = (ratio.lower, ratio.upper)
            {
                prose.push_words(format!(
                    " (between {} and {} times as many {})",
                    bound(lower),
                    bound(upper),
                    self.goals_per_unit(),
                ));
            }
            if self.x.totals.spend_minor == 0 {
                return (Outcome::Tied, prose.words("; ").name(&last.name).words(" goes on alone."));
            }
            prose.push_words("; the money stays with ");
            return (Outcome::Tied, prose.name(&last.name).words(", the cheaper."));
        }
        if all(ArmStatus::Unprofitable) {
            let prose = Prose::new().name(&last.name).words(" is the only arm that is not too dear: ");
            return (Outcome::Mixed, prose.then(self.too_dear(gone)).words("."));
        }
        if gone.iter().any(|arm| arm.status == ArmStatus::Dropped)
            && gone.iter().all(|arm| matches!(arm.status, ArmStatus::Dropped | ArmStatus::Unprofitable))
        {
            let prose = self.wins(last, gone).words("; ").then(self.fates(gone)).words(".");
            return (Outcome::Winner, prose.then(self.promise(gone)));
        }
        let prose = Prose::new()
            .name(&last.name)
            .words(" is the arm that is left: ")
            .then(self.fates(gone))
            .words(".");
        (Outcome::Mixed, prose.then(self.promise(gone)))
    }

    /// "`problem` wins: it brings 1.31 times as many leads per krone as `product` (between 1.05 and 1.64)".
    fn wins(&self, last: &ArmReport, gone: &[&ArmReport]) -> Prose {
        let prose = Prose::new().name(&last.name).words(" wins");
        match self.x.closest(&last.name, gone.iter().copied()) {
            Some((other, ratio)) => prose.words(": it brings ").then(self.times(ratio, &other.name)),
            None => prose,
        }
    }

    /// "1.31 times as many leads per krone as `product` (between 1.05 and 1.64)".
    fn times(&self, ratio: Ratio, other: &str) -> Prose {
        let interval = match (ratio.lower.filter(|x| *x > 0.0), ratio.upper) {
            (Some(lower), Some(upper)) => {
                format!(" (between {} and {})", bound(lower), bound(upper))
            }
            (Some(lower), None) => format!(" (at least {})", bound(lower)),
            (None, Some(upper)) => format!(" (at most {})", bound(upper)),
            (None, None) => " (with no bound proven yet)".to_owned(),
        };
        Prose::new()
            .words(format!("{} times as many {} as ", significant(ratio.ratio), self.goals_per_unit()))
            .name(other)
            .words(interval)
    }

    fn best_bet(&self, best: &ArmReport, gone: &[&ArmReport]) -> Prose {
        let chance = best
            .p_best
            .map_or_else(String::new, |p| format!(" with a chance of {} to be the best arm", percent(p)));
        let mut prose = Prose::new().name(&best.name).words(format!(" is the best bet{chance}: "));
        if let Some((other, ratio)) = self.x.closest(&best.name, &self.x.arms) {
            prose = prose.words("it brought ").then(self.times(ratio, &other.name)).words("; ");
        }
        prose.push_words("this is a model's choice, not a proof.");
        if gone.is_empty() {
            return prose;
        }
        prose.words(" Before that, ").then(self.fates(gone)).words(".").then(self.promise(gone))
    }

    fn several_left(&self, alive: &[&ArmReport], gone: &[&ArmReport]) -> (Outcome, Prose) {
        let over = self.x.state == State::Closed;
        let goals: u64 = self.x.arms.iter().map(|arm| arm.goals).sum();
        let counted =
            format!("{} {}", crate::figures::count(goals), words::plural(&self.x.goal.metric, goals));
        if gone.is_empty() {
            let start = if over {
                format!(
                    "No proof: with {counted} in all, no arm could be told from the others before the end"
                )
            } else {
                format!("Too early to tell: {counted} so far, and no arm is proven better or worse")
            };
            let outcome = if over { Outcome::Unproven } else { Outcome::Open };
            return (outcome, Prose::new().words(start).then(self.leader(alive)).words("."));
        }
        let mut prose = self.fates(gone).words("; ");
        prose.push_names(&names(alive), NAMED);
        prose.push_words(if over {
            " could not be told apart before the end"
        } else if alive.len() == 2 {
            " are both still in"
        } else {
            " are still in"
        });
        let prose = prose.then(self.leader(alive)).words(".").then(self.promise(gone));
        (Outcome::Narrowed, prose)
    }

    /// "; `problem` leads, with a chance of 78 % to be the best (a model's reading)", where one does.
    fn leader(&self, alive: &[&ArmReport]) -> Prose {
        let mut best: Option<(&ArmReport, f64)> = None;
        for arm in alive {
            if let Some(p) = arm.p_best.filter(|p| p.is_finite())
                && best.is_none_or(|(_, so_far)| p > so_far)
            {
                best = Some((arm, p));
            }
        }
        match best {
            Some((arm, p)) if p > 1.5 / alive.len() as f64 => Prose::new()
                .words("; ")
                .name(&arm.name)
                .words(format!(" leads with a chance of {} to be the best arm, by the model", percent(p))),
            _ => Prose::new(),
        }
    }

    /// What became of the arms that are gone: "`product` was dropped on 14 November, `b` tied on 20 November".
    fn fates(&self, gone: &[&ArmReport]) -> Prose {
        let mut prose = Prose::new();
        let kinds = [
            (ArmStatus::Dropped, "was dropped", "were dropped"),
            (ArmStatus::Unprofitable, "was shown to be too dear", "were shown to be too dear"),
            (
                ArmStatus::Tied,
                "was let go as equal to a cheaper arm",
                "were let go as equal to a cheaper arm",
            ),
            (ArmStatus::GuardrailBreached, "was stopped by a guardrail", "were stopped by a guardrail"),
            (
                ArmStatus::Futile,
                "was stopped as it could show no more",
                "were stopped as they could show no more",
            ),
        ];
        for (status, singular, plural) in kinds {
            let of_kind: Vec<&ArmReport> = gone.iter().filter(|arm| arm.status == status).copied().collect();
            if of_kind.is_empty() {
                continue;
            }
            if !prose.is_empty() {
                prose.push_words(", ");
            }
            prose.push_names(&names(&of_kind), NAMED);
            prose.push_words(format!(
                " {}{}",
                if of_kind.len() == 1 { singular } else { plural },
                when(&of_kind)
            ));
        }
        prose
    }

    /// "`a` is shown to cost more than 1 800 NOK a lead (since 14 November)".
    fn too_dear(&self, arms: &[&ArmReport]) -> Prose {
        let limit = self.x.cost_limit_minor.map_or_else(
            || "more than the limit".to_owned(),
            |limit| format!("more than {} {}", self.currency.money(limit), words::one(&self.x.goal.metric)),
        );
        let mut prose = Prose::new();
        prose.push_names(&names(arms), NAMED);
        prose.push_words(format!(
            " {} shown{} to cost {limit}",
            if arms.len() == 1 { "was" } else { "were" },
            when(arms)
        ));
        prose
    }

    /// The error rate of what was dropped: only for what is proven, and only as far as the guarantee goes.
    fn promise(&self, gone: &[&ArmReport]) -> Prose {
        if !gone.iter().any(|arm| arm.status == ArmStatus::Dropped) {
            return Prose::new();
        }
        let alpha = percent(self.x.alpha);
        Prose::new().words(match self.x.guarantee.as_ref().map(|label| label.name.as_str()) {
            Some("exact" | "robust") => {
                format!(" The chance that a best arm is ever dropped is at most {alpha}.")
            }
            Some("asymptotic") => {
                format!(" The chance that a best arm is ever dropped is about {alpha} at most.")
            }
            _ => " This rests on a model, without a promised error rate.".to_owned(),
        })
    }

    fn since(&self, arm: &ArmReport) -> String {
        arm.dropped_on.map_or_else(String::new, |date| format!(" on {}", day(date)))
    }

    /// " for 38 000 NOK, 927 NOK a lead", where money was spent.
    fn for_money(&self, spend_minor: i64, goals: u64) -> String {
        if spend_minor <= 0 {
            return String::new();
        }
        let spent = format!(" for {}", self.currency.money(spend_minor));
        if goals == 0 {
            return spent;
        }
        let each = self.currency.money_f64(spend_minor as f64 / goals as f64);
        format!("{spent}, {each} {}", words::one(&self.x.goal.metric))
    }

    fn goals_per_unit(&self) -> String {
        words::goals_per_unit(&self.x.goal, self.currency)
    }

    fn advise(&self, outcome: Outcome) -> Prose {
        let x = self.x;
        let over = x.state == State::Closed;
        let last = x.alive().next().map(|arm| arm.name.as_str());
        match (outcome, last) {
            (Outcome::NoData, _) if x.state == State::Planned => Prose::new().words("Launch it, or take it out of the month."),
            (Outcome::NoData, _) if over => Prose::new().words("Find out why the channel reported nothing before trying again."),
            (Outcome::NoData, _) => Prose::new().words("Nothing to do: wait for the channel's first full period."),
            (Outcome::Narrowed, _) if over => {
                let mut prose = Prose::new().words("Go on with ");
                let left: Vec<&ArmReport> = x.alive().collect();
                prose.push_names(&names(&left), NAMED);
                prose.words(" next month, and try something new beside them.")
            }
            (Outcome::Open | Outcome::Narrowed, _) => {
                Prose::new().words("Nothing to do: let it run. It is judged again with the next figures.")
            }
            (Outcome::Winner, Some(name)) => {
                Prose::new().words("Keep ").name(name).words(", and try something new against it next month.")
            }
            (Outcome::BestBet, _) => {
                let best = x.arms.iter().find(|arm| arm.status == ArmStatus::Winner);
                let prose = Prose::new().words("Go on with ");
                let prose = match best {
                    Some(arm) => prose.name(&arm.name),
                    None => prose.words("it"),
                };
                prose.words("; repeat the comparison if being wrong would be costly.")
            }
            (Outcome::Tied, Some(name)) => {
                Prose::new().words("Keep ").name(name).words("; the next idea should differ more from it.")
            }
            (Outcome::Mixed, Some(name)) => {
                Prose::new().words("Keep ").name(name).words(", and give it a challenger that may pay.")
            }
            (Outcome::Unprofitable, Some(name)) if !over => Prose::new().words("Stop ").name(name).words("."),
            (Outcome::Unprofitable, _) => {
                Prose::new().words("Change the offer, the audience or the channel before spending more on this.")
            }
            (Outcome::Unproven, _) => Prose::new().words(
                "Choose on other grounds, such as price or taste; or try again with a bolder difference or more money.",
            ),
            (Outcome::Single, _) if over => Prose::new().words("Give it a challenger next month, so that something is learned."),
            (Outcome::Single, _) => Prose::new().words("Nothing to do: it runs on."),
            (Outcome::Stopped, _) | (_, None) => Prose::new().words("Look at why the arms were stopped before trying again."),
        }
    }
}

fn names<'a>(arms: &[&'a ArmReport]) -> Vec<&'a str> {
    arms.iter().map(|arm| arm.name.as_str()).collect()
}

/// When arms went: one day, or a span of days; nothing where no day is known.
fn when(arms: &[&ArmReport]) -> String {
    let mut dates: Vec<_> = arms.iter().filter_map(|arm| arm.dropped_on).collect();
    dates.sort_unstable();
    match (dates.first(), dates.last()) {
        (Some(first), Some(last)) if first == last => format!(" on {}", day(*first)),
        (Some(first), Some(last)) if first.year() == last.year() && first.month() == last.month() => {
            format!(" between {} and {}", first.day(), day(*last))
        }
        (Some(first), Some(last)) => format!(" between {} and {}", day(*first), day(*last)),
        _ => String::new(),
    }
}
