//! The configuration: one flat table, checked for its platform when the channel is opened.

use std::path::{Path, PathBuf};

use gevinst_http::{Decimal, currency_digits};
use gevinst_sdk::Error;
use gevinst_sdk::schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::exports::CsvExports;

/// The channel's table in `gevinst.toml`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Which platform.
    pub platform: Platform,
    /// The account: Taboola's account id, such as `acme-no`; Outbrain's marketer id.
    pub account: String,
    /// IANA name of the company's timezone.
    pub timezone: String,
    /// ISO 4217 code of the company's currency, which must be the account's.
    pub currency: String,
    /// IANA name of the account's timezone on the platform; the company's where it is not stated.
    #[serde(default)]
    pub account_timezone: Option<String>,
    /// Takes the account's days for the company's although they begin at other hours. Every figure is then off by
    /// what happened in these hours.
    #[serde(default)]
    pub accept_timezone: bool,
    /// Folder (an absolute path) for what must not be forgotten: numbers of commands, Outbrain's token. Needed by platforms
    /// that are commanded.
    #[serde(default)]
    pub state: Option<PathBuf>,
    /// Taboola's client id, or Outbrain's user name.
    #[serde(default)]
    pub client_id: Option<String>,
    /// Where the client secret or password is, such as `env:TABOOLA_SECRET`.
    #[serde(default)]
    pub secret: Option<String>,
    /// Where the API lives, if not at the platform's own address.
    #[serde(default)]
    pub base_url: Option<String>,
    /// Where Taboola's tokens are given out, if not at its own address.
    #[serde(default)]
    pub auth_base_url: Option<String>,
    /// A proxy such as `http://proxy.acme.example:3128`.
    #[serde(default)]
    pub proxy: Option<String>,
    /// Fields of new campaigns in the platform's own words, such as `branding_text`, `cpc`, `country_targeting`.
    #[serde(default)]
    pub campaign: Map<String, Value>,
    /// Shows an arm's items evenly in place of the one that the platform likes best.
    #[serde(default)]
    pub even_delivery: bool,
    /// The smallest daily budget, in major units (`"50.00"`), where the platform does not tell.
    #[serde(default)]
    pub least_daily_budget: Option<String>,
    /// The metrics under which the platform's conversions are reported, besides `conversion`: such as `["lead"]`. All of them
    /// are the same number; an experiment asks for one.
    #[serde(default)]
    pub goals: Vec<String>,
    /// Where exports are and how they look, for the platform `csv`.
    #[serde(default)]
    pub csv: Option<CsvExports>,
}

/// A platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Taboola's Backstage API.
    Taboola,
    /// Outbrain's Amplify API.
    Outbrain,
    /// CSV exports of a platform without a public API; nothing can be commanded.
    Csv,
}

impl Config {
    /// Decimals of the currency.
    ///
    /// # Errors
    /// A bad configuration at `/currency`.
    pub(crate) fn digits(&self) -> Result<u32, Error> {
        currency_digits(&self.currency).map_err(|error| Error::bad_config("/currency", error.to_string()))
    }

    /// The smallest daily budget in minor units; a minor unit where none is stated.
    ///
    /// # Errors
    /// A bad configuration at `/least_daily_budget`.
    pub(crate) fn least_minor(&self) -> Result<i64, Error> {
        let Some(text) = &self.least_daily_budget else { return Ok(1) };
        Decimal::parse(text)
            .and_then(|amount| amount.to_minor(self.digits().unwrap_or(2)))
            .map(|minor| minor.max(1))
            .map_err(|error| Error::bad_config("/least_daily_budget", error.to_string()))
    }

    /// Folder, client id and secret's name, which a platform that is commanded cannot do without.
    ///
    /// # Errors
    /// A bad configuration at the first that is missing, which names all of them with what to write.
    pub(crate) fn access(&self) -> Result<(&Path, &str, &str), Error> {
        if let (Some(state), Some(client_id), Some(secret)) = (&self.state, &self.client_id, &self.secret) {
            return Ok((state, client_id, secret));
        }
        let missing: Vec<(&str, &str)> = [
            ("client_id", r#"client_id = "what the platform calls you""#, self.client_id.is_some()),
            ("secret", r#"secret = "env:NAME_OF_THE_SECRET""#, self.secret.is_some()),
            ("state", r#"state = "/var/lib/gevinst""#, self.state.is_some()),
        ]
        .into_iter()
        .filter_map(|(field, line, is_there)| (!is_there).then_some((field, line)))
        .collect();
        let lines: Vec<String> = missing.iter().map(|(_, line)| format!("`{line}`")).collect();
        let field = missing.first().map_or(String::new(), |(field, _)| format!("/{field}"));
        Err(Error::bad_config(field, format!("the channel's table lacks {}", lines.join(" and "))))
    }
}
