//! What stands behind an experiment's verdict: data quality, every pair, the days, the moves, the definition.
//!
//! Folded away on screen. On paper only what is needed to trust the verdict is printed: the data-quality checks.

use jiff::Timestamp;
use maud::{Markup, html};

use super::experiment::interval;
use super::scroll;
use crate::figures::{Currency, NOTHING, count, day_short, e_value, percent, significant, threshold};
use crate::model::{Approval, DayArm, ExperimentReport, Move, Pair, Receipt};
use crate::prose::{glue, plain, plain_lines};
use crate::words;

/// How many rows a list of an experiment shows; the JSON holds all.
const ROWS: usize = 400;

pub(super) fn all(x: &ExperimentReport, id: &str, currency: &Currency, timezone: &str) -> Markup {
    html! {
        section aria-labelledby=(format!("{id}-b")) {
            h3 id=(format!("{id}-b")) { "Behind the verdict" }
            @if !x.checks.is_empty() { (checks(x)) }
            @if x.pairs.len() > 1 { (pairs(x)) }
            @if !x.by_day.is_empty() { (by_day(x, currency)) }
            @if !x.moves.is_empty() { (moves(x, currency, timezone)) }
            @if let Some(definition) = &x.definition {
                details {
                    summary { "Definition as launched" }
                    pre { code { (plain_lines(definition)) } }
                }
            }
        }
    }
}

fn checks(x: &ExperimentReport) -> Markup {
    let failed = x.checks.iter().filter(|check| !check.passed).count();
    html! {
        details class="print" open[failed > 0] {
            summary {
                "Data quality: "
                @if failed == 0 { "all " (x.checks.len()) " checks passed" }
                @else { strong { (failed) " of " (x.checks.len()) " checks failed" } ", decisions have stopped" }
            }
            ul class="checks" {
                @for check in &x.checks {
                    li {
                        span class=(if check.passed { "tag good" } else { "tag bad" }) { @if check.passed { "✓ passed" } @else { "✕ failed" } }
                        span { span class="name" { (plain(&check.name)) } ": " (plain(&check.sentence)) }
                    }
                }
            }
        }
    }
}

fn pairs(x: &ExperimentReport) -> Markup {
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "First" }
                    th scope="col" { "Second" }
                    th scope="col" class="n" { "Ratio" }
                    th scope="col" class="n" { "Between" }
                    th scope="col" class="n" { "First beats second" }
                    th scope="col" class="n" { "Second beats first" }
                    th scope="col" class="n" { "Chance first is better" }
                }
            }
            tbody { @for pair in x.pairs.iter().take(ROWS) { (pair_row(pair)) } }
        }
    };
    html! {
        details {
            summary { "Every pair (" (x.pairs.len()) ")" }
            p class="soft small" {
                "Ratio of the rates with its confidence sequence; e-values for each direction (" (glue(&threshold(x.alpha)))
                " is proof at the accepted " (glue(&percent(x.alpha))) "); chance by the model."
            }
            (scroll(&format!("{}: every pair", plain(&x.name)), &table))
            (cut_note(x.pairs.len()))
        }
    }
}

fn pair_row(pair: &Pair) -> Markup {
    let evidence = |e: Option<f64>, ln: Option<f64>| glue(&e_value(ln.or_else(|| e.map(f64::ln))));
    html! {
        tr {
            th scope="row" { (plain(&pair.a)) }
            td { (plain(&pair.b)) }
            td class="n" { @match pair.ratio { Some(r) => { (significant(r)) "×" } None => (NOTHING) } }
            td class="n" { (interval(pair.lower, pair.upper)) }
            td class="n" { (evidence(pair.e_a_beats_b, pair.ln_e_a_beats_b)) }
            td class="n" { (evidence(pair.e_b_beats_a, pair.ln_e_b_beats_a)) }
            td class="n" { @match pair.p_a_better { Some(p) => (glue(&percent(p))), None => (NOTHING) } }
        }
    }
}

fn by_day(x: &ExperimentReport, currency: &Currency) -> Markup {
    let any = |f: fn(&DayArm) -> bool| x.by_day.iter().flat_map(|d| &d.arms).any(f);
    let spend = any(|a| a.spend_minor.is_some());
    let commanded = any(|a| a.commanded_minor.is_some() || a.commanded_exposure.is_some());
    let wanted = |arm: &DayArm| match (arm.commanded_minor, arm.commanded_exposure) {
        (Some(minor), _) => glue(&currency.money(minor)),
        (None, Some(units)) => glue(&count(units.unsigned_abs())),
        (None, None) => NOTHING.to_owned(),
    };
    let exposure = x.goal.per != "spend" && any(|a| a.exposure.is_some());
    let money = |minor: Option<i64>| minor.map_or_else(|| NOTHING.to_owned(), |m| glue(&currency.money(m)));
    let rows: usize = x.by_day.iter().map(|d| d.arms.len()).sum();
    let table = html! {
        table class="dense" {
            thead {
                tr {
                    th scope="col" { "Day" }
                    th scope="col" { "Arm" }
                    @if commanded { th scope="col" class="n" { "Commanded" } }
                    @if spend { th scope="col" class="n" { "Spent" } }
                    @if exposure { th scope="col" class="n" { (plain(&x.goal.per)) } }
                    th scope="col" class="n" { (words::plural(&x.goal.metric, 2)) }
                }
            }
            tbody {
                @for (d, arm) in x.by_day.iter().flat_map(|d| d.arms.iter().map(move |arm| (d, arm))).take(ROWS) {
                    tr {
                        th scope="row" { (glue(&day_short(d.date))) }
                        td { (plain(&arm.arm)) }
                        @if commanded { td class="n" { (wanted(arm)) } }
                        @if spend { td class="n" { (money(arm.spend_minor)) } }
                        @if exposure { td class="n" { (arm.exposure.map_or_else(|| NOTHING.to_owned(), |e| glue(&significant(e)))) } }
                        td class="n" { (arm.goals.map_or_else(|| NOTHING.to_owned(), |n| glue(&count(n)))) }
                    }
                }
            }
        }
    };
    html! {
        details {
            summary { "Day by day (" (x.by_day.len()) " days)" }
            p class="soft small" { "As reported so far, booked to the day of the exposure. A dash is a figure that was not reported, not a zero." }
            (scroll(&format!("{}: day by day", plain(&x.name)), &table))
            (cut_note(rows))
        }
    }
}

fn moves(x: &ExperimentReport, currency: &Currency, timezone: &str) -> Markup {
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "When" }
                    th scope="col" { "Arm" }
                    th scope="col" class="n" { "Daily budget" }
                    th scope="col" { "Why" }
                    th scope="col" { "Approval" }
                    th scope="col" { "Receipt" }
                }
            }
            tbody { @for m in x.moves.iter().take(ROWS) { (move_row(m, currency, timezone)) } }
        }
    };
    html! {
        details {
            summary { "Moves (" (x.moves.len()) ")" }
            p class="soft small" { "Each move from intent to receipt. Times are those of " (plain(timezone)) "." }
            (scroll(&format!("{}: moves", plain(&x.name)), &table))
            (cut_note(x.moves.len()))
        }
    }
}

fn move_row(m: &Move, currency: &Currency, timezone: &str) -> Markup {
    html! {
        tr {
            td { (clock(m.at, timezone)) }
            th scope="row" { (plain(&m.arm)) small { "no. " (m.seq) } }
            td class="n" {
                @match (m.paused, m.daily_budget_minor, m.daily_exposure) {
                    (true, _, _) => "paused",
                    (false, Some(budget), _) => (glue(&currency.money(budget))),
                    (false, None, Some(units)) => (glue(&count(units.unsigned_abs()))),
                    (false, None, None) => "as before",
                }
                @if m.launch { small { "launch" } }
            }
            td { (plain(&m.reason)) }
            td {
                @match &m.approval {
                    Approval::NotNeeded => "not needed",
                    Approval::Awaited => { span class="tag wait" { "awaited" } }
                    Approval::Approved { by, at } => { "approved" small { (plain(by)) ", " (clock(*at, timezone)) } }
                    Approval::Declined { by, at } => { "declined" small { (plain(by)) ", " (clock(*at, timezone)) } }
                }
            }
            td {
                @match &m.receipt {
                    Receipt::NotSent => "not sent",
                    Receipt::Withdrawn { reason } => { "given up" small { (plain(reason)) } }
                    Receipt::Replaced => "replaced by a later one",
                    Receipt::Sent => { span class="tag wait" { "sent, no answer" } }
                    Receipt::Answered { outcome, at, message } => {
                        (plain(outcome)) small { (clock(*at, timezone)) }
                        @if let Some(message) = message { small { (plain(message)) } }
                    }
                }
            }
        }
    }
}

/// A moment of the month, to the minute: `14 Nov 06:05`.
fn clock(at: Timestamp, timezone: &str) -> String {
    match at.in_tz(timezone) {
        Ok(local) => format!("{} {:02}:{:02}", glue(&day_short(local.date())), local.hour(), local.minute()),
        Err(_) => at.to_string(),
    }
}

fn cut_note(rows: usize) -> Markup {
    html! { @if rows > ROWS { p class="soft small" { "The first " (ROWS) " of " (rows) " rows; the JSON holds all." } } }
}
