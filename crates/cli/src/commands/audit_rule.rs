//! `gevinst audit-rule`: what a threshold rule does to the month, beside our own decisions on the same markets.

mod rule_file;

use std::path::Path;
use std::sync::Arc;

use gevinst_experiment::{Currency, Money};
use gevinst_rehearsal::{Calendar, Grain};
use gevinst_runner::audit::{self, Audit, AuditedArm, Played, ThresholdRule};
use gevinst_runner::plan::Plan;
use gevinst_runner::rehearse::months::Mean;
use gevinst_runner::rehearse::stand_in::stand_ins;
use serde::Serialize;

use super::rehearse::{failure, progress};
use crate::args::{AuditRule, Colour};
use crate::failure::{Failure, Kind};
use crate::output::{say, write_json};
use crate::project;

#[derive(Serialize)]
struct Answer {
    schema_version: u32,
    rule: String,
    currency: String,
    experiments: Vec<Found>,
    skipped: Vec<Skipped>,
}

#[derive(Serialize)]
struct Skipped {
    name: String,
    reason: String,
}

#[derive(Serialize)]
struct Found {
    name: String,
    months: u32,
    seed: u64,
    /// What a goal may cost, minor units; none where neither the definition nor the rule says.
    limit_minor: Option<f64>,
    arms: Vec<ArmFound>,
    rule: SideFound,
    own: SideFound,
    /// Expected goals a month.
    wrong_pauses_cost: Option<Estimate>,
}

#[derive(Serialize)]
struct ArmFound {
    name: String,
    true_cost_minor: Option<f64>,
    meets_limit: Option<bool>,
    best: bool,
    stopped_by_rule: Estimate,
    stopped_by_own: Estimate,
}

#[derive(Serialize)]
struct SideFound {
    meets_limit_stopped: Option<Estimate>,
    meets_limit_stopped_for_cost: Option<Estimate>,
    too_dear_kept: Option<Estimate>,
    best_stopped: Estimate,
    goals: Estimate,
    spend_minor: Estimate,
    cost_per_goal_minor: Option<Estimate>,
}

/// A mean over months and its standard error.
#[derive(Serialize, Clone, Copy)]
struct Estimate {
    mean: f64,
    se: f64,
}

impl From<Mean> for Estimate {
    fn from(mean: Mean) -> Self {
        Self { mean: mean.mean, se: mean.se }
    }
}

pub(crate) fn run(args: &AuditRule, colour: Colour) -> Result<(), Failure> {
    let project = project::load(&args.definitions.paths, colour)?;
    let text = std::fs::read_to_string(&args.rule).map_err(|error| {
        Failure::new(Kind::Input, format!("failed to read `{}`: {error}", args.rule.display()))
    })?;
    let rule = rule_file::read(&text, &project.company).map_err(|says| {
        Failure::new(Kind::Input, format!("failed to read the rule `{}`: {says}", args.rule.display()))
    })?;
    let currency = project.company.currency;
    let mut answer = Answer {
        schema_version: 1,
        rule: rule.name.clone(),
        currency: currency.code().to_owned(),
        experiments: Vec::new(),
        skipped: Vec::new(),
    };
    let mut parts = Vec::new();
    for located in &project.experiments {
        let experiment = &located.experiment;
        let mut skip = |reason: &str| {
            answer.skipped.push(Skipped { name: experiment.name.to_string(), reason: reason.to_owned() });
        };
        let mut plan = Plan::new(&project.company, experiment, None).map_err(|error| failure(&error))?;
        plan.forget_history();
        match (&experiment.rehearsal, audit::inapplicable(&plan, &rule)) {
            (None, _) => skip("it has no `[rehearsal]`, so nothing says what might be true"),
            (_, Some(reason)) => skip(reason),
            (Some(rehearsal), None) => {
                let folder = located.path.parent().unwrap_or(Path::new(""));
                parts.push((experiment, folder, plan, args.seed.unwrap_or(rehearsal.seed)));
            }
        }
    }
    if parts.is_empty() {
        let reasons: Vec<String> =
            answer.skipped.iter().map(|skipped| format!("`{}`: {}", skipped.name, skipped.reason)).collect();
        return Err(Failure::new(
            Kind::Input,
            format!("no experiment can be audited\n{}", reasons.join("\n")),
        ));
    }
    let questions: Vec<_> = parts.iter().map(|(experiment, folder, ..)| (*experiment, *folder)).collect();
    let answers = stand_ins(&questions, &project::data_folders());
    let bar = progress(u64::from(args.months) * u64::try_from(parts.len()).unwrap_or(1), "months");
    for ((experiment, _, plan, seed), stand_in) in parts.iter().zip(answers) {
        let stand_in = stand_in.map_err(|error| failure(&error))?;
        let zone = project.company.timezone.name();
        let calendar = Calendar::month(&experiment.month.to_string(), zone, Grain::Day)
            .map_err(|error| Failure::from_error(Kind::Internal, &error))?;
        let tick = || bar.inc(1);
        let found = audit::audit(plan, &rule, &stand_in, &Arc::new(calendar), *seed, args.months, &tick)
            .map_err(|error| failure(&error))?;
        answer.experiments.push(answered(experiment.name.as_str(), *seed, &found));
    }
    bar.finish_and_clear();
    match &args.json {
        Some(target) => write_json(target, &answer),
        None => say(&text_of(&answer, &rule, currency)),
    }
}

fn answered(name: &str, seed: u64, found: &Audit) -> Found {
    let side = |played: &Played| SideFound {
        meets_limit_stopped: played.meets_stopped.map(Into::into),
        meets_limit_stopped_for_cost: played.meets_stopped_as_dear.map(Into::into),
        too_dear_kept: played.dear_kept.map(Into::into),
        best_stopped: played.best_stopped.into(),
        goals: played.goals.into(),
        spend_minor: played.spend_minor.into(),
        cost_per_goal_minor: played.cost_per_goal_minor.map(Into::into),
    };
    let arm = |arm: &AuditedArm| ArmFound {
        name: arm.name.clone(),
        true_cost_minor: arm.true_cost_minor,
        meets_limit: arm.meets_limit,
        best: arm.best,
        stopped_by_rule: arm.rule_stopped.into(),
        stopped_by_own: arm.own_stopped.into(),
    };
    Found {
        name: name.to_owned(),
        months: found.months,
        seed,
        limit_minor: found.limit_minor,
        arms: found.arms.iter().map(arm).collect(),
        rule: side(&found.rule),
        own: side(&found.own),
        wrong_pauses_cost: found.wrong_pauses_cost.map(Into::into),
    }
}

fn text_of(answer: &Answer, rule: &ThresholdRule, currency: Currency) -> String {
    let mut text = String::new();
    for found in &answer.experiments {
        text.push_str(&experiment_text(found, rule, currency));
        text.push('\n');
    }
    for skipped in &answer.skipped {
        text.push_str(&format!("{}: left out: {}\n", skipped.name, skipped.reason));
    }
    text.push_str(
        "± is one standard error over the months played. \"Stopped\" by gevinst includes arms that are proven worse than another arm.",
    );
    text
}

fn experiment_text(found: &Found, rule: &ThresholdRule, currency: Currency) -> String {
    let money = |minor: f64| Money::new(whole(minor), currency).to_string();
    let percent =
        |estimate: &Estimate| format!("{:.1} ± {:.1} %", 100.0 * estimate.mean, 100.0 * estimate.se);
    let goals = |estimate: &Estimate| format!("{:.1} ± {:.1}", estimate.mean, estimate.se);
    // Whole major units: the rest is noise.
    let per_major = float(currency.minor_per_major());
    let rounded = |minor: f64| money((minor / per_major).round() * per_major);
    let paid = |estimate: &Estimate| format!("{} ± {:.0}", rounded(estimate.mean), estimate.se / per_major);
    let optional = |estimate: &Option<Estimate>, write: &dyn Fn(&Estimate) -> String| {
        estimate.as_ref().map_or_else(|| "–".to_owned(), write)
    };
    let limit = found.limit_minor.map_or_else(
        || "without a limit on what a goal may cost".to_owned(),
        |limit| format!("a goal may cost {}", money(limit)),
    );
    let mut rows: Vec<[String; 3]> = Vec::new();
    let mut row = |what: &str, ruled: &str, own: &str| {
        rows.push([what.to_owned(), ruled.to_owned(), own.to_owned()]);
    };
    row("", &format!("rule `{}`", rule.name), "gevinst");
    for arm in &found.arms {
        let cost =
            arm.true_cost_minor.map_or_else(String::new, |cost| format!(", a goal costs {}", rounded(cost)));
        let best = if arm.best { ", the best" } else { "" };
        row(
            &format!("{} stopped{cost}{best}", arm.name),
            &percent(&arm.stopped_by_rule),
            &percent(&arm.stopped_by_own),
        );
    }
    let (ruled, own) = (&found.rule, &found.own);
    row(
        "meets the limit, and stopped for its cost",
        &optional(&ruled.meets_limit_stopped_for_cost, &percent),
        &optional(&own.meets_limit_stopped_for_cost, &percent),
    );
    row(
        "meets the limit, and stopped at all",
        &optional(&ruled.meets_limit_stopped, &percent),
        &optional(&own.meets_limit_stopped, &percent),
    );
    row(
        "does not meet it, and kept to the end",
        &optional(&ruled.too_dear_kept, &percent),
        &optional(&own.too_dear_kept, &percent),
    );
    row("the truly best stopped", &percent(&ruled.best_stopped), &percent(&own.best_stopped));
    row("goals a month", &goals(&ruled.goals), &goals(&own.goals));
    row("spend a month", &paid(&ruled.spend_minor), &paid(&own.spend_minor));
    row(
        "cost per goal",
        &optional(&ruled.cost_per_goal_minor, &paid),
        &optional(&own.cost_per_goal_minor, &paid),
    );
    let mut text = format!("{}: {} months, {limit}\n", found.name, found.months);
    let wide = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (first, second, third) = (wide(0), wide(1), wide(2));
    for [what, ruled, own] in &rows {
        text.push_str(&format!("  {what:<first$}  {ruled:>second$}  {own:>third$}\n"));
    }
    if let Some(lost) = &found.wrong_pauses_cost {
        text.push_str(&format!(
            "  the rule's pauses of arms that meet the limit change the month by {:+.1} ± {:.1} goals\n",
            -lost.mean, lost.se
        ));
    }
    text
}

#[expect(clippy::cast_possible_truncation, reason = "amounts are far below 2^53")]
fn whole(value: f64) -> i64 {
    value.round() as i64
}

#[expect(clippy::cast_precision_loss, reason = "a power of ten")]
fn float(value: i64) -> f64 {
    value as f64
}
