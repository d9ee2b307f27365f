//! The two files as they are written: every table, key, default and explanation, in one place each.
//!
//! What is declared here is what the reader accepts, what messages suggest and what the JSON Schemas publish. The values
//! are well formed on their own, but not yet judged together: that is done in [`crate::check`].

pub(crate) mod company;
pub(crate) mod definition;
pub(crate) mod secret;

use crate::read::section::{Key, Section, Tables};

/// The tables of `gevinst.toml`, to tell where a misplaced key belongs.
pub(crate) const COMPANY: Tables = &[
    entry::<company::RawCompany>(),
    entry::<company::RawMonth>(),
    entry::<company::RawMonthGoal>(),
    entry::<company::RawValue>(),
];

/// The tables of a definition.
pub(crate) const DEFINITION: Tables = &[
    entry::<definition::RawExperiment>(),
    entry::<definition::RawGoal>(),
    entry::<definition::RawBudget>(),
    entry::<definition::RawArm>(),
    entry::<definition::RawDecide>(),
    entry::<definition::RawAllocate>(),
    entry::<definition::RawAmplify>(),
    entry::<definition::RawGuardrails>(),
    entry::<definition::RawDelay>(),
    entry::<definition::RawRehearsal>(),
    entry::<definition::RawGoalValue>(),
    entry::<definition::RawRestate>(),
    entry::<definition::RawData>(),
];

const fn entry<S: Section>() -> (&'static str, &'static [Key]) {
    (S::TITLE, S::KEYS)
}
