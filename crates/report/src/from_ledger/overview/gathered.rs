//! What is kept of each experiment's rows for the month as a whole.

use std::collections::BTreeMap;

use gevinst_experiment::{Experiment, Zone};
use gevinst_ledger::Observation;
use gevinst_stats::cost_limit::CostCell;
use jiff::civil::Date;

use crate::from_ledger::costs;
use crate::model::ExperimentReport;

/// Metrics that are exposure or guardrails, not activity worth a line of its own.
const NOT_ACTIVITY: [&str; 8] =
    ["spend", "impressions", "clicks", "recipients", "unsubscribe", "complaint", "bounce", ANSWERS];

/// The metric of answer times: its count is leads answered, its sum their hours of waiting.
const ANSWERS: &str = "hours_to_first_answer";

/// What a channel had on a day: spend, goals, and the spend whose goals have arrived for certain.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ChannelDay {
    spend: f64,
    goals: u64,
    arrived: f64,
}

impl ChannelDay {
    pub(super) fn cell(&self) -> CostCell {
        let share = if self.spend > 0.0 { (self.arrived / self.spend).clamp(0.0, 1.0) } else { 1.0 };
        CostCell { spend: self.spend, count: self.goals, complete_at_least: share, complete_at_most: 1.0 }
    }
}

/// Gathered over a month's experiments.
#[derive(Debug, Default)]
pub(in crate::from_ledger) struct Gathered {
    /// By channel and metric, the days.
    pub(super) channels: BTreeMap<(String, String), BTreeMap<Date, ChannelDay>>,
    /// By channel and metric, an arm's spend and goals where days were not read.
    pub(super) arms: BTreeMap<(String, String), Vec<(i64, u64)>>,
    /// Goals by metric and day.
    pub(super) daily: BTreeMap<String, BTreeMap<Date, u64>>,
    /// What was reported beside goals and exposures.
    pub(super) activity: BTreeMap<String, u64>,
    /// Leads answered, and the hours they waited.
    pub(super) answers: Option<(u64, f64)>,
    /// The strictest limit on the hours.
    pub(super) answer_limit: Option<f64>,
}

impl Gathered {
    /// Takes what an experiment's rows say.
    pub(in crate::from_ledger) fn take(
        &mut self,
        x: &ExperimentReport,
        definition: &Experiment,
        observations: &[Observation],
        zone: &Zone,
    ) {
        let metric = definition.goal.metric.as_str();
        if let Some(until) = x.data_until {
            let days = costs::days(definition, observations, zone, until);
            for arm in &x.arms {
                let key = (arm.channel.clone(), metric.to_owned());
                let sums = self.channels.entry(key).or_default();
                for (date, cell) in days.get(arm.name.as_str()).into_iter().flatten() {
                    let day = sums.entry(*date).or_default();
                    day.spend += cell.spend;
                    day.goals = day.goals.saturating_add(cell.count);
                    day.arrived += cell.spend * cell.complete_at_least;
                    let goals = self.daily.entry(metric.to_owned()).or_default().entry(*date).or_default();
                    *goals = goals.saturating_add(cell.count);
                }
            }
        }
        for seen in observations {
            let name = &*seen.metric;
            if name == ANSWERS {
                let (n, hours) = self.answers.get_or_insert_default();
                *n = n.saturating_add(seen.value.count);
                *hours += seen.value.sum;
            } else if name != metric && !NOT_ACTIVITY.contains(&name) {
                let sum = self.activity.entry(name.to_owned()).or_default();
                *sum = sum.saturating_add(seen.value.count);
            }
        }
        if let Some(limit) = definition.guardrails.hours_to_first_answer {
            self.answer_limit = Some(self.answer_limit.map_or(limit, |so_far: f64| so_far.min(limit)));
        }
    }

    /// Takes an experiment whose rows were not read: its arms' sums.
    pub(in crate::from_ledger) fn take_sums(&mut self, x: &ExperimentReport) {
        for arm in &x.arms {
            let key = (arm.channel.clone(), x.goal.metric.clone());
            self.arms.entry(key).or_default().push((arm.spend_minor, arm.goals));
        }
    }
}
