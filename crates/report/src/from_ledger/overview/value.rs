//! What channels brought for their money, and what the month created against all it cost.

use gevinst_experiment::{Company, GoalValue};
use gevinst_stats::special::normal_quantile;

use super::{Gathered, metric_totals};
use crate::interval;
use crate::model::{
    ChannelResult, CostLine, ExperimentReport, GoalWorth, Interval, MetricTotal, State, ValueResult,
};

/// Above so many cells the interval of a cost is worked out from their spread in place of the exact mixture.
const CELLS_MOST: usize = 1_000;

pub(super) fn channels(company: &Company, gathered: &Gathered) -> Vec<ChannelResult> {
    let mut results: Vec<ChannelResult> = Vec::new();
    for ((channel, metric), days) in &gathered.channels {
        let cells: Vec<_> = days.values().map(|day| day.cell()).collect();
        let spend: f64 = cells.iter().map(|cell| cell.spend).sum();
        let goals = cells.iter().map(|cell| cell.count).sum();
        results.push(result(company, channel, metric, spend, goals, |level| {
            interval::cost_per_goal(&cells, level)
        }));
    }
    for ((channel, metric), arms) in &gathered.arms {
        let spend = arms.iter().map(|(spend, _)| *spend as f64).sum();
        let goals = arms.iter().map(|(_, goals)| *goals).sum();
        let found = result(company, channel, metric, spend, goals, |level| {
            interval::cost_of_many(arms, level, CELLS_MOST)
        });
        results.push(found);
    }
    results.retain(|result| result.spend_minor > 0 || result.goals > 0);
    results
}

fn result(
    company: &Company,
    channel: &str,
    metric: &str,
    spend: f64,
    goals: u64,
    bounds: impl Fn(f64) -> (Option<f64>, Option<f64>),
) -> ChannelResult {
    let (lower, upper) = bounds(interval::LEVEL);
    let worth = worth(company, metric);
    let paid = spend > 0.0;
    // Each at half the error, so that both hold together with the stated level.
    let half = 1.0 - (1.0 - interval::LEVEL) / 2.0;
    let value_interval = worth.filter(|_| paid && goals > 0).and_then(|worth| {
        let (least, most) = bounds(half);
        let each = Worth::of(worth).interval(half);
        Some(Interval { lower: each.lower / most?, upper: each.upper / least? })
    });
    #[expect(clippy::cast_possible_truncation, reason = "the ledger bounds sums to 10^18")]
    let spend_minor = spend.round() as i64;
    ChannelResult {
        channel: channel.to_owned(),
        metric: metric.to_owned(),
        spend_minor,
        goals,
        cost_minor: (paid && goals > 0).then(|| spend / goals as f64),
        cost_lower_minor: lower.filter(|_| paid),
        cost_upper_minor: upper.filter(|_| paid),
        value_per_unit: worth.filter(|_| paid).map(|worth| goals as f64 * worth.mean.minor() as f64 / spend),
        value_per_unit_interval: value_interval,
    }
}

fn worth<'a>(company: &'a Company, metric: &str) -> Option<&'a GoalValue> {
    company.values.iter().find(|(name, _)| name.as_str() == metric).map(|(_, worth)| worth)
}

/// What activity beside the goals is worth, where the company states it.
pub(super) fn of_activity(company: &Company, activity: &[MetricTotal]) -> Vec<GoalWorth> {
    let one = |total: &MetricTotal| Some(goal_worth(total.clone(), worth(company, &total.metric)?));
    activity.iter().filter_map(one).collect()
}

fn goal_worth(total: MetricTotal, worth: &GoalValue) -> GoalWorth {
    GoalWorth {
        count: total.count,
        each_minor: worth.mean.minor(),
        spread_minor: worth.spread.minor(),
        value_minor: total.count as f64 * worth.mean.minor() as f64,
        metric: total.metric,
    }
}

/// What one goal is worth: mean and standard deviation in minor units.
struct Worth {
    mean: f64,
    sd: f64,
}

impl Worth {
    fn of(value: &GoalValue) -> Self {
        Self { mean: value.mean.minor() as f64, sd: value.spread.minor() as f64 }
    }

    /// The normal interval of that level, cut at nothing: a goal is not worth less.
    fn interval(&self, level: f64) -> Interval {
        let reach = normal_quantile(0.5 + level / 2.0) * self.sd;
        Interval { lower: (self.mean - reach).max(0.0), upper: self.mean + reach }
    }
}

/// Value created against all costs; `None` where the company states neither a worth nor a cost and nothing was spent.
pub(super) fn value(company: &Company, experiments: &[ExperimentReport]) -> Option<ValueResult> {
    let started = || experiments.iter().filter(|x| x.state != State::Planned);
    let media_minor = started().map(|x| x.totals.spend_minor).fold(0, i64::saturating_add);
    let counts = metric_totals(started().map(|x| (x.goal.metric.as_str(), x.totals.goals)));
    let (mut goals, mut without_worth) = (Vec::new(), Vec::new());
    let mut variance = 0.0;
    for total in counts {
        let Some(worth) = worth(company, &total.metric) else {
            without_worth.push(total);
            continue;
        };
        variance += (total.count as f64 * worth.spread.minor() as f64).powi(2);
        goals.push(goal_worth(total, worth));
    }
    let costs: Vec<CostLine> = company
        .costs
        .iter()
        .map(|(name, sum)| CostLine { name: name.as_str().to_owned(), minor: sum.minor() })
        .collect();
    if goals.is_empty() && costs.is_empty() && media_minor == 0 {
        return None;
    }
    let value_minor = goals.iter().map(|goal| goal.value_minor).sum();
    let value_interval = Worth { mean: value_minor, sd: variance.sqrt() }.interval(interval::LEVEL);
    let cost_minor = costs.iter().map(|cost| cost.minor).fold(media_minor, i64::saturating_add);
    let over_costs = |value: f64| (cost_minor > 0 && !goals.is_empty()).then(|| value / cost_minor as f64);
    let return_interval = over_costs(value_interval.lower).zip(over_costs(value_interval.upper));
    Some(ValueResult {
        return_on_costs: over_costs(value_minor),
        return_interval: return_interval.map(|(lower, upper)| Interval { lower, upper }),
        goals,
        without_worth,
        value_minor,
        value_interval,
        media_minor,
        costs,
        cost_minor,
    })
}
