//! Money, exposure and goals by local day, from the observations as they are known now.
//!
//! A day has a figure only where the channel reported one: a missing row is not a zero.

use std::collections::BTreeMap;

use gevinst_experiment::{Experiment, Exposure, Zone};
use gevinst_ledger::Observation;
use jiff::civil::Date;

use super::moves::InForce;
use crate::model::{ArmStatus, Day, DayArm, ExperimentReport};

pub(super) fn read(
    definition: &Experiment,
    observations: &[Observation],
    in_force: &BTreeMap<String, Vec<InForce>>,
    zone: &Zone,
) -> Vec<Day> {
    let (goal, per) = (definition.goal.metric.as_str(), definition.goal.per);
    let mut days: BTreeMap<Date, BTreeMap<&str, DayArm>> = BTreeMap::new();
    for seen in observations {
        let Some(date) = zone.date_at(seen.period_start_us) else { continue };
        let arm = days.entry(date).or_default().entry(&seen.arm).or_insert_with(|| empty(&seen.arm));
        let metric = &*seen.metric;
        if metric == "spend" {
            add(&mut arm.spend_minor, whole(seen.value.sum));
        }
        if metric == per.as_str() {
            // Money is summed, everything else is counted.
            let units = if per == Exposure::Spend { seen.value.sum } else { seen.value.count as f64 };
            arm.exposure = Some(arm.exposure.unwrap_or(0.0) + units);
        }
        if metric == goal {
            arm.goals = Some(arm.goals.unwrap_or(0).saturating_add(seen.value.count));
        }
    }
    days.into_iter()
        .map(|(date, mut arms)| {
            let span = zone
                .start_of_day_us(date)
                .zip(date.tomorrow().ok().and_then(|next| zone.start_of_day_us(next)));
            for (name, history) in in_force {
                let Some(span) = span else { continue };
                let mean = InForce::mean(history, span);
                if mean.is_some() || arms.contains_key(name.as_str()) {
                    let arm = arms.entry(name).or_insert_with(|| empty(name));
                    match mean {
                        Some((units, true)) => arm.commanded_minor = Some(units),
                        Some((units, false)) => arm.commanded_exposure = Some(units),
                        None => {}
                    }
                }
            }
            let order = |name: &str| definition.arms.iter().position(|arm| arm.name.as_str() == name);
            let mut arms: Vec<DayArm> = arms.into_values().collect();
            arms.sort_by_key(|arm| order(&arm.arm));
            Day { date, arms }
        })
        .collect()
}

fn empty(arm: &str) -> DayArm {
    DayArm {
        arm: arm.to_owned(),
        spend_minor: None,
        commanded_minor: None,
        commanded_exposure: None,
        exposure: None,
        goals: None,
    }
}

fn add(to: &mut Option<i64>, more: i64) {
    *to = Some(to.unwrap_or(0).saturating_add(more));
}

fn whole(sum: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "the ledger bounds sums to 10^18")]
    let whole = sum.round() as i64;
    whole
}

/// The sums of the days, which stand until a look gives its own.
pub(super) fn sum(x: &mut ExperimentReport) {
    for day in &x.by_day {
        for seen in &day.arms {
            if let Some(arm) = x.arms.iter_mut().find(|arm| arm.name == seen.arm) {
                arm.spend_minor = arm.spend_minor.saturating_add(seen.spend_minor.unwrap_or(0));
                arm.exposure += seen.exposure.unwrap_or(0.0);
                arm.goals = arm.goals.saturating_add(seen.goals.unwrap_or(0));
            }
        }
    }
    x.totals.spend_minor = x.arms.iter().map(|arm| arm.spend_minor).sum();
    x.totals.exposure = x.arms.iter().map(|arm| arm.exposure).sum();
    x.totals.goals = x.arms.iter().map(|arm| arm.goals).sum();
}

/// What the arms that were proven to lose would have got more, had each day's money been split evenly over the arms
/// that were launched by then. Negative when they got more than that. `None` where no arm lost or no money was spent.
pub(super) fn not_spent_on_losers(x: &ExperimentReport, launched_on: &BTreeMap<String, Date>) -> Option<i64> {
    let lost = |name: &str| {
        x.arm(name).is_some_and(|arm| matches!(arm.status, ArmStatus::Dropped | ArmStatus::Unprofitable))
    };
    if x.totals.spend_minor <= 0 || !x.arms.iter().any(|arm| lost(&arm.name)) {
        return None;
    }
    let mut saved = 0_i64;
    for day in &x.by_day {
        let there: Vec<&str> = x
            .arms
            .iter()
            .filter(|arm| launched_on.get(&arm.name).is_some_and(|on| *on <= day.date))
            .map(|arm| arm.name.as_str())
            .collect();
        let total: i64 = day.arms.iter().filter_map(|arm| arm.spend_minor).sum();
        let even = total / i64::try_from(there.len().max(1)).unwrap_or(1);
        for name in there.into_iter().filter(|name| lost(name)) {
            let spent =
                day.arms.iter().find(|arm| arm.arm == name).and_then(|arm| arm.spend_minor).unwrap_or(0);
            saved = saved.saturating_add(even - spent);
        }
    }
    Some(saved)
}

/// Goals above what an even split of each day's money over the launched arms would have brought, at each arm's measured
/// rate over the whole time. An estimate: the rates are those of the money that was spent.
pub(super) fn goals_over_even_split(
    x: &ExperimentReport,
    launched_on: &BTreeMap<String, Date>,
) -> Option<f64> {
    let rate = |name: &str| {
        let arm = x.arm(name)?;
        (arm.spend_minor > 0).then(|| arm.goals as f64 / arm.spend_minor as f64)
    };
    if x.arms.len() < 2 || x.totals.spend_minor <= 0 {
        return None;
    }
    let (mut even, mut actual) = (0.0, 0.0);
    for day in &x.by_day {
        let there: Vec<&str> = x
            .arms
            .iter()
            .filter(|arm| launched_on.get(&arm.name).is_some_and(|on| *on <= day.date))
            .map(|arm| arm.name.as_str())
            .collect();
        let share = 1.0 / there.len().max(1) as f64;
        let total: i64 = day.arms.iter().filter_map(|arm| arm.spend_minor).sum();
        for name in there {
            even += total as f64 * share * rate(name)?;
        }
        for arm in &day.arms {
            actual += arm.spend_minor.unwrap_or(0) as f64 * rate(&arm.arm).unwrap_or(0.0);
        }
    }
    Some(actual - even).filter(|goals| goals.is_finite())
}
