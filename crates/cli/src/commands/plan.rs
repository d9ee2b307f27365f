//! `gevinst plan MONTH`: the month's budget over the experiments that are proposed for it, with the reason for each.
//!
//! It changes no file: budgets are the user's to write.

use std::path::Path;
use std::sync::Arc;

use gevinst_experiment::{Budget, Currency, Experiment, Mistake, Money, Month, Project};
use gevinst_rehearsal::{Calendar, Grain};
use gevinst_runner::plan::Plan;
use gevinst_runner::rehearse::score::Benchmark;
use gevinst_runner::rehearse::stand_in::{StandIn, stand_ins};
use gevinst_stats::plan::{Proposal, Reason, Share, split_budget};
use serde::Serialize;

use super::rehearse::failure;
use crate::args::{Colour, Plan as PlanArgs};
use crate::failure::{Failure, Kind};
use crate::output::{say, write_json};
use crate::project;

/// Fewer goals than this in a month tell nothing (as `check` has it): what an experiment needs at the least.
const GOALS_MIN: f64 = 8.0;

#[derive(Serialize)]
struct Answer {
    schema_version: u32,
    month: String,
    currency: String,
    budget_minor: u64,
    left_over_minor: u64,
    future_months: f64,
    experiments: Vec<Planned>,
    left_out: Vec<LeftOut>,
}

#[derive(Serialize)]
struct Planned {
    name: String,
    asks_minor: u64,
    budget_minor: u64,
    least_minor: u64,
    cost_per_goal_minor: f64,
    value_per_goal_minor: f64,
    /// Value of the goals that the budget buys, minor units.
    goals_value_minor: f64,
    /// Value of knowing the best arm afterwards, minor units.
    learning_value_minor: f64,
    /// What one more unit of money would bring here.
    marginal: Option<f64>,
    /// `full`, `balanced`, `cannot-start` or `better-elsewhere`.
    reason: &'static str,
    sentence: String,
}

#[derive(Serialize)]
struct LeftOut {
    name: String,
    reason: String,
}

pub(crate) fn run(args: &PlanArgs, colour: Colour) -> Result<(), Failure> {
    let month: Month = args.month.parse().map_err(|mistake: Mistake| {
        let failed = Failure::new(Kind::Usage, mistake.message);
        match mistake.help {
            Some(help) => failed.hint(help),
            None => failed,
        }
    })?;
    if !(args.future_months >= 0.0 && args.future_months <= 120.0) {
        return Err(Failure::new(Kind::Usage, "`--future-months` is a number from 0 to 120"));
    }
    let project = project::load(&args.definitions.paths, colour)?;
    let company = &project.company;
    let (proposed, left_out) = proposals(&project, month, args.future_months)?;
    if proposed.is_empty() {
        let reasons: Vec<String> =
            left_out.iter().map(|left| format!("\n`{}`: {}", left.name, left.reason)).collect();
        return Err(Failure::new(
            Kind::Input,
            format!("nothing can be planned for {month}{}", reasons.concat()),
        ));
    }
    let total = company.month_budget.minor().unsigned_abs();
    let per_major = company.currency.minor_per_major().unsigned_abs();
    let only: Vec<Proposal> = proposed.iter().map(|(_, proposal)| *proposal).collect();
    let shares = split_budget(&only, total, 100 * per_major)
        .map_err(|error| Failure::new(Kind::Input, format!("failed to split the month's budget: {error}")))?;
    let planned: Vec<Planned> = proposed
        .iter()
        .zip(&shares)
        .map(|((experiment, proposal), share)| planned(experiment, proposal, share, company.currency))
        .collect();
    let used: u64 = planned.iter().map(|one| one.budget_minor).sum();
    let answer = Answer {
        schema_version: 1,
        month: month.to_string(),
        currency: company.currency.code().to_owned(),
        budget_minor: total,
        left_over_minor: total - used,
        future_months: args.future_months,
        experiments: planned,
        left_out,
    };
    match &args.json {
        Some(target) => write_json(target, &answer),
        None => say(&text(&answer, company.currency)),
    }
}

/// An experiment and what it proposes.
type Proposed<'a> = (&'a Experiment, Proposal);

/// The month's experiments as proposals, and those that cannot be one with the reason.
fn proposals(
    project: &Project,
    month: Month,
    future_months: f64,
) -> Result<(Vec<Proposed<'_>>, Vec<LeftOut>), Failure> {
    let mut left_out = Vec::new();
    let mut parts = Vec::new();
    for located in &project.experiments {
        let experiment = &located.experiment;
        let mut leave = |reason: String| left_out.push(LeftOut { name: experiment.name.to_string(), reason });
        let value = project.company.values.get(&experiment.goal.metric);
        if experiment.month != month {
            leave(format!("it is of {}", experiment.month));
        } else if matches!(experiment.budget, Budget::Exposure { .. }) {
            leave("nothing is paid for its exposures: it needs no share of the money".to_owned());
        } else if experiment.arms.len() < 2 {
            leave("it has one arm: there is nothing to learn".to_owned());
        } else if experiment.rehearsal.is_none() {
            leave("it has no `[rehearsal]`, so nothing says what a goal costs".to_owned());
        } else if let Some(value) = value {
            parts.push((experiment, located.path.parent().unwrap_or(Path::new("")), value.mean));
        } else {
            leave(format!(
                "`[values]` of gevinst.toml does not say what one `{}` is worth",
                experiment.goal.metric
            ));
        }
    }
    let questions: Vec<_> = parts.iter().map(|(experiment, folder, _)| (*experiment, *folder)).collect();
    let mut proposed = Vec::new();
    for ((experiment, _, value), stand_in) in
        parts.iter().zip(stand_ins(&questions, &project::data_folders()))
    {
        let stand_in = stand_in.map_err(|error| failure(&error))?;
        match proposal(project, experiment, &stand_in, *value, future_months)? {
            Ok(proposal) => proposed.push((*experiment, proposal)),
            Err(reason) => left_out.push(LeftOut { name: experiment.name.to_string(), reason }),
        }
    }
    Ok((proposed, left_out))
}

/// What an experiment proposes, or why it cannot.
fn proposal(
    project: &Project,
    experiment: &Experiment,
    stand_in: &StandIn,
    value: Money,
    future_months: f64,
) -> Result<Result<Proposal, String>, Failure> {
    let mut plan = Plan::new(&project.company, experiment, None).map_err(|error| failure(&error))?;
    plan.forget_history();
    let calendar =
        Calendar::month(&experiment.month.to_string(), project.company.timezone.name(), Grain::Day)
            .map_err(|error| Failure::from_error(Kind::Internal, &error))?;
    let calendar = Arc::new(calendar);
    // What a goal costs at an even split is all that the plan takes from the stated truths: which arm is best it may not know.
    let goals = Benchmark::new(&plan, stand_in, &calendar).even_goals;
    if goals <= 0.0 {
        return Ok(Err("no goal is expected in the whole month".to_owned()));
    }
    let asks = experiment.budget.total_units();
    let spend = amount(asks);
    let cost_per_goal = spend / goals;
    let least = up(GOALS_MIN * cost_per_goal);
    if least > asks {
        return Ok(Err(format!(
            "its budget buys about {goals:.1} goals, too few to tell any ratio between its arms"
        )));
    }
    Ok(Ok(Proposal {
        arms: experiment.arms.len(),
        cost_per_goal,
        value_per_goal: amount(value.minor().unsigned_abs()),
        prior_sd: plan.prior.sd,
        day_noise: if plan.dispersion.is_exact() { 0.0 } else { stand_in.truth.day_noise.clamp(0.0, 1.5) },
        days: u32::try_from(plan.periods.len()).unwrap_or(30),
        future_spend: spend * future_months,
        least,
        most: asks,
    }))
}

fn planned(experiment: &Experiment, proposal: &Proposal, share: &Share, currency: Currency) -> Planned {
    let asks = experiment.budget.total_units();
    let money = |minor: u64| Money::new(i64::try_from(minor).unwrap_or(i64::MAX), currency).to_string();
    let reason = match share.reason {
        Reason::Full => "full",
        Reason::Balanced => "balanced",
        Reason::CannotStart => "cannot-start",
        Reason::BetterElsewhere => "better-elsewhere",
    };
    let more = |marginal: f64| format!("one more {} would bring {marginal:.2} here", currency.code());
    let sentence = match share.reason {
        Reason::Full => "all that it asks for".to_owned(),
        Reason::Balanced => {
            let more = share.marginal.map_or_else(|| "another step brings more elsewhere".to_owned(), more);
            format!("as much as pays here; {more}, and more elsewhere or nothing is left")
        }
        Reason::CannotStart => {
            format!("it needs {} for {GOALS_MIN:.0} goals, more than the month has", money(proposal.least))
        }
        Reason::BetterElsewhere => {
            format!("the {} that it needs at the least bring more elsewhere", money(proposal.least))
        }
    };
    Planned {
        name: experiment.name.to_string(),
        asks_minor: asks,
        budget_minor: share.budget,
        least_minor: proposal.least,
        cost_per_goal_minor: proposal.cost_per_goal,
        value_per_goal_minor: proposal.value_per_goal,
        goals_value_minor: share.goals_value,
        learning_value_minor: share.learning_value,
        marginal: share.marginal,
        reason,
        sentence,
    }
}

fn text(answer: &Answer, currency: Currency) -> String {
    let per_major = amount(currency.minor_per_major().unsigned_abs());
    let money = |minor: f64| Money::new(whole((minor / per_major).round() * per_major), currency).to_string();
    let mut text = format!("{}: {} for the month\n", answer.month, money(amount(answer.budget_minor)));
    for one in &answer.experiments {
        text.push_str(&format!(
            "{}: {} of the {} it asks for\n  {}\n",
            one.name,
            money(amount(one.budget_minor)),
            money(amount(one.asks_minor)),
            one.sentence
        ));
        text.push_str(&format!(
            "  a goal costs {} and is worth {}; the budget buys goals worth {}, and knowing the best arm is worth {}\n",
            money(one.cost_per_goal_minor),
            money(one.value_per_goal_minor),
            money(one.goals_value_minor),
            money(one.learning_value_minor)
        ));
        if one.value_per_goal_minor < one.cost_per_goal_minor && one.budget_minor > 0 {
            text.push_str("  its goals cost more than they are worth: it pays only by what is learned\n");
        }
    }
    text.push_str(&format!("left over: {}\n", money(amount(answer.left_over_minor))));
    for left in &answer.left_out {
        text.push_str(&format!("left out: {}: {}\n", left.name, left.reason));
    }
    text.push_str(&format!(
        "Expected gains (model): costs as `[rehearsal]` states them at an even split, values as `[values]` states them, arms apart as the default \
         prior has it, and what is learned used for {} more months of the same spend. Reserves for amplifying are not planned here. No file was changed.",
        answer.future_months
    ));
    text
}

#[expect(clippy::cast_precision_loss, reason = "budgets are far below 2^53")]
fn amount(minor: u64) -> f64 {
    minor as f64
}

#[expect(clippy::cast_possible_truncation, reason = "amounts are far below 2^53")]
fn whole(value: f64) -> i64 {
    value.round() as i64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a positive amount far below 2^53"
)]
fn up(value: f64) -> u64 {
    value.ceil() as u64
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const COMPANY: &str = "currency = \"NOK\"\ntimezone = \"Europe/Oslo\"\n[month]\nbudget = \"BUDGET\"\n[values]\n\
                           lead = { mean = \"1 000 NOK\", spread = \"100 NOK\" }\n[channels.native]\nplugin = \"native-ads\"\n";

    fn definition(name: &str, month: &str, goals_per_day: f64) -> String {
        format!(
            "name = \"{name}\"\nmonth = \"{month}\"\nhypothesis = \"h\"\nphase = \"prospecting\"\nseparation = \"unrandomised\"\n\
             [goal]\nmetric = \"lead\"\nper = \"spend\"\n[budget]\ntotal = \"30 000 NOK\"\ndaily_max = \"1 000 NOK\"\n\
             [[arm]]\nname = \"a\"\nchannel = \"native\"\ncontrol = true\n[[arm]]\nname = \"b\"\nchannel = \"native\"\n\
             [delay]\ncomplete_after = \"1 day\"\n[rehearsal]\ngoals_per_day = {goals_per_day}\narms = {{ a = 1.0, b = 1.0 }}\n"
        )
    }

    fn project(budget: &str, definitions: &[(&str, &str, f64)]) -> Project {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("gevinst.toml"), COMPANY.replace("BUDGET", budget)).unwrap();
        for (name, month, goals) in definitions {
            fs::write(folder.path().join(format!("{name}.toml")), definition(name, month, *goals)).unwrap();
        }
        Project::load(&[folder.path().to_path_buf()]).unwrap()
    }

    #[test]
    fn proposals_say_what_the_definition_says() {
        // Protects the plan's inputs: cost per goal at an even split, what is asked, what is needed, what lies ahead.
        let project = project(
            "60 000 NOK",
            &[("cheap", "2026-11", 4.0), ("later", "2026-12", 4.0), ("tiny", "2026-11", 0.1)],
        );
        let (proposed, left_out) = proposals(&project, "2026-11".parse().unwrap(), 2.0).unwrap();
        let [(experiment, proposal)] = proposed.as_slice() else { panic!("one is proposed") };
        assert_eq!((experiment.name.as_str(), proposal.arms, proposal.days), ("cheap", 2, 30));
        assert!((proposal.cost_per_goal / 25_000.0 - 1.0).abs() < 1e-9, "{}", proposal.cost_per_goal);
        assert_eq!((proposal.most, proposal.least), (3_000_000, 200_000));
        assert_eq!((proposal.value_per_goal, proposal.future_spend), (100_000.0, 6_000_000.0));
        let reasons: Vec<&str> = left_out.iter().map(|left| left.reason.as_str()).collect();
        assert!(reasons[0].contains("2026-12") && reasons[1].contains("about 3.0 goals"), "{reasons:?}");
    }

    fn split(project: &Project, future_months: f64) -> Vec<Planned> {
        let (proposed, _) = proposals(project, "2026-11".parse().unwrap(), future_months).unwrap();
        let only: Vec<Proposal> = proposed.iter().map(|(_, proposal)| *proposal).collect();
        let shares = split_budget(&only, 3_200_000, 10_000).unwrap();
        let each = proposed.iter().zip(&shares);
        each.map(|((of, proposal), share)| planned(of, proposal, share, project.company.currency)).collect()
    }

    #[test]
    fn scarce_money_goes_where_it_brings_most() {
        // Protects the split: without a future only cheap goals count; with one, knowing the best arm of the dearer pays its least.
        let project = project("32 000 NOK", &[("cheap", "2026-11", 4.0), ("dear", "2026-11", 1.0)]);
        let now = split(&project, 0.0);
        assert_eq!((now[0].budget_minor, now[0].reason), (3_000_000, "full"));
        assert_eq!((now[1].budget_minor, now[1].reason), (0, "better-elsewhere"));
        assert!(now[1].sentence.contains("8 000 NOK"), "{}", now[1].sentence);
        // 30 000 NOK buy 120 goals of 1 000 NOK.
        assert!((now[0].goals_value_minor / 12_000_000.0 - 1.0).abs() < 1e-9);
        assert_eq!(now[0].learning_value_minor, 0.0);
        let later = split(&project, 12.0);
        assert_eq!((later[0].budget_minor, later[1].budget_minor), (2_400_000, 800_000));
        assert!(later[1].learning_value_minor > later[1].goals_value_minor);
    }
}
