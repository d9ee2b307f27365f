//! Searches for the company's name, by day, from Google Search Console.
//!
//! Days without a search are left out of the answer, and the newest days come days later: a day that is missing is not a zero.
//! Days are Pacific ones there; they are reported as the local day of the same date, which is off by some hours.

use gevinst_http::{Base, Call, Client, Settings, segment};
use gevinst_sdk::{Error, Host};
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::config::SearchConsole as Config;
use crate::google::Google;

/// How often the name was searched for and a page of the company was shown.
pub(crate) const BRAND_SEARCHES: &str = "brand_searches";
/// How often it was then clicked.
pub(crate) const BRAND_CLICKS: &str = "brand_clicks";
/// Rows of an answer: far more than days that are ever asked for.
const ROWS_MAX: u32 = 25_000;

/// A site with its token.
pub(crate) struct SearchConsole {
    client: Client,
    google: Google,
    path: String,
    brand: String,
}

impl SearchConsole {
    pub(crate) fn open(config: &Config, host: &Host) -> Result<Self, Error> {
        let base = Base::parse("/market/search_console/base_url", &config.base_url)?;
        let client = Client::new(Settings::new("Search Console", base), host.clone())?;
        let google = Google::open(config, &client, host)?;
        let path = format!("/webmasters/v3/sites/{}/searchAnalytics/query", segment(&config.site));
        Ok(Self { client, google, path, brand: config.brand.clone() })
    }

    /// Impressions and clicks of the days that have some, from the first to the last of a span.
    pub(crate) fn days(&self, first: Date, last: Date) -> Result<Vec<(Date, u64, u64)>, Error> {
        let filter = json!({ "dimension": "query", "operator": "includingRegex", "expression": self.brand });
        let body = json!({
            "startDate": first.to_string(),
            "endDate": last.to_string(),
            "dimensions": ["date"],
            "dimensionFilterGroups": [{ "filters": [filter] }],
            "rowLimit": ROWS_MAX,
            "dataState": "final",
        });
        // A question, although it is a POST.
        let answer = self.google.send(&self.client, || Call::post(&self.path).repeatable().json(&body))?;
        let wrong = || Error::unavailable("Search Console answered with something that is not days");
        let answer = answer.value().ok_or_else(wrong)?;
        // Without a single day the list itself is missing.
        let Some(rows) = answer.get("rows") else { return Ok(Vec::new()) };
        rows.as_array()
            .ok_or_else(wrong)?
            .iter()
            .map(|row| {
                let day = row.pointer("/keys/0").and_then(Value::as_str).and_then(|day| day.parse().ok());
                let number = |key: &str| row.get(key).and_then(whole);
                Some((day?, number("impressions")?, number("clicks")?))
            })
            .collect::<Option<_>>()
            .ok_or_else(wrong)
    }
}

/// A count, which the platform writes as a number with or without a fraction of zero.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded before")]
fn whole(value: &Value) -> Option<u64> {
    let number = value.as_f64()?;
    (number.fract() == 0.0 && (0.0..=1e15).contains(&number)).then_some(number as u64)
}
