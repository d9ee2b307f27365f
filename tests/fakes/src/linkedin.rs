//! A stand-in for LinkedIn's versioned Marketing API.
//!
//! Documented, and kept here: tokens of 60 days, renewed by a refresh token; the headers of version and protocol, with 426
//! for a version that is no longer served; `X-RestLi-Method` for what is not plain; Rest.li's notation of queries, and
//! POST with `X-HTTP-Method-Override` for those of more than 4,000 characters; pages by `pageToken`; 201 with the number
//! in a header; PARTIAL_UPDATE with 204; amounts as texts; reports by UTC days, at most 20 fields, cut without a word at a
//! number of rows, empty where the token may not read them; a quota of the day with 429; a VIEWER who may only look; a
//! creative that is reviewed, and a start that is awaited, before anything is spent.
//!
//! Not documented, and chosen: how long a review takes; how preliminary figures differ from final ones; the texts of errors
//! other than the documented ones; the smallest budget.
//!
//! Whatever stands in the path before `/rest/` names a world of its own, so that tests do not meet in one account.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Map, Value, json};

use crate::restli::{Tree, tree};
use crate::{Delivery, Figures, Platform, Reply, Request, Restating, Truth};

const DAY_US: i64 = 86_400_000_000;
/// How long an access token holds.
const TOKEN_US: i64 = 60 * DAY_US;
/// How long a refresh token holds.
const REFRESH_US: i64 = 365 * DAY_US;
/// The longest query.
const QUERY_MAX: usize = 4_000;
/// The most fields of a report.
const FIELDS_MAX: usize = 20;

/// The platform. Accounts come into being when they are first asked for.
#[derive(Debug)]
pub struct LinkedIn {
    /// The application's id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Currency of every account.
    pub currency: String,
    /// Role of the token's member on every account.
    pub role: String,
    /// The oldest version that is served, such as `202511`.
    pub oldest_version: String,
    /// The smallest daily budget, in minor units.
    pub least_minor: i64,
    /// How long a creative is reviewed, in µs.
    pub review_us: i64,
    /// Calls of a day.
    pub quota: u64,
    /// Rows at which a report is cut.
    pub rows_max: usize,
    /// The largest page.
    pub page_max: usize,
    /// Whether the token may read reports; without, they are empty.
    pub may_report: bool,
    /// Whether campaign groups run.
    pub group_status: String,
    /// How preliminary figures differ.
    pub restating: Restating,
    /// What is true of campaigns whose name ends with `/` and this.
    pub truths: BTreeMap<String, Truth>,
    /// Access tokens, and until when they hold.
    tokens: BTreeMap<String, i64>,
    /// Refresh tokens, and until when they hold.
    refresh: BTreeMap<String, i64>,
    /// Day, and calls of that day.
    calls: (i64, u64),
    campaigns: Vec<Campaign>,
    next_id: u64,
}

#[derive(Debug)]
struct Campaign {
    world: String,
    account: String,
    id: u64,
    fields: Map<String, Value>,
    creatives: Vec<Creative>,
    delivery: Delivery,
    created_us: i64,
}

#[derive(Debug)]
struct Creative {
    id: u64,
    fields: Map<String, Value>,
    created_us: i64,
}

impl Default for LinkedIn {
    fn default() -> Self {
        Self {
            client_id: "cid".to_owned(),
            client_secret: "sec".to_owned(),
            currency: "EUR".to_owned(),
            role: "CAMPAIGN_MANAGER".to_owned(),
            oldest_version: "202511".to_owned(),
            least_minor: 1_000,
            review_us: 0,
            quota: u64::MAX,
            rows_max: 15_000,
            page_max: 1_000,
            may_report: true,
            group_status: "ACTIVE".to_owned(),
            restating: Restating::default(),
            truths: BTreeMap::new(),
            tokens: BTreeMap::from([("TOKEN".to_owned(), i64::MAX)]),
            refresh: BTreeMap::from([("RT".to_owned(), i64::MAX)]),
            calls: (0, 0),
            campaigns: Vec::new(),
            next_id: 1_000,
        }
    }
}

impl Platform for LinkedIn {
    fn answer(&mut self, request: &Request, now_us: i64) -> Reply {
        let segments = request.segments();
        let Some(at) = segments.iter().position(|part| part == "rest" || part == "oauth") else {
            return error(404, "RESOURCE_NOT_FOUND", "No virtual resource found");
        };
        let world = segments[..at].join("/");
        let path: Vec<&str> = segments[at..].iter().map(String::as_str).collect();
        if let ["oauth", "v2", "accessToken"] = path.as_slice() {
            return self.token(request, now_us);
        }
        if let Some(reply) = self.refuse(request, now_us) {
            return reply;
        }
        // The method that Rest.li is told, and the query wherever it travels.
        let tunnelled = request.header("x-http-method-override") == Some("GET");
        let method = if tunnelled { "GET" } else { request.method.as_str() };
        let query = if tunnelled { request.text().into_owned() } else { request.query.clone() };
        if !tunnelled && query.len() > QUERY_MAX {
            return error(414, "URI_TOO_LONG", "Request URI is too long");
        }
        let Some(query) = parameters(&query) else {
            return error(400, "ILLEGAL_ARGUMENT", "Invalid query parameters passed to request");
        };
        let writes = method == "POST";
        if writes && self.role == "VIEWER" {
            return error(403, "ACCESS_DENIED", "Not enough permissions to access: the member is a VIEWER");
        }
        let told = request.header("x-restli-method").unwrap_or_default();
        let finder = query.contains_key("q");
        let expected = match (method, finder, path.last().is_some_and(|last| last.parse::<u64>().is_ok())) {
            ("GET", true, _) => "FINDER",
            ("GET", false, _) => "GET",
            ("POST", _, true) => "PARTIAL_UPDATE",
            _ => "CREATE",
        };
        if told != expected && (expected == "PARTIAL_UPDATE" || !told.is_empty()) {
            let text = format!("X-RestLi-Method is `{told}`, the request is a {expected}");
            return error(400, "ILLEGAL_ARGUMENT", &text);
        }
        match (method, path.as_slice()) {
            ("GET", ["rest", "adAccounts", account]) => self.account(account),
            ("GET", ["rest", "adAccountUsers"]) => self.users(&world),
            ("GET", ["rest", "adAccounts", _, "adCampaignGroups", id]) => {
                Reply::json(200, json!({ "id": id.parse::<u64>().unwrap_or(0), "status": self.group_status }))
            }
            ("GET", ["rest", "adAccounts", account, "adCampaigns"]) => {
                self.search(&world, account, &query, now_us)
            }
            ("POST", ["rest", "adAccounts", account, "adCampaigns"]) => {
                self.create(&world, account, &request.json(), now_us)
            }
            (_, ["rest", "adAccounts", account, "adCampaigns", id]) => {
                match (self.find(&world, account, id), writes) {
                    (None, _) => error(404, "RESOURCE_NOT_FOUND", "Campaign not found"),
                    (Some(at), false) => Reply::json(200, self.shown(at, now_us)),
                    (Some(at), true) => self.change(at, &request.json(), now_us),
                }
            }
            ("GET", ["rest", "adAccounts", account, "creatives"]) => {
                self.creatives(&world, account, &query, now_us)
            }
            ("POST", ["rest", "adAccounts", account, "creatives"]) => {
                self.add_creative(&world, account, &request.json(), now_us)
            }
            ("GET", ["rest", "adAnalytics"]) => self.report(&world, &query, now_us),
            _ => error(404, "RESOURCE_NOT_FOUND", "No virtual resource found"),
        }
    }
}

impl LinkedIn {
    /// Gives out an access token that holds until a moment.
    pub fn allow(&mut self, token: &str, until_us: i64) {
        self.tokens.insert(token.to_owned(), until_us);
    }

    /// Gives out a refresh token that holds until a moment.
    pub fn allow_refresh(&mut self, token: &str, until_us: i64) {
        self.refresh.insert(token.to_owned(), until_us);
    }

    /// Every access token ends now.
    pub fn expire_tokens(&mut self) {
        self.tokens.clear();
    }

    /// How many campaigns of an account bear a name.
    pub fn count(&self, account: &str, name: &str) -> usize {
        self.campaigns.iter().filter(|one| one.account == account && one.fields["name"] == name).count()
    }

    /// Daily budget in minor units and status of an account's campaign of a name.
    pub fn standing(&self, account: &str, name: &str) -> Option<(i64, String)> {
        let one = self.campaigns.iter().find(|one| one.account == account && one.fields["name"] == name)?;
        Some((one.budget_minor(), one.status().to_owned()))
    }

    /// How many creatives a campaign of a name has.
    pub fn creatives_of(&self, account: &str, name: &str) -> usize {
        let named = self.campaigns.iter().find(|one| one.account == account && one.fields["name"] == name);
        named.map_or(0, |one| one.creatives.len())
    }

    /// The final figures of a campaign by UTC day, as far as they have gone at `until_us`.
    pub fn truth(&self, account: &str, name: &str, days: &[Date], until_us: i64) -> Vec<Figures> {
        let named = |one: &Campaign| one.account == account && one.fields["name"] == name;
        let Some(at) = self.campaigns.iter().position(named) else { return Vec::new() };
        self.figures(at, days, until_us)
    }

    fn token(&mut self, request: &Request, now_us: i64) -> Reply {
        let form = |name: &str| request.form_value(name).unwrap_or_default();
        if form("client_id") != self.client_id || form("client_secret") != self.client_secret {
            let body =
                json!({ "error": "invalid_client", "error_description": "Client authentication failed" });
            return Reply::json(401, body);
        }
        let refresh = form("refresh_token");
        let holds = self.refresh.get(&refresh).is_some_and(|until_us| now_us < *until_us);
        if form("grant_type") != "refresh_token" || !holds {
            let body = json!({ "error": "invalid_grant", "error_description":
                               "The provided authorization grant or refresh token is invalid, expired or revoked" });
            return Reply::json(400, body);
        }
        self.next_id += 1;
        let token = format!("AQ-{}-{}", self.next_id, "x".repeat(24));
        self.tokens.insert(token.clone(), now_us.saturating_add(TOKEN_US));
        Reply::json(
            200,
            json!({ "access_token": token, "expires_in": TOKEN_US / 1_000_000, "refresh_token": refresh,
                    "refresh_token_expires_in": REFRESH_US / 1_000_000, "scope": "rw_ads,r_ads_reporting" }),
        )
    }

    /// What is wrong with a request whatever it asks for.
    fn refuse(&mut self, request: &Request, now_us: i64) -> Option<Reply> {
        let Some(token) = request.bearer() else {
            let body =
                json!({ "message": "Empty oauth2_access_token", "serviceErrorCode": 401, "status": 401 });
            return Some(Reply::json(401, body));
        };
        if self.tokens.get(token).is_none_or(|until_us| now_us >= *until_us) {
            let body = json!({ "status": 401, "serviceErrorCode": 65_602, "code": "EXPIRED_ACCESS_TOKEN",
                               "message": "The token used in the request has expired" });
            return Some(Reply::json(401, body));
        }
        let version = request.header("linkedin-version").unwrap_or_default();
        if version.is_empty() {
            return Some(error(
                400,
                "VERSION_MISSING",
                "A version must be present. Please specify a version",
            ));
        }
        if version < self.oldest_version.as_str() {
            let body = json!({ "status": 426, "code": "NONEXISTENT_VERSION",
                               "message": format!("Requested version {version}01 is not active") });
            return Some(Reply::json(426, body));
        }
        if request.header("x-restli-protocol-version") != Some("2.0.0") {
            return Some(error(400, "ILLEGAL_ARGUMENT", "Invalid Rest.li protocol version"));
        }
        let day = now_us.div_euclid(DAY_US);
        if self.calls.0 != day {
            self.calls = (day, 0);
        }
        self.calls.1 += 1;
        if self.calls.1 > self.quota {
            let body = json!({ "status": 429, "code": "TOO_MANY_REQUESTS",
                               "message": "Resource level throttle DAY limit for calls to this resource is reached." });
            return Some(Reply::json(429, body));
        }
        None
    }

    fn account(&self, account: &str) -> Reply {
        match account.parse::<u64>() {
            Ok(id) => Reply::json(
                200,
                json!({ "id": id, "name": "Acme", "currency": self.currency, "status": "ACTIVE", "type": "BUSINESS" }),
            ),
            Err(_) => error(404, "RESOURCE_NOT_FOUND", "Account not found"),
        }
    }

    fn users(&self, world: &str) -> Reply {
        let mut accounts: Vec<&str> =
            self.campaigns.iter().filter(|one| one.world == world).map(|one| one.account.as_str()).collect();
        accounts.extend(["509", "510"]);
        accounts.sort_unstable();
        accounts.dedup();
        let elements: Vec<Value> = accounts
            .into_iter()
            .map(|account| {
                json!({ "account": format!("urn:li:sponsoredAccount:{account}"), "role": self.role,
                        "user": "urn:li:person:ABC123def" })
            })
            .collect();
        Reply::json(200, json!({ "elements": elements, "paging": { "start": 0, "count": 10, "links": [] } }))
    }

    fn find(&self, world: &str, account: &str, id: &str) -> Option<usize> {
        let id: u64 = id.parse().ok()?;
        self.campaigns.iter().position(|one| one.world == world && one.account == account && one.id == id)
    }

    fn search(&self, world: &str, account: &str, query: &Query, now_us: i64) -> Reply {
        let search = query.get("search");
        let values = |key: &str| {
            search.and_then(|tree| tree.at(key)).and_then(|tree| tree.at("values")).map(Tree::texts)
        };
        let (statuses, groups) = (values("status"), values("campaignGroup"));
        let fits = |one: &Campaign| {
            let is_in = |wanted: &Option<Vec<String>>, field: &str| {
                wanted.as_ref().is_none_or(|wanted| {
                    one.fields
                        .get(field)
                        .and_then(Value::as_str)
                        .is_some_and(|told| wanted.iter().any(|one| one == told))
                })
            };
            one.world == world
                && one.account == account
                && is_in(&statuses, "status")
                && is_in(&groups, "campaignGroup")
        };
        let found: Vec<Value> = (0..self.campaigns.len())
            .filter(|at| fits(&self.campaigns[*at]))
            .map(|at| self.shown(at, now_us))
            .collect();
        self.page(&found, query)
    }

    /// A page of what was found, with a token for the next.
    fn page(&self, found: &[Value], query: &Query) -> Reply {
        let number =
            |name: &str| query.get(name).and_then(Tree::text).and_then(|text| text.parse::<usize>().ok());
        let size = number("pageSize").unwrap_or(10).clamp(1, self.page_max);
        let from = match query.get("pageToken").and_then(Tree::text) {
            Some(token) => match token.strip_prefix("from:").and_then(|from| from.parse::<usize>().ok()) {
                Some(from) => from,
                None => return error(400, "ILLEGAL_ARGUMENT", "Invalid page token"),
            },
            None => 0,
        };
        let until = (from + size).min(found.len());
        let next = if until < found.len() { json!(format!("from:{until}")) } else { Value::Null };
        let elements = found.get(from..until).unwrap_or_default();
        Reply::json(200, json!({ "elements": elements, "metadata": { "nextPageToken": next } }))
    }

    fn create(&mut self, world: &str, account: &str, body: &Value, now_us: i64) -> Reply {
        let Some(fields) = body.as_object() else {
            return error(400, "ILLEGAL_ARGUMENT", "A body is expected");
        };
        for needed in [
            "account",
            "campaignGroup",
            "name",
            "type",
            "costType",
            "locale",
            "runSchedule",
            "targetingCriteria",
            "status",
        ] {
            if !fields.contains_key(needed) {
                return error(400, "MISSING_FIELD", &format!("/{needed} :: field is required but not found"));
            }
        }
        if fields["account"] != format!("urn:li:sponsoredAccount:{account}").as_str() {
            return error(400, "ILLEGAL_ARGUMENT", "/account :: not the account of the path");
        }
        if let Some(reply) = self.refuse_fields(fields) {
            return reply;
        }
        self.next_id += 1;
        let id = self.next_id;
        self.campaigns.push(Campaign {
            world: world.to_owned(),
            account: account.to_owned(),
            id,
            fields: fields.clone(),
            creatives: Vec::new(),
            delivery: Delivery::default(),
            created_us: now_us,
        });
        self.book(self.campaigns.len() - 1, now_us);
        Reply::empty(201).header("x-restli-id", id.to_string())
    }

    fn refuse_fields(&self, fields: &Map<String, Value>) -> Option<Reply> {
        if let Some(budget) = fields.get("dailyBudget") {
            if budget["currencyCode"] != self.currency.as_str() {
                return Some(error(
                    400,
                    "ILLEGAL_ARGUMENT",
                    "/dailyBudget/currencyCode :: not the account's currency",
                ));
            }
            if minor(&budget["amount"]).is_none_or(|minor| minor < self.least_minor) {
                return Some(error(
                    400,
                    "ILLEGAL_ARGUMENT",
                    "/dailyBudget/amount :: below the minimum daily budget",
                ));
            }
        }
        let known = ["ACTIVE", "PAUSED", "DRAFT", "ARCHIVED", "CANCELED", "COMPLETED"];
        match fields.get("status") {
            Some(status) if !status.as_str().is_some_and(|text| known.contains(&text)) => {
                Some(error(400, "ILLEGAL_ARGUMENT", "/status :: not one of the known values"))
            }
            _ => None,
        }
    }

    fn change(&mut self, at: usize, body: &Value, now_us: i64) -> Reply {
        let Some(set) = body["patch"]["$set"].as_object().filter(|set| !set.is_empty()) else {
            return error(400, "ILLEGAL_ARGUMENT", "A patch with $set is expected");
        };
        if let Some(reply) = self.refuse_fields(set) {
            return reply;
        }
        self.campaigns[at].fields.extend(set.clone());
        self.book(at, now_us);
        Reply::empty(204)
    }

    fn creatives(&self, world: &str, account: &str, query: &Query, now_us: i64) -> Reply {
        let campaigns = query.get("campaigns").map(Tree::texts);
        let mut found = Vec::new();
        for one in self.campaigns.iter().filter(|one| one.world == world && one.account == account) {
            let urn = format!("urn:li:sponsoredCampaign:{}", one.id);
            if campaigns.as_ref().is_some_and(|wanted| !wanted.contains(&urn)) {
                continue;
            }
            for creative in &one.creatives {
                let approved = now_us >= creative.created_us + self.review_us;
                let mut shown = creative.fields.clone();
                shown.insert("id".to_owned(), json!(format!("urn:li:sponsoredCreative:{}", creative.id)));
                shown.insert("isServing".to_owned(), json!(approved));
                shown.insert(
                    "review".to_owned(),
                    json!({ "status": if approved { "APPROVED" } else { "PENDING" } }),
                );
                found.push(Value::Object(shown));
            }
        }
        self.page(&found, query)
    }

    fn add_creative(&mut self, world: &str, account: &str, body: &Value, now_us: i64) -> Reply {
        let campaign =
            body["campaign"].as_str().and_then(|urn| urn.strip_prefix("urn:li:sponsoredCampaign:"));
        let Some(at) = campaign.and_then(|id| self.find(world, account, id)) else {
            return error(400, "ILLEGAL_ARGUMENT", "/campaign :: no such campaign");
        };
        if !body["content"]["reference"].as_str().is_some_and(|urn| urn.starts_with("urn:li:")) {
            return error(400, "ILLEGAL_ARGUMENT", "/content/reference :: field is required but not found");
        }
        self.next_id += 1;
        let id = self.next_id;
        let fields = body.as_object().cloned().unwrap_or_default();
        self.campaigns[at].creatives.push(Creative { id, fields, created_us: now_us });
        self.book(at, now_us);
        Reply::empty(201).header("x-restli-id", format!("urn:li:sponsoredCreative:{id}"))
    }

    fn shown(&self, at: usize, now_us: i64) -> Value {
        let one = &self.campaigns[at];
        let mut shown = one.fields.clone();
        shown.insert("id".to_owned(), json!(one.id));
        let stamp = json!({ "created": { "time": one.created_us / 1_000 }, "lastModified": { "time": now_us / 1_000 } });
        shown.insert("changeAuditStamps".to_owned(), stamp);
        let mut serving = Vec::new();
        if one.status() != "ACTIVE" {
            serving.push("STOPPED");
        }
        if self.group_status != "ACTIVE" {
            serving.push("CAMPAIGN_GROUP_STATUS_HOLD");
        }
        if serving.is_empty() {
            serving.push("RUNNABLE");
        }
        shown.insert("servingStatuses".to_owned(), json!(serving));
        Value::Object(shown)
    }

    /// Notes what is spent from now on; a creative's approval may lie ahead.
    fn book(&mut self, at: usize, now_us: i64) {
        let (review_us, group_runs) = (self.review_us, self.group_status == "ACTIVE");
        let one = &mut self.campaigns[at];
        let daily = if one.status() == "ACTIVE" && group_runs { one.budget_minor() } else { 0 };
        let scheduled_us = one.fields["runSchedule"]["start"].as_i64().unwrap_or(0) * 1_000;
        match one.creatives.iter().map(|creative| creative.created_us + review_us).min() {
            Some(approved) => one.delivery.set(approved.max(scheduled_us).max(now_us), daily),
            None => one.delivery.set(now_us, 0),
        }
    }

    /// The figures of UTC days, by all that a campaign has spent since it came into being.
    fn figures(&self, at: usize, days: &[Date], until_us: i64) -> Vec<Figures> {
        let one = &self.campaigns[at];
        let Some(last) = days.iter().max() else { return Vec::new() };
        let all: Vec<Date> = date_of(one.created_us).series(1.day()).take_while(|day| day <= last).collect();
        let bounds: Vec<(i64, i64)> =
            all.iter().map(|day| (start_us(*day), start_us(*day) + DAY_US)).collect();
        let name = one.fields["name"].as_str().unwrap_or_default();
        let truth = self.truths.iter().find(|(arm, _)| name.rsplit('/').next() == Some(arm.as_str()));
        let truth = truth.map(|(_, truth)| *truth).unwrap_or_default();
        let figures = one.delivery.days(&bounds, until_us, &truth);
        let of_day =
            |day: &Date| all.iter().position(|other| other == day).map(|at| figures[at]).unwrap_or_default();
        days.iter().map(of_day).collect()
    }

    fn report(&self, world: &str, query: &Query, now_us: i64) -> Reply {
        let Some(tree) = query.get("dateRange") else {
            return error(400, "PARAM_MISSING", "Parameter 'dateRange' is required");
        };
        let fields = query.get("fields").and_then(Tree::text).unwrap_or_default();
        let fields: Vec<&str> = fields.split(',').filter(|field| !field.is_empty()).collect();
        if fields.len() > FIELDS_MAX {
            return error(400, "TOO_MANY_FIELDS", "At most 20 metrics can be requested");
        }
        let Some(from) = tree.at("start").and_then(date) else {
            return error(400, "ILLEGAL_ARGUMENT", "/dateRange/start :: a date is expected");
        };
        let to = tree.at("end").and_then(date).unwrap_or_else(|| date_of(now_us));
        let pivot = query.get("pivot").map(|tree| tree.at("value").unwrap_or(tree)).and_then(Tree::text);
        let wanted = query.get("campaigns").map(Tree::texts).unwrap_or_default();
        let days: Vec<Date> = from.series(1.day()).take_while(|day| *day <= to).collect();
        let mut elements = Vec::new();
        for (at, one) in self.campaigns.iter().enumerate().filter(|(_, one)| one.world == world) {
            let urn = format!("urn:li:sponsoredCampaign:{}", one.id);
            if !self.may_report || !wanted.contains(&urn) {
                continue;
            }
            let pivot_value = match (pivot.as_deref(), one.creatives.first()) {
                (Some("CREATIVE"), Some(creative)) => format!("urn:li:sponsoredCreative:{}", creative.id),
                _ => urn,
            };
            for (figures, day) in self.figures(at, &days, now_us).into_iter().zip(&days) {
                let told = self.restating.reported(figures, start_us(*day) + DAY_US, now_us);
                if !told.is_empty() {
                    elements.push(row(&fields, *day, &pivot_value, &told));
                }
            }
        }
        elements.truncate(self.rows_max);
        Reply::json(200, json!({ "paging": { "start": 0, "count": 10, "links": [] }, "elements": elements }))
    }
}

impl Campaign {
    fn budget_minor(&self) -> i64 {
        self.fields.get("dailyBudget").and_then(|budget| minor(&budget["amount"])).unwrap_or(0)
    }

    fn status(&self) -> &str {
        self.fields["status"].as_str().unwrap_or_default()
    }
}

type Query = BTreeMap<String, Tree>;

/// The parameters of a query; a projection is a plain list of names.
fn parameters(query: &str) -> Option<Query> {
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=')?;
            let value = if name == "fields" { Tree::Text(value.to_owned()) } else { tree(value)? };
            Some((name.to_owned(), value))
        })
        .collect()
}

fn date(tree: &Tree) -> Option<Date> {
    let number = |key: &str| tree.at(key).and_then(Tree::text)?.parse::<i16>().ok();
    let (year, month, day) = (number("year")?, number("month")?, number("day")?);
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// A row with the fields that were asked for.
fn row(fields: &[&str], day: Date, pivot_value: &str, told: &Figures) -> Value {
    let date = json!({ "year": day.year(), "month": day.month(), "day": day.day() });
    let all = json!({
        "dateRange": { "start": date, "end": date },
        "pivotValues": [pivot_value],
        "impressions": told.impressions,
        "clicks": told.clicks,
        "landingPageClicks": told.clicks * 9 / 10,
        "costInLocalCurrency": amount(told.spend_minor),
        "externalWebsiteConversions": told.goals,
        "externalWebsitePostClickConversions": told.goals,
        "externalWebsitePostViewConversions": 0,
        "oneClickLeads": told.goals,
        "conversionValueInLocalCurrency": amount(told.value_minor),
    });
    let told = all.as_object().into_iter().flatten();
    told.filter(|(name, _)| fields.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Minor units as a text of major ones, in a currency with two decimals.
fn amount(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

/// A text of major units with at most two decimals, in minor ones.
fn minor(amount: &Value) -> Option<i64> {
    let text = amount.as_str()?;
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let cents = match part.len() {
        0 => 0,
        1 => part.parse::<i64>().ok()? * 10,
        2 => part.parse::<i64>().ok()?,
        _ => return None,
    };
    Some(whole.parse::<i64>().ok()? * 100 + cents)
}

fn date_of(at_us: i64) -> Date {
    let at = Timestamp::from_microsecond(at_us).expect("a test's time is within the calendar");
    at.to_zoned(TimeZone::UTC).date()
}

fn start_us(day: Date) -> i64 {
    let zoned = day.to_zoned(TimeZone::UTC).expect("a test's day is within the calendar");
    zoned.timestamp().as_microsecond()
}

fn error(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(
        status,
        json!({ "status": status, "code": code, "message": message, "serviceErrorCode": 100 }),
    )
}
