//! Observe: ask the channels, record what they say, and read the ledger's rows as a book.
//!
//! Rows and the channel's cursor are one transaction. Every step asks for the whole month again, since platforms
//! restate; rows that say what is known already are not stored twice. A channel that fails leaves no rows behind.
//!
//! Where a definition names a source of its goal, that channel is asked for the goal and for answer times of all arms, and
//! the arms' own channels for the rest: no figure is asked of two channels. A period counts as reported when all have it.

use gevinst_abi::wire::{Coded, Grain, ObserveRequest};
use gevinst_experiment::ChannelName;
use gevinst_ledger::{AsOf, Batch, Ledger, Row, Value};

use crate::Error;
use crate::book::Book;
use crate::guardrails;
use crate::plan::Plan;
use crate::port::Ports;

/// What asking the channels brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observed {
    /// Rows that nobody had reported before.
    pub rows_new: u64,
    /// Rows that replaced an earlier value.
    pub rows_restated: u64,
    /// Channels that could not be asked, or whose answer could not be taken.
    pub failed: Vec<Failed>,
}

/// A channel that could not be asked, or whose answer could not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The channel.
    pub channel: String,
    /// What happened, in a sentence.
    pub message: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
}

impl Observed {
    fn fail(&mut self, channel: &str, message: String, hint: Option<String>) {
        self.failed.push(Failed { channel: channel.to_owned(), message, hint });
    }
}

/// The metrics that a plan needs, coded from 1: spend, the goal, the exposure where that is not spend, what its guardrails
/// watch, and what values are adjusted by.
fn metrics(plan: &Plan) -> Vec<Coded> {
    let mut names = vec!["spend".to_owned(), plan.goal_metric().to_owned()];
    let watched = guardrails::metrics(&plan.experiment.guardrails).into_iter().map(str::to_owned);
    let history = plan.history_metrics().into_iter().flat_map(<[String; 2]>::from);
    for name in std::iter::once(plan.exposure_metric().to_owned()).chain(watched).chain(history) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.into_iter().zip(1..).map(|(name, code)| Coded { code, name }).collect()
}

/// Whether the goal's source is asked for a metric, where there is one: the goal and the wait for an answer, which nobody else
/// can know, and a guardrail's rate where its plugin names that metric (`named`). What is paid and shown it is never asked for.
fn is_of_source(plan: &Plan, metric: &str, named: &[String]) -> bool {
    let rate = guardrails::RATES.contains(&metric) && named.iter().any(|name| name == metric);
    metric == plan.goal_metric() || metric == guardrails::ANSWER_HOURS || rate
}

/// Asks every channel of the experiment for the month so far, and records the answers.
///
/// # Errors
/// Those of the ledger; a channel's failure is part of the answer.
pub fn observe(
    plan: &Plan,
    ledger: &mut Ledger,
    ports: &mut dyn Ports,
    now_us: i64,
) -> Result<Observed, Error> {
    let name = plan.experiment.name.as_str();
    let mut observed = Observed::default();
    let ended = plan.periods_ended(now_us);
    let Some(last) = ended.checked_sub(1).map(|last| plan.periods[last]) else { return Ok(observed) };
    let all_metrics = metrics(plan);
    let source = plan.experiment.goal.source.as_ref().map(ChannelName::as_str);
    let named_by_source = source.and_then(|source| ports.port(name, source).ok()).map_or_else(
        // A source that cannot be asked what it reports: nobody is asked for rates, lest two channels report one figure.
        || guardrails::RATES.map(str::to_owned).to_vec(),
        |port| port.description().metrics.clone(),
    );
    for channel in plan.experiment.observed_channels() {
        let channel = channel.as_str();
        let of_source = source == Some(channel);
        let cursor = ledger.last_observed(name, channel, AsOf::Now)?.and_then(|(_, seen)| seen.cursor);
        let arms = plan.arms.iter().filter(|arm| of_source || arm.channel == channel);
        let mut metrics = all_metrics.clone();
        metrics.retain(|metric| {
            source.is_none() || of_source == is_of_source(plan, &metric.name, &named_by_source)
        });
        let request = ObserveRequest {
            experiment: name.to_owned(),
            arms: arms.map(|arm| Coded { code: arm.code, name: arm.name.clone() }).collect(),
            metrics: metrics.clone(),
            grain: Grain::Day,
            timezone: plan.timezone.clone(),
            from_us: plan.start_us(),
            to_us: last.end_us,
            cursor,
        };
        let answer = match ports.port(name, channel) {
            Ok(port) => port.observe(&request, now_us),
            Err(error) => Err(error),
        };
        let (rows, after) = match answer {
            Ok(answer) => answer,
            Err(error) => {
                observed.fail(channel, error.message, error.hint);
                continue;
            }
        };
        let mut named = Vec::with_capacity(rows.len());
        for row in &rows {
            let arm = request.arms.iter().find(|arm| arm.code == row.arm);
            let metric = metrics.iter().find(|metric| metric.code == row.metric);
            match (arm, metric) {
                (Some(arm), Some(metric)) => named.push(Row {
                    arm: &arm.name,
                    metric: &metric.name,
                    period_start_us: row.period_start_us,
                    value: Value { count: row.count, sum: row.sum, sum_sq: row.sum_sq },
                }),
                _ => {
                    let message = format!(
                        "reported arm {} and metric {}, which were not asked for",
                        row.arm, row.metric
                    );
                    observed.fail(channel, message, None);
                }
            }
        }
        if named.len() < rows.len() {
            continue;
        }
        // An hour taken for a day would tell a spend many times too small, and it would be spent again.
        if let Some(row) = named.iter().find(|row| !starts_a_period(plan, row.period_start_us)) {
            let message = format!(
                "reported `{}` of `{}` for a period that starts at {} µs, where no day of the month starts",
                row.metric, row.arm, row.period_start_us
            );
            observed.fail(channel, message, None);
            continue;
        }
        let batch = Batch {
            channel,
            from_us: request.from_us,
            to_us: request.to_us,
            cursor: after.cursor.as_deref(),
            fresh_until_us: Some(after.fresh_until_us),
            rows: &named,
        };
        match ledger.observe(now_us, name, &batch) {
            Ok(summary) => {
                observed.rows_new += summary.rows_new;
                observed.rows_restated += summary.rows_restated;
            }
            // A row that cannot be one is the channel's fault: it is told, and nothing of its answer is kept.
            Err(error @ gevinst_ledger::Error::BadObservation { .. }) => {
                observed.fail(channel, error.to_string(), error.hint().map(str::to_owned));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(observed)
}

fn starts_a_period(plan: &Plan, at_us: i64) -> bool {
    plan.periods.binary_search_by_key(&at_us, |period| period.start_us).is_ok()
}

/// How many of the month's periods every channel has reported, the goal's source among them, as of a moment in the ledger.
///
/// # Errors
/// Those of the ledger.
pub fn periods_reported(plan: &Plan, ledger: &Ledger, as_of: AsOf) -> Result<usize, Error> {
    reported_by(plan, &plan.experiment.observed_channels(), ledger, as_of)
}

/// How many of the month's periods the arms' own channels have reported: for these it is known what was spent.
///
/// # Errors
/// Those of the ledger.
pub fn periods_paid(plan: &Plan, ledger: &Ledger, as_of: AsOf) -> Result<usize, Error> {
    reported_by(plan, &plan.experiment.channels(), ledger, as_of)
}

fn reported_by(plan: &Plan, channels: &[&ChannelName], ledger: &Ledger, as_of: AsOf) -> Result<usize, Error> {
    let mut reported = plan.periods.len();
    for channel in channels {
        let seen = ledger.last_observed(plan.experiment.name.as_str(), channel.as_str(), as_of)?;
        let fresh = seen.and_then(|(_, observed)| observed.fresh_until_us).unwrap_or(i64::MIN);
        reported = reported.min(plan.periods_ended(fresh));
    }
    Ok(reported)
}

/// The experiment's rows as a book, as known at a moment in the ledger.
///
/// Rows of periods outside the month are left out.
///
/// # Errors
/// Those of the ledger.
pub fn read_book(plan: &Plan, ledger: &Ledger, as_of: AsOf) -> Result<Book, Error> {
    let mut book = Book::new(plan.periods.len(), plan.arms.len());
    let exposure = plan.exposure_metric();
    let goal = plan.goal_metric();
    // Exposure without a word on its goals: a metric that the channel does not know, or a source that is behind. Not a zero.
    let mut counted = vec![false; plan.periods.len() * plan.arms.len()];
    let history = plan.history_metrics();
    let mut remembered = vec![[history.is_none(); 2]; plan.periods.len() * plan.arms.len()];
    for row in ledger.observations(plan.experiment.name.as_str(), as_of)? {
        let period = plan.periods.partition_point(|period| period.end_us <= row.period_start_us);
        let arm = plan.arms.iter().position(|arm| *arm.name == *row.arm);
        let (Some(arm), true) =
            (arm, plan.periods.get(period).is_some_and(|p| p.contains(row.period_start_us)))
        else {
            continue;
        };
        let cell = book.cell_mut(period, arm);
        if &*row.metric == "spend" {
            cell.spend_minor = whole(row.value.sum);
        }
        if &*row.metric == exposure {
            // Spend is summed; other exposures are counted.
            cell.exposure = Some(if exposure == "spend" { row.value.sum } else { to_float(row.value.count) });
        }
        if &*row.metric == goal {
            counted[period * plan.arms.len() + arm] = true;
            cell.goals = row.value.count;
            cell.value = row.value.sum;
            cell.value_sq = row.value.sum_sq;
        }
        if let Some((before, product)) = &history {
            let known = &mut remembered[period * plan.arms.len() + arm];
            if *row.metric == **before {
                known[0] = true;
                (cell.history.sum, cell.history.sum_sq) = (row.value.sum, row.value.sum_sq);
            } else if *row.metric == **product {
                known[1] = true;
                cell.history.product = row.value.sum;
            }
        }
        if &*row.metric == guardrails::RECIPIENTS {
            cell.recipients = row.value.count;
        }
        if &*row.metric == guardrails::ANSWER_HOURS {
            cell.answers = (row.value.count, row.value.sum);
        }
        if let Some(index) = guardrails::RATES.iter().position(|name| *name == &*row.metric) {
            cell.breaches[index] = row.value.count;
        }
    }
    for period in 0..plan.periods.len() {
        for arm in 0..plan.arms.len() {
            let cell = book.cell_mut(period, arm);
            let shown = cell.exposure.is_some_and(|exposure| exposure > 0.0);
            let at = period * plan.arms.len() + arm;
            cell.goals_missing = shown && !(counted[at] && remembered[at] == [true; 2]);
        }
    }
    Ok(book)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the ledger bounds sums to 10^18, and spend is whole minor units"
)]
fn whole(value: f64) -> i64 {
    value.round() as i64
}

#[expect(clippy::cast_precision_loss, reason = "the ledger bounds counts to 10^15")]
fn to_float(value: u64) -> f64 {
    value as f64
}
