//! The published JSON Schemas are what the reader accepts.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its own files has failed")]

use std::{fs, path::PathBuf};

use gevinst_experiment::{company_schema, experiment_schema};
use serde_json::Value;

fn published(name: &str, current: &Value) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schema").join(name);
    let text = format!("{}\n", serde_json::to_string_pretty(current).unwrap());
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "schema/{name} is out of date: run the tests once with UPDATE_SCHEMA=1");
}

#[test]
fn published_schemas_have_not_drifted() {
    // Protects: completion in editors from offering keys that are refused, or hiding new ones.
    published("gevinst.json", &company_schema());
    published("experiment.json", &experiment_schema());
}

#[test]
fn every_key_is_explained() {
    // Protects: a user from a key without a word on it in the editor.
    fn check(schema: &Value, path: &str) {
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let described = property["description"].as_str().is_some_and(|text| text.len() > 10);
            assert!(described, "{path}/{key} has no description");
        }
        for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
            check(definition, name);
        }
    }
    check(&company_schema(), "gevinst.toml");
    check(&experiment_schema(), "experiment");
}
