//! JSON Schemas of the two files, for completion and checks in editors.
//!
//! They come from the same declarations as the reader (see `file`), so that they cannot say anything else. The published
//! copies are in `schema/`; a test fails when they are no longer what this module gives.

use serde_json::Value;

use crate::{
    file::{company::RawCompany, definition::RawExperiment},
    read::section,
};

/// The JSON Schema (draft 2020-12) of `gevinst.toml`.
pub fn company_schema() -> Value {
    section::root_schema::<RawCompany>("gevinst.toml")
}

/// The JSON Schema (draft 2020-12) of an experiment's definition.
pub fn experiment_schema() -> Value {
    section::root_schema::<RawExperiment>("an experiment of gevinst")
}
