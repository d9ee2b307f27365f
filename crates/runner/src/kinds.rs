//! What of a goal is judged, and by which statistics: one reading for counts, people, values and ratios.
//!
//! | goal | statistics | guarantee |
//! |---|---|---|
//! | `count`, people assigned at random, once each | conditional 2×2 tables ([`proportion`]) | `exact` |
//! | `count` otherwise | conditional likelihood, mixed over day noise ([`judgement`](gevinst_stats::judgement)) | `robust` |
//! | `value` | stratified sequence of means ([`value`]) | `asymptotic` |
//! | `value` with a `history`, people assigned at random | the same of adjusted values ([`cuped`]) | `asymptotic` |
//! | `value` with a cap, people assigned at random | betting bounds ([`value::judge_capped`]) | `exact` |
//! | `ratio` | delta method over periods ([`ratio`]) | `asymptotic` |
//!
//! Values are money in minor units. Where people were assigned at random one by one, a mean's variance is that of people; elsewhere
//! a platform may be off by a whole day, and it is that of the days. Whatever the kind, what comes out has the shape that
//! decisions read, so that deciding, allocating, recording and reporting are one path.
//!
//! Goals of a list may arrive late, over several looks. People are compared by what each look added ([`PeopleTable::of_readings`]); a
//! capped value's bounds are exact for cohorts that are complete, and wait for these.
//!
//! Cells that cannot be what they claim (more people reached the goal than there were, squares that fit no values, a value above
//! the cap) take no part; [`Method::unfit`] names them, and decisions stop while there are any.

use gevinst_experiment::{Exposure, GoalKind, Separation};
use gevinst_ledger::evidence::{DifferenceLook, EffectMeasure};
use gevinst_stats::StatsError;
use gevinst_stats::cuped;
use gevinst_stats::judgement::{Detail, Guarantee, Judge, Judgement, Settings};
use gevinst_stats::pair::Levels;
use gevinst_stats::paired::{PairedCell, PairedTable};
use gevinst_stats::prior::DispersionPrior;
use gevinst_stats::proportion::{self, PeopleTable};
use gevinst_stats::ratio;
use gevinst_stats::value::{self, CappedSettings, Noise, ValueCell, ValueTable};

use crate::book::{Book, Cell, History};
use crate::plan::Plan;

fn difference(pair: &value::ValuePair) -> Option<DifferenceLook> {
    pair.difference.map(|estimate| DifferenceLook { estimate, lower: pair.lower, upper: pair.upper })
}

/// How a goal is to be judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// What of it.
    pub kind: GoalKind,
    /// Whether each person was assigned to an arm at random, and exposures are people.
    pub people_at_random: bool,
    /// Whether a person can reach it once only.
    pub once: bool,
    /// The most that one person can bring, minor units.
    pub cap_minor: Option<f64>,
    /// Whether values are adjusted by what was known of people before.
    pub adjusted: bool,
    /// Prior standard deviation of a pair's log ratio.
    pub prior_sd: f64,
    /// What is believed of day noise, where counts may have any.
    pub dispersion: DispersionPrior,
    /// Chance of ever dropping the best arm; also that of a confidence sequence to ever miss.
    pub alpha: f64,
    /// How much of each pair to work out, where that can be chosen.
    pub detail: Detail,
}

impl Terms {
    /// The terms of a plan.
    #[must_use]
    pub fn of(plan: &Plan, detail: Detail) -> Self {
        let goal = &plan.experiment.goal;
        Self {
            kind: goal.kind,
            people_at_random: plan.experiment.separation == Separation::Randomised
                && goal.per == Exposure::Recipients,
            once: goal.once,
            cap_minor: goal.cap.map(|cap| to_float(cap.minor())),
            adjusted: goal.history.is_some(),
            prior_sd: plan.prior.sd,
            dispersion: plan.dispersion.clone(),
            alpha: plan.experiment.decide.wrongly_drop_best.as_f64(),
            detail,
        }
    }
}

impl Terms {
    /// The guarantee that evidence between two arms or more will carry.
    #[must_use]
    pub fn guarantee(&self) -> Guarantee {
        match self.kind {
            GoalKind::Count if self.people_at_random && self.once => Guarantee::Exact,
            GoalKind::Count if self.dispersion.is_exact() => Guarantee::Exact,
            GoalKind::Count => Guarantee::Robust,
            GoalKind::Value if self.people_at_random && self.cap_minor.is_some() => Guarantee::Exact,
            GoalKind::Value | GoalKind::Ratio => Guarantee::Asymptotic,
        }
    }
}

/// The statistics of one goal, with what they remember from look to look; that changes speed, not results.
#[derive(Debug, Clone)]
pub struct Method {
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    /// Boxed: a judge holds a curve for each pair.
    Counts(Box<Judge>),
    People(Box<proportion::Judge>),
    Values(value::Settings, Option<CappedSettings>),
    /// Values of people, adjusted by what was known of them before.
    Adjusted(value::Settings),
    Figures(value::Settings),
}

/// What a look found, whatever the kind of goal.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Evidence on arms and pairs. An arm's `count` is its goals; its `rate` goals, mean value or figure, by the kind.
    pub judgement: Judgement,
    /// Per pair, what its ratio is a ratio of.
    pub measures: Vec<EffectMeasure>,
    /// Per pair, the difference of means; `None` where nothing has one.
    pub differences: Vec<Option<DifferenceLook>>,
    /// Per arm, the sum of its goals' values, minor units; `None` where goals are only counted.
    pub values_minor: Vec<Option<f64>>,
    /// The method in words.
    pub method: &'static str,
    /// Posterior mean of the variance of day noise; `None` where the method has none.
    pub dispersion: Option<f64>,
}

impl Method {
    /// The statistics for these terms and number of arms.
    ///
    /// # Errors
    /// A setting outside what the statistics accept.
    pub fn new(terms: &Terms, arms: usize) -> Result<Self, StatsError> {
        let levels = Levels { alpha: terms.alpha, ..Levels::default() };
        let noise = if terms.people_at_random { Noise::People } else { Noise::Periods };
        let settings = |noise| value::Settings {
            prior_sd: terms.prior_sd,
            alpha: terms.alpha,
            credible_level: levels.credible,
            noise,
            ..value::Settings::default()
        };
        let form = match terms.kind {
            // One arm is compared with nothing: its goals are counted, whatever they are worth.
            GoalKind::Value if arms > 1 && terms.people_at_random && terms.adjusted => {
                Form::Adjusted(settings(Noise::People))
            }
            GoalKind::Value if arms > 1 => {
                // The mean expected before the first person stands for one person; none is expected of nobody.
                let capped = |cap| CappedSettings { cap, expected_mean: 0.0, alpha: terms.alpha };
                let cap = terms.cap_minor.filter(|_| terms.people_at_random);
                Form::Values(settings(noise), cap.map(capped))
            }
            // Of a ratio's two sums neither tells its parts, so days are all there is to tell its spread.
            GoalKind::Ratio if arms > 1 => Form::Figures(settings(Noise::Periods)),
            GoalKind::Count if arms > 1 && terms.people_at_random && terms.once => {
                let settings =
                    proportion::Settings { prior_sd: terms.prior_sd, levels, detail: terms.detail };
                Form::People(Box::new(proportion::Judge::new(settings)?))
            }
            _ => Form::Counts(Box::new(Judge::new(Settings {
                prior_sd: terms.prior_sd,
                centres: Vec::new(),
                dispersion: terms.dispersion.clone(),
                levels,
                detail: terms.detail,
            })?)),
        };
        Ok(Self { form })
    }

    /// Whether a look needs to know what earlier looks read.
    #[must_use]
    pub fn needs_readings(&self) -> bool {
        matches!(self.form, Form::People(_))
    }

    /// Reads the first `periods` periods of a book; nothing more can come to the first `complete` of them.
    ///
    /// # Errors
    /// A number outside what the statistics accept.
    pub fn look(&mut self, book: &Book, periods: usize, complete: usize) -> Result<Reading, StatsError> {
        let method = self.words();
        let mut dispersion = None;
        let mut differences = None;
        let (mut judgement, measures) = match &mut self.form {
            Form::Counts(judge) => {
                let judgement = judge.look(&book.table(periods)?)?;
                let exact = judge.settings().dispersion.is_exact();
                dispersion = (!exact).then_some(judgement.dispersion.mean);
                (judgement, None)
            }
            Form::People(judge) => {
                let table = people(book, periods)?;
                let judgement = judge.look(&table)?;
                let measure = |pair: &gevinst_stats::pair::PairEvidence| {
                    if proportion::is_rare(&table, pair.a, pair.b) {
                        EffectMeasure::RateRatio
                    } else {
                        EffectMeasure::OddsRatio
                    }
                };
                let measures = judgement.pairs.iter().map(measure).collect();
                (judgement, Some(measures))
            }
            Form::Values(settings, capped) => {
                let known = if capped.is_some() { complete.min(periods) } else { periods };
                let table = values(book, known, *capped)?;
                let judged = match capped {
                    Some(capped) => value::judge_capped(&table, settings, capped)?,
                    None => value::judge(&table, settings)?,
                };
                differences = Some(judged.pairs.iter().map(difference).collect());
                let measures = vec![EffectMeasure::RatioOfMeans; judged.pairs.len()];
                (judged.look, Some(measures))
            }
            Form::Adjusted(settings) => {
                let adjusted = cuped::adjust(&histories(book, periods)?, None)?;
                let judged = value::judge(&adjusted.table, settings)?;
                differences = Some(judged.pairs.iter().map(difference).collect());
                let measures = vec![EffectMeasure::RatioOfMeans; judged.pairs.len()];
                (judged.look, Some(measures))
            }
            Form::Figures(settings) => {
                let judgement = ratio::judge(&figures(book, periods)?, settings)?;
                let measures = vec![EffectMeasure::RatioOfFigures; judgement.pairs.len()];
                (judgement, Some(measures))
            }
        };
        let valued = matches!(self.form, Form::Values(..) | Form::Adjusted(_) | Form::Figures(_));
        let mut values_minor = vec![None; book.arms()];
        if valued {
            for (arm, evidence) in judgement.arms.iter_mut().enumerate() {
                // The statistics count effective values; people count goals.
                let cells = || (0..periods).map(|period| book.cell(period, arm));
                evidence.count = cells().map(|cell| cell.goals).sum();
                let fits = |cell: &&Cell| match &self.form {
                    Form::Adjusted(_) => unfit_history(cell).is_none(),
                    Form::Values(_, capped) => {
                        counted(cell).is_some_and(|people| unfit_values(cell, people, *capped).is_none())
                    }
                    _ => true,
                };
                evidence.exposure = cells().filter(fits).filter_map(counted).sum();
                values_minor[arm] = Some(cells().map(|cell| cell.value).sum());
            }
        }
        let pairs = judgement.pairs.len();
        Ok(Reading {
            judgement,
            measures: measures.unwrap_or_else(|| vec![EffectMeasure::RateRatio; pairs]),
            differences: differences.unwrap_or_else(|| vec![None; pairs]),
            values_minor,
            method,
            dispersion,
        })
    }

    /// The method in words.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match &self.form {
            Form::Counts(judge) if !judge.settings().dispersion.is_exact() => {
                "conditional likelihood with a mixture over day noise"
            }
            Form::Counts(_) => "conditional likelihood, exact form (people assigned at random)",
            Form::People(_) => "conditional 2×2 tables, exact (people assigned at random)",
            Form::Values(_, Some(_)) => {
                "means of values up to a cap, betting bounds over complete days (people assigned at random)"
            }
            Form::Values(settings, None) if settings.noise == Noise::People => {
                "means of values, stratified confidence sequence, spread of people"
            }
            Form::Values(_, None) => "means of values, stratified confidence sequence, spread of days",
            Form::Adjusted(_) => {
                "means of values, adjusted by what was known of people before (CUPED), stratified confidence sequence"
            }
            Form::Figures(_) => "ratio of two sums, delta method, spread of days",
        }
    }

    /// Why a cell cannot be what it claims, where it cannot: it takes no part then.
    #[must_use]
    pub fn unfit(&self, cell: &Cell) -> Option<&'static str> {
        let people = cell.exposure?;
        match &self.form {
            Form::People(_) => unfit_people(cell, people),
            Form::Values(_, capped) => unfit_values(cell, people, *capped),
            Form::Adjusted(_) => unfit_values(cell, people, None).or_else(|| unfit_history(cell)),
            Form::Counts(_) | Form::Figures(_) => None,
        }
    }
}

const NOT_WHOLE: &str = "people are not whole";

fn unfit_people(cell: &Cell, people: f64) -> Option<&'static str> {
    let beyond = "more people reached the goal than were written to";
    if people.fract() != 0.0 {
        return Some(NOT_WHOLE);
    }
    (to_float_u(cell.goals) > people).then_some(beyond)
}

fn unfit_values(cell: &Cell, people: f64, capped: Option<CappedSettings>) -> Option<&'static str> {
    if people.fract() != 0.0 {
        return Some(NOT_WHOLE);
    }
    let (sum, sum_sq) = (cell.value, cell.value_sq);
    let finite = sum.is_finite() && sum_sq.is_finite() && sum_sq >= 0.0;
    // Rounding of long sums is forgiven.
    if !finite || sum_sq * people * (1.0 + 1e-9) < sum * sum {
        return Some("no values have this sum and this sum of squares");
    }
    let cap = capped?.cap;
    let slack = 1.0 + 1e-9;
    (sum < 0.0 || sum > people * cap * slack || sum_sq > sum * cap * slack)
        .then_some("a value lies outside zero and the stated cap")
}

/// Whether no values have this history: |Σxy| cannot exceed the root of Σx²·Σy², nor |Σx| that of n·Σx².
fn unfit_history(cell: &Cell) -> Option<&'static str> {
    let people = cell.exposure?;
    let History { sum, sum_sq, product } = cell.history;
    let slack = 1.0 + 1e-9;
    let finite = sum.is_finite() && sum_sq.is_finite() && product.is_finite() && sum_sq >= 0.0;
    let fits =
        finite && sum * sum <= sum_sq * people * slack && product * product <= sum_sq * cell.value_sq * slack;
    (!fits).then_some("what was known of people before has sums that do not belong together")
}

/// The cells that take part: exposed, and with known goals.
fn counted(cell: &Cell) -> Option<f64> {
    cell.exposure.filter(|exposure| *exposure > 0.0 && !cell.goals_missing)
}

/// Every cohort as looks have read it. A reading of other people than there are now was of figures that were restated since: what came
/// after it counts from nothing.
fn people(book: &Book, periods: usize) -> Result<PeopleTable, StatsError> {
    let cohort = |period: usize| {
        let now: proportion::Reading =
            (0..book.arms()).map(|arm| book.cell(period, arm).people_and_goals()).collect();
        let same_people =
            |then: &&proportion::Reading| then.iter().zip(&now).all(|(then, now)| then.0 == now.0);
        let mut readings: Vec<_> = book.readings(period).iter().filter(same_people).cloned().collect();
        readings.push(now);
        readings
    };
    PeopleTable::of_readings(book.arms(), &(0..periods).map(cohort).collect::<Vec<_>>())
}

fn values(book: &Book, periods: usize, capped: Option<CappedSettings>) -> Result<ValueTable, StatsError> {
    let of = |cell: &Cell| {
        let present = counted(cell).filter(|people| unfit_values(cell, *people, capped).is_none());
        present.map_or(ValueCell::default(), |people| ValueCell {
            n: whole(people),
            sum: cell.value,
            sum_sq: cell.value_sq,
        })
    };
    ValueTable::new(book.arms(), cells(book, periods).map(of).collect())
}

fn histories(book: &Book, periods: usize) -> Result<PairedTable, StatsError> {
    let of = |cell: &Cell| {
        let fits =
            |people: &f64| unfit_values(cell, *people, None).is_none() && unfit_history(cell).is_none();
        counted(cell).filter(fits).map_or(PairedCell::default(), |people| PairedCell {
            n: whole(people),
            sum_y: cell.value,
            sum_x: cell.history.sum,
            sum_yy: cell.value_sq,
            sum_xx: cell.history.sum_sq,
            sum_xy: cell.history.product,
        })
    };
    PairedTable::new(book.arms(), cells(book, periods).map(of).collect())
}

fn figures(book: &Book, periods: usize) -> Result<PairedTable, StatsError> {
    let of = |cell: &Cell| {
        counted(cell).map_or(PairedCell::default(), |exposure| PairedCell::totals(cell.value, exposure))
    };
    PairedTable::new(book.arms(), cells(book, periods).map(of).collect())
}

/// Period-major.
fn cells(book: &Book, periods: usize) -> impl Iterator<Item = &Cell> {
    (0..periods).flat_map(move |period| (0..book.arms()).map(move |arm| book.cell(period, arm)))
}

#[expect(clippy::cast_precision_loss, reason = "amounts are far below 2^53")]
fn to_float(value: i64) -> f64 {
    value as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn to_float_u(value: u64) -> f64 {
    value as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "exposures that are counted are whole, above zero and far below 2^53"
)]
fn whole(value: f64) -> u64 {
    value.round() as u64
}
