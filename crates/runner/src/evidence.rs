//! From a finding to what the ledger keeps of it: the look's figures and each verdict's sentence.
//!
//! Nothing is computed here but unions of names and numbers; the words are those that reports quote.

use gevinst_ledger::evidence::{ArmLook, CheckLook, EffectMeasure, Look, PairLook};
use gevinst_ledger::fact::Concluded;
use gevinst_stats::decide::Verdict;

use crate::book::Book;
use crate::engine::{Finding, Moment};
use crate::plan::Plan;

/// The look as the ledger keeps it.
#[must_use]
pub fn look(plan: &Plan, book: &Book, moment: Moment, finding: &Finding, now_us: i64) -> Look {
    let reading = &finding.reading;
    let judgement = &reading.judgement;
    let arms = plan.arms.iter().enumerate().map(|(index, arm)| {
        let evidence = &judgement.arms[index];
        ArmLook {
            name: arm.name.clone(),
            exposure: evidence.exposure,
            goals: evidence.count,
            spend_minor: book.total(index).spend_minor,
            rate: evidence.rate,
            p_best: evidence.p_best,
            expected_loss: evidence.expected_loss,
            ln_e_drop: evidence.ln_e_drop,
            ln_e_unprofitable: finding.costs.get(index).copied().flatten().map(|cost| cost.ln_e_above_limit),
            status: finding.standing.status[index],
            share: finding.standing.shares[index],
            value_minor: reading.values_minor[index],
        }
    });
    let effects = reading.measures.iter().zip(&reading.differences);
    let pairs = judgement.pairs.iter().zip(effects).map(|(pair, (measure, difference))| PairLook {
        a: plan.arms[pair.a].name.clone(),
        b: plan.arms[pair.b].name.clone(),
        ratio: pair.posterior.map_or_else(|| pair.mean.exp(), |posterior| posterior.median),
        lower: pair.confidence.and_then(|interval| interval.lower),
        upper: pair.confidence.and_then(|interval| interval.upper),
        ln_e_a_beats_b: pair.ln_e_a_beats_b,
        ln_e_b_beats_a: pair.ln_e_b_beats_a,
        p_a_better: pair.p_a_beats_b,
        measure: *measure,
        difference: *difference,
    });
    Look {
        look: finding.standing.looks,
        at_us: now_us,
        data_until_us: moment
            .periods
            .checked_sub(1)
            .map_or(plan.start_us(), |last| plan.periods[last].end_us),
        guarantee: judgement.guarantee.as_str().to_owned(),
        separation: plan.experiment.separation.as_str().to_owned(),
        method: match plan.learned {
            None => reading.method.to_owned(),
            Some(_) => format!("{}; {}", reading.method, plan.belief()),
        },
        alpha: plan.experiment.decide.wrongly_drop_best.as_f64(),
        dispersion: reading.dispersion,
        arms: arms.collect(),
        pairs: pairs.collect(),
        checks: finding
            .checks
            .iter()
            .map(|check| CheckLook {
                name: check.name.to_owned(),
                passed: check.passed,
                sentence: check.sentence.clone(),
                consequence: check.consequence,
            })
            .collect(),
    }
}

/// The verdicts of a look that changed an arm.
#[must_use]
pub fn conclusions(
    plan: &Plan,
    before: &[gevinst_ledger::evidence::ArmStatus],
    finding: &Finding,
    look: u32,
) -> Vec<Concluded> {
    let name = |arm: usize| plan.arms[arm].name.clone();
    finding
        .verdicts
        .iter()
        .filter(|verdict| finding.standing.status[verdict.arm] != before[verdict.arm])
        .map(|verdict| {
            let arm = verdict.arm;
            let (reason, against, ln_e_value) = reason(plan, finding, verdict.verdict, arm);
            Concluded {
                arm: name(arm),
                status: finding.standing.status[arm],
                look,
                reason,
                guarantee: verdict.guarantee.map_or("model", |guarantee| guarantee.as_str()).to_owned(),
                against: against.map(name),
                ln_e_value,
            }
        })
        .collect()
}

/// Why, in a sentence; the arm it was compared with; ln of the e-value.
fn reason(
    plan: &Plan,
    finding: &Finding,
    verdict: Verdict,
    arm: usize,
) -> (String, Option<usize>, Option<f64>) {
    let name = |arm: usize| plan.arms[arm].name.as_str();
    match verdict {
        Verdict::Drop { beaten_by, ln_e } => {
            let sentence = format!(
                "`{}` is not the best: the evidence against it reached {}, and `{}` beats it most clearly",
                name(arm),
                odds(ln_e),
                name(beaten_by)
            );
            (sentence, Some(beaten_by), Some(ln_e))
        }
        Verdict::Tie { with, lower, upper } => {
            let sentence = format!(
                "`{}` equals `{}`, which is cheaper: the ratio of their {} lies between {lower:.2} and {upper:.2}",
                name(arm),
                name(with),
                compared(finding, arm, with)
            );
            (sentence, Some(with), None)
        }
        Verdict::Unprofitable { ln_e } if plan.experiment.decide.min_return.is_some() => {
            let sentence = format!(
                "`{}` brings back less than the limit for what it costs: the evidence reached {}",
                name(arm),
                odds(ln_e)
            );
            (sentence, None, Some(ln_e))
        }
        Verdict::Unprofitable { ln_e } => {
            let sentence = format!(
                "a goal of `{}` costs more than the limit: the evidence reached {}",
                name(arm),
                odds(ln_e)
            );
            (sentence, None, Some(ln_e))
        }
        Verdict::GuardrailBreached { ln_e } => (
            format!("`{}` breaches a guardrail: the evidence reached {}", name(arm), odds(ln_e)),
            None,
            Some(ln_e),
        ),
        Verdict::Futile { chance } => {
            let percent = chance * 100.0;
            (format!("`{}` has a chance of {percent:.1} % left to be proven best", name(arm)), None, None)
        }
        Verdict::Winner { p_best, last_standing } => {
            let sentence = if last_standing {
                format!("`{}` is the last arm standing: every other one was dropped", name(arm))
            } else {
                format!(
                    "`{}` is the best with a chance of {:.1} %, past the stated thresholds",
                    name(arm),
                    p_best * 100.0
                )
            };
            (sentence, None, None)
        }
        _ => {
            let chance = finding.reading.judgement.arms[arm].p_best * 100.0;
            (
                format!(
                    "`{}` no longer passes the thresholds of a winner: its chance is {chance:.1} %",
                    name(arm)
                ),
                None,
                None,
            )
        }
    }
}

/// What two arms are compared by.
fn compared(finding: &Finding, a: usize, b: usize) -> &'static str {
    let pairs = &finding.reading.judgement.pairs;
    let place = pairs.iter().position(|pair| (pair.a, pair.b) == (a.min(b), a.max(b)));
    match place.map_or(EffectMeasure::RateRatio, |place| finding.reading.measures[place]) {
        EffectMeasure::RateRatio => "rates",
        EffectMeasure::OddsRatio => "odds",
        EffectMeasure::RatioOfMeans => "mean values",
        EffectMeasure::RatioOfFigures => "figures",
    }
}

/// An e-value as odds that a reader can hold: `34 to 1`.
fn odds(ln_e: f64) -> String {
    if ln_e > 13.8 { "over a million to 1".to_owned() } else { format!("{:.0} to 1", ln_e.exp()) }
}
