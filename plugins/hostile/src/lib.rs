//! A channel that misbehaves as its configuration says.
//!
//! Without a `fault` it is a good channel: a platform in a file, hours, budgets spent evenly, a goal for every
//! 100 kroner. With one it does a single thing wrong, so that host and conformance suite can show that they
//! notice that thing and nothing else. Never installed beside real plugins.
#![forbid(unsafe_code)]

mod fault;
mod platform;

use gevinst_sdk::wire::{ArmState, Command, Description, Grain, ObserveRequest, Query, Receipt, State};
use gevinst_sdk::{Channel, Columns, Error, Host, Level, Observations, Row, export_channel};
use serde_json::Value;

pub use fault::Fault;
use platform::{HOUR_US, Platform};

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
        Description { grain: Grain::Hour, config_schema: schema, ..description }
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
        if let Some(name) = &config.secret {
            let secret = host.secret(name)?;
            if fault == Some(Fault::LogsSecret) {
                host.log(Level::Info, format!("signed in with {secret}"));
            }
        }
        let exclusive = fault == Some(Fault::LocksOthersOut);
        let platform = Platform::open(config.state_file, exclusive)?;
        if fault == Some(Fault::Grandchild) {
            fault::leave_a_grandchild(&host)?;
        }
        Ok(Self { currency: config.currency, host, fault, platform, calls: 0, flood: None })
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
            return Err(Error::bad_request("/set/daily_budget/currency", "not the account's currency"));
        }
        if set.daily_budget.minor < 0 && self.fault != Some(Fault::TakesNegativeBudgets) {
            return Err(Error::bad_request("/set/daily_budget/minor", "a budget is not negative"));
        }
        let arm = match self.fault {
            Some(Fault::OneBudgetForAll) => "every arm",
            _ => &command.arm,
        };
        let last = self.platform.last(&command.experiment, arm);
        let mut new = ArmState {
            daily_budget: set.daily_budget.clone(),
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
        let arm = match self.fault {
            Some(Fault::OneBudgetForAll) => "every arm",
            _ => &query.arm,
        };
        match (self.platform.last(&query.experiment, arm), self.fault) {
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
        // Whole hours that are over and were not reported yet: the cursor is where the last report ended.
        let from = request
            .cursor
            .as_ref()
            .and_then(|cursor| cursor.parse::<i64>().ok())
            .map_or(request.from_us, |cursor| cursor.max(request.from_us));
        let until = match self.fault {
            Some(Fault::ReportsTheFuture) => request.to_us,
            _ => request.to_us.min(self.host.now_us()),
        };
        let mut hour = from;
        let mut rows = Columns::new();
        while hour + HOUR_US <= until {
            for arm in &request.arms {
                let spend = self.platform.spend_in(&request.experiment, &arm.name, hour);
                rows.extend(request.metrics.iter().map(|metric| match metric.name.as_str() {
                    "spend" => Row::amount(hour, arm.code, metric.code, spend),
                    _ => Row::count(hour, arm.code, metric.code, spend.unsigned_abs() / 10_000),
                }));
            }
            hour += HOUR_US;
        }
        let fresh_until = hour.max(from);
        let rows = fault::spoil(self.fault, request, rows, self.calls);
        let (cursor, fresh_until) = fault::spoil_cursor(self.fault, fresh_until, self.host.now_us());
        Ok(Observations { rows, ..Observations::new([], cursor, fresh_until) })
    }
}

export_channel!(Hostile);
