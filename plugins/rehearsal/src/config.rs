//! The channel's configuration: which experiments the stand-in platform has, and what is true of each.

use std::collections::BTreeMap;
use std::path::PathBuf;

use gevinst_sdk::schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calendar::Grain;
use crate::truth::Truth;

/// The configuration of the channel `rehearsal`.
///
/// ```
/// let config: gevinst_rehearsal::Config = serde_json::from_str(
///     r#"{"seed": 1, "timezone": "Europe/Oslo", "currency": "NOK",
///         "experiments": {"headlines": {"month": "2026-11", "goal": "lead",
///             "truth": {"arms": {"product": 1.0, "problem": 1.3}, "per": "spend",
///                       "daily_budget": 250000, "goals_per_day": 3}}}}"#,
/// )?;
/// assert_eq!(config.experiments["headlines"].goal.as_deref(), Some("lead"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// IANA name of the timezone in which days begin.
    pub timezone: String,
    /// ISO 4217 code of the account's currency.
    pub currency: String,
    /// The experiments that the platform knows, by name.
    pub experiments: BTreeMap<String, Experiment>,
    /// Where the platform keeps what it was commanded. Without it the platform forgets when the channel is closed.
    #[serde(default)]
    pub state_file: Option<PathBuf>,
    /// Faults to rehearse.
    #[serde(default)]
    pub faults: Faults,
}

/// One experiment on the stand-in platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// Its month, as `2026-11`; without it, the one of its first command, or in which the channel is opened.
    #[serde(default)]
    pub month: Option<String>,
    /// What its periods are.
    #[serde(default)]
    pub grain: Grain,
    /// The goal's metric. Without it, every metric that is neither `spend` nor an exposure is answered as the goal.
    #[serde(default)]
    pub goal: Option<String>,
    /// Its own seed, in place of the channel's.
    #[serde(default)]
    pub seed: Option<u64>,
    /// What is true.
    pub truth: Truth,
}

/// Faults to rehearse, by the number of the command.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct Faults {
    /// The platform acts on these commands, but its answer is lost: the outcome is unknown to the caller.
    #[serde(default)]
    pub answer_lost_after_acting: Vec<u64>,
    /// The platform acts on these commands and the process dies before it can answer.
    #[serde(default)]
    pub die_after_acting: Vec<u64>,
    /// Real time that each command takes before anything happens, in ms.
    #[serde(default)]
    pub slow_ms: u64,
}
