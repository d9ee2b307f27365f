//! Series of the whole market by day: brand searches, direct visits.
//!
//! They belong to no arm; the ABI has rows for arms alone, so they are reported for the arm `market` of no experiment.
//! What a series leaves out has no row.

use std::collections::BTreeMap;

use gevinst_sdk::periods::Period;
use gevinst_sdk::{Error, Host, Row};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::config::{Fresh, Market as Config};
use crate::drops::{self, Count};
use crate::funnel::check_name;
use crate::person::BadRow;
use crate::search_console::{BRAND_CLICKS, BRAND_SEARCHES, SearchConsole};

/// The arm for which the series are reported.
pub(crate) const MARKET_ARM: &str = "market";

/// The market's series.
pub(crate) struct Market {
    config: Config,
    console: Option<SearchConsole>,
}

/// From a metric and a day to its count.
type Series = BTreeMap<(String, Date), u64>;

impl Market {
    pub(crate) fn open(config: &Config, host: &Host) -> Result<Self, Error> {
        for name in config.files.iter().flat_map(|files| files.series.keys()) {
            check_name(&format!("/market/files/series/{name}"), name)?;
        }
        let console =
            config.search_console.as_ref().map(|config| SearchConsole::open(config, host)).transpose()?;
        Ok(Self { config: config.clone(), console })
    }

    /// Asks for a day, to see whether the token is good.
    pub(crate) fn check(&self, now_us: i64, zone: &TimeZone) -> Result<(), Error> {
        let Some(console) = &self.console else { return Ok(()) };
        let today = date_of(now_us, zone)?;
        console.days(today, today).map(drop)
    }

    /// Rows of the metrics that a series has, for the days that it has.
    pub(crate) fn rows(
        &self,
        arm: u32,
        metrics: &[(u32, &str)],
        periods: &[Period],
        zone: &TimeZone,
        count: &mut Count<'_>,
    ) -> Result<Vec<Row>, Error> {
        let (Some(first), Some(last)) = (periods.first(), periods.last()) else { return Ok(Vec::new()) };
        let mut series = Series::new();
        self.read_files(zone, count, &mut series)?;
        let wanted = |name: &str| metrics.iter().any(|(_, metric)| *metric == name);
        if let Some(console) =
            self.console.as_ref().filter(|_| wanted(BRAND_SEARCHES) || wanted(BRAND_CLICKS))
        {
            let days = console.days(date_of(first.start_us, zone)?, date_of(last.start_us, zone)?)?;
            for (day, impressions, clicks) in days {
                series.insert((BRAND_SEARCHES.to_owned(), day), impressions);
                series.insert((BRAND_CLICKS.to_owned(), day), clicks);
            }
        }
        let mut rows = Vec::new();
        for period in periods {
            let day = date_of(period.start_us, zone)?;
            for (code, metric) in metrics {
                if let Some(number) = series.get(&((*metric).to_owned(), day)) {
                    rows.push(Row::count(period.start_us, arm, *code, *number));
                }
            }
        }
        Ok(rows)
    }

    /// Later files, by name, correct earlier ones.
    fn read_files(&self, zone: &TimeZone, count: &mut Count<'_>, series: &mut Series) -> Result<(), Error> {
        let Some(files) = &self.config.files else { return Ok(()) };
        let mut needed = vec![files.date.as_str()];
        needed.extend(files.series.values().map(String::as_str));
        for drop in drops::list("/market/files/folder", &files.folder, Fresh::Name, zone)? {
            drops::read(&drop, files.separator, &needed, count, |cells| {
                let bad = |column: &str, expected: &str| BadRow {
                    column: column.to_owned(),
                    expected: expected.to_owned(),
                };
                let day: Date = cells
                    .get(&files.date)
                    .and_then(|text| text.trim().parse().ok())
                    .ok_or_else(|| bad(&files.date, "expected a day such as 2026-11-03"))?;
                for (metric, column) in &files.series {
                    let text = cells.get(column).unwrap_or_default().trim();
                    if text.is_empty() {
                        continue;
                    }
                    let number = text.parse().ok().filter(|number| *number <= 1_000_000_000_000_000);
                    let number = number.ok_or_else(|| bad(column, "expected a whole number"))?;
                    series.insert((metric.clone(), day), number);
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

fn date_of(at_us: i64, zone: &TimeZone) -> Result<Date, Error> {
    let at = Timestamp::from_microsecond(at_us)
        .map_err(|_| Error::bad_request("/from_us", "outside the calendar"))?;
    Ok(at.to_zoned(zone.clone()).date())
}
