//! What stands behind an experiment's verdict: data quality, every pair, the days, the moves, the definition.
//!
//! Folded away on screen. On paper only what is needed to trust the verdict is printed: the data-quality checks.

use maud::{Markup, html};

use super::arms::interval;
use super::{Reader, capital, scroll};
use crate::figures::NOTHING;
use crate::language::{Told, tr};
use crate::model::{Approval, DayArm, ExperimentReport, Move, Pair, Receipt};
use crate::prose::{glue, plain, plain_lines};
use crate::sentences;

/// How many rows a list of an experiment shows; the JSON holds all.
const ROWS: usize = 400;

pub(super) fn all(x: &ExperimentReport, id: &str, to: Reader<'_>) -> Markup {
    let lang = to.lang;
    html! {
        section aria-labelledby=(format!("{id}-b")) {
            h3 id=(format!("{id}-b")) { (tr!(lang, "behind-the-verdict")) }
            @if !x.checks.is_empty() { (checks(x, to)) }
            @if x.pairs.len() > 1 { (pairs(x, to)) }
            @if !x.by_day.is_empty() { (by_day(x, to)) }
            @if !x.moves.is_empty() { (moves(x, to)) }
            @if let Some(definition) = &x.definition {
                details {
                    summary { (tr!(lang, "definition-as-launched")) }
                    pre { code { (plain_lines(definition)) } }
                }
            }
        }
    }
}

fn checks(x: &ExperimentReport, to: Reader<'_>) -> Markup {
    let lang = to.lang;
    let failed = x.checks.iter().filter(|check| check.stops()).count();
    let warned = x.checks.iter().filter(|check| !check.passed).count() - failed;
    html! {
        details class="print" open[failed + warned > 0] {
            summary {
                @if failed + warned == 0 { (tr!(lang, "quality-passed", n = x.checks.len())) }
                @else if failed == 0 { (tr!(lang, "quality-warned", warned = warned, n = x.checks.len())) }
                @else { strong { (tr!(lang, "quality-failed", failed = failed, n = x.checks.len())) } }
            }
            ul class="checks" {
                @for check in &x.checks {
                    li {
                        @if check.passed { span class="tag good" { "✓ " (tr!(lang, "passed")) } }
                        @else if check.stops() { span class="tag bad" { "✕ " (tr!(lang, "failed")) } }
                        @else { span class="tag wait" { "! " (tr!(lang, "warned")) } }
                        span { span class="name" { (lang.check_name(&check.name)) } ": " (told(&lang.check(check))) }
                    }
                }
            }
        }
    }
}

fn pairs(x: &ExperimentReport, to: Reader<'_>) -> Markup {
    let lang = to.lang;
    let differ = x.pairs.iter().any(|pair| pair.difference.is_some());
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { (tr!(lang, "col-first")) }
                    th scope="col" { (tr!(lang, "col-second")) }
                    th scope="col" class="n" { (tr!(lang, "col-ratio")) }
                    th scope="col" class="n" { (tr!(lang, "col-between")) }
                    @if differ { th scope="col" class="n" { (tr!(lang, "col-difference", per = tr!(lang, "per", what = lang.unit(&x.goal.per, to.currency)))) } }
                    th scope="col" class="n" { (tr!(lang, "col-first-beats")) }
                    th scope="col" class="n" { (tr!(lang, "col-second-beats")) }
                    th scope="col" class="n" { (tr!(lang, "col-first-better")) }
                }
            }
            tbody { @for pair in x.pairs.iter().take(ROWS) { (pair_row(x, pair, differ, to)) } }
        }
    };
    html! {
        details {
            summary { (tr!(lang, "every-pair", n = x.pairs.len())) }
            p class="soft small" {
                (glue(&tr!(lang, "every-pair-text", measure = x.goal.measure.replace(' ', "-"), threshold = lang.threshold(x.alpha), alpha = lang.percent(x.alpha))))
            }
            (scroll(&tr!(lang, "named-pairs", name = plain(&x.name)), &table))
            (cut_note(x.pairs.len(), to))
        }
    }
}

fn pair_row(x: &ExperimentReport, pair: &Pair, differ: bool, to: Reader<'_>) -> Markup {
    let lang = to.lang;
    let evidence = |e: Option<f64>, ln: Option<f64>| glue(&lang.e_value(ln.or_else(|| e.map(f64::ln))));
    html! {
        tr {
            th scope="row" { (plain(&pair.a)) }
            td { (plain(&pair.b)) }
            td class="n" { @match pair.ratio { Some(r) => { (lang.significant(r)) "×" } None => (NOTHING) } }
            td class="n" { (interval(pair.lower, pair.upper, to)) }
            @if differ {
                td class="n" {
                    @match pair.difference {
                        Some(difference) => {
                            (glue(&lang.difference(difference.minor, &x.goal, to.currency)))
                            small { (glue(&sentences::reach(&difference, &x.goal, to.currency, lang))) }
                        }
                        None => (NOTHING),
                    }
                }
            }
            td class="n" { (evidence(pair.e_a_beats_b, pair.ln_e_a_beats_b)) }
            td class="n" { (evidence(pair.e_b_beats_a, pair.ln_e_b_beats_a)) }
            td class="n" { @match pair.p_a_better { Some(p) => (to.percent(p)), None => (NOTHING) } }
        }
    }
}

fn by_day(x: &ExperimentReport, to: Reader<'_>) -> Markup {
    let lang = to.lang;
    let any = |f: fn(&DayArm) -> bool| x.by_day.iter().flat_map(|d| &d.arms).any(f);
    let spend = any(|a| a.spend_minor.is_some());
    let commanded = any(|a| a.commanded_minor.is_some() || a.commanded_exposure.is_some());
    let wanted = |arm: &DayArm| match (arm.commanded_minor, arm.commanded_exposure) {
        (Some(minor), _) => to.money(minor),
        (None, Some(units)) => to.count(units.unsigned_abs()),
        (None, None) => NOTHING.to_owned(),
    };
    let exposure = x.goal.per != "spend" && any(|a| a.exposure.is_some());
    let money = |minor: Option<i64>| minor.map_or_else(|| NOTHING.to_owned(), |m| to.money(m));
    let rows: usize = x.by_day.iter().map(|d| d.arms.len()).sum();
    let table = html! {
        table class="dense" {
            thead {
                tr {
                    th scope="col" { (tr!(lang, "col-day")) }
                    th scope="col" { (tr!(lang, "col-arm")) }
                    @if commanded { th scope="col" class="n" { (tr!(lang, "col-commanded")) } }
                    @if spend { th scope="col" class="n" { (tr!(lang, "col-spent")) } }
                    @if exposure { th scope="col" class="n" { (capital(&lang.exposure(&x.goal.per))) } }
                    th scope="col" class="n" { (capital(&lang.goals(&x.goal.metric, 2))) }
                }
            }
            tbody {
                @for (d, arm) in x.by_day.iter().flat_map(|d| d.arms.iter().map(move |arm| (d, arm))).take(ROWS) {
                    tr {
                        th scope="row" { (glue(&lang.day_short(d.date))) }
                        td { (plain(&arm.arm)) }
                        @if commanded { td class="n" { (wanted(arm)) } }
                        @if spend { td class="n" { (money(arm.spend_minor)) } }
                        @if exposure { td class="n" { (arm.exposure.map_or_else(|| NOTHING.to_owned(), |e| glue(&lang.significant(e)))) } }
                        td class="n" { (arm.goals.map_or_else(|| NOTHING.to_owned(), |n| to.count(n))) }
                    }
                }
            }
        }
    };
    html! {
        details {
            summary { (tr!(lang, "day-by-day", n = x.by_day.len())) }
            p class="soft small" { (tr!(lang, "day-by-day-text")) }
            (scroll(&tr!(lang, "named-days", name = plain(&x.name)), &table))
            (cut_note(rows, to))
        }
    }
}

fn moves(x: &ExperimentReport, to: Reader<'_>) -> Markup {
    let lang = to.lang;
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { (tr!(lang, "col-when")) }
                    th scope="col" { (tr!(lang, "col-arm")) }
                    th scope="col" class="n" { (tr!(lang, "col-daily-budget")) }
                    th scope="col" { (tr!(lang, "col-why")) }
                    th scope="col" { (tr!(lang, "col-approval")) }
                    th scope="col" { (tr!(lang, "col-receipt")) }
                }
            }
            tbody { @for m in x.moves.iter().take(ROWS) { (move_row(m, to)) } }
        }
    };
    html! {
        details {
            summary { (tr!(lang, "moves", n = x.moves.len())) }
            p class="soft small" { (tr!(lang, "moves-text", timezone = plain(to.timezone))) }
            (scroll(&tr!(lang, "named-moves", name = plain(&x.name)), &table))
            (cut_note(x.moves.len(), to))
        }
    }
}

fn move_row(m: &Move, to: Reader<'_>) -> Markup {
    let lang = to.lang;
    html! {
        tr {
            td { (to.clock(m.at)) }
            th scope="row" { (plain(&m.arm)) small { (tr!(lang, "move-number", n = m.seq)) } }
            td class="n" {
                @match (m.paused, m.daily_budget_minor, m.daily_exposure) {
                    (true, _, _) => (tr!(lang, "paused")),
                    (false, Some(budget), _) => (to.money(budget)),
                    (false, None, Some(units)) => (to.count(units.unsigned_abs())),
                    (false, None, None) => (tr!(lang, "as-before")),
                }
                @if m.launch { small { (tr!(lang, "launch")) } }
            }
            td { (told(&lang.cause(m))) }
            td {
                @match &m.approval {
                    Approval::NotNeeded => (tr!(lang, "approval-not-needed")),
                    Approval::Awaited => { span class="tag wait" { (tr!(lang, "approval-awaited")) } }
                    Approval::Approved { by, at } => { (tr!(lang, "approval-approved")) small { (plain(by)) ", " (to.clock(*at)) } }
                    Approval::Declined { by, at } => { (tr!(lang, "approval-declined")) small { (plain(by)) ", " (to.clock(*at)) } }
                }
            }
            td {
                @match &m.receipt {
                    Receipt::NotSent => (tr!(lang, "receipt-not-sent")),
                    Receipt::Withdrawn { reason } => { (tr!(lang, "receipt-given-up")) small { (plain(reason)) } }
                    Receipt::Replaced => (tr!(lang, "receipt-replaced")),
                    Receipt::Sent => { span class="tag wait" { (tr!(lang, "receipt-sent")) } }
                    Receipt::Answered { outcome, at, message } => {
                        (answer(outcome, to)) small { (to.clock(*at)) }
                        @if let Some(message) = message { small { (plain(message)) } }
                    }
                }
            }
        }
    }
}

/// What was recorded, in the reader's language; behind it in English what that does not tell.
fn told(told: &Told) -> Markup {
    html! {
        (told.said)
        @if let Some(recorded) = &told.recorded { " " span class="soft" lang="en" { (recorded) } }
    }
}

/// What a platform answered, in a word.
fn answer(outcome: &str, to: Reader<'_>) -> String {
    match outcome {
        "applied" => tr!(to.lang, "receipt-applied"),
        "not-applied" => tr!(to.lang, "receipt-not-applied"),
        "refused" => tr!(to.lang, "receipt-refused"),
        "unknown" => tr!(to.lang, "receipt-unknown"),
        other => plain(other),
    }
}

fn cut_note(rows: usize, to: Reader<'_>) -> Markup {
    html! { @if rows > ROWS { p class="soft small" { (tr!(to.lang, "rows-cut", shown = ROWS, n = rows)) } } }
}
