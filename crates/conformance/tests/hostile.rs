//! The suite tried on a plugin that misbehaves: each fault fails exactly the tests that name it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gevinst_conformance::{Options, Report, Status, run, test_names};
use gevinst_host::{ChildOptions, ChildProgram, Plugin};
use serde_json::json;

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

fn fails_exactly(faults: &[(&str, &str, &str)]) {
    for (fault, test, reason) in faults {
        let report = report(Some(fault), false);
        let failed: Vec<_> = report.failed().collect();
        assert!(
            failed.len() == 1 && failed[0].name == *test,
            "{fault} should fail {test} alone\n{}",
            report.render()
        );
        let Status::Failed { reason: told } = &failed[0].status else { unreachable!() };
        assert!(told.contains(reason), "{fault}: {told}");
    }
}

/// Protects users from plugins that accept what they do not understand.
#[test]
fn faults_of_configuration_fail_their_test() {
    fails_exactly(&[
        ("accepts_unknown_keys", "config.unknown_key_refused", "`zz_no_such_key` was accepted"),
        ("accepts_wrong_types", "config.wrong_type_refused", "was accepted"),
        ("hides_the_field", "config.wrong_type_refused", "with the field ``, expected `/"),
        ("accepts_a_list", "config.not_an_object_refused", "a list for a configuration was accepted"),
        ("breaks_after_refused_open", "config.refused_open_leaves_nothing", "refused once"),
        ("panics_in_open", "config.good_opens", "a panic in open"),
    ]);
}

/// Protects money.
#[test]
fn faults_with_money_fail_their_test() {
    fails_exactly(&[
        ("echoes_commands", "money.apply_reads_back", "the query afterwards says 1200000 NOK"),
        (
            "adds_budgets",
            "money.budgets_are_absolute",
            "the receipt says 3600000 NOK, the command was 1200000 NOK",
        ),
        ("ignores_seq", "money.seq_seen_is_ignored", "the same command was carried out"),
        ("takes_any_currency", "money.wrong_currency_refused", "the command was carried out"),
        ("takes_negative_budgets", "money.negative_budget_refused", "the command was carried out"),
        ("never_pauses", "money.pause_and_resume", "the receipt says paused: false"),
        ("panics_on_pause", "money.pause_and_resume", "a panic on pause"),
        ("one_budget_for_all", "money.arms_are_separate", "the query for the first arm says"),
        ("unknown_arm_is_an_error", "money.unknown_arm_is_absent", "no such arm"),
        ("panics_in_apply", "money.apply_reads_back", "is unknown: the plugin says: internal fault"),
        ("exits_in_apply", "money.apply_reads_back", "exited with code 0"),
        ("aborts_in_apply", "money.apply_reads_back", "SIGABRT"),
        (
            "unavailable_in_apply",
            "money.apply_reads_back",
            "unknown: the plugin says: the platform is unavailable",
        ),
        ("receipt_for_another", "money.apply_reads_back", "the receipt is for"),
    ]);
}

/// Protects the ledger.
#[test]
fn faults_in_data_fail_their_test() {
    fails_exactly(&[
        ("foreign_arm", "data.rows_well_formed", "no arm has the code"),
        ("foreign_metric", "data.rows_well_formed", "no metric has the code"),
        ("doubled_row", "data.rows_well_formed", "are there twice"),
        ("not_a_number", "data.rows_well_formed", "sum NaN"),
        ("half_units", "data.rows_well_formed", "not in whole minor units"),
        ("panics_in_observe", "data.rows_well_formed", "a panic in observe"),
        ("exits_in_observe", "data.rows_well_formed", "exited with code 0"),
        ("eats_memory", "data.rows_well_formed", "SIGABRT"),
        ("crooked_periods", "data.whole_periods", "no period starts at"),
        ("reports_the_future", "data.whole_periods", "is not over"),
        ("changes_its_mind", "data.same_request_same_rows", "asked twice: arm"),
        ("skips_with_cursor", "data.cursor_resumes", "is missing and then"),
        ("fresh_beyond_now", "data.fresh_until_is_kept", "it is fresh until"),
    ]);
}

/// Protects the runner.
#[test]
fn faults_of_life_fail_their_test() {
    fails_exactly(&[
        ("ignores_cancel", "life.cancel_returns", "did not return within 1500 ms"),
        ("opens_once", "life.close_and_reopen", "a channel was opened before"),
        ("locks_others_out", "life.two_channels", "another process uses the account"),
        ("forgets", "life.state_survives_a_kill", "and is State { exists: false"),
        ("writes_to_stdout", "life.no_output_on_stdout", "it wrote `observing`"),
        ("logs_secret", "life.secrets_stay_secret", "signed in with ***"),
    ]);
}
