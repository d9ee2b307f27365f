//! A stand-in for Meta's Graph API, as far as advertising goes.
//!
//! Documented, and kept here: forms with nested JSON; `{"success":true}` after a change; budgets in minor units as texts,
//! reported spend in major ones; ad sets that own their budget; `validate_only`; `status` beside `effective_status`;
//! pages by cursors; insights by days of the account's timezone, with one lead under several action types; reports that
//! are prepared and polled; errors in an envelope with Meta's own numbers, mostly as 400; a token's end as 190; the
//! proof of a token; at most four changes of an ad set's budget an hour; "reduce the amount of data" for reports that are
//! too large.
//!
//! Not documented, and chosen: the number that a fifth change of a budget is refused with; how long a review takes; how
//! many looks a prepared report takes; how preliminary figures differ from final ones.
//!
//! Whatever stands in the path before the version names a world of its own, so that tests do not meet in one account.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Map, Value, json};

use crate::{Delivery, Figures, Platform, Reply, Request, Restating, Truth};

const HOUR_US: i64 = 3_600_000_000;

/// The platform. Accounts come into being when they are first asked for; there is one campaign, `120`.
#[derive(Debug)]
pub struct Meta {
    /// The tokens that hold.
    pub tokens: Vec<String>,
    /// The proof that must come with them.
    pub proof: Option<String>,
    /// Currency of every account.
    pub currency: String,
    /// Timezone of every account.
    pub timezone: String,
    /// The smallest daily budget, in minor units.
    pub least_minor: i64,
    /// How long an ad is reviewed, in µs.
    pub review_us: i64,
    /// A budget of the campaign's own, in minor units: then the ad sets have none.
    pub campaign_budget: Option<i64>,
    /// Days and ad sets multiplied: a report of more is too large.
    pub report_max: usize,
    /// The largest page.
    pub page_max: usize,
    /// Looks until a prepared report is ready.
    pub looks: u32,
    /// How preliminary figures differ.
    pub restating: Restating,
    /// What is true of ad sets whose name ends with `/` and this.
    pub truths: BTreeMap<String, Truth>,
    ad_sets: Vec<AdSet>,
    runs: Vec<Run>,
    next_id: u64,
}

#[derive(Debug)]
struct AdSet {
    world: String,
    account: String,
    id: u64,
    fields: Map<String, Value>,
    ads: Vec<Ad>,
    delivery: Delivery,
    created_us: i64,
    budget_changes_us: Vec<i64>,
}

/// A report that is being prepared.
#[derive(Debug)]
struct Run {
    id: u64,
    looks_left: u32,
    asked: Vec<(String, String)>,
}

#[derive(Debug)]
struct Ad {
    id: u64,
    name: String,
    created_us: i64,
}

impl Default for Meta {
    fn default() -> Self {
        Self {
            tokens: vec!["TOKEN".to_owned()],
            proof: None,
            currency: "EUR".to_owned(),
            timezone: "Europe/Oslo".to_owned(),
            least_minor: 500,
            review_us: 0,
            campaign_budget: None,
            report_max: usize::MAX,
            page_max: 500,
            looks: 0,
            restating: Restating::default(),
            truths: BTreeMap::new(),
            ad_sets: Vec::new(),
            runs: Vec::new(),
            next_id: 1_000,
        }
    }
}

impl Platform for Meta {
    fn answer(&mut self, request: &Request, now_us: i64) -> Reply {
        let segments = request.segments();
        let is_version =
            |part: &String| part.starts_with('v') && part[1..].split('.').all(|n| n.parse::<u16>().is_ok());
        let Some(at) = segments.iter().position(is_version) else {
            return error(400, 2_500, None, "Unknown path components");
        };
        let world = segments[..at].join("/");
        let path: Vec<&str> = segments[at + 1..].iter().map(String::as_str).collect();
        let token = request.query_value("access_token").or_else(|| request.bearer().map(str::to_owned));
        if token.is_none_or(|token| !self.tokens.contains(&token)) {
            return error(400, 190, Some(463), "Error validating access token: Session has expired");
        }
        if self.proof.is_some() && request.query_value("appsecret_proof") != self.proof {
            return error(400, 100, None, "Invalid appsecret_proof provided in the API argument");
        }
        if request.method == "POST"
            && request.header("content-type").is_none_or(|kind| !kind.contains("urlencoded"))
        {
            return error(400, 100, None, "Expected a form");
        }
        let form = Form(request.form());
        match (request.method.as_str(), path.as_slice()) {
            ("POST", []) => self.batch(&world, &form, now_us),
            ("GET", [account]) if account.starts_with("act_") => self.account(account),
            ("GET", [account, "campaigns"]) if account.starts_with("act_") => {
                Reply::json(200, json!({ "data": [self.campaign()] }))
            }
            ("POST", [account, "campaigns"]) if account.starts_with("act_") => created_campaign(&form),
            ("POST", [account, "adsets"]) if account.starts_with("act_") => {
                self.create(&world, account, &form, now_us)
            }
            ("POST", [account, "ads"]) if account.starts_with("act_") => {
                self.add_ad(&world, account, &form, now_us)
            }
            ("GET", [account, "insights"]) if account.starts_with("act_") => {
                self.report(&world, account, &Form(request.query_pairs()), now_us)
            }
            ("POST", [account, "insights"]) if account.starts_with("act_") => {
                self.next_id += 1;
                let mut asked = form.0;
                asked.push(("account".to_owned(), (*account).to_owned()));
                self.runs.push(Run { id: self.next_id, looks_left: self.looks, asked });
                Reply::json(200, json!({ "report_run_id": self.next_id.to_string() }))
            }
            ("GET", ["120"]) => Reply::json(200, self.campaign()),
            ("GET", ["120", "adsets"]) => {
                let of_world = self.ad_sets.iter().filter(|one| one.world == world);
                let found: Vec<Value> = of_world.map(|one| self.shown(one, now_us)).collect();
                page(&found, &Form(request.query_pairs()), self.page_max, &request.path)
            }
            ("GET", [id, "insights"]) => self.prepared(&world, id, &Form(request.query_pairs()), now_us),
            ("GET", [id, "ads"]) => match self.find(&world, id) {
                Some(at) => {
                    let ads = self.ad_sets[at].ads.iter();
                    let found: Vec<Value> = ads.map(|ad| self.shown_ad(ad, now_us)).collect();
                    page(&found, &Form(request.query_pairs()), self.page_max, &request.path)
                }
                None => gone(id),
            },
            ("GET", [id]) => {
                match (self.find(&world, id), self.runs.iter_mut().find(|run| run.id.to_string() == **id)) {
                    (Some(at), _) => Reply::json(200, self.shown(&self.ad_sets[at], now_us)),
                    (None, Some(run)) => {
                        let (status, percent) =
                            if run.looks_left == 0 { ("Job Completed", 100) } else { ("Job Running", 40) };
                        run.looks_left = run.looks_left.saturating_sub(1);
                        Reply::json(
                            200,
                            json!({ "id": id, "async_status": status, "async_percent_completion": percent }),
                        )
                    }
                    (None, None) => gone(id),
                }
            }
            ("POST", [id]) => match self.find(&world, id) {
                Some(at) => self.change(at, &form, now_us),
                None => gone(id),
            },
            _ => error(400, 2_500, None, "Unknown path components"),
        }
    }
}

impl Meta {
    /// How many ad sets of an account bear a name.
    pub fn count(&self, account: &str, name: &str) -> usize {
        self.ad_sets.iter().filter(|one| one.account == account && one.fields["name"] == name).count()
    }

    /// Daily budget in minor units and status of an account's ad set of a name.
    pub fn standing(&self, account: &str, name: &str) -> Option<(i64, String)> {
        let one = self.ad_sets.iter().find(|one| one.account == account && one.fields["name"] == name)?;
        Some((one.budget_minor(), one.status().to_owned()))
    }

    /// How many ads an ad set of a name has.
    pub fn ads_of(&self, account: &str, name: &str) -> usize {
        let named = self.ad_sets.iter().find(|one| one.account == account && one.fields["name"] == name);
        named.map_or(0, |one| one.ads.len())
    }

    /// The final figures of an ad set by day, as far as they have gone at `until_us`.
    pub fn truth(&self, account: &str, name: &str, days: &[Date], until_us: i64) -> Vec<Figures> {
        let named = self.ad_sets.iter().find(|one| one.account == account && one.fields["name"] == name);
        named.map(|one| self.figures(one, days, until_us)).unwrap_or_default()
    }

    fn account(&self, account: &str) -> Reply {
        Reply::json(
            200,
            json!({ "id": account, "currency": self.currency, "timezone_name": self.timezone, "account_status": 1,
                    "min_daily_budget": self.least_minor }),
        )
    }

    fn campaign(&self) -> Value {
        let mut campaign = json!({ "id": "120", "name": "Experiments", "effective_status": "ACTIVE" });
        if let Some(budget) = self.campaign_budget {
            campaign["daily_budget"] = json!(budget.to_string());
        }
        campaign
    }

    fn find(&self, world: &str, id: &str) -> Option<usize> {
        self.ad_sets.iter().position(|one| one.world == world && one.id.to_string() == id)
    }

    fn create(&mut self, world: &str, account: &str, form: &Form, now_us: i64) -> Reply {
        for needed in ["name", "campaign_id", "billing_event", "optimization_goal", "targeting", "status"] {
            if form.get(needed).is_none() {
                return error(400, 100, None, &format!("(#100) The parameter {needed} is required."));
            }
        }
        if form.get("campaign_id") != Some("120") {
            return gone(form.get("campaign_id").unwrap_or_default());
        }
        for nested in ["targeting", "promoted_object", "execution_options"] {
            if form.get(nested).is_some_and(|text| serde_json::from_str::<Value>(text).is_err()) {
                return error(400, 100, None, &format!("(#100) Param {nested} must be valid JSON"));
            }
        }
        if let Some(reply) = self.refuse(form) {
            return reply;
        }
        if form.get("execution_options").is_some_and(|options| options.contains("validate_only")) {
            return Reply::json(200, json!({ "success": true }));
        }
        self.next_id += 1;
        let id = self.next_id;
        let fields = form.0.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        self.ad_sets.push(AdSet {
            world: world.to_owned(),
            account: account.trim_start_matches("act_").to_owned(),
            id,
            fields,
            ads: Vec::new(),
            delivery: Delivery::default(),
            created_us: now_us,
            budget_changes_us: Vec::new(),
        });
        self.book(self.ad_sets.len() - 1, now_us);
        Reply::json(200, json!({ "id": id.to_string() }))
    }

    fn refuse(&self, form: &Form) -> Option<Reply> {
        let budget = form.get("daily_budget").map(str::parse::<i64>);
        match budget {
            Some(Ok(minor)) if minor >= self.least_minor && self.campaign_budget.is_none() => {}
            Some(_) => return Some(error(400, 100, Some(1_885_272), "Your budget is too low")),
            None => {}
        }
        let known = ["ACTIVE", "PAUSED", "ARCHIVED", "DELETED"];
        match form.get("status") {
            Some(status) if !known.contains(&status) => {
                Some(error(400, 100, None, "(#100) Param status is invalid"))
            }
            _ => None,
        }
    }

    fn change(&mut self, at: usize, form: &Form, now_us: i64) -> Reply {
        if let Some(reply) = self.refuse(form) {
            return reply;
        }
        let one = &mut self.ad_sets[at];
        if let Some(budget) = form.get("daily_budget").filter(|budget| one.fields["daily_budget"] != **budget)
        {
            one.budget_changes_us.retain(|at_us| *at_us > now_us - HOUR_US);
            if one.budget_changes_us.len() >= 4 {
                return error(
                    400,
                    613,
                    Some(1_487_632),
                    "Ad set budget may be changed at most four times an hour",
                );
            }
            one.budget_changes_us.push(now_us);
            one.fields.insert("daily_budget".to_owned(), json!(budget));
        }
        if let Some(status) = form.get("status") {
            one.fields.insert("status".to_owned(), json!(status));
        }
        self.book(at, now_us);
        Reply::json(200, json!({ "success": true }))
    }

    /// Several changes at once, each with its own reply.
    fn batch(&mut self, world: &str, form: &Form, now_us: i64) -> Reply {
        let Some(Value::Array(calls)) = form.get("batch").and_then(|text| serde_json::from_str(text).ok())
        else {
            return error(400, 100, None, "(#100) The parameter batch is required.");
        };
        let replies: Vec<Value> = calls
            .iter()
            .map(|call| {
                let id = call["relative_url"].as_str().unwrap_or_default().trim_end_matches('/');
                let body = call["body"].as_str().unwrap_or_default();
                let pairs = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
                let reply = match self.find(world, id) {
                    Some(at) => self.change(at, &Form(pairs), now_us),
                    None => gone(id),
                };
                json!({ "code": reply.status, "body": String::from_utf8_lossy(&reply.body) })
            })
            .collect();
        Reply::json(200, Value::Array(replies))
    }

    fn add_ad(&mut self, world: &str, account: &str, form: &Form, now_us: i64) -> Reply {
        let at = form.get("adset_id").and_then(|id| self.find(world, id));
        let Some(at) = at.filter(|at| format!("act_{}", self.ad_sets[*at].account) == account) else {
            return gone(form.get("adset_id").unwrap_or_default());
        };
        let creative: Option<Value> = form.get("creative").and_then(|text| serde_json::from_str(text).ok());
        let is_whole = |creative: &Value| {
            creative["creative_id"].is_string()
                || creative["object_story_spec"]["link_data"]["link"].is_string()
        };
        if !creative.as_ref().is_some_and(is_whole) {
            return error(400, 100, Some(1_487_202), "The creative is missing or incomplete");
        }
        self.next_id += 1;
        let (id, name) = (self.next_id, form.get("name").unwrap_or_default().to_owned());
        self.ad_sets[at].ads.push(Ad { id, name, created_us: now_us });
        self.book(at, now_us);
        Reply::json(200, json!({ "id": id.to_string() }))
    }

    fn shown_ad(&self, ad: &Ad, now_us: i64) -> Value {
        let approved = now_us >= ad.created_us + self.review_us;
        let status = if approved { "ACTIVE" } else { "PENDING_REVIEW" };
        json!({ "id": ad.id.to_string(), "name": ad.name, "status": "ACTIVE", "effective_status": status })
    }

    fn shown(&self, one: &AdSet, now_us: i64) -> Value {
        let created = moment(one.created_us);
        let mut shown = json!({
            "id": one.id.to_string(), "name": one.fields["name"], "status": one.status(),
            "effective_status": one.status(), "campaign_id": "120", "created_time": created,
            "updated_time": moment(now_us),
        });
        if self.campaign_budget.is_none() {
            shown["daily_budget"] = json!(one.budget_minor().to_string());
            shown["budget_remaining"] = json!(one.budget_minor().to_string());
        }
        shown
    }

    /// Notes what is spent from now on; an ad's approval may lie ahead.
    fn book(&mut self, at: usize, now_us: i64) {
        let review_us = self.review_us;
        let one = &mut self.ad_sets[at];
        let daily = if one.status() == "ACTIVE" { one.budget_minor() } else { 0 };
        match one.ads.iter().map(|ad| ad.created_us + review_us).min() {
            Some(approved) => one.delivery.set(approved.max(now_us), daily),
            None => one.delivery.set(now_us, 0),
        }
    }

    fn zone(&self) -> TimeZone {
        TimeZone::get(&self.timezone).expect("a test's timezone exists")
    }

    fn start_us(&self, day: Date) -> i64 {
        let zoned = day.to_zoned(self.zone()).expect("a test's day is within the calendar");
        zoned.timestamp().as_microsecond()
    }

    fn bounds(&self, day: Date) -> (i64, i64) {
        (self.start_us(day), self.start_us(day.tomorrow().expect("a test's day is within the calendar")))
    }

    /// The figures of days, by all that an ad set has spent since it came into being.
    fn figures(&self, one: &AdSet, days: &[Date], until_us: i64) -> Vec<Figures> {
        let Some(last) = days.iter().max() else { return Vec::new() };
        let created =
            Timestamp::from_microsecond(one.created_us).expect("a test's time is within the calendar");
        let first = created.to_zoned(self.zone()).date();
        let all: Vec<Date> = first.series(1.day()).take_while(|day| day <= last).collect();
        let bounds: Vec<(i64, i64)> = all.iter().map(|day| self.bounds(*day)).collect();
        let name = one.fields["name"].as_str().unwrap_or_default();
        let truth = self.truths.iter().find(|(arm, _)| name.rsplit('/').next() == Some(arm.as_str()));
        let truth = truth.map(|(_, truth)| *truth).unwrap_or_default();
        let figures = one.delivery.days(&bounds, until_us, &truth);
        let of_day =
            |day: &Date| all.iter().position(|other| other == day).map(|at| figures[at]).unwrap_or_default();
        days.iter().map(of_day).collect()
    }

    fn report(&self, world: &str, account: &str, asked: &Form, now_us: i64) -> Reply {
        match self.rows(world, account, asked, now_us) {
            Ok(rows) => page(&rows, asked, self.page_max, &format!("/{account}/insights")),
            Err(reply) => reply,
        }
    }

    fn prepared(&self, world: &str, id: &str, asked: &Form, now_us: i64) -> Reply {
        let Some(run) = self.runs.iter().find(|run| run.id.to_string() == id) else {
            return if self.find(world, id).is_some() {
                Reply::json(200, json!({ "data": [] }))
            } else {
                gone(id)
            };
        };
        let parameters = Form(run.asked.clone());
        match self.rows(world, parameters.get("account").unwrap_or_default(), &parameters, now_us) {
            Ok(rows) => page(&rows, asked, self.page_max, &format!("/{id}/insights")),
            Err(reply) => reply,
        }
    }

    fn rows(&self, world: &str, account: &str, asked: &Form, now_us: i64) -> Result<Vec<Value>, Reply> {
        let json = |name: &str| asked.get(name).and_then(|text| serde_json::from_str::<Value>(text).ok());
        let range = json("time_range").unwrap_or_default();
        let date = |key: &str| range[key].as_str().and_then(|text| text.parse::<Date>().ok());
        let (Some(from), Some(to)) = (date("since"), date("until")) else {
            return Err(error(400, 100, None, "(#100) Param time_range must be valid"));
        };
        if asked.get("time_increment") != Some("1") {
            return Err(error(400, 100, None, "this stand-in reports days"));
        }
        let wanted: Option<Vec<String>> = json("filtering").and_then(|filters| {
            let filter = filters.as_array()?.iter().find(|filter| filter["field"] == "adset.id")?.clone();
            Some(filter["value"].as_array()?.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect())
        });
        let days: Vec<Date> = from.series(1.day()).take_while(|day| *day <= to).collect();
        let of_account =
            self.ad_sets.iter().filter(|one| one.world == world && format!("act_{}", one.account) == account);
        let of_account: Vec<&AdSet> = of_account
            .filter(|one| wanted.as_ref().is_none_or(|wanted| wanted.contains(&one.id.to_string())))
            .collect();
        if days.len() * of_account.len().max(1) > self.report_max {
            let text = "Please reduce the amount of data you're asking for, then retry your request";
            return Err(Reply::json(500, json!({ "error": { "message": text, "code": 1 } })));
        }
        let mut rows = Vec::new();
        for one in of_account {
            for (figures, day) in self.figures(one, &days, now_us).into_iter().zip(&days) {
                let told = self.restating.reported(figures, self.bounds(*day).1, now_us);
                if !told.is_empty() {
                    rows.push(self.row(one, *day, &told));
                }
            }
        }
        Ok(rows)
    }

    /// A row in which each lead stands three times and each purchase twice, as they do.
    fn row(&self, one: &AdSet, day: Date, told: &Figures) -> Value {
        let actions = |figure: String| {
            let types = [
                "lead",
                "offsite_conversion.fb_pixel_lead",
                "onsite_web_lead",
                "purchase",
                "offsite_conversion.fb_pixel_purchase",
            ];
            let of_type = |name: &&str| json!({ "action_type": name, "value": figure, "7d_click": figure });
            types.iter().map(of_type).collect::<Vec<Value>>()
        };
        let mut row = json!({
            "account_currency": self.currency, "account_id": one.account, "campaign_id": "120",
            "adset_id": one.id.to_string(), "impressions": told.impressions.to_string(),
            "clicks": (told.clicks * 3 / 2).to_string(), "inline_link_clicks": told.clicks.to_string(),
            "spend": major(told.spend_minor), "date_start": day.to_string(), "date_stop": day.to_string(),
        });
        if told.goals > 0 {
            row["actions"] = json!(actions(told.goals.to_string()));
            row["action_values"] = json!(actions(major(told.value_minor)));
        }
        row
    }
}

impl AdSet {
    fn budget_minor(&self) -> i64 {
        self.fields
            .get("daily_budget")
            .and_then(Value::as_str)
            .and_then(|text| text.parse().ok())
            .unwrap_or(0)
    }

    fn status(&self) -> &str {
        self.fields["status"].as_str().unwrap_or_default()
    }
}

/// Pairs of a form or a query.
struct Form(Vec<(String, String)>);

impl Form {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

fn created_campaign(form: &Form) -> Reply {
    for needed in ["name", "objective", "special_ad_categories"] {
        if form.get(needed).is_none() {
            return error(400, 100, None, &format!("(#100) The parameter {needed} is required."));
        }
    }
    Reply::json(200, json!({ "id": "120" }))
}

/// A page of what was found, with cursors and, when there is more, the next page's address.
fn page(found: &[Value], asked: &Form, page_max: usize, path: &str) -> Reply {
    let size =
        asked.get("limit").and_then(|text| text.parse::<usize>().ok()).unwrap_or(25).clamp(1, page_max);
    let from = match asked.get("after").map(str::parse::<usize>) {
        Some(Ok(after)) => after,
        Some(Err(_)) => return error(400, 100, None, "(#100) Invalid cursor"),
        None => 0,
    };
    let until = (from + size).min(found.len());
    let mut body = json!({ "data": found.get(from..until).unwrap_or_default() });
    if until > from {
        body["paging"] = json!({ "cursors": { "before": from.to_string(), "after": until.to_string() } });
        if until < found.len() {
            body["paging"]["next"] = json!(format!("https://graph.example{path}?after={until}"));
        }
    }
    Reply::json(200, body)
}

/// Minor units as a text of major ones, in a currency with two decimals.
fn major(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

fn moment(at_us: i64) -> String {
    let at = Timestamp::from_microsecond(at_us).expect("a test's time is within the calendar");
    at.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string()
}

fn gone(id: &str) -> Reply {
    let text = format!(
        "Unsupported request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions"
    );
    error(400, 100, Some(33), &text)
}

fn error(status: u16, code: i64, subcode: Option<i64>, message: &str) -> Reply {
    let mut error = json!({ "message": message, "type": "OAuthException", "code": code, "fbtrace_id": "x" });
    if let Some(subcode) = subcode {
        error["error_subcode"] = json!(subcode);
    }
    Reply::json(status, json!({ "error": error }))
}
