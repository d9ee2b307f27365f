//! `gevinst run`: one step for every experiment that is due; with `--watch`, again and again.
//!
//! An experiment that cannot be run does not keep the others from it; the exit code tells of the first that failed. Before a
//! ledger is made, it is made sure that something can be launched at all: bad input leaves nothing behind.

use std::collections::BTreeMap;
use std::time::Duration;

use gevinst_experiment::{Budget, Mode, Project, Source, parse_experiment};
use gevinst_ledger::{Access, Ledger};
use gevinst_runner::cycle::{self, Papers, Stage, Stepped};
use gevinst_runner::engine::Engine;
use gevinst_runner::observe::Failed;
use gevinst_runner::plan::Plan;
use gevinst_runner::port::Ports;
use gevinst_runner::{market, month_budget};
use serde_json::{Value, json};

use super::GENERATOR;
use super::rehearse::failure;
use crate::args::{Colour, Run};
use crate::channels::{Account, Channels, plugin_dirs};
use crate::failure::{Failure, Kind, printable};
use crate::output::{remark, say, write_json};
use crate::{clock, project};

/// How long `--watch` waits between two steps.
const PAUSE: Duration = Duration::from_secs(15 * 60);

pub(crate) fn run(args: &Run, colour: Colour) -> Result<(), Failure> {
    loop {
        let result = once(args, colour);
        if !args.watch {
            return result;
        }
        if let Err(failure) = result {
            remark(&failure.text());
        }
        std::thread::sleep(PAUSE);
    }
}

fn once(args: &Run, colour: Colour) -> Result<(), Failure> {
    let project = project::load(&args.definitions.paths, colour)?;
    let now_us = clock::now_us(args.now.as_deref())?;
    let path = project::ledger_path(args.ledger.ledger.as_deref(), Some(&project.company_path))?;
    let mut channels = channels(&project, args, now_us);
    let mut plans = project
        .experiments
        .iter()
        .map(|located| {
            Plan::new(&project.company, &located.experiment, None).map_err(|error| failure(&error))
        })
        .collect::<Result<Vec<Plan>, Failure>>()?;
    if !path.exists() {
        preflight(&project, &plans, &mut channels, now_us, colour)?;
    }
    let mut ledger = Ledger::open(&path, Access::Write).map_err(|error| super::ledger::failure(&error))?;
    accept_pins(&project, &ledger, &mut channels)?;
    fit_month_budgets(&project, &ledger, &mut plans)?;

    let mut done: Vec<Value> = Vec::new();
    let mut text = String::new();
    let mut failed: Option<Failure> = None;
    for (located, plan) in project.experiments.iter().zip(&plans) {
        let name = located.experiment.name.as_str();
        let papers = Papers {
            definition_toml: located.source.text.clone(),
            company_toml: project.company_source.text.clone(),
            program: GENERATOR.to_owned(),
            rehearsal_seed: None,
            needs_approval: project.company.mode == Mode::Propose,
        };
        let stepped = Engine::new(plan).and_then(|mut engine| {
            cycle::step(plan, &papers, &mut engine, &mut ledger, &mut channels, now_us)
        });
        match stepped {
            Ok(stepped) => {
                text.push_str(&describe(name, &stepped));
                done.push(as_json(name, &stepped));
                if let Some(failure) = trouble(name, &stepped)
                    && let Some(earlier) = failed.replace(failure)
                {
                    remark(&earlier.text());
                }
            }
            Err(error) => {
                let failure = explain(&project, &error, name, now_us, colour);
                done.push(json!({ "name": name, "error": error.to_string() }));
                // The ledger itself failing ends the step: nothing after it could be recorded.
                if matches!(error, gevinst_runner::Error::Ledger(_)) {
                    say(&text)?;
                    return Err(failure);
                }
                if let Some(earlier) = failed.replace(failure) {
                    remark(&earlier.text());
                }
            }
        }
    }
    let market = market::observe(&project.company, &mut ledger, &mut channels, now_us)
        .map_err(|error| failure(&error))?;
    if market.rows_new + market.rows_restated > 0 {
        text.push_str(&format!(
            "the market: {} new figures, {} restated\n",
            market.rows_new, market.rows_restated
        ));
    }
    let lines: Vec<String> = market
        .failed
        .iter()
        .map(|failed| {
            format!(
                "the market's series: channel `{}` could not be observed: {}",
                failed.channel, failed.message
            )
        })
        .collect();
    if !lines.is_empty() {
        let hint = market.failed.iter().find_map(|failed| failed.hint.clone());
        let hint = hint
            .unwrap_or_else(|| "nothing is decided by them; the next `gevinst run` asks again".to_owned());
        let told = Failure::new(Kind::Channel, lines.join("\n  ")).hint(hint);
        if failed.is_some() {
            remark(&told.text());
        } else {
            failed = Some(told);
        }
    }
    if let Some(target) = &args.json {
        let market = json!({
            "rows_new": market.rows_new,
            "rows_restated": market.rows_restated,
            "channels_failed": channels_failed(&market.failed),
        });
        write_json(
            target,
            &json!({ "schema_version": 1, "now_us": now_us, "experiments": done, "market": market }),
        )?;
    } else if !text.is_empty() {
        say(&text)?;
    }
    match failed {
        None => Ok(()),
        Some(failure) => Err(failure),
    }
}

fn channels(project: &Project, args: &Run, now_us: i64) -> Channels {
    let accounts: BTreeMap<String, Account> = project
        .company
        .channels
        .iter()
        .map(|(name, config)| {
            let settings = project.company.open_config(name.as_str()).unwrap_or_default();
            (name.to_string(), Account { plugin: config.plugin.to_string(), config: settings })
        })
        .collect();
    let mut channels = Channels::new(plugin_dirs(&args.plugins.plugin_dirs), accounts);
    channels.set_folder(project::folder(project));
    channels.set_deadline(args.deadline.duration());
    channels.set_now(now_us);
    if args.now.is_some() {
        channels.freeze_time();
    }
    channels
}

/// Whether anything could be launched: without a ledger nothing is running yet.
fn preflight(
    project: &Project,
    plans: &[Plan],
    channels: &mut Channels,
    now_us: i64,
    colour: Colour,
) -> Result<(), Failure> {
    let mut first: Option<Failure> = None;
    for plan in plans {
        let name = plan.experiment.name.as_str();
        if now_us < plan.start_us() {
            continue;
        }
        let result = if now_us >= plan.end_us() {
            let month = plan.experiment.month.to_string();
            Err(gevinst_runner::Error::MonthOver { experiment: name.to_owned(), month })
        } else {
            plan.experiment.observed_channels().into_iter().try_for_each(|channel| {
                channels.pin(name, channel.as_str()).map(|_| ()).map_err(|source| {
                    gevinst_runner::Error::Channel {
                        experiment: name.to_owned(),
                        channel: channel.to_string(),
                        source,
                    }
                })
            })
        };
        match result {
            Ok(()) => return Ok(()),
            Err(error) => {
                let failure = explain(project, &error, name, now_us, colour);
                if let Some(earlier) = first.replace(failure) {
                    remark(&earlier.text());
                }
            }
        }
    }
    match first {
        Some(failure) => Err(failure),
        None => Err(Failure::new(Kind::Input, "no experiment is due: their months have not begun")
            .hint("`gevinst rehearse` plays a month before it begins")),
    }
}

fn accept_pins(project: &Project, ledger: &Ledger, channels: &mut Channels) -> Result<(), Failure> {
    let mut accepted = BTreeMap::new();
    for config in project.company.channels.values() {
        let id = config.plugin.to_string();
        if let Some(pin) = ledger.plugin_pin(&id).map_err(|error| super::ledger::failure(&error))? {
            accepted.insert(id, pin);
        }
    }
    channels.accept(accepted);
    Ok(())
}

/// Bounds every plan by what is left of its month's budget, whatever else runs in that month.
fn fit_month_budgets(project: &Project, ledger: &Ledger, plans: &mut [Plan]) -> Result<(), Failure> {
    let fail = |error: gevinst_ledger::Error| super::ledger::failure(&error);
    let entries = ledger.experiments().map_err(fail)?;
    let mut months: Vec<_> = plans.iter().map(|plan| plan.experiment.month).collect();
    months.sort();
    months.dedup();
    for month in months {
        let mut claimed = 0_i64;
        for entry in entries.iter().filter(|entry| entry.month == month.to_string()) {
            if plans.iter().any(|plan| plan.experiment.name.as_str() == entry.name) {
                continue;
            }
            // An experiment that runs but was not named this time: its definition is in the ledger.
            if let Some(launched) = ledger.launched(&entry.name).map_err(fail)? {
                let source = Source::new(entry.name.clone(), launched.definition_toml);
                if let Ok(parsed) = parse_experiment(&source, &project.company)
                    && let Budget::Money { total, .. } = parsed.value.budget
                {
                    claimed = claimed.saturating_add(total.minor());
                }
            }
        }
        let available = project.company.month_budget.minor().saturating_sub(claimed);
        let launched = |name: &str| entries.iter().any(|entry| entry.name == name);
        for name in month_budget::fit(plans, month, available, launched) {
            remark(&format!(
                "warning: `{name}` gets less than its total: the budget of {month} is claimed by others"
            ));
        }
    }
    Ok(())
}

/// A runner's error; a month that is over is shown where the definition states it.
fn explain(
    project: &Project,
    error: &gevinst_runner::Error,
    name: &str,
    now_us: i64,
    colour: Colour,
) -> Failure {
    let place = match error {
        gevinst_runner::Error::MonthOver { .. } => project
            .experiment(name)
            .and_then(|located| located.refuse_past_month(now_us, &project.company.timezone)),
        _ => None,
    };
    match place {
        Some(diagnostics) => project::failure(gevinst_experiment::Error::Invalid(diagnostics), colour),
        None => failure(error),
    }
}

/// What a person must know of: channels that could not be asked, commands that are not in force.
fn trouble(name: &str, stepped: &Stepped) -> Option<Failure> {
    let mut lines = Vec::new();
    let mut hints: Vec<&str> = stepped.moved.hints.iter().map(String::as_str).collect();
    for failed in &stepped.observed.failed {
        lines.push(format!(
            "`{name}`: channel `{}` could not be observed: {}",
            failed.channel, failed.message
        ));
        hints.extend(failed.hint.as_deref().filter(|hint| !hints.contains(hint)));
    }
    for (key, message) in &stepped.moved.unknown {
        lines.push(format!("`{key}`: nobody knows yet whether it was applied: {message}"));
    }
    for (key, message) in &stepped.moved.not_applied {
        lines.push(format!("`{key}` was not applied: {message}"));
    }
    if hints.is_empty() {
        hints.push(
            "the next `gevinst run` asks the platform again; what is unknown counts at its worst until then",
        );
    }
    (!lines.is_empty()).then(|| Failure::new(Kind::Channel, lines.join("\n  ")).hint(hints.join("\nhint: ")))
}

fn describe(name: &str, stepped: &Stepped) -> String {
    let mut parts: Vec<String> = Vec::new();
    match stepped.stage {
        Stage::NotYet => parts.push("its month has not begun".to_owned()),
        Stage::Closed => parts.push("closed".to_owned()),
        Stage::Waiting => parts.push("its month is over; late goals are awaited".to_owned()),
        Stage::Running if stepped.launched => parts.push(format!("launched ({})", stepped.belief)),
        Stage::Running => {}
    }
    if stepped.observed.rows_new + stepped.observed.rows_restated > 0 {
        parts.push(format!(
            "{} new figures, {} restated",
            stepped.observed.rows_new, stepped.observed.rows_restated
        ));
    }
    if let Some(look) = stepped.look {
        parts.push(format!("look {look}"));
    }
    if stepped.moved.applied > 0 {
        parts.push(format!("{} made", plural(stepped.moved.applied, "move")));
    }
    if stepped.moved.waiting > 0 {
        let verb = if stepped.moved.waiting == 1 { "waits" } else { "wait" };
        let waiting = plural(stepped.moved.waiting, "move");
        parts.push(format!("{waiting} {verb} for approval (`gevinst approve {name}`)"));
    }
    if parts.is_empty() {
        parts.push("nothing is due".to_owned());
    }
    let mut text = format!("{name}: {}\n", parts.join("; "));
    for concluded in &stepped.concluded {
        text.push_str(&format!("  {}\n", printable(&concluded.reason)));
    }
    text
}

fn plural(count: u32, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn as_json(name: &str, stepped: &Stepped) -> Value {
    json!({
        "name": name,
        "stage": match stepped.stage {
            Stage::NotYet => "not-yet",
            Stage::Running => "running",
            Stage::Waiting => "waiting",
            Stage::Closed => "closed",
        },
        "launched": stepped.launched,
        "belief": stepped.belief,
        "rows_new": stepped.observed.rows_new,
        "rows_restated": stepped.observed.rows_restated,
        "look": stepped.look,
        "concluded": stepped.concluded,
        "moves_applied": stepped.moved.applied,
        "moves_waiting": stepped.moved.waiting,
        "moves_not_applied": stepped.moved.not_applied,
        "moves_unknown": stepped.moved.unknown,
        "channels_failed": channels_failed(&stepped.observed.failed),
    })
}

fn channels_failed(failed: &[Failed]) -> Vec<Value> {
    let one = |failed: &Failed| json!({ "channel": failed.channel, "message": failed.message, "hint": failed.hint });
    failed.iter().map(one).collect()
}
