//! The reports in a terminal: readable in 80 columns and without colour.
//!
//! Every text that a user wrote is freed of control characters first. Colour is only ever added to words that say the
//! same without it, and only when the caller asks for it.

mod month;
mod table;

pub use month::{experiment_text, management_text, month_text};

use month::interval;
use table::{finish, table};

use crate::figures::{Currency, NOTHING, count, day_short, e_value, percent, significant, threshold};
use crate::html::rehearsal_lede;
use crate::judge_table::JudgeTable;
use crate::language::Language;
use crate::prose::{cut, plain, wrap};
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
            "{}: guarantee {}, separation {}; {}",
            plain(&x.name),
            plain(&x.guarantee.name),
            plain(&x.separation.name),
            plain(&x.prior)
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
                None => words::status(arm.status),
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
            words::status(arm.status),
        ]);
    }
    line(&mut out, &finish(&arms));
    if !judged.pairs.is_empty() {
        // One word where all pairs are ratios of the same thing; else each says what it is.
        let measure = judged.pairs[0].measure.as_str();
        let alike = judged.pairs.iter().all(|pair| pair.measure == measure);
        let ratio = if alike && measure != "rate ratio" { plain(measure) } else { "ratio".to_owned() };
        let header =
            ["pair".to_owned(), ratio, "between".to_owned(), "e first".to_owned(), "e second".to_owned()];
        let mut pairs = table(header.to_vec(), columns);
        for pair in &judged.pairs {
            pairs.add_row(vec![
                format!("{} : {}", cut(&pair.a, 16), cut(&pair.b, 16)),
                {
                    let ratio = pair.ratio.map_or_else(|| NOTHING.to_owned(), significant);
                    if alike { ratio } else { format!("{ratio} ({})", plain(&pair.measure)) }
                },
                interval(pair.lower, pair.upper, Language::English),
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
