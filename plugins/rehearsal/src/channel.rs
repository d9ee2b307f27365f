//! The stand-in market as a channel: commands, states and observations over the plugin boundary.
//!
//! Time is the host's, simulated in rehearsals. With a state file the platform outlives the process, and several
//! channels may be open on it. What the market is like is not known here.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gevinst_sdk::wire::{
    self, ArmState, Command, Description, MinStep, Money, ObserveRequest, Query, Receipt, State,
};
use gevinst_sdk::{Channel, Error as ChannelError, Host, Level, Observations, Row as WireRow};

use crate::calendar::{Calendar, Grain};
use crate::config::{Config, Experiment};
use crate::error::Error;
use crate::journal::{Journal, Received, Unwritten};
use crate::market::{Applied, Market, Row};
use crate::model::Model;
use crate::truth::{BudgetIn, Per};

/// ISO 4217's code for "no currency": what budgets that count exposures may be stated in.
const NO_CURRENCY: &str = "XXX";
/// The most rows of one answer.
const ROWS_MAX: usize = 4_000_000;

/// The channel `rehearsal`.
#[derive(Debug)]
pub struct Rehearsal {
    config: Config,
    host: Host,
    laws: BTreeMap<String, (Arc<Model>, Arc<Calendar>)>,
    markets: BTreeMap<String, Market>,
    /// In which currency an arm was last commanded.
    currencies: BTreeMap<(String, String), String>,
    journal: Option<Journal>,
}

impl Channel for Rehearsal {
    type Config = Config;

    fn describe() -> Description {
        Description {
            grain: wire::Grain::Day,
            min_step: MinStep { minor: 1, currency: None },
            restatement_days: 28,
            config_schema: gevinst_sdk::config_schema::<Config>(),
            ..Description::new("rehearsal", env!("CARGO_PKG_VERSION"))
        }
    }

    fn open(config: Config, host: Host) -> Result<Self, ChannelError> {
        let currency = &config.currency;
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(ChannelError::bad_config(
                "/currency",
                format!("`{currency}` is not an ISO 4217 code"),
            ));
        }
        let mut laws = BTreeMap::new();
        for (name, experiment) in &config.experiments {
            laws.insert(name.clone(), open_experiment(&config, name, experiment)?);
        }
        let journal = match &config.state_file {
            Some(path) => Some(Journal::open(path).map_err(|error| {
                ChannelError::bad_config("/state_file", format!("{}: {error}", path.display()))
            })?),
            None => None,
        };
        let markets = launch(&config, &laws);
        let mut channel = Self { config, host, laws, markets, currencies: BTreeMap::new(), journal };
        channel.catch_up().map_err(|error| ChannelError { field: "/state_file".to_owned(), ..error })?;
        Ok(channel)
    }

    fn apply(&mut self, command: &Command) -> Result<Receipt, ChannelError> {
        if self.config.faults.slow_ms > 0 {
            let pause = Duration::from_millis(self.config.faults.slow_ms);
            self.host
                .sleep(pause)
                .map_err(|_| ChannelError::not_applied("cancelled before anything was done"))?;
        }
        let at_us = self.host.now_us();
        if at_us > command.not_after_us {
            return Err(ChannelError::not_applied(format!("`{}` came too late", command.key)));
        }
        let arm = self.check_command(command)?;
        let applied = self.carry_out(command, arm, at_us)?;
        let faults = &self.config.faults;
        if applied && faults.die_after_acting.contains(&command.seq) {
            std::process::abort();
        }
        if applied && faults.answer_lost_after_acting.contains(&command.seq) {
            return Err(ChannelError::unknown_outcome(format!("the answer to `{}` was lost", command.key)));
        }
        let state = self
            .arm_state(&command.experiment, &command.arm)
            .ok_or_else(|| ChannelError::unknown_outcome("the arm is gone after the command"))?;
        Ok(Receipt { key: command.key.clone(), seq: command.seq, applied, state })
    }

    fn query(&mut self, query: &Query) -> Result<State, ChannelError> {
        self.catch_up()?;
        Ok(self.arm_state(&query.experiment, &query.arm).map_or(State::absent(), State::from))
    }

    fn observe(&mut self, request: &ObserveRequest) -> Result<Observations, ChannelError> {
        self.catch_up()?;
        let now_us = self.host.now_us();
        let then_us: Option<i64> = match &request.cursor {
            Some(cursor) => Some(
                cursor
                    .parse()
                    .map_err(|_| ChannelError::bad_request("/cursor", "not a cursor of this channel"))?,
            ),
            None => None,
        };
        let experiment = self.config.experiments.get(&request.experiment);
        let (Some(experiment), Some(market)) = (experiment, self.markets.get_mut(&request.experiment)) else {
            return Err(unknown_experiment(&self.config, &request.experiment));
        };
        check_periods(request, experiment, market.calendar())?;
        let codes = arm_codes(request, market.model())?;
        let per = market.model().per();
        let metrics: Vec<(u32, Metric)> = request
            .metrics
            .iter()
            .filter_map(|metric| {
                Some((metric.code, Metric::of(&metric.name, per, experiment.goal.as_deref())?))
            })
            .collect();

        let mut rows = Vec::new();
        let fresh_until_us = market.observe(request.from_us, request.to_us, now_us, &mut rows);
        let mut before = Vec::new();
        if let Some(then_us) = then_us {
            market.observe(request.from_us, request.to_us, then_us.min(now_us), &mut before);
        }
        // Both lists are in order of arm and period: what was known is skipped as it is passed.
        let mut before = before.iter().peekable();
        let mut answer = Vec::new();
        for row in &rows {
            while before.next_if(|old| (old.arm, old.period) < (row.arm, row.period)).is_some() {}
            if before.peek().is_some_and(|old| *old == row) {
                continue;
            }
            if let Some(&code) = codes.get(&row.arm) {
                answer.extend(metrics.iter().map(|&(metric, what)| what.row(row, code, metric)));
            }
        }
        if answer.len() > ROWS_MAX {
            return Err(ChannelError::bad_request(
                "/to_us",
                format!("more than {ROWS_MAX} rows; ask for fewer periods"),
            ));
        }
        for &arm in codes.keys() {
            if market.exhausted(arm as usize) {
                let name = market.model().arm_names().nth(arm as usize).unwrap_or_default();
                let line = format!(
                    "arm `{name}` has used up its rows of the data file and delivers no more exposure"
                );
                self.host.log(Level::Info, line);
            }
        }
        Ok(Observations::new(
            answer,
            now_us.to_string(),
            fresh_until_us.min(request.to_us).max(request.from_us),
        ))
    }
}

impl Rehearsal {
    /// The arm's number, when the command can be carried out.
    fn check_command(&self, command: &Command) -> Result<usize, ChannelError> {
        let Some(market) = self.markets.get(&command.experiment) else {
            return Err(unknown_experiment(&self.config, &command.experiment));
        };
        let arm = market
            .model()
            .arm(&command.arm)
            .map_err(|error| ChannelError::bad_request("/arm", error.to_string()))?;
        let Money { minor, currency } = &command.set.daily_budget;
        let counted = market.model().budget_in() == BudgetIn::Exposure;
        if *currency != self.config.currency && !(counted && currency == NO_CURRENCY) {
            return Err(ChannelError::bad_request(
                "/set/daily_budget/currency",
                format!("`{currency}` is not the account's currency, {}", self.config.currency),
            ));
        }
        if *minor < 0 {
            return Err(ChannelError::bad_request("/set/daily_budget/minor", "a budget cannot be negative"));
        }
        Ok(arm)
    }

    /// Carries a checked command out; whether it was, or had been seen.
    fn carry_out(&mut self, command: &Command, arm: usize, at_us: i64) -> Result<bool, ChannelError> {
        let Some(journal) = &mut self.journal else {
            let received = Received { at_us, applied: true, command: command.clone() };
            return take(&mut self.markets, &mut self.currencies, &received).map_err(refused);
        };
        let mut turn = journal.turn().map_err(|error| ChannelError::not_applied(error.to_string()))?;
        let news = turn.news().map_err(|error| ChannelError::not_applied(error.to_string()))?;
        for received in news.iter().filter(|received| received.applied) {
            take(&mut self.markets, &mut self.currencies, received).map_err(refused)?;
        }
        let last_seq = self.markets[&command.experiment].state(arm).map(|(seq, ..)| seq);
        let applied = last_seq.is_none_or(|last| last < command.seq);
        let received = Received { at_us, applied, command: command.clone() };
        if applied {
            take(&mut self.markets, &mut self.currencies, &received).map_err(refused)?;
        }
        let failed = match turn.append(&received) {
            Ok(()) => return Ok(applied),
            Err(Unwritten::Certainly(error)) => ChannelError::not_applied(error.to_string()),
            Err(Unwritten::Perhaps(error)) if applied => ChannelError::unknown_outcome(error.to_string()),
            Err(Unwritten::Perhaps(error)) => ChannelError::not_applied(error.to_string()),
        };
        drop(turn);
        // The markets know a command that the platform does not remember: build them again from what it does.
        journal.rewind();
        self.markets = launch(&self.config, &self.laws);
        self.currencies.clear();
        Err(failed)
    }

    /// Takes what others have commanded since the last call.
    fn catch_up(&mut self) -> Result<(), ChannelError> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        let news = journal.turn().and_then(|mut turn| turn.news());
        for received in news.map_err(|error| ChannelError::unavailable(error.to_string()))? {
            if received.applied {
                take(&mut self.markets, &mut self.currencies, &received)
                    .map_err(|error| ChannelError::unavailable(error.to_string()))?;
            }
        }
        Ok(())
    }

    fn arm_state(&self, experiment: &str, arm: &str) -> Option<ArmState> {
        let market = self.markets.get(experiment)?;
        let (last_seq, budget, paused) = market.state(market.model().arm(arm).ok()?)?;
        let currency = self.currencies.get(&(experiment.to_owned(), arm.to_owned()));
        let daily_budget = Money::new(budget, currency.unwrap_or(&self.config.currency));
        Some(ArmState { daily_budget, paused, last_seq })
    }
}

/// Lets the market have a command; one for an experiment or arm that it does not have is another channel's.
fn take(
    markets: &mut BTreeMap<String, Market>,
    currencies: &mut BTreeMap<(String, String), String>,
    received: &Received,
) -> Result<bool, Error> {
    let Command { experiment, arm, seq, set, .. } = &received.command;
    let Some(market) = markets.get_mut(experiment) else { return Ok(false) };
    let Ok(number) = market.model().arm(arm) else { return Ok(false) };
    let applied = market.apply(number, *seq, set.daily_budget.minor, set.paused, received.at_us)?;
    if applied == Applied::Yes {
        currencies.insert((experiment.clone(), arm.clone()), set.daily_budget.currency.clone());
    }
    Ok(applied == Applied::Yes)
}

fn refused(error: Error) -> ChannelError {
    ChannelError::not_applied(error.to_string())
}

fn launch(config: &Config, laws: &BTreeMap<String, (Arc<Model>, Arc<Calendar>)>) -> BTreeMap<String, Market> {
    laws.iter()
        .map(|(name, (model, calendar))| {
            let seed = config.experiments[name].seed.unwrap_or(config.seed);
            (name.clone(), Market::new(Arc::clone(model), name, seed, Arc::clone(calendar)))
        })
        .collect()
}

fn open_experiment(
    config: &Config,
    name: &str,
    experiment: &Experiment,
) -> Result<(Arc<Model>, Arc<Calendar>), ChannelError> {
    let escaped = name.replace('~', "~0").replace('/', "~1");
    let calendar =
        Calendar::month(&experiment.month, &config.timezone, experiment.grain).map_err(|error| {
            let field = match &error {
                Error::Truth { key, .. } if key == "timezone" => "/timezone".to_owned(),
                _ => format!("/experiments/{escaped}/month"),
            };
            ChannelError::bad_config(field, error.to_string())
        })?;
    let model = Model::new(&experiment.truth).map_err(|error| {
        let field = match &error {
            Error::Truth { key, .. } => format!("/experiments/{escaped}/truth/{}", key.replace('.', "/")),
            _ => format!("/experiments/{escaped}/truth/data"),
        };
        ChannelError::bad_config(field, error.to_string())
    })?;
    Ok((Arc::new(model), Arc::new(calendar)))
}

fn unknown_experiment(config: &Config, name: &str) -> ChannelError {
    let there: Vec<String> = config.experiments.keys().map(|name| format!("`{name}`")).collect();
    ChannelError::bad_request("/experiment", format!("no experiment `{name}`; there is {}", there.join(", ")))
}

fn check_periods(
    request: &ObserveRequest,
    experiment: &Experiment,
    calendar: &Calendar,
) -> Result<(), ChannelError> {
    if request.timezone != calendar.timezone() {
        let problem = format!("days begin in {} here, not in {}", calendar.timezone(), request.timezone);
        return Err(ChannelError::bad_request("/timezone", problem));
    }
    let same = matches!(
        (request.grain, experiment.grain),
        (wire::Grain::Day, Grain::Day) | (wire::Grain::Hour, Grain::Hour)
    );
    if !same {
        let reports = match experiment.grain {
            Grain::Day => "days",
            Grain::Hour => "hours",
        };
        return Err(ChannelError::bad_request("/grain", format!("this experiment is reported by {reports}")));
    }
    if request.from_us >= request.to_us {
        return Err(ChannelError::bad_request("/to_us", "the end is not after the start"));
    }
    for (field, at_us) in [("/from_us", request.from_us), ("/to_us", request.to_us)] {
        if (calendar.start_us()..=calendar.end_us()).contains(&at_us) && !calendar.is_bound(at_us) {
            return Err(ChannelError::bad_request(field, "not where a period begins or ends"));
        }
    }
    Ok(())
}

/// The request's code for each of the market's arms that it asks for.
fn arm_codes(request: &ObserveRequest, model: &Model) -> Result<BTreeMap<u32, u32>, ChannelError> {
    let mut codes = BTreeMap::new();
    for (index, arm) in request.arms.iter().enumerate() {
        let field = format!("/arms/{index}/name");
        let number =
            model.arm(&arm.name).map_err(|error| ChannelError::bad_request(&field, error.to_string()))?;
        if codes.insert(crate::num::small(number), arm.code).is_some() {
            return Err(ChannelError::bad_request(&field, "an arm that is asked for twice"));
        }
    }
    Ok(codes)
}

/// What a metric's name asks for.
#[derive(Debug, Clone, Copy)]
enum Metric {
    Spend,
    Exposure,
    Goal,
}

impl Metric {
    /// None for a metric that this market has nothing to say about: its rows are missing, which is not zero.
    fn of(name: &str, per: Per, goal: Option<&str>) -> Option<Self> {
        match goal {
            Some(goal) if goal == name => Some(Self::Goal),
            _ if name == Per::Spend.metric() => Some(Self::Spend),
            _ if name == per.metric() => Some(Self::Exposure),
            Some(_) => None,
            None => Some(Self::Goal),
        }
    }

    fn row(self, row: &Row, arm: u32, metric: u32) -> WireRow {
        match self {
            Self::Spend => WireRow::amount(row.start_us, arm, metric, row.spend_minor),
            Self::Exposure => WireRow::count(row.start_us, arm, metric, row.exposures),
            Self::Goal => WireRow {
                period_start_us: row.start_us,
                arm,
                metric,
                count: row.goals,
                sum: row.sum,
                sum_sq: row.sum_sq,
            },
        }
    }
}
