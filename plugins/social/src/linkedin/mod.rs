//! LinkedIn: campaigns as arms, over its versioned REST API.
//!
//! Every call carries the version and the protocol's headers. A version that is no longer served, the daily quota and
//! missing rights are told for what they are. A change is a PARTIAL_UPDATE of just what differs. What LinkedIn's
//! reviewers think of a creative is told in the log: an arm that was made is not shown yet.

mod auth;
mod report;
mod wire;

use gevinst_http::days::{date_of, start_us};
use gevinst_http::{Answer, Call, Client, Decimal, Failure, Fate, Folder, Settings as Http, Vendor};
use gevinst_sdk::{Error, Host};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::config::{LinkedIn as Own, Settings};
use crate::linkedin::auth::Auth;
use crate::linkedin::report::{CAMPAIGNS_MAX, ROWS_MAX, day, slice_query, slices};
use crate::linkedin::wire::{
    Account as WireAccount, AccountUser, Analytics, Campaign, CampaignGroup, Creative, NewCampaign, Page,
    Shown, Trouble, creative_body, id_of, urn,
};
use crate::platform::{Account, Budget, Change, Day, Listed, Platform, Standing};
use crate::restli::{self, QUERY_CHARS_MAX};

const DAY_MS: i64 = 86_400_000;
/// Longer than any patience: LinkedIn's quota is one of the day, asking again soon uses it up further.
const QUOTA_WAIT: std::time::Duration = std::time::Duration::from_secs(3_600);
/// Campaigns and creatives of one page.
const PAGE: i64 = 100;
/// Pages of one search. More than that is no campaign group of ours.
const PAGES_MAX: usize = 200;
/// All states of a campaign, so that one that was ended is found too.
const STATUSES: [&str; 6] = ["ACTIVE", "PAUSED", "DRAFT", "ARCHIVED", "COMPLETED", "CANCELED"];
/// Roles that may only look.
const LOOKING: &str = "VIEWER";

/// One advertising account on LinkedIn.
pub(crate) struct LinkedIn {
    host: Host,
    client: Client,
    auth: Auth,
    own: Own,
    account_id: String,
    currency: String,
    digits: u32,
    company_zone: TimeZone,
    account: Option<Account>,
    /// The account's status, once it was asked for.
    status: Option<String>,
}

/// The method that Rest.li is told.
#[derive(Clone, Copy)]
enum Method {
    Get,
    Finder,
    Create,
    PartialUpdate,
}

impl Method {
    const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Finder => "FINDER",
            Self::Create => "CREATE",
            Self::PartialUpdate => "PARTIAL_UPDATE",
        }
    }

    const fn writes(self) -> bool {
        matches!(self, Self::Create | Self::PartialUpdate)
    }
}

/// Why LinkedIn did not do it.
enum Refusal {
    /// It has no such object.
    NotFound(Error),
    /// Anything else.
    Other(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound(error) | Refusal::Other(error) => error,
        }
    }
}

impl LinkedIn {
    pub(crate) fn new(settings: &Settings, own: Own, folder: Folder, host: &Host) -> Result<Self, Error> {
        let mut http = Http::new("LinkedIn", settings.base.clone());
        http.vendor = Vendor { fate, message };
        http.proxy.clone_from(&settings.proxy);
        Ok(Self {
            client: Client::new(http, host.clone())?,
            auth: Auth::new(&own, &settings.auth_base, folder, host),
            host: host.clone(),
            own,
            account_id: settings.account.clone(),
            currency: settings.currency.clone(),
            digits: settings.digits,
            company_zone: settings.company_zone.clone(),
            account: None,
            status: None,
        })
    }

    fn account_path(&self) -> String {
        format!("/rest/adAccounts/{}", self.account_id)
    }

    /// Sends a call with LinkedIn's headers; once more with another token when it is refused, since a refused call did
    /// nothing.
    fn send(&mut self, call: &Call, method: Method) -> Result<Answer, Refusal> {
        let mut token = self.auth.token(&self.client).map_err(|error| before(error, method))?;
        let mut tried = false;
        loop {
            let call = call
                .clone()
                .header("LinkedIn-Version", &*self.own.version)
                .header("X-RestLi-Protocol-Version", "2.0.0")
                .header("X-RestLi-Method", method.name())
                .bearer(&token);
            match self.client.send(call) {
                Ok(answer) => return Ok(answer),
                Err(failure) if failure.status() == Some(401) && !tried => {
                    tried = true;
                    match self.auth.another(&self.client).map_err(|error| before(error, method))? {
                        Some(another) => token = another,
                        None => return Err(Refusal::Other(self.explain(&failure, method))),
                    }
                }
                Err(failure) if failure.status() == Some(404) => {
                    return Err(Refusal::NotFound(self.explain(&failure, method)));
                }
                Err(failure) => return Err(Refusal::Other(self.explain(&failure, method))),
            }
        }
    }

    /// A failure in terms of what to do about it.
    fn explain(&self, failure: &Failure, method: Method) -> Error {
        let error = if method.writes() { failure.of_write() } else { failure.of_read() };
        match failure.status() {
            Some(401) => Error::auth(format!(
                "{}: give a new token in the secret that `access_token` names, or configure `refresh_token`",
                error.message
            )),
            Some(403) => Error::auth(format!(
                "{}: the token needs `rw_ads` and `r_ads_reporting`, and its member a role on account {}",
                error.message, self.account_id
            )),
            Some(426) => Error::bad_config(
                "/linkedin/version",
                format!(
                    "LinkedIn does not serve version {} any more; set a newer month, such as the last but one, and look into LinkedIn's notes on what changed",
                    self.own.version
                ),
            ),
            Some(429) => {
                let now_ms = self.host.now_us().div_euclid(1_000);
                let to_midnight = DAY_MS - now_ms.rem_euclid(DAY_MS);
                let wait =
                    error.retry_after_ms.filter(|ms| *ms > QUOTA_WAIT.as_millis().try_into().unwrap_or(0));
                Error::rate_limited(
                    Some(wait.unwrap_or(to_midnight)),
                    format!("{}; LinkedIn counts calls by day and begins anew at 00:00 UTC", error.message),
                )
            }
            _ => error,
        }
    }

    fn get<T: DeserializeOwned>(&mut self, path: &str) -> Result<Option<T>, Error> {
        match self.send(&Call::get(path), Method::Get) {
            Ok(answer) => answer.json().map(Some).map_err(|failure| failure.of_read()),
            // The only refusal that speaks of the object and not of us.
            Err(Refusal::NotFound(_)) => Ok(None),
            Err(Refusal::Other(error)) => Err(error),
        }
    }

    /// All elements of a finder, page by page.
    fn find_all<T: DeserializeOwned>(
        &mut self,
        path: &str,
        parameters: &[(&str, restli::Value)],
    ) -> Result<Vec<T>, Error> {
        let mut elements = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let mut parameters = parameters.to_vec();
            parameters.push(("pageSize", PAGE.into()));
            if let Some(token) = token.take() {
                parameters.push(("pageToken", token.into()));
            }
            let page: Page<T> = self.finder(path, &restli::query(&parameters, &[]))?;
            elements.extend(page.elements);
            match page.metadata.next_page_token.filter(|token| !token.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(elements),
            }
        }
        Err(Error::unavailable(format!(
            "{path} has more than {PAGES_MAX} pages: give gevinst a campaign group of its own"
        )))
    }

    /// One page of a finder; a long query travels in the body.
    fn finder<T: DeserializeOwned>(&mut self, path: &str, query: &str) -> Result<Page<T>, Error> {
        let call = if query.len() > QUERY_CHARS_MAX {
            Call::post(path).repeatable().header("X-HTTP-Method-Override", "GET").raw_form(query.to_owned())
        } else {
            Call::get(path).raw_query(query)
        };
        let answer = self.send(&call, Method::Finder)?;
        answer.json().map_err(|failure| failure.of_read())
    }

    /// When a campaign that is made now may start. Where UTC's day of the company's date has not begun yet, it waits for it:
    /// what it spent before would be reported for the day before, which belongs to nobody.
    fn start_us(&self) -> Result<i64, Error> {
        let now_us = self.host.now_us();
        let today = date_of(now_us, &self.company_zone)?;
        Ok(now_us.max(start_us(today, &TimeZone::UTC)?))
    }

    fn role(&mut self) -> Result<Option<String>, Error> {
        // Pages here are numbered, and more than 100 entries without a page are refused.
        let page = [("q", "authenticatedUser".into()), ("start", 0.into()), ("count", 1_000.into())];
        let users: Page<AccountUser> = self.finder("/rest/adAccountUsers", &restli::query(&page, &[]))?;
        Ok(users
            .elements
            .into_iter()
            .find(|user| id_of(&user.account) == self.account_id)
            .map(|user| user.role))
    }

    fn creatives(&mut self, id: &str) -> Result<Vec<Creative>, Error> {
        let path = format!("{}/creatives", self.account_path());
        let campaigns = restli::Value::texts([urn("sponsoredCampaign", id)]);
        self.find_all(&path, &[("q", "criteria".into()), ("campaigns", campaigns)])
    }
}

impl Platform for LinkedIn {
    fn account(&mut self) -> Result<Account, Error> {
        if let Some(account) = &self.account {
            return Ok(account.clone());
        }
        let path = self.account_path();
        let told: WireAccount = self.get(&path)?.ok_or_else(|| {
            Error::bad_config(
                "/account",
                format!("LinkedIn has no account {} for this token", self.account_id),
            )
        })?;
        if told.currency != self.currency {
            let message =
                format!("`{}`; account {} is kept in `{}`", self.currency, self.account_id, told.currency);
            return Err(Error::bad_config("/currency", message));
        }
        self.status = told.status;
        let account = Account { zone: TimeZone::UTC, least_minor: 1 };
        self.account = Some(account.clone());
        Ok(account)
    }

    fn check(&mut self) -> Result<(), Error> {
        self.account()?;
        if let Some(status) = self.status.as_ref().filter(|status| *status != "ACTIVE") {
            return Err(Error::auth(format!("account {} is {status}, not ACTIVE", self.account_id)));
        }
        match self.role()?.as_deref() {
            Some(LOOKING) => {
                let message = format!(
                    "the token's member is {LOOKING} of account {}, and can change nothing: make them CAMPAIGN_MANAGER",
                    self.account_id
                );
                return Err(Error::auth(message));
            }
            Some(_) => {}
            None => {
                let message = format!("the token's member has no role on account {}", self.account_id);
                return Err(Error::auth(message));
            }
        }
        let group = self.own.campaign_group.clone();
        let path = format!("{}/adCampaignGroups/{group}", self.account_path());
        let told: CampaignGroup = self.get(&path)?.ok_or_else(|| {
            let message = format!("account {} has no campaign group {group}", self.account_id);
            Error::bad_config("/linkedin/campaign_group", message)
        })?;
        match told.status.as_deref() {
            None | Some("ACTIVE") => Ok(()),
            Some(status) => {
                let message = format!("campaign group {group} is {status}: nothing in it is shown");
                Err(Error::bad_config("/linkedin/campaign_group", message))
            }
        }
    }

    fn check_creative(&self, creative: &Value) -> Result<(), Error> {
        shown(creative).map(drop)
    }

    fn list(&mut self) -> Result<Vec<Listed>, Error> {
        let path = format!("{}/adCampaigns", self.account_path());
        let values = |values| restli::Value::Map(vec![("values", values)]);
        let search = restli::Value::Map(vec![
            (
                "campaignGroup",
                values(restli::Value::texts([urn("sponsoredCampaignGroup", &self.own.campaign_group)])),
            ),
            ("status", values(restli::Value::texts(STATUSES))),
        ]);
        let campaigns: Vec<Campaign> = self.find_all(&path, &[("q", "search".into()), ("search", search)])?;
        let listed = campaigns.into_iter().map(|campaign| Listed {
            id: campaign.id.to_string(),
            made_us: campaign.made_us(),
            name: campaign.name,
        });
        Ok(listed.collect())
    }

    fn read(&mut self, id: &str) -> Result<Option<Standing>, Error> {
        let path = format!("{}/adCampaigns/{id}", self.account_path());
        let Some(campaign) = self.get::<Campaign>(&path)? else { return Ok(None) };
        let budget = match &campaign.daily_budget {
            Some(amount) => Some(Budget {
                minor: Decimal::parse(&amount.amount)
                    .and_then(|decimal| decimal.to_minor(self.digits))
                    .map_err(|error| Error::unavailable(format!("campaign {id} has a budget of {error}")))?,
                currency: amount.currency_code.clone(),
            }),
            None => None,
        };
        let (paused, ended) = match campaign.status.as_str() {
            "ACTIVE" => (false, false),
            "PAUSED" | "DRAFT" => (true, false),
            _ => (true, true),
        };
        Ok(Some(Standing { budget, paused, ended }))
    }

    fn held_back(&mut self, id: &str) -> Result<Option<String>, Error> {
        let path = format!("{}/adCampaigns/{id}", self.account_path());
        let Some(campaign) = self.get::<Campaign>(&path)? else { return Ok(None) };
        let statuses = campaign.serving_statuses.iter().map(String::as_str);
        let holds: Vec<&str> = statuses.filter(|status| *status != "RUNNABLE").collect();
        if holds.is_empty() { self.review(id) } else { Ok(Some(holds.join(", "))) }
    }

    fn create(&mut self, name: &str, minor: i64) -> Result<String, Error> {
        let campaign = NewCampaign {
            own: &self.own,
            account: &self.account_id,
            currency: &self.currency,
            digits: self.digits,
            name,
            minor,
            start_ms: self.start_us()?.div_euclid(1_000),
        };
        let call = Call::post(format!("{}/adCampaigns", self.account_path())).json(&campaign.body());
        let answer = self.send(&call, Method::Create)?;
        let id = answer.header("x-restli-id").or_else(|| answer.header("x-linkedin-id")).map(id_of);
        id.filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
            .map(str::to_owned)
            .ok_or_else(|| Error::unknown_outcome(format!("LinkedIn did not tell the number of `{name}`")))
    }

    fn has_creative(&mut self, id: &str) -> Result<bool, Error> {
        Ok(!self.creatives(id)?.is_empty())
    }

    fn add_creative(&mut self, id: &str, _name: &str, creative: &Value) -> Result<(), Error> {
        let body = creative_body(id, &shown(creative)?);
        let call = Call::post(format!("{}/creatives", self.account_path())).json(&body);
        Ok(self.send(&call, Method::Create).map(drop)?)
    }

    fn change(&mut self, id: &str, change: Change) -> Result<(), Error> {
        let mut set = json!({});
        if let Some(minor) = change.minor {
            let amount = Decimal::from_minor(minor, self.digits).to_string();
            set["dailyBudget"] = json!({ "amount": amount, "currencyCode": self.currency });
        }
        if let Some(paused) = change.paused {
            set["status"] = json!(if paused { "PAUSED" } else { "ACTIVE" });
        }
        let call = Call::post(format!("{}/adCampaigns/{id}", self.account_path()))
            .json(&json!({ "patch": { "$set": set } }));
        Ok(self.send(&call, Method::PartialUpdate).map(drop)?)
    }

    fn budget_changes_an_hour(&self) -> Option<usize> {
        None
    }

    fn report(&mut self, ids: &[String], first: Date, last: Date) -> Result<Vec<Day>, Error> {
        let mut days = Vec::new();
        for ids in ids.chunks(CAMPAIGNS_MAX) {
            for (start, end) in slices(ids.len(), first, last) {
                let page: Page<Analytics> =
                    self.finder("/rest/adAnalytics", &slice_query(ids, start, end))?;
                if page.elements.len() >= ROWS_MAX {
                    let message =
                        format!("the report from {start} to {end} has {ROWS_MAX} rows and may be cut");
                    return Err(Error::unavailable(message));
                }
                for row in &page.elements {
                    days.push(day(row, self.own.lead_from, self.digits)?);
                }
            }
        }
        Ok(days)
    }
}

impl LinkedIn {
    /// Why a campaign that runs is not shown: its creatives are still looked at, or were rejected.
    fn review(&mut self, id: &str) -> Result<Option<String>, Error> {
        let in_use = |one: &Creative| {
            let ended = ["ARCHIVED", "CANCELED", "REMOVED", "PENDING_DELETION"];
            !one.intended_status.as_deref().is_some_and(|status| ended.contains(&status))
        };
        let creatives: Vec<Creative> = self.creatives(id)?.into_iter().filter(in_use).collect();
        if creatives.is_empty() {
            return Ok(Some("it has no creative in use".to_owned()));
        }
        let mut told = None;
        for creative in creatives {
            let Some(review) = creative.review else { return Ok(None) };
            match review.status.as_deref() {
                None | Some("APPROVED") => return Ok(None),
                Some("REJECTED") => {
                    told =
                        Some(format!("its creative was rejected: {}", review.rejection_reasons.join(", ")));
                }
                Some(status) => told = Some(format!("its creative's review is {status}")),
            }
        }
        Ok(told)
    }
}

fn shown(creative: &Value) -> Result<Shown, Error> {
    let shown: Shown = serde_json::from_value(creative.clone()).map_err(|error| {
        Error::bad_request("/set/creative", format!("{error}; expected `post`, `form`, `call_to_action`"))
    })?;
    let is_post = ["urn:li:share:", "urn:li:ugcPost:"].iter().any(|kind| shown.post.starts_with(kind));
    if !is_post {
        let message = format!("`{}`; expected the urn of a post, such as `urn:li:share:123`", shown.post);
        return Err(Error::bad_request("/set/creative/post", message));
    }
    match &shown.form {
        Some(form) if !form.starts_with("urn:li:adForm:") && !form.starts_with("urn:li:leadGenForm:") => {
            let message = format!("`{form}`; expected the urn of a form, such as `urn:li:leadGenForm:123`");
            Err(Error::bad_request("/set/creative/form", message))
        }
        None if shown.call_to_action.is_some() => Err(Error::bad_request(
            "/set/creative/call_to_action",
            "without a form there is nothing to call to",
        )),
        _ => Ok(shown),
    }
}

/// An error in getting a token: of the call itself nothing was sent.
fn before(error: Error, method: Method) -> Error {
    match error.code {
        gevinst_sdk::Code::Unavailable | gevinst_sdk::Code::Cancelled if method.writes() => {
            Error::not_applied(error.message)
        }
        _ => error,
    }
}

fn fate(answer: &Answer) -> Fate {
    match answer.status {
        429 => Fate::RateLimited(Some(QUOTA_WAIT)),
        _ => Fate::by_status(answer),
    }
}

fn message(answer: &Answer) -> Option<String> {
    let trouble: Trouble = serde_json::from_slice(&answer.body).ok()?;
    let text = trouble.message?;
    Some(match (trouble.code, trouble.service_error_code) {
        (Some(code), _) => format!("{text} ({code})"),
        (None, Some(code)) => format!("{text} ({code})"),
        (None, None) => text,
    })
}
