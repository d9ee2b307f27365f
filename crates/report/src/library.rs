//! Every experiment that was ever run here, in short: to find what was tried, on whom, and what came of it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::figures::Currency;
use crate::language::Language;
use crate::model::{Label, Origin, Outcome, SCHEMA_VERSION, State};
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

impl Library {
    /// A library of these entries.
    #[must_use]
    pub fn new(generator: &str, language: Language, entries: Vec<Entry>) -> Self {
        Self { schema_version: SCHEMA_VERSION, generator: generator.to_owned(), language, entries }
    }
}
