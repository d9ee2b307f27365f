//! What the looks said: the last one of arms and pairs, and each day's last one of the experiment's course.

use std::ops::ControlFlow;

use gevinst_experiment::Zone;
use gevinst_ledger::evidence::{ArmLook, EffectMeasure, Look, PairLook};
use gevinst_ledger::fact::LearnedPrior;
use gevinst_ledger::{Fact, Filter, Kind, Ledger};
use jiff::civil::Date;

use crate::error::Error;
use crate::language::Language;
use crate::model::{
    ArmPoint, ArmReport, Check, CostPerGoal, Course, Difference, ExperimentReport, Pair, Ratio, RatioPoint,
    Totals, e_value_of, finite,
};

/// Fills the points of the comparisons that are there, and the course of every arm.
pub(super) fn trace(ledger: &Ledger, name: &str, x: &mut ExperimentReport, zone: &Zone) -> Result<(), Error> {
    let (comparisons, arms) = (&mut x.comparisons, &x.arms);
    let mut courses: Vec<Course> =
        arms.iter().map(|arm| Course { arm: arm.name.clone(), points: Vec::new() }).collect();
    ledger.for_each_fact(&Filter::of(name).kinds(&[Kind::Looked]), |stored| {
        if let Fact::Looked(looked) = &stored.fact
            && let Some(date) = last_day(looked.evidence.data_until_us, zone)
        {
            for comparison in comparisons.iter_mut() {
                if let Some(point) = ratio_point(&looked.evidence, &comparison.arm, &comparison.against, date)
                {
                    keep_last(&mut comparison.points, point, |p| p.date);
                }
            }
            for course in &mut courses {
                if let Some(point) = arm_point(&looked.evidence, &course.arm, date) {
                    keep_last(&mut course.points, point, |p| p.date);
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    x.courses = courses;
    Ok(())
}

/// Adds a point; one of the same day takes the place of the earlier.
fn keep_last<P>(points: &mut Vec<P>, point: P, date: impl Fn(&P) -> Date) {
    match points.last_mut() {
        Some(last) if date(last) == date(&point) => *last = point,
        _ => points.push(point),
    }
}

fn ratio_point(look: &Look, arm: &str, against: &str, date: Date) -> Option<RatioPoint> {
    let seen =
        look.pairs.iter().find(|p| (p.a == arm && p.b == against) || (p.b == arm && p.a == against))?;
    // Before both have run there is nothing to compare: what the look holds then is the prior alone.
    let both = both_ran(look, arm, against);
    let ratio = finite(seen.ratio).filter(|ratio| both && *ratio > 0.0).map(|ratio| {
        let there = Ratio { ratio, lower: seen.lower.and_then(finite), upper: seen.upper.and_then(finite) };
        if seen.a == arm { there } else { there.inverse() }
    });
    Some(RatioPoint {
        date,
        look: look.look,
        ratio: ratio.map(|r| r.ratio),
        lower: ratio.and_then(|r| r.lower),
        upper: ratio.and_then(|r| r.upper),
    })
}

fn both_ran(look: &Look, a: &str, b: &str) -> bool {
    let ran = |name: &str| look.arms.iter().any(|arm| arm.name == name && arm.exposure > 0.0);
    ran(a) && ran(b)
}

fn arm_point(look: &Look, arm: &str, date: Date) -> Option<ArmPoint> {
    let seen = look.arms.iter().find(|seen| seen.name == arm)?;
    let (e_drop, ln_e_drop) = e_value_of(seen.ln_e_drop);
    Some(ArmPoint { date, look: look.look, e_drop, ln_e_drop, p_best: finite(seen.p_best) })
}

pub(super) fn last(ledger: &Ledger, name: &str) -> Result<Option<Look>, Error> {
    let mut found = None;
    ledger.for_each_fact(&Filter::of(name).kinds(&[Kind::Looked]).newest_first(), |stored| {
        if let Fact::Looked(looked) = &stored.fact {
            found = Some(looked.evidence.clone());
        }
        Ok(ControlFlow::Break(()))
    })?;
    Ok(found)
}

/// What the last look says of the arms and pairs.
pub(super) fn take(
    x: &mut ExperimentReport,
    look: &Look,
    prior: Option<&LearnedPrior>,
    zone: &Zone,
    language: Language,
) {
    x.guarantee = Some(language.guarantee(&look.guarantee));
    x.separation = language.separation(&look.separation);
    x.method = Some(language.method(look, prior));
    x.alpha = look.alpha;
    x.looks = look.look;
    x.dispersion = look.dispersion.and_then(finite);
    x.data_until = last_day(look.data_until_us, zone);
    for seen in &look.arms {
        if let Some(arm) = x.arms.iter_mut().find(|arm| arm.name == seen.name) {
            take_arm(arm, seen);
        }
    }
    x.pairs = look.pairs.iter().map(|seen| pair(look, seen)).collect();
    // Rare goals of one pair may be compared by rates and others by odds: odds is then the word for all.
    if look.pairs.iter().any(|seen| seen.measure == EffectMeasure::OddsRatio) {
        x.goal.measure = EffectMeasure::OddsRatio.as_str().to_owned();
    }
    x.checks = look
        .checks
        .iter()
        .map(|check| Check {
            name: check.name.clone(),
            passed: check.passed,
            sentence: check.sentence.clone(),
            consequence: check.consequence,
        })
        .collect();
    x.totals = Totals {
        spend_minor: x.arms.iter().map(|arm| arm.spend_minor).sum(),
        exposure: x.arms.iter().map(|arm| arm.exposure).sum(),
        goals: x.arms.iter().map(|arm| arm.goals).sum(),
        ..x.totals
    };
    let paid = x.totals.spend_minor > 0 && x.totals.goals > 0;
    x.totals.cost_per_goal_minor = paid.then(|| x.totals.spend_minor as f64 / x.totals.goals as f64);
    if x.reference.is_none() && x.arms.len() > 1 {
        x.reference = most_likely_best(look);
    }
}

fn take_arm(arm: &mut ArmReport, seen: &ArmLook) {
    arm.status = seen.status;
    arm.exposure = seen.exposure;
    arm.goals = seen.goals;
    arm.spend_minor = seen.spend_minor;
    arm.rate = seen.rate.and_then(finite);
    arm.cost_per_goal = (seen.goals > 0 && seen.spend_minor > 0).then(|| CostPerGoal {
        minor: seen.spend_minor as f64 / seen.goals as f64,
        lower_minor: None,
        upper_minor: None,
    });
    arm.p_best = finite(seen.p_best);
    arm.expected_loss = finite(seen.expected_loss);
    (arm.e_drop, arm.ln_e_drop) = e_value_of(seen.ln_e_drop);
    arm.share = finite(seen.share);
}

/// The arm that the others are compared with where there is no control: the one most likely best, the first of equals.
fn most_likely_best(look: &Look) -> Option<String> {
    let mut best: Option<&ArmLook> = None;
    for arm in look.arms.iter().filter(|arm| arm.status.is_alive() && arm.p_best.is_finite()) {
        if best.is_none_or(|so_far| arm.p_best > so_far.p_best) {
            best = Some(arm);
        }
    }
    best.or(look.arms.first()).map(|arm| arm.name.clone())
}

fn pair(look: &Look, seen: &PairLook) -> Pair {
    let both = both_ran(look, &seen.a, &seen.b);
    let (e_a_beats_b, ln_e_a_beats_b) = e_value_of(seen.ln_e_a_beats_b);
    let (e_b_beats_a, ln_e_b_beats_a) = e_value_of(seen.ln_e_b_beats_a);
    Pair {
        a: seen.a.clone(),
        b: seen.b.clone(),
        ratio: finite(seen.ratio).filter(|_| both),
        lower: seen.lower.and_then(finite),
        upper: seen.upper.and_then(finite),
        e_a_beats_b,
        ln_e_a_beats_b,
        e_b_beats_a,
        ln_e_b_beats_a,
        p_a_better: finite(seen.p_a_better),
        difference: seen.difference.filter(|_| both).and_then(|seen| {
            Some(Difference {
                minor: finite(seen.estimate)?,
                lower_minor: seen.lower.and_then(finite),
                upper_minor: seen.upper.and_then(finite),
            })
        }),
    }
}

/// The local day in which a span that ends at `until_us`, exclusive, has its last moment.
fn last_day(until_us: i64, zone: &Zone) -> Option<Date> {
    zone.date_at(until_us.checked_sub(1)?)
}
