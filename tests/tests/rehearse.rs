//! `gevinst rehearse`: the examples play, the JSON keeps its shape, and the same seed is the same month on every path that a
//! month can be played on.

use std::path::PathBuf;

use gevinst_rehearsal::Faults;
use gevinst_runner::rehearse::month;
use gevinst_tests::market::{self, Played};
use gevinst_tests::{Answer, Place};
use serde_json::Value;

/// Late goals, day noise, restated days, a saturating market, a drifting one, and an arm that joins.
const NOISY: &str = r#"
name = "noisy"
month = "2026-11"
separation = "platform-split"
goal = { metric = "lead", per = "spend" }
budget = { total = "60 000 NOK", daily_max = "2 500 NOK" }
arm = [
  { name = "a", channel = "market", control = true },
  { name = "b", channel = "market" },
  { name = "c", channel = "market", joins = 2026-11-08 },
]
allocate = { rule = "balanced", max_step = "30 %" }
decide = { max_cost_per_goal = "400 NOK", tie_within = "20 %" }
[delay]
complete_after = "10 days"
median = "2 days"
[rehearsal]
seed = 11
goals_per_day = 14
arms = { a = 1.0, b = 2.2, c = 0.4 }
weekdays = [1.0, 1.1, 1.1, 1.0, 0.8, 0.4, 0.35]
day_noise = 0.15
drift = "-20 %"
saturation = 0.2
delay = "2 days"
restate = { share = "25 %", after = "3 days", by = "20 %" }
"#;

/// People of a list, assigned at random: budgets are exposures, and the exact form of the test is used.
const LIST: &str = r#"
name = "list"
month = "2026-11"
separation = "randomised"
goal = { metric = "visit", per = "recipients" }
budget = { total_exposure = 30_000, daily_exposure = 1_000 }
arm = [
  { name = "none", channel = "market", control = true },
  { name = "letter", channel = "market" },
  { name = "card", channel = "market", joins = 2026-11-03 },
]
allocate = { rule = "earn" }
delay = { complete_after = "5 days" }
[rehearsal]
seed = 12
rates = { none = "9 %", letter = "12 %", card = "10 %" }
delay = "1 day"
restate = { share = "10 %", after = "2 days" }
"#;

/// Clicks that are bought at a price, so that budget and exposure are counted in different units.
const CLICKS: &str = r#"
name = "clicks"
month = "2026-10"
separation = "unrandomised"
goal = { metric = "conversion", per = "clicks" }
budget = { total = "31 000 NOK", daily_max = "1 500 NOK" }
arm = [
  { name = "short", channel = "market", control = true },
  { name = "long", channel = "market", share = "40 %" },
]
allocate = { rule = "even" }
delay = { complete_after = "3 days" }
[rehearsal]
seed = 13
rates = { short = "4 %", long = "3 %" }
price = "7.30 NOK"
day_noise = 0.05
"#;

/// The folder of examples that the README's first command plays.
fn examples() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../experiments"))
}

fn three(place: &Place) -> Vec<Played> {
    market::project(place, "autopilot", Faults::default(), &[NOISY, LIST, CLICKS])
}

fn experiment<'a>(report: &'a Value, name: &str) -> &'a Value {
    let experiments = report["experiments"].as_array().expect("a list of experiments");
    experiments.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("`{name}` in {report}"))
}

#[test]
fn the_examples_play_and_leave_a_report_that_opens_offline() {
    // Protects the README's first command, and whoever reads its JSON.
    let place = Place::new();
    let answer =
        place.gevinst(["rehearse".as_ref(), examples().as_os_str(), "--json".as_ref(), "out.json".as_ref()]);
    let answer = answer.done();
    assert!(answer.out.contains("report: report/2026-11.html"), "{}", answer.out);
    assert!(answer.out.lines().all(|line| line.chars().count() <= 80), "80 columns:\n{}", answer.out);
    assert!(!answer.out.contains('\u{1b}'), "no colour into a pipe");

    let left: Vec<PathBuf> = place.contents().into_keys().collect();
    assert_eq!(left, [place.path("out.json"), place.path("report/2026-11.html")], "and nothing else is left");

    let page = place.read("report/2026-11.html");
    assert!(page.contains("<svg"), "plots are drawn in the page");
    for attribute in ["src=\"", "href=\"", "url(", "@import "] {
        for (at, _) in page.match_indices(attribute) {
            let target: String = page[at + attribute.len()..].chars().take(60).collect();
            let inside = target.starts_with('#') || target.starts_with("data:");
            assert!(inside, "`{attribute}{target}`: a page that opens offline loads nothing");
        }
    }
    assert!(!page.contains("<script"), "and runs nothing");

    let report: Value = serde_json::from_str(&place.read("out.json")).unwrap();
    assert_eq!(report["schema_version"], 1);
    let names = [
        "across-channels",
        "welcome-series",
        "audiences",
        "email-split",
        "headlines",
        "reorders",
        "spare-parts",
    ];
    assert_eq!(report["experiments"].as_array().unwrap().len(), names.len());
    for name in names {
        assert!(page.contains(name), "`{name}` is on the page");
        let one = experiment(&report, name);
        holds_what_others_build_on(one, 1);
        let arms = one["arms"].as_array().unwrap();
        let sum = |key: &str| arms.iter().map(|arm| arm[key].as_f64().unwrap()).sum::<f64>();
        assert_eq!(sum("goals"), one["goals_per_month"].as_f64().unwrap(), "{name}");
        assert!((sum("spend") - one["spend_per_month"].as_f64().unwrap()).abs() < 0.005, "{name}");
    }
}

/// The fields, their types and their ranges.
fn holds_what_others_build_on(one: &Value, months: u64) {
    assert_eq!(one["months"], months, "{one}");
    let in_range = |key: &str, low: f64, high: f64| {
        let value = &one[key];
        let inside = value.as_f64().is_some_and(|value| (low..=high).contains(&value));
        assert!(value.is_null() || inside, "{key} is {value}");
        assert!(one.get(key).is_some(), "{key} is there, if only as null");
    };
    in_range("best_dropped", 0.0, 1.0);
    in_range("losers_dropped", 0.0, 1.0);
    in_range("gain_realised", -100.0, 2.0);
    in_range("goals_per_month", 0.0, 1e9);
    in_range("spend_per_month", 0.0, 1e9);
    assert!(
        one["best_dropped"].is_number()
            && one["goals_per_month"].is_number()
            && one["spend_per_month"].is_number()
    );
    if months > 1 {
        assert!(one["arms"].is_null(), "arms are those of a single month");
        return;
    }
    for arm in one["arms"].as_array().expect("a single month has its arms") {
        assert!(arm["name"].is_string() && arm["goals"].is_u64(), "{arm}");
        assert!(arm["exposure"].as_f64().is_some_and(|value| value >= 0.0), "{arm}");
        assert!(arm["spend"].as_f64().is_some_and(|value| value >= 0.0), "{arm}");
        let ended = match arm["status"].as_str().expect("a status is a word") {
            "running" | "winner" => false,
            "dropped" | "tied" | "unprofitable" | "guardrail-breached" | "futile" => true,
            other => panic!("status `{other}`"),
        };
        let day = arm["dropped_on"].as_str();
        assert_eq!(day.is_some(), ended, "who was dropped was dropped on a day: {arm}");
        assert!(day.is_none_or(|day| day.len() == 10 && day.starts_with("2026-11-")), "{arm}");
    }
}

#[test]
fn the_same_seed_gives_the_same_json_and_another_seed_another_month() {
    // Protects replays: a month that somebody saw can be shown to somebody else.
    let place = Place::new();
    three(&place);
    let play = |seed: &str| place.gevinst(["rehearse", "--seed", seed, "--json"]).done();
    let first = play("5");
    assert_eq!(first.out, play("5").out);
    let other = play("6").json();
    let first = first.json();
    for name in ["noisy", "list", "clicks"] {
        assert_ne!(experiment(&first, name)["arms"], experiment(&other, name)["arms"], "{name}");
    }
}

#[test]
fn a_month_is_the_same_through_plugin_and_ledger_in_process_and_on_the_fast_path() {
    // Protects the claim that a thousand rehearsed months are months of the program that spends the money.
    let place = Place::new();
    let played = three(&place);
    let through_plugin = place.gevinst(["rehearse", "--json"]).done().json();
    let in_process = place.gevinst(["rehearse", "--json", "--in-process"]).done().json();
    let mut ended = 0;
    for one in &played {
        let fast = fast_path(one);
        ended += fast.iter().filter(|arm| !arm["dropped_on"].is_null()).count();
        let arms = |report: &Value| experiment(report, one.name())["arms"].clone();
        assert_eq!(arms(&through_plugin), arms(&in_process), "{}", one.name());
        for (slow, fast) in arms(&through_plugin).as_array().unwrap().iter().zip(fast) {
            for (key, value) in fast.as_object().unwrap() {
                assert_eq!(&slow[key], value, "{key} of {}: {slow}", one.name());
            }
        }
        // All figures of the summary follow from the arms and the market's truths.
        assert_eq!(experiment(&through_plugin, one.name()), experiment(&in_process, one.name()));
    }
    assert!(ended > 0, "a month in which nothing is decided would prove little");
}

/// The arms of a month played by the library, in the published shape.
fn fast_path(one: &Played) -> Vec<Value> {
    let outcome = month::play(&one.plan, &one.stand_in, &one.calendar, one.seed).expect("it plays");
    let first = one.plan.experiment.month.first_day();
    one.plan
        .arms
        .iter()
        .zip(outcome.arms)
        .map(|(arm, came)| {
            let ended_on = came.ended_on.map(|day| {
                let days = i64::try_from(day).expect("a day of a month") - 1;
                first.checked_add(jiff::Span::new().days(days)).expect("a date").to_string()
            });
            serde_json::json!({
                "name": arm.name,
                "status": serde_json::to_value(came.status).expect("a word"),
                "exposure": if one.plan.exposure_metric() == "spend" { came.total.exposure / 100.0 } else { came.total.exposure },
                "goals": came.total.goals,
                "spend_minor": came.total.spend_minor,
                "dropped_on": ended_on,
            })
        })
        .collect()
}

#[test]
fn many_months_do_not_depend_on_the_number_of_cores() {
    // Protects replays on other machines: which core played which month must not show.
    let place = Place::new();
    three(&place);
    let play = |threads: &str| {
        let mut command = place.command(["rehearse", "--months", "24", "--json", "out.json"]);
        command.env("RAYON_NUM_THREADS", threads);
        let answer = Answer::of(&mut command).done();
        assert!(answer.out.contains("report: report/rehearsal.html"), "{}", answer.out);
        place.read("out.json")
    };
    let alone = play("1");
    assert_eq!(alone, play("3"));
    let report: Value = serde_json::from_str(&alone).unwrap();
    for name in ["noisy", "list", "clicks"] {
        let one = experiment(&report, name);
        holds_what_others_build_on(one, 24);
        // The arms of every definition differ, so there is always something to lose and something to gain.
        assert!(one["losers_dropped"].is_number() && one["gain_realised"].is_number(), "{one}");
    }
    assert!(place.read("report/rehearsal.html").contains("noisy"));
}

#[test]
fn a_rehearsed_ledger_is_sound_and_every_command_that_reads_one_reads_it() {
    // Protects what comes after: status, report and verification of a month that was rehearsed.
    let place = Place::new();
    three(&place);
    let report = place.gevinst(["rehearse", "--ledger", "played.ledger", "--json", "out.json"]).done();
    assert!(report.out.contains("report: report/2026-10.html"), "every month has its page: {}", report.out);
    assert!(report.out.contains("report: report/2026-11.html"), "{}", report.out);
    let rehearsed: Value = serde_json::from_str(&place.read("out.json")).unwrap();

    let verified = place.gevinst(["ledger", "verify", "--ledger", "played.ledger", "--json"]).done().json();
    assert_eq!((verified["schema_version"].as_u64(), verified["sound"].as_bool()), (Some(1), Some(true)));
    assert!(
        verified["records"].as_u64().unwrap() > 100 && verified["rows"].as_u64().unwrap() > 500,
        "{verified}"
    );

    for (command, month, names) in [
        ("status", "2026-11", ["noisy", "list"].as_slice()),
        ("report", "2026-11", &["noisy", "list"]),
        ("status", "2026-10", &["clicks"]),
    ] {
        let asked = [command, "--ledger", "played.ledger", "--month", month, "--json"];
        let read = place.gevinst(asked).done().json();
        assert_eq!(read["schema_version"], 1);
        for name in names {
            let arms = experiment(&rehearsed, name)["arms"].as_array().unwrap().clone();
            let told = experiment(&read, name);
            for arm in arms {
                let there =
                    told["arms"].as_array().unwrap().iter().find(|there| there["name"] == arm["name"]);
                let there = there.unwrap_or_else(|| panic!("`{}` in {told}", arm["name"]));
                for key in ["status", "goals"] {
                    assert_eq!(there[key], arm[key], "{command}: {key} of {name}: {there}");
                }
            }
        }
    }
    // Another month is neither played into that ledger nor passed off as the one that stands in it.
    let before = place.contents();
    let again = place.gevinst(["rehearse", "--seed", "99", "--ledger", "played.ledger"]).ended_with(3);
    again.complaining_of(&["`played.ledger` is there already", "hint: ", "name a new file"]);
    assert_eq!(place.contents(), before);
}
