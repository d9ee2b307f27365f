//! What the tests work with: a platform, a host whose clock both follow, commands and requests.

use gevinst_fakes::{Fake, Platform};
use gevinst_sdk::testing::{Driver, TestHost};
use gevinst_sdk::wire::{Coded, Command, Grain, Money, ObserveRequest, Query, Set, State};
use gevinst_sdk::{Observations, Row};
use gevinst_social::Social;
use serde_json::{Value, json};

pub(crate) const DAY_US: i64 = 86_400_000_000;
/// 2026-11-01 in UTC.
pub(crate) const START_US: i64 = 1_793_491_200_000_000;
/// In every secret of the tests.
pub(crate) const MARK: &str = "do-not-tell-anyone";

/// A stand-in with some of its fields set.
macro_rules! with {
    ($base:expr, $($field:ident: $value:expr),+) => {{
        let mut platform = $base;
        $(platform.$field = $value;)+
        platform
    }};
}
pub(crate) use with;

/// A platform with a channel to it.
pub(crate) struct Bench<P: Platform> {
    pub(crate) fake: Fake<P>,
    pub(crate) host: TestHost,
    pub(crate) config: Value,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) creative: Value,
}

impl<P: Platform> Bench<P> {
    /// A bench whose configuration says what `own` adds to what both platforms have.
    pub(crate) fn new(platform: P, creative: Value, own: Value) -> Self {
        let fake = Fake::start(platform);
        fake.follow_dates();
        let folder = tempfile::tempdir().unwrap();
        let mut config = json!({
            "account": "509", "timezone": "UTC", "currency": "EUR", "state": folder.path(),
            "base_url": fake.url(), "auth_base_url": fake.url(), "report_lag_hours": 0,
        });
        for (key, value) in own.as_object().unwrap() {
            config[key] = value.clone();
        }
        let host = TestHost::at(START_US)
            .with_secret("env:TOKEN", "TOKEN")
            .with_secret("env:REFRESH", &format!("RT-{MARK}"))
            .with_secret("env:CLIENT_SECRET", &format!("CS-{MARK}"))
            .with_secret("env:APP_SECRET", "appsecret");
        Self { fake, host, config, folder, creative }
    }

    /// A channel as a new process would open it.
    pub(crate) fn open(&self) -> Driver<Social> {
        Driver::open(&self.host, &self.config).expect("a good configuration")
    }

    pub(crate) fn set_day(&self, day: i64, hours: i64) {
        self.host.set_now_us(START_US + day * DAY_US + hours * 3_600_000_000);
    }

    /// The first command of an arm.
    pub(crate) fn launch(&self, arm: &str, minor: i64) -> Command {
        let mut command = command(arm, 1, minor, false);
        command.set.creative = Some(self.creative.clone());
        command
    }
}

pub(crate) fn command(arm: &str, seq: u64, minor: i64, paused: bool) -> Command {
    let set = Set { daily_budget: Money::new(minor, "EUR"), paused, creative: None };
    Command::new("headlines", arm, seq, set, i64::MAX)
}

pub(crate) fn state(channel: &mut Driver<Social>, arm: &str) -> State {
    channel.query(&Query { experiment: "headlines".to_owned(), arm: arm.to_owned() }).unwrap()
}

/// Asks for the first `days` days of two arms.
pub(crate) fn request(days: i64) -> ObserveRequest {
    let coded = |names: &[&str], from: u32| -> Vec<Coded> {
        (from..).zip(names).map(|(code, &name)| Coded { code, name: name.to_owned() }).collect()
    };
    ObserveRequest {
        experiment: "headlines".to_owned(),
        arms: coded(&["product", "problem"], 7),
        metrics: coded(&["spend", "lead", "impressions", "clicks", "value"], 1),
        grain: Grain::Day,
        timezone: "UTC".to_owned(),
        from_us: START_US,
        to_us: START_US + days * DAY_US,
        cursor: None,
    }
}

/// The row of an arm, a day and a metric.
pub(crate) fn row(observed: &Observations, arm: u32, day: i64, metric: u32) -> Option<Row> {
    let at = START_US + day * DAY_US;
    observed.rows.iter().find(|row| (row.arm, row.metric, row.period_start_us) == (arm, metric, at))
}
