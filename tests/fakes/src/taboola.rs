//! A stand-in for Taboola's Backstage API 1.0.
//!
//! Documented, and kept here: the token by client credentials (12 hours, no refresh; a trailing slash is answered with a
//! web page), errors in XML where no token is, in JSON elsewhere; campaigns and items below an account; changes by POST or
//! PUT of changed fields; `status` is read-only; an item is CRAWLING, then PENDING_APPROVAL, then RUNNING, and nothing is
//! spent before; reports by day in the account's timezone, with the time of the newest data that is in them.
//!
//! Not documented, and chosen: two campaigns may have the same name; the smallest daily cap; how long crawling and approval
//! take; how preliminary figures differ from final ones; the text of errors other than the documented ones.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use crate::amount::{amount, minor};
use crate::zone::Zone;
use crate::{Delivery, Figures, Platform, Reply, Request, Restating, Truth};

const HOUR_US: i64 = 3_600_000_000;
/// How long a token holds.
const TOKEN_US: i64 = 12 * HOUR_US;

/// The platform. Accounts come into being when they are first asked for.
#[derive(Debug)]
pub struct Taboola {
    /// The client's id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Currency of every account.
    pub currency: String,
    /// Timezone of every account.
    pub timezone: String,
    /// The smallest daily cap, in minor units.
    pub least_cap_minor: i64,
    /// How long an item is crawled, in µs.
    pub crawling_us: i64,
    /// How long it then waits for approval, in µs.
    pub approval_us: i64,
    /// How old the newest data in a report is, in µs.
    pub lag_us: i64,
    /// How preliminary figures differ.
    pub restating: Restating,
    /// What is true of campaigns whose name ends with `/` and this.
    pub truths: BTreeMap<String, Truth>,
    tokens: BTreeMap<String, i64>,
    campaigns: Vec<Campaign>,
    next_id: u64,
}

#[derive(Debug)]
struct Campaign {
    account: String,
    id: u64,
    fields: Map<String, Value>,
    items: Vec<Item>,
    delivery: Delivery,
    created_us: i64,
}

#[derive(Debug)]
struct Item {
    id: u64,
    fields: Map<String, Value>,
    created_us: i64,
}

impl Default for Taboola {
    fn default() -> Self {
        Self {
            client_id: "cid".to_owned(),
            client_secret: "sec".to_owned(),
            currency: "NOK".to_owned(),
            timezone: "Europe/Oslo".to_owned(),
            least_cap_minor: 3_000,
            crawling_us: 0,
            approval_us: 0,
            lag_us: 3 * HOUR_US,
            restating: Restating::default(),
            truths: BTreeMap::new(),
            tokens: BTreeMap::new(),
            campaigns: Vec::new(),
            next_id: 1_000,
        }
    }
}

impl Platform for Taboola {
    fn answer(&mut self, request: &Request, now_us: i64) -> Reply {
        let path: Vec<String> = request.segments();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        if let ["backstage", "oauth", "token"] = path.as_slice() {
            return self.token(request, now_us);
        }
        if request.bearer().and_then(|token| self.tokens.get(token)).is_none_or(|until| now_us >= *until) {
            return xml(
                401,
                "<UnauthorizedException><error>unauthorized</error><error_description>Full authentication is required \
                 to access this resource</error_description></UnauthorizedException>",
            );
        }
        let ["backstage", "api", "1.0", rest @ ..] = path.as_slice() else { return not_found() };
        match (request.method.as_str(), rest) {
            ("GET", ["users", "current", "allowed-accounts"]) => self.accounts(),
            ("GET", [account, "campaigns"]) => self.list(account, now_us),
            ("POST", [account, "campaigns"]) => self.create(account, &request.json(), now_us),
            ("GET", [account, "campaigns", id]) => match self.find(account, id) {
                Some(at) => Reply::json(200, self.shown(at, now_us)),
                None => not_found(),
            },
            ("POST" | "PUT", [account, "campaigns", id]) => match self.find(account, id) {
                Some(at) => self.change(at, &request.json(), now_us),
                None => not_found(),
            },
            ("GET", [account, "campaigns", id, "items"]) => match self.find(account, id) {
                Some(at) => {
                    let items = self.campaigns[at].items.iter();
                    let items: Vec<Value> = items.map(|item| self.shown_item(item, now_us)).collect();
                    Reply::json(200, json!({ "results": items, "metadata": { "total": items.len() } }))
                }
                None => not_found(),
            },
            ("POST", [account, "campaigns", id, "items"]) => match self.find(account, id) {
                Some(at) => self.add_item(at, &request.json(), now_us),
                None => not_found(),
            },
            ("POST" | "PUT", [account, "campaigns", id, "items", item]) => match self.find(account, id) {
                Some(at) => self.change_item(at, item, &request.json(), now_us),
                None => not_found(),
            },
            ("GET", [account, "reports", report, "dimensions", dimension]) => {
                self.report(account, report, dimension, request, now_us)
            }
            _ => not_found(),
        }
    }
}

impl Taboola {
    /// Every token that was given out ends now.
    pub fn expire_tokens(&mut self) {
        self.tokens.clear();
    }

    /// Ids of an account's campaigns of a name.
    pub fn ids(&self, account: &str, name: &str) -> Vec<u64> {
        let named = self.campaigns.iter().filter(|one| one.account == account && one.fields["name"] == name);
        named.map(|one| one.id).collect()
    }

    /// Daily cap in minor units and whether it is active, of an account's campaign of a name.
    pub fn standing(&self, account: &str, name: &str) -> Option<(i64, bool)> {
        let named = self.campaigns.iter().find(|one| one.account == account && one.fields["name"] == name)?;
        Some((named.cap_minor(), named.is_active()))
    }

    /// The final figures of a campaign by day, as far as they have gone at `until_us`.
    pub fn truth(&self, account: &str, name: &str, days: &[Date], until_us: i64) -> Vec<Figures> {
        let Some(at) =
            self.campaigns.iter().position(|one| one.account == account && one.fields["name"] == name)
        else {
            return Vec::new();
        };
        self.figures(at, days, until_us)
    }

    fn token(&mut self, request: &Request, now_us: i64) -> Reply {
        if request.path.ends_with('/') {
            return Reply::new(403, "text/html", "<!DOCTYPE html><html><body>Forbidden</body></html>");
        }
        let form = |name: &str| request.form_value(name).unwrap_or_default();
        let is_client = form("client_id") == self.client_id && form("client_secret") == self.client_secret;
        if request.method != "POST" || !is_client || form("grant_type") != "client_credentials" {
            return xml(
                400,
                "<BadClientCredentialsException><error>invalid_client</error><error_description>Bad client \
                 credentials</error_description></BadClientCredentialsException>",
            );
        }
        self.next_id += 1;
        let token = format!("tok-{}-{}", self.next_id, "x".repeat(24));
        self.tokens.insert(token.clone(), now_us + TOKEN_US);
        let body =
            json!({ "access_token": token, "token_type": "bearer", "expires_in": TOKEN_US / 1_000_000 - 1 });
        Reply::json(200, body)
    }

    fn accounts(&self) -> Reply {
        let mut names: Vec<&str> = self.campaigns.iter().map(|one| one.account.as_str()).collect();
        names.push("demo-account");
        names.sort_unstable();
        names.dedup();
        let shown = names.iter().map(|name| {
            json!({ "account_id": name, "name": name, "partner_types": ["ADVERTISER"], "currency": self.currency,
                    "time_zone_name": self.timezone, "is_active": true })
        });
        Reply::json(200, json!({ "results": shown.collect::<Vec<_>>() }))
    }

    fn find(&self, account: &str, id: &str) -> Option<usize> {
        let id: u64 = id.parse().ok()?;
        self.campaigns.iter().position(|one| one.account == account && one.id == id)
    }

    fn list(&self, account: &str, now_us: i64) -> Reply {
        let of_account = (0..self.campaigns.len()).filter(|at| self.campaigns[*at].account == account);
        let shown: Vec<Value> = of_account.map(|at| self.shown(at, now_us)).collect();
        Reply::json(200, json!({ "results": shown, "metadata": { "total": shown.len() } }))
    }

    fn create(&mut self, account: &str, body: &Value, now_us: i64) -> Reply {
        let Some(fields) = body.as_object() else { return bad("name", "a body is expected") };
        for needed in ["name", "branding_text", "spending_limit_model"] {
            if !fields.get(needed).is_some_and(Value::is_string) {
                return bad(needed, "this field is required");
            }
        }
        if let Some(reply) = self.refuse(fields) {
            return reply;
        }
        self.next_id += 1;
        let mut all = fields.clone();
        all.entry("is_active").or_insert(Value::Bool(true));
        let (account, id, items) = (account.to_owned(), self.next_id, Vec::new());
        let delivery = Delivery::default();
        self.campaigns.push(Campaign { account, id, fields: all, items, delivery, created_us: now_us });
        let at = self.campaigns.len() - 1;
        self.book(at, now_us);
        Reply::json(200, self.shown(at, now_us))
    }

    fn change(&mut self, at: usize, body: &Value, now_us: i64) -> Reply {
        let Some(fields) = body.as_object() else { return bad("name", "a body is expected") };
        if let Some(reply) = self.refuse(fields) {
            return reply;
        }
        self.campaigns[at].fields.extend(fields.clone());
        self.book(at, now_us);
        Reply::json(200, self.shown(at, now_us))
    }

    /// What is wrong with fields that somebody sends.
    fn refuse(&self, fields: &Map<String, Value>) -> Option<Reply> {
        for read_only in ["id", "status", "approval_state", "spent", "advertiser_id"] {
            if fields.contains_key(read_only) {
                return Some(bad(read_only, "this field is read-only"));
            }
        }
        for (field, known) in [
            ("spending_limit_model", &["NONE", "MONTHLY", "ENTIRE"][..]),
            ("daily_ad_delivery_model", &["BALANCED", "ACCELERATED", "STRICT"]),
            ("bid_strategy", &["SMART", "FIXED", "TARGET_CPA", "MAX_CONVERSIONS"]),
            ("traffic_allocation_mode", &["OPTIMIZED", "EVEN"]),
        ] {
            if fields
                .get(field)
                .is_some_and(|value| !value.as_str().is_some_and(|text| known.contains(&text)))
            {
                return Some(bad(field, "not one of the known values"));
            }
        }
        if let Some(cap) = fields.get("daily_cap") {
            let minor = minor(cap);
            if minor.is_none_or(|minor| minor < self.least_cap_minor) {
                return Some(bad("daily_cap", "the daily cap is below the minimum"));
            }
        }
        None
    }

    fn add_item(&mut self, at: usize, body: &Value, now_us: i64) -> Reply {
        let Some(url) = body["url"].as_str().filter(|url| url.starts_with("http")) else {
            return bad("url", "a URL is required");
        };
        self.next_id += 1;
        let mut fields = Map::new();
        fields.insert("url".to_owned(), json!(url));
        // What the crawler finds.
        fields.insert("title".to_owned(), json!("A title from the page"));
        fields.insert("thumbnail_url".to_owned(), Value::Null);
        fields.insert("is_active".to_owned(), Value::Bool(true));
        let item = Item { id: self.next_id, fields, created_us: now_us };
        let shown = self.shown_item(&item, now_us);
        self.campaigns[at].items.push(item);
        self.book(at, now_us);
        Reply::json(200, shown)
    }

    fn change_item(&mut self, at: usize, id: &str, body: &Value, now_us: i64) -> Reply {
        let Some(index) = self.campaigns[at].items.iter().position(|item| item.id.to_string() == id) else {
            return not_found();
        };
        if self.status(&self.campaigns[at].items[index], now_us) == "CRAWLING" {
            return bad("status", "an item that is being crawled cannot be changed");
        }
        let Some(fields) = body.as_object() else { return bad("title", "a body is expected") };
        self.campaigns[at].items[index].fields.extend(fields.clone());
        Reply::json(200, self.shown_item(&self.campaigns[at].items[index], now_us))
    }

    fn status(&self, item: &Item, now_us: i64) -> &'static str {
        if now_us < item.created_us + self.crawling_us {
            "CRAWLING"
        } else if now_us < item.created_us + self.crawling_us + self.approval_us {
            "PENDING_APPROVAL"
        } else if item.fields["is_active"] == true {
            "RUNNING"
        } else {
            "PAUSED"
        }
    }

    fn shown_item(&self, item: &Item, now_us: i64) -> Value {
        let mut shown = item.fields.clone();
        shown.insert("id".to_owned(), json!(item.id.to_string()));
        shown.insert("status".to_owned(), json!(self.status(item, now_us)));
        Value::Object(shown)
    }

    fn shown(&self, at: usize, now_us: i64) -> Value {
        let campaign = &self.campaigns[at];
        let mut shown = campaign.fields.clone();
        let runs = campaign.items.iter().any(|item| self.status(item, now_us) == "RUNNING");
        let status = match (campaign.is_active(), runs) {
            (false, _) => "PAUSED",
            (true, true) => "RUNNING",
            (true, false) => "PENDING_APPROVAL",
        };
        shown.insert("id".to_owned(), json!(campaign.id.to_string()));
        shown.insert("advertiser_id".to_owned(), json!(campaign.account));
        shown.insert("status".to_owned(), json!(status));
        shown.insert("approval_state".to_owned(), json!(if runs { "APPROVED" } else { "PENDING" }));
        shown.entry("daily_cap").or_insert(Value::Null);
        Value::Object(shown)
    }

    /// Notes what is spent from now on; an item's approval may lie ahead.
    fn book(&mut self, at: usize, now_us: i64) {
        let (crawling_us, approval_us) = (self.crawling_us, self.approval_us);
        let campaign = &mut self.campaigns[at];
        let daily = if campaign.is_active() { campaign.cap_minor() } else { 0 };
        let approved = campaign.items.iter().map(|item| item.created_us + crawling_us + approval_us).min();
        match approved {
            Some(approved) => campaign.delivery.set(approved.max(now_us), daily),
            None => campaign.delivery.set(now_us, 0),
        }
    }

    /// The figures of days, by all that a campaign has spent since it came into being.
    fn figures(&self, at: usize, days: &[Date], until_us: i64) -> Vec<Figures> {
        let campaign = &self.campaigns[at];
        let Some(last) = days.iter().max() else { return Vec::new() };
        let first = self.zone().date_of(campaign.created_us);
        let all: Vec<Date> = first.series(jiff::Span::new().days(1)).take_while(|day| day <= last).collect();
        let bounds: Vec<(i64, i64)> = all.iter().map(|day| self.zone().bounds(*day)).collect();
        let name = campaign.fields["name"].as_str().unwrap_or_default();
        let truth = self.truths.iter().find(|(arm, _)| name.rsplit('/').next() == Some(arm.as_str()));
        let truth = truth.map(|(_, truth)| *truth).unwrap_or_default();
        let figures = campaign.delivery.days(&bounds, until_us, &truth);
        let of_day =
            |day: &Date| all.iter().position(|other| other == day).map(|at| figures[at]).unwrap_or_default();
        days.iter().map(of_day).collect()
    }

    fn zone(&self) -> Zone {
        Zone::new(&self.timezone)
    }

    fn report(&self, account: &str, report: &str, dimension: &str, request: &Request, now_us: i64) -> Reply {
        let date = |name: &str| request.query_value(name)?.get(..10)?.parse::<Date>().ok();
        let (Some(from), Some(to)) = (date("start_date"), date("end_date")) else {
            return bad("start_date", "`start_date` and `end_date` are required");
        };
        let days: Vec<Date> = from.series(jiff::Span::new().days(1)).take_while(|day| *day <= to).collect();
        let data_us = now_us - self.lag_us;
        let mut rows = Vec::new();
        let of_account = (0..self.campaigns.len()).filter(|at| self.campaigns[*at].account == account);
        for at in of_account {
            let campaign = &self.campaigns[at];
            let known = |name: &str| request.query_value(name).filter(|text| !text.is_empty());
            if known("campaign").is_some_and(|id| id != campaign.id.to_string()) {
                continue;
            }
            let reported = self.figures(at, &days, data_us).into_iter().zip(&days).map(|(figures, day)| {
                (*day, self.restating.reported(figures, self.zone().bounds(*day).1, now_us))
            });
            let reported: Vec<(Date, Figures)> =
                reported.filter(|(_, figures)| !figures.is_empty()).collect();
            let ids =
                json!({ "campaign": campaign.id.to_string(), "campaign_name": campaign.fields["name"] });
            match (report, dimension) {
                ("campaign-summary", "campaign_day_breakdown") => {
                    rows.extend(reported.iter().map(|(day, figures)| self.row(Some(*day), figures, &ids)));
                }
                ("campaign-summary", "campaign_site_day_breakdown") => {
                    let ids = merged(&ids, &json!({ "site": "a-site", "site_name": "A site", "site_id": 1 }));
                    rows.extend(reported.iter().map(|(day, figures)| self.row(Some(*day), figures, &ids)));
                }
                ("campaign-summary", "campaign_breakdown") | ("top-campaign-content", "item_breakdown") => {
                    let sum = reported.iter().fold(Figures::default(), |sum, (_, one)| sum.plus(*one));
                    rows.push(self.row(None, &sum, &ids));
                }
                ("campaign-summary", "day") => {
                    rows.extend(
                        reported.iter().map(|(day, figures)| self.row(Some(*day), figures, &json!({}))),
                    );
                }
                ("campaign-history", "by_account") => {}
                _ => return not_found(),
            }
        }
        if dimension == "day" {
            rows = by_day(&rows);
        }
        // Pages, as far as they are asked for.
        let number = |name: &str| request.query_value(name).and_then(|text| text.parse::<usize>().ok());
        let total = rows.len();
        if let Some(size) = number("page_size").filter(|size| *size > 0) {
            let page = number("page").unwrap_or(1).max(1);
            rows = rows.into_iter().skip((page - 1) * size).take(size).collect();
        }
        let local = self.zone().local(data_us);
        Reply::json(
            200,
            json!({
                "last-used-rawdata-update-time": local.strftime("%Y-%m-%d %H:%M:%S.0").to_string(),
                "last-used-rawdata-update-time-gmt-millisec": data_us / 1_000,
                "timezone": local.strftime("%Z").to_string(),
                "results": rows,
                "recordCount": total,
                "metadata": { "total": total, "count": rows.len(), "start_date": from.to_string(),
                              "end_date": to.to_string() },
            }),
        )
    }

    fn row(&self, day: Option<Date>, figures: &Figures, ids: &Value) -> Value {
        let row = json!({
            "date": day.map(|day| format!("{day} 00:00:00.0")),
            "clicks": figures.clicks,
            "impressions": figures.impressions,
            "visible_impressions": figures.impressions * 7 / 10,
            "spent": amount(figures.spend_minor),
            "cpa_actions_num": figures.goals,
            "conversions_value": amount(figures.value_minor),
            "currency": self.currency,
        });
        merged(&row, ids)
    }
}

impl Campaign {
    fn is_active(&self) -> bool {
        self.fields.get("is_active") == Some(&Value::Bool(true))
    }

    fn cap_minor(&self) -> i64 {
        self.fields.get("daily_cap").and_then(minor).unwrap_or(0)
    }
}

fn merged(one: &Value, other: &Value) -> Value {
    let mut all = one.as_object().cloned().unwrap_or_default();
    all.extend(other.as_object().cloned().unwrap_or_default());
    Value::Object(all)
}

/// Rows of several campaigns as one row a day.
fn by_day(rows: &[Value]) -> Vec<Value> {
    let mut days: BTreeMap<String, Value> = BTreeMap::new();
    for row in rows {
        let date = row["date"].as_str().unwrap_or_default().to_owned();
        let day = days.entry(date).or_insert_with(|| {
            let zeros = json!({ "clicks": 0, "impressions": 0, "visible_impressions": 0, "spent": amount(0),
                                "cpa_actions_num": 0, "conversions_value": amount(0) });
            merged(row, &zeros)
        });
        for field in ["clicks", "impressions", "visible_impressions", "cpa_actions_num"] {
            day[field] = json!(day[field].as_i64().unwrap_or(0) + row[field].as_i64().unwrap_or(0));
        }
        for field in ["spent", "conversions_value"] {
            day[field] = amount(minor(&day[field]).unwrap_or(0) + minor(&row[field]).unwrap_or(0));
        }
    }
    days.into_values().collect()
}

fn not_found() -> Reply {
    Reply::json(404, json!({ "http_status": 404, "message": "Resource not found" }))
}

fn bad(field: &str, message: &str) -> Reply {
    Reply::json(400, json!({ "http_status": 400, "message": message, "offending_field": field }))
}

fn xml(status: u16, body: &str) -> Reply {
    Reply::new(status, "application/xml", body)
}
