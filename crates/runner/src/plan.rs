//! One experiment, ready to be run: its definition turned into periods, whole amounts and statistical settings.
//!
//! A plan is derived from the definition and the company alone and never changes during the month. It knows no clock.

use gevinst_experiment::{Budget, Company, Experiment, Exposure, Period, Rule, Separation};
use gevinst_stats::prior::{DispersionPrior, NormalPrior};

use crate::Error;
use gevinst_ledger::fact::LearnedPrior;

/// What an experiment's budget is counted in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unit {
    /// Minor units of this currency (ISO 4217 code).
    Money(String),
    /// Units of exposure, such as people of a list: nothing is paid for them.
    Exposure,
}

impl Unit {
    /// The currency code that stands on the wire: `XXX`, "no currency" in ISO 4217, where exposures are counted.
    #[must_use]
    pub fn wire_code(&self) -> &str {
        match self {
            Self::Money(code) => code,
            Self::Exposure => "XXX",
        }
    }

    /// The currency, where there is one.
    #[must_use]
    pub fn currency(&self) -> Option<&str> {
        match self {
            Self::Money(code) => Some(code),
            Self::Exposure => None,
        }
    }
}

/// One arm of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanArm {
    /// Its name.
    pub name: String,
    /// Its number in observation rows.
    pub code: u32,
    /// The channel it runs on.
    pub channel: String,
    /// Whether the others are compared to it.
    pub control: bool,
    /// The period with which it joins; 0 from the start.
    pub joins: usize,
    /// Its share of the daily budget when it begins, of all arms that are there then.
    pub share: f64,
    /// What the channel shows, as JSON.
    pub creative: serde_json::Value,
}

/// An experiment, ready to be run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The definition.
    pub experiment: Experiment,
    /// What budgets are counted in.
    pub unit: Unit,
    /// The company's timezone, IANA name.
    pub timezone: String,
    /// Arms in definition order.
    pub arms: Vec<PlanArm>,
    /// The month's days.
    pub periods: Vec<Period>,
    /// When the experiment is judged for the last time, µs UTC: the month's end and the goals' delay.
    pub close_at_us: i64,
    /// The rule by which shares follow results.
    pub rule: Rule,
    /// What is believed of log ratios between arms.
    pub prior: NormalPrior,
    /// Where that and what is believed of day noise was learned; `None`: the defaults.
    pub learned: Option<LearnedPrior>,
    /// The most of the month's budget that this experiment may have, where that is less than its total.
    pub total_cap: Option<i64>,
    /// What a proven winner may have beyond the total, from the month's reserve, minor units.
    pub reserve: i64,
    /// What is believed of day noise; none where people were assigned at random and reach the goal once.
    pub dispersion: DispersionPrior,
}

impl Plan {
    /// Derives the plan.
    ///
    /// # Errors
    /// When a stated number lies outside what the statistics accept.
    pub fn new(company: &Company, experiment: &Experiment, rule: Option<Rule>) -> Result<Self, Error> {
        let zone = &company.timezone;
        let periods = experiment.month.days(zone);
        let unit = match experiment.budget {
            Budget::Money { .. } => Unit::Money(company.currency.code().to_owned()),
            Budget::Exposure { .. } => Unit::Exposure,
        };
        let at_start = experiment.arms.iter().filter(|arm| arm.joins.is_none()).count().max(1);
        let arms = experiment
            .arms
            .iter()
            .map(|arm| {
                let joins = arm.joins.and_then(|date| zone.start_of_day_us(date)).map_or(0, |at_us| {
                    periods.iter().position(|period| period.start_us >= at_us).unwrap_or(periods.len())
                });
                let even = 1.0 / to_float(at_start);
                PlanArm {
                    name: arm.name.to_string(),
                    code: arm.code,
                    channel: arm.channel.to_string(),
                    control: arm.control,
                    joins,
                    share: arm.share.map_or(even, |share| share.as_f64()),
                    creative: serde_json::Value::Object(arm.creative.clone()),
                }
            })
            .collect();
        // What a person can do again and again scatters more than the draw of the list explains.
        let randomised_people = experiment.separation == Separation::Randomised
            && experiment.goal.per == Exposure::Recipients
            && experiment.goal.once;
        Ok(Self {
            unit,
            timezone: zone.name().to_owned(),
            arms,
            close_at_us: experiment.complete_at_us(zone),
            periods,
            rule: rule.unwrap_or(experiment.allocate.rule),
            prior: NormalPrior::default(),
            learned: None,
            total_cap: None,
            reserve: experiment.amplify.map_or(0, |amplify| {
                let total = i64::try_from(experiment.budget.total_units()).unwrap_or(i64::MAX);
                (amplify.up_to.minor() - total).max(0)
            }),
            dispersion: if randomised_people { DispersionPrior::none() } else { DispersionPrior::default() },
            experiment: experiment.clone(),
        })
    }

    /// Takes on what was learned from earlier experiments; `None` takes the defaults.
    ///
    /// People who were assigned at random have no day noise, whatever was learned of it.
    ///
    /// # Errors
    /// When what was learned lies outside what the statistics accept.
    pub fn believe(&mut self, learned: Option<LearnedPrior>) -> Result<(), Error> {
        let refused = |source| Error::Statistics { experiment: self.experiment.name.to_string(), source };
        let prior = match &learned {
            Some(learned) => NormalPrior::new(0.0, learned.ratio_sd).map_err(refused)?,
            None => NormalPrior::default(),
        };
        if !self.dispersion.is_exact() {
            self.dispersion = match learned.as_ref().and_then(|learned| learned.noise.as_ref()) {
                Some(noise) => DispersionPrior::new(&noise.variances, &noise.weights).map_err(refused)?,
                None => DispersionPrior::default(),
            };
        }
        (self.prior, self.learned) = (prior, learned);
        Ok(())
    }

    /// What is believed before the first result, in words.
    #[must_use]
    pub fn belief(&self) -> String {
        belief(self.learned.as_ref())
    }

    /// The most that the definition lets the month use, in the budget's unit.
    #[must_use]
    pub fn stated_total(&self) -> i64 {
        i64::try_from(self.experiment.budget.total_units()).unwrap_or(i64::MAX)
    }

    /// The most the month may use without amplifying, in the budget's unit.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.stated_total().min(self.total_cap.unwrap_or(i64::MAX))
    }

    /// The most a day may use, in the budget's unit.
    #[must_use]
    pub fn daily_max(&self) -> i64 {
        i64::try_from(self.experiment.budget.daily_units()).unwrap_or(i64::MAX)
    }

    /// How many periods have ended at `now_us`.
    #[must_use]
    pub fn periods_ended(&self, now_us: i64) -> usize {
        self.periods.partition_point(|period| period.end_us <= now_us)
    }

    /// The period that `at_us` lies in, or the number of periods after the month.
    #[must_use]
    pub fn period_at(&self, at_us: i64) -> Option<usize> {
        let index = self.periods_ended(at_us);
        self.periods.get(index).filter(|period| period.contains(at_us)).map(|_| index)
    }

    /// The start of the month, µs UTC.
    #[must_use]
    pub fn start_us(&self) -> i64 {
        self.periods.first().map_or(0, |period| period.start_us)
    }

    /// The end of the month, µs UTC.
    #[must_use]
    pub fn end_us(&self) -> i64 {
        self.periods.last().map_or(0, |period| period.end_us)
    }

    /// The name of the metric that counts the exposure.
    #[must_use]
    pub fn exposure_metric(&self) -> &'static str {
        self.experiment.goal.per.as_str()
    }

    /// The names of the two metrics by which values are adjusted, where they are: what was known of people before they were drawn (their
    /// number, its sum and sum of squares), and its product with what they brought (the sum of that).
    #[must_use]
    pub fn history_metrics(&self) -> Option<(String, String)> {
        let history = self.experiment.goal.history.as_ref()?;
        Some((history.to_string(), format!("{}*{history}", self.goal_metric())))
    }

    /// Leaves out the adjustment by what was known of people before, which no stand-in market knows. Says whether there was one.
    pub fn forget_history(&mut self) -> bool {
        self.experiment.goal.history.take().is_some()
    }

    /// The name of the metric that counts goals.
    #[must_use]
    pub fn goal_metric(&self) -> &str {
        self.experiment.goal.metric.as_str()
    }

    /// Budgets are moved in steps of this many units: whole major units where the daily pool is large enough for the
    /// rounding not to matter, single units otherwise.
    #[must_use]
    pub fn step(&self, plugin_step: i64) -> i64 {
        let arms = i64::try_from(self.arms.len()).unwrap_or(1).max(1);
        let major = match (&self.experiment.budget, &self.unit) {
            (Budget::Money { total, .. }, Unit::Money(_)) => total.currency().minor_per_major(),
            _ => 1,
        };
        let pace = self.total() / i64::try_from(self.periods.len()).unwrap_or(30).max(1);
        let natural = if pace / arms >= 50 * major { major } else { 1 };
        // The plugin's step need not divide ours: take the smallest multiple of it that is not below.
        let plugin_step = plugin_step.max(1);
        (natural + plugin_step - 1) / plugin_step * plugin_step
    }
}

/// What looks believe of two arms before the first result, in words; `None`: the default.
#[must_use]
pub fn belief(learned: Option<&LearnedPrior>) -> String {
    let sd = learned.map_or_else(|| NormalPrior::default().sd, |learned| learned.ratio_sd);
    // Half of a normal law lies within 0.6745 standard deviations.
    let factor = (0.674_489_75 * sd).exp();
    let so = format!("two arms differ by a factor of {factor:.2} or less in half of the cases");
    let Some(learned) = learned else { return format!("default prior: {so}") };
    let of = learned.channel.as_ref().map_or(String::new(), |name| format!(" on `{name}`"));
    let noise = learned
        .noise
        .as_ref()
        .map_or(String::new(), |noise| format!("; day noise as in {} of them", noise.experiments));
    format!("prior learned from {} closed experiments{of}: {so}{noise}", learned.experiments)
}

#[expect(clippy::cast_precision_loss, reason = "a number of arms")]
fn to_float(value: usize) -> f64 {
    value as f64
}
