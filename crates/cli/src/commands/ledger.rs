//! `gevinst ledger`: prove that nothing was changed or lost, and hand everything out.

use std::io::Write;

use gevinst_ledger::{Access, Format, Ledger};
use serde_json::json;

use crate::args::{LedgerCommand, LedgerFile};
use crate::failure::{Failure, Kind};
use crate::output::{say, write_json};
use crate::project;

/// A failure of the ledger, with its own hint.
pub(crate) fn failure(error: &gevinst_ledger::Error) -> Failure {
    let failed = Failure::failed_to(Kind::Ledger, error);
    match error.hint() {
        Some(hint) => failed.hint(hint),
        None => failed,
    }
}

pub(crate) fn open_for_reading(file: &LedgerFile) -> Result<Ledger, Failure> {
    let path = project::ledger_path(file.ledger.as_deref(), None)?;
    Ledger::open(&path, Access::Read).map_err(|error| failure(&error))
}

pub(crate) fn run(command: &LedgerCommand) -> Result<(), Failure> {
    match command {
        LedgerCommand::Verify { ledger, json } => verify(ledger, json.as_deref()),
        LedgerCommand::Export { ledger, out } => export(ledger, out.as_deref()),
    }
}

fn verify(file: &LedgerFile, json_to: Option<&std::path::Path>) -> Result<(), Failure> {
    let ledger = open_for_reading(file)?;
    let found = ledger.verify(None).map_err(|error| failure(&error))?;
    let problems: Vec<String> = found.problems.iter().map(ToString::to_string).collect();
    if let Some(target) = json_to {
        let value = json!({
            "schema_version": 1,
            "sound": found.is_sound(),
            "records": found.records,
            "rows": found.rows,
            "head": found.head.to_string(),
            "problems": problems,
        });
        write_json(target, &value)?;
    }
    if found.is_sound() {
        if json_to.is_none() {
            say(&format!(
                "sound: {} records and {} observations, each chained to the one before; head {}",
                found.records, found.rows, found.head
            ))?;
        }
        return Ok(());
    }
    Err(Failure::new(
        Kind::Verification,
        format!("the ledger was changed or damaged:\n  {}", problems.join("\n  ")),
    )
    .hint("restore the file from a backup; what stands before the first record named is sound"))
}

fn export(file: &LedgerFile, out: Option<&std::path::Path>) -> Result<(), Failure> {
    let ledger = open_for_reading(file)?;
    let fail =
        |error: std::io::Error| Failure::new(Kind::Internal, format!("failed to write the export: {error}"));
    let mut target: Box<dyn Write> = match out {
        None => Box::new(std::io::BufWriter::new(std::io::stdout().lock())),
        Some(path) => Box::new(std::io::BufWriter::new(std::fs::File::create(path).map_err(|error| {
            Failure::new(Kind::Internal, format!("failed to write `{}`: {error}", path.display()))
        })?)),
    };
    ledger.export(&mut target, Format::JsonLines).map_err(|error| failure(&error))?;
    target.flush().map_err(fail)
}
