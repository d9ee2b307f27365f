//! The e-mail channel as the program loads it: in a child process of its own.

use std::path::PathBuf;

use gevinst_tests::Place;
use serde_json::Value;

#[test]
fn the_email_plugin_passes_the_conformance_suite_in_children() {
    // Protects: commands, figures and state of a mailing list across processes that are killed; `cargo test -p gevinst-email`
    // tries the same in one process.
    let place = Place::new();
    let good = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins/email/good.toml"));
    let test = ["plugin", "test", "email", "--json", "out.json", "--config"];
    let answer = place.gevinst(test.iter().map(PathBuf::from).chain([good])).done();
    assert!(answer.out.contains(" passed, 0 failed"), "{}", answer.out);
    let report: Value = serde_json::from_str(&place.read("out.json")).unwrap();
    let results = report["results"].as_array().unwrap();
    assert!(results.iter().all(|result| result["status"] != "failed"), "{report}");
    for name in ["life.state_survives_a_kill", "life.two_channels", "life.no_output_on_stdout"] {
        let passed = results.iter().any(|result| result["name"] == name && result["status"] == "passed");
        assert!(passed, "`{name}` did not pass: {report}");
    }
    assert_eq!(place.contents().len(), 1, "the tests leave nothing behind");
}
