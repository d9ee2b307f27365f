//! Signing in to Google: an access token as it is given, or one that a refresh token renews every hour.
//!
//! Google's refresh tokens stay the same when they are used, so nothing has to be kept: each process renews for itself. Keys of
//! service accounts are not understood.

use std::cell::RefCell;

use gevinst_http::{Answer, Base, Call, Client, Failure, Secret};
use gevinst_sdk::{Error, Host};

use crate::config::SearchConsole;

/// So long before its end a token is no longer used, in µs.
const MARGIN_US: i64 = 300_000_000;
/// How long a token holds when the answer does not say, in s.
const HOLDS_S: i64 = 3_600;
/// Where the keys stand, for messages.
const FIELD: &str = "/market/search_console";

/// Where tokens come from.
pub(crate) struct Google {
    host: Host,
    source: Source,
}

enum Source {
    Given(Secret),
    Renewed(Box<Renewal>),
}

struct Renewal {
    base: Base,
    client_id: String,
    client_secret: Secret,
    refresh: Secret,
    /// The token in use, and when it ends.
    token: RefCell<Option<(Secret, i64)>>,
}

impl Google {
    pub(crate) fn open(config: &SearchConsole, client: &Client, host: &Host) -> Result<Self, Error> {
        let hidden = |name: &str| {
            let secret = Secret::named(host, name)?;
            client.hide(&secret);
            Ok::<Secret, Error>(secret)
        };
        let renewal = (&config.client_id, &config.client_secret, &config.refresh_token);
        let source = match (&config.token, renewal) {
            (Some(token), (None, None, None)) => Source::Given(hidden(token)?),
            (None, (Some(client_id), Some(secret), Some(refresh))) => Source::Renewed(Box::new(Renewal {
                base: Base::parse(&format!("{FIELD}/auth_base_url"), &config.auth_base_url)?,
                client_id: client_id.clone(),
                client_secret: hidden(secret)?,
                refresh: hidden(refresh)?,
                token: RefCell::default(),
            })),
            _ => {
                let why = "expected either `token`, or `client_id`, `client_secret` and `refresh_token`";
                return Err(Error::bad_config(FIELD, why));
            }
        };
        Ok(Self { host: host.clone(), source })
    }

    /// Sends a question with a token, and once more with a new one when that was refused.
    pub(crate) fn send(&self, client: &Client, call: impl Fn() -> Call) -> Result<Answer, Error> {
        let sent = client.send(call().bearer(&self.token(client)?));
        let sent = match (sent, &self.source) {
            (Err(failure), Source::Renewed(renewal)) if failure.status() == Some(401) => {
                renewal.token.replace(None);
                client.send(call().bearer(&self.token(client)?))
            }
            (sent, _) => sent,
        };
        sent.map_err(|failure| failure.of_read())
    }

    fn token(&self, client: &Client) -> Result<Secret, Error> {
        let renewal = match &self.source {
            Source::Given(token) => return Ok(token.clone()),
            Source::Renewed(renewal) => renewal,
        };
        let now_us = self.host.now_us();
        if let Some((token, until_us)) = &*renewal.token.borrow()
            && now_us < until_us - MARGIN_US
        {
            return Ok(token.clone());
        }
        let call = Call::post("/token").at(&renewal.base).repeatable().form([
            ("grant_type", "refresh_token"),
            ("refresh_token", renewal.refresh.expose()),
            ("client_id", renewal.client_id.as_str()),
            ("client_secret", renewal.client_secret.expose()),
        ]);
        let answer = client.send(call).map_err(|failure| match &failure {
            Failure::Answered { status: 400 | 401, message, .. } => Error::auth(format!(
                "Google does not renew the token ({message}): consent again and store the new refresh token"
            )),
            _ => failure.of_read(),
        })?;
        let body = answer.value().unwrap_or_default();
        // Not quoted: it may hold a token all the same.
        let token = body["access_token"]
            .as_str()
            .ok_or_else(|| Error::unavailable("Google's answer to a renewal has no `access_token`"))?;
        let token = Secret::new(token.to_owned());
        client.hide(&token);
        let holds_s = body["expires_in"].as_i64().unwrap_or(HOLDS_S);
        let until_us = now_us.saturating_add(holds_s.saturating_mul(1_000_000));
        renewal.token.replace(Some((token.clone(), until_us)));
        Ok(token)
    }
}
