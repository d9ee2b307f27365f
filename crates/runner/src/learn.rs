//! Learn: what the experiments that are closed say about the next ones.
//!
//! From each experiment's table come the usual spread of true rates (pooled and by channel), the usual day noise, each
//! arm's gain without the winner's curse, and which verdicts of a month hold together. All of it is `model` but the last,
//! which rests on e-values. What a new experiment believes is learned here and fixed in the ledger at its launch; no verdict's
//! error rate rests on it: a wrong prior costs speed, not truth.

use gevinst_experiment::{GoalKind, PriorSource};
use gevinst_ledger::fact::{LearnedNoise, LearnedPrior};
use gevinst_ledger::{AsOf, Fact, Filter, Kind, Ledger};
use gevinst_stats::StatsError;
use gevinst_stats::fdr::{OnlineFdr, OnlineRule, e_benjamini_hochberg};
use gevinst_stats::judgement::Detail;
use gevinst_stats::learn::{
    Closed, ClosedArm, Gain, LearnedScale, Reference, ScalePrior, gains, learn_channels, learn_noise,
};
use gevinst_stats::pair::PairEvidence;
use gevinst_stats::prior::DispersionPrior;
use gevinst_stats::table::CountTable;

use crate::book::Book;
use crate::kinds::{Method, Terms};
use crate::plan::Plan;
use crate::{Error, observe};

/// Level of the intervals.
pub const LEVEL: f64 = 0.95;
/// The part of a month's verdicts that may be false on average.
pub const FALSE_SHARE: f64 = 0.05;
/// The default prior on day noise counts for so many closed experiments: cautious.
const NOISE_WORTH: f64 = 8.0;
/// So many closed experiments must agree before a new one believes them: with fewer the spread of true rates is anyone's guess.
pub const LEARN_FROM: usize = 8;
/// So many of the newest are asked.
const NEWEST: usize = 200;
/// Between these, whatever was learned: narrower and real differences would be proven late, wider and small ones.
const RATIO_SD: (f64, f64) = (0.1, 1.0);
/// A prior so wide that it says nothing about a ratio of values.
const WIDE_SD: f64 = 20.0;
/// The channel of an experiment whose arms run on several.
pub const SEVERAL_CHANNELS: &str = "several channels";

/// A closed experiment, wherever it was kept.
#[derive(Debug, Clone)]
pub struct Past {
    /// Its name.
    pub name: String,
    /// The batch whose verdicts are judged together: its month, or one name for all.
    pub batch: String,
    /// The channel that its arms ran on.
    pub channel: String,
    /// Its arms' names.
    pub arms: Vec<String>,
    /// Which of them the others were compared to.
    pub control: Option<usize>,
    /// What of its goal was judged; a prior is learned from goals of its own kind.
    pub kind: GoalKind,
    /// Whether people were assigned at random: then days add no noise of their own.
    pub exact: bool,
    /// Its results.
    pub results: Results,
    /// Per arm, ln of the closing e-value against "this arm is the best".
    pub ln_e_drop: Vec<f64>,
    /// Per arm, whether it was dropped on that evidence.
    pub dropped: Vec<bool>,
    /// The chance of ever dropping its best arm that it accepted.
    pub alpha: f64,
    /// Whether it was played against a stand-in market.
    pub rehearsed: bool,
}

/// What a closed experiment says about the true rates of its arms.
#[derive(Debug, Clone)]
pub enum Results {
    /// Goals by period and arm.
    Counts(CountTable),
    /// Of mean values and ratios, per arm: ln of the figure relative to the others, with its standard error.
    Estimates(Vec<ClosedArm>),
}

impl Results {
    /// The counts, where days may be noisy and there are several.
    fn of_noisy_days(&self) -> Option<&CountTable> {
        match self {
            Self::Counts(table) => Some(table).filter(|table| table.periods() > 1),
            Self::Estimates(_) => None,
        }
    }
}

/// What was learned.
#[derive(Debug, Clone)]
pub struct Learned {
    /// The spread over all channels.
    pub pooled: LearnedScale,
    /// The spread by channel, in alphabetical order; of mean values and of ratios apart from that of rates.
    pub channels: Vec<(String, LearnedScale)>,
    /// The prior on day noise, in logit variances of a pair; `None` without an experiment of several periods whose days may be noisy.
    pub noise: Option<DispersionPrior>,
    /// Experiments that day noise was learned from.
    pub noise_experiments: usize,
    /// Each experiment's gains, in the order given.
    pub experiments: Vec<Gains>,
    /// Each batch's verdicts, in the order of their names.
    pub batches: Vec<Batch>,
    /// Each year's verdicts, one month after the other.
    pub years: Vec<Year>,
}

/// One experiment's gains.
#[derive(Debug, Clone)]
pub struct Gains {
    /// What they are relative to: a control's index, or an even split.
    pub reference: Reference,
    /// Per arm: measured ratio to the reference (none where a side has no goal) and what to believe of it.
    pub arms: Vec<(Option<f64>, Gain)>,
}

/// Verdicts of one batch, judged together.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Its name.
    pub name: String,
    /// Experiments in it.
    pub experiments: usize,
    /// Arms that were dropped, each on its experiment's own promise.
    pub dropped: usize,
    /// The most experiments whose best arm may be among those dropped, on average: the sum of the experiments' α.
    pub false_expected_at_most: f64,
    /// The drops that hold together: (experiment, arm) by index. Of these at most [`FALSE_SHARE`] are false on average, whatever
    /// the experiments have to do with each other (e-BH).
    pub hold: Vec<(usize, usize)>,
}

/// Verdicts of one year, judged in the order in which its months came: what was found in one is never taken back by a later one.
#[derive(Debug, Clone, PartialEq)]
pub struct Year {
    /// The year, or the one batch of results that have no month.
    pub name: String,
    /// Arms of which it was asked whether they are the best.
    pub tested: u64,
    /// The drops that hold over the year: (experiment, arm) by index. Of these at most [`FALSE_SHARE`] are false on average, whatever
    /// the experiments have to do with each other and however the later ones came from the earlier (e-LOND).
    pub hold: Vec<(usize, usize)>,
    /// The level that the next arm is held against: its evidence must reach one over this.
    pub next_level: f64,
}

/// An experiment of the ledger that teaches nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// What an experiment that is launched now may believe: learned from the newest closed experiments of the ledger, those on its own
/// channel where there are [`LEARN_FROM`] of them, else those of all channels. `None` with fewer, and where its definition says so.
///
/// What was rehearsed teaches nothing here: it says what its market assumed. Nor do goals of another kind: mean values differ by other
/// factors than rates do.
///
/// # Errors
/// Those of the ledger, and of the statistics.
pub fn prior(plan: &Plan, ledger: &Ledger) -> Result<Option<LearnedPrior>, Error> {
    if plan.experiment.decide.prior == PriorSource::Default {
        return Ok(None);
    }
    prior_from(plan, &teachers(ledger)?)
}

/// The experiments that [`prior`] learns from, whatever it is asked for.
///
/// # Errors
/// Those of the ledger, and of the statistics.
pub fn teachers(ledger: &Ledger) -> Result<Vec<Past>, Error> {
    let (mut past, _) = closed_newest(ledger, NEWEST)?;
    past.retain(|one| !one.rehearsed);
    Ok(past)
}

/// As [`prior`], from the experiments that [`teachers`] found.
///
/// # Errors
/// Those of the statistics.
pub fn prior_from(plan: &Plan, teachers: &[Past]) -> Result<Option<LearnedPrior>, Error> {
    if plan.experiment.decide.prior == PriorSource::Default {
        return Ok(None);
    }
    let of_kind = |one: &&Past| one.kind == plan.experiment.goal.kind;
    let past: Vec<Past> = teachers.iter().filter(of_kind).cloned().collect();
    if past.len() < LEARN_FROM {
        return Ok(None);
    }
    let learned = learn(&past)?;
    let channels = plan.experiment.channels();
    let own = learned.channels.iter().find(|(name, scale)| {
        let [one] = channels.as_slice() else { return false };
        *name == group(one.as_str(), plan.experiment.goal.kind) && scale.experiments >= LEARN_FROM
    });
    let (channel, scale) = match own {
        Some((_, scale)) => (Some(channels[0].to_string()), scale),
        None => (None, &learned.pooled),
    };
    if scale.experiments < LEARN_FROM {
        return Ok(None);
    }
    let noise =
        learned.noise.filter(|_| learned.noise_experiments >= LEARN_FROM && !plan.dispersion.is_exact());
    Ok(Some(LearnedPrior {
        ratio_sd: scale.pair_prior().sd.clamp(RATIO_SD.0, RATIO_SD.1),
        experiments: scale.experiments as u64,
        channel,
        noise: noise.map(|noise| LearnedNoise {
            variances: noise.variances().to_vec(),
            weights: noise.weights().to_vec(),
            experiments: learned.noise_experiments as u64,
        }),
    }))
}

/// The closed experiments of a ledger that have something to teach, and those passed over with the reason.
///
/// # Errors
/// Those of the ledger; a definition in it that is not accepted any more passes the experiment over.
pub fn closed_in(ledger: &Ledger) -> Result<(Vec<Past>, Vec<PassedOver>), Error> {
    closed_newest(ledger, usize::MAX)
}

/// As [`closed_in`], of the experiments that were closed last.
fn closed_newest(ledger: &Ledger, most: usize) -> Result<(Vec<Past>, Vec<PassedOver>), Error> {
    let (mut past, mut passed) = (Vec::new(), Vec::new());
    let entries = ledger.experiments()?;
    let mut closed: Vec<i64> = entries.iter().filter_map(|entry| entry.closed_at_us).collect();
    closed.sort_unstable();
    let since_us = closed.len().checked_sub(most).map_or(i64::MIN, |first| closed[first]);
    for entry in entries.into_iter().filter(|entry| entry.closed_at_us.is_none_or(|at_us| at_us >= since_us))
    {
        let mut pass =
            |reason: &str| passed.push(PassedOver { name: entry.name.clone(), reason: reason.to_owned() });
        if entry.closed_at_us.is_none() {
            pass("it is not closed yet");
            continue;
        }
        let Some(launched) = ledger.launched(&entry.name)? else { continue };
        let company = gevinst_experiment::Source::new("gevinst.toml", launched.company_toml);
        let definition =
            gevinst_experiment::Source::new(format!("{}.toml", entry.name), launched.definition_toml);
        let plan = gevinst_experiment::parse_company(&company).ok().and_then(|company| {
            let experiment = gevinst_experiment::parse_experiment(&definition, &company.value).ok()?;
            Plan::new(&company.value, &experiment.value, None).ok()
        });
        let Some(plan) = plan else {
            pass("its definition, as launched, is not accepted by this version");
            continue;
        };
        if plan.arms.len() < 2 {
            pass("it has one arm: there is nothing to compare");
            continue;
        }
        let book = observe::read_book(&plan, ledger, AsOf::Now)?;
        let refused = |source| Error::Statistics { experiment: entry.name.clone(), source };
        let Some(results) = results(&plan, &book).map_err(refused)? else {
            pass("its values are too few to tell how far apart its arms are");
            continue;
        };
        let newest =
            ledger.facts(Filter::of(&entry.name).kinds(&[Kind::Looked]).newest_first()).next().transpose()?;
        let Some(Fact::Looked(looked)) = newest.map(|stored| stored.fact) else {
            pass("it was closed before anything was judged");
            continue;
        };
        let looks = &looked.evidence.arms;
        let of = |name: &str| looks.iter().find(|arm| arm.name == name);
        let mut channels: Vec<&str> = plan.arms.iter().map(|arm| arm.channel.as_str()).collect();
        channels.sort_unstable();
        channels.dedup();
        past.push(Past {
            name: entry.name.clone(),
            batch: entry.month.clone(),
            channel: if let [one] = channels.as_slice() {
                (*one).to_owned()
            } else {
                SEVERAL_CHANNELS.to_owned()
            },
            arms: plan.arms.iter().map(|arm| arm.name.clone()).collect(),
            control: plan.arms.iter().position(|arm| arm.control),
            kind: plan.experiment.goal.kind,
            exact: plan.dispersion.is_exact(),
            results,
            ln_e_drop: plan
                .arms
                .iter()
                .map(|arm| of(&arm.name).map_or(f64::NEG_INFINITY, |a| a.ln_e_drop))
                .collect(),
            dropped: plan
                .arms
                .iter()
                .map(|arm| {
                    of(&arm.name).is_some_and(|a| a.status == gevinst_ledger::evidence::ArmStatus::Dropped)
                })
                .collect(),
            alpha: plan.experiment.decide.wrongly_drop_best.as_f64(),
            rehearsed: launched.rehearsal_seed.is_some(),
        });
    }
    Ok((past, passed))
}

/// Whose spread is one: a channel's, of one kind of goal.
fn group(channel: &str, kind: GoalKind) -> String {
    match kind {
        GoalKind::Count => channel.to_owned(),
        GoalKind::Value => format!("{channel}, mean values"),
        GoalKind::Ratio => format!("{channel}, ratios"),
    }
}

/// What a closed experiment's figures say; `None` where a mean or a ratio has no bounds yet.
///
/// Of values and ratios the joint reading is taken with a prior so wide that it says nothing. From the variances V of the pairs' log
/// ratios come those of single arms, v_a = (Σ_b V_ab − Σ_{b<c} V_bc / (K − 1)) / (K − 2), and V/2 each for two arms.
fn results(plan: &Plan, book: &Book) -> Result<Option<Results>, StatsError> {
    let periods = plan.periods.len();
    if plan.experiment.goal.kind == GoalKind::Count {
        return Ok(Some(Results::Counts(book.table(periods)?)));
    }
    let arms = plan.arms.len();
    let terms = Terms { prior_sd: WIDE_SD, cap_minor: None, ..Terms::of(plan, Detail::Full) };
    let pairs = Method::new(&terms, arms)?.look(book, periods, periods)?.judgement.pairs;
    let bounded =
        |pair: &PairEvidence| pair.confidence.is_some_and(|c| c.lower.is_some() && c.upper.is_some());
    if !pairs.iter().all(bounded) {
        return Ok(None);
    }
    let count = float(arms as u64);
    let all: f64 = pairs.iter().map(|pair| pair.sd * pair.sd).sum();
    let of = |arm: usize| {
        let (mut ln_rate, mut own) = (0.0, 0.0);
        for pair in pairs.iter().filter(|pair| pair.a == arm || pair.b == arm) {
            ln_rate += if pair.a == arm { pair.mean } else { -pair.mean } / count;
            own += pair.sd * pair.sd;
        }
        let variance = if arms == 2 { 0.5 * all } else { (own - all / (count - 1.0)) / (count - 2.0) };
        // Variances that do not add up exactly: no arm is known better than a tenth of what its pairs are.
        let least = 0.01 * own / (count - 1.0);
        ClosedArm::Estimate { ln_rate, standard_error: variance.max(least).sqrt() }
    };
    Ok(Some(Results::Estimates((0..arms).map(of).collect())))
}

/// Learns from closed experiments.
///
/// # Errors
/// When the statistics refuse an experiment's numbers; it is named.
pub fn learn(past: &[Past]) -> Result<Learned, Error> {
    let of = |experiment: &str| {
        let experiment = experiment.to_owned();
        move |source: StatsError| Error::Statistics { experiment, source }
    };
    // Day noise first: it widens what each experiment says about the spread.
    let noisy: Vec<CountTable> =
        past.iter().filter(|one| !one.exact).filter_map(|one| one.results.of_noisy_days()).cloned().collect();
    let noise = learn_noise(&noisy, &DispersionPrior::default(), NOISE_WORTH).map_err(of("all together"))?;
    let mean_variance: f64 = noise.variances().iter().zip(noise.weights()).map(|(v, w)| v * w).sum();
    let mut channels: Vec<String> = past.iter().map(|one| group(&one.channel, one.kind)).collect();
    channels.sort_unstable();
    channels.dedup();
    let number = |one: &Past| {
        let own = group(&one.channel, one.kind);
        u32::try_from(channels.partition_point(|c| *c < own)).unwrap_or(u32::MAX)
    };
    let mut closed = Vec::with_capacity(past.len());
    for one in past {
        // The prior's variances are of a pair's logit: an arm's own factor has half.
        let variance = if one.exact { 0.0 } else { (0.5 * mean_variance).min(1.5) };
        let summed = match &one.results {
            Results::Counts(table) => {
                Closed::of_table(table, one.control, variance).map_err(of(&one.name))?
            }
            // What days add is in the standard errors.
            Results::Estimates(arms) => {
                Closed { arms: arms.clone(), control: one.control, noise_variance: 0.0 }
            }
        };
        closed.push((number(one), summed));
    }
    let (pooled, by_channel) =
        learn_channels(&closed, ScalePrior::default(), LEVEL).map_err(of("all together"))?;
    let mut experiments = Vec::with_capacity(past.len());
    for (one, (channel, summed)) in past.iter().zip(&closed) {
        let scale =
            by_channel.iter().find(|(number, _)| number == channel).map_or(&pooled, |(_, scale)| scale);
        let reference = one.control.map_or(Reference::EvenSplit, Reference::Arm);
        let believed = gains(summed, scale, reference).map_err(of(&one.name))?;
        let arms = measured(summed, reference).into_iter().zip(believed).collect();
        experiments.push(Gains { reference, arms });
    }
    Ok(Learned {
        pooled,
        channels: by_channel
            .into_iter()
            .map(|(channel, scale)| (channels[channel as usize].clone(), scale))
            .collect(),
        noise: (!noisy.is_empty()).then_some(noise),
        noise_experiments: noisy.len(),
        experiments,
        batches: batches(past).map_err(of("all together"))?,
        years: years(past).map_err(of("all together"))?,
    })
}

/// Each arm's rate over the reference's, from totals freed of the days on which arms were busy.
fn measured(closed: &Closed, reference: Reference) -> Vec<Option<f64>> {
    let ln_rates: Vec<Option<f64>> = closed
        .arms
        .iter()
        .map(|arm| match *arm {
            ClosedArm::Counts { exposure, goals } if exposure > 0.0 && goals > 0 => {
                Some((float(goals) / exposure).ln())
            }
            ClosedArm::Counts { .. } => None,
            ClosedArm::Estimate { ln_rate, .. } => Some(ln_rate),
        })
        .collect();
    let against = match reference {
        Reference::Arm(arm) => ln_rates[arm],
        Reference::EvenSplit => ln_rates
            .iter()
            .copied()
            .sum::<Option<f64>>()
            .map(|sum| sum / float(u64::try_from(ln_rates.len()).unwrap_or(1))),
    };
    ln_rates.iter().map(|rate| Some((rate.as_ref()? - against?).exp())).collect()
}

fn batches(past: &[Past]) -> Result<Vec<Batch>, StatsError> {
    let mut names: Vec<&str> = past.iter().map(|one| one.batch.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .map(|name| {
            let within: Vec<usize> = (0..past.len()).filter(|&index| past[index].batch == name).collect();
            let hypotheses: Vec<(usize, usize)> = within
                .iter()
                .flat_map(|&index| (0..past[index].arms.len()).map(move |arm| (index, arm)))
                .collect();
            let ln_e: Vec<f64> = hypotheses.iter().map(|&(index, arm)| past[index].ln_e_drop[arm]).collect();
            let hold = e_benjamini_hochberg(&ln_e, FALSE_SHARE)?;
            Ok(Batch {
                name: name.to_owned(),
                experiments: within.len(),
                dropped: within
                    .iter()
                    .map(|&i| past[i].dropped.iter().filter(|dropped| **dropped).count())
                    .sum(),
                false_expected_at_most: within.iter().map(|&index| past[index].alpha).sum(),
                hold: hypotheses
                    .into_iter()
                    .zip(hold)
                    .filter(|(_, hold)| *hold)
                    .map(|(arm, _)| arm)
                    .collect(),
            })
        })
        .collect()
}

/// The year of a batch that is a month, `YYYY-MM`; the batch itself otherwise.
fn year(batch: &str) -> &str {
    match batch.split_once('-') {
        Some((year, _)) if year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit()) => year,
        _ => batch,
    }
}

fn years(past: &[Past]) -> Result<Vec<Year>, StatsError> {
    // Months in order; within a month as they were launched, and arms as they were defined: an order that no result had a part in.
    let mut order: Vec<usize> = (0..past.len()).collect();
    order.sort_by(|&x, &y| past[x].batch.cmp(&past[y].batch));
    let mut years: Vec<Year> = Vec::new();
    for of_year in order.chunk_by(|&x, &y| year(&past[x].batch) == year(&past[y].batch)) {
        let mut online = OnlineFdr::new(OnlineRule::ELond, FALSE_SHARE)?;
        let mut hold = Vec::new();
        for &index in of_year {
            for (arm, &ln_e) in past[index].ln_e_drop.iter().enumerate() {
                if online.e_value(ln_e)?.discovery {
                    hold.push((index, arm));
                }
            }
        }
        let tested = online.tested();
        let next_level = online.next_level();
        years.push(Year { name: year(&past[of_year[0]].batch).to_owned(), tested, hold, next_level });
    }
    Ok(years)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn float(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past(name: &str, channel: &str, goals: [u64; 2], ln_e: [f64; 2]) -> Past {
        let columns: Vec<u64> = (0..10).flat_map(|day| goals.map(|goal| goal + day % 3)).collect();
        Past {
            name: name.to_owned(),
            batch: "2026-10".to_owned(),
            channel: channel.to_owned(),
            arms: vec!["old".to_owned(), "new".to_owned()],
            control: Some(0),
            kind: GoalKind::Count,
            exact: false,
            results: Results::Counts(CountTable::from_columns(2, &[1.0; 20], &columns).unwrap()),
            ln_e_drop: ln_e.to_vec(),
            dropped: vec![ln_e[0] > 3.0, ln_e[1] > 3.0],
            alpha: 0.05,
            rehearsed: false,
        }
    }

    #[test]
    fn a_winner_is_believed_less_than_measured_and_channels_are_told_apart() {
        // Protects: gains from the winner's curse, and a channel's spread from being another's.
        let mut all: Vec<Past> = (0..12)
            .map(|i| past(&format!("calm-{i}"), "email", [40 + i % 2, 40 + (i + 1) % 2], [0.0; 2]))
            .collect();
        all.extend((0..12).map(|i| {
            let goals = if i % 2 == 0 { [20, 60] } else { [60, 20] };
            past(&format!("wild-{i}"), "social", goals, [0.0; 2])
        }));
        let learned = learn(&all).unwrap();
        let names: Vec<&str> = learned.channels.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["email", "social"]);
        assert!(learned.channels[0].1.tau < 0.5 * learned.channels[1].1.tau);
        assert_eq!((learned.pooled.experiments, learned.noise_experiments), (24, 24));
        let (measured, gain) = learned.experiments[12].arms[1];
        let believed = gain.ln_ratio.exp();
        assert!(
            measured.unwrap() > 2.5 && believed > 1.0 && believed < measured.unwrap(),
            "{measured:?} {believed}"
        );
        assert!(learned.experiments[12].arms[0].1.ln_ratio.abs() < 1e-9, "the control against itself");
    }

    #[test]
    fn verdicts_of_a_month_are_held_together() {
        // Protects the promise over a month: one e-value of 25 stands alone in its experiment, not among twenty hypotheses.
        let mut all: Vec<Past> =
            (0..10).map(|i| past(&format!("e{i}"), "email", [40, 40], [0.0; 2])).collect();
        all[3] = past("e3", "email", [40, 40], [25.0_f64.ln(), 0.0]);
        let batch = &learn(&all).unwrap().batches[0];
        assert_eq!((batch.experiments, batch.dropped, batch.hold.len()), (10, 1, 0));
        assert!((batch.false_expected_at_most - 0.5).abs() < 1e-12);
        all[7] = past("e7", "email", [40, 40], [f64::NEG_INFINITY, 500.0_f64.ln()]);
        assert_eq!(learn(&all).unwrap().batches[0].hold, [(7, 1)]);
    }

    #[test]
    fn mean_values_teach_beside_rates_and_apart_from_them() {
        // Protects: priors of rates from how far values differ, and value experiments from being passed over.
        let mut all: Vec<Past> =
            (0..8).map(|i| past(&format!("rates-{i}"), "email", [40 + i % 2, 40], [0.0; 2])).collect();
        all.extend((0..8).map(|i| {
            let of = |ln_rate| ClosedArm::Estimate { ln_rate, standard_error: 0.1 };
            let far = if i % 2 == 0 { 0.6 } else { -0.6 };
            let values = past(&format!("values-{i}"), "email", [1, 1], [0.0; 2]);
            Past { kind: GoalKind::Value, results: Results::Estimates(vec![of(0.0), of(far)]), ..values }
        }));
        let learned = learn(&all).unwrap();
        let names: Vec<&str> = learned.channels.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["email", "email, mean values"]);
        let [rates, values] = [&learned.channels[0].1, &learned.channels[1].1];
        assert!(values.tau > 0.25 && values.tau > 2.0 * rates.tau, "{} {}", values.tau, rates.tau);
        let (measured, believed) = &learned.experiments[8].arms[1];
        let measured = measured.unwrap();
        assert!((measured - 0.6_f64.exp()).abs() < 1e-9 && believed.ln_ratio.exp() < measured);
        assert_eq!(learned.noise_experiments, 8, "days of values are in their standard errors");
    }

    #[test]
    fn figures_of_values_give_each_arm_an_estimate_and_too_few_none() {
        // Protects what a value experiment teaches from its prior, and spreads from guesses.
        let company = "currency = \"NOK\"\ntimezone = \"UTC\"\nmonth = { budget = \"9 000 NOK\" }\nchannels.email = { plugin = \"email\" }\n";
        let text = "name = \"x\"\nmonth = \"2026-11\"\nhypothesis = \"A brings more.\"\nseparation = \"randomised\"\n\
                    goal = { metric = \"revenue\", kind = \"value\", per = \"recipients\" }\n\
                    budget = { total_exposure = 90_000, daily_exposure = 3_000 }\n\
                    arm = [{ name = \"a\", channel = \"email\", control = true }, { name = \"b\", channel = \"email\" }, \
                    { name = \"c\", channel = \"email\" }]\ndelay = { complete_after = \"1 day\" }\n";
        let company =
            gevinst_experiment::parse_company(&gevinst_experiment::Source::new("gevinst.toml", company))
                .unwrap();
        let experiment = gevinst_experiment::parse_experiment(
            &gevinst_experiment::Source::new("x.toml", text),
            &company.value,
        )
        .unwrap();
        let plan = Plan::new(&company.value, &experiment.value, None).unwrap();
        let mut book = Book::new(plan.periods.len(), 3);
        assert!(results(&plan, &book).unwrap().is_none());
        for period in 0..plan.periods.len() {
            for (arm, orders) in [(0, 20_u64), (1, 30), (2, 20)] {
                let cell = book.cell_mut(period, arm);
                let worth = float(orders);
                // Orders of 80 and 120 kr.
                (cell.exposure, cell.goals) = (Some(1000.0), orders);
                (cell.value, cell.value_sq) = (10_000.0 * worth, 104e6 * worth);
            }
        }
        let Some(Results::Estimates(arms)) = results(&plan, &book).unwrap() else { panic!("estimates") };
        let ClosedArm::Estimate { ln_rate: a, standard_error: se_a } = arms[0] else { panic!("an estimate") };
        let ClosedArm::Estimate { ln_rate: b, standard_error: se_b } = arms[1] else { panic!("an estimate") };
        assert!((b - a - 1.5_f64.ln()).abs() < 1e-3, "{a} {b}");
        // 600 orders with a coefficient of variation of 1.04 in squares: 1/√577 or so, and less for 900.
        assert!((se_a - (1.04_f64 / 600.0).sqrt()).abs() < 0.003 && se_b < se_a, "{se_a} {se_b}");
    }

    #[test]
    fn nothing_closed_teaches_nothing() {
        // Protects a company's first month.
        let learned = learn(&[]).unwrap();
        assert!(learned.noise.is_none() && learned.channels.is_empty() && learned.pooled.mle.is_none());
        assert!((learned.pooled.pair_prior().sd - 0.4).abs() < 0.01);
    }

    #[test]
    fn what_a_year_found_is_not_taken_back_and_gets_harder_to_find() {
        // Protects the promise over a year: months in their order, a fresh start each January, and levels as e-LOND states them.
        let of = |batch: &str, ln_e: f64| {
            let mut one = past(batch, "email", [40, 40], [ln_e, f64::NEG_INFINITY]);
            one.batch = batch.to_owned();
            one
        };
        // e-LOND's first level at 5 % is 0.002676: an e-value of 374 is needed, and 300 do not do.
        let all = [
            of("2026-02", 400f64.ln()),
            of("2026-01", 400f64.ln()),
            of("2025-12", 300f64.ln()),
            of("2026-03", 3.0),
        ];
        let years = learn(&all).unwrap().years;
        let told: Vec<_> =
            years.iter().map(|year| (year.name.as_str(), year.tested, year.hold.clone())).collect();
        // January's is the first hypothesis; February's is the third, where the level fell to 0.00099 (twice 0.000496): 1,009 to 1.
        assert_eq!(told, [("2025", 2, vec![]), ("2026", 6, vec![(1, 0)])]);
        let stronger = [of("2026-02", 1_100f64.ln()), of("2026-01", 400f64.ln())];
        let found = &learn(&stronger).unwrap().years[0];
        assert_eq!(found.hold, [(1, 0), (0, 0)]);
        assert!(found.next_level > 0.0 && found.next_level < 0.002_676);
    }
}
