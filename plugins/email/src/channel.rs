//! The channel: commands become arms of the send ledger, cohorts become observations.
//!
//! A budget counts people a day (currency `XXX`); where a price is configured it may be money, of which a person costs the
//! price. Every call that may change something also takes a turn at enrolling and sending, within its time; the server program
//! takes turns all day.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gevinst_sdk::wire::{
    ArmState, Command, Description, Grain, MinStep, Money, ObserveRequest, Query, Receipt, State,
};
use gevinst_sdk::{Channel, Error as ChannelError, Host, Level, Observations, Row};
use jiff::{Timestamp, ToSpan as _};

use crate::account::Account;
use crate::config::{Backend, Config, Goal};
use crate::error::Error;
use crate::links::Tags;
use crate::sender::{NO_CURRENCY, Turn};
use crate::server::ClickServer;
use crate::store::{Arm, Setting, Tally};
use crate::template::{self, FilledBy, Reading};

/// For how many days after their enrolment people's goals may still arrive.
const RESTATEMENT_DAYS: u32 = 90;

/// The channel `email`.
#[derive(Debug)]
pub struct Email {
    host: Host,
    account: Account,
    /// Serves clicks while the channel is open, unless another process does.
    _server: Option<ClickServer>,
}

impl Channel for Email {
    type Config = Config;

    fn describe() -> Description {
        Description {
            grain: Grain::Day,
            min_step: MinStep { minor: 1, currency: None },
            restatement_days: RESTATEMENT_DAYS,
            config_schema: gevinst_sdk::config_schema::<Config>(),
            ..Description::new("email", env!("CARGO_PKG_VERSION"))
        }
    }

    fn open(config: Config, host: Host) -> Result<Self, ChannelError> {
        let secrets = |name: &str| host.secret(name).map_err(|error| Error::Secret(error.message));
        let account = Account::open(config, &secrets, Box::new(host.clone()))?;
        let list = account.list();
        host.log(
            Level::Info,
            format!(
                "{} people may be written to; left out: {} without consent, {} bad addresses, {} repeated",
                list.len(),
                list.without_consent,
                list.bad_addresses,
                list.repeated
            ),
        );
        let clock = host.clone();
        let server = ClickServer::start(&account, Arc::new(move || clock.now_us()))?;
        Ok(Self { host, account, _server: server })
    }

    fn check(&mut self) -> Result<(), ChannelError> {
        Ok(self.account.check()?)
    }

    fn apply(&mut self, command: &Command) -> Result<Receipt, ChannelError> {
        let now_us = self.host.now_us();
        if now_us > command.not_after_us {
            return Err(ChannelError::not_applied(format!("`{}` came too late", command.key)));
        }
        let Command { experiment, arm, seq, set, .. } = command;
        self.check_budget(&set.daily_budget)?;
        let known = self.account.store.arm(experiment, arm)?.is_some();
        let steps = match &set.creative {
            // What an arm says does not change once people may have read it.
            Some(creative) if !known => Some(self.read_creative(experiment, arm, creative)?),
            _ => None,
        };
        let setting = Setting {
            minor: set.daily_budget.minor,
            currency: &set.daily_budget.currency,
            paused: set.paused,
            seq: *seq,
        };
        let set = self.account.store.set_arm((experiment, arm), &setting, steps.as_deref(), now_us)?;
        let Some((applied, arm)) = set else {
            let problem = "the arm is not known here, and a first command must say what it shows";
            return Err(ChannelError::bad_request("/set/creative", problem));
        };
        let receipt = Receipt { key: command.key.clone(), seq: *seq, applied, state: state_of(&arm) };
        // The command is carried out: what goes wrong with the mail from here on is told, and tried again at the next call.
        self.take_a_turn();
        Ok(receipt)
    }

    fn query(&mut self, query: &Query) -> Result<State, ChannelError> {
        let arm = self.account.store.arm(&query.experiment, &query.arm)?;
        Ok(arm.map_or(State::absent(), |arm| state_of(&arm).into()))
    }

    fn observe(&mut self, request: &ObserveRequest) -> Result<Observations, ChannelError> {
        if request.grain != Grain::Day {
            return Err(ChannelError::bad_request("/grain", "this channel reports days"));
        }
        if request.timezone != self.account.config.timezone {
            let problem =
                format!("days begin in {} here, not in {}", self.account.config.timezone, request.timezone);
            return Err(ChannelError::bad_request("/timezone", problem));
        }
        let now_us = self.host.now_us();
        self.gather(now_us)?;
        self.take_a_turn();
        let today_us = self.account.day_start_us(now_us)?;
        // Who asks for less than all days until today has no say in today: the experiment's month is over.
        if request.to_us >= today_us {
            self.account.store.set_looked(&request.experiment, now_us)?;
        }
        let days = self.days(request.from_us, request.to_us.min(today_us))?;
        let mut rows = Vec::new();
        for coded in &request.arms {
            let Some(arm) = self.account.store.arm(&request.experiment, &coded.name)? else { continue };
            let launch_day_us = self.account.day_start_us(arm.launched_us)?;
            for metric in &request.metrics {
                let Some(figures) = self.figures(&arm, &metric.name)? else { continue };
                // Days before the launch are nobody's: no row. Later ones on which nobody was enrolled are zero, certainly.
                for day_us in days.iter().filter(|day_us| **day_us >= launch_day_us) {
                    let Tally { people, sum, sum_sq } = figures.get(day_us).copied().unwrap_or_default();
                    rows.push(Row {
                        period_start_us: *day_us,
                        arm: coded.code,
                        metric: metric.code,
                        count: people,
                        sum,
                        sum_sq,
                    });
                }
            }
        }
        Ok(Observations::new(rows, None, today_us.min(now_us)))
    }
}

impl Email {
    fn check_budget(&self, budget: &Money) -> Result<(), Error> {
        let Config { currency, price, .. } = &self.account.config;
        let is_people = budget.currency == NO_CURRENCY;
        let is_money = price.is_some() && budget.currency == *currency;
        if !is_people && !is_money {
            let problem = match price {
                Some(_) => format!("`{}` is neither {currency} nor {NO_CURRENCY} (people)", budget.currency),
                None => format!(
                    "`{}` is money, and nothing is paid here: state the budget in people (`total_exposure`, \
                     `daily_exposure`), or a `price` for the channel",
                    budget.currency
                ),
            };
            return Err(Error::request("/set/daily_budget/currency", problem));
        }
        if budget.minor < 0 {
            return Err(Error::request("/set/daily_budget/minor", "a budget cannot be negative"));
        }
        Ok(())
    }

    fn read_creative(
        &self,
        experiment: &str,
        arm: &str,
        creative: &serde_json::Value,
    ) -> Result<Vec<crate::store::StepText>, Error> {
        let config = &self.account.config;
        let templates = config.templates.clone().unwrap_or_else(|| ".".into());
        let tag = |column: &str| config.merge_tag(column);
        let reading = Reading {
            tags: Tags { source: &config.utm_source, experiment, arm },
            templates: &templates,
            columns: &self.account.list.columns,
            filled_by: match config.backend {
                Backend::Mailchimp => FilledBy::Platform(&tag),
                Backend::Smtp | Backend::Folder => FilledBy::Us,
            },
        };
        template::read_creative(creative, reading)
    }

    /// Enrols and sends within the time that a step may take; tells what happened.
    fn take_a_turn(&mut self) {
        let host = self.host.clone();
        // Real time: a step's patience, like a rate limit's wait, is not simulated.
        let until = Instant::now() + Duration::from_secs(self.account.config.pace.seconds_per_step.into());
        let go_on = || !host.is_cancelled() && Instant::now() < until;
        match self.account.turn(&|| host.now_us(), &go_on) {
            Ok(turn) if turn == Turn::default() => {}
            Ok(turn) if turn.is_taken => host.log(Level::Debug, "another sender is at work"),
            Ok(turn) => {
                let Turn { enrolled, sent, unknown, deferred, refused, withheld, .. } = turn;
                host.log(
                    if unknown > 0 { Level::Warn } else { Level::Info },
                    format!(
                        "{enrolled} people enrolled; messages: {sent} sent, {unknown} of unknown outcome, {deferred} to be \
                         tried again, {refused} refused, {withheld} withheld"
                    ),
                );
            }
            Err(error) => host.log(Level::Error, format!("sending stopped: {error}")),
        }
    }

    /// Reads what came back by mail and what became of people. What was sent before is known without the mailbox: that it
    /// cannot be read is told, and its bounces are restated when it can. A platform's report is another matter: without it
    /// nobody knows of clicks, and nothing is reported.
    fn gather(&mut self, now_us: i64) -> Result<(), Error> {
        self.account.look_into_reports(now_us)?;
        match self.account.look_into_mailbox(now_us) {
            Ok(None) => {}
            Ok(Some(look)) => {
                self.host
                    .log(Level::Info, format!("{} messages came back, {} about ours", look.read, look.ours));
            }
            Err(error @ Error::Mailbox(_)) => self.host.log(Level::Warn, error.to_string()),
            Err(error) => return Err(error),
        }
        let unusable = self.account.read_outcomes()?;
        if unusable > 0 {
            self.host.log(
                Level::Warn,
                format!("{unusable} rows of outcomes have no address, time or whole value"),
            );
        }
        Ok(())
    }

    /// Starts of the local days that lie wholly between two moments.
    fn days(&self, from_us: i64, to_us: i64) -> Result<Vec<i64>, Error> {
        let at = |us: i64, field: &str| {
            Timestamp::from_microsecond(us).map_err(|_| Error::request(field, "a time that is none"))
        };
        let zone = self.account.config.zone()?;
        let bad = |_| Error::request("/from_us", "a day without a beginning");
        let mut day = at(from_us, "/from_us")?.to_zoned(zone).start_of_day().map_err(bad)?;
        let mut days = Vec::new();
        loop {
            let next = day.checked_add(1.day()).and_then(|next| next.start_of_day()).map_err(bad)?;
            if next.timestamp().as_microsecond() > to_us {
                return Ok(days);
            }
            if day.timestamp().as_microsecond() >= from_us {
                days.push(day.timestamp().as_microsecond());
            }
            day = next;
        }
    }

    /// A metric of an arm by cohort; none for one that is not known here.
    fn figures(&self, arm: &Arm, metric: &str) -> Result<Option<BTreeMap<i64, Tally>>, Error> {
        let store = &self.account.store;
        let figures = match metric {
            "recipients" => store.enrolled(arm.id)?,
            "sent" => store.written_to(arm.id)?,
            "delivered" => store.delivered(arm.id)?,
            "clicks" => store.clicked(arm.id, "")?,
            "unsubscribe" | "bounce" | "soft_bounce" | "complaint" | "reply" => {
                store.noted(arm.id, metric)?
            }
            "spend" => match self.account.config.price {
                None => return Ok(None),
                Some(price) => spend(store.enrolled(arm.id)?, price),
            },
            _ if self.account.config.history.contains_key(metric) => {
                return store.history(arm.id, metric);
            }
            _ if metric.contains('*') => {
                let (goal, history) = metric.split_once('*').unwrap_or_default();
                let Config { goals, history: known, .. } = &self.account.config;
                if !matches!(goals.get(goal), Some(Goal::ThankYou {} | Goal::Outcomes { .. }))
                    || !known.contains_key(history)
                {
                    return Ok(None);
                }
                return store.history_product(arm.id, history, goal);
            }
            _ => match self.account.config.goals.get(metric) {
                None => return Ok(None),
                Some(Goal::Click { containing }) => {
                    store.clicked(arm.id, containing.as_deref().unwrap_or(""))?
                }
                Some(Goal::ThankYou {} | Goal::Outcomes { .. }) => store.reached(arm.id, metric)?,
            },
        };
        Ok(Some(figures))
    }
}

/// What people cost: one amount a cohort.
fn spend(enrolled: BTreeMap<i64, Tally>, price: u32) -> BTreeMap<i64, Tally> {
    let amount = |tally: Tally| {
        let sum = tally.sum * f64::from(price);
        Tally { people: 1, sum, sum_sq: sum * sum }
    };
    enrolled.into_iter().map(|(day, tally)| (day, amount(tally))).collect()
}

fn state_of(arm: &Arm) -> ArmState {
    ArmState {
        daily_budget: Money::new(arm.minor, arm.currency.clone()),
        paused: arm.paused,
        last_seq: arm.last_seq,
    }
}
