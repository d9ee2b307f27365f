//! What a platform answered.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::secret::Blots;
use crate::{Failure, retry};

/// The longest part of an unknown body that a message repeats, in characters.
const QUOTE_MAX: usize = 300;

/// An answer: status, headers, body, and what it answers. Its `Debug` tells neither headers nor body.
#[derive(Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The request's method and path, for messages.
    pub place: String,
    /// The body.
    pub body: Vec<u8>,
    headers: Vec<(String, String)>,
    blots: Blots,
}

impl Answer {
    pub(crate) fn new(
        place: String,
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
        blots: Blots,
    ) -> Self {
        Self { status, place, body, headers, blots }
    }

    /// The first header of a name, in whatever case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as JSON of a type.
    ///
    /// # Errors
    /// [`Failure::Lost`]: an answer that cannot be read says as little as none.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| Failure::Lost {
            place: self.place.clone(),
            // What the parser quotes of the body may hold a secret.
            reason: self
                .blots
                .over(format!("the answer (status {}) is not the expected JSON: {error}", self.status)),
        })
    }

    /// The body as any JSON, if it is.
    pub fn value(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// How long the platform asks to wait: the largest of what its headers say.
    ///
    /// Understood are `Retry-After` (seconds, or a date that is compared with `now_us`), `rate-limit-msec-left` and
    /// `x-business-use-case-usage` (minutes in `estimated_time_to_regain_access`).
    pub fn wait_hint(&self, now_us: i64) -> Option<Duration> {
        let seconds = self.header("retry-after").and_then(|text| retry_after(text, now_us));
        let msec = self.header("rate-limit-msec-left").and_then(|text| text.trim().parse().ok());
        let minutes = self.header("x-business-use-case-usage").and_then(regain_minutes);
        [seconds, msec.map(Duration::from_millis), minutes.map(|m| Duration::from_secs(60 * m))]
            .into_iter()
            .flatten()
            .max()
            .map(|hint| hint.min(retry::HINT_MAX))
    }

    /// The body for a message: one line, cut; markup is not quoted.
    pub(crate) fn quote(&self) -> String {
        let text = self.blots.over(String::from_utf8_lossy(&self.body).into_owned());
        let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.is_empty() {
            return "no text".to_owned();
        }
        if line.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype"))
            || line.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("<html"))
        {
            return "a web page".to_owned();
        }
        line.chars().take(QUOTE_MAX).collect()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: status {}", self.place, self.status)
    }
}

/// Seconds, or a date as HTTP writes it.
fn retry_after(text: &str, now_us: i64) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    let now = Timestamp::from_microsecond(now_us).ok()?;
    Some(at.duration_since(now).try_into().unwrap_or(Duration::ZERO))
}

/// The longest of the minutes that the header tells, over all accounts and kinds of calls.
fn regain_minutes(text: &str) -> Option<u64> {
    let usage: Value = serde_json::from_str(text).ok()?;
    let uses = usage.as_object()?.values().filter_map(Value::as_array).flatten();
    uses.filter_map(|one| one.get("estimated_time_to_regain_access")?.as_u64()).filter(|m| *m > 0).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: &[(&str, &str)], body: &str) -> Answer {
        let headers = headers.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Answer::new("GET /x".to_owned(), 429, headers, body.as_bytes().to_vec(), Blots::default())
    }

    /// Protects the vendors' hints: too early a retry is one more refusal.
    #[test]
    fn hints_are_understood() {
        // Sun, 22 Nov 2026 12:00:00 UTC.
        let now_us = 1_795_348_800_000_000;
        let hint = |name, value| answer(&[(name, value)], "").wait_hint(now_us);
        assert_eq!(hint("Retry-After", "17"), Some(Duration::from_secs(17)));
        assert_eq!(hint("Retry-After", "Sun, 22 Nov 2026 12:01:00 GMT"), Some(Duration::from_secs(60)));
        assert_eq!(hint("Retry-After", "Sun, 22 Nov 2026 11:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(hint("Retry-After", "soon"), None);
        assert_eq!(hint("Rate-Limit-Msec-Left", "1500"), Some(Duration::from_millis(1500)));
        let usage = r#"{"1":[{"type":"ads_management","call_count":100,"estimated_time_to_regain_access":5},
                        {"estimated_time_to_regain_access":0}]}"#;
        assert_eq!(hint("x-business-use-case-usage", usage), Some(Duration::from_secs(300)));
        assert_eq!(hint("Retry-After", "99999999999"), Some(retry::HINT_MAX));
    }

    /// Protects messages from pages of markup.
    #[test]
    fn bodies_are_quoted_shortly() {
        assert_eq!(answer(&[], "<!DOCTYPE html><p>x").quote(), "a web page");
        assert_eq!(answer(&[], " a \n b ").quote(), "a b");
        assert_eq!(answer(&[], "").quote(), "no text");
        assert_eq!(answer(&[], &"ø".repeat(999)).quote().chars().count(), 300);
    }
}
