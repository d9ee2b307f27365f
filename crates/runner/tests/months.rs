//! What a prior and futility change over whole months, and what they do not.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::sync::Arc;

use gevinst_experiment::{Source, parse_company, parse_experiment};
use gevinst_ledger::evidence::ArmStatus;
use gevinst_ledger::fact::LearnedPrior;
use gevinst_rehearsal::{Calendar, Grain};
use gevinst_runner::plan::Plan;
use gevinst_runner::rehearse::month::{MonthOutcome, play};
use gevinst_runner::rehearse::stand_in::stand_ins;

const COMPANY: &str = "currency = \"NOK\"\ntimezone = \"Europe/Oslo\"\n[month]\nbudget = \"90 000 NOK\"\n[channels.m]\nplugin = \"m\"\n";

/// Months of three arms, the second of which is `ratio` times as good as the first and the third `third` times.
fn months(ratio: f64, third: f64, decide: &str, sd: Option<f64>, months: u64) -> Vec<MonthOutcome> {
    let text = format!(
        r#"
name = "x"
month = "2026-11"
goal = {{ metric = "lead", per = "spend" }}
budget = {{ total = "30 000 NOK", daily_max = "1 500 NOK" }}
arm = [
  {{ name = "a", channel = "m", control = true }}, {{ name = "b", channel = "m" }}, {{ name = "c", channel = "m" }},
]
[decide]
tie_within = "0 %"
{decide}
[delay]
complete_after = "2 days"
median = "0 days"
[rehearsal]
goals_per_day = 15
arms = {{ a = 1.0, b = {ratio}, c = {third} }}
day_noise = 0.05
"#
    );
    let company = parse_company(&Source::new("gevinst.toml", COMPANY)).unwrap().value;
    let experiment = parse_experiment(&Source::new("x.toml", text), &company).unwrap().value;
    let mut plan = Plan::new(&company, &experiment, None).unwrap();
    plan.believe(sd.map(|ratio_sd| LearnedPrior { ratio_sd, experiments: 8, channel: None, noise: None }))
        .unwrap();
    let stand_in = stand_ins(&[(&experiment, Path::new(""))], &[]).remove(0).unwrap();
    let calendar = Arc::new(Calendar::month("2026-11", "Europe/Oslo", Grain::Day).unwrap());
    (1..=months).map(|seed| play(&plan, &stand_in, &calendar, seed).unwrap()).collect()
}

fn share(outcomes: &[MonthOutcome], is: impl Fn(&MonthOutcome) -> bool) -> f64 {
    let count = u32::try_from(outcomes.iter().filter(|outcome| is(outcome)).count()).unwrap();
    f64::from(count) / f64::from(u32::try_from(outcomes.len()).unwrap())
}

#[test]
fn a_wrong_prior_costs_speed_and_never_validity() {
    // Protects the promise of an experiment from what was learned: the best arm is dropped in at most α of months with any prior.
    let played = 100;
    let bound = 0.05 + 2.0 * (0.05_f64 * 0.95 / f64::from(u32::try_from(played).unwrap())).sqrt();
    let mut proven = Vec::new();
    for sd in [0.1, 0.4, 1.0] {
        let near = months(1.02, 0.99, "", Some(sd), played);
        let wrong = share(&near, |month| month.arms[1].status == ArmStatus::Dropped);
        assert!(wrong <= bound, "sd {sd}: the best arm was dropped in {wrong} of months");
        let far = months(1.6, 1.0, "", Some(sd), 60);
        proven.push(share(&far, |month| month.arms[0].status == ArmStatus::Dropped));
    }
    assert!(
        proven[1] > proven[0] + 0.05,
        "a prior of small differences proves a large one later: {proven:?}"
    );
}

#[test]
fn an_arm_without_a_chance_is_let_go_only_where_that_is_wanted_and_its_rival_is_no_proven_winner() {
    // Protects proof from being claimed where there is none, and experiments from a rule that nobody asked for.
    let off = months(1.4, 0.5, "", None, 40);
    assert!(off.iter().all(|month| month.arms.iter().all(|arm| arm.status != ArmStatus::Futile)));
    let on = months(1.4, 0.5, "stop_for_futility = \"5 %\"", None, 40);
    let let_go = |month: &MonthOutcome, arm: usize| month.arms[arm].status == ArmStatus::Futile;
    assert!(share(&on, |month| let_go(month, 2)) > 0.3, "the hopeless arm goes");
    assert!(share(&on, |month| let_go(month, 1)) < 0.15, "the best one seldom does");
    for month in on.iter().filter(|month| month.arms.iter().any(|arm| arm.status == ArmStatus::Futile)) {
        let ends = month.arms.iter().filter_map(|arm| arm.ended_on).min();
        assert!(ends.is_some_and(|day| day < 30), "{month:?}");
    }
    // It is spent on those that are left.
    let spent =
        |months: &[MonthOutcome]| months.iter().map(|month| month.arms[2].total.spend_minor).sum::<i64>();
    assert!(spent(&on) < spent(&off), "{} {}", spent(&on), spent(&off));
}
