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
