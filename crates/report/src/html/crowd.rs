//! A month of more experiments than anybody reads: how they stand by phase, a few in full, and all of them in a table that is
//! searched.

use maud::{Markup, PreEscaped, html};

use super::library::{SCRIPT, finder};
use super::{Reader, scroll};
use crate::figures::NOTHING;
use crate::language::tr;
use crate::model::{ExperimentReport, MonthReport, Outcome};
use crate::prose::{glue, plain};
use crate::verdict::{Need, need};
use crate::words;

/// With more experiments than this, a month is summed up.
pub(super) const IN_FULL: usize = 40;

/// How many experiments of a long month are shown with verdict and arms, so that a page stays a few megabytes at most.
const SHOWN: usize = 30;

/// The experiments of a long month that are shown, in the month's order: those that need a person most, and of these the
/// ones with most money in them. Where the month ended with most of them, that is what was decided.
pub(super) fn shown(report: &MonthReport) -> Vec<usize> {
    let mut ranked: Vec<(usize, &ExperimentReport)> = report.experiments.iter().enumerate().collect();
    let urgency = |x: &ExperimentReport| match need(x) {
        Some(Need::NextMonth) if !x.outcome.is_decided() => (1, None),
        Some(need) => (0, Some(need)),
        None => (1, None),
    };
    ranked.sort_by(|(i, a), (j, b)| {
        urgency(a)
            .cmp(&urgency(b))
            .then(b.totals.spend_minor.cmp(&a.totals.spend_minor))
            .then(b.totals.goals.cmp(&a.totals.goals))
            .then(i.cmp(j))
    });
    let mut shown: Vec<usize> = ranked.into_iter().take(SHOWN).map(|(i, _)| i).collect();
    shown.sort_unstable();
    shown
}

/// How many experiments of each phase came to which verdict.
pub(super) fn by_outcome(report: &MonthReport) -> Markup {
    let to = Reader::of(report);
    let lang = to.lang;
    let outcomes: Vec<Outcome> = Outcome::ALL
        .into_iter()
        .filter(|outcome| report.experiments.iter().any(|x| x.outcome == *outcome))
        .collect();
    let of = |phase: &str, outcome: Outcome| {
        report.experiments.iter().filter(|x| x.phase == phase && x.outcome == outcome).count() as u64
    };
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { (tr!(lang, "col-outcome")) }
                    @for phase in &report.overview.phases { th scope="col" class="n" { (lang.phase(&phase.phase)) } }
                }
            }
            tbody {
                @for outcome in outcomes {
                    tr {
                        th scope="row" { span class=(super::outcome_class(outcome)) { (words::outcome_sign(outcome)) " " (lang.outcome(outcome)) } }
                        @for phase in &report.overview.phases { td class="n" { (to.count(of(&phase.phase, outcome))) } }
                    }
                }
            }
        }
    };
    html! {
        section aria-labelledby="outcomes" {
            h2 class="h3" id="outcomes" { (tr!(lang, "outcomes-title")) }
            p { a href="#all" { (tr!(lang, "all-link", n = report.experiments.len())) } }
            (scroll(&tr!(lang, "outcomes-title"), &table))
        }
    }
}

/// Every experiment in a line, to be searched. Rows carry no more markup than they need: there may be ten thousand.
pub(super) fn everything(report: &MonthReport, shown: &[usize]) -> Markup {
    let to = Reader::of(report);
    let lang = to.lang;
    let channels = |x: &ExperimentReport| {
        let mut all: Vec<String> = x.arms.iter().map(|arm| plain(&arm.channel)).collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let named = |mut all: Vec<String>| {
        all.sort();
        all.dedup();
        all.into_iter().map(|name| (name.clone(), name)).collect::<Vec<_>>()
    };
    let phases = named(report.experiments.iter().map(|x| lang.phase(&x.phase)).collect());
    let places = named(report.experiments.iter().flat_map(channels).collect());
    let outcomes = named(report.experiments.iter().map(|x| lang.outcome(x.outcome)).collect());
    let table = html! {
        table class="found" {
            thead {
                tr {
                    th scope="col" { (tr!(lang, "col-experiment")) }
                    th scope="col" data-key="phase" { (tr!(lang, "col-phase")) }
                    th scope="col" data-key="channel" { (tr!(lang, "col-channel")) }
                    th scope="col" data-key="outcome" { (tr!(lang, "col-outcome")) }
                    th scope="col" { (tr!(lang, "col-goals")) }
                    th scope="col" { (tr!(lang, "col-spent")) }
                    th scope="col" { (tr!(lang, "col-cost-per-goal")) }
                }
            }
            tbody {
                @for (i, x) in report.experiments.iter().enumerate() {
                    tr {
                        th scope="row" {
                            @if shown.binary_search(&i).is_ok() { a href=(format!("#{}", super::month::anchor(i))) { (plain(&x.name)) } }
                            @else { (plain(&x.name)) }
                        }
                        td { (lang.phase(&x.phase)) }
                        td { (channels(x).join(", ")) }
                        td { (lang.outcome(x.outcome)) }
                        td { (glue(&lang.count(x.totals.goals))) " " (lang.goals(&x.goal.metric, x.totals.goals)) }
                        td { @if x.totals.spend_minor > 0 { (to.money(x.totals.spend_minor)) } @else { (NOTHING) } }
                        td { @match x.totals.cost_per_goal_minor { Some(cost) => (to.money_f64(cost)), None => (NOTHING) } }
                    }
                }
            }
        }
    };
    html! {
        section aria-labelledby="all" {
            h2 class="h3" id="all" { (tr!(lang, "all-title", n = report.experiments.len())) }
            p { (tr!(lang, "all-text", shown = shown.len(), command = "gevinst report --experiment")) }
            (finder(lang, report.experiments.len(), [&phases, &places, &outcomes]))
            (scroll(&tr!(lang, "all-title", n = report.experiments.len()), &table))
        }
        script { (PreEscaped(SCRIPT)) }
    }
}
