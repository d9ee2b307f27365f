//! The conformance suite over the library, against the stand-ins.
//!
//! In this process, since a test has no program to re-execute; the end-to-end tests run it in children.

use std::sync::Arc;

use gevinst_conformance::{Options, Status, run};
use gevinst_fakes::{Fake, Platform, linkedin::LinkedIn, meta::Meta};
use gevinst_host::Plugin;
// Linked, so that its library is built beside the test's executable.
use gevinst_social as _;
use serde_json::{Value, json};

use crate::bench::with;

/// Each test has an account of its own: the folder's name stands in the platform's address.
fn passes<P: Platform>(fake: &Fake<P>, mut config: Value, left_out: &[&str]) {
    fake.follow_dates();
    let address = format!("{}{{tmp}}", fake.url());
    for (key, value) in
        [("base_url", address.as_str()), ("auth_base_url", &address), ("state", "{tmp}/state")]
    {
        config[key] = json!(value);
    }
    let beside = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    let plugin = Plugin::find("social", &[beside]).unwrap();
    let secret = Arc::new(|name: &str| (name == "env:TOKEN").then(|| "TOKEN".to_owned()));
    // In November, and three days before the end of a month with a clock change.
    for now_us in [1_793_500_000_000_000, 1_793_100_000_000_000] {
        let options = Options { in_process: true, secret: secret.clone(), ..Options::at(now_us) };
        let report = run(&plugin, &config, &options, &mut |_| {}).unwrap();
        assert!(report.passed(), "{}", report.render());
        let skipped: Vec<&str> = report
            .results
            .iter()
            .filter(|result| result.status != Status::Passed)
            .map(|result| result.name.as_str())
            .collect();
        assert_eq!(skipped, left_out, "{}", report.render());
    }
}

#[test]
fn linkedin_passes_the_suite_in_any_month() {
    // Protects: every rule of the contract, on a platform that knows nothing of it and counts other days.
    let fake = Fake::start(with!(LinkedIn::default(), currency: "NOK".to_owned()));
    let config = json!({
        "platform": "linkedin", "account": "509", "currency": "NOK", "timezone": "Europe/Oslo", "accept_timezone": true,
        "linkedin": {
            "version": "202610", "campaign_group": "77", "objective": "LEAD_GENERATION", "locale": "nb_NO",
            "access_token": "env:TOKEN", "targeting": { "include": { "and": [] } },
        },
        "conformance": { "creative": { "post": "urn:li:share:1" } },
    });
    let left_out = [
        "money.unicode_creatives",
        "data.days_when_asked",
        "data.restatement_ends",
        "life.no_output_on_stdout",
    ];
    passes(&fake, config, &left_out);
}

#[test]
fn meta_passes_the_suite_in_any_month() {
    // Protects: as above, on a platform that takes four changes of a budget an hour and reports one lead thrice.
    let fake = Fake::start(with!(Meta::default(), currency: "NOK".to_owned()));
    let config = json!({
        "platform": "meta", "account": "509", "currency": "NOK", "timezone": "Europe/Oslo",
        "meta": {
            "version": "v26.0", "campaign": "120", "optimization_goal": "LEAD_GENERATION", "access_token": "env:TOKEN",
            "page": "42", "targeting": { "geo_locations": { "countries": ["NO"] } },
        },
        "conformance": { "creative": { "url": "https://acme.example/", "text": "Four days" } },
    });
    passes(&fake, config, &["data.days_when_asked", "data.restatement_ends", "life.no_output_on_stdout"]);
}
