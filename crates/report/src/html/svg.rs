//! The plots: well-formed SVG that follows the width of the page without shrinking its text.
//!
//! A plot's own area is the inside of its axes. Positions along the days are percentages, heights are pixels, and
//! only lines and bands, which know no percentages, live in a nested picture that is stretched to the width. So text,
//! markers and hatches keep their size on a telephone, a wide screen and paper. Every plot carries a title and a
//! description for those who do not see it; arms are told apart by hatch, marker and label, never by colour alone.

use std::fmt::Write as _;

use jiff::civil::Date;
use maud::{Markup, html};

use crate::figures::{Currency, count, day, day_short, significant};
use crate::model::{ArmReport, Comparison, Day, DayArm, ExperimentReport, RatioPoint};
use crate::prose::plain;
use crate::scale::{DayScale, LinearScale, RatioScale};
use crate::words;

/// How many looks (hatch and colour) there are for arms; more arms than that are drawn together.
pub(crate) const LOOKS: usize = 8;

const RATIO_HEIGHT: f64 = 190.0;
const MONEY_HEIGHT: f64 = 200.0;

/// The hatches, once a page.
#[must_use]
pub(crate) fn patterns() -> Markup {
    // Lines of the page's own colour over the arm's: quiet on screen, told apart in grey print.
    let hatch: [&str; LOOKS] = [
        "",
        "M-2 2L2 -2M-2 10L10 -2M6 10L10 6",
        "M0 4H8",
        "M-2 6L2 10M-2 -2L10 10M6 -2L10 2",
        "M4 0V8",
        "M0 4H8M4 0V8",
        "M-2 2L2 -2M-2 10L10 -2M6 10L10 6M-2 6L2 10M-2 -2L10 10M6 -2L10 2",
        "M2 1.2V2.8M6 5.2V6.8",
    ];
    html! {
        svg class="patterns" width="0" height="0" aria-hidden="true" focusable="false" {
            defs {
                @for (i, path) in hatch.iter().enumerate() {
                    pattern id=(format!("p{}", i + 1)) width="8" height="8" patternUnits="userSpaceOnUse" {
                        rect class=(format!("f{}", i + 1)) width="8" height="8" {}
                        @if !path.is_empty() { path class="hatch" d=(path) {} }
                    }
                }
            }
        }
    }
}

/// A small square with an arm's hatch, for legends and tables.
#[must_use]
pub(crate) fn swatch(index: usize) -> Markup {
    html! {
        svg class="swatch" width="14" height="14" aria-hidden="true" focusable="false" {
            rect x="0.5" y="0.5" width="13" height="13" rx="2.5" fill=(fill(index)) {}
        }
    }
}

fn look(index: usize) -> usize {
    index.min(LOOKS - 1) + 1
}

fn fill(index: usize) -> String {
    format!("url(#p{})", look(index))
}

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
    currency: &Currency,
) -> Markup {
    let arm_index = experiment.arms.iter().position(|arm| arm.name == comparison.arm).unwrap_or(0);
    let arm = experiment.arms.get(arm_index);
    let y = |ratio: f64| RATIO_HEIGHT * (1.0 - frame.scale.position(ratio));
    let placed: Vec<(f64, &RatioPoint)> =
        comparison.points.iter().filter_map(|p| frame.days.middle(p.date).map(|x| (x, p))).collect();
    let unit = words::goals_per_unit(&experiment.goal, currency);
    let title =
        format!("{} against {}: {unit} over time", plain(&comparison.arm), plain(&comparison.against));
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
                desc id=(format!("{id}-d")) { (describe_ratio(comparison, arm)) }
                @for tick in frame.scale.ticks() {
                    @let top = px(y(tick));
                    @let equal = tick == 1.0;
                    line class=(if equal { "equal" } else { "grid" }) x1="0" x2="100%" y1=(top) y2=(top) {}
                    text class=(if equal { "tick strong" } else { "tick" }) x="-7" y=(top) dy="0.33em" text-anchor="end" {
                        (tick_text(tick))
                    }
                }
                (day_axis(&frame.days, RATIO_HEIGHT))
                svg class="stretch" viewBox=(format!("0 0 1000 {RATIO_HEIGHT}")) preserveAspectRatio="none"
                    width="100%" height=(RATIO_HEIGHT) {
                    @for run in runs(&placed, |p| p.lower.is_some() || p.upper.is_some()) {
                        path class="band" d=(band_path(run, y)) {}
                        path class="edge" d=(line_path(run, |p| Some(p.upper.map_or(-20.0, y)))) {}
                        path class="edge" d=(line_path(run, |p| Some(p.lower.filter(|l| *l > 0.0).map_or(RATIO_HEIGHT + 20.0, y)))) {}
                    }
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
                    (event(arm, x, arm.name != comparison.arm))
                }
                @if let Some((x, last)) = placed.last() {
                    (end_labels(*x, last, y))
                }
            }
        }
    }
}

/// Vertical line where an arm went, with words at its head.
fn event(arm: &ArmReport, x: f64, reference: bool) -> Markup {
    let date = arm.dropped_on.map(day_short).unwrap_or_default();
    let what = if reference {
        format!("{} {} {date}", crate::prose::cut(&arm.name, 14), words::status(arm.status))
    } else {
        format!("{} {date}", words::status(arm.status))
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
fn end_labels(x: f64, last: &RatioPoint, y: impl Fn(f64) -> f64) -> Markup {
    let inside = |v: f64| v.clamp(4.0, RATIO_HEIGHT - 4.0);
    let Some(ratio) = last.ratio else { return html! {} };
    let middle = inside(y(ratio));
    let above = last.upper.map(|u| (significant(u), inside(y(u)).min(middle - 15.0)));
    let below = last.lower.filter(|l| *l > 0.0).map(|l| (significant(l), inside(y(l)).max(middle + 15.0)));
    html! {
        circle class="dot" cx=(pc(x)) cy=(px(middle)) r="4" {}
        text class="value" x=(pc(x)) y=(px(middle)) dx="9" dy="0.35em" { (significant(ratio)) "×" }
        @for (text, top) in [above, below].into_iter().flatten() {
            text class="bound" x=(pc(x)) y=(px(top)) dx="9" dy="0.35em" { (text) }
        }
    }
}

fn describe_ratio(comparison: &Comparison, arm: Option<&ArmReport>) -> String {
    let Some(last) = comparison.points.last() else { return "No look yet.".to_owned() };
    let mut out = format!("{} days with a look. On {}", comparison.points.len(), day(last.date));
    match last.ratio {
        Some(ratio) => write!(out, ": {} times as much", significant(ratio)),
        None => write!(out, ": no ratio yet"),
    }
    .ok();
    match (last.lower, last.upper) {
        (Some(l), Some(u)) => write!(out, ", between {} and {}.", significant(l), significant(u)),
        (Some(l), None) => write!(out, ", at least {}.", significant(l)),
        (None, Some(u)) => write!(out, ", at most {}.", significant(u)),
        (None, None) => write!(out, ", with no bound yet."),
    }
    .ok();
    if let Some((arm, date)) = arm.and_then(|arm| Some((arm, arm.dropped_on?))) {
        write!(out, " {} on {}.", words::status(arm.status), day(date)).ok();
    }
    out
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

fn tick_text(tick: f64) -> String {
    let mut text = format!("{tick:.2}");
    while text.contains('.') && text.ends_with(['0', '.']) {
        text.pop();
    }
    format!("{text}×")
}

fn day_axis(days: &DayScale, height: f64) -> Markup {
    html! {
        line class="axis" x1="0" x2="100%" y1=(height) y2=(height) {}
        @for tick in days.ticks() {
            @if let Some(x) = days.middle(tick) {
                line class="axis" x1=(pc(x)) x2=(pc(x)) y1=(height) y2=(height + 4.0) {}
                text class="tick" x=(pc(x)) y=(height + 17.0) text-anchor="middle" { (day_short(tick)) }
            }
        }
    }
}

/// What the bars of the money plot are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bars {
    /// Money spent.
    Spend,
    /// Exposure, where no money is involved.
    Exposure,
}

impl Bars {
    /// Money where any was spent, exposure otherwise; `None` where neither is known.
    #[must_use]
    pub(crate) fn of(experiment: &ExperimentReport) -> Option<Self> {
        let any = |f: fn(&DayArm) -> bool| experiment.by_day.iter().flat_map(|d| &d.arms).any(f);
        if any(|a| a.spend_minor.is_some_and(|s| s > 0)) {
            Some(Self::Spend)
        } else if any(|a| a.exposure.is_some_and(|e| e > 0.0)) {
            Some(Self::Exposure)
        } else {
            None
        }
    }

    fn value(self, arm: &DayArm) -> f64 {
        match self {
            Self::Spend => arm.spend_minor.map_or(0.0, |s| s.max(0) as f64),
            Self::Exposure => arm.exposure.filter(|e| e.is_finite()).map_or(0.0, |e| e.max(0.0)),
        }
    }
}

/// The arms as the money plot draws them: the first [`LOOKS`] in definition order, or seven and the rest together.
#[must_use]
pub(crate) fn drawn_arms(experiment: &ExperimentReport) -> (Vec<&str>, usize) {
    let names: Vec<&str> = experiment.arms.iter().map(|arm| arm.name.as_str()).collect();
    if names.len() <= LOOKS {
        (names, 0)
    } else {
        let others = names.len() - (LOOKS - 1);
        (names.into_iter().take(LOOKS - 1).collect(), others)
    }
}

/// Stacked bars of money (or exposure) by arm and day, with what was commanded as a line on each bar.
#[must_use]
pub(crate) fn money_plot(
    experiment: &ExperimentReport,
    first: Date,
    last: Date,
    id: &str,
    currency: &Currency,
    titles: bool,
) -> Markup {
    let Some(bars) = Bars::of(experiment) else { return html! {} };
    let days = DayScale::new(first, last);
    let scale = {
        let most = experiment
            .by_day
            .iter()
            .map(|d| d.arms.iter().map(|a| bars.value(a)).sum::<f64>().max(commanded(d, bars)));
        LinearScale::up_to(match bars {
            Bars::Spend => currency.major(most.fold(0.0, f64::max)),
            Bars::Exposure => most.fold(0.0, f64::max),
        })
    };
    let in_units = |v: f64| if bars == Bars::Spend { currency.major(v) } else { v };
    let height = |v: f64| MONEY_HEIGHT * scale.position(in_units(v));
    let (drawn, others) = drawn_arms(experiment);
    let groups = drawn.len() + usize::from(others > 0);
    let group_of = |name: &str| drawn.iter().position(|d| *d == name).unwrap_or(drawn.len());
    let column = days.column();
    let total: f64 = experiment.by_day.iter().flat_map(|d| &d.arms).map(|a| bars.value(a)).sum();
    let what = match bars {
        Bars::Spend => "Money spent",
        Bars::Exposure => "Exposure",
    };
    // Heights below each group, so that every group can be drawn in one go.
    let stacked: Vec<Stack<'_>> = experiment
        .by_day
        .iter()
        .filter_map(|d| {
            let mut sums = vec![0.0; groups];
            for arm in &d.arms {
                if let Some(sum) = sums.get_mut(group_of(&arm.arm)) {
                    *sum += bars.value(arm);
                }
            }
            let mut base = 0.0;
            let spans = sums
                .into_iter()
                .map(|v| {
                    let below = base;
                    base += v;
                    (below, v)
                })
                .collect();
            Some((days.middle(d.date)?, d, spans))
        })
        .collect();
    html! {
        div class="plot" {
            svg width="100%" height=(MONEY_HEIGHT) role="img" aria-labelledby=(format!("{id}-t {id}-d")) focusable="false" {
                title id=(format!("{id}-t")) { (what) " by arm and day" }
                desc id=(format!("{id}-d")) {
                    @match bars {
                        Bars::Spend => { (currency.money_f64(total)) " over " (experiment.by_day.len()) " days." }
                        Bars::Exposure => {
                            (significant(total)) " " (plain(&experiment.goal.per)) " over " (experiment.by_day.len()) " days."
                        }
                    }
                    " The same figures are in the table of days."
                }
                @for tick in scale.ticks() {
                    @let top = px(MONEY_HEIGHT * (1.0 - scale.position(tick)));
                    line class="grid" x1="0" x2="100%" y1=(top) y2=(top) {}
                    text class="tick" x="-7" y=(top) dy="0.33em" text-anchor="end" { (short(tick)) }
                }
                @for group in 0..groups {
                    g fill=(fill(if others > 0 && group == groups - 1 { LOOKS - 1 } else { group })) {
                        @for (x, d, spans) in &stacked {
                            @let (below, value) = spans.get(group).copied().unwrap_or((0.0, 0.0));
                            @if value > 0.0 {
                                rect class="bar" x=(pc(x - column * 0.4)) width=(pc(column * 0.8))
                                    y=(px(MONEY_HEIGHT - height(below + value))) height=(px(height(value).max(0.4))) {
                                    @if titles {
                                        title { (bar_title(d, drawn.get(group).copied(), value, bars, experiment, currency)) }
                                    }
                                }
                            }
                        }
                    }
                }
                @for (x, d, _) in &stacked {
                    @let wanted = commanded(d, bars);
                    @if wanted > 0.0 {
                        @let top = px(MONEY_HEIGHT - height(wanted));
                        line class="commanded" x1=(pc(x - column * 0.48)) x2=(pc(x + column * 0.48)) y1=(top) y2=(top) {}
                    }
                }
                (day_axis(&days, MONEY_HEIGHT))
            }
        }
    }
}

/// A day's column: its middle, the day, and for each group what lies below it and how much it is.
type Stack<'a> = (f64, &'a Day, Vec<(f64, f64)>);

/// What was commanded for a day over all arms; 0 where it is not known.
fn commanded(day: &Day, bars: Bars) -> f64 {
    let of = |arm: &DayArm| match bars {
        Bars::Spend => arm.commanded_minor,
        Bars::Exposure => arm.commanded_exposure,
    };
    day.arms.iter().filter_map(of).map(|units| units as f64).sum()
}

fn bar_title(
    d: &Day,
    arm: Option<&str>,
    value: f64,
    bars: Bars,
    experiment: &ExperimentReport,
    currency: &Currency,
) -> String {
    let who = arm.map_or_else(|| "the other arms".to_owned(), plain);
    let amount = match bars {
        Bars::Spend => currency.money_f64(value),
        Bars::Exposure => format!("{} {}", significant(value), plain(&experiment.goal.per)),
    };
    let goals = arm.and_then(|name| d.arms.iter().find(|a| a.arm == name)).and_then(|a| a.goals);
    let goals = goals
        .map(|n| format!(", {} {}", count(n), words::plural(&experiment.goal.metric, n)))
        .unwrap_or_default();
    format!("{}, {who}: {amount}{goals}", day_short(d.date))
}

/// A tick of a money axis: `2 000`, `40k`, `1.2M`.
fn short(value: f64) -> String {
    let (scaled, suffix) = match value {
        v if v >= 1e9 => (v / 1e9, "bn"),
        v if v >= 1e6 => (v / 1e6, "M"),
        v if v >= 1e4 => (v / 1e3, "k"),
        v => (v, ""),
    };
    let rounded = (scaled * 100.0).round() / 100.0;
    if rounded == 0.0 {
        return "0".to_owned();
    }
    if rounded >= 1000.0 { significant(rounded) } else { format!("{rounded}{suffix}") }
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

/// A share of the width as a percentage.
fn pc(share: f64) -> String {
    let mut text = format!("{:.2}", share * 100.0);
    while text.contains('.') && text.ends_with(['0', '.']) {
        text.pop();
    }
    if text == "-0" { "0".to_owned() } else { format!("{text}%") }
}

/// A length in pixels to a tenth.
fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}
