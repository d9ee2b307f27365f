//! HubSpot and Search Console as the source meets them on loopback.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use gevinst_fakes::hubspot::HubSpot;
use gevinst_fakes::search_console::SearchConsole;
use gevinst_fakes::{Fake, Fault, Reply, What};
use gevinst_outcomes::Outcomes;
use gevinst_sdk::testing::{Driver, TestHost};
use gevinst_sdk::wire::{Coded, Grain, ObserveRequest};
use gevinst_sdk::{Code, Error};
use serde_json::{Value, json};

/// 1 November 2026, 00:00 UTC.
const START_US: i64 = 1_793_491_200_000_000;
const DAY_US: i64 = 86_400_000_000;
const TOKEN: &str = "pat-s3cret-token";

fn host() -> TestHost {
    TestHost::at(START_US + 9 * DAY_US).with_secret("env:TOKEN", TOKEN)
}

fn request(arms: &[&str], metrics: &[&str]) -> ObserveRequest {
    let coded = |names: &[&str]| -> Vec<Coded> {
        names.iter().zip(1..).map(|(name, code)| Coded { code, name: (*name).to_owned() }).collect()
    };
    ObserveRequest {
        experiment: "headlines".to_owned(),
        arms: coded(arms),
        metrics: coded(metrics),
        grain: Grain::Day,
        timezone: "UTC".to_owned(),
        from_us: START_US,
        to_us: START_US + 30 * DAY_US,
        cursor: None,
    }
}

fn hubspot_config(fake: &Fake<HubSpot>) -> Value {
    json!({
        "currency": "NOK", "timezone": "UTC",
        "stages": [
            { "name": "lead", "says": ["appointmentscheduled"], "probability": 0.2 },
            { "name": "customer", "says": ["closedwon"] }
        ],
        "hubspot": {
            "base_url": fake.url(), "token": "env:TOKEN", "object": "deals",
            "properties": {
                "id": "hs_object_id", "created": "createdate", "updated": "hs_lastmodifieddate",
                "experiment": ["utm_id"], "arm": "utm_content", "stage": "dealstage", "value": "amount",
                "currency": "deal_currency_code"
            }
        }
    })
}

fn deal(fake: &Fake<HubSpot>, number: Option<usize>, arm: &str, stage: &str, amount: &str) -> usize {
    fake.with(|account| {
        let properties = [
            ("createdate", "2026-11-02T09:00:00.000Z"),
            ("hs_lastmodifieddate", "2026-11-03T09:00:00Z"),
            ("utm_id", "headlines"),
            ("utm_content", arm),
            ("dealstage", stage),
            ("amount", amount),
            ("deal_currency_code", "NOK"),
            ("dealname", "Anna of Acme"),
        ];
        account.put("deals", number, &properties)
    })
}

/// Number and sum of a metric's rows for an arm.
fn sum(source: &mut Driver<Outcomes>, arm: u32, metric: u32) -> (u64, f64) {
    let asked = request(&["product", "problem"], &["lead", "customer", "expected_value", "revenue"]);
    let answer = source.observe(&asked).unwrap();
    assert_eq!(answer.after.fresh_until_us, START_US + 9 * DAY_US);
    let rows = answer.rows.iter().filter(|row| (row.arm, row.metric) == (arm, metric));
    rows.fold((0, 0.0), |(count, sum), row| (count + row.count, sum + row.sum))
}

#[test]
fn every_page_is_read_and_a_deal_that_moves_restates() {
    // Protects: no deal is left out beyond the first page, none is counted twice, and amounts follow their stage.
    let fake = Fake::start(HubSpot::new(TOKEN));
    for number in 0..250 {
        deal(
            &fake,
            None,
            if number % 5 == 0 { "problem" } else { "product" },
            "appointmentscheduled",
            "5000.00",
        );
    }
    let mut source = Driver::<Outcomes>::open(&host(), hubspot_config(&fake)).unwrap();
    source.check().unwrap();
    fake.clear_log();
    assert_eq!(sum(&mut source, 1, 1), (200, 200.0));
    assert_eq!(sum(&mut source, 2, 3), (50, 50.0 * 100_000.0), "a fifth of 5000 kroner each");
    let pages = fake.logged("GET", "/crm/v3/objects/deals");
    assert_eq!(pages.len(), 2 * 3, "three pages each time");
    let first = &pages[0].request;
    assert_eq!(first.query_value("limit").as_deref(), Some("100"));
    let properties = first.query_value("properties").unwrap();
    assert!(properties.contains("dealstage") && !properties.contains("dealname"), "{properties}");

    deal(&fake, Some(0), "problem", "closedwon", "7000.00");
    assert_eq!(sum(&mut source, 2, 2), (1, 1.0));
    assert_eq!(sum(&mut source, 2, 1), (50, 50.0), "a customer is a lead too");
    assert_eq!(sum(&mut source, 2, 3).1, 49.0 * 100_000.0 + 700_000.0);
    assert_eq!(sum(&mut source, 2, 4), (1, 700_000.0), "what was sold, not what may be");
}

#[test]
fn what_goes_wrong_is_told_by_kind_and_without_the_token() {
    // Protects the token, and verdicts from half a CRM.
    let fake = Fake::start(HubSpot::new(TOKEN));
    for _ in 0..150 {
        deal(&fake, None, "product", "appointmentscheduled", "1.00");
    }
    let host = host();
    let mut source = Driver::<Outcomes>::open(&host, hubspot_config(&fake)).unwrap();
    // Repeated after a short refusal.
    fake.fault(Fault::once("GET", "/crm", What::CutBefore));
    assert_eq!(sum(&mut source, 1, 1).0, 150);

    fake.with(|account| account.set_token("another"));
    let asked = request(&["product"], &["lead"]);
    let mut told = Vec::new();
    let error = source.observe(&asked).unwrap_err();
    assert_eq!(error.code, Code::Auth, "{error}");
    told.push(error.to_string());
    assert_eq!(source.check().unwrap_err().code, Code::Auth);
    let unknown = Driver::<Outcomes>::open(&TestHost::at(START_US), hubspot_config(&fake)).unwrap_err();
    assert_eq!(unknown.code, Code::Auth);
    told.extend(host.log_lines().into_iter().map(|(_, line)| line));
    assert!(!told.concat().contains("s3cret"), "{told:?}");

    fake.with(|account| account.set_token(TOKEN));
    deal(&fake, Some(3), "product", "no-such-stage", "1.00");
    source.observe(&asked).unwrap();
    let log = host.log_lines();
    let (_, line) = log.last().unwrap();
    assert!(line.starts_with("left out HubSpot's record 4: column `dealstage`"), "{line}");
    assert!(!log.iter().any(|(_, line)| line.contains("Anna") || line.contains("no-such-stage")), "{log:?}");
}

#[test]
fn a_limited_account_is_waited_for_and_not_read_by_half() {
    // Protects verdicts from the pages that came before a refusal, and HubSpot from being pressed.
    let fake = Fake::start(HubSpot::new(TOKEN));
    for _ in 0..250 {
        deal(&fake, None, "product", "appointmentscheduled", "1.00");
    }
    let limited = |wait: &str| {
        let body = json!({ "status": "error", "message": "You have reached your secondly limit.",
                           "errorType": "RATE_LIMIT", "policyName": "SECONDLY" });
        What::Instead(Reply::json(429, body).header("Retry-After", wait))
    };
    let mut source = Driver::<Outcomes>::open(&host(), hubspot_config(&fake)).unwrap();
    fake.fault(Fault::once("GET", "/crm", limited("1")).after(1));
    let began = std::time::Instant::now();
    let asked = request(&["product"], &["lead"]);
    let counted =
        |observed: &gevinst_sdk::Observations| observed.rows.iter().map(|row| row.count).sum::<u64>();
    assert_eq!(counted(&source.observe(&asked).unwrap()), 250, "each page once");
    assert!(began.elapsed() >= std::time::Duration::from_secs(1));
    assert_eq!(fake.log().len(), 4, "three pages, one of them twice");
    // Longer than a step may wait: nothing is told, and when to come again.
    fake.fault(Fault::always("GET", "/crm", limited("3600")).after(2));
    let error = source.observe(&asked).unwrap_err();
    assert_eq!((error.code, error.retry_after_ms), (Code::RateLimited, Some(3_600_000)), "{error}");
}

#[test]
fn a_config_that_cannot_be_used_is_refused_at_its_key() {
    // Protects a user from a message without a place.
    let fake = Fake::start(HubSpot::new(TOKEN));
    let refused = |change: fn(&mut Value)| -> Error {
        let mut config = hubspot_config(&fake);
        change(&mut config);
        Driver::<Outcomes>::open(&host(), config).unwrap_err()
    };
    for (change, field) in [
        ((|c| c["hubspot"]["object"] = "tickets".into()) as fn(&mut Value), "/hubspot/object"),
        (|c| c["hubspot"]["base_url"] = "http://acme.example".into(), "/hubspot/base_url"),
        (|c| c["timezone"] = "Mars".into(), "/timezone"),
        (|c| c["currency"] = "KRONER".into(), "/currency"),
        (|c| c["bad_rows_max"] = 2.into(), "/bad_rows_max"),
        (|c| c["hubspot"] = Value::Null, ""),
        (|c| c["hubspot"]["propertys"] = 1.into(), "/hubspot/propertys"),
    ] {
        let error = refused(change);
        assert_eq!((error.code, error.field.as_str()), (Code::BadConfig, field), "{error}");
    }
}

#[test]
fn brand_searches_are_asked_for_by_day_and_missing_days_stay_missing() {
    // Protects the market's series: one question, the documented body, no invented zeroes.
    let fake = Fake::start(SearchConsole::new(TOKEN, "sc-domain:acme.example"));
    fake.with(|site| {
        site.set("2026-11-01", "acme", 30, 12);
        site.set("2026-11-01", "acme platform", 5, 4);
        site.set("2026-11-01", "quotes", 900, 1);
        site.set("2026-11-04", "akme", 2, 0);
        site.set("2026-10-31", "acme", 77, 7);
    });
    let config = json!({
        "currency": "NOK", "timezone": "UTC",
        "market": { "search_console": {
            "base_url": fake.url(), "token": "env:TOKEN", "site": "sc-domain:acme.example", "brand": "acme|akme"
        } }
    });
    let mut source = Driver::<Outcomes>::open(&host(), config).unwrap();
    source.check().unwrap();
    fake.clear_log();
    let of_an_arm = request(&["market"], &["brand_searches", "brand_clicks"]);
    assert_eq!(source.observe(&of_an_arm).unwrap().rows.len(), 0, "an arm may be called `market` too");
    let asked = ObserveRequest { experiment: String::new(), ..of_an_arm };
    let answer = source.observe(&asked).unwrap();
    let rows: Vec<_> = answer
        .rows
        .iter()
        .map(|row| ((row.period_start_us - START_US) / DAY_US, row.metric, row.count))
        .collect();
    assert_eq!(rows, [(0, 1, 35), (0, 2, 16), (3, 1, 2), (3, 2, 0)]);
    assert_eq!(answer.after.fresh_until_us, START_US + 4 * DAY_US, "as far as there are days");
    let log = fake.log();
    assert_eq!(log.len(), 1);
    assert_eq!(log[0].request.path, "/webmasters/v3/sites/sc-domain%3Aacme.example/searchAnalytics/query");
    let body = log[0].request.json();
    assert_eq!((&body["startDate"], &body["endDate"]), (&json!("2026-11-01"), &json!("2026-11-09")));
    assert_eq!(body["dimensionFilterGroups"][0]["filters"][0]["operator"], "includingRegex");
}

#[test]
fn tokens_are_renewed_before_they_end_and_after_they_were_refused() {
    // Protects: a series that goes on for longer than the hour of one token, and the secrets that renew it.
    let secrets = ["acme-client", "GOCSPX-s3cret", "1//refresh-s3cret"];
    let fake = Fake::start(SearchConsole::renewing(secrets, "sc-domain:acme.example"));
    fake.with(|site| site.set("2026-11-02", "acme", 30, 12));
    let mut config = json!({
        "currency": "NOK", "timezone": "UTC",
        "market": { "search_console": {
            "base_url": fake.url(), "auth_base_url": fake.url(), "site": "sc-domain:acme.example", "brand": "acme",
            "client_id": "acme-client", "client_secret": "env:CLIENT", "refresh_token": "env:REFRESH"
        } }
    });
    let host = TestHost::at(START_US + 9 * DAY_US)
        .with_secret("env:CLIENT", secrets[1])
        .with_secret("env:REFRESH", secrets[2])
        .with_secret("env:TOKEN", TOKEN);
    fake.clock().set_us(START_US + 9 * DAY_US);
    let mut source = Driver::<Outcomes>::open(&host, config.clone()).unwrap();
    let asked = ObserveRequest { experiment: String::new(), ..request(&["market"], &["brand_searches"]) };
    let mut count = |pause_us: i64, revoked: bool| {
        if revoked {
            fake.with(SearchConsole::revoke);
        }
        fake.clock().advance_us(pause_us);
        host.set_now_us(fake.clock().now_us());
        assert_eq!(source.observe(&asked).unwrap().rows.len(), 1);
        fake.logged("POST", "/token").len()
    };
    assert_eq!((count(0, false), count(0, false)), (1, 1), "one token serves until it ends");
    assert_eq!(count(3_590_000_000, false), 2, "a new one before it ends");
    assert_eq!(count(0, true), 3, "and after it was refused");
    assert_eq!(fake.log().iter().filter(|one| one.status == Some(401)).count(), 1);

    let broken = |change: fn(&mut Value), refresh: &str| {
        let mut config = config.clone();
        change(&mut config["market"]["search_console"]);
        let host = host.clone().with_secret("env:REFRESH", refresh);
        Driver::<Outcomes>::open(&host, config).and_then(|mut source| source.check()).unwrap_err()
    };
    let error = broken(|_| {}, "1//revoked-s3cret");
    assert_eq!(error.code, Code::Auth);
    assert!(error.message.contains("consent again") && !error.message.contains("s3cret"), "{error}");
    for change in
        [(|c| c["token"] = "env:TOKEN".into()) as fn(&mut Value), |c| c["refresh_token"] = Value::Null]
    {
        let error = broken(change, secrets[2]);
        assert_eq!(
            (error.code, error.field.as_str()),
            (Code::BadConfig, "/market/search_console"),
            "{error}"
        );
    }
    config["market"]["search_console"]["auth_base_url"] = "http://acme.example".into();
    let error = Driver::<Outcomes>::open(&host, config).unwrap_err();
    assert_eq!(error.field, "/market/search_console/auth_base_url");
}
