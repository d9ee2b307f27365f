//! `gevinst status`: where every experiment of a month stands, and what its newest look rests on.

use gevinst_report::language::Language;
use gevinst_report::model::{Check, MonthReport};
use gevinst_report::prose::wrap;
use gevinst_report::terminal;

use gevinst_ledger::Ledger;

use super::ledger::open_for_reading;
use super::report;
use crate::args::{Colour, Status};
use crate::clock;
use crate::failure::Failure;
use crate::output::{coloured, say, width, write_json};

pub(crate) fn run(args: &Status, colour: Colour) -> Result<(), Failure> {
    let ledger = open_for_reading(&args.ledger)?;
    let report = report::build(&ledger, args.month.as_deref(), clock::now_us(None)?, Language::English)?;
    match &args.json {
        Some(target) => write_json(target, &report),
        None => {
            let style = terminal::Style { colour: coloured(colour, false), width: width() };
            say(&format!(
                "{}{}",
                terminal::month_text(&report, style),
                rests_on(&ledger, &report, style.width)?
            ))
        }
    }
}

/// With more experiments than this a month is a table, and nobody reads two lines more of each.
const IN_FULL: usize = 12;

/// Per experiment a line each: what was believed before its first result, and how its newest look's checks came out.
fn rests_on(ledger: &Ledger, report: &MonthReport, width: u16) -> Result<String, Failure> {
    if report.experiments.len() > IN_FULL {
        return Ok(String::new());
    }
    let mut text = "\nWhat the verdicts rest on:\n".to_owned();
    let mut line = |indent: usize, said: &str| {
        let columns = usize::from(width.max(40)) - indent;
        text.push_str(&format!("{}{}\n", " ".repeat(indent), wrap(said, columns, indent)));
    };
    for experiment in &report.experiments {
        let name = &experiment.name;
        let launched = ledger.launched(name).map_err(|error| super::ledger::failure(&error))?;
        line(
            2,
            &match launched.and_then(|launched| launched.prior) {
                None => format!("{name}: the default prior"),
                Some(prior) => format!(
                    "{name}: a prior learned from {} closed experiments{}",
                    prior.experiments,
                    prior.channel.map_or(String::new(), |channel| format!(" on `{channel}`"))
                ),
            },
        );
        let named = |of: &dyn Fn(&Check) -> bool| {
            let of = experiment.checks.iter().filter(|check| of(check));
            of.map(|check| check.name.as_str()).collect::<Vec<_>>().join(", ")
        };
        let (failed, warned) = (named(&Check::stops), named(&|check| !check.passed && !check.stops()));
        line(
            6,
            &match (experiment.checks.len(), failed.as_str(), warned.as_str()) {
                (0, ..) => "nothing was checked yet".to_owned(),
                (all, "", "") => format!("all {all} data checks passed"),
                (_, failed, "") => format!("data checks failed: {failed}; the others passed"),
                (_, "", warned) => format!("data checks warned: {warned}; the others passed"),
                (_, failed, warned) => {
                    format!("data checks failed: {failed}; warned: {warned}; the others passed")
                }
            },
        );
    }
    Ok(text)
}
