//! Meta's hints on how much of its limits is used, before it refuses.
//!
//! Every answer tells in headers what share of a limit was used up, in percent; at 100 the next calls are refused for
//! minutes. From [`CAREFUL`] on the next call waits a little, longer the less is left. How long to wait after a refusal is
//! told in other ways and is the client's matter.

use std::time::Duration;

use gevinst_http::Answer;
use serde_json::Value;

/// From this share on calls are slowed down, in percent.
const CAREFUL: u64 = 80;
/// The wait for each percent beyond that.
const PER_PERCENT: Duration = Duration::from_millis(200);
/// Headers that tell shares.
const HEADERS: [&str; 4] =
    ["x-app-usage", "x-ad-account-usage", "x-business-use-case-usage", "x-fb-ads-insights-throttle"];
/// Fields of theirs that are shares in percent.
const SHARES: [&str; 6] =
    ["call_count", "total_time", "total_cputime", "acc_id_util_pct", "app_id_util_pct", "util_pct"];

/// How long to wait before the next call.
pub(crate) fn pause(answer: &Answer) -> Option<Duration> {
    let used = HEADERS.iter().filter_map(|name| answer.header(name)).filter_map(largest_share).max()?;
    let beyond = used.min(100).checked_sub(CAREFUL)?;
    Some(PER_PERCENT * u32::try_from(beyond + 1).unwrap_or(u32::MAX))
}

/// The largest share in a header: plain, or by account and kind of call.
fn largest_share(text: &str) -> Option<u64> {
    fn largest(value: &Value) -> Option<u64> {
        match value {
            Value::Object(fields) => fields
                .iter()
                .filter_map(
                    |(name, value)| {
                        if SHARES.contains(&name.as_str()) { whole(value) } else { largest(value) }
                    },
                )
                .max(),
            Value::Array(values) => values.iter().filter_map(largest).max(),
            _ => None,
        }
    }
    largest(&serde_json::from_str(text).ok()?)
}

/// A share as a whole number; some come as `28`, some as `9.67`.
fn whole(share: &Value) -> Option<u64> {
    let text = share.to_string();
    text.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_found_in_every_form() {
        // Protects: the account from minutes of refusals; shares of 100 in one place and 5 in another.
        for (text, want) in [
            (r#"{"call_count":28,"total_time":25,"total_cputime":25}"#, Some(28)),
            (r#"{"acc_id_util_pct":96.67}"#, Some(96)),
            (
                r#"{"app_id_util_pct":100,"acc_id_util_pct":10,"ads_api_access_tier":"standard_access"}"#,
                Some(100),
            ),
            (
                r#"{"111":[{"type":"ads_insights","call_count":5,"total_time":7},{"call_count":88}]}"#,
                Some(88),
            ),
            (r#"{"estimated_time_to_regain_access":5}"#, None),
            ("nonsense", None),
        ] {
            assert_eq!(largest_share(text), want, "{text}");
        }
    }
}
