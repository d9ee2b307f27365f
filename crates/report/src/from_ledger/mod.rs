//! The report's model from the ledger: every figure is read there, none is made up here.
//!
//! What is computed is arithmetic on stored figures only: sums over days, money per goal, averages of commanded
//! budgets over a day, and the difference to an even split. The definition and the company's file are those recorded
//! at the launch, not those that lie in the folder today.

mod costs;
mod days;
mod library;
mod looks;
mod moves;
mod overview;

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use gevinst_experiment::{
    Budget, Company, Experiment, GoalKind, Month, Source, Zone, parse_company, parse_experiment,
};
use gevinst_ledger::evidence::EffectMeasure;
use gevinst_ledger::fact::{Concluded, Launched};
use gevinst_ledger::{AsOf, Fact, Filter, IntentState, Kind, Ledger, Progress};
use jiff::Timestamp;

pub use library::library;

use self::overview::Gathered;
use crate::error::Error;
use crate::figures::Currency;
use crate::language::Language;
use crate::model::{
    ArmReport, ArmStatus, Comparison, ExperimentReport, Goal, MetricTotal, MonthReport, MonthTotals, Origin,
    Outcome, SCHEMA_VERSION, State, Totals,
};
use crate::prose::Prose;
use crate::verdict;

/// What a month's report is to be made of, beside the ledger.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The month.
    pub month: Month,
    /// When the report is made; an open intent that has run out by then no longer waits for approval.
    pub made_at: Timestamp,
    /// Program and version.
    pub generator: &'a str,
    /// The language of the sentences.
    pub language: Language,
    /// Definitions of the month that may not be launched yet; those in the ledger are taken from there.
    pub planned: &'a [Experiment],
    /// The company as it is today: used where the ledger has no launch of the month.
    pub company: Option<&'a Company>,
}

/// A month's report: its experiments in the order of launching, then the planned ones.
///
/// # Errors
/// Those of reading the ledger, a recorded definition that cannot be read, or a month of which nothing is known.
pub fn month(ledger: &Ledger, request: &Request<'_>) -> Result<MonthReport, Error> {
    ledger.snapshot(|ledger| Ok(read_month(ledger, request)))?
}

fn read_month(ledger: &Ledger, request: &Request<'_>) -> Result<MonthReport, Error> {
    let month = request.month.to_string();
    let mut companies = Companies::default();
    let mut experiments = Vec::new();
    let mut newest: Option<Company> = None;
    let mut origin = Origin::Live;
    let mut gathered = Gathered::default();
    let entries: Vec<_> = ledger.experiments()?.into_iter().filter(|entry| entry.month == month).collect();
    let detail = if entries.len() > IN_DETAIL { Detail::Sums } else { Detail::All };
    for entry in entries {
        let Some(launched) = ledger.launched(&entry.name)? else { continue };
        if launched.rehearsal_seed.is_some() {
            origin = Origin::Rehearsed;
        }
        let company = companies.read(&entry.name, &launched)?;
        let reading = Reading { ledger, made_at: request.made_at, language: request.language, detail };
        experiments.push(reading.experiment(&entry.name, &launched, &company, &mut gathered)?);
        newest = Some(company);
    }
    let no_month = || Error::NoMonth { month: month.clone() };
    let company = newest.as_ref().or(request.company).ok_or_else(no_month)?;
    let currency = currency_of(company);
    for plan in request.planned.iter().filter(|plan| plan.month == request.month) {
        if !experiments.iter().any(|x| x.name == plan.name.as_str()) {
            experiments.push(planned(plan, &currency, request.language));
        }
    }
    let totals = month_totals(company, &experiments);
    let overview =
        overview::sum_up(ledger, request.month, company, &experiments, &gathered, request.made_at)?;
    Ok(MonthReport {
        schema_version: SCHEMA_VERSION,
        month,
        origin,
        currency,
        timezone: company.timezone.name().to_owned(),
        made_at: request.made_at,
        generator: request.generator.to_owned(),
        language: request.language,
        totals,
        overview,
        experiments,
    })
}

/// One experiment's report, whatever its month; `None` when it was never launched.
///
/// # Errors
/// Those of reading the ledger, or a recorded definition that cannot be read.
pub fn experiment(
    ledger: &Ledger,
    name: &str,
    made_at: Timestamp,
    language: Language,
) -> Result<Option<(ExperimentReport, Currency)>, Error> {
    let Some(launched) = ledger.launched(name)? else { return Ok(None) };
    let company = Companies::default().read(name, &launched)?;
    let reading = Reading { ledger, made_at, language, detail: Detail::All };
    let report = reading.experiment(name, &launched, &company, &mut Gathered::default())?;
    Ok(Some((report, currency_of(&company))))
}

/// The company files of a month's launches: mostly one text, read once.
#[derive(Default)]
struct Companies(HashMap<String, Company>);

impl Companies {
    fn read(&mut self, experiment: &str, launched: &Launched) -> Result<Company, Error> {
        if let Some(company) = self.0.get(&launched.company_toml) {
            return Ok(company.clone());
        }
        let company = parse_company(&Source::new("gevinst.toml", launched.company_toml.clone()))
            .map_err(|what| Error::Company { experiment: experiment.to_owned(), what: what.to_string() })?
            .value;
        self.0.insert(launched.company_toml.clone(), company.clone());
        Ok(company)
    }
}

fn currency_of(company: &Company) -> Currency {
    Currency::new(company.currency.code(), u8::try_from(company.currency.decimals()).unwrap_or(u8::MAX))
}

fn month_totals(company: &Company, experiments: &[ExperimentReport]) -> MonthTotals {
    let mut goals: BTreeMap<&str, u64> = BTreeMap::new();
    // Where nothing was reported yet, no goals is no figure.
    let reported = |x: &&ExperimentReport| x.looks > 0 || !x.by_day.is_empty();
    for x in experiments.iter().filter(reported) {
        *goals.entry(&x.goal.metric).or_default() += x.totals.goals;
    }
    let saved: Vec<i64> = experiments.iter().filter_map(|x| x.money_not_spent_on_losers_minor).collect();
    let metric_total = |metric: &str, count| MetricTotal { metric: metric.to_owned(), count };
    MonthTotals {
        spend_minor: experiments.iter().map(|x| x.totals.spend_minor).sum(),
        budget_minor: Some(company.month_budget.minor()),
        goals: goals.into_iter().map(|(metric, count)| metric_total(metric, count)).collect(),
        target: company.month_goal.as_ref().map(|goal| metric_total(goal.metric.as_str(), goal.target)),
        money_not_spent_on_losers_minor: (!saved.is_empty()).then(|| saved.iter().sum()),
        moves_awaiting_approval: experiments.iter().map(|x| x.awaiting_approval).sum(),
    }
}

/// How many of an experiment's moves a person can still approve.
fn awaiting_approval(progress: &Progress, made_at: Timestamp) -> u32 {
    let now_us = made_at.as_microsecond();
    let waits = progress
        .open_intents()
        .filter(|open| open.state == IntentState::AwaitingApproval && !open.is_expired(now_us))
        .count();
    u32::try_from(waits).unwrap_or(u32::MAX)
}

/// With more experiments in a month than this, their days and moves are not read: sums, verdicts and evidence are.
const IN_DETAIL: usize = 400;

/// How much of an experiment is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    /// Days, moves, and how the evidence went.
    All,
    /// What the last look said.
    Sums,
}

/// How experiments are read.
#[derive(Clone, Copy)]
struct Reading<'a> {
    ledger: &'a Ledger,
    made_at: Timestamp,
    language: Language,
    detail: Detail,
}

impl Reading<'_> {
    fn experiment(
        self,
        name: &str,
        launched: &Launched,
        company: &Company,
        gathered: &mut Gathered,
    ) -> Result<ExperimentReport, Error> {
        let Self { ledger, language, .. } = self;
        let definition =
            parse_experiment(&Source::new(format!("{name}.toml"), launched.definition_toml.clone()), company)
                .map_err(|what| Error::Definition { experiment: name.to_owned(), what: what.to_string() })?
                .value;
        let zone = &company.timezone;
        let currency = currency_of(company);
        let progress = ledger.progress(name)?;
        let mut x = planned(&definition, &currency, language);
        x.state = if progress.closed().is_some() { State::Closed } else { State::Running };

        let mut observations = Vec::new();
        let mut history = moves::History::default();
        if self.detail == Detail::All {
            x.definition = Some(launched.definition_toml.clone());
            observations = ledger.observations(name, AsOf::Now)?;
            let over_us = definition.month.first_day().last_of_month().tomorrow().ok();
            let over_us = over_us.and_then(|next| zone.start_of_day_us(next)).unwrap_or(i64::MAX);
            history = moves::read(ledger, name, zone, over_us, language)?;
            x.by_day = days::read(&definition, &observations, &history.in_force, zone);
            x.moves = std::mem::take(&mut history.moves);
            days::sum(&mut x);
        }
        let look = looks::last(ledger, name)?;
        if let Some(look) = &look {
            looks::take(&mut x, look, launched.prior.as_ref(), zone, language);
        }
        conclude(&mut x, &verdicts(ledger, name)?, zone);
        if self.detail == Detail::All {
            if look.is_some() {
                x.comparisons = pairs_that_matter(&x);
                looks::trace(ledger, name, &mut x, zone)?;
            }
            costs::intervals(&mut x, &definition, &observations, zone);
            x.money_not_spent_on_losers_minor = days::not_spent_on_losers(&x, &history.launched_on);
            x.goals_over_even_split = days::goals_over_even_split(&x, &history.launched_on);
            gathered.take(&x, &definition, &observations, zone);
        } else {
            gathered.take_sums(&x);
        }
        if x.state == State::Running {
            x.awaiting_approval = awaiting_approval(&progress, self.made_at);
        }
        let said = verdict::verdict(&x, &currency, language);
        (x.outcome, x.verdict, x.next) = (said.outcome, said.sentence, said.next);
        Ok(x)
    }
}

/// What a definition alone says.
fn planned(definition: &Experiment, currency: &Currency, language: Language) -> ExperimentReport {
    let arm = |arm: &gevinst_experiment::Arm| ArmReport {
        name: arm.name.as_str().to_owned(),
        channel: arm.channel.as_str().to_owned(),
        control: arm.control,
        status: ArmStatus::Running,
        dropped_on: None,
        reason: None,
        exposure: 0.0,
        goals: 0,
        spend_minor: 0,
        rate: None,
        cost_per_goal: None,
        p_best: None,
        expected_loss: None,
        e_drop: None,
        ln_e_drop: None,
        share: arm.share.map(gevinst_experiment::Ratio::as_f64),
    };
    let first = definition.month.first_day();
    let last = first.last_of_month();
    let budget_minor = match definition.budget {
        Budget::Money { total, .. } => Some(total.minor()),
        Budget::Exposure { .. } => None,
    };
    let mut x = ExperimentReport {
        name: definition.name.as_str().to_owned(),
        hypothesis: definition.hypothesis.clone(),
        phase: definition.phase.as_str().to_owned(),
        kind: definition.kind.as_str().to_owned(),
        separation: language.separation(definition.separation.as_str()),
        guarantee: None,
        method: None,
        goal: Goal {
            metric: definition.goal.metric.as_str().to_owned(),
            per: definition.goal.per.as_str().to_owned(),
            target: definition.goal.target,
            kind: definition.goal.kind.as_str().to_owned(),
            measure: match definition.goal.kind {
                GoalKind::Count => EffectMeasure::RateRatio,
                GoalKind::Value => EffectMeasure::RatioOfMeans,
                GoalKind::Ratio => EffectMeasure::RatioOfFigures,
            }
            .as_str()
            .to_owned(),
        },
        alpha: definition.decide.wrongly_drop_best.as_f64(),
        cost_limit_minor: definition.decide.max_cost_per_goal.map(gevinst_experiment::Money::minor),
        state: State::Planned,
        outcome: Outcome::NoData,
        verdict: Prose::new(),
        next: Prose::new(),
        days: Some((first, last)),
        data_until: None,
        looks: 0,
        dispersion: None,
        reference: definition.control().map(|arm| arm.name.as_str().to_owned()),
        arms: definition.arms.iter().map(arm).collect(),
        pairs: Vec::new(),
        comparisons: Vec::new(),
        courses: Vec::new(),
        by_day: Vec::new(),
        moves: Vec::new(),
        awaiting_approval: 0,
        totals: Totals { budget_minor, ..Totals::default() },
        money_not_spent_on_losers_minor: None,
        goals_over_even_split: None,
        checks: Vec::new(),
        definition: None,
    };
    let said = verdict::verdict(&x, currency, language);
    (x.outcome, x.verdict, x.next) = (said.outcome, said.sentence, said.next);
    x
}

fn verdicts(ledger: &Ledger, name: &str) -> Result<Vec<(i64, Concluded)>, Error> {
    let mut found = Vec::new();
    ledger.for_each_fact(&Filter::of(name).kinds(&[Kind::Concluded]), |stored| {
        if let Fact::Concluded(concluded) = &stored.fact {
            found.push((stored.at_us, concluded.clone()));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

/// The pairs whose course is worth a plot: each arm against the reference, and the leader against its closest rival.
fn pairs_that_matter(x: &ExperimentReport) -> Vec<Comparison> {
    let Some(reference) = x.reference.as_deref() else { return Vec::new() };
    let comparison = |arm: &str, against: &str| Comparison {
        arm: arm.to_owned(),
        against: against.to_owned(),
        points: Vec::new(),
    };
    let others = x.arms.iter().filter(|arm| arm.name != reference);
    let mut all: Vec<Comparison> = others.map(|arm| comparison(&arm.name, reference)).collect();
    if let Some(leader) = x.leader().filter(|leader| leader.name != reference)
        && let Some((rival, _)) = x.closest(&leader.name, &x.arms)
        && rival.name != reference
    {
        all.push(comparison(&leader.name, &rival.name));
    }
    all
}

/// The verdicts' word on the arms, which outlasts that of the looks.
fn conclude(x: &mut ExperimentReport, verdicts: &[(i64, Concluded)], zone: &Zone) {
    for (at_us, concluded) in verdicts {
        if let Some(arm) = x.arms.iter_mut().find(|arm| arm.name == concluded.arm) {
            arm.status = concluded.status;
            arm.reason = Some(concluded.reason.clone());
            arm.dropped_on = if arm.status.is_alive() { None } else { zone.date_at(*at_us) };
        }
    }
}
