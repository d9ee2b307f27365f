//! The channel's configuration: whom to write to, from where, how fast, and what counts as a goal.
//!
//! Serde refuses what has the wrong shape, [`Config::check`] what has the wrong meaning, both with a JSON pointer. Secrets are
//! named (`env:NAME`), never written.

use std::collections::BTreeMap;
use std::path::PathBuf;

use gevinst_sdk::schemars::JsonSchema;
use jiff::civil::Time;
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
    /// Domain to which bounces come back: each message leaves with an envelope sender of its own in it.
    pub envelope_domain: String,
    /// Where recipients reach the click server, such as `https://go.acme.example`.
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

    /// Looks whether every value means something, without touching a file.
    ///
    /// # Errors
    /// The first that does not, with a pointer to it.
    pub fn check(&self) -> Result<(), Error> {
        self.zone()?;
        if self.currency.len() != 3 || !self.currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(Error::config("/currency", format!("`{}` is not an ISO 4217 code", self.currency)));
        }
        self.sender()?;
        self.answers_to()?;
        if !(0.0..=0.5).contains(&self.hold_out) {
            return Err(Error::config("/hold_out", format!("{} is not from 0 to 0.5", self.hold_out)));
        }
        if format!("bounces@{}", self.envelope_domain).parse::<lettre::Address>().is_err() {
            return Err(Error::config(
                "/envelope_domain",
                format!("`{}` is not a domain", self.envelope_domain),
            ));
        }
        self.check_base_url()?;
        match (self.backend, &self.smtp, &self.outbox) {
            (Backend::Smtp, None, _) => {
                return Err(Error::config("/smtp", "the backend `smtp` needs this table"));
            }
            (Backend::Folder, _, None) => {
                return Err(Error::config("/outbox", "the backend `folder` needs a folder"));
            }
            _ => {}
        }
        if let Some(smtp) = &self.smtp {
            check_tls("/smtp", smtp.tls, &smtp.host, true)?;
            if smtp.user.is_some() != smtp.password.is_some() {
                return Err(Error::config("/smtp/user", "`user` and `password` go together"));
            }
            if smtp.timeout_seconds == 0 {
                return Err(Error::config("/smtp/timeout_seconds", "expected at least 1"));
            }
        }
        if let Some(imap) = &self.imap {
            check_tls("/imap", imap.tls, &imap.host, false)?;
        }
        if let Some(dkim) = &self.dkim {
            self.check_dkim(dkim)?;
        }
        self.pace.window()?;
        for (field, most) in
            [("/pace/per_minute", self.pace.per_minute), ("/pace/per_hour", self.pace.per_hour)]
        {
            if most == 0 {
                return Err(Error::config(field, "with 0 nothing would ever leave; expected at least 1"));
            }
        }
        if self.price == Some(0) {
            return Err(Error::config("/price", "expected at least 1; leave it out where nothing is paid"));
        }
        for name in self.goals.keys() {
            let plain = !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte));
            if !plain || METRICS.contains(&name.as_str()) {
                let problem = format!(
                    "`{name}` cannot be a goal's name: lower-case letters, digits, `_` and `-`, and none of {}",
                    METRICS.join(", ")
                );
                return Err(Error::config(
                    format!("/goals/{}", name.replace('~', "~0").replace('/', "~1")),
                    problem,
                ));
            }
        }
        Ok(())
    }

    fn check_base_url(&self) -> Result<(), Error> {
        let rest = self.base_url.strip_prefix("https://").or_else(|| self.base_url.strip_prefix("http://"));
        let fits = rest.is_some_and(|rest| {
            !rest.is_empty()
                && !rest.ends_with('/')
                && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'<>?#{}".contains(&byte))
        });
        if fits {
            return Ok(());
        }
        let problem = format!(
            "`{}` is not an address such as `https://go.acme.example`, without a slash at its end",
            self.base_url
        );
        Err(Error::config("/base_url", problem))
    }

    fn check_dkim(&self, dkim: &Dkim) -> Result<(), Error> {
        if !dkim.key.starts_with("env:") && !dkim.key.starts_with("file:") {
            return Err(Error::config(
                "/dkim/key",
                "expected `env:NAME` or `file:PATH`; a key is never written here",
            ));
        }
        let from = self.sender()?;
        let (from, domain) = (from.email.domain().to_lowercase(), dkim.domain.to_lowercase());
        if from != domain && !from.ends_with(&format!(".{domain}")) {
            let problem = format!(
                "`{domain}` does not sign for `{from}`: recipients that check alignment would refuse it"
            );
            return Err(Error::config("/dkim/domain", problem));
        }
        Ok(())
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

impl Pace {
    /// From when until when on a day messages leave; `None` for the end is midnight.
    ///
    /// # Errors
    /// When a text is no time of day, or the end is not after the start.
    pub(crate) fn window(&self) -> Result<(Time, Option<Time>), Error> {
        let time = |field: &str, text: &str| {
            text.parse::<Time>()
                .map_err(|_| Error::config(field, format!("`{text}` is not a time such as `08:00`")))
        };
        let from = time("/pace/from", &self.from)?;
        let until = if self.until == "24:00" { None } else { Some(time("/pace/until", &self.until)?) };
        if until.is_some_and(|until| until <= from) {
            return Err(Error::config(
                "/pace/until",
                format!("`{}` is not after `{}`", self.until, self.from),
            ));
        }
        Ok((from, until))
    }
}

fn mailbox(field: &str, text: &str) -> Result<Mailbox, Error> {
    text.parse().map_err(|_| {
        Error::config(field, format!("`{text}` is not a mailbox such as `Acme <news@acme.example>`"))
    })
}

/// Whether a host is this machine.
fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn check_tls(at: &str, tls: Tls, host: &str, has_starttls: bool) -> Result<(), Error> {
    match tls {
        Tls::None if !is_loopback(host) => Err(Error::config(
            format!("{at}/tls"),
            format!("`none` would send passwords and addresses openly to `{host}`"),
        )),
        Tls::Starttls if !has_starttls => Err(Error::config(format!("{at}/tls"), "expected `implicit`")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_mistake_is_refused_where_it_stands() {
        // Protects the user's time, and passwords from going over the net in the open.
        let good = json!({
            "timezone": "Europe/Oslo", "currency": "NOK", "backend": "smtp", "state": "s", "list": "l.csv",
            "from": "Acme <news@acme.example>", "envelope_domain": "bounces.acme.example",
            "base_url": "https://go.acme.example", "smtp": { "host": "mail.acme.example", "user": "u", "password": "env:P" },
            "dkim": { "domain": "acme.example", "selector": "s1", "key": "env:KEY" },
            "goals": { "visit": { "from": "click" }, "lead": { "from": "thank-you" } }
        });
        serde_json::from_value::<Config>(good.clone()).unwrap().check().unwrap();
        for (pointer, key, value) in [
            ("", "timezone", json!("Europe/Olso")),
            ("", "currency", json!("kr")),
            ("", "from", json!("Acme")),
            ("", "hold_out", json!(0.6)),
            ("", "envelope_domain", json!("a b")),
            ("", "base_url", json!("https://x/")),
            ("", "base_url", json!("javascript:x")),
            ("", "smtp", json!(null)),
            ("/smtp", "tls", json!("none")),
            ("/smtp", "user", json!(null)),
            ("/dkim", "key", json!("-----BEGIN")),
            ("/dkim", "domain", json!("evil.example")),
            ("", "pace", json!({ "per_hour": 0 })),
            ("", "pace", json!({ "from": "9", "until": "17:00" })),
            ("", "pace", json!({ "from": "17:00", "until": "09:00" })),
            ("", "price", json!(0)),
            ("/goals", "clicks", json!({ "from": "click" })),
            ("", "imap", json!({ "host": "h", "user": "u", "password": "env:P", "tls": "starttls" })),
        ] {
            let mut config = good.clone();
            config.pointer_mut(pointer).unwrap()[key] = value.clone();
            let error = serde_json::from_value::<Config>(config).unwrap().check().unwrap_err();
            let Error::Config { field, .. } = &error else { panic!("{error}") };
            assert!(field.starts_with(&format!("{pointer}/{key}")), "{field} for {pointer}/{key}");
        }
        assert!(serde_json::from_value::<Goal>(json!({ "from": "thank-you", "form": 1 })).is_err());
    }
}
