//! The published schemas of the JSON and CSV forms, generated from the types that write them.

use schemars::Schema;
use serde_json::{Value, json};

use crate::csv::{DAYS, FIGURES, MONTH};
use crate::library::Library;
use crate::model::MonthReport;

/// The JSON Schema of a month's report: `gevinst report --format json`.
#[must_use]
pub fn report() -> Schema {
    // Reports are written, never read back: a field with a default is always there.
    schemars::generate::SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<MonthReport>()
}

/// The JSON Schema of the library of experiments.
#[must_use]
pub fn library() -> Schema {
    schemars::generate::SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<Library>()
}

/// The columns of the CSV forms, as table schemas (Frictionless Table Schema).
#[must_use]
pub fn csv() -> Value {
    let table = |columns: &[(&str, &str, &str)]| {
        let fields: Vec<Value> = columns
            .iter()
            .map(
                |(name, kind, description)| json!({ "name": name, "type": kind, "description": description }),
            )
            .collect();
        json!({ "fields": fields, "missingValues": [""] })
    };
    json!({ "month": table(&MONTH), "experiment": table(&DAYS), "management": table(&FIGURES) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_the_report_is_described() {
        // Protects readers of the JSON: a field that the schema does not know is a field nobody can rely on.
        let schema = report().to_value();
        for field in ["schema_version", "language", "currency", "overview", "experiments", "totals"] {
            assert!(schema["properties"].get(field).is_some(), "{field}: {schema}");
        }
        assert!(schema["$defs"]["ExperimentReport"]["properties"]["verdict"].is_object());
    }
}
