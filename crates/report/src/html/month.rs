//! The month's page: the month in a few figures, the experiments as a table, then each of them.

use jiff::civil::Date;
use maud::{Markup, html};

use super::crowd::{self, IN_FULL};
use super::experiment::{self, Depth};
use super::library::searched;
use super::{Reader, capital, frame, outcome_class, prose, scroll};
use crate::figures::NOTHING;
use crate::language::{Language, tr};
use crate::model::{ExperimentReport, Label, MonthReport, Origin, Outcome, State};
use crate::prose::{glue, plain};
use crate::verdict::{Need, need};
use crate::words;

pub(super) fn page(report: &MonthReport) -> Markup {
    let to = Reader::of(report);
    let title = format!("{} – {}", to.lang.month(&report.month), tr!(to.lang, "experiments"));
    let long = report.experiments.len() > IN_FULL;
    let shown =
        if long { crowd::shown(report) } else { (0..report.experiments.len()).collect::<Vec<usize>>() };
    let depth = |x: &ExperimentReport| match (long, x.outcome.is_undistinguished()) {
        (false, _) => Depth::Full,
        (true, false) => Depth::Folded,
        (true, true) => Depth::Short,
    };
    let body = html! {
        header { (header(report, &shown)) }
        div class="overview" {
            @if long { (crowd::by_outcome(report)) }
            (super::overview::sections(report))
        }
        @if report.experiments.len() > 1 { (contents(report, &shown)) }
        main id="main" {
            @if report.experiments.is_empty() {
                p class="note-box" { (tr!(to.lang, "no-experiment")) }
            }
            @for &i in &shown {
                @let x = &report.experiments[i];
                (experiment::card(x, i, depth(x), to, false))
            }
            @if long { (crowd::everything(report, &shown)) }
        }
        (footer(report, long))
    };
    if long { searched(to.lang, &title, &body) } else { frame(to.lang, &title, &body) }
}

/// The anchor of an experiment.
pub(super) fn anchor(index: usize) -> String {
    format!("e{}", index + 1)
}

/// How many experiments the head of the page tells what to do about.
const TOLD: usize = 5;

/// What to do now: the most urgent of what needs a person, each with its next step.
fn todo(report: &MonthReport, shown: &[usize]) -> Markup {
    let lang = report.language;
    let mut all: Vec<(Need, usize)> =
        report.experiments.iter().enumerate().filter_map(|(i, x)| Some((need(x)?, i))).collect();
    all.sort_unstable();
    let quiet = report.experiments.len() - all.len();
    html! {
        section class="decision todo keep" aria-labelledby="todo" {
            h2 class="h3" id="todo" { (tr!(lang, "todo-title")) }
            @if all.is_empty() { p class="verdict" { (tr!(lang, "todo-nothing")) } }
            @else {
                ol {
                    @for (_, i) in all.iter().take(TOLD) {
                        @let x = &report.experiments[*i];
                        li {
                            @if shown.binary_search(i).is_ok() { a class="name" href=(format!("#{}", anchor(*i))) { (plain(&x.name)) } }
                            @else { span class="name" { (plain(&x.name)) } }
                            ": " (prose(&x.next))
                            @if !x.verdict.is_empty() { br; span class="soft" { (prose(&x.verdict)) } }
                        }
                    }
                }
                @if all.len() > TOLD { p class="soft" { (tr!(lang, "todo-more", n = all.len() - TOLD)) } }
                @if quiet > 0 { p class="soft" { (tr!(lang, "todo-quiet", n = quiet)) } }
            }
        }
    }
}

fn header(report: &MonthReport, shown: &[usize]) -> Markup {
    let (totals, to) = (&report.totals, Reader::of(report));
    let lang = to.lang;
    let decided = report.experiments.iter().filter(|x| x.outcome.is_decided()).count();
    html! {
        p class="eyebrow" {
            @match report.origin { Origin::Live => (tr!(lang, "eyebrow-month")), Origin::Rehearsed => (tr!(lang, "eyebrow-rehearsed")) }
        }
        h1 { (lang.month(&report.month)) }
        p class="lede" { (glue(&lede(report))) }
        @if report.origin == Origin::Rehearsed { (rehearsed(lang)) }
        @if !report.experiments.is_empty() { (todo(report, shown)) }
        dl class="numbers" {
            @if totals.spend_minor > 0 || totals.budget_minor.is_some() {
                div {
                    dt { (tr!(lang, "col-spent")) }
                    dd {
                        (to.money(totals.spend_minor))
                        @if let Some(budget) = totals.budget_minor { small { (tr!(lang, "of-budget", budget = to.money(budget))) } }
                    }
                }
            }
            @for total in totals.goals.iter().take(3) {
                div {
                    dt { (capital(&lang.goals(&total.metric, 2))) }
                    dd {
                        (to.count(total.count))
                        @if let Some(target) = totals.target.as_ref().filter(|t| t.metric == total.metric) {
                            small { (tr!(lang, "of-wanted", n = target.count)) }
                        }
                    }
                }
            }
            div {
                dt { (tr!(lang, "decided")) }
                dd { (decided) small { (tr!(lang, "of-experiments", n = report.experiments.len())) } }
            }
            @if let Some(saved) = totals.money_not_spent_on_losers_minor.filter(|saved| *saved > 0) {
                div { dt { (tr!(lang, "not-spent-on-losers")) } dd { (to.money(saved)) small { (tr!(lang, "against-even-split")) } } }
            }
            @if totals.moves_awaiting_approval > 0 {
                div { dt { (tr!(lang, "waiting-for-you")) } dd { (totals.moves_awaiting_approval) small { (tr!(lang, "proposed-moves", n = totals.moves_awaiting_approval)) } } }
            }
        }
    }
}

/// The box that says that no money was spent.
pub(super) fn rehearsed(lang: Language) -> Markup {
    html! {
        p class="note-box" { strong { (tr!(lang, "rehearsed-title")) } " " (tr!(lang, "rehearsed-text")) }
    }
}

/// The month in a sentence.
pub(crate) fn lede(report: &MonthReport) -> String {
    let (all, lang) = (&report.experiments, report.language);
    if all.is_empty() {
        return tr!(lang, "lede-none");
    }
    let how_many = |test: &dyn Fn(&ExperimentReport) -> bool| all.iter().filter(|x| test(x)).count();
    let over = |x: &ExperimentReport| x.state == State::Closed;
    let parts = [
        (how_many(&|x| x.outcome.is_decided()), tr!(lang, "lede-decided")),
        (how_many(&|x| x.outcome == Outcome::Narrowed), tr!(lang, "lede-narrowed")),
        (
            how_many(&|x| matches!(x.outcome, Outcome::Open | Outcome::Single) && !over(x)),
            tr!(lang, "lede-open"),
        ),
        (how_many(&|x| x.outcome == Outcome::NoData), tr!(lang, "lede-no-data")),
        (how_many(&|x| x.outcome == Outcome::Unproven), tr!(lang, "lede-unproven")),
        (how_many(&|x| x.outcome == Outcome::Single && over(x)), tr!(lang, "lede-single")),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| if all.len() == 1 { what } else { format!("{} {what}", lang.count(n as u64)) })
        .collect();
    format!("{}: {}.", tr!(lang, "count-experiments", n = all.len()), parts.join(", "))
}

fn contents(report: &MonthReport, shown: &[usize]) -> Markup {
    let to = Reader::of(report);
    let lang = to.lang;
    let money = report.experiments.iter().any(|x| x.totals.spend_minor > 0);
    let rows = || shown.iter().filter_map(|i| Some((*i, report.experiments.get(*i)?)));
    let mut metrics: Vec<&str> = rows().map(|(_, x)| x.goal.metric.as_str()).collect();
    metrics.dedup();
    // One metric is named in the header once; several are named in each row.
    let one_metric = if let [metric] = metrics.as_slice() { Some(*metric) } else { None };
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { (tr!(lang, "col-experiment")) }
                    th scope="col" { (tr!(lang, "col-outcome")) }
                    th scope="col" class="n" {
                        @match one_metric { Some(metric) => (capital(&lang.goals(metric, 2))), None => (tr!(lang, "col-goals")) }
                    }
                    @if money {
                        th scope="col" class="n" { (tr!(lang, "col-spent")) }
                        th scope="col" class="n" { (tr!(lang, "col-cost-per-goal")) }
                    }
                    th scope="col" { (tr!(lang, "col-guarantee")) }
                    th scope="col" { (tr!(lang, "col-separation")) }
                }
            }
            tbody {
                @for (i, x) in rows() {
                    tr {
                        th scope="row" { a href=(format!("#{}", anchor(i))) { (plain(&x.name)) } }
                        td { span class=(outcome_class(x.outcome)) { (words::outcome_sign(x.outcome)) " " (lang.outcome(x.outcome)) } }
                        td class="n" {
                            (to.count(x.totals.goals))
                            @if one_metric.is_none() { " " (lang.goals(&x.goal.metric, x.totals.goals)) }
                        }
                        @if money {
                            td class="n" {
                                @if x.totals.spend_minor == 0 && x.goal.per != "spend" { (NOTHING) }
                                @else { (to.money(x.totals.spend_minor)) }
                            }
                            td class="n" {
                                @match x.totals.cost_per_goal_minor {
                                    Some(cost) => (to.money_f64(cost)),
                                    None => (NOTHING),
                                }
                            }
                        }
                        td class="w" { @match &x.guarantee { Some(label) => (lang.label(&label.name)), None => (NOTHING) } }
                        td class="w" { (lang.label(&x.separation.name)) }
                    }
                }
            }
        }
    };
    html! {
        nav class="contents" aria-labelledby="contents" {
            h2 id="contents" { (tr!(lang, "at-a-glance")) }
            (scroll(&tr!(lang, "at-a-glance"), &table))
        }
    }
}

fn footer(report: &MonthReport, long: bool) -> Markup {
    html! {
        footer {
            @if long { (glossary(report)) }
            p { (tr!(report.language, "how-to-read-bands")) }
            (colophon(report))
        }
    }
}

/// By what and when a page was made.
pub(super) fn colophon(report: &MonthReport) -> Markup {
    let to = Reader::of(report);
    html! {
        p {
            (tr!(to.lang, "made-by", generator = plain(&report.generator), when = to.made(report.made_at), timezone = plain(&report.timezone)))
        }
    }
}

/// The labels of a long month, explained once instead of in every experiment.
fn glossary(report: &MonthReport) -> Markup {
    let lang = report.language;
    let mut labels: Vec<(String, &Label)> = Vec::new();
    for x in &report.experiments {
        labels.extend(
            x.guarantee.as_ref().map(|l| (tr!(lang, "label-guarantee", name = lang.label(&l.name)), l)),
        );
        labels.push((tr!(lang, "label-separation", name = lang.label(&x.separation.name)), &x.separation));
    }
    labels.sort_by(|a, b| a.0.cmp(&b.0));
    labels.dedup_by(|a, b| a.0 == b.0);
    html! {
        dl {
            @for (term, label) in labels {
                dt { (term) }
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
