//! The channel: which platform it is, and what all of them have in common.

use gevinst_http::Fence;
use gevinst_sdk::wire::{Command, Description, Grain, MinStep, ObserveRequest, Query, Receipt, State};
use gevinst_sdk::{Channel, Error, Host, Observations};

use crate::config::{Config, Platform};
use crate::exports::{Exports, by_hand};
use crate::observe::{self, Calendar};
use crate::outbrain::Outbrain;
use crate::taboola::Taboola;

/// How many days back the platforms may still restate: a month again on the 5th of the next.
const RESTATEMENT_DAYS: u32 = 35;

/// The channel `native-ads`.
pub struct NativeAds {
    host: Host,
    config: Config,
    calendar: Calendar,
    digits: u32,
    backend: Backend,
}

enum Backend {
    Taboola(Fence, Box<Taboola>),
    Outbrain(Fence, Box<Outbrain>),
    Csv(Box<Exports>),
}

impl Channel for NativeAds {
    type Config = Config;

    fn describe() -> Description {
        Description {
            grain: Grain::Day,
            min_step: MinStep { minor: 1, currency: None },
            restatement_days: RESTATEMENT_DAYS,
            config_schema: gevinst_sdk::config_schema::<Config>(),
            ..Description::new("native-ads", env!("CARGO_PKG_VERSION"))
        }
    }

    fn open(config: Config, host: Host) -> Result<Self, Error> {
        let calendar = Calendar::new(&config, host.now_us())?;
        let digits = config.digits()?;
        if config.csv.is_some() && config.platform != Platform::Csv {
            return Err(Error::bad_config("/csv", "exports are for `platform = \"csv\"` alone"));
        }
        let backend = match config.platform {
            Platform::Taboola => {
                let (fence, taboola) = Taboola::open(&config, &host)?;
                Backend::Taboola(fence, Box::new(taboola))
            }
            Platform::Outbrain => {
                let (fence, outbrain) = Outbrain::open(&config, &host)?;
                Backend::Outbrain(fence, Box::new(outbrain))
            }
            Platform::Csv => Backend::Csv(Box::new(Exports::open(&config)?)),
        };
        Ok(Self { host, config, calendar, digits, backend })
    }

    fn check(&mut self) -> Result<(), Error> {
        match &mut self.backend {
            Backend::Taboola(_, taboola) => taboola.check(&self.calendar),
            Backend::Outbrain(_, outbrain) => outbrain.check(),
            Backend::Csv(exports) => exports.check(),
        }
    }

    fn apply(&mut self, command: &Command) -> Result<Receipt, Error> {
        match &mut self.backend {
            Backend::Taboola(fence, taboola) => fence.apply(taboola.as_mut(), command),
            Backend::Outbrain(fence, outbrain) => fence.apply(outbrain.as_mut(), command),
            Backend::Csv(_) => Err(by_hand(&command.arm)),
        }
    }

    fn query(&mut self, query: &Query) -> Result<State, Error> {
        match &mut self.backend {
            Backend::Taboola(fence, taboola) => fence.query(taboola.as_mut(), query),
            Backend::Outbrain(fence, outbrain) => fence.query(outbrain.as_mut(), query),
            Backend::Csv(_) => Err(by_hand(&query.arm)),
        }
    }

    fn observe(&mut self, request: &ObserveRequest) -> Result<Observations, Error> {
        let asked = self.calendar.asked(request)?;
        let now_us = self.host.now_us();
        let (report, since) = match &mut self.backend {
            Backend::Taboola(fence, taboola) => taboola.observe(fence, request, &asked, &self.calendar)?,
            Backend::Outbrain(fence, outbrain) => outbrain.observe(fence, request, &asked, &self.calendar)?,
            Backend::Csv(exports) => exports.observe(request, &self.calendar, now_us)?,
        };
        let metric = (self.config.goals.as_slice(), self.digits);
        observe::rows(&self.calendar, request, &report, &since, metric, now_us)
    }
}
