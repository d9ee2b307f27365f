//! The stand-in market as a channel: commands, states and observations over the plugin boundary.
//!
//! Time is the host's, simulated in rehearsals. What the platform remembers is `platform`'s matter, what its market is
//! like is the market's.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use gevinst_sdk::wire::{self, Command, Description, MinStep, ObserveRequest, Query, Receipt, State};
use gevinst_sdk::{Channel, Error as ChannelError, Host, Level, Observations, Row as WireRow};

use crate::calendar::{Calendar, Grain};
use crate::config::{Config, Experiment};
use crate::market::Row;
use crate::model::Model;
use crate::platform::Platform;
use crate::truth::Per;

/// The most rows of one answer.
const ROWS_MAX: usize = 4_000_000;

/// The channel `rehearsal`.
#[derive(Debug)]
pub struct Rehearsal {
    host: Host,
    platform: Platform,
    /// Of which experiments and arms it was said that their rows are used up.
    exhausted: BTreeSet<(String, u32)>,
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
        let platform = Platform::open(config, host.now_us())?;
        Ok(Self { host, platform, exhausted: BTreeSet::new() })
    }

    fn apply(&mut self, command: &Command) -> Result<Receipt, ChannelError> {
        let faults = self.platform.config().faults.clone();
        if faults.slow_ms > 0 {
            let pause = Duration::from_millis(faults.slow_ms);
            self.host
                .sleep(pause)
                .map_err(|_| ChannelError::not_applied("cancelled before anything was done"))?;
        }
        let at_us = self.host.now_us();
        if at_us > command.not_after_us {
            return Err(ChannelError::not_applied(format!("`{}` came too late", command.key)));
        }
        let (applied, state) = self.platform.carry_out(command, at_us)?;
        if applied && faults.die_after_acting.contains(&command.seq) {
            std::process::abort();
        }
        if applied && faults.answer_lost_after_acting.contains(&command.seq) {
            return Err(ChannelError::unknown_outcome(format!("the answer to `{}` was lost", command.key)));
        }
        Ok(Receipt { key: command.key.clone(), seq: command.seq, applied, state })
    }

    fn query(&mut self, query: &Query) -> Result<State, ChannelError> {
        self.platform.catch_up()?;
        Ok(self.platform.arm_state(&query.experiment, &query.arm).map_or(State::absent(), State::from))
    }

    fn observe(&mut self, request: &ObserveRequest) -> Result<Observations, ChannelError> {
        self.platform.catch_up()?;
        let now_us = self.host.now_us();
        let then_us: Option<i64> = match &request.cursor {
            Some(cursor) => Some(
                cursor
                    .parse()
                    .map_err(|_| ChannelError::bad_request("/cursor", "not a cursor of this channel"))?,
            ),
            None => None,
        };
        let (experiment, market) = self.platform.market(&request.experiment)?;
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
        for &arm in codes.keys().filter(|&&arm| market.exhausted(arm as usize)) {
            if self.exhausted.insert((request.experiment.clone(), arm)) {
                let name = market.model().arm_names().nth(arm as usize).unwrap_or_default();
                let line = format!(
                    "arm `{name}` has used up its rows of the data file and delivers no more exposure"
                );
                self.host.log(Level::Info, line);
            }
        }
        Ok(Observations::new(answer, now_us.to_string(), fresh_until_us.min(now_us)))
    }
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
    if request.from_us > request.to_us {
        return Err(ChannelError::bad_request("/to_us", "the end is before the start"));
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
