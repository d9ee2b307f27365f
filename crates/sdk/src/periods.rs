//! The periods that a request asks for: local days or hours, whole ones, over ones.
//!
//! Days begin at local midnight in the request's timezone and have 23 or 25 hours when the clocks change; where
//! midnight itself is skipped, at the first moment of the day. A period that is not over is never among them: what
//! an exposure brings is only known when all of it was bought.

use gevinst_abi::Error;
use gevinst_abi::wire::{Grain, ObserveRequest};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

const HOUR_US: i64 = 3_600_000_000;

/// One period, in µs UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first moment: the `period_start_us` of its rows.
    pub start_us: i64,
    /// The first moment after it.
    pub end_us: i64,
}

/// The whole periods in `from_us..to_us` that are over at `now_us`, in order.
///
/// ```
/// # use gevinst_sdk::{periods, wire::{Grain, ObserveRequest}};
/// # let request = ObserveRequest { experiment: String::new(), arms: vec![], metrics: vec![], grain: Grain::Day,
/// #     timezone: "Europe/Oslo".into(), from_us: 1_792_792_800_000_000, to_us: 1_793_491_200_000_000, cursor: None };
/// // From 24 October 2026, 00:00 in Oslo; the clocks go back on the 25th.
/// let now_us = request.from_us + 60 * 3_600_000_000;
/// let days = periods::whole(&request, now_us)?;
/// let hours: Vec<i64> = days.iter().map(|day| (day.end_us - day.start_us) / 3_600_000_000).collect();
/// assert_eq!(hours, [24, 25]);
/// # Ok::<(), gevinst_sdk::Error>(())
/// ```
///
/// # Errors
/// A bad request, for a timezone or a time that is none.
pub fn whole(request: &ObserveRequest, now_us: i64) -> Result<Vec<Period>, Error> {
    let mut day = at(request, request.from_us)?.start_of_day().map_err(outside)?;
    let until_us = request.to_us.min(now_us);
    let mut periods = Vec::new();
    while start_us(&day) < until_us {
        let next = day.tomorrow().and_then(|next| next.start_of_day()).map_err(outside)?;
        let (first_us, end_us) = (start_us(&day), start_us(&next));
        let length_us = match request.grain {
            Grain::Day => end_us - first_us,
            Grain::Hour => HOUR_US,
        };
        let mut start_us = first_us;
        while start_us < end_us {
            // The last hour of a day that the clocks made half an hour shorter ends with it.
            let period = Period { start_us, end_us: (start_us + length_us).min(end_us) };
            if period.start_us >= request.from_us && period.end_us <= until_us {
                periods.push(period);
            }
            start_us = period.end_us;
        }
        day = next;
    }
    Ok(periods)
}

/// The local day of a moment, such as `2026-11-03`: how platforms name the days of their reports.
///
/// ```
/// # use gevinst_sdk::{periods, wire::{Grain, ObserveRequest}};
/// # let request = ObserveRequest { experiment: String::new(), arms: vec![], metrics: vec![], grain: Grain::Day,
/// #     timezone: "Europe/Oslo".into(), from_us: 1_793_487_600_000_000, to_us: 1_793_574_000_000_000, cursor: None };
/// let days = periods::whole(&request, i64::MAX)?;
/// assert_eq!(periods::date(&request, days[0].start_us)?, "2026-11-01"); // 23:00 UTC of the day before
/// # Ok::<(), gevinst_sdk::Error>(())
/// ```
///
/// # Errors
/// A bad request, for a timezone or a time that is none.
pub fn date(request: &ObserveRequest, at_us: i64) -> Result<String, Error> {
    Ok(at(request, at_us)?.date().to_string())
}

/// A moment on the request's clocks.
fn at(request: &ObserveRequest, at_us: i64) -> Result<Zoned, Error> {
    let zone = TimeZone::get(&request.timezone)
        .map_err(|_| Error::bad_request("/timezone", format!("no timezone `{}`", request.timezone)))?;
    Ok(Timestamp::from_microsecond(at_us).map_err(outside)?.to_zoned(zone))
}

fn outside(_: jiff::Error) -> Error {
    Error::bad_request("/from_us", "outside the calendar")
}

fn start_us(day: &Zoned) -> i64 {
    day.timestamp().as_microsecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(timezone: &str, grain: Grain, from: &str, to: &str) -> ObserveRequest {
        let us = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
        ObserveRequest {
            experiment: "e".to_owned(),
            arms: Vec::new(),
            metrics: Vec::new(),
            grain,
            timezone: timezone.to_owned(),
            from_us: us(from),
            to_us: us(to),
            cursor: None,
        }
    }

    /// Protects the ledger's periods on the two days of the year that have not 24 hours.
    #[test]
    fn days_follow_the_clocks() {
        let spring = request("Europe/Oslo", Grain::Day, "2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z");
        let lengths = |request: &ObserveRequest| -> Vec<i64> {
            let periods = whole(request, i64::MAX).unwrap();
            periods.iter().map(|period| (period.end_us - period.start_us) / HOUR_US).collect()
        };
        assert_eq!(lengths(&spring), [24, 23, 24]);
        let hours = ObserveRequest { grain: Grain::Hour, ..spring };
        assert_eq!(lengths(&hours).len(), 71);
        // At midnight itself: in Santiago the day that the clocks go forward begins at one.
        let skipped = request("America/Santiago", Grain::Day, "2026-09-05T04:00:00Z", "2026-09-07T03:00:00Z");
        assert_eq!(lengths(&skipped), [24, 23]);
    }

    /// Protects against periods that began before the request or are not over.
    #[test]
    fn only_whole_periods_are_given() {
        let request = request("UTC", Grain::Day, "2026-11-01T00:00:01Z", "2026-11-05T12:00:00Z");
        let periods = whole(&request, request.to_us).unwrap();
        let day = 24 * HOUR_US;
        let first = request.from_us - 1_000_000 + day;
        let starts: Vec<i64> = periods.iter().map(|period| period.start_us).collect();
        assert_eq!(starts, [first, first + day, first + 2 * day]);
        let now = first + day;
        assert_eq!(whole(&request, now).unwrap().len(), 1, "a period that ends now is over");
        assert_eq!(whole(&request, now - 1).unwrap().len(), 0);
        let empty = ObserveRequest { to_us: request.from_us, ..request };
        assert_eq!(whole(&empty, i64::MAX).unwrap(), []);
    }

    /// Protects against a panic in place of a refusal.
    #[test]
    fn what_is_no_time_is_refused_by_its_field() {
        let good = request("UTC", Grain::Day, "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z");
        let bad = ObserveRequest { timezone: "Mars/Olympus".to_owned(), ..good.clone() };
        assert_eq!(whole(&bad, 0).unwrap_err().field, "/timezone");
        let bad = ObserveRequest { from_us: i64::MIN, ..good };
        assert_eq!(whole(&bad, i64::MAX).unwrap_err().field, "/from_us");
    }
}
