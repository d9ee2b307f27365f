//! `gevinst report`: a month from the ledger, as one HTML file, as JSON, and in the terminal.

use std::path::{Path, PathBuf};

use gevinst_experiment::Month;
use gevinst_ledger::Ledger;
use gevinst_report::from_ledger::{self, Request};
use gevinst_report::language::Language;
use gevinst_report::model::MonthReport;
use gevinst_report::{html, terminal};
use jiff::Timestamp;

use super::GENERATOR;
use super::ledger::open_for_reading;
use crate::args::{Colour, Report};
use crate::clock;
use crate::failure::{Failure, Kind};
use crate::output::{coloured, say, width, write_file, write_json};

pub(crate) fn run(args: &Report, colour: Colour) -> Result<(), Failure> {
    let ledger = open_for_reading(&args.ledger)?;
    let report = build(&ledger, args.month.as_deref(), clock::now_us(None)?)?;
    let path = write_page(&args.out, &report)?;
    if let Some(target) = &args.json {
        write_json(target, &report)?;
    }
    if args.json.as_deref() != Some(Path::new("-")) {
        say(&terminal::month_text(
            &report,
            terminal::Style { colour: coloured(colour, false), width: width() },
        ))?;
        say(&format!("report: {}", path.display()))?;
    }
    Ok(())
}

/// The report of a month: the stated one, or the newest in the ledger.
pub(crate) fn build(ledger: &Ledger, month: Option<&str>, now_us: i64) -> Result<MonthReport, Failure> {
    let month: Month = match month {
        Some(text) => text.parse().map_err(|mistake: gevinst_experiment::Mistake| {
            let failure = Failure::new(Kind::Usage, mistake.message);
            match mistake.help {
                Some(help) => failure.hint(help),
                None => failure,
            }
        })?,
        None => {
            let entries = ledger.experiments().map_err(|error| super::ledger::failure(&error))?;
            let months = entries.iter().filter_map(|entry| entry.month.parse().ok());
            months.max().ok_or_else(|| {
                Failure::new(Kind::Input, "the ledger holds no experiment yet")
                    .hint("`gevinst run` launches what is due")
            })?
        }
    };
    let made_at = Timestamp::from_microsecond(now_us).map_err(|error| {
        Failure::new(Kind::Usage, format!("the present moment cannot be a time: {error}"))
    })?;
    let request = Request {
        month,
        made_at,
        generator: GENERATOR,
        language: Language::English,
        planned: &[],
        company: None,
    };
    from_ledger::month(ledger, &request).map_err(|error| Failure::from_error(Kind::Ledger, &error))
}

/// Writes the month's page into `folder` and tells where it is.
pub(crate) fn write_page(folder: &Path, report: &MonthReport) -> Result<PathBuf, Failure> {
    let path = folder.join(format!("{}.html", report.month));
    write_file(&path, html::month_page(report).as_bytes())?;
    Ok(path)
}
