//! The course of an experiment: what each day's last look said of the pairs that matter and of each arm.

use std::ops::ControlFlow;

use gevinst_experiment::Zone;
use gevinst_ledger::evidence::Look;
use gevinst_ledger::{Fact, Filter, Kind, Ledger};
use jiff::civil::Date;

use super::last_day;
use crate::error::Error;
use crate::model::{ArmPoint, Course, ExperimentReport, Ratio, RatioPoint, e_value_of, finite};

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
    let ratio = finite(seen.ratio).filter(|ratio| *ratio > 0.0).map(|ratio| {
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

fn arm_point(look: &Look, arm: &str, date: Date) -> Option<ArmPoint> {
    let seen = look.arms.iter().find(|seen| seen.name == arm)?;
    let (e_drop, ln_e_drop) = e_value_of(seen.ln_e_drop);
    Some(ArmPoint { date, look: look.look, e_drop, ln_e_drop, p_best: finite(seen.p_best) })
}
