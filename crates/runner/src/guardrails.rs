//! Guardrails: what must not be harmed on the way.
//!
//! A rate per recipient (unsubscribed, complained, bounced) pauses an arm when it is proven to lie above its limit: the
//! same e-process that judges costs, with people for money and breaches for goals. Slow answers pause nothing; they only
//! keep a winner from being amplified past what sales can follow up.

use gevinst_experiment::Guardrails;
use gevinst_stats::StatsError;
use gevinst_stats::cost_limit::{CostCell, CostPrior, Side, ln_e_value};

use crate::book::Book;

/// The metrics that count breaches, per recipient.
pub const RATES: [&str; 3] = ["unsubscribe", "complaint", "bounce"];
/// The metric of answer times: its count is leads answered, its sum their hours of waiting.
pub const ANSWER_HOURS: &str = "hours_to_first_answer";
/// The metric of people written to.
pub const RECIPIENTS: &str = "recipients";

/// The limits in the order of [`RATES`].
#[must_use]
pub fn limits(guardrails: &Guardrails) -> [Option<f64>; 3] {
    [guardrails.unsubscribe_rate, guardrails.complaint_rate, guardrails.bounce_rate]
        .map(|rate| rate.map(|rate| rate.as_f64()))
}

/// The metrics that a definition's guardrails ask the channels for.
#[must_use]
pub fn metrics(guardrails: &Guardrails) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = RATES
        .iter()
        .zip(limits(guardrails))
        .filter(|(_, limit)| limit.is_some())
        .map(|(name, _)| *name)
        .collect();
    if !names.is_empty() {
        names.push(RECIPIENTS);
    }
    if guardrails.hours_to_first_answer.is_some() {
        names.push(ANSWER_HOURS);
    }
    names
}

/// ln of the largest e-value against "every guardrail of this arm is kept", over the guardrails, each at an equal part of
/// the error rate; `None` where there is none or nobody was written to.
///
/// # Errors
/// When a limit lies outside what the statistics accept.
pub fn ln_e_breached(
    guardrails: &Guardrails,
    book: &Book,
    arm: usize,
    periods: usize,
) -> Result<Option<f64>, StatsError> {
    let limits = limits(guardrails);
    let stated = limits.iter().flatten().count();
    let mut largest: Option<f64> = None;
    for (index, limit) in limits.iter().enumerate() {
        let Some(limit) = limit.filter(|limit| *limit > 0.0) else { continue };
        let cells: Vec<CostCell> = (0..periods)
            .map(|period| book.cell(period, arm))
            .filter(|cell| cell.recipients > 0)
            .map(|cell| CostCell::new(to_float(cell.recipients), cell.breaches[index], 1.0))
            .collect();
        if cells.is_empty() {
            continue;
        }
        // "Cheap enough" at 1/limit people a breach is: more breaches a person than the limit. Averaging with weights 1/n
        // over n guardrails keeps the error rate of all together.
        let ln_e = ln_e_value(&cells, 1.0 / limit, &CostPrior::default(), Side::CheapEnough)?
            - to_float(stated as u64).ln();
        largest = Some(largest.map_or(ln_e, |so_far: f64| so_far.max(ln_e)));
    }
    Ok(largest)
}

/// Whether leads are answered in time, over all arms; `true` where nothing is known or asked.
#[must_use]
pub fn answered_in_time(guardrails: &Guardrails, book: &Book) -> bool {
    let Some(limit) = guardrails.hours_to_first_answer else { return true };
    let (mut leads, mut hours) = (0_u64, 0.0);
    for period in 0..book.periods() {
        for arm in 0..book.arms() {
            let (answered, waited) = book.cell(period, arm).answers;
            leads += answered;
            hours += waited;
        }
    }
    leads == 0 || hours <= limit * to_float(leads)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn to_float(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_far_above_its_limit_is_proven_and_one_below_is_not() {
        // Protects the list: an arm that drives people away must be seen, a normal one must not be stopped.
        let guardrails = Guardrails {
            unsubscribe_rate: Some(gevinst_experiment::Ratio::from_nanos(5_000_000)),
            ..Guardrails::default()
        };
        let mut book = Book::new(10, 2);
        for period in 0..10 {
            for (arm, breaches) in [(0, 2), (1, 20)] {
                let cell = book.cell_mut(period, arm);
                cell.recipients = 1_000;
                cell.breaches[0] = breaches;
            }
        }
        let calm = ln_e_breached(&guardrails, &book, 0, 10).unwrap().unwrap();
        let bad = ln_e_breached(&guardrails, &book, 1, 10).unwrap().unwrap();
        assert!(calm < 0.0, "{calm}");
        assert!(bad > 20f64.ln(), "{bad}");
        assert_eq!(metrics(&guardrails), ["unsubscribe", "recipients"]);
    }

    #[test]
    fn slow_answers_are_seen() {
        // Protects leads from being bought faster than sales can answer them.
        let guardrails = Guardrails { hours_to_first_answer: Some(24.0), ..Guardrails::default() };
        let mut book = Book::new(2, 1);
        assert!(answered_in_time(&guardrails, &book));
        book.cell_mut(0, 0).answers = (4, 80.0);
        assert!(answered_in_time(&guardrails, &book));
        book.cell_mut(1, 0).answers = (2, 100.0);
        assert!(!answered_in_time(&guardrails, &book));
    }
}
