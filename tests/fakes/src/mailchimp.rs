//! A stand-in for Mailchimp's Marketing API 3.0, as far as batches of mail need it.
//!
//! Documented, and kept here: Basic authentication by the key; error documents (RFC 7807); lists of at most 1,000 items a page;
//! static segments, to which at most 500 members are added at a time and which ignore who is not in the audience; a campaign is
//! `save`, then `sending`, then `sent`, is sent to a segment's subscribed members, and can be sent once; the send checklist;
//! reports with whom it was sent to, bounces, people who left, complaints, and activity by person and moment; no header that
//! says how long to wait.
//!
//! Not documented, and chosen: how long a campaign is `sending`, how late a report is, the text of errors other than the
//! documented titles. What people do follows from their address and the campaign's title, and from the beginning of the
//! address: `hard…` and `soft…` bounce, `leaver…` unsubscribes, `angry…` complains, `scanned…` has a scanner that follows all
//! links at once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{Platform, Reply, Request};

const SECOND_US: i64 = 1_000_000;
const HOUR_US: i64 = 3_600 * SECOND_US;
/// The largest page.
const PAGE_MAX: usize = 1_000;
/// The most members that a request may add.
const MEMBERS_MAX: usize = 500;

/// The platform: one account with one audience.
#[derive(Debug)]
pub struct Mailchimp {
    /// The API key.
    pub key: String,
    /// The audience's id.
    pub audience: String,
    /// How late what people do shows in reports, in µs.
    pub lag_us: i64,
    /// How long a campaign is being sent, in µs.
    pub sending_us: i64,
    /// Of a hundred people, how many click in campaigns whose title contains this.
    pub appeal: BTreeMap<String, u64>,
    /// Addresses in lower case, subscribed at first; with the moment at which they stopped being so.
    members: BTreeMap<String, Option<i64>>,
    segments: Vec<(u64, String, BTreeSet<String>)>,
    campaigns: Vec<Campaign>,
    /// Every address that any request brought.
    told: BTreeSet<String>,
    next_id: u64,
}

#[derive(Debug)]
struct Campaign {
    id: String,
    title: String,
    segment: u64,
    html: String,
    created_us: i64,
    sent_us: Option<i64>,
    recipients: Vec<String>,
    events: Vec<Event>,
}

#[derive(Clone, Debug)]
struct Event {
    at_us: i64,
    email: String,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Hard,
    Soft,
    Left,
    Complained,
    Clicked(String),
}

/// The final figures of campaigns, in people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// To whom it was sent.
    pub sent: u64,
    /// Hard bounces.
    pub hard: u64,
    /// Soft bounces.
    pub soft: u64,
    /// People who unsubscribed.
    pub left: u64,
    /// People who complained.
    pub complained: u64,
    /// People who clicked, scanners left out.
    pub clicked: u64,
}

impl Mailchimp {
    /// An account with an audience of subscribed people.
    pub fn new(key: &str, audience: &str, people: impl IntoIterator<Item = String>) -> Self {
        Self {
            key: key.to_owned(),
            audience: audience.to_owned(),
            lag_us: 0,
            sending_us: 0,
            appeal: BTreeMap::new(),
            members: people.into_iter().map(|address| (address.to_lowercase(), None)).collect(),
            segments: Vec::new(),
            campaigns: Vec::new(),
            told: BTreeSet::new(),
            next_id: 100,
        }
    }

    /// Somebody unsubscribes in Mailchimp's own pages.
    pub fn unsubscribe(&mut self, address: &str, at_us: i64) {
        if let Some(until) = self.members.get_mut(&address.to_lowercase()) {
            *until = Some(at_us);
        }
    }

    /// Titles of the campaigns, with whether they were sent.
    pub fn titles(&self) -> Vec<(String, bool)> {
        self.campaigns.iter().map(|one| (one.title.clone(), one.sent_us.is_some())).collect()
    }

    /// How many messages each address was sent.
    pub fn deliveries(&self) -> BTreeMap<String, usize> {
        let mut by = BTreeMap::new();
        for address in self.campaigns.iter().flat_map(|one| &one.recipients) {
            *by.entry(address.clone()).or_default() += 1;
        }
        by
    }

    /// What was sent in campaigns whose title contains a text.
    pub fn sent_html(&self, part: &str) -> Vec<String> {
        let sent = self.campaigns.iter().filter(|one| one.sent_us.is_some() && one.title.contains(part));
        sent.map(|one| one.html.clone()).collect()
    }

    /// Every address that any request brought, in lower case.
    pub fn told(&self) -> &BTreeSet<String> {
        &self.told
    }

    /// The final figures of the campaigns whose title contains a text.
    pub fn outcome(&self, part: &str) -> Outcome {
        let mut sum = Outcome::default();
        for campaign in self.campaigns.iter().filter(|one| one.title.contains(part)) {
            let count = |is: fn(&What) -> bool| campaign.people(is, i64::MAX).len() as u64;
            sum.sent += campaign.recipients.len() as u64;
            sum.hard += count(|what| *what == What::Hard);
            sum.soft += count(|what| *what == What::Soft);
            sum.left += count(|what| *what == What::Left);
            sum.complained += count(|what| *what == What::Complained);
            let clicked = campaign.people(|what| matches!(what, What::Clicked(_)), i64::MAX);
            sum.clicked += clicked.iter().filter(|one| !one.starts_with("scanned")).count() as u64;
        }
        sum
    }

    fn is_subscribed(&self, address: &str, now_us: i64) -> bool {
        self.members.get(address).is_some_and(|until| until.is_none_or(|until| now_us < until))
    }

    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    fn create_segment(&mut self, body: &Value, now_us: i64) -> Reply {
        let Some(name) = body["name"].as_str().filter(|name| (1..=100).contains(&name.chars().count()))
        else {
            return invalid("name", "This value should be a string of 1 to 100 characters");
        };
        if self.segments.iter().any(|(_, known, _)| known == name) {
            return problem(400, "Bad Request", "Sorry, that tag already exists.");
        }
        if !body["static_segment"].is_array() {
            return invalid("static_segment", "This value should be of type array");
        }
        let (id, name) = (self.id(), name.to_owned());
        let members = self.known_of(&body["static_segment"], now_us);
        let count = members.len();
        self.segments.push((id, name.clone(), members));
        Reply::json(200, json!({ "id": id, "name": name, "type": "static", "member_count": count }))
    }

    /// The subscribed ones of a list of addresses.
    fn known_of(&mut self, addresses: &Value, now_us: i64) -> BTreeSet<String> {
        let addresses = addresses.as_array().into_iter().flatten().filter_map(Value::as_str);
        let all: Vec<String> = addresses.map(str::to_lowercase).collect();
        self.told.extend(all.iter().cloned());
        all.into_iter().filter(|address| self.is_subscribed(address, now_us)).collect()
    }

    fn change_segment(&mut self, id: &str, body: &Value, now_us: i64) -> Reply {
        for key in ["members_to_add", "members_to_remove"] {
            if body[key].as_array().is_some_and(|members| members.len() > MEMBERS_MAX) {
                return invalid(key, "This collection should contain 500 elements or less.");
            }
        }
        let add = self.known_of(&body["members_to_add"], now_us);
        let remove = self.known_of(&body["members_to_remove"], now_us);
        let Some((_, _, members)) = self.segments.iter_mut().find(|one| one.0.to_string() == id) else {
            return not_found();
        };
        members.extend(add.iter().cloned());
        members.retain(|member| !remove.contains(member));
        let shown = |all: &BTreeSet<String>| {
            all.iter().map(|one| json!({ "email_address": one })).collect::<Vec<_>>()
        };
        Reply::json(
            200,
            json!({ "members_added": shown(&add), "members_removed": shown(&remove), "errors": [],
                    "total_added": add.len(), "total_removed": remove.len(), "error_count": 0 }),
        )
    }

    fn create_campaign(&mut self, body: &Value, now_us: i64) -> Reply {
        if body["type"] != "regular" {
            return invalid("type", "Value must be one of: regular");
        }
        let recipients = &body["recipients"];
        if recipients["list_id"] != self.audience.as_str() {
            return invalid("recipients.list_id", "The list does not exist");
        }
        let segment = recipients["segment_opts"]["saved_segment_id"].as_u64();
        let Some(segment) = segment.filter(|id| self.segments.iter().any(|one| one.0 == *id)) else {
            return invalid("recipients.segment_opts.saved_segment_id", "The segment does not exist");
        };
        for needed in ["subject_line", "from_name", "reply_to"] {
            if body["settings"][needed].as_str().is_none_or(str::is_empty) {
                return invalid(&format!("settings.{needed}"), "This field is required");
            }
        }
        let id = format!("{:010x}", self.id().wrapping_mul(0x9E37_79B9_7F4A_7C15) & 0xFF_FFFF_FFFF);
        self.campaigns.push(Campaign {
            id,
            title: body["settings"]["title"].as_str().unwrap_or_default().to_owned(),
            segment,
            html: String::new(),
            created_us: now_us,
            sent_us: None,
            recipients: Vec::new(),
            events: Vec::new(),
        });
        self.shown(self.campaigns.len() - 1, now_us)
    }

    fn shown(&self, at: usize, now_us: i64) -> Reply {
        Reply::json(200, self.campaign(&self.campaigns[at], now_us))
    }

    fn campaign(&self, campaign: &Campaign, now_us: i64) -> Value {
        let status = match campaign.sent_us {
            None => "save",
            Some(at_us) if now_us < at_us + self.sending_us => "sending",
            Some(_) => "sent",
        };
        json!({
            "id": campaign.id, "type": "regular", "status": status, "create_time": time(campaign.created_us),
            "send_time": campaign.sent_us.map(time), "emails_sent": campaign.recipients.len(),
            "settings": { "title": campaign.title },
            "recipients": { "list_id": self.audience, "segment_opts": { "saved_segment_id": campaign.segment } },
        })
    }

    /// Why a campaign cannot be sent.
    fn obstacles(&self, at: usize, now_us: i64) -> Vec<&'static str> {
        let campaign = &self.campaigns[at];
        let mut all = Vec::new();
        if campaign.html.is_empty() {
            all.push("Your campaign has no content");
        }
        if self.recipients(at, now_us).is_empty() {
            all.push("No recipients");
        }
        if campaign.sent_us.is_some() {
            all.push("The campaign was sent");
        }
        all
    }

    fn recipients(&self, at: usize, now_us: i64) -> Vec<String> {
        let of = self.segments.iter().find(|one| one.0 == self.campaigns[at].segment);
        let all = of.map(|(_, _, members)| members.iter()).into_iter().flatten();
        all.filter(|one| self.is_subscribed(one, now_us)).cloned().collect()
    }

    fn send(&mut self, at: usize, now_us: i64) -> Reply {
        if let Some(obstacle) = self.obstacles(at, now_us).first() {
            return problem(400, "Bad Request", &format!("Your Campaign is not ready to send: {obstacle}"));
        }
        let recipients = self.recipients(at, now_us);
        let title = &self.campaigns[at].title;
        let percent =
            self.appeal.iter().filter(|(part, _)| title.contains(*part)).map(|(_, percent)| *percent);
        let percent = percent.max().unwrap_or(20);
        let links = links_of(&self.campaigns[at].html);
        let mut events = Vec::new();
        for email in &recipients {
            let luck = hash(&format!("{title}\n{email}"));
            let later_us = now_us + 60 * SECOND_US + i64::try_from(luck / 100 % 72).unwrap_or(0) * HOUR_US;
            let mut does = |at_us: i64, what: What| events.push(Event { at_us, email: email.clone(), what });
            match email.trim_end_matches(|c: char| c != '@').trim_end_matches(['@']) {
                local if local.starts_with("hard") => does(now_us + SECOND_US, What::Hard),
                local if local.starts_with("soft") => does(later_us, What::Soft),
                local if local.starts_with("leaver") => does(later_us, What::Left),
                local if local.starts_with("angry") => does(later_us, What::Complained),
                local if local.starts_with("scanned") => {
                    links.iter().for_each(|link| does(now_us + 5 * SECOND_US, What::Clicked(link.clone())));
                }
                _ if luck % 100 < percent => {
                    if let Some(link) =
                        links.get(usize::try_from(luck / 7_200).unwrap_or(0) % links.len().max(1))
                    {
                        does(later_us, What::Clicked(link.clone()));
                    }
                }
                _ => {}
            }
        }
        for event in &events {
            if !matches!(event.what, What::Soft | What::Clicked(_)) {
                let until = self.members.entry(event.email.clone()).or_default();
                *until = Some(until.map_or(event.at_us, |until| until.min(event.at_us)));
            }
        }
        let campaign = &mut self.campaigns[at];
        (campaign.sent_us, campaign.recipients, campaign.events) = (Some(now_us), recipients, events);
        Reply::empty(204)
    }

    fn report(&self, at: usize, part: &str, request: &Request, now_us: i64) -> Reply {
        let (campaign, until_us) = (&self.campaigns[at], now_us - self.lag_us);
        let person =
            |email: &String| json!({ "email_id": email, "email_address": email, "campaign_id": campaign.id });
        let people =
            |is: fn(&What) -> bool| campaign.people(is, until_us).iter().map(person).collect::<Vec<_>>();
        match part {
            "sent-to" => {
                let bounced =
                    |email: &String, is: fn(&What) -> bool| campaign.people(is, until_us).contains(email);
                let shown = campaign.recipients.iter().map(|email| {
                    let mut one = person(email);
                    one["status"] = json!(if bounced(email, |what| *what == What::Hard) {
                        "hard"
                    } else if bounced(email, |what| *what == What::Soft) {
                        "soft"
                    } else {
                        "sent"
                    });
                    one
                });
                page(request, "sent_to", shown.collect())
            }
            "unsubscribed" => page(request, "unsubscribes", people(|what| *what == What::Left)),
            "abuse-reports" => page(request, "abuse_reports", people(|what| *what == What::Complained)),
            "email-activity" => {
                let shown = campaign.recipients.iter().map(|email| {
                    let mut one = person(email);
                    let done = campaign.events.iter().filter(|one| one.email == *email && one.at_us <= until_us);
                    one["activity"] = done
                        .filter_map(|event| match &event.what {
                            What::Clicked(url) => Some(json!({
                                "action": "click", "timestamp": time(event.at_us), "url": url, "ip": "192.0.2.1"
                            })),
                            What::Hard | What::Soft => {
                                let kind = if event.what == What::Hard { "hard" } else { "soft" };
                                Some(json!({ "action": "bounce", "timestamp": time(event.at_us), "type": kind }))
                            }
                            What::Left | What::Complained => None,
                        })
                        .collect();
                    one
                });
                page(request, "emails", shown.collect())
            }
            _ => not_found(),
        }
    }

    fn summary(&self, campaign: &Campaign, now_us: i64) -> Value {
        let until_us = now_us - self.lag_us;
        let count = |is: fn(&What) -> bool| campaign.people(is, until_us).len();
        let clicks: Vec<&Event> = campaign
            .events
            .iter()
            .filter(|one| one.at_us <= until_us && matches!(one.what, What::Clicked(_)))
            .collect();
        json!({
            "id": campaign.id, "campaign_title": campaign.title, "emails_sent": campaign.recipients.len(),
            "abuse_reports": count(|what| *what == What::Complained), "unsubscribed": count(|what| *what == What::Left),
            "bounces": { "hard_bounces": count(|what| *what == What::Hard), "soft_bounces": count(|what| *what == What::Soft),
                         "syntax_errors": 0 },
            "clicks": { "clicks_total": clicks.len(), "unique_subscriber_clicks": count(|what| matches!(what, What::Clicked(_))),
                        "last_click": clicks.iter().map(|one| one.at_us).max().map(time) },
        })
    }
}

impl Campaign {
    /// Who did something by a moment.
    fn people(&self, is: fn(&What) -> bool, until_us: i64) -> BTreeSet<String> {
        let done = self.events.iter().filter(|one| one.at_us <= until_us && is(&one.what));
        done.map(|one| one.email.clone()).collect()
    }
}

impl Platform for Mailchimp {
    fn answer(&mut self, request: &Request, now_us: i64) -> Reply {
        let basic = request.header("authorization").and_then(|text| text.strip_prefix("Basic "));
        let pair = basic.and_then(base64_decoded).unwrap_or_default();
        if pair.split_once(':').is_none_or(|(_, key)| key != self.key) {
            let detail = "Your API key may be invalid, or you've attempted to access the wrong datacenter.";
            return problem(401, "API Key Invalid", detail);
        }
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let ["3.0", rest @ ..] = segments.as_slice() else { return not_found() };
        let since = |name: &str| {
            let text = request.query_value(name)?;
            Some(text.parse::<Timestamp>().ok()?.as_microsecond())
        };
        match (request.method.as_str(), rest) {
            ("GET", ["ping"]) => Reply::json(200, json!({ "health_status": "Everything's Chimpy!" })),
            (_, ["lists", id, ..]) if *id != self.audience => not_found(),
            ("GET", ["lists", id]) => Reply::json(200, json!({ "id": id })),
            ("GET", ["lists", _, "segments"]) => {
                let shown = self.segments.iter().map(|(id, name, members)| {
                    json!({ "id": id, "name": name, "type": "static", "member_count": members.len() })
                });
                page(request, "segments", shown.collect())
            }
            ("POST", ["lists", _, "segments"]) => self.create_segment(&request.json(), now_us),
            ("POST", ["lists", _, "segments", id]) => self.change_segment(id, &request.json(), now_us),
            ("GET", ["lists", _, "segments", id, "members"]) => {
                match self.segments.iter().find(|one| one.0.to_string() == **id) {
                    None => not_found(),
                    Some((_, _, members)) => {
                        let subscribed = members.iter().filter(|one| self.is_subscribed(one, now_us));
                        let shown =
                            subscribed.map(|one| json!({ "email_address": one, "status": "subscribed" }));
                        page(request, "members", shown.collect())
                    }
                }
            }
            ("GET", ["campaigns"]) => {
                let since_us = since("since_create_time").unwrap_or(i64::MIN);
                let made = self.campaigns.iter().filter(|one| one.created_us >= since_us);
                page(request, "campaigns", made.map(|one| self.campaign(one, now_us)).collect())
            }
            ("POST", ["campaigns"]) => self.create_campaign(&request.json(), now_us),
            ("GET", ["reports"]) => {
                let since_us = since("since_send_time").unwrap_or(i64::MIN);
                let sent =
                    self.campaigns.iter().filter(|one| one.sent_us.is_some_and(|at_us| at_us >= since_us));
                page(request, "reports", sent.map(|one| self.summary(one, now_us)).collect())
            }
            (method, ["campaigns" | "reports", id, part @ ..]) => {
                let Some(at) = self.campaigns.iter().position(|one| one.id == **id) else {
                    return not_found();
                };
                match (method, rest[0], part) {
                    ("GET", "campaigns", []) => self.shown(at, now_us),
                    ("PUT", "campaigns", ["content"]) if self.campaigns[at].sent_us.is_some() => {
                        problem(400, "Bad Request", "The campaign was sent")
                    }
                    ("PUT", "campaigns", ["content"]) => {
                        let body = request.json();
                        body["html"].as_str().unwrap_or_default().clone_into(&mut self.campaigns[at].html);
                        Reply::json(200, json!({ "html": body["html"], "plain_text": body["plain_text"] }))
                    }
                    ("GET", "campaigns", ["send-checklist"]) => {
                        let obstacles = self.obstacles(at, now_us);
                        let items = obstacles.iter().map(|one| json!({ "type": "error", "heading": one }));
                        let items: Vec<Value> = items.collect();
                        Reply::json(200, json!({ "is_ready": items.is_empty(), "items": items }))
                    }
                    ("POST", "campaigns", ["actions", "send"]) => self.send(at, now_us),
                    ("GET", "reports", [part]) => self.report(at, part, request, now_us),
                    _ => not_found(),
                }
            }
            _ => not_found(),
        }
    }
}

/// A page of a list, as far as the request asks for it.
fn page(request: &Request, key: &str, all: Vec<Value>) -> Reply {
    let number = |name: &str, default: usize| match request.query_value(name) {
        None => Some(default),
        Some(text) => text.parse::<usize>().ok(),
    };
    let (Some(count), Some(offset)) =
        (number("count", 10).filter(|count| *count <= PAGE_MAX), number("offset", 0))
    else {
        return invalid("count", "This value should be from 0 to 1000");
    };
    let total = all.len();
    let some: Vec<Value> = all.into_iter().skip(offset).take(count).collect();
    Reply::json(200, json!({ key: some, "total_items": total }))
}

fn problem(status: u16, title: &str, detail: &str) -> Reply {
    let body = json!({
        "type": "https://mailchimp.com/developer/marketing/docs/errors/", "title": title, "status": status,
        "detail": detail, "instance": "995c5cb0-3280-4a6e-808b-3b096d0bb219",
    });
    Reply::new(status, "application/problem+json", body.to_string())
}

fn invalid(field: &str, message: &str) -> Reply {
    let mut reply = problem(400, "Invalid Resource", "The resource submitted could not be validated.");
    let mut body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    body["errors"] = json!([{ "field": field, "message": message }]);
    reply.body = body.to_string().into_bytes();
    reply
}

fn not_found() -> Reply {
    problem(404, "Resource Not Found", "The requested resource could not be found.")
}

fn time(at_us: i64) -> String {
    let at = Timestamp::from_microsecond(at_us).expect("a test's time is within the calendar");
    at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// The web addresses of a page's anchors.
fn links_of(html: &str) -> Vec<String> {
    let quoted = html.split("href=").skip(1).filter_map(|rest| {
        let quote = rest.chars().next().filter(|c| ['"', '\''].contains(c))?;
        rest[1..].split(quote).next()
    });
    quoted.filter(|link| link.starts_with("http")).map(|link| link.replace("&amp;", "&")).collect()
}

/// FNV-1a, 64 bits: the same for ever.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

fn base64_decoded(text: &str) -> Option<String> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        held = held << 6 | u32::try_from(ALPHABET.iter().position(|one| *one == letter)?).ok()?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 0xFF) as u8);
        }
    }
    String::from_utf8(bytes).ok()
}
