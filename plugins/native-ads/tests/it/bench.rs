//! A channel on a stand-in platform, and what tests do with it.

use gevinst_fakes::outbrain::Outbrain;
use gevinst_fakes::taboola::Taboola;
use gevinst_fakes::{Fake, Platform};
use gevinst_native_ads::NativeAds;
use gevinst_sdk::testing::{Driver, TestHost};
use gevinst_sdk::wire::{Coded, Command, Grain, Money, ObserveRequest, Query, Receipt, Set, State};
use gevinst_sdk::{Error, Observations};
use serde_json::{Value, json};

pub(crate) const DAY_US: i64 = 86_400_000_000;
pub(crate) const HOUR_US: i64 = 3_600_000_000;
/// 2026-11-01 in Oslo.
pub(crate) const START_US: i64 = 1_793_487_600_000_000;
pub(crate) const SECRET: &str = "a-very-secret-secret";

/// A channel, its host, its platform, and the folder that outlives it.
pub(crate) struct Bench<P: Platform> {
    pub(crate) fake: Fake<P>,
    pub(crate) host: TestHost,
    pub(crate) config: Value,
    pub(crate) channel: Driver<NativeAds>,
    seq: u64,
    _state: tempfile::TempDir,
}

pub(crate) fn taboola() -> Bench<Taboola> {
    taboola_with(|_| {})
}

pub(crate) fn taboola_with(change: impl FnOnce(&mut Taboola)) -> Bench<Taboola> {
    let mut platform = Taboola::default();
    SECRET.clone_into(&mut platform.client_secret);
    change(&mut platform);
    let fake = Fake::start(platform);
    let config = json!({
        "platform": "taboola", "client_id": "cid",
        "base_url": format!("{}/backstage/api/1.0", fake.url()),
        "auth_base_url": format!("{}/backstage", fake.url()),
        "campaign": { "branding_text": "Acme" },
    });
    Bench::new(fake, config)
}

pub(crate) fn outbrain() -> Bench<Outbrain> {
    let fake = Fake::start(Outbrain::default());
    let config = json!({
        "platform": "outbrain", "client_id": "user", "campaign": { "cpc": 4.5 },
        "base_url": format!("{}/amplify/v0.1", fake.url()),
    });
    Bench::new(fake, config)
}

impl<P: Platform> Bench<P> {
    fn new(fake: Fake<P>, mut config: Value) -> Self {
        let state = tempfile::tempdir().unwrap();
        for (key, value) in [
            ("account", json!("acme-no")),
            ("timezone", json!("Europe/Oslo")),
            ("currency", json!("NOK")),
            ("secret", json!("env:SECRET")),
            ("goals", json!(["lead"])),
            ("state", json!(state.path())),
        ] {
            config[key] = value;
        }
        let host = TestHost::at(START_US).with_secret("env:SECRET", SECRET);
        fake.clock().set_us(START_US);
        let channel = Driver::open(&host, &config).unwrap();
        Self { fake, host, config, channel, seq: 0, _state: state }
    }

    /// Opens the channel anew, as after a crash.
    pub(crate) fn again(&mut self) {
        self.channel = Driver::open(&self.host, &self.config).unwrap();
    }

    /// It is so long after the month's beginning, for host and platform.
    pub(crate) fn at(&self, us: i64) {
        self.host.set_now_us(START_US + us);
        self.fake.clock().set_us(START_US + us);
    }

    pub(crate) fn command(&mut self, arm: &str, minor: i64) -> Command {
        self.seq += 1;
        let set = Set { daily_budget: Money::new(minor, "NOK"), paused: minor == 0, creative: None };
        Command::new("headlines", arm, self.seq, set, i64::MAX)
    }

    /// The first command of an arm, not sent yet.
    pub(crate) fn launch(&mut self, arm: &str, minor: i64) -> Command {
        let mut command = self.command(arm, minor);
        command.set.creative = Some(json!({ "headline": "Four days", "url": "https://acme.example/quotes" }));
        command
    }

    pub(crate) fn set(&mut self, arm: &str, minor: i64) -> Result<Receipt, Error> {
        let command = self.command(arm, minor);
        self.channel.apply(&command)
    }

    pub(crate) fn state(&mut self, arm: &str) -> State {
        let query = Query { experiment: "headlines".to_owned(), arm: arm.to_owned() };
        self.channel.query(&query).unwrap()
    }

    /// Asks for spend (1), leads (2) and the value of both arms from the first on, for so many days.
    pub(crate) fn observe(&mut self, days: i64) -> Result<Observations, Error> {
        self.channel.observe(&request(days))
    }

    /// Requests that may have changed something, without those for a token.
    pub(crate) fn writes(&self) -> Vec<String> {
        let log = self.fake.log();
        let written = log.iter().filter(|one| {
            one.request.method != "GET" && one.acted && !one.request.path.ends_with("/oauth/token")
        });
        written.map(|one| format!("{} {}", one.request.method, one.request.text())).collect()
    }
}

pub(crate) fn request(days: i64) -> ObserveRequest {
    let coded = |names: &[&str]| {
        (1..).zip(names).map(|(code, name)| Coded { code, name: (*name).to_owned() }).collect()
    };
    ObserveRequest {
        experiment: "headlines".to_owned(),
        arms: coded(&["product", "problem"]),
        metrics: coded(&["spend", "lead", "conversion_value", "answers"]),
        grain: Grain::Day,
        timezone: "Europe/Oslo".to_owned(),
        from_us: START_US,
        to_us: START_US + days * DAY_US,
        cursor: None,
    }
}
