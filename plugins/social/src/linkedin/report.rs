//! `adAnalytics`: what is asked, in slices that cannot be cut, and what the rows say.
//!
//! A report has no pages and is cut without a word at 15,000 rows, one row a campaign and day. So the span is sliced
//! by days, and a slice that comes back as large as the limit is refused rather than believed.

use gevinst_sdk::Error;
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::wire::{Analytics, FIELDS, id_of, urn};
use crate::config::LeadFrom;
use crate::platform::{Day, Figure, Metric};
use crate::restli::{Value, query};

/// Where LinkedIn cuts.
pub(crate) const ROWS_MAX: usize = 15_000;
/// Campaigns of one report: their urns make a query of about 45 kB.
pub(crate) const CAMPAIGNS_MAX: usize = 1_000;

/// The slices of a span of dates for so many campaigns.
pub(crate) fn slices(campaigns: usize, first: Date, last: Date) -> Vec<(Date, Date)> {
    let days = ((ROWS_MAX - 1) / campaigns.max(1)).clamp(1, 366);
    let step = i64::try_from(days).unwrap_or(1);
    let mut slices = Vec::new();
    let mut start = first;
    while start <= last {
        let end = start.saturating_add((step - 1).days()).min(last);
        slices.push((start, end));
        let Ok(next) = end.checked_add(1.day()) else { break };
        start = next;
    }
    slices
}

/// The query of one slice.
pub(crate) fn slice_query(ids: &[String], first: Date, last: Date) -> String {
    let date = |date: Date| {
        Value::Map(vec![
            ("year", i64::from(date.year()).into()),
            ("month", i64::from(date.month()).into()),
            ("day", i64::from(date.day()).into()),
        ])
    };
    query(
        &[
            ("q", "analytics".into()),
            ("pivot", Value::Map(vec![("value", "CAMPAIGN".into())])),
            ("timeGranularity", Value::Map(vec![("value", "DAILY".into())])),
            ("dateRange", Value::Map(vec![("start", date(first)), ("end", date(last))])),
            ("campaigns", Value::texts(ids.iter().map(|id| urn("sponsoredCampaign", id)))),
        ],
        &FIELDS,
    )
}

/// One campaign's day.
pub(crate) fn day(row: &Analytics, lead_from: LeadFrom, digits: u32) -> Result<Day, Error> {
    let start = &row.date_range.start;
    let date = Date::new(start.year, start.month, start.day)
        .map_err(|error| Error::unavailable(format!("a report's row has no possible date: {error}")))?;
    let id = match row.pivot_values.as_slice() {
        [urn] => id_of(urn).to_owned(),
        other => {
            let message = format!("a report's row of {date} is of {} campaigns, not of one", other.len());
            return Err(Error::unavailable(message));
        }
    };
    let leads = match lead_from {
        LeadFrom::Forms => row.one_click_leads,
        LeadFrom::Website => row.external_website_conversions,
        LeadFrom::WebsiteAfterClick => row.external_website_post_click_conversions,
    };
    let mut figures = Vec::new();
    for (metric, count) in [
        (Metric::Impressions, row.impressions),
        (Metric::Clicks, row.clicks),
        (Metric::LandingPageClicks, row.landing_page_clicks),
        (Metric::Lead, leads),
        (Metric::Conversion, row.external_website_conversions),
    ] {
        if let Some(count) = count {
            let count = u64::try_from(count)
                .map_err(|_| Error::unavailable(format!("campaign {id} has {count} {metric:?} on {date}")))?;
            figures.push((metric, Figure::Count(count)));
        }
    }
    let sums = [
        (Metric::Spend, row.cost_in_local_currency),
        (Metric::Value, row.conversion_value_in_local_currency),
    ];
    for (metric, amount) in sums {
        if let Some(amount) = amount {
            let minor = amount
                .to_minor(digits)
                .map_err(|error| Error::unavailable(format!("campaign {id} on {date}: {error}")))?;
            // Tiny negatives such as -2E-18 round to zero; a real one is no cost.
            if minor < 0 {
                let message = format!("campaign {id} has a {metric:?} of {amount} on {date}");
                return Err(Error::unavailable(message));
            }
            figures.push((metric, Figure::Minor(minor)));
        }
    }
    Ok(Day { id, date, figures })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use serde_json::json;

    fn row(cost: &str) -> Analytics {
        serde_json::from_value(json!({
            "clicks": 100, "impressions": 19_090, "pivotValues": ["urn:li:sponsoredCampaign:1111"],
            "costInLocalCurrency": cost, "oneClickLeads": 3, "externalWebsiteConversions": 5,
            "dateRange": { "start": { "month": 1, "day": 2, "year": 2023 }, "end": { "month": 1, "day": 2, "year": 2023 } }
        }))
        .unwrap()
    }

    #[test]
    fn a_documented_row_becomes_a_day() {
        // Protects: costs as texts of decimals, and urns as pivot values.
        let day = day(&row("209.449"), LeadFrom::Forms, 2).unwrap();
        assert_eq!((day.id.as_str(), day.date), ("1111", date(2023, 1, 2)));
        for figure in [
            (Metric::Spend, Figure::Minor(20_945)),
            (Metric::Impressions, Figure::Count(19_090)),
            (Metric::Clicks, Figure::Count(100)),
            (Metric::Lead, Figure::Count(3)),
        ] {
            assert!(day.figures.contains(&figure), "{figure:?} in {:?}", day.figures);
        }
        // What was not told is not a zero.
        assert!(!day.figures.iter().any(|(metric, _)| *metric == Metric::Value));
    }

    #[test]
    fn a_cost_of_almost_nothing_is_nothing_and_a_negative_one_is_refused() {
        // Protects: the scientific notation that was seen once, and spend that would be given back to the purse.
        let tiny = day(&row("-2E-18"), LeadFrom::Website, 2).unwrap();
        assert!(tiny.figures.contains(&(Metric::Spend, Figure::Minor(0))));
        assert!(tiny.figures.contains(&(Metric::Lead, Figure::Count(5))));
        assert!(day(&row("-2.50"), LeadFrom::Forms, 2).is_err());
    }

    #[test]
    fn slices_cover_the_span_once_and_stay_below_the_cut() {
        // Protects: rows that LinkedIn would leave out without a word.
        let (first, last) = (date(2026, 1, 1), date(2026, 12, 31));
        for campaigns in [0, 1, 12, 40, 41, 500, 1_000, 20_000] {
            let slices = slices(campaigns, first, last);
            let mut expected = first;
            for (start, end) in &slices {
                assert_eq!(*start, expected);
                let days = usize::try_from((*end - *start).get_days()).unwrap() + 1;
                assert!(days * campaigns < ROWS_MAX || days == 1, "{days} days of {campaigns}");
                expected = end.tomorrow().unwrap();
            }
            assert_eq!(slices.last().unwrap().1, last);
        }
        assert_eq!(slices(12, first, first), [(first, first)]);
    }
}
