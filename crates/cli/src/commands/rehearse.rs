//! `gevinst rehearse`: play the month before any money is spent.
//!
//! A single month goes through ledger and plugin boundary, as a real one does. Many months are played in-process on all
//! cores. Either way every figure of the summary comes from the market's own truths.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gevinst_experiment::{Located, Project};
use gevinst_ledger::fact::LearnedPrior;
use gevinst_ledger::{Access, AsOf, Fact, Filter, Kind as FactKind, Ledger};
use gevinst_rehearsal::Calendar;
use gevinst_report::figures::Currency;
use gevinst_report::language::Language;
use gevinst_report::rehearsal::{Measured, MeasuredArm, RehearsalReport};
use gevinst_report::{html, terminal};
use gevinst_runner::cycle::{self, Papers};
use gevinst_runner::engine::Engine;
use gevinst_runner::kinds::Terms;
use gevinst_runner::learn::{self, Past};
use gevinst_runner::plan::Plan;
use gevinst_runner::rehearse::month::{self, MonthOutcome};
use gevinst_runner::rehearse::months::{self, Mean, Summary};
use gevinst_runner::rehearse::score::{self, Benchmark};
use gevinst_runner::rehearse::stand_in::{StandIn, stand_ins};
use gevinst_runner::{observe, plan};
use gevinst_stats::judgement::Detail;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{GENERATOR, report};
use crate::args::{Colour, Rehearse, Rule};
use crate::channels::{Account, Channels, plugin_dirs};
use crate::failure::{Failure, Kind};
use crate::output::{coloured, remark, say, width, write_file, write_json};
use crate::project;

/// One experiment, ready to be played.
struct Part<'a> {
    located: &'a Located,
    plan: Plan,
    stand_in: StandIn,
    calendar: Arc<Calendar>,
    seed: u64,
}

pub(crate) fn run(args: &Rehearse, colour: Colour) -> Result<(), Failure> {
    let project = project::load(&args.definitions.paths, colour)?;
    let parts = parts(&project, args)?;
    let measured =
        if args.months == 1 { single(&project, &parts, args, colour)? } else { many(&parts, args.months)? };
    let currency = Currency::new(
        project.company.currency.code(),
        u8::try_from(project.company.currency.decimals()).unwrap_or(2),
    );
    let seed = args.seed.or_else(|| parts.first().map(|part| part.seed)).unwrap_or(1);
    let summary = RehearsalReport::new(GENERATOR, seed, currency, measured);
    if let Some(target) = &args.json {
        write_json(target, &summary)?;
    }
    if args.months > 1 {
        let page = args.out.join("rehearsal.html");
        write_file(&page, html::rehearsal_page(&summary).as_bytes())?;
        if args.json.as_deref() != Some(Path::new("-")) {
            say(&terminal::rehearsal_text(&summary, style(colour)))?;
            say(&format!("report: {}", page.display()))?;
        }
    }
    Ok(())
}

fn style(colour: Colour) -> terminal::Style {
    terminal::Style { colour: coloured(colour, false), width: width() }
}

fn parts<'a>(project: &'a Project, args: &Rehearse) -> Result<Vec<Part<'a>>, Failure> {
    let rule = args.rule.map(|rule| match rule {
        Rule::Even => gevinst_experiment::Rule::Even,
        Rule::Balanced => gevinst_experiment::Rule::Balanced,
        Rule::Earn => gevinst_experiment::Rule::Earn,
    });
    let questions: Vec<_> = project
        .experiments
        .iter()
        .map(|located| (&located.experiment, located.path.parent().unwrap_or(Path::new(""))))
        .collect();
    let answers = stand_ins(&questions, &project::data_folders());
    let taught = Taught::of(project)?;
    let mut calendars: BTreeMap<String, Arc<Calendar>> = BTreeMap::new();
    let mut parts = Vec::with_capacity(answers.len());
    let mut wrong = Vec::new();
    for (located, answer) in project.experiments.iter().zip(answers) {
        let stand_in = match answer {
            Ok(stand_in) => stand_in,
            Err(error) => {
                wrong.push(failure(&error));
                continue;
            }
        };
        let month = located.experiment.month.to_string();
        let calendar = match calendars.get(&month) {
            Some(calendar) => Arc::clone(calendar),
            None => {
                let made =
                    Calendar::month(&month, project.company.timezone.name(), gevinst_rehearsal::Grain::Day)
                        .map_err(|error| Failure::from_error(Kind::Internal, &error))?;
                Arc::clone(calendars.entry(month).or_insert(Arc::new(made)))
            }
        };
        let mut plan =
            Plan::new(&project.company, &located.experiment, rule).map_err(|error| failure(&error))?;
        if plan.forget_history() {
            remark(&format!(
                "note: `{}` is played without `history`, which the stand-in market does not know: true verdicts may come sooner",
                located.experiment.name
            ));
        }
        let learned = taught.prior(&plan)?;
        plan.believe(learned).map_err(|error| failure(&error))?;
        let stated = located.experiment.rehearsal.as_ref().map_or(1, |rehearsal| rehearsal.seed);
        parts.push(Part { located, plan, stand_in, calendar, seed: args.seed.unwrap_or(stated) });
    }
    // All that is wrong is said at once, as with the definitions themselves.
    let texts: Vec<String> = wrong.iter().map(Failure::text).collect();
    if texts.is_empty() { Ok(parts) } else { Err(Failure::rendered(Kind::Input, texts.join("\n\n"))) }
}

/// What the company's own ledger has learned by now, where there is one: a rehearsal believes what `run` would.
struct Taught {
    ledger: Option<Ledger>,
    teachers: Vec<Past>,
}

impl Taught {
    fn of(project: &Project) -> Result<Self, Failure> {
        let path = project::ledger_path(None, Some(&project.company_path))?;
        if !path.exists() {
            return Ok(Self { ledger: None, teachers: Vec::new() });
        }
        let ledger = Ledger::open(&path, Access::Read).map_err(|error| super::ledger::failure(&error))?;
        let teachers = learn::teachers(&ledger).map_err(|error| failure(&error))?;
        Ok(Self { ledger: Some(ledger), teachers })
    }

    /// What an experiment believes: what was fixed at its launch, else what a launch now would fix.
    fn prior(&self, plan: &Plan) -> Result<Option<LearnedPrior>, Failure> {
        let Some(ledger) = &self.ledger else { return Ok(None) };
        let launched = ledger.launched(plan.experiment.name.as_str());
        match launched.map_err(|error| super::ledger::failure(&error))? {
            Some(launched) if launched.rehearsal_seed.is_none() => Ok(launched.prior),
            _ => learn::prior_from(plan, &self.teachers).map_err(|error| failure(&error)),
        }
    }
}

/// A runner's error as the program ends with it.
pub(crate) fn failure(error: &gevinst_runner::Error) -> Failure {
    use gevinst_runner::Error;
    let kind = match error {
        Error::Ledger(_) => Kind::Ledger,
        Error::Channel { .. } => Kind::Channel,
        Error::Statistics { .. } => Kind::Internal,
        _ => Kind::Input,
    };
    let failed = Failure::failed_to(kind, error);
    match error.hint() {
        Some(hint) => failed.hint(hint),
        None => failed,
    }
}

pub(crate) fn progress(length: u64, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar.set_message(what);
    bar
}

fn many(parts: &[Part<'_>], months: u32) -> Result<Vec<Measured>, Failure> {
    let bar = progress(u64::from(months) * u64::try_from(parts.len()).unwrap_or(1), "months");
    let mut measured = Vec::with_capacity(parts.len());
    for part in parts {
        let tick = || bar.inc(1);
        let summary = months::play(&part.plan, &part.stand_in, &part.calendar, part.seed, months, &tick)
            .map_err(|error| failure(&error))?;
        measured.push(measure(part, &summary, None));
    }
    bar.finish_and_clear();
    Ok(measured)
}

fn single(
    project: &Project,
    parts: &[Part<'_>],
    args: &Rehearse,
    colour: Colour,
) -> Result<Vec<Measured>, Failure> {
    let mut ledger = Ledger::in_memory();
    if let Some(path) = args.ledger.as_deref().filter(|path| path.exists()) {
        return Err(Failure::new(Kind::Input, format!("`{}` is there already", path.display()))
            .hint("a rehearsal is never written into another ledger; name a new file"));
    }
    let config = market_config(project, parts)?;
    let account = Account { plugin: "rehearsal".to_owned(), config };
    let mut channels = Channels::rehearsal(plugin_dirs(&args.plugins.plugin_dirs), account, args.in_process);
    channels.set_deadline(args.deadline.duration());

    // Every experiment at its own moments, all of them in the order of time.
    let mut moments: Vec<(i64, usize)> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        moments.extend(month::moments(&part.plan).map(|(at_us, _, _)| (at_us, index)));
    }
    moments.sort_unstable();
    let mut engines = Vec::with_capacity(parts.len());
    for part in parts {
        engines.push(Engine::new(&part.plan).map_err(|error| failure(&error))?);
    }
    let bar = progress(u64::try_from(moments.len()).unwrap_or(1), "days");
    let mut last_us = 0;
    for (now_us, index) in moments {
        let part = &parts[index];
        channels.set_now(now_us);
        let papers = Papers {
            definition_toml: part.located.source.text.clone(),
            company_toml: project.company_source.text.clone(),
            program: GENERATOR.to_owned(),
            rehearsal_seed: Some(part.seed),
            needs_approval: false,
        };
        let stepped =
            cycle::step(&part.plan, &papers, &mut engines[index], &mut ledger, &mut channels, now_us)
                .map_err(|error| failure(&error))?;
        if let Some(failed) = stepped.observed.failed.first() {
            let message = format!("the stand-in market failed on `{}`: {}", failed.channel, failed.message);
            let failure = Failure::new(Kind::Channel, message);
            return Err(match &failed.hint {
                Some(hint) => failure.hint(hint.clone()),
                None => failure,
            });
        }
        last_us = last_us.max(now_us);
        bar.inc(1);
    }
    bar.finish_and_clear();
    // Played in memory, kept as a file in one transaction: a rehearsal that fails leaves none behind.
    if let Some(path) = &args.ledger {
        ledger.copy_to(path).map_err(|error| super::ledger::failure(&error))?;
    }

    let quiet = args.json.as_deref() == Some(Path::new("-"));
    let mut pages: Vec<PathBuf> = Vec::new();
    let mut months: Vec<String> = parts.iter().map(|part| part.plan.experiment.month.to_string()).collect();
    months.sort();
    months.dedup();
    for month in months {
        let made = report::build(&ledger, Some(&month), last_us, Language::English)?;
        pages.push(report::write_page(&args.out, &made)?);
        if !quiet {
            say(&terminal::month_text(&made, style(colour)))?;
        }
    }
    if !quiet {
        for page in pages {
            say(&format!("report: {}", page.display()))?;
        }
    }
    parts
        .iter()
        .map(|part| {
            let outcome = outcome(part, &ledger).map_err(|error| failure(&error))?;
            let benchmark = Benchmark::new(&part.plan, &part.stand_in, &part.calendar);
            let summary = months::summarise(&part.plan, &benchmark, std::slice::from_ref(&outcome));
            Ok(measure(part, &summary, Some(&outcome)))
        })
        .collect()
}

/// The configuration of the stand-in market for all experiments.
fn market_config(project: &Project, parts: &[Part<'_>]) -> Result<serde_json::Value, Failure> {
    let mut experiments = serde_json::Map::new();
    for part in parts {
        let truth = serde_json::to_value(&part.stand_in.truth)
            .map_err(|error| Failure::new(Kind::Internal, format!("failed to write JSON: {error}")))?;
        let one = json!({
            "month": part.plan.experiment.month.to_string(),
            "goal": part.plan.goal_metric(),
            "seed": part.seed,
            "truth": truth,
        });
        experiments.insert(part.plan.experiment.name.to_string(), one);
    }
    Ok(json!({
        "seed": 1,
        "timezone": project.company.timezone.name(),
        "currency": project.company.currency.code(),
        "experiments": experiments,
    }))
}

/// What a month that went through the ledger came to.
fn outcome(part: &Part<'_>, ledger: &Ledger) -> Result<MonthOutcome, gevinst_runner::Error> {
    let plan = &part.plan;
    let book = observe::read_book(plan, ledger, AsOf::Now)?;
    let standing = cycle::standing(plan, ledger)?;
    let mut ended_on = vec![None; plan.arms.len()];
    for fact in ledger.facts(Filter::of(plan.experiment.name.as_str()).kinds(&[FactKind::Looked])) {
        let Fact::Looked(looked) = fact?.fact else { continue };
        let periods = plan.periods_ended(looked.evidence.data_until_us);
        for (ended, arm) in ended_on.iter_mut().zip(&looked.evidence.arms) {
            if !arm.status.is_alive() && ended.is_none() {
                *ended = Some(periods);
            }
        }
    }
    let number = score::market_arms(plan, &part.stand_in.model);
    Ok(month::outcome(&part.stand_in, &part.calendar, &number, &book, &standing, &ended_on))
}

fn measure(part: &Part<'_>, summary: &Summary, outcome: Option<&MonthOutcome>) -> Measured {
    let plan = &part.plan;
    let pair = |mean: Mean| (mean.mean, mean.se);
    let in_money = matches!(plan.unit, plan::Unit::Money(_));
    Measured {
        name: plan.experiment.name.to_string(),
        months: u64::from(summary.months),
        rule: plan.rule.as_str().to_owned(),
        goal: plan.goal_metric().to_owned(),
        per: plan.exposure_metric().to_owned(),
        alpha: plan.experiment.decide.wrongly_drop_best.as_f64(),
        prior: plan.belief(),
        guarantee: Terms::of(plan, Detail::Full).guarantee().as_str().to_owned(),
        separation: plan.experiment.separation.as_str().to_owned(),
        best_dropped: Some(pair(summary.best_dropped)),
        losers_dropped: summary.losers_dropped.map(pair),
        drop_days: summary.drop_days,
        gain_realised: summary.gain_realised.map(pair),
        goals: summary.goals,
        spend_minor: summary.spend_minor,
        not_spent_on_losers_minor: in_money
            .then(|| whole(summary.not_spent_on_losers.mean * f64::from(summary.months))),
        arms: outcome.map(|outcome| arms(plan, outcome)),
    }
}

fn arms(plan: &Plan, outcome: &MonthOutcome) -> Vec<MeasuredArm> {
    plan.arms
        .iter()
        .zip(&outcome.arms)
        .map(|(arm, came)| MeasuredArm {
            name: arm.name.clone(),
            status: came.status,
            exposure: came.total.exposure,
            goals: came.total.goals,
            spend_minor: came.total.spend_minor,
            dropped_on: came.ended_on.and_then(|day| {
                let day = i64::try_from(day).ok()?.checked_sub(1)?;
                plan.experiment.month.first_day().checked_add(jiff::Span::new().days(day)).ok()
            }),
        })
        .collect()
}

#[expect(clippy::cast_possible_truncation, reason = "amounts are far below 2^53")]
fn whole(value: f64) -> i64 {
    value.round() as i64
}
