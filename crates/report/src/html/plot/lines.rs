//! What was known of each arm over the days, a line an arm: the evidence against it, and its chance to be best.

use jiff::civil::Date;
use maud::{Markup, html};
use std::fmt::Write as _;

use super::{LOOKS, day_axis, look, px};
use crate::html::Reader;
use crate::language::tr;
use crate::model::{ArmPoint, Course, ExperimentReport};
use crate::prose::{glue, plain};
use crate::scale::DayScale;

const HEIGHT: f64 = 180.0;

/// The axis of evidence goes from a tenth to a million at most; what is beyond runs along its edge.
const LOWEST: f64 = -1.0;
const HIGHEST: f64 = 6.0;

/// What a plot of lines shows.
struct Lines<'a> {
    id: &'a str,
    caption: String,
    title: String,
    description: String,
    /// Value and words of the lines across.
    ticks: Vec<(f64, String)>,
    /// A value that matters, with its words.
    limit: Option<(f64, String)>,
    low: f64,
    high: f64,
}

/// A line an arm, on a logarithmic axis of e-values; `None` where there is nothing to compare or nothing was judged.
pub(crate) fn evidence_plot(
    x: &ExperimentReport,
    days: (Date, Date),
    id: &str,
    to: Reader<'_>,
) -> Option<Markup> {
    let lang = to.lang;
    let courses = drawn(x, |p| p.ln_e_drop.is_some() || p.e_drop.is_some())?;
    let limit = -x.alpha.log10();
    let all = courses.iter().flat_map(|course| &course.points);
    let high = all.map(log10).fold(limit + 0.5, f64::max).clamp(limit + 0.5, HIGHEST);
    let ticks = [
        (-1.0, "0.1"),
        (0.0, "1"),
        (1.0, "10"),
        (2.0, "100"),
        (3.0, "1000"),
        (4.0, "10⁴"),
        (5.0, "10⁵"),
        (6.0, "10⁶"),
    ];
    let mut description = tr!(lang, "dropped-at", threshold = lang.threshold(x.alpha));
    let last =
        |course: &Course| course.points.last().map(|p| lang.e_value(p.ln_e_drop.or(p.e_drop.map(f64::ln))));
    for course in &courses {
        if let Some(last) = last(course) {
            write!(description, " {}: {last}.", plain(&course.arm)).ok();
        }
    }
    let lines = Lines {
        id,
        caption: tr!(lang, "plot-evidence", threshold = lang.threshold(x.alpha)),
        title: tr!(lang, "plot-evidence-title"),
        description,
        ticks: ticks
            .into_iter()
            .filter(|(v, _)| *v <= high)
            .map(|(v, text)| {
                (
                    v,
                    if v == -1.0 {
                        lang.significant(0.1).trim_end_matches('0').to_owned()
                    } else if v == 3.0 {
                        lang.count(1000)
                    } else {
                        text.to_owned()
                    },
                )
            })
            .collect(),
        limit: Some((limit, lang.threshold(x.alpha))),
        low: LOWEST,
        high,
    };
    Some(draw(x, &courses, days, &lines, log10, last, to))
}

/// A line an arm, from 0 to 100 %.
pub(crate) fn chance_plot(
    x: &ExperimentReport,
    days: (Date, Date),
    id: &str,
    to: Reader<'_>,
) -> Option<Markup> {
    let lang = to.lang;
    let courses = drawn(x, |p| p.p_best.is_some())?;
    let last = |course: &Course| course.points.last().and_then(|p| p.p_best).map(|p| lang.percent(p));
    let mut description = String::new();
    for course in &courses {
        if let Some(last) = last(course) {
            write!(description, "{}: {last}. ", plain(&course.arm)).ok();
        }
    }
    let lines = Lines {
        id,
        caption: tr!(lang, "plot-chance"),
        title: tr!(lang, "plot-chance-title"),
        description: description.trim_end().to_owned(),
        ticks: [0.0, 0.25, 0.5, 0.75, 1.0].map(|p| (p, lang.percent(p))).to_vec(),
        limit: None,
        low: 0.0,
        high: 1.0,
    };
    Some(draw(x, &courses, days, &lines, |p| p.p_best.unwrap_or(f64::NAN), last, to))
}

/// The courses that are drawn: of several arms, those with a figure, at most as many as can be told apart, the strongest
/// evidence and the best chances first; `None` where no line would be longer than a point.
fn drawn(x: &ExperimentReport, has: impl Fn(&ArmPoint) -> bool) -> Option<Vec<&Course>> {
    let mut all: Vec<(usize, &Course)> = x
        .courses
        .iter()
        .enumerate()
        .filter(|(_, c)| c.points.iter().filter(|p| has(p)).count() > 1)
        .collect();
    if x.arms.len() < 2 || all.is_empty() {
        return None;
    }
    if all.len() > LOOKS {
        let weight =
            |c: &Course| c.points.last().map_or(0.0, |p| p.p_best.unwrap_or(0.0) + log10(p).max(0.0));
        all.sort_by(|(i, a), (j, b)| weight(b).total_cmp(&weight(a)).then(i.cmp(j)));
        all.truncate(LOOKS);
        all.sort_by_key(|(i, _)| *i);
    }
    Some(all.into_iter().map(|(_, c)| c).collect())
}

fn draw(
    x: &ExperimentReport,
    courses: &[&Course],
    (first, last_day): (Date, Date),
    lines: &Lines<'_>,
    value: impl Fn(&ArmPoint) -> f64,
    last: impl Fn(&Course) -> Option<String>,
    to: Reader<'_>,
) -> Markup {
    let days = DayScale::new(first, last_day);
    let y = |v: f64| HEIGHT * (1.0 - (v.clamp(lines.low, lines.high) - lines.low) / (lines.high - lines.low));
    let index = |course: &Course| look(x.arms.iter().position(|arm| arm.name == course.arm).unwrap_or(0));
    let id = lines.id;
    html! {
        figure {
            figcaption class="soft" { (glue(&lines.caption)) }
            div class="plot" {
                svg width="100%" height=(HEIGHT) role="img" aria-labelledby=(format!("{id}-t {id}-d")) focusable="false" {
                    title id=(format!("{id}-t")) { (lines.title) }
                    desc id=(format!("{id}-d")) { (lines.description) }
                    @for (at, text) in &lines.ticks {
                        line class="grid" x1="0" x2="100%" y1=(px(y(*at))) y2=(px(y(*at))) {}
                        text class="tick" x="-7" y=(px(y(*at))) dy="0.33em" text-anchor="end" { (glue(text)) }
                    }
                    @if let Some((at, text)) = &lines.limit {
                        line class="equal" x1="0" x2="100%" y1=(px(y(*at))) y2=(px(y(*at))) {}
                        text class="bound" x="100%" dx="6" y=(px(y(*at))) dy="0.35em" { (text) }
                    }
                    (day_axis(&days, HEIGHT, to))
                    svg class="stretch" viewBox=(format!("0 0 1000 {HEIGHT}")) preserveAspectRatio="none" width="100%" height=(HEIGHT) {
                        @for course in courses {
                            path class=(format!("trace c{0} d{0}", index(course))) d=(path(course, &days, &value, y)) {}
                        }
                    }
                }
            }
            ul class="legend" {
                @for course in courses {
                    li {
                        svg class="sample" width="34" height="10" aria-hidden="true" focusable="false" {
                            line class=(format!("trace c{0} d{0}", index(course))) x1="0" x2="34" y1="5" y2="5" {}
                        }
                        span {
                            (plain(&course.arm))
                            @if let Some(last) = last(course) { " " span class="soft" { (glue(&last)) } }
                        }
                    }
                }
                @if x.arms.len() > courses.len() { li { span class="soft" { (tr!(to.lang, "other-arms-table", n = x.arms.len() - courses.len())) } } }
            }
        }
    }
}

/// The decimal logarithm of a point's e-value; an e-value of 0 lies below every axis.
fn log10(point: &ArmPoint) -> f64 {
    point.ln_e_drop.map_or(f64::NEG_INFINITY, |ln| ln / std::f64::consts::LN_10)
}

fn path(
    course: &Course,
    days: &DayScale,
    value: impl Fn(&ArmPoint) -> f64,
    y: impl Fn(f64) -> f64,
) -> String {
    let mut path = String::new();
    for point in &course.points {
        let at = value(point);
        if let Some(x) = days.middle(point.date).filter(|_| !at.is_nan()) {
            let command = if path.is_empty() { "M" } else { "L" };
            write!(path, "{command}{} {}", px(x * 1000.0), px(y(at))).ok();
        }
    }
    path
}
