//! What might be true, checked: the content of `[rehearsal]`.
//!
//! Truths are either stated (rates, waves, noise) or taken from a file of past results. This module holds what was said and
//! derives true rates from it; it draws nothing.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{ArmName, Budget, Draw, Duration, Experiment, Money, Ratio};

/// What a rehearsal takes for true.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rehearsal {
    /// Where goals come from.
    pub source: TruthSource,
    /// The median time from exposure to goal; zero where goals come at once.
    pub delay: Duration,
    /// How days are restated.
    pub restate: Option<Restate>,
    /// What money buys, where goals are not counted per spend and the budget is money. `None` where it is not said: then the
    /// scale is free (relative rates), or that of the past results; stated rates per exposure always come with a price.
    pub price: Option<Price>,
    /// Where random numbers begin.
    pub seed: u64,
}

/// Where a rehearsal's goals come from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TruthSource {
    /// Stated truths.
    Stated(Truths),
    /// Past results.
    Data(PastResults),
}

/// Stated truths.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Truths {
    /// The arms' true rates.
    pub rates: TrueRates,
    /// Demand from Monday to Sunday relative to each other; not negative, not all zero.
    pub weekdays: [f64; 7],
    /// Variance of the factor of mean 1 by which each arm's day is off; from 0 to 10.
    pub day_noise: f64,
    /// Change of all rates from the first to the last day of the month, relative to the first; above −1, at most 10.
    pub drift: Ratio,
    /// What a goal is worth; there where values are judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<TrueValue>,
    /// s: effective exposure is proportional to spend to the power 1 − s; from 0, below 1.
    pub saturation: f64,
}

/// What a goal is worth: a log-normal law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TrueValue {
    /// Its mean, above zero.
    pub mean: Money,
    /// Its standard deviation from goal to goal.
    pub spread: Money,
}

/// The arms' true rates, of exactly the experiment's arms.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TrueRates {
    /// As goals a day over all arms when the whole daily budget is spent evenly, and the arms relative to each other.
    Relative {
        /// Goals a day; above zero.
        goals_per_day: f64,
        /// Rates relative to each other; not negative, not all zero.
        arms: BTreeMap<ArmName, f64>,
    },
    /// Per unit of exposure; only where goals are not counted per spend. From 0 to 1, not all zero.
    PerExposure(BTreeMap<ArmName, Ratio>),
}

/// How days are restated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Restate {
    /// The part of an arm's days that are restated; from 0 to 1.
    pub share: Ratio,
    /// How long after the day's end.
    pub after: Duration,
    /// By how much, up or down; from 0, below 1.
    pub by: Ratio,
}

/// What money buys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Price {
    /// The price of one unit of exposure; above zero.
    Each(Money),
    /// The units that the whole daily budget buys; at least 1.
    PerDay(u64),
}

/// Past results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PastResults {
    /// A relative path of a CSV file, perhaps compressed by gzip; never leads upwards.
    pub file: String,
    /// The column that tells the arm.
    pub arm: String,
    /// What it says for each of exactly the experiment's arms; all different.
    pub arms: BTreeMap<ArmName, String>,
    /// What counts exposures.
    pub exposure: ExposureColumn,
    /// The column of the goal.
    pub goal: String,
    /// The column of the goal's value.
    pub value: Option<String>,
    /// Only rows in which these columns say this; compared as text.
    pub filter: BTreeMap<String, String>,
    /// The column of the date.
    pub date: Option<String>,
    /// How results are drawn.
    pub draw: Draw,
}

/// What counts exposures in past results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ExposureColumn {
    /// One a row.
    Rows,
    /// This column.
    Column(String),
}

impl Rehearsal {
    /// The units of exposure that the whole daily budget buys: minor units of money where goals are counted per spend, or
    /// where no price is stated.
    pub fn exposure_per_day(&self, budget: &Budget) -> f64 {
        let units = budget.daily_units() as f64;
        match (budget, self.price) {
            (Budget::Exposure { .. }, _) | (Budget::Money { .. }, None) => units,
            (Budget::Money { .. }, Some(Price::Each(price))) => units / price.minor() as f64,
            (Budget::Money { .. }, Some(Price::PerDay(units))) => units as f64,
        }
    }
}

impl Experiment {
    /// Each arm's true goals per unit of exposure (minor unit of money where goals are counted per spend) on a mean day at
    /// an even split, in the order of the arms; `None` where nothing is stated. From relative rates rₐ and g goals a day
    /// over exposure e a day this is g·rₐ / (mean(r)·e).
    pub fn true_rates(&self) -> Option<Vec<f64>> {
        let rehearsal = self.rehearsal.as_ref()?;
        let TruthSource::Stated(truths) = &rehearsal.source else { return None };
        Some(match &truths.rates {
            TrueRates::PerExposure(rates) => self.arms.iter().map(|arm| rates[&arm.name].as_f64()).collect(),
            TrueRates::Relative { goals_per_day, arms } => {
                let mean = arms.values().sum::<f64>() / arms.len() as f64;
                let per_day = rehearsal.exposure_per_day(&self.budget);
                self.arms.iter().map(|arm| goals_per_day * arms[&arm.name] / (mean * per_day)).collect()
            }
        })
    }
}
