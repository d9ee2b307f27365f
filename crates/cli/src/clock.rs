//! The one place that reads the clock.

use jiff::Timestamp;

use crate::failure::{Failure, Kind};

/// The present moment in µs UTC: as stated, or the clock's.
pub(crate) fn now_us(stated: Option<&str>) -> Result<i64, Failure> {
    match stated {
        None => Ok(Timestamp::now().as_microsecond()),
        Some(text) => text.parse::<Timestamp>().map(Timestamp::as_microsecond).map_err(|_| {
            Failure::new(Kind::Usage, format!("`{text}` is not a moment"))
                .hint("write it as 2026-11-14T08:00:00Z or 2026-11-14T09:00:00+01:00")
        }),
    }
}
