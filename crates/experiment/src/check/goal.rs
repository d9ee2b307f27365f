//! Judges what is counted, valued or divided, and per what.

use crate::{
    Budget, Company, Exposure, Goal, GoalKind, Separation,
    diagnostic::Diagnostic,
    file::definition::{RawDecide, RawGoal},
    parse::value,
    read::Findings,
    suggest::nearest,
};

/// Judges `[goal]`.
pub(super) fn goal(
    raw: RawGoal,
    separation: Option<Separation>,
    company: &Company,
    findings: &mut Findings<'_>,
) -> Option<Goal> {
    if let (Some(metric), Some(per)) = (&raw.metric, &raw.per) {
        if metric.value.as_str() == per.value.as_str() {
            findings.push(
                Diagnostic::error(metric.span.clone(), format!("`{}` is counted per itself", metric.value))
                    .label("expected something that is gained, such as `lead`"),
            );
        } else if metric.value.as_str() == Exposure::Spend.as_str() {
            findings.push(
                Diagnostic::error(metric.span.clone(), "`spend` is what is paid, and cannot be a goal")
                    .label("expected something that is gained, such as `lead`"),
            );
        }
        let known = || company.values.keys().map(crate::MetricName::as_str);
        let name = metric.value.as_str();
        if !known().any(|value| value == name)
            && let Some(near) = nearest(name, known())
        {
            findings.push(
                Diagnostic::warning(
                    metric.span.clone(),
                    format!("`[values]` in `gevinst.toml` knows no `{name}`"),
                )
                .label(format!("did you mean `{near}`?")),
            );
        }
    }
    kind_fits(&raw, findings);
    cap_fits(&raw, separation, findings);
    history_fits(&raw, separation, findings);
    once_fits(&raw, findings);
    let (kind, per) = (value(raw.kind), value(raw.per));
    let once = value(raw.once).unwrap_or(kind == Some(GoalKind::Count) && per == Some(Exposure::Recipients));
    Some(Goal {
        metric: value(raw.metric)?,
        per: per?,
        kind: kind?,
        cap: value(raw.cap),
        history: value(raw.history),
        once,
        target: value(raw.target).map(|count| count.0),
        source: value(raw.source),
    })
}

fn kind_fits(raw: &RawGoal, findings: &mut Findings<'_>) {
    if let (Some(kind), Some(per)) = (&raw.kind, &raw.per)
        && kind.value == GoalKind::Value
        && per.value == Exposure::Spend
    {
        findings.push(
            Diagnostic::error(kind.span.clone(), "a mean value per spend: spend is no person")
                .label("expected `per = \"recipients\"`, `\"clicks\"` or `\"impressions\"` beside it")
                .help("for what a sum of money brought back, such as revenue over spend, write `kind = \"ratio\"`"),
        );
    }
}

/// Judges `[decide] min_return`, which needs values and money.
pub(super) fn return_fits(
    raw: &RawDecide,
    kind: Option<GoalKind>,
    budget: Option<&Budget>,
    findings: &mut Findings<'_>,
) {
    let Some(least) = &raw.min_return else { return };
    if least.value.0 <= 0.0 || least.value.0 > 1e6 {
        findings.push(
            Diagnostic::error(least.span.clone(), format!("{} is out of range", least.value.0))
                .label("expected a number above 0, such as 2.5"),
        );
    } else if kind == Some(GoalKind::Count) {
        findings.push(
            Diagnostic::error(least.span.clone(), "goals that are only counted bring no money back")
                .label("expected `kind = \"value\"` or `\"ratio\"` in `[goal]`")
                .help("the limit for goals that are counted is `max_cost_per_goal`"),
        );
    } else if matches!(budget, Some(Budget::Exposure { .. })) {
        findings.push(
            Diagnostic::error(least.span.clone(), "nothing is spent that could be brought back")
                .label("the budget is given in exposure")
                .help("remove `min_return`, or give the budget in money"),
        );
    } else if let Some(cost) = &raw.max_cost_per_goal {
        findings.push(
            Diagnostic::error(least.span.clone(), "an arm is held to a return and to a cost per goal")
                .label("expected one of them")
                .related(cost.span.clone(), "the most a goal may cost"),
        );
    }
}

fn cap_fits(raw: &RawGoal, separation: Option<Separation>, findings: &mut Findings<'_>) {
    let Some(cap) = &raw.cap else { return };
    if !super::budget::above_zero(cap, findings) {
        return;
    }
    let of_people = raw.per.as_ref().is_none_or(|per| per.value == Exposure::Recipients);
    let at_random = separation.is_none_or(|separation| separation == Separation::Randomised);
    let diagnostic = match &raw.kind {
        Some(kind) if kind.value != GoalKind::Value => {
            Diagnostic::error(cap.span.clone(), "a cap on values, but no value is judged")
                .label("expected `kind = \"value\"` beside it")
        }
        _ if !of_people || !at_random => Diagnostic::error(
            cap.span.clone(),
            "a cap makes bounds exact only where each person was assigned at random",
        )
        .label("expected `per = \"recipients\"` and `separation = \"randomised\"`")
        .help("leave `cap` out: values are judged without it, by bounds for many of them"),
        _ => return,
    };
    findings.push(diagnostic);
}

fn history_fits(raw: &RawGoal, separation: Option<Separation>, findings: &mut Findings<'_>) {
    let Some(history) = &raw.history else { return };
    let of_people = raw.per.as_ref().is_none_or(|per| per.value == Exposure::Recipients);
    let at_random = separation.is_none_or(|separation| separation == Separation::Randomised);
    let error = |what: &str| Diagnostic::error(history.span.clone(), what);
    let diagnostic = match (&raw.kind, &raw.metric, &raw.cap, &raw.source) {
        (Some(kind), ..) if kind.value != GoalKind::Value => {
            error("what was known before says something of values, and none is judged")
                .label("expected `kind = \"value\"` beside it")
        }
        _ if !of_people || !at_random => {
            error("what was known before is of use only where each person was assigned at random")
                .label("expected `per = \"recipients\"` and `separation = \"randomised\"`")
        }
        (_, Some(metric), ..) if metric.value == history.value => {
            error("the goal itself was not known before").label("expected another metric of the channel")
        }
        (.., Some(cap), _) => {
            error("bounds by a cap are exact for values as they are, not for adjusted ones")
                .label("expected this or a `cap`")
                .related(cap.span.clone(), "the cap")
        }
        (.., Some(source)) => error("the source of the goal cannot know who was drawn with which history")
            .label("expected a goal that the arms' own channel reports")
            .related(source.span.clone(), "the goal's source"),
        _ => return,
    };
    findings.push(diagnostic);
}

fn once_fits(raw: &RawGoal, findings: &mut Findings<'_>) {
    let Some(once) = raw.once.as_ref().filter(|once| once.value) else { return };
    if let Some(kind) = raw.kind.as_ref().filter(|kind| kind.value != GoalKind::Count) {
        findings.push(
            Diagnostic::error(once.span.clone(), format!("`once` says nothing of a `{}`", kind.value))
                .label("expected it with `kind = \"count\"` alone"),
        );
    } else if let Some(per) = raw.per.as_ref().filter(|per| per.value != Exposure::Recipients) {
        findings.push(
            Diagnostic::error(once.span.clone(), format!("nobody can tell persons among {}", per.value))
                .label("expected it with `per = \"recipients\"` alone"),
        );
    }
}
