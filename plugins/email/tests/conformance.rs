//! The conformance suite over our own plugin, with messages as files.
//!
//! In this process, since a test has no program to re-execute; the end-to-end tests run it in children.

// Linked, so that its library is built beside the test's executable.
use gevinst_email as _;

use gevinst_conformance::{Status, run_built};

#[test]
fn the_plugin_passes_the_suite() {
    // Protects: every rule that a channel has to keep, and `good.toml` being good.
    let report = run_built("email", include_str!("../good.toml")).unwrap();
    assert!(report.passed(), "{}", report.render());
    let passed = report.results.iter().filter(|result| result.status == Status::Passed).count();
    // Left out: secrets (none are asked for), hours, unknown metrics (goals have any name), and restating for 90 days.
    assert!(passed + 6 >= report.results.len(), "{}", report.render());
}
