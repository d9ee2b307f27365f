//! Meta: one lead reported thrice, four changes of a budget an hour, reports that are halved or prepared, its errors.

use gevinst_fakes::meta::Meta;
use gevinst_fakes::{Fault, Reply, Restating, Truth, What};
use gevinst_sdk::Code;
use gevinst_sdk::wire::Money;
use serde_json::{Value, json};

use crate::bench::{Bench, DAY_US, START_US, command, request, row, state, with};

const PRODUCT: &str = "gevinst/headlines/product";

pub(crate) fn own() -> Value {
    json!({ "platform": "meta", "meta": {
        "version": "v26.0", "campaign": "120", "optimization_goal": "OFFSITE_CONVERSIONS", "access_token": "env:TOKEN",
        "page": "42", "targeting": { "geo_locations": { "countries": ["FI"] } },
        "promoted_object": { "custom_event_type": "LEAD", "pixel_id": "9" },
        "dsa_beneficiary": "Acme Oy", "dsa_payor": "Acme Oy",
    } })
}

/// Days in UTC, so that the account's are the company's.
pub(crate) fn platform() -> Meta {
    with!(Meta::default(), timezone: "UTC".to_owned())
}

pub(crate) fn bench(platform: Meta) -> Bench<Meta> {
    let creative = json!({ "url": "https://acme.example/quotes", "text": "Your quotes take four days." });
    Bench::new(platform, creative, own())
}

fn writes(bench: &Bench<Meta>) -> Vec<String> {
    let posts = bench.fake.logged("POST", "/v26.0/");
    posts
        .iter()
        .filter(|one| !one.request.path.contains("insights"))
        .map(|one| one.request.path.clone())
        .collect()
}

fn failure(status: u16, code: i64, subcode: Option<i64>, message: &str) -> What {
    let error =
        json!({ "message": message, "code": code, "error_subcode": subcode, "type": "OAuthException" });
    What::Instead(Reply::json(status, json!({ "error": error })))
}

#[test]
fn a_launch_shows_something_before_it_runs() {
    // Protects: money spent on an ad set without an ad.
    let bench = bench(platform());
    let mut channel = bench.open();
    channel.check().unwrap();
    assert_eq!(
        bench.fake.with(|platform| platform.count("509", "gevinst/check")),
        0,
        "checked without making one"
    );
    bench.fake.clear_log();
    let receipt = channel.apply(&bench.launch("product", 2_500)).unwrap();
    assert!(receipt.applied);
    let paths = writes(&bench);
    assert_eq!(paths[..2], ["/v26.0/act_509/adsets", "/v26.0/act_509/ads"]);
    assert_eq!(paths.len(), 3);
    let made = &bench.fake.logged("POST", "/adsets")[0].request;
    assert_eq!(made.form_value("status").as_deref(), Some("PAUSED"));
    assert_eq!(made.form_value("targeting").as_deref(), Some(r#"{"geo_locations":{"countries":["FI"]}}"#));
    let standing = bench.fake.with(|platform| platform.standing("509", PRODUCT));
    assert_eq!(standing, Some((2_500, "ACTIVE".to_owned())));
}

#[test]
fn a_lost_answer_leads_to_a_look_and_never_to_a_second_write() {
    // Protects: two ad sets for one arm, two ads in one, and a budget that is set twice.
    for lost in ["billing_event", "adset_id"] {
        let bench = bench(platform());
        bench.fake.fault(Fault::once("POST", "/act_509/ads", What::CutAfter).with_body(lost));
        let error = bench.open().apply(&bench.launch("product", 2_500)).unwrap_err();
        assert_eq!(error.code, Code::UnknownOutcome, "{error}");
        let mut channel = bench.open();
        // With its ad it is there, at rest; without, it was not launched.
        assert_eq!(state(&mut channel, "product").exists, lost == "adset_id");
        let mut again = bench.launch("product", 2_500);
        again.seq = 2;
        assert!(channel.apply(&again).unwrap().applied);
        assert_eq!(bench.fake.with(|platform| platform.count("509", PRODUCT)), 1);
        assert_eq!(bench.fake.with(|platform| platform.ads_of("509", PRODUCT)), 1);
    }
    let bench = bench(platform());
    let mut channel = bench.open();
    channel.apply(&bench.launch("product", 2_500)).unwrap();
    bench.fake.clear_log();
    bench.fake.fault(Fault::once("POST", "/v26.0/1", What::CutAfter));
    assert!(channel.apply(&command("product", 2, 3_000, false)).unwrap().applied, "settled by the look");
    assert_eq!(writes(&bench).len(), 1);
}

#[test]
fn a_lead_that_is_reported_thrice_counts_once() {
    // Protects: cost per lead. The stand-in reports each lead under three types and each purchase under two.
    let mut platform = platform();
    platform.restating = Restating { for_us: 0, ..Restating::default() };
    platform.truths.insert("product".to_owned(), Truth { per_goal_minor: 1_000, ..Truth::default() });
    let bench = bench(platform);
    let mut channel = bench.open();
    channel.apply(&bench.launch("product", 10_000)).unwrap();
    bench.set_day(2, 0);
    let observed = channel.observe(&request(30)).unwrap();
    let day = jiff::civil::date(2026, 11, 1);
    let truth = bench.fake.with(|platform| platform.truth("509", PRODUCT, &[day], START_US + 2 * DAY_US))[0];
    assert_eq!(truth.goals, 10);
    assert_eq!(row(&observed, 7, 0, 2).unwrap().count, 10);
    assert_eq!(row(&observed, 7, 0, 1).unwrap().sum, 10_000.0, "major units on the wire");
    assert_eq!(
        row(&observed, 7, 0, 4).unwrap().count,
        u64::try_from(truth.clicks).unwrap(),
        "clicks on the link"
    );
    assert_eq!(row(&observed, 7, 0, 5).unwrap().sum, truth.value_minor as f64);
}

#[test]
fn a_fifth_change_of_a_budget_within_an_hour_is_not_even_sent() {
    // Protects: the account from refusals, and the runner from not knowing when to come again.
    let bench = bench(platform());
    let mut channel = bench.open();
    channel.apply(&bench.launch("product", 2_500)).unwrap();
    for change in 0..4 {
        bench.host.set_now_us(START_US + change * 600_000_000);
        channel.apply(&command("product", 2 + change.unsigned_abs(), 3_000 + change, false)).unwrap();
    }
    bench.fake.clear_log();
    // Also for the next process.
    let mut channel = bench.open();
    let error = channel.apply(&command("product", 7, 9_000, false)).unwrap_err();
    assert_eq!(error.code, Code::RateLimited, "{error}");
    assert_eq!(error.retry_after_ms, Some(30 * 60_000 + 1));
    assert!(writes(&bench).is_empty());
    assert_eq!(state(&mut channel, "product").daily_budget, Some(Money::new(3_003, "EUR")));
    // A pause is no change of the budget.
    assert!(channel.apply(&command("product", 8, 0, true)).unwrap().applied);
    bench.host.set_now_us(START_US + 3_600_000_000);
    assert!(channel.apply(&command("product", 9, 9_000, false)).unwrap().applied);
}

#[test]
fn a_report_that_is_too_large_is_halved_and_a_long_one_prepared() {
    // Protects: days that would be missing from a large account's report.
    let mut platform = platform();
    platform.report_max = 9;
    platform.restating = Restating { for_us: 0, ..Restating::default() };
    let mut bench = bench(platform);
    let mut channel = bench.open();
    channel.apply(&bench.launch("product", 2_500)).unwrap();
    bench.set_day(30, 0);
    let halved = channel.observe(&request(30)).unwrap();
    assert_eq!(halved.rows.iter().filter(|row| row.metric == 1).count(), 30);
    assert!(bench.fake.logged("GET", "/insights").len() >= 7);

    bench.config["meta"]["async_over_days"] = json!(7);
    bench.fake.with(|platform| (platform.report_max, platform.looks, platform.page_max) = (1_000, 1, 4));
    bench.fake.clear_log();
    let prepared = bench.open().observe(&request(30)).unwrap();
    assert_eq!(bench.fake.logged("POST", "/insights").len(), 1);
    assert!(bench.fake.logged("GET", "/insights").len() >= 8, "page by page");
    let sorted = |observed: &gevinst_sdk::Observations| {
        let mut rows: Vec<String> = observed.rows.iter().map(|row| format!("{row:?}")).collect();
        rows.sort();
        rows
    };
    assert_eq!(sorted(&prepared), sorted(&halved));
}

#[test]
fn documented_errors_are_what_they_are() {
    // Protects: the table of errors: what is repeated, what is waited for, what a person must mend.
    for (what, code, repeated) in [
        (
            failure(400, 80_000, Some(2_446_079), "too many calls from this ad-account"),
            Code::RateLimited,
            false,
        ),
        (
            failure(400, 613, None, "(#613) Calls to this api have exceeded the rate limit"),
            Code::RateLimited,
            false,
        ),
        (
            failure(400, 190, Some(463), "Error validating access token: Session has expired"),
            Code::Auth,
            false,
        ),
        (failure(403, 200, None, "(#200) Requires business_management permission"), Code::Auth, false),
        (failure(400, 100, None, "(#100) Invalid parameter"), Code::BadRequest, false),
        (failure(500, 1, Some(99), "An unknown error occurred"), Code::Unavailable, true),
    ] {
        let bench = bench(platform());
        let mut channel = bench.open();
        channel.apply(&bench.launch("product", 2_500)).unwrap();
        bench.set_day(2, 0);
        bench.fake.clear_log();
        bench.fake.fault(Fault::once("GET", "/insights", what.clone()));
        let answer = channel.observe(&request(30));
        let asked = bench.fake.logged("GET", "/insights").len();
        if repeated {
            assert!(answer.is_ok() && asked == 2, "{answer:?}");
            continue;
        }
        assert_eq!((answer.unwrap_err().code, asked), (code, 1));
        // The same to a write: certain, since the platform said so.
        let refused = match what {
            What::Instead(reply) => Fault::once("POST", "/v26.0/1", What::Instead(reply)),
            _ => unreachable!("all are replies"),
        };
        bench.fake.fault(refused);
        let error = channel.apply(&command("product", 2, 3_000, false)).unwrap_err();
        assert_eq!(error.code, code, "{error}");
        assert_eq!(state(&mut channel, "product").last_seq, Some(1));
    }
    // Unless it says that it does not know itself.
    let bench = bench(platform());
    let mut channel = bench.open();
    channel.apply(&bench.launch("product", 2_500)).unwrap();
    bench.fake.fault(Fault::once(
        "POST",
        "/v26.0/1",
        failure(500, 2, None, "Service temporarily unavailable"),
    ));
    let error = channel.apply(&command("product", 2, 3_000, false)).unwrap_err();
    assert_eq!(error.code, Code::UnknownOutcome, "{error}");
}

#[test]
fn a_campaign_that_shares_its_budget_out_is_refused() {
    // Protects: arms whose budget is not theirs.
    let bench = bench(with!(platform(), campaign_budget: Some(10_000)));
    let error = bench.open().check().unwrap_err();
    assert_eq!((error.code, error.field.as_str()), (Code::BadConfig, "/meta/campaign"));
    assert!(error.message.contains("give the budgets to the ad sets"), "{error}");
}

#[test]
fn what_a_new_ad_set_would_be_like_is_tried_without_making_one() {
    // Protects: a month that fails at its launch for a targeting that Meta does not take.
    let bench = bench(platform());
    bench.fake.fault(Fault::once(
        "POST",
        "/adsets",
        failure(400, 100, Some(1_487_694), "Invalid targeting spec"),
    ));
    let error = bench.open().check().unwrap_err();
    assert_eq!((error.code, error.field.as_str()), (Code::BadConfig, "/meta"));
    assert!(error.message.contains("Invalid targeting spec"), "{error}");
}

#[test]
fn the_accounts_days_are_the_companys_or_accepted() {
    // Protects: figures of an American account's days under a Nordic company's dates.
    let bench = bench(with!(platform(), timezone: "America/Los_Angeles".to_owned()));
    let mut channel = bench.open();
    assert_eq!(channel.check().unwrap_err().field, "/accept_timezone");
    channel.apply(&bench.launch("product", 2_500)).unwrap();
    bench.set_day(3, 0);
    assert_eq!(channel.observe(&request(30)).unwrap_err().field, "/accept_timezone");
}

#[test]
fn a_budget_below_the_accounts_smallest_is_refused_before_it_is_sent() {
    // Protects: a launch that would leave an ad set behind.
    let bench = bench(platform());
    let error = bench.open().apply(&bench.launch("product", 499)).unwrap_err();
    assert_eq!((error.code, error.field.as_str()), (Code::BadRequest, "/set/daily_budget/minor"));
    assert!(error.message.contains("the smallest budget is 500 EUR"), "{error}");
    assert!(writes(&bench).is_empty());
}
