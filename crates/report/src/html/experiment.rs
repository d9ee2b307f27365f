//! One experiment on the page: verdict first, then how sure it is, where the money went, the arms, and the details.

use maud::{Markup, html};

use super::month::anchor;
use super::{Reader, arms, details, frame, outcome_class, plots, prose};
use crate::language::tr;
use crate::model::{ExperimentReport, MonthReport, Origin};
use crate::prose::{glue, plain};
use crate::words;

/// How much of an experiment is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Everything.
    Full,
    /// Plots folded away, no long lists: for months of many experiments.
    Folded,
    /// Verdict and arms.
    Short,
}

/// One experiment as a page of its own.
pub(super) fn page(report: &MonthReport, x: &ExperimentReport) -> Markup {
    let to = Reader::of(report);
    let index = report.experiments.iter().position(|other| other.name == x.name).unwrap_or(0);
    let body = html! {
        header {
            p class="eyebrow" { (tr!(to.lang, "eyebrow-experiment")) " · " (to.lang.month(&report.month)) }
            @if report.origin == Origin::Rehearsed { (super::month::rehearsed(to.lang)) }
        }
        main id="main" { (card(x, index, Depth::Full, to, true)) }
        footer {
            p { (tr!(to.lang, "how-to-read-bands")) }
            (super::month::colophon(report))
        }
    };
    frame(to.lang, &format!("{} – {}", plain(&x.name), to.lang.month(&report.month)), &body)
}

/// An experiment; `alone` where it is its page's only subject.
pub(super) fn card(x: &ExperimentReport, index: usize, depth: Depth, to: Reader<'_>, alone: bool) -> Markup {
    let id = anchor(index);
    let heading = format!("{id}-h");
    let name = html! {
        (plain(&x.name))
        " " span class=(outcome_class(x.outcome)) { (words::outcome_sign(x.outcome)) " " (to.lang.outcome(x.outcome)) }
    };
    html! {
        article class=(if depth == Depth::Full { "experiment" } else { "experiment plain" }) id=(id) aria-labelledby=(heading) {
            header {
                p class="eyebrow" { (eyebrow(x, to)) }
                @if alone { h1 class="h2" id=(heading) { (name) } } @else { h2 id=(heading) { (name) } }
                @if !x.hypothesis.is_empty() { p class="hypothesis" { "“" (plain(&x.hypothesis)) "”" } }
            }
            p class="verdict" { (prose(&x.verdict)) }
            @if !x.next.is_empty() { p class="next" { b { (tr!(to.lang, "next")) } (prose(&x.next)) } }
            @if depth == Depth::Full { (labels(x, to)) } @else { (badges(x, to)) }
            @match depth {
                Depth::Full => { (plots::all(x, &id, to, true)) }
                Depth::Folded => { details { summary { (tr!(to.lang, "plots")) } (plots::all(x, &id, to, false)) } }
                Depth::Short => {}
            }
            @if !x.arms.is_empty() { (arms::section(x, &id, to, depth)) }
            @if depth == Depth::Full { (details::all(x, &id, to)) }
        }
    }
}

fn eyebrow(x: &ExperimentReport, to: Reader<'_>) -> String {
    let mut channels: Vec<String> = x.arms.iter().map(|arm| plain(&arm.channel)).collect();
    channels.sort_unstable();
    channels.dedup();
    let mut parts = vec![to.lang.phase(&x.phase), to.lang.phase(&x.kind)];
    match channels.as_slice() {
        [] => {}
        [a, b, c, rest @ ..] if !rest.is_empty() => {
            parts.push(format!("{a}, {b}, {c}, {}", tr!(to.lang, "more-channels", n = rest.len())))
        }
        few => parts.push(few.join(", ")),
    }
    parts.push(to.lang.state(x.state));
    if let Some(until) = x.data_until {
        parts.push(tr!(to.lang, "figures-to", day = to.lang.day_short(until)));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}

fn guarantee_text(x: &ExperimentReport, to: Reader<'_>) -> String {
    match &x.guarantee {
        Some(label) => tr!(to.lang, "label-guarantee", name = to.lang.label(&label.name)),
        None => tr!(to.lang, "label-guarantee", name = tr!(to.lang, "none-yet")),
    }
}

fn separation_text(x: &ExperimentReport, to: Reader<'_>) -> String {
    tr!(to.lang, "label-separation", name = to.lang.label(&x.separation.name))
}

/// Both labels without their explanations, which a long month gives once.
fn badges(x: &ExperimentReport, to: Reader<'_>) -> Markup {
    html! {
        p {
            span class="badge" { (guarantee_text(x, to)) }
            " "
            span class="badge" { (separation_text(x, to)) }
        }
    }
}

/// Both labels, always; opened, what they promise.
fn labels(x: &ExperimentReport, to: Reader<'_>) -> Markup {
    let lang = to.lang;
    html! {
        details class="labels print" {
            summary {
                span class="badge" title=[x.guarantee.as_ref().map(|label| label.explanation.as_str())] { (guarantee_text(x, to)) }
                span class="badge" title=(x.separation.explanation) { (separation_text(x, to)) }
                span class="soft small" { (tr!(lang, "what-these-promise")) }
            }
            dl {
                @if let Some(label) = &x.guarantee {
                    dt { (guarantee_text(x, to)) }
                    dd { (label.explanation) }
                }
                dt { (separation_text(x, to)) }
                dd { (x.separation.explanation) }
                @if let Some(method) = &x.method {
                    dt { (tr!(lang, "method")) }
                    dd {
                        (plain(method)) ". " (glue(&tr!(lang, "method-alpha", alpha = lang.percent(x.alpha))))
                        @if let Some(dispersion) = x.dispersion { " " (tr!(lang, "method-noise", noise = lang.significant(dispersion))) }
                        " " (tr!(lang, "method-looks", n = x.looks))
                    }
                }
            }
        }
    }
}
