//! Taboola's campaign summary by day.

use std::collections::BTreeMap;

use gevinst_http::{Call, Decimal, days};
use gevinst_sdk::Error;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;

use super::{Taboola, text};
use crate::arms;
use crate::observe::{Calendar, Figures, Report};

/// Rows of one page.
const PAGE_ROWS: usize = 1_000;
/// More pages are taken for a platform that always answers with the same one.
const PAGES_MAX: usize = 1_000;

#[derive(Deserialize)]
struct Answered {
    #[serde(rename = "last-used-rawdata-update-time")]
    updated: Option<String>,
    #[serde(rename = "last-used-rawdata-update-time-gmt-millisec")]
    updated_ms: Option<i64>,
    timezone: Option<String>,
    results: Vec<Row>,
    #[serde(rename = "recordCount")]
    record_count: Option<usize>,
}

#[derive(Deserialize)]
struct Row {
    date: String,
    campaign: Value,
    #[serde(default)]
    clicks: u64,
    #[serde(default)]
    impressions: u64,
    spent: Decimal,
    #[serde(default)]
    cpa_actions_num: Option<Decimal>,
    #[serde(default)]
    conversions_value: Option<Decimal>,
    #[serde(default)]
    currency: Option<String>,
}

impl Taboola {
    /// The figures of campaigns by day. `ids` has the arm's code for each of them.
    pub(super) fn report(
        &mut self,
        ids: &BTreeMap<String, u32>,
        asked: &[Date],
        calendar: &Calendar,
    ) -> Result<Report, Error> {
        let now_us = self.host.now_us();
        let today = days::date_of(now_us, &calendar.account)?;
        // Asked even when no day is: how fresh the data is stands in the answer.
        let from = asked.first().copied().unwrap_or(today).min(today);
        let to = asked.last().copied().unwrap_or(today).min(today);
        let path = self.path("/reports/campaign-summary/dimensions/campaign_day_breakdown");
        let mut report = Report { complete_until_us: now_us, ..Report::default() };
        let mut seen = 0;
        for page in 1..=PAGES_MAX {
            let call = || {
                Call::get(&path)
                    .query("start_date", from.to_string())
                    .query("end_date", to.to_string())
                    .query("page", page.to_string())
                    .query("page_size", PAGE_ROWS.to_string())
            };
            let answer = self.api.read(call).map_err(|failure| failure.of_read())?;
            let answered: Answered = answer.json().map_err(|failure| failure.of_read())?;
            if let Some(told) = &answered.timezone {
                check_days(told, &calendar.account, from, to, now_us)?;
            }
            report.complete_until_us = report.complete_until_us.min(complete(&answered, calendar)?);
            let rows = answered.results.len();
            for row in answered.results {
                self.take(row, ids, &mut report)?;
            }
            seen += rows;
            // Without a page's full length, or with all that there are, it was the last.
            if rows < PAGE_ROWS || answered.record_count.is_some_and(|all| seen >= all) {
                return Ok(report);
            }
        }
        Err(Error::unavailable(format!("the report has more than {PAGES_MAX} pages")))
    }

    fn take(&self, row: Row, ids: &BTreeMap<String, u32>, report: &mut Report) -> Result<(), Error> {
        let Some(&arm) = ids.get(&text(&row.campaign)) else { return Ok(()) };
        if let Some(currency) = row.currency.filter(|currency| *currency != self.currency) {
            return Err(arms::other_currency(&currency, &self.currency));
        }
        let day = row.date.get(..10).and_then(|date| date.parse().ok());
        let day: Date =
            day.ok_or_else(|| Error::unavailable(format!("the report has a day `{}`", row.date)))?;
        let whole = row.cpa_actions_num.unwrap_or(Decimal::ZERO).to_minor(0);
        let conversions = whole.ok().and_then(|count| u64::try_from(count).ok());
        let figures = Figures {
            spend: row.spent,
            impressions: row.impressions,
            clicks: row.clicks,
            conversions: conversions
                .ok_or_else(|| Error::unavailable("the report has a number of actions that is none"))?,
            value: row.conversions_value.unwrap_or(Decimal::ZERO),
        };
        let before = report.days.get(&(arm, day)).copied().unwrap_or(Figures::ZERO);
        report.days.insert((arm, day), before.plus(figures)?);
        Ok(())
    }
}

/// The moment until which a report's data is complete.
fn complete(answered: &Answered, calendar: &Calendar) -> Result<i64, Error> {
    if let Some(ms) = answered.updated_ms {
        return Ok(ms.saturating_mul(1_000));
    }
    let local = answered.updated.as_deref().and_then(|text| text.parse::<DateTime>().ok());
    local
        .and_then(|local| local.to_zoned(calendar.account.clone()).ok())
        .map(|at| at.timestamp().as_microsecond())
        .ok_or_else(|| Error::unavailable("the report does not say how fresh its data is"))
}

/// Whether a report's timezone, told as an abbreviation, can be that of the account's days: it must be what that zone is
/// called at the report's first or last day, or now.
fn check_days(told: &str, account: &TimeZone, from: Date, to: Date, now_us: i64) -> Result<(), Error> {
    let moments = [days::start_us(from, account)?, days::start_us(to, account)?, now_us];
    let is_called = |at_us: &i64| {
        Timestamp::from_microsecond(*at_us).is_ok_and(|at| account.to_offset_info(at).abbreviation() == told)
    };
    let is_named = account.iana_name() == Some(told);
    if is_named || moments.iter().any(is_called) { Ok(()) } else { Err(other_days(told)) }
}

/// The refusal of an account whose days are not those that the configuration says.
pub(super) fn other_days(told: &str) -> Error {
    let message = format!(
        "the platform reports days of `{told}`; state the account's timezone as `account_timezone`, an IANA name such as \
         `America/New_York`"
    );
    Error::bad_config("/account_timezone", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects days from being another zone's: the abbreviation must be the account's own at these dates.
    #[test]
    fn a_reports_days_are_checked() {
        let (from, to) = (jiff::civil::date(2026, 11, 1), jiff::civil::date(2026, 11, 7));
        let is_fine = |told: &str, zone: &str| {
            let zone = TimeZone::get(zone).unwrap();
            check_days(told, &zone, from, to, days::start_us(to, &zone).unwrap()).is_ok()
        };
        assert!(is_fine("CET", "Europe/Oslo"));
        assert!(is_fine("EST", "America/New_York"));
        // The clock is put back on the first of November there.
        assert!(is_fine("EDT", "America/New_York"));
        assert!(is_fine("EST", "EST"));
        assert!(is_fine("Europe/Oslo", "Europe/Oslo"));
        assert!(!is_fine("EST", "Europe/Oslo"));
        assert!(!is_fine("CEST", "Europe/Oslo"));
    }
}
