//! What the suite found: for programs as JSON, for people as text.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// Version of the JSON form of a [`Report`].
const SCHEMA_VERSION: u32 = 1;

/// What a test is about; the first part of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// The library and what it says of itself.
    Load,
    /// What is accepted as a configuration.
    Config,
    /// Commands and what becomes of them.
    Money,
    /// Observations.
    Data,
    /// Processes, cancelling, closing.
    Life,
}

impl Family {
    /// As in a test's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Config => "config",
            Self::Money => "money",
            Self::Data => "data",
            Self::Life => "life",
        }
    }
}

/// How a test ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum Status {
    /// The plugin does what it must.
    Passed,
    /// It does not.
    Failed {
        /// What it did instead.
        reason: String,
    },
    /// Nothing was found out.
    Skipped {
        /// Why not.
        reason: String,
    },
}

/// One test's result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestResult {
    /// Such as `money.pause_and_resume`.
    pub name: String,
    /// What it is about.
    pub family: Family,
    /// What the plugin must do.
    pub must: String,
    /// How it ended.
    #[serde(flatten)]
    pub status: Status,
    /// How long it took, in ms.
    pub duration_ms: u64,
    /// What the plugin logged and wrote during a test that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
}

/// All results for one plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Version of this form.
    pub schema_version: u32,
    /// The plugin's name, if it could be asked.
    pub plugin: Option<String>,
    /// The plugin's version, if it could be asked.
    pub version: Option<String>,
    /// The library.
    pub path: String,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// Whether it ran in this process instead of children.
    pub in_process: bool,
    /// The tests in order.
    pub results: Vec<TestResult>,
}

impl Report {
    pub(crate) fn new(plugin: &gevinst_host::Plugin, in_process: bool) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            plugin: None,
            version: None,
            path: plugin.path().display().to_string(),
            sha256: plugin.sha256().to_owned(),
            in_process,
            results: Vec::new(),
        }
    }

    /// Whether something was tested and nothing failed.
    pub fn passed(&self) -> bool {
        self.results.iter().any(|result| result.status == Status::Passed) && self.failed().next().is_none()
    }

    /// The tests that failed.
    pub fn failed(&self) -> impl Iterator<Item = &TestResult> {
        self.results.iter().filter(|result| matches!(result.status, Status::Failed { .. }))
    }

    /// Text for people, ending with a summary; no colour, and lines as long as their reasons.
    pub fn render(&self) -> String {
        let mut text = String::new();
        let name = self.plugin.as_deref().unwrap_or("a plugin that does not say its name");
        let _ = writeln!(text, "{name} {} ({})", self.version.as_deref().unwrap_or(""), self.path);
        let _ = writeln!(text, "SHA-256 {}", self.sha256);
        let mut family = None;
        for result in &self.results {
            if family != Some(result.family) {
                text.push('\n');
                family = Some(result.family);
            }
            text.push_str(&result.render());
        }
        let count =
            |wanted: fn(&Status) -> bool| self.results.iter().filter(|result| wanted(&result.status)).count();
        let _ = writeln!(
            text,
            "\n{} passed, {} failed, {} skipped",
            count(|status| *status == Status::Passed),
            count(|status| matches!(status, Status::Failed { .. })),
            count(|status| matches!(status, Status::Skipped { .. })),
        );
        text
    }
}

impl TestResult {
    /// One line for people, more for a test that failed; each ends with a line break.
    pub fn render(&self) -> String {
        let mut text = String::new();
        let Self { name, must, duration_ms, .. } = self;
        match &self.status {
            Status::Passed => {
                let _ = writeln!(text, "ok       {name:<36} {duration_ms:>6} ms");
            }
            Status::Skipped { reason } => {
                let _ = writeln!(text, "skipped  {name:<36} {reason}");
            }
            Status::Failed { reason } => {
                let _ = writeln!(text, "FAILED   {name:<36} {duration_ms:>6} ms");
                let _ = writeln!(text, "         must: {must}");
                let _ = writeln!(text, "         but:  {reason}");
                for line in &self.log {
                    let _ = writeln!(text, "         log:  {line}");
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(name: &str, family: Family, status: Status) -> TestResult {
        let log = match status {
            Status::Failed { .. } => vec!["stderr: oh".to_owned()],
            _ => Vec::new(),
        };
        TestResult { name: name.to_owned(), family, must: "do it".to_owned(), status, duration_ms: 12, log }
    }

    fn report() -> Report {
        let reason = "it did not".to_owned();
        Report {
            schema_version: SCHEMA_VERSION,
            plugin: Some("email".to_owned()),
            version: Some("0.1.0".to_owned()),
            path: "/lib/x.so".to_owned(),
            sha256: "ab".to_owned(),
            in_process: false,
            results: vec![
                result("load.library", Family::Load, Status::Passed),
                result("money.pause", Family::Money, Status::Failed { reason: reason.clone() }),
                result("money.later", Family::Money, Status::Skipped { reason }),
            ],
        }
    }

    /// Protects what people read.
    #[test]
    fn the_text_says_what_failed_and_how_many() {
        let text = report().render();
        let expected = "\
email 0.1.0 (/lib/x.so)
SHA-256 ab

ok       load.library                             12 ms

FAILED   money.pause                              12 ms
         must: do it
         but:  it did not
         log:  stderr: oh
skipped  money.later                          it did not

1 passed, 1 failed, 1 skipped
";
        assert_eq!(text, expected);
    }

    /// Protects programs that read the JSON.
    #[test]
    fn the_json_is_flat_and_comes_back() {
        let json = serde_json::to_value(report()).unwrap();
        assert_eq!(json["schema_version"], 1);
        assert_eq!(
            json["results"][1],
            serde_json::json!({
                "name": "money.pause", "family": "money", "must": "do it", "status": "failed",
                "reason": "it did not", "duration_ms": 12, "log": ["stderr: oh"]
            })
        );
        assert_eq!(serde_json::from_value::<Report>(json).unwrap(), report());
    }

    /// Protects against taking "nothing was tested" for "everything passed".
    #[test]
    fn nothing_tested_is_not_passed() {
        let mut report = report();
        assert!(!report.passed());
        report.results.remove(1);
        assert!(report.passed());
        report.results.remove(0);
        assert!(!report.passed());
    }
}
