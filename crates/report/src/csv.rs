//! CSV for spreadsheets and other programs: one row an arm, an arm and day, or a figure of the month.
//!
//! Machine form whatever the language of the report: commas, decimal points, minor units of money, ISO dates, UTF-8, an
//! empty cell where nothing is known. A user's text that a spreadsheet would run as a formula begins with an apostrophe.

use ::csv::{Writer, WriterBuilder};

use crate::model::{ExperimentReport, MonthReport};
use crate::prose::plain;

/// The columns of a month: a row an arm.
pub const MONTH: [(&str, &str, &str); 26] = [
    ("month", "string", "the month, such as 2026-11"),
    ("experiment", "string", "the experiment's name"),
    ("hypothesis", "string", "what it wants to find out"),
    ("phase", "string", "prospecting, upselling or loyalty"),
    ("kind", "string", "campaign or programme"),
    ("state", "string", "planned, running or closed"),
    ("outcome", "string", "what was concluded"),
    ("guarantee", "string", "what the figures promise: exact, robust, asymptotic or model"),
    ("separation", "string", "how the arms were kept apart"),
    ("arm", "string", "the arm's name"),
    ("channel", "string", "the channel that runs it"),
    ("control", "boolean", "whether the others are compared with it"),
    ("status", "string", "what the arm is after the last look"),
    ("dropped_on", "date", "the local day on which it stopped getting budget by a verdict"),
    ("per", "string", "what goals are counted per"),
    ("exposure", "number", "exposure so far, minor units of money where goals are counted per spend"),
    ("metric", "string", "what is counted"),
    ("goals", "integer", "goals so far"),
    ("currency", "string", "ISO 4217 code"),
    ("spend_minor", "integer", "money spent, minor units"),
    ("cost_per_goal_minor", "number", "money per goal, minor units"),
    ("cost_lower_minor", "number", "lower end of its confidence sequence"),
    ("cost_upper_minor", "number", "upper end of its confidence sequence"),
    ("p_best", "number", "chance to be the best arm (model)"),
    ("ln_e_drop", "number", "natural logarithm of the e-value against its being the best"),
    ("share", "number", "share of the daily budget from now on"),
];

/// The columns of an experiment's days: a row an arm and day.
pub const DAYS: [(&str, &str, &str); 9] = [
    ("month", "string", "the month"),
    ("experiment", "string", "the experiment's name"),
    ("date", "date", "the local day of the exposure"),
    ("arm", "string", "the arm's name"),
    ("commanded_minor", "integer", "the daily budget in force, averaged over the day, minor units"),
    ("spend_minor", "integer", "money spent, minor units; empty where it was not reported"),
    ("exposure", "number", "exposure in the unit of the goal's per"),
    ("metric", "string", "what is counted"),
    ("goals", "integer", "goals booked to this day so far"),
];

/// The columns of the month as a whole: a row a figure.
pub const FIGURES: [(&str, &str, &str); 6] = [
    ("month", "string", "the month"),
    ("figure", "string", "what it is"),
    ("value", "number", "its value"),
    ("lower", "number", "lower end of its interval"),
    ("upper", "number", "upper end of its interval"),
    ("unit", "string", "its unit; minor is minor units of the currency"),
];

/// Every arm of a month.
#[must_use]
pub fn month(report: &MonthReport) -> String {
    let mut table = Table::new(&MONTH);
    for x in &report.experiments {
        for arm in &x.arms {
            let cost = arm.cost_per_goal;
            table.row(&[
                text(&report.month),
                text(&x.name),
                text(&x.hypothesis),
                text(&x.phase),
                text(&x.kind),
                word(x.state),
                word(x.outcome),
                x.guarantee.as_ref().map_or_else(String::new, |label| text(&label.name)),
                text(&x.separation.name),
                text(&arm.name),
                text(&arm.channel),
                arm.control.to_string(),
                word(arm.status),
                arm.dropped_on.map_or_else(String::new, |date| date.to_string()),
                text(&x.goal.per),
                number(Some(arm.exposure)),
                text(&x.goal.metric),
                arm.goals.to_string(),
                text(&report.currency.code),
                arm.spend_minor.to_string(),
                number(cost.map(|cost| cost.minor)),
                number(cost.and_then(|cost| cost.lower_minor)),
                number(cost.and_then(|cost| cost.upper_minor)),
                number(arm.p_best),
                number(arm.ln_e_drop),
                number(arm.share),
            ]);
        }
    }
    table.finish()
}

/// Every arm and day of an experiment.
#[must_use]
pub fn experiment(report: &MonthReport, x: &ExperimentReport) -> String {
    let mut table = Table::new(&DAYS);
    for (day, arm) in x.by_day.iter().flat_map(|day| day.arms.iter().map(move |arm| (day, arm))) {
        let whole = |n: Option<i64>| n.map_or_else(String::new, |n| n.to_string());
        table.row(&[
            text(&report.month),
            text(&x.name),
            day.date.to_string(),
            text(&arm.arm),
            whole(arm.commanded_minor),
            whole(arm.spend_minor),
            number(arm.exposure),
            text(&x.goal.metric),
            arm.goals.map_or_else(String::new, |n| n.to_string()),
        ]);
    }
    table.finish()
}

/// The figures of the management page.
#[must_use]
pub fn management(report: &MonthReport) -> String {
    let mut table = Table::new(&FIGURES);
    let mut row = |figure: &str, value: f64, interval: Option<(f64, f64)>, unit: &str| {
        let (lower, upper) = interval.unzip();
        table.row(&[
            text(&report.month),
            text(figure),
            number(Some(value)),
            number(lower),
            number(upper),
            text(unit),
        ]);
    };
    row("spend", report.totals.spend_minor as f64, None, "minor");
    for total in report.totals.goals.iter().chain(&report.overview.activity) {
        row(&total.metric, total.count as f64, None, "count");
    }
    for series in &report.overview.market {
        row(&series.metric, series.count as f64, None, "count");
        row(&format!("{}_days_reported", series.metric), f64::from(series.days_reported), None, "days");
    }
    if let Some(pace) = &report.overview.pace {
        row("target", pace.target as f64, None, &pace.metric);
        if let Some(f) = pace.forecast {
            row("forecast", f.mean, Some((f.interval.lower, f.interval.upper)), &pace.metric);
        }
    }
    if let Some(value) = &report.overview.value {
        row(
            "value",
            value.value_minor,
            Some((value.value_interval.lower, value.value_interval.upper)),
            "minor",
        );
        row("cost", value.cost_minor as f64, None, "minor");
        if let Some(mean) = value.return_on_costs {
            row("return_on_costs", mean, value.return_interval.map(|i| (i.lower, i.upper)), "ratio");
        }
    }
    if let Some(saved) = report.totals.money_not_spent_on_losers_minor {
        row("money_not_spent_on_losers", saved as f64, None, "minor");
    }
    row("false_verdicts_at_most", report.overview.verdicts.false_at_most, None, "experiments");
    table.finish()
}

struct Table(Writer<Vec<u8>>);

impl Table {
    fn new(columns: &[(&str, &str, &str)]) -> Self {
        let mut table = Self(WriterBuilder::new().from_writer(Vec::new()));
        table.row(&columns.iter().map(|(name, ..)| (*name).to_owned()).collect::<Vec<_>>());
        table
    }

    fn row(&mut self, cells: &[String]) {
        self.0.write_record(cells).expect("a vector takes every row of the header's length");
    }

    fn finish(self) -> String {
        let bytes = self.0.into_inner().expect("a vector is flushed");
        String::from_utf8(bytes).expect("cells are texts")
    }
}

/// A user's text on one line that no spreadsheet takes for a formula.
fn text(cell: &str) -> String {
    let cell = plain(cell);
    if cell.trim_start().starts_with(['=', '+', '-', '@', '\t', '＝', '＋', '－', '＠']) {
        format!("'{cell}")
    } else {
        cell
    }
}

/// A word of ours, as the JSON writes it.
fn word<T: serde::Serialize>(value: T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A figure in full, empty where it does not exist.
fn number(value: Option<f64>) -> String {
    value.filter(|v| v.is_finite()).map_or_else(String::new, |v| v.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_a_formula() {
        // Protects whoever opens the file: a headline must not fetch or run anything.
        for nasty in ["=1+1", " @SUM(A1)", "+1", "-1+cmd|' /C calc'!A0", "\t=1", "\r=1"] {
            assert!(text(nasty).starts_with('\''), "{nasty:?}");
        }
        assert_eq!(text("plain"), "plain");
        assert_eq!(
            (number(None), number(Some(f64::NAN)), number(Some(0.5))),
            (String::new(), String::new(), "0.5".into())
        );
    }
}
