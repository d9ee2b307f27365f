//! Meta: ad sets as arms, over the Graph API.
//!
//! Forms with nested JSON go out, numbers as texts come back; budgets are minor units, reported spend is major. Every
//! call carries the token and, where the application's secret is known, its proof. A change is one POST of just what
//! differs; what is written is `status`, what is looked at beside it is `effective_status`.

mod actions;
mod report;
mod throttle;
mod wire;

use std::time::Duration;

use gevinst_http::{Answer, Call, Client, Failure, Fate, Secret, Settings as Http, Vendor};
use gevinst_sdk::{Code, Error, Host};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::config::{Meta as Own, Settings};
use crate::meta::report::{Counted, Halves, Insights, Progress, Run, day, parameters};
use crate::meta::wire::{
    Account as WireAccount, Ad, AdSet, Campaign, Made, NewAdSet, Page, Shown, Trouble, Wrapped, creative_of,
    hmac_sha256_hex, moment_us,
};
use crate::platform::{Account, Budget, Change, Day, Listed, Platform, Standing};

/// Ad sets and ads of one page.
const PAGE: &str = "100";
/// Pages of one listing or report.
const PAGES_MAX: usize = 500;
/// All states, so that an ad set that was ended is found too.
const STATUSES: &str = r#"["ACTIVE","PAUSED","ARCHIVED","CAMPAIGN_PAUSED","IN_PROCESS","WITH_ISSUES"]"#;
/// All states of an ad, since listings leave out what was taken away.
const AD_STATUSES: &str = r#"["ACTIVE","PAUSED","ARCHIVED","DELETED","ADSET_PAUSED","CAMPAIGN_PAUSED","DISAPPROVED","IN_PROCESS","PENDING_BILLING_INFO","PENDING_REVIEW","PREAPPROVED","WITH_ISSUES"]"#;
/// What is asked of an ad set.
const AD_SET: &str = "id,name,status,effective_status,daily_budget";
/// How often Meta lets an ad set's budget be changed within an hour.
const CHANGES_AN_HOUR: usize = 4;
/// Between two looks at a report that Meta prepares.
const POLL: Duration = Duration::from_secs(2);
/// Looks at a report that Meta prepares before it is given up.
const POLLS_MAX: u32 = 40;
/// When Meta names no time: its limits are windows of an hour.
const WAIT: Duration = Duration::from_secs(300);

/// One advertising account on Meta.
pub(crate) struct Meta {
    host: Host,
    client: Client,
    own: Own,
    token: Option<(Secret, Option<String>)>,
    account_id: String,
    currency: String,
    digits: u32,
    account: Option<Account>,
    /// The account's status, once it was asked for.
    status: Option<i64>,
    /// How long to wait before the next call.
    pause: Option<Duration>,
}

impl Meta {
    pub(crate) fn new(settings: &Settings, own: Own, host: &Host) -> Result<Self, Error> {
        let mut http = Http::new("Meta", settings.base.clone());
        http.vendor = Vendor { fate, message };
        http.proxy.clone_from(&settings.proxy);
        Ok(Self {
            client: Client::new(http, host.clone())?,
            host: host.clone(),
            own,
            token: None,
            account_id: settings.account.clone(),
            currency: settings.currency.clone(),
            digits: settings.digits,
            account: None,
            status: None,
            pause: None,
        })
    }

    fn path(&self, rest: &str) -> String {
        format!("/{}/{rest}", self.own.version)
    }

    fn account_path(&self, edge: &str) -> String {
        self.path(&format!("act_{}{edge}", self.account_id))
    }

    /// Adds token and proof.
    fn signed(&mut self, call: Call) -> Result<Call, Error> {
        if self.token.is_none() {
            let token = Secret::named(&self.host, &self.own.access_token)?;
            self.client.hide(&token);
            let proof = match &self.own.app_secret {
                Some(name) => {
                    let secret = Secret::named(&self.host, name)?;
                    self.client.hide(&secret);
                    Some(hmac_sha256_hex(secret.expose().as_bytes(), token.expose().as_bytes()))
                }
                None => None,
            };
            self.token = Some((token, proof));
        }
        let Some((token, proof)) = &self.token else { return Ok(call) };
        let call = call.query("access_token", token.expose());
        Ok(match proof {
            Some(proof) => call.query("appsecret_proof", proof),
            None => call,
        })
    }

    fn send(&mut self, call: Call, writes: bool) -> Result<Answer, Refusal> {
        if let Some(pause) = self.pause.take() {
            self.host.sleep(pause).map_err(|error| {
                if writes { Error::not_applied("cancelled before anything was sent") } else { error }
            })?;
        }
        let answer = self.client.send(call).map_err(|failure| {
            let error = self.explain(&failure, writes);
            match trouble(&failure) {
                Some(Trouble { code: 100, error_subcode: Some(33), .. }) => Refusal::NotFound(error),
                Some(trouble) if trouble.asks_for_less() => Refusal::TooMuch(error),
                _ => Refusal::Other(error),
            }
        })?;
        self.pause = throttle::pause(&answer);
        Ok(answer)
    }

    /// A failure in terms of what to do about it.
    fn explain(&self, failure: &Failure, writes: bool) -> Error {
        let error = if writes { failure.of_write() } else { failure.of_read() };
        let Some(trouble) = trouble(failure) else { return error };
        match trouble.code {
            190 => Error::auth(format!(
                "{}: give a new token in the secret that `access_token` names",
                error.message
            )),
            10 | 200..=299 => Error::auth(format!(
                "{}: the token needs `ads_management` and `ads_read`, and its user the account {}",
                error.message, self.account_id
            )),
            2635 => Error::bad_config("/meta/version", format!("{}: set a newer version", error.message)),
            _ => error,
        }
    }

    fn get<T: DeserializeOwned>(&mut self, path: &str, fields: &str) -> Result<Option<T>, Error> {
        let call = self.signed(Call::get(path))?.query("fields", fields);
        match self.send(call, false) {
            Ok(answer) => answer.json().map(Some).map_err(|failure| failure.of_read()),
            Err(Refusal::NotFound(_)) => Ok(None),
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// All entries of a listing, page by page.
    fn entries<T: DeserializeOwned>(
        &mut self,
        path: &str,
        parameters: &[(&str, String)],
    ) -> Result<Vec<T>, Refusal> {
        let mut entries = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let mut call = self.signed(Call::get(path))?;
            for (name, value) in parameters {
                call = call.query(name, value);
            }
            if let Some(after) = &after {
                call = call.query("after", after);
            }
            let answer = self.send(call, false)?;
            let page: Page<T> = answer.json().map_err(|failure| failure.of_read())?;
            entries.extend(page.data);
            // The next page's own address has the token in it; its cursor says as much.
            match page.paging.filter(|paging| paging.next.is_some()).and_then(|paging| paging.cursors) {
                Some(cursors) => after = Some(cursors.after),
                None => return Ok(entries),
            }
        }
        Err(Error::unavailable(format!("{path} has more than {PAGES_MAX} pages")).into())
    }

    fn write(&mut self, path: &str, form: &[(&str, String)]) -> Result<Answer, Error> {
        let pairs = form.iter().map(|(name, value)| (*name, value.as_str()));
        let call = self.signed(Call::post(path))?.form(pairs);
        Ok(self.send(call, true)?)
    }

    fn made(&mut self, path: &str, form: &[(&str, String)], what: &str) -> Result<String, Error> {
        let answer = self.write(path, form)?;
        let made: Made = answer.json().map_err(|failure| {
            Error::unknown_outcome(format!("Meta did not tell the number of {what}: {failure}"))
        })?;
        Ok(made.id)
    }

    fn ad_set_form(&self, name: &str, minor: i64) -> Vec<(&'static str, String)> {
        NewAdSet { own: &self.own, name, minor }.form()
    }

    /// The report of a span; halved as long as Meta finds it too large.
    fn insights(&mut self, ids: &[String], first: Date, last: Date) -> Result<Vec<Insights>, Error> {
        let mut spans = Halves::new(first, last);
        let mut rows = Vec::new();
        while let Some((first, last)) = spans.next() {
            let parameters = parameters(ids, first, last);
            let days = (last - first).get_days().unsigned_abs();
            let told = if days < u32::from(self.own.async_over_days) {
                let path = self.account_path("/insights");
                self.entries(&path, &parameters)
            } else {
                self.prepared(&parameters)
            };
            match told {
                Ok(told) => rows.extend(told),
                Err(Refusal::TooMuch(_)) if first < last => spans.halve(first, last),
                Err(refusal) => return Err(refusal.into()),
            }
        }
        Ok(rows)
    }

    /// A report that Meta prepares: ordered, awaited, fetched.
    fn prepared(&mut self, parameters: &[(&'static str, String)]) -> Result<Vec<Insights>, Refusal> {
        let path = self.account_path("/insights");
        let pairs = parameters.iter().map(|(name, value)| (*name, value.as_str()));
        let call = self.signed(Call::post(&path))?.repeatable().form(pairs);
        let run: Run = self.send(call, false)?.json().map_err(|failure| failure.of_read())?;
        let run = run.report_run_id;
        if !run.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::unavailable("Meta gave a report no possible number").into());
        }
        for _ in 0..POLLS_MAX {
            let path = self.path(&run);
            let progress: Progress = self
                .get(&path, "async_status,async_percent_completion")?
                .ok_or_else(|| Error::unavailable("Meta does not know its own report any more"))?;
            match progress.async_status.as_str() {
                "Job Completed" if progress.async_percent_completion == 100 => {
                    let path = self.path(&format!("{run}/insights"));
                    return self.entries(&path, &[("limit", "500".to_owned())]);
                }
                "Job Failed" | "Job Skipped" => {
                    return Err(Refusal::TooMuch(Error::unavailable(format!(
                        "Meta could not prepare the report: {}",
                        progress.async_status
                    ))));
                }
                _ => self.host.sleep(POLL)?,
            }
        }
        Err(Error::unavailable("Meta did not finish the report in time").into())
    }
}

impl Platform for Meta {
    fn account(&mut self) -> Result<Account, Error> {
        if let Some(account) = &self.account {
            return Ok(account.clone());
        }
        let path = self.account_path("");
        let told: WireAccount = self
            .get(&path, "id,currency,timezone_name,account_status,min_daily_budget")?
            .ok_or_else(|| {
                Error::bad_config(
                    "/account",
                    format!("Meta has no account {} for this token", self.account_id),
                )
            })?;
        if told.currency != self.currency {
            let message =
                format!("`{}`; account {} is kept in `{}`", self.currency, self.account_id, told.currency);
            return Err(Error::bad_config("/currency", message));
        }
        let zone = TimeZone::get(&told.timezone_name).map_err(|_| {
            Error::unavailable(format!("the account's timezone `{}` is not known", told.timezone_name))
        })?;
        self.status = told.account_status;
        let least_minor = told.min_daily_budget.unwrap_or(1).max(1);
        let account = Account { zone, least_minor };
        self.account = Some(account.clone());
        Ok(account)
    }

    fn check(&mut self) -> Result<(), Error> {
        let account = self.account()?;
        if let Some(status) = self.status.filter(|status| *status != 1) {
            let message = format!("account {} is not active (account_status {status})", self.account_id);
            return Err(Error::auth(message));
        }
        let campaign = self.own.campaign.clone();
        let path = self.path(&campaign);
        let told: Campaign =
            self.get(&path, "id,effective_status,daily_budget,lifetime_budget")?.ok_or_else(|| {
                Error::bad_config("/meta/campaign", format!("Meta has no campaign {campaign} for this token"))
            })?;
        if told.daily_budget.is_some() || told.lifetime_budget.is_some() {
            let message = format!(
                "campaign {campaign} has a budget of its own and shares it out among its ad sets: give the budgets to the ad sets"
            );
            return Err(Error::bad_config("/meta/campaign", message));
        }
        if told.effective_status != "ACTIVE" {
            let message = format!("campaign {campaign} is {}: nothing in it is shown", told.effective_status);
            return Err(Error::bad_config("/meta/campaign", message));
        }
        // What a new ad set would be like, tried without making one.
        let mut form = self.ad_set_form("gevinst/check", account.least_minor.max(100));
        form.push(("execution_options", r#"["validate_only"]"#.to_owned()));
        let path = self.account_path("/adsets");
        self.write(&path, &form).map(drop).map_err(|error| match error.code {
            Code::BadRequest => Error::bad_config("/meta", error.message),
            Code::UnknownOutcome => Error::unavailable(error.message),
            _ => error,
        })
    }

    fn check_creative(&self, creative: &Value) -> Result<(), Error> {
        Shown::read(creative, self.own.page.as_deref()).map(drop)
    }

    fn list(&mut self) -> Result<Vec<Listed>, Error> {
        let path = self.path(&format!("{}/adsets", self.own.campaign));
        let parameters = [
            ("effective_status", STATUSES.to_owned()),
            ("limit", PAGE.to_owned()),
            ("fields", "id,name,created_time".to_owned()),
        ];
        let ad_sets: Vec<AdSet> = self.entries(&path, &parameters)?;
        let listed = ad_sets.into_iter().map(|ad_set| Listed {
            made_us: ad_set.created_time.as_deref().and_then(moment_us),
            id: ad_set.id,
            name: ad_set.name,
        });
        Ok(listed.collect())
    }

    fn read(&mut self, id: &str) -> Result<Option<Standing>, Error> {
        let path = self.path(id);
        let Some(ad_set) = self.get::<AdSet>(&path, AD_SET)? else { return Ok(None) };
        let budget = match ad_set.daily_budget {
            Some(minor) if minor > 0 => Some(Budget { minor, currency: self.currency.clone() }),
            _ => None,
        };
        let paused = ad_set.status != "ACTIVE";
        let ended = matches!(ad_set.status.as_str(), "ARCHIVED" | "DELETED");
        Ok(Some(Standing { budget, paused, ended }))
    }

    fn held_back(&mut self, id: &str) -> Result<Option<String>, Error> {
        let path = self.path(id);
        let Some(ad_set) = self.get::<AdSet>(&path, AD_SET)? else { return Ok(None) };
        if ad_set.effective_status != "ACTIVE" {
            return Ok(Some(format!("its state is {}", ad_set.effective_status)));
        }
        let path = self.path(&format!("{id}/ads"));
        let parameters = [("limit", PAGE.to_owned()), ("fields", "id,effective_status".to_owned())];
        let ads: Vec<Ad> = self.entries(&path, &parameters)?;
        if ads.iter().any(|ad| ad.effective_status == "ACTIVE") {
            return Ok(None);
        }
        let states: Vec<&str> = ads.iter().map(|ad| ad.effective_status.as_str()).collect();
        Ok(Some(if states.is_empty() {
            "it has no ad".to_owned()
        } else {
            format!("its ad is {}", states.join(", "))
        }))
    }

    fn create(&mut self, name: &str, minor: i64) -> Result<String, Error> {
        let path = self.account_path("/adsets");
        let form = self.ad_set_form(name, minor);
        self.made(&path, &form, &format!("`{name}`"))
    }

    fn has_creative(&mut self, id: &str) -> Result<bool, Error> {
        let path = self.path(&format!("{id}/ads"));
        let parameters = [
            ("effective_status", AD_STATUSES.to_owned()),
            ("limit", PAGE.to_owned()),
            ("fields", "id".to_owned()),
        ];
        let ads: Vec<Value> = self.entries(&path, &parameters)?;
        Ok(!ads.is_empty())
    }

    fn add_creative(&mut self, id: &str, name: &str, creative: &Value) -> Result<(), Error> {
        let shown = Shown::read(creative, self.own.page.as_deref())?;
        let form = [
            ("name", name.to_owned()),
            ("adset_id", id.to_owned()),
            ("creative", creative_of(&shown, name).to_string()),
            ("status", "ACTIVE".to_owned()),
        ];
        let path = self.account_path("/ads");
        self.made(&path, &form, &format!("the ad of `{name}`")).map(drop)
    }

    fn change(&mut self, id: &str, change: Change) -> Result<(), Error> {
        let mut form = Vec::new();
        if let Some(minor) = change.minor {
            form.push(("daily_budget", minor.to_string()));
        }
        if let Some(paused) = change.paused {
            form.push(("status", if paused { "PAUSED" } else { "ACTIVE" }.to_owned()));
        }
        let path = self.path(&format!("{id}/"));
        self.write(&path, &form).map(drop)
    }

    fn budget_changes_an_hour(&self) -> Option<usize> {
        Some(CHANGES_AN_HOUR)
    }

    fn report(&mut self, ids: &[String], first: Date, last: Date) -> Result<Vec<Day>, Error> {
        let counted = Counted::of(&self.own);
        let currency = self.currency.clone();
        self.insights(ids, first, last)?
            .iter()
            .map(|row| day(row, &counted, &currency, self.digits))
            .collect()
    }
}

/// Why Meta did not do it.
enum Refusal {
    /// It has no such object, or none for this token.
    NotFound(Error),
    /// It asks to be asked for less.
    TooMuch(Error),
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
            Refusal::NotFound(error) | Refusal::TooMuch(error) | Refusal::Other(error) => error,
        }
    }
}

fn trouble(failure: &Failure) -> Option<Trouble> {
    match failure {
        Failure::Answered { answer, .. } => trouble_of(answer),
        _ => None,
    }
}

fn trouble_of(answer: &Answer) -> Option<Trouble> {
    serde_json::from_slice::<Wrapped>(&answer.body).ok().map(|wrapped| wrapped.error)
}

/// What an answer means: by Meta's own number, since nearly every refusal is a 400.
fn fate(answer: &Answer) -> Fate {
    if (200..300).contains(&answer.status) {
        return Fate::Fine;
    }
    let Some(trouble) = trouble_of(answer) else { return Fate::by_status(answer) };
    if trouble.asks_for_less() {
        return Fate::Refused;
    }
    match trouble.code {
        4 | 17 | 32 | 613 | 80_000..=80_014 => Fate::RateLimited(Some(WAIT)),
        190 | 10 | 102 | 200..=299 => Fate::SignIn,
        1 | 2 => Fate::Transient,
        _ if trouble.is_transient => Fate::Transient,
        _ if answer.status >= 500 => Fate::Transient,
        _ => Fate::Refused,
    }
}

fn message(answer: &Answer) -> Option<String> {
    let trouble = trouble_of(answer)?;
    let shown = trouble.error_user_msg.as_ref().or(trouble.message.as_ref())?;
    Some(match trouble.error_subcode {
        Some(subcode) => format!("{shown} (code {}/{subcode})", trouble.code),
        None => format!("{shown} (code {})", trouble.code),
    })
}
