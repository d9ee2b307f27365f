//! The channel's configuration: whom to write to, from where, how fast, and what counts as a goal.
//!
//! Serde refuses what has the wrong shape, [`Config::check`] what has the wrong meaning, both with a JSON pointer. Secrets are
//! named (`env:NAME`), never written.

mod check;

use std::collections::BTreeMap;
use std::path::PathBuf;

use gevinst_sdk::schemars::JsonSchema;
use jiff::tz::TimeZone;
use lettre::message::Mailbox;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The configuration of the channel `email`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// IANA name of the timezone in which days begin.
    pub timezone: String,
    /// ISO 4217 code of the currency of `price`.
    pub currency: String,
    /// How messages leave.
    #[serde(default)]
    pub backend: Backend,
    /// Folder of the send ledger, which must outlive everything: who was enrolled, written to and suppressed.
    pub state: PathBuf,
    /// Secret of at least 16 characters for hashing addresses and signing links, as `env:NAME`. Without it, a key is made once
    /// and kept in the state folder, readable by its owner only. A changed key forgets who was suppressed.
    #[serde(default)]
    pub key: Option<String>,
    /// The recipient list: a CSV file with a heading, one row a person.
    pub list: PathBuf,
    /// Its column of addresses.
    #[serde(default = "Config::default_address")]
    pub address: String,
    /// Its column of consents: `true`, `yes`, `ja`, `1` or `x` is one, anything else is none.
    #[serde(default = "Config::default_consent")]
    pub consent: String,
    /// Columns by whose values every batch is balanced.
    #[serde(default)]
    pub stratify_by: Vec<String>,
    /// CSV file of addresses that must never be written to, beside those that unsubscribed, bounced or complained here.
    #[serde(default)]
    pub suppressed: Option<PathBuf>,
    /// Part of the people that no experiment of this channel writes to, from 0 to 0.5.
    #[serde(default)]
    pub hold_out: f64,
    /// Whom messages come from, such as `Acme <news@acme.example>`.
    pub from: String,
    /// Whom answers go to; `from` without it.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// Domain to which bounces come back: each message leaves with an envelope sender of its own in it. Not for the backend
    /// `mailchimp`.
    #[serde(default)]
    pub envelope_domain: String,
    /// Where recipients reach the click server, such as `https://go.acme.example`. Not for the backend `mailchimp`.
    #[serde(default)]
    pub base_url: String,
    /// The click server, when this program is to run it.
    #[serde(default)]
    pub server: Option<Server>,
    /// Folder of the templates that creatives name; the current folder without it.
    #[serde(default)]
    pub templates: Option<PathBuf>,
    /// What `utm_source` says in links.
    #[serde(default = "Config::default_utm_source")]
    pub utm_source: String,
    /// The mail server, for the backend `smtp`.
    #[serde(default)]
    pub smtp: Option<Smtp>,
    /// Folder for the backend `folder`.
    #[serde(default)]
    pub outbox: Option<PathBuf>,
    /// The account, for the backend `mailchimp`.
    #[serde(default)]
    pub mailchimp: Option<Mailchimp>,
    /// The mailbox to which bounces come back.
    #[serde(default)]
    pub imap: Option<Imap>,
    /// How messages are signed.
    #[serde(default)]
    pub dkim: Option<Dkim>,
    /// How fast, and when.
    #[serde(default)]
    pub pace: Pace,
    /// What becomes of people who were enrolled in an arm that is paused later.
    #[serde(default)]
    pub when_paused: WhenPaused,
    /// Goals by metric name.
    #[serde(default)]
    pub goals: BTreeMap<String, Goal>,
    /// What is known of each person when they are drawn, by metric name: the column of the list that holds it as a number, such as
    /// what they bought last year; an empty cell is 0. Values of goals are adjusted by it, where a definition says so.
    #[serde(default)]
    pub history: BTreeMap<String, String>,
    /// Price of one recipient in minor units of `currency`, such as a rented list has. With it budgets may be money too.
    #[serde(default)]
    pub price: Option<u32>,
}

/// How messages leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(rename_all = "kebab-case")]
pub enum Backend {
    /// By a mail server of one's own or of a provider.
    #[default]
    Smtp,
    /// As files in a folder, one a message, to look at before anything leaves.
    Folder,
    /// By Mailchimp: one regular campaign for each arm's batch. Who gets which arm is drawn here all the same.
    Mailchimp,
}

/// An account of Mailchimp.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct Mailchimp {
    /// The API key's name, as `env:NAME`. The key's end (`-us21`) names the data centre.
    pub key: String,
    /// The audience's id. People of the list who are not in the audience, or unsubscribed there, are not written to.
    pub audience: String,
    /// Which merge field of the audience fills in which column of the list, as `first_name = "FNAME"`; the addresses need none.
    #[serde(default)]
    pub merge_fields: BTreeMap<String, String>,
    /// Where the API is, if not where the key says.
    #[serde(default)]
    pub base_url: Option<String>,
}

/// The click server.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Address and port to listen on, such as `127.0.0.1:8088`, behind a proxy that speaks TLS.
    pub bind: String,
    /// The language of the page on which people unsubscribe.
    #[serde(default)]
    pub language: Language,
    /// Clicks within so many seconds of the delivery are a mail scanner's.
    #[serde(default = "Server::default_scanner_seconds")]
    pub scanner_seconds: u32,
}

/// The language of the unsubscribe page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Danish.
    Da,
    /// Norwegian (bokmål).
    Nb,
    /// Swedish.
    Sv,
}

/// Whether and how a connection is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// STARTTLS, and nothing is said before it. SMTP only.
    Starttls,
    /// From the first byte.
    #[default]
    Implicit,
    /// Not at all; accepted for addresses of this machine only.
    None,
}

/// A mail server.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Its name.
    pub host: String,
    /// Its port; 465 (implicit), 587 (STARTTLS) or 25 without it.
    #[serde(default)]
    pub port: Option<u16>,
    /// Encryption.
    #[serde(default)]
    pub tls: Tls,
    /// Certificates (PEM) to trust in place of those that this machine trusts, such as those of the company's own authority.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// User to sign in as.
    #[serde(default)]
    pub user: Option<String>,
    /// The password's name, as `env:NAME`.
    #[serde(default)]
    pub password: Option<String>,
    /// How this machine calls itself to the server; the envelope domain without it.
    #[serde(default)]
    pub hello: Option<String>,
    /// Seconds to wait for an answer.
    #[serde(default = "Smtp::default_timeout")]
    pub timeout_seconds: u32,
}

/// A mailbox.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct Imap {
    /// The server's name.
    pub host: String,
    /// Its port; 993, or 143 without encryption.
    #[serde(default)]
    pub port: Option<u16>,
    /// Encryption.
    #[serde(default)]
    pub tls: Tls,
    /// Certificates (PEM) to trust in place of those that this machine trusts, such as those of the company's own authority.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// User to sign in as.
    pub user: String,
    /// The password's name, as `env:NAME`.
    pub password: String,
    /// The mailbox.
    #[serde(default = "Imap::default_mailbox")]
    pub mailbox: String,
    /// At most one look in so many seconds.
    #[serde(default = "Imap::default_every")]
    pub every_seconds: u32,
}

/// A DKIM signature.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct Dkim {
    /// The signing domain; that of `from` or one above it.
    pub domain: String,
    /// The selector under which the public key stands in the DNS.
    pub selector: String,
    /// The private key (RSA in PEM, PKCS #1): `env:NAME` or `file:PATH`.
    pub key: String,
}

/// How fast, and when. A message that may not leave yet waits.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields, default)]
pub struct Pace {
    /// The most messages in any minute.
    pub per_minute: u32,
    /// The most messages in any hour.
    pub per_hour: u32,
    /// Local time from which people are enrolled and written to, as `08:00`.
    pub from: String,
    /// Local time until which they are.
    pub until: String,
    /// Whether Saturdays and Sundays are left out.
    pub weekdays_only: bool,
    /// Seconds that one call of the runner may spend sending; the server program has no such limit. 0 leaves all to it.
    pub seconds_per_step: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            per_minute: 600,
            per_hour: 10_000,
            from: "00:00".to_owned(),
            until: "24:00".to_owned(),
            weekdays_only: false,
            seconds_per_step: 20,
        }
    }
}

/// What becomes of people who were enrolled in an arm that is paused later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(rename_all = "lowercase")]
pub enum WhenPaused {
    /// They get all of their messages: pausing enrols nobody more, and every cohort stays comparable.
    #[default]
    Finish,
    /// They get none any more.
    Stop,
}

/// Where a goal is learned from. A person reaches it once; values add up.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "from")]
pub enum Goal {
    /// A click that was no scanner's, on a link whose target contains `containing` where that is stated.
    Click {
        /// Part of the target.
        #[serde(default)]
        containing: Option<String>,
    },
    /// The thank-you page shows the click server's image `/t/GOAL?gv=TOKEN` with the token that the link brought.
    ThankYou {},
    /// A CSV file of outcomes.
    Outcomes {
        /// The file; one that is not there yet is empty.
        file: PathBuf,
        /// Its column of addresses.
        #[serde(default = "Config::default_address")]
        address: String,
        /// Its column of times, as `2026-11-03` or `2026-11-03T14:30:00+01:00`.
        at: String,
        /// Its column of values in whole minor units, where outcomes are not all worth the same.
        #[serde(default)]
        value_minor: Option<String>,
        /// Outcomes more than so many days after the enrolment are not its effect.
        #[serde(default = "Goal::default_days")]
        days: u32,
    },
}

/// Metrics that are not goals.
pub(crate) const METRICS: [&str; 11] = [
    "spend",
    "recipients",
    "sent",
    "delivered",
    "clicks",
    "unsubscribe",
    "bounce",
    "soft_bounce",
    "complaint",
    "reply",
    "impressions",
];

impl Config {
    fn default_address() -> String {
        "email".to_owned()
    }

    fn default_consent() -> String {
        "consent".to_owned()
    }

    fn default_utm_source() -> String {
        "newsletter".to_owned()
    }

    /// The timezone in which days begin.
    ///
    /// # Errors
    /// When it is not one.
    pub fn zone(&self) -> Result<TimeZone, Error> {
        TimeZone::get(&self.timezone)
            .map_err(|_| Error::config("/timezone", format!("`{}` is not a timezone", self.timezone)))
    }

    /// Whom messages come from.
    ///
    /// # Errors
    /// When it is no mailbox.
    pub fn sender(&self) -> Result<Mailbox, Error> {
        mailbox("/from", &self.from)
    }

    /// Whom answers go to, when not to the sender.
    ///
    /// # Errors
    /// When it is no mailbox.
    pub fn answers_to(&self) -> Result<Option<Mailbox>, Error> {
        self.reply_to.as_deref().map(|text| mailbox("/reply_to", text)).transpose()
    }

    /// Whether some goal needs the token in links' targets.
    #[must_use]
    pub fn has_thank_you(&self) -> bool {
        self.goals.values().any(|goal| matches!(goal, Goal::ThankYou {}))
    }

    /// What a mailing says in place of a column of the list: its merge tag.
    pub(crate) fn merge_tag(&self, column: &str) -> Option<String> {
        let fields = &self.mailchimp.as_ref()?.merge_fields;
        let field =
            if column == self.address { Some("EMAIL") } else { fields.get(column).map(String::as_str) };
        field.map(|field| format!("*|{field}|*"))
    }
}

impl Server {
    fn default_scanner_seconds() -> u32 {
        10
    }
}

impl Smtp {
    fn default_timeout() -> u32 {
        30
    }
}

impl Imap {
    fn default_mailbox() -> String {
        "INBOX".to_owned()
    }

    fn default_every() -> u32 {
        300
    }
}

impl Goal {
    fn default_days() -> u32 {
        30
    }
}

fn mailbox(field: &str, text: &str) -> Result<Mailbox, Error> {
    text.parse().map_err(|_| {
        Error::config(field, format!("`{text}` is not a mailbox such as `Acme <news@acme.example>`"))
    })
}
