//! Where the money went, who was reached and what came of it: stacked bars by arm and day.

use jiff::civil::Date;
use maud::{Markup, html};

use super::{LOOKS, day_axis, fill, pc, px, short};
use crate::html::{Reader, capital};
use crate::language::tr;
use crate::model::{Day, DayArm, ExperimentReport};
use crate::prose::plain;
use crate::scale::{DayScale, LinearScale};

const MONEY_HEIGHT: f64 = 200.0;

/// What the bars of the money plot are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bars {
    /// Money spent.
    Spend,
    /// Exposure, where no money is involved.
    Exposure,
    /// Goals, booked to the day of their exposure.
    Goals,
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

    /// Whether any day has something to draw.
    #[must_use]
    pub(crate) fn is_in(self, experiment: &ExperimentReport) -> bool {
        experiment.by_day.iter().flat_map(|d| &d.arms).any(|arm| self.value(arm) > 0.0)
    }

    /// Whether it is known what was commanded.
    #[must_use]
    pub(crate) fn has_commanded(self, experiment: &ExperimentReport) -> bool {
        experiment.by_day.iter().any(|d| commanded(d, self) > 0.0)
    }

    fn value(self, arm: &DayArm) -> f64 {
        match self {
            Self::Spend => arm.spend_minor.map_or(0.0, |s| s.max(0) as f64),
            Self::Exposure => arm.exposure.filter(|e| e.is_finite()).map_or(0.0, |e| e.max(0.0)),
            Self::Goals => arm.goals.map_or(0.0, |n| n as f64),
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
    (first, last): (Date, Date),
    id: &str,
    bars: Bars,
    to: Reader<'_>,
    titles: bool,
) -> Markup {
    let lang = to.lang;
    let days = DayScale::new(first, last);
    let scale = {
        let most = experiment
            .by_day
            .iter()
            .map(|d| d.arms.iter().map(|a| bars.value(a)).sum::<f64>().max(commanded(d, bars)));
        LinearScale::up_to(match bars {
            Bars::Spend => to.currency.major(most.fold(0.0, f64::max)),
            Bars::Exposure | Bars::Goals => most.fold(0.0, f64::max),
        })
    };
    let in_units = |v: f64| if bars == Bars::Spend { to.currency.major(v) } else { v };
    let height = |v: f64| MONEY_HEIGHT * scale.position(in_units(v));
    let (drawn, others) = drawn_arms(experiment);
    let groups = drawn.len() + usize::from(others > 0);
    let group_of = |name: &str| drawn.iter().position(|d| *d == name).unwrap_or(drawn.len());
    let column = days.column();
    let total: f64 = experiment.by_day.iter().flat_map(|d| &d.arms).map(|a| bars.value(a)).sum();
    let what = match bars {
        Bars::Spend => tr!(lang, "plot-money"),
        Bars::Exposure => capital(&lang.exposure(&experiment.goal.per)),
        Bars::Goals => capital(&lang.goals(&experiment.goal.metric, 2)),
    };
    let amount = match bars {
        Bars::Spend => lang.money_f64(to.currency, total),
        Bars::Exposure | Bars::Goals => lang.significant(total),
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
                title id=(format!("{id}-t")) { (tr!(lang, "by-arm-and-day", what = what)) }
                desc id=(format!("{id}-d")) { (tr!(lang, "plot-total", amount = amount, n = experiment.by_day.len())) }
                @for tick in scale.ticks() {
                    @let top = px(MONEY_HEIGHT * (1.0 - scale.position(tick)));
                    line class="grid" x1="0" x2="100%" y1=(top) y2=(top) {}
                    text class="tick" x="-7" y=(top) dy="0.33em" text-anchor="end" { (short(tick, to)) }
                }
                @for group in 0..groups {
                    g fill=(fill(if others > 0 && group == groups - 1 { LOOKS - 1 } else { group })) {
                        @for (x, d, spans) in &stacked {
                            @let (below, value) = spans.get(group).copied().unwrap_or((0.0, 0.0));
                            @if value > 0.0 {
                                rect class="bar" x=(pc(x - column * 0.4)) width=(pc(column * 0.8))
                                    y=(px(MONEY_HEIGHT - height(below + value))) height=(px(height(value).max(0.4))) {
                                    @if titles {
                                        title { (bar_title(d, drawn.get(group).copied(), value, bars, experiment, to)) }
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
                (day_axis(&days, MONEY_HEIGHT, to))
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
        Bars::Goals => None,
    };
    day.arms.iter().filter_map(of).map(|units| units as f64).sum()
}

fn bar_title(
    d: &Day,
    arm: Option<&str>,
    value: f64,
    bars: Bars,
    experiment: &ExperimentReport,
    to: Reader<'_>,
) -> String {
    let lang = to.lang;
    let who = arm.map_or_else(|| tr!(lang, "the-other-arms"), plain);
    let seen = arm.and_then(|name| d.arms.iter().find(|a| a.arm == name));
    let goals = |n: u64| format!("{} {}", lang.count(n), lang.goals(&experiment.goal.metric, n));
    let amount = match bars {
        Bars::Spend => lang.money_f64(to.currency, value),
        Bars::Exposure => format!("{} {}", lang.significant(value), lang.exposure(&experiment.goal.per)),
        Bars::Goals => seen.and_then(|a| a.goals).map_or_else(|| lang.significant(value), goals),
    };
    let came = match bars {
        Bars::Goals => None,
        Bars::Spend | Bars::Exposure => seen.and_then(|a| a.goals).map(|n| format!(", {}", goals(n))),
    };
    format!("{}, {who}: {amount}{}", lang.day_short(d.date), came.unwrap_or_default())
}
