//! What a goal cost of each arm, as an interval: from the days that were judged, with goals still on their way allowed for.

use std::collections::BTreeMap;

use gevinst_experiment::{Experiment, Zone};
use gevinst_ledger::Observation;
use gevinst_stats::cost_limit::CostCell;
use jiff::civil::Date;

use crate::interval;
use crate::model::{CostPerGoal, ExperimentReport};

/// Fills the intervals of the arms' costs per goal; only arms that cost money have one.
pub(super) fn intervals(
    x: &mut ExperimentReport,
    definition: &Experiment,
    observations: &[Observation],
    zone: &Zone,
) {
    let Some(until) = x.data_until else { return };
    let days = days(definition, observations, zone, until);
    for arm in x.arms.iter_mut().filter(|arm| arm.spend_minor > 0) {
        let Some(days) = days.get(arm.name.as_str()) else { continue };
        let cells: Vec<CostCell> = days.values().copied().collect();
        let (lower, upper) = interval::cost_per_goal(&cells, interval::LEVEL);
        if let Some(cost) = &mut arm.cost_per_goal {
            *cost = CostPerGoal { lower_minor: lower, upper_minor: upper, ..*cost };
        }
    }
}

/// Each arm's days up to `until`, by name.
pub(super) fn days<'a>(
    definition: &Experiment,
    observations: &'a [Observation],
    zone: &Zone,
    until: Date,
) -> BTreeMap<&'a str, BTreeMap<Date, CostCell>> {
    let goal = definition.goal.metric.as_str();
    let mut days: BTreeMap<&str, BTreeMap<Date, (f64, u64)>> = BTreeMap::new();
    for seen in observations {
        let Some(date) = zone.date_at(seen.period_start_us).filter(|date| *date <= until) else { continue };
        let day = days.entry(&seen.arm).or_default().entry(date).or_default();
        if &*seen.metric == "spend" {
            day.0 += seen.value.sum.max(0.0);
        } else if &*seen.metric == goal {
            day.1 = day.1.saturating_add(seen.value.count);
        }
    }
    let end_us = |date: Date| date.tomorrow().ok().and_then(|next| zone.start_of_day_us(next));
    let seen_until_us = end_us(until).unwrap_or(i64::MAX);
    let cell = |(date, (spend, count)): (Date, (f64, u64))| {
        let complete_at_least =
            end_us(date).map_or(0.0, |end| arrived(definition, seen_until_us.saturating_sub(end)));
        (date, CostCell { spend, count, complete_at_least, complete_at_most: 1.0 })
    };
    days.into_iter().map(|(arm, days)| (arm, days.into_iter().map(cell).collect())).collect()
}

/// The least part of a day's goals that has arrived `age_us` after its end, by what the definition states: with a median
/// delay 1 − 2^(−age/median), without one nothing before `complete_after` has passed.
fn arrived(definition: &Experiment, age_us: i64) -> f64 {
    let delay = &definition.delay;
    if age_us >= delay.complete_after.as_micros() {
        return 1.0;
    }
    match delay.median {
        Some(median) if median.is_zero() => 1.0,
        Some(median) => 1.0 - (-(age_us.max(0) as f64) / median.as_micros() as f64).exp2(),
        None => 0.0,
    }
}
