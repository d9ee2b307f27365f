//! Every fault with the one test that it fails, and a part of the reason that is given.

use gevinst_conformance::{Report, Status, test_names};

/// A fault's name, the test that names it, and what the test says of it.
pub(crate) type Fault = (&'static str, &'static str, &'static str);

/// What a channel accepts that it does not understand.
pub(crate) const CONFIG: &[Fault] = &[
    ("accepts_unknown_keys", "config.unknown_key_refused", "`zz_no_such_key` was accepted"),
    ("accepts_wrong_types", "config.wrong_type_refused", "was accepted"),
    ("hides_the_field", "config.wrong_type_refused", "with the field ``, expected `/"),
    ("accepts_a_list", "config.not_an_object_refused", "a list for a configuration was accepted"),
    ("breaks_after_refused_open", "config.refused_open_leaves_nothing", "refused once"),
    ("panics_in_open", "config.good_opens", "a panic in open"),
    ("opens_without_secret", "config.missing_secret_refused", "without the secret"),
];

/// What a channel does with money.
pub(crate) const MONEY: &[Fault] = &[
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
    ("rounds_budgets", "money.min_step_is_true", "the receipt says 2400000 NOK, the command was 2400001 NOK"),
    ("chokes_on_long_names", "money.long_names", "the platform takes 32 characters"),
    ("chokes_on_unicode", "money.unicode_creatives", "not in ASCII"),
    ("panics_in_apply", "money.apply_reads_back", "is unknown: the plugin says: internal fault"),
    ("exits_in_apply", "money.apply_reads_back", "exited with code 0"),
    ("aborts_in_apply", "money.apply_reads_back", "SIGABRT"),
    (
        "unavailable_in_apply",
        "money.apply_reads_back",
        "unknown: the plugin says: the platform is unavailable",
    ),
    ("receipt_for_another", "money.apply_reads_back", "the receipt is for"),
];

/// What a channel reports.
pub(crate) const DATA: &[Fault] = &[
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
    ("skips_with_cursor", "data.cursor_resumes", "in three parts and at once"),
    ("forgets_restated", "data.cursor_resumes", "is 5 with sum 5 and then 10 with sum 10"),
    ("restates_for_ever", "data.restatement_ends", "more than 3 days old, and later"),
    ("fresh_beyond_now", "data.fresh_until_is_kept", "it is fresh until"),
    ("fresh_too_early", "data.fresh_until_is_kept", "was reported only later"),
    ("numbers_by_place", "data.only_what_was_asked", "no arm has the code 1"),
    ("chokes_on_nothing", "data.empty_request", "expected a time after"),
    ("ignores_end", "data.only_the_span_asked", "outside"),
    ("ignores_grain", "data.days_when_asked", "add up to a spend of 2400000, the day says 100000"),
    ("chokes_on_many", "data.many_arms", "the platform takes 20 at once"),
    ("zeroes_for_unknown_arms", "data.unknown_arm_has_no_rows", "of an arm that was never launched"),
    ("zeroes_for_unknown_metrics", "data.unknown_metric_has_no_rows", "of a metric that it does not have"),
];

/// How a channel lives and dies.
pub(crate) const LIFE: &[Fault] = &[
    ("ignores_cancel", "life.cancel_returns", "did not return within 1500 ms"),
    ("opens_once", "life.close_and_reopen", "a channel was opened before"),
    ("locks_others_out", "life.two_channels", "another process uses the account"),
    ("shares_memory", "life.accounts_are_separate", "exists in the other"),
    ("cursor_in_memory", "life.cursor_outlives_the_process", "in another process and at once"),
    ("forgets", "life.state_survives_a_kill", "and is State { exists: false"),
    ("writes_to_stdout", "life.no_output_on_stdout", "it wrote `observing`"),
    ("logs_secret", "life.secrets_stay_secret", "signed in with ***"),
    ("tells_secret_in_errors", "life.secrets_stay_secret", "not the account's currency ***"),
];

/// What only a channel without the Rust SDK can do wrong: macros of `tests/c/channel.c`.
pub(crate) const BELOW_THE_SDK: &[Fault] = &[
    ("EMPTY_SLOT", "load.library", "close"),
    ("DESCRIBES_DIFFERENTLY", "load.describe_is_pure_and_valid", "the second description differs"),
    ("OTHER_ABI", "load.version", "its table has major 1, its description says 9"),
    ("NO_QUERY", "load.capabilities_suffice", "`apply` without `query`"),
    ("SHORT_SCHEMA", "load.schema_knows_the_config", "no property `state_file`"),
    ("FORGETS_NOT_AFTER", "money.not_after_is_kept", "the command was carried out"),
    ("FORGETS_RELEASE", "data.rows_well_formed", "did not mark it as released"),
    ("SIGNED_ARMS", "data.rows_well_formed", "column 1 must have the format `I`, not `i`"),
    ("STREAM_FAILS", "data.rows_well_formed", "failed (5): the report was cut off"),
    ("HAS_NULLS", "data.rows_well_formed", "column `count` has nulls"),
    ("SHORT_COLUMN", "data.rows_well_formed", "column `sum` has 307 values for 308 rows"),
    ("NO_STREAM", "data.rows_well_formed", "no stream of rows was handed over"),
];

/// What is wrong with a report, held against what its fault should have brought.
pub(crate) fn unlike(report: &Report, (fault, test, reason): &Fault) -> Option<String> {
    let failed: Vec<_> = report.failed().collect();
    match &failed[..] {
        [one] if one.name == *test => {
            let Status::Failed { reason: told } = &one.status else { unreachable!() };
            (!told.contains(reason)).then(|| format!("{fault} should be told as `{reason}`: {told}"))
        }
        _ => Some(format!("{fault} should fail {test} alone\n{}", report.render())),
    }
}

/// Protects against tests that cannot fail: each is failed by a fault that names it.
#[test]
fn every_test_of_the_suite_is_failed_by_a_fault() {
    let tried: Vec<&str> =
        [CONFIG, MONEY, DATA, LIFE, BELOW_THE_SDK].into_iter().flatten().map(|(_, test, _)| *test).collect();
    let untried: Vec<&str> = test_names().into_iter().filter(|name| !tried.contains(name)).collect();
    assert!(untried.is_empty(), "no fault fails {untried:?}");
    assert!(tried.iter().all(|name| test_names().contains(name)), "a fault names no test");
}
