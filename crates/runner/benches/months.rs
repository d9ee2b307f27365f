//! How fast months are rehearsed: four arms, 30 days, the mixture over day noise, rule `balanced`.
//!
//! `cargo bench -p gevinst-runner --bench months` plays 1,000 months on all cores per sample. Figures are in DESIGN.md.

use std::path::Path;
use std::sync::Arc;

use gevinst_experiment::{Company, Experiment, Source, parse_company, parse_experiment};
use gevinst_rehearsal::{Calendar, Grain};
use gevinst_runner::plan::Plan;
use gevinst_runner::rehearse::months;
use gevinst_runner::rehearse::stand_in::{StandIn, stand_ins};

const COMPANY: &str = r#"
currency = "NOK"
timezone = "Europe/Oslo"
[month]
budget = "100 000 NOK"
[channels.native]
plugin = "native-ads"
"#;

fn definition(goals_per_day: f64, extra: &str) -> String {
    let arms: String = ["a", "b", "c", "d"]
        .iter()
        .map(|name| format!("[[arm]]\nname = \"{name}\"\nchannel = \"native\"\ncontrol = {}\n", *name == "a"))
        .collect();
    format!(
        r#"
name = "bench"
month = "2026-11"
hypothesis = "It is fast."
phase = "prospecting"
[goal]
metric = "lead"
[budget]
total = "30 000 NOK"
daily_max = "1 000 NOK"
{arms}
[allocate]
rule = "balanced"
[rehearsal]
goals_per_day = {goals_per_day}
arms = {{ a = 1.0, b = 1.4, c = 1.0, d = 0.8 }}
weekdays = [1.0, 1.1, 1.1, 1.0, 0.8, 0.4, 0.35]
{extra}
"#
    )
}

struct Ready {
    plan: Plan,
    stand_in: StandIn,
    calendar: Arc<Calendar>,
}

fn ready(goals_per_day: f64, extra: &str) -> Ready {
    let company: Company = parse_company(&Source::new("gevinst.toml", COMPANY)).expect("sound").value;
    let text = definition(goals_per_day, extra);
    let experiment: Experiment =
        parse_experiment(&Source::new("bench.toml", text), &company).expect("sound").value;
    let plan = Plan::new(&company, &experiment, None).expect("sound");
    let stand_in = stand_ins(&[(&experiment, Path::new(""))], &[]).remove(0).expect("sound");
    let calendar = Arc::new(Calendar::month("2026-11", "Europe/Oslo", Grain::Day).expect("a month"));
    Ready { plan, stand_in, calendar }
}

fn play(bencher: divan::Bencher<'_, '_>, goals_per_day: f64, extra: &str) {
    let ready = ready(goals_per_day, extra);
    bencher.bench(|| {
        months::play(&ready.plan, &ready.stand_in, &ready.calendar, 1, 1_000, &|| {})
            .expect("months are played")
    });
}

#[divan::bench(args = [8.0, 40.0], sample_count = 5, sample_size = 1)]
fn thousand_months(bencher: divan::Bencher<'_, '_>, goals_per_day: f64) {
    play(bencher, goals_per_day, "day_noise = 0.05");
}

#[divan::bench(args = [8.0, 40.0], sample_count = 5, sample_size = 1)]
fn thousand_months_with_late_goals(bencher: divan::Bencher<'_, '_>, goals_per_day: f64) {
    play(bencher, goals_per_day, "day_noise = 0.05\ndelay = \"2 days\"");
}

fn main() {
    divan::main();
}
