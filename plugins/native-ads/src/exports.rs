//! CSV exports of platforms without a public API: a folder into which somebody, or a scheduled mail, puts them.
//!
//! The columns are named in the configuration; no platform's format is assumed. Rows of one campaign and day within a file
//! are added up (an export may be by ad); of several files the one that was written last holds for a campaign's day. All
//! that happened some hours before the newest file was written is taken for reported.
//!
//! Nothing is commanded: budgets are set by hand on the platform, and a command is refused with just that said.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use gevinst_http::{Decimal, days};
use gevinst_sdk::schemars::JsonSchema;
use gevinst_sdk::wire::ObserveRequest;
use gevinst_sdk::{Code, Error};
use jiff::civil::Date;
use serde::Deserialize;

use crate::Config;
use crate::arms::campaign_name;
use crate::observe::{Calendar, Figures, Report};

/// Hours before a file was written whose figures are in it, where the configuration does not say.
const SETTLES_AFTER_HOURS: u32 = 12;
/// The largest file, in bytes; an export of a year is a hundredth of it.
const FILE_MAX: u64 = 256 << 20;
const HOUR_US: i64 = 3_600_000_000;

/// The table `csv` of the configuration.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct CsvExports {
    /// Folder with the exports, files ending in `.csv`.
    pub folder: PathBuf,
    /// What the columns are called in the files' first line.
    pub columns: Columns,
    /// What stands between columns: `,` unless stated.
    #[serde(default)]
    pub delimiter: Option<char>,
    /// Amounts are written as `1.234,50` or `1 234,50` in place of `1,234.50`.
    #[serde(default)]
    pub decimal_comma: bool,
    /// How days are written: `%Y-%m-%d` unless stated, such as `%d.%m.%Y`.
    #[serde(default)]
    pub date_format: Option<String>,
    /// How many hours before a file was written its figures are complete: 12 unless stated.
    #[serde(default)]
    pub settles_after_hours: Option<u32>,
    /// Names of campaigns by `experiment/arm`; `gevinst/<experiment>/<arm>` where none is stated.
    #[serde(default)]
    pub arms: BTreeMap<String, String>,
}

/// Names of columns.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// The day.
    pub date: String,
    /// The campaign's name.
    pub campaign: String,
    /// What was spent, in major units.
    pub spend: String,
    /// Impressions.
    #[serde(default)]
    pub impressions: Option<String>,
    /// Clicks.
    #[serde(default)]
    pub clicks: Option<String>,
    /// Conversions.
    #[serde(default)]
    pub conversions: Option<String>,
    /// What they are worth, in major units.
    #[serde(default)]
    pub value: Option<String>,
    /// The currency of a row, which must be the company's.
    #[serde(default)]
    pub currency: Option<String>,
}

/// The exports of one account.
pub(crate) struct Exports {
    csv: CsvExports,
    delimiter: u8,
    date_format: String,
    currency: String,
}

/// Where in a file something is.
struct Place<'a>(&'a Path, u64);

impl Place<'_> {
    fn wrong(&self, what: &str) -> Error {
        Error::unavailable(format!("`{}`, line {}: {what}", self.0.display(), self.1))
    }
}

impl Exports {
    /// Reads the configuration.
    ///
    /// # Errors
    /// A bad configuration.
    pub(crate) fn open(config: &Config) -> Result<Self, Error> {
        let csv = config.csv.clone().ok_or_else(|| {
            Error::bad_config("/csv", "the channel's table lacks `csv`: where exports are, and how they look")
        })?;
        for (field, is_there) in [
            ("state", config.state.is_some()),
            ("client_id", config.client_id.is_some()),
            ("secret", config.secret.is_some()),
            ("base_url", config.base_url.is_some()),
            ("auth_base_url", config.auth_base_url.is_some()),
            ("proxy", config.proxy.is_some()),
            ("even_delivery", config.even_delivery),
        ] {
            if is_there {
                let message =
                    format!("`{field}` means nothing where nothing is asked or commanded over a network");
                return Err(Error::bad_config(format!("/{field}"), message));
            }
        }
        let delimiter = u8::try_from(csv.delimiter.unwrap_or(','))
            .ok()
            .filter(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric() && *byte != b'"')
            .ok_or_else(|| {
                Error::bad_config("/csv/delimiter", "expected a sign such as `,`, `;` or a tab")
            })?;
        let date_format = csv.date_format.clone().unwrap_or_else(|| "%Y-%m-%d".to_owned());
        let a_day = jiff::civil::date(2026, 11, 22);
        let there_and_back = jiff::fmt::strtime::format(&date_format, a_day)
            .and_then(|text| Date::strptime(&date_format, text));
        if there_and_back.ok() != Some(a_day) {
            let message = format!("`{date_format}` does not tell a day; expected such as `%d.%m.%Y`");
            return Err(Error::bad_config("/csv/date_format", message));
        }
        Ok(Self { csv, delimiter, date_format, currency: config.currency.clone() })
    }

    /// Looks whether the folder is there and its files can be read.
    ///
    /// # Errors
    /// A bad configuration, or what is wrong with a file.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.files().map(drop)
    }

    /// The files with when they were written (µs UTC), oldest first; of the same moment by name.
    fn files(&self) -> Result<Vec<(i64, PathBuf)>, Error> {
        let folder = &self.csv.folder;
        let unread = |error: std::io::Error| {
            Error::bad_config("/csv/folder", format!("cannot read `{}`: {error}", folder.display()))
        };
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).map_err(unread)? {
            let entry = entry.map_err(unread)?;
            let path = entry.path();
            if !path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")) {
                continue;
            }
            let about = fs::metadata(&path).map_err(unread)?;
            if !about.is_file() || about.len() > FILE_MAX {
                return Err(Error::unavailable(format!("`{}` is no file, or too large", path.display())));
            }
            let written = about.modified().map_err(unread)?.duration_since(UNIX_EPOCH).unwrap_or_default();
            files.push((i64::try_from(written.as_micros()).unwrap_or(i64::MAX), path));
        }
        files.sort();
        Ok(files)
    }

    /// What the files say of the arms that are asked for.
    ///
    /// # Errors
    /// What is wrong with a file, and where.
    pub(crate) fn observe(
        &self,
        request: &ObserveRequest,
        calendar: &Calendar,
        now_us: i64,
    ) -> Result<(Report, BTreeMap<u32, Date>), Error> {
        let mut codes = BTreeMap::new();
        for arm in &request.arms {
            let key = format!("{}/{}", request.experiment, arm.name);
            let name = self.csv.arms.get(&key).cloned();
            codes.insert(name.unwrap_or_else(|| campaign_name(&request.experiment, &arm.name)), arm.code);
        }
        let mut report = Report { complete_until_us: i64::MIN, ..Report::default() };
        for (written_us, path) in self.files()? {
            // A file from the future, by a clock that is wrong or a time that is simulated, is not there yet.
            if written_us > now_us {
                continue;
            }
            let days = self.read(&path, &codes)?;
            report.days.extend(days);
            let hours = self.csv.settles_after_hours.unwrap_or(SETTLES_AFTER_HOURS);
            report.complete_until_us = written_us - i64::from(hours) * HOUR_US;
        }
        let mut since = BTreeMap::new();
        for &(arm, day) in report.days.keys() {
            let first = since.entry(arm).or_insert(day);
            *first = day.min(*first);
        }
        // Without any file nothing is known of any day.
        let before = days::date_of(request.from_us, &calendar.company)?;
        if report.complete_until_us == i64::MIN {
            report.complete_until_us = days::start_us(before, &calendar.account)?;
        }
        Ok((report, since))
    }

    fn read(
        &self,
        path: &Path,
        codes: &BTreeMap<String, u32>,
    ) -> Result<BTreeMap<(u32, Date), Figures>, Error> {
        let at_start = |what: String| Place(path, 1).wrong(&what);
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .trim(csv::Trim::All)
            .from_path(path)
            .map_err(|error| at_start(error.to_string()))?;
        let headers =
            reader.headers().map_err(|error| at_start(format!("{error}; save the export as UTF-8")))?.clone();
        let columns = &self.csv.columns;
        let find = |name: &str| {
            let mut found = headers.iter().enumerate().filter(|(_, header)| *header == name);
            match (found.next(), found.next()) {
                (Some((at, _)), None) => Ok(at),
                (Some(_), Some(_)) => Err(at_start(format!("the column `{name}` is there twice"))),
                (None, _) => {
                    let all: Vec<&str> = headers.iter().collect();
                    Err(at_start(format!("there is no column `{name}`; there are `{}`", all.join("`, `"))))
                }
            }
        };
        let maybe = |name: &Option<String>| name.as_deref().map(find).transpose();
        let (date, campaign, spend) = (find(&columns.date)?, find(&columns.campaign)?, find(&columns.spend)?);
        let (impressions, clicks) = (maybe(&columns.impressions)?, maybe(&columns.clicks)?);
        let (conversions, value) = (maybe(&columns.conversions)?, maybe(&columns.value)?);
        let currency = maybe(&columns.currency)?;
        let mut all: BTreeMap<(u32, Date), Figures> = BTreeMap::new();
        let mut odd = BTreeSet::new();
        for record in reader.records() {
            let record = record.map_err(|error| {
                let line = error.position().map_or(0, csv::Position::line);
                Place(path, line)
                    .wrong(&format!("{error}; save the export as UTF-8 with as many columns in each line"))
            })?;
            let place = Place(path, record.position().map_or(0, csv::Position::line));
            let text = |at: usize| record.get(at).unwrap_or_default();
            let Some(&arm) = codes.get(text(campaign)) else { continue };
            if let Some(at) = currency.filter(|at| text(*at) != self.currency) {
                odd.insert(text(at).to_owned());
                continue;
            }
            let day = Date::strptime(&self.date_format, text(date)).map_err(|_| {
                place.wrong(&format!("`{}` is no day of the form `{}`", text(date), self.date_format))
            })?;
            let number = |at: Option<usize>| match at {
                Some(at) => {
                    self.number(text(at)).ok_or_else(|| place.wrong(&format!("`{}` is no number", text(at))))
                }
                None => Ok(Decimal::ZERO),
            };
            let count = |at: Option<usize>| {
                let count = number(at)?.to_minor(0).ok().and_then(|count| u64::try_from(count).ok());
                count.ok_or_else(|| place.wrong("a count is negative or too large"))
            };
            let figures = Figures {
                spend: number(Some(spend))?,
                impressions: count(impressions)?,
                clicks: count(clicks)?,
                conversions: count(conversions)?,
                value: number(value)?,
            };
            let sum = all.get(&(arm, day)).copied().unwrap_or(Figures::ZERO).plus(figures)?;
            all.insert((arm, day), sum);
        }
        if let Some(theirs) = odd.first() {
            let message = format!(
                "`{}` has amounts in `{theirs}`, the company's are in {}",
                path.display(),
                self.currency
            );
            return Err(Error::bad_config("/currency", message));
        }
        Ok(all)
    }

    /// A number with whatever separates its thousands; nothing where the cell is empty.
    fn number(&self, text: &str) -> Option<Decimal> {
        let (point, thousands) = if self.csv.decimal_comma { (',', '.') } else { ('.', ',') };
        let plain: String = text
            .chars()
            .filter(|sign| !sign.is_whitespace() && *sign != thousands)
            .map(|sign| if sign == point { '.' } else { sign })
            .collect();
        if plain.is_empty() { Some(Decimal::ZERO) } else { Decimal::parse(&plain).ok() }
    }
}

/// The refusal of a command.
pub(crate) fn by_hand(arm: &str) -> Error {
    let message = format!(
        "this platform is read from exports and takes no commands; set the budget of `{arm}` by hand on the platform"
    );
    Error::new(Code::Unsupported, message)
}
