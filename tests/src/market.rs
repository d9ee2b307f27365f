//! A project whose channel is the stand-in market, with the truths that its own definitions state.
//!
//! `gevinst run` meets a platform that outlives it: a file that every command is written to before it is answered. Since the
//! truths are those that `gevinst rehearse` plays, a month that was run can be held against the one that was rehearsed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use gevinst_experiment::Project;
use gevinst_rehearsal::journal::{self, Received};
use gevinst_rehearsal::{Calendar, Config, Experiment, Faults, Grain};
use gevinst_runner::plan::Plan;
use gevinst_runner::rehearse::month;
use gevinst_runner::rehearse::stand_in::{StandIn, stand_ins};
use jiff::Timestamp;
use serde::Serialize;

use crate::Place;

/// Where the stand-in platform keeps what it was commanded.
pub const PLATFORM: &str = "platform.jsonl";

/// The company of every project made here, but for mode and channels.
const COMPANY: &str = "currency = \"NOK\"\ntimezone = \"Europe/Oslo\"\n";

/// An experiment as the rehearsal of it is played.
#[derive(Debug)]
pub struct Played {
    /// The definition, turned into periods and amounts.
    pub plan: Plan,
    /// Its market.
    pub stand_in: StandIn,
    /// Its month.
    pub calendar: Arc<Calendar>,
    /// Its seed.
    pub seed: u64,
}

impl Played {
    /// The moments at which its month is stepped, in order.
    #[must_use]
    pub fn moments(&self) -> Vec<i64> {
        month::moments(&self.plan).map(|(at_us, _, _)| at_us).collect()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.plan.experiment.name.as_str()
    }
}

/// Reads the definitions below `folder`, and makes each one's market.
///
/// # Panics
/// When one is not sound.
#[must_use]
pub fn played(folder: &Path, data_folders: &[std::path::PathBuf]) -> Vec<Played> {
    let project = Project::load(&[folder]).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let questions: Vec<_> = project
        .experiments
        .iter()
        .map(|located| (&located.experiment, located.path.parent().unwrap_or(Path::new(""))))
        .collect();
    let answers = stand_ins(&questions, data_folders);
    let zone = project.company.timezone.name();
    project
        .experiments
        .iter()
        .zip(answers)
        .map(|(located, stand_in)| {
            let experiment = &located.experiment;
            let calendar = Calendar::month(&experiment.month.to_string(), zone, Grain::Day);
            Played {
                plan: Plan::new(&project.company, experiment, None).expect("a sound definition makes a plan"),
                stand_in: stand_in.expect("a sound definition makes a market"),
                calendar: Arc::new(calendar.expect("a month has a calendar")),
                seed: experiment.rehearsal.as_ref().map_or(1, |rehearsal| rehearsal.seed),
            }
        })
        .collect()
}

/// Writes a project into `place`: the definitions, whose arms all run on the channel `market`, and a company in that mode
/// (`autopilot` or `propose`) whose platform has these faults.
///
/// # Panics
/// When a definition is not sound.
pub fn project(place: &Place, mode: &str, faults: Faults, definitions: &[&str]) -> Vec<Played> {
    for (number, definition) in definitions.iter().enumerate() {
        place.write(&format!("experiments/{number}.toml"), definition);
    }
    let company = format!("{COMPANY}mode = \"{mode}\"\n[month]\nbudget = \"9 000 000 NOK\"\n");
    place.write("gevinst.toml", format!("{company}[channels.market]\nplugin = \"rehearsal\"\n"));
    let played = played(&place.path("experiments"), &[]);
    let experiments: BTreeMap<String, Experiment> = played
        .iter()
        .map(|one| {
            let experiment = Experiment {
                month: Some(one.plan.experiment.month.to_string()),
                grain: Grain::Day,
                goal: Some(one.plan.goal_metric().to_owned()),
                seed: Some(one.seed),
                truth: one.stand_in.truth.clone(),
            };
            (one.name().to_owned(), experiment)
        })
        .collect();
    let config = Config {
        seed: 1,
        timezone: "Europe/Oslo".to_owned(),
        currency: "NOK".to_owned(),
        experiments,
        state_file: Some(place.path(PLATFORM)),
        faults,
    };
    #[derive(Serialize)]
    struct Channels {
        channels: BTreeMap<&'static str, Channel>,
    }
    #[derive(Serialize)]
    struct Channel {
        plugin: &'static str,
        #[serde(flatten)]
        config: Config,
    }
    let channels = Channels { channels: [("market", Channel { plugin: "rehearsal", config })].into() };
    let channels = toml::to_string(&channels).expect("a configuration can be written as TOML");
    place.write("gevinst.toml", format!("{company}{channels}"));
    played
}

/// Everything that reached the platform, in order.
///
/// # Panics
/// When its file cannot be read.
#[must_use]
pub fn received(place: &Place) -> Vec<Received> {
    let path = place.path(PLATFORM);
    if !path.exists() {
        return Vec::new();
    }
    journal::read(&path).unwrap_or_else(|error| panic!("{error}"))
}

/// A moment as `--now` takes it.
///
/// # Panics
/// When it is no time of any calendar.
#[must_use]
pub fn time(at_us: i64) -> String {
    Timestamp::from_microsecond(at_us).expect("a moment of a month is a time").to_string()
}
