//! The reports in a terminal: readable in 80 columns and without colour.
//!
//! Every text that a user wrote is freed of control characters first. Colour is only ever added to words that say the
//! same without it, and only when the caller asks for it.

mod table;

use std::fmt::Write as _;

use table::{Rows, finish, table};

use crate::figures::{
    Currency, NOTHING, bound, count, day_short, e_value, month, percent, significant, threshold,
};
use crate::html::{lede, rehearsal_lede};
use crate::judge_table::JudgeTable;
use crate::model::{ArmReport, ExperimentReport, MonthReport, Origin, Outcome};
use crate::prose::{cut, plain, width, wrap};
use crate::rehearsal::{RehearsalReport, RehearsedExperiment};
use crate::words;

/// How to write for a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether ANSI colours may be used.
    pub colour: bool,
    /// Columns, at least 40.
    pub width: u16,
}

impl Default for Style {
    /// 80 columns, no colour.
    fn default() -> Self {
        Self { colour: false, width: 80 }
    }
}

impl Style {
    fn columns(self) -> usize {
        usize::from(self.width.max(40))
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// With more experiments than this, a month is written as a table alone, without each verdict.
const IN_FULL: usize = 12;

/// A month: its sums, then each experiment with its verdict and arms.
#[must_use]
pub fn month_text(report: &MonthReport, style: Style) -> String {
    let mut out = String::new();
    let mut head = month(&report.month);
    if report.origin == Origin::Rehearsed {
        head.push_str(" (rehearsed, no money spent)");
    }
    line(&mut out, &style.paint("1", &head));
    line(&mut out, &wrap(&summary(report), style.columns(), 0));
    if report.experiments.len() > IN_FULL {
        out.push('\n');
        line(&mut out, &overview(report, style));
        return out;
    }
    for x in &report.experiments {
        out.push('\n');
        out.push_str(&experiment_text(x, &report.currency, style));
    }
    out
}

fn summary(report: &MonthReport) -> String {
    let totals = &report.totals;
    let mut text = lede(report);
    let mut parts = Vec::new();
    if totals.spend_minor > 0 {
        parts.push(match totals.budget_minor {
            Some(budget) => {
                format!("{} of {}", report.currency.money(totals.spend_minor), report.currency.money(budget))
            }
            None => format!("{} spent", report.currency.money(totals.spend_minor)),
        });
    }
    for total in totals.goals.iter().take(3) {
        parts.push(format!("{} {}", count(total.count), words::plural(&total.metric, total.count)));
    }
    if let Some(saved) = totals.money_not_spent_on_losers_minor.filter(|saved| *saved > 0) {
        parts.push(format!("{} not spent on losers", report.currency.money(saved)));
    }
    if totals.moves_awaiting_approval > 0 {
        parts.push(format!("{} proposed moves wait for approval", totals.moves_awaiting_approval));
    }
    if !parts.is_empty() {
        write!(text, " {}.", parts.join(", ")).ok();
    }
    text
}

/// One experiment: verdict, next step, labels, arms.
#[must_use]
pub fn experiment_text(x: &ExperimentReport, currency: &Currency, style: Style) -> String {
    let columns = style.columns();
    let mut out = String::new();
    let tag = format!("{} {}", words::outcome_sign(x.outcome), words::outcome(x.outcome));
    let name = cut(&x.name, columns.saturating_sub(width(&tag) + 2));
    line(&mut out, &format!("{}  {}", style.paint("1", &name), style.paint(outcome_colour(x.outcome), &tag)));
    line(&mut out, &format!("  {}", wrap(&x.verdict.to_string(), columns - 2, 2)));
    if !x.next.is_empty() {
        line(&mut out, &format!("  {}", wrap(&format!("Next: {}", x.next), columns - 2, 2)));
    }
    let guarantee = x.guarantee.as_ref().map_or("none yet", |label| label.name.as_str());
    let labels = format!("guarantee: {} · separation: {}", plain(guarantee), plain(&x.separation.name));
    line(&mut out, &format!("  {}", style.paint("2", &cut(&labels, columns - 2))));
    for check in x.checks.iter().filter(|check| !check.passed) {
        let text = format!("data check failed: {}: {}", plain(&check.name), plain(&check.sentence));
        line(&mut out, &format!("  {}", wrap(&text, columns - 2, 2)));
    }
    if !x.arms.is_empty() {
        line(&mut out, &arms(x, currency, columns));
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
fn arms(x: &ExperimentReport, currency: &Currency, columns: usize) -> String {
    let variants = [(true, true), (false, true), (false, false)];
    let mut tables =
        variants.iter().map(|(dates, between)| arms_rows(x, currency, columns, *dates, *between));
    let narrowest = arms_rows(x, currency, columns, false, false);
    finish(&tables.find(Rows::fits).unwrap_or(narrowest))
}

fn arms_rows(x: &ExperimentReport, currency: &Currency, columns: usize, dates: bool, between: bool) -> Rows {
    let money = x.arms.iter().any(|arm| arm.spend_minor > 0);
    let compared = x.reference.is_some() && x.pairs.iter().any(|p| p.ratio.is_some());
    let mut header = vec!["arm".to_owned(), "status".to_owned()];
    if money {
        header.push(currency.code.clone());
    }
    if x.goal.per != "spend" {
        header.push(cut(&x.goal.per, 12));
    }
    header.push(cut(&words::plural(&x.goal.metric, 2), 12));
    if money {
        header.push(cut(&format!("{}/{}", currency.code, plain(&x.goal.metric)), 12));
    } else {
        header.push(
            words::rate_scale(&x.goal, currency)
                .1
                .replace("recipients", "")
                .replace("clicks", "")
                .trim()
                .to_owned(),
        );
    }
    if compared {
        header.push("ratio".to_owned());
        if between {
            header.push("between".to_owned());
        }
    }
    header.push("best".to_owned());
    let mut table = table(header, columns);
    for arm in &x.arms {
        let mut row = vec![
            format!(
                "{}{}",
                cut(&arm.name, 30),
                if x.reference.as_ref() == Some(&arm.name) { " *" } else { "" }
            ),
            match arm.dropped_on {
                Some(date) if dates => format!("{} {}", words::status(arm.status), day_short(date)),
                _ => words::status_in(arm.status, x.state).to_owned(),
            },
        ];
        if money {
            row.push(currency.bare_f64(arm.spend_minor as f64));
        }
        if x.goal.per != "spend" {
            row.push(significant(arm.exposure));
        }
        row.push(count(arm.goals));
        if money {
            row.push(arm.cost_per_goal.map_or_else(|| NOTHING.to_owned(), |c| currency.bare_f64(c.minor)));
        } else {
            row.push(words::rate(arm.rate, &x.goal, currency));
        }
        if compared {
            row.extend(against(x, arm).into_iter().take(if between { 2 } else { 1 }));
        }
        row.push(arm.p_best.map_or_else(|| NOTHING.to_owned(), percent));
        table.add_row(row);
    }
    table
}

/// The ratio to the reference and its interval.
fn against(x: &ExperimentReport, arm: &ArmReport) -> [String; 2] {
    let Some(reference) = x.reference.as_deref() else { return [NOTHING.to_owned(), NOTHING.to_owned()] };
    if reference == arm.name {
        return ["1".to_owned(), String::new()];
    }
    match x.ratio(&arm.name, reference) {
        Some(r) => [significant(r.ratio), interval(r.lower, r.upper)],
        None => [NOTHING.to_owned(), NOTHING.to_owned()],
    }
}

fn interval(lower: Option<f64>, upper: Option<f64>) -> String {
    let short = |x: f64| bound(x).replace("over ", ">").replace("under ", "<");
    match (lower.map(short), upper.map(short)) {
        (Some(l), Some(u)) => format!("{l}–{u}"),
        (Some(l), None) => format!(">{l}"),
        (None, Some(u)) => format!("<{u}"),
        (None, None) => NOTHING.to_owned(),
    }
}

fn overview(report: &MonthReport, style: Style) -> String {
    let money = report.totals.spend_minor > 0;
    let mut header = vec!["experiment".to_owned(), "outcome".to_owned(), "goals".to_owned()];
    if money {
        header.extend([report.currency.code.clone(), "each".to_owned()]);
    }
    header.extend(["guarantee".to_owned(), "separation".to_owned()]);
    let mut table = table(header, style.columns());
    for x in &report.experiments {
        let mut row = vec![
            cut(&x.name, 24),
            format!("{} {}", words::outcome_sign(x.outcome), words::outcome(x.outcome)),
            count(x.totals.goals),
        ];
        if money {
            row.push(report.currency.bare_f64(x.totals.spend_minor as f64));
            row.push(
                x.totals
                    .cost_per_goal_minor
                    .map_or_else(|| NOTHING.to_owned(), |c| report.currency.bare_f64(c)),
            );
        }
        row.push(x.guarantee.as_ref().map_or_else(|| NOTHING.to_owned(), |l| plain(&l.name)));
        row.push(plain(&x.separation.name));
        table.add_row(row);
    }
    finish(&table)
}

/// A rehearsal: one row an experiment, or the arms where a single month was played.
#[must_use]
pub fn rehearsal_text(report: &RehearsalReport, style: Style) -> String {
    let mut out = String::new();
    line(&mut out, &style.paint("1", "Rehearsal"));
    line(&mut out, &wrap(&rehearsal_lede(report), style.columns(), 0));
    out.push('\n');
    let money = report.experiments.iter().any(|x| x.spend_per_month_minor > 0);
    let mut header: Vec<String> = ["experiment", "months", "best lost", "losers out", "day", "gain", "goals"]
        .map(str::to_owned)
        .to_vec();
    if money {
        header.push("each".to_owned());
    }
    let mut table = table(header, style.columns());
    for x in &report.experiments {
        let mut row = vec![
            cut(&x.name, 18),
            count(x.months),
            share(x.best_dropped, x.best_dropped_se),
            share(x.losers_dropped, x.losers_dropped_se),
            x.drop_day_median.map_or_else(|| NOTHING.to_owned(), |d| format!("{d:.0}")),
            share(x.gain_realised, x.gain_se),
            significant(x.goals_per_month),
        ];
        if money {
            row.push(
                x.cost_per_goal_minor
                    .map_or_else(|| NOTHING.to_owned(), |c| report.currency.bare_f64(c as f64)),
            );
        }
        table.add_row(row);
    }
    line(&mut out, &finish(&table));
    let note = "best lost: share of months in which a truly best arm was dropped; gain: part of what a clairvoyant \
                would have won over an even split; ± one standard error; goals and money: a month's mean.";
    line(&mut out, &wrap(note, style.columns(), 0));
    for x in &report.experiments {
        let labels = format!(
            "{}: guarantee {}, separation {}",
            plain(&x.name),
            plain(&x.guarantee.name),
            plain(&x.separation.name)
        );
        if report.experiments.len() <= IN_FULL {
            line(&mut out, &wrap(&labels, style.columns(), 2));
        }
        if report.experiments.len() <= IN_FULL && x.arms.is_some() {
            line(&mut out, &rehearsed_arms(x, &report.currency, style));
        }
    }
    out
}

fn share(value: Option<f64>, se: Option<f64>) -> String {
    match (value, se) {
        (Some(v), Some(se)) => format!("{}±{}", percent(v).replace('%', ""), percent(se)),
        (Some(v), None) => percent(v),
        _ => NOTHING.to_owned(),
    }
}

fn rehearsed_arms(x: &RehearsedExperiment, currency: &Currency, style: Style) -> String {
    let header = ["arm", "status", "exposure", "goals", "spent"].map(str::to_owned).to_vec();
    let mut table = table(header, style.columns());
    for arm in x.arms.iter().flatten() {
        table.add_row(vec![
            cut(&arm.name, 24),
            match arm.dropped_on {
                Some(date) => format!("{} {}", words::status(arm.status), day_short(date)),
                None => words::status(arm.status).to_owned(),
            },
            significant(arm.exposure),
            count(arm.goals),
            currency.money(arm.spend_minor),
        ]);
    }
    finish(&table)
}

/// A judged table: arms, then pairs, then what the figures promise.
#[must_use]
pub fn judge_text(judged: &JudgeTable, style: Style) -> String {
    let columns = style.columns();
    let mut out = String::new();
    let header = ["arm", "exposure", "count", "rate", "chance best", "loss", "e to drop", "status"];
    let mut arms = table(header.map(str::to_owned).to_vec(), columns);
    for arm in &judged.arms {
        arms.add_row(vec![
            cut(&arm.name, 20),
            significant(arm.exposure),
            count(arm.count),
            arm.rate.map_or_else(|| NOTHING.to_owned(), significant),
            arm.p_best.map_or_else(|| NOTHING.to_owned(), percent),
            arm.expected_loss.map_or_else(|| NOTHING.to_owned(), percent),
            e_value(arm.ln_e_drop.or_else(|| arm.e_drop.map(f64::ln))),
            words::status(arm.status).to_owned(),
        ]);
    }
    line(&mut out, &finish(&arms));
    if !judged.pairs.is_empty() {
        let header = ["pair", "ratio", "between", "e first", "e second"];
        let mut pairs = table(header.map(str::to_owned).to_vec(), columns);
        for pair in &judged.pairs {
            pairs.add_row(vec![
                format!("{} : {}", cut(&pair.a, 16), cut(&pair.b, 16)),
                pair.ratio.map_or_else(|| NOTHING.to_owned(), significant),
                interval(pair.lower, pair.upper),
                e_value(pair.ln_e_a_beats_b.or_else(|| pair.e_a_beats_b.map(f64::ln))),
                e_value(pair.ln_e_b_beats_a.or_else(|| pair.e_b_beats_a.map(f64::ln))),
            ]);
        }
        out.push('\n');
        line(&mut out, &finish(&pairs));
    }
    let noise = judged.dispersion.map_or_else(String::new, |d| format!(" Day noise: {}.", significant(d)));
    let note = format!(
        "guarantee: {} · separation: {}. An arm is dropped at an e-value of {}.{noise} Method: {}.",
        plain(&judged.guarantee),
        plain(&judged.separation),
        threshold(judged.alpha),
        plain(&judged.method).trim_end_matches('.'),
    );
    out.push('\n');
    line(&mut out, &wrap(&note, columns, 0));
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}
