//! Months beside each other: the same figures of each, so that a change is seen.

use maud::{Markup, html};

use super::{Reader, frame, prose, scroll};
use crate::figures::NOTHING;
use crate::language::tr;
use crate::model::MonthReport;
use crate::prose::glue;
use crate::sentences;

pub(super) fn page(reports: &[MonthReport]) -> Markup {
    let lang = reports.first().map(|report| report.language).unwrap_or_default();
    let ends = (reports.first(), reports.last());
    let title = match ends {
        (Some(first), Some(last)) => format!("{} – {}", lang.month(&first.month), lang.month(&last.month)),
        _ => tr!(lang, "compare-title"),
    };
    let body = html! {
        header {
            p class="eyebrow" { (tr!(lang, "compare-title")) }
            h1 { (title) }
            p class="lede" { (tr!(lang, "compare-text")) }
        }
        main id="main" {
            (scroll(&tr!(lang, "compare-title"), &table(reports)))
            @for report in reports {
                @let learned = sentences::learned(report);
                @if !learned.is_empty() {
                    section aria-labelledby=(format!("m-{}", report.month)) {
                        h2 class="h3" id=(format!("m-{}", report.month)) { (tr!(lang, "learned-title")) ": " (lang.month(&report.month)) }
                        ul class="said" { @for said in &learned { li { (prose(said)) } } }
                    }
                }
            }
        }
        footer { @if let Some(report) = reports.last() { (super::month::colophon(report)) } }
    };
    frame(lang, &title, &body)
}

/// A row's heading and how its cell is written.
type Row<'a> = (String, &'a dyn Fn(&MonthReport) -> Option<String>);

fn table(reports: &[MonthReport]) -> Markup {
    let Some(lang) = reports.first().map(|report| report.language) else { return html! {} };
    let money = |r: &MonthReport, minor: i64| Reader::of(r).money(minor);
    let goals = |r: &MonthReport| {
        let each = |t: &crate::model::MetricTotal| {
            format!("{} {}", lang.count(t.count), lang.goals(&t.metric, t.count))
        };
        let all: Vec<String> = r.totals.goals.iter().map(each).collect();
        (!all.is_empty()).then(|| glue(&all.join(", ")))
    };
    let rows: [Row<'_>; 8] = [
        (tr!(lang, "col-spent"), &|r| Some(money(r, r.totals.spend_minor))),
        (tr!(lang, "col-goals"), &goals),
        (tr!(lang, "col-experiments"), &|r| Some(lang.count(r.experiments.len() as u64))),
        (tr!(lang, "decided"), &|r| {
            Some(lang.count(r.experiments.iter().filter(|x| x.outcome.is_decided()).count() as u64))
        }),
        (tr!(lang, "not-spent-on-losers"), &|r| {
            r.totals.money_not_spent_on_losers_minor.map(|saved| money(r, saved))
        }),
        (tr!(lang, "it-brought-back"), &|r| {
            r.overview
                .value
                .as_ref()
                .filter(|v| !v.goals.is_empty())
                .map(|v| Reader::of(r).money_f64(v.value_minor))
        }),
        (tr!(lang, "it-cost"), &|r| r.overview.value.as_ref().map(|v| money(r, v.cost_minor))),
        (
            tr!(
                lang,
                "col-value-per",
                unit = reports.first().map_or_else(String::new, |r| lang.unit("spend", &r.currency))
            ),
            &|r| {
                let value = r.overview.value.as_ref()?;
                let interval = value.return_interval?;
                Some(glue(&format!(
                    "{} ({}–{})",
                    lang.significant(value.return_on_costs?),
                    lang.significant(interval.lower),
                    lang.significant(interval.upper)
                )))
            },
        ),
    ];
    html! {
        table {
            thead { tr { th scope="col" { (tr!(lang, "col-month")) } @for report in reports { th scope="col" class="n" { (lang.month(&report.month)) } } } }
            tbody {
                @for (heading, cell) in &rows {
                    tr { th scope="row" { (heading) } @for report in reports { td class="n" { (cell(report).unwrap_or_else(|| NOTHING.to_owned())) } } }
                }
            }
        }
    }
}
