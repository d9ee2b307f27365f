//! Where the money went, or who was reached: stacked bars by arm and day.

use jiff::civil::Date;
use maud::{Markup, html};

use super::{LOOKS, day_axis, fill, pc, px};
use crate::figures::{Currency, count, day_short, significant};
use crate::model::{Day, DayArm, ExperimentReport};
use crate::prose::plain;
use crate::scale::{DayScale, LinearScale};
use crate::words;

const MONEY_HEIGHT: f64 = 200.0;

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
