//! The channel: opens one account, and hands commands to the desk and requests to the watch.

use gevinst_http::{Fence, Folder};
use gevinst_sdk::wire::{Command, Description, Grain, MinStep, ObserveRequest, Query, Receipt, State};
use gevinst_sdk::{Channel, Error, Host, Observations};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::{Config, Platform as Own, Settings};
use crate::days::Days;
use crate::desk::Desk;
use crate::linkedin::LinkedIn;
use crate::meta::Meta;
use crate::platform::{Metric, Platform};
use crate::watch;

/// The channel `social`.
pub struct Social {
    host: Host,
    settings: Settings,
    folder: Folder,
    fence: Fence,
    platform: Box<dyn Platform>,
}

impl Channel for Social {
    type Config = Config;

    fn describe() -> Description {
        Description {
            grain: Grain::Day,
            metrics: Metric::ALL.map(|(_, name)| name.to_owned()).to_vec(),
            min_step: MinStep { minor: 1, currency: None },
            restatement_days: 28,
            config_schema: gevinst_sdk::config_schema::<Config>(),
            ..Description::new("social", env!("CARGO_PKG_VERSION"))
        }
    }

    fn open(config: Config, host: Host) -> Result<Self, Error> {
        let settings = Settings::try_from(config)?;
        let name = match &settings.platform {
            Own::LinkedIn(_) => "linkedin",
            Own::Meta(_) => "meta",
        };
        let folder = Folder::open("/state", &settings.state, &["social", name, &settings.account])?;
        let fence = Fence::new(folder.clone(), host.clone());
        let platform: Box<dyn Platform> = match &settings.platform {
            Own::LinkedIn(own) => {
                accept_utc(&settings, host.now_us())?;
                Box::new(LinkedIn::new(&settings, own.clone(), folder.clone(), &host)?)
            }
            Own::Meta(own) => Box::new(Meta::new(&settings, own.clone(), &host)?),
        };
        Ok(Self { host, settings, folder, fence, platform })
    }

    fn check(&mut self) -> Result<(), Error> {
        self.folder.make()?;
        let account = self.platform.account()?;
        let date = now(&self.host)?.to_zoned(self.settings.company_zone.clone()).date();
        let days = Days::new(self.settings.company_zone.clone(), account.zone);
        watch::accept_days(&self.settings, &days, date)?;
        self.platform.check()
    }

    fn apply(&mut self, command: &Command) -> Result<Receipt, Error> {
        let mut desk = Desk {
            host: &self.host,
            settings: &self.settings,
            folder: &self.folder,
            platform: &mut *self.platform,
        };
        self.fence.apply(&mut desk, command)
    }

    fn query(&mut self, query: &Query) -> Result<State, Error> {
        let mut desk = Desk {
            host: &self.host,
            settings: &self.settings,
            folder: &self.folder,
            platform: &mut *self.platform,
        };
        self.fence.query(&mut desk, query)
    }

    fn observe(&mut self, request: &ObserveRequest) -> Result<Observations, Error> {
        watch::observe(&self.host, &self.settings, &self.fence, &mut *self.platform, request)
    }
}

/// LinkedIn's days are known without asking: the refusal need not wait for the first observation.
fn accept_utc(settings: &Settings, now_us: i64) -> Result<(), Error> {
    let now = Timestamp::from_microsecond(now_us).map_err(|error| Error::internal(error.to_string()))?;
    let days = Days::new(settings.company_zone.clone(), TimeZone::UTC);
    watch::accept_days(settings, &days, now.to_zoned(settings.company_zone.clone()).date())
}

fn now(host: &Host) -> Result<Timestamp, Error> {
    Timestamp::from_microsecond(host.now_us()).map_err(|error| Error::internal(error.to_string()))
}
