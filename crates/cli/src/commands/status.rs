//! `gevinst status`: where every experiment of a month stands.

use gevinst_report::language::Language;
use gevinst_report::terminal;

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
        None => say(&terminal::month_text(
            &report,
            terminal::Style { colour: coloured(colour, false), width: width() },
        )),
    }
}
