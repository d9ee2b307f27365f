//! HubSpot's contacts or deals, page by page.
//!
//! `GET /crm/v3/objects/{object}` lists everything with the properties that are asked for; the search endpoint is not used,
//! for it ends at 10,000 records. What is read is known until the moment the reading began.

use std::time::Duration;

use gevinst_http::{Base, Call, Client, Pace, Secret, Settings, segment};
use gevinst_sdk::{Error, Host};
use serde_json::Value;

use crate::config::{Columns, HubSpot as Config};

/// What a private app may send in [`PERIOD`], a little less than that: others may use the same account.
const REQUESTS: u32 = 80;
/// See [`REQUESTS`].
const PERIOD: Duration = Duration::from_secs(10);
/// Records a page: HubSpot's largest.
const PAGE: &str = "100";
/// More pages are no small company's; better told than waited for.
const PAGES_MAX: usize = 20_000;

/// An account with its token.
pub(crate) struct HubSpot {
    client: Client,
    token: Secret,
    object: String,
    properties: String,
}

impl HubSpot {
    pub(crate) fn open(config: &Config, host: &Host) -> Result<Self, Error> {
        if !matches!(config.object.as_str(), "contacts" | "deals") {
            return Err(Error::bad_config("/hubspot/object", "expected `contacts` or `deals`"));
        }
        let base = Base::parse("/hubspot/base_url", &config.base_url)?;
        let pace = Some(Pace::new(REQUESTS, PERIOD));
        let client = Client::new(Settings { pace, ..Settings::new("HubSpot", base) }, host.clone())?;
        let token = Secret::named(host, &config.token)?;
        client.hide(&token);
        let properties = asked(&config.properties).join(",");
        Ok(Self { client, token, object: config.object.clone(), properties })
    }

    /// Asks for one record: enough to know whether the token is good and the object may be read.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.page("1", None).map(drop)
    }

    /// Hands the properties of every record to `take`, with a number to name it by.
    pub(crate) fn read(&self, mut take: impl FnMut(u64, &Value)) -> Result<(), Error> {
        let (mut after, mut number) = (None, 0);
        for _ in 0..PAGES_MAX {
            let page = self.page(PAGE, after.as_deref())?;
            let wrong =
                || Error::unavailable("HubSpot answered with something that is not a page of records");
            for record in page.get("results").and_then(Value::as_array).ok_or_else(wrong)? {
                number += 1;
                if record.get("archived").and_then(Value::as_bool) != Some(true) {
                    take(number, record);
                }
            }
            let next = page.pointer("/paging/next/after").and_then(Value::as_str);
            match next {
                None => return Ok(()),
                Some(next) if Some(next) == after.as_deref() => return Err(wrong()),
                Some(next) => after = Some(next.to_owned()),
            }
        }
        Err(Error::unavailable(format!("HubSpot has more than {PAGES_MAX} pages of {}", self.object)))
    }

    fn page(&self, limit: &str, after: Option<&str>) -> Result<Value, Error> {
        let path = format!("/crm/v3/objects/{}", segment(&self.object));
        let mut call = Call::get(path).query("limit", limit).query("properties", &self.properties);
        if let Some(after) = after {
            call = call.query("after", after);
        }
        let answer = self.client.send(call.bearer(&self.token)).map_err(|failure| failure.of_read())?;
        // Not through typed JSON, whose errors quote what they found: a person's data.
        answer.value().ok_or_else(|| Error::unavailable("HubSpot answered with something that is not JSON"))
    }
}

/// A record's property, or one of the times and numbers that every record has.
pub(crate) fn cell<'r>(record: &'r Value, property: &str) -> Option<&'r str> {
    let own = record.pointer("/properties").and_then(|properties| properties.get(property));
    let general = || match property {
        "id" | "hs_object_id" => record.get("id"),
        "createdAt" | "updatedAt" => record.get(property),
        _ => None,
    };
    own.and_then(Value::as_str).or_else(|| general().and_then(Value::as_str))
}

/// Every property that is asked for, once.
fn asked(columns: &Columns) -> Vec<&str> {
    let one = [&columns.id, &columns.created, &columns.arm];
    let some = [
        &columns.updated,
        &columns.first_touch,
        &columns.link,
        &columns.stage,
        &columns.score,
        &columns.value,
        &columns.currency,
        &columns.answered,
    ];
    let some = some.into_iter().filter_map(Option::as_ref);
    let all = one.into_iter().chain(some).chain(&columns.experiment).chain(&columns.click_id);
    let mut asked: Vec<&str> = all.map(String::as_str).collect();
    asked.sort_unstable();
    asked.dedup();
    asked
}
