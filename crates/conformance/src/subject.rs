//! What a plugin is tested with: its configuration, and names that it knows.

use std::collections::BTreeMap;
use std::path::{Component, Path};

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
    /// Files that are there when a test begins, by their path in the test's folder, which `{tmp}` names: for a source that
    /// reads what others wrote. In their names and contents `{day0}` to `{day8}` become dates, such as 2026-11-01, of the
    /// simulated calendar; a test begins on `{day0}`.
    pub files: BTreeMap<String, String>,
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
            files: BTreeMap::new(),
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
    /// The plugin's library cannot be used.
    #[error(transparent)]
    NoPlugin(#[from] gevinst_host::HostError),
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
        let is_inside = |name: &&String| {
            let path = Path::new(name.as_str());
            path.components().all(|part| matches!(part, Component::Normal(_)))
        };
        if let Some(name) = subject.files.keys().find(|name| !is_inside(name)) {
            let reason = format!("the file `{name}` lies outside the test's folder");
            return Err(SubjectError::BadTable(reason));
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

    /// Writes the files into a test's folder; `dates` are those of `{day0}`, `{day1}`, ….
    pub(crate) fn write_files(&self, folder: &Path, dates: &[String]) -> Result<(), SubjectError> {
        let dated = |text: &str| {
            let days = dates.iter().enumerate();
            days.fold(text.to_owned(), |text, (day, date)| text.replace(&format!("{{day{day}}}"), date))
        };
        for (name, content) in &self.files {
            let path = folder.join(dated(name));
            let parent = path.parent().unwrap_or(folder);
            std::fs::create_dir_all(parent)
                .and_then(|()| std::fs::write(&path, dated(content)))
                .map_err(SubjectError::NoFolder)?;
        }
        Ok(())
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

    /// Protects sources that read files: their dates are those of the simulated calendar.
    #[test]
    fn files_are_written_with_dates() {
        let config = json!({ "conformance": { "files": { "in/leads-{day1}.csv": "{day0};{day1};{day9}" } } });
        let folder = tempfile::tempdir().unwrap();
        let dates = ["2026-11-01".to_owned(), "2026-11-02".to_owned()];
        Subject::new(&config).unwrap().write_files(folder.path(), &dates).unwrap();
        let text = std::fs::read_to_string(folder.path().join("in/leads-2026-11-02.csv")).unwrap();
        assert_eq!(text, "2026-11-01;2026-11-02;{day9}");
    }

    /// Protects the author from a test that tests something else than was meant.
    #[test]
    fn a_wrong_table_is_refused() {
        for (config, expected) in [
            (json!([]), "the configuration is not a table"),
            (json!({ "currency": 7 }), "`currency` must be a text"),
            (json!({ "conformance": { "arms": ["a", "a"] } }), "arms and metrics must differ"),
            (json!({ "conformance": { "arm": ["a", "b"] } }), "unknown field `arm`"),
            (json!({ "conformance": { "files": { "../a": "x" } } }), "outside the test's folder"),
            (json!({ "conformance": { "files": { "/a": "x" } } }), "outside the test's folder"),
        ] {
            let error = Subject::new(&config).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
