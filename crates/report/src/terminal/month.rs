//! A month in a terminal: its sums, then each experiment with its verdict and arms.

use std::fmt::Write as _;

use super::table::{Rows, finish, table};
use super::{IN_FULL, Style, line};
use crate::figures::{Currency, NOTHING};
use crate::html::lede;
use crate::language::{Language, tr};
use crate::model::{ArmReport, ExperimentReport, MonthReport, Origin, Outcome};
use crate::prose::{cut, width, wrap};
use crate::{sentences, words};

/// A month: its sums, then each experiment with its verdict and arms.
#[must_use]
pub fn month_text(report: &MonthReport, style: Style) -> String {
    let mut out = String::new();
    let lang = report.language;
    let mut head = lang.month(&report.month);
    if report.origin == Origin::Rehearsed {
        write!(head, " ({})", tr!(lang, "rehearsed-short")).ok();
    }
    line(&mut out, &style.paint("1", &head));
    line(&mut out, &wrap(&summary(report), style.columns(), 0));
    for said in whole_month(report) {
        line(&mut out, &wrap(&said, style.columns(), 0));
    }
    if report.experiments.len() > IN_FULL {
        out.push('\n');
        line(&mut out, &overview(report, style));
        return out;
    }
    for x in &report.experiments {
        out.push('\n');
        out.push_str(&experiment_text(x, &report.currency, report.language, style));
    }
    out
}

/// Pace, value, trust and answer times, a line or two each; nothing where nothing is known.
fn whole_month(report: &MonthReport) -> Vec<String> {
    let (all, lang) = (&report.overview, report.language);
    let mut said = Vec::new();
    if let Some(pace) = &all.pace {
        said.push(sentences::pace(pace, lang).join(" "));
    }
    if let Some(value) = &all.value {
        said.push(sentences::value(value, &report.currency, lang).join(" "));
    }
    if all.verdicts.judged > 1 {
        said.push(sentences::verdicts(&all.verdicts, lang));
    }
    said.extend(all.market.iter().map(|series| sentences::market(series, lang)));
    said.extend(all.answers.as_ref().map(|answers| sentences::answers(answers, lang)));
    said
}

/// The management page in a terminal.
#[must_use]
pub fn management_text(report: &MonthReport, style: Style) -> String {
    let lang = report.language;
    let mut out = String::new();
    let mut title = tr!(lang, "management-title", month = lang.month(&report.month));
    if report.origin == Origin::Rehearsed {
        write!(title, " ({})", tr!(lang, "rehearsed-short")).ok();
    }
    line(&mut out, &style.paint("1", &wrap(&title, style.columns(), 0)));
    line(
        &mut out,
        &wrap(
            &format!("{}: {}", tr!(lang, "decision-title"), sentences::decision(report)),
            style.columns(),
            0,
        ),
    );
    line(&mut out, &wrap(&summary(report), style.columns(), 0));
    for said in whole_month(report) {
        line(&mut out, &wrap(&said, style.columns(), 0));
    }
    let learned = sentences::learned(report);
    line(&mut out, &style.paint("1", &tr!(lang, "learned-title")));
    if learned.is_empty() {
        line(&mut out, &tr!(lang, "learned-nothing"));
    }
    for (i, said) in learned.iter().enumerate() {
        line(&mut out, &wrap(&format!("{}. {said}", i + 1), style.columns(), 3));
    }
    out
}

fn summary(report: &MonthReport) -> String {
    let totals = &report.totals;
    let mut text = lede(report);
    let lang = report.language;
    let money = |minor: i64| lang.money(&report.currency, minor);
    let mut parts = Vec::new();
    if totals.spend_minor > 0 {
        parts.push(match totals.budget_minor {
            Some(budget) => {
                tr!(lang, "spent-of", spent = money(totals.spend_minor), budget = money(budget))
            }
            None => tr!(lang, "spent", spent = money(totals.spend_minor)),
        });
    }
    for total in totals.goals.iter().take(3) {
        parts.push(format!("{} {}", lang.count(total.count), lang.goals(&total.metric, total.count)));
    }
    if let Some(saved) = totals.money_not_spent_on_losers_minor.filter(|saved| *saved > 0) {
        parts.push(tr!(lang, "saved-on-losers", saved = money(saved)));
    }
    if totals.moves_awaiting_approval > 0 {
        parts.push(tr!(lang, "moves-wait", n = totals.moves_awaiting_approval));
    }
    if !parts.is_empty() {
        write!(text, " {}.", parts.join(", ")).ok();
    }
    text
}

/// One experiment: verdict, next step, labels, arms.
#[must_use]
pub fn experiment_text(x: &ExperimentReport, currency: &Currency, lang: Language, style: Style) -> String {
    let columns = style.columns();
    let mut out = String::new();
    let tag = format!("{} {}", words::outcome_sign(x.outcome), lang.outcome(x.outcome));
    let name = cut(&x.name, columns.saturating_sub(width(&tag) + 2));
    line(&mut out, &format!("{}  {}", style.paint("1", &name), style.paint(outcome_colour(x.outcome), &tag)));
    line(&mut out, &format!("  {}", wrap(&x.verdict.to_string(), columns - 2, 2)));
    if !x.next.is_empty() {
        line(&mut out, &format!("  {}", wrap(&format!("{} {}", tr!(lang, "next"), x.next), columns - 2, 2)));
    }
    let guarantee =
        x.guarantee.as_ref().map_or_else(|| tr!(lang, "none-yet"), |label| lang.label(&label.name));
    let separation = lang.label(&x.separation.name);
    let labels = format!(
        "{} · {}",
        tr!(lang, "label-guarantee", name = guarantee),
        tr!(lang, "label-separation", name = separation)
    );
    line(&mut out, &format!("  {}", style.paint("2", &cut(&labels, columns - 2))));
    for check in x.checks.iter().filter(|check| !check.passed) {
        let (name, why) = (lang.check_name(&check.name), lang.check(check).whole());
        let text = if check.stops() {
            tr!(lang, "check-failed", name = name, why = why)
        } else {
            tr!(lang, "check-warned", name = name, why = why)
        };
        line(&mut out, &format!("  {}", wrap(&text, columns - 2, 2)));
    }
    if !x.arms.is_empty() {
        line(&mut out, &arms(x, Said { currency, lang }, columns));
        for said in sentences::differences(x, currency, lang) {
            line(&mut out, &format!("  {}", wrap(&said.to_string(), columns - 2, 2)));
        }
    }
    out
}

fn outcome_colour(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Winner | Outcome::BestBet => "32",
        Outcome::Unprofitable | Outcome::Stopped => "31",
        Outcome::Narrowed | Outcome::Mixed | Outcome::Tied => "33",
        Outcome::NoData | Outcome::Open | Outcome::Unproven | Outcome::Single => "2",
    }
}

/// The table of arms; where it would be wider than the terminal, first the days of drops go, then the intervals.
fn arms(x: &ExperimentReport, say: Said<'_>, columns: usize) -> String {
    let variants = [(true, true), (false, true), (false, false)];
    let mut tables = variants.iter().map(|(dates, between)| arms_rows(x, say, columns, *dates, *between));
    let narrowest = arms_rows(x, say, columns, false, false);
    finish(&tables.find(Rows::fits).unwrap_or(narrowest))
}

fn arms_rows(x: &ExperimentReport, say: Said<'_>, columns: usize, dates: bool, between: bool) -> Rows {
    let Said { currency, lang } = say;
    let money = x.arms.iter().any(|arm| arm.spend_minor > 0);
    let compared = x.reference.is_some() && x.pairs.iter().any(|p| p.ratio.is_some());
    let mut header = vec![tr!(lang, "term-arm"), tr!(lang, "term-status")];
    if money {
        header.push(currency.code.clone());
    }
    if x.goal.per != "spend" {
        header.push(cut(&lang.exposure(&x.goal.per), 12));
    }
    header.push(cut(&lang.goals(&x.goal.metric, 2), 12));
    if money {
        header.push(cut(&format!("{}/{}", currency.code, lang.goals(&x.goal.metric, 1)), 12));
    } else {
        header.push(cut(&lang.rate_scale(&x.goal, currency).1, 16));
    }
    if compared {
        header.push(tr!(lang, "term-ratio"));
        if between {
            header.push(tr!(lang, "term-between"));
        }
    }
    header.push(tr!(lang, "term-best"));
    let mut table = table(header, columns);
    for arm in &x.arms {
        let mut row = vec![
            format!(
                "{}{}",
                cut(&arm.name, 30),
                if x.reference.as_ref() == Some(&arm.name) { " *" } else { "" }
            ),
            match arm.dropped_on {
                Some(date) if dates => format!("{} {}", lang.status(arm.status), lang.day_short(date)),
                _ => lang.status_in(arm.status, x.state),
            },
        ];
        if money {
            row.push(lang.bare_f64(currency, arm.spend_minor as f64));
        }
        if x.goal.per != "spend" {
            row.push(lang.significant(arm.exposure));
        }
        row.push(lang.count(arm.goals));
        if money {
            row.push(
                arm.cost_per_goal.map_or_else(|| NOTHING.to_owned(), |c| lang.bare_f64(currency, c.minor)),
            );
        } else {
            row.push(lang.rate(arm.rate, &x.goal, currency));
        }
        if compared {
            row.extend(against(x, arm, lang).into_iter().take(if between { 2 } else { 1 }));
        }
        row.push(arm.p_best.map_or_else(|| NOTHING.to_owned(), |p| lang.percent(p)));
        table.add_row(row);
    }
    table
}

/// The ratio to the reference and its interval.
fn against(x: &ExperimentReport, arm: &ArmReport, lang: Language) -> [String; 2] {
    let Some(reference) = x.reference.as_deref() else { return [NOTHING.to_owned(), NOTHING.to_owned()] };
    if reference == arm.name {
        return ["1".to_owned(), String::new()];
    }
    match x.ratio(&arm.name, reference) {
        Some(r) => [lang.significant(r.ratio), interval(r.lower, r.upper, lang)],
        None => [NOTHING.to_owned(), NOTHING.to_owned()],
    }
}

pub(super) fn interval(lower: Option<f64>, upper: Option<f64>, lang: Language) -> String {
    let short = |x: f64| match x {
        x if x > 1000.0 => format!(">{}", lang.count(1000)),
        x if x < 0.001 => format!("<{}", lang.significant(0.001)),
        x => lang.bound(x),
    };
    match (lower.map(short), upper.map(short)) {
        (Some(l), Some(u)) => format!("{l}–{u}"),
        (Some(l), None) => format!(">{l}"),
        (None, Some(u)) => format!("<{u}"),
        (None, None) => NOTHING.to_owned(),
    }
}

/// How a report's figures are written.
#[derive(Debug, Clone, Copy)]
struct Said<'a> {
    currency: &'a Currency,
    lang: Language,
}

fn overview(report: &MonthReport, style: Style) -> String {
    let money = report.totals.spend_minor > 0;
    let lang = report.language;
    let mut header = vec![tr!(lang, "term-experiment"), tr!(lang, "term-outcome"), tr!(lang, "term-goals")];
    if money {
        header.extend([report.currency.code.clone(), tr!(lang, "term-each")]);
    }
    header.extend([tr!(lang, "term-guarantee"), tr!(lang, "term-separation")]);
    let mut table = table(header, style.columns());
    for x in &report.experiments {
        let mut row = vec![
            cut(&x.name, 24),
            format!("{} {}", words::outcome_sign(x.outcome), lang.outcome(x.outcome)),
            lang.count(x.totals.goals),
        ];
        if money {
            row.push(lang.bare_f64(&report.currency, x.totals.spend_minor as f64));
            row.push(
                x.totals
                    .cost_per_goal_minor
                    .map_or_else(|| NOTHING.to_owned(), |c| lang.bare_f64(&report.currency, c)),
            );
        }
        row.push(x.guarantee.as_ref().map_or_else(|| NOTHING.to_owned(), |l| lang.label(&l.name)));
        row.push(lang.label(&x.separation.name));
        table.add_row(row);
    }
    finish(&table)
}
