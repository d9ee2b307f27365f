//! What a channel plugin must pass before anyone's money goes through it.
//!
//! ```no_run
//! # use gevinst_conformance::{Options, run};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let plugin = gevinst_host::Plugin::find("native-ads", &["/usr/lib/gevinst".into()])?;
//! let config = serde_json::json!({ "account": "sandbox", "currency": "NOK", "timezone": "Europe/Oslo" });
//! let report = run(&plugin, &config, &Options::at(1_793_491_200_000_000), &mut |_| {})?;
//! assert!(report.passed(), "{}", report.render());
//! # Ok(()) }
//! ```
//!
//! Tests have names in five families: `load`, `config`, `money`, `data`, `life`. Each runs in a fresh child
//! process (or, in-process, on a fresh channel). A test whose prerequisite failed is skipped, so that a fault
//! fails the test that names it and not everything after. What a plugin does not claim to do is skipped, and what builds on it
//! goes on: a source that only observes is held to everything about observing. Time is simulated: a test begins at local
//! midnight and lets days pass by telling the plugin so.
//!
//! The configuration is a channel's table of `gevinst.toml`, with two things more: a table `conformance` that
//! says what to test with ([`Subject`]), and `{tmp}` in any text, which becomes a new empty folder for each test.
//!
//! The suite does not look at performance, at the platform's own side, or at whether the numbers are true.

mod bench;
mod config;
mod data;
mod life;
mod load;
mod money;
mod options;
mod report;
mod subject;
mod suite;

pub use options::{Options, SecretFn};
pub use report::{Family, Report, Status, TestResult};
pub use subject::{Subject, SubjectError};
pub use suite::{run, run_built, test_names};
