//! A stand-in for Outbrain's Amplify API 0.1.
//!
//! Documented, and kept here: the token by Basic authentication (30 days, two sign-ins an hour); budgets as objects of their
//! own, shared or not; changes of campaigns and budgets by PUT; lists and reports that are cut at 10 unless asked otherwise,
//! reports newest first; conversions by the day of their click when asked; the time until which data is final; 429 with
//! `rate-limit-msec-left`; errors with `errorMessage`.
//!
//! No request of another client was at hand: form and encoding of requests are those of the public documentation alone.
//!
//! Not documented, and chosen: the smallest daily budget and its name in `/currencies`; that a link is approved after a while;
//! figures of conversions without `conversionsByClickDate` are those of a day later.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use crate::amount::{amount, minor};
use crate::zone::Zone;
use crate::{Delivery, Figures, Platform, Reply, Request, Restating, Truth};

const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;
/// What lists and reports are cut at when nobody says otherwise.
const LIMIT: usize = 10;
/// `user:` and the password of [`Outbrain::default`], as Basic authentication has them.
const BASIC: &str = "dXNlcjphLXZlcnktc2VjcmV0LXNlY3JldA==";

/// The platform. Marketers come into being when they are first asked for.
#[derive(Debug)]
pub struct Outbrain {
    /// User and password in the form of Basic authentication; `user` and `a-very-secret-secret` unless set.
    pub basic: String,
    /// Currency of every marketer.
    pub currency: String,
    /// Timezone of every marketer.
    pub timezone: String,
    /// The smallest daily budget, in minor units.
    pub least_minor: i64,
    /// How often somebody may sign in within an hour.
    pub logins_an_hour: usize,
    /// How long a link waits for approval, in µs.
    pub approval_us: i64,
    /// How old the newest final data is, in µs.
    pub lag_us: i64,
    /// How preliminary figures differ.
    pub restating: Restating,
    /// What is true of campaigns whose name ends with `/` and this.
    pub truths: BTreeMap<String, Truth>,
    tokens: BTreeMap<String, i64>,
    logins_us: Vec<i64>,
    budgets: Vec<Budget>,
    campaigns: Vec<Campaign>,
    next_id: u64,
}

#[derive(Debug)]
struct Budget {
    marketer: String,
    id: String,
    fields: Map<String, Value>,
}

#[derive(Debug)]
struct Campaign {
    marketer: String,
    id: String,
    budget: String,
    fields: Map<String, Value>,
    links: Vec<(i64, Map<String, Value>)>,
    delivery: Delivery,
    created_us: i64,
}

impl Default for Outbrain {
    fn default() -> Self {
        Self {
            basic: BASIC.to_owned(),
            currency: "NOK".to_owned(),
            timezone: "Europe/Oslo".to_owned(),
            least_minor: 20_000,
            logins_an_hour: 2,
            approval_us: 0,
            lag_us: 3 * HOUR_US,
            restating: Restating::default(),
            truths: BTreeMap::new(),
            tokens: BTreeMap::new(),
            logins_us: Vec::new(),
            budgets: Vec::new(),
            campaigns: Vec::new(),
            next_id: 0,
        }
    }
}

impl Platform for Outbrain {
    fn answer(&mut self, request: &Request, now_us: i64) -> Reply {
        let path: Vec<String> = request.segments();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let ["amplify", "v0.1", rest @ ..] = path.as_slice() else {
            return error(404, "not-found", "not found");
        };
        if rest == ["login"] {
            return self.login(request, now_us);
        }
        let token = request.header("ob-token-v1").and_then(|token| self.tokens.get(token));
        if token.is_none_or(|until| now_us >= *until) {
            return error(401, "authentication", "invalid token");
        }
        match (request.method.as_str(), rest) {
            ("GET", ["marketers", marketer]) => Reply::json(
                200,
                json!({ "id": marketer, "name": marketer, "enabled": true, "currency": self.currency }),
            ),
            ("GET", ["currencies"]) => Reply::json(
                200,
                json!({ "currencies": [{ "id": self.currency, "minDailyBudget": amount(self.least_minor) }] }),
            ),
            ("GET", ["marketers", marketer, "budgets"]) => {
                let budgets = self.budgets.iter().filter(|one| one.marketer == *marketer);
                listed(request, "budgets", budgets.map(Budget::shown).collect())
            }
            ("POST", ["marketers", marketer, "budgets"]) => self.add_budget(marketer, &request.json()),
            ("GET", ["budgets", id]) => match self.budgets.iter().find(|one| one.id == *id) {
                Some(budget) => Reply::json(200, budget.shown()),
                None => error(404, "get-budget", "no such budget"),
            },
            ("PUT", ["budgets", id]) => self.change_budget(id, &request.json(), now_us),
            ("GET", ["marketers", marketer, "campaigns"]) => {
                let of = (0..self.campaigns.len()).filter(|at| self.campaigns[*at].marketer == *marketer);
                listed(request, "campaigns", of.map(|at| self.shown(at, now_us)).collect())
            }
            ("POST", ["campaigns"]) => self.create(&request.json(), now_us),
            (method, ["campaigns", id, rest @ ..]) => {
                let Some(at) = self.campaigns.iter().position(|one| one.id == *id) else {
                    return error(404, "get-campaign", "no such campaign");
                };
                match (method, rest) {
                    ("GET", []) => Reply::json(200, self.shown(at, now_us)),
                    ("PUT", []) => self.change(at, &request.json(), now_us),
                    ("GET", ["promotedLinks"]) => {
                        let links = self.campaigns[at].links.iter();
                        let links = links.map(|(since, link)| self.shown_link(*since, link, now_us));
                        listed(request, "promotedLinks", links.collect())
                    }
                    ("POST", ["promotedLinks"]) => self.add_link(at, &request.json(), now_us),
                    _ => error(404, "not-found", "not found"),
                }
            }
            ("GET", ["reports", "dataFreshness"]) => {
                let zone = Zone::new(&self.timezone);
                let text = |at_us: i64| zone.local(at_us).strftime("%Y-%m-%d %H:%M:%S").to_string();
                let (complete, newest) = (text(now_us - self.lag_us), text(now_us));
                Reply::json(200, json!({ "finalDataDate": complete, "realTimeDataDate": newest }))
            }
            ("GET", ["reports", "marketers", marketer, "campaigns", "periodic"]) => {
                self.report(marketer, request, now_us)
            }
            _ => error(404, "not-found", "not found"),
        }
    }
}

impl Outbrain {
    /// Every token that was given out ends now.
    pub fn expire_tokens(&mut self) {
        self.tokens.clear();
    }

    /// How often somebody signed in.
    pub fn logins(&self) -> usize {
        self.logins_us.len()
    }

    /// Gives the budget of a campaign to another one too.
    pub fn share_budget(&mut self, marketer: &str, name: &str) {
        let budget = self.campaigns.iter().find(|one| one.is(marketer, name)).map(|one| one.budget.clone());
        for one in self.budgets.iter_mut().filter(|one| Some(&one.id) == budget.as_ref()) {
            one.fields.insert("shared".to_owned(), Value::Bool(true));
        }
    }

    /// Ids of a marketer's campaigns of a name.
    pub fn ids(&self, marketer: &str, name: &str) -> Vec<String> {
        self.campaigns.iter().filter(|one| one.is(marketer, name)).map(|one| one.id.clone()).collect()
    }

    /// Daily budget in minor units and whether it is enabled, of a marketer's campaign of a name.
    pub fn standing(&self, marketer: &str, name: &str) -> Option<(i64, bool)> {
        let campaign = self.campaigns.iter().find(|one| one.is(marketer, name))?;
        Some((self.budget_minor(&campaign.budget), campaign.enabled()))
    }

    /// The final figures of a campaign by day, as far as they have gone at `until_us`.
    pub fn truth(&self, marketer: &str, name: &str, days: &[Date], until_us: i64) -> Vec<Figures> {
        match self.campaigns.iter().position(|one| one.is(marketer, name)) {
            Some(at) => self.figures(at, days, until_us),
            None => Vec::new(),
        }
    }

    fn id(&mut self) -> String {
        self.next_id += 1;
        format!("00f4b02153ee75f3c9dc4fc128ab{:06x}", self.next_id)
    }

    fn login(&mut self, request: &Request, now_us: i64) -> Reply {
        if request.header("authorization").and_then(|text| text.strip_prefix("Basic ")) != Some(&self.basic) {
            return error(401, "login", "wrong user or password");
        }
        self.logins_us.retain(|at| (now_us - HOUR_US..=now_us).contains(at));
        if self.logins_us.len() >= self.logins_an_hour {
            return error(429, "login", "too many logins").header("rate-limit-msec-left", "3600000");
        }
        self.logins_us.push(now_us);
        let id = self.id();
        let token = format!("token-{id}");
        self.tokens.insert(token.clone(), now_us + 30 * DAY_US);
        Reply::json(200, json!({ "OB-TOKEN-V1": token })).header("OB-TOKEN-V1", token)
    }

    fn add_budget(&mut self, marketer: &str, body: &Value) -> Reply {
        let Some(fields) = body.as_object() else { return error(400, "budget", "a body is expected") };
        let is =
            |field: &str, known: &[&str]| fields[field].as_str().is_some_and(|text| known.contains(&text));
        if !["name", "type", "pacing", "startDate", "amount", "runForever"]
            .iter()
            .all(|key| fields.contains_key(*key))
            || !is("type", &["DAILY", "MONTHLY", "CAMPAIGN"])
            || !is("pacing", &["SPEND_ASAP", "AUTOMATIC", "DAILY_TARGET"])
        {
            return error(
                400,
                "budget",
                "a budget needs name, amount, type, pacing, startDate and runForever",
            );
        }
        if let Some(reply) = self.refuse(fields) {
            return reply;
        }
        let (mut fields, id) = (fields.clone(), self.id());
        fields.insert("currency".to_owned(), json!(self.currency));
        fields.insert("shared".to_owned(), Value::Bool(false));
        let budget = Budget { marketer: marketer.to_owned(), id, fields };
        let shown = budget.shown();
        self.budgets.push(budget);
        Reply::json(201, shown)
    }

    fn refuse(&self, fields: &Map<String, Value>) -> Option<Reply> {
        let amount = fields.get("amount")?;
        let fits = minor(amount).is_some_and(|minor| minor >= self.least_minor);
        (!fits)
            .then(|| error(400, "budget", "the amount is below the minimum, or has more than two decimals"))
    }

    fn change_budget(&mut self, id: &str, body: &Value, now_us: i64) -> Reply {
        let Some(fields) = body.as_object() else { return error(400, "budget", "a body is expected") };
        if let Some(reply) = self.refuse(fields) {
            return reply;
        }
        let Some(budget) = self.budgets.iter_mut().find(|one| one.id == id) else {
            return error(404, "get-budget", "no such budget");
        };
        budget.fields.extend(fields.clone());
        let shown = budget.shown();
        let of_budget: Vec<usize> =
            (0..self.campaigns.len()).filter(|at| self.campaigns[*at].budget == id).collect();
        for at in of_budget {
            self.book(at, now_us);
        }
        Reply::json(200, shown)
    }

    fn create(&mut self, body: &Value, now_us: i64) -> Reply {
        let Some(fields) = body.as_object() else { return error(400, "campaign", "a body is expected") };
        let budget = body["budgetId"].as_str().and_then(|id| self.budgets.iter().find(|one| one.id == id));
        let (Some(budget), true) = (budget, body["name"].is_string()) else {
            return error(400, "campaign", "a campaign needs a name and a budget");
        };
        let (marketer, budget) = (budget.marketer.clone(), budget.id.clone());
        let (mut fields, id) = (fields.clone(), self.id());
        fields.remove("budgetId");
        fields.entry("enabled").or_insert(Value::Bool(true));
        let (links, delivery) = (Vec::new(), Delivery::default());
        self.campaigns.push(Campaign { marketer, id, budget, fields, links, delivery, created_us: now_us });
        let at = self.campaigns.len() - 1;
        self.book(at, now_us);
        Reply::json(201, self.shown(at, now_us))
    }

    fn change(&mut self, at: usize, body: &Value, now_us: i64) -> Reply {
        let Some(fields) = body.as_object() else { return error(400, "campaign", "a body is expected") };
        self.campaigns[at].fields.extend(fields.clone());
        self.book(at, now_us);
        Reply::json(200, self.shown(at, now_us))
    }

    fn add_link(&mut self, at: usize, body: &Value, now_us: i64) -> Reply {
        let (Some(mut fields), true) =
            (body.as_object().cloned(), body["url"].is_string() && body["text"].is_string())
        else {
            return error(400, "promoted-link", "a link needs a url and a text");
        };
        fields.insert("id".to_owned(), json!(self.id()));
        let shown = self.shown_link(now_us, &fields, now_us);
        self.campaigns[at].links.push((now_us, fields));
        self.book(at, now_us);
        Reply::json(201, shown)
    }

    fn shown_link(&self, since_us: i64, fields: &Map<String, Value>, now_us: i64) -> Value {
        let approved = now_us >= since_us + self.approval_us;
        let mut shown = fields.clone();
        let status = json!({ "status": if approved { "APPROVED" } else { "PENDING" } });
        shown.insert("approvalStatus".to_owned(), status);
        Value::Object(shown)
    }

    fn shown(&self, at: usize, now_us: i64) -> Value {
        let campaign = &self.campaigns[at];
        let mut shown = campaign.fields.clone();
        let approved = campaign.links.iter().any(|(since, _)| now_us >= since + self.approval_us);
        let reason = match (campaign.enabled(), approved) {
            (false, _) => "PAUSED",
            (true, false) => "NO_APPROVED_LINKS",
            (true, true) => "ON_AIR",
        };
        shown.insert("id".to_owned(), json!(campaign.id));
        shown.insert("marketerId".to_owned(), json!(campaign.marketer));
        let live = json!({ "campaignOnAir": reason == "ON_AIR", "onAirReason": reason });
        shown.insert("liveStatus".to_owned(), live);
        if let Some(budget) = self.budgets.iter().find(|one| one.id == campaign.budget) {
            shown.insert("budget".to_owned(), budget.shown());
        }
        Value::Object(shown)
    }

    fn budget_minor(&self, id: &str) -> i64 {
        let budget = self.budgets.iter().find(|one| one.id == id);
        budget.and_then(|one| minor(&one.fields["amount"])).unwrap_or(0)
    }

    /// Notes what is spent from now on; a link's approval may lie ahead.
    fn book(&mut self, at: usize, now_us: i64) {
        let daily = self.budget_minor(&self.campaigns[at].budget);
        let approval_us = self.approval_us;
        let campaign = &mut self.campaigns[at];
        match campaign.links.iter().map(|(since, _)| since + approval_us).min() {
            Some(approved) => {
                let daily = if campaign.enabled() { daily } else { 0 };
                campaign.delivery.set(approved.max(now_us), daily);
            }
            None => campaign.delivery.set(now_us, 0),
        }
    }

    /// The figures of days, by all that a campaign has spent since it came into being.
    fn figures(&self, at: usize, days: &[Date], until_us: i64) -> Vec<Figures> {
        let (campaign, zone) = (&self.campaigns[at], Zone::new(&self.timezone));
        let Some(last) = days.iter().max() else { return Vec::new() };
        let all = Zone::days(zone.date_of(campaign.created_us), *last);
        let bounds: Vec<(i64, i64)> = all.iter().map(|day| zone.bounds(*day)).collect();
        let name = campaign.fields["name"].as_str().unwrap_or_default();
        let truth = self.truths.iter().find(|(arm, _)| name.rsplit('/').next() == Some(arm.as_str()));
        let truth = truth.map(|(_, truth)| *truth).unwrap_or_default();
        let figures = campaign.delivery.days(&bounds, until_us, &truth);
        let of_day =
            |day: &Date| all.iter().position(|other| other == day).map(|at| figures[at]).unwrap_or_default();
        days.iter().map(of_day).collect()
    }

    fn report(&self, marketer: &str, request: &Request, now_us: i64) -> Reply {
        let date = |name: &str| request.query_value(name)?.parse::<Date>().ok();
        let (Some(from), Some(to)) = (date("from"), date("to")) else {
            return error(400, "report", "`from` and `to` are required");
        };
        if request.query_value("breakdown").as_deref() != Some("daily") {
            return error(400, "report", "this stand-in knows the daily breakdown alone");
        }
        let is = |name: &str| request.query_value(name).as_deref() == Some("true");
        let zone = Zone::new(&self.timezone);
        let days = Zone::days(from, to);
        let mut campaigns = Vec::new();
        let of_marketer = (0..self.campaigns.len()).filter(|at| self.campaigns[*at].marketer == marketer);
        for at in of_marketer {
            if is("enabledCampaignsOnly") && !self.campaigns[at].enabled() {
                continue;
            }
            let reported = self.figures(at, &days, now_us).into_iter().zip(&days);
            let mut reported: Vec<(Date, Figures)> = reported
                .map(|(figures, day)| (*day, self.restating.reported(figures, zone.bounds(*day).1, now_us)))
                .filter(|(_, figures)| !figures.is_empty())
                .collect();
            if !is("conversionsByClickDate") {
                // Booked to the day of the conversion, which is another one.
                let goals: Vec<(i64, i64)> =
                    reported.iter().map(|(_, one)| (one.goals, one.value_minor)).collect();
                for (index, (_, one)) in reported.iter_mut().enumerate() {
                    (one.goals, one.value_minor) =
                        index.checked_sub(1).map_or((0, 0), |before| goals[before]);
                }
            }
            // Newest first, and cut.
            let total = reported.len();
            let results: Vec<Value> =
                reported.iter().rev().take(limit(request)).map(|(day, figures)| row(*day, figures)).collect();
            if !results.is_empty() {
                campaigns.push(
                    json!({ "campaignId": self.campaigns[at].id, "results": results, "totalResults": total }),
                );
            }
        }
        let total = campaigns.len();
        let page: Vec<Value> = campaigns.into_iter().skip(offset(request)).take(limit(request)).collect();
        Reply::json(200, json!({ "campaignResults": page, "totalCampaigns": total }))
    }
}

impl Budget {
    fn shown(&self) -> Value {
        let mut shown = self.fields.clone();
        shown.insert("id".to_owned(), json!(self.id));
        Value::Object(shown)
    }
}

impl Campaign {
    fn is(&self, marketer: &str, name: &str) -> bool {
        self.marketer == marketer && self.fields["name"] == name
    }

    fn enabled(&self) -> bool {
        self.fields.get("enabled") == Some(&Value::Bool(true))
    }
}

fn row(day: Date, figures: &Figures) -> Value {
    let day = day.to_string();
    json!({
        "metadata": { "id": day, "fromDate": day, "toDate": day },
        "metrics": {
            "impressions": figures.impressions,
            "clicks": figures.clicks,
            "totalConversions": figures.goals,
            "conversions": figures.goals,
            "viewConversions": 0,
            "spend": amount(figures.spend_minor),
            "sumValue": amount(figures.value_minor),
        },
    })
}

fn number(request: &Request, name: &str) -> Option<usize> {
    request.query_value(name)?.parse().ok()
}

fn limit(request: &Request) -> usize {
    number(request, "limit").unwrap_or(LIMIT)
}

fn offset(request: &Request) -> usize {
    number(request, "offset").unwrap_or(0)
}

/// A page of a list.
fn listed(request: &Request, key: &str, all: Vec<Value>) -> Reply {
    let total = all.len();
    let page: Vec<Value> = all.into_iter().skip(offset(request)).take(limit(request)).collect();
    Reply::json(200, json!({ key: page, "count": page.len(), "totalCount": total }))
}

fn error(status: u16, more: &str, message: &str) -> Reply {
    Reply::json(status, json!({ "moreInfo": more, "errorMessage": message }))
}
