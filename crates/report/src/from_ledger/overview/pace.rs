//! Are we on pace for the month's goal?
//!
//! The forecast takes the rest of the month to go as its days so far: the mean of a day times the days that are left, with
//! the variance of a quasi-Poisson count, φ·m·R·(1 + R/D) for D days so far and R to come, where φ is the variance of the
//! days over their mean (at least 1, so weekends widen it) and the second factor is what is not known of the mean. Its
//! quantiles are those of the gamma law with that mean and variance. It knows nothing of plans: a budget that is doubled
//! tomorrow is not in it.

use gevinst_experiment::{Company, Month};
use gevinst_stats::special::{gamma_q, gamma_quantile};
use jiff::civil::Date;

use super::Gathered;
use crate::model::{ExperimentReport, Forecast, Interval, Pace, State};

/// How sure the forecast's interval is meant to be.
const LEVEL: f64 = 0.8;

/// Days that must have figures before anything is forecast.
const DAYS_LEAST: u32 = 4;

pub(super) fn pace(
    month: Month,
    company: &Company,
    experiments: &[ExperimentReport],
    gathered: &Gathered,
) -> Option<Pace> {
    let goal = company.month_goal.as_ref()?;
    let metric = goal.metric.as_str();
    let started = experiments.iter().filter(|x| x.state != State::Planned);
    let so_far: u64 = started.filter(|x| x.goal.metric == metric).map(|x| x.totals.goals).sum();
    let days_all = u32::from(month.day_count());
    let data_until = experiments.iter().filter_map(|x| x.data_until).max();
    let last = month.first_day().last_of_month();
    let days_done = data_until.map_or(0, |until| u32::from(until.min(last).day().unsigned_abs()));
    let daily: Vec<u64> = match (gathered.daily.get(metric), data_until) {
        (Some(daily), Some(until)) => {
            days(month.first_day(), until.min(last)).map(|d| daily.get(&d).copied().unwrap_or(0)).collect()
        }
        _ => Vec::new(),
    };
    Some(Pace {
        metric: metric.to_owned(),
        target: goal.target,
        so_far,
        due: goal.target as f64 * f64::from(days_done) / f64::from(days_all),
        data_until,
        days: (days_done, days_all),
        forecast: forecast(&daily, days_all.saturating_sub(days_done), goal.target),
    })
}

fn days(first: Date, last: Date) -> impl Iterator<Item = Date> {
    crate::calendar::days(first, last, 31)
}

/// What the month ends at when `left` more days go as `daily`.
fn forecast(daily: &[u64], left: u32, target: u64) -> Option<Forecast> {
    let done = u32::try_from(daily.len()).ok().filter(|n| *n >= DAYS_LEAST)?;
    if left == 0 {
        return None;
    }
    let so_far = daily.iter().sum::<u64>() as f64;
    let (done, left) = (f64::from(done), f64::from(left));
    // Half a goal keeps a month without any from being certain of none.
    let mean = (so_far + 0.5) / done;
    let variance = daily.iter().map(|n| (*n as f64 - so_far / done).powi(2)).sum::<f64>() / (done - 1.0);
    let dispersion = (variance / mean).max(1.0);
    let rest = mean * left;
    let spread = dispersion * rest * (1.0 + left / done);
    let (shape, rate) = (rest * rest / spread, rest / spread);
    let tail = (1.0 - LEVEL) / 2.0;
    let quantile = |p: f64| so_far + gamma_quantile(shape, rate, p);
    let missing = target as f64 - so_far;
    Some(Forecast {
        mean: so_far + rest,
        interval: Interval { lower: quantile(tail), upper: quantile(1.0 - tail) },
        level: LEVEL,
        chance_of_target: if missing <= 0.0 { 1.0 } else { gamma_q(shape, (missing - 0.5) * rate) },
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_forecast_goes_on_as_it_went() {
        // Protects the plan: 2 a day for 15 days, 15 to come, give 60; more so when the target lies below.
        let forecast = super::forecast(&[2; 15], 15, 60).unwrap();
        assert!((forecast.mean - 60.5).abs() < 1e-9);
        assert!(forecast.interval.lower > 30.0 && forecast.interval.lower < 56.0, "{forecast:?}");
        assert!(forecast.interval.upper > 64.0 && forecast.interval.upper < 80.0, "{forecast:?}");
        assert!((0.4..0.65).contains(&forecast.chance_of_target), "{forecast:?}");
        assert_eq!(super::forecast(&[2; 15], 15, 30).unwrap().chance_of_target, 1.0);
        assert!(super::forecast(&[2; 15], 15, 120).unwrap().chance_of_target < 1e-3);
    }

    #[test]
    fn days_that_differ_make_it_less_sure() {
        // Protects against false calm: goals that come in bursts are harder to foretell.
        let calm = super::forecast(&[4; 10], 20, 100).unwrap().interval;
        let wild = super::forecast(&[0, 20, 0, 0, 0, 20, 0, 0, 0, 0], 20, 100).unwrap().interval;
        assert!(wild.upper - wild.lower > 2.0 * (calm.upper - calm.lower));
    }

    #[test]
    fn nothing_is_foretold_from_nothing() {
        // Protects the first days, and the last: no forecast without days, none when none is left.
        assert_eq!(super::forecast(&[5, 5, 5], 27, 60), None);
        assert_eq!(super::forecast(&[5; 30], 0, 60), None);
        let none = super::forecast(&[0; 10], 20, 5).unwrap();
        assert!(none.mean > 0.0 && none.interval.lower >= 0.0 && none.interval.upper < 12.0, "{none:?}");
    }
}
