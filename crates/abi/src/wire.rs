//! The JSON of commands and answers as typed structs.
//!
//! Unknown keys are ignored on both sides, so that a minor version may add some; what is required is refused
//! when missing. Times are µs UTC, money is integer minor units with its ISO 4217 code. Whether a channel's
//! configuration is acceptable only the plugin knows: that JSON is not typed here.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A sum of money.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units, such as øre.
    pub minor: i64,
    /// ISO 4217 code, such as `NOK`.
    pub currency: String,
}

impl Money {
    /// `minor` units of `currency`.
    pub fn new(minor: i64, currency: impl Into<String>) -> Self {
        Self { minor, currency: currency.into() }
    }
}

/// The smallest change of a budget that the platform accepts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MinStep {
    /// Minor units.
    pub minor: i64,
    /// In which currency; `None` is any.
    pub currency: Option<String>,
}

/// The finest period that a channel reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grain {
    /// Local days in the company's timezone.
    Day,
    /// Hours.
    Hour,
}

/// What a channel can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Capability {
    /// Carry out commands.
    Apply,
    /// Tell an arm's state.
    Query,
    /// Report observations.
    Observe,
    /// One that this version does not know.
    #[serde(other)]
    Unknown,
}

/// The answer of `describe`: who a plugin is, without I/O.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// Name of the plugin, such as `native-ads`: lower-case letters, digits and hyphens.
    pub id: String,
    /// Its own version, `major.minor.patch`.
    pub version: String,
    /// Major and minor of the ABI it was built for.
    pub abi: (u32, u32),
    /// What it can do.
    pub capabilities: Vec<Capability>,
    /// Metrics that it can report; `["*"]` is any that it is asked for.
    pub metrics: Vec<String>,
    /// The finest period that it reports.
    pub grain: Grain,
    /// The smallest change of a budget.
    pub min_step: MinStep,
    /// How many days back the platform may still restate.
    pub restatement_days: u32,
    /// JSON Schema of the configuration.
    pub config_schema: Value,
}

impl Description {
    /// A description with the ABI of this crate, all capabilities, any metric, days, a step of one minor unit,
    /// no restatement and a schema that accepts any object. Set what differs.
    pub fn new(id: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            version: version.into(),
            abi: (crate::ABI_MAJOR, crate::ABI_MINOR),
            capabilities: vec![Capability::Apply, Capability::Query, Capability::Observe],
            metrics: vec!["*".to_owned()],
            grain: Grain::Day,
            min_step: MinStep { minor: 1, currency: None },
            restatement_days: 0,
            config_schema: serde_json::json!({ "type": "object" }),
        }
    }
}

/// A command to one arm: absolute, and fenced by its sequence number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// `<experiment>/<arm>/<seq>`.
    pub key: String,
    /// Grows with every command to the arm; one that was seen already is ignored.
    pub seq: u64,
    /// The experiment.
    pub experiment: String,
    /// The arm.
    pub arm: String,
    /// What to set.
    pub set: Set,
    /// After this moment the command must not be carried out any more.
    pub not_after_us: i64,
}

impl Command {
    /// A command with the key that belongs to it.
    pub fn new(
        experiment: impl Into<String>,
        arm: impl Into<String>,
        seq: u64,
        set: Set,
        not_after_us: i64,
    ) -> Self {
        let (experiment, arm) = (experiment.into(), arm.into());
        Self { key: format!("{experiment}/{arm}/{seq}"), seq, experiment, arm, set, not_after_us }
    }
}

/// What a command sets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Set {
    /// Budget a local day.
    pub daily_budget: Money,
    /// Whether the arm rests.
    pub paused: bool,
    /// What is shown; only in the first command of an arm, which creates it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creative: Option<Value>,
}

/// The answer to a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The command's key.
    pub key: String,
    /// The command's sequence number.
    pub seq: u64,
    /// Whether it was carried out; `false` when its number had been seen already.
    pub applied: bool,
    /// The arm as read back from the platform afterwards.
    pub state: ArmState,
}

/// The arm's state inside a receipt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmState {
    /// Budget a local day.
    pub daily_budget: Money,
    /// Whether the arm rests.
    pub paused: bool,
    /// The last sequence number that was carried out.
    pub last_seq: u64,
}

/// Asks for one arm's state on the platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// The experiment.
    pub experiment: String,
    /// The arm.
    pub arm: String,
}

/// The answer to a [`Query`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Whether the platform knows the arm.
    pub exists: bool,
    /// Budget a local day, when it exists.
    pub daily_budget: Option<Money>,
    /// Whether it rests.
    pub paused: bool,
    /// The last sequence number that was carried out.
    pub last_seq: Option<u64>,
}

impl State {
    /// The state of an arm that the platform does not know.
    pub const fn absent() -> Self {
        Self { exists: false, daily_budget: None, paused: false, last_seq: None }
    }
}

impl From<ArmState> for State {
    fn from(state: ArmState) -> Self {
        Self {
            exists: true,
            daily_budget: Some(state.daily_budget),
            paused: state.paused,
            last_seq: Some(state.last_seq),
        }
    }
}

/// A name with the number that stands for it in the rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coded {
    /// The number.
    pub code: u32,
    /// The name.
    pub name: String,
}

/// Asks for observations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObserveRequest {
    /// The experiment.
    pub experiment: String,
    /// Its arms on this channel.
    pub arms: Vec<Coded>,
    /// The metrics that are asked for.
    pub metrics: Vec<Coded>,
    /// Which periods.
    pub grain: Grain,
    /// IANA name of the company's timezone, in which days begin.
    pub timezone: String,
    /// Start of the first period, in µs UTC.
    pub from_us: i64,
    /// End of the last period, exclusive, in µs UTC.
    pub to_us: i64,
    /// Where the last observation ended, in the channel's own words; `None` at first.
    pub cursor: Option<String>,
}

/// What follows the rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CursorAfter {
    /// Where to go on, in the channel's own words.
    pub cursor: Option<String>,
    /// Every period that ends at or before this moment has been reported, in µs UTC.
    pub fresh_until_us: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;
    use serde_json::json;

    /// Reads JSON, writes it again, and expects the same.
    fn there_and_back<T: Serialize + DeserializeOwned>(json: Value) -> T {
        let value: T = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&value).unwrap(), json);
        value
    }

    /// Protects plugins in other languages: these are the texts that cross the line, key by key.
    #[test]
    fn the_json_is_as_the_contract_has_it() {
        let command: Command = there_and_back(json!({
            "key": "headlines/problem/7", "seq": 7, "experiment": "headlines", "arm": "problem",
            "set": { "daily_budget": { "minor": 250_000, "currency": "NOK" }, "paused": false,
                     "creative": { "headline": "Your quotes take four days." } },
            "not_after_us": 1_793_491_200_000_000_i64
        }));
        assert_eq!(
            Command::new("headlines", "problem", 7, command.set.clone(), command.not_after_us),
            command
        );
        there_and_back::<Set>(json!({ "daily_budget": { "minor": 0, "currency": "JPY" }, "paused": true }));
        there_and_back::<Receipt>(json!({
            "key": "headlines/problem/7", "seq": 7, "applied": true,
            "state": { "daily_budget": { "minor": 250_000, "currency": "NOK" }, "paused": false, "last_seq": 7 }
        }));
        there_and_back::<Query>(json!({ "experiment": "headlines", "arm": "problem" }));
        let absent: State = there_and_back(json!({
            "exists": false, "daily_budget": null, "paused": false, "last_seq": null
        }));
        assert_eq!(absent, State::absent());
        there_and_back::<ObserveRequest>(json!({
            "experiment": "headlines", "arms": [{ "code": 1, "name": "product" }],
            "metrics": [{ "code": 2, "name": "lead" }], "grain": "day", "timezone": "Europe/Oslo",
            "from_us": 0, "to_us": 86_400_000_000_i64, "cursor": null
        }));
        there_and_back::<CursorAfter>(
            json!({ "cursor": "2026-11-03", "fresh_until_us": 86_400_000_000_i64 }),
        );
        let description: Description = there_and_back(json!({
            "id": "rehearsal", "version": "0.1.0", "abi": [1, 0],
            "capabilities": ["apply", "query", "observe"], "metrics": ["*"], "grain": "day",
            "min_step": { "minor": 1, "currency": null }, "restatement_days": 0,
            "config_schema": { "type": "object" }
        }));
        assert_eq!(description, Description::new("rehearsal", "0.1.0"));
    }

    /// Protects old hosts from new plugins and new plugins from old hosts: what is not known is passed over.
    #[test]
    fn unknown_keys_and_capabilities_are_passed_over() {
        let query: Query =
            serde_json::from_value(json!({ "experiment": "e", "arm": "a", "of_minor_1": true })).unwrap();
        assert_eq!(query.arm, "a");
        let capabilities: Vec<Capability> = serde_json::from_value(json!(["query", "teleport"])).unwrap();
        assert_eq!(capabilities, [Capability::Query, Capability::Unknown]);
        // What is required is not made up.
        assert!(serde_json::from_value::<Receipt>(json!({ "key": "k", "seq": 1, "applied": true })).is_err());
        assert!(serde_json::from_value::<Money>(json!({ "minor": 1.5, "currency": "NOK" })).is_err());
    }
}
