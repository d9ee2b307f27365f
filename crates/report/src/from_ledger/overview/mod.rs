//! The month as a whole: gathered while the experiments are read, and summed up afterwards.

mod gathered;
mod market;
mod pace;
mod value;
mod winners;

use std::collections::BTreeMap;

use gevinst_experiment::{Company, Month};
use gevinst_ledger::Ledger;
use gevinst_stats::fdr::e_benjamini_hochberg;
use jiff::Timestamp;

pub(super) use gathered::Gathered;

use crate::error::Error;
use crate::model::{
    AnswerTimes, ArmStatus, ExperimentReport, MetricTotal, Overview, PhaseResult, State, Verdicts,
};

/// The part of the month's verdicts that may be false on average where they are judged together.
const FALSE_SHARE: f64 = 0.05;

/// Sums up what was gathered of a month's experiments.
pub(super) fn sum_up(
    ledger: &Ledger,
    month: Month,
    company: &Company,
    experiments: &[ExperimentReport],
    gathered: &Gathered,
    made_at: Timestamp,
) -> Result<Overview, Error> {
    let launched = experiments.iter().filter(|x| x.state != State::Planned).count();
    let channels = value::channels(company, gathered);
    let activity = metric_totals(gathered.activity.iter().map(|(metric, n)| (metric.as_str(), *n)));
    Ok(Overview {
        pace: pace::pace(month, company, experiments, gathered),
        value: value::value(company, experiments),
        phases: phases(experiments),
        verdicts: verdicts(experiments),
        past_winners: winners::past(ledger, month)?,
        answers: gathered.answers.filter(|(n, _)| *n > 0).map(|(answered, hours)| AnswerTimes {
            answered,
            mean_hours: hours / answered as f64,
            limit_hours: gathered.answer_limit,
        }),
        activity_worth: value::of_activity(company, &activity),
        activity,
        market: market::series(ledger, month, &company.timezone, made_at)?,
        channels,
        launched: u32::try_from(launched).unwrap_or(u32::MAX),
    })
}

fn metric_totals<'a>(counts: impl Iterator<Item = (&'a str, u64)>) -> Vec<MetricTotal> {
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    for (metric, n) in counts {
        let sum = sums.entry(metric).or_default();
        *sum = sum.saturating_add(n);
    }
    sums.into_iter().map(|(metric, count)| MetricTotal { metric: metric.to_owned(), count }).collect()
}

fn phases(experiments: &[ExperimentReport]) -> Vec<PhaseResult> {
    let mut phases: Vec<&str> = experiments.iter().map(|x| x.phase.as_str()).collect();
    // In the order of the customer's journey.
    let journey =
        |phase: &str| ["prospecting", "upselling", "loyalty"].iter().position(|p| *p == phase).unwrap_or(3);
    phases.sort_by(|a, b| journey(a).cmp(&journey(b)).then(a.cmp(b)));
    phases.dedup();
    phases
        .into_iter()
        .map(|phase| {
            let of_it = || experiments.iter().filter(|x| x.phase == phase);
            let n = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
            PhaseResult {
                phase: phase.to_owned(),
                experiments: n(of_it().count()),
                decided: n(of_it().filter(|x| x.outcome.is_decided()).count()),
                spend_minor: of_it().map(|x| x.totals.spend_minor).fold(0, i64::saturating_add),
                goals: metric_totals(of_it().map(|x| (x.goal.metric.as_str(), x.totals.goals))),
            }
        })
        .collect()
}

/// Arms that were dropped, how many of them hold together (e-BH over every arm of the month), and how many experiments may
/// have lost their best arm: each promises its own α.
fn verdicts(experiments: &[ExperimentReport]) -> Verdicts {
    let judged: Vec<&ExperimentReport> =
        experiments.iter().filter(|x| x.looks > 0 && x.arms.len() > 1).collect();
    let arms: Vec<_> = judged.iter().flat_map(|x| &x.arms).collect();
    let ln_e: Vec<f64> = arms.iter().map(|arm| arm.ln_e_drop.unwrap_or(f64::NEG_INFINITY)).collect();
    let dropped = |status| status == ArmStatus::Dropped;
    let hold = e_benjamini_hochberg(&ln_e, FALSE_SHARE).unwrap_or_default();
    let together = arms.iter().zip(hold).filter(|(arm, hold)| *hold && dropped(arm.status)).count();
    let n = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Verdicts {
        judged: n(judged.len()),
        dropped: n(arms.iter().filter(|arm| dropped(arm.status)).count()),
        hold_together: n(together),
        false_at_most: judged.iter().map(|x| x.alpha).sum(),
    }
}
