//! Winners of the months before: what to believe of their gains, and what they still bring.
//!
//! A winner's measured gain is too large on average, since it was chosen for it. The gain is drawn towards nothing by what
//! all closed experiments of the ledger together say about how far arms usually differ ([`gevinst_stats::learn`], a model).
//! The tail is the goals of the arm that were first reported more than a day after its last day of spend.

use std::ops::ControlFlow;

use gevinst_experiment::{Month, Source, parse_company, parse_experiment};
use gevinst_ledger::evidence::{ArmStatus, Look};
use gevinst_ledger::{AsOf, ExperimentEntry, Fact, Filter, Kind, Ledger};
use gevinst_stats::learn::{Closed, ClosedArm, Reference, ScalePrior, gains, learn_scale};

use crate::error::Error;
use crate::from_ledger::looks;
use crate::model::{Interval, PastWinner};

/// How many months back winners are told.
const MONTHS: usize = 3;
/// How many winners are told.
const WINNERS: usize = 12;
/// From how many closed experiments, the newest, the spread is learned.
const LEARN_FROM: usize = 200;
const DAY_US: i64 = 86_400_000_000;

/// A closed experiment with its last look.
struct Past {
    entry: ExperimentEntry,
    look: Look,
    closed: Closed,
}

pub(super) fn past(ledger: &Ledger, month: Month) -> Result<Vec<PastWinner>, Error> {
    let mut entries: Vec<ExperimentEntry> = ledger
        .experiments()?
        .into_iter()
        .filter(|entry| entry.closed_at_us.is_some() && entry.month.parse::<Month>().is_ok_and(|m| m < month))
        .collect();
    // The newest month first, within it as launched; months are written so that they sort as text.
    entries.sort_by(|a, b| b.month.cmp(&a.month));
    entries.truncate(LEARN_FROM);
    let mut all = Vec::new();
    for entry in entries {
        if let Some(look) = looks::last(ledger, &entry.name)?.filter(|look| look.arms.len() > 1) {
            let control = control(ledger, &entry.name)?;
            let closed = closed(&look, control);
            all.push(Past { entry, look, closed });
        }
    }
    let tables: Vec<Closed> = all.iter().map(|past| past.closed.clone()).collect();
    // Figures that the statistics refuse (none are known) leave the winners untold, not the month.
    let Ok(scale) = learn_scale(&tables, ScalePrior::default(), 0.95) else { return Ok(Vec::new()) };
    let mut months: Vec<&str> = all.iter().map(|past| past.entry.month.as_str()).collect();
    months.dedup();
    months.truncate(MONTHS);
    let told = months.pop().map(str::to_owned);
    let mut winners = Vec::new();
    for past in all.iter().filter(|past| told.as_ref().is_some_and(|oldest| past.entry.month >= *oldest)) {
        let Some(index) = winner(&past.look).filter(|_| winners.len() < WINNERS) else { continue };
        let reference = past
            .closed
            .control
            .filter(|control| *control != index)
            .map_or(Reference::EvenSplit, Reference::Arm);
        let Ok(believed) = gains(&past.closed, &scale, reference) else { continue };
        let Some(gain) = believed.get(index) else { continue };
        let name = past.look.arms[index].name.clone();
        let (metric, tail) = tail(ledger, &past.entry.name, &name)?;
        winners.push(PastWinner {
            month: past.entry.month.clone(),
            experiment: past.entry.name.clone(),
            against: match reference {
                Reference::Arm(arm) => Some(past.look.arms[arm].name.clone()),
                Reference::EvenSplit => None,
            },
            measured: measured(&past.look, index, reference),
            believed: gain.ln_ratio.exp(),
            interval: Interval { lower: gain.credible.0.exp(), upper: gain.credible.1.exp() },
            arm: name,
            tail,
            metric,
        });
    }
    Ok(winners)
}

/// The last arm standing of an experiment that dropped another, or the one that was named.
fn winner(look: &Look) -> Option<usize> {
    let named = look.arms.iter().position(|arm| arm.status == ArmStatus::Winner);
    let mut alive = look.arms.iter().enumerate().filter(|(_, arm)| arm.status.is_alive());
    let last = match (alive.next(), alive.next()) {
        (Some((index, _)), None) => Some(index),
        _ => None,
    };
    named.or_else(|| last.filter(|_| look.arms.iter().any(|arm| arm.status == ArmStatus::Dropped)))
}

fn control(ledger: &Ledger, name: &str) -> Result<Option<usize>, Error> {
    let launched = ledger.launched(name)?;
    Ok(launched.and_then(|launched| launched.arms.iter().position(|arm| arm.control)))
}

/// The sums of a closed experiment. Its day noise, of a pair's logit, is half an arm's, and shrinks with the days.
fn closed(look: &Look, control: Option<usize>) -> Closed {
    let arms =
        look.arms.iter().map(|arm| ClosedArm::Counts { exposure: arm.exposure.max(0.0), goals: arm.goals });
    let noise = look.dispersion.unwrap_or(0.0).clamp(0.0, 3.0) / 2.0;
    Closed {
        arms: arms.collect(),
        control: control.filter(|control| *control < look.arms.len()),
        noise_variance: noise / f64::from(look.look.max(1)),
    }
}

fn measured(look: &Look, index: usize, reference: Reference) -> Option<f64> {
    let ln = |arm: usize| look.arms.get(arm)?.rate.filter(|rate| *rate > 0.0).map(f64::ln);
    let against = match reference {
        Reference::Arm(arm) => ln(arm)?,
        Reference::EvenSplit => {
            let all: Option<f64> = (0..look.arms.len()).map(ln).sum();
            all? / look.arms.len() as f64
        }
    };
    Some((ln(index)? - against).exp())
}

/// The goal's metric, and the goals first reported more than a day after the arm's last day of spend; `None` where
/// nothing was spent or nothing was asked since.
fn tail(ledger: &Ledger, experiment: &str, arm: &str) -> Result<(String, Option<u64>), Error> {
    let metric = ledger.launched(experiment)?.and_then(|launched| {
        let company = parse_company(&Source::new("gevinst.toml", launched.company_toml)).ok()?.value;
        let definition =
            parse_experiment(&Source::new(experiment, launched.definition_toml), &company).ok()?.value;
        Some(definition.goal.metric.as_str().to_owned())
    });
    let Some(metric) = metric else { return Ok((String::new(), None)) };
    let goals = |as_of: AsOf| -> Result<(u64, Option<i64>), Error> {
        let (mut goals, mut last_spend) = (0_u64, None);
        ledger.for_each_observation(experiment, as_of, |_, row| {
            if row.arm == arm && row.metric == metric {
                goals = goals.saturating_add(row.value.count);
            } else if row.arm == arm && row.metric == "spend" && row.value.sum > 0.0 {
                last_spend = last_spend.max(Some(row.period_start_us));
            }
        })?;
        Ok((goals, last_spend))
    };
    let (now, last_spend) = goals(AsOf::Now)?;
    let Some(ended) = last_spend.map(|start| start + 2 * DAY_US) else { return Ok((metric, None)) };
    let mut asked_since = false;
    ledger.for_each_fact(&Filter::of(experiment).kinds(&[Kind::Observed]).newest_first(), |stored| {
        asked_since = matches!(stored.fact, Fact::Observed(_)) && stored.at_us > ended;
        Ok(ControlFlow::Break(()))
    })?;
    if !asked_since {
        return Ok((metric, None));
    }
    let (then, _) = goals(AsOf::Time(ended))?;
    Ok((metric, Some(now.saturating_sub(then))))
}
