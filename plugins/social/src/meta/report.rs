//! Insights: what is asked, and what the rows say.
//!
//! One row an ad set and day. Spend is in major units, numbers are texts, and of the overlapping action types one counts
//! (see `actions`). Meta restates for 28 days and books what happens off its own places on the day of the conversion:
//! a day's leads from a website may belong to an earlier day's ad.

use gevinst_http::Decimal;
use gevinst_sdk::Error;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::json;

use super::actions::{LEAD, PURCHASE, Tiers};
use super::wire::whole;
use crate::config::Meta;
use crate::platform::{Day, Figure, Metric};

/// What is asked of every row.
const FIELDS: &str =
    "adset_id,impressions,clicks,inline_link_clicks,spend,actions,action_values,account_currency";

/// The parameters of a report.
pub(crate) fn parameters(ids: &[String], first: Date, last: Date) -> Vec<(&'static str, String)> {
    vec![
        ("level", "adset".to_owned()),
        ("time_increment", "1".to_owned()),
        ("time_range", format!(r#"{{"since":"{first}","until":"{last}"}}"#)),
        ("action_attribution_windows", r#"["7d_click","1d_view"]"#.to_owned()),
        ("use_unified_attribution_setting", "true".to_owned()),
        ("filtering", json!([{ "field": "adset.id", "operator": "IN", "value": ids }]).to_string()),
        ("limit", "500".to_owned()),
        ("fields", FIELDS.to_owned()),
    ]
}

/// A report that Meta prepares.
#[derive(Debug, Deserialize)]
pub(crate) struct Run {
    pub(crate) report_run_id: String,
}

/// How far it is.
#[derive(Debug, Deserialize)]
pub(crate) struct Progress {
    #[serde(default)]
    pub(crate) async_status: String,
    #[serde(default)]
    pub(crate) async_percent_completion: u8,
}

/// A row.
#[derive(Debug, Deserialize)]
pub(crate) struct Insights {
    pub(crate) adset_id: String,
    pub(crate) date_start: Date,
    pub(crate) date_stop: Date,
    #[serde(default)]
    pub(crate) account_currency: Option<String>,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) impressions: Option<i64>,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) inline_link_clicks: Option<i64>,
    #[serde(default)]
    pub(crate) spend: Option<Decimal>,
    #[serde(default)]
    pub(crate) actions: Option<Vec<Action>>,
    #[serde(default)]
    pub(crate) action_values: Option<Vec<Action>>,
}

/// An action type with its number or its sum.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Action {
    pub(crate) action_type: String,
    pub(crate) value: Decimal,
}

/// Which actions count as what.
pub(crate) struct Counted {
    lead: Which,
    conversion: Which,
}

enum Which {
    Tiers(Tiers),
    One(String),
}

impl Counted {
    pub(crate) fn of(own: &Meta) -> Self {
        let which = |named: &Option<String>, tiers| named.clone().map_or(Which::Tiers(tiers), Which::One);
        Self { lead: which(&own.lead_action, LEAD), conversion: which(&own.conversion_action, PURCHASE) }
    }
}

impl Which {
    /// The value that counts, in units of 10^-`digits`.
    fn counted(&self, actions: &[Action], digits: u32) -> Result<Option<i64>, gevinst_http::DecimalError> {
        let values: Vec<(String, i64)> = actions
            .iter()
            .map(|action| Ok((action.action_type.clone(), action.value.to_minor(digits)?)))
            .collect::<Result<_, _>>()?;
        Ok(match self {
            Self::Tiers(tiers) => tiers.counted(&values).copied(),
            Self::One(name) => values.iter().find(|(found, _)| found == name).map(|(_, value)| *value),
        })
    }
}

/// One ad set's day.
pub(crate) fn day(row: &Insights, counted: &Counted, currency: &str, digits: u32) -> Result<Day, Error> {
    let (id, date) = (&row.adset_id, row.date_start);
    let wrong = |what: String| Error::unavailable(format!("ad set {id} on {date}: {what}"));
    if row.date_stop != date {
        return Err(wrong(format!("a row of several days, until {}", row.date_stop)));
    }
    if let Some(other) = row.account_currency.as_ref().filter(|other| *other != currency) {
        return Err(wrong(format!("amounts in `{other}`, the account's currency is `{currency}`")));
    }
    let actions = row.actions.as_deref().unwrap_or_default();
    let values = row.action_values.as_deref().unwrap_or_default();
    let of = |which: &Which, actions: &[Action], digits| {
        which.counted(actions, digits).map_err(|error| wrong(error.to_string()))
    };
    let mut figures = Vec::new();
    for (metric, count) in [
        (Metric::Impressions, row.impressions),
        (Metric::Clicks, row.inline_link_clicks),
        // A day that is reported lists the actions that there were: what it does not list did not happen.
        (Metric::Lead, of(&counted.lead, actions, 0)?.or(Some(0))),
        (Metric::Conversion, of(&counted.conversion, actions, 0)?.or(Some(0))),
    ] {
        if let Some(count) = count {
            let count = u64::try_from(count).map_err(|_| wrong(format!("{count} {metric:?}")))?;
            figures.push((metric, Figure::Count(count)));
        }
    }
    let spend = row.spend.map(|spend| spend.to_minor(digits)).transpose();
    for (metric, minor) in [
        (Metric::Spend, spend.map_err(|error| wrong(error.to_string()))?),
        (Metric::Value, of(&counted.conversion, values, digits)?.or(Some(0))),
    ] {
        if let Some(minor) = minor {
            if minor < 0 {
                return Err(wrong(format!("a {metric:?} of {minor} minor units")));
            }
            figures.push((metric, Figure::Minor(minor)));
        }
    }
    Ok(Day { id: id.clone(), date, figures })
}

/// Spans of dates still to be asked for; one that is too large is put back as two.
pub(crate) struct Halves(Vec<(Date, Date)>);

impl Halves {
    pub(crate) fn new(first: Date, last: Date) -> Self {
        Self(if first <= last { vec![(first, last)] } else { Vec::new() })
    }

    /// Puts a span of several days back as two, the earlier to be asked for first.
    pub(crate) fn halve(&mut self, first: Date, last: Date) {
        let days = i64::from((last - first).get_days());
        let middle = first.saturating_add((days / 2).days());
        if let Ok(after) = middle.tomorrow() {
            self.0.push((after, last));
        }
        self.0.push((first, middle));
    }
}

impl Iterator for Halves {
    type Item = (Date, Date);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn counted() -> Counted {
        Counted { lead: Which::Tiers(LEAD), conversion: Which::Tiers(PURCHASE) }
    }

    fn row(actions: serde_json::Value) -> Insights {
        serde_json::from_value(json!({
            "account_currency": "USD", "adset_id": "121", "clicks": "9", "inline_link_clicks": "7",
            "impressions": "185", "spend": "14.35", "actions": actions,
            "date_start": "2023-06-01", "date_stop": "2023-06-01"
        }))
        .unwrap()
    }

    #[test]
    fn a_documented_row_becomes_a_day() {
        // Protects: numbers as texts, spend in major units, link clicks instead of all clicks.
        let row = row(json!([{ "action_type": "lead", "value": "3", "7d_click": "3" },
                             { "action_type": "offsite_conversion.fb_pixel_lead", "value": "3" }]));
        let day = day(&row, &counted(), "USD", 2).unwrap();
        assert_eq!((day.id.as_str(), day.date), ("121", date(2023, 6, 1)));
        let want = [
            (Metric::Impressions, Figure::Count(185)),
            (Metric::Clicks, Figure::Count(7)),
            (Metric::Lead, Figure::Count(3)),
            (Metric::Conversion, Figure::Count(0)),
            (Metric::Spend, Figure::Minor(1_435)),
            (Metric::Value, Figure::Minor(0)),
        ];
        assert_eq!(day.figures, want);
    }

    #[test]
    fn a_named_action_counts_alone() {
        // Protects: accounts whose lead is a conversion of their own making.
        let row = row(json!([{ "action_type": "lead", "value": "3" },
                             { "action_type": "offsite_conversion.custom.77", "value": "2" }]));
        let own = Counted { lead: Which::One("offsite_conversion.custom.77".to_owned()), ..counted() };
        let day = day(&row, &own, "USD", 2).unwrap();
        assert!(day.figures.contains(&(Metric::Lead, Figure::Count(2))));
    }

    #[test]
    fn amounts_in_another_currency_and_rows_of_several_days_are_refused() {
        // Protects: sums of different things.
        assert!(day(&row(json!([])), &counted(), "EUR", 2).is_err());
        let mut week = row(json!([]));
        week.date_stop = date(2023, 6, 7);
        assert!(day(&week, &counted(), "USD", 2).is_err());
    }

    #[test]
    fn halves_cover_the_span_once() {
        // Protects: days lost or counted twice when Meta asks for less.
        let (first, last) = (date(2026, 11, 1), date(2026, 11, 30));
        let mut spans = Halves::new(first, last);
        let mut expected = first;
        while let Some((start, end)) = spans.next() {
            if (end - start).get_days() >= 4 {
                spans.halve(start, end);
                continue;
            }
            assert_eq!(start, expected);
            expected = end.tomorrow().unwrap();
        }
        assert_eq!(expected, last.tomorrow().unwrap());
    }
}
