//! Measures what each rule of allocation gains of what could be gained over an even split: engine, budgets and market together.
//!
//! `GEVINST_DATA=… cargo run --release -p gevinst-runner --example possible_gain -- [MONTHS] [EVERY]` plays MONTHS months (default 3) of
//!
//! 1. every EVERY-th (default 1: each) clean four-package test of the Upworthy Research Archive (Matias et al., Scientific Data
//!    8:195, 2021; CC BY 4.0), with 200 clicks in 30 days when the budget is spent evenly. Log click rates are drawn to
//!    their test's mean by what their clicks tell at a spread of 0.24 and then scaled so that their spread over all tests is 0.24.
//!    Left out, and said so, where GEVINST_DATA is not set;
//! 2. 500 MONTHS months of four arms whose log rates spread with standard deviation 0.35, at 8 and at 40 goals a day,
//!
//! under each rule, with the default prior and with the true one. Printed: the goals gained over an even split by all months
//! together as a part of those that could have been gained, with its standard error over experiments; the share of losing
//! arms that were dropped with proof; the share of months in which a best arm was dropped.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a check that prints a table")]

use std::collections::BTreeMap;
use std::f64::consts::SQRT_2;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use gevinst_experiment::{Company, Source, parse_company, parse_experiment};
use gevinst_ledger::evidence::ArmStatus;
use gevinst_rehearsal::{Calendar, Grain};
use gevinst_runner::plan::Plan;
use gevinst_runner::rehearse::month;
use gevinst_runner::rehearse::months::month_seed;
use gevinst_runner::rehearse::score::Benchmark;
use gevinst_runner::rehearse::stand_in::stand_ins;
use gevinst_stats::prior::NormalPrior;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use rayon::prelude::*;

const RULES: [&str; 3] = ["even", "balanced", "earn"];

fn definition(rule: &str, goals_per_day: f64, rates: &[f64]) -> String {
    let arms: String = (0..rates.len())
        .map(|arm| format!("[[arm]]\nname = \"arm-{arm}\"\nchannel = \"native\"\ncontrol = {}\n", arm == 0))
        .collect();
    let truths: Vec<String> =
        rates.iter().enumerate().map(|(arm, rate)| format!("arm-{arm} = {rate:.6}")).collect();
    format!(
        r#"
name = "gain"
month = "2026-11"
hypothesis = "One of them is better."
phase = "prospecting"
[goal]
metric = "lead"
[budget]
total = "300 000 NOK"
daily_max = "10 000 NOK"
{arms}
[decide]
tie_within = "0 %"
[allocate]
rule = "{rule}"
floor = "1 %"
max_step = "50 %"
[rehearsal]
goals_per_day = {goals_per_day}
arms = {{ {} }}
"#,
        truths.join(", ")
    )
}

/// One month: gained, possible, share of losers dropped, whether a best arm was dropped.
type Played = [f64; 4];

struct World<'a> {
    company: &'a Company,
    calendar: &'a Arc<Calendar>,
    goals_per_day: f64,
    /// Prior standard deviation of a pair's log ratio; `None` for the default.
    prior_sd: Option<f64>,
    months: u32,
}

impl World<'_> {
    fn play(&self, rule: &str, rates: &[f64], seed: u64) -> Result<Vec<Played>, String> {
        let text = definition(rule, self.goals_per_day, rates);
        let experiment = parse_experiment(&Source::new("gain.toml", text), self.company)
            .map_err(|found| found.to_string())?
            .value;
        let mut plan = Plan::new(self.company, &experiment, None).map_err(|error| error.to_string())?;
        if let Some(sd) = self.prior_sd {
            plan.prior = NormalPrior::new(0.0, sd).map_err(|error| error.to_string())?;
        }
        let stand_in =
            stand_ins(&[(&experiment, Path::new(""))], &[]).remove(0).map_err(|error| error.to_string())?;
        let benchmark = Benchmark::new(&plan, &stand_in, self.calendar);
        let possible = benchmark.best_goals - benchmark.even_goals;
        (0..self.months)
            .map(|number| {
                let outcome = month::play(&plan, &stand_in, self.calendar, month_seed(seed, number))
                    .map_err(|error| error.to_string())?;
                let dropped = |best: bool| {
                    let arms = outcome.arms.iter().zip(&benchmark.best).filter(|(_, is)| **is == best);
                    let (all, gone) = arms.fold((0.0, 0.0), |(all, gone), (arm, _)| {
                        (all + 1.0, gone + f64::from(u8::from(arm.status == ArmStatus::Dropped)))
                    });
                    if all > 0.0 { gone / all } else { 0.0 }
                };
                Ok([outcome.expected_goals - benchmark.even_goals, possible, dropped(false), dropped(true)])
            })
            .collect()
    }

    /// Plays all experiments under all rules and prints a line for each.
    fn measure(&self, title: &str, experiments: &[Vec<f64>]) -> Result<(), String> {
        println!("{title}: {} experiments, {} months each", experiments.len(), self.months);
        for rule in RULES {
            let played: Vec<Vec<Played>> = experiments
                .par_iter()
                .enumerate()
                .map(|(number, rates)| self.play(rule, rates, 7_919 * number as u64))
                .collect::<Result<_, String>>()?;
            let mean = |k: usize| {
                let all = played.iter().flatten().map(|month| month[k]);
                all.sum::<f64>() / (played.len() as f64 * f64::from(self.months))
            };
            let (gained, possible) = (mean(0), mean(1));
            let part = gained / possible;
            // Of a ratio of means over experiments, to first order.
            let squares: f64 = played
                .iter()
                .map(|months| {
                    let off: f64 = months.iter().map(|month| month[0] - part * month[1]).sum();
                    (off / f64::from(self.months)).powi(2)
                })
                .sum();
            let se = squares.sqrt() / (played.len() as f64 * possible);
            println!(
                "  {rule:>8}  gained {part:.3} ± {se:.3}   losers dropped {:.3}   best dropped {:.4}",
                mean(2),
                mean(3)
            );
        }
        Ok(())
    }
}

/// Relative click rates of the clean four-package tests, drawn to their tests' means and scaled to a spread of 0.24.
fn upworthy(folder: &str) -> Result<Vec<Vec<f64>>, String> {
    const SPREAD: f64 = 0.24;
    let path = Path::new(folder).join("upworthy.csv.gz");
    let file = std::fs::File::open(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut reader = csv::Reader::from_reader(flate2::read::GzDecoder::new(file));
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    let column = |name: &str| {
        header.iter().position(|column| column == name).ok_or_else(|| format!("no column `{name}`"))
    };
    let (test, risk) = (column("clickability_test_id")?, column("randomisation_risk")?);
    let (impressions, clicks) = (column("impressions")?, column("clicks")?);
    let mut tests: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let number =
            |at: usize| record[at].parse::<f64>().map_err(|error| format!("{}: {error}", &record[at]));
        if &record[risk] == "0" {
            tests.entry(record[test].to_owned()).or_default().push((number(impressions)?, number(clicks)?));
        }
    }
    let mut centred: Vec<Vec<f64>> = tests
        .into_values()
        .filter(|packages| packages.len() == 4)
        .map(|packages| {
            // Half a click keeps the logarithm of a package without any finite.
            let raw: Vec<f64> = packages.iter().map(|(n, c)| ((c + 0.5) / (n + 0.5)).ln()).collect();
            let weight = |c: f64| 1.0 / (SPREAD * SPREAD + 1.0 / (c + 0.5));
            let whole: f64 = packages.iter().map(|(_, c)| weight(*c)).sum();
            let mean = raw.iter().zip(&packages).map(|(x, (_, c))| weight(*c) * x).sum::<f64>() / whole;
            let drawn: Vec<f64> = raw
                .iter()
                .zip(&packages)
                .map(|(x, (_, c))| (x - mean) * SPREAD * SPREAD * weight(*c))
                .collect();
            let middle = drawn.iter().sum::<f64>() / 4.0;
            drawn.iter().map(|x| x - middle).collect()
        })
        .collect();
    let squares: f64 = centred.iter().flatten().map(|x| x * x).sum();
    // Three degrees of freedom a test.
    let scale = SPREAD / (squares / (3.0 * centred.len() as f64)).sqrt();
    println!("clean four-package tests: {}; drawn rates scaled by {scale:.3}", centred.len());
    for rate in centred.iter_mut().flatten() {
        *rate = (*rate * scale).exp();
    }
    Ok(centred)
}

/// Log-normal rates of four arms.
fn drawn(experiments: u32, sd: f64) -> Vec<Vec<f64>> {
    let mut rng = Pcg64Mcg::seed_from_u64(20_261_122);
    // Box and Muller 1958.
    let mut normal = || {
        let (u, v): (f64, f64) = (rng.random_range(f64::MIN_POSITIVE..1.0), rng.random());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    };
    (0..experiments).map(|_| (0..4).map(|_| (sd * normal()).exp()).collect()).collect()
}

fn run() -> Result<(), String> {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u32>());
    let mut next =
        |default| arguments.next().transpose().map(|n| n.unwrap_or(default)).map_err(|e| e.to_string());
    let (months, every) = (next(3)?.max(1), next(1)?.max(1));
    let company = parse_company(&Source::new(
        "gevinst.toml",
        "currency = \"NOK\"\ntimezone = \"Europe/Oslo\"\n[month]\nbudget = \"300 000 NOK\"\n[channels.native]\nplugin = \"native-ads\"\n",
    ))
    .map_err(|found| found.to_string())?
    .value;
    let calendar =
        Arc::new(Calendar::month("2026-11", "Europe/Oslo", Grain::Day).map_err(|error| error.to_string())?);
    let world = |goals_per_day, prior_sd, months| World {
        company: &company,
        calendar: &calendar,
        goals_per_day,
        prior_sd,
        months,
    };
    if let Ok(folder) = std::env::var("GEVINST_DATA") {
        let tests: Vec<Vec<f64>> = upworthy(&folder)?.into_iter().step_by(every as usize).collect();
        let goals_per_day = 200.0 / 30.0;
        world(goals_per_day, None, months).measure("Upworthy, default prior", &tests)?;
        world(goals_per_day, Some(0.24 * SQRT_2), months)
            .measure("Upworthy, prior of the true scale", &tests)?;
    } else {
        println!("skipped: the Upworthy tests, since GEVINST_DATA is not set");
    }
    for goals_per_day in [8.0, 40.0] {
        let title = format!("four arms, spread 0.35, {goals_per_day} goals a day");
        world(goals_per_day, None, 1).measure(&title, &drawn((500 * months / every).max(2), 0.35))?;
    }
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
