//! Observations: from a platform's days to rows of the company's, and until when they are known.
//!
//! Every request is answered with all days of its span anew, since platforms restate for weeks; there is no cursor.
//! A day that is not there is left out, unless it lies behind the freshness mark: then an arm that was there has shown nothing, and
//! rows of zero say so. The mark passes a day only when the day is over, its lag too, and something proves that the reports can be read at all. An empty report may
//! mean no activity or no permission; then nothing after the day on which the first arm was made is called known.

use std::collections::BTreeMap;

use gevinst_http::Fence;
use gevinst_http::days::{next, zone};
use gevinst_sdk::wire::{Grain, ObserveRequest};
use gevinst_sdk::{Error, Host, Level, Observations, Row};
use jiff::civil::Date;

use crate::config::Settings;
use crate::days::Days;
use crate::desk::name;
use crate::platform::{Day, Figure, Metric, Platform, named};

/// How long the newest days, when no arm has a row of them, are waited for before they count as days without activity.
const SILENCE_US: i64 = 36 * 3_600_000_000;

/// An arm of the request with its object.
struct Watched {
    code: u32,
    id: String,
    /// When its object was made, in µs UTC, where the platform tells.
    made_us: Option<i64>,
}

/// Answers a request.
pub(crate) fn observe(
    host: &Host,
    settings: &Settings,
    fence: &Fence,
    platform: &mut dyn Platform,
    request: &ObserveRequest,
) -> Result<Observations, Error> {
    if request.grain != Grain::Day {
        return Err(Error::unsupported("this channel reports days"));
    }
    let company = zone("/timezone", &request.timezone)?;
    let days = Days::new(company, platform.account()?.zone);
    let known = known_dates(host, settings, &days, request)?;
    let (Some(first), Some(last)) = (known.first().copied(), known.last().copied()) else {
        return Ok(Observations::new([], None, request.from_us.min(host.now_us())));
    };
    accept_days(settings, &days, first)?;
    let watched = watched(fence, platform, request)?;
    let ids: Vec<String> = watched.iter().map(|arm| arm.id.clone()).collect();
    let report = if ids.is_empty() { Vec::new() } else { platform.report(&ids, first, last)? };
    let mut rows = BTreeMap::new();
    for day in &report {
        let Some(arm) = watched.iter().find(|arm| arm.id == day.id) else { continue };
        if known.binary_search(&day.date).is_err() {
            continue;
        }
        add_rows(&mut rows, request, &days, arm.code, day)?;
    }
    let fresh_until_us = fresh_until(host, &days, &known, &watched, &report)?;
    add_quiet_days(&mut rows, request, &days, &watched, &known, fresh_until_us)?;
    Ok(Observations::new(rows.into_values(), None, fresh_until_us.min(host.now_us())))
}

/// Until when the platform's silence about a day means that nothing happened.
fn fresh_until(
    host: &Host,
    days: &Days,
    known: &[Date],
    watched: &[Watched],
    report: &[Day],
) -> Result<i64, Error> {
    let (Some(first), Some(last)) = (known.first().copied(), known.last().copied()) else {
        return Ok(i64::MIN);
    };
    // An object of which the platform does not tell when it was made may have run from the first day.
    let start_us = days.start_us(first)?;
    let Some(made_us) = watched.iter().map(|arm| arm.made_us.unwrap_or(start_us)).min() else {
        // Nothing was made: nothing can have been shown.
        return days.start_us(next(last)?);
    };
    let ran = days.platform_date(made_us)?.max(first);
    let Some(newest) = report.iter().map(|day| day.date).max() else {
        if ran <= last {
            let message = format!(
                "nothing was reported since {ran}, when the first arm was made: \
                 it has not been shown yet, or the token may not read reports"
            );
            host.log(Level::Warn, message);
        }
        return days.start_us(ran.min(next(last)?));
    };
    // Reports can be read. The newest days without any row may still be on their way.
    let waits_us = host.now_us() - SILENCE_US;
    let mut until = last;
    while until > newest && days.over_us(until)? > waits_us {
        let Ok(before) = until.yesterday() else { break };
        until = before;
    }
    days.start_us(next(until)?)
}

/// The dates of the request that are over, and of which the platform has had time to tell.
fn known_dates(
    host: &Host,
    settings: &Settings,
    days: &Days,
    request: &ObserveRequest,
) -> Result<Vec<Date>, Error> {
    let told_us = host.now_us() - settings.report_lag_us;
    let mut dates = days.dates(request.from_us, request.to_us)?;
    for at in 0..dates.len() {
        if days.over_us(dates[at])? > told_us {
            dates.truncate(at);
            break;
        }
    }
    Ok(dates)
}

/// Refuses days that are not the company's, unless they are accepted.
pub(crate) fn accept_days(settings: &Settings, days: &Days, first: Date) -> Result<(), Error> {
    match days.apart(first)? {
        Some(apart) if !settings.accept_timezone => {
            let message =
                format!("{apart}; with `accept_timezone = true` they are booked under the company's dates");
            Err(Error::bad_config("/accept_timezone", message))
        }
        _ => Ok(()),
    }
}

/// The arms of the request that the platform has.
fn watched(
    fence: &Fence,
    platform: &mut dyn Platform,
    request: &ObserveRequest,
) -> Result<Vec<Watched>, Error> {
    let listed = platform.list()?;
    let mut watched = Vec::new();
    for arm in &request.arms {
        // By its number where it is known: a person may have given it another name.
        let (known, since_us) = fence.known(&request.experiment, &arm.name)?;
        let known = known.and_then(|id| listed.iter().find(|one| one.id == id));
        let found = match known {
            Some(found) => Some(found),
            None => named(&listed, &name(&request.experiment, &arm.name))?,
        };
        if let Some(found) = found {
            let made_us = found.made_us.or(since_us);
            watched.push(Watched { code: arm.code, id: found.id.clone(), made_us });
        }
    }
    Ok(watched)
}

type Rows = BTreeMap<(i64, u32, u32), Row>;

/// Adds what a day tells; the platform's later word on the same day and metric replaces the earlier.
fn add_rows(
    rows: &mut Rows,
    request: &ObserveRequest,
    days: &Days,
    arm: u32,
    day: &Day,
) -> Result<(), Error> {
    let start_us = days.start_us(day.date)?;
    for coded in &request.metrics {
        let Some(metric) = Metric::of(&coded.name) else { continue };
        let Some((_, figure)) = day.figures.iter().find(|(told, _)| *told == metric) else { continue };
        let row = match *figure {
            Figure::Count(count) => Row::count(start_us, arm, coded.code, count),
            Figure::Minor(minor) => Row::amount(start_us, arm, coded.code, minor),
        };
        rows.insert((start_us, arm, coded.code), row);
    }
    Ok(())
}

/// Adds zeros for the days behind the freshness mark of which the platform has no row of an arm that was there.
fn add_quiet_days(
    rows: &mut Rows,
    request: &ObserveRequest,
    days: &Days,
    watched: &[Watched],
    known: &[Date],
    fresh_until_us: i64,
) -> Result<(), Error> {
    for arm in watched {
        for &date in known {
            let (start_us, end_us) = (days.start_us(date)?, days.start_us(next(date)?)?);
            let was_there = arm.made_us.is_none_or(|made_us| made_us < end_us);
            let told = rows.range((start_us, arm.code, 0)..=(start_us, arm.code, u32::MAX)).next().is_some();
            if end_us > fresh_until_us || !was_there || told {
                continue;
            }
            let quiet = |metric| match metric {
                Metric::Spend | Metric::Value => Figure::Minor(0),
                _ => Figure::Count(0),
            };
            let figures = Metric::ALL.map(|(metric, _)| (metric, quiet(metric))).to_vec();
            add_rows(rows, request, days, arm.code, &Day { id: arm.id.clone(), date, figures })?;
        }
    }
    Ok(())
}
