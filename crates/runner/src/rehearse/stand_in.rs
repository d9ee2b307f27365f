//! From the `[rehearsal]` of a definition to the truths of a stand-in market.
//!
//! It translates and decides one thing of its own: what an exposure costs when the definition does not say. Nothing is
//! drawn here and no file is opened except the past results that the definition names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gevinst_experiment::{
    Budget, Draw as DefinedDraw, Experiment, Exposure, ExposureColumn, GoalKind, PastResults, Price,
    Rehearsal, TrueRates, TruthSource,
};
use gevinst_rehearsal::{BudgetIn, Data, DataSpec, Draw, Model, Per, Restate, Text, Truth};

use crate::Error;

/// The stand-in market of one experiment.
#[derive(Debug, Clone)]
pub struct StandIn {
    /// What the market is told, ready for the plugin's configuration.
    pub truth: Truth,
    /// Its laws, ready to be drawn from and to score by.
    pub model: Arc<Model>,
    /// Whether goals are judged by what they are worth: then so is a month.
    pub judged_by_value: bool,
}

impl StandIn {
    /// What a goal of one of the market's arms counts for on average: 1, or its value where values are judged.
    #[must_use]
    pub fn worth(&self, market_arm: usize) -> f64 {
        let rate = self.model.true_rate(market_arm);
        match self.model.true_value_rate(market_arm).filter(|_| self.judged_by_value && rate > 0.0) {
            Some(value_rate) => value_rate / rate,
            None => 1.0,
        }
    }

    /// The market's arms that are truly best, by what is judged.
    #[must_use]
    pub fn best_arms(&self) -> Vec<usize> {
        if self.judged_by_value { self.model.best_arms_by_value() } else { self.model.best_arms() }
    }
}

/// The stand-in markets of several experiments, each data file read once. The answers keep the order of the questions.
///
/// `folders` are where data files are looked for, first beside the definition: pairs of an experiment and its file's
/// folder, and further folders that serve all.
pub fn stand_ins(
    experiments: &[(&Experiment, &Path)],
    shared_folders: &[PathBuf],
) -> Vec<Result<StandIn, Error>> {
    let mut truths: Vec<Result<Truth, Error>> =
        experiments.iter().map(|(experiment, folder)| truth(experiment, folder, shared_folders)).collect();
    let with_data: Vec<usize> = (0..truths.len())
        .filter(|&index| matches!(&truths[index], Ok(truth) if truth.data.is_some()))
        .collect();
    let questions: Vec<(&DataSpec, Per)> = with_data
        .iter()
        .filter_map(|&index| {
            truths[index].as_ref().ok().and_then(|truth| Some((truth.data.as_ref()?, truth.per)))
        })
        .collect();
    let loaded = Data::load_many(&questions);
    let mut data_of: BTreeMap<usize, Result<Arc<Data>, gevinst_rehearsal::Error>> =
        with_data.iter().copied().zip(loaded.into_iter().map(|data| data.map(Arc::new))).collect();
    let mut answers = Vec::with_capacity(truths.len());
    for (index, truth) in truths.drain(..).enumerate() {
        let experiment = experiments[index].0;
        let rehearse =
            |error| Error::Rehearsal { experiment: experiment.name.to_string(), source: Box::new(error) };
        answers.push(truth.and_then(|mut truth| {
            let data = data_of.remove(&index).transpose().map_err(rehearse)?;
            if let Some(data) = &data {
                price_from_data(experiment, &mut truth, data);
            }
            let model = Model::with_data(&truth, data).map_err(rehearse)?;
            let judged_by_value = experiment.goal.kind != GoalKind::Count;
            Ok(StandIn { truth, model: Arc::new(model), judged_by_value })
        }));
    }
    answers
}

fn truth(experiment: &Experiment, folder: &Path, shared_folders: &[PathBuf]) -> Result<Truth, Error> {
    let Some(rehearsal) = &experiment.rehearsal else {
        return Err(Error::NoRehearsal { experiment: experiment.name.to_string() });
    };
    let mut truth = Truth::of_arms(per(experiment.goal.per), []);
    truth.budget_in = match experiment.budget {
        Budget::Money { .. } => BudgetIn::Money,
        Budget::Exposure { .. } => BudgetIn::Exposure,
    };
    let daily = experiment.budget.daily_units();
    truth.daily_budget = i64::try_from(daily).ok();
    if truth.budget_in == BudgetIn::Money && truth.per != Per::Spend {
        truth.price = Some(match rehearsal.price {
            Some(Price::Each(price)) => to_float(price.minor()),
            Some(Price::PerDay(units)) => to_float(daily) / to_float(units),
            // One exposure a minor unit: the scale is free, since rates are stated relative to the daily budget.
            None => 1.0,
        });
    }
    truth.delay_us = Some(rehearsal.delay.as_micros()).filter(|&us| us > 0);
    truth.restate = rehearsal.restate.map(|restate| Restate {
        share: restate.share.as_f64(),
        factors: vec![1.0 - restate.by.as_f64(), 1.0 + restate.by.as_f64()],
        after_us: restate.after.as_micros(),
    });
    match &rehearsal.source {
        TruthSource::Stated(stated) => {
            truth.weekdays = stated.weekdays;
            truth.day_noise = stated.day_noise;
            truth.drift = drift(stated.drift.as_f64());
            truth.saturation = stated.saturation;
            truth.value = stated.value.map(|value| gevinst_rehearsal::GoalValue {
                mean: to_float(value.mean.minor()),
                sd: to_float(value.spread.minor()),
            });
            match &stated.rates {
                TrueRates::Relative { goals_per_day, arms } => {
                    truth.goals_per_day = Some(*goals_per_day);
                    truth.arms = arms.iter().map(|(name, rate)| (name.to_string(), *rate)).collect();
                }
                TrueRates::PerExposure(arms) => {
                    truth.arms = arms.iter().map(|(name, rate)| (name.to_string(), rate.as_f64())).collect();
                }
            }
        }
        TruthSource::Data(past) => {
            truth.data = Some(data_spec(experiment, rehearsal, past, folder, shared_folders)?);
            truth.daily_budget = None;
        }
    }
    Ok(truth)
}

/// A definition says how rates change from the first to the last day relative to the first; the market wants the
/// change relative to the month's mean: from 1 − d/2 to 1 + d/2 means (1 + d/2)/(1 − d/2) = 1 + r.
fn drift(relative_to_start: f64) -> f64 {
    2.0 * relative_to_start / (2.0 + relative_to_start)
}

fn data_spec(
    experiment: &Experiment,
    _rehearsal: &Rehearsal,
    past: &PastResults,
    folder: &Path,
    shared_folders: &[PathBuf],
) -> Result<DataSpec, Error> {
    let mut candidates = vec![folder.join(&past.file)];
    candidates.extend(shared_folders.iter().map(|shared| shared.join(&past.file)));
    let Some(file) = candidates.iter().find(|path| path.is_file()) else {
        return Err(Error::NoDataFile {
            experiment: experiment.name.to_string(),
            file: past.file.clone(),
            looked_in: candidates.iter().filter_map(|path| path.parent()).map(Path::to_path_buf).collect(),
        });
    };
    // The child process that reads it may have another current folder.
    let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
    let counted = experiment.goal.kind == GoalKind::Count;
    Ok(DataSpec {
        file,
        arm: past.arm.clone(),
        arms: past.arms.iter().map(|(name, says)| (name.to_string(), Text::Text(says.clone()))).collect(),
        exposure: match &past.exposure {
            ExposureColumn::Rows => "rows".to_owned(),
            ExposureColumn::Column(column) => column.clone(),
        },
        goal: past.goal.clone(),
        value: past.value.clone(),
        filter: past.filter.iter().map(|(column, says)| (column.clone(), Text::Text(says.clone()))).collect(),
        date: past.date.clone(),
        draw: match past.draw {
            DefinedDraw::WithoutReplacement => Draw::WithoutReplacement,
            DefinedDraw::Rates => Draw::Rates,
        },
        minor_per_unit: 100.0,
        value_minor_per_unit: if counted { 1.0 } else { minor_per_major(experiment) },
    })
}

/// Without a stated price, the month's money buys as many exposures as the smallest arm of the file has: then any arm
/// could take the whole budget, and moving it is worth something.
fn price_from_data(experiment: &Experiment, truth: &mut Truth, data: &Data) {
    let stated = experiment.rehearsal.as_ref().is_some_and(|rehearsal| rehearsal.price.is_some());
    if truth.per == Per::Spend || truth.budget_in == BudgetIn::Exposure || stated {
        return;
    }
    let smallest = data.arms.iter().map(|arm| arm.totals.exposures).fold(f64::INFINITY, f64::min);
    if smallest.is_finite() && smallest >= 1.0 {
        truth.price = Some(to_float(experiment.budget.total_units()) / smallest);
    }
}

/// Minor units in a unit of the values of a file; hundredths where the definition names no currency.
fn minor_per_major(experiment: &Experiment) -> f64 {
    let of_budget = match &experiment.budget {
        Budget::Money { total, .. } => Some(total.currency()),
        Budget::Exposure { .. } => None,
    };
    let currency = of_budget.or(experiment.goal.cap.map(|cap| cap.currency()));
    currency.map_or(100.0, |currency| to_float(currency.minor_per_major()))
}

fn per(exposure: Exposure) -> Per {
    match exposure {
        Exposure::Spend => Per::Spend,
        Exposure::Impressions => Per::Impressions,
        Exposure::Clicks => Per::Clicks,
        Exposure::Recipients => Per::Recipients,
    }
}

#[expect(clippy::cast_precision_loss, reason = "budgets are far below 2^53")]
fn to_float(value: impl TryInto<i64>) -> f64 {
    value.try_into().map_or(f64::MAX, |value| value as f64)
}
