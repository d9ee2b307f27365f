//! The library of experiments from the ledger: what the last look and the verdicts say of each.

use gevinst_ledger::Ledger;
use jiff::Timestamp;

use super::overview::Gathered;
use super::{Companies, Detail, Reading, currency_of};
use crate::error::Error;
use crate::language::Language;
use crate::library::{Entry, Library};
use crate::model::Origin;

/// Every experiment of the ledger, the newest month first.
///
/// # Errors
/// Those of reading the ledger, or a recorded definition that cannot be read.
pub fn library(
    ledger: &Ledger,
    made_at: Timestamp,
    generator: &str,
    language: Language,
) -> Result<Library, Error> {
    ledger.snapshot(|ledger| Ok(read(ledger, made_at, generator, language)))?
}

fn read(ledger: &Ledger, made_at: Timestamp, generator: &str, language: Language) -> Result<Library, Error> {
    let mut companies = Companies::default();
    let mut entries = Vec::new();
    let mut all = ledger.experiments()?;
    all.sort_by(|a, b| b.month.cmp(&a.month));
    for entry in all {
        let Some(launched) = ledger.launched(&entry.name)? else { continue };
        let company = companies.read(&entry.name, &launched)?;
        let reading = Reading { ledger, made_at, language, detail: Detail::Sums };
        let x = reading.experiment(&entry.name, &launched, &company, &mut Gathered::default())?;
        let origin = if launched.rehearsal_seed.is_some() { Origin::Rehearsed } else { Origin::Live };
        entries.push(Entry::of(&entry.month, origin, x, currency_of(&company)));
    }
    Ok(Library::new(generator, language, entries))
}
