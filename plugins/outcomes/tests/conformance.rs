//! The conformance suite over the source, loaded as a library in this process; the end-to-end tests run it in children.

use gevinst_conformance::Status;
// Linked, so that its library is built beside the test's executable.
use gevinst_outcomes as _;

#[test]
fn a_source_without_arms_passes_the_suite() {
    // Protects: everything that the suite asks of observing holds for a source, and nothing else is asked of it.
    let report = gevinst_conformance::run_built("outcomes", include_str!("../good.toml")).unwrap();
    assert!(report.passed(), "{}", report.render());
    let passed = |family: &str| {
        let of = report.results.iter().filter(|result| result.name.starts_with(family));
        of.filter(|result| result.status == Status::Passed).count()
    };
    assert_eq!(passed("money."), 0, "{}", report.render());
    for result in report.results.iter().filter(|result| result.name.starts_with("money.")) {
        let Status::Skipped { reason } = &result.status else { panic!("{}", report.render()) };
        assert_eq!(reason, "the plugin cannot `apply`", "{}", result.name);
    }
    assert!(passed("load.") == 5 && passed("data.") >= 9 && passed("life.") >= 3, "{}", report.render());
}
