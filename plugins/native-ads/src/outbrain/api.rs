//! The token, pace and answers of Outbrain's API.
//!
//! A token holds thirty days and may be asked for twice an hour, so it is kept on disk, for its owner alone, together with
//! the times of the last sign-ins. A third sign-in within an hour is not tried: the caller is told how long to wait.

use std::time::Duration;

use gevinst_http::{Answer, Base, Call, Client, Failure, Fate, Folder, Pace, Secret, Settings, Vendor};
use gevinst_sdk::{Error, Host};
use serde::{Deserialize, Serialize};

/// The file that keeps the token, and the version of its format.
const FILE: &str = "token";
const FORMAT: u32 = 1;
/// The header of a token, in answers and requests.
const TOKEN: &str = "OB-TOKEN-V1";
/// So long a token is used, in µs: a day less than it holds.
const HOLDS_US: i64 = 29 * 86_400_000_000;
const HOUR_US: i64 = 3_600_000_000;
/// Sign-ins an hour.
const LOGINS: usize = 2;

#[derive(Clone, Default, Serialize, Deserialize)]
struct Kept {
    format: u32,
    user: String,
    token: Option<String>,
    until_us: i64,
    /// The newest sign-ins, in µs UTC.
    logins_us: Vec<i64>,
}

/// The client with its token.
pub(super) struct Api {
    host: Host,
    client: Client,
    reports: Client,
    folder: Folder,
    user: String,
    password: Secret,
    token: Option<Secret>,
}

impl Api {
    pub(super) fn new(
        base: Base,
        user: &str,
        secret: &str,
        folder: Folder,
        proxy: Option<String>,
        host: &Host,
    ) -> Result<Self, Error> {
        let password = Secret::named(host, secret)?;
        let mut settings = Settings::new("Outbrain", base);
        settings.vendor = Vendor { fate: Fate::by_status, message };
        settings.proxy = proxy;
        settings.pace = Some(Pace::new(30, Duration::from_secs(1)));
        let client = Client::new(settings.clone(), host.clone())?;
        settings.pace = Some(Pace::new(30, Duration::from_secs(60)));
        let reports = Client::new(settings, host.clone())?;
        client.hide(&password);
        reports.hide(&password);
        Ok(Self { host: host.clone(), client, reports, folder, user: user.to_owned(), password, token: None })
    }

    /// Sends a read, again as often as may be.
    pub(super) fn read(&mut self, call: impl Fn() -> Call) -> Result<Answer, Failure> {
        self.signed(call, false)
    }

    /// Asks for a report, at the pace of reports.
    pub(super) fn report(&mut self, call: impl Fn() -> Call) -> Result<Answer, Failure> {
        self.signed(call, true)
    }

    /// Sends a write once.
    pub(super) fn write(&mut self, call: impl Fn() -> Call) -> Result<Answer, Failure> {
        self.signed(call, false)
    }

    /// A message without secrets.
    pub(super) fn blot(&self, text: String) -> String {
        self.client.blot(text)
    }

    fn signed(&mut self, call: impl Fn() -> Call, report: bool) -> Result<Answer, Failure> {
        for again in [true, false] {
            let token = self.token()?;
            let client = if report { &self.reports } else { &self.client };
            match client.send(call().header(TOKEN, token.expose())) {
                // It was certainly not carried out; the token was revoked or ended early.
                Err(failure) if failure.status() == Some(401) && again => self.forget(&token)?,
                other => return other,
            }
        }
        unreachable!("the second round returns")
    }

    fn kept(&self) -> Result<Kept, Error> {
        let fresh = || Kept { format: FORMAT, user: self.user.clone(), ..Kept::default() };
        let Some(bytes) = self.folder.read(FILE)? else { return Ok(fresh()) };
        // A file that is damaged, of another version or of another user costs a sign-in, nothing more.
        let kept: Option<Kept> = serde_json::from_slice(&bytes).ok();
        Ok(kept.filter(|kept| kept.format == FORMAT && kept.user == self.user).unwrap_or_else(fresh))
    }

    fn keep(&self, kept: &Kept) -> Result<(), Error> {
        let bytes = serde_json::to_vec(kept).map_err(|error| Error::internal(error.to_string()))?;
        self.folder.write(FILE, &bytes)
    }

    fn hide(&self, token: &Secret) {
        self.client.hide(token);
        self.reports.hide(token);
    }

    /// The kept token, or one by signing in. One process at a time.
    fn token(&mut self) -> Result<Secret, Failure> {
        if let Some(token) = &self.token {
            return Ok(token.clone());
        }
        let _lock = self.folder.lock(FILE, &self.host).map_err(|error| sign_in(error.message))?;
        let mut kept = self.kept().map_err(|error| sign_in(error.message))?;
        let now_us = self.host.now_us();
        if let Some(token) = kept.token.clone().filter(|_| now_us < kept.until_us) {
            let token = Secret::new(token);
            self.hide(&token);
            self.token = Some(token.clone());
            return Ok(token);
        }
        kept.logins_us.retain(|at_us| (now_us - HOUR_US..=now_us).contains(at_us));
        if kept.logins_us.len() >= LOGINS {
            let wait_us = kept.logins_us.iter().min().map_or(0, |first| first + HOUR_US - now_us);
            let reason = format!(
                "Outbrain allows {LOGINS} sign-ins an hour, and both were used; the next is in {} minutes",
                wait_us / 60_000_000 + 1
            );
            return Err(sign_in(reason));
        }
        // Counted before it is tried, so that a crash cannot use up more than are allowed.
        kept.logins_us.push(now_us);
        self.keep(&kept).map_err(|error| sign_in(error.message))?;
        let answer = match self.client.send(Call::get("/login").basic(&self.user, &self.password)) {
            Ok(answer) => answer,
            Err(
                failure @ (Failure::Answered { fate: Fate::SignIn | Fate::RateLimited(_), .. }
                | Failure::NotSent { .. }),
            ) => return Err(failure),
            Err(failure) => return Err(sign_in(failure.to_string())),
        };
        let body = answer.value().unwrap_or_default();
        // Documents tell of a header, clients read the body.
        let Some(token) = answer.header(TOKEN).or_else(|| body[TOKEN].as_str()) else {
            return Err(sign_in(format!("{}: the answer has no `{TOKEN}`", answer.place)));
        };
        let secret = Secret::new(token.to_owned());
        self.hide(&secret);
        kept.token = Some(token.to_owned());
        kept.until_us = now_us.saturating_add(HOLDS_US);
        self.keep(&kept).map_err(|error| sign_in(error.message))?;
        self.token = Some(secret.clone());
        Ok(secret)
    }

    /// Drops a token that is refused, unless another process has a newer one.
    fn forget(&mut self, token: &Secret) -> Result<(), Failure> {
        self.token = None;
        let _lock = self.folder.lock(FILE, &self.host).map_err(|error| sign_in(error.message))?;
        let mut kept = self.kept().map_err(|error| sign_in(error.message))?;
        if kept.token.as_deref() == Some(token.expose()) {
            kept.token = None;
            self.keep(&kept).map_err(|error| sign_in(error.message))?;
        }
        Ok(())
    }
}

/// A token that is not had means that the call itself was not sent.
fn sign_in(reason: String) -> Failure {
    Failure::NotSent { place: "sign-in".to_owned(), reason, cancelled: false }
}

/// The sentence in an error: `errorMessage`, and what it is about.
fn message(answer: &Answer) -> Option<String> {
    let body = answer.value()?;
    let text = body["errorMessage"].as_str().or_else(|| body["message"].as_str())?;
    Some(match body["moreInfo"].as_str() {
        Some(more) => format!("{text} ({more})"),
        None => text.to_owned(),
    })
}
