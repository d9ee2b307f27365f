//! The evidence against each arm over the days, and the line at which an arm is dropped.

use std::fmt::Write as _;

use jiff::civil::Date;
use maud::{Markup, html};

use super::{LOOKS, day_axis, look, px};
use crate::figures::{day, e_value, threshold};
use crate::model::{ArmPoint, Course, ExperimentReport};
use crate::prose::plain;
use crate::scale::DayScale;

const HEIGHT: f64 = 180.0;

/// The axis goes from a tenth to a million at most; what is beyond runs along its edge.
const LOWEST: f64 = -1.0;
const HIGHEST: f64 = 6.0;

/// Whether there is evidence to draw: several arms, few enough to be told apart, on more than one day.
pub(crate) fn has_evidence(x: &ExperimentReport) -> bool {
    (2..=LOOKS).contains(&x.arms.len()) && x.courses.iter().any(|course| course.points.len() > 1)
}

/// A line an arm, on a logarithmic axis of e-values.
pub(crate) fn evidence_plot(x: &ExperimentReport, first: Date, last: Date, id: &str) -> Markup {
    let days = DayScale::new(first, last);
    let limit = -x.alpha.log10();
    let top = x
        .courses
        .iter()
        .flat_map(|course| course.points.iter().map(log10))
        .fold(limit + 0.5, f64::max)
        .clamp(limit + 0.5, HIGHEST);
    let y = |log10: f64| HEIGHT * (1.0 - (log10.clamp(LOWEST, top) - LOWEST) / (top - LOWEST));
    html! {
        figure {
            figcaption class="soft" { "Evidence that an arm is not the best (e-value); at " (threshold(x.alpha)) " it is dropped" }
            div class="plot" {
                svg width="100%" height=(HEIGHT) role="img" aria-labelledby=(format!("{id}-t {id}-d")) focusable="false" {
                    title id=(format!("{id}-t")) { "Evidence against each arm over time" }
                    desc id=(format!("{id}-d")) { (describe(x)) }
                    @for (value, text) in [(-1.0, "0.1"), (0.0, "1"), (1.0, "10"), (2.0, "100"), (3.0, "1 000"), (4.0, "10⁴"), (5.0, "10⁵"), (6.0, "10⁶")] {
                        @if value <= top {
                            line class="grid" x1="0" x2="100%" y1=(px(y(value))) y2=(px(y(value))) {}
                            text class="tick" x="-7" y=(px(y(value))) dy="0.33em" text-anchor="end" { (text) }
                        }
                    }
                    line class="equal" x1="0" x2="100%" y1=(px(y(limit))) y2=(px(y(limit))) {}
                    text class="bound" x="100%" dx="6" y=(px(y(limit))) dy="0.35em" { (threshold(x.alpha)) }
                    (day_axis(&days, HEIGHT))
                    svg class="stretch" viewBox=(format!("0 0 1000 {HEIGHT}")) preserveAspectRatio="none" width="100%" height=(HEIGHT) {
                        @for course in &x.courses {
                            @let index = look(index_of(x, course));
                            path class=(format!("trace c{index} d{index}")) d=(path(course, &days, y)) {}
                        }
                    }
                }
            }
            ul class="legend" {
                @for course in &x.courses {
                    @let index = look(index_of(x, course));
                    li {
                        svg class="sample" width="34" height="10" aria-hidden="true" focusable="false" {
                            line class=(format!("trace c{index} d{index}")) x1="0" x2="34" y1="5" y2="5" {}
                        }
                        span {
                            (plain(&course.arm))
                            @if let Some(last) = course.points.last() { " " span class="soft" { (crate::prose::glue(&e_value(last.ln_e_drop))) } }
                        }
                    }
                }
            }
        }
    }
}

fn index_of(x: &ExperimentReport, course: &Course) -> usize {
    x.arms.iter().position(|arm| arm.name == course.arm).unwrap_or(0)
}

/// The decimal logarithm of a point's e-value; an e-value of 0 lies below every axis.
fn log10(point: &ArmPoint) -> f64 {
    point.ln_e_drop.map_or(f64::NEG_INFINITY, |ln| ln / std::f64::consts::LN_10)
}

fn path(course: &Course, days: &DayScale, y: impl Fn(f64) -> f64) -> String {
    let mut path = String::new();
    for point in &course.points {
        if let Some(x) = days.middle(point.date) {
            let command = if path.is_empty() { "M" } else { "L" };
            write!(path, "{command}{} {}", px(x * 1000.0), px(y(log10(point)))).ok();
        }
    }
    path
}

fn describe(x: &ExperimentReport) -> String {
    let mut out = format!("An arm is dropped at {}.", threshold(x.alpha));
    for course in &x.courses {
        if let Some(last) = course.points.last() {
            write!(out, " {}: {} on {}.", plain(&course.arm), e_value(last.ln_e_drop), day(last.date)).ok();
        }
    }
    out
}
