//! What the values of a file mean together: from well-formed tables to checked types.
//!
//! Each function judges one table, leaves every mistake that it finds, and returns `None` where nothing sound can be made of
//! it. It goes on judging what it has: one mistake never hides another.

mod arms;
mod budget;
mod company;
mod goal;
mod past_results;
mod rehearsal;

pub(crate) use company::company;

use crate::{
    Allocate, Budget, Company, Decide, Delay, Experiment, Guardrails, Ratio,
    diagnostic::Diagnostic,
    file::definition::{RawAllocate, RawDecide, RawDelay, RawExperiment, RawGuardrails},
    parse::value,
    read::{At, Findings, Number, section::Section},
};

/// Judges a definition.
pub(crate) fn experiment(
    raw: RawExperiment,
    company: &Company,
    findings: &mut Findings<'_>,
) -> Option<Experiment> {
    if raw.hypothesis.is_none() && !raw.head().has("hypothesis") {
        findings.push(
            Diagnostic::warning(raw.head().span.clone(), "the experiment has no hypothesis")
                .label("what is believed, in a sentence that the month can prove wrong")
                .help("add `hypothesis = \"…\"`: a report that proves no belief wrong teaches little"),
        );
    }
    let goal_per = raw.goal.as_ref().and_then(|goal| goal.value.per.as_ref()).map(|per| per.value);
    if let (Some(goal), Some(list)) = (&raw.goal, &raw.arm)
        && let Some(source) = &goal.value.source
    {
        arms::source(source, list, company, findings);
    }
    let goal_kind = raw.goal.as_ref().and_then(|goal| goal.value.kind.as_ref()).map(|kind| kind.value);
    let goal = raw
        .goal
        .and_then(|at| goal::goal(at.value, raw.separation.as_ref().map(|at| at.value), company, findings));
    let budget = raw.budget.as_ref().and_then(|at| budget::budget(&at.value, goal_per, findings));
    let month = value(raw.month);
    if let (Some(budget), Some(month)) = (&budget, month) {
        budget::fits_month(raw.budget.as_ref(), budget, month, company, findings);
    }
    let needs = arms::Needs { kind: value(raw.kind), separation: raw.separation, month };
    let arms = raw.arm.as_ref().and_then(|list| arms::arms(list, &needs, company, findings));
    let cost_limit = raw
        .decide
        .as_ref()
        .and_then(|decide| decide.value.max_cost_per_goal.as_ref())
        .map(|limit| limit.span.clone());
    if let Some(decide) = &raw.decide {
        goal::return_fits(&decide.value, goal_kind, budget.as_ref(), findings);
    }
    let decide = raw.decide.and_then(|at| decide(at.value, findings));
    let arm_count = raw.arm.as_ref().map(|list| list.value.0.len());
    let allocate = raw.allocate.and_then(|at| allocate(at.value, arm_count, raw.arm.as_ref(), findings));
    let amplify_written = raw.amplify.is_some();
    let amplify = raw.amplify.and_then(|at| budget::amplify(at.value, budget.as_ref(), company, findings));
    let guardrails = raw.guardrails.and_then(|at| guardrails(at.value, findings));
    let delay = raw.delay.and_then(|at| delay(at.value, findings));
    let rehearsal_written = raw.rehearsal.is_some();
    let names = raw.arm.as_ref().map(arms::names);
    let rehearsal = raw.rehearsal.and_then(|at| {
        let surroundings = rehearsal::Surroundings {
            arms: names.as_deref(),
            per: goal_per,
            kind: goal_kind,
            budget: budget.as_ref(),
            delay: delay.as_ref(),
        };
        rehearsal::rehearsal(at.value, &surroundings, findings)
    });
    if let (Some(Budget::Exposure { .. }), Some(limit)) = (&budget, &cost_limit) {
        findings.push(
            Diagnostic::warning(limit.clone(), "no goal costs anything here")
                .label("the budget is given in exposure, so no money is spent")
                .help("remove `max_cost_per_goal`, or give the budget in money"),
        );
    }
    if (amplify_written && amplify.is_none()) || (rehearsal_written && rehearsal.is_none()) {
        return None;
    }
    Some(Experiment {
        name: value(raw.name)?,
        month: month?,
        hypothesis: value(raw.hypothesis).map(|text| text.0).unwrap_or_default(),
        phase: value(raw.phase)?,
        kind: needs.kind?,
        separation: value(needs.separation)?,
        goal: goal?,
        budget: budget?,
        arms: arms?,
        decide: decide?,
        allocate: allocate?,
        amplify,
        guardrails: guardrails?,
        delay: delay?,
        rehearsal,
    })
}

fn decide(raw: RawDecide, findings: &mut Findings<'_>) -> Option<Decide> {
    for alpha in [&raw.wrongly_drop_best, &raw.wrongly_drop_profitable] {
        within_ratio(
            alpha,
            |r| r > Ratio::ZERO && r < Ratio::percent(50),
            "a chance above 0 and below 0.5, such as 0.05",
            findings,
        );
    }
    for loss in [&raw.tie_within, &raw.winner_loss] {
        within_ratio(
            loss,
            |r| r >= Ratio::ZERO && r < Ratio::ONE,
            "a part from 0 % to below 100 %",
            findings,
        );
    }
    within_ratio(
        &raw.winner_chance,
        |r| r >= Ratio::percent(50) && r < Ratio::ONE,
        "a chance from 0.5 to below 1",
        findings,
    );
    within_ratio(
        &raw.stop_for_futility,
        |r| r > Ratio::ZERO && r < Ratio::percent(50),
        "a chance above 0 and below 0.5, such as 2 %",
        findings,
    );
    if let Some(cost) = &raw.max_cost_per_goal {
        budget::above_zero(cost, findings);
    }
    Some(Decide {
        wrongly_drop_best: value(raw.wrongly_drop_best)?,
        max_cost_per_goal: value(raw.max_cost_per_goal),
        min_return: value(raw.min_return).map(|number| number.0),
        wrongly_drop_profitable: value(raw.wrongly_drop_profitable)?,
        tie_within: value(raw.tie_within)?,
        winner_chance: value(raw.winner_chance)?,
        winner_loss: value(raw.winner_loss)?,
        prior: value(raw.prior)?,
        stop_for_futility: value(raw.stop_for_futility),
    })
}

fn allocate(
    raw: RawAllocate,
    arms: Option<usize>,
    list: Option<&At<crate::read::List<crate::file::definition::RawArm>>>,
    findings: &mut Findings<'_>,
) -> Option<Allocate> {
    within_ratio(
        &raw.max_step,
        |r| r > Ratio::ZERO && r <= Ratio::ONE,
        "a part above 0 % and up to 100 %",
        findings,
    );
    let floor_in_range = within_ratio(
        &raw.floor,
        |r| r >= Ratio::ZERO && r <= Ratio::ONE,
        "a part from 0 % to 100 %",
        findings,
    );
    let arms = i64::try_from(arms?.max(1)).ok()?;
    if let Some(floor) = raw.floor.as_ref().filter(|_| floor_in_range)
        && floor.value.nanos() * arms > Ratio::ONE.nanos()
    {
        findings.push(
            Diagnostic::error(
                floor.span.clone(),
                format!(
                    "{arms} arms that keep at least {} each need {} of the budget",
                    floor.value,
                    Ratio::from_nanos(floor.value.nanos() * arms)
                ),
            )
            .label(format!("expected at most {}", Ratio::percent(i32::try_from(100 / arms).ok()?))),
        );
    }
    let floor = value(raw.floor)
        .unwrap_or_else(|| Ratio::percent(5).min(Ratio::from_nanos(Ratio::ONE.nanos() / (2 * arms))));
    if let Some(list) = list.filter(|_| floor_in_range) {
        arms::shares_reach_floor(&list.value, floor, findings);
    }
    Some(Allocate { rule: value(raw.rule)?, floor, max_step: value(raw.max_step)? })
}

fn guardrails(raw: RawGuardrails, findings: &mut Findings<'_>) -> Option<Guardrails> {
    for rate in [&raw.unsubscribe_rate, &raw.complaint_rate, &raw.bounce_rate] {
        within_ratio(
            rate,
            |r| r > Ratio::ZERO && r <= Ratio::ONE,
            "a part above 0 % and up to 100 %",
            findings,
        );
    }
    Some(Guardrails {
        unsubscribe_rate: value(raw.unsubscribe_rate),
        complaint_rate: value(raw.complaint_rate),
        bounce_rate: value(raw.bounce_rate),
        hours_to_first_answer: value(raw.hours_to_first_answer).map(|hours| hours.0),
    })
}

fn delay(raw: RawDelay, findings: &mut Findings<'_>) -> Option<Delay> {
    if let (Some(complete), Some(median)) = (&raw.complete_after, &raw.median)
        && median.value > complete.value
    {
        findings.push(
            Diagnostic::error(
                median.span.clone(),
                format!(
                    "half of the goals arrive after {}, but all of them after {}",
                    median.value, complete.value
                ),
            )
            .label(format!("expected at most {}", complete.value))
            .related(complete.span.clone(), "complete here"),
        );
    }
    Some(Delay { complete_after: value(raw.complete_after)?, median: value(raw.median) })
}

/// Whether a number that was written is acceptable; a wrong one leaves a mistake.
fn within(
    at: &Option<At<Number>>,
    accepted: impl Fn(f64) -> bool,
    expected: &str,
    findings: &mut Findings<'_>,
) -> bool {
    let Some(at) = at.as_ref().filter(|at| !accepted(at.value.0)) else { return true };
    findings.push(
        Diagnostic::error(at.span.clone(), format!("{} is out of range", at.value.0))
            .label(format!("expected {expected}")),
    );
    false
}

/// Whether a part that was written is acceptable; a wrong one leaves a mistake. `5` for `5 %` is the most common one.
fn within_ratio(
    at: &Option<At<Ratio>>,
    accepted: impl Fn(Ratio) -> bool,
    expected: &str,
    findings: &mut Findings<'_>,
) -> bool {
    let Some(at) = at.as_ref().filter(|at| !accepted(at.value)) else { return true };
    let diagnostic = Diagnostic::error(at.span.clone(), format!("{} is out of range", at.value))
        .label(format!("expected {expected}"));
    let hundredth = Ratio::from_nanos(at.value.nanos() / 100);
    let bare = findings.text.get(at.span.clone()).is_some_and(|written| !written.contains('%'));
    findings.push(if bare && at.value > Ratio::ONE && accepted(hundredth) {
        diagnostic.help(format!("a bare number is a part of one: for {hundredth} write \"{hundredth}\""))
    } else {
        diagnostic
    });
    false
}
