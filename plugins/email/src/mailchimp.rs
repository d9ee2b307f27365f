//! Mailchimp's Marketing API 3.0, as far as a mailing needs it: a list of people, a campaign, its content, one send, its reports.
//!
//! Every request that changes something is sent at most once; whether one whose answer was lost was carried out is found by
//! reading, by names that follow from what is sent. Addresses and network addresses that reports hold go no further than
//! this file.

use std::collections::BTreeSet;

use gevinst_http::{Answer, Base, Call, Client, Failure, Fate, Secret, Settings, Vendor, Wait, segment};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::config;
use crate::error::Error;

/// The largest page that Mailchimp gives.
const PAGE: usize = 1_000;
/// People that one request may add to a segment or take out of it.
const MEMBERS_MAX: usize = 500;
/// Pages that are read of anything: five million people.
const PAGES_MAX: usize = 5_000;

/// An account, and the audience that is written to.
pub(crate) struct Mailchimp {
    client: Client,
    key: Secret,
    audience: String,
}

/// A campaign as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Campaign {
    pub(crate) id: String,
    pub(crate) status: String,
    #[serde(default)]
    settings: Titled,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct Titled {
    #[serde(default)]
    title: String,
}

/// A campaign that is to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewCampaign<'a> {
    pub(crate) title: &'a str,
    pub(crate) segment: u64,
    pub(crate) subject: &'a str,
    pub(crate) from_name: &'a str,
    pub(crate) reply_to: &'a str,
}

/// What somebody's message came to, as a report has it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Addressee {
    pub(crate) email_address: String,
    /// `sent`, `hard` or `soft`.
    #[serde(default)]
    pub(crate) status: String,
}

/// What somebody did.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Doer {
    pub(crate) email_address: String,
    #[serde(default)]
    pub(crate) activity: Vec<Activity>,
}

/// One thing that somebody did. Where they were (`ip`) is not read.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Activity {
    pub(crate) action: String,
    pub(crate) timestamp: Timestamp,
    #[serde(default)]
    pub(crate) url: String,
}

#[derive(Deserialize)]
struct Segment {
    id: u64,
    name: String,
}

impl core::fmt::Debug for Mailchimp {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Mailchimp({})", self.audience)
    }
}

impl Mailchimp {
    /// An account by its key, whose end names the data centre.
    ///
    /// # Errors
    /// [`Error::Secret`] for a key without one, and what is wrong with the configuration.
    pub(crate) fn new(config: &config::Mailchimp, key: String, wait: Box<dyn Wait>) -> Result<Self, Error> {
        let base = match &config.base_url {
            Some(url) => url.clone(),
            None => format!("https://{}.api.mailchimp.com/3.0", data_centre(&key)?),
        };
        let base = Base::parse("/mailchimp/base_url", &base)?;
        let settings = Settings { vendor: Vendor { fate, message }, ..Settings::new("Mailchimp", base) };
        let client = Client::waiting_by(settings, wait)?;
        let key = Secret::new(key);
        client.hide(&key);
        Ok(Self { client, key, audience: config.audience.clone() })
    }

    /// Whether the key is good and the audience there. Changes nothing.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let path = self.of_audience("");
        self.client.send(self.sign(Call::get(path)).query("fields", "id")).map_err(read)?;
        Ok(())
    }

    /// The segment of a name.
    pub(crate) fn segment_named(&self, name: &str) -> Result<Option<u64>, Error> {
        let query = [("type", "static"), ("fields", "segments.id,segments.name")];
        let all: Vec<Segment> = self.pages(&self.of_audience("/segments"), &query, "segments")?;
        Ok(all.into_iter().find(|one| one.name == name).map(|one| one.id))
    }

    /// Makes a segment without anybody in it.
    pub(crate) fn create_segment(&self, name: &str) -> Result<u64, Error> {
        let body = json!({ "name": name, "static_segment": [] });
        let call = self.sign(Call::post(self.of_audience("/segments"))).json(&body);
        let made: Segment = self.client.send(call).and_then(|answer| answer.json()).map_err(write)?;
        Ok(made.id)
    }

    /// The addresses in a segment, in lower case.
    pub(crate) fn members(&self, id: u64) -> Result<BTreeSet<String>, Error> {
        let path = self.of_audience(&format!("/segments/{id}/members"));
        let all: Vec<Addressee> = self.pages(&path, &[("fields", "members.email_address")], "members")?;
        Ok(all.into_iter().map(|one| one.email_address.to_lowercase()).collect())
    }

    /// Puts addresses into a segment and takes others out. Doing it twice changes nothing; who is not in the audience is
    /// left out by Mailchimp.
    pub(crate) fn change_members(&self, id: u64, add: &[&str], remove: &[&str]) -> Result<(), Error> {
        for (key, addresses) in [("members_to_add", add), ("members_to_remove", remove)] {
            for some in addresses.chunks(MEMBERS_MAX) {
                let call = Call::post(self.of_audience(&format!("/segments/{id}")));
                let call = self.sign(call).repeatable().json(&json!({ key: some }));
                self.client.send(call).map_err(read)?;
            }
        }
        Ok(())
    }

    /// The audience's campaign of a title, of those that were made since a moment.
    pub(crate) fn campaign_titled(&self, title: &str, since_us: i64) -> Result<Option<Campaign>, Error> {
        let since = moment(since_us);
        let query = [
            ("list_id", self.audience.as_str()),
            ("since_create_time", &since),
            ("fields", "campaigns.id,campaigns.status,campaigns.settings.title"),
        ];
        let all: Vec<Campaign> = self.pages("/campaigns", &query, "campaigns")?;
        Ok(all.into_iter().find(|one| one.settings.title == title))
    }

    /// Makes a campaign to a segment; opens are not counted.
    pub(crate) fn create_campaign(&self, new: NewCampaign<'_>) -> Result<String, Error> {
        let body = json!({
            "type": "regular",
            "recipients": { "list_id": self.audience, "segment_opts": { "saved_segment_id": new.segment } },
            "settings": {
                "title": new.title, "subject_line": new.subject, "from_name": new.from_name, "reply_to": new.reply_to,
            },
            "tracking": { "opens": false, "html_clicks": true, "text_clicks": false },
        });
        let call = self.sign(Call::post("/campaigns")).json(&body);
        let made: Campaign = self.client.send(call).and_then(|answer| answer.json()).map_err(write)?;
        Ok(made.id)
    }

    /// A campaign, if it is there.
    pub(crate) fn campaign(&self, id: &str) -> Result<Option<Campaign>, Error> {
        let call = self.sign(Call::get(format!("/campaigns/{}", segment(id))));
        match self.client.send(call.query("fields", "id,status")) {
            Ok(answer) => Ok(Some(answer.json().map_err(read)?)),
            Err(failure) if failure.status() == Some(404) => Ok(None),
            Err(failure) => Err(read(failure)),
        }
    }

    /// Says what a campaign says; whatever it said before is replaced.
    pub(crate) fn set_content(&self, id: &str, html: &str, text: &str) -> Result<(), Error> {
        let call = self.sign(Call::put(format!("/campaigns/{}/content", segment(id)))).repeatable();
        self.client.send(call.json(&json!({ "html": html, "plain_text": text }))).map_err(read)?;
        Ok(())
    }

    /// Why a campaign cannot be sent as it is; nothing when it can.
    pub(crate) fn not_ready(&self, id: &str) -> Result<Option<String>, Error> {
        let path = format!("/campaigns/{}/send-checklist", segment(id));
        let answer = self.client.send(self.sign(Call::get(path))).map_err(read)?;
        let checklist: Value = answer.json().map_err(read)?;
        if checklist["is_ready"] == true {
            return Ok(None);
        }
        let items = checklist["items"].as_array().into_iter().flatten();
        let told: Vec<String> = items
            .filter(|item| item["type"] == "error")
            .filter_map(|item| item["heading"].as_str().or(item["details"].as_str()))
            .map(str::to_owned)
            .collect();
        Ok(Some(if told.is_empty() { "the platform does not say why".to_owned() } else { told.join("; ") }))
    }

    /// Sends a campaign.
    pub(crate) fn send(&self, id: &str) -> Result<(), Failure> {
        self.client.send(self.sign(Call::post(format!("/campaigns/{}/actions/send", segment(id))))).map(drop)
    }

    /// The reports of the account's campaigns that were sent since a moment: id and summary, a short text that differs when
    /// the report does.
    pub(crate) fn summaries(&self, since_us: i64) -> Result<Vec<(String, String)>, Error> {
        let since = moment(since_us);
        let fields = "reports.id,reports.emails_sent,reports.abuse_reports,reports.unsubscribed,reports.bounces,\
                      reports.clicks.clicks_total,reports.clicks.unique_subscriber_clicks,reports.clicks.last_click";
        let query = [("since_send_time", since.as_str()), ("fields", fields)];
        let all: Vec<Value> = self.pages("/reports", &query, "reports")?;
        let id = |report: &Value| report["id"].as_str().unwrap_or_default().to_owned();
        Ok(all.into_iter().map(|report| (id(&report), report.to_string())).collect())
    }

    /// Whom a campaign was sent to, and whether it came back.
    pub(crate) fn sent_to(&self, id: &str) -> Result<Vec<Addressee>, Error> {
        let query = [("fields", "sent_to.email_address,sent_to.status")];
        self.pages(&self.of_report(id, "sent-to"), &query, "sent_to")
    }

    /// Who left by a campaign.
    pub(crate) fn unsubscribed(&self, id: &str) -> Result<Vec<Addressee>, Error> {
        let query = [("fields", "unsubscribes.email_address")];
        self.pages(&self.of_report(id, "unsubscribed"), &query, "unsubscribes")
    }

    /// Who called a campaign unwanted.
    pub(crate) fn complained(&self, id: &str) -> Result<Vec<Addressee>, Error> {
        let query = [("fields", "abuse_reports.email_address")];
        self.pages(&self.of_report(id, "abuse-reports"), &query, "abuse_reports")
    }

    /// What people did with a campaign, with the moments of it.
    pub(crate) fn activity(&self, id: &str) -> Result<Vec<Doer>, Error> {
        let fields =
            "emails.email_address,emails.activity.action,emails.activity.timestamp,emails.activity.url";
        self.pages(&self.of_report(id, "email-activity"), &[("fields", fields)], "emails")
    }

    /// All items of a list, page by page.
    fn pages<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        key: &str,
    ) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        for page in 0..PAGES_MAX {
            let call =
                query.iter().fold(self.sign(Call::get(path)), |call, (name, value)| call.query(name, value));
            let call = call.query("count", PAGE.to_string()).query("offset", (page * PAGE).to_string());
            let answer = self.client.send(call).map_err(read)?;
            let mut body: Value = answer.json().map_err(read)?;
            let items: Vec<T> = serde_json::from_value(body[key].take()).map_err(|_| {
                // What the parser quotes may be an address.
                Error::Platform(gevinst_sdk::Error::unavailable(format!(
                    "Mailchimp: the answer to {path} has no list `{key}` of the expected form"
                )))
            })?;
            let is_last = items.len() < PAGE;
            all.extend(items);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    fn sign(&self, call: Call) -> Call {
        call.basic("gevinst", &self.key)
    }

    fn of_audience(&self, path: &str) -> String {
        format!("/lists/{}{path}", segment(&self.audience))
    }

    fn of_report(&self, id: &str, part: &str) -> String {
        format!("/reports/{}/{part}", segment(id))
    }
}

fn read(failure: Failure) -> Error {
    Error::Platform(failure.of_read())
}

fn write(failure: Failure) -> Error {
    Error::Platform(failure.of_write())
}

/// A moment as Mailchimp's queries have it.
fn moment(us: i64) -> String {
    let at = Timestamp::from_microsecond(us).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// The data centre at a key's end, such as `us21`.
fn data_centre(key: &str) -> Result<&str, Error> {
    let centre = key.rsplit_once('-').map_or("", |(_, centre)| centre);
    let digits = centre.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let is_one = (2..=4).contains(&(centre.len() - digits.len()))
        && (1..=3).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_one {
        return Ok(centre);
    }
    Err(Error::Secret(
        "the key of Mailchimp names no data centre; expected one that ends like `-us21`".to_owned(),
    ))
}

/// Under load Mailchimp refuses with a bare 403 as well as with 429: without its error document it is no refusal of the key.
fn fate(answer: &Answer) -> Fate {
    match answer.status {
        403 if message(answer).is_none() => Fate::RateLimited(None),
        _ => Fate::by_status(answer),
    }
}

/// `title: detail` and the fields at fault, of an error document (RFC 7807).
fn message(answer: &Answer) -> Option<String> {
    let body = answer.value()?;
    let title = body["title"].as_str()?;
    let detail = body["detail"].as_str().unwrap_or_default();
    let fields = body["errors"].as_array().into_iter().flatten();
    let fields: Vec<String> =
        fields.map(|error| format!("{}: {}", text(&error["field"]), text(&error["message"]))).collect();
    Some(format!("{title}: {detail} {}", fields.join("; ")).trim().to_owned())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_its_data_centre() {
        // Protects: the key from being sent to a host that its own end would choose, and from being quoted.
        assert_eq!(data_centre("0123456789abcdef0123456789abcdef-us21").unwrap(), "us21");
        for bad in
            ["0123", "0123-", "0123-us", "0123-21", "0123-us21.evil.example/", "0123-us21@evil", "0123-US21"]
        {
            let error = data_centre(bad).unwrap_err().to_string();
            assert!(!error.contains("0123"), "{error}");
        }
    }
}
