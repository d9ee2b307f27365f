//! The definitions: TOML to checked types; money, months, periods, arms.
//!
//! Two files say what a company wants to try: `gevinst.toml`, once, and one file for each experiment. [`parse_company`] and
//! [`parse_experiment`] read them into [`Company`] and [`Experiment`], whose invariants hold by construction, or return
//! *all* mistakes of the file as [`Diagnostics`], each with its place, what was expected and a suggestion.
//!
//! ```
//! use gevinst_experiment::{Source, parse_company, parse_experiment};
//!
//! let company = parse_company(&Source::new("gevinst.toml", r#"
//! currency = "NOK"
//! timezone = "Europe/Oslo"
//! [month]
//! budget = "120 000 NOK"
//! [channels.native]
//! plugin = "native-ads"
//! "#))?.value;
//! let refused = parse_experiment(&Source::new("headlines.toml", "nmae = 'headlines'"), &company).unwrap_err();
//! assert!(refused.to_string().contains("did you mean `name`?"));
//! # Ok::<(), gevinst_experiment::Diagnostics>(())
//! ```
//!
//! This crate knows no plugin, no ledger and no clock, and prints nothing.
#![forbid(unsafe_code)]

mod apportion;
mod calendar;
mod check;
mod choice;
mod company;
mod currency;
mod diagnostic;
mod duration;
mod error;
mod experiment;
mod file;
mod money;
mod name;
mod parse;
mod project;
mod ratio;
mod read;
mod rehearsal;
mod render;
mod schema;
mod suggest;
mod syntax;
mod template;

pub use calendar::{Grain, Month, Period, Zone};
pub use choice::{Draw, Exposure, GoalKind, Kind, Mode, Phase, PriorSource, Rule, Separation};
pub use company::{ChannelConfig, Company, GoalValue, Market, MonthGoal};
pub use currency::Currency;
pub use diagnostic::{Checked, Diagnostic, Diagnostics, Entry, Severity, Source};
pub use duration::Duration;
pub use error::{Error, Mistake};
pub use experiment::{Allocate, Amplify, Arm, Budget, Decide, Delay, Experiment, Goal, Guardrails};
pub use money::Money;
pub use name::{ArmName, ChannelName, CostName, ExperimentName, MetricName, PluginName};
pub use parse::{FILE_BYTES_MAX, parse_company, parse_experiment};
pub use project::{Located, Project, find_company};
pub use ratio::Ratio;
pub use rehearsal::{
    ExposureColumn, PastResults, Price, Rehearsal, Restate, TrueRates, TrueValue, TruthSource, Truths,
};
pub use render::Style;
pub use schema::{company_schema, experiment_schema};
pub use template::{new_company, new_definition};
