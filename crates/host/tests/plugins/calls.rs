//! Good calls and definite refusals, over both ways: child process and this process.

use crate::support::*;
use gevinst_host::wire::{Capability, Grain, Money, Query, State};
use gevinst_host::{Code, HostError, LogSource, Now, Outcome, Request, Terms};
use std::time::Duration;

/// Protects the whole life of a channel: describe, open, check, commands, observations, close, open again.
#[test]
fn a_channel_lives_over_both_ways() {
    for mut channel in both(&Log::default()) {
        let description = channel.describe(at(0)).unwrap();
        assert_eq!((description.id.as_str(), description.abi), ("hostile", (1, 0)));
        assert_eq!(description.grain, Grain::Hour);
        assert!(description.capabilities.contains(&Capability::Observe));
        for _ in 0..2 {
            channel.open(&config(None), at(0)).unwrap();
            channel.check(at(0)).unwrap();
            assert_eq!(channel.query(&arm(), at(0)).unwrap(), State::absent());
            let Outcome::Receipt(receipt) = channel.apply(&command(7, 240_000), at(0)) else {
                panic!("no receipt")
            };
            assert!(receipt.applied);
            let Outcome::Receipt(again) = channel.apply(&command(7, 240_000), at(1)) else {
                panic!("no receipt")
            };
            assert_eq!((again.applied, again.state), (false, receipt.state));
            let state = channel.query(&arm(), at(1)).unwrap();
            assert_eq!((state.daily_budget, state.last_seq), (Some(Money::new(240_000, "NOK")), Some(7)));

            let observed = channel.observe(&hours(0, 24), at(3)).unwrap();
            // Three hours are over; two metrics; of two arms one was launched.
            assert_eq!(observed.rows.len(), 6);
            assert_eq!(observed.after.fresh_until_us, START_US + 3 * HOUR_US);
            let spend: f64 =
                observed.rows.iter().filter(|row| (row.arm, row.metric) == (1, 1)).map(|row| row.sum).sum();
            assert_eq!(spend, 30_000.0);
            channel.close(at(4)).unwrap();
        }
    }
}

/// Protects the JSON pointer that a user needs to find the mistake.
#[test]
fn a_bad_configuration_is_refused_with_its_field() {
    for mut channel in both(&Log::default()) {
        let mut wrong = config(None);
        wrong["currency"] = 7.into();
        let error = refused(channel.open(&wrong, at(0)));
        let HostError::Plugin(error) = error else { panic!("{error}") };
        assert_eq!((error.code, error.field.as_str()), (Code::BadConfig, "/currency"));
        // Refused is not opened, and not broken either.
        assert!(matches!(channel.check(at(0)), Err(HostError::Misused { open: false, .. })));
        channel.open(&config(None), at(0)).unwrap();
        assert!(matches!(channel.open(&config(None), at(0)), Err(HostError::Misused { open: true, .. })));
    }
}

/// Protects money: what is certainly not carried out, and what may have been, are told apart.
#[test]
fn definite_and_unknown_outcomes_are_told_apart() {
    for mut channel in both(&Log::default()) {
        channel.open(&config(None), at(0)).unwrap();
        let mut late = command(1, 1000);
        late.not_after_us = START_US;
        let outcome = channel.apply(&late, at(1));
        let Outcome::Refused(error) = outcome else { panic!("{outcome:?}") };
        assert_eq!(error.code(), Some(Code::NotApplied));
        let mut foreign = command(1, 1000);
        foreign.set.daily_budget.currency = "SEK".to_owned();
        let outcome = channel.apply(&foreign, at(0));
        let Outcome::Refused(error) = outcome else { panic!("{outcome:?}") };
        assert_eq!(error.code(), Some(Code::BadRequest));
        assert_eq!(channel.query(&arm(), at(0)).unwrap(), State::absent());
        channel.close(at(0)).unwrap();
        for (fault, expected) in [
            ("unavailable_in_apply", "the plugin says: the platform is unavailable"),
            ("panics_in_apply", "the plugin says: internal fault: the plugin panicked: a panic in apply"),
            ("receipt_for_another", "the plugin's answer to apply is not acceptable: the receipt is for"),
        ] {
            channel.open(&config(Some(fault)), at(0)).unwrap();
            let outcome = channel.apply(&command(1, 1000), at(0));
            let Outcome::Unknown(error) = outcome else { panic!("{fault}: {outcome:?}") };
            assert!(error.to_string().starts_with(expected), "{fault}: {error}");
            channel.close(at(0)).unwrap();
        }
    }
}

/// Protects the rule that a channel which panicked only closes, and that its process lives on.
#[test]
fn after_a_panic_a_channel_only_closes() {
    let log = Log::default();
    for mut channel in both(&log) {
        channel.open(&config(Some("panics_on_pause")), at(0)).unwrap();
        let mut pause = command(1, 1000);
        pause.set.paused = true;
        assert!(matches!(channel.apply(&pause, at(0)), Outcome::Unknown(_)));
        let error = refused(channel.query(&arm(), at(0)));
        assert!(error.to_string().contains("panicked earlier"), "{error}");
        assert!(error.is_plugin_fault());
        channel.close(at(0)).unwrap();
        channel.open(&config(None), at(0)).unwrap();
        channel.query(&arm(), at(0)).unwrap();
        // A panic before anything is open is no different.
        channel.close(at(0)).unwrap();
        let error = refused(channel.open(&config(Some("panics_in_open")), at(0)));
        assert!(error.to_string().contains("a panic in open"), "{error}");
    }
    assert!(log.text().contains("stderr: thread"), "the child's own words are in the log:\n{}", log.text());
}

/// Protects rehearsals from the real clock, and live runs from a clock that stands still.
#[test]
fn plugins_see_the_time_that_a_call_is_told() {
    let log = Log::default();
    for mut channel in both(&log) {
        channel.open(&config(Some("tells_time")), at(0)).unwrap();
        for now in [Now::Frozen(1_000_000), Now::Running(1_000_000)] {
            channel.check(Terms { now, deadline: Duration::from_secs(20) }).unwrap();
        }
    }
    let told: Vec<Vec<i64>> = log
        .lines()
        .iter()
        .filter(|line| line.source == LogSource::Plugin)
        .map(|line| line.text.split(' ').map(|word| word.parse().unwrap()).collect())
        .collect();
    assert_eq!(told.len(), 4);
    for (frozen, running) in [(&told[0], &told[1]), (&told[2], &told[3])] {
        assert_eq!(*frozen, [1_000_000, 1_000_000]);
        let passed = running[1] - running[0];
        assert!(running[0] >= 1_000_000 && passed >= 20_000, "{running:?}");
    }
}

/// Protects secrets: resolved by the caller, over the child's socket, and blotted out of what comes back.
#[test]
fn secrets_go_to_the_plugin_and_nowhere_else() {
    let log = Log::default();
    for mut channel in both(&log) {
        let mut with_secret = config(Some("logs_secret"));
        with_secret["secret"] = "env:TOKEN".into();
        channel.open(&with_secret, at(0)).unwrap();
        channel.close(at(0)).unwrap();
        with_secret["secret"] = "env:OTHER".into();
        let error = refused(channel.open(&with_secret, at(0)));
        assert_eq!(error.code(), Some(Code::Auth));
        assert!(error.to_string().contains("env:OTHER"), "{error}");
    }
    assert_eq!(log.text(), "Info: signed in with ***\n".repeat(2));
}

/// Protects the ledger from rows that do not fit, whichever way they came.
#[test]
fn rows_that_do_not_fit_are_a_bad_answer() {
    for mut channel in both(&Log::default()) {
        for (fault, expected) in [
            ("foreign_arm", "no arm has the code 4000000"),
            ("foreign_metric", "no metric has the code 4000000"),
            ("doubled_row", "are there twice"),
            ("not_a_number", "sum NaN"),
        ] {
            channel.open(&config(Some(fault)), at(0)).unwrap();
            assert!(matches!(channel.apply(&command(1, 240_000), at(0)), Outcome::Receipt(_)));
            let error = refused(channel.observe(&hours(0, 24), at(3)));
            assert!(matches!(error, HostError::BadAnswer { method: "observe", .. }), "{error}");
            assert!(error.to_string().contains(expected), "{fault}: {error}");
            channel.close(at(3)).unwrap();
        }
    }
}

/// Protects a waiting channel: cancelled at the deadline, it answers in time and lives on.
#[test]
fn a_cancelled_call_leaves_the_channel_usable() {
    for mut channel in both(&Log::default()) {
        channel.open(&config(Some("waits_in_check")), at(0)).unwrap();
        assert!(matches!(channel.check(quick(50)), Err(HostError::Deadline { method: "check", .. })));
        assert_eq!(channel.query(&arm(), at(0)).unwrap(), State::absent());
    }
}

/// Protects the plugin from requests that no frame should carry, and the connection from the attempt.
#[test]
fn an_endless_request_is_refused_before_it_is_sent() {
    for mut channel in both(&Log::default()) {
        channel.open(&config(None), at(0)).unwrap();
        let endless = Query { arm: "a".repeat(2 << 20), ..arm() };
        assert_eq!(refused(channel.query(&endless, at(0))).code(), Some(Code::BadRequest));
        let error = refused(channel.call(Request::Query("not json"), at(0)));
        assert_eq!(error.code(), Some(Code::BadRequest));
        let error = refused(channel.call(Request::Query(r#"{"experiment":"e","arm":7}"#), at(0)));
        let HostError::Plugin(error) = error else { panic!("{error}") };
        assert_eq!((error.code, error.field.as_str()), (Code::BadRequest, "/arm"));
        channel.query(&arm(), at(0)).unwrap();
    }
}
