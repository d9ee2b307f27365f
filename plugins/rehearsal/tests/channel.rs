//! The channel over its C functions: absolute, fenced commands; a platform that outlives the process; rows as asked for.

use std::sync::Arc;

use gevinst_rehearsal::{Calendar, Config, Grain, Market, Model, Rehearsal, journal};
use gevinst_sdk::testing::{Driver, TestHost};
use gevinst_sdk::wire::{self, Coded, Command, Money, ObserveRequest, Query, Set};
use gevinst_sdk::{Code, Observations, Row};
use serde_json::{Value, json};

const DAY_US: i64 = 86_400_000_000;
const START_US: i64 = 1_793_487_600_000_000; // 2026-11-01 in Oslo

fn config() -> Value {
    json!({
        "seed": 4, "timezone": "Europe/Oslo", "currency": "NOK",
        "experiments": {
            "headlines": {
                "month": "2026-11",
                "truth": {
                    "arms": {"problem": 1.3, "product": 1.0}, "per": "spend", "daily_budget": 250_000,
                    "goals_per_day": 20, "delay_us": 3 * DAY_US, "day_noise": 0.1,
                    "restate": {"share": 0.3, "factors": [0.5], "after_us": 4 * DAY_US}
                }
            },
            "list": {
                "month": "2026-11", "goal": "visit",
                "truth": {"arms": {"mens": 0.2, "none": 0.1}, "per": "recipients", "budget_in": "exposure"}
            }
        }
    })
}

fn with(mut config: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    config.pointer_mut(parent).expect("the parent is there")[key] = value;
    config
}

fn command(arm: &str, seq: u64, minor: i64) -> Command {
    let set = Set { daily_budget: Money::new(minor, "NOK"), paused: false, creative: None };
    Command::new("headlines", arm, seq, set, i64::MAX)
}

fn query(arm: &str) -> Query {
    Query { experiment: "headlines".to_owned(), arm: arm.to_owned() }
}

fn request(days: i64, cursor: Option<String>) -> ObserveRequest {
    let coded = |names: &[&str], from: u32| {
        (from..).zip(names).map(|(code, &name)| Coded { code, name: name.to_owned() }).collect()
    };
    ObserveRequest {
        experiment: "headlines".to_owned(),
        arms: coded(&["product", "problem"], 7),
        metrics: coded(&["spend", "lead"], 1),
        grain: wire::Grain::Day,
        timezone: "Europe/Oslo".to_owned(),
        from_us: START_US,
        to_us: START_US + days * DAY_US,
        cursor,
    }
}

fn open(host: &TestHost, config: &Value) -> Driver<Rehearsal> {
    Driver::open(host, config).expect("a good configuration")
}

fn launched(host: &TestHost, config: &Value) -> Driver<Rehearsal> {
    let mut channel = open(host, config);
    for arm in ["product", "problem"] {
        assert!(channel.apply(&command(arm, 1, 125_000)).expect("applied").applied);
    }
    channel
}

fn rows(observations: &Observations) -> Vec<Row> {
    observations.rows.iter().collect()
}

#[test]
fn a_month_through_the_boundary_is_the_month_in_process() {
    // Protects: the same seed gives the same month, whichever way the market is called.
    let host = TestHost::at(START_US);
    let mut channel = launched(&host, &config());
    let typed: Config = serde_json::from_value(config()).unwrap();
    let model = Arc::new(Model::new(&typed.experiments["headlines"].truth).unwrap());
    let calendar = Arc::new(Calendar::month("2026-11", "Europe/Oslo", Grain::Day).unwrap());
    let mut market = Market::new(model, "headlines", 4, calendar);
    for arm in ["product", "problem"] {
        let number = market.model().arm(arm).unwrap();
        market.apply(number, 1, 125_000, false, START_US).unwrap();
    }
    for day in 1..=30 {
        host.set_now_us(START_US + day * DAY_US);
        let through = channel.observe(&request(30, None)).unwrap();
        let mut direct = Vec::new();
        let fresh_us = market.observe(START_US, START_US + 30 * DAY_US, START_US + day * DAY_US, &mut direct);
        assert_eq!(through.after.fresh_until_us, fresh_us);
        let want: Vec<Row> = direct
            .iter()
            .flat_map(|row| {
                // The market's arms are in order of name: `problem` is 0 there and 8 in the request.
                let arm = [8, 7][row.arm as usize];
                let goals = Row {
                    period_start_us: row.start_us,
                    arm,
                    metric: 2,
                    count: row.goals,
                    sum: row.sum,
                    sum_sq: row.sum_sq,
                };
                [Row::amount(row.start_us, arm, 1, row.spend_minor), goals]
            })
            .collect();
        assert_eq!(rows(&through), want);
    }
}

#[test]
fn a_cursor_brings_what_is_new_or_restated_and_nothing_else() {
    // Protects: a ledger that upserts only what the channel sends must end where one that fetches all ends.
    let host = TestHost::at(START_US);
    let mut channel = launched(&host, &config());
    let mut table = std::collections::BTreeMap::new();
    let (mut cursor, mut sent) = (None, 0);
    for day in 1..=45 {
        host.set_now_us(START_US + day * DAY_US);
        let news = channel.observe(&request(30, cursor.take())).unwrap();
        sent += rows(&news).len();
        table.extend(
            rows(&news)
                .into_iter()
                .map(|row| ((row.arm, row.period_start_us, row.metric), format!("{row:?}"))),
        );
        cursor = news.after.cursor;
    }
    let all = channel.observe(&request(30, None)).unwrap();
    let want: std::collections::BTreeMap<_, _> = rows(&all)
        .into_iter()
        .map(|row| ((row.arm, row.period_start_us, row.metric), format!("{row:?}")))
        .collect();
    assert_eq!(table, want);
    assert!(sent < 120 * 14, "{sent} rows sent for {} cells", want.len());
    assert!(rows(&channel.observe(&request(30, cursor)).unwrap()).is_empty(), "nothing new");
}

#[test]
fn commands_are_absolute_and_a_number_that_was_seen_is_ignored() {
    // Protects: money; a command that comes twice counts once, and the receipt tells what is in force.
    let host = TestHost::at(START_US);
    let mut channel = launched(&host, &config());
    let receipt = channel.apply(&command("product", 5, 90_000)).unwrap();
    assert!(receipt.applied && receipt.state.daily_budget == Money::new(90_000, "NOK"));
    for seq in [5, 4, 1] {
        let receipt = channel.apply(&command("product", seq, 1)).unwrap();
        assert!(!receipt.applied && receipt.state.last_seq == 5);
        assert_eq!(receipt.state.daily_budget.minor, 90_000);
    }
    let mut pause = command("product", 6, 90_000);
    pause.set.paused = true;
    assert!(channel.apply(&pause).unwrap().state.paused);
    let state = channel.query(&query("product")).unwrap();
    assert!(state.exists && state.paused && state.last_seq == Some(6));
    assert!(!channel.query(&query("unheard-of")).unwrap().exists);
}

#[test]
fn what_cannot_be_carried_out_is_refused_and_changes_nothing() {
    // Protects: definite refusals, each with the field at fault.
    let host = TestHost::at(START_US);
    let mut channel = launched(&host, &config());
    let mut dollars = command("product", 2, 1_000);
    dollars.set.daily_budget.currency = "USD".to_owned();
    let mut late = command("product", 2, 1_000);
    late.not_after_us = START_US - 1;
    let mut elsewhere = command("product", 2, 1_000);
    elsewhere.experiment = "headline".to_owned();
    for (command, code, field) in [
        (dollars, Code::BadRequest, "/set/daily_budget/currency"),
        (command("product", 2, -1), Code::BadRequest, "/set/daily_budget/minor"),
        (command("produkt", 2, 1), Code::BadRequest, "/arm"),
        (elsewhere, Code::BadRequest, "/experiment"),
        (late, Code::NotApplied, ""),
    ] {
        let error = channel.apply(&command).unwrap_err();
        assert_eq!((error.code, error.field.as_str()), (code, field), "{}", error.message);
    }
    host.set_now_us(START_US - 1);
    assert_eq!(
        channel.apply(&command("product", 2, 1)).unwrap_err().code,
        Code::NotApplied,
        "a clock that went back"
    );
    let state = channel.query(&query("product")).unwrap();
    assert_eq!((state.last_seq, state.daily_budget), (Some(1), Some(Money::new(125_000, "NOK"))));

    let mut odd = request(3, None);
    odd.to_us += 5;
    let mut hours = request(3, None);
    hours.grain = wire::Grain::Hour;
    let mut utc = request(3, None);
    utc.timezone = "UTC".to_owned();
    let mut unknown = request(3, None);
    unknown.arms[1].name = "produkt".to_owned();
    let mut twice = request(3, None);
    twice.arms[1].name = "product".to_owned();
    for (request, field) in [
        (odd, "/to_us"),
        (hours, "/grain"),
        (utc, "/timezone"),
        (unknown, "/arms/1/name"),
        (twice, "/arms/1/name"),
        (request(-1, None), "/to_us"),
        (request(3, Some("yesterday".to_owned())), "/cursor"),
    ] {
        let error = channel.observe(&request).unwrap_err();
        assert_eq!((error.code, error.field.as_str()), (Code::BadRequest, field), "{}", error.message);
    }
}

#[test]
fn a_configuration_that_does_not_fit_is_refused_at_its_field() {
    // Protects: misspelt keys and impossible truths, found before any money moves.
    let host = TestHost::at(START_US);
    for (config, field) in [
        (with(config(), "/sede", json!(1)), ""),
        (with(config(), "/currency", json!("kroner")), "/currency"),
        (with(config(), "/timezone", json!("Europe/Olso")), "/timezone"),
        (with(config(), "/experiments/list/month", json!("2026-13")), "/experiments/list/month"),
        (
            with(config(), "/experiments/headlines/truth/day_noise", json!(-1)),
            "/experiments/headlines/truth/day_noise",
        ),
        (
            with(config(), "/experiments/headlines/truth/arms/problem", json!(-1)),
            "/experiments/headlines/truth/arms/problem",
        ),
        (with(config(), "/state_file", json!("/nowhere/at/all")), "/state_file"),
        (with(config(), "/state_file", json!("/dev/zero")), "/state_file"),
    ] {
        let error = Driver::<Rehearsal>::open(&host, &config).expect_err(field);
        assert_eq!(error.code, Code::BadConfig);
        if !field.is_empty() {
            assert_eq!(error.field, field, "{}", error.message);
        }
    }
}

#[test]
fn people_and_their_goals_are_reported_under_their_names() {
    // Protects: metrics; one that the market knows nothing of has no rows, which is not zero.
    let host = TestHost::at(START_US);
    let mut channel = open(&host, &config());
    for arm in ["mens", "none"] {
        let set = Set { daily_budget: Money::new(700, "XXX"), paused: false, creative: None };
        let receipt = channel.apply(&Command::new("list", arm, 1, set, i64::MAX)).unwrap();
        assert_eq!(receipt.state.daily_budget, Money::new(700, "XXX"));
    }
    host.set_now_us(START_US + DAY_US);
    let mut request = request(1, None);
    request.experiment = "list".to_owned();
    request.arms = vec![Coded { code: 1, name: "mens".to_owned() }];
    request.metrics = (1..)
        .zip(["recipients", "visit", "spend", "unsubscribe"])
        .map(|(code, name)| Coded { code, name: name.to_owned() })
        .collect();
    let found = rows(&channel.observe(&request).unwrap());
    assert_eq!(found.iter().map(|row| row.metric).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(found[0].count, 700);
    assert!((80..=200).contains(&found[1].count), "{}", found[1].count);
    assert_eq!(found[2].sum, 0.0);
}

#[test]
fn hours_are_reported_where_the_experiment_has_them() {
    // Protects: hourly periods through the boundary, 25 of them when the clocks go back.
    let config = with(config(), "/experiments/headlines/grain", json!("hour"));
    let config = with(config, "/experiments/headlines/month", json!("2026-10"));
    let day_us = START_US - 7 * DAY_US - DAY_US / 24; // 25 October
    let host = TestHost::at(day_us);
    let mut channel = launched(&host, &config);
    host.set_now_us(day_us + 2 * DAY_US);
    let mut request = request(1, None);
    (request.grain, request.from_us, request.to_us) = (wire::Grain::Hour, day_us, day_us + DAY_US / 24 * 25);
    let found = rows(&channel.observe(&request).unwrap());
    let spend = |row: &&Row| row.arm == 7 && row.metric == 1;
    assert_eq!(found.iter().filter(spend).count(), 25);
    assert_eq!(found.iter().filter(spend).map(|row| row.sum).sum::<f64>(), 125_000.0);
}

#[test]
fn an_arm_whose_rows_are_used_up_is_told_once() {
    // Protects: the reason why an arm delivers nothing any more.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("past.csv");
    std::fs::write(&file, "arm,visit\nm,1\nm,0\nn,0\nn,1\nn,0\n").unwrap();
    let truth = json!({
        "per": "recipients", "budget_in": "exposure",
        "data": {"file": file, "arm": "arm", "arms": {"product": "m", "problem": "n"}, "exposure": "rows", "goal": "visit"}
    });
    let config = with(config(), "/experiments/headlines/truth", truth);
    let host = TestHost::at(START_US);
    let mut channel = open(&host, &config);
    for (arm, people) in [("product", 2), ("problem", 1)] {
        channel.apply(&command(arm, 1, people)).unwrap();
    }
    for day in 1..=2 {
        host.set_now_us(START_US + day * DAY_US);
        channel.observe(&request(5, None)).unwrap();
    }
    let told: Vec<String> = host.log_lines().into_iter().map(|(_, line)| line).collect();
    assert_eq!(told, ["arm `product` has used up its rows of the data file and delivers no more exposure"]);
}

#[test]
fn a_platform_with_a_state_file_outlives_the_channel_and_counts_what_was_sent() {
    // Protects: crash tests; a restarted runner finds what was commanded, and nothing was sent twice unseen.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("platform.jsonl");
    let config = with(config(), "/state_file", json!(path));
    let host = TestHost::at(START_US);
    let mut first = launched(&host, &config);
    host.set_now_us(START_US + 3 * DAY_US);
    let before = rows(&first.observe(&request(3, None)).unwrap());
    // A second channel on the same platform, while the first is open.
    let mut second = open(&host, &config);
    assert_eq!(second.query(&query("product")).unwrap().last_seq, Some(1));
    second.apply(&command("product", 2, 1_000)).unwrap();
    assert_eq!(first.query(&query("product")).unwrap().last_seq, Some(2));
    assert!(!first.apply(&command("product", 2, 999)).unwrap().applied);
    drop((first, second));
    let mut third = open(&host, &config);
    assert_eq!(rows(&third.observe(&request(3, None)).unwrap()), before);
    assert_eq!(third.query(&query("product")).unwrap().daily_budget, Some(Money::new(1_000, "NOK")));
    let sent: Vec<_> = journal::read(&path)
        .unwrap()
        .into_iter()
        .map(|received| (received.command.key, received.applied))
        .collect();
    let want = [("product/1", true), ("problem/1", true), ("product/2", true), ("product/2", false)];
    assert_eq!(sent, want.map(|(key, applied)| (format!("headlines/{key}"), applied)));
}

#[test]
fn an_answer_that_is_lost_leaves_the_platform_changed() {
    // Protects: the fault that makes an outcome unknown; the platform did act, once.
    let host = TestHost::at(START_US);
    let config = with(config(), "/faults", json!({"answer_lost_after_acting": [2]}));
    let mut channel = launched(&host, &config);
    assert_eq!(channel.apply(&command("product", 2, 5)).unwrap_err().code, Code::UnknownOutcome);
    assert_eq!(channel.query(&query("product")).unwrap().last_seq, Some(2));
    assert!(!channel.apply(&command("product", 2, 5)).unwrap().applied);
}

#[test]
fn the_description_is_that_of_the_channel_and_its_schema_knows_every_key() {
    // Protects: what `gevinst plugin list` shows.
    let description = Driver::<Rehearsal>::describe().unwrap();
    assert_eq!(description.id, "rehearsal");
    let keys: Vec<_> = description.config_schema["properties"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["currency", "experiments", "faults", "seed", "state_file", "timezone"]);
    assert_eq!(description.config_schema["additionalProperties"], json!(false));
}
