//! The management page: what does marketing give us? One page of A4, for people who do not run experiments.

use maud::{Markup, html};

use super::overview::value_section;
use super::{Reader, capital, frame, plot, prose};
use crate::language::tr;
use crate::model::{MonthReport, Origin};
use crate::prose::glue;
use crate::sentences;

/// Activity that tells of the brand; other activity is business.
const BRAND: [&str; 6] =
    ["brand_search", "brand_searches", "brand_clicks", "direct_visit", "direct_visits", "visit"];

pub(super) fn page(report: &MonthReport) -> Markup {
    let to = Reader::of(report);
    let (lang, all) = (to.lang, &report.overview);
    let title = tr!(lang, "management-title", month = lang.month(&report.month));
    let learned = sentences::learned(report);
    let body = html! {
        header {
            p class="eyebrow" { (tr!(lang, "management-eyebrow")) }
            h1 { (title) }
            @if report.origin == Origin::Rehearsed { (super::month::rehearsed(lang)) }
        }
        main id="main" class="management" {
            section class="decision keep" aria-labelledby="decision" {
                h2 class="h3" id="decision" { (tr!(lang, "decision-title")) }
                p class="verdict" { (prose(&sentences::decision(report))) }
            }
            (figures(report, to))
            @if let Some(value) = &all.value { (value_section(value, to)) }
            @if let Some(pace) = &all.pace {
                section class="keep" aria-labelledby="pace" {
                    h2 class="h3" id="pace" { (tr!(lang, "pace")) }
                    @for said in sentences::pace(pace, lang) { p class="said" { (glue(&said)) } }
                    @if pace.data_until.is_some() { (plot::pace_plot(pace, "pace-plot", to)) }
                }
            }
            section class="keep" aria-labelledby="saved" {
                h2 class="h3" id="saved" { (tr!(lang, "not-wasted")) }
                p class="said" {
                    @match report.totals.money_not_spent_on_losers_minor.filter(|saved| *saved > 0) {
                        Some(saved) => (tr!(lang, "saved-sentence", saved = to.money(saved))),
                        None => (tr!(lang, "saved-nothing")),
                    }
                }
                @if all.verdicts.judged > 0 { p class="said" { (glue(&sentences::verdicts(&all.verdicts, lang))) } }
            }
            section class="keep" aria-labelledby="learned" {
                h2 class="h3" id="learned" { (tr!(lang, "learned-title")) }
                @if learned.is_empty() { p class="said" { (tr!(lang, "learned-nothing")) } }
                @else { ol class="said" { @for said in &learned { li { (prose(said)) } } } }
            }
        }
        footer { (super::month::colophon(report)) }
    };
    frame(lang, &title, &body)
}

/// Activity and brand, then business: only what a channel reports.
fn figures(report: &MonthReport, to: Reader<'_>) -> Markup {
    let (lang, all) = (to.lang, &report.overview);
    let brand = || all.activity.iter().filter(|t| BRAND.contains(&t.metric.as_str()));
    let business = || all.activity.iter().filter(|t| !BRAND.contains(&t.metric.as_str()));
    let goals = || all.value.iter().flat_map(|v| &v.goals);
    let worth = |metric: &str| goals().chain(&all.activity_worth).find(|g| g.metric == metric);
    html! {
        section class="keep" aria-labelledby="activity" {
            h2 class="h3" id="activity" { (tr!(lang, "activity-title")) }
            dl class="numbers" {
                div {
                    dt { (tr!(lang, "col-spent")) }
                    dd {
                        (to.money(report.totals.spend_minor))
                        @if let Some(budget) = report.totals.budget_minor { small { (tr!(lang, "of-budget", budget = to.money(budget))) } }
                    }
                }
                div { dt { (tr!(lang, "col-experiments")) } dd { (all.launched) } }
                @for series in &all.market {
                    div {
                        dt { (capital(&lang.goals(&series.metric, 2))) }
                        dd { (to.count(series.count)) small { (tr!(lang, "days-reported", reported = series.days_reported, days = series.days)) } }
                    }
                }
                @for total in brand() { div { dt { (capital(&lang.goals(&total.metric, 2))) } dd { (to.count(total.count)) } } }
            }
            @for series in all.market.iter().filter(|series| series.change.is_some()) {
                p class="said" { (glue(&sentences::market(series, lang))) }
            }
            @if all.market.iter().any(|series| series.change.is_some()) { p class="soft small" { (tr!(lang, "market-caveat")) } }
            @if brand().next().is_none() && all.market.is_empty() { p class="soft small" { (tr!(lang, "brand-unknown")) } }
        }
        section class="keep" aria-labelledby="business" {
            h2 class="h3" id="business" { (tr!(lang, "business-title")) }
            @if report.totals.goals.is_empty() && business().next().is_none() { p class="said" { (tr!(lang, "business-unknown")) } }
            @else {
                dl class="numbers" {
                    @for total in report.totals.goals.iter().chain(business()) {
                        div {
                            dt { (capital(&lang.goals(&total.metric, 2))) }
                            dd {
                                (to.count(total.count))
                                @if let Some(worth) = worth(&total.metric) { small { (tr!(lang, "worth", value = to.money_f64(worth.value_minor))) } }
                            }
                        }
                    }
                }
                @if business().any(|total| worth(&total.metric).is_some()) { p class="soft small" { (tr!(lang, "worth-not-added")) } }
            }
        }
    }
}
