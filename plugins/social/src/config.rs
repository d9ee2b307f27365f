//! The channel's configuration: one account on one platform, and what new arms are made like.
//!
//! What is written is [`Config`]; what is used is [`Settings`], made from it by one check that points to the
//! offending key. Secrets are named here, never written: the host resolves the names.

use std::path::PathBuf;

use gevinst_http::{Base, Decimal, currency_digits, days};
use gevinst_sdk::Error;
use gevinst_sdk::schemars::JsonSchema;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The configuration of the channel `social`.
///
/// ```
/// let config: gevinst_social::Config = serde_json::from_value(serde_json::json!({
///     "platform": "linkedin", "account": "509", "timezone": "Europe/Oslo", "currency": "NOK",
///     "state": "/var/lib/gevinst", "accept_timezone": true,
///     "linkedin": {
///         "version": "202610", "campaign_group": "77", "objective": "LEAD_GENERATION", "locale": "nb_NO",
///         "access_token": "env:LINKEDIN_ACCESS_TOKEN",
///         "targeting": { "include": { "and": [{ "or": {
///             "urn:li:adTargetingFacet:locations": ["urn:li:geo:103819153"] } }] } }
///     }
/// }))?;
/// assert_eq!(config.account, "509");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Which platform; its own table of the same name holds the rest.
    pub platform: Name,
    /// The advertising account's number, without `act_` or `urn:`.
    pub account: String,
    /// IANA name of the timezone in which the company's days begin.
    pub timezone: String,
    /// ISO 4217 code of the account's currency. Commands in another one are refused.
    pub currency: String,
    /// A folder (an absolute path) for what must outlive the process: the last command of every arm, and tokens. Made for
    /// its owner alone. Two projects that share an account share the folder.
    pub state: PathBuf,
    /// Book the platform's days under the company's dates of the same name although they begin some hours earlier or
    /// later. Without it such an account is refused. LinkedIn's days are UTC's; Meta's are the account's.
    #[serde(default)]
    pub accept_timezone: bool,
    /// How many hours after its end a day is reported as known.
    #[serde(default = "report_lag_hours")]
    pub report_lag_hours: u16,
    /// The smallest daily budget, such as `"100.00"`, where it is higher than the platform's own.
    #[serde(default)]
    pub least_daily_budget: Option<String>,
    /// Where the API lives, when it is not the platform's own address.
    #[serde(default)]
    pub base_url: Option<String>,
    /// Where tokens are renewed, when it is not the platform's own address.
    #[serde(default)]
    pub auth_base_url: Option<String>,
    /// A proxy such as `http://proxy.acme.example:3128`.
    #[serde(default)]
    pub proxy: Option<String>,
    /// What is particular to LinkedIn.
    #[serde(default)]
    pub linkedin: Option<LinkedIn>,
    /// What is particular to Meta.
    #[serde(default)]
    pub meta: Option<Meta>,
}

/// A platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(rename_all = "lowercase")]
pub enum Name {
    /// LinkedIn. An arm is a campaign.
    #[serde(rename = "linkedin")]
    LinkedIn,
    /// Meta: Facebook and Instagram. An arm is an ad set.
    Meta,
}

/// LinkedIn: signing in, and what a new campaign is like.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct LinkedIn {
    /// The API's version as year and month, such as `202610`. One lives about a year.
    pub version: String,
    /// Name of the secret that holds an access token. It lives 60 days; with the three keys below it is renewed.
    #[serde(default)]
    pub access_token: Option<String>,
    /// Name of the secret that holds a refresh token, which lives a year from the consent.
    #[serde(default)]
    pub refresh_token: Option<String>,
    /// The application's client id; needed to renew.
    #[serde(default)]
    pub client_id: Option<String>,
    /// Name of the secret that holds the application's client secret; needed to renew.
    #[serde(default)]
    pub client_secret: Option<String>,
    /// Number of the campaign group in which campaigns are made.
    pub campaign_group: String,
    /// Objective of new campaigns, such as `LEAD_GENERATION`.
    pub objective: String,
    /// Type of new campaigns.
    #[serde(default = "sponsored_updates")]
    pub campaign_type: String,
    /// What is paid for in new campaigns.
    #[serde(default = "cpm")]
    pub cost_type: String,
    /// Bid of new campaigns, such as `"10.00"`; without it LinkedIn bids by itself.
    #[serde(default)]
    pub unit_cost: Option<String>,
    /// Language and country of new campaigns, such as `nb_NO`.
    pub locale: String,
    /// Whom new campaigns are shown to, in LinkedIn's own terms: `include`, `exclude`.
    pub targeting: Map<String, Value>,
    /// What the metric `lead` counts.
    #[serde(default)]
    pub lead_from: LeadFrom,
}

/// What LinkedIn's metric `lead` counts. Only one, since a lead may be counted by both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(rename_all = "snake_case")]
pub enum LeadFrom {
    /// Lead forms that were sent on the platform.
    #[default]
    Forms,
    /// Conversions on the company's site, after a click or a view.
    Website,
    /// Conversions on the company's site after a click.
    WebsiteAfterClick,
}

/// Meta: signing in, and what a new ad set is like.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct Meta {
    /// The API's version, such as `v26.0`.
    pub version: String,
    /// Name of the secret that holds an access token, best that of a system user, which does not expire.
    pub access_token: String,
    /// Name of the secret that holds the application's secret, with which every call is signed.
    #[serde(default)]
    pub app_secret: Option<String>,
    /// Number of the campaign in which ad sets are made. Its budget must lie with the ad sets.
    pub campaign: String,
    /// What is paid for.
    #[serde(default = "impressions")]
    pub billing_event: String,
    /// What delivery aims at, such as `OFFSITE_CONVERSIONS` or `LEAD_GENERATION`.
    pub optimization_goal: String,
    /// How it bids.
    #[serde(default = "lowest_cost")]
    pub bid_strategy: String,
    /// What is promoted, in Meta's own terms, such as `{ pixel_id = "9", custom_event_type = "LEAD" }`.
    #[serde(default)]
    pub promoted_object: Option<Map<String, Value>>,
    /// Whom new ad sets are shown to, in Meta's own terms.
    pub targeting: Map<String, Value>,
    /// Who benefits from the ads, which European law wants told.
    #[serde(default)]
    pub dsa_beneficiary: Option<String>,
    /// Who pays for the ads, which European law wants told.
    #[serde(default)]
    pub dsa_payor: Option<String>,
    /// Number of the page that speaks in new ads.
    #[serde(default)]
    pub page: Option<String>,
    /// Which single action type the metric `lead` counts, in place of Meta's own total of leads.
    #[serde(default)]
    pub lead_action: Option<String>,
    /// Which single action type the metric `conversion` counts, in place of purchases.
    #[serde(default)]
    pub conversion_action: Option<String>,
    /// Spans of more days than this are asked for as a report that Meta prepares.
    #[serde(default = "async_over_days")]
    pub async_over_days: u16,
}

const fn report_lag_hours() -> u16 {
    3
}

const fn async_over_days() -> u16 {
    62
}

fn sponsored_updates() -> String {
    "SPONSORED_UPDATES".to_owned()
}

fn cpm() -> String {
    "CPM".to_owned()
}

fn impressions() -> String {
    "IMPRESSIONS".to_owned()
}

fn lowest_cost() -> String {
    "LOWEST_COST_WITHOUT_CAP".to_owned()
}

/// A configuration that was checked.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) account: String,
    pub(crate) company_zone: TimeZone,
    pub(crate) accept_timezone: bool,
    pub(crate) currency: String,
    /// Decimal places of the currency.
    pub(crate) digits: u32,
    pub(crate) report_lag_us: i64,
    pub(crate) least_minor: i64,
    pub(crate) state: PathBuf,
    pub(crate) base: Base,
    pub(crate) auth_base: Base,
    pub(crate) proxy: Option<String>,
    pub(crate) platform: Platform,
}

/// The platform's own part of a configuration that was checked.
#[derive(Debug, Clone)]
pub(crate) enum Platform {
    LinkedIn(LinkedIn),
    Meta(Meta),
}

impl TryFrom<Config> for Settings {
    type Error = Error;

    fn try_from(config: Config) -> Result<Self, Error> {
        number("/account", &config.account)?;
        let company_zone = days::zone("/timezone", &config.timezone)?;
        let digits = currency_digits(&config.currency).map_err(|_| {
            let message = format!("`{}` is no currency; expected a code such as `NOK`", config.currency);
            Error::bad_config("/currency", message)
        })?;
        let least_minor = match &config.least_daily_budget {
            Some(text) => amount("/least_daily_budget", text, digits)?,
            None => 1,
        };
        let (platform, base, auth_base) = match (config.platform, config.linkedin, config.meta) {
            (Name::LinkedIn, Some(own), None) => {
                check_linkedin(&own, digits)?;
                (Platform::LinkedIn(own), "https://api.linkedin.com", "https://www.linkedin.com")
            }
            (Name::Meta, None, Some(own)) => {
                check_meta(&own)?;
                (Platform::Meta(own), "https://graph.facebook.com", "https://graph.facebook.com")
            }
            (Name::LinkedIn, None, _) => return Err(missing("/linkedin")),
            (Name::Meta, _, None) => return Err(missing("/meta")),
            (Name::LinkedIn, _, Some(_)) => return Err(superfluous("/meta", config.platform)),
            (Name::Meta, Some(_), _) => return Err(superfluous("/linkedin", config.platform)),
        };
        let base = Base::parse("/base_url", config.base_url.as_deref().unwrap_or(base))?;
        let auth_base = Base::parse("/auth_base_url", config.auth_base_url.as_deref().unwrap_or(auth_base))?;
        Ok(Self {
            account: config.account,
            company_zone,
            accept_timezone: config.accept_timezone,
            currency: config.currency,
            digits,
            report_lag_us: i64::from(config.report_lag_hours) * 3_600_000_000,
            least_minor,
            state: config.state,
            base,
            auth_base,
            proxy: config.proxy,
            platform,
        })
    }
}

fn check_linkedin(own: &LinkedIn, digits: u32) -> Result<(), Error> {
    let is_month = own.version.len() == 6 && own.version.bytes().all(|byte| byte.is_ascii_digit());
    if !is_month {
        let message = format!("`{}` is no version; expected year and month, such as `202610`", own.version);
        return Err(Error::bad_config("/linkedin/version", message));
    }
    number("/linkedin/campaign_group", &own.campaign_group)?;
    if locale(&own.locale).is_none() {
        let message =
            format!("`{}` is no locale; expected language and country, such as `nb_NO`", own.locale);
        return Err(Error::bad_config("/linkedin/locale", message));
    }
    if let Some(text) = &own.unit_cost {
        amount("/linkedin/unit_cost", text, digits)?;
    }
    if !own.targeting.contains_key("include") {
        return Err(Error::bad_config("/linkedin/targeting", "expected a table with `include`"));
    }
    match (&own.access_token, &own.refresh_token) {
        (None, None) => Err(Error::bad_config("/linkedin/access_token", "missing; or give `refresh_token`")),
        (_, Some(_)) if own.client_id.is_none() => {
            Err(Error::bad_config("/linkedin/client_id", "missing; renewing a token needs it"))
        }
        (_, Some(_)) if own.client_secret.is_none() => {
            Err(Error::bad_config("/linkedin/client_secret", "missing; renewing a token needs it"))
        }
        _ => Ok(()),
    }
}

fn check_meta(own: &Meta) -> Result<(), Error> {
    let is_version = own
        .version
        .strip_prefix('v')
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(major, minor)| major.parse::<u16>().is_ok() && minor.parse::<u16>().is_ok());
    if !is_version {
        let message = format!("`{}` is no version; expected one such as `v26.0`", own.version);
        return Err(Error::bad_config("/meta/version", message));
    }
    number("/meta/campaign", &own.campaign)?;
    if own.targeting.is_empty() {
        return Err(Error::bad_config("/meta/targeting", "empty; expected `geo_locations` at least"));
    }
    if own.async_over_days == 0 {
        return Err(Error::bad_config("/meta/async_over_days", "0; expected at least 1"));
    }
    own.page.as_ref().map_or(Ok(()), |page| number("/meta/page", page))
}

/// Language and country of `nb_NO`.
pub(crate) fn locale(text: &str) -> Option<(&str, &str)> {
    let (language, country) = text.split_once('_')?;
    let plain = language.bytes().all(|byte| byte.is_ascii_lowercase())
        && country.bytes().all(|byte| byte.is_ascii_uppercase());
    (plain && language.len() == 2 && country.len() == 2).then_some((language, country))
}

/// Numbers of the platforms become parts of paths and names: nothing else is let through.
fn number(field: &str, text: &str) -> Result<(), Error> {
    if !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(Error::bad_config(field, format!("`{text}` is no number of this platform; expected digits alone")))
}

fn amount(field: &str, text: &str, digits: u32) -> Result<i64, Error> {
    let minor = Decimal::parse(text).ok().and_then(|amount| amount.to_minor(digits).ok());
    minor.filter(|minor| *minor > 0).ok_or_else(|| {
        Error::bad_config(field, format!("`{text}` is no amount; expected one such as `\"100.00\"`"))
    })
}

fn missing(field: &str) -> Error {
    Error::bad_config(field, "missing; the platform needs its table")
}

fn superfluous(field: &str, platform: Name) -> Error {
    let name = if platform == Name::Meta { "meta" } else { "linkedin" };
    Error::bad_config(field, format!("not used: `platform` is `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A channel's table as the program hands it over.
    fn settings(table: Value) -> Result<Settings, Error> {
        let mut table = table;
        table.as_object_mut().unwrap().remove("plugin");
        for (key, value) in [("timezone", "Europe/Oslo"), ("currency", "NOK")] {
            table.as_object_mut().unwrap().entry(key).or_insert(json!(value));
        }
        Settings::try_from(serde_json::from_value::<Config>(table).unwrap())
    }

    #[test]
    fn the_tables_of_the_readme_are_good() {
        // Protects: whoever copies them.
        let mut seen = Vec::new();
        for block in include_str!("../README.md").split("```toml").skip(1) {
            let table: toml::Table = block.split("```").next().unwrap().parse().unwrap();
            let Some(channels) = table.get("channels") else { continue };
            for (name, channel) in channels.as_table().unwrap() {
                settings(serde_json::to_value(channel).unwrap()).unwrap();
                seen.push(name.clone());
            }
        }
        assert_eq!(seen, ["linkedin", "meta"]);
    }

    #[test]
    fn what_is_wrong_is_pointed_to() {
        // Protects: a person with a mistake in a long table.
        let good = json!({
            "platform": "linkedin", "account": "509", "state": "/s",
            "linkedin": { "version": "202610", "campaign_group": "77", "objective": "X", "locale": "nb_NO",
                          "access_token": "env:T", "targeting": { "include": {} } },
        });
        for (pointer, value) in [
            ("/account", json!("urn:li:sponsoredAccount:509")),
            ("/timezone", json!("Europe/Olso")),
            ("/currency", json!("KRONER")),
            ("/least_daily_budget", json!("a hundred")),
            ("/base_url", json!("http://api.linkedin.com")),
            ("/linkedin/version", json!("v26.0")),
            ("/linkedin/campaign_group", json!("../77")),
            ("/linkedin/locale", json!("nb")),
            ("/linkedin/unit_cost", json!("-1")),
            ("/linkedin/targeting", json!({ "exclude": {} })),
            ("/linkedin/access_token", Value::Null),
        ] {
            let mut table = good.clone();
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            table.pointer_mut(parent).unwrap()[key] = value;
            assert_eq!(settings(table).unwrap_err().field, pointer);
        }
        let mut other = good.clone();
        other["platform"] = json!("meta");
        assert_eq!(settings(other).unwrap_err().field, "/meta");
        let mut renewing = good;
        renewing["linkedin"]["refresh_token"] = json!("env:R");
        assert_eq!(settings(renewing).unwrap_err().field, "/linkedin/client_id");
    }
}
