//! `gevinst check`: is the definition sound, does its plugin accept its part, and what can its money show?

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use gevinst_experiment::Project;
use gevinst_host::{ChildConnection, ChildOptions, Code, Connection, Now, Plugin, Surroundings, Terms};
use gevinst_rehearsal::{Calendar, Grain};
use gevinst_runner::plan::Plan;
use gevinst_runner::rehearse::months;
use gevinst_runner::rehearse::stand_in::stand_ins;
use gevinst_stats::plan::{Design, Hopeless, outlook};
use serde::Serialize;

use super::rehearse::failure;
use crate::args::{Check, Colour};
use crate::channels::plugin_dirs;
use crate::failure::{Failure, Kind};
use crate::output::{remark, say, write_json};
use crate::{clock, project, secrets};

/// Months that are rehearsed to say what the money can show: a standard error of at most 3.5 points.
const MONTHS: u32 = 200;

/// What was found.
#[derive(Serialize)]
struct Found {
    schema_version: u32,
    sound: bool,
    plugins: Vec<PluginFound>,
    experiments: Vec<ExperimentFound>,
}

#[derive(Serialize)]
struct PluginFound {
    channel: String,
    plugin: String,
    found: bool,
    message: Option<String>,
}

#[derive(Serialize)]
struct ExperimentFound {
    name: String,
    month: String,
    month_is_over: bool,
    /// None without `[rehearsal]`: nothing says what might be true.
    expected: Option<Expected>,
}

#[derive(Serialize)]
struct Expected {
    months: u32,
    goals_per_month: f64,
    losers_dropped: Option<f64>,
    drop_day_median: Option<f64>,
    best_dropped: f64,
    gain_realised: Option<f64>,
    /// Ratio of the best arm to the others at which losers are dropped in 80 of 100 months of an even split; none above 20.
    detectable_ratio: Option<f64>,
    /// Why the experiment should not be started, if so.
    hopeless: Option<String>,
}

pub(crate) fn run(args: &Check, colour: Colour) -> Result<(), Failure> {
    let project = project::load(&args.definitions.paths, colour)?;
    let now_us = clock::now_us(None)?;
    let plugins = plugins(&project, args, now_us)?;
    let experiments = experiments(&project, now_us)?;
    let hopeless: Vec<String> = experiments
        .iter()
        .filter_map(|found| Some((found, found.expected.as_ref()?.hopeless.as_ref()?)))
        .map(|(found, why)| format!("`{}` is hopeless: {why}", found.name))
        .collect();
    let found = Found { schema_version: 1, sound: hopeless.is_empty(), plugins, experiments };
    if let Some(target) = &args.json {
        write_json(target, &found)?;
        return refuse(&hopeless);
    }
    for plugin in found.plugins.iter().filter(|plugin| !plugin.found) {
        remark(&format!(
            "warning: channel `{}`: plugin `{}` is not installed; `gevinst rehearse` does not need it, `gevinst run` does",
            plugin.channel, plugin.plugin
        ));
    }
    for message in
        found.plugins.iter().filter(|plugin| plugin.found).filter_map(|plugin| plugin.message.as_ref())
    {
        remark(&format!("warning: {message}"));
    }
    let mut text = String::new();
    for experiment in &found.experiments {
        text.push_str(&sentence(experiment));
        text.push('\n');
    }
    let count = found.experiments.len();
    let noun = if count == 1 { "definition is" } else { "definitions are" };
    if hopeless.is_empty() {
        return say(&format!("{text}{count} {noun} sound"));
    }
    say(&text)?;
    refuse(&hopeless)
}

fn refuse(hopeless: &[String]) -> Result<(), Failure> {
    if hopeless.is_empty() {
        return Ok(());
    }
    Err(Failure::new(Kind::Input, hopeless.join("\n")).hint(
        "fewer arms, more money, or a goal that comes more often (a click for a lead) would show something",
    ))
}

/// Whether each channel's plugin is there and takes the channel's configuration. Nothing is asked of the platform.
fn plugins(project: &Project, args: &Check, now_us: i64) -> Result<Vec<PluginFound>, Failure> {
    let dirs = plugin_dirs(&args.plugins.plugin_dirs);
    let mut used: Vec<String> = project
        .experiments
        .iter()
        .flat_map(|located| located.experiment.observed_channels().into_iter().map(ToString::to_string))
        .chain(project.company.market.as_ref().map(|market| market.source.to_string()))
        .collect();
    used.sort();
    used.dedup();
    let mut found = Vec::new();
    let mut refused = Vec::new();
    for channel in used {
        let Some((_, config)) = project.company.channels.iter().find(|(name, _)| name.as_str() == channel)
        else {
            continue;
        };
        let name = config.plugin.to_string();
        let plugin = match Plugin::find(&name, &dirs) {
            Ok(plugin) => plugin,
            Err(error @ gevinst_host::HostError::NotFound { .. }) => {
                found.push(PluginFound {
                    channel,
                    plugin: name,
                    found: false,
                    message: Some(error.to_string()),
                });
                continue;
            }
            Err(error) => return Err(Failure::from_error(Kind::Channel, &error)),
        };
        let config = project.company.open_config(&channel).unwrap_or_default();
        let surroundings = Surroundings::new(|_| {}, secrets::granted(&config, project::folder(project)));
        let terms = Terms { now: Now::Running(now_us), deadline: args.deadline.duration() };
        let options = ChildOptions { folder: project::folder(project), ..ChildOptions::default() };
        let open = ChildConnection::start(&plugin, &options, surroundings).and_then(|mut connection| {
            connection.describe(terms)?;
            connection.open(&config, terms)
        });
        match open {
            Ok(()) => found.push(PluginFound { channel, plugin: name, found: true, message: None }),
            // A definition is sound wherever the credentials are kept; those are needed where the month is run.
            Err(error) if error.code() == Some(Code::Auth) => found.push(PluginFound {
                message: Some(format!("channel `{channel}` was not opened: {error}")),
                channel,
                plugin: name,
                found: true,
            }),
            Err(error) => {
                refused.push(format!("channel `{channel}`: plugin `{name}` does not accept it: {error}"))
            }
        }
    }
    if refused.is_empty() { Ok(found) } else { Err(Failure::new(Kind::Channel, refused.join("\n"))) }
}

fn experiments(project: &Project, now_us: i64) -> Result<Vec<ExperimentFound>, Failure> {
    let with_truths: Vec<_> = project
        .experiments
        .iter()
        .filter(|located| located.experiment.rehearsal.is_some())
        .map(|located| (&located.experiment, located.path.parent().unwrap_or(Path::new(""))))
        .collect();
    let mut answers: BTreeMap<String, _> = with_truths
        .iter()
        .map(|(experiment, _)| experiment.name.to_string())
        .zip(stand_ins(&with_truths, &project::data_folders()))
        .collect();
    let mut found = Vec::new();
    for located in &project.experiments {
        let experiment = &located.experiment;
        let expected = match answers.remove(experiment.name.as_str()) {
            None => None,
            Some(answer) => {
                let stand_in = answer.map_err(|error| failure(&error))?;
                let plan = Plan::new(&project.company, experiment, None).map_err(|error| failure(&error))?;
                let calendar = Calendar::month(
                    &experiment.month.to_string(),
                    project.company.timezone.name(),
                    Grain::Day,
                )
                .map_err(|error| Failure::from_error(Kind::Internal, &error))?;
                let summary = months::play(&plan, &stand_in, &Arc::new(calendar), 1, MONTHS, &|| {})
                    .map_err(|error| failure(&error))?;
                #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
                let goals_per_month = summary.goals as f64 / f64::from(summary.months);
                let (detectable_ratio, hopeless) = can_show(&plan, &stand_in.truth, goals_per_month)?;
                Some(Expected {
                    months: summary.months,
                    goals_per_month,
                    detectable_ratio,
                    hopeless,
                    losers_dropped: summary.losers_dropped.map(|mean| mean.mean),
                    drop_day_median: summary.drop_days.map(|days| days[1]),
                    best_dropped: summary.best_dropped.mean,
                    gain_realised: summary.gain_realised.map(|mean| mean.mean),
                })
            }
        };
        found.push(ExperimentFound {
            name: experiment.name.to_string(),
            month: experiment.month.to_string(),
            month_is_over: experiment.is_over(now_us, &project.company.timezone),
            expected,
        });
    }
    Ok(found)
}

/// What an even split of these goals can show, and why that would be hopeless.
fn can_show(
    plan: &Plan,
    truth: &gevinst_rehearsal::Truth,
    goals_per_month: f64,
) -> Result<(Option<f64>, Option<String>), Failure> {
    let days = u32::try_from(plan.periods.len()).unwrap_or(30).max(1);
    if plan.arms.len() < 2 {
        return Ok((None, None));
    }
    // What so many goals can show of values depends on how values scatter; the rehearsed months tell.
    if goals_per_month > 0.0 && plan.experiment.goal.kind != gevinst_experiment::GoalKind::Count {
        return Ok((None, None));
    }
    if goals_per_month <= 0.0 {
        return Ok((None, Some("no goal is expected in the whole month".to_owned())));
    }
    let design = Design {
        arms: plan.arms.len(),
        days,
        goals_per_day: goals_per_month / f64::from(days),
        day_noise: truth.day_noise.min(1.5),
        prior_sd: plan.prior.sd,
        alpha: plan.experiment.decide.wrongly_drop_best.as_f64(),
        dispersion: plan.dispersion.clone(),
        ..Design::default()
    };
    let outlook = outlook(&design).map_err(|error| Failure::from_error(Kind::Internal, &error))?;
    // Little chance of proof is the normal lot of a small company, and budgets still follow the results: the sentence says
    // so and the user decides. Refused is only what could show nothing at any ratio.
    let hopeless = match outlook.hopeless {
        Some(Hopeless::TooFewGoals { goals }) => {
            Some(format!("about {goals:.1} goals in the month can tell no ratio between its arms"))
        }
        _ => None,
    };
    Ok((outlook.detectable_ratio, hopeless))
}

fn sentence(found: &ExperimentFound) -> String {
    let mut text = format!("{}: ", found.name);
    match &found.expected {
        None => {
            text.push_str("nothing says what might be true; add `[rehearsal]` to see what its money can show")
        }
        Some(expected) => {
            text.push_str(&format!("about {:.0} goals in the month", expected.goals_per_month));
            match (expected.losers_dropped, expected.drop_day_median) {
                (None, _) => text.push_str("; its arms are truly equal, so there is nothing to show"),
                (Some(share), Some(day)) if share >= 0.01 => text.push_str(&format!(
                    "; {:.0} % of its losing arms would be dropped with proof, half of these by day {day:.0}",
                    share * 100.0
                )),
                _ => text.push_str("; too few to prove any losing arm within the month"),
            }
            if let Some(ratio) = expected.detectable_ratio {
                text.push_str(&format!("; a best arm {ratio:.1} times the others shows in 80 of 100 months"));
            }
            if let Some(gain) = expected.gain_realised.filter(|gain| gain.is_finite()) {
                text.push_str(&format!("; {:.0} % of the possible gain over an even split", gain * 100.0));
            }
        }
    }
    if found.month_is_over {
        text.push_str(" (its month is over: `run` refuses it, `rehearse` plays it)");
    }
    text
}
