//! Outbrain's Amplify API 0.1 as arms: an arm is a campaign with a daily budget that it shares with no other.
//!
//! Budget and pause are two objects, so two writes: one that rests is stopped before its budget is touched, one that starts
//! gets its budget before it is started. When the second write fails after the first acted, the outcome is unknown, and a
//! query tells.
//!
//! From memory and not from the documents that this was written by: creating campaigns, listing budgets, and the names of
//! the smallest budget in `/currencies` and of the currency of a marketer. What is not found there is not checked.

mod api;
mod report;

use std::collections::BTreeMap;

use gevinst_http::{Arms, Base, Call, Decimal, Fence, Folder, Standing, days, segment};
use gevinst_sdk::wire::{Command, ObserveRequest};
use gevinst_sdk::{Code, Error, Host, Level};
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::Config;
use crate::arms::{self, campaign_name, with_field};
use crate::creative::Creative;
use crate::observe::{Calendar, Report};
use api::Api;

/// Where the API lives.
const BASE: &str = "https://api.outbrain.com/amplify/v0.1";
/// Objects of one page; the platform's own default is 10.
const PAGE: usize = 50;
/// More pages are taken for a platform that always answers with the same one.
const PAGES_MAX: usize = 1_000;
/// Fields of a campaign that are this plugin's to set.
const OWN_FIELDS: [&str; 5] = ["name", "enabled", "budgetId", "budget", "id"];

/// A marketer on Outbrain.
pub(crate) struct Outbrain {
    host: Host,
    api: Api,
    folder: Folder,
    marketer: String,
    currency: String,
    digits: u32,
    least_minor: i64,
    campaign: Map<String, Value>,
    told: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Campaign {
    id: String,
    name: String,
    #[serde(default)]
    enabled: bool,
    #[serde(default)]
    budget: Option<Budget>,
    #[serde(default, rename = "liveStatus")]
    live_status: Option<LiveStatus>,
}

#[derive(Clone, Debug, Deserialize)]
struct LiveStatus {
    #[serde(default, rename = "campaignOnAir")]
    on_air: bool,
    #[serde(default, rename = "onAirReason")]
    reason: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Budget {
    id: String,
    #[serde(default)]
    name: Option<String>,
    amount: Decimal,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    shared: bool,
    #[serde(default)]
    currency: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Link {
    #[serde(default)]
    url: Option<String>,
}

impl Outbrain {
    /// Reads the configuration; nothing is sent yet.
    ///
    /// # Errors
    /// A bad configuration, or a secret that is not there.
    pub(crate) fn open(config: &Config, host: &Host) -> Result<(Fence, Self), Error> {
        let (root, user, secret) = config.access()?;
        let base = Base::parse("/base_url", config.base_url.as_deref().unwrap_or(BASE))?;
        if config.account.is_empty() {
            return Err(Error::bad_config("/account", "expected a marketer's id"));
        }
        if config.auth_base_url.is_some() {
            return Err(Error::bad_config("/auth_base_url", "Outbrain's sign-in is at `base_url`"));
        }
        if config.even_delivery {
            return Err(Error::bad_config("/even_delivery", "Outbrain does not offer it"));
        }
        if let Some(field) = OWN_FIELDS.iter().find(|field| config.campaign.contains_key(**field)) {
            let message = format!("`{field}` is set by the program, not by the configuration");
            return Err(Error::bad_config("/campaign", message));
        }
        let folder = Folder::open("/state", root, &["outbrain", &config.account])?;
        let outbrain = Self {
            host: host.clone(),
            api: Api::new(base, user, secret, folder.clone(), config.proxy.clone(), host)?,
            folder: folder.clone(),
            marketer: config.account.clone(),
            currency: config.currency.clone(),
            digits: config.digits()?,
            least_minor: config.least_minor()?,
            campaign: config.campaign.clone(),
            told: BTreeMap::new(),
        };
        Ok((Fence::new(folder, host.clone()), outbrain))
    }

    /// Signs in, looks whether the marketer is there and in our currency, and learns the smallest budget.
    ///
    /// # Errors
    /// A bad configuration, sign-in, or the platform's own.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        self.folder.make()?;
        let marketer: Value = self.get(&format!("/marketers/{}", segment(&self.marketer)))?;
        if let Some(theirs) = marketer["currency"].as_str().filter(|theirs| *theirs != self.currency) {
            return Err(arms::other_currency(theirs, &self.currency));
        }
        let currencies = match self.api.read(|| Call::get("/currencies")) {
            Ok(answer) => answer.value().unwrap_or_default(),
            Err(failure) if failure.status() == Some(404) => return Ok(()),
            Err(failure) => return Err(failure.of_read()),
        };
        let all = currencies["currencies"].as_array().or_else(|| currencies.as_array());
        let ours = all.into_iter().flatten().find(|one| {
            [&one["id"], &one["code"], &one["name"]].iter().any(|name| name.as_str() == Some(&self.currency))
        });
        let least = ours.and_then(|one| one.get("minDailyBudget").cloned());
        if let Some(least) = least.and_then(|least| serde_json::from_value::<Decimal>(least).ok())
            && let Ok(minor) = least.to_minor(self.digits)
        {
            self.least_minor = self.least_minor.max(minor);
        }
        Ok(())
    }

    fn get<T: DeserializeOwned>(&mut self, path: &str) -> Result<T, Error> {
        let answer = self.api.read(|| Call::get(path)).map_err(|failure| failure.of_read())?;
        answer.json().map_err(|failure| failure.of_read())
    }

    /// All objects of a list, page by page.
    fn list<T: DeserializeOwned>(&mut self, path: &str, key: &str) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        let mut offset = 0;
        for _ in 0..PAGES_MAX {
            let call =
                || Call::get(path).query("limit", PAGE.to_string()).query("offset", offset.to_string());
            let answer = self.api.read(call).map_err(|failure| failure.of_read())?;
            let mut page: Value = answer.json().map_err(|failure| failure.of_read())?;
            let total = page["totalCount"].as_u64();
            let objects: Vec<T> = serde_json::from_value(page[key].take()).map_err(|error| {
                Error::unavailable(self.api.blot(format!("{path}: `{key}` is not as expected: {error}")))
            })?;
            let count = objects.len();
            offset += count;
            all.extend(objects);
            let is_last = total.map_or(count < PAGE, |total| offset as u64 >= total);
            if is_last || count == 0 {
                return Ok(all);
            }
        }
        Err(Error::unavailable(format!("{path} has more than {PAGES_MAX} pages")))
    }

    fn campaigns(&mut self) -> Result<Vec<Campaign>, Error> {
        let path = format!("/marketers/{}/campaigns", segment(&self.marketer));
        self.list(&path, "campaigns")
    }

    fn by_name(&mut self, experiment: &str, arm: &str) -> Result<Option<Campaign>, Error> {
        let name = campaign_name(experiment, arm);
        let mut named: Vec<Campaign> =
            self.campaigns()?.into_iter().filter(|campaign| campaign.name == name).collect();
        if named.len() > 1 {
            let ids: Vec<String> = named.into_iter().map(|campaign| campaign.id).collect();
            return Err(arms::ambiguous(&name, &ids));
        }
        Ok(named.pop())
    }

    fn find(&mut self, experiment: &str, arm: &str, id: Option<&str>) -> Result<Option<Campaign>, Error> {
        if let Some(id) = id {
            let path = format!("/campaigns/{}", segment(id));
            match self.api.read(|| Call::get(&path)) {
                Ok(answer) => return answer.json().map(Some).map_err(|failure| failure.of_read()),
                Err(failure) if failure.status() == Some(404) => {}
                Err(failure) => return Err(failure.of_read()),
            }
        }
        self.by_name(experiment, arm)
    }

    fn links(&mut self, id: &str) -> Result<Vec<Link>, Error> {
        self.list(&format!("/campaigns/{}/promotedLinks", segment(id)), "promotedLinks")
    }

    /// The budget of a campaign, which must be its own, daily, and in our currency.
    fn own_budget(&self, campaign: &Campaign) -> Result<Budget, Error> {
        let refuse = |why: &str| {
            let message = format!("campaign {} (`{}`) {why}", campaign.id, campaign.name);
            Error::new(Code::NotApplied, message)
        };
        let budget = campaign.budget.clone().ok_or_else(|| refuse("has no budget"))?;
        if budget.shared {
            return Err(refuse(
                "shares its budget with others, so that its own spend cannot be set; give it a budget of its own",
            ));
        }
        if budget.kind != "DAILY" {
            return Err(refuse(&format!("has a budget of type {}; expected DAILY", budget.kind)));
        }
        match &budget.currency {
            Some(theirs) if *theirs != self.currency => Err(arms::other_currency(theirs, &self.currency)),
            _ => Ok(budget),
        }
    }

    fn tell(&mut self, campaign: &Campaign) {
        let Some(live) = &campaign.live_status else { return };
        let reason = live.reason.clone().unwrap_or_default();
        if campaign.enabled && !live.on_air && self.told.get(&campaign.id) != Some(&reason) {
            let line = format!(
                "campaign {} (`{}`) is not on air ({reason}): nothing of it is shown",
                campaign.id, campaign.name
            );
            self.host.log(Level::Warn, line);
        }
        self.told.insert(campaign.id.clone(), reason);
    }

    fn amount(&self, minor: i64) -> Value {
        Value::Number(Decimal::from_minor(minor, self.digits).to_number())
    }

    /// Budget and campaign of a new arm; the campaign rests. What an earlier command got done is taken over.
    fn shell(&mut self, command: &Command, creative: &Creative, minor: i64) -> Result<Campaign, Error> {
        if let Some(there) = self.by_name(&command.experiment, &command.arm)? {
            return Ok(there);
        }
        let name = campaign_name(&command.experiment, &command.arm);
        let path = format!("/marketers/{}/budgets", segment(&self.marketer));
        let there = self.list::<Budget>(&path, "budgets")?;
        let budget = match there.into_iter().find(|budget| budget.name.as_deref() == Some(&name)) {
            Some(budget) => budget.id,
            None => {
                let today = days::date_of(self.host.now_us(), &jiff::tz::TimeZone::UTC)?;
                let body = json!({
                    "name": name, "amount": self.amount(minor), "type": "DAILY", "pacing": "SPEND_ASAP",
                    "startDate": today.to_string(), "runForever": true,
                });
                let answer = self
                    .api
                    .write(|| Call::post(&path).json(&body))
                    .map_err(|failure| with_field("/set/daily_budget", failure.of_write()))?;
                answer.json::<Budget>().map_err(|failure| failure.of_write())?.id
            }
        };
        let mut body = self.campaign.clone();
        body.extend(creative.campaign.clone());
        body.insert("name".to_owned(), json!(name));
        body.insert("enabled".to_owned(), Value::Bool(false));
        body.insert("budgetId".to_owned(), json!(budget));
        let answer = self
            .api
            .write(|| Call::post("/campaigns").json(&body))
            .map_err(|failure| with_field("/set/creative/campaign", failure.of_write()))?;
        answer.json().map_err(|failure| failure.of_write())
    }

    fn furnish(&mut self, id: &str, creative: &Creative) -> Result<(), Error> {
        let there = self.links(id)?;
        for wanted in &creative.items {
            if there.iter().any(|link| link.url.as_deref() == Some(wanted.url.as_str())) {
                continue;
            }
            let mut body = Map::new();
            body.insert("url".to_owned(), json!(wanted.url));
            body.insert("text".to_owned(), json!(wanted.headline));
            body.insert("enabled".to_owned(), Value::Bool(true));
            if let Some(picture) = &wanted.thumbnail {
                body.insert("imageUrl".to_owned(), json!(picture));
            }
            let path = format!("/campaigns/{}/promotedLinks", segment(id));
            self.api
                .write(|| Call::post(&path).json(&body))
                .map_err(|failure| with_field("/set/creative", failure.of_write()))?;
        }
        Ok(())
    }

    /// Observes: one report over all campaigns of the marketer for the days that are asked for.
    ///
    /// # Errors
    /// Those of a read.
    pub(crate) fn observe(
        &mut self,
        fence: &Fence,
        request: &ObserveRequest,
        asked: &[Date],
        calendar: &Calendar,
    ) -> Result<(Report, BTreeMap<u32, Date>), Error> {
        let (mut ids, mut since, mut unknown) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for arm in &request.arms {
            let (id, since_us) = fence.known(&request.experiment, &arm.name)?;
            if let Some(since_us) = since_us {
                since.insert(arm.code, days::date_of(since_us, &calendar.account)?);
            }
            match id {
                Some(id) => drop(ids.insert(id, arm.code)),
                None => unknown.push(arm),
            }
        }
        if !unknown.is_empty() {
            let campaigns = self.campaigns()?;
            for arm in unknown {
                let name = campaign_name(&request.experiment, &arm.name);
                let named = campaigns.iter().filter(|campaign| campaign.name == name);
                ids.extend(named.map(|campaign| (campaign.id.clone(), arm.code)));
            }
        }
        let report = self.report(&ids, asked, calendar)?;
        for &(arm, day) in report.days.keys() {
            let first = since.entry(arm).or_insert(day);
            *first = day.min(*first);
        }
        Ok((report, since))
    }
}

impl Arms for Outbrain {
    fn currency(&self) -> &str {
        &self.currency
    }

    fn read(&mut self, experiment: &str, arm: &str, id: Option<&str>) -> Result<Option<Standing>, Error> {
        let Some(campaign) = self.find(experiment, arm, id)? else { return Ok(None) };
        // Without links it can spend nothing, and the command that creates it has still to be carried out.
        if !campaign.enabled && self.links(&campaign.id)?.is_empty() {
            return Ok(None);
        }
        self.tell(&campaign);
        let budget = self.own_budget(&campaign)?;
        let budget_minor = budget
            .amount
            .to_minor(self.digits)
            .map_err(|error| Error::unavailable(format!("budget {} has an amount of {error}", budget.id)))?;
        Ok(Some(Standing { id: campaign.id, budget_minor, paused: !campaign.enabled }))
    }

    fn accept(&mut self, command: &Command) -> Result<(), Error> {
        arms::accept(command, "outbrain", (self.least_minor, self.digits, &self.currency))?;
        if let Some(creative) = &command.set.creative {
            let creative = Creative::read(creative, "outbrain", &command.experiment, &command.arm)?;
            if creative.items.iter().any(|item| item.headline.is_none()) {
                return Err(Error::bad_request(
                    "/set/creative/headline",
                    "Outbrain needs a headline for every item",
                ));
            }
        }
        Ok(())
    }

    fn write(&mut self, command: &Command, standing: Option<&Standing>) -> Result<(), Error> {
        let (experiment, arm) = (command.experiment.as_str(), command.arm.as_str());
        let kept = Creative::kept(&self.folder, experiment, arm)?;
        let creative = match &command.set.creative {
            Some(stated) => {
                let mut creative = Creative::read(stated, "outbrain", experiment, arm)?;
                creative.done = kept.is_some_and(|kept| kept.done && kept.items == creative.items);
                creative.keep(&self.folder, experiment, arm)?;
                Some(creative)
            }
            None => kept,
        };
        let set = &command.set;
        let minor = set.daily_budget.minor;
        let campaign = match (standing, &creative) {
            (Some(standing), _) => self
                .find(experiment, arm, Some(&standing.id))?
                .ok_or_else(|| Error::not_applied("the campaign is gone"))?,
            (None, Some(creative)) => self.shell(command, creative, minor.max(self.least_minor))?,
            (None, None) => return Err(arms::nothing_to_show()),
        };
        if let Some(mut creative) = creative.filter(|creative| !creative.done) {
            // Up to here nothing of the arm's budget or pause has changed.
            self.furnish(&campaign.id, &creative)?;
            creative.done = true;
            creative.keep(&self.folder, experiment, arm)?;
        }
        let budget = match &campaign.budget {
            Some(_) => self.own_budget(&campaign)?,
            None => {
                let again = self.find(experiment, arm, Some(&campaign.id))?;
                self.own_budget(again.as_ref().unwrap_or(&campaign))?
            }
        };
        let stands = budget.amount.to_minor(self.digits).ok() == Some(minor);
        // A budget of nothing is none that the platform takes: an arm that rests without one keeps the one it had.
        let amount = (minor >= self.least_minor && !stands).then(|| json!({ "amount": self.amount(minor) }));
        let amount = amount.map(|body| (format!("/budgets/{}", segment(&budget.id)), body));
        let enabled = (campaign.enabled == set.paused)
            .then(|| (format!("/campaigns/{}", segment(&campaign.id)), json!({ "enabled": !set.paused })));
        let writes = if set.paused { [enabled, amount] } else { [amount, enabled] };
        let mut acted = false;
        for (path, body) in writes.into_iter().flatten() {
            if let Err(failure) = self.api.write(|| Call::put(&path).json(&body)) {
                let error = with_field("/set/daily_budget", failure.of_write());
                return Err(if acted { Error::unknown_outcome(error.message) } else { error });
            }
            acted = true;
        }
        Ok(())
    }
}
