//! The configuration, as it stands in `gevinst.toml`.
//!
//! What no type can say (a folder or HubSpot, stages in order, sums in the account's currency) is checked when the channel is
//! opened, with a JSON pointer to the key.

use std::path::PathBuf;

use gevinst_sdk::schemars::JsonSchema;
use serde::Deserialize;

/// A table `[channels.NAME]` with `plugin = "outcomes"`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// ISO 4217 code of the currency in which people are worth something.
    pub currency: String,
    /// IANA name of the timezone in which days begin, and in which times without an offset are meant.
    pub timezone: String,
    /// Where a CRM drops its files.
    #[serde(default)]
    pub files: Option<Files>,
    /// HubSpot, asked over the network.
    #[serde(default)]
    pub hubspot: Option<HubSpot>,
    /// Which clicks came from which arm, for records that carry a click id alone.
    #[serde(default)]
    pub clicks: Option<Clicks>,
    /// The stages, from the first to the last. Each is a metric.
    #[serde(default)]
    pub stages: Vec<Stage>,
    /// Stages' words that make a record count for nothing, such as `spam`.
    #[serde(default)]
    pub ignored: Vec<String>,
    /// Stages' words of people who went no further: they count for the first stage and are worth nothing.
    #[serde(default)]
    pub lost: Vec<String>,
    /// What a customer is worth, such as `"60 000 NOK"`, for records that say no value of their own.
    #[serde(default)]
    pub customer_value: Option<String>,
    /// The highest score: a record with a score is worth that part of a customer, whatever its stage.
    #[serde(default)]
    pub score_max: Option<f64>,
    /// The largest part of rows that may be unreadable; they are left out and named in the log.
    #[serde(default = "bad_rows_max")]
    pub bad_rows_max: f64,
    /// Series of the whole market.
    #[serde(default)]
    pub market: Option<Market>,
}

fn bad_rows_max() -> f64 {
    0.05
}

/// A folder of drops.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// The folder; every `.csv` in it is read at every observation.
    pub folder: PathBuf,
    /// What separates columns.
    #[serde(default = "comma")]
    pub separator: char,
    /// How far drops reach.
    #[serde(default)]
    pub fresh: Fresh,
    /// Which column says what.
    pub columns: Columns,
}

fn comma() -> char {
    ','
}

/// How far a drop reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(rename_all = "lowercase")]
pub enum Fresh {
    /// Until the day in its name began.
    #[default]
    Name,
    /// Until the file was last written.
    Modified,
}

/// Which column, or property, says what.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// What tells people apart, such as a record's number or an address. It is hashed at once.
    pub id: String,
    /// When the record was created.
    pub created: String,
    /// When the record was last changed.
    #[serde(default)]
    pub updated: Option<String>,
    /// When the person first came.
    #[serde(default)]
    pub first_touch: Option<String>,
    /// The experiment; of several columns the first that is not empty.
    #[serde(default = "utm_id")]
    pub experiment: Vec<String>,
    /// The arm.
    #[serde(default = "utm_content")]
    pub arm: String,
    /// A page's address whose query has the tags.
    #[serde(default)]
    pub link: Option<String>,
    /// Click ids, such as `gclid`; of several columns the first that is not empty.
    #[serde(default)]
    pub click_id: Vec<String>,
    /// The stage, in the CRM's words.
    #[serde(default)]
    pub stage: Option<String>,
    /// A score.
    #[serde(default)]
    pub score: Option<String>,
    /// What the person is worth, as a decimal number.
    #[serde(default)]
    pub value: Option<String>,
    /// The currency of that.
    #[serde(default)]
    pub currency: Option<String>,
    /// When the person was first answered.
    #[serde(default)]
    pub answered: Option<String>,
}

fn utm_id() -> Vec<String> {
    vec!["utm_id".to_owned(), "utm_campaign".to_owned()]
}

fn utm_content() -> String {
    "utm_content".to_owned()
}

/// One stage of the way to a customer.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Its name, which is the metric's: lower-case letters, digits, `-` and `_`.
    pub name: String,
    /// The CRM's words for it, in any case; its name is one of them anyway.
    #[serde(default)]
    pub says: Vec<String>,
    /// How likely someone at this stage becomes a customer.
    #[serde(default)]
    pub probability: Option<f64>,
    /// What someone at this stage is worth, such as `"1 800 NOK"`, in place of that part of a customer.
    #[serde(default)]
    pub value: Option<String>,
}

/// HubSpot's contacts or deals.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct HubSpot {
    /// Where its API lives.
    #[serde(default = "hubspot_url")]
    pub base_url: String,
    /// The name of the secret with a private app's token, such as `env:HUBSPOT_TOKEN`.
    pub token: String,
    /// `contacts` or `deals`.
    #[serde(default = "contacts")]
    pub object: String,
    /// Which property says what. `id` may be `hs_object_id`.
    pub properties: Columns,
}

fn hubspot_url() -> String {
    "https://api.hubapi.com".to_owned()
}

fn contacts() -> String {
    "contacts".to_owned()
}

/// A folder of drops that tell which click came from which arm.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct Clicks {
    /// The folder; every `.csv` in it is read.
    pub folder: PathBuf,
    /// What separates columns.
    #[serde(default = "comma")]
    pub separator: char,
    /// The column with the click id.
    pub click_id: String,
    /// The column with the experiment.
    pub experiment: String,
    /// The column with the arm.
    pub arm: String,
    /// The column with the time of the click, which is then the person's first touch.
    #[serde(default)]
    pub at: Option<String>,
}

/// Series of the whole market, by day.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct Market {
    /// Series from files.
    #[serde(default)]
    pub files: Option<SeriesFiles>,
    /// Searches for the company's own name.
    #[serde(default)]
    pub search_console: Option<SearchConsole>,
}

/// Series from files: a day a row, a series a column.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct SeriesFiles {
    /// The folder; every `.csv` in it is read.
    pub folder: PathBuf,
    /// What separates columns.
    #[serde(default = "comma")]
    pub separator: char,
    /// The column with the day.
    pub date: String,
    /// From a metric, such as `direct_visits`, to its column.
    pub series: std::collections::BTreeMap<String, String>,
}

/// Google Search Console.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct SearchConsole {
    /// Where its API lives.
    #[serde(default = "google_url")]
    pub base_url: String,
    /// Where tokens are renewed.
    #[serde(default = "google_auth_url")]
    pub auth_base_url: String,
    /// The name of the secret with an access token, which holds an hour: for a first try.
    #[serde(default)]
    pub token: Option<String>,
    /// The OAuth client's id; with it, its secret and a refresh token, access tokens are renewed by themselves.
    #[serde(default)]
    pub client_id: Option<String>,
    /// The name of the secret with the OAuth client's secret.
    #[serde(default)]
    pub client_secret: Option<String>,
    /// The name of the secret with the refresh token of whoever may read the property.
    #[serde(default)]
    pub refresh_token: Option<String>,
    /// The property, such as `sc-domain:acme.example`.
    pub site: String,
    /// A regular expression (RE2) of what counts as a search for the company.
    pub brand: String,
}

fn google_auth_url() -> String {
    "https://oauth2.googleapis.com".to_owned()
}

fn google_url() -> String {
    "https://www.googleapis.com".to_owned()
}
