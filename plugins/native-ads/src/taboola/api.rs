//! Tokens and answers of Taboola's API.
//!
//! A token is got by client credentials, holds twelve hours and cannot be refreshed. A call that is answered "unauthorized"
//! was certainly not carried out: a new token is got and it is sent once more, a write too.

use gevinst_http::{Answer, Base, Call, Client, Failure, Fate, Secret, Settings, Vendor};
use gevinst_sdk::{Error, Host};

/// So long before its end a token is no longer used, in µs.
const MARGIN_US: i64 = 300_000_000;
/// How long a token holds when the answer does not say, in s.
const HOLDS_S: i64 = 12 * 3600;

/// The client with its token.
pub(super) struct Api {
    host: Host,
    client: Client,
    auth: Base,
    client_id: String,
    client_secret: Secret,
    token: Option<(Secret, i64)>,
}

impl Api {
    pub(super) fn new(
        base: Base,
        auth: Base,
        client_id: &str,
        secret: &str,
        proxy: Option<String>,
        host: &Host,
    ) -> Result<Self, Error> {
        let client_secret = Secret::named(host, secret)?;
        let mut settings = Settings::new("Taboola", base);
        settings.vendor = Vendor { fate: Fate::by_status, message };
        settings.proxy = proxy;
        let client = Client::new(settings, host.clone())?;
        client.hide(&client_secret);
        Ok(Self {
            host: host.clone(),
            client,
            auth,
            client_id: client_id.to_owned(),
            client_secret,
            token: None,
        })
    }

    /// Sends a read, again as often as may be.
    pub(super) fn read(&mut self, call: impl Fn() -> Call) -> Result<Answer, Failure> {
        self.signed(call)
    }

    /// Sends a write once.
    pub(super) fn write(&mut self, call: impl Fn() -> Call) -> Result<Answer, Failure> {
        self.signed(call)
    }

    fn signed(&mut self, call: impl Fn() -> Call) -> Result<Answer, Failure> {
        let token = self.token()?;
        match self.client.send(call().bearer(&token)) {
            Err(failure) if failure.status() == Some(401) => {
                self.token = None;
                let token = self.token()?;
                self.client.send(call().bearer(&token))
            }
            other => other,
        }
    }

    /// The token, a new one when there is none or it is about to end.
    fn token(&mut self) -> Result<Secret, Failure> {
        let now_us = self.host.now_us();
        if let Some((token, until_us)) = &self.token
            && now_us < until_us - MARGIN_US
        {
            return Ok(token.clone());
        }
        let form = [
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose()),
            ("grant_type", "client_credentials"),
        ];
        // No slash at the end: that is answered with a web page. Getting a token twice does no harm.
        let call = Call::post("/oauth/token").at(&self.auth).form(form).repeatable();
        let answer = self.client.send(call).map_err(|failure| sign_in(failure, &self.client))?;
        let body = answer.value().unwrap_or_default();
        let Some(token) = body["access_token"].as_str() else {
            // Not quoted: it may hold a token all the same.
            let reason = "the answer has no `access_token`".to_owned();
            return Err(Failure::NotSent { place: answer.place, reason, cancelled: false });
        };
        let token = Secret::new(token.to_owned());
        self.client.hide(&token);
        let holds_s = body["expires_in"].as_i64().unwrap_or(HOLDS_S);
        self.token = Some((token.clone(), now_us.saturating_add(holds_s.saturating_mul(1_000_000))));
        Ok(token)
    }
}

/// A token that is not had means that the call itself was not sent.
fn sign_in(failure: Failure, client: &Client) -> Failure {
    match failure {
        // Wrong credentials are answered with 400.
        Failure::Answered { place, status, fate: Fate::Refused, message, wait, answer } => {
            Failure::Answered { place, status, fate: Fate::SignIn, message, wait, answer }
        }
        Failure::Answered { fate: Fate::SignIn | Fate::RateLimited(_), .. } | Failure::NotSent { .. } => {
            failure
        }
        other => Failure::NotSent {
            place: "sign-in".to_owned(),
            reason: client.blot(other.to_string()),
            cancelled: false,
        },
    }
}

/// The sentence in an error: JSON with `message`, or XML with `error_description` where no token is.
fn message(answer: &Answer) -> Option<String> {
    if let Some(body) = answer.value() {
        let text = body["message"].as_str()?;
        return Some(match body["offending_field"].as_str() {
            Some(field) => format!("{text} (`{field}`)"),
            None => text.to_owned(),
        });
    }
    let text = String::from_utf8_lossy(&answer.body);
    let (_, rest) = text.split_once("<error_description>")?;
    Some(rest.split_once("</error_description>")?.0.to_owned())
}
