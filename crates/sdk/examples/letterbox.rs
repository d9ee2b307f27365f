//! A complete channel: leaflets in letterboxes, every 100 kroner of which bring a lead.
#![forbid(unsafe_code)]
use std::collections::BTreeMap;

use gevinst_sdk::{Channel, Error, Host, Observations, Row, export_channel, wire::*};

const HOUR_US: i64 = 3_600_000_000;

/// The account: nothing to sign in to.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    currency: String,
    #[serde(rename = "timezone")]
    _timezone: String,
}

/// Configuration, host, and for every arm of an experiment what was commanded when.
pub struct Letterbox(Config, Host, BTreeMap<(String, String), Vec<(i64, ArmState)>>);

impl Channel for Letterbox {
    type Config = Config;
    fn describe() -> Description {
        Description { grain: Grain::Hour, ..Description::new("letterbox", "0.1.0") }
    }
    fn open(config: Config, host: Host) -> Result<Self, Error> {
        Ok(Self(config, host, BTreeMap::new()))
    }
    fn apply(&mut self, Command { key, seq, experiment, arm, set, .. }: &Command) -> Result<Receipt, Error> {
        if set.daily_budget.currency != self.0.currency {
            return Err(Error::bad_request("/set/daily_budget/currency", "not the account's currency"));
        }
        let past = self.2.entry((experiment.clone(), arm.clone())).or_default();
        let new = ArmState { daily_budget: set.daily_budget.clone(), paused: set.paused, last_seq: *seq };
        let applied = past.last().is_none_or(|(_, state)| state.last_seq < *seq);
        if applied {
            past.push((self.1.now_us(), new.clone()));
        }
        let state = past.last().map_or(new, |(_, state)| state.clone());
        Ok(Receipt { key: key.clone(), seq: *seq, applied, state })
    }
    fn query(&mut self, Query { experiment, arm }: &Query) -> Result<State, Error> {
        let past = self.2.get(&(experiment.clone(), arm.clone())).and_then(|past| past.last());
        Ok(past.map_or(State::absent(), |(_, state)| state.clone().into()))
    }
    fn observe(&mut self, request: &ObserveRequest) -> Result<Observations, Error> {
        let (mut rows, mut hour) = (Vec::new(), request.from_us);
        while hour + HOUR_US <= request.to_us.min(self.1.now_us()) {
            for arm in &request.arms {
                let past = self.2.get(&(request.experiment.clone(), arm.name.clone())).into_iter().flatten();
                let state = past.rev().find(|(at, _)| *at <= hour).filter(|(_, state)| !state.paused);
                let spend = state.map_or(0, |(_, state)| state.daily_budget.minor / 24);
                rows.extend(request.metrics.iter().map(|metric| match metric.name.as_str() {
                    "spend" => Row::amount(hour, arm.code, metric.code, spend),
                    _ => Row::count(hour, arm.code, metric.code, spend.unsigned_abs() / 10_000),
                }));
            }
            hour += HOUR_US;
        }
        Ok(Observations::new(rows, None, hour))
    }
}

export_channel!(Letterbox);
