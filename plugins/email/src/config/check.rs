//! What a configuration must mean: each value by itself, and together with the others.

use jiff::civil::Time;

use super::{Backend, Config, Dkim, Goal, METRICS, Pace, Tls};
use crate::error::Error;

impl Config {
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
        match self.backend {
            Backend::Mailchimp => self.check_mailchimp()?,
            Backend::Smtp if self.smtp.is_none() => {
                return Err(Error::config("/smtp", "the backend `smtp` needs this table"));
            }
            Backend::Folder if self.outbox.is_none() => {
                return Err(Error::config("/outbox", "the backend `folder` needs a folder"));
            }
            Backend::Smtp | Backend::Folder => {
                self.check_envelope_domain()?;
                self.check_base_url()?;
            }
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
        let of = |field: &'static str, name| (field, name);
        let goals = self.goals.keys().map(|name| of("goals", name));
        for (field, name) in goals.chain(self.history.keys().map(|name| of("history", name))) {
            let plain = !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte));
            if !plain || METRICS.contains(&name.as_str()) {
                let problem = format!(
                    "`{name}` cannot be a metric's name here: lower-case letters, digits, `_` and `-`, and none of {}",
                    METRICS.join(", ")
                );
                return Err(Error::config(
                    format!("/{field}/{}", name.replace('~', "~0").replace('/', "~1")),
                    problem,
                ));
            }
        }
        if let Some(name) = self.history.keys().find(|name| self.goals.contains_key(*name)) {
            let problem = format!("`{name}` is a goal: it was not known before");
            return Err(Error::config(format!("/history/{name}"), problem));
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

    fn check_envelope_domain(&self) -> Result<(), Error> {
        if format!("bounces@{}", self.envelope_domain).parse::<lettre::Address>().is_ok() {
            return Ok(());
        }
        Err(Error::config("/envelope_domain", format!("`{}` is not a domain", self.envelope_domain)))
    }

    fn check_mailchimp(&self) -> Result<(), Error> {
        let Some(account) = &self.mailchimp else {
            return Err(Error::config("/mailchimp", "the backend `mailchimp` needs this table"));
        };
        if !account.key.starts_with("env:") {
            return Err(Error::config("/mailchimp/key", "expected `env:NAME`; a key is never written here"));
        }
        if account.audience.trim().is_empty() {
            return Err(Error::config(
                "/mailchimp/audience",
                "expected the audience's id, such as `a1b2c3d4e5`",
            ));
        }
        for (column, field) in &account.merge_fields {
            let is_tag = !field.is_empty()
                && field
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
            if !is_tag {
                let problem = format!("`{field}` is not a merge field such as `FNAME`");
                return Err(Error::config(format!("/mailchimp/merge_fields/{column}"), problem));
            }
        }
        if self.server.is_some() {
            return Err(Error::config(
                "/server",
                "Mailchimp follows clicks by itself; leave the click server out",
            ));
        }
        let by_page = self.goals.iter().find(|(_, goal)| matches!(goal, Goal::ThankYou {}));
        if let Some((name, _)) = by_page {
            let problem =
                "Mailchimp's links do not say whose they are; learn of this goal by `click` or `outcomes`";
            return Err(Error::config(format!("/goals/{name}/from"), problem));
        }
        Ok(())
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
        let by_platform = json!({
            "timezone": "Europe/Oslo", "currency": "NOK", "backend": "mailchimp", "state": "s", "list": "l.csv",
            "from": "Acme <news@acme.example>", "goals": { "visit": { "from": "click" } },
            "mailchimp": { "key": "env:KEY", "audience": "a1b2c3", "merge_fields": { "name": "FNAME" } }
        });
        for config in [&good, &by_platform] {
            serde_json::from_value::<Config>(config.clone()).unwrap().check().unwrap();
        }
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
            ("", "mailchimp", json!(null)),
            ("/mailchimp", "key", json!("0123456789abcdef-us21")),
            ("/mailchimp", "audience", json!(" ")),
            ("/mailchimp/merge_fields", "name", json!("*|FNAME|*")),
            ("", "server", json!({ "bind": "127.0.0.1:0" })),
            ("/goals", "lead", json!({ "from": "thank-you" })),
        ] {
            let is_platforms =
                pointer.starts_with("/mailchimp") || ["mailchimp", "server", "lead"].contains(&key);
            let mut config = if is_platforms { by_platform.clone() } else { good.clone() };
            config.pointer_mut(pointer).unwrap()[key] = value.clone();
            let error = serde_json::from_value::<Config>(config).unwrap().check().unwrap_err();
            let Error::Config { field, .. } = &error else { panic!("{error}") };
            assert!(field.starts_with(&format!("{pointer}/{key}")), "{field} for {pointer}/{key}");
        }
        assert!(serde_json::from_value::<Goal>(json!({ "from": "thank-you", "form": 1 })).is_err());
    }
}
