//! The checked form of stated truths: a market's laws, ready to be drawn from.
//!
//! Built once, shared by every month of a rehearsal. It knows what is true, so it also answers what a rehearsal is
//! scored by: which arms are best, and how many goals an exposure should have brought.

use std::sync::Arc;

use rand_distr::LogNormal;

use crate::arrivals::Delay;
use crate::calendar::Calendar;
use crate::data::{Data, Mark, Marks};
use crate::error::Error;
use crate::truth::{BudgetIn, Draw, Per, Restate, Truth};

/// A year: no delay or correction is longer.
const LONGEST_US: i64 = 366 * 86_400_000_000;
/// More arms than any experiment may have.
const ARMS_MAX: usize = 64;

#[derive(Debug, Clone)]
pub(crate) struct Arm {
    pub(crate) name: String,
    /// Goals per unit of exposure, on a day of average demand.
    pub(crate) rate: f64,
    /// Where exposures that bring something differ: what they brought, and the chance of an exposure to be one of them.
    pub(crate) bootstrap: Option<(f64, Vec<Mark>)>,
}

/// A market's laws.
#[derive(Debug, Clone)]
pub struct Model {
    pub(crate) arms: Vec<Arm>,
    pub(crate) per: Per,
    pub(crate) budget_in: BudgetIn,
    pub(crate) price: Option<f64>,
    /// An arm's exposures on a day when the whole budget is spent evenly.
    pub(crate) even_daily_exposure: Option<f64>,
    pub(crate) weekdays: [f64; 7],
    pub(crate) drift: f64,
    pub(crate) day_noise: f64,
    pub(crate) delay_us: Option<i64>,
    pub(crate) restate: Option<Restate>,
    pub(crate) saturation: f64,
    pub(crate) value: Option<LogNormal<f64>>,
    value_mean: Option<f64>,
    pub(crate) underdelivery: f64,
    pub(crate) replay: Option<Arc<Data>>,
    data: Option<Arc<Data>>,
}

impl Model {
    /// Checks stated truths, and loads the data file if they name one.
    ///
    /// # Errors
    /// [`Error::Truth`] with the key for a truth that is impossible; the data's own errors.
    pub fn new(truth: &Truth) -> Result<Self, Error> {
        let data = truth.data.as_ref().map(|spec| Data::load(spec, truth.per).map(Arc::new)).transpose()?;
        Self::with_data(truth, data)
    }

    /// As [`Model::new`], with data that was loaded before; `truth.data` still tells how it is drawn.
    ///
    /// # Errors
    /// [`Error::Truth`] with the key for a truth that is impossible.
    pub fn with_data(truth: &Truth, data: Option<Arc<Data>>) -> Result<Self, Error> {
        let draw = truth.data.as_ref().map(|spec| spec.draw);
        let without_replacement = draw == Some(Draw::WithoutReplacement);
        check_numbers(truth)?;
        check_budget(truth)?;
        let (arms, even_daily_exposure) = match (&data, draw) {
            (Some(data), Some(_)) => (arms_of_data(truth, data)?, None),
            (None, None) => arms_of_rates(truth)?,
            (Some(_), None) | (None, Some(_)) => {
                return Err(Error::truth("data", "loaded data and its description belong together"));
            }
        };
        if without_replacement {
            check_replay(truth)?;
        }
        if truth.saturation > 0.0 && even_daily_exposure.is_none() {
            return Err(Error::truth("saturation", "needs `daily_budget`, the scale it is relative to"));
        }
        let sum: f64 = truth.weekdays.iter().sum();
        let weekdays = truth.weekdays.map(|weight| weight * 7.0 / sum);
        if truth.per == Per::Recipients && data.is_none() && arms.iter().any(|arm| arm.rate > 1.0) {
            return Err(Error::truth("arms", "more than one goal a recipient; expected rates from 0 to 1"));
        }
        Ok(Self {
            arms,
            per: truth.per,
            budget_in: truth.budget_in,
            price: truth.price,
            even_daily_exposure,
            weekdays,
            drift: truth.drift,
            day_noise: truth.day_noise,
            delay_us: truth.delay_us.filter(|&us| us > 0),
            restate: truth.restate.clone().filter(|restate| restate.share > 0.0),
            saturation: truth.saturation,
            value: truth.value.and_then(|value| {
                let variance = (value.sd / value.mean).powi(2).ln_1p();
                LogNormal::new(value.mean.ln() - variance / 2.0, variance.sqrt()).ok()
            }),
            value_mean: truth.value.map(|value| value.mean),
            underdelivery: truth.underdelivery,
            replay: if without_replacement { data.clone() } else { None },
            data,
        })
    }

    /// The arms' names, in the order of their numbers.
    pub fn arm_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.arms.iter().map(|arm| arm.name.as_str())
    }

    /// The number of an arm.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn arm(&self, name: &str) -> Result<usize, Error> {
        self.arms.binary_search_by(|arm| arm.name.as_str().cmp(name)).map_err(|_| self.unknown_arm(name))
    }

    pub(crate) fn unknown_arm(&self, name: &str) -> Error {
        let there = self.arm_names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        Error::UnknownArm { arm: name.to_owned(), there }
    }

    /// What goals are counted per.
    #[must_use]
    pub fn per(&self) -> Per {
        self.per
    }

    /// What a commanded budget is counted in.
    #[must_use]
    pub fn budget_in(&self) -> BudgetIn {
        self.budget_in
    }

    /// The data that the truths were taken from.
    #[must_use]
    pub fn data(&self) -> Option<&Data> {
        self.data.as_deref()
    }

    /// True goals per unit of exposure of an arm, on a day of average demand under an even split; with data, the arm's
    /// goals over its exposures in the whole file.
    ///
    /// # Panics
    /// When there is no such arm.
    #[must_use]
    pub fn true_rate(&self, arm: usize) -> f64 {
        self.arms[arm].rate
    }

    /// True sum of values per unit of exposure; none where goals have no value of their own.
    ///
    /// # Panics
    /// When there is no such arm.
    #[must_use]
    pub fn true_value_rate(&self, arm: usize) -> Option<f64> {
        if let Some(data) = &self.data {
            let totals = data.arms[arm].totals;
            return data.valued.then(|| totals.sum / totals.exposures);
        }
        self.value_mean.map(|mean| self.arms[arm].rate * mean)
    }

    /// The arms with the highest true rate; more than one where they tie.
    #[must_use]
    pub fn best_arms(&self) -> Vec<usize> {
        let rates: Vec<f64> = self.arms.iter().map(|arm| arm.rate).collect();
        best(&rates)
    }

    /// The arms with the highest true value per unit of exposure; those of [`Model::best_arms`] without values.
    #[must_use]
    pub fn best_arms_by_value(&self) -> Vec<usize> {
        let rates: Option<Vec<f64>> = (0..self.arms.len()).map(|arm| self.true_value_rate(arm)).collect();
        rates.map_or_else(|| self.best_arms(), |rates| best(&rates))
    }

    /// Goals that an arm's exposure in a period should bring, before noise and corrections: rate · effective exposure ·
    /// weekday · drift. With data drawn without replacement, exposures beyond the file's are still counted at its rate.
    ///
    /// # Panics
    /// When there is no such arm or period.
    #[must_use]
    pub fn expected_goals(&self, calendar: &Calendar, arm: usize, period: usize, exposure: f64) -> f64 {
        self.arms[arm].rate * self.effective(calendar, period, exposure) * self.demand(calendar, period)
    }

    /// Share of a period's goals that are known when `later` further periods are over; 1 without a delay.
    #[must_use]
    pub fn completeness(&self, calendar: &Calendar, later: usize) -> f64 {
        self.delay(calendar).map_or(1.0, |delay| delay.completeness(later))
    }

    /// e_ref·(e/e_ref)^(1 − s), for the reference exposure of this period.
    pub(crate) fn effective(&self, calendar: &Calendar, period: usize, exposure: f64) -> f64 {
        match self.even_daily_exposure {
            Some(daily) if self.saturation > 0.0 && exposure > 0.0 => {
                let (start, end) = calendar.period(period);
                let day = calendar.day(period);
                let reference = daily * (end - start) as f64 / (day.end_us - day.start_us) as f64;
                reference * (exposure / reference).powf(1.0 - self.saturation)
            }
            _ => exposure,
        }
    }

    /// What the weekday and the drift do to every arm alike; 1 on average.
    pub(crate) fn demand(&self, calendar: &Calendar, period: usize) -> f64 {
        if self.replay.is_some() {
            return 1.0;
        }
        let through = calendar.through_month(calendar.day_index(period));
        self.weekdays[calendar.day(period).weekday] * (1.0 + self.drift * (through - 0.5))
    }

    pub(crate) fn delay(&self, calendar: &Calendar) -> Option<Delay> {
        self.delay_us.map(|median_us| Delay::new(median_us, calendar.nominal_us()))
    }
}

fn best(rates: &[f64]) -> Vec<usize> {
    let top = rates.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // Rates that were stated alike must tie although they were scaled by different roundings.
    (0..rates.len()).filter(|&arm| rates[arm] >= top - top.abs() * 1e-12).collect()
}

fn check_numbers(truth: &Truth) -> Result<(), Error> {
    let within = |key: &str, x: f64, ok: bool, expected: &str| {
        if x.is_finite() && ok {
            Ok(())
        } else {
            Err(Error::truth(key, format!("{x} is not possible; expected {expected}")))
        }
    };
    for (day, &weight) in truth.weekdays.iter().enumerate() {
        within(&format!("weekdays.{day}"), weight, (0.0..=1e6).contains(&weight), "a number from 0")?;
    }
    let week = truth.weekdays.iter().sum::<f64>();
    within("weekdays", week, week > 0.0, "demand on at least one day")?;
    within("drift", truth.drift, truth.drift.abs() < 2.0, "a share between -2 and 2")?;
    within("day_noise", truth.day_noise, (0.0..=10.0).contains(&truth.day_noise), "a variance from 0 to 10")?;
    within(
        "saturation",
        truth.saturation,
        (0.0..1.0).contains(&truth.saturation),
        "a number from 0 to under 1",
    )?;
    within(
        "underdelivery",
        truth.underdelivery,
        (0.0..=0.5).contains(&truth.underdelivery),
        "a share from 0 to 0.5",
    )?;
    if let Some(goals) = truth.goals_per_day {
        within("goals_per_day", goals, goals > 0.0 && goals <= 1e9, "a number over 0, up to 10^9")?;
    }
    if let (Some(goals), Some(_)) = (truth.goals_per_day, truth.value) {
        within("goals_per_day", goals, goals <= 1e5, "up to 100000 where each goal has a value of its own")?;
    }
    if let Some(price) = truth.price {
        within("price", price, price > 0.0 && price <= 1e12, "minor units for one exposure, over 0")?;
    }
    if let Some(us) = truth.delay_us {
        within("delay_us", us as f64, (0..=LONGEST_US).contains(&us), "microseconds from 0 to a year")?;
    }
    if let Some(value) = truth.value {
        within("value.mean", value.mean, value.mean > 0.0 && value.mean <= 1e15, "a number over 0")?;
        within("value.sd", value.sd, value.sd >= 0.0 && value.sd <= 1e3 * value.mean, "a number from 0")?;
    }
    if let Some(restate) = &truth.restate {
        within("restate.share", restate.share, (0.0..=1.0).contains(&restate.share), "a share from 0 to 1")?;
        for &factor in &restate.factors {
            within("restate.factors", factor, (0.0..=100.0).contains(&factor), "factors from 0 to 100")?;
        }
        within("restate.factors", 0.0, !restate.factors.is_empty(), "at least one factor")?;
        let us = restate.after_us;
        within(
            "restate.after_us",
            us as f64,
            (0..=LONGEST_US).contains(&us),
            "microseconds from 0 to a year",
        )?;
    }
    Ok(())
}

fn check_budget(truth: &Truth) -> Result<(), Error> {
    if let Some(budget) = truth.daily_budget
        && budget <= 0
    {
        return Err(Error::truth("daily_budget", format!("{budget} is not possible; expected more than 0")));
    }
    match (truth.per, truth.budget_in) {
        (Per::Spend, BudgetIn::Exposure) => {
            Err(Error::truth("budget_in", "goals per spend are bought with money, not with exposures"))
        }
        (Per::Impressions | Per::Clicks | Per::Recipients, BudgetIn::Money) if truth.price.is_none() => {
            Err(Error::truth("price", "needed to tell how many exposures a budget in money buys"))
        }
        _ => Ok(()),
    }
}

/// What rows of a file already hold cannot be stated again.
fn check_replay(truth: &Truth) -> Result<(), Error> {
    let stated = [
        ("weekdays", truth.weekdays.iter().any(|&weight| weight != truth.weekdays[0])),
        ("drift", truth.drift != 0.0),
        ("day_noise", truth.day_noise != 0.0),
        ("value", truth.value.is_some()),
    ];
    match stated.iter().find(|(_, stated)| *stated) {
        Some((key, _)) => Err(Error::truth(
            key,
            "rows drawn without replacement bring their own; leave it out, or draw from `rates`",
        )),
        None => Ok(()),
    }
}

fn arms_of_rates(truth: &Truth) -> Result<(Vec<Arm>, Option<f64>), Error> {
    if truth.arms.is_empty() || truth.arms.len() > ARMS_MAX {
        return Err(Error::truth("arms", format!("{} arms; expected 1 to {ARMS_MAX}", truth.arms.len())));
    }
    for (name, &rate) in &truth.arms {
        if !rate.is_finite() || !(0.0..=1e9).contains(&rate) {
            return Err(Error::truth(
                &format!("arms.{name}"),
                format!("{rate} is not a rate; expected 0 or more"),
            ));
        }
    }
    let arms = truth.arms.len() as f64;
    let even = truth.daily_budget.map(|budget| {
        let bought = match (truth.per, truth.budget_in, truth.price) {
            (Per::Spend, _, _) | (_, BudgetIn::Exposure, _) | (_, _, None) => budget as f64,
            (_, BudgetIn::Money, Some(price)) => budget as f64 / price,
        };
        bought / arms
    });
    let scale = match (truth.goals_per_day, even) {
        (None, _) => 1.0,
        (Some(_), None) => {
            return Err(Error::truth(
                "daily_budget",
                "needed to tell at which budget `goals_per_day` are won",
            ));
        }
        (Some(goals), Some(even)) => {
            let sum: f64 = truth.arms.values().sum();
            if sum <= 0.0 {
                return Err(Error::truth(
                    "arms",
                    "every arm has rate 0; then `goals_per_day` cannot be over 0",
                ));
            }
            goals / (sum * even)
        }
    };
    let arms = truth
        .arms
        .iter()
        .map(|(name, &rate)| Arm { name: name.clone(), rate: rate * scale, bootstrap: None })
        .collect();
    Ok((arms, even))
}

fn arms_of_data(truth: &Truth, data: &Data) -> Result<Vec<Arm>, Error> {
    for (key, stated) in [
        ("arms", !truth.arms.is_empty()),
        ("goals_per_day", truth.goals_per_day.is_some()),
        ("saturation", truth.saturation > 0.0),
        ("value", truth.value.is_some()),
    ] {
        if stated {
            return Err(Error::truth(key, "comes from the data file; leave it out"));
        }
    }
    Ok(data
        .arms
        .iter()
        .map(|arm| {
            let marks: Vec<Mark> = arm
                .pools
                .iter()
                .flat_map(|pool| match &pool.marks {
                    Marks::Rows(rows) => rows.as_slice(),
                    Marks::Ones | Marks::Alike => &[],
                })
                .copied()
                .collect();
            let rate = arm.totals.goals as f64 / arm.totals.exposures;
            let bootstrap = (!marks.is_empty()).then(|| (marks.len() as f64 / arm.totals.exposures, marks));
            Arm { name: arm.name.clone(), rate, bootstrap }
        })
        .collect())
}
