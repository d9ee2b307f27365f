//! From a platform's days to rows.
//!
//! A day is reported when it is over both for the company and for the platform's data; then, and only then, what is missing
//! in the platform's report is a zero. A later report of the same day replaces it.

use std::collections::BTreeMap;

use gevinst_http::{Decimal, days};
use gevinst_sdk::wire::{Grain, ObserveRequest};
use gevinst_sdk::{Error, Observations, Row};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The figures of a campaign on one of the platform's days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Major units.
    pub(crate) spend: Decimal,
    pub(crate) impressions: u64,
    pub(crate) clicks: u64,
    pub(crate) conversions: u64,
    /// Major units.
    pub(crate) value: Decimal,
}

impl Figures {
    pub(crate) const ZERO: Self =
        Self { spend: Decimal::ZERO, impressions: 0, clicks: 0, conversions: 0, value: Decimal::ZERO };

    /// Both together.
    ///
    /// # Errors
    /// An amount that is too large.
    pub(crate) fn plus(self, other: Self) -> Result<Self, Error> {
        let sum = |a: Decimal, b: Decimal| a.plus(b).map_err(|error| Error::internal(error.to_string()));
        Ok(Self {
            spend: sum(self.spend, other.spend)?,
            impressions: self.impressions.saturating_add(other.impressions),
            clicks: self.clicks.saturating_add(other.clicks),
            conversions: self.conversions.saturating_add(other.conversions),
            value: sum(self.value, other.value)?,
        })
    }
}

/// What a platform reported.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// By the arm's code in the request and the platform's day.
    pub(crate) days: BTreeMap<(u32, Date), Figures>,
    /// All that happened before this moment is in it, in µs UTC.
    pub(crate) complete_until_us: i64,
}

/// How days are told apart.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    /// The company's timezone, and its name.
    pub(crate) company: TimeZone,
    pub(crate) company_name: String,
    /// The account's.
    pub(crate) account: TimeZone,
}

impl Calendar {
    /// Reads both timezones, and refuses accounts whose days are not the company's unless that is accepted.
    ///
    /// # Errors
    /// A bad configuration at `/timezone` or `/account_timezone`.
    pub(crate) fn new(config: &crate::Config, now_us: i64) -> Result<Self, Error> {
        let company = days::zone("/timezone", &config.timezone)?;
        let account = match &config.account_timezone {
            Some(name) => days::zone("/account_timezone", name)?,
            None => company.clone(),
        };
        if !config.accept_timezone && !days::same_days(&company, &account, now_us)? {
            let message = format!(
                "the account's days are not the company's ({}); set the account's timezone on the platform, or say \
                 `accept_timezone = true` and live with figures that are off by these hours",
                config.timezone
            );
            return Err(Error::bad_config("/account_timezone", message));
        }
        Ok(Self { company, company_name: config.timezone.clone(), account })
    }

    /// The days that a request asks for.
    ///
    /// # Errors
    /// A bad request for hours, for another timezone's days or for a backward span.
    pub(crate) fn asked(&self, request: &ObserveRequest) -> Result<Vec<Date>, Error> {
        if request.grain != Grain::Day {
            return Err(Error::bad_request("/grain", "this channel reports by day"));
        }
        if request.timezone != self.company_name {
            let message = format!("the channel was opened for days of {}", self.company_name);
            return Err(Error::bad_request("/timezone", message));
        }
        if request.from_us > request.to_us {
            return Err(Error::bad_request("/to_us", "the end is before the start"));
        }
        days::between(request.from_us, request.to_us, &self.company)
    }

    /// Whether a day is over, for the company at `now_us` and for the platform's data.
    fn is_over(&self, day: Date, complete_until_us: i64, now_us: i64) -> Result<bool, Error> {
        let after = days::next(day)?;
        Ok(days::start_us(after, &self.company)? <= now_us
            && days::start_us(after, &self.account)? <= complete_until_us)
    }

    /// The moment until which every day is over.
    fn fresh_until_us(&self, from: Date, complete_until_us: i64, now_us: i64) -> Result<i64, Error> {
        let mut day = from;
        while self.is_over(day, complete_until_us, now_us)? {
            day = days::next(day)?;
        }
        // Days before the request are over when the first one of it is not; what is asked for decides.
        Ok(days::start_us(day, &self.company)?.min(now_us))
    }
}

/// Which metrics a channel knows, by name.
#[derive(Clone, Copy, Debug)]
enum Metric {
    Spend,
    Impressions,
    Clicks,
    Conversions,
    Value,
}

impl Metric {
    /// None for a metric that the platform says nothing about: its rows are missing, which is not zero.
    fn of(name: &str, goals: &[String]) -> Option<Self> {
        Some(match name {
            "spend" => Self::Spend,
            "impressions" => Self::Impressions,
            "clicks" => Self::Clicks,
            "conversion_value" => Self::Value,
            "conversion" => Self::Conversions,
            _ if goals.iter().any(|goal| goal == name) => Self::Conversions,
            _ => return None,
        })
    }
}

/// The rows of a report: each of the days asked for that is over, from the day on that an arm was there.
///
/// # Errors
/// An amount that no budget buys.
pub(crate) fn rows(
    calendar: &Calendar,
    request: &ObserveRequest,
    report: &Report,
    since: &BTreeMap<u32, Date>,
    (goals, digits): (&[String], u32),
    now_us: i64,
) -> Result<Observations, Error> {
    let asked = calendar.asked(request)?;
    let known = request.metrics.iter().filter_map(|one| Some((one.code, Metric::of(&one.name, goals)?)));
    let metrics: Vec<(u32, Metric)> = known.collect();
    let minor = |amount: Decimal| {
        amount
            .to_minor(digits)
            // Less than nothing is spent where a platform takes back more than the day's; a day cannot have earned it.
            .map(|minor| minor.max(0))
            .map_err(|error| Error::internal(format!("the platform reported {error}")))
    };
    let mut rows = Vec::new();
    for &day in &asked {
        if !calendar.is_over(day, report.complete_until_us, now_us)? {
            break;
        }
        let start_us = days::start_us(day, &calendar.company)?;
        for arm in &request.arms {
            let reported = report.days.get(&(arm.code, day)).copied();
            let was_there = since.get(&arm.code).is_some_and(|first| *first <= day);
            let Some(figures) = reported.or_else(|| was_there.then_some(Figures::ZERO)) else { continue };
            for &(metric, what) in &metrics {
                rows.push(match what {
                    Metric::Spend => Row::amount(start_us, arm.code, metric, minor(figures.spend)?),
                    Metric::Value => Row::amount(start_us, arm.code, metric, minor(figures.value)?),
                    Metric::Impressions => Row::count(start_us, arm.code, metric, figures.impressions),
                    Metric::Clicks => Row::count(start_us, arm.code, metric, figures.clicks),
                    Metric::Conversions => Row::count(start_us, arm.code, metric, figures.conversions),
                });
            }
        }
    }
    let from = days::date_of(request.from_us, &calendar.company)?;
    let fresh = calendar.fresh_until_us(from, report.complete_until_us, now_us)?;
    Ok(Observations::new(rows, None, fresh))
}
