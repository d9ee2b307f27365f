//! `gevinst learn`: what closed experiments, from the ledger or from a CSV, say about the next ones.
//!
//! It writes nothing but its answer.

mod table;

use gevinst_runner::learn::{self, FALSE_SHARE, Learned, PassedOver, Past};
use gevinst_stats::learn::{LearnedScale, Reference};
use serde::Serialize;

use super::ledger::open_for_reading;
use super::rehearse::failure;
use crate::args::Learn;
use crate::failure::{Failure, Kind};
use crate::output::{say, write_json};

#[derive(Serialize)]
struct Answer {
    schema_version: u32,
    level: f64,
    pooled: Scale,
    channels: Vec<Scale>,
    /// None without an experiment of several periods whose days may be noisy.
    day_noise: Option<Noise>,
    experiments: Vec<Experiment>,
    batches: Vec<Verdicts>,
    years: Vec<Year>,
    passed_over: Vec<Passed>,
}

#[derive(Serialize)]
struct Scale {
    /// None for all channels together.
    channel: Option<String>,
    experiments: usize,
    /// Spread of an arm's log rate: posterior median, likelihood interval, maximum likelihood.
    tau: f64,
    lower: f64,
    upper: Option<f64>,
    mle: Option<f64>,
    /// Standard deviation of the log ratio of two arms, as a prior states it.
    prior_sd: f64,
    /// Mean log ratio of other arms to the control, with its standard deviation.
    centre: f64,
    centre_sd: f64,
}

#[derive(Serialize)]
struct Noise {
    experiments: usize,
    /// Variances of a pair's logit with their learned weights.
    variances: Vec<f64>,
    weights: Vec<f64>,
}

#[derive(Serialize)]
struct Experiment {
    name: String,
    batch: String,
    channel: String,
    /// What of its goal was judged: `count`, `value` or `ratio`.
    kind: &'static str,
    rehearsed: bool,
    /// The arm that ratios are relative to; none for an even split.
    reference: Option<String>,
    arms: Vec<Arm>,
}

#[derive(Serialize)]
struct Arm {
    name: String,
    measured_ratio: Option<f64>,
    believed_ratio: f64,
    lower: f64,
    upper: f64,
    chance_better: f64,
    ln_e_drop: f64,
    dropped: bool,
    /// Whether its drop is among those that hold together with all others of the batch.
    holds: bool,
    /// Whether it is among those that hold over the year, month after month.
    holds_over_the_year: bool,
}

#[derive(Serialize)]
struct Verdicts {
    batch: String,
    experiments: usize,
    dropped: usize,
    /// The sum of the experiments' accepted chances.
    false_expected_at_most: f64,
    hold: usize,
    /// The mean part of `hold` that is false is at most this.
    false_share_at_most: f64,
}

#[derive(Serialize)]
struct Year {
    year: String,
    /// Arms of which it was asked whether they are the best, one month after the other.
    tested: u64,
    hold: usize,
    /// The mean part of `hold` that is false is at most this, at any time of the year.
    false_share_at_most: f64,
    /// E-value that the next arm's evidence must reach.
    next_needs: f64,
}

#[derive(Serialize)]
struct Passed {
    name: String,
    reason: String,
}

pub(crate) fn run(args: &Learn) -> Result<(), Failure> {
    let (past, passed) = match &args.csv {
        Some(path) => (table::read(path)?, Vec::new()),
        None => learn::closed_in(&open_for_reading(&args.ledger)?).map_err(|error| failure(&error))?,
    };
    if past.is_empty() {
        let reasons: Vec<String> =
            passed.iter().map(|one| format!("\n`{}`: {}", one.name, one.reason)).collect();
        return Err(Failure::new(
            Kind::Input,
            format!("no closed experiment has anything to teach{}", reasons.concat()),
        )
        .hint("results from before gevinst can be learned from with `--csv FILE`"));
    }
    let learned = learn::learn(&past).map_err(|error| failure(&error))?;
    let answer = answered(&past, &learned, passed);
    match &args.json {
        Some(target) => write_json(target, &answer),
        None => say(&text(&answer)),
    }
}

fn answered(past: &[Past], learned: &Learned, passed: Vec<PassedOver>) -> Answer {
    let scale = |channel: Option<&String>, scale: &LearnedScale| Scale {
        channel: channel.cloned(),
        experiments: scale.experiments,
        tau: scale.tau,
        lower: scale.lower,
        upper: scale.upper,
        mle: scale.mle,
        prior_sd: scale.pair_prior().sd,
        centre: scale.centre,
        centre_sd: scale.centre_sd,
    };
    let holds =
        |index: usize, arm: usize| learned.batches.iter().any(|batch| batch.hold.contains(&(index, arm)));
    let over_the_year =
        |index: usize, arm: usize| learned.years.iter().any(|year| year.hold.contains(&(index, arm)));
    let experiment = |(index, one): (usize, &Past)| Experiment {
        name: one.name.clone(),
        batch: one.batch.clone(),
        channel: one.channel.clone(),
        kind: one.kind.as_str(),
        rehearsed: one.rehearsed,
        reference: match learned.experiments[index].reference {
            Reference::Arm(arm) => Some(one.arms[arm].clone()),
            Reference::EvenSplit => None,
        },
        arms: learned.experiments[index]
            .arms
            .iter()
            .enumerate()
            .map(|(arm, (measured, gain))| Arm {
                name: one.arms[arm].clone(),
                measured_ratio: *measured,
                believed_ratio: gain.ln_ratio.exp(),
                lower: gain.credible.0.exp(),
                upper: gain.credible.1.exp(),
                chance_better: gain.p_positive,
                ln_e_drop: one.ln_e_drop[arm],
                dropped: one.dropped[arm],
                holds: holds(index, arm),
                holds_over_the_year: over_the_year(index, arm),
            })
            .collect(),
    };
    Answer {
        schema_version: 1,
        level: learn::LEVEL,
        pooled: scale(None, &learned.pooled),
        channels: learned.channels.iter().map(|(name, one)| scale(Some(name), one)).collect(),
        day_noise: learned.noise.as_ref().map(|noise| Noise {
            experiments: learned.noise_experiments,
            variances: noise.variances().to_vec(),
            weights: noise.weights().to_vec(),
        }),
        experiments: past.iter().enumerate().map(experiment).collect(),
        batches: learned
            .batches
            .iter()
            .map(|batch| Verdicts {
                batch: batch.name.clone(),
                experiments: batch.experiments,
                dropped: batch.dropped,
                false_expected_at_most: batch.false_expected_at_most,
                hold: batch.hold.len(),
                false_share_at_most: FALSE_SHARE,
            })
            .collect(),
        years: learned
            .years
            .iter()
            .map(|year| Year {
                year: year.name.clone(),
                tested: year.tested,
                hold: year.hold.len(),
                false_share_at_most: FALSE_SHARE,
                next_needs: 1.0 / year.next_level,
            })
            .collect(),
        passed_over: passed.into_iter().map(|one| Passed { name: one.name, reason: one.reason }).collect(),
    }
}

fn text(answer: &Answer) -> String {
    let mut text = String::from("How far apart arms usually are (model):\n");
    for scale in std::iter::once(&answer.pooled).chain(&answer.channels) {
        text.push_str(&scale_text(scale));
    }
    if let Some(noise) = &answer.day_noise {
        let mean: f64 = noise.variances.iter().zip(&noise.weights).map(|(v, w)| v * w).sum();
        // A pair's variance is twice an arm's.
        text.push_str(&format!(
            "How noisy days usually are (model), from {}: an arm's day is off by about {:.0} % beyond chance\n  weights of σ²:",
            count(noise.experiments, "experiment"),
            100.0 * (0.5 * mean).sqrt()
        ));
        for (variance, weight) in noise.variances.iter().zip(&noise.weights) {
            text.push_str(&format!("  {variance}: {:.0} %", 100.0 * weight));
        }
        text.push('\n');
    }
    text.push_str(
        "Gains as they should be believed (model), which is nearer to nothing than what was measured:\n",
    );
    for experiment in &answer.experiments {
        text.push_str(&experiment_text(experiment));
    }
    text.push_str("Verdicts, a batch at a time:\n");
    for batch in &answer.batches {
        text.push_str(&format!(
            "  {}: {}, {} dropped. Each by its own promise: the best arm of at most {:.2} experiments is among them on \
             average. Held together (e-BH): {} proven not the best, of which at most {:.0} % are false on average\n",
            batch.batch,
            count(batch.experiments, "experiment"),
            count(batch.dropped, "arm"),
            batch.false_expected_at_most,
            count(batch.hold, "arm"),
            100.0 * batch.false_share_at_most
        ));
    }
    text.push_str("Verdicts over a year, one month after the other, none ever taken back (e-LOND):\n");
    for year in &answer.years {
        text.push_str(&format!(
            "  {}: {} asked about, {} proven not the best, of which at most {:.0} % are false on average; the next needs evidence of {:.0} to 1\n",
            year.year,
            count(usize::try_from(year.tested).unwrap_or(usize::MAX), "arm"),
            year.hold,
            100.0 * year.false_share_at_most,
            year.next_needs
        ));
    }
    for passed in &answer.passed_over {
        text.push_str(&format!("passed over: {}: {}\n", passed.name, passed.reason));
    }
    if answer.experiments.iter().any(|experiment| experiment.rehearsed) {
        text.push_str("note: some were rehearsed against a stand-in market: they teach what its `[rehearsal]` assumes, not what is true\n");
    }
    text.push_str(
        "Nothing was changed. Experiments that are launched from now on believe the spread above, once at least 8 closed ones tell it, unless \
         `[decide] prior = \"default\"`: verdicts come sooner where arms differ as they did so far, and the promise of an experiment \
         (wrongly_drop_best) holds with either.",
    );
    text
}

fn scale_text(scale: &Scale) -> String {
    let name = scale.channel.as_deref().unwrap_or("all channels");
    let upper = scale.upper.map_or_else(|| "no bound".to_owned(), |upper| format!("{upper:.2}"));
    let mut text = format!(
        "  {name}: {}; spread τ {:.2} (their own likelihood: {:.2} to {upper}): two arms differ by a factor of {:.2} or less in half of the cases\n",
        count(scale.experiments, "experiment"),
        scale.tau,
        scale.lower,
        // Half of a normal law lies within 0.6745 standard deviations.
        (0.674_489_75 * scale.prior_sd).exp()
    );
    if scale.centre_sd > 0.0 && scale.centre != 0.0 {
        text.push_str(&format!(
            "    a new arm is {:+.0} % against the control on average ({:+.0} % to {:+.0} %)\n",
            100.0 * scale.centre.exp_m1(),
            100.0 * (scale.centre - 1.96 * scale.centre_sd).exp_m1(),
            100.0 * (scale.centre + 1.96 * scale.centre_sd).exp_m1()
        ));
    }
    text
}

fn experiment_text(experiment: &Experiment) -> String {
    let against =
        experiment.reference.as_deref().map_or_else(|| "an even split".to_owned(), |arm| format!("`{arm}`"));
    let mut text =
        format!("  {} ({}, {}), against {against}:\n", experiment.name, experiment.batch, experiment.channel);
    for arm in experiment.arms.iter() {
        let verdict = match (arm.dropped, arm.holds) {
            (_, true) => "; proven not the best, held together too",
            (true, false) => "; dropped on its experiment's own promise",
            _ => "",
        };
        if Some(&arm.name) == experiment.reference.as_ref() {
            if !verdict.is_empty() {
                text.push_str(&format!("    {}{verdict}\n", arm.name));
            }
            continue;
        }
        let measured = arm.measured_ratio.map_or_else(
            || "nothing to measure".to_owned(),
            |ratio| format!("measured {:+.0} %", 100.0 * (ratio - 1.0)),
        );
        text.push_str(&format!(
            "    {}: {measured}, believed {:+.0} % ({:+.0} % to {:+.0} %), better with {:.0} %{verdict}\n",
            arm.name,
            100.0 * (arm.believed_ratio - 1.0),
            100.0 * (arm.lower - 1.0),
            100.0 * (arm.upper - 1.0),
            100.0 * arm.chance_better
        ));
    }
    text
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
