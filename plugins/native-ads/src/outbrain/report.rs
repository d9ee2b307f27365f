//! Outbrain's figures by campaign and day.
//!
//! Conversions are booked to the day of their click, as periods are. A day is complete when the platform calls its data
//! final.

use std::collections::BTreeMap;

use gevinst_http::{Call, Decimal, days, segment};
use gevinst_sdk::Error;
use jiff::civil::{Date, DateTime};
use serde::Deserialize;

use super::{Outbrain, PAGES_MAX};
use crate::observe::{Calendar, Figures, Report};

/// Days and campaigns of one page; the platform's own default is 10.
const PAGE: &str = "500";

#[derive(Deserialize)]
struct Freshness {
    #[serde(rename = "finalDataDate")]
    complete: String,
}

#[derive(Deserialize)]
struct Answered {
    #[serde(rename = "campaignResults")]
    campaigns: Vec<OfCampaign>,
    #[serde(rename = "totalCampaigns")]
    total: Option<usize>,
}

#[derive(Deserialize)]
struct OfCampaign {
    #[serde(rename = "campaignId")]
    id: String,
    results: Vec<OfDay>,
}

#[derive(Deserialize)]
struct OfDay {
    metadata: Span,
    metrics: Metrics,
}

#[derive(Deserialize)]
struct Span {
    #[serde(rename = "fromDate")]
    from: String,
    #[serde(rename = "toDate")]
    to: String,
}

#[derive(Deserialize)]
struct Metrics {
    #[serde(default)]
    impressions: u64,
    #[serde(default)]
    clicks: u64,
    #[serde(default)]
    conversions: u64,
    spend: Decimal,
    #[serde(default, rename = "sumValue")]
    value: Option<Decimal>,
}

impl Outbrain {
    /// The figures of campaigns by day. `ids` has the arm's code for each of them.
    pub(super) fn report(
        &mut self,
        ids: &BTreeMap<String, u32>,
        asked: &[Date],
        calendar: &Calendar,
    ) -> Result<Report, Error> {
        let answer =
            self.api.report(|| Call::get("/reports/dataFreshness")).map_err(|failure| failure.of_read())?;
        let fresh: Freshness = answer.json().map_err(|failure| failure.of_read())?;
        // `2023-07-09 00:00:00`, in the account's time.
        let complete = fresh.complete.parse::<DateTime>().ok();
        let complete = complete.and_then(|local| local.to_zoned(calendar.account.clone()).ok());
        let complete = complete.ok_or_else(|| {
            Error::unavailable(format!(
                "the platform's data is final until `{}`, which is no time",
                fresh.complete
            ))
        })?;
        let mut report =
            Report { complete_until_us: complete.timestamp().as_microsecond(), ..Report::default() };
        let (Some(from), Some(last)) = (asked.first(), asked.last()) else { return Ok(report) };
        let today = days::date_of(self.host.now_us(), &calendar.account)?;
        let (from, to) = (*from.min(&today), *last.min(&today));
        let path = format!("/reports/marketers/{}/campaigns/periodic", segment(&self.marketer));
        let mut seen = 0;
        for _ in 0..PAGES_MAX {
            let call = || {
                Call::get(&path)
                    .query("from", from.to_string())
                    .query("to", to.to_string())
                    .query("breakdown", "daily")
                    .query("limit", PAGE)
                    .query("offset", seen.to_string())
                    .query("enabledCampaignsOnly", "false")
                    .query("includeArchivedCampaigns", "true")
                    .query("conversionsByClickDate", "true")
            };
            let answer = self.api.report(call).map_err(|failure| failure.of_read())?;
            let answered: Answered = answer.json().map_err(|failure| failure.of_read())?;
            let count = answered.campaigns.len();
            for campaign in answered.campaigns {
                let Some(&arm) = ids.get(&campaign.id) else { continue };
                for day in campaign.results {
                    take(&mut report, arm, day)?;
                }
            }
            seen += count;
            if count == 0 || answered.total.is_none_or(|total| seen >= total) {
                return Ok(report);
            }
        }
        Err(Error::unavailable(format!("the report has more than {PAGES_MAX} pages")))
    }
}

fn take(report: &mut Report, arm: u32, day: OfDay) -> Result<(), Error> {
    let Span { from, to } = day.metadata;
    let date = from.parse::<Date>().ok().filter(|_| from == to);
    let date =
        date.ok_or_else(|| Error::unavailable(format!("the report has a day from `{from}` to `{to}`")))?;
    let figures = Figures {
        spend: day.metrics.spend,
        impressions: day.metrics.impressions,
        clicks: day.metrics.clicks,
        conversions: day.metrics.conversions,
        value: day.metrics.value.unwrap_or(Decimal::ZERO),
    };
    report.days.insert((arm, date), figures);
    Ok(())
}
