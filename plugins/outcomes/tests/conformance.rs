//! The conformance suite over the source, loaded as a library in this process; the end-to-end tests run it in children.

use std::sync::Arc;

use gevinst_conformance::{Options, Status};
use gevinst_fakes::Fake;
use gevinst_fakes::hubspot::HubSpot;
use gevinst_host::Plugin;
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

#[test]
fn hubspot_passes_the_suite_and_its_token_stays_secret() {
    // Protects: the same of a source behind a token, which is missing, given, and never told.
    let fake = Fake::start(HubSpot::new("pat-s3cret"));
    for (day, arm) in [(1, "first"), (2, "second"), (2, "first"), (4, "first")] {
        let created = format!("2026-11-{day:02}T09:00:00Z");
        let tags = [("createdate", created.as_str()), ("utm_id", "conformance"), ("utm_content", arm)];
        fake.with(|account| account.put("contacts", None, &tags));
    }
    let beside = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    let plugin = Plugin::find("outcomes", &[beside]).unwrap();
    let config = serde_json::json!({
        "currency": "NOK", "timezone": "Europe/Oslo",
        "stages": [{ "name": "lead" }, { "name": "meeting" }],
        "hubspot": {
            "base_url": fake.url(), "token": "env:HUBSPOT_TOKEN",
            "properties": { "id": "hs_object_id", "created": "createdate" }
        },
        "conformance": { "metrics": ["lead", "meeting"] }
    });
    let options = Options {
        in_process: true,
        secret: Arc::new(|name| (name == "env:HUBSPOT_TOKEN").then(|| "pat-s3cret".to_owned())),
        ..Options::at(1_793_491_200_000_000)
    };
    let report = gevinst_conformance::run(&plugin, &config, &options, &mut |_| {}).unwrap();
    assert!(report.passed(), "{}", report.render());
    for name in ["config.missing_secret_refused", "life.secrets_stay_secret", "data.rows_well_formed"] {
        let result = report.results.iter().find(|result| result.name == name).unwrap();
        assert_eq!(result.status, Status::Passed, "{}", report.render());
    }
}
