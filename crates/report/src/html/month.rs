//! The month's page: the month in a few figures, the experiments as a table, then each of them.

use jiff::civil::Date;
use maud::{Markup, html};

use super::experiment::{self, Depth};
use super::{frame, made, outcome_class, scroll};
use crate::figures::{NOTHING, count, month};
use crate::model::{ExperimentReport, Label, MonthReport, Origin, Outcome, State};
use crate::prose::{glue, plain};
use crate::words;

/// With more experiments than this, those that could not be told apart are shown in short.
const IN_FULL: usize = 40;

/// How many experiments of a long month get plots at all, so that a page stays a few megabytes at most.
const WITH_PLOTS: usize = 50;

pub(super) fn page(report: &MonthReport) -> Markup {
    let title = format!("{} – experiments", month(&report.month));
    let long = report.experiments.len() > IN_FULL;
    let mut plotted = 0;
    let depths: Vec<Depth> = report
        .experiments
        .iter()
        .map(|x| {
            if !long {
                return Depth::Full;
            }
            if x.outcome.is_undistinguished() || plotted >= WITH_PLOTS {
                return Depth::Short;
            }
            plotted += 1;
            Depth::Folded
        })
        .collect();
    let body = html! {
        header { (header(report)) }
        @if report.experiments.len() > 1 { (contents(report)) }
        main id="main" {
            @if report.experiments.is_empty() {
                p class="note-box" { "No experiment ran this month. A month without one teaches nothing new." }
            }
            @for (i, (x, depth)) in report.experiments.iter().zip(depths).enumerate() {
                (experiment::card(x, i, depth, &report.currency, &report.timezone))
            }
        }
        (footer(report, long))
    };
    frame(&title, &body)
}

/// The anchor of an experiment.
pub(super) fn anchor(index: usize) -> String {
    format!("e{}", index + 1)
}

fn header(report: &MonthReport) -> Markup {
    let totals = &report.totals;
    let decided = report.experiments.iter().filter(|x| x.outcome.is_decided()).count();
    let currency = &report.currency;
    html! {
        p class="eyebrow" {
            @match report.origin { Origin::Live => "Experiments of the month", Origin::Rehearsed => "Rehearsal of the month" }
        }
        h1 { (month(&report.month)) }
        p class="lede" { (glue(&lede(report))) }
        @if report.origin == Origin::Rehearsed {
            p class="note-box" {
                strong { "Played, not spent. " }
                "This month was played against a stand-in market with the truths that the definitions state. "
                "No channel was called and no money moved."
            }
        }
        dl class="numbers" {
            @if totals.spend_minor > 0 || totals.budget_minor.is_some() {
                div {
                    dt { "Spent" }
                    dd {
                        (glue(&currency.money(totals.spend_minor)))
                        @if let Some(budget) = totals.budget_minor { small { "of " (glue(&currency.money(budget))) } }
                    }
                }
            }
            @for total in totals.goals.iter().take(3) {
                div {
                    dt { (capitalised(&words::plural(&total.metric, 2))) }
                    dd {
                        (glue(&count(total.count)))
                        @if let Some(target) = totals.target.as_ref().filter(|t| t.metric == total.metric) {
                            small { "of " (glue(&count(target.count))) " wanted" }
                        }
                    }
                }
            }
            div {
                dt { "Decided" }
                dd { (decided) small { "of " (report.experiments.len()) @if report.experiments.len() == 1 { " experiment" } @else { " experiments" } } }
            }
            @if let Some(saved) = totals.money_not_spent_on_losers_minor.filter(|saved| *saved > 0) {
                div { dt { "Not spent on losers" } dd { (glue(&currency.money(saved))) small { "against an even split" } } }
            }
            @if totals.moves_awaiting_approval > 0 {
                div { dt { "Waiting for you" } dd { (totals.moves_awaiting_approval) small { "proposed moves" } } }
            }
        }
    }
}

/// The month in a sentence.
pub(crate) fn lede(report: &MonthReport) -> String {
    let all = &report.experiments;
    if all.is_empty() {
        return "No experiment was defined for this month.".to_owned();
    }
    let how_many = |test: &dyn Fn(&ExperimentReport) -> bool| all.iter().filter(|x| test(x)).count();
    let over = |x: &ExperimentReport| x.state == State::Closed;
    let parts = [
        (how_many(&|x| x.outcome.is_decided()), "decided"),
        (how_many(&|x| x.outcome == Outcome::Narrowed), "narrowed"),
        (how_many(&|x| matches!(x.outcome, Outcome::Open | Outcome::Single) && !over(x)), "still open"),
        (how_many(&|x| x.outcome == Outcome::NoData), "without data"),
        (how_many(&|x| x.outcome == Outcome::Unproven), "over without proof"),
        (how_many(&|x| x.outcome == Outcome::Single && over(x)), "with nothing to compare"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| if all.len() == 1 { what.to_owned() } else { format!("{} {what}", count(n as u64)) })
        .collect();
    let noun = if all.len() == 1 { "experiment" } else { "experiments" };
    format!("{} {noun}: {}.", count(all.len() as u64), parts.join(", "))
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn contents(report: &MonthReport) -> Markup {
    let money = report.experiments.iter().any(|x| x.totals.spend_minor > 0);
    let mut metrics: Vec<&str> = report.experiments.iter().map(|x| x.goal.metric.as_str()).collect();
    metrics.dedup();
    // One metric is named in the header once; several are named in each row.
    let one_metric = if let [metric] = metrics.as_slice() { Some(*metric) } else { None };
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "Experiment" }
                    th scope="col" { "Outcome" }
                    th scope="col" class="n" {
                        @match one_metric { Some(metric) => (capitalised(&words::plural(metric, 2))), None => "Goals" }
                    }
                    @if money {
                        th scope="col" class="n" { "Spent" }
                        th scope="col" class="n" { "Cost per goal" }
                    }
                    th scope="col" { "Guarantee" }
                    th scope="col" { "Separation" }
                }
            }
            tbody {
                @for (i, x) in report.experiments.iter().enumerate() {
                    tr {
                        th scope="row" { a href=(format!("#{}", anchor(i))) { (plain(&x.name)) } }
                        td { span class=(outcome_class(x.outcome)) { (words::outcome_sign(x.outcome)) " " (words::outcome(x.outcome)) } }
                        td class="n" {
                            (glue(&count(x.totals.goals)))
                            @if one_metric.is_none() { " " (words::plural(&x.goal.metric, x.totals.goals)) }
                        }
                        @if money {
                            td class="n" {
                                @if x.totals.spend_minor == 0 && x.goal.per != "spend" { (NOTHING) }
                                @else { (glue(&report.currency.money(x.totals.spend_minor))) }
                            }
                            td class="n" {
                                @match x.totals.cost_per_goal_minor {
                                    Some(cost) => (glue(&report.currency.money_f64(cost))),
                                    None => (NOTHING),
                                }
                            }
                        }
                        td class="w" { @match &x.guarantee { Some(label) => (plain(&label.name)), None => (NOTHING) } }
                        td class="w" { (plain(&x.separation.name)) }
                    }
                }
            }
        }
    };
    html! {
        nav class="contents" aria-labelledby="contents" {
            h2 id="contents" { "At a glance" }
            (scroll("Experiments at a glance", &table))
        }
    }
}

fn footer(report: &MonthReport, long: bool) -> Markup {
    html! {
        footer {
            @if long { (glossary(report)) }
            p {
                "How to read the bands: at every moment of the month, the true ratio lies inside with the stated certainty, "
                "however often one looks. A band that leaves the line 1× is proof of a difference; one that touches it is not."
            }
            p {
                "Made by " (plain(&report.generator)) " on " (made(report.made_at, &report.timezone)) ". "
                "Days are those of " (plain(&report.timezone)) ". The JSON of this report holds every figure exactly."
            }
        }
    }
}

/// The labels of a long month, explained once instead of in every experiment.
fn glossary(report: &MonthReport) -> Markup {
    let mut labels: Vec<(&str, &Label)> = Vec::new();
    for x in &report.experiments {
        labels.extend(x.guarantee.as_ref().map(|label| ("guarantee", label)));
        labels.push(("separation", &x.separation));
    }
    labels.sort_by(|a, b| (a.0, &a.1.name).cmp(&(b.0, &b.1.name)));
    labels.dedup_by(|a, b| (a.0, &a.1.name) == (b.0, &b.1.name));
    html! {
        dl {
            @for (kind, label) in labels {
                dt { (kind) ": " (plain(&label.name)) }
                dd { (label.explanation) }
            }
        }
    }
}

/// First and last day that an experiment's plots show: its plan, widened to all its figures.
pub(super) fn plotted_days(x: &ExperimentReport) -> Option<(Date, Date)> {
    let points = x.comparisons.iter().flat_map(|c| c.points.iter().map(|p| p.date));
    let dates = x.by_day.iter().map(|d| d.date).chain(points);
    let plan = x.days.iter().flat_map(|(first, last)| [*first, *last]);
    let (first, last) = dates.chain(plan).fold((None::<Date>, None::<Date>), |(first, last), d| {
        (Some(first.map_or(d, |f| f.min(d))), Some(last.map_or(d, |l| l.max(d))))
    });
    Some((first?, last?))
}
