//! The suite tried on a plugin that misbehaves: each fault fails exactly the tests that name it.
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gevinst_conformance::{Options, Report, Status, run, test_names};
use gevinst_host::{ChildOptions, ChildProgram, Plugin};
use serde_json::json;

use crate::faults::{self, Fault, unlike};

/// Linked, so that its library is built beside the test's executable.
use gevinst_hostile as _;

fn report(fault: Option<&str>, in_process: bool) -> Report {
    let dir = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    let plugin = Plugin::find("hostile", &[dir]).unwrap();
    let program = ChildProgram { path: PathBuf::from(env!("CARGO_BIN_EXE_gevinst-conformance-child")) };
    let options = Options {
        child: ChildOptions {
            program: Some(program),
            cancel_grace: Duration::from_millis(1500),
            memory_bytes_max: 512 << 20,
            ..ChildOptions::default()
        },
        in_process,
        deadline: Duration::from_secs(10),
        secret: Arc::new(|name| (name == "env:TOKEN").then(|| "s3cret-token".to_owned())),
        // 1 November 2026: two hours after the clocks in Oslo went back a week before.
        ..Options::at(1_793_491_200_000_000)
    };
    let mut config = json!({
        "currency": "NOK", "timezone": "Europe/Oslo", "secret": "env:TOKEN", "state_file": "{tmp}/platform.jsonl"
    });
    if let Some(fault) = fault {
        config["fault"] = fault.into();
    }
    let mut told = Vec::new();
    let report = run(&plugin, &config, &options, &mut |result| told.push(result.name.clone())).unwrap();
    assert_eq!(told, test_names(), "progress is told of every test in order");
    report
}

/// Protects good plugins: a channel without a fault passes everything, over both ways.
#[test]
fn without_a_fault_everything_passes() {
    for in_process in [false, true] {
        let report = report(None, in_process);
        assert!(report.passed(), "{}", report.render());
        let skipped: Vec<_> = report
            .results
            .iter()
            .filter(|result| result.status != Status::Passed)
            .map(|result| result.name.as_str())
            .collect();
        assert_eq!(skipped, if in_process { vec!["life.no_output_on_stdout"] } else { vec![] });
        assert_eq!(report.plugin.as_deref(), Some("hostile"));
    }
}

fn fails_exactly(faults: &[Fault]) {
    let wrong = faults.iter().filter_map(|fault| unlike(&report(Some(fault.0), false), fault));
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Protects users from plugins that accept what they do not understand.
#[test]
fn faults_of_configuration_fail_their_test() {
    fails_exactly(faults::CONFIG);
}

/// Protects money.
#[test]
fn faults_with_money_fail_their_test() {
    fails_exactly(faults::MONEY);
}

/// Protects the ledger.
#[test]
fn faults_in_data_fail_their_test() {
    fails_exactly(faults::DATA);
}

/// Protects the runner.
#[test]
fn faults_of_life_fail_their_test() {
    fails_exactly(faults::LIFE);
}

/// Protects against a fault that nobody tries.
#[test]
fn every_fault_of_the_plugin_is_tried_or_is_none() {
    // What the host's own tests use: no duty of a channel is broken, or none that the suite could see.
    let others = [
        "grandchild",
        "hangs_in_check",
        "waits_in_check",
        "chatters_in_check",
        "tells_time",
        "hangs_in_apply",
        "floods",
    ];
    let tried = [faults::CONFIG, faults::MONEY, faults::DATA, faults::LIFE];
    for name in gevinst_hostile::Fault::names() {
        let is_tried = tried.iter().any(|faults| faults.iter().any(|(fault, ..)| *fault == name));
        assert!(is_tried || others.contains(&name.as_str()), "`{name}` is not tried");
    }
}
