//! `gevinst report`: what the ledger says, for whoever reads it: pages, Markdown, CSV, JSON, the terminal, PDF, or live.

mod pages;
mod pdf;
mod serve;
mod signed;

use std::path::{Path, PathBuf};

use gevinst_experiment::Month;
use gevinst_ledger::Ledger;
use gevinst_report::from_ledger::{self, Request};
use gevinst_report::language::Language;
use gevinst_report::model::MonthReport;
use gevinst_report::terminal;
use jiff::Timestamp;

use super::GENERATOR;
use super::ledger::open_for_reading;
use crate::args::{Colour, PageKind, Report, ReportFormat};
use crate::clock;
use crate::failure::{Failure, Kind};
use crate::output::{coloured, say, width, write_file, write_json};

pub(crate) fn run(args: &Report, colour: Colour) -> Result<(), Failure> {
    let language = language(args)?;
    if args.serve {
        return serve::run(args, language);
    }
    let ledger = open_for_reading(&args.ledger)?;
    let now_us = clock::now_us(args.now.as_deref())?;
    let asked = args.page.is_some() || args.format.is_some() || args.output.is_some() || args.pdf;
    if asked || args.month.as_deref().is_some_and(|month| month.contains("..")) {
        return one(args, &ledger, language, now_us, colour);
    }
    let report = build(&ledger, args.month.as_deref(), now_us, language)?;
    let written = write_pages(&args.out, &ledger, &report, now_us)?;
    if let Some(target) = &args.json {
        write_json(target, &report)?;
    }
    if args.json.as_deref() != Some(Path::new("-")) {
        say(&terminal::month_text(&report, style(colour)))?;
        for path in written {
            say(&format!("report: {}", path.display()))?;
        }
    }
    Ok(())
}

fn style(colour: Colour) -> terminal::Style {
    terminal::Style { colour: coloured(colour, false), width: width() }
}

fn language(args: &Report) -> Result<Language, Failure> {
    args.language.parse().map_err(|message: String| Failure::new(Kind::Usage, message))
}

/// One page in one form.
fn one(
    args: &Report,
    ledger: &Ledger,
    language: Language,
    now_us: i64,
    colour: Colour,
) -> Result<(), Failure> {
    let kind = match (&args.page, &args.experiment) {
        (Some(kind), _) => *kind,
        (None, Some(_)) => PageKind::Experiment,
        (None, None) => PageKind::Month,
    };
    let format = args.format.unwrap_or(ReportFormat::Html);
    if args.pdf && format != ReportFormat::Html {
        return Err(Failure::new(Kind::Usage, "--pdf prints a page: it goes with --format html alone"));
    }
    let style = if args.output.is_some() { terminal::Style::default() } else { style(colour) };
    let page = if kind == PageKind::Library {
        pages::library(ledger, language, now_us, format)?
    } else {
        let months = months(ledger, args.month.as_deref())?;
        let mut reports = Vec::with_capacity(months.len());
        for month in &months {
            reports.push(of_month(ledger, *month, now_us, language)?);
        }
        pages::page(&reports, kind, args.experiment.as_deref(), format, style)?
    };
    if args.pdf {
        let path = args.output.clone().unwrap_or_else(|| args.out.join(format!("{}.pdf", page.stem)));
        pdf::print(&page.text, &path)?;
        return say(&format!("report: {}", path.display()));
    }
    match (&args.output, format) {
        (Some(path), _) if path == Path::new("-") => say(&page.text),
        (Some(path), _) => {
            write_file(path, page.text.as_bytes())?;
            say(&format!("report: {}", path.display()))
        }
        (None, ReportFormat::Html) => {
            let path = args.out.join(format!("{}.html", page.stem));
            write_file(&path, page.text.as_bytes())?;
            say(&format!("report: {}", path.display()))
        }
        (None, _) => say(&page.text),
    }
}

/// The report of a month: the stated one, or the newest in the ledger.
pub(crate) fn build(
    ledger: &Ledger,
    month: Option<&str>,
    now_us: i64,
    language: Language,
) -> Result<MonthReport, Failure> {
    let month = match month {
        Some(text) => parse(text)?,
        None => newest(ledger)?,
    };
    of_month(ledger, month, now_us, language)
}

fn of_month(ledger: &Ledger, month: Month, now_us: i64, language: Language) -> Result<MonthReport, Failure> {
    let request = Request {
        month,
        made_at: moment(now_us)?,
        generator: GENERATOR,
        language,
        planned: &[],
        company: None,
    };
    from_ledger::month(ledger, &request).map_err(|error| Failure::from_error(Kind::Ledger, &error))
}

fn moment(now_us: i64) -> Result<Timestamp, Failure> {
    Timestamp::from_microsecond(now_us)
        .map_err(|error| Failure::new(Kind::Usage, format!("the present moment cannot be a time: {error}")))
}

fn parse(text: &str) -> Result<Month, Failure> {
    text.parse().map_err(|mistake: gevinst_experiment::Mistake| {
        let failure = Failure::new(Kind::Usage, mistake.message);
        match mistake.help {
            Some(help) => failure.hint(help),
            None => failure,
        }
    })
}

/// The months that the ledger knows, in order.
fn known(ledger: &Ledger) -> Result<Vec<Month>, Failure> {
    let entries = ledger.experiments().map_err(|error| super::ledger::failure(&error))?;
    let mut months: Vec<Month> = entries.iter().filter_map(|entry| entry.month.parse().ok()).collect();
    months.sort_unstable();
    months.dedup();
    Ok(months)
}

fn newest(ledger: &Ledger) -> Result<Month, Failure> {
    known(ledger)?.pop().ok_or_else(|| {
        Failure::new(Kind::Input, "the ledger holds no experiment yet")
            .hint("`gevinst run` launches what is due")
    })
}

/// `2026-11`, or those of `2026-09..2026-11` (both included) that the ledger knows; the newest where none is stated.
fn months(ledger: &Ledger, stated: Option<&str>) -> Result<Vec<Month>, Failure> {
    let Some(text) = stated else { return Ok(vec![newest(ledger)?]) };
    let Some((first, last)) = text.split_once("..") else { return Ok(vec![parse(text)?]) };
    let (first, last) = (parse(first)?, parse(last)?);
    if first > last {
        return Err(Failure::new(Kind::Usage, format!("`{text}` ends before it begins"))
            .hint(format!("write {last}..{first}")));
    }
    let months: Vec<Month> =
        known(ledger)?.into_iter().filter(|month| (first..=last).contains(month)).collect();
    if months.is_empty() {
        return Err(Failure::new(
            Kind::Input,
            format!("the ledger holds no experiment from {first} to {last}"),
        ));
    }
    Ok(months)
}

/// How many experiments get a page file of their own; of more, each is made when asked for.
const PAGES: usize = 60;

/// Writes every page of a month into `folder` and tells where they are, the month's first.
fn write_pages(
    folder: &Path,
    ledger: &Ledger,
    report: &MonthReport,
    now_us: i64,
) -> Result<Vec<PathBuf>, Failure> {
    let mut written = vec![write_page(folder, report)?];
    let mut write = |stem: String, text: String| {
        let path = folder.join(format!("{stem}.html"));
        write_file(&path, text.as_bytes()).map(|()| written.push(path))
    };
    write(format!("{}-management", report.month), gevinst_report::html::management_page(report))?;
    if report.experiments.len() <= PAGES {
        for x in &report.experiments {
            write(pages::experiment_stem(report, x), gevinst_report::html::experiment_page(report, x))?;
        }
    }
    let library = pages::library(ledger, report.language, now_us, ReportFormat::Html)?;
    write(library.stem, library.text)?;
    Ok(written)
}

/// Writes the month's page into `folder` and tells where it is.
pub(crate) fn write_page(folder: &Path, report: &MonthReport) -> Result<PathBuf, Failure> {
    let path = folder.join(format!("{}.html", report.month));
    write_file(&path, gevinst_report::html::month_page(report).as_bytes())?;
    Ok(path)
}
