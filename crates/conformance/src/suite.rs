//! The list of tests and the running of it.

use std::time::Instant;

use gevinst_host::Plugin;
use serde_json::Value;

use crate::bench::{Bench, Stop, Test};
use crate::options::Options;
use crate::report::{Report, Status, TestResult};
use crate::subject::{Subject, SubjectError};
use crate::{config, data, life, load, money};

fn tests() -> impl Iterator<Item = &'static Test> {
    [load::TESTS, config::TESTS, money::TESTS, data::TESTS, life::TESTS].into_iter().flatten()
}

/// The names of all tests, in the order in which they run.
pub fn test_names() -> Vec<&'static str> {
    tests().map(|test| test.name).collect()
}

/// Runs the suite in this process on the plugin whose tests call it, with a `good.toml` as text: for `cargo test` of a
/// plugin's own crate, whose library Cargo put beside the test. Its time begins on 1 November 2026.
///
/// # Errors
/// As [`run`], and when the library is not there or the text is no TOML.
pub fn run_built(name: &str, good_toml: &str) -> Result<Report, SubjectError> {
    let beside = std::env::current_exe().map_err(SubjectError::NoFolder)?;
    let folder = beside.parent().map(std::path::Path::to_path_buf).into_iter().collect::<Vec<_>>();
    let plugin = Plugin::find(name, &folder)?;
    let config: toml::Table = good_toml.parse().map_err(|error: toml::de::Error| {
        SubjectError::BadTable(format!("the configuration is not TOML: {error}"))
    })?;
    let config = serde_json::to_value(config).map_err(|error| SubjectError::BadTable(error.to_string()))?;
    let options = Options { in_process: true, ..Options::at(1_793_491_200_000_000) };
    run(&plugin, &config, &options, &mut |_| {})
}

/// Runs the suite on a plugin; `progress` is told of every test as it ends.
///
/// # Errors
/// [`SubjectError`] when the suite cannot test with this configuration. What the plugin does wrong is in the
/// report.
pub fn run(
    plugin: &Plugin,
    config: &Value,
    options: &Options,
    progress: &mut dyn FnMut(&TestResult),
) -> Result<Report, SubjectError> {
    let subject = Subject::new(config)?;
    let mut report = Report::new(plugin, options.in_process);
    let shared = crate::bench::Shared::new(&subject, options)?;
    let mut not_claimed: Vec<&str> = Vec::new();
    for test in tests() {
        if options.filter.as_ref().is_some_and(|filter| !test.name.contains(filter.as_str())) {
            continue;
        }
        let folder = tempfile::tempdir().map_err(SubjectError::NoFolder)?;
        subject.write_files(folder.path(), shared.dates())?;
        let bench = Bench::new(plugin, &subject, options, &shared, folder.path());
        let began = Instant::now();
        // A test that was left out by the filter did not fail, and neither did one of what the plugin does not claim.
        let broken = test.needs.iter().filter(|need| !not_claimed.contains(need)).find(|need| {
            report.results.iter().any(|result| result.name == **need && result.status != Status::Passed)
        });
        let found = match broken {
            Some(need) => Err(Stop::Skip(format!("`{need}` did not pass"))),
            None => (test.run)(&bench),
        };
        let status = match found {
            Ok(()) => Status::Passed,
            Err(Stop::Fail(reason)) => Status::Failed { reason },
            Err(Stop::Skip(reason)) => Status::Skipped { reason },
            Err(Stop::NotClaimed(reason)) => {
                not_claimed.push(test.name);
                Status::Skipped { reason }
            }
        };
        let failed = matches!(status, Status::Failed { .. });
        let result = TestResult {
            name: test.name.to_owned(),
            family: test.family,
            must: test.must.to_owned(),
            status,
            duration_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            log: if failed { bench.log_tail() } else { Vec::new() },
        };
        progress(&result);
        report.results.push(result);
    }
    if let Some(description) = shared.description() {
        report.plugin = Some(description.id.clone());
        report.version = Some(description.version.clone());
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects names that scripts rely on: in their family, unique, and needing only what ran before.
    #[test]
    fn names_are_unique_and_needs_come_first() {
        let mut seen: Vec<&str> = Vec::new();
        for test in tests() {
            assert!(test.name.starts_with(&format!("{}.", test.family.as_str())), "{}", test.name);
            assert!(!seen.contains(&test.name), "{} is there twice", test.name);
            assert!(test.needs.iter().all(|need| seen.contains(need)), "{} needs a later one", test.name);
            seen.push(test.name);
        }
        assert!(seen.len() >= 40, "{} tests", seen.len());
    }
}
