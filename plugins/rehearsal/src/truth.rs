//! What is true in a market, as somebody stated it: the raw form that definitions and configurations are turned into.
//!
//! Nothing here is checked beyond its type; [`crate::Model`] is the checked form. Times are µs, money is minor units.

use std::collections::BTreeMap;
use std::path::PathBuf;

use gevinst_sdk::schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The truths of one experiment's market.
///
/// With `goals_per_day` the arms' numbers are rates relative to each other, and a whole `daily_budget` spent evenly on
/// all arms brings that many goals on an average day. Without it they are goals per unit of exposure (probabilities,
/// where the exposure is counted; goals per minor unit, where it is spend). With `data` the arms come from a file.
///
/// ```
/// let truth: gevinst_rehearsal::Truth = serde_json::from_str(
///     r#"{"arms": {"product": 1.0, "problem": 1.3}, "per": "spend", "daily_budget": 250000, "goals_per_day": 3,
///         "weekdays": [1.0, 1.1, 1.1, 1.0, 0.8, 0.4, 0.35], "day_noise": 0.1, "delay_us": 259200000000}"#,
/// )?;
/// assert_eq!(truth.arms["problem"], 1.3);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct Truth {
    /// Rate of each arm, relative or absolute (see above). Empty when `data` is given.
    #[serde(default)]
    pub arms: BTreeMap<String, f64>,
    /// What goals are counted per.
    pub per: Per,
    /// What a commanded budget is counted in. Exposures are possible where exposure is not spend.
    #[serde(default)]
    pub budget_in: BudgetIn,
    /// What one unit of exposure costs, in minor units; needed where exposures are bought for money.
    #[serde(default)]
    pub price: Option<f64>,
    /// The whole experiment's daily budget, minor units or exposures: the scale of `goals_per_day` and `saturation`.
    #[serde(default)]
    pub daily_budget: Option<i64>,
    /// Goals a day over all arms when the whole daily budget is spent evenly, on a day of average demand.
    #[serde(default)]
    pub goals_per_day: Option<f64>,
    /// Demand from Monday to Sunday, relative to each other; their mean counts as 1.
    #[serde(default = "even_week")]
    pub weekdays: [f64; 7],
    /// Change of demand from the month's first day to its last, evenly, as a share of the month's mean: -0.2 goes from
    /// 1.1 to 0.9. After the month it stays.
    #[serde(default)]
    pub drift: f64,
    /// Variance of the Gamma factor (mean 1) by which each arm's day is off.
    #[serde(default)]
    pub day_noise: f64,
    /// Median time from exposure to goal, exponential; none: goals are there when their period ends.
    #[serde(default)]
    pub delay_us: Option<i64>,
    /// Days whose goals the platform corrects later.
    #[serde(default)]
    pub restate: Option<Restate>,
    /// How fast returns diminish, 0 (not) to under 1: the effective exposure of a day is e_ref·(e/e_ref)^(1 − s),
    /// where e_ref is an arm's part of the daily budget spent evenly.
    #[serde(default)]
    pub saturation: f64,
    /// What a goal is worth, where it differs from goal to goal (log-normal).
    #[serde(default)]
    pub value: Option<GoalValue>,
    /// Mean share of a day's budget that is not delivered; each arm's day misses between nothing and twice as much.
    #[serde(default)]
    pub underdelivery: f64,
    /// Results that somebody really had, in place of `arms`.
    #[serde(default)]
    pub data: Option<DataSpec>,
}

fn even_week() -> [f64; 7] {
    [1.0; 7]
}

impl Truth {
    /// Truths with nothing but arms: an even week, no noise, no delay.
    #[must_use]
    pub fn of_arms<'a>(per: Per, arms: impl IntoIterator<Item = (&'a str, f64)>) -> Self {
        Self {
            arms: arms.into_iter().map(|(name, rate)| (name.to_owned(), rate)).collect(),
            per,
            budget_in: BudgetIn::Money,
            price: None,
            daily_budget: None,
            goals_per_day: None,
            weekdays: even_week(),
            drift: 0.0,
            day_noise: 0.0,
            delay_us: None,
            restate: None,
            saturation: 0.0,
            value: None,
            underdelivery: 0.0,
            data: None,
        }
    }
}

/// What goals are counted per.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// Minor units of money; goals are Poisson.
    Spend,
    /// Times shown; each brings a goal or not.
    Impressions,
    /// Visits; each brings a goal or not.
    Clicks,
    /// People of a list; each brings a goal or not.
    Recipients,
}

impl Per {
    /// The name of the metric that counts this exposure.
    #[must_use]
    pub fn metric(self) -> &'static str {
        match self {
            Self::Spend => "spend",
            Self::Impressions => "impressions",
            Self::Clicks => "clicks",
            Self::Recipients => "recipients",
        }
    }
}

/// What a commanded budget is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(rename_all = "lowercase")]
pub enum BudgetIn {
    /// Minor units of money a day.
    #[default]
    Money,
    /// Units of exposure a day.
    Exposure,
}

/// Days whose goals the platform corrects later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct Restate {
    /// Share of arm-days that are corrected.
    pub share: f64,
    /// What their goals are multiplied by on average, one of these, each as likely: `[0.8]` takes a fifth of the goals
    /// away, `[0.9, 1.1]` takes or adds a tenth.
    pub factors: Vec<f64>,
    /// How long after the period's end.
    pub after_us: i64,
}

/// What a goal is worth: a log-normal with this mean and standard deviation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct GoalValue {
    /// Mean, in the goal metric's own unit (minor units, for money).
    pub mean: f64,
    /// Standard deviation, same unit.
    pub sd: f64,
}

/// A file of past results: CSV (RFC 4180) or the same through gzip, with a header.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(deny_unknown_fields)]
pub struct DataSpec {
    /// The file.
    pub file: PathBuf,
    /// The column that tells the arm.
    pub arm: String,
    /// What that column says for each of our arms.
    pub arms: BTreeMap<String, Text>,
    /// `rows` (one exposure a row) or the column that counts exposures.
    pub exposure: String,
    /// The column with the goal: 0/1, true/false or a count.
    pub goal: String,
    /// The column with the value of a row's goals; only with `exposure = "rows"`.
    #[serde(default)]
    pub value: Option<String>,
    /// Only rows in which these columns say so.
    #[serde(default, rename = "where")]
    pub filter: BTreeMap<String, Text>,
    /// The column with the row's date, as 2026-11-30: the first date is played on the month's first day, and so on.
    #[serde(default)]
    pub date: Option<String>,
    /// How goals are drawn.
    #[serde(default)]
    pub draw: Draw,
    /// With spend as exposure: how many minor units one unit of the exposure column is.
    #[serde(default = "hundred")]
    pub minor_per_unit: f64,
    /// How many units of the goal metric (minor units, for money) one unit of the value column is.
    #[serde(default = "one")]
    pub value_minor_per_unit: f64,
}

fn one() -> f64 {
    1.0
}

fn hundred() -> f64 {
    100.0
}

/// How goals are drawn from a data file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
pub enum Draw {
    /// Each exposure of the file is used at most once, in an order that the seed decides.
    #[default]
    #[serde(rename = "without replacement")]
    WithoutReplacement,
    /// From the arms' overall rates.
    #[serde(rename = "rates")]
    Rates,
}

/// What a cell of the file must say: text, or a number or boolean that is compared by meaning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "gevinst_sdk::schemars")]
#[serde(untagged)]
pub enum Text {
    /// `1` matches the cells `1` and `1.0`.
    Number(f64),
    /// `true` matches the cells `true`, `True` and `TRUE`.
    Bool(bool),
    /// Matches only itself.
    Text(String),
}

impl Text {
    pub(crate) fn matches(&self, cell: &[u8]) -> bool {
        match self {
            Self::Text(text) => text.as_bytes() == cell,
            Self::Bool(expected) => {
                cell.eq_ignore_ascii_case(if *expected { b"true".as_slice() } else { b"false".as_slice() })
            }
            Self::Number(expected) => std::str::from_utf8(cell)
                .ok()
                .and_then(|cell| cell.trim().parse::<f64>().ok())
                .is_some_and(|cell| cell == *expected),
        }
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Bool(yes) => write!(f, "{yes}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
