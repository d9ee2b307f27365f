//! A channel that misbehaves as its configuration says.
//!
//! Without a `fault` it is a good channel: a platform in a file, hours or days, budgets spent evenly, a lead for every
//! 100 kroner, half of them told a day late. With one it does a single thing wrong, so that host and conformance suite can show that they
//! notice that thing and nothing else. Never installed beside real plugins.
#![forbid(unsafe_code)]

mod fault;
mod platform;

use gevinst_sdk::wire::{ArmState, Command, Description, Grain, ObserveRequest, Query, Receipt, State};
use gevinst_sdk::{Channel, Columns, Error, Host, Level, Observations, Row, export_channel, periods};
use serde_json::Value;

pub use fault::Fault;
use platform::Platform;

/// The configuration as it should be.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    currency: String,
    #[serde(rename = "timezone")]
    _timezone: String,
    #[serde(default)]
    state_file: Option<String>,
    #[serde(default)]
    secret: Option<String>,
    /// Read before the rest, see [`Fault::named_in`]; here so that a misspelt one is refused.
    #[serde(default, rename = "fault")]
    _fault: Option<Fault>,
}

/// The channel.
pub struct Hostile {
    currency: String,
    secret: String,
    host: Host,
    fault: Option<Fault>,
    platform: Platform,
    calls: u64,
    flood: Option<Columns>,
}

impl Channel for Hostile {
    /// Anything, for some faults are in what is accepted.
    type Config = Value;

    fn describe() -> Description {
        let schema = serde_json::json!({
            "type": "object",
            "required": ["currency", "timezone"],
            "additionalProperties": false,
            "properties": {
                "currency": { "type": "string" },
                "timezone": { "type": "string" },
                "state_file": { "type": "string" },
                "secret": { "type": "string" },
                "fault": { "type": "string" }
            }
        });
        let description = Description::new("hostile", env!("CARGO_PKG_VERSION"));
        Description {
            metrics: vec!["spend".to_owned(), "lead".to_owned()],
            grain: Grain::Hour,
            restatement_days: 3,
            config_schema: schema,
            ..description
        }
    }

    fn open(config: Value, host: Host) -> Result<Self, Error> {
        let fault = Fault::named_in(&config);
        if fault == Some(Fault::BreaksAfterRefusedOpen) && platform::was_refused() {
            return Err(Error::internal("refused once, refused for ever"));
        }
        let config = fault::read_config(config, fault).inspect_err(|_| platform::note_refusal())?;
        if fault == Some(Fault::OpensOnce) && platform::opened_before() {
            return Err(Error::internal("a channel was opened before"));
        }
        if fault == Some(Fault::PanicsInOpen) {
            panic!("a panic in open");
        }
        let mut told = String::new();
        if let Some(name) = &config.secret {
            let secret = match (host.secret(name), fault) {
                (Ok(secret), _) => secret,
                (Err(_), Some(Fault::OpensWithoutSecret)) => String::new(),
                (Err(error), _) => return Err(error),
            };
            if fault == Some(Fault::LogsSecret) {
                host.log(Level::Info, format!("signed in with {secret}"));
            }
            told = secret;
        }
        let exclusive = fault == Some(Fault::LocksOthersOut);
        let platform = Platform::open(config.state_file, exclusive, fault == Some(Fault::SharesMemory))?;
        if fault == Some(Fault::Grandchild) {
            fault::leave_a_grandchild(&host)?;
        }
        Ok(Self { currency: config.currency, secret: told, host, fault, platform, calls: 0, flood: None })
    }

    fn check(&mut self) -> Result<(), Error> {
        match self.fault {
            Some(Fault::HangsInCheck) => fault::hang(),
            Some(Fault::WaitsInCheck) => self.host.sleep(std::time::Duration::from_secs(3600)),
            Some(Fault::ChattersInCheck) => fault::chatter(),
            Some(Fault::TellsTime) => {
                let first = self.host.now_us();
                std::thread::sleep(std::time::Duration::from_millis(20));
                self.host.log(Level::Info, format!("{first} {}", self.host.now_us()));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn apply(&mut self, command: &Command) -> Result<Receipt, Error> {
        fault::before_apply(self.fault, command)?;
        let set = &command.set;
        if set.daily_budget.currency != self.currency && self.fault != Some(Fault::TakesAnyCurrency) {
            let told = if self.fault == Some(Fault::TellsSecretInErrors) { &self.secret } else { "" };
            let message = format!("not the account's currency {told}");
            return Err(Error::bad_request("/set/daily_budget/currency", message));
        }
        if set.daily_budget.minor < 0 && self.fault != Some(Fault::TakesNegativeBudgets) {
            return Err(Error::bad_request("/set/daily_budget/minor", "a budget is not negative"));
        }
        let arm = self.arm(&command.arm).to_owned();
        let arm = arm.as_str();
        let last = self.platform.last(&command.experiment, arm);
        let mut new = ArmState {
            daily_budget: fault::spoil_budget(self.fault, set.daily_budget.clone()),
            paused: set.paused && self.fault != Some(Fault::NeverPauses),
            last_seq: command.seq,
        };
        let seen = last.as_ref().is_some_and(|last| last.last_seq >= command.seq);
        let applied = !seen || self.fault == Some(Fault::IgnoresSeq);
        let receipt =
            |applied, state: ArmState| Receipt { key: command.key.clone(), seq: command.seq, applied, state };
        if !applied {
            return Ok(receipt(false, last.unwrap_or(new)));
        }
        let told = new.clone();
        match (self.fault, &last) {
            (Some(Fault::AddsBudgets), Some(last)) => new.daily_budget.minor += last.daily_budget.minor,
            (Some(Fault::EchoesCommands), _) => new.daily_budget.minor /= 2,
            _ => {}
        }
        self.platform.put(&command.experiment, arm, self.host.now_us(), &new, self.fault)?;
        let state = if self.fault == Some(Fault::EchoesCommands) { told } else { new };
        let mut receipt = receipt(true, state);
        if self.fault == Some(Fault::ReceiptForAnother) {
            receipt.key.push_str("-other");
        }
        Ok(receipt)
    }

    fn query(&mut self, query: &Query) -> Result<State, Error> {
        if self.fault == Some(Fault::ChokesOnLongNames) && query.arm.len() > 32 {
            return Err(Error::bad_request("/arm", "the platform takes 32 characters"));
        }
        match (self.platform.last(&query.experiment, self.arm(&query.arm)), self.fault) {
            (Some(state), _) => Ok(state.into()),
            (None, Some(Fault::UnknownArmIsAnError)) => Err(Error::bad_request("/arm", "no such arm")),
            (None, _) => Ok(State::absent()),
        }
    }

    fn observe(&mut self, request: &ObserveRequest) -> Result<Observations, Error> {
        self.calls += 1;
        fault::before_observe(self.fault, request, &self.host)?;
        if self.fault == Some(Fault::Floods) {
            let rows = self.flood.get_or_insert_with(|| fault::flood(request)).clone();
            return Ok(Observations { rows, ..Observations::new([], None, request.to_us) });
        }
        let cursor = self.cursor_of(request);
        let asked = fault::spoil_request(self.fault, request, cursor);
        let until_us = fault::until_us(self.fault, self.host.now_us());
        let (mut rows, mut reported_until_us) = (Columns::new(), cursor.unwrap_or(request.from_us));
        for period in periods::whole(&asked, until_us)? {
            for (index, arm) in request.arms.iter().enumerate() {
                let spend = self.platform.spend_in(
                    &request.experiment,
                    self.arm(&arm.name),
                    period.start_us,
                    period.end_us,
                );
                let zero = (self.fault == Some(Fault::ZeroesForUnknownArms)).then_some(0);
                let Some(spend) = spend.or(zero) else { continue };
                let leads = self.leads(spend, period.end_us);
                for (place, metric) in request.metrics.iter().enumerate() {
                    let (arm, code) = fault::codes(self.fault, (index, arm.code), (place, metric.code));
                    match metric.name.as_str() {
                        "spend" => rows.push(Row::amount(period.start_us, arm, code, spend)),
                        "lead" => rows.push(Row::count(period.start_us, arm, code, leads)),
                        _ if self.fault == Some(Fault::ZeroesForUnknownMetrics) => {
                            rows.push(Row::count(period.start_us, arm, code, 0));
                        }
                        _ => {}
                    }
                }
            }
            reported_until_us = reported_until_us.max(period.end_us);
        }
        let rows = fault::spoil(self.fault, request, rows, self.calls);
        let (cursor, fresh_until) = fault::spoil_cursor(self.fault, reported_until_us, self.host.now_us());
        Ok(Observations { rows, ..Observations::new([], cursor, fresh_until) })
    }
}

impl Hostile {
    /// The name under which the platform keeps an arm.
    fn arm<'a>(&self, name: &'a str) -> &'a str {
        if self.fault == Some(Fault::OneBudgetForAll) { "every arm" } else { name }
    }

    /// Until where an earlier observation reported, if there was one.
    fn cursor_of(&self, request: &ObserveRequest) -> Option<i64> {
        let cursor = request.cursor.as_ref()?.parse::<i64>().ok()?;
        // One that keeps its place in memory does not find it again in another process.
        let lost = self.fault == Some(Fault::CursorInMemory) && self.calls == 1;
        Some(if lost { request.to_us } else { cursor.max(request.from_us) })
    }

    /// A lead for every 100 kroner, of which half is told at once and all of them a day later.
    fn leads(&self, spend: i64, end_us: i64) -> u64 {
        let (all, age_us) = (spend.unsigned_abs() / 10_000, self.host.now_us() - end_us);
        match self.fault {
            Some(Fault::RestatesForEver) => {
                all + age_us.unsigned_abs() / (3 * platform::DAY_US.unsigned_abs())
            }
            _ if age_us < platform::DAY_US => all / 2,
            _ => all,
        }
    }
}

export_channel!(Hostile);
