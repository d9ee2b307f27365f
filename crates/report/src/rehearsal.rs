//! What rehearsing experiments showed, as data: the published JSON of `gevinst rehearse --json`.
//!
//! Sums are there twice: in major units as plain numbers, and in minor units in fields that end in `_minor`. Shares
//! are between 0 and 1; a share with its standard error has it in the field that ends in `_se`. A figure that could
//! not be measured (nothing to lose, nothing to gain) is `null`, never 0.

use jiff::civil::Date;
use serde::Serialize;

use crate::figures::Currency;
use crate::model::{ArmStatus, Label, SCHEMA_VERSION, finite};

/// The result of a rehearsal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RehearsalReport {
    /// Version of this shape.
    pub schema_version: u32,
    /// Program and version.
    pub generator: String,
    /// The seed that repeats it.
    pub seed: u64,
    /// The currency of every sum.
    #[serde(flatten)]
    pub currency: Currency,
    /// The experiments in the order they were given.
    pub experiments: Vec<RehearsedExperiment>,
}

/// One experiment, played for some months.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RehearsedExperiment {
    /// Its name.
    pub name: String,
    /// How many months were played.
    pub months: u64,
    /// The allocation rule: `even`, `balanced` or `earn`.
    pub rule: String,
    /// What is counted.
    pub goal: String,
    /// What it is counted per.
    pub per: String,
    /// The chance of ever dropping a best arm that was accepted.
    pub alpha: f64,
    /// What was believed of two arms before the first result, in words.
    pub prior: String,
    /// What the verdicts promise.
    pub guarantee: Label,
    /// How the arms are separated.
    pub separation: Label,
    /// Share of months in which a truly best arm was dropped, averaged over the arms that tie for best.
    pub best_dropped: Option<f64>,
    /// Its standard error.
    pub best_dropped_se: Option<f64>,
    /// Share of the truly losing arms that were dropped with proof.
    pub losers_dropped: Option<f64>,
    /// Its standard error.
    pub losers_dropped_se: Option<f64>,
    /// Day of the month, counted from 1, on which losers were dropped: median over those that were.
    pub drop_day_median: Option<f64>,
    /// The same at one tenth and nine tenths.
    pub drop_day_quantiles: Option<[f64; 2]>,
    /// Part of the goals that a clairvoyant would have gained over an even split that was realised.
    pub gain_realised: Option<f64>,
    /// Its standard error.
    pub gain_se: Option<f64>,
    /// Goals, mean of a month.
    pub goals_per_month: f64,
    /// Money spent, mean of a month, in major units.
    pub spend_per_month: f64,
    /// The same in minor units.
    pub spend_per_month_minor: i64,
    /// Money that losing arms did not get against an even split, mean of a month, in major units.
    pub money_not_spent_on_losers: Option<f64>,
    /// The same in minor units.
    pub money_not_spent_on_losers_minor: Option<i64>,
    /// Money per goal over all months, in major units.
    pub cost_per_goal: Option<f64>,
    /// The same in minor units, rounded.
    pub cost_per_goal_minor: Option<i64>,
    /// The arms, where a single month was played.
    pub arms: Option<Vec<RehearsedArm>>,
}

/// One arm of a single rehearsed month.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RehearsedArm {
    /// Its name.
    pub name: String,
    /// What it was at the end.
    pub status: ArmStatus,
    /// Exposure in the unit of `per`; major units of money where that is `spend`.
    pub exposure: f64,
    /// Goals.
    pub goals: u64,
    /// Money spent, in major units.
    pub spend: f64,
    /// The same in minor units.
    pub spend_minor: i64,
    /// The local day on which it was dropped.
    pub dropped_on: Option<Date>,
}

/// What was measured of one experiment, before it is put into the published shape.
///
/// Sums are in minor units, and so is the exposure of arms where goals are counted per spend.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// See [`RehearsedExperiment::name`].
    pub name: String,
    /// See [`RehearsedExperiment::months`].
    pub months: u64,
    /// See [`RehearsedExperiment::rule`].
    pub rule: String,
    /// See [`RehearsedExperiment::goal`].
    pub goal: String,
    /// See [`RehearsedExperiment::per`].
    pub per: String,
    /// See [`RehearsedExperiment::alpha`].
    pub alpha: f64,
    /// See [`RehearsedExperiment::prior`].
    pub prior: String,
    /// The word for what the verdicts promise, such as `robust`.
    pub guarantee: String,
    /// The word for how the arms are separated, such as `platform-split`.
    pub separation: String,
    /// Value and standard error of [`RehearsedExperiment::best_dropped`].
    pub best_dropped: Option<(f64, f64)>,
    /// Value and standard error of [`RehearsedExperiment::losers_dropped`].
    pub losers_dropped: Option<(f64, f64)>,
    /// One tenth, median and nine tenths of the days on which losers were dropped.
    pub drop_days: Option<[f64; 3]>,
    /// Value and standard error of [`RehearsedExperiment::gain_realised`].
    pub gain_realised: Option<(f64, f64)>,
    /// Goals over all months.
    pub goals: u64,
    /// Money over all months.
    pub spend_minor: i64,
    /// Money that losers did not get, over all months.
    pub not_spent_on_losers_minor: Option<i64>,
    /// The arms of a single month: name, status, exposure, goals, money, day of the drop.
    pub arms: Option<Vec<MeasuredArm>>,
}

/// One arm of [`Measured`].
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredArm {
    /// Its name.
    pub name: String,
    /// What it was at the end.
    pub status: ArmStatus,
    /// Exposure (minor units of money where goals are counted per spend).
    pub exposure: f64,
    /// Goals.
    pub goals: u64,
    /// Money spent.
    pub spend_minor: i64,
    /// The local day on which it was dropped.
    pub dropped_on: Option<Date>,
}

impl RehearsalReport {
    /// Puts what was measured into the published shape.
    #[must_use]
    pub fn new(generator: &str, seed: u64, currency: Currency, measured: Vec<Measured>) -> Self {
        let experiments = measured.into_iter().map(|m| RehearsedExperiment::new(m, &currency)).collect();
        Self { schema_version: SCHEMA_VERSION, generator: generator.to_owned(), seed, currency, experiments }
    }
}

impl RehearsedExperiment {
    fn new(m: Measured, currency: &Currency) -> Self {
        let months = m.months.max(1) as f64;
        let mean_minor = |total: i64| rounded(total as f64 / months);
        let value = |pair: Option<(f64, f64)>| pair.and_then(|(value, _)| finite(value));
        let error = |pair: Option<(f64, f64)>| pair.and_then(|(_, se)| finite(se));
        let cost = (m.goals > 0 && m.spend_minor > 0).then(|| m.spend_minor as f64 / m.goals as f64);
        let per_spend = m.per == "spend";
        let arm = |arm: MeasuredArm| RehearsedArm {
            name: arm.name,
            status: arm.status,
            exposure: if per_spend { currency.major(arm.exposure) } else { arm.exposure },
            goals: arm.goals,
            spend: currency.major(arm.spend_minor as f64),
            spend_minor: arm.spend_minor,
            dropped_on: arm.dropped_on,
        };
        Self {
            best_dropped: value(m.best_dropped),
            best_dropped_se: error(m.best_dropped),
            losers_dropped: value(m.losers_dropped),
            losers_dropped_se: error(m.losers_dropped),
            drop_day_median: m.drop_days.and_then(|days| finite(days[1])),
            drop_day_quantiles: m.drop_days.map(|days| [days[0], days[2]]),
            gain_realised: value(m.gain_realised),
            gain_se: error(m.gain_realised),
            goals_per_month: m.goals as f64 / months,
            spend_per_month: currency.major(m.spend_minor as f64) / months,
            spend_per_month_minor: mean_minor(m.spend_minor),
            money_not_spent_on_losers: m.not_spent_on_losers_minor.map(|s| currency.major(s as f64) / months),
            money_not_spent_on_losers_minor: m.not_spent_on_losers_minor.map(mean_minor),
            cost_per_goal: cost.map(|c| currency.major(c)),
            cost_per_goal_minor: cost.map(rounded),
            arms: m.arms.map(|arms| arms.into_iter().map(arm).collect()),
            guarantee: crate::words::guarantee(&m.guarantee),
            separation: crate::words::separation(&m.separation),
            name: m.name,
            months: m.months,
            rule: m.rule,
            goal: m.goal,
            per: m.per,
            alpha: m.alpha,
            prior: m.prior,
        }
    }
}

fn rounded(minor: f64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a mean of sums that are i64 themselves; `as` saturates"
    )]
    let whole = minor.round() as i64;
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured() -> Measured {
        Measured {
            name: "headlines".into(),
            months: 4,
            rule: "balanced".into(),
            goal: "lead".into(),
            per: "spend".into(),
            alpha: 0.05,
            prior: "default prior".into(),
            guarantee: "robust".into(),
            separation: "platform-split".into(),
            best_dropped: Some((0.0, 0.0)),
            losers_dropped: None,
            drop_days: None,
            gain_realised: Some((f64::NAN, 0.1)),
            goals: 10,
            spend_minor: 1_000_000,
            not_spent_on_losers_minor: None,
            arms: Some(vec![MeasuredArm {
                name: "a".into(),
                status: ArmStatus::Running,
                exposure: 1_000_000.0,
                goals: 10,
                spend_minor: 1_000_000,
                dropped_on: None,
            }]),
        }
    }

    #[test]
    fn the_published_fields_keep_their_names_and_units() {
        // Others build on these names; a sum in øre read as kroner is off by a hundred.
        let report = RehearsalReport::new("gevinst test", 7, Currency::new("NOK", 2), vec![measured()]);
        let json: serde_json::Value = serde_json::to_value(&report).unwrap();
        assert_eq!(json["schema_version"], 1);
        assert_eq!(json["currency"], "NOK");
        let x = &json["experiments"][0];
        assert_eq!(x["name"], "headlines");
        assert_eq!(x["months"], 4);
        assert_eq!(x["best_dropped"], 0.0);
        assert!(x["losers_dropped"].is_null());
        assert!(x["gain_realised"].is_null(), "a figure that is not finite is null");
        assert_eq!(x["goals_per_month"], 2.5);
        assert_eq!(x["spend_per_month"], 2500.0);
        assert_eq!(x["spend_per_month_minor"], 250_000);
        assert_eq!(x["cost_per_goal"], 1000.0);
        let arm = &x["arms"][0];
        assert_eq!(arm["status"], "running");
        assert_eq!(arm["exposure"], 10_000.0);
        assert_eq!(arm["spend"], 10_000.0);
        assert!(arm["dropped_on"].is_null());
    }
}
