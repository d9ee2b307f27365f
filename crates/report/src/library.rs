//! Every experiment that was ever run here, in short: to find what was tried, on whom, and what came of it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::figures::Currency;
use crate::language::Language;
use crate::model::{ExperimentReport, Label, Origin, Outcome, SCHEMA_VERSION, State};
use crate::prose::Prose;

/// The library.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Library {
    /// Version of this shape.
    pub schema_version: u32,
    /// Program and version.
    pub generator: String,
    /// The language of the sentences.
    pub language: Language,
    /// The experiments, the newest month first.
    pub entries: Vec<Entry>,
}

/// An experiment in the library.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Entry {
    /// Its month.
    pub month: String,
    /// Its name.
    pub name: String,
    /// What it wanted to find out.
    pub hypothesis: String,
    /// The phase of the customer's journey.
    pub phase: String,
    /// The channels of its arms.
    pub channels: Vec<String>,
    /// Whether it was real.
    pub origin: Origin,
    /// Where it stands.
    pub state: State,
    /// What was concluded.
    pub outcome: Outcome,
    /// The same in words.
    pub verdict: Prose,
    /// What the figures promise.
    pub guarantee: Option<Label>,
    /// How the arms were kept apart.
    pub separation: Label,
    /// What was counted.
    pub metric: String,
    /// Goals.
    pub goals: u64,
    /// The currency of the money.
    #[serde(flatten)]
    pub currency: Currency,
    /// Money spent.
    pub spend_minor: i64,
}

impl Entry {
    /// What is kept of an experiment's report.
    #[must_use]
    pub fn of(month: &str, origin: Origin, x: ExperimentReport, currency: Currency) -> Self {
        let mut channels: Vec<String> = x.arms.into_iter().map(|arm| arm.channel).collect();
        channels.sort_unstable();
        channels.dedup();
        Self {
            month: month.to_owned(),
            name: x.name,
            hypothesis: x.hypothesis,
            phase: x.phase,
            channels,
            origin,
            state: x.state,
            outcome: x.outcome,
            verdict: x.verdict,
            guarantee: x.guarantee,
            separation: x.separation,
            metric: x.goal.metric,
            goals: x.totals.goals,
            currency,
            spend_minor: x.totals.spend_minor,
        }
    }
}

impl Library {
    /// A library of these entries.
    #[must_use]
    pub fn new(generator: &str, language: Language, entries: Vec<Entry>) -> Self {
        Self { schema_version: SCHEMA_VERSION, generator: generator.to_owned(), language, entries }
    }
}
