//! Signing in to LinkedIn: an access token of 60 days, renewed by a refresh token of a year.
//!
//! Renewed tokens are kept on disk for their owner alone, since the configuration only ever knows the first ones. The file tells by
//! a digest from which configured token they descend: after a new consent the stored ones are dropped. Renewing happens
//! under the file's lock, so that two processes do not renew at once and lose each other's token.

use gevinst_http::{Base, Call, Client, Failure, Folder, Secret};
use gevinst_sdk::{Error, Host, Level};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::config::LinkedIn;

/// The file's name.
const FILE: &str = "tokens";
const DAY_US: i64 = 86_400_000_000;
/// A token is renewed when it has less than this left.
const MARGIN_US: i64 = DAY_US;
/// A person is told when the refresh token has less than this left: only a new consent renews it.
const NOTICE_US: i64 = 30 * DAY_US;

/// Tokens as they are kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// SHA-256 of the refresh token in the configuration.
    descends_from: String,
    access_token: String,
    expires_at_us: i64,
    refresh_token: String,
    #[serde(default)]
    refresh_expires_at_us: Option<i64>,
}

/// The answer to a renewal.
#[derive(Deserialize)]
struct Renewed {
    access_token: String,
    expires_in: i64,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    refresh_token_expires_in: Option<i64>,
}

/// Where tokens come from.
pub(crate) struct Auth {
    host: Host,
    base: Base,
    folder: Folder,
    /// Name of the secret that holds the configured access token.
    access_name: Option<String>,
    renewal: Option<Renewal>,
    /// The token in use.
    token: Option<Secret>,
    noticed: bool,
}

/// What renewing takes: a name and the names of two secrets.
struct Renewal {
    client_id: String,
    client_secret_name: String,
    refresh_name: String,
}

impl Auth {
    pub(crate) fn new(own: &LinkedIn, base: &Base, folder: Folder, host: &Host) -> Self {
        let renewal = match (&own.client_id, &own.client_secret, &own.refresh_token) {
            (Some(client_id), Some(secret), Some(refresh)) => Some(Renewal {
                client_id: client_id.clone(),
                client_secret_name: secret.clone(),
                refresh_name: refresh.clone(),
            }),
            _ => None,
        };
        Self {
            host: host.clone(),
            base: base.clone(),
            folder,
            access_name: own.access_token.clone(),
            renewal,
            token: None,
            noticed: false,
        }
    }

    /// A token that should be good.
    pub(crate) fn token(&mut self, client: &Client) -> Result<Secret, Error> {
        if let Some(token) = &self.token {
            return Ok(token.clone());
        }
        let token = match (&self.renewal, &self.access_name) {
            (None, Some(name)) => Secret::named(&self.host, name)?,
            _ => return self.kept_or_renewed(client, None),
        };
        client.hide(&token);
        self.token = Some(token.clone());
        Ok(token)
    }

    /// Another token after LinkedIn refused this one; `None` when there is no way to get one.
    pub(crate) fn another(&mut self, client: &Client) -> Result<Option<Secret>, Error> {
        let refused = self.token.take();
        if self.renewal.is_none() {
            return Ok(None);
        }
        self.kept_or_renewed(client, refused.as_ref()).map(Some)
    }

    /// The kept token, unless it ends soon or is the one that was refused; then a renewed one.
    fn kept_or_renewed(&mut self, client: &Client, refused: Option<&Secret>) -> Result<Secret, Error> {
        let Some(renewal) = &self.renewal else {
            return Err(Error::auth("no access token is configured"));
        };
        let configured = Secret::named(&self.host, &renewal.refresh_name)?;
        let client_secret = Secret::named(&self.host, &renewal.client_secret_name)?;
        client.hide(&configured);
        client.hide(&client_secret);
        let origin = digest(&configured);
        let _lock = self.folder.lock(FILE, &self.host)?;
        let now_us = self.host.now_us();
        // One that cannot be read is as good as none: the configured token still renews.
        let kept = self.folder.read(FILE)?.and_then(|bytes| serde_json::from_slice::<Kept>(&bytes).ok());
        let kept = kept.filter(|kept| kept.descends_from == origin);
        if let Some(kept) = &kept {
            let token = Secret::new(kept.access_token.clone());
            client.hide(&token);
            let is_refused = refused.is_some_and(|refused| refused.expose() == token.expose());
            if !is_refused && now_us + MARGIN_US < kept.expires_at_us {
                self.noticed = notice(&self.host, self.noticed, kept, now_us);
                self.token = Some(token.clone());
                return Ok(token);
            }
        }
        let refresh = kept.as_ref().map_or(configured, |kept| Secret::new(kept.refresh_token.clone()));
        client.hide(&refresh);
        let renewed = renew(client, &self.base, &renewal.client_id, &client_secret, &refresh)?;
        let (token, next) = (Secret::new(renewed.access_token), renewed.refresh_token.map(Secret::new));
        client.hide(&token);
        if let Some(next) = &next {
            client.hide(next);
        }
        let kept = Kept {
            descends_from: origin,
            access_token: token.expose().to_owned(),
            expires_at_us: now_us.saturating_add(renewed.expires_in.saturating_mul(1_000_000)),
            refresh_token: next.as_ref().unwrap_or(&refresh).expose().to_owned(),
            refresh_expires_at_us: renewed
                .refresh_token_expires_in
                .map(|seconds| now_us.saturating_add(seconds.saturating_mul(1_000_000)))
                .or_else(|| kept.as_ref().and_then(|kept| kept.refresh_expires_at_us)),
        };
        let bytes = serde_json::to_vec(&kept).map_err(|error| Error::internal(error.to_string()))?;
        self.folder.write(FILE, &bytes)?;
        self.noticed = notice(&self.host, self.noticed, &kept, now_us);
        self.token = Some(token.clone());
        Ok(token)
    }
}

fn notice(host: &Host, noticed: bool, kept: &Kept, now_us: i64) -> bool {
    match kept.refresh_expires_at_us {
        Some(ends_us) if !noticed && ends_us < now_us + NOTICE_US => {
            let days = (ends_us - now_us).max(0) / DAY_US;
            host.log(
                Level::Warn,
                format!(
                    "LinkedIn's refresh token ends in {days} days: a person must consent again before that"
                ),
            );
            true
        }
        _ => noticed,
    }
}

fn renew(
    client: &Client,
    base: &Base,
    client_id: &str,
    client_secret: &Secret,
    refresh: &Secret,
) -> Result<Renewed, Error> {
    let call = Call::post("/oauth/v2/accessToken").at(base).repeatable().form([
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.expose()),
        ("client_id", client_id),
        ("client_secret", client_secret.expose()),
    ]);
    client.send(call).and_then(|answer| answer.json()).map_err(|failure| match &failure {
        Failure::Answered { status: 400 | 401, message, .. } => Error::auth(format!(
            "LinkedIn does not renew the token ({message}): consent again and store the new refresh token"
        )),
        _ => failure.of_read(),
    })
}

/// Which token it is, without telling it.
fn digest(secret: &Secret) -> String {
    use std::fmt::Write as _;
    Sha256::digest(secret.expose().as_bytes()).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
