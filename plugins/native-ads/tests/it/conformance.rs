//! The conformance suite over the plugin, loaded as a library, against the stand-in platforms.
//!
//! In this process, since a test has no program to re-execute; the end-to-end tests run it in children.

use std::sync::Arc;

use gevinst_conformance::{Options, Status, run};
use gevinst_fakes::Fake;
use gevinst_fakes::outbrain::Outbrain;
use gevinst_fakes::taboola::Taboola;
use gevinst_host::Plugin;
use serde_json::{Value, json};

fn passes(config: &Value) {
    let beside = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    let plugin = Plugin::find("native-ads", &[beside]).unwrap();
    let secret = Arc::new(|name: &str| (name == "env:SECRET").then(|| "a-very-secret-secret".to_owned()));
    // In November, and three days before the end of a month with a clock change.
    for now_us in [1_793_500_000_000_000, 1_793_100_000_000_000] {
        let options = Options { in_process: true, secret: secret.clone(), ..Options::at(now_us) };
        let report = run(&plugin, config, &options, &mut |_| {}).unwrap();
        assert!(report.passed(), "{}", report.render());
        // It reports by day alone, any metric it is asked for, and may restate for longer than the test goes on.
        let may = [
            "data.days_when_asked",
            "data.restatement_ends",
            "data.unknown_metric_has_no_rows",
            "life.no_output_on_stdout",
        ];
        for result in report.results.iter().filter(|result| result.status != Status::Passed) {
            assert!(may.contains(&result.name.as_str()), "{}", report.render());
        }
    }
}

#[test]
fn taboola_passes_the_suite_in_any_month() {
    // Protects: money, figures and life of the channel keep the contract on a platform that knows nothing of it.
    let mut platform = Taboola::default();
    "a-very-secret-secret".clone_into(&mut platform.client_secret);
    let fake = Fake::start(platform);
    fake.follow_dates();
    passes(&json!({
        "platform": "taboola", "account": "{tmp}", "state": "{tmp}", "currency": "NOK", "timezone": "Europe/Oslo",
        "client_id": "cid", "secret": "env:SECRET", "goals": ["lead"],
        "base_url": format!("{}/backstage/api/1.0", fake.url()),
        "auth_base_url": format!("{}/backstage", fake.url()),
        "campaign": { "branding_text": "Acme", "bid_strategy": "FIXED", "cpc": 4.5 },
    }));
}

#[test]
fn outbrain_passes_the_suite_in_any_month() {
    // Protects: the same of a platform whose budget and pause are two objects.
    // Each test of the suite is a machine of its own, which signs in.
    let mut platform = Outbrain::default();
    platform.logins_an_hour = 1_000;
    let fake = Fake::start(platform);
    fake.follow_dates();
    passes(&json!({
        "platform": "outbrain", "account": "{tmp}", "state": "{tmp}", "currency": "NOK", "timezone": "Europe/Oslo",
        "client_id": "user", "secret": "env:SECRET", "goals": ["lead"],
        "base_url": format!("{}/amplify/v0.1", fake.url()),
        "campaign": { "cpc": 4.5 },
    }));
}
