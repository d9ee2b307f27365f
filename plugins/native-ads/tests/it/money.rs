//! Money on the stand-in platforms when things go wrong: answers that are lost, limits, tokens that end, crashes.

use std::time::Duration;

use crate::bench::{Bench, HOUR_US, SECRET, outbrain, taboola, taboola_with};
use gevinst_fakes::outbrain::Outbrain;
use gevinst_fakes::{Fault, Platform, Reply, What};
use gevinst_sdk::Code;
use gevinst_sdk::testing::Driver;
use proptest::prelude::*;
use serde_json::json;

const CAMPAIGN: &str = "gevinst/headlines/product";

#[test]
fn a_campaign_is_created_once_and_resting() {
    // Protects: nothing is spent before an arm has what it is to show, and its name finds it again.
    let mut bench = taboola();
    let launch = bench.launch("product", 50_000);
    assert!(bench.channel.apply(&launch).unwrap().applied);
    let writes = bench.writes();
    assert_eq!(writes.len(), 4, "{writes:#?}");
    assert!(writes[0].contains(r#""is_active":false"#) && writes[0].contains(r#""daily_cap":500.0"#));
    assert!(writes[0].contains(r#""daily_ad_delivery_model":"STRICT""#));
    assert!(writes[1].contains("utm_content=product") && writes[1].contains("utm_source=taboola"));
    assert_eq!(writes[2], r#"POST {"title":"Four days"}"#);
    assert_eq!(writes[3], r#"POST {"daily_cap":500.0,"is_active":true}"#);
    // Its notes lost, the campaign is found by its name, and its number is known from the next command on.
    let state = tempfile::tempdir().unwrap();
    bench.config["state"] = json!(state.path());
    bench.again();
    let found = bench.state("product");
    assert_eq!((found.exists, found.daily_budget.unwrap().minor, found.last_seq), (true, 50_000, None));
    assert_eq!(bench.set("product", 60_000).unwrap().state.daily_budget.minor, 60_000);
    assert_eq!(bench.fake.with(|platform| platform.ids("acme-no", CAMPAIGN)).len(), 1);
}

#[test]
fn an_answer_that_is_lost_after_acting_is_read_never_written_again() {
    // Protects the money: at every write of a launch and of a change, on both platforms, what acted is not done twice.
    fn lost<P: Platform>(
        mut new: impl FnMut() -> Bench<P>,
        ids: fn(&P) -> usize,
        standing: fn(&P) -> (i64, bool),
    ) {
        for write in 0..6 {
            for what in [What::CutAfter, What::CutBefore, What::AfterActing(Reply::empty(502))] {
                let mut bench = new();
                for method in ["POST", "PUT"] {
                    // Whichever it is: the count goes over both.
                    let fault = Fault::once(method, "/", what.clone()).after(write);
                    bench.fake.fault(fault);
                }
                let launch = bench.launch("product", 50_000);
                let first = bench.channel.apply(&launch);
                bench.fake.heal();
                if let Err(error) = &first {
                    assert_eq!(error.code, Code::UnknownOutcome, "write {write}, {what:?}: {error}");
                }
                let before = bench.writes().len();
                bench.again();
                let state = bench.state("product");
                assert_eq!(bench.writes().len(), before, "a query writes nothing");
                if state.last_seq != Some(launch.seq) {
                    // Not in force: it rests, or is not there; the next command takes over what there is.
                    assert!(!state.exists || state.paused, "{state:?}");
                    let launch = bench.launch("product", 50_000);
                    assert!(bench.channel.apply(&launch).unwrap().applied);
                }
                assert_eq!(bench.fake.with(|platform| ids(platform)), 1, "write {write}, {what:?}");
                assert_eq!(bench.fake.with(|platform| standing(platform)), (50_000, true));
            }
        }
    }
    lost(taboola, |p| p.ids("acme-no", CAMPAIGN).len(), |p| p.standing("acme-no", CAMPAIGN).unwrap());
    lost(outbrain, |p| p.ids("acme-no", CAMPAIGN).len(), |p| p.standing("acme-no", CAMPAIGN).unwrap());
}

#[test]
fn a_token_that_ended_is_renewed_and_the_write_done_once() {
    // Protects: "unauthorized" is a certain no, so the command goes through with a new token, once.
    let mut bench = taboola();
    let launch = bench.launch("product", 50_000);
    bench.channel.apply(&launch).unwrap();
    bench.fake.with(|platform| platform.expire_tokens());
    bench.fake.clear_log();
    assert!(bench.set("product", 60_000).unwrap().applied);
    assert_eq!(
        bench.fake.logged("POST", "/campaigns/").iter().filter(|one| one.status == Some(200)).count(),
        1
    );
    // Twelve hours later it is renewed before anything is refused.
    bench.at(13 * HOUR_US);
    bench.fake.clear_log();
    assert!(bench.set("product", 70_000).unwrap().applied);
    assert!(bench.fake.log().iter().all(|one| one.status == Some(200)));
}

#[test]
fn outbrains_token_outlives_the_process_and_sign_ins_are_counted() {
    // Protects the account: two sign-ins an hour, so a token is kept, and a third sign-in not tried.
    let mut bench = outbrain();
    for _ in 0..4 {
        bench.again();
        bench.channel.check().unwrap();
    }
    assert_eq!(bench.fake.with(|platform| platform.logins()), 1);
    bench.fake.with(Outbrain::expire_tokens);
    bench.again();
    bench.channel.check().unwrap();
    bench.fake.with(Outbrain::expire_tokens);
    bench.fake.clear_log();
    let launch = bench.launch("product", 50_000);
    let error = bench.channel.apply(&launch).unwrap_err();
    assert!(error.message.contains("2 sign-ins an hour"), "{error}");
    assert_ne!(error.code, Code::UnknownOutcome);
    assert_eq!(bench.fake.logged("", "/login").len(), 0);
    bench.at(2 * HOUR_US);
    assert!(bench.channel.apply(&launch).unwrap().applied);
}

#[test]
fn a_shared_budget_is_refused() {
    // Protects another campaign's money: a budget that two campaigns share is not ours to set.
    let mut bench = outbrain();
    let launch = bench.launch("product", 50_000);
    bench.channel.apply(&launch).unwrap();
    bench.fake.with(|platform| platform.share_budget("acme-no", CAMPAIGN));
    let error = bench.set("product", 60_000).unwrap_err();
    assert!(error.message.contains("shares its budget"), "{error}");
    assert_eq!(bench.fake.with(|platform| platform.standing("acme-no", CAMPAIGN)), Some((50_000, true)));
}

#[test]
fn the_platforms_hint_is_waited_for() {
    // Protects the quota: a read that is limited comes again after the time that was asked for; a write does not.
    let mut bench = outbrain();
    let limited =
        Reply::json(429, json!({ "errorMessage": "slow down" })).header("rate-limit-msec-left", "120");
    bench.fake.fault(Fault::once("GET", "/marketers", What::Instead(limited.clone())));
    let began = std::time::Instant::now();
    bench.channel.check().unwrap();
    assert!(began.elapsed() >= Duration::from_millis(120));
    bench.fake.fault(Fault::once("POST", "/campaigns", What::Instead(limited)));
    let launch = bench.launch("product", 50_000);
    let error = bench.channel.apply(&launch).unwrap_err();
    assert_eq!((error.code, error.retry_after_ms), (Code::RateLimited, Some(120)));
}

#[test]
fn what_the_platform_would_not_take_is_not_sent() {
    // Protects: budgets below the minimum, in another currency, and creatives that are none are refused before anything.
    let mut bench = outbrain();
    bench.channel.check().unwrap();
    let mut low = bench.launch("product", 19_999);
    let error = bench.channel.apply(&low).unwrap_err();
    assert_eq!((error.code, error.field.as_str()), (Code::BadRequest, "/set/daily_budget/minor"), "{error}");
    low.set.daily_budget.minor = 50_000;
    low.set.creative = Some(json!({ "url": "https://acme.example" }));
    assert_eq!(bench.channel.apply(&low).unwrap_err().field, "/set/creative/headline");
    let nothing = bench.command("product", 50_000);
    assert_eq!(bench.channel.apply(&nothing).unwrap_err().field, "/set/creative");
    assert_eq!(bench.writes(), [""; 0]);
    // The account's currency is not the company's.
    bench.fake.with(|platform| "EUR".clone_into(&mut platform.currency));
    let error = bench.channel.check().unwrap_err();
    assert_eq!((error.code, error.field.as_str()), (Code::BadConfig, "/currency"));
}

#[test]
fn resting_without_a_budget_leaves_the_cap_alone() {
    // Protects: a cap of nothing could mean no cap, so an arm that is dropped is paused and keeps its own.
    let mut bench = taboola();
    let launch = bench.launch("product", 50_000);
    bench.channel.apply(&launch).unwrap();
    let receipt = bench.set("product", 0).unwrap();
    assert_eq!((receipt.state.paused, receipt.state.daily_budget.minor), (true, 50_000));
    assert_eq!(bench.writes().last().unwrap(), r#"POST {"is_active":false}"#);
}

#[test]
fn several_items_are_shown_evenly_when_asked() {
    // Protects a test of headlines within an arm: the platform's favourite must not take it all.
    let mut bench = taboola();
    bench.config["even_delivery"] = json!(true);
    bench.again();
    let mut launch = bench.launch("product", 50_000);
    let items =
        ["a", "b"].map(|page| json!({ "url": format!("https://acme.example/{page}"), "headline": page }));
    launch.set.creative =
        Some(json!({ "items": items, "campaign": { "marketing_objective": "LEADS_GENERATION" } }));
    bench.channel.apply(&launch).unwrap();
    let writes = bench.writes();
    assert!(
        writes[0].contains(r#""traffic_allocation_mode":"EVEN""#) && writes[0].contains("LEADS_GENERATION")
    );
    let count = |part: &str| writes.iter().filter(|write| write.contains(part)).count();
    assert_eq!((count("acme.example/a?utm"), count("acme.example/b?utm"), count(r#"{"title":"#)), (1, 1, 2));
}

#[test]
fn headlines_are_set_once_items_are_crawled() {
    // Protects the question itself: an item must not run with the headline that a crawler found.
    let mut bench = taboola_with(|platform| {
        platform.crawling_us = HOUR_US;
        platform.approval_us = 5 * HOUR_US;
    });
    let launch = bench.launch("product", 50_000);
    bench.channel.apply(&launch).unwrap();
    assert!(!bench.writes().iter().any(|write| write.contains("title")));
    let told =
        |bench: &Bench<_>| bench.host.log_lines().iter().any(|(_, line)| line.contains("PENDING_APPROVAL"));
    assert!(told(&bench), "created is not live");
    bench.at(2 * HOUR_US);
    bench.observe(1).unwrap();
    assert_eq!(bench.writes().last().unwrap(), r#"POST {"title":"Four days"}"#);
    let writes = bench.writes().len();
    bench.observe(1).unwrap();
    assert_eq!(bench.writes().len(), writes, "done is done");
}

#[test]
fn no_secret_in_errors_or_logs() {
    // Protects credentials: whatever a platform sends back, neither password nor token is told.
    let mut bench = taboola();
    bench.channel.check().unwrap();
    let token = bench.fake.logged("GET", "/campaigns/")[0].request.bearer().unwrap().to_owned();
    let echo = format!("you sent {token} and {SECRET}");
    let mut told = String::new();
    for (method, reply) in [
        ("GET", Reply::json(400, json!({ "message": echo.clone() }))),
        ("GET", Reply::new(200, "application/json", format!("{{\"results\": \"{echo}\"}}"))),
        ("GET", Reply::new(500, "text/plain", echo.clone())),
        (
            "POST",
            Reply::new(400, "application/xml", format!("<error_description>{echo}</error_description>")),
        ),
    ] {
        bench.fake.fault(Fault::always(method, "/api/", What::Instead(reply)));
        let launch = bench.launch("product", 50_000);
        told += &format!("{:?}", bench.channel.apply(&launch));
        told += &format!("{:?}", bench.observe(1));
        bench.fake.heal();
    }
    bench.config["secret"] = json!("env:OTHER");
    told +=
        &format!("{:?}", Driver::<gevinst_native_ads::NativeAds>::open(&bench.host, &bench.config).map(drop));
    told += &format!("{:?}", bench.host.log_lines());
    assert!(told.contains("[secret]") && !told.contains(SECRET) && !told.contains(&token), "{told}");
}

#[test]
fn days_of_another_zone_are_refused() {
    // Protects figures: a day of New York is not a day of Oslo, unless somebody says that it will do.
    let mut bench = taboola_with(|platform| "America/New_York".clone_into(&mut platform.timezone));
    let error = bench.observe(1).unwrap_err();
    assert_eq!((error.code, error.field.as_str()), (Code::BadConfig, "/account_timezone"), "{error}");
    bench.config["account_timezone"] = json!("America/New_York");
    let refused =
        Driver::<gevinst_native_ads::NativeAds>::open(&bench.host, &bench.config).map(drop).unwrap_err();
    assert!(refused.message.contains("accept_timezone"), "{refused}");
    bench.config["accept_timezone"] = json!(true);
    bench.again();
    let launch = bench.launch("product", 50_000);
    bench.channel.apply(&launch).unwrap();
    // Oslo's day is over, New York's is not.
    bench.at(24 * HOUR_US + HOUR_US);
    let observed = bench.observe(1).unwrap();
    assert!(observed.rows.is_empty() && observed.after.fresh_until_us == crate::bench::START_US);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Protects: after any sequence of commands and faults, the platform has one campaign an arm, and stands as the last
    /// command that is in force.
    #[test]
    fn the_platform_stands_as_told(steps in prop::collection::vec((0_usize..2, 3_i64..20, 0_usize..5, any::<bool>()), 1..12)) {
        let mut bench = taboola();
        let arms = ["product", "problem"];
        for (arm, hundreds, fault, crash) in steps {
            let what = [None, Some(What::CutBefore), Some(What::CutAfter), Some(What::Instead(Reply::empty(503))),
                        Some(What::AfterActing(Reply::empty(500)))][fault].clone();
            if let Some(what) = what {
                bench.fake.fault(Fault::once("POST", "/campaigns", what));
            }
            let command = bench.launch(arms[arm], hundreds * 10_000);
            let answer = bench.channel.apply(&command);
            bench.fake.heal();
            if crash {
                bench.again();
            }
            let state = bench.state(arms[arm]);
            let name = format!("gevinst/headlines/{}", arms[arm]);
            prop_assert!(bench.fake.with(|platform| platform.ids("acme-no", &name)).len() <= 1);
            let there = bench.fake.with(|platform| platform.standing("acme-no", &name));
            if state.last_seq == Some(command.seq) {
                prop_assert_eq!(there, Some((hundreds * 10_000, true)));
            } else {
                prop_assert!(answer.is_err());
            }
            if state.exists {
                prop_assert_eq!(there, Some((state.daily_budget.unwrap().minor, !state.paused)));
            }
        }
    }
}
