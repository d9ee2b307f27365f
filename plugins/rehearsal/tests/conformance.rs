//! The conformance suite over our own plugin, loaded as a library.
//!
//! In this process, since a test has no program to re-execute; the end-to-end tests run it in children.

use gevinst_conformance::{Options, Status, run};
use gevinst_host::Plugin;
// Linked, so that its library is built beside the test's executable.
use gevinst_rehearsal as _;

#[test]
fn the_plugin_passes_the_suite_in_any_month() {
    // Protects: the stand-in keeps every rule that a real platform's plugin has to keep, and `good.toml` is good.
    let beside = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    let plugin = Plugin::find("rehearsal", &[beside]).unwrap();
    let config: toml::Table = include_str!("../good.toml").parse().unwrap();
    let config = serde_json::to_value(config).unwrap();
    // In November, and three days before the end of a month with a clock change.
    for now_us in [1_793_500_000_000_000, 1_793_100_000_000_000] {
        let options = Options { in_process: true, ..Options::at(now_us) };
        let report = run(&plugin, &config, &options, &mut |_| {}).unwrap();
        assert!(report.passed(), "{}", report.render());
        let skipped = report.results.iter().filter(|result| result.status != Status::Passed);
        let skipped: Vec<&str> = skipped.map(|result| result.name.as_str()).collect();
        // It has no secrets, knows its arms, reports any metric by the day, and restates for longer than the suite waits.
        let expected = [
            "config.missing_secret_refused",
            "data.days_when_asked",
            "data.many_arms",
            "data.unknown_metric_has_no_rows",
            "data.restatement_ends",
            "life.no_output_on_stdout",
            "life.secrets_stay_secret",
        ];
        assert_eq!(skipped, expected, "{}", report.render());
    }
}
