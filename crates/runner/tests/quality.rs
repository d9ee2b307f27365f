//! Checks of the data over whole months of a stand-in market: honest ones are never stopped.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::sync::Arc;

use gevinst_experiment::{Source, parse_company, parse_experiment};
use gevinst_rehearsal::{Calendar, Grain};
use gevinst_runner::engine::Engine;
use gevinst_runner::plan::Plan;
use gevinst_runner::rehearse::month::play_watched;
use gevinst_runner::rehearse::stand_in::stand_ins;

const COMPANY: &str = "currency = \"NOK\"\ntimezone = \"Europe/Oslo\"\n[month]\nbudget = \"90 000 NOK\"\n[channels.m]\nplugin = \"m\"\n";

/// Looks of so many months that were stopped, with the first reason.
fn stopped(text: &str, months: u64) -> (u32, Option<String>) {
    let company = parse_company(&Source::new("gevinst.toml", COMPANY)).unwrap().value;
    let experiment = parse_experiment(&Source::new("x.toml", text), &company).unwrap().value;
    let plan = Plan::new(&company, &experiment, None).unwrap();
    let stand_in = stand_ins(&[(&experiment, Path::new(""))], &[]).remove(0).unwrap();
    let calendar = Arc::new(Calendar::month("2026-11", "Europe/Oslo", Grain::Day).unwrap());
    let (mut stopped, mut first) = (0, None);
    for seed in 1..=months {
        let engine = Engine::for_decisions(&plan).unwrap();
        play_watched(&plan, &stand_in, &calendar, seed, engine, &mut |finding| {
            for check in finding.checks.iter().filter(|check| check.stops()) {
                stopped += 1;
                first.get_or_insert_with(|| format!("{}: {}", check.name, check.sentence));
            }
        })
        .unwrap();
    }
    (stopped, first)
}

#[test]
fn honest_months_are_never_stopped() {
    // Protects decisions: budgets that follow the results, days that swing, platforms that lag behind, days that are restated.
    let list = r#"
name = "list"
month = "2026-11"
separation = "randomised"
goal = { metric = "visit", per = "recipients" }
budget = { total_exposure = 60_000, daily_exposure = 2_000 }
arm = [
  { name = "a", channel = "m", control = true }, { name = "b", channel = "m" },
  { name = "c", channel = "m", joins = 2026-11-09 },
]
allocate = { rule = "earn", max_step = "50 %" }
delay = { complete_after = "4 days" }
[rehearsal]
rates = { a = "10 %", b = "13 %", c = "9 %" }
delay = "1 day"
"#;
    assert_eq!(stopped(list, 40), (0, None));
    let ads = r#"
name = "ads"
month = "2026-11"
goal = { metric = "lead", per = "spend" }
budget = { total = "30 000 NOK", daily_max = "1 500 NOK" }
arm = [
  { name = "a", channel = "m", control = true }, { name = "b", channel = "m" }, { name = "c", channel = "m" },
]
allocate = { rule = "earn", max_step = "50 %" }
delay = { complete_after = "4 days" }
[rehearsal]
goals_per_day = 20
arms = { a = 1.0, b = 1.4, c = 0.7 }
weekdays = [1.0, 1.1, 1.1, 1.0, 0.8, 0.4, 0.35]
day_noise = 0.2
delay = "1 day"
restate = { share = "25 %", after = "2 days" }
"#;
    assert_eq!(stopped(ads, 20), (0, None));
}
