//! The confidence sequence of one arm's ratio to another over the days.

use std::fmt::Write as _;

use jiff::civil::Date;
use maud::{Markup, html};

use super::{day_axis, look, pc, px};
use crate::html::Reader;
use crate::language::tr;
use crate::model::{ArmReport, Comparison, ExperimentReport, RatioPoint};
use crate::prose::plain;
use crate::scale::{DayScale, RatioScale};

const RATIO_HEIGHT: f64 = 190.0;

/// What all of an experiment's ratio plots share, so that they can be compared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RatioFrame {
    days: DayScale,
    scale: RatioScale,
}

impl RatioFrame {
    /// The axes for these comparisons.
    #[must_use]
    pub(crate) fn new(first: Date, last: Date, comparisons: &[Comparison]) -> Self {
        Self {
            days: DayScale::new(first, last),
            scale: RatioScale::over(comparisons.iter().map(|c| c.points.as_slice())),
        }
    }
}

/// The confidence sequence of one arm's ratio to the reference over the days.
#[must_use]
pub(crate) fn ratio_plot(
    experiment: &ExperimentReport,
    comparison: &Comparison,
    frame: &RatioFrame,
    id: &str,
    to: Reader<'_>,
) -> Markup {
    let lang = to.lang;
    let arm_index = experiment.arms.iter().position(|arm| arm.name == comparison.arm).unwrap_or(0);
    let arm = experiment.arms.get(arm_index);
    let y = |ratio: f64| RATIO_HEIGHT * (1.0 - frame.scale.position(ratio));
    let placed: Vec<(f64, &RatioPoint)> =
        comparison.points.iter().filter_map(|p| frame.days.middle(p.date).map(|x| (x, p))).collect();
    let goals = lang.goals_per_unit(&experiment.goal, to.currency);
    let (arm_name, against) = (plain(&comparison.arm), plain(&comparison.against));
    let title = tr!(lang, "plot-ratio", arm = arm_name, against = against, goals = goals);
    let events = [Some(comparison.arm.as_str()), Some(comparison.against.as_str())]
        .into_iter()
        .flatten()
        .filter_map(|name| experiment.arm(name))
        .filter_map(|arm| Some((arm, frame.days.middle(arm.dropped_on?)?)));
    html! {
        div class="plot" {
            svg class=(format!("c{}", look(arm_index))) width="100%" height=(RATIO_HEIGHT) role="img"
                aria-labelledby=(format!("{id}-t {id}-d")) focusable="false" {
                title id=(format!("{id}-t")) { (title) }
                desc id=(format!("{id}-d")) { (describe_ratio(comparison, arm, to)) }
                @for tick in frame.scale.ticks() {
                    @let top = px(y(tick));
                    @let equal = tick == 1.0;
                    line class=(if equal { "equal" } else { "grid" }) x1="0" x2="100%" y1=(top) y2=(top) {}
                    text class=(if equal { "tick strong" } else { "tick" }) x="-7" y=(top) dy="0.33em" text-anchor="end" {
                        (tick_text(tick, to))
                    }
                }
                (day_axis(&frame.days, RATIO_HEIGHT, to))
                svg class="stretch" viewBox=(format!("0 0 1000 {RATIO_HEIGHT}")) preserveAspectRatio="none"
                    width="100%" height=(RATIO_HEIGHT) {
                    @for run in runs(&placed, |p| p.lower.is_some() || p.upper.is_some()) {
                        path class="band" d=(band_path(run, y)) {}
                        path class="edge" d=(line_path(run, |p| Some(p.upper.map_or(-20.0, y)))) {}
                        path class="edge" d=(line_path(run, |p| Some(p.lower.filter(|l| *l > 0.0).map_or(RATIO_HEIGHT + 20.0, y)))) {}
                    }
                    path class="looks" d=(looks(&placed)) {}
                    @for run in runs(&placed, |p| p.ratio.is_some()) {
                        path class="line" d=(line_path(run, |p| p.ratio.map(y))) {}
                    }
                }
                @if let [(x, only)] = placed.as_slice() {
                    @if let (Some(lower), Some(upper)) = (only.lower, only.upper) {
                        line class="whisker" x1=(pc(*x)) x2=(pc(*x)) y1=(px(y(lower).min(RATIO_HEIGHT))) y2=(px(y(upper).max(0.0))) {}
                    }
                }
                @for (arm, x) in events {
                    (event(arm, x, arm.name != comparison.arm, to))
                }
                @if let Some((x, last)) = placed.last() {
                    (end_labels(*x, last, y, to))
                }
            }
        }
    }
}

/// Vertical line where an arm went, with words at its head.
fn event(arm: &ArmReport, x: f64, reference: bool, to: Reader<'_>) -> Markup {
    let date = arm.dropped_on.map(|date| to.lang.day_short(date)).unwrap_or_default();
    let what = if reference {
        format!("{} {} {date}", crate::prose::cut(&arm.name, 14), to.lang.status(arm.status))
    } else {
        format!("{} {date}", to.lang.status(arm.status))
    };
    let (anchor, dx) = if x > 0.5 { ("end", "-5") } else { ("start", "5") };
    // The reference's own end is written at the foot, so that the two never collide.
    let (label, mark) = if reference { (RATIO_HEIGHT - 6.0, RATIO_HEIGHT) } else { (4.0, 0.0) };
    html! {
        line class="event" x1=(pc(x)) x2=(pc(x)) y1="0" y2=(RATIO_HEIGHT) {}
        text class="cross" x=(pc(x)) y=(px(mark)) dy="0.35em" text-anchor="middle" { "✕" }
        text class="note" x=(pc(x)) y=(px(label)) dx=(dx) dy=(if reference { "0" } else { "0.6em" }) text-anchor=(anchor) { (what) }
    }
}

/// The last point with its figures beside it, pushed apart where they would overlap.
fn end_labels(x: f64, last: &RatioPoint, y: impl Fn(f64) -> f64, to: Reader<'_>) -> Markup {
    let inside = |v: f64| v.clamp(4.0, RATIO_HEIGHT - 4.0);
    let Some(ratio) = last.ratio else { return html! {} };
    let middle = inside(y(ratio));
    let above = last.upper.map(|u| (to.lang.bound(u), inside(y(u)).min(middle - 15.0)));
    let below = last.lower.filter(|l| *l > 0.0).map(|l| (to.lang.bound(l), inside(y(l)).max(middle + 15.0)));
    html! {
        circle class="dot" cx=(pc(x)) cy=(px(middle)) r="4" {}
        text class="value" x=(pc(x)) y=(px(middle)) dx="9" dy="0.35em" { (to.lang.significant(ratio)) "×" }
        @for (text, top) in [above, below].into_iter().flatten() {
            text class="bound" x=(pc(x)) y=(px(top)) dx="9" dy="0.35em" { (text) }
        }
    }
}

fn describe_ratio(comparison: &Comparison, arm: Option<&ArmReport>, to: Reader<'_>) -> String {
    let lang = to.lang;
    let Some(last) = comparison.points.last() else { return tr!(lang, "no-look-yet") };
    let mut parts = vec![tr!(lang, "plot-looks", n = comparison.points.len(), day = lang.day(last.date))];
    parts.push(match last.ratio {
        Some(ratio) => tr!(lang, "plot-times", ratio = lang.significant(ratio)),
        None => tr!(lang, "plot-no-ratio"),
    });
    parts.push(match (last.lower, last.upper) {
        (Some(l), Some(u)) => tr!(lang, "plot-between", lower = lang.bound(l), upper = lang.bound(u)),
        (Some(l), None) => tr!(lang, "plot-at-least", lower = lang.bound(l)),
        (None, Some(u)) => tr!(lang, "plot-at-most", upper = lang.bound(u)),
        (None, None) => tr!(lang, "plot-no-bound"),
    });
    if let Some((arm, date)) = arm.and_then(|arm| Some((arm, arm.dropped_on?))) {
        parts.push(format!("{}: {}.", lang.status(arm.status), lang.day(date)));
    }
    parts.join(" ")
}

/// Stretches of points that hold what is asked, unbroken.
fn runs<'a>(
    points: &'a [(f64, &'a RatioPoint)],
    has: impl Fn(&RatioPoint) -> bool,
) -> Vec<&'a [(f64, &'a RatioPoint)]> {
    points.split(|(_, p)| !has(p)).filter(|run| run.len() > 1).collect()
}

fn band_path(run: &[(f64, &RatioPoint)], y: impl Fn(f64) -> f64) -> String {
    // A side without a bound reaches the edge of the plot; the clip does the rest.
    let clip = |v: f64| v.clamp(-20.0, RATIO_HEIGHT + 20.0);
    let mut path = String::new();
    for (i, (x, p)) in run.iter().enumerate() {
        let top = clip(p.upper.map_or(-20.0, &y));
        write!(path, "{}{} {}", if i == 0 { "M" } else { "L" }, px(x * 1000.0), px(top)).ok();
    }
    for (x, p) in run.iter().rev() {
        let bottom = clip(p.lower.filter(|l| *l > 0.0).map_or(RATIO_HEIGHT + 20.0, &y));
        write!(path, "L{} {}", px(x * 1000.0), px(bottom)).ok();
    }
    path.push('Z');
    path
}

/// A tick at the foot for every day with a look.
fn looks(placed: &[(f64, &RatioPoint)]) -> String {
    let mut path = String::new();
    for (x, _) in placed {
        write!(path, "M{} {RATIO_HEIGHT}v-5", px(x * 1000.0)).ok();
    }
    path
}

fn line_path(run: &[(f64, &RatioPoint)], top: impl Fn(&RatioPoint) -> Option<f64>) -> String {
    let mut path = String::new();
    for (x, p) in run {
        if let Some(top) = top(p) {
            let command = if path.is_empty() { "M" } else { "L" };
            write!(path, "{command}{} {}", px(x * 1000.0), px(top.clamp(-20.0, RATIO_HEIGHT + 20.0))).ok();
        }
    }
    path
}

fn tick_text(tick: f64, to: Reader<'_>) -> String {
    let mut text = to.lang.significant(tick);
    while text.contains(['.', ',']) && text.ends_with(['0', '.', ',']) {
        text.pop();
    }
    format!("{text}×")
}

/// A ratio and its interval as a small picture for a table's row; the figures stand beside it.
#[must_use]
pub(crate) fn interval_cell(
    ratio: f64,
    lower: Option<f64>,
    upper: Option<f64>,
    scale: &RatioScale,
    index: usize,
) -> Markup {
    let at = |v: f64| scale.position(v).clamp(0.0, 1.0);
    let (from, to) = (lower.map_or(0.0, at), upper.map_or(1.0, at));
    html! {
        svg class=(format!("interval c{}", look(index))) width="110" height="16" aria-hidden="true" focusable="false" {
            line class="equal" x1=(pc(at(1.0))) x2=(pc(at(1.0))) y1="0" y2="16" {}
            line class="reach" x1=(pc(from)) x2=(pc(to)) y1="8" y2="8" {}
            @if lower.is_some() { line class="stop" x1=(pc(from)) x2=(pc(from)) y1="4.5" y2="11.5" {} }
            @if upper.is_some() { line class="stop" x1=(pc(to)) x2=(pc(to)) y1="4.5" y2="11.5" {} }
            circle class="dot" cx=(pc(at(ratio))) cy="8" r="3.5" {}
        }
    }
}
