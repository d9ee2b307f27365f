//! The rehearsal's page: what the plan can be expected to do, before any money is spent.
//!
//! One row an experiment; shares are drawn as a dot with two standard errors on a common axis, the accepted error as a
//! line on it, so that a plan that breaks its promise is seen at once.

use maud::{Markup, html};

use super::{frame, scroll};
use crate::figures::{Currency, NOTHING, count, percent, significant};
use crate::language::Language;
use crate::prose::{glue, plain};
use crate::rehearsal::{RehearsalReport, RehearsedArm, RehearsedExperiment};
use crate::words;

pub(super) fn page(report: &RehearsalReport) -> Markup {
    let body = html! {
        header {
            p class="eyebrow" { "Rehearsal" }
            h1 { @match report.experiments.as_slice() { [one] => (plain(&one.name)), all => { (all.len()) " experiments" } } }
            p class="lede" { (glue(&lede(report))) }
        }
        main id="main" {
            article class="experiment" aria-labelledby="summary" {
                h2 id="summary" { "What to expect" }
                (scroll("What to expect", &summary(report)))
                p class="soft small" {
                    "The dot is the measured share, the line through it two standard errors either way, the tick the accepted error. "
                    "Gain: part of what a clairvoyant would have won over an even split. "
                    "A dash: there was nothing to measure, such as no losing arm."
                }
            }
            @for x in &report.experiments {
                @if let Some(arms) = &x.arms { (single_month(x, arms, &report.currency)) }
            }
        }
        footer {
            p { "Made by " (plain(&report.generator)) ". Seed " (report.seed) " repeats it." }
        }
    };
    frame(Language::English, "Rehearsal", &body)
}

/// What was played, and whether the promise held, in two sentences.
pub(crate) fn lede(report: &RehearsalReport) -> String {
    let most = report.experiments.iter().map(|x| x.months).max().unwrap_or(0);
    let least = report.experiments.iter().map(|x| x.months).min().unwrap_or(0);
    let times = match (least, most) {
        (1, 1) => "once".to_owned(),
        (least, most) if least == most => format!("{} times", count(most)),
        (least, most) => format!("{} to {} times", count(least), count(most)),
    };
    let mut text = format!(
        "Played {times} against a stand-in market with the truths that the definition states; no money was spent."
    );
    // Two standard errors above: what chance alone seldom does.
    let broken: Vec<String> = report
        .experiments
        .iter()
        .filter(|x| x.best_dropped.is_some_and(|p| p > x.alpha + 2.0 * x.best_dropped_se.unwrap_or(0.0)))
        .map(|x| plain(&x.name))
        .collect();
    let measured = report.experiments.iter().filter(|x| x.months > 1 && x.best_dropped.is_some()).count();
    if measured > 0 {
        text.push_str(&match broken.as_slice() {
            [] => " A truly best arm was dropped no more often than accepted.".to_owned(),
            [one] => format!(" In {one}, a truly best arm was dropped more often than accepted."),
            many => format!(
                " In {} experiments, a truly best arm was dropped more often than accepted.",
                many.len()
            ),
        });
    }
    text
}

fn summary(report: &RehearsalReport) -> Markup {
    let currency = &report.currency;
    let money = report.experiments.iter().any(|x| x.spend_per_month_minor > 0);
    html! {
        table {
            thead {
                tr {
                    th scope="col" { "Experiment" }
                    th scope="col" class="n" { "Best arm dropped" }
                    th scope="col" class="n" { "Losers dropped" }
                    th scope="col" class="n" { "Gain realised" }
                    th scope="col" class="n" { "Goals" small { "a month" } }
                    @if money {
                        th scope="col" class="n" { "Spent" small { (currency.code) " a month" } }
                        th scope="col" class="n" { "Not on losers" small { (currency.code) " a month" } }
                        th scope="col" class="n" { "Cost per goal" small { (currency.code) } }
                    }
                }
            }
            tbody { @for x in &report.experiments { (summary_row(x, currency, money)) } }
        }
    }
}

fn summary_row(x: &RehearsedExperiment, currency: &Currency, money: bool) -> Markup {
    html! {
        tr {
            th scope="row" {
                (plain(&x.name))
                small { (plain(&x.rule)) ", " (glue(&count(x.months))) @if x.months == 1 { " month" } @else { " months" } }
                small class="w" {
                    span title=(x.guarantee.explanation) { (plain(&x.guarantee.name)) } " · "
                    span title=(x.separation.explanation) { (plain(&x.separation.name)) }
                }
            }
            td class="n" { (share(x.best_dropped, x.best_dropped_se, Some(x.alpha))) }
            td class="n" {
                (share(x.losers_dropped, x.losers_dropped_se, None))
                @if let Some(median) = x.drop_day_median {
                    small { "day " (format!("{median:.0}")) @if let Some([early, late]) = x.drop_day_quantiles { (format!(" ({early:.0}–{late:.0})")) } }
                }
            }
            td class="n" { (share(x.gain_realised, x.gain_se, None)) }
            td class="n" { (glue(&significant(x.goals_per_month))) small { (words::plural(&x.goal, 2)) } }
            @if money {
                td class="n" { (minor(Some(x.spend_per_month_minor), currency)) }
                td class="n" { (minor(x.money_not_spent_on_losers_minor, currency)) }
                td class="n" { (minor(x.cost_per_goal_minor, currency)) }
            }
        }
    }
}

fn minor(minor: Option<i64>, currency: &Currency) -> String {
    minor.map_or_else(|| NOTHING.to_owned(), |m| glue(&currency.bare_f64(m as f64)))
}

/// A share in percent with its standard error, and as a dot on an axis from 0 to 1.
fn share(value: Option<f64>, se: Option<f64>, limit: Option<f64>) -> Markup {
    let Some(value) = value else { return html! { (NOTHING) } };
    let place = |v: f64| format!("{:.1}%", v.clamp(0.0, 1.0) * 100.0);
    let reach = 2.0 * se.unwrap_or(0.0);
    html! {
        (glue(&percent(value)))
        @if let Some(se) = se { small { "± " (glue(&percent(se))) } }
        svg class="interval c1" width="76" height="12" aria-hidden="true" focusable="false" {
            line class="axis" x1="0" x2="100%" y1="6" y2="6" {}
            @if let Some(limit) = limit { line class="equal" x1=(place(limit)) x2=(place(limit)) y1="0" y2="12" {} }
            line class="reach" x1=(place(value - reach)) x2=(place(value + reach)) y1="6" y2="6" {}
            circle class="dot" cx=(place(value)) cy="6" r="3.2" {}
        }
    }
}

fn single_month(x: &RehearsedExperiment, arms: &[RehearsedArm], currency: &Currency) -> Markup {
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "Arm" }
                    th scope="col" { "Status" }
                    th scope="col" { "Dropped on" }
                    @if x.per != "spend" { th scope="col" class="n" { (plain(&x.per)) } }
                    th scope="col" class="n" { (words::plural(&x.goal, 2)) }
                    th scope="col" class="n" { "Spent" }
                }
            }
            tbody {
                @for arm in arms {
                    tr {
                        th scope="row" { (plain(&arm.name)) }
                        td { (words::status(arm.status)) }
                        td { (arm.dropped_on.map_or_else(|| NOTHING.to_owned(), |d| glue(&crate::figures::day_short(d)))) }
                        @if x.per != "spend" { td class="n" { (glue(&significant(arm.exposure))) } }
                        td class="n" { (glue(&count(arm.goals))) }
                        td class="n" { (glue(&currency.money(arm.spend_minor))) }
                    }
                }
            }
        }
    };
    html! {
        article class="experiment plain" {
            h2 { (plain(&x.name)) }
            p class="eyebrow" { "guarantee: " (x.guarantee.name) " · separation: " (x.separation.name) }
            (scroll(&plain(&x.name), &table))
        }
    }
}
