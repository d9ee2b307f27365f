//! A complete channel: leaflets in letterboxes, every 100 kroner of which bring a lead.
#![forbid(unsafe_code)]
use std::collections::BTreeMap;

use gevinst_sdk::periods::{self, Period};
use gevinst_sdk::{Channel, Error, Host, Observations, Row, export_channel, wire::*};

const HOUR_US: usize = 3_600_000_000;

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
        let (mut rows, mut fresh_until_us) = (Vec::new(), request.from_us);
        for Period { start_us, end_us } in periods::whole(request, self.1.now_us())? {
            for arm in &request.arms {
                let key = (request.experiment.clone(), arm.name.clone());
                let Some(past) = self.2.get(&key).filter(|past| past[0].0 < end_us) else { continue };
                let in_force = |hour| past.iter().rev().find(|(at, _)| *at <= hour).map(|(_, state)| state);
                let states = (start_us..end_us).step_by(HOUR_US).filter_map(in_force);
                let running = states.filter(|state| !state.paused);
                let spend: i64 = running.map(|state| state.daily_budget.minor / 24).sum();
                rows.extend(request.metrics.iter().map(|metric| match metric.name.as_str() {
                    "spend" => Row::amount(start_us, arm.code, metric.code, spend),
                    _ => Row::count(start_us, arm.code, metric.code, spend.unsigned_abs() / 10_000),
                }));
            }
            fresh_until_us = end_us;
        }
        Ok(Observations::new(rows, None, fresh_until_us))
    }
}

export_channel!(Letterbox);
