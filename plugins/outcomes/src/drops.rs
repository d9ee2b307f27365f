//! Folders of CSV files: every file, every row, and how far they reach.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use gevinst_sdk::{Error, Host, Level};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::config::Fresh;
use crate::person::BadRow;

/// Larger files are not drops of a CRM.
const FILE_BYTES_MAX: u64 = 512 << 20;
/// Bad rows that are named in the log at an observation; of the others their number is told.
const NAMED_MAX: u64 = 20;

/// One file.
#[derive(Clone, Debug)]
pub(crate) struct DropFile {
    path: PathBuf,
    /// Its name, for messages.
    pub(crate) name: String,
    /// Until when it is taken to hold everything, in µs UTC, if it says so.
    pub(crate) reaches_us: Option<i64>,
}

/// The `.csv` files of a folder, by name.
pub(crate) fn list(
    field: &str,
    folder: &Path,
    fresh: Fresh,
    zone: &TimeZone,
) -> Result<Vec<DropFile>, Error> {
    let failed = |error: std::io::Error| {
        Error::unavailable(format!("{field}: the folder `{}` cannot be read: {error}", folder.display()))
    };
    let mut drops = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_csv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
        let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else { continue };
        if !is_csv || !path.is_file() {
            continue;
        }
        let reaches_us = match fresh {
            Fresh::Name => day_in(&name).and_then(|day| midnight_us(day, zone)),
            Fresh::Modified => {
                let modified = std::fs::metadata(&path).and_then(|data| data.modified()).map_err(failed)?;
                modified
                    .duration_since(UNIX_EPOCH)
                    .ok()
                    .and_then(|since| i64::try_from(since.as_micros()).ok())
            }
        };
        drops.push(DropFile { path, name, reaches_us });
    }
    drops.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(drops)
}

/// The first day that a name holds, as 2026-11-07 or 20261107.
fn day_in(name: &str) -> Option<Date> {
    let digits = |text: &str| text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    (0..name.len()).find_map(|at| {
        let dashed = name.get(at..at + 10).and_then(|text| text.parse().ok());
        let plain = || name.get(at..at + 8).filter(|text| digits(text)).and_then(|text| text.parse().ok());
        dashed.or_else(plain)
    })
}

/// When a day begins.
pub(crate) fn midnight_us(day: Date, zone: &TimeZone) -> Option<i64> {
    let start = day.to_zoned(zone.clone()).and_then(|day| day.start_of_day()).ok()?;
    Some(start.timestamp().as_microsecond())
}

/// A row's cells by column; a column that the file does not have is asked for in vain.
pub(crate) struct Cells<'r> {
    columns: &'r [String],
    row: &'r csv::StringRecord,
}

impl<'r> Cells<'r> {
    pub(crate) fn get(&self, column: &str) -> Option<&'r str> {
        self.row.get(self.columns.iter().position(|name| name == column)?)
    }
}

/// Counts rows, and tells of bad ones.
pub(crate) struct Count<'h> {
    host: &'h Host,
    rows: u64,
    bad: u64,
}

impl<'h> Count<'h> {
    pub(crate) fn new(host: &'h Host) -> Self {
        Self { host, rows: 0, bad: 0 }
    }

    /// Takes note of a row, and tells by its place what is wrong with it.
    pub(crate) fn note(&mut self, place: impl FnOnce() -> String, bad: Option<&BadRow>) {
        self.rows += 1;
        let Some(bad) = bad else { return };
        self.bad += 1;
        if self.bad <= NAMED_MAX {
            let line = format!("left out {}: column `{}`: {}", place(), bad.column, bad.expected);
            self.host.log(Level::Warn, line);
        }
    }

    /// Refuses when too large a part of the rows was bad.
    pub(crate) fn finish(self, bad_rows_max: f64) -> Result<(), Error> {
        if self.bad > NAMED_MAX {
            self.host.log(Level::Warn, format!("left out {} more rows", self.bad - NAMED_MAX));
        }
        if self.bad as f64 > self.rows as f64 * bad_rows_max {
            return Err(Error::unavailable(format!(
                "{} of {} rows cannot be read, more than `bad_rows_max` allows; the log names file, line and column",
                self.bad, self.rows
            )));
        }
        Ok(())
    }
}

/// Hands every row of a file to `take`. `needed` columns must be there; the others may be missing.
pub(crate) fn read(
    drop: &DropFile,
    separator: char,
    needed: &[&str],
    count: &mut Count<'_>,
    mut take: impl FnMut(&Cells<'_>) -> Result<(), BadRow>,
) -> Result<(), Error> {
    let name = &drop.name;
    let failed =
        |error: &dyn std::fmt::Display| Error::unavailable(format!("`{name}` cannot be read: {error}"));
    let mut file = File::open(&drop.path).map_err(|error| failed(&error))?;
    if file.metadata().map_err(|error| failed(&error))?.len() > FILE_BYTES_MAX {
        return Err(failed(&format!("it is larger than {} MiB", FILE_BYTES_MAX >> 20)));
    }
    // The mark that some programs put before UTF-8.
    let mut mark = [0; 3];
    let marked = file.read_exact(&mut mark).is_ok() && mark == [0xef, 0xbb, 0xbf];
    if !marked {
        file.rewind().map_err(|error| failed(&error))?;
    }
    let separator = u8::try_from(separator).map_err(|_| failed(&"the separator is not one byte"))?;
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(BufReader::new(file));
    let columns: Vec<String> = match reader.headers() {
        Ok(headers) => headers.iter().map(|name| name.trim().to_owned()).collect(),
        Err(error) => return Err(failed(&kind(&error))),
    };
    if columns.iter().all(String::is_empty) {
        // Nothing was written yet.
        return Ok(());
    }
    if let Some(missing) = needed.iter().find(|needed| !columns.iter().any(|column| column == *needed)) {
        return Err(Error::unavailable(format!("`{name}` has no column `{missing}`")));
    }
    let mut row = csv::StringRecord::new();
    loop {
        let line = reader.position().line();
        let place = |row: &csv::StringRecord| {
            let line = row.position().map_or(line, csv::Position::line);
            format!("`{name}`, line {line}")
        };
        match reader.read_record(&mut row) {
            Ok(false) => return Ok(()),
            Ok(true) if row.len() != columns.len() => {
                let expected = format!("expected {} cells, as in the first line", columns.len());
                count.note(|| place(&row), Some(&BadRow { column: "*".to_owned(), expected }));
            }
            Ok(true) => {
                let taken = take(&Cells { columns: &columns, row: &row });
                count.note(|| place(&row), taken.err().as_ref());
            }
            Err(error) if matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) => {
                let bad = BadRow { column: "*".to_owned(), expected: "expected UTF-8".to_owned() };
                let line = error.position().map_or(line, csv::Position::line);
                count.note(|| format!("`{name}`, line {line}"), Some(&bad));
            }
            Err(error) => return Err(failed(&kind(&error))),
        }
    }
}

/// What went wrong, without what stands in the file.
fn kind(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Io(error) => error.to_string(),
        csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".to_owned(),
        _ => "it is not CSV".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects freshness: a drop reaches as far as its name says, and one without a day says nothing.
    #[test]
    fn the_day_is_read_from_the_name() {
        let day = |name: &str| day_in(name).map(|day| day.to_string());
        assert_eq!(day("leads-2026-11-07.csv").as_deref(), Some("2026-11-07"));
        assert_eq!(day("20261107_export.csv").as_deref(), Some("2026-11-07"));
        assert_eq!(day("æøå-2026-11-07T08.csv").as_deref(), Some("2026-11-07"));
        assert_eq!(day("leads.csv"), None);
        assert_eq!(day("2026-13-45.csv"), None);
    }
}
