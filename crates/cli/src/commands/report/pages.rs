//! A page in a form: which of the report crate's writers makes it, and what its file is called.

use gevinst_ledger::Ledger;
use gevinst_report::language::Language;
use gevinst_report::model::{ExperimentReport, MonthReport};
use gevinst_report::{csv, from_ledger, html, json, markdown, terminal};

use super::super::GENERATOR;
use crate::args::{PageKind, ReportFormat};
use crate::failure::{Failure, Kind};

/// A page's text, and its file's name without an ending.
pub(super) struct Page {
    pub(super) stem: String,
    pub(super) text: String,
}

/// What the file of an experiment's page is called.
pub(super) fn experiment_stem(report: &MonthReport, x: &ExperimentReport) -> String {
    format!("{}-experiment-{}", report.month, x.name)
}

/// The page of some months; several are set beside each other.
pub(super) fn page(
    reports: &[MonthReport],
    kind: PageKind,
    experiment: Option<&str>,
    format: ReportFormat,
    style: terminal::Style,
) -> Result<Page, Failure> {
    let (Some(first), Some(last)) = (reports.first(), reports.last()) else {
        return Err(Failure::new(Kind::Internal, "a report of no month"));
    };
    if kind == PageKind::Experiment {
        let (report, x) = chosen(reports, experiment)?;
        let text = match format {
            ReportFormat::Html => html::experiment_page(report, x),
            ReportFormat::Md => markdown::experiment(report, x),
            ReportFormat::Csv => csv::experiment(report, x),
            ReportFormat::Json => as_json(x)?,
            ReportFormat::Txt => terminal::experiment_text(x, &report.currency, report.language, style),
        };
        return Ok(Page { stem: experiment_stem(report, x), text });
    }
    let management = kind == PageKind::Management;
    let months =
        if reports.len() == 1 { first.month.clone() } else { format!("{}..{}", first.month, last.month) };
    let stem = if management { format!("{months}-management") } else { months };
    let text = match (format, reports) {
        (ReportFormat::Html, [one]) if management => html::management_page(one),
        (ReportFormat::Html, [one]) => html::month_page(one),
        (ReportFormat::Html, all) => html::compare_page(all),
        (ReportFormat::Json, [one]) => as_json(one)?,
        (ReportFormat::Json, all) => as_json(&all)?,
        (ReportFormat::Csv, all) => {
            rows(all.iter().map(|r| if management { csv::management(r) } else { csv::month(r) }))
        }
        (ReportFormat::Md, all) => {
            let each = |r| if management { markdown::management(r) } else { markdown::month(r) };
            all.iter().map(each).collect::<Vec<_>>().join("\n")
        }
        (ReportFormat::Txt, all) => {
            let each = |r| {
                if management { terminal::management_text(r, style) } else { terminal::month_text(r, style) }
            };
            all.iter().map(each).collect::<Vec<_>>().join("\n")
        }
    };
    Ok(Page { stem, text })
}

/// The library of experiments.
pub(super) fn library(
    ledger: &Ledger,
    language: Language,
    now_us: i64,
    format: ReportFormat,
) -> Result<Page, Failure> {
    let library = from_ledger::library(ledger, super::moment(now_us)?, GENERATOR, language)
        .map_err(|error| Failure::from_error(Kind::Ledger, &error))?;
    let text = match format {
        ReportFormat::Html => html::library_page(&library),
        ReportFormat::Json => as_json(&library)?,
        ReportFormat::Md | ReportFormat::Csv | ReportFormat::Txt => {
            return Err(Failure::new(Kind::Usage, "the library comes as html or json")
                .hint("`--page month --format csv --month A..B` gives the arms of many months"));
        }
    };
    Ok(Page { stem: "library".to_owned(), text })
}

fn as_json<T: serde::Serialize>(value: &T) -> Result<String, Failure> {
    json::to_json(value)
        .map_err(|error| Failure::new(Kind::Internal, format!("failed to write JSON: {error}")))
}

/// Tables of the same columns as one, with one header.
fn rows(tables: impl Iterator<Item = String>) -> String {
    let mut all = String::new();
    for table in tables {
        match all.is_empty() {
            true => all = table,
            // The header holds no line break of its own: column names are ours.
            false => all.push_str(table.split_once('\n').map_or("", |(_, rows)| rows)),
        }
    }
    all
}

/// The experiment that was asked for; the only one where none was.
fn chosen<'a>(
    reports: &'a [MonthReport],
    name: Option<&str>,
) -> Result<(&'a MonthReport, &'a ExperimentReport), Failure> {
    let mut all = reports.iter().flat_map(|report| report.experiments.iter().map(move |x| (report, x)));
    let Some(name) = name else {
        return match (all.next(), all.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(Failure::new(Kind::Usage, "which experiment?").hint("name it with --experiment NAME")),
        };
    };
    all.find(|(_, x)| x.name == name).ok_or_else(|| {
        let there: Vec<&str> =
            reports.iter().flat_map(|r| &r.experiments).map(|x| x.name.as_str()).take(20).collect();
        Failure::new(Kind::Input, format!("no experiment is called `{name}` in that time"))
            .hint(format!("these are: {}", there.join(", ")))
    })
}
