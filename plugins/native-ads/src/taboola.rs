//! Taboola's Backstage API 1.0 as arms: an arm is a campaign, its budget the campaign's daily cap.
//!
//! Campaigns are created resting, with `daily_ad_delivery_model: STRICT` unless the configuration says otherwise, so that a
//! day's cap is one. Items are created by address alone; their headline and picture are set as soon as they have been
//! crawled, at the next call for their arm. A campaign without items is not there yet: it cannot spend.
//!
//! From memory and not from the documents that this was written by, so nothing depends on them: the fields `currency`
//! and `time_zone_name` of an account. Where they are missing, currency and days are checked against every report.

mod api;
mod report;

use std::collections::BTreeMap;

use gevinst_http::{Arms, Base, Call, Decimal, Fence, Folder, Standing, days, segment};
use gevinst_sdk::wire::{Command, ObserveRequest};
use gevinst_sdk::{Error, Host, Level};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::Config;
use crate::arms::{self, campaign_name, with_field};
use crate::creative::Creative;
use crate::observe::{Calendar, Report};
use api::Api;

/// Where the API lives.
const BASE: &str = "https://backstage.taboola.com/backstage/api/1.0";
/// Where tokens are given out.
const AUTH_BASE: &str = "https://backstage.taboola.com/backstage";
/// Fields of a campaign that are this plugin's to set.
const OWN_FIELDS: [&str; 5] = ["name", "daily_cap", "is_active", "status", "id"];

/// A Taboola account.
pub(crate) struct Taboola {
    host: Host,
    api: Api,
    folder: Folder,
    account: String,
    currency: String,
    digits: u32,
    least_minor: i64,
    campaign: Map<String, Value>,
    even_delivery: bool,
    /// The status that was last told of each campaign.
    told: BTreeMap<String, String>,
}

/// A campaign as the platform shows it. Ids are texts in its documents and numbers in some clients.
#[derive(Clone, Debug, Deserialize)]
struct Campaign {
    id: Value,
    name: String,
    #[serde(default)]
    daily_cap: Option<Decimal>,
    #[serde(default)]
    is_active: bool,
    #[serde(default)]
    status: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Item {
    id: Value,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    thumbnail_url: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

#[derive(Deserialize)]
struct Listed<T> {
    results: Vec<T>,
}

impl Taboola {
    /// Reads the configuration; nothing is sent yet.
    ///
    /// # Errors
    /// A bad configuration, or a secret that is not there.
    pub(crate) fn open(config: &Config, host: &Host) -> Result<(Fence, Self), Error> {
        let (root, client_id, secret) = config.access()?;
        let base = Base::parse("/base_url", config.base_url.as_deref().unwrap_or(BASE))?;
        let auth = Base::parse("/auth_base_url", config.auth_base_url.as_deref().unwrap_or(AUTH_BASE))?;
        if config.account.is_empty() {
            return Err(Error::bad_config("/account", "expected an account id such as `acme-no`"));
        }
        if let Some(field) = OWN_FIELDS.iter().find(|field| config.campaign.contains_key(**field)) {
            let message = format!("`{field}` is set by the program, not by the configuration");
            return Err(Error::bad_config("/campaign", message));
        }
        let folder = Folder::open("/state", root, &["taboola", &config.account])?;
        let api = Api::new(base, auth, client_id, secret, config.proxy.clone(), host)?;
        let taboola = Self {
            host: host.clone(),
            api,
            folder: folder.clone(),
            account: config.account.clone(),
            currency: config.currency.clone(),
            digits: config.digits()?,
            least_minor: config.least_minor()?,
            campaign: config.campaign.clone(),
            even_delivery: config.even_delivery,
            told: BTreeMap::new(),
        };
        Ok((Fence::new(folder, host.clone()), taboola))
    }

    /// Signs in, and looks whether account, currency and days are what the configuration says.
    ///
    /// # Errors
    /// A bad configuration, sign-in, or the platform's own.
    pub(crate) fn check(&mut self, calendar: &Calendar) -> Result<(), Error> {
        self.folder.make()?;
        #[derive(Deserialize)]
        struct Account {
            account_id: String,
            #[serde(default)]
            currency: Option<String>,
            #[serde(default)]
            time_zone_name: Option<String>,
        }
        // Whoever may not list the campaigns may not change one.
        self.campaigns()?;
        let accounts: Listed<Account> = match self.api.read(|| Call::get("/users/current/allowed-accounts/"))
        {
            Ok(answer) => answer.json().map_err(|failure| failure.of_read())?,
            Err(failure) if failure.status() == Some(404) => return Ok(()),
            Err(failure) => return Err(failure.of_read()),
        };
        let Some(account) = accounts.results.into_iter().find(|one| one.account_id == self.account) else {
            return Ok(());
        };
        if let Some(currency) = account.currency.filter(|currency| *currency != self.currency) {
            return Err(arms::other_currency(&currency, &self.currency));
        }
        if let Some(zone) = account.time_zone_name.and_then(|name| jiff::tz::TimeZone::get(&name).ok())
            && !days::same_days(&zone, &calendar.account, self.host.now_us())?
        {
            let name = zone.iana_name().unwrap_or("another timezone").to_owned();
            return Err(report::other_days(&name));
        }
        Ok(())
    }

    fn path(&self, rest: &str) -> String {
        format!("/{}{rest}", segment(&self.account))
    }

    fn campaigns(&mut self) -> Result<Vec<Campaign>, Error> {
        let path = self.path("/campaigns/");
        let answer = self.api.read(|| Call::get(&path)).map_err(|failure| failure.of_read())?;
        Ok(answer.json::<Listed<Campaign>>().map_err(|failure| failure.of_read())?.results)
    }

    /// The campaign of an arm, by its name; two of them are one too many.
    fn by_name(&mut self, experiment: &str, arm: &str) -> Result<Option<Campaign>, Error> {
        let name = campaign_name(experiment, arm);
        let mut named: Vec<Campaign> =
            self.campaigns()?.into_iter().filter(|campaign| campaign.name == name).collect();
        if named.len() > 1 {
            let ids: Vec<String> = named.iter().map(|campaign| text(&campaign.id)).collect();
            return Err(arms::ambiguous(&name, &ids));
        }
        Ok(named.pop())
    }

    fn find(&mut self, experiment: &str, arm: &str, id: Option<&str>) -> Result<Option<Campaign>, Error> {
        if let Some(id) = id {
            let path = self.path(&format!("/campaigns/{}", segment(id)));
            match self.api.read(|| Call::get(&path)) {
                Ok(answer) => return answer.json().map(Some).map_err(|failure| failure.of_read()),
                Err(failure) if failure.status() == Some(404) => {}
                Err(failure) => return Err(failure.of_read()),
            }
        }
        self.by_name(experiment, arm)
    }

    fn items(&mut self, id: &str) -> Result<Vec<Item>, Error> {
        let path = self.path(&format!("/campaigns/{}/items/", segment(id)));
        let answer = self.api.read(|| Call::get(&path)).map_err(|failure| failure.of_read())?;
        Ok(answer.json::<Listed<Item>>().map_err(|failure| failure.of_read())?.results)
    }

    /// Says once what keeps an active campaign from being shown.
    fn tell(&mut self, campaign: &Campaign) {
        let (id, status) = (text(&campaign.id), campaign.status.clone().unwrap_or_default());
        if self.told.get(&id) == Some(&status) {
            return;
        }
        match status.as_str() {
            "PENDING_APPROVAL" | "REJECTED" | "FROZEN" if campaign.is_active => {
                let line = format!("campaign {id} (`{}`) is {status}: nothing of it is shown", campaign.name);
                self.host.log(Level::Warn, line);
            }
            _ => {}
        }
        self.told.insert(id, status);
    }

    fn standing(&self, campaign: &Campaign) -> Result<Standing, Error> {
        let cap = campaign.daily_cap.unwrap_or(Decimal::ZERO);
        let budget_minor = cap.to_minor(self.digits).map_err(|error| {
            Error::unavailable(format!("campaign {} has a daily cap of {error}", text(&campaign.id)))
        })?;
        Ok(Standing { id: text(&campaign.id), budget_minor, paused: !campaign.is_active })
    }

    /// A campaign that rests, with the fields that it is created with.
    fn shell(&mut self, command: &Command, creative: &Creative, minor: i64) -> Result<String, Error> {
        if let Some(there) = self.by_name(&command.experiment, &command.arm)? {
            return Ok(text(&there.id));
        }
        let mut body = Map::new();
        body.insert("spending_limit_model".to_owned(), json!("NONE"));
        body.insert("daily_ad_delivery_model".to_owned(), json!("STRICT"));
        if self.even_delivery {
            body.insert("traffic_allocation_mode".to_owned(), json!("EVEN"));
        }
        body.extend(self.campaign.clone());
        body.extend(creative.campaign.clone());
        body.insert("name".to_owned(), json!(campaign_name(&command.experiment, &command.arm)));
        body.insert("daily_cap".to_owned(), self.amount(minor));
        body.insert("is_active".to_owned(), Value::Bool(false));
        let path = self.path("/campaigns/");
        let answer = self
            .api
            .write(|| Call::post(&path).json(&body))
            .map_err(|failure| with_field("/set/creative/campaign", failure.of_write()))?;
        let created: Campaign = answer.json().map_err(|failure| failure.of_write())?;
        Ok(text(&created.id))
    }

    /// Creates the items that are missing and completes those that have been crawled. Returns whether all is done.
    fn furnish(&mut self, id: &str, creative: &Creative, create: bool) -> Result<bool, Error> {
        let mut there = self.items(id)?;
        let mut done = true;
        for wanted in &creative.items {
            let found = there.iter().position(|item| item.url.as_deref() == Some(wanted.url.as_str()));
            let item = match found {
                Some(at) => there.swap_remove(at),
                None if !create => {
                    done = false;
                    continue;
                }
                None => {
                    let path = self.path(&format!("/campaigns/{}/items", segment(id)));
                    let answer = self
                        .api
                        .write(|| Call::post(&path).json(&json!({ "url": wanted.url })))
                        .map_err(|failure| with_field("/set/creative/url", failure.of_write()))?;
                    answer.json().map_err(|failure| failure.of_write())?
                }
            };
            let mut fields = Map::new();
            if let Some(headline) = wanted.headline.as_ref().filter(|text| item.title.as_ref() != Some(text))
            {
                fields.insert("title".to_owned(), json!(headline));
            }
            if let Some(picture) =
                wanted.thumbnail.as_ref().filter(|text| item.thumbnail_url.as_ref() != Some(text))
            {
                fields.insert("thumbnail_url".to_owned(), json!(picture));
            }
            if fields.is_empty() {
                continue;
            }
            if item.status.as_deref() == Some("CRAWLING") {
                done = false;
                continue;
            }
            let path = self.path(&format!("/campaigns/{}/items/{}", segment(id), segment(&text(&item.id))));
            self.api
                .write(|| Call::post(&path).json(&fields))
                .map_err(|failure| with_field("/set/creative", failure.of_write()))?;
        }
        Ok(done)
    }

    /// Completes what an earlier call left to be done, once the platform has crawled it.
    fn tend(&mut self, experiment: &str, arm: &str, id: &str) -> Result<(), Error> {
        let Some(mut creative) = Creative::kept(&self.folder, experiment, arm)? else { return Ok(()) };
        if !creative.done && self.furnish(id, &creative, false)? {
            creative.done = true;
            creative.keep(&self.folder, experiment, arm)?;
        }
        Ok(())
    }

    /// Observes: one report over all campaigns of the account for the days that are asked for.
    ///
    /// # Errors
    /// Those of a read; a report in another currency or of other days.
    pub(crate) fn observe(
        &mut self,
        fence: &Fence,
        request: &ObserveRequest,
        asked: &[Date],
        calendar: &Calendar,
    ) -> Result<(Report, BTreeMap<u32, Date>), Error> {
        let mut ids = BTreeMap::new();
        let mut since = BTreeMap::new();
        for arm in &request.arms {
            let (id, since_us) = fence.known(&request.experiment, &arm.name)?;
            if let Some(since_us) = since_us {
                since.insert(arm.code, days::date_of(since_us, &calendar.account)?);
            }
            let campaign = self.find(&request.experiment, &arm.name, id.as_deref())?;
            let Some(campaign) = campaign else { continue };
            self.tell(&campaign);
            let id = text(&campaign.id);
            if let Err(error) = self.tend(&request.experiment, &arm.name, &id) {
                let line = format!("campaign {id} (`{}`) is not complete yet: {error}", campaign.name);
                self.host.log(Level::Warn, line);
            }
            ids.insert(id, arm.code);
        }
        let report = self.report(&ids, asked, calendar)?;
        for &(arm, day) in report.days.keys() {
            let first = since.entry(arm).or_insert(day);
            *first = day.min(*first);
        }
        Ok((report, since))
    }

    fn amount(&self, minor: i64) -> Value {
        Value::Number(Decimal::from_minor(minor, self.digits).to_number())
    }
}

impl Arms for Taboola {
    fn currency(&self) -> &str {
        &self.currency
    }

    fn read(&mut self, experiment: &str, arm: &str, id: Option<&str>) -> Result<Option<Standing>, Error> {
        let Some(campaign) = self.find(experiment, arm, id)? else { return Ok(None) };
        // Without items it can spend nothing, and the command that creates it has still to be carried out.
        if !campaign.is_active && self.items(&text(&campaign.id))?.is_empty() {
            return Ok(None);
        }
        self.tell(&campaign);
        self.standing(&campaign).map(Some)
    }

    fn accept(&mut self, command: &Command) -> Result<(), Error> {
        arms::accept(command, "taboola", (self.least_minor, self.digits, &self.currency))
    }

    fn write(&mut self, command: &Command, standing: Option<&Standing>) -> Result<(), Error> {
        let (experiment, arm) = (command.experiment.as_str(), command.arm.as_str());
        let kept = Creative::kept(&self.folder, experiment, arm)?;
        let creative = match &command.set.creative {
            Some(stated) => {
                let mut creative = Creative::read(stated, "taboola", experiment, arm)?;
                creative.done = kept.is_some_and(|kept| kept.done && kept.items == creative.items);
                creative.keep(&self.folder, experiment, arm)?;
                Some(creative)
            }
            None => kept,
        };
        let set = &command.set;
        let minor = set.daily_budget.minor;
        let id = match (standing, &creative) {
            (Some(standing), _) => standing.id.clone(),
            (None, Some(creative)) => self.shell(command, creative, minor.max(self.least_minor))?,
            (None, None) => return Err(arms::nothing_to_show()),
        };
        if let Some(mut creative) = creative.filter(|creative| !creative.done) {
            // Up to here nothing of the arm's budget or pause has changed.
            creative.done = self.furnish(&id, &creative, true)?;
            if creative.done {
                creative.keep(&self.folder, experiment, arm)?;
            }
        }
        let mut fields = Map::new();
        fields.insert("is_active".to_owned(), Value::Bool(!set.paused));
        // A cap of nothing may mean no cap at all: an arm that rests without a budget keeps the one it had.
        if minor >= self.least_minor {
            fields.insert("daily_cap".to_owned(), self.amount(minor));
        }
        let path = self.path(&format!("/campaigns/{}", segment(&id)));
        self.api
            .write(|| Call::post(&path).json(&fields))
            .map(drop)
            .map_err(|failure| with_field("/set/daily_budget", failure.of_write()))
    }
}

/// An id, whether it came as text or as a number.
fn text(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}
