//! What a plugin is tested with: its configuration, and names that it knows.

use std::path::Path;

use gevinst_host::wire::Money;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The key of the configuration that is for the suite, not for the plugin.
const SUITE_KEY: &str = "conformance";
/// Becomes a new folder for each test, wherever it stands in a text of the configuration.
const TMP: &str = "{tmp}";

/// What to test with: the table `conformance` of the configuration. All of it has defaults.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Subject {
    /// The experiment's name in commands and requests.
    pub experiment: String,
    /// Two arms.
    pub arms: [String; 2],
    /// Metrics to ask for: the money that was spent, and a goal.
    pub metrics: [String; 2],
    /// What a launch budgets for a day, in minor units of the configuration's currency; an even number of steps
    /// of the platform's.
    pub daily_budget_minor: i64,
    /// What a launch shows.
    pub creative: Value,
    /// The plugin's part of the configuration.
    #[serde(skip)]
    config: Map<String, Value>,
    /// The configuration's currency.
    #[serde(skip)]
    currency: String,
    /// The configuration's timezone.
    #[serde(skip)]
    timezone: String,
}

impl Default for Subject {
    fn default() -> Self {
        Self {
            experiment: "conformance".to_owned(),
            arms: ["first".to_owned(), "second".to_owned()],
            metrics: ["spend".to_owned(), "lead".to_owned()],
            daily_budget_minor: 2_400_000,
            creative: serde_json::json!({ "headline": "A test", "url": "https://example.com/" }),
            config: Map::new(),
            currency: "NOK".to_owned(),
            timezone: "UTC".to_owned(),
        }
    }
}

/// Why a configuration cannot be tested with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubjectError {
    /// It is no table.
    #[error("the configuration is not a table")]
    NotATable,
    /// The suite's own part is wrong.
    #[error("the table `conformance` cannot be used: {0}")]
    BadTable(String),
    /// A text is expected.
    #[error("`{0}` must be a text")]
    NotAText(&'static str),
    /// The timezone is not one.
    #[error("the timezone `{0}` is not known")]
    UnknownTimezone(String),
    /// No folder for a test.
    #[error("no folder for temporary files: {0}")]
    NoFolder(std::io::Error),
}

impl Subject {
    /// Takes a channel's table apart. Like the program, adds `timezone` and `currency` where they are missing.
    ///
    /// # Errors
    /// [`SubjectError`] for anything the suite itself needs.
    pub fn new(config: &Value) -> Result<Self, SubjectError> {
        let Value::Object(mut config) = config.clone() else { return Err(SubjectError::NotATable) };
        let own = config.remove(SUITE_KEY).unwrap_or_else(|| Value::Object(Map::new()));
        let mut subject: Self =
            serde_json::from_value(own).map_err(|error| SubjectError::BadTable(error.to_string()))?;
        // Not the plugin's: the name by which it was found.
        config.remove("plugin");
        for (key, value, place) in
            [("currency", "NOK", &mut subject.currency), ("timezone", "UTC", &mut subject.timezone)]
        {
            let text = config.entry(key).or_insert_with(|| Value::from(value));
            *place = text.as_str().ok_or(SubjectError::NotAText(key))?.to_owned();
        }
        if subject.arms[0] == subject.arms[1] || subject.metrics[0] == subject.metrics[1] {
            return Err(SubjectError::BadTable("arms and metrics must differ".to_owned()));
        }
        if subject.daily_budget_minor < 2 {
            return Err(SubjectError::BadTable("`daily_budget_minor` must be at least 2".to_owned()));
        }
        subject.config = config;
        Ok(subject)
    }

    /// The plugin's configuration, with a test's own folder in place of `{tmp}`.
    pub(crate) fn config_in(&self, folder: &Path) -> Value {
        fn fill(value: &mut Value, folder: &str) {
            match value {
                Value::String(text) => *text = text.replace(TMP, folder),
                Value::Array(values) => values.iter_mut().for_each(|value| fill(value, folder)),
                Value::Object(map) => map.values_mut().for_each(|value| fill(value, folder)),
                _ => {}
            }
        }
        let mut config = Value::Object(self.config.clone());
        fill(&mut config, &folder.display().to_string());
        config
    }

    /// Whether the configuration gives every test a platform of its own.
    pub(crate) fn starts_anew(&self) -> bool {
        Value::Object(self.config.clone()).to_string().contains(TMP)
    }

    /// The configuration's timezone.
    pub fn timezone(&self) -> &str {
        &self.timezone
    }

    /// A sum in the configuration's currency.
    pub(crate) fn money(&self, minor: i64) -> Money {
        Money::new(minor, &self.currency)
    }

    /// A sum in another currency.
    pub(crate) fn foreign_money(&self, minor: i64) -> Money {
        Money::new(minor, if self.currency == "SEK" { "DKK" } else { "SEK" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Protects the plugin's part from the suite's, and fills in what the program would.
    #[test]
    fn the_suites_table_is_taken_out() {
        let config = json!({
            "plugin": "native-ads", "file": "{tmp}/a", "deep": [{ "x": "{tmp}" }], "currency": "EUR",
            "conformance": { "arms": ["a", "b"] }
        });
        let subject = Subject::new(&config).unwrap();
        assert_eq!(subject.arms, ["a", "b"]);
        assert_eq!(
            subject.config_in(Path::new("/t")),
            json!({ "file": "/t/a", "deep": [{ "x": "/t" }], "currency": "EUR", "timezone": "UTC" })
        );
        assert_eq!(subject.foreign_money(5), Money::new(5, "SEK"));
    }

    /// Protects the author from a test that tests something else than was meant.
    #[test]
    fn a_wrong_table_is_refused() {
        for (config, expected) in [
            (json!([]), "the configuration is not a table"),
            (json!({ "currency": 7 }), "`currency` must be a text"),
            (json!({ "conformance": { "arms": ["a", "a"] } }), "arms and metrics must differ"),
            (json!({ "conformance": { "arm": ["a", "b"] } }), "unknown field `arm`"),
        ] {
            let error = Subject::new(&config).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
