//! LinkedIn: launches that break off, tokens, versions, quotas, rights, reports that may be silent for two reasons.

use std::time::Duration;

use gevinst_fakes::linkedin::LinkedIn;
use gevinst_fakes::{Fault, Platform, Request, Truth, What};
use gevinst_sdk::Code;
use gevinst_sdk::testing::Driver;
use gevinst_sdk::wire::Money;
use gevinst_social::Social;
use serde_json::{Value, json};

use crate::bench::{Bench, DAY_US, MARK, START_US, command, request, row, state, with};

const PRODUCT: &str = "gevinst/headlines/product";

pub(crate) fn own() -> Value {
    json!({ "platform": "linkedin", "linkedin": {
        "version": "202610", "campaign_group": "77", "objective": "LEAD_GENERATION", "locale": "fi_FI",
        "access_token": "env:TOKEN", "unit_cost": "10.00",
        "targeting": { "include": { "and": [{ "or": {
            "urn:li:adTargetingFacet:locations": ["urn:li:geo:100456013"] } }] } },
    } })
}

pub(crate) fn bench(platform: LinkedIn) -> Bench<LinkedIn> {
    Bench::new(platform, json!({ "post": "urn:li:share:6012" }), own())
}

/// Signs in by a refresh token instead.
fn renewing(mut platform: LinkedIn) -> Bench<LinkedIn> {
    platform.client_secret = format!("CS-{MARK}");
    platform.allow_refresh(&format!("RT-{MARK}"), i64::MAX);
    let mut bench = bench(platform);
    let own = bench.config["linkedin"].as_object_mut().unwrap();
    own.remove("access_token");
    own.insert("refresh_token".to_owned(), json!("env:REFRESH"));
    own.insert("client_id".to_owned(), json!("cid"));
    own.insert("client_secret".to_owned(), json!("env:CLIENT_SECRET"));
    bench
}

fn writes(bench: &Bench<LinkedIn>) -> usize {
    bench.fake.logged("POST", "/rest/").len()
}

#[test]
fn a_launch_shows_something_before_it_runs() {
    // Protects: money spent on a campaign that has nothing to show, or on one that was made in another state.
    let bench = bench(LinkedIn::default());
    let mut channel = bench.open();
    channel.check().unwrap();
    let receipt = channel.apply(&bench.launch("product", 2_500)).unwrap();
    assert!(receipt.applied);
    assert_eq!(receipt.state.daily_budget, Money::new(2_500, "EUR"));
    let posts = bench.fake.logged("POST", "/rest/");
    let paths: Vec<&str> = posts.iter().map(|one| one.request.path.as_str()).collect();
    let campaigns = "/rest/adAccounts/509/adCampaigns";
    assert_eq!(paths[..2], [campaigns, "/rest/adAccounts/509/creatives"]);
    assert!(paths[2].starts_with(&format!("{campaigns}/")), "{paths:?}");
    assert_eq!(posts[0].request.json()["status"], "DRAFT");
    assert_eq!(posts[2].request.json(), json!({ "patch": { "$set": { "status": "ACTIVE" } } }));
    let standing = bench.fake.with(|platform| platform.standing("509", PRODUCT));
    assert_eq!(standing, Some((2_500, "ACTIVE".to_owned())));
}

#[test]
fn a_change_is_one_write_of_what_differs_and_is_read_back() {
    // Protects: budget and pause from going out one without the other, and from being believed without a look.
    let bench = bench(LinkedIn::default());
    let mut channel = bench.open();
    channel.apply(&bench.launch("product", 2_500)).unwrap();
    bench.fake.clear_log();
    let receipt = channel.apply(&command("product", 2, 3_000, true)).unwrap();
    assert!(receipt.applied && receipt.state.paused);
    assert_eq!(writes(&bench), 1);
    let log = bench.fake.log();
    let write = log.iter().position(|one| one.request.method == "POST").unwrap();
    let set = json!({ "dailyBudget": { "amount": "30.00", "currencyCode": "EUR" }, "status": "PAUSED" });
    assert_eq!(log[write].request.json(), json!({ "patch": { "$set": set } }));
    assert!(log[write + 1..].iter().any(|one| one.request.method == "GET"), "read back");
    // The runner pauses with no budget at all, which no campaign can have: the old one stays.
    let receipt = channel.apply(&command("product", 3, 0, true)).unwrap();
    assert_eq!((receipt.applied, receipt.state.daily_budget), (true, Money::new(3_000, "EUR")));
    assert_eq!(writes(&bench), 1, "it rests already");
}

#[test]
fn a_lost_answer_leads_to_a_look_and_never_to_a_second_write() {
    // Protects: two campaigns for one arm, and a budget that is set twice.
    for what in [What::CutAfter, What::CutBefore] {
        let bench = bench(LinkedIn::default());
        let mut channel = bench.open();
        bench.fake.fault(Fault::once("POST", "/adCampaigns", what.clone()));
        let error = channel.apply(&bench.launch("product", 2_500)).unwrap_err();
        assert_eq!(error.code, Code::UnknownOutcome, "{error}");
        assert_eq!(writes(&bench), 1, "nothing after the write that was lost");
        // Nothing that could spend is there yet: the runner launches again, and finds what was made.
        let mut channel = bench.open();
        assert!(!state(&mut channel, "product").exists);
        let mut again = bench.launch("product", 2_500);
        again.seq = 2;
        assert!(channel.apply(&again).unwrap().applied);
        assert_eq!(bench.fake.with(|platform| platform.count("509", PRODUCT)), 1);
        assert_eq!(bench.fake.with(|platform| platform.creatives_of("509", PRODUCT)), 1);

        bench.fake.clear_log();
        bench.fake.fault(Fault::once("POST", "/adCampaigns/", what.clone()));
        let answer = channel.apply(&command("product", 3, 4_000, false));
        assert_eq!(writes(&bench), 1);
        let acted = matches!(what, What::CutAfter);
        // The look after the lost answer settles it at once, if the platform stands as it was told.
        assert_eq!(answer.is_ok(), acted, "{answer:?}");
        let mut channel = bench.open();
        let state = state(&mut channel, "product");
        assert_eq!(state.daily_budget, Some(Money::new(if acted { 4_000 } else { 2_500 }, "EUR")));
        assert_eq!(state.last_seq, Some(if acted { 3 } else { 2 }));
        assert_eq!(writes(&bench), 1);
    }
}

#[test]
fn a_token_is_renewed_kept_for_its_owner_and_used_by_the_next_process() {
    // Protects: a month that outlasts a token, and LinkedIn from a renewal at every step.
    let bench = renewing(LinkedIn::default());
    bench.open().check().unwrap();
    bench.open().check().unwrap();
    assert_eq!(bench.fake.logged("POST", "/accessToken").len(), 1);
    // LinkedIn ends it before its time.
    bench.fake.with(LinkedIn::expire_tokens);
    let mut channel = bench.open();
    channel.apply(&bench.launch("product", 2_500)).unwrap();
    assert_eq!(bench.fake.logged("POST", "/accessToken").len(), 2);
    assert_eq!(bench.fake.with(|platform| platform.count("509", PRODUCT)), 1);
    // Sixty days later it has ended by itself.
    bench.set_day(61, 0);
    bench.open().check().unwrap();
    assert_eq!(bench.fake.logged("POST", "/accessToken").len(), 3);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let tokens = bench.folder.path().join("social/linkedin/509/tokens");
        assert_eq!(std::fs::metadata(&tokens).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // A person consented anew: the kept tokens are those of the old consent.
    bench.fake.with(|platform| platform.allow_refresh("RT-new-consent", i64::MAX));
    let host = bench.host.clone().with_secret("env:REFRESH", "RT-new-consent");
    Driver::<Social>::open(&host, &bench.config).unwrap().check().unwrap();
    let last = bench.fake.logged("POST", "/accessToken").pop().unwrap();
    assert_eq!(last.request.form_value("refresh_token").as_deref(), Some("RT-new-consent"));
}

#[test]
fn a_refresh_token_that_ended_is_told_for_what_it_is() {
    // Protects: a person from looking for the fault in the wrong place.
    let bench = renewing(LinkedIn::default());
    bench.fake.with(|platform| platform.allow_refresh(&format!("RT-{MARK}"), START_US));
    let error = bench.open().check().unwrap_err();
    assert_eq!(error.code, Code::Auth);
    assert!(error.message.contains("consent again"), "{error}");
}

#[test]
fn refusals_say_what_to_do() {
    // Protects: a version that is no longer served, a member who may only look, another currency, a group at rest.
    let error = |platform: LinkedIn, change: &dyn Fn(&mut Value)| {
        let mut bench = bench(platform);
        change(&mut bench.config);
        bench.open().check().unwrap_err()
    };
    let old = error(LinkedIn::default(), &|config| config["linkedin"]["version"] = json!("202506"));
    assert_eq!((old.code, old.field.as_str()), (Code::BadConfig, "/linkedin/version"));
    assert!(old.message.contains("does not serve version 202506"), "{old}");
    let viewer = error(with!(LinkedIn::default(), role: "VIEWER".to_owned()), &|_| {});
    assert_eq!(viewer.code, Code::Auth);
    assert!(viewer.message.contains("CAMPAIGN_MANAGER"), "{viewer}");
    let kroner = error(with!(LinkedIn::default(), currency: "NOK".to_owned()), &|_| {});
    assert_eq!((kroner.code, kroner.field.as_str()), (Code::BadConfig, "/currency"));
    let group = error(with!(LinkedIn::default(), group_status: "PAUSED".to_owned()), &|_| {});
    assert_eq!(group.field, "/linkedin/campaign_group");
    let no_role = error(LinkedIn::default(), &|config| config["account"] = json!("77777"));
    assert!(no_role.message.contains("no role on account 77777"), "{no_role}");
}

#[test]
fn days_of_another_timezone_are_accepted_knowingly_or_not_at_all() {
    // Protects: figures of UTC days under the company's dates without anybody's knowing.
    let mut bench = bench(LinkedIn::default());
    bench.config["timezone"] = json!("Europe/Oslo");
    let error = Driver::<Social>::open(&bench.host, &bench.config).unwrap_err();
    assert_eq!((error.code, error.field.as_str()), (Code::BadConfig, "/accept_timezone"));
    assert!(error.message.contains("begin 1 h after the company's"), "{error}");
    bench.config["accept_timezone"] = json!(true);
    // Half an hour into the company's first day, UTC's has not begun: nothing is spent that no day would be told of.
    bench.host.set_now_us(START_US - 1_800_000_000);
    let mut channel = bench.open();
    channel.apply(&bench.launch("product", 2_500)).unwrap();
    let made = bench.fake.logged("POST", "/adCampaigns")[0].request.json();
    assert_eq!(made["runSchedule"]["start"], START_US / 1_000);
    let before = jiff::civil::date(2026, 10, 31);
    let figures = bench.fake.with(|platform| platform.truth("509", PRODUCT, &[before], START_US));
    assert!(figures[0].is_empty(), "{figures:?}");
    let mut request = request(30);
    request.timezone = "Europe/Oslo".to_owned();
    request.from_us -= 3_600_000_000;
    bench.set_day(2, 1);
    let observed = channel.observe(&request).unwrap();
    let starts: Vec<i64> = observed.rows.period_start_us().to_vec();
    assert!(
        !starts.is_empty() && starts.iter().all(|start| (start + 3_600_000_000 - START_US) % DAY_US == 0)
    );
}

#[test]
fn the_daily_quota_is_waited_out_until_midnight_in_utc() {
    // Protects: a quota of the day from being asked again every second.
    let bench = bench(with!(LinkedIn::default(), quota: 1));
    bench.set_day(0, 21);
    let error = bench.open().check().unwrap_err();
    assert_eq!((error.code, error.retry_after_ms), (Code::RateLimited, Some(3 * 3_600_000)));
    assert_eq!(bench.fake.log().len(), 2, "the refused call was not repeated");
}

#[test]
fn silence_is_a_zero_only_where_reports_can_be_read() {
    // Protects: days called known to be empty that the token may not read, or that were not shown for a review.
    let bench = bench(with!(LinkedIn::default(), may_report: false));
    let mut channel = bench.open();
    bench.set_day(3, 12);
    let before = channel.observe(&request(30)).unwrap();
    assert_eq!(
        before.after.fresh_until_us,
        START_US + 3 * DAY_US,
        "without a campaign nothing can have happened"
    );
    channel.apply(&bench.launch("product", 2_500)).unwrap();
    bench.set_day(6, 12);
    let silent = channel.observe(&request(30)).unwrap();
    assert!(silent.rows.is_empty());
    assert_eq!(silent.after.fresh_until_us, START_US + 3 * DAY_US, "known until the day it was made");
    assert!(bench.host.log_lines().iter().any(|(_, line)| line.contains("may not read reports")));
    bench.fake.with(|platform| platform.may_report = true);
    let told = channel.observe(&request(30)).unwrap();
    assert_eq!(told.after.fresh_until_us, START_US + 6 * DAY_US);
    assert!(row(&told, 7, 3, 1).is_some() && row(&told, 7, 2, 1).is_none() && row(&told, 8, 4, 1).is_none());
}

#[test]
fn a_restated_day_replaces_what_was_told() {
    // Protects: spend and leads that change after the day.
    let mut platform = LinkedIn::default();
    platform.truths.insert("product".to_owned(), Truth { per_goal_minor: 500, ..Truth::default() });
    let bench = bench(platform);
    let mut channel = bench.open();
    channel.apply(&bench.launch("product", 10_000)).unwrap();
    bench.set_day(1, 1);
    let early = channel.observe(&request(30)).unwrap();
    assert_eq!(row(&early, 7, 0, 1).unwrap().sum, 10_500.0, "105 % at first");
    assert_eq!(row(&early, 7, 0, 2).unwrap().count, 10);
    bench.set_day(5, 0);
    let late = channel.observe(&request(30)).unwrap();
    assert_eq!(row(&late, 7, 0, 1).unwrap().sum, 10_000.0);
    assert_eq!(row(&late, 7, 0, 2).unwrap().count, 20);
}

#[test]
fn a_creative_in_review_spends_nothing_and_is_told() {
    // Protects: "launched" from being read as "shown".
    let bench = bench(with!(LinkedIn::default(), review_us: 2 * DAY_US));
    let mut channel = bench.open();
    channel.apply(&bench.launch("product", 10_000)).unwrap();
    assert!(bench.host.log_lines().iter().any(|(_, line)| line.contains("review is PENDING")));
    bench.set_day(4, 0);
    let observed = channel.observe(&request(30)).unwrap();
    // No row of the platform's for that day: behind the freshness mark that is a day on which nothing was shown.
    assert!(row(&observed, 7, 1, 1).is_some_and(|quiet| (quiet.count, quiet.sum) == (1, 0.0)));
    assert!(row(&observed, 7, 1, 2).is_some_and(|quiet| quiet.count == 0));
    assert!(row(&observed, 7, 2, 1).is_some_and(|shown| shown.sum > 0.0));
}

#[test]
fn long_lists_come_page_by_page_and_long_queries_travel_in_the_body() {
    // Protects: accounts larger than a page, and reports of many campaigns.
    let bench = bench(with!(LinkedIn::default(), page_max: 3));
    let mut channel = bench.open();
    let arms: Vec<String> = (0..120).map(|number| format!("arm-{number}")).collect();
    channel.apply(&bench.launch("arm-0", 2_500)).unwrap();
    // The others a person made, in the same way.
    let made: Vec<Request> = bench.fake.logged("POST", "/rest/").into_iter().map(|one| one.request).collect();
    for (number, arm) in (1_003_u64..).step_by(2).zip(&arms[1..]) {
        for (template, to) in [(&made[0], ""), (&made[1], ""), (&made[2], "/")] {
            let mut request = template.clone();
            let text =
                request.text().replace("arm-0", arm).replace("Campaign:1001", &format!("Campaign:{number}"));
            request.body = text.into_bytes();
            if !to.is_empty() {
                request.path = request.path.replace("1001", &number.to_string());
            }
            let reply = bench.fake.with(|platform| Platform::answer(platform, &request, START_US));
            assert!(reply.status < 300, "{}: {}", request.path, String::from_utf8_lossy(&reply.body));
        }
    }
    assert!(state(&mut channel, "arm-119").exists, "on the last of forty pages");
    bench.set_day(2, 0);
    let mut request = request(30);
    let coded = |(code, name): (u32, &String)| gevinst_sdk::wire::Coded { code, name: name.clone() };
    request.arms = (1..).zip(&arms).map(coded).collect();
    bench.fake.clear_log();
    let observed = channel.observe(&request).unwrap();
    assert_eq!(observed.rows.iter().filter(|row| row.metric == 1).count(), 240);
    let tunnelled = bench.fake.logged("POST", "/rest/adAnalytics");
    assert_eq!(tunnelled.len(), 1);
    assert_eq!(tunnelled[0].request.header("x-http-method-override"), Some("GET"));
}

#[test]
fn a_report_that_may_be_cut_is_refused() {
    // Protects: rows that LinkedIn leaves out without a word. The stand-in cuts where LinkedIn does.
    let bench = bench(LinkedIn::default());
    let mut channel = bench.open();
    channel.apply(&bench.launch("product", 2_500)).unwrap();
    bench.set_day(2, 0);
    let rows: Vec<Value> = (0..15_000).map(|_| json!({})).collect();
    let cut = gevinst_fakes::Reply::json(200, json!({ "elements": rows }));
    bench.fake.fault(Fault::once("GET", "/rest/adAnalytics", What::Instead(cut)));
    let error = channel.observe(&request(30)).unwrap_err();
    assert_eq!(error.code, Code::Unavailable, "{error}");
}

#[test]
fn a_slow_platform_and_one_that_stumbles_are_read_in_the_end() {
    // Protects: reads from one bad moment; they are repeated, writes are not.
    let bench = bench(LinkedIn::default());
    let mut channel = bench.open();
    bench.fake.fault(Fault::once("GET", "/adCampaigns", What::Slow(Duration::from_millis(50))));
    bench.fake.fault(Fault::once("GET", "/adAccounts/509", What::CutAfter));
    let busy = gevinst_fakes::Reply::json(503, json!({ "status": 503, "message": "busy" }));
    bench.fake.fault(Fault::once("GET", "/creatives", What::Instead(busy)));
    assert!(channel.apply(&bench.launch("product", 2_500)).unwrap().applied);
    assert_eq!(writes(&bench), 3);
}

#[test]
fn two_campaigns_of_one_name_are_nobodys_guess() {
    // Protects: a copy that a person made in LinkedIn's own editor from being taken for the arm.
    let bench = bench(LinkedIn::default());
    let mut channel = bench.open();
    channel.apply(&bench.launch("product", 2_500)).unwrap();
    let body = bench.fake.logged("POST", "/adCampaigns")[0].request.clone();
    bench.fake.with(|platform| Platform::answer(platform, &body, START_US));
    // The number is known here; where it is not, nobody can tell which one is meant.
    assert!(state(&mut channel, "product").exists);
    std::fs::remove_dir_all(bench.folder.path().join("social")).unwrap();
    let query = gevinst_sdk::wire::Query { experiment: "headlines".to_owned(), arm: "product".to_owned() };
    let error = bench.open().query(&query).unwrap_err();
    assert!(error.message.contains("both called `gevinst/headlines/product`"), "{error}");
}
